/* untyped.h - carving objects from untyped memory. */
#pragma once
#include "cnode.h"

/* What retype is asked for. */
struct carving {
	u32 type;      /* enum object_type */
	u32 size_bits;
	u32 count;
	u8 rights;     /* mask for what the objects start with */
	u8 bits;       /* found by retype: log2 bytes of an object */
};

#define CARVED_WITHIN(kinds, first, right)                                                           \
	ensures within: (kinds) && (\old(slots[u].rights) & right) == 0 ==>                                  \
	  (\forall integer k; first <= k < first + carving.count ==> (slots[k].rights & right) == 0);
#define ENSURES_CARVED_WITHIN(kinds, right) CARVED_WITHIN(\result == STATUS_OK && (kinds), to.slot, right)

/*@ // What a capability of this type names lies between two granules of physical memory. Of spaces and threads, whose index is
    // a quotient: it ends there, and begins less than its size before: exactly there, as memory is aligned (memory_aligned).
    predicate object_between(integer type, integer bits, integer object, integer from, integer end) =
      (type == CAP_UNTYPED ==> from <= object && object + (1 << (bits - 6)) <= end) &&
      (type == CAP_ENDPOINT || type == CAP_NOTIFICATION ==> from <= machine.base_granule + object < end) &&
      (type == CAP_TABLE ==> 2 * (from - machine.base_granule) <= object &&
        object + (1 << bits) <= 2 * (end - machine.base_granule)) &&
      (type == CAP_SPACE ==> from - machine.base_granule < SPACE_GRANULES * (object + 1) <= end - machine.base_granule) &&
      (type == CAP_THREAD ==> from - machine.base_granule < 8 * (object + 1) <= end - machine.base_granule); */

/* Carve objects from the untyped memory in slot u into the empty slots from `to` on, where the table has `room` slots.
 * AGAIN: memory was zeroed, the same call goes on. Nothing else changes unless the result is OK. */
/*@ requires ORDERED && kernel_valid && nameable(u) && (room: to.status == STATUS_OK ==> row_nameable(to.slot, room)) &&
      (row: apart != 0 && to.status == STATUS_OK && to.container == IN_TABLE ==> in_table_to(to.slot, to.slot + room));
    assigns slots[0 .. N_SLOTS - 1], words[0 .. N_WORDS - 1], threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1],
            ptes[0 .. N_PTES - 1], LIST, apart, NEW_HOME;
    ensures ORDERED && VALID && CAPABILITIES_KEPT &&
      (homes: apart != 0 ==> homes_kept{Pre, Post} && \old(apart) != 0) &&
      (unchanged: \result != STATUS_OK ==>
        (\forall integer k; slot_index(k) && k != u ==> slots[k] == \old(slots[k])) &&
        (\forall integer t; thread_index(t) ==> threads[t] == \old(threads[t])) &&
        (\forall integer q; queue_index(q) ==> queues[q] == \old(queues[q]))) &&
      (zeroed: \result != STATUS_OK ==> slots[u] == { \old(slots[u]) \with .badge = slots[u].badge }) &&
      (refused: \result != STATUS_OK && \result != STATUS_AGAIN && \result != STATUS_OCCUPIED ==>
        slots[u].badge == \old(slots[u].badge)) &&
      (onward: \result == STATUS_AGAIN && to.status == STATUS_OK ==> slots[u].badge > \old(slots[u].badge)) &&
      // Memory that is handed out, or not this capability's, is not zeroed.
      (foreign: \forall integer w; 0 <= w < N_WORDS && words[w] != \old(words[w]) ==>
        8 * (\old(slots[u].object) + \old(slots[u].watermark) - machine.base_granule) <= w <
          8 * (\old(slots[u].object) + (1 << (\old(slots[u].size_bits) - 6)) - machine.base_granule)) &&
      (carver: \result == STATUS_OK ==> \old(slots[u].type) == CAP_UNTYPED &&
        (\old(slots[u].rights) & RIGHT_RETYPE) != 0 && to.status == STATUS_OK && 0 < carving.count <= room) &&
      (grown: \result == STATUS_OK ==> \old(slots[u].watermark) < slots[u].watermark <= 1 << (slots[u].size_bits - 6)) &&
      (memory: \result == STATUS_OK ==>
        slots[u].object == \old(slots[u].object) && slots[u].size_bits == \old(slots[u].size_bits)) &&
      // I1: new objects lie between the old and the new watermark.
      (between: \result == STATUS_OK ==> (\forall integer k; to.slot <= k < to.slot + carving.count ==>
        object_between(slots[k].type, slots[k].size_bits, slots[k].object,
          \old(slots[u].object) + \old(slots[u].watermark), \old(slots[u].object) + slots[u].watermark))) &&
      (empty: \result == STATUS_OK ==>
        (\forall integer k; to.slot <= k < to.slot + carving.count ==> \old(slots[k].type) == CAP_EMPTY)) &&
      (made: \result == STATUS_OK ==> (\forall integer k; to.slot <= k < to.slot + carving.count ==>
        slots[k].type == (carving.type == OBJECT_PAGE ? CAP_UNTYPED : carving.type))) &&
      (others: \result == STATUS_OK ==> (\forall integer k; slot_index(k) && k != u &&
        !(to.slot <= k < to.slot + carving.count) ==> slot_same{Pre, Post}(k)));
    // I3 (part): what is carved has no right that the memory lacks, where its kind shares the right.
    ENSURES_CARVED_WITHIN(carving.type == OBJECT_UNTYPED || carving.type == OBJECT_PAGE, RIGHT_READ)
    ENSURES_CARVED_WITHIN(carving.type == OBJECT_UNTYPED || carving.type == OBJECT_PAGE, RIGHT_WRITE)
    ENSURES_CARVED_WITHIN(carving.type == OBJECT_UNTYPED || carving.type == OBJECT_PAGE, RIGHT_EXECUTE)
    ENSURES_CARVED_WITHIN(\true, RIGHT_SCHEDULE) */
enum status untyped_retype(u64 u, struct carving carving, struct place to, u32 room);
