/* syscall.c - the entries of the kernel: system calls, faults, interrupts. Every argument is untrusted. */
#include "syscall.h"
#include "arch/riscv64/arch.h"
#include "notify.h"
#include "space.h"

#define LINES_AT_ONCE 4u

/* Retype into `count` slots of a table from one on: `room` is how many there are. */
/*@ requires ORDERED && kernel_valid && actor_valid(actor) && (settled: unsettled == NONE);
    assigns slots[0 .. N_SLOTS - 1], words[0 .. N_WORDS - 1], threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1],
            ptes[0 .. N_PTES - 1], LIST, apart, HOMES;
    ensures ORDERED && VALID && CAPABILITIES_KEPT && (homes: apart != 0 ==> homes_kept{Pre, Post} && \old(apart) != 0); */
static __attribute__((noinline)) enum status syscall_retype(struct request r, struct actor actor, u64 a2, u64 a3, u64 a4, u64 a5,
						       u64 a6)
{
	struct carving carving = { (u32)a2, (u32)a3, (u32)a6, RIGHTS_ALL, 0 };
	struct place to = cnode_place(actor, a4, a5, RIGHT_WRITE);
	u64 room = 0;

	if (r.a0 == 0 || r.a0 >= actor.size)
		return STATUS_BAD_SLOT;
	if (a2 == (OBJECT_UNTYPED | OBJECT_NO_SCHEDULE)) {
		carving.type = OBJECT_UNTYPED;
		carving.rights = RIGHTS_ALL & ~RIGHT_SCHEDULE;
	}
	if (carving.type > OBJECT_PAGE || a2 > 0xff || a3 > 63 || a6 > RETYPE_MAX_COUNT || a5 > 0xffffffff)
		return STATUS_BAD_ARGUMENT;
	if (to.status == STATUS_OK && to.container == IN_TABLE)
		room = (a4 == 0 ? actor.size : 1ul << slots[actor.table + a4].size_bits) - a5;
	/*@ assert own: room != 0 && a4 == 0 ==> to.slot == actor.table + a5 && room + a5 == actor.size; */
	/*@ assert other: room != 0 && a4 != 0 ==> slots[actor.table + a4].type == CAP_TABLE &&
	      to.slot == slots[actor.table + a4].object + a5 && room + a5 == 1 << slots[actor.table + a4].size_bits; */
	/*@ assert row: apart != 0 && to.status == STATUS_OK && to.container == IN_TABLE ==> in_table_to(to.slot, to.slot + (u32)room); */
	return untyped_retype(wide(actor.table) + r.a0, carving, to, (u32)room);
}

/* Whether number n of the actor's table is a capability of type `type` with `right`. */
/*@ requires slots_valid && actor_valid(actor) && type != CAP_EMPTY;
    assigns \nothing;
    ensures found: \result == STATUS_OK ==> actor.table + n < N_SLOTS && slots[actor.table + n].type == type;
    ensures allowed: \result == STATUS_OK ==> (slots[actor.table + n].rights & right) == right; */
static enum status syscall_check(struct actor actor, u32 n, u8 type, u32 right)
{
	u32 s = actor.table + n;

	if (n == 0 || n >= actor.size)
		return STATUS_BAD_SLOT;
	if (slots[s].type != type)
		return slots[s].type == CAP_EMPTY ? STATUS_NO_CAP : STATUS_BAD_TYPE;
	return (slots[s].rights & right) == right ? STATUS_OK : STATUS_NO_RIGHT;
}

/* Operations on the thread whose capability is number a0. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && actor_valid(actor) && thread_index(caller);
    assigns STATE;
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT && (claimed: slots_claimed{Pre, Post}(0)); */
static enum status syscall_thread(struct request r, struct actor actor, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u32 caller)
{
	u32 s = actor.table + r.a0;
	enum status status = syscall_check(actor, r.a0, CAP_THREAD, RIGHT_WRITE);

