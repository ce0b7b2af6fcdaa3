/* cap.h - the derivation of capabilities: one list in prefix order plus the parent's index, and lookup by number.
 *
 * Only capabilities without children are unlinked, so no operation walks the children of a node. Replies and
 * reservations stand outside the list. */
#pragma once
#include "derivation.h"

/*@ ghost
  /@ requires (ordered: list_ordered && slots_links) && (index: slots_linked && slot_index(p)) &&
       (follows: slots[slots[p].next].parent != p);
     assigns \nothing;
     ensures leaf: apart != 0 && live(p) && p != CAP_END ==> leaf(p); @/
  void cap_no_child(u32 p)
  {
	/@ assert next: apart != 0 && live(p) && p != CAP_END ==> up[succ[p]] != p; @/
  } */

/*@ ghost
  /@ requires (ordered: list_ordered && slots_links) && (index: slots_linked && slot_index(p) && slot_index(at)) &&
       (inside: apart != 0 ==> linked[p] == 1 && linked[at] == 1 && (at == p || descends(p, at))) &&
       (child: slots[slots[at].next].parent == at);
     assigns \nothing;
     ensures inside: apart != 0 ==> linked[slots[at].next] == 1 && descends(p, slots[at].next) &&
       level[slots[at].next] == level[at] + 1; @/
  void cap_down(u32 p, u32 at)
  {
	/@ assert next: apart != 0 ==> slots[at].next == succ[at] && live(succ[at]) && up[succ[at]] == at; @/
	/@ assert between: apart != 0 ==> (\forall integer m; live(m) && rank[at] < rank[m] <= rank[succ[at]] ==> m == succ[at]); @/
  }
  /@ requires (ordered: list_ordered && memory_nested) && (index: slot_index(p) && (apart != 0 ==> linked[p] == 1 && leaf(p)));
     assigns \nothing;
     ensures none: apart != 0 ==> (\forall integer k; slot_index(k) ==> !descends(p, k));
     ensures nobody: apart != 0 ==> (\forall integer k; live(k) ==> !(rank[p] < rank[k] < last[p])); @/
  void cap_none_below(u32 p)
  {
	/@ assert next: apart != 0 ==> live(succ[p]) && rank[p] < rank[succ[p]] && succ[p] != CAP_ROOT && up[succ[p]] != p; @/
	/@ assert outside: apart != 0 ==> rank[up[succ[p]]] < rank[p]; @/
	/@ assert first: apart != 0 ==> (\forall integer k; live(k) && rank[p] < rank[k] ==> rank[succ[p]] <= rank[k]); @/
  } */

/*@ ghost
  /@ requires (cnodes: cnodes_apart) && (slot: apart != 0 ==> k == CAP_ROOT || k == CAP_END || housed(k));
     assigns \nothing;
     ensures apart != 0 ==> no_header(k); @/
  void cap_no_header(u32 k)
  {
	/@ assert tables: apart != 0 ==> (\forall integer o; is_cnode(o) && cnode[o] == CAP_TABLE ==> home[o] == o && !housed(o)); @/
	/@ assert spaces: apart != 0 ==> (\forall integer o; is_cnode(o) && cnode[o] == CAP_SPACE ==>
	     home[o + SPACE_HEADER] == o && !is_space_slot(o + SPACE_HEADER)); @/
  } */

/* A header is nobody's capability, and a table's is no space's. */
/*@ ghost
  /@ requires cnodes: cnodes_apart && list_ordered && memory_nested;
     assigns \nothing;
     ensures out: apart != 0 && (heads_table(k) || heads_space(k)) ==> linked[k] == 0 && !owner(k);
     ensures table: apart != 0 && heads_table(k) ==> !heads_space(k); @/
  void cap_header(u32 k)
  {
	/@ assert table: apart != 0 && heads_table(k) ==> home[k] == k && !housed(k); @/
	/@ assert space: apart != 0 && heads_space(k) ==> home[k] == k - SPACE_HEADER && !is_space_slot(k) && !housed(k); @/
  } */

