/* untyped.c - carving objects from untyped memory: a watermark that only revoke takes back.
 *
 * Memory is zeroed ahead of the watermark in bounded chunks; how far that has come stands in the slot. Objects appear
 * only complete. */
#include "untyped.h"
#include "arch/riscv64/arch.h"
#include "space.h"

/* What a step does, counted in granules that it could zero instead: 30 KiB, so that 64 pages take nine steps. */
#define STEP_GRANULES 480u
#define OBJECT_WORK 3u  /* for each object that it makes */
#define SPACE_WORK 64u  /* the same for a space: a root has the kernel's half */

/* Bits of the size in bytes of what is asked for; 0 if there is no such object. */
/*@ assigns \nothing;
    ensures range: \result == 0 || 6 <= \result <= 37;
    ensures single: \result != 0 && (carving.type == OBJECT_ENDPOINT || carving.type == OBJECT_NOTIFICATION) ==> \result == 6;
    ensures table: \result != 0 && carving.type == OBJECT_TABLE ==> 1 <= carving.size_bits <= 16 &&
      \result == carving.size_bits + 5;
    ensures space: \result != 0 && carving.type == OBJECT_SPACE ==> \result == 15 && carving.size_bits <= 2;
    ensures thread: \result != 0 && carving.type == OBJECT_THREAD ==> \result == 9;
    ensures memory: \result != 0 && (carving.type == OBJECT_PAGE || carving.type == OBJECT_UNTYPED) ==>
      \result == carving.size_bits;
    ensures known: \result != 0 ==> OBJECT_UNTYPED <= carving.type <= OBJECT_PAGE; */
static inline u8 untyped_bits(struct carving carving)
{
	switch (carving.type) {
	case OBJECT_UNTYPED:
		return carving.size_bits >= 6 && carving.size_bits <= 37 ? (u8)carving.size_bits : 0;
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION:
		return 6;
	case OBJECT_TABLE:
		return carving.size_bits >= 1 && carving.size_bits <= 16 ? (u8)(carving.size_bits + 5) : 0;
	case OBJECT_SPACE:
		return carving.size_bits <= 2 ? 15 : 0;
	case OBJECT_THREAD:
		return 9;
	case OBJECT_PAGE:
		return carving.size_bits == 12 || carving.size_bits == 21 || carving.size_bits == 30 ? (u8)carving.size_bits : 0;
	default:
		return 0;
	}
}

/* Granules of 2^bits bytes, and slots of a table of 2^bits bytes. */
/*@ requires 6 <= bits <= 37;
    assigns \nothing;
    ensures size: \result == 1 << (bits - 6);
    ensures range: 1 <= \result <= 0xffffffff;
    ensures space: bits == 15 ==> \result == SPACE_GRANULES;
    ensures thread: bits == 9 ==> \result == 8;
    ensures single: bits == 6 ==> \result == 1;
    ensures slots: bits <= 36 ==> 2 * \result == 1 << (bits - 5); */
static inline u64 untyped_granules(u8 bits)
{
	/*@ assert double: ((1 << (bits - 6)) << 1) == (1 << (bits - 6 + 1)); */
	/*@ assert positive: ((1 << (bits - 6)) << (37 - bits)) == (1 << 31); */
	/*@ assert word: (u32)(1 << (bits - 6)) == 1 << (bits - 6); */
	return 1ul << (bits - 6);
}

/*@ // A predicate, so that callers do not compute with the quotient.
    predicate first_multiple(integer n, integer mark, integer size) = n == ((mark + size - 1) / size) * size; */

/* The first granule from `mark` on that is a multiple of `size`. A remainder and no mask, so that it proves. */
/*@ requires mark <= 0xffffffff && 1 <= size <= 0xffffffff;
    assigns \nothing;
    ensures behind: mark <= \result < mark + size;
    ensures aligned: first_multiple(\result, mark, size); */
static inline u64 untyped_start(u64 mark, u64 size)
{
	u64 last = mark + size - 1;

	/*@ assert split: last == (last / size) * size + last % size; */
	return last - last % size;
}

/* Where `count` objects of `size` granules end that begin at `start`. */
/*@ requires start <= 0x1ffffffff && 1 <= count <= RETYPE_MAX_COUNT && 1 <= size <= 0xffffffff;
    assigns \nothing;
    ensures end: \result == start + count * size;
    ensures behind: \result >= start + size; */
static inline u64 untyped_end(u64 start, u64 count, u64 size)
{
	/*@ assert some: size <= count * size; */
	/*@ assert few: count * size <= RETYPE_MAX_COUNT * 0xffffffff; */
	return start + count * size;
}

/*@ requires slot_index(first) && count <= N_SLOTS - first;
    assigns \nothing;
    ensures \result <==> (\forall integer s; first <= s < first + count ==> slots[s].type == CAP_EMPTY); */
static bool untyped_slots_free(u32 first, u32 count)
{
	/*@ loop invariant first <= s <= first + count &&
	      (\forall integer k; first <= k < s ==> slots[k].type == CAP_EMPTY);
	    loop assigns s;
	    loop variant first + count - s; */
	for (u32 s = first; s < first + count; s++)
		if (slots[s].type != CAP_EMPTY)
			return false;
	return true;
}

/* Zero eight words. */
/*@ requires w <= N_WORDS - 8;
    assigns words[w .. w + 7];
    ensures \forall integer i; w <= i < w + 8 ==> words[i] == 0; */
static inline void untyped_zero_granule(u64 w)
{
	words[w] = 0;
	words[w + 1] = 0;
	words[w + 2] = 0;
	words[w + 3] = 0;
	words[w + 4] = 0;
	words[w + 5] = 0;
	words[w + 6] = 0;
	words[w + 7] = 0;
}

/* Zero 32 words. */
/*@ requires w <= N_WORDS - 32;
    assigns words[w .. w + 31];
    ensures \forall integer i; w <= i < w + 32 ==> words[i] == 0; */
static inline void untyped_zero_four(u64 w)
{
	untyped_zero_granule(w);
	untyped_zero_granule(w + 8);
	untyped_zero_granule(w + 16);
	untyped_zero_granule(w + 24);
}

/* Zero 64 words: unrolled by hand, as a page's zeroing is what most of a start consists of. */
/*@ requires w <= N_WORDS - 64;
    assigns words[w .. w + 63];
    ensures \forall integer i; w <= i < w + 64 ==> words[i] == 0; */
static inline void untyped_zero_eight(u64 w)
{
	untyped_zero_four(w);
	untyped_zero_four(w + 32);
}

