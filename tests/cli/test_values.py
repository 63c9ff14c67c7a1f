"""An empty value of any option of any command is one sentence and wrong usage, as the commands' own help lists
them; but for those where an empty word says something."""

import re

import command_test

SAY_SOMETHING = {"title", "comment", "index"}  # no heading, no comments, the column without a name


def flags_of(command, work):
    """(flag, letter or None, value) of all options that take a value."""
    text = command_test.run("nmf %s --help" % command, work).stdout
    return [(flag, letter, value) for letter, flag, value in
            re.findall(r"^ +(?:-(\w), )?--([\w-]+) (\S+)", text, re.M)]


def an_empty_value_is_one_sentence():
    tried = set()
    with command_test.scratch() as work:
        commands = re.findall(r"^  ([a-z]+)  ", command_test.run("nmf help", work).stdout, re.M)
        assert len(commands) > 15, commands
        for command in commands:
            for flag, letter, value in flags_of(command, work):
                if flag in SAY_SOMETHING or (flag, value) in tried:
                    continue
                tried.add((flag, value))
                for spelled in ["--%s=" % flag] + ["-%s ''" % letter] * bool(letter):
                    done = command_test.run("nmf %s x y %s" % (command, spelled), work)
                    what = "nmf %s %s: %d, %r" % (command, spelled, done.returncode, done.stderr)
                    assert done.returncode == 2 and done.stdout == "", what
                    assert re.fullmatch("nmf %s: --%s needs a (value|file name), not an empty word\n" % (command, flag),
                                        done.stderr), what
        assert len(tried) > 100, len(tried)
        left = command_test.snapshot(work)
        assert not left, left


command_test.main([an_empty_value_is_one_sentence])
