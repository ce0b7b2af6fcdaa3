/* ipc.c - call, reply, send and receive through endpoints; the end of a blocked operation.
 *
 * Guards first, then the commit. While a sender is queued, its registers a1, a2, a3 in memory (which no system call
 * preserves) keep the tag, the badge and the slot of the travelling capability. */
#include "ipc.h"
#include "arch/riscv64/arch.h"
#include "notify.h"

/*@ predicate words_stored_but{A, B}(integer t) = \forall integer k; 0 < k < N_THREADS && k != t ==>
      \at(threads[k].registers[18], B) == word_of{A}(k, 0) && \at(threads[k].registers[19], B) == word_of{A}(k, 1) &&
      \at(threads[k].registers[20], B) == word_of{A}(k, 2) && \at(threads[k].registers[21], B) == word_of{A}(k, 3) &&
      \at(threads[k].registers[22], B) == word_of{A}(k, 4) && \at(threads[k].registers[23], B) == word_of{A}(k, 5);
    predicate payload_of{A, B}(integer t) = \at(payload[0], B) == word_of{A}(t, 0) && \at(payload[1], B) == word_of{A}(t, 1) &&
      \at(payload[2], B) == word_of{A}(t, 2) && \at(payload[3], B) == word_of{A}(t, 3) &&
      \at(payload[4], B) == word_of{A}(t, 4) && \at(payload[5], B) == word_of{A}(t, 5);
    predicate memory_kept_but{A, B}(integer t) = \forall integer k; thread_index(k) && k != t ==>
      \at(threads[k].registers[18], B) == \at(threads[k].registers[18], A) &&
      \at(threads[k].registers[19], B) == \at(threads[k].registers[19], A) &&
      \at(threads[k].registers[20], B) == \at(threads[k].registers[20], A) &&
      \at(threads[k].registers[21], B) == \at(threads[k].registers[21], A) &&
      \at(threads[k].registers[22], B) == \at(threads[k].registers[22], A) &&
      \at(threads[k].registers[23], B) == \at(threads[k].registers[23], A); */

/* Whose payload the hardware holds has it in memory, unless it is that of t, who gets another. */
/*@ requires kernel_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures waits: threads_wait{Pre, Post};
    ensures results: results_kept{Pre, Post};
    ensures stored: words_stored_but{Pre, Post}(t);
    ensures sources: \forall integer k; thread_index(k) ==> threads[k].fault_cause == \old(threads[k].fault_cause) &&
      threads[k].fault_address == \old(threads[k].fault_address) && threads[k].registers[REG_PC] == \old(threads[k].registers[REG_PC]); */
static inline __attribute__((always_inline)) void ipc_store_payload(u32 t)
{
	if (hart.holder != NONE && hart.holder != t)
		arch_payload_store(hart.holder);
}

/* An operation of t that ends without a message leaves t no payload and no tag. What the hardware holds may be another's
 * payload by now. */
/*@ requires kernel_valid && thread_index(t);
    assigns payload[0 .. 5], hart.holder, threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID && HART_VALID;
    ensures same: \result == status && hart.holder == t;
    ensures cleared: \forall integer i; 0 <= i < 6 ==> payload[i] == 0;
    ensures others: threads_wait{Pre, Post} && results_kept_but{Pre, Post}(t) && words_kept_but{Pre, Post}(t, t) &&
      states_kept_but{Pre, Post}(-1); */
static enum status ipc_without_message(u32 t, enum status status)
{
	ipc_store_payload(t);
	hart.holder = t;
	arch_payload_clear();
	threads[t].registers[REG_A1] = 0;
	if (status != STATUS_NOTIFIED)
		threads[t].registers[REG_A2] = 0;
	return status;
}

/* A request of t was refused before anything changed: t goes on, without payload. Apart, so that the plain way keeps its
 * registers. */
/*@ requires kernel_valid && thread_index(t);
    assigns threads[0 .. N_THREADS - 1], payload[0 .. 5];
    ensures VALID;
    ensures same: \result == t && threads_same_but_links{Pre, Post};
    ensures refused: threads[t].registers[REG_A0] == status && threads[t].registers[REG_A1] == 0 &&
      threads[t].registers[REG_A2] == 0;
    ensures cleared: \forall integer i; 0 <= i < 6 ==> payload[i] == 0;
    ensures waits: threads_wait{Pre, Post};
    ensures results: results_kept_but{Pre, Post}(t);
    ensures words: words_kept_but{Pre, Post}(t, hart.holder); */
static __attribute__((noinline)) u32 ipc_refuse(u64 t, enum status status)
{
	threads[t].registers[REG_A0] = status;
	threads[t].registers[REG_A1] = 0;
	threads[t].registers[REG_A2] = 0;
	arch_payload_clear();
	return (u32)t;
}

/* Whether number n of t's table is a free slot. */
/*@ requires threads_placed && thread_index(t);
    assigns \nothing;
    ensures free: \result == STATUS_OK ==> 0 < n < threads[t].table_size && threads[t].table + n < N_SLOTS &&
      slots[threads[t].table + n].type == CAP_EMPTY;
    ensures exact: \result == STATUS_OK <==> slot_free(t, n); */
static inline enum status ipc_check_free(u64 t, u64 n)
{
	u64 s = cap_slot(t, n);

	if (s == NONE)
		return STATUS_BAD_SLOT;
	return slots[s].type == CAP_EMPTY ? STATUS_OK : STATUS_OCCUPIED;
}

/* Whether `caller` can pay for one more passive server. A thread that has no budget at all can pay no debt back: it
 * would never run again. */
/*@ requires thread_index(caller);
    assigns \nothing;
    ensures pays: \result == STATUS_OK ==> threads[caller].chain < CHAIN_MAX - 1;
    ensures exact: \result == STATUS_OK <==> payer_fits(caller); */
static inline enum status ipc_check_payer(u64 caller)
{
	if (threads[caller].chain >= CHAIN_MAX - 1)
		return STATUS_TOO_DEEP;
	return threads[caller].budget != 0 || threads[caller].client != NONE ? STATUS_OK : STATUS_REFUSED;
}

/* Caller and passive server point at each other until the reply: the caller's budget pays. */
/*@ requires THREADS_VALID && (index: thread_index(caller) && thread_index(server) && threads[caller].chain < CHAIN_MAX - 1);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures linked: threads[caller].server == server;
    ensures rest: \forall integer k; thread_index(k) ==> thread_ties{Pre, Post}(k);
    ensures server: threads[server].client == caller;
    ensures fault: threads[caller].fault == \old(threads[caller].fault);
    ensures others: threads_wait_but{Pre, Post}(caller, server);
    ensures waiting: threads[caller].reply == \old(threads[caller].reply) && threads[caller].arrival == \old(threads[caller].arrival);
    ensures registers: registers_kept{Pre, Post};
    ensures states: states_kept_but{Pre, Post}(-1); */
static inline void ipc_link_payer(u64 caller, u64 server)
{
	threads[server].client = (u32)caller;
	threads[server].chain = (u8)(threads[caller].chain + 1);
	threads[caller].server = (u32)server;
}

/* `receiver` works for `caller` from now on; on its budget if it is passive. True if the timer is too late for that, or if
 * who pays has changed. */
/*@ requires kernel_valid && thread_index(caller) && thread_index(receiver) &&
      (passive ==> threads[caller].chain < CHAIN_MAX - 1);
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures paid: passive ==> threads[caller].server == receiver && threads[receiver].client == caller;
    ensures unpaid: !passive ==> threads_wait{Pre, Post};
    ensures rest: \forall integer k; thread_index(k) ==> thread_ties{Pre, Post}(k);
    ensures faults: threads[caller].fault == \old(threads[caller].fault);
    ensures others: threads_wait_but{Pre, Post}(caller, receiver);
    ensures registers: registers_kept{Pre, Post};
    ensures words: words_kept{Pre, Post};
    ensures states: states_kept_but{Pre, Post}(-1); */
static inline bool ipc_begin_serving(u64 caller, u64 receiver, bool passive)
{
	if (!passive)
		return true;
	ipc_link_payer(caller, receiver);
	/*@ assert words: words_kept{Pre, Here}; */
	/*@ assert rest: \forall integer k; thread_index(k) ==> thread_ties{Pre, Here}(k); */
	return threads[receiver].limit != 0 && !sched_begin_limit(receiver);
}

/* The server's time is charged later, with the caller's own: `served` remembers that it may make debt. */
/*@ requires kernel_valid && thread_index(caller);
    assigns threads[0 .. N_THREADS - 1], hart.served, hart.since, hart.payer;
    ensures THREADS_VALID && HART_VALID;
    ensures unlinked: threads[caller].server == NONE;
    ensures roots: \forall integer k; thread_index(k) ==> threads[k].root == \old(threads[k].root);
    ensures rest: \forall integer k; thread_index(k) ==> thread_ties{Pre, Post}(k);
    ensures others: threads_wait_but{Pre, Post}(caller, \old(threads[caller].server));
    ensures registers: registers_kept{Pre, Post};
    ensures faults: threads[caller].fault == \old(threads[caller].fault);
    ensures states: states_kept_but{Pre, Post}(-1); */
static inline void ipc_unlink_payer(u64 caller)
{
	u64 server = wide(threads[caller].server);

	if (server == NONE)
		return;
	threads[server].client = NONE;
	threads[server].chain = 0;
	threads[caller].server = NONE;
	if (hart.payer == caller)
		hart.served = true;
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	if (threads[server].server != NONE)
		sched_begin_limits((u32)server);
}

/* The slot s, whose rights say whether a capability may travel with the answer, becomes the right to answer t. */
/*@ requires DERIVED_APART && THREADS_VALID && (slots: SLOTS_PLACED && reserved_but(s)) &&
      (unused: (s == NONE || nameable(s)) && slot_untied(s) && !is_capability(s)) &&
      (place: apart != 0 && s != NONE ==> in_table(s) && !spent(s)) &&
      (thread: 0 < t < N_THREADS && answer_in[t] == NONE && reply_of[t] == NONE);
    assigns slots[0 .. N_SLOTS - 1], threads[0 .. N_THREADS - 1], stands_as[t], answer_in[t], reply_of[t];
    ensures DERIVED && THREADS_VALID && SLOTS_VALID && CAPABILITIES_KEPT;
    ensures awaits: stands_as[t] == THREAD_AWAITING_REPLY;
    ensures tied: slots[s].type == CAP_REPLY && slots[s].object == t && threads[t].reply == s &&
      threads[t].state == THREAD_AWAITING_REPLY;
    ensures rest: \forall integer k; thread_index(k) ==> threads[k].server == \old(threads[k].server) &&
      threads[k].client == \old(threads[k].client) && threads[k].chain == \old(threads[k].chain) &&
      threads[k].passive == \old(threads[k].passive) && threads[k].arrival == \old(threads[k].arrival);
    ensures others: threads_wait_but{Pre, Post}(t, t);
    ensures registers: registers_kept{Pre, Post};
    ensures states: states_kept_but{Pre, Post}(t);
    ensures same: \forall integer k; slot_index(k) && k != s ==> slot_same{Pre, Post}(k);
    ensures badge: slots[s].badge == \old(slots[s].badge);
    ensures fault: threads[t].fault == \old(threads[t].fault);
    ensures words: words_kept{Pre, Post};
    ensures table: threads[t].table == \old(threads[t].table) && threads[t].table_size == \old(threads[t].table_size);
    ensures claimed: slots_claimed{Pre, Post}(0); */
