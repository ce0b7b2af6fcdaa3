/* test_destroy.c - the end of objects: in any state, with others' capabilities inside, without recursion, in steps. */
#include "world.h"

#define MEMORY 4u
#define EP 5u
#define REPLY 20u

/* A holds 2^16 bytes of memory in slot 4 and is the only one that runs there. */
static void world(u32 tasks)
{
	world_boot(tasks);
	give_untyped(&A, MEMORY, 17);
}

static u64 make(u32 type, u32 bits, u32 slot)
{
	return invoke(&A, OP_RETYPE, MEMORY, type, bits, 0, slot, 1);
}

static u64 copy(u64 to, u64 to_index, u64 from, u64 from_index)
{
	return invoke(&A, OP_COPY, to, to_index, from, from_index, RIGHTS_ALL, 0);
}

static u64 delete(u64 container, u64 index)
{
	return invoke(&A, OP_DELETE, container, index, 0, 0, 0, 0);
}

static u64 revoke(u64 slot)
{
	return invoke(&A, OP_REVOKE, 0, slot, 0, 0, 0, 0);
}

static bool nothing_is_dying(void)
{
	for (u32 i = 0; i < DYING_LISTS; i++)
		if (hart.dying[i].head != NONE)
			return false;
	return true;
}

static void deleting_an_original_answers_at_once(void)
{
	world(1);
	OK(make(OBJECT_TABLE, 5, 10));
	OK(delete(0, 10));
	TRUE(!nothing_is_dying());
	EQ(slot_of(&A, 10)->type, CAP_EMPTY);
	EQ(delete(0, MEMORY), STATUS_OK); /* dying objects block no deletion */
	idle_steps();
	TRUE(nothing_is_dying());
}

static void revoke_answers_ok_only_when_nothing_dies_any_more(void)
{
	u64 status = STATUS_AGAIN;

	world(1);
	OK(make(OBJECT_TABLE, 10, 10));
	for (u32 n = 1; n < 400; n++)
		OK(copy(10, n, 0, MEMORY) == STATUS_REFUSED ? copy(10, n, 0, 10) : STATUS_BAD_CALL);
	OK(revoke(10)); /* its copies inside itself */
	give(&A, 11, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	for (u32 n = 1; n < 400; n++)
		OK(copy(10, n, 0, 11));
	OK(delete(0, 10));
	for (u32 i = 0; status == STATUS_AGAIN; i++) {
		TRUE(i < 100);
		TRUE(slot_of(&A, MEMORY)->watermark != 0);
		status = invoke_once(&A, OP_REVOKE, 0, MEMORY, 0, 0, 0, 0);
	}
	OK(status);
	EQ(slot_of(&A, MEMORY)->watermark, 0);
	TRUE(nothing_is_dying());
}

static void a_table_dies_while_it_holds_others_capabilities(void)
{
	world(2);
	give(&A, 11, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	OK(make(OBJECT_TABLE, 5, 10));
	OK(copy(10, 3, 0, 11));
	OK(copy(0, 12, 10, 3)); /* a child of what the dying table holds */
	OK(copy(0, 13, 0, 12));
	OK(delete(0, 10));
	EQ(revoke(MEMORY), STATUS_OK);
	EQ(slot_of(&A, 12)->type, CAP_EMPTY);
	EQ(slot_of(&A, 13)->type, CAP_EMPTY);
	EQ(slot_of(&A, 11)->type, CAP_ENDPOINT);
}

/* Each table holds the original of the next one: the way to the next is through a copy that is dropped again. */
static void nested_tables_die_without_recursion(void)
{
	world(1);
	OK(make(OBJECT_TABLE, 2, 10));
	OK(copy(0, 11, 0, 10));
	for (u32 n = 0; n < 50; n++) {
		OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_TABLE, 2, 11, 1, 1));
		OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_ENDPOINT, 0, 11, 2, 1));
		OK(copy(0, 12, 11, 1));
		OK(delete(0, 11));
		OK(invoke(&A, OP_MOVE, 0, 11, 0, 12, 0, 0));
	}
	OK(delete(0, 11));
	OK(delete(0, 10));
	OK(revoke(MEMORY));
	TRUE(nothing_is_dying());
}