/* Zero the granules from `from` to `to` (counted from the start of RAM's views). */
/*@ requires from <= to <= N_WORDS / 8;
    assigns words[8 * from .. 8 * to - 1];
    ensures \forall integer i; 8 * from <= i < 8 * to ==> words[i] == 0; */
static void untyped_zero(u64 from, u64 to)
{
	u64 g = from;

	/*@ loop invariant from <= g <= to && (\forall integer i; 8 * from <= i < 8 * g ==> words[i] == 0);
	    loop assigns g, words[8 * from .. 8 * to - 1];
	    loop variant to - g; */
	for (; g + 8 <= to; g += 8)
		untyped_zero_eight(8 * g);
	/*@ loop invariant from <= g <= to && (\forall integer i; 8 * from <= i < 8 * g ==> words[i] == 0);
	    loop assigns g, words[8 * from .. 8 * to - 1];
	    loop variant to - g; */
	for (; g < to; g++)
		untyped_zero_granule(8 * g);
}

/* One step of zeroing untyped u from its watermark to the granule `end`. True when all of that is zero and the step may
 * also do `work` more. The gap that alignment leaves is zeroed too: a step that was begun for a big object may be used up
 * by small ones. */
/*@ requires DERIVED_APART &&
      kernel_valid && slot_index(u) && slots[u].type == CAP_UNTYPED && slots[u].kind == MEMORY_RAM &&
      (inside: end <= 1 << (slots[u].size_bits - 6));
    assigns slots[u].badge, words[0 .. N_WORDS - 1];
    ensures DERIVED && SLOTS_VALID;
    ensures onward: !\result ==> slots[u].badge > \old(slots[u].badge);
    ensures foreign: \forall integer w; 0 <= w < N_WORDS && words[w] != \old(words[w]) ==>
      8 * (slots[u].object + slots[u].watermark - machine.base_granule) <= w <
        8 * (slots[u].object + end - machine.base_granule); */
static inline bool untyped_prepare(u64 u, u64 end, u32 work)
{
	u64 base = slots[u].object - machine.base_granule;
	u64 done = slots[u].badge < slots[u].watermark ? slots[u].watermark : slots[u].badge;
	u64 step = end;

	if (done >= end)
		return true;
	if (end - done > STEP_GRANULES)
		step = done + STEP_GRANULES;
	slots[u].badge = (u32)step;
	arch_barrier(); /* what was written through the views of older objects is written */
	untyped_zero(base + done, base + step);
	return step == end && step - done + work <= STEP_GRANULES;
}

/* Make zeroed memory an object of the view of its type. Its capability is in slot s. */
/*@ requires VALID && (slot: slot_index(s)) &&
      (same: (type == OBJECT_ENDPOINT || type == OBJECT_NOTIFICATION ==> queue_index(slots[s].object)) &&
        (type == OBJECT_THREAD ==> thread_index(slots[s].object)) && (type == OBJECT_SPACE ==> space_index(slots[s].object)));
    assigns queues[0 .. N_QUEUES - 1], threads[0 .. N_THREADS - 1], ptes[0 .. N_PTES - 1];
    ensures VALID; */
static void untyped_begin_object(u32 s, u32 type)
{
	switch (type) {
	case OBJECT_ENDPOINT:
		queues[slots[s].object].kind = QUEUE_ENDPOINT;
		break;
	case OBJECT_NOTIFICATION:
		queues[slots[s].object].kind = QUEUE_NOTIFICATION;
		break;
	case OBJECT_THREAD:
		threads[slots[s].object].saved_all = 1;
		break;
	case OBJECT_SPACE:
		if (slots[s].kind == 2)
			arch_space_kernel_half(slots[s].object);
		break;
	default:
		break;
	}
}

/* What all capabilities of one retype have in common; object i is number `object` + i * `step` of its view (pages and
 * untyped memory: granule). Rights: all of the kind but those that the memory lacks. */
struct mould {
	u8 type;
	u8 kind;
	u8 size_bits;
	u8 rights;
	u32 object;
	u32 step;
};

/*@ // The objects of one retype, which take `room` numbers of the view of their type, lie in it.
    predicate mould_fits(struct mould m, integer room) = CAP_UNTYPED <= m.type <= CAP_THREAD && 1 <= m.step &&
      (m.type == CAP_UNTYPED ==> 6 <= m.size_bits <= 37 && m.step == 1 << (m.size_bits - 6) &&
        m.object + room <= 0x100000000 && (m.kind == MEMORY_RAM ==> machine.base_granule + KERNEL_QUEUES <= m.object &&
          m.object - machine.base_granule + room <= N_QUEUES)) &&
      (m.type == CAP_ENDPOINT || m.type == CAP_NOTIFICATION ==> KERNEL_QUEUES <= m.object && m.step == 1 &&
        m.object + room <= N_QUEUES) &&
      (m.type == CAP_TABLE ==> 1 <= m.size_bits <= 16 && m.step == 1 << m.size_bits && KERNEL_SLOTS <= m.object &&
        m.object + room <= N_SLOTS) &&
      (m.type == CAP_SPACE ==> m.kind <= 2 && m.step == 1 && KERNEL_SPACES <= m.object && m.object + room <= N_SPACES) &&
      (m.type == CAP_THREAD ==> m.step == 1 && KERNEL_THREADS <= m.object && m.object + room <= N_THREADS); */

/*@ // They lie between two granules.
    predicate mould_between(struct mould m, integer room, integer from, integer end) =
      (m.type == CAP_UNTYPED ==> from <= m.object && m.object + room <= end) &&
      (m.type == CAP_ENDPOINT || m.type == CAP_NOTIFICATION ==> from <= machine.base_granule + m.object &&
        machine.base_granule + m.object + room <= end) &&
      (m.type == CAP_TABLE ==> 2 * (from - machine.base_granule) <= m.object &&
        m.object + room <= 2 * (end - machine.base_granule)) &&
      (m.type == CAP_SPACE ==> from - machine.base_granule < SPACE_GRANULES * (m.object + 1) &&
        SPACE_GRANULES * (m.object + room) <= end - machine.base_granule) &&
      (m.type == CAP_THREAD ==> from - machine.base_granule < 8 * (m.object + 1) &&
        8 * (m.object + room) <= end - machine.base_granule); */