static inline void ipc_await_reply(u64 t, u64 s)
{
	/*@ ghost stands_as[t] = THREAD_AWAITING_REPLY; answer_in[t] = (u32)s; reply_of[t] = (u32)s; */
	slots[s].type = CAP_REPLY;
	slots[s].object = (u32)t;
	threads[t].reply = (u32)s;
	threads[t].state = THREAD_AWAITING_REPLY;
}

/* The tag of a message with which no capability comes. */
/*@ assigns \nothing;
    ensures tagged: tag_arrived(\result, tag);
    ensures length: (\result & TAG_LENGTH) == (tag & TAG_LENGTH); */
static inline u64 ipc_without_cap(u64 tag)
{
	return tag & ~TAG_CAP;
}

/* Move the travelling capability, as a copy, into the slot that `to` reserved. Returns the tag that arrives: without
 * TAG_CAP if none came. */
/*@ requires ORDERED && kernel_valid && thread_index(from) && thread_index(to);
    assigns slots[0 .. N_SLOTS - 1], threads[to].arrival, arrival_of[to], LIST;
    ensures ORDERED && VALID && CAPABILITIES_KEPT && (taken: threads[to].arrival == NONE) &&
      (others: \forall integer k; slot_index(k) && (k != \old(threads[to].arrival) || k == NONE) ==>
        slot_same{Pre, Post}(k)) &&
      // Confinement: what arrives is a copy of the capability that the sender named, in the slot that the receiver reserved,
      // and only over a capability that grants.
      (granted: \old(threads[to].arrival) != NONE && is_capability(\old(threads[to].arrival)) ==>
        granted && (tag & TAG_CAP) != 0 && 0 < out < threads[from].table_size) &&
      (copied: capability_came{Pre, Post}(\old(threads[to].arrival), from, out)) &&
      (claimed: slots_claimed{Pre, Post}(0)) && (tagged: tag_arrived(\result, tag)) &&
      (length: (\result & TAG_LENGTH) == (tag & TAG_LENGTH));
    ENSURES_FEWER(\old(threads[to].arrival) != NONE && is_capability(\old(threads[to].arrival)), \old(threads[to].arrival),
      threads[from].table + out) */
static u64 ipc_carry(u64 from, u64 to, u64 tag, u64 out, bool granted)
{
	u32 s = (u32)cap_slot(from, out);
	u32 d = threads[to].arrival;

	/*@ assert place: apart != 0 && d != NONE ==> in_table(d) && !spent(d); */
	threads[to].arrival = NONE;
	/*@ ghost arrival_of[to] = NONE; */
	if (d != NONE)
		slots[d].type = CAP_EMPTY;
	//@ assert derived: DERIVED && slots_reserved;
	//@ assert claimed: capabilities_kept{Pre, Here} && slots_claimed{Pre, Here}(0);
	if ((tag & TAG_CAP) == 0)
		return tag;
	if (!granted || s == NONE || d == NONE || cap_check_copy(s) != STATUS_OK)
		return ipc_without_cap(tag);
	/*@ assert unread: (apart != 0 ==> slot_unread(d)) && threads_have; */
	cap_copy(s, d, RIGHTS_ALL);
	/*@ assert have: threads_have && slots_reserved; */
	return tag;
}

/* Whether a capability comes with the message for `to`, or was expected with it. */
/*@ requires thread_index(to);
    assigns \nothing;
    ensures carries: \result <==> (tag & TAG_CAP) != 0 || threads[to].arrival != NONE; */
static inline bool ipc_carries(u64 to, u64 tag)
{
	return (tag & TAG_CAP) != 0 || threads[to].arrival != NONE;
}

/* Give `to` its message: tag and badge. The payload goes separately. */
/*@ requires ORDERED && VALID && (index: thread_index(from) && thread_index(to));
    assigns slots[0 .. N_SLOTS - 1], threads[0 .. N_THREADS - 1], arrival_of[to], LIST;
    ensures ORDERED && VALID && CAPABILITIES_KEPT && (taken: arrival_of[to] == NONE) &&
      (others: \forall integer k; slot_index(k) && (k != \old(threads[to].arrival) || k == NONE) ==>
        slot_same{Pre, Post}(k)) &&
      (rest: \forall integer k; thread_index(k) && k != to ==> thread_ties{Pre, Post}(k)) &&
      (placed: threads[to].table == \old(threads[to].table) && threads[to].table_size == \old(threads[to].table_size) &&
        threads[to].reply == \old(threads[to].reply)) &&
      (told: message_given(to, tag, badge)) && (claimed: slots_claimed{Pre, Post}(0)) &&
      (waits: threads_wait_but{Pre, Post}(to, to)) &&
      (payer: threads[to].client == \old(threads[to].client) && threads[to].server == \old(threads[to].server) &&
        threads[to].fault == \old(threads[to].fault)) &&
      (results: results_kept_but{Pre, Post}(to)) && (words: words_kept{Pre, Post}) &&
      (memory: memory_kept_but{Pre, Post}(-1)) && (states: states_kept_but{Pre, Post}(-1)) &&
      (copied: capability_came{Pre, Post}(\old(threads[to].arrival), from, out)); */
static inline void ipc_deliver(u64 from, u64 to, u64 tag, u64 badge, u64 out, bool granted)
{
	if (ipc_carries(to, tag))
		tag = ipc_carry(from, to, tag, out, granted);
	threads[to].registers[REG_A0] = STATUS_OK;
	threads[to].registers[REG_A1] = tag;
	threads[to].registers[REG_A2] = badge;
}

/* The payload in the hardware registers goes to `to` and stays: only words beyond the length are cleared. */
/*@ requires kernel_valid && thread_index(to);
    assigns hart.holder, payload[0 .. 5];
    ensures HART_VALID;
    ensures held: hart.holder == to;
    ensures moved: \forall integer i; 0 <= i < 6 ==> payload[i] == (i < (tag & TAG_LENGTH) ? \old(payload[i]) : 0);
    ensures handed: words_handed{Pre, Post}(to, tag);
    ensures words: words_kept_but{Pre, Post}(to, \old(hart.holder)); */
static inline void ipc_hand_payload(u32 to, u64 tag)
{
	hart.holder = to;
	if ((tag & TAG_LENGTH) < MESSAGE_WORDS)
		arch_payload_trim(tag & TAG_LENGTH);
}

/* `to` gets a copy of the payload in memory, the sender keeps its own. */
/*@ requires kernel_valid && 0 < to < N_THREADS;
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures rest: \forall integer k; thread_index(k) ==> thread_ties{Pre, Post}(k);
    ensures copied: hart.holder != to ==> words_handed{Pre, Post}(to, tag);
    ensures waits: threads_wait{Pre, Post};
    ensures results: results_kept{Pre, Post};
    ensures words: words_kept_but{Pre, Post}(to, to);
    ensures states: states_kept_but{Pre, Post}(-1); */
static void ipc_copy_payload(u32 to, u64 tag)
{
	arch_payload_store(to);
	//@ assert tied: threads_tied;
	thread_clear_payload(to, tag & TAG_LENGTH);
}

/* Queue t, which is current, at the endpoint of the capability in slot s. */
/*@ requires ready_valid &&
      kernel_valid && 0 < t < N_THREADS && t == hart.current && slot_index(s) && slots[s].type == CAP_ENDPOINT &&
      (state: state == THREAD_CALLING || (state == THREAD_SENDING && arrival_of[t] == NONE)) &&
      (senders: head_of[slots[s].object] == NONE || receivers_of[slots[s].object] == 0) &&
      (stand: threads_stand(hart.current, NONE) && current_takes && used_reply == NONE);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], hart.current, stands_as[t], stands_on[t], ORDER, RECEIVERS;
    ensures VALID && STANDING;
    ensures blocked: threads[t].state == state && threads[t].queue == slots[s].object && hart.current == NONE;
    ensures last: queues[slots[s].object].tail == t && queues[slots[s].object].receivers == 0;
    ensures carries: threads[t].registers[REG_A1] == tag && threads[t].registers[REG_A2] == slots[s].badge &&
      threads[t].registers[REG_A3] == out && threads[t].grant == (slots[s].rights & RIGHT_GRANT);
    ensures waits: threads_wait_but{Pre, Post}(t, t);
    ensures results: results_kept_but{Pre, Post}(t);
    ensures words: words_kept{Pre, Post};
    ensures states: states_kept_but{Pre, Post}(t); */
static void ipc_queue_sender(u64 t, u64 s, u64 tag, u64 out, u8 state)
{
	u64 e = slots[s].object;

	hart.current = NONE;
	/*@ ghost stands_as[t] = state; */
	threads[t].state = state;
	threads[t].grant = slots[s].rights & RIGHT_GRANT;
	threads[t].registers[REG_A1] = tag;
	threads[t].registers[REG_A2] = slots[s].badge;
	threads[t].registers[REG_A3] = out;
	queues[e].receivers = 0;
	/*@ ghost receivers_of[e] = 0; */
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	queue_put(e, t);
}

/* Reserve what t receives into. */
/*@ requires DERIVED_APART && kernel_valid && 0 < t < N_THREADS && (settled: unsettled == NONE) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY &&
        arrival_of[t] == NONE);
    assigns slots[0 .. N_SLOTS - 1], threads[t].arrival, arrival_of[t];
    ensures DERIVED && THREADS_VALID && SLOTS_VALID && CAPABILITIES_KEPT;
    ensures kept: threads[t].arrival == (arrival != 0 ? threads[t].table + arrival : \old(threads[t].arrival));
    ensures same: \forall integer k; slot_index(k) && !(arrival != 0 && k == threads[t].table + arrival) ==>
      slot_same{Pre, Post}(k);
    ensures claimed: slots_claimed{Pre, Post}(arrival != 0 ? threads[t].table + arrival : 0);
    ensures reserved: arrival != 0 ==> slots[threads[t].table + arrival].type == CAP_RESERVED; */
static inline void ipc_reserve_arrival(u64 t, u64 arrival)
{
	/*@ ghost cap_own_table((u32)t); */
	if (arrival != 0) {
		threads[t].arrival = (u32)(threads[t].table + arrival);
		/*@ ghost arrival_of[t] = (u32)(threads[t].table + arrival); */
		cap_reserve(threads[t].arrival, t);
	}
}

/* What a call checks beyond the endpoint capability itself, when it is not the plainest of calls. */
/*@ requires threads_placed && thread_index(t) && thread_index(receiver);
    assigns \nothing;
    ensures free: \result == STATUS_OK && arrival != 0 ==> arrival < threads[t].table_size &&
      slots[threads[t].table + arrival].type == CAP_EMPTY;
    ensures pays: \result == STATUS_OK && receiver != NONE && threads[receiver].passive != 0 ==>
      threads[t].chain < CHAIN_MAX - 1;
    ensures exact: \result == STATUS_OK <==> call_fits(t, tag, arrival, receiver); */
static inline enum status ipc_check_call(u64 t, u64 tag, u64 arrival, u64 receiver)
{
	enum status status = STATUS_OK;

	if ((tag & TAG_LENGTH) > MESSAGE_WORDS)
		return STATUS_BAD_ARGUMENT;
	if (receiver != NONE && threads[receiver].passive != 0)
		status = ipc_check_payer(t);
	return status == STATUS_OK && arrival != 0 ? ipc_check_free(t, arrival) : status;
}

