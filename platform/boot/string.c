/* string - the few C library functions that libfdt and the compiler call in the boot stage. */
#include "libfdt_env.h"

void *memchr(const void *area, int byte, size_t size)
{
	const unsigned char *bytes = area;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] == (unsigned char)byte)
			return (void *)(bytes + i);
	return NULL;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *a = left, *b = right;

	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	return memmove(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *target = to;
	const unsigned char *source = from;

	if (target < source)
		for (size_t i = 0; i < size; i++)
			target[i] = source[i];
	else
		for (size_t i = size; i > 0; i--)
			target[i - 1] = source[i - 1];
	return to;
}

void *memset(void *area, int byte, size_t size)
{
	unsigned char *bytes = area;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)byte;
	return area;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length] != '\0')
		length++;
	return length;
}

char *strrchr(const char *text, int letter)
{
	const char *found = NULL;

	do {
		if (*text == (char)letter)
			found = text;
	} while (*text++ != '\0');
	return (char *)found;
}
