/* thread.c - what is done to threads: their slots, their registers, stop and go, faults. */
#include "thread.h"
#include "arch/riscv64/arch.h"
#include "notify.h"

enum status thread_check(u32 t, u32 from, u32 rights, u32 which)
{
	static const u8 wanted[THREAD_SLOTS] = { CAP_TABLE, CAP_SPACE, CAP_ENDPOINT, CAP_NOTIFICATION };

	if (slots[from].type != wanted[which])
		return STATUS_BAD_TYPE;
	if (which == THREAD_SPACE && slots[from].kind != 2)
		return STATUS_BAD_ARGUMENT;
	/* A thread has its whole table and space, so only a capability to all of it may give them. */
	if ((which == THREAD_TABLE || which == THREAD_SPACE) &&
	    (slots[from].rights & rights & (RIGHT_READ | RIGHT_WRITE)) != (RIGHT_READ | RIGHT_WRITE))
		return STATUS_NO_RIGHT;
	if (which == THREAD_BOUND) {
		if ((slots[from].rights & rights & RIGHT_READ) == 0)
			return STATUS_NO_RIGHT;
		if (queues[slots[from].object].bound != NONE || threads[t].passive != 0)
			return STATUS_REFUSED;
	}
	return STATUS_OK;
}

void thread_filled(u32 s)
{
	u32 t = s / (THREAD_BYTES / SLOT_BYTES);

	switch (s % (THREAD_BYTES / SLOT_BYTES) - THREAD_SLOT_OFFSET) {
	case THREAD_TABLE:
		threads[t].table = slots[s].object;
		threads[t].table_size = 1u << slots[s].size_bits;
		/*@ assert holds: s == slot_of(t) + THREAD_TABLE && slots[s].type == CAP_TABLE && slots[s].object == threads[t].table; */
		/*@ assert size: threads[t].table_size == 1 << slots[s].size_bits; */
		/*@ assert have: threads_have; */
		break;
	case THREAD_SPACE:
		threads[t].root = slots[s].object;
		threads[t].image_round = 0; /* no round has this number */
		/*@ assert holds: s == slot_of(t) + THREAD_SPACE && slots[s].type == CAP_SPACE && slots[s].object == threads[t].root; */
		/*@ assert have: threads_have; */
		break;
	case THREAD_BOUND:
		threads[t].bound = slots[s].object;
		queues[slots[s].object].bound = t;
		/*@ assert have: threads_have; */
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		notify_raise(slots[s].object, 0); /* bits that are pending already */
		break;
	default:
		break;
	}
}

void thread_emptied(u32 s)
{
	u32 t = s / (THREAD_BYTES / SLOT_BYTES);

	switch (s % (THREAD_BYTES / SLOT_BYTES) - THREAD_SLOT_OFFSET) {
	case THREAD_TABLE:
		threads[t].table_size = 0;
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		ipc_cancel(t, STATUS_DEAD);
		break;
	case THREAD_SPACE:
		threads[t].root = NONE;
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		ipc_cancel(t, STATUS_DEAD);
		break;
	case THREAD_BOUND:
		queues[threads[t].bound].bound = NONE;
		threads[t].bound = NONE;
		break;
	default:
		break;
	}
}

enum status thread_resume(u32 t)
{
	if (threads[t].table_size == 0 || threads[t].root == NONE)
		return STATUS_REFUSED;
	if (threads[t].state != THREAD_STOPPED)
		return STATUS_OK;
	sched_ready(t);
	return STATUS_OK;
}

enum status thread_suspend(u32 t)
{
	ipc_cancel(t, STATUS_CANCELLED);
	return STATUS_OK;
}

/* A thread that left by a system call has stale caller-saved registers in memory: make them what it would see. */
/*@ requires threads_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures settled: threads[t].saved_all == 1;
    ensures whole: \old(threads[t].saved_all) != 0 ==> registers_kept{Pre, Post} &&
      (\forall integer i; 0 <= i < 32 ==> threads[t].registers[i] == \old(threads[t].registers[i])); */
static void thread_settle_registers(u32 t)
{
	/* ra, t0-t2, a3-a7, t3-t6: everything caller-saved but the results a0-a2 */
	static const u8 stale[13] = { 1, 5, 6, 7, 13, 14, 15, 16, 17, 28, 29, 30, 31 };

	if (threads[t].saved_all == 0) {
		/*@ loop invariant i <= 13;
		    loop assigns i, threads[t].registers[0 .. 31];
		    loop variant 13 - i; */
		for (u32 i = 0; i < 13; i++)
			threads[t].registers[stale[i]] = 0;
	}
	threads[t].saved_all = 1;
}

