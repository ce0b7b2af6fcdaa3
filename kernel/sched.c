/* sched.c - who runs: fixed priorities, round robin within one, a budget and a period for every thread.
 *
 * Time is charged once per change of payer. A period is renewed when it is noticed to be over (at a charge, when the
 * thread becomes ready, or by the wheel), so a thread that sleeps costs nothing. */
#include "sched.h"
#include "arch/riscv64/arch.h"

struct hart hart;

/* The highest set bit of word, which has one. Five halvings, as the ISA has no count-leading-zeros. */
/*@ assigns \nothing;
    ensures \result < 64; */
static inline u32 sched_top_bit(u64 word)
{
	u32 bit = 0;

	if (word >> 32 != 0) {
		bit = 32;
		word >>= 32;
	}
	if (word >> 16 != 0) {
		bit += 16;
		word >>= 16;
	}
	if (word >> 8 != 0) {
		bit += 8;
		word >>= 8;
	}
	if (word >> 4 != 0) {
		bit += 4;
		word >>= 4;
	}
	if (word >> 2 != 0) {
		bit += 2;
		word >>= 2;
	}
	return bit + (u32)(word >> 1);
}

/* Find the highest ready priority again, after the queue of the highest became empty. */
/*@ assigns hart.top;
    ensures hart.top <= PRIORITIES; */
static void sched_find_top(void)
{
	u32 top = 0;

	/*@ loop invariant w <= 4;
	    loop invariant top == 0;
	    loop assigns w;
	    loop variant w; */
	for (u32 w = 4; w > 0; w--) {
		if (hart.ready[w - 1] != 0) {
			top = 64 * (w - 1) + sched_top_bit(hart.ready[w - 1]) + 1;
			break;
		}
	}
	hart.top = top;
}

/*@ requires sched_valid && 0 < t < N_THREADS && threads[t].queue == NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.ready[0 .. 3], hart.top;
    ensures valid: sched_valid; */
static void sched_put_ready(u32 t)
{
	u32 priority = threads[t].priority;

	threads[t].state = THREAD_READY;
	hart.ready[priority / 64] |= 1ul << (priority % 64);
	if (priority >= hart.top)
		hart.top = priority + 1;
	queue_put(READY_QUEUES + priority, t);
}

/*@ requires sched_valid && 0 < t < N_THREADS && threads[t].state == THREAD_READY && threads[t].queue != NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.ready[0 .. 3], hart.top;
    ensures valid: sched_valid;
    ensures threads[t].queue == NONE; */
static void sched_take_ready(u32 t)
{
	u32 priority = threads[t].priority;

	queue_take(t);
	if (queues[READY_QUEUES + priority].head == NONE) {
		hart.ready[priority / 64] &= ~(1ul << (priority % 64));
		if (priority + 1 == hart.top)
			sched_find_top();
	}
}

/* Have a timer interrupt at `deadline` at the latest. */
/*@ assigns hart.armed;
    ensures hart.armed <= deadline; */
static void sched_arm_until(u64 deadline)
{
	if (deadline < hart.armed) {
		hart.armed = deadline;
		arch_timer_set(deadline);
	}
}

/* The wheel: position n of time (ticks >> shift) is queue n % 64. Who is due later than 63 positions ahead is looked
 * at again when the wheel gets there. Threads without a period wait in the rest queue for ever. */
/*@ requires sched_valid && 0 < t < N_THREADS && threads[t].queue == NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.wheel_bits, hart.wheel_at, hart.armed;
    ensures valid: sched_valid; */
