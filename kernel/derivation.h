/* derivation.h - three invariants over ghosts beside the slots: the list of derivation is a tree in prefix order, originals
 * have memory of their own, and each hardware entry is the image of its slot's capability.
 *
 * What relates two capabilities is said of ghost arrays only, so that no store to a slot disturbs it; the slots agree
 * with them by predicates of one variable. All hold while `apart` does (proofs-notes/trusted.md, 1). */
#pragma once
#include "arch/riscv64/arch.h"
#include "invariant.h"

/* Originals have memory of their own, in parts. */
#define NESTED apart != 0 ==> spans_whole && spans_within && spans_below && memory_whole && memory_apart && \
	memory_aligned && origins_own && origins_above && rights_fall
/* No bit of a that b lacks. */
#define LACKS(a, b, right) ((b & right) == 0 ==> (a & right) == 0)
#define FALLS(a, b)                                                                                    \
	LACKS(a, b, RIGHT_READ) && LACKS(a, b, RIGHT_WRITE) && LACKS(a, b, RIGHT_EXECUTE) && LACKS(a, b, RIGHT_CALL) && \
	LACKS(a, b, RIGHT_GRANT) && LACKS(a, b, RIGHT_RETYPE) && LACKS(a, b, RIGHT_SCHEDULE)
#define CNODES apart != 0 ==> cnodes_shaped && cnodes_mapped && cnodes_kept && cnodes_known && cnodes_house && dying_below && \
	dying_heads && dying_first && dying_last && dying_next && dying_adjacent

