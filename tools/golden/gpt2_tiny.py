"""Makes tests/golden/gpt2-tiny*: a small random GPT-2 saved by transformers, and what it answers.

Usage: python tools/golden/gpt2_tiny.py tests/golden        (wants torch, transformers, numpy)

Three folders, one per storage type; each holds what save_pretrained writes and expected.bin:
    i32 rows, cols, vocab, new
    i32 token[rows][cols]
    f32 logits[rows][cols][vocab]     of the stored weights, computed in double
    i32 greedy[rows][new]             greedy continuation of the first cols/2 tokens
"""
import pathlib
import sys

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

ROWS, COLS, NEW = 4, 20, 8


def make(dtype):
    torch.manual_seed(20)
    config = GPT2Config(vocab_size=53, n_positions=24, n_embd=24, n_layer=2, n_head=3,
                        bos_token_id=0, eos_token_id=0, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():  # far from the initial values, so that every part shows in the logits
        for name, p in model.named_parameters():
            p.copy_(torch.randn_like(p) * (0.3 if "ln_" in name else 0.25)
                    + (1.0 if "ln_" in name and name.endswith("weight") else 0.0))
    return model.to(dtype)


def main(root):
    for name, dtype in (("", torch.float32), ("-f16", torch.float16), ("-bf16", torch.bfloat16)):
        folder = root / f"gpt2-tiny{name}"
        model = make(dtype)
        model.save_pretrained(folder, safe_serialization=True)
        (folder / "generation_config.json").unlink(missing_ok=True)
        model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float64).eval()
        token = torch.randint(0, 53, (ROWS, COLS), generator=torch.Generator().manual_seed(5))
        with torch.no_grad():
            logits = model(token).logits.numpy()
            prompt = token[:, :COLS // 2]  # without a mask, token 0 would count as padding
            greedy = model.generate(prompt, attention_mask=torch.ones_like(prompt),
                                    max_new_tokens=NEW, do_sample=False, eos_token_id=None,
                                    pad_token_id=0)[:, COLS // 2:]
        with open(folder / "expected.bin", "wb") as f:
            f.write(np.array([ROWS, COLS, 53, NEW], "<i4").tobytes())
            f.write(token.numpy().astype("<i4").tobytes())
            f.write(logits.astype("<f4").tobytes())
            f.write(greedy.numpy().astype("<i4").tobytes())


main(pathlib.Path(sys.argv[1]))
