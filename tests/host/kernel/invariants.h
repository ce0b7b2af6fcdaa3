/* invariants.h - the seven invariants of the architecture page, checked on a concrete state of the kernel. */
#pragma once

/* Prints the first thing that is wrong and aborts the test; returns if all is well. */
void check_invariants(void);
/* Answers how many capabilities are live; only valid right after check_invariants. */
unsigned int invariants_live_caps(void);
/* Slots in the memory at hand: of the tests' arena, unless somebody says otherwise. */
extern unsigned int invariants_slots;
