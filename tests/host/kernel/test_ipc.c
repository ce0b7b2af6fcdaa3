/* test_ipc.c - calls, replies, plain sends, travelling capabilities, reservations and all the ways they end. */
#include "world.h"

#define EP 4u      /* A sends with badge 9, B receives, C sends with badge 5 */
#define REPLY 20u
#define ARRIVAL 21u
#define TAG(label, length) ((u64)(label) << TAG_LABEL_SHIFT | (length))

static u32 k_ep;

static void world(void)
{
	world_boot(4);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	give(&A, EP, k_ep, RIGHTS_ALL, 9);
	give(&B, EP, k_ep, RIGHTS_ALL, 0);
	give(&C, EP, k_ep, RIGHTS_ALL, 5);
	for (u32 i = 0; i < 4; i++)
		give((struct task *[]){ &A, &B, &C, &D }[i], 5, (struct task *[]){ &A, &B, &C, &D }[i]->k_table, RIGHTS_ALL, 0);
}

static u64 call(struct task *task, u64 tag, u64 out, u64 arrival)
{
	return sys(task, SYS_CALL, EP, tag, 0, out, arrival);
}

static u64 receive(struct task *task, u64 arrival)
{
	return sys(task, SYS_RECV, EP, 0, REPLY, 0, arrival);
}

static u64 answer(struct task *task, u64 tag, u64 out)
{
	return sys(task, SYS_SEND, REPLY, tag, 0, out, 0);
}

static void a_call_to_a_waiting_receiver_crosses_at_once(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	set_words(&A, 100);
	EQ(call(&A, TAG(77, 6), 0, 0), BLOCKED);
	EQ(running, B.thread);
	EQ(reg(&B, REG_A0), STATUS_OK);
	EQ(reg(&B, REG_A1), TAG(77, 6));
	EQ(reg(&B, REG_A2), 9);
	TRUE(words_are(&B, 100, 6));
	EQ(slot_of(&B, REPLY)->type, CAP_REPLY);
	set_words(&B, 200);
	OK(answer(&B, TAG(3, 2), 0));
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	OK(status_of(&A));
	EQ(reg(&A, REG_A1), TAG(3, 2));
	EQ(reg(&A, REG_A2), 0);
	TRUE(words_are(&A, 200, 2));
	TRUE(words_are(&B, 200, 6));
}

static void a_call_without_a_receiver_waits_in_order(void)
{
	world();
	set_words(&A, 100);
	EQ(call(&A, TAG(1, 3), 0, 0), BLOCKED);
	set_words(&C, 300);
	EQ(call(&C, TAG(2, 6), 0, 0), BLOCKED);
	OK(receive(&B, 0));
	EQ(reg(&B, REG_A2), 9);
	TRUE(words_are(&B, 100, 3));
	set_words(&B, 400);
	EQ(sys(&B, SYS_REPLY_RECV, EP, TAG(8, 6), REPLY, 0, 0), STATUS_OK);
	EQ(reg(&B, REG_A2), 5);
	TRUE(words_are(&B, 300, 6));
	OK(status_of(&A));
	TRUE(words_are(&A, 400, 6));
	EQ(reg(&A, REG_A1), TAG(8, 6));
}

static void a_blocked_call_keeps_its_payload_while_the_machine_idles(void)
{
	world_boot(2);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	give(&A, EP, k_ep, RIGHTS_ALL, 0);
	give(&B, EP, k_ep, RIGHTS_ALL, 0);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	set_words(&A, 100);
	EQ(call(&A, TAG(1, 6), 0, 0), BLOCKED);
	EQ(running, NONE);
	tick(1000000);
	memset(fake.payload, 0x77, sizeof fake.payload);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	OK(receive(&B, 0));
	TRUE(words_are(&B, 100, 6));
}

static void reply_and_receive_answers_and_waits(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	set_words(&A, 100);
	EQ(call(&A, TAG(1, 1), 0, 0), BLOCKED);
	set_words(&B, 500);
	EQ(sys(&B, SYS_REPLY_RECV, EP, TAG(4, 4), REPLY, 0, 0), BLOCKED);
	EQ(running, A.thread);
	EQ(reg(&A, REG_A1), TAG(4, 4));
	TRUE(words_are(&A, 500, 4));
	EQ(slot_of(&B, REPLY)->type, CAP_RESERVED);
	EQ(threads[B.thread].state, THREAD_RECEIVING);
}

