"""eidetic tokenize: trains, encodes, decodes, refuses.  tokenize.py EIDETIC"""
import json
import pathlib
import subprocess
import sys
import tempfile

EIDETIC = sys.argv[1]
cases = failed = 0


def run(*args, stdin=b""):
    p = subprocess.run([EIDETIC, "tokenize", *map(str, args)], input=stdin, capture_output=True, timeout=60)
    return p.returncode, p.stdout, p.stderr.decode(errors="replace")


def check(name, holds, told=""):
    global cases, failed
    cases += 1
    failed += not holds
    print(f"{'' if holds else 'not '}ok {cases} - {name}")
    if not holds:
        print(f"# {told!r}")


if b"symbol lookup error" in subprocess.run([EIDETIC, "help"], capture_output=True).stderr:
    print("1..0 # SKIP a room that the command needs is still being built")
    sys.exit(0)

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    text = folder / "text.txt"
    text.write_bytes("the cat sat on the mat, naïve 東京 <|endoftext|> \xff\n".encode("latin-1", "ignore") * 50)
    out = folder / "tok"
    got = run(text, "--vocab", 280, "--out", out)
    check("trains", got[0] == 0 and b"vocabulary\t280" in got[1], got)
    check("writes both files", (out / "tokenizer.json").exists() and (out / "tokenizer_config.json").exists())
    got = run(text, "--out", out)
    check("refuses to write over", got[0] == 1 and "--replace" in got[2], got)
    check("writes over when told", run(text, "--vocab", 280, "--out", out, "--replace")[0] == 0)
    got = run("--tokenizer", out, text)
    plain = got[1]
    check("encodes to one line", got[0] == 0 and plain.count(b"\n") == 1, got)
    got = run("--tokenizer", out, "--decode", "-", stdin=plain)
    check("any bytes come back", got[0] == 0 and got[1] == text.read_bytes(), got)
    special = run("--tokenizer", out, "--special", "-", stdin=b"a<|endoftext|>b")
    check("special tokens when asked for", special[1].split()[1] == b"279", special)
    check("and only then", len(run("--tokenizer", out, "-", stdin=b"a<|endoftext|>b")[1].split()) > 3)
    got = run("--tokenizer", out, "--decode", "-", stdin=b"1 x")
    check("names the byte that is no id", got[0] == 1 and "byte 2" in got[2], got)
    got = run("--tokenizer", out, "--decode", "-", "--json", stdin=b"1 280")
    check("an unknown id is an error object", got[0] == 1 and json.loads(got[1])["error"]["code"] == "invalid", got)
    ids = run("--tokenizer", out, "-", stdin=b"write to joe@example.org")[1]
    got = run("--tokenizer", out, "--decode", "-", "--json", stdin=ids)
    check("decoded text is masked in JSON", b"joe@" not in got[1], got)
    got = run("--tokenizer", out, "--decode", "-", "--json", "--reveal", stdin=ids)
    check("unless revealed", json.loads(got[1])["result"]["texts"][0]["text"] == "write to joe@example.org", got)
    got = run(text)
    check("wants --out or --tokenizer", got[0] == 2 and "--out" in got[2], got)
    (out / "tokenizer.json").write_text('{"model": {"type": "WordPiece"}}')
    got = run("--tokenizer", out, text)
    check("refuses by name", got[0] == 1 and "model WordPiece" in got[2] and got[2].count("\n") == 1, got)
print(f"1..{cases}")
sys.exit(failed > 0)
