/* worlds.c - small worlds: the construction programs, and the alphabets of the exhaustive runs. */
#include "worlds.h"

const char *const world_names[WORLDS] = { "random", "ipc", "caps", "time", "windows", "chain", "spaces", "replay" };

static struct world_program *building;
static u32 acting; /* the table that does what is added */

static void op(u64 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	if (building->count == WORLD_OPERATIONS) {
		fprintf(stderr, "model: a world has more operations than there is room for\n");
		exit(2);
	}
	building->actors[building->count] = acting;
	building->operations[building->count++] = (struct m_operation){ operation, a0, a2, a3, a4, a5, a6 };
}

static void make(u32 from, u32 type, u32 bits, u32 container, u32 slot)
{
	op(OP_RETYPE, from, type, bits, container, slot, 1);
}

static void copy(u32 container, u32 index, u32 from, u32 rights, u64 badge)
{
	op(OP_COPY, container, index, 0, from, rights, badge);
}

static void thread(u32 t, u32 table, u32 space, u32 priority, u32 budget, u32 period, u32 flags, u32 limit)
{
	copy(t, THREAD_TABLE, table, RIGHTS_ALL, 0);
	copy(t, THREAD_SPACE, space, RIGHTS_ALL, 0);
	op(OP_SET_SCHEDULING, t, priority, budget, period, flags, limit);
}

/* ---- The random world: six tasks of many kinds, and a supervisor that makes each of them, and makes it again ---- */
#define POOL 16u             /* kernel table: memory of everything */
#define SUPER_SPACE 17u
#define SUPER_TABLE 18u
#define SUPER_THREAD 19u
#define K_ENDPOINT 20u       /* to 22 */
#define K_NOTIFICATION 23u   /* to 26: lines; timer and ring; power-off and reset; the supervisor's line and timer */
#define MIDDLE 27u
#define LEAF 28u
#define SHARED 16u           /* supervisor's table: memory of an endpoint and a notification that it makes anew, too */
/* Slots of the supervisor's table; tasks have 8 slots each: memory, space, table, thread, page, memory of its own. */
#define ENDPOINT 6u
#define NOTIFICATION 9u
#define TASK(i) (32 + 8 * (i))

/* The part of the program that makes task i; the supervisor says it again to start the task again. */
static void random_task(u32 i)
{
	static const u32 times[RANDOM_TASKS][5] = { { 10, BUDGET, BUDGET, 0, 0 }, { 12, 20000, 60000, 0, 0 },
		{ 14, 5000, 90000, SCHEDULE_PASSIVE, 4000 }, { 14, 1000, 200000, SCHEDULE_PASSIVE, 0 }, { 0, 0, 0, 0, 0 },
		{ 10, 30000, 3000000, 0, 0 } };
	u32 k = TASK(i);
	u32 next = TASK((i + 1) % RANDOM_TASKS);
	u32 last = TASK((i + RANDOM_TASKS - 1) % RANDOM_TASKS);
	const u32 *time = times[i];

	make(k, OBJECT_SPACE, 2, 0, k + 1);
	make(k, OBJECT_TABLE, 6, 0, k + 2);
	make(k, OBJECT_PAGE, 12, 0, k + 4);
	make(k, OBJECT_THREAD, 0, 0, k + 3);
	make(k, OBJECT_UNTYPED, 16 - (i & 1) * 3, 0, k + 5);
	op(OP_MOVE, k + 2, 5, 0, k + 5, 0, 0);
	op(OP_MOVE, k + 2, 15, 0, k + 4, 0, 0);
	thread(k + 3, k + 2, k + 1, time[0], time[1], time[2], time[3], time[4]);
	if (i != 5)
		copy(k + 3, THREAD_FAULT, ENDPOINT + i % 3, RIGHT_WRITE | RIGHT_CALL, 100 + i);
	copy(k + 2, 1, k + 2, RIGHTS_ALL, 0);
	copy(k + 2, 2, k + 3, RIGHTS_ALL, 0);
	for (u32 n = 0; n < 3; n++) {
		copy(k + 2, 6 + n, ENDPOINT + n, RIGHTS_ALL, n == 2 ? i + 1 : 0);
		copy(k + 2, 9 + n, NOTIFICATION + n, RIGHTS_ALL, n == 0 ? 0 : 1u << (4 + i));
	}
	copy(k + 2, 18, SHARED + 1, RIGHTS_ALL, 2);
	copy(k + 2, 12, k + 1, RIGHTS_ALL, 0);
	copy(k + 2, 13, 3, RIGHTS_ALL, 0);
	copy(k + 2, 14, 4, RIGHTS_ALL, 0);
	copy(k + 2, 16, 14, RIGHTS_ALL, 0);
	copy(k + 2, 17, 2, RIGHT_WRITE, 4);
	if (building->booting && i + 1 < RANDOM_TASKS)
		return; /* the tasks that it knows are not there yet */
	for (u32 n = 0; n < (building->booting ? RANDOM_TASKS : 1); n++) {
		k = building->booting ? TASK(n) : k;
		next = building->booting ? TASK((n + 1) % RANDOM_TASKS) : next;
		copy(k + 2, 3, next + 3, RIGHTS_ALL, 0);
		copy(k + 2, 4, next + 2, RIGHTS_ALL, 0);
		if (building->booting)
			op(OP_RESUME, k + 3, 0, 0, 0, 0, 0);
	}
	if (building->booting)
		return;
	copy(last + 2, 3, k + 3, RIGHTS_ALL, 0);
	copy(last + 2, 4, k + 2, RIGHTS_ALL, 0);
	op(OP_RESUME, k + 3, 0, 0, 0, 0, 0);
}

