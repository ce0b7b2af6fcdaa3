/* test_sched.c - priorities, round robin, budgets and periods, the rest, passive servers, debt and limits. */
#include "world.h"

#define EP 4u
#define REPLY 20u

static u32 k_ep;
static u32 k_n;

/* Lets time pass until that task runs. */
static void until(struct task *task)
{
	for (u32 i = 0; i < 100000 && running != task->thread; i++)
		tick(50);
	EQ(running, task->thread);
}

static void world(u32 tasks)
{
	world_boot(tasks);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	for (u32 i = 0; i < tasks; i++)
		give((struct task *[]){ &A, &B, &C, &D }[i], EP, k_ep, RIGHTS_ALL, i + 1);
}

static u64 call(struct task *task)
{
	return sys(task, SYS_CALL, EP, 0, 0, 0, 0);
}

static u64 receive(struct task *task)
{
	return sys(task, SYS_RECV, EP, 0, REPLY, 0, 0);
}

static u64 used(struct task *task)
{
	return threads[task->thread].used;
}

static void the_highest_priority_runs(void)
{
	world(3);
	schedule(&B, 20, BUDGET, BUDGET, 0, 0);
	EQ(running, B.thread);
	tick(10 * BUDGET);
	EQ(running, B.thread);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	TRUE(running == A.thread || running == C.thread);
	schedule(&C, 255, BUDGET, BUDGET, 0, 0);
	EQ(running, C.thread);
	schedule(&C, 0, BUDGET, BUDGET, 0, 0);
	EQ(running, A.thread);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	EQ(running, B.thread);
}

static void equals_take_turns(void)
{
	u64 a, b, c;

	world(3);
	tick(30 * BUDGET);
	a = used(&A);
	b = used(&B);
	c = used(&C);
	TRUE(a + b + c == 30ul * BUDGET);
	TRUE(a >= 9ul * BUDGET && b >= 9ul * BUDGET && c >= 9ul * BUDGET);
}

static void a_thread_alone_keeps_being_charged_and_gives_way_to_a_newcomer(void)
{
	world(2);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	tick(50 * BUDGET);
	EQ(running, A.thread);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	tick(10 * BUDGET);
	TRUE(used(&B) >= 4ul * BUDGET);
}

static void yield_goes_to_the_tail(void)
{
	u32 first = 0;

	world(3);
	first = running;
	(void)call_kernel(SYS_YIELD, 0, 0, 0, 0, 0, 0, 0);
	TRUE(running != first);
	(void)call_kernel(SYS_YIELD, 0, 0, 0, 0, 0, 0, 0);
	TRUE(running != first);
	(void)call_kernel(SYS_YIELD, 0, 0, 0, 0, 0, 0, 0);
	EQ(running, first);
}

static void a_budget_holds_a_busy_thread(void)
{
	world(2);
	schedule(&A, 200, 10000, 100000, 0, 0);
	tick(1000000);
	TRUE(used(&A) >= 90000 && used(&A) <= 130000);
	TRUE(used(&B) >= 850000);
}

static void a_thread_with_budget_preempts_those_that_share_the_rest(void)
{
	world(2);
	schedule(&A, 200, 10000, 100000, 0, 0);
	schedule(&B, 0, 0, 0, 0, 0);
	EQ(running, A.thread);
	tick(10001);
	tick(200000);
	TRUE(used(&B) > 0);
	TRUE(used(&A) > 20000);
}

static void those_without_budget_share_the_rest(void)
{
	world(3);
	schedule(&A, 9, 0, 0, 0, 0);
	schedule(&B, 8, 0, 0, 0, 0);
	schedule(&C, 7, 0, 0, 0, 0);
	tick(30ul * 100000);
	TRUE(used(&A) >= 8ul * 100000 && used(&B) >= 8ul * 100000 && used(&C) >= 8ul * 100000);
}