/*@ predicate live(integer s) = slot_index(s) && linked[s] != 0;

    // I3: the list, in the order of `rank`.
    predicate list_ends = linked[CAP_ROOT] == 2 && linked[CAP_END] == 2 && linked[NONE] == 0 && up[CAP_END] == CAP_ROOT &&
      level[CAP_ROOT] == 0;
    predicate list_marks = \forall integer s; slot_index(s) && linked[s] > 1 ==> s == CAP_ROOT || s == CAP_END;
    predicate list_between = \forall integer s; live(s) ==> rank[CAP_ROOT] <= rank[s] <= rank[CAP_END];
    predicate list_ascending = \forall integer s; live(s) && s != CAP_END ==> live(succ[s]) && rank[s] < rank[succ[s]];
    predicate list_forth = \forall integer s; live(s) && s != CAP_END ==> prec[succ[s]] == s;
    predicate list_back = \forall integer s; live(s) && s != CAP_ROOT ==>
      live(prec[s]) && prec[s] != CAP_END && succ[prec[s]] == s;
    predicate list_distinct = \forall integer s, t; live(s) && live(t) && rank[s] == rank[t] ==> s == t;
    predicate list_adjacent = \forall integer s, t; live(s) && live(t) && s != CAP_END && rank[s] < rank[t] ==>
      rank[succ[s]] <= rank[t];
    // I3: it is a tree in prefix order: parents stand before their children, and between the two stand the parent's
    // descendants only.
    predicate list_parents = \forall integer s; live(s) && s != CAP_ROOT ==> live(up[s]) &&
      rank[up[s]] < rank[s] && level[s] == level[up[s]] + 1 && level[s] <= CAP_MAX_DEPTH;
    predicate list_nested = \forall integer s, t; live(s) && live(t) && s != CAP_ROOT &&
      rank[up[s]] < rank[t] < rank[s] ==> rank[up[s]] <= rank[up[t]];
    predicate list_ordered = apart != 0 ==> list_ends && list_marks && list_between && list_ascending && list_forth &&
      list_back && list_distinct && list_adjacent && list_parents && list_nested;

    predicate leaf(integer p) = \forall integer s; live(s) && s != CAP_ROOT ==> up[s] != p;
    // k is derived from p, at whatever distance: it stands behind p, and so does the parent of all that stand between.
    predicate descends(integer p, integer k) = live(k) && rank[p] < rank[k] &&
      (\forall integer m; live(m) && rank[p] < rank[m] <= rank[k] ==> rank[p] <= rank[up[m]]);

    // I2: originals have memory of their own: two of them are apart, or one was carved from the other, lies below its
    // watermark and is derived from it.
    predicate owner(integer s) = 0 < s < N_SLOTS && owns[s] != 0;
    predicate memory_whole = \forall integer s; owner(s) ==> linked[s] == 1 && begins[s] < ends[s] &&
      begins[s] <= given[s] <= ends[s];
    predicate carved(integer p, integer k) = begins[p] <= begins[k] && ends[k] <= given[p] && rank[p] < rank[k] < last[p];
    predicate memory_apart = \forall integer s, t; owner(s) && owner(t) && s != t ==>
      ends[s] <= begins[t] || ends[t] <= begins[s] || carved(s, t) || carved(t, s);
    // I1: memory is aligned to its size.
    predicate is_multiple(integer a, integer n, integer size) = a == n * size;
    predicate is_aligned(integer from, integer n, integer end) = is_multiple(from, n, end - from);
    predicate memory_aligned = \forall integer s; owner(s) ==> is_aligned(begins[s], nth[s], ends[s]);
    // I1: what a capability names has an original, which is the capability itself or above it.
    predicate origins_own = \forall integer s; owner(s) ==> origin[s] == s;
    predicate origin_above(integer o, integer p) = owner(o) && (o == p || rank[o] < rank[p] < last[o]);
    predicate origins_above = \forall integer s; linked[s] == 1 && slot_index(s) && origin[s] != s ==>
      origin_above(origin[s], s);
    // I3: rights never grow: no copy has one that its parent lacks, and no memory one that the memory lacks which it was
    // carved from. Right by right: one bit each proves.
    predicate fewer(integer a, integer b) = FALLS(a, b);
    predicate rights_fall = \forall integer s; slot_index(s) && linked[s] == 1 && shares[s] != 0 && up[s] != CAP_ROOT ==>
      fewer(may[s], may[up[s]]);
    // The same order once more, by intervals of ranks: those of two capabilities are apart, or one is in the other.
    predicate spans_whole = \forall integer s; live(s) ==> rank[s] < last[s];
    predicate spans_within = \forall integer s, t; live(s) && live(t) && rank[s] < rank[t] < last[s] ==> last[t] <= last[s];
    predicate spans_below = \forall integer s, t; live(s) && live(t) && t != CAP_ROOT && rank[s] < rank[t] < last[s] ==>
      rank[s] <= rank[up[t]];
    predicate memory_nested = NESTED;
    // What p handed out from b on is no other original's, but of those that p was carved from.
    predicate free_from(integer p, integer b) = \forall integer t; owner(t) && t != p ==>
      ends[t] <= b || given[p] <= begins[t] || carved(t, p);
    predicate dying_from(integer p, integer b) = \forall integer o; dies(o) ==>
      2 * machine.base_granule + beyond[o] <= b || given[p] <= 2 * machine.base_granule + o;
    // I1: what holds slots. Its slots know it, so no two overlap; one that lives has its original, one that dies lies below
    // every watermark.
    predicate holds_slots(integer type) = type == CAP_TABLE || type == CAP_SPACE || type == CAP_THREAD;
    predicate shaped(integer type, integer o, integer end) = KERNEL_SLOTS <= o < end <= N_SLOTS && holds_slots(type) &&
      (type == CAP_SPACE ==> o % SPACE_SLOTS == 0 && end == o + SPACE_SLOTS) &&
      (type == CAP_THREAD ==> o % 16 == 0 && end == o + 16);
    predicate cnodes_shaped = \forall integer o; is_cnode(o) ==> shaped(cnode[o], o, beyond[o]);
    predicate cnodes_mapped = \forall integer o, k; is_cnode(o) && o <= k < beyond[o] ==> home[k] == o;
    predicate kept(integer o, integer h) = owner(h) && owns[h] == cnode[o] && begins[h] == 2 * machine.base_granule + o &&
      ends[h] == 2 * machine.base_granule + beyond[o];
    predicate cnodes_kept = \forall integer o; lives(o) ==> kept(o, keeper[o]);
    predicate keeps(integer h) = \forall integer o; 2 * machine.base_granule + o == begins[h] ==> lives(o) && keeper[o] == h;
    predicate cnodes_known = \forall integer h; owner(h) && h != unsettled && holds_slots(owns[h]) ==> keeps(h);
    predicate kept_by_nobody(integer h) = \forall integer o; lives(o) ==> keeper[o] != h;
    predicate dying_below = \forall integer o, u; dies(o) && owner(u) && !holds_slots(owns[u]) ==>
      2 * machine.base_granule + beyond[o] <= given[u] || ends[u] <= 2 * machine.base_granule + o;
    // A slot of one: none of its headers.
    predicate holds(integer type, integer o, integer k) = (type == CAP_TABLE ==> k != o) && (type == CAP_SPACE ==> is_space_slot(k)) &&
      (type == CAP_THREAD ==> is_thread_slot(k));
    predicate in_cnode(integer k) = is_cnode(home[k]) && home[k] <= k < beyond[home[k]] && holds(cnode[home[k]], home[k], k);
    predicate in_live(integer k) = is_kernel_slot(k) || (in_cnode(k) && keeper[home[k]] != NONE);
    predicate housed(integer k) = is_kernel_slot(k) || in_cnode(k);
    predicate in_table(integer k) = is_kernel_slot(k) || (in_cnode(k) && cnode[home[k]] == CAP_TABLE);
    predicate contained(integer k, integer container) = is_kernel_slot(k) ? container == IN_TABLE :
      (cnode[home[k]] == CAP_TABLE ==> container == IN_TABLE) && (cnode[home[k]] == CAP_SPACE ==> container == IN_SPACE) &&
      (cnode[home[k]] == CAP_THREAD ==> container == IN_THREAD);
    predicate owns_table(integer table, integer size) = size == 0 || (table == KERNEL_TABLE && size == KERNEL_TABLE_SLOTS) ||
      (lives(table) && cnode[table] == CAP_TABLE && beyond[table] == table + size);
    // What is in a slot stands in one, and a slot says who reads it.
    predicate cnodes_house = \forall integer s; slot_index(s) && linked[s] == 1 ==> housed(s);
    // What dies is in the list of its type, in the order in which it began to: from the first to the last, each names the next.
    predicate dying_alike(integer o, integer p) = dies(o) && dies(p) && cnode[o] == cnode[p];
    predicate dying_heads = \forall integer type; 0 <= type <= CAP_THREAD ==>
      (first_dying[type] != NONE ==> dies(first_dying[type]) && cnode[first_dying[type]] == type) &&
      (last_dying[type] != NONE ==> dies(last_dying[type]) && cnode[last_dying[type]] == type);
    predicate dying_first = \forall integer o; dies(o) ==> dying_alike(o, first_dying[cnode[o]]) &&
      turn[first_dying[cnode[o]]] <= turn[o];
    predicate dying_last = \forall integer o; dies(o) ==> dying_alike(o, last_dying[cnode[o]]) &&
      turn[o] <= turn[last_dying[cnode[o]]] && turn[last_dying[cnode[o]]] <= last_turn &&
      (after[o] == NONE ==> o == last_dying[cnode[o]]);
    predicate dying_next = \forall integer o; dies(o) && after[o] != NONE ==> dying_alike(o, after[o]) && turn[o] < turn[after[o]];
    predicate dying_adjacent = \forall integer o, p; dying_alike(o, p) && o != p ==>
      turn[o] != turn[p] && (turn[o] < turn[p] ==> after[o] != NONE && turn[after[o]] <= turn[p]);
    predicate cnodes_apart = CNODES;
    predicate slots_housed = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && slots[s].type > CAP_THREAD ==> in_table(s));
    predicate slots_contained = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && s != unsettled &&
      (slots[s].type != CAP_EMPTY || in_table(s)) ==> contained(s, slots[s].container));
    // What holds slots goes on to.
    predicate homes_kept{A, B} = \forall integer k; (in_table{A}(k) ==> in_table{B}(k)) &&
      (is_cnode{A}(k) ==> is_cnode{B}(k) && \at(cnode[k], A) == \at(cnode[k], B) && \at(beyond[k], A) == \at(beyond[k], B) &&
      \at(keeper[k], A) == \at(keeper[k], B));
    // The headers of tables and spaces are none of their slots.
    predicate heads_table(integer k) = is_cnode(k) && cnode[k] == CAP_TABLE;
    predicate heads_space(integer k) = is_cnode(k - SPACE_HEADER) && cnode[k - SPACE_HEADER] == CAP_SPACE;
    predicate no_header(integer k) = !heads_table(k) && !heads_space(k);
    // The header of one that dies says which is next in the list, and how far the sweep has come.
    predicate tables_dying = apart != 0 ==> (\forall integer k; heads_table(k) && keeper[k] == NONE ==>
      slots[k].next == after[k] && swept[k] == k + slots[k].prev && slots[k].parent == beyond[k] - k);
    predicate spaces_dying = apart != 0 ==> (\forall integer k; heads_space(k) && slot_index(k) &&
      keeper[k - SPACE_HEADER] == NONE ==> slots[k].next == header_of(CAP_SPACE, after[k - SPACE_HEADER]) &&
      slots[k].parent == SPACE_ENTRIES && swept[k - SPACE_HEADER] == k - SPACE_HEADER + SPACE_FIRST_SLOT + slots[k].prev);
    // What the sweep is past stays empty: nothing is filled there.
    predicate spent(integer k) = in_cnode(k) && keeper[home[k]] == NONE && k < swept[home[k]];
    predicate in_table_to(integer first, integer end) = \forall integer k; first <= k < end ==> in_table(k) && !spent(k);
    predicate unspent_kept{A, B} = \forall integer k; in_table{A}(k) && !spent{A}(k) ==> in_table{B}(k) && !spent{B}(k);
    predicate slots_swept = apart != 0 ==> (\forall integer k; 0 < k < N_SLOTS && spent(k) ==> slots[k].type == CAP_EMPTY);
    // The slots agree: where an object of a type lies.
    logic integer place_at(integer type, integer object) = type == CAP_UNTYPED ? 2 * object :
      2 * machine.base_granule + (type == CAP_TABLE ? object : type == CAP_SPACE ? SPACE_SLOTS * object :
      type == CAP_THREAD ? 16 * object : 2 * object);
    logic integer takes_up(integer type, integer bits) = type == CAP_UNTYPED ? 2 * (1 << (bits - 6)) :
      type == CAP_TABLE ? 1 << bits : type == CAP_SPACE ? SPACE_SLOTS : type == CAP_THREAD ? 16 : 2;
    predicate slots_owned = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS ==>
      (owns[s] != 0 <==> is_capability(s) && slots[s].original != 0));
    // A capability names what lives: its original has this type, and memory there.
    predicate extends(integer o, integer s) = owner(o) && owns[o] == slots[s].type && begins[o] == place_at(slots[s].type, slots[s].object) &&
      ends[o] == begins[o] + takes_up(slots[s].type, slots[s].size_bits);
    predicate slots_extents = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && is_capability(s) ==> extends(origin[s], s));
    predicate marked(integer s) = given[s] == begins[s] + (slots[s].type == CAP_UNTYPED ? 2 * slots[s].watermark : 0);
    predicate slots_marked = apart != 0 ==> (\forall integer s; owner(s) ==> marked(s));
    predicate slots_rights = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && is_capability(s) ==> may[s] == slots[s].rights &&
      (shares[s] != 0 <==> slots[s].original == 0 || slots[s].type == CAP_UNTYPED));
    predicate slots_carvers = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && slots[s].type == CAP_UNTYPED &&
      slots[s].original == 0 ==> (slots[s].rights & RIGHT_RETYPE) == 0);
    // I2: what is a page or lends one has nothing carved from it, and only such is mapped. Carved RAM lends none, other memory
    // lends or is carved.
    predicate uncarved(integer s) = (slots[s].rights & RIGHT_RETYPE) == 0 ==>
      given[origin[s]] == begins[origin[s]] && lends[origin[s]] != 0;
    predicate lender(integer s) = (slots[s].rights & RIGHT_RETYPE) != 0 && slots[s].original != 0 ==>
      (lends[s] != 0 <==> slots[s].kind != MEMORY_RAM);
    predicate slots_lent = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS && slots[s].type == CAP_UNTYPED ==>
      uncarved(s) && lender(s));
    predicate slots_mapped = apart != 0 ==> (\forall integer s; slot_index(s) && s != unsettled &&
      slots[s].container == IN_SPACE && slots[s].type == CAP_UNTYPED ==> (slots[s].rights & RIGHT_RETYPE) == 0);

    predicate slots_typed = \forall integer s; slot_index(s) ==> slots[s].type <= CAP_RESERVED;
    // I3: the slots agree: the list has all capabilities and nothing else.
    predicate slots_listed = apart != 0 ==> (\forall integer s; 0 < s < N_SLOTS ==> (is_capability(s) <==> linked[s] == 1));
    predicate slots_links = apart != 0 ==> (\forall integer s; live(s) ==>
      slots[s].next == succ[s] && slots[s].prev == prec[s] && slots[s].parent == up[s] &&
      (s != CAP_END ==> slots[s].depth == level[s]));

    // I4: the hardware entry of a slot that the MMU reads shows its capability...
    predicate slots_pages = apart != 0 ==> (\forall integer s; slot_index(s) && s != unsettled &&
      slots[s].container == IN_SPACE && slots[s].type == CAP_UNTYPED ==>
      shown_type[s] == CAP_UNTYPED && shown_object[s] == slots[s].object && shown_rights[s] == slots[s].rights);
    predicate slots_levels = apart != 0 ==> (\forall integer s; slot_index(s) && s != unsettled &&
      slots[s].container == IN_SPACE && slots[s].type == CAP_SPACE ==>
      shown_type[s] == CAP_SPACE && shown_object[s] == slots[s].object);
    predicate slots_blank = apart != 0 ==> (\forall integer s; slot_index(s) && s != unsettled &&
      slots[s].container == IN_SPACE && slots[s].type != CAP_UNTYPED && slots[s].type != CAP_SPACE ==>
      shown_type[s] == CAP_EMPTY);
    // ... in that what was written there is its image: a page with its rights, a next level, or nothing.
    predicate entries_pages = \forall integer s; slot_index(s) && shown_type[s] == CAP_UNTYPED ==>
      written[s] == entry_page(shown_object[s], shown_rights[s]);
    predicate entries_levels = \forall integer s; slot_index(s) && shown_type[s] == CAP_SPACE ==>
      written[s] == entry_level(machine.base_granule + shown_object[s] * SPACE_GRANULES);
    predicate entries_blank = \forall integer s; slot_index(s) && shown_type[s] == CAP_EMPTY ==> written[s] == 0;
    predicate entry_shows(integer s) =
      (slots[s].type == CAP_UNTYPED ==> written[s] == entry_page(slots[s].object, slots[s].rights)) &&
      (slots[s].type == CAP_SPACE ==>
        written[s] == entry_level(machine.base_granule + slots[s].object * SPACE_GRANULES));
    predicate entries_written = entries_pages && entries_levels && entries_blank; */

