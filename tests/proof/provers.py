"""provers - which prover says what of a goal, within a number of steps.

Steps and not seconds decide: Z3 counts them as rlimit, CVC4 as resource units, and both count the same on every
machine and under every load. The clock is a safety net only: a goal that meets it is `undecided`, never `unproved`.
"""
import hashlib
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time

from smt import bare, near

SECONDS = float(os.environ.get("MULLION_PROVER_SECONDS", 300))
# In this order: what is cheap first, then each prover for as long as it is likely to help, since what a prover has not proved
# early it mostly does not prove at all. `bare` and `near` are Z3 with less to read.
LADDER = [("bare", 600_000), ("near", 1_000_000), ("z3", 1_000_000), ("cvc4", 300_000), ("near", 2_000_000), ("z3", 2_000_000),
          ("near", 6_000_000), ("z3", 6_000_000), ("cvc4", 900_000), ("near", 20_000_000), ("z3", 30_000_000)]
ENDS = 4, 6, 9  # of parts in which the provers have had their turn
if os.environ.get("MULLION_PROVER_SHORT"):   # for tests with goals that are false
    LADDER = LADDER[:ENDS[0]]
LESS = {"bare": bare, "near": near}
# Half of what nearly every goal is proved with: of some two thousand places that are no contradiction each uses all of it.
SMOKE = [("z3", 1_000_000)]
TEXT_OF = {"z3": "Z3_4_8_12", "cvc4": "CVC4_1_8"}
VERSIONS = {"z3": "4.8.12", "cvc4": "1.8"}
MEMORY_KIB = 4_000_000


def tool_of(prover):
    """The program behind a step of the ladder."""
    return "z3" if prover in LESS else prover


def command(prover, limit, path):
    """As Why3 1.5.1 calls them when there is a limit of steps (provers-detection-data.conf), but with Z3's older
    solver of arithmetic: the newer one spends minutes on products in false goals without counting a step."""
    if prover == "z3":
        return ["z3", "-smt2", "sat.random_seed=42", "nlsat.randomize=false", "smt.random_seed=42",
                "smt.arith.solver=2", "-st", f"rlimit={limit}", path]
    return ["cvc4", "--stats", f"--rlimit={limit}", "--lang=smt2", path]


STEPS = {"z3": re.compile(r":rlimit-count\s+(\d+)"), "cvc4": re.compile(r"resourceUnitsUsed, (\d+)")}


def key_of(text):
    """The name of a goal: a hash over everything that Z3 reads of it, whoever proves it; another goal reads otherwise."""
    return hashlib.sha256(text).hexdigest()[:32]