static void a_thread_without_budget_alone_gives_way_to_another_one_that_wakes(void)
{
	world(2);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	give(&B, 5, k_n, RIGHTS_ALL, 1);
	schedule(&A, 9, 0, 0, 0, 0);
	OK(boot_bind_for_test(k_n, BIND_TIMER, 0, 3));
	schedule(&B, 8, 0, 0, 0, 0);
	OK(invoke(&B, OP_ARM_TIMER, 5, fake.time + 1000000, 0, 0, 0, 0));
	EQ(sys(&B, SYS_WAIT, 5, 0, 0, 0, 0), BLOCKED);
	tick(1000001);
	tick(1000000);
	TRUE(used(&B) >= 300000);
}

static void a_sleeper_gets_its_next_period_when_it_wakes(void)
{
	world(2);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	give(&A, 5, k_n, RIGHTS_ALL, 1);
	give(&B, 5, k_n, RIGHTS_ALL, 1);
	schedule(&A, 200, 10000, 100000, 0, 0);
	tick(9000);
	EQ(sys(&A, SYS_WAIT, 5, 0, 0, 0, 0), BLOCKED);
	tick(500000);
	EQ(sys(&B, SYS_SIGNAL, 5, 0, 0, 0, 0), BLOCKED);
	EQ(running, A.thread);
}

static void who_wakes_without_budget_waits_for_the_period_while_another_runs(void)
{
	world(2);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	give(&A, 5, k_n, RIGHTS_ALL, 1);
	give(&B, 5, k_n, RIGHTS_ALL, 1);
	schedule(&A, 200, 1000, 50000, 0, 0);
	schedule(&B, 10, 0x7fffffff, 0x7fffffff, 0, 0);
	as(&A);
	fake.time += 1000; /* uses its budget up to the last tick, and waits in time */
	(void)call_kernel(SYS_WAIT, 5, 0, 0, 0, 0, 0, 0);
	EQ(running, B.thread);
	OK(sys(&B, SYS_SIGNAL, 5, 0, 0, 0, 0));
	EQ(running, B.thread);
	tick(70000);
	TRUE(used(&A) > 1000);
}

static void a_new_budget_begins_to_count_at_once(void)
{
	world(1);
	give(&A, 5, A.k_thread, RIGHTS_ALL, 0);
	schedule(&A, 10, 0x7fffffff, 0x7fffffff, 0, 0);
	OK(invoke(&A, OP_SET_SCHEDULING, 5, 10, 1000, 100000, 0, 0));
	tick(2000);
	EQ(threads[A.thread].state, THREAD_EXHAUSTED);
}

/* ---- Passive servers ---- */
static void passive_world(u32 limit)
{
	world(3);
	schedule(&B, 50, 100, 100000, SCHEDULE_PASSIVE, limit);
	EQ(receive(&B), BLOCKED);
}

static void a_passive_server_runs_on_its_callers_budget(void)
{
	u64 a = 0;
	u64 b = 0;

	passive_world(0);
	a = used(&A);
	b = used(&B);
	EQ(call(&A), BLOCKED);
	EQ(running, B.thread);
	EQ(hart.payer, A.thread);
	tick(20000);
	EQ(running, B.thread);
	(void)sys(&B, SYS_SEND, REPLY, 0, 0, 0, 0);
	tick(0);
	TRUE(used(&A) >= a + 20000);
	TRUE(used(&B) <= b + 100);
}

static void a_passive_server_never_receives_while_it_owes_a_reply(void)
{
	passive_world(0);
	EQ(call(&A), BLOCKED);
	EQ(sys(&B, SYS_RECV, EP, 0, 21, 0, 0), STATUS_REFUSED);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, 21, 0, 0), STATUS_REFUSED);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	OK(status_of(&A));
}

