"""An audit killed while it writes its report: at any step, and in the middle of a write; as TAP.

Usage: report_kills.py EIDETIC DIE_AT MOST      MOST: how many moments, 0: each one (die_at.c counts them)
"""
import os
import re
import shutil
import subprocess
import sys

from small_audit import command, corpus, difference, done, ok, results, rng, run, work

die_at, most = os.path.abspath(sys.argv[2]), int(sys.argv[3])
TIMES = re.compile(r"<dt>(Finished|Took|Started|Trained for|Rate)</dt><dd>[^<]*</dd>")


def dying(at):
    """Goes on with the run in "late" and dies at its at-th change of a file; how many there were when it did not."""
    env = {**os.environ, "LD_PRELOAD": die_at, "EID_DIE_AT": str(at), "EID_DIE_UNDER": str(work / "late"),
           "EID_DIE_LOG": str(work / "count")}
    p = subprocess.run(command("late"), capture_output=True, text=True, env=env, timeout=300)
    return p, int((work / "count").read_text()) if p.returncode == 0 else 0


def report():
    """Every file of the report; of the page, what does not tell the time."""
    folder = work / "late"
    files = {p.name: p.read_bytes() for p in (folder / "figures").iterdir()}
    files["report.html"] = TIMES.sub("", (folder / "report.html").read_text()).encode()
    return files


def late():
    """The run as it is when all is measured, and nothing reported: what a kill there leaves."""
    shutil.rmtree(work / "late", ignore_errors=True)
    shutil.copytree(work / "snapshot", work / "late")


def snapshot(calls):
    """Kills whole audits ever later until one has its verdict and no report; its folder is kept."""
    at = calls
    while at > 0:
        shutil.rmtree(work / "late", ignore_errors=True)
        p, _ = dying(at)
        if p.returncode == -9 and not (work / "late" / "figures").exists():
            shutil.copytree(work / "late", work / "snapshot")
            return True
        at -= 40
    return False


corpus()
p, calls = dying(0)
ok(p.returncode == 0 and calls > 100, "changes of files are counted", f"{p.stderr} {calls}")
ok(snapshot(calls - 60), "a run that is measured and not reported")
late()
p, calls = dying(0)
ok(p.returncode == 0 and 60 < calls < 400, "which goes on", f"{p.stderr} {calls}")
base, pages = results("late"), report()
ok(len(pages) > 9, "and reports", str(sorted(pages)))

moments = list(range(1, calls + 1))
if most and most < calls:
    moments = sorted(rng.sample(moments, most))
bad = half = parts = 0
for at in moments:
    late()
    killed, _ = dying(at)
    parts += bool(list((work / "late").rglob("*.part")))
    half += (work / "late" / "figures").exists() and not (work / "late" / "report.html").exists()
    end = run("late")
    if killed.returncode != -9 or end.returncode != 0 or results("late") != base or report() != pages \
            or list((work / "late").rglob("*.part")):
        bad += 1
        ok(False, f"killed at change {at} and run again, it ends in the same bits",
           f"exit {killed.returncode}, then {end.returncode}: {end.stderr}" + difference(base, results("late")))
ok(not bad and half > 0 and parts > 0, f"{len(moments)} kills while the report is written lose nothing",
   f"{half} between figures and page, {parts} in the middle of a file")

shutil.rmtree(work, ignore_errors=True)
done()
