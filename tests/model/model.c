/* model.c - the abstract model: one function for each system call and each invocation, over sets and maps. */
#include "model.h"
#include <string.h>

#define ZERO_STEP 30720u     /* manual, section 15 */
#define ZERO_OBJECT 192u     /* what making an object counts in a step */
#define ZERO_SPACE 4096u
#define REVOKE_STEP 32u
#define SWEEP_STEP 32u
#define WHEEL 64u
enum { A0 = 10, A1 = 11, A2 = 12, S2 = 18 };
#define TICKS_MAX 0x7fffffffu
#define FAULT_TAG (LABEL_FAULT << TAG_LABEL_SHIFT | MESSAGE_WORDS)

/* The table that an operation is done with, and what (container, index) names. */
struct m_actor { u16 table; u64 size; };
struct m_at { enum status status; u16 container; u32 index; };

#define EACH_THREAD(t) for (u16 t = 1; t < m->threads_end; t++) if (m->threads[t].object != 0)

static void cancel(struct model *m, u16 t, enum status status);

/* ---- Sets ---- */
void model_copy(struct model *to, const struct model *from) {
	memcpy(to, from, __builtin_offsetof(struct model, threads));
	memcpy(to->threads, from->threads, from->threads_end * sizeof from->threads[0]);
	memcpy(to->objects, from->objects, from->objects_end * sizeof from->objects[0]);
	memcpy(to->parent, from->parent, from->caps_end * sizeof from->parent[0]);
	memcpy(to->place, from->place, from->caps_end * sizeof from->place[0]);
	memcpy(to->caps, from->caps, from->caps_end * sizeof from->caps[0]);
}

static u64 stamp(struct model *m) { return ++m->stamps; }

u16 model_at(const struct model *m, u16 container, u32 index) {
	u32 place = (u32)container << 16 | index;

	for (u32 c = 1; c < m->caps_end; c++)
		if (m->place[c] == place) return (u16)c;
	return 0;
}

u16 model_container(const struct model *m, u16 c) { return (u16)(m->place[c] >> 16); }

u32 model_index(const struct model *m, u16 c) { return m->place[c] & 0xffff; }

u16 model_slot_of(const struct model *m, u16 t, u32 which) { return model_at(m, m->threads[t].object, which); }

/* A number that is not in a set: `used` says which are; beyond its room the run must start anew. */
#define NEW_MEMBER(m, n, end, most, used) \
	do { \
		for (n = 1; n < (m)->end && (used); n++) {} \
		if (n >= (most) - 1) { (m)->full = true; n = (most) - 1; } \
		if (n >= (m)->end) (m)->end = n + 1u; \
	} while (0)

static u16 new_cap(struct model *m, u16 container, u32 index, u16 parent) {
	u16 c = 0;

	NEW_MEMBER(m, c, caps_end, M_CAPS, m->caps[c].type != CAP_EMPTY);
	m->caps[c] = (struct m_cap){ .born = stamp(m) };
	m->place[c] = (u32)container << 16 | index; m->parent[c] = parent;
	return c;
}

static void drop_cap(struct model *m, u16 c) { m->caps[c].type = CAP_EMPTY; m->place[c] = 0; m->parent[c] = 0; }

static u16 youngest_child(const struct model *m, u16 c) {
	u16 child = 0;

	for (u32 k = 1; k < m->caps_end; k++)
		if (m->parent[k] == c && (child == 0 || m->caps[k].born > m->caps[child].born)) child = (u16)k;
	return child;
}

u32 model_depth(const struct model *m, u16 c) {
	u32 depth = 0;

	for (; c != M_ROOT; c = m->parent[c]) depth++;
	return depth;
}

static u16 new_object(struct model *m, u8 type, u64 address, u32 bits) {
	u16 o = 0, t = 0;

	NEW_MEMBER(m, o, objects_end, M_OBJECTS, m->objects[o].type != CAP_EMPTY);
	m->objects[o] = (struct m_object){ .type = type, .address = address, .bits = (u8)bits };
	if (type != CAP_THREAD) return o;
	NEW_MEMBER(m, t, threads_end, M_THREADS, m->threads[t].object != 0);
	m->threads[t] = (struct m_thread){ .object = o };
	m->objects[o].thread = t;
	return o;
}

/* The first thread of a queue; `due` only matters for the wheel, modulo its size, M_NEVER being a queue of its own. */
static u16 first_of(const struct model *m, u8 where, u16 at, u64 due) {
	u16 first = 0;

	EACH_THREAD(t) {
		const struct m_thread *h = &m->threads[t];
		bool in = where == M_OBJECT ? h->at == at : h->queued_in == m->open && (h->due == M_NEVER) == (due == M_NEVER) &&
			(due == M_NEVER || h->due % WHEEL == due % WHEEL);

		if (h->where == where && in && (first == 0 || h->turn < m->threads[first].turn)) first = t;
	}
	return first;
}

static void enqueue(struct model *m, u16 t, u8 where, u16 at) {
	m->threads[t].where = where; m->threads[t].at = at; m->threads[t].turn = stamp(m);
}

/* ---- Time (section 14) ---- */
static bool has_budget(const struct model *m, u16 t) { return m->threads[t].client != 0 || m->threads[t].left != 0; }

static u16 payer_of(const struct model *m, u16 t) {
	while (m->threads[t].client != 0) t = m->threads[t].client;
	return t;
}

/* A period begins when its end is noticed; debt is paid first. */
static void renew(struct model *m, u16 t) {
	struct m_thread *h = &m->threads[t];

	if (m->now < h->refill || h->budget == 0) return;
	h->refill = m->now + h->period; h->left = h->debt >= h->budget ? 0 : h->budget - h->debt;
	h->debt = h->debt >= h->budget ? h->debt - h->budget : 0;
}

static void charge(struct model *m) {
	struct m_thread *h = &m->threads[m->payer];
	u64 elapsed = m->now - m->since, ticks = elapsed > TICKS_MAX ? TICKS_MAX : elapsed;
	bool served = m->served || (m->payer != 0 && h->server != 0);

	m->since = m->now; m->served = false;
	if (m->payer == 0) return;
	h->used += elapsed;
	if (h->left <= ticks && served && h->budget != 0 && h->debt < 0x40000000u)
		h->debt += (ticks - h->left) & 0x3fffffffu; /* what a server used beyond the budget */
	h->left = h->left > ticks ? h->left - ticks : 0;
	renew(m, m->payer);
}

static void stop_paying(struct model *m) { charge(m); m->payer = 0; }

static bool wheel_is_empty(const struct model *m) {
	EACH_THREAD(t)
		if (m->threads[t].where == M_WHEEL && m->threads[t].due != M_NEVER && m->threads[t].queued_in == m->open)
			return false;
	return true;
}

/* The position at which a thread without budget is looked at again. */
static u64 due_position(struct model *m, u16 t) {
	u64 at = (m->threads[t].refill >> m->shift) + 1;

	if (m->threads[t].budget == 0) return M_NEVER;
	if (wheel_is_empty(m) && m->now >> m->shift > m->wheel_at[m->open]) m->wheel_at[m->open] = m->now >> m->shift;
	if (at <= m->wheel_at[m->open]) at = m->wheel_at[m->open] + 1;
	return at > m->wheel_at[m->open] + WHEEL - 1 ? m->wheel_at[m->open] + WHEEL - 1 : at;
}

static void make_ready(struct model *m, u16 t) {
	struct m_thread *h = &m->threads[t];

	h->queued_in = m->threads[payer_of(m, t)].partition;
	if (!has_budget(m, t)) { if (m->payer == t) stop_paying(m); else renew(m, t); }
	if (has_budget(m, t) || h->queued_in != m->open) { /* of a closed one: its window will see */
		h->state = THREAD_READY;
		enqueue(m, t, M_READY_QUEUE, 0);
	} else {
		h->due = due_position(m, t); h->state = THREAD_EXHAUSTED;
		enqueue(m, t, M_WHEEL, 0);
	}
}

/* Off every queue, and off the processor. */
static void remove_thread(struct model *m, u16 t) {
	if (m->current == t) m->current = 0;
	m->threads[t].where = M_NOWHERE;
}

static void yield(struct model *m) {
	u16 t = m->current;

	m->current = 0;
	make_ready(m, t);
}

/* Highest priority first, first in first out within one. */
static u16 highest_ready(const struct model *m) {
	u16 best = 0;

	EACH_THREAD(t) {
		const struct m_thread *h = &m->threads[t], *b = &m->threads[best];

		if (h->where == M_READY_QUEUE && h->queued_in == m->open &&
		    (best == 0 || h->priority > b->priority || (h->priority == b->priority && h->turn < b->turn)))
			best = t;
	}
	return best;
}

