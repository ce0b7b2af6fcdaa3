"""tutorial - userland/TUTORIAL.md executed as it is written: files are written, lines typed, outputs compared.

A block with `file=PATH` is that file, one with `append=PATH` goes to the end of it. A block with `run` is what stands
on a terminal: lines behind a prompt (`$ `, `mullion:/> `, `(gdb) `) are typed, `Ctrl-A X` is pressed, all others are
what comes. `...` alone on a line stands for any lines, within a line for any text; empty lines and blanks at the ends
of lines do not count."""
import os
import pathlib
import re
import time

import pexpect
import pytest

from conftest import ESCAPES, LOG, ROOT, copy_tree

TUTORIAL = (ROOT / "userland" / "TUTORIAL.md").read_text(encoding="utf-8")
PROMPT = re.compile(r"(\$|mullion:/[^ >]*>|\(gdb\)) ")
# Where the next input is awaited. A debugger and the system that it let go on write to one terminal: what the log says then
# may stand right behind the debugger's prompt, and the shell's prompt right before what the debugger says.
AWAITS = re.compile(r"(\$|mullion:/[^ >]*>) |\(gdb\) .*")
STOPPED = re.compile(r".*(?=Breakpoint \d+, )")
KEYS = {"Ctrl-A X": "\x01x"}
PATIENCE = 300  # a first build on a busy machine
LATE = 10


def steps():
    """[(heading, [(role, text), ...]), ...]"""
    parts = re.split(r"^## (\d+\. .*)\n", TUTORIAL, flags=re.M)
    return [(parts[i], re.findall(r"^```(.*)\n((?s:.*?))^```$", parts[i + 1], re.M)) for i in range(1, len(parts), 2)]


def exchanges(transcript):
    """[(what is typed, lines that come), ...] of a block; what comes before the first input belongs to None."""
    found = [(None, [])]
    for line in transcript.splitlines():
        prompt = PROMPT.match(line)
        if prompt:
            found.append((line[prompt.end():], []))
        elif line in KEYS:
            found.append((line, []))
        elif line.strip():
            found[-1][1].append(line.rstrip())
    return found


def same(expected, seen):
    return re.fullmatch(".*?".join(re.escape(part) for part in expected.split("...")), seen) is not None


def matches(expected, seen):
    """Runs of lines between `...` are looked for in order; without `...` they stand at the start, or at the end. Lines of the
    log that nobody expects may come between: which component is first to say something is nothing that a text promises."""
    seen = [have for have in seen if not LOG.match(have) or any(want.strip() != "..." and same(want, have) for want in expected)]
    runs = [[]]
    for line in expected:
        if line.strip() == "...":
            runs.append([])
        else:
            runs[-1].append(line)
    place = 0
    for number, run in enumerate(runs):
        first, last = number == 0, number == len(runs) - 1
        starts = range(place, len(seen) - len(run) + 1)
        if first:
            starts = starts[:1]
        if last:
            starts = [start for start in starts if start + len(run) == len(seen)] if run or first else [place]
        place = next((start + len(run) for start in starts
                      if all(same(want, have) for want, have in zip(run, seen[start:]))), None)
        if place is None:
            return False
    return True


class Terminal:
    """A shell in a copy of the tree, as a reader has it."""

    def __init__(self, folder):
        self.raw = ""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HIST")}
        self.child = pexpect.spawn("bash", ["--norc", "--noprofile"], cwd=str(folder), encoding="utf-8",
                                   codec_errors="replace", dimensions=(50, 240), timeout=5,
                                   env={**environment, "PS1": "$ ", "TERM": "dumb", "HISTFILE": "/dev/null"})
        self.child.delaybeforesend = None
        self.wait(lambda: PROMPT.fullmatch(self.lines()[-1]))

    def lines(self):
        """What the terminal shows; the last one is not complete."""
        text = ESCAPES.sub("", self.raw)
        return [line.rstrip("\r").rsplit("\r", 1)[-1].rstrip("\n") for line in text.split("\n")]

    def read(self, seconds):
        try:
            self.raw += self.child.read_nonblocking(65536, timeout=seconds)
            return True
        except pexpect.TIMEOUT:
            return False

    def wait(self, reached, patience=PATIENCE):
        """Until `reached` holds and nothing more comes; False if it never did."""
        end = time.monotonic() + patience
        while self.read(0.15) or not reached():
            if time.monotonic() > end:
                return False
        return True

    def type(self, typed, expected, until_prompt):
        """Types a line (or presses keys) and compares what comes until the next prompt, or until it is the expected."""
        start = len(self.lines()) - (1 if typed in KEYS else 0)
        self.child.send(KEYS.get(typed, typed + "\r"))

        def at_prompt():
            return any(AWAITS.fullmatch(line) for line in self.lines()[start:])

        def seen():
            return [STOPPED.sub("", line).rstrip() for line in self.lines()[start:]
                    if line.strip() and not AWAITS.fullmatch(line)]

        if until_prompt:
            assert self.wait(at_prompt), f"after {typed!r} no prompt came back:\n" + "\n".join(seen()[-80:])
        # What the launcher finds out about a fault may come behind the prompt.
        self.wait(lambda: matches(expected, seen()), LATE if until_prompt else PATIENCE)
        assert matches(expected, seen()), (f"after {typed!r} the tutorial shows\n\n" + "\n".join(expected) +
                                           "\n\nbut there came\n\n" + "\n".join(seen()[-80:]))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Copy of the tree, terminal in it, and the steps that went wrong: those after them mean nothing."""
    copy = copy_tree(tmp_path_factory.mktemp("tutorial"))
    terminal = Terminal(copy)
    yield copy, terminal, []
    terminal.child.send("\x01x\x03")
    terminal.child.close(force=True)


def test_there_are_ten_steps_and_each_ends_in_visible_output():
    assert [int(heading.split(".")[0]) for heading, _ in steps()] == list(range(1, 11))
    for heading, blocks in steps():
        for role, _ in blocks:
            assert re.fullmatch(r"\w+ (run|(file|append)=\S+)", role), f"step {heading}: nobody executes ```{role}"
        assert any(expected for _, expected in exchanges(blocks[-1][1])), f"step {heading} ends without output"


@pytest.mark.parametrize("heading,blocks", steps(), ids=[heading for heading, _ in steps()])
def test_step_does_what_it_says(reader, heading, blocks):
    copy, terminal, failed = reader
    if failed:
        pytest.skip(f"step {failed[0]} went wrong")
    failed.append(heading)
    for role, text in blocks:
        kind, _, path = role.split(" ", 1)[1].partition("=")
        if kind in ("file", "append"):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            with open(copy / path, "w" if kind == "file" else "a", encoding="utf-8") as file:
                file.write(text)
            continue
        given = exchanges(text)
        assert not given[0][1], f"step {heading}: a block that begins with output: {given[0][1][0]}"
        for number, (typed, expected) in enumerate(given[1:], 2):
            follows = given[number][0] if number < len(given) else ""
            terminal.type(typed, expected, until_prompt=follows not in KEYS)
    failed.clear()