/* A call that meets nobody waits its turn. */
/*@ requires DERIVED_APART && STANDING &&
      kernel_valid && 0 < t < N_THREADS && t == hart.current && slot_index(s) && slots[s].type == CAP_ENDPOINT &&
      (settled: unsettled == NONE) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) &&
      (senders: head_of[slots[s].object] == NONE || receivers_of[slots[s].object] == 0);
    assigns STATE, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures leaves: \result == hart.current && current_is_highest;
    ensures carries: threads[t].registers[REG_A1] == tag && threads[t].registers[REG_A2] == \old(slots[s].badge) &&
      threads[t].registers[REG_A3] == out;
    ensures claimed: slots_claimed{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ensures waits: threads_wait_but{Pre, Post}(t, t);
    ensures results: results_kept_but{Pre, Post}(t);
    ensures words: words_kept{Pre, Post};
    ensures states: states_turned_but{Pre, Post}(t); */
static __attribute__((noinline)) u32 ipc_queue_call(u64 t, u64 s, u64 tag, u64 out, u64 arrival)
{
	ipc_reserve_arrival(t, arrival);
	ipc_queue_sender(t, s, tag, out, THREAD_CALLING);
	return sched_leave();
}

/* The end of a call, or of an answer: t gave its message to `to`, and whoever is most important runs. */
#define CONTRACT_HAND_ON(badge)                                                                        \
	requires ORDERED && kernel_valid && ready_valid && thread_index(t) && 0 < to < N_THREADS &&    \
	  (settled: unsettled == NONE) && (stand: threads_stand(to, to) && used_reply == NONE && loose(to)) && \
	  (owes: reply_of[to] == NONE && fault_of[to] == 0);                                           \
	assigns STATE, payload[0 .. 5], LIST;                                                          \
	ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT && (leaves: \result == hart.current && current_is_highest) && \
	  (given: message_given(to, tag, badge)) && (handed: words_handed{Pre, Post}(to, tag)) &&      \
	  (copied: capability_came{Pre, Post}(\old(threads[to].arrival), t, out)) && (claimed: slots_claimed{Pre, Post}(0)) && \
	  (others: \forall integer k; slot_index(k) && (k != \old(threads[to].arrival) || k == NONE) ==> \
	    capability_same{Pre, Post}(k)) && (waits: threads_wait_but{Pre, Post}(to, to)) &&          \
	  (reply: threads[to].reply == \old(threads[to].reply) && threads[to].client == \old(threads[to].client) && \
	    threads[to].server == \old(threads[to].server)) && (results: results_kept_but{Pre, Post}(to)) && \
	  (words: words_kept_but{Pre, Post}(to, \old(hart.holder))) && (states: states_turned{Pre, Post}) && \
	  (bits: queues_same_but_links{Pre, Post});

/* With a capability. */
/*@ CONTRACT_HAND_ON(badge) */
static __attribute__((noinline)) u32 ipc_deliver_cap(u64 t, u64 to, u64 tag, u64 badge, u64 out, bool granted)
{
	return sched_deliver(to, ipc_carry(t, to, tag, out, granted), badge);
}

/* In general, over the endpoint capability in slot s. `plain`: it is known that no capability travels; `late`: the payer
 * changes, or its timer. */
/*@ requires plain: slot_index(s) && (plain ==> threads[to].arrival == NONE);
    CONTRACT_HAND_ON(\old(slots[s].badge)) */
static inline __attribute__((always_inline)) u32 ipc_hand_on(u64 t, u64 s, u64 to, u64 tag, u64 out, bool plain, bool late)
{
	if (!plain && ipc_carries(to, tag))
		return ipc_deliver_cap(t, to, tag, slots[s].badge, out, (slots[s].rights & RIGHT_GRANT) != 0);
	u32 next = late || !sched_may_take_over(to) ? sched_deliver(to, tag, slots[s].badge) :
						      sched_hand_over(to, tag, slots[s].badge);

	//@ assert types: \forall integer k; slot_index(k) ==> slots[k].type == \at(slots[k].type, Pre);
	return next;
}

/* The receiver, the first at endpoint e, leaves it, and the current thread t awaits its answer in the slot that the receiver
 * had reserved. */
/*@ requires DERIVED_APART && ready_valid &&
      kernel_valid && 0 < t < N_THREADS && 0 < receiver < N_THREADS && KERNEL_QUEUES <= e < N_QUEUES &&
      (meets: t == hart.current && head_of[e] == receiver && receivers_of[e] != 0) &&
      (stand: threads_stand(hart.current, NONE) && current_takes && used_reply == NONE);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], stands_as[t], stands_on[receiver],
      ORDER, answer_in[t], reply_of[t], reply_of[receiver];
    ensures DERIVED && VALID && READY_VALID && CAPABILITIES_KEPT &&
      (stand: threads_stand(receiver, receiver) && loose(receiver) && receiver != t) &&
      (owes: reply_of[receiver] == NONE && fault_of[receiver] == 0) &&
      (awaits: threads[t].reply == \old(threads[receiver].reply) && threads[receiver].reply == NONE) &&
      (reply: slots[\old(threads[receiver].reply)].type == CAP_REPLY &&
        slots[\old(threads[receiver].reply)].object == t) &&
      (same: \forall integer k; slot_index(k) && k != \old(threads[receiver].reply) ==> slot_same{Pre, Post}(k)) &&
      (badges: \forall integer k; slot_index(k) ==> slots[k].badge == \old(slots[k].badge)) &&
      (payers: \forall integer k; thread_index(k) ==> threads[k].server == \old(threads[k].server) &&
        threads[k].client == \old(threads[k].client) && threads[k].chain == \old(threads[k].chain) &&
        threads[k].passive == \old(threads[k].passive) && threads[k].arrival == \old(threads[k].arrival) &&
        threads[k].fault == \old(threads[k].fault) && threads[k].table == \old(threads[k].table) &&
        threads[k].table_size == \old(threads[k].table_size)) &&
      (waits: threads_wait_but{Pre, Post}(t, receiver)) && (registers: registers_kept{Pre, Post}) &&
      (words: words_kept{Pre, Post}) && (states: states_kept_but{Pre, Post}(t)) &&
      (claimed: slots_claimed{Pre, Post}(0)); */
static inline void ipc_change_places(u64 t, u64 e, u64 receiver)
{
	u64 reply = wide(threads[receiver].reply);

	/*@ assert apart: receiver != t && answer_in[receiver] == NONE && answer_in[t] == NONE; */
	queue_take_first(e, receiver);
	/*@ assert away: threads_stand(t, receiver); */
	threads[receiver].reply = NONE;
	/*@ ghost reply_of[receiver] = NONE; */
	/*@ assert awaiting: threads_await; */
	//@ assert unused: slot_untied(reply) && (reply != NONE ==> !is_capability(reply));
	ipc_await_reply(t, reply);
	/*@ assert stands: stands(t); */
}

/* t, whose capability is in slot s, meets the receiver, the first at endpoint e. `plain`: the receiver is a passive server,
 * and neither side has to do with a capability; then most of this falls away. */
/*@ requires ORDERED && STANDING &&
      kernel_valid && 0 < t < N_THREADS && 0 < receiver < N_THREADS && slot_index(s) && KERNEL_QUEUES <= e < N_QUEUES &&
      (settled: unsettled == NONE) && (endpoint: slots[s].type == CAP_ENDPOINT) &&
      (meets: t == hart.current && head_of[e] == receiver && receivers_of[e] != 0) &&
      (pays: threads[receiver].passive != 0 ==> threads[t].chain < CHAIN_MAX - 1) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) &&
      (plain: plain ==> threads[receiver].passive != 0 && threads[receiver].arrival == NONE && arrival == 0);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (leaves: \result == hart.current && current_is_highest) &&
      (given: message_given(receiver, tag, \old(slots[s].badge))) &&
      (handed: words_handed{Pre, Post}(receiver, tag)) &&
      (awaits: threads[t].reply == \old(threads[receiver].reply) && threads[receiver].reply == NONE) &&
      (reply: slots[\old(threads[receiver].reply)].type == CAP_REPLY && slots[\old(threads[receiver].reply)].object == t) &&
      (paid: server_paid{Pre, Post}(receiver, t)) &&
      (copied: capability_came{Pre, Post}(\old(threads[receiver].arrival), t, out)) &&
      (claimed: slots_claimed{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (waits: threads_wait_but{Pre, Post}(t, receiver)) && (results: results_kept_but{Pre, Post}(receiver)) &&
      (words: words_kept_but{Pre, Post}(receiver, \old(hart.holder))) && (states: states_turned_but{Pre, Post}(t)); */
static inline __attribute__((always_inline)) u32 ipc_meet(u64 t, u64 s, u64 e, u64 receiver, u64 tag, u64 out, u64 arrival,
	bool plain)
{
	bool late = false;

	if (!plain)
		ipc_reserve_arrival(t, arrival);
	ipc_change_places(t, e, receiver);
	//@ assert words: words_kept{Pre, Here};
	//@ assert badge: slots[s].badge == \at(slots[s].badge, Pre);
	//@ assert registers: registers_kept{Pre, Here};
	//@ assert awaits: threads[t].reply == \at(threads[receiver].reply, Pre) && threads[receiver].reply == NONE;
	/*@ assert reply: slots[\at(threads[receiver].reply, Pre)].type == CAP_REPLY &&
	      slots[\at(threads[receiver].reply, Pre)].object == t; */
	late = ipc_begin_serving(t, receiver, plain || threads[receiver].passive != 0);
	//@ assert states: states_kept_but{Pre, Here}(t);
	//@ assert old: capabilities_old{Pre, Here};
	/*@ assert source: 0 < out < threads[t].table_size && is_capability(threads[t].table + out) ==>
	      capability_same{Pre, Here}(threads[t].table + out); */
	//@ assert table: threads[t].table == \at(threads[t].table, Pre) && threads[t].table_size == \at(threads[t].table_size, Pre);
	//@ assert expects: threads[receiver].arrival == \at(threads[receiver].arrival, Pre);
	//@ assert holder: hart.holder == \at(hart.holder, Pre);
	//@ assert words: words_kept{Pre, Here};
	/*@ assert other: \at(threads[receiver].reply, Pre) != threads[receiver].arrival ||
	      \at(threads[receiver].reply, Pre) == NONE; */
	return ipc_hand_on(t, s, receiver, tag, out, plain, late);
}

/* A call that is not plain, over an endpoint that is the right one: what is left to check. */
/*@ requires ORDERED && STANDING &&
      kernel_valid && 0 < t < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT && thread_index(receiver) &&
      (settled: unsettled == NONE) &&
      (meets: t == hart.current && (receiver != NONE ==> head_of[slots[s].object] == receiver && receivers_of[slots[s].object] != 0) &&
        (receiver == NONE ==> head_of[slots[s].object] == NONE || receivers_of[slots[s].object] == 0));
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (claimed: slots_claimed{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (leaves: \old(hart.current) == t ==> \result == hart.current) && STILL_HIGHEST;
    ENSURES_MET(call_fits{Pre}(t, tag, arrival, receiver) && receiver != NONE, t, receiver, tag,
      \old(slots[s].badge), out)
    ENSURES_QUEUED(call_fits{Pre}(t, tag, arrival, receiver) && receiver == NONE, t, tag, \old(slots[s].badge), out)
    ENSURES_REFUSED(!call_fits{Pre}(t, tag, arrival, receiver), t) */
static __attribute__((noinline)) u32 ipc_call_checked(u64 t, u64 s, u64 receiver, u64 tag, u64 out, u64 arrival)
{
	enum status status = ipc_check_call(t, tag, arrival, receiver);

	if (status != STATUS_OK)
		return ipc_refuse(t, status);
	if (receiver == NONE)
		return ipc_queue_call(t, s, tag, out, arrival);
	return ipc_meet(t, s, wide(slots[s].object), receiver, tag, out, arrival, false);
}

