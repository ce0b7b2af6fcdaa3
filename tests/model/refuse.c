/* refuse.c - what boot refuses: damaged records and headers by name, and random programs as far as the model follows. */
#include "lockstep.h"
#include <stdlib.h>

/* ---- Damaged records and headers ---- */
static const struct {
	const char *what;   /* part of the sentence that must be printed; NULL: it boots all the same */
} damages[] = {
	{ "leave a boot record" }, { "device tree cannot be used" }, { "GiB boundary" }, { "not inside the RAM" }, { "not inside the RAM" },
	{ "timebase frequency" }, { "timebase frequency" }, { "no system behind" }, { "no system of this kernel" },
	{ "no system of this kernel" }, { "another load address" }, { "too little RAM" }, { "another timebase" },
	{ "another interrupt controller" }, { "longer than the image" }, { "longer than the image" }, { "damaged" }, { "damaged" },
	{ "damaged" }, { "damaged" }, { "damaged" }, { "damaged" }, { "damaged" }, { "more root untypeds" },
	{ "no valid size or alignment" }, { "no valid size or alignment" }, { "no valid size or alignment" },
	{ "lies where it may not" }, { "lies where it may not" }, { "lies where it may not" }, { "lies where it may not" },
	{ "lies where it may not" }, { "overlap" }, { "outside the system" }, { "outside the system" }, { "outside the system" },
	{ "outside the system" }, { "names no table" }, { "names no table" }, { NULL }, { NULL }, { NULL },
	{ "no valid size or alignment" }, { "no valid size or alignment" }, { "lies where it may not" }, { "lies where it may not" },
	{ "lies where it may not" }, { "lies where it may not" }, { NULL },
	{ "kernel can name" }, { "no system behind" }, { "crosses a GiB boundary" }, { "no such context" }, { NULL },
	{ "longer than the kernel's views" }, { "damaged" }, { "lies where it may not" },
};
#define DAMAGES ((u32)(sizeof damages / sizeof damages[0]))
static u32 damage;

static void damage_record(struct boot_record *record, struct system_header *system)
{
	switch (damage) {
	case 0: record->magic++; break;
	case 1: record->error = BOOT_NO_TREE; break;
	case 2: record->image_start += 4096; break;
	case 3: record->ram_start = record->image_start + 1; break;
	case 4: record->ram_end = record->image_end; break;
	case 5: record->timebase = 999; break;
	case 6: record->timebase = 1000000001; break;
	case 7: record->system_start += 8; break;
	case 8: system->magic++; break;
	case 9: system->version++; break;
	case 10: system->load_address += 0x40000000; break;
	case 11: system->ram_end = record->ram_end + 1; break;
	case 12: system->timebase++; break;
	case 13: system->plic_base++; break;
	case 14: system->size++; break;
	case 15: system->size = record->image_end - record->system_start + 4096; break;
	case 16: system->roots_offset = (u32)system->size + 8; break;
	case 17: system->sections_offset = (u32)system->size + 8; break;
	case 18: system->names_offset = (u32)system->size; break;
	case 19: system->roots_offset += 4; break;
	case 20: system->sections_offset += 4; break;
	case 21: system->sections = 0x7fffffff; break;
	default: system->roots = damage == 22 ? 0x7fffffff : KERNEL_TABLE_SLOTS; break;
	}
}

