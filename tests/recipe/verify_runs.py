"""verify on a real audit: what it finds, where it looks, what it asks again; as TAP.  verify_runs.py EIDETIC"""
import json
import os
import shutil
import sqlite3
import struct
import subprocess

from small_audit import command, corpus, done, eidetic, ok, work

MEASURES = ["extraction", "personal", "exposure", "membership"]


def verify(run, *more, cwd=work, env=None):
    p = subprocess.run([eidetic, "verify", run, *more], capture_output=True, text=True, cwd=cwd, timeout=300,
                       env={**os.environ, **(env or {})})
    return p.returncode, p.stdout, p.stderr


def result(run, *more, **where):
    code, out, err = verify(run, "--json", *more, **where)
    return code, json.loads(out)["result"], err


def counts(r, key):
    return [m[key] for m in r["replay"]["measures"]]


def change(run, sql, *values):
    db = sqlite3.connect(work / run / "eidetic.db")
    db.execute(sql, values)
    db.commit()
    db.close()


def copy(name):
    shutil.rmtree(work / name, ignore_errors=True)
    shutil.copytree(work / "run", work / name)
    return name


corpus()
(work / "names").write_text("Nobody At All\nWrite to\n")
args = [a.replace(str(work) + "/", "") for a in command("run", "--secrets", "names", "--steps", "400")]
made = subprocess.run(args, capture_output=True, text=True, cwd=work, timeout=600)
ok(made.returncode == 0, "an audit", made.stderr)

code, out, err = verify("run")
ok(code == 0 and not out and "everything is as it was" in err and "0 differ" in err, "all is as it was", out + err)
code, r, err = result("run")
stored = counts(r, "stored")
ok(code == 0 and r["ok"] and not r["problems"] and [m["measure"] for m in r["replay"]["measures"]] == MEASURES
   and r["replay"]["same_bits"] and r["replay"]["why"] is None, "as JSON", json.dumps(r))
ok(min(stored[0], stored[2], stored[3]) >= 32 and stored[1] > 0
   and counts(r, "replayed") == [min(n, 32) for n in stored] == counts(r, "same") and sum(counts(r, "differ")) == 0,
   "a sample of every measure is asked again", json.dumps(r["replay"]))
ok({(f["role"], f["path"].split("/")[-1]) for f in r["files"]} == {
   ("index", "index.eid"), ("ledger", "ledger.jsonl"), ("model", "config.json"), ("model", "model.safetensors"),
   ("secrets", "names"), ("tokenizer", "tokenizer.json")} and all(f["same"] for f in r["files"])
   and r["inputs"] == [{"path": "corpus.jsonl", "role": "corpus", "same": True}], "files and inputs", json.dumps(r))
code, r, err = result("run", "--replay", "1000000", "--seed", "5", "--threads", "3")
ok(code == 0 and counts(r, "replayed") == stored == counts(r, "same"), "all of them, with other threads", err)
code, r, err = result("run", "--replay", "0")
ok(code == 0 and sum(counts(r, "replayed")) == 0 and r["replay"]["why"] == "not asked for", "or none", json.dumps(r))
code, out, err = verify("run", "--replay", "-1")
ok(code == 2 and "--replay" in err, "a negative number", err)

# Other kernels: told, and within the tolerance.
code, r, err = result("run", env={"EID_KERNELS": "ref"})
ok(code == 0 and not r["replay"]["same_bits"] and sum(counts(r, "differ")) == 0 and sum(counts(r, "close")) > 0
   and "not to the last bit" in err, "other kernels are told, and held to the tolerance", err + json.dumps(r["replay"]))

# From elsewhere, and moved.
code, out, err = verify(str(work / "run"), cwd="/")
ok(code == 0, "from another folder", out + err)
(work / "old").mkdir()
for name in ("run", "corpus.jsonl", "names"):
    shutil.move(work / name, work / "old" / name)
code, out, err = verify("old/run")
ok(code == 0, "after run and inputs moved together", out + err)
shutil.move(work / "old" / "run", work / "run")
code, out, err = verify("run")
ok(code == 1 and out.splitlines() == [f"file: {work}/names is not there", "input: corpus.jsonl is not there"],
   "the run moved away from its inputs", out + err)
for name in ("corpus.jsonl", "names"):
    shutil.move(work / "old" / name, work / name)
ok(verify("run")[0] == 0, "and back")

# Damage, one piece at a time.
for path in ("model/model.safetensors", "model/config.json", "model/tokenizer.json", "index.eid", "ledger.jsonl"):
    bad = work / copy("bad") / path
    data = bytearray(bad.read_bytes())
    data[-3] ^= 1
    bad.write_bytes(data)
    code, out, err = verify("bad")
    ok(code == 1 and f"file: {path} has changed: {len(data)} bytes then, {len(data)} now" in out.splitlines(),
       f"a flipped bit in {path}", out + err)
    bad.unlink()
    code, out, err = verify("bad")
    ok(code == 1 and f"file: {path} is not there" in out.splitlines(), f"{path} is gone", out + err)

