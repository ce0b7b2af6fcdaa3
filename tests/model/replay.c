/* replay.c - a sequence for a component on the real machine: one thread that never blocks, and what it must be answered.
 *
 * Nothing in it depends on time or on who else runs: what dies is buried at once, by a revoke of a leaf. */
#include "lockstep.h"
#include <stdlib.h>

#define LEAF REPLAY_SPARE   /* a slot that keeps an endpoint without copies */

static u64 below(u64 bound)
{
	return random_below(bound);
}

static u64 spare(void)
{
	return below(30) == 0 ? 1ul << (20 + below(40)) : REPLAY_SPARE + 1 + below(REPLAY_SPARES - 1);
}

/* A slot with a capability of that type; with 0 any, else a spare one. */
static u64 holding(u32 type)
{
	u16 table = model.caps[model_slot_of(&model, model.current, THREAD_TABLE)].object;
	u32 seen = 0;
	u64 found = 0;

	for (u16 c = 1; c < model.caps_end; c++)
		if (model.caps[c].type != CAP_EMPTY && model_container(&model, c) == table && model_index(&model, c) != LEAF &&
		    (type == 0 || model.caps[c].type == type) && below(++seen) == 0)
			found = model_index(&model, c);
	return seen != 0 && below(12) != 0 ? found : spare();
}

static u64 container(u64 *index, bool full)
{
	u64 c = below(3) != 0 ? 0 : holding(CAP_TABLE + (u32)below(3));

	*index = c != 0 ? below(6) : full ? holding(0) : spare();
	return c;
}

static void retype(u64 *a)
{
	a[0] = holding(CAP_UNTYPED);
	a[2] = 1 + below(9);
	a[3] = below(8) == 0 ? below(40) : a[2] == OBJECT_SPACE ? below(3) : a[2] == OBJECT_TABLE ? 2 + below(3) : 6 + below(14);
	if (a[2] == OBJECT_PAGE)
		a[3] = 12;
	a[4] = below(5) == 0 ? holding(CAP_TABLE) : 0;
	a[5] = a[4] != 0 ? 1 + below(5) : spare();
	a[6] = below(10) == 0 ? below(70) : 1 + below(2);
}

static void invocation(u64 *a)
{
	static const u8 operations[] = { OP_RETYPE, OP_RETYPE, OP_RETYPE, OP_COPY, OP_COPY, OP_COPY, OP_COPY, OP_MOVE, OP_DELETE,
		OP_DELETE, OP_REVOKE, OP_SUSPEND, OP_WRITE_REGISTERS, OP_READ_REGISTERS, OP_INSPECT, OP_SET_SCHEDULING,
		OP_ARM_TIMER, OP_COUNT };

	a[7] = SYS_INVOKE;
	a[1] = operations[below(sizeof operations)];
	switch (a[1]) {
	case OP_RETYPE:
		retype(a);
		break;
	case OP_COPY:
	case OP_MOVE:
		a[0] = container(&a[2], false);
		a[3] = container(&a[4], true);
		a[5] = below(2) == 0 ? RIGHTS_ALL : below(128);
		a[6] = below(4) == 0 ? below(100) : 0;
		break;
	case OP_DELETE:
	case OP_REVOKE:
		a[0] = container(&a[2], true);
		if (a[0] == 0 && a[2] == REPLAY_POOL && below(8) != 0)
			a[2] = spare();
		break;
	case OP_ARM_TIMER:
		a[0] = holding(CAP_NOTIFICATION);
		break;
	default:
		a[0] = holding(CAP_THREAD);
		a[2] = below(34);
		for (u32 i = 3; i < 7; i++)
			a[i] = below(1000);
		break;
	}
}

static void call(u64 *a)
{
	static const u8 calls[] = { SYS_SIGNAL, SYS_SIGNAL, SYS_WAIT | SYS_NONBLOCK, SYS_WAIT | SYS_NONBLOCK, SYS_RECV | SYS_NONBLOCK,
		SYS_SEND, SYS_CALL, SYS_REPLY_RECV, SYS_YIELD, 9 };

	a[7] = calls[below(sizeof calls)];
	a[0] = holding(a[7] == SYS_SIGNAL || (a[7] & ~(u64)SYS_NONBLOCK) == SYS_WAIT ? CAP_NOTIFICATION : CAP_ENDPOINT);
	a[1] = below(16);
	a[2] = spare();
	a[3] = holding(0);
	a[4] = below(2) == 0 ? 0 : spare();
}

/* Whether the thread would go on after this step: asked of a copy of the model. A receive that is not refused depends on
 * the notification of the component, which hears from the serial line. */
static bool goes_on(const struct step *step)
{
	static struct model copy;
	struct m_thread *h = &copy.threads[model.current];

	model_copy(&copy, &model);
	memcpy(&h->x[10], step->a, sizeof step->a);
	model_syscall(&copy);
	return copy.current == model.current && !copy.full && (step->a[7] != (SYS_RECV | SYS_NONBLOCK) || h->x[10] != STATUS_EMPTY);
}

static bool something_is_dying(void)
{
	for (u16 o = 1; o < model.objects_end; o++)
		if (model.objects[o].type != CAP_EMPTY && model.objects[o].died != 0)
			return true;
	return false;
}

static void say(const struct step *step)
{
	const u64 *a = step->a;
	const u64 *x = NULL;

	do {
		const char *difference = lockstep_step(step);

		if (difference != NULL) {
			printf("DIFFERENCE on the host already: %s\n", difference);
			exit(1);
		}
		x = model.threads[model.current].x;
	} while (x[10] == STATUS_AGAIN && a[7] == SYS_INVOKE);
	printf("%lx %lx %lx %lx %lx %lx %lx %lx = %lx %lx %lx\n", a[7], a[0], a[1], a[2], a[3], a[4], a[5], a[6], x[10], x[11], x[12]);
}

void replay_run(u64 steps, u64 seed)
{
	static const struct step leaf = { STEP_SYSCALL, 0, { REPLAY_POOL, OP_RETYPE, OBJECT_ENDPOINT, 0, 0, LEAF, 1, SYS_INVOKE } };
	static const struct step bury = { STEP_SYSCALL, 0, { 0, OP_REVOKE, LEAF, 0, 0, 0, 0, SYS_INVOKE } };

	random_seed(seed);
	lockstep_start(WORLD_REPLAY, 1);
	for (u64 i = 0; i < steps; i++) {
		struct step step = { STEP_SYSCALL, 0, { 0 } };

		do {
			if (below(4) == 0)
				call(step.a);
			else
				invocation(step.a);
		} while (!goes_on(&step));
		if (model_at(&model, model.caps[model_slot_of(&model, model.current, THREAD_TABLE)].object, LEAF) == 0)
			step = leaf; /* the memory was taken back with everything in it */
		if (something_is_dying())
			step = bury;
		say(&step);
	}
}