static void nested_tables_die_one_after_the_other_when_idle(void)
{
	world(1);
	OK(make(OBJECT_TABLE, 2, 10));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_TABLE, 2, 10, 1, 1));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_SPACE, 0, 10, 2, 1));
	OK(delete(0, 10));
	idle_steps();
	TRUE(nothing_is_dying());
	EQ(slot_of(&A, MEMORY)->type, CAP_UNTYPED);
	OK(delete(0, MEMORY));
}

static void a_reply_slot_dies_with_its_table_and_the_caller_wakes(void)
{
	u32 k_ep = 0;

	world(3);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	give(&B, EP, k_ep, RIGHTS_ALL, 0);
	give(&C, EP, k_ep, RIGHTS_ALL, 0);
	OK(make(OBJECT_TABLE, 5, 10));
	boot_must(OP_COPY, B.k_table, 6, A.k_table, 10, RIGHTS_ALL, 0);
	EQ(sys(&B, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(sys(&C, SYS_CALL, EP, 0, 0, 0, 21), BLOCKED);
	OK(invoke(&B, OP_MOVE, 6, 9, 0, REPLY, 0, 0));
	OK(revoke(10));
	OK(delete(0, 10));
	idle_steps();
	EQ(status_of(&C), STATUS_DEAD);
	EQ(slot_of(&C, 21)->type, CAP_EMPTY);
}

static void a_receiver_whose_table_dies_stops(void)
{
	u32 k_ep = 0;

	world(2);
	k_ep = world_make(OBJECT_ENDPOINT, 0);
	OK(make(OBJECT_TABLE, 5, 10));
	boot_must(OP_DELETE, B.k_thread, THREAD_TABLE, 0, 0, 0, 0);
	OK(invoke(&A, OP_COPY, 10, EP, 0, 10, RIGHTS_ALL, 0));
	OK(invoke(&A, OP_DELETE, 10, EP, 0, 0, 0, 0));
	boot_must(OP_COPY, A.k_table, 11, 0, k_ep, RIGHTS_ALL, 0);
	OK(copy(10, EP, 0, 11));
	boot_must(OP_COPY, B.k_thread, THREAD_TABLE, A.k_table, 10, RIGHTS_ALL, 0);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	EQ(sys(&B, SYS_RECV, EP, 0, 20, 0, 21), BLOCKED);
	OK(revoke(10));
	EQ(threads[B.thread].state, THREAD_STOPPED);
	OK(delete(0, 10));
	OK(revoke(MEMORY));
	EQ(threads[B.thread].table_size, 0);
}

/* ---- Threads in every state ---- */
/* A thread from A's memory that runs with B's old table and space. */
static struct task victim(void)
{
	struct task v = B;

	OK(make(OBJECT_THREAD, 0, 10));
	v.thread = slot_of(&A, 10)->object;
	give(&A, 11, B.k_table, RIGHTS_ALL, 0);
	give(&A, 12, B.k_space, RIGHTS_ALL, 0);
	OK(copy(10, THREAD_TABLE, 0, 11));
	OK(copy(10, THREAD_SPACE, 0, 12));
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	OK(invoke(&A, OP_SET_SCHEDULING, 10, PRIORITY, BUDGET, BUDGET, 0, 0));
	OK(invoke(&A, OP_RESUME, 10, 0, 0, 0, 0, 0));
	return v;
}

static void end_of(struct task *v)
{
	OK(revoke(MEMORY));
	EQ(threads[v->thread].queue, NONE);
	TRUE(nothing_is_dying());
	OK(make(OBJECT_THREAD, 0, 10));
	tick(3 * BUDGET);
}

static u32 victim_endpoint(void)
{
	u32 k = world_make(OBJECT_ENDPOINT, 0);

	boot_must(OP_COPY, B.k_table, EP, 0, k, RIGHTS_ALL, 0);
	return k;
}

static void a_ready_thread_is_destroyed(void)
{
	struct task v;

	world(2);
	v = victim();
	EQ(threads[v.thread].state, THREAD_READY);
	end_of(&v);
}

static void an_exhausted_thread_is_destroyed(void)
{
	struct task v;

	world(2);
	v = victim();
	OK(invoke(&A, OP_SET_SCHEDULING, 10, PRIORITY, 10, 1000000, 0, 0));
	as(&v);
	tick(11);
	EQ(threads[v.thread].state, THREAD_EXHAUSTED);
	end_of(&v);
}

static void a_stopped_thread_is_destroyed(void)
{
	struct task v;

	world(2);
	v = victim();
	OK(invoke(&A, OP_SUSPEND, 10, 0, 0, 0, 0, 0));
	end_of(&v);
}

static void a_calling_thread_is_destroyed(void)
{
	struct task v;

	world(2);
	(void)victim_endpoint();
	v = victim();
	EQ(sys(&v, SYS_CALL, EP, 0, 0, 0, 21), BLOCKED);
	end_of(&v);
	EQ(slot_of(&B, 21)->type, CAP_EMPTY);
}

static void a_sending_thread_is_destroyed(void)
{
	struct task v;

	world(2);
	(void)victim_endpoint();
	v = victim();
	EQ(sys(&v, SYS_SEND, EP, 0, 0, 0, 0), BLOCKED);
	end_of(&v);
}

static void a_receiving_thread_is_destroyed(void)
{
	struct task v;

	world(2);
	(void)victim_endpoint();
	v = victim();
	EQ(sys(&v, SYS_RECV, EP, 0, 20, 0, 21), BLOCKED);
	end_of(&v);
	EQ(slot_of(&B, 20)->type, CAP_EMPTY);
}

static void a_waiting_and_bound_thread_is_destroyed(void)
{
	struct task v;
	u32 k = 0;

	world(2);
	k = world_make(OBJECT_NOTIFICATION, 0);
	boot_must(OP_COPY, B.k_table, EP, 0, k, RIGHTS_ALL, 1);
	v = victim();
	give(&A, 13, k, RIGHTS_ALL, 1);
	OK(copy(10, THREAD_BOUND, 0, 13));
	EQ(sys(&v, SYS_WAIT, EP, 0, 0, 0, 0), BLOCKED);
	end_of(&v);
	OK(sys(&A, SYS_SIGNAL, 13, 0, 0, 0, 0));
	EQ(queues[k_slot(k)->object].bound, NONE);
}

static void a_thread_that_awaits_a_reply_is_destroyed(void)
{
	struct task v;
	u32 k = 0;

	world(3);
	k = victim_endpoint();
	boot_must(OP_COPY, C.k_table, EP, 0, k, RIGHTS_ALL, 0);
	v = victim();
	EQ(sys(&C, SYS_RECV, EP, 0, REPLY, 0, 0), BLOCKED);
	EQ(sys(&v, SYS_CALL, EP, 0, 0, 0, 0), BLOCKED);
	EQ(slot_of(&C, REPLY)->type, CAP_REPLY);
	end_of(&v);
	EQ(slot_of(&C, REPLY)->type, CAP_EMPTY);
}

static void a_faulted_thread_is_destroyed(void)
{
	struct task v;
	u32 k = 0;

	world(3);
	k = world_make(OBJECT_ENDPOINT, 0);
	v = victim();
	give(&A, 13, k, RIGHTS_ALL, 1);
	OK(copy(10, THREAD_FAULT, 0, 13));
	fault(&v, 13, 1);
	EQ(threads[v.thread].state, THREAD_CALLING);
	end_of(&v);
	EQ(queues[k_slot(k)->object].head, NONE);
	EQ(fault_ring.count, 0);
}

static void a_thread_destroys_itself(void)
{
	world(2);
	give_untyped(&B, MEMORY, 14);
	OK(invoke(&B, OP_RETYPE, MEMORY, OBJECT_THREAD, 0, 0, 10, 1));
	give(&B, 11, B.k_table, RIGHTS_ALL, 0);
	give(&B, 12, B.k_space, RIGHTS_ALL, 0);
	OK(invoke(&B, OP_COPY, 10, THREAD_TABLE, 0, 11, RIGHTS_ALL, 0));
	OK(invoke(&B, OP_COPY, 10, THREAD_SPACE, 0, 12, RIGHTS_ALL, 0));
	OK(invoke(&B, OP_SET_SCHEDULING, 10, 20, BUDGET, BUDGET, 0, 0));
	EQ(invoke_once(&B, OP_RESUME, 10, 0, 0, 0, 0, 0), BLOCKED);
	EQ(running, slot_of(&B, 10)->object);
	EQ(call_kernel(SYS_INVOKE, 0, OP_REVOKE, MEMORY, 0, 0, 0, 0), BLOCKED);
	TRUE(running == A.thread || running == B.thread);
	OK(invoke(&B, OP_REVOKE, 0, MEMORY, 0, 0, 0, 0));
	OK(invoke(&B, OP_RETYPE, MEMORY, OBJECT_PAGE, 12, 0, 10, 1));
}

static void the_only_thread_destroys_itself_and_the_idle_loop_buries_it(void)
{
	world_boot(1);
	give(&A, 10, A.k_table, RIGHTS_ALL, 0);
	give(&A, 11, A.k_thread, RIGHTS_ALL, 0);
	EQ(invoke_once(&A, OP_DELETE, 11, THREAD_SPACE, 0, 0, 0, 0), BLOCKED);
	EQ(running, NONE);
	boot_must(OP_REVOKE, 0, A.k_thread, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, A.k_thread, 0, 0, 0, 0);
	boot_must(OP_REVOKE, 0, A.k_table, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, A.k_table, 0, 0, 0, 0);
	boot_must(OP_DELETE, 0, A.k_space, 0, 0, 0, 0);
	idle_steps();
	TRUE(nothing_is_dying());
}

static void a_space_dies_with_its_mappings(void)
{
	world(1);
	OK(make(OBJECT_PAGE, 12, 10));
	OK(make(OBJECT_SPACE, 1, 11));
	OK(make(OBJECT_SPACE, 0, 12));
	for (u32 n = 0; n < 40; n++)
		OK(invoke(&A, OP_COPY, 12, 7 * n, 0, 10, RIGHT_READ, 0));
	OK(copy(11, 3, 0, 12));
	EQ(delete(0, 12), STATUS_HAS_CHILDREN);
	OK(delete(11, 3));
	OK(delete(0, 12));
	OK(delete(0, 11));
	OK(revoke(10));
	OK(revoke(MEMORY));
	EQ(slot_of(&A, 10)->type, CAP_EMPTY);
}

static void a_timer_interrupt_buries_too(void)
{
	world(2);
	OK(make(OBJECT_TABLE, 8, 10));
	OK(delete(0, 10));
	tick(60ul * BUDGET);
	TRUE(nothing_is_dying());
}

static void an_untyped_inside_memory_that_is_revoked_goes_too(void)
{
	world(2);
	OK(make(OBJECT_UNTYPED, 14, 10));
	OK(make(OBJECT_UNTYPED, 14, 11));
	OK(invoke(&A, OP_RETYPE, 10, OBJECT_ENDPOINT, 0, 0, 12, 3));
	OK(invoke(&A, OP_RETYPE, 11, OBJECT_TABLE, 6, 0, 15, 1));
	give(&A, 16, B.k_table, RIGHTS_ALL, 0);
	OK(invoke(&A, OP_MOVE, 16, 30, 0, 12, 0, 0));
	OK(revoke(MEMORY));
	for (u32 n = 10; n < 16; n++)
		EQ(slot_of(&A, n)->type, CAP_EMPTY);
	EQ(slot_of(&B, 30)->type, CAP_EMPTY);
	OK(make(OBJECT_PAGE, 12, 10));
}

/* The table that holds the untyped lies in memory above it: revoke ends although its own slot is gone. */
static void revoking_what_holds_the_revoker_ends(void)
{
	world(1);
	OK(make(OBJECT_TABLE, 4, 10));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_UNTYPED, 12, 10, 3, 1));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_ENDPOINT, 0, 0, 12, 1));
	OK(copy(10, 4, 0, 12));
	OK(copy(10, 5, 10, 4));
	OK(invoke(&A, OP_REVOKE, 10, 3, 0, 0, 0, 0));
	OK(revoke(MEMORY));
	TRUE(nothing_is_dying());
}

