"""A disk that fills up in every phase: one sentence, exit 1, nothing half-written; with room again, the same
command ends in the same bits.  TAP.

Usage: full_disk.py EIDETIC few|all
As root, the disk is a small tmpfs in a mount namespace of its own; else a limit on the size of each file.
"""
import ctypes
import hashlib
import os
import pathlib
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

eidetic, few = os.path.abspath(sys.argv[1]), sys.argv[2] == "few"
work = pathlib.Path(tempfile.mkdtemp(prefix="eid-full-"))
rng = random.Random(11)
case = failed = 0
CLONE_NEWNS = 0x20000


def ok(passed, name, why=""):
    global case, failed
    case += 1
    failed += not passed
    if not passed:
        print("# " + why.replace("\n", "\n# "))
    print(f"{'' if passed else 'not '}ok {case} - {name}", flush=True)


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0


def own_namespace():
    """Whether small file systems can be mounted here without anybody else seeing them."""
    return (os.geteuid() == 0 and ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0
            and mount("--make-rprivate", "/") and mount("-t", "tmpfs", "-o", "size=1m", "none", str(disk)))


class Full:
    """The disk, with `size` bytes until room() is called."""

    def __init__(self, size):
        self.size = size
        if small:
            mount("-o", f"remount,size={max(size // 4096, 1) * 4096}", str(disk))  # 0 is no limit
        self.limit = None if small else size

    def room(self):
        if small:
            mount("-o", "remount,size=512m", str(disk))
        self.limit = None


def clear():
    if small:
        mount("-o", "remount,size=512m", str(disk))
    for entry in disk.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def run(arguments, limit=None):
    def bound():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return subprocess.run([eidetic, *arguments], capture_output=True, text=True, timeout=600, cwd=disk,
                          env={**os.environ, "TMPDIR": str(disk)}, preexec_fn=bound)


def corpus():
    words = ["".join(rng.choices("abcdefghijklm", k=rng.randint(2, 8))) for _ in range(300)]
    for i in range(400):
        path = work / "corpus" / f"{i:03d}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(" ".join(rng.choices(words, k=12)) for _ in range(rng.randint(3, 14))) + "\n")


def bits(path):
    """What must be equal: tables but times, every other file's bytes."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    found = {}
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        name = str(file.relative_to(path))
        if file.name == "eidetic.db":
            with sqlite3.connect(file) as db:
                for table, columns in (("metric", "name, value, low, high, n"), ("text", "name, value"),
                                       ("curve", "name, series, x, y, low, high"),
                                       ("finding", "kind, document, offset, copies, output")):
                    found[table] = [r for r in db.execute(f"select {columns} from {table} order by id")
                                    if r[0] not in ("training.seconds", "training.rate")]
            db.close()
        elif file.name not in ("report.html", "result.json") and "figures" not in name:
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def used(path):
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    sizes = [p.stat().st_size for p in files]
    return sum(sizes), max(sizes)


def fills_up(name, arguments, out, shares):
    """Runs the command on disks that hold so large a share of what it writes."""
    clear()
    whole = run(arguments)
    ok(whole.returncode == 0, f"{name} runs where there is room", whole.stderr)
    total, largest = used(disk / out)
    want = bits(disk / out)
    for share in shares:
        clear()
        full = Full(int(share * (total if small else largest)))
        broken = run(arguments, full.limit)
        said = [line for line in broken.stderr.splitlines() if line.strip()]
        left = [str(p) for p in disk.rglob("*.part")]
        whole_or_none = (disk / out).is_dir() or not (disk / out).exists()
        if broken.returncode == 0 and share > 0.6:
            ok(bits(disk / out) == want, f"{name} fits a disk of {share:.0%}")
            continue
        ok(broken.returncode == 1 and len(said) == 1 and said[0].startswith("eidetic ")
           and not left and whole_or_none, f"{name}, with room for {share:.0%}: one sentence, nothing half-written",
           f"exit {broken.returncode}\n{broken.stderr}left: {left}")
        print("#", said[-1:] and said[-1].replace(str(disk), "DISK"))
        full.room()
        again = run(arguments)
        ok(again.returncode == 0 and bits(disk / out) == want, f"{name}, with room again, ends in the same bits",
           f"exit {again.returncode}\n{again.stderr}")


def fills_up_late(arguments, pages):
    """The model is trained, and then there are only so many pages of 4,096 bytes left."""
    clear()
    if run(arguments).returncode != 0:
        return ok(False, "audit runs where there is room")
    want = bits(disk / "run")
    clear()
    process = subprocess.Popen([eidetic, *arguments], cwd=disk, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (disk / "run/model/model.safetensors").exists():
        time.sleep(0.002)
    process.kill()
    process.wait()
    taken = os.statvfs(disk)
    for more in pages:
        full = Full((taken.f_blocks - taken.f_bfree + more) * taken.f_frsize)
        broken = run(arguments)
        ok(broken.returncode == 1 and len(broken.stderr.splitlines()) == 1 and not list(disk.rglob("*.part")),
           f"a trained audit with {more} pages left: one sentence, nothing half-written",
           f"exit {broken.returncode}\n{broken.stderr}")
        print("#", broken.stderr.strip())
    full.room()
    again = run(arguments)
    ok(again.returncode == 0 and bits(disk / "run") == want, "a trained audit, with room again, ends in the same bits",
       f"exit {again.returncode}\n{again.stderr}")


disk = work / "disk"
disk.mkdir()
small = own_namespace()
print("# a small tmpfs" if small else "# files of limited size")
corpus()
text = str(work / "corpus")
audit = ["audit", "--corpus", text, "--out", "run", "--size", "tiny", "--steps", "40", "--plant-max-copies", "8",
         "--extract-uniform", "100", "--extract-heldout-strings", "50", "--extract-per-bucket", "20",
         "--membership-samples", "40", "--personal-per-kind", "10", "--exposure-exact", "500",
         "--plant-digits", "3", "--plant-nulls", "100", "--plant-budget", "0.1", "--heldout-share", "0.15",
         "--donor-share", "0.15", "--quiet"]
# A checkpoint stands beside the one it replaces, so that a run needs more while it is made than in the end.
fills_up("audit", audit, "run", (0.04, 0.5) if few else (0, 0.02, 0.04, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95))
if small:
    fills_up_late(audit, (0, 40) if few else (0, 4, 16, 40, 80))
shares = (0.5,) if few else (0, 0.5, 0.99)
fills_up("corpus", ["corpus", text, "--out", "c.tar", "--quiet"], "c.tar", shares)
fills_up("index", ["index", text, "--out", "x.idx", "--quiet"], "x.idx", shares)
fills_up("tokenize", ["tokenize", text, "--vocab", "500", "--out", "tok", "--quiet"], "tok", shares[:2])
if not few:
    run(["tokenize", text, "--vocab", "500", "--out", str(work / "tok"), "--quiet"])
    fills_up("plant", ["plant", text, "--tokenizer", str(work / "tok"), "--ledger", "l.jsonl", "--out", "p.tar",
                       "--budget", "0.1", "--quiet"], "p.tar", (0, 0.5, 0.99))
    fills_up("train lm", ["train", "lm", text, "--out", "model", "--steps", "20", "--width", "32", "--layers", "2",
                          "--heads", "2", "--quiet"], "model", (0, 0.02, 0.4, 0.8))

if small:
    subprocess.run(["umount", str(disk)])
shutil.rmtree(work, ignore_errors=True)
print(f"1..{case}")
sys.exit(failed > 0)
