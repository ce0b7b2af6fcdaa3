"""capdl - good and bad specifications, both levels, outputs, speed; the compiler runs with sanitizers."""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "capdl"
SOURCES = sorted(str(p) for p in (ROOT / "capdl").glob("*.c"))
BAD = sorted((HERE / "bad").glob("*.sys"))
GOOD = sorted((HERE / "good").glob("*.sys"))
SYSTEMS = sorted((ROOT / "capdl" / "systems").glob("*.sys"))
BOARDS = ["virt", "sifive_u"]


def compile_capdl(out, *options):
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Wconversion", "-Werror", *options, "-I", str(ROOT / "kernel"),
                    *SOURCES, "-lfdt", "-o", str(out)], check=True)


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("capdl")


@pytest.fixture(scope="session")
def compiler(work):
    """The compiler with sanitizers."""
    compile_capdl(work / "capdl", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    return work / "capdl"


@pytest.fixture(scope="session")
def trees(work):
    """Device trees of the boards and of the tests."""
    found = {board: ROOT / "platform" / board / "board.dts" for board in BOARDS}
    found["page.dts"] = HERE / "page.dts"
    for name, source in found.items():
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(work / f"{name}.dtb"), str(source)], check=True)
    return {name: work / f"{name}.dtb" for name in found}


def run(compiler, *words):
    return subprocess.run([str(compiler), *map(str, words)], capture_output=True, text=True, errors="replace", cwd=ROOT)


def errors(done):
    rows = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return [(row["code"], row["file"], row["line"], row["column"]) for row in rows]


# ---- bad specifications ----

