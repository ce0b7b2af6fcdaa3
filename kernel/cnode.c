/* cnode.c - slots as such: naming them, filling and emptying them, and the end of objects.
 *
 * An object whose original is deleted is out of use at once and joins a dying list of its kind. Each step takes the
 * head of a list and empties one of its slots or wakes one of its waiters; a capability with children in such a slot
 * costs one leaf a step. Dying objects block no deletion; only the watermark of untyped memory waits for them. */
#include "cnode.h"
#include "arch/riscv64/arch.h"
#include "space.h"

#define REVOKE_STEPS 32u
#define SWEEP_STEPS 32u

/*@ assigns \nothing;
    ensures \result.status == status; */
static inline struct place cnode_refuse(enum status status)
{
	struct place place = { status, NONE, IN_TABLE, 0 };

	return place;
}

struct place cnode_place(struct actor actor, u64 container, u64 index, u32 right)
{
	u32 s = actor.table + (u32)container;
	struct place place = { STATUS_OK, actor.table + (u32)index, IN_TABLE, 0 };

	/*@ assert own: container == 0 && index != 0 && index < actor.size ==> place_valid(place); */
	if (container == 0)
		return index != 0 && index < actor.size ? place : cnode_refuse(STATUS_BAD_SLOT);
	if (container >= actor.size)
		return cnode_refuse(STATUS_BAD_SLOT);
	/*@ ghost u32 first = cnode_first(s); */
	place.kind = slots[s].kind;
	switch (slots[s].type) {
	case CAP_EMPTY:
		return cnode_refuse(STATUS_NO_CAP);
	case CAP_TABLE:
		if (index == 0 || index >= 1ul << slots[s].size_bits)
			return cnode_refuse(STATUS_BAD_SLOT);
		place.slot = slots[s].object + (u32)index;
		/*@ assert holds: apart != 0 ==> holds(CAP_TABLE, first, place.slot); */
		break;
	case CAP_SPACE:
		if (index >= (slots[s].kind == 2 ? SPACE_ROOT_ENTRIES : SPACE_ENTRIES))
			return cnode_refuse(STATUS_BAD_SLOT);
		place.slot = slots[s].object * SPACE_SLOTS + SPACE_FIRST_SLOT + (u32)index;
		place.container = IN_SPACE;
		/*@ assert holds: apart != 0 ==> holds(CAP_SPACE, first, place.slot); */
		break;
	case CAP_THREAD:
		if (index >= THREAD_SLOTS)
			return cnode_refuse(STATUS_BAD_SLOT);
		place.slot = thread_slot(slots[s].object, (u32)index);
		place.container = IN_THREAD;
		/*@ assert holds: apart != 0 ==> holds(CAP_THREAD, first, place.slot); */
		break;
	default:
		place.status = STATUS_BAD_TYPE;
		return place;
	}
	/*@ assert home: apart != 0 ==> home[place.slot] == first && first <= place.slot < beyond[first]; */
	/*@ assert live: apart != 0 ==> in_live(place.slot) && contained(place.slot, place.container); */
	/*@ assert valid: place_valid(place); */
	return (slots[s].rights & right) == right ? place : cnode_refuse(STATUS_NO_RIGHT);
}

/*@ predicate may_stand(struct place to, integer type, integer kind) =
      (to.container == IN_SPACE ==> stands_in_space(type)) &&
      (to.container == IN_THREAD ==> stands_in_thread(to.slot % 16 - THREAD_SLOT_OFFSET, type, kind)); */

/* Whether the capability in slot `from`, cut to `rights`, may stand at `to`. */
/*@ requires kernel_valid && slot_index(from) && place_valid(to);
    assigns \nothing;
    ensures empty: \result == STATUS_OK ==> slots[to.slot].type == CAP_EMPTY;
    ensures stands: \result == STATUS_OK ==> may_stand(to, slots[from].type, slots[from].kind); */
static enum status cnode_check_put(struct place to, u32 from, u32 rights)
{
	if (slots[to.slot].type != CAP_EMPTY)
		return STATUS_OCCUPIED;
	switch (to.container) {
	case IN_SPACE:
		return space_check(from, rights, to.kind);
	case IN_THREAD:
		return thread_check(to.slot / (THREAD_BYTES / SLOT_BYTES), from, rights,
				    to.slot % (THREAD_BYTES / SLOT_BYTES) - THREAD_SLOT_OFFSET);
	default:
		return STATUS_OK;
	}
}

/* Note in slot `to` who reads it. */
/*@ requires DERIVED_APART && THREADS_VALID && SLOTS_VALID &&
      (place: place_valid(to) && to.slot == unsettled && (apart != 0 ==> slot_unread(to.slot)));
    assigns slots[to.slot].container;
    ensures noted: slots[to.slot].container == to.container;
    ensures DERIVED && THREADS_VALID && SLOTS_VALID; */
static inline void cnode_note_container(struct place to)
{
	slots[to.slot].container = (u8)to.container;
}

/* The pair that does the effects of a slot's contents on hardware entry, scheduler and bindings. */
/*@ requires DERIVED_APART && STANDING &&
      kernel_valid && place_valid(to) && may_stand(to, slots[to.slot].type, slots[to.slot].kind) &&
      (written: entries_written && unsettled == to.slot && is_capability(to.slot)) &&
      (unread: apart != 0 ==> slot_unread(to.slot) && (owner(to.slot) ==> !holds_slots(owns[to.slot]))) &&
      (page: apart != 0 && to.container == IN_SPACE && slots[to.slot].type == CAP_UNTYPED ==>
        (slots[to.slot].rights & RIGHT_RETYPE) == 0);
    assigns STATE, ptes[0 .. N_PTES - 1], SHOWN_AT(to.slot), unsettled;
    ensures DERIVED && VALID && STANDING && CAPABILITIES_KEPT && (written: entries_written && unsettled == NONE) &&
      (mapped: to.container == IN_SPACE ==> entry_shows(to.slot)) &&
      (filled: is_capability{Pre}(to.slot) ==> capability_same{Pre, Post}(to.slot) &&
        slots[to.slot].badge == \old(slots[to.slot].badge)) &&
      (others: \forall integer k; slot_index(k) && k != to.slot && \old(slots[k].type) == CAP_EMPTY ==>
        slot_same{Pre, Post}(k)); */
