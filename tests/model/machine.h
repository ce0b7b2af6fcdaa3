/* machine.h - the compiled kernel as a machine: booted with a small world, entered as entry.S does, saved and restored. */
#pragma once
#include "../host/kernel/world.h"
#include "model.h"

/* The construction program that makes a world: operations, each with the kernel table's slot of the table that acts. */
#define WORLD_OPERATIONS 500u
#define WORLD_SECTIONS 40u
struct world_program {
	u32 count;
	bool booting;
	u32 actors[WORLD_OPERATIONS];
	struct m_operation operations[WORLD_OPERATIONS];
};

struct cpu {
	u64 x[32];      /* registers of the thread that runs; 0 is the pc */
	u32 running;    /* its number in the kernel's view; NONE: idle */
};
extern struct cpu cpu;

enum machine_end { END_NOT = 0, END_POWER_OFF = STOP_POWER_OFF, END_RESET = STOP_RESET, END_PANIC = STOP_PANIC, END_CRASH = 4,
	END_LOOP = 5 };

/* Boots the world; false if the kernel refused it (fake.text says why). */
#define MACHINE_SYSTEM_BYTES 0x40000ul
bool machine_boot(const struct world_program *program, u32 asid_limit);
/* Called, if set, with what the kernel is about to boot from. */
extern void (*machine_spoil)(struct boot_record *record, struct system_header *system);
/* How many bytes of RAM the world uses: what save and restore copy. */
extern u64 machine_ram;

/* Entries of the thread that runs, or of the hardware. */
void machine_syscall(void);
void machine_fault(u64 cause, u64 address);
void machine_timer(void);
void machine_line(void);
bool machine_idle(void);

/* Runs `entry` so that the end of the machine, a crash or an endless loop comes back as a number. */
enum machine_end machine_guard(void (*entry)(void));

u64 machine_snapshot_bytes(void);
void machine_save(u8 *to);
void machine_restore(const u8 *from);
