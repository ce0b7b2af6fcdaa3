/* fake_arch.h - what the tests see of the fake architecture behind the kernel's arch.h. */
#pragma once
#include "../../../kernel/arch/riscv64/arch.h"
#include <setjmp.h>

/* All views of the kernel's memory start here; the linker is told the same number. Below 2 GiB, as the code is not
 * position independent, and below the shadow memory of the address sanitizer. */
#define ARENA 0x60000000ul /* beyond where the heap may begin, 1 GiB above the program */
#define ARENA_BYTES 0x1000000ul

enum fake_stop { STOP_POWER_OFF = 1, STOP_RESET = 2, STOP_PANIC = 3 };

struct fake {
	u64 payload[MESSAGE_WORDS];  /* the registers s2-s7 */
	u64 time;
	u64 timer;                   /* what the timer was last set to */
	u32 root;                    /* the space that the MMU walks, and under which ASID */
	u32 asid;
	u32 loads;
	u32 flushes;
	u32 fences;
	bool enabled[N_LINES];
	u32 pending[N_LINES];        /* lines that claim hands out, in order */
	u32 pending_count;
	u32 completed[N_LINES];
	u32 complete_ignored;        /* completions of a line that was off: the controller ignores those */
	u8 text[4096];               /* what was printed */
	u32 text_length;
	enum fake_stop stopped;      /* why it ended */
	u64 panic_numbers[2];        /* what a panic named beside its text */
	jmp_buf *stop;               /* where power-off, reset and panic go; NULL: abort */
};
extern struct fake fake;

void fake_reset(void);
void fake_raise_line(u32 line);
/* The image of a capability in a hardware entry, as arch.h promises it: for the checker. */
u64 fake_entry_page(u32 granule, u32 rights);
u64 fake_entry_level(u32 granule);
u64 fake_kernel_entry(u32 i);
