/* boot.c - from the boot record and the system's header to the first thread.
 *
 * Everything is checked before it is used. The kernel makes only its own table with the root untypeds; the rest is the
 * construction program, replayed through the function that serves the system calls. So the initial state is a
 * reachable state. The authority of this table is never held by a thread. */
#include "syscall.h"
#include "arch/riscv64/arch.h"
#include "notify.h"
#include "space.h"

#define REPLAY_LIMIT 1000000u /* AGAINs of one operation */
#define MEMORY_GRANULES 0x100000000ul /* physical memory that a capability can name, 256 GiB */
#define PLIC_BYTES 0x4000000ul
#define PLIC_CONTEXTS 15872u /* PLIC specification 1.0, section 1.1 */
#define ROOT_WORDS (sizeof(struct root_untyped) / 8)
#define SECTION_WORDS (sizeof(struct program_section) / 8)
#define OPERATION_WORDS (sizeof(struct program_operation) / 8)

struct machine machine;
struct boot_record boot_record;
struct system_header boot_system;

/*@ // The record and the header after their checks.
    predicate record_fits =
      boot_record.image_start % 0x40000000 == IMAGE_OFFSET && boot_record.image_start <= MEMORY_GRANULES * GRANULE - RAM_MAX &&
      boot_record.system_start == boot_record.image_start + IMAGE_SYSTEM && boot_record.system_start <= boot_record.image_end &&
      boot_record.ram_start <= boot_record.image_start && boot_record.image_end < boot_record.ram_end &&
      1000 <= boot_record.timebase <= 1000000000;
    predicate system_fits = 0 < boot_system.size <= SYSTEM_MAX && boot_system.size % 4096 == 0 &&
      boot_system.roots <= KERNEL_TABLE_SLOTS - ROOT_FIRST_SLOT && boot_system.roots_offset % 8 == 0 &&
      boot_system.roots_offset + boot_system.roots * 16 <= boot_system.size && boot_system.sections_offset % 8 == 0 &&
      boot_system.sections_offset + boot_system.sections * 16 <= boot_system.size &&
      boot_system.names_offset < boot_system.size;
    predicate section_fits(struct program_section section) = section.offset % 8 == 0 &&
      section.offset + section.count * 48 <= boot_system.size && section.name < boot_system.size &&
      section.actor < KERNEL_TABLE_SLOTS;
    // The slots of root n and of those behind it are empty.
    predicate roots_free(integer n) = \forall integer s;
      KERNEL_TABLE + ROOT_FIRST_SLOT + n <= s < KERNEL_TABLE + KERNEL_TABLE_SLOTS ==> slots[s].type == CAP_EMPTY;
    // All slots are in tables, and nothing is carved.
    predicate slots_fresh = (\forall integer s; slot_index(s) ==>
      slots[s].container == IN_TABLE && slots[s].watermark == 0) &&
      (\forall integer o; slot_index(o) ==> cnode[o] == 0);
    predicate machine_is = machine.base_granule * GRANULE == boot_record.image_start; */

/*@ assigns \nothing;
    ensures \false; */
_Noreturn static void boot_fail(const char *what, u64 a, u64 b)
{
	arch_print("mullion: boot failed: ");
	arch_panic(what, a, b);
}

/* ---- The system: words of RAM behind the kernel's image, and what they say ---- */
/*@ requires n < SYSTEM_MAX / 8;
    assigns \nothing;
    ensures \result == words[IMAGE_SYSTEM / 8 + n]; */
static inline u64 boot_word(u64 n)
{
	return words[IMAGE_SYSTEM / 8 + n];
}

/*@ assigns \nothing; */
static inline u32 boot_high(u64 word)
{
	return (u32)(word >> 32);
}

/*@ assigns boot_system; */
static void boot_read_system(void)
{
	boot_system.magic = boot_word(0);
	boot_system.version = (u32)boot_word(1);
	boot_system.size = boot_word(2);
	boot_system.load_address = boot_word(3);
	boot_system.ram_end = boot_word(4);
	boot_system.timebase = boot_word(5);
	boot_system.plic_base = boot_word(6);
	boot_system.roots = (u32)boot_word(7);
	boot_system.sections = boot_high(boot_word(7));
	boot_system.roots_offset = (u32)boot_word(8);
	boot_system.sections_offset = boot_high(boot_word(8));
	boot_system.names_offset = boot_high(boot_word(9));
}
_Static_assert(__builtin_offsetof(struct system_header, roots) == 7 * 8, "boot_read_system");
_Static_assert(__builtin_offsetof(struct system_header, names_offset) == 9 * 8 + 4, "boot_read_system");

