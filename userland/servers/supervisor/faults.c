/* faults.c - words for what a component did, and whose memory it touched. */
#include "faults.h"
#include "ports.h"

#define STACKS_TOP 0x200000ul /* of component.ld and the specification compiler: stacks end here */
#define IMAGE_BASE 0x10000ul
#define NEAR 65536ul

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

/* Whose the address is: without a map of the component, what every component has in common. */
static const char *owner_text(const struct fault *fault)
{
	u64 address = fault->address;

	if (address < 4096)
		return "nobody's (a null pointer, most likely)";
	if (address >= USER_TOP)
		return "the kernel's";
	if (address < STACKS_TOP && address + NEAR > fault->sp && address < fault->sp + NEAR)
		return "beside its stack (too deep a recursion or too large an array, most likely)";
	if (address >= IMAGE_BASE && address < STACKS_TOP)
		return "of its own image or stacks, but not for this";
	return "nothing that it was given";
}

size_t fault_describe(char *out, size_t size, u32 component, const struct fault *fault)
{
	bool has_address = fault->cause != 2 && fault->cause != 3;
	size_t length;

	(void)component;
	length = format(out, size, "%s faulted: it %s 0x%lx", fault->name, fault_cause(fault->cause),
		has_address ? fault->address : fault->pc);
	if (has_address && length < size)
		length += format(out + length, size - length, ", which is %s", owner_text(fault));
	if (length < size)
		length += format(out + length, size - length, "; at %s+0x%lx", fault->name, fault->pc);
	if (length < size && fault->ra != fault->pc && fault->ra != 0)
		length += format(out + length, size - length, ", called from %s+0x%lx", fault->name, fault->ra);
	if (length < size)
		length += format(out + length, size - length, "; its memory is taken back, `restart %s` builds it anew",
			fault->name);
	return length;
}
