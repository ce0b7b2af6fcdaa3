"""prove - what `./mullion prove` does: every goal of every function of the kernel, each function once.

Frama-C/WP makes the goals and Qed simplifies them; what is left goes to Z3 and CVC4 here, within limits of steps
(provers.py). Nothing is skipped in silence: a function without a contract, an assumption that nobody proves and a
warning that weakens a proof are failures like an unproved goal.
"""
import argparse
import functools
import heapq
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import eva
import goals as wp
import image
import mutants
import provers
import record
import status
from kernel import Kernel, read_borders

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RECORD = "recorded.txt"
PROVED = "proved.txt"
BORDERS = "borders.txt"
SCHEMA = 1
BATCH = 6_000       # the weight of the functions whose goals one call of Frama-C makes: it reads the unit once for them
KNOWN_MAX = 4000    # functions whose goals are kept, the newest
KEPT = 2            # the form in which they are kept


@functools.lru_cache(None)
def makers():
    """What makes goals of a text, and parts of goals: versions, options, and the text of the module that splits them."""
    return repr((versions()["frama-c"], versions()["why3"], wp.PARSE, wp.OPTIONS, (HERE / "smt.py").read_text(encoding="utf-8")))


def processors():
    """How many this run may use."""
    return len(os.sched_getaffinity(0))


class Pool:
    """Works off calls on as many threads as there are processors; calls with a smaller number go first."""

    def __init__(self, width):
        self.queue, self.count, self.open = [], itertools.count(), 0
        self.ready = threading.Condition()
        self.errors = []
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(width)]
        for thread in self.threads:
            thread.start()

    def add(self, order, call, *arguments):
        with self.ready:
            heapq.heappush(self.queue, (order, next(self.count), call, arguments))
            self.open += 1
            self.ready.notify()

    def work(self):
        while True:
            with self.ready:
                while not self.queue:
                    self.ready.wait()
                _, _, call, arguments = heapq.heappop(self.queue)
            try:
                call(*arguments)
            except Exception as error:  # shown and raised by wait()
                self.errors.append(error)
            with self.ready:
                self.open -= 1
                self.ready.notify_all()

    def end(self):
        """Lets the threads go."""
        for _ in self.threads:
            self.add((9, 0, ""), sys.exit)

    def wait(self):
        with self.ready:
            while self.open and not self.errors:
                self.ready.wait(0.5)
        if self.errors:
            raise self.errors[0]


class Screen:
    """Progress on a terminal's last line; results above it."""

    def __init__(self, quiet=False):
        self.terminal = sys.stderr.isatty() and not quiet
        self.quiet = quiet
        self.lock = threading.Lock()

    def progress(self, text):
        if self.terminal:
            with self.lock:
                sys.stderr.write("\r\x1b[K" + text[:110])
                sys.stderr.flush()

    def clear(self):
        if self.terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def say(self, text):
        if not self.quiet:
            with self.lock:
                self.clear()
                print(text, flush=True)


class Writer:
    """The goals of one function as provers read them, made by WP when one is to be asked."""

    def __init__(self, make):
        self.make, self.made, self.lock, self.seconds = make, {}, threading.Lock(), 0.0

    def keep(self, prover, goals):
        self.made[prover] = {goal["name"]: goal["text"] for goal in goals}

    def text(self, name, prover):
        with self.lock:
            if prover not in self.made:
                made = self.make(prover)
                self.keep(prover, made["goals"])
                self.seconds += made["seconds"]
            return self.made[prover].get(name)


class Known:
    """Which goals WP makes of which text, found out in this checkout before: what did not change is not made again."""

    def __init__(self, folder, borders, use):
        self.folder, self.use = pathlib.Path(folder), use
        self.about = repr((KEPT, versions()["frama-c"], wp.PARSE, wp.OPTIONS, wp.SMOKE, sorted(borders.items()))) if use else ""
        if use:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.tidy()

    def tidy(self):
        """Keeps the newest."""
        files = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in files[:-KNOWN_MAX]:
            path.unlink(missing_ok=True)

    def path(self, *parts):
        return self.folder / (record.hash_of(repr((self.about, parts))) + ".json")

    def get(self, path):
        try:
            return json.loads(path.read_text(encoding="ascii")) if self.use else None
        except (FileNotFoundError, ValueError):
            return None

    def put(self, path, what):
        if self.use:
            new = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
            new.write_text(json.dumps(what), encoding="ascii")
            new.rename(path)


