/* fuzz.c - random system calls from several threads over a small world, with interrupts, faults and rescues between.
 *
 * Deterministic: a seed names a run. Each world lives for a few thousand steps; what happens in it depends only on the
 * seed and the number of the world, so that a failure is repeated by naming both: --fuzz STEPS SEED 1 WORLD. */
#include "world.h"
#include "fuzz.h"
#include "invariants.h"

#define TASKS 6u
#define WORLD_STEPS 1500u
#define LINE_A 10u
#define LINE_B 11u
#define SMALL 48u /* slots that most numbers fall into */

static struct {
	bool active;
	u64 seed;
	u64 world;
	u64 step;
	char last[160];
} where;
static u64 random_state;
static struct task tasks[TASKS];
static u64 statuses[STATUS_COUNT];
static u64 operations_ok[32];

void fuzz_explain(void)
{
	if (where.active)
		fprintf(stderr, "  fuzz: seed %lu world %lu step %lu: %s\n  repeat with --fuzz 1500 %lu 1 %lu\n", where.seed, where.world,
			where.step, where.last, where.seed, where.world);
}

static u64 any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dul >> 16;
}

static u64 below(u64 bound)
{
	return any() % bound;
}

static u64 number(void)
{
	static const u64 odd[] = { 0, ~0ul, 1ul << 32, 1ul << 31, 1ul << 63, 0xffffffff, 64, 1024 };

	return below(40) == 0 ? odd[below(8)] : below(SMALL);
}

/* Each task gets: 1 its table, 2 its thread, 3 another's thread, 4 another's table, 5 memory, 6-8 endpoints,
 * 9-11 notifications, 12 its space, 13 a middle level, 14 a leaf level, 15 a page, 16 device page. The rest is free. */
static u32 endpoints[3];
static u32 notifications[3];
static bool scheduled; /* this world has a schedule of partitions */
static u32 memory[TASKS]; /* the untyped that a task's own objects are carved from */

/* What a supervisor does for a component: carve its objects, give it its capabilities, let it go. */
static void build_task(u32 i)
{
	struct task *t = &tasks[i];
	struct task *other = &tasks[(i + 1) % TASKS];
	u32 partition = scheduled ? i % 3 * SCHEDULE_PARTITION : 0;

	boot_must(OP_RETYPE, memory[i], OBJECT_SPACE, 2, 0, t->k_space, 1);
	boot_must(OP_RETYPE, memory[i], OBJECT_TABLE, 6, 0, t->k_table, 1);
	boot_must(OP_RETYPE, memory[i], OBJECT_THREAD, 0, 0, t->k_thread, 1);
	t->space = k_slot(t->k_space)->object;
	t->table = k_slot(t->k_table)->object;
	t->thread = k_slot(t->k_thread)->object;
	boot_must(OP_RETYPE, memory[i], OBJECT_UNTYPED, 17, t->k_table, 5, 1);
	boot_must(OP_RETYPE, memory[i], OBJECT_SPACE, 1, t->k_table, 13, 1);
	boot_must(OP_RETYPE, memory[i], OBJECT_SPACE, 0, t->k_table, 14, 1);
	boot_must(OP_RETYPE, memory[i], OBJECT_PAGE, 12, t->k_table, 15, 1);
	boot_must(OP_COPY, t->k_thread, THREAD_TABLE, 0, t->k_table, RIGHTS_ALL, 0);
	boot_must(OP_COPY, t->k_thread, THREAD_SPACE, 0, t->k_space, RIGHTS_ALL, 0);
	boot_must(OP_COPY, t->k_thread, THREAD_FAULT, 0, endpoints[i % 3], RIGHT_WRITE | RIGHT_CALL, 100 + i);
	give(t, 1, t->k_table, RIGHTS_ALL, 0);
	give(t, 2, t->k_thread, RIGHTS_ALL, 0);
	if (k_slot(other->k_thread)->type == CAP_THREAD) {
		give(t, 3, other->k_thread, RIGHTS_ALL, 0);
		give(t, 4, other->k_table, RIGHTS_ALL, 0);
	}
	for (u32 k = 0; k < 3; k++) {
		give(t, 6 + k, endpoints[k], RIGHTS_ALL, k == 2 ? i + 1 : 0);
		give(t, 9 + k, notifications[k], RIGHTS_ALL, k == 0 ? 0 : 1u << (4 + i));
	}
	give(t, 12, t->k_space, RIGHTS_ALL, 0);
	give(t, 16, K_DEVICE_PAGE, RIGHTS_ALL, 0);
	switch (i) {
	case 1:
		schedule(t, 12, 20000, 60000, partition, 0);
		break;
	case 2:
		schedule(t, 14, 5000, 90000, SCHEDULE_PASSIVE | partition, 4000);
		break;
	case 3:
		schedule(t, 14, 1000, 200000, SCHEDULE_PASSIVE | partition, 0);
		break;
	case 4:
		schedule(t, 0, 0, 0, partition, 0);
		break;
	case 5:
		schedule(t, 10, 30000, 3000000, partition, 0);
		break;
	default:
		schedule(t, 10, BUDGET, BUDGET, partition, 0);
		break;
	}
	boot_must(OP_RESUME, t->k_thread, 0, 0, 0, 0, 0);
}

