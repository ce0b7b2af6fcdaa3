"""build - the same commit gives the same bytes, wherever it is checked out, and one kernel serves every board."""
import hashlib
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_checkouts_build_identical_images(mullion, tmp_path):
    assert mullion("build", "--all").returncode == 0
    copy = tmp_path / "a" / "checkout with another name"
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    shutil.copytree(ROOT / "build" / "third-party", copy / "build" / "third-party")
    done = subprocess.run(["./mullion", "build", "--all"], cwd=copy, capture_output=True, text=True,
                          env={**os.environ, "MULLION_JOBS": "2"})
    assert done.returncode == 0, done.stderr
    ours = sorted((ROOT / "build" / "virt").glob("*/Image"))
    assert ours, "no image was built"
    for image in ours:
        assert digest(image) == digest(copy / image.relative_to(ROOT)), f"{image.parent.name} differs"
        for elf in image.parent.glob("*.elf"):
            assert digest(elf) == digest(copy / elf.relative_to(ROOT)), f"{elf.name} differs"


def test_one_kernel_binary_for_all_boards(mullion):
    for machine in ("virt", "sifive_u"):
        done = mullion("build", "--machine", machine)
        assert done.returncode == 0, done.stderr
    for name in ("kernel.bin", "boot.bin"):
        assert digest(ROOT / "build" / "virt" / name) == digest(ROOT / "build" / "sifive_u" / name)