class Proof:
    """One run over some functions of a kernel below `root`."""

    def __init__(self, root, work, results, borders, screen, smoke=False, may_ask=True, width=None):
        self.root, self.work, self.results, self.borders = pathlib.Path(root), pathlib.Path(work), results, borders
        self.screen, self.smoke, self.may_ask = screen, smoke, may_ask
        self.kernel = Kernel(root)
        self.ladder = provers.SMOKE if smoke else provers.LADDER
        self.pool = Pool(width or processors() + 1)  # while one waits for files, the others work
        self.lock = threading.Lock()
        self.work.mkdir(parents=True, exist_ok=True)
        self.environment = wp.environment(self.work)
        self.known = Known(self.work / "known", borders, results.use)
        self.reports = {}       # (unit, function): report
        self.problems = {}      # unit: [text], about the unit as a whole
        self.done, self.total, self.parts = 0, 0, itertools.count()
        self.on_unit = lambda unit: None
        self.first_only = False     # stop with a function at its first goal that is not proved
        self.first_goal = ""        # and ask the one with this name, or its parts, before the others
        self.steps_for = lambda function, goal: len(self.ladder)    # how far up the ladder to go
        self.recorded = {}      # (unit, function): record.Recorded
        self.use_record = True
        self.hashes = {}        # function: what read_hash() found
        self.differ = set()     # functions whose goals are not those of the record
        self.left = {}

    def run(self, functions):
        """Proves the functions and answers their reports, in order."""
        chosen = {}
        for function in functions:
            chosen.setdefault(function.unit, []).append(function)
        self.total = len(functions)
        for unit, some in chosen.items():
            self.left[unit] = len(some)
            self.pool.add((1, 0, unit), self.look_at, unit, some)
        self.pool.wait()
        self.screen.clear()
        return self.reports

    def problems_of(self, unit):
        """What Frama-C finds wrong with the unit: {function or unit: [text]}."""
        path = self.known.path("unit", unit, [(name, self.kernel.texts[name]) for name in self.kernel.includes(unit)])
        problems = self.known.get(path)
        if problems is None:
            problems = wp.Unit(self.root, self.environment, self.kernel, unit, self.borders).problems
            if not problems:
                self.known.put(path, problems)
        return problems

    def look_at(self, unit, functions):
        problems, waiting = self.problems_of(unit), []
        self.problems[unit] = problems.pop(unit, [])
        for function in functions:
            report = {"name": function.name, "line": function.line, "status": "", "problems":
                      problems.get(function.name, []), "goals": [], "seconds": 0.0}
            self.reports[unit, function.name] = report
            if ("function", function.name) in self.borders:
                report["status"] = "assumed"
                self.finish(function)
            elif any(text.startswith(("no contract", "not read")) for text in report["problems"]):
                report["status"] = "unproved"
                self.finish(function)
            else:
                waiting.append(function)
        waiting = [f for f in waiting if not self.begin_known(f)]
        as_recorded = [f for f in waiting if self.is_recorded(f)]
        self.add_parts(self.compare, as_recorded)
        self.begin_some([f for f in waiting if f not in as_recorded])

    def begin_some(self, functions):
        """Those of which CVC4 proved something when they were recorded apart, if it may be asked: it will be again."""
        both = [f for f in functions if self.may_ask and (recorded := self.recorded.get((f.unit, f.name))) is not None and
                any(prover == "cvc4" for _, prover, _ in recorded.results())]
        self.add_parts(self.begin_both, both)
        self.add_parts(self.begin, [f for f in functions if f not in both])

    def add_parts(self, call, functions):
        for weight, part in wp.batches(functions, {f: self.weight_of(f) for f in functions}, 0 if self.smoke else BATCH):
            # Those that take longest before the others, of whichever unit, so that no processor waits for them at the end.
            self.pool.add((1, 1, -weight), call, part)

    def weight_of(self, function):
        """How long the goals of a function take to make, about: how many they are, by the record or else by the text, and
        how much each assumes, most of which is what the functions promise that it calls."""
        recorded = self.recorded.get((function.unit, function.name))
        goals = len(recorded.lines) if recorded and recorded.lines else function.end - function.first + 1
        return goals * (1 + self.kernel.clauses_called(function))

    def read_hash(self, function):
        """Of all that its goals are made from, and of who makes them."""
        if function not in self.hashes:
            self.hashes[function] = record.hash_of(repr((makers(), self.kernel.read_for(function))))
        return self.hashes[function]

    def is_recorded(self, function):
        """Whether it is recorded as proved, and for this text."""
        recorded = self.recorded.get((function.unit, function.name))
        return self.use_record and recorded is not None and recorded.read == self.read_hash(function)

    def compare(self, functions):
        """Lets WP make the goals of functions whose text is as it was recorded. If they are the goals that were recorded, as
        WP prints them, all together, their results are known; if not, each is written for a prover and looked for."""
        made, differ = self.generate(functions, "qed"), []
        for function in functions:
            one, recorded = made[function.name], self.recorded[function.unit, function.name]
            same = one["complete"] and one["digest"] and recorded.stamp == recorded.stamp_for(one["digest"])
            goals = recorded.goals(function.name, one["goals"]) if same else None
            if goals is None:
                differ.append(function)
            else:
                self.begin_goals(function, {**one, "goals": goals}, self.writer(function))
        self.differ.update(differ)
        self.begin_some(differ)

    def goals_path(self, function):
        # The numbers of statements in the names of smoke goals count through the whole unit.
        text = self.kernel.unit_hash(function.unit) if self.smoke else self.read_hash(function)
        return self.known.path("goals", self.smoke, function.unit, function.name, text)

    def begin_known(self, function):
        """Begins with a function whose goals are known; False if WP must make them."""
        made = self.known.get(self.goals_path(function))
        if made is None:
            return False
        self.begin_goals(function, made, self.writer(function))
        return True

    def writer(self, function):
        return Writer(lambda prover: self.generate([function], prover)[function.name])

    def generate(self, functions, prover, *others):
        self.screen.progress(f"[{self.done}/{self.total}] {functions[0].unit}: {functions[0].name}")
        folder = self.work / f"goals.{os.getpid()}" / f"{id(self)}.{next(self.parts)}"
        return wp.generate(self.root, self.environment, functions, folder, prover, self.smoke, self.borders,
                           [f for f in functions if self.kernel.may_read_uninitialized(f)], others)

    def begin_both(self, functions):
        self.begin(functions, "cvc4")

    def begin(self, functions, *others):
        """Makes the goals of some functions, for Z3, which proves nearly all; for CVC4 at once, or when it must be asked."""
        made = self.generate(functions, "z3", *others)
        for function in functions:
            one = made[function.name]
            writer = self.writer(function)
            writer.keep("z3", one["goals"])
            for other in others:
                writer.keep(other, one.pop(other))
            one["goals"] = [{key: goal[key] for key in ("name", "part", "kind", "by", "key")} for goal in one["goals"]]
            self.begin_goals(function, one, writer)

    def begin_goals(self, function, made, writer):
        report = self.reports[function.unit, function.name]
        if made["complete"]:
            self.known.put(self.goals_path(function), made)
        report["seconds"] += made["seconds"]
        report["problems"] = report["problems"] + made["problems"]
        report["goals"] = [{"name": goal["name"], "part": goal["part"], "kind": goal["kind"], "status": "proved" if goal["by"] else "",
                            "prover": goal["by"], "steps": 0, "key": goal["key"], "tried": []} for goal in made["goals"]]
        waiting = sorted((goal for goal in report["goals"] if not goal["prover"]),
                         key=lambda goal: not goal["name"].startswith(self.first_goal))
        report["open"] = len(waiting)
        for goal in waiting:
            # What is known already costs nothing: at once. The rest queues behind what was begun before.
            if provers.lookup(goal["key"], self.results, self.ladder):
                self.ask(function, report, writer, goal)
            else:
                self.pool.add((0, 0, function.unit), self.ask, function, report, writer, goal)
        if not waiting:
            self.finish(function)

    def ask(self, function, report, writer, goal):
        may_ask = self.may_ask and not (self.first_only and any(g["status"] == "unproved" for g in report["goals"]))
        answer = provers.prove(goal["key"], lambda prover: writer.text(goal["name"], prover), self.results,
                               self.ladder[:self.steps_for(function, goal)], may_ask, self.advice_for(function, goal))
        with self.lock:
            report["seconds"] += answer.pop("seconds")
            goal.update(answer)
            report["open"] -= 1
            last = report["open"] == 0
        if last:
            report["seconds"] += writer.seconds
            self.finish(function)

    def advice_for(self, function, goal):
        """Who proved the goal of this name when it was recorded, which is whom to ask first."""
        recorded = self.recorded.get((function.unit, function.name))
        return recorded.advice(record.name_of(function.name, goal), goal["part"]) if recorded else None

    def finish(self, function):
        report = self.reports[function.unit, function.name]
        report.pop("open", None)
        if not report["status"]:
            if self.smoke:
                self.judge_smoke(function, report)
            states = {goal["status"] for goal in report["goals"]}
            report["status"] = ("contradiction" if "contradiction" in states else
                                "undecided" if "undecided" in states else
                                "unproved" if states - {"proved", "clean"} or report["problems"] else
                                "clean" if self.smoke else "proved")
        with self.lock:
            self.done += 1
            self.left[function.unit] -= 1
            complete = self.left[function.unit] == 0
        self.screen.progress(f"[{self.done}/{self.total}] {function.unit}: {function.name}")
        if complete:
            self.on_unit(function.unit)

    def to_record(self, functions):
        """{(unit, function): what is to be recorded of it}, after run()."""
        found, changed = {}, []
        for function in functions:
            at = function.unit, function.name
            report = self.reports[at]
            one = record.Recorded(lines=record.lines_of(function.name, report["goals"]))
            old = self.recorded.get(at)
            if old and old.lines == one.lines and self.is_recorded(function) and function not in self.differ:
                one = old
            elif report["status"] == "proved" and not report["problems"]:
                one.read = self.read_hash(function)
                changed.append(function)
            found[at] = one
        self.recorded = {**self.recorded, **found}

        def stamp(some):
            for function, made in zip(some, self.generate(some, "qed").values()):
                one = found[function.unit, function.name]
                one.stamp = one.stamp_for(made["digest"])

        for unit in sorted({f.unit for f in changed}):
            self.add_parts(stamp, [f for f in changed if f.unit == unit])
        self.pool.wait()
        return found

    def judge_smoke(self, function, report):
        """A proof of false is what smoke looks for; that there is none within the limit is all that it can say."""
        for goal in report["goals"]:
            goal["status"] = "contradiction" if goal["status"] == "proved" else "clean"
            if goal["status"] == "contradiction":
                place = wp.place_of(self.root, self.environment, function, goal["name"])
                report["problems"].append(f"false is proved {place} ({goal['name']}, by {goal['prover']})")


