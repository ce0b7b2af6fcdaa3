/* test_untyped.c - carving: sizes, room, rights, zeroing in steps, lending against carving. */
#include "world.h"

static u64 retype(u32 untyped, u32 type, u32 bits, u32 first, u32 count)
{
	return invoke(&A, OP_RETYPE, untyped, type, bits, 0, first, count);
}

static void retype_makes_each_object_with_the_rights_of_its_kind(void)
{
	static const struct { u32 type, bits, cap, rights; } all[] = {
		{ OBJECT_UNTYPED, 12, CAP_UNTYPED, 1 | 2 | 4 | 32 | 64 }, { OBJECT_ENDPOINT, 0, CAP_ENDPOINT, 1 | 2 | 8 | 16 },
		{ OBJECT_NOTIFICATION, 0, CAP_NOTIFICATION, 3 }, { OBJECT_TABLE, 4, CAP_TABLE, 3 }, { OBJECT_SPACE, 0, CAP_SPACE, 3 },
		{ OBJECT_SPACE, 1, CAP_SPACE, 3 }, { OBJECT_SPACE, 2, CAP_SPACE, 3 }, { OBJECT_THREAD, 0, CAP_THREAD, 3 | 64 },
		{ OBJECT_PAGE, 12, CAP_UNTYPED, 7 },
	};

	world_boot(1);
	give_untyped(&A, 4, 19);
	for (u32 i = 0; i < sizeof all / sizeof all[0]; i++) {
		OK(retype(4, all[i].type, all[i].bits, 10 + i, 1));
		EQ(slot_of(&A, 10 + i)->type, all[i].cap);
		EQ(slot_of(&A, 10 + i)->rights, all[i].rights);
		EQ(slot_of(&A, 10 + i)->original, 1);
	}
}

static void retype_gives_zeroed_memory(void)
{
	u64 start = 0;

	world_boot(1);
	give_untyped(&A, 4, 16);
	OK(retype(4, OBJECT_PAGE, 12, 10, 4));
	for (u32 p = 0; p < 4; p++) {
		start = (u64)(slot_of(&A, 10 + p)->object - machine.base_granule) * 8;
		for (u32 i = 0; i < 512; i++)
			EQ(words[start + i], 0);
	}
	EQ(words[start + 512], 0xa5a5a5a5a5a5a5a5ul);
}

static void retype_zeroes_in_steps_and_changes_nothing_before_the_last(void)
{
	u32 steps = 0;
	u64 status = 0;

	world_boot(1);
	give_untyped(&A, 4, 21);
	for (;;) {
		u32 free = slot_of(&A, 4)->watermark;

		status = invoke_once(&A, OP_RETYPE, 4, OBJECT_PAGE, 21, 0, 10, 1);
		if (status != STATUS_AGAIN)
			break;
		EQ(free, 0);
		EQ(slot_of(&A, 4)->watermark, 0);
		EQ(slot_of(&A, 10)->type, CAP_EMPTY);
		steps++;
		TRUE(steps < 1000);
	}
	OK(status);
	TRUE(steps >= 64); /* 2 MiB, at most 32 KiB a step */
	EQ(slot_of(&A, 10)->size_bits, 21);
}

/* A big request that was begun and given up has zeroed memory far ahead; the gap before it was never zeroed. */
static void retype_zeroes_the_gap_before_an_abandoned_step(void)
{
	u64 start = 0;

	world_boot(1);
	give_untyped(&A, 4, 22);
	OK(retype(4, OBJECT_ENDPOINT, 0, 10, 1));
	EQ(invoke_once(&A, OP_RETYPE, 4, OBJECT_PAGE, 21, 0, 11, 1), STATUS_AGAIN);
	OK(retype(4, OBJECT_PAGE, 12, 11, 1));
	start = (u64)(slot_of(&A, 11)->object - machine.base_granule) * 8;
	for (u32 i = 0; i < 512; i++)
		EQ(words[start + i], 0);
}

static void retype_zeroes_again_after_revoke(void)
{
	u64 start = 0;

	world_boot(1);
	give_untyped(&A, 4, 13);
	OK(retype(4, OBJECT_PAGE, 12, 10, 2));
	start = (u64)(slot_of(&A, 10)->object - machine.base_granule) * 8;
	words[start + 5] = 77;
	OK(invoke(&A, OP_REVOKE, 0, 4, 0, 0, 0, 0));
	EQ(slot_of(&A, 10)->type, CAP_EMPTY);
	EQ(slot_of(&A, 4)->watermark, 0);
	OK(retype(4, OBJECT_PAGE, 12, 10, 1));
	EQ(words[start + 5], 0);
}