static void reply_and_receive_on_an_empty_slot_only_receives(void)
{
	world();
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(call(&A, TAG(1, 0), 0, 0), BLOCKED);
	OK(status_of(&B));
}

static void a_plain_send_asks_for_no_reply(void)
{
	world();
	EQ(receive(&B, ARRIVAL), BLOCKED);
	set_words(&A, 100);
	OK(sys(&A, SYS_SEND, EP, TAG(6, 2), 0, 0, 0));
	TRUE(words_are(&A, 100, 6));
	OK(status_of(&B));
	EQ(reg(&B, REG_A2), 9);
	TRUE(words_are(&B, 100, 2));
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
}

static void a_plain_send_waits_for_a_receiver_and_keeps_its_payload(void)
{
	world();
	set_words(&A, 100);
	EQ(sys(&A, SYS_SEND, EP, TAG(6, 6), 0, 0, 0), BLOCKED);
	EQ(threads[A.thread].state, THREAD_SENDING);
	OK(receive(&B, 0));
	TRUE(words_are(&B, 100, 6));
	OK(status_of(&A));
	EQ(reg(&A, REG_A1), 0);
	EQ(reg(&A, REG_A2), 0);
	TRUE(words_are(&A, 100, 6));
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
}

static void receive_without_blocking_answers_empty(void)
{
	world();
	EQ(sys(&B, SYS_RECV | SYS_NONBLOCK, EP, 0, REPLY, 0, ARRIVAL), STATUS_EMPTY);
	TRUE(words_are(&B, 0, 0));
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	set_words(&A, 50);
	EQ(call(&A, TAG(1, 2), 0, 0), BLOCKED);
	OK(sys(&B, SYS_RECV | SYS_NONBLOCK, EP, 0, REPLY, 0, ARRIVAL));
	TRUE(words_are(&B, 50, 2));
}

static void calls_check_their_arguments(void)
{
	world();
	give(&A, 6, k_ep, RIGHT_READ | RIGHT_CALL, 0);
	give(&A, 7, k_ep, RIGHT_WRITE, 0);
	give(&A, 8, k_ep, RIGHT_WRITE | RIGHT_CALL, 0);
	set_words(&A, 7);
	EQ(sys(&A, SYS_CALL, 5, 0, 0, 0, 0), STATUS_BAD_TYPE);
	TRUE(words_are(&A, 0, 0));
	EQ(sys(&A, SYS_CALL, 30, 0, 0, 0, 0), STATUS_NO_CAP);
	EQ(sys(&A, SYS_CALL, TASK_SLOTS, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_CALL, 1ul << 32 | EP, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_CALL, 6, 0, 0, 0, 0), STATUS_NO_RIGHT);
	EQ(sys(&A, SYS_CALL, 7, 0, 0, 0, 0), STATUS_NO_RIGHT);
	EQ(sys(&A, SYS_CALL, 8, 7, 0, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(sys(&A, SYS_CALL, 8, 0, 0, 0, 5), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_CALL, 8, 0, 0, 0, TASK_SLOTS), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_CALL, 8, 0, 0, 0, 1ul << 32), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_SEND, 6, 0, 0, 0, 0), STATUS_NO_RIGHT);
	EQ(sys(&A, SYS_SEND, 7, 7, 0, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(sys(&A, SYS_SEND, 5, 0, 0, 0, 0), STATUS_BAD_TYPE);
	EQ(sys(&A, SYS_SEND, 30, 0, 0, 0, 0), STATUS_NO_CAP);
	EQ(sys(&A, SYS_SEND, TASK_SLOTS, 0, 0, 0, 0), STATUS_BAD_SLOT);
	set_words(&A, 7);
	EQ(sys(&A, SYS_RECV, 7, 0, REPLY, 0, 0), STATUS_NO_RIGHT);
	TRUE(words_are(&A, 0, 0));
	EQ(sys(&A, SYS_RECV, 5, 0, REPLY, 0, 0), STATUS_BAD_TYPE);
	EQ(sys(&A, SYS_RECV, 30, 0, REPLY, 0, 0), STATUS_NO_CAP);
	EQ(sys(&A, SYS_RECV, TASK_SLOTS, 0, REPLY, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_RECV, EP, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_RECV, EP, 0, TASK_SLOTS, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_RECV, EP, 0, 5, 0, 0), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_RECV, EP, 0, REPLY, 0, 5), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_RECV, EP, 0, REPLY, 0, REPLY), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_RECV, EP, 0, REPLY, 0, TASK_SLOTS), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_REPLY_RECV, 7, 0, REPLY, 0, 0), STATUS_NO_RIGHT);
	EQ(sys(&A, SYS_REPLY_RECV, EP, 7, REPLY, 0, 0), STATUS_BAD_ARGUMENT);
	EQ(sys(&A, SYS_REPLY_RECV, EP, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, SYS_REPLY_RECV, EP, 0, 5, 0, 0), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_REPLY_RECV, EP, 0, REPLY, 0, REPLY), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_REPLY_RECV, EP, 0, REPLY, 0, 5), STATUS_OCCUPIED);
}

