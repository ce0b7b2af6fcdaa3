"""faults - another text of the kernel, built and asked: by tests/host/kernel, by the model, or by any test of pytest.

A Tree is a copy of the checkout in which the kernel's files are changed and put back. Objects of the host's program are kept
by what they are made of, so that a fault in one file costs one call of the compiler.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

ARENA = 0x60000000  # tests/host/kernel/fake_arch.h
VIEWS = {"slots": 0, "queues": 0, "threads": 0, "ptes": 0, "words": 0, "fault_ring": 0x58000}
FLAGS = ["-std=gnu17", "-O1", "-fno-pie", "-fno-strict-aliasing", "-w"]
SECONDS = 120  # after which a test counts as failed: a fault may well be an endless loop
PYTEST = ["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]


class BuildError(Exception):
    """The fault does not compile, or the tree without it does not."""


def run(command, folder, seconds=SECONDS):
    """(exit status, output); -1 if it did not end in time."""
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                             start_new_session=True)
    try:
        text, _ = child.communicate(timeout=seconds)
        return child.returncode, text
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        text, _ = child.communicate()
        return -1, text + f"\nno end within {seconds} s"


class Tree:
    """A copy of the files below `root` that git knows or would know, in `folder`; only files that differ are written."""

    def __init__(self, root, folder, only=None):
        self.root, self.folder = pathlib.Path(root), pathlib.Path(folder)
        self.objects = self.folder.parent / "objects"
        self.objects.mkdir(parents=True, exist_ok=True)
        names = set(self.files(only))
        for old in [p for p in self.folder.rglob("*") if p.is_file() and not (self.folder / "build") in p.parents]:
            if str(old.relative_to(self.folder)) not in names:
                old.unlink()
        for name in sorted(names):
            self.put_back(name)
        libraries = self.root / "build" / "third-party"
        if libraries.exists() and not (self.folder / "build" / "third-party").exists() and not only:
            shutil.copytree(libraries, self.folder / "build" / "third-party")

    def files(self, only):
        done = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=self.root,
                              capture_output=True)
        names = done.stdout.decode().split("\0") if done.returncode == 0 else \
            [str(p.relative_to(self.root)) for p in self.root.rglob("*") if "build" not in p.parts]
        return [name for name in names if name and (self.root / name).is_file() and (not only or name.startswith(only))]

    def put_back(self, name):
        source, copy = self.root / name, self.folder / name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            shutil.copymode(source, copy)

    def patch(self, path):
        """Applies a patch of the kernel; answers what is wrong with it, or None."""
        done = subprocess.run(["patch", "-s", "-p1", "-d", str(self.folder), "--no-backup-if-mismatch", "-F", "3", "-r", "-"],
                              stdin=pathlib.Path(path).open(), capture_output=True, text=True)
        return None if done.returncode == 0 else " / ".join((done.stdout + done.stderr).splitlines())

    def repair(self):
        """Puts the kernel's files back."""
        for name in self.files("kernel/"):
            self.put_back(name)

    # ---- The program of tests/host/kernel ------------------------------------------------------------------------------
    def headers(self):
        total = hashlib.sha256()
        for folder in ("kernel", "tests/host/kernel"):
            for path in sorted((self.folder / folder).rglob("*.h")):
                total.update(path.read_bytes() + b"\0")
        return total.digest()

    def build_host(self):
        headers, parts = self.headers(), []
        for folder in ("kernel", "tests/host/kernel"):
            for source in sorted((self.folder / folder).glob("*.c")):
                key = hashlib.sha256(b"\0".join([source.read_bytes(), headers, " ".join(FLAGS).encode()])).hexdigest()[:24]
                out = self.objects / f"{source.stem}-{key}.o"
                if not out.exists():
                    new = out.with_suffix(f".{os.getpid()}.{id(self)}.o")
                    status, text = run(["gcc", *FLAGS, "-c", str(source), "-o", str(new)], self.folder)
                    if status != 0:
                        raise BuildError(text)
                    new.rename(out)
                parts.append(str(out))
        program = self.folder / "build" / "kernel_host"
        program.parent.mkdir(parents=True, exist_ok=True)
        symbols = [f"-Wl,--defsym={name}={ARENA + offset:#x}" for name, offset in VIEWS.items()]
        status, text = run(["gcc", "-no-pie", *symbols, *parts, "-o", str(program)], self.folder)
        if status != 0:
            raise BuildError(text)
        return program

    def host(self, name=None):
        """Runs one test of tests/host/kernel, or all: ({test: passed}, output)."""
        status, text = run([str(self.build_host()), *([name] if name else [])], self.folder)
        outcome = {test: word == "ok" for word, test in re.findall(r"^(ok|not ok) (\w+)", text, re.M)}
        if status not in (0, 1):
            outcome[name or "the program as a whole"] = False
        return outcome, text

    def first_failure(self):
        """The first test of tests/host/kernel that fails, or None; the rest is not waited for."""
        child = subprocess.Popen([str(self.build_host())], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 text=True, errors="replace", start_new_session=True)
        try:
            for line in child.stdout:
                if line.startswith("not ok "):
                    return line.split()[2]
            return None if child.wait() == 0 else "the program as a whole"
        finally:
            if child.poll() is None:
                os.killpg(child.pid, 9)
                child.wait()

    # ---- The model, and pytest -----------------------------------------------------------------------------------------
    def model(self, steps):
        """Whether the model sees no difference within so many random steps (after its short fixed part), and what it saw."""
        status, text = run(["tests/model/run", "--kernel", str(self.folder / "kernel"), "--steps", str(steps)], self.root)
        if status == 2:
            raise BuildError(text)
        found = re.findall(r"^DIFFERENCE.*|^boot: .*", text, re.M)
        return status == 0, (found or text.strip().splitlines() or ["no output"])[-1]

    def pytest(self, what, folder):
        """Whether a test of pytest passes: FILE::NAME, or a word of `-k` for those in `folder`; and its last line. Everything
        is built first: some tests look at what is there."""
        status, text = run(["./mullion", "build"], self.folder, 1800)
        if status != 0:
            raise BuildError(text)
        where = [what] if "/" in what.split("::")[0] else [folder, "-k", what]
        status, text = run([*PYTEST, *where], self.folder, 1800)
        lines = [line for line in text.splitlines() if line.strip()] or ["no output"]
        if status not in (0, 1):
            raise BuildError(f"pytest could not run {what}: {lines[-1]}")
        return status == 0, lines[-1]


def host_tests(root):
    """The names of the tests of tests/host/kernel."""
    return {name for path in (pathlib.Path(root) / "tests/host/kernel").glob("*.c")
            for name in re.findall(r"\bT\((\w+)\)", path.read_text(encoding="utf-8"))}
