/* disk.c - the disk of the FAT core over the block protocol: batches of requests, deadlines, restarts of the server.
 *
 * The cache lies in the data area of the connection's memory, so that nothing is copied on this side. No request waits
 * for ever: after a deadline, or when the block server shows no sign of life, the session is given up and a new one
 * asked for, which takes the cache's memory back from the block server, and the caller gets an error. When the block
 * server restarts, requests are sent again. */
#include "component.h"
#include "disk.h"
#include "block.h"
#include "ports.h"
#include "server.h"

#define PATIENCE (8 * TIMEBASE) /* longer than the block server's, which knows more */
#define PATIENCE_OPEN (TIMEBASE / 5) /* a living block server accepts a session at once */
#define STEP (TIMEBASE / 10)    /* how long to wait for an answer before asking for a sign of life, and for that */
#define ATTEMPTS 3u
#define BATCH 64u
#define GROUP_SECTORS 128u

_Static_assert(DISK_MEMORY_SIZE >= BLOCK_DATA_OFFSET + 128 * 1024, "the cache needs 128 KiB of memory or more");

static struct ring_client ring;
static bool attached;
static bool silent;        /* the block server did not answer in time, and has not signalled since */
static bool gave_up;       /* the last batch ended without answers */
static bool pending[BATCH];
static u64 sequence;       /* of the batch: late answers to an earlier one are recognised */

void *disk_cache_memory(void)
{
	return (u8 *)DISK_MEMORY + BLOCK_DATA_OFFSET;
}

u64 disk_cache_size(void)
{
	return (DISK_MEMORY_SIZE - BLOCK_DATA_OFFSET) / 4096 * 4096;
}

/* Sleep until the block server signals or the deadline has passed; false: passed. In steps: a simulator that skips idle
 * time (-icount sleep=off) would otherwise be at the deadline at once, while its disk works in real time. A system that
 * gives this component no timer has no deadlines: runs that count instructions want that. */
static bool wait_until(u64 deadline)
{
#ifdef BIT_TIMER
	u64 now = clock_ticks();

	if (now >= deadline)
		return false;
	(void)timer_arm(SLOT_TIMER, deadline - now > STEP ? now + STEP : deadline);
	(void)component_wait(BIT_DISK_READY | BIT_TIMER);
#else
	(void)deadline;
	(void)component_wait(BIT_DISK_READY);
#endif
	return true;
}

/* Whether the block server still runs. When nothing has come for a while it is asked; a living one is more important
 * than we are and answers before we look again, however slow its disk. */
static bool server_lives(u64 *look_at, bool *asked)
{
#ifdef BIT_TIMER
	u64 now = clock_ticks();

	if (now < *look_at)
		return true;
	if (*asked && !ring_client_answered(&ring))
		return false;
	ring_client_ping(&ring);
	(void)disk_kick();
	*asked = true;
	*look_at = now + STEP;
#else
	(void)look_at;
	(void)asked;
#endif
	return true;
}

/* A session that the block server has accepted. */
static bool ensure_open(void)
{
	u64 deadline = clock_ticks() + PATIENCE_OPEN;

	if (!attached)
		block_attach_client(&ring, DISK_MEMORY);
	attached = true;
	if (silent && component_poll(BIT_DISK_READY) == 0)
		return false; /* fail at once rather than after another deadline */
	while (!ring.open || ring_client_poll(&ring) == RING_LOST) {
		if (ring.session == 0 || ring_client_poll(&ring) == RING_LOST) {
			if (ring_client_open(&ring, clock_ticks()))
				(void)disk_kick();
		}
		if (ring_client_poll(&ring) == RING_OPENED)
			break;
		if (!wait_until(deadline)) {
			silent = true;
			return false;
		}
	}
	silent = false;
	return true;
}

void disk_signalled(void)
{
	silent = false;
}

static void give_up_session(void)
{
	ring.open = false;
	ring.session = 0;
	(void)ensure_open();
}

/* Take what is there; false: the session is of no use any more. */
static bool take_responses(enum fat_status *status, u32 count, u32 *left, struct block_response *last)
{
	struct block_response response;

	while (ring_take(&ring.responses, &response)) {
		u64 number = response.id & 0xffff;
		if (response.id >> 16 != sequence || number >= count || !pending[number])
			continue;
		pending[number] = false;
		(*left)--;
		*last = response;
		switch (response.status) {
		case BLOCK_OK:
			status[number] = FAT_OK;
			break;
		case BLOCK_NO_DISK:
			status[number] = FAT_NO_DISK;
			break;
		case BLOCK_READ_ONLY:
			status[number] = FAT_READ_ONLY;
			break;
		case BLOCK_TIMEOUT:
			status[number] = FAT_NO_ANSWER;
			break;
		default:
			status[number] = FAT_IO;
		}
	}
	(void)ring_release(&ring.responses);
	return !ring.responses.broken && ring_client_poll(&ring) == RING_NOTHING;
}

