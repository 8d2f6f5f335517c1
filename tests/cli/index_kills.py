"""eidetic index build and add, killed at any moment: the same command completes.  index_kills.py EIDETIC"""
import hashlib
import pathlib
import random
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

random.seed(2)
with tempfile.TemporaryDirectory() as top:
    top = pathlib.Path(top)
    words = ["".join(random.choices("abcdefgh", k=6)) for _ in range(500)]
    for name, n in (("one", 40), ("two", 25)):
        (top / name).mkdir()
        for d in range(n):
            (top / name / f"{d:03}.txt").write_text(" ".join(random.choices(words, k=3000)))

    def run(*args):
        return subprocess.run([EIDETIC, "index", *map(str, args), "--shard", "130000", "--threads", "2", "--quiet"],
                              capture_output=True, timeout=120)

    began = time.monotonic()
    got = run("build", top / "one", "--out", top / "want.idx")
    took = time.monotonic() - began
    check("built", got.returncode == 0, got.stderr)
    want = digest(top / "want.idx")
    check("several shards", len(want) > 5, want)

    def killed(*args):
        """Kills the command again and again, each time later; the last run is let go on."""
        kills, wait = 0, 0.02
        while True:
            p = subprocess.Popen([EIDETIC, "index", *map(str, args), "--shard", "130000", "--threads", "2", "--quiet"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                err = p.communicate(timeout=wait)[1]
                return kills, p.returncode, err
            except subprocess.TimeoutExpired:
                p.kill()
                p.communicate()
                kills += 1
                wait += max(took, 0.1) / 12 * random.random()
            yield_check()

    def yield_check():
        if (top / "x.idx").exists():
            check("what is there is whole", subprocess.run([EIDETIC, "index", "verify", str(top / "x.idx")],
                                                           capture_output=True).returncode == 0)

    kills, code, err = killed("build", top / "one", "--out", top / "x.idx")
    check(f"completes after {kills} kills", code == 0 or b"exists" in err, err)
    check("the same files", digest(top / "x.idx") == want)
    check("nothing is left beside it", not (top / "x.idx.part").exists())

    check("grows", run("add", top / "want.idx", top / "two").returncode == 0)
    kills, code, err = killed("add", top / "x.idx", top / "two")
    check(f"grows after {kills} kills", code == 0 or b"holds" in err, err)
    check("the same files", digest(top / "x.idx") == digest(top / "want.idx"))

print(f"1..{cases}")
sys.exit(failed > 0)
