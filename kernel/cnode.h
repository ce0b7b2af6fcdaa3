/* cnode.h - slots as such: naming them, filling and emptying them, and the end of objects.
 *
 * Mapping, unmapping, configuring a thread and handing on authority are all one mechanism: copy, move, delete. */
#pragma once
#include "thread.h"

/* The table on whose authority an operation is done: a thread's, or at boot the one that a section names. */
struct actor {
	u32 table;
	u32 size;
};

/* What (container, index) names. */
struct place {
	enum status status;
	u32 slot;
	u32 container;   /* enum container */
	u32 kind;        /* space: its level */
};

/*@ predicate nothing_dies = hart.dying[DYING_THREADS].head == NONE && hart.dying[DYING_QUEUES].head == NONE &&
      hart.dying[DYING_TABLES].head == NONE && hart.dying[DYING_SPACES].head == NONE;
    predicate actor_valid(struct actor a) = table_placed(a.table, a.size) && (apart != 0 ==> owns_table(a.table, a.size));
    predicate place_valid(struct place p) = nameable(p.slot) && p.container <= IN_THREAD &&
      (p.container == IN_SPACE ==> is_space_slot(p.slot) && p.kind <= 2) &&
      (p.container == IN_THREAD ==> is_thread_slot(p.slot)) &&
      (apart != 0 ==> in_live(p.slot) && contained(p.slot, p.container)); */

/* What the capability in slot s names lives, if it holds slots: where its slots begin. */
/*@ ghost
  /@ requires DERIVED_APART && slots_valid && slot_index(s) && unsettled == NONE;
     assigns \nothing;
     ensures lives: apart != 0 && s != NONE && holds_slots(slots[s].type) ==> lives(\result) && cnode[\result] == slots[s].type &&
       beyond[\result] == \result + takes_up(slots[s].type, slots[s].size_bits) &&
       2 * machine.base_granule + \result == place_at(slots[s].type, slots[s].object); @/
  u32 cnode_first(u32 s)
  {
	u32 object = slots[s].object;

	/@ assert keeps: apart != 0 && s != NONE && holds_slots(slots[s].type) ==> keeps(origin[s]) && extends(origin[s], s); @/
	return slots[s].type == CAP_SPACE ? SPACE_SLOTS * object : slots[s].type == CAP_THREAD ? 16 * object : object;
  } */

/* Look (container, index) up, needing `right` on the container. */
/*@ requires DERIVED_APART && slots_valid && actor_valid(actor) && unsettled == NONE;
    assigns \nothing;
    ensures (place: \result.status == STATUS_OK ==> place_valid(\result)) &&
      (own: \result.status == STATUS_OK && container == 0 ==>
        \result.slot == actor.table + index && index < actor.size) &&
      (other: \result.status == STATUS_OK && container != 0 && \result.container == IN_TABLE ==>
        container < actor.size && slots[actor.table + container].type == CAP_TABLE &&
        \result.slot == slots[actor.table + container].object + index &&
        index < (1 << slots[actor.table + container].size_bits)) &&
      (row: apart != 0 && \result.status == STATUS_OK && \result.container == IN_TABLE ==>
        (container == 0 ? in_table_to(\result.slot, actor.table + actor.size) : in_table_to(\result.slot,
        slots[actor.table + container].object + (1 << slots[actor.table + container].size_bits)))) &&
      (allowed: \result.status == STATUS_OK && container != 0 ==>
        (slots[actor.table + container].rights & right) == right); */
struct place cnode_place(struct actor actor, u64 container, u64 index, u32 right);

