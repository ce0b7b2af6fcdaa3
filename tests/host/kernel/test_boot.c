/* test_boot.c - what the kernel checks before it builds anything, and the two operations that exist only then. */
#include "world.h"

static struct boot_record record;
static struct {
	struct system_header header;
	struct root_untyped roots[4];
	struct program_section sections[2];
	struct program_operation operations[8];
	char names[64];
} *system_image;

/* A record and a system that boot as they stand; each test spoils one thing. */
static void good(void)
{
	world_boot_bare();
	memset((void *)ARENA, 0, 0x100000);
	memset(&hart, 0, sizeof hart);
	memset(&machine, 0, sizeof machine);
	record = (struct boot_record){ .magic = BOOT_MAGIC, .ram_start = 0x80000000, .ram_end = BASE + ARENA_BYTES,
		.timebase = TIMEBASE, .plic_base = 0xc000000, .plic_lines = 95, .harts = 1, .image_start = BASE,
		.image_end = BASE + 0x140000, .system_start = BASE + IMAGE_SYSTEM };
	system_image = (void *)(ARENA + IMAGE_SYSTEM);
	memset(system_image, 0, sizeof *system_image);
	system_image->header = (struct system_header){ .magic = SYSTEM_MAGIC, .version = SYSTEM_VERSION, .size = 0x40000,
		.load_address = BASE, .ram_end = BASE + ARENA_BYTES, .timebase = TIMEBASE, .plic_base = 0xc000000, .roots = 1,
		.sections = 1, .roots_offset = (u32)((u8 *)system_image->roots - (u8 *)system_image),
		.sections_offset = (u32)((u8 *)system_image->sections - (u8 *)system_image),
		.names_offset = (u32)((u8 *)system_image->names - (u8 *)system_image), .names_size = 1 };
	system_image->roots[0] = (struct root_untyped){ .base = RAM_BASE, .size_bits = RAM_BITS, .kind = MEMORY_RAM };
	system_image->sections[0].offset = (u32)((u8 *)system_image->operations - (u8 *)system_image);
	system_image->sections[0].name = system_image->header.names_offset;
	(void)snprintf(system_image->names, sizeof system_image->names, "tests");
	fake.text_length = 0;
	memset(fake.text, 0, sizeof fake.text);
}

static void operation(u32 n, struct program_operation o)
{
	system_image->operations[n] = o;
	system_image->sections[0].count = n + 1;
}

static void boots(void)
{
	boot_main(&record);
	TRUE(strstr((const char *)fake.text, "constructed") != NULL);
}

static void fails_with(const char *what)
{
	STOPS(boot_main(&record), STOP_PANIC);
	if (strstr((const char *)fake.text, what) == NULL) {
		fprintf(stderr, "printed: %s\n", (const char *)fake.text);
		TRUE(false);
	}
}

#define SPOILED(change, what) do { good(); change; fails_with(what); } while (0)

static void a_good_system_boots(void)
{
	good();
	boots();
	EQ(k_slot(ROOT_FIRST_SLOT)->type, CAP_UNTYPED);
	EQ(k_slot(ROOT_FIRST_SLOT)->rights, 1 | 2 | 4 | 32 | 64);
	EQ(k_slot(KERNEL_SLOT_FAULT_RING)->rights, RIGHT_READ);
}

static void each_field_of_the_record_is_checked(void)
{
	SPOILED(record.magic = 1, "boot record");
	SPOILED(record.error = BOOT_NO_TREE, "device tree");
	SPOILED(record.image_start += 4096, "GiB boundary");
	SPOILED(record.ram_start = BASE + 1, "inside the RAM");
	SPOILED(record.ram_end = BASE, "inside the RAM");
	SPOILED(record.timebase = 1, "timebase");
	SPOILED(record.timebase = 2000000000, "timebase");
	SPOILED(record.system_start += 8, "no system");
	SPOILED(record.image_end = BASE + 0x80000, "no system");
	SPOILED((record.image_start = 0x3e00200000, record.ram_end = 0x4000000000), "beyond the memory that the kernel can name");
	SPOILED(record.plic_base = 0x3d000000, "crosses a GiB boundary");
	SPOILED(record.plic_context = 15872, "no such context");
}

static void more_lines_than_the_kernel_serves_do_no_harm(void)
{
	good();
	record.plic_lines = 0x100000003;
	boots();
	EQ(machine.plic_lines, N_LINES - 1);
}