static void a_child_untyped_zeroes_for_itself(void)
{
	u64 start = 0;

	world_boot(1);
	give_untyped(&A, 4, 14);
	OK(retype(4, OBJECT_UNTYPED, 13, 10, 1));
	EQ(slot_of(&A, 4)->badge, 0);
	OK(retype(10, OBJECT_PAGE, 12, 11, 1));
	start = (u64)(slot_of(&A, 11)->object - machine.base_granule) * 8;
	EQ(words[start], 0);
	EQ(words[start + 511], 0);
}

static void retype_aligns_each_object_to_its_size(void)
{
	world_boot(1);
	give_untyped(&A, 4, 17);
	OK(retype(4, OBJECT_ENDPOINT, 0, 10, 1));
	OK(retype(4, OBJECT_THREAD, 0, 11, 2));
	EQ(slot_of(&A, 4)->watermark, 24);
	OK(retype(4, OBJECT_SPACE, 0, 13, 1));
	EQ(slot_of(&A, 4)->watermark, 1024);
	OK(retype(4, OBJECT_TABLE, 1, 14, 1));
	EQ(slot_of(&A, 4)->watermark, 1025);
}

static void retype_uses_a_range_to_its_last_byte_and_no_further(void)
{
	world_boot(1);
	give_untyped(&A, 4, 12);
	OK(retype(4, OBJECT_ENDPOINT, 0, 5, 50));
	EQ(retype(4, OBJECT_ENDPOINT, 0, 55, 9), STATUS_OK);
	EQ(retype(4, OBJECT_NOTIFICATION, 0, 1, 3), STATUS_OK);
	EQ(slot_of(&A, 4)->watermark, 62);
	OK(invoke(&A, OP_DELETE, 0, 5, 0, 0, 0, 0));
	OK(invoke(&A, OP_DELETE, 0, 6, 0, 0, 0, 0));
	OK(invoke(&A, OP_DELETE, 0, 7, 0, 0, 0, 0));
	EQ(retype(4, OBJECT_ENDPOINT, 0, 5, 3), STATUS_NO_MEMORY);
	OK(retype(4, OBJECT_ENDPOINT, 0, 5, 2));
	EQ(retype(4, OBJECT_ENDPOINT, 0, 7, 1), STATUS_NO_MEMORY);
}

static void retype_refuses_more_than_the_range_holds(void)
{
	world_boot(1);
	give_untyped(&A, 4, 12);
	EQ(retype(4, OBJECT_UNTYPED, 37, 5, 1), STATUS_NO_MEMORY);
	EQ(retype(4, OBJECT_UNTYPED, 37, 5, 50), STATUS_NO_MEMORY);
	EQ(retype(4, OBJECT_PAGE, 30, 5, 1), STATUS_NO_MEMORY);
	EQ(retype(4, OBJECT_TABLE, 16, 5, 1), STATUS_NO_MEMORY);
	EQ(retype(4, OBJECT_SPACE, 0, 5, 1), STATUS_NO_MEMORY);
	OK(retype(4, OBJECT_UNTYPED, 12, 5, 1));
}

static void retype_refuses_numbers_out_of_range(void)
{
	world_boot(1);
	give_untyped(&A, 4, 16);
	EQ(retype(4, 0, 0, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_PAGE + 1, 12, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_UNTYPED, 5, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_UNTYPED, 38, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_TABLE, 0, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_TABLE, 17, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_SPACE, 3, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_SPACE, 2, 10, RETYPE_MAX_ROOTS + 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_PAGE, 13, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_ENDPOINT, 0, 10, 0), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 0, 10, RETYPE_MAX_COUNT + 1), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 0, 10, ~0ul), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 0, ~0ul, 2), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 4, 1ul << 32 | OBJECT_ENDPOINT, 0, 0, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_UNTYPED, 1ul << 32 | 12, 0, 10, 1), STATUS_BAD_ARGUMENT);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 0, 10, 1ul << 32 | 1), STATUS_BAD_ARGUMENT);
}

