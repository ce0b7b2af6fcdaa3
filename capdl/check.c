/* check.c - what can be said about a specification before anything is laid out: sizes, time, devices, calls. */
#include "capdl.h"

#include <stdlib.h>

static void check_time(struct capdl *c, const struct component *component)
{
	const struct quantity *quantities[] = {&component->budget, &component->period, &component->limit};

	for (u32 i = 0; i < 3; i++) {
		const struct quantity *q = quantities[i];
		unsigned __int128 scaled = (unsigned __int128)q->value * c->board.timebase;

		if (!q->given || q->bad)
			continue;
		if (q->value == 0)
			error_at(c, q->at, "B01", NULL, "a time of zero");
		else if (scaled % 1000000000u != 0)
			error_at(c, q->at, "L09", NULL, "the board's clock has %lu ticks a second: this is no whole number of them",
				c->board.timebase);
		else if (scaled / 1000000000u > TICKS_MAX)
			error_at(c, q->at, "B03", NULL, "the kernel counts to %lu ticks, which are %lu s on this board", TICKS_MAX,
				TICKS_MAX / c->board.timebase);
	}
	if (component->budget.given && !component->budget.bad && !component->period.bad &&
	    component->budget.value > component->period.value)
		error_at(c, component->budget.at, "B02", NULL, "the budget of `%s` is longer than its period", component->name.text);
	if (component->priority.given && !component->priority.bad && component->priority.value >= PRIORITIES)
		error_at(c, component->priority.at, "B05", "255 is the highest", "priority %lu does not exist",
			component->priority.value);
}

static void check_window(struct capdl *c, struct window *window)
{
	const struct quantity *q = &window->time;
	unsigned __int128 scaled = (unsigned __int128)q->value * c->board.timebase;

	window->ticks = (u64)(scaled / 1000000000u);
	if (q->bad)
		return;
	if (q->value < WINDOW_MIN)
		error_at(c, q->at, "B09", "the shortest window is 1ms", q->value == 0 ? "a window of no time" :
			"a window that is too short: the kernel's own work would fill it");
	else if (scaled % 1000000000u != 0)
		error_at(c, q->at, "L09", NULL, "the board's clock has %lu ticks a second: this is no whole number of them",
			c->board.timebase);
	else if (window->ticks > TICKS_MAX)
		error_at(c, q->at, "B03", NULL, "the kernel counts to %lu ticks, which are %lu s on this board", TICKS_MAX,
			TICKS_MAX / c->board.timebase);
}

static void check_sizes(struct capdl *c, const struct component *component)
{
	u64 threads = component->threads.given ? component->threads.value : 1;
	u64 stack = component->stack.given ? component->stack.value : 16384;

	if (component->threads.bad || component->stack.bad)
		return;
	if (threads == 0 || threads > LIMIT_THREADS)
		error_at(c, component->threads.at, "X03", NULL, "a component has 1 to %u threads", LIMIT_THREADS);
	else if (stack == 0 || stack % PAGE != 0)
		error_at(c, component->stack.at, "M14", NULL, "a stack is a whole number of 4 KiB pages");
	else if (stack > STACK_TOP || threads * (stack + PAGE) > STACK_TOP - 2 * IMAGE_BASE)
		error_at(c, component->stack.given ? component->stack.at : component->threads.at, "M13", NULL,
			"the stacks leave no room for the image below 0x%lx", STACK_TOP);
	for (u32 i = 0; i < component->item_count; i++) {
		const struct item *item = &component->items[i];

		if (item->size.bad)
			continue;
		if ((item->kind == ITEM_DMA || item->kind == ITEM_MEMORY || item->kind == ITEM_UNTYPED) && item->size.value == 0)
			error_at(c, item->size.at, "M07", NULL, "size zero");
		else if (item->kind == ITEM_UNTYPED && (item->size.value & (item->size.value - 1)) != 0)
			error_at(c, item->size.at, "M05", NULL, "the size of untyped memory is a power of two");
	}
}

/* ---- devices ---- */

struct extent {
	u64 first, end;
	u32 device;
};

static int compare_extents(const void *left, const void *right)
{
	const struct extent *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->device < b->device ? -1 : a->device > b->device;
}