@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_bad_specification_is_refused_with_its_code_and_place(compiler, trees, path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    code, file, line, column = re.match(r"# expect: (\w+) at (?:([\w.]+):)?(?:(\d+):(\d+)|-)", lines[0]).groups()
    board = lines[1].removeprefix("# tree: ") if lines[1].startswith("# tree: ") else "virt"
    done = run(compiler, "check", path, "--dtb", trees[board], "--json-errors")
    assert done.returncode == 1, done.stderr
    (got,) = errors(done)
    assert got[0] == code
    if line:
        assert (pathlib.Path(got[1]).name, got[2], got[3]) == (file or path.name, int(line), int(column))


def test_bad_specifications_cover_many_kinds():
    codes = {path.read_text(errors="replace").split()[2] for path in BAD}
    assert len(BAD) >= 120 and len(codes) >= 55, sorted(codes)


def test_errors_show_line_caret_and_help(compiler, trees):
    done = run(compiler, "check", HERE / "bad" / "attribute_misspelt.sys", "--dtb", trees["virt"])
    assert "attribute_misspelt.sys:4:2: error[L10]: `prority` is not an attribute of a component" in done.stderr
    assert "     prority 5\n     ^^^^^^^\n    help: did you mean `priority`?" in done.stderr


def test_several_errors_are_sorted_in_one_run(compiler, trees, work):
    (work / "many.sys").write_text("system s\ncomponent a { priority 999 uses p: q }\ncomponent a { stack 0K }\n")
    got = errors(run(compiler, "check", work / "many.sys", "--dtb", trees["virt"], "--json-errors"))
    assert [(code, line) for code, _, line, _ in got] == [("B05", 2), ("N02", 2), ("N01", 3), ("M14", 3)]


def test_every_code_is_explained(compiler):
    used = set(re.findall(r'"([A-Z]\d\d)"', "".join(pathlib.Path(p).read_text() for p in SOURCES)))
    used |= {path.read_text(errors="replace").split()[2] for path in BAD}
    for code in sorted(used):
        done = run(compiler, "explain", code)
        assert done.returncode == 0 and done.stdout.startswith(code + ": "), code


def test_exit_statuses(compiler, trees, work):
    assert run(compiler, "--help").returncode == 0
    assert run(compiler).returncode == 2
    assert run(compiler, "frobnicate", "x", "--dtb", trees["virt"]).returncode == 2
    assert run(compiler, "check", GOOD[0], "--frob").returncode == 2
    assert run(compiler, "check", GOOD[0]).returncode == 2
    assert run(compiler, "explain", "Z99").returncode == 2
    assert run(compiler, "check", work / "nothing.sys", "--dtb", trees["virt"]).returncode == 1
    (work / "not.dtb").write_bytes(b"\xd0\x0d\xfe\xed" + bytes(60))
    assert run(compiler, "check", GOOD[0], "--dtb", work / "not.dtb").returncode == 1


# ---- good specifications ----

@pytest.mark.parametrize("path", GOOD + SYSTEMS, ids=lambda p: p.stem)
def test_good_specification_is_accepted(compiler, trees, path):
    done = run(compiler, "check", path, "--dtb", trees["virt"])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", SYSTEMS, ids=lambda p: p.stem)
def test_shipped_systems_fit_sifive_u(compiler, trees, path):
    done = run(compiler, "check", path, "--dtb", trees["sifive_u"])
    assert (done.returncode, done.stderr) == (0, "")


def test_copies_are_what_a_hand_would_have_written(compiler, trees, work):
    """Templates and loops leave nothing behind: the object texts agree but for the places that they name."""
    by_hand = ["system copies", "protocol store { call put(key) -> () memory }", "protocol tick { signal ticked }",
               "component server { priority 120 serves store }"]
    clients = [("first", 100, "4K"), *((f"more_{i}", 100 + i, "8K") for i in (1, 2, 3)), ("only_here", 50, "4K")]
    for name, level, room in clients:
        by_hand += [f"component {name} {{ image client_image priority {level} uses store budget 1ms / 10ms }}",
                    f"connect {name}.store -> server memory {room}"]
        if not name.startswith("more"):
            continue
        pair = f"p{name[-1]}"
        by_hand.append(f"component tick_{pair} {{ priority 90 serves tick }}")
        for i in (0, 1):
            by_hand += [f"component hears_{pair}_{i} {{ priority 80 uses tick }}",
                        f"connect hears_{pair}_{i}.tick -> tick_{pair}"]
    (work / "hand.sys").write_text("\n".join(by_hand) + "\n")
    texts = []
    for file in (HERE / "good" / "copies.sys", work / "hand.sys"):
        done = run(compiler, "headers", file, "--dtb", trees["virt"], "--out", work / f"by-{file.stem}")
        assert done.returncode == 0, done.stderr
        texts.append({path.relative_to(work / f"by-{file.stem}"): path.read_text()
                      for path in (work / f"by-{file.stem}").rglob("ports.h")})
        assert (work / f"by-{file.stem}" / "depend.txt").read_text() == f"{file}\n"
    assert texts[0] == texts[1] and len(texts[0]) == 15


def test_an_error_in_a_copy_names_its_use(compiler, trees):
    done = run(compiler, "check", HERE / "bad" / "template_error_inside.sys", "--dtb", trees["virt"])
    assert re.search(r"template_error_inside.sys:4:25: error\[B05\].*\n.*\n.*\n.*template_error_inside.sys:6:1: used here", done.stderr)


def manual_examples():
    text = (ROOT / "capdl" / "README.md").read_text()
    return re.findall(r"^```sys\n(.*?)^```$", text, re.S | re.M)


@pytest.mark.parametrize("number", range(len(manual_examples())))
def test_example_of_the_manual_compiles(compiler, trees, work, number):
    path = work / f"example{number}.sys"
    path.write_text(manual_examples()[number])
    done = run(compiler, "check", path, "--dtb", trees["virt"], "-I", ROOT / "userland" / "protocols")
    assert (done.returncode, done.stderr) == (0, "")


# ---- images ----

def elf(text=5000, data=300, bss=9000, entry=0x10000, kind=2, machine=243, flags=(5, 6), at=(0x10000, 0x13000)):
    """A static RISC-V executable with one segment of text and one of data."""
    header = struct.pack("<4sBBBBQHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, kind, machine, 1, entry, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    parts = struct.pack("<IIQQQQQQ", 1, flags[0], 4096, at[0], at[0], text, text, 4096)
    parts += struct.pack("<IIQQQQQQ", 1, flags[1], 4096 + text, at[1], at[1], data, data + bss, 4096)
    return (header + parts).ljust(4096, b"\0") + bytes(i % 251 for i in range(text)) + bytes(i % 7 for i in range(data))


@pytest.fixture(scope="session")
def images(work):
    folder = work / "elf"
    folder.mkdir()
    names = set()
    for path in [*GOOD, *SYSTEMS]:
        names |= set(re.findall(r"^\s*component (\w+)", path.read_text(), re.M))
        names |= set(" ".join(re.findall(r"^# components: (.*)", path.read_text(), re.M)).split())  # names made by copies
    for number, name in enumerate(sorted(names | {"one"})):
        (folder / f"{name}.elf").write_bytes(elf(text=3000 + 700 * number, data=200 * number, at=(0x10000, 0x30000)))
    return folder


def build(compiler, trees, images, path, out, *options, board="virt"):
    done = run(compiler, "build", path, "--dtb", trees[board], "--elf-dir", images, "--out", out, *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[:2000]
    return out.read_bytes()


@pytest.mark.parametrize("path", GOOD + SYSTEMS, ids=lambda p: p.stem)
def test_system_is_built_verified_and_the_same_from_level_two(compiler, trees, images, work, path):
    folder = work / path.stem
    folder.mkdir()
    one = build(compiler, trees, images, path, folder / "one.bin", "--cdl", folder / "one.cdl", "--json", folder / "one.json",
                "--dot", folder / "one.dot", "--report", folder / "one.txt")
    again = build(compiler, trees, images, path, folder / "again.bin", "--cdl", folder / "again.cdl")
    assert one == again
    done = run(compiler, "build", folder / "one.cdl", "--elf-dir", images, "--out", folder / "two.bin", "--cdl", folder / "two.cdl")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "two.bin").read_bytes() == one
    assert (folder / "two.cdl").read_bytes() == (folder / "one.cdl").read_bytes()
    assert run(compiler, "verify", folder / "one.bin").returncode == 0
    graph = json.loads((folder / "one.json").read_text())
    assert {"nodes", "edges", "connections"} <= graph.keys()
    for name in ("one.cdl", "one.json", "one.dot", "one.txt"):
        assert str(ROOT) not in (folder / name).read_text() and str(work) not in (folder / name).read_text()
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg", "-o", str(folder / "one.svg"), str(folder / "one.dot")], check=True)


def test_damaged_system_is_refused(compiler, trees, images, work):
    good = bytearray(build(compiler, trees, images, HERE / "good" / "alone.sys", work / "alone.bin"))
    for offset in range(0, len(good), 997):
        bad = bytearray(good)
        bad[offset] ^= 0x41
        (work / "damaged.bin").write_bytes(bad)
        assert run(compiler, "verify", work / "damaged.bin").returncode == 1
    (work / "damaged.bin").write_bytes(good[:100])
    assert run(compiler, "verify", work / "damaged.bin").returncode == 1


def sealed(system):
    """The changed system with a right checksum."""
    state = 0xcbf29ce484222325
    struct.pack_into("<I", system, 12, 0)
    for word, in struct.iter_unpack("<Q", system):
        state = (state ^ word) * 0x100000001b3 & (1 << 64) - 1
        state ^= state >> 32
    struct.pack_into("<I", system, 12, state & 0xffffffff)
    return system


def test_verify_finds_what_the_kernel_would_refuse(compiler, trees, images, work):
    """Each number of each operation changed, with a right checksum: never a crash, and mostly noticed."""
    good = bytearray(build(compiler, trees, images, HERE / "good" / "alone.sys", work / "alone.bin"))
    sections, offset = struct.unpack_from("<I", good, 60)[0], struct.unpack_from("<I", good, 68)[0]
    noticed = total = 0
    for section in range(sections):
        _, count, first, _ = struct.unpack_from("<IIII", good, offset + 16 * section)
        for number in range(0, count * 6, 5):
            bad = bytearray(good)
            value = struct.unpack_from("<Q", bad, first + 8 * number)[0]
            struct.pack_into("<Q", bad, first + 8 * number, value + 1 if number % 2 else value + (1 << 40))
            (work / "changed.bin").write_bytes(sealed(bad))
            done = run(compiler, "verify", work / "changed.bin")
            assert done.returncode in (0, 1) and "Sanitizer" not in done.stderr
            noticed += done.returncode
            total += 1
    assert noticed > total / 2, (noticed, total)


@pytest.mark.parametrize("code, image", [
    ("F01", b""), ("F01", b"\x7fELF" + bytes(100)), ("F01", elf(kind=3)), ("F01", elf(machine=62)), ("F01", elf(entry=0x5000)),
    ("M13", elf(bss=0x200000)), ("M13", elf(at=(0x1000, 0x13000))), ("M18", elf(flags=(7, 6))), ("M18", elf(at=(0x10000, 0x11000))),
    ("F01", elf()[:5000]), ("F01", None),
], ids=range(11))
def test_bad_image_is_refused_and_nothing_is_left(compiler, trees, work, code, image):
    folder = work / "bad-elf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if image is not None:
        (folder / "one.elf").write_bytes(image)
    done = run(compiler, "build", HERE / "good" / "alone.sys", "--dtb", trees["virt"], "--elf-dir", folder, "--out",
               folder / "system.bin", "--cdl", folder / "system.cdl", "--json-errors")
    assert done.returncode == 1
    assert [row[0] for row in errors(done)] == [code]
    assert set(os.listdir(folder)) <= {"one.elf"}


def test_images_too_large_for_the_system(compiler, trees, images, work):
    text = "system s\n" + "".join(f"component c{i} {{ }}\n" for i in range(9))
    (work / "large.sys").write_text(text)
    for i in range(9):
        (images / f"c{i}.elf").write_bytes(elf(text=0x1a0000, at=(0x10000, 0x1c0000)))
    done = run(compiler, "build", work / "large.sys", "--dtb", trees["virt"], "--elf-dir", images, "--out", work / "large.bin",
               "--json-errors")
    assert [row[0] for row in errors(done)] == ["X04"]
    assert not (work / "large.bin").exists()


def test_headers_of_another_specification_are_noticed(compiler, trees, images, work):
    path = work / "changing.sys"
    path.write_text("system s component one { memory heap 8K }\n")
    assert run(compiler, "headers", path, "--dtb", trees["virt"], "--out", work / "gen").returncode == 0
    assert (work / "gen" / "components.txt").read_text() == "one one\n"
    path.write_text("system s component one { memory heap 16K }\n")
    done = run(compiler, "build", path, "--dtb", trees["virt"], "--gen", work / "gen", "--elf-dir", images, "--out",
               work / "changing.bin", "--json-errors")
    assert [row[0] for row in errors(done)] == ["F06"]


# ---- headers ----

@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_headers_compile_alone(compiler, trees, work, path):
    out = work / "headers" / path.stem
    assert run(compiler, "headers", path, "--dtb", trees["virt"], "--out", out).returncode == 0
    for header in sorted(out.glob("*/ports.h")):
        (work / "user.c").write_text('#include "ports.h"\n')
        done = subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv64imac", "-mabi=lp64", "-ffreestanding", "-std=c17", "-Wall",
                               "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only", "-I", str(header.parent), "-I",
                               str(ROOT / "userland" / "runtime"), str(work / "user.c")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("body, good", [
    ("void f(void) { worker_ok(); }", False),
    ("u64 f(void) { return adder_add(1, 2).sum; }", True),
    ("u64 f(void) { return adder_add(1).sum; }", False),
    ("u64 f(void) { return adder_add(1, 2).difference; }", False),
    ("u64 f(void) { return out_kick(); }", True),
    ("u64 f(void) { return out_ready(); }", False),
])
def test_only_calls_in_the_right_direction_compile(compiler, trees, work, body, good):
    out = work / "direction"
    assert run(compiler, "headers", HERE / "good" / "everything.sys", "--dtb", trees["virt"], "--out", out).returncode == 0
    (work / "user.c").write_text('#include "ports.h"\n' + body + "\n")
    done = subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv64imac", "-mabi=lp64", "-ffreestanding", "-std=c17", "-Werror",
                           "-fsyntax-only", "-I", str(out / "worker"), "-I", str(ROOT / "userland" / "runtime"), str(work / "user.c")],
                          capture_output=True)
    assert (done.returncode == 0) == good


