/* notify.c - notifications: bits that are signalled and waited for; interrupt lines and timers are bound to them.
 *
 * A line is claimed, completed and only then switched off (the controller ignores a completion of a line that is
 * off); it is switched on again when its waiter waits again. So a line that storms, or whose driver died, costs one
 * interrupt and holds back nobody. */
#include "notify.h"
#include "arch/riscv64/arch.h"

/* Switch the lines of n on again whose bits were taken. */
/*@ requires hart_lines && queues_inside && queue_index(n);
    assigns queues[n].taken; */
static void notify_acknowledge(u32 n)
{
	u32 line = queues[n].line;

	/*@ loop invariant inside: line < N_LINES;
	    loop assigns i, line;
	    loop variant N_LINES - i; */
	for (u32 i = 0; i < N_LINES && line != 0; i++) {
		if ((hart.lines[line].bit & queues[n].taken) != 0)
			arch_line_enable(line);
		line = hart.lines[line].next;
	}
	queues[n].taken = 0;
}

bool notify_collect(u32 n, u32 t)
{
	u64 q = wide(n);
	u32 bits = 0;

	if (queues[q].taken != 0)
		notify_acknowledge(n);
	bits = queues[q].bits;
	threads[wide(t)].registers[REG_A2] = bits;
	queues[q].taken = bits & queues[q].lines;
	queues[q].bits = 0;
	return bits != 0;
}

/* The bound thread t was receiving: the bits end that, without a message. */
/*@ requires DERIVED_APART && kernel_valid && queue_index(n) && 0 < t < N_THREADS &&
      (queued: stands_on[t] != NONE && fault_of[t] == 0);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], stands_on[t],
      AT_QUEUE(stands_on[t]), answer_in[t], reply_of[t], arrival_of[t];
    ensures DERIVED && VALID;
    ensures goes: goes(t);
    ensures kept: slots_kept{Pre, Post};
    ensures claimed: slots_claimed{Pre, Post}(0);
    ensures given: threads[t].registers[REG_A0] == STATUS_NOTIFIED && threads[t].registers[REG_A2] == \old(queues[n].bits) &&
      queues[n].bits == 0;
    ensures waits: \forall integer k; thread_index(k) && k != t ==> thread_waits{Pre, Post}(k);
    ensures results: results_kept_but{Pre, Post}(t); */
static void notify_end_receive(u32 n, u32 t)
{
	queue_take(t);
	cap_release(t);
	(void)notify_collect(n, t);
	threads[t].registers[REG_A0] = STATUS_NOTIFIED;
	threads[t].registers[REG_A1] = 0;
	thread_clear_payload(t, 0);
}

/* A bit that is bound to power-off (which goes first) or reset was raised. */
/*@ assigns \nothing;
    ensures \false; */
static _Noreturn void notify_stop_machine(u32 off)
{
	if (off != 0)
		arch_power_off();
	arch_reset();
}

void notify_raise(u32 n, u32 bits)
{
	u64 q = wide(n);
	u32 waiter = queues[q].head;
	u32 bound = queues[q].bound;

	if ((bits & (queues[q].power_off | queues[q].reset)) != 0)
		notify_stop_machine(bits & queues[q].power_off);
	queues[q].bits |= bits;
	if (queues[q].bits == 0)
		return;
	/* Nobody else stands at a notification; but that no endpoint is one is typing, which invariant 6 shall not rest on. */
	if (waiter != NONE && threads[wide(waiter)].state == THREAD_WAITING) {
		queue_take_first(q, wide(waiter));
		(void)notify_collect(n, waiter);
		threads[wide(waiter)].registers[REG_A0] = STATUS_OK;
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		//@ assert given: threads[waiter].registers[REG_A2] == (\at(queues[n].bits, Pre) | bits);
		sched_wake(waiter);
		/*@ assert awake: waiter == notified{Pre}(n) && awake(waiter) && threads[waiter].registers[REG_A0] == STATUS_OK; */
		//@ assert given: threads[waiter].registers[REG_A2] == (\at(queues[n].bits, Pre) | bits);
	} else if (bound != NONE && threads[wide(bound)].state == THREAD_RECEIVING) {
		/*@ assert queue: bound != hart.current && stands(bound) && KERNEL_QUEUES <= stands_on[bound]; */
		notify_end_receive(n, bound);
		/*@ assert ranks: READY_VALID; */
		//@ assert given: threads[bound].registers[REG_A2] == (\at(queues[n].bits, Pre) | bits);
		sched_wake(bound);
		/*@ assert awake: bound == notified{Pre}(n) && awake(bound) && threads[bound].registers[REG_A0] == STATUS_NOTIFIED; */
		//@ assert given: threads[bound].registers[REG_A2] == (\at(queues[n].bits, Pre) | bits);
	}
}

enum status notify_signal(u64 t, u64 notification)
{
	enum status status = cap_check(t, notification, CAP_NOTIFICATION, RIGHT_WRITE);
	u64 s = wide(threads[t].table) + notification;

	/*@ assert found: status == STATUS_OK ==> slot_index(s) && slots[s].type == CAP_NOTIFICATION; */
	/*@ assert named: slots_queues && (status == STATUS_OK ==> queue_index(slots[s].object)); */
	if (status == STATUS_OK)
		notify_raise(slots[s].object, slots[s].badge);
	return status;
}

