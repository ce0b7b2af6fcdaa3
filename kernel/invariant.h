/* invariant.h - what holds at every entry and exit of the kernel: one named predicate a fact, each with one variable.
 *
 * `kernel_valid` is their conjunction: every function that the entries reach requires it and gives it back. Contracts
 * name the parts one by one (ensures VALID;), because each part alone proves and the conjunction does not. */
#pragma once
#include "object.h"

/* The parts of what is valid, of each kind of object. */
#define THREADS_VALID threads_queued && threads_mirrored && threads_await && threads_placed && \
	threads_waiting && threads_timed && threads_tied && threads_have && threads_dying
#define SLOTS_VALID SLOTS_PLACED && slots_reserved
#define SLOTS_PLACED slots_memory && slots_ram && slots_queues && slots_threads && slots_tables && \
	slots_spaces && slots_containers && slots_linked && slots_answer && slots_homed
#define QUEUES_VALID queues_inside && queues_mirrored && links_forth && links_back && links_first && \
	links_last && links_ends && links_nobody && came_first && came_last && came_next && came_adjacent
#define HART_VALID hart_inside && hart_schedule && hart_dying && hart_timers && hart_lines && machine_valid
#define READY_VALID ready_below_top && ready_seen && closed_seen && threads_ranked

/* Of a queue of the partitions: which partition, which place there; a place below PRIORITIES is that of a ready queue. */
#define OF_PARTITIONS(q) READY_QUEUES <= q < READY_QUEUES + PARTITIONS * PARTITION_QUEUES
#define PARTITION_OF(q) ((q - READY_QUEUES) / PARTITION_QUEUES)
#define PLACE_OF(q) ((q - READY_QUEUES) % PARTITION_QUEUES)
#define READY_ANYWHERE(q) OF_PARTITIONS(q) && PLACE_OF(q) < PRIORITIES
#define SEEN_IN(words, q) has_bit(words[PLACE_OF(q) / 64], PLACE_OF(q) % 64)

