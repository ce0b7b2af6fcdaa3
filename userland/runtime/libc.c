/* libc.c - what picolibc needs of a component; empty for components that do without a libc.
 *
 * printf writes lines with print(), malloc takes from the region that the specification calls `memory heap SIZE`, exit
 * ends the component. The variables of the library (errno among them) are shared by the component's threads. */
#ifdef COMPONENT_LIBC
#include "component.h"
#include "ports.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 256

static char line[LINE_BYTES];
static size_t line_size;

static int put_character(char c, FILE *file)
{
	(void)file;
	if (c == '\n' || line_size == LINE_BYTES) {
		print("%.*s\n", (int)line_size, line);
		line_size = 0;
	}
	if (c != '\n')
		line[line_size++] = c;
	return (unsigned char)c;
}

static FILE output = FDEV_SETUP_STREAM(put_character, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdout = &output;
FILE *const stderr = &output;
FILE *const stdin = NULL;

void *sbrk(ptrdiff_t change)
{
#ifdef HEAP_BASE
	static size_t used;

	if (change >= 0 ? (size_t)change <= HEAP_SIZE - used : (size_t)-change <= used) {
		void *start = (char *)HEAP_BASE + used;

		used += (size_t)change;
		return start;
	}
#else
	(void)change; /* give the component `memory heap SIZE` in its specification */
#endif
	errno = ENOMEM;
	return (void *)-1;
}

_Noreturn void _exit(int code)
{
	if (line_size > 0)
		print("%.*s\n", (int)line_size, line);
	component_exit(code);
}
#endif
