/* partition.h - partition tables: what stands in an MBR, a chain of extended partitions or a GPT, checked.
 *
 * Sources: UEFI specification 2.10 chapter 5 (GPT, protective MBR), and for the MBR what fdisk writes. A table is as
 * hostile as any disk: partitions outside the disk, over the table or over each other are left out. */
#pragma once
#include "../../../kernel/abi.h"
#include <stdbool.h>

#define PARTITIONS_MAX 16u

struct partition {
	u64 start;
	u64 sectors;
	bool likely_fat;   /* its type says so: those are given to clients first */
	u32 number;        /* as other systems count */
};

struct partition_table {
	struct partition list[PARTITIONS_MAX];
	u32 count;
	u32 left_out;      /* entries that could not be believed */
	u64 extended;      /* first sector of the next extended boot record to read, 0: none */
	u64 extended_base;
	u32 hops;
};

enum table_kind { TABLE_NONE, TABLE_MBR, TABLE_GPT };

/* First sector of the disk. TABLE_GPT: go on with the header in sector 1; TABLE_NONE: the disk is one volume. */
enum table_kind partition_read_mbr(const u8 sector[512], u64 disk_sectors, struct partition_table *table);
/* An extended boot record that was read from table->extended. */
void partition_read_extended(const u8 sector[512], u64 disk_sectors, struct partition_table *table);

struct gpt_header {
	u64 entries;       /* first sector of the entries */
	u32 entry_count, entry_size, entry_sectors, checksum;
	u64 first, last;   /* sectors that partitions may use */
};
/* The header that was read from sector `at`; false: not one, or its checksum is wrong. */
bool partition_read_gpt_header(const u8 sector[512], u64 at, u64 disk_sectors, struct gpt_header *header);
/* All entries (entry_sectors sectors); false: the checksum is wrong. */
bool partition_read_gpt(const u8 *entries, const struct gpt_header *header, u64 disk_sectors,
	struct partition_table *table);
/* In the order in which clients get them: those that look like FAT first, otherwise as on the disk. */
void partition_order(struct partition_table *table);
u32 partition_checksum(const u8 *bytes, u64 size);
