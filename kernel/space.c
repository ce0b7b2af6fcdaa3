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
/*@ requires is_space_slot(s);
    assigns \nothing;
    ensures \result < N_PTES; */
static inline u32 space_entry(u32 s)
{
	return s / SPACE_SLOTS * SPACE_PTES + (s % SPACE_SLOTS - SPACE_FIRST_SLOT);
}

/* The one place that writes the hardware entry of a slot; what it wrote, the ghost knows. */
/*@ requires is_space_slot(s);
    assigns ptes[0 .. N_PTES - 1], written[s];
    ensures written: written[s] == image; */
static inline void space_write(u32 s, u64 image)
{
	ptes[space_entry(s)] = image;
	/*@ ghost written[s] = image; */
}

void space_filled(u32 s)
{
	if (slots[s].type == CAP_SPACE) {
		u32 lower = slots[s].object;

		slots[lower * SPACE_SLOTS + SPACE_HEADER].installed = 1;
		space_write(s, arch_entry_level(machine.base_granule + lower * (SPACE_BYTES / GRANULE)));
		/*@ ghost shown_type[s] = CAP_SPACE; shown_object[s] = lower; */
		/*@ assert image: written[s] == entry_level(machine.base_granule + shown_object[s] * SPACE_GRANULES); */
		/*@ assert others: \forall integer k; slot_index(k) && k != s && shown_type[k] == CAP_SPACE ==>
		      written[k] == entry_level(machine.base_granule + shown_object[k] * SPACE_GRANULES); */
		/*@ assert levels: entries_levels; */
	} else {
		space_write(s, arch_entry_page(slots[s].object, slots[s].rights));
		/*@ ghost shown_type[s] = CAP_UNTYPED; shown_object[s] = slots[s].object; shown_rights[s] = slots[s].rights; */
		/*@ assert levels: entries_levels; */
	}
	arch_space_fence();
}

void space_emptied(u32 s)
{
	space_write(s, 0);
	/*@ ghost shown_type[s] = CAP_EMPTY; */
	if (slots[s].type == CAP_SPACE)
		slots[slots[s].object * SPACE_SLOTS + SPACE_HEADER].installed = 0;
	arch_space_fence();
}

/*@ predicate is_header(integer h) = lives(h - SPACE_HEADER) && cnode[h - SPACE_HEADER] == CAP_SPACE; */
/* The space of a thread is one that lives: the thread's slot holds a capability to it. */
/*@ ghost
  /@ requires DERIVED_APART && slots_valid && threads_have && thread_index(t) && unsettled == NONE;
     assigns \nothing;
     ensures lives: apart != 0 && threads[t].root != NONE ==> is_header(SPACE_SLOTS * threads[t].root + SPACE_HEADER); @/
  void space_own(u32 t)
  {
	/@ assert holds: apart != 0 && threads[t].root != NONE ==> keeps(origin[slot_of(t) + THREAD_SPACE]) &&
	     owns[origin[slot_of(t) + THREAD_SPACE]] == CAP_SPACE &&
	     begins[origin[slot_of(t) + THREAD_SPACE]] == 2 * machine.base_granule + SPACE_SLOTS * threads[t].root; @/
  }
  // The header of a space, or that of the kernel's own, is no capability.
  /@ requires DERIVED_APART && slot_index(header) &&
       (root: apart != 0 ==> header == SPACE_HEADER || is_header(header));
     assigns \nothing;
     ensures header: apart != 0 ==> !housed(header) && linked[header] != 1 && !owner(header); @/
  void space_header(u32 header)
  {
	/@ assert shaped: apart != 0 && header != SPACE_HEADER ==>
	     home[header] == header - SPACE_HEADER && (header - SPACE_HEADER) % SPACE_SLOTS == 0; @/
	/@ assert none: apart != 0 ==> !housed(header); @/
  } */

/* Give the space with this header slot an ASID that nobody else has in this round. True if the round is a new one: then
 * every translation must be forgotten. */
/*@ requires DERIVED_APART && kernel_valid && slot_index(header) && header % SPACE_SLOTS == SPACE_HEADER &&
      (root: apart != 0 ==> header == SPACE_HEADER || is_header(header));
    assigns hart.asid, hart.asid_round, slots[header].badge, slots[header].watermark;
    ensures DERIVED && SLOTS_VALID && HART_VALID;
    ensures slots[header].watermark == hart.asid_round; */
static bool space_give_asid(u32 header)
{
	bool flush = hart.asid == machine.asid_limit;

	/*@ ghost space_header(header); */
	/*@ assert header: apart != 0 ==> !owner(header); */
	if (slots[header].badge != 0 && slots[header].watermark == hart.asid_round)
		return false;
	if (flush) {
		hart.asid = 0;
		hart.asid_round++;
	}
	hart.asid++;
	slots[header].badge = hart.asid;
	slots[header].watermark = hart.asid_round;
	return flush;
}

void space_switch(u32 t)
{
	u32 root = threads[t].root;
	u32 header = root * SPACE_SLOTS + SPACE_HEADER;
	bool flush = true;

	/*@ ghost space_own(t); */
	hart.root = root;
	if (machine.asid_limit == 0) { /* no image is ever valid: every switch comes here and flushes */
		arch_space_load(arch_space_image(root, 0), true);
		return;
	}
	flush = space_give_asid(header);
	threads[t].image = arch_space_image(root, slots[header].badge);
	threads[t].image_round = hart.asid_round;
	arch_space_load(threads[t].image, flush);
}

void space_leave(u32 space)
{
	if (hart.root == space) {
		hart.root = KERNEL_SPACE;
		arch_space_load(arch_space_image(KERNEL_SPACE, 0), true);
	}
	arch_space_fence();
}