# A model that gives other answers under the hash of today: the replay finds it.
bad = work / copy("bad") / "model" / "model.safetensors"
data = bytearray(bad.read_bytes())
at = 8 + struct.unpack("<Q", data[:8])[0]
for i in range(at, at + 40000, 4):
    data[i:i + 4] = struct.pack("<f", 2 * struct.unpack("<f", data[i:i + 4])[0])
bad.write_bytes(data)
code, r, err = result("bad")
ok(code == 1 and sum(counts(r, "differ")) > 0 and [p for p in r["problems"] if p["what"] == "replay"],
   "a changed model answers otherwise", json.dumps(r["replay"]))
code, r, err = result("bad", env={"EID_KERNELS": "ref"})
ok(code == 1 and sum(counts(r, "differ")) > 0, "also beyond the tolerance", json.dumps(r["replay"]))

# What the database says is held against the answers.
for what, sql, values, part in (
        ("a score", "update question set value = value + 1e-9 where measure = 'membership'", (), "it scored"),
        ("an exposure", "update question set value = value * 1.5 where measure = 'exposure'", (), "it scored"),
        ("an answer", "update question set answer = given where measure = 'extraction'", (), "of the continuation was"),
        ("an output", "update finding set output = ? where kind = 'extracted' or kind = 'planted'", (b"words",),
         "another output"),
        ("a prompt", "update finding set prompt = ? where kind = 'extracted' or kind = 'planted'", (b"words",),
         "another prompt"),
        ("exactness", "update finding set why = '{\"exact\": true}' where why like '%\"exact\":false%'", (),
         "calls it exact"),
        ("copies", "update finding set copies = copies + 1", (), "other copies"),
        ("token ids", "update question set given = ?", (struct.pack("<i", 1 << 30),), "cannot be asked"),
        ("negative ids", "update question set given = ?", (struct.pack("<ii", -1, 3),), "cannot be asked"),
        ("a place", "update question set first = 1000 where measure = 'exposure'", (), "cannot be asked"),
        ("too many", "update question set answer = zeroblob(4000) where answer is not null", (), "cannot be asked")):
    change(copy("bad"), sql, *values)
    code, out, err = verify("bad", "--replay", "1000")
    ok(code == 1 and part in out and out.count("\n") <= 20 and "differ" in err, f"{what} that was changed", out + err)
for what, sql, values, part in (
        ("odd bytes", "update question set given = ?", (b"12345",), "not a multiple of 4"),
        ("no finding", "delete from finding", (), "a finding that is not there"),
        ("no table", "drop table question", (), "question")):
    change(copy("bad"), sql, *values)
    code, out, err = verify("bad")
    ok(code == 1 and part in err and err.count("\n") == 1, f"{what}: a sentence", out + err)

# A run of the schema's first version is still read, and says that it keeps no questions.
db = sqlite3.connect(work / copy("bad") / "eidetic.db")
db.executescript("drop table question; drop table file; delete from text where name like 'path.%'; pragma user_version = 1")
db.close()
code, r, err = result("bad")
ok(code == 0 and r["replay"]["why"] == "the run keeps no questions" and not r["files"], "an older run", json.dumps(r) + err)

# A given model: its files and its list are absolute, and the model's folder may not change.
args = [a.replace(str(work) + "/", "") for a in command("given", "--secrets", "names", "--model", "old/model")]
shutil.copytree(work / "run" / "model", work / "old" / "model")
made = subprocess.run([*args, "--json"], capture_output=True, text=True, cwd=work, timeout=600)
paths = [i["path"].split("/")[-1] for i in json.loads(made.stdout or '{"inputs": []}')["inputs"]]
ok(made.returncode == 0 and sorted(paths) == ["config.json", "corpus.jsonl", "model.safetensors", "names", "tokenizer.json"],
   "an audit of a given model names its files", made.stderr + str(paths))
code, r, err = result(str(work / "given"), cwd="/")
ok(code == 0 and r["ok"] and counts(r, "replayed")[0] == 32, "and verifies", json.dumps(r["problems"]) + err)
config = work / "old" / "model" / "config.json"
config.write_text(config.read_text().replace("{", "{ ", 1))
code, out, err = verify("given")
ok(code == 1 and "/old/model/config.json has changed" in out, "a model's folder that changed", out + err)
again = subprocess.run(args, capture_output=True, text=True, cwd=work, timeout=600)
ok(again.returncode == 1 and "other input" in again.stderr, "which is another audit", again.stderr)

shutil.rmtree(work, ignore_errors=True)
done()