def table(proof, unit):
    """The lines of one unit."""
    rows = [proof.reports[unit, f.name] for f in proof.kernel.units[unit] if (unit, f.name) in proof.reports]
    lines = [f"{unit:34} {'goals':>7} {'proved':>7} {'qed':>6} {'z3':>5} {'cvc4':>5} {'seconds':>8}"]
    for row in rows:
        count = counts(row["goals"])
        mark = "" if row["status"] in ("proved", "clean") else row["status"]
        lines.append(f"  {row['name']:32} {count['goals']:7} {count['proved']:7} {count['qed']:6} {count['z3']:5} "
                     f"{count['cvc4']:5} {row['seconds']:8.1f}  {mark}".rstrip())
    for text in proof.problems.get(unit, []):
        lines.append(f"  {unit}: {text}")
    for row in rows:
        lines += [f"  {unit}:{row['line']}: {row['name']}: {text}" for text in row["problems"]]
        if row["status"] == "assumed":
            lines.append(f"  {unit}:{row['line']}: {row['name']}: assumed: {proof.borders['function', row['name']]}")
        for goal in row["goals"]:
            if goal["status"] in ("unproved", "undecided"):
                lines.append(f"  {unit}:{row['line']}: {row['name']}: {goal['status']}: {goal['name']} "
                             f"({'; '.join(goal['tried']) or 'not tried'})")
    return "\n".join(lines)


