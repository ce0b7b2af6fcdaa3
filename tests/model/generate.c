/* generate.c - random steps that suit the state: mostly sensible, sometimes not. */
#include "worlds.h"

#define SMALL 64u

static u64 state;
static struct world_program script;   /* what the supervisor is about to do */
static u32 script_at;
static bool script_busy;
static enum world_name world;
static u32 giants;                    /* very long waits so far: each costs many interrupts */

void random_seed(u64 seed)
{
	giants = 0;
	state = (seed + 1) * 0x9e3779b97f4a7c15ul | 1;
	for (u32 i = 0; i < 4; i++)
		(void)random_below(1);
}

static u64 any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dul;
}

u64 random_below(u64 bound)
{
	return (any() >> 16) % bound;
}
#define below random_below

void random_begin(enum world_name name)
{
	world = name;
	script_busy = false;
}

static bool one_in(u64 n)
{
	return below(n) == 0;
}

static u64 number(void)
{
	static const u64 odd[] = { 0, ~0ul, 1ul << 32, 1ul << 31, 1ul << 63, 0xffffffff, 64, 1024, 65, 511, 512, 255, 256 };

	return one_in(30) ? odd[below(sizeof odd / sizeof odd[0])] : below(SMALL);
}

/* A slot of the running thread's table with a capability of that type (0: any, CAP_EMPTY + 100: a free one). */
#define ANY_CAP 0xfeu
#define FREE 0xffu
static u64 slot_with(const struct model *m, u32 type)
{
	u16 table = model_slot_of(m, m->current, THREAD_TABLE);
	u16 o = table != 0 ? m->caps[table].object : 0;
	u32 size = o != 0 ? 1u << m->objects[o].bits : 1;
	u64 found = 0;
	u32 seen = 0;

	if (type == FREE) {
		for (u32 i = 0; i < 6; i++) {
			found = below(size);
			if (found != 0 && model_at(m, o, (u32)found) == 0)
				return found;
		}
		return number();
	}
	for (u16 c = 1; c < m->caps_end; c++)
		if (m->caps[c].type != CAP_EMPTY && model_container(m, c) == o && (type == ANY_CAP || m->caps[c].type == type) &&
		    below(++seen) == 0)
			found = model_index(m, c);
	return seen != 0 ? found : number();
}

static u64 container(const struct model *m, u64 *index)
{
	u64 c = one_in(8) ? number() : 0;

	if (one_in(2))
		c = slot_with(m, CAP_TABLE + (u32)below(3));
	*index = one_in(2) ? below(4) : number();
	return c;
}

static u64 rights(void)
{
	static const u64 common[] = { RIGHTS_ALL, RIGHT_READ, RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_EXECUTE };

	return one_in(3) ? below(256) : common[below(4)];
}

static u64 object_bits(u64 type)
{
	if (one_in(8))
		return one_in(3) ? 12 + 9 * below(3) : below(66);
	switch (type) {
	case OBJECT_UNTYPED:
	case OBJECT_UNTYPED | OBJECT_NO_SCHEDULE:
		return 6 + below(12);
	case OBJECT_TABLE:
		return 1 + below(5);
	case OBJECT_SPACE:
		return below(3);
	default:
		return 12;
	}
}

static void from_and_to(const struct model *m, u64 *a)
{
	a[0] = container(m, &a[2]);
	a[3] = container(m, &a[4]);
	if (!one_in(4)) {
		a[3] = 0;
		a[4] = slot_with(m, ANY_CAP);
	}
	if (one_in(2)) {
		a[0] = 0;
		a[2] = slot_with(m, FREE);
	}
}

static void scheduling(u64 *a)
{
	a[2] = one_in(40) ? 256 + below(50) : one_in(10) ? 40 + below(100) : below(24);
	a[4] = one_in(20) ? any() : below(100000);
	a[3] = one_in(3) ? a[4] : one_in(10) ? 0 : below(a[4] + 1);
	a[5] = (one_in(20) ? below(4) : one_in(4)) + (one_in(6) ? SCHEDULE_PARTITION * below(3) : 0);
	a[6] = one_in(20) ? any() : one_in(2) ? below(5000) : 0;
	if (one_in(12))
		a[3] = a[4] = 0;
}