def test_addresses_for_devices_do_not_depend_on_images(compiler, trees, images, work):
    """DISK_DMA_PHYS is compiled into the driver before anybody knows how large it is."""
    out = work / "dma"
    assert run(compiler, "headers", HERE / "good" / "everything.sys", "--dtb", trees["virt"], "--out", out).returncode == 0
    header = (out / "driver" / "ports.h").read_text()
    physical = int(re.search(r"BUFFERS_DMA_PHYS (0x\w+)ul", header)[1], 16)
    build(compiler, trees, images, HERE / "good" / "everything.sys", out / "one.bin", "--cdl", out / "one.cdl")
    assert f"object page driver.buffers[0] at 0x{physical:x} " in (out / "one.cdl").read_text()


# ---- level 2 ----

@pytest.fixture(scope="session")
def canonical(compiler, trees, images, work):
    build(compiler, trees, images, HERE / "good" / "everything.sys", work / "canonical.bin", "--cdl", work / "canonical.cdl")
    return (work / "canonical.cdl").read_text()


WRONG_LINES = [
    ("F03", r"cdl 1", "cdl 2"),
    ("F03", r"^region worker stack", "region worker stock"),
    ("F03", r"^thread worker/thread\[0\] component worker number 0", "thread worker/thread[0] component worker number"),
    ("F03", r"^bind (\S+) timer 0 bit (\d+) device -", r"bind \1 timer 0 bit \2 device - more"),
    ("F03", r"^object page worker.heap\[3\] at 0x(\w+)", r"object page worker.heap[3]  at 0x\1"),
    ("F03", r"^(object page worker.heap\[5\].*# everything.sys):(\d+)$", r"\1"),
    ("F03", r"^object endpoint pure/endpoint at", "objekt endpoint pure/endpoint at"),
    ("L06", r"^(component worker .*) priority \d+", r"\1 priority 300"),
    ("N01", r"^object page worker.heap\[5\]", "object page worker.heap[4]"),
    ("N02", r"^region worker memory heap", "region walker memory heap"),
    ("T13", r"^(cap worker/leaf\[1\]\[\d+\]) = worker.heap\[7\]", r"\1 = worker.heap[999]"),
    ("T13", r"^cap worker/thread\[0\]\[0\]", "cap worker/thread[9][0]"),
    ("T01", r"^cap worker/thread\[0\]\[3\] = \S+ rights r badge 0x0 from \S+", "cap worker/thread[0][3] = pure/endpoint rights r badge "
     "0x0 from PURE"),
    ("T02", r"^cap worker/leaf\[1\]\[(\d+)\] = worker.heap\[9\] rights rw badge 0x0 from \S+",
     r"cap worker/leaf[1][\1] = pure/endpoint rights rw badge 0x0 from PURE"),
    ("T05", r"^cap worker/leaf\[1\]\[\d+\] = worker.heap\[10\]", "cap worker/leaf[1][512] = worker.heap[10]"),
    ("T05", r"^cap worker/table\[\d+\] = pure/endpoint", "cap worker/table[0] = pure/endpoint"),
    ("T06", r"^cap worker/leaf\[1\]\[\d+\] = worker.heap\[11\]", "cap worker/leaf[1][1] = worker.heap[11]"),
    ("T07", r"^cap worker/leaf\[1\]\[(\d+)\] = worker.heap\[12\] rights rw badge 0x0 from \S+",
     r"cap worker/leaf[1][\1] = driver.buffers[0] rights rw badge 0x0 from LARGE"),
    ("R01", r"^(cap worker/leaf\[1\]\[\d+\] = worker.heap\[13\]) rights rw", r"\1 rights rz"),
    ("R01", r"^(cap worker/leaf\[1\]\[\d+\] = worker.heap\[13\]) rights rw", r"\1 rights rr"),
    ("R02", r"^(cap worker/leaf\[1\]\[\d+\] = worker.heap\[14\]) rights rw", r"\1 rights w"),
    ("R03", r"^(cap worker/leaf\[1\]\[\d+\] = worker.heap\[15\]) rights rw", r"\1 rights rwx"),
    ("R04", r"^(cap driver/leaf\[1\]\[\d+\] = driver.uart\[65536\]) rights rw", r"\1 rights rx"),
    ("R07", r"^(cap worker/table\[\d+\] = pure/endpoint) rights \w+", r"\1 rights c"),
    ("R08", r"^(cap worker/table\[\d+\] = pure/endpoint) rights \w+", r"\1 rights wx"),
    ("R09", r"^(cap worker/leaf\[1\]\[\d+\] = worker.heap\[16\] rights rw) badge 0x0", r"\1 badge 0x1"),
    ("M01", r"^(object page worker.heap\[20\]) at 0x(\w+)000 ", lambda m: f"{m[1]} at 0x{int(m[2], 16) - 1:x}000 "),
    ("M05", r"^(object page worker.heap\[21\] at 0x\w+)000 ", r"\g<1>800 "),
    ("M06", r"^(object page worker.heap\[22\] at 0x\w+) bits 12", r"\1 bits 13"),
    ("M08", r"^object page worker.heap\[23\] at 0x\w+", "object page worker.heap[23] at 0x81ffff000"),
    ("M19", r"^(object page worker.heap\[24\] .*) memory ram", r"\1 memory rom"),
    ("V01", r"^(cap worker/table\[\d+\] = worker/notification) rights r ", r"\1 rights rg "),
    ("V02", r"^(cap worker/leaf\[1\]\[\d+\]) = worker.heap\[25\]", r"\1 = worker.heap[26]"),
    ("V04", r"^(cap worker/leaf\[1\]\[\d+\] = worker.heap\[27\] .* from boss/table)\[\d+\]", r"\1[1000]"),
]