/* The current thread t waits for bits of notification n; nobody is current then. */
/*@ requires STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current && KERNEL_QUEUES <= n < N_QUEUES;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.current, stands_as[t], stands_on[t], ORDER;
    ensures VALID && STANDING;
    ensures blocks: hart.current == NONE && threads[t].state == THREAD_WAITING && threads[t].queue == n && queues[n].tail == t;
    ensures waits: threads_wait{Pre, Post};
    ensures registers: registers_kept{Pre, Post};
    ensures words: words_kept{Pre, Post};
    ensures states: states_kept_but{Pre, Post}(t); */
static inline void notify_block(u64 t, u64 n)
{
	hart.current = NONE;
	/*@ ghost stands_as[t] = THREAD_WAITING; */
	threads[t].state = THREAD_WAITING;
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	queue_put(n, t);
	/*@ assert self: stands(t); */
	/*@ assert stand: threads_stand(NONE, NONE); */
}

enum status notify_wait(u64 t, u64 notification, bool block)
{
	enum status status = cap_check(t, notification, CAP_NOTIFICATION, RIGHT_READ);
	u32 n = NONE;

	if (status != STATUS_OK)
		return status;
	n = slots[wide(threads[t].table) + notification].object;
	//@ assert named: n == \at(slots[threads[t].table + notification].object, Pre) && KERNEL_QUEUES <= n;
	if (notify_collect(n, (u32)t))
		return STATUS_OK;
	//@ assert words: words_kept{Pre, Here};
	if (!block)
		return STATUS_EMPTY;
	notify_block(t, wide(n));
	//@ assert table: threads[t].table == \at(threads[t].table, Pre);
	return STATUS_OK;
}

bool notify_interrupt(void)
{
	u32 line = arch_line_claim();

	if (line == 0)
		return false;
	arch_line_complete(line);
	arch_line_disable(line);
	hart.lines[line].count++;
	if (hart.lines[line].queue != NONE)
		notify_raise(hart.lines[line].queue, hart.lines[line].bit);
	return true;
}

void notify_timers(u64 now)
{
	u64 next = NEVER;

	/*@ loop invariant DERIVED && VALID && STANDING && (capabilities: capabilities_kept{Pre, Here}) &&
	      (claimed: slots_claimed{Pre, Here}(0));
	    loop assigns i, next, STATE;
	    loop variant N_TIMERS - i; */
	for (u32 i = 0; i < hart.timers_used; i++) {
		if (hart.timers[i].deadline <= now) {
			hart.timers[i].deadline = NEVER;
			notify_raise(hart.timers[i].queue, hart.timers[i].bits);
		} else if (hart.timers[i].deadline < next) {
			next = hart.timers[i].deadline;
		}
	}
	if (next < hart.armed) {
		hart.armed = next;
		arch_timer_set(next);
	}
}

enum status notify_arm(u32 n, u64 deadline)
{
	u32 timer = queues[n].timer;

	if (timer == 0)
		return STATUS_REFUSED;
	hart.timers[timer - 1].deadline = deadline;
	if (deadline < hart.armed) {
		hart.armed = deadline;
		arch_timer_set(deadline);
	}
	return STATUS_OK;
}

/*@ requires kernel_valid && told(n);
    assigns queues[0 .. N_QUEUES - 1], BINDINGS;
    ensures VALID; */
static enum status notify_bind_line(u32 n, u64 line, u32 mask)
{
	if (line == 0 || line >= N_LINES || line > machine.plic_lines)
		return STATUS_BAD_ARGUMENT;
	if (hart.lines[line].queue != NONE || (queues[n].lines & mask) != 0)
		return STATUS_OCCUPIED;
	hart.lines[line].queue = n;
	hart.lines[line].bit = mask;
	hart.lines[line].next = queues[n].line;
	queues[n].line = (u32)line;
	queues[n].lines |= mask;
	queues[n].taken |= mask; /* off at boot: the first wait switches it on */
	return STATUS_OK;
}

/*@ requires kernel_valid && told(n);
    assigns queues[0 .. N_QUEUES - 1], BINDINGS;
    ensures VALID; */
static enum status notify_bind_timer(u32 n, u32 mask)
{
	u32 timer = hart.timers_used;

	if (queues[n].timer != 0)
		return STATUS_OCCUPIED;
	if (timer >= N_TIMERS)
		return STATUS_NO_MEMORY;
	hart.timers[timer].deadline = NEVER;
	hart.timers[timer].queue = n;
	hart.timers[timer].bits = mask;
	hart.timers_used = timer + 1;
	queues[n].timer = (u8)(timer + 1);
	return STATUS_OK;
}

enum status notify_bind(u32 n, u64 what, u64 line, u64 bit)
{
	u32 mask = 0;

	if (bit >= NOTIFICATION_BITS)
		return STATUS_BAD_ARGUMENT;
	mask = 1u << bit;
	switch (what) {
	case BIND_LINE:
		return notify_bind_line(n, line, mask);
	case BIND_TIMER:
		return notify_bind_timer(n, mask);
	case BIND_POWER_OFF:
		queues[n].power_off |= mask;
		return STATUS_OK;
	case BIND_RESET:
		queues[n].reset |= mask;
		return STATUS_OK;
	case BIND_FAULT_RING:
		if (hart.fault_queue != NONE)
			return STATUS_OCCUPIED;
		hart.fault_queue = n;
		hart.fault_bit = mask;
		return STATUS_OK;
	default:
		return STATUS_BAD_ARGUMENT;
	}
}