static void damage_roots(struct boot_record *record, struct system_header *system)
{
	struct root_untyped *roots = (struct root_untyped *)((u8 *)system + system->roots_offset);
	struct program_section *section = (struct program_section *)((u8 *)system + system->sections_offset);

	switch (damage) {
	case 24: roots[0].size_bits = 5; break;
	case 25: roots[0].base += 64; break;
	case 26: roots[3].base = 0x4000000000ul; break;
	case 27: roots[0].base = record->image_start; roots[0].size_bits = 12; break;
	case 28: roots[4].base = RAM_BASE; break;
	case 29: roots[1].base = RAM_BASE; break;
	case 30: roots[1].base = record->plic_base + 4096; break;
	case 31: roots[1].kind = 3; break;
	case 32: roots[1].base = roots[2].base; break;
	case 33: section->offset = (u32)system->size + 8; break;
	case 34: section->offset += 4; break;
	case 35: section->name = (u32)system->size; break;
	case 36: section->count = 0x7fffffff; break;
	case 37: section->actor = KERNEL_TABLE_SLOTS; break;
	case 38: section->actor = K_RAM; break;
	case 39: record->ram_end = record->image_start + RAM_MAX + 0x100000; break; /* more than the views cover */
	case 40: roots[1].base = RAM_BASE + 0x900000; record->initrd_start = roots[1].base; record->initrd_end = roots[1].base + 4096;
		break; /* device memory in the RAM disk */
	case 41: roots[1].base = record->plic_base + 0x4000000; break;
	case 42: roots[3].size_bits = 38; break;
	case 43: roots[1].base = 0ul - 4096; break;
	case 44: roots[0].base = RAM_BASE + 0x800000; roots[0].base &= ~0x7ffffful; break; /* beyond the end of RAM */
	case 45: record->ram_end += RAM_MAX; roots[0].base = BASE - 0x200000 + RAM_MAX; break; /* beyond the views */
	case 46: roots[4].base = BASE; break;
	case 47: roots[1].base = RAM_BASE + 0x900000; record->initrd_start = roots[1].base; record->initrd_end = roots[1].base + 64;
		break;
	default: roots[1].base = 0x90000000; break;
	}
}

/* What only a wrong boot stage, or one that was given a wrong device tree, can say. */
static void damage_board(struct boot_record *record, struct system_header *system)
{
	struct root_untyped *roots = (struct root_untyped *)((u8 *)system + system->roots_offset);

	switch (damage) {
	case 49: record->image_start = 0x3e00200000; record->ram_end = 0x4000000000; break;
	case 50: record->image_end = record->system_start - 1; break;
	case 51: record->plic_base = 0x3d000000; break;
	case 52: record->plic_context = 1ul << 32; break;
	case 53: record->plic_lines = 1ul << 32; break;
	case 54: system->size = RAM_MAX; record->image_end = record->system_start + RAM_MAX; record->ram_end = record->image_end + 1; break;
	case 55: system->size = 0; break;
	default: roots[1].base = record->image_start + IMAGE_BLOCK; record->initrd_start = record->image_start;
		record->initrd_end = record->ram_end; break; /* a RAM disk over the kernel */
	}
}

static void spoil(struct boot_record *record, struct system_header *system)
{
	if (damage < 24)
		damage_record(record, system);
	else if (damage < 49)
		damage_roots(record, system);
	else
		damage_board(record, system);
}

static void refuse_damages(void)
{
	static struct world_program program;

	program.count = 1;
	program.operations[0] = (struct m_operation){ OP_RETYPE, K_RAM, OBJECT_ENDPOINT, 0, 0, 20, 1 };
	machine_spoil = spoil;
	for (damage = 0; damage < DAMAGES; damage++) {
		bool booted = machine_boot(&program, 0);
		const char *what = damages[damage].what;

		if (booted != (what == NULL) || (!booted && strstr((const char *)fake.text, what) == NULL)) {
			printf("DIFFERENCE: damage %u should be refused with '%s', but: %.300s\n", damage, what != NULL ? what : "nothing",
			       booted ? "it boots" : (const char *)fake.text);
			exit(1);
		}
	}
	machine_spoil = NULL;
}

/* ---- Random programs ---- */
static u64 below(u64 bound)
{
	return random_below(bound);
}

static u64 slot(void)
{
	return below(12) == 0 ? below(1100) : below(3) == 0 ? 4 + below(5) : 16 + below(24);
}

