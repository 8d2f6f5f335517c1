"""GPT training in JAX on a CPU, one jitted step: forward, backward, clipping, AdamW."""
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=8)
args = parser.parse_args()
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={args.threads}"

import jax  # noqa: E402  (reads XLA_FLAGS when it is imported)
import jax.numpy as jnp  # noqa: E402

from shapes import SHAPES, rate  # noqa: E402


def init(key, vocab, d, layers, context):
    def w(shape):
        nonlocal key
        key, sub = jax.random.split(key)
        return 0.02 * jax.random.normal(sub, shape)

    def norm():
        return {"g": jnp.ones(d), "b": jnp.zeros(d)}

    def linear(n, m):
        return {"w": w((n, m)), "b": jnp.zeros(m)}

    return {"wte": w((vocab, d)), "wpe": w((context, d)), "ln_f": norm(),
            "blocks": [{"ln_1": norm(), "ln_2": norm(), "qkv": linear(d, 3 * d), "out": linear(d, d),
                        "up": linear(d, 4 * d), "down": linear(4 * d, d)} for _ in range(layers)]}


def norm(x, p):
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + 1e-5) * p["g"] + p["b"]


def loss(params, x, y, heads):
    b, t = x.shape
    h = params["wte"][x] + params["wpe"][:t]
    d = h.shape[-1]
    causal = jnp.tril(jnp.ones((t, t), bool))
    for p in params["blocks"]:
        qkv = norm(h, p["ln_1"]) @ p["qkv"]["w"] + p["qkv"]["b"]
        q, k, v = (a.reshape(b, t, heads, -1) for a in jnp.split(qkv, 3, -1))
        s = jnp.einsum("bqhd,bkhd->bhqk", q, k) / (d // heads) ** 0.5
        a = jax.nn.softmax(jnp.where(causal, s, -1e9), -1)
        a = jnp.einsum("bhqk,bkhd->bqhd", a, v).reshape(b, t, d)
        h = h + a @ p["out"]["w"] + p["out"]["b"]
        u = jax.nn.gelu(norm(h, p["ln_2"]) @ p["up"]["w"] + p["up"]["b"], approximate=True)
        h = h + u @ p["down"]["w"] + p["down"]["b"]
    z = norm(h, params["ln_f"]) @ params["wte"].T
    return -jnp.take_along_axis(jax.nn.log_softmax(z), y[..., None], -1).mean()


def bench(name, seconds):
    vocab, d, layers, heads, context, rows = SHAPES[name]
    params = init(jax.random.PRNGKey(0), vocab, d, layers, context)
    x = jax.random.randint(jax.random.PRNGKey(1), (rows, context), 0, vocab)
    y = jax.random.randint(jax.random.PRNGKey(2), (rows, context), 0, vocab)
    tree = jax.tree_util.tree_map

    @jax.jit
    def step(params, m, v, t):
        value, g = jax.value_and_grad(loss)(params, x, y, heads)
        size = jnp.sqrt(sum(jnp.sum(a * a) for a in jax.tree_util.tree_leaves(g)))
        g = tree(lambda a: a * jnp.minimum(1.0, 1.0 / size), g)
        m = tree(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = tree(lambda a, b: 0.95 * a + 0.05 * b * b, v, g)
        params = tree(lambda p, a, b: p - 1e-3 * (a / (1 - 0.9 ** t) / (
            jnp.sqrt(b / (1 - 0.95 ** t)) + 1e-8) + 0.1 * p), params, m, v)
        return params, m, v, t + 1, value

    state = [params, tree(jnp.zeros_like, params), tree(jnp.zeros_like, params), 1.0]

    def once():
        *state[:], value = step(*state)
        value.block_until_ready()

    return rate(once, rows * context, seconds)


for shape in SHAPES:
    print(f"jax {jax.__version__} {shape}\t{bench(shape, args.seconds):.0f}", flush=True)
