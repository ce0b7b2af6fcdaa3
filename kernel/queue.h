/* queue.h - first-in first-out queues of threads: ready, refill, endpoints and notifications alike.
 *
 * Inline: these are a good part of every call. Thread NONE does not exist and is never written. */
#pragma once
#include "invariant.h"

/* What a step at queue q writes: no other queue gets or loses its head. */
#define AT_QUEUE(q) next_of[0 .. N_THREADS - 1], prev_of[0 .. N_THREADS - 1], head_of[q], tail_of[q]

/* Append thread t, which is on no queue, to queue q. */
/*@ requires kernel_valid && 0 < t < N_THREADS && 0 < q < N_QUEUES && (free: stands_on[t] == NONE);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], stands_on[t], AT_QUEUE(q), came[t], last_came;
    ensures same: threads_same_but_links{Pre, Post};
    ensures VALID && TURNED;
    ensures put: stands_on[t] == q && tail_of[q] == t;
    ensures last: \forall integer k; on_one(t, k) && k != t ==> came[k] < came[t];
    ensures alone: \old(tail_of[q]) == NONE ==> head_of[q] == t; */
static inline void queue_put(u64 q, u64 t)
{
	u64 tail = wide(queues[q].tail);

	/*@ ghost last_came = last_came + 1.0; came[t] = last_came; */
	/*@ ghost stands_on[t] = (u32)q; next_of[t] = NONE; prev_of[t] = (u32)tail; tail_of[q] = (u32)t; */
	/*@ ghost if (tail != NONE) next_of[tail] = (u32)t; else head_of[q] = (u32)t; */
	threads[t].queue = (u32)q;
	threads[t].next = NONE;
	threads[t].prev = (u32)tail;
	if (tail != NONE)
		threads[tail].next = (u32)t;
	else
		queues[q].head = (u32)t;
	queues[q].tail = (u32)t;
}

/* Remove thread t, which is the first of queue q. */
/*@ requires kernel_valid && queue_index(q) && thread_index(t) && (head: head_of[q] == t);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], stands_on[t], AT_QUEUE(q);
    ensures same: threads_same_but_links{Pre, Post};
    ensures VALID && TURNED;
    ensures taken: stands_on[t] == NONE;
    ensures oldest: \forall integer k; 0 < k < N_THREADS && stands_on[k] == q && q != NONE ==> came[t] < came[k];
    ensures head: head_of[q] == \old(next_of[t]);
    ensures alone: \old(next_of[t]) == NONE ==> tail_of[q] == NONE;
    ensures first: \old(next_of[t]) != NONE ==> prev_of[\old(next_of[t])] == NONE; */
static inline void queue_take_first(u64 q, u64 t)
{
	u64 after = wide(threads[t].next);

	/*@ ghost head_of[q] = (u32)after; stands_on[t] = NONE; */
	/*@ ghost if (after == NONE) tail_of[q] = NONE; else prev_of[after] = NONE; */
	queues[q].head = (u32)after;
	if (after == NONE)
		queues[q].tail = NONE;
	else
		threads[after].prev = NONE;
	threads[t].queue = NONE;
}

/* Remove thread t from the queue that holds it. */
/*@ requires kernel_valid && 0 < t < N_THREADS && (queued: stands_on[t] != NONE);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], stands_on[t], AT_QUEUE(stands_on[t]);
    ensures same: threads_same_but_links{Pre, Post};
    ensures VALID && TURNED;
    ensures taken: stands_on[t] == NONE;
    ensures empty: \old(head_of[stands_on[t]]) == NONE ==> head_of[\old(stands_on[t])] == NONE; */
static inline void queue_take(u32 t)
{
	u32 q = threads[t].queue;
	u32 before = threads[t].prev;
	u32 after = threads[t].next;

	/*@ ghost if (before != NONE) next_of[before] = after; else head_of[q] = after; */
	/*@ ghost if (after != NONE) prev_of[after] = before; else tail_of[q] = before; */
	/*@ ghost stands_on[t] = NONE; */
	if (before != NONE)
		threads[before].next = after;
	else
		queues[q].head = after;
	if (after != NONE)
		threads[after].prev = before;
	else
		queues[q].tail = before;
	threads[t].queue = NONE;
}