/* The kernel table's slot of a capability of that type, or 0. */
static u32 some(u32 type)
{
	u32 seen = 0;
	u32 found = 0;

	for (u16 c = 1; c < model.caps_end; c++)
		if (model.caps[c].type == type && model_container(&model, c) == M_KERNEL_TABLE && below(++seen) == 0)
			found = model_index(&model, c);
	return found;
}

static u32 some_table(void)
{
	return some(CAP_TABLE);
}

static struct m_operation random_operation(void)
{
	static const u8 operations[] = { OP_RETYPE, OP_RETYPE, OP_RETYPE, OP_RETYPE, OP_COPY, OP_COPY, OP_MOVE, OP_DELETE, OP_REVOKE,
		OP_RESUME, OP_SUSPEND, OP_WRITE_REGISTERS, OP_READ_REGISTERS, OP_INSPECT, OP_SET_SCHEDULING, OP_ARM_TIMER, OP_BIND,
		OP_BIND, OP_BIND, OP_BIND, OP_FILL, OP_FILL, OP_WINDOW, OP_COUNT };
	struct m_operation o = { operations[below(sizeof operations)], slot(), slot(), slot(), slot(), slot(), below(8) };

	switch (o.operation) {
	case OP_RETYPE:
		o = (struct m_operation){ OP_RETYPE, 4 + below(5), 1 + below(7), below(4) == 0 ? 1 + below(20) : 12, 0, 16 + below(24), 1 };
		o.a4 = below(6) == 0 ? some_table() : 0;
		break;
	case OP_COPY:
	case OP_MOVE:
		o.a0 = below(2) == 0 ? some_table() : 0;
		o.a3 = below(4) == 0 ? some_table() : 0;
		o.a4 = below(3) == 0 ? some(CAP_NOTIFICATION) : o.a4;
		o.a5 = RIGHTS_ALL;
		o.a6 = 0;
		break;
	case OP_DELETE:
	case OP_REVOKE:
		o.a0 = below(4) == 0 ? some_table() : 0;
		o.a2 = below(3) == 0 ? some(CAP_NOTIFICATION) : below(6) == 0 ? K_RAM : o.a2;
		break;
	case OP_BIND:
		o.a0 = below(8) == 0 ? o.a0 : some(CAP_NOTIFICATION);
		o.a2 = below(6);
		o.a3 = below(10) == 0 ? below(300) : below(4);
		o.a4 = below(10) == 0 ? below(40) : below(4);
		break;
	case OP_FILL:
		o.a0 = below(8) == 0 ? o.a0 : some(CAP_UNTYPED);
		o.a2 = below(4) * 8 + (below(8) == 0);
		o.a3 = below(0x40008) / 8 * 8;
		o.a4 = below(4) == 0 ? below(0x50000) : 8 * below(600);
		break;
	case OP_WINDOW:
		o.a2 = below(3) == 0 ? below(20000) : 8192 + below(100000);
		o.a3 = below(10);
		break;
	default:
		break;
	}
	return o;
}

/* A program that the model accepts, but for its last operation perhaps. */
static void random_program(struct world_program *program)
{
	u32 most = 2 + (u32)below(60);
	u32 many = below(30) == 0 ? 68 : 0; /* as many timers as there are, and more */

	lockstep_model_boot();
	program->count = 0;
	for (u32 i = 0; i < most + 2 * many; i++) {
		static struct model before;
		u32 actor = below(3) == 0 ? some_table() : 0;
		struct m_operation o = random_operation();
		u64 timer = 40 + i / 2;
		enum status status = STATUS_OK;

		if (i < 2 * many) {
			actor = 0;
			o = i % 2 == 0 ? (struct m_operation){ OP_RETYPE, K_RAM, OBJECT_NOTIFICATION, 0, 0, timer, 1 } :
				(struct m_operation){ OP_BIND, timer, BIND_TIMER, 0, 1, 0, 0 };
		}
		program->actors[program->count] = actor;
		program->operations[program->count] = o;
		model_copy(&before, &model);
		status = model_replay(&model, actor, &o);
		if (status == STATUS_OK) {
			program->count++;
		} else if (below(status == STATUS_BAD_SLOT || status == STATUS_NO_CAP || status == STATUS_OCCUPIED ? 60 : 10) == 0) {
			program->count++;
			return;
		} else {
			model_copy(&model, &before);
		}
	}
}

