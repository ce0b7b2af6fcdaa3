/* notify.h - notifications: bits that are signalled and waited for; interrupt lines and timers are bound to them. */
#pragma once
#include "cap.h"
#include "sched.h"

/*@ // Bits that were raised are pending, or somebody has all that are: the first who waits, or the bound thread that receives.
    logic integer waiter{L}(integer n) = \at(queues[n].head, L) != NONE &&
      \at(threads[queues[n].head].state, L) == THREAD_WAITING ? \at(queues[n].head, L) : NONE;
    logic integer notified{L}(integer n) = waiter{L}(n) != NONE ? waiter{L}(n) :
      \at(queues[n].bound, L) != NONE && \at(threads[queues[n].bound].state, L) == THREAD_RECEIVING ? \at(queues[n].bound, L) : NONE;
    predicate may_wait{L}(integer t, integer n) = n < \at(threads[t].table_size, L) &&
      \at(slots[threads[t].table + n].type, L) == CAP_NOTIFICATION &&
      (\at(slots[threads[t].table + n].rights, L) & RIGHT_READ) == RIGHT_READ;
    predicate awake{L}(integer t) = \at(threads[t].state, L) == THREAD_READY || \at(threads[t].state, L) == THREAD_EXHAUSTED; */

/* Set `bits` of notification n: wake a waiter or the thread bound to it, or leave them pending. A bit that is bound to
 * power-off or reset stops the machine. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && told(n);
    assigns STATE;
    ensures DERIVED && VALID && STANDING && (kept: slots_kept{Pre, Post}) && (claimed: slots_claimed{Pre, Post}(0)) &&
      (pending: notified{Pre}(n) == NONE ==> queues[n].bits == (\old(queues[n].bits) | bits)) &&
      (untold: notified{Pre}(n) == NONE ==> results_kept{Pre, Post} && threads_wait{Pre, Post}) &&
      (given: notified{Pre}(n) != NONE && (\old(queues[n].bits) | bits) != 0 ==>
        threads[notified{Pre}(n)].registers[REG_A2] == (\old(queues[n].bits) | bits) && queues[n].bits == 0) &&
      (awake: notified{Pre}(n) != NONE && (\old(queues[n].bits) | bits) != 0 ==> awake(notified{Pre}(n))) &&
      (status: notified{Pre}(n) != NONE && (\old(queues[n].bits) | bits) != 0 ==>
        threads[notified{Pre}(n)].registers[REG_A0] == (waiter{Pre}(n) != NONE ? STATUS_OK : STATUS_NOTIFIED)) &&
      (others: results_kept_but{Pre, Post}(notified{Pre}(n))) &&
      (waits: \forall integer k; thread_index(k) && k != notified{Pre}(n) ==> thread_waits{Pre, Post}(k)); */
void notify_raise(u32 n, u32 bits);

/* System calls: signal the notification in slot number `notification` of t's table; wait on it. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && thread_index(t);
    assigns STATE;
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0);
    ensures refused: \result != STATUS_OK ==> results_kept{Pre, Post} && threads_wait{Pre, Post};
    ensures unqueued: \result != STATUS_OK ==> (\forall integer k; queue_index(k) ==> queues[k] == \old(queues[k])); */
enum status notify_signal(u64 t, u64 notification);
/*@ requires STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, stands_as[t], stands_on[t], ORDER;
    ensures VALID && STANDING;
    ensures given: \result == STATUS_OK && hart.current == \old(hart.current) && \old(hart.current) != NONE ==>
      threads[t].registers[REG_A2] != 0 && hart == \old(hart);
    ensures bits: may_wait{Pre}(t, notification) && \old(queues[slots[threads[t].table + notification].object].bits) != 0 ==>
      \result == STATUS_OK && threads[t].registers[REG_A2] == \old(queues[slots[threads[t].table + notification].object].bits) &&
      queues[slots[threads[t].table + notification].object].bits == 0 && hart == \old(hart);
    ensures blocks: may_wait{Pre}(t, notification) && \old(queues[slots[threads[t].table + notification].object].bits) == 0 && block ==>
      \result == STATUS_OK && hart.current == NONE && threads[t].state == THREAD_WAITING &&
      threads[t].queue == slots[threads[t].table + notification].object &&
      queues[slots[threads[t].table + notification].object].tail == t;
    ensures empty: may_wait{Pre}(t, notification) && \old(queues[slots[threads[t].table + notification].object].bits) == 0 && !block ==>
      \result == STATUS_EMPTY && hart == \old(hart);
    ensures waits: threads_wait{Pre, Post};
    ensures results: results_kept_but{Pre, Post}(t);
    ensures words: words_kept{Pre, Post};
    ensures states: states_kept_but{Pre, Post}(t);
    ensures refused: \result != STATUS_OK && \result != STATUS_EMPTY ==> results_kept{Pre, Post} && hart == \old(hart) &&
      (\forall integer k; queue_index(k) ==> queues[k] == \old(queues[k])); */
enum status notify_wait(u64 t, u64 notification, bool block);

/* Give the pending bits of n to t in its result registers; false if there are none. Lines whose bits were taken before
 * are switched on again first: waiting again is the acknowledgement. */
/*@ requires kernel_valid && queue_index(n) && thread_index(t);
    assigns threads[t].registers[REG_A2], queues[n].bits, queues[n].taken;
    ensures VALID;
    ensures given: threads[t].registers[REG_A2] == \old(queues[n].bits) && queues[n].bits == 0;
    ensures taken: queues[n].taken == (\old(queues[n].bits) & queues[n].lines);
    ensures some: \result <==> \old(queues[n].bits) != 0; */
bool notify_collect(u32 n, u32 t);

/* An interrupt line is pending: claim it, switch it off and raise its bit. False if no line was. */
/*@ requires DERIVED_APART && STANDING && kernel_valid;
    assigns STATE;
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0); */
bool notify_interrupt(void);

/* Raise the timers that are due; set the hardware for the next. */
/*@ requires DERIVED_APART && STANDING && kernel_valid;
    assigns STATE;
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0); */
void notify_timers(u64 now);

/* Arm the timer of notification n for the absolute time `deadline` (NEVER: disarm). */
/*@ requires queue_index(n) && queues[n].timer <= N_TIMERS;
    assigns hart.timers[0 .. N_TIMERS - 1].deadline, hart.armed;
    exits \false;
    ensures set: \old(queues[n].timer) != 0 ==> \result == STATUS_OK && hart.timers[queues[n].timer - 1].deadline == deadline;
    ensures early: \old(queues[n].timer) != 0 ==> hart.armed <= deadline;
    ensures refused: queues[n].timer == 0 ==> \result == STATUS_REFUSED && hart == \old(hart);
    ensures others: \forall integer i; 0 <= i < N_TIMERS && i + 1 != queues[n].timer ==>
      hart.timers[i].deadline == \old(hart.timers[i].deadline); */
enum status notify_arm(u32 n, u64 deadline);

#define BINDINGS hart.lines[0 .. N_LINES - 1], hart.timers[0 .. N_TIMERS - 1], hart.timers_used, hart.fault_queue, hart.fault_bit
/* Boot only: bind what the specification bound to bit number `bit` of n. */
/*@ requires kernel_valid && told(n);
    assigns queues[0 .. N_QUEUES - 1], BINDINGS;
    ensures VALID; */
enum status notify_bind(u32 n, u64 what, u64 line, u64 bit);
