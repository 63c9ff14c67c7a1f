"""Every struct that Python declares has the size and the offsets that the C compiler gives it."""

import ctypes
import os
import subprocess
import tempfile

import python_test
from python_test import SOURCE, claim

python_test.need("numpy")
from nmfkit import _io_library, _library, _options, _select  # noqa: E402


def structs(module):
    return [value for value in vars(module).values() if isinstance(value, type) and
            issubclass(value, ctypes.Structure) and value.__module__ == module.__name__]


def compiled(source):
    """What a C program prints."""
    with tempfile.TemporaryDirectory() as work:
        program, text = os.path.join(work, "layout"), os.path.join(work, "layout.c")
        with open(text, "w", encoding="ascii") as file:
            file.write(source)
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-I",
                        os.path.join(SOURCE, "include"), text, "-o", program], check=True)
        return subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout


def c_says(kinds):
    lines = ["#include <nmfkit/nmfkit.h>", "#include <nmfkit/io.h>", "#include <nmfkit/render.h>",
             "#include <stdio.h>", "int main(void)", "{"]
    for kind in kinds:
        name = kind.__name__
        lines.append('printf("%s %%zu\\n", sizeof(%s));' % (name, name))
        for field, *_ in kind._fields_:
            lines.append('printf("%s.%s %%zu %%zu\\n", offsetof(%s, %s), sizeof(((%s *)0)->%s));'
                         % (name, field, name, field, name, field))
    return compiled("\n".join(lines + ["}", ""]))


def python_says(kinds):
    lines = []
    for kind in kinds:
        lines.append("%s %d" % (kind.__name__, ctypes.sizeof(kind)))
        for field, *_ in kind._fields_:
            place = getattr(kind, field)
            lines.append("%s.%s %d %d" % (kind.__name__, field, place.offset, place.size))
    return "\n".join(lines) + "\n"


def structs_lie_as_the_c_compiler_lays_them():
    kinds = structs(_library) + structs(_io_library) + structs(_select)
    claim(len(kinds) >= 9, "only %d structs", len(kinds))
    expected, found = c_says(kinds).split("\n"), python_says(kinds).split("\n")
    different = [pair for pair in zip(expected, found) if pair[0] != pair[1]]
    claim(not different and len(expected) == len(found), "C and Python: %s", different)


def constants_are_those_of_the_headers():
    said = compiled("""
#include <nmfkit/nmfkit.h>
#include <nmfkit/render.h>
#include <stdio.h>
int main(void)
{
    const char *names[] = {NMF_STOPPED_NAMES, NMF_RENDER_SCALE_NAMES, NMF_RENDER_COLORMAP_NAMES};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) printf("%s ", names[i]);
    printf("%d %d %d", NMF_SCOPE_FIT, NMF_SCOPE_PCA, NMF_SCOPE_TRANSFORM);
    printf(" %d %d %d %d", NMF_OPTION_KIND_INT, NMF_OPTION_KIND_REAL, NMF_OPTION_KIND_FLAG,
           NMF_OPTION_KIND_ENUM);
    printf(" %d %d %d", NMF_ERROR_MEMORY, NMF_ERROR_FILE, NMF_ERROR_INTERRUPTED);
    printf(" %d %d", NMF_MODEL_NMF, NMF_MODEL_PCA);
}""").split()
    expected = [*_library.STOPPED, *_io_library.SCALES, *_io_library.COLORMAPS, _options.FIT,
                _options.PCA, _options.TRANSFORM, _options.INT, _options.REAL, _options.FLAG,
                _options.ENUM, 4, 5, 10, _library.MODEL_NMF, _library.MODEL_PCA]
    claim(said == [str(value) for value in expected], "C says %s", said)


python_test.main(structs_lie_as_the_c_compiler_lays_them, constants_are_those_of_the_headers)
