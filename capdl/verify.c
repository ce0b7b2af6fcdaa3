/* verify.c - replays the construction program of a system.bin on a small abstract model of the kernel.
 *
 * It knows nothing of the specification: only slots, containers, watermarks and the rules of kernel/abi.h. Whatever it
 * prints would have failed, or worse, at boot. The input is checked like any other: the file may be damaged. */
#include "capdl.h"

#include "../platform/boot/checksum.h"
#include "../userland/protocols/manifest.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY 0u

struct thing { /* an object of the replay; number 0 is none */
	u64 base, size, watermark;
	u32 *slots;       /* capability numbers, for tables, spaces, threads */
	u32 slot_count;
	u8 type, level, memory;
	bool installed;   /* space: has a parent level; thread: resumed */
	bool lent;
};

struct held { /* a capability; number 0 is none */
	u32 thing, badge;
	u8 rights;
	bool retype;
};

struct replay {
	const unsigned char *data;
	struct system_header header;
	struct thing *things;
	struct held *caps;
	u32 thing_count, thing_capacity, cap_count, cap_capacity;
	u32 windows;
	bool partitions[PARTITIONS]; /* 0, and those with a window */
	struct arena arena;
	FILE *out;
	u32 problems;
	const char *section;
	u32 operation;
};

static void problem(struct replay *r, const char *text, ...) __attribute__((format(printf, 2, 3)));

static void problem(struct replay *r, const char *text, ...)
{
	va_list arguments;

	if (r->problems++ >= 20)
		return;
	va_start(arguments, text);
	fprintf(r->out, "system.bin: section %s, operation %u: ", r->section, r->operation);
	vfprintf(r->out, text, arguments);
	fputc('\n', r->out);
	va_end(arguments);
}

static u32 thing_new(struct replay *r, struct thing thing)
{
	r->things = arena_grow(&r->arena, r->things, r->thing_count, &r->thing_capacity, sizeof *r->things);
	if (thing.slot_count > 0)
		thing.slots = arena_take(&r->arena, thing.slot_count * sizeof *thing.slots);
	r->things[r->thing_count] = thing;
	return r->thing_count++;
}

static u32 cap_new(struct replay *r, struct held cap)
{
	r->caps = arena_grow(&r->arena, r->caps, r->cap_count, &r->cap_capacity, sizeof *r->caps);
	r->caps[r->cap_count] = cap;
	return r->cap_count++;
}

/* The capability in a slot; reports what is not there. */
static u32 in_slot(struct replay *r, u32 container, u64 index, const char *what)
{
	const struct thing *thing = &r->things[container];

	if (index >= thing->slot_count || (thing->type == OBJECT_TABLE && index == 0)) {
		problem(r, "%s: slot %lu does not exist, there are %u", what, index, thing->slot_count);
		return EMPTY;
	}
	if (thing->slots[index] == EMPTY)
		problem(r, "%s: slot %lu is empty", what, index);
	return thing->slots[index];
}

/* The container that slot `number` of the actor names; 0 if there is none. */
static u32 container_of(struct replay *r, u32 actor, u64 number, const char *what)
{
	u32 cap, thing;

	if (number == 0)
		return actor;
	cap = in_slot(r, actor, number, what);
	if (cap == EMPTY)
		return 0;
	thing = r->caps[cap].thing;
	if (r->things[thing].slot_count == 0) {
		problem(r, "%s: slot %lu holds no container", what, number);
		return 0;
	}
	return thing;
}

static u32 named(struct replay *r, u32 actor, u64 slot, u8 type, const char *what)
{
	u32 cap = in_slot(r, actor, slot, what);

	if (cap == EMPTY)
		return EMPTY;
	if (r->things[r->caps[cap].thing].type != type) {
		problem(r, "%s: slot %lu holds type %u, not %u", what, slot, r->things[r->caps[cap].thing].type, type);
		return EMPTY;
	}
	return cap;
}

/* ---- retype ---- */