/* An endpoint and a notification that are destroyed and made again while tasks use them. */
static void random_shared(void)
{
	make(SHARED, OBJECT_ENDPOINT, 0, 0, ENDPOINT + 2);
	make(SHARED, OBJECT_NOTIFICATION, 0, 0, SHARED + 1);
	if (building->booting)
		return;
	for (u32 i = 0; i < RANDOM_TASKS; i++) {
		copy(TASK(i) + 2, 8, ENDPOINT + 2, RIGHTS_ALL, i + 1);
		copy(TASK(i) + 2, 18, SHARED + 1, RIGHTS_ALL, 2);
	}
}

static void random_hardware(void)
{
	op(OP_BIND, K_NOTIFICATION, BIND_LINE, 10, 0, 0, 0);
	op(OP_BIND, K_NOTIFICATION, BIND_LINE, 11, 1, 0, 0);
	for (u32 i = 0; i < 4; i++)
		op(OP_BIND, K_NOTIFICATION, BIND_LINE, 13 + i, 5 + i, 0, 0);
	op(OP_BIND, K_NOTIFICATION + 1, BIND_TIMER, 0, 2, 0, 0);
	op(OP_BIND, K_NOTIFICATION + 1, BIND_FAULT_RING, 0, 3, 0, 0);
	op(OP_BIND, K_NOTIFICATION + 2, BIND_POWER_OFF, 0, 31, 0, 0);
	op(OP_BIND, K_NOTIFICATION + 2, BIND_RESET, 0, 30, 0, 0);
	op(OP_BIND, K_NOTIFICATION + 3, BIND_LINE, 12, 0, 0, 0);
	op(OP_BIND, K_NOTIFICATION + 3, BIND_TIMER, 0, 1, 0, 0);
}