enum status thread_write_registers(u32 t, u64 group, u64 a, u64 b, u64 c, u64 d)
{
	if (group > 7)
		return STATUS_BAD_ARGUMENT;
	if (threads[t].state != THREAD_STOPPED)
		return STATUS_REFUSED;
	thread_settle_registers(t);
	threads[t].registers[4 * group] = a;
	threads[t].registers[4 * group + 1] = b;
	threads[t].registers[4 * group + 2] = c;
	threads[t].registers[4 * group + 3] = d;
	return STATUS_OK;
}

enum status thread_read_registers(u32 caller, u32 t, u64 first)
{
	if (first > 30 || first % 2 != 0)
		return STATUS_BAD_ARGUMENT;
	if (threads[t].state != THREAD_STOPPED)
		return STATUS_REFUSED;
	thread_settle_registers(t);
	threads[caller].registers[REG_A1] = threads[t].registers[first];
	threads[caller].registers[REG_A2] = threads[t].registers[first + 1];
	return STATUS_OK;
}

enum status thread_inspect(u32 caller, u32 t, u64 what)
{
	u64 a = 0;
	u64 b = 0;

	switch (what) {
	case INSPECT_STATE:
		a = threads[t].state;
		b = threads[t].priority;
		break;
	case INSPECT_TIME:
		a = threads[t].used;
		b = threads[t].left;
		break;
	case INSPECT_FAULT:
		a = threads[t].fault_cause;
		b = threads[t].fault_address;
		break;
	case INSPECT_BUDGET:
		a = threads[t].budget;
		b = threads[t].period;
		break;
	default:
		return STATUS_BAD_ARGUMENT;
	}
	threads[caller].registers[REG_A1] = a;
	threads[caller].registers[REG_A2] = b;
	return STATUS_OK;
}

enum status thread_set_scheduling(u32 t, u64 priority, u64 budget, u64 period, u64 flags, u64 limit)
{
	u64 partition = flags / SCHEDULE_PARTITION;
	u64 passive = flags % SCHEDULE_PARTITION;

	if (priority >= PRIORITIES || budget > period || period > 0x7fffffff || passive > SCHEDULE_PASSIVE ||
	    limit > 0x7fffffff || (period != 0 && budget == 0) || !sched_is_partition(partition))
		return STATUS_BAD_ARGUMENT;
	if (passive == SCHEDULE_PASSIVE && threads[t].bound != NONE)
		return STATUS_REFUSED;
	if (threads[t].client != NONE)
		return STATUS_REFUSED;
	threads[t].passive = (u8)passive;
	threads[t].limit = (u32)limit;
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	sched_set(t, (u32)priority, (u32)budget, (u32)period, (u32)partition);
	return STATUS_OK;
}

/* Write down a fault that nobody handles: the record first, then its number. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && thread_index(t);
    assigns STATE, fault_ring;
    ensures DERIVED && VALID && STANDING;
    ensures kept: slots_kept{Pre, Post};
    ensures claimed: slots_claimed{Pre, Post}(0); */
static void thread_record_fault(u32 t)
{
	u32 i = (u32)(fault_ring.count % FAULT_RECORDS);

	fault_ring.records[i].thread = machine.base / THREAD_BYTES + t;
	fault_ring.records[i].cause = threads[t].fault_cause;
	fault_ring.records[i].address = threads[t].fault_address;
	fault_ring.records[i].pc = threads[t].registers[REG_PC];
	fault_ring.records[i].sp = threads[t].registers[REG_SP];
	fault_ring.records[i].ra = threads[t].registers[REG_RA];
	fault_ring.records[i].s0 = threads[t].registers[REG_S0];
	fault_ring.count++;
	fault_ring.records[i].sequence = fault_ring.count;
	if (hart.fault_queue != NONE)
		notify_raise(hart.fault_queue, hart.fault_bit);
}

void thread_fault(u32 t, u64 cause, u64 address)
{
	threads[t].fault_cause = (u32)cause;
	threads[t].fault_address = address;
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	sched_remove(t);
	if (ipc_fault(t))
		return;
	/*@ ghost stands_as[t] = THREAD_STOPPED; */
	threads[t].state = THREAD_STOPPED;
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	thread_record_fault(t);
}

void thread_wake(u32 t, enum status status)
{
	bool fault = threads[t].fault != 0;

	ipc_cancel(t, status);
	if (fault) {
		thread_record_fault(t);
	} else {
		sched_ready(t);
		/*@ assert stand: threads_stand(hart.current, NONE); */
	}
}

void thread_end(u32 t)
{
	ipc_cancel(t, STATUS_DEAD);
	if (threads[t].client != NONE) {
		hart.served = hart.served || hart.payer == threads[t].client; /* what it used is still charged */
		threads[threads[t].client].server = NONE;
		threads[t].client = NONE;
	}
	if (hart.payer == t)
		hart.payer = NONE;
	if (hart.holder == t)
		hart.holder = NONE;
}
