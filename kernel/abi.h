/* abi.h - the whole interface of the kernel: system calls, invocations, capabilities, errors, faults, boot formats.
 *
 * The only header that the kernel shares with user code, with the specification compiler and with the boot stage.
 * Only constants and plain structs, so that C of any kind may include it. `kernel/README.md` is its manual. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

/* ---- System calls: number in a7. Registers are described one by one in the manual. --------------------------
 * In:  a0 capability slot, a1 tag or operation, a2 reply slot, a3 slot of the capability that travels out,
 *      a4 slot that receives a travelling capability (0: none), s2-s7 the six payload words.
 * Out: a0 status, a1 tag, a2 badge or bits, s2-s7 payload. Every other caller-saved register comes back zero. */
enum syscall {
	SYS_CALL = 0,       /* send to endpoint a0 and wait for the reply */
	SYS_REPLY_RECV = 1, /* answer the caller in reply slot a2 (if it holds one), then receive from endpoint a0 */
	SYS_RECV = 2,       /* receive from endpoint a0; a reply capability lands in slot a2 */
	SYS_SEND = 3,       /* send to endpoint a0 without asking for a reply; on a reply capability: answer */
	SYS_SIGNAL = 4,     /* set the bits of notification a0 that the capability's badge names */
	SYS_WAIT = 5,       /* wait until notification a0 has bits, take them all */
	SYS_YIELD = 6,      /* to the tail of the queue of one's own priority */
	SYS_INVOKE = 7,     /* operation a1 (enum operation) on a capability */
	SYS_NONBLOCK = 8,   /* flag on SYS_RECV and SYS_WAIT: answer STATUS_EMPTY instead of blocking */
};

/* Tag of a message: label << 8 | TAG_CAP | length. The kernel reads only the low four bits. */
#define TAG_LENGTH 7ul   /* payload words, 0 to 6 */
#define TAG_CAP 8ul      /* one capability travels with the message (in: send a3; out: arrived in the slot of a4) */
#define TAG_LABEL_SHIFT 8
#define MESSAGE_WORDS 6
#define LABEL_FAULT 0xfa017ul /* label of a fault message; the reply to it resumes the thread where it stands */

/* Results, in a0. Each has one meaning. */
enum status {
	STATUS_OK = 0,
	STATUS_AGAIN = 1,      /* a bounded step was done; repeat the same call to go on (the stubs do) */
	STATUS_NOTIFIED = 2,   /* receive: ended by the bound notification, a2 holds its bits */
	STATUS_EMPTY = 3,      /* non-blocking: nothing there */
	STATUS_BAD_CALL = 4,   /* no such system call or operation */
	STATUS_BAD_SLOT = 5,   /* slot number outside the table or container, or slot 0 of a table */
	STATUS_NO_CAP = 6,     /* the named slot is empty */
	STATUS_BAD_TYPE = 7,   /* the capability is of another kind than the operation needs */
	STATUS_NO_RIGHT = 8,   /* the capability lacks the right that the operation needs */
	STATUS_OCCUPIED = 9,   /* the destination slot is not empty */
	STATUS_BAD_ARGUMENT = 10, /* a number is out of range: size, count, index, badge, register, priority, time */
	STATUS_NO_MEMORY = 11, /* the untyped range has no room left for the objects */
	STATUS_HAS_CHILDREN = 12, /* delete and move take leaves only: revoke first */
	STATUS_REFUSED = 13,   /* a rule forbids it: carving against lent, double install, copy of a reply, no budget to pay with */
	STATUS_CANCELLED = 14, /* the blocked operation was ended by suspend */
	STATUS_DEAD = 15,      /* the endpoint, the notification, the reply or its owner was destroyed meanwhile */
	STATUS_TOO_DEEP = 16,  /* a payer and its passive servers would be more than CHAIN_MAX threads */
	STATUS_COUNT
};

