/* thread.h - what is done to threads: their slots, their registers, stop and go, faults. */
#pragma once
#include "ipc.h"

/* Whether the capability in `from` may stand in slot `which` of thread t. */
/*@ requires slots_valid && thread_index(t) && slot_index(from) && which < THREAD_SLOTS;
    assigns \nothing;
    ensures stands: \result == STATUS_OK ==> stands_in_thread(which, slots[from].type, slots[from].kind);
    ensures whole: \result == STATUS_OK && which <= THREAD_SPACE ==>
      (slots[from].rights & rights & 3) == (RIGHT_READ | RIGHT_WRITE);
    ensures root: \result == STATUS_OK && which == THREAD_SPACE ==> slots[from].kind == 2;
    ensures read: \result == STATUS_OK && which == THREAD_BOUND ==> (slots[from].rights & rights & RIGHT_READ) != 0;
    ensures free: \result == STATUS_OK && which == THREAD_BOUND ==> queues[slots[from].object].bound == NONE; */
enum status thread_check(u32 t, u32 from, u32 rights, u32 which);
/* Slot s of a thread was filled or is emptied: the scheduler's and the system-call path's view of it follows. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && is_thread_slot(s) &&
      (stands: stands_in_thread(s % 16 - THREAD_SLOT_OFFSET, slots[s].type, slots[s].kind)) &&
      (read: slots[s].container == IN_THREAD);
    assigns STATE;
    ensures DERIVED && VALID && STANDING;
    ensures kept: slots_kept{Pre, Post};
    ensures claimed: slots_claimed{Pre, Post}(0); */
void thread_filled(u32 s);
/*@ requires DERIVED_APART && STANDING && kernel_valid && is_thread_slot(s);
    assigns STATE;
    ensures DERIVED && VALID && STANDING;
    ensures unread: slot_unread(s);
    ensures kept: slots_kept{Pre, Post};
    ensures claimed: slots_claimed{Pre, Post}(0); */
void thread_emptied(u32 s);

/*@ requires STANDING && kernel_valid && 0 < t < N_THREADS;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS;
    ensures VALID && STANDING;
    ensures whole: \result == STATUS_OK ==> \old(threads[t].table_size) != 0 && \old(threads[t].root) != NONE;
    ensures goes: \result == STATUS_OK ==> threads[t].state != THREAD_STOPPED;
    ensures refused: \result != STATUS_OK || \old(threads[t].state) != THREAD_STOPPED ==> hart == \old(hart) &&
      (\forall integer k; thread_index(k) ==> threads[k] == \old(threads[k]));
    ensures waits: threads_wait{Pre, Post};
    ensures registers: registers_kept{Pre, Post}; */
enum status thread_resume(u32 t);
/*@ requires DERIVED_APART && STANDING && kernel_valid && 0 < t < N_THREADS;
    assigns STATE;
    ensures DERIVED && VALID && STANDING;
    ensures kept: slots_kept{Pre, Post};
    ensures stopped: threads[t].state == THREAD_STOPPED && threads[t].queue == NONE;
    ensures claimed: slots_claimed{Pre, Post}(0); */
enum status thread_suspend(u32 t);
/* Registers 4 * group to 4 * group + 3 of the stopped thread t. */
/*@ requires threads_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures stopped: \result == STATUS_OK ==> threads[t].state == THREAD_STOPPED;
    ensures written: \result == STATUS_OK ==> threads[t].registers[4 * group] == a && threads[t].registers[4 * group + 1] == b &&
      threads[t].registers[4 * group + 2] == c && threads[t].registers[4 * group + 3] == d;
    ensures refused: \result != STATUS_OK ==> (\forall integer k; thread_index(k) ==> threads[k] == \old(threads[k])); */
enum status thread_write_registers(u32 t, u64 group, u64 a, u64 b, u64 c, u64 d);
/* Results of these two go into a1 and a2 of `caller`. */
/*@ requires threads_valid && thread_index(t) && thread_index(caller);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures stopped: \result == STATUS_OK ==> \old(threads[t].state) == THREAD_STOPPED;
    ensures read: \result == STATUS_OK && caller != t ==> threads[caller].registers[REG_A1] == threads[t].registers[first] &&
      threads[caller].registers[REG_A2] == threads[t].registers[first + 1];
    ensures whole: \result == STATUS_OK && caller != t && \old(threads[t].saved_all) != 0 ==>
      threads[caller].registers[REG_A1] == \old(threads[t].registers[first]) &&
      threads[caller].registers[REG_A2] == \old(threads[t].registers[first + 1]);
    ensures refused: \result != STATUS_OK ==> (\forall integer k; thread_index(k) ==> threads[k] == \old(threads[k])); */
enum status thread_read_registers(u32 caller, u32 t, u64 first);
/*@ requires threads_valid && thread_index(t) && thread_index(caller);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures state: what == INSPECT_STATE ==> \result == STATUS_OK && threads[caller].registers[REG_A1] == threads[t].state &&
      threads[caller].registers[REG_A2] == threads[t].priority;
    ensures time: what == INSPECT_TIME ==> \result == STATUS_OK && threads[caller].registers[REG_A1] == threads[t].used &&
      threads[caller].registers[REG_A2] == threads[t].left;
    ensures fault: what == INSPECT_FAULT ==> \result == STATUS_OK && threads[caller].registers[REG_A1] == threads[t].fault_cause &&
      threads[caller].registers[REG_A2] == threads[t].fault_address;
    ensures budget: what == INSPECT_BUDGET ==> \result == STATUS_OK && threads[caller].registers[REG_A1] == threads[t].budget &&
      threads[caller].registers[REG_A2] == threads[t].period;
    ensures refused: \result != STATUS_OK ==> (\forall integer k; thread_index(k) ==> threads[k] == \old(threads[k])); */
enum status thread_inspect(u32 caller, u32 t, u64 what);
/*@ requires STANDING && kernel_valid && 0 < t < N_THREADS;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart, LINKS, priority_of[t];
    ensures VALID && STANDING;
    ensures refused: \result != STATUS_OK ==> hart == \old(hart) &&
      (\forall integer k; thread_index(k) ==> threads[k] == \old(threads[k])); */
enum status thread_set_scheduling(u32 t, u64 priority, u64 budget, u64 period, u64 flags, u64 limit);

/* t faulted: to its handler, or into the ring and stopped. */
/*@ requires ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current;
    assigns STATE, fault_ring, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0); */
void thread_fault(u32 t, u64 cause, u64 address);

/* End what t is blocked in and let it go on with `status`. Whose fault handler is gone stays stopped, on record. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && 0 < t < N_THREADS;
    assigns STATE, fault_ring;
    ensures DERIVED && VALID && STANDING;
    ensures kept: slots_kept{Pre, Post};
    ensures away: \old(threads[t].fault) == 0 ==> threads[t].queue < KERNEL_QUEUES;
    ensures claimed: slots_claimed{Pre, Post}(0); */
void thread_wake(u32 t, enum status status);

/* t is destroyed: out of every queue and out of the hart's variables. */
/*@ requires DERIVED_APART && STANDING && kernel_valid && 0 < t < N_THREADS;
    assigns STATE;
    ensures DERIVED && VALID && STANDING;
    ensures kept: slots_kept{Pre, Post};
    ensures placed: tables_kept{Pre, Post};
    ensures claimed: slots_claimed{Pre, Post}(0); */
void thread_end(u32 t);
