/* test_thread.c - slots, registers, stop and go, inspection of threads, and what each refuses. */
#include "world.h"

#define OTHER 4u /* A: the capability of thread B */
#define SELF 5u

static void world(void)
{
	world_boot(2);
	give(&A, OTHER, B.k_thread, RIGHTS_ALL, 0);
	give(&A, SELF, A.k_thread, RIGHTS_ALL, 0);
	give(&A, 6, B.k_table, RIGHTS_ALL, 0);
	give(&A, 7, B.k_space, RIGHTS_ALL, 0);
}

static u64 on(u64 operation, u64 thread, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	return invoke(&A, operation, thread, a2, a3, a4, a5, a6);
}

static void a_suspended_thread_goes_on_where_it_was(void)
{
	world();
	as(&B);
	user(B.thread)->x[30] = 77;
	user(B.thread)->x[10] = 78;
	tick(BUDGET);
	OK(on(OP_SUSPEND, OTHER, 0, 0, 0, 0, 0));
	EQ(threads[B.thread].state, THREAD_STOPPED);
	OK(on(OP_SUSPEND, OTHER, 0, 0, 0, 0, 0));
	OK(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0));
	OK(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0));
	EQ(reg(&B, 30), 77);
	EQ(reg(&B, 10), 78);
}

static void a_thread_that_gets_another_space_runs_in_it(void)
{
	u32 k = 0;

	world();
	machine.asid_limit = 100; /* with identifiers a thread keeps the image of its space */
	k = world_make(OBJECT_SPACE, 2);
	give(&A, 8, k, RIGHTS_ALL, 0);
	as(&B);
	EQ(fake.root, B.space);
	OK(invoke(&A, OP_DELETE, OTHER, THREAD_SPACE, 0, 0, 0, 0));
	OK(invoke(&A, OP_COPY, OTHER, THREAD_SPACE, 0, 8, RIGHTS_ALL, 0));
	OK(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0));
	as(&B);
	EQ(fake.root, k_slot(k)->object);
}

static void a_thread_without_table_or_space_does_not_resume(void)
{
	world();
	OK(invoke(&A, OP_DELETE, OTHER, THREAD_TABLE, 0, 0, 0, 0));
	EQ(threads[B.thread].state, THREAD_STOPPED);
	EQ(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0), STATUS_REFUSED);
	OK(invoke(&A, OP_COPY, OTHER, THREAD_TABLE, 0, 6, RIGHTS_ALL, 0));
	OK(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0));
	OK(invoke(&A, OP_DELETE, OTHER, THREAD_SPACE, 0, 0, 0, 0));
	EQ(threads[B.thread].state, THREAD_STOPPED);
	EQ(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0), STATUS_REFUSED);
	OK(invoke(&A, OP_COPY, OTHER, THREAD_SPACE, 0, 7, RIGHTS_ALL, 0));
	OK(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0));
	(void)reg(&B, 0);
}

