"""Greedy continuation of 1,000 prompts (32 + 32 tokens) by Transformers, with the weights of a model directory;
the best of several batch sizes."""
import argparse
import time

import torch
from transformers import GPT2LMHeadModel

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--prompts", type=int, default=1000)
args = parser.parse_args()
torch.set_num_threads(args.threads)
model = GPT2LMHeadModel.from_pretrained(args.model, dtype=torch.float32).eval()
prompts = torch.randint(model.config.vocab_size, (args.prompts, 32), generator=torch.Generator().manual_seed(1))
best, size = 0.0, 0
with torch.inference_mode():
    for batch in (50, 125, 250, 500, 1000):
        began = time.perf_counter()
        for at in range(0, args.prompts, batch):
            part = prompts[at:at + batch]
            model.generate(part, attention_mask=torch.ones_like(part), max_new_tokens=32, min_new_tokens=32,
                           do_sample=False, pad_token_id=0)
        rate = args.prompts * 32 / (time.perf_counter() - began)
        if rate > best:
            best, size = rate, batch
print(f"transformers, batch {size}, new tokens a second\t{best:.0f}")
