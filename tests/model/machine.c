/* machine.c - the compiled kernel as a machine. What entry.S does with registers is done here to `cpu`. */
#define _GNU_SOURCE
#include "machine.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define SECTIONS_OFFSET 512u
#define NAMES_OFFSET 2048u
#define OPERATIONS_OFFSET 4096u

struct cpu cpu;
u64 machine_ram;
void (*machine_spoil)(struct boot_record *record, struct system_header *system);
static jmp_buf stop;
static bool inside;  /* the kernel runs */

/* ---- Boot ---- */
static void arena(void)
{
	static bool mapped;

	if (!mapped && mmap((void *)ARENA, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0) != (void *)ARENA) {
		perror("the memory of the kernel's views");
		exit(2);
	}
	mapped = true;
	memset((void *)ARENA, 0, IMAGE_SYSTEM);
	memset((u8 *)ARENA + (RAM_BASE - BASE), 0xa5, machine_ram != 0 ? machine_ram : 1ul << RAM_BITS);
	memset(&hart, 0, sizeof hart);
	memset(&machine, 0, sizeof machine);
}

static struct system_header *system_put(const struct world_program *program)
{
	static const struct root_untyped roots[] = {
		{ .base = RAM_BASE, .size_bits = RAM_BITS, .kind = MEMORY_RAM },
		{ .base = DEVICE_BASE, .size_bits = 12, .kind = MEMORY_DEVICE },
		{ .base = 0x10200000, .size_bits = 21, .kind = MEMORY_DEVICE },
		{ .base = 0x40000000, .size_bits = 30, .kind = MEMORY_DEVICE },
		{ .base = ROM_BASE, .size_bits = 16, .kind = MEMORY_ROM } };
	u8 *at = (u8 *)ARENA + IMAGE_SYSTEM;
	struct system_header *system = (struct system_header *)at;
	struct program_section *section = (struct program_section *)(at + SECTIONS_OFFSET);
	struct program_operation *o = (struct program_operation *)(at + OPERATIONS_OFFSET);

	*system = (struct system_header){ .magic = SYSTEM_MAGIC, .version = SYSTEM_VERSION, .size = MACHINE_SYSTEM_BYTES, .load_address = BASE,
		.ram_end = BASE + ARENA_BYTES, .timebase = TIMEBASE, .plic_base = 0xc000000, .roots = 5,
		.roots_offset = sizeof *system, .sections_offset = SECTIONS_OFFSET, .names_offset = NAMES_OFFSET };
	memcpy(system + 1, roots, sizeof roots);
	memcpy(at + NAMES_OFFSET, "world", 6);
	for (u32 i = 0; i < program->count; i++) {
		const struct m_operation *p = &program->operations[i];

		if (i == 0 || program->actors[i] != section[-1].actor) {
			*section++ = (struct program_section){ .actor = program->actors[i], .name = NAMES_OFFSET,
				.offset = (u32)(OPERATIONS_OFFSET + i * sizeof *o) };
			system->sections++;
		}
		section[-1].count++;
		o[i] = (struct program_operation){ (u32)p->operation, (u32)p->a0, p->a2, p->a3, p->a4, p->a5, p->a6 };
	}
	return system;
}

static void leave(u32 t)
{
	static const u8 kept[] = { 2, 3, 4, 8, 9, 10, 11, 12, 24, 25, 26, 27 };

	cpu.running = t;
	if (t == NONE)
		return;
	if (threads[t].saved_all != 0) {
		memcpy(cpu.x, threads[t].registers, sizeof cpu.x);
		threads[t].saved_all = 0;
		return;
	}
	memset(cpu.x, 0, sizeof cpu.x);
	cpu.x[0] = threads[t].registers[0];
	for (u32 i = 0; i < sizeof kept; i++)
		cpu.x[kept[i]] = threads[t].registers[kept[i]];
	memcpy(&cpu.x[REG_S2], fake.payload, sizeof fake.payload);
}

static const struct world_program *booting;
static u32 booting_asids;

static void boot(void)
{
	struct boot_record record = { .magic = BOOT_MAGIC, .hart = 0, .ram_start = 0x80000000, .ram_end = BASE + ARENA_BYTES,
		.timebase = TIMEBASE, .plic_base = 0xc000000, .plic_context = 1, .plic_lines = 95, .harts = 1, .image_start = BASE,
		.image_end = BASE + 0x140000, .system_start = BASE + IMAGE_SYSTEM };

	struct system_header *system = system_put(booting);

	machine.asid_limit = booting_asids;
	if (machine_spoil != NULL)
		machine_spoil(&record, system);
	boot_main(&record);
	leave(sched_leave());
}

bool machine_boot(const struct world_program *program, u32 asid_limit)
{
	arena();
	fake_reset();
	fake.time = 1000000;
	booting = program;
	booting_asids = asid_limit;
	return machine_guard(boot) == END_NOT;
}