static void the_server_goes_on_when_the_payer_runs_out_and_the_payer_has_debt(void)
{
	passive_world(0);
	schedule(&A, 30, 1000, 1000000, 0, 0);
	EQ(call(&A), BLOCKED);
	tick(20000);
	EQ(running, B.thread);
	(void)sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0);
	TRUE(running != A.thread);
	TRUE(threads[A.thread].debt >= 18000);
	EQ(threads[A.thread].state, THREAD_EXHAUSTED);
}

/* The time after the last interrupt counts too: a short call that takes more than the budget is paid later. */
static void a_short_overrun_is_debt_too(void)
{
	passive_world(0);
	schedule(&A, 30, 1000, 1000000, 0, 0);
	EQ(call(&A), BLOCKED);
	tick(1001);
	fake.time += 50000;
	(void)sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0);
	tick(0);
	TRUE(threads[A.thread].debt >= 50000);
}

/* Also if the answer does not hand over the processor. */
static void what_a_server_used_before_a_plain_answer_is_debt_too(void)
{
	passive_world(0);
	schedule(&A, 30, 1000, 1000000, 0, 0);
	EQ(call(&A), BLOCKED);
	fake.time += 50000;
	(void)sys(&B, SYS_SEND, REPLY, 0, 0, 0, 0);
	tick(0);
	TRUE(threads[A.thread].debt >= 49000);
}

/* Also if the server never answers, since it is destroyed. */
static void what_a_server_used_before_its_end_is_debt_too(void)
{
	passive_world(0);
	schedule(&A, 30, 1000, 1000000, 0, 0);
	EQ(call(&A), BLOCKED);
	fake.time += 50000;
	boot_must(OP_DELETE, 0, B.k_thread, 0, 0, 0, 0);
	TRUE(running != B.thread);
	TRUE(threads[A.thread].debt >= 49000);
}

static void debt_is_paid_by_whole_periods(void)
{
	u64 at = 0;

	passive_world(0);
	schedule(&A, 30, 1000, 100000, 0, 0);
	EQ(call(&A), BLOCKED);
	tick(3600); /* two budgets and a half too much */
	(void)sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0);
	at = used(&A);
	tick(230000);
	EQ(used(&A), at);
	tick(150000);
	TRUE(used(&A) > at && used(&A) < at + 1000);
}

static void a_thread_in_debt_does_not_share_the_rest(void)
{
	u64 at = 0;

	passive_world(0);
	schedule(&A, 30, 1000, 1000000, 0, 0);
	EQ(call(&A), BLOCKED);
	tick(20000);
	(void)sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0);
	at = used(&A);
	boot_must(OP_SUSPEND, C.k_thread, 0, 0, 0, 0, 0);
	EQ(running, NONE);
	tick(500000);
	EQ(used(&A), at);
}

static void a_call_beyond_its_limit_is_a_fault_of_the_server(void)
{
	passive_world(5000);
	EQ(call(&A), BLOCKED);
	tick(4999);
	EQ(running, B.thread);
	EQ(fault_ring.count, 0);
	tick(2);
	EQ(threads[B.thread].state, THREAD_STOPPED);
	EQ(fault_ring.count, 1);
	EQ(fault_ring.records[0].cause, FAULT_CALL_LIMIT);
	EQ(threads[A.thread].state, THREAD_AWAITING_REPLY);
}

/* The handler may let the server go on: it gets the same time again, not a fault at its next instruction. */
static void the_limit_begins_anew_with_a_call_that_carries_a_capability(void)
{
	passive_world(3000);
	schedule(&A, 30, 100000, 100000, 0, 0);
	EQ(call(&A), BLOCKED);
	tick(2500);
	(void)sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0);
	EQ(sys(&A, SYS_CALL, EP, TAG_CAP, 0, EP, 0), BLOCKED);
	tick(2500);
	EQ(running, B.thread);
	EQ(threads[B.thread].fault, 0);
	tick(600);
	EQ(fault_ring.count, 1);
}

