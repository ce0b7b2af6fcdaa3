/* check.c - what can be said about a specification before anything is laid out: sizes, time, devices, calls. */
#include "capdl.h"

static void check_time(struct capdl *c, const struct component *component)
{
	const struct quantity *quantities[] = {&component->budget, &component->period, &component->limit};

	for (u32 i = 0; i < 3; i++) {
		const struct quantity *q = quantities[i];
		unsigned __int128 scaled = (unsigned __int128)q->value * c->board.timebase;

		if (!q->given)
			continue;
		if (q->value == 0)
			error_at(c, q->at, "B01", NULL, "a time of zero");
		else if (scaled % 1000000000u != 0)
			error_at(c, q->at, "L09", NULL, "the board's clock has %lu ticks a second: this is no whole number of them",
				c->board.timebase);
	}
	if (component->budget.given && component->budget.value > component->period.value)
		error_at(c, component->budget.at, "B02", NULL, "the budget of `%s` is longer than its period", component->name.text);
	if (component->priority.given && component->priority.value >= PRIORITIES)
		error_at(c, component->priority.at, "B05", "255 is the highest", "priority %lu does not exist",
			component->priority.value);
}

static void check_sizes(struct capdl *c, const struct component *component)
{
	u64 threads = component->threads.given ? component->threads.value : 1;
	u64 stack = component->stack.given ? component->stack.value : 16384;

	if (threads == 0 || threads > LIMIT_THREADS)
		error_at(c, component->threads.at, "X03", NULL, "a component has 1 to %u threads", LIMIT_THREADS);
	else if (stack == 0 || stack % PAGE != 0)
		error_at(c, component->stack.at, "M14", NULL, "a stack is a whole number of 4 KiB pages");
	else if (stack > STACK_TOP || threads * (stack + PAGE) > STACK_TOP - 2 * IMAGE_BASE)
		error_at(c, component->stack.given ? component->stack.at : component->threads.at, "M13", NULL,
			"the stacks leave no room for the image below 0x%lx", STACK_TOP);
	for (u32 i = 0; i < component->item_count; i++) {
		const struct item *item = &component->items[i];

		if ((item->kind == ITEM_DMA || item->kind == ITEM_MEMORY || item->kind == ITEM_UNTYPED) && item->size.value == 0)
			error_at(c, item->size.at, "M07", NULL, "size zero");
		else if (item->kind == ITEM_UNTYPED && (item->size.value & (item->size.value - 1)) != 0)
			error_at(c, item->size.at, "M05", NULL, "the size of untyped memory is a power of two");
	}
}

void check(struct capdl *c)
{
	if (c->errors > 0 && c->spec.component_count == 0)
		return;
	for (u32 i = 0; i < c->spec.component_count; i++) {
		check_time(c, &c->spec.components[i]);
		check_sizes(c, &c->spec.components[i]);
	}
	for (u32 i = 0; i < c->spec.connection_count; i++)
		if (c->spec.connections[i].memory.given && c->spec.connections[i].memory.value == 0)
			error_at(c, c->spec.connections[i].memory.at, "M07", NULL, "size zero");
}
