/* space.c - spaces: CNodes whose slots the MMU reads. Each hardware entry is the image of its slot's capability.
 *
 * The header slot of a space keeps what is not a capability: `installed`, its ASID in `badge` and the round in which
 * it got that ASID in `watermark`. */
#include "space.h"
#include "arch/riscv64/arch.h"

enum status space_check(u32 from, u32 rights, u32 level)
{
	u32 r = slots[from].rights & rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);

	if (slots[from].type == CAP_SPACE) {
		if (level == 0 || slots[from].kind != level - 1)
			return STATUS_BAD_ARGUMENT;
		if (slots[slots[from].object * SPACE_SLOTS + SPACE_HEADER].installed != 0)
			return STATUS_REFUSED;
		/* The MMU walks all of a level, so only a capability to all of it may install it. */
		r = slots[from].rights & (RIGHT_READ | RIGHT_WRITE);
		return r == (RIGHT_READ | RIGHT_WRITE) ? STATUS_OK : STATUS_NO_RIGHT;
	}
	if (slots[from].type != CAP_UNTYPED)
		return STATUS_BAD_TYPE;
	if (slots[from].size_bits != 12 + 9 * level)
		return STATUS_BAD_ARGUMENT;
	if (r != RIGHT_READ && r != (RIGHT_READ | RIGHT_WRITE) && r != (RIGHT_READ | RIGHT_EXECUTE))
		return STATUS_NO_RIGHT;
	return STATUS_OK;
}

/* The hardware entry that belongs to slot s. */
/*@ requires slot_index(s) && s % SPACE_SLOTS >= SPACE_FIRST_SLOT && s % SPACE_SLOTS < SPACE_HEADER;
    assigns \nothing;
    ensures \result < N_PTES; */
static inline u32 space_entry(u32 s)
{
	return s / SPACE_SLOTS * SPACE_PTES + (s % SPACE_SLOTS - SPACE_FIRST_SLOT);
}

void space_filled(u32 s)
{
	if (slots[s].type == CAP_SPACE) {
		u32 lower = slots[s].object;

		slots[lower * SPACE_SLOTS + SPACE_HEADER].installed = 1;
		ptes[space_entry(s)] = arch_entry_level(machine.base_granule + lower * (SPACE_BYTES / GRANULE));
	} else {
		ptes[space_entry(s)] = arch_entry_page(slots[s].object, slots[s].rights);
	}
	arch_space_fence();
}

void space_emptied(u32 s)
{
	ptes[space_entry(s)] = 0;
	if (slots[s].type == CAP_SPACE)
		slots[slots[s].object * SPACE_SLOTS + SPACE_HEADER].installed = 0;
	arch_space_fence();
}

void space_switch(u32 root)
{
	u32 header = root * SPACE_SLOTS + SPACE_HEADER;
	bool flush = false;

	hart.root = root;
	if (machine.asid_limit == 0) {
		arch_space_load(root, 0, true);
		return;
	}
	if (slots[header].badge == 0 || slots[header].watermark != hart.asid_round) {
		if (hart.asid == machine.asid_limit) {
			hart.asid = 0;
			hart.asid_round++;
			flush = true;
		}
		hart.asid++;
		slots[header].badge = hart.asid;
		slots[header].watermark = hart.asid_round;
	}
	arch_space_load(root, slots[header].badge, flush);
}

void space_leave(u32 space)
{
	if (hart.root == space) {
		hart.root = KERNEL_SPACE;
		arch_space_load(KERNEL_SPACE, 0, true);
	}
	arch_space_fence();
}
