"""build - the same commit gives the same bytes, wherever it is checked out, and one kernel serves every board."""
import hashlib
import re
import subprocess

import pytest

from conftest import ROOT, copy_tree


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A second checkout, in a folder with a difficult name."""
    return copy_tree(tmp_path_factory.mktemp("a") / "checkout with another name")


def build(folder, *arguments):
    done = subprocess.run(["./mullion", "build", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_two_checkouts_build_identical_images(checkout):
    build(ROOT, "--all")
    build(checkout, "--all")
    ours = [ROOT / image.relative_to(checkout) for image in sorted((checkout / "build" / "virt").glob("*/Image"))]
    assert ours, "no image was built"
    for image in ours:
        assert digest(image) == digest(checkout / image.relative_to(ROOT)), f"{image.parent.name} differs"
        for elf in image.parent.glob("*.elf"):
            assert digest(elf) == digest(checkout / elf.relative_to(ROOT)), f"{elf.name} differs"


def test_image_that_is_not_what_its_text_says_ends_the_build(checkout):
    text = checkout / "build" / "virt" / "hello" / "system.cdl"
    build(checkout, "--system", "hello")
    good = text.read_text()
    text.write_text(good.replace(" badge 0x1 ", " badge 0x9 ", 1))
    done = subprocess.run(["./mullion", "build", "--system", "hello"], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 2 and " badge 0x9 " in done.stderr.split("found: ")[0] and " badge 0x1 " in done.stderr
    text.write_text(good)
    build(checkout, "--system", "hello")


def test_kernel_whose_stack_is_too_small_ends_the_build(checkout):
    script = checkout / "kernel" / "arch" / "riscv64" / "kernel.ld"
    good = script.read_text()
    script.write_text(re.sub(r"kernel_stack_bottom = .*;", "kernel_stack_bottom = kernel_stack_top - 64;", good))
    done = subprocess.run(["./mullion", "build", "--system", "hello"], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 2 and "from syscall_handle the stack takes" in done.stderr
    script.write_text(good)
    build(checkout, "--system", "hello")


def test_one_kernel_binary_for_all_boards():
    for machine in ("virt", "sifive_u"):
        build(ROOT, "--machine", machine)
    for name in ("kernel.bin", "boot.bin"):
        assert digest(ROOT / "build" / "virt" / name) == digest(ROOT / "build" / "sifive_u" / name)


def test_new_component_builds_boots_and_is_restartable(checkout, boot):
    done = subprocess.run(["./mullion", "new", "component", "foo"], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    again = subprocess.run(["./mullion", "new", "component", "foo"], cwd=checkout, capture_output=True, text=True)
    assert again.returncode == 2 and "there is already userland/apps/foo" in again.stderr
    machine = boot(folder=checkout)
    assert "foo" in machine.run("ps")
    machine.log("foo: here I am")
    machine.run("restart foo")
    machine.log("foo: here I am", count=2)
    assert machine.poweroff() == 0


def test_fault_is_reported_with_function_and_source_line(checkout, boot):
    """Needs the component of the test before."""
    source = checkout / "userland" / "apps" / "foo" / "foo.c"
    source.write_text(source.read_text().replace('print("foo: here I am\\n");', "*(volatile int *)0x3000 = 1;"))
    line = source.read_text().split("volatile int")[0].count("\n") + 1
    machine = boot(wait=False, folder=checkout)
    machine.expect("foo faulted: it wrote to where it may not: 0x3000")
    machine.expect(rf"foo\+0x[0-9a-f]+ is in init \./userland/apps/foo/foo\.c:{line}")
    machine.run("uptime")
    assert machine.poweroff() == 0


def test_images_for_cmake_alone_leave_compile_commands(checkout):
    assert (checkout / "build" / "virt" / "compile_commands.json").exists()