	if (status != STATUS_OK)
		return status;
	/*@ assert named: slots[s].type == CAP_THREAD && 0 < slots[s].object < N_THREADS; */
	switch (r.operation) {
	case OP_RESUME:
		return thread_resume(slots[s].object);
	case OP_SUSPEND:
		return thread_suspend(slots[s].object);
	case OP_WRITE_REGISTERS:
		return thread_write_registers(slots[s].object, a2, a3, a4, a5, a6);
	case OP_READ_REGISTERS:
		return caller == NONE ? STATUS_BAD_CALL : thread_read_registers(caller, slots[s].object, a2);
	case OP_INSPECT:
		return caller == NONE ? STATUS_BAD_CALL : thread_inspect(caller, slots[s].object, a2);
	default:
		break;
	}
	if ((slots[s].rights & RIGHT_SCHEDULE) == 0)
		return STATUS_NO_RIGHT;
	return thread_set_scheduling(slots[s].object, a2, a3, a4, a5, a6);
}

/*@ requires kernel_valid && actor_valid(actor);
    assigns hart.timers[0 .. N_TIMERS - 1], hart.armed;
    ensures HART_VALID; */
static enum status syscall_arm(struct request r, struct actor actor, u64 a2)
{
	u32 s = actor.table + r.a0;
	enum status status = syscall_check(actor, r.a0, CAP_NOTIFICATION, RIGHT_READ);

	if (status != STATUS_OK)
		return status;
	return notify_arm(slots[s].object, a2);
}

/* Empty a slot, or delete what descends from its capability. */
/*@ requires SETTLED && STANDING && kernel_valid && actor_valid(actor);
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING; */
static enum status syscall_delete(struct request r, struct actor actor, u64 a2)
{
	struct place from = cnode_place(actor, r.a0, a2, RIGHT_WRITE);

	if (from.status != STATUS_OK)
		return from.status;
	return r.operation == OP_DELETE ? cnode_delete(from.slot) : cnode_revoke(from.slot);
}

enum status syscall_invoke(struct request r, struct actor actor, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u32 caller)
{
	switch (r.operation) {
	case OP_RETYPE:
		return syscall_retype(r, actor, a2, a3, a4, a5, a6);
	case OP_COPY:
		return cnode_copy(cnode_place(actor, r.a0, a2, RIGHT_WRITE), cnode_place(actor, a3, a4, RIGHT_READ),
				  (u32)(a5 & RIGHTS_ALL), a6);
	case OP_MOVE:
		return cnode_move(cnode_place(actor, r.a0, a2, RIGHT_WRITE),
				  cnode_place(actor, a3, a4, RIGHT_READ | RIGHT_WRITE));
	case OP_DELETE:
	case OP_REVOKE:
		return syscall_delete(r, actor, a2);
	case OP_RESUME:
	case OP_SUSPEND:
	case OP_WRITE_REGISTERS:
	case OP_READ_REGISTERS:
	case OP_INSPECT:
	case OP_SET_SCHEDULING:
		return syscall_thread(r, actor, a2, a3, a4, a5, a6, caller);
	case OP_ARM_TIMER:
		return syscall_arm(r, actor, a2);
	default:
		return STATUS_BAD_CALL;
	}
}

/* Start of a system call of t whose results are set at its end. */
/*@ requires threads_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures others: threads_wait{Pre, Post} && results_kept_but{Pre, Post}(t) && words_kept{Pre, Post}; */
static inline void syscall_begin(u64 t)
{
	threads[t].registers[REG_A1] = 0;
	threads[t].registers[REG_A2] = 0;
}

/*@ requires DERIVED_APART && STANDING && kernel_valid && 0 < t < N_THREADS && (settled: unsettled == NONE);
    assigns STATE, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures leaves: \result == hart.current && current_is_highest;
    ensures claimed: slots_claimed{Pre, Post}(0); */
static __attribute__((noinline)) u32 syscall_signal(u64 t, u64 notification)
{
	syscall_begin(t);
	return sched_return((u32)t, notify_signal(t, notification));
}

