/* syscall.h - the entries of the kernel: boot, system calls, faults, interrupts. */
#pragma once
#include "untyped.h"

/* What is asked for, and the number of the capability of which it is asked. */
struct request {
	u32 operation;     /* enum operation */
	u32 a0;
};

/* One operation with the authority of `actor`; a2 to a6 stay in the registers where the user had them. Results of
 * read-registers and inspect go to thread `caller` (NONE at boot, where these do not occur). */
/*@ requires SETTLED && STANDING && kernel_valid && actor_valid(actor) && thread_index(caller);
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1];
    ensures SETTLED && VALID && STANDING &&
      // Integrity: retype and copy add capabilities; only three operations change or remove one.
      (capabilities: r.operation != OP_MOVE && r.operation != OP_DELETE && r.operation != OP_REVOKE ==>
        capabilities_kept{Pre, Post}) &&
      (claimed: r.operation > OP_REVOKE ==> slots_claimed{Pre, Post}(0)) &&
      // I1: what holds slots ends by one of two only.
      (homes: apart != 0 && r.operation != OP_DELETE && r.operation != OP_REVOKE ==>
        homes_kept{Pre, Post} && \old(apart) != 0) &&
      (apart: r.operation != OP_RETYPE ==> apart == \old(apart)); */
enum status syscall_invoke(struct request r, struct actor actor, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u32 caller);

/* Build the initial state from the boot record and the system behind the image; returns when every section was replayed.
 * Stops the machine with a clear sentence if anything does not fit. */
/*@ requires \valid_read(record) && boot_zero;
    assigns STATE_AND_ENTRIES, apart, HOMES, words[0 .. N_WORDS - 1], machine, boot_record,
            boot_system;
    ensures SETTLED && VALID && STANDING; */
void boot_main(const struct boot_record *record);

/*@ predicate asks_receive(integer number) = number == SYS_RECV || number == (SYS_RECV | SYS_NONBLOCK); */

/* The arguments are the user's registers a0 to a7, all untrusted. Answers the thread to run, as the next two do. */
/*@ requires SETTLED && STANDING && kernel_valid && hart.current != NONE && current_is_highest;
    assigns STATE_AND_ENTRIES, apart, HOMES, used_reply, words[0 .. N_WORDS - 1], payload[0 .. 5];
    ensures SETTLED && VALID && STANDING &&
      // Integrity: a message, a signal, a wait changes no capability; only three operations that the caller names do.
      (capabilities: number != SYS_INVOKE || (a1 != OP_MOVE && a1 != OP_DELETE && a1 != OP_REVOKE) ==>
        capabilities_kept{Pre, Post}) &&
      // Confinement: and it makes one only in a slot that was reserved, or in the free one that the caller named for it.
      (grown: number != SYS_INVOKE ==>
        capabilities_grown{Pre, Post}(a4 != 0 ? \old(threads[hart.current].table) + a4 : 0)) &&
      (claimed: number == SYS_SEND || number == SYS_SIGNAL || number == SYS_WAIT || number == SYS_YIELD ==>
        slots_claimed{Pre, Post}(0)) &&
      (apart: number != SYS_INVOKE ==> apart == \old(apart)) &&
      (yielded: number == SYS_YIELD ==> threads[\old(hart.current)].registers[REG_A0] == STATUS_OK) &&
      (unknown: number > SYS_INVOKE && number != (SYS_RECV | SYS_NONBLOCK) && number != (SYS_WAIT | SYS_NONBLOCK) ==>
        threads[\old(hart.current)].registers[REG_A0] == STATUS_BAD_CALL) &&
      (leaves: \result == hart.current && current_is_highest);
    ENSURES_MET(number == SYS_CALL && call_meets{Pre}(\at(hart.current, Pre), a0, a1, a4), \at(hart.current, Pre),
      first_receiver{Pre}(\at(hart.current, Pre), a0), a1, \old(slots[threads[hart.current].table + a0].badge), a3)
    ENSURES_QUEUED(number == SYS_CALL && call_queues{Pre}(\at(hart.current, Pre), a0, a1, a4), \at(hart.current, Pre), a1,
      \old(slots[threads[hart.current].table + a0].badge), a3)
    ENSURES_REFUSED((number == SYS_CALL && (!may_call{Pre}(\at(hart.current, Pre), a0) ||
      call_lacks{Pre}(\at(hart.current, Pre), a4, first_receiver{Pre}(\at(hart.current, Pre), a0)))) ||
      (number == SYS_REPLY_RECV && (!may_receive{Pre}(\at(hart.current, Pre), a0) ||
      !answer_fits{Pre}(\at(hart.current, Pre), a1, a2, a4))), \at(hart.current, Pre))
    ENSURES_BARRED(asks_receive(number) && !may_take{Pre}(\at(hart.current, Pre), a0, a2, a4), \at(hart.current, Pre))
    ENSURES_BLOCKED(number == SYS_RECV && receive_blocks{Pre}(\at(hart.current, Pre), a0, a2, a4), \at(hart.current, Pre),
      \old(threads[hart.current].table) + a2, a4 != 0 ? \old(threads[hart.current].table) + a4 : 0)
    ENSURES_TAKEN(asks_receive(number) && receive_takes{Pre}(\at(hart.current, Pre), a0, a2, a4), \at(hart.current, Pre),
      first_sender{Pre}(\at(hart.current, Pre), a0), \old(threads[hart.current].table) + a2,
      a4 != 0 ? \old(threads[hart.current].table) + a4 : 0)
    ENSURES_ANSWERED(number == SYS_REPLY_RECV && may_receive{Pre}(\at(hart.current, Pre), a0) &&
      answer_waits{Pre}(\at(hart.current, Pre), named_endpoint{Pre}(\at(hart.current, Pre), a0), a1, a2, a4),
      \at(hart.current, Pre), named_endpoint{Pre}(\at(hart.current, Pre), a2), a1, \old(threads[hart.current].table) + a2,
      a4 != 0 ? \old(threads[hart.current].table) + a4 : 0) */
u32 syscall_handle(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 number);

/* The current thread did what the hardware refuses. All its registers are in memory. */
/*@ requires ORDERED && STANDING && kernel_valid && hart.current != NONE && (settled: unsettled == NONE);
    assigns STATE, fault_ring, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0);
    ensures leaves: \result == hart.current && current_is_highest; */
u32 syscall_fault(u64 cause, u64 address);

/* A timer or external interrupt. The registers of the current thread, if there is one, are in memory. */
/*@ requires SETTLED && STANDING && kernel_valid;
    assigns STATE_AND_ENTRIES, HOMES, payload[0 .. 5];
    ensures SETTLED && VALID && STANDING && (leaves: \result == hart.current && current_is_highest); */
u32 syscall_interrupt(bool timer);
