#!/usr/bin/python3 -B
"""guards - deletes each check of a precondition in kernel/, one at a time, and looks whether a test on the host notices.

    tests/proof/guards.py                 all of them: minutes; exit status 0 only if each is noticed, or listed in guards.txt
    tests/proof/guards.py --list          what it would delete
    tests/proof/guards.py kernel/ipc.c    those of some files; FILE:LINE for one

A check is: an `if` whose branch leaves the function (return, break, the end of boot) or sets an error; each operand of the
`||` or `&&` of its condition; each operand of the `&&` in what a function returns; a choice between success and an error.
"Deleted" means that its branch is never taken. Tried are tests/host/kernel, then the model, then the fuzzer of the host
tests. guards.txt names those that none of them notices: with the goal that breaks, the test that fails, or why nothing can.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

from faults import BuildError, Tree, run
from kernel import code_of, functions_in, in_ghost

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LISTED = HERE / "guards.txt"
STEPS = 200_000
FUZZ = 100_000
OPEN, CLOSE = "([{", ")]}"

Guard = collections.namedtuple("Guard", "file line function text start end new")


def matching(code, at):
    depth = 0
    for position in range(at, len(code)):
        depth += (code[position] in OPEN) - (code[position] in CLOSE)
        if depth == 0:
            return position
    raise ValueError("a bracket that is never closed")


def split(code, start, end, operator):
    """The operands of the operator at the top level of code[start:end], as (start, end)."""
    parts, depth, begin, position = [], 0, start, start
    while position < end:
        depth += (code[position] in OPEN) - (code[position] in CLOSE)
        if depth == 0 and code.startswith(operator, position):
            parts.append((begin, position))
            position += len(operator)
            begin = position
            continue
        position += 1
    return [*parts, (begin, end)]


def trimmed(code, start, end):
    while start < end and code[start].isspace():
        start += 1
    while end > start and code[end - 1].isspace():
        end -= 1
    return start, end


def leaves(branch):
    """Whether a branch refuses something: it leaves the function or the loop at its end, or only sets an error."""
    statements = [s.strip() for s in branch.strip().strip("{}").split(";") if s.strip()]
    last = statements[-1] if statements else ""
    return bool(re.match(r"return\b|break\b|boot_fail\(|boot_refused\(|notify_stop_machine\(", last)) or \
        len(statements) == 1 and bool(re.match(r"status = STATUS_[A-Z_]+$", last))


def conditions(code, start, end, never):
    """What to put where, so that the condition or one of its operands never holds (or always does)."""
    start, end = trimmed(code, start, end)
    word, other = ("0 && ", "||") if never else ("1 || ", "&&")
    yield start, end, f"{word}({{}})"
    parts = split(code, start, end, other)
    for a, b in parts if len(parts) > 1 else []:
        a, b = trimmed(code, a, b)
        yield a, b, f"({word}({{}}))"
    # one level deeper: the operands of `a || (b || c)` and of `a && (b || c)`
    for a, b in split(code, start, end, "||" if other == "&&" else "&&"):
        a, b = trimmed(code, a, b)
        if code[a] == "(" and matching(code, a) == b - 1:
            inner = split(code, a + 1, b - 1, other)
            for c, d in inner if len(inner) > 1 else []:
                c, d = trimmed(code, c, d)
                yield c, d, f"({word}({{}}))"


def guards_of(text, file):
    code = code_of(text)
    for function in functions_in(text, file):
        if in_ghost(text, function.line):
            continue
        lines = code.splitlines(keepends=True)
        start = sum(map(len, lines[:function.line - 1]))
        end = sum(map(len, lines[:function.end]))
        for match in re.finditer(r"\bif \(", code[start:end]):
            opened = start + match.end() - 1
            closed = matching(code, opened)
            body = trimmed(code, closed + 1, end)[0]
            stop = matching(code, body) + 1 if code[body] == "{" else code.index(";", body) + 1
            if leaves(code[body:stop]):
                for a, b, new in conditions(code, opened + 1, closed, True):
                    yield a, b, new, function
        for match in re.finditer(r"\breturn ([^;]*);", code[start:end]):
            a, b = start + match.start(1), start + match.end(1)
            question = split(code, a, b, "?")
            if len(question) > 1:
                rest = code[question[1][0]:b]
                good = re.match(r"\s*(STATUS_OK|place|true|\(?u\d+\)?|0)\b", rest) is not None
                colon = rest.rsplit(":", 1)[-1]
                if good and ("STATUS" in colon or "NONE" in colon or "refuse" in colon):
                    for c, d, new in conditions(code, question[0][0], question[0][1], False):
                        yield c, d, new, function
                elif re.match(r"\s*(STATUS_(?!OK)|cnode_refuse)", rest) and "STATUS_OK" in colon:
                    for c, d, new in conditions(code, question[0][0], question[0][1], True):
                        yield c, d, new, function
            elif "&&" in match.group(1):
                for c, d, new in list(conditions(code, a, b, False))[1:]:
                    yield c, d, new, function


def all_guards():
    found = []
    for path in sorted((ROOT / "kernel").rglob("*.[ch]")):
        file = str(path.relative_to(ROOT))
        text = path.read_text(encoding="utf-8")
        seen = set()
        for start, end, new, function in guards_of(text, file):
            if (start, end) in seen:
                continue
            seen.add((start, end))
            found.append(Guard(file, text.count("\n", 0, start) + 1, function.name, " ".join(text[start:end].split()),
                               start, end, new.format(text[start:end])))
    return found


def listed():
    """guards.txt: {(file, function, text): reason}."""
    found = {}
    for number, line in enumerate(LISTED.read_text(encoding="utf-8").splitlines() if LISTED.exists() else [], 1):
        if not line or line.startswith("#"):
            continue
        part = re.fullmatch(r"(\S+) (\w+): (.*?) -- (.+)", line)
        if not part:
            raise ValueError(f"{LISTED}:{number}: a line is `FILE FUNCTION: CHECK -- what notices it, or why nothing can`")
        found[part.group(1, 2, 3)] = part.group(4)
    return found


def noticed(tree, guard):
    """By what the deletion is noticed, or None."""
    path = tree.folder / guard.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:guard.start] + guard.new + text[guard.end:], encoding="utf-8")
    try:
        wrong = tree.first_failure()
        if wrong:
            return f"host {wrong}"
        good, words = tree.model(STEPS)
        if not good:
            return f"model: {words[:80]}"
        status, _ = run([str(tree.folder / "build/kernel_host"), "--fuzz", str(FUZZ), "1", "8"], tree.folder)
        return None if status == 0 else "host --fuzz"
    except BuildError as error:
        return f"error: {str(error).strip().splitlines()[0]}"
    finally:
        path.write_text(text, encoding="utf-8")


def chosen(guard, wanted):
    return not wanted or guard.file in wanted or f"{guard.file}:{guard.line}" in wanted


def main():
    parser = argparse.ArgumentParser(description="Deletes each check of a precondition and looks whether a test notices.")
    parser.add_argument("files", nargs="*", help="FILE or FILE:LINE; all without")
    parser.add_argument("--list", action="store_true", help="only list the checks")
    options = parser.parse_args()
    known, every = listed(), all_guards()
    some = [guard for guard in every if chosen(guard, options.files)]
    gone = sorted(set(known) - {(g.file, g.function, g.text) for g in every})
    if options.list:
        for guard in some:
            print(f"{guard.file}:{guard.line}: {guard.function}: {guard.text}")
        print(f"{len(some)} checks")
        return 0
    tree = Tree(ROOT, ROOT / "build/proof/mutants/guards", ("kernel/", "tests/host/kernel/"))
    passed = 0
    for guard in some:
        reason = known.get((guard.file, guard.function, guard.text))
        by = noticed(tree, guard) if guard.file.count("/") == 1 else None
        good = by is not None and not by.startswith("error") or by is None and reason is not None
        passed += good
        word = "noticed " if by and good else "listed  " if good else "error   " if by else "SURVIVES"
        print(f"{word} {guard.file}:{guard.line}: {guard.function}: {guard.text} -- {by or reason or 'nothing'}", flush=True)
    for file, function, text in gone:
        print(f"guards.txt: there is no such check any more: {file} {function}: {text}")
    print(f"{passed} passed, {len(some) - passed + len(gone)} failed")
    return 0 if passed == len(some) and not gone else 1


if __name__ == "__main__":
    sys.exit(main())
