"""test_proof_notes - what can be checked of proofs-notes/: names, clauses, commands, texts, and assumptions with a test here."""
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "proof"))
import goals  # noqa: E402
import kernel as sources  # noqa: E402
import prove  # noqa: E402
import provers  # noqa: E402
import status  # noqa: E402

NOTES = ROOT / "proofs-notes"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(NOTES.glob("*.md"))}
KERNEL = sources.Kernel(ROOT)
BUILD = ROOT / "build" / "virt"
# Words in backticks that the tree does not define: of the hardware, of ACSL's and WP's language, of the record's form.
FOREIGN = set("""
    alarm NAME KIND REASON     N HASH of functions assumed changed since proof hash path file verb admit long char double false
    requires ensures assigns terminates loop variant assert undecided int gcc_x86_64 Typed real sfence
    vma wfi satp tp sp sscratch rdtime stvec sie sstatus bss asciz sha256sum
""".split())


def prose_and_code(page):
    """The page without its blocks, and its blocks (language, text)."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.S | re.M)
    return re.sub(r"^```.*?^```$", "", page, flags=re.S | re.M), blocks


def quoted(page):
    """What stands in backticks outside of blocks, lines joined."""
    return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose_and_code(page)[0])]


def tracked():
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                         text=True, check=True).stdout
    return [name for name in out.split("\n") if name and (ROOT / name).is_file()]


FILES = tracked()


def words_of_the_tree():
    """Names that code, contracts and tests define or use. What a comment alone says is none."""
    known = set()
    for name, text in KERNEL.texts.items():
        code = text if name.endswith((".S", ".ld")) else sources.code_of(text)
        known |= set(re.findall(r"[A-Za-z_]\w*", code))
        for _, annotation in sources.annotations_of(text):
            known |= set(re.findall(r"[A-Za-z_]\w*", annotation))
    for name in FILES:
        if name.startswith(("tests/", "userland/runtime/")) and name.endswith((".c", ".h", ".py")):
            text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
            known |= set(re.findall(r"^(?:static |_Noreturn |inline )*(?:[\w*]+ )+\**(\w+)\(", text, re.M))
            known |= {found.removeprefix("test_") for found in re.findall(r"^ *def (\w+)", text, re.M)}
            known |= set(re.findall(r"^(\w+) = ", text, re.M))
            known |= set(re.findall(r'"(\w+)":', text)) if name.startswith("tests/proof/") else set()  # fields of the reports
        known |= {pathlib.Path(name).stem} if name.startswith("tests/proof/mutants/") else set()
    hostile = (ROOT / "tests/system/test_hostile.py").read_text(encoding="utf-8")
    known |= set().union(*CLAUSES.values())
    return known | set(re.findall(r"\w+", hostile)) | {f"s{n}" for n in range(12)} | {f"a{n}" for n in range(8)}


def is_path(text):
    return re.fullmatch(r"\.?[\w*<>./-]+", text) is not None and ("/" in text or re.search(r"\.(c|h|S|md|txt|py|ld|awk|sh|elf)$", text))


def path_exists(text):
    text = text.split(":")[0]
    ends = [name for name in FILES if name == text or name.endswith("/" + text)]
    return bool(ends) or (ROOT / text).exists() or (ROOT / text.split(" ")[0]).is_dir()


def unknown_names(page):
    wrong = []
    for text in quoted(page):
        if text.startswith(("./mullion ", "frama-c ", "-", "--")) or text.startswith("<"):
            continue
        if re.fullmatch(r"\.\w+", text):
            continue  # the ending of a file, or a section of the image
        if is_path(text):
            if not path_exists(text) and text not in ("kernel.elf", "build/proof"):
                wrong.append(f"`{text}`: no such file")
            continue
        for word in re.findall(r"[A-Za-z_]\w*", text.replace("host::", "").replace("object::", "")):
            goal = re.fullmatch(r"(\w+)_(?:ensures|requires|assert|loop_invariant)_\w+", word)
            if (goal.group(1) if goal else word) not in KNOWN | FOREIGN and word not in ("host", "object", "lint", "build"):
                wrong.append(f"`{text}`: nothing in the tree is called {word}")
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_each_name_exists(page):
    wrong = unknown_names(PAGES[page])
    assert not wrong, f"proofs-notes/{page}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("text", ["`cap_insertion`", "`kernel/caps.c`", "`threads_bound`", "`ENSURES_EVERYTHING`", "`hart.nobodies`"])
def test_a_name_that_nothing_has_would_be_found(text):
    assert unknown_names(text)


# ---- Clauses: a function in backticks and behind it, in brackets, some of its clauses ----
CONTRACT = re.compile(r"/\*@(.*?)\*/\s*((?:[\w*]|\s|__attribute__\(\(.*?\)\))*?)\b(\w+)\(", re.S)
MACRO = re.compile(r"^#define (\w+)(?:\(([^)]*)\))?((?:.*\\\n)*.*)$", re.M)

def arguments_of(text, at):
    """The arguments of a macro whose name ends at `at`: what its brackets hold, split at commas outside of inner brackets."""
    if text[at:at + 1] != "(":
        return []
    found, depth = [""], 0
    for character in text[at:]:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            break
        if character == "," and depth == 1:
            found.append("")
        elif not (character == "(" and depth == 1):
            found[-1] += character
    return [argument.strip() for argument in found]


def named_in(text, macros, seen=()):
    """The names of clauses in a contract, and of their parts in brackets, those of its macros included; a macro's parameter may
    be part of a name."""
    names = set(re.findall(r"(?:\b(?:requires|ensures|assert|loop invariant) |\()(\w+):", text))
    for word in set(re.findall(r"\b[A-Z]\w+\b", text)) & set(macros) - set(seen):
        parameters, body = macros[word]
        for call in re.finditer(rf"\b{word}\b", text):
            made = body
            for parameter, argument in zip(parameters.split(", "), arguments_of(text, call.end())):
                made = re.sub(rf"\b{parameter}\b", lambda _, a=argument: a, made)
            names |= named_in(made.replace("##", ""), macros, (*seen, word))
    return names


def contracts():
    macros = {name: (parameters, body) for text in KERNEL.texts.values() for name, parameters, body in MACRO.findall(text)}
    found = {}
    for text in KERNEL.texts.values():
        for contract, _, name in CONTRACT.findall(text):
            found.setdefault(name, set()).update(named_in(contract, macros))
    return found


CLAUSES = contracts()
KNOWN = words_of_the_tree()


def missing_clauses(page):
    wrong = []
    text = " ".join(prose_and_code(page)[0].split())
    for name, some in re.findall(r"`(\w+)` \(((?:`\w+`(?:, )?)+)\)", text):
        for clause in re.findall(r"\w+", some):
            if name in CLAUSES and clause not in CLAUSES[name]:
                wrong.append(f"`{name}` has no clause `{clause}`; it has {' '.join(sorted(CLAUSES[name])) or 'none'}")
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_each_clause_stands_in_the_contract_that_is_named(page):
    wrong = missing_clauses(PAGES[page])
    assert not wrong, f"proofs-notes/{page}:\n" + "\n".join(wrong)


def test_a_clause_that_a_contract_has_not_would_be_found():
    assert len(CLAUSES["untyped_retype"]) > 15 and "capabilities" in CLAUSES["syscall_fault"], "macros are not seen"
    assert missing_clauses("`cap_copy` (`child`, `lacks_RIGHT_READS`)") and missing_clauses("`thread_resume` (`capabilities`)")
    assert not missing_clauses("`cap_copy` (`child`, `lacks_RIGHT_READ`)")


# ---- Commands ----
def commands(page):
    """Command lines: those of indented blocks, without what explains them, and those in backticks."""
    lines = re.findall(r"^ {4,}(\./mullion .*?)(?: {2,}.*)?$", page, re.M)
    return lines + [text for text in quoted(page) if text.startswith("./mullion ")]


def options_of(command):
    return subprocess.run(["sh", ROOT / "mullion", command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def refused(line):
    """Why the launcher or the driver would not take it; optional parts in brackets count as given."""
    words = shlex.split(re.sub(r"\[FILE\.\.\.\]", "kernel/cap.c", line))[1:]
    help_text = options_of(words[0])
    if "COMMAND [--help]" in help_text:
        return f"there is no command {words[0]}"
    for word in words[1:]:
        if word.startswith("--") and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", help_text):
            return f"{words[0]} --help does not name {word}"
    if words[0] == "test":
        return next((f"there is no tests/{word}" for word in words[1:] if not (ROOT / "tests" / word).is_dir()), "")
    if words[0] == "prove":
        try:
            options = prove.parse(words[1:])
            files = [name for name in options.files if not name.endswith(".patch")] if options.mutants else options.files
            prove.choose(KERNEL, files)
        except (SystemExit, ValueError) as error:
            return f"prove refuses it: {error}"
        return next((f"there is no {name}" for name in options.files if not (ROOT / name.split(":")[0]).is_file()), "")
    return ""


@pytest.mark.parametrize("page", PAGES)
def test_each_command_is_accepted(page):
    wrong = [f"{line}: {why}" for line in commands(PAGES[page]) if (why := refused(line))]
    assert not wrong, f"proofs-notes/{page}:\n" + "\n".join(wrong)


def test_commands_are_found_and_wrong_ones_refused(capsys):
    assert len(commands(PAGES["README.md"])) > 12 and len(commands(PAGES["adding-a-system-call.md"])) > 6
    assert all(refused(line) for line in ("./mullion proof", "./mullion prove --all", "./mullion prove kernel/cap.c:cap_burn",
                                          "./mullion prove --replay --no-cache", "./mullion test hosts", "./mullion build --fast"))


def test_frama_c_is_called_as_the_driver_does():
    lines = [line for page in PAGES.values() for line in re.findall(r"^ {4,}(frama-c .*)$", page, re.M)]
    assert lines and all(word in line.split() for line in lines for word in [*goals.PARSE, "-wp-model", "Typed+real"])
    assert all(line.split()[-1] in KERNEL.units for line in lines)


# ---- What the first page claims of the record ----
def open_functions(units, borders):
    return [f"{unit}: {name} is {state}" for unit, (_, _, states) in units.items() for name, state in states.items()
            if state != "proved" and not (state == "assumed" and ("function", name) in borders)]


def test_no_recorded_function_is_open():
    """README.md says so. Whether the record is of the text that is here is no matter of the page: --status tells."""
    assert "no function is open" in PAGES["README.md"]
    units, _ = status.read_proved(ROOT / "tests/proof/proved.txt")
    borders = sources.read_borders(ROOT / "tests/proof/borders.txt")
    assert sum(len(states) for _, _, states in units.values()) > 250
    assert not open_functions(units, borders), "the page claims more than the record: " + ", ".join(open_functions(units, borders))
    assert open_functions({"kernel/x.c": ("", [], {"f": "unproved"})}, borders)
    assert open_functions({"kernel/x.c": ("", [], {"f": "assumed"})}, borders)


# ---- Blocks of C and of patches are text of the tree ----
def strange_blocks(page):
    texts = [" ".join(text.split()) for text in KERNEL.texts.values()]
    texts += [" ".join((ROOT / name).read_text(encoding="utf-8").split()) for name in FILES
              if name.startswith(("userland/runtime/", "tests/model/", "tests/proof/mutants/")) and name.endswith((".c", ".h", ".patch"))]
    return [block for language, block in prose_and_code(page)[1] if language in ("c", "diff")
            and not any(" ".join(block.split()) in text for text in texts)]


def test_each_block_is_text_of_the_tree():
    wrong = [f"proofs-notes/{name}:\n{block}" for name, page in PAGES.items() for block in strange_blocks(page)]
    assert not wrong, "\n".join(wrong)
    assert len(prose_and_code(PAGES["adding-a-system-call.md"])[1]) > 6
    assert strange_blocks("```c\nu32 not_there(void);\n```\n")


# ---- Tables are complete ----
def enumerators(name):
    abi = re.sub(r"/\*.*?\*/", "", KERNEL.texts["kernel/abi.h"], flags=re.S)
    return re.findall(r"\b([A-Z][A-Z0-9_]+)\b\s*(?==|,|$)", re.search(rf"enum {name} \{{(.*?)\}};", abi, re.S).group(1), re.M)


def test_each_system_call_and_operation_has_its_row():
    rows = "".join(line.split(" | ")[0] for line in PAGES["README.md"].splitlines() if line.startswith("| `"))
    names = [name for kind in ("syscall", "operation") for name in enumerators(kind) if name != "OP_COUNT"]
    missing = [name for name in names if f"`{name}`" not in rows]
    assert len(names) > 20 and not missing, "no row in proofs-notes/README.md: " + ", ".join(missing)


def missing_borders(borders, page):
    names = {line.split()[1] for line in borders.splitlines() if line.strip() and not line.startswith("#")}
    return sorted(name for name in names if f"`{name}`" not in page)


def test_each_border_is_on_the_page_of_what_is_trusted():
    borders = (ROOT / "tests/proof/borders.txt").read_text(encoding="utf-8")
    missing = missing_borders(borders, PAGES["trusted.md"])
    assert not missing, "in tests/proof/borders.txt, not in proofs-notes/trusted.md: " + ", ".join(missing)
    assert missing_borders(borders + "function arch_new inline assembly\n", PAGES["trusted.md"]) == ["arch_new"]


def test_each_section_of_assumptions_has_a_row_of_tests():
    page = PAGES["trusted.md"]
    sections = set(re.findall(r"^## (\d+)\.", page, re.M)) - {"9", "10"}
    rows = {number for found in re.findall(r"^\| (\d(?:, \d)*) ", page[page.index("## 10."):], re.M) for number in found.split(", ")}
    assert len(sections) == 8 and sections <= rows, f"no row: {sorted(sections - rows)}"


def test_versions_of_the_provers_are_those_of_the_driver():
    for name, version in provers.VERSIONS.items():
        assert f"{name.upper() if name == 'cvc4' else 'Z3'} {version}" in PAGES["trusted.md"]


def test_links_lead_somewhere():
    anchors = {name: {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")
                      for title in re.findall(r"^#+ (.*)$", prose_and_code(page)[0], re.M)} for name, page in PAGES.items()}
    links = [link for page in PAGES.values() for link in re.findall(r"\]\(([^)#]*)#([^)]+)\)", page)]
    wrong = [f"{name}#{anchor}" for name, anchor in links if anchor not in anchors.get(name, ())]
    assert len(links) > 10 and not wrong, ", ".join(wrong)


# ---- Assumptions that a look at the text can check ----
ENTRIES = ("syscall_handle", "trap_handle", "trap_idle", "trap_panic", "arch_start", "arch_boot_tables")


def called_in_c(texts):
    """Entries that some C calls: a call stands inside a body, so behind white space and not at the start of a line."""
    return [f"{unit}: {entry}" for unit, text in texts.items() if unit.endswith((".c", ".h"))
            for entry in ENTRIES if re.search(rf"^[ \t]+[^\n]*\b{entry}\(", sources.code_of(text), re.M)]


def test_entries_are_called_by_the_assembly_alone():
    """Their contracts require what only the assembly knows: a thread runs, or nobody does, or nothing is there yet."""
    entry = KERNEL.texts["kernel/arch/riscv64/entry.S"]
    calls = re.findall(r"^\s*(?:call|jal)\s+(\w+)", entry, re.M)
    assert not called_in_c(KERNEL.texts)
    assert called_in_c({"kernel/x.c": "void f(void)\n{\n\tu32 t = trap_handle(0, 0);\n}\n"})
    assert all(calls.count(name) == 1 for name in ENTRIES), calls
    assert set(calls) == {*ENTRIES, "arch_payload_trim"}, calls
    assert re.search(r"^resume:\n\tbeqz\ta0, idle\n", entry, re.M), "resume does not look first whether somebody runs"
    for name in ("trap_handle", "trap_idle", "arch_start"):
        assert re.search(rf"call\t{name}\n\tj\tresume\n", entry), f"what {name} answers does not go to resume"
    assert re.search(r"^trap_other:\n\tlla\tsp, kernel_stack_top\n\tbeq\ttp, sp, trap_in_kernel\n", entry, re.M)


TEXT = r'(?:"(?:\\.|[^"\\])*"\s*)+'
PASSED_ON = {"arch_panic": "why", "boot_fail": "what"}  # their own parameter, and all that they are given are literals


def unending_texts(texts):
    wrong = []
    for unit, text in texts.items():
        for function in sources.functions_in(text, unit):
            body = "\n".join(text.splitlines()[function.line:function.end])
            for called, argument in re.findall(rf"\b(arch_print|arch_panic|boot_fail)\(((?:{TEXT}|[^,;()]|\([^)]*\))*)", body):
                parts = re.split(r"[^?:]*\?|:(?=[^:]*$)|: [^?:]*\?", re.sub(TEXT, '""', argument))
                words = {part.strip() for part in parts if part.strip()}
                allowed = {'""', PASSED_ON.get(function.name)} | ({"proof_summary"} if called == "arch_print" else set())
                if words - allowed:
                    wrong.append(f"{unit}: {function.name}: {called}({argument})")
                if any(len(literal) > 4096 for literal in re.findall(TEXT, argument)):
                    wrong.append(f"{unit}: {function.name}: a text longer than arch_print prints")
    return wrong


def test_what_the_kernel_prints_ends():
    """Whoever prints hands over a literal, its own parameter (then its callers do), or the line that the build makes."""
    texts = {unit: KERNEL.texts[unit] for unit in KERNEL.units if unit.endswith(".c")}
    wrong = unending_texts(texts)
    assert not wrong, "\n".join(wrong)
    assert sum(len(re.findall(r"\b(?:arch_print|arch_panic|boot_fail)\(", text)) for text in texts.values()) > 30
    assert unending_texts({"kernel/x.c": "void f(const char *s)\n{\n\tarch_print(s);\n}\n"})
    assert unending_texts({"kernel/x.c": "void f(u32 i)\n{\n\tarch_print(i == 0 ? \"a\" : names[i]);\n}\n"})
    assert ".asciz" in (ROOT / "cmake/proved.awk").read_text(encoding="utf-8")


def not_zero(image, begin, end):
    return [hex(at) for at in range(begin, end) if at >= len(image) or image[at]][:4]


def test_the_image_is_zero_where_boot_begins():
    """The kernel block, and the kernel's variables that have no value of their own: what boot_zero says of the image."""
    abi = dict(re.findall(r"^#define (IMAGE_\w+) (0x[0-9a-f]+)ul", KERNEL.texts["kernel/abi.h"], re.M))
    block, system = int(abi["IMAGE_BLOCK"], 16), int(abi["IMAGE_SYSTEM"], 16)
    out = subprocess.run(["riscv64-unknown-elf-readelf", "-SW", BUILD / "kernel.elf"], capture_output=True, text=True, check=True).stdout
    address, size = re.search(r"\.bss\s+NOBITS\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", out).groups()
    symbols = subprocess.run(["riscv64-unknown-elf-nm", BUILD / "kernel.elf"], capture_output=True, text=True, check=True).stdout
    view = int(re.search(r"^([0-9a-f]+) . slots$", symbols, re.M).group(1), 16)
    begin = int(address, 16) - view
    hart = int(re.search(r"^([0-9a-f]+) . hart$", symbols, re.M).group(1), 16) - view
    image = max(BUILD.glob("*/Image"), key=lambda path: path.stat().st_mtime_ns).read_bytes()
    assert begin <= hart < begin + int(size, 16) <= block, "hart is not among the variables without a value"
    assert not not_zero(image, begin, begin + int(size, 16)), "the kernel's variables do not begin as zero"
    assert not not_zero(image, block, system), "the kernel block does not begin as zero"
    assert not_zero(image, int(abi["IMAGE_KERNEL"], 16), begin), "this looks at the wrong place: the code is not zero"


def clearing():
    """The ghost functions that clear `apart`, and what does so elsewhere."""
    found = set()
    for name, text in KERNEL.texts.items():
        for match in re.finditer(r"\bapart = 0\b", text):
            line = text.count("\n", 0, match.start()) + 1
            inside = [f for f in KERNEL.units.get(name, []) if f.line <= line <= f.end]
            found.add(inside[0].name if inside and KERNEL.is_ghost(inside[0]) else f"{name}:{line}")
    return found


def test_what_clears_apart_is_on_the_page_of_what_is_trusted():
    page = re.search(r"^- \*\*`apart`\*\*:.*?(?=^- )", PAGES["trusted.md"], re.S | re.M).group()
    assert clearing() == {"untyped_house", "boot_look"}
    assert all(f"`{name}`" in page for name in clearing())


def test_the_kernel_reads_the_same_for_prover_and_compiler():
    wrong = [f"{name}: {match.group()}" for name, text in KERNEL.texts.items() if name.endswith((".c", ".h"))
             for match in re.finditer(r"\b(__FRAMAC__|__x86_64__|__i386__|__riscv\w*|char\s+\w+\s*=\s*-)", sources.code_of(text))]
    assert not wrong, "\n".join(wrong)
