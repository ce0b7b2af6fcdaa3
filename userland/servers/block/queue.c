/* queue.c - takes clients' requests apart into pieces, sends these to the disk in turn, and puts the answers together.
 *
 * A piece goes through a buffer of its own in the memory shared with the driver, so neither the driver nor the device
 * ever sees a client's memory. Each client has at most its share of the buffers under way, and clients take turns
 * piece by piece. When the driver starts anew, unfinished requests are sent again: reading or writing a sector twice
 * does no harm. A request during which the driver died three times is answered with BLOCK_RESTARTED. */
#include "queue.h"
#include "../../runtime/copy.h"
#include <stddef.h>

#define PIECE_SECTORS BLOCK_DRIVER_SECTORS
#define PIECE_BYTES (PIECE_SECTORS * BLOCK_SECTOR)
#define ATTEMPTS 3u
#define NOBODY 0xffffffffu
#define SCAN_ID (~0ul)
#define SCAN_SECTORS 128u

struct job { /* one request of a client */
	bool used;
	u32 operation, count;
	u64 sector, data, id;
	u32 issued;        /* sectors that are on their way or done */
	u32 outstanding;   /* pieces on their way */
	u32 status;
	u32 attempts;
};

struct client {
	struct ring_server ring;
	u8 *memory;
	u64 size;
	u64 start, sectors;     /* partition; no sectors: none */
	struct job jobs[BLOCK_RING_SLOTS];
	u32 waiting[BLOCK_RING_SLOTS];    /* jobs that are not wholly issued, first come first served */
	u32 waiting_from, waiting_count;
	u32 used;               /* jobs */
	u32 flying;             /* pieces */
	bool answered;
};

struct flight { /* one piece on its way: it has the buffer of the same number */
	u32 client;        /* NOBODY: free, or its client has gone */
	bool used;
	u32 job;
	u32 offset, count; /* sectors, in the job */
};

static struct {
	struct ring_client ring;
	u8 *memory;
	u64 size;
	enum queue_state state;
	u64 sectors;
	u32 flags;
	u32 flights;
	struct flight flight[BLOCK_RING_SLOTS];
	u32 free[BLOCK_RING_SLOTS];
	u32 free_count;
	bool asked;             /* something was put into the ring */
	u64 answers;
	u64 hint;
	/* reading the partition table */
	enum table_kind kind;
	struct partition_table table;
	struct gpt_header gpt;
	u64 scan_sector;
	u32 scan_count, scan_done; /* sectors wanted, and read into scan_bytes */
	bool scan_backup, scan_entries;
	const char *complaint;
} disk;

static struct client clients[QUEUE_CLIENTS];
static u32 client_count, turn;
static u8 scan_bytes[SCAN_SECTORS * BLOCK_SECTOR];

void queue_init(void *memory, u64 size, u64 hint)
{
	block_attach_client(&disk.ring, memory);
	disk.memory = memory;
	disk.size = size;
	u64 flights = (size - BLOCK_DATA_OFFSET) / PIECE_BYTES;
	disk.flights = flights > BLOCK_RING_SLOTS - 1 ? BLOCK_RING_SLOTS - 1 : (u32)flights;
	disk.state = QUEUE_CLOSED;
	disk.hint = hint;
	client_count = 0;
}

void queue_add_client(void *memory, u64 size)
{
	struct client *client = &clients[client_count++];

	*client = (struct client){ .memory = memory, .size = size };
	block_attach_server(&client->ring, memory);
	ring_server_start(&client->ring, disk.hint);
}

/* ---- Answers ---- */

static void respond(struct client *client, const struct block_response *response)
{
	if (!ring_put(&client->ring.responses, response)) {
		ring_server_end(&client->ring); /* it does not take its answers: it breaks the rules */
		return;
	}
	client->answered = true;
}

static void finish(struct client *client, struct job *job, u32 status, u64 done)
{
	struct block_response response = { .status = status, .sectors = done, .id = job->id };

	if (job->operation == BLOCK_INFO && status == BLOCK_OK) {
		response.sectors = client->sectors;
		response.start = client->start;
		response.flags = disk.flags | (disk.kind == TABLE_NONE ? BLOCK_FLAG_WHOLE : 0);
	}
	job->used = false;
	client->used--;
	respond(client, &response);
}

