/* rebuild.c - takes a component's memory back and builds it anew from its part of the construction program.
 *
 * The kernel has replayed the same section at boot, with the supervisor's table as the caller's. Two things differ:
 * OP_FILL, which only boot has, is a copy through a page that is mapped for a moment at the scratch address; and the
 * kernel answers STATUS_AGAIN to us, not to itself (the stubs repeat). */
#include "rebuild.h"
#include "ports.h"

static const struct system_header *system_header(void)
{
	return (const struct system_header *)MANIFEST_BASE;
}

static const void *blob(u64 offset)
{
	return (const u8 *)MANIFEST_BASE + offset;
}

bool rebuild_check_manifest(void)
{
	const struct system_header *header = system_header();

	return header->magic == SYSTEM_MAGIC && header->version == SYSTEM_VERSION && header->size <= MANIFEST_SIZE;
}

u64 rebuild_tear_down(u32 index)
{
	const struct supervised *child = &supervised[index];

	for (u32 i = 0; i < child->threads; i++)
		(void)thread_suspend(child->thread_slot + i); /* gone already after a crash */
	return cap_revoke(0, child->untyped_slot);
}

/* The copy is made while nobody else can run in the component: its threads do not exist yet. */
static u64 fill(const struct program_operation *operation)
{
	u64 status = cap_copy(SLOT_SCRATCH_SPACE, SCRATCH_INDEX, 0, operation->a0, RIGHT_READ | RIGHT_WRITE, 0);

	if (status != STATUS_OK)
		return status;
	if (operation->a2 + operation->a4 <= 4096 && operation->a3 + operation->a4 <= MANIFEST_SIZE)
		memcpy((u8 *)SCRATCH_BASE + operation->a2, blob(system_header()->rom_offset + operation->a3), operation->a4);
	else
		status = STATUS_BAD_ARGUMENT;
	u64 deleted = cap_delete(SLOT_SCRATCH_SPACE, SCRATCH_INDEX);
	return status != STATUS_OK ? status : deleted;
}

u64 rebuild_replay(u32 index, u32 *step)
{
	const struct system_header *header = system_header();
	const struct program_section *section = (const struct program_section *)blob(header->sections_offset) +
		supervised[index].section;
	const struct program_operation *operations = blob(section->offset);

	for (*step = 0; *step < section->count; ++*step) {
		const struct program_operation *o = &operations[*step];
		u64 status = o->operation == OP_FILL ? fill(o) :
			sys_invoke(o->a0, o->operation, o->a2, o->a3, o->a4, o->a5, o->a6).status;

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}