/* t stops waiting because of a bit: whoever is more important than all others takes over from the running thread at once. */
static void wake_up(struct model *m, u16 t) {
	struct m_thread *h = &m->threads[t];
	u16 best = highest_ready(m);

	if (m->current == 0 || (best != 0 && m->threads[best].priority >= h->priority) || h->left == 0 || h->client != 0 ||
	    m->threads[m->current].priority >= h->priority || h->partition != m->open) { make_ready(m, t); return; }
	yield(m);
	h->state = THREAD_READY; m->current = t;
}

/* Nobody ready has budget: the head of the next queue of those without shares the rest, unless it is in debt. */
static void share_rest(struct model *m) {
	for (u32 i = 0; i <= WHEEL; i++) {
		u16 t = 0;

		if (wheel_is_empty(m) && first_of(m, M_WHEEL, 0, M_NEVER) == 0) return;
		m->rest_at[m->open] = m->rest_at[m->open] >= WHEEL ? 0 : m->rest_at[m->open] + 1;
		t = first_of(m, M_WHEEL, 0, m->rest_at[m->open] == WHEEL ? M_NEVER : m->rest_at[m->open]);
		if (t != 0 && m->threads[t].debt == 0) {
			m->threads[t].where = M_NOWHERE;
			m->current = t;
			return;
		}
	}
}

/* The end of every entry: who runs, who pays, which space is walked. */
static void leave(struct model *m) {
	u16 t = m->current, best = highest_ready(m), payer = 0;

	if (t == 0 || (best != 0 && m->threads[best].priority > m->threads[t].priority) ||
	    m->threads[t].state == THREAD_EXHAUSTED) {
		if (best != 0) {
			if (t != 0) yield(m); /* it may have a new period by now, so before the choice */
			m->current = highest_ready(m);
			m->threads[m->current].where = M_NOWHERE;
		} else if (t == 0) {
			share_rest(m);
		}
	}
	if (m->current != 0) payer = payer_of(m, m->current);
	if (payer != m->payer) { charge(m); m->payer = payer; }
	if (m->payer != 0 && m->threads[m->payer].partition != m->open) { /* closed: the timer interrupt that comes at once */
		m->payer = 0; m->again = true;                            /* looks for somebody else */
		yield(m);
	}
	if (m->current != 0) m->root = m->caps[model_slot_of(m, m->current, THREAD_SPACE)].object;
}

/* A direct switch: the running thread has blocked, t goes on at once unless somebody more important is ready. */
static void switch_to(struct model *m, u16 t) {
	u16 best = highest_ready(m);

	if ((best != 0 && m->threads[best].priority > m->threads[t].priority) || !has_budget(m, t)) {
		make_ready(m, t);
	} else {
		m->threads[t].state = THREAD_READY;
		m->current = t;
	}
	leave(m);
}

static u64 used_up_to_now(const struct model *m, u16 p) {
	return m->threads[p].used + (p == m->payer ? m->now - m->since : 0);
}

static u64 limit_left(const struct model *m, u16 t) {
	u32 spent = (u32)used_up_to_now(m, payer_of(m, t)) - (u32)m->threads[t].base;

	return spent < m->threads[t].limit ? m->threads[t].limit - spent : 0;
}

u64 model_deadline(const struct model *m) {
	const struct m_thread *p = &m->threads[m->payer];
	u16 t = m->current;
	u64 end = M_NEVER;

	if (t != 0 && p->left != 0) end = m->since + p->left;
	else if (t != 0) end = t != m->payer || m->threads[t].state == THREAD_EXHAUSTED ? m->since + m->slice : m->now;
	if (t != 0 && m->threads[t].client != 0 && m->threads[t].limit != 0 && m->now + limit_left(m, t) < end)
		end = m->now + limit_left(m, t);
	if (!wheel_is_empty(m) && (m->wheel_at[m->open] + 1) << m->shift < end)
		end = (m->wheel_at[m->open] + 1) << m->shift;
	for (u32 i = 0; i < m->timers_used; i++)
		if (m->timers[i].deadline < end) end = m->timers[i].deadline;
	if (m->window_end < end) end = m->window_end;
	return m->again ? m->now : end;
}

/* ---- Who pays for whom ---- */
static void link_payer(struct model *m, u16 caller, u16 server) {
	m->threads[server].client = caller;
	m->threads[caller].server = server;
	m->threads[server].base = used_up_to_now(m, payer_of(m, server));
}

static void unlink_payer(struct model *m, u16 caller) {
	u16 server = m->threads[caller].server;

	if (server == 0) return;
	m->threads[server].client = 0;
	m->threads[caller].server = 0;
	if (m->payer == caller) m->served = true;
	if (m->threads[server].server != 0) { /* the servers below are paid by `server` from now on: limits count anew */
		stop_paying(m);
		for (u16 s = m->threads[server].server; s != 0; s = m->threads[s].server)
			m->threads[s].base = m->threads[server].used;
	}
}

/* Whether a passive server may work on what `caller` runs on: the chain of payers is short, and somebody has a budget. */
static enum status check_payer(const struct model *m, u16 caller) {
	u32 chain = 1;

	for (u16 t = caller; m->threads[t].client != 0; t = m->threads[t].client) chain++;
	if (chain >= CHAIN_MAX) return STATUS_TOO_DEEP;
	return m->threads[caller].budget != 0 || m->threads[caller].client != 0 ? STATUS_OK : STATUS_REFUSED;
}

/* ---- Naming (section 2) ---- */
/* The object in a slot of thread t; 0 if there is none. */
static u16 object_of(const struct model *m, u16 t, u32 which) { return m->caps[model_slot_of(m, t, which)].object; }

static struct m_actor actor_of(const struct model *m, u16 t) {
	u16 table = object_of(m, t, THREAD_TABLE);

	return (struct m_actor){ table, table != 0 ? 1ul << m->objects[table].bits : 0 };
}

static u64 places_of(const struct m_object *o) {
	switch (o->type) {
	case CAP_TABLE: return 1ul << o->bits;
	case CAP_SPACE: return o->bits == 2 ? SPACE_ROOT_ENTRIES : SPACE_ENTRIES;
	default: return THREAD_SLOTS;
	}
}

static struct m_at look_up(const struct model *m, struct m_actor actor, u64 container, u64 index, u32 right) {
	u16 c = 0, o = actor.table;

	if (container == 0)
		return (struct m_at){ index != 0 && index < actor.size ? STATUS_OK : STATUS_BAD_SLOT, o, (u32)index };
	if (container >= actor.size) return (struct m_at){ STATUS_BAD_SLOT, 0, 0 };
	c = model_at(m, actor.table, (u32)container);
	if (c == 0) return (struct m_at){ STATUS_NO_CAP, 0, 0 };
	if (m->caps[c].type != CAP_TABLE && m->caps[c].type != CAP_SPACE && m->caps[c].type != CAP_THREAD)
		return (struct m_at){ STATUS_BAD_TYPE, 0, 0 };
	o = m->caps[c].object;
	if (index >= places_of(&m->objects[o]) || (index == 0 && m->objects[o].type == CAP_TABLE))
		return (struct m_at){ STATUS_BAD_SLOT, 0, 0 };
	if ((m->caps[c].rights & right) != right) return (struct m_at){ STATUS_NO_RIGHT, 0, 0 };
	return (struct m_at){ STATUS_OK, o, (u32)index };
}

/* A capability that a system call names by its number: of this type, with these rights. */
static enum status named(const struct model *m, struct m_actor actor, u64 n, u8 type, u32 rights, u16 *c) {
	if (n >= actor.size) return STATUS_BAD_SLOT;
	*c = model_at(m, actor.table, (u32)n);
	if (*c == 0) return STATUS_NO_CAP;
	if (m->caps[*c].type != type) return STATUS_BAD_TYPE;
	return (m->caps[*c].rights & rights) == rights ? STATUS_OK : STATUS_NO_RIGHT;
}

static enum status check_free(const struct model *m, struct m_actor actor, u64 n) {
	if (n == 0 || n >= actor.size) return STATUS_BAD_SLOT;
	return model_at(m, actor.table, (u32)n) == 0 ? STATUS_OK : STATUS_OCCUPIED;
}

/* ---- Replies and reservations (section 7) ---- */
static u16 reserve(struct model *m, u16 table, u64 n, u16 t) {
	u16 c = new_cap(m, table, (u32)n, 0);

	m->caps[c].type = CAP_RESERVED; m->caps[c].object = t;
	return c;
}