static void a_refused_reply_and_receive_answers_nobody(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	EQ(call(&A, TAG(1, 0), 0, 0), BLOCKED);
	EQ(sys(&B, SYS_REPLY_RECV, 30, 0, REPLY, 0, 0), STATUS_NO_CAP);
	EQ(slot_of(&B, REPLY)->type, CAP_REPLY);
	EQ(threads[A.thread].state, THREAD_AWAITING_REPLY);
}

/* ---- Travelling capabilities ---- */
static void a_capability_travels_with_a_call_and_with_its_reply(void)
{
	world();
	give(&A, 8, world_make(OBJECT_NOTIFICATION, 0), RIGHT_WRITE, 3);
	EQ(receive(&B, ARRIVAL), BLOCKED);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_RESERVED);
	EQ(call(&A, TAG(1, 0) | TAG_CAP, 8, 22), BLOCKED);
	EQ(reg(&B, REG_A1), TAG(1, 0) | TAG_CAP);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_NOTIFICATION);
	EQ(slot_of(&B, ARRIVAL)->rights, RIGHT_WRITE);
	EQ(slot_of(&B, ARRIVAL)->badge, 3);
	EQ(slot_of(&B, ARRIVAL)->original, 0);
	EQ(slot_of(&A, 22)->type, CAP_RESERVED);
	OK(answer(&B, TAG_CAP, ARRIVAL));
	EQ(reg(&A, REG_A1), TAG_CAP);
	EQ(slot_of(&A, 22)->type, CAP_NOTIFICATION);
	OK(invoke(&A, OP_REVOKE, 0, 8, 0, 0, 0, 0));
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	EQ(slot_of(&A, 22)->type, CAP_EMPTY);
}

static void a_queued_call_takes_its_capability_along_at_the_rendezvous(void)
{
	world();
	give(&A, 8, world_make(OBJECT_NOTIFICATION, 0), RIGHT_WRITE, 3);
	EQ(call(&A, TAG_CAP, 8, 0), BLOCKED);
	EQ(call(&C, TAG_CAP, 8, 0), BLOCKED); /* C's slot 8 is empty */
	OK(receive(&B, ARRIVAL));
	EQ(reg(&B, REG_A1), TAG_CAP);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_NOTIFICATION);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 22), STATUS_OK);
	EQ(reg(&B, REG_A1), 0);
	EQ(slot_of(&B, 22)->type, CAP_EMPTY);
}

