/* block.h - layout of a block connection's memory: two rings and a data area (block.sys), and what goes in them.
 *
 *   0                       struct ring_channel, request ring, response ring (ring.h)
 *   BLOCK_DATA_OFFSET       data area up to the end of the memory: the client divides it as it likes
 *
 * Every number in here may be written by a hostile peer: copy once, check, then use. */
#pragma once
#include "../runtime/ring.h"

#define BLOCK_SECTOR 512u
#define BLOCK_RING_SLOTS 128u        /* requests that one client can have under way */
#define BLOCK_DATA_OFFSET 16384u
#define BLOCK_MAX_SECTORS 512u       /* longest single request to the block server */
#define BLOCK_DRIVER_SECTORS 32u     /* longest single request to a driver */

enum block_operation {
	BLOCK_INFO = 0,    /* answer: sectors and flags */
	BLOCK_READ = 1,
	BLOCK_WRITE = 2,
	BLOCK_FLUSH = 3,   /* answered when everything answered before it is on the medium */
};

enum block_status {
	BLOCK_OK = 0,
	BLOCK_BAD_REQUEST = 1,  /* unknown operation, empty or too long, data outside the connection's memory */
	BLOCK_OUT_OF_RANGE = 2, /* sectors beyond the end of the disk or partition */
	BLOCK_IO_ERROR = 3,     /* the medium could not do it */
	BLOCK_NO_DISK = 4,      /* there is no disk, or no such partition on it */
	BLOCK_READ_ONLY = 5,
	BLOCK_RESTARTED = 6,    /* whoever worked on it started anew: it may have been done or not, ask again */
	BLOCK_TIMEOUT = 7,      /* nobody answered in time (made by the client's side) */
};

struct block_request { /* one ring record */
	unsigned int operation;
	unsigned int count;        /* sectors */
	unsigned long sector;
	unsigned long data;        /* offset of the bytes in the connection's memory, a multiple of eight */
	unsigned long id;          /* comes back in the response */
};

struct block_response { /* one ring record */
	unsigned int status;       /* enum block_status */
	unsigned int flags;        /* INFO: BLOCK_FLAG_... */
	unsigned long sectors;     /* INFO: size of the disk or partition; READ, WRITE: sectors done */
	unsigned long id;
	unsigned long start;       /* INFO: first sector on the whole disk, for messages only */
};

#define BLOCK_FLAG_READ_ONLY 1u
#define BLOCK_FLAG_FLUSH 2u          /* the medium has a cache of its own: FLUSH does something */
#define BLOCK_FLAG_WHOLE 4u          /* not a partition: the disk has no partition table */

#define BLOCK_REQUESTS_OFFSET 256u
#define BLOCK_RESPONSES_OFFSET (BLOCK_REQUESTS_OFFSET + RING_BYTES(sizeof(struct block_request), BLOCK_RING_SLOTS))
_Static_assert(BLOCK_RESPONSES_OFFSET + RING_BYTES(sizeof(struct block_response), BLOCK_RING_SLOTS) <=
	BLOCK_DATA_OFFSET, "the rings fit before the data");

/* Private views of a block connection for its two sides; nothing is written to the memory yet. */
static inline void block_attach_client(struct ring_client *client, void *memory)
{
	client->channel = memory;
	client->session = 0;
	client->open = false;
	ring_attach(&client->requests, (char *)memory + BLOCK_REQUESTS_OFFSET, sizeof(struct block_request),
		BLOCK_RING_SLOTS);
	ring_attach(&client->responses, (char *)memory + BLOCK_RESPONSES_OFFSET, sizeof(struct block_response),
		BLOCK_RING_SLOTS);
}

static inline void block_attach_server(struct ring_server *server, void *memory)
{
	server->channel = memory;
	server->session = 0;
	ring_attach(&server->requests, (char *)memory + BLOCK_REQUESTS_OFFSET, sizeof(struct block_request),
		BLOCK_RING_SLOTS);
	ring_attach(&server->responses, (char *)memory + BLOCK_RESPONSES_OFFSET, sizeof(struct block_response),
		BLOCK_RING_SLOTS);
}
