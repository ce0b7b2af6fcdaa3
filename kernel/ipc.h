/* ipc.h - call, reply, send and receive through endpoints; the end of a blocked operation.
 *
 * A reply, or the reservation for one, stands in a slot of the receiver's table, outside the derivation; slot and
 * thread point at each other (invariant 6). The payload of a message whose receiver waits is never moved. */
#pragma once
#include "cap.h"
#include "sched.h"

/* The tag of a message about a fault. */
#define FAULT_TAG (LABEL_FAULT << TAG_LABEL_SHIFT | MESSAGE_WORDS)

/*@ predicate threads_wait_but{A, B}(integer a, integer b) = \forall integer k; thread_index(k) && k != a && k != b ==>
      thread_waits{A, B}(k);
    predicate results_kept_but_two{A, B}(integer a, integer b) = \forall integer k; thread_index(k) && k != a && k != b ==>
      result_same{A, B}(k);
    predicate states_turned_but{A, B}(integer t) = \forall integer k; thread_index(k) && k != t ==> state_turned{A, B}(k);
    // The tag of a message arrives as it was sent, or without TAG_CAP.
    predicate tag_arrived(integer arrived, integer sent) = arrived == sent || arrived == (sent & 0xfffffffffffffff7);
    predicate message_given{L}(integer t, integer tag, integer badge) =
      \at(threads[t].registers[REG_A0], L) == STATUS_OK && tag_arrived(\at(threads[t].registers[REG_A1], L), tag) &&
      \at(threads[t].registers[REG_A2], L) == badge;
    // What a call is checked for, and the receiver that it meets: the first one at the endpoint.
    predicate slot_free{L}(integer t, integer n) = 0 < n < \at(threads[t].table_size, L) &&
      \at(slots[threads[t].table + n].type, L) == CAP_EMPTY;
    predicate payer_fits{L}(integer t) = \at(threads[t].chain, L) < CHAIN_MAX - 1 &&
      (\at(threads[t].budget, L) != 0 || \at(threads[t].client, L) != NONE);
    predicate call_fits{L}(integer t, integer tag, integer arrival, integer receiver) =
      (tag & TAG_LENGTH) <= MESSAGE_WORDS && (arrival != 0 ==> slot_free{L}(t, arrival)) &&
      (receiver != NONE && \at(threads[receiver].passive, L) != 0 ==> payer_fits{L}(t));
    predicate call_lacks{L}(integer t, integer arrival, integer receiver) = (arrival != 0 && !slot_free{L}(t, arrival)) ||
      (receiver != NONE && \at(threads[receiver].passive, L) != 0 && !payer_fits{L}(t));
    predicate may_call{L}(integer t, integer n) = n < \at(threads[t].table_size, L) &&
      \at(slots[threads[t].table + n].type, L) == CAP_ENDPOINT &&
      (\at(slots[threads[t].table + n].rights, L) & (RIGHT_WRITE | RIGHT_CALL)) == (RIGHT_WRITE | RIGHT_CALL);
    logic integer named_endpoint{L}(integer t, integer n) = \at(slots[threads[t].table + n].object, L);
    logic integer first_at{L}(integer e) = \at(queues[e].receivers, L) == 0 ? 0 : \at(queues[e].head, L);
    logic integer first_receiver{L}(integer t, integer n) = first_at{L}(named_endpoint{L}(t, n));
    predicate call_meets{L}(integer t, integer n, integer tag, integer arrival) = may_call{L}(t, n) &&
      first_receiver{L}(t, n) != NONE && call_fits{L}(t, tag, arrival, first_receiver{L}(t, n));
    predicate call_queues{L}(integer t, integer n, integer tag, integer arrival) = may_call{L}(t, n) &&
      first_receiver{L}(t, n) == NONE && call_fits{L}(t, tag, arrival, NONE);
    predicate server_paid{A, B}(integer s, integer t) = \at(threads[s].passive, A) != 0 ==>
      \at(threads[t].server, B) == s && \at(threads[s].client, B) == t;
    predicate names_reply{L}(integer t, integer n) = n < \at(threads[t].table_size, L) &&
      \at(slots[threads[t].table + n].type, L) == CAP_REPLY;
    predicate may_send{L}(integer t, integer n) = n < \at(threads[t].table_size, L) &&
      \at(slots[threads[t].table + n].type, L) == CAP_ENDPOINT &&
      (\at(slots[threads[t].table + n].rights, L) & RIGHT_WRITE) == RIGHT_WRITE;
    predicate send_answers{L}(integer t, integer n, integer tag) = (tag & TAG_LENGTH) <= MESSAGE_WORDS && names_reply{L}(t, n) &&
      \at(threads[slots[threads[t].table + n].object].fault, L) == 0;
    predicate send_meets{L}(integer t, integer n, integer tag) = (tag & TAG_LENGTH) <= MESSAGE_WORDS &&
      may_send{L}(t, n) && first_receiver{L}(t, n) != NONE;
    predicate send_queues{L}(integer t, integer n, integer tag) = (tag & TAG_LENGTH) <= MESSAGE_WORDS &&
      may_send{L}(t, n) && first_receiver{L}(t, n) == NONE;
    // What a receive is checked for, and what is there to be received: bits of the bound notification, or a first sender.
    predicate may_receive{L}(integer t, integer n) = n < \at(threads[t].table_size, L) &&
      \at(slots[threads[t].table + n].type, L) == CAP_ENDPOINT &&
      (\at(slots[threads[t].table + n].rights, L) & RIGHT_READ) == RIGHT_READ;
    predicate arrival_fits{L}(integer t, integer arrival) = arrival != 0 ==> slot_free{L}(t, arrival);
    predicate may_take{L}(integer t, integer n, integer reply, integer arrival) = may_receive{L}(t, n) &&
      arrival_fits{L}(t, arrival) && slot_free{L}(t, reply) && arrival != reply && \at(threads[t].client, L) == NONE;
    predicate is_told{L}(integer t) = \at(threads[t].bound, L) != NONE && \at(queues[threads[t].bound].bits, L) != 0;
    logic integer sender_at{L}(integer e) = \at(queues[e].receivers, L) == 0 ? \at(queues[e].head, L) : 0;
    logic integer first_sender{L}(integer t, integer n) = sender_at{L}(named_endpoint{L}(t, n));
    predicate receive_blocks{L}(integer t, integer n, integer reply, integer arrival) = may_take{L}(t, n, reply, arrival) &&
      !is_told{L}(t) && first_sender{L}(t, n) == NONE;
    // What a queued sender carries: kept in its registers, or made up for a fault. A caller pays a passive server that takes it.
    logic integer tag_of{L}(integer s) = \at(threads[s].fault, L) != 0 ? FAULT_TAG : \at(threads[s].registers[REG_A1], L);
    logic integer badge_of{L}(integer s) =
      \at(threads[s].fault, L) != 0 ? \at(threads[s].fault_badge, L) : \at(threads[s].registers[REG_A2], L);
    predicate calls{L}(integer s) = \at(threads[s].state, L) == THREAD_CALLING;
    predicate may_pay{L}(integer s, integer t) = calls{L}(s) && \at(threads[s].fault, L) == 0 &&
      \at(threads[t].passive, L) != 0 ==> payer_fits{L}(s);
    predicate receive_takes{L}(integer t, integer n, integer reply, integer arrival) = may_take{L}(t, n, reply, arrival) &&
      !is_told{L}(t) && first_sender{L}(t, n) != NONE && may_pay{L}(first_sender{L}(t, n), t);
    // What an answer is checked for, and when there is nothing to do but to answer `caller` and to wait.
    predicate reply_fits{L}(integer t, integer n, integer tag) = 0 < n < \at(threads[t].table_size, L) &&
      (tag & TAG_LENGTH) <= MESSAGE_WORDS && (\at(threads[t].client, L) == NONE ?
      \at(slots[threads[t].table + n].type, L) == CAP_REPLY || \at(slots[threads[t].table + n].type, L) == CAP_EMPTY :
      \at(slots[threads[t].table + n].type, L) == CAP_REPLY &&
      \at(slots[threads[t].table + n].object, L) == \at(threads[t].client, L));
    predicate answer_fits{L}(integer t, integer tag, integer reply, integer arrival) = arrival_fits{L}(t, arrival) &&
      reply_fits{L}(t, reply, tag) && arrival != reply;
    predicate is_pending{L}(integer t, integer e) = sender_at{L}(e) != NONE || (\at(threads[t].bound, L) != NONE &&
      (\at(queues[threads[t].bound].bits, L) | \at(queues[threads[t].bound].taken, L)) != 0);
    predicate only_waits{L}(integer t, integer e, integer caller, integer tag) = !is_pending{L}(t, e) &&
      \at(threads[caller].fault, L) == 0 && (tag & TAG_CAP) == 0 && \at(threads[caller].arrival, L) == NONE &&
      (\at(threads[t].client, L) != NONE || \at(threads[caller].server, L) == NONE);
    predicate answer_waits{L}(integer t, integer e, integer tag, integer reply, integer arrival) =
      answer_fits{L}(t, tag, reply, arrival) && names_reply{L}(t, reply) &&
      only_waits{L}(t, e, named_endpoint{L}(t, reply), tag);
    // t owes no payment and awaits no answer.
    predicate parted{L}(integer t) = \at(threads[t].reply, L) == NONE && \at(threads[t].server, L) == NONE;
    predicate capabilities_same_but{A, B}(integer r, integer a) = \forall integer k; slot_index(k) && k != r &&
      (k != a || k == NONE) ==> capability_same{A, B}(k);
    // t waits for a message, and for a capability with it, in slots that are reserved for this.
    predicate slot_reserved{L}(integer s, integer t) = \at(slots[s].type, L) == CAP_RESERVED && \at(slots[s].object, L) == t;
    predicate receives_into{L}(integer t, integer r) = \at(threads[t].reply, L) == r && slot_reserved{L}(r, t);
    predicate expects_in{L}(integer t, integer a) = a != NONE ==> \at(threads[t].arrival, L) == a && slot_reserved{L}(a, t);
    predicate stands_receiving{L}(integer t, integer e) = \at(threads[t].state, L) == THREAD_RECEIVING &&
      \at(threads[t].queue, L) == e && \at(queues[e].tail, L) == t && \at(queues[e].receivers, L) == 1;
    // The payload of s, as it was, is that of t, up to the length.
    predicate word_taken{A, B}(integer t, integer s, integer tag, integer i) =
      word_of{B}(t, i) == (i < (tag & TAG_LENGTH) ? word_of{A}(s, i) : 0);
    predicate words_taken{A, B}(integer t, integer s, integer tag) =
      word_taken{A, B}(t, s, tag, 0) && word_taken{A, B}(t, s, tag, 1) && word_taken{A, B}(t, s, tag, 2) &&
      word_taken{A, B}(t, s, tag, 3) && word_taken{A, B}(t, s, tag, 4) && word_taken{A, B}(t, s, tag, 5);
    // A capability that came into the slot d is that of number n of t's table.
    predicate capability_came{A, B}(integer d, integer t, integer n) = d != NONE && is_capability{B}(d) ==>
      0 < n < \at(threads[t].table_size, A) &&
      \at(slots[d].type, B) == \at(slots[\at(threads[t].table, A) + n].type, A) &&
      \at(slots[d].object, B) == \at(slots[\at(threads[t].table, A) + n].object, A) &&
      \at(slots[d].kind, B) == \at(slots[\at(threads[t].table, A) + n].kind, A) &&
      \at(slots[d].size_bits, B) == \at(slots[\at(threads[t].table, A) + n].size_bits, A);
    // No capability is there that was not there before.
    predicate capabilities_old{A, B} = \forall integer k; slot_index(k) && is_capability{B}(k) ==> capability_same{A, B}(k); */

