/* sched.h - who runs: fixed priorities, round robin within one, a budget and a period for every thread.
 *
 * The running thread is on no queue. A thread without budget waits in the wheel for its next period and meanwhile
 * shares what the others leave over. A passive server runs on its caller's budget while it owes a reply.
 * Where there is a schedule, only the partition whose window is open runs: its threads, and who works for them. */
#pragma once
#include "arch/riscv64/arch.h"
#include "queue.h"
#include "space.h"

/* I7: who becomes ready in the open partition, and works for nobody, has budget; who becomes exhausted has none. */
#define ENSURES_BUDGETED ensures budget:                                                               \
	threads[t].client == NONE && threads[t].partition == hart.partition && stands_as[t] == THREAD_READY ==> threads[t].left != 0; \
	ensures none: stands_as[t] == THREAD_EXHAUSTED ==> threads[t].client == NONE && threads[t].left == 0;
/* Make thread t, which is on no queue and not current, ready: with budget to its ready queue, without to the wheel. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, stands_as[t], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED;
    ensures stands: 0 < stands_on[t] < KERNEL_QUEUES && may_run(t);
    ensures stand: \old(threads_stand(hart.current, t)) ==> threads_stand(hart.current, NONE);
    ensures ready: threads[t].state == THREAD_READY || threads[t].state == THREAD_EXHAUSTED;
    ensures current: hart.current == \old(hart.current) && hart.partition == \old(hart.partition);
    ensures payer: \old(hart.payer) == NONE ==> hart.payer == NONE;
    ENSURES_BUDGETED
    ensures words: words_kept{Pre, Post};
    ensures top: hart.top >= \old(hart.top); */
void sched_ready(u32 t);

/* The same for who was woken by a signal: if it is more important than everybody else it becomes current at once, and the
 * current thread is preempted, without a way through its ready queue. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && t != hart.current &&
      (stand: threads_stand(hart.current, t) && current_runs && used_reply == NONE) && (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING && TURNED;
    ensures ready: threads[t].state == THREAD_READY || threads[t].state == THREAD_EXHAUSTED; */
void sched_wake(u32 t);

/* Take t off the queue that holds it, if one does; it is neither ready nor current afterwards. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED;
    ensures off: stands_on[t] == NONE;
    ensures stopped: hart.current == (\old(hart.current) == t ? NONE : \old(hart.current)); */
void sched_remove(u32 t);

/* Leave the kernel: decide who runs and on whose budget, arm the timer for the end of it, give the thread its payload
 * and its address space. The thread to run is the result; NONE: nobody can. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && (settled: unsettled == NONE);
    assigns OBJECTS, LINKS, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && HIGHEST && CAPABILITIES_KEPT && TURNED_WORDS;
    ensures standing: slots_standing{Pre, Post};
    ensures \result == hart.current; */
u32 sched_leave(void);

/* The current thread goes to the tail of the queue of its priority. */
/*@ requires STANDING && kernel_valid && hart.current != NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING && TURNED;
    ensures current: hart.current == NONE && hart.partition == \old(hart.partition);
    ensures payer: \old(hart.payer) == NONE ==> hart.payer == NONE;
    ensures top: hart.top >= \old(hart.top); */
void sched_yield(void);

/* Charge the payer up to `now`; begins its next period if that is due. */
/*@ requires kernel_valid;
    assigns threads[0 .. N_THREADS - 1], hart.served, hart.since;
    ensures THREADS_VALID && HART_VALID && TURNED;
    ensures same: threads_same_but_time{Pre, Post}; */
void sched_charge(u64 now);

/* The passive server t, which has a limit, begins to work for its client. True if the timer is set early enough to end
 * it; else its call must not go on before sched_leave. */
/*@ requires kernel_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID && TURNED;
    ensures words: words_kept{Pre, Post};
    ensures same: threads_same_but_time{Pre, Post}; */
static inline bool sched_begin_limit(u64 t)
{
	u64 now = arch_time();

	threads[t].spent = (u32)(hart.since - now);
	return now + wide(threads[t].limit) >= hart.armed;
}
/* It goes on: the timer ends it in time. */
/*@ requires kernel_valid && thread_index(t);
    assigns hart.armed;
    ensures VALID; */
void sched_resume_limit(u32 t);

/* The passive server t pays itself from now on, since its client is gone in the middle of a call of t to another one:
 * the limits of those that work for it count anew, on what t has used. */
/*@ requires kernel_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1], hart.served, hart.since, hart.payer;
    ensures VALID && TURNED;
    ensures same: threads_same_but_time{Pre, Post}; */
void sched_begin_limits(u32 t);

/* What a timer interrupt asks of the scheduler: work off one step of the wheel and stop whose budget is used up.
 * True when the passive server that runs has exceeded the limit of a call. */
/*@ requires STANDING && kernel_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING; */
bool sched_tick(u64 now);

/* Set the parameters of t, whose new period begins now. */
/*@ requires STANDING && kernel_valid && 0 < t < N_THREADS && priority < PRIORITIES && budget <= period <= 0x7fffffff &&
      (known: partition < PARTITIONS);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS, priority_of[t];
    ensures VALID && STANDING; */
void sched_set(u32 t, u32 priority, u32 budget, u32 period, u32 partition);

/* Boot: partition n may have threads from now on. */
/*@ requires queues_inside && queues_mirrored && n < PARTITIONS;
    assigns queues[0 .. N_QUEUES - 1];
    ensures queues: queues_inside;
    ensures ends: queues_mirrored; */
void sched_add_partition(u32 n);