/*@ predicate thread_index(integer t) = 0 <= t < N_THREADS;
    predicate queue_index(integer q) = 0 <= q < N_QUEUES;
    predicate slot_index(integer s) = 0 <= s < N_SLOTS;
    predicate space_index(integer p) = 0 <= p < N_SPACES;
    predicate is_space_slot(integer s) = slot_index(s) && SPACE_FIRST_SLOT <= s % SPACE_SLOTS < SPACE_HEADER;
    // What holds slots is named by its first (derivation.h says more); of lists of dying ones, tables and spaces by their headers.
    predicate is_cnode(integer o) = slot_index(o) && cnode[o] != 0;
    predicate lives(integer o) = is_cnode(o) && keeper[o] != NONE;
    predicate dies(integer o) = is_cnode(o) && keeper[o] == NONE;
    logic integer header_of(integer type, integer o) = type == CAP_SPACE && o != NONE ? o + SPACE_HEADER : o;
    predicate listed_dying(struct list l, integer type) = l.head == header_of(type, first_dying[type]) &&
      l.tail == header_of(type, last_dying[type]);
    predicate threads_listed = first_dying[CAP_THREAD] == 16 * hart.dying[DYING_THREADS].head &&
      last_dying[CAP_THREAD] == 16 * hart.dying[DYING_THREADS].tail;
    predicate both_none(struct list l) = l.head == NONE <==> l.tail == NONE;
    predicate is_thread_slot(integer s) = KERNEL_SLOTS <= s < N_SLOTS && THREAD_SLOT_OFFSET <= s % 16;
    // Where a slot lies that somebody can name: in an object of the system, or in the kernel's table.
    predicate is_kernel_slot(integer s) = KERNEL_TABLE < s < KERNEL_TABLE + KERNEL_TABLE_SLOTS;
    predicate nameable(integer s) = KERNEL_SLOTS <= s < N_SLOTS || is_kernel_slot(s);
    predicate row_nameable(integer first, integer count) = (KERNEL_SLOTS <= first && first + count <= N_SLOTS) ||
      (KERNEL_TABLE < first && first + count <= KERNEL_TABLE + KERNEL_TABLE_SLOTS);
    predicate table_placed(integer table, integer size) = table + size <= N_SLOTS &&
      (table < KERNEL_SLOTS ==> size == 0 || (table == KERNEL_TABLE && size == KERNEL_TABLE_SLOTS));

    predicate is_capability(integer s) = CAP_UNTYPED <= slots[s].type <= CAP_THREAD;
    // I1: what a capability names lies in the view of its type, as a whole.
    predicate slots_memory = \forall integer s; slot_index(s) && slots[s].type == CAP_UNTYPED ==>
      6 <= slots[s].size_bits <= 37 && slots[s].object + (1 << (slots[s].size_bits - 6)) <= 0x100000000;
    predicate slots_ram = \forall integer s; slot_index(s) && slots[s].type == CAP_UNTYPED &&
      slots[s].kind == MEMORY_RAM ==> machine.base_granule + KERNEL_QUEUES <= slots[s].object &&
      slots[s].object - machine.base_granule + (1 << (slots[s].size_bits - 6)) <= N_QUEUES;
    predicate slots_queues = \forall integer s; slot_index(s) &&
      (slots[s].type == CAP_ENDPOINT || slots[s].type == CAP_NOTIFICATION) ==> KERNEL_QUEUES <= slots[s].object < N_QUEUES;
    predicate slots_threads = \forall integer s; slot_index(s) &&
      (slots[s].type == CAP_THREAD || slots[s].type == CAP_REPLY || slots[s].type == CAP_RESERVED) ==>
      0 < slots[s].object < N_THREADS && (slots[s].type == CAP_THREAD ==> KERNEL_THREADS <= slots[s].object);
    predicate slots_tables = \forall integer s; slot_index(s) && slots[s].type == CAP_TABLE ==>
      1 <= slots[s].size_bits <= 16 && KERNEL_SLOTS <= slots[s].object &&
      slots[s].object + (1 << slots[s].size_bits) <= N_SLOTS;
    predicate slots_spaces = \forall integer s; slot_index(s) && slots[s].type == CAP_SPACE ==>
      slots[s].kind <= 2 && KERNEL_SPACES <= slots[s].object < N_SPACES;
    // I1: what is not empty lies in an object of the system or in the kernel's table; at index 0, at most a reply does.
    predicate slots_homed = \forall integer s; slot_index(s) && slots[s].type != CAP_EMPTY ==>
      nameable(s) || (s == NONE && !is_capability(s));
    // I1: a slot that the MMU or the scheduler reads is one of a space or of a thread.
    predicate slots_containers = \forall integer s; slot_index(s) ==>
      (slots[s].container == IN_SPACE ==> is_space_slot(s)) &&
      (slots[s].container == IN_THREAD ==> is_thread_slot(s));
    // I3: links stay inside the view.
    predicate slots_linked = \forall integer s; slot_index(s) ==> slots[s].next < N_SLOTS &&
      slots[s].prev < N_SLOTS && slots[s].parent < N_SLOTS;

    // I5: queues and threads name each other inside the views.
    predicate threads_queued = \forall integer t; thread_index(t) ==> threads[t].next < N_THREADS &&
      threads[t].prev < N_THREADS && threads[t].queue < N_QUEUES;
    predicate queues_inside = \forall integer q; queue_index(q) ==> queues[q].head < N_THREADS &&
      queues[q].tail < N_THREADS && queues[q].bound < N_THREADS && queues[q].line < N_LINES &&
      queues[q].timer <= N_TIMERS && queues[q].link < N_QUEUES;
    // I5: the ghost mirrors say what the structs say.
    predicate threads_mirrored = \forall integer t; thread_index(t) ==> threads[t].state == stands_as[t] &&
      threads[t].queue == stands_on[t] && threads[t].next == next_of[t] && threads[t].prev == prev_of[t] &&
      threads[t].priority == priority_of[t] && threads[t].reply == reply_of[t] && threads[t].arrival == arrival_of[t] &&
      threads[t].fault == fault_of[t];
    predicate queues_mirrored = \forall integer q; queue_index(q) ==> queues[q].head == head_of[q] &&
      queues[q].tail == tail_of[q] && queues[q].receivers == receivers_of[q];
    // I5: who stands on a queue is linked with its neighbours there, both ways, and is an end where it has none.
    predicate links_forth = \forall integer s, t; 0 < s < N_THREADS && 0 < t < N_THREADS && stands_on[s] != NONE &&
      next_of[s] == t ==> prev_of[t] == s && stands_on[t] == stands_on[s];
    predicate links_back = \forall integer s, t; 0 < s < N_THREADS && 0 < t < N_THREADS && stands_on[s] != NONE &&
      prev_of[s] == t ==> next_of[t] == s && stands_on[t] == stands_on[s];
    predicate links_first = \forall integer q, t; 0 < q < N_QUEUES && 0 < t < N_THREADS ==>
      (head_of[q] == t <==> stands_on[t] == q && prev_of[t] == NONE);
    predicate links_last = \forall integer q, t; 0 < q < N_QUEUES && 0 < t < N_THREADS ==>
      (tail_of[q] == t <==> stands_on[t] == q && next_of[t] == NONE);
    predicate links_ends = \forall integer q; queue_index(q) ==> (head_of[q] == NONE <==> tail_of[q] == NONE);
    // I5: in the order in which they came; so the head reaches all who stand there, and where no head is, nobody stands.
    predicate on_one(integer s, integer t) = 0 < s < N_THREADS && 0 < t < N_THREADS && stands_on[s] != NONE &&
      stands_on[t] == stands_on[s];
    predicate came_first = \forall integer t; 0 < t < N_THREADS && stands_on[t] != NONE ==>
      on_one(t, head_of[stands_on[t]]) && came[head_of[stands_on[t]]] <= came[t];
    predicate came_last = \forall integer t; 0 < t < N_THREADS && stands_on[t] != NONE ==> came[t] <= last_came;
    predicate came_next = \forall integer t; 0 < t < N_THREADS && stands_on[t] != NONE && next_of[t] != NONE ==>
      on_one(t, next_of[t]) && came[t] < came[next_of[t]];
    predicate came_adjacent = \forall integer s, t; on_one(s, t) && s != t ==>
      came[s] != came[t] && (came[s] < came[t] ==> next_of[s] != NONE && came[next_of[s]] <= came[t]);
    // Index 0 is nobody, and no queue.
    predicate links_nobody = stands_on[NONE] == NONE && next_of[NONE] == NONE && prev_of[NONE] == NONE &&
      head_of[NONE] == NONE && tail_of[NONE] == NONE;
    // I5: where receivers wait nobody sends, and where senders wait nobody receives.
    predicate meets(integer t) = receivers_of[stands_on[t]] != 0 ? stands_as[t] >= THREAD_RECEIVING : stands_as[t] != THREAD_RECEIVING;
    // I6: only who is blocked keeps slots, and in the way in which it is blocked; the answer to a fault carries nothing.
    predicate may_keep(integer t) =
      (reply_of[t] != NONE ==> stands_as[t] == THREAD_RECEIVING || stands_as[t] == THREAD_AWAITING_REPLY) &&
      (arrival_of[t] != NONE ==> fault_of[t] == 0 && (stands_as[t] == THREAD_CALLING || stands_as[t] == THREAD_RECEIVING ||
        stands_as[t] == THREAD_AWAITING_REPLY)) &&
      (fault_of[t] != 0 ==> stands_as[t] == THREAD_CALLING || stands_as[t] == THREAD_AWAITING_REPLY);
    predicate keeps_nothing(integer t) = reply_of[t] == NONE && arrival_of[t] == NONE && fault_of[t] == 0;
    predicate may_run(integer t) = stands_as[t] == THREAD_READY || stands_as[t] == THREAD_EXHAUSTED;
    // I5: the state of a thread says whether it stands on a queue of the kernel, on one of an object, or on none: of all but
    // two, who are on their way.
    predicate stands(integer t) =
      (stands_on[t] == NONE ==> stands_as[t] == THREAD_STOPPED || stands_as[t] == THREAD_AWAITING_REPLY) &&
      (0 < stands_on[t] < KERNEL_QUEUES ==> may_run(t)) &&
      (KERNEL_QUEUES <= stands_on[t] ==> THREAD_SENDING <= stands_as[t] <= THREAD_WAITING && meets(t)) && may_keep(t);
    predicate threads_stand(integer x, integer y) = \forall integer t; 0 < t < N_THREADS && t != x && t != y ==> stands(t);
    // Who runs keeps nothing; while it takes what arrives, at most the slot for that.
    predicate current_takes = hart.current != NONE ==> stands_on[hart.current] == NONE && may_run(hart.current) &&
      reply_of[hart.current] == NONE && fault_of[hart.current] == 0;
    predicate current_runs = hart.current != NONE ==> stands_on[hart.current] == NONE && may_run(hart.current) &&
      keeps_nothing(hart.current);
    // I6: of each thread there is at most one reply, and only while it awaits it.
    predicate slots_answer = \forall integer s; 0 < s < N_SLOTS && slots[s].type == CAP_REPLY && s != used_reply ==>
      (\forall integer t; slots[s].object == t ==> answer_in[t] == s);
    predicate threads_await = \forall integer t; thread_index(t) && answer_in[t] != NONE ==>
      stands_as[t] == THREAD_AWAITING_REPLY && threads[t].reply == answer_in[t];
    // I6: what is reserved is reserved by a thread that keeps it.
    predicate reserved_but(integer x) = \forall integer s; 0 < s < N_SLOTS && slots[s].type == CAP_RESERVED && s != x ==>
      (\forall integer t; slots[s].object == t ==> reply_of[t] == s || arrival_of[t] == s);
    predicate slots_reserved = reserved_but(NONE);
    // On no queue, and nobody has the right to answer it; if it keeps nothing, it may become ready, or wait for something.
    predicate loose(integer t) = stands_on[t] == NONE && answer_in[t] == NONE;
    predicate goes(integer t) = loose(t) && keeps_nothing(t);
    // I1: a thread's table and space, and what it is tied to, lie inside the views.
    predicate threads_placed = \forall integer t; thread_index(t) ==>
      threads[t].table + threads[t].table_size <= N_SLOTS &&
      (threads[t].table < KERNEL_SLOTS ==> threads[t].table_size == 0) &&
      threads[t].root < N_SPACES && threads[t].bound < N_QUEUES;
    // I6: so do the slots that a blocked thread keeps, and the two ends of a payment.
    predicate threads_waiting = \forall integer t; thread_index(t) ==> threads[t].reply < N_SLOTS &&
      threads[t].arrival < N_SLOTS && threads[t].client < N_THREADS && threads[t].server < N_THREADS &&
      threads[t].link < N_THREADS;
    // I6: a slot that a thread keeps, for an answer or for a capability to come, holds that and belongs to this thread: no
    // two threads keep one slot, and no slot that somebody keeps is free or holds a capability.
    predicate threads_tied = \forall integer t; thread_index(t) ==>
      (threads[t].reply != NONE ==> threads[t].reply != threads[t].arrival && slots[threads[t].reply].object == t &&
        (slots[threads[t].reply].type == CAP_REPLY || slots[threads[t].reply].type == CAP_RESERVED)) &&
      (threads[t].arrival != NONE ==> slots[threads[t].arrival].type == CAP_RESERVED &&
        slots[threads[t].arrival].object == t);
    // I1: a thread's table and space are what its slots hold.
    logic integer slot_of(integer t) = 16 * t + THREAD_SLOT_OFFSET; // the first of thread t
    predicate thread_holds(integer s, integer type, integer object) =
      slots[s].type == type && slots[s].object == object && slots[s].container == IN_THREAD;
    predicate threads_have = apart != 0 ==> (\forall integer t; thread_index(t) ==>
      (threads[t].table_size != 0 ==> thread_holds(slot_of(t) + THREAD_TABLE, CAP_TABLE, threads[t].table) &&
        threads[t].table_size == 1 << slots[slot_of(t) + THREAD_TABLE].size_bits) &&
      (threads[t].root != NONE ==> thread_holds(slot_of(t) + THREAD_SPACE, CAP_SPACE, threads[t].root)));
    predicate threads_dying = apart != 0 ==> (\forall integer t; thread_index(t) && dies(16 * t) && cnode[16 * t] == CAP_THREAD ==>
      16 * threads[t].link == after[16 * t] && swept[16 * t] == slot_of(t) + threads[t].dying);
    predicate slot_unread(integer s) = \forall integer t; thread_index(t) ==>
      (s == slot_of(t) + THREAD_TABLE ==> threads[t].table_size == 0) && (s == slot_of(t) + THREAD_SPACE ==> threads[t].root == NONE);
    predicate slot_untied(integer s) = s != NONE ==>
      (\forall integer t; thread_index(t) ==> threads[t].reply != s && threads[t].arrival != s);
    // I7: numbers of the scheduler.
    predicate threads_timed = \forall integer t; thread_index(t) ==> threads[t].chain <= CHAIN_MAX &&
      threads[t].dying <= THREAD_SLOTS && threads[t].partition < PARTITIONS && threads[t].budget <= 0x7fffffff &&
      threads[t].period <= 0x7fffffff && threads[t].left <= 0x7fffffff && threads[t].limit <= 0x7fffffff;

    // I5, I7: a ready queue has its bit if somebody stands there and only then, in the open partition and in closed ones; none from hart.top on
    // in the open one has anybody, so who is taken there is the most important that is ready.
    predicate has_bit(integer word, integer b) = (word & (1 << b)) != 0;
    predicate ready_below_top = \forall integer q; hart.queues + hart.top <= q < hart.queues + PRIORITIES ==>
      head_of[q] == NONE;
    predicate ready_seen = \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) == hart.partition ==>
      (head_of[q] != NONE <==> SEEN_IN(hart.ready, q));
    predicate closed_seen = \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) != hart.partition ==>
      (head_of[q] != NONE <==> SEEN_IN(hart.closed[PARTITION_OF(q)].ready, q));
    // The same where queue x is being filled or emptied.
    predicate ready_seen_but(integer x) = \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) == hart.partition && q != x ==>
      (head_of[q] != NONE <==> SEEN_IN(hart.ready, q));
    predicate closed_seen_but(integer x) = \forall integer q; READY_ANYWHERE(q) && PARTITION_OF(q) != hart.partition && q != x ==>
      (head_of[q] != NONE <==> SEEN_IN(hart.closed[PARTITION_OF(q)].ready, q));
    // Who is ready and stands somewhere stands on a ready queue, that of its priority; who is exhausted, on no ready queue.
    predicate stands_ranked(integer state, integer priority, integer q) = q != NONE ==>
      (state == THREAD_READY ? OF_PARTITIONS(q) && PLACE_OF(q) == priority : KERNEL_QUEUES <= q || PRIORITIES <= PLACE_OF(q));
    predicate threads_ranked = \forall integer t; 0 < t < N_THREADS ==>
      stands_ranked(stands_as[t], priority_of[t], stands_on[t]);
    predicate ready_valid = READY_VALID;
    // Who runs is the most important: in the open partition nobody of a higher priority is ready.
    predicate nobody_above(integer t) = \forall integer q; hart.queues + priority_of[t] < q < hart.queues + PRIORITIES ==>
      head_of[q] == NONE;
    // I7: and who runs without budget does so because nobody is ready at all.
    predicate nobody_ready = \forall integer q; hart.queues <= q < hart.queues + PRIORITIES ==> head_of[q] == NONE;
    predicate nobody_above_current = hart.current != NONE ==> nobody_above(hart.current);
    predicate current_is_highest = nobody_above_current &&
      (hart.current != NONE && stands_as[hart.current] == THREAD_EXHAUSTED ==> nobody_ready);

    // What the hardware raises is raised at a queue of an object, or at none.
    predicate told(integer q) = q == NONE || KERNEL_QUEUES <= q < N_QUEUES;
    predicate hart_inside = hart.current < N_THREADS && hart.payer < N_THREADS && hart.holder < N_THREADS &&
      hart.top <= PRIORITIES && hart.root < N_SPACES && told(hart.fault_queue) && hart.timers_used <= N_TIMERS;
    predicate hart_schedule = hart.partition < PARTITIONS && hart.windows <= WINDOWS_MAX && hart.window < WINDOWS_MAX &&
      hart.queues == READY_QUEUES + hart.partition * PARTITION_QUEUES &&
      (\forall integer i; 0 <= i < WINDOWS_MAX ==> hart.schedule[i].partition < PARTITIONS);
    predicate hart_dying = hart.dying[DYING_THREADS].head < N_THREADS && hart.dying[DYING_THREADS].tail < N_THREADS &&
      hart.dying[DYING_QUEUES].head < N_QUEUES && hart.dying[DYING_QUEUES].tail < N_QUEUES &&
      hart.dying[DYING_TABLES].head < N_SLOTS && hart.dying[DYING_TABLES].tail < N_SLOTS &&
      hart.dying[DYING_SPACES].head < N_SLOTS && hart.dying[DYING_SPACES].tail < N_SLOTS &&
      both_none(hart.dying[DYING_TABLES]) && both_none(hart.dying[DYING_SPACES]) && both_none(hart.dying[DYING_THREADS]) &&
      (apart != 0 ==> listed_dying(hart.dying[DYING_TABLES], CAP_TABLE) && listed_dying(hart.dying[DYING_SPACES], CAP_SPACE) &&
      threads_listed);
    predicate hart_timers = \forall integer i; 0 <= i < N_TIMERS ==> told(hart.timers[i].queue);
    predicate hart_lines = \forall integer i; 0 <= i < N_LINES ==> told(hart.lines[i].queue) &&
      hart.lines[i].next < N_LINES;
    // What boot found out about the machine; constant afterwards.
    predicate machine_valid = machine.wheel_shift < 32 && machine.plic_lines < N_LINES &&
      machine.base_granule + N_QUEUES <= 0x100000000 && machine.base_granule % SPACE_GRANULES == 0;

    // The same for one capability that is about to be written.
    predicate object_fits(integer type, integer kind, integer bits, integer object) =
      CAP_UNTYPED <= type <= CAP_THREAD &&
      (type == CAP_UNTYPED ==> 6 <= bits <= 37 && 0 <= object && object + (1 << (bits - 6)) <= 0x100000000 &&
        (kind == MEMORY_RAM ==> machine.base_granule + KERNEL_QUEUES <= object &&
          object - machine.base_granule + (1 << (bits - 6)) <= N_QUEUES)) &&
      (type == CAP_ENDPOINT || type == CAP_NOTIFICATION ==> KERNEL_QUEUES <= object < N_QUEUES) &&
      (type == CAP_TABLE ==> 1 <= bits <= 16 && KERNEL_SLOTS <= object && object + (1 << bits) <= N_SLOTS) &&
      (type == CAP_SPACE ==> kind <= 2 && KERNEL_SPACES <= object < N_SPACES) &&
      (type == CAP_THREAD ==> KERNEL_THREADS <= object < N_THREADS);

    // What may stand in a slot that the MMU or the scheduler reads.
    predicate stands_in_thread(integer which, integer type, integer kind) =
      (which == THREAD_TABLE ==> type == CAP_TABLE) && (which == THREAD_SPACE ==> type == CAP_SPACE) &&
      (which == THREAD_FAULT ==> type == CAP_ENDPOINT) && (which == THREAD_BOUND ==> type == CAP_NOTIFICATION);
    predicate stands_in_space(integer type) = type == CAP_UNTYPED || type == CAP_SPACE;

    // Frames: what a capability is, apart from its links; slot a looks like slot b.
    predicate slot_same{A, B}(integer s) = \at(slots[s].type, A) == \at(slots[s].type, B) &&
      \at(slots[s].object, A) == \at(slots[s].object, B) && \at(slots[s].rights, A) == \at(slots[s].rights, B) &&
      \at(slots[s].kind, A) == \at(slots[s].kind, B) && \at(slots[s].size_bits, A) == \at(slots[s].size_bits, B) &&
      \at(slots[s].badge, A) == \at(slots[s].badge, B) && \at(slots[s].container, A) == \at(slots[s].container, B) &&
      \at(slots[s].watermark, A) == \at(slots[s].watermark, B) && \at(slots[s].original, A) == \at(slots[s].original, B);
    predicate slots_same_but_links{A, B} = \forall integer k; slot_index(k) ==> slot_same{A, B}(k);
    // No capability changed: at most replies and reservations did.
    predicate slots_kept{A, B} = \forall integer k; slot_index(k) && \at(slots[k].type, A) != CAP_REPLY &&
      \at(slots[k].type, A) != CAP_RESERVED ==> slot_same{A, B}(k);
    predicate slot_alike(integer a, integer b) = slots[a].type == slots[b].type && slots[a].object == slots[b].object &&
      slots[a].rights == slots[b].rights && slots[a].kind == slots[b].kind && slots[a].size_bits == slots[b].size_bits &&
      slots[a].badge == slots[b].badge && slots[a].watermark == slots[b].watermark &&
      slots[a].original == slots[b].original;
    // Integrity: every capability stays where it is, and what it is. (Index 0 is no slot that anybody can name.)
    predicate capability_same{A, B}(integer k) =
      \at(slots[k].type, A) == \at(slots[k].type, B) && \at(slots[k].object, A) == \at(slots[k].object, B) &&
      \at(slots[k].rights, A) == \at(slots[k].rights, B) && \at(slots[k].kind, A) == \at(slots[k].kind, B) &&
      \at(slots[k].size_bits, A) == \at(slots[k].size_bits, B) && \at(slots[k].original, A) == \at(slots[k].original, B);
    predicate capabilities_kept{A, B} = \forall integer k; 0 < k < N_SLOTS && is_capability{A}(k) ==>
      capability_same{A, B}(k);
    predicate capabilities_kept_but{A, B}(integer s) = \forall integer k; 0 < k < N_SLOTS && k != s &&
      is_capability{A}(k) ==> capability_same{A, B}(k);

    predicate thread_same{A, B}(integer t) = \at(threads[t].state, A) == \at(threads[t].state, B) &&
      \at(threads[t].priority, A) == \at(threads[t].priority, B) && \at(threads[t].table, A) == \at(threads[t].table, B) &&
      \at(threads[t].table_size, A) == \at(threads[t].table_size, B) && \at(threads[t].root, A) == \at(threads[t].root, B) &&
      \at(threads[t].reply, A) == \at(threads[t].reply, B) && \at(threads[t].arrival, A) == \at(threads[t].arrival, B) &&
      \at(threads[t].client, A) == \at(threads[t].client, B) && \at(threads[t].server, A) == \at(threads[t].server, B) &&
      \at(threads[t].bound, A) == \at(threads[t].bound, B) && \at(threads[t].budget, A) == \at(threads[t].budget, B) &&
      \at(threads[t].left, A) == \at(threads[t].left, B) && \at(threads[t].period, A) == \at(threads[t].period, B) &&
      \at(threads[t].chain, A) == \at(threads[t].chain, B) && \at(threads[t].passive, A) == \at(threads[t].passive, B) &&
      \at(threads[t].fault, A) == \at(threads[t].fault, B) && \at(threads[t].partition, A) == \at(threads[t].partition, B);
    // Nobody gets another table or space, or loses the one that it has.
    predicate tables_kept{A, B} = \forall integer t; thread_index(t) ==>
      \at(threads[t].table_size, A) == \at(threads[t].table_size, B) && \at(threads[t].root, A) == \at(threads[t].root, B);
    // What ties a thread to slots.
    predicate thread_ties{A, B}(integer t) = \at(threads[t].reply, A) == \at(threads[t].reply, B) &&
      \at(threads[t].arrival, A) == \at(threads[t].arrival, B) && \at(threads[t].table, A) == \at(threads[t].table, B) &&
      \at(threads[t].table_size, A) == \at(threads[t].table_size, B);
    // The same but for what is charged: all that a change of payer may touch.
    predicate threads_same_but_time{A, B} = \forall integer k; thread_index(k) ==>
      \at(threads[k].state, A) == \at(threads[k].state, B) && \at(threads[k].queue, A) == \at(threads[k].queue, B) &&
      \at(threads[k].client, A) == \at(threads[k].client, B) && \at(threads[k].server, A) == \at(threads[k].server, B) &&
      \at(threads[k].partition, A) == \at(threads[k].partition, B) &&
      \at(threads[k].priority, A) == \at(threads[k].priority, B) && \at(threads[k].root, A) == \at(threads[k].root, B) &&
      \at(threads[k].limit, A) == \at(threads[k].limit, B) && thread_ties{A, B}(k);
    predicate threads_same_but_links{A, B} = \forall integer k; thread_index(k) ==> thread_same{A, B}(k);

    // What the choice of who runs leaves alone: results, what threads wait for and owe each other, and the payload, which is
    // in the hardware for the thread that holds it and in memory for all others. It only ever makes threads ready.
    predicate result_same{A, B}(integer t) =
      \at(threads[t].registers[REG_A0], A) == \at(threads[t].registers[REG_A0], B) &&
      \at(threads[t].registers[REG_A1], A) == \at(threads[t].registers[REG_A1], B) &&
      \at(threads[t].registers[REG_A2], A) == \at(threads[t].registers[REG_A2], B) &&
      \at(threads[t].registers[REG_A3], A) == \at(threads[t].registers[REG_A3], B);
    predicate results_kept{A, B} = \forall integer k; thread_index(k) ==> result_same{A, B}(k);
    predicate results_kept_but{A, B}(integer t) = \forall integer k; thread_index(k) && k != t ==> result_same{A, B}(k);
    predicate registers_kept{A, B} = results_kept{A, B} && \forall integer k; thread_index(k) ==>
      \at(threads[k].registers[REG_S2], A) == \at(threads[k].registers[REG_S2], B) &&
      \at(threads[k].registers[REG_S2 + 1], A) == \at(threads[k].registers[REG_S2 + 1], B) &&
      \at(threads[k].registers[REG_S2 + 2], A) == \at(threads[k].registers[REG_S2 + 2], B) &&
      \at(threads[k].registers[REG_S2 + 3], A) == \at(threads[k].registers[REG_S2 + 3], B) &&
      \at(threads[k].registers[REG_S2 + 4], A) == \at(threads[k].registers[REG_S2 + 4], B) &&
      \at(threads[k].registers[REG_S2 + 5], A) == \at(threads[k].registers[REG_S2 + 5], B);
    logic integer word_of{L}(integer t, integer i) =
      \at(hart.holder, L) == t ? \at(payload[i], L) : \at(threads[t].registers[REG_S2 + i], L);
    predicate words_same{A, B}(integer t) = word_of{A}(t, 0) == word_of{B}(t, 0) && word_of{A}(t, 1) == word_of{B}(t, 1) &&
      word_of{A}(t, 2) == word_of{B}(t, 2) && word_of{A}(t, 3) == word_of{B}(t, 3) &&
      word_of{A}(t, 4) == word_of{B}(t, 4) && word_of{A}(t, 5) == word_of{B}(t, 5);
    predicate words_kept{A, B} = \forall integer k; 0 < k < N_THREADS ==> words_same{A, B}(k);
    predicate words_kept_but{A, B}(integer t, integer h) = \forall integer k; 0 < k < N_THREADS && k != t && k != h ==>
      words_same{A, B}(k);
    // t has the message: its tag and badge; and of the payload what was in the hardware registers, up to the tag's length.
    predicate message_told{L}(integer t, integer tag, integer badge) = \at(threads[t].registers[REG_A0], L) == STATUS_OK &&
      \at(threads[t].registers[REG_A1], L) == tag && \at(threads[t].registers[REG_A2], L) == badge;
    predicate word_handed{A, B}(integer t, integer tag, integer i) =
      word_of{B}(t, i) == (i < (tag & TAG_LENGTH) ? \at(payload[i], A) : 0);
    predicate words_handed{A, B}(integer t, integer tag) = word_handed{A, B}(t, tag, 0) && word_handed{A, B}(t, tag, 1) &&
      word_handed{A, B}(t, tag, 2) && word_handed{A, B}(t, tag, 3) && word_handed{A, B}(t, tag, 4) &&
      word_handed{A, B}(t, tag, 5);
    predicate thread_waits{A, B}(integer t) = \at(threads[t].reply, A) == \at(threads[t].reply, B) &&
      \at(threads[t].arrival, A) == \at(threads[t].arrival, B) && \at(threads[t].client, A) == \at(threads[t].client, B) &&
      \at(threads[t].server, A) == \at(threads[t].server, B) && \at(threads[t].table, A) == \at(threads[t].table, B) &&
      \at(threads[t].table_size, A) == \at(threads[t].table_size, B) && \at(threads[t].root, A) == \at(threads[t].root, B) &&
      \at(threads[t].bound, A) == \at(threads[t].bound, B) && \at(threads[t].passive, A) == \at(threads[t].passive, B) &&
      \at(threads[t].fault, A) == \at(threads[t].fault, B) && \at(threads[t].grant, A) == \at(threads[t].grant, B) &&
      \at(threads[t].fault_badge, A) == \at(threads[t].fault_badge, B);
    predicate state_turned{A, B}(integer t) = \at(threads[t].state, A) == \at(threads[t].state, B) ||
      \at(threads[t].state, B) == THREAD_READY || \at(threads[t].state, B) == THREAD_EXHAUSTED;
    predicate queue_same{A, B}(integer q) = \at(queues[q].kind, A) == \at(queues[q].kind, B) &&
      \at(queues[q].receivers, A) == \at(queues[q].receivers, B) && \at(queues[q].bits, A) == \at(queues[q].bits, B) &&
      \at(queues[q].lines, A) == \at(queues[q].lines, B) && \at(queues[q].taken, A) == \at(queues[q].taken, B) &&
      \at(queues[q].bound, A) == \at(queues[q].bound, B);
    predicate queues_same_but_links{A, B} = \forall integer q; queue_index(q) ==> queue_same{A, B}(q);
    predicate states_kept_but{A, B}(integer t) = \forall integer k; thread_index(k) && k != t ==>
      \at(threads[k].state, A) == \at(threads[k].state, B);
    predicate threads_wait{A, B} = \forall integer k; thread_index(k) ==> thread_waits{A, B}(k);
    predicate states_turned{A, B} = \forall integer k; thread_index(k) ==> state_turned{A, B}(k);

    // Confinement: a capability comes into being only in a slot that was reserved, or in slot s, which the caller named for
    // it (0: none). Nor is a slot reserved that held nothing, but s: the part that makes this true of one step after another.
    predicate is_held(integer s) = is_capability(s) || slots[s].type == CAP_RESERVED;
    predicate slots_claimed{A, B}(integer s) = \forall integer k; 0 < k < N_SLOTS && is_held{B}(k) ==> is_held{A}(k) || k == s;
    predicate capabilities_grown{A, B}(integer s) = \forall integer k; 0 < k < N_SLOTS && is_capability{B}(k) ==>
      is_held{A}(k) || k == s;
    predicate slots_standing{A, B} = \forall integer k; slot_index(k) ==> capability_same{A, B}(k);

    predicate threads_valid = THREADS_VALID;
    predicate slots_valid = SLOTS_VALID;
    predicate hart_valid = HART_VALID;
    predicate queues_valid = QUEUES_VALID;
    predicate kernel_valid = threads_valid && queues_valid && slots_valid && hart_valid;

    // Where boot begins, nothing is there. True of the image as it is loaded, as to the kernel block; everywhere else the
    // views of an object begin when retype has zeroed its memory (trusted.md, 2).
    predicate slots_zero = \forall integer s; slot_index(s) ==> slots[s].type == CAP_EMPTY && slots[s].next == 0 &&
      slots[s].prev == 0 && slots[s].parent == 0 && slots[s].depth == 0 && slots[s].container == IN_TABLE && slots[s].watermark == 0;
    predicate queues_zero = \forall integer q; queue_index(q) ==> queues[q].head == 0 && queues[q].tail == 0 && queues[q].receivers == 0 &&
      queues[q].bound == 0 && queues[q].line == 0 && queues[q].timer == 0 && queues[q].link == 0;
    predicate threads_zero = \forall integer t; thread_index(t) ==> threads[t].state == THREAD_STOPPED && threads[t].priority == 0 &&
      threads[t].next == 0 && threads[t].prev == 0 && threads[t].queue == 0 && threads[t].table == 0 &&
      threads[t].table_size == 0 && threads[t].root == 0 && threads[t].bound == 0 && threads[t].reply == 0 &&
      threads[t].arrival == 0 && threads[t].fault == 0 && threads[t].client == 0 && threads[t].server == 0 && threads[t].link == 0 &&
      threads[t].chain == 0 && threads[t].dying == 0 && threads[t].partition == 0 && threads[t].budget == 0 &&
      threads[t].period == 0 && threads[t].left == 0 && threads[t].limit == 0;
    predicate hart_zero = hart.current == 0 && hart.payer == 0 && hart.holder == 0 && hart.top == 0 && hart.root == 0 &&
      hart.fault_queue == 0 && hart.timers_used == 0 && hart.partition == 0 && hart.window == 0 && hart.windows == 0 &&
      (\forall integer w; 0 <= w < 4 ==> hart.ready[w] == 0 && (\forall integer n; 0 <= n < PARTITIONS ==> hart.closed[n].ready[w] == 0)) &&
      (\forall integer i; 0 <= i < WINDOWS_MAX ==> hart.schedule[i].partition == 0) &&
      (\forall integer i; 0 <= i < DYING_LISTS ==> hart.dying[i].head == 0 && hart.dying[i].tail == 0) &&
      (\forall integer i; 0 <= i < N_TIMERS ==> hart.timers[i].queue == 0) &&
      (\forall integer i; 0 <= i < N_LINES ==> hart.lines[i].queue == 0 && hart.lines[i].next == 0);
    predicate links_zero = (\forall integer t; thread_index(t) ==> stands_as[t] == 0 && stands_on[t] == 0 && next_of[t] == 0 &&
        prev_of[t] == 0 && priority_of[t] == 0 && answer_in[t] == 0 && reply_of[t] == 0 && arrival_of[t] == 0 && fault_of[t] == 0) &&
      used_reply == 0 &&
      (\forall integer q; queue_index(q) ==> head_of[q] == 0 && tail_of[q] == 0 && receivers_of[q] == 0);
    predicate ghosts_zero = \forall integer s; slot_index(s) ==> linked[s] == 0 && shown_type[s] == CAP_EMPTY &&
      written[s] == 0 && owns[s] == 0 && cnode[s] == 0 && (s <= CAP_THREAD ==> first_dying[s] == 0 && last_dying[s] == 0);
    predicate boot_zero = slots_zero && queues_zero && threads_zero && hart_zero && links_zero && ghosts_zero; */

