/* boot.c - from the boot record and the system's header to the first thread.
 *
 * Everything is checked before it is used. The kernel makes only its own table with the root untypeds; the rest is the
 * construction program, replayed through the function that serves the system calls. So the initial state is a
 * reachable state. The authority of this table is never held by a thread. */
#include "boot.h"
#include "arch/riscv64/arch.h"
#include "notify.h"
#include "space.h"

struct machine machine;

#define REPLAY_LIMIT 1000000u /* AGAINs of one operation */

_Noreturn static void boot_fail(const char *what, u64 a, u64 b)
{
	arch_print("mullion: boot failed: ");
	arch_panic(what, a, b);
}

static void boot_check_record(const struct boot_record *record)
{
	if (record->magic != BOOT_MAGIC)
		boot_fail("the boot stage did not leave a boot record", record->magic, 0);
	if (record->error != BOOT_OK)
		boot_fail("the device tree cannot be used, see the line of the boot stage above; enum boot_error", record->error, 0);
	if (record->image_start % 0x40000000ul != IMAGE_OFFSET)
		boot_fail("the image was not loaded 2 MiB above a GiB boundary; it is at", record->image_start, 0);
	if (record->ram_start > record->image_start || record->ram_end <= record->image_end)
		boot_fail("the image is not inside the RAM that the device tree names", record->ram_start, record->ram_end);
	if (record->timebase < 1000 || record->timebase > 1000000000)
		boot_fail("the timebase frequency is not between 1 kHz and 1 GHz", record->timebase, 0);
	if (record->system_start != record->image_start + IMAGE_SYSTEM)
		boot_fail("there is no system behind the kernel", record->system_start, 0);
}

static void boot_check_system(const struct system_header *system, const struct boot_record *record)
{
	if (system->magic != SYSTEM_MAGIC || system->version != SYSTEM_VERSION)
		boot_fail("the image has no system of this kernel's version", system->magic, system->version);
	if (system->load_address != record->image_start)
		boot_fail("this system was laid out for another load address: build it for this board (laid out, loaded)",
			  system->load_address, record->image_start);
	if (system->ram_end > record->ram_end)
		boot_fail("this machine has too little RAM for the system: give it more memory (needed to, RAM ends at)",
			  system->ram_end, record->ram_end);
	if (system->timebase != record->timebase)
		boot_fail("this system was laid out for another timebase: build it for this board (laid out, found)",
			  system->timebase, record->timebase);
	if (system->plic_base != record->plic_base)
		boot_fail("this system was laid out for another interrupt controller: build it for this board (laid out, found)",
			  system->plic_base, record->plic_base);
	if (system->size % 4096 != 0 || system->size > record->image_end - record->system_start)
		boot_fail("the system is longer than the image that was loaded (bytes)", system->size, record->image_end);
	if (system->roots_offset > system->size || system->sections_offset > system->size ||
	    system->names_offset > system->size - 1 || system->roots_offset % 8 != 0 || system->sections_offset % 8 != 0 ||
	    system->sections > (system->size - system->sections_offset) / sizeof(struct program_section) ||
	    system->roots > (system->size - system->roots_offset) / sizeof(struct root_untyped))
		boot_fail("the header of the system is damaged (roots, sections)", system->roots, system->sections);
	if (system->roots > KERNEL_TABLE_SLOTS - ROOT_FIRST_SLOT)
		boot_fail("the system has more root untypeds than the kernel table has slots", system->roots, 0);
}

static void boot_machine(const struct boot_record *record)
{
	machine.base = record->image_start;
	machine.base_granule = (u32)(record->image_start / GRANULE);
	machine.ram_granules = (u32)((record->ram_end - record->image_start) / GRANULE);
	if (record->ram_end - record->image_start > RAM_MAX)
		machine.ram_granules = (u32)(RAM_MAX / GRANULE);
	machine.plic_base = record->plic_base;
	machine.plic_context = (u32)record->plic_context;
	machine.plic_lines = (u32)record->plic_lines;
	machine.timebase = record->timebase;
	machine.hart = record->hart;
	machine.slice = record->timebase / 100;
	machine.wheel_shift = 0;
	while (record->timebase >> (machine.wheel_shift + 1) >= 1000)
		machine.wheel_shift++;
}

