/* worlds.h - the worlds that sequences start in, the steps that they are made of, and where random steps come from. */
#pragma once
#include "machine.h"

enum step_kind { STEP_SYSCALL = 0, STEP_FAULT = 1, STEP_LINE = 2, STEP_TICK = 3, STEP_TIME = 4, STEP_KINDS = 5 };
/* Time passes (with the timer interrupts that come due), then whoever runs does something, or the hardware does. */
struct step {
	u8 kind;
	u32 ticks;
	u64 a[8];       /* a0 to a7; a fault: cause, address; lines: their numbers, 0 for none */
};

enum world_name { WORLD_RANDOM = 0, WORLD_IPC = 1, WORLD_CAPS = 2, WORLD_TIME = 3, WORLD_WINDOWS = 4, WORLD_CHAIN = 5, WORLD_SPACES = 6,
	WORLD_REPLAY = 7, WORLDS = 8 };
extern const char *const world_names[WORLDS];

#define RANDOM_TASKS 6u
#define REPLAY_SPARE 3u      /* slots of tests/system/replay.sys: free ones, and its memory */
#define REPLAY_SPARES 64u
#define REPLAY_POOL 67u

void world_program(enum world_name name, struct world_program *program);
/* What the supervisor of the random world does to start a task again, or (RANDOM_TASKS) to make anew what they share. */
void world_restart(u32 task, struct world_program *program);
/* The steps of which an exhaustive run tries all sequences; answers how many. */
u32 world_alphabet(enum world_name name, const struct step **steps);

/* A random source: one number is one run. */
void random_seed(u64 seed);
u64 random_below(u64 bound);
/* A step that suits the state. */
struct step random_step(const struct model *m);
void random_begin(enum world_name name); /* a new world begins */
