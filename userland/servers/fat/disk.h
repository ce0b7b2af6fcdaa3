/* disk.h - what the file system core needs from the world: sectors of one partition, and the time.
 *
 * disk.c does it over the rings of the block protocol, the host tests over an image file. */
#pragma once
#include "fat.h"

#define SECTOR 512u

struct disk_transfer {
	u64 sector;
	u32 sectors;
	enum fat_status status; /* out */
	u8 *bytes;
};

/* Size in sectors and whether it can be written. FAT_NO_DISK: there is none. Waits no longer than a deadline. */
enum fat_status disk_open(u64 *sectors, bool *read_only);
/* All transfers of the list, in any order; returns when the last is done: FAT_OK or the first failure. */
enum fat_status disk_transfer(bool write, struct disk_transfer *list, u32 count);
/* What was written is on the medium. */
enum fat_status disk_flush(void);
/* Seconds since 1970, local time. */
u64 disk_time(void);
