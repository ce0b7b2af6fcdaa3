#!/bin/sh
# kernel_calls.sh KERNEL.elf OUT - kernel_calls.awk on a kernel; the stack usage stands where linking it left it.
set -eu
rm -f "$2"
riscv64-unknown-elf-objdump -d --no-show-raw-insn "$1" > "$2.dis"
riscv64-unknown-elf-nm "$1" > "$2.symbols"
cp "$1.ltrans0.ltrans.su" "$2.su"
awk -f "$(dirname "$0")/kernel_calls.awk" "$2.symbols" "$2.su" "$2.dis" > "$2.new"
mv "$2.new" "$2"
