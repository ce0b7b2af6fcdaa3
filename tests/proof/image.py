"""image - which functions the linked kernel has, and what the image that boots says of its proof."""
import re
import subprocess

TOOLS = "riscv64-unknown-elf-"
KERNEL, BLOCK = 0x20000, 0x40000    # kernel/abi.h: IMAGE_KERNEL, IMAGE_BLOCK
SAYS = re.compile(rb"(mullion: proof: [^\n\0]*)\n\0([0-9a-f]{64})\0")  # cmake/proved.awk
ENTRY = re.compile(r"^ <\d+><([0-9a-f]+)>: [^(\n]*\((DW_TAG_\w+)\)|DW_AT_(abstract_origin|name) *: *(.*)$", re.M)


def run(tool, *arguments):
    return subprocess.run([TOOLS + tool, *map(str, arguments)], capture_output=True, text=True, errors="replace", check=True).stdout


def symbols_of(elf):
    """The names in the text of an ELF file, in the order of their addresses. `name.isra.0` is a copy of `name`."""
    return [line.split()[2].split(".")[0] for line in run("nm", "-n", elf).splitlines() if line.split()[-2] in "tT"]


def functions_of(elf):
    """What the debug information knows: (functions that are inlined somewhere, all functions)."""
    entries, at = {}, None
    for number, tag, attribute, value in ENTRY.findall(run("readelf", "--debug-dump=info", elf)):
        if number:
            at = entries[number] = {"tag": tag}
        elif at is not None:
            at[attribute] = value.rsplit(": ", 1)[-1].strip()

    def name_of(entry):
        while entry and "name" not in entry:
            entry = entries.get(entry.get("abstract_origin", "").strip("<>").removeprefix("0x"))
        return entry["name"] if entry else None

    return tuple({name_of(e) for e in entries.values() if e["tag"] in tags} - {None} for tags in (
        ("DW_TAG_inlined_subroutine",), ("DW_TAG_inlined_subroutine", "DW_TAG_subprogram")))


class Image:
    """The image that was built last in `folder` (build/<machine>), beside the ELF file of its kernel."""

    def __init__(self, folder):
        found = sorted(folder.glob("*/Image"), key=lambda path: (path.stat().st_mtime_ns, path))
        if not found:
            raise ValueError(f"there is no image below {folder}; ./mullion build makes one")
        self.path, self.elf = found[-1], folder / "kernel.elf"
        there = self.path.read_bytes()[KERNEL:BLOCK]
        says = SAYS.findall(there)
        self.summary, self.hash = (says[0][0].decode(), says[0][1].decode()) if len(says) == 1 else (None, None)
        kernel = (folder / "kernel.bin").read_bytes()
        self.is_elf = there[:len(kernel)] == kernel and not any(there[len(kernel):])
        self.symbols = symbols_of(self.elf)
        self.inlined, self.known = functions_of(self.elf)

    def place_of(self, name):
        """How the image has a function: as a symbol, inlined, folded (no instruction of it is left), absent."""
        return ("symbol" if name in self.symbols else "inlined" if name in self.inlined else
                "folded" if name in self.known else "absent")
