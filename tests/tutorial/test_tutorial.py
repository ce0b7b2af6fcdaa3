"""tutorial - README.md of this folder, executed as it is written, in a checkout of its own."""
import pathlib
import re
import subprocess
import time

import pytest

from conftest import Machine, copy_tree

PAGE = pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^## (\d+\. .*?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def missing(wanted, text):
    """The expected lines that do not stand in the text, white space aside."""
    flat = re.sub(r"\s+", " ", text)
    return [line for line in wanted if re.sub(r"\s+", " ", line.strip()) not in flat]


def commands(block):
    """(prompt, command, expected lines) of each command of a console block."""
    found = []
    for line in block.splitlines():
        typed = re.match(r"(\$|mullion:/>) (.*)", line)
        if typed:
            found.append((typed[1], typed[2], []))
        elif line.strip():
            found[-1][2].append(line)
    return found


def type_into(machine, command, wanted):
    """Components of lower priority print a little later than the prompt comes, so a look may have to be repeated."""
    for _ in range(20):
        text = machine.run(command)
        if not missing(wanted, text):
            return
        time.sleep(0.2)
    raise AssertionError(f"{command}: {missing(wanted, text)} not in:\n{text}")


def execute(block, checkout):
    machine = None
    try:
        for prompt, command, wanted in commands(block):
            if prompt != "$" and command == "poweroff":
                assert machine.poweroff() == 0 and not missing(wanted, machine.text())
            elif prompt != "$":
                type_into(machine, command, wanted)
            elif command == "./mullion run":
                machine = Machine(folder=checkout, timeout=120)
                machine.prompt()
            else:
                done = subprocess.run(["timeout", "-k", "5", "120", "sh", "-c", command], cwd=checkout, text=True,
                                      capture_output=True, stdin=subprocess.DEVNULL)
                text = done.stdout + done.stderr
                assert not missing(wanted, text), f"{command}: {missing(wanted, text)} not in:\n{text}"
    finally:
        if machine is not None:
            machine.quit()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_tree(tmp_path_factory.mktemp("tutorial") / "mullion")


def test_there_are_ten_steps():
    assert [int(title.split(".")[0]) for title, _ in STEPS] == list(range(1, 11))


@pytest.mark.parametrize("title, text", STEPS, ids=[title for title, _ in STEPS])
def test_step(checkout, title, text):
    """Each step stands on those before it."""
    blocks = BLOCK.findall(text)
    assert blocks and blocks[-1][0] == "console"
    for kind, name, content in blocks:
        if kind == "console":
            execute(content, checkout)
        else:
            (checkout / name).write_text(content, encoding="utf-8")
