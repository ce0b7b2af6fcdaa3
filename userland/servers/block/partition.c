/* partition.c - reads and checks partition tables (partition.h). */
#include "partition.h"

#define GPT_MAX_ENTRY_SECTORS 128u
#define EXTENDED_HOPS 32u

static u32 get32(const u8 *at)
{
	return (u32)at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

static u64 get64(const u8 *at)
{
	return get32(at) | (u64)get32(at + 4) << 32;
}

/* CRC-32 as in Ethernet and GPT, four bits at a time. */
static u32 checksum_step(u32 sum, u8 byte)
{
	static const u32 nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	sum ^= byte;
	sum = sum >> 4 ^ nibble[sum & 15];
	return sum >> 4 ^ nibble[sum & 15];
}

u32 partition_checksum(const u8 *bytes, u64 size)
{
	u32 sum = 0xffffffff;

	for (u64 i = 0; i < size; i++)
		sum = checksum_step(sum, bytes[i]);
	return ~sum;
}

/* Add a partition if it can be believed. */
static void add(struct partition_table *table, u64 disk_sectors, struct partition partition)
{
	bool good = partition.start > 0 && partition.sectors > 0 && partition.start < disk_sectors &&
		partition.sectors <= disk_sectors - partition.start && table->count < PARTITIONS_MAX;

	for (u32 i = 0; good && i < table->count; i++) {
		const struct partition *other = &table->list[i];
		if (partition.start < other->start + other->sectors && other->start < partition.start + partition.sectors)
			good = false;
	}
	if (good)
		table->list[table->count++] = partition;
	else
		table->left_out++;
}

static bool fat_type(u8 type)
{
	switch (type) {
	case 0x01: case 0x04: case 0x06: case 0x0b: case 0x0c: case 0x0e: case 0xef:
		return true;
	default:
		return false;
	}
}

static bool extended_type(u8 type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* A FAT or NTFS volume without a table has the same signature at the end of its first sector. */
static bool looks_like_volume(const u8 sector[512])
{
	u32 size = (u32)sector[11] | (u32)sector[12] << 8;
	bool jump = sector[0] == 0xe9 || (sector[0] == 0xeb && sector[2] == 0x90);

	return jump && size >= 512 && size <= 4096 && (size & (size - 1)) == 0 && sector[13] != 0 &&
		(sector[13] & (sector[13] - 1)) == 0 && (sector[16] == 1 || sector[16] == 2);
}

enum table_kind partition_read_mbr(const u8 sector[512], u64 disk_sectors, struct partition_table *table)
{
	*table = (struct partition_table){ 0 };
	if (sector[510] != 0x55 || sector[511] != 0xaa || looks_like_volume(sector))
		return TABLE_NONE;
	for (u32 i = 0; i < 4; i++) {
		const u8 *entry = sector + 446 + i * 16;
		if ((entry[0] & 0x7f) != 0) /* active or not: anything else is no table */
			return TABLE_NONE;
		if (entry[4] == 0xee)
			return TABLE_GPT;
	}
	for (u32 i = 0; i < 4; i++) {
		const u8 *entry = sector + 446 + i * 16;
		struct partition partition = { .start = get32(entry + 8), .sectors = get32(entry + 12), .number = i + 1,
			.likely_fat = fat_type(entry[4]) };
		if (entry[4] == 0)
			continue;
		if (extended_type(entry[4]))
			table->extended = table->extended_base = partition.start;
		else
			add(table, disk_sectors, partition);
	}
	if (table->extended >= disk_sectors)
		table->extended = 0;
	return TABLE_MBR;
}

void partition_read_extended(const u8 sector[512], u64 disk_sectors, struct partition_table *table)
{
	u64 here = table->extended;

	table->extended = 0;
	table->hops++;
	if (sector[510] != 0x55 || sector[511] != 0xaa)
		return;
	for (u32 i = 0; i < 2; i++) {
		const u8 *entry = sector + 446 + i * 16;
		struct partition partition = { .start = here + get32(entry + 8), .sectors = get32(entry + 12),
			.number = 4 + table->hops, .likely_fat = fat_type(entry[4]) };
		if (entry[4] == 0)
			continue;
		if (!extended_type(entry[4])) {
			add(table, disk_sectors, partition);
			continue;
		}
		u64 next = table->extended_base + get32(entry + 8);
		if (next > here && next < disk_sectors && table->hops < EXTENDED_HOPS) /* forward only: never in a circle */
			table->extended = next;
	}
}

bool partition_read_gpt_header(const u8 sector[512], u64 at, u64 disk_sectors, struct gpt_header *header)
{
	static const char signature[8] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };
	u32 size = get32(sector + 12), sum = 0xffffffff;

	for (u32 i = 0; i < 8; i++) {
		if (sector[i] != (u8)signature[i])
			return false;
	}
	if (size < 92 || size > 512 || get64(sector + 24) != at)
		return false;
	for (u32 i = 0; i < size; i++)
		sum = checksum_step(sum, i >= 16 && i < 20 ? 0 : sector[i]);
	if (~sum != get32(sector + 16))
		return false;
	header->first = get64(sector + 40);
	header->last = get64(sector + 48);
	header->entries = get64(sector + 72);
	header->entry_count = get32(sector + 80);
	header->entry_size = get32(sector + 84);
	header->checksum = get32(sector + 88);
	u64 bytes = (u64)header->entry_count * header->entry_size;
	header->entry_sectors = (u32)((bytes + 511) / 512);
	return header->entry_size >= 128 && header->entry_size <= 4096 && header->entry_size % 8 == 0 && bytes != 0 &&
		bytes <= GPT_MAX_ENTRY_SECTORS * 512ul && header->entries > 0 && header->entries < disk_sectors &&
		header->entry_sectors <= disk_sectors - header->entries && header->first <= header->last &&
		header->last < disk_sectors;
}

/* Types that hold FAT: basic data, EFI system, and Linux data as some tools mark everything. */
static bool fat_guid(const u8 guid[16])
{
	static const u8 known[2][16] = {
		{ 0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7 },
		{ 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b },
	};

	for (u32 i = 0; i < 2; i++) {
		u32 same = 0;
		while (same < 16 && guid[same] == known[i][same])
			same++;
		if (same == 16)
			return true;
	}
	return false;
}

bool partition_read_gpt(const u8 *entries, const struct gpt_header *header, u64 disk_sectors,
	struct partition_table *table)
{
	*table = (struct partition_table){ 0 };
	if (partition_checksum(entries, (u64)header->entry_count * header->entry_size) != header->checksum)
		return false;
	for (u32 i = 0; i < header->entry_count; i++) {
		const u8 *entry = entries + (u64)i * header->entry_size;
		u64 first = get64(entry + 32), last = get64(entry + 40);
		if (get64(entry) == 0 && get64(entry + 8) == 0)
			continue;
		if (first < header->first || last > header->last || first > last) {
			table->left_out++;
			continue;
		}
		add(table, disk_sectors, (struct partition){ .start = first, .sectors = last - first + 1, .number = i + 1,
			.likely_fat = fat_guid(entry) });
	}
	return true;
}

void partition_order(struct partition_table *table)
{
	for (u32 i = 1; i < table->count; i++) {
		struct partition partition = table->list[i];
		u32 at = i;
		while (at > 0 && partition.likely_fat && !table->list[at - 1].likely_fat) {
			table->list[at] = table->list[at - 1];
			at--;
		}
		table->list[at] = partition;
	}
}