static void a_server_that_is_resumed_after_its_limit_gets_as_much_again(void)
{
	u32 handler = 0;

	world(4);
	handler = world_make(OBJECT_ENDPOINT, 0);
	schedule(&B, 50, 100, 100000, SCHEDULE_PASSIVE, 5000);
	boot_must(OP_COPY, B.k_thread, THREAD_FAULT, 0, handler, RIGHT_WRITE | RIGHT_CALL, 3);
	give(&D, 5, handler, RIGHTS_ALL, 0);
	EQ(receive(&B), BLOCKED);
	EQ(sys(&D, SYS_RECV, 5, 0, REPLY, 0, 0), BLOCKED);
	EQ(call(&A), BLOCKED);
	tick(5001);
	EQ(reg(&D, REG_S2), FAULT_CALL_LIMIT);
	EQ(sys(&D, SYS_REPLY_RECV, 5, 0, REPLY, 0, 0), BLOCKED);
	EQ(running, B.thread);
	tick(4900);
	EQ(running, B.thread);
	tick(200);
	EQ(reg(&D, REG_S2), FAULT_CALL_LIMIT);
}

static void the_callers_own_time_does_not_count_for_the_limit(void)
{
	passive_world(5000);
	boot_must(OP_SUSPEND, C.k_thread, 0, 0, 0, 0, 0);
	as(&A);
	fake.time += 50000;
	EQ(call(&A), BLOCKED);
	tick(4000);
	EQ(fault_ring.count, 0);
	EQ(running, B.thread);
}

static void a_preempted_server_still_uses_up_its_limit(void)
{
	passive_world(5000);
	EQ(call(&A), BLOCKED);
	schedule(&C, 100, 100, 20000, 0, 0);
	tick(40000);
	EQ(fault_ring.count, 1);
}

static void suspending_the_caller_lets_the_server_go_on_by_itself(void)
{
	passive_world(0);
	EQ(call(&A), BLOCKED);
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	EQ(threads[B.thread].client, NONE);
	tick(50);
	tick(200000);
	until(&B);
	EQ(receive(&B), BLOCKED);
}

static void destroying_the_caller_leaves_no_payer(void)
{
	passive_world(0);
	EQ(call(&A), BLOCKED);
	EQ(hart.payer, A.thread);
	boot_must(OP_DELETE, 0, A.k_thread, 0, 0, 0, 0);
	EQ(threads[B.thread].client, NONE);
	TRUE(hart.payer != A.thread);
	idle_steps();
}

static void destroying_the_server_leaves_no_server(void)
{
	passive_world(0);
	EQ(call(&A), BLOCKED);
	boot_must(OP_REVOKE, 0, B.k_thread, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, B.k_thread, 0, 0, 0, 0);
	EQ(threads[A.thread].server, NONE);
	EQ(threads[A.thread].state, THREAD_AWAITING_REPLY);
	idle_steps();
	boot_must(OP_DELETE, B.k_table, REPLY, 0, 0, 0, 0);
	EQ(status_of(&A), STATUS_DEAD);
}

static void a_reply_moved_away_still_ends_the_payment(void)
{
	passive_world(0);
	give(&B, 6, C.k_table, RIGHTS_ALL, 0);
	EQ(call(&A), BLOCKED);
	OK(invoke(&B, OP_MOVE, 6, 30, 0, REPLY, 0, 0));
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), STATUS_REFUSED);
	tick(300000); /* A's budget ends */
	give(&B, 8, world_make(OBJECT_NOTIFICATION, 0), RIGHTS_ALL, 1);
	EQ(sys(&B, SYS_WAIT, 8, 0, 0, 0, 0), BLOCKED);
	OK(sys(&C, SYS_SEND, 30, 0, 0, 0, 0));
	EQ(threads[B.thread].client, NONE);
	until(&A);
	OK(status_of(&A));
}

