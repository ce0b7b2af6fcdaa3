"""test_status - what is said to be proved of an image: of the very text, and of the functions that are in it."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from test_prove import GOOD, HERE, Tree

sys.path.insert(0, str(HERE))
import status  # noqa: E402
from kernel import Kernel, read_borders  # noqa: E402

ROOT = HERE.parents[1]
HEADER = "#pragma once\n" + GOOD
CODE = """#include "a.h"

/*@ assigns \\nothing; */
unsigned twice(unsigned x)
{
	return x + x;
}

/*@ requires x < 900;
    assigns \\nothing; */
__attribute__((noinline)) unsigned more(unsigned x)
{
	return next(x);
}
"""
ASSEMBLY = "\t.globl enter\nenter:\n\tret\n"


class Built(Tree):
    """A checkout with a kernel, of which an image can be made as the build makes it."""

    def __init__(self, root):
        super().__init__(root)
        (root / "cmake").mkdir()
        for name in ("proved.sh", "proved.awk"):
            shutil.copy(ROOT / "cmake" / name, root / "cmake")
        self.folder = root / "build" / "virt"
        (self.folder / "some").mkdir(parents=True)
        self.write("kernel/a.h", HEADER)
        self.write("kernel/b.c", CODE)
        self.write("kernel/c.S", ASSEMBLY)

    def say(self, **states):
        """What proved.txt says of the text that is here now."""
        kernel = Kernel(self.root)
        units = {unit: (kernel.unit_hash(unit), kernel.includes(unit), {f.name: states[f.name] for f in some if f.name in states})
                 for unit, some in kernel.units.items()}
        status.write_proved(self.root / "tests/proof/proved.txt", {u: of for u, of in units.items() if of[2]}, 3)

    def sources(self):
        done = subprocess.run(["sh", "cmake/proved.sh", str(self.folder / "proof.S")], cwd=self.root, capture_output=True, text=True)
        return done.returncode, done.stderr

    def build(self):
        code, error = self.sources()
        assert code == 0, error
        prefix, elf = "riscv64-unknown-elf-", self.folder / "kernel.elf"
        subprocess.run([prefix + "gcc", "-O2", "-g", "-nostdlib", "-nostartfiles", "-Wl,-e,enter", "-o", elf, "kernel/b.c", "kernel/c.S",
                        self.folder / "proof.S"], cwd=self.root, check=True)
        subprocess.run([prefix + "objcopy", "-O", "binary", elf, self.folder / "kernel.bin"], check=True)
        (self.folder / "some" / "Image").write_bytes(bytes(0x20000) + (self.folder / "kernel.bin").read_bytes() + bytes(0x30000))

    def told(self):
        done = self.prove("--status", "--json")
        assert done.returncode in (0, 1), done.stderr
        told = json.loads(done.stdout)
        return done, told, {f["name"]: (f["status"], f["image"]) for file in told["files"] for f in file["functions"]}

    def banner(self):
        return self.told()[1]["says"]


@pytest.fixture
def built(tmp_path):
    return Built(tmp_path)


def test_each_function_is_named_with_its_state_and_its_place(built):
    built.say(next="proved", twice="unproved", more="proved")
    built.write("tests/proof/borders.txt", "function more it is one instruction\n")
    built.build()
    done, told, states = built.told()
    assert done.returncode == 0 and told["problems"] == [], done.stderr
    assert states == {"next": ("proved", "inlined"), "twice": ("open", "symbol"), "more": ("assumed", "symbol")}
    assert [(one["file"], one["name"], one["line"]) for one in told["assembly"]] == [("kernel/c.S", "enter", 2)]
    assert told["kernel_sha256"] == told["image_sha256"] == Kernel(built.root).source_hash()
    assert told["says"] == f"mullion: proof: 1 of 3 functions proved, 1 assumed, kernel {told['kernel_sha256'][:12]}"
    text = built.prove("--status").stdout
    assert "it is one instruction" in text and "3 functions of C: 1 proved, 1 assumed, 1 open, 0 changed" in text


def test_the_hash_is_the_one_that_sha256sum_makes(built):
    names = "kernel/a.h kernel/b.c kernel/c.S"
    told = subprocess.run(f"sha256sum {names} | sha256sum", shell=True, cwd=built.root, capture_output=True, text=True).stdout
    built.build()
    assert built.told()[1]["image_sha256"] == told.split()[0]


def test_a_header_that_changed_takes_the_proof_from_all_who_read_it(built):
    built.say(next="proved", twice="proved", more="unproved")
    built.write("kernel/a.h", HEADER.replace("x < 1000", "x < 2000"))
    built.build()
    done, told, states = built.told()
    assert done.returncode == 0, done.stderr
    assert {state for state, _ in states.values()} == {"changed since recorded"}
    assert "0 of 3 functions proved, 0 assumed, 2 changed since recorded, kernel" in told["says"]
    # Only what reads it.
    built.write("kernel/a.h", HEADER)
    built.write("kernel/b.c", CODE.replace("x + x", "2 * x"))
    built.build()
    assert built.told()[2]["next"] == ("proved", "inlined") and built.told()[2]["twice"][0] == "changed since recorded"
    assert "1 of 3 functions proved, 0 assumed, 1 changed since recorded, kernel" in built.banner()


def test_what_is_not_recorded_is_not_claimed(built):
    built.say(next="proved", twice="lost")
    built.build()
    _, told, states = built.told()
    assert states["twice"] == ("open", "symbol") and states["more"] == ("not recorded", "symbol")
    assert "1 of 3 functions proved" in told["says"]
    (built.root / "tests/proof/proved.txt").unlink()
    built.build()
    assert "0 of 3 functions proved" in built.banner() and built.told()[2]["next"][0] == "not recorded"


def test_an_image_of_other_sources_is_a_failure(built):
    built.build()
    built.write("kernel/c.S", ASSEMBLY + "\tnop\n")
    done = built.prove("--status")
    assert done.returncode == 1 and "was built from other sources" in done.stderr, done.stderr
    built.build()
    assert built.prove("--status").returncode == 0


def test_an_image_with_another_kernel_than_its_elf_is_a_failure(built):
    built.build()
    image = built.folder / "some" / "Image"
    good = image.read_bytes()
    image.write_bytes(good[:0x20000] + bytes([good[0x20000] ^ 1]) + good[0x20001:])
    done = built.prove("--status")
    assert done.returncode == 1 and "is not the kernel.elf beside it" in done.stderr, done.stderr
    image.write_bytes(bytes(0x50000))
    done = built.prove("--status")
    assert done.returncode == 1 and "does not say of which sources" in done.stderr, done.stderr
    image.unlink()
    done = built.prove("--status")
    assert done.returncode == 2 and "./mullion build makes one" in done.stderr, done.stderr


def test_a_function_that_is_in_no_source_is_a_failure(built):
    built.build()
    extra = built.root / "extra.c"
    extra.write_text("int stranger(int x)\n{\n\treturn x;\n}\n")
    script = "riscv64-unknown-elf-"
    subprocess.run([script + "gcc", "-O2", "-g", "-nostdlib", "-nostartfiles", "-Wl,-e,enter", "-o", built.folder / "kernel.elf",
                    "kernel/b.c", "kernel/c.S", extra, built.folder / "proof.S"], cwd=built.root, check=True)
    subprocess.run([script + "objcopy", "-O", "binary", built.folder / "kernel.elf", built.folder / "kernel.bin"], check=True)
    (built.folder / "some" / "Image").write_bytes(bytes(0x20000) + (built.folder / "kernel.bin").read_bytes())
    done = built.prove("--status")
    assert done.returncode == 1 and "a function stranger that none of its sources defines" in done.stderr, done.stderr


def test_a_line_older_than_the_record_is_said(built):
    built.build()
    built.say(next="proved")
    done = built.prove("--status")
    assert done.returncode == 0 and "which is older than tests/proof/proved.txt" in done.stdout
    built.build()
    assert "older" not in built.prove("--status").stdout


def test_a_record_that_was_merged_by_hand_ends_the_build(built):
    built.say(next="proved")
    path = built.root / "tests/proof/proved.txt"
    good = path.read_text()
    for wrong in ("<<<<<<< one\n" + good, good + good):
        path.write_text(wrong)
        code, error = built.sources()
        assert code != 0 and "proved: tests/proof/proved.txt:" in error, error
        done = built.prove("--status")
        assert done.returncode == 2 and "proved.txt:" in done.stderr, done.stderr
    assert not (built.folder / "proof.S").exists()


def test_every_function_of_the_kernel_would_be_counted(tmp_path):
    """All recorded as proved: the line counts each but those of the border, so the build finds the same functions."""
    for name in ("kernel", "cmake"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "tests" / "proof").mkdir(parents=True)
    shutil.copy(HERE / "borders.txt", tmp_path / "tests" / "proof")
    kernel, borders = Kernel(tmp_path), read_borders(HERE / "borders.txt")
    units = {unit: (kernel.unit_hash(unit), kernel.includes(unit), {f.name: "proved" for f in some})
             for unit, some in kernel.units.items()}
    status.write_proved(tmp_path / "tests/proof/proved.txt", units, 0)
    subprocess.run(["sh", str(tmp_path / "cmake/proved.sh"), str(tmp_path / "proof.S")], check=True)
    every, border = len(kernel.compiled()), sum(kind == "function" for kind, _ in borders)
    line = status.summary(kernel, units, borders)
    assert every > 200 and line.startswith(f"mullion: proof: {every - border} of {every} functions proved, {border} assumed, kernel ")
    assert f'"{line}\\n"' in (tmp_path / "proof.S").read_text()


def test_the_image_of_this_tree_says_what_stands_here():
    image = pathlib.Path(ROOT / "build" / "virt" / "kernel.elf")
    assert image.exists(), "./mullion build makes it"
    done = subprocess.run([str(ROOT / "mullion"), "prove", "--status", "--json"], capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and told["up_to_date"], done.stderr
    names = {f["name"]: f["image"] for file in told["files"] for f in file["functions"]}
    assert names["syscall_handle"] == "symbol" and names["sched_find_top"] == "symbol" and names["queue_put"] == "inlined"
    assert "absent" not in names.values(), [name for name, place in names.items() if place == "absent"]
    assert {"trap_entry", "arch_leave", "kernel_entry"} <= {one["name"] for one in told["assembly"]}