static void sched_put_wheel(u32 t)
{
	u64 at = (threads[t].refill >> machine.wheel_shift) + 1;

	threads[t].state = THREAD_EXHAUSTED;
	if (threads[t].budget == 0) {
		queue_put(REST_QUEUE, t);
		return;
	}
	if (hart.wheel_bits == 0 && arch_time() >> machine.wheel_shift > hart.wheel_at)
		hart.wheel_at = arch_time() >> machine.wheel_shift; /* it stood still: not through all that time step by step */
	if (at <= hart.wheel_at)
		at = hart.wheel_at + 1;
	if (at - hart.wheel_at > WHEEL_SLOTS - 1)
		at = hart.wheel_at + WHEEL_SLOTS - 1;
	hart.wheel_bits |= 1ul << (at % WHEEL_SLOTS);
	queue_put(WHEEL_QUEUES + (u32)(at % WHEEL_SLOTS), t);
	sched_arm_until((hart.wheel_at + 1) << machine.wheel_shift); /* the turn of who runs may end much later */
}

/*@ requires sched_valid && 0 < t < N_THREADS && threads[t].queue != NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.wheel_bits;
    ensures valid: sched_valid;
    ensures threads[t].queue == NONE; */
static void sched_take_wheel(u32 t)
{
	u32 q = threads[t].queue;

	queue_take(t);
	if (queues[q].head == NONE && q != REST_QUEUE)
		hart.wheel_bits &= ~(1ul << ((q - WHEEL_QUEUES) % WHEEL_SLOTS));
}

/* Begin the next period of t if it is due: debt is paid first. */
/*@ requires 0 < t < N_THREADS;
    assigns threads[t].left, threads[t].debt, threads[t].refill; */
static void sched_renew(u32 t, u64 now)
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

/* The thread that pays for t: the top of the chain of callers of passive servers. */
/*@ requires t < N_THREADS;
    assigns \nothing;
    ensures \result < N_THREADS; */
static inline u32 sched_payer(u32 t)
{
	/*@ loop invariant t < N_THREADS;
	    loop assigns i, t;
	    loop variant CHAIN_MAX - i; */
	for (u32 i = 0; i < CHAIN_MAX && threads[t].client != NONE; i++)
		t = threads[t].client;
	return t;
}

void sched_charge(u64 now)
{
	u32 p = hart.payer;
	u64 elapsed = now - hart.since;
	u32 ticks = elapsed > 0x7fffffff ? 0x7fffffffu : (u32)elapsed;
	bool served = hart.served || threads[p].server != NONE;

	hart.since = now;
	hart.served = false;
	if (p == NONE)
		return;
	threads[p].used += elapsed;
	if (threads[p].left > ticks) {
		threads[p].left -= ticks;
	} else {
		if (served && threads[p].budget != 0 && threads[p].debt < 0x40000000u)
			threads[p].debt += (ticks - threads[p].left) & 0x3fffffffu;
		threads[p].left = 0;
	}
	sched_renew(p, now);
}

/* Charge the payer; whoever runs next begins to pay, and the timer is set for it, even if it is the same thread. */
/*@ requires sched_valid;
    assigns threads[hart.payer], hart.served, hart.since, hart.payer;
    ensures valid: sched_valid && hart.payer == NONE; */
static void sched_stop_paying(void)
{
	sched_charge(arch_time());
	hart.payer = NONE;
}

void sched_ready(u32 t)
{
	if (!sched_has_budget(t)) {
		if (hart.payer == t)
			sched_stop_paying();
		else
			sched_renew(t, arch_time());
	}
	if (sched_has_budget(t))
		sched_put_ready(t);
	else
		sched_put_wheel(t);
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
	else
		queue_take(t);
}

/* With nobody ready who has budget: the next thread that shares the rest. A thread in debt does not. */
/*@ requires sched_valid && hart.current == NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid; */
static void sched_share_rest(void)
{
	/*@ loop invariant sched_valid;
	    loop assigns i, hart.rest_at, hart.current, threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.wheel_bits;
	    loop variant WHEEL_SLOTS + 1 - i; */
	for (u32 i = 0; i <= WHEEL_SLOTS; i++) {
		u32 t = NONE;

		if (hart.wheel_bits == 0 && queues[REST_QUEUE].head == NONE)
			return;
		hart.rest_at = hart.rest_at >= WHEEL_SLOTS ? 0 : hart.rest_at + 1;
		t = queues[WHEEL_QUEUES + hart.rest_at].head;
		if (t != NONE && threads[t].debt == 0) {
			sched_take_wheel(t);
			hart.current = t;
			return;
		}
	}
}

