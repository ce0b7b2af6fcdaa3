/* console.c - shares one serial line among several components, one of which has the user's attention.
 *
 * The focused client writes as it likes. What the others write appears line by line: the console remembers what the
 * focused client has on its unfinished line (`tail`), clears it, shows the line, and puts the tail back. Nothing is
 * taken from a client before the serial line has room for it, so a client that floods waits and disturbs nobody. */
#include "component.h"
#include "console.h"
#include "ports.h"
#include "stream.h"

#define LINE_BYTES 256   /* a background line; longer ones are cut into several */
#define TAIL_BYTES 480   /* the focused client's unfinished line, escape sequences among them */
#define CHUNK_BYTES 128
#define KEY_FOCUS 0x1d   /* ctrl-] */
#define KEY_BACKSPACE 0x08
#define KEY_DELETE 0x7f
#define KEY_KILL_LINE 0x15
#define NOBODY CONSOLE_CLIENTS
/* The most that one step writes: clear the line, a background line with its end, and the tail; line feeds double. */
#define ROOM_NEEDED (8 + 2 * LINE_BYTES + TAIL_BYTES)

struct client {
	struct stream out;
	struct stream in;
	bool usable;
	bool takes_input;        /* has chosen a mode */
	bool raw;
	char line[LINE_BYTES];   /* what it wrote without a line feed so far, while in the background */
	size_t line_size;
	char typed[LINE_BYTES];  /* line mode: what the user typed so far */
	size_t typed_size;
};

static struct client clients[CONSOLE_CLIENTS];
static struct stream serial_out;
static struct stream serial_in;
static bool serial_usable;
static u32 focus = NOBODY;
static char tail[TAIL_BYTES];
static size_t tail_size;
static bool line_dirty; /* the cursor is not at the start of an empty line */
static char last;       /* last byte written */

static void write_bytes(const char *bytes, size_t size)
{
	stream_write(&serial_out, bytes, size);
}

/* Writes text of a client; a line feed becomes carriage return and line feed. */
static void write_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n' && last != '\r')
			write_bytes("\r", 1);
		write_bytes(&text[i], 1);
		last = text[i];
	}
}

static bool has_room(void)
{
	return stream_room(&serial_out) >= ROOM_NEEDED || stream_want_room(&serial_out, ROOM_NEEDED);
}

/* Output of the focused client (or the echo of its input). */
static void write_focused(const char *text, size_t size)
{
	write_text(text, size);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n' || text[i] == '\r') {
			tail_size = 0;
			line_dirty = text[i] == '\r' && line_dirty;
			continue;
		}
		line_dirty = true;
		if (tail_size == TAIL_BYTES)
			tail_size = 0; /* nobody types such a line; show what follows */
		tail[tail_size++] = text[i];
	}
}

static void write_background(const char *line, size_t size)
{
	if (line_dirty)
		write_bytes("\r\x1b[K", 4);
	write_text(line, size);
	write_text("\n", 1);
	write_bytes(tail, tail_size);
	if (tail_size > 0)
		last = tail[tail_size - 1];
	line_dirty = tail_size > 0;
}

/* Moves some output of one client to the serial line. False: nothing there, or no room. */
static bool drain_client(u32 index)
{
	struct client *client = &clients[index];
	char chunk[CHUNK_BYTES];
	size_t size;

	if (!client->usable || !has_room())
		return false;

	if (index == focus) {
		size = stream_read(&client->out, chunk, CHUNK_BYTES);
		write_focused(chunk, size);
	} else {
		size = stream_peek(&client->out, chunk, CHUNK_BYTES);
		size_t used = 0;
		bool complete = false;
		while (used < size && !complete) {
			char c = chunk[used++];
			if (c == '\n')
				complete = true;
			else if (c != '\r')
				client->line[client->line_size++] = c;
			complete = complete || client->line_size == LINE_BYTES;
		}
		stream_skip(&client->out, used);
		size = used;
		if (complete) {
			write_background(client->line, client->line_size);
			client->line_size = 0;
		}
	}
	if (size > 0 && stream_take_wish(&client->out))
		console_room(index);
	return size > 0;
}

static void drain(void)
{
	bool moved = true;
	bool any = false;

	while (moved) {
		moved = false;
		for (u32 i = 0; i < CONSOLE_CLIENTS; i++)
			moved = drain_client(i) || moved;
		any = any || moved;
	}
	if (any)
		serial_kick();
}

