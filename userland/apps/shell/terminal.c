/* terminal.c - the shell's terminal: text out and keys in through the console's two byte streams. */
#include "shell.h"
#include "console.h"
#include "ports.h"
#include "stream.h"

#define KEY_INTERRUPT 0x03
#define AHEAD_BYTES 256

static struct stream out;
static struct stream in;
static char ahead[AHEAD_BYTES]; /* keys that came while a command ran */
static size_t ahead_at;
static size_t ahead_size;

void terminal_start(void)
{
	if (!stream_open_out_writer(&out, TTY_MEMORY, TTY_MEMORY_SIZE) ||
		!stream_open_in_reader(&in, TTY_MEMORY, TTY_MEMORY_SIZE))
		panic("the connection to the console needs 1 KiB of memory or more, a power of two");
	while (tty_mode(CONSOLE_RAW).status != STATUS_OK)
		sys_yield(); /* the console is being restarted */
}

void terminal_write(const char *text, size_t size)
{
	while (size > 0) {
		size_t written = stream_write(&out, text, size);

		text += written;
		size -= written;
		tty_kick();
		if (size > 0 && !stream_want_room(&out, 1))
			(void)component_wait(BIT_TTY_ROOM);
	}
}

void say(const char *pattern, ...)
{
	char text[LINE_BYTES + PATH_BYTES];
	va_list arguments;
	size_t length;

	va_start(arguments, pattern);
	length = format_list(text, sizeof text, pattern, arguments);
	va_end(arguments);
	terminal_write(text, length < sizeof text ? length : sizeof text - 1);
}

char terminal_key(void)
{
	char key;

	if (ahead_at < ahead_size)
		return ahead[ahead_at++];
	while (stream_read(&in, &key, 1) == 0)
		(void)component_wait(BIT_TTY_INPUT);
	return key;
}

bool terminal_interrupted(void)
{
	char key;

	if (ahead_at == ahead_size)
		ahead_at = ahead_size = 0;
	while (ahead_size < AHEAD_BYTES && stream_read(&in, &key, 1) == 1) {
		if (key == KEY_INTERRUPT) {
			ahead_at = ahead_size = 0;
			return true;
		}
		ahead[ahead_size++] = key;
	}
	return false;
}
