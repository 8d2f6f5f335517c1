"""Many small models as users train them: JAX vmap over models, and a PyTorch loop.  bank_models.py jax|torch [EPOCHS]

The job of bench_bank: 784-128-10, 5,000 examples, batches of 128, SGD with momentum .9.  Timed over EPOCHS
epochs after a warm-up and scaled to 50; told in seconds of a core for each model (processor time of the whole
process), which is what a machine that others use too does not distort, and by the wall.  JAX: 16 models at a
time, jitted, an epoch as one scan.  PyTorch: one model, one thread, data on the spot as floats.
"""
import sys
import time

import numpy as np

N, IN, HID, OUT, BATCH, LR, MU = 5000, 784, 128, 10, 128, 0.1, 0.9
STEPS = N // BATCH
rng = np.random.default_rng(1)
x = rng.random((N, IN), dtype=np.float32)
y = rng.integers(0, OUT, N)


def tell(name, models, epochs, wall, cpu):
    steps = 5000 * 50 / BATCH
    scale = steps / (epochs * STEPS) / models
    print(f"{name}: {cpu * scale:.2f} s of a core for each model of 50 epochs; "
          f"{1 / (wall * scale):.3f} models a second by the wall")


def timed(run):
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def with_jax(epochs, models=16):
    import jax
    import jax.numpy as jnp

    xs, ys = jnp.asarray(x), jnp.asarray(y)

    def init(key):
        a, b = jax.random.split(key)
        w = {"w1": jax.random.normal(a, (IN, HID)) * (2 / IN) ** 0.5, "b1": jnp.zeros(HID),
             "w2": jax.random.normal(b, (HID, OUT)) * (1 / HID) ** 0.5, "b2": jnp.zeros(OUT)}
        return w, jax.tree.map(jnp.zeros_like, w)

    def loss(w, i):
        h = jax.nn.relu(xs[i] @ w["w1"] + w["b1"])
        z = h @ w["w2"] + w["b2"]
        return -jnp.take_along_axis(jax.nn.log_softmax(z), ys[i][:, None], 1).mean()

    def epoch(state, key):
        order = jax.random.permutation(key, N)[:STEPS * BATCH].reshape(STEPS, BATCH)

        def step(s, i):
            w, v = s
            v = jax.tree.map(lambda v, g: MU * v + g, v, jax.grad(loss)(w, i))
            return (jax.tree.map(lambda w, v: w - LR * v, w, v), v), None
        return jax.lax.scan(step, state, order)[0]

    many = jax.jit(jax.vmap(epoch))
    keys = jax.random.split(jax.random.key(1), models)
    state = jax.block_until_ready(many(jax.vmap(init)(keys), keys))

    def run():
        s = state
        for _ in range(epochs):
            s = many(s, keys)
        jax.block_until_ready(s)
    tell(f"JAX {jax.__version__}, vmap of {models}", models, epochs, *timed(run))


def with_torch(epochs):
    import torch

    torch.set_num_threads(1)
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    net = torch.nn.Sequential(torch.nn.Linear(IN, HID), torch.nn.ReLU(), torch.nn.Linear(HID, OUT))
    optim = torch.optim.SGD(net.parameters(), lr=LR, momentum=MU)

    def run(epochs=epochs):
        for _ in range(epochs):
            order = torch.randperm(N)
            for s in range(STEPS):
                i = order[s * BATCH:(s + 1) * BATCH]
                optim.zero_grad()
                torch.nn.functional.cross_entropy(net(xs[i]), ys[i]).backward()
                optim.step()
    run(1)
    tell(f"PyTorch {torch.__version__}, 1 thread", 1, epochs, *timed(run))


epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
{"jax": with_jax, "torch": with_torch}[sys.argv[1]](epochs)