static void release(struct model *m, u16 t) {
	if (m->threads[t].reply != 0) drop_cap(m, m->threads[t].reply);
	if (m->threads[t].arrival != 0) drop_cap(m, m->threads[t].arrival);
	m->threads[t].reply = 0; m->threads[t].arrival = 0;
}

/* ---- Copies ---- */
static bool is_page_size(u32 bits) { return bits == 12 || bits == 21 || bits == 30; }

static enum status check_copy(const struct model *m, u16 c) {
	const struct m_cap *k = &m->caps[c];

	if (c == 0) return STATUS_NO_CAP;
	if (k->type == CAP_REPLY || k->type == CAP_RESERVED || model_depth(m, c) >= CAP_MAX_DEPTH)
		return STATUS_REFUSED;
	if (k->type == CAP_UNTYPED && !is_page_size(k->bits)) return STATUS_REFUSED;
	if (k->type == CAP_UNTYPED && (k->rights & RIGHT_RETYPE) != 0 && (k->kind == MEMORY_RAM || k->watermark != 0))
		return STATUS_REFUSED;
	return STATUS_OK;
}

static u16 copy_cap(struct model *m, u16 from, u16 container, u32 index, u32 rights) {
	u16 c = new_cap(m, container, index, from);
	u64 born = m->caps[c].born;

	m->caps[c] = m->caps[from];
	m->caps[c].born = born; m->caps[c].original = false; m->caps[c].rights &= (u8)rights;
	if (m->caps[c].type == CAP_UNTYPED) {
		m->caps[c].rights &= (u8)~(RIGHT_RETYPE | RIGHT_SCHEDULE); m->caps[c].watermark = 0;
		m->caps[c].zeroed = 0;
	}
	return c;
}

/* ---- Messages (section 6) ---- */
static void set_results(struct m_thread *h, u64 a0, u64 a1, u64 a2) {
	h->x[A0] = a0; h->x[A1] = a1; h->x[A2] = a2;
}

static void clear_words(struct m_thread *h, u64 from) { for (u64 i = from; i < MESSAGE_WORDS; i++) h->x[S2 + i] = 0; }

static void no_message(struct m_thread *h, enum status status) { set_results(h, status, 0, 0); clear_words(h, 0); }

/* The message of `from` reaches `to`: words, tag, badge, and a copy of the capability in slot `out` of `from`'s table,
 * if everything about that is in order. */
static void deliver(struct model *m, u16 from, u16 to, const u64 *words, u64 tag, u64 badge, u64 out, bool granted) {
	struct m_actor actor = actor_of(m, from);
	struct m_thread *h = &m->threads[to];
	u16 arrival = h->arrival, c = 0;
	u32 place = m->place[arrival];

	if (arrival != 0) drop_cap(m, arrival);
	h->arrival = 0;
	if ((tag & TAG_CAP) != 0) {
		c = out != 0 && out < actor.size ? model_at(m, actor.table, (u32)out) : 0;
		if (granted && arrival != 0 && check_copy(m, c) == STATUS_OK)
			(void)copy_cap(m, c, (u16)(place >> 16), place & 0xffff, RIGHTS_ALL);
		else tag &= ~TAG_CAP;
	}
	set_results(h, STATUS_OK, tag, badge);
	for (u32 i = 0; i < MESSAGE_WORDS; i++) h->x[S2 + i] = words[i];
	clear_words(h, tag & TAG_LENGTH);
}

static void deliver_fault(struct model *m, u16 from, u16 to, u64 badge) {
	const struct m_thread *h = &m->threads[from];
	u64 words[MESSAGE_WORDS] = { h->cause, h->address, h->x[0], h->x[2], h->x[1], h->x[8] };

	deliver(m, from, to, words, FAULT_TAG, badge, 0, false);
}

static void await_reply(struct model *m, u16 t, u16 reply, bool grant) {
	m->caps[reply].type = CAP_REPLY; m->caps[reply].object = t;
	m->caps[reply].rights = grant ? RIGHT_GRANT : 0;
	m->threads[t].reply = reply; m->threads[t].state = THREAD_AWAITING_REPLY;
	m->threads[t].where = M_NOWHERE;
}

static u16 receiver_at(const struct model *m, u16 e) {
	u16 t = first_of(m, M_OBJECT, e, 0);

	return t != 0 && m->threads[t].state == THREAD_RECEIVING ? t : 0;
}

static void queue_sender(struct model *m, u16 t, u16 c, u64 tag, u64 out, u8 state) {
	struct m_thread *h = &m->threads[t];

	m->current = 0;
	h->state = state; h->grant = (m->caps[c].rights & RIGHT_GRANT) != 0; h->tag = tag;
	h->badge = m->caps[c].badge; h->out = out;
	enqueue(m, t, M_OBJECT, m->caps[c].object);
}

static void sys_call(struct model *m, u16 t, const u64 *a) {
	struct m_actor actor = actor_of(m, t);
	u16 c = 0, receiver = 0;
	enum status status = named(m, actor, a[0], CAP_ENDPOINT, RIGHT_WRITE | RIGHT_CALL, &c);

	if (status == STATUS_OK && (a[1] & TAG_LENGTH) > MESSAGE_WORDS) status = STATUS_BAD_ARGUMENT;
	if (status == STATUS_OK) receiver = receiver_at(m, m->caps[c].object);
	if (status == STATUS_OK && receiver != 0 && m->threads[receiver].passive) status = check_payer(m, t);
	if (status == STATUS_OK && a[4] != 0) status = check_free(m, actor, a[4]);
	if (status != STATUS_OK) { no_message(&m->threads[t], status); return; }
	if (a[4] != 0) m->threads[t].arrival = reserve(m, actor.table, a[4], t);
	if (receiver == 0) {
		queue_sender(m, t, c, a[1], a[3], THREAD_CALLING);
		leave(m);
		return;
	}
	m->threads[receiver].where = M_NOWHERE;
	deliver(m, t, receiver, &m->threads[t].x[S2], a[1], m->caps[c].badge, a[3], (m->caps[c].rights & RIGHT_GRANT) != 0);
	await_reply(m, t, m->threads[receiver].reply, m->threads[receiver].grant);
	m->threads[receiver].reply = 0;
	if (m->threads[receiver].passive) link_payer(m, t, receiver);
	m->current = 0;
	switch_to(m, receiver);
}

/* The reply c is used up. Answers the caller, which is not ready yet; one that faulted tries its instruction again. */
static u16 answer(struct model *m, u16 t, u16 c, u64 tag, u64 out) {
	u16 caller = m->caps[c].object;
	bool granted = (m->caps[c].rights & RIGHT_GRANT) != 0;

	drop_cap(m, c);
	m->threads[caller].reply = 0;
	unlink_payer(m, caller);
	if (m->threads[caller].fault) m->threads[caller].fault = false;
	else deliver(m, t, caller, &m->threads[t].x[S2], tag, 0, out, granted);
	return caller;
}

static enum status sys_send(struct model *m, u16 t, const u64 *a) {
	struct m_actor actor = actor_of(m, t);
	u16 c = 0, receiver = 0;
	enum status status = STATUS_OK;

	if ((a[1] & TAG_LENGTH) > MESSAGE_WORDS) return STATUS_BAD_ARGUMENT;
	if (named(m, actor, a[0], CAP_REPLY, 0, &c) == STATUS_OK) {
		make_ready(m, answer(m, t, c, a[1], a[3]));
		return STATUS_OK;
	}
	status = named(m, actor, a[0], CAP_ENDPOINT, RIGHT_WRITE, &c);
	if (status != STATUS_OK) return status;
	receiver = receiver_at(m, m->caps[c].object);
	if (receiver == 0) { queue_sender(m, t, c, a[1], a[3], THREAD_SENDING); return STATUS_OK; }
	m->threads[receiver].where = M_NOWHERE;
	deliver(m, t, receiver, &m->threads[t].x[S2], a[1], m->caps[c].badge, a[3], (m->caps[c].rights & RIGHT_GRANT) != 0);
	release(m, receiver);
	make_ready(m, receiver);
	return STATUS_OK;
}

