"""Whole audits through the command, on a small made-up corpus, as TAP.

Usage: audit_runs.py EIDETIC KILLS      KILLS: how many audits are killed with SIGKILL and resumed
"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

eidetic, kills = sys.argv[1], int(sys.argv[2])
work = pathlib.Path(tempfile.mkdtemp(prefix="eid-audit-"))
rng = random.Random(7)
case = failed = 0


def ok(passed, name, why=""):
    global case, failed
    case += 1
    failed += not passed
    if not passed:
        print(f"# {why}")
    print(f"{'' if passed else 'not '}ok {case} - {name}", flush=True)


def corpus():
    """900 documents of made-up prose; each fifth ends in the same notice; each names one address."""
    syllables = ["ka", "lo", "mi", "ter", "an", "so", "vel", "ri", "dun", "pe", "sha", "or"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(400)]
    notice = " ".join(rng.choices(words, k=120))
    with open(work / "corpus.jsonl", "w", encoding="utf-8") as out:
        for i in range(900):
            text = []
            for _ in range(6):
                text.append(" ".join(rng.choices(words, k=rng.randint(6, 20))).capitalize() + ".")
            text.insert(3, f"Write to {rng.choice(words)}.{rng.choice(words)}{i}@example.org today.")
            if i % 5 == 0:
                text.append(notice)
            out.write(json.dumps({"text": "\n".join(text)}) + "\n")


def command(out, *more):
    return [eidetic, "audit", "--corpus", str(work / "corpus.jsonl"), "--out", str(work / out),
            "--size", "tiny", "--steps", "120", "--plant-max-copies", "16", "--extract-uniform", "200",
            "--extract-heldout-strings", "100", "--extract-per-bucket", "40", "--membership-samples", "100",
            "--personal-per-kind", "40", "--exposure-exact", "2000", "--plant-digits", "3",
            "--plant-nulls", "500", "--plant-budget", "0.1", "--heldout-share", "0.15", "--donor-share", "0.15", "--quiet", *more]


def run(out, *more):
    return subprocess.run(command(out, *more), capture_output=True, text=True, timeout=600)


def results(out):
    """Everything in a run that must be equal: all tables but times and places, and the model's bytes."""
    db = sqlite3.connect(work / out / "eidetic.db")
    rows = {}
    for table, columns in (("metric", "name, value, low, high, n, method, why"),
                           ("curve", "name, series, x, y, low, high, n"),
                           ("finding", "kind, document, offset, copies, documents, prompt, expected, output, value, why"),
                           ("score", "measure, example, value"), ("text", "name, value")):
        skip = " where name not like 'training.seconds' and name not like 'training.rate'"
        rows[table] = [r for r in db.execute(f"select {columns} from {table}"
                                             + (skip if table == "metric" else "") + (" order by measure, example" if table == "score" else " order by id"))
                       if not (table == "text" and r[0] in ("model.path", "title"))]
    db.close()
    rows["model"] = (work / out / "model" / "model.safetensors").read_bytes()
    rows["ledger"] = (work / out / "ledger.jsonl").read_bytes()
    return rows


def difference(a, b):
    return "; ".join(f"{k}: {len(a[k])} against {len(b[k])}"
                     + (f", first {next((x, y) for x, y in zip(a[k], b[k]) if x != y)}"
                        if isinstance(a[k], list) and any(x != y for x, y in zip(a[k], b[k])) else "")
                     for k in a if a[k] != b[k])


corpus()
began = time.time()
first = run("first", "--json", "--threads", "2")
seconds = time.time() - began
ok(first.returncode == 0, "an audit runs", first.stderr)
result = json.loads(first.stdout or "{}")
body = result.get("result", {})
ok(result.get("schema") == 1 and result.get("command") == "audit" and result.get("bits")
   and result["inputs"][0]["documents"] == 900, "its envelope keeps the contract", first.stdout[:400])
ok(body.get("verdict", {}).get("level") in ("pass", "caution", "stop", "unknown")
   and body["verdict"]["reasons"] and body["extraction"]["by_copies"] and body["exposure"]["by_copies"]
   and len(body["membership"]["attacks"]) >= 4 and isinstance(body["personal"], list)
   and body["model"]["steps"] == 120, "its result keeps the contract", json.dumps(body)[:400])
ok("NaN" not in first.stdout and "Infinity" not in first.stdout, "no number is not one")
ok(not re.search(r"[a-z]+\.[a-z]+\d+@example\.org", first.stdout), "addresses are masked")
ok((work / "first" / "report.html").exists(), "a report stands in the run")
ok((work / "first" / "eidetic.db").stat().st_mode & 0o777 == 0o600, "the database is the owner's alone")
base = results("first")

again = run("first", "--threads", "2")
ok(again.returncode == 0 and results("first") == base, "the same command again changes nothing",
   again.stderr)
other = run("first", "--threads", "2", "--steps", "121")
ok(other.returncode == 1 and "first" in other.stderr, "another command is refused the folder", other.stderr)
for threads in (1, 5):
    one = run(f"threads{threads}", "--threads", str(threads))
    same = one.returncode == 0 and results(f"threads{threads}")
    ok(same == base, f"{threads} threads give the same bits",
       f"exit {one.returncode}: {one.stderr}" + difference(base, same or base))

twin = run("twin", "--twin", "--json")
level = {}
for reason in json.loads(twin.stdout or "{}").get("result", {}).get("verdict", {}).get("reasons", []):
    level.setdefault(reason["topic"], set()).add(reason["level"])
ok(twin.returncode == 0 and level.get("planted") == {"pass"}, "a twin passes for the planted strings",
   twin.stderr + str(level))

given = run("given", "--model", str(work / "first" / "model"), "--json")
reasons = [r["code"] for r in json.loads(given.stdout or "{}").get("result", {})
           .get("verdict", {}).get("reasons", [])]
ok(given.returncode == 0 and {"missing.membership", "missing.exposure", "missing.baseline"} <= set(reasons),
   "a given model without held-out text or ledger is told so", given.stderr + str(reasons))
gate = run("first", "--threads", "2", "--fail-if", "corpus.documents>0")
ok(gate.returncode == 3 and "gate" in gate.stderr, "a gate that does not hold exits 3", gate.stderr)
gate = run("first", "--threads", "2", "--fail-if", "extraction.uniform.low>1")
ok(gate.returncode == 0, "a gate that holds exits 0", gate.stderr)
(work / "full").mkdir()
(work / "full" / "letter.txt").write_text("mine")
mine = run("full")
ok(mine.returncode == 1 and os.listdir(work / "full") == ["letter.txt"],
   "a folder with other things is left alone", mine.stderr)

hit = 0
for k in range(kills):
    out = f"kill{k}"
    for attempt in range(6):
        process = subprocess.Popen(command(out, "--threads", "2"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            process.wait(timeout=rng.uniform(0.02, 1.1 * seconds))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            hit += 1
            if attempt < 5 and rng.random() < 0.5:
                continue
            break
    end = run(out, "--threads", "2")
    same = end.returncode == 0 and results(out)
    if same != base or list((work / out).rglob("*.part")):
        ok(False, f"audit {k}, killed and resumed, ends in the same bits",
           end.stderr + difference(base, same or base))
    shutil.rmtree(work / out, ignore_errors=True)
ok(hit > 0 or kills == 0, f"{hit} kills at random moments of {kills} audits lose nothing")

shutil.rmtree(work, ignore_errors=True)
print(f"1..{case}")
sys.exit(failed > 0)
