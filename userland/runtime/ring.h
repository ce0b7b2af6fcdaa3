/* ring.h - rings of fixed-size records in memory shared with a peer that is not trusted, one producer and one consumer.
 *
 * Each side keeps its own index privately and only publishes it; the peer's index is read once per use and checked
 * against what it can be, so nothing that the peer writes leads outside the ring: a ring whose peer lies is broken and
 * stays so until both sides begin a new session. Records are copied out before anybody looks at them.
 *
 * Going to sleep without losing a wake-up: the consumer announces that it sleeps, fences, and looks at the producer's
 * index once more (ring_sleep); the producer publishes its index, fences, and reads the announcement (ring_publish).
 * With both fences at least one of the two sees the other (the store buffering pattern of the RISC-V memory model).
 * A signal wakes for all records that have been published: batching costs nothing.
 *
 * Sessions: a client and a server that share a request ring and a response ring in one memory begin with a struct
 * ring_channel. Each start of the server is an epoch. The client opens a session in that epoch with both of its
 * indices at zero; the server accepts it with both of its own at zero. So a restart of either side is seen by the
 * other before it uses an index of the past.
 *
 * Signs of life: a client that has waited for long asks (ring_client_ping) and signals; a server that runs at all
 * answers when it looks at its sessions. So a slow device is told from a server that has stopped. */
#pragma once
#include "../../kernel/abi.h"
#include <stdbool.h>

struct ring_end { /* written by one side only, hence a cache line of its own */
	u32 index;       /* records produced, or consumed, in this session; wraps */
	u32 sleeping;    /* signal me when the other index has moved */
	u32 spare[14];
};

struct ring_shared {
	struct ring_end producer;
	struct ring_end consumer;
};
_Static_assert(sizeof(struct ring_shared) == 128, "two cache lines before the records");

#define RING_BYTES(record_bytes, slots) (128u + (u32)(record_bytes) * (slots))

struct ring { /* one side's private view */
	struct ring_shared *shared;
	u64 *records;
	u32 record_words;  /* a record is a multiple of eight bytes */
	u32 slots;         /* a power of two */
	u32 own;           /* own index, as far as put or taken, published or not */
	u32 peer;          /* the peer's index when it was last read and found possible */
	bool broken;       /* the peer published an impossible index */
};

/* Private view of a ring of `slots` records (a power of two) of `record_bytes` (a multiple of eight) at `memory`. */
void ring_attach(struct ring *ring, void *memory, u32 record_bytes, u32 slots);
/* Begin at zero: the producer's, or the consumer's, half. */
void ring_reset_producer(struct ring *ring);
void ring_reset_consumer(struct ring *ring);

/* Producer: room for more records (0: full, or broken). */
u32 ring_space(struct ring *ring);
/* Producer: add a record; false if the ring is full or broken. Seen by the consumer after ring_publish. */
bool ring_put(struct ring *ring, const void *record);
/* Producer: show all records put so far; true if the consumer sleeps and wants a signal. */
bool ring_publish(struct ring *ring);
/* Producer: announce sleep until there is room; false if there is room now (then it does not sleep). */
bool ring_sleep_full(struct ring *ring);

/* Consumer: records that wait (0: none, or broken). */
u32 ring_waiting(struct ring *ring);
/* Consumer: copy the next record out; false if there is none or the ring is broken. */
bool ring_take(struct ring *ring, void *record);
/* Consumer: give the places of all records taken so far back; true if the producer waits for room and wants a signal. */
bool ring_release(struct ring *ring);
/* Consumer: announce sleep; false if something arrived meanwhile (then it does not sleep). */
bool ring_sleep(struct ring *ring);
/* Consumer: awake again, no signals needed. */
void ring_awake(struct ring *ring);

struct ring_channel { /* at the start of a connection's memory that holds a request and a response ring */
	u64 client_session;   /* epoch << 32 | number: the session that the client wants; written by the client */
	u64 client_ping;      /* a number that the server repeats; written by the client */
	u64 client_spare[6];
	u64 server_session;   /* the session that the server serves; written by the server, like the next */
	u64 server_epoch;     /* changes with each start of the server; 0: never started */
	u64 server_pong;      /* the last client_ping that the server saw */
	u64 server_spare[5];
};
_Static_assert(sizeof(struct ring_channel) == 128, "two cache lines before the rings");

struct ring_client { /* the client's private view of its channel */
	struct ring_channel *channel;
	struct ring requests;
	struct ring responses;
	u64 session;          /* what we asked for */
	u64 ping;             /* the number that we want repeated */
	bool open;            /* the server has accepted it */
};

struct ring_server { /* the server's private view of one client's channel */
	struct ring_channel *channel;
	struct ring requests;
	struct ring responses;
	u64 epoch;
	u64 session;          /* accepted session, 0: none */
};

enum ring_event {
	RING_NOTHING = 0,    /* go on */
	RING_OPENED = 1,     /* a session has begun: rings are empty, everything of the past is void */
	RING_LOST = 2,       /* client: the server started anew or threw us out: open again; all requests are void */
};

/* Server: a new epoch (at start, once a client). `hint` makes it differ from earlier ones: the time is fine. */
void ring_server_start(struct ring_server *server, u64 hint);
/* Server: show that we live, and look for a session that the client wants; RING_OPENED: forget the requests of the old
 * one, then signal. */
enum ring_event ring_server_poll(struct ring_server *server);
/* Server: end the session of a client that broke the rules; it must open again. */
void ring_server_end(struct ring_server *server);
/* Client: ask for a session (then signal the server). False: the server has never started; it will signal. */
bool ring_client_open(struct ring_client *client, u64 hint);
/* Client: has the server accepted, or gone? */
enum ring_event ring_client_poll(struct ring_client *client);
/* Client: ask the server for a sign of life (then signal it, and give it time to run). */
void ring_client_ping(struct ring_client *client);
/* Client: has the server run since the last ping? */
bool ring_client_answered(const struct ring_client *client);
