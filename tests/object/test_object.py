"""object - what proofs-notes/trusted.md assumes of the compiled kernel is looked for in its object code.

Each check is a function from text of the binary utilities to a list of what is wrong; each is also shown text in which
the thing that it looks for was damaged. Expectations are derived from symbols, never from addresses or lines."""
import re
import subprocess
from collections import namedtuple

import pytest

from conftest import ROOT

BUILD = ROOT / "build" / "virt"
KERNEL = BUILD / "kernel.elf"
TOOLS = "riscv64-unknown-elf-"

NAMES = ("pc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()
PAYLOAD = {f"s{n}" for n in range(2, 8)}
CALLER_SAVED_CLEARED = {"ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a3", "a4", "a5", "a6", "a7"}
VIEWS = ("slots", "queues", "threads", "ptes", "words")
BRANCHES = re.compile(r"^(b[a-z]+|j|jr|jal|jalr|ret|sret|ecall)$")
Line = namedtuple("Line", "address operation operands target")


def tool(name, *arguments):
    return subprocess.run([TOOLS + name, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def text():
    assert KERNEL.exists(), "the kernel is not built: ./mullion build"
    return tool("objdump", "-d", "--no-show-raw-insn", KERNEL)


def parse(text):
    """Functions by name: lists of instructions, targets as (address, symbol without offset)."""
    functions, here = {}, None
    for line in text.splitlines():
        head = re.match(r"^[0-9a-f]+ <(.*)>:$", line)
        code = re.match(r"^\s*([0-9a-f]+):\t(\S+)\s*([^#<]*)(.*)$", line)
        if head:
            here = functions.setdefault(head[1], [])
        elif code and here is not None:
            target = re.search(r"([0-9a-f]+)?\s*<([^>+]*)(?:\+0x[0-9a-f]+)?>", line.split("\t", 2)[-1])
            operands = re.sub(r"[0-9a-f]{8,}$", "", code[3].strip()).rstrip(",").strip()
            here.append(Line(int(code[1], 16), code[2], operands, target and (int(target[1] or "0", 16), target[2])))
    return functions


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    """What the compiler gave the assembler when the kernel was linked as one piece: here each view still has its name. The
    link is done once more for it, and must give the same kernel."""
    folder = tmp_path_factory.mktemp("object")
    command = subprocess.run(["ninja", "-t", "commands", "kernel.elf"], cwd=BUILD, capture_output=True, text=True,
                             check=True).stdout.splitlines()[-1]
    assert " -o kernel.elf" in command
    command = command.replace(" -o kernel.elf", f" -save-temps=obj -o '{folder}/kernel.elf'")
    subprocess.run(command, shell=True, cwd=BUILD, check=True, capture_output=True)
    assert (folder / "kernel.elf").read_bytes() == KERNEL.read_bytes()
    (source,) = folder.glob("*.ltrans*.s")
    return source.read_text()


def parse_assembly(text):
    """Functions of the compiler's output: addresses are line numbers, targets of branches (line, function), of calls
    (0, name)."""
    functions, labels, raw, here = {}, {}, {}, None
    for number, line in enumerate(text.splitlines()):
        if re.match(r"^[a-z_][\w.]*:$", line):
            here = line[:-1]
            raw[here] = []
        elif re.match(r"^\.L\w+:$", line):
            labels[line[:-1]] = number
        elif here and re.match(r"^\t[a-z]", line):
            operation, _, operands = line.strip().partition("\t")
            if " " in operation:
                operation, _, operands = operation.partition(" ")
            raw[here].append(Line(number, operation, operands.replace(" ", ""), None))
    for name, lines in raw.items():
        functions[name] = []
        for line in lines:
            last = line.operands.split(",")[-1]
            target = (labels[last], name) if last in labels else None
            if target:  # the label stands before the instruction that it names
                target = (min((other.address for other in lines if other.address > target[0]), default=-1), name)
            if line.operation in ("call", "tail"):
                target = (0, last)
            operation = {"call": "jal", "tail": "j"}.get(line.operation, "ret" if (line.operation, last) == ("jr", "ra") else line.operation)
            functions[name].append(Line(line.address, operation, line.operands, target))
    return functions


def stores(lines):
    """(number, view, value) of each store to a view: through a register that was made from the view's address."""
    found, view, loaded = [], {}, {}
    for n, line in enumerate(lines):
        memory = re.fullmatch(r"(\w+),(?:(?:%lo\()?([-\w+]*)\)?)\((\w+)\)", line.operands)
        if re.match(r"^s[bhwd]$", line.operation) and memory and memory[3] in view:
            found.append((n, view[memory[3]], loaded.get(memory[1], memory[1])))
        register = written(line)
        if register is None:
            continue
        origin = None
        if line.operation == "lla":
            origin = re.split(r"[+-]", line.operands.split(",")[1])[0]
        elif re.match(r"^(add|addi|mv|sub)$", line.operation):
            origin = next((view[r] for r in line.operands.split(",")[1:] if r in view), None)
        loaded[register] = "from " + view[memory[3]] if line.operation == "ld" and memory and memory[3] in view else register
        view.pop(register, None)
        if origin in VIEWS:
            view[register] = origin
    return found


# ---- Sections, segments ----

def wrong_flags(readelf):
    """Sections and program headers (readelf -SlW) that are writable and executable, and missing ones."""
    wrong = [line for line in readelf.splitlines()
             if re.match(r"\s*\[ *\d+\] \.", line) and re.search(r"\s[A-Z]*W[A-Z]*X[A-Z]*\s|\sWX\s|\sWAX\s", line)]
    segments = re.findall(r"^\s*LOAD .* ([R ][W ][E ]) 0x", readelf, re.M)
    wrong += [f"segment {flags}" for flags in segments if "W" in flags and "E" in flags]
    return wrong + ([] if {"R E", "RW "} <= set(segments) else [f"segments are {segments}"])


@pytest.fixture(scope="module")
def headers():
    return tool("readelf", "-SlW", KERNEL)


def test_nothing_is_writable_and_executable(headers):
    assert wrong_flags(headers) == []


@pytest.mark.parametrize("old, new", [(r"( \.text .*)  AX ", r"\1 WAX "), (r"( LOAD .*) R E ", r"\1 RWE "),
                                      (r"( LOAD .*) RW  ", r"\1 RWE ")])
def test_writable_code_would_be_found(headers, old, new):
    changed = re.sub(old, new, headers, count=1)
    assert changed != headers and wrong_flags(changed)


# ---- Control and status registers ----

WRITES = {
    ("satp", "kernel_entry"), ("satp", "arch_leave"), ("satp", "machine_write_satp"), ("satp", "machine_try_satp"),
    ("sepc", "resume"), ("sepc", "arch_leave"), ("stvec", "kernel_entry"), ("sie", "kernel_entry"), ("sie", "machine_set_user_mode"),
    ("sscratch", "kernel_entry"), ("sscratch", "trap_entry"), ("sscratch", "trap_other"), ("sscratch", "resume"),
    ("sscratch", "arch_leave"), ("sstatus", "machine_set_user_mode"), ("scounteren", "machine_set_user_mode"),
}
READS = {"satp", "scause", "stval", "sepc", "sip", "time"}


@pytest.fixture(scope="module")
def sources(text):
    """For each access to a control register and each fence: the functions of the source that it stands in, innermost first
    (many are part of another function in the end)."""
    addresses = [f"{line.address:#x}" for lines in parse(text).values() for line in lines
                 if re.match("csr|sfence", line.operation)]
    found = {}
    for line in tool("addr2line", "-a", "-f", "-i", "-e", KERNEL, *addresses).splitlines():
        if line.startswith("0x"):
            names = found.setdefault(int(line, 16), [])
        elif re.fullmatch(r"\w+", line):
            names.append(line)
    return found


def wrong_registers(text, sources):
    """Accesses to control registers that are not listed, listed ones that are gone, and a bad value of sstatus."""
    wrong, seen = [], set()
    for symbol, lines in parse(text).items():
        constants = {}
        for line in lines:
            name = (sources.get(line.address) or [symbol])[0]
            register, _, rest = line.operands.partition(",")
            if line.operation in ("csrw", "csrwi"):
                seen.add((register, name))
                if register == "sstatus" and constants.get(rest) != 0x20:  # SPIE alone: no SUM, MXR, FS, SIE
                    wrong.append(f"{name} writes {constants.get(rest)} to sstatus")
            elif line.operation == "csrrw":
                seen.add((rest.split(",")[0], name))
            elif line.operation in ("csrr", "rdtime"):
                if (rest if line.operation == "csrr" else "time") not in READS:
                    wrong.append(f"{name} reads {rest}")
            elif line.operation.startswith("csr") or line.operation in ("frcsr", "fscsr", "rdcycle", "rdinstret"):
                wrong.append(f"{name}: {line.operation} {line.operands}")
            constants[register] = int(rest, 0) if line.operation == "li" else None
    return wrong + [f"{a} in {b} is not listed" for a, b in seen - WRITES] + [f"{a} in {b} is gone" for a, b in WRITES - seen]


def test_control_registers_are_written_where_it_is_known(text, sources):
    assert wrong_registers(text, sources) == []


@pytest.mark.parametrize("old, new", [
    (r"csrw\tsepc,t1", "nop"), (r"csrw\tsatp,a0", "csrw\tsstatus,a0"), (r"csrw\tsscratch,tp", "nop"),
    (r"li\t(\w+),32(\n.*csrw\tsstatus)", r"lui\t\1,0x40\2"), (r"rdtime", "rdcycle"), (r"csrr\t(\w+),sip", r"csrs\tsip,\1"),
    (r"csrw\tstvec,t0", "csrc\tstvec,t0")])
def test_another_use_of_control_registers_would_be_found(text, sources, old, new):
    changed = re.sub(old, new, text)
    assert changed != text and wrong_registers(changed, sources)


# ---- Leaving the kernel: what user code finds in its registers ----

# Per exit: what is not loaded from the thread, and what is cleared. arch_leave has a tag and a badge for a1 and a2.
TRIM = ["and t1,a1,7", "add t1,t1,-6", "bnez t1", "add a0,t1,6", "jal arch_payload_trim"]
EXITS = {"resume": (PAYLOAD, CALLER_SAVED_CLEARED), "arch_leave": (PAYLOAD | {"a1", "a2"}, CALLER_SAVED_CLEARED | {"a0"}),
         "resume_all": (set(), set())}


def straight_before(lines, at):
    """The instructions before number `at` that nothing jumps away from."""
    first = at
    while first > 0 and not BRANCHES.match(lines[first - 1].operation):
        first -= 1
    return lines[first:at]


def written(line):
    """The register that an instruction writes, if any."""
    if re.match(r"^(s[bhwd]|b[a-z]+|j|ret|sret|csrw|csrwi|sfence\.vma|fence|wfi|nop|ecall)$", line.operation):
        return None
    return line.operands.split(",")[0]


def wrong_exits(text):
    """For each sret: every register has its own saved value or zero; only a system call leaves the payload alone, and
    arch_leave cuts it to the length in the tag."""
    wrong, kinds = [], set()
    for name, lines in parse(text).items():
        for at in [n for n, line in enumerate(lines) if line.operation == "sret"]:
            state = {}
            for line in straight_before(lines, at):
                register = written(line)
                slot = re.fullmatch(r"(\d+)\(tp\)", line.operands.partition(",")[2])
                if register is None:
                    continue
                state[register] = "zero" if line.operation == "li" and line.operands.endswith(",0") else \
                    "own" if line.operation == "ld" and slot and int(slot[1]) == 8 * NAMES.index(register) else "other"
            zero = {r for r, what in state.items() if what == "zero"}
            left = set(NAMES[1:]) - set(state)
            wrong += [f"{name}: {r} is not its own before sret" for r, what in state.items() if what == "other"]
            kind = EXITS.get(name)
            if kind is None or (left, zero) != kind:
                wrong.append(f"{name}: {sorted(left)} keep what the kernel left in them, cleared are {sorted(zero)}")
            kinds.add(name)
    steps = [line.operation + " " + (line.target[1] if line.operation == "jal" else line.operands)
             for line in parse(text)["arch_leave"]]
    steps = [step for step in steps if step in TRIM]
    wrong += [] if steps == TRIM else [f"arch_leave does not trim the payload: {steps}"]
    return wrong + [f"no sret in {name}" for name in EXITS.keys() - kinds]


def test_no_register_leaves_the_kernel_with_its_values(text):
    assert wrong_exits(text) == []


@pytest.mark.parametrize("old, new", [
    (r"li\tt3,0\n", "nop\n"), (r"li\ta5,0\n(?=.*li\ta6,0)", "li\ta5,1\n"), (r"ld\ts9,200\(tp\)", "ld\ts9,208(tp)"),
    (r"ld\ts3,152\(tp\)", "nop"), (r"ld\tt6,248\(tp\)", "mv\tt6,a0"), (r"li\tra,0", "li\ts2,0"),
    (r"\tsret", "\tmret"), (r"and\tt1,a1,7", "and\tt1,a1,15"),
    (r"jal\t[0-9a-f]+ <arch_payload_trim>", "nop")])
def test_register_that_leaks_would_be_found(text, old, new):
    changed = re.sub(old, new, text)
    assert changed != text and wrong_exits(changed)


# ---- Entering: what is saved ----

def saved_until_call(lines):
    """Offsets in the thread that have been written before the first call; a register must be stored before it changes."""
    saved, changed, wrong = {}, set(), []
    for line in lines:
        slot = re.fullmatch(r"(\w+),(\d+)\(tp\)", line.operands) if line.operation == "sd" else None
        if slot:
            saved[int(slot[2])] = slot[1]
            if slot[1] in changed and NAMES.index(slot[1]) * 8 == int(slot[2]):
                wrong.append(f"{slot[1]} is saved after it changed")
        if written(line):
            changed.add(written(line))
        if line.operation in ("jal", "jalr"):
            break
    return saved, wrong


def wrong_entries(text):
    """What trap_entry and trap_other do not save. tp comes from sscratch and the pc from sepc, both through t0; sp is saved
    before the two part."""
    functions = parse(text)
    entry, wrong = saved_until_call(functions["trap_entry"])
    other, more = saved_until_call(functions["trap_other"])
    for name, saved, registers in (("trap_entry", entry, {"sp", "gp", "s0", "s1", "s8", "s9", "s10", "s11"}),
                                   ("trap_other", {**other, 16: entry.get(16)}, set(NAMES[1:]) - {"tp"})):
        wrong += [f"{name} does not save {r}" for r in registers if saved.get(8 * NAMES.index(r)) != r]
        wrong += [f"{name} does not save {what}" for what, offset in (("tp", 32), ("pc", 0)) if saved.get(offset) != "t0"]
    first = [line.operation for line in functions["trap_entry"]]
    if "sd" not in first[:first.index("bnez")]:
        wrong.append("sp is not saved before trap_other")
    return wrong + more


def test_every_register_of_the_user_is_saved(text):
    assert wrong_entries(text) == []


@pytest.mark.parametrize("old, new", [
    (r"sd\tgp,24\(tp\)", "nop"), (r"sd\tt0,40\(tp\)", "nop"), (r"sd\tsp,16\(tp\)", "nop"), (r"sd\ts11,216\(tp\)", "sd\ts11,208(tp)"),
    (r"sd\tt4,232\(tp\)", "nop"), (r"sd\tt0,0\(tp\)", "nop"), (r"sd\ts8,192\(tp\)", "li\ts8,0\n1:\tsd\ts8,192(tp)")])
def test_register_that_is_not_saved_would_be_found(text, old, new):
    changed = re.sub(old, new, text)
    assert changed != text and wrong_entries(changed)


# ---- Fences ----

def reaches_exit(lines, start, stops, name):
    """Whether some path from instruction `start` leaves the function without passing an instruction that `stops`."""
    at_address = {line.address: n for n, line in enumerate(lines)}
    todo, seen = [start], set()
    while todo:
        n = todo.pop()
        if n in seen or n >= len(lines):
            continue
        seen.add(n)
        line = lines[n]
        if stops(line):
            continue
        inside = line.target and line.target[1] == name and line.target[0] in at_address
        if line.operation == "ret" or (line.operation in ("j", "jr") and not inside):
            return True
        if inside and (line.operation == "j" or line.operation.startswith("b")):
            todo.append(at_address[line.target[0]])
        if line.operation not in ("j", "jr"):
            todo.append(n + 1)
    return False


def fences(line):
    return line.operation == "sfence.vma" or (line.operation in ("j", "jr", "jal", "jalr") and line.target is not None and
                                              line.target[1] == "arch_space_fence")


def wrong_fences(text, sources):
    """In the linked kernel: the page tables that are left, and those of the start."""
    functions = parse(text)
    wrong, leaves, switches = [], 0, 0
    for name, lines in functions.items():
        for n in [n for n, line in enumerate(lines) if line.operation == "csrw" and line.operands.startswith("satp")]:
            chain = sources.get(lines[n].address, [])
            if "space_leave" in chain:  # a space that dies while the MMU walks it
                leaves += 1
                if reaches_exit(lines, n, fences, name):
                    wrong.append(f"{name}: space_leave without sfence.vma")
            elif "space_switch" in chain:  # only when all ASIDs were used, or if there are none
                switches += 1
                if not {n for n in reached(lines, n, lambda line: False, name) if fences(lines[n])}:
                    wrong.append(f"{name}: space_switch never flushes")
    wrong += [] if leaves and switches else ["space_leave or space_switch was not found"]
    lines = [line for line in functions["kernel_entry"] if line.operation == "sfence.vma" or line.operands.startswith("satp")]
    if [line.operation for line in lines] != ["sfence.vma", "csrw", "sfence.vma"]:
        wrong.append("kernel_entry: no sfence.vma before and after satp")
    starts = [(line.address, line.operation) for lines in functions.values() for line in lines
              if "machine_start" in sources.get(line.address, []) and (line.operation == "sfence.vma" or "satp" in line.operands)]
    if not starts or max(starts)[1] != "sfence.vma":
        wrong.append("machine_start: no sfence.vma after satp")
    return wrong


def test_translations_are_fenced(text, sources):
    assert wrong_fences(text, sources) == []


@pytest.mark.parametrize("source", ["space_leave", "space_switch", "machine_start"])
def test_missing_fence_would_be_found(text, sources, source):
    changed = text
    for address, chain in sources.items():
        if source in chain:
            changed = re.sub(rf"({address:x}:\t)sfence.vma.*", r"\1nop", changed)
    assert changed != text and wrong_fences(changed, sources)


def test_missing_fence_of_the_start_would_be_found(text, sources):
    changed = re.sub(r"(<kernel_entry>:\n.*?)sfence.vma", r"\1nop", text, count=1, flags=re.S)
    assert changed != text and wrong_fences(changed, sources)


# Functions that write entries before any MMU walks them, and why.
UNWALKED = {"arch_boot_tables": "runs before satp is written"}


def wrong_page_tables(assembly):
    """Stores to `ptes` with a path to the end of their function that passes no sfence.vma. A copy from `ptes` is the kernel
    half of a fresh root, which nothing walks yet."""
    wrong, fenced, copied = [], 0, 0
    for name, lines in parse_assembly(assembly).items():
        for n, view, value in stores(lines):
            if view != "ptes" or name in UNWALKED:
                continue
            if value == "from ptes":
                copied += 1
            elif reaches_exit(lines, n, fences, name):
                wrong.append(f"{name}: no sfence.vma after the entry in line {lines[n].address}")
            else:
                fenced += 1
    return wrong + ([] if fenced >= 2 and copied >= 1 else [f"only {fenced} fenced entries and {copied} copies were found"])


def test_every_change_of_an_entry_is_fenced(assembly):
    assert wrong_page_tables(assembly) == []


def test_entry_without_a_fence_would_be_found(assembly):
    places = [m.start() for m in re.finditer(r"\tsfence.vma", assembly)]
    found = [wrong_page_tables(assembly[:at] + "\tnop" + assembly[at + 11:]) for at in places]
    assert sum(map(bool, found)) >= 2  # of a filled and of an emptied slot
    changed = re.sub(r"(\n\w+:\n(?:.*\n)*?\tret\n)", r"\1\tlla\ta5,ptes\n\tsd\ta0,0(a5)\n\tret\n", assembly, count=1)
    assert changed != assembly and wrong_page_tables(changed)


# ---- Retype's change of type ----

def reached(lines, start, stops, name):
    """Numbers of the instructions on paths from `start`, without those that `stops` and what only they lead to."""
    at_address = {line.address: n for n, line in enumerate(lines)}
    todo, seen = [start], set()
    while todo:
        n = todo.pop()
        if n in seen or n >= len(lines) or stops(lines[n]):
            continue
        seen.add(n)
        line = lines[n]
        if line.target and line.target[1] == name and line.target[0] in at_address and line.operation not in ("jal", "jalr"):
            todo.append(at_address[line.target[0]])
        if line.operation not in ("j", "jr", "ret"):
            todo.append(n + 1)
    return seen


def wrong_order(assembly):
    """The barriers of retype are statements without instructions; what they order is looked for. Where memory is zeroed
    through `words`, nothing that describes a new object (a byte of a slot) has been written on any way to it, and
    something is afterwards."""
    wrong, count = [], 0
    for name, lines in parse_assembly(assembly).items():
        places = stores(lines)
        zeroing = {n for n, view, value in places if view == "words" and value == "zero"}
        carving = {n for n, view, _ in places if view == "slots" and lines[n].operation == "sb"}
        if len(zeroing) < 8:
            continue
        count += 1
        wrong += [f"{name}: memory is zeroed after line {lines[n].address}, which writes a new object" for n in carving
                  if reached(lines, n, lambda line: False, name) & zeroing]
        if not any(reached(lines, n, lambda line: False, name) & carving for n in zeroing):
            wrong.append(f"{name}: no object is made of what was zeroed")
    return wrong + ([] if count == 1 else [f"{count} functions zero memory"])


def test_retype_zeroes_before_it_makes_objects(assembly):
    assert wrong_order(assembly) == []


def test_object_that_is_made_before_the_zeroing_would_be_found(assembly):
    lines = assembly.splitlines()
    zeroing = next(line.address for name, body in parse_assembly(assembly).items() for n, view, value in stores(body)
                   for line in [body[n]] if view == "words" and value == "zero")
    early = lines[:zeroing] + ["\tlla\tt4,slots", "\tsb\ta0,0(t4)"] + lines[zeroing:]
    assert wrong_order("\n".join(early))
    none = [re.sub(r"\tsd\tzero,", "\tld\tt4,", line) for line in lines]
    assert wrong_order("\n".join(none))


def leaf(text):
    """A function of C that calls nobody and uses no stack, and one that calls it: for damage."""
    functions = parse(text)
    for name, lines in functions.items():
        calls = [caller for caller, others in functions.items() for line in others
                 if caller != name and line.operation == "jal" and line.target and line.target[1] == name]
        if calls and not name.startswith("arch_") and not any(re.match("jal|sret|jr", line.operation) or "sp" in line.operands or
                                                              (line.operation == "j" and line.target[1] != name) for line in lines):
            return name, calls[0]
    raise AssertionError("no function is a leaf")


# ---- The row of clearings, and the registers that C must not touch ----

def wrong_payload(text):
    functions = parse(text)
    row = [(line.operation, line.operands) for line in functions["arch_payload_clear"][:7]]
    wrong = [] if row == [("li", f"s{n},0") for n in range(2, 8)] + [("ret", "")] else [f"the row is {row}"]
    starts = [line.address for line in functions["arch_payload_clear"][:7]]
    if [b - a for a, b in zip(starts, starts[1:])] != [2] * 6:
        wrong.append("the clearings are not two bytes each")
    trim = functions["arch_payload_trim"]
    if not any(line.operation == "add" and line.target == (starts[0], "arch_payload_clear") for line in trim):
        wrong.append("the computed jump does not start from the row")
    if not any(line.operation == "sll" and re.fullmatch(r"a0,a0,(0x)?1", line.operands) for line in trim):
        wrong.append("the computed jump does not count in two bytes")
    steps = [line.operation for line in trim if line.operation != "nop"]
    if steps != ["auipc", "add", "sll", "add", "jr"]:
        wrong.append(f"the computed jump does more than to compute: {steps}")
    for name, load in (("arch_payload_store", "sd"), ("arch_payload_load", "ld")):
        moves = [line.operands for line in functions[name] if line.operation == load]
        if moves != [f"s{n},{8 * NAMES.index(f's{n}')}(t0)" for n in range(2, 8)]:
            wrong.append(f"{name} moves {moves}")
    holders = {"arch_payload_store", "arch_payload_load", "arch_payload_clear", "trap_other", "resume_all"}
    wrong += [f"{name} uses {line.operands}" for name, lines in functions.items() if name not in holders
              for line in lines if re.search(r"\bs[2-7]\b", line.operands)]
    return wrong


def test_payload_moves_as_its_contracts_say(text):
    assert wrong_payload(text) == []


@pytest.mark.parametrize("old, new", [
    (r"li\ts4,0", "li\ts5,0"), (r"sd\ts3,152\(t0\)", "sd\ts3,160(t0)"), (r"ld\ts7,184\(t0\)", "nop"),
    (r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1mv\ts2,a0"),
    (r"(<arch_payload_trim>:\n(?:.*\n)*?.*)(sll?i?)\ta0,a0,0x1", r"\1\2\ta0,a0,0x2"),
    (r"(<arch_payload_trim>:\n(?:.*\n)*?)(.*)sll\ta0,a0,0x1\n", r"\1\2srl\ta0,a0,0x1\n\2sll\ta0,a0,0x1\n")])
def test_damaged_payload_path_would_be_found(text, old, new):
    changed = re.sub(old.replace("VICTIM", leaf(text)[0]), new, text, count=1)
    assert changed != text and wrong_payload(changed)


# ---- Calls, recursion, stack: cmake/kernel_calls.awk, which every build runs ----

def calls(folder, symbols, usage, text):
    paths = [folder / "k.symbols", folder / "k.su", folder / "k.dis"]
    for path, content in zip(paths, (symbols, usage, text)):
        path.write_text(content)
    return subprocess.run(["awk", "-f", str(ROOT / "cmake" / "kernel_calls.awk"), *map(str, paths)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def graph(text):
    return (BUILD / "kernel.stack.symbols").read_text(), (BUILD / "kernel.stack.su").read_text(), text


def test_stack_suffices_from_every_entry(graph, tmp_path):
    done = calls(tmp_path, *graph)
    assert (done.returncode, done.stderr) == (0, "")
    entries = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"syscall_handle", "trap_handle", "trap_idle", "trap_panic", "arch_start", "arch_boot_tables"} <= entries
    assert done.stdout == (BUILD / "kernel.stack").read_text(), "the build said something else"


@pytest.mark.parametrize("which, old, new, says", [
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1jalr\ta5", "VICTIM jumps to where a register points"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1jr\ta5", "VICTIM jumps to where a register points"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1jalr\t-24(ra) # ffffffc000220502 <arch_print>", "VICTIM jumps to where"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1jal\tffffffc000220502 <CALLER>", "recursion: "),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1j\tffffffc000220502 <VICTIM+0x0>\n0:\tjal\t0 <VICTIM>", "recursion: VICTIM"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1jal\tffffffc000220506 <arch_print+0x4>", "calls into the middle of arch_print"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1sub\tsp,sp,a0", "VICTIM changes sp by other than a constant"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1add\tsp,sp,-64", "VICTIM takes 64 bytes of stack, the compiler says 0"),
    (2, r"(<VICTIM>:\n[0-9a-f]+:\t).*", r"\1sret", "VICTIM has sret"),
    (2, r"(<trap_other>:\n[0-9a-f]+:\t).*", r"\1add\tsp,sp,-16", "assembly in trap_other changes sp"),
    (2, r"jr\tt0\n", "ret\n", "the computed jump of arch_payload_trim is gone"),
    (2, r"(?s).*", "", "the disassembly is empty"),
    (1, r"(:VICTIM\t)0\tstatic", r"\g<1>0\tdynamic", "VICTIM has no bounded use of the stack: dynamic"),
    (1, r"(:arch_start\t)\d+", r"\g<1>30000", "from arch_start the stack takes"),
    (1, r"(.*:VICTIM\t.*\n)", r"\1\1", "two functions are called VICTIM"),
    (0, r"[0-9a-f]+( \w kernel_stack_bottom)", r"ffffffc00025ff80\1", "bytes and has 128"),
    (0, r".* kernel_stack_top\n", "", "there is no kernel_stack_top"),
])
def test_unbounded_or_unknown_calls_would_be_found(graph, tmp_path, which, old, new, says):
    victim, caller = leaf(graph[2])
    old, new, says = (part.replace("VICTIM", victim).replace("CALLER", caller) for part in (old, new, says))
    changed = list(graph)
    changed[which] = re.sub(old, new, changed[which], count=1)
    assert changed[which] != graph[which]
    done = calls(tmp_path, *changed)
    assert done.returncode == 1 and says in done.stderr, done.stderr[:2000]


# ---- Instructions that the kernel does not have ----

def foreign(text):
    """Floating point, and atomics of which it has no need with one hart; user code's registers of both stay its own."""
    return sorted({f"{name}: {line.operation}" for name, lines in parse(text).items() for line in lines
                   if re.match(r"^(f(?!ence)|v[a-z]|amo|lr\.|sc\.|c\.f)", line.operation)})


def test_only_integer_instructions(text):
    assert foreign(text) == []
    assert foreign(text.replace("wfi", "fld\tfa0,0(a0)", 1))


# ---- The kernel block ------------------------------------------------------------------------------------------------
OVERLAPS = [
    ("IMAGE_BLOCK + 0x6000ul", "IMAGE_BLOCK + 0x8000ul", "the list's ends fit"),
    ("IMAGE_BLOCK + 0x8000ul", "IMAGE_BLOCK + 0x8020ul", "the table fits"),
    ("IMAGE_BLOCK + 0x10000ul", "IMAGE_BLOCK + 0x18000ul", "the kernel's space fits"),
    ("PARTITION_QUEUES 512u", "PARTITION_QUEUES 256u", "queues of one partition end"),
    ("IMAGE_BLOCK + 0x40000ul", "IMAGE_BLOCK + 0xc0000ul - 64", "the queues fit"),
]


@pytest.mark.parametrize("before, after, message", OVERLAPS, ids=[name for _, _, name in OVERLAPS])
def test_kernel_block_that_overlaps_does_not_build(tmp_path, before, after, message):
    text = (ROOT / "kernel" / "object.h").read_text(encoding="utf-8")
    assert before in text
    for name, content in (("good.h", text), ("bad.h", text.replace(before, after))):
        (tmp_path / name).write_text(content, encoding="utf-8")
        done = subprocess.run([f"{TOOLS}gcc", "-fsyntax-only", "-x", "c", "-I", str(ROOT / "kernel"), str(tmp_path / name)],
                              capture_output=True, text=True)
        assert ("static assertion failed" in done.stderr) == (name == "bad.h"), done.stderr
    assert message in done.stderr


@pytest.mark.parametrize("before, after", [("0x59000", "0x58000"), ("0x60000;", "0x80000;")])
def test_kernel_block_that_overlaps_does_not_link(tmp_path, before, after):
    text = (ROOT / "kernel" / "arch" / "riscv64" / "kernel.ld").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "empty.c").write_text("void kernel_entry(void) {}\n", encoding="utf-8")
    for name, content in (("good.ld", text), ("bad.ld", text.replace(before, after))):
        (tmp_path / name).write_text(content, encoding="utf-8")
        done = subprocess.run([f"{TOOLS}gcc", "-nostdlib", "-T", str(tmp_path / name), str(tmp_path / "empty.c"), "-o",
                               str(tmp_path / "out")], capture_output=True, text=True)
        assert ("of the kernel block overlap" in done.stderr) == (name == "bad.ld"), done.stderr