/*@ requires system_fits && n < boot_system.roots;
    assigns \nothing; */
static struct root_untyped boot_read_root(u32 n)
{
	u64 at = boot_system.roots_offset / 8 + n * ROOT_WORDS;
	u64 rest = boot_word(at + 1);
	struct root_untyped root = { boot_word(at), (u8)rest, (u8)(rest >> 8), 0, 0 };

	return root;
}

/*@ requires system_fits && n < boot_system.sections;
    assigns \nothing; */
static struct program_section boot_read_section(u32 n)
{
	u64 at = boot_system.sections_offset / 8 + n * SECTION_WORDS;
	u64 first = boot_word(at);
	u64 second = boot_word(at + 1);
	struct program_section section = { (u32)first, boot_high(first), (u32)second, boot_high(second) };

	return section;
}

/* The operation at word `at`. */
/*@ requires at + OPERATION_WORDS <= SYSTEM_MAX / 8;
    assigns \nothing; */
static inline struct program_operation boot_read_operation(u64 at)
{
	u64 first = boot_word(at);
	struct program_operation o = { (u32)first, boot_high(first), boot_word(at + 1), boot_word(at + 2),
				       boot_word(at + 3), boot_word(at + 4), boot_word(at + 5) };

	return o;
}

/* ---- Checks ---- */
/*@ assigns \nothing;
    ensures record_fits; */
static void boot_check_record(void)
{
	if (boot_record.magic != BOOT_MAGIC)
		boot_fail("the boot stage did not leave a boot record", boot_record.magic, 0);
	if (boot_record.error != BOOT_OK)
		boot_fail("the device tree cannot be used, see the line of the boot stage above; enum boot_error",
			  boot_record.error, 0);
	if (boot_record.image_start % 0x40000000ul != IMAGE_OFFSET)
		boot_fail("the image was not loaded 2 MiB above a GiB boundary; it is at", boot_record.image_start, 0);
	if (boot_record.image_start > MEMORY_GRANULES * GRANULE - RAM_MAX)
		boot_fail("the image was loaded beyond the memory that the kernel can name (at, last place)",
			  boot_record.image_start, MEMORY_GRANULES * GRANULE - RAM_MAX);
	if (boot_record.ram_start > boot_record.image_start || boot_record.ram_end <= boot_record.image_end)
		boot_fail("the image is not inside the RAM that the device tree names", boot_record.ram_start,
			  boot_record.ram_end);
	if (boot_record.timebase < 1000 || boot_record.timebase > 1000000000)
		boot_fail("the timebase frequency is not between 1 kHz and 1 GHz", boot_record.timebase, 0);
	if (boot_record.plic_base % 0x40000000ul > 0x40000000ul - PLIC_BYTES || boot_record.plic_context >= PLIC_CONTEXTS)
		boot_fail("the interrupt controller crosses a GiB boundary, or has no such context (base, context)",
			  boot_record.plic_base, boot_record.plic_context);
	if (boot_record.system_start != boot_record.image_start + IMAGE_SYSTEM ||
	    boot_record.system_start > boot_record.image_end)
		boot_fail("there is no system behind the kernel", boot_record.system_start, 0);
}

/* The system was laid out for this machine. */
/*@ assigns \nothing; */
static void boot_check_board(void)
{
	if (boot_system.magic != SYSTEM_MAGIC || boot_system.version != SYSTEM_VERSION)
		boot_fail("the image has no system of this kernel's version", boot_system.magic, boot_system.version);
	if (boot_system.load_address != boot_record.image_start)
		boot_fail("this system was laid out for another load address: build it for this board (laid out, loaded)",
			  boot_system.load_address, boot_record.image_start);
	if (boot_system.ram_end > boot_record.ram_end)
		boot_fail("this machine has too little RAM for the system: give it more memory (needed to, RAM ends at)",
			  boot_system.ram_end, boot_record.ram_end);
	if (boot_system.timebase != boot_record.timebase)
		boot_fail("this system was laid out for another timebase: build it for this board (laid out, found)",
			  boot_system.timebase, boot_record.timebase);
	if (boot_system.plic_base != boot_record.plic_base)
		boot_fail("this system was laid out for another interrupt controller: build it for this board (laid out, found)",
			  boot_system.plic_base, boot_record.plic_base);
}