static bool describe_new(struct replay *r, const struct program_operation *o, u8 memory, struct thing *thing)
{
	u64 bits = o->a3;

	*thing = (struct thing){.type = (u8)o->a2, .memory = memory};
	switch (o->a2) {
	case OBJECT_UNTYPED | OBJECT_NO_SCHEDULE:
		thing->type = OBJECT_UNTYPED;
		/* fall through */
	case OBJECT_UNTYPED:
		if (bits < 6 || bits > 38)
			break;
		thing->size = 1ul << bits;
		return true;
	case OBJECT_ENDPOINT: thing->size = ENDPOINT_BYTES; return true;
	case OBJECT_NOTIFICATION: thing->size = NOTIFICATION_BYTES; return true;
	case OBJECT_TABLE:
		if (bits < 1 || bits > 16)
			break;
		thing->size = (u64)SLOT_BYTES << bits;
		thing->slot_count = 1u << bits;
		return true;
	case OBJECT_SPACE:
		if (bits > 2)
			break;
		thing->size = SPACE_BYTES;
		thing->level = (u8)bits;
		thing->slot_count = bits == 2 ? SPACE_ROOT_ENTRIES : SPACE_ENTRIES;
		return true;
	case OBJECT_THREAD:
		thing->size = THREAD_BYTES;
		thing->slot_count = THREAD_SLOTS;
		return true;
	case OBJECT_PAGE:
		if (bits != 12 && bits != 21 && bits != 30)
			break;
		thing->type = OBJECT_UNTYPED;
		thing->size = 1ul << bits;
		return true;
	default:
		break;
	}
	problem(r, "retype: object %lu of size %lu does not exist", o->a2, bits);
	return false;
}

static void do_retype(struct replay *r, u32 actor, const struct program_operation *o)
{
	u32 cap = named(r, actor, o->a0, OBJECT_UNTYPED, "retype"), source, to;
	struct thing fresh;
	u64 mark;

	if (cap == EMPTY)
		return;
	source = r->caps[cap].thing;
	to = container_of(r, actor, o->a4, "retype");
	if (!r->caps[cap].retype)
		problem(r, "retype: slot %u has not the right", o->a0);
	if (r->things[source].lent)
		problem(r, "retype: the range of slot %u is lent", o->a0);
	if (to == 0 || r->things[to].type != OBJECT_TABLE) {
		problem(r, "retype: the destination is no table");
		return;
	}
	if (!describe_new(r, o, r->things[source].memory, &fresh))
		return;
	if (r->things[source].memory != MEMORY_RAM &&
	    (fresh.slot_count > 0 || o->a2 == OBJECT_ENDPOINT || o->a2 == OBJECT_NOTIFICATION))
		problem(r, "retype: kernel object from memory that is not ram");
	if (o->a6 == 0 || o->a6 > RETYPE_MAX_COUNT || o->a5 > r->things[to].slot_count ||
	    o->a6 > r->things[to].slot_count - o->a5) {
		problem(r, "retype: %lu slots from %lu on do not exist", o->a6, o->a5);
		return;
	}
	mark = round_up(r->things[source].base + r->things[source].watermark, fresh.size);
	for (u64 i = 0; i < o->a6; i++, mark += fresh.size) {
		if (mark + fresh.size > r->things[source].base + r->things[source].size) {
			problem(r, "retype: no memory left in slot %u for object %lu", o->a0, i);
			return;
		}
		if (r->things[to].slots[o->a5 + i] != EMPTY || o->a5 + i == 0)
			problem(r, "retype: slot %lu is occupied", o->a5 + i);
		fresh.base = mark;
		u32 thing = thing_new(r, fresh);
		r->things[to].slots[o->a5 + i] = cap_new(r, (struct held){.thing = thing,
			.rights = RIGHTS_ALL & ~RIGHT_RETYPE, .retype = (o->a2 & ~(u64)OBJECT_NO_SCHEDULE) == OBJECT_UNTYPED});
	}
	r->things[source].watermark = mark - r->things[source].base;
}

/* ---- copy ---- */

static bool fits_space(struct replay *r, const struct thing *space, u64 index, struct thing *what, u64 rights)
{
	static const u64 sizes[] = {PAGE, LARGE_PAGE, HUGE_PAGE};

	if (what->type == OBJECT_SPACE) {
		if (what->level + 1 != space->level || what->installed)
			problem(r, "copy: level %u into level %u, or a second time", what->level, space->level);
		what->installed = true;
		return true;
	}
	if (what->type != OBJECT_UNTYPED || what->size != sizes[space->level]) {
		problem(r, "copy: a space slot takes pages of its level's size (index %lu)", index);
		return false;
	}
	if (rights != RIGHT_READ && rights != (RIGHT_READ | RIGHT_WRITE) && rights != (RIGHT_READ | RIGHT_EXECUTE))
		problem(r, "copy: rights %lu are not r, rw or rx", rights);
	if ((what->memory == MEMORY_DEVICE && (rights & RIGHT_EXECUTE) != 0) ||
	    (what->memory == MEMORY_ROM && (rights & RIGHT_WRITE) != 0))
		problem(r, "copy: rights %lu on this kind of memory", rights);
	return true;
}

