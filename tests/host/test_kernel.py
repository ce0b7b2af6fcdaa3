"""test_kernel - the generic kernel on the host, against a fake architecture, under sanitizers, with a fuzzer."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARENA = 0x60000000  # fake_arch.h; below 2 GiB, as the code is not position independent
VIEWS = {"slots": 0, "queues": 0, "threads": 0, "ptes": 0, "words": 0, "fault_ring": 0x58000}
SANITIZE = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
FUZZ_STEPS = 1_000_000


def build(folder, *flags):
    """Compiles kernel/*.c one by one, as for the board, with the tests; answers the program."""
    sources = sorted((ROOT / "kernel").glob("*.c")) + sorted((ROOT / "tests/host/kernel").glob("*.c"))
    objects = []
    for source in sources:
        objects.append(str(folder / f"{source.stem}.o"))
        subprocess.run(["gcc", "-std=gnu17", "-g", "-fno-pie", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror", *flags, "-c",
                        str(source), "-o", objects[-1]], check=True, timeout=120)
    symbols = [f"-Wl,--defsym={name}={ARENA + offset:#x}" for name, offset in VIEWS.items()]
    program = folder / "kernel_host"
    subprocess.run(["gcc", "-no-pie", *flags, *symbols, *objects, "-o", str(program)], check=True, timeout=120)
    return program


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sanitized"), *SANITIZE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return build(tmp_path_factory.mktemp("plain"), "-O2")


def run(program, *arguments, timeout=300):
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=timeout)
    print(done.stdout[-3000:], done.stderr[-3000:])
    return done


def test_each_operation_and_each_error(sanitized):
    done = run(sanitized)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
    assert done.returncode == 0 and not wrong, "\n".join(wrong) + "\n" + done.stderr
    assert " passed, 0 failed" in done.stdout


def test_the_same_without_sanitizers(plain):
    assert run(plain).returncode == 0


def test_random_calls_keep_the_invariants(plain):
    done = run(plain, "--fuzz", str(FUZZ_STEPS), "1", "8")
    assert done.returncode == 0, done.stderr


def test_random_calls_under_sanitizers(sanitized):
    done = run(sanitized, "--fuzz", "30000", "2", "1")
    assert done.returncode == 0, done.stderr
