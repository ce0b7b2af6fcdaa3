/* test_partition.c - the schedule of partitions: windows, who runs in them, what crosses between partitions. */
#include "world.h"

#define EP 4u
#define REPLY 20u
#define RED 1u   /* window 0: 50000 ticks */
#define BLUE 2u  /* window 1: 30000 ticks; the last one, of 20000, is partition 0's */
#define RED_TICKS 50000u
#define BLUE_TICKS 30000u
#define CYCLE 100000u

static u32 k_ep;
static u64 cycle_start;

static void put(struct task *task, u32 partition)
{
	schedule(task, PRIORITY, BUDGET, BUDGET, partition * SCHEDULE_PARTITION, 0);
}

/* A in red, B in blue, C in partition 0, D in red; red's first window has just begun. */
static void world(u32 tasks)
{
	struct task *all[] = { &A, &B, &C, &D };
	static const u32 partitions[] = { RED, BLUE, 0, RED };

	world_boot(tasks);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	OK(sched_add_window(RED_TICKS, RED));
	OK(sched_add_window(BLUE_TICKS, BLUE));
	OK(sched_add_window(CYCLE - RED_TICKS - BLUE_TICKS, 0));
	for (u32 i = 0; i < tasks; i++) {
		give(all[i], EP, k_ep, RIGHTS_ALL, i + 1);
		put(all[i], partitions[i]);
	}
	tick(0);
	cycle_start = fake.time;
}

static u64 phase(void)
{
	return (fake.time - cycle_start) % CYCLE;
}

static u32 open_partition(void)
{
	return phase() < RED_TICKS ? RED : phase() < RED_TICKS + BLUE_TICKS ? BLUE : 0;
}

/* Lets time pass up to the next begin of that phase. */
static void to_phase(u64 wanted)
{
	tick(1);
	tick((wanted + CYCLE - phase()) % CYCLE);
	EQ(phase(), wanted);
}

static void suspend(struct task *task)
{
	boot_must(OP_SUSPEND, task->k_thread, 0, 0, 0, 0, 0);
}

static void resume(struct task *task)
{
	boot_must(OP_RESUME, task->k_thread, 0, 0, 0, 0, 0);
}

static u64 used(struct task *task)
{
	return threads[task->thread].used;
}

static void each_window_runs_its_partition(void)
{
	world(3);
	for (u32 i = 0; i < 500; i++) {
		EQ(running, open_partition() == RED ? A.thread : open_partition() == BLUE ? B.thread : C.thread);
		tick(997);
	}
	EQ(hart.windows, 3);
}

static void a_closed_partition_never_runs_even_if_nothing_else_is_ready(void)
{
	world(3);
	suspend(&B);
	suspend(&C);
	for (u32 i = 0; i < 500; i++) {
		EQ(running, open_partition() == RED ? A.thread : NONE);
		tick(997);
	}
	to_phase(0);
	EQ(used(&A), (fake.time - cycle_start) / 2);
}

/* When A runs, does not depend on what blue does: sleeps, is busy, or has no budget. */
static void what_one_partition_does_changes_nothing_in_another(void)
{
	static u8 seen[3][600];

	for (u32 run = 0; run < 3; run++) {
		world(2);
		if (run == 0)
			suspend(&B);
		if (run == 2)
			schedule(&B, 255, 0, 0, BLUE * SCHEDULE_PARTITION, 0);
		for (u32 i = 0; i < 600; i++) {
			tick(499);
			seen[run][i] = running == A.thread;
		}
	}
	EQ(memcmp(seen[0], seen[1], sizeof seen[0]), 0);
	EQ(memcmp(seen[0], seen[2], sizeof seen[0]), 0);
}

static void who_wakes_in_a_closed_partition_waits_and_priorities_hold_there(void)
{
	u32 k_n = 0;

	world(4);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	give(&A, 5, k_n, RIGHTS_ALL, 1);
	give(&B, 5, k_n, RIGHTS_ALL, 1);
	schedule(&D, 200, BUDGET, BUDGET, BLUE * SCHEDULE_PARTITION, 0);
	suspend(&D);
	to_phase(RED_TICKS);
	EQ(running, B.thread);
	EQ(call_kernel(SYS_WAIT, 5, 0, 0, 0, 0, 0, 0), BLOCKED);
	EQ(running, NONE);
	to_phase(100);
	EQ(running, A.thread);
	OK(call_kernel(SYS_SIGNAL, 5, 0, 0, 0, 0, 0, 0));
	resume(&D);
	EQ(running, A.thread);
	EQ(threads[B.thread].state, THREAD_READY);
	to_phase(RED_TICKS);
	EQ(running, D.thread);
	suspend(&D);
	EQ(running, B.thread);
	EQ(user(B.thread)->x[REG_A0], STATUS_OK);
}

