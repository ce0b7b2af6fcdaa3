"""disk - disks as they come: other partition tables, other kinds of FAT, nothing on them, work cut short."""
import re
import subprocess

import pytest

from conftest import LOG


def tool(*command, text=None):
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


def fsck(image, offset, tmp_path):
    volume = tmp_path / "volume.img"
    volume.write_bytes(image.read_bytes()[offset:])
    result = subprocess.run(["/sbin/fsck.fat", "-n", str(volume)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def make(path, mib, table, options, offset):
    """A disk with a partition table (None: without one) and a FAT file system at `offset` bytes."""
    with open(path, "wb") as file:
        file.truncate(mib * 1024 * 1024)
    if table:
        tool("/sbin/sfdisk", "-q", str(path), text=table)
    kib = (mib * 1024 * 1024 - offset) // 1024 - (1024 if table else 0)
    tool("/sbin/mkfs.fat", *options, "--offset", str(offset // 512), str(path), str(kib))
    return path


KINDS = {
    "second-gpt-partition-fat16": (24, "label: gpt\nsize=4M,type=linux\ntype=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n",
                                   ["-F", "16", "-s", "1"], 5 << 20),
    "logical-mbr-partition-fat12": (16, "label: dos\nsize=2M,type=83\ntype=5\nstart=8192,type=1\n", ["-F", "12"], 4 << 20),
    "whole-disk-fat32": (40, None, ["-F", "32", "-s", "1"], 0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_disk_is_found_used_and_clean_afterwards(boot, tmp_path, kind):
    mib, table, options, offset = KINDS[kind]
    image = make(tmp_path / "disk.img", mib, table, options, offset)
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 2000)
    tool("mcopy", "-i", f"{image}@@{offset}", str(source), "::From the host with a long name.bin")
    machine = boot("--disk", str(image), snapshot=False)
    assert "From the host with a long name.bin" in machine.run("ls")
    machine.run("mkdir /made")
    machine.run('cp "/From the host with a long name.bin" /made/copy.bin')
    machine.run("write /made/note.txt of the shell")
    machine.run("mv /made/note.txt /note.txt")
    assert "of the shell" in machine.run("cat /note.txt")
    assert f"FAT{options[1]}" in machine.run("df")
    assert machine.poweroff() == 0
    fsck(image, offset, tmp_path)
    for name, content in (("note.txt", b"of the shell\n"), ("made/copy.bin", source.read_bytes())):
        read = subprocess.run(["mtype", "-i", f"{image}@@{offset}", f"::{name}"], check=True, capture_output=True).stdout
        assert read == content, name


def test_disk_without_file_system_is_told(boot, tmp_path):
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(4 << 20))
    machine = boot("--disk", str(image))
    assert "no FAT file system" in machine.run("ls")
    assert "no FAT file system" in machine.run("write /x y")


def test_crashes_during_work_leave_a_disk_that_fsck_likes(boot, tmp_path):
    image = make(tmp_path / "disk.img", 32, "label: dos\ntype=c\n", ["-F", "16"], 1 << 20)
    machine = boot("--disk", str(image), snapshot=False)
    for number, component in enumerate(("fat", "disk_driver", "block", "fat")):
        machine.run(f"write /before{number}.txt some words")
        machine.run("sync")
        machine.run(f"write /after{number}.txt more words")
        machine.run(f"crash {component}")
        machine.run(f"restart {component}")
        assert "some words" in machine.run(f"cat /before{number}.txt")
        if component != "fat":
            assert "more words" in machine.run(f"cat /after{number}.txt")
    assert machine.poweroff() == 0
    fsck(image, 1 << 20, tmp_path)


def test_disk_that_hangs_gives_an_error_and_comes_back(boot):
    machine = boot()
    machine.run("write /big.txt x")
    machine.run("crash disk_driver")
    assert re.search(r"cannot \w+ .*: the disk does not answer", machine.run("sync", timeout=40))
    assert "up 0:" in machine.run("uptime")
    machine.run("restart disk_driver")
    # What the block server says of the disk that is back may come between: a line of the log is no complaint of sync's.
    assert LOG.sub("", machine.run("sync")) == ""
    assert "x" in machine.run("cat /big.txt")