/* Ticks that the passive server t, charged up to now, may still use for this call. */
/*@ requires t < N_THREADS;
    assigns \nothing; */
static inline u32 sched_limit_left(u32 t)
{
	u32 spent = (u32)threads[sched_payer(t)].used - threads[t].limit_base;

	return spent < threads[t].limit ? threads[t].limit - spent : 0;
}

/* When the thread that runs must be looked at again: its payer has no budget left, or it exceeds the limit of a call. */
/*@ requires sched_valid && hart.current != NONE;
    assigns \nothing; */
static u64 sched_end(u64 now)
{
	u32 t = hart.current;
	u32 p = hart.payer;
	u64 end = now;

	if (threads[p].left != 0)
		end = now + threads[p].left;
	else if (t != p || threads[t].state == THREAD_EXHAUSTED)
		end = now + machine.slice;
	if (t != p && threads[t].limit != 0 && now + sched_limit_left(t) < end)
		end = now + sched_limit_left(t);
	return end;
}

/* Set the timer for what comes first of the end of a budget and the wheel, if that is before what is set already. An
 * interrupt that comes too early finds nothing to do and sets the next. */
/*@ requires sched_valid;
    assigns hart.armed; */
static void sched_arm(u64 now)
{
	u64 deadline = hart.current != NONE ? sched_end(now) : NEVER;

	if (hart.wheel_bits != 0 && (hart.wheel_at + 1) << machine.wheel_shift < deadline)
		deadline = (hart.wheel_at + 1) << machine.wheel_shift;
	sched_arm_until(deadline);
}

void sched_change_payer(u32 payer)
{
	u64 now = arch_time();

	sched_charge(now);
	hart.payer = payer;
	sched_arm(now);
}

/* Decide who runs. */
/*@ requires sched_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid;
    ensures \result == hart.current; */
static u32 sched_next(void)
{
	u32 t = hart.current;
	u32 payer = NONE;

	if (t == NONE || threads[t].priority + 1u < hart.top || threads[t].state == THREAD_EXHAUSTED) {
		if (hart.top != 0) {
			if (t != NONE)
				sched_yield(); /* it may have a new period by now, so before the choice */
			hart.current = queues[READY_QUEUES + hart.top - 1].head;
			sched_take_ready(hart.current);
		} else if (t == NONE) {
			sched_share_rest();
		}
		t = hart.current;
	}
	if (t != NONE)
		payer = sched_payer(t);
	if (payer != hart.payer)
		sched_change_payer(payer);
	else if (payer != t && threads[t].limit != 0)
		sched_resume_limit(t);
	return t;
}

u32 sched_leave(void)
{
	u32 next = sched_next();

	if (next != hart.holder) {
		if (hart.holder != NONE)
			arch_payload_store(hart.holder);
		if (next != NONE)
			arch_payload_load(next);
		hart.holder = next;
	}
	if (next == NONE)
		return NONE;
	if (threads[next].root != hart.root)
		space_switch(threads[next].root);
	return next;
}

void sched_yield(void)
{
	u32 t = hart.current;

	hart.current = NONE;
	sched_ready(t);
}

/* One step of the wheel: one thread whose time has come, or one empty stretch. True if it must go on at once. */
/*@ requires sched_valid;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid; */
static bool sched_turn_wheel(u64 now)
{
	u64 target = now >> machine.wheel_shift;

	if (hart.wheel_bits == 0) {
		if (target > hart.wheel_at)
			hart.wheel_at = target;
		return false;
	}
	/*@ loop assigns i, hart.wheel_at;
	    loop variant WHEEL_SLOTS - i; */
	for (u32 i = 0; i < WHEEL_SLOTS && hart.wheel_at < target; i++) {
		u32 t = queues[WHEEL_QUEUES + (u32)((hart.wheel_at + 1) % WHEEL_SLOTS)].head;

		if (t != NONE) {
			sched_take_wheel(t);
			if (queues[WHEEL_QUEUES + (u32)((hart.wheel_at + 1) % WHEEL_SLOTS)].head == NONE)
				hart.wheel_at++;
			sched_ready(t);
			return hart.wheel_at < target;
		}
		hart.wheel_at++;
	}
	return hart.wheel_at < target;
}