@pytest.mark.parametrize("number", range(len(WRONG_LINES)), ids=lambda n: f"{WRONG_LINES[n][0]}-{n}")
def test_edited_object_text_is_refused(compiler, canonical, work, number):
    code, pattern, replacement = WRONG_LINES[number]
    if isinstance(replacement, str):
        source = lambda name: re.search(rf"^cap (\S+) = {re.escape(name)} \S+ \S+ badge 0x0 from -", canonical, re.M)[1]
        replacement = replacement.replace("PURE", source("pure/endpoint")).replace("LARGE", source("driver.buffers[0]"))
    text, count = re.subn(pattern, replacement, canonical, count=1, flags=re.M)
    assert count == 1 and text != canonical
    line = next(i for i, (a, b) in enumerate(zip(text.splitlines(), canonical.splitlines()), 1) if a != b)
    (work / "edited.cdl").write_text(text)
    done = run(compiler, "check", work / "edited.cdl", "--json-errors")
    assert done.returncode == 1
    assert (code, line) in [(row[0], row[2]) for row in errors(done)], done.stderr[:2000]


WRONG_SCHEDULES = [
    ("B09", r"^(window blue partition 3 ticks) \d+", r"\1 0"),
    ("B09", r"^(window blue partition 3 ticks) \d+", r"\1 9999"),
    ("L06", r"^(window blue partition 3 ticks) \d+", r"\1 2147483648"),
    ("B09", r"^window blue partition 3", "window blue partition 4"),
    ("B09", r"^window idle partition 0", "window idle partition 1"),
    ("L06", r"^window blue partition 3", "window blue partition 8"),
    ("X03", r"^(window idle.*)$", r"\1" + r"\n\1" * 11),
    ("B09", r"^(component far .*) partition 3", r"\1 partition 4"),
    ("B10", r"^(component far .*) partition 3", r"\1 partition 0"),
    ("F03", r"^(component far .*) partition 3", r"\1"),
]