/*@ // `size` is in granules what an object that is asked for takes.
    predicate measures(struct carving c, integer size) =
      (c.type == OBJECT_ENDPOINT || c.type == OBJECT_NOTIFICATION ==> size == 1) &&
      (c.type == OBJECT_TABLE ==> 1 <= c.size_bits <= 16 && 2 * size == 1 << c.size_bits) &&
      (c.type == OBJECT_SPACE ==> size == SPACE_GRANULES && c.size_bits <= 2) &&
      (c.type == OBJECT_THREAD ==> size == 8) &&
      (c.type == OBJECT_UNTYPED || c.type == OBJECT_PAGE ==> 6 <= c.size_bits <= 37 && size == 1 << (c.size_bits - 6)); */

/*@ // Memory that is carved has no right that its memory lacks.
    predicate mould_falls(struct mould m, integer u) = m.type == CAP_UNTYPED ==> fewer(m.rights, slots[u].rights); */

/*@ requires slot_index(u) && machine_valid &&
      (known: OBJECT_UNTYPED <= carving.type <= OBJECT_PAGE && 1 <= carving.count && 1 <= size) &&
      (ram: slots[u].kind == MEMORY_RAM ==> machine.base_granule + KERNEL_QUEUES <= at &&
        at - machine.base_granule + carving.count * size <= N_QUEUES) &&
      (kind: carving.type != OBJECT_UNTYPED && carving.type != OBJECT_PAGE ==> slots[u].kind == MEMORY_RAM) &&
      (inside: at + carving.count * size <= 0x100000000) && (measures: measures(carving, size)) &&
      (aligned: apart != 0 ==> (carving.type == OBJECT_SPACE ==> at % SPACE_GRANULES == 0) &&
        (carving.type == OBJECT_THREAD ==> at % 8 == 0));
    assigns \nothing;
    ensures fits: mould_fits(\result, carving.count * \result.step);
    ensures between: mould_between(\result, carving.count * \result.step, at, at + carving.count * size);
    ensures placed: place_at(\result.type, \result.object + carving.count * \result.step) <=
      2 * (at + carving.count * size);
    ensures there: apart != 0 ==> place_at(\result.type, \result.object) == 2 * at;
    ensures sized: takes_up(\result.type, \result.size_bits) == 2 * size;
    ensures type: \result.type == (carving.type == OBJECT_PAGE ? CAP_UNTYPED : carving.type);
    ensures kind: \result.type == CAP_UNTYPED ==> \result.kind == slots[u].kind;
    // I3 (part): a carved object has no right that its memory lacks, where the kind shares rights with it.
    ensures no_read: \result.type == CAP_UNTYPED && (slots[u].rights & RIGHT_READ) == 0 ==>
      (\result.rights & RIGHT_READ) == 0;
    ensures no_write: \result.type == CAP_UNTYPED && (slots[u].rights & RIGHT_WRITE) == 0 ==>
      (\result.rights & RIGHT_WRITE) == 0;
    ensures no_execute: \result.type == CAP_UNTYPED && (slots[u].rights & RIGHT_EXECUTE) == 0 ==>
      (\result.rights & RIGHT_EXECUTE) == 0;
    ensures no_retype: (slots[u].rights & RIGHT_RETYPE) == 0 ==> (\result.rights & RIGHT_RETYPE) == 0;
    ensures no_schedule: (slots[u].rights & RIGHT_SCHEDULE) == 0 ==> (\result.rights & RIGHT_SCHEDULE) == 0;
    ensures falls: mould_falls(\result, u);
    ensures page: carving.type == OBJECT_PAGE ==> (\result.rights & RIGHT_RETYPE) == 0; */
static struct mould untyped_mould(u64 u, struct carving carving, u32 at, u32 size)
{
	u32 offset = at - machine.base_granule;
	struct mould mould = { CAP_UNTYPED, slots[u].kind, (u8)carving.size_bits, slots[u].rights, at, size };

	switch (carving.type) {
	case OBJECT_PAGE:
		mould.rights &= RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
		break;
	case OBJECT_ENDPOINT:
		mould = (struct mould){ CAP_ENDPOINT, 0, 0, RIGHT_READ | RIGHT_WRITE | RIGHT_CALL | RIGHT_GRANT, offset, 1 };
		break;
	case OBJECT_NOTIFICATION:
		mould = (struct mould){ CAP_NOTIFICATION, 0, 0, RIGHT_READ | RIGHT_WRITE, offset, 1 };
		break;
	case OBJECT_TABLE:
		mould = (struct mould){ CAP_TABLE, 0, (u8)carving.size_bits, RIGHT_READ | RIGHT_WRITE,
					offset * (GRANULE / SLOT_BYTES), 1u << carving.size_bits };
		break;
	case OBJECT_SPACE:
		mould = (struct mould){ CAP_SPACE, (u8)carving.size_bits, 0, RIGHT_READ | RIGHT_WRITE,
					offset / (SPACE_BYTES / GRANULE), 1 };
		break;
	case OBJECT_THREAD:
		mould = (struct mould){ CAP_THREAD, 0, 0, RIGHT_READ | RIGHT_WRITE | (slots[u].rights & RIGHT_SCHEDULE),
					offset / (THREAD_BYTES / GRANULE), 1 };
		break;
	default:
		break;
	}
	mould.rights &= carving.rights;
	return mould;
}

/*@ // The memory from place `from` to the watermark of u is nobody else's.
    predicate room_from(integer u, integer from) = apart != 0 ==> owner(u) && level[u] < CAP_MAX_DEPTH &&
      begins[u] <= from && free_from(u, from) && dying_from(u, from); */
/* The CNode of type `type` in the slots from o on begins, with its original in slot s. The views of its slots begin with it:
 * that they are empty is proved, that a table's say that they are in one is looked at. */
