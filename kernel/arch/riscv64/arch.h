/* arch.h - the only door into the architecture folder: what the generic kernel asks of the machine.
 *
 * The host tests link tests/host/fake_arch.c instead, so nothing here may need a RISC-V to compile. */
#pragma once
#include "../../object.h"

/* The six payload registers s2-s7 of the hardware. The compiler never uses them (-ffixed-x18 ... -ffixed-x23), so a
 * message whose receiver already waits crosses the kernel without a load or store. On every other way these move it.
 * The ghost array `payload` (object.h) is the border where "moves exactly the message" is assumed of the assembly (proofs-notes/trusted.md). */
/*@ requires 0 < t < N_THREADS;
    assigns threads[t].registers[REG_S2 .. REG_S2 + 5] \from payload[0 .. 5];
    ensures \forall integer i; 0 <= i < 6 ==> threads[t].registers[REG_S2 + i] == payload[i]; */
void arch_payload_store(u32 t);
/*@ requires 0 < t < N_THREADS;
    assigns payload[0 .. 5] \from threads[t].registers[REG_S2 .. REG_S2 + 5];
    ensures \forall integer i; 0 <= i < 6 ==> payload[i] == threads[t].registers[REG_S2 + i]; */
void arch_payload_load(u32 t);
/* Clears the words from `length` on. */
/*@ assigns payload[0 .. 5];
    ensures \forall integer i; 0 <= i < 6 ==> payload[i] == (i < length ? \old(payload[i]) : 0); */
void arch_payload_trim(u64 length);

/* Clears all six. */
/*@ assigns payload[0 .. 5];
    ensures \forall integer i; 0 <= i < 6 ==> payload[i] == 0; */
void arch_payload_clear(void);

/* The clock, in ticks of the timebase. */
/*@ assigns \nothing; */
u64 arch_time(void);
/* Ask for a timer interrupt at the absolute time `deadline`. */
/*@ assigns \nothing;
    exits \false; */
void arch_timer_set(u64 deadline);

/* Leave the kernel: t, which left by a system call, goes on with the status OK, `tag` and `second` in its result
 * registers, and with the payload in the hardware registers, of which the words beyond the tag's length are cleared. The
 * MMU walks `image`. This is how almost every call ends, so it does all of it in one go; on the hart it does not return. */
/*@ requires 0 < t < N_THREADS;
    assigns threads[t].registers[REG_A0 .. REG_A2], payload[0 .. 5];
    ensures results: threads[t].registers[REG_A0] == STATUS_OK && threads[t].registers[REG_A1] == tag &&
      threads[t].registers[REG_A2] == second;
    ensures trimmed: \forall integer i; 0 <= i < 6 ==> payload[i] == (i < (tag & TAG_LENGTH) ? \old(payload[i]) : 0);
    ensures \result == t; */
u32 arch_leave(u64 t, u64 tag, u64 second, u64 image);

/* What the MMU is given to walk the root of space `root` with ASID `asid`. */
/*@ requires root < N_SPACES;
    assigns \nothing; */
u64 arch_space_image(u64 root, u64 asid);
/* Let the MMU walk it; `flush` forgets every translation first. */
/*@ assigns \nothing; */
void arch_space_load(u64 image, bool flush);
/* Forget every translation: pairs with each change of a hardware entry. */
/*@ assigns \nothing; */
void arch_space_fence(void);
/*@ // Sv39, privileged specification 4.4: a page is valid, user, accessed, dirty, and what the rights say.
    logic integer entry_of(integer physical, integer flags) = (u64)((physical >> 12) << 10) | flags;
    logic integer entry_page(integer granule, integer rights) = entry_of(granule * GRANULE, 0xd1 +
      ((rights & RIGHT_READ) != 0 ? 2 : 0) + ((rights & RIGHT_WRITE) != 0 ? 4 : 0) +
      ((rights & RIGHT_EXECUTE) != 0 ? 8 : 0));
    logic integer entry_level(integer granule) = entry_of(granule * GRANULE, 1); */
/* Hardware entries: the image of a page or of a next level. rights are RIGHT_READ, WRITE, EXECUTE. */
/*@ assigns \nothing;
    ensures image: \result == entry_page(granule, rights); */
u64 arch_entry_page(u32 granule, u32 rights);
/*@ assigns \nothing;
    ensures image: \result == entry_level(granule); */
u64 arch_entry_level(u32 granule);
/* Fill the kernel half of a new root, whose entries are zero. */
/*@ requires space < N_SPACES;
    assigns ptes[space * SPACE_PTES + SPACE_ROOT_ENTRIES .. space * SPACE_PTES + 511]; */
void arch_space_kernel_half(u32 space);

/* Pairs with retype: no access to the old views moves behind the zeroing, none to the new views before it. */
/*@ assigns \nothing; */
void arch_barrier(void);

/* Interrupt lines. claim answers 0 when no line is pending. */
/*@ assigns \nothing;
    ensures \result < N_LINES; */
u32 arch_line_claim(void);
/*@ assigns \nothing; */
void arch_line_complete(u32 line);
/*@ requires line < N_LINES;
    assigns \nothing; */
void arch_line_enable(u32 line);
/*@ requires line < N_LINES;
    assigns \nothing; */
void arch_line_disable(u32 line);

/* Switch the machine off or reset it: print the verdict line, ask the firmware, and stop if it cannot. */
/*@ assigns \nothing;
    ensures \false; */
_Noreturn void arch_power_off(void);
/*@ assigns \nothing;
    ensures \false; */
_Noreturn void arch_reset(void);
/* Print why, registers and the component that ran, and stop. */
/*@ assigns \nothing;
    ensures \false; */
_Noreturn void arch_panic(const char *why, u64 a, u64 b);
/* Text on the firmware's console; at boot and on panic only. */
/*@ assigns \nothing; */
void arch_print(const char *text);
/* Text of the system behind the image, from that offset on to its zero byte, or to the end of the system. */
/*@ assigns \nothing; */
void arch_print_system(u64 offset);
/*@ assigns \nothing; */
void arch_print_number(u64 number);