/* Take the message of the first sender at e; the reply, if it is a call, goes to slot `reply` of t's table. */
static void accept(struct model *m, u16 t, u16 e, u64 reply, bool grant) {
	u16 sender = first_of(m, M_OBJECT, e, 0);
	struct m_thread *h = &m->threads[sender];
	bool call = h->state == THREAD_CALLING, pays = call && !h->fault && m->threads[t].passive;
	enum status status = pays ? check_payer(m, sender) : STATUS_OK;

	h->where = M_NOWHERE;
	if (status != STATUS_OK) {
		cancel(m, sender, status);
		make_ready(m, sender);
		release(m, t);
		no_message(&m->threads[t], STATUS_AGAIN);
		return;
	}
	if (h->fault) deliver_fault(m, sender, t, h->badge);
	else deliver(m, sender, t, &h->x[S2], h->tag, h->badge, h->out, h->grant);
	if (call) {
		await_reply(m, sender, reserve(m, actor_of(m, t).table, reply, sender), grant);
		if (pays) link_payer(m, sender, t);
	} else {
		set_results(h, STATUS_OK, 0, 0);
		make_ready(m, sender);
	}
}

/* ---- Notifications (section 13) ---- */
/* Acknowledge what was taken before, then take all bits. */
static u32 collect(struct model *m, u16 n) {
	struct m_object *o = &m->objects[n];
	u32 bits = o->pending;

	for (u32 line = 1; line < 256; line++)
		if (o->taken != 0 && m->lines[line].object == n && (m->lines[line].bit & o->taken) != 0)
			m->lines[line].on = true;
	o->taken = bits & o->lines; o->pending = 0;
	return bits;
}

static void raise_bits(struct model *m, u16 n, u32 bits) {
	struct m_object *o = &m->objects[n];
	u16 waiter = first_of(m, M_OBJECT, n, 0);

	if ((bits & (o->power_off | o->reset)) != 0 && m->ended == 0) m->ended = (bits & o->power_off) != 0 ? 1 : 2;
	o->pending |= bits;
	if (o->pending == 0) return;
	if (waiter == 0 && (o->thread == 0 || m->threads[o->thread].state != THREAD_RECEIVING)) return;
	if (waiter == 0) {
		waiter = o->thread;
		release(m, waiter);
		no_message(&m->threads[waiter], STATUS_NOTIFIED);
	} else set_results(&m->threads[waiter], STATUS_OK, 0, 0);
	m->threads[waiter].where = M_NOWHERE;
	m->threads[waiter].x[A2] = collect(m, n);
	wake_up(m, waiter);
}

static enum status sys_signal(struct model *m, u16 t, const u64 *a) {
	u16 c = 0;
	enum status status = named(m, actor_of(m, t), a[0], CAP_NOTIFICATION, RIGHT_WRITE, &c);

	if (status == STATUS_OK) raise_bits(m, m->caps[c].object, (u32)m->caps[c].badge);
	return status;
}

static enum status sys_wait(struct model *m, u16 t, const u64 *a, bool block) {
	u16 c = 0;
	enum status status = named(m, actor_of(m, t), a[0], CAP_NOTIFICATION, RIGHT_READ, &c);

	if (status != STATUS_OK) return status;
	m->threads[t].x[A2] = collect(m, m->caps[c].object);
	if (m->threads[t].x[A2] != 0) return STATUS_OK;
	if (!block) return STATUS_EMPTY;
	m->current = 0;
	m->threads[t].state = THREAD_WAITING;
	enqueue(m, t, M_OBJECT, m->caps[c].object);
	return STATUS_OK;
}

/* ---- Receiving ---- */
static void take_or_wait(struct model *m, u16 t, u16 c, u64 reply, u64 arrival, bool block) {
	u16 table = actor_of(m, t).table;
	u16 e = m->caps[c].object;
	u16 n = object_of(m, t, THREAD_BOUND);
	u32 bits = n != 0 ? collect(m, n) : 0;
	bool grant = (m->caps[c].rights & RIGHT_GRANT) != 0;
	struct m_thread *h = &m->threads[t];

	if (bits != 0) {
		no_message(h, STATUS_NOTIFIED);
		h->x[A2] = bits;
		return;
	}
	if (first_of(m, M_OBJECT, e, 0) != 0 && receiver_at(m, e) == 0) {
		if (arrival != 0) h->arrival = reserve(m, table, arrival, t);
		accept(m, t, e, reply, grant);
		return;
	}
	if (!block) { no_message(h, STATUS_EMPTY); return; }
	if (arrival != 0) h->arrival = reserve(m, table, arrival, t);
	h->reply = reserve(m, table, reply, t); h->grant = grant; h->state = THREAD_RECEIVING;
	m->current = 0;
	enqueue(m, t, M_OBJECT, e);
}

static enum status check_receive(const struct model *m, struct m_actor actor, const u64 *a, u16 *c) {
	enum status status = named(m, actor, a[0], CAP_ENDPOINT, RIGHT_READ, c);

	return status == STATUS_OK && a[4] != 0 ? check_free(m, actor, a[4]) : status;
}

static void sys_recv(struct model *m, u16 t, const u64 *a, bool block) {
	struct m_actor actor = actor_of(m, t);
	u16 c = 0;
	enum status status = check_receive(m, actor, a, &c);

	if (status == STATUS_OK) status = check_free(m, actor, a[2]);
	if (status == STATUS_OK && a[2] == a[4]) status = STATUS_OCCUPIED;
	if (status == STATUS_OK && m->threads[t].client != 0) status = STATUS_REFUSED;
	if (status != STATUS_OK) no_message(&m->threads[t], status);
	else take_or_wait(m, t, c, a[2], a[4], block);
}

static void sys_reply_recv(struct model *m, u16 t, const u64 *a) {
	struct m_actor actor = actor_of(m, t);
	u16 c = 0, reply = 0, caller = 0, client = m->threads[t].client;
	enum status status = check_receive(m, actor, a, &c);

	if (status == STATUS_OK && (a[2] == 0 || a[2] >= actor.size)) status = STATUS_BAD_SLOT;
	if (status == STATUS_OK && (a[1] & TAG_LENGTH) > MESSAGE_WORDS) status = STATUS_BAD_ARGUMENT;
	if (status == STATUS_OK) reply = model_at(m, actor.table, (u32)a[2]);
	if (status == STATUS_OK && reply != 0 && m->caps[reply].type != CAP_REPLY) status = STATUS_OCCUPIED;
	if (status == STATUS_OK && client != 0 && (reply == 0 || m->caps[reply].object != client))
		status = STATUS_REFUSED;
	if (status == STATUS_OK && a[2] == a[4]) status = STATUS_OCCUPIED;
	if (status != STATUS_OK) { no_message(&m->threads[t], status); return; }
	if (reply != 0) caller = answer(m, t, reply, a[1], a[3]);
	take_or_wait(m, t, c, a[2], a[4], true);
	if (caller != 0 && m->current == 0) { switch_to(m, caller); return; }
	if (caller != 0) make_ready(m, caller);
	leave(m);
}

/* ---- The end of what a thread is blocked in ---- */
static void cancel(struct model *m, u16 t, enum status status) {
	struct m_thread *h = &m->threads[t];

	unlink_payer(m, t);
	remove_thread(m, t);
	if (h->state >= THREAD_SENDING && !h->fault) {
		set_results(h, status, 0, 0);
		if (h->state != THREAD_SENDING && h->state != THREAD_WAITING) clear_words(h, 0);
	}
	release(m, t);
	h->fault = false; h->state = THREAD_STOPPED;
}

static void record_fault(struct model *m, u16 t) {
	const struct m_thread *h = &m->threads[t];

	m->faults++;
	m->last_fault = (struct fault_record){ m->faults, m->objects[h->object].address / THREAD_BYTES, h->cause, h->address,
		h->x[0], h->x[2], h->x[1], h->x[8] };
	if (m->ring_object != 0) raise_bits(m, m->ring_object, m->ring_bit);
}

static void wake(struct model *m, u16 t, enum status status) {
	bool fault = m->threads[t].fault;

	cancel(m, t, status);
	if (fault) record_fault(m, t);
	else make_ready(m, t);
}

static void thread_faults(struct model *m, u16 t, u64 cause, u64 address) {
	struct m_thread *h = &m->threads[t];
	u16 c = model_slot_of(m, t, THREAD_FAULT);
	u16 receiver = 0;

	h->cause = cause; h->address = address;
	remove_thread(m, t);
	if (c == 0 || (m->caps[c].rights & (RIGHT_WRITE | RIGHT_CALL)) != (RIGHT_WRITE | RIGHT_CALL)) {
		h->state = THREAD_STOPPED;
		record_fault(m, t);
		return;
	}
	h->fault = true; h->badge = m->caps[c].badge; h->grant = false;
	receiver = receiver_at(m, m->caps[c].object);
	if (receiver == 0) {
		h->state = THREAD_CALLING;
		enqueue(m, t, M_OBJECT, m->caps[c].object);
		return;
	}
	m->threads[receiver].where = M_NOWHERE;
	deliver_fault(m, t, receiver, h->badge);
	await_reply(m, t, m->threads[receiver].reply, false);
	m->threads[receiver].reply = 0;
	make_ready(m, receiver);
}

