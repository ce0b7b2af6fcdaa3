/* text.c - print(): text lines of a component to its `log` port or, without one, to its `tty` port.
 *
 * Compiled again with each component: ports.h tells which of the two it has. */
#include "component.h"
#include "ports.h"
#include "stream.h"

#define LINE_BYTES 512

#if defined(LOG_MEMORY)
#define TEXT_MEMORY LOG_MEMORY
#define TEXT_MEMORY_SIZE LOG_MEMORY_SIZE
#define text_kick log_kick
#elif defined(TTY_MEMORY)
#define TEXT_MEMORY TTY_MEMORY
#define TEXT_MEMORY_SIZE TTY_MEMORY_SIZE
#define text_kick tty_kick
#endif

#ifdef TEXT_MEMORY
static struct stream stream;
static bool opened;
static u64 dropped;

static bool send_line(const char *text, size_t length)
{
	if (stream_room(&stream) < length)
		return false;
	stream_write(&stream, text, length);
	text_kick();
	return true;
}

void print(const char *pattern, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	size_t length;

	if (!opened && !stream_open_out_writer(&stream, TEXT_MEMORY, TEXT_MEMORY_SIZE))
		return;
	opened = true;

	if (dropped > 0) {
		length = format(line, sizeof line, "(%lu lines were lost here: the reader did not keep up)\n", dropped);
		if (!send_line(line, length)) {
			dropped++;
			return;
		}
		dropped = 0;
	}
	va_start(arguments, pattern);
	length = format_list(line, sizeof line, pattern, arguments);
	va_end(arguments);
	if (length >= sizeof line) {
		length = sizeof line - 1;
		line[length - 1] = '\n';
	}
	if (!send_line(line, length))
		dropped++;
}
#else
void print(const char *pattern, ...)
{
	(void)pattern;
}
#endif
