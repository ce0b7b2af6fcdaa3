/* cap.c - the derivation of capabilities: one list in prefix order plus the parent's index. */
#include "cap.h"

void cap_insert(u32 p, u32 s)
{
	u32 n = slots[p].next;

	/*@ ghost double behind = last[p] < rank[n] ? last[p] : rank[n]; */
	/*@ assert behind: apart != 0 ==> rank[p] < behind <= rank[n] && behind <= last[p]; */
	/*@ ghost rank[s] = (rank[p] + behind) / 2.0; last[s] = behind; level[s] = level[p] + 1; up[s] = p; */
	/*@ assert inner: apart != 0 ==> rank[p] < rank[s] < last[s] && last[s] <= rank[n] && last[s] <= last[p]; */
	/*@ assert between: apart != 0 ==> (\forall integer t; live(t) ==>
	      (rank[t] < rank[s] && rank[t] <= rank[p]) || (rank[t] > rank[s] && rank[t] >= rank[n])); */
	/*@ assert outer: apart != 0 ==> (\forall integer t; live(t) && t != CAP_ROOT && rank[up[t]] < rank[s] < rank[t] ==>
	      rank[up[t]] <= rank[p]); */
	/*@ assert still: apart != 0 ==> list_parents && list_nested; */
	/*@ assert housed: apart != 0 ==> (p == CAP_ROOT || housed(p)) && (n == CAP_END || housed(n)) && housed(s); */
	/*@ ghost cap_no_header(s); cap_no_header(p); cap_no_header(n); */
	/*@ ghost succ[s] = n; prec[s] = p; succ[p] = s; prec[n] = s; */
	slots[s].parent = p;
	slots[s].depth = (u8)(slots[p].depth + 1);
	slots[s].prev = p;
	slots[s].next = n;
	slots[p].next = s;
	slots[n].prev = s;
	/*@ assert joined: apart != 0 ==> (\forall integer a, b; (live(a) || a == s) && (live(b) || b == s) && a != CAP_ROOT &&
	      rank[up[a]] < rank[b] < rank[a] ==> rank[up[a]] <= rank[up[b]]); */
	/*@ ghost linked[s] = 1; */
}

void cap_remove(u32 s)
{
	u32 p = slots[s].prev;
	u32 n = slots[s].next;

	/*@ ghost cap_none_below(s); */
	/*@ assert gap: apart != 0 ==> (\forall integer t; live(t) && rank[p] < rank[t] && t != s ==> rank[n] <= rank[t]); */
	/*@ assert housed: apart != 0 ==> (p == CAP_ROOT || housed(p)) && (n == CAP_END || housed(n)) && housed(s); */
	/*@ ghost cap_no_header(s); cap_no_header(p); cap_no_header(n); */
	/*@ ghost succ[p] = n; prec[n] = p; */
	slots[p].next = n;
	slots[n].prev = p;
	slots[s].type = CAP_EMPTY;
	/*@ ghost linked[s] = 0; owns[s] = 0; */
}

void cap_describe(u32 from, u32 to)
{
	slots[to].type = slots[from].type;
	slots[to].kind = slots[from].kind;
	slots[to].size_bits = slots[from].size_bits;
	slots[to].original = slots[from].original;
	slots[to].rights = slots[from].rights;
	slots[to].object = slots[from].object;
	slots[to].watermark = slots[from].watermark;
	slots[to].badge = slots[from].badge;
}

/*@ assigns \nothing;
    ensures page: \result <==> bits == 12 || bits == 21 || bits == 30; */
static inline bool cap_is_page_size(u32 bits)
{
	return bits == 12 || bits == 21 || bits == 30;
}

enum status cap_check_copy(u32 s)
{
	u8 type = slots[s].type;

	if (type == CAP_EMPTY)
		return STATUS_NO_CAP;
	if (type > CAP_THREAD || slots[s].depth >= CAP_MAX_DEPTH)
		return STATUS_REFUSED;
	if (type != CAP_UNTYPED)
		return STATUS_OK;
	if (!cap_is_page_size(slots[s].size_bits))
		return STATUS_REFUSED;
	if ((slots[s].rights & RIGHT_RETYPE) != 0 && (slots[s].kind == MEMORY_RAM || slots[s].watermark != 0))
		return STATUS_REFUSED;
	return STATUS_OK;
}

/* A copy of memory is a page: nothing is carved from it. */
/*@ requires slot_index(s);
    assigns slots[s].rights;
    ensures stripped: (slots[s].rights & RIGHT_RETYPE) == 0;
    ensures unscheduled: (slots[s].rights & RIGHT_SCHEDULE) == 0;
    ENSURES_FEWER(\true, s, s) */
static inline void cap_strip(u32 s)
{
	slots[s].rights &= (u8)~(RIGHT_RETYPE | RIGHT_SCHEDULE);
}

void cap_copy(u32 from, u32 to, u32 rights)
{
	/*@ assert carver: apart != 0 && slots[from].type == CAP_UNTYPED && (slots[from].rights & RIGHT_RETYPE) != 0 ==>
	      owner(from) && origin[from] == from && given[from] == begins[from] && lends[from] != 0; */
	/*@ assert free: apart != 0 ==> linked[to] == 0 && !owner(to); */
	/*@ ghost origin[to] = origin[from]; */
	cap_describe(from, to);
	slots[to].original = 0;
	slots[to].rights &= (u8)rights;
	if (slots[to].type == CAP_UNTYPED) {
		cap_strip(to);
		slots[to].watermark = 0;
		slots[to].badge = 0;
	}
	/*@ assert carver: slots[to].type == CAP_UNTYPED ==> (slots[to].rights & RIGHT_RETYPE) == 0; */
	/*@ assert unscheduled: slots[to].type == CAP_UNTYPED ==> (slots[to].rights & RIGHT_SCHEDULE) == 0; */
	/*@ assert memory: slots_memory && slots_ram; */
	/*@ assert lacks: FALLS(slots[to].rights, slots[from].rights); */
	/*@ assert fewer: fewer(slots[to].rights, slots[from].rights); */
	/*@ ghost may[to] = slots[to].rights; shares[to] = 1; */
	/*@ assert rights: apart != 0 ==> may[from] == slots[from].rights && may[to] == slots[to].rights; */
	/*@ assert fewer: apart != 0 ==> fewer(may[to], may[from]); */
	/*@ assert nested: NESTED; */
	/*@ assert named: apart != 0 ==> extends(origin[to], to); */
	/*@ assert lent: slots_lent && slots_mapped; */
	/*@ assert extents: slots_extents && slots_marked; */
	cap_insert(from, to);
	/*@ assert joined: apart != 0 ==> linked[to] == 1 && owns[to] == 0; */
}
