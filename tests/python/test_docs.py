"""Every block of Python in docs/python.md runs, one after the other, as it stands."""

import os
import re
import tempfile

import python_test

python_test.need("numpy", "sklearn")


def the_blocks_of_the_documentation_run():
    with open(os.path.join(python_test.SOURCE, "docs", "python.md"), encoding="utf-8") as file:
        text = file.read()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    python_test.claim(len(blocks) >= 4, "%d blocks", len(blocks))
    names = {}
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        try:
            for number, block in enumerate(blocks, 1):
                exec(compile(block, "docs/python.md, block %d" % number, "exec"), names)
        finally:
            os.chdir(before)


python_test.main(the_blocks_of_the_documentation_run)