static void no_capability_travels_where_a_rule_forbids_it(void)
{
	world();
	give_untyped(&A, 8, 12);
	give(&A, 9, k_ep, RIGHT_WRITE | RIGHT_CALL, 1); /* no grant */
	give(&A, 10, world_make(OBJECT_NOTIFICATION, 0), RIGHT_WRITE, 3);
	EQ(receive(&B, ARRIVAL), BLOCKED);
	EQ(call(&A, TAG_CAP, 8, 0), BLOCKED); /* ram that can be carved is never copied */
	EQ(reg(&B, REG_A1), 0);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, ARRIVAL), BLOCKED);
	EQ(sys(&A, SYS_CALL, 9, TAG_CAP, 0, 10, 0), BLOCKED);
	EQ(reg(&B, REG_A1), 0);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(call(&A, TAG_CAP, 10, 0), BLOCKED); /* no slot to arrive in */
	EQ(reg(&B, REG_A1), 0);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, ARRIVAL), BLOCKED);
	EQ(call(&A, TAG_CAP, ~0ul, 0), BLOCKED);
	EQ(reg(&B, REG_A1), 0);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, ARRIVAL), BLOCKED);
	EQ(call(&A, 0, 10, 0), BLOCKED); /* nothing asked to travel */
	EQ(reg(&B, REG_A1), 0);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
}

static void a_reply_carries_a_capability_only_if_the_receiver_had_grant(void)
{
	world();
	give(&B, 6, k_ep, RIGHT_READ, 0);
	give(&B, 8, world_make(OBJECT_NOTIFICATION, 0), RIGHT_WRITE, 3);
	EQ(sys(&B, SYS_RECV, 6, 0, REPLY, 0, 0), BLOCKED);
	EQ(call(&A, 0, 0, 22), BLOCKED);
	OK(answer(&B, TAG_CAP, 8));
	EQ(reg(&A, REG_A1), 0);
	EQ(slot_of(&A, 22)->type, CAP_EMPTY);
}

