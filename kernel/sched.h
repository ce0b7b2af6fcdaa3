/* sched.h - who runs: fixed priorities, round robin within one, a budget and a period for every thread.
 *
 * The running thread is on no queue. A thread without budget waits in the wheel for its next period and meanwhile
 * shares what the others leave over. A passive server runs on its caller's budget while it owes a reply. */
#pragma once
#include "queue.h"

/*@ predicate ready_bits = \forall integer p; 0 <= p < PRIORITIES ==>
      (((hart.ready[p / 64] >> (p % 64)) & 1) == 1 <==> queues[READY_QUEUES + p].head != NONE);
    predicate hart_threads = hart.current < N_THREADS && hart.payer < N_THREADS && hart.top <= PRIORITIES;
    predicate sched_valid = queue_links && hart_threads; */

/* Make thread t, which is on no queue and not current, ready: with budget to its ready queue, without to the wheel. */
/*@ requires sched_valid && 0 < t < N_THREADS && threads[t].queue == NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid;
    ensures ready: threads[t].state == THREAD_READY || threads[t].state == THREAD_EXHAUSTED; */
void sched_ready(u32 t);

/* Hand the processor to t, which just stopped waiting, if the current thread has blocked (hart.current is NONE) and
 * nobody more important is ready; else make it ready. */
/*@ requires sched_valid && 0 < t < N_THREADS && threads[t].queue == NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid; */
void sched_hand_over(u32 t);

/* Take t off the queue that holds it, if one does; it is neither ready nor current afterwards. */
/*@ requires sched_valid && 0 < t < N_THREADS;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid;
    ensures off: threads[t].queue == NONE && hart.current != t; */
void sched_remove(u32 t);

/* Decide who runs and on whose budget; NONE: nobody can. Arms the timer for the end of the budget. */
/*@ requires sched_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid;
    ensures \result == hart.current; */
u32 sched_next(void);

/* The current thread goes to the tail of the queue of its priority. */
/*@ requires sched_valid && hart.current != NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid; */
void sched_yield(void);

/* Charge the payer up to `now`; begins its next period if that is due. */
/*@ requires sched_valid;
    assigns threads[hart.payer], hart.since;
    ensures valid: sched_valid; */
void sched_charge(u64 now);

/* What a timer interrupt asks of the scheduler: work off one step of the wheel and stop whose budget is used up.
 * True when the passive server that runs has exceeded the limit of a call. */
/*@ requires sched_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid; */
bool sched_tick(u64 now);

/* Set the parameters of t, whose new period begins now. */
/*@ requires sched_valid && 0 < t < N_THREADS && priority < PRIORITIES && budget <= period;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid;
    ensures threads[t].priority == priority && threads[t].budget == budget && threads[t].period == period; */
void sched_set(u32 t, u32 priority, u32 budget, u32 period);