static void random_invoke(const struct model *m, u64 *a)
{
	u64 operation = one_in(30) ? any() : below(OP_COUNT + 1);

	for (u32 i = 0; i < 7; i++)
		a[i] = number();
	if (one_in(2))
		operation = below(5);
	a[7] = SYS_INVOKE;
	a[1] = operation;
	switch (operation) {
	case OP_RETYPE:
		a[0] = one_in(5) ? a[0] : slot_with(m, CAP_UNTYPED);
		a[2] = below(10);
		a[3] = object_bits(a[2]);
		a[4] = one_in(3) ? slot_with(m, CAP_TABLE) : one_in(20) ? number() : 0;
		a[5] = one_in(3) ? a[5] : slot_with(m, FREE);
		a[6] = one_in(20) ? below(70) : 1 + below(3);
		if (one_in(60))
			a[2 + below(4)] |= 1ul << 32;
		break;
	case OP_COPY:
		from_and_to(m, a);
		a[5] = rights();
		a[6] = one_in(3) ? below(100) : one_in(30) ? any() : 0;
		break;
	case OP_MOVE:
		from_and_to(m, a);
		break;
	case OP_DELETE:
	case OP_REVOKE:
		a[0] = container(m, &a[2]);
		if (one_in(2)) {
			a[0] = 0;
			a[2] = slot_with(m, ANY_CAP);
		}
		break;
	case OP_SET_SCHEDULING:
		a[0] = slot_with(m, CAP_THREAD);
		scheduling(a);
		break;
	case OP_ARM_TIMER:
		a[0] = one_in(4) ? number() : slot_with(m, CAP_NOTIFICATION);
		a[2] = one_in(4) ? M_NEVER : m->now + below(100000);
		break;
	default:
		a[0] = one_in(8) ? number() : slot_with(m, CAP_THREAD);
		a[2] = below(34) / (1 + below(6));
		break;
	}
}

static void random_call(const struct model *m, u64 *a)
{
	static const u8 numbers[] = { SYS_CALL, SYS_CALL, SYS_CALL, SYS_CALL, SYS_REPLY_RECV, SYS_REPLY_RECV, SYS_REPLY_RECV, SYS_RECV,
		SYS_RECV, SYS_RECV | SYS_NONBLOCK, SYS_SEND, SYS_SEND, SYS_SIGNAL, SYS_SIGNAL, SYS_WAIT, SYS_WAIT | SYS_NONBLOCK,
		SYS_YIELD };
	u64 call = one_in(50) ? any() : numbers[below(sizeof numbers)];

	a[0] = one_in(10) ? number() : slot_with(m, CAP_ENDPOINT);
	a[1] = below(100) << TAG_LABEL_SHIFT | below(20) % 16;
	a[2] = 20 + below(4);
	a[3] = one_in(3) ? number() : slot_with(m, ANY_CAP);
	a[4] = one_in(2) ? 0 : 24 + below(4);
	a[5] = number();
	a[6] = number();
	a[7] = call;
	if ((call == SYS_REPLY_RECV || call == SYS_SEND) && !one_in(3)) {
		u64 reply = slot_with(m, CAP_REPLY);

		a[call == SYS_SEND ? 0 : 2] = reply;
	}
	if (call == SYS_SIGNAL || (call & ~(u64)SYS_NONBLOCK) == SYS_WAIT)
		a[0] = one_in(8) ? number() : slot_with(m, CAP_NOTIFICATION);
	if (one_in(20))
		a[2] = number();
	if (one_in(20))
		a[4] = number();
}