@pytest.mark.parametrize("number", range(len(WRONG_SCHEDULES)), ids=lambda n: f"{WRONG_SCHEDULES[n][0]}-{n}")
def test_edited_schedule_is_refused(compiler, trees, images, work, number):
    code, pattern, replacement = WRONG_SCHEDULES[number]
    build(compiler, trees, images, HERE / "good" / "windows.sys", work / "windows.bin", "--cdl", work / "windows.cdl")
    text, count = re.subn(pattern, replacement, (work / "windows.cdl").read_text(), count=1, flags=re.M)
    assert count == 1
    (work / "edited.cdl").write_text(text)
    done = run(compiler, "check", work / "edited.cdl", "--json-errors")
    assert done.returncode == 1 and code in [row[0] for row in errors(done)], done.stderr[:2000]


def test_schedule_reaches_the_program_the_report_and_the_graph(compiler, trees, images, work):
    path = HERE / "good" / "windows.sys"
    data = build(compiler, trees, images, path, work / "windows.bin", "--report", work / "windows.txt", "--json", work / "windows.json")
    sections, offset = struct.unpack_from("<I", data, 60)[0], struct.unpack_from("<I", data, 68)[0]
    rows = []
    for n in range(sections):
        _, count, first, _ = struct.unpack_from("<4I", data, offset + 16 * n)
        rows += [(n, *struct.unpack_from("<2I5Q", data, first + 48 * i)) for i in range(count)]
    windows = [(n, row[1], row[2]) for n, op, *row in rows if op == 34]
    assert windows == [(0, 50000, 1), (0, 10000, 2), (0, 25000, 3), (0, 10000, 1), (0, 10000, 0), (0, 10000, 2)]
    flags = sorted(row[4] for _, op, *row in rows if op == 10)
    assert flags == [256, 257, 512, 512, 768, 768]  # desk, shelf (passive), clerk, boss, two threads of far
    report = (work / "windows.txt").read_text()
    assert re.search(r"^red +5[12]% +18%  desk shelf$", report, re.M) and re.search(r"^blue +6000 +2500$", report, re.M)
    graph = json.loads((work / "windows.json").read_text())
    assert {node["name"]: node["partition"] for node in graph["nodes"] if "partition" in node}["far"] == "blue"
    assert graph["windows"][2] == {"partition": "blue", "ticks": 25000}
    assert "desk runs in the windows of partition red (windows.sys:12)" in ask(compiler, trees, "caps", "desk", path=path)


