/* replay.c - reads lines of eight hexadecimal numbers (a7, a0 to a6), does that system call, and answers with a0 to a2.
 *
 * It knows nothing of what the calls mean; the model does. An operation that answers STATUS_AGAIN is repeated. */
#include "component.h"
#include "ports.h"
#include "stream.h"

static struct stream out;
static struct stream in;

static void say(const char *text, size_t size)
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

static char next_character(void)
{
	char c;

	while (stream_read(&in, &c, 1) == 0)
		(void)component_wait(BIT_TTY_INPUT);
	return c;
}

/* The next line's numbers; what is no digit separates them. */
static void read_line(u64 numbers[8])
{
	u32 count = 0;
	bool inside = false;

	for (u32 i = 0; i < 8; i++)
		numbers[i] = 0;
	for (;;) {
		char c = next_character();
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

		if (digit && count < 8)
			numbers[count] = numbers[count] << 4 | (u64)(c <= '9' ? c - '0' : c - 'a' + 10);
		if (inside && !digit)
			count++;
		inside = digit;
		if (c == '\n' || c == '\r')
			return;
	}
}

/* Any system call. It may clear the payload registers, so they count as changed. */
static struct result any_call(const u64 n[8])
{
	register u64 a0 __asm__("a0") = n[1];
	register u64 a1 __asm__("a1") = n[2];
	register u64 a2 __asm__("a2") = n[3];
	register u64 a3 __asm__("a3") = n[4];
	register u64 a4 __asm__("a4") = n[5];
	register u64 a5 __asm__("a5") = n[6];
	register u64 a6 __asm__("a6") = n[7];
	register u64 a7 __asm__("a7") = n[0];

	__asm__ volatile("ecall"
		: "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
		:
		: "s2", "s3", "s4", "s5", "s6", "s7", SYSCALL_CLOBBERS);
	return (struct result){ a0, a1, a2 };
}

static void say_number(u64 number, char end)
{
	char text[18];
	size_t at = sizeof text;

	text[--at] = end;
	do {
		text[--at] = "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number != 0);
	say(&text[at], sizeof text - at);
}

int main(void)
{
	u64 numbers[8];

	if (!stream_open_out_writer(&out, TTY_MEMORY, TTY_MEMORY_SIZE) || !stream_open_in_reader(&in, TTY_MEMORY, TTY_MEMORY_SIZE))
		panic("the connection to the serial line needs 1 KiB of memory or more, a power of two");
	say("replay: spare ", 14);
	say_number(SLOT_SPARE, ' ');
	say_number(SLOT_SPARES, ' ');
	say("pool ", 5);
	say_number(SLOT_POOL, ' ');
	say_number(POOL_SIZE_BITS, '\n');
	for (;;) {
		struct result r;

		read_line(numbers);
		do {
			r = any_call(numbers);
		} while (r.status == STATUS_AGAIN && numbers[0] == SYS_INVOKE);
		say("= ", 2);
		say_number(r.status, ' ');
		say_number(r.first, ' ');
		say_number(r.second, '\n');
	}
}