/* ---- Filling and emptying places (sections 10, 11) ---- */
static enum status check_space(const struct model *m, const struct m_object *space, u16 c, u32 mask) {
	const struct m_cap *k = &m->caps[c];
	u32 r = k->rights & mask & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);

	if (k->type == CAP_SPACE) {
		if (m->objects[k->object].bits + 1 != space->bits) return STATUS_BAD_ARGUMENT;
		if (m->objects[k->object].installed) return STATUS_REFUSED;
		return (k->rights & RIGHT_READ) != 0 && (k->rights & RIGHT_WRITE) != 0 ? STATUS_OK : STATUS_NO_RIGHT;
	}
	if (k->type != CAP_UNTYPED) return STATUS_BAD_TYPE;
	if (k->bits != 12 + 9 * space->bits) return STATUS_BAD_ARGUMENT;
	return r == RIGHT_READ || r == (RIGHT_READ | RIGHT_WRITE) || r == (RIGHT_READ | RIGHT_EXECUTE) ?
		STATUS_OK : STATUS_NO_RIGHT;
}

static enum status check_thread(const struct model *m, u16 t, u32 which, u16 c, u32 mask) {
	static const u8 wanted[] = { CAP_TABLE, CAP_SPACE, CAP_ENDPOINT, CAP_NOTIFICATION };
	static const u8 needed[] = { RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_WRITE, 0, RIGHT_READ };
	const struct m_cap *k = &m->caps[c];

	if (k->type != wanted[which]) return STATUS_BAD_TYPE;
	if (which == THREAD_SPACE && m->objects[k->object].bits != 2) return STATUS_BAD_ARGUMENT;
	if ((k->rights & mask & needed[which]) != needed[which]) return STATUS_NO_RIGHT;
	return which == THREAD_BOUND && (m->objects[k->object].thread != 0 || m->threads[t].passive) ? STATUS_REFUSED : STATUS_OK;
}

static enum status check_put(const struct model *m, struct m_at to, u16 c, u32 mask) {
	const struct m_object *o = &m->objects[to.container];

	if (model_at(m, to.container, to.index) != 0) return STATUS_OCCUPIED;
	if (o->type == CAP_SPACE) return check_space(m, o, c, mask);
	return o->type == CAP_THREAD ? check_thread(m, o->thread, to.index, c, mask) : STATUS_OK;
}

static void filled(struct model *m, struct m_at to, u16 c) {
	const struct m_object *o = &m->objects[to.container];
	u16 named_object = m->caps[c].object;

	if (o->type == CAP_SPACE && m->caps[c].type == CAP_SPACE) m->objects[named_object].installed = true;
	if (o->type == CAP_THREAD && to.index == THREAD_BOUND) {
		m->objects[named_object].thread = o->thread;
		raise_bits(m, named_object, 0); /* what is pending already */
	}
}

static void emptied(struct model *m, u16 c) {
	const struct m_object *o = &m->objects[model_container(m, c)];
	u32 index = model_index(m, c);

	if (o->type == CAP_SPACE && m->caps[c].type == CAP_SPACE) m->objects[m->caps[c].object].installed = false;
	if (o->type == CAP_THREAD && (index == THREAD_TABLE || index == THREAD_SPACE))
		cancel(m, o->thread, STATUS_DEAD);
	if (o->type == CAP_THREAD && index == THREAD_BOUND) m->objects[m->caps[c].object].thread = 0;
}

/* ---- Destruction (section 16) ---- */
static void destroy(struct model *m, u16 object) {
	struct m_object *o = &m->objects[object];
	u16 t = o->thread;

	o->died = stamp(m); o->sweep = o->type == CAP_TABLE ? 1 : 0;
	if (o->type == CAP_SPACE && m->root == object) m->root = 0;
	if (o->type != CAP_THREAD) return;
	cancel(m, t, STATUS_DEAD);
	if (m->threads[t].client != 0) {
		if (m->payer == m->threads[t].client) m->served = true;
		m->threads[m->threads[t].client].server = 0;
		m->threads[t].client = 0;
	}
	if (m->payer == t) m->payer = 0;
}

static bool is_hardware(const struct model *m, u16 c) {
	const struct m_object *o = &m->objects[m->caps[c].object];

	return m->caps[c].type == CAP_NOTIFICATION && m->caps[c].original &&
		(o->lines != 0 || o->timer != 0 || m->ring_object == m->caps[c].object);
}

static enum status delete_cap(struct model *m, u16 c) {
	struct m_cap *k = &m->caps[c];

	if (c == 0) return STATUS_NO_CAP;
	if (k->type == CAP_REPLY || k->type == CAP_RESERVED) {
		wake(m, k->object, STATUS_DEAD);
		return STATUS_OK;
	}
	if (is_hardware(m, c)) return STATUS_REFUSED;
	if (youngest_child(m, c) != 0) return STATUS_HAS_CHILDREN;
	emptied(m, c);
	if (k->original && k->type != CAP_UNTYPED) destroy(m, k->object);
	drop_cap(m, c);
	return STATUS_OK;
}

static enum status delete_leaf(struct model *m, u16 c) {
	while (youngest_child(m, c) != 0) c = youngest_child(m, c);
	return delete_cap(m, c);
}

static void forget_object(struct model *m, u16 object) {
	if (m->objects[object].type == CAP_THREAD) m->threads[m->objects[object].thread].object = 0;
	m->objects[object].type = CAP_EMPTY;
}

/* One step of a dead container: over places that are empty, then one capability or one leaf below it. */
static void bury_container(struct model *m, u16 object) {
	struct m_object *o = &m->objects[object];
	u32 end = o->type == CAP_TABLE ? 1u << o->bits : o->type == CAP_SPACE ? SPACE_ENTRIES : THREAD_SLOTS;
	u16 c = 0;

	for (u32 i = 0; i < SWEEP_STEP && o->sweep < end && model_at(m, object, o->sweep) == 0; i++) o->sweep++;
	if (o->sweep == end) { forget_object(m, object); return; }
	c = model_at(m, object, o->sweep);
	if (c != 0 && youngest_child(m, c) != 0) (void)delete_leaf(m, c);
	else if (c != 0) (void)delete_cap(m, c);
}

/* Threads first, then endpoints and notifications, tables, spaces; each kind in the order of death. */
static u16 next_dead(const struct model *m) {
	static const u8 rank[CAP_TYPES] = { [CAP_THREAD] = 1, [CAP_ENDPOINT] = 2, [CAP_NOTIFICATION] = 2, [CAP_TABLE] = 3,
		[CAP_SPACE] = 4 };
	u16 best = 0;

	for (u16 o = 1; o < m->objects_end; o++) {
		const struct m_object *k = &m->objects[o], *b = &m->objects[best];

		if (k->type != CAP_EMPTY && k->died != 0 && (best == 0 || rank[k->type] < rank[b->type] ||
							     (rank[k->type] == rank[b->type] && k->died < b->died)))
			best = o;
	}
	return best;
}

static bool bury(struct model *m) {
	u16 object = next_dead(m), waiter = 0;

	if (object == 0) return false;
	if (m->objects[object].type != CAP_ENDPOINT && m->objects[object].type != CAP_NOTIFICATION) {
		bury_container(m, object);
		return true;
	}
	waiter = first_of(m, M_OBJECT, object, 0);
	if (waiter != 0) wake(m, waiter, STATUS_DEAD);
	else forget_object(m, object);
	return true;
}

/* ---- Invocations (section 8) ---- */
static u32 object_bits(u64 type, u64 bits) {
	switch (type) {
	case OBJECT_UNTYPED: return bits >= 6 && bits <= 37 ? (u32)bits : 0;
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION: return 6;
	case OBJECT_TABLE: return bits >= 1 && bits <= 16 ? (u32)bits + 5 : 0;
	case OBJECT_SPACE: return bits <= 2 ? 15 : 0;
	case OBJECT_THREAD: return 9;
	case OBJECT_PAGE: return is_page_size((u32)bits) ? (u32)bits : 0;
	default: return 0;
	}
}