@pytest.mark.parametrize("change, words", [
    (dict(a2=0), "window: 0 ticks"), (dict(a3=8), "for partition 8"), (dict(a2=1 << 31), "window: 2147483648 ticks"),
    (dict(a2=8191), "window: 8191 ticks"),
    (dict(a3=4), "set scheduling: flags 768"),
])
def test_damaged_windows_are_noticed(compiler, trees, images, work, change, words):
    data = bytearray(build(compiler, trees, images, HERE / "good" / "windows.sys", work / "windows.bin"))
    offset = struct.unpack_from("<I", data, 68)[0]
    _, _, first, _ = struct.unpack_from("<4I", data, offset)
    for name, value in change.items():
        struct.pack_into("<Q", data, first + 48 * 2 + 8 + 8 * ("a2", "a3").index(name), value)
    (work / "changed.bin").write_bytes(sealed(data))
    done = run(compiler, "verify", work / "changed.bin")
    assert done.returncode == 1 and words in done.stderr + done.stdout


def test_object_text_with_other_images_is_refused(compiler, canonical, images, work):
    (work / "canonical.cdl").write_text(canonical)
    other = work / "other-elf"
    shutil.copytree(images, other, dirs_exist_ok=True)
    (other / "worker.elf").write_bytes(elf(text=100))
    done = run(compiler, "build", work / "canonical.cdl", "--elf-dir", other, "--out", work / "other.bin", "--json-errors")
    assert [row[0] for row in errors(done)] == ["F01"]


