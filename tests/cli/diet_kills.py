"""diet, killed again and again, ends in the same bytes; values that make no sense.  diet_kills.py EIDETIC KILLS  (TAP)"""
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time

EIDETIC, KILLS = os.path.abspath(sys.argv[1]), int(sys.argv[2])
cases = failed = 0


def check(name, holds, told=""):
    global cases, failed
    cases += 1
    failed += not holds
    print(f"{'' if holds else 'not '}ok {cases} - {name}", flush=True)
    if not holds:
        print(f"# {told!r}")


def hashes(folder):
    found = {}
    for where, _, names in os.walk(folder):
        for n in names:
            if n.endswith((".npy", ".csv", ".safetensors")):
                path = os.path.join(where, n)
                found[os.path.relpath(path, folder)] = hashlib.sha256(open(path, "rb").read()).hexdigest()
    return found


with tempfile.TemporaryDirectory() as tmp:
    def diet(name, *more):
        return [EIDETIC, "diet", "--data", "fashion-mnist", "--examples", "300", "--test-examples", "100", "--wrong-labels", "0.1",
                "--model", "mlp:24", "--batch", "25", "--epochs", "3", "--seeds", "2", "--score-epoch", "2", "--checkpoint", "0",
                "--threads", "2", "--out", f"{tmp}/{name}", "--json", *more]

    ways = {"measured": ["--prune", "0.4", "--offset", "0.1", "--measure", "grand", "--suspects"],
            "chosen": ["--prune", "0.4", "--offset", "-1", "--replicas", "2"]}
    for name, way in ways.items():
        began = time.time()
        p = subprocess.run(diet(name, *way), capture_output=True, text=True, timeout=200)
        seconds = time.time() - began
        check(f"{name}: whole", p.returncode == 0, p.stderr)
        if p.returncode:
            continue
        whole, want = hashes(f"{tmp}/{name}"), json.loads(p.stdout)["result"]
        kills = 0
        for attempt in range(20 * KILLS):
            p = subprocess.Popen(diet("killed-" + name, *way), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if kills == KILLS:
                break
            time.sleep(random.uniform(0.05, 1) * seconds * 0.5)
            if p.poll() is None:
                p.kill()
                kills += 1
                p.communicate()
            else:
                break
        out, err = p.communicate(timeout=200)
        check(f"{name}: killed {kills} times, it ends", p.returncode == 0 and kills > 0, (p.returncode, err))
        got = json.loads(out)["result"] if p.returncode == 0 else {}
        check(f"{name}: the same scores and parts", got.get("scores") == want["scores"] and got.get("parts") == want["parts"] and
              got.get("offset") == want["offset"], (got, want))
        check(f"{name}: the same bytes", hashes(f"{tmp}/killed-{name}") == whole,
              set(hashes(f"{tmp}/killed-{name}").items()) ^ set(whole.items()))

    for way, part in ((["--prune", "0.5", "--offset", "-0.5"], "is no share"), (["--offset", "-1"], "--prune"),
                      (["--offset", "0.2"], "more than the share"), (["--prune", "0.3", "--offset", "0.4"], "more than the share"),
                      (["--prune", "0.99"], "lower --batch"), (["--prune", "0.92", "--offset", "-1"], "lower --batch"),
                      (["--prune", "0.4", "--wrong-labels", "0.2"], "")):
        p = subprocess.run(diet("bad" if part else "chosen", *way), capture_output=True, text=True, timeout=200)
        told = json.loads(p.stdout)["error"]["message"] if p.returncode == 1 else p.stdout + p.stderr
        check("refused: " + " ".join(way), p.returncode == 1 and part in told and not os.path.exists(f"{tmp}/bad"),
              (p.returncode, told))
    for way in (["--prune", "0.5", "--offset", "nan"], ["--prune", "0.5", "--offset", "-2"], ["--prune", "1"],
                ["--prune", "0.5", "--offset", "-1", "--validation", "0"], ["--prune", "0.5", "--offset", ""]):
        p = subprocess.run(diet("bad", *way), capture_output=True, text=True, timeout=200)
        check("usage: " + " ".join(way), p.returncode == 2 and "Usage" in p.stderr, (p.returncode, p.stderr))

print(f"1..{cases}")
sys.exit(failed > 0)
