"""Wheels and source archives of nmfkit: the backend that `pip install .` calls (pyproject.toml), and what
`make wheel` runs. It needs nothing from a package index: CMake builds the libraries and the command, and
this packs them with the Python package. The libraries of the system that ours use stay outside.
Source: PEP 517 and PEP 660; the binary distribution format, packaging.python.org/specifications.

A build directory that exists already is taken with `pip install . --config-settings build-dir=DIR`."""

import base64
import glob
import gzip
import hashlib
import io
import os
import re
import subprocess
import sysconfig
import tarfile
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARIES = ("libnmfkit", "libnmfkit-io")

WHEEL = """Wheel-Version: 1.0
Generator: nmfkit %s
Root-Is-Purelib: false
Tag: %s
"""
ENTRY_POINTS = "[console_scripts]\nnmf = nmfkit._command:main\n"


# ---- what goes into a wheel ----

def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def version():
    text = read(ROOT, "CMakeLists.txt").decode()
    return re.search(r"project\(nmfkit VERSION ([0-9.]+)", text).group(1)


def metadata():
    """METADATA, with docs/python.md as the description."""
    head = read(ROOT, "python", "METADATA.in").decode().replace("@PROJECT_VERSION@", version())
    return ("%sDescription-Content-Type: text/markdown\n\n%s"
            % (head, read(ROOT, "docs", "python.md").decode())).encode()


def tag():
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return "py3-none-" + platform


def python_files():
    return {"nmfkit/" + os.path.basename(path): read(path)
            for pattern in ("*.py", "py.typed")
            for path in glob.glob(os.path.join(ROOT, "python", "nmfkit", pattern))}


def built_files(build):
    """The libraries and the command as installed: stripped, and finding each other wherever they are."""
    with tempfile.TemporaryDirectory() as stage:
        subprocess.run(["cmake", "--install", build, "--prefix", stage, "--strip"], check=True,
                       stdout=subprocess.DEVNULL,
                       env={key: value for key, value in os.environ.items() if key != "DESTDIR"})
        files = {"nmfkit/bin/nmf": read(stage, "bin", "nmf")}
        for name in LIBRARIES:
            for path in glob.glob(os.path.join(stage, "**", name + ".so.*"), recursive=True):
                if os.path.islink(path):  # lib*.so.0.2, the name it is loaded by
                    files["nmfkit/lib/" + os.path.basename(path)] = read(path)
        for path in glob.glob(os.path.join(stage, "**", "nmfkit-" + version(), "*.so"), recursive=True):
            files["nmfkit/lib/nmfkit-%s/%s" % (version(), os.path.basename(path))] = read(path)
        return files


def about():
    """The directory of dist-info and what every kind of wheel has in it."""
    place = "nmfkit-%s.dist-info/" % version()
    return place, {place + "METADATA": metadata(),
                   place + "WHEEL": (WHEEL % (version(), tag())).encode(),
                   place + "LICENSE": read(ROOT, "LICENSE")}


# ---- the archive ----

def record(files, name):
    lines = []
    for path, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append("%s,sha256=%s,%d" % (path, digest, len(content)))
    return ("\n".join(lines + [name + ",,"]) + "\n").encode()


def write_wheel(directory, files):
    """Writes it under its proper name into the directory, and returns that name."""
    place, common = about()
    files = {**files, **common}
    name = "nmfkit-%s-%s.whl" % (version(), tag())
    path = os.path.join(directory, name)
    entries = [*sorted(files.items()), (place + "RECORD", record(files, place + "RECORD"))]
    with zipfile.ZipFile(path + ".part", "w", zipfile.ZIP_DEFLATED) as wheel:
        for entry, content in entries:
            # A fixed date: the same sources give the same bytes.
            item = zipfile.ZipInfo(entry, (1980, 1, 1, 0, 0, 0))
            item.external_attr = (0o100755 if "/bin/" in entry else 0o100644) << 16
            wheel.writestr(item, content, zipfile.ZIP_DEFLATED)
    os.replace(path + ".part", path)
    return name


def wheel_of(build, directory):
    """A wheel of what is in this build directory of CMake's; the path of it."""
    place, _ = about()
    files = {**python_files(), **built_files(build),
             place + "entry_points.txt": ENTRY_POINTS.encode()}
    return os.path.join(directory, write_wheel(directory, files))


def build_of(settings):
    """The build directory that the settings name, or one that is built here and now."""
    given = (settings or {}).get("build-dir")
    if given:
        return given
    build = os.path.join(ROOT, "build", "python")
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-DNMFKIT_TESTS=OFF", "-DNMFKIT_BENCH=OFF",
                    "-DCMAKE_INSTALL_LIBDIR=lib", "--log-level=WARNING"], check=True)
    subprocess.run(["cmake", "--build", build, "--parallel", str(os.cpu_count() or 1)], check=True)
    return build


# ---- the hooks of PEP 517 and PEP 660 ----

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    del metadata_directory
    return os.path.basename(wheel_of(build_of(config_settings), wheel_directory))


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """What pip asks first; without it pip would build a whole wheel to know its name."""
    del config_settings
    place, files = about()
    files[place + "entry_points.txt"] = ENTRY_POINTS.encode()
    os.makedirs(os.path.join(metadata_directory, place))
    for path, content in files.items():
        with open(os.path.join(metadata_directory, path), "wb") as file:
            file.write(content)
    return place.rstrip("/")


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Points at python/ of this tree, which finds the libraries of `make` in build/release."""
    del config_settings, metadata_directory
    path = os.path.join(ROOT, "python") + "\n"
    return write_wheel(wheel_directory, {"nmfkit.pth": path.encode()})


def sources():
    """The paths of the source archive: what git knows, or where there is no git everything not built."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0 and listed.stdout:
        return sorted(listed.stdout.decode().rstrip("\0").split("\0"))
    found = []
    for directory, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name not in ("build", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(directory, name), ROOT) for name in files]
    return sorted(found)


def source_date():
    """The time that every file of an archive gets: the same commit gives the same bytes."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told:
        return int(told)
    commit = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=False)
    if commit.returncode == 0 and commit.stdout:
        return int(commit.stdout)
    return int(os.path.getmtime(os.path.join(ROOT, "CMakeLists.txt")))


def build_sdist(sdist_directory, config_settings=None):
    del config_settings
    base, date = "nmfkit-%s" % version(), source_date()
    name = base + ".tar.gz"
    with open(os.path.join(sdist_directory, name), "wb") as raw, \
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sources():
            full = os.path.join(ROOT, path)
            if os.path.isfile(full):
                mode = 0o755 if os.access(full, os.X_OK) else 0o644
                add(archive, base + "/" + path, read(full), mode, date)
        add(archive, base + "/PKG-INFO", metadata(), 0o644, date)
    return name


def add(archive, name, content, mode, date):
    item = tarfile.TarInfo(name)
    item.size, item.mode, item.mtime = len(content), mode, date
    archive.addfile(item, io.BytesIO(content))
