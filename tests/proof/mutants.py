"""mutants - small faults, one a patch, and whether each breaks a goal or a test.

A patch in tests/proof/mutants/ begins with lines `# file: kernel/cap.c`, `# fault: WHAT IS WRONG` and `# caught by: prove
[GOAL]`, or `# caught by: host NAME` (model, system likewise) with the name of a test. A fault that is caught by a proof
must leave a goal of a changed function unproved that is proved without the fault.
"""
import pathlib
import re
import shutil
import subprocess

from kernel import Kernel

TESTS = {"host": "tests/host/test_kernel.py", "model": "tests/model", "system": "tests/system"}


class Mutant:
    def __init__(self, path):
        self.path, self.name = pathlib.Path(path), pathlib.Path(path).stem
        text = self.path.read_text(encoding="utf-8")
        self.head = dict(re.findall(r"^# (file|fault|caught by): (.*)$", text, re.M))
        self.by, _, self.what = self.head.get("caught by", "").partition(" ")
        self.error = None
        if set(self.head) != {"file", "fault", "caught by"} or self.by not in ("prove", *TESTS):
            self.error = "its head needs `# file:`, `# fault:` and `# caught by: prove|host|model|system ...`"
        elif self.by != "prove" and not self.what:
            self.error = f"`# caught by: {self.by}` needs the name of a test"

    def make(self, root, folder):
        """A copy of the kernel with the fault below `folder`; sets `functions`, those whose text changed."""
        self.folder = pathlib.Path(folder) / self.name
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.by == "prove":
            shutil.copytree(pathlib.Path(root) / "kernel", self.folder / "kernel")
        else:
            copy_tree(root, self.folder)
        done = subprocess.run(["patch", "-s", "-p1", "-d", str(self.folder), "--no-backup-if-mismatch", "-F", "3"],
                              stdin=self.path.open(), capture_output=True, text=True)
        if done.returncode != 0:
            self.error = "the patch does not fit any more: " + " / ".join((done.stdout + done.stderr).splitlines())
            return
        self.functions = changed(Kernel(root), Kernel(self.folder))
        if self.by == "prove" and not self.functions:
            self.error = "the patch changes no function"

    def test(self):
        """Runs the test that shall fail. Answers whether it did, and its last line."""
        where = self.what if "/" in self.what.split("::")[0] else TESTS[self.by]
        select = [] if "/" in self.what else ["-k", self.what]
        done = subprocess.run(["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", where, *select],
                              cwd=self.folder, capture_output=True, text=True, timeout=1800)
        last = ([line for line in done.stdout.splitlines() if line.strip()] or ["no output"])[-1]
        return done.returncode == 1, last

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def copy_tree(root, folder):
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (pathlib.Path(root) / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(pathlib.Path(root) / name, folder / name)
    third_party = pathlib.Path(root) / "build" / "third-party"
    if third_party.exists():
        shutil.copytree(third_party, folder / "build" / "third-party")


def text_of(kernel, function):
    """A function's text with its number of lines left out: contract above it, and body."""
    lines = kernel.texts[function.unit].splitlines()
    return lines[function.line - 1:function.end]


def changed(before, after):
    """The functions whose text differs, as they are in `after`. A fault outside of all functions (a predicate, a
    contract in a header, a constant) changes those of its unit."""
    old = {(f.unit, f.name): text_of(before, f) for some in before.units.values() for f in some}
    found = [f for some in after.units.values() for f in some if old.get((f.unit, f.name)) != text_of(after, f)]
    if found:
        return found
    files = [name for name in after.files if before.texts.get(name) != after.texts[name]]
    return [f for name in files for unit in (name, name[:-1] + "c") for f in after.units.get(unit, [])]


def affected(mutant, files):
    return not files or mutant.head.get("file") in files
