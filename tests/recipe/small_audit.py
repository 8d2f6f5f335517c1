"""A small made-up corpus, its audit through the command, and what of it must be equal; TAP."""
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile

eidetic = os.path.abspath(sys.argv[1])
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


ORDER = {"score": "measure, example", "file": "path"}


def results(out):
    """Everything in a run that must be equal: all tables but times and places, and the model's bytes."""
    db = sqlite3.connect(work / out / "eidetic.db")
    rows = {}
    for table, columns in (("file", "path, role, bytes, sha256"),
                           ("question", "measure, example, finding, first, given, expected, answer, value"),
                           ("metric", "name, value, low, high, n, method, why"),
                           ("curve", "name, series, x, y, low, high, n"),
                           ("finding", "kind, document, offset, copies, documents, prompt, expected, output, value, why"),
                           ("score", "measure, example, value"), ("text", "name, value")):
        skip = " where name not like 'training.seconds' and name not like 'training.rate'"
        rows[table] = [r for r in db.execute(f"select {columns} from {table}"
                                             + (skip if table == "metric" else "") + (" order by " + ORDER.get(table, "id")))
                       if not (table == "text" and r[0] in ("model.path", "path.run", "title"))]
    db.close()
    rows["model"] = (work / out / "model" / "model.safetensors").read_bytes()
    rows["ledger"] = (work / out / "ledger.jsonl").read_bytes()
    return rows


def difference(a, b):
    return "; ".join(f"{k}: {len(a[k])} against {len(b[k])}"
                     + (f", first {next((x, y) for x, y in zip(a[k], b[k]) if x != y)}"
                        if isinstance(a[k], list) and any(x != y for x, y in zip(a[k], b[k])) else "")
                     for k in a if a[k] != b[k])


def done():
    print(f"1..{case}")
    sys.exit(failed > 0)