/* Whether the call meets a passive server and neither side has to do with a capability: nothing is left to check then. */
/*@ requires thread_index(t) && thread_index(receiver);
    assigns \nothing;
    ensures plain: \result ==> receiver != NONE && arrival == 0 &&
      threads[receiver].passive != 0 && threads[receiver].arrival == NONE && payer_fits(t); */
static inline bool ipc_is_plain(u64 t, u64 receiver, u64 tag, u64 arrival)
{
	return receiver != NONE && arrival == 0 && (tag & (TAG_CAP | TAG_LENGTH)) <= MESSAGE_WORDS &&
	       threads[receiver].passive != 0 && threads[receiver].arrival == NONE && ipc_check_payer(t) == STATUS_OK;
}

/* The first receiver at the endpoint of slot s, if receivers wait there. */
#define FIRST first_at{Pre}(\at(slots[s].object, Pre))
/* A call over the endpoint capability in slot s: the plainest way first. */
/*@ requires ORDERED && STANDING &&
      kernel_valid && 0 < t < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT && t == hart.current &&
      (settled: unsettled == NONE);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (claimed: slots_claimed{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (leaves: \old(hart.current) == t ==> \result == hart.current) && STILL_HIGHEST;
    ENSURES_MET(call_fits{Pre}(t, tag, arrival, FIRST) && FIRST != NONE, t, FIRST, tag, \old(slots[s].badge), out)
    ENSURES_QUEUED(call_fits{Pre}(t, tag, arrival, FIRST) && FIRST == NONE, t, tag, \old(slots[s].badge), out)
    ENSURES_REFUSED(call_lacks{Pre}(t, arrival, FIRST), t) */
static inline __attribute__((always_inline)) u32 ipc_call_over(u64 t, u64 s, u64 tag, u64 out, u64 arrival)
{
	u64 e = wide(slots[s].object);
	u64 receiver = queues[e].receivers == 0 ? NONE : wide(queues[e].head);

	//@ assert receiver: FIRST == receiver;
	if (!ipc_is_plain(t, receiver, tag, arrival))
		return ipc_call_checked(t, s, receiver, tag, out, arrival);
	//@ assert pays: !call_lacks{Pre}(t, arrival, receiver);
	return ipc_meet(t, s, e, receiver, tag, 0, 0, true);
}

__attribute__((noinline)) u32 ipc_call(u64 endpoint, u64 tag, u64 t, u64 out, u64 arrival)
{
	u64 s = wide(threads[t].table) + endpoint;
	enum status status = cap_check(t, endpoint, CAP_ENDPOINT, RIGHT_WRITE | RIGHT_CALL);

	if (status != STATUS_OK)
		return ipc_refuse(t, status);
	//@ assert named: s == threads[t].table + endpoint && slots[s].object == named_endpoint{Pre}(t, endpoint);
	return ipc_call_over(t, s, tag, out, arrival);
}

/* Send the reply in slot s. Returns the caller, not ready yet; `keep`: the sender keeps its payload. */
/*@ requires ORDERED && STANDING && kernel_valid && thread_index(t) && 0 < s < N_SLOTS && slots[s].type == CAP_REPLY;
    assigns threads[0 .. N_THREADS - 1], slots[0 .. N_SLOTS - 1], hart.holder, hart.served, hart.since, hart.payer,
      payload[0 .. 5], answer_in[0 .. N_THREADS - 1], KEPT_BY(slots[s].object), LIST;
    ensures ORDERED && VALID && CAPABILITIES_KEPT &&
      (goes: goes(\result) && \result != hart.current && !may_run(\result)) &&
      (caller: \result == \old(slots[s].object) && 0 < \result < N_THREADS) &&
      (current: hart.current == \old(hart.current)) && (answered: slots[s].type == CAP_EMPTY) &&
      (placed: \forall integer k; thread_index(k) ==> threads[k].table == \old(threads[k].table) &&
        threads[k].table_size == \old(threads[k].table_size)) &&
      // Only a slot that was reserved for it gets a capability.
      (others: \forall integer k; slot_index(k) && k != s && \old(slots[k].type) != CAP_RESERVED ==>
        slot_same{Pre, Post}(k)) &&
      (given: \old(threads[slots[s].object].fault) == 0 ==> message_given(\result, tag, 0)) &&
      (handed: \old(threads[slots[s].object].fault) == 0 && (keep ==> hart.holder != \result) ==>
        words_handed{Pre, Post}(\result, tag)) &&
      (holder: keep ==> hart.holder == \old(hart.holder)) &&
      (used: threads[\result].reply == NONE && threads[\result].server == NONE && threads[\result].fault == 0) &&
      (copied: capability_came{Pre, Post}(\old(threads[slots[s].object].arrival), t, out)) &&
      (claimed: slots_claimed{Pre, Post}(0)) &&
      (waits: threads_wait_but{Pre, Post}(\result, \old(threads[slots[s].object].server))) &&
      (results: results_kept_but{Pre, Post}(\result)) &&
      (words: words_kept_but{Pre, Post}(\result, keep ? \result : \old(hart.holder))) &&
      (states: states_kept_but{Pre, Post}(-1)); */
static u32 ipc_answer(u64 t, u64 s, u64 tag, u64 out, bool keep)
{
	u32 caller = slots[s].object;

	/*@ assert awaits: answer_in[caller] == s && threads[caller].arrival != s; */
	/*@ assert keeps: may_keep(caller) && caller != hart.current && !may_run(caller); */
	/*@ ghost answer_in[caller] = NONE; reply_of[caller] = NONE; */
	/*@ assert loose: loose(caller); */
	slots[s].type = CAP_EMPTY;
	//@ assert listed: slots_listed && tables_dying && spaces_dying;
	threads[caller].reply = NONE;
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	ipc_unlink_payer(caller);
	/*@ assert free: slots[s].type == CAP_EMPTY && threads[caller].arrival != s; */
	//@ assert words: words_kept{Pre, Here};
	if (threads[caller].fault != 0) {
		threads[caller].fault = 0;
		/*@ ghost fault_of[caller] = 0; */
		/*@ assert have: threads_have && tables_dying && spaces_dying; */
		//@ assert words: words_kept{Pre, Here};
		return caller;
	}
	/*@ assert source: 0 < out < threads[t].table_size && is_capability(threads[t].table + out) ==>
	      capability_same{Pre, Here}(threads[t].table + out); */
	ipc_deliver(t, caller, tag, 0, out, slots[s].rights != 0);
	/*@ assert answered: slots[s].type == CAP_EMPTY && threads_have && tables_dying && spaces_dying; */
	//@ assert words: words_kept{Pre, Here};
	//@ assert placed: \forall integer k; thread_index(k) ==> threads[k].table == \at(threads[k].table, Pre);
	//@ assert copied: capability_came{Pre, Here}(\at(threads[slots[s].object].arrival, Pre), t, out);
	if (keep)
		ipc_copy_payload(caller, tag);
	else
		ipc_hand_payload(caller, tag);
	return caller;
}

/* t, which received and has its message, goes on; what it had reserved is free. */
/*@ requires DERIVED_APART && ready_valid &&
      kernel_valid && 0 < t < N_THREADS && stands_on[t] == NONE && fault_of[t] == 0 &&
      (stand: threads_stand(hart.current, t) && current_runs && used_reply == NONE && t != hart.current);
    assigns OBJECTS, LINKS, answer_in[t], reply_of[t], arrival_of[t];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0);
    ensures old: \forall integer k; slot_index(k) && is_capability{Post}(k) ==> capability_same{Pre, Post}(k);
    ensures waits: threads_wait_but{Pre, Post}(t, t) && threads[t].reply == NONE;
    ensures results: results_kept{Pre, Post};
    ensures words: words_kept{Pre, Post} && words_same{Pre, Post}(t);
    ensures states: states_turned{Pre, Post};
    ensures ready: threads[t].state == THREAD_READY || threads[t].state == THREAD_EXHAUSTED; */
static inline void ipc_release(u32 t)
{
	cap_release(t);
	//@ assert words: words_kept{Pre, Here};
	//@ assert old: \forall integer k; slot_index(k) && is_capability(k) ==> capability_same{Pre, Here}(k);
	sched_ready(t);
	//@ assert holder: hart.holder == \at(hart.holder, Pre);
	//@ assert registers: registers_kept{Pre, Here};
}

/* t, whose capability is in slot s, sends to the receiver, the first of the endpoint. Nobody answers a sender. */
/*@ requires ORDERED && STANDING &&
      kernel_valid && 0 < t < N_THREADS && 0 < receiver < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT &&
      (head: head_of[slots[s].object] == receiver && receivers_of[slots[s].object] != 0);
    assigns STATE, LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (given: message_given(receiver, tag, \old(slots[s].badge))) &&
      (handed: \old(hart.holder) != receiver ==> words_handed{Pre, Post}(receiver, tag)) &&
      (copied: capability_came{Pre, Post}(\old(threads[receiver].arrival), t, out)) &&
      (claimed: slots_claimed{Pre, Post}(0)) && (waits: threads_wait_but{Pre, Post}(receiver, receiver)) &&
      (results: results_kept_but{Pre, Post}(receiver)) && (words: words_kept_but{Pre, Post}(receiver, receiver)) &&
      (states: states_turned{Pre, Post}) &&
      (ready: threads[receiver].state == THREAD_READY || threads[receiver].state == THREAD_EXHAUSTED) &&
      (released: threads[receiver].reply == NONE); */
static inline void ipc_send_to(u32 t, u64 s, u32 receiver, u64 tag, u64 out)
{
	/*@ assert meets: receiver != hart.current && stands(receiver) && fault_of[receiver] == 0 && answer_in[receiver] == NONE; */
	queue_take_first(slots[s].object, receiver);
	/*@ assert ranks: READY_VALID; */
	ipc_deliver(t, receiver, tag, slots[s].badge, out, (slots[s].rights & RIGHT_GRANT) != 0);
	//@ assert copied: capability_came{Pre, Here}(\at(threads[receiver].arrival, Pre), t, out);
	//@ assert words: words_kept{Pre, Here} && hart.holder == \at(hart.holder, Pre);
	ipc_copy_payload(receiver, tag);
	//@ assert words: words_kept_but{Pre, Here}(receiver, receiver);
	//@ assert copied: capability_came{Pre, Here}(\at(threads[receiver].arrival, Pre), t, out);
	ipc_release(receiver);
	//@ assert copied: capability_came{Pre, Here}(\at(threads[receiver].arrival, Pre), t, out);
}

/* The same, or t queues if there is no receiver. */
/*@ requires ORDERED && STANDING &&
      kernel_valid && 0 < t < N_THREADS && t == hart.current && slot_index(s) && slots[s].type == CAP_ENDPOINT;
    assigns STATE, LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0);
    ENSURES_SENT(meets, FIRST != NONE, t, FIRST, tag, \old(slots[s].badge), out)
    ensures waits: FIRST != NONE ==> threads_wait_but{Pre, Post}(FIRST, FIRST);
    ENSURES_QUEUED(FIRST == NONE, t, tag, \old(slots[s].badge), out)
    ensures last: FIRST == NONE ==> threads[t].state == THREAD_SENDING &&
      threads[t].queue == \old(slots[s].object) && queues[\old(slots[s].object)].tail == t; */
static inline __attribute__((always_inline)) void ipc_send_over(u32 t, u64 s, u64 tag, u64 out)
{
	u32 receiver = queues[slots[s].object].head;

	if (receiver == NONE || queues[slots[s].object].receivers == 0)
		ipc_queue_sender(t, s, tag, out, THREAD_SENDING);
	else
		ipc_send_to(t, s, receiver, tag, out);
}