/* What p has used in all (low 32 bits), with what it is not yet charged for. */
/*@ requires p < N_THREADS;
    assigns \nothing; */
static inline u32 sched_used(u32 p, u64 now)
{
	return (u32)(threads[p].used + (p == hart.payer ? now - hart.since : 0));
}

void sched_begin_limit(u32 t)
{
	u64 now = arch_time();

	threads[t].limit_base = sched_used(sched_payer(t), now);
	sched_arm_until(now + threads[t].limit);
}

void sched_resume_limit(u32 t)
{
	u64 now = arch_time();
	u32 spent = sched_used(sched_payer(t), now) - threads[t].limit_base;

	sched_arm_until(now + (spent < threads[t].limit ? threads[t].limit - spent : 0));
}

void sched_begin_limits(u32 t)
{
	u32 server = threads[t].server;

	sched_stop_paying();
	/*@ loop invariant server < N_THREADS;
	    loop assigns i, server, threads[0 .. N_THREADS - 1];
	    loop variant CHAIN_MAX - i; */
	for (u32 i = 0; i < CHAIN_MAX && server != NONE; i++) {
		threads[server].limit_base = (u32)threads[t].used;
		threads[server].chain = (u8)(i + 1);
		server = threads[server].server;
	}
}

/* The current thread has no budget left, or has used up a full period: the next one's turn. Who runs then pays from
 * now on, even if it is the same. */
/*@ requires sched_valid && hart.current != NONE;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ensures valid: sched_valid; */
static void sched_rotate(void)
{
	hart.payer = NONE;
	sched_yield();
}

/* Whether the passive server t has used up its limit, which then counts anew: its fault handler may let it go on. */
/*@ requires sched_valid && 0 < t < N_THREADS;
    assigns threads[t].limit_base; */
static bool sched_limit_is_over(u32 t)
{
	if (threads[t].limit == 0 || threads[t].client == NONE || sched_limit_left(t) != 0)
		return false;
	threads[t].limit_base = (u32)threads[sched_payer(t)].used;
	return true;
}

bool sched_tick(u64 now)
{
	u32 t = hart.current;
	bool more = false;
	bool over = false;

	hart.armed = NEVER;
	sched_charge(now);
	more = sched_turn_wheel(now);
	if (t != NONE && hart.payer != t)
		over = sched_limit_is_over(t);
	else if (t != NONE && threads[t].left == 0)
		sched_rotate();
	else if (t != NONE && threads[t].state == THREAD_EXHAUSTED)
		threads[t].state = THREAD_READY; /* its next period began while it shared the rest */
	else if (t != NONE && threads[t].period == threads[t].budget && threads[t].refill == now + threads[t].period)
		sched_rotate();
	if (more)
		sched_arm_until(now);
	else
		sched_arm(now);
	return over;
}

void sched_set(u32 t, u32 priority, u32 budget, u32 period)
{
	bool queued = threads[t].queue != NONE &&
		(threads[t].state == THREAD_READY || threads[t].state == THREAD_EXHAUSTED);

	if (queued)
		sched_remove(t);
	if (hart.payer == t)
		sched_stop_paying();
	threads[t].priority = (u8)priority;
	threads[t].budget = budget;
	threads[t].period = period;
	threads[t].left = budget;
	threads[t].debt = 0;
	threads[t].refill = arch_time() + period;
	if (queued)
		sched_ready(t);
	else if (hart.current == t)
		sched_yield();
}