static void a_system_for_another_machine_is_refused(void)
{
	SPOILED(system_image->header.magic = 0, "no system of this");
	SPOILED(system_image->header.version = 99, "no system of this");
	SPOILED(system_image->header.load_address = 0x40200000, "load address");
	SPOILED(system_image->header.ram_end = record.ram_end + 1, "too little RAM");
	SPOILED(system_image->header.timebase = 5, "another timebase");
	SPOILED(system_image->header.plic_base = 0, "interrupt controller");
	SPOILED(system_image->header.roots = 2000, "");
	SPOILED(system_image->header.size = 0x1000000, "longer than the image");
	SPOILED(system_image->header.size = 0x3fff8, "longer than the image"); /* no whole number of pages */
	SPOILED((record.image_end = record.system_start + RAM_MAX, record.ram_end = record.image_end + 1,
		 system_image->header.size = RAM_MAX), "longer than the kernel's views");
	SPOILED((system_image->header = (struct system_header){ .magic = SYSTEM_MAGIC, .version = SYSTEM_VERSION, .load_address = BASE,
		 .ram_end = BASE + ARENA_BYTES, .timebase = TIMEBASE, .plic_base = 0xc000000 }), "damaged"); /* of no bytes */
	SPOILED(system_image->header.names_offset = 0x40000, "damaged");
	SPOILED(system_image->header.roots_offset = 0x50000, "damaged");
	SPOILED(system_image->header.sections_offset = 0x50000, "damaged");
	SPOILED(system_image->header.sections = 0x1000000, "damaged");
	SPOILED(system_image->sections[0].offset = 0x50000, "outside the system");
	SPOILED(system_image->sections[0].count = 0x1000000, "outside the system");
}

static void a_root_lies_where_it_may(void)
{
	SPOILED(system_image->roots[0].size_bits = 5, "size or alignment");
	SPOILED(system_image->roots[0].size_bits = 38, "size or alignment");
	SPOILED(system_image->roots[0].size_bits = 200, "size or alignment");
	SPOILED(system_image->roots[0].base += 4096, "size or alignment");
	SPOILED((system_image->roots[0] = (struct root_untyped){ BASE, 20, MEMORY_RAM, 0, 0 }), "may not"); /* the kernel itself */
	SPOILED(system_image->roots[0].kind = 3, "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ BASE + IMAGE_SYSTEM, 20, MEMORY_RAM, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ BASE + 0x40000, 12, MEMORY_ROM, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ RAM_BASE, 12, MEMORY_ROM, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ RAM_BASE, 12, MEMORY_DEVICE, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ 0xc000000, 12, MEMORY_DEVICE, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ 0x8000000, 27, MEMORY_DEVICE, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ 0x100000000, 12, MEMORY_RAM, 0, 0 }), "may not");
	/* A RAM disk that would lie over the kernel, and ram beyond the views */
	SPOILED((record.initrd_start = BASE, record.initrd_end = BASE + 0x200000,
		 system_image->roots[0] = (struct root_untyped){ BASE + 0x40000, 12, MEMORY_DEVICE, 0, 0 }), "may not");
	SPOILED((record.initrd_start = RAM_BASE + 0x10000, record.initrd_end = RAM_BASE + 0x20000, /* and RAM below one */
		 system_image->roots[0] = (struct root_untyped){ RAM_BASE, 16, MEMORY_DEVICE, 0, 0 }), "may not");
	SPOILED((record.ram_end = BASE + RAM_MAX + 0x40000000,
		 system_image->roots[0] = (struct root_untyped){ BASE + RAM_MAX, 12, MEMORY_RAM, 0, 0 }), "may not");
	SPOILED((system_image->roots[0] = (struct root_untyped){ 0x4000000000, 12, MEMORY_DEVICE, 0, 0 }), "size or alignment");
	SPOILED((system_image->roots[0] = (struct root_untyped){ ~0xffful, 12, MEMORY_DEVICE, 0, 0 }), "size or alignment");
	SPOILED((system_image->roots[0] = (struct root_untyped){ DEVICE_BASE + 32, 6, MEMORY_DEVICE, 0, 0 }), "size or alignment");
	SPOILED((system_image->header.roots = 2, system_image->roots[1] = (struct root_untyped){ RAM_BASE, 12, MEMORY_RAM, 0, 0 }),
		"overlap");
}

static void roots_may_touch_each_other(void)
{
	good();
	system_image->header.roots = 3;
	system_image->roots[0] = (struct root_untyped){ RAM_BASE + 0x1000, 12, MEMORY_RAM, 0, 0 };
	system_image->roots[1] = (struct root_untyped){ RAM_BASE, 12, MEMORY_RAM, 0, 0 };
	system_image->roots[2] = (struct root_untyped){ RAM_BASE + 0x2000, 12, MEMORY_RAM, 0, 0 };
	boots();
	EQ(k_slot(ROOT_FIRST_SLOT + 2)->type, CAP_UNTYPED);
}

static void an_operation_that_is_refused_ends_the_boot(void)
{
	SPOILED(operation(0, (struct program_operation){ OP_DELETE, 0, 99, 0, 0, 0, 0 }), "does not fit");
	SPOILED(operation(0, (struct program_operation){ OP_DELETE, 0, 99, 0, 0, 0, 0 }), "operation 0 of section tests was refused");
	SPOILED(operation(0, (struct program_operation){ 99, 0, 0, 0, 0, 0, 0 }), "does not fit");
	SPOILED(system_image->sections[0].actor = 99, "names no table");
	SPOILED(system_image->sections[0].actor = 5000, "names no table");
}

static void a_program_is_replayed_through_long_operations(void)
{
	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_PAGE, 21, 0, 20, 1 });
	operation(1, (struct program_operation){ OP_RETYPE, 4, OBJECT_TABLE, 4, 0, 21, 1 });
	boots();
	EQ(k_slot(20)->size_bits, 21);
	EQ(k_slot(21)->type, CAP_TABLE);
}

