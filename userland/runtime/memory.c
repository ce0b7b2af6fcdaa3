/* memory.c - memory and string helpers for components without a libc.
 *
 * Words at a time when both sides are aligned alike: a board may emulate a misaligned access in its firmware. The empty
 * asm in the byte loops keeps the compiler from turning them into calls of the function that they are. */
#include "memory.h"
#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) word;

#define KEEP_LOOP() __asm__ volatile("")

static inline int aligned_alike(const void *left, const void *right)
{
	return (((uintptr_t)left ^ (uintptr_t)right) & 7) == 0;
}

__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (size >= 16 && aligned_alike(t, f)) {
		while (((uintptr_t)t & 7) != 0) {
			*t++ = *f++;
			size--;
			KEEP_LOOP();
		}
		word *tw = (word *)(void *)t;
		const word *fw = (const word *)(const void *)f;
		while (size >= 128) {
			word a = fw[0], b = fw[1], c = fw[2], d = fw[3], e = fw[4], g = fw[5], h = fw[6], i = fw[7];
			tw[0] = a; tw[1] = b; tw[2] = c; tw[3] = d; tw[4] = e; tw[5] = g; tw[6] = h; tw[7] = i;
			a = fw[8]; b = fw[9]; c = fw[10]; d = fw[11]; e = fw[12]; g = fw[13]; h = fw[14]; i = fw[15];
			tw[8] = a; tw[9] = b; tw[10] = c; tw[11] = d; tw[12] = e; tw[13] = g; tw[14] = h; tw[15] = i;
			tw += 16;
			fw += 16;
			size -= 128;
			KEEP_LOOP();
		}
		while (size >= 8) {
			*tw++ = *fw++;
			size -= 8;
			KEEP_LOOP();
		}
		t = (unsigned char *)tw;
		f = (const unsigned char *)fw;
	}
	while (size > 0) {
		*t++ = *f++;
		size--;
		KEEP_LOOP();
	}
	return to;
}

__attribute__((used)) void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if ((uintptr_t)t - (uintptr_t)f >= size)
		return memcpy(to, from, size);

	t += size;
	f += size;
	if (size >= 16 && aligned_alike(t, f)) {
		while (((uintptr_t)t & 7) != 0) {
			*--t = *--f;
			size--;
			KEEP_LOOP();
		}
		while (size >= 8) {
			t -= 8;
			f -= 8;
			size -= 8;
			*(word *)(void *)t = *(const word *)(const void *)f;
			KEEP_LOOP();
		}
	}
	while (size > 0) {
		*--t = *--f;
		size--;
		KEEP_LOOP();
	}
	return to;
}

__attribute__((used)) void *memset(void *to, int value, size_t size)
{
	unsigned char *t = to;
	unsigned char byte = (unsigned char)value;

	if (size >= 16) {
		while (((uintptr_t)t & 7) != 0) {
			*t++ = byte;
			size--;
			KEEP_LOOP();
		}
		word pattern = byte * 0x0101010101010101ull;
		word *tw = (word *)(void *)t;
		while (size >= 64) {
			tw[0] = pattern; tw[1] = pattern; tw[2] = pattern; tw[3] = pattern;
			tw[4] = pattern; tw[5] = pattern; tw[6] = pattern; tw[7] = pattern;
			tw += 8;
			size -= 64;
			KEEP_LOOP();
		}
		while (size >= 8) {
			*tw++ = pattern;
			size -= 8;
			KEEP_LOOP();
		}
		t = (unsigned char *)tw;
	}
	while (size > 0) {
		*t++ = byte;
		size--;
		KEEP_LOOP();
	}
	return to;
}

__attribute__((used)) int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *l = left;
	const unsigned char *r = right;

	for (size_t i = 0; i < size; i++)
		if (l[i] != r[i])
			return l[i] < r[i] ? -1 : 1;
	return 0;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t n = 0;

	while (n < limit && text[n] != '\0') {
		n++;
		KEEP_LOOP();
	}
	return n;
}

size_t strlen(const char *text)
{
	return strnlen(text, SIZE_MAX);
}

int strncmp(const char *left, const char *right, size_t limit)
{
	for (size_t i = 0; i < limit; i++) {
		unsigned char l = (unsigned char)left[i];
		unsigned char r = (unsigned char)right[i];

		if (l != r)
			return l < r ? -1 : 1;
		if (l == '\0')
			return 0;
	}
	return 0;
}

int strcmp(const char *left, const char *right)
{
	return strncmp(left, right, SIZE_MAX);
}

char *strchr(const char *text, int character)
{
	for (;; text++) {
		if (*text == (char)character)
			return (char *)(uintptr_t)text;
		if (*text == '\0')
			return NULL;
	}
}
