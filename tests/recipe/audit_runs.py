"""Whole audits through the command, on a small made-up corpus, as TAP.

Usage: audit_runs.py EIDETIC KILLS      KILLS: how many audits are killed with SIGKILL and resumed
"""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from small_audit import command, corpus, difference, done, eidetic, ok, results, rng, run, work

kills = int(sys.argv[2])
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

# Whatever an audit measures, a gate can ask for; and what it cannot know is refused before any work.
db = sqlite3.connect(work / "first" / "eidetic.db")
names = [n for n, in db.execute("select name from metric")]
db.close()
asked = run("first", "--dry-run", *(x for n in names for x in ("--fail-if", f"{n}.high>1e300")))
ok(asked.returncode == 0 and len(names) > 60, "a gate can ask for every number", asked.stderr)
wrong = run("nothing", "--fail-if", "corpus.document>0")
ok(wrong.returncode == 2 and "corpus.{read,identical," in wrong.stderr and not (work / "nothing").exists(),
   "a gate that is misspelled is refused before the audit", wrong.stderr)

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
gate = run("first", "--threads", "2", "--json", "--fail-if", "corpus.documents>0", "--fail-if", "extraction.uniform>1")
ok(gate.returncode == 3 and json.loads(gate.stdout)["result"]["gates"] == [
   {"gate": "corpus.documents>0", "holds": False}, {"gate": "extraction.uniform>1", "holds": True}],
   "gates stand in the result", gate.stdout[-300:])
gate = run("first", "--threads", "2", "--json", "--fail-if", "exposure.fit.ks.low>1e9", "--fail-if", "extraction.slope.r2>2")
ok(gate.returncode in (0, 1) and json.loads(gate.stdout)["schema"] == 1, "one object, whatever a gate finds", gate.stdout[-300:])
gate = run("first", "--threads", "2", "--fail-if", "extraction.uniform.low>1")
ok(gate.returncode == 0, "a gate that holds exits 0", gate.stderr)
(work / "full").mkdir()
(work / "full" / "letter.txt").write_text("mine")
mine = run("full")
ok(mine.returncode == 1 and os.listdir(work / "full") == ["letter.txt"],
   "a folder with other things is left alone", mine.stderr)

small = subprocess.run([eidetic, "audit", "--corpus", str(work / "corpus.jsonl"), "--out", str(work / "small"),
                        "--memory", "2M"], capture_output=True, text=True)
ok(small.returncode == 1 and "raise --memory" in small.stderr and not (work / "small").exists(),
   "memory that does not suffice is told before anything is done", small.stderr)
small = subprocess.run([eidetic, "audit", "--corpus", str(work / "corpus.jsonl"), "--dry-run", "--minutes", "10000",
                        "--memory", "300M"], capture_output=True, text=True)
ok(small.returncode == 0 and "model: " in small.stdout and "large" not in small.stdout,
   "a model is chosen that fits into memory", small.stdout + small.stderr)

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
done()
