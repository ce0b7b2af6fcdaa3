"""goals - what Frama-C and WP make of the sources: the goals of one function, and what a unit lacks."""
import functools
import hashlib
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

from kernel import DECLARATION, annotations_of, code_of, without_comments
from provers import VERSIONS, key_of, text_of
from smt import parts_of

PARSE = ["-machdep", "gcc_x86_64", "-c11"]
# Without two simplifications that cost WP most of its time on functions with many branches and prove next to nothing.
MODEL = ["-wp", "-wp-model", "Typed+real", "-wp-no-ground", "-wp-no-pruning"]
OPTIONS = MODEL + ["-wp-rte", "-wp-definitions-terminate", "-wp-declarations-terminate"]
# With -rte-initialized for the functions that have a local variable without a value: of the views, which always have one,
# it would ask the same again at each read.
# WP writes each goal for the provers and asks none: in this mode it takes results from a cache, and this one is empty.
PRINT = ["-wp-cache", "offline", "-wp-filename-truncation", "200"]
SMOKE = MODEL + ["-wp-smoke-tests", "-wp-prop=-@ensures,-@assigns,-@assert,-@requires,-@invariant,-@variant,-@terminates"]
SECONDS = 3600

GOAL = re.compile(r"^\[wp\] \[([^]]+)\] (?:Goal|Smoke-test) (?:typed_real_)?(\w+)( : Valid)?[^\n]*(\n +Qed: Valid)?", re.M)
SCHEDULED = re.compile(r"^\[wp\] (\d+) goals? scheduled", re.M)
CONTRACT = re.compile(r"/\*?@\s*(?:requires|ensures|assigns|terminates|decreases|exits|behavior|check|admit)\b")
TAKEN = re.compile(r"\b(admit|axiomatic|axiom|lemma|inductive)\b")
# What compilers read differently: a branch of the preprocessor, and a character that is negative where `char` is signed.
BRANCH = re.compile(r"^[ \t]*(?:#|%:)[ \t]*(?:if|ifdef|ifndef|elif|else|undef)\b[^\n]*", re.M)
NEGATIVE = re.compile(r"'(?:\\x|\\[0-7]{2,}|[^'\n]*[^\x00-\x7f])[^'\n]*'")
NO_PROVER = ("Qed", "CFG", "Trivial")
# What WP says while it works and what makes goals harder only, never easier; of assembly Unit takes care.
HARMLESS = re.compile(r"Missing terminates clause for \w+, populates 'terminates \\true'|"
                      r"Cast with incompatible pointers types|Missing RTE guards|Clobber list contains")


def why3_config(folder):
    """Why3's configuration, made here: it says for which provers goals are written, whether they are installed or not."""
    path = pathlib.Path(folder) / "why3.conf"
    lines = ['[main]', 'magic = 14', 'memlimit = 1000', 'running_provers_max = 1', 'timelimit = 5',
             'libdir = "/usr/lib/ocaml/why3"', 'datadir = "/usr/share/why3"']
    for name, prover in (("CVC4", "cvc4"), ("Z3", "z3")):
        lines += ["", "[partial_prover]", f'name = "{name}"', f'path = "/usr/bin/{prover}"',
                  f'version = "{VERSIONS[prover]}"']
    new = path.with_suffix(f".{time.monotonic_ns()}")
    new.write_text("\n".join(lines) + "\n", encoding="ascii")
    new.rename(path)
    return path


MODULE = threading.Lock()   # it is made once


