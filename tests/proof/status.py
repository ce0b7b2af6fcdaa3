"""status - proved.txt: what is proved, function by function, and of which text."""
import re


def read_proved(path):
    """proved.txt: {unit: (hash, [files], {function: state})} and the number of functions that the kernel had."""
    units, at, total = {}, None, 0
    if not path.exists():
        return units, total
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
        part = line.split()
        if not part or line.startswith("#"):
            continue
        if part[0] == "functions" and len(part) == 2 and part[1].isdigit():
            total = int(part[1])
        elif line.startswith(" ") and at and len(part) == 2 and part[1] in ("proved", "unproved", "assumed", "lost"):
            units[at][2][part[0]] = part[1]
        elif len(part) >= 3 and part[0] == "unit" and re.fullmatch(r"[0-9a-f]{64}", part[2]):
            at = part[1]
            units[at] = part[2], part[3:], {}
        else:
            raise ValueError(f"{path}:{number}: not a line of this file: {line!r}; ./mullion prove --record writes it")
    return units, total


def write_proved(path, units, total):
    lines = ["# What is proved, function by function, for the text of the files named behind each unit (hash over them).",
             "# A function that is `proved` must stay so. Written by ./mullion prove --record.", f"functions {total}"]
    for unit in sorted(units):
        digest, files, states = units[unit]
        lines.append(f"unit {unit} {digest} {' '.join(files)}")
        lines += [f" {name} {states[name]}" for name in sorted(states)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def merge(units, kernel, reports):
    """Puts a run's outcome into what proved.txt said. Answers (what is there now, functions that were proved before)."""
    lost = []
    for unit in {unit for unit, _ in reports}:
        old = units.get(unit, (None, [], {}))
        digest = kernel.unit_hash(unit)
        here = {f.name for f in kernel.units[unit]}
        ran = {name for one, name in reports if one == unit}
        if old[0] != digest and ran != here:
            raise ValueError(f"{unit} changed since it was recorded: record the whole file, not one function")
        states = {name: state for name, state in old[2].items() if name in here}
        for name in ran:
            state = reports[unit, name]["status"]
            if state not in ("proved", "assumed"):
                state = "lost" if states.get(name) in ("proved", "lost") else "unproved"
            if state == "lost":
                lost.append(f"{unit}:{name}")
            states[name] = state
        units[unit] = digest, kernel.includes(unit), states
    for unit in [unit for unit in units if unit not in kernel.units]:
        lost += [f"{unit}:{name}" for name, state in units[unit][2].items() if state in ("proved", "lost")]
    return units, sorted(lost)