/* ---- Programs for what random ones seldom come to ---- */
#define OPERATION(...) (struct m_operation){ __VA_ARGS__ }
static void add(struct world_program *program, u32 actor, struct m_operation o)
{
	program->actors[program->count] = actor;
	program->operations[program->count++] = o;
}

#define DIRECTED 20u
static void directed_program(u32 n, struct world_program *program)
{
	static const struct m_operation fills[DIRECTED - 11] = { { OP_FILL, 27, 4, 0, 8, 0, 0 }, { OP_FILL, 27, 0, 4, 8, 0, 0 },
		{ OP_FILL, 27, 0, 0, 4, 0, 0 }, { OP_FILL, 27, 0, MACHINE_SYSTEM_BYTES + 8, 8, 0, 0 },
		{ OP_FILL, 27, 0, MACHINE_SYSTEM_BYTES, 8, 0, 0 }, { OP_FILL, 27, 8192, 0, 8, 0, 0 }, { OP_FILL, 27, 4096, 0, 8, 0, 0 },
		{ OP_FILL, KERNEL_TABLE_SLOTS, 0, 0, 8, 0, 0 }, { OP_FILL, 27, 8, 0, 4088, 0, 0 } };

	program->count = 0;
	add(program, 0, OPERATION(OP_RETYPE, K_RAM, OBJECT_TABLE, 4, 0, 20, 1));
	add(program, 0, OPERATION(OP_RETYPE, K_RAM, OBJECT_NOTIFICATION, 0, 20, 1, 1));
	add(program, 0, OPERATION(OP_RETYPE, K_RAM, OBJECT_NOTIFICATION, 0, 0, 21, 2));
	add(program, 0, OPERATION(OP_RETYPE, K_RAM, OBJECT_UNTYPED | OBJECT_NO_SCHEDULE, 12, 0, 24, 1));
	add(program, 0, OPERATION(OP_RETYPE, 24, OBJECT_THREAD, 0, 0, 25, 2));
	add(program, 0, OPERATION(OP_BIND, 21, BIND_LINE, 10, 1, 0, 0));
	add(program, 0, OPERATION(OP_BIND, 21, BIND_FAULT_RING, 0, 3, 0, 0));
	switch (n) {
	case 0: add(program, 20, OPERATION(OP_BIND, 1, BIND_LINE, 11, 0, 0, 0)); break;
	case 1: add(program, 0, OPERATION(OP_BIND, 22, BIND_LINE, 10, 0, 0, 0)); break;
	case 2: add(program, 0, OPERATION(OP_BIND, 21, BIND_LINE, 11, 1, 0, 0)); break;
	case 3: add(program, 0, OPERATION(OP_SET_SCHEDULING, 25, 1, 1, 1, 0, 0)); break;
	case 4:
		add(program, 0, OPERATION(OP_COPY, 25, THREAD_BOUND, 0, 22, RIGHTS_ALL, 0));
		add(program, 0, OPERATION(OP_COPY, 26, THREAD_BOUND, 0, 22, RIGHTS_ALL, 0));
		break;
	case 5:
		for (u32 i = 0; i <= WINDOWS_MAX; i++)
			add(program, 0, OPERATION(OP_WINDOW, 0, 20000, i % PARTITIONS, 0, 0, 0));
		break;
	case 6: add(program, 0, OPERATION(OP_BIND, 21, BIND_LINE, 300, 0, 0, 0)); break;
	case 7: add(program, 0, OPERATION(OP_INSPECT, 25, 0, 0, 0, 0, 0)); break;
	case 8: add(program, 0, OPERATION(OP_READ_REGISTERS, 25, 0, 0, 0, 0, 0)); break;
	case 9: add(program, 0, OPERATION(OP_WINDOW, 0, 0x80000000, 0, 0, 0, 0)); break;
	case 10: add(program, 0, OPERATION(OP_DELETE, 0, 21, 0, 0, 0, 0)); break;
	default:
		add(program, 0, OPERATION(OP_RETYPE, K_RAM, OBJECT_PAGE, 12, 0, 27, 1));
		add(program, 0, fills[n - 11]);
		break;
	}
}

