"""kernel - the kernel's sources as the proof sees them: units, functions, borders, hashes.

A unit is a file that defines functions, each of which is proved once, with the unit that holds its text: those of a
header with the header alone, not again with every file that includes it.
"""
import collections
import functools
import hashlib
import os
import pathlib
import re

# `line` has its name, `first` begins its contract, `end` has the brace that closes it.
Function = collections.namedtuple("Function", "name unit line end first")

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
ANNOTATION = re.compile(r"/\*@.*?\*/|//@[^\n]*", re.S)
ATTRIBUTE = re.compile(r"__attribute__\(\(.*?\)\)")
GHOST = re.compile(r"/\*@\s*ghost\b(.*?)\*/", re.S)
# A local variable that begins without a value: `u32 n;`, `u8 digits[20];`, `struct x y;`, `u32 n, m = 1;`.
WITHOUT_VALUE = re.compile(r"^[ \t]+(?:(?:const|volatile|register|unsigned|signed)\s+)*(?:struct\s+\w+|enum\s+\w+|u8|u16|u32|u64|"
                           r"bool|int|long|short|char|unsigned|signed)\b(?:[^=;(){}]*;|[^=;(){}]*,[^;(){}]*=[^;{}]*;|"
                           r"[^;{}]*,\s*\*?\w+\s*(?:\[[^;]*\])?;)", re.M)
WORDS = r"(?:(?!(?:if|else|for|while|switch|return|do|case)\b)[A-Za-z_]\w*[ \t*]+)+"
CLAUSE = re.compile(r"\b(?:requires|ensures|assigns)\b")
# A declaration with a contract above it, in a source or as Frama-C prints it.
DECLARATION = re.compile(r"(?:\*/|@/)[ \t]*\n?\s*(?:\w+[ \t*]+)+?(\w+)\([^;{}]*\)\s*(?:__attribute__\(\(.*?\)\)\s*)?;")
DEFINITION = re.compile(rf"^[ \t]*{WORDS}(\w+)\(([^;{{}}]*?)\)\s*\{{", re.M)


def blank(match):
    """A piece of text without its contents, so that positions and lines stay."""
    return re.sub(r"[^\n]", " ", match.group())


@functools.lru_cache(64)
def code_of(text):
    """The text as the compiler reads it, ghost code included: no comments, strings, attributes."""
    text = GHOST.sub(lambda m: "  " + m.group(0)[2:-2].replace("@", " ", 1).replace("ghost", "     ", 1) + "  ", text)
    return ATTRIBUTE.sub(blank, COMMENT.sub(blank, text))


def in_ghost(text, line):
    """Whether a line is ghost code of several lines, which no compiler sees."""
    return any(text.count("\n", 0, m.start()) < line - 1 <= text.count("\n", 0, m.end()) for m in GHOST.finditer(text))


def without_comments(text):
    """The text with its annotations and without what only readers see."""
    return COMMENT.sub(lambda m: blank(m) if m.group().startswith(("/*", "//")) and not ANNOTATION.match(m.group())
                       else m.group(), text)


def annotations_of(text):
    """(line, text) of each annotation, without the comments inside it."""
    for match in ANNOTATION.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, re.sub(r"//(?!@)[^\n]*", blank, match.group())


def closing(text, at):
    """Where the block that opens at `at` ends."""
    depth = 0
    for position in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text) - 1


def functions_in(text, unit):
    """The functions that a text defines, in its order."""
    code, found, at, first = code_of(text), [], 0, 1
    while (match := DEFINITION.search(code, at)) is not None:
        end = closing(code, match.end() - 1)
        lines = code.count("\n", 0, match.start(1)) + 1, code.count("\n", 0, end) + 1
        found.append(Function(match.group(1), unit, *lines, first))
        at, first = end, lines[1] + 1
    return found