/*@ ghost
  /@ requires (derived: cnodes_apart && slots_typed && slots_listed && slots_housed && slots_contained && apart != 0) &&
       (dying: tables_dying && spaces_dying && slots_swept && threads_dying) &&
       (shape: shaped(type, o, end) && 0 < s < N_SLOTS && owns[s] == 0) &&
       (memory: begins[s] == 2 * machine.base_granule + o && ends[s] == 2 * machine.base_granule + end) &&
       (nobody: \forall integer c; is_cnode(c) ==> beyond[c] <= o || end <= c);
     assigns apart, NEW_HOME, owns[s];
     ensures cnodes: CNODES;
     ensures slots: slots_housed && slots_contained;
     ensures dying: tables_dying && spaces_dying && slots_swept && threads_dying;
     ensures others: \forall integer c; slot_index(c) && c != o ==> cnode[c] == \old(cnode[c]) && keeper[c] == \old(keeper[c]) &&
       beyond[c] == \old(beyond[c]);
     ensures lives: keeper[o] != NONE && beyond[o] == end;
     ensures kept: homes_kept{Pre, Post} && unspent_kept{Pre, Post};
     ensures owns: owns[s] == type; @/
  void untyped_house(u8 type, u32 o, u32 end, u32 s)
  {
	u32 k = o;

	/@ assert nobody: \forall integer j; o <= j < end ==> !housed(j); @/
	/@ assert empty: \forall integer j; o <= j < end ==> slots[j].type == CAP_EMPTY; @/
	/@ loop invariant range: o <= k <= end;
	   loop invariant mapped: \forall integer j; o <= j < k ==> home[j] == o;
	   loop invariant others: \forall integer j; slot_index(j) && !(o <= j < end) ==> home[j] == \at(home[j], Pre);
	   loop invariant plain: apart != 0 && type == CAP_TABLE ==> (\forall integer j; o <= j < k ==> slots[j].container == IN_TABLE);
	   loop assigns k, home[0 .. N_SLOTS - 1], apart;
	   loop variant end - k; @/
	while (k < end) {
		home[k] = o;
		if (type == CAP_TABLE && slots[k].container != IN_TABLE)
			apart = 0;
		k++;
	}
	cnode[o] = type;
	beyond[o] = end;
	keeper[o] = s;
	owns[s] = type;
  } */

/* The capability in slot s, carved from u, has memory of its own from now on. */
/*@ ghost
  /@ requires (derived: slots_typed && slots_listed && slots_marked && slots_housed && slots_contained) &&
       (dying: tables_dying && spaces_dying && slots_swept && threads_dying) &&
       (ordered: list_ordered && memory_nested && cnodes_apart) &&
       (slot: slot_index(u) && slot_index(s) && slots[s].type == type && CAP_UNTYPED <= type <= CAP_THREAD && slots[s].original != 0) &&
       (shape: holds_slots(type) ==> 2 * machine.base_granule <= begins[s] && ends[s] <= 2 * machine.base_granule + N_SLOTS &&
         shaped(type, begins[s] - 2 * machine.base_granule, ends[s] - 2 * machine.base_granule)) &&
       (free: apart != 0 ==> s != NONE && owns[s] == 0 && linked[s] == 1 && origin[s] == s &&
         begins[s] < ends[s] && marked(s) && is_aligned(begins[s], nth[s], ends[s]) && given[s] == begins[s] &&
         begins[s] == place_at(slots[s].type, slots[s].object) && ends[s] == begins[s] + takes_up(slots[s].type, slots[s].size_bits)) &&
       (owned: apart != 0 ==> (\forall integer k; 0 < k < N_SLOTS && k != s ==>
         (owns[k] != 0 <==> is_capability(k) && slots[k].original != 0))) &&
       (others: apart != 0 ==> (\forall integer k; 0 < k < N_SLOTS && is_capability(k) && k != s ==>
         extends(origin[k], k) && origin[k] != s)) &&
       (room: room_from(u, begins[s]) && (apart != 0 ==> ends[s] <= given[u] && rank[u] < rank[s] < last[u] && u != s &&
         (\forall integer t; live(t) && rank[t] < rank[u] < last[t] ==> rank[t] < rank[s] < last[t])));
     assigns apart, NEW_HOME, owns[s];
     ensures apart: apart != 0 ==> \old(apart) != 0;
     ensures kept: apart != 0 ==> homes_kept{Pre, Post} && unspent_kept{Pre, Post};
     ensures room: room_from(u, ends[s]);
     ensures derived: slots_owned && slots_extents && slots_marked && slots_housed && slots_contained;
     ensures dying: tables_dying && spaces_dying && slots_swept && threads_dying;
     ensures NESTED;
     ensures cnodes: cnodes_apart; @/
  void untyped_own(u8 type, u32 u, u32 s)
  {
	/@ assert child: apart != 0 ==> carved(u, s); @/
	/@ assert new: apart != 0 ==> (\forall integer t; owner(t) ==>
	      ends[t] <= begins[s] || ends[s] <= begins[t] || carved(t, s)); @/
	/@ assert own: apart != 0 ==> (\forall integer t; owner(t) && holds_slots(owns[t]) ==> given[t] == begins[t]); @/
	/@ assert alive: apart != 0 ==> (\forall integer c; lives(c) ==>
	      2 * machine.base_granule + beyond[c] <= begins[s] || ends[s] <= 2 * machine.base_granule + c); @/
	/@ assert dying: apart != 0 ==> (\forall integer c; dies(c) ==>
	      2 * machine.base_granule + beyond[c] <= begins[s] || ends[s] <= 2 * machine.base_granule + c); @/
	if (apart != 0 && (type == CAP_TABLE || type == CAP_SPACE || type == CAP_THREAD)) {
		untyped_house(type, (u32)(begins[s] - 2 * (u64)machine.base_granule),
			      (u32)(ends[s] - 2 * (u64)machine.base_granule), s);
	} else {
		owns[s] = type;
		/@ assert cnodes: CNODES; @/
	}
	/@ assert nested: NESTED; @/
  } */

/* Write the capability of object number `object`, carved from u, into slot s. */
/*@ requires ORDERED && slots_valid && threads_waiting && threads_tied && threads_dying && slot_index(u) && nameable(s) && u != s &&
      (place: apart != 0 ==> in_table(s) && !spent(s)) &&
      (room: room_from(u, place_at(mould.type, object)) &&
        (apart != 0 ==> place_at(mould.type, object) + takes_up(mould.type, mould.size_bits) <= given[u])) &&
      (nth: apart != 0 ==> is_multiple(place_at(mould.type, object), next_nth, takes_up(mould.type, mould.size_bits))) &&
      (memory: slots[u].type == CAP_UNTYPED) && (free: slots[s].type == CAP_EMPTY) && (rights: mould_falls(mould, u)) &&
      (fits: object <= 0xffffffff && object_fits(mould.type, mould.kind, mould.size_bits, object) &&
        mould.step != 0 &&
        (mould.type == CAP_UNTYPED ==> mould.step == 1 << (mould.size_bits - 6)) &&
        (mould.type == CAP_TABLE ==> mould.step == 1 << mould.size_bits));
    assigns slots[0 .. N_SLOTS - 1], LIST_AT(s), apart, NEW_HOME;
    ensures (room: room_from(u, place_at(mould.type, object) + takes_up(mould.type, mould.size_bits))) &&
      (apart: apart != 0 ==> \old(apart) != 0) &&
      (homes: apart != 0 ==> homes_kept{Pre, Post} && unspent_kept{Pre, Post}) && (child: slots[s].parent == u) &&
      (carved: slots[s].type == mould.type && slots[s].object == object && slots[s].rights == mould.rights &&
        slots[s].size_bits == mould.size_bits) &&
      (others: \forall integer k; slot_index(k) && k != s ==> slot_same{Pre, Post}(k)) &&
      (tied: threads_tied && threads_dying) && ORDERED && SLOTS_VALID; */
