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

/* Look (container, index) up, needing `right` on the container. */
/*@ requires actor.table <= N_SLOTS - actor.size;
    assigns \nothing;
    ensures \result.status == STATUS_OK ==> 0 < \result.slot < N_SLOTS; */
struct place cnode_place(struct actor actor, u64 container, u64 index, u32 right);

/*@ requires sched_valid && cap_links;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], ptes[0 .. N_PTES - 1];
    ensures valid: sched_valid && cap_links; */
enum status cnode_copy(struct place to, struct place from, u32 rights, u64 badge);
/*@ requires sched_valid && cap_links;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart, ptes[0 .. N_PTES - 1];
    ensures valid: sched_valid && cap_links; */
enum status cnode_move(struct place to, struct place from);

/* Empty slot s. A capability with children is refused; the end of an original ends its object. */
/*@ requires sched_valid && cap_links && slot_index(s);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart, ptes[0 .. N_PTES - 1],
            fault_ring;
    ensures valid: sched_valid && cap_links;
    ensures emptied: \result == STATUS_OK ==> slots[s].type == CAP_EMPTY; */
enum status cnode_delete(u32 s);

/* Delete all descendants of the capability in slot s, in bounded steps, and work off the dying list. For untyped memory
 * OK also means that the whole range is free again. */
/*@ requires sched_valid && cap_links && slot_index(s);
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart, ptes[0 .. N_PTES - 1],
            fault_ring;
    ensures valid: sched_valid && cap_links; */
enum status cnode_revoke(u32 s);

/* One bounded step of destruction; false if nothing is dying. */
/*@ requires sched_valid && cap_links;
    assigns threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1], slots[0 .. N_SLOTS - 1], hart, ptes[0 .. N_PTES - 1],
            fault_ring;
    ensures valid: sched_valid && cap_links; */
bool cnode_bury(void);