static void replies_do_not_travel(void)
{
	world();
	give(&C, 6, k_ep, RIGHTS_ALL, 0);
	EQ(receive(&B, 0), BLOCKED);
	EQ(call(&A, 0, 0, 0), BLOCKED);
	give(&B, 8, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	boot_must(OP_COPY, C.k_table, 8, B.k_table, 8, RIGHTS_ALL, 0);
	EQ(sys(&C, SYS_RECV, 8, 0, REPLY, 0, ARRIVAL), BLOCKED);
	OK(sys(&B, SYS_SEND, 8, TAG_CAP, 0, REPLY, 0));
	EQ(reg(&C, REG_A1), 0);
	EQ(slot_of(&C, ARRIVAL)->type, CAP_EMPTY);
	EQ(slot_of(&B, REPLY)->type, CAP_REPLY);
}

static void a_capability_does_not_travel_into_itself(void)
{
	world();
	boot_must(OP_SUSPEND, C.k_thread, 0, 0, 0, 0, 0);
	boot_must(OP_DELETE, C.k_thread, THREAD_TABLE, 0, 0, 0, 0);
	boot_must(OP_COPY, C.k_thread, THREAD_TABLE, 0, B.k_table, RIGHTS_ALL, 0); /* B and C share a table */
	boot_must(OP_RESUME, C.k_thread, 0, 0, 0, 0, 0);
	EQ(receive(&B, ARRIVAL), BLOCKED);
	EQ(sys(&C, SYS_CALL, EP, TAG_CAP, 0, ARRIVAL, 0), BLOCKED);
	EQ(reg(&B, REG_A1), 0);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
}

/* ---- Reservations and replies: all the ways they end ---- */
static void a_receiver_holds_reservations_only_while_it_waits(void)
{
	world();
	EQ(receive(&B, ARRIVAL), BLOCKED);
	EQ(slot_of(&B, REPLY)->object, B.thread);
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	EQ(status_of(&B), STATUS_CANCELLED);
	TRUE(words_are(&B, 0, 0));
}

static void emptying_a_reservation_wakes_the_receiver_with_an_error(void)
{
	world();
	EQ(receive(&B, ARRIVAL), BLOCKED);
	boot_must(OP_DELETE, B.k_table, REPLY, 0, 0, 0, 0);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	EQ(status_of(&B), STATUS_DEAD);
	EQ(receive(&B, ARRIVAL), BLOCKED);
	boot_must(OP_DELETE, B.k_table, ARRIVAL, 0, 0, 0, 0);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(status_of(&B), STATUS_DEAD);
	TRUE(words_are(&B, 0, 0));
}

static void emptying_a_callers_arrival_slot_ends_its_call(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	EQ(call(&A, 0, 0, 22), BLOCKED);
	boot_must(OP_DELETE, A.k_table, 22, 0, 0, 0, 0);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(status_of(&A), STATUS_DEAD);
	EQ(call(&A, 0, 0, 22), BLOCKED); /* queued this time */
	boot_must(OP_DELETE, A.k_table, 22, 0, 0, 0, 0);
	EQ(status_of(&A), STATUS_DEAD);
	EQ(queues[k_slot(k_ep)->object].head, NONE);
}

static void dropping_a_reply_wakes_the_caller_with_an_error(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	set_words(&A, 5);
	EQ(call(&A, TAG(0, 6), 0, 0), BLOCKED);
	OK(invoke(&B, OP_DELETE, 0, REPLY, 0, 0, 0, 0));
	EQ(status_of(&A), STATUS_DEAD);
	TRUE(words_are(&A, 0, 0));
	EQ(answer(&B, 0, 0), STATUS_NO_CAP);
}

static void suspending_a_caller_empties_its_reply(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	EQ(call(&A, 0, 0, 22), BLOCKED);
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(slot_of(&A, 22)->type, CAP_EMPTY);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	boot_must(OP_RESUME, A.k_thread, 0, 0, 0, 0, 0);
	EQ(status_of(&A), STATUS_CANCELLED);
}

static void destroying_a_caller_empties_its_reply(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	EQ(call(&A, 0, 0, 0), BLOCKED);
	boot_must(OP_DELETE, 0, A.k_thread, 0, 0, 0, 0);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	idle_steps();
	EQ(answer(&B, 0, 0), STATUS_NO_CAP);
}

static void a_reply_can_be_moved_and_answered_by_another(void)
{
	world();
	give(&B, 6, C.k_table, RIGHTS_ALL, 0);
	EQ(receive(&B, 0), BLOCKED);
	EQ(call(&A, 0, 0, 0), BLOCKED);
	OK(invoke(&B, OP_MOVE, 6, 30, 0, REPLY, 0, 0));
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	set_words(&C, 60);
	OK(sys(&C, SYS_SEND, 30, TAG(2, 2), 0, 0, 0));
	TRUE(words_are(&A, 60, 2));
	OK(status_of(&A));
}

static void cancelling_a_queued_sender_takes_it_off_the_queue(void)
{
	world();
	EQ(call(&A, TAG(1, 0), 0, 0), BLOCKED);
	EQ(sys(&C, SYS_SEND, EP, TAG(2, 0), 0, 0, 0), BLOCKED);
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	OK(receive(&B, 0));
	EQ(reg(&B, REG_A1), TAG(2, 0));
	boot_must(OP_RESUME, A.k_thread, 0, 0, 0, 0, 0);
	EQ(status_of(&A), STATUS_CANCELLED);
	OK(status_of(&C));
}

static void deleting_a_capability_disturbs_no_waiter(void)
{
	world();
	EQ(receive(&B, 0), BLOCKED);
	boot_must(OP_DELETE, B.k_table, EP, 0, 0, 0, 0);
	EQ(threads[B.thread].state, THREAD_RECEIVING);
	EQ(call(&A, TAG(1, 0), 0, 0), BLOCKED);
	OK(status_of(&B));
	OK(answer(&B, 0, 0));
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), STATUS_NO_CAP);
}

static void the_end_of_an_endpoint_wakes_all_who_wait(void)
{
	world();
	EQ(call(&A, 0, 0, 22), BLOCKED);
	EQ(sys(&C, SYS_SEND, EP, 0, 0, 0, 0), BLOCKED);
	boot_must(OP_REVOKE, 0, k_ep, 0, 0, 0, 0);
	EQ(threads[A.thread].state, THREAD_CALLING);
	boot_must(OP_DELETE, 0, k_ep, 0, 0, 0, 0);
	idle_steps();
	EQ(status_of(&A), STATUS_DEAD);
	EQ(status_of(&C), STATUS_DEAD);
	EQ(slot_of(&A, 22)->type, CAP_EMPTY);
}

