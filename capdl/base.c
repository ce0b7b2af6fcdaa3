/* base.c - memory from one arena, unique strings, maps and text buffers. */
#include "capdl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (256u << 10)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
};

static void *take_memory(void *old, size_t size)
{
	void *memory = realloc(old, size);

	if (memory == NULL) {
		fprintf(stderr, "capdl: no memory left for %zu bytes\n", size);
		exit(3);
	}
	return memory;
}

void *arena_take(struct arena *arena, size_t size)
{
	size_t need = (size + 15) & ~(size_t)15;
	char *memory;

	if (arena->head == NULL || arena->used + need > arena->head->size) {
		size_t chunk_size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
		struct arena_chunk *chunk = take_memory(NULL, sizeof *chunk + 16 + chunk_size);

		chunk->next = arena->head;
		chunk->size = chunk_size;
		arena->head = chunk;
		arena->used = 0;
	}
	memory = (char *)arena->head + 32 + arena->used;
	arena->used += need;
	memset(memory, 0, need);
	return memory;
}

void arena_drop(struct arena *arena)
{
	while (arena->head != NULL) {
		struct arena_chunk *next = arena->head->next;

		free(arena->head);
		arena->head = next;
	}
	arena->used = 0;
}

void *arena_grow(struct arena *arena, void *items, u32 count, u32 *capacity, size_t item_size)
{
	void *larger;

	if (count < *capacity)
		return items;
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	larger = arena_take(arena, *capacity * item_size);
	if (count > 0)
		memcpy(larger, items, count * item_size);
	return larger;
}

/* ---- Unique strings ---- */

static u32 hash_bytes(const char *text, size_t length)
{
	u32 hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

static void intern_grow(struct capdl *c)
{
	struct intern *table = &c->intern;
	struct intern_entry *old = table->entries;
	u32 old_capacity = table->capacity;

	table->capacity = old_capacity == 0 ? 256 : old_capacity * 2;
	table->entries = arena_take(&c->arena, table->capacity * sizeof *table->entries);
	for (u32 i = 0; i < old_capacity; i++) {
		u32 at;

		if (old[i].text == NULL)
			continue;
		for (at = old[i].hash & (table->capacity - 1); table->entries[at].text != NULL;)
			at = (at + 1) & (table->capacity - 1);
		table->entries[at] = old[i];
	}
}

const char *intern(struct capdl *c, const char *text, size_t length)
{
	struct intern *table = &c->intern;
	u32 hash = hash_bytes(text, length), at;
	char *copy;

	if (table->count * 2 >= table->capacity)
		intern_grow(c);
	for (at = hash & (table->capacity - 1); table->entries[at].text != NULL; at = (at + 1) & (table->capacity - 1))
		if (table->entries[at].hash == hash && strlen(table->entries[at].text) == length &&
		    memcmp(table->entries[at].text, text, length) == 0)
			return table->entries[at].text;
	copy = arena_take(&c->arena, length + 1);
	memcpy(copy, text, length);
	table->entries[at] = (struct intern_entry){copy, hash};
	table->count++;
	return copy;
}

const char *format(struct capdl *c, const char *text, ...)
{
	char line[1024];
	va_list arguments;
	int length;

	va_start(arguments, text);
	length = vsnprintf(line, sizeof line, text, arguments);
	va_end(arguments);
	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof line)
		length = sizeof line - 1;
	return intern(c, line, (size_t)length);
}

const char *upper(struct capdl *c, const char *name)
{
	char line[256];
	size_t length = strlen(name);

	if (length >= sizeof line)
		length = sizeof line - 1;
	for (size_t i = 0; i < length; i++)
		line[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	return intern(c, line, length);
}

/* ---- Maps ---- */

static u32 map_hash(const void *key, u64 second)
{
	u64 x = (u64)key * 0x9e3779b97f4a7c15ul ^ (second + 0x7f4a7c15ul) * 0xff51afd7ed558ccdul;

	x ^= x >> 32;
	x *= 0xc4ceb9fe1a85ec53ul;
	return (u32)(x >> 29);
}

u32 map_get(const struct map *map, const void *key, u64 second)
{
	if (map->capacity == 0)
		return NONE;
	for (u32 at = map_hash(key, second) & (map->capacity - 1); map->entries[at].value != NONE;
	     at = (at + 1) & (map->capacity - 1))
		if (map->entries[at].key == key && map->entries[at].second == second)
			return map->entries[at].value;
	return NONE;
}

static void map_insert(struct map *map, struct map_entry entry)
{
	u32 at = map_hash(entry.key, entry.second) & (map->capacity - 1);

	while (map->entries[at].value != NONE)
		at = (at + 1) & (map->capacity - 1);
	map->entries[at] = entry;
	map->count++;
}

void map_put(struct arena *arena, struct map *map, const void *key, u64 second, u32 value)
{
	if (map->count * 2 >= map->capacity) {
		struct map old = *map;

		map->capacity = old.capacity == 0 ? 16 : old.capacity * 2;
		map->count = 0;
		map->entries = arena_take(arena, map->capacity * sizeof *map->entries);
		for (u32 i = 0; i < map->capacity; i++)
			map->entries[i].value = NONE;
		for (u32 i = 0; i < old.capacity; i++)
			if (old.entries[i].value != NONE)
				map_insert(map, old.entries[i]);
	}
	map_insert(map, (struct map_entry){key, second, value});
}

/* ---- Text buffers ---- */

static void buffer_room(struct buffer *buffer, size_t more)
{
	if (buffer->size + more <= buffer->capacity)
		return;
	buffer->capacity = buffer->capacity * 2 + more + 4096;
	buffer->data = take_memory(buffer->data, buffer->capacity);
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
	buffer_room(buffer, size);
	if (size > 0)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

void buffer_print(struct buffer *buffer, const char *text, ...)
{
	va_list arguments, again;
	int length;

	va_start(arguments, text);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, text, arguments);
	va_end(arguments);
	if (length > 0) {
		buffer_room(buffer, (size_t)length + 1);
		vsnprintf(buffer->data + buffer->size, (size_t)length + 1, text, again);
		buffer->size += (size_t)length;
	}
	va_end(again);
}

void buffer_pad(struct buffer *buffer, size_t size)
{
	if (size <= buffer->size)
		return;
	buffer_room(buffer, size - buffer->size);
	memset(buffer->data + buffer->size, 0, size - buffer->size);
	buffer->size = size;
}

void buffer_drop(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

u64 round_up(u64 value, u64 unit)
{
	return (value + unit - 1) & ~(unit - 1);
}

u8 bits_for(u64 size)
{
	u8 bits = 0;

	while (bits < 63 && (1ul << bits) < size)
		bits++;
	return bits;
}
