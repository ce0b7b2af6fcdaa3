/* cache.c - the block cache of the FAT core: blocks of 4 KiB, second-chance replacement, written back in batches.
 *
 * The memory may be shared with the block server (then transfers need no copy), so it is as hostile as the disk:
 * whoever reads structures from it copies them out before checking them. Bookkeeping is private. */
#include "internal.h"

#define NONE 0xffffffffu
#define BUCKETS 1024u

struct cache_block {
	u32 number;
	u32 next;       /* in the bucket */
	u8 used;        /* holds block `number` and hangs in its bucket */
	u8 dirty;
	u8 recent;
	u8 busy;        /* collected for a prefetch: not to be taken for anything else */
};

static struct {
	u8 *memory;
	u32 blocks;
	u32 hand;
	u32 dirty;
	u64 shift;      /* sectors by which block borders are moved: block 1 starts at `origin` mod 8 */
	u64 sectors;
	enum fat_status error;
	u32 pending;    /* collected for prefetch */
	u32 pending_block[CACHE_BATCH];
	u32 bucket[BUCKETS];
	struct cache_block block[CACHE_MAX_BLOCKS];
} cache;

void cache_reset(void *memory, u64 size, u64 origin, u64 sectors)
{
	cache.memory = memory;
	cache.blocks = size / CACHE_BLOCK - 1 > CACHE_MAX_BLOCKS ? CACHE_MAX_BLOCKS : (u32)(size / CACHE_BLOCK - 1);
	cache.hand = 0;
	cache.dirty = 0;
	cache.pending = 0;
	cache.shift = (CACHE_SECTORS - origin % CACHE_SECTORS) % CACHE_SECTORS;
	cache.sectors = sectors;
	cache.error = FAT_OK;
	for (u32 i = 0; i < BUCKETS; i++)
		cache.bucket[i] = NONE;
	for (u32 i = 0; i < CACHE_MAX_BLOCKS; i++)
		cache.block[i] = (struct cache_block){ 0 };
}

enum fat_status cache_error(void)
{
	return cache.error;
}

u8 *cache_spare(void)
{
	return cache.memory + (u64)cache.blocks * CACHE_BLOCK;
}

bool cache_dirty(void)
{
	return cache.dirty != 0;
}

static u32 block_number(u64 sector)
{
	return (u32)((sector + cache.shift) / CACHE_SECTORS);
}

u32 cache_span(u64 sector)
{
	return CACHE_SECTORS - (u32)((sector + cache.shift) % CACHE_SECTORS);
}

bool cache_starts_block(u64 sector)
{
	return (sector + cache.shift) % CACHE_SECTORS == 0;
}

static u32 bucket_of(u32 number)
{
	return (number * 2654435761u) >> 22;
}

static u32 find(u32 number)
{
	u32 i = cache.bucket[bucket_of(number)];

	while (i != NONE && cache.block[i].number != number)
		i = cache.block[i].next;
	return i;
}

static void insert(u32 i, u32 number)
{
	u32 *bucket = &cache.bucket[bucket_of(number)];

	cache.block[i] = (struct cache_block){ .number = number, .next = *bucket, .used = 1, .recent = 1 };
	*bucket = i;
}

static void remove(u32 i)
{
	u32 *link = &cache.bucket[bucket_of(cache.block[i].number)];

	while (*link != i)
		link = &cache.block[*link].next;
	*link = cache.block[i].next;
	if (cache.block[i].dirty)
		cache.dirty--;
	cache.block[i] = (struct cache_block){ 0 };
}

/* The part of a block that the volume has: the first and the last may be short. */
static struct disk_transfer transfer_of(u32 i, u32 number)
{
	u64 start = (u64)number * CACHE_SECTORS, end = start + CACHE_SECTORS;
	u64 from = start > cache.shift ? start - cache.shift : 0;
	u64 to = end - cache.shift < cache.sectors ? end - cache.shift : cache.sectors;

	return (struct disk_transfer){
		.sector = from,
		.sectors = (u32)(to - from),
		.bytes = cache.memory + (u64)i * CACHE_BLOCK + (from + cache.shift - start) * SECTOR,
	};
}

/* Write up to CACHE_BATCH dirty blocks back, from the hand on, in the order of the disk. */
static enum fat_status clean_some(void)
{
	static struct disk_transfer list[CACHE_BATCH];
	static u32 owner[CACHE_BATCH];
	u32 count = 0;
	enum fat_status status;