static void a_blocked_thread_that_loses_its_table_stops(void)
{
	world();
	give(&B, 8, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	EQ(sys(&B, SYS_RECV, 8, 0, 20, 0, 21), BLOCKED);
	OK(invoke(&A, OP_DELETE, OTHER, THREAD_TABLE, 0, 0, 0, 0));
	EQ(slot_of(&B, 20)->type, CAP_EMPTY);
	EQ(slot_of(&B, 21)->type, CAP_EMPTY);
	EQ(threads[B.thread].state, THREAD_STOPPED);
}

static void each_slot_of_a_thread_takes_its_own_kind(void)
{
	world();
	give(&A, 10, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	give(&A, 11, world_make(OBJECT_NOTIFICATION, 0), RIGHTS_ALL, 0);
	give_untyped(&A, 12, 16);
	OK(invoke(&A, OP_RETYPE, 12, OBJECT_SPACE, 1, 0, 13, 1));
	EQ(invoke(&A, OP_COPY, OTHER, THREAD_TABLE, 0, 6, RIGHTS_ALL, 0), STATUS_OCCUPIED);
	EQ(invoke(&A, OP_COPY, OTHER, THREAD_FAULT, 0, 11, RIGHTS_ALL, 0), STATUS_BAD_TYPE);
	EQ(invoke(&A, OP_COPY, OTHER, THREAD_BOUND, 0, 10, RIGHTS_ALL, 0), STATUS_BAD_TYPE);
	OK(invoke(&A, OP_DELETE, OTHER, THREAD_SPACE, 0, 0, 0, 0));
	EQ(invoke(&A, OP_COPY, OTHER, THREAD_SPACE, 0, 13, RIGHTS_ALL, 0), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_COPY, OTHER, THREAD_SPACE, 0, 6, RIGHTS_ALL, 0), STATUS_BAD_TYPE);
	OK(invoke(&A, OP_COPY, OTHER, THREAD_FAULT, 0, 10, RIGHTS_ALL, 5));
	OK(invoke(&A, OP_COPY, OTHER, THREAD_BOUND, 0, 11, RIGHTS_ALL, 0));
	EQ(invoke(&A, OP_MOVE, 0, 30, OTHER, THREAD_FAULT, 0, 0), STATUS_REFUSED);
	OK(invoke(&A, OP_COPY, 0, 30, OTHER, THREAD_FAULT, RIGHTS_ALL, 0));
	EQ(slot_of(&A, 30)->badge, 5);
}

static void registers_are_written_and_read_in_a_stopped_thread(void)
{
	world();
	EQ(on(OP_WRITE_REGISTERS, OTHER, 0, 1, 2, 3, 4), STATUS_REFUSED);
	EQ(on(OP_READ_REGISTERS, OTHER, 0, 0, 0, 0, 0), STATUS_REFUSED);
	OK(on(OP_SUSPEND, OTHER, 0, 0, 0, 0, 0));
	for (u64 g = 0; g < 8; g++)
		OK(on(OP_WRITE_REGISTERS, OTHER, g, 400 + 4 * g, 401 + 4 * g, 402 + 4 * g, 403 + 4 * g));
	EQ(on(OP_WRITE_REGISTERS, OTHER, 8, 0, 0, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_WRITE_REGISTERS, OTHER, ~0ul, 0, 0, 0, 0), STATUS_BAD_ARGUMENT);
	for (u64 r = 0; r < 32; r += 2) {
		OK(on(OP_READ_REGISTERS, OTHER, r, 0, 0, 0, 0));
		EQ(reg(&A, REG_A1), 400 + r);
		EQ(reg(&A, REG_A2), 401 + r);
	}
	EQ(on(OP_READ_REGISTERS, OTHER, 1, 0, 0, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_READ_REGISTERS, OTHER, 32, 0, 0, 0, 0), STATUS_BAD_ARGUMENT);
	OK(on(OP_RESUME, OTHER, 0, 0, 0, 0, 0));
	for (u32 r = 0; r < 32; r++)
		EQ(reg(&B, r), r == 0 ? 400 : 400 + r);
}

static void registers_of_a_thread_that_left_by_a_call_hold_no_leftovers(void)
{
	static const u8 stale[] = { 1, 5, 6, 7, 13, 14, 15, 16, 17, 28, 29, 30, 31 };

	world();
	as(&B);
	for (u32 i = 1; i < 32; i++)
		user(B.thread)->x[i] = 500 + i;
	tick(BUDGET); /* interrupted: all are in memory */
	(void)sys(&B, SYS_YIELD, 0, 0, 0, 0, 0);
	OK(on(OP_SUSPEND, OTHER, 0, 0, 0, 0, 0));
	for (u32 i = 0; i < sizeof stale; i++) {
		OK(on(OP_READ_REGISTERS, OTHER, stale[i] & ~1u, 0, 0, 0, 0));
		EQ(reg(&A, stale[i] % 2 == 0 ? REG_A1 : REG_A2), 0);
	}
	OK(on(OP_READ_REGISTERS, OTHER, 18, 0, 0, 0, 0));
	EQ(reg(&A, REG_A1), 518);
	OK(on(OP_READ_REGISTERS, OTHER, 8, 0, 0, 0, 0));
	EQ(reg(&A, REG_A1), 508);
}

static void inspect_tells_state_time_fault_and_budget(void)
{
	world();
	OK(on(OP_INSPECT, OTHER, INSPECT_STATE, 0, 0, 0, 0));
	EQ(reg(&A, REG_A1), THREAD_READY);
	EQ(reg(&A, REG_A2), PRIORITY);
	OK(on(OP_INSPECT, OTHER, INSPECT_BUDGET, 0, 0, 0, 0));
	EQ(reg(&A, REG_A1), BUDGET);
	EQ(reg(&A, REG_A2), BUDGET);
	fault(&B, 13, 99);
	OK(on(OP_INSPECT, OTHER, INSPECT_FAULT, 0, 0, 0, 0));
	EQ(reg(&A, REG_A1), 13);
	EQ(reg(&A, REG_A2), 99);
	OK(on(OP_INSPECT, OTHER, INSPECT_TIME, 0, 0, 0, 0));
	EQ(on(OP_INSPECT, OTHER, 4, 0, 0, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(reg(&A, REG_A1), 0);
}

static void operations_on_threads_check_their_capability(void)
{
	static const u32 all[] = { OP_RESUME, OP_SUSPEND, OP_WRITE_REGISTERS, OP_READ_REGISTERS, OP_INSPECT, OP_SET_SCHEDULING };

	world();
	give(&A, 10, B.k_thread, 0, 0);
	give(&A, 11, B.k_thread, RIGHT_READ | RIGHT_WRITE, 0);
	for (u32 i = 0; i < sizeof all / sizeof all[0]; i++) {
		EQ(on(all[i], 0, 0, 0, 0, 0, 0), STATUS_BAD_SLOT);
		EQ(on(all[i], TASK_SLOTS, 0, 0, 0, 0, 0), STATUS_BAD_SLOT);
		EQ(on(all[i], 30, 0, 0, 0, 0, 0), STATUS_NO_CAP);
		EQ(on(all[i], 6, 0, 0, 0, 0, 0), STATUS_BAD_TYPE);
		EQ(on(all[i], 10, 0, 0, 0, 0, 0), STATUS_NO_RIGHT);
	}
	EQ(on(OP_SET_SCHEDULING, 11, 1, 1, 1, 0, 0), STATUS_NO_RIGHT);
	OK(on(OP_SET_SCHEDULING, OTHER, 1, 1, 1, 0, 0));
}

static void scheduling_checks_its_numbers(void)
{
	world();
	EQ(on(OP_SET_SCHEDULING, OTHER, 256, 1, 1, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 2, 1, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 0, 1, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 1, 0x80000000, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 1ul << 32 | 1, 1ul << 32 | 1, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 1, 1, 2, 0), STATUS_BAD_ARGUMENT);
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 1, 1, 0, 0x80000000), STATUS_BAD_ARGUMENT);
	OK(on(OP_SET_SCHEDULING, OTHER, 255, 0, 0, 0, 0));
	OK(on(OP_SET_SCHEDULING, OTHER, 0, 0x7fffffff, 0x7fffffff, 1, 0x7fffffff));
	give(&A, 11, world_make(OBJECT_NOTIFICATION, 0), RIGHTS_ALL, 0);
	EQ(invoke(&A, OP_COPY, OTHER, THREAD_BOUND, 0, 11, RIGHTS_ALL, 0), STATUS_REFUSED);
	OK(on(OP_SET_SCHEDULING, OTHER, 1, 1, 1, 0, 0));
	OK(invoke(&A, OP_COPY, OTHER, THREAD_BOUND, 0, 11, RIGHTS_ALL, 0));
	EQ(on(OP_SET_SCHEDULING, OTHER, 1, 1, 1, SCHEDULE_PASSIVE, 0), STATUS_REFUSED);
}

static void the_schedule_right_comes_from_the_memory(void)
{
	world();
	give_untyped(&A, 12, 13);
	OK(invoke(&A, OP_RETYPE, 12, OBJECT_UNTYPED | OBJECT_NO_SCHEDULE, 12, 0, 13, 1));
	EQ(slot_of(&A, 13)->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_RETYPE);
	OK(invoke(&A, OP_RETYPE, 13, OBJECT_THREAD, 0, 0, 14, 1));
	EQ(slot_of(&A, 14)->rights, RIGHT_READ | RIGHT_WRITE);
	EQ(on(OP_SET_SCHEDULING, 14, 1, 1, 1, 0, 0), STATUS_NO_RIGHT);
	OK(invoke(&A, OP_RETYPE, 13, OBJECT_UNTYPED, 11, 0, 15, 1));
	EQ(slot_of(&A, 15)->rights & RIGHT_SCHEDULE, 0);
	OK(invoke(&A, OP_RETYPE, 12, OBJECT_THREAD, 0, 0, 16, 1));
	OK(on(OP_SET_SCHEDULING, 16, 1, 1, 1, 0, 0));
	EQ(invoke(&A, OP_RETYPE, 12, OBJECT_THREAD | OBJECT_NO_SCHEDULE, 0, 0, 17, 1), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 12, 16 | OBJECT_UNTYPED, 6, 0, 17, 1), STATUS_BAD_ARGUMENT);
}

