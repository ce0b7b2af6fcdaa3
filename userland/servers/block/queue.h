/* queue.h - the block server's work: several clients' requests through one disk, each client within its partition.
 *
 * Plain C over the rings, so that the host tests can be clients and disk at once. The functions at the end are
 * provided by block.c, or by the tests. */
#pragma once
#include "../../protocols/block.h"
#include "partition.h"

#define QUEUE_CLIENTS 8u

/* The connection to the disk's driver. */
void queue_init(void *memory, u64 size, u64 hint);
/* The connection of one more client; its number is that of the calls before. Wake it: the server has started. */
void queue_add_client(void *memory, u64 size);
/* Do everything that can be done now and announce sleep on all rings. `hint`: the time, any number that changes. */
void queue_run(u64 hint);

enum queue_state {
	QUEUE_CLOSED,      /* the driver has not started yet, or started anew */
	QUEUE_OPENING,
	QUEUE_ASKED,       /* for the size of the disk */
	QUEUE_TABLE,       /* the partition table is being read */
	QUEUE_READY,
	QUEUE_ABSENT,      /* no disk */
	QUEUE_STALLED,     /* the driver does not answer any more: requests fail at once until it does */
};

/* Does anybody wait for the disk? */
bool queue_busy(void);
/* Answers of the disk so far: what does not change while somebody waits shows that it hangs. */
u64 queue_progress(void);
/* Ask the driver for a sign of life; when it has had time to run: did it give one? */
void queue_ping_disk(void);
bool queue_disk_lives(void);
/* It hangs: everything that waits fails, and so does what comes until the driver answers or starts anew. */
void queue_give_up(void);

struct queue_report {
	enum queue_state state;
	u64 disk_sectors;
	enum table_kind kind;
	const char *complaint;          /* about the partition table, or NULL */
	const struct partition_table *table;
};

/* ---- Provided by whoever links this ---- */
void queue_kick_disk(void);
void queue_wake_client(u32 client);
void queue_changed(const struct queue_report *report); /* the disk became ready or is absent */
