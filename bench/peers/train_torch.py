"""GPT training in PyTorch on a CPU: eager, and compiled where the compiler works; the faster counts."""
import argparse

import torch
import torch.nn.functional as F
from torch import nn

from shapes import SHAPES, rate


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (a.view(b, t, self.heads, -1).transpose(1, 2)
                   for a in self.qkv(self.ln_1(x)).split(d, dim=2))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(a.transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.ln_2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, vocab, d, layers, heads, context):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, d), nn.Embedding(context, d)
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(d)

    def forward(self, x, y):
        h = self.wte(x) + self.wpe.weight[: x.shape[1]]
        for block in self.blocks:
            h = block(h)
        logits = self.ln_f(h) @ self.wte.weight.T
        return F.cross_entropy(logits.flatten(0, 1), y.flatten())


def bench(name, seconds, compiled):
    vocab, d, layers, heads, context, rows = SHAPES[name]
    torch.manual_seed(0)
    model = Gpt(vocab, d, layers, heads, context)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1, fused=True)
    x = torch.randint(vocab, (rows, context))
    y = torch.randint(vocab, (rows, context))
    run = torch.compile(model) if compiled else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        run(x, y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return rate(step, rows * context, seconds)


parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=8)
parser.add_argument("--shape", choices=SHAPES, action="append")
args = parser.parse_args()
torch.set_num_threads(args.threads)
for shape in args.shape or SHAPES:
    best, how = bench(shape, args.seconds, False), "eager"
    try:
        compiled = bench(shape, args.seconds, True)
        if compiled > best:
            best, how = compiled, "compiled"
    except Exception as error:  # no C++ compiler, no Python headers: eager stands
        how += f" (compiling failed: {type(error).__name__})"
    print(f"torch {torch.__version__} {how} {shape}\t{best:.0f}", flush=True)