/* t sends the answer to the reply in slot s, and goes on. */
/*@ requires ORDERED && STANDING && kernel_valid && thread_index(t) && 0 < s < N_SLOTS && slots[s].type == CAP_REPLY;
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures claimed: slots_claimed{Pre, Post}(0);
    ENSURES_SENT(answers, \old(threads[slots[s].object].fault) == 0, t, \old(slots[s].object), tag, 0, out) */
static inline void ipc_send_answer(u32 t, u64 s, u64 tag, u64 out)
{
	u32 caller = ipc_answer(t, s, tag, out, true);

	/*@ assert given: \at(threads[slots[s].object].fault, Pre) == 0 ==> message_given(caller, tag, 0); */
	/*@ assert words: words_kept_but{Pre, Here}(caller, caller); */
	sched_ready(caller);
	/*@ assert stand: threads_stand(hart.current, NONE); */
}

enum status ipc_send(u32 t, u64 destination, u64 tag, u64 out)
{
	u64 s = threads[t].table + destination;
	enum status status = STATUS_OK;

	if ((tag & TAG_LENGTH) > MESSAGE_WORDS)
		return STATUS_BAD_ARGUMENT;
	if (cap_check(t, destination, CAP_REPLY, 0) == STATUS_OK) {
		//@ assert reply: s == threads[t].table + destination && slots[s].object == named_endpoint{Pre}(t, destination);
		ipc_send_answer(t, s, tag, out);
		return STATUS_OK;
	}
	//@ assert none: !names_reply{Pre}(t, destination);
	status = cap_check(t, destination, CAP_ENDPOINT, RIGHT_WRITE);
	if (status != STATUS_OK)
		return status;
	//@ assert named: s == threads[t].table + destination && slots[s].object == named_endpoint{Pre}(t, destination);
	ipc_send_over(t, s, tag, out);
	return STATUS_OK;
}

/* The words of a fault message, from the registers of the thread that faulted. */
/*@ requires THREADS_VALID && (index: thread_index(from) && thread_index(to));
    assigns threads[0 .. N_THREADS - 1];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures words: threads[to].registers[18] == \old(threads[from].fault_cause) &&
      threads[to].registers[19] == \old(threads[from].fault_address) && threads[to].registers[20] == \old(threads[from].registers[REG_PC]);
    ensures frame: threads[to].registers[21] == \old(threads[from].registers[REG_SP]) &&
      threads[to].registers[22] == \old(threads[from].registers[REG_RA]) && threads[to].registers[23] == \old(threads[from].registers[REG_S0]);
    ensures waits: threads_wait{Pre, Post};
    ensures results: results_kept{Pre, Post};
    ensures others: memory_kept_but{Pre, Post}(to); */
static void ipc_fault_words(u32 from, u32 to)
{
	threads[to].registers[REG_S2] = threads[from].fault_cause;
	threads[to].registers[REG_S2 + 1] = threads[from].fault_address;
	threads[to].registers[REG_S2 + 2] = threads[from].registers[REG_PC];
	threads[to].registers[REG_S2 + 3] = threads[from].registers[REG_SP];
	threads[to].registers[REG_S2 + 4] = threads[from].registers[REG_RA];
	threads[to].registers[REG_S2 + 5] = threads[from].registers[REG_S0];
}

/* The payload registers get what the queued `sender` has for t: its own words, or those of its fault. */
/*@ requires kernel_valid && 0 < t < N_THREADS && 0 < sender < N_THREADS;
    assigns threads[0 .. N_THREADS - 1], payload[0 .. 5];
    ensures THREADS_VALID;
    ensures same: threads_same_but_links{Pre, Post};
    ensures loaded: t != sender && threads[sender].fault == 0 ==> payload_of{Pre, Post}(sender);
    ensures fault: t != sender && threads[sender].fault != 0 ==> payload[0] == \old(threads[sender].fault_cause) &&
      payload[1] == \old(threads[sender].fault_address) && payload[2] == \old(threads[sender].registers[REG_PC]);
    ensures waits: threads_wait{Pre, Post};
    ensures results: results_kept{Pre, Post};
    ensures stored: words_stored_but{Pre, Post}(t); */
static void ipc_load_payload(u32 t, u32 sender)
{
	ipc_store_payload(t);
	if (threads[sender].fault != 0) {
		ipc_fault_words(sender, t);
		arch_payload_load(t);
	} else {
		arch_payload_load(sender);
	}
}

/* t gets the message of `sender`, which was queued: tag, badge and payload as they were, and the capability that it named. */
/*@ requires ORDERED && kernel_valid && 0 < t < N_THREADS && 0 < sender < N_THREADS;
    assigns slots[0 .. N_SLOTS - 1], threads[0 .. N_THREADS - 1], hart.holder, payload[0 .. 5], arrival_of[t], LIST;
    ensures ORDERED && VALID && CAPABILITIES_KEPT;
    ensures taken: arrival_of[t] == NONE;
    ensures others: \forall integer k; slot_index(k) && (k != \old(threads[t].arrival) || k == NONE) ==>
      slot_same{Pre, Post}(k);
    ensures claimed: slots_claimed{Pre, Post}(0);
    ensures rest: \forall integer k; thread_index(k) && k != t ==> thread_ties{Pre, Post}(k);
    ensures given: message_given(t, tag, badge) && hart.holder == t;
    ensures heard: sender != t && \old(threads[sender].fault) == 0 ==> words_taken{Pre, Post}(t, sender, tag);
    ensures copied: sender != t ==>
      capability_came{Pre, Post}(\old(threads[t].arrival), sender, \at(threads[sender].registers[REG_A3], Pre));
    ensures waits: threads_wait_but{Pre, Post}(t, t);
    ensures results: results_kept_but{Pre, Post}(t);
    ensures words: words_kept_but{Pre, Post}(t, t); */
static inline __attribute__((always_inline)) void ipc_take_message(u32 t, u32 sender, u64 tag, u64 badge)
{
	ipc_load_payload(t, sender);
	/*@ assert same: threads[t].arrival == \at(threads[t].arrival, Pre) && threads[sender].table == \at(threads[sender].table, Pre) &&
	      threads[sender].table_size == \at(threads[sender].table_size, Pre) &&
	      threads[sender].registers[REG_A3] == \at(threads[sender].registers[REG_A3], Pre); */
	ipc_deliver(sender, t, tag, badge, threads[sender].registers[REG_A3], threads[sender].grant != 0);
	/*@ assert came: capability_came{Pre, Here}(\at(threads[t].arrival, Pre), sender, \at(threads[sender].registers[REG_A3], Pre)); */
	//@ assert stored: words_stored_but{Pre, Here}(t);
	/*@ assert copied: sender != t ==> capability_came{Pre, Here}(\at(threads[t].arrival, Pre), sender,
	      \at(threads[sender].registers[REG_A3], Pre)); */
	ipc_hand_payload(t, tag);
}

/*@ // What a sender keeps whose message is taken: a caller at most the slot for what comes with the answer.
    predicate sent(integer t, integer call) = reply_of[t] == NONE &&
      (call != 0 ? fault_of[t] != 0 ==> arrival_of[t] == NONE : keeps_nothing(t)); */
/* The message of `sender` was taken: a caller waits for the answer in the slot `reply` now, another goes on. */
/*@ requires DERIVED_APART && ready_valid &&
      kernel_valid && 0 < sender < N_THREADS && nameable(reply) && slots[reply].type == CAP_EMPTY &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) &&
      (stand: threads_stand(hart.current, sender) && current_runs && used_reply == NONE) &&
      (loose: loose(sender) && sender != hart.current && sent(sender, call));
    assigns OBJECTS, stands_as[sender], stands_on[sender], ORDER, answer_in[sender], reply_of[sender];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT &&
      (current: hart.current == \old(hart.current) && hart.holder == \old(hart.holder)) &&
      (claimed: slots_claimed{Pre, Post}(0)) &&
      (awaits: call ==> threads[sender].reply == reply && threads[sender].state == THREAD_AWAITING_REPLY) &&
      (reply: call ==> slots[reply].type == CAP_REPLY && slots[reply].object == sender) &&
      (same: \forall integer k; slot_index(k) && k != reply ==> slot_same{Pre, Post}(k)) &&
      (goes: !call ==> threads_wait{Pre, Post} && threads[sender].registers[REG_A0] == STATUS_OK &&
        (threads[sender].state == THREAD_READY || threads[sender].state == THREAD_EXHAUSTED)) &&
      (results: results_kept_but{Pre, Post}(sender)) && (words: words_kept{Pre, Post}) &&
      (waits: threads_wait_but{Pre, Post}(sender, sender)); */
static inline __attribute__((always_inline)) void ipc_end_sending(u32 sender, u64 reply, u8 grant, bool call)
{
	if (call) {
		slots[reply].rights = grant;
		ipc_await_reply(sender, reply);
	} else {
		threads[sender].registers[REG_A0] = STATUS_OK;
		threads[sender].registers[REG_A1] = 0;
		threads[sender].registers[REG_A2] = 0;
		//@ assert words: words_kept{Pre, Here};
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		sched_ready(sender);
		//@ assert words: words_kept{Pre, Here};
	}
}

/* The queued caller `sender` cannot pay for the passive server t: it is told so, and t asks again. */
/*@ requires DERIVED_APART && ready_valid &&
      kernel_valid && 0 < t < N_THREADS && 0 < sender < N_THREADS && sender != t && t == hart.current &&
      (stand: threads_stand(hart.current, sender) && current_takes && used_reply == NONE);
    assigns OBJECTS, stands_as[sender], stands_on[sender], ORDER, answer_in[sender], answer_in[t], KEPT_BY(sender), reply_of[t],
      arrival_of[t], payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures answered: answer_in[t] == NONE;
    ensures current: hart.current == \old(hart.current);
    ensures claimed: slots_claimed{Pre, Post}(0); */
static inline __attribute__((always_inline)) enum status ipc_turn_away(u32 t, u32 sender)
{
	cap_release(t);
	//@ assert claimed: slots_claimed{Pre, Here}(0);
	/*@ assert running: current_runs && threads_stand(hart.current, sender); */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	ipc_cancel(sender, ipc_check_payer(sender));
	sched_ready(sender);
	return ipc_without_message(t, STATUS_AGAIN);
}

/* t, which is current, takes the message of `sender`, which has left its queue; on its budget if it `pays`. */
/*@ requires ORDERED && ready_valid &&
      kernel_valid && 0 < t < N_THREADS && 0 < sender < N_THREADS && t != sender && nameable(reply) &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) && (unused: slots[reply].type == CAP_EMPTY) &&
      (stand: threads_stand(hart.current, sender) && current_takes && used_reply == NONE) &&
      (loose: loose(sender) && t == hart.current && sent(sender, call)) &&
      (pays: pays ==> call && threads[sender].chain < CHAIN_MAX - 1) &&
      (carries: tag == tag_of(sender) && badge == badge_of(sender) && (call <==> calls(sender)));
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT && (current: hart.current == \old(hart.current)) &&
      (goes: \forall integer k; thread_index(k) && k != sender && \old(goes(k)) ==> goes(k)) &&
      (claimed: slots_claimed{Pre, Post}(0));
    ENSURES_TAKEN(\true, t, sender, reply, \old(threads[t].arrival)) */
