"""eidetic dedup --near as users meet it: killed at any moment, on a full disk, with odd input.  near.py EIDETIC"""
import hashlib
import json
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

EIDETIC = sys.argv[1]
cases = failed = 0


def check(name, holds, told=""):
    global cases, failed
    cases += 1
    failed += not holds
    print(f"{'' if holds else 'not '}ok {cases} - {name}")
    if not holds:
        print(f"# {told!r}")


def digest(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


if b"symbol lookup error" in subprocess.run([EIDETIC, "help"], capture_output=True).stderr:
    print("1..0 # SKIP a room that the command needs is still being built")
    sys.exit(0)

random.seed(3)
with tempfile.TemporaryDirectory() as top:
    top = pathlib.Path(top)
    texts = []
    for d in range(1500):
        if d % 3 == 0:
            texts.append([f"w{random.randrange(5000)}" for _ in range(random.randrange(1, 300))])
        else:
            texts.append([w if random.random() > 0.004 * (d % 7) else "other" for w in random.choice(texts)])
    (top / "c.jsonl").write_text("".join(json.dumps({"text": " ".join(t)}) + "\n" for t in texts))

    def command(out, *more, threads=2):
        return [EIDETIC, "dedup", str(top / "c.jsonl"), "--near", "0.8", "--out", str(top / out), "--threads", str(threads),
                *more]

    began = time.monotonic()
    got = subprocess.run(command("want", "--json"), capture_output=True, timeout=200)
    took = time.monotonic() - began
    check("runs", got.returncode == 0, got.stderr)
    r = json.loads(got.stdout)["result"]
    check("nothing is lost", r["bytes"]["in"] == r["bytes"]["kept"] + r["bytes"]["cut"], r)
    check("documents add up", r["documents"]["in"] == 1500 == r["documents"]["out"] + r["identical"] + r["near"], r)
    check("clusters add up", sum(s["clusters"] for s in r["cluster_sizes"]) == r["clusters"], r)
    check("finds some", r["near"] > 100 and r["identical"] > 20, r)
    ledger = [json.loads(line) for line in (top / "want/clusters.jsonl").read_text().splitlines()]
    check("the ledger has every member", len(ledger) == sum(s["clusters"] * s["documents"] for s in r["cluster_sizes"]))
    check("near ones reach both thresholds", all(e["jaccard"] >= 0.8 and e["edit_similarity"] >= 0.8 for e in ledger
                                                 if e["what"] == "near"))
    want = digest(top / "want")

    kills, wait, err = 0, 0.02, b""
    while True:
        p = subprocess.Popen(command("x", "--quiet", threads=1 + kills % 4), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            err = p.communicate(timeout=wait)[1]
            break
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            kills += 1
            wait += max(took, 0.1) / 10 * random.random()
    check(f"completes after {kills} kills", p.returncode == 0 or b"exists" in err, err)
    check("the same files", digest(top / "x") == want)
    check("nothing is left beside it", not (top / "x.part").exists())

    def little_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))

    got = subprocess.run(command("full"), capture_output=True, preexec_fn=little_disk, timeout=200)
    check("a full disk is told", got.returncode == 1 and b"full.part/" in got.stderr, got.stderr)
    check("and nothing is there", not (top / "full").exists() and not (top / "full.part").exists())

    got = subprocess.run(command("want"), capture_output=True)
    check("what exists is not written over", got.returncode == 1 and b"exists" in got.stderr, got.stderr)
    got = subprocess.run(command("want", "--replace", "--seed", "2"), capture_output=True, timeout=200)
    check("unless told to", got.returncode == 0, got.stderr)
    (top / "other").mkdir()
    (top / "other/mine.txt").write_text("mine")
    got = subprocess.run(command("other", "--replace"), capture_output=True)
    check("and it is ours", got.returncode == 1 and (top / "other/mine.txt").exists(), got.stderr)
    got = subprocess.run(command("y", "--exact", "200b"), capture_output=True)
    check("two ways at once are refused", got.returncode == 2, got.stderr)
    (top / "b").mkdir()
    (top / "b/bad.txt").write_bytes(b"\xff\xfe\x00 b c d e f")
    (top / "b/good.txt").write_bytes(b"\xff\xfe\x00 b c d e f\n")
    bad = [EIDETIC, "dedup", str(top / "b"), "--near", "0.9", "--out", str(top / "bo"), "--keep", "first"]
    got = subprocess.run(bad + ["--format", "jsonl"], capture_output=True)
    check("bytes that .jsonl cannot hold are told", got.returncode == 1 and b"bad.txt" in got.stderr, got.stderr)
    got = subprocess.run(bad, capture_output=True)
    check("a .tar holds them", got.returncode == 0 and b"near\t1\n" in got.stdout, got.stdout + got.stderr)
print(f"1..{cases}")
