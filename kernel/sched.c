/* sched.c - who runs: fixed priorities, round robin within one, a budget and a period for every thread.
 *
 * Time is charged once per change of payer. A period is renewed when it is noticed to be over (at a charge, when the
 * thread becomes ready, or by the wheel), so a thread that sleeps costs nothing. */
#include "sched.h"

struct hart hart;

/* A word with one bit set, or cleared: functions of their own, since in so small a context it proves. */
/*@ requires bit < 64;
    assigns \nothing;
    ensures set: \forall integer b; 0 <= b < 64 ==> (has_bit(\result, b) <==> has_bit(word, b) || b == bit); */
static inline u64 sched_with_bit(u64 word, u32 bit)
{
	return word | 1ul << bit;
}

/*@ requires bit < 64;
    assigns \nothing;
    ensures cleared: \forall integer b; 0 <= b < 64 ==> (has_bit(\result, b) <==> has_bit(word, b) && b != bit); */
static inline u64 sched_without_bit(u64 word, u32 bit)
{
	return word & ~(1ul << bit);
}

/* The highest set bit of word, which has one. Five halvings, as the ISA has no count-leading-zeros. */
/*@ assigns \nothing;
    ensures range: \result < 64;
    ensures none: \forall integer b; \result < b < 64 ==> !has_bit(word, b); */
static inline u32 sched_top_bit(u64 word)
{
	u32 bit = 0;

	/* Below 2^n no bit from n on is set: of the machine's types the provers know it, of fewer bits by shifts by one. */
	/*@ assert small64: \forall u64 x, integer b; 64 <= b ==> !has_bit(x, b); */
	/*@ assert small32: \forall u32 x, integer b; 32 <= b ==> !has_bit(x, b); */
	/*@ assert small16: \forall u16 x, integer b; 16 <= b ==> !has_bit(x, b); */
	/*@ assert small8: \forall u8 x, integer b; 8 <= b ==> !has_bit(x, b); */
	/*@ assert small1: \forall integer x, b; 0 <= x <= 1 && 1 <= b ==> !has_bit(x, b); */
	/*@ assert small2: \forall integer x, b; 0 <= x < 4 && 2 <= b ==>
	      (has_bit(x >> 1, b - 1) <==> has_bit(x, b)) && !has_bit(x, b); */
	/*@ assert small3: \forall integer x, b; 0 <= x < 8 && 3 <= b ==>
	      (has_bit(x >> 1, b - 1) <==> has_bit(x, b)) && !has_bit(x, b); */
	/*@ assert small4: \forall integer x, b; 0 <= x < 16 && 4 <= b ==>
	      (has_bit(x >> 1, b - 1) <==> has_bit(x, b)) && !has_bit(x, b); */
	if (word > 0xffffffff) {
		bit = 32;
		/*@ assert moved: \forall integer b; 32 <= b ==> (has_bit(word >> 32, b) <==> has_bit(word, b + 32)); */
		/*@ assert clear: \forall integer b; 32 <= b ==> !has_bit(word >> 32, b); */
		word >>= 32;
	}
	/*@ assert shifted: word == (\at(word, Pre) >> bit) && bit <= 32; */
	/*@ assert none: \forall integer b; 32 <= b ==> !has_bit(word, b); */
	if (word > 0xffff) {
		bit += 16;
		/*@ assert moved: \forall integer b; 16 <= b ==> (has_bit(word >> 16, b) <==> has_bit(word, b + 16)); */
		/*@ assert clear: \forall integer b; 16 <= b ==> !has_bit(word >> 16, b); */
		word >>= 16;
	}
	/*@ assert shifted: word == (\at(word, Pre) >> bit) && bit <= 48; */
	/*@ assert none: \forall integer b; 16 <= b ==> !has_bit(word, b); */
	if (word > 0xff) {
		bit += 8;
		/*@ assert moved: \forall integer b; 8 <= b ==> (has_bit(word >> 8, b) <==> has_bit(word, b + 8)); */
		/*@ assert clear: \forall integer b; 8 <= b ==> !has_bit(word >> 8, b); */
		word >>= 8;
	}
	/*@ assert shifted: word == (\at(word, Pre) >> bit) && bit <= 56; */
	/*@ assert none: \forall integer b; 8 <= b ==> !has_bit(word, b); */
	if (word > 0xf) {
		bit += 4;
		/*@ assert moved: \forall integer b; 4 <= b ==> (has_bit(word >> 4, b) <==> has_bit(word, b + 4)); */
		/*@ assert clear: \forall integer b; 4 <= b ==> !has_bit(word >> 4, b); */
		word >>= 4;
	}
	/*@ assert shifted: word == (\at(word, Pre) >> bit) && bit <= 60; */
	/*@ assert none: \forall integer b; 4 <= b ==> !has_bit(word, b); */
	if (word > 3) {
		bit += 2;
		/*@ assert moved: \forall integer b; 2 <= b ==> (has_bit(word >> 2, b) <==> has_bit(word, b + 2)); */
		/*@ assert clear: \forall integer b; 2 <= b ==> !has_bit(word >> 2, b); */
		word >>= 2;
	}
	/*@ assert shifted: word == (\at(word, Pre) >> bit) && bit <= 62; */
	/*@ assert none: \forall integer b; 2 <= b ==> !has_bit(word, b); */
	/*@ assert top: \forall integer b; bit + (word > 1 ? 2 : 1) <= b ==>
	      (has_bit(\at(word, Pre) >> bit, b - bit) <==> has_bit(\at(word, Pre), b)); */
	return word > 1 ? bit + 1 : bit;
}

/* Find the highest ready priority again, after the queue of the highest became empty. */
/*@ requires seen: ready_seen && hart_schedule;
    assigns hart.top;
    ensures range: hart.top <= PRIORITIES;
    ensures below: ready_below_top; */