static void world_random(void)
{
	for (u32 i = 0; i < 3; i++)
		make(K_RAM, OBJECT_ENDPOINT, 0, 0, K_ENDPOINT + i);
	for (u32 i = 0; i < 4; i++)
		make(K_RAM, OBJECT_NOTIFICATION, 0, 0, K_NOTIFICATION + i);
	random_hardware();
	make(K_RAM, OBJECT_UNTYPED, 20, 0, POOL);
	make(POOL, OBJECT_SPACE, 2, 0, SUPER_SPACE);
	make(POOL, OBJECT_SPACE, 1, 0, MIDDLE);
	make(POOL, OBJECT_SPACE, 0, 0, LEAF);
	make(POOL, OBJECT_TABLE, 7, 0, SUPER_TABLE);
	make(POOL, OBJECT_THREAD, 0, 0, SUPER_THREAD);
	thread(SUPER_THREAD, SUPER_TABLE, SUPER_SPACE, 200, BUDGET, BUDGET, 0, 0);
	copy(SUPER_TABLE, 1, SUPER_TABLE, RIGHTS_ALL, 0);
	copy(SUPER_TABLE, 2, K_NOTIFICATION + 3, RIGHTS_ALL, 0);
	copy(SUPER_TABLE, 3, MIDDLE, RIGHTS_ALL, 0);
	copy(SUPER_TABLE, 4, LEAF, RIGHTS_ALL, 0);
	op(OP_RETYPE, K_ROM, OBJECT_UNTYPED, 14, SUPER_TABLE, 5, 1);
	for (u32 n = 0; n < 3; n++) {
		if (n < 2)
			copy(SUPER_TABLE, ENDPOINT + n, K_ENDPOINT + n, RIGHTS_ALL, 0);
		copy(SUPER_TABLE, NOTIFICATION + n, K_NOTIFICATION + n, RIGHTS_ALL, 0);
	}
	copy(SUPER_TABLE, 12, K_NOTIFICATION + 2, RIGHT_WRITE, 1u << 31);
	copy(SUPER_TABLE, 13, K_NOTIFICATION + 2, RIGHT_WRITE, 1u << 30);
	copy(SUPER_TABLE, 14, K_DEVICE_PAGE, RIGHTS_ALL, 0);
	op(OP_RETYPE, K_DEVICE_GIGA, OBJECT_UNTYPED, 21, SUPER_TABLE, 15, 1);
	op(OP_RETYPE, POOL, OBJECT_UNTYPED, 16, SUPER_TABLE, 16, 1);
	for (u32 i = 0; i < RANDOM_TASKS; i++)
		make(POOL, OBJECT_UNTYPED, 17, SUPER_TABLE, TASK(i));
	op(OP_RESUME, SUPER_THREAD, 0, 0, 0, 0, 0);
	acting = SUPER_TABLE;
	building->booting = true;
	random_shared();
	for (u32 i = 0; i < RANDOM_TASKS; i++)
		random_task(i);
	building->booting = false;
	acting = 0;
}

void world_restart(u32 task, struct world_program *program)
{
	building = program;
	program->count = 0;
	program->booting = false;
	if (task == RANDOM_TASKS) {
		op(OP_REVOKE, 0, SHARED, 0, 0, 0, 0);
		random_shared();
		return;
	}
	op(OP_SUSPEND, TASK(task) + 3, 0, 0, 0, 0, 0);
	op(OP_REVOKE, 0, TASK(task), 0, 0, 0, 0);
	random_task(task);
}

/* ---- Small worlds: three threads in one space, tables of 16 slots ---- */
#define S_SPACE 16u
#define S_ENDPOINT 17u
#define S_SECOND 18u
#define S_NOTIFICATION 19u
#define S_PAGE 20u
#define S_THREAD(i) (24u + 2 * (i))
#define S_TABLE(i) (25u + 2 * (i))

