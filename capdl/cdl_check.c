/* cdl_check.c - the rules of the kernel, applied to an object graph that was read and not made: kinds, rights, places.
 *
 * Level 1 cannot produce what is refused here; a text that was edited by hand can. */
#include "cdl.h"

#include <stdlib.h>

static struct span cap_at(const struct capdl *c, u32 cap)
{
	return c->cap_spans[cap];
}

static u32 slots_of(const struct object *object)
{
	switch (object->type) {
	case OBJECT_TABLE: return object->size_bits > 16 ? 0 : 1u << object->size_bits;
	case OBJECT_SPACE: return object->size_bits == 2 ? SPACE_ROOT_ENTRIES : SPACE_ENTRIES;
	case OBJECT_THREAD: return THREAD_SLOTS;
	default: return 0;
	}
}

/* ---- objects ---- */

static void check_object(struct capdl *c, u32 index)
{
	const struct object *object = &c->model.objects[index];
	struct span at = c->object_spans[index];
	u64 bytes = object_bytes(object);

	if ((object->type == OBJECT_UNTYPED && object->size_bits < 6) ||
	    (object->type == OBJECT_TABLE && (object->size_bits < 1 || object->size_bits > 16)) ||
	    (object->type == OBJECT_SPACE && object->size_bits > 2))
		error_at(c, at, "M05", NULL, "no such object has %u bits", object->size_bits);
	else if (object->type == OBJECT_PAGE && object->size_bits != 12 && object->size_bits != 21 && object->size_bits != 30)
		error_at(c, at, "M06", NULL, "pages have 12, 21 or 30 bits, not %u", object->size_bits);
	else if (object->address % bytes != 0)
		error_at(c, at, "M05", NULL, "the address 0x%lx is not a multiple of the object's %lu bytes", object->address, bytes);
	if (object->section >= c->model.section_count)
		error_at(c, at, "F03", NULL, "there is no section %u", object->section);
	if (object->original == NONE && index != 0)
		error_at(c, at, "V05", NULL, "no capability is the object's original");
	if (object->parent == NONE)
		return;
	const struct object *parent = &c->model.objects[object->parent];
	if (parent->type != OBJECT_UNTYPED)
		error_at(c, at, "V02", NULL, "it is carved from something that is not untyped memory");
	else if (object->address < parent->address || object->address + bytes > parent->address + object_bytes(parent))
		error_at(c, at, "M08", NULL, "it does not lie inside the memory that it is carved from");
	else if (object->memory != parent->memory)
		error_at(c, at, "M19", NULL, "memory does not change its kind");
	else if (object->memory != MEMORY_RAM && object->type != OBJECT_UNTYPED && object->type != OBJECT_PAGE)
		error_at(c, at, "M19", NULL, "only ram becomes kernel objects");
}

struct place_of {
	u64 first, end;
	u32 parent, object;
};

static int compare_places(const void *left, const void *right)
{
	const struct place_of *a = left, *b = right;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->object < b->object ? -1 : a->object > b->object;
}

static void check_overlaps(struct capdl *c)
{
	struct place_of *places = arena_take(&c->arena, (c->model.object_count + 1) * sizeof *places);
	u32 count = 0;

	for (u32 i = 1; i < c->model.object_count; i++) {
		const struct object *object = &c->model.objects[i];

		if (!object->fixed)
			places[count++] = (struct place_of){object->address, object->address + object_bytes(object), object->parent, i};
	}
	if (count > 1)
		qsort(places, count, sizeof *places, compare_places);
	for (u32 i = 1; i < count; i++)
		if (places[i].parent == places[i - 1].parent && places[i].first < places[i - 1].end) {
			error_at(c, c->object_spans[places[i].object], "M01", NULL, "the object lies on the bytes of `%s`",
				object_name(c, places[i - 1].object));
			error_also(c, c->object_spans[places[i - 1].object], "the other object");
		}
}

/* ---- capabilities ---- */

static void check_space_slot(struct capdl *c, u32 index, const struct object *container, u32 *installed)
{
	static const u8 bits[] = {12, 21, 30};
	const struct capability *cap = &c->model.caps[index];
	const struct object *object = &c->model.objects[cap->object];
	u8 mapped = cap->rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);

	if (object->type == OBJECT_SPACE) {
		if (object->size_bits + 1 != container->size_bits)
			error_at(c, cap_at(c, index), "T08", NULL, "level %u does not belong into level %u", object->size_bits,
				container->size_bits);
		else if (installed[cap->object] != NONE) {
			error_at(c, cap_at(c, index), "T10", NULL, "one level under two parents, or twice under one");
			error_also(c, cap_at(c, installed[cap->object]), "the other place");
		}
		installed[cap->object] = index;
		return;
	}
	if (object->type != OBJECT_PAGE && object->type != OBJECT_UNTYPED) {
		error_at(c, cap_at(c, index), "T02", NULL, "a space holds pages and levels, not a %s", cdl_types[object->type]);
		return;
	}
	if (object->size_bits != bits[container->size_bits])
		error_at(c, cap_at(c, index), "T07", NULL, "a page of %u bits does not fit this level", object->size_bits);
	if ((cap->rights & RIGHT_RETYPE) != 0)
		error_at(c, cap_at(c, index), "R05", NULL, "memory with the right to carve it is not mapped");
	else if ((mapped & RIGHT_WRITE) != 0 && (mapped & RIGHT_READ) == 0)
		error_at(c, cap_at(c, index), "R02", NULL, "a page that can be written but not read");
	else if ((mapped & RIGHT_WRITE) != 0 && (mapped & RIGHT_EXECUTE) != 0)
		error_at(c, cap_at(c, index), "R03", NULL, "a page that is writable and executable");
	else if (object->memory == MEMORY_DEVICE && (mapped & RIGHT_EXECUTE) != 0)
		error_at(c, cap_at(c, index), "R04", NULL, "an executable page of a device");
}

