/* place.c - physical addresses of all objects, sizes of tables and blocks, slots of the kernel table.
 *
 * Each component's private memory, the connection memory, each dma range is a block of its own: a power of two, cut
 * out of free RAM as a root untyped, larger ones first. Inside a block objects lie in the order in which retype will
 * make them, larger ones first, so nothing is lost to alignment. Objects whose capability goes into another table
 * than the actor's come after that table. */
#include "capdl.h"

#include <stdlib.h>

static const struct span nowhere = {NONE, 0, 0};

struct gap {
	u64 start, end;
};

/* ---- free RAM ---- */

static void cut(struct model *model, struct capdl *c, u64 start, u64 end)
{
	u32 count = model->gap_count;

	for (u32 i = 0; i < count; i++) {
		struct gap gap = model->gaps[i];

		if (end <= gap.start || start >= gap.end)
			continue;
		model->gaps[i].end = start > gap.start ? start : gap.start;
		if (end < gap.end)
			*LIST_ADD(c, model, gap) = (struct gap){end, gap.end};
	}
}

static u64 take_block(struct capdl *c, u64 size)
{
	struct model *model = &c->model;
	u64 best = ~0ul;

	for (u32 i = 0; i < model->gap_count; i++) {
		u64 start = round_up(model->gaps[i].start, size);

		if (start >= model->gaps[i].start && start < model->gaps[i].end && model->gaps[i].end - start >= size &&
		    start < best)
			best = start;
	}
	if (best == ~0ul) {
		if (c->errors == 0)
			error_at(c, nowhere, "X02", "the memory report shows who takes how much",
				"the board's RAM has no free block of %lu KiB left", size >> 10);
		return 0;
	}
	cut(model, c, best, best + size);
	if (best + size > model->ram_end)
		model->ram_end = best + size;
	return best;
}

/* ---- blocks ---- */

struct block {
	u64 size;
	u32 object;
};

static int compare_blocks(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->object < b->object ? -1 : 1;
}

static void place_blocks(struct capdl *c, struct block *blocks, u32 count)
{
	if (count > 1)
		qsort(blocks, count, sizeof *blocks, compare_blocks);
	for (u32 i = 0; i < count; i++)
		c->model.objects[blocks[i].object].address = take_block(c, blocks[i].size);
}

void place_dma(struct capdl *c)
{
	struct model *model = &c->model;
	struct block *blocks = arena_take(&c->arena, (model->object_count + 1) * sizeof *blocks);
	u64 start = c->board.ram_start + OBJECT_AREA, spare = 4ul << 20; /* the firmware's tree is at the end */
	u32 count = 0;

	model->load_address = c->board.ram_start + IMAGE_OFFSET;
	model->ram_end = start;
	if (c->board.ram_end > start + spare)
		*LIST_ADD(c, model, gap) = (struct gap){start, c->board.ram_end - spare};
	for (u32 i = 0; i < c->spec.device_count; i++)
		cut(model, c, c->spec.devices[i].base, c->spec.devices[i].base + c->spec.devices[i].bytes);
	for (u32 i = 0; i < c->spec.component_count; i++)
		for (u32 j = 0; j < c->spec.components[i].item_count; j++) {
			const struct item *item = &c->spec.components[i].items[j];

			if (item->kind == ITEM_DMA)
				blocks[count++] = (struct block){object_bytes(&model->objects[item->root]), item->root};
		}
	place_blocks(c, blocks, count);
	for (u32 i = 0; i < c->spec.component_count; i++)
		for (u32 j = 0; j < c->spec.components[i].item_count; j++) {
			struct item *item = &c->spec.components[i].items[j];

			if (item->kind == ITEM_DMA)
				item->physical = model->objects[item->root].address;
		}
}

/* ---- the order of carving ---- */

static int compare_carved(const void *left, const void *right)
{
	const struct carved *a = left, *b = right;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->foreign != b->foreign)
		return a->foreign ? 1 : -1;
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->object < b->object ? -1 : 1;
}