static void small_world(bool passive)
{
	make(K_RAM, OBJECT_SPACE, 2, 0, S_SPACE);
	make(K_RAM, OBJECT_PAGE, 12, 0, S_PAGE);
	make(K_RAM, OBJECT_ENDPOINT, 0, 0, S_ENDPOINT);
	make(K_RAM, OBJECT_ENDPOINT, 0, 0, S_SECOND);
	make(K_RAM, OBJECT_NOTIFICATION, 0, 0, S_NOTIFICATION);
	op(OP_BIND, S_NOTIFICATION, BIND_LINE, 10, 0, 0, 0);
	op(OP_BIND, S_NOTIFICATION, BIND_TIMER, 0, 1, 0, 0);
	op(OP_BIND, S_NOTIFICATION, BIND_FAULT_RING, 0, 2, 0, 0);
	for (u32 i = 0; i < 3; i++) {
		make(K_RAM, OBJECT_TABLE, 4, 0, S_TABLE(i));
		make(K_RAM, OBJECT_THREAD, 0, 0, S_THREAD(i));
	}
	thread(S_THREAD(0), S_TABLE(0), S_SPACE, 10, BUDGET, BUDGET, 0, 0);
	thread(S_THREAD(1), S_TABLE(1), S_SPACE, passive ? 12 : 10, 2000, 90000, passive ? SCHEDULE_PASSIVE : 0, 3000);
	thread(S_THREAD(2), S_TABLE(2), S_SPACE, 10, 30000, 90000, 0, 0);
	for (u32 i = 0; i < 3; i++) {
		copy(S_TABLE(i), 1, S_ENDPOINT, RIGHTS_ALL, i + 1);
		copy(S_TABLE(i), 2, S_SECOND, RIGHTS_ALL, 0);
		copy(S_TABLE(i), 3, S_NOTIFICATION, RIGHTS_ALL, 8u << i);
		for (u32 n = 0; n < 3; n++)
			copy(S_TABLE(i), 4 + n, S_THREAD(n), RIGHTS_ALL, 0);
		copy(S_TABLE(i), 7, S_PAGE, RIGHT_READ | RIGHT_WRITE, 0);
		copy(S_TABLE(i), 8, S_TABLE(1), RIGHTS_ALL, 0);
	}
	copy(S_THREAD(0), THREAD_FAULT, S_SECOND, RIGHT_WRITE | RIGHT_CALL, 77);
	copy(S_THREAD(2), THREAD_BOUND, S_NOTIFICATION, RIGHTS_ALL, 0);
	for (u32 i = 0; i < 3; i++)
		op(OP_RESUME, S_THREAD(i), 0, 0, 0, 0, 0);
}

/* One thread whose root, and itself, come from memory in its own table; its table's original stands in a table that it
 * can delete. */
#define C_OUTER S_TABLE(1)   /* a table with memory in 1 and the table INNER, carved from that, in 2 */
#define C_INNER S_TABLE(2)
static void world_caps(void)
{
	make(K_RAM, OBJECT_TABLE, 2, 0, C_OUTER);
	op(OP_RETYPE, K_RAM, OBJECT_UNTYPED, 9, C_OUTER, 1, 1);
	acting = C_OUTER;
	make(1, OBJECT_TABLE, 1, 0, 2);
	acting = 0;
	op(OP_COPY, 0, C_INNER, C_OUTER, 2, RIGHTS_ALL, 0);
	op(OP_RETYPE, K_RAM, OBJECT_TABLE, 4, C_INNER, 1, 1);
	op(OP_COPY, 0, S_TABLE(0), C_INNER, 1, RIGHTS_ALL, 0);
	op(OP_DELETE, 0, C_INNER, 0, 0, 0, 0);
	op(OP_RETYPE, K_RAM, OBJECT_UNTYPED, 17, S_TABLE(0), 3, 1);
	acting = S_TABLE(0);
	make(3, OBJECT_SPACE, 2, 0, 1);
	make(3, OBJECT_THREAD, 0, 0, 2);
	acting = 0;
	copy(S_TABLE(0), 4, S_TABLE(0), RIGHTS_ALL, 0);
	copy(S_TABLE(0), 13, C_OUTER, RIGHTS_ALL, 0);
	op(OP_RETYPE, K_DEVICE_GIGA, OBJECT_UNTYPED, 12, S_TABLE(0), 5, 1);
	acting = S_TABLE(0);
	thread(2, 4, 1, 10, BUDGET, BUDGET, 0, 0);
	op(OP_RESUME, 2, 0, 0, 0, 0, 0);
	acting = 0;
}

/* One thread with pages, levels and a space of its own to build; its table also holds the end of a derivation that is as
 * long as one may be. */