/* A client's session has ended or begun: nothing of the past may reach it. Its buffers come back with the pieces. */
static void forget_client(u32 number)
{
	struct client *client = &clients[number];

	for (u32 i = 0; i < BLOCK_RING_SLOTS; i++)
		client->jobs[i].used = false;
	client->used = client->waiting_count = client->waiting_from = client->flying = 0;
	for (u32 i = 0; i < disk.flights; i++) {
		if (disk.flight[i].client == number)
			disk.flight[i].client = NOBODY;
	}
}

/* ---- Requests ---- */

static u32 check_request(const struct client *client, const struct job *job)
{
	if (job->operation == BLOCK_INFO || job->operation == BLOCK_FLUSH)
		return BLOCK_OK;
	if ((job->operation != BLOCK_READ && job->operation != BLOCK_WRITE) || job->count == 0 ||
			job->count > BLOCK_MAX_SECTORS || job->data % 8 != 0 || job->data < BLOCK_DATA_OFFSET ||
			job->data > client->size || (u64)job->count * BLOCK_SECTOR > client->size - job->data)
		return BLOCK_BAD_REQUEST;
	return BLOCK_OK;
}

/* What can only be said once the disk is known. */
static u32 check_sectors(const struct client *client, const struct job *job)
{
	if (disk.state == QUEUE_STALLED)
		return BLOCK_TIMEOUT;
	if (disk.state == QUEUE_ABSENT || client->sectors == 0)
		return BLOCK_NO_DISK;
	if (job->operation == BLOCK_INFO || job->operation == BLOCK_FLUSH)
		return BLOCK_OK;
	if (job->sector >= client->sectors || job->count > client->sectors - job->sector)
		return BLOCK_OUT_OF_RANGE;
	if (job->operation == BLOCK_WRITE && (disk.flags & BLOCK_FLAG_READ_ONLY) != 0)
		return BLOCK_READ_ONLY;
	return BLOCK_OK;
}

static void push_waiting(struct client *client, u32 job)
{
	client->waiting[(client->waiting_from + client->waiting_count++) % BLOCK_RING_SLOTS] = job;
}

static void take_requests(struct client *client)
{
	struct block_request request;
	u32 place = 0;

	while (client->used < BLOCK_RING_SLOTS && ring_take(&client->ring.requests, &request)) {
		while (client->jobs[place].used)
			place++;
		struct job *job = &client->jobs[place];
		*job = (struct job){ .used = true, .operation = request.operation, .count = request.count,
			.sector = request.sector, .data = request.data, .id = request.id };
		client->used++;
		u32 status = check_request(client, job);
		if (status != BLOCK_OK)
			finish(client, job, status, 0);
		else
			push_waiting(client, place);
	}
	(void)ring_release(&client->ring.requests);
	if (client->ring.requests.broken)
		ring_server_end(&client->ring);
}

/* ---- Pieces ---- */

static u8 *buffer_of(u32 flight)
{
	return disk.memory + BLOCK_DATA_OFFSET + (u64)flight * PIECE_BYTES;
}

static void send(u32 operation, u64 sector, u32 count, u32 buffer, u64 id)
{
	struct block_request request = { .operation = operation, .count = count, .sector = sector,
		.data = BLOCK_DATA_OFFSET + (u64)buffer * PIECE_BYTES, .id = id };

	(void)ring_put(&disk.ring.requests, &request); /* fits: fewer flights than slots */
	disk.asked = true;
}

