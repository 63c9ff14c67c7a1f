"""debian/ fits the tree: its version and what it builds with are the project's, and every file of an install
goes into exactly one package. Where NMFKIT_TEST_PACKAGES is set and debhelper and lintian are there, the
packages are made of what is built, and lintian judges them."""

import fnmatch
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ["NMFKIT_SOURCE_DIR"], os.environ["NMFKIT_BUILD_DIR"]
# Of the packages that ./run installs: what build-essential has, and what is of use to a running program only.
NOT_TO_BUILD = {"gcc", "libc6-dev", "make", "fonts-dejavu-core", "fonts-noto-cjk", "ca-certificates"}
# Debian's own places; debian/rules moves or removes these.
MOVED = {"share/zsh/site-functions": "share/zsh/vendor-completions"}
REMOVED = ("usr/share/nmfkit/installed.txt", "usr/share/doc/nmfkit/LICENSE")


def read(*parts):
    with open(os.path.join(SOURCE, *parts), encoding="utf-8") as file:
        return file.read()


def versions_are_the_projects():
    version = re.search(r"project\(nmfkit VERSION ([0-9.]+)", read("CMakeLists.txt")).group(1)
    debian = re.match(r"nmfkit \(([^)]+)\)", read("debian", "changelog")).group(1)
    assert debian == version, "debian/changelog has version %s, the project %s" % (debian, version)
    soversion = version if not version.startswith("0.") else version.rsplit(".", 1)[0]
    name = "libnmfkit" + soversion
    assert "\nPackage: %s\n" % name in read("debian", "control"), "debian/control has no " + name


def builds_with_the_listed_packages():
    listed = {line.split()[1] for line in read("scripts", "packages.txt").splitlines()
              if line.startswith("run ")} - NOT_TO_BUILD
    field = re.search(r"^Build-Depends:(.*?)^\S", read("debian", "control"), re.S | re.M).group(1)
    named = {re.split(r"[ :(]", entry.strip())[0] for entry in field.split(",") if entry.strip()}
    named -= {"debhelper-compat", "dh-sequence-python3", "libopenmpi-dev"}  # a package of its own
    assert named == listed, "debian/control and scripts/packages.txt differ in %s" % (named ^ listed)


def staged():
    """The paths of an install below /usr, as debian/rules leaves them to the packages."""
    with tempfile.TemporaryDirectory() as stage:
        subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": stage})
        paths = {os.path.relpath(os.path.join(directory, name), stage)
                 for directory, _, names in os.walk(stage) for name in names}
    assert set(REMOVED) <= paths, "no longer installed: %s" % (set(REMOVED) - paths)
    paths -= set(REMOVED)
    for old, new in MOVED.items():
        paths = {path.replace(old, new) for path in paths}
    # A build for Debian puts libraries into the directory of its architecture.
    return {re.sub(r"^usr/lib/(?=lib|nmfkit-|cmake|pkgconfig)", "usr/lib/x86_64-linux-gnu/", path)
            for path in paths}


def every_file_is_in_one_package():
    paths, owners = staged(), {}
    for install in glob.glob(os.path.join(SOURCE, "debian", "*.install")):
        package = os.path.basename(install)[:-len(".install")]
        if "-mpi" in package and not any("-mpi.so." in path for path in paths):
            continue  # there was no MPI to build it with
        for pattern in read("debian", os.path.basename(install)).split():
            parts = pattern.count("/") + 1
            found = {path for path in paths
                     if fnmatch.fnmatch("/".join(path.split("/")[:parts]), pattern)}
            assert found, "%s: %s is nothing that is installed" % (package, pattern)
            for path in found:
                assert path not in owners, "%s is in %s and %s" % (path, owners[path], package)
                owners[path] = package
    assert not paths - set(owners), "in no package: %s" % sorted(paths - set(owners))[:5]


def lintian_finds_nothing():
    tools = ("dpkg-buildpackage", "dh", "lintian", "git")
    if not os.environ.get("NMFKIT_TEST_PACKAGES") or not all(map(shutil.which, tools)):
        print("lintian_finds_nothing: skipped")
        return
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run([os.path.join(SOURCE, "scripts", "make_deb"), work, BUILD], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout[-3000:]
        made = sorted(name.split("_")[0] for name in os.listdir(work) if name.endswith(".deb"))
        named = sorted(re.findall(r"^Package: (\S+)", read("debian", "control"), re.M))
        if not glob.glob(os.path.join(BUILD, "libnmfkit-mpi.so.*")):
            named = [name for name in named if "-mpi" not in name]
        assert made == named, "the packages are %s" % made


for claim in (versions_are_the_projects, builds_with_the_listed_packages,
              every_file_is_in_one_package, lintian_finds_nothing):
    try:
        claim()
    except AssertionError as error:
        sys.exit("%s: %s" % (claim.__name__, error))