#define DEEP_FIRST 62u
static void world_spaces(void)
{
	make(K_RAM, OBJECT_SPACE, 2, 0, S_SPACE);
	make(K_RAM, OBJECT_TABLE, 5, 0, S_TABLE(0));
	make(K_RAM, OBJECT_THREAD, 0, 0, S_THREAD(0));
	make(K_RAM, OBJECT_UNTYPED, 12, 0, DEEP_FIRST);
	for (u32 i = 1; i < CAP_MAX_DEPTH - 3; i++)
		make(DEEP_FIRST + i - 1, OBJECT_UNTYPED, 12, 0, DEEP_FIRST + i);
	make(DEEP_FIRST + CAP_MAX_DEPTH - 4, OBJECT_UNTYPED, 12, S_TABLE(0), 20);
	op(OP_RETYPE, K_RAM, OBJECT_UNTYPED, 18, S_TABLE(0), 3, 1);
	thread(S_THREAD(0), S_TABLE(0), S_SPACE, 10, BUDGET, BUDGET, 0, 0);
	copy(S_TABLE(0), 2, S_THREAD(0), RIGHTS_ALL, 0);
	op(OP_RETYPE, K_DEVICE_GIGA, OBJECT_UNTYPED, 12, S_TABLE(0), 5, 1);
	acting = S_TABLE(0);
	make(3, OBJECT_SPACE, 2, 0, 6);
	make(3, OBJECT_SPACE, 1, 0, 7);
	make(3, OBJECT_SPACE, 0, 0, 8);
	make(3, OBJECT_PAGE, 12, 0, 9);
	make(3, OBJECT_THREAD, 0, 0, 10);
	make(3, OBJECT_NOTIFICATION, 0, 0, 11);
	acting = 0;
	op(OP_RESUME, S_THREAD(0), 0, 0, 0, 0, 0);
}

/* What the component of tests/system/replay.sys sees of its world: free slots, and memory that gives no right to schedule. */
static void world_replay(void)
{
	make(K_RAM, OBJECT_SPACE, 2, 0, S_SPACE);
	make(K_RAM, OBJECT_TABLE, 7, 0, S_TABLE(0));
	make(K_RAM, OBJECT_THREAD, 0, 0, S_THREAD(0));
	op(OP_RETYPE, K_RAM, OBJECT_UNTYPED | OBJECT_NO_SCHEDULE, 22, S_TABLE(0), REPLAY_POOL, 1);
	thread(S_THREAD(0), S_TABLE(0), S_SPACE, 100, BUDGET, BUDGET, 0, 0);
	op(OP_RESUME, S_THREAD(0), 0, 0, 0, 0, 0);
}

/* Ten passive servers in a row: each has its own endpoint in slot 1 and the next one's in slot 2. */
#define CHAIN_THREADS 10u
#define C_ENDPOINT(i) (50 + (i))
#define C_TABLE(i) (62 + 2 * (i))
#define C_THREAD(i) (63 + 2 * (i))
static void world_chain(void)
{
	make(K_RAM, OBJECT_SPACE, 2, 0, S_SPACE);
	make(K_RAM, OBJECT_SPACE, 2, 0, S_SPACE + 1);
	for (u32 i = 0; i <= CHAIN_THREADS; i++)
		make(K_RAM, OBJECT_ENDPOINT, 0, 0, C_ENDPOINT(i));
	for (u32 i = 0; i < CHAIN_THREADS; i++) {
		make(K_RAM, OBJECT_TABLE, 4, 0, C_TABLE(i));
		make(K_RAM, OBJECT_THREAD, 0, 0, C_THREAD(i));
	}
	for (u32 i = 0; i < CHAIN_THREADS; i++) {
		thread(C_THREAD(i), C_TABLE(i), S_SPACE + i % 2, 20 + i, 900, 90000, i == 0 ? 0 : SCHEDULE_PASSIVE, 300 * (i % 3));
		copy(C_TABLE(i), 1, C_ENDPOINT(i), RIGHTS_ALL, 0);
		copy(C_TABLE(i), 2, C_ENDPOINT((i + 1) % CHAIN_THREADS), RIGHTS_ALL, i + 1);
		copy(C_TABLE(i), 3, C_THREAD((i + 2) % CHAIN_THREADS), RIGHTS_ALL, 0);
		copy(C_TABLE(i), 4, C_THREAD((i + 9) % CHAIN_THREADS), RIGHTS_ALL, 0);
		copy(C_TABLE(i), 5, C_THREAD((i + 5) % CHAIN_THREADS), RIGHTS_ALL, 0);
		copy(C_THREAD(i), THREAD_FAULT, C_ENDPOINT(CHAIN_THREADS), RIGHTS_ALL, i);
		op(OP_RESUME, C_THREAD(i), 0, 0, 0, 0, 0);
	}
}

