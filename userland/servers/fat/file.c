/* file.c - the bytes of files: reading with read-ahead, writing, changing the size. */
#include "internal.h"

#define AHEAD (64u * CACHE_BLOCK)
#define MAX_SIZE 0xffffffffu

/* A stretch of a file that lies one behind the other on the disk. */
struct stretch {
	u64 sector;
	u64 within;   /* bytes before it in its first sector */
	u64 size;     /* wanted */
	u64 known;    /* how far the file goes on behind each other, at least `size` */
};

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* Where `position` is on the disk. Size 0: the chain ends before it. */
static enum fat_status find_stretch(struct fat_node *node, u64 position, u64 size, u64 ahead, struct stretch *stretch)
{
	u32 shift = volume.cluster_shift, cluster, count;
	u64 within = position & ((1ul << shift) - 1);
	u64 want = (within + (size > ahead ? size : ahead) + (1ul << shift) - 1) >> shift;
	enum fat_status status = node_map(node, (u32)(position >> shift), (u32)want, &cluster, &count);

	stretch->size = 0;
	if (status != FAT_OK || count == 0)
		return status;
	stretch->sector = cluster_sector(cluster) + within / SECTOR;
	stretch->within = within % SECTOR;
	stretch->known = ((u64)count << shift) - within;
	stretch->size = least(size, stretch->known);
	return FAT_OK;
}

static enum fat_status read_stretch(struct stretch stretch, u64 ahead, u8 *to)
{
	while (stretch.size != 0) {
		const u8 *at = cache_get(stretch.sector, CACHE_PEEK);
		if (at == NULL) {
			u64 bytes = least(stretch.known, stretch.size > ahead ? stretch.size : ahead);
			cache_prefetch(stretch.sector, (stretch.within + bytes + SECTOR - 1) / SECTOR);
			cache_prefetch_run();
			at = cache_get(stretch.sector, CACHE_READ);
			if (at == NULL)
				return cache_error();
		}
		u64 here = least(stretch.size, (u64)cache_span(stretch.sector) * SECTOR - stretch.within);
		copy_bytes(to, at + stretch.within, here);
		to += here;
		stretch.size -= here;
		stretch.known -= here;
		stretch.sector += (stretch.within + here) / SECTOR;
		stretch.within = (stretch.within + here) % SECTOR;
	}
	return FAT_OK;
}

enum fat_status fat_read(struct fat_node *node, u64 position, u64 size, u8 *to, u64 *done)
{
	struct stretch stretch;
	u64 ahead = 0;

	*done = 0;
	if ((node->attributes & ATTRIBUTE_DIRECTORY) != 0)
		return FAT_IS_DIRECTORY;
	if (position >= node->size)
		return FAT_OK;
	size = least(size, node->size - position);
	if (position == node->sequential)
		ahead = least(AHEAD, node->size - position);
	while (size != 0) {
		enum fat_status status = find_stretch(node, position, size, ahead, &stretch);
		if (status == FAT_OK && stretch.size == 0)
			status = volume_corrupt("a file's chain of clusters ends before the file does");
		if (status == FAT_OK)
			status = read_stretch(stretch, ahead, to);
		if (status != FAT_OK)
			return *done != 0 ? FAT_OK : status;
		position += stretch.size;
		to += stretch.size;
		*done += stretch.size;
		size -= stretch.size;
	}
	node->sequential = position;
	return FAT_OK;
}

/* Put bytes, or zeros if `from` is NULL. `old_end`: up to there, counted from the stretch, the disk's bytes matter. */
static enum fat_status write_stretch(struct stretch stretch, const u8 *from, u64 old_end)
{
	u64 at_byte = 0;

	while (stretch.size != 0) {
		u64 here = least(stretch.size, (u64)cache_span(stretch.sector) * SECTOR - stretch.within);
		bool starts = cache_starts_block(stretch.sector) && stretch.within == 0;
		bool beyond = starts && at_byte >= old_end && volume.cluster_sectors >= CACHE_SECTORS;
		bool fresh = starts && (here == CACHE_BLOCK || beyond);
		u8 *at = cache_get(stretch.sector, fresh ? CACHE_FRESH : CACHE_MODIFY);
		if (at == NULL)
			return cache_error();
		if (from != NULL)
			copy_bytes(at + stretch.within, from, here);
		else
			zero_bytes(at + stretch.within, here);
		if (fresh && here != CACHE_BLOCK)
			zero_bytes(at + here, CACHE_BLOCK - here);
		from = from != NULL ? from + here : NULL;
		at_byte += here;
		stretch.size -= here;
		stretch.sector += (stretch.within + here) / SECTOR;
		stretch.within = (stretch.within + here) % SECTOR;
	}
	return FAT_OK;
}

