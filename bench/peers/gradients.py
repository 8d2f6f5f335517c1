"""Norms of single examples' gradients, and clipped steps: Opacus and JAX's vmap(grad).  gradients.py opacus|jax [REPS]

The nets and batches of bench_bank, one thread, data on the spot as floats.  Told in milliseconds of processor time
(medians): a plain pass (forward and backward), the norms of all examples' gradients, and a clipped step of SGD (norms,
clipped sum, update, no noise).  Opacus in its two ways: gradients of examples formed, and ghost clipping.
"""
import sys
import time

import numpy as np

REPS = int(sys.argv[2]) if len(sys.argv) > 2 else 15
CASES = [("mlp:128", 128), ("mlp:128", 512), ("mlp:512-256", 128), ("mlp:512-256", 512), ("cnn:lenet", 128),
         ("cnn:lenet", 512)]


def median_ms(run):
    took = []
    run()
    run()
    for _ in range(REPS):
        t = time.process_time()
        run()
        took.append(time.process_time() - t)
    return 1e3 * sorted(took)[len(took) // 2]


def data(model, batch):
    rng = np.random.default_rng(1)
    x = rng.random((batch, 784), dtype=np.float32)
    return (x.reshape(batch, 1, 28, 28) if model == "cnn:lenet" else x), rng.integers(0, 10, batch)


def with_opacus():
    import opacus
    import torch
    from opacus.grad_sample import GradSampleModule
    from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import GradSampleModuleFastGradientClipping
    from torch import nn

    torch.set_num_threads(1)

    def net(model):
        if model == "cnn:lenet":
            return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                                 nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84),
                                 nn.ReLU(), nn.Linear(84, 10))
        widths = [784, *map(int, model[4:].split("-")), 10]
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    each = nn.CrossEntropyLoss(reduction="none")
    for model, batch in CASES:
        x, y = map(torch.from_numpy, data(model, batch))
        plain, formed = net(model), GradSampleModule(net(model))
        ghost = GradSampleModuleFastGradientClipping(net(model), max_grad_norm=1.0, use_ghost_clipping=True)
        sgd = {m: torch.optim.SGD(m.parameters(), lr=1e-4, momentum=0.9) for m in (plain, formed, ghost)}

        def pass_of(m):
            sgd[m].zero_grad(set_to_none=True)
            loss = each(m(x), y)
            loss.sum().backward(retain_graph=m is ghost)
            return loss

        def norms_formed():
            for p in formed.parameters():
                p.grad_sample = None
            pass_of(formed)
            return torch.stack([p.grad_sample.flatten(1).norm(dim=1) for p in formed.parameters()]).norm(dim=0)

        def step_formed():
            c = (1 / (norms_formed() + 1e-6)).clamp(max=1)
            for p in formed.parameters():
                p.grad = torch.einsum("i,i...", c, p.grad_sample) / batch
            sgd[formed].step()

        def norms_ghost():
            pass_of(ghost)
            return ghost.get_norm_sample()

        def step_ghost():
            loss = pass_of(ghost)
            sgd[ghost].zero_grad(set_to_none=True)
            c = ghost.get_clipping_coef()
            ghost.disable_hooks()
            (c * loss).sum().backward()
            ghost.enable_hooks()
            sgd[ghost].step()
        told = [median_ms(f) for f in (lambda: pass_of(plain), norms_formed, norms_ghost, step_formed, step_ghost)]
        print(f"Opacus {opacus.__version__}, {model}, batch {batch}: plain {told[0]:.2f} ms; norms formed {told[1]:.2f}, "
              f"ghost {told[2]:.2f}; clipped step formed {told[3]:.2f}, ghost {told[4]:.2f}", flush=True)


def with_jax():
    import os
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp

    for model, batch in CASES:
        if model == "cnn:lenet":
            continue
        x, y = map(jnp.asarray, data(model, batch))
        widths = [784, *map(int, model[4:].split("-")), 10]
        keys = jax.random.split(jax.random.key(1), len(widths))
        w = [(jax.random.normal(k, (a, b)) * (2 / a) ** 0.5, jnp.zeros(b)) for k, a, b in zip(keys, widths, widths[1:])]

        def loss(w, x, y):
            for k, (a, b) in enumerate(w):
                x = x @ a + b
                x = jax.nn.relu(x) if k + 1 < len(w) else x
            return -jax.nn.log_softmax(x)[y]

        plain = jax.jit(jax.grad(lambda w: jax.vmap(loss, (None, 0, 0))(w, x, y).sum()))

        def gradients(w):
            g = jax.vmap(jax.grad(loss), (None, 0, 0))(w, x, y)
            return g, jnp.sqrt(sum((a.reshape(batch, -1) ** 2).sum(1) for a in jax.tree.leaves(g)))

        norms = jax.jit(lambda w: gradients(w)[1])

        @jax.jit
        def step(w, v):
            g, n = gradients(w)
            c = jnp.minimum(1, 1 / n)
            v = jax.tree.map(lambda v, g: 0.9 * v + jnp.tensordot(c, g, 1) / batch, v, g)
            return jax.tree.map(lambda w, v: w - 1e-4 * v, w, v), v
        v = jax.tree.map(jnp.zeros_like, w)
        told = [median_ms(lambda f=f: jax.block_until_ready(f())) for f in
                (lambda: plain(w), lambda: norms(w), lambda: step(w, v))]
        print(f"JAX {jax.__version__}, {model}, batch {batch}: plain {told[0]:.2f} ms; norms {told[1]:.2f}; clipped step "
              f"{told[2]:.2f}", flush=True)


{"opacus": with_opacus, "jax": with_jax}[sys.argv[1]]()