/*@ requires record_fits;
    assigns \nothing;
    ensures system_fits;
    ensures loaded: boot_record.system_start + boot_system.size <= boot_record.image_end; */
static void boot_check_system(void)
{
	u64 size = boot_system.size;

	if (size % 4096 != 0 || size > boot_record.image_end - boot_record.system_start)
		boot_fail("the system is longer than the image that was loaded (bytes)", size, boot_record.image_end);
	if (size > SYSTEM_MAX)
		boot_fail("the system is longer than the kernel's views of RAM (bytes, at most)", size, SYSTEM_MAX);
	if (size == 0 || boot_system.roots_offset > size || boot_system.sections_offset > size ||
	    boot_system.names_offset >= size || boot_system.roots_offset % 8 != 0 || boot_system.sections_offset % 8 != 0 ||
	    boot_system.sections > (size - boot_system.sections_offset) / sizeof(struct program_section) ||
	    boot_system.roots > (size - boot_system.roots_offset) / sizeof(struct root_untyped))
		boot_fail("the header of the system is damaged (roots, sections)", boot_system.roots, boot_system.sections);
	if (boot_system.roots > KERNEL_TABLE_SLOTS - ROOT_FIRST_SLOT)
		boot_fail("the system has more root untypeds than the kernel table has slots", boot_system.roots, 0);
}

/* ---- The kernel's own objects ---- */
/*@ requires record_fits && system_fits;
    assigns machine;
    ensures valid: machine_valid;
    ensures is: machine_is; */
static void boot_machine(void)
{
	u64 ram = boot_record.ram_end - boot_record.image_start;

	machine.base = boot_record.image_start;
	machine.base_granule = (u32)(boot_record.image_start / GRANULE);
	machine.ram_granules = (u32)((ram > RAM_MAX ? RAM_MAX : ram) / GRANULE);
	machine.plic_base = boot_record.plic_base;
	machine.plic_context = (u32)boot_record.plic_context;
	machine.plic_lines = boot_record.plic_lines < N_LINES ? (u32)boot_record.plic_lines : N_LINES - 1;
	machine.timebase = boot_record.timebase;
	machine.hart = boot_record.hart;
	machine.slice = boot_record.timebase / 100;
	machine.wheel_shift = 0;
	/*@ loop invariant machine.wheel_shift < 31;
	    loop assigns machine.wheel_shift;
	    loop variant 31 - machine.wheel_shift; */
	while (machine.wheel_shift < 30 && boot_record.timebase >> (machine.wheel_shift + 1) >= 1000)
		machine.wheel_shift++;
}

/* The empty kernel block becomes valid objects: the ends of the derivation list, the queues, the kernel's own space. */
/*@ requires boot_zero && machine_valid;
    assigns queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart, LIST, apart, unsettled;
    ensures SETTLED && VALID && STANDING && (apart: apart != 0) && (nobody: \forall integer t; !owner(t)) &&
      (empty: \forall integer s; slot_index(s) ==> slots[s].type == CAP_EMPTY) && (tables: slots_fresh); */
static void boot_kernel_block(void)
{
	slots[CAP_ROOT].next = CAP_END;
	slots[CAP_END].prev = CAP_ROOT;
	slots[CAP_END].parent = CAP_ROOT;
	/*@ ghost linked[CAP_ROOT] = 2; linked[CAP_END] = 2; rank[CAP_ROOT] = 0.0; rank[CAP_END] = 1.0; */
	/*@ ghost last[CAP_ROOT] = 2.0; last[CAP_END] = 2.0; level[CAP_ROOT] = 0; level[CAP_END] = 1; */
	/*@ ghost succ[CAP_ROOT] = CAP_END; prec[CAP_END] = CAP_ROOT; up[CAP_END] = CAP_ROOT; */
	/*@ ghost succ[CAP_END] = NONE; prec[CAP_ROOT] = NONE; up[CAP_ROOT] = NONE; apart = 1; unsettled = NONE; */
	sched_add_partition(0);
	hart.queues = READY_QUEUES;
	hart.window_end = NEVER;
	/*@ loop invariant i <= N_TIMERS;
	    loop assigns i, hart.timers[0 .. N_TIMERS - 1].deadline;
	    loop variant N_TIMERS - i; */
	for (u32 i = 0; i < N_TIMERS; i++)
		hart.timers[i].deadline = NEVER;
	hart.armed = NEVER;
	hart.root = KERNEL_SPACE;
	hart.asid_round = 1;
	hart.since = arch_time();
	hart.wheel_at = hart.since >> machine.wheel_shift;
}

