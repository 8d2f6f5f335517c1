"""train mlp|cnn and bank as users meet them.  classifiers.py EIDETIC  (TAP)"""
import gzip
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

EIDETIC = os.path.abspath(sys.argv[1])
cases = failed = 0


def check(name, holds, told=""):
    global cases, failed
    cases += 1
    failed += not holds
    print(f"{'' if holds else 'not '}ok {cases} - {name}")
    if not holds:
        print(f"# {told!r}")


def run(*args):
    p = subprocess.run([EIDETIC, *args], capture_output=True, text=True, timeout=120)
    return p.returncode, p.stdout, p.stderr


def result(*args):
    code, out, err = run(*args, "--json")
    return json.loads(out)["result"] if code == 0 else {"error": out + err}


def write(folder, kind, n):
    """Pictures of 8 x 8 with one bright row of two, which is the class."""
    rng = random.Random(kind)
    labels = [rng.randrange(4) for _ in range(n)]
    pixels = bytearray()
    for y in labels:
        for row in range(8):
            pixels += bytes(rng.randrange(90) + (120 if row // 2 == y else 0) for _ in range(8))
    with gzip.open(f"{folder}/{kind}-images-idx3-ubyte.gz", "wb") as f:
        f.write(struct.pack(">IIII", 0x803, n, 8, 8) + bytes(pixels))
    with gzip.open(f"{folder}/{kind}-labels-idx1-ubyte.gz", "wb") as f:
        f.write(struct.pack(">II", 0x801, n) + bytes(labels))


with tempfile.TemporaryDirectory() as tmp:
    data = f"{tmp}/data"
    os.mkdir(data)
    write(data, "train", 200)
    write(data, "t10k", 80)
    small = ["--data", data, "--batch", "20", "--epochs", "8"]

    for kind, model in (("mlp", "mlp:16"), ("cnn", "cnn:c4-p2-f8")):
        r = result("train", kind, *small, "--model", model, "--out", f"{tmp}/{kind}")
        check(f"train {kind} learns", r.get("accuracy", {}).get("heldout", 0) > 0.8, r)
        check(f"train {kind} writes its files",
              sorted(os.listdir(f"{tmp}/{kind}")) == ["checkpoint.eid", "config.json", "model.safetensors"])
        again = result("train", kind, *small, "--model", model, "--out", f"{tmp}/{kind}")
        check(f"train {kind} is found finished", again.get("resumed") and again["accuracy"] == r["accuracy"], again)
    check("a model of the other kind", run("train", "mlp", *small, "--model", "cnn:lenet", "--out", f"{tmp}/x")[0] == 2)
    code, _, err = run("train", "mlp", *small, "--model", "mlp:0", "--out", f"{tmp}/x")
    check("a model that makes no sense", code == 1 and "not a width" in err, err)
    code, _, err = run("train", "mlp", *small, "--out", f"{tmp}/mlp")
    check("another training's folder", code == 1 and "another training" in err, err)

    bank = ["bank", *small, "--model", "mlp:8", "--models", "6", "--out", f"{tmp}/bank"]
    plan = result(*bank, "--dry-run")
    r = result(*bank, "--threads", "2")
    check("bank fills", r.get("trained") == 6 and r["accuracy"]["in"] > 0.5, r)
    check("bank's arrays are there", all(os.path.exists(p) for p in r.get("arrays", {"": ""}).values()), r)
    size = sum(os.path.getsize(p) - 128 for p in r["arrays"].values())
    check("bank's size was told before", plan.get("bytes") == size, (plan, size))
    r = result(*bank)
    check("bank is found finished", r.get("trained") == 0 and r.get("resumed"), r)
    code, _, err = run(*bank, "--wrong-labels", "0.1")
    check("a bank of other data", code == 1 and "other options or other input" in err, err)

    net = ["train", "mlp", *small, "--model", "mlp:8", "--lr", "0.05"]
    run(*net, "--record", "--record-weights", "--out", f"{tmp}/net")
    run(*net, "--record", "--out", f"{tmp}/light")
    r = result("influence", f"{tmp}/net", "--data", data, "--top", "3", "--out", f"{tmp}/influence")
    check("influence is traced", r.get("checkpoints") == 8 and r["test_examples"] == 80 and len(r["top"]) == 3, r)
    with open(f"{tmp}/influence/top.csv") as f:
        lines = f.read().split()
    same = [a.split(",")[5] == a.split(",")[6] for a in lines[1:] if ",proponent," in a]
    check("proponents have the test example's class", len(lines) == 1 + 80 * 6 and sum(same) > 200, sum(same))
    code, _, err = run("influence", f"{tmp}/light", "--data", data, "--out", f"{tmp}/x")
    check("a record without weights", code == 1 and "--record-weights" in err, err)
    code, _, err = run("influence", f"{tmp}/net", "--data", data, "--examples", "100", "--out", f"{tmp}/x")
    check("a record of other examples", code == 1 and "other examples" in err, err)
    half = f"{tmp}/half"
    run("bank", *small, "--model", "mlp:8", "--lr", "0.05", "--models", "60", "--design", "half", "--fraction", "0.5", "--out", half)
    r = result("lds", half, "--scores", f"{tmp}/influence/influence.npy", "--data", data)
    check("lds sees influence", r.get("lds", {}).get("low", 0) > 0.05 and len(r["each"]) == 80, r)
    check("lds sees nothing in shuffled scores", abs(r["shuffled"]["value"]) < 0.1, r.get("shuffled"))
    code, _, err = run("lds", half, "--scores", f"{tmp}/influence/self.npy")
    check("scores of another shape", code == 1 and "are wanted" in err, err)

    # Who was in: attacked with a bank, and with the same answers as arrays.
    bank = f"{tmp}/attacked"
    noisy = ["--data", data, "--wrong-labels", "0.1"]
    made = result("bank", *noisy, "--model", "mlp:16", "--models", "16", "--epochs", "20", "--batch", "20", "--out", bank)
    r = result("membership", "--bank", bank, *noisy, "--out", f"{tmp}/attack")
    names = [a["name"] for a in r.get("attacks", [])]
    check("membership --bank names its attacks",
          names == ["loss", "rank", "lira", "lira_offline", "rmia", "rmia_offline"], (made, r))
    lira = r["attacks"][2]["auc"]["value"] if names else 0
    check("LiRA tells, memberships dealt out anew do not",
          lira > 0.55 and r["shuffled"]["low"] < 0.5 < r["shuffled"]["high"] + 0.02, r)
    check("it writes its files", sorted(os.listdir(f"{tmp}/attack")) ==
          ["roc.csv", "separation.csv", "separation.npy"])
    check("a separation for each example",
          sum(1 for _ in open(f"{tmp}/attack/separation.csv")) == 201)
    code, out, err = run("membership", "--bank", bank, "--data", data)
    check("a bank of other data is refused", code == 1 and "hash" in err, err)
    code, out, err = run("membership", "--bank", bank, "--target", "16")
    check("a target that there is not is refused", code == 1 and "no model 16" in err, err)
    code, out, err = run("membership", "--probs", f"{bank}/train_phi.npy", "--labels", f"{bank}/masks.npy")
    check("arrays without masks are refused", code == 2 and "--masks" in err, err)
    code, out, err = run("membership", "--logits", f"{bank}/train_phi.npy", "--labels", f"{bank}/masks.npy",
                         "--masks", f"{bank}/masks.npy")
    check("labels that do not fit are refused", code == 1 and "labels" in err, err)

    mem = ["memorization", f"{tmp}/bank", "--data", data]
    r = result(*mem, "--out", f"{tmp}/mem")
    check("memorization reads a bank", r.get("examples") == 200 and r["models"] == 6 and r["pairs"]["found"] >= 0, r)
    check("memorization writes its scores", all(os.path.exists(p) for p in r.get("arrays", {"": ""}).values()) and
          os.path.exists(f"{tmp}/mem/pairs.csv") and len(open(f"{tmp}/mem/scores.csv").readlines()) == 201)
    check("memorization: the top is the top", r["top"] == sorted(r["top"], key=lambda t: (-t["score"], t["id"])), r["top"])
    code, _, err = run(*mem, "--wrong-labels", "0.1")
    check("memorization of other data", code == 1 and "other data" in err, err)
    code, _, err = run("memorization", f"{tmp}/mlp")
    check("memorization of what is no bank", code == 1 and err, err)
    check("memorization of nothing", run("memorization")[0] == 2)
    margin = open(f"{tmp}/bank/train_margin.npy", "rb").read()
    with open(f"{tmp}/margin.npy", "wb") as f:
        f.write(margin.replace(b"(6, 1, 200), ", b"(6, 200),    "))
    arrays = ["--logits", f"{tmp}/margin.npy", "--masks", f"{tmp}/bank/masks.npy"]
    own = result("memorization", *arrays)
    there = result("memorization", f"{tmp}/bank")
    check("arrays say what their bank says", own.get("top") == there["top"] and own["pairs"] is None, own)
    head = b"{'descr': '<i8', 'fortran_order': False, 'shape': (200,), }"
    head += b" " * (117 - len(head)) + b"\n"
    with open(f"{tmp}/ids.npy", "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head +
                struct.pack("<200q", *[i + (i == 7) for i in range(200)]))
    code, _, err = run("memorization", *arrays, "--data", data, "--ids", f"{tmp}/ids.npy")
    check("ids that do not match", code == 1 and "example 7 has id 8, but 7" in err, err)
    r = result("memorization", *arrays, "--data", data, "--removal", "--model", "mlp:8", "--batch", "20", "--epochs", "2")
    check("removal", len(r.get("removal", {}).get("levels", [])) == 9 or "fewer than a batch" in str(r), r)
    r = result("consistency", f"{tmp}/bank", f"{tmp}/bank", "--out", f"{tmp}/consistency")
    check("consistency of two banks", len(r.get("curve", [])) == 2 and abs(r["curve"][0]["fraction"] - 0.7) < 1e-9, r)
    check("consistency writes its score", os.path.exists(r["arrays"]["consistency"]))
    check("consistency of arrays", len(result("consistency", *arrays).get("curve", [])) == 1)

print(f"1..{cases}")
sys.exit(failed > 0)
