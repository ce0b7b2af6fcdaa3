/* queue.h - first-in first-out queues of threads: ready, refill, endpoints and notifications alike.
 *
 * Inline: these are a good part of every call. Thread NONE does not exist and is never written. */
#pragma once
#include "object.h"

/*@ predicate thread_index(integer t) = 0 <= t < N_THREADS;
    predicate queue_index(integer q) = 0 <= q < N_QUEUES;
    // I5 (part): links of threads and queues stay inside the views.
    predicate queue_links = (\forall integer t; thread_index(t) ==> threads[t].next < N_THREADS &&
        threads[t].prev < N_THREADS && threads[t].queue < N_QUEUES) &&
      (\forall integer q; queue_index(q) ==> queues[q].head < N_THREADS && queues[q].tail < N_THREADS); */

/* Append thread t, which is on no queue, to queue q. */
/*@ requires queue_links && 0 < t < N_THREADS && 0 < q < N_QUEUES && threads[t].queue == NONE;
    assigns threads[0 .. N_THREADS - 1].next, threads[t].prev, threads[t].queue, queues[q].head, queues[q].tail;
    ensures links: queue_links;
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
/*@ requires queue_links && 0 < q < N_QUEUES && 0 < t < N_THREADS && threads[t].queue == q && queues[q].head == t;
    assigns threads[0 .. N_THREADS - 1].prev, threads[t].queue, queues[q].head, queues[q].tail;
    ensures links: queue_links;
    ensures taken: threads[t].queue == NONE; */
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
/*@ requires queue_links && 0 < t < N_THREADS && threads[t].queue != NONE;
    assigns threads[0 .. N_THREADS - 1].next, threads[0 .. N_THREADS - 1].prev, threads[t].queue,
            queues[threads[t].queue].head, queues[threads[t].queue].tail;
    ensures links: queue_links;
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