/* A copy of the capability at `from` stands at `to`, which was empty, with at most `rights`; with `badge`, if it has none. */
/*@ requires SETTLED && STANDING && kernel_valid &&
      (places: (to.status == STATUS_OK ==> place_valid(to)) && (from.status == STATUS_OK ==> place_valid(from)));
    assigns STATE_AND_ENTRIES;
    ensures SETTLED && VALID && STANDING && CAPABILITIES_KEPT;
    ensures refused: \result != STATUS_OK ==> slots_same_but_links{Pre, Post};
    ensures empty: \result == STATUS_OK ==> to.status == STATUS_OK && from.status == STATUS_OK &&
      \old(slots[to.slot].type) == CAP_EMPTY;
    ensures copied: \result == STATUS_OK ==> is_capability(to.slot) && slots[to.slot].original == 0 &&
      slots[to.slot].type == \old(slots[from.slot].type) && slots[to.slot].object == \old(slots[from.slot].object) &&
      slots[to.slot].kind == \old(slots[from.slot].kind) && slots[to.slot].size_bits == \old(slots[from.slot].size_bits);
    // I4: after a map the hardware entry is the image of the capability, after an unmap it is empty; here and below.
    ensures mapped: \result == STATUS_OK && to.container == IN_SPACE ==> entry_shows(to.slot);
    ensures only: \forall integer k; slot_index(k) && k != to.slot && \old(slots[k].type) == CAP_EMPTY ==> slots[k].type == CAP_EMPTY;
    ensures badged: \result == STATUS_OK && slots[to.slot].type != CAP_UNTYPED ==>
      slots[to.slot].badge == (badge != 0 ? badge : \old(slots[from.slot].badge)) && (badge != 0 ==> \old(slots[from.slot].badge) == 0);
    ENSURES_FEWER(\result == STATUS_OK, to.slot, from.slot) ENSURES_MASKED(\result == STATUS_OK, to.slot, rights) */
enum status cnode_copy(struct place to, struct place from, u32 rights, u64 badge);
/* The capability at `from` stands at `to`, which was empty, as it is. */
/*@ requires SETTLED && STANDING && kernel_valid &&
      (places: (to.status == STATUS_OK ==> place_valid(to)) && (from.status == STATUS_OK ==> place_valid(from)));
    assigns STATE_AND_ENTRIES;
    ensures SETTLED && VALID && STANDING && (refused: \result != STATUS_OK ==> slots_same_but_links{Pre, Post}) &&
      (empty: \result == STATUS_OK ==> to.status == STATUS_OK && from.status == STATUS_OK &&
        \old(slots[to.slot].type) == CAP_EMPTY) &&
      (capabilities: capabilities_kept_but{Pre, Post}(from.slot)) &&
      (left: \result == STATUS_OK ==> slots[from.slot].type == CAP_EMPTY) &&
      (mapped: \result == STATUS_OK && is_capability{Pre}(from.slot) && to.container == IN_SPACE ==>
        entry_shows(to.slot)) &&
      (unmapped: \result == STATUS_OK && is_capability{Pre}(from.slot) && from.container == IN_SPACE ==>
        written[from.slot] == 0) &&
      (moved: \result == STATUS_OK && is_capability{Pre}(from.slot) ==>
        slots[to.slot].type == \old(slots[from.slot].type) && slots[to.slot].object == \old(slots[from.slot].object) &&
        slots[to.slot].rights == \old(slots[from.slot].rights) && slots[to.slot].kind == \old(slots[from.slot].kind) &&
        slots[to.slot].size_bits == \old(slots[from.slot].size_bits) && slots[to.slot].badge == \old(slots[from.slot].badge) &&
        slots[to.slot].original == \old(slots[from.slot].original)); */
enum status cnode_move(struct place to, struct place from);

