/* invariants.c - the seven invariants of the architecture page, checked on a concrete state of the kernel.
 *
 * Written against the page, not against the kernel: everything is found anew from the derivation list, the dying lists
 * and the slots of the objects that these name. */
#include "invariants.h"
#include "world.h"

#define MAX_OBJECTS 4096u
#define MAX_SLOTS 0x800000u /* 256 MiB */
#define FAIL(what, number) test_fail(__FILE__, __LINE__, what, number, 0)
#define CHECK(condition, what, number) do { if (!(condition)) FAIL(what, number); } while (0)

/* An object of the kernel or a page: granules [start, end), absolute. */
struct object {
	u64 start;
	u64 end;
	u32 type;      /* enum cap_type; CAP_UNTYPED: a ram page */
	u32 index;
	u32 size_bits; /* table: log2 slots; space: level */
	bool dying;
};
static struct object objects[MAX_OBJECTS];
static u32 object_count;
unsigned int invariants_slots = (u32)(ARENA_BYTES / SLOT_BYTES);
static u8 listed[MAX_SLOTS];     /* 1: in the derivation list; 2: also found in a container */
static u32 caps[MAX_OBJECTS];
static u32 cap_count;
static u32 on_queue[MAX_OBJECTS]; /* threads found on queues */
static u32 on_queue_count;

unsigned int invariants_live_caps(void)
{
	return cap_count;
}

static bool is_linked(u32 s)
{
	return slots[s].type >= CAP_UNTYPED && slots[s].type <= CAP_THREAD;
}

static void add_object(u32 type, u32 index, u32 size_bits, bool dying)
{
	struct object *o = &objects[object_count++];
	u64 size = 0;
	u64 offset = 0;

	CHECK(object_count < MAX_OBJECTS, "more objects than the checker has room for", object_count);
	switch (type) {
	case CAP_ENDPOINT:
	case CAP_NOTIFICATION:
		size = ENDPOINT_BYTES;
		offset = (u64)index * ENDPOINT_BYTES;
		break;
	case CAP_TABLE:
		size = (u64)SLOT_BYTES << size_bits;
		offset = (u64)index * SLOT_BYTES;
		break;
	case CAP_SPACE:
		size = SPACE_BYTES;
		offset = (u64)index * SPACE_BYTES;
		break;
	case CAP_THREAD:
		size = THREAD_BYTES;
		offset = (u64)index * THREAD_BYTES;
		break;
	default:
		size = 1ul << size_bits;
		offset = (u64)index * GRANULE - machine.base;
		break;
	}
	CHECK(offset % size == 0, "I1: an object is not aligned to its size", index);
	o->start = machine.base_granule + offset / GRANULE;
	o->end = o->start + size / GRANULE;
	o->type = type;
	o->index = index;
	o->size_bits = size_bits;
	o->dying = dying;
}