static void check_thread_slot(struct capdl *c, u32 index)
{
	static const u8 wanted[] = {OBJECT_TABLE, OBJECT_SPACE, OBJECT_ENDPOINT, OBJECT_NOTIFICATION};
	static const char *const names[] = {"table", "root space", "fault endpoint", "bound notification"};
	const struct capability *cap = &c->model.caps[index];
	const struct object *object = &c->model.objects[cap->object];

	if (object->type != wanted[cap->index])
		error_at(c, cap_at(c, index), cap->index < 2 ? "T03" : "T01", NULL, "a %s where a thread has its %s",
			cdl_types[object->type], names[cap->index]);
	else if (object->type == OBJECT_SPACE && object->size_bits != 2)
		error_at(c, cap_at(c, index), "T08", NULL, "a thread's space is a root level");
}

static void check_derivation(struct capdl *c, u32 index)
{
	const struct capability *cap = &c->model.caps[index];
	const struct capability *source = &c->model.caps[cap->source];
	const struct object *object = &c->model.objects[cap->object];

	if (cap->object != source->object)
		error_at(c, cap_at(c, index), "V02", NULL, "the capability that it is copied from names another object");
	else if ((cap->rights & ~source->rights) != 0)
		error_at(c, cap_at(c, index), "V01", NULL, "it has a right that the capability it is copied from lacks");
	else if (cap->badge != source->badge && source->badge != 0)
		error_at(c, cap_at(c, index), "V06", NULL, "a badge is set once");
	else if (cap->badge != 0 && object->type != OBJECT_ENDPOINT && object->type != OBJECT_NOTIFICATION)
		error_at(c, cap_at(c, index), "R09", NULL, "only endpoints and notifications have badges");
}

static void check_cap(struct capdl *c, u32 index, u32 *installed)
{
	const struct capability *cap = &c->model.caps[index];
	const struct object *container = &c->model.objects[cap->container], *object = &c->model.objects[cap->object];

	if (cap->index >= slots_of(container) || (container->type == OBJECT_TABLE && cap->index == 0)) {
		error_at(c, cap_at(c, index), "T05", NULL, "the container has slots %u to %u", container->type == OBJECT_TABLE,
			slots_of(container) == 0 ? 0 : slots_of(container) - 1);
		return;
	}
	if (cap->section >= c->model.section_count)
		error_at(c, cap_at(c, index), "F03", NULL, "there is no section %u", cap->section);
	if (object->type == OBJECT_ENDPOINT || object->type == OBJECT_NOTIFICATION) {
		if ((cap->rights & (RIGHT_EXECUTE | RIGHT_RETYPE)) != 0)
			error_at(c, cap_at(c, index), "R08", NULL, "%s has no such right", cdl_types[object->type]);
		else if ((cap->rights & RIGHT_CALL) != 0 && (cap->rights & RIGHT_WRITE) == 0)
			error_at(c, cap_at(c, index), "R07", NULL, "the right to call without the right to send");
	}
	if (cap->source != NONE)
		check_derivation(c, index);
	else if (container->type != OBJECT_TABLE)
		error_at(c, cap_at(c, index), "V04", NULL, "originals are made in tables");
	if (container->type == OBJECT_SPACE)
		check_space_slot(c, index, container, installed);
	else if (container->type == OBJECT_THREAD)
		check_thread_slot(c, index);
}

static void check_threads(struct capdl *c)
{
	for (u32 i = 0; i < c->model.thread_count; i++) {
		u32 object = c->model.threads[i].object;

		if (c->model.objects[object].type != OBJECT_THREAD ||
		    map_get(&c->model.filled, NULL, (u64)object << 32 | THREAD_TABLE) == NONE ||
		    map_get(&c->model.filled, NULL, (u64)object << 32 | THREAD_SPACE) == NONE || c->model.threads[i].pc == 0)
			error_at(c, c->object_spans[object], "T04", NULL, "a thread without table, space or entry point");
	}
	for (u32 i = 0; i < c->model.fill_count; i++) {
		const struct fill *fill = &c->model.fills[i];

		if (c->model.objects[fill->page].type != OBJECT_PAGE || fill->offset + fill->bytes > PAGE || fill->bytes % 8 != 0 ||
		    fill->rom + fill->bytes > c->rom_end || fill->section >= c->model.section_count)
			error_at(c, c->object_spans[fill->page], "M17", NULL, "initial contents that do not fit the page or the image");
	}
}

void cdl_check(struct capdl *c)
{
	u32 *installed = arena_take(&c->arena, (c->model.object_count + 1) * sizeof *installed);

	for (u32 i = 0; i < c->model.object_count; i++)
		installed[i] = NONE;
	for (u32 i = 0; i < c->model.object_count; i++)
		check_object(c, i);
	check_overlaps(c);
	for (u32 i = 0; i < c->model.cap_count; i++)
		check_cap(c, i, installed);
	check_threads(c);
}
