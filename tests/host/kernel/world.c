/* world.c - a small machine with the kernel on it. Entry and exit do what entry.S does with the registers. */
#define _GNU_SOURCE
#include "world.h"
#include "../../../kernel/notify.h"
#include "invariants.h"
#include <sys/mman.h>

#define USERS 256u

struct task A, B, C, D;
u32 running;
bool checking = true;
#define NOBODYS 0xa5a5a5a5a5a5a5a5ul
static struct user users[USERS];
static u32 user_count;
static u32 k_next;
static bool started; /* threads run: an operation of the kernel table is an entry too */

/* ---- The arena: all views are this memory ---- */
static void arena_fresh(void)
{
	void *at = (void *)ARENA;

	(void)munmap(at, ARENA_BYTES);
	if (mmap(at, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at) {
		perror("the arena of the tests");
		exit(2);
	}
	if ((void *)slots != at || (void *)queues != at || (void *)threads != at || (void *)ptes != at || (void *)words != at) {
		fprintf(stderr, "the views are not at the arena: link with --defsym\n");
		exit(2);
	}
	memset(&hart, 0, sizeof hart);
	memset(&machine, 0, sizeof machine);
	memset((u8 *)at + (RAM_BASE - BASE), 0xa5, 1ul << RAM_BITS);
	for (u32 i = 0; i < THREAD_BYTES / 8; i++)
		words[i] = NOBODYS; /* index 0 of each view: in the machine the boot stage is there */
}

static void system_put(void)
{
	struct system_header *system = (struct system_header *)((u8 *)ARENA + IMAGE_SYSTEM);
	struct root_untyped *roots = (struct root_untyped *)(system + 1);

	*system = (struct system_header){ .magic = SYSTEM_MAGIC, .version = SYSTEM_VERSION, .size = 0x40000, .load_address = BASE,
		.ram_end = BASE + ARENA_BYTES, .timebase = TIMEBASE, .plic_base = 0xc000000, .roots = 5,
		.roots_offset = sizeof *system, .sections_offset = 512, .names_offset = 1024 };
	roots[0] = (struct root_untyped){ .base = RAM_BASE, .size_bits = RAM_BITS, .kind = MEMORY_RAM };
	roots[1] = (struct root_untyped){ .base = DEVICE_BASE, .size_bits = 12, .kind = MEMORY_DEVICE };
	roots[2] = (struct root_untyped){ .base = 0x10200000, .size_bits = 21, .kind = MEMORY_DEVICE };
	roots[3] = (struct root_untyped){ .base = 0x40000000, .size_bits = 30, .kind = MEMORY_DEVICE };
	roots[4] = (struct root_untyped){ .base = ROM_BASE, .size_bits = 16, .kind = MEMORY_ROM };
}

void world_boot_bare(void)
{
	struct boot_record record = { .magic = BOOT_MAGIC, .hart = 0, .ram_start = 0x80000000, .ram_end = BASE + ARENA_BYTES,
		.timebase = TIMEBASE, .plic_base = 0xc000000, .plic_context = 1, .plic_lines = 95, .harts = 1, .image_start = BASE,
		.image_end = BASE + 0x140000, .system_start = BASE + IMAGE_SYSTEM };

	arena_fresh();
	fake_reset();
	memset(users, 0, sizeof users);
	user_count = 0;
	running = NONE;
	started = false;
	k_next = K_FREE;
	fake.time = 1000000;
	system_put();
	boot_main(&record);
}

/* ---- Construction with the kernel table's authority ---- */
static const struct actor kernel_actor = { KERNEL_TABLE, KERNEL_TABLE_SLOTS };

static void leave(u32 t);
static void save_all(void);
static void expect(u32 t, enum expect what);
static void forget(u32 t);
static u32 written_thread(struct actor actor, u64 operation, u64 a0);

enum status boot_do(u32 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	enum status status = STATUS_AGAIN;

	save_all();
	if (running != NONE)
		expect(running, EXPECT_PAYLOAD_KEPT);
	if (operation == OP_WRITE_REGISTERS)
		forget(written_thread(kernel_actor, operation, a0));
	for (u32 i = 0; i < 100000 && status == STATUS_AGAIN; i++)
		status = syscall_invoke((struct request){ operation, (u32)a0 }, kernel_actor, a2, a3, a4, a5, a6, NONE);
	if (started)
		leave(sched_leave());
	return status;
}

void boot_must(u32 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	EQ(boot_do(operation, a0, a2, a3, a4, a5, a6), STATUS_OK);
}

enum status boot_bind_for_test(u32 slot, u32 what, u32 line, u32 bit)
{
	return notify_bind(k_slot(slot)->object, what, line, bit);
}

u32 world_slot(void)
{
	return k_next++;
}

u32 world_make(u32 type, u32 size_bits)
{
	u32 s = world_slot();

	boot_must(OP_RETYPE, K_RAM, type, size_bits, 0, s, 1);
	return s;
}

struct task world_task(void)
{
	struct task task;

	task.k_space = world_make(OBJECT_SPACE, 2);
	task.k_table = world_make(OBJECT_TABLE, 6);
	task.k_thread = world_make(OBJECT_THREAD, 0);
	task.space = k_slot(task.k_space)->object;
	task.table = k_slot(task.k_table)->object;
	task.thread = k_slot(task.k_thread)->object;
	boot_must(OP_COPY, task.k_thread, THREAD_TABLE, 0, task.k_table, RIGHTS_ALL, 0);
	boot_must(OP_COPY, task.k_thread, THREAD_SPACE, 0, task.k_space, RIGHTS_ALL, 0);
	boot_must(OP_SET_SCHEDULING, task.k_thread, PRIORITY, BUDGET, BUDGET, 0, 0);
	return task;
}

void give(struct task *to, u32 slot, u32 k, u32 rights, u64 badge)
{
	boot_must(OP_COPY, to->k_table, slot, 0, k, rights, badge);
}

void give_untyped(struct task *to, u32 slot, u32 bits)
{
	boot_must(OP_RETYPE, K_RAM, OBJECT_UNTYPED, bits, to->k_table, slot, 1);
}

void schedule(struct task *task, u32 priority, u32 budget, u32 period, u32 flags, u32 limit)
{
	boot_must(OP_SET_SCHEDULING, task->k_thread, priority, budget, period, flags, limit);
}

struct slot *slot_of(struct task *task, u32 n)
{
	return &slots[task->table + n];
}

struct slot *k_slot(u32 n)
{
	return &slots[KERNEL_TABLE + n];
}

/* ---- User mode: what entry.S does at exit and entry ---- */
struct user *user(u32 t)
{
	for (u32 i = 0; i < user_count; i++)
		if (users[i].thread == t)
			return &users[i];
	if (user_count == USERS)
		user_count = 0;
	users[user_count].thread = t;
	return &users[user_count++];
}

static const u8 kept[] = { 2, 3, 4, 8, 9, 24, 25, 26, 27 };

static void expect(u32 t, enum expect what)
{
	struct user *u = user(t);

	u->expect = what;
	u->a1_zero = false;
	u->a2_zero = false;
	memcpy(u->before, u->x, sizeof u->x);
}

/* Registers that somebody else wrote, or that belong to a thread which was made anew, are not expected any more. */
static void forget(u32 t)
{
	for (u32 i = 0; i < user_count; i++)
		if (t == NONE ? users[i].thread != running : users[i].thread == t)
			users[i].expect = EXPECT_NOTHING;
}

static void check_registers(const struct user *u)
{
	u64 length = u->x[REG_A0] == STATUS_OK ? u->x[REG_A1] & TAG_LENGTH : 0;

	for (u32 i = 1; i < 32 && u->expect == EXPECT_ALL_KEPT; i++)
		EQ(u->x[i], u->before[i]);
	if (u->expect == EXPECT_MESSAGE_OR_ZERO && u->x[REG_A0] != STATUS_OK) {
		EQ(u->x[REG_A1], 0);
		EQ(u->x[REG_A0] == STATUS_NOTIFIED || u->x[REG_A2] == 0, true);
	}
	if (u->expect == EXPECT_PAYLOAD_KEPT && u->a1_zero)
		EQ(u->x[REG_A1], 0);
	if (u->expect == EXPECT_PAYLOAD_KEPT && u->a2_zero)
		EQ(u->x[REG_A2], 0);
	for (u32 i = REG_S2; i < REG_S2 + MESSAGE_WORDS; i++) {
		if (u->expect == EXPECT_PAYLOAD_KEPT)
			EQ(u->x[i], u->before[i]);
		if (u->expect == EXPECT_MESSAGE_OR_ZERO && i - REG_S2 >= length)
			EQ(u->x[i], 0);
	}
}

static void load_registers(struct user *u, u32 t)
{
	u->x[0] = threads[t].registers[REG_PC];
	for (u32 i = 1; i < 32; i++)
		u->x[i] = threads[t].saved_all != 0 ? threads[t].registers[i] : 0;
	if (threads[t].saved_all != 0) {
		threads[t].saved_all = 0;
		return;
	}
	for (u32 i = 0; i < sizeof kept; i++)
		u->x[kept[i]] = threads[t].registers[kept[i]];
	for (u32 i = 0; i < 3; i++)
		u->x[REG_A0 + i] = threads[t].registers[REG_A0 + i];
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		u->x[REG_S2 + i] = fake.payload[i];
}

/* Nothing is ever written at index 0. */
static void check_none(void)
{
	for (u32 i = 0; i < THREAD_BYTES / 8; i++)
		EQ(words[i], NOBODYS);
}

static void leave(u32 t)
{
	struct user *u = NULL;

	running = t;
	EQ(t, hart.current);
	check_none();
	if (checking)
		check_invariants();
	if (t == NONE)
		return;
	u = user(t);
	u->entries++;
	load_registers(u, t);
	check_registers(u);
	u->expect = EXPECT_NOTHING;
}

static enum expect expected_of(u64 number)
{
	switch (number) {
	case SYS_CALL:
	case SYS_REPLY_RECV:
	case SYS_RECV:
	case SYS_RECV | SYS_NONBLOCK:
		return EXPECT_MESSAGE_OR_ZERO;
	default:
		return EXPECT_PAYLOAD_KEPT;
	}
}

/* The thread whose registers an operation is about to write, or NONE. */
static u32 written_thread(struct actor actor, u64 operation, u64 a0)
{
	return operation == OP_WRITE_REGISTERS && a0 < actor.size && slots[actor.table + a0].type == CAP_THREAD ?
		slots[actor.table + a0].object : NONE;
}

static void put_payload(struct user *u)
{
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		fake.payload[i] = u->x[REG_S2 + i];
}

u64 call_kernel(u64 number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	u32 t = running;
	struct user *u = user(t);

	TRUE(t != NONE);
	for (u32 i = 0; i < sizeof kept; i++)
		threads[t].registers[kept[i]] = u->x[kept[i]];
	threads[t].registers[REG_PC] = u->x[0] + 4;
	put_payload(u);
	expect(t, expected_of(number));
	u->a1_zero = number != SYS_INVOKE || (a1 != OP_READ_REGISTERS && a1 != OP_INSPECT);
	u->a2_zero = u->a1_zero && (number & ~(u64)SYS_NONBLOCK) != SYS_WAIT;
	if (number == SYS_INVOKE && a1 == OP_RETYPE && a2 == OBJECT_THREAD)
		forget(NONE);
	if (number == SYS_INVOKE && a1 == OP_WRITE_REGISTERS)
		forget(written_thread((struct actor){ threads[t].table, threads[t].table_size }, a1, a0));
	leave(syscall_handle(a0, a1, a2, a3, a4, a5, a6, number));
	return running == t ? user(t)->x[REG_A0] : BLOCKED;
}

static void save_all(void)
{
	struct user *u = NULL;

	if (running == NONE)
		return;
	u = user(running);
	threads[running].registers[REG_PC] = u->x[0];
	for (u32 i = 1; i < 32; i++)
		threads[running].registers[i] = u->x[i];
	put_payload(u);
	expect(running, EXPECT_ALL_KEPT);
}

void tick(u64 ticks)
{
	u64 end = fake.time + ticks;

	for (u32 i = 0; i < 100000 && fake.timer <= end; i++) {
		if (fake.timer > fake.time)
			fake.time = fake.timer;
		save_all();
		leave(syscall_interrupt(true));
	}
	TRUE(fake.timer > end || fake.timer == NEVER);
	fake.time = end;
}

void forget_thread(u32 t)
{
	forget(t);
}

void tick_once(void)
{
	save_all();
	leave(syscall_interrupt(true));
}

void line_interrupt(u32 line)
{
	fake_raise_line(line);
	save_all();
	leave(syscall_interrupt(false));
}

void idle_steps(void)
{
	for (u32 i = 0; i < 100000; i++) {
		if (!cnode_bury())
			return;
		if (running == NONE)
			leave(sched_leave());
		else if (checking)
			check_invariants();
	}
	TRUE(false);
}

bool is_ready(struct task *task)
{
	return threads[task->thread].state == THREAD_READY;
}

void as(struct task *task)
{
	for (u32 i = 0; running != task->thread; i++) {
		if (running == NONE || i > 1000)
			test_fail(__FILE__, __LINE__, "the thread does not run; its state", threads[task->thread].state, i);
		(void)call_kernel(SYS_YIELD, 0, 0, 0, 0, 0, 0, 0);
	}
}

u64 sys(struct task *task, u64 number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	as(task);
	return call_kernel(number, a0, a1, a2, a3, a4, 0, 0);
}

u64 invoke_once(struct task *task, u64 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	as(task);
	return call_kernel(SYS_INVOKE, a0, operation, a2, a3, a4, a5, a6);
}

u64 invoke(struct task *task, u64 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	u64 status = STATUS_AGAIN;

	for (u32 i = 0; i < 100000 && status == STATUS_AGAIN; i++)
		status = invoke_once(task, operation, a0, a2, a3, a4, a5, a6);
	return status;
}

u64 reg(struct task *task, u32 n)
{
	as(task);
	return user(task->thread)->x[n];
}

u64 status_of(struct task *task)
{
	return reg(task, REG_A0);
}

void set_words(struct task *task, u64 first)
{
	as(task);
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		user(task->thread)->x[REG_S2 + i] = first + i;
}

bool words_are(struct task *task, u64 first, u32 length)
{
	as(task);
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		if (user(task->thread)->x[REG_S2 + i] != (i < length ? first + i : 0))
			return false;
	return true;
}

void fault_running(u64 cause, u64 address)
{
	save_all();
	leave(syscall_fault(cause, address));
}

void fault(struct task *task, u64 cause, u64 address)
{
	as(task);
	fault_running(cause, address);
}

void world_start(void)
{
	started = true;
	leave(sched_leave());
}

void world_boot(u32 tasks)
{
	struct task *all[4] = { &A, &B, &C, &D };

	world_boot_bare();
	memset(&A, 0, sizeof A);
	for (u32 i = 0; i < tasks; i++) {
		*all[i] = world_task();
		boot_must(OP_RESUME, all[i]->k_thread, 0, 0, 0, 0, 0);
	}
	world_start();
}