def counts(some):
    by = ["qed" if g["prover"] == "wp" else provers.tool_of(g["prover"]) for g in some if g["status"] == "proved"]
    return {"goals": len(some), "proved": len(by), **{tool: by.count(tool) for tool in ("qed", "z3", "cvc4")}}


@functools.lru_cache(None)
def versions():
    """The tools as they call themselves; None where one is not installed."""
    found = {}
    for tool, arguments in (("frama-c", ["-version"]), ("why3", ["--version"]), ("z3", ["--version"]),
                            ("cvc4", ["--version"])):
        path = shutil.which(tool)
        text = subprocess.run([path, *arguments], capture_output=True, text=True).stdout if path else ""
        match = re.search(r"(\d+\.\d+(\.\d+)?)", text)
        found[tool] = match.group(1) if match else None
    return found


def as_json(proof, begin):
    """The report; proofs-notes/README.md has its form."""
    files = []
    for unit in sorted({unit for unit, _ in proof.reports}):
        functions = []
        for function in proof.kernel.units[unit]:
            report = proof.reports.get((unit, function.name))
            if report:
                functions.append({
                    "name": report["name"], "line": report["line"], "status": report["status"],
                    "seconds": round(report["seconds"], 2), "problems": report["problems"],
                    "goals": [{**{key: goal[key] for key in ("name", "kind", "status", "steps")},
                               "prover": provers.tool_of(goal["prover"])} for goal in report["goals"]]})
        files.append({"file": unit, "sha256": proof.kernel.hash_of([unit]), "problems": proof.problems.get(unit, []),
                      "functions": functions})
    every = [goal for report in proof.reports.values() for goal in report["goals"]]
    states = [report["status"] for report in proof.reports.values()]
    return {"schema": SCHEMA, "tools": versions(), "options": wp.PARSE + wp.OPTIONS,
            "limits": [{"prover": prover, "steps": steps} for prover, steps in proof.ladder],
            "kernel_sha256": proof.kernel.source_hash(),
            "totals": {"goals": counts(every), "functions": {"all": len(states), **{
                state: states.count(state) for state in ("proved", "unproved", "undecided", "assumed", "clean", "contradiction")}},
                "seconds": round(time.monotonic() - begin, 1)},
            "files": files}