static void compare_neighbours(struct capdl *c, const struct extent *left, const struct extent *right)
{
	const struct device *a = &c->spec.devices[left->device], *b = &c->spec.devices[right->device];

	if (right->first < left->end) {
		error_at(c, b->name.at, "D02", NULL, "device `%s` overlaps device `%s`", b->name.text, a->name.text);
		error_also(c, a->name.at, "the other device");
	} else if (right->first / PAGE == (left->end - 1) / PAGE && a->owner != b->owner && a->owner != NONE &&
		   b->owner != NONE) {
		error_at(c, b->name.at, "D03", "let one component own both",
			"devices `%s` and `%s` of different owners share a 4 KiB page of registers", a->name.text, b->name.text);
		error_also(c, a->name.at, "the other device");
	}
}

static void check_devices(struct capdl *c)
{
	struct extent *extents = arena_take(&c->arena, (c->spec.device_count + 1) * sizeof *extents);
	struct map lines = {0};
	u32 count = 0;

	for (u32 i = 0; i < c->spec.device_count; i++) {
		const struct device *device = &c->spec.devices[i];

		if (!device->resolved)
			continue;
		extents[count++] = (struct extent){device->base, device->base + device->bytes, i};
		for (u32 j = 0; j < device->line_count; j++) {
			u32 other = map_get(&lines, NULL, device->lines[j]);

			if (other == NONE) {
				map_put(&c->arena, &lines, NULL, device->lines[j], i);
			} else {
				error_at(c, device->name.at, "D04", NULL, "interrupt line %u is given to two devices", device->lines[j]);
				error_also(c, c->spec.devices[other].name.at, "the other device");
			}
		}
	}
	if (count > 1)
		qsort(extents, count, sizeof *extents, compare_extents);
	for (u32 i = 1; i < count; i++) {
		compare_neighbours(c, &extents[i - 1], &extents[i]);
		if (extents[i - 1].end > extents[i].end)
			extents[i].end = extents[i - 1].end; /* a device inside an earlier one hides nothing */
	}
}

static void check_timers(struct capdl *c)
{
	u32 count = 0;

	for (u32 i = 0; i < c->spec.component_count; i++)
		if (c->spec.components[i].timer && ++count == TIMERS_MAX + 1)
			error_at(c, c->spec.components[i].timer_at, "X03", NULL, "the kernel has %u timers", TIMERS_MAX);
}

static void check_dma(struct capdl *c, const struct component *component)
{
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_DMA && !component->trusted)
			error_at(c, component->items[i].name.at, "D12", "write `trusted` into the component",
				"`%s` can let its device write anywhere, but is not marked as trusted", component->name.text);
}

/* ---- time and calls ---- */

static u64 priority_of(const struct component *component)
{
	return component->priority.given ? component->priority.value : 100;
}

static bool has_calls(const struct capdl *c, const struct connection *connection)
{
	return c->spec.protocols[connection->protocol].call_count > 0;
}

static void check_passive(struct capdl *c, u32 index)
{
	const struct component *component = &c->spec.components[index];
	bool called = false;

	if (!component->passive) {
		if (component->limit.given)
			error_at(c, component->limit.at, "B08", NULL, "only passive servers have a limit of calls");
		return;
	}
	if (component->budget.given)
		error_at(c, component->budget.at, "B08", "leave the budget out", "`%s` is passive: it runs on its callers' budgets",
			component->name.text);
	if (component->timer || component->faults || component->supervises)
		error_at(c, component->passive_at, "S10", NULL, "`%s` waits for more than calls, so it cannot be passive",
			component->name.text);
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_DEVICE)
			error_at(c, component->passive_at, "S10", NULL, "`%s` owns a device, so it cannot be passive",
				component->name.text);
	for (u32 i = 0; i < c->spec.connection_count; i++) {
		const struct connection *connection = &c->spec.connections[i];
		const struct protocol *protocol = &c->spec.protocols[connection->protocol];
		bool serves = connection->server_index == index;

		called |= serves && has_calls(c, connection);
		for (u32 j = 0; j < protocol->signal_count && (serves || connection->client_index == index); j++)
			if (protocol->signals[j].from_client == serves) {
				error_at(c, connection->at, "S10", NULL, "`%s` is passive, but `%s` is signalled to it", component->name.text,
					protocol->signals[j].name.text);
				break;
			}
	}
	if (!called)
		error_at(c, component->passive_at, "B08", NULL, "`%s` is passive, but nobody calls it", component->name.text);
}