static void sched_find_top(void)
{
	u32 w = hart.ready[3] != 0 ? 3 : hart.ready[2] != 0 ? 2 : hart.ready[1] != 0 ? 1 : 0;

	hart.top = hart.ready[w] != 0 ? 64 * w + sched_top_bit(hart.ready[w]) + 1 : 0;
	/*@ assert none: \forall integer p; hart.top <= p < PRIORITIES ==> !has_bit(hart.ready[p / 64], p % 64); */
}

/* The thread that pays for t: the top of the chain of callers of passive servers. */
/*@ requires threads_waiting && thread_index(t);
    assigns \nothing;
    ensures index: thread_index(\result);
    ensures own: threads[t].client == NONE ==> \result == t; */
static inline u32 sched_payer(u32 t)
{
	/*@ loop invariant t < N_THREADS && (threads[\at(t, Pre)].client == NONE ==> t == \at(t, Pre));
	    loop assigns i, t;
	    loop variant CHAIN_MAX - i; */
	for (u32 i = 0; i < CHAIN_MAX && threads[wide(t)].client != NONE; i++)
		t = threads[wide(t)].client;
	return t;
}

/* To the ready queue of its priority in the open partition. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.ready[0 .. 3], hart.top,
      stands_as[t], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED;
    ensures stands: stands_on[t] == hart.queues + threads[t].priority && stands_as[t] == THREAD_READY;
    ensures top: hart.top >= \old(hart.top);
    ensures seen: hart.top > threads[t].priority;
    ensures own: threads[t].left == \old(threads[t].left) && threads[t].partition == \old(threads[t].partition) &&
      threads[t].client == \old(threads[t].client); */
static inline void sched_put_ready(u64 t)
{
	u32 priority = threads[t].priority;

	/*@ ghost stands_as[t] = THREAD_READY; */
	threads[t].state = THREAD_READY;
	hart.ready[priority / 64] = sched_with_bit(hart.ready[priority / 64], priority % 64);
	/*@ assert kept: \forall integer w, b; 0 <= w < 4 && 0 <= b < 64 && (w != priority / 64 || b != priority % 64) ==>
	      (has_bit(\at(hart.ready[w], Pre), b) <==> has_bit(hart.ready[w], b)); */
	if (priority >= hart.top)
		hart.top = priority + 1;
	/*@ assert bit: ready_seen_but(hart.queues + priority) && has_bit(hart.ready[priority / 64], priority % 64); */
	/*@ assert rank: stands_ranked(THREAD_READY, priority, hart.queues + priority); */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	queue_put(wide(hart.queues) + priority, t);
}

/* The same in a closed one. What budget it has will be seen when a window opens. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && partition < PARTITIONS && partition != hart.partition &&
      (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.closed[partition].ready[0 .. 3],
      stands_as[t], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED;
    ensures stands: stands_on[t] == READY_QUEUES + partition * PARTITION_QUEUES + threads[t].priority &&
      stands_as[t] == THREAD_READY;
    ensures own: threads[t].left == \old(threads[t].left) && threads[t].partition == \old(threads[t].partition) &&
      threads[t].client == \old(threads[t].client); */
static void sched_put_closed(u32 t, u32 partition)
{
	u32 priority = threads[t].priority;

	/*@ ghost stands_as[t] = THREAD_READY; */
	threads[t].state = THREAD_READY;
	hart.closed[partition].ready[priority / 64] =
		sched_with_bit(hart.closed[partition].ready[priority / 64], priority % 64);
	/*@ assert kept: \forall integer n, w, b; 0 <= n < PARTITIONS && 0 <= w < 4 && 0 <= b < 64 &&
	      (n != partition || w != priority / 64 || b != priority % 64) ==>
	      (has_bit(\at(hart.closed[n].ready[w], Pre), b) <==> has_bit(hart.closed[n].ready[w], b)); */
	/*@ assert bit: closed_seen_but(READY_QUEUES + partition * PARTITION_QUEUES + priority) &&
	      has_bit(hart.closed[partition].ready[priority / 64], priority % 64); */
	/*@ assert rank: stands_ranked(THREAD_READY, priority, READY_QUEUES + partition * PARTITION_QUEUES + priority); */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	queue_put(READY_QUEUES + partition * PARTITION_QUEUES + priority, t);
}

/* The ready queue q of that priority became empty. */
/*@ requires kernel_valid && priority < PRIORITIES &&
      (empty: head_of[q] == NONE && OF_PARTITIONS(q) && PLACE_OF(q) == priority) &&
      (bitmap: ready_below_top && ready_seen_but(q) && closed_seen_but(q) && threads_ranked);
    assigns hart.ready[0 .. 3], hart.top, hart.closed[0 .. PARTITIONS - 1];
    ensures VALID && READY_VALID; */
static inline void sched_clear_ready(u32 q, u32 priority)
{
	u32 partition = (q - READY_QUEUES) / PARTITION_QUEUES;

	if (partition != hart.partition) {
		hart.closed[partition % PARTITIONS].ready[priority / 64] =
			sched_without_bit(hart.closed[partition % PARTITIONS].ready[priority / 64], priority % 64);
		/*@ assert kept: \forall integer n, w, b; 0 <= n < PARTITIONS && 0 <= w < 4 && 0 <= b < 64 &&
		      (n != partition || w != priority / 64 || b != priority % 64) ==>
		      (has_bit(\at(hart.closed[n].ready[w], Pre), b) <==> has_bit(hart.closed[n].ready[w], b)); */
		/*@ assert clear: !has_bit(hart.closed[partition].ready[priority / 64], priority % 64); */
		return;
	}
	hart.ready[priority / 64] = sched_without_bit(hart.ready[priority / 64], priority % 64);
	/*@ assert kept: \forall integer w, b; 0 <= w < 4 && 0 <= b < 64 && (w != priority / 64 || b != priority % 64) ==>
	      (has_bit(\at(hart.ready[w], Pre), b) <==> has_bit(hart.ready[w], b)); */
	/*@ assert clear: !has_bit(hart.ready[priority / 64], priority % 64); */
	/*@ assert seen: ready_seen; */
	if (priority + 1 == hart.top)
		sched_find_top();
}