static void carve(struct model *m, u16 u, u16 table, u32 index, u64 type, u64 bits, u64 address, u32 lost) {
	static const u8 types[] = { 0, CAP_UNTYPED, CAP_ENDPOINT, CAP_NOTIFICATION, CAP_TABLE, CAP_SPACE, CAP_THREAD, CAP_UNTYPED };
	static const u8 born_with[] = { 0, RIGHTS_ALL, RIGHT_READ | RIGHT_WRITE | RIGHT_CALL | RIGHT_GRANT,
		RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_WRITE,
		RIGHT_READ | RIGHT_WRITE | RIGHT_SCHEDULE, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE };
	u16 c = new_cap(m, table, index, u);
	struct m_cap *k = &m->caps[c];

	k->type = types[type]; k->original = true; k->rights = born_with[type] & (u8)~lost;
	if (type == OBJECT_UNTYPED || type == OBJECT_PAGE) k->rights &= m->caps[u].rights;
	if (type == OBJECT_THREAD && (m->caps[u].rights & RIGHT_SCHEDULE) == 0) k->rights &= (u8)~RIGHT_SCHEDULE;
	if (k->type == CAP_UNTYPED) {
		k->kind = m->caps[u].kind; k->bits = (u8)bits; k->start = address;
		return;
	}
	k->object = new_object(m, k->type, address, type == OBJECT_TABLE || type == OBJECT_SPACE ? (u32)bits : 0);
}

/* Zero one step up to `end`. True if all of that is zero and the step may do `work` more. */
static bool zero_step(struct m_cap *u, u64 end, u64 work) {
	u64 done = u->zeroed < u->watermark ? u->watermark : u->zeroed;

	if (done >= end) return true;
	u->zeroed = end - done > ZERO_STEP ? done + ZERO_STEP : end;
	return u->zeroed == end && end - done + work <= ZERO_STEP;
}

static enum status check_retype(const struct model *m, u16 u, u64 type, u64 bits, u64 count, struct m_at to) {
	const struct m_cap *k = &m->caps[u];

	if (u == 0) return STATUS_NO_CAP;
	if (k->type != CAP_UNTYPED) return STATUS_BAD_TYPE;
	if ((k->rights & RIGHT_RETYPE) == 0) return STATUS_NO_RIGHT;
	if (count == 0 || object_bits(type, bits) == 0 || (type == OBJECT_SPACE && bits == 2 && count > RETYPE_MAX_ROOTS))
		return STATUS_BAD_ARGUMENT;
	if (k->kind != MEMORY_RAM && type != OBJECT_UNTYPED && type != OBJECT_PAGE) return STATUS_BAD_ARGUMENT;
	if (to.status != STATUS_OK) return to.status;
	if (m->objects[to.container].type != CAP_TABLE) return STATUS_BAD_TYPE;
	if (to.index + count > 1ul << m->objects[to.container].bits) return STATUS_BAD_SLOT;
	if (model_depth(m, u) >= CAP_MAX_DEPTH) return STATUS_REFUSED;
	if (k->kind != MEMORY_RAM && k->watermark == 0 && youngest_child(m, u) != 0) return STATUS_REFUSED; /* lent */
	return STATUS_OK;
}

static enum status op_retype(struct model *m, struct m_actor actor, const struct m_operation *o) {
	struct m_at to = look_up(m, actor, o->a4, o->a5, RIGHT_WRITE);
	u32 lost = o->a2 == (OBJECT_UNTYPED | OBJECT_NO_SCHEDULE) ? RIGHT_SCHEDULE : 0;
	u64 type = lost != 0 ? OBJECT_UNTYPED : o->a2;
	enum status status = STATUS_OK;
	u64 size = 0, start = 0, end = 0;
	u16 u = 0;

	if (o->a0 == 0 || o->a0 >= actor.size) return STATUS_BAD_SLOT;
	if (type > OBJECT_PAGE || o->a3 > 63 || o->a6 > RETYPE_MAX_COUNT || o->a5 > 0xffffffff)
		return STATUS_BAD_ARGUMENT;
	u = model_at(m, actor.table, (u32)o->a0);
	status = check_retype(m, u, type, o->a3, o->a6, to);
	if (status != STATUS_OK) return status;
	size = 1ul << object_bits(type, o->a3);
	start = (m->caps[u].watermark + size - 1) / size * size;
	end = start + o->a6 * size;
	if (end > 1ul << m->caps[u].bits) return STATUS_NO_MEMORY;
	if (m->caps[u].kind == MEMORY_RAM && type != OBJECT_UNTYPED &&
	    !zero_step(&m->caps[u], end, o->a6 * (type == OBJECT_SPACE ? ZERO_SPACE : ZERO_OBJECT))) return STATUS_AGAIN;
	for (u32 i = 0; i < o->a6; i++)
		if (model_at(m, to.container, to.index + i) != 0) return STATUS_OCCUPIED;
	for (u32 i = 0; i < o->a6; i++)
		carve(m, u, to.container, to.index + i, type, o->a3, m->caps[u].start + start + i * size, lost);
	m->caps[u].watermark = end;
	return STATUS_OK;
}

static enum status op_copy(struct model *m, struct m_actor actor, const struct m_operation *o) {
	struct m_at to = look_up(m, actor, o->a0, o->a2, RIGHT_WRITE);
	struct m_at from = look_up(m, actor, o->a3, o->a4, RIGHT_READ);
	u32 mask = (u32)(o->a5 & RIGHTS_ALL);
	u16 c = from.status == STATUS_OK ? model_at(m, from.container, from.index) : 0;
	enum status status = to.status != STATUS_OK ? to.status : from.status != STATUS_OK ? from.status : check_copy(m, c);

	if (status == STATUS_OK) status = check_put(m, to, c, mask);
	if (status != STATUS_OK) return status;
	if (o->a6 != 0 && (o->a6 > 0xffffffff || (m->caps[c].type != CAP_ENDPOINT && m->caps[c].type != CAP_NOTIFICATION)))
		return STATUS_BAD_ARGUMENT;
	if (o->a6 != 0 && m->caps[c].badge != 0) return STATUS_REFUSED;
	c = copy_cap(m, c, to.container, to.index, mask);
	if (o->a6 != 0) m->caps[c].badge = o->a6;
	filled(m, to, c);
	return STATUS_OK;
}

static enum status check_move(const struct model *m, u16 c) {
	const struct m_cap *k = &m->caps[c];

	if (c == 0) return STATUS_NO_CAP;
	if (k->type == CAP_REPLY) return STATUS_OK;
	if (k->type == CAP_RESERVED) return STATUS_REFUSED;
	if (youngest_child(m, c) != 0) return STATUS_HAS_CHILDREN;
	if (k->original && (k->type == CAP_TABLE || k->type == CAP_SPACE || k->type == CAP_THREAD))
		return STATUS_REFUSED;
	return is_hardware(m, c) ? STATUS_REFUSED : STATUS_OK;
}

static enum status op_move(struct model *m, struct m_actor actor, const struct m_operation *o) {
	struct m_at to = look_up(m, actor, o->a0, o->a2, RIGHT_WRITE);
	struct m_at from = look_up(m, actor, o->a3, o->a4, RIGHT_READ | RIGHT_WRITE);
	u16 c = from.status == STATUS_OK ? model_at(m, from.container, from.index) : 0;
	enum status status = to.status != STATUS_OK ? to.status : from.status != STATUS_OK ? from.status : check_move(m, c);

	if (status == STATUS_OK) status = check_put(m, to, c, RIGHTS_ALL);
	if (status == STATUS_OK && m->objects[from.container].type == CAP_THREAD) status = STATUS_REFUSED;
	if (status == STATUS_OK && m->objects[to.container].type == CAP_SPACE && (m->caps[c].rights & RIGHT_RETYPE) != 0)
		status = STATUS_REFUSED;
	if (status != STATUS_OK) return status;
	if (m->caps[c].type != CAP_REPLY) emptied(m, c);
	m->place[c] = (u32)to.container << 16 | to.index;
	m->caps[c].born = stamp(m);
	if (m->caps[c].type != CAP_REPLY) filled(m, to, c);
	return STATUS_OK;
}

static enum status op_revoke(struct model *m, struct m_at at) {
	u16 c = model_at(m, at.container, at.index);

	if (c == 0) return STATUS_NO_CAP;
	if (m->caps[c].type == CAP_REPLY || m->caps[c].type == CAP_RESERVED) return STATUS_BAD_TYPE;
	for (u32 i = 0; i < REVOKE_STEP; i++) {
		enum status status = STATUS_OK;

		if (model_at(m, at.container, at.index) != c) return STATUS_OK; /* it stood in a table that is gone */
		if (youngest_child(m, c) != 0) status = delete_leaf(m, c);
		else if (!bury(m)) break;
		if (status != STATUS_OK) return status;
		if (i == REVOKE_STEP - 1) return STATUS_AGAIN;
	}
	if (m->caps[c].type == CAP_UNTYPED && (m->caps[c].rights & RIGHT_RETYPE) != 0) m->caps[c].watermark = m->caps[c].zeroed = 0;
	return STATUS_OK;
}