static void check_utilisation(struct capdl *c)
{
	u64 sum = 0, limit = 100;
	struct span at = {NONE, 0, 0};

	for (u32 i = 0; i < c->spec.assertion_count; i++)
		if (c->spec.assertions[i].kind == ASSERT_UTILISATION && c->spec.assertions[i].limit <= limit) {
			limit = c->spec.assertions[i].limit;
			at = c->spec.assertions[i].at;
		}
	for (u32 i = 0; i < c->spec.component_count; i++) {
		const struct component *component = &c->spec.components[i];
		const struct quantity *budget = &component->budget, *period = &component->period;

		if (!budget->given || period->value == 0 || budget->value >= period->value)
			continue; /* a share of what is left over */
		sum += budget->value * 10000 / period->value * (component->threads.given ? component->threads.value : 1);
		if (sum > limit * 100 && at.file == NONE)
			at = budget->at;
	}
	if (sum > limit * 100)
		error_at(c, at, "B04", "give smaller budgets or longer periods",
			"%lu.%02lu%% of the processor is promised, the limit is %lu%%", sum / 100, sum % 100, limit);
}

/* What a partition's components are promised must fit into its windows. */
static void check_partition(struct capdl *c, u32 index)
{
	const struct partition *partition = &c->spec.partitions[index];
	u64 share = (u64)((unsigned __int128)partition->time * 10000 / c->spec.cycle), sum = 0;

	for (u32 i = 0; i < c->spec.component_count; i++) {
		const struct component *component = &c->spec.components[i];
		const struct quantity *budget = &component->budget, *period = &component->period;

		if (component->partition != index || !budget->given || budget->value >= period->value)
			continue;
		sum += budget->value * 10000 / period->value * (component->threads.given ? component->threads.value : 1);
		if (sum <= share)
			continue;
		error_at(c, budget->at, "B04", "give smaller budgets or longer windows",
			"%lu.%02lu%% of the processor is promised in partition `%s`, whose windows are %lu.%02lu%%", sum / 100,
			sum % 100, partition->name.text, share / 100, share % 100);
		error_also(c, c->spec.schedule_at, "the schedule");
		return;
	}
}

/* A passive server that is held in the middle of a call because its caller's window ended would hold up the callers of
 * other partitions. */
static void check_crossing(struct capdl *c, const struct connection *connection)
{
	const struct component *client = &c->spec.components[connection->client_index];
	const struct component *server = &c->spec.components[connection->server_index];

	if (!server->passive || !has_calls(c, connection) || client->partition == server->partition)
		return;
	error_at(c, connection->at, "B12", "give the server a budget of its own, or put both into one partition",
		"`%s` calls the passive server `%s` of another partition", client->name.text, server->name.text);
	error_also(c, server->partition_at, "where its partition is given");
}

static void check_schedule(struct capdl *c)
{
	if (c->spec.window_count == 0)
		return;
	for (u32 i = 0; i < c->spec.partition_count; i++)
		check_partition(c, i);
	for (u32 i = 0; i < c->spec.connection_count; i++)
		check_crossing(c, &c->spec.connections[i]);
}

static void check_call_priorities(struct capdl *c)
{
	for (u32 i = 0; i < c->spec.connection_count; i++) {
		const struct connection *connection = &c->spec.connections[i];
		const struct component *client = &c->spec.components[connection->client_index];
		const struct component *server = &c->spec.components[connection->server_index];

		if (has_calls(c, connection) && priority_of(server) < priority_of(client))
			error_at(c, connection->at, "B06", "raise the server's priority",
				"`%s` (priority %lu) calls `%s` (priority %lu), which is less important", client->name.text,
				priority_of(client), server->name.text, priority_of(server));
	}
}