/* Nothing but the results of t and the payload in the hardware registers is other than before. */
#define ENSURES_REFUSED(condition, t)                                                                  \
	ensures nothing: (condition) ==> (unwaited: threads_wait{Pre, Post}) &&                        \
	  (unturned: states_kept_but{Pre, Post}(-1)) && (untold: results_kept_but{Pre, Post}(t)) &&    \
	  (unheard: words_kept_but{Pre, Post}(t, \old(hart.holder))) &&                                \
	  (unfilled: \forall integer k; slot_index(k) ==> slots[k] == \old(slots[k])) &&               \
	  (unqueued: \forall integer k; queue_index(k) ==> queues[k] == \old(queues[k])) && (unmoved: hart == \old(hart));

/* A call that met its receiver: this has tag, badge and payload, and the capability that was named if it has one more; the
 * caller waits in the slot that the receiver had reserved. All others go on waiting for what they waited for. */
#define ENSURES_MET(when, t, receiver, tag, badge, out)                                                 \
	ensures met: (when) ==> (given: message_given(receiver, tag, badge)) &&                         \
	  (handed: words_handed{Pre, Post}(receiver, tag)) &&                                          \
	  (awaits: threads[t].reply == \old(threads[receiver].reply) && threads[receiver].reply == NONE) && \
	  (reply: slots[\old(threads[receiver].reply)].type == CAP_REPLY &&                            \
	    slots[\old(threads[receiver].reply)].object == t) && (paid: server_paid{Pre, Post}(receiver, t)) && \
	  (copied: capability_came{Pre, Post}(\old(threads[receiver].arrival), t, out)) &&             \
	  (waits: threads_wait_but{Pre, Post}(t, receiver)) && (results: results_kept_but{Pre, Post}(receiver)) && \
	  (words: words_kept_but{Pre, Post}(receiver, \old(hart.holder))) && (states: states_turned_but{Pre, Post}(t));
