/* test_notify.c - signals and waits, bound notifications, interrupt lines and their acknowledgement, timers, power. */
#include "world.h"

#define N 4u        /* A: all rights, badge 1; B: all rights, badge 2 */
#define EP 5u
#define REPLY 20u
#define LINE 10u
#define OTHER_LINE 11u

static u32 k_n;
static u32 k_ep;

static void world(void)
{
	world_boot(3);
	k_n = world_make(OBJECT_NOTIFICATION, 0);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	give(&A, N, k_n, RIGHTS_ALL, 1);
	give(&B, N, k_n, RIGHTS_ALL, 2);
	give(&C, N, k_n, RIGHTS_ALL, 4);
	give(&A, EP, k_ep, RIGHTS_ALL, 0);
	give(&B, EP, k_ep, RIGHTS_ALL, 0);
}

static u64 wait(struct task *task)
{
	return sys(task, SYS_WAIT, N, 0, 0, 0, 0);
}

static u64 poll(struct task *task)
{
	return sys(task, SYS_WAIT | SYS_NONBLOCK, N, 0, 0, 0, 0);
}

static u64 signal_by(struct task *task)
{
	return sys(task, SYS_SIGNAL, N, 0, 0, 0, 0);
}

static void signals_gather_until_they_are_waited_for(void)
{
	world();
	EQ(poll(&C), STATUS_EMPTY);
	EQ(reg(&C, REG_A2), 0);
	OK(signal_by(&A));
	OK(signal_by(&A));
	OK(signal_by(&B));
	OK(wait(&C));
	EQ(reg(&C, REG_A2), 3);
	EQ(poll(&C), STATUS_EMPTY);
}

static void a_signal_wakes_a_waiter_with_its_bits(void)
{
	world();
	set_words(&B, 70);
	EQ(wait(&B), BLOCKED);
	set_words(&A, 90);
	OK(signal_by(&A));
	TRUE(words_are(&A, 90, 6));
	OK(status_of(&B));
	EQ(reg(&B, REG_A2), 1);
	TRUE(words_are(&B, 70, 6));
	EQ(poll(&B), STATUS_EMPTY);
}

static void waiters_are_woken_in_order(void)
{
	world();
	EQ(wait(&B), BLOCKED);
	EQ(wait(&C), BLOCKED);
	OK(signal_by(&A));
	OK(status_of(&B));
	EQ(threads[C.thread].state, THREAD_WAITING);
}

static void signal_and_wait_check_their_capability(void)
{
	world();
	give(&A, 6, k_n, RIGHT_READ, 1);
	give(&A, 7, k_n, RIGHT_WRITE, 1);
	EQ(sys(&A, SYS_SIGNAL, 6, 0, 0, 0, 0), STATUS_NO_RIGHT);
	EQ(sys(&A, SYS_SIGNAL, EP, 0, 0, 0, 0), STATUS_BAD_TYPE);
	EQ(sys(&A, SYS_SIGNAL, 30, 0, 0, 0, 0), STATUS_NO_CAP);
	EQ(sys(&A, SYS_SIGNAL, TASK_SLOTS, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_SIGNAL, 1ul << 32 | N, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_WAIT, 7, 0, 0, 0, 0), STATUS_NO_RIGHT);
	EQ(sys(&A, SYS_WAIT, EP, 0, 0, 0, 0), STATUS_BAD_TYPE);
	EQ(sys(&A, SYS_WAIT, 30, 0, 0, 0, 0), STATUS_NO_CAP);
	EQ(sys(&A, SYS_WAIT | SYS_NONBLOCK, TASK_SLOTS, 0, 0, 0, 0), STATUS_BAD_SLOT);
	OK(sys(&A, SYS_SIGNAL, 7, 0, 0, 0, 0));
	OK(sys(&A, SYS_WAIT, 6, 0, 0, 0, 0));
}

static void a_signal_without_a_badge_wakes_nobody(void)
{
	world();
	give(&A, 6, k_n, RIGHTS_ALL, 0);
	EQ(wait(&B), BLOCKED);
	OK(sys(&A, SYS_SIGNAL, 6, 0, 0, 0, 0));
	EQ(threads[B.thread].state, THREAD_WAITING);
}

static void the_bound_notification_ends_a_receive(void)
{
	world();
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0);
	set_words(&B, 1);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 21), BLOCKED);
	OK(signal_by(&A));
	EQ(status_of(&B), STATUS_NOTIFIED);
	EQ(reg(&B, REG_A2), 1);
	TRUE(words_are(&B, 0, 0));
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(slot_of(&B, 21)->type, CAP_EMPTY);
}