static void several_objects_of_a_kind_die_together(void)
{
	world_boot(1);
	give_untyped(&A, MEMORY, 18);
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_THREAD, 0, 0, 10, 3));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_SPACE, 0, 0, 13, 2));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_SPACE, 0, 0, 15, 1));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_TABLE, 3, 0, 16, 3));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_ENDPOINT, 0, 0, 19, 3));
	OK(make(OBJECT_PAGE, 12, 30));
	for (u32 n = 0; n < 3; n++) {
		OK(copy(10 + n, THREAD_FAULT, 0, 19));
		OK(invoke(&A, OP_COPY, 13 + n, 9, 0, 30, RIGHT_READ, 0));
		OK(copy(16 + n, 1, 0, 30));
	}
	for (u32 n = 10; n < 19; n++)
		OK(delete(0, n));
	idle_steps();
	EQ(cap_has_children(A.table + 30), false);
	OK(delete(0, 19));
	OK(delete(0, 20));
	OK(delete(0, 21));
	OK(revoke(MEMORY));
}

/* The original of table 11 stands in table 10, which is dying: the way to the slot that is revoked goes with it. */
static void the_slot_that_is_revoked_may_die_meanwhile(void)
{
	u64 status = STATUS_AGAIN;

	world(1);
	give(&A, 12, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	OK(make(OBJECT_TABLE, 3, 10));
	OK(invoke(&A, OP_RETYPE, MEMORY, OBJECT_TABLE, 3, 10, 1, 1));
	OK(copy(0, 11, 10, 1));
	OK(copy(11, 2, 0, 12));
	OK(delete(0, 10));
	status = invoke_once(&A, OP_REVOKE, 11, 2, 0, 0, 0, 0);
	TRUE(status == STATUS_OK || status == STATUS_AGAIN);
	EQ(invoke(&A, OP_REVOKE, 11, 2, 0, 0, 0, 0), STATUS_NO_CAP);
	OK(revoke(MEMORY));
}

static void revoke_says_that_hardware_holds_a_descendant(void)
{
	u32 memory = 0;
	u32 k = 0;

	world(1);
	memory = world_slot();
	k = world_slot();
	boot_must(OP_RETYPE, K_RAM, OBJECT_UNTYPED, 12, 0, memory, 1);
	boot_must(OP_RETYPE, memory, OBJECT_NOTIFICATION, 0, 0, k, 1);
	OK(boot_bind_for_test(k, BIND_LINE, 9, 1));
	EQ(boot_do(OP_REVOKE, 0, memory, 0, 0, 0, 0), STATUS_REFUSED);
	EQ(k_slot(k)->type, CAP_NOTIFICATION);
}

const struct test destroy_tests[] = {
#define T(name) { #name, name }
	T(deleting_an_original_answers_at_once), T(revoke_answers_ok_only_when_nothing_dies_any_more),
	T(a_table_dies_while_it_holds_others_capabilities), T(nested_tables_die_without_recursion),
	T(nested_tables_die_one_after_the_other_when_idle), T(a_reply_slot_dies_with_its_table_and_the_caller_wakes),
	T(a_receiver_whose_table_dies_stops), T(a_ready_thread_is_destroyed), T(an_exhausted_thread_is_destroyed),
	T(a_stopped_thread_is_destroyed), T(a_calling_thread_is_destroyed), T(a_sending_thread_is_destroyed),
	T(a_receiving_thread_is_destroyed), T(a_waiting_and_bound_thread_is_destroyed),
	T(a_thread_that_awaits_a_reply_is_destroyed), T(a_faulted_thread_is_destroyed), T(a_thread_destroys_itself),
	T(the_only_thread_destroys_itself_and_the_idle_loop_buries_it), T(a_space_dies_with_its_mappings),
	T(a_timer_interrupt_buries_too), T(an_untyped_inside_memory_that_is_revoked_goes_too),
	T(revoking_what_holds_the_revoker_ends), T(several_objects_of_a_kind_die_together),
	T(the_slot_that_is_revoked_may_die_meanwhile), T(revoke_says_that_hardware_holds_a_descendant), { NULL, NULL }
};