static enum status op_resume(struct model *m, u16 t) {
	if (model_slot_of(m, t, THREAD_TABLE) == 0 || model_slot_of(m, t, THREAD_SPACE) == 0) return STATUS_REFUSED;
	if (m->threads[t].state == THREAD_STOPPED) make_ready(m, t);
	return STATUS_OK;
}

static enum status op_write_registers(struct model *m, u16 t, const struct m_operation *o) {
	if (o->a2 > 7) return STATUS_BAD_ARGUMENT;
	if (m->threads[t].state != THREAD_STOPPED) return STATUS_REFUSED;
	memcpy(&m->threads[t].x[4 * o->a2], (u64[]){ o->a3, o->a4, o->a5, o->a6 }, 4 * sizeof(u64));
	return STATUS_OK;
}

static enum status op_read_registers(struct model *m, u16 caller, u16 t, const struct m_operation *o) {
	if (o->a2 > 30 || o->a2 % 2 != 0) return STATUS_BAD_ARGUMENT;
	if (m->threads[t].state != THREAD_STOPPED) return STATUS_REFUSED;
	m->threads[caller].x[A1] = m->threads[t].x[o->a2];
	m->threads[caller].x[A2] = m->threads[t].x[o->a2 + 1];
	return STATUS_OK;
}

static enum status op_inspect(struct model *m, u16 caller, u16 t, const struct m_operation *o) {
	const struct m_thread *h = &m->threads[t];
	const u64 answers[4][2] = { { h->state, h->priority }, { h->used, h->left }, { h->cause, h->address },
		{ h->budget, h->period } };

	if (o->a2 > INSPECT_BUDGET) return STATUS_BAD_ARGUMENT;
	m->threads[caller].x[A1] = answers[o->a2][0]; m->threads[caller].x[A2] = answers[o->a2][1];
	return STATUS_OK;
}

static bool has_window(const struct model *m, u64 partition) {
	for (u32 w = 0; w < m->windows; w++)
		if (m->schedule[w].partition == partition) return true;
	return partition == 0;
}

static enum status op_set_scheduling(struct model *m, u16 t, const struct m_operation *o) {
	struct m_thread *h = &m->threads[t];
	bool queued = h->where == M_READY_QUEUE || h->where == M_WHEEL;
	u64 partition = o->a5 / SCHEDULE_PARTITION, passive = o->a5 % SCHEDULE_PARTITION;

	if (o->a2 >= PRIORITIES || o->a3 > o->a4 || o->a4 > TICKS_MAX || passive > SCHEDULE_PASSIVE || o->a6 > TICKS_MAX ||
	    (o->a4 != 0 && o->a3 == 0) || !has_window(m, partition))
		return STATUS_BAD_ARGUMENT;
	if ((passive != 0 && object_of(m, t, THREAD_BOUND) != 0) || h->client != 0) return STATUS_REFUSED;
	if (m->payer == t) stop_paying(m);
	h->passive = passive != 0; h->partition = (u8)partition; h->limit = o->a6; h->priority = (u8)o->a2;
	h->budget = o->a3; h->period = o->a4; h->left = o->a3; h->debt = 0; h->refill = m->now + o->a4;
	if (queued) h->where = M_NOWHERE;
	if (queued) make_ready(m, t);
	else if (m->current == t) yield(m);
	return STATUS_OK;
}

static enum status op_arm_timer(struct model *m, struct m_actor actor, const struct m_operation *o) {
	u16 c = 0;
	enum status status = o->a0 == 0 ? STATUS_BAD_SLOT : named(m, actor, o->a0, CAP_NOTIFICATION, RIGHT_READ, &c);

	if (status == STATUS_OK && m->objects[m->caps[c].object].timer == 0) status = STATUS_REFUSED;
	if (status == STATUS_OK) m->timers[m->objects[m->caps[c].object].timer - 1].deadline = o->a2;
	return status;
}

static enum status thread_operation(struct model *m, struct m_actor actor, u16 caller, const struct m_operation *o) {
	u16 c = 0, t = 0;
	enum status status = o->a0 == 0 ? STATUS_BAD_SLOT : named(m, actor, o->a0, CAP_THREAD, RIGHT_WRITE, &c);

	if (status != STATUS_OK) return status;
	t = m->objects[m->caps[c].object].thread;
	switch (o->operation) {
	case OP_RESUME: return op_resume(m, t);
	case OP_SUSPEND: cancel(m, t, STATUS_CANCELLED); return STATUS_OK;
	case OP_WRITE_REGISTERS: return op_write_registers(m, t, o);
	case OP_READ_REGISTERS: return caller == 0 ? STATUS_BAD_CALL : op_read_registers(m, caller, t, o);
	case OP_INSPECT: return caller == 0 ? STATUS_BAD_CALL : op_inspect(m, caller, t, o);
	default: return (m->caps[c].rights & RIGHT_SCHEDULE) == 0 ? STATUS_NO_RIGHT : op_set_scheduling(m, t, o);
	}
}

static enum status invoke(struct model *m, struct m_actor actor, u16 caller, const struct m_operation *o) {
	struct m_at at;

	switch (o->operation) {
	case OP_RETYPE: return op_retype(m, actor, o);
	case OP_COPY: return op_copy(m, actor, o);
	case OP_MOVE: return op_move(m, actor, o);
	case OP_DELETE:
		at = look_up(m, actor, o->a0, o->a2, RIGHT_WRITE);
		return at.status != STATUS_OK ? at.status : delete_cap(m, model_at(m, at.container, at.index));
	case OP_REVOKE:
		at = look_up(m, actor, o->a0, o->a2, RIGHT_WRITE);
		return at.status != STATUS_OK ? at.status : op_revoke(m, at);
	case OP_ARM_TIMER: return op_arm_timer(m, actor, o);
	default:
		return o->operation < OP_COUNT ? thread_operation(m, actor, caller, o) : STATUS_BAD_CALL;
	}
}

/* ---- Entries ---- */
void model_syscall(struct model *m) {
	static const u8 lost[] = { 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31 };
	u16 t = m->current;
	struct m_thread *h = &m->threads[t];
	u64 a[8];
	enum status status = STATUS_OK;

	memcpy(a, &h->x[A0], sizeof a);
	for (u32 i = 0; i < sizeof lost; i++) h->x[lost[i]] = 0; /* all that a call does not preserve comes back zero */
	h->x[0] += 4;
	switch (a[7]) {
	case SYS_CALL: sys_call(m, t, a); return;
	case SYS_REPLY_RECV: sys_reply_recv(m, t, a); return;
	case SYS_RECV: case SYS_RECV | SYS_NONBLOCK: sys_recv(m, t, a, a[7] == SYS_RECV); leave(m); return;
	case SYS_SEND: status = sys_send(m, t, a); break;
	case SYS_SIGNAL: status = sys_signal(m, t, a); break;
	case SYS_WAIT: case SYS_WAIT | SYS_NONBLOCK: status = sys_wait(m, t, a, a[7] == SYS_WAIT); break;
	case SYS_YIELD: yield(m); break;
	case SYS_INVOKE:
		status = invoke(m, actor_of(m, t), t, &(struct m_operation){ a[1], a[0], a[2], a[3], a[4], a[5], a[6] });
		break;
	default: status = STATUS_BAD_CALL; break;
	}
	if (h->object != 0) h->x[A0] = status;
	leave(m);
}

void model_fault(struct model *m, u64 cause, u64 address) { thread_faults(m, m->current, cause, address); leave(m); }

/* One thread whose refill has come, or an empty stretch. True: more is due. */
static void turn_wheel(struct model *m) {
	u64 target = m->now >> m->shift;

	if (wheel_is_empty(m)) {
		m->wheel_at[m->open] = target > m->wheel_at[m->open] ? target : m->wheel_at[m->open];
		return;
	}
	for (u32 i = 0; i < WHEEL && m->wheel_at[m->open] < target; i++) {
		u16 t = first_of(m, M_WHEEL, 0, m->wheel_at[m->open] + 1);

		if (t == 0) { m->wheel_at[m->open]++; continue; }
		m->threads[t].where = M_NOWHERE;
		if (first_of(m, M_WHEEL, 0, m->wheel_at[m->open] + 1) == 0) m->wheel_at[m->open]++;
		make_ready(m, t);
		return;
	}
}

