"""The file server's protocol side on the host: handles, hostile numbers, restarts, disks that fail."""
import re
import subprocess

import pytest
from storage_build import FLAGS, ROOT, build

CORE = [f"servers/fat/{name}.c" for name in ("cache", "volume", "name", "node", "directory", "file", "server")]


def words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def make_ports(folder):
    """What capdl makes of file.sys, without system calls."""
    text = (ROOT / "userland/protocols/file.sys").read_text()
    lines = ["#pragma once", '#include "component.h"', "#define FILE_CLIENTS 2u", "#define TIMEBASE 10000000ul",
             "#define BIT_DISK_READY 1ul", "struct file_client { u64 memory; u64 memory_size; };",
             "extern struct file_client file_clients[FILE_CLIENTS];"]
    for name, parameters, results in re.findall(r"^\tcall (\w+)\((.*?)\) -> \((.*?)\)", text, re.M):
        fields = "".join(f" u64 {word};" for word in words(results))
        lines.append(f"struct file_{name}_reply {{ u64 status;{fields} }};")
        arguments = "".join(f"u64 {word}, " for word in words(parameters))
        lines.append(f"void file_on_{name}(u32 client, {arguments}struct file_{name}_reply *reply);")
    errors = [word for line in re.findall(r"^\terror (.*)$", text, re.M) for word in words(line)]
    lines += [f"#define FILE_ERROR_{error} {32 + number}ul" for number, error in enumerate(errors)]
    (folder / "ports.h").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_clients_get_what_they_ask_for_and_nothing_else(tmp_path, compiler):
    make_ports(tmp_path)
    folders = [tmp_path, ROOT / "tests/host/fat_server", ROOT / "userland/protocols"]
    program = build("server_host", *CORE, compiler=compiler, flags=[*FLAGS, *(f"-I{folder}" for folder in folders)])
    image = tmp_path / "disk.img"
    subprocess.run(["/sbin/mkfs.fat", "-C", "-F", "12", str(image), "1440"], check=True, capture_output=True)
    result = subprocess.run([program, str(image)], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