static void budgets_hold_inside_windows(void)
{
	u64 a = 0;

	world(4);
	schedule(&A, 200, 5000, CYCLE, RED * SCHEDULE_PARTITION, 0);
	to_phase(0);
	a = used(&A);
	tick(20ul * CYCLE);
	TRUE(used(&A) - a >= 18ul * 5000 && used(&A) - a <= 22ul * 5000);
	TRUE(used(&D) >= 18ul * (RED_TICKS - 5000));
}

/* Those that are due are refilled when their window opens, one a step, with interrupts between. */
static void a_wheel_turns_on_when_its_window_opens(void)
{
	struct task many[12];

	world(2); /* A takes what is left over */
	for (u32 i = 0; i < 12; i++) {
		many[i] = world_task();
		schedule(&many[i], 30 + i, 50, 30000, RED * SCHEDULE_PARTITION, 0);
		resume(&many[i]);
	}
	to_phase(RED_TICKS - 1);
	to_phase(0);
	tick(1000);
	for (u32 i = 0; i < 12; i++)
		TRUE(used(&many[i]) >= 150 && used(&many[i]) <= 250);
}

static void the_rest_is_shared_inside_a_partition(void)
{
	world(4);
	schedule(&A, 9, 0, 0, RED * SCHEDULE_PARTITION, 0);
	schedule(&B, 9, 0, 0, BLUE * SCHEDULE_PARTITION, 0);
	schedule(&D, 9, 0, 0, RED * SCHEDULE_PARTITION, 0);
	suspend(&C);
	for (u32 i = 0; i < 2000; i++) {
		TRUE(running == NONE ? open_partition() == 0 : threads[running].partition == open_partition());
		tick(997);
	}
	TRUE(used(&A) > 15ul * RED_TICKS / 4 && used(&D) > 15ul * RED_TICKS / 4 && used(&B) > 15ul * BLUE_TICKS);
}

/* Whose turn it is in red does not depend on who shared the rest in blue. */
static void the_turns_of_the_rest_are_a_partitions_own(void)
{
	world(4);
	schedule(&A, 9, 100, 0x7fffffff, RED * SCHEDULE_PARTITION, 0);
	schedule(&B, 9, 0, 0, BLUE * SCHEDULE_PARTITION, 0);
	schedule(&D, 9, 0, 0, RED * SCHEDULE_PARTITION, 0);
	suspend(&C);
	tick(20ul * CYCLE);
	TRUE(used(&A) > 2ul * RED_TICKS && used(&D) > 2ul * RED_TICKS); /* queues take turns, not threads */
}

/* A server with a budget of its own answers in its own windows. Nothing of the message is lost on the way. */
static void cross(u32 asid_limit)
{
	world(4);
	machine.asid_limit = asid_limit;
	suspend(&D);
	to_phase(RED_TICKS);
	EQ(running, B.thread);
	EQ(call_kernel(SYS_RECV, EP, 0, REPLY, 0, 0, 0, 0), BLOCKED);
	to_phase(10);
	set_words(&A, 70);
	EQ(call_kernel(SYS_CALL, EP, MESSAGE_WORDS, 0, 0, 0, 0, 0), BLOCKED);
	EQ(running, NONE);
	for (u32 i = 0; i < 20; i++) {
		tick(2000);
		EQ(running, NONE);
	}
	to_phase(RED_TICKS);
	EQ(running, B.thread);
	TRUE(words_are(&B, 70, MESSAGE_WORDS));
	set_words(&B, 90);
	EQ(call_kernel(SYS_REPLY_RECV, EP, MESSAGE_WORDS, REPLY, 0, 0, 0, 0), BLOCKED);
	EQ(running, NONE);
	tick(1000);
	EQ(running, NONE);
	to_phase(0);
	EQ(running, A.thread);
	TRUE(words_are(&A, 90, MESSAGE_WORDS));
}

static void a_call_into_another_partition_is_answered_in_its_windows(void)
{
	cross(0);
	cross(4); /* with address spaces that need no loading, the way of a call is shorter */
}

/* While others of the caller's partition are ready, they run on. */
static void a_call_that_crosses_lets_the_own_partition_run(void)
{
	world(4);
	to_phase(RED_TICKS);
	EQ(call_kernel(SYS_RECV, EP, 0, REPLY, 0, 0, 0, 0), BLOCKED);
	to_phase(10);
	as(&A);
	EQ(call_kernel(SYS_CALL, EP, 0, 0, 0, 0, 0, 0), BLOCKED);
	tick(0);
	EQ(running, D.thread);
	to_phase(RED_TICKS);
	EQ(running, B.thread);
}

