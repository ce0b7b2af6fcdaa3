/* volume.c - geometry, allocation table and free space of the FAT volume; mounting and syncing.
 *
 * Sources: Microsoft "FAT: General Overview of On-Disk Format" 1.03 (names of fields as there), and where disks in
 * the wild differ from it what Linux fs/fat does. */
#include "internal.h"

struct volume volume;

static struct {
	void *memory;
	u64 size;
} cache_memory;

enum fat_status volume_corrupt(const char *why)
{
	if (!volume.damaged || volume.complaint == NULL)
		volume.complaint = why;
	volume.damaged = true;
	return FAT_CORRUPT;
}

const char *fat_complaint(void)
{
	return volume.complaint != NULL ? volume.complaint : "";
}

bool fat_mounted(void)
{
	return volume.mounted;
}

bool fat_dirty(void)
{
	return volume.mounted && (cache_dirty() || volume.marked);
}

static enum fat_status not_fat(const char *why)
{
	volume.complaint = why;
	return FAT_NO_FILE_SYSTEM;
}

static bool power_of_two(u32 number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

/* Fill in the geometry from the boot sector; every field is checked against every other. */
static enum fat_status read_geometry(const u8 *boot)
{
	u32 sector_size = get16(boot + 11), cluster_sectors = boot[13], reserved = get16(boot + 14), tables = boot[16];
	u32 root_entries = get16(boot + 17), table_size = get16(boot + 22);
	u64 sectors = get16(boot + 19) != 0 ? get16(boot + 19) : get32(boot + 32);
	bool wide = table_size == 0;
	u32 active = 0;

	if (boot[510] != 0x55 || boot[511] != 0xaa)
		return not_fat("no boot sector signature: the partition holds no file system");
	if (sector_size < 512 || sector_size > 4096 || !power_of_two(sector_size))
		return not_fat("bytes per sector are not 512, 1024, 2048 or 4096: not a FAT file system");
	if (!power_of_two(cluster_sectors))
		return not_fat("sectors per cluster are not a power of two: not a FAT file system");
	if (reserved == 0 || tables == 0 || tables > 4)
		return not_fat("no reserved sectors or no allocation table: not a FAT file system");
	if (wide)
		table_size = get32(boot + 36);
	if (table_size == 0 || sectors == 0)
		return not_fat("the allocation table or the volume has no sectors: not a FAT file system");
	if (wide && get16(boot + 42) != 0)
		return not_fat("unknown version of FAT32");

	u32 scale = sector_size / SECTOR;
	u64 root_sectors = ((u64)root_entries * 32 + sector_size - 1) / sector_size;
	u64 data = reserved + (u64)tables * table_size + root_sectors;
	if (data >= sectors)
		return not_fat("the tables are larger than the volume");
	u64 clusters = (sectors - data) / cluster_sectors;
	if (clusters == 0)
		return not_fat("the volume has no clusters");
	volume.bits = wide ? 32 : clusters > 4084 ? 16 : 12;
	u64 entries = (u64)table_size * sector_size * 8 / volume.bits;
	if (entries <= 2)
		return not_fat("the allocation table has no entries");
	if (clusters > entries - 2) {
		clusters = entries - 2;
		(void)volume_corrupt("the allocation table is smaller than the volume");
	}
	if (clusters > (volume.bits == 32 ? 0x0ffffff4u : volume.bits == 16 ? 65524u : 4084u))
		return not_fat("too many clusters for this kind of FAT");
	if (wide && (get16(boot + 40) & 0x80) != 0)
		active = get16(boot + 40) & 0x0f;
	if (active >= tables)
		return not_fat("the active allocation table does not exist");

	volume.sectors = sectors * scale;
	volume.cluster_sectors = cluster_sectors * scale;
	volume.cluster_shift = 9;
	while ((u64)SECTOR << (volume.cluster_shift - 9) < (u64)volume.cluster_sectors * SECTOR)
		volume.cluster_shift++;
	volume.fat_size = (u64)table_size * scale;
	volume.fat_start = (u64)reserved * scale + active * volume.fat_size;
	volume.mirrors = wide && (get16(boot + 40) & 0x80) != 0 ? 0 : tables - 1;
	volume.root_start = (reserved + (u64)tables * table_size) * scale;
	volume.root_entries = wide ? 0 : root_entries;
	volume.data_start = data * scale;
	volume.clusters = (u32)clusters;
	volume.root_cluster = wide ? get32(boot + 44) : 0;
	if (wide && !cluster_valid(volume.root_cluster))
		return not_fat("the root folder lies outside the volume");
	volume.info_sector = wide && get16(boot + 48) != 0 && get16(boot + 48) < reserved ? (u64)get16(boot + 48) * scale : 0;
	volume.serial = get32(boot + (wide ? 67 : 39));
	for (u32 i = 0; i < 11; i++)
		volume.label[i] = (char)boot[(wide ? 71u : 43u) + i];
	volume.unclean = (boot[wide ? 65 : 37] & 1) != 0;
	return FAT_OK;
}

static void read_info(void)
{
	const u8 *at = volume.info_sector != 0 ? cache_get(volume.info_sector, CACHE_READ) : NULL;

	if (at == NULL || get32(at) != 0x41615252 || get32(at + 484) != 0x61417272)
		return;
	u32 available = get32(at + 488), hint = get32(at + 492);
	COPY_BARRIER();
	if (available <= volume.clusters) {
		volume.available = available;
		volume.available_known = true;
	}
	if (cluster_valid(hint))
		volume.hint = hint;
}

enum fat_status fat_mount(void *memory, u64 size)
{
	u64 sectors = 0;
	bool read_only = false;
	enum fat_status status;

	volume = (struct volume){ 0 };
	cache_memory.memory = memory;
	cache_memory.size = size;
	status = disk_open(&sectors, &read_only);
	if (status == FAT_OK && sectors == 0)
		status = FAT_NO_DISK;
	if (status != FAT_OK) {
		volume.complaint = status == FAT_NO_DISK ? "there is no disk" : "the disk does not answer";
		return status;
	}
	cache_reset(memory, size, 0, sectors);
	const u8 *first = cache_get(0, CACHE_READ);
	if (first == NULL) {
		volume.complaint = "the first sector cannot be read";
		return cache_error();
	}
	copy_bytes(volume.boot, first, SECTOR);
	COPY_BARRIER();
	status = read_geometry(volume.boot);
	if (status != FAT_OK)
		return status;

	volume.disk_sectors = sectors;
	volume.read_only = read_only;
	if (volume.sectors > sectors) {
		(void)volume_corrupt("the file system is larger than its partition; mounted read-only");
		volume.read_only = true;
	}
	cache_reset(memory, size, volume.data_start, volume.sectors < sectors ? volume.sectors : sectors);
	volume.hint = 2;
	read_info();
	node_reset();
	volume.mounted = true;
	return FAT_OK;
}

/* ---- Allocation table ---- */

/* A chain never leads to a number that this does not let through. */
static u32 classify(u32 value, u32 bits)
{
	u32 end = bits == 32 ? 0x0ffffff8u : bits == 16 ? 0xfff8u : 0xff8u;

	if (value == 0)
		return CLUSTER_FREE;
	if (value >= end)
		return CLUSTER_END;
	return cluster_valid(value) ? value : CLUSTER_BAD;
}

static enum fat_status get_byte(u64 table, u64 offset, u8 *byte)
{
	const u8 *at = cache_get(table + offset / SECTOR, CACHE_READ);

	if (at == NULL)
		return cache_error();
	*byte = at[offset % SECTOR];
	return FAT_OK;
}

static enum fat_status put_byte(u64 table, u64 offset, u8 byte)
{
	u8 *at = cache_get(table + offset / SECTOR, CACHE_MODIFY);

	if (at == NULL)
		return cache_error();
	at[offset % SECTOR] = byte;
	return FAT_OK;
}

/* Twelve bits may lie in two sectors. */
static enum fat_status get_twelve(u64 table, u32 cluster, u32 *value)
{
	u64 offset = (u64)cluster * 3 / 2;
	u8 low = 0, high = 0;
	enum fat_status status = get_byte(table, offset, &low);

	if (status == FAT_OK)
		status = get_byte(table, offset + 1, &high);
	*value = ((u32)low | (u32)high << 8) >> (cluster % 2 * 4) & 0xfff;
	return status;
}

static enum fat_status put_twelve(u64 table, u32 cluster, u32 value)
{
	u64 offset = (u64)cluster * 3 / 2;
	u8 low = 0, high = 0;
	enum fat_status status = get_byte(table, offset, &low);

	if (status == FAT_OK)
		status = get_byte(table, offset + 1, &high);
	if (status != FAT_OK)
		return status;
	u32 pair = (u32)low | (u32)high << 8;
	pair = cluster % 2 == 0 ? (pair & 0xf000) | value : (pair & 0x000f) | value << 4;
	status = put_byte(table, offset, (u8)pair);
	return status != FAT_OK ? status : put_byte(table, offset + 1, (u8)(pair >> 8));
}

enum fat_status table_get(u32 cluster, u32 *next)
{
	u32 value;

	if (volume.bits == 12) {
		enum fat_status status = get_twelve(volume.fat_start, cluster, &value);
		if (status != FAT_OK)
			return status;
	} else {
		u64 offset = (u64)cluster * (volume.bits / 8);
		const u8 *at = cache_get(volume.fat_start + offset / SECTOR, CACHE_READ);
		if (at == NULL)
			return cache_error();
		at += offset % SECTOR;
		if (volume.bits == 16)
			value = __atomic_load_n((const u16 *)(const void *)at, __ATOMIC_RELAXED);
		else
			value = __atomic_load_n((const u32 *)(const void *)at, __ATOMIC_RELAXED) & 0x0fffffff;
	}
	*next = classify(value, volume.bits);
	return FAT_OK;
}

static enum fat_status put_entry(u64 table, u32 cluster, u32 value)
{
	u64 offset = (u64)cluster * (volume.bits / 8);
	u8 *at;

	if (volume.bits == 12)
		return put_twelve(table, cluster, value & 0xfff);
	at = cache_get(table + offset / SECTOR, CACHE_MODIFY);
	if (at == NULL)
		return cache_error();
	at += offset % SECTOR;
	if (volume.bits == 16)
		put16(at, value);
	else /* the upper four bits are not ours */
		put32(at, (get32(at) & 0xf0000000) | (value & 0x0fffffff));
	return FAT_OK;
}

enum fat_status table_set(u32 cluster, u32 next)
{
	for (u32 i = 0; i <= volume.mirrors; i++) {
		enum fat_status status = put_entry(volume.fat_start + i * volume.fat_size, cluster, next);
		if (status != FAT_OK)
			return status;
	}
	return FAT_OK;
}

enum fat_status table_allocate(u32 after, u32 *cluster)
{
	u32 at = cluster_valid(after + 1) ? after + 1 : volume.hint;
	enum fat_status status;

	if (volume.counted && volume.available == 0)
		return FAT_NO_SPACE;
	for (u32 n = 0; n <= volume.clusters; n++) {
		u32 next;
		status = table_get(at, &next);
		if (status != FAT_OK)
			return status;
		if (next == CLUSTER_FREE) {
			status = table_set(at, CLUSTER_END);
			if (status != FAT_OK)
				return status;
			if (volume.available_known && volume.available != 0)
				volume.available--;
			volume.hint = cluster_valid(at + 1) ? at + 1 : 2;
			*cluster = at;
			return FAT_OK;
		}
		if (n == 0) /* the neighbour is taken: go on where the last search ended */
			at = volume.hint;
		else
			at = cluster_valid(at + 1) ? at + 1 : 2;
	}
	volume.available = 0;
	volume.available_known = volume.counted = true;
	return FAT_NO_SPACE;
}

enum fat_status table_free(u32 first)
{
	u32 at = first;

	for (u32 n = 0; n <= volume.clusters; n++) {
		u32 next;
		if (!cluster_valid(at))
			return volume_corrupt("a file's chain of clusters leads outside the volume");
		enum fat_status status = table_get(at, &next);
		if (status != FAT_OK)
			return status;
		if (next == CLUSTER_FREE)
			return volume_corrupt("a file's chain of clusters leads into free space");
		if (next == CLUSTER_BAD)
			return volume_corrupt("a file's chain of clusters leads to a bad cluster");
		status = table_set(at, CLUSTER_FREE);
		if (status != FAT_OK)
			return status;
		if (volume.available_known && volume.available < volume.clusters)
			volume.available++;
		if (next == CLUSTER_END)
			return FAT_OK;
		at = next;
	}
	return volume_corrupt("a file's chain of clusters is a circle");
}

/* Count the free clusters; what FSInfo says is only a hint. */
enum fat_status volume_count(void)
{
	u32 count = 0;

	if (volume.counted)
		return FAT_OK;
	for (u32 cluster = 2; cluster_valid(cluster); ) {
		u64 offset = (u64)cluster * volume.bits / 8;
		u64 sector = volume.fat_start + offset / SECTOR;
		if (volume.bits == 12) {
			u32 next;
			enum fat_status status = table_get(cluster, &next);
			if (status != FAT_OK)
				return status;
			count += next == CLUSTER_FREE;
			cluster++;
			continue;
		}
		cache_prefetch(sector, volume.fat_start + volume.fat_size - sector);
		cache_prefetch_run();
		const u8 *at = cache_get(sector, CACHE_READ);
		if (at == NULL)
			return cache_error();
		u32 here = (u32)((u64)cache_span(sector) * SECTOR - offset % SECTOR) / (volume.bits / 8);
		u32 left = volume.clusters + 2 - cluster;
		if (here > left)
			here = left;
		at += offset % SECTOR;
		if (volume.bits == 16) {
			const u16 *entry = (const u16 *)(const void *)at;
			for (u32 i = 0; i < here; i++)
				count += entry[i] == 0;
		} else {
			const u32 *entry = (const u32 *)(const void *)at;
			for (u32 i = 0; i < here; i++)
				count += (entry[i] & 0x0fffffff) == 0;
		}
		cluster += here;
	}
	volume.available = count;
	volume.available_known = volume.counted = true;
	return FAT_OK;
}

enum fat_status cluster_clear(u32 cluster)
{
	for (u32 i = 0; i < volume.cluster_sectors; ) {
		u64 sector = cluster_sector(cluster) + i;
		u32 here = cache_span(sector), left = volume.cluster_sectors - i;
		u32 sectors = here < left ? here : left;
		u8 *at = cache_get(sector, sectors == CACHE_SECTORS ? CACHE_FRESH : CACHE_MODIFY);
		if (at == NULL)
			return cache_error();
		zero_bytes(at, (u64)sectors * SECTOR);
		i += sectors;
	}
	return FAT_OK;
}

/* ---- Changes ---- */

/* The mark that Linux and Windows look at: set while the disk may be inconsistent. It goes past the cache, whose copy
 * of the first sector follows. */
static enum fat_status write_mark(bool changing)
{
	u32 offset = volume.bits == 32 ? 65 : 37;
	struct disk_transfer transfer = { .sector = 0, .sectors = 1, .bytes = cache_spare() };

	volume.boot[offset] = (u8)(changing ? volume.boot[offset] | 1 : volume.boot[offset] & ~1);
	copy_bytes(transfer.bytes, volume.boot, SECTOR);
	u8 *cached = cache_get(0, CACHE_PEEK);
	if (cached != NULL)
		cached[offset] = volume.boot[offset];
	enum fat_status status = disk_transfer(true, &transfer, 1);
	return status != FAT_OK ? status : disk_flush();
}

/* Until here the disk is as the last sync left it: a crash has lost changes, but broken nothing. */
enum fat_status volume_before_write(void)
{
	if (volume.marked || volume.unclean)
		return FAT_OK;
	enum fat_status status = write_mark(true);
	volume.marked = status == FAT_OK;
	return status;
}

enum fat_status volume_begin_change(void)
{
	return volume.read_only ? FAT_READ_ONLY : FAT_OK;
}

static enum fat_status write_info(void)
{
	if (volume.info_sector == 0)
		return FAT_OK;
	u8 *at = cache_get(volume.info_sector, CACHE_READ);
	if (at == NULL)
		return cache_error();
	if (get32(at) != 0x41615252 || get32(at + 484) != 0x61417272)
		return FAT_OK;
	at = cache_get(volume.info_sector, CACHE_MODIFY);
	if (at == NULL)
		return cache_error();
	put32(at + 488, volume.available_known ? volume.available : 0xffffffff);
	put32(at + 492, volume.hint);
	return FAT_OK;
}

enum fat_status fat_sync(void)
{
	enum fat_status status;

	if (!fat_dirty())
		return FAT_OK;
	status = write_info();
	if (status == FAT_OK)
		status = cache_clean();
	if (status == FAT_OK)
		status = disk_flush();
	if (status == FAT_OK && volume.marked && !volume.damaged)
		status = write_mark(false);
	if (status == FAT_OK)
		volume.marked = false;
	return status;
}

void fat_size(struct fat_volume_info *info)
{
	*info = (struct fat_volume_info){
		.total = (u64)volume.clusters << volume.cluster_shift,
		.available = (u64)volume.available << volume.cluster_shift,
		.cluster_size = 1u << volume.cluster_shift,
		.bits = volume.bits,
		.serial = volume.serial,
		.read_only = volume.read_only,
		.damaged = volume.damaged || volume.unclean,
	};
	for (u32 i = 0; i < 11; i++)
		info->label[i] = volume.label[i];
}

enum fat_status fat_info(struct fat_volume_info *info)
{
	enum fat_status status = volume_count();

	fat_size(info);
	return status;
}