static inline void untyped_carve(u32 u, u32 s, struct mould mould, u64 object)
{
	/*@ assert table: mould.type == CAP_TABLE ==> shaped(CAP_TABLE, object, object + mould.step); */
	/*@ assert space: mould.type == CAP_SPACE ==> shaped(CAP_SPACE, SPACE_SLOTS * object, SPACE_SLOTS * object + SPACE_SLOTS); */
	/*@ assert thread: mould.type == CAP_THREAD ==> shaped(CAP_THREAD, 16 * object, 16 * object + 16); */
	/*@ assert nobody: apart != 0 ==> !owner(s) && linked[s] == 0; */
	/*@ ghost origin[s] = s; nth[s] = next_nth; lends[s] = mould.kind != MEMORY_RAM || (mould.rights & RIGHT_RETYPE) == 0; */
	/*@ ghost may[s] = mould.rights; shares[s] = mould.type == CAP_UNTYPED; */
	/*@ ghost begins[s] = memory_place(mould.type, object); given[s] = begins[s]; */
	/*@ ghost ends[s] = begins[s] + memory_size(mould.type, mould.step); */
	/*@ assert aligned: apart != 0 ==> is_aligned(begins[s], nth[s], ends[s]); */
	/*@ assert nested: NESTED; */
	/*@ assert cnodes: CNODES; */
	slots[s].type = mould.type;
	slots[s].kind = mould.kind;
	slots[s].size_bits = mould.size_bits;
	slots[s].container = IN_TABLE;
	slots[s].rights = mould.rights;
	slots[s].object = (u32)object;
	slots[s].watermark = 0;
	slots[s].badge = 0;
	/*@ assert memory: slots_memory && slots_swept && slots_lent; */
	/*@ assert others: apart != 0 ==> slots_marked && (\forall integer k; 0 < k < N_SLOTS && is_capability(k) && k != s ==>
	      extends(origin[k], k) && origin[k] != s); */
	cap_insert(u, s);
	/*@ assert listed: apart != 0 ==> linked[s] == 1 && is_capability(s) && (\forall integer k; 0 < k < N_SLOTS && k != s ==>
	      (is_capability(k) <==> linked[k] == 1)); */
	/*@ assert listed: slots_listed && slots_ram; */
	/*@ assert owned: apart != 0 ==> (\forall integer k; 0 < k < N_SLOTS && k != s ==>
	      (owns[k] != 0 <==> is_capability(k) && slots[k].original != 0)); */
	slots[s].original = 1; /* apart from the container: GCC would join the two and reckon out another address */
	/*@ assert room: apart != 0 ==> free_from(u, begins[s]) && dying_from(u, begins[s]) && owner(u) && u != s; */
	/*@ assert others: apart != 0 ==> (\forall integer k; 0 < k < N_SLOTS && is_capability(k) && k != s ==>
	      extends(origin[k], k) && origin[k] != s); */
	/*@ assert tied: threads_tied && slots_answer; */
	/*@ ghost untyped_own(mould.type, u, s); */
}

/* Everything that retype refuses for other reasons than room. */
/*@ requires kernel_valid && slot_index(u) && list_ordered && slots_links && slots_listed;
    assigns \nothing;
    ensures memory: \result == STATUS_OK ==> slots[u].type == CAP_UNTYPED && 0 < carving.count <= RETYPE_MAX_COUNT;
    ensures sized: \result == STATUS_OK ==> carving.bits != 0;
    ensures final: to.status == STATUS_OK ==> \result != STATUS_AGAIN;
    ensures lent: \result == STATUS_OK && apart != 0 && slots[u].watermark == 0 && slots[u].kind != MEMORY_RAM ==> leaf(u);
    ensures carver: \result == STATUS_OK ==> (slots[u].rights & RIGHT_RETYPE) != 0 && slots[u].depth < CAP_MAX_DEPTH;
    ensures room: \result == STATUS_OK ==> to.status == STATUS_OK && to.container == IN_TABLE && carving.count <= room;
    ensures kind: \result == STATUS_OK && carving.type != OBJECT_UNTYPED && carving.type != OBJECT_PAGE ==>
      slots[u].kind == MEMORY_RAM; */
static inline enum status untyped_check(u64 u, struct carving carving, struct place to, u32 room)
{
	if (slots[u].type != CAP_UNTYPED)
		return slots[u].type == CAP_EMPTY ? STATUS_NO_CAP : STATUS_BAD_TYPE;
	if ((slots[u].rights & RIGHT_RETYPE) == 0)
		return STATUS_NO_RIGHT;
	if (carving.count == 0 || carving.count > RETYPE_MAX_COUNT || carving.bits == 0)
		return STATUS_BAD_ARGUMENT;
	if (carving.type == OBJECT_SPACE && carving.size_bits == 2 && carving.count > RETYPE_MAX_ROOTS)
		return STATUS_BAD_ARGUMENT;
	if (slots[u].kind != MEMORY_RAM && carving.type != OBJECT_UNTYPED && carving.type != OBJECT_PAGE)
		return STATUS_BAD_ARGUMENT;
	if (to.status != STATUS_OK)
		return to.status;
	if (to.container != IN_TABLE)
		return STATUS_BAD_TYPE;
	if (carving.count > room)
		return STATUS_BAD_SLOT;
	if (slots[u].depth >= CAP_MAX_DEPTH)
		return STATUS_REFUSED;
	if (slots[u].kind != MEMORY_RAM && slots[u].watermark == 0 && cap_has_children((u32)u))
		return STATUS_REFUSED; /* lent: page copies exist */
	return STATUS_OK;
}

