/* test_space.c - spaces: mapping is copying; levels; the MMU's root and address space numbers. */
#include "world.h"

#define SPACE 7u   /* A's root */
#define MID 10u
#define LEAF 11u
#define PAGE 12u   /* ram, 4 KiB */
#define BIG 13u    /* device, 2 MiB */
#define GIGA 14u   /* device, 1 GiB */
#define ROM 15u

static u64 map(u64 space, u64 index, u64 page, u64 rights)
{
	return invoke(&A, OP_COPY, space, index, 0, page, rights, 0);
}

static u64 unmap(u64 space, u64 index)
{
	return invoke(&A, OP_DELETE, space, index, 0, 0, 0, 0);
}

static void world(void)
{
	world_boot(2);
	give(&A, 6, A.k_thread, RIGHTS_ALL, 0);
	give(&A, SPACE, A.k_space, RIGHTS_ALL, 0);
	give_untyped(&A, 9, 18);
	OK(invoke(&A, OP_RETYPE, 9, OBJECT_SPACE, 1, 0, MID, 1));
	OK(invoke(&A, OP_RETYPE, 9, OBJECT_SPACE, 0, 0, LEAF, 1));
	OK(invoke(&A, OP_RETYPE, 9, OBJECT_PAGE, 12, 0, PAGE, 1));
	give(&A, BIG, K_DEVICE, RIGHTS_ALL, 0);
	give(&A, GIGA, K_DEVICE_GIGA, RIGHTS_ALL, 0);
	boot_must(OP_RETYPE, K_ROM, OBJECT_PAGE, 12, A.k_table, ROM, 1);
}

static u64 entry(u32 slot, u32 index)
{
	return ptes[slot_of(&A, slot)->object * SPACE_PTES + index];
}

static void a_page_is_mapped_with_r_rw_or_rx_and_nothing_else(void)
{
	world();
	OK(map(LEAF, 0, PAGE, RIGHT_READ));
	OK(map(LEAF, 1, PAGE, RIGHT_READ | RIGHT_WRITE));
	OK(map(LEAF, 2, PAGE, RIGHT_READ | RIGHT_EXECUTE));
	EQ(map(LEAF, 3, PAGE, RIGHTS_ALL), STATUS_NO_RIGHT);
	EQ(map(LEAF, 3, PAGE, RIGHT_WRITE), STATUS_NO_RIGHT);
	EQ(map(LEAF, 3, PAGE, RIGHT_EXECUTE), STATUS_NO_RIGHT);
	EQ(map(LEAF, 3, PAGE, RIGHT_WRITE | RIGHT_EXECUTE), STATUS_NO_RIGHT);
	EQ(map(LEAF, 3, PAGE, 0), STATUS_NO_RIGHT);
	EQ(entry(LEAF, 1), fake_entry_page(slot_of(&A, PAGE)->object, 3));
	EQ(map(LEAF, 1, PAGE, RIGHT_READ), STATUS_OCCUPIED);
	EQ(map(LEAF, SPACE_ENTRIES, PAGE, RIGHT_READ), STATUS_BAD_SLOT);
	OK(map(LEAF, SPACE_ENTRIES - 1, PAGE, RIGHT_READ));
	EQ(map(SPACE, SPACE_ROOT_ENTRIES, GIGA, RIGHT_READ), STATUS_BAD_SLOT);
}

static void rights_that_the_page_lacks_are_not_mapped(void)
{
	world();
	OK(map(LEAF, 0, ROM, RIGHT_READ | RIGHT_EXECUTE));
	EQ(map(LEAF, 1, ROM, RIGHT_EXECUTE), STATUS_NO_RIGHT);
	OK(map(LEAF, 1, ROM, RIGHT_READ | RIGHT_WRITE));
	EQ(slot_of(&A, LEAF)->object != 0, true);
	EQ(entry(LEAF, 1), fake_entry_page(slot_of(&A, ROM)->object, RIGHT_READ));
	OK(map(MID, 0, BIG, RIGHT_READ | RIGHT_EXECUTE));
	EQ(entry(MID, 0), fake_entry_page(slot_of(&A, BIG)->object, RIGHT_READ));
}

