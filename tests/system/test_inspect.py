"""inspect - the machine's memory is what the specification states, at the first user instruction and later; a byte of it
that was changed is found and named."""
import re
import shutil
import struct
import subprocess

import pytest

from conftest import ROOT, launcher

INSPECTED = {}


def inspected(system, machine="virt"):
    """What ./mullion inspect said of a system (each is booted once), and the folder with its memory."""
    if (system, machine) not in INSPECTED:
        INSPECTED[system, machine] = launcher("inspect", system, "--machine", machine, timeout=180)
    return INSPECTED[system, machine], ROOT / "build" / machine / system / "inspect"


@pytest.mark.parametrize("system, machine", [("files", "virt"), ("hello", "virt"), ("bench", "virt"), ("files", "sifive_u")])
def test_memory_is_what_the_specification_states(system, machine):
    done, folder = inspected(system, machine)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    first, later = re.findall(r"^\d+ objects and \d+ capabilities are stated, 0 things differ( beside what was listed)?$", done.stdout, re.M)
    assert first == "" and later
    assert done.stdout.count("the invariants hold; capabilities: ") == 2
    assert "reserved by a thread that waits" in done.stdout


def number_of_space(folder, name):
    """The ASID that a root space has in the memory of the running system: each life of a component gets a new one."""
    text = (folder.parent / "system.cdl").read_text()
    load = int(re.search(r"^system \S+ load (0x\w+)", text, re.M)[1], 16)
    root = int(re.search(rf"^object space {name}/root at (0x\w+) ", text, re.M)[1], 16)
    with open(folder / "running.dump", "rb") as file:
        file.seek(root - load + 4096 + 512 * 32 + 16)
        return struct.unpack("<I", file.read(4))[0]


def test_component_that_was_built_anew_is_as_stated():
    """The supervisor replays the section of `fat`: the same objects, slots, mappings, and nothing left of before."""
    done = launcher("inspect", "files", "--after", "restart fat", timeout=180)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    listed = re.findall(r"^  since then: (.*)$", done.stdout, re.M)
    assert listed and all(line.endswith("reserved by a thread that waits") for line in listed), listed
    folder = ROOT / "build" / "virt" / "files" / "inspect"
    assert number_of_space(folder, "fat") > max(number_of_space(folder, name) for name in ("shell", "log", "block", "console"))


def test_component_that_was_taken_apart_is_listed():
    done = launcher("inspect", "files", "--after", "crash fat", timeout=180)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert re.search(r"since then: supervisor/table\[\d+\] is empty; stated is fat/table", done.stdout)
    assert "is empty; stated is block/" not in done.stdout