static void cnode_filled(struct place to)
{
	cnode_note_container(to);
	/*@ assert kept: capabilities_kept{Pre, Here}; */
	if (to.container == IN_SPACE) {
		space_filled(to.slot);
		/*@ assert same: threads_have && threads_tied && capabilities_kept{Pre, Here} && entry_shows(to.slot); */
	} else if (to.container == IN_THREAD) {
		thread_filled(to.slot);
		/*@ assert same: capabilities_kept{Pre, Here}; */
	}
	/*@ assert kept: capabilities_kept{Pre, Here}; */
	/*@ ghost unsettled = NONE; */
}

/*@ requires DERIVED_APART && STANDING && kernel_valid && slot_index(s) && entries_written && s == unsettled;
    assigns STATE, ptes[0 .. N_PTES - 1], SHOWN_AT(s);
    ensures DERIVED && VALID && STANDING;
    ensures written: entries_written;
    ensures blank: \old(slots[s].container) == IN_SPACE ==> shown_type[s] == CAP_EMPTY;
    ensures unread: apart != 0 ==> slot_unread(s);
    ensures kept: slots_kept{Pre, Post}; */
static inline void cnode_emptied(u32 s)
{
	if (slots[s].container == IN_SPACE) {
		space_emptied(s);
		/*@ assert same: threads_have && threads_tied; */
	} else if (slots[s].container == IN_THREAD) {
		thread_emptied(s);
	}
}

/* Whether the capability in slot `from` may be copied to `to` with `badge`, or as it is. */
/*@ requires kernel_valid && slot_index(from) && place_valid(to);
    assigns \nothing;
    ensures copied: \result == STATUS_OK ==> CAP_UNTYPED <= slots[from].type <= CAP_THREAD &&
      slots[from].depth < CAP_MAX_DEPTH;
    ensures lent: \result == STATUS_OK && slots[from].type == CAP_UNTYPED && (slots[from].rights & RIGHT_RETYPE) != 0 ==>
      slots[from].kind != MEMORY_RAM && slots[from].watermark == 0;
    ensures empty: \result == STATUS_OK ==> slots[to.slot].type == CAP_EMPTY;
    ensures stands: \result == STATUS_OK ==> may_stand(to, slots[from].type, slots[from].kind);
    ensures badged: \result == STATUS_OK && badge != 0 ==> badge <= 0xffffffff && slots[from].badge == 0 &&
      slots[from].type != CAP_UNTYPED; */
static inline __attribute__((always_inline)) enum status cnode_check_copy(struct place to, u32 from, u32 rights, u64 badge)
{
	enum status status = cap_check_copy(from);
	u8 type = CAP_EMPTY;

	if (status == STATUS_OK)
		status = cnode_check_put(to, from, rights);
	if (status != STATUS_OK)
		return status;
	type = slots[from].type;
	if (badge != 0) {
		if (badge > 0xffffffff || (type != CAP_ENDPOINT && type != CAP_NOTIFICATION))
			return STATUS_BAD_ARGUMENT;
		if (slots[from].badge != 0)
			return STATUS_REFUSED;
	}
	return STATUS_OK;
}

enum status cnode_copy(struct place to, struct place from, u32 rights, u64 badge)
{
	enum status status = STATUS_OK;

	if (to.status != STATUS_OK)
		return to.status;
	if (from.status != STATUS_OK)
		return from.status;
	status = cnode_check_copy(to, from.slot, rights, badge);
	if (status != STATUS_OK)
		return status;
	/*@ assert unread: apart != 0 ==> slot_unread(to.slot); */
	/*@ ghost unsettled = to.slot; */
	cap_copy(from.slot, to.slot, rights);
	/*@ assert have: threads_have; */
	if (badge != 0)
		slots[to.slot].badge = (u32)badge;
	/*@ assert kept: capabilities_kept{Pre, Here}; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	cnode_filled(to);
	return STATUS_OK;
}

/* Whether slot s holds the original of a notification that hardware is bound to: it lives as long as the system, in the
 * kernel table. */
/*@ requires kernel_valid && slot_index(s);
    assigns \nothing;
    ensures exact: \result <==> is_hardware(s); */
static inline bool cnode_is_hardware(u32 s)
{
	u32 n = slots[s].object;

	return slots[s].type == CAP_NOTIFICATION && slots[s].original != 0 &&
		(queues[n].lines != 0 || queues[n].timer != 0 || hart.fault_queue == n);
}

/*@ requires kernel_valid && slot_index(s) && list_ordered && slots_links && slots_listed && slots_typed;
    assigns \nothing;
    ensures movable: \result == STATUS_OK ==> slots[s].type == CAP_REPLY || is_capability(s);
    ensures stays: \result == STATUS_OK ==> !(slots[s].original != 0 && holds_slots(slots[s].type));
    ensures childless: \result == STATUS_OK && is_capability(s) && apart != 0 ==> leaf(s); */
static enum status cnode_check_move(u32 s)
{
	u8 type = slots[s].type;