static void fits_thread(struct replay *r, u64 index, const struct thing *what)
{
	static const u8 wanted[] = {OBJECT_TABLE, OBJECT_SPACE, OBJECT_ENDPOINT, OBJECT_NOTIFICATION};

	if (what->type != wanted[index])
		problem(r, "copy: type %u in thread slot %lu", what->type, index);
	if (what->type == OBJECT_SPACE && what->level != 2)
		problem(r, "copy: a thread's space is a root level");
}

static void do_copy(struct replay *r, u32 actor, const struct program_operation *o)
{
	u32 to = container_of(r, actor, o->a0, "copy to"), from = container_of(r, actor, o->a3, "copy from"), source;
	struct held copy;
	struct thing *thing;

	if (to == 0 || from == 0)
		return;
	source = in_slot(r, from, o->a4, "copy from");
	if (source == EMPTY)
		return;
	if (o->a2 >= r->things[to].slot_count || (r->things[to].type == OBJECT_TABLE && o->a2 == 0)) {
		problem(r, "copy: slot %lu does not exist, there are %u", o->a2, r->things[to].slot_count);
		return;
	}
	if (r->things[to].slots[o->a2] != EMPTY)
		problem(r, "copy: slot %lu is occupied", o->a2);
	copy = r->caps[source];
	thing = &r->things[copy.thing];
	copy.rights &= (u8)o->a5;
	if (thing->type == OBJECT_UNTYPED) {
		if (thing->size != PAGE && thing->size != LARGE_PAGE && thing->size != HUGE_PAGE)
			problem(r, "copy: an untyped that has not a page's size");
		if (copy.retype && (thing->memory == MEMORY_RAM || thing->watermark != 0))
			problem(r, "copy: an untyped with the retype right is not lent");
		if (copy.retype)
			thing->lent = true;
		copy.retype = false;
		copy.rights &= RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
	}
	if (o->a6 != 0) {
		if (thing->type != OBJECT_ENDPOINT && thing->type != OBJECT_NOTIFICATION)
			problem(r, "copy: badge on type %u", thing->type);
		if (copy.badge != 0 || o->a6 > 0xffffffffu)
			problem(r, "copy: a badge is set once and has 32 bits");
		copy.badge = (u32)o->a6;
	}
	if (copy.rights == 0)
		problem(r, "copy: no right is left");
	if (r->things[to].type == OBJECT_SPACE && !fits_space(r, &r->things[to], o->a2, thing, o->a5))
		return;
	if (r->things[to].type == OBJECT_THREAD)
		fits_thread(r, o->a2, thing);
	r->things[to].slots[o->a2] = cap_new(r, copy);
}

/* ---- the rest ---- */

static void do_thread(struct replay *r, u32 actor, const struct program_operation *o)
{
	u32 cap = named(r, actor, o->a0, OBJECT_THREAD, "thread");
	struct thing *thread;

	if (cap == EMPTY)
		return;
	thread = &r->things[r->caps[cap].thing];
	if (o->operation == OP_WRITE_REGISTERS && o->a2 > 7)
		problem(r, "write registers: group %lu", o->a2);
	if (o->operation == OP_SET_SCHEDULING && (o->a2 >= PRIORITIES || o->a3 == 0 || o->a3 > o->a4 ||
		o->a4 > TICKS_MAX || o->a6 > TICKS_MAX))
		problem(r, "set scheduling: priority %lu, budget %lu, period %lu", o->a2, o->a3, o->a4);
	if (o->operation == OP_SET_SCHEDULING && (o->a5 % SCHEDULE_PARTITION > SCHEDULE_PASSIVE ||
		o->a5 / SCHEDULE_PARTITION >= PARTITIONS || !r->partitions[o->a5 / SCHEDULE_PARTITION]))
		problem(r, "set scheduling: flags %lu", o->a5);
	if (o->operation == OP_RESUME) {
		if (thread->slots[THREAD_TABLE] == EMPTY || thread->slots[THREAD_SPACE] == EMPTY)
			problem(r, "resume: the thread has no table or no space");
		thread->installed = true;
	}
}

