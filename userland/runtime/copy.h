/* copy.h - copying bulk data between memories, word by word and unrolled: what a read of a cached file mostly costs. */
#pragma once
#include "../../kernel/abi.h"

#define COPY_BARRIER() __asm__ volatile("" ::: "memory")

/* Both aligned to eight bytes. The barriers keep the compiler from making a call of memcpy out of the loop. */
static inline void copy_words(u64 *to, const u64 *from, u64 words)
{
	while (words >= 16) {
		u64 a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], f = from[5], g = from[6], h = from[7];
		to[0] = a, to[1] = b, to[2] = c, to[3] = d, to[4] = e, to[5] = f, to[6] = g, to[7] = h;
		a = from[8], b = from[9], c = from[10], d = from[11], e = from[12], f = from[13], g = from[14], h = from[15];
		to[8] = a, to[9] = b, to[10] = c, to[11] = d, to[12] = e, to[13] = f, to[14] = g, to[15] = h;
		COPY_BARRIER();
		to += 16, from += 16, words -= 16;
	}
	while (words != 0) {
		*to++ = *from++;
		COPY_BARRIER();
		words--;
	}
}

/* Any alignment of either; the two do not overlap. */
static inline void copy_bytes(void *destination, const void *source, u64 size)
{
	unsigned char *to = destination;
	const unsigned char *from = source;

	while (size != 0 && ((u64)to & 7) != 0) {
		*to++ = *from++;
		COPY_BARRIER();
		size--;
	}
	u64 words = size / 8;
	if (((u64)from & 7) == 0) {
		copy_words((u64 *)(void *)to, (const u64 *)(const void *)from, words);
		to += words * 8;
		from += words * 8;
		size &= 7;
	} else {
		while (size >= 8) {
			u64 word = 0;
			for (u32 i = 0; i < 8; i++)
				word |= (u64)from[i] << (8 * i);
			*(u64 *)(void *)to = word;
			COPY_BARRIER();
			to += 8, from += 8, size -= 8;
		}
	}
	while (size != 0) {
		*to++ = *from++;
		COPY_BARRIER();
		size--;
	}
}

static inline void zero_bytes(void *destination, u64 size)
{
	unsigned char *to = destination;

	while (size != 0 && ((u64)to & 7) != 0) {
		*to++ = 0;
		COPY_BARRIER();
		size--;
	}
	while (size >= 64) {
		u64 *words = (u64 *)(void *)to;
		words[0] = 0, words[1] = 0, words[2] = 0, words[3] = 0, words[4] = 0, words[5] = 0, words[6] = 0, words[7] = 0;
		COPY_BARRIER();
		to += 64, size -= 64;
	}
	while (size != 0) {
		*to++ = 0;
		COPY_BARRIER();
		size--;
	}
}
