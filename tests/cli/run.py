"""Runs the command as its users do and compares all it says.  run.py EIDETIC FILE.case...  (TAP)

A case file is a list of directives, one a line, run in an empty folder of its own:

    # words for the reader
    write NAME TEXT        a file; TEXT with Python's escapes (\\n, \\x00), no newline added
    repeat NAME N TEXT     the same, N times over
    link NAME TARGET       a symbolic link
    cut NAME N             keeps the first N bytes of a file
    flip NAME N            inverts byte N of a file (from the end when negative)
    model NAME             a folder with a tiny gpt2 of random weights, 257 tokens; no tokenizer
    $ count x.idx 'a b'    runs eidetic; quoting as in a shell, nothing is expanded but '\\xFF'
    < TEXT                 its standard input
    ? 1                    its exit code, 0 unless told
    | line                 the next line of stdout, exactly
    * glo[b]*              the next line of stdout, as a glob
    ~                      stdout may say anything from here on
    ! glo[b]*              the next line of stderr, as a glob
    !~                     stderr may say anything from here on
    @ result.a.0.b 3       stdout is one JSON object, and holds this JSON value there
    limit N                no file may grow beyond N bytes, as on a full disk
    exists NAME            after the run
    absent NAME

What a run says and no line expects is a failure.  Whatever exits 1 says one sentence, exits 2 says
one and the usage, and with --json stdout is one object with an error.
"""
import fnmatch
import json
import os
import pathlib
import resource
import shlex
import signal
import subprocess
import sys
import tempfile

from tiny_model import write_model

WORKS = ("?", "<", "|", "*", "~", "!", "!~", "@", "limit", "exists", "absent")


class Run:
    """One `$` line and what is expected of it."""

    def __init__(self, line, number):
        self.line, self.number = line, number
        self.stdin, self.code, self.limit = b"", 0, None
        self.out, self.err, self.json, self.files = [], [], [], []

    def expect(self, word, rest):
        if word == "?":
            self.code = int(rest)
        elif word == "<":
            self.stdin = unescape(rest)
        elif word in ("|", "*", "~"):
            self.out.append((word, rest))
        elif word in ("!", "!~"):
            self.err.append((word, rest))
        elif word == "limit":
            self.limit = int(rest)
        elif word == "@":
            self.json.append(rest.split(" ", 1))
        else:
            self.files.append((word, rest))

    def go(self, eidetic, folder):
        """What is wrong, a line each."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("EID_")}
        args = [unescape(a) if "\\x" in a else a for a in shlex.split(self.line)]
        p = subprocess.run([eidetic, *args], input=self.stdin, cwd=folder, env=env,
                           capture_output=True, timeout=120, preexec_fn=self.set_limit)
        out, err = (x.decode("utf-8", "backslashreplace") for x in (p.stdout, p.stderr))
        bad = [] if p.returncode == self.code else [f"exit {p.returncode}, want {self.code}"]
        if self.json or "--json" in shlex.split(self.line):
            bad += self.check_json(p.stdout)
        else:
            bad += check_lines("stdout", out, self.out)
        bad += check_lines("stderr", err, self.err)
        if p.returncode in (1, 2) and not err.startswith("eidetic"):
            bad.append("a failure without its sentence")
        if p.returncode == 1 and self.code == 1 and len(err.splitlines()) != 1 + err.count(": skipped "):
            bad.append("more than one sentence")
        for word, name in self.files:
            if (folder / name).exists() != (word == "exists"):
                bad.append(f"{name}: want it {word}")
        for part in folder.rglob("*.part"):
            bad.append(f"{part.name} was left behind")
        return bad + ([f"stdout: {out[:2000]!r}", f"stderr: {err[:2000]!r}"] if bad else [])

    def set_limit(self):
        if self.limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, self.limit))

    def check_json(self, text):
        try:
            whole = json.loads(text, parse_constant=lambda x: 1 / 0)
        except (ValueError, ZeroDivisionError) as why:
            return [f"stdout is not JSON by the contract: {why}"]
        want = {"schema", "error"} if self.code in (1, 2) else {"schema", "version", "command", "options",
                "seed", "threads", "kernels", "bits", "seconds", "inputs", "warnings", "result"}
        bad = [f"JSON without {key}" for key in sorted(want - set(whole))]
        for path, value in self.json:
            at = whole
            for step in path.split("."):
                try:
                    at = at[int(step) if isinstance(at, list) else step]
                except (KeyError, IndexError, ValueError, TypeError):
                    at = f"nothing at {step}"
                    break
            if at != json.loads(value):
                bad.append(f"{path} is {json.dumps(at)}, want {value}")
        return bad


def check_lines(name, text, expected):
    """Line by line; `~` accepts the rest."""
    lines = text.split("\n")
    bad = [] if lines.pop() == "" or not text else [f"{name} does not end its last line"]
    for word, want in expected:
        if word in ("~", "!~"):
            return bad
        if not lines:
            return bad + [f"{name} ends before: {want}"]
        got = lines.pop(0)
        if got != want and (word == "|" or not fnmatch.fnmatchcase(got, want)):
            bad.append(f"{name} says: {got}\n#   want: {want}")
    return bad + [f"{name} goes on: {line}" for line in lines[:5]]


def unescape(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def prepare(folder, word, rest):
    name, _, rest = rest.partition(" ")
    path = folder / os.fsdecode(unescape(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    if word == "write":
        path.write_bytes(unescape(rest))
    elif word == "repeat":
        times, _, text = rest.partition(" ")
        path.write_bytes(unescape(text) * int(times))
    elif word == "link":
        path.symlink_to(rest)
    elif word == "cut":
        path.write_bytes(path.read_bytes()[:int(rest)])
    elif word == "model":
        path = str(folder / name)
        write_model(path)
    elif word == "flip":
        data = bytearray(path.read_bytes())
        data[int(rest)] ^= 0xFF
        path.write_bytes(data)
    else:
        raise SystemExit(f"there is no directive {word}")


def steps(text):
    """Directives and runs in order; a run has all that is expected of it."""
    run = None
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line.strip() or word == "#":
            continue
        if word in WORKS:
            run.expect(word, rest)
            continue
        if run:
            yield run
        run = Run(rest, number) if word == "$" else None
        if not run:
            yield word, rest
    if run:
        yield run


def main():
    eidetic, files = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if b"symbol lookup error" in subprocess.run([eidetic, "help"], capture_output=True).stderr:
        print("1..0 # SKIP a room that the command needs is still being built")
        return 0
    cases = failed = 0
    for name in files:
        with tempfile.TemporaryDirectory() as folder:
            for step in steps(pathlib.Path(name).read_text()):
                if not isinstance(step, Run):
                    prepare(pathlib.Path(folder), *step)
                    continue
                bad = step.go(eidetic, pathlib.Path(folder))
                cases += 1
                failed += bool(bad)
                print(f"{'not ' if bad else ''}ok {cases} - {pathlib.Path(name).stem}:{step.number} "
                      f"{step.line.replace('#', '')}")
                for line in bad:
                    print("#", line)
    print(f"1..{cases}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