/* Send the next piece of the client's first waiting job; false: nothing to do. */
static bool issue_one(u32 number, u32 share)
{
	struct client *client = &clients[number];

	if (client->waiting_count == 0 || client->flying >= share)
		return false;
	u32 place = client->waiting[client->waiting_from];
	struct job *job = &client->jobs[place];
	u32 status = check_sectors(client, job);
	bool immediate = status != BLOCK_OK || job->operation == BLOCK_INFO ||
		(job->operation == BLOCK_FLUSH && (disk.flags & BLOCK_FLAG_FLUSH) == 0);
	u32 left = job->count - job->issued, count = left < PIECE_SECTORS ? left : PIECE_SECTORS;

	if (job->status != BLOCK_OK || job->operation == BLOCK_FLUSH)
		count = left; /* in one: the rest of a failed job is not done */
	if (immediate || count == left) {
		client->waiting_from = (client->waiting_from + 1) % BLOCK_RING_SLOTS;
		client->waiting_count--;
	}
	if (immediate || job->status != BLOCK_OK) {
		if (job->status == BLOCK_OK)
			job->status = status;
		job->issued = job->count;
		if (job->outstanding == 0)
			finish(client, job, job->status, 0);
		return true;
	}

	u32 flight = disk.free[--disk.free_count];
	disk.flight[flight] = (struct flight){ .client = number, .used = true, .job = place, .offset = job->issued,
		.count = count };
	if (job->operation == BLOCK_WRITE) {
		copy_words((u64 *)(void *)buffer_of(flight),
			(const u64 *)(const void *)(client->memory + job->data + (u64)job->issued * BLOCK_SECTOR),
			(u64)count * BLOCK_SECTOR / 8);
	}
	send(job->operation, client->start + job->sector + job->issued, count, flight, flight);
	job->issued += count;
	job->outstanding++;
	client->flying++;
	return true;
}

/* Clients take turns, a piece each. */
static void issue(void)
{
	u32 active = 0, idle = 0;

	if (disk.state != QUEUE_READY && disk.state != QUEUE_ABSENT && disk.state != QUEUE_STALLED)
		return;
	for (u32 i = 0; i < client_count; i++)
		active += clients[i].used != 0;
	u32 share = active > 1 ? disk.flights / active : disk.flights;
	share += share == 0; /* more clients than buffers: they take turns */
	while (idle < client_count && (disk.free_count != 0 || disk.state == QUEUE_STALLED)) {
		idle = issue_one(turn, share) ? 0 : idle + 1;
		turn = turn + 1 < client_count ? turn + 1 : 0;
	}
}

static void land(u32 number, const struct block_response *response)
{
	struct flight *flight = &disk.flight[number];
	struct client *client = flight->client < client_count ? &clients[flight->client] : NULL;

	flight->used = false;
	disk.free[disk.free_count++] = number;
	if (client == NULL)
		return;
	struct job *job = &client->jobs[flight->job];
	flight->client = NOBODY;
	client->flying--;
	job->outstanding--;
	if (response->status != BLOCK_OK && job->status == BLOCK_OK)
		job->status = response->status <= BLOCK_READ_ONLY ? response->status : BLOCK_IO_ERROR;
	if (response->status == BLOCK_OK && job->operation == BLOCK_READ) {
		copy_words((u64 *)(void *)(client->memory + job->data + (u64)flight->offset * BLOCK_SECTOR),
			(const u64 *)(const void *)buffer_of(number), (u64)flight->count * BLOCK_SECTOR / 8);
	}
	if (job->outstanding == 0 && job->issued == job->count)
		finish(client, job, job->status, job->status == BLOCK_OK ? job->count : 0);
}

/* ---- The disk: session, size, partition table ---- */

/* Everything that was under way has to be sent again, or given up. */
static void requeue_all(void)
{
	disk.free_count = 0;
	for (u32 i = 0; i < disk.flights; i++) {
		disk.flight[i] = (struct flight){ .client = NOBODY };
		disk.free[disk.free_count++] = i;
	}
	for (u32 n = 0; n < client_count; n++) {
		struct client *client = &clients[n];
		client->waiting_from = client->waiting_count = client->flying = 0;
		for (u32 i = 0; i < BLOCK_RING_SLOTS; i++) {
			struct job *job = &client->jobs[i];
			if (!job->used)
				continue;
			if (job->issued + job->outstanding != 0 && ++job->attempts == ATTEMPTS) {
				finish(client, job, BLOCK_RESTARTED, 0);
				continue;
			}
			job->issued = job->outstanding = 0;
			job->status = BLOCK_OK;
			push_waiting(client, i);
		}
	}
}