static void retype_refuses_bad_slots(void)
{
	world_boot(1);
	give_untyped(&A, 4, 16);
	give(&A, 5, A.k_table, RIGHTS_ALL, 0);
	give(&A, 6, A.k_space, RIGHTS_ALL, 0);
	give(&A, 7, A.k_thread, RIGHTS_ALL, 0);
	give(&A, 8, A.k_table, RIGHT_READ, 0);
	EQ(retype(0, OBJECT_ENDPOINT, 0, 10, 1), STATUS_BAD_SLOT);
	EQ(retype(TASK_SLOTS, OBJECT_ENDPOINT, 0, 10, 1), STATUS_BAD_SLOT);
	EQ(invoke(&A, OP_RETYPE, 1ul << 32 | 4, OBJECT_ENDPOINT, 0, 0, 10, 1), STATUS_BAD_SLOT);
	EQ(retype(9, OBJECT_ENDPOINT, 0, 10, 1), STATUS_NO_CAP);
	EQ(retype(5, OBJECT_ENDPOINT, 0, 10, 1), STATUS_BAD_TYPE);
	EQ(retype(4, OBJECT_ENDPOINT, 0, 0, 1), STATUS_BAD_SLOT);
	EQ(retype(4, OBJECT_ENDPOINT, 0, 60, 5), STATUS_BAD_SLOT);
	EQ(retype(4, OBJECT_ENDPOINT, 0, 3, 2), STATUS_OCCUPIED);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 6, 10, 1), STATUS_BAD_TYPE);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 7, THREAD_FAULT, 1), STATUS_BAD_TYPE);
	EQ(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 8, 10, 1), STATUS_NO_RIGHT);
	OK(invoke(&A, OP_RETYPE, 4, OBJECT_ENDPOINT, 0, 5, 10, 1));
	EQ(slot_of(&A, 10)->type, CAP_ENDPOINT);
}

static void retype_needs_the_retype_right(void)
{
	world_boot(1);
	give_untyped(&A, 4, 13);
	OK(retype(4, OBJECT_PAGE, 12, 5, 1));
	EQ(retype(5, OBJECT_ENDPOINT, 0, 6, 1), STATUS_NO_RIGHT);
}

static void ram_is_never_lent(void)
{
	world_boot(1);
	give_untyped(&A, 4, 12);
	EQ(invoke(&A, OP_COPY, 0, 5, 0, 4, RIGHTS_ALL, 0), STATUS_REFUSED);
	give_untyped(&A, 6, 13);
	EQ(invoke(&A, OP_COPY, 0, 5, 0, 6, RIGHTS_ALL, 0), STATUS_REFUSED);
}

static void device_is_lent_or_carved_but_not_both(void)
{
	world_boot(1);
	boot_must(OP_MOVE, A.k_table, 4, 0, K_DEVICE, 0, 0);
	OK(invoke(&A, OP_COPY, 0, 5, 0, 4, RIGHT_READ | RIGHT_WRITE, 0));
	EQ(slot_of(&A, 5)->rights, RIGHT_READ | RIGHT_WRITE);
	EQ(retype(4, OBJECT_PAGE, 12, 6, 1), STATUS_REFUSED);
	EQ(retype(5, OBJECT_PAGE, 12, 6, 1), STATUS_NO_RIGHT);
	OK(invoke(&A, OP_DELETE, 0, 5, 0, 0, 0, 0));
	OK(retype(4, OBJECT_PAGE, 12, 6, 2));
	EQ(invoke(&A, OP_COPY, 0, 5, 0, 4, RIGHT_READ, 0), STATUS_REFUSED);
	OK(invoke(&A, OP_DELETE, 0, 6, 0, 0, 0, 0));
	OK(invoke(&A, OP_DELETE, 0, 7, 0, 0, 0, 0));
	EQ(invoke(&A, OP_COPY, 0, 5, 0, 4, RIGHT_READ, 0), STATUS_REFUSED);
	OK(invoke(&A, OP_REVOKE, 0, 4, 0, 0, 0, 0));
	OK(invoke(&A, OP_COPY, 0, 5, 0, 4, RIGHT_READ, 0));
}

static void device_becomes_no_object_and_is_never_executable(void)
{
	world_boot(1);
	boot_must(OP_MOVE, A.k_table, 4, 0, K_DEVICE, 0, 0);
	EQ(retype(4, OBJECT_ENDPOINT, 0, 5, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_THREAD, 0, 5, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_TABLE, 4, 5, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_SPACE, 0, 5, 1), STATUS_BAD_ARGUMENT);
	EQ(retype(4, OBJECT_NOTIFICATION, 0, 5, 1), STATUS_BAD_ARGUMENT);
	OK(retype(4, OBJECT_UNTYPED, 13, 5, 1));
	OK(retype(5, OBJECT_PAGE, 12, 6, 1));
	EQ(slot_of(&A, 6)->rights, RIGHT_READ | RIGHT_WRITE);
	EQ(slot_of(&A, 6)->kind, MEMORY_DEVICE);
}

