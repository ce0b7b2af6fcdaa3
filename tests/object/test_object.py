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
OBJECTS = BUILD / "CMakeFiles" / "kernel.elf.dir" / "kernel"
TOOLS = "riscv64-unknown-elf-"

NAMES = ("pc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()
PAYLOAD = {f"s{n}" for n in range(2, 8)}
CALLER_SAVED_CLEARED = {"ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a3", "a4", "a5", "a6", "a7"}
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
    ("satp", "kernel_entry"), ("satp", "arch_space_load"), ("satp", "machine_start"),
    ("sepc", "resume"), ("stvec", "kernel_entry"), ("sie", "kernel_entry"), ("sie", "machine_run"),
    ("sscratch", "kernel_entry"), ("sscratch", "trap_entry"), ("sscratch", "trap_other"), ("sscratch", "resume"),
    ("sstatus", "machine_run"), ("scounteren", "machine_run"),
}
READS = {"satp", "scause", "stval", "sepc", "sip", "time"}


def wrong_registers(text):
    """Accesses to control registers that are not listed, listed ones that are gone, and a bad value of sstatus."""
    wrong, seen = [], set()
    for name, lines in parse(text).items():
        constants = {}
        for line in lines:
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


def test_control_registers_are_written_where_it_is_known(text):
    assert wrong_registers(text) == []


@pytest.mark.parametrize("old, new", [
    (r"csrw\tsepc,t1", "nop"), (r"csrw\tsatp,a0", "csrw\tsstatus,a0"), (r"csrw\tsscratch,tp", "nop"),
    (r"li\t(\w+),32(\n.*csrw\tsstatus)", r"lui\t\1,0x40\2"), (r"rdtime", "rdcycle"), (r"csrr\ta0,sip", "csrs\tsip,a0"),
    (r"csrw\tstvec,t0", "csrc\tstvec,t0")])
def test_another_use_of_control_registers_would_be_found(text, old, new):
    changed = re.sub(old, new, text)
    assert changed != text and wrong_registers(changed)


# ---- Leaving the kernel: what user code finds in its registers ----

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
    """For each sret: every register has its own saved value or zero; only a system call leaves the payload alone."""
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
            if left not in (set(), PAYLOAD):
                wrong.append(f"{name}: {sorted(left)} keep what the kernel left in them")
            if zero not in (set(), CALLER_SAVED_CLEARED) or (zero == set()) != (left == set()):
                wrong.append(f"{name}: cleared are {sorted(zero)}")
            kinds.add("call" if left else "all")
    return wrong + ([] if kinds == {"call", "all"} else [f"exits are {sorted(kinds)}"])


def test_no_register_leaves_the_kernel_with_its_values(text):
    assert wrong_exits(text) == []


@pytest.mark.parametrize("old, new", [
    (r"li\tt3,0\n", "nop\n"), (r"li\ta5,0\n(?=.*li\ta6,0)", "li\ta5,1\n"), (r"ld\ts9,200\(tp\)", "ld\ts9,208(tp)"),
    (r"ld\ts3,152\(tp\)", "nop"), (r"ld\tt6,248\(tp\)", "mv\tt6,a0"), (r"li\tra,0", "li\ts2,0"), (r"\tsret", "\tmret")])
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
    """What trap_entry and trap_other do not save. tp comes from sscratch and the pc from sepc, both through t0."""
    functions = parse(text)
    entry, wrong = saved_until_call(functions["trap_entry"])
    other, more = saved_until_call(functions["trap_other"])
    for name, saved, registers in (
            ("trap_entry", entry, {"sp", "gp", "t0", "s0", "s1", "s8", "s9", "s10", "s11"}),
            ("trap_other", {**other, 40: entry.get(40)}, set(NAMES[1:]) - {"tp"})):
        wrong += [f"{name} does not save {r}" for r in registers if name == "trap_other" or r != "t0"
                  if saved.get(8 * NAMES.index(r)) != r]
        wrong += [f"{name} does not save {what}" for what, offset in (("tp", 32), ("pc", 0)) if saved.get(offset) != "t0"]
    if entry.get(40) != "t0":
        wrong.append("trap_entry does not save t0")
    return wrong + [m for m in more if not m.startswith("t0")]


