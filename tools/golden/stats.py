"""Prints the numbers that tests/stats compares with.  Needs scipy and mpmath; run by hand:

    python3 tools/golden/stats.py

The tests hold the numbers themselves; this says where they come from.  The data are small formulas, so
that C can make the same arrays."""
import mpmath as mp
import numpy as np
from scipy import optimize, special, stats

mp.mp.dps = 60


def show(name, value):
    print(f"{name}: {float(value):.17g}")


def beta_cdf(a, b, x):
    """The integral itself, cut where the mass is."""
    sd = mp.sqrt(mp.mpf(a) * b / (mp.mpf(a) + b) ** 2 / (a + b + 1))
    mean = mp.mpf(a) / (a + b)
    x = mp.mpf(x)
    if a * b < 100 or a < 1 or b < 1:
        return mp.betainc(a, b, 0, x, regularized=True)
    f = lambda t: mp.exp((a - 1) * mp.log(t) + (b - 1) * mp.log1p(-t) - mp.log(mp.beta(a, b)))
    edges = [max(mean + k * sd, mp.mpf(0)) for k in range(-40, 40, 1)]
    return mp.quad(f, [0] + [e for e in edges if 0 < e < x] + [x])


for a, b, x in [(0.5, 0.5, 0.1), (2, 3, 0.4), (1, 1000001, 1e-7), (50.5, 0.5, 0.999), (200, 300, 0.41),
                (3, 7, 0.999), (1e5, 1e5, 0.4985), (5, 1e6, 1e-5)]:
    show(f"beta_cdf({a}, {b}, {x})", beta_cdf(a, b, x))

for k, n in [(0, 10), (1, 10), (5, 10), (10, 10), (0, 1), (3, 1000), (997, 1000), (1, 1000000),
             (1234, 1000000)]:
    # Not binomtest: its root finder stops at 1e-9.
    low = stats.beta.ppf(0.025, k, n - k + 1) if k else 0
    high = stats.beta.ppf(0.975, k + 1, n - k) if k < n else 1
    print(f"clopper_pearson({k}, {n}): {low:.17g} {high:.17g}")
for df in [1, 2, 3, 10, 1000]:
    show(f"t({df})", stats.t.ppf(0.975, df))


def log_ndtr(x):
    return mp.log(mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2)


for x in [6, 0.5, -1, -10, -29.99, -30.01, -37, -100, -1e5]:
    show(f"normal_log_cdf({x})", log_ndtr(x))
for x in [0.2, 0.5, 0.99, 1.01, 1.5, 3]:
    show(f"kolmogorov({x})", special.kolmogorov(x))


def skew_log2_cdf(z, a):
    z, a = mp.mpf(z), mp.mpf(a)
    f = lambda t: 2 * mp.npdf(t) * mp.erfc(-a * t / mp.sqrt(2)) / 2
    # Panels of one decay length each, until nothing is left.
    narrow = 1 + a * a if a > 0 else mp.mpf(1)
    total, right = mp.mpf(0), z
    while True:
        left = right - min(1 / mp.sqrt(1 + a * a), 1 / (max(-right, 1) * narrow))
        part = mp.quad(f, [left, right])
        total += part
        if part < total * mp.mpf(10) ** -25:
            return mp.log(total, 2)
        right = left


for z, a in [(0, 0), (-3, 0), (1, 2), (-1, 2), (-5, 2), (-20, 2), (-300, 2), (-3, 10), (-8, -3),
             (2, -3), (-40, -3), (-2, 50), (5, 0.5), (0.1, 30)]:
    show(f"skew_log2_cdf({z}, {a})", skew_log2_cdf(z, a))

# Data by formula: sums of squared fractional parts, a bell with its longer tail to the right.
n = 400
x = sum(np.mod((np.arange(n) + 1.0) * g, 1) ** 2
        for g in (0.6180339887498949, 0.7548776662466927, 0.5698402909980532))
best = None
for start in (1.0, -1.0, 4.0):
    fit = stats.skewnorm.fit(x, start, loc=x.mean(), scale=x.std(),
                             optimizer=lambda f, x0, args, disp: optimize.fmin(
                                 f, x0, args=args, disp=False, xtol=1e-12, ftol=1e-14, maxiter=20000,
                                 maxfun=20000))
    ll = stats.skewnorm.logpdf(x, *fit).sum()
    if best is None or ll > best[0]:
        best = (ll, fit)
print("skewnorm.fit loglik %.17g shape, location, scale" % best[0], *("%.12g" % v for v in best[1]))
ks = stats.kstest(x, stats.skewnorm(*best[1]).cdf, mode="asymp")
print(f"ks {ks.statistic:.12g} {ks.pvalue:.12g}")

# ROC: DeLong by the definition, with ties.
i = np.arange(60)
pos = np.round(np.mod((i + 1) * 0.7548776662466927, 1) * 20 + 4)
neg = np.round(np.mod((i[:45] + 1) * 0.5698402909980532, 1) * 20)
less = (pos[:, None] > neg) + 0.5 * (pos[:, None] == neg)
auc = less.mean()
v = less.mean(1).var(ddof=1) / len(pos) + less.mean(0).var(ddof=1) / len(neg)
h = stats.norm.ppf(0.975) * np.sqrt(v)
print(f"delong {auc:.17g} {auc - h:.17g} {auc + h:.17g}")

x = np.arange(12.0)
y = 3 - 0.25 * x + np.mod((x + 1) * 0.6180339887498949, 1)
r = stats.linregress(x, y)
h = stats.t.ppf(0.975, 10) * r.stderr
print(f"line {r.slope:.17g} {r.slope - h:.17g} {r.slope + h:.17g} {r.intercept:.17g} {r.rvalue**2:.17g}")
y = np.round(y * 2)
rho = stats.spearmanr(x, y).statistic
z, h = np.arctanh(rho), stats.norm.ppf(0.975) * np.sqrt((1 + rho * rho / 2) / 9)
print(f"spearman {rho:.17g} {np.tanh(z - h):.17g} {np.tanh(z + h):.17g}")
