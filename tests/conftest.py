"""conftest - what the system tests share: machines that boot, disks, and the launcher's exit status."""
import pathlib
import re
import shutil
import subprocess
import time

import pexpect
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
# The editor draws the line again at each key; this is the prompt with nothing typed behind it.
PROMPT = r"mullion:/[^\r\n>]*> \x1b\[K"
LOG = re.compile(r"^\[ *\d+\.\d+\] .*\n?", re.M)     # a line of the system's log on the serial line
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Machine:
    """One `./mullion run` with its serial line; `snapshot` leaves the disk as it is."""

    def __init__(self, *options, snapshot=True, timeout=60, extra=(), folder=ROOT):
        arguments = ["run", *options, *(["--snapshot"] if snapshot else []), *(["--", *extra] if extra else [])]
        self.child = pexpect.spawn("./mullion", arguments, cwd=str(folder), timeout=timeout, encoding="utf-8",
                                   codec_errors="replace", dimensions=(50, 200))
        self.child.delaybeforesend = None
        self.output = []
        self.child.logfile_read = self
        self.timeout = timeout

    def write(self, text):
        self.output.append(text)

    def flush(self):
        pass

    def text(self):
        """Everything seen so far, without carriage returns and terminal escapes."""
        return ESCAPES.sub("", "".join(self.output)).replace("\r", "")

    def expect(self, pattern, timeout=None):
        """Waits for a regular expression; fails with what was seen instead."""
        try:
            self.child.expect(pattern, timeout=timeout or self.timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            kind = type(error).__name__
            raise AssertionError(f"{pattern!r} did not come ({kind}); seen:\n{self.text()[-3000:]}") from None
        return self.child.match

    def prompt(self, timeout=None):
        self.expect(PROMPT, timeout)

    def run(self, command, timeout=None):
        """Types a command and answers what it printed, up to the next prompt."""
        self.child.send(command + "\r")
        self.expect(re.escape(command) + r"(\x1b\[K)?\r+\n", timeout)
        self.prompt(timeout)
        return re.sub(r"\r+\n", "\n", ESCAPES.sub("", self.child.before)).strip("\r\n")

    def log(self, text, count=1):
        """Looks into the system's log until `text` stands there `count` times."""
        for _ in range(40):
            lines = self.run("log 60")
            if lines.count(text) >= count:
                return lines
            time.sleep(0.1)
        raise AssertionError(f"{text!r} is not in the log {count} times:\n{lines}")

    def end(self, timeout=30):
        """Waits until the launcher ends; answers its exit status."""
        self.expect(pexpect.EOF, timeout)
        self.child.close()
        return self.child.exitstatus

    def poweroff(self):
        self.child.send("poweroff\r")
        return self.end()

    def quit(self):
        """Ctrl-A X, as a user would."""
        if self.child.isalive():
            self.child.send("\x01x")
            try:
                self.child.expect(pexpect.EOF, timeout=10)
            except pexpect.TIMEOUT:
                pass
        self.child.close(force=True)


def launcher(*arguments, timeout=600):
    """Runs ./mullion without a terminal."""
    return subprocess.run(["./mullion", *arguments], cwd=ROOT, capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, timeout=timeout)


def copy_tree(copy):
    """The checkout as it stands, without what was built, somewhere else; libfdt's sources need no second fetch."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    shutil.copytree(ROOT / "build" / "third-party", copy / "build" / "third-party")
    return copy


@pytest.fixture
def mullion():
    return launcher


@pytest.fixture
def boot():
    """boot(options...) starts a machine and waits for the prompt; wait=False does not wait."""
    machines = []

    def start(*options, wait=True, **named):
        machine = Machine(*options, **named)
        machines.append(machine)
        if wait:
            machine.prompt()
        return machine

    yield start
    for machine in machines:
        machine.quit()


@pytest.fixture(scope="module")
def machine():
    """One machine with the default system at its prompt, shared by the tests of a file."""
    one = Machine()
    one.prompt()
    yield one
    one.quit()


@pytest.fixture
def disk(tmp_path):
    """disk({"NAME": bytes, ...}) makes an image with an MBR and one FAT partition; answers its path."""

    def make(files=None):
        folder, image = tmp_path / "files", tmp_path / "disk.img"
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in (files or {"HELLO.TXT": b"hello\n"}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        done = launcher("disk", str(image), str(folder))
        assert done.returncode == 0, done.stderr
        return image

    return make