/* What is a multiple of what, one step of reckoning each. */
/*@ ghost
  /@ requires 6 <= bits <= 37;
     assigns \nothing;
     ensures range: 1 <= 1 << (bits - 6) <= 0xffffffff;
     ensures twice: bits < 37 ==> 1 << (bits - 5) == 2 * (1 << (bits - 6)); @/
  void untyped_power(u8 bits)
  {
	/@ assert double: ((1 << (bits - 6)) << 1) == (1 << (bits - 6 + 1)); @/
	/@ assert positive: ((1 << (bits - 6)) << (37 - bits)) == (1 << 31); @/
	/@ assert word: (u32)(1 << (bits - 6)) == 1 << (bits - 6); @/
  }
  /@ requires is_multiple(a, n, size) && 1 <= size && a <= 0x1ffffffff;
     assigns \nothing;
     ensures next: is_multiple(a + size, \result, size) && \result == n + 1; @/
  u64 untyped_next(u64 a, u64 n, u64 size)
  {
	/@ assert few: n <= n * size; @/
	return n + 1;
  }
  /@ requires is_multiple(a, n, middle) && is_multiple(middle, k, size) && 1 <= size && a <= 0xffffffff;
     assigns \nothing;
     ensures product: is_multiple(a, \result, size) && \result <= a; @/
  u64 untyped_times(u64 a, u64 n, u64 middle, u64 k, u64 size)
  {
	/@ assert product: a == (n * k) * size; @/
	/@ assert few: n * k <= (n * k) * size; @/
	return n * k;
  }
  /@ requires mark <= 0xffffffff && 1 <= size <= 0xffffffff && first_multiple(start, mark, size) && start <= 0xffffffff;
     assigns \nothing;
     ensures quotient: is_multiple(start, \result, size) && \result <= 0x1ffffffff; @/
  u64 untyped_quotient(u64 start, u64 mark, u64 size)
  {
	return (mark + size - 1) / size;
  }
  /@ requires is_multiple(a, n, size) && is_multiple(b, m, size) && n <= 0xffffffff && m <= 0x1ffffffff;
     assigns \nothing;
     ensures sum: is_multiple(a + b, \result, size);
     ensures twice: is_multiple(2 * (a + b), \result, 2 * size);
     ensures space: size == SPACE_GRANULES ==> (a + b) % SPACE_GRANULES == 0;
     ensures thread: size == 8 ==> (a + b) % 8 == 0; @/
  u64 untyped_sum(u64 a, u64 n, u64 b, u64 m, u64 size)
  {
	return n + m;
  }
  /@ requires 6 <= big <= 37 && 6 <= small <= 37 && 1 << (small - 6) <= 1 << (big - 6);
     assigns \nothing;
     ensures ratio: is_multiple(1 << (big - 6), \result, 1 << (small - 6)); @/
  u64 untyped_ratio(u8 big, u8 small)
  {
	u64 ratio = 1;
	u8 at = small;

	untyped_power(big);
	untyped_power(small);
	/@ loop invariant range: big <= at <= small || at == small;
	   loop invariant more: at < small ==> 2 * (1 << (at - 6)) <= 1 << (small - 6);
	   loop assigns at;
	   loop variant at - big; @/
	while (at > big) {
		at = at - 1;
		untyped_power(at);
	}
	/@ loop invariant range: small <= at <= big;
	   loop invariant ratio: 1 <= ratio <= 1 << (at - 6);
	   loop invariant whole: is_multiple(1 << (at - 6), ratio, 1 << (small - 6));
	   loop assigns at, ratio;
	   loop variant big - at; @/
	while (at < big) {
		untyped_power(at);
		at = at + 1;
		untyped_power(at);
		ratio = 2 * ratio;
	}
	return ratio;
  }
  /@ requires is_multiple(2 * a, n, 2 * size);
     assigns \nothing;
     ensures is_multiple(a, n, size); @/
  void untyped_half(u64 a, u64 n, u64 size)
  {
	/@ assert half: 2 * a == 2 * (n * size); @/
  }
  /@ requires ORDERED && slots_valid && nameable(u) && slots[u].type == CAP_UNTYPED && (slots[u].rights & RIGHT_RETYPE) != 0 &&
       (size: 6 <= bits <= 37 && size == 1 << (bits - 6) && 1 <= size <= 0xffffffff) &&
       (start: first_multiple(start, slots[u].watermark, size) && start + size <= 1 << (slots[u].size_bits - 6));
     assigns \nothing;
     ensures nth: apart != 0 ==> is_multiple(2 * (slots[u].object + start), \result, 2 * size);
     ensures space: apart != 0 && size == SPACE_GRANULES ==> (slots[u].object + start) % SPACE_GRANULES == 0;
     ensures thread: apart != 0 && size == 8 ==> (slots[u].object + start) % 8 == 0; @/
  u64 untyped_nth(u64 u, u8 bits, u64 size, u64 start)
  {
	u64 q = untyped_quotient(start, slots[u].watermark, size);
	u64 k = untyped_ratio(slots[u].size_bits, bits);

	if (apart == 0)
		return 0;
	/@ assert owner: owner(u) && extends(u, u); @/
	/@ assert all: is_multiple(2 * slots[u].object, nth[u], 2 * (1 << (slots[u].size_bits - 6))); @/
	untyped_half(slots[u].object, nth[u], (u64)1 << (slots[u].size_bits - 6));
	k = untyped_times(slots[u].object, nth[u], (u64)1 << (slots[u].size_bits - 6), k, size);
	return untyped_sum(slots[u].object, k, start, q, size);
  } */

/*@ // n objects of `step` numbers take `left` numbers.
    predicate takes(integer left, integer n, integer step) = left == n * step; */
/*@ ghost
  /@ requires count <= RETYPE_MAX_COUNT;
     assigns \nothing;
     ensures all: takes(\result, count, step); @/
  u64 untyped_all(u32 count, u32 step)
  {
	/@ assert few: 0 <= count * step <= RETYPE_MAX_COUNT * 0xffffffff; @/
	return (u64)count * step;
  }
  /@ requires takes(left, n, step) && 1 <= n;
     assigns \nothing;
     ensures one: step + \result == left;
     ensures others: takes(\result, n - 1, step); @/
  u64 untyped_rest(u64 left, u64 n, u64 step)
  {
	/@ assert one: step <= left; @/
	return left - step;
  } */

