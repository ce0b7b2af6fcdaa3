/* object.h - the whole kernel state on one page: objects, their typed views, and the state of the hart.
 *
 * Each view covers all RAM from the image's load address on, and the linker places every view at the same address:
 * an object is named by its index, offset / size. The prover sees separate arrays; the typing invariant
 * is what makes that true. The only change of type is retype, after zeroing through `words`.
 * Index 0 of each view is the boot stage, so NONE never names an object. */
#pragma once
#include "abi.h"

typedef _Bool bool;
#define true ((bool)1)
#define false ((bool)0)

#define NONE 0u

/* An index in the width of the machine's registers, for arithmetic: loads extend the sign, and no index has one (the views
 * have less than 2^31 elements), so this costs nothing, where extending by zeros would cost two instructions each time. */
/*@ requires index <= 0x7fffffff;
    assigns \nothing;
    ensures \result == index; */
static inline u64 wide(u32 index)
{
	return (u64)(int)index;
}

#define RAM_MAX 0x200000000ul /* bytes of RAM that the views cover, 8 GiB; the real end is machine.ram_granules */
#define SYSTEM_MAX (RAM_MAX - IMAGE_SYSTEM)

/* ---- A capability and its place in the derivation (32 bytes) ---- */
struct slot {
	u8 type;           /* enum cap_type */
	u8 kind;           /* untyped: enum memory_kind; space: level */
	u8 size_bits;      /* untyped: log2 bytes; table: log2 slots */
	u8 depth;          /* generations below the kernel's root; bounds the walk of revoke */
	u8 container;      /* enum container: who reads this slot; kept while the slot is empty */
	u8 original;       /* 1: the capability that retype made */
	u8 rights;         /* RIGHT_... */
	u8 installed;      /* unused by capabilities; header of a space: 1 when the level hangs below another */
	u32 object;        /* untyped: physical address / 64; everything else: index in the view of its type */
	u32 watermark;     /* untyped: granules handed out */
	u32 badge;         /* endpoint: badge; notification: bits; untyped: granules zeroed so far (ram) */
	u32 parent;
	u32 next;
	u32 prev;
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot is 32 bytes");
enum container { IN_TABLE = 0, IN_SPACE = 1, IN_THREAD = 2 };
#define N_SLOTS ((u32)(RAM_MAX / SLOT_BYTES))
extern struct slot slots[N_SLOTS];

/* ---- A queue of threads: endpoint, notification, ready queue or refill queue (64 bytes) ---- */
struct queue {
	u32 head;
	u32 tail;
	u8 kind;           /* enum queue_kind */
	u8 receivers;      /* endpoint: the waiting threads are receivers */
	u8 dying;
	u8 timer;          /* notification: index of its timer + 1, 0 if it has none */
	u32 bits;          /* notification: pending */
	u32 lines;         /* notification: bits that are bound to interrupt lines */
	u32 taken;         /* notification: line bits taken since the last wait; their lines are off */
	u32 line;          /* notification: first of its lines, list through hart.lines[].next */
	u32 power_off;     /* notification: bits that switch the machine off */
	u32 reset;         /* notification: bits that reset the machine */
	u32 bound;         /* notification: thread bound to it */
	u32 link;          /* dying list */
	u32 spare[5];
};
_Static_assert(sizeof(struct queue) == ENDPOINT_BYTES && ENDPOINT_BYTES == NOTIFICATION_BYTES, "a queue is 64 bytes");
enum queue_kind { QUEUE_NONE = 0, QUEUE_READY = 1, QUEUE_WHEEL = 2, QUEUE_ENDPOINT = 3, QUEUE_NOTIFICATION = 4 };
#define N_QUEUES ((u32)(RAM_MAX / ENDPOINT_BYTES))
extern struct queue queues[N_QUEUES];

/* ---- A thread (512 bytes): the last 128 are its four slots ---- */
struct thread {
	u64 registers[32]; /* 0 is pc, the others are x1 to x31 */
	u8 state;          /* enum thread_state */
	u8 saved_all;      /* the thread was interrupted: every register is in memory. Else it runs, or left by a system call */
	u8 passive;
	u8 priority;
	u32 queue;         /* the queue that holds it, NONE while it runs or is stopped */
	u32 next;
	u32 prev;
	u32 table;         /* first slot of its table */
	u32 table_size;    /* slots of its table; 0: no table, so every lookup fails */
	u32 root;          /* its space, NONE if it has none */
	u32 bound;         /* its bound notification */
	u32 reply;         /* receiving: the slot reserved for the reply; awaiting a reply: the slot that holds it */
	u32 arrival;       /* calling, receiving, awaiting: the slot reserved for a travelling capability */
	u32 client;        /* passive server: the caller that it owes a reply, and whose budget it uses */
	u32 server;        /* caller of a passive server: that server */
	u32 budget;        /* ticks */
	u32 period;        /* ticks */
	u32 left;          /* ticks left in this period */
	u32 debt;          /* ticks that passive servers used beyond `left` */
	u32 limit;         /* passive server: most ticks for one call, 0: no limit */
	u32 spent;         /* passive server with a limit: ticks of its payer that were charged during this call, less what was
	                      not charged yet when the call began (as a signed number) */
	u64 refill;        /* when the next period begins */
	u64 used;          /* ticks used in all */
	u64 fault_address;
	u32 fault_cause;
	u8 fault;          /* the blocked call is a fault message */
	u8 grant;          /* the endpoint capability of the blocked operation had the grant right */
	u8 chain;          /* passive servers above it that run on the same payer */
	u8 dying;
	u32 link;          /* dying list */
	u32 fault_badge;   /* of the fault endpoint, when the fault was sent */
	u32 partition;     /* in whose windows it runs, and who works for it */
	u32 image_round;   /* the round of ASIDs in which `image` is valid */
	u64 image;         /* what the MMU is given to walk its space: see space.c */
	u64 slot_space[16]; /* the slots, read only through the view of slots */
};
#define THREAD_SLOT_OFFSET (384u / SLOT_BYTES)
_Static_assert(sizeof(struct thread) == THREAD_BYTES, "a thread is 512 bytes");
_Static_assert(__builtin_offsetof(struct thread, slot_space) == THREAD_SLOT_OFFSET * SLOT_BYTES, "slots of a thread");
_Static_assert(__builtin_offsetof(struct thread, saved_all) == 257, "entry.S");
#define N_THREADS ((u32)(RAM_MAX / THREAD_BYTES))
extern struct thread threads[N_THREADS];
enum { REG_PC = 0, REG_RA = 1, REG_SP = 2, REG_S0 = 8, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A3 = 13, REG_S2 = 18 };

/* The slot of thread t with the number `which` (enum thread_slot), and the thread that slot s belongs to. */
/*@ requires t < N_THREADS && which < THREAD_SLOTS;
    assigns \nothing;
    ensures \result == t * 16 + 12 + which; */
static inline u32 thread_slot(u32 t, u32 which)
{
	return t * (THREAD_BYTES / SLOT_BYTES) + THREAD_SLOT_OFFSET + which;
}

/* Clear the payload words from `from` on that thread t has in memory. */
/*@ requires t < N_THREADS;
    assigns threads[t].registers[18 .. 23];
    ensures cleared: \forall integer i; REG_S2 + from <= i < REG_S2 + 6 ==> threads[t].registers[i] == 0;
    ensures kept: \forall integer i; 0 <= i < REG_S2 + 6 && i < REG_S2 + from ==>
      threads[t].registers[i] == \old(threads[t].registers[i]); */
static inline void thread_clear_payload(u32 t, u64 from)
{
	/*@ loop invariant (from <= i && (from < 6 ==> i <= 6)) &&
	      (cleared: \forall integer j; REG_S2 + from <= j < REG_S2 + i && j < REG_S2 + 6 ==> threads[t].registers[j] == 0) &&
	      (kept: \forall integer j; 0 <= j < REG_S2 + 6 && j < REG_S2 + from ==>
	        threads[t].registers[j] == \at(threads[t].registers[j], Pre));
	    loop assigns i, threads[t].registers[18 .. 23];
	    loop variant MESSAGE_WORDS - i; */
	for (u64 i = from; i < MESSAGE_WORDS; i++)
		threads[t].registers[REG_S2 + i] = 0;
}

/* ---- A space (32 KiB): 512 hardware entries, then 512 slots, then a header slot (level list, ASID) ---- */
#define SPACE_SLOTS (SPACE_BYTES / SLOT_BYTES)
#define SPACE_GRANULES (SPACE_BYTES / GRANULE)
#define N_SPACES ((u32)(RAM_MAX / SPACE_BYTES))
#define SPACE_FIRST_SLOT (4096u / SLOT_BYTES)
#define SPACE_HEADER (SPACE_FIRST_SLOT + SPACE_ENTRIES)
#define SPACE_PTES (SPACE_BYTES / 8u)
#define N_PTES ((u32)(RAM_MAX / 8u))
extern volatile u64 ptes[N_PTES];

#define N_WORDS ((u32)(RAM_MAX / 8u))
extern u64 words[N_WORDS];

/* ---- The kernel block: objects of the kernel itself, at fixed places of the image (kernel.ld asserts them) ---- */
#define READY_QUEUES ((u32)((IMAGE_BLOCK + 0x40000ul) / ENDPOINT_BYTES)) /* of partition 0: 256, one a priority */
#define WHEEL_SLOTS 64u
#define WHEEL_QUEUES (READY_QUEUES + PRIORITIES)                         /* 64 refill queues, then the rest queue */
#define REST_QUEUE (WHEEL_QUEUES + WHEEL_SLOTS)
#define PARTITION_QUEUES 512u                                            /* from one partition's queues to the next's */
#define CAP_ROOT ((u32)((IMAGE_BLOCK + 0x6000ul) / SLOT_BYTES))          /* ends of the derivation list */
#define CAP_END (CAP_ROOT + 1u)
#define KERNEL_TABLE ((u32)((IMAGE_BLOCK + 0x8000ul) / SLOT_BYTES))      /* 1024 slots */
#define KERNEL_SPACE ((u32)((IMAGE_BLOCK + 0x10000ul) / SPACE_BYTES))    /* the kernel's own root */
#define KERNEL_RING_OFFSET (IMAGE_BLOCK + 0x18000ul)                     /* the fault ring: one page */
#define KERNEL_QUEUES ((u32)(IMAGE_SYSTEM / ENDPOINT_BYTES))             /* queues below belong to the kernel */
#define KERNEL_SLOTS ((u32)(IMAGE_SYSTEM / SLOT_BYTES))                  /* and so do slots, spaces and threads below these */
#define KERNEL_SPACES ((u32)(IMAGE_SYSTEM / SPACE_BYTES))
#define KERNEL_THREADS ((u32)(IMAGE_SYSTEM / THREAD_BYTES))
/* They are apart, though each stands in a view of its own: from the lowest, each ends before the next begins. */
_Static_assert(CAP_ROOT * SLOT_BYTES >= IMAGE_BLOCK && CAP_ROOT < CAP_END && CAP_END < KERNEL_TABLE, "the list's ends fit");
_Static_assert((KERNEL_TABLE + KERNEL_TABLE_SLOTS) * SLOT_BYTES <= KERNEL_SPACE * SPACE_BYTES, "the table fits");
_Static_assert((KERNEL_SPACE + 1) * SPACE_BYTES <= KERNEL_RING_OFFSET, "the kernel's space fits"); /* kernel.ld goes on */
_Static_assert(REST_QUEUE < READY_QUEUES + PARTITION_QUEUES, "queues of one partition end before the next's");
_Static_assert(READY_QUEUES + PARTITIONS * PARTITION_QUEUES <= KERNEL_QUEUES, "the queues fit");

/* ---- The state of the hart ---- */
#define N_LINES 256u
struct line {
	u32 queue;         /* notification that it is bound to */
	u32 bit;           /* mask */
	u32 next;          /* next line of the same notification */
	u32 count;         /* interrupts so far */
};
#define N_TIMERS 64u
struct timer {
	u64 deadline;      /* absolute ticks; NEVER if not armed */
	u32 queue;
	u32 bits;
};
#define NEVER (~0ul)

/*@ ghost extern u64 payload[6]; */ /* the hardware registers s2-s7, which no C touches */

/* Mirrors of `state`, `queue`, `next`, `prev`, `priority` of threads and of `head`, `tail` of queues: what relates two
 * threads is said of these, since a write to anything else of a thread leaves them alone. */
/*@ ghost extern u8 stands_as[N_THREADS]; */
/*@ ghost extern u32 stands_on[N_THREADS]; */
/*@ ghost extern u32 next_of[N_THREADS]; */
/*@ ghost extern u32 prev_of[N_THREADS]; */
/*@ ghost extern u8 priority_of[N_THREADS]; */
/*@ ghost extern u32 head_of[N_QUEUES]; */
/*@ ghost extern u32 tail_of[N_QUEUES]; */
/*@ ghost extern double came[N_THREADS]; */ /* when it came to the queue on which it stands: a real number, the least is first */
/*@ ghost extern double last_came; */
/*@ ghost extern u32 answer_in[N_THREADS]; */ /* the slot with the right to answer this thread; NONE: there is none */
/*@ ghost extern u32 reply_of[N_THREADS]; */  /* mirrors of `reply`, `arrival` and `fault`, and of `receivers` of a queue */
/*@ ghost extern u32 arrival_of[N_THREADS]; */
/*@ ghost extern u8 fault_of[N_THREADS]; */
/*@ ghost extern u8 receivers_of[N_QUEUES]; */
/*@ ghost extern u32 used_reply; */           /* a slot whose reply was used, while it still looks like one; else NONE */

/* Ghosts beside the slots, indexed like them: what proofs know and no instruction does (derivation.h). */
/*@ ghost extern u64 written[N_SLOTS]; */ /* slot of a space: what was written into its hardware entry last */
/*@ ghost extern u8 shown_type[N_SLOTS]; */ /* the capability whose image that is: a page, a level, or none */
/*@ ghost extern u32 shown_object[N_SLOTS]; */
/*@ ghost extern u8 shown_rights[N_SLOTS]; */
/*@ ghost extern u32 unsettled; */        /* the slot whose entry is about to follow it; NONE between operations */
/*@ ghost extern u8 linked[N_SLOTS]; */   /* in the list of derivation: 1 a capability, 2 an end */
/*@ ghost extern double rank[N_SLOTS]; */ /* its place there: a real number, so there is always room between two */
/*@ ghost extern double last[N_SLOTS]; */ /* what is derived from it has a rank below this; nothing else between */
/*@ ghost extern u32 level[N_SLOTS]; */   /* generations below the root of all */
/*@ ghost extern u32 succ[N_SLOTS]; */    /* next */
/*@ ghost extern u32 prec[N_SLOTS]; */    /* prev */
/*@ ghost extern u32 up[N_SLOTS]; */      /* parent */
/* The memory of originals, in slots (half granules) counted from physical address 0. */
/*@ ghost extern u8 owns[N_SLOTS]; */     /* the slot holds the original of an object: of this type */
/*@ ghost extern u32 origin[N_SLOTS]; */  /* a capability: the slot of the original of what it names */
/*@ ghost extern u8 may[N_SLOTS]; */      /* a capability: its rights */
/*@ ghost extern u8 shares[N_SLOTS]; */   /* whether they are of its parent's: it is a copy, or carved memory */
/*@ ghost extern u64 nth[N_SLOTS]; */     /* memory: how often its size fits below it, as it is aligned to that */
/*@ ghost extern u8 lends[N_SLOTS]; */    /* memory: whether pages may show it, as nothing else is ever made of it */
/*@ ghost extern u64 next_nth; */         /* the same of what is carved next */
/*@ ghost extern u64 begins[N_SLOTS]; */  /* where its memory begins */
/*@ ghost extern u64 ends[N_SLOTS]; */    /* where it ends */
/*@ ghost extern u64 given[N_SLOTS]; */   /* to where it was given to other objects */
/* What holds slots, tables, spaces and threads, each named by its first slot (CNodes). */
/*@ ghost extern u8 cnode[N_SLOTS]; */    /* its type; 0: none begins here */
/*@ ghost extern u32 beyond[N_SLOTS]; */  /* behind its last slot */
/*@ ghost extern u32 keeper[N_SLOTS]; */  /* the slot of its original; NONE: that is gone, it is dying */
/*@ ghost extern u32 home[N_SLOTS]; */    /* the one that a slot lies in */
/* Of those that die: in which order they began to, which one follows of the same type, up to where the slots are emptied; and
 * by type, the first and the last. */
/*@ ghost extern double turn[N_SLOTS]; */
/*@ ghost extern u32 after[N_SLOTS]; */
/*@ ghost extern u32 swept[N_SLOTS]; */
/*@ ghost extern u32 first_dying[CAP_THREAD + 1]; */
/*@ ghost extern u32 last_dying[CAP_THREAD + 1]; */
/*@ ghost extern double last_turn; */
/*@ ghost extern u8 apart; */             /* 1 until a step does what the proof cannot rule out: see trusted.md */

struct list {
	u32 head;
	u32 tail;
};
enum dying_list { DYING_THREADS = 0, DYING_QUEUES = 1, DYING_TABLES = 2, DYING_SPACES = 3, DYING_LISTS = 4 };

/* The scheduler's view of a partition whose window is closed; that of the open one is in the hart itself. */
struct closed {
	u64 ready[4];
	u64 wheel_bits;
	u64 wheel_at;
	u32 rest_at;
};
struct window {
	u32 ticks;
	u32 partition;
};

struct hart {
	u32 current;       /* the thread that runs; NONE: nobody yet, or idle */
	u32 payer;         /* the thread whose budget runs down */
	u32 holder;        /* the thread whose payload the hardware registers hold; NONE: nobody's */
	u32 top;           /* highest non-empty ready priority + 1; 0 if none is ready */
	u32 root;          /* the space whose root the MMU walks */
	u64 ready[4];      /* bit p: ready queue p is not empty */
	u64 since;         /* until when the payer is charged */
	bool served;       /* a passive server has worked on the payer's budget since then */
	u64 armed;         /* what the timer hardware was set to */
	u64 wheel_bits;    /* bit n: refill queue n is not empty */
	u64 wheel_at;      /* the last wheel position that was worked off, in ticks >> wheel_shift */
	u32 rest_at;       /* where sharing the rest goes on */
	u32 partition;     /* the open one: `top`, `ready`, `wheel_bits`, `wheel_at`, `rest_at` are about its queues */
	u32 queues;        /* the first of the open partition's queues */
	u32 window;        /* the open one; before the first, the last */
	u32 windows;       /* 0: no schedule */
	u64 window_end;    /* NEVER: no schedule */
	struct window schedule[WINDOWS_MAX];
	struct closed closed[PARTITIONS];
	struct list dying[DYING_LISTS]; /* objects whose original is gone, see cnode.c */
	u32 asid_round;    /* how often the ASIDs were used up */
	u32 asid;          /* last ASID given out */
	u32 fault_queue;   /* notification told about records in the fault ring */
	u32 fault_bit;
	u32 timers_used;
	struct timer timers[N_TIMERS];
	struct line lines[N_LINES];
};
extern struct hart hart;
extern struct fault_ring fault_ring;

/* What the boot record said, checked once; constant afterwards. */
struct machine {
	u64 base;          /* physical address of index 0 of every view */
	u32 base_granule;  /* the same / 64 */
	u32 ram_granules;  /* granules from base to the end of RAM */
	u32 asid_limit;    /* highest ASID, 0 if the hardware has none */
	u32 wheel_shift;
	u64 slice;         /* ticks that a thread without budget runs at a time */
	u64 plic_base;
	u32 plic_context;
	u32 plic_lines;
	u64 timebase;
	u64 hart;
};
extern struct machine machine;
extern struct boot_record boot_record;   /* what the boot stage said */
extern struct system_header boot_system; /* what stands behind the image; both are read and checked once */
