/* log.c - collects the text lines of all components and the faults that nobody handles, shows them and keeps the last.
 *
 * Kept text is a ring of bytes that is named by absolute positions (bytes since the start), always whole lines. The
 * terminal is one reader of it, each log_reader client another: nobody waits for anybody. */
#include "component.h"
#include "manifest_view.h"
#include "ports.h"
#include "stream.h"

#define KEPT_BYTES 65536u
#define LINE_BYTES 256

struct client {
	struct stream out;
	bool usable;
	char line[LINE_BYTES];
	size_t size;
};

static char kept[KEPT_BYTES];
static u64 kept_start; /* position of the oldest line that is kept */
static u64 kept_end;
static u64 shown;      /* position up to which the terminal has it */
static struct client clients[LOG_CLIENTS];
static struct stream terminal;
static bool terminal_usable;

static char kept_at(u64 position)
{
	return kept[position % KEPT_BYTES];
}

static void drop_oldest_line(void)
{
	while (kept_start < kept_end && kept_at(kept_start++) != '\n')
		;
}

static void keep(const char *text, size_t size)
{
	while (kept_end + size - kept_start > KEPT_BYTES)
		drop_oldest_line();
	for (size_t i = 0; i < size; i++)
		kept[(kept_end + i) % KEPT_BYTES] = text[i];
	kept_end += size;
}

static void add_line(const char *name, const char *text, size_t size)
{
	char line[LINE_BYTES + 64];
	u64 milliseconds = clock_ticks() / (TIMEBASE / 1000);
	size_t known = strlen(name);

	/* Programs that also run without a log name themselves: once is enough. */
	if (size > known + 2 && strncmp(text, name, known) == 0 && text[known] == ':' && text[known + 1] == ' ') {
		text += known + 2;
		size -= known + 2;
	}

	size_t length = format(line, sizeof line, "[%4lu.%03lu] %s: %.*s\n", milliseconds / 1000, milliseconds % 1000, name,
		(int)size, text);

	keep(line, length < sizeof line ? length : sizeof line - 1);
}

static bool usable_character(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f;
}

/* Takes what a client has written. At most one stream's worth a turn, so that none keeps the others waiting. */
static void take_from(u32 index)
{
	struct client *client = &clients[index];
	char bytes[128];
	size_t budget = client->usable ? client->out.size : 0;

	while (budget > 0) {
		size_t size = stream_read(&client->out, bytes, sizeof bytes < budget ? sizeof bytes : budget);

		if (size == 0)
			return;
		budget -= size;
		for (size_t i = 0; i < size; i++) {
			if (bytes[i] != '\n' && usable_character(bytes[i]))
				client->line[client->size++] = bytes[i];
			if (bytes[i] == '\n' || client->size == LINE_BYTES) {
				add_line(log_clients[index].name, client->line, client->size);
				client->size = 0;
			}
		}
	}
}

static void show(void)
{
	bool any = false;

	if (!terminal_usable)
		return;
	if (shown < kept_start)
		shown = kept_start;
	while (shown < kept_end) {
		char line[LINE_BYTES + 64];
		size_t size = 0;

		while (size < sizeof line && shown + size < kept_end) {
			line[size] = kept_at(shown + size);
			size++;
			if (line[size - 1] == '\n')
				break;
		}
		if (stream_room(&terminal) < size && !stream_want_room(&terminal, size))
			break;
		stream_write(&terminal, line, size);
		shown += size;
		any = true;
	}
	if (any)
		tty_kick();
}

void log_reader_on_read(u32 client, u64 line, struct log_reader_read_reply *reply)
{
	char *memory = (char *)log_reader_clients[client].memory;
	u64 size = log_reader_clients[client].memory_size;
	u64 from = line < kept_start ? kept_start : line;
	u64 bytes = 0;
	u64 whole = 0;

	while (from + bytes < kept_end && bytes < size) {
		memory[bytes] = kept_at(from + bytes);
		bytes++;
		if (kept_at(from + bytes - 1) == '\n')
			whole = bytes;
	}
	reply->status = STATUS_OK;
	reply->bytes = whole;
	reply->next = from + whole;
}

#ifdef FAULT_RING
static u64 faults_seen;

static const char *cause_text(u64 cause)
{
	switch (cause) {
	case 0: return "jump to an odd address";
	case 1: case 12: return "no right to execute";
	case 2: return "illegal or privileged instruction";
	case 3: return "ended itself";
	case 4: case 6: return "misaligned access";
	case 5: case 13: return "no right to read";
	case 7: case 15: return "no right to write";
	default: return "an unknown cause";
	}
}

/* The component that a thread number belongs to, where the log may read the manifest. */
static const char *thread_name(u64 number)
{
#ifdef MANIFEST_BASE
	const struct manifest_header *header = manifest_at(MANIFEST_BASE);

	if (header != NULL) {
		const struct manifest_component *components = manifest_part(MANIFEST_BASE, header->components_offset);
		const u64 *threads = manifest_part(MANIFEST_BASE, header->threads_offset);

		for (u32 i = 0; i < header->components; i++)
			for (u32 t = 0; t < components[i].threads; t++)
				if (threads[components[i].first_thread + t] == number)
					return manifest_text(MANIFEST_BASE, components[i].name);
	}
#endif
	(void)number;
	return "thread";
}

/* Faults of threads without a handler. The ring is written by the kernel, the sequence last: a record that changes
 * while it is read has been overwritten by a later one. */
static void take_faults(void)
{
	const struct fault_ring *ring = FAULT_RING;
	u64 count = __atomic_load_n(&ring->count, __ATOMIC_ACQUIRE);
	char text[LINE_BYTES];

	if (count > faults_seen + FAULT_RECORDS) {
		size_t length = format(text, sizeof text, "%lu faults were overwritten before they could be read",
			count - faults_seen - FAULT_RECORDS);
		add_line("kernel", text, length);
		faults_seen = count - FAULT_RECORDS;
	}
	for (; faults_seen < count; faults_seen++) {
		struct fault_record r = ring->records[faults_seen % FAULT_RECORDS];
		const char *name = thread_name(r.thread);
		size_t length = format(text, sizeof text,
			"%s (thread 0x%lx) stopped: %s at 0x%lx, in %s+0x%lx; nobody handles its faults, it stays stopped", name,
			r.thread, cause_text(r.cause), r.address, name, r.pc);

		if (r.sequence == faults_seen + 1)
			add_line("kernel", text, length);
	}
}
#else
static void take_faults(void)
{
}
#endif

static void take_all(void)
{
	for (u32 i = 0; i < LOG_CLIENTS; i++)
		take_from(i);
	take_faults();
	show();
}

void init(void)
{
	terminal_usable = stream_open_out_writer(&terminal, TTY_MEMORY, TTY_MEMORY_SIZE);
	for (u32 i = 0; i < LOG_CLIENTS; i++)
		clients[i].usable = stream_open_out_reader(&clients[i].out, (void *)log_clients[i].memory,
			log_clients[i].memory_size);
	take_all();
}

void notified(u64 bits)
{
	(void)bits;
	take_all();
}