static void the_bound_notification_ends_a_reply_and_receive_without_a_tag(void)
{
	world();
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(sys(&A, SYS_CALL, EP, 7ul << TAG_LABEL_SHIFT, 0, 0, 0), BLOCKED);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	OK(signal_by(&C));
	EQ(status_of(&B), STATUS_NOTIFIED);
	EQ(reg(&B, REG_A1), 0);
	EQ(reg(&B, REG_A2), 4);
}

static void pending_bits_come_before_a_queued_caller(void)
{
	world();
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0);
	EQ(sys(&A, SYS_CALL, EP, 0, 0, 0, 0), BLOCKED);
	OK(signal_by(&C));
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 21), STATUS_NOTIFIED);
	EQ(reg(&B, REG_A2), 4);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	OK(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 21));
	OK(signal_by(&C));
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), STATUS_NOTIFIED);
	OK(status_of(&A));
	EQ(sys(&B, SYS_RECV | SYS_NONBLOCK, EP, 0, REPLY, 0, 0), STATUS_EMPTY);
}

static void the_bound_notification_disturbs_no_call(void)
{
	world();
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0);
	EQ(sys(&B, SYS_CALL, EP, 0, 0, 0, 0), BLOCKED);
	OK(signal_by(&A));
	EQ(threads[B.thread].state, THREAD_CALLING);
	EQ(queues[k_slot(k_n)->object].bits, 1);
}

static void a_notification_is_bound_to_one_thread_and_needs_read(void)
{
	world();
	EQ(boot_do(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_WRITE, 0), STATUS_NO_RIGHT);
	OK(boot_do(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0));
	EQ(boot_do(OP_COPY, C.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0), STATUS_REFUSED);
	OK(boot_do(OP_DELETE, B.k_thread, THREAD_BOUND, 0, 0, 0, 0));
	OK(boot_do(OP_COPY, C.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0));
}

static void binding_delivers_what_is_pending_already(void)
{
	world();
	OK(signal_by(&A));
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0);
	EQ(status_of(&B), STATUS_NOTIFIED);
	EQ(reg(&B, REG_A2), 1);
}

/* ---- Interrupt lines ---- */
static void line_world(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_LINE, LINE, 5));
	OK(boot_bind_for_test(k_n, BIND_LINE, OTHER_LINE, 6));
}

static void lines_are_off_until_somebody_waits(void)
{
	line_world();
	TRUE(!fake.enabled[LINE]);
	EQ(poll(&B), STATUS_EMPTY);
	TRUE(fake.enabled[LINE] && fake.enabled[OTHER_LINE]);
}

static void an_interrupt_is_a_bit_and_waiting_again_acknowledges_it(void)
{
	line_world();
	EQ(wait(&B), BLOCKED);
	line_interrupt(LINE);
	EQ(fake.completed[LINE], 1);
	EQ(fake.complete_ignored, 0);
	TRUE(!fake.enabled[LINE] && fake.enabled[OTHER_LINE]);
	OK(status_of(&B));
	EQ(reg(&B, REG_A2), 1u << 5);
	TRUE(!fake.enabled[LINE]);
	EQ(wait(&B), BLOCKED);
	TRUE(fake.enabled[LINE]);
	EQ(hart.lines[LINE].count, 1);
}

static void a_line_whose_bit_is_pending_stays_off(void)
{
	line_world();
	EQ(poll(&B), STATUS_EMPTY);
	line_interrupt(LINE);
	TRUE(!fake.enabled[LINE]);
	OK(poll(&B));
	EQ(reg(&B, REG_A2), 1u << 5);
	TRUE(!fake.enabled[LINE]);
	line_interrupt(OTHER_LINE);
	OK(poll(&B)); /* acknowledges the first, takes the second */
	TRUE(fake.enabled[LINE] && !fake.enabled[OTHER_LINE]);
}

static void a_driver_that_never_acknowledges_holds_back_no_other(void)
{
	line_world();
	EQ(wait(&B), BLOCKED);
	line_interrupt(LINE);
	line_interrupt(LINE);
	line_interrupt(LINE);
	EQ(fake.completed[LINE], 1);
	line_interrupt(OTHER_LINE);
	EQ(fake.completed[OTHER_LINE], 1);
}

static void receiving_acknowledges_for_the_bound_thread(void)
{
	line_world();
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHT_READ, 0);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	TRUE(fake.enabled[LINE]);
	line_interrupt(LINE);
	EQ(status_of(&B), STATUS_NOTIFIED);
	EQ(reg(&B, REG_A2), 1u << 5);
	TRUE(!fake.enabled[LINE]);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	TRUE(fake.enabled[LINE]);
}

