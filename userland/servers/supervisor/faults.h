/* faults.h - words for what a component did, and whose memory it touched. */
#pragma once
#include "component.h"

/* A fault message, with what the supervisor knows about the thread. */
struct fault {
	const char *name;
	u64 cause;
	u64 address;
	u64 pc;
	u64 sp;
	u64 ra;
};

const char *fault_cause(u64 cause);
/* One line without line feed: what, where, whose address, pc and return address as component+0x1234. */
size_t fault_describe(char *out, size_t size, const struct fault *fault);