# ---- questions ----

def ask(compiler, trees, *words, path=HERE / "good" / "everything.sys"):
    done = run(compiler, "graph", path, "--dtb", trees["virt"], *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_graph_tells_what_a_component_holds(compiler, trees):
    text = ask(compiler, trees, "caps", "worker")
    assert re.search(r"endpoint pure.endpoint, rights wcg, badge 0x1 +everything.sys:\d+", text)
    assert re.search(r"rw-  worker.out +everything.sys:\d+", text)


def test_graph_tells_who_can(compiler, trees):
    text = ask(compiler, trees, "who-can", "write", "uart")
    assert "driver can read, write uart directly" in text and "boss could after taking over driver" in text
    assert "nobody can execute uart" in ask(compiler, trees, "who-can", "execute", "uart")
    assert "worker can call, grant pure.endpoint directly" in ask(compiler, trees, "who-can", "call", "pure")


def test_graph_finds_paths(compiler, trees):
    text = ask(compiler, trees, "path", "worker", "driver")
    assert "worker cannot take over driver." in text and re.search(r"can signal  \(everything.sys:\d+\)\n  driver.notification", text)
    assert "boss can take over worker" in ask(compiler, trees, "path", "boss", "worker")
    alone = ask(compiler, trees, "path", "idle", "tower", path=HERE / "good" / "twins.sys")
    assert "Nothing that idle does reaches tower." in alone


def test_graph_names_what_it_does_not_know(compiler, trees):
    done = run(compiler, "graph", HERE / "good" / "everything.sys", "--dtb", trees["virt"], "caps", "worke")
    assert done.returncode == 1 and "did you mean `worker`?" in done.stderr


def test_graph_that_cannot_be_written_is_no_success(compiler, trees):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(compiler), "graph", str(HERE / "good" / "everything.sys"), "--dtb", str(trees["virt"])],
                              stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "cannot write the output" in done.stderr