static void disk_settled(enum queue_state state)
{
	struct queue_report report = { .state = state, .disk_sectors = disk.sectors, .kind = disk.kind,
		.complaint = disk.complaint, .table = &disk.table };

	disk.state = state;
	partition_order(&disk.table);
	for (u32 i = 0; i < client_count; i++) {
		struct client *client = &clients[i];
		client->start = client->sectors = 0;
		if (state != QUEUE_READY)
			continue;
		if (disk.kind == TABLE_NONE) {
			client->sectors = i == 0 ? disk.sectors : 0;
		} else if (i < disk.table.count) {
			client->start = disk.table.list[i].start;
			client->sectors = disk.table.list[i].sectors;
		}
	}
	queue_changed(&report);
}

static void scan_next(void)
{
	u32 left = disk.scan_count - disk.scan_done;

	send(BLOCK_READ, disk.scan_sector + disk.scan_done, left < PIECE_SECTORS ? left : PIECE_SECTORS, 0, SCAN_ID);
}

/* Read sectors of the table into scan_bytes: nobody else uses the buffers meanwhile. */
static void scan(u64 sector, u32 count)
{
	disk.scan_sector = sector;
	disk.scan_count = count;
	disk.scan_done = 0;
	scan_next();
}

static void give_up_table(const char *why)
{
	disk.complaint = why;
	disk_settled(QUEUE_READY);
}

static void scan_gpt(u64 header)
{
	disk.scan_entries = false;
	disk.scan_backup = header != 1;
	scan(header, 1);
}

/* A GPT is there twice: if the first one is damaged, the one at the end of the disk counts. */
static void gpt_failed(void)
{
	if (!disk.scan_backup && disk.sectors > 2)
		scan_gpt(disk.sectors - 1);
	else
		give_up_table("both copies of the partition table (GPT) are damaged");
}

static void scanned_gpt(void)
{
	if (!disk.scan_entries) {
		if (!partition_read_gpt_header(scan_bytes, disk.scan_sector, disk.sectors, &disk.gpt) ||
				disk.gpt.entry_sectors > SCAN_SECTORS) {
			gpt_failed();
			return;
		}
		disk.scan_entries = true;
		scan(disk.gpt.entries, disk.gpt.entry_sectors);
	} else if (partition_read_gpt(scan_bytes, &disk.gpt, disk.sectors, &disk.table)) {
		disk.complaint = disk.scan_backup ? "the first partition table (GPT) is damaged; using the one at the end" : NULL;
		disk_settled(QUEUE_READY);
	} else {
		gpt_failed();
	}
}

static void scanned(const struct block_response *response)
{
	if (response->status != BLOCK_OK) {
		if (disk.kind == TABLE_GPT)
			gpt_failed();
		else
			give_up_table("the partition table cannot be read");
		return;
	}
	u32 left = disk.scan_count - disk.scan_done, here = left < PIECE_SECTORS ? left : PIECE_SECTORS;
	copy_bytes(scan_bytes + (u64)disk.scan_done * BLOCK_SECTOR, buffer_of(0), (u64)here * BLOCK_SECTOR);
	disk.scan_done += here;
	if (disk.scan_done < disk.scan_count) {
		scan_next();
		return;
	}
	if (disk.kind == TABLE_GPT) {
		scanned_gpt();
		return;
	}
	if (disk.scan_sector == 0) {
		disk.kind = partition_read_mbr(scan_bytes, disk.sectors, &disk.table);
		if (disk.kind == TABLE_GPT) {
			scan_gpt(1);
			return;
		}
	} else {
		partition_read_extended(scan_bytes, disk.sectors, &disk.table);
	}
	if (disk.table.extended != 0)
		scan(disk.table.extended, 1);
	else
		disk_settled(QUEUE_READY);
}

static void asked(const struct block_response *response)
{
	disk.sectors = response->sectors;
	disk.flags = response->flags & (BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_FLUSH);
	disk.complaint = NULL;
	disk.table = (struct partition_table){ 0 };
	if (response->status != BLOCK_OK || disk.sectors == 0) {
		disk_settled(QUEUE_ABSENT);
		return;
	}
	disk.state = QUEUE_TABLE;
	disk.kind = TABLE_MBR;
	scan(0, 1);
}