/* Who waits for whom: calls, and faults that wait for the supervisor. Depth first; an edge back into the path of the
 * search closes a cycle. */
struct wait {
	u32 from, to, connection;
};

static int compare_waits(const void *left, const void *right)
{
	const struct wait *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->connection < b->connection ? -1 : a->connection > b->connection;
}

static void report_cycle(struct capdl *c, const struct wait *wait)
{
	const char *from = c->spec.components[wait->from].name.text, *to = c->spec.components[wait->to].name.text;

	if (wait->connection != NONE)
		error_at(c, c->spec.connections[wait->connection].at, "B07", "let one of them signal and share memory instead",
			"`%s` calls `%s`, which waits for `%s` itself", from, to, from);
	else
		error_at(c, c->spec.components[wait->to].supervises_at, "B07", "let it signal and share memory instead",
			"`%s` handles the faults of `%s` and waits for it in a call", to, from);
}

static void search_cycles(struct capdl *c, const struct wait *waits, const u32 *starts)
{
	u32 count = c->spec.component_count, depth;
	u32 *stack = arena_take(&c->arena, (count + 1) * sizeof *stack);
	u32 *next = arena_take(&c->arena, (count + 1) * sizeof *next);
	unsigned char *state = arena_take(&c->arena, count + 1); /* 1: on the path, 2: done */

	for (u32 first = 0; first < count; first++) {
		if (state[first] != 0)
			continue;
		stack[0] = first;
		next[first] = starts[first];
		state[first] = 1;
		for (depth = 1; depth > 0;) {
			u32 at = stack[depth - 1];
			const struct wait *wait = &waits[next[at]];

			if (next[at] == starts[at + 1]) {
				state[at] = 2;
				depth--;
				continue;
			}
			next[at]++;
			if (state[wait->to] == 1) {
				report_cycle(c, wait);
			} else if (state[wait->to] == 0) {
				state[wait->to] = 1;
				next[wait->to] = starts[wait->to];
				stack[depth++] = wait->to;
			}
		}
	}
}

static void check_cycles(struct capdl *c)
{
	u32 components = c->spec.component_count, count = 0;
	struct wait *waits = arena_take(&c->arena, (c->spec.connection_count + components + 1) * sizeof *waits);
	u32 *starts = arena_take(&c->arena, (components + 2) * sizeof *starts);

	for (u32 i = 0; i < c->spec.connection_count; i++)
		if (has_calls(c, &c->spec.connections[i]))
			waits[count++] = (struct wait){c->spec.connections[i].client_index, c->spec.connections[i].server_index, i};
	for (u32 i = 0; i < components; i++)
		if (c->spec.components[i].supervisor != NONE)
			waits[count++] = (struct wait){i, c->spec.components[i].supervisor, NONE};
	if (count > 1)
		qsort(waits, count, sizeof *waits, compare_waits);
	for (u32 i = 0; i < count; i++)
		starts[waits[i].from + 1] = i + 1;
	for (u32 i = 0; i < components; i++)
		if (starts[i + 1] < starts[i])
			starts[i + 1] = starts[i];
	search_cycles(c, waits, starts);
}

void check(struct capdl *c)
{
	for (u32 i = 0; i < c->spec.component_count; i++) {
		check_time(c, &c->spec.components[i]);
		check_sizes(c, &c->spec.components[i]);
		check_dma(c, &c->spec.components[i]);
	}
	for (u32 i = 0; i < c->spec.connection_count; i++)
		if (c->spec.connections[i].memory.given && !c->spec.connections[i].memory.bad &&
		    c->spec.connections[i].memory.value == 0)
			error_at(c, c->spec.connections[i].memory.at, "M07", NULL, "size zero");
	for (u32 i = 0; i < c->spec.window_count; i++)
		check_window(c, &c->spec.windows[i]);
	check_devices(c);
	check_timers(c);
	if (c->errors > 0)
		return; /* the rest follows references */
	for (u32 i = 0; i < c->spec.component_count; i++)
		check_passive(c, i);
	check_utilisation(c);
	check_schedule(c);
	check_call_priorities(c);
	check_cycles(c);
}
