/* queue.c - first-in first-out queues of threads. Thread NONE does not exist and is never written. */
#include "queue.h"

void queue_put(u32 q, u32 t)
{
	u32 tail = queues[q].tail;

	threads[t].queue = q;
	threads[t].next = NONE;
	threads[t].prev = tail;
	if (tail != NONE)
		threads[tail].next = t;
	else
		queues[q].head = t;
	queues[q].tail = t;
}

void queue_take(u32 t)
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
