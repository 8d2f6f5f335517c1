"""Every lab of theory, of classifiers and of text at small scale: its claim and its controls hold, whatever the threads.  labs.py EIDETIC  (TAP)"""
import json
import subprocess
import sys


def lab(*args):
    p = subprocess.run([sys.argv[1], "lab", "--json", *args], capture_output=True, text=True)
    said = json.loads(p.stdout)
    return p.returncode, said.get("result", said.get("error"))


def told(result):
    return [(r["name"], r["value"], r["verdict"]) for kind in ("measured", "control") for r in result[kind]]


labs = [each for each in lab()[1]["labs"] if each["group"] in ("theory", "classifiers", "text")]
for number, each in enumerate(labs, 1):
    name, bad = each["name"], []
    code, result = lab(name, "--scale", "check", "--threads", "3")
    if "name a corpus" in result.get("message", ""):
        print(f"ok {number} - {name} # SKIP this system holds too little text")
        continue
    bad += [row for row in told(result) if row[2] not in ("holds", None)]
    if code != 0 or result["verdict"] != "holds":
        bad.append(f"exit {code}, {result['verdict']}")
    if not result["control"]:
        bad.append("it has no control")
    if each["seconds"]["check"] <= 3 and told(lab(name, "--scale", "check", "--threads", "1")[1]) != told(result):
        bad.append("other numbers on one thread")
    print(f"{'not ' if bad else ''}ok {number} - {name}")
    for line in bad:
        print("#", line)
print(f"1..{len(labs)}")
