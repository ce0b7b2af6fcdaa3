"""Shared rings: behaviour on the host, and the fences of the sleep protocol in the object code for the board."""
import re
import subprocess

import pytest
from storage_build import ROOT, TARGET, build


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_rings_and_sessions_behave(compiler):
    program = build("ring_host", "runtime/ring.c", compiler=compiler)
    result = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


def test_rings_have_no_data_race_that_matters():
    """Indices and flags are atomics; what is left are the records, which publish and release order."""
    flags = ["-std=gnu17", "-g", "-O1", "-fsanitize=thread"]
    program = build("ring_host", "runtime/ring.c", compiler="clang", flags=flags, tag="-threads")
    result = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, (result.stdout + result.stderr)[-3000:]


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """{function: [instruction, ...]} of ring.c as the board gets it; addresses of fields as offset(register)."""
    target = tmp_path_factory.mktemp("ring") / "ring.o"
    subprocess.run([*TARGET, "-c", str(ROOT / "userland/runtime/ring.c"), "-o", str(target)], check=True)
    text = subprocess.run(["riscv64-unknown-elf-objdump", "-d", "--no-show-raw-insn", "-M", "no-aliases", str(target)],
                          check=True, capture_output=True, text=True).stdout
    result, name = {}, None
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <(\w+)>:", line)
        if head:
            name = head.group(1)
            result[name] = []
        elif name and ":\t" in line:
            result[name].append(line.split(":\t", 1)[1].replace("\t", " ").split(" #")[0].strip())
    return result


def places(code, pattern):
    return [number for number, line in enumerate(code) if re.match(pattern, line)]


FULL_FENCE = r"fence (iorw,iorw|rw,rw)$"
STORE = r"(c\.sw|sw|amoswap\.w\S*) "
LOAD = r"(c\.lw|lw) "


def test_publish_orders_records_before_index_and_index_before_the_question(functions):
    """Records, fence, index, full fence, then the look at `sleeping`: the producer's half of the protocol."""
    for name in ("ring_publish", "ring_release"):
        code = functions[name]
        store = places(code, STORE)[-1]
        assert any(fence < store for fence in places(code, r"fence (iorw,ow|rw,w|iorw,iorw|rw,rw)$")), code
        full = [fence for fence in places(code, FULL_FENCE) if fence > store]
        assert full, f"{name}: no full fence after the index was published: {code}"
        assert any(load > full[0] for load in places(code, LOAD)), f"{name}: the flag is not read after the fence: {code}"


def test_sleep_announces_fences_and_looks_again(functions):
    """Flag, full fence, then the peer's index once more: the consumer's half."""
    for name in ("ring_sleep", "ring_sleep_full"):
        code = functions[name]
        full = places(code, FULL_FENCE)
        assert full, f"{name}: no full fence: {code}"
        assert any(store < full[0] for store in places(code, STORE)), f"{name}: no announcement before the fence: {code}"
        assert any(load > full[0] for load in places(code, LOAD)), f"{name}: no second look after the fence: {code}"
