"""smt - goals as Why3 writes them for provers: what they conclude, split into parts, and with less to read.

A goal's text ends with one assertion: not (for all ... if this and if that then the conclusion)."""
import re

PRODUCT = re.compile(rb"\(\* [a-z]\w* [a-z]")  # of two variables: provers lose themselves in such
DEFINITION = re.compile(rb";; (P_\w+)'def\n\(assert\n.*?\n\n", re.S)
# What Why3 says of bits and of quotients; it costs most provers' steps where none is needed.
AXIOM = re.compile(rb";; (?:\w*extraction\w*|bit_\w+|l(?:and|or|xor|sl|sr|not)\w*|is_.int\d+_l\w+|\w*(?:[Dd]iv|[Mm]od)_?\w*|"
                   rb"(?:cmod|cdiv|c)_\w+|CompatOrderMult)\n\(assert\n.*?\n\n", re.S)
RECKONS = re.compile(rb"\((?:lsl|lsr|land|lor|lxor|lnot|div|mod|cdiv|cmod|\* [a-z]\w* [a-z])")
MEMBER = re.compile(rb"\s*(\)|[^\s()]+|\()")


class Goal:
    """The brackets of a goal's last assertion, and where its conclusion stands."""

    def __init__(self, text):
        self.text, begin = text, text.rindex(b"(assert")
        opened, self.other = [], {}     # where a bracket's partner is
        for bracket in re.finditer(rb"[()]", text[begin:]):
            at = begin + bracket.start()
            if bracket.group() == b"(":
                opened.append(at)
            elif opened:
                self.other[at] = opened.pop()
                self.other[self.other[at]] = at
        self.conclusion, allowed = self.last(begin), (b"not",)
        while self.conclusion is not None and self.head(self.conclusion) in allowed:
            self.conclusion, allowed = self.last(self.conclusion), (b"forall", b"let", b"=>")

    def head(self, at):
        return re.match(rb"\(\s*([^\s()]*)", self.text[at:at + 200]).group(1)

    def last(self, at):
        """Where the last member of a list begins, if that is a list."""
        end = self.other[at] - 1
        while self.text[end:end + 1].isspace():
            end -= 1
        return self.other.get(end)

    def members(self, at):
        """Where the members of a conjunction begin; None for one that is no list."""
        place = self.text.index(b"and", at) + 3
        while (token := MEMBER.match(self.text, place)).group(1) != b")":
            start = token.start(1)
            is_list = token.group(1) == b"("
            place = self.other[start] + 1 if is_list else token.end()
            yield start if is_list else None

    def parts(self, at):
        """[(text, where the part itself begins)] of a conclusion that begins there: each member of a conjunction, and of one
        that follows from something each with what it follows from."""
        here = self.text[at:self.other[at] + 1]
        if self.head(at) == b"and" and None not in (members := list(self.members(at))):
            return [part for one in members for part in self.parts(one)]
        inner = self.last(at) if self.head(at) in (b"forall", b"let", b"=>") else None
        if inner is None:
            return [(here, at)]
        before, behind = self.text[at:inner], self.text[self.other[inner] + 1:self.other[at] + 1]
        return [(before + text + behind, place) for text, place in self.parts(inner)]


def parts_of(text):
    """What a goal concludes, part by part if it is a conjunction: {label: the goal with this part as its conclusion}. From
    what is assumed follow all parts together exactly if each follows. Making a goal is dear, so contracts say in one clause
    what belongs together; proving is cheap only part by part."""
    goal = Goal(text)
    found = goal.parts(goal.conclusion) if goal.conclusion is not None else []
    if len(found) < 2:
        return {"": text}
    parts, before, behind = {}, text[:goal.conclusion], text[goal.other[goal.conclusion] + 1:]
    for number, (one, place) in enumerate(found, 1):
        name = re.fullmatch(rb"P_(\w+)", goal.head(place))
        label = "_" + (name.group(1).decode() if name else f"part{number}")
        parts[label if label not in parts else f"{label}_{number}"] = before + one + behind
    return parts


def named_in(text):
    """The predicates that the conclusion of a goal names."""
    goal = Goal(text)
    return set() if goal.conclusion is None else \
        set(re.findall(rb"P_\w+", text[goal.conclusion:goal.other[goal.conclusion]]))


def without_definitions(text, wanted, multiply=True):
    """The goal without the definitions of predicates that quantify (or multiply), but for those that are wanted: to the prover
    the others are names without a meaning. Whoever proves this has proved the goal, from less."""
    def plain(definition):
        return definition.count(b"(forall") < 2 and (multiply or not PRODUCT.search(definition))
    return DEFINITION.sub(lambda m: m.group() if plain(m.group()) or wanted(m.group(1)) else b"", text)


def without_reckoning(text):
    """The goal without what Why3 says of bits and quotients, unless the conclusion speaks of them."""
    return text if RECKONS.search(text, Goal(text).conclusion or 0) else AXIOM.sub(b"", text)


def bare(text):
    """With what the conclusion names, and with nothing about bits and quotients unless it speaks of them. Most of the time it
    is what was there before, or what a function that was called promises, in the same words."""
    return without_definitions(without_reckoning(text), named_in(text).__contains__, multiply=False)


def near(text):
    """With what the conclusion names, what that is made of, and all that is made of the same: the frames of one field, say,
    for a goal about it."""
    definitions = {m.group(1): set(re.findall(rb"P_\w+", m.group())) for m in DEFINITION.finditer(text)}
    named, waiting = set(), list(named_in(text))
    while waiting:
        one = waiting.pop()
        if one not in named:
            named.add(one)
            waiting += definitions.get(one, ())
    return without_definitions(without_reckoning(text), lambda name: definitions[name] & named)