def test_every_register_of_the_user_is_saved(text):
    assert wrong_entries(text) == []


@pytest.mark.parametrize("old, new", [
    (r"sd\tgp,24\(tp\)", "nop"), (r"sd\tt0,40\(tp\)", "nop"), (r"sd\ts11,216\(tp\)", "sd\ts11,208(tp)"),
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


def wrong_fences(text):
    functions = parse(text)
    wrong = [f"{name} can end without sfence.vma" for name in ("space_filled", "space_emptied", "space_leave", "arch_space_fence")
             if reaches_exit(functions[name], 0, fences, name)]
    for name in ("kernel_entry", "machine_start", "arch_space_load"):
        lines = functions[name]
        last = max(n for n, line in enumerate(lines) if line.operation == "csrw" and line.operands.startswith("satp"))
        if name == "arch_space_load":
            # Only its own third argument, `flush`, may skip the fence.
            after = [line for line in lines[last + 1:] if line.operation != "mv"]
            if [line.operation for line in after[:3]] != ["beqz", "sfence.vma", "ret"] or after[0].operands != "a2":
                wrong.append("arch_space_load does not flush when it is asked to")
        elif reaches_exit(lines, last, fences, name) or not any(fences(line) for line in lines[last:]):
            wrong.append(f"{name}: no sfence.vma after satp")
    entry = [line.operation + " " + line.operands.split(",")[0] for line in functions["kernel_entry"]]
    if "sfence.vma " not in entry[:entry.index("csrw satp")]:
        wrong.append("kernel_entry: no sfence.vma before satp")
    return wrong


def test_translations_are_fenced(text):
    assert wrong_fences(text) == []


@pytest.mark.parametrize("function, old, new", [
    ("space_filled", r"jr\t[^\n]*<arch_space_fence>", "ret"), ("space_emptied", r"jr\t[^\n]*<arch_space_fence>", "ret"),
    ("space_leave", r"jr\t[^\n]*<arch_space_fence>", "ret"), ("arch_space_fence", r"sfence.vma", "nop"),
    ("arch_space_load", r"sfence.vma", "nop"), ("arch_space_load", r"beqz\ta2", "beqz\ta1"),
    ("kernel_entry", r"sfence.vma", "nop"), ("machine_start", r"sfence.vma", "nop")])
def test_missing_fence_would_be_found(text, function, old, new):
    changed = re.sub(rf"(<{function}>:\n.*?){old}", rf"\1{new}", text, count=1, flags=re.S)
    assert changed != text and wrong_fences(changed)


# Who touches page tables, and why no fence follows where none does.
PAGE_TABLES = {"space_filled": "fences", "space_emptied": "fences", "arch_boot_tables": "before satp",
               "arch_space_kernel_half": "a root that no MMU has walked yet"}


def who_uses(relocated, symbol):
    return {name for name, body in re.findall(r"^[0-9a-f]+ <([^.>][^>]*)>:\n(.*?)(?=^[0-9a-f]+ <[^.>][^>]*>:|\Z)", relocated, re.M | re.S)
            if re.search(rf"R_RISCV_\w+\s+{symbol}\b", body)}


@pytest.fixture(scope="module")
def relocated():
    """Object files with relocations: here each view still has its name."""
    files = sorted(OBJECTS.glob("**/*.obj"))
    assert files
    return {path.name: tool("objdump", "-dr", "--no-show-raw-insn", path) for path in files}


def wrong_page_tables(relocated):
    users = set().union(*(who_uses(text, "ptes") for text in relocated.values()))
    return sorted(users ^ set(PAGE_TABLES))


def test_page_tables_are_written_by_known_functions_only(relocated):
    assert wrong_page_tables(relocated) == []


def test_another_writer_of_page_tables_would_be_found(relocated):
    changed = {**relocated, "cap.c.obj": relocated["cap.c.obj"].replace("slots", "ptes")}
    assert wrong_page_tables(changed)


# ---- Retype's change of type ----

def is_zeroing(lines, n):
    """Number n begins the clearing of a granule: eight words in a row."""
    return [line.operation + line.operands.split("(")[0] for line in lines[n:n + 8]] == [f"sdzero,{8 * i}" for i in range(8)]


def wrong_barrier(text):
    """In untyped_retype: no zeroing after the barrier, nothing of the new objects before it."""
    name, lines = "untyped_retype", parse(text)["untyped_retype"]
    def barrier(line):
        return line.operation in ("jal", "jalr") and line.target is not None and line.target[1] == "arch_barrier"
    def carves(line):
        return line.target is not None and line.target[1] == "cap_insert" or line.operation == "sb"

    places = [n for n, line in enumerate(lines) if barrier(line)]
    zeroing = [n for n in range(len(lines)) if is_zeroing(lines, n)]
    wrong = [] if places else ["there is no barrier"]
    wrong += [] if zeroing else ["there is no zeroing"]
    wrong += [] if any(carves(line) for line in lines) else ["nothing is carved"]
    if reached(lines, 0, barrier, name) & {n for n, line in enumerate(lines) if carves(line)}:
        wrong.append("a new object is written before the barrier")
    if places and reached(lines, places[0] + 1, barrier, name) & set(zeroing):
        wrong.append("memory is zeroed behind the barrier")
    return wrong


def reached(lines, start, stops, name):
    """Numbers of the instructions on paths from `start`, up to those that `stops`."""
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


def test_retype_zeroes_before_the_barrier_and_carves_behind_it(text):
    assert wrong_barrier(text) == []


def test_misplaced_barrier_would_be_found(text):
    body = re.search(r"<untyped_retype>:\n.*?(?:\n\n|\Z)", text, re.S)[0]
    call = re.search(r".*<arch_barrier>\n", body)[0]
    assert wrong_barrier(text.replace(call, ""))
    zeroed = "".join(f"1{n}:\tsd\tzero,{8 * n}(a5)\n" for n in range(8))
    assert wrong_barrier(text.replace(call, call + zeroed))
    first = body.split("\n")[0] + "\n"
    assert wrong_barrier(text.replace(first, first + "10:\tsb\ta4,0(a5)\n"))


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
    (r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1mv\ts2,a0"),
    (r"(<arch_payload_trim>:\n(?:.*\n)*?.*)(sll?i?)\ta0,a0,0x1", r"\1\2\ta0,a0,0x2")])
def test_damaged_payload_path_would_be_found(text, old, new):
    changed = re.sub(old, new, text, count=1)
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
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1jalr\ta5", "cap_insert jumps to where a register points"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1jr\ta5", "cap_insert jumps to where a register points"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1jalr\t-24(ra) # ffffffc000220502 <arch_print>", "cap_insert jumps to where"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1jal\tffffffc000220502 <untyped_retype>", "recursion: "),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1j\tffffffc000220502 <cap_insert+0x0>\n0:\tjal\t0 <cap_insert>", "recursion: cap_insert"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1jal\tffffffc000220506 <arch_print+0x4>", "calls into the middle of arch_print"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1sub\tsp,sp,a0", "cap_insert changes sp by other than a constant"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1add\tsp,sp,-64", "cap_insert takes 64 bytes of stack, the compiler says 0"),
    (2, r"(<cap_insert>:\n[0-9a-f]+:\t).*", r"\1sret", "cap_insert has sret"),
    (2, r"(<trap_other>:\n[0-9a-f]+:\t).*", r"\1add\tsp,sp,-16", "assembly in trap_other changes sp"),
    (2, r"jr\tt0\n", "ret\n", "the computed jump of arch_payload_trim is gone"),
    (2, r"(?s).*", "", "the disassembly is empty"),
    (1, r"(:cap_insert\t)0\tstatic", r"\g<1>0\tdynamic", "cap_insert has no bounded use of the stack: dynamic"),
    (1, r"(:boot_main\t)\d+", r"\g<1>30000", "from arch_start the stack takes"),
    (1, r"(.*:cap_insert\t.*\n)", r"\1\1", "two functions are called cap_insert"),
    (0, r"[0-9a-f]+( \w kernel_stack_bottom)", r"ffffffc00025ff80\1", "bytes and has 128"),
    (0, r".* kernel_stack_top\n", "", "there is no kernel_stack_top"),
])
def test_unbounded_or_unknown_calls_would_be_found(graph, tmp_path, which, old, new, says):
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