/* The first thread of the highest priority, off its queue. */
/*@ requires ready_valid && kernel_valid && 0 < hart.top && (stand: threads_stand(NONE, NONE));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.ready[0 .. 3], hart.top, PLACES;
    ensures VALID && READY_VALID && TURNED;
    ensures \result < N_THREADS;
    ensures first: \result == \old(head_of[hart.queues + hart.top - 1]);
    ensures highest: \result != NONE ==> nobody_above(\result);
    ensures runs: \result != NONE ==> stands_on[\result] == NONE && stands_as[\result] == THREAD_READY;
    ensures stand: threads_stand(\result, NONE); */
static inline u32 sched_take_top(void)
{
	u32 priority = hart.top - 1;
	u64 q = wide(hart.queues) + priority;
	u64 t = wide(queues[q].head);

	/*@ assert index: q == hart.queues + hart.top - 1; */
	/*@ assert first: t == head_of[q]; */
	/*@ assert place: OF_PARTITIONS(q) && PLACE_OF(q) == priority; */
	/*@ assert rank: t != NONE ==> stands_as[t] == THREAD_READY && priority_of[t] == priority; */
	queue_take_first(q, t);
	if (queues[q].head == NONE) {
		hart.ready[priority / 64] = sched_without_bit(hart.ready[priority / 64], priority % 64);
		/*@ assert kept: \forall integer w, b; 0 <= w < 4 && 0 <= b < 64 && (w != priority / 64 || b != priority % 64) ==>
		      (has_bit(\at(hart.ready[w], Pre), b) <==> has_bit(hart.ready[w], b)); */
		/*@ assert clear: !has_bit(hart.ready[priority / 64], priority % 64); */
		/*@ assert seen: ready_seen; */
		sched_find_top();
	}
	return (u32)t;
}

/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && threads[t].state == THREAD_READY &&
      (queued: stands_on[t] != NONE);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.ready[0 .. 3], hart.top,
            hart.closed[0 .. PARTITIONS - 1], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED;
    ensures off: stands_on[t] == NONE; */
static void sched_take_ready(u32 t)
{
	u32 priority = threads[t].priority;
	u32 q = threads[t].queue;

	queue_take(t);
	if (queues[q].head == NONE)
		sched_clear_ready(q, priority);
}

/* Have a timer interrupt at `deadline` at the latest. */
/*@ assigns hart.armed;
    ensures hart.armed <= deadline; */
static inline void sched_arm_until(u64 deadline)
{
	if (deadline < hart.armed) {
		hart.armed = deadline;
		arch_timer_set(deadline);
	}
}

/* The queue of a position of the open partition's wheel. */
/*@ requires hart_schedule;
    assigns \nothing;
    ensures index: 0 < \result < READY_QUEUES + PARTITIONS * PARTITION_QUEUES;
    ensures wheel: hart.queues + PRIORITIES <= \result < hart.queues + PRIORITIES + WHEEL_SLOTS &&
      PRIORITIES <= PLACE_OF(\result); */
static inline u32 sched_wheel_queue(u64 at)
{
	return hart.queues + PRIORITIES + (u32)(at % WHEEL_SLOTS);
}

/* The wheel: position n of time (ticks >> shift) is queue n % 64. Who is due later than 63 positions ahead is looked
 * at again when the wheel gets there. Threads without a period wait in the rest queue for ever. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.wheel_bits, hart.wheel_at, hart.armed,
      stands_as[t], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED &&
      (stands: 0 < stands_on[t] < KERNEL_QUEUES && stands_as[t] == THREAD_EXHAUSTED) &&
      (own: threads[t].left == \old(threads[t].left) && threads[t].partition == \old(threads[t].partition) &&
        threads[t].client == \old(threads[t].client)); */
static void sched_put_wheel(u32 t)
{
	u64 at = (threads[t].refill >> machine.wheel_shift) + 1;

	/*@ ghost stands_as[t] = THREAD_EXHAUSTED; */
	threads[t].state = THREAD_EXHAUSTED;
	if (threads[t].budget == 0) {
		/*@ assert wheel: PRIORITIES <= PLACE_OF(hart.queues + PRIORITIES + WHEEL_SLOTS); */
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		queue_put(hart.queues + PRIORITIES + WHEEL_SLOTS, t);
		/*@ assert own: threads[t].left == \at(threads[t].left, Pre) && threads[t].partition == \at(threads[t].partition, Pre) &&
		      threads[t].client == \at(threads[t].client, Pre); */
		/*@ assert ranks: READY_VALID; */
		return;
	}
	if (hart.wheel_bits == 0 && arch_time() >> machine.wheel_shift > hart.wheel_at)
		hart.wheel_at = arch_time() >> machine.wheel_shift; /* it stood still: not through all that time step by step */
	if (at <= hart.wheel_at)
		at = hart.wheel_at + 1;
	if (at - hart.wheel_at > WHEEL_SLOTS - 1)
		at = hart.wheel_at + WHEEL_SLOTS - 1;
	hart.wheel_bits |= 1ul << (at % WHEEL_SLOTS);
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	queue_put(sched_wheel_queue(at), t);
	/*@ assert own: threads[t].left == \at(threads[t].left, Pre) && threads[t].partition == \at(threads[t].partition, Pre) &&
	      threads[t].client == \at(threads[t].client, Pre); */
	/*@ assert ranks: READY_VALID; */
	sched_arm_until((hart.wheel_at + 1) << machine.wheel_shift); /* the turn of who runs may end much later */
}

/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS &&
      (queued: stands_on[t] != NONE && (KERNEL_QUEUES <= stands_on[t] || PRIORITIES <= PLACE_OF(stands_on[t])));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.wheel_bits,
            hart.closed[0 .. PARTITIONS - 1], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED;
    ensures off: stands_on[t] == NONE; */