static void each_level_takes_pages_of_its_size(void)
{
	world();
	OK(map(LEAF, 0, PAGE, RIGHT_READ));
	OK(map(MID, 0, BIG, RIGHT_READ));
	OK(map(SPACE, 0, GIGA, RIGHT_READ));
	EQ(map(LEAF, 1, BIG, RIGHT_READ), STATUS_BAD_ARGUMENT);
	EQ(map(LEAF, 1, GIGA, RIGHT_READ), STATUS_BAD_ARGUMENT);
	EQ(map(MID, 1, PAGE, RIGHT_READ), STATUS_BAD_ARGUMENT);
	EQ(map(SPACE, 1, BIG, RIGHT_READ), STATUS_BAD_ARGUMENT);
	EQ(map(LEAF, 1, 6, RIGHT_READ), STATUS_BAD_TYPE);
	EQ(map(LEAF, 1, 9, RIGHT_READ), STATUS_REFUSED);
	EQ(map(LEAF, 1, 30, RIGHT_READ), STATUS_NO_CAP);
}

static void a_level_is_installed_one_step_down_and_once(void)
{
	world();
	OK(map(SPACE, 0, MID, RIGHTS_ALL));
	EQ(map(SPACE, 1, MID, RIGHTS_ALL), STATUS_REFUSED);
	EQ(map(SPACE, 1, LEAF, RIGHTS_ALL), STATUS_BAD_ARGUMENT);
	EQ(map(SPACE, 1, SPACE, RIGHTS_ALL), STATUS_BAD_ARGUMENT);
	EQ(map(LEAF, 1, LEAF, RIGHTS_ALL), STATUS_BAD_ARGUMENT);
	EQ(map(MID, 1, MID, RIGHTS_ALL), STATUS_BAD_ARGUMENT);
	OK(map(MID, 5, LEAF, RIGHTS_ALL));
	EQ(entry(MID, 5), fake_entry_level(machine.base_granule + slot_of(&A, LEAF)->object * (SPACE_BYTES / GRANULE)));
	OK(unmap(SPACE, 0));
	EQ(entry(SPACE, 0), 0);
	OK(map(SPACE, 1, MID, RIGHTS_ALL));
}

/* The MMU walks an installed level with all that it maps, whatever the capability may name. */
static void a_level_is_installed_only_with_all_rights_to_it(void)
{
	world();
	OK(invoke(&A, OP_COPY, 0, 30, 0, MID, 0, 0));
	OK(invoke(&A, OP_COPY, 0, 31, 0, MID, RIGHT_WRITE, 0));
	EQ(map(SPACE, 0, 30, RIGHTS_ALL), STATUS_NO_RIGHT);
	EQ(map(SPACE, 0, 31, RIGHTS_ALL), STATUS_NO_RIGHT);
	EQ(invoke(&A, OP_MOVE, SPACE, 0, 0, 30, 0, 0), STATUS_NO_RIGHT);
}

static void filling_and_emptying_fence(void)
{
	u32 fences = 0;

	world();
	fences = fake.fences;
	OK(map(LEAF, 0, PAGE, RIGHT_READ));
	TRUE(fake.fences > fences);
	fences = fake.fences;
	OK(unmap(LEAF, 0));
	EQ(entry(LEAF, 0), 0);
	TRUE(fake.fences > fences);
}

static void a_mapping_moves(void)
{
	world();
	OK(map(LEAF, 0, PAGE, RIGHT_READ | RIGHT_WRITE));
	OK(invoke(&A, OP_MOVE, LEAF, 1, LEAF, 0, 0, 0));
	EQ(entry(LEAF, 0), 0);
	EQ(entry(LEAF, 1), fake_entry_page(slot_of(&A, PAGE)->object, 3));
	OK(invoke(&A, OP_MOVE, 0, 30, LEAF, 1, 0, 0));
	EQ(entry(LEAF, 1), 0);
	EQ(slot_of(&A, 30)->rights, 3);
	OK(map(MID, 0, LEAF, RIGHTS_ALL));
	OK(invoke(&A, OP_MOVE, 0, 31, MID, 0, 0, 0));
	OK(invoke(&A, OP_MOVE, MID, 2, 0, 31, 0, 0));
	EQ(invoke(&A, OP_MOVE, LEAF, 2, 0, 9, 0, 0) == STATUS_OK, false);
}

static void a_carvable_page_is_not_mapped_by_move(void)
{
	world_boot(1);
	give(&A, SPACE, A.k_space, RIGHTS_ALL, 0);
	boot_must(OP_MOVE, A.k_table, 20, 0, K_DEVICE_GIGA, 0, 0);
	EQ(invoke(&A, OP_MOVE, SPACE, 3, 0, 20, 0, 0), STATUS_REFUSED);
	OK(map(SPACE, 3, 20, RIGHT_READ | RIGHT_WRITE));
}