static inline __attribute__((always_inline)) void ipc_take_from(u32 t, u32 sender, u64 reply, u8 grant, u64 tag, u64 badge,
	bool call, bool pays)
{
	if (pays) {
		threads[t].spent = 0;
		/*@ assert have: threads_have; */
		ipc_link_payer(sender, t);
	}
	//@ assert words: words_kept{Pre, Here};
	/*@ assert same: threads[t].arrival == \at(threads[t].arrival, Pre) && threads[sender].table == \at(threads[sender].table, Pre) &&
	      threads[sender].table_size == \at(threads[sender].table_size, Pre) &&
	      threads[sender].registers[REG_A3] == \at(threads[sender].registers[REG_A3], Pre); */
	//@ assert results: results_kept{Pre, Here} && (!call ==> threads_wait{Pre, Here});
	ipc_take_message(t, sender, tag, badge);
	//@ assert taken: message_given(t, tag, badge) && words_kept_but{Pre, Here}(t, t);
	//@ assert heard: \at(threads[sender].fault, Pre) == 0 ==> words_taken{Pre, Here}(t, sender, tag);
	/*@ assert came: capability_came{Pre, Here}(\at(threads[t].arrival, Pre), sender,
	      \at(threads[sender].registers[REG_A3], Pre)); */
	//@ assert waits: !call ==> threads_wait_but{Pre, Here}(t, t);
	ipc_end_sending(sender, reply, grant, call);
	//@ assert heard: \at(threads[sender].fault, Pre) == 0 ==> words_taken{Pre, Here}(t, sender, tag);
}

/* All guards of a receive have passed: t may take what is there, or wait. */
#define MAY_TAKE                                                                                       \
	ORDERED && STANDING && kernel_valid && 0 < t < N_THREADS && slot_index(s) &&                   \
	slots[s].type == CAP_ENDPOINT && nameable(reply) &&                                            \
	(own: apart != 0 ==> in_table(reply) && !spent(reply)) && (settled: unsettled == NONE) &&      \
	(free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) && \
	(unused: slots[reply].type == CAP_EMPTY && (arrival != 0 ==> threads[t].table + arrival != reply)) && \
	(current: t == hart.current)
/* t, which is current, takes the message of the first sender queued at e. */
/*@ requires ORDERED && ready_valid &&
      kernel_valid && 0 < t < N_THREADS && KERNEL_QUEUES <= e < N_QUEUES && queues[e].head != NONE && nameable(reply) &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) && (unused: slots[reply].type == CAP_EMPTY) &&
      (current: t == hart.current && receivers_of[e] == 0) &&
      (stand: threads_stand(hart.current, NONE) && current_takes && used_reply == NONE);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT && (current: hart.current == \old(hart.current)) &&
      (goes: \forall integer k; thread_index(k) && \old(goes(k)) ==> goes(k)) &&
      (claimed: slots_claimed{Pre, Post}(0)) &&
      (took: may_pay{Pre}(\at(queues[e].head, Pre), t) ==> \result == STATUS_OK);
    ENSURES_TAKEN(may_pay{Pre}(\at(queues[e].head, Pre), t), t, \old(queues[e].head), reply, \old(threads[t].arrival)) */
static enum status ipc_accept(u32 t, u32 e, u64 reply, u8 grant)
{
	u32 sender = queues[e].head;
	bool call = threads[sender].state == THREAD_CALLING;
	u64 tag = threads[sender].fault != 0 ? FAULT_TAG : threads[sender].registers[REG_A1];
	u64 badge = threads[sender].fault != 0 ? threads[sender].fault_badge : threads[sender].registers[REG_A2];
	bool pays = call && threads[sender].fault == 0 && threads[t].passive != 0;

	/*@ assert queued: stands_on[sender] == e && answer_in[sender] == NONE && sender != hart.current && sent(sender, call); */
	queue_take_first(e, sender);
	/*@ assert away: threads_stand(hart.current, sender); */
	/*@ assert ranks: READY_VALID; */
	//@ assert words: words_kept{Pre, Here};
	if (pays && ipc_check_payer(sender) != STATUS_OK)
		return ipc_turn_away(t, sender);
	/*@ assert same: threads[t].arrival == \at(threads[t].arrival, Pre) &&
	      threads[sender].table == \at(threads[queues[e].head].table, Pre) &&
	      threads[sender].table_size == \at(threads[queues[e].head].table_size, Pre) &&
	      threads[sender].registers[REG_A3] == \at(threads[queues[e].head].registers[REG_A3], Pre); */
	ipc_take_from(t, sender, reply, grant, tag, badge, call, pays);
	//@ assert words: words_kept_but{Pre, Here}(t, t);
	//@ assert heard: \at(threads[queues[e].head].fault, Pre) == 0 ==> words_taken{Pre, Here}(t, sender, tag);
	/*@ assert came: capability_came{Pre, Here}(\at(threads[t].arrival, Pre), sender,
	      \at(threads[queues[e].head].registers[REG_A3], Pre)); */
	return STATUS_OK;
}

/* Whether something is there to be received: bits of the bound notification (or lines to switch on), or a sender. */
/*@ requires threads_placed && slots_queues && thread_index(t) && slot_index(s) && slots[s].type == CAP_ENDPOINT;
    assigns \nothing;
    ensures exact: \result <==> is_pending(t, slots[s].object); */
static inline bool ipc_is_pending(u64 t, u64 s)
{
	u64 e = wide(slots[s].object);
	u64 n = wide(threads[t].bound);

	return (n != NONE && (queues[n].bits | queues[n].taken) != 0) ||
		(queues[e].head != NONE && queues[e].receivers == 0);
}

/* Wait for a sender: the reply slot becomes a reservation. Who runs next is the caller's matter. */
/*@ requires DERIVED_APART && ready_valid &&
      kernel_valid && 0 < t < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT && nameable(reply) &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) && (settled: unsettled == NONE) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) &&
      (unused: slot_untied(reply) && !is_capability(reply) && (arrival != 0 ==> threads[t].table + arrival != reply)) &&
      (goes: goes(t)) && (receivers: head_of[slots[s].object] == NONE || receivers_of[slots[s].object] != 0);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], stands_as[t], stands_on[t],
      AT_QUEUE(slots[s].object), came[t], last_came, reply_of[t], arrival_of[t], receivers_of[slots[s].object];
    ensures DERIVED && VALID && READY_VALID && CAPABILITIES_KEPT &&
      (stands: stands_on[t] == \old(slots[s].object) && stands_as[t] == THREAD_RECEIVING) &&
      (receives: receives_into(t, reply) && expects_in(t, arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (last: stands_receiving(t, \old(slots[s].object))) && (waits: threads_wait_but{Pre, Post}(t, t)) &&
      (registers: registers_kept{Pre, Post} && words_kept{Pre, Post}) && (states: states_kept_but{Pre, Post}(t)) &&
      (same: capabilities_same_but{Pre, Post}(reply, arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (server: threads[t].server == \old(threads[t].server) && threads[t].client == \old(threads[t].client)) &&
      (grown: capabilities_grown{Pre, Post}(0)); */
static inline void ipc_wait(u64 t, u64 s, u64 reply, u64 arrival)
{
	u64 e = wide(slots[s].object);

	ipc_reserve_arrival(t, arrival);
	threads[t].reply = (u32)reply;
	/*@ ghost reply_of[t] = (u32)reply; */
	cap_reserve(reply, t);
	slots[reply].rights = slots[s].rights & RIGHT_GRANT;
	/*@ ghost stands_as[t] = THREAD_RECEIVING; */
	threads[t].state = THREAD_RECEIVING;
	/*@ assert mirrored: threads_mirrored; */
	/*@ assert awaiting: threads_await; */
	/*@ assert tied: threads_tied; */
	/*@ assert answer: slots_answer; */
	queues[e].receivers = 1;
	/*@ ghost receivers_of[e] = 1; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	//@ assert words: words_kept{Pre, Here};
	//@ assert queue: KERNEL_QUEUES <= e;
	queue_put(e, t);
}

/* The same of the current thread: nobody is current then. */
/*@ requires DERIVED_APART && STANDING &&
      kernel_valid && 0 < t < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT && nameable(reply) &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) && (settled: unsettled == NONE) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) &&
      (unused: slot_untied(reply) && !is_capability(reply) && (arrival != 0 ==> threads[t].table + arrival != reply)) &&
      (current: t == hart.current && loose(t)) &&
      (receivers: head_of[slots[s].object] == NONE || receivers_of[slots[s].object] != 0);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart.current, hart.holder,
      stands_as[t], stands_on[t], ORDER, reply_of[t], arrival_of[t], RECEIVERS;
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures current: hart.current == NONE;
    ensures receives: receives_into(t, reply) && expects_in(t, arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ensures last: stands_receiving(t, \old(slots[s].object));
    ensures waits: threads_wait_but{Pre, Post}(t, t);
    ensures results: results_kept{Pre, Post};
    ensures words: words_kept_but{Pre, Post}(t, t);
    ensures states: states_kept_but{Pre, Post}(t);
    ensures same: capabilities_same_but{Pre, Post}(reply, arrival != 0 ? \old(threads[t].table) + arrival : 0);
    ensures grown: capabilities_grown{Pre, Post}(0); */
static inline void ipc_block(u64 t, u64 s, u64 reply, u64 arrival)
{
	/*@ assert queue: KERNEL_QUEUES <= slots[s].object; */
	ipc_wait(t, s, reply, arrival);
	hart.current = NONE;
	/*@ assert self: stands(t); */
	/*@ assert stand: threads_stand(NONE, NONE); */
	if (hart.holder == t)
		hart.holder = NONE;
}

/*@ // threads_have once more, with arguments: where much else is known, this is what is seen to be left by a store elsewhere.
    predicate has_table(integer t, integer table, integer size) = size != 0 ==>
      thread_holds(slot_of(t) + THREAD_TABLE, CAP_TABLE, table) && size == 1 << slots[slot_of(t) + THREAD_TABLE].size_bits;
    predicate has_space(integer t, integer root) = root != NONE ==> thread_holds(slot_of(t) + THREAD_SPACE, CAP_SPACE, root);
    predicate all_have = apart != 0 ==> (\forall integer t; thread_index(t) ==>
      has_table(t, threads[t].table, threads[t].table_size) && has_space(t, threads[t].root)); */
/* t, which is current, takes the message of the first sender queued at the endpoint in slot s. */
/*@ requires MAY_TAKE &&
      (sender: queues[slots[s].object].head != NONE && queues[slots[s].object].receivers == 0);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (current: hart.current == \old(hart.current)) &&
      (goes: \forall integer k; thread_index(k) && k != t && \old(goes(k)) ==> goes(k)) &&
      (took: may_pay{Pre}(sender_at{Pre}(\at(slots[s].object, Pre)), t) ==> \result == STATUS_OK);
    ENSURES_TAKEN(may_pay{Pre}(sender_at{Pre}(\at(slots[s].object, Pre)), t), t, sender_at{Pre}(\at(slots[s].object, Pre)), reply,
      arrival != 0 ? \old(threads[t].table) + arrival : 0) */
static inline enum status ipc_take(u32 t, u64 s, u64 reply, u64 arrival)
{
	u32 e = slots[s].object;

	ipc_reserve_arrival(t, arrival);
	//@ assert old: capabilities_old{Pre, Here};
	//@ assert words: words_kept{Pre, Here};
	/*@ ghost u32 sender = queues[e].head; */
	/*@ assert sender: sender == sender_at{Pre}(\at(slots[s].object, Pre)) && sender != t && tag_of(sender) == tag_of{Pre}(sender) &&
	      badge_of(sender) == badge_of{Pre}(sender); */
	/*@ ghost u64 out = threads[sender].registers[REG_A3]; */
	/*@ assert names: out == \at(threads[queues[slots[s].object].head].registers[REG_A3], Pre) &&
	      threads[sender].table == \at(threads[queues[slots[s].object].head].table, Pre) &&
	      threads[sender].table_size == \at(threads[queues[slots[s].object].head].table_size, Pre) &&
	      (arrival != 0 ==> threads[t].arrival == \at(threads[t].table, Pre) + arrival); */
	/*@ assert source: 0 < out < threads[sender].table_size && is_capability(threads[sender].table + out) ==>
	      capability_same{Pre, Here}(threads[sender].table + out); */
	return ipc_accept(t, e, reply, slots[s].rights & RIGHT_GRANT);
}

#define TAKES (!is_told{Pre}(t) && sender_at{Pre}(\at(slots[s].object, Pre)) != NONE &&                 \
	may_pay{Pre}(sender_at{Pre}(\at(slots[s].object, Pre)), t))