static void the_end_of_an_endpoint_wakes_receivers(void)
{
	world();
	EQ(receive(&B, ARRIVAL), BLOCKED);
	EQ(receive(&A, 0), BLOCKED);
	boot_must(OP_REVOKE, 0, k_ep, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, k_ep, 0, 0, 0, 0);
	idle_steps();
	EQ(status_of(&B), STATUS_DEAD);
	EQ(status_of(&A), STATUS_DEAD);
	EQ(slot_of(&B, REPLY)->type, CAP_EMPTY);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
}

/* ---- Faults ---- */
static void fault_world(void)
{
	world();
	boot_must(OP_COPY, D.k_thread, THREAD_FAULT, 0, k_ep, RIGHT_WRITE | RIGHT_CALL, 42);
}

static void fault_of_d(void)
{
	as(&D);
	for (u32 i = 1; i < 32; i++)
		user(D.thread)->x[i] = 1000 + i;
	user(D.thread)->x[0] = 0x10000;
	fault_running(13, 0xdead);
}

static void fault_words_are(struct task *handler)
{
	EQ(reg(handler, REG_A1), LABEL_FAULT << TAG_LABEL_SHIFT | MESSAGE_WORDS);
	EQ(reg(handler, REG_A2), 42);
	EQ(reg(handler, REG_S2), 13);
	EQ(reg(handler, REG_S2 + 1), 0xdead);
	EQ(reg(handler, REG_S2 + 2), 0x10000);
	EQ(reg(handler, REG_S2 + 3), 1000 + REG_SP);
	EQ(reg(handler, REG_S2 + 4), 1000 + REG_RA);
	EQ(reg(handler, REG_S2 + 5), 1000 + REG_S0);
}

static void a_fault_is_a_message_and_the_reply_retries(void)
{
	fault_world();
	EQ(receive(&B, ARRIVAL), BLOCKED);
	fault_of_d();
	fault_words_are(&B);
	EQ(slot_of(&B, ARRIVAL)->type, CAP_EMPTY);
	set_words(&B, 1);
	OK(answer(&B, TAG(0, 6), 0));
	for (u32 i = 1; i < 32; i++)
		EQ(reg(&D, i), 1000 + i);
	EQ(reg(&D, 0), 0x10000);
}