/* The empty kernel block becomes valid objects: the ends of the derivation list, the queues, the kernel's own space. */
static void boot_kernel_block(void)
{
	slots[CAP_ROOT].next = CAP_END;
	slots[CAP_END].prev = CAP_ROOT;
	slots[CAP_END].parent = CAP_ROOT;
	sched_add_partition(0);
	hart.queues = READY_QUEUES;
	hart.window_end = NEVER;
	for (u32 i = 0; i < N_TIMERS; i++)
		hart.timers[i].deadline = NEVER;
	hart.armed = NEVER;
	hart.root = KERNEL_SPACE;
	hart.asid_round = 1;
	hart.since = arch_time();
	hart.wheel_at = hart.since >> machine.wheel_shift;
}

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

/* A root untyped may be ram behind the image, rom inside the system, or device memory outside RAM or in the initial
 * RAM disk; never a byte of the kernel, never the interrupt controller, and no byte twice. */
static void boot_check_root(const struct root_untyped *roots, u32 n, const struct boot_record *record, u64 system_size)
{
	u64 base = roots[n].base;
	u64 size = roots[n].size_bits >= 6 && roots[n].size_bits <= 37 ? 1ul << roots[n].size_bits : 0;
	u64 end = base + size;
	bool inside = false;

	if (size == 0 || base % size != 0 || end > 0x4000000000ul || end < base)
		boot_fail("a root untyped has no valid size or alignment (number, base)", n, base);
	if (roots[n].kind == MEMORY_RAM)
		inside = base >= record->system_start + system_size && end <= record->ram_end &&
			 end <= record->image_start + RAM_MAX;
	else if (roots[n].kind == MEMORY_ROM)
		inside = base >= record->system_start && end <= record->system_start + system_size;
	else if (roots[n].kind == MEMORY_DEVICE)
		inside = (end <= record->ram_start || base >= record->ram_end ||
			  (base >= record->initrd_start && end <= record->initrd_end)) &&
			 (end <= record->plic_base || base >= record->plic_base + 0x4000000ul);
	if (!inside)
		boot_fail("a root untyped lies where it may not (number, base)", n, base);
	for (u32 i = 0; i < n; i++)
		if (base < roots[i].base + (1ul << roots[i].size_bits) && roots[i].base < end)
			boot_fail("two root untypeds overlap (numbers)", i, n);
}

static void boot_root(u32 s, u64 base, u8 size_bits, u8 kind)
{
	slots[s].type = CAP_UNTYPED;
	slots[s].kind = kind;
	slots[s].size_bits = size_bits;
	slots[s].original = 1;
	slots[s].rights = boot_root_rights(kind);
	slots[s].object = (u32)(base / GRANULE);
	cap_insert(CAP_ROOT, s);
}

/* OP_FILL: the kernel's only copy loop. Bytes come from the system, go into a fresh page. */
static enum status boot_fill(struct actor actor, const struct program_operation *o, const struct system_header *system)
{
	u32 s = actor.table + o->a0;
	u64 from = (IMAGE_SYSTEM + o->a3) / 8;
	u64 to = 0;

	if (o->a0 == 0 || o->a0 >= actor.size)
		return STATUS_BAD_SLOT;
	if (slots[s].type != CAP_UNTYPED || slots[s].kind != MEMORY_RAM || (slots[s].rights & RIGHT_RETYPE) != 0)
		return STATUS_BAD_TYPE;
	if (o->a2 % 8 != 0 || o->a3 % 8 != 0 || o->a4 % 8 != 0 || o->a3 > system->size || o->a4 > system->size - o->a3 ||
	    o->a2 > 1ul << slots[s].size_bits || o->a4 > (1ul << slots[s].size_bits) - o->a2)
		return STATUS_BAD_ARGUMENT;
	to = ((u64)(slots[s].object - machine.base_granule) * GRANULE + o->a2) / 8;
	for (u64 i = 0; i < o->a4 / 8; i++)
		words[to + i] = words[from + i];
	return STATUS_OK;
}