/* ---- Capabilities ------------------------------------------------------------------------------------------ */
enum cap_type {
	CAP_EMPTY = 0,
	CAP_UNTYPED = 1,      /* memory; without RIGHT_RETYPE and of a page's size: a page */
	CAP_ENDPOINT = 2,
	CAP_NOTIFICATION = 3,
	CAP_TABLE = 4,        /* CNode read by the system-call path */
	CAP_SPACE = 5,        /* CNode read by the MMU: one Sv39 level */
	CAP_THREAD = 6,       /* CNode read by the scheduler */
	CAP_REPLY = 7,        /* one-shot right to answer a blocked caller; outside the derivation */
	CAP_RESERVED = 8,     /* a slot that a receiving or calling thread has reserved */
	CAP_TYPES
};

#define RIGHT_READ 1u     /* page: load; endpoint: receive; notification: wait, arm its timer; CNode: read slots */
#define RIGHT_WRITE 2u    /* page: store; endpoint: send; notification: signal; CNode: change slots */
#define RIGHT_EXECUTE 4u  /* page: fetch */
#define RIGHT_CALL 8u     /* endpoint: send and be answered */
#define RIGHT_GRANT 16u   /* endpoint: a capability may travel */
#define RIGHT_RETYPE 32u  /* untyped: carve */
#define RIGHT_SCHEDULE 64u /* untyped: threads carved from it may be scheduled; thread: set scheduling */
#define RIGHTS_ALL 127u

/* Kinds of untyped memory. Only ram is zeroed and becomes kernel objects; device is never executable; rom is r or rx. */
enum memory_kind { MEMORY_RAM = 0, MEMORY_DEVICE = 1, MEMORY_ROM = 2 };

/* Objects that retype makes, and their sizes in bytes: each is aligned to its size. */
enum object_type {
	OBJECT_UNTYPED = 1,      /* 2^size_bits bytes, 6 to 37 */
	OBJECT_ENDPOINT = 2,     /* 64 */
	OBJECT_NOTIFICATION = 3, /* 64 */
	OBJECT_TABLE = 4,        /* 2^size_bits slots of 32 bytes, size_bits 1 to 16 */
	OBJECT_SPACE = 5,        /* 32 KiB; size_bits is the level: 2 root, 1 middle, 0 leaf */
	OBJECT_THREAD = 6,       /* 512 */
	OBJECT_PAGE = 7,         /* 2^size_bits bytes: 12, 21 or 30 */
	OBJECT_NO_SCHEDULE = 8,  /* flag with OBJECT_UNTYPED: the child lacks RIGHT_SCHEDULE */
};
#define GRANULE 64u
#define SLOT_BYTES 32u
#define ENDPOINT_BYTES 64u
#define NOTIFICATION_BYTES 64u
#define THREAD_BYTES 512u
#define SPACE_BYTES 32768u
#define SPACE_ENTRIES 512u     /* slots of a space; a root has only the lower SPACE_ROOT_ENTRIES */
#define SPACE_ROOT_ENTRIES 256u
#define RETYPE_MAX_COUNT 64u   /* objects of one retype: bounds the time with interrupts off */
#define RETYPE_MAX_ROOTS 8u    /* the same for roots, each of which gets a kernel half */
#define CAP_MAX_DEPTH 60u      /* generations of capabilities */
#define CHAIN_MAX 8u
#define USER_TOP 0x4000000000ul /* user addresses are below; Sv39 */

/* Slots of a thread, as container indices. Slot 0 of a table is its header and holds nothing. */
enum thread_slot { THREAD_TABLE = 0, THREAD_SPACE = 1, THREAD_FAULT = 2, THREAD_BOUND = 3, THREAD_SLOTS = 4 };

/* ---- Invocations: SYS_INVOKE, operation in a1. --------------------------------------------------------------
 * A slot is named by (container, index): container is a slot of one's own table with a table, space or thread
 * capability, 0 is one's own table. */
