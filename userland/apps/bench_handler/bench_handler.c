/* bench_handler.c - handles the faults of bench_faulter and counts what one costs, there and back. */
#include "component.h"
#include "ports.h"

#define ROUNDS 33

/* A middle value of instructions from the answer to a fault to the next fault. */
static u64 measure(struct message *m)
{
	u64 values[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		int at = i;

		m->tag = message_tag(LABEL_FAULT, 0);
		u64 start = clock_instructions();
		sys_reply_recv(SLOT_ENDPOINT, SLOT_REPLY, m);
		u64 value = clock_instructions() - start - 1;
		while (at > 0 && values[at - 1] > value) {
			values[at] = values[at - 1];
			at--;
		}
		values[at] = value;
	}
	return values[ROUNDS / 2];
}

/* The first fault starts the measurement; nobody is let go on after that. */
bool called(struct message *m)
{
	static bool measured;

	if (!measured)
		print("bench: fault_rt %lu\n", measure(m));
	measured = true;
	return false;
}