static void a_thread_stops_itself(void)
{
	world();
	EQ(invoke_once(&A, OP_SUSPEND, SELF, 0, 0, 0, 0, 0), BLOCKED);
	EQ(threads[A.thread].state, THREAD_STOPPED);
	boot_must(OP_RESUME, A.k_thread, 0, 0, 0, 0, 0);
	OK(status_of(&A));
}

static void a_new_thread_starts_with_the_registers_it_was_given(void)
{
	u32 t = 0;

	world();
	give_untyped(&A, 12, 12);
	OK(invoke(&A, OP_RETYPE, 12, OBJECT_THREAD, 0, 0, 13, 1));
	t = slot_of(&A, 13)->object;
	EQ(on(OP_RESUME, 13, 0, 0, 0, 0, 0), STATUS_REFUSED);
	OK(invoke(&A, OP_COPY, 13, THREAD_TABLE, 0, 6, RIGHTS_ALL, 0));
	OK(invoke(&A, OP_COPY, 13, THREAD_SPACE, 0, 7, RIGHTS_ALL, 0));
	OK(on(OP_WRITE_REGISTERS, 13, 0, 0x10000, 0, 0x200000, 0));
	OK(on(OP_SET_SCHEDULING, 13, 20, BUDGET, BUDGET, 0, 0));
	OK(on(OP_INSPECT, 13, INSPECT_STATE, 0, 0, 0, 0));
	EQ(invoke_once(&A, OP_RESUME, 13, 0, 0, 0, 0, 0), BLOCKED);
	EQ(running, t);
	EQ(user(t)->x[0], 0x10000);
	EQ(user(t)->x[2], 0x200000);
	for (u32 i = 3; i < 32; i++)
		EQ(user(t)->x[i], 0);
}

const struct test thread_tests[] = {
#define T(name) { #name, name }
	T(a_suspended_thread_goes_on_where_it_was), T(a_thread_without_table_or_space_does_not_resume), T(a_thread_that_gets_another_space_runs_in_it),
	T(a_blocked_thread_that_loses_its_table_stops), T(each_slot_of_a_thread_takes_its_own_kind),
	T(registers_are_written_and_read_in_a_stopped_thread), T(registers_of_a_thread_that_left_by_a_call_hold_no_leftovers),
	T(inspect_tells_state_time_fault_and_budget), T(operations_on_threads_check_their_capability),
	T(scheduling_checks_its_numbers), T(the_schedule_right_comes_from_the_memory), T(a_thread_stops_itself),
	T(a_new_thread_starts_with_the_registers_it_was_given), { NULL, NULL }
};