/* ---- Entries ---- */
static void save_all(void)
{
	if (cpu.running == NONE)
		return;
	memcpy(threads[cpu.running].registers, cpu.x, sizeof cpu.x);
	memcpy(fake.payload, &cpu.x[REG_S2], sizeof fake.payload);
}

void machine_syscall(void)
{
	static const u8 kept[] = { 2, 3, 4, 8, 9, 24, 25, 26, 27 };
	u64 *r = threads[cpu.running].registers;
	const u64 *a = &cpu.x[REG_A0];

	for (u32 i = 0; i < sizeof kept; i++)
		r[kept[i]] = cpu.x[kept[i]];
	r[0] = cpu.x[0] + 4;
	memcpy(fake.payload, &cpu.x[REG_S2], sizeof fake.payload);
	leave(syscall_handle(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]));
}

void machine_fault(u64 cause, u64 address)
{
	save_all();
	leave(syscall_fault(cause, address));
}

void machine_timer(void)
{
	save_all();
	leave(syscall_interrupt(true));
}

void machine_line(void)
{
	save_all();
	leave(syscall_interrupt(false));
}

bool machine_idle(void)
{
	if (!cnode_bury())
		return false;
	leave(sched_leave());
	return true;
}

/* ---- The end of the machine ---- */
static void on_signal(int number)
{
	if (!inside) { /* the comparison follows the kernel's links beyond memory */
		static const char text[] = "DIFFERENCE: the kernel's state leads out of memory, or round in circles\n";

		(void)!write(1, text, sizeof text - 1);
		_exit(1);
	}
	fake.stopped = number == SIGVTALRM ? (enum fake_stop)END_LOOP : (enum fake_stop)END_CRASH;
	longjmp(stop, 1);
}

enum machine_end machine_guard(void (*entry)(void))
{
	static const struct itimerval limit = { .it_value.tv_sec = 10 };
	static u32 count;
	static bool ready;

	if (!ready) {
		struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };

		(void)sigaction(SIGSEGV, &action, NULL);
		(void)sigaction(SIGBUS, &action, NULL);
		(void)sigaction(SIGVTALRM, &action, NULL);
		ready = true;
	}
	if (count++ % 65536 == 0) /* of the processor's time, so that a busy machine is not taken for a loop */
		(void)setitimer(ITIMER_VIRTUAL, &limit, NULL);
	fake.stop = &stop;
	fake.stopped = 0;
	inside = true;
	if (setjmp(stop) == 0)
		entry();
	inside = false;
	if ((enum machine_end)fake.stopped == END_LOOP)
		count = 0;
	fake.stop = NULL;
	return (enum machine_end)fake.stopped;
}

/* ---- Snapshots: the parts of memory that a world uses ---- */
struct part {
	void *at;
	u64 bytes;
};

static u32 parts(struct part list[7])
{
	u8 *block = (u8 *)ARENA + IMAGE_BLOCK;

	list[0] = (struct part){ &hart, sizeof hart }; /* first: it says how many partitions there are */
	list[1] = (struct part){ block + 0x6000, 64 };
	list[2] = (struct part){ block + 0x8000, 128ul * SLOT_BYTES };
	list[3] = (struct part){ block + 0x18000, 4096 };
	list[4] = (struct part){ (u8 *)ARENA + (RAM_BASE - BASE), machine_ram };
	list[5] = (struct part){ &queues[READY_QUEUES], (REST_QUEUE + 1 - READY_QUEUES) * sizeof queues[0] };
	list[6] = (struct part){ &queues[READY_QUEUES + PARTITION_QUEUES], hart.windows != 0 ? list[5].bytes : sizeof queues[0] };
	return 7;
}

u64 machine_snapshot_bytes(void)
{
	struct part list[7];
	u64 bytes = sizeof fake + sizeof cpu;

	for (u32 i = 0, n = parts(list); i < n; i++)
		bytes += list[i].bytes;
	return bytes;
}

void machine_save(u8 *to)
{
	struct part list[7];

	for (u32 i = 0, n = parts(list); i < n; i++) {
		memcpy(to, list[i].at, list[i].bytes);
		to += list[i].bytes;
	}
	memcpy(to, &fake, sizeof fake);
	memcpy(to + sizeof fake, &cpu, sizeof cpu);
}

void machine_restore(const u8 *from)
{
	struct part list[7];

	memcpy(&hart, from, sizeof hart);
	for (u32 i = 0, n = parts(list); i < n; i++) {
		memcpy(list[i].at, from, list[i].bytes);
		from += list[i].bytes;
	}
	memcpy(&fake, from, sizeof fake);
	memcpy(&cpu, from + sizeof fake, sizeof cpu);
}
