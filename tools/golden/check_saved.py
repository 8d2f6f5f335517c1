"""Does transformers open what eidetic wrote, and give the same probabilities?

Usage: python tools/golden/check_saved.py EIDETIC MODEL_DIR TEXT_FILE     (wants torch, transformers)

Scores the beginning of the text with both and prints the largest difference of a token's log-probability;
fails beyond 1e-4, on other ids, or when weights were missing or left over.
"""
import json
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(eidetic, folder, path):
    model, told = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    model.eval()
    left = {key: sorted(told[key]) for key in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    text = open(path, "rb").read()[:2000].decode("utf-8", "ignore")
    out = subprocess.run([eidetic, "score", "--model", folder, "--tokens", "--json", "--file", "-"],
                         input=text.encode(), capture_output=True, check=True).stdout
    ours = json.loads(out)["result"]["texts"][0]["per_token"]
    ids = AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
    same_ids = [t["id"] for t in ours] == ids[1:]
    window = torch.tensor([ids[:model.config.n_positions]])
    with torch.no_grad():
        logp = model.double()(window).logits.log_softmax(-1)
    theirs = logp[0, :-1].gather(1, window[0, 1:, None])[:, 0]
    worst = max(abs(a["nll"] + b.item()) for a, b in zip(ours, theirs))
    print(f"{type(model).__name__}: {len(theirs)} tokens, same ids: {same_ids}, "
          f"largest difference {worst:.2e}, {left}")
    return not same_ids or worst > 1e-4 or any(left.values())


sys.exit(main(*sys.argv[1:]))
