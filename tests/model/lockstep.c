/* lockstep.c - every entry is made on both sides, and everything is compared after it. */
#include "lockstep.h"
#include "../host/kernel/invariants.h"
#include <setjmp.h>
#include <stdlib.h>

struct model model;
u64 lockstep_steps;
u64 lockstep_entries;
u64 lockstep_statuses[STATUS_COUNT];
bool lockstep_ended;
u32 lockstep_interrupts;
u64 lockstep_check_every = 2048;
const char *test_name = "";
u32 running;

static u64 stamps; /* distinguishes the values that user code leaves in its registers */

/* ---- The invariant checker of the host tests: its first complaint is a difference ---- */
static jmp_buf complained;
static char complaint[300];

_Noreturn void test_fail(const char *file, int line, const char *what, u64 got, u64 wanted)
{
	(void)wanted;
	(void)snprintf(complaint, sizeof complaint, "invariant (%s:%d): %s (%#lx)", file, line, what, got);
	longjmp(complained, 1);
}

static const char *invariants(void)
{
	if (setjmp(complained) != 0)
		return complaint;
	running = cpu.running;
	check_invariants();
	return NULL;
}

/* ---- Entries ---- */
static struct step entering;

static void fill_registers(void)
{
	struct m_thread *h = &model.threads[model.current];

	if (model.current == 0)
		return;
	stamps++;
	cpu.x[0] = stamps << 12;
	for (u32 i = 1; i < 32; i++)
		cpu.x[i] = stamps << 8 | i;
	if (entering.kind == STEP_SYSCALL)
		memcpy(&cpu.x[REG_A0], entering.a, sizeof entering.a);
	memcpy(h->x, cpu.x, sizeof cpu.x);
}

static void kernel_entry(void)
{
	switch (entering.kind) {
	case STEP_SYSCALL:
		if (cpu.running != NONE)
			machine_syscall();
		else
			(void)machine_idle();
		break;
	case STEP_FAULT:
		machine_fault(entering.a[0], entering.a[1]);
		break;
	case STEP_LINE:
		machine_line();
		break;
	default:
		machine_timer();
		break;
	}
}

static void model_entry(void)
{
	switch (entering.kind) {
	case STEP_SYSCALL:
		if (model.current != 0)
			model_syscall(&model);
		else
			model_idle(&model);
		break;
	case STEP_FAULT:
		model_fault(&model, entering.a[0], entering.a[1]);
		break;
	case STEP_LINE:
		model_line(&model);
		break;
	default:
		model_timer(&model);
		break;
	}
}

static const char *enter(const struct step *step)
{
	static const char *const ends[] = { "goes on", "switches off", "resets", "panics", "crashes", "does not come back" };
	static char text[200];
	enum machine_end end = END_NOT;
	const char *result = NULL;

	entering = *step;
	fill_registers();
	end = machine_guard(kernel_entry);
	model_entry();
	lockstep_entries++;
	if (end != (enum machine_end)model.ended) {
		(void)snprintf(text, sizeof text, "the kernel %s, the model %s; the kernel printed: %.80s", ends[end], ends[model.ended],
			       (const char *)fake.text);
		return text;
	}
	lockstep_ended = end != END_NOT || model.full;
	if (lockstep_ended)
		return NULL;
	result = compare(&model);
	if (result == NULL && lockstep_entries % lockstep_check_every == 0)
		result = invariants();
	return result;
}

static bool line_is_due(void)
{
	for (u32 i = 0; i < model.line_count; i++)
		if (model.lines[model.line_queue[i]].on)
			return true;
	return false;
}

/* Time passes up to `end`; interrupts come as soon as they are due. */
static const char *pass_time(u64 end)
{
	static const struct step timer = { .kind = STEP_TICK };
	static const struct step line = { .kind = STEP_LINE };
	const char *result = NULL;
	u64 at = fake.time;
	u32 still = 0; /* interrupts at the same time */

	for (lockstep_interrupts = 0; result == NULL && !lockstep_ended; lockstep_interrupts++) {
		bool due = line_is_due();

		still = at == fake.time ? still + 1 : 0;
		at = fake.time;

		if (!due && fake.timer > end)
			break;
		if (still > 5000)
			return "the timer interrupts for ever";
		if (!due && fake.timer > fake.time)
			fake.time = fake.timer;
		model.now = fake.time;
		result = enter(due ? &line : &timer);
	}
	fake.time = end;
	model.now = end;
	return result;
}