/*@ ghost
  /@ requires object <= 0xffffffff && machine.base_granule <= 0xffffffff;
     assigns \nothing;
     ensures \result == place_at(type, object); @/
  u64 memory_place(u8 type, u64 object)
  {
	u64 views = 2 * (u64)machine.base_granule;

	if (type == CAP_UNTYPED)
		return 2 * object;
	return views + (type == CAP_TABLE ? object : type == CAP_SPACE ? SPACE_SLOTS * object :
		type == CAP_THREAD ? 16 * object : 2 * object);
  }
  /@ requires step <= 0xffffffff;
     assigns \nothing;
     ensures \result == (type == CAP_UNTYPED ? 2 * step : type == CAP_TABLE ? step : type == CAP_SPACE ? SPACE_SLOTS :
       type == CAP_THREAD ? 16 : 2); @/
  u64 memory_size(u8 type, u64 step)
  {
	return type == CAP_UNTYPED ? 2 * step : type == CAP_TABLE ? step : type == CAP_SPACE ? SPACE_SLOTS :
		type == CAP_THREAD ? 16 : 2;
  } */

/* I2: what the MMU shows of a slot carries no object. Who else has memory there has it to carve, and what dies there is past. */
/*@ ghost
  /@ requires (derived: slots_listed && slots_extents && slots_marked && slots_lent && slots_mapped) &&
       (ordered: list_ordered && memory_nested && cnodes_apart) &&
       (mapped: 0 < s < N_SLOTS && s != unsettled && slots[s].container == IN_SPACE && slots[s].type == CAP_UNTYPED);
     assigns \nothing;
     ensures memory: apart != 0 ==> begins[origin[s]] == 2 * slots[s].object && owns[origin[s]] == CAP_UNTYPED;
     ensures alone: apart != 0 ==> (\forall integer t; owner(t) && begins[t] < ends[origin[s]] && begins[origin[s]] < ends[t] ==>
       slots[t].type == CAP_UNTYPED);
     ensures dead: apart != 0 ==> (\forall integer o; dies(o) ==> 2 * machine.base_granule + beyond[o] <= begins[origin[s]] ||
       ends[origin[s]] <= 2 * machine.base_granule + o); @/
  void memory_mapped(u32 s)
  {
	/@ assert page: apart != 0 ==> extends(origin[s], s) && given[origin[s]] == begins[origin[s]]; @/
	/@ assert above: apart != 0 ==> (\forall integer t; owner(t) && begins[t] < ends[origin[s]] && begins[origin[s]] < ends[t] ==>
	     t == origin[s] || carved(t, origin[s])); @/
  } */