def choose(kernel, arguments):
    """The functions that the command line names: files, or FILE:FUNCTION; all if it names none."""
    if not arguments:
        return [f for unit in kernel.units for f in kernel.units[unit]]
    chosen = []
    for argument in arguments:
        given, colon, function = argument.partition(":")
        path = kernel.root / given  # an absolute path stays what it is
        name = os.path.relpath(path, kernel.root)
        if not path.is_file():
            raise ValueError(f"there is no file {given}; write FILE or FILE:FUNCTION, as kernel/cap.c:cap_copy")
        if colon and not function:
            raise ValueError(f"{argument} names no function behind the colon")
        if name not in kernel.units:
            raise ValueError(f"{name} defines no function of the kernel; files that do: {' '.join(kernel.units)}")
        found = [f for f in kernel.units[name] if function in ("", f.name)]
        if not found:
            raise ValueError(f"{name} defines no function {function}")
        chosen += [f for f in found if f not in chosen]
    return chosen


def summary(proof, begin):
    every = [goal for report in proof.reports.values() for goal in report["goals"]]
    states = [report["status"] for report in proof.reports.values()]
    if proof.smoke:
        bad = sum(goal["status"] == "contradiction" for goal in every)
        return (f"{len(every)} places looked at, {bad} contradictions; functions: {states.count('clean')} of {len(states)} "
                f"clean, {states.count('assumed')} assumed; {time.monotonic() - begin:.0f} s")
    count = counts(every)
    text = (f"{count['proved']} of {count['goals']} goals proved (qed {count['qed']}, z3 {count['z3']}, "
            f"cvc4 {count['cvc4']}); functions: {states.count('proved')} of {len(states)} proved, "
            f"{states.count('unproved')} unproved, {states.count('assumed')} assumed; {time.monotonic() - begin:.0f} s")
    if "undecided" in states:
        text += (f"\nundecided: {states.count('undecided')} functions: a goal is not recorded, and --replay asks no prover"
                 if not proof.may_ask else
                 f"\nundecided: {states.count('undecided')} functions: this machine is too slow for a goal within "
                 f"{provers.SECONDS:.0f} s (MULLION_PROVER_SECONDS sets another limit)")
    return text