static enum status boot_bind(struct actor actor, const struct program_operation *o)
{
	u32 s = actor.table + o->a0;

	if (o->a0 == 0 || o->a0 >= actor.size)
		return STATUS_BAD_SLOT;
	if (slots[s].type != CAP_NOTIFICATION || slots[s].original == 0)
		return STATUS_BAD_TYPE;
	if (actor.table != KERNEL_TABLE)
		return STATUS_REFUSED; /* what hardware is bound to must live as long as the system */
	return notify_bind(slots[s].object, o->a2, o->a3, o->a4);
}

static enum status boot_window(struct actor actor, const struct program_operation *o)
{
	return actor.table == KERNEL_TABLE ? sched_add_window(o->a2, o->a3) : STATUS_REFUSED;
}

static enum status boot_operation(struct actor actor, const struct program_operation *o, const struct system_header *system)
{
	enum status status = STATUS_AGAIN;

	if (o->operation == OP_FILL)
		return boot_fill(actor, o, system);
	if (o->operation == OP_BIND)
		return boot_bind(actor, o);
	if (o->operation == OP_WINDOW)
		return boot_window(actor, o);
	for (u32 i = 0; i < REPLAY_LIMIT && status == STATUS_AGAIN; i++)
		status = syscall_invoke(actor, NONE, o);
	return status;
}

static void boot_section(const struct program_section *section, const struct system_header *system,
			 const struct program_operation *operations)
{
	struct actor actor = { KERNEL_TABLE, KERNEL_TABLE_SLOTS };
	u32 s = KERNEL_TABLE + section->actor;

	if (section->offset > system->size || section->offset % 8 != 0 || section->name >= system->size ||
	    section->count > (system->size - section->offset) / sizeof(struct program_operation))
		boot_fail("a section of the construction program lies outside the system (offset, operations)",
			  section->offset, section->count);
	if (section->actor >= KERNEL_TABLE_SLOTS || (section->actor != 0 && slots[s].type != CAP_TABLE))
		boot_fail("a section of the construction program names no table (slot)", section->actor, 0);
	if (section->actor != 0) {
		actor.table = slots[s].object;
		actor.size = 1u << slots[s].size_bits;
	}
	for (u32 i = 0; i < section->count; i++) {
		enum status status = boot_operation(actor, &operations[i], system);

		if (status != STATUS_OK) {
			arch_print("mullion: operation ");
			arch_print_number(i);
			arch_print(" of section ");
			arch_print((const char *)system + section->name);
			arch_print(" was refused; ");
			boot_fail("the construction program does not fit this kernel (operation code, status)",
				  operations[i].operation, status);
		}
	}
}

void boot_main(const struct boot_record *record, const struct system_header *system)
{
	const struct root_untyped *roots = (const struct root_untyped *)((const u8 *)system + system->roots_offset);
	const struct program_section *sections =
		(const struct program_section *)((const u8 *)system + system->sections_offset);
	u32 operations = 0;

	boot_check_record(record);
	boot_check_system(system, record);
	boot_machine(record);
	boot_kernel_block();
	boot_root(KERNEL_TABLE + KERNEL_SLOT_FAULT_RING, machine.base + KERNEL_RING_OFFSET, 12, MEMORY_ROM);
	slots[KERNEL_TABLE + KERNEL_SLOT_FAULT_RING].rights = RIGHT_READ;
	for (u32 i = 0; i < system->roots; i++) {
		boot_check_root(roots, i, record, system->size);
		boot_root(KERNEL_TABLE + ROOT_FIRST_SLOT + i, roots[i].base, roots[i].size_bits, roots[i].kind);
	}
	for (u32 i = 0; i < system->sections; i++) {
		boot_section(&sections[i], system,
			     (const struct program_operation *)((const u8 *)system + sections[i].offset));
		operations += sections[i].count;
	}
	arch_print("mullion: system ");
	arch_print((const char *)system + system->names_offset);
	arch_print(" constructed, operations: ");
	arch_print_number(operations);
	arch_print("\n");
}
