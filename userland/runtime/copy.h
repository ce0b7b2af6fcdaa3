/* copy.h - copying bulk data between memories, word by word and unrolled: what a read of a cached file mostly costs. */
#pragma once
#include "../../kernel/abi.h"

#define COPY_BARRIER() __asm__ volatile("" ::: "memory")

/* Eight words, from `at` on. */
static inline void copy_eight(u64 *to, const u64 *from, u64 at)
{
	u64 a = from[at], b = from[at + 1], c = from[at + 2], d = from[at + 3];
	u64 e = from[at + 4], f = from[at + 5], g = from[at + 6], h = from[at + 7];

	to[at] = a, to[at + 1] = b, to[at + 2] = c, to[at + 3] = d;
	to[at + 4] = e, to[at + 5] = f, to[at + 6] = g, to[at + 7] = h;
}

/* Both aligned to eight bytes. The barriers keep the compiler from making a call of memcpy out of the loop. */
static inline void copy_words(u64 *to, const u64 *from, u64 words)
{
	const u64 *end = from + (words & ~31ul);

	while (from != end) {
		copy_eight(to, from, 0);
		copy_eight(to, from, 8);
		copy_eight(to, from, 16);
		copy_eight(to, from, 24);
		COPY_BARRIER();
		to += 32, from += 32;
	}
	for (words &= 31; words != 0; words--) {
		*to++ = *from++;
		COPY_BARRIER();
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
