/* world.h - a small machine with the kernel on it: memory, user threads as the hardware would run them, and checks. */
#pragma once
#include "../../../kernel/syscall.h"
#include "fake_arch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The machine: base, and what the kernel table holds after boot. */
#define BASE 0x80200000ul
#define RAM_BASE (BASE + 0x600000ul)     /* 8 MiB, filled with 0xa5: what the kernel does not zero shows */
#define RAM_BITS 23u
#define ROM_BASE (BASE + IMAGE_SYSTEM + 0x10000ul)
#define DEVICE_BASE 0x10000000ul
#define K_RAM 4u
#define K_DEVICE_PAGE 5u                 /* 4 KiB */
#define K_DEVICE 6u                      /* 2 MiB */
#define K_DEVICE_GIGA 7u                 /* 1 GiB */
#define K_ROM 8u                         /* 64 KiB */
#define K_FREE 16u                       /* the first slot that world_slot gives out */
#define TIMEBASE 10000000ul
#define BUDGET 100000u                   /* of the tasks; period the same */
#define PRIORITY 10u
#define TASK_SLOTS 64u

/* A user thread with a table and a space of its own: indices of the objects, and where their originals are. */
struct task {
	u32 thread;
	u32 table;
	u32 space;
	u32 k_thread;
	u32 k_table;
	u32 k_space;
};

/* User registers of each thread, as the user code sees them. */
enum expect { EXPECT_NOTHING = 0, EXPECT_PAYLOAD_KEPT = 1, EXPECT_ALL_KEPT = 2, EXPECT_MESSAGE_OR_ZERO = 3 };
struct user {
	u32 thread;
	u64 x[32];
	u64 entries;
	enum expect expect;   /* what must hold when it runs again; checked at every return */
	u64 before[32];
	bool a1_zero;         /* a call without results: these come back cleared */
	bool a2_zero;
};
struct user *user(u32 t);
extern u32 running;       /* thread that runs in user mode; NONE: idle */
extern bool checking;     /* run the invariant checker after every entry */

/* A fresh arena, booted: `tasks` are A to D with equal priority, `running` one of them. */
void world_boot_bare(void);
void world_boot(u32 tasks);
void world_start(void);                                      /* after building a world by hand: the first thread runs */
extern struct task A, B, C, D;

/* Operations with the authority of the kernel table, repeated while they answer AGAIN. */
enum status boot_do(u32 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6);
void boot_must(u32 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6);
enum status boot_bind_for_test(u32 slot, u32 what, u32 line, u32 bit);
u32 world_slot(void);                                        /* a free slot of the kernel table */
u32 world_make(u32 type, u32 size_bits);                     /* carve one object from K_RAM, into a new slot */
struct task world_task(void);
void give(struct task *to, u32 slot, u32 k_slot, u32 rights, u64 badge); /* copy from the kernel table */
void give_untyped(struct task *to, u32 slot, u32 bits);      /* carve a ram untyped into the task's table */
void schedule(struct task *task, u32 priority, u32 budget, u32 period, u32 flags, u32 limit);

/* Entries. Each checks the invariants. */
#define BLOCKED (~0ul)
u64 call_kernel(u64 number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6); /* by the running thread */
void as(struct task *task);                                  /* yield until that task runs; fails if it never does */
u64 sys(struct task *task, u64 number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4); /* status, BLOCKED if it blocked */
u64 invoke(struct task *task, u64 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6); /* repeats AGAIN */
u64 invoke_once(struct task *task, u64 operation, u64 a0, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6);
u64 status_of(struct task *task);                            /* runs it; what its a0 says now */
u64 reg(struct task *task, u32 n);                           /* runs it; user register n */
void set_words(struct task *task, u64 first);                /* runs it; payload first, first + 1, ... */
bool words_are(struct task *task, u64 first, u32 length);    /* runs it; payload as set_words, zero beyond length */
void fault_running(u64 cause, u64 address);
void fault(struct task *task, u64 cause, u64 address);       /* runs it, then it faults */
void tick(u64 ticks);                                        /* time passes; timer interrupts as they come due */
void forget_thread(u32 t);                                   /* it was made anew: expect nothing of its registers */
void tick_once(void);                                        /* one timer interrupt, now */
void line_interrupt(u32 line);
void idle_steps(void);                                       /* what the idle loop does until nothing is dying */

struct slot *slot_of(struct task *task, u32 n);
struct slot *k_slot(u32 n);
bool is_ready(struct task *task);

/* ---- Tests ---- */
struct test {
	const char *name;
	void (*run)(void);
};
extern const char *test_name;
_Noreturn void test_fail(const char *file, int line, const char *what, u64 got, u64 wanted);
#define EQ(got, wanted) do { \
	u64 got_ = (u64)(got), wanted_ = (u64)(wanted); \
	if (got_ != wanted_) \
		test_fail(__FILE__, __LINE__, #got " == " #wanted, got_, wanted_); \
} while (0)
#define OK(got) EQ(got, STATUS_OK)
#define TRUE(condition) do { if (!(condition)) test_fail(__FILE__, __LINE__, #condition, 0, 1); } while (0)
/* Runs `what`, which must stop the machine for the reason `why`. */
#define STOPS(what, why) do { \
	jmp_buf stop_; \
	fake.stopped = 0; \
	fake.stop = &stop_; \
	if (setjmp(stop_) == 0) { what; } \
	fake.stop = NULL; \
	EQ(fake.stopped, why); \
} while (0)

extern const struct test cnode_tests[], untyped_tests[], space_tests[], ipc_tests[], notify_tests[], thread_tests[],
	sched_tests[], partition_tests[], destroy_tests[], boot_tests[];