static void a_section_acts_with_its_own_table(void)
{
	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_TABLE, 4, 0, 21, 1 });
	operation(1, (struct program_operation){ OP_RETYPE, 4, OBJECT_UNTYPED, 12, 21, 3, 1 });
	system_image->header.sections = 2;
	system_image->operations[2] = (struct program_operation){ OP_RETYPE, 3, OBJECT_ENDPOINT, 0, 0, 5, 1 };
	system_image->sections[1] = system_image->sections[0];
	system_image->sections[1].actor = 21;
	system_image->sections[1].count = 1;
	system_image->sections[1].offset += (u32)(2 * sizeof(struct program_operation));
	boots();
	EQ(slots[k_slot(21)->object + 5].type, CAP_ENDPOINT);
}

/* Behind the kernel table there are slots too: of a table that the program made. */
static void a_section_names_a_slot_of_the_kernel_table(void)
{
	u32 table = (u32)((RAM_BASE - BASE) / SLOT_BYTES);

	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_TABLE, 4, 0, 21, 1 });
	operation(1, (struct program_operation){ OP_RETYPE, 4, OBJECT_TABLE, 4, 21, 3, 1 });
	system_image->header.sections = 2;
	system_image->sections[1] = system_image->sections[0];
	system_image->sections[1].actor = table + 3 - KERNEL_TABLE;
	system_image->sections[1].count = 0;
	fails_with("names no table");
	EQ(slots[table + 3].type, CAP_TABLE);
}

static void fill_copies_from_the_system_into_a_page(void)
{
	u64 *page = NULL;

	good();
	memset((u8 *)system_image + 0x2000, 0x5b, 4096);
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_PAGE, 12, 0, 20, 1 });
	operation(1, (struct program_operation){ OP_FILL, 20, 8, 0x2000, 16, 0, 0 });
	boots();
	page = &words[(u64)(k_slot(20)->object - machine.base_granule) * 8];
	EQ(page[0], 0);
	EQ(page[1], 0x5b5b5b5b5b5b5b5bul);
	EQ(page[2], 0x5b5b5b5b5b5b5b5bul);
	EQ(page[3], 0);
}

static void fill_stays_inside_page_and_system(void)
{
	static const struct { u64 a0, a2, a3, a4; enum status status; } bad[] = {
		{ 20, 1, 0, 8, STATUS_BAD_ARGUMENT }, { 20, 0, 1, 8, STATUS_BAD_ARGUMENT }, { 20, 0, 0, 7, STATUS_BAD_ARGUMENT },
		{ 20, 8, 0, 4096, STATUS_BAD_ARGUMENT }, { 20, 4104, 0, 0, STATUS_BAD_ARGUMENT },
		{ 20, 0, 0x40000, 8, STATUS_BAD_ARGUMENT }, { 20, 0, ~7ul, 8, STATUS_BAD_ARGUMENT },
		{ 20, ~7ul, 0, 8, STATUS_BAD_ARGUMENT }, { 20, 0, 0, ~7ul, STATUS_BAD_ARGUMENT }, { 4, 0, 0, 8, STATUS_BAD_TYPE },
		{ 0, 0, 0, 8, STATUS_BAD_SLOT }, { 5000, 0, 0, 8, STATUS_BAD_SLOT }, { 30, 0, 0, 8, STATUS_BAD_TYPE } };

	for (u32 i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		good();
		operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_PAGE, 12, 0, 20, 1 });
		operation(1, (struct program_operation){ OP_FILL, (u32)bad[i].a0, bad[i].a2, bad[i].a3, bad[i].a4, 0, 0 });
		fails_with("does not fit");
		EQ(fake.panic_numbers[1], bad[i].status);
	}
}

