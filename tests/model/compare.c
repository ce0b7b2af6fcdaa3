/* compare.c - the whole state of the kernel against the model: every slot, entry, thread, queue, bit and watermark. */
#include "compare.h"
#include <stdarg.h>

static char text[400];
static u64 mappings_before;   /* a sum over all mappings, and the fences when it was made */
static u32 fences_before;
static u32 loads_before;
static u32 flushes_before;
static u32 root_before;
static u64 stamps_before;       /* of the model: what was born since then is new */
static u64 asid_owner[65536]; /* root that used the ASID since the last flush */
static bool fresh = true;
u32 compare_kernel_slots = 128;

static const char *differ(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return text;
}
#define SAME(kernel, model, ...) do { \
	u64 kernel_ = (u64)(kernel), model_ = (u64)(model); \
	if (kernel_ != model_) { \
		char what_[200]; \
		(void)snprintf(what_, sizeof what_, __VA_ARGS__); \
		return differ("%s: kernel %#lx, model %#lx", what_, kernel_, model_); \
	} \
} while (0)
#define TRY(part) do { \
	const char *result_ = part; \
	if (result_ != NULL) \
		return result_; \
} while (0)

void compare_reset(void)
{
	fresh = true;
}

static u64 unit_of(u8 type)
{
	switch (type) {
	case CAP_TABLE:
		return SLOT_BYTES;
	case CAP_SPACE:
		return SPACE_BYTES;
	case CAP_THREAD:
		return THREAD_BYTES;
	default:
		return ENDPOINT_BYTES;
	}
}

u32 kernel_object(const struct model *m, u16 object)
{
	const struct m_object *o = &m->objects[object];

	return object == 0 ? NONE : (u32)((o->address - m->base) / unit_of(o->type));
}

u32 kernel_thread(const struct model *m, u16 thread)
{
	return thread == 0 ? NONE : kernel_object(m, m->threads[thread].object);
}

static u32 first_slot(const struct model *m, u16 container)
{
	switch (m->objects[container].type) {
	case CAP_SPACE:
		return kernel_object(m, container) * SPACE_SLOTS + SPACE_FIRST_SLOT;
	case CAP_THREAD:
		return thread_slot(kernel_object(m, container), 0);
	default:
		return kernel_object(m, container);
	}
}

static u32 kernel_slot(const struct model *m, u16 cap)
{
	return cap == 0 ? NONE : first_slot(m, model_container(m, cap)) + model_index(m, cap);
}

