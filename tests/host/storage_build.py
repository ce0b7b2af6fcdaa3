"""storage_build - compiles the host programs of the ring, block and FAT tests once, with sanitizers."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
TARGET = ["riscv64-unknown-elf-gcc", "-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-mcmodel=medany", "-ffreestanding",
          "-std=c17", "-O2"]


def build(name, *sources, compiler="gcc", flags=FLAGS, tag=""):
    """Compiles tests/host/NAME.c with `sources` (below userland/) into build/host-tests; answers the program's path."""
    folder = ROOT / "build" / "host-tests"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"{name}-{compiler}{tag}"
    files = [ROOT / "tests" / "host" / f"{name}.c", *(ROOT / "userland" / source for source in sources)]
    headers = [*(ROOT / "userland").rglob("*.h"), ROOT / "kernel" / "abi.h"]
    newest = max(path.stat().st_mtime for path in [*files, *headers])
    if not program.exists() or program.stat().st_mtime < newest:
        subprocess.run([compiler, *flags, *map(str, files), "-o", str(program), "-lpthread"], check=True)
    return str(program)