static void sched_take_wheel(u32 t)
{
	u32 q = threads[t].queue;
	u32 position = (q - WHEEL_QUEUES) % PARTITION_QUEUES;
	u32 partition = (q - WHEEL_QUEUES) / PARTITION_QUEUES;

	queue_take(t);
	if (queues[q].head != NONE || position == WHEEL_SLOTS)
		return;
	if (partition == hart.partition)
		hart.wheel_bits &= ~(1ul << position % WHEEL_SLOTS);
	else
		hart.closed[partition % PARTITIONS].wheel_bits &= ~(1ul << position % WHEEL_SLOTS);
}

/* Begin the next period of t if it is due: debt is paid first. */
/*@ requires THREADS_VALID && (index: thread_index(t));
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID && TURNED;
    ensures same: threads_same_but_time{Pre, Post}; */
static inline void sched_renew(u64 t, u64 now)
{
	if (now < threads[t].refill || threads[t].budget == 0)
		return;
	threads[t].refill = now + threads[t].period;
	if (threads[t].debt >= threads[t].budget) {
		threads[t].debt -= threads[t].budget;
		threads[t].left = 0;
	} else {
		threads[t].left = threads[t].budget - threads[t].debt;
		threads[t].debt = 0;
	}
}

/* The payer p was charged `ticks`: they count for every server that works on its budget. */
/*@ requires THREADS_VALID && (index: thread_index(p));
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID && TURNED;
    ensures same: threads_same_but_time{Pre, Post}; */
static void sched_count_limits(u32 p, u32 ticks)
{
	u32 server = threads[p].server;

	/*@ loop invariant thread_index(server) && (queued: threads_queued) && (placed: threads_placed) &&
	      (waiting: threads_waiting) && (timed: threads_timed) && (mirrored: threads_mirrored) &&
	      (dying: threads_dying) && (same: threads_same_but_time{Pre, Here}) &&
	      (waits: threads_wait{Pre, Here}) && (registers: registers_kept{Pre, Here});
	    loop assigns i, server, threads[0 .. N_THREADS - 1];
	    loop variant CHAIN_MAX - i; */
	for (u32 i = 0; i < CHAIN_MAX && server != NONE; i++) {
		long spent = (int)threads[server].spent + (long)ticks;

		threads[server].spent = spent < 0x7fffffff ? (u32)spent : 0x7fffffffu;
		server = threads[server].server;
	}
}

void sched_charge(u64 now)
{
	u64 p = wide(hart.payer);
	u64 elapsed = now - hart.since;
	u32 ticks = elapsed > 0x7fffffff ? 0x7fffffffu : (u32)elapsed;
	bool served = hart.served;

	hart.since = now;
	hart.served = false;
	if (p == NONE)
		return;
	threads[p].used += elapsed;
	/*@ assert have: threads_have; */
	if (threads[p].server != NONE)
		sched_count_limits((u32)p, ticks);
	/*@ assert have: threads_have; */
	if (threads[p].left > ticks) {
		threads[p].left -= ticks;
	} else {
		if ((served || threads[p].server != NONE) && threads[p].budget != 0 && threads[p].debt < 0x40000000u)
			threads[p].debt += (ticks - threads[p].left) & 0x3fffffffu;
		threads[p].left = 0;
	}
	/*@ assert have: threads_have; */
	sched_renew(p, now);
}

/* Charge the payer; whoever runs next begins to pay, and the timer is set for it, even if it is the same thread. */
/*@ requires kernel_valid;
    assigns threads[0 .. N_THREADS - 1], hart.served, hart.since, hart.payer;
    ensures THREADS_VALID && HART_VALID && TURNED;
    ensures same: threads_same_but_time{Pre, Post};
    ensures hart.payer == NONE; */
static void sched_stop_paying(void)
{
	sched_charge(arch_time());
	hart.payer = NONE;
}

/* sched_ready for who has no budget of its own left, works for another thread, or belongs to a closed partition. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, stands_as[t], stands_on[t], ORDER;
    ensures VALID && READY_VALID && TURNED && (stands: 0 < stands_on[t] < KERNEL_QUEUES && may_run(t)) &&
      (current: hart.current == \old(hart.current) && hart.partition == \old(hart.partition)) &&
      (payer: \old(hart.payer) == NONE ==> hart.payer == NONE) && (top: hart.top >= \old(hart.top));
    ENSURES_BUDGETED */
static __attribute__((noinline)) void sched_ready_apart(u32 t)
{
	u32 partition = threads[sched_payer(t)].partition;

	if (!sched_has_budget(t)) {
		if (hart.payer == t)
			sched_stop_paying();
		else
			sched_renew(t, arch_time());
	}
	/*@ assert closed: threads[t].client == NONE ==> partition == threads[t].partition; */
	if (partition != hart.partition)
		sched_put_closed(t, partition);
	else if (sched_has_budget(t))
		sched_put_ready(t);
	else
		sched_put_wheel(t);
}

/* Whether t may run on a budget of its own, in the open partition: the usual case. */
/*@ requires thread_index(t);
    assigns \nothing;
    ensures plain: \result ==> threads[t].left != 0; */
static inline bool sched_is_plain(u64 t)
{
	return threads[t].left != 0 && threads[t].client == NONE && threads[t].partition == hart.partition;
}

void sched_ready(u32 t)
{
	if (sched_is_plain(wide(t))) {
		sched_put_ready(wide(t));
		/*@ assert words: words_kept{Pre, Here}; */
	} else {
		sched_ready_apart(t);
		/*@ assert words: words_kept{Pre, Here}; */
	}
	/*@ assert holder: hart.holder == \at(hart.holder, Pre) && registers_kept{Pre, Here}; */
	/*@ assert words: words_kept{Pre, Here}; */
	/*@ assert self: stands(t); */
	/*@ assert stand: \at(threads_stand(hart.current, t), Pre) ==> threads_stand(hart.current, NONE); */
}