static void rom_is_never_written_nor_zeroed(void)
{
	world_boot(1);
	words[(ROM_BASE - BASE) / 8] = 42;
	boot_must(OP_MOVE, A.k_table, 4, 0, K_ROM, 0, 0);
	OK(retype(4, OBJECT_PAGE, 12, 5, 2));
	EQ(slot_of(&A, 5)->rights, RIGHT_READ | RIGHT_EXECUTE);
	EQ(words[(ROM_BASE - BASE) / 8], 42);
	EQ(retype(4, OBJECT_ENDPOINT, 0, 8, 1), STATUS_BAD_ARGUMENT);
}

static void copies_of_memory_need_the_size_of_a_page(void)
{
	world_boot(1);
	EQ(boot_do(OP_COPY, A.k_table, 4, 0, K_ROM, RIGHTS_ALL, 0), STATUS_REFUSED);
	OK(boot_do(OP_COPY, A.k_table, 5, 0, K_DEVICE_PAGE, RIGHTS_ALL, 0));
	OK(boot_do(OP_COPY, A.k_table, 6, 0, K_DEVICE, RIGHTS_ALL, 0));
	OK(boot_do(OP_COPY, A.k_table, 7, 0, K_DEVICE_GIGA, RIGHTS_ALL, 0));
	EQ(slot_of(&A, 7)->rights, RIGHT_READ | RIGHT_WRITE);
	world_boot(1);
	for (u32 bits = 6; bits < 30; bits++) {
		boot_must(OP_RETYPE, K_DEVICE_GIGA, OBJECT_UNTYPED, bits, 0, 512 + bits, 1);
		EQ(boot_do(OP_COPY, A.k_table, 4 + bits, 0, 512 + bits, RIGHTS_ALL, 0),
		   bits == 12 || bits == 21 ? STATUS_OK : STATUS_REFUSED);
	}
}

static void a_new_table_knows_its_size_and_is_empty(void)
{
	world_boot(1);
	give_untyped(&A, 4, 16);
	OK(retype(4, OBJECT_TABLE, 3, 5, 1));
	OK(invoke(&A, OP_COPY, 5, 7, 0, 5, RIGHTS_ALL, 0));
	EQ(invoke(&A, OP_COPY, 5, 8, 0, 5, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
	EQ(invoke(&A, OP_COPY, 5, 0, 0, 5, RIGHTS_ALL, 0), STATUS_BAD_SLOT);
}

static void memory_is_divided_for_a_bounded_number_of_generations(void)
{
	u32 n = 5;

	world_boot(1);
	give_untyped(&A, 4, 12);
	for (u64 status = STATUS_OK; status == STATUS_OK; n++) {
		TRUE(n < TASK_SLOTS);
		status = retype(n - 1, OBJECT_UNTYPED, 12, n, 1);
		if (status != STATUS_OK)
			EQ(status, STATUS_REFUSED);
	}
	OK(invoke(&A, OP_REVOKE, 0, 4, 0, 0, 0, 0));
	EQ(slot_of(&A, 5)->type, CAP_EMPTY);
}

const struct test untyped_tests[] = {
#define T(name) { #name, name }
	T(retype_makes_each_object_with_the_rights_of_its_kind), T(retype_gives_zeroed_memory),
	T(retype_zeroes_in_steps_and_changes_nothing_before_the_last), T(retype_zeroes_the_gap_before_an_abandoned_step),
	T(retype_zeroes_again_after_revoke), T(a_child_untyped_zeroes_for_itself), T(retype_aligns_each_object_to_its_size),
	T(retype_uses_a_range_to_its_last_byte_and_no_further), T(retype_refuses_more_than_the_range_holds),
	T(retype_refuses_numbers_out_of_range), T(retype_refuses_bad_slots), T(retype_needs_the_retype_right),
	T(ram_is_never_lent), T(device_is_lent_or_carved_but_not_both), T(device_becomes_no_object_and_is_never_executable),
	T(rom_is_never_written_nor_zeroed), T(copies_of_memory_need_the_size_of_a_page), T(a_new_table_knows_its_size_and_is_empty),
	T(memory_is_divided_for_a_bounded_number_of_generations), { NULL, NULL }
};
