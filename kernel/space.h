/* space.h - spaces: CNodes whose slots the MMU reads. Each hardware entry is the image of its slot's capability. */
#pragma once
#include "arch/riscv64/arch.h"
#include "cap.h"

/* Whether the capability in slot `from`, copied with the rights mask `rights`, may stand at `index` of a space of
 * level `level`: a page of the level's size with exactly r, rw or rx, or the next lower level, installed nowhere. */
/*@ requires slots_valid && slot_index(from) && level <= 2;
    assigns \nothing;
    ensures stands: \result == STATUS_OK ==> stands_in_space(slots[from].type);
    // I2 (part): no entry is writable and executable, and only ram that cannot be carved is mapped.
    ensures exclusive: \result == STATUS_OK && slots[from].type == CAP_UNTYPED ==>
      (slots[from].rights & rights & 7) == RIGHT_READ || (slots[from].rights & rights & 7) == (RIGHT_READ | RIGHT_WRITE) ||
      (slots[from].rights & rights & 7) == (RIGHT_READ | RIGHT_EXECUTE);
    ensures sized: \result == STATUS_OK && slots[from].type == CAP_UNTYPED ==> slots[from].size_bits == 12 + 9 * level; */
enum status space_check(u32 from, u32 rights, u32 level);

/* Slot s of a space was filled: write the hardware entry. */
/*@ requires DERIVED_APART && slots_valid && machine_valid && is_space_slot(s) && stands_in_space(slots[s].type) &&
      (written: entries_written && s == unsettled);
    assigns ptes[0 .. N_PTES - 1], SHOWN_AT(s), slots[0 .. N_SLOTS - 1];
    ensures DERIVED && SLOTS_VALID; ENSURES_WRITTEN
    ensures same: slots_same_but_links{Pre, Post};
    ensures page: slots[s].type == CAP_UNTYPED ==>
      shown_type[s] == CAP_UNTYPED && shown_object[s] == slots[s].object && shown_rights[s] == slots[s].rights;
    ensures level: slots[s].type == CAP_SPACE ==> shown_type[s] == CAP_SPACE && shown_object[s] == slots[s].object; */
void space_filled(u32 s);

/* Slot s of a space is emptied: clear the hardware entry before the step ends. */
/*@ requires DERIVED_APART && slots_valid && is_space_slot(s) && (written: entries_written && s == unsettled);
    assigns ptes[0 .. N_PTES - 1], SHOWN_AT(s), slots[0 .. N_SLOTS - 1];
    ensures DERIVED && SLOTS_VALID; ENSURES_WRITTEN
    ensures same: slots_same_but_links{Pre, Post};
    ensures blank: shown_type[s] == CAP_EMPTY; */
void space_emptied(u32 s);

/* Let the MMU walk the space of thread t, under an ASID of its own where the hardware has them. The image is kept in the
 * thread: for as long as `image_round` is the round of the hart, it is all that a switch has to load. */
/*@ requires DERIVED_APART && kernel_valid && thread_index(t) && (settled: unsettled == NONE);
    assigns OBJECTS;
    ensures DERIVED && VALID && CAPABILITIES_KEPT && TURNED;
    ENSURES_RANKS_KEPT
    ensures standing: slots_standing{Pre, Post};
    ensures words: words_kept{Pre, Post};
    ensures walked: hart.root == threads[t].root && hart.current == \old(hart.current); */
void space_switch(u32 t);

/* The same where the space may be the one that the MMU walks already, and its image at hand. */
/*@ requires DERIVED_APART && kernel_valid && thread_index(t) && (settled: unsettled == NONE);
    assigns OBJECTS;
    ensures DERIVED && VALID && CAPABILITIES_KEPT && TURNED;
    ENSURES_RANKS_KEPT
    ensures standing: slots_standing{Pre, Post};
    ensures words: words_kept{Pre, Post};
    ensures walked: hart.root == threads[t].root && hart.current == \old(hart.current); */
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
/*@ requires space_index(space);
    assigns hart.root;
    ensures left: hart.root == (\old(hart.root) == space ? KERNEL_SPACE : \old(hart.root)); */
void space_leave(u32 space);