/* Clusters for the first `end` bytes; *end becomes less when the disk is full. */
static enum fat_status allocate_up_to(struct fat_node *node, u64 *end)
{
	u64 cluster_size = 1ul << volume.cluster_shift, need = (*end + cluster_size - 1) >> volume.cluster_shift;
	u32 cluster;

	enum fat_status status = node_measure(node);
	while (status == FAT_OK && node->length < need)
		status = node_extend(node, &cluster);
	if (status == FAT_NO_SPACE && (u64)node->length << volume.cluster_shift > node->size) {
		*end = (u64)node->length << volume.cluster_shift;
		return FAT_OK;
	}
	return status;
}

/* Bytes into clusters that exist. */
static enum fat_status put_bytes(struct fat_node *node, u64 position, u64 size, const u8 *from, u64 *done)
{
	struct stretch stretch;

	while (size != 0) {
		enum fat_status status = find_stretch(node, position, size, 0, &stretch);
		if (status == FAT_OK && stretch.size == 0)
			status = volume_corrupt("a file's chain of clusters ends before the file does");
		if (status == FAT_OK)
			status = write_stretch(stretch, from, node->size > position ? node->size - position : 0);
		if (status != FAT_OK)
			return status;
		position += stretch.size;
		from = from != NULL ? from + stretch.size : NULL;
		*done += stretch.size;
		size -= stretch.size;
	}
	return FAT_OK;
}

/* The entry shows size and time from now on; the disk sees them with the next write-back. */
static enum fat_status touch(struct fat_node *node, u64 size)
{
	u32 now = time_encode(disk_time());

	if (node->size == size && node->modified_raw == now && (node->attributes & ATTRIBUTE_ARCHIVE) != 0)
		return FAT_OK;
	node->size = (u32)size;
	if (node->modified_raw != now) {
		node->modified_raw = now;
		node->modified = time_decode(now);
	}
	node->attributes |= ATTRIBUTE_ARCHIVE;
	return node_store(node);
}

/* After a failure: clusters behind the end of the file are not kept. The first error is the one to tell. */
static void give_back(struct fat_node *node)
{
	u64 cluster_size = 1ul << volume.cluster_shift;

	(void)node_cut(node, (u32)((node->size + cluster_size - 1) >> volume.cluster_shift));
}

/* Zeros from the old end up to `position`. */
static enum fat_status fill_gap(struct fat_node *node, u64 position)
{
	u64 end = position, done = 0;
	u64 need = ((position - node->size) >> volume.cluster_shift);
	enum fat_status status = need > volume.clusters / 16 ? volume_count() : FAT_OK;

	if (status == FAT_OK && volume.counted && need > volume.available + 1ul)
		status = FAT_NO_SPACE;
	if (status == FAT_OK)
		status = allocate_up_to(node, &end);
	if (status == FAT_OK && end < position)
		status = FAT_NO_SPACE;
	if (status == FAT_OK)
		status = put_bytes(node, node->size, position - node->size, NULL, &done);
	if (status == FAT_OK)
		return touch(node, position);
	give_back(node);
	return status;
}

static enum fat_status check_change(const struct fat_node *node)
{
	if ((node->attributes & ATTRIBUTE_DIRECTORY) != 0)
		return FAT_IS_DIRECTORY;
	if ((node->attributes & ATTRIBUTE_READ_ONLY) != 0)
		return FAT_READ_ONLY;
	return volume_begin_change();
}

enum fat_status fat_write(struct fat_node *node, u64 position, u64 size, const u8 *from, u64 *done)
{
	enum fat_status status = check_change(node);

	*done = 0;
	if (status != FAT_OK || size == 0)
		return status;
	if (position > MAX_SIZE || size > MAX_SIZE - position)
		return FAT_TOO_BIG;
	if (position > node->size)
		status = fill_gap(node, position);
	u64 end = position + size;
	if (status == FAT_OK && end > node->size)
		status = allocate_up_to(node, &end);
	if (status == FAT_OK && end <= position)
		status = FAT_NO_SPACE;
	if (status == FAT_OK)
		status = put_bytes(node, position, end - position, from, done);
	u64 reached = position + *done;
	if (*done != 0) { /* a part was written: the caller sees how much */
		enum fat_status stored = touch(node, reached > node->size ? reached : node->size);
		if (status == FAT_OK || stored != FAT_OK)
			return stored;
	}
	if (status != FAT_OK)
		give_back(node);
	return *done != 0 ? FAT_OK : status;
}

enum fat_status fat_truncate(struct fat_node *node, u64 size)
{
	enum fat_status status = check_change(node);
	u64 cluster_size = 1ul << volume.cluster_shift;

	if (status != FAT_OK)
		return status;
	if (size > MAX_SIZE)
		return FAT_TOO_BIG;
	if (size > node->size)
		return fill_gap(node, size);
	status = touch(node, size);
	if (status == FAT_OK)
		status = node_cut(node, (u32)((size + cluster_size - 1) >> volume.cluster_shift));
	return status;
}