def listed(kernel, units):
    """The functions that proved.txt wants proved, and those of them that are gone."""
    chosen, gone = [], []
    for unit, (_, _, states) in sorted(units.items()):
        here = {f.name: f for f in kernel.units.get(unit, [])}
        for name, state in sorted(states.items()):
            if state in ("proved", "lost"):
                (chosen if name in here else gone).append(here.get(name, f"{unit}:{name}"))
    return chosen, gone


class Run:
    """What the commands share: where things are, what is recorded."""

    def __init__(self, options):
        self.options, self.begin = options, time.monotonic()
        self.root = pathlib.Path(options.root).resolve()
        self.build = self.root / "build" / "proof"
        self.build.mkdir(parents=True, exist_ok=True)
        self.folder = self.root / "tests" / "proof"
        self.keys, self.recorded = record.read(self.folder / RECORD)
        self.units, self.total = status.read_proved(self.folder / PROVED)
        self.borders = read_borders(self.folder / BORDERS)
        self.results = provers.Results({} if options.no_cache else self.keys, self.build / "results.txt",
                                       not options.no_cache and not options.replay)
        self.screen = Screen(options.json)

    def proof(self, root=None, smoke=False, width=None):
        proof = Proof(root or self.root, self.build, self.results, self.borders, self.screen, smoke, not self.options.replay,
                      width)
        # Of goals of smoke nothing is recorded.
        proof.recorded, proof.use_record = {} if smoke else self.recorded, not self.options.no_cache
        return proof

    def tidy(self):
        shutil.rmtree(self.build / f"goals.{os.getpid()}", ignore_errors=True)


def prove(run):
    """All functions, or those that are named: the default."""
    options = run.options
    proof = run.proof(smoke=options.smoke)
    proof.on_unit = lambda unit: run.screen.say(table(proof, unit))
    gone = []
    if options.listed:
        chosen, gone = listed(proof.kernel, run.units)
        wanted = set(choose(proof.kernel, options.files))
        chosen = [f for f in chosen if f in wanted]
    else:
        chosen = choose(proof.kernel, options.files)
    if not options.files:
        gone += [f"{name} has no function that tests/proof/kernel.py finds, so that nothing of it would be proved"
                 for name in proof.kernel.files if name.endswith(".c") and name not in proof.kernel.units]
    proof.run(chosen)
    for (unit, _), report in proof.reports.items():
        if proof.problems.get(unit) and report["status"] == "proved":
            report["status"] = "unproved"   # what it rests on is not in order
    if options.record:
        run.recorded.update(proof.to_record(chosen))
        here = {(f.unit, f.name) for some in proof.kernel.units.values() for f in some}
        record.write(run.folder / RECORD, {at: one for at, one in run.recorded.items() if at in here})
        units, lost = status.merge(run.units, proof.kernel, proof.reports)
        status.write_proved(run.folder / PROVED, units, sum(map(len, proof.kernel.units.values())))
        gone += [f"{name} was proved and is not any more" for name in lost]
    if options.json:
        print(json.dumps(as_json(proof, run.begin), indent=1))
    else:
        print(summary(proof, run.begin))
    for text in gone:
        print(f"mullion: prove: {text}" if " " in str(text) else f"mullion: prove: {text} is listed in {PROVED} and does not "
              "exist any more; ./mullion prove --record brings the list up to date", file=sys.stderr)
    states = [report["status"] for report in proof.reports.values()]
    bad = sum(state not in ("proved", "clean", "assumed") for state in states) + len(gone)
    bad += 0 if options.listed else sum(bool(problems) for problems in proof.problems.values())
    if not options.json:
        print(f"{states.count('proved') + states.count('clean')} passed, {bad} failed")
    return 1 if bad else 0


