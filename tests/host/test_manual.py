"""test_manual - the kernel's manual against abi.h: its examples compile, its names are complete, its numbers right."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "kernel" / "README.md").read_text(encoding="utf-8")
ABI = re.sub(r"/\*.*?\*/", "", (ROOT / "kernel" / "abi.h").read_text(encoding="utf-8"), flags=re.S)
FLAGS = ["-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-mcmodel=medany", "-ffreestanding", "-std=c17", "-Wall", "-Wextra",
         "-Werror", "-fsyntax-only", "-x", "c", "-"]
PRELUDE = '#include "userland/runtime/syscall.h"\n'

EXAMPLES = [(MANUAL.count("\n", 0, match.start()) + 2, match.group(1))
            for match in re.finditer(r"^```c\n(.*?)^```$", MANUAL, re.S | re.M)]
ENUMS = {name: re.findall(r"\b([A-Z][A-Z0-9_]+)\b\s*(?==|,|$)", body, re.M)
         for name, body in re.findall(r"enum (\w+) \{(.*?)\};", ABI, re.S)}
STRUCTS = re.findall(r"^struct (\w+) \{", ABI, re.M)
DEFINES = re.findall(r"^#define (\w+)", ABI, re.M)


def compile_c(source):
    done = subprocess.run(["riscv64-unknown-elf-gcc", *FLAGS], cwd=ROOT, input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def mentioned(name):
    return re.search(rf"\b{name}\b", MANUAL) is not None


def test_there_are_examples_for_every_part():
    assert len(EXAMPLES) >= 10
    assert all(len(names) > 1 for names in ENUMS.values()), ENUMS


@pytest.mark.parametrize("line,source", EXAMPLES, ids=[f"line{line}" for line, _ in EXAMPLES])
def test_example_compiles_against_the_interface(line, source):
    compile_c(f'{PRELUDE}#line {line} "kernel/README.md"\n{source}')


@pytest.mark.parametrize("name", ["status", "syscall", "operation", "cap_type", "inspect", "binding", "thread_state", "object_type",
                                  "thread_slot", "memory_kind", "boot_error"])
def test_every_enumerator_is_in_the_manual(name):
    missing = [value for value in ENUMS[name] if not mentioned(value)]
    assert not missing, f"enum {name}: not in kernel/README.md: {', '.join(missing)}"


def test_every_right_constant_and_record_is_in_the_manual():
    """Constants and records of the interface; FNV and spare fields have no names to look for."""
    missing = [name for name in DEFINES + STRUCTS if not mentioned(name)]
    assert not missing, f"not in kernel/README.md: {', '.join(missing)}"


def test_the_numbers_in_the_tables_are_those_of_the_interface():
    """Each table row that starts with a name and a number, and each name with a number in brackets or behind it."""
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| (0x[0-9a-f]+|\d+) \|", MANUAL, re.M)
    rows += re.findall(r"`([A-Z][A-Z0-9_]+)` \((\d+)[):]", MANUAL)
    rows += re.findall(r"^\| `([A-Z][A-Z0-9_]+)` (\d+) \|", MANUAL, re.M)
    rows += [(name, value) for value, name in re.findall(r"\b(\d+) \(`([A-Z][A-Z0-9_]+)`\)", MANUAL)]
    assert len(rows) > 60
    compile_c(PRELUDE + "".join(f'_Static_assert({name} == {value}, "{name}");\n' for name, value in rows))


def test_every_link_inside_the_manual_leads_somewhere():
    anchors = {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")
               for title in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", MANUAL, flags=re.S | re.M), re.M)}
    wrong = [link for link in re.findall(r"\]\(#([^)]+)\)", MANUAL) if link not in anchors]
    assert not wrong, ", ".join(wrong)
