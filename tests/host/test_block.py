"""The block server on the host: its queue with this test as clients and disk, and partition tables made by real tools."""
import struct
import subprocess
import zlib

import pytest
from storage_build import FLAGS, ROOT, build

SOURCES = ["servers/block/queue.c", "servers/block/partition.c", "runtime/ring.c"]


@pytest.fixture(scope="module")
def program():
    return build("block_host", *SOURCES)


def show(program, image):
    result = subprocess.run([program, str(image)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    return lines[0], [tuple(line.split()) for line in lines[1:]]


def empty(path, mib=8):
    with open(path, "wb") as file:
        file.truncate(mib * 1024 * 1024)
    return path


def sfdisk(image, script):
    subprocess.run(["/sbin/sfdisk", "-q", str(image)], input=script, text=True, check=True, capture_output=True)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_queue_fairness_restarts_and_hostile_peers(compiler):
    result = subprocess.run([build("block_host", *SOURCES, compiler=compiler)], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_virtio_driver_checks_what_the_device_returns(compiler):
    folders = [ROOT / "tests/host/virtio", ROOT / "userland/protocols", ROOT / "userland/runtime"]
    flags = [*FLAGS, *(f"-I{folder}" for folder in folders)]
    program = build("virtio_host", "drivers/virtio_blk/virtio_blk.c", "runtime/ring.c", compiler=compiler, flags=flags)
    result = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_mbr_by_sfdisk(program, tmp_path):
    image = empty(tmp_path / "disk.img")
    sfdisk(image, "label: dos\nstart=2048, size=2048, type=83\nstart=4096, size=4096, type=c\n")
    assert show(program, image) == ("mbr", [("2", "4096", "4096", "fat"), ("1", "2048", "2048", "other")])


def test_logical_partitions_by_sfdisk(program, tmp_path):
    image = empty(tmp_path / "disk.img")
    sfdisk(image, "label: dos\nstart=2048, size=2048, type=83\nstart=4096, size=10240, type=f\n"
                  "start=6144, size=1024, type=6\nstart=9216, size=1024, type=6\n")
    assert show(program, image) == ("mbr", [("5", "6144", "1024", "fat"), ("6", "9216", "1024", "fat"),
                                            ("1", "2048", "2048", "other")])


def gpt(path):
    image = empty(path)
    sfdisk(image, "label: gpt\nstart=2048, size=2048, type=linux\nstart=4096, size=4096, "
                  "type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n")
    return image


GPT = [("2", "4096", "4096", "fat"), ("1", "2048", "2048", "other")]


def test_gpt_by_sfdisk(program, tmp_path):
    assert show(program, gpt(tmp_path / "disk.img")) == ("gpt", GPT)


@pytest.mark.parametrize("offset", [512, 512 + 20, 512 + 72, 1024 + 40])
def test_a_damaged_first_gpt_is_replaced_by_the_second(program, tmp_path, offset):
    image = gpt(tmp_path / "disk.img")
    raw = bytearray(image.read_bytes())
    raw[offset] ^= 0x10
    image.write_bytes(raw)
    assert show(program, image) == ("gpt: the first partition table (GPT) is damaged; using the one at the end", GPT)
    raw[len(raw) - 512 + 60] ^= 1
    image.write_bytes(raw)
    assert show(program, image) == ("gpt: both copies of the partition table (GPT) are damaged", [])


@pytest.mark.parametrize("field, value", [("count", 0xffffffff), ("size", 0), ("size", 0xffffffff), ("size", 136), ("entries", 1 << 60)])
def test_a_gpt_with_right_checksums_and_wrong_numbers_is_refused(program, tmp_path, field, value):
    image = gpt(tmp_path / "disk.img")
    raw = bytearray(image.read_bytes())
    for at in (512, len(raw) - 512):
        if field == "entries":
            struct.pack_into("<Q", raw, at + 72, value)
        else:
            struct.pack_into("<I", raw, at + {"count": 80, "size": 84}[field], value)
        struct.pack_into("<I", raw, at + 16, 0)
        struct.pack_into("<I", raw, at + 16, zlib.crc32(raw[at:at + 92]))
    image.write_bytes(raw)
    assert show(program, image)[1] == []


def test_a_disk_without_a_table_is_one_volume(program, tmp_path):
    image = tmp_path / "disk.img"
    subprocess.run(["/sbin/mkfs.fat", "-C", str(image), "4096"], check=True, capture_output=True)
    assert show(program, image) == ("none", [])
    assert show(program, empty(tmp_path / "zeros.img")) == ("none", [])