void sched_wake(u32 t)
{
	u64 w = wide(t);
	u64 current = wide(hart.current);

	if (current == NONE || threads[w].priority < hart.top || threads[w].priority <= threads[current].priority ||
	    !sched_is_plain(w)) {
		sched_ready(t);
		/*@ assert stand: threads_stand(hart.current, NONE); */
		return;
	}
	sched_ready((u32)current);
	/*@ assert stand: threads_stand(t, NONE); */
	/*@ ghost stands_as[t] = THREAD_READY; */
	threads[w].state = THREAD_READY;
	hart.current = t;
}

void sched_remove(u32 t)
{
	if (hart.current == t)
		hart.current = NONE;
	if (threads[t].queue == NONE)
		return;
	if (threads[t].state == THREAD_READY)
		sched_take_ready(t);
	else if (threads[t].state == THREAD_EXHAUSTED)
		sched_take_wheel(t);
	else {
		/*@ assert object: KERNEL_QUEUES <= stands_on[t] || PRIORITIES <= PLACE_OF(stands_on[t]); */
		queue_take(t);
		/*@ assert rank: threads_ranked; */
	}
}

/* With nobody ready who has budget: the next thread that shares the rest. A thread in debt does not. */
/*@ requires STANDING && kernel_valid && hart.current == NONE && hart.top == 0;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, PLACES;
    ensures VALID && STANDING && HIGHEST && TURNED; */
static void sched_share_rest(void)
{
	/*@ loop invariant VALID && STANDING && (waits: threads_wait{Pre, Here}) &&
	      (registers: registers_kept{Pre, Here}) && (states: states_turned{Pre, Here}) &&
	      (bits: queues_same_but_links{Pre, Here}) && (nobody_yet: hart.current == NONE);
	    loop assigns i, hart.rest_at;
	    loop variant WHEEL_SLOTS + 1 - i; */
	for (u32 i = 0; i <= WHEEL_SLOTS; i++) {
		u32 t = NONE;

		if (hart.wheel_bits == 0 && queues[hart.queues + PRIORITIES + WHEEL_SLOTS].head == NONE)
			return;
		hart.rest_at = hart.rest_at >= WHEEL_SLOTS ? 0 : hart.rest_at + 1;
		t = queues[hart.queues + PRIORITIES + hart.rest_at].head;
		if (t != NONE && threads[t].debt == 0) {
			/*@ assert first: head_of[hart.queues + PRIORITIES + hart.rest_at] == t; */
			/*@ assert runs: stands_on[t] == hart.queues + PRIORITIES + hart.rest_at && may_run(t); */
			/*@ assert keeps: stands(t) && keeps_nothing(t); */
			sched_take_wheel(t);
			/*@ assert stand: threads_stand(t, NONE); */
			hart.current = t;
			/*@ assert running: current_runs; */
			return;
		}
	}
}

/* Ticks that the passive server t, whose payer was charged up to now, may still use for this call. */
/*@ requires thread_index(t);
    assigns \nothing;
    ensures range: \result <= 0x17fffffff; */
static inline u64 sched_limit_left(u32 t)
{
	long left = (long)threads[t].limit - (int)threads[t].spent;

	return left > 0 ? (u64)left : 0;
}

/* When the thread that runs must be looked at again: its payer has no budget left, or it exceeds the limit of a call. */
/*@ requires kernel_valid;
    assigns \nothing; */
static inline u64 sched_end(u64 now)
{
	u64 t = wide(hart.current);
	u64 p = wide(hart.payer);
	u64 end = now;

	if (threads[p].left != 0)
		end = now + wide(threads[p].left);
	else if (t != p || threads[t].state == THREAD_EXHAUSTED)
		end = now + machine.slice;
	if (t != p && threads[t].limit != 0 && now + sched_limit_left((u32)t) < end)
		end = now + sched_limit_left((u32)t);
	return end;
}

/* Set the timer for what comes first of the end of a budget and the wheel, if that is before what is set already. An
 * interrupt that comes too early finds nothing to do and sets the next. */
/*@ requires kernel_valid;
    assigns hart.armed; */
static inline void sched_arm(u64 now)
{
	u64 deadline = hart.current != NONE ? sched_end(now) : NEVER;

	if (hart.wheel_bits != 0 && (hart.wheel_at + 1) << machine.wheel_shift < deadline)
		deadline = (hart.wheel_at + 1) << machine.wheel_shift;
	sched_arm_until(deadline);
}

/* Whoever is to run works for a partition that is closed: it waits. The timer interrupt that comes at once looks for
 * somebody else, so that no entry looks at more than one. */
/*@ requires ready_valid && kernel_valid && hart.current != NONE && (stand: threads_stand(hart.current, NONE)) &&
      (goes: goes(hart.current));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && READY_VALID && TURNED_WORDS;
    ensures stand: threads_stand(NONE, NONE);
    ensures current: hart.current == NONE && hart.payer == NONE && hart.holder == NONE; */
static void sched_wait_for_window(u64 now)
{
	u32 t = hart.current;

	if (hart.holder != NONE)
		arch_payload_store(hart.holder);
	hart.holder = NONE;
	hart.payer = NONE;
	hart.current = NONE;
	sched_ready(t);
	sched_arm_until(now);
}

/* The budget of the payer begins or ends to run: charge the one before and arm for the new one. If the payer's
 * partition is closed, the current thread waits for its window instead, and nobody is current any more. */
/*@ requires ready_valid && kernel_valid && payer < N_THREADS && (somebody: payer != NONE ==> hart.current != NONE) &&
      (stand: threads_stand(hart.current, NONE)) && (goes: hart.current != NONE ==> goes(hart.current));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && READY_VALID && TURNED_WORDS;
    ensures STILL_HIGHEST;
    ensures above: \old(nobody_above_current) ==> nobody_above_current;
    ensures holder: hart.holder == \old(hart.holder) || hart.holder == NONE;
    ensures stand: threads_stand(hart.current, NONE);
    ensures stays: \old(threads[payer].partition) == \old(hart.partition) ==> hart.current == \old(hart.current);
    ensures goes: hart.current == NONE || (hart.current == \old(hart.current) && stands_on[hart.current] == NONE &&
      stands_as[hart.current] == \old(stands_as[hart.current]));
    ensures open: hart.payer == NONE || (hart.payer == payer && threads[payer].partition == hart.partition); */