void world_program(enum world_name name, struct world_program *program)
{
	building = program;
	program->count = 0;
	switch (name) {
	case WORLD_IPC:
		small_world(true);
		break;
	case WORLD_CAPS:
		world_caps();
		break;
	case WORLD_WINDOWS:
		op(OP_WINDOW, 0, 30000, 0, 0, 0, 0);
		op(OP_WINDOW, 0, 20000, 1, 0, 0, 0);
		op(OP_WINDOW, 0, 10000, 0, 0, 0, 0);
		small_world(true);
		op(OP_SET_SCHEDULING, S_THREAD(2), 10, 9000, 60000, SCHEDULE_PARTITION, 0);
		break;
	case WORLD_REPLAY:
		world_replay();
		break;
	case WORLD_SPACES:
		world_spaces();
		break;
	case WORLD_CHAIN:
		world_chain();
		break;
	case WORLD_TIME:
		small_world(false);
		break;
	default:
		world_random();
		break;
	}
}

/* ---- Alphabets: whoever runs does the step ---- */
#define CALL(number, ...) { STEP_SYSCALL, 0, { __VA_ARGS__ } }
#define TAG(label, length) ((u64)(label) << TAG_LABEL_SHIFT | (length))
#define A7(number, a0, a1, a2, a3, a4, a5, a6) { STEP_SYSCALL, 0, { a0, a1, a2, a3, a4, a5, a6, number } }
#define INVOKE(operation, a0, a2, a3, a4, a5, a6) A7(SYS_INVOKE, a0, operation, a2, a3, a4, a5, a6)
#define REPLY 10u
#define ARRIVAL 11u
#define PARKED 12u

static const struct step alphabet_ipc[] = {
	A7(SYS_CALL, 1, TAG(1, 6) | TAG_CAP, 0, 7, ARRIVAL, 0, 0),
	A7(SYS_CALL, 2, TAG(2, 2), 0, 0, 0, 0, 0),
	A7(SYS_RECV, 1, 0, REPLY, 0, ARRIVAL, 0, 0),
	A7(SYS_RECV, 2, 0, REPLY, 0, 0, 0, 0),
	A7(SYS_RECV | SYS_NONBLOCK, 1, 0, REPLY, 0, 0, 0, 0),
	A7(SYS_REPLY_RECV, 1, TAG(3, 3) | TAG_CAP, REPLY, 7, ARRIVAL, 0, 0),
	A7(SYS_REPLY_RECV, 2, TAG(4, 1), REPLY, 0, 0, 0, 0),
	A7(SYS_SEND, 1, TAG(5, 4) | TAG_CAP, 0, 7, 0, 0, 0),
	A7(SYS_SEND, REPLY, TAG(6, 6), 0, 7, 0, 0, 0),
	A7(SYS_SEND, PARKED, TAG(7, 0), 0, 0, 0, 0, 0),
	A7(SYS_SIGNAL, 3, 0, 0, 0, 0, 0, 0),
	A7(SYS_WAIT, 3, 0, 0, 0, 0, 0, 0),
	A7(SYS_YIELD, 0, 0, 0, 0, 0, 0, 0),
	INVOKE(OP_MOVE, 0, PARKED, 0, REPLY, 0, 0),
	INVOKE(OP_DELETE, 0, REPLY, 0, 0, 0, 0),
	INVOKE(OP_MOVE, 0, PARKED, 8, REPLY, 0, 0),
	INVOKE(OP_DELETE, 8, REPLY, 0, 0, 0, 0),
	INVOKE(OP_SUSPEND, 4, 0, 0, 0, 0, 0),
	INVOKE(OP_SUSPEND, 5, 0, 0, 0, 0, 0),
	INVOKE(OP_SUSPEND, 6, 0, 0, 0, 0, 0),
	INVOKE(OP_RESUME, 4, 0, 0, 0, 0, 0),
	INVOKE(OP_RESUME, 5, 0, 0, 0, 0, 0),
	{ STEP_FAULT, 0, { 13, 0x1234 } },
	{ STEP_LINE, 0, { 10 } },
	{ STEP_TIME, 3500, { 0 } },
	{ STEP_TIME, 120000, { 0 } },
};

