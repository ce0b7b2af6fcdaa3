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
            if at in units:
                raise ValueError(f"{path}:{number}: {at} stands there twice; ./mullion prove --record writes this file")
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


STATES = ("proved", "assumed", "open", "changed since recorded", "not recorded")


def state_of(kernel, units, borders, function):
    """(state, what is to say of it). A function is `proved` only if its unit's text is the one that was recorded."""
    if ("function", function.name) in borders:
        return "assumed", borders["function", function.name]
    digest, _, states = units.get(function.unit, (None, [], {}))
    state = states.get(function.name)
    if state in (None, "assumed"):
        return "not recorded", ""
    if digest != kernel.unit_hash(function.unit):
        return "changed since recorded", f"was {'proved' if state == 'proved' else 'open'}"
    if state != "proved":
        return "open", "was proved before" if state == "lost" else ""
    hypothesis = borders.get(("hypothesis", function.name))
    return "proved", f"on the hypothesis: {hypothesis}" if hypothesis else ""


def summary(kernel, units, borders):
    """The line of the banner, as cmake/proved.awk makes it."""
    states = [state_of(kernel, units, borders, f) for f in kernel.compiled()]
    count = {state: sum(one == state for one, _ in states) for state in STATES}
    changed = states.count(("changed since recorded", "was proved"))
    return (f"mullion: proof: {count['proved']} of {len(states)} functions proved, {count['assumed']} assumed,"
            f"{f' {changed} changed since recorded,' if changed else ''} kernel {kernel.source_hash()[:12]}")


def report(kernel, units, borders, image, name):
    """Everything that `--status` says, as it stands in the JSON."""
    files, problems = [], []
    for unit in sorted(kernel.units):
        functions = []
        for function in kernel.units[unit]:
            state, why = state_of(kernel, units, borders, function)
            place = "ghost" if kernel.is_ghost(function) else image.place_of(function.name)
            functions.append({"name": function.name, "line": function.line, "status": state, "reason": why, "image": place})
        files.append({"file": unit, "recorded": unit in units, "fits": unit in units and units[unit][0] == kernel.unit_hash(unit),
                      "functions": functions})
    assembly = [{"file": file, "name": label, "line": line} for file, labels in sorted(kernel.labels().items())
                for label, line in labels if label in image.symbols]
    known = {f["name"] for one in files for f in one["functions"] if f["image"] != "ghost"}
    known |= {one["name"] for one in assembly} | kernel.linker_symbols()
    here = kernel.source_hash()
    if image.hash is None:
        problems.append(f"{name} does not say of which sources its kernel is: ./mullion build makes one that does")
    elif image.hash != here:
        problems.append(f"the kernel in {name} was built from other sources ({image.hash[:12]} there, {here[:12]} here): "
                        "./mullion build makes it anew")
    elif not image.is_elf:
        problems.append(f"the kernel in {name} is not the kernel.elf beside it: ./mullion build makes both anew")
    else:
        problems += [f"the kernel in {name} has a function {symbol} that none of its sources defines"
                     for symbol in image.symbols if symbol not in known]
    every = [f for one in files for f in one["functions"] if f["image"] != "ghost"]
    return {"schema": 1, "image": name, "image_sha256": image.hash, "kernel_sha256": here, "says": image.summary,
            "up_to_date": image.summary == summary(kernel, units, borders),
            "totals": {"functions": len(every), **{state: sum(f["status"] == state for f in every) for state in STATES},
                       "assembly": len(assembly)},
            "files": files, "assembly": assembly, "problems": problems}


def text(told):
    """The same for people."""
    lines = []
    for file in told["files"]:
        lines.append(file["file"] + ("" if file["fits"] else ": changed since recorded" if file["recorded"] else ": not recorded"))
        for f in file["functions"]:
            place = {"symbol": "", "inlined": "inlined", "folded": "folded", "absent": "not in the image", "ghost": "ghost"}[f["image"]]
            lines.append(f"  {f['name']:32} {f['status']:23} {place:17} {f['reason']}".rstrip())
    for one in told["assembly"]:
        if not lines or file != one["file"]:
            file = one["file"]
            lines.append(file)
        lines.append(f"  {one['name']:32} assembly")
    totals = told["totals"]
    lines.append(f"{totals['functions']} functions of C: " + ", ".join(f"{totals[state]} {state}" for state in STATES) +
                 f"; {totals['assembly']} of assembly")
    lines.append(f"sources of the kernel: {told['kernel_sha256']}")
    lines.append(f"the kernel in {told['image']} is of: {told['image_sha256'] or 'it does not say'}")
    if told["says"]:
        lines.append(f"it says: {told['says']}")
        if not told["up_to_date"] and not told["problems"]:
            lines.append("which is older than tests/proof/proved.txt or borders.txt: ./mullion build brings it up to date")
    return "\n".join(lines)