	if (type == CAP_EMPTY)
		return STATUS_NO_CAP;
	if (type == CAP_RESERVED)
		return STATUS_REFUSED;
	if (type == CAP_REPLY)
		return STATUS_OK;
	if (cap_has_children(s))
		return STATUS_HAS_CHILDREN;
	if (slots[s].original != 0 && (type == CAP_TABLE || type == CAP_SPACE || type == CAP_THREAD))
		return STATUS_REFUSED;
	if (cnode_is_hardware(s))
		return STATUS_REFUSED;
	return STATUS_OK;
}

/* The capability without children in slot `from` stands in the empty slot `to`, at its place of the derivation. */
/*@ requires ORDERED && slots_valid && slot_index(from) && nameable(to) && from != to && from == unsettled &&
      (capability: is_capability(from) && slots[to].type == CAP_EMPTY) &&
      (moves: !(slots[from].original != 0 && holds_slots(slots[from].type))) &&
      (place: apart != 0 ==> housed(to) && !spent(to) && (in_table(from) ==> contained(from, slots[from].container))) &&
      (childless: apart != 0 ==> leaf(from)) &&
      (blank: apart != 0 && slots[from].container == IN_SPACE ==> shown_type[from] == CAP_EMPTY);
    assigns slots[0 .. N_SLOTS - 1], LIST, unsettled;
    ensures ORDERED && SLOTS_VALID && (unsettled: unsettled == to) &&
      (moved: slots[to].type == \old(slots[from].type) && slots[to].kind == \old(slots[from].kind) &&
        slots[to].rights == \old(slots[from].rights) && slots[to].object == \old(slots[from].object) &&
        slots[to].size_bits == \old(slots[from].size_bits) && slots[to].original == \old(slots[from].original) &&
        slots[to].badge == \old(slots[from].badge)) &&
      (left: slots[from].type == CAP_EMPTY) && (moves: apart != 0 && owner(to) ==> !holds_slots(owns[to])) &&
      (others: \forall integer k; slot_index(k) && k != from && k != to ==> slot_same{Pre, Post}(k)); */
static inline void cnode_transfer(u32 from, u32 to)
{
	u32 parent = slots[from].parent;

	/*@ assert parent: apart != 0 ==> live(parent) && parent != from && parent != CAP_END; */
	/*@ ghost u8 owned = owns[from]; */
	/*@ assert mark: apart != 0 && owned != 0 ==> marked(from) && extends(from, from); */
	/*@ assert stays: apart != 0 ==> kept_by_nobody(from) && kept_by_nobody(to); */
	/*@ assert dying: apart != 0 && owned != 0 ==> (\forall integer o; dies(o) ==>
	      2 * machine.base_granule + beyond[o] <= given[from] || ends[from] <= 2 * machine.base_granule + o); */
	/*@ ghost cap_none_below(from); */
	/*@ assert outer: apart != 0 ==> (\forall integer t; live(t) && rank[t] < rank[from] < last[t] ==>
	      t == parent || rank[t] < rank[parent] < last[t]); */
	/*@ assert whose: apart != 0 && owned != 0 ==> (\forall integer t; owner(t) && t != from ==>
	      ends[t] <= begins[from] || ends[from] <= begins[t] || carved(t, from)); */
	/*@ assert nobody: apart != 0 ==> !owner(to) && linked[to] == 0 && (\forall integer s; linked[s] == 1 && slot_index(s) ==> up[s] != to); */
	cap_describe(from, to);
	/*@ assert memory: slots_memory && slots_ram && slots_carvers; */
	/*@ ghost begins[to] = begins[from]; ends[to] = ends[from]; given[to] = given[from]; nth[to] = nth[from]; lends[to] = lends[from];
	    origin[to] = owned != 0 ? to : origin[from]; */
	/*@ assert nested: NESTED; */
	/*@ assert cnodes: CNODES; */
	/*@ ghost may[to] = may[from]; shares[to] = shares[from]; */
	/*@ assert falls: slots_rights && (apart != 0 ==> rights_fall && (parent == CAP_ROOT || shares[to] == 0 || fewer(may[to], may[parent]))); */
	/*@ assert mark: apart != 0 && owned != 0 ==> marked(to) && begins[to] == place_at(slots[to].type, slots[to].object) &&
	      ends[to] == begins[to] + takes_up(slots[to].type, slots[to].size_bits); */
	/*@ assert marks: slots_marked && slots_lent; */
	/*@ assert above: apart != 0 && owned == 0 ==> origin_above(origin[to], parent) && origin[to] != from &&
	      extends(origin[to], to); */
	/*@ assert others: apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && is_capability(s) && s != to ==>
	      extends(origin[s], s)); */
	cap_remove(from);
	/*@ assert others: apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && is_capability(s) && s != to ==>
	      extends(origin[s], s)); */
	/*@ assert removed: slots_marked && slots_carvers && slots_lent && slots_rights; */
	/*@ assert listed: apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && s != to ==>
	      (is_capability(s) <==> linked[s] == 1)); */
	/*@ assert above: apart != 0 && owned == 0 ==> extends(origin[to], to) && origin[to] != to; */
	cap_insert(parent, to);
	/*@ assert listed: apart != 0 ==> linked[to] == 1 && is_capability(to) && (\forall integer s; 0 < s < N_SLOTS && s != to ==>
	      (is_capability(s) <==> linked[s] == 1)); */
	/*@ assert listed: slots_listed; */
	/*@ assert above: apart != 0 && owned == 0 ==> extends(origin[to], to) && origin[to] != to; */
	/*@ assert owned: apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && s != to ==>
	      (owns[s] != 0 <==> is_capability(s) && slots[s].original != 0)); */
	/*@ assert new: apart != 0 && owned != 0 ==> (\forall integer t; owner(t) ==>
	      ends[t] <= begins[to] || ends[to] <= begins[t] || carved(t, to)); */
	/*@ assert others: apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && is_capability(s) && s != to ==>
	      extends(origin[s], s) && origin[s] != to); */
	/*@ assert marked: slots_carvers; */
	/*@ assert extent: apart != 0 && owned != 0 ==> marked(to) &&
	      begins[to] == place_at(slots[to].type, slots[to].object) &&
	      ends[to] == begins[to] + takes_up(slots[to].type, slots[to].size_bits); */
	/*@ ghost owns[to] = owned; */
	/*@ assert owned: slots_owned; */
	/*@ assert extends: apart != 0 ==> extends(origin[to], to); */
	/*@ assert extents: slots_extents; */
	/*@ assert nested: (NESTED) && (CNODES); */
	/*@ ghost unsettled = to; */
}

/* The reply in slot `from` stands in the empty slot `to`; its caller knows. */
/*@ requires DERIVED_APART && THREADS_VALID && SLOTS_VALID &&
      (slots: 0 < from < N_SLOTS && nameable(to) && slots[from].type == CAP_REPLY && slots[to].type == CAP_EMPTY) &&
      (place: apart != 0 ==> in_table(to) && !spent(to)) && (answers: used_reply == NONE);
    assigns slots[0 .. N_SLOTS - 1], threads[0 .. N_THREADS - 1], answer_in[slots[from].object], reply_of[slots[from].object];
    ensures DERIVED && THREADS_VALID && SLOTS_VALID;
    ensures moved: slots[to].type == CAP_REPLY && slots[to].object == \old(slots[from].object);
    ensures left: slots[from].type == CAP_EMPTY;
    ensures same: \forall integer k; slot_index(k) && k != from && k != to ==> slot_same{Pre, Post}(k); */
static inline void cnode_transfer_reply(u32 from, u32 to)
{
	cap_describe(from, to);
	slots[to].container = IN_TABLE;
	/*@ ghost answer_in[slots[to].object] = to; reply_of[slots[to].object] = to; */
	threads[slots[to].object].reply = to;
	slots[from].type = CAP_EMPTY;
}

enum status cnode_move(struct place to, struct place from)
{
	enum status status = STATUS_OK;