def judge_mutant(run, base, mutant):
    """(caught, by what). A goal counts if the same goal is proved where the fault is not."""
    proof = run.proof(mutant.folder, width=1)
    proof.first_only, proof.first_goal = True, mutant.what
    proof.steps_for = lambda function, goal: enough(run, function, goal)
    proof.run(mutant.functions)
    proof.pool.end()
    late = []
    for function in mutant.functions:
        before, after = base.get((function.unit, function.name)), proof.reports[function.unit, function.name]
        if before != "proved":
            continue
        if any(text.startswith("not read") for text in after["problems"]):
            return None, "Frama-C cannot read it: " + after["problems"][0]
        broken = [goal["name"] for goal in after["goals"] if goal["status"] == "unproved"]
        if broken or after["problems"]:
            return True, (broken or after["problems"])[0]
        late += [goal["name"] for goal in after["goals"] if goal["status"] != "proved"]
    if late:
        return None, f"{late[0]}: no answer in {provers.SECONDS:.0f} s: this machine is too slow (MULLION_PROVER_SECONDS)"
    return (False, "every goal is proved all the same") if {base.get((f.unit, f.name)) for f in mutant.functions} == {"proved"} \
        else (None, "not proved without the fault either: " + ", ".join(sorted(f.name for f in mutant.functions)))


def enough(run, function, goal):
    """How many steps of the ladder were enough to prove the goal of this name, or each of the function if none has it, as it is
    recorded: then they are enough to say that it is not proved any more, and the longer ones need not be waited for."""
    recorded = run.recorded.get((function.unit, function.name))
    if recorded is None:
        return len(provers.LADDER)
    some = recorded.results(record.name_of(function.name, goal)) or recorded.results()
    for count in provers.ENDS:
        most = dict(provers.LADDER[:count])
        if all(steps <= most[prover] for _, prover, steps in some):
            return count
    return len(provers.LADDER)


def states_without(run, wanted):
    """{(unit, function): status} where no fault is: as proved.txt says it of this very text, the rest by a proof."""
    base = run.proof()
    known = {(f.unit, f.name): f for unit in base.kernel.units.values() for f in unit}
    states = {(unit, name): "proved" for unit, (digest, _, some) in run.units.items()
              if unit in base.kernel.units and digest == base.kernel.unit_hash(unit)
              for name, state in some.items() if state == "proved"} if not run.options.no_cache else {}
    base.run([known[at] for at in sorted(wanted) if at in known and at not in states])
    base.pool.end()
    return {**states, **{at: report["status"] for at, report in base.reports.items()}}


def find_mutants(run):
    """--mutants: a table with what catches each; one that survives is a failure."""
    folder = run.folder / "mutants"
    every = [mutants.Mutant(path, run.root) for path in sorted(folder.glob("*.patch"))]
    for name in run.options.files:
        if not (run.root / name).is_file():
            raise ValueError(f"there is no file {name}")
    some = [mutant for mutant in every if mutants.affected(mutant, run.options.files)]
    if not some:
        raise ValueError("there is no mutant of " + (", ".join(run.options.files) or "the kernel") + " in tests/proof/mutants")
    for mutant in some:
        if not mutant.error and mutant.by == "prove":
            mutant.make(run.root, run.build / "mutants")
    proofs = [mutant for mutant in some if mutant.by == "prove"]
    base = states_without(run, {(f.unit, f.name) for m in proofs if not m.error for f in m.functions})
    tests = mutants.Tests(run.root, run.build / "mutants", some)
    passed = []

    def judge(mutant):
        caught, text = None, mutant.error
        if not mutant.error:
            caught, text = judge_mutant(run, base, mutant) if mutant.by == "prove" else tests.judge(mutant)
        if hasattr(mutant, "folder"):
            mutant.remove()
        if caught:
            passed.append(mutant)
        word = {True: "caught", False: "SURVIVES", None: "error"}[caught]
        run.screen.say(f"{word:8} {mutant.name:40} {mutant.by:6} {text}")

    # Those that boot a machine one after the other, beside the rest: they wait most of their time.
    booting = [mutant for mutant in some if mutant.by == "system"]
    pool = Pool(processors() + bool(booting))
    pool.add((0, 0, ""), lambda: [judge(mutant) for mutant in booting])
    for mutant in some:
        if mutant.by != "system":
            pool.add((1 if mutant.by == "prove" else 2, 0, mutant.name), judge, mutant)
    pool.wait()
    pool.end()
    print(f"{len(passed)} passed, {len(some) - len(passed)} failed")
    return 0 if len(passed) == len(some) and some else 1