static const struct step alphabet_caps[] = {
	INVOKE(OP_RETYPE, 3, OBJECT_ENDPOINT, 0, 0, 6, 1),
	INVOKE(OP_RETYPE, 3, OBJECT_UNTYPED, 13, 0, 7, 1),
	INVOKE(OP_RETYPE, 7, OBJECT_PAGE, 12, 0, 8, 1),
	INVOKE(OP_RETYPE, 7, OBJECT_TABLE, 2, 0, 9, 1),
	INVOKE(OP_RETYPE, 3, OBJECT_THREAD, 0, 0, 10, 1),
	INVOKE(OP_RETYPE, 3, OBJECT_NOTIFICATION, 0, 9, 1, 2),
	INVOKE(OP_RETYPE, 5, OBJECT_PAGE, 12, 0, 11, 1),
	INVOKE(OP_COPY, 0, 12, 0, 6, RIGHT_READ | RIGHT_WRITE, 5),
	INVOKE(OP_COPY, 0, 13, 0, 12, RIGHT_WRITE, 0),
	INVOKE(OP_COPY, 9, 1, 0, 6, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 0, 14, 0, 8, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 0, 15, 0, 5, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 10, THREAD_TABLE, 0, 9, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 10, THREAD_FAULT, 0, 12, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 10, THREAD_BOUND, 9, 1, RIGHTS_ALL, 0),
	INVOKE(OP_MOVE, 9, 2, 0, 6, 0, 0),
	INVOKE(OP_MOVE, 0, 6, 9, 2, 0, 0),
	INVOKE(OP_MOVE, 9, 3, 0, 3, 0, 0),
	INVOKE(OP_MOVE, 9, 3, 0, 7, 0, 0),
	INVOKE(OP_DELETE, 0, 6, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, 9, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, 10, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, 12, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 3, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 5, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 6, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 7, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 13, 2, 0, 0, 0, 0),
	{ STEP_TICK, 0, { 0 } },
};

static const struct step alphabet_time[] = {
	A7(SYS_CALL, 1, TAG(1, 1), 0, 0, 0, 0, 0),
	A7(SYS_REPLY_RECV, 1, TAG(2, 2), REPLY, 0, 0, 0, 0),
	A7(SYS_WAIT, 3, 0, 0, 0, 0, 0, 0),
	A7(SYS_WAIT | SYS_NONBLOCK, 3, 0, 0, 0, 0, 0, 0),
	A7(SYS_YIELD, 0, 0, 0, 0, 0, 0, 0),
	INVOKE(OP_ARM_TIMER, 3, 1010000, 0, 0, 0, 0),
	INVOKE(OP_SET_SCHEDULING, 5, 12, 1000, 50000, SCHEDULE_PASSIVE, 500),
	INVOKE(OP_SET_SCHEDULING, 6, 20, 700, 40000, 0, 0),
	INVOKE(OP_SET_SCHEDULING, 6, 20, 700, 40000, SCHEDULE_PARTITION, 0),
	INVOKE(OP_SET_SCHEDULING, 4, 10, 0, 0, 0, 0),
	INVOKE(OP_SET_SCHEDULING, 6, 10, 9000, 9000, 0, 0),
	INVOKE(OP_SUSPEND, 4, 0, 0, 0, 0, 0),
	INVOKE(OP_INSPECT, 4, INSPECT_TIME, 0, 0, 0, 0),
	INVOKE(OP_RESUME, 4, 0, 0, 0, 0, 0),
	{ STEP_FAULT, 0, { 3, 0 } },
	{ STEP_LINE, 0, { 10 } },
	{ STEP_TICK, 0, { 0 } },
	{ STEP_TIME, 100, { 0 } },
	{ STEP_TIME, 1500, { 0 } },
	{ STEP_TIME, 31000, { 0 } },
	{ STEP_TIME, 95000, { 0 } },
	{ STEP_TIME, 600000, { 0 } },
};