/*@ assigns \nothing; */
static u8 boot_root_rights(u8 kind)
{
	switch (kind) {
	case MEMORY_RAM:
		return RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_RETYPE | RIGHT_SCHEDULE;
	case MEMORY_DEVICE:
		return RIGHT_READ | RIGHT_WRITE | RIGHT_RETYPE;
	default:
		return RIGHT_READ | RIGHT_EXECUTE | RIGHT_RETYPE;
	}
}

/* Granules of memory of 2^bits bytes, 0 if a capability cannot name that. */
/*@ assigns \nothing;
    ensures size: \result != 0 ==> 6 <= bits <= 37 && \result == 1 << (bits - 6);
    ensures some: 6 <= bits <= 37 ==> \result == 1 << (bits - 6); */
static inline u32 boot_granules(u8 bits)
{
	return bits >= 6 && bits <= 37 ? 1u << (bits - 6) : 0;
}

/* A root untyped may be ram behind the image, rom inside the system, or device memory outside RAM or in the initial
 * RAM disk; never a byte of the kernel, never the interrupt controller. */
/*@ requires record_fits && system_fits && 0 <= base <= end &&
      (loaded: boot_record.system_start + boot_system.size <= boot_record.image_end);
    assigns \nothing;
    ensures ram: \result && kind == MEMORY_RAM ==> boot_record.image_start + IMAGE_SYSTEM <= base &&
      end <= boot_record.image_start + RAM_MAX;
    ensures beside: \result ==> end <= boot_record.image_start || boot_record.image_start + IMAGE_SYSTEM <= base; */
static bool boot_lies_well(u8 kind, u64 base, u64 end)
{
	u64 system_end = boot_record.system_start + boot_system.size;

	if (kind == MEMORY_RAM)
		return base >= system_end && end <= boot_record.ram_end && end <= boot_record.image_start + RAM_MAX;
	if (kind == MEMORY_ROM)
		return base >= boot_record.system_start && end <= system_end;
	return kind == MEMORY_DEVICE &&
	       (end <= boot_record.ram_start || base >= boot_record.ram_end ||
		(base >= system_end && base >= boot_record.initrd_start && end <= boot_record.initrd_end)) &&
	       (end <= boot_record.plic_base || base >= boot_record.plic_base + PLIC_BYTES);
}

/*@ predicate divides(integer size, integer n) = n % size == 0;
    // The slots of the first n roots hold memory, and that is apart from the granules from `first` on.
    predicate is_root(integer s, integer n) = KERNEL_TABLE + ROOT_FIRST_SLOT <= s < KERNEL_TABLE + ROOT_FIRST_SLOT + n;
    predicate roots_before(integer n) = \forall integer s; is_root(s, n) ==> slots[s].type == CAP_UNTYPED;
    predicate roots_beside(integer n, integer first, integer granules) = \forall integer s; is_root(s, n) ==>
      slots[s].object + (1 << (slots[s].size_bits - 6)) <= first || first + granules <= slots[s].object; */

/*@ requires size != 0;
    assigns \nothing;
    ensures exact: \result <==> divides(size, n); */
static inline bool boot_is_aligned(u64 n, u64 size)
{
	return n % size == 0;
}

/* Root n has a size, lies where it may, and overlaps none of those before it, which are in the kernel's table. */
/*@ requires record_fits && system_fits && machine_is && n < boot_system.roots &&
      (loaded: boot_record.system_start + boot_system.size <= boot_record.image_end) &&
      (roots: roots_before(n) && slots_memory);
    assigns \nothing;
    ensures named: root.base / GRANULE < MEMORY_GRANULES;
    ensures fits: object_fits(CAP_UNTYPED, root.kind, root.size_bits, root.base / GRANULE);
    ensures aligned: divides(1 << (root.size_bits - 6), root.base / GRANULE);
    ensures beside: root.base / GRANULE + (1 << (root.size_bits - 6)) <= machine.base_granule ||
      machine.base_granule + KERNEL_QUEUES <= root.base / GRANULE;
    ensures apart: roots_beside(n, root.base / GRANULE, 1 << (root.size_bits - 6)); */