static void bind_takes_originals_in_the_kernel_table(void)
{
	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_NOTIFICATION, 0, 0, 20, 1 });
	operation(1, (struct program_operation){ OP_BIND, 20, BIND_LINE, 10, 3, 0, 0 });
	boots();
	EQ(hart.lines[10].queue, k_slot(20)->object);
	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_NOTIFICATION, 0, 0, 20, 1 });
	operation(1, (struct program_operation){ OP_COPY, 0, 21, 0, 20, RIGHTS_ALL, 0 });
	operation(2, (struct program_operation){ OP_BIND, 21, BIND_LINE, 10, 3, 0, 0 });
	fails_with("does not fit");
	good();
	operation(0, (struct program_operation){ OP_BIND, 4, BIND_LINE, 10, 3, 0, 0 });
	fails_with("does not fit");
	good();
	operation(0, (struct program_operation){ OP_BIND, 0, BIND_LINE, 10, 3, 0, 0 });
	fails_with("does not fit");
	EQ(fake.panic_numbers[1], STATUS_BAD_SLOT);
	good();
	operation(0, (struct program_operation){ OP_BIND, KERNEL_TABLE_SLOTS, BIND_LINE, 10, 3, 0, 0 });
	fails_with("does not fit");
	EQ(fake.panic_numbers[1], STATUS_BAD_SLOT);
	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_TABLE, 4, 0, 21, 1 });
	operation(1, (struct program_operation){ OP_RETYPE, 4, OBJECT_NOTIFICATION, 0, 21, 5, 1 });
	system_image->header.sections = 2;
	system_image->operations[2] = (struct program_operation){ OP_BIND, 5, BIND_LINE, 10, 3, 0, 0 };
	system_image->sections[1] = system_image->sections[0];
	system_image->sections[1].actor = 21;
	system_image->sections[1].count = 1;
	system_image->sections[1].offset += (u32)(2 * sizeof(struct program_operation));
	fails_with("does not fit"); /* a table that may go is no place for what hardware is bound to */
}

static void a_schedule_is_handed_over_by_the_kernel_table(void)
{
	good();
	operation(0, (struct program_operation){ OP_WINDOW, 0, 20000, 1, 0, 0, 0 });
	operation(1, (struct program_operation){ OP_WINDOW, 0, 10000, 0, 0, 0, 0 });
	operation(2, (struct program_operation){ OP_RETYPE, 4, OBJECT_THREAD, 0, 0, 20, 1 });
	operation(3, (struct program_operation){ OP_SET_SCHEDULING, 20, 9, 100, 100, SCHEDULE_PARTITION, 0 });
	boots();
	EQ(hart.windows, 2);
	EQ(hart.schedule[0].ticks, 20000);
	EQ(hart.schedule[0].partition, 1);
	EQ(hart.armed, 0);
	good();
	operation(0, (struct program_operation){ OP_WINDOW, 0, 0, 1, 0, 0, 0 });
	fails_with("does not fit");
	good();
	operation(0, (struct program_operation){ OP_RETYPE, 4, OBJECT_TABLE, 4, 0, 21, 1 });
	system_image->header.sections = 2;
	system_image->operations[1] = (struct program_operation){ OP_WINDOW, 0, 20000, 1, 0, 0, 0 };
	system_image->sections[1] = system_image->sections[0];
	system_image->sections[1].actor = 21;
	system_image->sections[1].count = 1;
	system_image->sections[1].offset += (u32)sizeof(struct program_operation);
	fails_with("does not fit");
}

const struct test boot_tests[] = {
#define T(name) { #name, name }
	T(a_good_system_boots), T(each_field_of_the_record_is_checked),
	T(more_lines_than_the_kernel_serves_do_no_harm), T(a_system_for_another_machine_is_refused),
	T(a_root_lies_where_it_may), T(roots_may_touch_each_other), T(an_operation_that_is_refused_ends_the_boot),
	T(a_program_is_replayed_through_long_operations), T(a_section_acts_with_its_own_table),
	T(a_section_names_a_slot_of_the_kernel_table),
	T(fill_copies_from_the_system_into_a_page), T(fill_stays_inside_page_and_system),
	T(bind_takes_originals_in_the_kernel_table), T(a_schedule_is_handed_over_by_the_kernel_table), { NULL, NULL }
};