/* Whether slot p has a child: its successor in the list names it as parent. That nothing else has then is the order. */
/*@ requires slots_linked && slot_index(p) && (ordered: list_ordered && slots_links);
    assigns \nothing;
    ensures \result <==> slots[slots[p].next].parent == p;
    ensures none: !\result && apart != 0 && live(p) && p != CAP_END ==> leaf(p); */
static inline bool cap_has_children(u32 p)
{
	return slots[slots[p].next].parent == p;
}

/* Put the filled slot s into the list as the first child of p. */
/*@ requires slots_linked && slot_index(p) && slot_index(s) && (ordered: list_ordered && memory_nested && slots_links) &&
      (parent: apart != 0 ==> live(p) && p != CAP_END && level[p] < CAP_MAX_DEPTH) &&
      (place: apart != 0 ==> s != NONE && linked[s] == 0) &&
      (origin: apart != 0 ==> origin[s] == s || origin_above(origin[s], p)) && (home: apart != 0 ==> housed(s)) &&
      (rights: apart != 0 ==> p == CAP_ROOT || shares[s] == 0 || fewer(may[s], may[p])) &&
      (cnodes: cnodes_apart && tables_dying && spaces_dying && slots_marked);
    assigns slots[0 .. N_SLOTS - 1], linked[s], rank[s], last[s], level[s], up[s], NEIGHBOURS;
    ENSURES_LIST
    ensures NESTED;
    ensures below: apart != 0 ==> rank[p] < rank[s] < last[p];
    ensures inside: apart != 0 ==> (\forall integer t; live{Pre}(t) && rank[t] < rank[p] < last[t] ==>
      rank[t] < rank[s] < last[t]);
    ensures links: slots_links;
    ensures cnodes: cnodes_apart;
    ensures dying: tables_dying && spaces_dying && slots_marked;
    ensures joined: apart != 0 ==> linked[s] == 1 && up[s] == p;
    ensures rest: \forall integer k; slot_index(k) && k != s ==> linked[k] == \old(linked[k]);
    ensures linked: slots_linked;
    ensures placed: p != s ==> slots[s].parent == p;
    ensures before: slots[p].next == s;
    ensures after: slots[\old(slots[p].next)].prev == s;
    ensures same: slots_same_but_links{Pre, Post}; */
void cap_insert(u32 p, u32 s);

/* Take slot s, which has no children, out of the list and empty it. */
/*@ requires slots_linked && slot_index(s) && (ordered: list_ordered && memory_nested && slots_links) &&
      (childless: apart != 0 ==> linked[s] == 1 && leaf(s)) && (gone: apart != 0 ==> kept_by_nobody(s)) &&
      (cnodes: cnodes_apart && tables_dying && spaces_dying);
    assigns slots[0 .. N_SLOTS - 1], linked[s], NEIGHBOURS, owns[s];
    ensures cnodes: cnodes_apart;
    ensures dying: tables_dying && spaces_dying;
    ENSURES_LIST
    ensures NESTED;
    ensures disowned: owns[s] == 0;
    ensures links: slots_links;
    ensures left: linked[s] == 0;
    ensures unnamed: apart != 0 ==> (\forall integer k; slot_index(k) && linked[k] == 1 ==> origin[k] != s);
    ensures rest: \forall integer k; slot_index(k) && k != s ==> linked[k] == \old(linked[k]);
    ensures linked: slots_linked;
    ensures emptied: slots[s].type == CAP_EMPTY && slots[s].container == \old(slots[s].container);
    ensures before: slots[\old(slots[s].prev)].next == \old(slots[s].next);
    ensures after: slots[\old(slots[s].next)].prev == \old(slots[s].prev);
    ensures same: \forall integer k; slot_index(k) && k != s ==> slot_same{Pre, Post}(k); */
void cap_remove(u32 s);

/* Copy what slot `from` says of its capability into the empty slot `to`: everything but links and container. */
/*@ requires slot_index(from) && slot_index(to);
    assigns slots[to].type, slots[to].kind, slots[to].size_bits, slots[to].original, slots[to].rights,
            slots[to].object, slots[to].watermark, slots[to].badge;
    ensures same: slot_alike(from, to); */