/* Whether there is a partition n: 0, or one that has a window. */
/*@ assigns \nothing;
    ensures known: \result ==> n < PARTITIONS; */
static inline bool sched_is_partition(u64 n)
{
	return n < PARTITIONS && queues[READY_QUEUES + n * PARTITION_QUEUES].kind == QUEUE_READY;
}

#define SCHEDULE hart.schedule[0 .. WINDOWS_MAX - 1], hart.window, hart.windows, hart.window_end, hart.armed
/* Boot: one more window of the schedule, which begins with the first timer interrupt. */
/*@ requires kernel_valid;
    assigns queues[0 .. N_QUEUES - 1], SCHEDULE;
    ensures VALID; */
enum status sched_add_window(u64 ticks, u64 partition);

/* Whether t may run now: on its own budget, or on that of the caller to which it owes a reply. */
/*@ requires thread_index(t);
    assigns \nothing;
    ensures exact: \result <==> threads[t].client != NONE || threads[t].left != 0; */
static inline bool sched_has_budget(u32 t)
{
	return threads[t].client != NONE || threads[t].left != 0;
}

/* The current thread has blocked (hart.current is NONE) and t just stopped waiting: let it run at once if nobody more
 * important is ready. Leaves the kernel. */
/*@ requires DERIVED_APART && ready_valid && kernel_valid && 0 < t < N_THREADS && hart.current == NONE &&
      (settled: unsettled == NONE) && (stand: threads_stand(t, t) && used_reply == NONE) && (goes: goes(t));
    assigns OBJECTS, LINKS, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && HIGHEST && CAPABILITIES_KEPT && TURNED_WORDS;
    ensures standing: slots_standing{Pre, Post};
    ensures \result == hart.current; */
u32 sched_switch(u32 t);

/* Thread t has the message in the end, and whoever runs, no other thread got or lost anything by it; but whose payload the
 * hardware held loses that, if it has not been stored. */
#define CONTRACT_DELIVERED(placed)                                                                     \
	requires DERIVED_APART && kernel_valid && ready_valid && 0 < t < N_THREADS && (settled: unsettled == NONE) && \
	  (stand: threads_stand(t, t) && used_reply == NONE) && (goes: goes(t));                       \
	assigns OBJECTS, placed, payload[0 .. 5];                                                      \
	ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;                                     \
	ensures told: message_told(t, tag, badge); ensures handed: words_handed{Pre, Post}(t, tag);    \
	ensures waits: threads_wait{Pre, Post}; ensures standing: slots_standing{Pre, Post};           \
	ensures results: results_kept_but{Pre, Post}(t);                                               \
	ensures words: words_kept_but{Pre, Post}(t, \old(hart.holder)); ensures bits: queues_same_but_links{Pre, Post}; \
	ensures leaves: \result == hart.current;
/* The same for who got a message: its tag and badge, with its payload in the registers. */
/*@ CONTRACT_DELIVERED(LINKS)
    ensures HIGHEST;
    ensures states: states_turned{Pre, Post}; */
u32 sched_deliver(u64 t, u64 tag, u64 badge);

/* The same where the one who pays goes on to pay, as on each call of a passive server and on its answer: the short way of
 * every request. Where nobody more important is ready nothing else has to be looked at. */
/*@ CONTRACT_DELIVERED(stands_as[t])
    ensures states: states_kept_but{Pre, Post}(t);
    ensures highest: \old(nobody_above(t)) ==> current_is_highest;
    ensures ready: threads[t].state == THREAD_READY && hart.current == t && hart.holder == t; */
static inline u32 sched_hand_over(u64 t, u64 tag, u64 badge)
{
	/*@ ghost stands_as[t] = THREAD_READY; */
	threads[t].state = THREAD_READY;
	hart.current = (u32)t;
	hart.holder = (u32)t;
	hart.root = threads[t].root;
	return arch_leave(t, tag, badge, threads[t].image);
}

/* Whether nobody more important than t is ready, and the image of its space is at hand. */
/*@ requires thread_index(t) && threads_mirrored;
    assigns \nothing;
    ensures first: \result && ready_below_top ==> nobody_above(t); */
static inline bool sched_may_take_over(u64 t)
{
	return threads[t].priority + 1u >= hart.top && threads[t].image_round == hart.asid_round;
}

/* End a system call of t that did not switch: its result, and on. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && thread_index(t) && (settled: unsettled == NONE);
    assigns OBJECTS, LINKS, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && HIGHEST && CAPABILITIES_KEPT && (waits: threads_wait{Pre, Post}) &&
      (standing: slots_standing{Pre, Post}) && (results: results_kept_but{Pre, Post}(t)) &&
      (words: words_kept{Pre, Post} && (t != NONE ==> words_same{Pre, Post}(t))) &&
      (states: states_turned{Pre, Post}) && (bits: queues_same_but_links{Pre, Post}) &&
      (status: threads[t].registers[REG_A0] == status && threads[t].registers[REG_A1] == \old(threads[t].registers[REG_A1]) &&
        threads[t].registers[REG_A2] == \old(threads[t].registers[REG_A2])) &&
      (leaves: \result == hart.current); */
static inline u32 sched_return(u32 t, enum status status)
{
	u64 w = wide(t);

	threads[w].registers[REG_A0] = status;
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	/*@ assert first: threads[t].priority + 1 >= hart.top ==> nobody_above(t); */
	if (hart.current == t && hart.holder == t && threads[w].priority + 1u >= hart.top &&
	    threads[w].state == THREAD_READY && hart.payer == t && threads[w].client == NONE)
		return t;
	return sched_leave();
}
