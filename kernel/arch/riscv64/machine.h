/* machine.h - what the files of this folder share. */
#pragma once
#include "../../derivation.h"
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
/* The levels below the kernel's root: of the first GiB, and of the 2 MiB that hold the image. */
extern u64 kernel_mid[512];
extern u64 kernel_leaf[512];
/* With the MMU off: fill the kernel's own root, before anybody has checked what the record says. */
/*@ requires \valid_read(record);
    assigns ptes[0 .. N_PTES - 1], kernel_mid[0 .. 511], kernel_leaf[0 .. 511]; */
struct boot_tables arch_boot_tables(const struct boot_record *record);
/* With the MMU on: note how many address-space identifiers there are. */
/*@ assigns machine.asid_limit; */
void machine_start(void);
/* The last step before the first thread: lines of the controller off, counters, interrupt enables. */
/*@ assigns \nothing; */
void machine_run(void);
/* Bits of the interrupts that are pending, as in sip; sleep until there is one. */
/*@ assigns \nothing; */
u64 machine_pending(void);
/*@ assigns \nothing; */
void machine_wait(void);
/*@ assigns \nothing; */
void machine_print_hex(u64 number);

/* The first C with the MMU on. Answers the first thread, as the next two answer the one that goes on. */
/*@ requires \valid_read(record) && boot_zero;
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1], machine, boot_record, boot_system,
            payload[0 .. 5];
    ensures SETTLED && VALID && STANDING;
    ensures leaves: \result == hart.current && current_is_highest; */
u32 arch_start(const struct boot_record *record);
/* scause and stval of a trap from user mode that is no system call. */
/*@ requires SETTLED && STANDING && kernel_valid && hart.current != NONE;
    assigns STATE_AND_ENTRIES, HOMES, payload[0 .. 5];
    ensures SETTLED && VALID && STANDING;
    ensures leaves: \result == hart.current && current_is_highest; */
u32 trap_handle(u64 cause, u64 value);
/*@ requires SETTLED && STANDING && kernel_valid;
    terminates \false;
    assigns STATE_AND_ENTRIES, HOMES, payload[0 .. 5];
    ensures SETTLED && VALID && STANDING && (somebody: \result != NONE && \result == hart.current && current_is_highest); */
u32 trap_idle(void);
/*@ assigns \nothing;
    ensures \false; */
_Noreturn void trap_panic(u64 cause, u64 value, u64 pc, u64 sp, u64 ra);
