/* block.c - the block server as a component: connects queue.c to the ports, and says what it found on the disk. */
#include "component.h"
#include "ports.h"
#include "queue.h"

#define MIB (1024u * 1024u / BLOCK_SECTOR)
#define PATIENCE (3 * TIMEBASE)  /* a disk that does not answer anything for so long hangs */
#define LOOK (TIMEBASE / 5)      /* how long to wait for it before asking its driver for a sign of life, and for that */

_Static_assert(BLOCK_CLIENTS <= QUEUE_CLIENTS, "more clients than the queue has places for");
_Static_assert(DISK_MEMORY_SIZE >= 64 * 1024, "the connection to the disk's driver needs 64 KiB of memory or more");

void queue_kick_disk(void)
{
	(void)disk_kick();
}

void queue_wake_client(u32 client)
{
	(void)block_ready(client);
}

void queue_changed(const struct queue_report *report)
{
	if (report->state == QUEUE_ABSENT) {
		print("block: there is no disk; file commands will say so (start with --disk IMAGE)\n");
		return;
	}
	if (report->complaint != NULL)
		print("block: %s\n", report->complaint);
	if (report->table->left_out != 0)
		print("block: %u partitions left out: outside the disk, or over each other\n", report->table->left_out);
	if (report->kind == TABLE_NONE) {
		print("block: disk of %lu MiB without partitions, all of it for %s\n", report->disk_sectors / MIB,
			block_clients[0].name);
		return;
	}
	for (u32 i = 0; i < BLOCK_CLIENTS; i++) {
		if (i < report->table->count)
			print("block: partition %u (%lu MiB) of the disk (%lu MiB) for %s\n", report->table->list[i].number,
				report->table->list[i].sectors / MIB, report->disk_sectors / MIB, block_clients[i].name);
		else
			print("block: the disk (%lu MiB) has no partition for %s\n", report->disk_sectors / MIB,
				block_clients[i].name);
	}
}

/* With a timer: look now and then whether the disk still answers somebody who waits. A driver that gives no sign of life
 * has stopped; one that does may have a slow disk, for PATIENCE. */
static void watch(void)
{
#ifdef BIT_TIMER
	static u64 look_at, give_up_at, progress;
	static bool watching, asked;

	u64 now = clock_ticks();
	if (watching ? now < look_at : !queue_busy())
		return;
	bool silent = watching && queue_busy() && queue_progress() == progress;
	bool stopped = silent && asked && !queue_disk_lives();
	if (stopped || (silent && now >= give_up_at)) {
		print("block: the disk%s; requests fail until it does\n", stopped ? "'s driver does not run" : " does not answer");
		queue_give_up();
	}
	watching = queue_busy();
	progress = queue_progress();
	asked = watching && silent;
	if (asked)
		queue_ping_disk();
	else
		give_up_at = now + PATIENCE;
	look_at = now + LOOK;
	if (watching)
		(void)timer_arm(SLOT_TIMER, look_at);
#endif
}

void init(void)
{
	queue_init(DISK_MEMORY, DISK_MEMORY_SIZE, clock_ticks());
	for (u32 i = 0; i < BLOCK_CLIENTS; i++) {
		if (block_clients[i].memory_size < BLOCK_DATA_OFFSET + BLOCK_SECTOR)
			panic("a client's connection needs more than 16 KiB of memory");
		queue_add_client((void *)block_clients[i].memory, block_clients[i].memory_size);
	}
	queue_run(clock_ticks());
	for (u32 i = 0; i < BLOCK_CLIENTS; i++)
		(void)block_ready(i);
	watch();
}

void notified(u64 bits)
{
	(void)bits;
	queue_run(clock_ticks());
	watch();
}
