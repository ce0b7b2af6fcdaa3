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

/* Carve objects from the untyped memory in slot u into the empty slots from `to` on, where the table has `room` slots.
 * AGAIN: memory was zeroed, the same call goes on. Nothing else changes unless the result is OK. */
/*@ requires kernel_valid && slot_index(u);
    requires room: to.status == STATUS_OK ==> to.slot + room <= N_SLOTS;
    requires carving.size_bits <= 63 && carving.type <= OBJECT_PAGE;
    assigns slots[0 .. N_SLOTS - 1], words[0 .. N_WORDS - 1], threads[0 .. N_THREADS - 1], queues[0 .. N_QUEUES - 1],
            ptes[0 .. N_PTES - 1];
    ENSURES_VALID
    ensures monotone: slots[u].type == CAP_UNTYPED ==> slots[u].watermark >= \old(slots[u].watermark); */
enum status untyped_retype(u64 u, struct carving carving, struct place to, u32 room);