/* The receiving half: a bound notification first, then a queued sender, else wait. All guards have passed. */
/*@ requires MAY_TAKE;
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)) &&
      (current: hart.current == NONE || hart.current == t) &&
      (goes: \forall integer k; thread_index(k) && k != t && \old(goes(k)) ==> goes(k)) &&
      (last: !is_told{Pre}(t) && sender_at{Pre}(\at(slots[s].object, Pre)) == NONE && block ==>
        \result == STATUS_OK && hart.current == NONE && stands_receiving(t, \old(slots[s].object))) &&
      (have: all_have) && (took: TAKES ==> \result == STATUS_OK);
    ENSURES_BLOCKED(!is_told{Pre}(t) && sender_at{Pre}(\at(slots[s].object, Pre)) == NONE && block, t, reply,
      arrival != 0 ? \old(threads[t].table) + arrival : 0)
    ENSURES_TAKEN(TAKES, t, sender_at{Pre}(\at(slots[s].object, Pre)), reply,
      arrival != 0 ? \old(threads[t].table) + arrival : 0) */
static enum status ipc_take_or_wait(u32 t, u64 s, u64 reply, u64 arrival, bool block)
{
	u32 e = slots[s].object;
	u32 n = threads[t].bound;

	if (n != NONE && notify_collect(n, t))
		return ipc_without_message(t, STATUS_NOTIFIED);
	//@ assert words: words_kept{Pre, Here};
	/*@ assert sender: sender_at(e) == sender_at{Pre}(\at(slots[s].object, Pre)) &&
	      tag_of(sender_at(e)) == tag_of{Pre}(sender_at{Pre}(\at(slots[s].object, Pre))) &&
	      badge_of(sender_at(e)) == badge_of{Pre}(sender_at{Pre}(\at(slots[s].object, Pre))); */
	if (queues[e].head != NONE && queues[e].receivers == 0)
		return ipc_take(t, s, reply, arrival);
	if (!block)
		return ipc_without_message(t, STATUS_EMPTY);
	ipc_block(t, s, reply, arrival);
	return STATUS_OK;
}

/* What both receiving calls check: the endpoint, and that t may wait for a caller now. */
/*@ requires threads_placed && thread_index(t);
    assigns \nothing;
    ensures found: \result == STATUS_OK ==> endpoint < threads[t].table_size &&
      threads[t].table + endpoint < N_SLOTS && slots[threads[t].table + endpoint].type == CAP_ENDPOINT;
    ensures free: \result == STATUS_OK && arrival != 0 ==> arrival < threads[t].table_size &&
      slots[threads[t].table + arrival].type == CAP_EMPTY;
    ensures exact: \result == STATUS_OK <==> may_receive(t, endpoint) && arrival_fits(t, arrival); */
static inline enum status ipc_check_receive(u64 t, u64 endpoint, u64 arrival)
{
	enum status status = cap_check(t, endpoint, CAP_ENDPOINT, RIGHT_READ);

	if (status == STATUS_OK && arrival != 0)
		status = ipc_check_free(t, arrival);
	return status;
}

enum status ipc_receive(u32 t, u64 endpoint, u64 reply, u64 arrival, bool block)
{
	enum status status = ipc_check_receive(t, endpoint, arrival);

	if (status == STATUS_OK)
		status = ipc_check_free(t, reply);
	if (status == STATUS_OK && arrival == reply)
		status = STATUS_OCCUPIED;
	if (status == STATUS_OK && threads[t].client != NONE)
		status = STATUS_REFUSED; /* a passive server owes a reply: nobody would pay */
	if (status != STATUS_OK)
		return ipc_without_message(t, status);

	/*@ ghost cap_own_table(t); */
	/*@ assert inside: (u64)(threads[t].table + endpoint) == threads[t].table + endpoint &&
	      (u64)(threads[t].table + reply) == threads[t].table + reply; */
	return ipc_take_or_wait(t, threads[t].table + endpoint, threads[t].table + reply, arrival, block);
}

/* The reply slot of a reply-and-receive of t: empty, or the reply that a passive t owes. */
/*@ requires threads_placed && thread_index(t);
    assigns \nothing;
    ensures found: \result == STATUS_OK ==> 0 < reply < threads[t].table_size && threads[t].table + reply < N_SLOTS;
    ensures owed: \result == STATUS_OK && slots[threads[t].table + reply].type == CAP_REPLY ==>
      threads[t].client == NONE || threads[t].client == slots[threads[t].table + reply].object;
    ensures kind: \result == STATUS_OK ==> slots[threads[t].table + reply].type == CAP_REPLY ||
      slots[threads[t].table + reply].type == CAP_EMPTY;
    ensures exact: \result == STATUS_OK <==> reply_fits(t, reply, tag); */
static inline enum status ipc_check_reply(u64 t, u64 tag, u64 reply)
{
	u64 s = wide(threads[t].table) + reply;

	if (reply == 0 || reply >= threads[t].table_size)
		return STATUS_BAD_SLOT;
	if ((tag & TAG_LENGTH) > MESSAGE_WORDS)
		return STATUS_BAD_ARGUMENT;
	if (slots[s].type == CAP_REPLY)
		return threads[t].client == NONE || threads[t].client == slots[s].object ? STATUS_OK : STATUS_REFUSED;
	if (slots[s].type != CAP_EMPTY)
		return STATUS_OCCUPIED;
	return threads[t].client == NONE ? STATUS_OK : STATUS_REFUSED;
}

/* The caller that was answered, if there is one, goes on, and whoever is most important runs. */
/*@ requires DERIVED_APART && ready_valid && kernel_valid && thread_index(caller) && (settled: unsettled == NONE) &&
      (stand: threads_stand(hart.current, caller) && current_runs && used_reply == NONE) &&
      (goes: caller != NONE ==> goes(caller) && caller != hart.current);
    assigns OBJECTS, LINKS, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT && TURNED_WORDS;
    ensures standing: slots_standing{Pre, Post};
    ensures leaves: \result == hart.current && current_is_highest; */
static inline u32 ipc_go_on(u32 caller)
{
	if (caller != NONE && hart.current == NONE)
		return sched_switch(caller); /* who answered it acknowledged lines, and waits */
	if (caller != NONE)
		sched_ready(caller);
	/*@ assert holder: hart.holder == \at(hart.holder, Pre); */
	/*@ assert registers: registers_kept{Pre, Here}; */
	/*@ assert words: words_kept{Pre, Here}; */
	return sched_leave();
}

/* What t's call ends with: a function of its own, since in so small a context it proves. */
/*@ requires THREADS_VALID && (index: thread_index(t));
    assigns threads[t].registers[REG_A0];
    ensures THREADS_VALID; */
static inline void ipc_tell(u64 t, enum status status)
{
	threads[t].registers[REG_A0] = status;
}

/* Answer and receive where more is to be done than to wait: something is there to be received, nobody is to be answered,
 * the caller waits for its fault to be handled, or a capability goes with the answer. */
/*@ requires ORDERED && STANDING &&
      kernel_valid && 0 < t < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT && nameable(reply) &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) && (settled: unsettled == NONE) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) &&
      (unused: slots[reply].type == CAP_REPLY || slots[reply].type == CAP_EMPTY) &&
      (apart: arrival != 0 ==> threads[t].table + arrival != reply) && (current: t == hart.current && 0 < reply);
    assigns STATE, payload[0 .. 5], LIST;
    ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT &&
      (leaves: \result == hart.current && current_is_highest) &&
      (grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)); */
static __attribute__((noinline)) u32 ipc_answer_and_receive(u64 t, u64 s, u64 reply, u64 tag, u64 out, u64 arrival)
{
	u32 caller = NONE;

	if (slots[reply].type == CAP_REPLY) {
		caller = ipc_answer(t, reply, tag, out, false);
		/*@ assert same: threads[t].table == \at(threads[t].table, Pre) && threads[t].table_size == \at(threads[t].table_size, Pre); */
		/*@ assert free: arrival != 0 ==> slots[threads[t].table + arrival].type == CAP_EMPTY; */
	}
	if (caller != NONE && !ipc_is_pending(t, s)) {
		ipc_block(t, s, reply, arrival);
		return sched_switch(caller);
	}
	ipc_tell(t, ipc_take_or_wait((u32)t, s, reply, arrival, true));
	/*@ assert hold: all_have; */
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	/*@ assert grown: capabilities_grown{Pre, Here}(arrival != 0 ? \at(threads[t].table, Pre) + arrival : 0); */
	return ipc_go_on(caller);
}

/* t, which has paid for the answer, goes on with it: at once if it goes on to pay. */
/*@ CONTRACT_DELIVERED(LINKS)
    ensures HIGHEST;
    ensures states: states_turned{Pre, Post}; */
static inline __attribute__((always_inline)) u32 ipc_hand_back(u64 t, u64 tag, u64 badge)
{
	if (wide(hart.payer) != t)
		return sched_deliver(t, tag, badge);
	hart.served = true;
	if (threads[t].left == 0 || !sched_may_take_over(t))
		return sched_deliver(t, tag, badge);
	return sched_hand_over(t, tag, badge);
}

/* t waits in the stead of the caller, which goes on, with the slots `reply` and `arrival`. */
#define STILL_WAITS receives_into(t, reply) && parted(caller) &&                                       \
	expects_in(t, arrival != 0 ? \at(threads[t].table, Pre) + arrival : 0)
#define WAITS_AGAIN STILL_WAITS && results_kept{Pre, Here} && words_kept{Pre, Here} &&                 \
	capabilities_same_but{Pre, Here}(reply, arrival != 0 ? \at(threads[t].table, Pre) + arrival : 0)
/* t answers the caller with the reply in slot `reply` and waits; that is all there is to do. */
/*@ requires DERIVED_APART && STANDING &&
      kernel_valid && 0 < t < N_THREADS && 0 < caller < N_THREADS && slot_index(s) && slots[s].type == CAP_ENDPOINT &&
        nameable(reply) &&
      (own: apart != 0 ==> in_table(reply) && !spent(reply)) && (settled: unsettled == NONE) &&
      (free: arrival != 0 ==> arrival < threads[t].table_size && slots[threads[t].table + arrival].type == CAP_EMPTY) &&
      (owed: slots[reply].type == CAP_REPLY && slots[reply].object == caller) &&
      (payer: threads[t].client == caller || (threads[t].client == NONE && threads[caller].server == NONE)) &&
      (current: t == hart.current && 0 < reply) && (plain: arrival_of[caller] == NONE && fault_of[caller] == 0) &&
      (receivers: head_of[slots[s].object] == NONE || receivers_of[slots[s].object] != 0);
    assigns STATE, used_reply, payload[0 .. 5];
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT &&
      (leaves: \result == hart.current && current_is_highest) &&
      (grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0));
    ENSURES_ANSWERED(\true, t, caller, tag, reply, arrival != 0 ? \old(threads[t].table) + arrival : 0) */