static void revoking_memory_unmaps_it(void)
{
	world();
	OK(map(LEAF, 0, PAGE, RIGHT_READ));
	OK(map(LEAF, 1, PAGE, RIGHT_READ | RIGHT_WRITE));
	OK(invoke(&A, OP_REVOKE, 0, PAGE, 0, 0, 0, 0));
	EQ(entry(LEAF, 0), 0);
	EQ(entry(LEAF, 1), 0);
	EQ(slot_of(&A, PAGE)->type, CAP_UNTYPED);
}

static void each_space_gets_a_number_of_its_own(void)
{
	u32 first = 0;

	world_boot(2);
	machine.asid_limit = 0xffff;
	as(&B);
	first = fake.asid;
	as(&A);
	TRUE(fake.asid != first && fake.asid != 0 && first != 0);
	as(&B);
	EQ(fake.asid, first);
	EQ(fake.root, B.space);
}

static void threads_of_a_space_share_its_number(void)
{
	u32 first = 0;

	world_boot(3);
	machine.asid_limit = 0xffff;
	boot_must(OP_DELETE, B.k_thread, THREAD_SPACE, 0, 0, 0, 0);
	boot_must(OP_COPY, B.k_thread, THREAD_SPACE, 0, A.k_space, RIGHTS_ALL, 0);
	as(&C);
	as(&A);
	first = fake.asid;
	as(&C);
	boot_must(OP_SUSPEND, A.k_thread, 0, 0, 0, 0, 0);
	boot_must(OP_RESUME, B.k_thread, 0, 0, 0, 0, 0);
	as(&B);
	EQ(fake.root, A.space);
	EQ(fake.asid, first);
}

static void used_up_numbers_are_given_anew_after_a_full_flush(void)
{
	u32 flushes = 0;
	u32 round = 0;

	world_boot(4);
	machine.asid_limit = 2;
	as(&B);
	for (u32 i = 0; i < 20; i++) {
		flushes = fake.flushes;
		round = hart.asid_round;
		as(i % 3 == 0 ? &A : i % 3 == 1 ? &C : &D);
		TRUE(fake.asid == 1 || fake.asid == 2);
		EQ(fake.flushes - flushes, hart.asid_round - round);
	}
	TRUE(hart.asid_round > 5);
}

static void without_numbers_every_switch_flushes(void)
{
	u32 flushes = 0;

	world_boot(2);
	machine.asid_limit = 0;
	as(&A);
	flushes = fake.flushes;
	as(&B);
	EQ(fake.flushes, flushes + 1);
	EQ(fake.asid, 0);
}

static void a_root_that_is_loaded_can_be_destroyed(void)
{
	u32 k = 0;

	world_boot(2);
	as(&A);
	k = A.k_space;
	boot_must(OP_SUSPEND, B.k_thread, 0, 0, 0, 0, 0);
	EQ(fake.root, A.space);
	boot_must(OP_DELETE, A.k_thread, THREAD_SPACE, 0, 0, 0, 0);
	EQ(running, NONE);
	EQ(fake.root, A.space);
	boot_must(OP_DELETE, 0, k, 0, 0, 0, 0);
	EQ(fake.root, KERNEL_SPACE);
	EQ(hart.root, KERNEL_SPACE);
	idle_steps();
}

static void a_level_can_be_taken_back_while_it_is_in_use(void)
{
	world();
	OK(map(SPACE, 0, MID, RIGHTS_ALL));
	OK(map(MID, 0, LEAF, RIGHTS_ALL));
	OK(map(LEAF, 0, PAGE, RIGHT_READ));
	OK(invoke(&A, OP_REVOKE, 0, 9, 0, 0, 0, 0));
	EQ(entry(SPACE, 0), 0);
	EQ(slot_of(&A, MID)->type, CAP_EMPTY);
	EQ(slot_of(&A, 9)->watermark, 0);
}

const struct test space_tests[] = {
#define T(name) { #name, name }
	T(a_page_is_mapped_with_r_rw_or_rx_and_nothing_else), T(rights_that_the_page_lacks_are_not_mapped),
	T(each_level_takes_pages_of_its_size), T(a_level_is_installed_one_step_down_and_once), T(filling_and_emptying_fence),
	T(a_level_is_installed_only_with_all_rights_to_it),
	T(a_mapping_moves), T(a_carvable_page_is_not_mapped_by_move), T(revoking_memory_unmaps_it),
	T(each_space_gets_a_number_of_its_own), T(threads_of_a_space_share_its_number), T(used_up_numbers_are_given_anew_after_a_full_flush),
	T(without_numbers_every_switch_flushes), T(a_root_that_is_loaded_can_be_destroyed),
	T(a_level_can_be_taken_back_while_it_is_in_use), { NULL, NULL }
};