static void passive_world(u32 limit)
{
	world(3);
	suspend(&C);
	schedule(&B, 50, 1000, CYCLE, BLUE * SCHEDULE_PARTITION | SCHEDULE_PASSIVE, limit);
	to_phase(RED_TICKS);
	EQ(running, B.thread);
	EQ(call_kernel(SYS_RECV, EP, 0, REPLY, 0, 0, 0, 0), BLOCKED);
	to_phase(RED_TICKS - 2000);
	EQ(running, A.thread);
	EQ(call_kernel(SYS_CALL, EP, 0, 0, 0, 0, 0, 0), BLOCKED);
	EQ(running, B.thread);
	EQ(hart.payer, A.thread);
}

static void a_passive_server_works_in_its_callers_windows(void)
{
	passive_world(0);
	to_phase(RED_TICKS);
	for (u32 i = 0; i < 5; i++) {
		EQ(running, NONE);
		tick(9000);
	}
	to_phase(0);
	EQ(running, B.thread);
	EQ(hart.payer, A.thread);
	EQ(call_kernel(SYS_REPLY_RECV, EP, 0, REPLY, 0, 0, 0, 0), BLOCKED);
	EQ(running, A.thread);
	OK(user(A.thread)->x[REG_A0]);
}

static void the_time_of_closed_windows_does_not_count_for_a_limit(void)
{
	passive_world(5000);
	to_phase(2900);
	EQ(running, B.thread);
	EQ(fault_ring.count, 0);
	tick(200);
	EQ(fault_ring.count, 1);
	EQ(fault_ring.records[0].cause, FAULT_CALL_LIMIT);
}

static void a_server_whose_caller_is_gone_waits_for_its_own_window(void)
{
	passive_world(0);
	suspend(&A);
	EQ(threads[B.thread].client, NONE);
	tick(0);
	EQ(running, NONE);
	to_phase(RED_TICKS);
	EQ(running, B.thread);
	EQ(hart.payer, B.thread);
}

static void a_server_that_was_closed_when_its_caller_went_waits_for_its_own_window(void)
{
	passive_world(0);
	to_phase(RED_TICKS + 10);
	suspend(&A);
	EQ(running, NONE);
	to_phase(0); /* it still stands among those of red, and is sent on */
	tick(0);
	EQ(running, NONE);
	to_phase(RED_TICKS);
	EQ(running, B.thread);
}

static void a_server_follows_its_payer_to_another_partition(void)
{
	passive_world(0);
	put(&A, 0);
	tick(0);
	EQ(running, NONE);
	to_phase(RED_TICKS + BLUE_TICKS);
	EQ(running, B.thread);
	EQ(hart.payer, A.thread);
}

static void a_thread_moves_between_partitions_in_every_state(void)
{
	u32 k_n = 0;

	world(4);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	give(&A, 5, k_n, RIGHTS_ALL, 1);
	put(&D, BLUE); /* ready */
	EQ(running, A.thread);
	put(&A, BLUE); /* running */
	EQ(running, NONE);
	put(&A, RED); /* closed */
	EQ(running, A.thread);
	schedule(&A, 10, 100, CYCLE, RED * SCHEDULE_PARTITION, 0);
	tick(200);
	EQ(threads[A.thread].state, THREAD_EXHAUSTED);
	put(&A, 0); /* exhausted */
	EQ(running, NONE);
	to_phase(RED_TICKS + BLUE_TICKS + 1000);
	TRUE(running == C.thread || running == A.thread);
	suspend(&C);
	EQ(running, A.thread);
	EQ(call_kernel(SYS_WAIT, 5, 0, 0, 0, 0, 0, 0), BLOCKED);
	put(&A, RED); /* waiting */
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	put(&A, BLUE); /* stopped */
	put(&A, RED);
	resume(&A);
	EQ(running, NONE);
	to_phase(0);
	EQ(running, A.thread);
}

static void threads_of_a_closed_partition_stop_and_end_cleanly(void)
{
	world(4);
	schedule(&A, 11, 100, CYCLE, RED * SCHEDULE_PARTITION, 0);
	tick(200);
	to_phase(RED_TICKS);
	EQ(threads[A.thread].state, THREAD_EXHAUSTED);
	suspend(&A); /* out of a closed wheel */
	suspend(&D); /* out of closed ready queues */
	resume(&D);
	resume(&A); /* without budget: ready, looked at when the window opens */
	boot_must(OP_DELETE, 0, D.k_thread, 0, 0, 0, 0);
	idle_steps();
	put(&C, RED); /* takes what is left over */
	to_phase(0);
	tick(10ul * CYCLE);
	TRUE(used(&A) >= 900 && used(&A) <= 1200);
}