static void boot_check_root(u32 n, struct root_untyped root)
{
	u64 first = root.base / GRANULE;
	u64 granules = boot_granules(root.size_bits);

	if (granules == 0 || root.base % GRANULE != 0 || !boot_is_aligned(first, granules) || first >= MEMORY_GRANULES ||
	    first + granules > MEMORY_GRANULES)
		boot_fail("a root untyped has no valid size or alignment (number, base)", n, root.base);
	if (!boot_lies_well(root.kind, root.base, (first + granules) * GRANULE))
		boot_fail("a root untyped lies where it may not (number, base)", n, root.base);
	/*@ loop invariant before: i <= n && roots_beside(i, first, granules);
	    loop assigns i;
	    loop variant n - i; */
	for (u32 i = 0; i < n; i++) {
		u32 s = KERNEL_TABLE + ROOT_FIRST_SLOT + i;

		if (first < (u64)slots[s].object + boot_granules(slots[s].size_bits) &&
		    slots[s].object < first + granules)
			boot_fail("two root untypeds overlap (numbers)", i, n);
	}
}

/*@ ghost
  /@ requires 6 <= bits <= 37;
     assigns \nothing;
     ensures \result == takes_up(CAP_UNTYPED, bits) && 2 <= \result; @/
  u64 boot_takes_up(u8 bits)
  {
	/@ assert positive: ((1 << (bits - 6)) << (37 - bits)) == (1 << 31); @/
	/@ assert word: (u32)(1 << (bits - 6)) == 1 << (bits - 6); @/
	return 2 * (1ul << (bits - 6));
  }
  /@ requires 1 <= half && divides(half, n) && n <= 0xffffffff && size == 2 * half;
     assigns \nothing;
     ensures multiple: is_multiple(2 * n, \result, size); @/
  u64 boot_nth(u64 n, u64 half, u64 size)
  {
	/@ assert whole: n == (n / half) * half; @/
	return n / half;
  } */

/*@ predicate nobody_between(integer from, integer to) = \forall integer t; owner(t) ==> ends[t] <= from || to <= begins[t]; */
/*@ requires ORDERED && slots_valid && KERNEL_TABLE < s < KERNEL_TABLE + KERNEL_TABLE_SLOTS && slots_fresh &&
      (free: slots[s].type == CAP_EMPTY) && (fits: object_fits(CAP_UNTYPED, kind, size_bits, object)) &&
      (aligned: divides(1 << (size_bits - 6), object)) &&
      (alone: apart != 0 ==> nobody_between(2 * object, 2 * object + takes_up(CAP_UNTYPED, size_bits)));
    assigns slots[0 .. N_SLOTS - 1], LIST_AT(s);
    ensures ORDERED && SLOTS_VALID &&
      (named: slots[s].type == CAP_UNTYPED && slots[s].object == object && slots[s].size_bits == size_bits) &&
      (same: \forall integer k; slot_index(k) && k != s ==> slot_same{Pre, Post}(k)) &&
      (memory: begins[s] == 2 * object && ends[s] == 2 * object + takes_up(CAP_UNTYPED, size_bits)) &&
      (tables: slots_fresh); */
