/* checksum - of the system in an image: the specification compiler writes it, the boot stage compares it. */
#pragma once

#include "abi.h"

/* FNV-1a over the 64-bit words of the system, upper half folded into the lower after each; the field `checksum` of
 * the header, which is the upper half of word 1, counts as zero. Each step is a bijection of the state, so one changed
 * word always changes the state. `size` is a multiple of 8. */
static inline u32 checksum_of_system(const u64 *words, u64 size)
{
	u64 hash = 0xcbf29ce484222325ul;

	for (u64 i = 0; i < size / 8; i++) {
		hash = (hash ^ (i == 1 ? words[i] & 0xfffffffful : words[i])) * 0x100000001b3ul;
		hash ^= hash >> 32;
	}
	return (u32)hash;
}