static void sched_change_payer(u32 payer)
{
	u64 now = arch_time();

	sched_charge(now);
	hart.payer = payer;
	//@ assert highest: (\at(current_is_highest, Pre) ==> current_is_highest) && (\at(nobody_above_current, Pre) ==> nobody_above_current);
	//@ assert words: words_kept{Pre, Here};
	if (payer != NONE && threads[wide(payer)].partition != hart.partition)
		sched_wait_for_window(now);
	//@ assert highest: (\at(current_is_highest, Pre) ==> current_is_highest) && (\at(nobody_above_current, Pre) ==> nobody_above_current);
	//@ assert words: words_kept{Pre, Here};
	//@ assert holder: hart.holder == \at(hart.holder, Pre) || hart.holder == NONE;
	sched_arm(now);
}

/* Who runs instead of t, which runs until now, if somebody should. */
/*@ requires STANDING && kernel_valid && t == hart.current;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING && HIGHEST && TURNED;
    ensures current: \result == hart.current; */
static inline u32 sched_choose(u32 t)
{
	/*@ assert first: t != NONE && threads[t].priority + 1 >= hart.top && threads[t].state != THREAD_EXHAUSTED ==>
	      current_is_highest; */
	if (t != NONE && threads[wide(t)].priority + 1u >= hart.top && threads[wide(t)].state != THREAD_EXHAUSTED)
		return t;
	if (hart.top != 0) {
		if (t != NONE)
			sched_yield(); /* it may have a new period by now, so before the choice */
		hart.current = sched_take_top();
		/*@ assert highest: current_is_highest; */
	} else if (t == NONE) {
		sched_share_rest();
	} else {
		/*@ assert alone: nobody_ready; */
		/*@ assert highest: current_is_highest; */
	}
	return hart.current;
}

/* Decide who runs. */
/*@ requires STANDING && kernel_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING && HIGHEST && TURNED_WORDS;
    ensures \result == hart.current; */
static u32 sched_next(void)
{
	u32 t = sched_choose(hart.current);
	u32 payer = NONE;

	/*@ assert words: words_kept{Pre, Here}; */
	if (t != NONE)
		payer = sched_payer(t);
	if (payer != hart.payer)
		sched_change_payer(payer);
	else if (payer != t && threads[wide(t)].limit != 0)
		sched_resume_limit(t);
	return hart.current;
}

/*@ predicate words_stored{A, B} = \forall integer k; 0 < k < N_THREADS ==>
      \at(threads[k].registers[REG_S2], B) == word_of{A}(k, 0) && \at(threads[k].registers[REG_S2 + 1], B) == word_of{A}(k, 1) &&
      \at(threads[k].registers[REG_S2 + 2], B) == word_of{A}(k, 2) && \at(threads[k].registers[REG_S2 + 3], B) == word_of{A}(k, 3) &&
      \at(threads[k].registers[REG_S2 + 4], B) == word_of{A}(k, 4) && \at(threads[k].registers[REG_S2 + 5], B) == word_of{A}(k, 5); */

/* The hardware gets the payload of `next`, and whose it holds has it in memory. */
/*@ requires kernel_valid && thread_index(next);
    assigns threads[0 .. N_THREADS - 1], hart.holder, payload[0 .. 5];
    ensures THREADS_VALID && HART_VALID && TURNED_WORDS;
    ensures held: hart.holder == next; */
static inline __attribute__((always_inline)) void sched_swap_payload(u32 next)
{
	if (next != hart.holder) {
		if (hart.holder != NONE)
			arch_payload_store(hart.holder);
		//@ assert tied: threads_tied;
		//@ assert stored: words_stored{Pre, Here};
		if (next != NONE)
			arch_payload_load(next);
		hart.holder = next;
	}
}

u32 sched_leave(void)
{
	u32 next = sched_next();

	/*@ assert words: words_kept{Pre, Here}; */
	sched_swap_payload(next);
	/*@ assert words: words_kept{Pre, Here}; */
	if (next == NONE)
		return NONE;
	space_use(wide(next));
	/*@ assert words: words_kept{Pre, Here}; */
	return next;
}

/* t, which runs or is about to, has budget. */
/*@ requires kernel_valid && 0 < t < N_THREADS && goes(t);
    assigns threads[t].state, stands_as[t];
    ensures THREADS_VALID;
    ensures stand: \old(threads_stand(t, NONE)) ==> threads_stand(t, NONE);
    ensures ready: stands_as[t] == THREAD_READY; */
static inline void sched_note_ready(u32 t)
{
	/*@ ghost stands_as[t] = THREAD_READY; */
	threads[t].state = THREAD_READY;
}

u32 sched_switch(u32 t)
{
	if (threads[t].priority + 1u < hart.top || !sched_has_budget(t)) {
		sched_ready(t);
		/*@ assert stand: threads_stand(hart.current, NONE) && words_kept{Pre, Here}; */
	} else {
		sched_note_ready(t);
		hart.current = t;
		/*@ assert have: threads_have; */
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		/*@ assert stand: threads_stand(hart.current, NONE) && words_kept{Pre, Here}; */
	}
	//@ assert words: words_kept{Pre, Here};
	return sched_leave();
}

/* Let t, which becomes current, run on the budget of `payer`, whose partition is open. */
/*@ requires ready_valid && kernel_valid && 0 < t < N_THREADS && thread_index(payer) && threads[payer].partition == hart.partition &&
      (stand: threads_stand(t, t) && used_reply == NONE) && (goes: goes(t));
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && READY_VALID && TURNED_WORDS;
    ensures stand: threads_stand(t, t);
    ensures current: hart.current == t && goes(t);
    ensures highest: \old(nobody_above(t)) ==> nobody_above(t);
    ensures holder: hart.holder == \old(hart.holder) || hart.holder == NONE; */
