/* machine.h - what the files of this folder share. */
#pragma once
#include "arch.h"

/* Where physical memory appears to the kernel: GiB n of RAM at WINDOW + n GiB; the GiB with the devices at DEVICES. */
#define WINDOW 0xffffffc000000000ul
#define DEVICES 0xffffffd000000000ul
#define DEVICES_ENTRY 320u
#define GIB 0x40000000ul
#define MIB2 0x200000ul

struct boot_tables {
	u64 satp;
	u64 distance; /* virtual - physical */
};
/* With the MMU off: fill the kernel's own root. */
struct boot_tables arch_boot_tables(const struct boot_record *record);
/* With the MMU on: note what the machine is, interrupts of the controller off. Returns the system behind the kernel. */
const struct system_header *machine_start(const struct boot_record *record);
/* The last step before the first thread: counters, interrupt enables. */
void machine_run(void);
u64 machine_pending(void);
void machine_wait(void);
void machine_print_hex(u64 number);
u32 arch_start(const struct boot_record *record);
u32 trap_handle(u64 cause, u64 value);
u32 trap_idle(void);
_Noreturn void trap_panic(u64 cause, u64 value, u64 pc, u64 sp, u64 ra);