/* Every argument stays in the register where the user had it. */
/*@ requires SETTLED && STANDING && kernel_valid && 0 < t < N_THREADS;
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1], payload[0 .. 5];
    ensures SETTLED && VALID && STANDING && (leaves: \result == hart.current && current_is_highest) &&
      (capabilities: a1 != OP_MOVE && a1 != OP_DELETE && a1 != OP_REVOKE ==> capabilities_kept{Pre, Post}); */
static __attribute__((noinline)) u32 syscall_operation(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 t)
{
	/* Numbers beyond 32 bits name no operation and no slot; neither does the highest of 32 bits. */
	struct request r = { (u32)(a1 > 0xffffffff ? 0xffffffff : a1), (u32)(a0 > 0xffffffff ? 0xffffffff : a0) };
	struct actor actor = { threads[t].table, threads[t].table_size };

	/*@ ghost cap_own_table((u32)t); */
	syscall_begin(t);
	return sched_return((u32)t, syscall_invoke(r, actor, a2, a3, a4, a5, a6, (u32)t));
}

/* t receives: of its own, so that this proves apart from the other calls. */
/*@ requires ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current && (settled: unsettled == NONE);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures leaves: \result == hart.current && current_is_highest;
    ensures grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ENSURES_BARRED(!may_take{Pre}(t, endpoint, reply, arrival), t)
    ENSURES_BLOCKED(receive_blocks{Pre}(t, endpoint, reply, arrival) && block, t, \old(threads[t].table) + reply,
      arrival != 0 ? \old(threads[t].table) + arrival : 0)
    ENSURES_TAKEN(receive_takes{Pre}(t, endpoint, reply, arrival), t, first_sender{Pre}(t, endpoint),
      \old(threads[t].table) + reply, arrival != 0 ? \old(threads[t].table) + arrival : 0) */
static inline u32 syscall_receive(u32 t, u64 endpoint, u64 reply, u64 arrival, bool block)
{
	enum status status = ipc_receive(t, endpoint, reply, arrival, block);

	return sched_return(t, status);
}

/* Every other system call; a1 to a4 are the user's. */
/*@ requires ORDERED && STANDING && kernel_valid && hart.current != NONE && (settled: unsettled == NONE);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (leaves: \result == hart.current && current_is_highest) &&
      (grown: capabilities_grown{Pre, Post}(a4 != 0 ? \old(threads[hart.current].table) + a4 : 0)) &&
      (claimed: number != SYS_RECV && number != (SYS_RECV | SYS_NONBLOCK) ==> slots_claimed{Pre, Post}(0)) &&
      (yielded: number == SYS_YIELD ==> threads[\old(hart.current)].registers[REG_A0] == STATUS_OK) &&
      (unknown: number > SYS_INVOKE && number != (SYS_RECV | SYS_NONBLOCK) && number != (SYS_WAIT | SYS_NONBLOCK) ==>
        threads[\old(hart.current)].registers[REG_A0] == STATUS_BAD_CALL);
    ENSURES_BARRED(asks_receive(number) && !may_take{Pre}(\at(hart.current, Pre), a0, a2, a4), \at(hart.current, Pre))
    ENSURES_BLOCKED(number == SYS_RECV && receive_blocks{Pre}(\at(hart.current, Pre), a0, a2, a4), \at(hart.current, Pre),
      \old(threads[hart.current].table) + a2, a4 != 0 ? \old(threads[hart.current].table) + a4 : 0)
    ENSURES_TAKEN(asks_receive(number) && receive_takes{Pre}(\at(hart.current, Pre), a0, a2, a4), \at(hart.current, Pre),
      first_sender{Pre}(\at(hart.current, Pre), a0), \old(threads[hart.current].table) + a2,
      a4 != 0 ? \old(threads[hart.current].table) + a4 : 0) */