class Memory:
    """The memory of `hello` at its first user instruction, in a copy that is damaged byte by byte."""

    def __init__(self, folder, copy):
        self.folder, self.copy = folder, copy
        self.text = (folder.parent / "system.cdl").read_text()
        self.load = int(re.search(r"^system \S+ load (0x\w+)", self.text, re.M)[1], 16)
        self.symbols = {line.split()[2]: int(line.split()[0], 16) - 0xffffffc000200000
                        for line in (folder / "symbols").read_text().splitlines()}
        shutil.copy(folder / "first.dump", copy)

    def at(self, name):
        """Offset of an object in the memory."""
        if name == "/kernel":
            return 0x48000
        return int(re.search(rf"^object \w+ {re.escape(name)} at (0x\w+) ", self.text, re.M)[1], 16) - self.load

    def slot(self, name, index):
        kind = re.search(rf"^object (\w+) {re.escape(name)} ", self.text, re.M)[1]
        return self.at(name) + {"table": 0, "space": 4096, "thread": 384}[kind] + 32 * index

    def run(self, program, *arguments):
        done = subprocess.run([str(self.folder / program), str(self.copy), str(self.folder / "symbols"), *map(str, arguments)],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def damaged(self, offset, change, size=1):
        """What both programs say after `change` of the number at an offset."""
        kind = {1: "<B", 4: "<I", 8: "<Q"}[size]
        with open(self.copy, "r+b") as file:
            file.seek(offset)
            old = file.read(size)
            file.seek(offset)
            file.write(struct.pack(kind, change(struct.unpack(kind, old)[0])))
            file.flush()
            try:
                return (self.run("inspect", self.folder.parent / "system.cdl", self.folder.parent / "Image", "first"),
                        self.run("invariants", (self.folder / "first.root").read_text().strip()))
            finally:
                file.seek(offset)
                file.write(old)


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    done, folder = inspected("hello")
    assert done.returncode == 0, done.stderr
    return Memory(folder, tmp_path_factory.mktemp("inspect") / "memory")


def stated(memory, pattern):
    """A capability of the text: container, index and the rest of its line."""
    return re.search(rf"^cap (\S+)\[(\d+)\] = ({pattern})", memory.text, re.M).groups()


def test_undamaged_copy_is_good(memory):
    (one, _), (two, _) = memory.damaged(0, lambda n: n)
    assert (one, two) == (0, 0)


def test_right_more_is_named(memory):
    table, index, _ = stated(memory, r"hello_server/endpoint rights wc ")
    inspect, invariants = memory.damaged(memory.slot(table, int(index)) + 6, lambda rights: rights | 1)
    assert inspect[0] == 1 and f"{table}[{index}]: rights: stated wc, found rwc" in inspect[1]


def test_right_beyond_its_source_breaks_an_invariant_too(memory):
    space, index, _ = stated(memory, r"\S+ rights rx badge 0x0 from /kernel")
    inspect, invariants = memory.damaged(memory.slot(space, int(index)) + 6, lambda rights: rights | 2)
    assert f"{space}[{index}]: rights: stated rx, found rwx" in inspect[1]
    assert invariants[0] == 1 and "I3: a copy has more rights than its source" in invariants[1]


def test_hardware_entry_is_named(memory):
    space, index, _ = stated(memory, r"/image\S+ rights r badge ")
    inspect, invariants = memory.damaged(memory.at(space) + 8 * int(index), lambda entry: entry | 4, 8)
    assert inspect[0] == 1 and f"{space}: entry {index}: stated 0x" in inspect[1]
    assert "stated r (flags 0xd3), found flags 0xd7" in inspect[1]
    assert invariants[0] == 1 and "I4: the entry is not the image" in invariants[1]


def test_entry_that_nothing_states_is_named(memory):
    inspect, invariants = memory.damaged(memory.at("hello_client/leaf[0]") + 8 * 400, lambda _: 0x20000000 | 0xd7, 8)
    assert inspect[0] == 1 and "hello_client/leaf[0]: entry 400: stated 0x0 by its slot" in inspect[1]
    assert "hello_client reaches 0x80000000 at 0x190000, which no region states" in inspect[1]
    assert invariants[0] == 1 and "I4" in invariants[1]


def test_kernel_map_that_lets_users_in_is_named(memory):
    inspect, _ = memory.damaged(memory.symbols["kernel_leaf"] + 8 * 40, lambda entry: entry | 16, 8)
    assert "the kernel's map: entry 40 of a level lets user code in" in inspect[1]
    inspect, _ = memory.damaged(memory.symbols["kernel_leaf"] + 8 * 0x21, lambda entry: entry | 4, 8)
    assert "the kernel's map: page 33 of the image has rights 0x" in inspect[1]


def test_badge_object_and_parent_are_named(memory):
    table, index, _ = stated(memory, r"hello_server/endpoint rights wc badge 0x1 ")
    slot = memory.slot(table, int(index))
    for offset, size, what in ((16, 4, "badge"), (8, 4, "object"), (20, 4, "copied from"), (5, 1, "original"), (0, 1, "type")):
        inspect, _ = memory.damaged(slot + offset, lambda n: n ^ 1, size)
        assert inspect[0] == 1 and f"{table}[{index}]: {what}: stated" in inspect[1], what


def test_capability_from_nowhere_is_named(memory):
    """A slot that is empty in the text becomes an endpoint capability."""
    used = {int(n) for n in re.findall(r"^cap hello_client/table\[(\d+)\]", memory.text, re.M)}
    free = next(n for n in range(1, 64) if n not in used)
    inspect, invariants = memory.damaged(memory.slot("hello_client/table", free), lambda _: 2)
    assert inspect[0] == 1 and f"hello_client/table[{free}]" in inspect[1] and "nothing stat" in inspect[1]
    assert invariants[0] == 1 and "I3: a capability outside the list" in invariants[1]


def test_thread_is_named(memory):
    thread = memory.at("hello_server/thread[0]")
    for offset, size, what in ((8 * 16, 8, "register 16"), (0, 8, "register 0"), (259, 1, "priority"), (256, 1, "state"), (257, 1, "all reg")):
        inspect, _ = memory.damaged(thread + offset, lambda n: n ^ 1, size)
        assert inspect[0] == 1 and f"hello_server/thread[0]: {what}" in inspect[1], (what, inspect[1])


def test_line_of_another_is_named(memory):
    line = int(re.search(r"^bind uart_driver/notification line (\d+) ", memory.text, re.M)[1])
    # struct line is the last array of struct hart: 256 times 16 bytes
    end = memory.symbols["hart"] + sizeof_hart(memory)
    inspect, invariants = memory.damaged(end - 16 * (256 - line), lambda n: n + 1, 4)
    assert inspect[0] == 1 and f"uart_driver/notification: line {line}: notification: stated" in inspect[1]
    assert invariants[0] == 1 and "line" in invariants[1]


def sizeof_hart(memory):
    table = subprocess.run(["riscv64-unknown-elf-nm", "-S", str(ROOT / "build" / "virt" / "kernel.elf")], capture_output=True,
                           text=True, check=True).stdout
    return int(re.search(r"^\w+ (\w+) \w hart$", table, re.M)[1], 16)


def test_contents_are_named(memory):
    address, size, file = re.search(r"^segment hello_server at (0x\w+) memory (\d+) file (\d+) rights rw ", memory.text, re.M).groups()
    page = memory.at("hello_server/data_" + address[2:] + "[0]")
    inspect, _ = memory.damaged(page + int(size) % 4096 + 4000, lambda n: n ^ 0x20)
    assert inspect[0] == 1 and re.search(r"hello_server: segment\s+at 0x\w+: stated byte 0x00, found 0x20", inspect[1])
    inspect, _ = memory.damaged(0x100000 + 4096 + 16, lambda n: n ^ 1)
    assert inspect[0] == 1 and "the system in memory: byte 0x1010: stated" in inspect[1]


def test_broken_lists_break_invariants(memory):
    for offset, size, what in ((memory.symbols["hart"] + 24, 8, "I5"), (memory.at("hello_server/endpoint"), 4, "I5"),
                               (0x46000 + 24, 4, "I3")):
        _, invariants = memory.damaged(offset, lambda n: n ^ 1, size)
        assert invariants[0] == 1 and what in invariants[1], invariants


def test_root_that_the_hardware_walks_is_compared(memory):
    done = subprocess.run([str(memory.folder / "invariants"), str(memory.copy), str(memory.folder / "symbols"), "0x80250000"],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "I7: another space is loaded" in done.stderr


def test_memory_of_another_kernel_is_refused(memory, tmp_path):
    (tmp_path / "empty").write_bytes(bytes(0x200000))
    (tmp_path / "short").write_bytes(bytes(100))
    for name, says in (("empty", "no kernel has started in this memory"), ("short", "too short"), ("missing", "cannot be read")):
        done = subprocess.run([str(memory.folder / "inspect"), str(tmp_path / name), str(memory.folder / "symbols"),
                               str(memory.folder.parent / "system.cdl"), str(memory.folder.parent / "Image"), "first"],
                              capture_output=True, text=True)
        assert done.returncode == 1 and says in done.stderr
    for program in ("inspect", "invariants"):
        assert subprocess.run([str(memory.folder / program)], capture_output=True).returncode == 2


def test_bad_use_is_answered():
    assert "there is no system 'nothing'" in launcher("inspect", "nothing").stderr
    assert "unknown option '--fast'" in launcher("inspect", "--fast").stderr
    assert "hello has no shell to type at" in launcher("inspect", "hello", "--after", "ls").stderr