# ---- size and speed ----

def many(components, memory):
    text = ["system many", "protocol p { call f(a) -> (b) memory }", "component hub { serves p priority 200 }"]
    for i in range(components):
        text.append(f"component c{i} {{ uses p memory heap {memory}K priority 10 image one }}")
        text.append(f"connect c{i}.p -> hub memory 4K")
    return "\n".join(text) + "\ncomponent boss { supervises * priority 250 }\n"


@pytest.mark.parametrize("command, components, memory, objects, seconds", [
    ("build", 40, 20, 1000, 0.05), ("build", 250, 800, 50000, 1.5), ("check", 400, 960, 100000, 2)])
def test_speed(trees, images, work, command, components, memory, objects, seconds):
    """Objects of a built system are limited by the slots of the supervisor's table, those of a checked one are not."""
    fast = work / "fast"
    if not fast.exists():
        compile_capdl(fast, "-O2")
    tree = work / "large.dtb"
    shutil.copy(trees["virt"], tree)
    subprocess.run(["fdtput", "-t", "x", str(tree), "/memory@80000000", "reg", "0", "80000000", "1", "0"], check=True)
    path = work / f"many{components}.sys"
    path.write_text(many(components, memory))
    folder = work / "small-elf"
    folder.mkdir(exist_ok=True)
    for name in ["hub", "boss", *(f"c{i}" for i in range(components))]:
        (folder / f"{name}.elf").write_bytes(elf())
    options = ["--elf-dir", folder, "--out", work / "many.bin", "--report", work / "many.txt"] if command == "build" else []
    best = 1e9
    for _ in range(3):
        start = time.monotonic()
        done = run(fast, command, path, "--dtb", tree, *options)
        best = min(best, time.monotonic() - start)
        assert done.returncode == 0, done.stderr[:2000]
    if command == "build":
        assert int(re.search(r"objects: (\d+)", (work / "many.txt").read_text())[1]) >= objects
    else:
        assert components * (memory // 4 + 10) >= objects
    assert best < seconds, f"{best:.3f} s"


# ---- fuzzing ----

def test_reader_survives_mutated_input(trees, compiler, images, work):
    fuzz = work / "fuzz"
    subprocess.run(["cc", "-std=gnu17", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I",
                    str(ROOT / "kernel"), "-I", str(ROOT / "capdl"), str(HERE / "fuzz.c"),
                    *(p for p in SOURCES if not p.endswith("/main.c")), "-lfdt", "-o", str(fuzz)], check=True)
    build(compiler, trees, images, HERE / "good" / "alone.sys", work / "fuzz.bin", "--cdl", work / "fuzz.cdl")
    inputs = [*GOOD, *BAD, *SYSTEMS, *[work / "fuzz.cdl"] * 40]
    done = subprocess.run([str(fuzz), str(trees["virt"]), "4000", *map(str, inputs)],
                          capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
