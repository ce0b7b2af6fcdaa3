/* libc_user.c - a component that wants a libc: printf, malloc, qsort, strtol and errno of picolibc. */
#include "component.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 100

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

int main(void)
{
	int *numbers = malloc(COUNT * sizeof *numbers);
	char text[32];

	if (numbers == NULL) {
		printf("libc_user: no memory\n");
		return 1;
	}
	for (int i = 0; i < COUNT; i++)
		numbers[i] = i * 37 % COUNT;
	qsort(numbers, COUNT, sizeof *numbers, compare);
	snprintf(text, sizeof text, "%d to %d", numbers[0], numbers[COUNT - 1]);
	printf("libc_user: sorted %s, %ld\n", text, strtol("0x2a", NULL, 16));
	errno = 0;
	if (malloc(1ul << 40) == NULL)
		printf("libc_user: too much: %s\n", errno == ENOMEM ? "ENOMEM" : "?");
	free(numbers);
	exit(7);
}