void cap_describe(u32 from, u32 to);

/* What a thread has for a table is one that lives: its slot holds a capability to it. */
/*@ ghost
  /@ requires DERIVED_APART && slots_valid && threads_have && thread_index(t) && unsettled == NONE;
     assigns \nothing;
     ensures own: apart != 0 ==> owns_table(threads[t].table, threads[t].table_size);
     ensures slots: apart != 0 ==> (\forall integer k; threads[t].table < k < threads[t].table + threads[t].table_size ==>
       in_table(k) && !spent(k)); @/
  void cap_own_table(u32 t)
  {
	/@ assert holds: apart != 0 && threads[t].table_size != 0 ==> keeps(origin[slot_of(t) + THREAD_TABLE]) &&
	     begins[origin[slot_of(t) + THREAD_TABLE]] == 2 * machine.base_granule + threads[t].table; @/
	/@ assert own: apart != 0 ==> owns_table(threads[t].table, threads[t].table_size); @/
	/@ assert home: apart != 0 ==> (\forall integer k; threads[t].table < k < threads[t].table + threads[t].table_size &&
	     !is_kernel_slot(k) ==> home[k] == threads[t].table); @/
  } */

/* The slot that number n of thread t's table names; NONE if there is no such slot. It may be empty. */
/*@ requires thread_index(t) && threads_placed;
    assigns \nothing;
    ensures inside: \result < N_SLOTS;
    ensures named: \result != NONE ==> \result == threads[t].table + n && 0 < n < threads[t].table_size;
    ensures exact: 0 < n < threads[t].table_size ==> \result == threads[t].table + n; */
static inline u64 cap_slot(u64 t, u64 n)
{
	return n != 0 && n < threads[t].table_size ? wide(threads[t].table) + n : NONE;
}

/* The same for a capability of type `type` with all of `rights`. STATUS_OK, or why not. */
/*@ requires thread_index(t) && threads_placed && type != CAP_EMPTY;
    assigns \nothing;
    ensures found: \result == STATUS_OK ==> n < threads[t].table_size && threads[t].table + n < N_SLOTS &&
      slots[threads[t].table + n].type == type;
    ensures allowed: \result == STATUS_OK ==> (slots[threads[t].table + n].rights & rights) == rights;
    ensures exact: n < threads[t].table_size && slots[threads[t].table + n].type == type &&
      (slots[threads[t].table + n].rights & rights) == rights ==> \result == STATUS_OK; */
static inline enum status cap_check(u64 t, u64 n, u8 type, u32 rights)
{
	u64 s = wide(threads[t].table) + n;

	if (n >= threads[t].table_size)
		return STATUS_BAD_SLOT;
	if (slots[s].type != type)
		return slots[s].type == CAP_EMPTY ? STATUS_NO_CAP : STATUS_BAD_TYPE;
	if ((slots[s].rights & rights) != rights)
		return STATUS_NO_RIGHT;
	return STATUS_OK;
}

/* Whether a copy of the capability in slot s may be made: STATUS_OK, or why not. Carving excludes lending, replies and
 * reservations are never copied, and memory becomes a page only through retype. */
/*@ requires slot_index(s);
    assigns \nothing;
    ensures \result == STATUS_OK ==> CAP_UNTYPED <= slots[s].type <= CAP_THREAD && slots[s].depth < CAP_MAX_DEPTH;
    ensures page: \result == STATUS_OK && slots[s].type == CAP_UNTYPED ==>
      slots[s].size_bits == 12 || slots[s].size_bits == 21 || slots[s].size_bits == 30;
    ensures lent: \result == STATUS_OK && slots[s].type == CAP_UNTYPED && (slots[s].rights & RIGHT_RETYPE) != 0 ==>
      slots[s].kind != MEMORY_RAM && slots[s].watermark == 0; */
enum status cap_check_copy(u32 s);