enum operation {
	OP_RETYPE = 0,  /* a0 untyped, a2 object type, a3 size_bits, a4 container (a table), a5 first index, a6 count */
	OP_COPY = 1,    /* a0 container to, a2 index to, a3 container from, a4 index from, a5 rights mask, a6 badge (0: keep) */
	OP_MOVE = 2,    /* a0 container to, a2 index to, a3 container from, a4 index from */
	OP_DELETE = 3,  /* a0 container, a2 index */
	OP_REVOKE = 4,  /* a0 container, a2 index */
	OP_RESUME = 5,  /* a0 thread */
	OP_SUSPEND = 6, /* a0 thread */
	OP_WRITE_REGISTERS = 7, /* a0 thread, a2 group of four (0 to 7), a3-a6 values; register 0 is pc */
	OP_READ_REGISTERS = 8,  /* a0 thread, a2 first register (even); out: a1, a2 two registers */
	OP_INSPECT = 9, /* a0 thread, a2 what (enum inspect); out: a1, a2 */
	OP_SET_SCHEDULING = 10, /* a0 thread, a2 priority, a3 budget ticks, a4 period ticks, a5 flags, a6 call limit ticks */
	OP_ARM_TIMER = 11, /* a0 notification with a timer bound, a2 absolute time in ticks (all ones: disarm) */
	OP_COUNT,
	/* Only in a construction program, at boot: */
	OP_BIND = 32,   /* a0 notification, a2 what (enum binding), a3 line number, a4 bit number */
	OP_FILL = 33,   /* a0 page, a2 offset in the page, a3 offset in the rom, a4 bytes (multiple of 8) */
	OP_WINDOW = 34, /* a2 ticks, a3 partition: the next window of the schedule */
};

enum inspect {
	INSPECT_STATE = 0,  /* a1 enum thread_state, a2 priority */
	INSPECT_TIME = 1,   /* a1 ticks used in all, a2 ticks left in this period */
	INSPECT_FAULT = 2,  /* a1 cause of the last fault (scause), a2 its address (stval) */
	INSPECT_BUDGET = 3, /* a1 budget, a2 period, in ticks */
};

enum thread_state {
	THREAD_STOPPED = 0,
	THREAD_READY = 1,      /* has budget and runs or waits for the processor */
	THREAD_EXHAUSTED = 2,  /* ready without budget: waits for its next period, shares what is left over */
	THREAD_SENDING = 3,    /* queued at an endpoint with a plain send */
	THREAD_CALLING = 4,    /* queued at an endpoint with a call, or with a fault message */
	THREAD_RECEIVING = 5,
	THREAD_WAITING = 6,    /* at a notification */
	THREAD_AWAITING_REPLY = 7,
};

#define SCHEDULE_PASSIVE 1u      /* runs on its caller's budget while it owes a reply */
#define SCHEDULE_PARTITION 256u  /* times the number of the partition in whose windows it runs */
#define PARTITIONS 8u
#define WINDOWS_MAX 16u          /* windows of the schedule */
#define PRIORITIES 256u

enum binding { BIND_LINE = 0, BIND_TIMER = 1, BIND_POWER_OFF = 2, BIND_RESET = 3, BIND_FAULT_RING = 4 };
#define NOTIFICATION_BITS 32u    /* bits of a notification; badges are 32 bits wide */

#define FAULT_CALL_LIMIT 64ul /* cause: a passive server used more than its limit for one call; causes below are scause */

/* ---- The fault message, and the ring of faults that nobody handles ------------------------------------------
 * Payload of the message: cause (scause), address (stval), pc, sp, ra, s0. */
struct fault_record {
	u64 sequence; /* 1 for the first; written last */
	u64 thread;   /* number that names the thread: physical address / 512 */
	u64 cause;
	u64 address;
	u64 pc;
	u64 sp;
	u64 ra;
	u64 s0;
};
#define FAULT_RECORDS 63u
struct fault_ring { /* one page, read-only to whoever maps it */
	u64 count;    /* records written since boot; record n is at [(n - 1) % FAULT_RECORDS] */
	u64 spare[7];
	struct fault_record records[FAULT_RECORDS];
};

