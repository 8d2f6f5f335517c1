"""report, compare, verify on finished runs; as TAP.  usage: runs.py EIDETIC MAKE_FIXTURE"""
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

eidetic, make = map(os.path.abspath, sys.argv[1:3])
if b"symbol lookup error" in subprocess.run([eidetic, "help"], capture_output=True).stderr:
    print("1..0 # SKIP a room that the command needs is still being built")
    sys.exit(0)
work = pathlib.Path(tempfile.mkdtemp(prefix="eid-runs-"))
os.chdir(work)
for kind in ("rich", "after", "hostile", "bare"):
    subprocess.run([make, kind, kind], check=True)


def run(*arguments):
    return subprocess.run([eidetic, *arguments], capture_output=True, text=True)


def result(*arguments):
    done = run(*arguments, "--json")
    return done.returncode, json.loads(done.stdout)


def report_is_written_again():
    os.remove("rich/report.html")
    done = run("report", "rich")
    assert (done.returncode, done.stdout) == (0, "rich/report.html\n"), done
    assert "ada.lovelace@" not in pathlib.Path("rich/report.html").read_text()
    assert run("report", "rich", "--reveal").returncode == 0
    assert "ada.lovelace@" in pathlib.Path("rich/report.html").read_text()
    assert result("report", "rich")[1]["result"] == {"report": "rich/report.html", "figures": "rich/figures"}


def what_is_no_run_is_a_sentence():
    for verb in (["report"], ["verify"], ["compare", "rich"]):
        done = run(*verb, "nowhere")
        assert done.returncode == 1 and "nowhere: No such file or directory" in done.stderr, done
        code, failure = result(*verb, "nowhere")
        assert code == 1 and failure["error"]["code"] == "io", failure
    assert run("compare", "rich").returncode == 2
    os.makedirs("folder", exist_ok=True)
    assert "holds no eidetic.db" in run("report", "folder").stderr


def compare_lists_differences():
    done = run("compare", "rich", "after")
    assert done.returncode == 0 and done.stderr == "", done
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert {len(r) for r in rows} == {9}, rows[:3]
    uniform = [r for r in rows if r[0] == "extraction.uniform"][0]
    assert uniform[-1] == "down" and float(uniform[6]) < float(uniform[5]) < float(uniform[7]) < 0, uniform
    assert not [r for r in rows if r[0] == "corpus.bytes"]
    assert [r for r in run("compare", "rich", "after", "--all").stdout.splitlines() if r.startswith("corpus.bytes\t")]


def compare_speaks_json():
    code, whole = result("compare", "rich", "after")
    assert code == 0 and whole["result"]["same_bits"] is True
    rows = {(r["name"], r["series"], r["x"]): r for r in whole["result"]["rows"]}
    point = rows["extraction.by_copies", "planted", 32.0]
    assert point["change"] == "down" and point["difference"]["method"] == "square-and-add"
    assert abs(point["b"]["value"] - point["a"]["value"] - point["difference"]["value"]) < 1e-12
    assert rows["membership.min_k++.tpr.0.001", None, None]["change"] == "unresolved"
    code, whole = result("compare", "bare", "hostile")
    assert code == 0 and {w["code"] for w in whole["warnings"]} == {"command", "input"}, whole["warnings"]
    assert run("compare", "rich", "hostile").stdout.find("\x1b") == -1


def verify_finds_what_differs():
    pathlib.Path("corpus.txt").write_text("a text")
    db = sqlite3.connect("bare/eidetic.db")
    db.execute("INSERT INTO input VALUES (1, 'corpus.txt', 6, ?, 1, 0)", [hashlib.sha256(b"a text").hexdigest()])
    db.commit()
    db.close()
    done = run("verify", "bare")
    assert (done.returncode, done.stdout) == (0, ""), done
    assert "everything is as it was" in done.stderr
    pathlib.Path("corpus.txt").write_text("b text")
    code, whole = result("verify", "bare")
    replay = whole["result"].pop("replay")
    assert code == 1 and whole["result"] == {
        "ok": False, "problems": [{"what": "input", "text": "corpus.txt has changed: 6 bytes then, 6 now"}],
        "inputs": [{"path": "corpus.txt", "role": "corpus", "same": False}], "files": []}, whole["result"]
    assert replay["why"] == "the run keeps no questions" and len(replay["measures"]) == 4, replay
    os.remove("corpus.txt")
    os.remove("bare/report.html")
    os.chmod("bare/eidetic.db", 0o644)
    done = run("verify", "bare")
    assert done.returncode == 1 and done.stdout.splitlines() == [
        "mode: others may read it (mode 0644)", "file: report.html is missing or empty",
        "input: corpus.txt is not there"], done


def verify_reads_folders_as_the_run_did():
    os.makedirs("texts", exist_ok=True)
    for name in "ab":
        pathlib.Path(f"texts/{name}.txt").write_text(f"text {name}")
    listing = "".join(f"{hashlib.sha256(f'text {n}'.encode()).hexdigest()}  {n}.txt\n" for n in "ab")
    db = sqlite3.connect("after/eidetic.db")
    db.execute("DELETE FROM input")
    db.execute("INSERT INTO input VALUES (1, 'texts', 12, ?, 2, 0)", [hashlib.sha256(listing.encode()).hexdigest()])
    db.execute("DELETE FROM text WHERE name = 'model.source'")
    db.commit()
    db.close()
    done = run("verify", "after")
    assert (done.returncode, done.stdout) == (0, ""), done
    pathlib.Path("texts/c.md").write_text("text c")
    assert "texts has changed: 12 bytes then, 18 now" in run("verify", "after").stdout
    db = sqlite3.connect("after/eidetic.db")
    db.execute("UPDATE run SET options = ?", ['{"read-include": "*.txt", "read-follow-links": true}'])
    db.commit()
    db.close()
    done = run("verify", "after")
    assert (done.returncode, done.stdout) == (0, ""), done
    pathlib.Path("texts/c.txt").write_text("text c")
    assert "texts has changed: 12 bytes then, 18 now" in run("verify", "after").stdout


def hostile_words_do_not_steer_the_terminal():
    done = run("verify", "hostile")
    assert done.returncode == 1 and "is not there" in done.stdout
    for character in "\x1b\x01\u202e":
        assert character not in done.stdout + done.stderr


def verify_finds_damage():
    with open("rich/eidetic.db", "r+b") as f:
        f.seek(4096 * 5)
        f.write(b"\0" * 4096)
    done = run("verify", "rich")
    assert done.returncode == 1 and ("integrity" in done.stdout or "malformed" in done.stderr), done


failed = 0
cases = [report_is_written_again, what_is_no_run_is_a_sentence, compare_lists_differences, compare_speaks_json,
         verify_finds_what_differs, verify_reads_folders_as_the_run_did, hostile_words_do_not_steer_the_terminal,
         verify_finds_damage]
for number, function in enumerate(cases, 1):
    try:
        function()
        print(f"ok {number} - {function.__name__}")
    except Exception as error:
        failed += 1
        print(f"# {type(error).__name__}: {str(error)[:800]}")
        print(f"not ok {number} - {function.__name__}")
print(f"1..{len(cases)}")
subprocess.run(["rm", "-rf", work], check=True)
sys.exit(failed > 0)