static void boot_root(u32 s, u32 object, u8 size_bits, u8 kind)
{
	/*@ assert free: apart != 0 ==> linked[s] == 0 && !owner(s); */
	/*@ ghost origin[s] = s; */
	/*@ ghost begins[s] = memory_place(CAP_UNTYPED, object); given[s] = begins[s]; */
	/*@ ghost u64 size = boot_takes_up(size_bits);
	    ends[s] = begins[s] + size;
	    nth[s] = boot_nth(object, size / 2, size); */
	/*@ assert aligned: is_aligned(begins[s], nth[s], ends[s]); */
	/*@ assert nested: NESTED; */
	slots[s].type = CAP_UNTYPED;
	slots[s].kind = kind;
	slots[s].size_bits = size_bits;
	slots[s].original = 1;
	slots[s].rights = boot_root_rights(kind);
	/*@ ghost may[s] = slots[s].rights; shares[s] = 1; */
	/*@ ghost lends[s] = kind != MEMORY_RAM || (slots[s].rights & RIGHT_RETYPE) == 0; */
	slots[s].object = object;
	/*@ assert others: apart != 0 ==> (\forall integer k; 0 < k < N_SLOTS && k != s && is_capability(k) ==>
	      extends(origin[k], k)); */
	/*@ assert carvers: slots_carvers && slots_lent; */
	cap_insert(CAP_ROOT, s);
	/*@ assert alone: apart != 0 ==> nobody_between(begins[s], ends[s]); */
	/*@ ghost owns[s] = CAP_UNTYPED; */
	/*@ assert named: apart != 0 ==> extends(s, s); */
	/*@ assert extents: slots_extents; */
	/*@ assert nested: NESTED; */
}

/* Bits of the size of a page; a function, because the provers do not compute a shift of constants. */
/*@ assigns \nothing;
    ensures page: 6 <= \result <= 37 && 1 << (\result - 6) == 64; */
static inline u8 boot_page_bits(void)
{
	return 12;
}

/*@ // The page of the fault ring and the first n roots are all that has memory.
    predicate roots_own(integer n) = \forall integer t; owner(t) ==> is_root(t, n) ||
      (2 * machine.base_granule <= begins[t] && ends[t] <= 2 * (machine.base_granule + KERNEL_QUEUES)); */

/* The page of the fault ring, which may only be read. */
/*@ requires ORDERED && slots_valid && machine_valid && slots_fresh && (none: \forall integer t; !owner(t)) &&
      (empty: \forall integer s; slot_index(s) ==> slots[s].type == CAP_EMPTY);
    assigns slots[0 .. N_SLOTS - 1], LIST;
    ensures ORDERED && SLOTS_VALID;
    ensures memory: roots_own(0) && roots_free(0);
    ensures tables: slots_fresh; */
static void boot_fault_ring(void)
{
	boot_root(KERNEL_TABLE + KERNEL_SLOT_FAULT_RING, machine.base_granule + (u32)(KERNEL_RING_OFFSET / GRANULE),
		  boot_page_bits(), MEMORY_ROM);
	/*@ assert leaf: apart != 0 ==> leaf(KERNEL_TABLE + KERNEL_SLOT_FAULT_RING); */
	/*@ ghost may[KERNEL_TABLE + KERNEL_SLOT_FAULT_RING] = RIGHT_READ; */
	slots[KERNEL_TABLE + KERNEL_SLOT_FAULT_RING].rights = RIGHT_READ;
}

/*@ requires ORDERED && record_fits && system_fits && machine_is && kernel_valid && threads_zero && slots_fresh &&
      (loaded: boot_record.system_start + boot_system.size <= boot_record.image_end) &&
      (memory: roots_own(0) && roots_free(0));
    assigns slots[0 .. N_SLOTS - 1], LIST;
    ensures ORDERED && SLOTS_VALID; */
static void boot_roots(void)
{
	/*@ loop invariant ORDERED && VALID && (tables: slots_fresh) &&
	      (roots: i <= boot_system.roots && roots_before(i) && roots_own(i) && roots_free(i));
	    loop assigns i, slots[0 .. N_SLOTS - 1], LIST;
	    loop variant boot_system.roots - i; */
	for (u32 i = 0; i < boot_system.roots; i++) {
		struct root_untyped root = boot_read_root(i);

		boot_check_root(i, root);
		/*@ assert alone: apart != 0 ==> nobody_between(2 * (root.base / GRANULE), 2 * (root.base / GRANULE) +
		      takes_up(CAP_UNTYPED, root.size_bits)); */
		boot_root(KERNEL_TABLE + ROOT_FIRST_SLOT + i, (u32)(root.base / GRANULE), root.size_bits, root.kind);
	}
}

/* ---- The construction program ---- */
/* The table of a section; size 0 if slot `number` of the kernel table holds none. A section that destroys its own table
 * goes on with empty slots, so with no authority: memory is free again only when the tables in it are empty. */
/*@ requires DERIVED_APART && slots_valid && number < KERNEL_TABLE_SLOTS && unsettled == NONE;
    assigns \nothing;
    ensures inside: actor_valid(\result); */