static const struct step alphabet_chain[] = {
	A7(SYS_CALL, 2, TAG(1, 1), 0, 0, 0, 0, 0),
	A7(SYS_CALL, 2, TAG(2, 1), 0, 0, ARRIVAL, 0, 0),
	A7(SYS_CALL, 2, TAG(2, 3), 0, 0, 0, 0, 0),
	A7(SYS_REPLY_RECV, 1, TAG(3, 2), REPLY, 0, 0, 0, 0),
	A7(SYS_RECV, 1, 0, REPLY, 0, 0, 0, 0),
	A7(SYS_RECV, 1, 0, REPLY, 0, ARRIVAL, 0, 0),
	A7(SYS_SEND, REPLY, TAG(4, 1), 0, 0, 0, 0, 0),
	INVOKE(OP_SUSPEND, 4, 0, 0, 0, 0, 0),
	INVOKE(OP_RESUME, 4, 0, 0, 0, 0, 0),
	INVOKE(OP_RESUME, 5, 0, 0, 0, 0, 0),
	INVOKE(OP_SET_SCHEDULING, 3, 25, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, REPLY, 0, 0, 0, 0),
	{ STEP_TIME, 200, { 0 } },
	{ STEP_TIME, 5000, { 0 } },
};

static const struct step alphabet_spaces[] = {
	INVOKE(OP_COPY, 6, 255, 0, 7, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 7, 511, 0, 8, RIGHT_READ, 0),
	INVOKE(OP_COPY, 8, 0, 0, 9, RIGHT_READ | RIGHT_WRITE, 0),
	INVOKE(OP_COPY, 8, 1, 8, 0, RIGHT_READ, 0),
	INVOKE(OP_COPY, 8, 2, 0, 9, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 8, 3, 0, 5, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 6, 1, 0, 8, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 0, 12, 0, 8, RIGHT_READ, 0),
	INVOKE(OP_COPY, 7, 2, 0, 12, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 0, 13, 0, 9, RIGHT_READ | RIGHT_EXECUTE, 0),
	INVOKE(OP_MOVE, 8, 4, 0, 13, 0, 0),
	INVOKE(OP_MOVE, 8, 5, 0, 5, 0, 0),
	INVOKE(OP_MOVE, 8, 6, 8, 4, 0, 0),
	INVOKE(OP_MOVE, 7, 3, 7, 511, 0, 0),
	INVOKE(OP_DELETE, 8, 0, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 7, 511, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, 8, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, 9, 0, 0, 0, 0),
	INVOKE(OP_DELETE, 0, 6, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 8, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 9, 0, 0, 0, 0),
	INVOKE(OP_REVOKE, 0, 3, 0, 0, 0, 0),
	INVOKE(OP_COPY, 10, THREAD_SPACE, 0, 7, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 10, THREAD_SPACE, 0, 6, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 10, THREAD_BOUND, 0, 11, RIGHT_WRITE, 0),
	INVOKE(OP_RETYPE, 20, OBJECT_UNTYPED, 12, 0, 21, 1),
	INVOKE(OP_RETYPE, 21, OBJECT_UNTYPED, 11, 0, 22, 1),
	INVOKE(OP_RETYPE, 20, OBJECT_PAGE, 12, 0, 23, 1),
	INVOKE(OP_COPY, 0, 24, 0, 23, RIGHTS_ALL, 0),
	INVOKE(OP_COPY, 0, 25, 0, 24, RIGHTS_ALL, 0),
	{ STEP_TICK, 0, { 0 } },
};

static const struct {
	const struct step *steps;
	u32 count;
} alphabets[WORLDS] = {
	[WORLD_RANDOM] = { alphabet_time, 0 },
	[WORLD_IPC] = { alphabet_ipc, sizeof alphabet_ipc / sizeof alphabet_ipc[0] },
	[WORLD_CAPS] = { alphabet_caps, sizeof alphabet_caps / sizeof alphabet_caps[0] },
	[WORLD_TIME] = { alphabet_time, sizeof alphabet_time / sizeof alphabet_time[0] },
	[WORLD_WINDOWS] = { alphabet_time, sizeof alphabet_time / sizeof alphabet_time[0] },
	[WORLD_SPACES] = { alphabet_spaces, sizeof alphabet_spaces / sizeof alphabet_spaces[0] },
	[WORLD_CHAIN] = { alphabet_chain, sizeof alphabet_chain / sizeof alphabet_chain[0] },
};

u32 world_alphabet(enum world_name name, const struct step **steps)
{
	*steps = alphabets[name].steps;
	return alphabets[name].count;
}