static void give_input(u32 index, const char *bytes, size_t size)
{
	/* What does not fit is lost, as on a terminal that nobody reads. */
	if (clients[index].usable) {
		stream_write(&clients[index].in, bytes, size);
		console_input(index);
	}
}

static void type_into_line(struct client *client, char c)
{
	if (c == '\r' || c == '\n') {
		write_focused("\n", 1);
		client->typed[client->typed_size++] = '\n';
		give_input(focus, client->typed, client->typed_size);
		client->typed_size = 0;
	} else if (c == KEY_BACKSPACE || c == KEY_DELETE) {
		if (client->typed_size > 0) {
			client->typed_size--;
			write_focused("\b \b", 3);
		}
	} else if (c == KEY_KILL_LINE) {
		for (; client->typed_size > 0; client->typed_size--)
			write_focused("\b \b", 3);
	} else if ((unsigned char)c >= ' ' && client->typed_size < LINE_BYTES - 1) {
		client->typed[client->typed_size++] = c;
		write_focused(&c, 1);
	}
}

static void move_focus(void)
{
	char text[96];
	u32 next = focus;

	for (u32 n = 0; n < CONSOLE_CLIENTS; n++) {
		next = next + 1 >= CONSOLE_CLIENTS ? 0 : next + 1;
		if (clients[next].takes_input)
			break;
	}
	if (next == focus || next >= CONSOLE_CLIENTS || !clients[next].takes_input)
		return;
	focus = next;
	tail_size = 0;
	format(text, sizeof text, "console: %s has the keyboard now (ctrl-] moves on)", console_clients[focus].name);
	write_background(text, strlen(text));
}

static void take_input(void)
{
	char bytes[CHUNK_BYTES];

	while (stream_waiting(&serial_in) > 0 && has_room()) {
		size_t size = stream_read(&serial_in, bytes, LINE_BYTES / 4 < CHUNK_BYTES ? LINE_BYTES / 4 : CHUNK_BYTES);
		size_t start = 0;

		for (size_t i = 0; i < size; i++) {
			bool switches = bytes[i] == KEY_FOCUS;
			bool raw = focus != NOBODY && clients[focus].raw;

			if (raw && !switches)
				continue;
			if (raw && i > start)
				give_input(focus, bytes + start, i - start);
			start = i + 1;
			if (switches)
				move_focus();
			else if (focus != NOBODY)
				type_into_line(&clients[focus], bytes[i]);
		}
		if (focus != NOBODY && size > start)
			give_input(focus, bytes + start, size - start);
	}
}

static void set_mode(u32 client, u64 mode)
{
	clients[client].takes_input = true;
	clients[client].raw = mode == CONSOLE_RAW;
	clients[client].typed_size = 0;
	if (focus == NOBODY)
		focus = client;
}

/* The mode is kept in the connection's memory as well: a restarted console finds it there. */
void console_on_mode(u32 client, u64 mode, struct console_mode_reply *reply)
{
	if (mode != CONSOLE_LINES && mode != CONSOLE_RAW) {
		reply->status = CONSOLE_ERROR_BAD_MODE;
		return;
	}
	if (clients[client].usable)
		clients[client].in.header->spare[0] = (u32)mode + 1;
	set_mode(client, mode);
	reply->status = STATUS_OK;
	take_input(); /* typed before anybody listened */
	drain();
}

void init(void)
{
	serial_usable = stream_open_out_writer(&serial_out, SERIAL_MEMORY, SERIAL_MEMORY_SIZE) &&
		stream_open_in_reader(&serial_in, SERIAL_MEMORY, SERIAL_MEMORY_SIZE);
	if (!serial_usable || serial_out.size / 2 < ROOM_NEEDED)
		panic("the connection to the serial driver needs 4 KiB of memory or more, a power of two");

	for (u32 i = 0; i < CONSOLE_CLIENTS; i++) {
		void *memory = (void *)console_clients[i].memory;
		size_t size = console_clients[i].memory_size;

		clients[i].usable = stream_open_out_reader(&clients[i].out, memory, size) &&
			stream_open_in_writer(&clients[i].in, memory, size);
		u32 kept = clients[i].usable ? clients[i].in.header->spare[0] : 0;
		if (kept == CONSOLE_LINES + 1 || kept == CONSOLE_RAW + 1)
			set_mode(i, kept - 1);
	}
	drain();
}

void notified(u64 bits)
{
	(void)bits;
	if (focus != NOBODY)
		take_input();
	drain();
}