static inline void sched_begin_turn(u32 t, u32 payer)
{
	hart.current = t;
	/*@ assert above: \at(nobody_above(t), Pre) ==> nobody_above_current; */
	if (payer != hart.payer)
		sched_change_payer(payer);
	else if (payer != t && threads[t].limit != 0)
		sched_resume_limit(t);
}

/* The same where it has to be chosen who runs: a function of its own, since in so small a context it proves. */
/*@ CONTRACT_DELIVERED(LINKS)
    ensures HIGHEST;
    ensures states: states_turned{Pre, Post}; */
static inline u32 sched_deliver_and_choose(u64 t, u64 tag, u64 badge)
{
	u32 next = NONE;

	threads[t].registers[REG_A0] = STATUS_OK;
	threads[t].registers[REG_A1] = tag;
	threads[t].registers[REG_A2] = badge;
	arch_payload_trim(tag & TAG_LENGTH);
	hart.holder = (u32)t;
	hart.current = NONE;
	/*@ assert handed: words_handed{Pre, Here}(t, tag); */
	/*@ ghost u64 w0 = payload[0]; u64 w1 = payload[1]; u64 w2 = payload[2]; u64 w3 = payload[3]; u64 w4 = payload[4]; u64 w5 = payload[5]; */
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	next = sched_switch((u32)t);
	/*@ assert words: word_of(t, 0) == w0 && word_of(t, 1) == w1 && word_of(t, 2) == w2 && word_of(t, 3) == w3 &&
	      word_of(t, 4) == w4 && word_of(t, 5) == w5; */
	return next;
}

__attribute__((noinline)) u32 sched_deliver(u64 t, u64 tag, u64 badge)
{
	u32 payer = threads[t].client != NONE ? threads[t].client : (u32)t;
	u32 next = NONE;

	if (sched_may_take_over(t) && sched_has_budget((u32)t) && threads[payer].client == NONE &&
	    threads[payer].partition == hart.partition) {
		sched_begin_turn((u32)t, payer);
		next = sched_hand_over(t, tag, badge);
		/*@ assert handed: words_handed{Pre, Here}(t, tag); */
		return next;
	}
	return sched_deliver_and_choose(t, tag, badge);
}

void sched_yield(void)
{
	u32 t = hart.current;

	hart.current = NONE;
	sched_ready(t);
}

/* One step of the wheel: one thread whose time has come, or one empty stretch. True if it must go on at once. */
/*@ requires STANDING && kernel_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING && (current: hart.current == \old(hart.current)); */
static bool sched_turn_wheel(u64 now)
{
	u64 target = now >> machine.wheel_shift;

	if (hart.wheel_bits == 0) {
		if (target > hart.wheel_at)
			hart.wheel_at = target;
		return false;
	}
	/*@ loop invariant (hart: hart_inside) && (schedule: hart_schedule) && (dying: hart_dying) &&
	      (timers: hart_timers) && (lines: hart_lines);
	    loop assigns i, hart.wheel_at;
	    loop variant WHEEL_SLOTS - i; */
	for (u32 i = 0; i < WHEEL_SLOTS && hart.wheel_at < target; i++) {
		u32 t = queues[sched_wheel_queue(hart.wheel_at + 1)].head;

		if (t != NONE) {
			/*@ assert apart: t != hart.current; */
			sched_take_wheel(t);
			/*@ assert stand: threads_stand(hart.current, t) && current_runs; */
			if (queues[sched_wheel_queue(hart.wheel_at + 1)].head == NONE)
				hart.wheel_at++;
			sched_ready(t);
			/*@ assert stand: threads_stand(hart.current, NONE) && current_runs; */
			return hart.wheel_at < target;
		}
		hart.wheel_at++;
	}
	return hart.wheel_at < target;
}

void sched_resume_limit(u32 t)
{
	sched_arm_until(hart.since + sched_limit_left(t));
}

void sched_begin_limits(u32 t)
{
	u32 server = threads[t].server;

	sched_stop_paying();
	/*@ loop invariant thread_index(server) && i <= CHAIN_MAX && (queued: threads_queued) &&
	      (placed: threads_placed) && (waiting: threads_waiting) && (timed: threads_timed) &&
	      (mirrored: threads_mirrored) && (dying: threads_dying) && (same: threads_same_but_time{Pre, Here}) &&
	      (waits: threads_wait{Pre, Here}) && (registers: registers_kept{Pre, Here});
	    loop assigns i, server, threads[0 .. N_THREADS - 1];
	    loop variant CHAIN_MAX - i; */
	for (u32 i = 0; i < CHAIN_MAX && server != NONE; i++) {
		threads[server].spent = 0;
		threads[server].chain = (u8)(i + 1);
		server = threads[server].server;
	}
}

/* The current thread has no budget left, or has used up a full period: the next one's turn. Who runs then pays from
 * now on, even if it is the same. */
/*@ requires STANDING && kernel_valid && hart.current != NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING; */
static void sched_rotate(void)
{
	hart.payer = NONE;
	sched_yield();
}

/* Whether the passive server t has used up its limit, which then counts anew: its fault handler may let it go on. */
/*@ requires kernel_valid && thread_index(t);
    assigns threads[t].spent;
    ensures THREADS_VALID; */
static bool sched_limit_is_over(u32 t)
{
	if (threads[t].limit == 0 || threads[t].client == NONE || sched_limit_left(t) != 0)
		return false;
	threads[t].spent = 0;
	return true;
}

/* The window is over: who runs gives way, and the next one's partition opens. That partition's wheel has stood still
 * since; it turns on now, in the partition's own time. A window that could only begin after its end begins now. */