/* The originals of `count` new objects into the slots from `first` on. */
/*@ requires ORDERED && kernel_valid && slot_index(u) && row_nameable(first, count) &&
      (row: apart != 0 ==> in_table_to(first, first + count)) &&
      (nth: apart != 0 ==> is_multiple(place_at(mould.type, mould.object), next_nth, takes_up(mould.type, mould.size_bits))) &&
      (memory: slots[u].type == CAP_UNTYPED) && (rights: mould_falls(mould, u)) &&
      (fits: mould_fits(mould, count * mould.step) && count <= RETYPE_MAX_COUNT) &&
      (type: mould.type == (type == OBJECT_PAGE ? CAP_UNTYPED : type)) &&
      (free: \forall integer k; first <= k < first + count ==> slots[k].type == CAP_EMPTY) &&
      (room: room_from(u, place_at(mould.type, mould.object)) &&
        (apart != 0 ==> place_at(mould.type, mould.object + count * mould.step) <= given[u]));
    assigns slots[0 .. N_SLOTS - 1], LIST, apart, NEW_HOME, queues[0 .. N_QUEUES - 1], threads[0 .. N_THREADS - 1], ptes[0 .. N_PTES - 1];
    ensures ORDERED && VALID && (homes: apart != 0 ==> homes_kept{Pre, Post} && \old(apart) != 0) &&
      (made: \forall integer k; first <= k < first + count ==> slots[k].type == mould.type) &&
      (rights: \forall integer k; first <= k < first + count ==> slots[k].rights == mould.rights) &&
      (sized: \forall integer k; first <= k < first + count ==> slots[k].size_bits == mould.size_bits) &&
      (behind: \forall integer k; first <= k < first + count ==> mould.object <= slots[k].object) &&
      (before: \forall integer k; first <= k < first + count ==>
        slots[k].object + mould.step <= mould.object + count * mould.step) &&
      (others: \forall integer k; slot_index(k) && !(first <= k < first + count) ==> slot_same{Pre, Post}(k)); */
static inline void untyped_fill(u32 u, u32 first, u32 type, u32 count, struct mould mould)
{
	u64 object = mould.object;

	/*@ ghost u64 total = untyped_all(count, mould.step); */
	/*@ ghost u64 left = total; */
	/*@ ghost u64 n = count; */
	/*@ assert fits: mould_fits(mould, total); */
	/*@ loop invariant ORDERED && VALID && (count: i <= count && n == count - i) &&
	      (takes: takes(left, n, mould.step)) &&
	      (inside: mould.object <= object && object + left == mould.object + total) &&
	      (homes: apart != 0 ==> homes_kept{Pre, Here} && \at(apart, Pre) != 0) &&
	      (row: apart != 0 ==> in_table_to(first, first + count)) &&
	      (room: room_from(u, place_at(mould.type, object))) &&
	      (end: apart != 0 ==> place_at(mould.type, mould.object + total) <= given[u]) && (rights: mould_falls(mould, u)) &&
	      (free: \forall integer k; first + i <= k < first + count ==> slots[k].type == CAP_EMPTY) &&
	      (made: \forall integer k; first <= k < first + i ==> slots[k].type == mould.type) &&
	      (rights: \forall integer k; first <= k < first + i ==> slots[k].rights == mould.rights) &&
	      (sized: \forall integer k; first <= k < first + i ==> slots[k].size_bits == mould.size_bits) &&
	      (behind: \forall integer k; first <= k < first + i ==> mould.object <= slots[k].object) &&
	      (before: \forall integer k; first <= k < first + i ==> slots[k].object + mould.step <= object) &&
	      (others: \forall integer k; slot_index(k) && !(first <= k < first + count) ==>
	        slot_same{Pre, Here}(k));
	    // Products prove where little else is known: a clause of its own.
	    loop invariant nth: apart != 0 ==>
	      is_multiple(place_at(mould.type, object), next_nth, takes_up(mould.type, mould.size_bits));
	    loop assigns i, object, left, n, slots[0 .. N_SLOTS - 1], LIST, apart, NEW_HOME, queues[0 .. N_QUEUES - 1], threads[0 .. N_THREADS - 1],
	      ptes[0 .. N_PTES - 1];
	    loop variant count - i; */
	for (u32 i = 0; i < count; i++) {
		/*@ ghost left = untyped_rest(left, n, mould.step); */
		/*@ assert object: object_fits(mould.type, mould.kind, mould.size_bits, object); */
		/*@ assert word: object + mould.step <= 0x100000000; */
		/*@ assert next: place_at(mould.type, object) + takes_up(mould.type, mould.size_bits) ==
		      place_at(mould.type, object + mould.step); */
		untyped_carve(u, first + i, mould, object);
		/*@ assert homes: hart_dying && (apart != 0 ==> in_table_to(first, first + count)); */
		if (mould.type != CAP_UNTYPED)
			untyped_begin_object(first + i, type);
		object += mould.step;
		/*@ ghost n--; */
		/*@ ghost if (apart != 0) next_nth = untyped_next(memory_place(mould.type, object - mould.step), next_nth,
			memory_size(mould.type, mould.step)); */
	}
}

/* Who carves from u is alone with it: nobody has it, or a copy of it, for a page. */
/*@ ghost
  /@ requires ORDERED && nameable(u) && slots[u].type == CAP_UNTYPED && (slots[u].rights & RIGHT_RETYPE) != 0 &&
       (lent: apart != 0 && slots[u].watermark == 0 && slots[u].kind != MEMORY_RAM ==> leaf(u));
     assigns \nothing;
     ensures lent: apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && slots[s].type == CAP_UNTYPED &&
       (slots[s].rights & RIGHT_RETYPE) == 0 ==> origin[s] != u); @/
  void untyped_lends(u64 u)
  {
	/@ assert carved: apart != 0 && slots[u].watermark != 0 ==> given[u] != begins[u]; @/
	/@ assert ram: apart != 0 && slots[u].kind == MEMORY_RAM ==> lends[u] == 0; @/
	if (apart != 0 && slots[u].watermark == 0 && slots[u].kind != MEMORY_RAM)
		cap_none_below((u32)u);
	/@ assert alone: apart != 0 && slots[u].watermark == 0 && slots[u].kind != MEMORY_RAM ==>
	     (\forall integer s; linked[s] == 1 && slot_index(s) &&
	     s != u ==> origin[s] != u); @/
  } */

/* Everything below granule `end` is handed out: what lies above the watermark that was is the caller's. */
/*@ requires ORDERED && slots_valid && nameable(u) && slots[u].type == CAP_UNTYPED && (slots[u].rights & RIGHT_RETYPE) != 0 &&
      (depth: slots[u].depth < CAP_MAX_DEPTH) &&
      (inside: slots[u].watermark <= end <= 1 << (slots[u].size_bits - 6) && end <= 0xffffffff) &&
      (lent: apart != 0 && slots[u].watermark == 0 && slots[u].kind != MEMORY_RAM ==> leaf(u));
    assigns slots[u].watermark, given[u];
    ensures ORDERED && SLOTS_VALID;
    ensures room: room_from(u, 2 * (slots[u].object + \old(slots[u].watermark)));
    ensures handed: slots[u].watermark == end && (apart != 0 ==> given[u] == 2 * (slots[u].object + end)); */