/* It holds the reply to somebody else's call too: answering that, it would go on waiting on the budget of its own caller. */
static void a_passive_server_answers_and_receives_for_its_caller_only(void)
{
	u32 k = 0;

	passive_world(0);
	k = world_make(OBJECT_ENDPOINT, 0);
	give(&A, 9, k, RIGHTS_ALL, 0);
	give(&C, 9, k, RIGHTS_ALL, 0);
	give(&A, 6, B.k_table, RIGHTS_ALL, 0);
	EQ(sys(&A, SYS_RECV, 9, 0, REPLY, 0, 0), BLOCKED);
	EQ(sys(&C, SYS_CALL, 9, 0, 0, 0, 0), BLOCKED);
	OK(invoke(&A, OP_MOVE, 6, 31, 0, REPLY, 0, 0));
	EQ(call(&A), BLOCKED);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, 31, 0, 0), STATUS_REFUSED);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	OK(status_of(&A));
}

static void a_chain_of_servers_has_an_end(void)
{
	struct task chain[CHAIN_MAX + 2];
	u32 endpoints[CHAIN_MAX + 2];
	u32 n = CHAIN_MAX + 2;
	u32 i = 0;

	world_boot(1);
	for (i = 0; i < n; i++) {
		chain[i] = world_task();
		endpoints[i] = world_make(OBJECT_ENDPOINT, 0);
		give(&chain[i], 4, endpoints[i], RIGHTS_ALL, 0);
		schedule(&chain[i], 50, 100, 100, i == 0 ? 0 : SCHEDULE_PASSIVE, 0);
		boot_must(OP_RESUME, chain[i].k_thread, 0, 0, 0, 0, 0);
	}
	for (i = 1; i < n; i++) {
		give(&chain[i - 1], 5, endpoints[i], RIGHTS_ALL, 0);
		EQ(sys(&chain[i], SYS_RECV, 4, 0, REPLY, 0, 0), BLOCKED);
	}
	for (i = 0; i + 1 < CHAIN_MAX; i++) {
		EQ(sys(&chain[i], SYS_CALL, 5, 0, 0, 0, 0), BLOCKED);
		EQ(running, chain[i + 1].thread);
		EQ(hart.payer, chain[0].thread);
	}
	EQ(sys(&chain[i], SYS_CALL, 5, 0, 0, 0, 0), STATUS_TOO_DEEP);
	/* the same for a caller that queued before the server received */
	boot_must(OP_SUSPEND, chain[i + 1].k_thread, 0, 0, 0, 0, 0);
	EQ(sys(&chain[i], SYS_CALL, 5, 0, 0, 0, 0), BLOCKED);
	boot_must(OP_RESUME, chain[i + 1].k_thread, 0, 0, 0, 0, 0);
	while (sys(&chain[i + 1], SYS_RECV, 4, 0, REPLY, 0, 0) == STATUS_AGAIN)
		;
	EQ(status_of(&chain[i]), STATUS_TOO_DEEP);
}

/* A thread whose budget is zero can never pay a debt back, so it makes none. */
static void a_caller_without_any_budget_is_refused(void)
{
	passive_world(0);
	boot_must(OP_SUSPEND, C.k_thread, 0, 0, 0, 0, 0);
	schedule(&A, 5, 0, 0, 0, 0);
	EQ(call(&A), STATUS_REFUSED);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	EQ(call(&A), BLOCKED);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), STATUS_AGAIN);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(status_of(&A), STATUS_REFUSED);
	EQ(threads[A.thread].debt, 0);
}

/* Nothing happens for minutes, then a device wakes a thread whose next period is far away: the wheel is where the clock
 * is, and does not turn through all that time step by step. */
