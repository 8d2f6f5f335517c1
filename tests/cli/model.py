"""train lm, generate and score, as their users run them.  model.py EIDETIC  (TAP)"""
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

EIDETIC = os.path.abspath(sys.argv[1])
cases = failed = 0


def check(name, holds, told=""):
    global cases, failed
    cases += 1
    failed += not holds
    print(f"{'' if holds else 'not '}ok {cases} - {name}")
    if not holds:
        print(f"# {told!r}")


def run(*args, stdin=""):
    p = subprocess.run([EIDETIC, *args], input=stdin.encode(), capture_output=True, timeout=120)
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def result(name, *args, stdin=""):
    code, out, err = run(*args, "--json", stdin=stdin)
    check(name, code == 0 and not err, (code, out, err))
    return json.loads(out)["result"] if code == 0 else {}


def refused(name, got, code, part):
    check(name, got[0] == code and not got[1] and part in got[2].splitlines()[0], got)


TRAIN = ["train", "lm", "corpus", "--width", "32", "--layers", "1", "--heads", "2", "--context", "32", "--vocab", "300",
         "--batch-tokens", "256", "--lr", "1e-2"]

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.mkdir("corpus")
    for d in range(20):
        pathlib.Path("corpus", f"{d}.txt").write_text("".join(
            f"{n} bottles hang on wall {d}, write to wall{d}@example.org\n" for n in range(9)))

    plan = result("a dry run", *TRAIN, "--dry-run", "--epochs", "2")
    check("a dry run writes nothing", os.listdir(".") == ["corpus"], os.listdir("."))
    check("epochs become steps", plan["steps"] == math.ceil(plan["steps"]) and 2 <= plan["epochs"] < 2.2, plan)

    r = result("train", *TRAIN, "--steps", "120", "--out", "model")
    check("what is written", set(os.listdir("model")) == {"checkpoint.eid", "config.json", "model.safetensors",
                                                          "tokenizer.json", "tokenizer_config.json"}, os.listdir("model"))
    check("it learned", r["loss"]["train"] < r["log"][0]["loss"] - 1 and r["loss"]["heldout"] < 5, r)
    check("the log", r["log"][-1]["step"] == 120 and not r["resumed"], r)
    weights = pathlib.Path("model/model.safetensors").read_bytes()
    again = result("the same command again", *TRAIN, "--steps", "120", "--out", "model", "--threads", "1")
    check("finds it finished", again["resumed"] and again["log"] == r["log"] and again["loss"] == r["loss"], again)

    refused("other options, same folder", run(*TRAIN, "--steps", "121", "--out", "model"), 1, "another training")
    check("the model is untouched", pathlib.Path("model/model.safetensors").read_bytes() == weights)
    os.mkdir("mine")
    pathlib.Path("mine/config.json").write_text("{}")
    refused("a folder with another's model", run(*TRAIN, "--steps", "3", "--out", "mine"), 1, "already holds a model")
    check("is untouched", os.listdir("mine") == ["config.json"], os.listdir("mine"))
    refused("no --out", run(*TRAIN), 2, "--out is needed")
    refused("train what?", run("train", "rnn", "corpus", "--out", "x"), 2, "rnn")
    refused("no corpus", run("train", "lm", "nothing", "--out", "x"), 1, "nothing")
    refused("heads that do not divide", run(*TRAIN, "--heads", "5", "--out", "x"), 1, "heads")
    check("nothing was written", not os.path.exists("x"))

    child = subprocess.Popen([EIDETIC, *TRAIN, "--steps", "120", "--out", "killed", "--checkpoint", "0"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not os.path.exists("killed/checkpoint.eid") and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate()
    check("Ctrl-C stops cleanly", child.returncode in (0, 1), (child.returncode, said))
    rest = result("and the same command goes on", *TRAIN, "--steps", "120", "--out", "killed")
    check("to the same bits", pathlib.Path("killed/model.safetensors").read_bytes() == weights and rest["resumed"], rest)

    own = result("with this tokenizer", *TRAIN, "--steps", "5", "--out", "second", "--tokenizer", "model", "--heldout",
                 "corpus/3.txt")
    check("which is kept", pathlib.Path("second/tokenizer.json").read_bytes() ==
          pathlib.Path("model/tokenizer.json").read_bytes())
    none = result("nothing held out", *TRAIN, "--steps", "5", "--out", "third", "--heldout-share", "0")
    check("no held-out loss", none["loss"]["heldout"] is None, none)

    # ---- generate
    ask = ["generate", "--model", "model", "--max-new", "12"]
    code, out, err = run(*ask, "7 bottles hang")
    check("a continuation", code == 0 and out.startswith(" on wall") and out.endswith("\n") and not err, (code, out, err))
    check("from standard input", run(*ask, stdin="7 bottles hang")[1] == out)
    pathlib.Path("prompt").write_text("7 bottles hang")
    check("from a file", run(*ask, "--file", "prompt")[1] == out)
    two = result("several, sampled", *ask, "7 bottles", "", "--temperature", "1", "--samples", "3", "--seed", "4")
    got = [c["text"] for p in two["prompts"] for c in p["continuations"]]
    check("all of them", [len(p["continuations"]) for p in two["prompts"]] == [3, 3] and len(set(got)) > 2, two)
    check("no ids unless revealed", "ids" not in two["prompts"][0]["continuations"][0])
    same = result("once more", *ask, "7 bottles", "", "--temperature", "1", "--samples", "3", "--seed", "4", "--threads", "3")
    check("same seed, same words", same == two)
    mail = "7 bottles hang on wall 5, write to wall"
    masked, shown = run(*ask, mail)[1], run(*ask, mail, "--reveal")[1]
    check("addresses are masked", "@example.org" in shown and "@example.org" not in masked, (masked, shown))
    check("ids when revealed", len(result("revealed", *ask, mail, "--reveal")["prompts"][0]["continuations"][0]["ids"]) <= 12)
    check("the plan", run(*ask, "a", "b", "--samples", "2", "--dry-run")[1] == "continuations\t4\ntokens\t48\n")
    code, out, err = run(*ask, "bottles " * 50)
    check("a long prompt keeps its end, with a word", code == 0 and "are used" in err, err)
    refused("more than the context", run("generate", "a", "--model", "model", "--max-new", "40"), 2, "--max-new")
    refused("no model", run("generate", "a", "--model", "nowhere"), 1, "nowhere")
    refused("no --model", run("generate", "a"), 2, "--model")

    # ---- score
    text = pathlib.Path("corpus/1.txt").read_text()
    s = result("score", "score", "--model", "model", "--tokens", "--begin", "--file", "corpus/1.txt")["texts"][0]
    check("every token", s["scored"] == s["tokens"] == len(s["per_token"]), s)
    check("their places", s["per_token"][0]["start"] == 0 and s["per_token"][-1]["end"] == s["bytes"] == len(text), s)
    check("their sum", abs(sum(t["nll"] for t in s["per_token"]) - s["nll"]) < 1e-6 * s["nll"])
    check("their mean", abs(math.exp(s["nll"] / s["scored"]) - s["perplexity"]) < 1e-6 * s["perplexity"], s)
    check("what was trained on is likely", s["mean"] < 1.5, s["mean"])
    plain = result("without a beginning", "score", "--model", "model", text, "qxz")["texts"]
    check("the first is not scored", plain[0]["scored"] == plain[0]["tokens"] - 1 and plain[0]["path"] is None, plain)
    check("what was not is not", plain[1]["mean"] > 3, plain[1])
    step = [result("stride", "score", "--model", "model", "--stride", n, text)["texts"][0] for n in ("1", "31")]
    check("every stride scores all", step[0]["scored"] == step[1]["scored"] == plain[0]["scored"] and
          step[0]["mean"] != step[1]["mean"], step)
    refused("a stride beyond the context", run("score", "a b c", "--model", "model", "--stride", "32"), 2, "--stride")
    code, out, err = run("score", "--model", "model", "a")
    check("one token: nothing to score", code == 0 and out == "0\t-\t-\ttext 1\n", (code, out, err))
    pathlib.Path("second/tokenizer.json").unlink()
    refused("no tokenizer", run("score", "a", "--model", "second"), 1, "second")
    run("tokenize", "corpus", "--vocab", "350", "--out", "second")
    refused("a tokenizer that does not fit", run("score", "a", "--model", "second"), 1, "tokenizer has")

print(f"1..{cases}")
sys.exit(failed > 0)
