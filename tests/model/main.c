/* main.c - the runs: exhaustive, random, guided by coverage. Each is deterministic and ends with its counts. */
#include "lockstep.h"
#include <stdlib.h>

#define WORLD_STEPS 1000u
#define MAP 16384u
#define CORPUS 2048u
#define GUIDED_MAX 400u

static struct sequence sequence;

/* ---- Exhaustive ---- */
static const struct step *alphabet;
static u32 letters;

static void try_all(u32 depth, u32 most)
{
	lockstep_save(depth);
	for (u32 i = 0; i < letters; i++) {
		const char *difference = NULL;

		lockstep_restore(depth);
		sequence.steps[depth] = alphabet[i];
		difference = lockstep_step(&alphabet[i]);
		if (difference != NULL) {
			sequence.count = depth + 1;
			report_failure(&sequence, difference);
		}
		if (!lockstep_ended && depth + 1 < most)
			try_all(depth + 1, most);
	}
}

static void exhaustive(enum world_name world, u32 depth)
{
	letters = world_alphabet(world, &alphabet);
	sequence.world = world;
	sequence.asids = 1;
	lockstep_start(world, 1);
	try_all(0, depth < DEPTH_MAX ? depth : DEPTH_MAX - 1);
	printf("exhaustive: world %s, %u letters, all sequences up to %u", world_names[world], letters, depth);
}

/* ---- Random ---- */
static void begin_world(void)
{
	sequence.world = random_below(2) != 0 ? WORLD_RANDOM : (enum world_name)random_below(WORLD_REPLAY);
	sequence.asids = (u32)random_below(ASID_LIMITS);
	sequence.count = 0;
	random_begin(sequence.world);
	lockstep_start(sequence.world, sequence.asids);
}

static void take_step(struct step step)
{
	const char *difference = NULL;

	sequence.steps[sequence.count++] = step;
	difference = lockstep_step(&step);
	if (difference != NULL)
		report_failure(&sequence, difference);
}

static void random_run(u64 steps, u64 seed)
{
	random_seed(seed);
	while (lockstep_steps < steps) {
		begin_world();
		for (u32 idle = 0; sequence.count < WORLD_STEPS && idle < 40 && !lockstep_ended && lockstep_steps < steps;) {
			take_step(random_step(&model));
			idle = model.current == 0 ? idle + 1 : 0;
		}
	}
	printf("random: seed %lu", seed);
}

/* ---- Guided by coverage: sequences that reached something new are the beginning of others ---- */
static u8 map[MAP];
static u8 seen[MAP];
static u64 previous;
static struct sequence *corpus[CORPUS];
static u32 corpus_count;

/* The compiler calls this in each block of an instrumented kernel. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	u64 at = (u64)__builtin_return_address(0);
	u64 edge = (at * 0x9e3779b97f4a7c15ul >> 40) ^ previous;

	previous = (at * 0x9e3779b97f4a7c15ul >> 41);
	if (map[edge % MAP] != 255)
		map[edge % MAP]++;
}

/* Edges, by how often in powers of two, that no sequence had before. */
static u32 news(void)
{
	u32 found = 0;

	for (u32 i = 0; i < MAP; i++) {
		u8 bucket = 0;

		if (map[i] == 0)
			continue;
		bucket = (u8)(1u << (map[i] < 4 ? map[i] - 1 : map[i] < 16 ? 3 : map[i] < 64 ? 4 : 5));
		found += (seen[i] & bucket) == 0;
		seen[i] |= bucket;
	}
	return found;
}

static void keep(void)
{
	struct sequence *copy = NULL;
	u32 at = 0;

	for (u32 i = 0; i < sequence.count; i++)
		if (sequence.steps[i].ticks > 0x10000000)
			return; /* too slow to be repeated */
	at = corpus_count < CORPUS ? corpus_count++ : (u32)random_below(CORPUS);
	if (corpus[at] == NULL)
		corpus[at] = malloc(sizeof sequence);
	copy = corpus[at];
	if (copy == NULL)
		exit(2);
	memcpy(copy, &sequence, __builtin_offsetof(struct sequence, steps));
	memcpy(copy->steps, sequence.steps, sequence.count * sizeof sequence.steps[0]);
}

/* Where a kept sequence goes on otherwise: which of its steps are left out, said twice or changed. */
static void replay_changed(const struct sequence *from)
{
	for (u32 i = 0; i < from->count && !lockstep_ended && sequence.count < GUIDED_MAX; i++) {
		struct step step = from->steps[i];
		u64 change = random_below(40);

		if (change == 0)
			continue;
		if (change == 1)
			take_step(random_step(&model));
		if (change == 2)
			step.a[random_below(8)] = random_below(64);
		if (change == 3)
			step.ticks = (u32)random_below(10000);
		if (!lockstep_ended)
			take_step(step);
	}
}

static void guided_run(u64 steps, u64 seed)
{
	u32 edges = 0;

	random_seed(seed);
	while (lockstep_steps < steps) {
		const struct sequence *from = corpus_count != 0 && random_below(4) != 0 ? corpus[random_below(corpus_count)] : NULL;
		u64 more = 1 + random_below(40);

		begin_world();
		if (from != NULL) {
			sequence.world = from->world;
			sequence.asids = from->asids;
			random_begin(sequence.world);
			lockstep_start(sequence.world, sequence.asids);
		}
		memset(map, 0, sizeof map);
		if (from != NULL)
			replay_changed(from);
		for (u64 i = 0; i < more && !lockstep_ended && sequence.count < GUIDED_MAX; i++)
			take_step(random_step(&model));
		if (news() != 0)
			keep();
	}
	for (u32 i = 0; i < MAP; i++)
		edges += seen[i] != 0;
	printf("guided: seed %lu, %u edges, %u sequences kept", seed, edges, corpus_count);
}

static void usage(void)
{
	fprintf(stderr, "usage: model_driver exhaustive WORLD DEPTH | random STEPS SEED | guided STEPS SEED |\n"
		"       refuse PROGRAMS SEED | replay STEPS SEED\n"
		"worlds: ipc, caps, time, windows, chain, spaces\n");
	exit(2);
}

int main(int count, char **arguments)
{
	u64 first = count > 2 ? strtoul(arguments[2], NULL, 0) : 0;
	u64 second = count > 3 ? strtoul(arguments[3], NULL, 0) : 1;
	u32 world = 1;

	if (count < 4)
		usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(arguments[1], "exhaustive") == 0) {
		while (world < WORLDS && strcmp(world_names[world], arguments[2]) != 0)
			world++;
		if (world == WORLDS)
			usage();
		exhaustive((enum world_name)world, (u32)second);
	} else if (strcmp(arguments[1], "random") == 0) {
		random_run(first, second);
	} else if (strcmp(arguments[1], "guided") == 0) {
		guided_run(first, second);
	} else if (strcmp(arguments[1], "replay") == 0) {
		replay_run(first, second);
		return 0;
	} else if (strcmp(arguments[1], "refuse") == 0) {
		refuse_run(first, second);
		return 0;
	} else {
		usage();
	}
	printf("; %lu steps, %lu kernel entries compared, no difference\n", lockstep_steps, lockstep_entries);
	for (u32 i = 0; i < STATUS_COUNT; i++)
		printf("%s%u: %lu", i == 0 ? "statuses " : ", ", i, lockstep_statuses[i]);
	printf("\n");
	return 0;
}
