"""shell - the default system does its work: files, components, crashes, power; and the disk agrees on the host."""
import re
import shutil
import subprocess
import time

import pytest

PARTITION = "@@1M"


def host(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def fsck(image, tmp_path):
    """fsck.fat on the partition; it takes no offset, so the partition is cut out."""
    partition = tmp_path / "partition.img"
    with open(image, "rb") as source, open(partition, "wb") as target:
        source.seek(1 << 20)
        shutil.copyfileobj(source, target)
    return host("fsck.fat", "-n", str(partition))


def test_help_names_the_commands(machine):
    text = machine.run("help")
    for command in ("ls", "cat", "write", "append", "cp", "mv", "rm", "mkdir", "rmdir", "stat", "df", "sync", "hexdump", "ps",
                    "caps", "mem", "irqs", "uptime", "bench", "crash", "restart", "reboot", "poweroff"):
        assert re.search(rf"^  {command}\b", text, re.M), command


def test_files_of_the_host_are_there(machine):
    assert "README.TXT" in machine.run("ls")
    assert "This is the disk of Mullion's default system" in machine.run("cat README.TXT")
    assert "shell.txt" in machine.run("ls docs")


def test_files_can_be_made_changed_and_removed(machine):
    machine.run("mkdir work")
    machine.run("cd work")
    machine.run("write a.txt one")
    machine.run("append a.txt two")
    assert machine.run("cat a.txt").split() == ["one", "two"]
    machine.run("cp a.txt b.txt")
    machine.run("mv b.txt a-longer-name-than-eight.text")
    assert "a-longer-name-than-eight.text" in machine.run("ls")
    assert machine.run("cat a-longer-name-than-eight.text").split() == ["one", "two"]
    assert "6f 6e 65" in machine.run("hexdump a.txt")
    assert re.search(r"size +\d+ bytes", machine.run("stat a.txt"))
    machine.run("rm a.txt")
    assert "there is no such file" in machine.run("cat a.txt")
    machine.run("cd /")
    assert "not empty" in machine.run("rmdir work")
    machine.run("rm work/a-longer-name-than-eight.text")
    machine.run("rmdir work")
    assert "work" not in machine.run("ls")


def test_what_the_shell_does_not_know_is_said(machine):
    assert "There is no command `fly`" in machine.run("fly")
    assert "usage: cat PATH...\n" in machine.run("cat")
    assert "usage: sync\n" in machine.run("sync now")
    assert "usage" not in machine.run("help sync")
    assert "there is no such file or folder" in machine.run("cat nowhere.txt")


def test_tab_completes_and_up_recalls(machine):
    machine.child.send("upt\t\r")
    machine.expect("up 0:0")
    machine.prompt()
    machine.child.send("cat REA\t\r")
    machine.expect("default system")
    machine.prompt()
    machine.child.send("\x1b[A\r")
    machine.expect("default system")
    machine.prompt()


@pytest.mark.parametrize("typed, completed", [
    ('cat "REA\t', 'cat "README.TXT" '),
    ('cat "a fi\t', 'cat "a file with blanks.txt" '),
    ('cat a\\ fi\t', 'cat a\\ file\\ with\\ blanks.txt '),
    ('cat "docs/\t', 'cat "docs/shell.txt" '),
    ('cat README.TXT "a\t', 'cat README.TXT "a file with blanks.txt" '),
    ('"upt\t', '"uptime" '),
    ('cat "doc\t', 'cat "docs/'),
    ('caps "fa\t', 'caps "fat" '),
])
def test_tab_completes_within_quotation_marks_too(machine, typed, completed):
    machine.run('write "a file with blanks.txt" blanks')
    machine.child.send(typed)
    machine.expect(re.escape(completed))
    machine.child.send("\x03")
    machine.prompt()


def test_system_tells_about_itself(machine):
    text = machine.run("ps")
    for component in ("shell", "console", "supervisor", "fat", "block", "log"):
        assert component in text
    assert "console" in machine.run("caps shell")
    assert machine.run("mem") and machine.run("irqs") and machine.run("df")
    assert "up 0:0" in machine.run("uptime")


def test_interrupts_are_counted_also_across_a_restart(machine):
    def counts():
        return {name: int(count) for name, count in re.findall(r"^ +\d+  (?:uart|virtio) +(\w+) +\d+ +(\d+)$",
                                                               machine.run("irqs"), re.M)}

    first = counts()
    machine.run("write counted.txt something")
    machine.run("sync")
    second = counts()
    assert second["uart_driver"] > first["uart_driver"] > 0
    machine.run("restart uart_driver")
    assert counts()["uart_driver"] > second["uart_driver"]


@pytest.mark.parametrize("component", ["fat", "block", "disk_driver", "log"])
def test_crash_of_a_server_leaves_the_shell_alive(boot, component):
    machine = boot()
    machine.run(f"crash {component}")
    assert "up 0:0" in machine.run("uptime")
    machine.run(f"restart {component}")
    deadline = 20
    for _ in range(deadline):
        text = machine.run("cat README.TXT")
        if "default system" in text:
            break
    assert "default system" in text
    assert machine.poweroff() == 0


@pytest.mark.parametrize("component", ["block", "disk_driver"])
def test_who_needs_a_stopped_server_is_told_soon(boot, disk, component):
    """Long before the patience with a slow disk (3 and 8 seconds) ends; and all is well once the server is back."""
    machine = boot("--disk", str(disk({"sub/late.txt": b"well\n"})))
    machine.run(f"crash {component}")
    start = time.monotonic()
    assert "the disk does not answer; `ps` shows whether" in machine.run("cat sub/late.txt")
    assert time.monotonic() - start < 2.5
    assert "the disk does not answer" in machine.run("cat sub/late.txt")
    machine.run(f"restart {component}")
    assert "well" in machine.run("cat sub/late.txt")
    assert machine.poweroff() == 0


def test_what_is_written_is_there_on_the_host_and_the_other_way_round(boot, disk, tmp_path):
    image = disk({"FROM.HST": b"the host wrote this\n", "sub/deep file.txt": b"deep\n"})
    machine = boot("--disk", str(image), snapshot=False)
    assert "the host wrote this" in machine.run("cat from.hst")
    assert "deep" in machine.run('cat "sub/deep file.txt"')
    machine.run("write note.txt the shell wrote this")
    machine.run("mkdir made")
    machine.run("cp FROM.HST made/copied.txt")
    machine.run("sync")
    assert machine.poweroff() == 0
    assert host("mtype", "-i", f"{image}{PARTITION}", "::note.txt").strip() == "the shell wrote this"
    assert host("mtype", "-i", f"{image}{PARTITION}", "::made/copied.txt") == "the host wrote this\n"
    fsck(image, tmp_path)


def test_snapshot_leaves_the_disk_untouched(boot, disk):
    image = disk()
    before = image.read_bytes()
    machine = boot("--disk", str(image))
    machine.run("write gone.txt x")
    machine.run("sync")
    assert machine.poweroff() == 0
    assert image.read_bytes() == before


def test_reboot_comes_back(boot):
    machine = boot()
    machine.child.send("reboot\r")
    machine.expect("OpenSBI")
    machine.prompt()
    assert machine.poweroff() == 0


def test_starts_with_four_harts(boot):
    machine = boot("--smp", "4")
    assert "README.TXT" in machine.run("ls")
    assert machine.poweroff() == 0


def test_starts_with_the_least_memory_it_was_laid_out_for(boot):
    machine = boot("--memory", "128M")
    assert "README.TXT" in machine.run("ls")
    assert machine.poweroff() == 0