	if (to.status != STATUS_OK)
		return to.status;
	if (from.status != STATUS_OK)
		return from.status;
	status = cnode_check_move(from.slot);
	if (status == STATUS_OK)
		status = cnode_check_put(to, from.slot, RIGHTS_ALL);
	if (status == STATUS_OK && from.container == IN_THREAD)
		status = STATUS_REFUSED; /* would stop the thread half-way; delete says that plainly */
	if (status == STATUS_OK && to.container == IN_SPACE && (slots[from.slot].rights & RIGHT_RETYPE) != 0)
		status = STATUS_REFUSED; /* a mapped page may not be carved */
	if (status != STATUS_OK)
		return status;

	if (slots[from.slot].type == CAP_REPLY) {
		/*@ assert awaits: stands_as[slots[from.slot].object] == THREAD_AWAITING_REPLY; */
		cnode_transfer_reply(from.slot, to.slot);
		/*@ assert stand: threads_stand(hart.current, NONE) && current_runs; */
		return STATUS_OK;
	}
	/*@ assert unread: apart != 0 ==> slot_unread(to.slot) && slot_unread(from.slot); */
	/*@ ghost unsettled = from.slot; */
	/*@ assert read: apart != 0 ==> slots[from.slot].container == from.container; */
	if (from.container == IN_SPACE)
		space_emptied(from.slot);
	/*@ assert unread: threads_have && (apart != 0 ==> slot_unread(to.slot) && slot_unread(from.slot)); */
	cnode_transfer(from.slot, to.slot);
	/*@ assert have: threads_have; */
	/*@ assert capabilities: capabilities_kept_but{Pre, Here}(from.slot); */
	cnode_filled(to);
	return STATUS_OK;
}

/*@ // The sweep is past all slots of o.
    predicate emptied(integer o) = \forall integer k; o <= k < beyond[o] && holds(cnode[o], o, k) ==> k < swept[o]; */
/* The CNode o dies: its original in slot s goes. It is the last in the list of its type, and is swept from `first` on. */
/*@ ghost
  /@ requires ORDERED && slots_valid && s == unsettled && apart != 0 && lives(o) && keeper[o] == s &&
       (first: \forall integer k; o <= k < beyond[o] && holds(cnode[o], o, k) ==> first <= k);
     assigns keeper[o], DYING;
     ensures cnodes: CNODES;
     ensures spent: slots_swept;
     ensures dies: dies(o) && kept_by_nobody(s) && swept[o] == first && after[o] == NONE && last_dying[cnode[o]] == o;
     ensures first: first_dying[cnode[o]] == (\old(first_dying[cnode[o]]) == NONE ? o : \old(first_dying[cnode[o]]));
     ensures next: \old(last_dying[cnode[o]]) != NONE ==> after[\old(last_dying[cnode[o]])] == o;
     ensures others: \forall integer k; slot_index(k) && k != o && k != \old(last_dying[cnode[o]]) ==> after[k] == \old(after[k]);
     ensures elsewhere: \forall integer k; is_cnode(k) && cnode[k] != cnode[o] ==> after[k] == \old(after[k]) &&
       swept[k] == \old(swept[k]) && keeper[k] == \old(keeper[k]);
     ensures lists: \forall integer k; 0 <= k <= CAP_THREAD && k != cnode[o] ==>
       first_dying[k] == \old(first_dying[k]) && last_dying[k] == \old(last_dying[k]);
     ensures swept: \forall integer k; slot_index(k) && k != o ==> swept[k] == \old(swept[k]); @/
  void cnode_orphan(u32 o, u32 s, u32 first)
  {
	u8 type = cnode[o];

	/@ assert extends: kept(o, s) && extends(s, s) && marked(s); @/
	/@ assert given: given[s] == begins[s]; @/
	/@ assert below: \forall integer u; owner(u) && !holds_slots(owns[u]) ==>
	     2 * machine.base_granule + beyond[o] <= given[u] || ends[u] <= 2 * machine.base_granule + o; @/
	last_turn = last_turn + 1.0;
	turn[o] = last_turn;
	after[o] = NONE;
	swept[o] = first;
	if (first_dying[type] == NONE)
		first_dying[type] = o;
	else
		after[last_dying[type]] = o;
	last_dying[type] = o;
	keeper[o] = NONE;
  }
  // The first of its type is emptied: it is no CNode any more.
  /@ requires ORDERED && slots_valid && apart != 0 && dies(o) && first_dying[cnode[o]] == o && (emptied: emptied(o));
     assigns cnode[o], first_dying[0 .. CAP_THREAD], last_dying[0 .. CAP_THREAD];
     ensures gone: cnode[o] == 0;
     ensures cnodes: CNODES;
     ensures slots: slots_housed && slots_contained && slots_swept;
     ensures first: first_dying[\old(cnode[o])] == after[o];
     ensures last: last_dying[\old(cnode[o])] == (after[o] == NONE ? NONE : \old(last_dying[cnode[o]]));
     ensures lists: \forall integer k; 0 <= k <= CAP_THREAD && k != \old(cnode[o]) ==>
       first_dying[k] == \old(first_dying[k]) && last_dying[k] == \old(last_dying[k]); @/
  void cnode_forget(u32 o)
  {
	u8 type = cnode[o];

	/@ assert empty: \forall integer k; o <= k < beyond[o] && holds(cnode[o], o, k) ==> slots[k].type == CAP_EMPTY; @/
	first_dying[type] = after[o];
	if (after[o] == NONE)
		last_dying[type] = NONE;
	cnode[o] = 0;
  } */

/* Objects that die stand in a list, those of each type in one, linked by a field of their own; queues, threads, and tables
 * and spaces, which are named by their header slots. A header holds no capability: of its three links `next` links the
 * list, `prev` is how far the sweep has come, `parent` how far it goes. */
/*@ requires kernel_valid && queue_index(q) && q != NONE;
    assigns queues[0 .. N_QUEUES - 1], hart.dying[DYING_QUEUES];
    ensures QUEUES_VALID && HART_VALID; */
static void cnode_end_queue(u32 q)
{
	queues[q].dying = 1;
	queues[q].link = NONE;
	if (hart.dying[DYING_QUEUES].tail == NONE)
		hart.dying[DYING_QUEUES].head = q;
	else
		queues[hart.dying[DYING_QUEUES].tail].link = q;
	hart.dying[DYING_QUEUES].tail = q;
}

/*@ requires ORDERED && kernel_valid && thread_index(t) && t != NONE &&
      (lives: apart != 0 ==> lives(16 * t) && cnode[16 * t] == CAP_THREAD && keeper[16 * t] == unsettled);
    assigns threads[0 .. N_THREADS - 1], hart.dying[DYING_THREADS], keeper[0 .. N_SLOTS - 1], DYING;
    ensures ORDERED && THREADS_VALID && HART_VALID;
    ensures gone: apart != 0 ==> kept_by_nobody(unsettled);
    ensures placed: tables_kept{Pre, Post}; */
static void cnode_end_thread(u32 t)
{
	threads[t].dying = 0;
	threads[t].link = NONE;
	/*@ ghost if (apart != 0) cnode_orphan(16 * t, unsettled, 16 * t + THREAD_SLOT_OFFSET); */
	if (hart.dying[DYING_THREADS].tail == NONE)
		hart.dying[DYING_THREADS].head = t;
	else
		threads[hart.dying[DYING_THREADS].tail].link = t;
	hart.dying[DYING_THREADS].tail = t;
}

/* The table whose header slot this is: `size` slots, the header first, are to be swept. */
/*@ requires ORDERED && kernel_valid && slot_index(table) && table != NONE && size < N_SLOTS &&
      (lives: apart != 0 ==> lives(table) && cnode[table] == CAP_TABLE && keeper[table] == unsettled &&
        size == beyond[table] - table);
    assigns slots[0 .. N_SLOTS - 1], hart.dying[DYING_TABLES], keeper[0 .. N_SLOTS - 1], DYING;
    ensures ORDERED && SLOTS_VALID && HART_VALID;
    ensures dying: threads_dying;
    ensures gone: apart != 0 ==> kept_by_nobody(unsettled);
    ensures same: slots_same_but_links{Pre, Post}; */
static void cnode_end_table(u32 table, u32 size)
{
	/*@ ghost cap_header(table); */
	slots[table].next = NONE;
	slots[table].prev = 1;
	slots[table].parent = size;
	/*@ assert slots: DERIVED; */
	/*@ ghost
	cap_header(hart.dying[DYING_TABLES].tail);
	if (apart != 0) cnode_orphan(table, unsettled, table + 1); */
	if (hart.dying[DYING_TABLES].tail == NONE)
		hart.dying[DYING_TABLES].head = table;
	else
		slots[hart.dying[DYING_TABLES].tail].next = table;
	hart.dying[DYING_TABLES].tail = table;
	/*@ assert listed: apart != 0 ==> listed_dying(hart.dying[DYING_TABLES], CAP_TABLE); */
}

/* The space whose header slot this is. */
/*@ requires ORDERED && kernel_valid && slot_index(header) && header != NONE &&
      (lives: apart != 0 ==> heads_space(header) && lives(header - SPACE_HEADER) &&
        keeper[header - SPACE_HEADER] == unsettled);
    assigns slots[0 .. N_SLOTS - 1], hart.dying[DYING_SPACES], keeper[0 .. N_SLOTS - 1], DYING;
    ensures ORDERED && SLOTS_VALID && HART_VALID;
    ensures dying: threads_dying;
    ensures gone: apart != 0 ==> kept_by_nobody(unsettled);
    ensures same: slots_same_but_links{Pre, Post}; */
static void cnode_end_space(u32 header)
{
	/*@ ghost u32 o = header - SPACE_HEADER; */
	/*@ ghost cap_header(header); */
	slots[header].next = NONE;
	slots[header].prev = 0;
	slots[header].parent = SPACE_ENTRIES;
	/*@ assert slots: DERIVED; */
	/*@ assert place: apart != 0 ==> (\forall integer k; o <= k < o + SPACE_SLOTS ==> k % SPACE_SLOTS == k - o); */
	/*@ assert tail: apart != 0 && hart.dying[DYING_SPACES].tail != NONE ==> heads_space(hart.dying[DYING_SPACES].tail); */
	/*@ ghost
	cap_header(hart.dying[DYING_SPACES].tail);
	if (apart != 0) cnode_orphan(o, unsettled, o + SPACE_FIRST_SLOT); */
	if (hart.dying[DYING_SPACES].tail == NONE)
		hart.dying[DYING_SPACES].head = header;
	else
		slots[hart.dying[DYING_SPACES].tail].next = header;
	hart.dying[DYING_SPACES].tail = header;
	/*@ assert listed: apart != 0 ==> listed_dying(hart.dying[DYING_SPACES], CAP_SPACE); */
}

/*@ // What list `which` names so is emptied, and `next` follows it.
    predicate cnode_next(integer which, integer object, integer next) =
      (which == DYING_THREADS ==> emptied(16 * object) && 16 * next == after[16 * object]) &&
      (which == DYING_TABLES ==> emptied(object) && next == after[object]) &&
      (which == DYING_SPACES ==> emptied(object - SPACE_HEADER) && next == header_of(CAP_SPACE, after[object - SPACE_HEADER])); */
/* The head of a dying list is worked off: its successor is `next`. */
/*@ requires ORDERED && kernel_valid && which < DYING_LISTS &&
      (member: (which == DYING_THREADS ==> thread_index(next)) && (which == DYING_QUEUES ==> queue_index(next)) &&
        (which >= DYING_TABLES ==> slot_index(next))) &&
      (head: hart.dying[which].head != NONE) && (next: apart != 0 ==> cnode_next(which, hart.dying[which].head, next));
    assigns hart.dying[which], cnode[0 .. N_SLOTS - 1], first_dying[0 .. CAP_THREAD], last_dying[0 .. CAP_THREAD];
    ensures taken: hart.dying[which].head == next;
    ensures ORDERED && VALID; */
static void cnode_take_dying(u32 which, u32 next)
{
	/*@ assert space: apart != 0 && which == DYING_SPACES ==> first_dying[CAP_SPACE] == hart.dying[which].head - SPACE_HEADER &&
	      emptied(first_dying[CAP_SPACE]); */
	/*@ assert table: apart != 0 && which == DYING_TABLES ==> emptied(first_dying[CAP_TABLE]); */
	/*@ assert thread: apart != 0 && which == DYING_THREADS ==> emptied(first_dying[CAP_THREAD]); */
	/*@ ghost if (apart != 0 && which != DYING_QUEUES)
		cnode_forget(first_dying[which == DYING_THREADS ? CAP_THREAD : which == DYING_SPACES ? CAP_SPACE : CAP_TABLE]); */
	/*@ assert none: apart != 0 && which == DYING_SPACES ==> (next == NONE <==> first_dying[CAP_SPACE] == NONE); */
	hart.dying[which].head = next;
	if (next == NONE)
		hart.dying[which].tail = NONE;
	/*@ assert tables: apart != 0 ==> listed_dying(hart.dying[DYING_TABLES], CAP_TABLE); */
	/*@ assert spaces: apart != 0 ==> listed_dying(hart.dying[DYING_SPACES], CAP_SPACE); */
	/*@ assert threads: apart != 0 ==> threads_listed; */
}

/* Slots of a table of this size. */
/*@ requires 1 <= bits <= 16;
    assigns \nothing;
    ensures size: \result == 1 << bits;
    ensures range: 1 <= \result; */
static inline u32 cnode_table_size(u8 bits)
{
	/*@ assert positive: ((1 << bits) << (31 - bits)) == (1 << 31); */
	return 1u << bits;
}

/* The original of an object in slot s is gone: out of use at once. */
/*@ requires ORDERED && STANDING && kernel_valid && slot_index(s) && s == unsettled && is_capability(s) && slots[s].original != 0 &&
      (keeps: apart != 0 && holds_slots(slots[s].type) ==> keeps(s));
    assigns STATE, keeper[0 .. N_SLOTS - 1], DYING;
    ensures ORDERED && VALID && STANDING && (gone: apart != 0 ==> kept_by_nobody(s)) &&
      (placed: tables_kept{Pre, Post}) && (kept: slots_kept{Pre, Post}); */
static void cnode_destroy(u32 s)
{
	u32 object = slots[s].object;

	/*@ ghost u32 o = slots[s].type == CAP_SPACE ? SPACE_SLOTS * object : slots[s].type == CAP_THREAD ? 16 * object : object; */
	/*@ assert lives: apart != 0 && holds_slots(slots[s].type) ==> lives(o) && keeper[o] == s && cnode[o] == slots[s].type; */
	/*@ assert owns: apart != 0 ==> owns[s] == slots[s].type; */
	switch (slots[s].type) {
	case CAP_ENDPOINT:
	case CAP_NOTIFICATION:
		cnode_end_queue(object);
		break;
	case CAP_TABLE:
		cnode_end_table(object, cnode_table_size(slots[s].size_bits));
		break;
	case CAP_SPACE:
		space_leave(object);
		/*@ assert valid: kernel_valid; */
		cnode_end_space(object * SPACE_SLOTS + SPACE_HEADER);
		break;
	case CAP_THREAD:
		thread_end(object);
		/*@ assert valid: kernel_valid; */
		cnode_end_thread(object);
		break;
	default:
		break;
	}
}

/* Take the capability in slot s, which has no children and no effect any more, out of the derivation. */
/*@ requires ORDERED && THREADS_VALID && SLOTS_VALID && (capability: slot_index(s) && is_capability(s) && s == unsettled) &&
      (childless: apart != 0 ==> leaf(s)) && (gone: apart != 0 ==> kept_by_nobody(s) && slot_unread(s));
    assigns slots[0 .. N_SLOTS - 1], LIST;
    ensures ORDERED && THREADS_VALID && SLOTS_VALID;
    ensures emptied: slots[s].type == CAP_EMPTY && slots[s].container == \old(slots[s].container);
    ensures same: \forall integer k; slot_index(k) && k != s ==> slot_same{Pre, Post}(k); */
static inline void cnode_remove(u32 s)
{
	cap_remove(s);
}

enum status cnode_delete(u32 s)
{
	switch (slots[s].type) {
	case CAP_EMPTY:
		return STATUS_NO_CAP;
	case CAP_REPLY:
	case CAP_RESERVED:
		thread_wake(slots[s].object, STATUS_DEAD);
		/*@ assert kept: capabilities_kept{Pre, Here}; */
		return STATUS_OK;
	case CAP_NOTIFICATION:
		if (cnode_is_hardware(s))
			return STATUS_REFUSED;
		break;
	default:
		break;
	}
	if (cap_has_children(s))
		return STATUS_HAS_CHILDREN;