static void raise_line(u32 line)
{
	for (u32 i = 0; i < model.line_count; i++)
		if (model.line_queue[i] == line)
			return;
	if (model.line_count == 8 || line == 0 || line > 255)
		return;
	model.line_queue[model.line_count++] = line;
	fake_raise_line(line);
}

const char *lockstep_step(const struct step *step)
{
	const char *result = pass_time(fake.time + step->ticks);

	lockstep_steps++;
	if (result != NULL || lockstep_ended || step->kind == STEP_TIME)
		return result;
	for (u32 i = 0; step->kind == STEP_LINE && i < 8; i++)
		raise_line((u32)step->a[i]);
	if (step->kind == STEP_FAULT && model.current == 0)
		return NULL;
	result = enter(step);
	if (step->kind == STEP_SYSCALL && model.current != 0 && model.threads[model.current].x[REG_A0] < STATUS_COUNT)
		lockstep_statuses[model.threads[model.current].x[REG_A0]]++;
	return result;
}

/* ---- Worlds and states ---- */
struct state {
	struct model model;
	u8 *machine;
	u64 ram;
	u64 stamps;
};
static const u32 asid_limits[ASID_LIMITS] = { 0, 4, 16 };
static struct state worlds[WORLDS][ASID_LIMITS];
static struct state saved[DEPTH_MAX];

static void save(struct state *state)
{
	if (state->machine == NULL)
		state->machine = malloc(machine_snapshot_bytes());
	if (state->machine == NULL)
		exit(2);
	state->ram = machine_ram;
	state->stamps = stamps;
	model_copy(&state->model, &model);
	machine_save(state->machine);
}

static void restore(const struct state *state)
{
	machine_ram = state->ram;
	stamps = state->stamps;
	model_copy(&model, &state->model);
	machine_restore(state->machine);
	lockstep_ended = false;
	compare_reset();
}

void lockstep_save(u32 depth)
{
	save(&saved[depth]);
}

void lockstep_restore(u32 depth)
{
	restore(&saved[depth]);
}

void lockstep_model_boot(void)
{
	model_boot(&model, BASE, TIMEBASE, 95, MACHINE_SYSTEM_BYTES, fake.time);
	model_root(&model, K_RAM, RAM_BASE, RAM_BITS, MEMORY_RAM);
	model_root(&model, K_DEVICE_PAGE, DEVICE_BASE, 12, MEMORY_DEVICE);
	model_root(&model, K_DEVICE, 0x10200000, 21, MEMORY_DEVICE);
	model_root(&model, K_DEVICE_GIGA, 0x40000000, 30, MEMORY_DEVICE);
	model_root(&model, K_ROM, ROM_BASE, 16, MEMORY_ROM);
}

u32 lockstep_model_replay(const struct world_program *program, enum status *status)
{
	u32 i = 0;

	*status = STATUS_OK;
	for (; i < program->count && *status == STATUS_OK; i++)
		*status = model_replay(&model, program->actors[i], &program->operations[i]);
	return *status == STATUS_OK ? i : i - 1;
}

const char *lockstep_compare(void)
{
	const char *result = NULL;

	compare_reset();
	result = compare(&model);
	return result == NULL ? invariants() : result;
}

static void boot_world(enum world_name world, u32 asids)
{
	static struct world_program program;
	enum status status = STATUS_OK;
	const char *result = NULL;

	world_program(world, &program);
	machine_ram = 0;
	if (!machine_boot(&program, asid_limits[asids])) {
		printf("DIFFERENCE: the kernel does not boot the world %s:\n%.4000s\n", world_names[world], (const char *)fake.text);
		exit(1);
	}
	lockstep_model_boot();
	if (lockstep_model_replay(&program, &status) != program.count)
		result = "the model refuses an operation";
	model_start(&model);
	if (result == NULL)
		result = lockstep_compare();
	if (result != NULL) {
		printf("DIFFERENCE after the boot of the world %s: %s\n", world_names[world], result);
		exit(1);
	}
	machine_ram = model.caps[model_at(&model, M_KERNEL_TABLE, K_RAM)].watermark;
	save(&worlds[world][asids]);
}

void lockstep_start(enum world_name world, u32 asids)
{
	if (worlds[world][asids].machine == NULL)
		boot_world(world, asids);
	machine.asid_limit = asid_limits[asids];
	restore(&worlds[world][asids]);
}

long lockstep_run(const struct sequence *sequence, const char **difference)
{
	lockstep_start(sequence->world, sequence->asids);
	for (u32 i = 0; i < sequence->count && !lockstep_ended; i++) {
		*difference = lockstep_step(&sequence->steps[i]);
		if (*difference != NULL)
			return i;
	}
	return -1;
}
