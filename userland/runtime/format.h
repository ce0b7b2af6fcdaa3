/* format.h - text formatting into a buffer, the part of printf that components need.
 *
 * %s %d %i %u %x %X %c %p %%, with -, 0, a width or *, .precision or .* (strings), and l, ll or z before a number. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

/* Writes at most size bytes, the terminating zero among them (nothing when size is 0), and returns the length that the
 * text has in full. */
size_t format(char *out, size_t size, const char *pattern, ...) __attribute__((format(printf, 3, 4)));
size_t format_list(char *out, size_t size, const char *pattern, va_list arguments);