/* Has the thread that runs used its budget, or a whole period, or the limit of a call? */
static void end_turn(struct model *m, u16 t) {
	struct m_thread *h = &m->threads[t];

	if (m->payer != t) {
		if (h->limit == 0 || h->client == 0 || limit_left(m, t) != 0) return;
		h->base = m->threads[payer_of(m, t)].used; /* counts anew, if the fault handler lets it go on */
		thread_faults(m, t, FAULT_CALL_LIMIT, h->limit);
	} else if (h->left == 0 || (h->state == THREAD_READY && h->period == h->budget && h->refill == m->now + h->period)) {
		m->payer = 0;
		yield(m); /* the next one's turn */
	} else {
		h->state = THREAD_READY; /* its next period may have begun while it shared the rest */
	}
}

/* The window is over: who runs gives way, and the next one's partition opens. */
static void turn_window(struct model *m) {
	m->payer = 0;
	if (m->current != 0) yield(m);
	m->window = (m->window + 1) % m->windows; m->window_end += m->schedule[m->window].ticks;
	if (m->window_end <= m->now) m->window_end = m->now + m->schedule[m->window].ticks;
	m->open = m->schedule[m->window].partition;
}

void model_timer(struct model *m) {
	m->again = false;
	charge(m);
	if (m->window_end <= m->now) turn_window(m);
	turn_wheel(m);
	if (m->current != 0) end_turn(m, m->current);
	for (u32 i = 0; i < m->timers_used; i++)
		if (m->timers[i].deadline <= m->now) {
			m->timers[i].deadline = M_NEVER;
			raise_bits(m, m->timers[i].object, m->timers[i].bits);
		}
	(void)bury(m);
	leave(m);
}

/* Lines that wait at the controller and are on: four at most in one entry. */
void model_line(struct model *m) {
	for (u32 n = 0; n < 4; n++) {
		u32 i = 0, line = 0;

		while (i < m->line_count && !m->lines[m->line_queue[i]].on) i++;
		if (i == m->line_count) break;
		line = m->line_queue[i];
		m->line_count--;
		for (; i < m->line_count; i++) m->line_queue[i] = m->line_queue[i + 1];
		m->lines[line].on = false;
		if (m->lines[line].object != 0) raise_bits(m, m->lines[line].object, m->lines[line].bit);
	}
	leave(m);
}

void model_idle(struct model *m) {
	if (bury(m)) leave(m);
}

/* ---- Boot (section 17) ---- */
void model_boot(struct model *m, u64 base, u64 timebase, u32 highest_line, u64 system_bytes, u64 now) {
	memset(m, 0, sizeof *m);
	m->caps_end = 1; m->objects_end = 1; m->threads_end = 1; m->base = base; m->now = now;
	m->since = now; m->slice = timebase / 100; m->highest_line = highest_line;
	m->system_bytes = system_bytes;
	while (timebase >> (m->shift + 1) >= 1000) m->shift++;
	m->window_end = M_NEVER; m->wheel_at[0] = now >> m->shift;
	(void)new_object(m, CAP_TABLE, base + IMAGE_BLOCK + 0x8000, 10);
	model_root(m, KERNEL_SLOT_FAULT_RING, base + IMAGE_BLOCK + 0x18000, 12, MEMORY_ROM);
	m->caps[1].rights = RIGHT_READ;
}

void model_root(struct model *m, u32 slot, u64 start, u32 bits, u32 kind) {
	static const u8 rights[] = { RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_RETYPE | RIGHT_SCHEDULE,
		RIGHT_READ | RIGHT_WRITE | RIGHT_RETYPE, RIGHT_READ | RIGHT_EXECUTE | RIGHT_RETYPE };
	u16 c = new_cap(m, M_KERNEL_TABLE, slot, M_ROOT);

	m->caps[c] = (struct m_cap){ .type = CAP_UNTYPED, .kind = (u8)kind, .bits = (u8)bits, .rights = rights[kind],
		.original = true, .start = start, .born = m->caps[c].born };
}

static enum status op_bind(struct model *m, struct m_actor actor, const struct m_operation *o) {
	u16 c = o->a0 != 0 && o->a0 < actor.size ? model_at(m, actor.table, (u32)o->a0) : 0;
	struct m_object *n = &m->objects[m->caps[c].object];
	u32 mask = o->a4 < NOTIFICATION_BITS ? 1u << o->a4 : 0;

	if (o->a0 == 0 || o->a0 >= actor.size) return STATUS_BAD_SLOT;
	if (c == 0 || m->caps[c].type != CAP_NOTIFICATION || !m->caps[c].original) return STATUS_BAD_TYPE;
	if (actor.table != M_KERNEL_TABLE) return STATUS_REFUSED;
	if (mask == 0 || o->a2 > BIND_FAULT_RING) return STATUS_BAD_ARGUMENT;
	switch (o->a2) {
	case BIND_LINE:
		if (o->a3 == 0 || o->a3 > 255 || o->a3 > m->highest_line) return STATUS_BAD_ARGUMENT;
		if (m->lines[o->a3].object != 0 || (n->lines & mask) != 0) return STATUS_OCCUPIED;
		m->lines[o->a3].object = m->caps[c].object; m->lines[o->a3].bit = mask;
		n->lines |= mask; n->taken |= mask;
		break;
	case BIND_TIMER:
		if (n->timer != 0) return STATUS_OCCUPIED;
		if (m->timers_used == 64) return STATUS_NO_MEMORY;
		m->timers[m->timers_used].deadline = M_NEVER; m->timers[m->timers_used].bits = mask;
		m->timers[m->timers_used++].object = m->caps[c].object; n->timer = m->timers_used;
		break;
	case BIND_POWER_OFF: n->power_off |= mask; break;
	case BIND_RESET: n->reset |= mask; break;
	default:
		if (m->ring_object != 0) return STATUS_OCCUPIED;
		m->ring_object = m->caps[c].object; m->ring_bit = mask;
		break;
	}
	return STATUS_OK;
}

/* Changes the contents of a page only, which are not part of the model. */
static enum status op_fill(const struct model *m, struct m_actor actor, const struct m_operation *o) {
	u16 c = o->a0 < actor.size ? model_at(m, actor.table, (u32)o->a0) : 0;
	u64 bytes = 1ul << m->caps[c].bits;

	if (o->a0 == 0 || o->a0 >= actor.size) return STATUS_BAD_SLOT;
	if (c == 0 || m->caps[c].type != CAP_UNTYPED || m->caps[c].kind != MEMORY_RAM || (m->caps[c].rights & RIGHT_RETYPE) != 0)
		return STATUS_BAD_TYPE;
	if (o->a2 % 8 != 0 || o->a3 % 8 != 0 || o->a4 % 8 != 0 || o->a3 > m->system_bytes || o->a4 > m->system_bytes - o->a3 ||
	    o->a2 > bytes || o->a4 > bytes - o->a2)
		return STATUS_BAD_ARGUMENT;
	return STATUS_OK;
}

static enum status op_window(struct model *m, const struct m_operation *o) {
	if (o->a2 >> m->shift == 0 || o->a2 > TICKS_MAX || o->a3 >= PARTITIONS) return STATUS_BAD_ARGUMENT;
	if (m->windows == WINDOWS_MAX) return STATUS_NO_MEMORY;
	m->schedule[m->windows].ticks = o->a2; m->schedule[m->windows].partition = (u8)o->a3;
	m->window = m->windows++;
	m->window_end = 0; /* the first begins with the first timer interrupt */
	return STATUS_OK;
}

enum status model_replay(struct model *m, u32 actor_slot, const struct m_operation *o) {
	struct m_actor actor = { M_KERNEL_TABLE, KERNEL_TABLE_SLOTS };
	enum status status = STATUS_AGAIN;

	if (actor_slot != 0) {
		actor.table = m->caps[model_at(m, M_KERNEL_TABLE, actor_slot)].object;
		actor.size = 1ul << m->objects[actor.table].bits;
	}
	if (o->operation == OP_BIND) return op_bind(m, actor, o);
	if (o->operation == OP_WINDOW) return actor.table == M_KERNEL_TABLE ? op_window(m, o) : STATUS_REFUSED;
	if (o->operation == OP_FILL) return op_fill(m, actor, o);
	while (status == STATUS_AGAIN) status = invoke(m, actor, 0, o);
	return status;
}

void model_start(struct model *m) { leave(m); }