/* Of functions that write slots. */
#define DERIVED slots_typed && slots_listed && slots_links && slots_pages && slots_levels && slots_blank && \
	slots_owned && slots_extents && slots_marked && slots_rights && slots_carvers && slots_lent && slots_mapped && slots_housed && \
	slots_contained && tables_dying && spaces_dying && slots_swept
/* What such a function requires: what holds slots is apart, too, and stays so, as it changes nothing of that. */
#define DERIVED_APART DERIVED && cnodes_apart
/* Of functions that also change the list, and of those that also write entries. */
#define ORDERED DERIVED && list_ordered && memory_nested && cnodes_apart
#define SETTLED ORDERED && unsettled == NONE && entries_written
#define ENSURES_WRITTEN ensures written: entries_pages && entries_levels && entries_blank;
/* The parts of list_ordered, which prove where their conjunction does not. */
#define ENSURES_LIST ensures list: apart != 0 ==> list_ends && list_marks && list_between && list_ascending && \
	list_forth && list_back && list_distinct && list_adjacent && list_parents && list_nested;
#define LIST                                                                                           \
	linked[0 .. N_SLOTS - 1], rank[0 .. N_SLOTS - 1], last[0 .. N_SLOTS - 1], level[0 .. N_SLOTS - 1], NEIGHBOURS,             \
	up[0 .. N_SLOTS - 1], owns[0 .. N_SLOTS - 1], begins[0 .. N_SLOTS - 1],                    \
	ends[0 .. N_SLOTS - 1], given[0 .. N_SLOTS - 1], origin[0 .. N_SLOTS - 1], may[0 .. N_SLOTS - 1], shares[0 .. N_SLOTS - 1], \
	nth[0 .. N_SLOTS - 1], lends[0 .. N_SLOTS - 1], next_nth