static void a_wheel_that_stood_still_costs_no_storm_of_interrupts(void)
{
	u32 interrupts = 0;

	world(2);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	give(&A, 5, k_n, RIGHTS_ALL, 1);
	give(&B, 5, k_n, RIGHTS_ALL, 1);
	OK(boot_bind_for_test(k_n, BIND_LINE, 10, 1));
	schedule(&A, 10, 0x7fffffff, 0x7fffffff, 0, 0);
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	schedule(&B, 20, 10, 0x7fffffff, 0, 0);
	as(&B);
	fake.time += 10;
	(void)call_kernel(SYS_WAIT, 5, 0, 0, 0, 0, 0, 0);
	tick(0);
	fake.time += 0x60000000;
	line_interrupt(10);
	boot_must(OP_RESUME, A.k_thread, 0, 0, 0, 0, 0);
	while (fake.timer <= fake.time && interrupts < 100000) {
		tick_once();
		interrupts++;
	}
	TRUE(interrupts < 10);
}

static void a_queued_call_is_paid_by_its_caller_too(void)
{
	world(2);
	schedule(&B, 50, 100, 100000, SCHEDULE_PASSIVE, 0);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	EQ(call(&A), BLOCKED);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	OK(receive(&B));
	EQ(threads[B.thread].client, A.thread);
	EQ(hart.payer, A.thread);
	EQ(boot_do(OP_SET_SCHEDULING, B.k_thread, 50, 100, 100, 0, 0), STATUS_REFUSED);
	tick(20000);
	EQ(running, B.thread);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	OK(status_of(&A));
}

/* A calls the passive server B, which calls the passive server D at its slot 5. */
static void nested_world(u32 limit_b, u32 limit_d)
{
	u32 inner = 0;

	world(4);
	inner = world_make(OBJECT_ENDPOINT, 0);
	give(&B, 5, inner, RIGHTS_ALL, 0);
	give(&D, 5, inner, RIGHTS_ALL, 0);
	schedule(&B, 50, 5000, 100000, SCHEDULE_PASSIVE, limit_b);
	schedule(&D, 60, 5000, 100000, SCHEDULE_PASSIVE, limit_d);
	EQ(sys(&D, SYS_RECV, 5, 0, REPLY, 0, 0), BLOCKED);
	EQ(receive(&B), BLOCKED);
	boot_must(OP_SUSPEND, C.k_thread, 0, 0, 0, 0, 0);
}

static void limit_after_a_nested_call(u32 asid_limit)
{
	nested_world(5000, 0);
	machine.asid_limit = asid_limit;
	schedule(&A, 30, 100000, 100000, 0, 0);
	EQ(call(&A), BLOCKED);
	EQ(sys(&B, SYS_CALL, 5, 0, 0, 0, 0), BLOCKED);
	tick(6000);
	EQ(running, D.thread);
	EQ(fault_ring.count, 0);
	(void)sys(&D, SYS_REPLY_RECV, 5, 0, REPLY, 0, 0);
	EQ(running, B.thread);
	EQ(hart.payer, A.thread);
	tick(10);
	EQ(fault_ring.count, 1);
	EQ(fault_ring.records[0].cause, FAULT_CALL_LIMIT);
}

/* The answer to a nested call: who goes on works for somebody, too, and its own limit counts on. */
static void a_limit_counts_on_after_a_nested_call(void)
{
	limit_after_a_nested_call(0);
	limit_after_a_nested_call(4); /* with address spaces that need no loading, the way of an answer is shorter */
}

/* The payer of a nested call changes when its client is suspended: the inner server is not blamed for that. */
static void a_limit_survives_the_end_of_the_payer(void)
{
	nested_world(0, 5000);
	for (u32 i = 0; i < 2; i++) {
		tick(300000); /* A has used much already */
		EQ(call(&A), BLOCKED);
		EQ(sys(&B, SYS_CALL, 5, 0, 0, 0, 0), BLOCKED);
		EQ(running, D.thread);
		boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
		EQ(hart.payer, B.thread);
		tick(1000);
		EQ(fault_ring.count, 0);
		EQ(running, D.thread);
		if (i == 0) {
			(void)sys(&D, SYS_REPLY_RECV, 5, 0, REPLY, 0, 0);
			(void)sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0);
			boot_must(OP_RESUME, A.k_thread, 0, 0, 0, 0, 0);
		}
	}
	tick(5000);
	EQ(fault_ring.count, 1);
}