/*@ // Progress: a capability is gone from its slot. A notification that hardware is bound to is never deleted.
    predicate has_child{L}(integer s) = \at(slots[slots[s].next].parent, L) == s;
    predicate one_gone{A, B} = \exists integer k; 0 < k < N_SLOTS && is_capability{A}(k) && \at(slots[k].type, B) == CAP_EMPTY;
    predicate is_hardware{L}(integer s) = \at(slots[s].type, L) == CAP_NOTIFICATION && \at(slots[s].original, L) != 0 &&
      (\at(queues[slots[s].object].lines, L) != 0 || \at(queues[slots[s].object].timer, L) != 0 ||
       \at(hart.fault_queue, L) == \at(slots[s].object, L));
    predicate held_up{L}(integer s) = \exists integer k; slot_index(k) && is_hardware{L}(k) && (k == s || descends{L}(s, k));
    predicate worked_off{A, B}(integer s) = is_capability{A}(s) ==> one_gone{A, B} || held_up{A}(s);
    // The first slot from `from` on that is not empty was worked off.
    predicate first_full{L}(integer from, integer s) = \at(slots[s].type, L) != CAP_EMPTY &&
      (\forall integer k; from <= k < s ==> \at(slots[k].type, L) == CAP_EMPTY);
    predicate first_worked_off{A, B}(integer from, integer end) = \exists integer s; from <= s < end && first_full{A}(from, s) &&
      worked_off{A, B}(s);
    // A step for a dying thread, queue, or table or space, which `header` names and whose slots begin at `first`: it is done
    // with, the sweep comes further, or something is worked off: a slot, or the first who waits at the queue.
    predicate thread_goes_on{A, B}(integer t) = \at(hart.dying[DYING_THREADS].head, B) == \at(threads[t].link, A) ||
      first_worked_off{A, B}(slot_of(t) + \at(threads[t].dying, A), slot_of(t) + THREAD_SLOTS);
    predicate queue_goes_on{A, B}(integer q) = \at(queues[q].head, A) == NONE ?
      \at(hart.dying[DYING_QUEUES].head, B) == \at(queues[q].link, A) :
      \at(threads[queues[q].head].fault, A) == 0 ==> \at(threads[\at(queues[q].head, A)].queue, B) < KERNEL_QUEUES;
    predicate slots_go_on{A, B}(integer which, integer header, integer first) =
      \at(hart.dying[which].head, B) == \at(slots[header].next, A) || \at(slots[header].prev, B) > \at(slots[header].prev, A) ||
      first_worked_off{A, B}(first + \at(slots[header].prev, A), N_SLOTS);
    predicate destruction_goes_on{A, B} =
      \at(hart.dying[DYING_THREADS].head, A) != NONE ? thread_goes_on{A, B}(\at(hart.dying[DYING_THREADS].head, A)) :
      \at(hart.dying[DYING_QUEUES].head, A) != NONE ? queue_goes_on{A, B}(\at(hart.dying[DYING_QUEUES].head, A)) :
      \at(hart.dying[DYING_TABLES].head, A) != NONE ?
        slots_go_on{A, B}(DYING_TABLES, \at(hart.dying[DYING_TABLES].head, A), \at(hart.dying[DYING_TABLES].head, A)) :
        slots_go_on{A, B}(DYING_SPACES, \at(hart.dying[DYING_SPACES].head, A),
          \at(hart.dying[DYING_SPACES].head, A) - SPACE_HEADER + SPACE_FIRST_SLOT); */

/* Empty slot s. A capability with children is refused; the end of an original ends its object. */
/*@ requires SETTLED && STANDING && kernel_valid && slot_index(s);
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING && (capabilities: capabilities_kept_but{Pre, Post}(s)) &&
      (refused: \result != STATUS_OK ==> slots_same_but_links{Pre, Post}) &&
      (unmapped: \result == STATUS_OK && is_capability{Pre}(s) && \old(slots[s].container) == IN_SPACE ==>
        written[s] == 0) &&
      (emptied: \result == STATUS_OK && \old(slots[s].type) <= CAP_THREAD ==> slots[s].type == CAP_EMPTY) &&
      (goes: is_capability{Pre}(s) && !has_child{Pre}(s) && !is_hardware{Pre}(s) ==> \result == STATUS_OK); */
enum status cnode_delete(u32 s);

/* Delete all descendants of the capability in slot s, in bounded steps, and work off the dying list. For untyped memory
 * OK also means that the whole range is free again. */
/*@ requires SETTLED && STANDING && kernel_valid && slot_index(s);
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING &&
      // I3 (part): nothing is left below it, unless it went itself.
      (childless: \result == STATUS_OK && slots[s].type != CAP_EMPTY ==> slots[slots[s].next].parent != s) &&
      // I3: and that is to say: nothing that is derived from it, at whatever distance.
      (none: \result == STATUS_OK && apart != 0 && s != NONE && is_capability(s) ==>
        leaf(s) && (\forall integer k; slot_index(k) ==> !descends(s, k))) &&
      (idle: \result == STATUS_OK && slots[s].type != CAP_EMPTY ==> nothing_dies) &&
      (whole: \result == STATUS_OK && slots[s].type == CAP_UNTYPED && (slots[s].rights & RIGHT_RETYPE) != 0 ==>
        slots[s].watermark == 0); */
enum status cnode_revoke(u32 s);

/* One bounded step of destruction; false if nothing is dying. */
/*@ requires SETTLED && STANDING && kernel_valid;
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING &&
      (idle: \result == \false ==> nothing_dies &&
        (\forall integer k; slot_index(k) ==> slots[k] == \old(slots[k]))) &&
      (onward: \old(apart) != 0 && \result ==> destruction_goes_on{Pre, Post}); */
bool cnode_bury(void);
