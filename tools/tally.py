"""Adds up what the test runs said: TAP cases, and one failure for every program that did not end well.

Arguments: LABEL=PATH of a meson testlog.json, or LABEL=ok, LABEL=failed.  The last line printed is
"N passed, N failed, N skipped"; exit 1 unless something passed and nothing failed.
"""
import json
import re
import sys

passed = failed = skipped = 0
slowest = []
for argument in sys.argv[1:]:
    label, path = argument.split("=", 1)
    if path in ("ok", "failed"):
        passed += path == "ok"
        failed += path == "failed"
        continue
    try:
        lines = open(path, encoding="utf-8", errors="replace").read().splitlines()
    except OSError as error:
        print(f"{label}: no log: {error}")
        failed += 1
        continue
    for line in lines:
        test = json.loads(line)
        slowest.append((test["duration"], label, test["name"]))
        cases = re.findall(r"^(not )?ok\b([^\n]*)", test.get("stdout") or "", re.M)
        bad = sum(1 for no, rest in cases if no and "# TODO" not in rest)
        skip = sum(1 for no, rest in cases if not no and "# SKIP" in rest)
        failed += bad
        skipped += skip
        passed += len(cases) - bad - skip
        # A program that crashed, timed out or printed no case has failed, whatever its cases said.
        if test["result"] == "SKIP":
            skipped += not cases
        elif (test["result"] != "OK" and not bad) or not cases:
            failed += 1
            print(f"{label}: {test['name']}: {test['result']}")

print("slowest:")
for seconds, label, name in sorted(slowest, reverse=True)[:8]:
    print(f"  {seconds:7.1f} s  {label}: {name}")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(passed == 0 or failed > 0)
