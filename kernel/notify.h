/* notify.h - notifications: bits that are signalled and waited for; interrupt lines and timers are bound to them. */
#pragma once
#include "cap.h"
#include "sched.h"

/* Set `bits` of notification n: wake a waiter or the thread bound to it, or leave them pending. A bit that is bound to
 * power-off or reset stops the machine. */
/*@ REQUIRES_DERIVED
    requires kernel_valid && queue_index(n);
    assigns STATE;
    ENSURES_DERIVED
    ENSURES_VALID
    ensures kept: slots_kept{Pre, Post}; */
void notify_raise(u32 n, u32 bits);

/* System calls: signal the notification in slot number `notification` of t's table; wait on it. */
/*@ REQUIRES_DERIVED
    requires kernel_valid && thread_index(t);
    assigns STATE;
    ENSURES_DERIVED
    ENSURES_VALID ENSURES_KEPT */
enum status notify_signal(u64 t, u64 notification);
/*@ requires kernel_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart;
    ENSURES_VALID */
enum status notify_wait(u64 t, u64 notification, bool block);

/* Give the pending bits of n to t in its result registers; false if there are none. Lines whose bits were taken before
 * are switched on again first: waiting again is the acknowledgement. */
/*@ requires kernel_valid && queue_index(n) && thread_index(t);
    assigns threads[t].registers[REG_A2], queues[n].bits, queues[n].taken;
    ENSURES_VALID */
bool notify_collect(u32 n, u32 t);

/* An interrupt line is pending: claim it, switch it off and raise its bit. False if no line was. */
/*@ REQUIRES_DERIVED
    requires kernel_valid;
    assigns STATE;
    ENSURES_DERIVED
    ENSURES_VALID ENSURES_KEPT */
bool notify_interrupt(void);

/* Raise the timers that are due; set the hardware for the next. */
/*@ REQUIRES_DERIVED
    requires kernel_valid;
    assigns STATE;
    ENSURES_DERIVED
    ENSURES_VALID ENSURES_KEPT */
void notify_timers(u64 now);

/* Arm the timer of notification n for the absolute time `deadline` (NEVER: disarm). */
/*@ requires queue_index(n) && queues[n].timer <= N_TIMERS;
    assigns hart.timers[0 .. N_TIMERS - 1].deadline, hart.armed; */
enum status notify_arm(u32 n, u64 deadline);

/* Boot only: bind what the specification bound to bit number `bit` of n. */
/*@ requires kernel_valid && queue_index(n);
    assigns queues[0 .. N_QUEUES - 1], hart;
    ENSURES_VALID */
enum status notify_bind(u32 n, u64 what, u64 line, u64 bit);