	/*@ assert keeps: apart != 0 && owner(s) && holds_slots(owns[s]) ==> keeps(s); */
	/*@ assert read: apart != 0 && in_table(s) ==> contained(s, slots[s].container); */
	/*@ ghost unsettled = s; */
	cnode_emptied(s);
	/*@ assert kept: capabilities_kept{Pre, Here}; */
	/*@ assert unread: apart != 0 ==> slot_unread(s) && (in_table(s) ==> contained(s, slots[s].container)); */
	if (slots[s].original != 0) {
		cnode_destroy(s);
		/*@ assert kept: capabilities_kept{Pre, Here}; */
	}
	/*@ assert unread: apart != 0 ==> slot_unread(s) && (in_table(s) ==> contained(s, slots[s].container)); */
	/*@ assert kept: capabilities_kept{Pre, Here}; */
	cnode_remove(s);
	/*@ assert read: apart != 0 && in_table(s) ==> contained(s, slots[s].container); */
	/*@ ghost unsettled = NONE; */
	return STATUS_OK;
}

/* Delete one leaf below slot s, which has children. */
/*@ requires SETTLED && STANDING && kernel_valid && slot_index(s) && slots[slots[s].next].parent == s;
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING &&
      // I3: only what is derived from the capability goes.
      (only: \old(apart) != 0 && s != NONE && is_capability{Pre}(s) ==> (\forall integer k; 0 < k < N_SLOTS &&
        is_capability{Pre}(k) && !capability_same{Pre, Post}(k) ==> descends{Pre}(s, k))) &&
      (onward: \old(apart) != 0 && s != NONE && is_capability{Pre}(s) ==>
        (\result == STATUS_OK && one_gone{Pre, Post}) || held_up{Pre}(s)); */
static enum status cnode_delete_leaf(u32 s)
{
	u32 at = slots[s].next;
	enum status status = STATUS_OK;

