"""A bank filled by several processes: the same bytes for any number of ranks, killed or not, and under mpirun
where there is one.  ranks.py EIDETIC  (TAP)"""
import hashlib
import json
import os
import shutil
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
    print(f"{'' if holds else 'not '}ok {cases} - {name}", flush=True)
    if not holds:
        print(f"# {told!r}")


def hashes(folder):
    return {n: hashlib.sha256(open(f"{folder}/{n}", "rb").read()).hexdigest()
            for n in sorted(os.listdir(folder)) if n.endswith(".npy")}


def ranks_of(command, size, job, extra=()):
    """One process a rank, as a launcher starts them; the last one first."""
    return [subprocess.Popen([*command, *(extra if rank else ())], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True,
                             env={**os.environ, "OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": str(size),
                                  "PMIX_NAMESPACE": job})
            for rank in reversed(range(size))][::-1]


def ends(processes):
    return [(p.wait(timeout=200), p.stdout.read(), p.stderr.read()) for p in processes]


with tempfile.TemporaryDirectory() as tmp:
    def bank(name, *more):
        return [EIDETIC, "bank", "--data", "fashion-mnist", "--examples", "400", "--test-examples", "200", "--models", "24",
                "--model", "mlp:48", "--epochs", "10", "--batch", "50", "--keep-weights", "--then", "prune:magnitude=0.3",
                "--threads", "1", "--out", f"{tmp}/{name}", "--json", *more]

    began = time.time()
    subprocess.run(bank("alone"), check=True, capture_output=True)
    alone, seconds = hashes(f"{tmp}/alone"), time.time() - began

    got = ends(ranks_of(bank("three"), 3, "1"))
    told = json.loads(got[0][1])["result"] if got[0][0] == 0 else got
    check("three ranks", [g[0] for g in got] == [0, 0, 0] and told["trained"] == 24, got)
    check("the others say nothing", got[1][1] == got[2][1] == "" and got[1][2] == "", got)
    check("three ranks, the same bytes", hashes(f"{tmp}/three") == alone)
    late = subprocess.run(bank("three"), capture_output=True, text=True, timeout=60,
                          env={**os.environ, "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "1"})
    check("a rank that comes late has nothing to do", late.returncode == 0 and
          os.listdir(f"{tmp}/three/ranks") == ["1_0.begin"], (late, os.listdir(f"{tmp}/three/ranks")))

    again = ends(ranks_of(bank("three"), 2, "2"))
    check("found finished", json.loads(again[0][1])["result"]["trained"] == 0 and again[1][0] == 0, again)

    # rank 1 is lost: rank 0 trains what it did not tell of
    lost = ranks_of(bank("lost"), 3, "3")
    time.sleep(seconds / 6)
    lost[1].kill()
    got = ends(lost)
    check("a rank is lost, the bank is whole", got[0][0] == 0 and got[2][0] == 0, got)
    check("a rank is lost, the same bytes", hashes(f"{tmp}/lost") == alone)

    # rank 0 is lost: what the others finished is not trained again by whoever goes on
    lost = ranks_of(bank("first"), 3, "4")
    while not os.path.exists(f"{tmp}/first/ranks/4_0.begin") and lost[0].poll() is None:
        time.sleep(0.002)
    lost[0].send_signal(signal.SIGKILL)
    got = ends(lost)
    check("the others finish their share", got[0][0] == -9 and got[1][0] == got[2][0] == 0, got)
    p = subprocess.run(bank("first"), capture_output=True, text=True)
    told = json.loads(p.stdout)["result"]
    check("only the lost models are trained again", p.returncode == 0 and told["trained"] <= 8, told)
    check("rank 0 is lost, the same bytes", hashes(f"{tmp}/first") == alone)
    check("what ranks told is taken away", not os.path.exists(f"{tmp}/first/ranks"))

    got = ends(ranks_of(bank("other"), 2, "5", ["--lr", "0.01"]))
    check("ranks of other options", got[0][0] == 0 and got[1][0] == 1 and "other options" in got[1][1] + got[1][2], got)

    mpirun = shutil.which("mpirun")
    for n in (1, 2, 3):
        if not mpirun:
            cases += 1
            print(f"ok {cases} - mpirun -n {n} # SKIP no mpirun here")
            continue
        p = subprocess.run([mpirun, "--oversubscribe", "--allow-run-as-root", "-n", str(n), *bank(f"mpi{n}")],
                           capture_output=True, text=True, timeout=200)
        check(f"mpirun -n {n}", p.returncode == 0 and json.loads(p.stdout)["result"]["trained"] == 24 and
              hashes(f"{tmp}/mpi{n}") == alone, (p.returncode, p.stdout, p.stderr))

print(f"1..{cases}")
sys.exit(failed > 0)
