/* report.c - a failing sequence becomes short, and a test. */
#include "lockstep.h"
#include <stdlib.h>

static char first_difference[400];

static bool still_fails(struct sequence *candidate)
{
	const char *difference = NULL;
	long at = lockstep_run(candidate, &difference);

	if (at < 0)
		return false;
	candidate->count = (u32)at + 1;
	(void)snprintf(first_difference, sizeof first_difference, "%s", difference);
	return true;
}

static void remove_steps(struct sequence *sequence)
{
	static struct sequence candidate;

	for (u32 size = sequence->count / 2; size > 0; size = size > 1 ? size / 2 : 0) {
		for (u32 at = 0; at + size <= sequence->count;) {
			candidate = *sequence;
			memmove(&candidate.steps[at], &candidate.steps[at + size],
				(candidate.count - at - size) * sizeof candidate.steps[0]);
			candidate.count -= size;
			if (still_fails(&candidate))
				*sequence = candidate;
			else
				at += size;
		}
	}
}

static void simplify_steps(struct sequence *sequence)
{
	static struct sequence candidate;

	for (u32 i = 0; i < sequence->count; i++) {
		for (u32 part = 0; part < 9 && i < sequence->count; part++) {
			candidate = *sequence;
			if (part == 8)
				candidate.steps[i].ticks = 0;
			else
				candidate.steps[i].a[part] = 0;
			if (memcmp(&candidate.steps[i], &sequence->steps[i], sizeof(struct step)) != 0 && still_fails(&candidate))
				*sequence = candidate;
		}
	}
}

/* ---- As a test ---- */
static void print_world(enum world_name world)
{
	static struct world_program program;

	world_program(world, &program);
	printf("/* One operation of a construction program; table: slot of the kernel table that names the table that acts. */\n"
	       "static void construct(u32 table, u32 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)\n{\n"
	       "\tstruct actor actor = { KERNEL_TABLE, KERNEL_TABLE_SLOTS };\n"
	       "\tenum status status = STATUS_AGAIN;\n\n"
	       "\tif (table != 0)\n"
	       "\t\tactor = (struct actor){ k_slot(table)->object, 1u << k_slot(table)->size_bits };\n"
	       "\twhile (status == STATUS_AGAIN)\n"
	       "\t\tstatus = operation == OP_BIND ? boot_bind_for_test((u32)a0, (u32)a2, (u32)a3, (u32)a4) :\n"
	       "\t\t\tsyscall_invoke((struct request){ operation, (u32)a0 }, actor, a2, a3, a4, a5, a6, NONE);\n"
	       "\tOK(status);\n}\n\n"
	       "static void model_and_kernel_agree(void)\n{\n\tworld_boot_bare();\n");
	for (u32 i = 0; i < program.count; i++) {
		const struct m_operation *o = &program.operations[i];

		printf("\tconstruct(%u, %lu, %lu, %lu, %lu, %lu, %lu, %lu);\n", program.actors[i], o->operation, o->a0, o->a2, o->a3, o->a4,
		       o->a5, o->a6);
	}
	printf("\tworld_start();\n");
}

static void print_step(const struct step *step)
{
	const u64 *a = step->a;

	switch (step->kind) {
	case STEP_SYSCALL:
		printf("\t(void)call_kernel(%lu, %lu, %lu, %lu, %lu, %lu, %lu, %lu);\n", a[7], a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
		break;
	case STEP_FAULT:
		printf("\tfault_running(%lu, %lu);\n", a[0], a[1]);
		break;
	case STEP_LINE:
		for (u32 i = 1; i < 8; i++)
			if (a[i] != 0)
				printf("\tfake_raise_line(%lu);\n", a[i]);
		printf("\tline_interrupt(%lu);\n", a[0]);
		break;
	case STEP_TICK:
		printf("\ttick_once();\n");
		break;
	default:
		break;
	}
}

static void print_test(const struct sequence *sequence)
{
	const char *difference = NULL;

	print_world(sequence->world);
	lockstep_start(sequence->world, sequence->asids);
	printf("\tmachine.asid_limit = %u; /* as at boot */\n", machine.asid_limit);
	for (u32 i = 0; i < sequence->count && difference == NULL; i++) {
		bool idle = model.current == 0;

		difference = lockstep_step(&sequence->steps[i]);
		if (sequence->steps[i].ticks != 0 || lockstep_interrupts != 0)
			printf("\ttick(%u);\n", sequence->steps[i].ticks);
		if (sequence->steps[i].kind == STEP_SYSCALL && idle)
			printf("\t(void)cnode_bury();\n");
		else
			print_step(&sequence->steps[i]);
	}
	printf("\t/* %s */\n", first_difference);
	printf("\tEQ(running, %u);\n", kernel_thread(&model, model.current));
	for (u32 i = 0; model.current != 0 && i < 3; i++)
		printf("\tEQ(user(running)->x[REG_A%u], %lu);\n", i, model.threads[model.current].x[REG_A0 + i]);
	printf("}\n");
}

void report_failure(struct sequence *sequence, const char *difference)
{
	u64 entries = lockstep_entries;
	u32 before = 0;

	(void)snprintf(first_difference, sizeof first_difference, "%s", difference);
	printf("DIFFERENCE after %lu entries, world %s, sequence of %u steps: %s\n", entries, world_names[sequence->world],
	       sequence->count, first_difference);
	if (getenv("MODEL_NO_SHRINK") != NULL)
		exit(1);
	lockstep_check_every = lockstep_check_every > 1 && strncmp(difference, "invariant", 9) == 0 ? 1 : lockstep_check_every;
	if (!still_fails(sequence)) {
		printf("it does not come again from the start of its world; the sequence is not shrunk\n");
		exit(1);
	}
	while (before != sequence->count) {
		before = sequence->count;
		remove_steps(sequence);
		simplify_steps(sequence);
	}
	printf("shrunk to %u steps: %s\n\n", sequence->count, first_difference);
	print_test(sequence);
	exit(1);
}
