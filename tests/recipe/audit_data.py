"""Audits of small training sets through the command, killed and resumed; their reports; as TAP.

Usage: audit_data.py EIDETIC KILLS
"""
import base64
import gzip
import html.parser
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib

eidetic, kills = os.path.abspath(sys.argv[1]), int(sys.argv[2])
work = pathlib.Path(tempfile.mkdtemp(prefix="eid-audit-data-"))
rng = random.Random(3)
case = failed = 0
EVIL = "<script>alert(1)</script>\u202e\"',=1"


def ok(passed, name, why=""):
    global case, failed
    case += 1
    failed += not passed
    if not passed:
        print("# " + str(why).replace("\n", "\n# ")[:900])
    print(f"{'' if passed else 'not '}ok {case} - {name}", flush=True)


def write(kind, n, folder="data"):
    """Pictures of 8 x 8 with one bright row of two, which is the class."""
    (work / folder).mkdir(exist_ok=True)
    r = random.Random(kind)
    labels = [r.randrange(4) for _ in range(n)]
    pixels = [[r.randrange(90) + (120 if k // 16 == y else 0) for k in range(64)] for y in labels]
    if kind == "train":  # one example three times over, once with another label
        pixels[1] = pixels[2] = pixels[0]
        labels[1], labels[2] = labels[0], (labels[0] + 1) % 4
    with gzip.open(work / folder / f"{kind}-images-idx3-ubyte.gz", "wb") as f:
        f.write(struct.pack(">IIII", 0x803, n, 8, 8) + bytes(sum(pixels, [])))
    with gzip.open(work / folder / f"{kind}-labels-idx1-ubyte.gz", "wb") as f:
        f.write(struct.pack(">II", 0x801, n) + bytes(labels))


def npz(path, x, y):
    """Features, as numpy.savez writes them."""
    import io
    import zipfile

    def npy(shape, descr, raw):
        head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
        head += " " * (63 - (len(head) + 10) % 64) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + raw

    with zipfile.ZipFile(path, "w") as z:
        z.writestr("x.npy", npy((len(x), len(x[0])), "<f4", b"".join(struct.pack(f"<{len(r)}f", *r) for r in x)))
        z.writestr("y.npy", npy((len(y),), "<i8", struct.pack(f"<{len(y)}q", *y)))


SMALL = ["--models", "16", "--epochs", "10", "--batch", "20", "--model", "mlp:16", "--runs", "2", "--repeats", "1",
         "--quiet"]


def command(out, *more, data="data", small=SMALL):
    return [eidetic, "audit", "--data", str(work / data), "--out", str(work / out), *small, *more]


def run(out, *more, **kw):
    return subprocess.run(command(out, *more, **kw), capture_output=True, text=True, timeout=300)


def results(out):
    rows = {}
    db = sqlite3.connect(work / out / "eidetic.db")
    for table, columns, order in (("metric", "name, value, low, high, n, method, why", "id"),
                                  ("curve", "name, series, x, y, low, high, n", "id"),
                                  ("finding", "kind, document, offset, value, why, output, expected", "id"),
                                  ("score", "measure, example, value", "measure, example"),
                                  ("file", "path, role, bytes, sha256", "path"), ("text", "name, value", "name")):
        rows[table] = [r for r in db.execute(f"select {columns} from {table} order by {order}") if r[0] != "path.run"]
    db.close()
    for name in ("suspects.csv", "scores.csv", "suspects.npy", "bank/train_phi.npy", "runs/1/model.safetensors"):
        rows[name] = (work / out / name).read_bytes()
    return rows


def difference(a, b):
    return "; ".join(f"{k}: {next(((x, y) for x, y in zip(a[k], b[k]) if x != y), (len(a[k]), len(b[k])))}"
                     for k in a if a[k] != b[k])


class Page(html.parser.HTMLParser):
    """Collects elements, checks that they nest, keeps the words."""
    VOID = {"meta", "br", "img"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.words, self.wrong = [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


def picture(src):
    """Width, height and rows of a PNG in a data: link; its checksums must be right."""
    raw, at, out = base64.b64decode(src.removeprefix("data:image/png;base64,"), validate=True), 8, {}
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(raw):
        n, kind = struct.unpack(">I4s", raw[at:at + 8])
        data = raw[at + 8:at + 8 + n]
        assert struct.unpack(">I", raw[at + 8 + n:at + 12 + n])[0] == zlib.crc32(kind + data), kind
        out[kind] = data
        at += 12 + n
    width, height, bits, colour = struct.unpack(">IIBB", out[b"IHDR"][:10])
    rows = zlib.decompress(out[b"IDAT"])
    channels = {0: 1, 2: 3}[colour]
    assert bits == 8 and len(rows) == height * (1 + width * channels)
    return width, height, [rows[y * (1 + width * channels) + 1:(y + 1) * (1 + width * channels)] for y in range(height)]


write("train", 240)
write("t10k", 120)
began = time.time()
first = run("first", "--wrong-labels", "0.1", "--json", "--threads", "2", "--class-names", "top,second,third,last")
seconds = time.time() - began
ok(first.returncode == 0, "an audit of data runs", first.stderr)
body = json.loads(first.stdout or "{}").get("result", {})
numbers = body.get("numbers", {})
ok(numbers.get("data", {}).get("flips") == 24 and numbers["labels"]["recall"]["value"] > 0.7
   and numbers["labels"]["precision"]["value"] > 0.8, "wrong labels are found", numbers.get("labels"))
ok(numbers["data"]["duplicates"] == 2 and numbers["data"]["conflicts"] >= 1, "equal examples are found", numbers["data"])
ok(numbers["labels"]["el2n.auc"]["value"] > 0.9 and "NaN" not in first.stdout, "EL2N finds them, too")
ok(body["verdict"]["level"] in ("caution", "stop") and body["verdict"]["reasons"][0]["code"] == "labels.wrong",
   "the verdict says so", body["verdict"])
base = results("first")
page = (work / "first" / "report.html").read_text(encoding="utf-8")
p = Page(page)
ok(not p.wrong, "its report is well formed", p.wrong)
images = [a for t, a in p.elements if t == "img"]
data = gzip.open(work / "data" / "train-images-idx3-ubyte.gz").read()[16:]
known = {data[i * 64:(i + 1) * 64] for i in range(240)}
shown = [b"".join(picture(a["src"])[2]) for a in images if a["alt"].startswith("Training")]
ok(len(shown) > 40 and set(shown) <= known, "the pictures are the examples", len(shown))
for _, a in p.elements:
    link = a.get("href", "#labels")
    if link.startswith("#"):
        if link[1:] not in {x.get("id") for _, x in p.elements}:
            ok(False, "a link that leads nowhere", link)
    elif not (work / "first" / link).stat().st_size:
        ok(False, "an empty file", link)
ok(len(open(work / "first" / "suspects.csv").readlines()) == 1 + round(numbers["labels"]["suspected"]["value"] * 240),
   "suspects.csv lists the suspects")
ok("top" in " ".join(p.words) and "class 0" not in page, "classes have their names")

again = run("first", "--wrong-labels", "0.1", "--class-names", "top,second,third,last")
ok(again.returncode == 0 and results("first") == base, "the same command again changes nothing", again.stderr)
other = run("first", "--wrong-labels", "0.2", "--class-names", "top,second,third,last")
ok(other.returncode == 1 and "first" in other.stderr, "another command is refused the folder", other.stderr)
for threads in ("1", "3"):
    one = run("threads", "--wrong-labels", "0.1", "--threads", threads, "--class-names", "top,second,third,last")
    same = one.returncode == 0 and results("threads")
    ok(same == base, f"{threads} threads give the same bits", one.stderr + difference(base, same or base))
    shutil.rmtree(work / "threads", ignore_errors=True)

moved = work / "moved"
shutil.copytree(work / "first", moved)
v = subprocess.run([eidetic, "verify", str(moved)], capture_output=True, text=True)
ok(v.returncode == 0 and not v.stdout, "verify finds everything as it was", v.stdout + v.stderr)
with open(moved / "suspects.csv", "a") as f:
    f.write("x\n")
v = subprocess.run([eidetic, "verify", str(moved)], capture_output=True, text=True)
ok(v.returncode == 1 and "suspects.csv has changed" in v.stdout, "and what has changed", v.stdout + v.stderr)
(moved / "report.html").unlink()
r = subprocess.run([eidetic, "report", str(moved)], capture_output=True, text=True)
ok(r.returncode == 0 and (moved / "report.html").read_text() == page, "report writes the same page again", r.stderr)
db = sqlite3.connect(moved / "eidetic.db")
db.execute("update text set value = ? where name like 'class.%' or name in ('data.name', 'title', 'dropping.best.score')", (EVIL,))
db.execute("update finding set why = replace(why, '\"top\"', ?), output = case when id % 2 then ? else output end",
           (json.dumps(EVIL), EVIL.encode()))
db.execute("update curve set series = ? where series = 'random'", (EVIL,))
db.commit()
db.close()
r = subprocess.run([eidetic, "report", str(moved)], capture_output=True, text=True)
evil = (moved / "report.html").read_text(encoding="utf-8")
q = Page(evil)
ok(r.returncode == 0 and not q.wrong and "<script" not in evil.lower() and "\u202e" not in evil
   and "<script>alert(1)</script>" in "".join(q.words), "hostile text stays text", r.stderr + str(q.wrong))
ok(all(re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=]+", a["src"]) for t, a in q.elements if t == "img")
   and not any(k.startswith("on") for _, a in q.elements for k in a), "and only pictures are pictures")

plain = run("plain", "--json")
body = json.loads(plain.stdout or "{}").get("result", {})
ok(plain.returncode == 0 and "recall" not in body["numbers"]["labels"] and body["numbers"]["data"]["flips"] == 0,
   "without changed labels nothing is said about finding them", plain.stderr)
c = subprocess.run([eidetic, "compare", str(work / "first"), str(work / "plain")], capture_output=True, text=True)
ok(c.returncode == 0 and "labels.suspected" in c.stdout and "down" in c.stdout, "compare shows fewer suspects", c.stderr)
gate = run("plain", "--fail-if", "data.conflicts>0")
ok(gate.returncode == 3, "a gate that does not hold exits 3", gate.stderr)
gate = run("nothing", "--fail-if", "labels.wrong>0")
ok(gate.returncode == 2 and "labels.{suspected," in gate.stderr and not (work / "nothing").exists(),
   "a gate that is misspelled is refused at once", gate.stderr)

db = sqlite3.connect(work / "first" / "eidetic.db")
names = [n for n, in db.execute("select name from metric")]
db.close()
asked = run("nothing", "--dry-run", *(x for n in names for x in ("--fail-if", f"{n}.high>1e300")))
ok(asked.returncode == 0 and len(names) > 50, "a gate can ask for every number", asked.stderr)

# Features and no test set: numbers in place of pictures, and what cannot be measured says why.
x, y = [], []
for i in range(120):
    y.append(i % 3)
    x.append([rng.gauss(3 * (y[-1] == k), 1) for k in range(6)])
npz(work / "features.npz", x, y)
f = run("features", data="features.npz")
page = (work / "features" / "report.html").read_text() if f.returncode == 0 else ""
ok(f.returncode == 0 and "<img" not in page and 'class="features"' in page
   and page.count("Not measured: there is no test set; --test-share makes one.") >= 2, "features, and no test set", f.stderr)

# Bad input: one sentence, exit 1, nothing written.
y[5] = -1
npz(work / "negative.npz", x, y)
y[5] = 0
npz(work / "one.npz", x, [1] * 120)
x[7][2] = float("nan")
npz(work / "nan.npz", x, y)
npz(work / "few.npz", x[:6], y[:6])
for name, data, more, words in (("a label below 0", "negative.npz", [], "-1"), ("one class", "one.npz", [], "class"),
                                ("a number that is none", "nan.npz", [], "nan"), ("fewer than a batch", "few.npz", [], "batch"),
                                ("data that are not there", "nowhere", [], "nowhere"),
                                ("names that do not match", "data", ["--class-names", "a,b"], "2 class names"),
                                ("an odd bank", "data", ["--models", "7"], "even")):
    b = run("bad", *more, data=data)
    ok(b.returncode == 1 and words in b.stderr.lower() and len(b.stderr.splitlines()) == 1 and not (work / "bad").exists(),
       name, b.stderr)
plan = run("nothing", "--dry-run", "--models", "0", "--minutes", "1")
ok(plan.returncode == 0 and "on halves" in plan.stdout and not (work / "nothing").exists(), "a plan does nothing", plan.stderr)

hit = 0
for k in range(kills):
    process = subprocess.Popen(command("kill", "--wrong-labels", "0.1", "--class-names", "top,second,third,last"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=rng.uniform(0.02, 0.9 * seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        hit += 1
    end = run("kill", "--wrong-labels", "0.1", "--class-names", "top,second,third,last")
    same = end.returncode == 0 and results("kill")
    if same != base or list((work / "kill").rglob("*.part")):
        ok(False, f"audit {k}, killed and resumed, ends in the same bits", end.stderr + difference(base, same or base))
    shutil.rmtree(work / "kill", ignore_errors=True)
ok(hit > 0, f"{hit} kills at random moments of {kills} audits lose nothing")

shutil.rmtree(work, ignore_errors=True)
print(f"1..{case}")
sys.exit(failed > 0)
