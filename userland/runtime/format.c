/* format.c - text formatting into a buffer, without a libc and without memory of its own. */
#include "format.h"
#include "memory.h"
#include <stdbool.h>
#include <stdint.h>

struct sink {
	char *out;
	size_t size;
	size_t length;
};

struct field {
	bool left;
	bool zeros;
	size_t width;
	size_t precision; /* SIZE_MAX: none given */
	bool is_long;
};

static void put(struct sink *sink, char c)
{
	if (sink->length + 1 < sink->size)
		sink->out[sink->length] = c;
	sink->length++;
}

static void put_repeated(struct sink *sink, char c, size_t count)
{
	while (count-- > 0)
		put(sink, c);
}

static void put_text(struct sink *sink, const struct field *field, const char *text)
{
	size_t length;

	if (text == NULL)
		text = "(none)";
	length = strnlen(text, field->precision);

	size_t padding = field->width > length ? field->width - length : 0;
	if (!field->left)
		put_repeated(sink, ' ', padding);
	for (size_t i = 0; i < length; i++)
		put(sink, text[i]);
	if (field->left)
		put_repeated(sink, ' ', padding);
}

static void put_number(struct sink *sink, const struct field *field, uint64_t value, unsigned base, char sign,
	const char *digits)
{
	char text[20]; /* 2^64 has twenty decimal digits */
	size_t length = 0;

	do {
		text[length++] = digits[value % base];
		value /= base;
	} while (value > 0);

	size_t shown = length + (sign != '\0');
	size_t padding = field->width > shown ? field->width - shown : 0;
	if (!field->left && !field->zeros)
		put_repeated(sink, ' ', padding);
	if (sign != '\0')
		put(sink, sign);
	if (!field->left && field->zeros)
		put_repeated(sink, '0', padding);
	while (length > 0)
		put(sink, text[--length]);
	if (field->left)
		put_repeated(sink, ' ', padding);
}

static size_t read_number(const char **pattern)
{
	size_t value = 0;

	while (**pattern >= '0' && **pattern <= '9' && value < 4096)
		value = value * 10 + (size_t)(*(*pattern)++ - '0');
	return value;
}

static void put_signed(struct sink *sink, const struct field *field, int64_t value)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	put_number(sink, field, magnitude, 10, value < 0 ? '-' : '\0', "0123456789");
}

size_t format_list(char *out, size_t size, const char *pattern, va_list arguments)
{
	struct sink sink = {out, size, 0};

	while (*pattern != '\0') {
		struct field field = {false, false, 0, SIZE_MAX, false};

		if (*pattern != '%') {
			put(&sink, *pattern++);
			continue;
		}
		pattern++;
		for (; *pattern == '-' || *pattern == '0'; pattern++) {
			field.left = field.left || *pattern == '-';
			field.zeros = field.zeros || *pattern == '0';
		}
		if (*pattern == '*') {
			int width = va_arg(arguments, int);
			field.left = field.left || width < 0;
			field.width = (size_t)(width < 0 ? -(long)width : width);
			pattern++;
		} else {
			field.width = read_number(&pattern);
		}
		if (*pattern == '.') {
			pattern++;
			if (*pattern == '*') {
				int precision = va_arg(arguments, int);
				field.precision = precision < 0 ? SIZE_MAX : (size_t)precision;
				pattern++;
			} else {
				field.precision = read_number(&pattern);
			}
		}
		for (; *pattern == 'l' || *pattern == 'z'; pattern++)
			field.is_long = true;

		switch (*pattern) {
		case 's':
			put_text(&sink, &field, va_arg(arguments, const char *));
			break;
		case 'c':
			put(&sink, (char)va_arg(arguments, int));
			break;
		case 'd':
		case 'i':
			put_signed(&sink, &field, field.is_long ? va_arg(arguments, long) : va_arg(arguments, int));
			break;
		case 'u':
			put_number(&sink, &field,
				field.is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned), 10, '\0',
				"0123456789");
			break;
		case 'x':
		case 'X':
			put_number(&sink, &field,
				field.is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned), 16, '\0',
				*pattern == 'x' ? "0123456789abcdef" : "0123456789ABCDEF");
			break;
		case 'p':
			put(&sink, '0');
			put(&sink, 'x');
			put_number(&sink, &field, (uintptr_t)va_arg(arguments, void *), 16, '\0', "0123456789abcdef");
			break;
		case '\0':
			pattern--; /* a lone % at the end */
			/* fall through */
		default:
			put(&sink, '%');
			break;
		case '%':
			put(&sink, '%');
			break;
		}
		pattern++;
	}
	if (size > 0)
		out[sink.length < size ? sink.length : size - 1] = '\0';
	return sink.length;
}

size_t format(char *out, size_t size, const char *pattern, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, pattern);
	length = format_list(out, size, pattern, arguments);
	va_end(arguments);
	return length;
}