@functools.lru_cache(None)
def young_memory(folder):
    """A module for Frama-C that gives OCaml 32 MB for new values instead of 2, a quarter less time, and lets it keep no track of
    who calls whom, which is one part in twenty more; made here. By OCAMLRUNPARAM neither can be had, as Frama-C sets both
    itself when it starts. Without a compiler that fits, "": the goals are the same, only later."""
    folder = pathlib.Path(folder).resolve()
    path = folder / "young_memory.cmxs"
    with tempfile.TemporaryDirectory(dir=folder) as place:
        source = pathlib.Path(place) / "young_memory.ml"
        source.write_text("let () = Printexc.record_backtrace false\n"
                          "let () = Gc.set { (Gc.get ()) with Gc.minor_heap_size = 4 * 1024 * 1024 }\n", encoding="ascii")
        made = source.with_suffix(".cmxs")
        for command in (["ocamlopt", "-shared", "-o", str(made), str(source)],
                        ["frama-c", "-no-autoload-plugins", "-load-module", str(made)]):
            try:
                if subprocess.run(command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode:
                    return ""
            except (OSError, subprocess.TimeoutExpired):
                return ""
        made.rename(path)
    return str(path)


def environment(folder):
    """What every call of Frama-C has in its environment; `folder` keeps Why3's configuration."""
    # More memory before OCaml collects the old values (some 450 MB in all), too.
    return {"OCAMLRUNPARAM": "o=400", **os.environ, "WHY3CONFIG": str(why3_config(folder)), "LC_ALL": "C.UTF-8"}


def frama_c(root, environment, *arguments):
    with MODULE:
        module = young_memory(pathlib.Path(environment["WHY3CONFIG"]).parent)
    # Frama-C believes PWD rather than the folder it is in.
    done = subprocess.run(["frama-c", *(["-load-module", module] if module else []), *PARSE, *arguments],
                          cwd=root, env={**environment, "PWD": str(root)},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=SECONDS)
    return done.returncode, done.stdout + done.stderr


def preprocessed(root, unit, *flags):
    """A unit as the preprocessor leaves it, line by line; what went wrong there, the compiler and Frama-C say."""
    done = subprocess.run(["gcc", "-E", "-P", "-w", "-nostdinc", "-I.", *flags, unit], cwd=root, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=SECONDS)
    return done.stdout.splitlines()


def differences(root, kernel, unit):
    """Where a unit may read otherwise for the compiler of the target than for Frama-C, which preprocesses it for this machine."""
    for name in kernel.includes(unit):
        text = kernel.texts[name].replace("\\\n", "")
        for found in (BRANCH.search(code_of(text)), NEGATIVE.search(without_comments(text))):
            if found:
                yield f"{name}: `{found.group().strip()}`: the prover may read it otherwise than the compiler does"
    here = preprocessed(root, unit, "-D__FRAMAC__", "-D__FC_MACHDEP_GCC_X86_64", "-m64")
    bare = preprocessed(root, unit, "-undef", "-ffreestanding", "-std=c17")
    for one, other in itertools.zip_longest(here, bare, fillvalue=""):
        if one != other:
            yield f"`{one.strip()}`, which the compiler reads otherwise: it depends on what compilers predefine, or on a trigraph"
            return


def messages(log):
    """The messages of Frama-C: a line with a bracket and the indented lines after it, joined."""
    found = []
    for line in log.splitlines():
        if line.startswith("["):
            found.append(line)
        elif found and line.startswith("  "):
            found[-1] += "\n" + line.strip()
        elif line.strip():
            found.append(line)
    return found


def complaints(log, borders):
    """What must not be passed over in silence: warnings that weaken a proof, and errors."""
    wrong = []
    for message in messages(log):
        hypothesis = re.search(r"Memory model hypotheses for function '(\w+)'", message)
        if hypothesis:
            if ("hypothesis", hypothesis.group(1)) not in borders:
                wrong.append("WP assumes of its memory model and proves nowhere: " + " ".join(message.split("\n", 1)[1].split()))
        elif re.search(r"User Error|Frama-C aborted|Fatal|Failure|Unexpected error", message):
            wrong.append(" ".join(message.split()))
        elif "Warning:" in message and not HARMLESS.search(message):
            wrong.append(" ".join(message.split()))
    return wrong


def kind_of(function, name):
    """What sort of goal a name of WP's stands for: rte_index_bound, ensures, assigns, call, loop_invariant, ..."""
    rest = name[len(function):].lstrip("_") if name.startswith(function) else name
    for pattern, kind in ((r"assert_rte_([a-z_]+?)(_\d+)?$", r"rte_\1"), (r"call_.*", "call"), (r"ensures.*", "ensures"),
                          (r"(?:loop_)?assigns.*", "assigns"), (r"loop_invariant.*", "loop_invariant"),
                          (r"loop_variant.*", "loop_variant"), (r"terminates.*", "terminates"),
                          (r"assert.*", "assert"), (r".*wp_smoke.*", "smoke")):
        found = re.match(pattern, rest)
        if found:
            return found.expand(kind)
    return "other"


class Unit:
    """One unit, looked at before its proof: its functions as Frama-C has them, and which of them lack what."""

    def __init__(self, root, environment, kernel, unit, borders):
        self.problems = {}      # function: [what is wrong]
        status, log = frama_c(root, environment, unit, "-metrics", "-then", "-print", "-no-unicode")
        own = {f.name for f in kernel.units[unit] if ("function", f.name) not in borders}
        listing = re.search(r"Defined functions \(\d+\)\s+=+\s(.*?)\n\s*\n", log, re.S)
        self.defined = set(re.findall(r"(\w+) \((?:address taken, )?\d+ calls?\)", listing.group(1))) if listing else set()
        if status != 0 or not listing:
            first = [m for m in messages(log) if re.search(r"annot-error|Error|error:", m)] or ["no reason given"]
            self.problems = {name: ["not read"] for name in sorted(own)}
            self.add(unit, "Frama-C cannot read the file: " + " ".join(first[0].split()))
            return
        visible = {f.name for name in kernel.includes(unit) for f in kernel.units.get(name, [])}
        for name in sorted(self.defined - visible):
            self.add(unit, f"Frama-C sees a function {name} that tests/proof/kernel.py does not find in the text")
        for function in kernel.units[unit]:
            if function.name in own and re.search(r"\b(__asm__|__asm|asm)\b", self.body(log, function.name)):
                self.add(function.name, "inline assembly, which no proof sees: name it in tests/proof/borders.txt")
        for name in sorted(own):
            if name not in self.defined:
                self.add(name, "no contract (and no use here, so that Frama-C leaves it out)")
            elif not self.has_contract(log, name):
                self.add(name, "no contract")
        for text in differences(root, kernel, unit):
            self.add(unit, text)
        places = 0
        for name in kernel.includes(unit):
            for line, text in annotations_of_unit(kernel, name):
                found = TAKEN.search(text)
                if found:
                    places += 1
                    self.add(unit, f"{name}:{line}: {found.group(1)}: nothing may be taken for true that is not proved here")
            for header in kernel.strange_includes(name):
                self.add(unit, f"{name}: it includes {header}, which is no header of the kernel")
        # And in what Frama-C read: a macro or a string may hide it from the search above.
        found = TAKEN.search(re.sub(r'"(?:\\.|[^"\\\n])*"', "", log))
        if found and not places:
            self.add(unit, f"{found.group(1)}, by way of a macro: nothing may be taken for true that is not proved here")
        self.look_at_declarations(kernel, unit, borders, log)

    def look_at_declarations(self, kernel, unit, borders, log):
        """A contract of a declaration is believed where it is called: somebody must prove it, who reads the same."""
        defined = {f.name for some in kernel.units.values() for f in some}
        outside = {name for kind, name in borders if kind == "function"} | {label for some in kernel.labels().values()
                                                                         for label, _ in some}
        for match in DECLARATION.finditer(log):
            name = match.group(1)
            ghost = log[match.start():match.start() + 2] == "@/"
            if name not in outside and (name not in defined or ghost and name not in self.defined):
                self.add(unit, f"{name} has a contract and no definition in the kernel, so that nobody proves it")
        for header in kernel.includes(unit):
            for name in sorted(kernel.declared(header)):
                owner = kernel.owner.get(name)
                if owner is not None and header not in kernel.includes(owner.unit):
                    self.add(unit, f"{header}: it has a contract of {name}, which {owner.unit} does not read, where it is proved")

    @staticmethod
    def body(log, name):
        """The definition of a function as Frama-C prints it, macros replaced."""
        found = re.search(rf"^[^\n;]*\b{name}\)?\s*\([^;{{}}]*\)\s*\n\s*\{{.*?^ {{0,2}}\}}", log, re.M | re.S)
        return found.group() if found else ""

    def add(self, name, text):
        self.problems.setdefault(name, []).append(text)

    @staticmethod
    def has_contract(log, name):
        """In the normalized text a contract stands right above the definition, or, for a function that does not return,
        above a declaration that stands right above the definition; that of a ghost function between /@ and @/."""
        found = re.search(rf"^(?:[^\n;]*\b{name}\([^;{{}}]*\);\n)?(?!\s)[^\n;]*\b{name}\)?\s*\([^;{{}}]*\)\s*\n\{{", log, re.M)
        above = log[:found.start()].rstrip() if found else ""
        if above.endswith("*/"):
            return bool(CONTRACT.match(above[above.rindex("/*"):]))
        found = re.search(rf"@/\n  (?:\w+[ *]+)+\b{name}\([^;{{}}]*\)\s*\n  \{{", log, re.M)
        return bool(found) and bool(CONTRACT.match(log[log.rindex("/@", 0, found.start()):]))


def annotations_of_unit(kernel, name):
    return annotations_of(kernel.texts[name]) if name.endswith((".c", ".h")) else []


def batches(functions, weights, limit):
    """Parts of a unit whose goals are made in one go: [(weight, functions)], the heaviest first and none above the limit
    unless it has one function only. In no part does one function's name begin another's, so that the name of a goal says
    whose it is."""
    parts = []
    for function in sorted(functions, key=lambda f: (-weights[f], f.line)):
        for part in parts:
            if sum(weights[f] for f in part) + weights[function] <= limit and not any(
                    (a + "_").startswith(b + "_") for one in part
                    for a, b in ((one.name, function.name), (function.name, one.name))):
                part.append(function)
                break
        else:
            parts.append([function])
    return sorted(((sum(weights[f] for f in part), part) for part in parts), key=lambda one: -one[0])


def blamed(message, functions):
    """The functions that a message of Frama-C is about: by name, by line, or all."""
    name = re.search(r"[Ff]unction '?(\w+)'?", message)
    line = re.search(re.escape(functions[0].unit) + r":(\d+)", message)
    named = [f for f in functions if name and f.name == name.group(1)]
    at = [f for f in functions if line and f.first <= int(line.group(1)) <= f.end]
    return named or at or functions


BETWEEN = "-" * 60     # stands between the goals that WP prints
SAYS = re.compile(r"^Prover Qed returns[^\n]*\n", re.M)  # with a time behind it
TITLE = re.compile(r"Goal .*?:\n(?:[A-Z][A-Za-z ]* at line \d+\n)*", re.S)


def without_lines(block):
    """A goal that stands elsewhere in its file, or is about a clause that does, is the same goal."""
    return TITLE.sub(lambda title: re.sub(r"\bline\s+\d+", "line", title.group()), block, count=1)


def digests(printed, functions):
    """Of the goals that WP prints, each as it stands before it is written for a prover: {function: a hash over its goals, or
    "" if there is one of which this does not know whose it is}."""
    texts = {f.name: [] for f in functions}
    for block in printed.split(BETWEEN):
        block = SAYS.sub("", block).strip()
        title = " ".join(block.split(":\n", 1)[0].split())
        names = [name for name in re.findall(r" in '(\w+)'", title) if name in texts]
        line = re.search(re.escape(functions[0].unit) + r", line (\d+)\)", title)
        at = [f.name for f in functions if line and f.first <= int(line.group(1)) <= f.end]
        owner = names[-1:] or at
        if block and not owner:
            return dict.fromkeys(texts, "")
        if block:
            texts[owner[0]].append(without_lines(block))
    return {name: hashlib.sha256("\n".join(some).encode()).hexdigest() if some else "" for name, some in texts.items()}


def generate(root, environment, functions, folder, prover, smoke=False, borders=None, uninitialized=(), others=()):
    """Lets WP make the goals of some functions of one unit (smoke: of one) and write them for one prover, which takes as long
    as making them, or for `others` too; for the prover `qed` it prints them. {function: {goals: [{name, kind, by, key, text}],
    problems, seconds, digest, and of each other prover [{name, text}]}}."""
    begin = time.monotonic()
    empty = pathlib.Path(folder) / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    options = list(SMOKE if smoke else OPTIONS)
    if uninitialized and not smoke:
        options += ["-rte-initialized", ",".join(f.name for f in uninitialized)]
    if prover == "qed":
        options.append("-wp-print")
    status, log = frama_c(root, environment, *options, *PRINT, "-wp-prover", ",".join([prover, *others]), "-wp-cache-dir", str(empty),
                          "-wp-fct", ",".join(f.name for f in functions), "-wp-out", str(folder), functions[0].unit)
    begins, ends = re.search(r"^Goal ", log, re.M) if prover == "qed" else None, log.rfind(BETWEEN)
    # Warnings may stand behind the goals, too, and what the preprocessor says.
    log, printed = (log[:begins.start()] + log[ends:], log[begins.start():ends]) if begins else (log, "")
    hashes = digests(printed, functions)
    made = {f.name: {"goals": [], "problems": [], "digest": hashes[f.name], **{other: [] for other in others}} for f in functions}
    for text in [] if smoke else complaints(log, borders or {}):
        for function in blamed(text, functions):
            made[function.name]["problems"].append(text)
    seen, strange = set(), 0
    for found in GOAL.finditer(log):
        by, name, valid, refuted = found.groups()
        owner = next((f.name for f in functions if name.startswith(f.name + "_")), None)
        if smoke:
            # Those about a call are named after who is called; other goals that the filter lets through are none of smoke's.
            owner = functions[0].name if "_wp_smoke_" in name else ""
        strange += owner is None
        if name in seen or owner is None:
            continue
        seen.add(name)
        if not owner:
            continue
        goal = {"name": name, "part": "", "kind": kind_of(owner, name), "by": None, "key": None, "text": None}
        text = None if prover == "qed" else text_of(pathlib.Path(folder) / "typed_real", name, prover)
        if refuted or by in NO_PROVER and valid:
            made[owner]["goals"].append({**goal, "by": "qed" if refuted or by == "Qed" else "wp"})
        elif text is None:
            made[owner]["goals"].append(goal)
        else:
            made[owner]["goals"] += [{**goal, "name": name + label, "part": label, "text": part,
                                      "key": key_of(part) if prover == "z3" else None} for label, part in parts_of(text).items()]
            for other in others:
                written = text_of(pathlib.Path(folder) / "typed_real", name, other)
                made[owner][other] += [{"name": name + label, "text": part}
                                       for label, part in (parts_of(written).items() if written else ())]
    shutil.rmtree(folder, ignore_errors=True)
    scheduled, wrong = SCHEDULED.search(log), ""
    if status != 0 or not scheduled:
        if not smoke or status != 0:
            wrong = "WP did not come to its end: " + " / ".join(log.strip().splitlines()[-3:])
    elif len(seen) < int(scheduled.group(1)) or strange:
        wrong = f"WP speaks of {scheduled.group(1)} goals and names {len(seen)}, {strange} of other functions"
    for one in made.values():
        one["problems"] += [wrong] if wrong else []
        one["goals"].sort(key=lambda goal: goal["name"])
        one["complete"] = not wrong
        one["seconds"] = (time.monotonic() - begin) / len(functions)
    return made


def place_of(root, environment, function, name):
    """Where a smoke goal stands, in words: its contract, or the statement that its number names in the normal form."""
    number = re.search(r"_s(\d+)$", name)
    if not number:
        return f"under the contract of {function.name}: no state fits what it requires"
    _, text = frama_c(root, environment, function.unit, "-print", "-no-unicode", "-kernel-msg-key", "printer:sid")
    found = re.search(rf"/\* sid:{number.group(1)} \*/\s*\n\s*([^\n]+)", text)
    return ("after" if "dead_call" in name else "before") + f" the statement `{found.group(1) if found else number.group()}`"