static void collect_carved(struct capdl *c)
{
	struct model *model = &c->model;

	model->carved = arena_take(&c->arena, (model->object_count + 1) * sizeof *model->carved);
	model->carved_count = 0;
	for (u32 i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];

		if (object->parent == NONE)
			continue;
		model->carved[model->carved_count++] = (struct carved){
			.parent = object->parent, .object = i, .size = object_bytes(object), .section = object->section,
			.foreign = model->caps[object->original].container != model->sections[object->section].actor,
		};
	}
	if (model->carved_count > 1)
		qsort(model->carved, model->carved_count, sizeof *model->carved, compare_carved);
}

static int compare_addresses(const void *left, const void *right)
{
	const struct carved *a = left, *b = right;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return a->size < b->size ? -1 : a->size > b->size; /* size holds the address here */
}

void place_order(struct capdl *c)
{
	struct model *model = &c->model;

	collect_carved(c);
	for (u32 i = 0; i < model->carved_count; i++)
		model->carved[i].size = model->objects[model->carved[i].object].address;
	if (model->carved_count > 1)
		qsort(model->carved, model->carved_count, sizeof *model->carved, compare_addresses);
}

/* Calls for each group of objects with one parent; sizes first, addresses when all roots have theirs. */
static void measure(struct model *model, bool roots)
{
	for (u32 i = 0; i < model->carved_count;) {
		struct object *parent = &model->objects[model->carved[i].parent];
		u32 group = model->carved[i].parent;
		u64 used = 0;

		for (; i < model->carved_count && model->carved[i].parent == group; i++) {
			struct object *object = &model->objects[model->carved[i].object];

			model->carved[i].size = object_bytes(object);
			used = round_up(used, model->carved[i].size) + model->carved[i].size;
		}
		if (parent->root == roots && parent->memory == MEMORY_RAM && parent->address == 0)
			parent->size_bits = bits_for(used < PAGE ? PAGE : used);
	}
}

static void assign(struct model *model, bool roots)
{
	for (u32 i = 0; i < model->carved_count;) {
		const struct object *parent = &model->objects[model->carved[i].parent];
		u32 group = model->carved[i].parent;
		u64 next = parent->address;

		for (; i < model->carved_count && model->carved[i].parent == group; i++) {
			if (parent->root != roots)
				continue;
			next = round_up(next, model->carved[i].size);
			model->objects[model->carved[i].object].address = next;
			next += model->carved[i].size;
		}
	}
}

static void size_tables(struct capdl *c)
{
	for (u32 i = 0; i < c->spec.component_count; i++) {
		struct component *component = &c->spec.components[i];
		u8 bits = bits_for(component->next_slot);

		if (bits > 16)
			error_at(c, component->name.at, "X01", "let it supervise less", "`%s` needs %u slots; a table has at most 65536",
				component->name.text, component->next_slot);
		c->model.objects[component->table].size_bits = bits < 4 ? 4 : bits;
	}
}

static void number_kernel_slots(struct capdl *c)
{
	struct model *model = &c->model;
	u32 next = ROOT_FIRST_SLOT;

	for (u32 i = 0; i < model->object_count; i++)
		if (model->objects[i].root && !model->objects[i].fixed)
			model->caps[model->objects[i].original].index = next++;
	model->root_count = next - ROOT_FIRST_SLOT;
	for (u32 i = 0; i < model->cap_count; i++)
		if (model->caps[i].container == model->kernel_table && model->caps[i].index == NONE)
			model->caps[i].index = next++;
	model->slots_used = next;
	if (next > KERNEL_TABLE_SLOTS)
		error_at(c, nowhere, "X01", "add a supervisor: then the pages of components are in its table",
			"the system needs %u slots of the kernel table, which has %u", next, KERNEL_TABLE_SLOTS);
}

void place(struct capdl *c)
{
	struct model *model = &c->model;
	struct block *blocks = arena_take(&c->arena, (model->object_count + 1) * sizeof *blocks);
	u32 count = 0;

	size_tables(c);
	collect_carved(c);
	if (model->carved_count > 0) {
		measure(model, false);
		measure(model, true);
		collect_carved(c);
	}
	for (u32 i = 0; i < model->object_count; i++)
		if (model->objects[i].root && !model->objects[i].fixed && model->objects[i].address == 0)
			blocks[count++] = (struct block){object_bytes(&model->objects[i]), i};
	place_blocks(c, blocks, count);
	assign(model, true);
	assign(model, false);
	number_kernel_slots(c);
	model->ram_end = round_up(model->ram_end, LARGE_PAGE);
}