	for (u32 n = 0; n < cache.blocks && count < CACHE_BATCH; n++) {
		u32 i = cache.hand + n < cache.blocks ? cache.hand + n : cache.hand + n - cache.blocks;
		if (!cache.block[i].dirty)
			continue;
		u32 at = count++;
		while (at > 0 && cache.block[owner[at - 1]].number > cache.block[i].number) {
			owner[at] = owner[at - 1];
			at--;
		}
		owner[at] = i;
	}
	status = volume_before_write();
	if (status != FAT_OK)
		return status;
	for (u32 n = 0; n < count; n++)
		list[n] = transfer_of(owner[n], cache.block[owner[n]].number);
	status = disk_transfer(true, list, count);
	for (u32 n = 0; n < count; n++) {
		if (list[n].status != FAT_OK)
			continue;
		cache.block[owner[n]].dirty = 0;
		cache.dirty--;
	}
	return status;
}

enum fat_status cache_clean(void)
{
	while (cache.dirty != 0) {
		enum fat_status status = clean_some();
		if (status != FAT_OK)
			return status;
	}
	return FAT_OK;
}

/* A free place. Two rounds of the hand find one unless everything is dirty and cannot be written. */
static u32 take_place(void)
{
	for (u32 n = 0; n < 2 * cache.blocks + 1; n++) {
		u32 i = cache.hand;
		struct cache_block *block = &cache.block[i];
		cache.hand = i + 1 < cache.blocks ? i + 1 : 0;
		if (block->busy)
			continue;
		if (!block->used)
			return i;
		if (block->recent) {
			block->recent = 0;
			continue;
		}
		if (block->dirty && (cache.error = clean_some()) != FAT_OK && block->dirty)
			return NONE;
		if (block->dirty) /* the batch was full before it came to this one */
			continue;
		remove(i);
		return i;
	}
	cache.error = FAT_IO;
	return NONE;
}

u8 *cache_get(u64 sector, enum cache_access access)
{
	if (sector >= cache.sectors) {
		cache.error = FAT_IO;
		return NULL;
	}

	u32 number = block_number(sector);
	u32 i = find(number);
	if (i == NONE) {
		if (access == CACHE_PEEK)
			return NULL;
		i = take_place();
		if (i == NONE)
			return NULL;
		struct disk_transfer transfer = transfer_of(i, number);
		if (access != CACHE_FRESH && (cache.error = disk_transfer(false, &transfer, 1)) != FAT_OK)
			return NULL;
		insert(i, number);
	}
	cache.block[i].recent = 1;
	if ((access == CACHE_MODIFY || access == CACHE_FRESH) && !cache.block[i].dirty) {
		cache.block[i].dirty = 1;
		cache.dirty++;
	}
	return cache.memory + (u64)i * CACHE_BLOCK + (sector + cache.shift) % CACHE_SECTORS * SECTOR;
}

void cache_prefetch(u64 sector, u64 sectors)
{
	if (sector >= cache.sectors || sectors == 0)
		return;
	if (sectors > cache.sectors - sector)
		sectors = cache.sectors - sector;

	u32 last = block_number(sector + sectors - 1);
	for (u32 number = block_number(sector); number <= last; number++) {
		if (cache.pending == CACHE_BATCH || cache.pending >= cache.blocks / 4)
			return;
		if (find(number) != NONE ||
				(cache.pending != 0 && cache.block[cache.pending_block[cache.pending - 1]].number == number))
			continue;
		u32 i = take_place();
		if (i == NONE)
			return;
		cache.block[i].busy = 1;
		cache.block[i].number = number;
		cache.pending_block[cache.pending++] = i;
	}
}

void cache_prefetch_run(void)
{
	static struct disk_transfer list[CACHE_BATCH];

	for (u32 n = 0; n < cache.pending; n++)
		list[n] = transfer_of(cache.pending_block[n], cache.block[cache.pending_block[n]].number);
	if (cache.pending != 0)
		(void)disk_transfer(false, list, cache.pending); /* each has its own status; failures show on use */
	for (u32 n = 0; n < cache.pending; n++) {
		struct cache_block *block = &cache.block[cache.pending_block[n]];
		u32 number = block->number;
		*block = (struct cache_block){ 0 };
		if (list[n].status == FAT_OK && find(number) == NONE)
			insert(cache.pending_block[n], number);
	}
	cache.pending = 0;
}
