/* faults.c - words for what a component did, and whose memory it touched. */
#include "faults.h"
#include "manifest_view.h"
#include "ports.h"

#define GUARD 4096ul

const char *fault_cause(u64 cause)
{
	switch (cause) {
	case 0: return "jumped to an odd address";
	case 1: case 12: return "jumped to where it may not execute:";
	case 2: return "executed an illegal or privileged instruction at";
	case 3: return "ran into a breakpoint instruction at";
	case 4: return "read from a misaligned address:";
	case 6: return "wrote to a misaligned address:";
	case 5: case 13: return "read from where it may not:";
	case 7: case 15: return "wrote to where it may not:";
	default: return "stopped for a cause that I do not know at";
	}
}

/* Whose the address is: a region of the component, the gap below one of its stacks, or nothing it was given. */
static size_t describe_owner(char *out, size_t size, const struct fault *fault)
{
	const struct manifest_component *component = manifest_find(MANIFEST_BASE, fault->name);
	u64 address = fault->address;

	if (address < 4096)
		return format(out, size, "nobody's (a null pointer, most likely)");
	if (address >= USER_TOP)
		return format(out, size, "the kernel's or no address at all");
	if (component == NULL)
		return format(out, size, "unknown");

	const struct manifest_header *header = manifest_at(MANIFEST_BASE);
	const struct manifest_region *regions = (const struct manifest_region *)manifest_part(MANIFEST_BASE,
		header->regions_offset) + component->first_region;
	for (u32 i = 0; i < component->regions; i++) {
		const char *name = manifest_text(MANIFEST_BASE, regions[i].name);

		if (address - regions[i].base < regions[i].size)
			return format(out, size, "in its %s `%s`, which it holds as %s%s%s (%s)",
				regions[i].kind == MANIFEST_DEVICE ? "device" : "region", name,
				(regions[i].rights & RIGHT_READ) != 0 ? "r" : "", (regions[i].rights & RIGHT_WRITE) != 0 ? "w" : "",
				(regions[i].rights & RIGHT_EXECUTE) != 0 ? "x" : "", manifest_text(MANIFEST_BASE, regions[i].origin));
		if (regions[i].kind == MANIFEST_STACK && regions[i].base - address <= GUARD)
			return format(out, size, "the guard below its stack: the stack overflowed (its size: `stack` at %s)",
				manifest_text(MANIFEST_BASE, regions[i].origin));
	}
	return format(out, size, "nothing that it was given");
}

size_t fault_describe(char *out, size_t size, const struct fault *fault)
{
	bool has_address = fault->cause != 2 && fault->cause != 3;
	bool jumped = has_address && fault->address == fault->pc;
	size_t length;

	length = format(out, size, "%s faulted: it %s 0x%lx", fault->name, fault_cause(fault->cause),
		has_address ? fault->address : fault->pc);
	if (has_address && length < size)
		length += format(out + length, size - length, ", which is ");
	if (has_address && length < size)
		length += describe_owner(out + length, size - length, fault);
	/* After a jump into the void the return address alone says where it came from. */
	if (!jumped && length < size)
		length += format(out + length, size - length, "; at %s+0x%lx", fault->name, fault->pc);
	if (length < size && fault->ra != fault->pc && fault->ra != 0)
		length += format(out + length, size - length, "%s called from %s+0x%lx", jumped ? ";" : ",", fault->name, fault->ra);
	return length;
}