static void binding_checks_its_numbers(void)
{
	world();
	EQ(boot_bind_for_test(k_n, BIND_LINE, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(boot_bind_for_test(k_n, BIND_LINE, 96, 0), STATUS_BAD_ARGUMENT);
	EQ(boot_bind_for_test(k_n, BIND_LINE, N_LINES, 0), STATUS_BAD_ARGUMENT);
	EQ(boot_bind_for_test(k_n, BIND_LINE, LINE, NOTIFICATION_BITS), STATUS_BAD_ARGUMENT);
	EQ(boot_bind_for_test(k_n, 99, LINE, 0), STATUS_BAD_ARGUMENT);
	OK(boot_bind_for_test(k_n, BIND_LINE, 95, 1));
	OK(boot_bind_for_test(k_n, BIND_LINE, LINE, 0));
	EQ(boot_bind_for_test(k_n, BIND_LINE, LINE, 2), STATUS_OCCUPIED);
	EQ(boot_bind_for_test(k_n, BIND_LINE, OTHER_LINE, 0), STATUS_OCCUPIED);
	OK(boot_bind_for_test(k_n, BIND_TIMER, 0, 3));
	EQ(boot_bind_for_test(k_n, BIND_TIMER, 0, 4), STATUS_OCCUPIED);
	OK(boot_bind_for_test(k_n, BIND_FAULT_RING, 0, 7));
	EQ(boot_bind_for_test(k_n, BIND_FAULT_RING, 0, 8), STATUS_OCCUPIED);
}

static void timers_are_limited(void)
{
	world();
	for (u32 i = 0; i < N_TIMERS; i++)
		OK(boot_bind_for_test(world_make(OBJECT_NOTIFICATION, 0), BIND_TIMER, 0, 0));
	EQ(boot_bind_for_test(k_n, BIND_TIMER, 0, 0), STATUS_NO_MEMORY);
}

static void an_answer_that_acknowledges_lines_still_hands_over_the_processor(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_LINE, LINE, 0));
	boot_must(OP_COPY, B.k_thread, THREAD_BOUND, 0, k_n, RIGHTS_ALL, 0);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(sys(&A, SYS_CALL, EP, 0, 0, 0, 0), BLOCKED);
	EQ(running, B.thread);
	TRUE(is_ready(&C)); /* and waits for the processor since before the call */
	line_interrupt(LINE);
	EQ(running, B.thread);
	OK(poll(&B));
	EQ(running, B.thread);
	TRUE(!fake.enabled[LINE]);
	EQ(call_kernel(SYS_REPLY_RECV, EP, 0, REPLY, 0, 0, 0, 0), BLOCKED);
	TRUE(fake.enabled[LINE]);
	EQ(running, A.thread);
}

static void what_is_bound_to_hardware_is_never_destroyed(void)
{
	static const u32 what[] = { BIND_LINE, BIND_TIMER, BIND_FAULT_RING };

	for (u32 i = 0; i < 3; i++) {
		world();
		boot_must(OP_REVOKE, 0, k_n, 0, 0, 0, 0);
		OK(boot_bind_for_test(k_n, what[i], what[i] == BIND_LINE ? LINE : 0, 5));
		EQ(boot_do(OP_DELETE, 0, k_n, 0, 0, 0, 0), STATUS_REFUSED);
		EQ(boot_do(OP_MOVE, 0, world_slot(), 0, k_n, 0, 0), STATUS_REFUSED);
	}
}

/* ---- Timers, power ---- */
static void a_timer_raises_its_bit_at_its_deadline(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_TIMER, 0, 9));
	OK(invoke(&B, OP_ARM_TIMER, N, fake.time + 5000, 0, 0, 0, 0));
	EQ(wait(&B), BLOCKED);
	tick(4999);
	EQ(threads[B.thread].state, THREAD_WAITING);
	tick(1);
	TRUE(is_ready(&B));
	OK(status_of(&B));
	EQ(reg(&B, REG_A2), 1u << 9);
	tick(1000000);
	EQ(poll(&B), STATUS_EMPTY);
}

static void a_timer_in_the_past_fires_at_once_and_can_be_disarmed(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_TIMER, 0, 9));
	OK(invoke(&B, OP_ARM_TIMER, N, 1, 0, 0, 0, 0));
	tick(0);
	OK(poll(&B));
	OK(invoke(&B, OP_ARM_TIMER, N, fake.time + 100, 0, 0, 0, 0));
	OK(invoke(&B, OP_ARM_TIMER, N, NEVER, 0, 0, 0, 0));
	tick(1000);
	EQ(poll(&B), STATUS_EMPTY);
	OK(invoke(&B, OP_ARM_TIMER, N, fake.time + 100, 0, 0, 0, 0));
	OK(invoke(&B, OP_ARM_TIMER, N, fake.time + 50000, 0, 0, 0, 0));
	tick(1000);
	EQ(poll(&B), STATUS_EMPTY);
	tick(50000);
	OK(poll(&B));
}

