/* report.c - the report: who takes how much RAM, by kind of object, how full each block is; who runs when. */
#include "graph.h"

#include <string.h>

struct usage {
	u64 tables, spaces, threads, pages, untyped, used;
};

static void count_object(const struct capdl *c, const struct object *object, struct usage *usage)
{
	u64 bytes = object_bytes(object);

	(void)c;
	usage->used += bytes;
	switch (object->type) {
	case OBJECT_TABLE: usage->tables += bytes; break;
	case OBJECT_SPACE: usage->spaces += bytes; break;
	case OBJECT_THREAD: usage->threads += bytes; break;
	case OBJECT_PAGE: usage->pages += bytes; break;
	default: usage->untyped += bytes; break;
	}
}

static void print_row(struct buffer *out, const char *name, const struct usage *usage, u64 block)
{
	buffer_print(out, "%-24s %8lu %8lu %8lu %8lu %8lu %9lu %8lu  %3lu%%\n", name, usage->tables >> 10, usage->spaces >> 10,
		usage->threads, usage->pages >> 10, usage->untyped >> 10, block >> 10, (block - usage->used) >> 10,
		block == 0 ? 0 : usage->used * 100 / block);
}

static void report_blocks(struct capdl *c, struct buffer *out)
{
	const struct model *model = &c->model;
	struct usage *usages = arena_take(&c->arena, (model->object_count + 1) * sizeof *usages), sum = {0};
	u64 blocks = 0;

	for (u32 i = 0; i < model->object_count; i++)
		if (model->objects[i].parent != NONE)
			count_object(c, &model->objects[i], &usages[model->objects[i].parent]);
	buffer_print(out, "%-24s %8s %8s %8s %8s %8s %9s %8s  %s\n", "block (KiB; threads B)", "tables", "spaces",
		"threads", "pages", "other", "block", "spare", "full");
	for (u32 i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];
		u64 block = object_bytes(object);

		if (object->type != OBJECT_UNTYPED || object->memory != MEMORY_RAM || usages[i].used == 0 ||
		    (object->root && usages[i].untyped == block))
			continue;
		print_row(out, object_label(c, object), &usages[i], block);
		sum.tables += usages[i].tables;
		sum.spaces += usages[i].spaces;
		sum.threads += usages[i].threads;
		sum.pages += usages[i].pages;
		sum.untyped += usages[i].untyped;
		sum.used += usages[i].used;
		blocks += block;
	}
	print_row(out, "all", &sum, blocks);
}

/* Who runs when, and how much of each partition's time is promised. */
static void report_schedule(const struct capdl *c, struct buffer *out)
{
	const struct spec *spec = &c->spec;
	u64 cycle = 0;

	if (spec->window_count == 0)
		return;
	for (u32 i = 0; i < spec->window_count; i++)
		cycle += spec->windows[i].ticks;
	buffer_print(out, "\n%-24s %9s %9s\n", "window (us)", "from", "length");
	for (u32 i = 0, from = 0; i < spec->window_count; from += (u32)spec->windows[i++].ticks)
		buffer_print(out, "%-24s %9lu %9lu\n", spec->windows[i].name.text, from * 1000000ul / c->board.timebase,
			spec->windows[i].ticks * 1000000 / c->board.timebase);
	buffer_print(out, "\n%-24s %9s %9s  %s\n", "partition", "share", "promised", "components");
	for (u32 i = 0; i < spec->partition_count; i++) {
		u64 ticks = 0, promised = 0;

		for (u32 j = 0; j < spec->window_count; j++)
			ticks += spec->windows[j].number == spec->partitions[i].number ? spec->windows[j].ticks : 0;
		for (u32 j = 0; j < spec->component_count; j++) {
			const struct component *component = &spec->components[j];

			if (component->partition == i && !component->passive && component->budget_ticks < component->period_ticks)
				promised += component->budget_ticks * 100 * component->threads.value / component->period_ticks;
		}
		buffer_print(out, "%-24s %8lu%% %8lu%% ", spec->partitions[i].name.text, ticks * 100 / cycle, promised);
		for (u32 j = 0; j < spec->component_count; j++)
			if (spec->components[j].partition == i)
				buffer_print(out, " %s", spec->components[j].name.text);
		buffer_print(out, "\n");
	}
}

void report_memory(struct capdl *c, struct buffer *out)
{
	const struct model *model = &c->model;
	u64 limit = OBJECT_AREA - IMAGE_OFFSET - IMAGE_SYSTEM;

	buffer_print(out, "Memory of system %s\n\n", c->spec.system.text);
	report_blocks(c, out);
	buffer_print(out, "\nimage: %zu KiB of %lu KiB; RAM is needed up to 0x%lx (%lu MiB), the board has %lu MiB\n",
		c->system.size >> 10, limit >> 10, model->ram_end, (model->ram_end - c->board.ram_start) >> 20,
		(c->board.ram_end - c->board.ram_start) >> 20);
	buffer_print(out, "kernel table: %u of %u slots; objects: %u; capabilities: %u\n\n",
		model->slots_used, KERNEL_TABLE_SLOTS, model->object_count, model->cap_count);
	buffer_print(out, "%-24s %6s %6s %6s %9s %6s\n", "component", "slots", "of", "bits", "priority", "share");
	for (u32 i = 0; i < c->spec.component_count; i++) {
		const struct component *component = &c->spec.components[i];

		buffer_print(out, "%-24s %6u %6u %6u %9lu %5lu%%\n", component->name.text, component->next_slot,
			1u << model->objects[component->table].size_bits, component->next_bit, component->priority.value,
			component->period_ticks == 0 ? 0 : component->budget_ticks * 100 / component->period_ticks);
	}
	report_schedule(c, out);
}
