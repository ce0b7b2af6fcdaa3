"""launcher - ./mullion itself: its commands explain themselves, bad use is answered, starts never hang silently."""
import json
import pathlib
import re
import subprocess
import time

import pexpect
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = re.findall(r"^  (\w+) ", subprocess.run(["./mullion", "--help"], cwd=ROOT, capture_output=True,
                                                   text=True).stdout, re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(mullion, command):
    done = mullion(command, "--help")
    assert done.returncode == 0 and f"./mullion {command}" in done.stdout


@pytest.mark.parametrize("arguments, says", [
    (["fly"], "there is no command 'fly'"),
    (["run", "--machine", "toaster"], "there is no machine 'toaster'; there are: sifive_u virt"),
    (["run", "--system", "nothing"], "there is no system 'nothing'"),
    (["run", "--smp"], "--smp needs a value"),
    (["run", "--fast"], "unknown option '--fast'"),
    (["run", "--disk", "missing.img"], "missing.img does not exist"),
    (["run", "--memory", "lots"], "--memory takes a size such as 128M or 1G, not 'lots'"),
    (["run", "--memory", "0"], "--memory takes a size such as 128M or 1G, not '0'"),
    (["run", "--smp", "0"], "--smp takes a number, not '0'"),
    (["run", "--disk", "platform"], "is a folder; ./mullion disk FILE"),
    (["check", "a.sys", "b.sys"], "check takes one file, not 'a.sys' and 'b.sys'"),
    (["debug", "fat", "block"], "debug takes one component, not 'fat' and 'block'"),
    (["new", "component", "a", "b"], "new component takes one name, not 'a' and 'b'"),
    (["test", "cooking"], "there is no area 'cooking'"),
])
def test_bad_use_is_answered(mullion, arguments, says):
    done = mullion(*arguments)
    assert done.returncode == 2 and says in done.stderr


@pytest.mark.parametrize("arguments, says", [
    (["while"], "error[N03]"),
    (["newcomer", "--system", "hello"], "error["),  # there is no log that the template could be connected to
])
def test_component_that_would_not_compile_is_not_made(mullion, arguments, says):
    systems = {file: file.read_text() for file in (ROOT / "capdl" / "systems").iterdir()}
    done = mullion("new", "component", *arguments)
    assert done.returncode == 2 and says in done.stderr and "nothing was made" in done.stderr
    assert not (ROOT / "userland" / "apps" / arguments[0]).exists()
    assert systems == {file: file.read_text() for file in (ROOT / "capdl" / "systems").iterdir()}


def test_start_that_never_prints_a_line_of_ours_is_explained(boot, tmp_path):
    """A payload that loops at once: the watchdog names how far the start came, and the exit status is not 0."""
    loop = tmp_path / "loop"
    loop.write_bytes(b"\x6f\x00\x00\x00" * 64)
    machine = boot("--timeout", "3", wait=False, extra=["-kernel", str(loop)])
    assert machine.end() == 3
    assert "the firmware ran, but the image was never entered" in machine.text()


def test_start_that_qemu_refuses_is_explained(boot):
    machine = boot(wait=False, extra=["-device", "flux-capacitor"])
    assert machine.end() == 3
    assert "flux-capacitor" in machine.text() and "failed before the firmware printed anything" in machine.text()


def test_machine_with_too_little_memory_is_told_so(boot):
    machine = boot("--memory", "16M", wait=False)
    assert machine.end() == 3
    assert re.search(r"this system needs \d+ MiB of RAM, the machine has 16 MiB|no memory of the device tree", machine.text())


@pytest.mark.parametrize("offset", [12, 0x1000, 0x20000, -8])
def test_damaged_system_is_not_started(boot, tmp_path, mullion, offset):
    """One bit of the system in the image is another: in its checksum, its texts, its images or its last bytes."""
    assert mullion("build").returncode == 0
    image = bytearray((ROOT / "build" / "virt" / "files" / "Image").read_bytes())
    image[offset + (0x100000 if offset > 0 else len(image))] ^= 0x80
    (tmp_path / "Image").write_bytes(image)
    machine = boot(wait=False, extra=["-kernel", str(tmp_path / "Image")])
    assert machine.end() == 3
    assert machine.text().count("the system in this image is damaged") == 2, "by the boot stage, and by the launcher"


RAM_DISK = r"this system has its RAM disk at 0x88200000 to 0x89200000, but the loader "


@pytest.mark.parametrize("memory", ["64M", "128M", "255M"])
def test_ram_disk_in_another_place_is_told(boot, memory):
    """QEMU chooses the place by the size of the RAM."""
    machine = boot("--machine", "sifive_u", "--memory", memory, wait=False, snapshot=False)
    assert machine.end() == 3
    assert re.search(RAM_DISK + r"put it at 0x8\w+ to 0x8\w+; give the machine more RAM", machine.text())


def test_ram_disk_that_does_not_fit_is_explained(boot):
    """QEMU itself refuses it, in words of its own."""
    machine = boot("--machine", "sifive_u", "--memory", "32M", wait=False, snapshot=False)
    assert machine.end() == 3
    assert "regions that overlap: give the machine more --memory" in re.sub(r"\s+", " ", machine.text())


def test_ram_disk_that_is_missing_is_told(mullion):
    assert mullion("build", "--machine", "sifive_u").returncode == 0
    qemu = pexpect.spawn("qemu-system-riscv64", ["-M", "sifive_u", "-smp", "5", "-m", "256M", "-display", "none", "-serial",
                         "stdio", "-monitor", "none", "-kernel", str(ROOT / "build" / "sifive_u" / "files" / "Image")])
    qemu.expect(RAM_DISK + "brought none", timeout=60)
    qemu.close(force=True)


def test_image_of_another_board_ends_in_a_panic_that_says_so(mullion, boot):
    assert mullion("build", "--machine", "sifive_u").returncode == 0
    machine = boot(wait=False, extra=["-kernel", str(ROOT / "build" / "sifive_u" / "files" / "Image")])
    assert machine.end() == 1
    assert "this system was laid out for another timebase" in machine.text()
    assert "the system stopped itself: panic" in machine.text()


def test_machine_without_a_disk_has_a_shell_that_says_so(boot):
    machine = boot("--no-disk")
    assert re.search(r"cannot list /: there is no disk|has no FAT", machine.run("ls", timeout=90))
    assert machine.poweroff() == 0


def test_other_board_runs_the_same_commands(boot):
    """sifive_u starts on any of its harts, has no virtio and cannot switch itself off; the launcher sees to that."""
    machine = boot("--machine", "sifive_u")
    assert "README.TXT" in machine.run("ls")
    machine.run("write note.txt on the RAM disk")
    assert "on the RAM disk" in machine.run("cat note.txt")
    assert machine.poweroff() == 0


@pytest.mark.parametrize("system", ["hello", "bench", "hostile"])
def test_other_board_starts_the_other_systems(boot, system):
    machine = boot("--machine", "sifive_u", "--system", system, wait=False)
    machine.expect(f"mullion: system {system} constructed")


def test_the_start_says_what_is_proved_of_this_kernel(boot):
    """One line, and the same that `./mullion prove --status` finds in the image."""
    told = json.loads(subprocess.run(["./mullion", "prove", "--status", "--json"], cwd=ROOT, capture_output=True, text=True).stdout)
    totals = told["totals"]
    machine = boot("--system", "hello", "--no-disk", wait=False)
    machine.expect("mullion: system hello constructed")
    lines = [line for line in machine.text().splitlines() if line.startswith("mullion: proof: ")]
    assert lines == [told["says"]], lines
    assert lines[0].startswith(f"mullion: proof: {totals['proved']} of {totals['functions']} functions proved, ")
    assert lines[0].endswith(f" kernel {told['kernel_sha256'][:12]}")


def test_leaving_without_power_off_is_told(boot):
    machine = boot()
    machine.child.send("\x01x")
    assert machine.end() == 4
    assert "ended without power-off" in machine.text()


def test_graph_draws_and_answers(mullion):
    assert mullion("graph", "files").returncode == 0
    picture = (ROOT / "build" / "virt" / "files" / "graph.svg").read_text()
    assert "disk_driver" in picture and "supervisor" in picture
    assert "console" in mullion("graph", "files", "caps", "shell").stdout
    assert "uart_driver can read, write uart" in mullion("graph", "files", "who-can", "write", "uart").stdout
    assert "shell" in mullion("graph", "files", "path", "shell", "disk_driver").stdout


@pytest.mark.parametrize("system", ["hello", "files", "bench", "hostile"])
def test_picture_fits_a_screen(mullion, system):
    """No system becomes one wide row or one high column, however many components stand alone."""
    assert mullion("graph", system).returncode == 0
    picture = (ROOT / "build" / "virt" / system / "graph.svg").read_text()
    width, height = map(int, re.search(r'width="(\d+)pt" height="(\d+)pt"', picture).groups())
    assert max(width, height) < 1500 and 0.5 < width / height < 2.5, (width, height)


def test_check_says_what_is_wrong(mullion, tmp_path):
    assert mullion("check", "capdl/systems/files.sys").returncode == 0
    bad = tmp_path / "bad.sys"
    bad.write_text("system bad\ncomponent a { priority 999 }\n")
    done = mullion("check", str(bad))
    assert done.returncode == 1 and "bad.sys:2:" in done.stderr and "error[" in done.stderr


@pytest.mark.parametrize("board", ["virt", "sifive_u"])
def test_debugger_stops_in_one_component_only(mullion, board):
    """All components begin at the same address, and each has an `init`: only that of fat may stop. On sifive_u the
    harts that run it are a second process to gdb."""
    done = mullion("debug", "fat", "--machine", board, "--", "-batch", "-ex", "break init", "-ex", "continue",
                   "-ex", "bt", "-ex", "print/x $satp & 0xfffffffffff", "-ex", "kill", timeout=100)
    space = re.search(r"^object space fat/root at (0x[0-9a-f]+)",
                      (ROOT / "build" / board / "files" / "system.cdl").read_text(), re.M).group(1)
    assert f"$1 = {int(space, 16) >> 12:#x}" in done.stdout
    assert re.search(r"^#0 .*init \(\)", done.stdout, re.M)
    assert "corrupt stack" not in done.stdout and "previous frame" not in done.stdout


def test_backtrace_in_the_kernel_ends_where_the_trap_entered(mullion):
    done = mullion("debug", "--", "-batch", "-ex", "break syscall_handle", "-ex", "continue", "-ex", "bt", "-ex", "kill",
                   timeout=100)
    assert re.search(r"^#1 .*trap_entry \(\)", done.stdout, re.M)
    assert "Backtrace stopped" not in done.stdout + done.stderr and "#2" not in done.stdout


def test_debugger_is_used_by_hand():
    """Ctrl-C stops the machine and not the launcher; `type` reaches the shell of the system."""
    gdb = pexpect.spawn("./mullion", ["debug", "fat"], cwd=str(ROOT), timeout=60, encoding="utf-8", codec_errors="replace")
    for command, answer in (("continue", "mullion:/> "), (None, "SIGINT"), ('type "uptime"', "uptime"),
                            ("continue", "since the machine was switched on"), (None, "SIGINT")):
        if command is None:
            time.sleep(0.5)
            gdb.sendintr()
        else:
            gdb.expect(r"\(gdb\) ")
            gdb.sendline(command)
        gdb.expect(answer)
    gdb.expect(r"\(gdb\) ")
    gdb.sendline("quit")
    gdb.expect(pexpect.EOF)
    gdb.close()
    assert gdb.exitstatus == 0