static __attribute__((noinline)) u32 syscall_rest(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 number)
{
	u32 t = hart.current;
	bool block = (number & SYS_NONBLOCK) == 0;

	syscall_begin(wide(t));
	/*@ assert self: thread_same{Pre, Here}(t); */
	/*@ assert told: is_told(t) <==> is_told{Pre}(t); */
	/*@ assert first: first_sender(t, a0) == first_sender{Pre}(t, a0) &&
	      (may_take(t, a0, a2, a4) <==> may_take{Pre}(t, a0, a2, a4)); */
	/*@ assert same: may_receive(t, a0) ==> thread_same{Pre, Here}(first_sender(t, a0)); */
	/*@ assert pays: may_receive(t, a0) ==>
	      (may_pay(first_sender(t, a0), t) <==> may_pay{Pre}(first_sender{Pre}(t, a0), t)); */
	/*@ assert asked: (receive_blocks(t, a0, a2, a4) <==> receive_blocks{Pre}(t, a0, a2, a4)) &&
	      (receive_takes(t, a0, a2, a4) <==> receive_takes{Pre}(t, a0, a2, a4)); */
	/*@ assert sender: first_sender(t, a0) == first_sender{Pre}(t, a0) && (receive_takes(t, a0, a2, a4) ==>
	      first_sender(t, a0) != t && words_same{Pre, Here}(first_sender(t, a0)) &&
	      tag_of(first_sender(t, a0)) == tag_of{Pre}(first_sender(t, a0)) &&
	      threads[first_sender(t, a0)].fault == \at(threads[first_sender(\at(hart.current, Pre), a0)].fault, Pre)); */
	/*@ assert carries: receive_takes(t, a0, a2, a4) ==> threads[first_sender(t, a0)].registers[REG_A3] ==
	      \at(threads[first_sender(\at(hart.current, Pre), a0)].registers[REG_A3], Pre) &&
	      threads[first_sender(t, a0)].table == \at(threads[first_sender(\at(hart.current, Pre), a0)].table, Pre) &&
	      threads[first_sender(t, a0)].table_size == \at(threads[first_sender(\at(hart.current, Pre), a0)].table_size, Pre); */
	switch (number) {
	case SYS_SEND:
		return sched_return(t, ipc_send(t, a0, a1, a3));
	case SYS_RECV:
	case SYS_RECV | SYS_NONBLOCK:
		return syscall_receive(t, a0, a2, a4, block);
	case SYS_WAIT:
	case SYS_WAIT | SYS_NONBLOCK:
		return sched_return(t, notify_wait(wide(t), a0, block));
	case SYS_YIELD:
		sched_yield();
		return sched_return(t, STATUS_OK);
	default:
		break;
	}
	return sched_return(t, STATUS_BAD_CALL);
}

u32 syscall_handle(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 number)
{
	if (number == SYS_CALL)
		return ipc_call(a0, a1, wide(hart.current), a3, a4);
	if (number == SYS_REPLY_RECV)
		return ipc_reply_receive(a0, a1, a2, a3, a4, wide(hart.current));
	if (number == SYS_SIGNAL)
		return syscall_signal(wide(hart.current), a0);
	if (number == SYS_INVOKE)
		return syscall_operation(a0, a1, a2, a3, a4, a5, a6, wide(hart.current));
	return syscall_rest(a0, a1, a2, a3, a4, number);
}

u32 syscall_fault(u64 cause, u64 address)
{
	hart.holder = NONE;
	threads[hart.current].saved_all = 1;
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	thread_fault(hart.current, cause, address);
	return sched_leave();
}

u32 syscall_interrupt(bool timer)
{
	u32 t = hart.current;

	if (t != NONE) { /* all its registers are in memory; while idle the hardware may hold the only copy of a payload */
		hart.holder = NONE;
		threads[t].saved_all = 1;
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	}
	if (timer) {
		u64 now = arch_time();

		if (sched_tick(now) && hart.current != NONE)
			thread_fault(hart.current, FAULT_CALL_LIMIT, threads[hart.current].limit);
		notify_timers(now);
		(void)cnode_bury();
		if (hart.armed == NEVER)
			arch_timer_set(NEVER); /* nothing to wait for: end this interrupt */
	} else {
		/*@ loop invariant SETTLED && VALID && STANDING;
		    loop assigns i, STATE_AND_ENTRIES;
		    loop variant LINES_AT_ONCE - i; */
		for (u32 i = 0; i < LINES_AT_ONCE; i++)
			if (!notify_interrupt())
				break;
	}
	return sched_leave();
}