static void a_timer_works_while_nobody_runs(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_TIMER, 0, 9));
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	boot_must(OP_SUSPEND, C.k_thread, 0, 0, 0, 0, 0);
	OK(invoke(&B, OP_ARM_TIMER, N, fake.time + 5000000, 0, 0, 0, 0));
	EQ(wait(&B), BLOCKED);
	EQ(running, NONE);
	tick(5000001);
	OK(status_of(&B));
}

static void arming_checks_its_capability(void)
{
	world();
	give(&A, 6, k_n, RIGHT_WRITE, 1);
	EQ(invoke(&A, OP_ARM_TIMER, N, 5, 0, 0, 0, 0), STATUS_REFUSED);
	OK(boot_bind_for_test(k_n, BIND_TIMER, 0, 9));
	EQ(invoke(&A, OP_ARM_TIMER, 6, 5, 0, 0, 0, 0), STATUS_NO_RIGHT);
	EQ(invoke(&A, OP_ARM_TIMER, EP, 5, 0, 0, 0, 0), STATUS_BAD_TYPE);
	EQ(invoke(&A, OP_ARM_TIMER, 30, 5, 0, 0, 0, 0), STATUS_NO_CAP);
	EQ(invoke(&A, OP_ARM_TIMER, 0, 5, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(invoke(&A, OP_ARM_TIMER, TASK_SLOTS, 5, 0, 0, 0, 0), STATUS_BAD_SLOT);
}

static void a_bit_switches_the_machine_off(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_POWER_OFF, 0, 1));
	OK(boot_bind_for_test(k_n, BIND_RESET, 0, 2));
	OK(signal_by(&A));
	as(&B);
	STOPS((void)call_kernel(SYS_SIGNAL, N, 0, 0, 0, 0, 0, 0), STOP_POWER_OFF);
}

static void a_bit_resets_the_machine(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_RESET, 0, 2));
	as(&C);
	STOPS((void)call_kernel(SYS_SIGNAL, N, 0, 0, 0, 0, 0, 0), STOP_RESET);
}

static void the_fault_ring_signals_its_notification(void)
{
	world();
	OK(boot_bind_for_test(k_n, BIND_FAULT_RING, 0, 7));
	EQ(wait(&B), BLOCKED);
	fault(&C, 1, 2);
	OK(status_of(&B));
	EQ(reg(&B, REG_A2), 1u << 7);
}

static void the_end_of_a_notification_wakes_its_waiters(void)
{
	world();
	EQ(wait(&B), BLOCKED);
	EQ(wait(&C), BLOCKED);
	boot_must(OP_REVOKE, 0, k_n, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, k_n, 0, 0, 0, 0);
	idle_steps();
	EQ(status_of(&B), STATUS_DEAD);
	EQ(status_of(&C), STATUS_DEAD);
}

static void suspend_cancels_a_wait(void)
{
	world();
	set_words(&B, 4);
	EQ(wait(&B), BLOCKED);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	OK(signal_by(&A));
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	EQ(status_of(&B), STATUS_CANCELLED);
	TRUE(words_are(&B, 4, 6));
	OK(poll(&B));
}

const struct test notify_tests[] = {
#define T(name) { #name, name }
	T(signals_gather_until_they_are_waited_for), T(a_signal_wakes_a_waiter_with_its_bits), T(waiters_are_woken_in_order),
	T(signal_and_wait_check_their_capability), T(a_signal_without_a_badge_wakes_nobody),
	T(the_bound_notification_ends_a_receive), T(the_bound_notification_ends_a_reply_and_receive_without_a_tag),
	T(pending_bits_come_before_a_queued_caller),
	T(the_bound_notification_disturbs_no_call), T(a_notification_is_bound_to_one_thread_and_needs_read),
	T(binding_delivers_what_is_pending_already), T(lines_are_off_until_somebody_waits),
	T(an_interrupt_is_a_bit_and_waiting_again_acknowledges_it), T(a_line_whose_bit_is_pending_stays_off),
	T(a_driver_that_never_acknowledges_holds_back_no_other), T(receiving_acknowledges_for_the_bound_thread),
	T(an_answer_that_acknowledges_lines_still_hands_over_the_processor),
	T(binding_checks_its_numbers), T(timers_are_limited), T(what_is_bound_to_hardware_is_never_destroyed),
	T(a_timer_raises_its_bit_at_its_deadline), T(a_timer_in_the_past_fires_at_once_and_can_be_disarmed),
	T(a_timer_works_while_nobody_runs), T(arming_checks_its_capability), T(a_bit_switches_the_machine_off),
	T(a_bit_resets_the_machine), T(the_fault_ring_signals_its_notification), T(the_end_of_a_notification_wakes_its_waiters),
	T(suspend_cancels_a_wait), { NULL, NULL }
};