static void build_world(void)
{
	world_boot_bare();
	for (u32 i = 0; i < 3; i++) {
		endpoints[i] = world_make(OBJECT_ENDPOINT, 0);
		notifications[i] = world_make(OBJECT_NOTIFICATION, 0);
	}
	OK(boot_bind_for_test(notifications[0], BIND_LINE, LINE_A, 0));
	OK(boot_bind_for_test(notifications[0], BIND_LINE, LINE_B, 1));
	OK(boot_bind_for_test(notifications[1], BIND_TIMER, 0, 2));
	OK(boot_bind_for_test(notifications[1], BIND_FAULT_RING, 0, 3));
	scheduled = where.world % 3 == 2;
	for (u32 i = 0; scheduled && i < 4; i++)
		OK(sched_add_window(10000 + 3000 * i, i % 3));
	for (u32 i = 0; i < TASKS; i++) {
		memory[i] = world_make(OBJECT_UNTYPED, 19);
		tasks[i] = (struct task){ .k_thread = world_slot(), .k_table = world_slot(), .k_space = world_slot() };
	}
	for (u32 i = 0; i < TASKS; i++)
		build_task(i);
	machine.asid_limit = any() % 3 == 0 ? 0 : 4;
	world_start();
}

/* A restart: everything that the task is made of goes, whatever it was doing, and is built anew in the same memory. */
static void restart(u32 i)
{
	(void)snprintf(where.last, sizeof where.last, "restart of task %u, thread %u", i, tasks[i].thread);
	boot_must(OP_REVOKE, 0, memory[i], 0, 0, 0, 0);
	EQ(k_slot(memory[i])->watermark, 0);
	EQ(k_slot(tasks[i].k_thread)->type, CAP_EMPTY);
	forget_thread(tasks[i].thread);
	build_task(i);
}

static u64 object_bits(u64 type)
{
	if (below(10) == 0)
		return below(66);
	switch (type) {
	case OBJECT_UNTYPED:
		return 6 + below(12);
	case OBJECT_TABLE:
		return 1 + below(5);
	case OBJECT_SPACE:
		return below(3);
	default:
		return 12;
	}
}

static u64 rights(void)
{
	static const u64 common[] = { RIGHTS_ALL, RIGHT_READ, RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_EXECUTE };

	return below(3) == 0 ? below(256) : common[below(4)];
}

/* A slot of the running thread's table that holds a capability of that type, if a few looks find one. */
static u64 holding(u8 type)
{
	u64 n = 0;

	for (u32 i = 0; i < 8; i++) {
		n = 1 + below(SMALL);
		if (n < threads[running].table_size && slots[threads[running].table + n].type == type)
			return n;
	}
	return number();
}

/* A slot of the running thread's table that is full, or empty, if a few looks find one. */
static u64 slot_that_is(bool full)
{
	u64 n = 0;

	for (u32 i = 0; i < 8; i++) {
		n = 1 + below(TASK_SLOTS - 1);
		if (n < threads[running].table_size && (slots[threads[running].table + n].type != CAP_EMPTY) == full)
			return n;
	}
	return number();
}

/* A container, and an index that is often good in it. */
static u64 container(u64 *index)
{
	u64 c = below(3) == 0 ? 0 : number();

	if (below(3) == 0)
		c = holding((u8)(CAP_TABLE + below(3)));
	*index = below(3) == 0 ? below(4) : number();
	return c;
}