static void send(const struct block_request *requests, u32 count)
{
	ring_awake(&ring.responses);
	for (u32 i = 0; i < count; i++) {
		if (pending[i])
			(void)ring_put(&ring.requests, &requests[i]); /* a batch is smaller than the ring */
	}
	if (ring_publish(&ring.requests))
		(void)disk_kick();
}

/* Do a batch; every request gets its status. */
static void run(struct block_request *requests, enum fat_status *status, u32 count, struct block_response *last)
{
	u32 left = count;

	gave_up = true;
	sequence = (sequence + 1) & 0xffffffffff;
	for (u32 i = 0; i < count; i++) {
		pending[i] = true;
		status[i] = FAT_NO_ANSWER;
		requests[i].id = sequence << 16 | i;
	}
	for (u32 attempt = 0; attempt < ATTEMPTS && left != 0; attempt++) {
		if (!ensure_open())
			return;
		u64 now = clock_ticks(), deadline = now + PATIENCE, look_at = now + STEP;
		bool asked = false;
		send(requests, count);
		while (take_responses(status, count, &left, last) && left != 0) {
			if (!ring_sleep(&ring.responses))
				continue;
			if (!wait_until(deadline) || !server_lives(&look_at, &asked)) {
				give_up_session();
				return;
			}
		}
		if (left != 0)
			give_up_session();
	}
	gave_up = left != 0;
}

enum fat_status disk_open(u64 *sectors, bool *read_only)
{
	struct block_request request = { .operation = BLOCK_INFO };
	struct block_response response = { 0 };
	enum fat_status status;

	run(&request, &status, 1, &response);
	*sectors = response.sectors;
	*read_only = (response.flags & BLOCK_FLAG_READ_ONLY) != 0;
	server_after_wait();
	return status;
}

/* The transfers [from, from + result) of the list lie one behind the other on the disk and in memory: one request. */
static u32 group_at(const struct disk_transfer *list, u32 from, u32 count, u32 *sectors)
{
	u32 size = 1;

	*sectors = list[from].sectors;
	while (from + size < count && list[from + size].sector == list[from].sector + *sectors &&
			list[from + size].bytes == list[from].bytes + (u64)*sectors * SECTOR &&
			*sectors + list[from + size].sectors <= GROUP_SECTORS)
		*sectors += list[from + size++].sectors;
	return size;
}

/* One batch; `grouped`: with as few requests as possible, a failure of one of which fails all that are in it. */
static enum fat_status transfer_batch(bool write, struct disk_transfer *list, u32 count, bool grouped)
{
	static struct block_request requests[BATCH];
	static enum fat_status status[BATCH];
	static u32 sizes[BATCH];
	struct block_response last;
	enum fat_status first = FAT_OK;
	u32 used = 0;

	for (u32 i = 0; i < count; i += sizes[used++]) {
		u32 sectors = list[i].sectors;
		sizes[used] = grouped ? group_at(list, i, count, &sectors) : 1;
		requests[used] = (struct block_request){
			.operation = write ? BLOCK_WRITE : BLOCK_READ, .count = sectors, .sector = list[i].sector,
			.data = (u64)(list[i].bytes - (u8 *)DISK_MEMORY),
		};
	}
	run(requests, status, used, &last);
	for (u32 n = 0, i = 0; n < used; n++) {
		for (u32 end = i + sizes[n]; i < end; i++)
			list[i].status = status[n];
		first = first == FAT_OK ? status[n] : first;
	}
	return first;
}

enum fat_status disk_transfer(bool write, struct disk_transfer *list, u32 count)
{
	enum fat_status status = transfer_batch(write, list, count, true);

	if (status == FAT_IO && count > 1 && !gave_up) /* one bad sector: find out whose */
		status = transfer_batch(write, list, count, false);
	server_after_wait();
	return status;
}

enum fat_status disk_flush(void)
{
	struct block_request request = { .operation = BLOCK_FLUSH };
	struct block_response response;
	enum fat_status status;

	run(&request, &status, 1, &response);
	server_after_wait();
	return status;
}

/* Seconds since 1970. Without a clock on the board time begins in 2024 with each start. */
u64 disk_time(void)
{
	static u64 start;

	if (start == 0) {
#ifdef RTC_REGS /* Goldfish: nanoseconds; reading the lower half latches the upper one */
		volatile u32 *clock = (volatile u32 *)RTC_REGS;
		u64 low = clock[0], nanoseconds = low | (u64)clock[1] << 32;
		start = nanoseconds / 1000000000 - clock_ticks() / TIMEBASE;
#else
		start = 1704067200;
#endif
	}
	return start + clock_ticks() / TIMEBASE;
}
