/* dump.h - the kernel's memory out of a file: what `pmemsave` wrote stands where all views begin. */
#pragma once
#include "../kernel/fake_arch.h"

/* Loads DUMP (RAM from the load address on) and the kernel's own variables, by the addresses in SYMBOLS (what nm prints).
 * Ends the program with one sentence if they do not fit. */
void dump_load(const char *dump, const char *symbols);
extern u64 dump_bytes;
/* Offset of a kernel symbol from the load address. */
u64 dump_symbol(const char *name);
_Noreturn void dump_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
