"""mutants - small faults, one a patch, and whether each breaks a goal or a test.

A patch in tests/proof/mutants/ begins with lines `# file: kernel/cap.c`, `# fault: WHAT IS WRONG` and `# caught by: HOW`:

    prove GOAL      a goal of a changed function is not proved any more (the one that is named is asked first; it must be of one)
    host NAME       this test of tests/host/kernel fails
    model STEPS     the model sees a difference in its short fixed part or in so many random steps
    system TEST     this test of pytest fails: FILE::NAME, or a name in tests/system

What catches a fault must not complain without it: a function counts if all its goals are proved, a test if it passes.
"""
import contextlib
import pathlib
import re
import shutil
import threading

from faults import BuildError, Tree, host_tests
from kernel import Kernel

KINDS = ("prove", "host", "model", "system")


class Mutant:
    def __init__(self, path, root):
        self.path, self.name = pathlib.Path(path), pathlib.Path(path).stem
        text = self.path.read_text(encoding="utf-8")
        self.head = dict(re.findall(r"^# (file|fault|caught by): (.*)$", text, re.M))
        self.by, _, self.what = self.head.get("caught by", "").partition(" ")
        self.error = None
        if set(self.head) != {"file", "fault", "caught by"} or self.by not in KINDS:
            self.error = "its head needs `# file:`, `# fault:` and `# caught by: prove|host|model|system ...`"
        elif self.by != "prove" and not self.what:
            self.error = f"`# caught by: {self.by}` needs the name of a test"
        elif self.by == "host" and self.what not in host_tests(root):
            self.error = f"tests/host/kernel has no test {self.what}"
        elif self.by == "model" and not self.what.isdigit():
            self.error = "`# caught by: model` needs a number of steps"
        elif set(re.findall(r"^\+\+\+ b/(\S+)", text, re.M)) != {self.head["file"]}:
            self.error = "the patch changes another file than it names"

    def make(self, root, folder):
        """A copy of the kernel with the fault below `folder`; sets `functions`, those whose text changed."""
        tree = Tree(root, pathlib.Path(folder) / self.name, "kernel/")
        self.folder = tree.folder
        wrong = tree.patch(self.path)
        if wrong:
            self.error = "the patch does not fit any more: " + wrong
            return
        self.functions = changed(Kernel(root), Kernel(self.folder))
        if not self.functions:
            self.error = "the patch changes no function"
        elif self.what and not any((self.what + "_").startswith(f.name + "_") for f in self.functions):
            self.error = f"the patch changes {self.functions[0].name}, whose goal {self.what} is not: it may have slipped"

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Tests:
    """What runs the tests of mutants: a tree for each worker, and what is known of the tests without any fault."""

    def __init__(self, root, folder, mutants):
        self.root, self.folder = pathlib.Path(root), pathlib.Path(folder)
        self.steps = max([int(m.what) for m in mutants if m.by == "model" and not m.error], default=0)
        self.trees, self.base = {}, {}
        self.lock, self.first = threading.Lock(), threading.Lock()

    def tree(self, whole):
        at = "system" if whole else threading.get_ident()
        if at not in self.trees:
            name = "system" if whole else f"tests{sum(k != 'system' for k in self.trees)}"
            self.trees[at] = Tree(self.root, self.folder / name, None if whole else ("kernel/", "tests/host/kernel/"))
        return self.trees[at]

    def ask(self, tree, mutant, base=False):
        """Whether the test passes, and its words."""
        if mutant.by == "host":
            outcome, text = tree.host(None if base else mutant.what)
            failed = re.search(r"^FAIL .*\n +(?:\S*/)?(.*)", text, re.M)
            words = f"{mutant.what}: {failed.group(1)}" if failed else mutant.what
            return (outcome if base else outcome.get(mutant.what, False)), words
        if mutant.by == "model":
            return tree.model(self.steps if base else int(mutant.what))
        passed, words = tree.pytest(mutant.what, "tests/system")
        return passed, f"{mutant.what.split('::')[-1]}: {words}"

    def passes_without(self, tree, mutant):
        """The same test without the fault: once for all that ask it."""
        key = mutant.what if mutant.by == "system" else mutant.by
        if key not in self.base:
            self.base[key] = self.ask(tree, mutant, base=True)[0]
        return self.base[key].get(mutant.what, False) if mutant.by == "host" else self.base[key]

    def judge(self, mutant):
        """(caught, by what). Of those of `system` one at a time."""
        with self.lock:
            tree = self.tree(mutant.by == "system")
        try:
            with contextlib.nullcontext() if mutant.by == "system" else self.first:
                if not self.passes_without(tree, mutant):
                    return None, f"{mutant.what} fails without the fault too"
            wrong = tree.patch(mutant.path)
            if wrong:
                return None, "the patch does not fit any more: " + wrong
            passed, words = self.ask(tree, mutant)
            return not passed, words if not passed else f"{mutant.what} passes all the same"
        except BuildError as error:
            lines = str(error).strip().splitlines() or ["no reason given"]
            return None, next((line for line in lines if "error" in line), lines[-1])
        finally:
            tree.repair()


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
    """Whether the command line names it: by its own path, or by the file that it changes; all without any name."""
    return not files or mutant.head.get("file") in files or mutant.path.name in {pathlib.Path(f).name for f in files}
