"""How the tests of this folder start several processes."""
import glob
import os
import shutil
import subprocess
import sys
import time

SKIPPED = 77
MPICH = "mpich" in os.environ.get("NMFKIT_MPI", "")


def plugin():
    """The plug-in's file, or None."""
    found = sorted(glob.glob(os.path.join(os.environ["NMFKIT_LIBRARY"], "libnmfkit-mpi.so.*")))
    return found[0] if found else None


def launcher():
    """The mpirun of the MPI that the plug-in was built with, or None."""
    return shutil.which("mpirun.mpich" if MPICH else "mpirun.openmpi") or shutil.which("mpirun")


def skip_without_mpi():
    if plugin() is None or launcher() is None:
        print("skipped: no libnmfkit-mpi here, or no mpirun")
        sys.exit(SKIPPED)
    if os.environ.get("NMFKIT_SANITIZED"):
        print("skipped: what MPI leaves behind is not ours to find")
        sys.exit(SKIPPED)


def launch(processes):
    """The words before a command that start it so many times."""
    extra = [] if MPICH else ["--oversubscribe", "--bind-to", "none", "--quiet"]
    return [launcher()] + extra + ["-n", str(processes)]


def environment():
    """Open MPI asks whether root means it. Who waits leaves the processor to others by itself (mpi/comm_mpi.c): were MPI to
    do so at each look too, a message on a busy machine would take ten times as long. Where a process fails, mpirun waits
    a second for the others before it ends them by force: here it does not."""
    words = dict(os.environ)
    words.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                 OMPI_MCA_odls_base_sigkill_timeout="0", OMPI_MCA_mpi_yield_when_idle="0", OMPI_MCA_btl_vader_single_copy_mechanism="none")
    return words


def start(command, **more):
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            universal_newlines=True, **more)


def finish(process, seconds=120):
    """(exit code, standard output, standard error)."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def run(command, seconds=120):
    """Standard output of what must go well."""
    code, out, err = finish(start(command), seconds)
    assert code == 0, "%s: exit %d\n%s%s" % (" ".join(command), code, out, err)
    return out


def fits(processes, *words):
    """What test_mpi_fits prints: a line for each fit. 0: alone, without MPI."""
    program = os.path.join(os.environ["NMFKIT_BUILD_DIR"], "tests", "test_mpi_fits")
    if processes == 0:
        return run([program, "alone"] + list(words))
    return run(launch(processes) + [program, plugin()] + list(words), 300)


def children(pid):
    """Processes below `pid`, by what is in /proc."""
    found = []
    for name in os.listdir("/proc"):
        try:
            fields = open("/proc/%s/stat" % name, encoding="utf-8", errors="replace").read()
        except (OSError, ValueError):
            continue
        if name.isdigit() and int(fields.rsplit(")", 1)[1].split()[1]) == pid:
            found += [int(name)] + children(int(name))
    return found


def ranks_of(process):
    """The processes of nmf that mpirun has started."""
    nmf = os.path.realpath(os.environ["NMF"])

    def is_nmf(pid):
        try:
            return os.path.realpath("/proc/%d/exe" % pid) == nmf
        except OSError:
            return False
    return [pid for pid in children(process.pid) if is_nmf(pid)]


def end_of_others(process):
    """Seconds until no process of nmf is left."""
    begun = time.monotonic()
    while ranks_of(process):
        assert time.monotonic() - begun < 10, "processes of nmf that live on"
        time.sleep(0.01)
    seconds = time.monotonic() - begun
    try:
        finish(process, 5)
    except subprocess.TimeoutExpired:  # Open MPI's mpirun now and then waits for what has ended already
        process.kill()
        process.communicate()
    return seconds