static void a_fault_waits_for_its_handler(void)
{
	fault_world();
	fault_of_d();
	EQ(threads[D.thread].state, THREAD_CALLING);
	OK(receive(&B, ARRIVAL));
	fault_words_are(&B);
	EQ(sys(&B, SYS_REPLY_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(reg(&D, 0), 0x10000);
	EQ(reg(&D, REG_A0), 1000 + REG_A0);
}

static void a_fault_keeps_the_badge_of_the_endpoint_it_was_sent_to(void)
{
	u32 other = 0;

	fault_world();
	fault_of_d();
	other = world_make(OBJECT_ENDPOINT, 0);
	boot_must(OP_DELETE, D.k_thread, THREAD_FAULT, 0, 0, 0, 0);
	boot_must(OP_COPY, D.k_thread, THREAD_FAULT, 0, other, RIGHT_WRITE | RIGHT_CALL, 9);
	OK(receive(&B, 0));
	EQ(reg(&B, REG_A2), 42);
}

static void an_unhandled_fault_stops_the_thread_and_is_recorded(void)
{
	world();
	fault(&D, 2, 0xbad);
	EQ(threads[D.thread].state, THREAD_STOPPED);
	EQ(fault_ring.count, 1);
	EQ(fault_ring.records[0].sequence, 1);
	EQ(fault_ring.records[0].thread, BASE / THREAD_BYTES + D.thread);
	EQ(fault_ring.records[0].cause, 2);
	EQ(fault_ring.records[0].address, 0xbad);
	for (u32 i = 0; i < FAULT_RECORDS; i++) {
		boot_must(OP_RESUME, D.k_thread, 0, 0, 0, 0, 0);
		fault(&D, 2, i);
	}
	EQ(fault_ring.count, 64);
	EQ(fault_ring.records[0].sequence, 64);
	EQ(fault_ring.records[0].address, 62);
}

static void a_fault_without_rights_on_its_endpoint_is_unhandled(void)
{
	world();
	boot_must(OP_COPY, D.k_thread, THREAD_FAULT, 0, k_ep, RIGHT_WRITE, 42);
	fault(&D, 13, 1);
	EQ(threads[D.thread].state, THREAD_STOPPED);
	EQ(fault_ring.count, 1);
}

static void a_fault_whose_handler_dies_is_recorded(void)
{
	fault_world();
	fault_of_d();
	boot_must(OP_REVOKE, 0, k_ep, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, k_ep, 0, 0, 0, 0);
	idle_steps();
	EQ(threads[D.thread].state, THREAD_STOPPED);
	EQ(fault_ring.count, 1);
	EQ(threads[D.thread].registers[REG_A0], 1000 + REG_A0);
}

static void dropping_the_reply_to_a_fault_leaves_the_thread_stopped(void)
{
	fault_world();
	EQ(receive(&B, 0), BLOCKED);
	fault_of_d();
	OK(invoke(&B, OP_DELETE, 0, REPLY, 0, 0, 0, 0));
	EQ(threads[D.thread].state, THREAD_STOPPED);
	EQ(fault_ring.count, 1);
	boot_must(OP_RESUME, D.k_thread, 0, 0, 0, 0, 0);
	EQ(reg(&D, REG_A1), 1000 + REG_A1);
}

static void a_suspended_fault_keeps_its_registers(void)
{
	fault_world();
	fault_of_d();
	boot_must(OP_SUSPEND, D.k_thread, 0, 0, 0, 0, 0);
	boot_must(OP_RESUME, D.k_thread, 0, 0, 0, 0, 0);
	EQ(reg(&D, REG_A0), 1000 + REG_A0);
	EQ(fault_ring.count, 0);
}

const struct test ipc_tests[] = {
#define T(name) { #name, name }
	T(a_call_to_a_waiting_receiver_crosses_at_once), T(a_call_without_a_receiver_waits_in_order),
	T(a_blocked_call_keeps_its_payload_while_the_machine_idles), T(reply_and_receive_answers_and_waits),
	T(reply_and_receive_on_an_empty_slot_only_receives), T(a_plain_send_asks_for_no_reply),
	T(a_plain_send_waits_for_a_receiver_and_keeps_its_payload), T(receive_without_blocking_answers_empty),
	T(calls_check_their_arguments), T(a_refused_reply_and_receive_answers_nobody),
	T(a_capability_travels_with_a_call_and_with_its_reply), T(a_queued_call_takes_its_capability_along_at_the_rendezvous),
	T(no_capability_travels_where_a_rule_forbids_it), T(a_reply_carries_a_capability_only_if_the_receiver_had_grant),
	T(replies_do_not_travel), T(a_capability_does_not_travel_into_itself),
	T(a_receiver_holds_reservations_only_while_it_waits), T(emptying_a_reservation_wakes_the_receiver_with_an_error),
	T(emptying_a_callers_arrival_slot_ends_its_call), T(dropping_a_reply_wakes_the_caller_with_an_error),
	T(suspending_a_caller_empties_its_reply), T(destroying_a_caller_empties_its_reply),
	T(a_reply_can_be_moved_and_answered_by_another), T(cancelling_a_queued_sender_takes_it_off_the_queue),
	T(deleting_a_capability_disturbs_no_waiter), T(the_end_of_an_endpoint_wakes_all_who_wait),
	T(the_end_of_an_endpoint_wakes_receivers), T(a_fault_is_a_message_and_the_reply_retries), T(a_fault_waits_for_its_handler),
	T(a_fault_keeps_the_badge_of_the_endpoint_it_was_sent_to), T(an_unhandled_fault_stops_the_thread_and_is_recorded),
	T(a_fault_without_rights_on_its_endpoint_is_unhandled), T(a_fault_whose_handler_dies_is_recorded),
	T(dropping_the_reply_to_a_fault_leaves_the_thread_stopped), T(a_suspended_fault_keeps_its_registers), { NULL, NULL }
};