/* Of functions that begin a CNode, and of those that end some. */
#define NEW_HOME cnode[0 .. N_SLOTS - 1], beyond[0 .. N_SLOTS - 1], keeper[0 .. N_SLOTS - 1], home[0 .. N_SLOTS - 1]
#define HOMES NEW_HOME, DYING
#define DYING turn[0 .. N_SLOTS - 1], after[0 .. N_SLOTS - 1], swept[0 .. N_SLOTS - 1], \
	first_dying[0 .. CAP_THREAD], last_dying[0 .. CAP_THREAD], last_turn
#define NEIGHBOURS succ[0 .. N_SLOTS - 1], prec[0 .. N_SLOTS - 1]
/* Of functions that put one original, s, into the list. */
#define LIST_AT(s) linked[s], rank[s], last[s], level[s], up[s], NEIGHBOURS, MEMORY_AT(s)
#define MEMORY_AT(s) owns[s], begins[s], ends[s], given[s], origin[s], may[s], shares[s], nth[s], lends[s]
#define ENTRIES ptes[0 .. N_PTES - 1], SHOWN, unsettled
#define SHOWN_AT(s) written[s], shown_type[s], shown_object[s], shown_rights[s]
#define SHOWN written[0 .. N_SLOTS - 1], shown_type[0 .. N_SLOTS - 1], shown_object[0 .. N_SLOTS - 1], \
	shown_rights[0 .. N_SLOTS - 1]