/*@ requires STANDING && kernel_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING && (current: hart.current == NONE); */
static void sched_turn_window(u64 now)
{
	u32 from = hart.partition;
	u32 to = NONE;

	hart.payer = NONE;
	if (hart.current != NONE)
		sched_yield();
	/*@ assert seen: ready_seen; */
	hart.window = hart.window + 1 < hart.windows ? hart.window + 1 : 0;
	hart.window_end += hart.schedule[hart.window].ticks;
	if (hart.window_end <= now)
		hart.window_end = now + hart.schedule[hart.window].ticks;
	to = hart.schedule[hart.window].partition;
	hart.closed[from].wheel_bits = hart.wheel_bits;
	hart.closed[from].wheel_at = hart.wheel_at;
	hart.closed[from].rest_at = hart.rest_at;
	hart.wheel_bits = hart.closed[to].wheel_bits;
	hart.wheel_at = hart.closed[to].wheel_at;
	hart.rest_at = hart.closed[to].rest_at;
	/*@ assert before: ready_seen && closed_seen && hart_schedule && from == hart.partition; */
	/*@ loop invariant i <= 4 &&
	      (gone: \forall integer w; 0 <= w < i ==>
	        hart.closed[from].ready[w] == \at(hart.ready[w], LoopEntry) && hart.ready[w] ==
	        (from == to ? \at(hart.ready[w], LoopEntry) : \at(hart.closed[to].ready[w], LoopEntry))) &&
	      (next: \forall integer w; i <= w < 4 ==> hart.ready[w] == \at(hart.ready[w], LoopEntry)) &&
	      (others: \forall integer n, w; 0 <= n < PARTITIONS && n != from && 0 <= w < 4 ==>
	        hart.closed[n].ready[w] == \at(hart.closed[n].ready[w], LoopEntry));
	    loop assigns i, hart.closed[0 .. PARTITIONS - 1], hart.ready[0 .. 3];
	    loop variant 4 - i; */
	for (u32 i = 0; i < 4; i++) {
		hart.closed[from].ready[i] = hart.ready[i];
		hart.ready[i] = hart.closed[to].ready[i];
	}
	/*@ assert gone: \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) == from ==>
	      (head_of[q] != NONE <==> SEEN_IN(hart.closed[from].ready, q)); */
	/*@ assert come: \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) == to ==>
	      (head_of[q] != NONE <==> SEEN_IN(hart.ready, q)); */
	/*@ assert others: \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) != from ==>
	      (head_of[q] != NONE <==> SEEN_IN(hart.closed[PARTITION_OF(q)].ready, q)); */
	hart.partition = to;
	hart.queues = READY_QUEUES + to * PARTITION_QUEUES;
	/*@ assert seen: ready_seen && closed_seen; */
	sched_find_top();
}

bool sched_tick(u64 now)
{
	u32 t = NONE;
	bool more = false;
	bool over = false;

	hart.armed = NEVER;
	sched_charge(now);
	if (hart.window_end <= now)
		sched_turn_window(now);
	t = hart.current;
	more = sched_turn_wheel(now);
	if (t != NONE && hart.payer != t)
		over = sched_limit_is_over(t);
	else if (t != NONE && threads[t].left == 0)
		sched_rotate();
	else if (t != NONE && threads[t].state == THREAD_EXHAUSTED) /* its next period began while it shared the rest */
		sched_note_ready(t);
	else if (t != NONE && threads[t].period == threads[t].budget && threads[t].refill == now + threads[t].period)
		sched_rotate();
	if (more)
		sched_arm_until(now);
	else
		sched_arm(now);
	sched_arm_until(hart.window_end);
	return over;
}

void sched_add_partition(u32 n)
{
	u32 first = READY_QUEUES + n * PARTITION_QUEUES;

	/*@ loop invariant (queues: queues_inside) && (ends: queues_mirrored);
	    loop assigns i, queues[0 .. N_QUEUES - 1];
	    loop variant REST_QUEUE - READY_QUEUES + 1 - i; */
	for (u32 i = 0; i <= REST_QUEUE - READY_QUEUES; i++)
		queues[first + i].kind = i < PRIORITIES ? QUEUE_READY : QUEUE_WHEEL;
}

enum status sched_add_window(u64 ticks, u64 partition)
{
	if (ticks >> machine.wheel_shift == 0 || ticks > 0x7fffffff || partition >= PARTITIONS)
		return STATUS_BAD_ARGUMENT;
	if (hart.windows >= WINDOWS_MAX)
		return STATUS_NO_MEMORY;
	sched_add_partition((u32)partition);
	hart.schedule[hart.windows].ticks = (u32)ticks;
	hart.schedule[hart.windows].partition = (u32)partition;
	hart.window = hart.windows;
	hart.windows++;
	hart.window_end = 0;
	sched_arm_until(0);
	return STATUS_OK;
}

void sched_set(u32 t, u32 priority, u32 budget, u32 period, u32 partition)
{
	bool queued = threads[t].queue != NONE &&
		(threads[t].state == THREAD_READY || threads[t].state == THREAD_EXHAUSTED);

	if (queued)
		sched_remove(t);
	/*@ assert away: threads_stand(hart.current, queued ? t : NONE) && (queued ==> goes(t) && t != hart.current); */
	/*@ assert ranked: threads_ranked; */
	/*@ assert unranked: stands_on[t] == NONE || (KERNEL_QUEUES <= stands_on[t] && stands_as[t] != THREAD_READY); */
	if (hart.payer == t) {
		sched_stop_paying();
		/*@ assert ranked: threads_ranked; */
	}
	/*@ assert ranks: READY_VALID && stands_ranked(stands_as[t], priority, stands_on[t]); */
	/*@ ghost priority_of[t] = (u8)priority; */
	threads[t].priority = (u8)priority;
	threads[t].budget = budget;
	threads[t].period = period;
	threads[t].partition = partition;
	threads[t].left = budget;
	threads[t].debt = 0;
	threads[t].refill = arch_time() + period;
	/*@ assert still: threads_stand(hart.current, queued ? t : NONE) && (queued ==> goes(t) && t != hart.current); */
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	/*@ assert ranks: READY_VALID; */
	if (queued) {
		/*@ assert others: threads_stand(hart.current, t); */
		sched_ready(t);
		/*@ assert stand: threads_stand(hart.current, NONE); */
	} else if (hart.current == t) {
		sched_yield();
	}
}