/* ---- What the boot stage tells the kernel: one plain record, every field of which the kernel checks ---------- */
#define BOOT_MAGIC 0x4d554c4c494f4e31ul /* "MULLION1" */
struct boot_record {
	u64 magic;
	u64 hart;           /* the hart that runs */
	u64 ram_start;      /* physical; the range of RAM that holds the image */
	u64 ram_end;
	u64 timebase;       /* ticks a second */
	u64 plic_base;
	u64 plic_context;   /* supervisor context of this hart */
	u64 plic_lines;     /* highest line number */
	u64 harts;          /* harts that could run */
	u64 image_start;    /* physical: where the image was loaded (2 MiB aligned) */
	u64 image_end;
	u64 system_start;   /* physical: the struct system_header inside the image */
	u64 initrd_start;   /* 0 if there is none */
	u64 initrd_end;
	u64 device_tree;    /* physical address, for messages only */
	u64 error;          /* 0, or enum boot_error: the device tree could not be used */
};
enum boot_error {
	BOOT_OK = 0, BOOT_NO_TREE = 1, BOOT_NO_MEMORY_NODE = 2, BOOT_NO_TIMEBASE = 3, BOOT_NO_PLIC = 4, BOOT_NO_HART = 5,
	BOOT_MISPLACED = 6, /* the image is not at a GiB boundary of RAM plus IMAGE_OFFSET */
	BOOT_RESERVED = 7,  /* reserved memory or the tree lies inside the memory that the system was laid out for */
	BOOT_DAMAGED = 8,   /* the bytes of the system are not those that its checksum was made of */
	BOOT_NO_RAM_DISK = 9, /* the loader put no RAM disk where the system was laid out to have one */
};

/* ---- The system: what the specification compiler appends to the kernel --------------------------------------
 * The bootable image is, from the load address (a GiB boundary + 2 MiB):
 *   0          boot stage with the 64-byte Image header (BOOT_STAGE_BYTES)
 *   0x20000    kernel (text, read-only data, data)
 *   0x40000    kernel block: objects of the kernel itself, and its stacks and tables; ready queues from 0x80000 on
 *   0x100000   struct system_header, construction program, component images: everything from here is rom
 * The compiler is given the load address of the board; all physical addresses below are absolute. */
#define IMAGE_OFFSET 0x200000ul
#define IMAGE_KERNEL 0x20000ul
#define IMAGE_BLOCK 0x40000ul
#define IMAGE_SYSTEM 0x100000ul

#define SYSTEM_MAGIC 0x4d554c4c53595331ul /* "MULLSYS1" */
#define SYSTEM_VERSION 2u
struct system_header {
	u64 magic;
	u32 version;
	u32 checksum;        /* platform/boot/checksum.h; the boot stage compares it */
	u64 size;            /* bytes of the system from this header on, a multiple of 4096 */
	u64 load_address;    /* physical load address of the image that the system was laid out for */
	u64 ram_end;         /* RAM must reach at least to here */
	u64 timebase;        /* ticks a second that budgets were computed with */
	u64 plic_base;
	u32 roots;           /* number of struct root_untyped */
	u32 sections;        /* number of struct program_section */
	u32 roots_offset;    /* offsets from this header */
	u32 sections_offset;
	u32 rom_offset;      /* where OP_FILL offsets and the rom untypeds count from: equal to 0 or page aligned */
	u32 names_offset;    /* NUL-terminated: name of the system, then "component thread-number" lines for panics */
	u32 names_size;
	u32 spare;
};
/* Root untypeds: the kernel puts root n into slot n + ROOT_FIRST_SLOT of its own table, with every right of its kind.
 * Ram roots get retype and schedule; device roots retype, read, write; rom roots retype, read, execute. */
struct root_untyped {
	u64 base;            /* physical, aligned to its size */
	u8 size_bits;
	u8 kind;             /* enum memory_kind */
	u16 ram_disk;        /* 1: device memory that is RAM on this board; the boot stage looks that a loader filled it */
	u32 spare2;
};
#define KERNEL_TABLE_SLOTS 1024u
#define ROOT_FIRST_SLOT 4u /* slots 1-3 of the kernel table: 1 fault ring page (read only), 2 initrd pages, 3 spare */
#define KERNEL_SLOT_FAULT_RING 1u

/* A section is the construction of one component: calls on one table. `actor` is the slot of the kernel table that
 * holds the capability of that table; 0 is the kernel table itself. Operations are those of SYS_INVOKE with the same
 * operands, plus OP_BIND and OP_FILL. They are replayed in order, each until it no longer answers STATUS_AGAIN. */
struct program_section {
	u32 actor;
	u32 count;           /* operations */
	u32 offset;          /* of the first struct program_operation, from the system header */
	u32 name;            /* offset of a NUL-terminated name for messages, from the system header */
};
struct program_operation {
	u32 operation;       /* enum operation */
	u32 a0;
	u64 a2, a3, a4, a5, a6;
};
