"""record - tests/proof/recorded.txt: what provers said of the goals of each function, and of which goals.

A function's line has two hashes: of the text that its goals are made from, and of the goals themselves as WP prints them,
together with the lines below. Each line below is a goal, or a part of one, as Z3 reads it: the hash of that, the prover (bare
and near: Z3 with less to read), its steps, and the goal's name and the part's."""
import functools
import hashlib
import re

HEAD = re.compile(r"(\S+) (\w+)(?: ([0-9a-f]{32}) ([0-9a-f]{32}))?")
GOAL = re.compile(r" ([0-9a-f]{32}) (bare|near|z3|cvc4) ([1-9][0-9]*) (\w+)(?: (\w+))?")


def hash_of(text):
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Recorded:
    """What is recorded of a function; `read` and `stamp` are None if it was not proved as a whole."""

    def __init__(self, read=None, stamp=None, lines=()):
        self.read, self.stamp, self.lines = read, stamp, list(lines)

    def stamp_for(self, digest):
        """What `stamp` is if the goals, as WP prints them, have this hash and the lines are those that were written."""
        return hash_of("\n".join([digest, *self.lines]))

    @functools.cached_property
    def entries(self):
        """{(a goal's name as it stands in a line, its part's or ""): (key, prover, steps)}."""
        found = {}
        for line in self.lines:
            key, prover, steps, name, part = GOAL.fullmatch(line).groups(default="")
            found[name, part] = key, prover, int(steps)
        return found

    def results(self, goal=None):
        """(key, prover, steps) of each goal, or of one and its parts."""
        return [result for (name, _), result in self.entries.items() if goal in (None, name)]

    def advice(self, goal, part):
        """Who proved the goal of this name, and with how many steps, whatever it was then; None if none had it."""
        found = self.entries.get((goal, part))
        return found and found[1:]

    def goals(self, function, made):
        """The goals that WP made, with their parts and what Z3 reads of them; None if that is not recorded of each."""
        parts, goals = {}, []
        for (name, label), (key, _, _) in self.entries.items():
            parts.setdefault(f"{function}_{name}", []).append((label, key))
        for goal in made:
            if not goal["by"] and goal["name"] not in parts:
                return None
            goals += [goal] if goal["by"] else [{**goal, "name": goal["name"] + label, "part": label, "key": key}
                                                for label, key in parts[goal["name"]]]
        return goals


def lines_of(function, goals):
    """The lines for the goals of a function that provers proved."""
    return [f" {g['key']} {g['prover']} {g['steps']} {name_of(function, g)} {g['part']}".rstrip()
            for g in goals if g["status"] == "proved" and g["key"]]


def name_of(function, goal):
    """A goal's name as it stands in a line: without the function's and the part's."""
    return goal["name"][len(function) + 1:len(goal["name"]) - len(goal["part"])]


def read(path):
    """({key: (prover, steps)}, {(unit, function): Recorded}). A damaged file is an error."""
    keys, functions, at = {}, {}, None
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line:
            continue
        goal, head = GOAL.fullmatch(line), HEAD.fullmatch(line)
        if goal and at is not None:
            key, prover, steps = goal.group(1, 2, 3)
            if keys.get(key, (prover,))[0] != prover:
                raise ValueError(f"{path}:{number}: one goal with two provers; damaged, or merged by hand: record again")
            keys[key] = prover, int(steps)
            functions[at].lines.append(line)
        elif head:
            at = head.group(1, 2)
            if at in functions:
                raise ValueError(f"{path}:{number}: {line} stands there twice: record again")
            functions[at] = Recorded(*head.group(3, 4))
        else:
            raise ValueError(f"{path}:{number}: neither a function nor a goal with prover, steps and name: {line!r}")
    return keys, functions


def write(path, functions):
    lines = ["# Results of provers, function by function; tests/proof/record.py says what a line is.",
             "# Written by ./mullion prove --record; proofs-notes/README.md says what an entry is worth."]
    for (unit, name), one in sorted(functions.items()):
        if one.lines or one.read:
            lines += [" ".join([unit, name, *([one.read, one.stamp] if one.read else [])]), *one.lines]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