/* The supervisor: starts tasks again, resumes and suspends, and waits. */
static void supervise(const struct model *m, u64 *a)
{
	u64 first_task = 35 + 8 * below(RANDOM_TASKS);

	memset(a, 0, 8 * sizeof a[0]);
	a[7] = SYS_INVOKE;
	if (!script_busy && one_in(3)) {
		world_restart((u32)below(RANDOM_TASKS + 1), &script);
		script_at = 0;
		script_busy = true;
	}
	if (script_busy) {
		const struct m_operation *o = &script.operations[script_at];

		if (script_at > 0 && m->threads[m->current].x[10] == STATUS_AGAIN)
			o--;
		else if (++script_at == script.count)
			script_busy = false;
		memcpy(a, (u64[]){ o->a0, o->operation, o->a2, o->a3, o->a4, o->a5, o->a6, SYS_INVOKE }, 8 * sizeof a[0]);
		return;
	}
	switch (below(12)) {
	case 0:
		random_invoke(m, a);
		if ((a[1] == OP_DELETE || a[1] == OP_REVOKE) && a[0] == 0 && a[2] < 18)
			a[2] += 18; /* not what it stands on itself */
		break;
	case 1:
	case 2:
	case 3:
		a[0] = first_task;
		a[1] = OP_RESUME;
		break;
	case 4:
		a[0] = first_task;
		a[1] = OP_SUSPEND;
		break;
	case 5:
		a[0] = first_task;
		a[1] = OP_SET_SCHEDULING;
		scheduling(a);
		break;
	case 6:
		a[0] = one_in(40) ? 12 + below(2) : 9 + below(3);
		a[7] = SYS_SIGNAL;
		break;
	case 7:
		random_call(m, a);
		a[7] = one_in(2) ? SYS_RECV | SYS_NONBLOCK : SYS_WAIT | SYS_NONBLOCK; /* nothing that it might hang in */
		break;
	default:
		a[0] = 2;
		a[7] = SYS_WAIT;
		break;
	}
}

static u32 random_ticks(void)
{
	return (u32)(one_in(6) ? below(300000) : one_in(3) ? below(20000) : below(1500));
}

/* Servers receive and hand on: so chains of payers become long. */
static struct step chain_step(const struct model *m)
{
	struct step step = { STEP_SYSCALL, one_in(20) ? (u32)below(500) : 0, { 0 } };
	const struct m_thread *h = &m->threads[m->current];
	bool receives = h->passive && h->client == 0;

	if (h->client != 0 && h->limit == 0 && giants == 0 && one_in(300)) {
		giants++;
		return (struct step){ STEP_TIME, 0x90000000, { 0 } }; /* until a debt grows no more */
	}
	memcpy(step.a, receives ? (u64[8]){ 1, 0, 10, 0, 0, 0, 0, SYS_RECV } : (u64[8]){ 2, 1, 0, 0, 0, 0, 0, SYS_CALL }, sizeof step.a);
	return step;
}

struct step random_step(const struct model *m)
{
	struct step step = { STEP_SYSCALL, one_in(12) ? random_ticks() : one_in(3) ? (u32)below(200) : 0, { 0 } };
	u64 kind = below(100);
	const struct step *letters = NULL;
	u32 count = world_alphabet(world, &letters);

	if (world == WORLD_CHAIN && m->current != 0 && !one_in(12))
		return chain_step(m);
	if (count != 0 && !one_in(3)) {
		step = letters[below(count)];
		step.ticks += one_in(4) ? (u32)below(2000) : 0;
		return step;
	}
	if (m->current == 0 && kind < 90)
		kind = kind < 60 ? 91 : 91 + below(9); /* mostly: wake the supervisor */
	if (kind < 90 && m->threads[m->current].priority == 200) {
		supervise(m, step.a);
	} else if (kind < 48) {
		random_call(m, step.a);
	} else if (kind < 88) {
		random_invoke(m, step.a);
	} else if (kind < 91) {
		step.kind = m->current != 0 ? STEP_FAULT : STEP_TIME;
		step.a[0] = below(16);
		step.a[1] = any();
	} else if (kind < 97) {
		step.kind = STEP_LINE;
		step.a[0] = 10 + (kind < 92 ? 2 : below(3));
		for (u32 i = 1; one_in(4) && i < 8; i++)
			step.a[i] = 10 + below(8);
	} else if (kind == 97) {
		step.kind = STEP_TICK;
	} else {
		step.kind = STEP_TIME;
		step.ticks = random_ticks();
	}
	return step;
}
