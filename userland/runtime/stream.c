/* stream.c - a byte stream in shared memory with one writer and one reader that do not trust each other. */
#include "stream.h"
#include "memory.h"

static uint32_t load(const uint32_t *shared)
{
	return __atomic_load_n(shared, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *shared, uint32_t value)
{
	__atomic_store_n(shared, value, __ATOMIC_RELEASE);
}

static bool attach(struct stream *stream, void *memory, size_t memory_size, bool out)
{
	uint8_t *base = memory;

	if (memory_size < STREAM_MEMORY_MIN || memory_size > 0x40000000u || (memory_size & (memory_size - 1)) != 0)
		return false;

	stream->header = (struct stream_header *)memory + (out ? 0 : 1);
	stream->bytes = base + (out ? memory_size / 2 : memory_size / 4);
	stream->size = (uint32_t)(out ? memory_size / 2 : memory_size / 4);
	return true;
}

static bool open_writer(struct stream *stream, void *memory, size_t memory_size, bool out)
{
	if (!attach(stream, memory, memory_size, out))
		return false;

	uint32_t tail = load(&stream->header->tail);
	stream->own = load(&stream->header->head);
	if (stream->own - tail > stream->size)
		stream->own = tail;
	store(&stream->header->head, stream->own);
	return true;
}

static bool open_reader(struct stream *stream, void *memory, size_t memory_size, bool out)
{
	if (!attach(stream, memory, memory_size, out))
		return false;

	uint32_t head = load(&stream->header->head);
	stream->own = load(&stream->header->tail);
	if (head - stream->own > stream->size)
		stream->own = head;
	store(&stream->header->tail, stream->own);
	return true;
}

bool stream_open_out_writer(struct stream *stream, void *memory, size_t memory_size)
{
	return open_writer(stream, memory, memory_size, true);
}

bool stream_open_out_reader(struct stream *stream, void *memory, size_t memory_size)
{
	return open_reader(stream, memory, memory_size, true);
}

bool stream_open_in_writer(struct stream *stream, void *memory, size_t memory_size)
{
	return open_writer(stream, memory, memory_size, false);
}

bool stream_open_in_reader(struct stream *stream, void *memory, size_t memory_size)
{
	return open_reader(stream, memory, memory_size, false);
}

size_t stream_room(const struct stream *stream)
{
	uint32_t used = stream->own - load(&stream->header->tail);

	return used > stream->size ? 0 : stream->size - used;
}

size_t stream_write(struct stream *stream, const void *bytes, size_t size)
{
	size_t room = stream_room(stream);
	size_t count = size < room ? size : room;
	size_t at = stream->own & (stream->size - 1);
	size_t first = stream->size - at < count ? stream->size - at : count;

	memcpy(stream->bytes + at, bytes, first);
	memcpy(stream->bytes, (const uint8_t *)bytes + first, count - first);
	stream->own += (uint32_t)count;
	store(&stream->header->head, stream->own);
	return count;
}

bool stream_want_room(struct stream *stream, size_t size)
{
	store(&stream->header->wants_room, 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the one in stream_take_wish */
	return stream_room(stream) >= size;
}

size_t stream_waiting(struct stream *stream)
{
	uint32_t head = load(&stream->header->head);

	if (head - stream->own > stream->size) {
		stream->own = head;
		store(&stream->header->tail, head);
	}
	return head - stream->own;
}

size_t stream_peek(struct stream *stream, void *bytes, size_t size)
{
	size_t waiting = stream_waiting(stream);
	size_t count = size < waiting ? size : waiting;
	size_t at = stream->own & (stream->size - 1);
	size_t first = stream->size - at < count ? stream->size - at : count;

	memcpy(bytes, stream->bytes + at, first);
	memcpy((uint8_t *)bytes + first, stream->bytes, count - first);
	return count;
}

void stream_skip(struct stream *stream, size_t size)
{
	stream->own += (uint32_t)size;
	store(&stream->header->tail, stream->own);
}

size_t stream_read(struct stream *stream, void *bytes, size_t size)
{
	size_t count = stream_peek(stream, bytes, size);

	stream_skip(stream, count);
	return count;
}

bool stream_take_wish(struct stream *stream)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the one in stream_want_room */
	if (load(&stream->header->wants_room) == 0 || stream_waiting(stream) > stream->size / 2)
		return false;

	store(&stream->header->wants_room, 0);
	return true;
}
