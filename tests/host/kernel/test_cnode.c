/* test_cnode.c - naming slots; copy, move, delete, revoke; what a copy may be. */
#include "world.h"

static u64 copy(u64 to, u64 to_index, u64 from, u64 from_index, u64 rights, u64 badge)
{
	return invoke(&A, OP_COPY, to, to_index, from, from_index, rights, badge);
}

static u64 move(u64 to, u64 to_index, u64 from, u64 from_index)
{
	return invoke(&A, OP_MOVE, to, to_index, from, from_index, 0, 0);
}

static u64 delete(u64 container, u64 index)
{
	return invoke(&A, OP_DELETE, container, index, 0, 0, 0, 0);
}

static u64 revoke(u64 container, u64 index)
{
	return invoke(&A, OP_REVOKE, container, index, 0, 0, 0, 0);
}

/* A world with: 4 endpoint, 5 A's table, 6 A's thread, 7 A's space, 8 notification, 9 memory. */
static void world(void)
{
	world_boot(2);
	give(&A, 4, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	give(&A, 5, A.k_table, RIGHTS_ALL, 0);
	give(&A, 6, A.k_thread, RIGHTS_ALL, 0);
	give(&A, 7, A.k_space, RIGHTS_ALL, 0);
	give(&A, 8, world_make(OBJECT_NOTIFICATION, 0), RIGHTS_ALL, 0);
	give_untyped(&A, 9, 16);
}

static void copy_has_at_most_the_rights_of_the_mask(void)
{
	world();
	OK(copy(0, 20, 0, 4, RIGHT_WRITE | RIGHT_CALL, 0));
	EQ(slot_of(&A, 20)->rights, RIGHT_WRITE | RIGHT_CALL);
	OK(copy(0, 21, 0, 20, RIGHTS_ALL, 0));
	EQ(slot_of(&A, 21)->rights, RIGHT_WRITE | RIGHT_CALL);
	OK(copy(0, 22, 0, 20, ~0ul, 0));
	EQ(slot_of(&A, 22)->rights, RIGHT_WRITE | RIGHT_CALL);
	OK(copy(0, 23, 0, 20, 0, 0));
	EQ(slot_of(&A, 23)->rights, 0);
}

static void copy_sets_a_badge_once(void)
{
	world();
	OK(copy(0, 20, 0, 4, RIGHTS_ALL, 7));
	EQ(slot_of(&A, 20)->badge, 7);
	EQ(copy(0, 21, 0, 20, RIGHTS_ALL, 8), STATUS_REFUSED);
	EQ(copy(0, 21, 0, 20, RIGHTS_ALL, 7), STATUS_REFUSED);
	OK(copy(0, 21, 0, 20, RIGHTS_ALL, 0));
	EQ(slot_of(&A, 21)->badge, 7);
	EQ(copy(0, 22, 0, 4, RIGHTS_ALL, 1ul << 32), STATUS_BAD_ARGUMENT);
	EQ(copy(0, 22, 0, 5, RIGHTS_ALL, 1), STATUS_BAD_ARGUMENT);
	OK(copy(0, 22, 0, 8, RIGHTS_ALL, 0xffffffff));
	EQ(slot_of(&A, 22)->badge, 0xffffffff);
}

static void copy_checks_both_slots(void)
{
	world();
	EQ(copy(0, 0, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(0, TASK_SLOTS, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(0, 1ul << 32 | 20, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(0, 20, 0, 0, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(0, 20, 0, ~0ul, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(0, 20, 0, 21, RIGHTS_ALL, 0), STATUS_NO_CAP);
	EQ(copy(0, 5, 0, 4, RIGHTS_ALL, 0), STATUS_OCCUPIED);
	EQ(copy(TASK_SLOTS, 1, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(1ul << 32 | 5, 20, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(0, 20, 1ul << 32 | 5, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(21, 1, 0, 4, RIGHTS_ALL, 0), STATUS_NO_CAP);
	EQ(copy(4, 1, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_TYPE);
	EQ(copy(5, 0, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(5, TASK_SLOTS, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(6, THREAD_SLOTS, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(copy(7, SPACE_ROOT_ENTRIES, 0, 4, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	OK(copy(5, 20, 5, 4, RIGHTS_ALL, 0));
	EQ(slot_of(&A, 20)->type, CAP_ENDPOINT);
}

static void a_container_gives_no_more_than_its_rights(void)
{
	world();
	OK(copy(0, 20, 0, 5, RIGHT_READ, 0));
	OK(copy(0, 21, 0, 5, RIGHT_WRITE, 0));
	EQ(copy(20, 30, 0, 4, RIGHTS_ALL, 0), STATUS_NO_RIGHT);
	EQ(copy(0, 30, 21, 4, RIGHTS_ALL, 0), STATUS_NO_RIGHT);
	OK(copy(0, 30, 20, 4, RIGHTS_ALL, 0));
	OK(copy(21, 31, 0, 4, RIGHTS_ALL, 0));
	EQ(move(0, 32, 20, 31), STATUS_NO_RIGHT);
	EQ(move(0, 32, 21, 31), STATUS_NO_RIGHT);
	EQ(move(20, 32, 0, 31), STATUS_NO_RIGHT);
	EQ(delete(20, 31), STATUS_NO_RIGHT);
	EQ(revoke(20, 31), STATUS_NO_RIGHT);
	OK(delete(21, 31));
	OK(revoke(21, 30));
}

/* A table in a thread's slot is used with all rights, so only a capability with these may stand there. */
static void a_table_without_rights_becomes_nobodys_own_table(void)
{
	world();
	give(&A, 10, B.k_thread, RIGHTS_ALL, 0);
	give(&A, 11, B.k_table, RIGHT_READ, 0);
	give(&A, 12, B.k_space, 0, 0);
	OK(delete(10, THREAD_TABLE));
	EQ(copy(10, THREAD_TABLE, 0, 11, RIGHTS_ALL, 0), STATUS_NO_RIGHT);
	OK(delete(10, THREAD_SPACE));
	EQ(copy(10, THREAD_SPACE, 0, 12, RIGHTS_ALL, 0), STATUS_NO_RIGHT);
	EQ(move(10, THREAD_TABLE, 0, 11), STATUS_NO_RIGHT);
}

static void the_longest_line_of_copies_can_be_revoked(void)
{
	u32 before = 4;
	u32 made = 0;

	world();
	for (u32 n = 10; n < TASK_SLOTS; n++) {
		u64 status = copy(0, n, 0, before, RIGHTS_ALL, 0);

		if (status != STATUS_OK) {
			EQ(status, STATUS_REFUSED);
			break;
		}
		before = n;
		made++;
	}
	OK(revoke(0, 4));
	for (u32 n = 10; n < TASK_SLOTS; n++)
		EQ(slot_of(&A, n)->type, CAP_EMPTY);
	TRUE(made >= 50);
}

static void delete_takes_leaves_only(void)
{
	world();
	OK(copy(0, 20, 0, 4, RIGHTS_ALL, 0));
	EQ(delete(0, 4), STATUS_HAS_CHILDREN);
	EQ(move(0, 21, 0, 4), STATUS_HAS_CHILDREN);
	OK(delete(0, 20));
	OK(delete(0, 4));
	EQ(slot_of(&A, 4)->type, CAP_EMPTY);
	EQ(delete(0, 4), STATUS_NO_CAP);
	EQ(delete(0, 0), STATUS_BAD_SLOT);
	EQ(delete(0, TASK_SLOTS), STATUS_BAD_SLOT);
	EQ(delete(30, 1), STATUS_NO_CAP);
	EQ(delete(8, 1), STATUS_BAD_TYPE);
}

static void move_keeps_the_place_in_the_derivation(void)
{
	u32 parent = 0;

	world();
	OK(copy(0, 20, 0, 4, RIGHT_WRITE, 3));
	parent = slot_of(&A, 20)->parent;
	OK(move(0, 21, 0, 20));
	EQ(slot_of(&A, 20)->type, CAP_EMPTY);
	EQ(slot_of(&A, 21)->parent, parent);
	EQ(slot_of(&A, 21)->rights, RIGHT_WRITE);
	EQ(slot_of(&A, 21)->badge, 3);
	EQ(move(0, 22, 0, 20), STATUS_NO_CAP);
	EQ(move(0, 5, 0, 21), STATUS_OCCUPIED);
	EQ(move(0, 0, 0, 21), STATUS_BAD_SLOT);
	EQ(move(0, 22, 0, 0), STATUS_BAD_SLOT);
	OK(revoke(0, 4));
	EQ(slot_of(&A, 21)->type, CAP_EMPTY);
}

static void originals_of_cnodes_never_move(void)
{
	world();
	OK(invoke(&A, OP_RETYPE, 9, OBJECT_TABLE, 4, 0, 20, 1));
	OK(invoke(&A, OP_RETYPE, 9, OBJECT_THREAD, 0, 0, 21, 1));
	OK(invoke(&A, OP_RETYPE, 9, OBJECT_ENDPOINT, 0, 0, 22, 1));
	EQ(move(0, 30, 0, 20), STATUS_REFUSED);
	EQ(move(0, 30, 0, 21), STATUS_REFUSED);
	OK(move(0, 30, 0, 22));
	OK(copy(0, 31, 0, 20, RIGHTS_ALL, 0));
	OK(move(0, 32, 0, 31));
	EQ(slot_of(&A, 30)->original, 1);
}

static void an_untyped_with_its_memory_moves_to_another_table(void)
{
	world();
	give(&A, 10, B.k_table, RIGHTS_ALL, 0);
	OK(move(10, 20, 0, 9));
	EQ(slot_of(&A, 9)->type, CAP_EMPTY);
	EQ(slot_of(&B, 20)->rights, 1 | 2 | 4 | 32 | 64);
	OK(invoke(&B, OP_RETYPE, 20, OBJECT_ENDPOINT, 0, 0, 21, 1));
}

static void revoke_deletes_all_descendants_and_nothing_else(void)
{
	world();
	OK(copy(0, 20, 0, 4, RIGHTS_ALL, 0));
	OK(copy(0, 21, 0, 20, RIGHTS_ALL, 5));
	OK(copy(0, 22, 0, 21, RIGHTS_ALL, 0));
	OK(copy(0, 23, 0, 20, RIGHTS_ALL, 6));
	OK(copy(0, 24, 0, 4, RIGHTS_ALL, 0));
	OK(revoke(0, 20));
	EQ(slot_of(&A, 20)->type, CAP_ENDPOINT);
	for (u32 n = 21; n < 24; n++)
		EQ(slot_of(&A, n)->type, CAP_EMPTY);
	EQ(slot_of(&A, 24)->type, CAP_ENDPOINT);
	OK(revoke(0, 20));
	EQ(revoke(0, 21), STATUS_NO_CAP);
	EQ(revoke(0, 0), STATUS_BAD_SLOT);
	EQ(revoke(5, TASK_SLOTS), STATUS_BAD_SLOT);
}

static void revoke_goes_on_in_bounded_steps(void)
{
	u64 status = STATUS_AGAIN;
	u32 steps = 0;

	world();
	give(&A, 10, B.k_table, RIGHTS_ALL, 0);
	for (u32 n = 11; n < TASK_SLOTS; n++)
		OK(copy(0, n, 0, 4, RIGHTS_ALL, 0));
	for (u32 n = 1; n < TASK_SLOTS; n++)
		OK(copy(10, n, 0, 4, RIGHTS_ALL, 0));
	while (status == STATUS_AGAIN) {
		status = invoke_once(&A, OP_REVOKE, 0, 4, 0, 0, 0, 0);
		steps++;
		TRUE(steps < 20);
	}
	OK(status);
	TRUE(steps >= 4);
	EQ(slot_of(&B, 1)->type, CAP_EMPTY);
}

static void replies_and_reservations_are_neither_copied_nor_revoked(void)
{
	world();
	give(&B, 4, world_make(OBJECT_ENDPOINT, 0), RIGHTS_ALL, 0);
	boot_must(OP_COPY, A.k_table, 10, B.k_table, 4, RIGHTS_ALL, 0);
	give(&A, 11, B.k_table, RIGHTS_ALL, 0);
	EQ(sys(&B, SYS_RECV, 4, 0, 20, 0, 21), BLOCKED);
	EQ(slot_of(&B, 20)->type, CAP_RESERVED);
	EQ(slot_of(&B, 21)->type, CAP_RESERVED);
	EQ(copy(0, 30, 11, 20, RIGHTS_ALL, 0), STATUS_REFUSED);
	EQ(move(0, 30, 11, 20), STATUS_REFUSED);
	EQ(revoke(11, 20), STATUS_BAD_TYPE);
	EQ(copy(11, 20, 0, 4, RIGHTS_ALL, 0), STATUS_OCCUPIED);
	EQ(copy(11, 21, 0, 4, RIGHTS_ALL, 0), STATUS_OCCUPIED);
	EQ(sys(&A, SYS_CALL, 10, 0, 0, 0, 0), BLOCKED);
	OK(status_of(&B));
	EQ(slot_of(&B, 20)->type, CAP_REPLY);
	EQ(slot_of(&B, 21)->type, CAP_EMPTY);
	give(&B, 5, B.k_table, RIGHTS_ALL, 0);
	give(&B, 6, B.k_thread, RIGHTS_ALL, 0);
	give(&B, 7, B.k_space, RIGHTS_ALL, 0);
	EQ(invoke(&B, OP_COPY, 0, 30, 0, 20, RIGHTS_ALL, 0), STATUS_REFUSED);
	EQ(invoke(&B, OP_REVOKE, 0, 20, 0, 0, 0, 0), STATUS_BAD_TYPE);
	EQ(invoke(&B, OP_MOVE, 6, THREAD_FAULT, 0, 20, 0, 0), STATUS_BAD_TYPE);
	EQ(invoke(&B, OP_MOVE, 7, 0, 0, 20, 0, 0), STATUS_BAD_TYPE);
	OK(invoke(&B, OP_MOVE, 5, 31, 0, 20, 0, 0));
	OK(sys(&B, SYS_SEND, 31, 0, 0, 0, 0));
	OK(status_of(&A));
}

static void unknown_operations_are_refused(void)
{
	world();
	EQ(invoke(&A, OP_COUNT, 5, 0, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(invoke(&A, OP_BIND, 8, BIND_POWER_OFF, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(invoke(&A, OP_FILL, 8, 0, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(invoke(&A, 1ul << 32 | OP_DELETE, 0, 4, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(invoke(&A, ~0ul, 0, 4, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(invoke(&A, OP_COUNT, 1ul << 32 | 5, 0, 0, 0, 0, 0), STATUS_BAD_CALL); /* whatever a0 is */
	EQ(invoke(&A, OP_DELETE, 1ul << 32, 4, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(invoke(&A, OP_INSPECT, 1ul << 32 | 5, 0, 0, 0, 0, 0), STATUS_BAD_SLOT);
	EQ(sys(&A, 9, 0, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(sys(&A, ~0ul, 0, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(sys(&A, SYS_CALL | SYS_NONBLOCK, 4, 0, 0, 0, 0), STATUS_BAD_CALL);
	EQ(sys(&A, 1ul << 32 | SYS_YIELD, 0, 0, 0, 0, 0), STATUS_BAD_CALL);
}

const struct test cnode_tests[] = {
#define T(name) { #name, name }
	T(copy_has_at_most_the_rights_of_the_mask), T(copy_sets_a_badge_once), T(copy_checks_both_slots),
	T(a_container_gives_no_more_than_its_rights), T(a_table_without_rights_becomes_nobodys_own_table),
	T(the_longest_line_of_copies_can_be_revoked), T(delete_takes_leaves_only),
	T(move_keeps_the_place_in_the_derivation), T(originals_of_cnodes_never_move),
	T(an_untyped_with_its_memory_moves_to_another_table), T(revoke_deletes_all_descendants_and_nothing_else),
	T(revoke_goes_on_in_bounded_steps), T(replies_and_reservations_are_neither_copied_nor_revoked),
	T(unknown_operations_are_refused), { NULL, NULL }
};
