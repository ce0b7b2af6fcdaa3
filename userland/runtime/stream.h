/* stream.h - a byte stream in shared memory with one writer and one reader that do not trust each other.
 *
 * A text connection (serial, console, log) holds two: `out` from client to server and `in` from server to client.
 *
 *   0      headers of out and in, a cache line for each index
 *   M/4    bytes of in, M/4 of them
 *   M/2    bytes of out, M/2 of them          (M: size of the memory, a power of two from 1 KiB on)
 *
 * Indices count bytes since the beginning and wrap at 2^32. Each side keeps its own index in private memory and only
 * publishes it; what the other side publishes is read once and checked. A side that starts anew goes on where its own
 * index stood: nothing is lost or shown twice, so a stream needs no epoch.
 *
 * Sleeping: the writer signals after each batch. A writer without room sets wants_room, looks again, and waits; the
 * reader signals when it finds wants_room after it has made room (the full fences of both sides pair). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_header {
	uint32_t head;            /* written by the writer */
	uint32_t wants_room;      /* set by the writer, cleared by the reader */
	uint32_t spare[14];
	uint32_t tail;            /* written by the reader */
	uint32_t spare2[15];
};
_Static_assert(sizeof(struct stream_header) == 128, "one cache line for each side");

struct stream {
	struct stream_header *header; /* shared */
	uint8_t *bytes;               /* shared */
	uint32_t size;                /* a power of two */
	uint32_t own;                 /* the writer's head or the reader's tail */
};

#define STREAM_MEMORY_MIN 1024u

/* Open one side of a stream of a connection's memory. False: the memory is too small or not a power of two. */
bool stream_open_out_writer(struct stream *stream, void *memory, size_t memory_size);
bool stream_open_out_reader(struct stream *stream, void *memory, size_t memory_size);
bool stream_open_in_writer(struct stream *stream, void *memory, size_t memory_size);
bool stream_open_in_reader(struct stream *stream, void *memory, size_t memory_size);

/* Writer: bytes that fit now; 0 also when the reader's index makes no sense. */
size_t stream_room(const struct stream *stream);
/* Writer: writes what fits and returns how much that was. */
size_t stream_write(struct stream *stream, const void *bytes, size_t size);
/* Writer: asks to be signalled when `size` bytes, at most half of the stream, have room. True: they have it already, do
 * not wait. */
bool stream_want_room(struct stream *stream, size_t size);

/* Reader: bytes that wait; what makes no sense is dropped. */
size_t stream_waiting(struct stream *stream);
/* Reader: takes at most size bytes and returns how many. */
size_t stream_read(struct stream *stream, void *bytes, size_t size);
/* Reader: the same without taking them. */
size_t stream_peek(struct stream *stream, void *bytes, size_t size);
/* Reader: takes bytes that stream_peek has shown. */
void stream_skip(struct stream *stream, size_t size);
/* Reader, after it has made room: true when the writer waits and is to be signalled, because at least half of the
 * stream is free (so that a slow reader does not wake it for every byte). */
bool stream_take_wish(struct stream *stream);