static void many_threads_are_refilled_one_a_step(void)
{
	struct task many[12];
	u64 before = 0;

	world_boot(1);
	for (u32 i = 0; i < 12; i++) {
		many[i] = world_task();
		schedule(&many[i], 30 + i, 50, 100000, 0, 0);
		boot_must(OP_RESUME, many[i].k_thread, 0, 0, 0, 0, 0);
	}
	tick(5000);
	before = used(&many[0]);
	tick(200000);
	for (u32 i = 0; i < 12; i++)
		TRUE(used(&many[i]) >= 100 && used(&many[i]) < 300);
	TRUE(used(&many[0]) > before);
}

/* The words of the priority map: each bit is found. */
static void each_priority_is_found(void)
{
	world(2);
	schedule(&B, 0, BUDGET, BUDGET, 0, 0);
	for (u32 p = 1; p < PRIORITIES; p++) {
		schedule(&A, p, BUDGET, BUDGET, 0, 0);
		EQ(running, A.thread);
		schedule(&B, p - 1, BUDGET, BUDGET, 0, 0);
		boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
		EQ(running, B.thread);
		boot_must(OP_RESUME, A.k_thread, 0, 0, 0, 0, 0);
		EQ(running, A.thread);
	}
}

const struct test sched_tests[] = {
#define T(name) { #name, name }
	T(the_highest_priority_runs), T(equals_take_turns),
	T(a_thread_alone_keeps_being_charged_and_gives_way_to_a_newcomer), T(yield_goes_to_the_tail),
	T(a_budget_holds_a_busy_thread), T(a_thread_with_budget_preempts_those_that_share_the_rest),
	T(those_without_budget_share_the_rest), T(a_thread_without_budget_alone_gives_way_to_another_one_that_wakes),
	T(a_sleeper_gets_its_next_period_when_it_wakes), T(who_wakes_without_budget_waits_for_the_period_while_another_runs),
	T(a_new_budget_begins_to_count_at_once), T(a_passive_server_runs_on_its_callers_budget),
	T(a_passive_server_never_receives_while_it_owes_a_reply),
	T(the_server_goes_on_when_the_payer_runs_out_and_the_payer_has_debt), T(a_short_overrun_is_debt_too),
	T(what_a_server_used_before_a_plain_answer_is_debt_too), T(what_a_server_used_before_its_end_is_debt_too), T(debt_is_paid_by_whole_periods),
	T(a_thread_in_debt_does_not_share_the_rest), T(a_call_beyond_its_limit_is_a_fault_of_the_server),
	T(a_server_that_is_resumed_after_its_limit_gets_as_much_again),
	T(the_limit_begins_anew_with_a_call_that_carries_a_capability),
	T(the_callers_own_time_does_not_count_for_the_limit), T(a_preempted_server_still_uses_up_its_limit),
	T(suspending_the_caller_lets_the_server_go_on_by_itself), T(destroying_the_caller_leaves_no_payer),
	T(destroying_the_server_leaves_no_server), T(a_reply_moved_away_still_ends_the_payment), T(a_chain_of_servers_has_an_end),
	T(a_passive_server_answers_and_receives_for_its_caller_only), T(a_caller_without_any_budget_is_refused),
	T(a_wheel_that_stood_still_costs_no_storm_of_interrupts),
	T(a_limit_survives_the_end_of_the_payer), T(a_limit_counts_on_after_a_nested_call),
	T(a_queued_call_is_paid_by_its_caller_too), T(many_threads_are_refilled_one_a_step), T(each_priority_is_found),
	{ NULL, NULL }
};