static void a_resumed_thread_without_budget_does_not_keep_its_window(void)
{
	world(4);
	schedule(&A, 100, 100, 0x7fffffff, RED * SCHEDULE_PARTITION, 0);
	tick(200);
	to_phase(RED_TICKS);
	suspend(&A);
	resume(&A);
	to_phase(0);
	tick(0);
	EQ(running, D.thread);
	EQ(threads[A.thread].state, THREAD_EXHAUSTED);
}

static void a_schedule_that_was_held_up_goes_on_without_a_storm(void)
{
	u32 interrupts = 0;

	world(3);
	fake.time += 1000ul * CYCLE + 7;
	while (fake.timer <= fake.time && interrupts < 100000) {
		tick_once();
		interrupts++;
	}
	TRUE(interrupts < 5);
	TRUE(hart.window_end > fake.time);
}

static void windows_are_checked(void)
{
	world_boot(1);
	EQ(sched_add_window(0, 1), STATUS_BAD_ARGUMENT);
	EQ(sched_add_window((1ul << machine.wheel_shift) - 1, 1), STATUS_BAD_ARGUMENT);
	EQ(sched_add_window(0x80000000, 1), STATUS_BAD_ARGUMENT);
	EQ(sched_add_window(10000, PARTITIONS), STATUS_BAD_ARGUMENT);
	EQ(hart.windows, 0);
	EQ(hart.window_end, NEVER);
	for (u32 i = 0; i < WINDOWS_MAX; i++)
		OK(sched_add_window(10000, i % PARTITIONS));
	EQ(sched_add_window(10000, 1), STATUS_NO_MEMORY);
}

static void a_partition_without_window_does_not_exist(void)
{
	world(1);
	EQ(boot_do(OP_SET_SCHEDULING, A.k_thread, 1, 1, 1, 3 * SCHEDULE_PARTITION, 0), STATUS_BAD_ARGUMENT);
	EQ(boot_do(OP_SET_SCHEDULING, A.k_thread, 1, 1, 1, PARTITIONS * SCHEDULE_PARTITION, 0), STATUS_BAD_ARGUMENT);
	EQ(boot_do(OP_SET_SCHEDULING, A.k_thread, 1, 1, 1, 1ul << 63, 0), STATUS_BAD_ARGUMENT);
	EQ(boot_do(OP_SET_SCHEDULING, A.k_thread, 1, 1, 1, RED * SCHEDULE_PARTITION | 2, 0), STATUS_BAD_ARGUMENT);
	EQ(threads[A.thread].partition, RED);
	OK(boot_do(OP_SET_SCHEDULING, A.k_thread, 1, 1, 1, RED * SCHEDULE_PARTITION | SCHEDULE_PASSIVE, 0));
}

static void nobody_changes_the_schedule_later(void)
{
	world(1);
	EQ(invoke(&A, OP_WINDOW, 0, 20000, 1, 0, 0, 0), STATUS_BAD_CALL);
	EQ(boot_do(OP_WINDOW, 0, 20000, 1, 0, 0, 0), STATUS_BAD_CALL);
	EQ(hart.windows, 3);
}

const struct test partition_tests[] = {
#define T(name) { #name, name }
	T(each_window_runs_its_partition), T(a_closed_partition_never_runs_even_if_nothing_else_is_ready),
	T(what_one_partition_does_changes_nothing_in_another),
	T(who_wakes_in_a_closed_partition_waits_and_priorities_hold_there), T(budgets_hold_inside_windows),
	T(a_wheel_turns_on_when_its_window_opens), T(the_rest_is_shared_inside_a_partition),
	T(the_turns_of_the_rest_are_a_partitions_own),
	T(a_call_into_another_partition_is_answered_in_its_windows), T(a_call_that_crosses_lets_the_own_partition_run),
	T(a_passive_server_works_in_its_callers_windows), T(the_time_of_closed_windows_does_not_count_for_a_limit),
	T(a_server_whose_caller_is_gone_waits_for_its_own_window),
	T(a_server_that_was_closed_when_its_caller_went_waits_for_its_own_window),
	T(a_server_follows_its_payer_to_another_partition), T(a_thread_moves_between_partitions_in_every_state),
	T(threads_of_a_closed_partition_stop_and_end_cleanly), T(a_resumed_thread_without_budget_does_not_keep_its_window),
	T(a_schedule_that_was_held_up_goes_on_without_a_storm), T(windows_are_checked),
	T(a_partition_without_window_does_not_exist), T(nobody_changes_the_schedule_later), { NULL, NULL }
};