/* What contracts say of the state; in one clause with all else where goals are dear to make. A goal is made once for each clause,
 * and proved part by part. */
#define VALID THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID
/* Everybody is where the state says, and each ready queue with somebody has its bit. */
#define STANDING threads_stand(hart.current, NONE) && current_runs && used_reply == NONE && READY_VALID
#define ENSURES_RANKS_KEPT ensures ranks: (\old(ready_valid) ==> ready_valid) && \
	(\old(current_is_highest) ==> current_is_highest);
#define HIGHEST (highest: current_is_highest)
/* Where it may also go on as it was, without a choice. */
#define STILL_HIGHEST (highest: \old(current_is_highest) ==> current_is_highest)
#define TURNED (turned: threads_wait{Pre, Post} && registers_kept{Pre, Post} && states_turned{Pre, Post} && \
	hart.holder == \old(hart.holder) && queues_same_but_links{Pre, Post})
/* The same where the payload may move between hardware and memory. */
#define TURNED_WORDS (turned: threads_wait{Pre, Post} && results_kept{Pre, Post} && words_kept{Pre, Post} && \
	states_turned{Pre, Post} && queues_same_but_links{Pre, Post})
#define CAPABILITIES_KEPT (capabilities: capabilities_kept{Pre, Post})
/* I3 (part): the capability in slot `to` has no right that the one in `from` lacked. Right by right: one bit each proves. */
#define WITHOUT(to, from, right)                                                                       \
	(lacks_##right: (\old(slots[from].rights) & right) == 0 ==> (slots[to].rights & right) == 0)
#define ENSURES_FEWER(condition, to, from)                                                             \
	ensures fewer: (condition) ==> WITHOUT(to, from, RIGHT_READ) && WITHOUT(to, from, RIGHT_WRITE) && \
	  WITHOUT(to, from, RIGHT_EXECUTE) && WITHOUT(to, from, RIGHT_CALL) && WITHOUT(to, from, RIGHT_GRANT) && \
	  WITHOUT(to, from, RIGHT_RETYPE) && WITHOUT(to, from, RIGHT_SCHEDULE);
/* And none that is not in the mask. */
#define IN_MASK(to, mask, right) (masked_##right: (mask & right) == 0 ==> (slots[to].rights & right) == 0)
#define ENSURES_MASKED(condition, to, mask)                                                            \
	ensures masked: (condition) ==> IN_MASK(to, mask, RIGHT_READ) && IN_MASK(to, mask, RIGHT_WRITE) && \
	  IN_MASK(to, mask, RIGHT_EXECUTE) && IN_MASK(to, mask, RIGHT_CALL) && IN_MASK(to, mask, RIGHT_GRANT) && \
	  IN_MASK(to, mask, RIGHT_RETYPE) && IN_MASK(to, mask, RIGHT_SCHEDULE);
/* What operations may change: all objects and the hart, without and with hardware entries. */
#define LINKS stands_as[0 .. N_THREADS - 1], PLACES
#define PLACES stands_on[0 .. N_THREADS - 1], ORDER
#define ORDER came[0 .. N_THREADS - 1], last_came, LINES_UP
#define LINES_UP next_of[0 .. N_THREADS - 1], prev_of[0 .. N_THREADS - 1], head_of[0 .. N_QUEUES - 1], tail_of[0 .. N_QUEUES - 1]
#define OBJECTS threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart
#define STATE OBJECTS, LINKS, priority_of[0 .. N_THREADS - 1], answer_in[0 .. N_THREADS - 1], KEPT, RECEIVERS
#define KEPT reply_of[0 .. N_THREADS - 1], arrival_of[0 .. N_THREADS - 1], fault_of[0 .. N_THREADS - 1]
#define KEPT_BY(t) reply_of[t], arrival_of[t], fault_of[t]
#define RECEIVERS receivers_of[0 .. N_QUEUES - 1]
#define STATE_AND_ENTRIES STATE, LIST, ENTRIES, fault_ring /* see derivation.h */