def show_status(run):
    """--status: what is proved of the kernel in the image that was built last."""
    machine = run.options.machine or "virt"
    boards = sorted(path.parent.name for path in run.root.glob("platform/*/board.conf"))
    if machine not in boards and not (run.root / "build" / machine).is_dir():
        raise ValueError(f"there is no machine {machine!r}; there are: {' '.join(boards)}")
    built = image.Image(run.root / "build" / machine)
    kernel = Kernel(run.root)
    told = status.report(kernel, run.units, run.borders, built, str(built.path.relative_to(run.root)))
    print(json.dumps(told, indent=1) if run.options.json else status.text(told))
    for problem in told["problems"]:
        print(f"mullion: prove: {problem}", file=sys.stderr)
    return 1 if told["problems"] else 0


def run_eva(run):
    """--eva: the kernel from every entry by another method, each alarm at a goal that is proved."""
    analysis = eva.Analysis(run.root, run.build, run.units, run.borders)
    analysis.run()
    told = analysis.told(versions())
    print(json.dumps(told, indent=1) if run.options.json else eva.text(told))
    for problem in told["problems"]:
        print(f"mullion: prove: {problem}", file=sys.stderr)
    if not run.options.json:
        print(f"{sum(bool(one['by']) for one in told['alarms'] + told['preconditions'])} passed, {len(told['problems'])} failed")
    return 1 if told["problems"] else 0


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./mullion prove", add_help=False, allow_abbrev=False)
    parser.add_argument("files", nargs="*")
    for option in ("json", "record", "no-cache", "replay", "listed", "smoke", "mutants", "status", "eva"):
        parser.add_argument(f"--{option}", action="store_true")
    parser.add_argument("--machine")
    parser.add_argument("--root", default=str(ROOT))
    options = parser.parse_args(arguments)
    if sum((options.smoke, options.mutants, options.status, options.eva)) > 1:
        parser.error("--smoke, --mutants, --status and --eva exclude each other")
    if (options.status or options.eva) and (options.files or options.record or options.listed):
        parser.error("--status and --eva are about the whole kernel, and take no files")
    if options.machine is not None and not options.status:
        parser.error("--machine goes with --status only")
    if options.no_cache and options.replay:
        parser.error("--no-cache and --replay exclude each other")
    if options.mutants and (options.json or options.replay):
        parser.error("--mutants asks the provers and prints a table: without --json and --replay")
    if options.record and (options.smoke or options.mutants or options.listed):
        parser.error("--record goes with a proof of files or of everything only")
    return options


def main(arguments):
    run = Run(parse(arguments))
    options = run.options
    command = show_status if options.status else run_eva if options.eva else find_mutants if options.mutants else prove
    try:
        return command(run)
    finally:
        run.tidy()


def stop(*_):
    raise KeyboardInterrupt


def end_all(process):
    """Ends what a process has started, and what that has."""
    for path in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        try:
            for child in path.read_text(encoding="ascii").split():
                end_all(int(child))
                os.kill(int(child), signal.SIGTERM)
        except OSError:
            pass    # it has ended


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)     # as an interrupt: the provers end, too
    try:
        sys.exit(main(sys.argv[1:]))
    except (ValueError, OSError) as error:
        print(f"mullion: prove: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        end_all(os.getpid())
        sys.stdout.flush()
        os._exit(130)   # at once: the other threads would begin with the next goals