def ask(prover, limit, text):
    """(verdict, steps, seconds): valid, open (the steps are used up), stuck (more would not help) or undecided."""
    with tempfile.NamedTemporaryFile(suffix=".smt2") as file:
        file.write(text.split(b"\n", 1)[1])  # the first line is a comment of WP that names the prover
        file.flush()
        begin = time.monotonic()
        try:
            done = subprocess.run(["sh", "-c", f"ulimit -v {MEMORY_KIB}; exec \"$@\"", "-",
                                   *command(prover, limit, file.name)], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, errors="replace", timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return "undecided", 0, SECONDS
    seconds = time.monotonic() - begin
    found = STEPS[prover].search(done.stdout + done.stderr)
    steps = int(found.group(1)) if found else 0
    answer = done.stdout.split("\n", 1)[0].strip()
    if answer == "unsat" and 0 < steps <= limit:
        return "valid", steps, seconds
    if answer in ("unknown", "unsat", "timeout") and steps >= limit:
        return "open", steps, seconds
    return "stuck", steps, seconds


class Results:
    """What is known of goals: the tracked record (valid ones), and what this checkout has found out since."""

    def __init__(self, record, local, use):
        self.record = record    # {key: (prover, steps)}
        self.local_path = local
        self.use = use
        self.local = {}         # {(key, prover): (verdict, steps, limit)}
        self.lock = threading.Lock()
        if use and local.exists():
            for line in local.read_text(encoding="ascii", errors="replace").splitlines():
                part = line.split()
                if len(part) == 5 and part[3].isdigit() and part[4].isdigit():
                    self.keep(part[0], part[1], part[2], int(part[3]), int(part[4]))

    def keep(self, key, prover, verdict, steps, limit):
        old = self.local.get((key, prover))
        if old is None or old[0] == "open" and (verdict != "open" or limit > old[2]):
            self.local[key, prover] = verdict, steps, limit

    def add(self, key, prover, verdict, steps, limit):
        if verdict == "undecided":
            return
        with self.lock:
            self.keep(key, prover, verdict, steps, limit)
            if self.use:
                with self.local_path.open("a", encoding="ascii") as file:
                    file.write(f"{key} {prover} {verdict} {steps} {limit}\n")

    def known(self, key, prover, limit):
        """(verdict, steps) if no prover need be asked."""
        if key in self.record and self.record[key][0] == prover and self.record[key][1] <= limit:
            return "valid", self.record[key][1]
        found = self.local.get((key, prover))
        if found is None:
            return None
        verdict, steps, tried = found
        if verdict == "valid" and steps <= limit or verdict == "stuck" or verdict == "open" and tried >= limit:
            return verdict, steps
        return None


def lookup(key, results, ladder):
    """The prover, as the ladder has it, and its steps that are known to prove the goal, or None."""
    most = {}
    for prover, limit in ladder:
        most[prover] = max(limit, most.get(prover, 0))
    for prover, _ in ladder:
        answer = results.known(key, prover, most[prover]) if key else None
        if answer and answer[0] == "valid":
            return prover, answer[1]
    return None


def advised(ladder, advice):
    """The ladder with that step first which was enough by `advice`, a prover and steps: it decides nothing but who is asked
    when."""
    if advice is not None:
        for step in ladder:
            if step[0] == advice[0] and advice[1] <= step[1]:
                return [step, *(other for other in ladder if other != step)]
    return ladder


def prove(key, text_for, results, ladder, may_ask=True, advice=None):
    """Goes up the ladder; `text_for` says how the goal reads for a prover, when one is asked.
    {status: proved, unproved or undecided, prover (as the ladder has it), steps, seconds, tried}."""
    found = lookup(key, results, ladder)
    if found:
        return {"status": "proved", "prover": found[0], "steps": found[1], "seconds": 0.0, "tried": []}
    tried, stuck, seconds, undecided = [], set(), 0.0, not may_ask
    for prover, limit in advised(ladder, advice):
        if prover in stuck:
            continue
        answer = results.known(key, prover, limit)
        if answer is None and may_ask:
            text = text_for(tool_of(prover))
            if text is None:
                tried.append(f"{prover}: WP gave no text for it")
                stuck.add(prover)
                continue
            verdict, steps, spent = ask(tool_of(prover), limit, LESS[prover](text) if prover in LESS else text)
            seconds += spent
            results.add(key, prover, verdict, steps, limit)
            answer = verdict, steps
        if answer is None:
            continue
        verdict, steps = answer
        if verdict == "valid":
            return {"status": "proved", "prover": prover, "steps": steps, "seconds": seconds, "tried": tried}
        undecided = undecided or verdict == "undecided"
        if verdict in ("stuck", "undecided"):
            stuck.add(prover)
        if prover in LESS and verdict != "undecided":
            continue
        tried.append(f"{prover}: {verdict} after {steps} steps" if verdict != "undecided" else
                     f"{prover}: no answer in {SECONDS:.0f} s")
    return {"status": "undecided" if undecided else "unproved", "prover": None, "steps": 0, "seconds": seconds,
            "tried": tried}


def text_of(folder, name, prover):
    """The goal's text as a prover gets it; None if WP wrote none."""
    path = pathlib.Path(folder) / f"{name}_Why3_{TEXT_OF[prover]}.why"
    return path.read_bytes() if path.exists() else None