static void do_fill(struct replay *r, u32 actor, const struct program_operation *o)
{
	u32 cap = named(r, actor, o->a0, OBJECT_UNTYPED, "fill");

	if (cap == EMPTY)
		return;
	if (r->caps[cap].retype || r->things[r->caps[cap].thing].memory != MEMORY_RAM)
		problem(r, "fill: slot %u is no page of ram", o->a0);
	if (o->a2 > PAGE || o->a4 > PAGE - o->a2 || o->a4 % 8 != 0 || o->a4 == 0)
		problem(r, "fill: %lu bytes at %lu", o->a4, o->a2);
	if (o->a3 > r->header.size || o->a4 > r->header.size - o->a3)
		problem(r, "fill: contents at %lu lie outside of the system", o->a3);
}

static void do_bind(struct replay *r, u32 actor, const struct program_operation *o)
{
	(void)named(r, actor, o->a0, OBJECT_NOTIFICATION, "bind");
	if (actor != 1)
		problem(r, "bind: only the kernel table binds");
	if (o->a2 > BIND_FAULT_RING || o->a4 >= NOTIFICATION_BITS)
		problem(r, "bind: what %lu to bit %lu", o->a2, o->a4);
}

static void do_window(struct replay *r, u32 actor, const struct program_operation *o)
{
	u64 shortest = 1;

	if (actor != 1)
		problem(r, "window: only the kernel table has a schedule");
	if (++r->windows > WINDOWS_MAX)
		problem(r, "window: there are more than %u", WINDOWS_MAX);
	/* as the kernel has it: 2^n ticks, between half a millisecond and one */
	while (r->header.timebase / (2 * shortest) >= 1000)
		shortest *= 2;
	if (o->a2 > TICKS_MAX || o->a2 < shortest || o->a3 >= PARTITIONS)
		problem(r, "window: %lu ticks for partition %lu", o->a2, o->a3);
	else
		r->partitions[o->a3] = true;
}

static void replay_operation(struct replay *r, u32 actor, const struct program_operation *o)
{
	switch (o->operation) {
	case OP_RETYPE: do_retype(r, actor, o); return;
	case OP_COPY: do_copy(r, actor, o); return;
	case OP_WRITE_REGISTERS:
	case OP_SET_SCHEDULING:
	case OP_RESUME: do_thread(r, actor, o); return;
	case OP_BIND: do_bind(r, actor, o); return;
	case OP_FILL: do_fill(r, actor, o); return;
	case OP_WINDOW: do_window(r, actor, o); return;
	default: problem(r, "operation %u does not belong into a program", o->operation);
	}
}

static bool inside(const struct replay *r, u64 offset, u64 count, u64 item)
{
	return offset <= r->header.size && count <= (r->header.size - offset) / item;
}

static bool check_header(struct replay *r, size_t size)
{
	const struct system_header *header = &r->header;

	r->section = "header";
	if (size < PAGE) {
		problem(r, "the file is too short");
		return false;
	}
	memcpy(&r->header, r->data, sizeof r->header);
	if (header->magic != SYSTEM_MAGIC || header->version != SYSTEM_VERSION)
		problem(r, "this is no system, or one of another version");
	else if (header->size != size || size % PAGE != 0)
		problem(r, "the size in the header is %lu, the file has %zu bytes", header->size, size);
	else if (checksum_of_system((const u64 *)(const void *)r->data, size) != header->checksum)
		problem(r, "the checksum is wrong");
	else if (!inside(r, header->roots_offset, header->roots, sizeof(struct root_untyped)) ||
		 !inside(r, header->sections_offset, header->sections, sizeof(struct program_section)) ||
		 !inside(r, header->names_offset, header->names_size, 1) || header->names_size == 0 ||
		 r->data[header->names_offset + header->names_size - 1] != 0)
		problem(r, "a table lies outside of the file");
	return r->problems == 0;
}

struct range {
	u64 base, end;
	u32 root;
};

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return a->base < b->base ? -1 : a->base > b->base;
}