static inline __attribute__((always_inline)) u32 ipc_answer_and_wait(u64 t, u64 s, u64 reply, u64 caller, u64 tag, u64 arrival)
{
	u32 next = NONE;

	/*@ assert awaits: answer_in[caller] == reply; */
	/*@ ghost answer_in[caller] = NONE; reply_of[caller] = NONE; used_reply = (u32)reply; */
	threads[caller].reply = NONE;
	/*@ assert untied: slot_untied(reply); */
	/*@ assert apart: caller != t; */
	//@ assert words: words_kept{Pre, Here};
	if (threads[t].client == NONE) {
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		ipc_wait(t, s, reply, arrival);
		/*@ ghost used_reply = NONE; */
		/*@ assert waits: WAITS_AGAIN; */
		next = sched_deliver(caller, tag, 0); /* no passive server: the caller pays again */
		/*@ assert waits: STILL_WAITS; */
		return next;
	}
	threads[t].client = NONE;
	threads[t].chain = 0;
	threads[caller].server = NONE;
	//@ assert words: words_kept{Pre, Here};
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	ipc_wait(t, s, reply, arrival);
	/*@ ghost used_reply = NONE; */
	/*@ assert waits: WAITS_AGAIN; */
	next = ipc_hand_back(caller, tag, 0);
	/*@ assert waits: STILL_WAITS; */
	return next;
}

/* Whether there is nothing to do but to answer `caller`, whose reply is in slot `reply`, and to wait. */
/*@ requires threads_placed && slots_queues && thread_index(t) && thread_index(caller) && slot_index(s) &&
      slots[s].type == CAP_ENDPOINT;
    assigns \nothing;
    ensures payer: \result ==> threads[t].client != NONE || threads[caller].server == NONE;
    ensures exact: \result <==> only_waits(t, slots[s].object, caller, tag); */
static inline bool ipc_only_waits(u64 t, u64 s, u64 caller, u64 tag)
{
	return !ipc_is_pending(t, s) && threads[caller].fault == 0 && !ipc_carries(caller, tag) &&
		(threads[t].client != NONE || threads[caller].server == NONE);
}

/* An answer over an endpoint capability in slot s that is the right one. */
#define CONTRACT_REPLY                                                                                 \
	requires ORDERED && kernel_valid && STANDING && 0 < t < N_THREADS && t == hart.current && slot_index(s) && \
	  slots[s].type == CAP_ENDPOINT && (settled: unsettled == NONE);                               \
	assigns STATE, used_reply, payload[0 .. 5], LIST;                                              \
	ensures ORDERED && VALID && STANDING && CAPABILITIES_KEPT && STILL_HIGHEST &&                  \
	  (leaves: \old(hart.current) == t ==> \result == hart.current) &&                             \
	  (grown: capabilities_grown{Pre, Post}(arrival != 0 ? \old(threads[t].table) + arrival : 0)); \
	ENSURES_REFUSED(!answer_fits{Pre}(t, tag, reply, arrival), t)                                  \
	ENSURES_ANSWERED(answer_waits{Pre}(t, \at(slots[s].object, Pre), tag, reply, arrival), t, named_endpoint{Pre}(t, reply), tag, \
	  \old(threads[t].table) + reply, arrival != 0 ? \old(threads[t].table) + arrival : 0)

/* One that is not plain: what is left to check. */
/*@ CONTRACT_REPLY */
static __attribute__((noinline)) u32 ipc_reply_checked(u64 t, u64 s, u64 tag, u64 reply, u64 out, u64 arrival)
{
	u64 r = wide(threads[t].table) + reply;
	enum status status = arrival != 0 ? ipc_check_free(t, arrival) : STATUS_OK;

	if (status == STATUS_OK)
		status = ipc_check_reply(t, tag, reply);
	if (status == STATUS_OK && arrival == reply)
		status = STATUS_OCCUPIED;
	/*@ assert fits: (status == STATUS_OK <==> answer_fits{Pre}(t, tag, reply, arrival)) && (status != STATUS_OK ==>
	      !answer_waits{Pre}(t, \at(slots[s].object, Pre), tag, reply, arrival)); */
	if (status != STATUS_OK)
		return ipc_refuse(t, status);
	/*@ ghost cap_own_table((u32)t); */
	/*@ assert names: r == \at(threads[t].table, Pre) + reply &&
	      slots[r].object == named_endpoint{Pre}(t, reply) && (slots[r].type == CAP_REPLY <==> names_reply{Pre}(t, reply)); */
	if (slots[r].type == CAP_REPLY && ipc_only_waits(t, s, wide(slots[r].object), tag))
		return ipc_answer_and_wait(t, s, r, wide(slots[r].object), tag, arrival);
	//@ assert more: !answer_waits{Pre}(t, \at(slots[s].object, Pre), tag, reply, arrival);
	return ipc_answer_and_receive(t, s, r, tag, out, arrival);
}

/* Whether the answer, in slot r, fits, and there is nothing more to do than to wait; number `reply` of t's table. */
/*@ requires threads_placed && slots_queues && slots_threads && thread_index(t) && slot_index(s) && slots[s].type == CAP_ENDPOINT &&
      (reply < threads[t].table_size ==> r == threads[t].table + reply);
    assigns \nothing;
    ensures fits: \result ==> 0 < reply < threads[t].table_size && arrival == 0 && (tag & TAG_LENGTH) <= MESSAGE_WORDS &&
      slots[r].type == CAP_REPLY && (threads[t].client == NONE || threads[t].client == slots[r].object);
    ensures waits: \result ==> only_waits(t, slots[s].object, slots[r].object, tag) &&
      (threads[t].client != NONE || threads[slots[r].object].server == NONE); */
static inline __attribute__((always_inline)) bool ipc_answers_plainly(u64 t, u64 s, u64 r, u64 tag, u64 reply, u64 arrival)
{
	if (reply == 0 || reply >= threads[t].table_size || arrival != 0 || (tag & TAG_LENGTH) > MESSAGE_WORDS)
		return false;
	if (slots[r].type != CAP_REPLY || (threads[t].client != NONE && threads[t].client != slots[r].object))
		return false;
	return ipc_only_waits(t, s, wide(slots[r].object), tag);
}

/* The plainest way first. */
/*@ CONTRACT_REPLY */
static inline __attribute__((always_inline)) u32 ipc_reply_over(u64 t, u64 s, u64 tag, u64 reply, u64 out, u64 arrival)
{
	u64 r = wide(threads[t].table) + reply;

	/*@ ghost cap_own_table((u32)t); */
	if (!ipc_answers_plainly(t, s, r, tag, reply, arrival))
		return ipc_reply_checked(t, s, tag, reply, out, arrival);
	//@ assert named: r == \at(threads[t].table, Pre) + reply && slots[r].object == named_endpoint{Pre}(t, reply);
	return ipc_answer_and_wait(t, s, r, wide(slots[r].object), tag, 0);
}

__attribute__((noinline)) u32 ipc_reply_receive(u64 endpoint, u64 tag, u64 reply, u64 out, u64 arrival, u64 t)
{
	u64 s = wide(threads[t].table) + endpoint;
	enum status status = cap_check(t, endpoint, CAP_ENDPOINT, RIGHT_READ);

	if (status != STATUS_OK)
		return ipc_refuse(t, status);
	//@ assert named: s == threads[t].table + endpoint && slots[s].object == named_endpoint{Pre}(t, endpoint);
	return ipc_reply_over(t, s, tag, reply, out, arrival);
}

void ipc_cancel(u32 t, enum status status)
{
	ipc_unlink_payer(t);
	sched_remove(t);
	if (threads[t].state >= THREAD_SENDING && threads[t].fault == 0) {
		threads[t].registers[REG_A0] = status;
		threads[t].registers[REG_A1] = 0;
		threads[t].registers[REG_A2] = 0;
		if (threads[t].state != THREAD_SENDING && threads[t].state != THREAD_WAITING)
			thread_clear_payload(t, 0);
	}
	/*@ assert have: threads_have; */
	cap_release(t); /* a reservation, or the reply that somebody holds */
	/*@ assert have: threads_have; */
	/*@ assert others: threads_stand(hart.current, t) && current_runs; */
	threads[t].fault = 0;
	/*@ ghost fault_of[t] = 0; stands_as[t] = THREAD_STOPPED; */
	threads[t].state = THREAD_STOPPED;
}

/* t waits for the answer of the handler `receiver`, in the slot that this reserved. No capability goes with it. */
/*@ requires DERIVED_APART && THREADS_VALID && SLOTS_VALID && (index: 0 < t < N_THREADS && thread_index(receiver)) &&
      (unanswered: answer_in[t] == NONE && answer_in[receiver] == NONE && reply_of[t] == NONE);
    assigns slots[0 .. N_SLOTS - 1], threads[0 .. N_THREADS - 1], stands_as[t], answer_in[t], reply_of[t], reply_of[receiver];
    ensures DERIVED && THREADS_VALID && SLOTS_VALID && CAPABILITIES_KEPT;
    ensures awaits: stands_as[t] == THREAD_AWAITING_REPLY;
    ensures owes: receiver != t ==> reply_of[receiver] == NONE;
    ensures claimed: slots_claimed{Pre, Post}(0); */
static inline void ipc_await_handler(u32 t, u32 receiver)
{
	u32 reply = threads[receiver].reply;

	slots[reply].rights = 0;
	threads[receiver].reply = NONE;
	/*@ ghost reply_of[receiver] = NONE; */
	ipc_await_reply(t, reply);
}

bool ipc_fault(u32 t)
{
	u32 s = thread_slot(t, THREAD_FAULT);
	u32 receiver = NONE;
	u32 e = NONE;

	if (slots[s].type != CAP_ENDPOINT || (slots[s].rights & (RIGHT_WRITE | RIGHT_CALL)) != (RIGHT_WRITE | RIGHT_CALL))
		return false;
	e = slots[s].object;
	//@ assert queue: KERNEL_QUEUES <= e;
	receiver = queues[e].head;
	threads[t].fault = 1;
	/*@ ghost fault_of[t] = 1; */
	threads[t].fault_badge = slots[s].badge;
	if (receiver == NONE || queues[e].receivers == 0) {
		/*@ ghost stands_as[t] = THREAD_CALLING; */
		threads[t].state = THREAD_CALLING;
		threads[t].grant = 0;
		queues[e].receivers = 0;
		/*@ ghost receivers_of[e] = 0; */
		/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
		queue_put(e, t);
		/*@ assert stand: threads_stand(hart.current, NONE) && READY_VALID; */
		/*@ assert running: current_runs && hart.current == \at(hart.current, Pre); */
		return true;
	}
	/*@ assert apart: receiver != t && receiver != hart.current && answer_in[receiver] == NONE; */
	/*@ assert meets: stands(receiver) && fault_of[receiver] == 0; */
	/*@ assert have: threads_have; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	queue_take_first(e, receiver);
	ipc_deliver(t, receiver, FAULT_TAG, slots[s].badge, 0, false);
	ipc_fault_words(t, receiver);
	ipc_await_handler(t, receiver);
	/*@ assert goes: goes(receiver); */
	/*@ assert others: threads_stand(hart.current, receiver) && READY_VALID; */
	sched_ready(receiver);
	/*@ assert stand: threads_stand(hart.current, NONE); */
	/*@ assert running: current_runs && hart.current == \at(hart.current, Pre); */
	return true;
}