	/*@ ghost if (s != NONE && slots[s].type >= CAP_UNTYPED && slots[s].type <= CAP_THREAD) cap_down(s, s); */
	/*@ loop invariant slot_index(at) &&
	      (inside: apart != 0 && s != NONE && is_capability(s) ==> linked[at] == 1 && descends(s, at) &&
	        i < level[at] <= CAP_MAX_DEPTH);
	    loop assigns i, at;
	    loop variant CAP_MAX_DEPTH - i; */
	for (u32 i = 0; i < CAP_MAX_DEPTH && cap_has_children(at); i++) {
		/*@ ghost if (s != NONE && slots[s].type >= CAP_UNTYPED && slots[s].type <= CAP_THREAD) cap_down(s, at); */
		at = slots[at].next;
	}
	/*@ assert leaf: apart != 0 && s != NONE && is_capability(s) ==> is_capability(at) && at != NONE && !has_child(at); */
	status = cnode_delete(at);
	/*@ assert gone: \at(apart, Pre) != 0 && s != NONE && is_capability{Pre}(s) && status == STATUS_OK ==>
	      is_capability{Pre}(at) && slots[at].type == CAP_EMPTY; */
	return status;
}

/* Empty the slot s of a dying object, or delete one leaf below it. True when the slot is empty. */
/*@ requires SETTLED && STANDING && kernel_valid && slot_index(s);
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING;
    ensures onward: \old(apart) != 0 && s != NONE ==> worked_off{Pre, Post}(s); */
static bool cnode_bury_slot(u32 s)
{
	bool inside = CAP_UNTYPED <= slots[s].type && slots[s].type <= CAP_THREAD;

	if (inside && cap_has_children(s)) {
		(void)cnode_delete_leaf(s);
		return false;
	}
	(void)cnode_delete(s);
	return true;
}

/* The next of `end` slots from number `from` on that is not empty, looking at SWEEP_STEPS slots at most. */
/*@ requires slot_index(first) && end <= N_SLOTS - first;
    assigns \nothing;
    ensures further: from <= \result && (from <= end ==> \result <= end) && (from > end ==> \result == from);
    ensures moves: from < end && slots[first + from].type == CAP_EMPTY ==> from < \result;
    ensures stops: \result < end ==> slots[first + \result].type != CAP_EMPTY || \result == from + SWEEP_STEPS;
    ensures empty: \forall integer k; first + from <= k < first + \result ==> slots[k].type == CAP_EMPTY; */
static u32 cnode_sweep(u32 first, u32 from, u32 end)
{
	/*@ loop invariant (further: from == \at(from, Pre) + i && i <= SWEEP_STEPS && (\at(from, Pre) <= end ==> from <= end) &&
	        (\at(from, Pre) > end ==> from == \at(from, Pre))) &&
	      (empty: \forall integer k; first + \at(from, Pre) <= k < first + from ==> slots[k].type == CAP_EMPTY);
	    loop assigns i, from;
	    loop variant SWEEP_STEPS - i; */
	for (u32 i = 0; i < SWEEP_STEPS && from < end && slots[first + from].type == CAP_EMPTY; i++)
		from++;
	return from;
}

/*@ requires SETTLED && STANDING && kernel_valid && thread_index(t) && t != NONE && t == hart.dying[DYING_THREADS].head;
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING;
    ensures onward: \old(apart) != 0 ==> thread_goes_on{Pre, Post}(t); */
static void cnode_bury_thread(u32 t)
{
	u32 at = cnode_sweep(thread_slot(t, 0), threads[t].dying, THREAD_SLOTS);

	/*@ assert dies: apart != 0 ==> dies(16 * t) && cnode[16 * t] == CAP_THREAD; */
	threads[t].dying = (u8)at;
	/*@ ghost if (apart != 0) swept[16 * t] = 16 * t + THREAD_SLOT_OFFSET + at; */
	/*@ assert valid: THREADS_VALID; */
	if (at == THREAD_SLOTS) {
		cnode_take_dying(DYING_THREADS, threads[t].link);
	} else {
		/*@ assert full: first_full{Pre}(slot_of(t) + \at(threads[t].dying, Pre), slot_of(t) + at); */
		(void)cnode_bury_slot(thread_slot(t, at));
		/*@ assert worked: \at(apart, Pre) != 0 ==> worked_off{Pre, Here}(slot_of(t) + at); */
	}
}

/* One step for the table or space at the head of list `which`: `header` names it, its slots begin at `first`. */
/*@ requires SETTLED && STANDING &&
      kernel_valid && slot_index(header) && 0 < first < N_SLOTS && DYING_TABLES <= which < DYING_LISTS &&
      (head: header == hart.dying[which].head && header != NONE) &&
      (first: apart != 0 ==> first == (which == DYING_SPACES ? header - SPACE_HEADER + SPACE_FIRST_SLOT : header));
    assigns STATE_AND_ENTRIES, HOMES;
    ensures SETTLED && VALID && STANDING && (onward: \old(apart) != 0 ==> slots_go_on{Pre, Post}(which, header, first)); */
static void cnode_bury_slots(u32 which, u32 header, u32 first)
{
	u32 size = slots[header].parent < N_SLOTS - first ? slots[header].parent : N_SLOTS - first;
	u32 at = cnode_sweep(first, slots[header].prev, size);

	/*@ ghost u32 o = which == DYING_SPACES ? header - SPACE_HEADER : header; */
	/*@ assert dies: apart != 0 ==> dies(o) && cnode[o] == (which == DYING_SPACES ? CAP_SPACE : CAP_TABLE); */
	/*@ assert place: apart != 0 && which == DYING_SPACES ==>
	      (\forall integer k; o <= k < o + SPACE_SLOTS ==> k % SPACE_SLOTS == k - o); */
	/*@ ghost cap_header(header); */
	slots[header].prev = at;
	/*@ ghost if (apart != 0) swept[o] = first + at; */
	/*@ assert swept: slots_swept; */
	/*@ assert valid: SLOTS_VALID && slots_links; */
	/*@ assert dying: threads_dying && tables_dying && spaces_dying; */
	/*@ assert valid: THREADS_VALID && SLOTS_VALID && QUEUES_VALID && HART_VALID; */
	/*@ assert emptied: apart != 0 && at >= size ==> emptied(o); */
	if (at >= size) {
		cnode_take_dying(which, slots[header].next);
	} else if (slots[first + at].type != CAP_EMPTY) {
		/*@ assert full: first_full{Pre}(first + \at(slots[header].prev, Pre), first + at); */
		/*@ assert held: held_up(first + at) ==> held_up{Pre}(first + at); */
		/*@ assert same: \forall integer k; slot_index(k) ==> slots[k].type == \at(slots[k].type, Pre); */
		(void)cnode_bury_slot(first + at);
		/*@ assert worked: \at(apart, Pre) != 0 ==> worked_off{Pre, Here}(first + at); */
		/*@ assert first: \at(apart, Pre) != 0 ==> first_worked_off{Pre, Here}(first + \at(slots[header].prev, Pre), N_SLOTS); */
	} else {
		/*@ assert further: slots[header].prev > \at(slots[header].prev, Pre); */
	}
}

bool cnode_bury(void)
{
	u32 q = hart.dying[DYING_QUEUES].head;
	u32 table = hart.dying[DYING_TABLES].head;
	u32 space = hart.dying[DYING_SPACES].head; /* its header slot */

	if (hart.dying[DYING_THREADS].head != NONE) {
		cnode_bury_thread(hart.dying[DYING_THREADS].head);
		/*@ assert thread: \at(apart, Pre) != 0 ==> thread_goes_on{Pre, Here}(\at(hart.dying[DYING_THREADS].head, Pre)); */
	} else if (q != NONE) {
		if (queues[q].head != NONE)
			thread_wake(queues[q].head, STATUS_DEAD);
		else
			cnode_take_dying(DYING_QUEUES, queues[q].link);
		/*@ assert queue: queue_goes_on{Pre, Here}(q); */
	} else if (table != NONE) {
		cnode_bury_slots(DYING_TABLES, table, table);
		/*@ assert table: \at(apart, Pre) != 0 ==> slots_go_on{Pre, Here}(DYING_TABLES, table, table); */
	} else if (space != NONE) {
		/*@ assert head: apart != 0 ==> (space - SPACE_HEADER) % SPACE_SLOTS == 0; */
		/*@ assert first: apart != 0 ==> space / SPACE_SLOTS * SPACE_SLOTS + SPACE_FIRST_SLOT == space - SPACE_HEADER + SPACE_FIRST_SLOT; */
		cnode_bury_slots(DYING_SPACES, space, space / SPACE_SLOTS * SPACE_SLOTS + SPACE_FIRST_SLOT);
		/*@ assert space: \at(apart, Pre) != 0 ==>
		      slots_go_on{Pre, Here}(DYING_SPACES, space, space - SPACE_HEADER + SPACE_FIRST_SLOT); */
	} else {
		return false;
	}
	return true;
}

/* Nothing is left of what was carved from the memory in slot s, if it is memory that can be carved. */
/*@ requires ORDERED && SLOTS_VALID && (index: slot_index(s) && kernel_valid && nothing_dies) &&
      (childless: apart != 0 && s != NONE && is_capability(s) ==>
        (\forall integer k; live(k) ==> !(rank[s] < rank[k] < last[s])));
    assigns slots[s].watermark, slots[s].badge, given[s];
    ensures ORDERED && VALID;
    ensures whole: slots[s].type == CAP_UNTYPED && (slots[s].rights & RIGHT_RETYPE) != 0 ==> slots[s].watermark == 0; */
static inline void cnode_reset(u32 s)
{
	if (slots[s].type == CAP_UNTYPED && (slots[s].rights & RIGHT_RETYPE) != 0) {
		/*@ assert none: apart != 0 ==> (\forall integer o; !dies(o)); */
		/*@ assert nobody: apart != 0 ==> owner(s) &&
		      (\forall integer k; live(k) ==> !(rank[s] < rank[k] < last[s])); */
		/*@ ghost given[s] = begins[s]; */
		/*@ assert nested: NESTED; */
		slots[s].watermark = 0;
		slots[s].badge = 0;
	}
}

enum status cnode_revoke(u32 s)
{
	enum status status = STATUS_OK;

	if (slots[s].type == CAP_EMPTY)
		return STATUS_NO_CAP;
	if (slots[s].type > CAP_THREAD)
		return STATUS_BAD_TYPE;
	/*@ loop invariant SETTLED && VALID && STANDING && (steps: i < REVOKE_STEPS);
	    loop assigns i, status, STATE_AND_ENTRIES, HOMES;
	    loop variant REVOKE_STEPS - i; */
	for (u32 i = 0; i < REVOKE_STEPS; i++) {
		if (slots[s].type == CAP_EMPTY)
			return STATUS_OK; /* it stood in a table that it covered, which is gone now */
		if (cap_has_children(s))
			status = cnode_delete_leaf(s);
		else if (!cnode_bury())
			break;
		if (status != STATUS_OK)
			return status;
		if (i == REVOKE_STEPS - 1)
			return STATUS_AGAIN;
	}
	/*@ ghost if (slots[s].type >= CAP_UNTYPED && slots[s].type <= CAP_THREAD) {
		cap_no_child(s);
		cap_none_below(s);
	} */
	cnode_reset(s);
	return STATUS_OK;
}