static u64 random_invoke(void)
{
	u64 operation = below(30) == 0 ? any() : below(OP_COUNT + 1);
	u64 a0 = number();
	u64 a2 = number();
	u64 a3 = number();
	u64 a4 = number();
	u64 a5 = number();
	u64 a6 = number();
	u64 status = 0;

	if (below(3) == 0)
		operation = below(3);
	switch (operation) {
	case OP_RETYPE:
		a0 = below(4) == 0 ? a0 : below(2) == 0 ? 5 : holding(CAP_UNTYPED);
		a2 = below(9);
		a3 = object_bits(a2);
		a4 = below(3) == 0 ? a4 : 0;
		a5 = below(3) == 0 ? a5 : slot_that_is(false);
		a6 = 1 + below(below(8) == 0 ? 70 : 3);
		break;
	case OP_COPY:
		a0 = container(&a2);
		a3 = container(&a4);
		if (below(2) == 0) {
			a3 = 0;
			a4 = slot_that_is(true);
		}
		if (below(3) == 0) {
			a0 = 0;
			a2 = slot_that_is(false);
		}
		a5 = rights();
		a6 = below(3) == 0 ? below(100) : 0;
		break;
	case OP_MOVE:
		a0 = container(&a2);
		a3 = container(&a4);
		if (below(2) == 0) {
			a3 = 0;
			a4 = slot_that_is(true);
		}
		break;
	case OP_DELETE:
	case OP_REVOKE:
		a0 = container(&a2);
		if (below(2) == 0) {
			a0 = 0;
			a2 = slot_that_is(true);
		}
		if (below(8) != 0 && a2 < 17) /* not too often what everything stands on */
			a2 += 17;
		break;
	case OP_SET_SCHEDULING:
		a0 = below(2) == 0 ? 2 + below(2) : a0;
		a2 = below(20);
		a4 = below(100000);
		a3 = below(3) == 0 ? a4 : below(a4 + 1);
		a5 = (below(4) == 0) + (scheduled ? below(4) * SCHEDULE_PARTITION : 0);
		a6 = below(2) * below(5000);
		break;
	case OP_ARM_TIMER:
		a0 = 10;
		a2 = below(4) == 0 ? NEVER : fake.time + below(100000);
		break;
	default:
		a0 = below(2) == 0 ? 2 + below(2) : holding(CAP_THREAD);
		a2 = below(34) / (1 + below(4));
		break;
	}
	(void)snprintf(where.last, sizeof where.last, "thread %u invoke %lu a0 %lu a2 %lu a3 %lu a4 %lu a5 %lu a6 %lu", running,
		       operation, a0, a2, a3, a4, a5, a6);
	status = call_kernel(SYS_INVOKE, a0, operation, a2, a3, a4, a5, a6);
	if (status == STATUS_OK && operation < OP_COUNT)
		operations_ok[operation]++;
	return status;
}

static u64 random_call(void)
{
	static const u8 numbers[] = { SYS_CALL, SYS_CALL, SYS_CALL, SYS_REPLY_RECV, SYS_REPLY_RECV, SYS_REPLY_RECV, SYS_RECV,
		SYS_RECV | SYS_NONBLOCK, SYS_SEND, SYS_SEND, SYS_SIGNAL, SYS_SIGNAL, SYS_WAIT, SYS_WAIT | SYS_NONBLOCK, SYS_YIELD };
	u64 call = below(50) == 0 ? any() : numbers[below(sizeof numbers)];
	u64 a0 = below(8) == 0 ? number() : below(4) == 0 ? holding(CAP_ENDPOINT) : 6 + below(3);
	u64 tag = below(100) << TAG_LABEL_SHIFT | below(20 ) % 16;
	u64 reply = 20 + below(4);
	u64 out = below(3) == 0 ? number() : slot_that_is(true);
	u64 arrival = below(2) == 0 ? 0 : 24 + below(4);

	if (call == SYS_SIGNAL || (call & ~(u64)SYS_NONBLOCK) == SYS_WAIT)
		a0 = below(8) == 0 ? number() : 9 + below(3);
	if (call == SYS_SEND && below(2) == 0)
		a0 = 20 + below(4);
	if (below(20) == 0)
		reply = number();
	if (below(20) == 0)
		arrival = number();
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		user(running)->x[REG_S2 + i] = any();
	(void)snprintf(where.last, sizeof where.last, "thread %u call %lu a0 %lu tag %lx reply %lu out %lu arrival %lu", running, call,
		       a0, tag, reply, out, arrival);
	return call_kernel(call, a0, tag, reply, out, arrival, number(), number());
}

