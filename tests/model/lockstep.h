/* lockstep.h - model and kernel side by side: worlds to start from, steps, sequences. */
#pragma once
#include "compare.h"
#include "worlds.h"

#define SEQUENCE_MAX 2048u
#define ASID_LIMITS 3u
struct sequence {
	enum world_name world;
	u32 asids;                     /* how many address-space identifiers the hardware has: 0 none, 1 a few, 2 enough */
	u32 count;
	struct step steps[SEQUENCE_MAX];
};

extern struct model model;
extern u64 lockstep_steps;             /* steps done in all */
extern u64 lockstep_entries;           /* kernel entries compared in all */
extern u64 lockstep_statuses[STATUS_COUNT];
extern bool lockstep_ended;            /* switched off or reset: no step follows */
extern u32 lockstep_interrupts;        /* interrupts that came before the last step's own entry */
extern u64 lockstep_check_every;       /* entries between two runs of the invariant checker */

/* The state after boot; ends the program if the world does not boot. */
void lockstep_start(enum world_name world, u32 asids);
/* The model of a machine that has booted with an empty program; and that of the operations of a program, up to the first
 * that is refused: its number, or the program's length, and its status. */
void lockstep_model_boot(void);
u32 lockstep_model_replay(const struct world_program *program, enum status *status);
const char *lockstep_compare(void);
/* What boot refuses: damaged records, and random programs of which the model says how far they come. */
void refuse_run(u64 programs, u64 seed);
/* Steps of one thread for tests/system/replay.sys, each with what the model answers. */
void replay_run(u64 steps, u64 seed);
/* One step on both sides. What differs afterwards, or NULL. */
const char *lockstep_step(const struct step *step);
/* From the start: the number of the step after which something differs, or -1; *difference says what. */
long lockstep_run(const struct sequence *sequence, const char **difference);

/* States to come back to, one for each depth of an exhaustive run. */
void lockstep_save(u32 depth);
void lockstep_restore(u32 depth);
#define DEPTH_MAX 16u

/* Make a failing sequence as short and plain as possible, and print it as a test of tests/host/kernel. */
void report_failure(struct sequence *sequence, const char *difference);
