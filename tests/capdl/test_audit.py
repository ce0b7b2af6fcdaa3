"""audit - the independent check of system.bin against its .cdl finds every kind of change to either."""
import re
import struct
import subprocess

import pytest

from test_capdl import GOOD, HERE, ROOT, SYSTEMS, build, compiler, images, trees, work  # noqa: F401 (fixtures)

RETYPE, COPY, RESUME, WRITE_REGISTERS, SET_SCHEDULING, BIND, FILL, WINDOW = 0, 1, 5, 7, 10, 32, 33, 34
HEADER = struct.Struct("<QIIQQQQQIIIIIIII")
SIZE, ROOTS, SECTIONS, ROOTS_OFFSET, SECTIONS_OFFSET = 3, 8, 9, 10, 11
OPERATION = struct.Struct("<IIQQQQQ")


@pytest.fixture(scope="session")
def audit(work):  # noqa: F811
    program = work / "audit"
    subprocess.run(["cc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", "-I", str(ROOT / "kernel"), str(ROOT / "capdl" / "audit" / "audit.c"),
                    "-o", str(program)], check=True)
    return program


def run(audit, binary, text):
    done = subprocess.run([str(audit), str(binary), str(text)], capture_output=True, text=True, errors="replace",
                          env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode in (0, 1, 2) and "Sanitizer" not in done.stderr, done.stderr[:2000]
    return done


@pytest.fixture(scope="session")
def everything(compiler, trees, images, work):  # noqa: F811
    """The system that uses each statement of the language, and its text."""
    text = work / "audited.cdl"
    return build(compiler, trees, images, HERE / "good" / "everything.sys", work / "audited.bin", "--cdl", text), text.read_text()


def checksum(data):
    """As platform/boot/checksum.h has it; the field itself must be zero."""
    value = 0xcbf29ce484222325
    for (word,) in struct.iter_unpack("<Q", data):
        value = (value ^ word) * 0x100000001b3 & 0xffffffffffffffff
        value ^= value >> 32
    return value & 0xffffffff


def encode(good, change):
    """The system with its operations behind everything else, after `change` of the list of sections' lists."""
    fields = list(HEADER.unpack_from(good))
    sections = [list(struct.unpack_from("<IIII", good, fields[SECTIONS_OFFSET] + 16 * i)) for i in range(fields[SECTIONS])]
    lists = [[list(OPERATION.unpack_from(good, first + 48 * i)) for i in range(count)] for _, count, first, _ in sections]
    change(lists)
    out = bytearray(good)
    for section, (fields_of, operations) in enumerate(zip(sections, lists)):
        fields_of[1], fields_of[2] = len(operations), len(out)
        struct.pack_into("<IIII", out, fields[SECTIONS_OFFSET] + 16 * section, *fields_of)
        out += b"".join(OPERATION.pack(*o) for o in operations)
    out += bytes(-len(out) % 4096)
    fields[SIZE], fields[2] = len(out), 0
    HEADER.pack_into(out, 0, *fields)
    fields[2] = checksum(out)
    HEADER.pack_into(out, 0, *fields)
    return bytes(out)


@pytest.mark.parametrize("path, board", [(path, "virt") for path in GOOD + SYSTEMS] + [(path, "sifive_u") for path in SYSTEMS],
                         ids=lambda p: getattr(p, "stem", p))
def test_what_the_compiler_makes_is_what_its_text_says(audit, compiler, trees, images, work, path, board):  # noqa: F811
    out, text = work / f"{path.stem}.{board}.bin", work / f"{path.stem}.{board}.cdl"
    build(compiler, trees, images, path, out, "--cdl", text, board=board)
    done = run(audit, out, text)
    assert (done.returncode, done.stderr) == (0, "")


def test_operations_moved_behind_the_rest_are_the_same_program(audit, everything, work):  # noqa: F811
    (work / "moved.bin").write_bytes(encode(everything[0], lambda lists: None))
    done = run(audit, work / "moved.bin", work / "audited.cdl")
    assert (done.returncode, done.stderr) == (0, "")


# Per operation: (operand, other values) that make another state; operands are 1: a0, 2: a2, ... 6: a6.
CHANGES = {
    RETYPE: [(1, [1]), (1, [-1]), (2, [1, -1]), (3, [1]), (4, [1]), (5, [1, 200]), (6, [1, 64])],
    COPY: [(1, [1, -1]), (2, [1, 300]), (3, [1]), (4, [1, -1]), (6, [1, 1 << 33])],
    RESUME: [(1, [1, -1])],
    WRITE_REGISTERS: [(1, [1]), (2, [1, 9]), (3, [8]), (4, [8]), (5, [8]), (6, [8])],
    SET_SCHEDULING: [(1, [1]), (2, [1, 256]), (3, [-1]), (4, [1]), (5, [1, 256, 8 << 8]), (6, [1])],
    BIND: [(1, [1, -1]), (2, [1, 9]), (3, [1]), (4, [1, 32])],
    FILL: [(1, [1]), (2, [8]), (3, [8]), (4, [-8])],
    WINDOW: [(2, [1, -9000, 1 << 31]), (3, [1, 8])],
}
IGNORED = {(RETYPE, 3): (2, 3, 6)}  # the kernel ignores the size of objects that have only one


def spread(items, count):
    return items[:: max(1, len(items) // count)][:count]


@pytest.mark.parametrize("code", CHANGES)
def test_each_operand_of_each_operation_counts(audit, everything, work, code):  # noqa: F811
    found = [(s, i) for s, operations in enumerate(operations_of(everything[0])) for i, o in enumerate(operations) if o[0] == code]
    assert found
    for section, index in spread(found, 6):
        for operand, differences in CHANGES[code]:
            for difference in differences:
                def change(lists):
                    lists[section][index][operand] = lists[section][index][operand] + difference & (
                        0xffffffff if operand == 1 else ~0 & 0xffffffffffffffff)
                old = operations_of(everything[0])[section][index]
                if old[2] in IGNORED.get((code, operand), ()):
                    continue
                (work / "changed.bin").write_bytes(encode(everything[0], change))
                done = run(audit, work / "changed.bin", work / "audited.cdl")
                assert done.returncode == 1 and "audit: " in done.stderr, (section, index, old, operand, difference)


def operations_of(good):
    taken = []
    encode(good, taken.extend)
    return taken


@pytest.mark.parametrize("code", CHANGES)
def test_missing_further_and_swapped_operations_are_found(audit, everything, work, code):  # noqa: F811
    found = [(s, i) for s, operations in enumerate(operations_of(everything[0])) for i, o in enumerate(operations) if o[0] == code]
    for section, index in spread(found, 8):
        for what in ("missing", "twice", "unknown"):
            def change(lists):
                if what == "missing":
                    del lists[section][index]
                elif what == "twice":
                    lists[section].insert(index, list(lists[section][index]))
                else:
                    lists[section][index][0] = 4
            if what == "twice" and code in (RESUME, WRITE_REGISTERS, SET_SCHEDULING):
                continue  # the same again is the same state
            (work / "changed.bin").write_bytes(encode(everything[0], change))
            assert run(audit, work / "changed.bin", work / "audited.cdl").returncode == 1, (what, section, index)


def test_more_rights_less_rights_and_another_badge_are_named(audit, everything, work):  # noqa: F811
    more = 0
    for section, operations in enumerate(operations_of(everything[0])):
        for index, old in spread([x for x in enumerate(operations) if x[1][0] == COPY], 12):
            for mask in (old[5] | 127, old[5] & ~1, old[5] & ~2):
                if mask == old[5]:
                    continue
                def change(lists):
                    lists[section][index][5] = mask
                (work / "changed.bin").write_bytes(encode(everything[0], change))
                done = run(audit, work / "changed.bin", work / "audited.cdl")
                if done.returncode == 1 and mask > old[5]:
                    more += 1
                    assert "would be refused" in done.stderr or \
                        re.search(r"audited.cdl:\d+: expected: cap (\S+) = .* rights \w+ .*\n  found: cap \1 = .* rights \w+ ", done.stderr)
    assert more > 10


def test_difference_names_slot_expected_and_found(audit, everything, work):  # noqa: F811
    lines = everything[1].splitlines()
    number, line = next((n, text) for n, text in enumerate(lines, 1) if re.search(r"^cap \S+ = pure/endpoint rights wcg? badge 0x1 ", text))
    stated = re.sub(r" # .*", "", line)
    (work / "changed.cdl").write_text(everything[1].replace(line, line.replace("badge 0x1 ", "badge 0x7 ")))
    done = run(audit, work / "audited.bin", work / "changed.cdl")
    assert done.returncode == 1
    assert f"changed.cdl:{number}: expected: {stated.replace('badge 0x1', 'badge 0x7')}\n  found: {stated}\n" in done.stderr


# Words that say something which is not in the binary: labels of people, and places of the compiler.
LABELS = {"component": {3, 17, 19, 21}, "window": {1}, "object": {10}, "section": {5}, "bind": {7}, "system": {11, 13, 15, 17}}


def test_each_word_of_the_text_counts(audit, everything, work):  # noqa: F811
    lines = everything[1].splitlines()
    (work / "audited.bin").write_bytes(everything[0])
    for kind in ("cdl", "system", "window", "component", "section", "object", "cap", "thread", "bind", "fill"):
        of_kind = [n for n, line in enumerate(lines) if line.split()[0] == kind]
        for n in spread(of_kind, 4):
            words = lines[n].split(" # ")[0].split(" ")
            for at in range(len(words)):
                if at in LABELS.get(kind, ()):
                    continue
                changed = words[:at] + [other(words[at])] + words[at + 1:]
                (work / "changed.cdl").write_text("\n".join(lines[:n] + [" ".join(changed)] + lines[n + 1:]) + "\n")
                done = run(audit, work / "audited.bin", work / "changed.cdl")
                assert done.returncode == 1, (lines[n], words[at])


def other(word):
    if word.isdigit():
        return str(int(word) + 1)
    if word.startswith("0x"):
        return hex(int(word, 16) + 4096)
    if word.endswith("]"):
        return re.sub(r"\d+\]$", lambda m: f"{int(m[0][:-1]) + 1}]", word)
    return word + "w" if word not in ("rw", "rwx") else "rx"


def test_missing_doubled_and_cut_lines_are_found(audit, everything, work):  # noqa: F811
    lines = everything[1].splitlines()
    for kind in ("cdl", "system", "window", "component", "section", "object", "cap", "thread", "bind", "fill"):
        for n in spread([n for n, line in enumerate(lines) if line.split()[0] == kind], 6):
            for changed in (lines[:n] + lines[n + 1:], lines[:n + 1] + lines[n:], lines[:n] + [lines[n] + " more"] + lines[n + 1:]):
                if kind in ("system", "component") and len(changed) > len(lines):
                    continue  # both lines say the same
                (work / "changed.cdl").write_text("\n".join(changed) + "\n")
                if "#" in lines[n] and changed[n].endswith(" more"):
                    continue  # behind the origin
                assert run(audit, work / "audited.bin", work / "changed.cdl").returncode == 1, (kind, n)
    for text in ("", everything[1][:-10], "fly 1\n", everything[1] + "\n"):
        (work / "changed.cdl").write_text(text)
        assert run(audit, work / "audited.bin", work / "changed.cdl").returncode == 1


def test_damaged_and_cut_files_are_refused(audit, everything, work):  # noqa: F811
    good = everything[0]
    for size in (0, 7, 95, 4096, len(good) // 2, len(good) - 4096, len(good) - 1):
        (work / "cut.bin").write_bytes(good[:size])
        assert run(audit, work / "cut.bin", work / "audited.cdl").returncode == 1
    for offset in range(0, len(good), len(good) // 50):
        bad = bytearray(good)
        bad[offset] ^= 0x10
        (work / "cut.bin").write_bytes(bad)
        done = run(audit, work / "cut.bin", work / "audited.cdl")
        assert done.returncode == 1 and re.search("checksum|no system", done.stderr)


@pytest.mark.parametrize("at", range(0, 96, 4))
def test_header_with_a_right_checksum_is_checked_too(audit, everything, work, at):  # noqa: F811
    bad = bytearray(everything[0])
    struct.pack_into("<I", bad, at, struct.unpack_from("<I", bad, at)[0] + 8)
    struct.pack_into("<I", bad, 12, 0)
    struct.pack_into("<I", bad, 12, checksum(bad))
    (work / "header.bin").write_bytes(bad)
    unread = (12, 72, 80, 84, 88, 92)  # checksum itself, names_size, rom_offset, spare; the kernel takes names to their zero
    done = run(audit, work / "header.bin", work / "audited.cdl")
    assert done.returncode == (0 if at in unread else 1), done.stderr


def test_use(audit, work):  # noqa: F811
    done = subprocess.run([str(audit)], capture_output=True, text=True)
    assert done.returncode == 2 and "audit IMAGE" in done.stderr
    assert subprocess.run([str(audit), "--help"], capture_output=True).returncode == 0
    assert run(audit, work / "missing.bin", work / "audited.cdl").returncode == 1


def test_it_is_small_and_independent():
    text = (ROOT / "capdl" / "audit" / "audit.c").read_text()
    assert re.findall(r'#include "([^"]*)"', text) == ["abi.h"]
    code = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    assert sum(1 for line in code.splitlines() if line.strip()) <= 500
