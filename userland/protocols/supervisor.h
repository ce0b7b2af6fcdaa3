/* supervisor.h - what the supervisor tells about a component (supervisor.sys). */
#pragma once

#define SUPERVISOR_NAME_BYTES 32

enum supervisor_state {
	SUPERVISOR_RUNS = 0,
	SUPERVISOR_ENDED = 1,     /* returned from main; `detail` is the exit code */
	SUPERVISOR_PANICKED = 2,  /* gave up with a reason, which is in the log */
	SUPERVISOR_FAULTED = 3,   /* `detail` is the cause (scause), `address` what it touched */
	SUPERVISOR_FAILED = 4,    /* could not be built anew; `detail` is the kernel's status */
};

struct supervisor_entry {
	char name[SUPERVISOR_NAME_BYTES]; /* zero-terminated */
	unsigned int state;        /* enum supervisor_state */
	unsigned int thread_state; /* enum thread_state of its first thread */
	unsigned int priority;
	unsigned int threads;
	unsigned int restarts;
	unsigned int spare;
	unsigned long used;        /* ticks of the processor that it has used since its start, all threads */
	unsigned long left;        /* ticks left in this period, first thread */
	unsigned long budget;      /* ticks in each period, first thread */
	unsigned long period;
	unsigned long detail;
	unsigned long address;
	unsigned long pc;
};
