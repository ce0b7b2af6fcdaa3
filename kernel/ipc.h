/* ipc.h - call, reply, send and receive through endpoints; the end of a blocked operation.
 *
 * A reply, or the reservation for one, stands in a slot of the receiver's table, outside the derivation; slot and
 * thread point at each other (invariant 6). The payload of a message whose receiver waits is never moved. */
#pragma once
#include "cap.h"
#include "sched.h"

/* The four calls. Arguments are untrusted. Those two that are the short way of every request leave the kernel
 * themselves: their result is the thread to run. Their parameters stand where the user's registers have them. */

/*@ REQUIRES_ORDERED
    requires kernel_valid && 0 < t < N_THREADS;
    assigns STATE, payload[0 .. 5], LIST;
    ENSURES_ORDERED
    ENSURES_VALID ENSURES_KEPT
    ensures leaves: \old(hart.current) == t ==> \result == hart.current; */
u32 ipc_call(u64 endpoint, u64 tag, u64 t, u64 out, u64 arrival);
/*@ REQUIRES_ORDERED
    requires kernel_valid && 0 < t < N_THREADS;
    assigns STATE, payload[0 .. 5], LIST;
    ENSURES_ORDERED
    ENSURES_VALID ENSURES_KEPT */
enum status ipc_send(u32 t, u64 destination, u64 tag, u64 out);
/*@ REQUIRES_ORDERED
    requires kernel_valid && 0 < t < N_THREADS;
    assigns STATE, payload[0 .. 5], LIST;
    ENSURES_ORDERED
    ENSURES_VALID ENSURES_KEPT */
enum status ipc_receive(u32 t, u64 endpoint, u64 reply, u64 arrival, bool block);
/*@ REQUIRES_ORDERED
    requires kernel_valid && 0 < t < N_THREADS;
    assigns STATE, payload[0 .. 5], LIST;
    ENSURES_ORDERED
    ENSURES_VALID ENSURES_KEPT
    ensures leaves: \old(hart.current) == t ==> \result == hart.current; */
u32 ipc_reply_receive(u64 endpoint, u64 tag, u64 reply, u64 out, u64 arrival, u64 t);

/* End what t is blocked in, with `status` as its result, and stop it: queues, reservations, and the reply that somebody
 * may hold. A thread that waits for its fault handler keeps its registers: it will fault again. */
/*@ REQUIRES_DERIVED
    requires kernel_valid && thread_index(t);
    assigns STATE;
    ENSURES_DERIVED
    ENSURES_VALID
    ensures kept: slots_kept{Pre, Post};
    ensures stopped: threads[t].state == THREAD_STOPPED && threads[t].queue == NONE;
    ensures unfaulted: threads[t].fault == 0; */
void ipc_cancel(u32 t, enum status status);

/* Give the fault of t, which is current or was, to its handler as a message; false if it has none. A handler runs on its
 * own budget: who faults pays for nobody. */
/*@ REQUIRES_ORDERED
    requires kernel_valid && 0 < t < N_THREADS;
    assigns STATE, payload[0 .. 5], LIST;
    ENSURES_ORDERED
    ENSURES_VALID ENSURES_KEPT */
bool ipc_fault(u32 t);