/* ---- Capabilities ---- */
/* A page that is new holds nothing. */
static bool is_zero(u64 start, u64 bytes)
{
	const u64 *at = (const u64 *)(ARENA + (start - BASE));

	for (u64 i = 0; i < bytes / 8; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static const char *compare_untyped(const struct model *m, u16 c, u32 s)
{
	const struct m_cap *k = &m->caps[c];

	SAME(slots[s].kind, k->kind, "kind of memory in slot %#x", s);
	SAME(slots[s].size_bits, k->bits, "size of memory in slot %#x", s);
	SAME(slots[s].object, k->start / GRANULE, "address of memory in slot %#x", s);
	SAME(slots[s].watermark, k->watermark / GRANULE, "watermark of slot %#x", s);
	if (k->kind == MEMORY_RAM)
		SAME(slots[s].badge, k->zeroed / GRANULE, "zeroed part of slot %#x", s);
	if (!fresh && k->kind == MEMORY_RAM && (k->rights & RIGHT_RETYPE) == 0 && k->original && k->born > stamps_before &&
	    !is_zero(k->start, 1ul << k->bits))
		return differ("the new page in slot %#x is not zero", s);
	return NULL;
}

static const char *compare_cap(const struct model *m, u16 c, u32 s)
{
	static const u8 readers[CAP_TYPES] = { [CAP_SPACE] = IN_SPACE, [CAP_THREAD] = IN_THREAD };
	const struct m_cap *k = &m->caps[c];
	u32 parent = m->parent[c] == M_ROOT ? CAP_ROOT : kernel_slot(m, m->parent[c]);

	SAME(slots[s].type, k->type, "type of slot %#x", s);
	if (k->type == CAP_REPLY || k->type == CAP_RESERVED) {
		SAME(slots[s].object, kernel_thread(m, k->object), "thread of the reply or reservation in slot %#x", s);
		if (k->type == CAP_REPLY)
			SAME(slots[s].rights, k->rights, "whether the reply in slot %#x may carry", s);
		return NULL;
	}
	SAME(slots[s].rights, k->rights, "rights of slot %#x", s);
	SAME(slots[s].original, k->original, "original of slot %#x", s);
	SAME(slots[s].parent, parent, "parent of slot %#x", s);
	SAME(slots[s].depth, slots[parent].depth + 1, "depth of slot %#x", s);
	SAME(slots[s].container, readers[m->objects[model_container(m, c)].type], "reader of slot %#x", s);
	SAME(slots[slots[s].next].prev, s, "list behind slot %#x", s);
	if (k->type == CAP_UNTYPED)
		return compare_untyped(m, c, s);
	SAME(slots[s].object, kernel_object(m, k->object), "object of slot %#x", s);
	if (k->type == CAP_ENDPOINT || k->type == CAP_NOTIFICATION)
		SAME(slots[s].badge, k->badge, "badge of slot %#x", s);
	if (k->type == CAP_TABLE)
		SAME(slots[s].size_bits, m->objects[k->object].bits, "size of the table in slot %#x", s);
	if (k->type == CAP_SPACE)
		SAME(slots[s].kind, m->objects[k->object].bits, "level of the space in slot %#x", s);
	return NULL;
}

static u64 image(const struct model *m, u16 c)
{
	const struct m_cap *k = &m->caps[c];

	return k->type == CAP_SPACE ? fake_entry_level((u32)(m->objects[k->object].address / GRANULE)) :
		fake_entry_page((u32)(k->start / GRANULE), k->rights);
}

static const char *compare_caps(const struct model *m, u16 counts[M_OBJECTS], u64 *mappings)
{
	u32 linked = 0;
	u32 listed = 0;

	for (u16 c = 1; c < m->caps_end; c++) {
		u16 container = model_container(m, c);
		u32 s = 0;

		if (m->caps[c].type == CAP_EMPTY)
			continue;
		s = kernel_slot(m, c);
		TRY(compare_cap(m, c, s));
		counts[container]++;
		linked += m->parent[c] != 0;
		if (m->objects[container].type == CAP_SPACE) {
			u32 entry = kernel_object(m, container) * SPACE_PTES + model_index(m, c);

			SAME(ptes[entry], image(m, c), "hardware entry of slot %#x", s);
			*mappings += (image(m, c) ^ entry) * 0x9e3779b97f4a7c15ul;
		}
	}
	for (u32 s = slots[CAP_ROOT].next; s != CAP_END && listed <= linked; s = slots[s].next)
		listed++;
	SAME(listed, linked, "length of the derivation list");
	return NULL;
}

/* ---- Objects ---- */
static u32 full_slots(u32 first, u32 count)
{
	u32 full = 0;

	for (u32 s = first; s < first + count; s++)
		full += slots[s].type != CAP_EMPTY;
	return full;
}

static u32 full_entries(u32 space, u32 from, u32 to)
{
	const u64 *entry = (const u64 *)&ptes[space * SPACE_PTES];
	u32 full = 0;

	for (u32 i = from; i < to; i++)
		full += entry[i] != 0;
	return full;
}

static const char *compare_space(const struct model *m, u16 o, u32 mapped)
{
	const struct m_object *k = &m->objects[o];
	u32 space = kernel_object(m, o);
	bool root = k->bits == 2;

	SAME(full_entries(space, 0, root ? SPACE_ROOT_ENTRIES : SPACE_ENTRIES), mapped, "hardware entries of space %#x", space);
	if (root && k->died == 0)
		for (u32 i = SPACE_ROOT_ENTRIES; i < SPACE_ENTRIES; i += 51)
			SAME(ptes[space * SPACE_PTES + i], fake_kernel_entry(i), "kernel's entry %u of root %#x", i, space);
	SAME(slots[space * SPACE_SLOTS + SPACE_HEADER].installed, k->installed, "installed of space %#x", space);
	return NULL;
}

static const char *compare_queue(const struct model *m, u16 o)
{
	const struct m_object *k = &m->objects[o];
	u32 q = kernel_object(m, o);
	bool waited = false;

	for (u16 t = 1; t < m->threads_end; t++)
		waited |= m->threads[t].object != 0 && m->threads[t].where == M_OBJECT && m->threads[t].at == o;
	SAME(queues[q].head != NONE, waited, "somebody waits at %#x", q);
	SAME(queues[q].kind, k->type == CAP_ENDPOINT ? QUEUE_ENDPOINT : QUEUE_NOTIFICATION, "kind of queue %#x", q);
	if (k->type == CAP_ENDPOINT)
		return NULL;
	SAME(queues[q].bits, k->pending, "bits of notification %#x", q);
	SAME(queues[q].taken, k->taken, "taken lines of notification %#x", q);
	SAME(queues[q].lines, k->lines, "lines of notification %#x", q);
	SAME(queues[q].bound, kernel_thread(m, k->thread), "thread bound to notification %#x", q);
	SAME(queues[q].timer, k->timer, "timer of notification %#x", q);
	return NULL;
}

static const char *compare_objects(const struct model *m, const u16 counts[M_OBJECTS])
{
	for (u16 o = 1; o < m->objects_end; o++) {
		u32 first = 0;

		switch (m->objects[o].type) {
		case CAP_TABLE:
			first = first_slot(m, o);
			SAME(full_slots(first, o == M_KERNEL_TABLE ? compare_kernel_slots : 1u << m->objects[o].bits), counts[o], "slots of table %#x", first);
			break;
		case CAP_THREAD:
			SAME(full_slots(first_slot(m, o), THREAD_SLOTS), counts[o], "slots of thread %#x", kernel_object(m, o));
			break;
		case CAP_SPACE:
			TRY(compare_space(m, o, counts[o]));
			break;
		case CAP_ENDPOINT:
		case CAP_NOTIFICATION:
			TRY(compare_queue(m, o));
			break;
		default:
			break;
		}
	}
	return NULL;
}

/* ---- Threads ---- */
static u32 queue_of(const struct model *m, u16 t)
{
	const struct m_thread *h = &m->threads[t];

	switch (h->where) {
	case M_READY_QUEUE:
		return READY_QUEUES + PARTITION_QUEUES * h->queued_in + h->priority;
	case M_WHEEL:
		return PARTITION_QUEUES * h->queued_in + (h->due == M_NEVER ? REST_QUEUE : WHEEL_QUEUES + (u32)(h->due % WHEEL_SLOTS));
	case M_OBJECT:
		return kernel_object(m, h->at);
	default:
		return NONE;
	}
}

/* The thread before and the thread after t in its queue, by their turns. */
static const char *compare_place(const struct model *m, u16 t, u32 k)
{
	u32 q = queue_of(m, t);
	u16 before = 0;
	u16 after = 0;

	SAME(threads[k].queue, q, "queue of thread %#x", k);
	if (q == NONE)
		return NULL;
	for (u16 u = 1; u < m->threads_end; u++) {
		if (m->threads[u].object == 0 || u == t || m->threads[u].where != m->threads[t].where || queue_of(m, u) != q)
			continue;
		if (m->threads[u].turn < m->threads[t].turn && (before == 0 || m->threads[u].turn > m->threads[before].turn))
			before = u;
		if (m->threads[u].turn > m->threads[t].turn && (after == 0 || m->threads[u].turn < m->threads[after].turn))
			after = u;
	}
	SAME(threads[k].prev, kernel_thread(m, before), "thread before %#x in queue %#x", k, q);
	SAME(threads[k].next, kernel_thread(m, after), "thread after %#x in queue %#x", k, q);
	if (before == 0)
		SAME(queues[q].head, k, "head of queue %#x", q);
	if (after == 0)
		SAME(queues[q].tail, k, "tail of queue %#x", q);
	return NULL;
}

/* Registers that are already settled, though the thread does not run: the user will see them. */
static const char *compare_waiting_registers(const struct m_thread *h, u32 k)
{
	static const u8 kept[] = { 0, 2, 3, 4, 8, 9, 24, 25, 26, 27 };
	bool ready = h->state <= THREAD_EXHAUSTED;
	bool words = ready || h->state == THREAD_SENDING || h->state == THREAD_WAITING ||
		(h->state == THREAD_CALLING && !h->fault);
	bool all = h->fault || (ready && threads[k].saved_all != 0);

	for (u32 i = all ? 1 : 32; i < 32; i++)
		SAME(threads[k].registers[i], h->x[i], "x%u of waiting thread %#x", i, k);
	for (u32 i = 0; i < sizeof kept; i++)
		SAME(threads[k].registers[kept[i]], h->x[kept[i]], "x%u of waiting thread %#x", kept[i], k);
	for (u32 i = REG_A0; ready && i <= REG_A2; i++)
		SAME(threads[k].registers[i], h->x[i], "a%u of waiting thread %#x", i - REG_A0, k);
	for (u32 i = 0; words && i < MESSAGE_WORDS; i++)
		SAME(hart.holder == k ? fake.payload[i] : threads[k].registers[REG_S2 + i], h->x[REG_S2 + i],
		     "s%u of waiting thread %#x", i + 2, k);
	return NULL;
}

static const char *compare_registers(const struct model *m, u16 t, u32 k)
{
	const struct m_thread *h = &m->threads[t];

	if (m->objects[h->object].died != 0)
		return NULL; /* nobody will see them */
	if (m->current != t)
		return compare_waiting_registers(h, k);
	for (u32 i = 0; i < 32; i++)
		SAME(cpu.x[i], h->x[i], "register x%u of the thread that runs, %#x (a0 is x10)", i, k);
	return NULL;
}

static u16 payer_of(const struct model *m, u16 t)
{
	while (m->threads[t].client != 0)
		t = m->threads[t].client;
	return t;
}

/* What its payer was charged since the call began; less than nothing, if it had not been charged for a while then. */
static u32 spent(const struct model *m, u16 t)
{
	long ticks = (long)(m->threads[payer_of(m, t)].used - m->threads[t].base);

	return ticks < 0x7fffffff ? (u32)ticks : 0x7fffffff;
}

static const char *compare_thread(const struct model *m, u16 t, u32 k)
{
	const struct m_thread *h = &m->threads[t];
	u16 table = model_slot_of(m, t, THREAD_TABLE);
	u16 space = model_slot_of(m, t, THREAD_SPACE);
	u16 bound = model_slot_of(m, t, THREAD_BOUND);

	SAME(threads[k].state, h->state, "state of thread %#x", k);
	TRY(compare_place(m, t, k));
	SAME(threads[k].partition, h->partition, "partition of thread %#x", k);
	SAME(threads[k].priority, h->priority, "priority of thread %#x", k);
	SAME(threads[k].passive, h->passive, "passive of thread %#x", k);
	SAME(threads[k].fault, h->fault, "fault of thread %#x", k);
	SAME(threads[k].fault_cause, h->cause, "cause of thread %#x", k);
	SAME(threads[k].fault_address, h->address, "address of thread %#x", k);
	SAME(threads[k].reply, kernel_slot(m, h->reply), "reply slot of thread %#x", k);
	SAME(threads[k].arrival, kernel_slot(m, h->arrival), "arrival slot of thread %#x", k);
	SAME(threads[k].client, kernel_thread(m, h->client), "client of thread %#x", k);
	SAME(threads[k].server, kernel_thread(m, h->server), "server of thread %#x", k);
	SAME(threads[k].budget, h->budget, "budget of thread %#x", k);
	SAME(threads[k].period, h->period, "period of thread %#x", k);
	SAME(threads[k].left, h->left, "ticks left of thread %#x", k);
	SAME(threads[k].debt, h->debt, "debt of thread %#x", k);
	SAME(threads[k].limit, h->limit, "limit of thread %#x", k);
	SAME(threads[k].used, h->used, "ticks used by thread %#x", k);
	if (h->budget != 0)
		SAME(threads[k].refill, h->refill, "refill of thread %#x", k);
	if (h->client != 0 && h->limit != 0)
		SAME(threads[k].spent, spent(m, t), "ticks spent by thread %#x on its call", k);
	SAME(threads[k].table_size, table != 0 ? 1u << m->objects[m->caps[table].object].bits : 0, "table of thread %#x", k);
	if (table != 0)
		SAME(threads[k].table, kernel_object(m, m->caps[table].object), "table of thread %#x", k);
	SAME(threads[k].root, space != 0 ? kernel_object(m, m->caps[space].object) : NONE, "root of thread %#x", k);
	SAME(threads[k].bound, bound != 0 ? kernel_object(m, m->caps[bound].object) : NONE, "notification of thread %#x", k);
	return compare_registers(m, t, k);
}

/* ---- The hart and its hardware ---- */
static bool is_living_space(const struct model *m, u32 space)
{
	for (u16 o = 1; o < m->objects_end; o++)
		if (m->objects[o].type == CAP_SPACE && m->objects[o].died == 0 && kernel_object(m, o) == space)
			return true;
	return space == KERNEL_SPACE;
}

static const char *compare_walked(const struct model *m, u64 mappings)
{
	u32 root = m->root != 0 ? kernel_object(m, m->root) : KERNEL_SPACE;
	bool flushed = fake.fences != fences_before || fake.flushes != flushes_before;

	if (m->current != 0)
		SAME(hart.root, root, "space that the MMU walks");
	else if (!is_living_space(m, hart.root))
		return differ("the idle processor walks the space %#x, which is not there", hart.root);
	if (fake.loads != 0)
		SAME(fake.root, hart.root, "space that was loaded");
	root = hart.root;
	if (!fresh && mappings != mappings_before && fake.fences == fences_before)
		return differ("a mapping changed and no fence came");
	if (fresh || flushed)
		memset(asid_owner, 0, sizeof asid_owner[0] * (machine.asid_limit + 1));
	if (!fresh && fake.loads != loads_before && machine.asid_limit != 0 && root != KERNEL_SPACE) {
		if (fake.asid > machine.asid_limit || fake.asid == 0)
			return differ("an ASID outside of what the hardware has: %u", fake.asid);
		if (asid_owner[fake.asid] != 0 && asid_owner[fake.asid] != root)
			return differ("ASID %u is used by two spaces", fake.asid);
		asid_owner[fake.asid] = root;
	}
	if (machine.asid_limit == 0 && root != root_before && fake.flushes == flushes_before && !fresh)
		return differ("a space was loaded without a flush, and there are no ASIDs");
	root_before = root;
	mappings_before = mappings;
	fences_before = fake.fences;
	loads_before = fake.loads;
	flushes_before = fake.flushes;
	fresh = false;
	return NULL;
}

static const char *compare_ring(const struct model *m)
{
	const struct fault_record *k = &fault_ring.records[(m->faults - 1) % FAULT_RECORDS];
	const struct fault_record *r = &m->last_fault;

	SAME(fault_ring.count, m->faults, "records of the fault ring");
	if (m->faults == 0)
		return NULL;
	SAME(k->sequence, r->sequence, "sequence of the last fault record");
	SAME(k->thread, r->thread, "thread of the last fault record");
	SAME(k->cause, r->cause, "cause of the last fault record");
	SAME(k->address, r->address, "address of the last fault record");
	SAME(k->pc, r->pc, "pc of the last fault record");
	SAME(k->sp, r->sp, "sp of the last fault record");
	SAME(k->ra, r->ra, "ra of the last fault record");
	SAME(k->s0, r->s0, "s0 of the last fault record");
	return NULL;
}

static const char *compare_hart(const struct model *m)
{
	u64 deadline = model_deadline(m);

	SAME(hart.current, kernel_thread(m, m->current), "thread that runs");
	SAME(cpu.running, hart.current, "thread that was left to");
	SAME(hart.payer, kernel_thread(m, m->payer), "thread that pays");
	SAME(hart.partition, m->open, "partition whose window is open");
	SAME(hart.window_end, m->window_end, "end of the window");
	for (u32 i = 0; i < m->timers_used; i++)
		SAME(hart.timers[i].deadline, m->timers[i].deadline, "timer %u", i);
	for (u32 line = 1; line < 96; line++)
		SAME(fake.enabled[line], m->lines[line].on, "interrupt line %u", line);
	SAME(fake.complete_ignored, 0, "completions that the controller ignored");
	if (deadline < m->now)
		deadline = m->now;
	if (fake.timer > deadline)
		return differ("the timer is set too late: kernel %lu, model %lu", fake.timer, deadline);
	return compare_ring(m);
}

const char *compare(const struct model *m)
{
	static u16 counts[M_OBJECTS];
	u64 mappings = 0;

	memset(counts, 0, sizeof counts[0] * m->objects_end);
	TRY(compare_hart(m));
	for (u16 t = 1; t < m->threads_end; t++)
		if (m->threads[t].object != 0)
			TRY(compare_thread(m, t, kernel_thread(m, t)));
	TRY(compare_caps(m, counts, &mappings));
	TRY(compare_objects(m, counts));
	TRY(compare_walked(m, mappings));
	stamps_before = m->stamps;
	return NULL;
}
