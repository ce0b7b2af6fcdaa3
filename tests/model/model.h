/* model.h - what the kernel is, said with sets and maps: capabilities at places, threads at queues, stamps for order.
 *
 * Written after kernel/README.md. Nothing is shared with the kernel but the numbers of abi.h. */
#pragma once
#include "../../kernel/abi.h"
#include <stdbool.h>

/* Members of the sets are numbers from 1; 0 is nobody. */
#define M_CAPS 3072u
#define M_OBJECTS 768u
#define M_THREADS 128u
#define M_ROOT 0xffffu      /* parent of what boot made */
#define M_KERNEL_TABLE 1u   /* the object with the root capabilities */
#define M_NEVER (~0ul)

/* A capability. Where it stands (place) and what it is derived from (parent) are maps beside the set, in struct model. */
struct m_cap {
	u8 type;        /* enum cap_type; CAP_EMPTY: not in the set */
	u8 kind;        /* untyped: enum memory_kind */
	u8 bits;        /* untyped: log2 bytes */
	u8 rights;      /* a reply: RIGHT_GRANT, if the answer may carry a capability */
	bool original;
	u16 object;     /* what it names; reply and reservation: the thread */
	u64 start;      /* untyped: physical address */
	u64 watermark;  /* untyped: bytes handed out */
	u64 zeroed;     /* ram: bytes zeroed so far */
	u64 badge;
	u64 born;       /* stamp: the youngest child goes first */
};

/* An object: endpoint, notification, table, space, thread. A table, space or thread is a container of places. */
struct m_object {
	u8 type;        /* enum cap_type; CAP_EMPTY: not in the set */
	u8 bits;        /* table: log2 slots; space: level */
	bool installed; /* space: mapped by another */
	u16 thread;     /* thread: its number; notification: the thread bound to it */
	u64 address;    /* physical */
	u64 died;       /* stamp of the end of its original, 0: alive */
	u32 sweep;      /* dead: places below are empty */
	u32 pending;    /* notification: bits */
	u32 taken;      /* bits of lines that were taken and not acknowledged */
	u32 lines;      /* bits that belong to lines */
	u32 power_off, reset;
	u32 timer;      /* number of its timer, from 1 */
};

enum m_place { M_NOWHERE = 0, M_READY_QUEUE = 1, M_WHEEL = 2, M_OBJECT = 3 };
struct m_thread {
	u16 object;     /* 0: not in the set */
	u8 state;       /* enum thread_state */
	u8 priority;
	bool passive;
	bool fault;     /* what it is blocked in is a fault message */
	bool grant;     /* the endpoint capability that it blocked with had the grant right */
	u8 where;       /* enum m_place: the queue that holds it */
	u8 partition;   /* in whose windows it runs */
	u8 queued_in;   /* M_READY_QUEUE, M_WHEEL: the partition whose queue that is */
	u16 at;         /* M_OBJECT: which */
	u16 reply;      /* capability: the reservation for a reply, or the reply to it */
	u16 arrival;    /* capability: reservation for one that travels */
	u16 client, server;
	u64 turn;       /* stamp: the order in its queue */
	u64 due;        /* M_WHEEL: position of time, M_NEVER: no period */
	u64 tag, badge, out; /* of the queued message, and its travelling slot */
	u64 budget, period, left, debt, limit, base, refill, used;
	u64 cause, address;
	u64 x[32];      /* what the user sees when it runs again; 0 is the pc */
};

struct m_operation { u64 operation, a0, a2, a3, a4, a5, a6; };

struct model {
	u64 now, stamps;
	u16 current, payer;
	u16 root;           /* space that the MMU walks; 0: the kernel's own */
	bool served;        /* a passive server worked on the payer's time since the last charge */
	u8 ended;           /* 1 switched off, 2 reset */
	bool full;          /* a set has no room: the run must start anew */
	u64 since;          /* until when the payer was charged */
	u8 open;            /* the partition whose window it is */
	bool again;         /* whoever was to run waits for its window: a timer interrupt looks for somebody else */
	u64 wheel_at[PARTITIONS]; /* position of time that the refills of a partition have come to */
	u32 rest_at[PARTITIONS];
	u32 window, windows;
	u64 window_end;
	struct { u64 ticks; u8 partition; } schedule[WINDOWS_MAX];
	u32 shift;          /* ticks of a position: 2^shift */
	u64 slice;
	u64 base;           /* physical address of the image */
	u32 highest_line;
	u64 system_bytes;   /* of the system that boot reads */
	u64 faults;         /* records in the ring, and the last of them */
	struct fault_record last_fault;
	u32 ring_object, ring_bit;
	u32 timers_used;
	struct { u64 deadline; u16 object; u32 bits; } timers[64];
	struct { u16 object; u32 bit; bool on; } lines[256];
	u32 line_count;     /* lines that are waiting at the controller, in order */
	u32 line_queue[8];
	u32 caps_end, objects_end, threads_end; /* one above the highest member */
	struct m_thread threads[M_THREADS];
	struct m_object objects[M_OBJECTS];
	u16 parent[M_CAPS];
	u32 place[M_CAPS];  /* container << 16 | index */
	struct m_cap caps[M_CAPS];
};

void model_copy(struct model *to, const struct model *from);

/* Boot: the machine, its roots, then one operation of the construction program (actor: slot of the kernel table). */
void model_boot(struct model *m, u64 base, u64 timebase, u32 highest_line, u64 system_bytes, u64 now);
void model_root(struct model *m, u32 slot, u64 start, u32 bits, u32 kind);
enum status model_replay(struct model *m, u32 actor, const struct m_operation *o);
void model_start(struct model *m);

/* Entries. Registers are those of the running thread, x[10] is a0. */
void model_syscall(struct model *m);
void model_fault(struct model *m, u64 cause, u64 address);
void model_timer(struct model *m);
void model_line(struct model *m);
void model_idle(struct model *m); /* one step of burial */

/* Questions of the driver. */
u16 model_at(const struct model *m, u16 container, u32 index);   /* the capability there, or 0 */
u16 model_container(const struct model *m, u16 cap);
u32 model_index(const struct model *m, u16 cap);
u32 model_depth(const struct model *m, u16 cap);
u16 model_slot_of(const struct model *m, u16 thread, u32 which); /* the capability in a thread's slot */
u64 model_deadline(const struct model *m);                       /* when a timer interrupt must have come */