static inline void untyped_advance(u64 u, u64 end)
{
	/*@ assert owner: apart != 0 ==> owner(u) && free_from(u, given[u]); */
	/*@ ghost untyped_lends(u); */
	/*@ ghost given[u] = begins[u] + 2 * end; */
	/*@ assert nested: NESTED; */
	slots[u].watermark = (u32)end;
	/*@ assert mark: apart != 0 ==> given[u] == begins[u] + 2 * slots[u].watermark; */
}

/* The objects that are asked for begin at granule `start` of u, and end at `end`. */
/*@ requires ORDERED && kernel_valid && nameable(u) && slots[u].type == CAP_UNTYPED && (slots[u].rights & RIGHT_RETYPE) != 0 &&
      (depth: slots[u].depth < CAP_MAX_DEPTH) &&
      (lent: apart != 0 && slots[u].watermark == 0 && slots[u].kind != MEMORY_RAM ==> leaf(u)) &&
      (count: 0 < carving.count <= RETYPE_MAX_COUNT && row_nameable(to, carving.count)) &&
      (row: apart != 0 ==> in_table_to(to, to + carving.count)) &&
      (free: \forall integer k; to <= k < to + carving.count ==> slots[k].type == CAP_EMPTY) &&
      (known: OBJECT_UNTYPED <= carving.type <= OBJECT_PAGE && measures(carving, size)) &&
      (kind: carving.type != OBJECT_UNTYPED && carving.type != OBJECT_PAGE ==> slots[u].kind == MEMORY_RAM) &&
      (size: 6 <= carving.bits <= 37 && size == 1 << (carving.bits - 6) && 1 <= size <= 0xffffffff) &&
      (start: slots[u].watermark <= start && first_multiple(start, slots[u].watermark, size)) &&
      (end: start + size <= end <= 0xffffffff && end == start + carving.count * size && end <= 1 << (slots[u].size_bits - 6));
    assigns slots[0 .. N_SLOTS - 1], threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], ptes[0 .. N_PTES - 1], LIST, apart,
            NEW_HOME;
    ensures ORDERED && VALID && CAPABILITIES_KEPT &&
      (homes: apart != 0 ==> homes_kept{Pre, Post} && \old(apart) != 0) &&
      (handed: slots[u].watermark == end && capability_same{Pre, Post}(u)) &&
      (between: \forall integer k; to <= k < to + carving.count ==> object_between(slots[k].type, slots[k].size_bits,
        slots[k].object, \old(slots[u].object) + \old(slots[u].watermark), \old(slots[u].object) + end)) &&
      (made: \forall integer k; to <= k < to + carving.count ==>
        slots[k].type == (carving.type == OBJECT_PAGE ? CAP_UNTYPED : carving.type)) &&
      (others: \forall integer k; slot_index(k) && k != u && !(to <= k < to + carving.count) ==> slot_same{Pre, Post}(k));
    CARVED_WITHIN(carving.type == OBJECT_UNTYPED || carving.type == OBJECT_PAGE, to, RIGHT_READ)
    CARVED_WITHIN(carving.type == OBJECT_UNTYPED || carving.type == OBJECT_PAGE, to, RIGHT_WRITE)
    CARVED_WITHIN(carving.type == OBJECT_UNTYPED || carving.type == OBJECT_PAGE, to, RIGHT_EXECUTE)
    CARVED_WITHIN(\true, to, RIGHT_SCHEDULE) */
static inline __attribute__((always_inline)) void untyped_hand_out(u64 u, struct carving carving, u32 to, u64 size, u64 start, u64 end)
{
	/*@ assert outside: !(to <= u < to + carving.count); */
	/*@ assert memory: slots[u].object + (1 << (slots[u].size_bits - 6)) <= 0x100000000; */
	/*@ assert ram: slots[u].kind == MEMORY_RAM ==> machine.base_granule + KERNEL_QUEUES <= slots[u].object &&
	      slots[u].object - machine.base_granule + (1 << (slots[u].size_bits - 6)) <= N_QUEUES; */
	/*@ assert mark: slots[u].watermark <= start < end; */
	/*@ assert size: (u32)size == size; */
	/*@ assert at: (u32)(slots[u].object + (u32)start) == slots[u].object + start; */
	/*@ ghost u64 first = untyped_nth(u, carving.bits, size, start); */
	struct mould mould = untyped_mould(u, carving, slots[u].object + (u32)start, (u32)size);

	arch_barrier();
	untyped_advance(u, end); /* before there are objects: they lie below the watermark */
	/*@ assert room: room_from(u, 2 * (slots[u].object + start)) && mould_falls(mould, u); */
	/*@ ghost next_nth = first; */
	untyped_fill((u32)u, to, carving.type, carving.count, mould);
	/*@ assert capabilities: capabilities_kept{Pre, Here}; */
	/*@ assert handed: slots[u].watermark == end && capability_same{Pre, Here}(u); */
	/*@ assert between: \forall integer k; to <= k < to + carving.count ==> object_between(slots[k].type,
	      slots[k].size_bits, slots[k].object, \at(slots[u].object, Pre) + start, \at(slots[u].object, Pre) + end); */
}

enum status untyped_retype(u64 u, struct carving carving, struct place to, u32 room)
{
	u32 work = carving.count * (carving.type == OBJECT_SPACE ? SPACE_WORK : OBJECT_WORK);
	enum status status = STATUS_OK;
	u64 size = 0; /* in granules, like everything below */
	u64 start = 0;
	u64 end = 0;

	carving.bits = untyped_bits(carving);
	status = untyped_check(u, carving, to, room);
	if (status != STATUS_OK)
		return status;
	size = untyped_granules(carving.bits);
	start = untyped_start(slots[u].watermark, size);
	end = untyped_end(start, carving.count, size);
	if (end > untyped_granules(slots[u].size_bits))
		return STATUS_NO_MEMORY;
	if (slots[u].kind == MEMORY_RAM && carving.type != OBJECT_UNTYPED && !untyped_prepare(u, end, work))
		return STATUS_AGAIN;
	if (!untyped_slots_free(to.slot, carving.count))
		return STATUS_OCCUPIED; /* after the steps of zeroing, which nobody sees: each would look at all slots again */
	/*@ assert kept: \forall integer k; slot_index(k) && k != u ==> slot_same{Pre, Here}(k); */
	untyped_hand_out(u, carving, to.slot, size, start, end);
	return STATUS_OK;
}