static struct actor boot_actor(u32 number)
{
	struct actor actor = { KERNEL_TABLE, KERNEL_TABLE_SLOTS };
	u32 s = KERNEL_TABLE + number;

	if (number == 0)
		return actor;
	/*@ ghost cnode_first(s); */
	actor.table = slots[s].type == CAP_TABLE ? slots[s].object : NONE;
	actor.size = slots[s].type == CAP_TABLE ? 1u << slots[s].size_bits : 0;
	return actor;
}

/* OP_FILL: the kernel's only copy loop. Bytes come from the system, go into a fresh page. */
/*@ requires slots_valid && machine_valid && system_fits && actor_valid(actor);
    assigns words[0 .. N_WORDS - 1]; */
static enum status boot_fill(struct actor actor, struct program_operation o)
{
	u32 s = actor.table + o.a0;
	u64 from = (IMAGE_SYSTEM + o.a3) / 8;
	u64 to = 0;
	u64 bytes = 0;

	if (o.a0 == 0 || o.a0 >= actor.size)
		return STATUS_BAD_SLOT;
	if (slots[s].type != CAP_UNTYPED || slots[s].kind != MEMORY_RAM || (slots[s].rights & RIGHT_RETYPE) != 0)
		return STATUS_BAD_TYPE;
	bytes = (u64)boot_granules(slots[s].size_bits) * GRANULE;
	if (o.a2 % 8 != 0 || o.a3 % 8 != 0 || o.a4 % 8 != 0 || o.a3 > boot_system.size ||
	    o.a4 > boot_system.size - o.a3 || o.a2 > bytes || o.a4 > bytes - o.a2)
		return STATUS_BAD_ARGUMENT;
	to = ((u64)(slots[s].object - machine.base_granule) * GRANULE + o.a2) / 8;
	/*@ loop invariant i <= o.a4 / 8;
	    loop assigns i, words[0 .. N_WORDS - 1];
	    loop variant o.a4 / 8 - i; */
	for (u64 i = 0; i < o.a4 / 8; i++)
		words[to + i] = words[from + i];
	return STATUS_OK;
}

/*@ requires DERIVED_APART && kernel_valid && actor_valid(actor);
    assigns queues[0 .. N_QUEUES - 1], BINDINGS;
    ensures DERIVED && VALID; */
static enum status boot_bind(struct actor actor, struct program_operation o)
{
	u32 s = actor.table + o.a0;

	if (o.a0 == 0 || o.a0 >= actor.size)
		return STATUS_BAD_SLOT;
	if (slots[s].type != CAP_NOTIFICATION || slots[s].original == 0)
		return STATUS_BAD_TYPE;
	if (actor.table != KERNEL_TABLE)
		return STATUS_REFUSED; /* what hardware is bound to must live as long as the system */
	return notify_bind(slots[s].object, o.a2, o.a3, o.a4);
}

/*@ requires kernel_valid;
    assigns queues[0 .. N_QUEUES - 1], SCHEDULE;
    ensures VALID; */
static enum status boot_window(struct actor actor, struct program_operation o)
{
	return actor.table == KERNEL_TABLE ? sched_add_window(o.a2, o.a3) : STATUS_REFUSED;
}

/* What only boot does: OP_BIND, OP_FILL, OP_WINDOW. Not inline, for the sake of the loop around it. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && system_fits && actor_valid(actor);
    assigns STATE, words[0 .. N_WORDS - 1];
    ensures DERIVED && VALID && STANDING; */
static __attribute__((noinline)) enum status boot_only(struct actor actor, struct program_operation o)
{
	if (o.operation == OP_FILL)
		return boot_fill(actor, o);
	return o.operation == OP_BIND ? boot_bind(actor, o) : boot_window(actor, o);
}

/* That the program of a section does not destroy the section's own table is looked at: every build checks that no program
 * deletes or revokes (capdl/verify.c). */
/*@ ghost
  /@ requires placed: table_placed(actor.table, actor.size);
     assigns apart;
     ensures actor: actor_valid(actor);
     ensures apart: apart == \old(apart) || apart == 0; @/
  void boot_look(struct actor actor)
  {
	if (actor.size != 0 && !(actor.table == KERNEL_TABLE && actor.size == KERNEL_TABLE_SLOTS) &&
	    !(cnode[actor.table] == CAP_TABLE && keeper[actor.table] != NONE &&
	      beyond[actor.table] == actor.table + actor.size))
		apart = 0;
  } */