class Kernel:
    """The sources below `root`/kernel. Paths are given as text, relative to the root."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(str(p.relative_to(self.root)) for p in (self.root / "kernel").rglob("*")
                            if p.suffix in (".c", ".h", ".S", ".ld"))
        self.texts = {name: (self.root / name).read_text(encoding="utf-8") for name in self.files}
        self.bodies_of = {}     # what bodies() found out
        self.declared_in = {}   # and declared()
        self.units = {}
        for name in self.files:
            found = functions_in(self.texts[name], name) if name.endswith((".c", ".h")) else []
            if found:
                self.units[name] = found
        self.owner = {f.name: f for found in self.units.values() for f in found if not self.is_static(f)}
        self.clauses = {}       # what clauses_of() counted

    def is_static(self, function):
        """A static function of a .c file: its name counts there only."""
        line = self.texts[function.unit].splitlines()[function.line - 1]
        return function.unit.endswith(".c") and line.lstrip().startswith("static")

    def body_of(self, function):
        """The lines of a function as the compiler reads them."""
        return "\n".join(code_of(self.texts[function.unit]).splitlines()[function.line - 1:function.end])

    def is_ghost(self, function):
        """A function of the proof alone, which no compiler sees."""
        return self.in_ghost(function.unit, function.line)

    def in_ghost(self, name, line):
        """Whether a line of a file is ghost code of several lines."""
        return in_ghost(self.texts[name], line)

    def compiled(self):
        """The functions that the compiler sees."""
        return [f for some in self.units.values() for f in some if not self.is_ghost(f)]

    def labels(self):
        """{file: [(label, line)]} of the assembly files, in their order; numbered labels are places, not symbols."""
        return {name: [(m.group(1), self.texts[name].count("\n", 0, m.start()) + 1)
                       for m in re.finditer(r"^([A-Za-z_]\w*):", self.texts[name], re.M)]
                for name in self.files if name.endswith(".S")}

    def linker_symbols(self):
        """What the linker scripts define."""
        return {m.group(1) for name in self.files if name.endswith(".ld")
                for m in re.finditer(r"^\s*([A-Za-z_]\w*)\s*=", self.texts[name], re.M)}

    def may_read_uninitialized(self, function):
        """Whether it has a local variable without a value at first; everything else that it can read has one."""
        return bool(WITHOUT_VALUE.search(self.body_of(function)))

    def clauses_of(self, function):
        """How many clauses the function's contract has."""
        if function not in self.clauses:
            lines = self.texts[function.unit].splitlines()[function.first - 1:function.line]
            self.clauses[function] = len(CLAUSE.findall("\n".join(lines)))
        return self.clauses[function]

    def clauses_called(self, function):
        """How many clauses stand in the contracts of what a function calls, those of each call counted."""
        near = {**self.owner, **{f.name: f for f in self.units[function.unit]}}
        called = re.findall(r"\b(\w+)\(", self.body_of(function))
        return sum(self.clauses_of(near[name]) for name in called if name in near and name != function.name)

    def includes(self, name):
        """The file and all kernel headers that it reads, sorted."""
        found, waiting = set(), [name]
        while waiting:
            one = waiting.pop()
            if one not in self.texts or one in found:
                continue
            found.add(one)
            waiting += [path for _, path in self.included(one)]
        return sorted(found)

    def included(self, name):
        """(what follows the #include, the file below the root; "" if it is not named in quotes) of each in a file."""
        for line in re.findall(r"^\s*#\s*include\b(.*)", self.texts[name], re.M):
            header = re.match(r'\s*"([^"]+)"', line)
            yield line.strip(), header and os.path.relpath(((self.root / name).parent / header.group(1)).resolve(),
                                                           self.root.resolve()) or ""

    def bodies(self, name):
        """(the text of a file without comments, [(line, begin, end) of the body of each function that is no ghost])."""
        if name not in self.bodies_of:
            code = code_of(self.texts[name])
            found = [(code.count("\n", 0, m.start(1)) + 1, m.end(), closing(code, m.end() - 1)) for m in DEFINITION.finditer(code)]
            self.bodies_of[name] = without_comments(self.texts[name]), [one for one in found if not self.in_ghost(name, one[0])]
        return self.bodies_of[name]

    def declared(self, name):
        """The functions that a file declares with a contract."""
        if name not in self.declared_in:
            text = without_comments(self.texts[name])
            self.declared_in[name] = {m.group(1) for m in DECLARATION.finditer(text)
                                      if CLAUSE.search(text[text.rfind("/*@", 0, m.start()):m.start()])}
        return self.declared_in[name]

    def strange_includes(self, name):
        """What a file includes that is no header of the kernel: the proof would read what nobody looks at."""
        return [line for line, path in self.included(name) if not path.endswith(".h") or path not in self.texts]

    def read_for(self, function):
        """All that the goals of a function are made from: its unit and the headers, without the bodies of other functions,
        of which WP takes the contracts. Where a line stands makes no goal another."""
        parts = []
        for name in self.includes(function.unit):
            text, bodies = self.bodies(name)
            for line, begin, end in reversed(bodies):
                if (name, line) != (function.unit, function.line):
                    # what a body defines for the preprocessor counts behind it, too
                    text = text[:begin] + re.sub(r"^(?![ \t]*#)[^\n]*", "", text[begin:end], flags=re.M) + text[end:]
            parts.append(f"{name}\n{text}")
        return re.sub(r"(?<!\\)[ \t]*\n\s*\n", "\n", "\n".join(parts))

    def hash_of(self, names):
        """One hash over files: SHA-256 of their lines `hash  path`, as sha256sum prints them (cmake/proved.sh)."""
        lines = "".join(f"{hashlib.sha256((self.root / n).read_bytes()).hexdigest()}  {n}\n" for n in sorted(names))
        return hashlib.sha256(lines.encode()).hexdigest()

    def source_hash(self):
        return self.hash_of(self.files)

    def unit_hash(self, unit):
        return self.hash_of(self.includes(unit))


def read_borders(path):
    """borders.txt: what the proof takes as it stands. {(kind, name): reason}, kind `function` or `hypothesis`; or `alarm`, with
    the function and the kind of alarm as its name."""
    borders = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        part = line.split(None, 2)
        if len(part) == 3 and part[0] == "alarm" and " " in part[2]:
            kind, part[2] = part[2].split(None, 1)
            part[1] += " " + kind
        elif len(part) < 3 or part[0] not in ("function", "hypothesis"):
            raise ValueError(f"{path}:{number}: a line is `function NAME REASON`, `hypothesis NAME REASON` or `alarm NAME KIND REASON`")
        borders[part[0], part[1]] = part[2]
    return borders