/* What a supervisor would do for threads that can do nothing any more. */
static void rescue(void)
{
	u32 i = (u32)below(TASKS);
	struct task *t = &tasks[i];
	bool alive = k_slot(t->k_thread)->type == CAP_THREAD;

	(void)snprintf(where.last, sizeof where.last, "rescue of thread %u", t->thread);
	if (below(5) == 0) {
		restart(i);
		return;
	}
	if (alive && slots[thread_slot(t->thread, THREAD_TABLE)].type == CAP_EMPTY)
		(void)boot_do(OP_COPY, t->k_thread, THREAD_TABLE, 0, t->k_table, RIGHTS_ALL, 0);
	if (alive && slots[thread_slot(t->thread, THREAD_SPACE)].type == CAP_EMPTY)
		(void)boot_do(OP_COPY, t->k_thread, THREAD_SPACE, 0, t->k_space, RIGHTS_ALL, 0);
	if (alive && below(4) == 0)
		(void)boot_do(OP_SUSPEND, t->k_thread, 0, 0, 0, 0, 0);
	if (alive)
		(void)boot_do(OP_RESUME, t->k_thread, 0, 0, 0, 0, 0);
	if (below(50) == 0 && slot_of(t, 5)->type == CAP_UNTYPED)
		(void)boot_do(OP_REVOKE, t->k_table, 5, 0, 0, 0, 0);
}

static void random_step(void)
{
	u64 kind = below(100);
	u64 status = BLOCKED;

	if (running == NONE)
		kind = 86 + below(14);
	else if (below(60) == 0)
		rescue();
	if (kind < 50 && running != NONE) {
		status = random_call();
	} else if (kind < 86 && running != NONE) {
		status = random_invoke();
	} else if (kind < 89) {
		u64 ticks = below(8) == 0 ? below(300000) : below(3000);

		(void)snprintf(where.last, sizeof where.last, "time passes: %lu", ticks);
		tick(ticks);
	} else if (kind < 91) {
		(void)snprintf(where.last, sizeof where.last, "interrupt line");
		line_interrupt(below(2) == 0 ? LINE_A : LINE_B);
	} else if (kind < 92 && running != NONE) {
		(void)snprintf(where.last, sizeof where.last, "fault of thread %u", running);
		fault_running(below(16), any());
	} else if (running == NONE) {
		for (u32 i = 0; i < 3; i++)
			rescue();
	} else {
		fake.time += below(500);
	}
	if (status < STATUS_COUNT)
		statuses[status]++;
}

int fuzz_main(int count, char **arguments)
{
	u64 steps = count > 0 ? strtoul(arguments[0], NULL, 0) : 100000;
	u64 every = count > 2 ? strtoul(arguments[2], NULL, 0) : 1;

	where.seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	where.world = count > 3 ? strtoul(arguments[3], NULL, 0) : 0;
	where.active = true;
	test_name = "fuzz";
	printf("fuzz: %lu steps, seed %lu, invariants checked every %lu steps\n", steps, where.seed, every);
	fflush(NULL);
	for (u64 n = 0; n < steps; n++) {
		where.step = n % WORLD_STEPS;
		if (where.step == 0) {
			where.world += n != 0;
			random_state = (where.seed << 32 | where.world) * 0x9e3779b97f4a7c15ul | 1;
			checking = false;
			build_world();
		}
		checking = n % every == 0;
		random_step();
	}
	for (u32 i = 0; i < STATUS_COUNT; i++)
		printf("status %u: %lu%s", i, statuses[i], i % 6 == 5 ? "\n" : "  ");
	printf("\n");
	for (u32 i = 0; i < OP_COUNT; i++)
		printf("operation %u OK: %lu%s", i, operations_ok[i], i % 6 == 5 ? "\n" : "  ");
	printf("\nfuzz: all invariants held\n");
	return 0;
}
