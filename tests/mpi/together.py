"""How the tests of this folder start several processes."""
import glob
import os
import shutil
import subprocess
import sys

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
    """Open MPI asks whether root means it; waiting processes are to leave the processor to others."""
    words = dict(os.environ)
    words.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                 OMPI_MCA_mpi_yield_when_idle="1", OMPI_MCA_btl_vader_single_copy_mechanism="none")
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
