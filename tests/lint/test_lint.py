"""lint - rules of the tree that a program can check: layers, sizes, headers, words, paths, READMEs."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "virt"


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
                         cwd=ROOT, capture_output=True, check=True).stdout
    names = [name for name in out.decode().split("\0") if name and not name.startswith("tests/capdl/bad/")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def text_of(path):
    return path.read_text(encoding="utf-8")


def generic_kernel():
    return [p for p in tracked("kernel/*.c", "kernel/*.h") if p.parent.name == "kernel"]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def functions(path):
    """(name line, number of lines) of each function that starts in column 0 and ends with a brace there."""
    start = None
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if re.match(r"[a-z_].*\)$|[a-z_].*\($", line) and not line.startswith(("struct {", "enum", "typedef", "#")):
            start = number
        if line.startswith("}") and start:
            yield start, number - start + 1
            start = None


def test_kernel_includes_go_downward():
    """A module (name.h with name.c) uses modules below it only: following the includes never leads back."""
    uses = {}
    for path in generic_kernel():
        names = {pathlib.Path(name).stem for name in re.findall(r'#include "([^"]+)"', text_of(path))}
        uses.setdefault(path.stem, set()).update(names - {path.stem})

    def check(module, above):
        assert module not in above, "a circle of includes: " + " -> ".join([*above, module])
        for below in sorted(uses.get(module, ())):
            check(below, [*above, module])

    for module in uses:
        check(module, [])


def test_arch_header_is_the_only_door_into_the_architecture_folder():
    wrong = [f"{p.name} includes {name}" for p in generic_kernel()
             for name in re.findall(r'#include "([^"]*arch[^"]*)"', text_of(p)) if pathlib.Path(name).name != "arch.h"]
    assert not wrong, "\n".join(wrong)


def test_generic_kernel_has_no_conditional_compilation():
    wrong = [f"{p.name}:{n}: {line}" for p in generic_kernel() for n, line in enumerate(text_of(p).splitlines(), 1)
             if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line)]
    assert not wrong, "\n".join(wrong)


def test_kernel_functions_are_short():
    wrong = [f"{p.relative_to(ROOT)}:{start}: {length} lines" for p in tracked("kernel/*.c")
             for start, length in functions(p) if length > 60]
    assert not wrong, "\n".join(wrong)


def test_kernel_is_small():
    """The whole kernel stays near 4,500 lines of code in 28 files, comments and contracts not counted."""
    files = tracked("kernel/*.c", "kernel/*.h", "kernel/*.S")
    lines = sum(1 for p in files for line in without_comments(text_of(p)).splitlines()
                if line.strip() and not line.strip().startswith("//"))
    assert lines <= 4500 and len(files) <= 30, f"{lines} lines in {len(files)} files"


def test_user_code_includes_no_other_component_and_of_the_kernel_only_abi():
    shared = {ROOT / "userland" / "runtime", ROOT / "userland" / "protocols", ROOT / "userland"}
    wrong = []
    for path in tracked("userland/*.c", "userland/*.h"):
        places = [path.parent, *sorted(shared), ROOT / "kernel"]
        for name in re.findall(r'#include "([^"]+)"', text_of(path)):
            found = [(p / name).resolve() for p in places if (p / name).exists()]
            if found and found[0] != ROOT / "kernel" / "abi.h" and found[0].parent not in shared | {path.parent}:
                wrong.append(f"{path.relative_to(ROOT)} includes {found[0].relative_to(ROOT)}")
    assert not wrong, "\n".join(wrong)


def test_lines_fit():
    """About 120 characters is the aim; this is where a line certainly does not fit any more."""
    wrong = [f"{p.relative_to(ROOT)}:{n}: {len(line)} characters"
             for p in tracked("*.c", "*.h", "*.S", "*.ld", "*.py", "*.sys", "*.cmake", "mullion")
             for n, line in enumerate(text_of(p).splitlines(), 1) if len(line) > 144]
    assert not wrong, "\n".join(wrong)


def test_each_source_says_what_it_is():
    """The first line of each source is 'name - responsibility'."""
    wrong = []
    for path in tracked("kernel/*.c", "kernel/*.h", "kernel/*.S", "userland/*.c", "userland/*.h", "userland/*.S",
                        "capdl/*.c", "capdl/*.h", "platform/*.c", "platform/*.h", "platform/*.S"):
        first = text_of(path).split("\n", 1)[0]
        if not re.match(rf"/\* {re.escape(path.stem)}(\.\w+)? - \S", first):
            wrong.append(f"{path.relative_to(ROOT)}: {first}")
    assert not wrong, "\n".join(wrong)


def test_no_words_of_unfinished_work():
    sources = tracked("*.c", "*.h", "*.S", "*.py", "*.sys", "mullion")
    pattern = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|not imple" r"mented|unimple" r"mented)\b")
    wrong = [f"{p.relative_to(ROOT)}:{n}: {line.strip()}" for p in sources
             for n, line in enumerate(text_of(p).splitlines(), 1) if pattern.search(line)]
    assert not wrong, "\n".join(wrong)


def test_no_paths_of_a_machine():
    pattern = re.compile(r"(^|[\s\"'=(])/(work|farm|root|home)/")
    wrong = []
    for path in tracked():
        try:
            lines = text_of(path).splitlines()
        except UnicodeDecodeError:
            wrong.append(f"{path.relative_to(ROOT)} is not text")
            continue
        wrong += [f"{path.relative_to(ROOT)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1)
                  if pattern.search(line)]
    assert not wrong, "\n".join(wrong)


def test_every_component_and_folder_has_a_readme():
    folders = {ROOT / name for name in ("kernel", "capdl", "platform", "tests", "userland/runtime",
                                        "userland/protocols")}
    folders |= {p.parent for p in tracked("userland/drivers/*.c", "userland/servers/*.c", "userland/apps/*.c")}
    folders |= {p for p in (ROOT / "platform").iterdir() if p.is_dir() and p.name != "disk"}
    wrong = [str(f.relative_to(ROOT)) for f in sorted(folders) if f.exists() and not (f / "README.md").exists()]
    assert (ROOT / "README.md").exists()
    assert not wrong, "no README.md in: " + ", ".join(wrong)


def test_launcher_is_plain_sh():
    for name in ("mullion", ".ci/run", "cmake/fetch_libfdt.sh", "cmake/kernel_calls.sh", "cmake/proved.sh"):
        subprocess.run(["sh", "-n", ROOT / name], check=True)
        assert text_of(ROOT / name).startswith("#!/bin/sh\n")


def test_boot_stage_has_no_absolute_address():
    """It runs where it was loaded and nothing relocates it: no word of it may hold an address."""
    out = subprocess.run(["riscv64-unknown-elf-readelf", "-rW", BUILD / "boot.elf"], capture_output=True, text=True,
                         check=True).stdout
    section, wrong = "", []
    for line in out.splitlines():
        if line.startswith("Relocation section"):
            section = line.split("'")[1]
        elif "debug" not in section and re.search(r"R_RISCV_(64|32|HI20|LO12_[IS])\b", line):
            wrong.append(f"{section}: {line}")
    assert section and not wrong, "\n".join(wrong)


def test_kernel_c_never_touches_the_payload_registers():
    """s2 to s7 carry the payload of messages through the kernel; only its assembly file names them. The kernel is linked as
    one piece, so its code is looked at as it is in the end."""
    objects = {name: subprocess.run([f"riscv64-unknown-elf-{tool}", *arguments], capture_output=True, text=True, check=True).stdout
               for name, tool, arguments in (
                   ("symbols", "nm", [BUILD / "CMakeFiles/kernel.elf.dir/kernel/arch/riscv64/entry.S.obj"]),
                   ("code", "objdump", ["-d", "--no-show-raw-insn", BUILD / "kernel.elf"]))}
    assembly = {line.split()[-1] for line in objects["symbols"].splitlines() if " U " not in line}
    function, wrong, seen = "", [], set()
    for line in objects["code"].splitlines():
        if line.endswith(">:"):
            function = line.split("<")[1][:-2]
        elif re.search(r"\bs[2-7]\b", line.split("#")[0].split("<")[0]):
            seen.add(function)
            if function not in assembly:
                wrong.append(f"{function}: {line}")
    assert "arch_payload_store" in seen and "resume_all" in seen, "the kernel's assembly was not found"
    assert not wrong, "\n".join(wrong[:20])
