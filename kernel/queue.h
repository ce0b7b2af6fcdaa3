/* queue.h - first-in first-out queues of threads: ready, refill, endpoints and notifications alike.
 *
 * Inline: these are a good part of every call. Thread NONE does not exist and is never written. */
#pragma once
#include "invariant.h"

/* Append thread t, which is on no queue, to queue q. */
/*@ requires kernel_valid && thread_index(t) && queue_index(q);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1];
    ensures same: threads_same_but_links{Pre, Post};
    ENSURES_TURNED
    ENSURES_VALID
    ensures put: threads[t].queue == q && queues[q].tail == t;
    ensures first: \old(queues[q].tail) == NONE ==> queues[q].head == t; */
static inline void queue_put(u64 q, u64 t)
{
	u64 tail = wide(queues[q].tail);

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
/*@ requires kernel_valid && queue_index(q) && thread_index(t);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1];
    ensures same: threads_same_but_links{Pre, Post};
    ENSURES_TURNED
    ENSURES_VALID
    ensures taken: threads[t].queue == NONE;
    ensures head: queues[q].head == \old(threads[t].next);
    ensures alone: \old(threads[t].next) == NONE ==> queues[q].tail == NONE;
    ensures first: \old(threads[t].next) != NONE ==> threads[\old(threads[t].next)].prev == NONE; */
static inline void queue_take_first(u64 q, u64 t)
{
	u64 after = wide(threads[t].next);

	queues[q].head = (u32)after;
	if (after == NONE)
		queues[q].tail = NONE;
	else
		threads[after].prev = NONE;
	threads[t].queue = NONE;
}

/* Remove thread t from the queue that holds it. */
/*@ requires kernel_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1];
    ensures same: threads_same_but_links{Pre, Post};
    ENSURES_TURNED
    ENSURES_VALID
    ensures taken: threads[t].queue == NONE; */
static inline void queue_take(u32 t)
{
	u32 q = threads[t].queue;
	u32 before = threads[t].prev;
	u32 after = threads[t].next;

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