static void open_disk(u64 hint)
{
	disk.kind = TABLE_NONE;
	disk.state = ring_client_open(&disk.ring, hint) ? QUEUE_OPENING : QUEUE_CLOSED;
	disk.asked = disk.state == QUEUE_OPENING; /* the driver has to look */
}

static void follow_disk(u64 hint)
{
	struct block_response response;

	switch (ring_client_poll(&disk.ring)) {
	case RING_LOST:
		open_disk(hint);
		break;
	case RING_OPENED:
		requeue_all();
		disk.state = QUEUE_ASKED;
		send(BLOCK_INFO, 0, 0, 0, SCAN_ID);
		break;
	case RING_NOTHING:
		break;
	}
	if (!disk.ring.open)
		return;
	while (ring_take(&disk.ring.responses, &response)) {
		disk.answers++;
		if (disk.state == QUEUE_STALLED) { /* it lives: begin again */
			open_disk(hint);
			return;
		}
		if (response.id == SCAN_ID && disk.state == QUEUE_ASKED)
			asked(&response);
		else if (response.id == SCAN_ID && disk.state == QUEUE_TABLE)
			scanned(&response);
		else if (response.id < disk.flights && disk.flight[response.id].used)
			land((u32)response.id, &response);
		else
			disk.ring.responses.broken = true; /* an answer that nobody asked for */
	}
	(void)ring_release(&disk.ring.responses);
	if (disk.ring.responses.broken)
		open_disk(hint);
}

/* ---- All of it ---- */

static void follow_client(u32 number)
{
	struct client *client = &clients[number];

	if (ring_server_poll(&client->ring) == RING_OPENED) {
		forget_client(number);
		client->answered = true; /* wake it: its session is open */
	}
	if (client->ring.session != 0)
		take_requests(client);
}

static void publish(void)
{
	for (u32 i = 0; i < client_count; i++) {
		struct client *client = &clients[i];
		if (!client->answered)
			continue;
		client->answered = false;
		if (ring_publish(&client->ring.responses))
			queue_wake_client(i);
	}
	if (!disk.asked)
		return;
	disk.asked = false;
	if (disk.state == QUEUE_OPENING || ring_publish(&disk.ring.requests))
		queue_kick_disk();
}

/* ---- A disk that hangs ---- */

bool queue_busy(void)
{
	bool busy = disk.state == QUEUE_OPENING || disk.state == QUEUE_ASKED || disk.state == QUEUE_TABLE;

	for (u32 i = 0; i < client_count; i++)
		busy = busy || clients[i].used != 0;
	return busy;
}

u64 queue_progress(void)
{
	return disk.answers;
}

void queue_ping_disk(void)
{
	ring_client_ping(&disk.ring);
	queue_kick_disk();
}

bool queue_disk_lives(void)
{
	return ring_client_answered(&disk.ring);
}

void queue_give_up(void)
{
	disk.state = QUEUE_STALLED;
	for (u32 i = 0; i < disk.flights; i++)
		disk.flight[i].client = NOBODY; /* what lands after all is for nobody */
	for (u32 n = 0; n < client_count; n++) {
		struct client *client = &clients[n];
		client->waiting_from = client->waiting_count = client->flying = 0;
		for (u32 i = 0; i < BLOCK_RING_SLOTS; i++) {
			if (client->jobs[i].used)
				finish(client, &client->jobs[i], BLOCK_TIMEOUT, 0);
		}
	}
	publish();
}

/* Announce sleep on every ring; false: something has come meanwhile. */
static bool sleep_all(void)
{
	bool quiet = !disk.ring.open || disk.ring.responses.broken || ring_sleep(&disk.ring.responses);

	for (u32 i = 0; i < client_count; i++) {
		struct ring_server *ring = &clients[i].ring;
		if (ring->session != 0 && !ring->requests.broken && !ring_sleep(&ring->requests) &&
				clients[i].used < BLOCK_RING_SLOTS)
			quiet = false;
	}
	return quiet;
}

void queue_run(u64 hint)
{
	do { /* clients first: what the disk did for a session that its client has left must not land any more */
		for (u32 i = 0; i < client_count; i++)
			follow_client(i);
		follow_disk(hint);
		issue();
		publish();
	} while (!sleep_all());
}