/* The operation at word `at` of the system, as often as it takes: it is read each time, which is cheaper than to keep it. */
/*@ requires SETTLED && STANDING && kernel_valid && system_fits && actor_valid(actor) &&
      (inside: at + OPERATION_WORDS <= SYSTEM_MAX / 8);
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
    ensures SETTLED && VALID && STANDING; */
static enum status boot_operation(struct actor actor, u64 at)
{
	enum status status = STATUS_AGAIN;
	u32 operation = (u32)boot_word(at);

	if (operation >= OP_BIND && operation <= OP_WINDOW)
		return boot_only(actor, boot_read_operation(at));
	/*@ loop invariant SETTLED && VALID && STANDING;
	    loop assigns i, status, STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
	    loop variant REPLAY_LIMIT - i; */
	for (u32 i = 0; i < REPLAY_LIMIT && status == STATUS_AGAIN; i++) {
		struct program_operation o = boot_read_operation(at);

		/*@ ghost boot_look(actor); */
		status = syscall_invoke((struct request){ o.operation, o.a0 }, actor, o.a2, o.a3, o.a4, o.a5, o.a6, NONE);
	}
	return status;
}

/*@ requires DERIVED_APART && slots_valid && system_fits && unsettled == NONE;
    assigns \nothing;
    ensures section_fits(section); */
static void boot_check_section(struct program_section section)
{
	if (section.offset > boot_system.size || section.offset % 8 != 0 || section.name >= boot_system.size ||
	    section.count > (boot_system.size - section.offset) / sizeof(struct program_operation))
		boot_fail("a section of the construction program lies outside the system (offset, operations)",
			  section.offset, section.count);
	if (section.actor >= KERNEL_TABLE_SLOTS || boot_actor(section.actor).size == 0)
		boot_fail("a section of the construction program names no table (slot)", section.actor, 0);
}

/*@ assigns \nothing;
    ensures \false; */
_Noreturn static void boot_refused(u32 name, u32 i, u32 operation, enum status status)
{
	arch_print("mullion: operation ");
	arch_print_number(i);
	arch_print(" of section ");
	arch_print_system(name);
	arch_print(" was refused; ");
	boot_fail("the construction program does not fit this kernel (operation code, status)", operation, status);
}

/*@ requires SETTLED && STANDING && kernel_valid && system_fits && section_fits(section);
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
    ensures SETTLED && VALID && STANDING; */
static void boot_section(struct program_section section)
{
	struct actor actor = boot_actor(section.actor);
	u64 at = section.offset / 8;

	/*@ loop invariant SETTLED && VALID && STANDING &&
	      (steps: i <= section.count && at == section.offset / 8 + 6 * i);
	    loop assigns i, at, STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
	    loop variant section.count - i; */
	for (u32 i = 0; i < section.count; i++) {
		/*@ ghost boot_look(actor); */
		enum status status = boot_operation(actor, at);

		if (status != STATUS_OK)
			boot_refused(section.name, i, (u32)boot_word(at), status);
		at += OPERATION_WORDS;
	}
}

/* All sections; answers how many operations there were. */
/*@ requires SETTLED && STANDING && kernel_valid && system_fits;
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
    ensures SETTLED && VALID && STANDING; */
static u32 boot_construct(void)
{
	u32 operations = 0;

	/*@ loop invariant SETTLED && VALID && STANDING;
	    loop assigns i, operations, STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
	    loop variant boot_system.sections - i; */
	for (u32 i = 0; i < boot_system.sections; i++) {
		struct program_section section = boot_read_section(i);

		boot_check_section(section);
		boot_section(section);
		operations += section.count;
	}
	return operations;
}

void boot_main(const struct boot_record *record)
{
	u32 operations = 0;

	boot_record = *record;
	boot_check_record();
	boot_read_system();
	boot_check_board();
	boot_check_system();
	boot_machine();
	boot_kernel_block();
	boot_fault_ring();
	boot_roots();
	/*@ assert apart: apart != 0; */
	operations = boot_construct();
	arch_print("mullion: system ");
	arch_print_system(boot_system.names_offset);
	arch_print(" constructed, operations: ");
	arch_print_number(operations);
	arch_print("\n");
}
