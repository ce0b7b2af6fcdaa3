/* space.h - spaces: CNodes whose slots the MMU reads. Each hardware entry is the image of its slot's capability. */
#pragma once
#include "arch/riscv64/arch.h"
#include "cap.h"

/* Whether the capability in slot `from`, copied with the rights mask `rights`, may stand at `index` of a space of
 * level `level`: a page of the level's size with exactly r, rw or rx, or the next lower level, installed nowhere. */
/*@ requires slot_index(from) && level <= 2;
    assigns \nothing; */
enum status space_check(u32 from, u32 rights, u32 level);

/* Slot s of a space was filled: write the hardware entry. */
/*@ requires slot_index(s);
    assigns ptes[0 .. N_PTES - 1], slots[0 .. N_SLOTS - 1].installed, slots[0 .. N_SLOTS - 1].object; */
void space_filled(u32 s);

/* Slot s of a space is emptied: clear the hardware entry before the step ends. */
/*@ requires slot_index(s);
    assigns ptes[0 .. N_PTES - 1], slots[0 .. N_SLOTS - 1].installed; */
void space_emptied(u32 s);

/* Let the MMU walk the space of thread t, under an ASID of its own where the hardware has them. The image is kept in the
 * thread: for as long as `image_round` is the round of the hart, it is all that a switch has to load. */
/*@ requires 0 < t < N_THREADS && threads[t].root < N_SLOTS / SPACE_SLOTS;
    assigns hart.root, hart.asid, hart.asid_round, slots[threads[t].root * SPACE_SLOTS + SPACE_HEADER],
            threads[t].image, threads[t].image_round; */
void space_switch(u32 t);

/* The same where the space may be the one that the MMU walks already, and its image at hand. */
/*@ requires 0 < t < N_THREADS && threads[t].root < N_SLOTS / SPACE_SLOTS;
    assigns hart.root, hart.asid, hart.asid_round, slots[threads[t].root * SPACE_SLOTS + SPACE_HEADER],
            threads[t].image, threads[t].image_round;
    ensures hart.root == threads[t].root; */
static inline void space_use(u64 t)
{
	if (threads[t].root == hart.root)
		return;
	if (threads[t].image_round != hart.asid_round) {
		space_switch((u32)t);
		return;
	}
	hart.root = threads[t].root;
	arch_space_load(threads[t].image, false);
}

/* The space is destroyed: never walk it again. */
/*@ requires space < N_SLOTS / SPACE_SLOTS;
    assigns hart.root; */
void space_leave(u32 space);