/* Make `to` a copy of the capability in `from` with at most the rights `rights`, and as its child. */
/*@ requires ORDERED && slots_valid && slot_index(from) && from != to && nameable(to) && slots[to].type == CAP_EMPTY &&
      (copied: CAP_UNTYPED <= slots[from].type <= CAP_THREAD && slots[from].depth < CAP_MAX_DEPTH) &&
      (lent: slots[from].type == CAP_UNTYPED && (slots[from].rights & RIGHT_RETYPE) != 0 ==>
        slots[from].kind != MEMORY_RAM && slots[from].watermark == 0) &&
      (place: apart != 0 ==> housed(to) && !spent(to) && (to == unsettled || in_table(to)));
    assigns slots[0 .. N_SLOTS - 1], LIST;
    ensures ORDERED && SLOTS_VALID;
    ensures child: slots[to].parent == from && slots[to].type == slots[from].type && slots[to].original == 0;
    ensures same: \forall integer k; slot_index(k) && k != to ==> slot_same{Pre, Post}(k);
    ensures copied: slots[to].object == slots[from].object && slots[to].kind == slots[from].kind &&
      slots[to].size_bits == slots[from].size_bits;
    ensures badge: slots[from].type != CAP_UNTYPED ==> slots[to].badge == slots[from].badge;
    ENSURES_FEWER(\true, to, from) ENSURES_MASKED(\true, to, rights) */
void cap_copy(u32 from, u32 to, u32 rights);

/* Reserve the free slot s for thread t's reply or travelling capability. */
/*@ requires DERIVED_APART && slots_valid && nameable(s) && 0 < t < N_THREADS && !is_capability(s) &&
      (place: apart != 0 ==> in_table(s) && !spent(s)) && (keeps: reply_of[t] == s || arrival_of[t] == s);
    assigns slots[s].type, slots[s].object;
    ensures DERIVED && SLOTS_VALID;
    ensures reserved: slots[s].type == CAP_RESERVED && slots[s].object == t; */
static inline void cap_reserve(u64 s, u64 t)
{
	slots[s].type = CAP_RESERVED;
	slots[s].object = (u32)t;
}

/* Free the slots that thread t reserved. */
/*@ requires DERIVED_APART &&
      threads_waiting && threads_tied && threads_mirrored && threads_await && slots_valid && thread_index(t) &&
      (have: threads_have);
    assigns slots[0 .. N_SLOTS - 1], threads[t].reply, threads[t].arrival, answer_in[t], reply_of[t], arrival_of[t];
    exits \false;
    ensures waiting: threads_waiting;
    ensures tied: threads_tied;
    ensures mirrored: threads_mirrored;
    ensures awaiting: threads_await;
    ensures have: threads_have;
    ensures answered: answer_in[t] == NONE;
    ensures DERIVED && SLOTS_VALID;
    ensures kept: slots_kept{Pre, Post};
    ensures types: \forall integer k; slot_index(k) ==> slots[k] == {\old(slots[k]) \with .type = slots[k].type};
    ensures claimed: slots_claimed{Pre, Post}(0);
    ensures old: \forall integer k; slot_index(k) && is_capability{Post}(k) ==> is_capability{Pre}(k);
    ensures released: threads[t].reply == NONE && threads[t].arrival == NONE;
    ensures freed: \old(threads[t].reply) != NONE ==> slots[\old(threads[t].reply)].type == CAP_EMPTY;
    ensures freed_arrival: \old(threads[t].arrival) != NONE ==> slots[\old(threads[t].arrival)].type == CAP_EMPTY; */
static inline void cap_release(u32 t)
{
	/*@ ghost answer_in[t] = NONE; reply_of[t] = NONE; arrival_of[t] = NONE; */
	if (threads[t].reply != NONE)
		slots[threads[t].reply].type = CAP_EMPTY;
	if (threads[t].arrival != NONE)
		slots[threads[t].arrival].type = CAP_EMPTY;
	threads[t].reply = NONE;
	threads[t].arrival = NONE;
}