static int by_start(const void *a, const void *b)
{
	const struct object *x = a;
	const struct object *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static struct object *find_object(u32 type, u32 index)
{
	for (u32 i = 0; i < object_count; i++)
		if (objects[i].type == type && objects[i].index == index)
			return &objects[i];
	return NULL;
}

static u64 start_of(u32 s)
{
	return slots[s].object;
}

static u64 end_of(u32 s)
{
	return slots[s].object + (1ul << (slots[s].size_bits - 6));
}

/* ---- I3: the list, tree order, and what a child may be ---- */
static u8 carved_rights(u32 s)
{
	u32 p = slots[s].parent;

	switch (slots[s].type) {
	case CAP_UNTYPED:
		return (slots[p].rights & RIGHT_RETYPE) != 0 && (slots[s].rights & RIGHT_RETYPE) != 0 ? slots[p].rights :
			slots[p].rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
	case CAP_ENDPOINT:
		return RIGHT_READ | RIGHT_WRITE | RIGHT_CALL | RIGHT_GRANT;
	case CAP_THREAD:
		return RIGHT_READ | RIGHT_WRITE | (slots[p].rights & RIGHT_SCHEDULE);
	default:
		return RIGHT_READ | RIGHT_WRITE;
	}
}

/* The right to schedule may be left out of memory that is carved on. */
static bool carves(u32 s)
{
	return slots[s].type == CAP_UNTYPED && (slots[s].rights & RIGHT_RETYPE) != 0;
}

static void check_child(u32 s)
{
	u32 p = slots[s].parent;

	if (slots[s].original != 0) {
		CHECK(slots[p].type == CAP_UNTYPED && (slots[p].rights & RIGHT_RETYPE) != 0, "I3: carved from no carver", s);
		CHECK(slots[p].watermark != 0, "I3: carved from memory that counts as free", s);
		CHECK(slots[s].rights == carved_rights(s) || (carves(s) && slots[s].rights == (carved_rights(s) & ~RIGHT_SCHEDULE)),
		      "I3: a carved capability has rights not of its kind", s);
		if (slots[s].type != CAP_UNTYPED)
			CHECK(slots[p].kind == MEMORY_RAM, "I3: a kernel object in memory that is not ram", s);
		else
			CHECK(slots[p].kind == slots[s].kind, "I3: memory changed its kind", s);
		return;
	}
	CHECK(slots[p].type == slots[s].type && slots[p].object == slots[s].object, "I3: a copy names another object", s);
	CHECK((slots[s].rights & ~slots[p].rights) == 0, "I3: a copy has more rights than its source", s);
	if (slots[s].type == CAP_UNTYPED || slots[s].type == CAP_TABLE)
		CHECK(slots[p].size_bits == slots[s].size_bits, "I3: a copy changed its size", s);
	if (slots[s].type == CAP_UNTYPED || slots[s].type == CAP_SPACE)
		CHECK(slots[p].kind == slots[s].kind, "I3: a copy changed its kind or level", s);
	if (slots[s].type == CAP_ENDPOINT || slots[s].type == CAP_NOTIFICATION)
		CHECK(slots[p].badge == 0 || slots[p].badge == slots[s].badge, "I3: a badge was replaced", s);
	if (slots[s].type == CAP_UNTYPED) {
		u32 bits = slots[s].size_bits;

		CHECK((slots[s].rights & (RIGHT_RETYPE | RIGHT_SCHEDULE)) == 0, "I3: a copy can be carved", s);
		CHECK(bits == 12 || bits == 21 || bits == 30, "I3: a copy of memory without a page's size", s);
		if ((slots[p].rights & RIGHT_RETYPE) != 0)
			CHECK(slots[p].kind != MEMORY_RAM && slots[p].watermark == 0, "I3: carved memory is lent too", s);
	}
}

static void check_derivation(void)
{
	u32 stack[256];
	u32 depth = 0;
	u32 before = CAP_ROOT;

	CHECK(invariants_slots <= MAX_SLOTS, "more memory than the checker has room for", invariants_slots);
	memset(listed, 0, invariants_slots);
	cap_count = 0;
	stack[0] = CAP_ROOT;
	for (u32 s = slots[CAP_ROOT].next; s != CAP_END; before = s, s = slots[s].next) {
		CHECK(s < invariants_slots && listed[s] == 0, "I3: the list leaves memory or has a cycle", s);
		listed[s] = 1;
		caps[cap_count++] = s;
		CHECK(cap_count < MAX_OBJECTS, "more capabilities than the checker has room for", cap_count);
		CHECK(is_linked(s), "I3: the list holds a slot without a capability", s);
		CHECK(slots[s].prev == before, "I3: prev does not match next", s);
		while (depth > 0 && stack[depth] != slots[s].parent)
			depth--;
		CHECK(stack[depth] == slots[s].parent, "I3: the list is not in tree order", s);
		depth++;
		stack[depth] = s;
		CHECK(slots[s].depth == depth && depth <= CAP_MAX_DEPTH, "I3: a wrong depth", s);
		if (slots[s].parent != CAP_ROOT)
			check_child(s);
		else
			CHECK(slots[s].type == CAP_UNTYPED && slots[s].original != 0, "I3: a root that is not memory", s);
		CHECK(slots[s].type != CAP_UNTYPED || slots[s].kind != MEMORY_DEVICE || (slots[s].rights & RIGHT_EXECUTE) == 0,
		      "I3: executable device memory", s);
		CHECK(slots[s].type != CAP_UNTYPED || slots[s].kind != MEMORY_ROM || (slots[s].rights & RIGHT_WRITE) == 0,
		      "I3: writable rom", s);
	}
	CHECK(slots[CAP_END].prev == before, "I3: the end of the list", before);
}

/* ---- I1, I2: where things lie ---- */
static void collect_objects(void)
{
	object_count = 0;
	for (u32 i = 0; i < cap_count; i++) {
		struct slot *c = &slots[caps[i]];

		if (c->original == 0 || (c->type == CAP_UNTYPED && ((c->rights & RIGHT_RETYPE) != 0 || c->kind != MEMORY_RAM)))
			continue;
		add_object(c->type, c->object, c->type == CAP_SPACE ? c->kind : c->size_bits, false);
	}
	for (u32 t = hart.dying[DYING_THREADS].head, n = 0; t != NONE; t = threads[t].link, n++) {
		CHECK(n < MAX_OBJECTS, "I1: a cycle in the dying threads", t);
		add_object(CAP_THREAD, t, 0, true);
	}
	for (u32 q = hart.dying[DYING_QUEUES].head, n = 0; q != NONE; q = queues[q].link, n++) {
		CHECK(n < MAX_OBJECTS && queues[q].dying != 0, "I1: the list of dying queues", q);
		add_object(queues[q].kind == QUEUE_ENDPOINT ? CAP_ENDPOINT : CAP_NOTIFICATION, q, 0, true);
	}
	for (u32 s = hart.dying[DYING_TABLES].head, n = 0; s != NONE; s = slots[s].next, n++) {
		CHECK(n < MAX_OBJECTS, "I1: a cycle in the dying tables", s);
		CHECK(slots[s].parent >= 2 && (slots[s].parent & (slots[s].parent - 1)) == 0, "I1: the size of a dying table", s);
		add_object(CAP_TABLE, s, (u32)__builtin_ctz(slots[s].parent), true);
	}
	for (u32 s = hart.dying[DYING_SPACES].head, n = 0; s != NONE; s = slots[s].next, n++) {
		CHECK(n < MAX_OBJECTS && s % SPACE_SLOTS == SPACE_HEADER, "I1: a cycle in the dying spaces", s);
		add_object(CAP_SPACE, s / SPACE_SLOTS, 3, true);
	}
	for (u32 i = 0; i < DYING_LISTS; i++)
		CHECK((hart.dying[i].head == NONE) == (hart.dying[i].tail == NONE), "I1: head and tail of a dying list", i);
}

static void check_ranges(void)
{
	for (u32 i = 0; i < cap_count; i++) {
		u32 s = caps[i];

		if (slots[s].type != CAP_UNTYPED || (slots[s].rights & RIGHT_RETYPE) == 0)
			continue;
		CHECK(slots[s].watermark <= end_of(s) - start_of(s), "I1: a watermark beyond the memory", s);
		CHECK(start_of(s) % (end_of(s) - start_of(s)) == 0, "I1: memory that is not aligned to its size", s);
		/* everything below it lies in the handed-out part */
		for (u32 k = 0; k < object_count; k++)
			if (objects[k].start < end_of(s) && objects[k].end > start_of(s))
				CHECK(objects[k].start >= start_of(s) && objects[k].end <= start_of(s) + slots[s].watermark,
				      "I1: an object beyond the watermark of memory that contains it", s);
		/* untyped children: inside, and siblings apart; the list order makes siblings reachable through parent */
		for (u32 k = 0; k < cap_count; k++) {
			u32 c = caps[k];

			if (slots[c].type != CAP_UNTYPED || slots[c].parent != s || slots[c].original == 0)
				continue;
			CHECK(start_of(c) >= start_of(s) && end_of(c) <= start_of(s) + slots[s].watermark,
			      "I1: carved memory beyond the watermark", c);
			for (u32 m = k + 1; m < cap_count; m++)
				if (slots[caps[m]].type == CAP_UNTYPED && slots[caps[m]].parent == s &&
				    slots[caps[m]].original != 0)
					CHECK(end_of(c) <= start_of(caps[m]) || end_of(caps[m]) <= start_of(c),
					      "I1: siblings overlap", c);
		}
		/* an object that was carved directly must not lie in a sibling's memory */
		if (slots[s].parent != CAP_ROOT)
			for (u32 k = 0; k < cap_count; k++) {
				u32 c = caps[k];
				struct object *o = slots[c].original != 0 && slots[c].parent == slots[s].parent &&
					slots[c].type != CAP_UNTYPED ? find_object(slots[c].type, slots[c].object) : NULL;

				if (o != NULL)
					CHECK(o->end <= start_of(s) || o->start >= end_of(s), "I1: an object in a sibling's memory", c);
			}
	}
}

/* Memory that was zeroed ahead of the watermark is zero: retype trusts that. */
static void check_zeroed(void)
{
	for (u32 i = 0; i < cap_count; i++) {
		struct slot *c = &slots[caps[i]];

		if (c->type != CAP_UNTYPED || c->kind != MEMORY_RAM || (c->rights & RIGHT_RETYPE) == 0)
			continue;
		for (u64 g = c->watermark; g < c->badge; g++)
			CHECK(words[8 * (c->object - machine.base_granule + g)] == 0, "I2: memory counts as zeroed and is not", caps[i]);
	}
}

static void check_no_aliasing(void)
{
	qsort(objects, object_count, sizeof objects[0], by_start);
	for (u32 i = 1; i < object_count; i++)
		CHECK(objects[i - 1].end <= objects[i].start, "I2: two objects or pages share memory", (u32)objects[i].start);
}

/* ---- Slots: all of them stand in a container; I4 image; I6 replies ---- */
static void check_reply(u32 s, u32 container)
{
	u32 t = slots[s].object;

	CHECK(container == IN_TABLE, "I6: a reply outside a table", s);
	CHECK(find_object(CAP_THREAD, t) != NULL && !find_object(CAP_THREAD, t)->dying, "I6: a reply to no thread", s);
	if (slots[s].type == CAP_REPLY) {
		CHECK(threads[t].state == THREAD_AWAITING_REPLY && threads[t].reply == s, "I6: the caller does not point back", s);
		return;
	}
	if (threads[t].state == THREAD_RECEIVING && threads[t].reply == s)
		return;
	CHECK((threads[t].state == THREAD_RECEIVING || threads[t].state == THREAD_CALLING ||
	       threads[t].state == THREAD_AWAITING_REPLY) && threads[t].arrival == s, "I6: a reservation of nobody", s);
}

static void check_slot(u32 s, u32 container)
{
	if (slots[s].type == CAP_EMPTY)
		return;
	if (slots[s].type == CAP_REPLY || slots[s].type == CAP_RESERVED) {
		check_reply(s, container);
		return;
	}
	CHECK(is_linked(s) && listed[s] == 1, "I3: a capability outside the list", s);
	CHECK(slots[s].container == container, "I4: a slot that does not know its container", s);
	listed[s] = 2;
}

static void check_entry(struct object *space, u32 i)
{
	u32 s = space->index * SPACE_SLOTS + SPACE_FIRST_SLOT + i;
	u64 entry = ptes[space->index * SPACE_PTES + i];
	u32 rights = slots[s].rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
	u32 level = space->size_bits;

	check_slot(s, IN_SPACE);
	if (slots[s].type == CAP_EMPTY) {
		CHECK(entry == (level == 2 && i >= SPACE_ROOT_ENTRIES ? fake_kernel_entry(i) : 0) ||
		      (space->dying && i >= SPACE_ROOT_ENTRIES), "I4: an entry without a capability", s);
		return;
	}
	CHECK(level != 2 || i < SPACE_ROOT_ENTRIES, "I4: a capability in the kernel half", s);
	if (slots[s].type == CAP_SPACE) {
		CHECK(entry == fake_entry_level(machine.base_granule + slots[s].object * (SPACE_BYTES / GRANULE)), "I4: level", s);
		CHECK(level == 3 || slots[s].kind + 1u == level, "I4: a level in the wrong level", s);
		return;
	}
	CHECK(slots[s].type == CAP_UNTYPED, "I4: neither page nor level", s);
	CHECK(entry == fake_entry_page(slots[s].object, slots[s].rights), "I4: the entry is not the image", s);
	CHECK(rights == RIGHT_READ || rights == (RIGHT_READ | RIGHT_WRITE) || rights == (RIGHT_READ | RIGHT_EXECUTE),
	      "I4: rights that no mapping may have", s);
	CHECK((slots[s].rights & RIGHT_RETYPE) == 0, "I2: mapped memory that can be carved", s);
	CHECK(level == 3 || slots[s].size_bits == 12 + 9 * level, "I4: a page of another size", s);
}

static void check_containers(void)
{
	for (u32 n = 0; n < KERNEL_TABLE_SLOTS; n++)
		check_slot(KERNEL_TABLE + n, IN_TABLE);
	for (u32 i = 0; i < object_count; i++) {
		struct object *o = &objects[i];

		if (o->type == CAP_TABLE)
			for (u32 n = 0; n < 1u << o->size_bits; n++)
				check_slot(o->index + n, IN_TABLE);
		if (o->type == CAP_TABLE)
			CHECK(slots[o->index].type == CAP_EMPTY, "I1: something in the header of a table", o->index);
		if (o->type == CAP_THREAD)
			for (u32 n = 0; n < THREAD_SLOTS; n++)
				check_slot(thread_slot(o->index, n), IN_THREAD);
		if (o->type == CAP_SPACE)
			for (u32 n = 0; n < SPACE_ENTRIES; n++)
				check_entry(o, n);
	}
	for (u32 i = 0; i < cap_count; i++)
		CHECK(listed[caps[i]] == 2, "I2: a live slot in memory that is no container", caps[i]);
	/* a level is installed exactly where its header says */
	for (u32 i = 0; i < object_count; i++) {
		u32 count = 0;

		if (objects[i].type != CAP_SPACE)
			continue;
		for (u32 k = 0; k < cap_count; k++)
			if (slots[caps[k]].type == CAP_SPACE && slots[caps[k]].object == objects[i].index &&
			    slots[caps[k]].container == IN_SPACE)
				count++;
		CHECK(slots[objects[i].index * SPACE_SLOTS + SPACE_HEADER].installed == count, "I4: installed", objects[i].index);
	}
}

/* ---- I5: queues ---- */
static void walk_queue(u32 q, u32 kind)
{
	u32 before = NONE;

	CHECK(queues[q].kind == kind, "I5: a queue of the wrong kind", q);
	for (u32 t = queues[q].head; t != NONE; before = t, t = threads[t].next) {
		CHECK(on_queue_count < MAX_OBJECTS, "I5: a cycle in a queue", q);
		on_queue[on_queue_count++] = t;
		CHECK(threads[t].queue == q && threads[t].prev == before, "I5: a thread that does not point back", t);
	}
	CHECK(queues[q].tail == before, "I5: the tail of a queue", q);
}

static u32 partition_queue(u32 partition, u32 n)
{
	return READY_QUEUES + partition * PARTITION_QUEUES + n;
}

/* 0 and those with a window exist. */
static bool partition_exists(u32 partition)
{
	for (u32 w = 0; w < hart.windows; w++)
		if (hart.schedule[w].partition == partition)
			return true;
	return partition == 0;
}

static void walk_partition(u32 partition)
{
	bool open = partition == hart.partition;
	const u64 *ready = open ? hart.ready : hart.closed[partition].ready;
	u64 wheel_bits = open ? hart.wheel_bits : hart.closed[partition].wheel_bits;
	u32 top = 0;

	for (u32 p = 0; p < PRIORITIES; p++) {
		u32 q = partition_queue(partition, p);

		walk_queue(q, QUEUE_READY);
		CHECK((ready[p / 64] >> (p % 64) & 1) == (queues[q].head != NONE), "I5: the ready bitmap", q);
		if (queues[q].head != NONE)
			top = p + 1;
	}
	CHECK(!open || hart.top == top, "I5: the highest ready priority", hart.top);
	for (u32 w = 0; w < WHEEL_SLOTS; w++) {
		u32 q = partition_queue(partition, PRIORITIES + w);

		walk_queue(q, QUEUE_WHEEL);
		CHECK((wheel_bits >> w & 1) == (queues[q].head != NONE), "I5: the bits of the wheel", q);
	}
	walk_queue(partition_queue(partition, PRIORITIES + WHEEL_SLOTS), QUEUE_WHEEL);
}

static void walk_queues(void)
{
	on_queue_count = 0;
	CHECK(hart.queues == partition_queue(hart.partition, 0) && partition_exists(hart.partition), "I5: the open partition",
	      hart.partition);
	for (u32 partition = 0; partition < PARTITIONS; partition++)
		if (partition_exists(partition))
			walk_partition(partition);
	for (u32 i = 0; i < object_count; i++)
		if (objects[i].type == CAP_ENDPOINT || objects[i].type == CAP_NOTIFICATION)
			walk_queue(objects[i].index, objects[i].type == CAP_ENDPOINT ? QUEUE_ENDPOINT : QUEUE_NOTIFICATION);
}

static bool state_fits(u32 t)
{
	u32 q = threads[t].queue;
	struct object *o = NULL;

	switch (threads[t].state) {
	case THREAD_STOPPED:
	case THREAD_AWAITING_REPLY:
		return q == NONE && hart.current != t;
	case THREAD_READY:
		/* a server whose payer changed its partition, or is gone, may still stand where it stood: sched_change_payer looks */
		return hart.current == t ? q == NONE : q >= READY_QUEUES && (q - READY_QUEUES) / PARTITION_QUEUES < PARTITIONS &&
			(q - READY_QUEUES) % PARTITION_QUEUES == threads[t].priority &&
			(threads[t].passive != 0 || q == partition_queue(threads[t].partition, threads[t].priority));
	case THREAD_EXHAUSTED:
		return hart.current == t ? q == NONE : q >= partition_queue(threads[t].partition, PRIORITIES) &&
			q <= partition_queue(threads[t].partition, PRIORITIES + WHEEL_SLOTS);
	case THREAD_SENDING:
	case THREAD_CALLING:
		o = find_object(CAP_ENDPOINT, q);
		return o != NULL && queues[q].receivers == 0 && hart.current != t;
	case THREAD_RECEIVING:
		o = find_object(CAP_ENDPOINT, q);
		return o != NULL && queues[q].receivers != 0 && hart.current != t;
	case THREAD_WAITING:
		o = find_object(CAP_NOTIFICATION, q);
		return o != NULL && hart.current != t;
	default:
		return false;
	}
}

static void check_reservations(u32 t)
{
	u32 r = threads[t].reply;
	u32 a = threads[t].arrival;
	u32 state = threads[t].state;

	CHECK((r != NONE) == (state == THREAD_RECEIVING || state == THREAD_AWAITING_REPLY), "I6: reply and state", t);
	if (r != NONE)
		CHECK(slots[r].object == t && slots[r].type == (state == THREAD_RECEIVING ? CAP_RESERVED : CAP_REPLY),
		      "I6: the reply slot does not point back", t);
	if (a != NONE) {
		CHECK(state == THREAD_RECEIVING || state == THREAD_CALLING || state == THREAD_AWAITING_REPLY,
		      "I6: a reservation of a thread that does not wait", t);
		CHECK(slots[a].type == CAP_RESERVED && slots[a].object == t, "I6: the arrival slot does not point back", t);
	}
}

static void check_mirrors(u32 t)
{
	struct slot *table = &slots[thread_slot(t, THREAD_TABLE)];
	struct slot *space = &slots[thread_slot(t, THREAD_SPACE)];
	struct slot *bound = &slots[thread_slot(t, THREAD_BOUND)];

	if (table->type == CAP_EMPTY)
		CHECK(threads[t].table_size == 0, "I5: a thread with a table that it has not", t);
	else
		CHECK(table->type == CAP_TABLE && threads[t].table == table->object &&
		      threads[t].table_size == 1u << table->size_bits, "I5: a thread's table", t);
	if (space->type == CAP_EMPTY)
		CHECK(threads[t].root == NONE, "I5: a thread with a space that it has not", t);
	else
		CHECK(space->type == CAP_SPACE && space->kind == 2 && threads[t].root == space->object, "I5: a thread's space", t);
	if (threads[t].state != THREAD_STOPPED)
		CHECK(threads[t].table_size != 0 && threads[t].root != NONE, "I5: a thread that goes on without table or space", t);
	if (bound->type == CAP_EMPTY)
		CHECK(threads[t].bound == NONE, "I5: a thread bound to nothing", t);
	else
		CHECK(bound->type == CAP_NOTIFICATION && threads[t].bound == bound->object &&
		      queues[bound->object].bound == t, "I5: a thread's bound notification", t);
}

static void check_payers(u32 t)
{
	u32 client = threads[t].client;
	u32 server = threads[t].server;
	u32 top = t;

	if (client != NONE) {
		CHECK(find_object(CAP_THREAD, client) != NULL && !find_object(CAP_THREAD, client)->dying, "I7: a dead payer", t);
		CHECK(threads[t].passive != 0 && threads[client].server == t, "I7: client and server", t);
		CHECK(threads[client].state == THREAD_AWAITING_REPLY, "I7: a client that does not wait", t);
	}
	if (server != NONE)
		CHECK(find_object(CAP_THREAD, server) != NULL && threads[server].client == t, "I7: server and client", t);
	for (u32 i = 0; threads[top].client != NONE; i++, top = threads[top].client)
		CHECK(i < CHAIN_MAX, "I7: a chain of payers that is too long or a cycle", t);
	if (t == hart.current)
		CHECK(hart.payer == top, "I7: not the payer pays", t);
}

static void check_threads(void)
{
	u32 queued = 0;

	for (u32 i = 0; i < object_count; i++) {
		u32 t = objects[i].index;

		if (objects[i].type != CAP_THREAD)
			continue;
		CHECK(state_fits(t), "I5: a thread is not where its state says", t);
		CHECK(!objects[i].dying || (threads[t].state == THREAD_STOPPED && threads[t].client == NONE &&
					    threads[t].server == NONE), "I5: a dying thread is in use", t);
		queued += threads[t].queue != NONE;
		check_reservations(t);
		check_mirrors(t);
		check_payers(t);
		CHECK(threads[t].fault == 0 || threads[t].state == THREAD_CALLING || threads[t].state == THREAD_AWAITING_REPLY,
		      "I5: a fault that nobody is told", t);
	}
	CHECK(queued == on_queue_count, "I5: a queue holds what is no thread", queued);
	for (u32 i = 0; i < object_count; i++) {
		u32 q = objects[i].index;

		if (objects[i].type == CAP_NOTIFICATION && queues[q].bound != NONE)
			CHECK(find_object(CAP_THREAD, queues[q].bound) != NULL && threads[queues[q].bound].bound == q,
			      "I5: a notification bound to no thread", q);
	}
}

/* ---- I7 and the hart's variables ---- */
static void check_time(void)
{
	u32 t = hart.current;
	u32 p = hart.payer;

	CHECK(fake.timer == hart.armed || (hart.armed == NEVER && fake.timer <= fake.time), "I7: armed is not what was set",
	      (u32)hart.armed);
	for (u32 n = 0; n < hart.windows; n++)
		CHECK(hart.schedule[n].ticks >> machine.wheel_shift != 0 && hart.schedule[n].partition < PARTITIONS, "a window", n);
	if (hart.wheel_bits != 0)
		CHECK(hart.armed <= (hart.wheel_at + 1) << machine.wheel_shift || hart.armed <= fake.time,
		      "I7: the wheel turns without a timer", t);
	for (u32 i = 0; i < hart.timers_used; i++)
		CHECK(hart.timers[i].deadline >= hart.armed, "I7: a timer without the hardware's", i);
	CHECK(hart.armed <= hart.window_end, "I7: nothing ends the window", hart.window);
	CHECK((hart.window_end == NEVER) == (hart.windows == 0), "I7: a window without a schedule", hart.window);
	CHECK(p == NONE || threads[p].partition == hart.partition, "I7: a closed partition runs", p);
	CHECK(hart.holder == t, "payload: the registers are not the running thread's", hart.holder);
	if (t == NONE) {
		CHECK(hart.top == 0 || (hart.windows != 0 && hart.armed <= fake.time), "I7: idle although a thread is ready", hart.top);
		CHECK(p == NONE, "I7: somebody pays for idling", p);
		return;
	}
	CHECK(find_object(CAP_THREAD, t) != NULL && !find_object(CAP_THREAD, t)->dying, "I7: a dead thread runs", t);
	CHECK(hart.root == threads[t].root && fake.root == hart.root, "I7: another space is loaded", t);
	CHECK(threads[t].priority + 1u >= hart.top || threads[t].state == THREAD_READY, "I7: not the most important runs", t);
	CHECK(threads[t].state == THREAD_EXHAUSTED || threads[t].priority + 1u >= hart.top, "I7: not the highest runs", t);
	CHECK(threads[t].state != THREAD_EXHAUSTED || hart.top == 0, "I7: the rest is shared although one is ready", t);
	if (threads[t].left == 0 && threads[t].client == NONE && threads[t].state == THREAD_READY)
		CHECK(hart.armed <= fake.time, "I7: runs without budget", t);
	CHECK(hart.armed <= hart.since + (threads[p].left != 0 ? threads[p].left : machine.slice), "I7: nothing ends its turn", t);
	if (threads[t].client != NONE && threads[t].limit != 0) {
		long end = (long)hart.since + (long)threads[t].limit - (int)threads[t].spent; /* which may be negative */

		CHECK((long)hart.armed <= (end > (long)fake.time ? end : (long)fake.time), "I7: nothing ends its call", t);
	}
}

static void check_hart(void)
{
	struct object *o = find_object(CAP_SPACE, hart.root);

	CHECK(hart.root == KERNEL_SPACE || (o != NULL && !o->dying), "I4: the MMU walks a space that is gone", hart.root);
	for (u32 line = 1; line < N_LINES; line++) {
		u32 q = hart.lines[line].queue;

		if (q == NONE) {
			CHECK(!fake.enabled[line], "a line of nobody is on", line);
			continue;
		}
		CHECK(find_object(CAP_NOTIFICATION, q) != NULL && !find_object(CAP_NOTIFICATION, q)->dying, "a dead line", line);
		CHECK(fake.enabled[line] || ((queues[q].taken | queues[q].bits) & hart.lines[line].bit) != 0,
		      "a line is off and nobody will switch it on", line);
	}
	for (u32 i = 0; i < hart.timers_used; i++)
		CHECK(find_object(CAP_NOTIFICATION, hart.timers[i].queue) != NULL, "a timer of no notification", i);
}

void check_invariants(void)
{
	check_derivation();
	collect_objects();
	check_ranges();
	check_zeroed();
	check_no_aliasing();
	check_containers();
	walk_queues();
	check_threads();
	check_hart();
	check_time();
}