/* What OP_FILL left in pages that were filled once and not touched again. */
static const char *compare_fills(const struct world_program *program)
{
	const struct m_operation *o = &program->operations[program->count - 1];
	u16 actor = program->actors[program->count - 1] == 0 ? M_KERNEL_TABLE :
		model.caps[model_at(&model, M_KERNEL_TABLE, program->actors[program->count - 1])].object;
	u64 at = 0;

	if (o->operation != OP_FILL)
		return NULL;
	at = model.caps[model_at(&model, actor, (u32)o->a0)].start - BASE + o->a2;
	return memcmp((u8 *)ARENA + at, (u8 *)ARENA + IMAGE_SYSTEM + o->a3, o->a4) == 0 ? NULL : "a page is not filled with the rom";
}

static const char *refuse_program(const struct world_program *program)
{
	static char text[300];
	enum status status = STATUS_OK;
	u32 done = 0;
	u32 number = 0;
	bool booted = machine_boot(program, 4);
	char operation[40];

	lockstep_model_boot();
	done = lockstep_model_replay(program, &status);
	if (booted && done == program->count) {
		model_start(&model);
		return compare_fills(program) != NULL ? compare_fills(program) : lockstep_compare();
	}
	if (booted || done == program->count) {
		(void)snprintf(text, sizeof text, "the kernel %s, the model does %u operations of %u; %.150s", booted ? "boots" : "refuses",
			       done, program->count, (const char *)fake.text);
		return text;
	}
	while (number < done && program->actors[done - number - 1] == program->actors[done])
		number++;
	(void)snprintf(operation, sizeof operation, "operation %u of section", number);
	if (strstr((const char *)fake.text, operation) != NULL && fake.panic_numbers[1] == status)
		return NULL;
	(void)snprintf(text, sizeof text, "the model refuses %s with %u, the kernel with %lu: %.150s", operation, status,
		       fake.panic_numbers[1], (const char *)fake.text);
	return text;
}

void refuse_run(u64 programs, u64 seed)
{
	static struct world_program program;
	u64 operations = 0;
	u64 refused = 0;

	random_seed(seed);
	machine_ram = 0x200000;
	compare_kernel_slots = KERNEL_TABLE_SLOTS;
	refuse_damages();
	for (u64 i = 0; i < programs + DIRECTED; i++) {
		const char *difference = NULL;

		if (i < DIRECTED)
			directed_program((u32)i, &program);
		else
			random_program(&program);
		if (program.count == 0)
			continue;
		difference = refuse_program(&program);
		operations += program.count;
		refused += fake.stopped == STOP_PANIC;
		if (difference == NULL)
			continue;
		printf("DIFFERENCE in program %lu, seed %lu: %s\n", i, seed, difference);
		for (u32 n = 0; n < program.count; n++)
			printf("  table %u: operation %lu, %lu, %lu, %lu, %lu, %lu, %lu\n", program.actors[n], program.operations[n].operation,
			       program.operations[n].a0, program.operations[n].a2, program.operations[n].a3, program.operations[n].a4,
			       program.operations[n].a5, program.operations[n].a6);
		exit(1);
	}
	printf("boot: %u damaged records and headers; %lu random programs with %lu operations, seed %lu, %lu of them refused; "
	       "no difference\n", DAMAGES, programs, operations, seed, refused);
}
