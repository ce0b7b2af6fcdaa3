/* manifest.h - what the specification compiler writes into system.bin for those who look at the system from inside.
 *
 * Layout of system.bin: struct system_header (kernel/abi.h), struct manifest_header at MANIFEST_OFFSET, then whatever
 * the two name by offset. All offsets count from the start of system.bin, all texts end with a zero. Nothing in here
 * can be wrong while the checksum of the header is right; it is read-only memory.
 *
 * What the supervisor replays: section n is struct program_section number n of the system header. */
#pragma once
#include "../../kernel/abi.h"

#define MANIFEST_OFFSET 128u
#define MANIFEST_MAGIC 0x4d554c4c4d414e31ul /* "MULLMAN1" */

struct manifest_header {
	u64 magic;
	u32 components;        /* number of struct manifest_component */
	u32 components_offset;
	u32 regions;           /* of all components: number of struct manifest_region */
	u32 regions_offset;
	u32 threads;           /* of all components: u64 each, the number of struct fault_record */
	u32 threads_offset;
	u32 caps;              /* of all components: number of struct manifest_cap */
	u32 caps_offset;
	u32 lines;             /* interrupt lines: number of struct manifest_line */
	u32 lines_offset;
	u32 system_name;       /* offset of a text */
	u32 spare;
};

#define MANIFEST_NO_SUPERVISOR 0xffffffffu
#define MANIFEST_PASSIVE 1u    /* runs on its callers' time */
#define MANIFEST_SUPERVISOR 2u /* is the supervisor */
#define MANIFEST_TRUSTED 4u    /* was marked as able to reach all memory */

struct manifest_component {
	u32 name;              /* offset of a text */
	u32 image;             /* offset of a text: folder of its source */
	u32 origin;            /* offset of a text: "files.sys:12" */
	u32 supervisor;        /* number of the component that supervises it, or MANIFEST_NO_SUPERVISOR */
	u32 section;           /* of the construction program */
	u32 flags;
	u32 priority;
	u32 first_thread;      /* its threads, regions and capabilities: numbers in the tables of all */
	u32 threads;
	u32 first_region;
	u32 regions;
	u32 first_cap;
	u32 caps;
	u32 spare;
	u64 budget;            /* ticks */
	u64 period;            /* ticks */
	u64 entry;             /* where its threads start */
	u64 memory;            /* bytes of its block of private memory */
	u64 memory_used;       /* of those, carved at boot */
};

enum manifest_region_kind {
	MANIFEST_IMAGE = 0,    /* text, read-only data, data and bss */
	MANIFEST_STACK = 1,
	MANIFEST_MEMORY = 2,   /* private */
	MANIFEST_DMA = 3,
	MANIFEST_DEVICE = 4,
	MANIFEST_SHARED = 5,   /* of a connection */
	MANIFEST_FAULTS = 6,
	MANIFEST_MANIFEST = 7, /* this */
	MANIFEST_SCRATCH = 8,
};

struct manifest_region {
	u64 base;              /* virtual */
	u64 size;
	u32 name;              /* offset of a text */
	u32 kind;
	u32 rights;            /* RIGHT_READ, RIGHT_WRITE, RIGHT_EXECUTE */
	u32 origin;            /* offset of a text: "files.sys:12" */
};

struct manifest_cap {
	u32 slot;              /* of the component's table */
	u32 text;              /* offset of a text: "endpoint of fat, rights wc, badge 1" */
	u32 origin;            /* offset of a text: "files.sys:12" */
	u32 spare;
};

struct manifest_line {
	u32 line;
	u32 component;
	u32 bit;               /* of its notification */
	u32 name;              /* offset of a text: the device */
};