/* A message that nobody answers: as above, and the sender keeps its payload. */
#define ENSURES_SENT(name, when, t, to, tag, badge, out)                                               \
	ensures name: (when) ==> (name##_given: message_given(to, tag, badge)) &&                      \
	  (name##_handed: \old(hart.holder) != to ==> words_handed{Pre, Post}(to, tag)) &&             \
	  (name##_copied: capability_came{Pre, Post}(\old(threads[to].arrival), t, out)) &&            \
	  (name##_results: results_kept_but{Pre, Post}(to)) && (name##_words: words_kept_but{Pre, Post}(to, to)) && \
	  (name##_ready: threads[to].state == THREAD_READY || threads[to].state == THREAD_EXHAUSTED) && \
	  (name##_released: threads[to].reply == NONE);
/* One that met nobody: it keeps tag, badge and the number of the capability, and its payload. */
#define ENSURES_QUEUED(when, t, tag, badge, out)                                                     \
	ensures queued: (when) ==> (carries: threads[t].registers[REG_A1] == tag &&                  \
	    threads[t].registers[REG_A2] == badge && threads[t].registers[REG_A3] == out) &&           \
	  (alone: threads_wait_but{Pre, Post}(t, t)) && (silent: results_kept_but{Pre, Post}(t)) &&    \
	  (saved: words_kept{Pre, Post}) && (turned: states_turned_but{Pre, Post}(t));
/* A receive that was refused, or that found nothing: as above, but that t is no longer the last whose payload the hardware
 * holds, and that the choice of who runs comes after it. */
#define ENSURES_BARRED(when, t)                                                                        \
	ensures barred: (when) ==> threads_wait{Pre, Post} && results_kept_but{Pre, Post}(t) &&      \
	  words_kept_but{Pre, Post}(t, t) && states_turned{Pre, Post} && slots_standing{Pre, Post} &&  \
	  queues_same_but_links{Pre, Post};
/* One that blocks: t waits for a message with its slots; all others are as before. */
#define ENSURES_BLOCKED(when, t, r, a)                                                                 \
	ensures blocked: (when) ==> receives_into(t, r) && expects_in(t, a) && threads_wait_but{Pre, Post}(t, t) && \
	  results_kept_but{Pre, Post}(t) && words_kept_but{Pre, Post}(t, t) && states_turned_but{Pre, Post}(t) && \
	  capabilities_same_but{Pre, Post}(r, a);
/* One that takes the message of `sender`: t has tag, badge, payload and the capability in slot a, if one came; a caller awaits
 * the answer in slot r, another goes on. */
#define ENSURES_TAKEN(when, t, sender, r, a)                                                           \
	ensures taken: (when) ==> message_given(t, tag_of{Pre}(sender), badge_of{Pre}(sender)) &&      \
	  capability_came{Pre, Post}(a, sender, \old(threads[sender].registers[REG_A3])) &&            \
	  (heard: \old(threads[sender].fault) == 0 ==> words_taken{Pre, Post}(t, sender, tag_of{Pre}(sender))) && \
	  (asked: calls{Pre}(sender) ==> threads[sender].reply == (r) && slots[r].type == CAP_REPLY && \
	    slots[r].object == sender) && (sent: !calls{Pre}(sender) ==>                               \
	    threads[sender].registers[REG_A0] == STATUS_OK && threads_wait_but{Pre, Post}(t, t)) &&    \
	  (elsewhere: threads_wait_but{Pre, Post}(t, sender) && results_kept_but_two{Pre, Post}(t, sender) && \
	    words_kept_but{Pre, Post}(t, t) && states_turned_but{Pre, Post}(sender));
/* A server that answered `caller` and waits: the caller has the message and owes and awaits nothing any more. */
#define ENSURES_ANSWERED(when, t, caller, tag, r, a)                                                   \
	ensures answered: (when) ==> message_given(caller, tag, 0) && words_handed{Pre, Post}(caller, tag) && \
	  parted(caller) && receives_into(t, r) && expects_in(t, a) &&                                 \
	  (undisturbed: threads_wait_but{Pre, Post}(t, caller) && results_kept_but{Pre, Post}(caller) && \
	    words_kept_but{Pre, Post}(caller, \old(hart.holder)) && states_turned_but{Pre, Post}(t) && \
	    capabilities_same_but{Pre, Post}(r, a));

/* The four calls. Arguments are untrusted. Those two that are the short way of every request leave the kernel
 * themselves: their result is the thread to run. Their parameters stand where the user's registers have them. */

/*@ requires ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current && (settled: unsettled == NONE);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ENSURES_MET(call_meets{Pre}(t, endpoint, tag, arrival), t, first_receiver{Pre}(t, endpoint), tag,
      \old(slots[threads[t].table + endpoint].badge), out)
    ENSURES_QUEUED(call_queues{Pre}(t, endpoint, tag, arrival), t, tag, \old(slots[threads[t].table + endpoint].badge), out)
    ENSURES_REFUSED(!may_call{Pre}(t, endpoint) ||
      call_lacks{Pre}(t, arrival, first_receiver{Pre}(t, endpoint)), t)
    ensures leaves: \old(hart.current) == t ==> \result == hart.current; ensures STILL_HIGHEST; */
u32 ipc_call(u64 endpoint, u64 tag, u64 t, u64 out, u64 arrival);
/*@ requires ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current;
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT && (claimed: slots_claimed{Pre, Post}(0)) &&
      (waits: send_meets{Pre}(t, destination, tag) ==>
        threads_wait_but{Pre, Post}(first_receiver{Pre}(t, destination), first_receiver{Pre}(t, destination))) &&
      (last: send_queues{Pre}(t, destination, tag) ==> threads[t].state == THREAD_SENDING &&
        threads[t].queue == named_endpoint{Pre}(t, destination) && queues[named_endpoint{Pre}(t, destination)].tail == t) &&
      (done: send_answers{Pre}(t, destination, tag) || send_meets{Pre}(t, destination, tag) ||
        send_queues{Pre}(t, destination, tag) ==> \result == STATUS_OK);
    ENSURES_SENT(answers, send_answers{Pre}(t, destination, tag), t, named_endpoint{Pre}(t, destination), tag, 0, out)
    ENSURES_SENT(meets, send_meets{Pre}(t, destination, tag), t, first_receiver{Pre}(t, destination), tag,
      \old(slots[threads[t].table + destination].badge), out)
    ENSURES_QUEUED(send_queues{Pre}(t, destination, tag), t, tag, \old(slots[threads[t].table + destination].badge), out)
    ENSURES_REFUSED(\result != STATUS_OK, t) */
enum status ipc_send(u32 t, u64 destination, u64 tag, u64 out);
/*@ requires ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current && (settled: unsettled == NONE);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ENSURES_BARRED(!may_take{Pre}(t, endpoint, reply, arrival), t)
    ENSURES_BLOCKED(receive_blocks{Pre}(t, endpoint, reply, arrival) && block, t, \old(threads[t].table) + reply,
      arrival != 0 ? \old(threads[t].table) + arrival : 0)
    ensures last: receive_blocks{Pre}(t, endpoint, reply, arrival) && block ==> \result == STATUS_OK &&
      hart.current == NONE && stands_receiving(t, named_endpoint{Pre}(t, endpoint));
    ensures took: receive_takes{Pre}(t, endpoint, reply, arrival) ==> \result == STATUS_OK;
    ENSURES_TAKEN(receive_takes{Pre}(t, endpoint, reply, arrival), t, first_sender{Pre}(t, endpoint),
      \old(threads[t].table) + reply, arrival != 0 ? \old(threads[t].table) + arrival : 0) */
enum status ipc_receive(u32 t, u64 endpoint, u64 reply, u64 arrival, bool block);
/*@ requires ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && t == hart.current && (settled: unsettled == NONE);
    assigns STATE, used_reply, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ENSURES_REFUSED(!may_receive{Pre}(t, endpoint) || !answer_fits{Pre}(t, tag, reply, arrival), t)
    ENSURES_ANSWERED(may_receive{Pre}(t, endpoint) && answer_waits{Pre}(t, named_endpoint{Pre}(t, endpoint), tag, reply, arrival),
      t, named_endpoint{Pre}(t, reply), tag, \old(threads[t].table) + reply, arrival != 0 ? \old(threads[t].table) + arrival : 0)
    ensures leaves: \old(hart.current) == t ==> \result == hart.current; ensures STILL_HIGHEST; */
u32 ipc_reply_receive(u64 endpoint, u64 tag, u64 reply, u64 out, u64 arrival, u64 t);

/* End what t is blocked in, with `status` as its result, and stop it: queues, reservations, and the reply that somebody
 * may hold. A thread that waits for its fault handler keeps its registers: it will fault again. */
/*@ requires DERIVED_APART && ready_valid && kernel_valid && 0 < t < N_THREADS &&
      (stand: threads_stand(hart.current, t) && current_runs && used_reply == NONE);
    assigns OBJECTS, stands_as[t], stands_on[t], ORDER, answer_in[t], KEPT_BY(t);
    ensures DERIVED && VALID && STANDING;
    ensures kept: slots_kept{Pre, Post};
    ensures stopped: threads[t].state == THREAD_STOPPED && threads[t].queue == NONE && stands_as[t] == THREAD_STOPPED;
    ensures goes: goes(t) && hart.current == (\old(hart.current) == t ? NONE : \old(hart.current));
    ensures unfaulted: threads[t].fault == 0;
    ensures placed: tables_kept{Pre, Post};
    ensures claimed: slots_claimed{Pre, Post}(0); */
void ipc_cancel(u32 t, enum status status);

/* Give the fault of t, which is not current any more, to its handler as a message; false if it has none. A handler runs on its
 * own budget: who faults pays for nobody. */
/*@ requires ORDERED && ready_valid && kernel_valid && 0 < t < N_THREADS && t != hart.current &&
      (stand: threads_stand(hart.current, t) && current_runs && used_reply == NONE) && (goes: goes(t));
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && READY_VALID && CAPABILITIES_KEPT &&
      (stand: threads_stand(hart.current, \result ? NONE : t)) &&
      (running: current_runs && hart.current == \old(hart.current)) && (goes: !\result ==> goes(t)) &&
      (claimed: slots_claimed{Pre, Post}(0)); */
bool ipc_fault(u32 t);