static void add_roots(struct replay *r)
{
	u64 image = r->header.load_address, system = image + IMAGE_SYSTEM;
	struct range *ranges = arena_take(&r->arena, (r->header.roots + 1ul) * sizeof *ranges);

	r->section = "roots";
	if (r->header.roots > KERNEL_TABLE_SLOTS - ROOT_FIRST_SLOT) {
		problem(r, "%u root untypeds", r->header.roots);
		return;
	}
	for (u32 i = 0; i < r->header.roots; i++) {
		struct root_untyped root;
		u64 end;
		u32 thing;

		r->operation = i;
		memcpy(&root, r->data + r->header.roots_offset + i * sizeof root, sizeof root);
		if (root.size_bits < 6 || root.size_bits > 38 || root.base % (1ul << root.size_bits) != 0 ||
		    root.kind > MEMORY_ROM) {
			problem(r, "root at 0x%lx, 2^%u bytes, kind %u", root.base, root.size_bits, root.kind);
			continue;
		}
		end = root.base + (1ul << root.size_bits);
		ranges[i] = (struct range){root.base, end, i};
		if (root.kind == MEMORY_ROM && (root.base < system || end > system + r->header.size))
			problem(r, "rom at 0x%lx lies outside of the system", root.base);
		if (root.kind != MEMORY_ROM && root.base < system + r->header.size && end > image)
			problem(r, "memory at 0x%lx lies over the image", root.base);
		if (root.kind == MEMORY_RAM && end > r->header.ram_end)
			problem(r, "ram at 0x%lx ends behind 0x%lx", root.base, r->header.ram_end);
		thing = thing_new(r, (struct thing){.type = OBJECT_UNTYPED, .base = root.base, .size = end - root.base,
			.memory = root.kind});
		r->things[1].slots[ROOT_FIRST_SLOT + i] = cap_new(r, (struct held){.thing = thing, .rights = RIGHTS_ALL,
			.retype = true});
	}
	qsort(ranges, r->header.roots, sizeof *ranges, compare_ranges);
	for (u32 i = 1; i < r->header.roots; i++)
		if (ranges[i].base < ranges[i - 1].end)
			problem(r, "roots %u and %u overlap at 0x%lx", ranges[i - 1].root, ranges[i].root, ranges[i].base);
}

static void replay_section(struct replay *r, const struct program_section *section)
{
	u32 actor = 1, cap;

	r->operation = 0;
	r->section = "?";
	if (section->name >= r->header.size || memchr(r->data + section->name, 0, r->header.size - section->name) == NULL ||
	    !inside(r, section->offset, section->count, sizeof(struct program_operation))) {
		problem(r, "a section lies outside of the file");
		return;
	}
	r->section = (const char *)r->data + section->name;
	if (section->actor != 0) {
		cap = named(r, 1, section->actor, OBJECT_TABLE, "actor");
		if (cap == EMPTY)
			return;
		actor = r->caps[cap].thing;
	}
	for (r->operation = 0; r->operation < section->count; r->operation++) {
		struct program_operation o;

		memcpy(&o, r->data + section->offset + r->operation * sizeof o, sizeof o);
		replay_operation(r, actor, &o);
	}
}

static void check_manifest(struct replay *r)
{
	struct manifest_header manifest;

	r->section = "manifest";
	r->operation = 0;
	memcpy(&manifest, r->data + MANIFEST_OFFSET, sizeof manifest);
	if (manifest.magic != MANIFEST_MAGIC ||
	    !inside(r, manifest.components_offset, manifest.components, sizeof(struct manifest_component)) ||
	    !inside(r, manifest.regions_offset, manifest.regions, sizeof(struct manifest_region)) ||
	    !inside(r, manifest.threads_offset, manifest.threads, sizeof(u64)) ||
	    !inside(r, manifest.caps_offset, manifest.caps, sizeof(struct manifest_cap)) ||
	    !inside(r, manifest.lines_offset, manifest.lines, sizeof(struct manifest_line)))
		problem(r, "its tables lie outside of the file");
}

u32 verify(const unsigned char *system, size_t size, FILE *out)
{
	struct replay r = {.data = system, .out = out, .partitions = {true}};
	u32 ring;

	thing_new(&r, (struct thing){0});
	cap_new(&r, (struct held){0});
	if (!check_header(&r, size)) {
		arena_drop(&r.arena);
		return r.problems;
	}
	thing_new(&r, (struct thing){.type = OBJECT_TABLE, .slot_count = KERNEL_TABLE_SLOTS});
	ring = thing_new(&r, (struct thing){.type = OBJECT_UNTYPED, .size = PAGE});
	r.things[1].slots[KERNEL_SLOT_FAULT_RING] = cap_new(&r, (struct held){.thing = ring, .rights = RIGHT_READ});
	add_roots(&r);
	for (u32 i = 0; i < r.header.sections; i++) {
		struct program_section section;

		memcpy(&section, system + r.header.sections_offset + i * sizeof section, sizeof section);
		replay_section(&r, &section);
	}
	check_manifest(&r);
	r.section = "end";
	for (u32 i = 0; i < r.thing_count; i++)
		if (r.things[i].type == OBJECT_THREAD && !r.things[i].installed)
			problem(&r, "a thread is never resumed");
	arena_drop(&r.arena);
	return r.problems;
}
