/* fat.h - FAT12, FAT16 and FAT32 volumes with long names: the file system as plain C, without kernel and protocol.
 *
 * The server (main.c) and the host tests stand on this. There is one volume. Everything on the disk is hostile: sizes,
 * chains and names are checked when they are used, and every walk over disk structures is bounded by the size of the
 * volume. Disk and clock are functions that whoever links the core provides (disk.h). */
#pragma once
#include "../../../kernel/abi.h"
#include <stdbool.h>

enum fat_status { /* in the order of the errors in protocols/file.sys */
	FAT_OK = 0, FAT_NOT_FOUND, FAT_EXISTS, FAT_NOT_DIRECTORY, FAT_IS_DIRECTORY, FAT_NOT_EMPTY, FAT_NO_SPACE,
	FAT_READ_ONLY, FAT_BAD_NAME, FAT_BAD_HANDLE, FAT_TOO_MANY_OPEN, FAT_IN_USE, FAT_TOO_BIG, FAT_BAD_ARGUMENT,
	FAT_IO, FAT_CORRUPT, FAT_NO_DISK, FAT_NO_FILE_SYSTEM, FAT_RESTARTED, FAT_NO_ANSWER,
};

/* Attributes in a directory entry. */
#define ATTRIBUTE_READ_ONLY 0x01u
#define ATTRIBUTE_HIDDEN 0x02u
#define ATTRIBUTE_SYSTEM 0x04u
#define ATTRIBUTE_LABEL 0x08u
#define ATTRIBUTE_DIRECTORY 0x10u
#define ATTRIBUTE_ARCHIVE 0x20u
#define ATTRIBUTE_LONG_NAME 0x0fu

#define NODE_RUNS 12u

struct cluster_run { /* clusters of a file that lie one behind the other on the disk */
	u32 index;     /* first, counted in the file */
	u32 cluster;   /* first, on the disk */
	u32 count;
};

/* A file or folder that the core has looked at: kept while it is referenced, afterwards until its place is needed. */
struct fat_node {
	u64 key;           /* number of its 32-byte entry in the volume; 0: the root */
	u32 stamp;         /* never given twice: names in the name cache point at (node, stamp) */
	u32 references;
	u32 next;          /* in the hash chain, number + 1 */
	u32 first;         /* first cluster; 0: none, or the fixed root of FAT12 and FAT16 */
	u32 size;
	u32 attributes;
	bool used;
	bool recent;       /* second chance when a place is looked for */
	bool root;
	u64 created, modified, accessed; /* seconds since 1970 */
	u32 modified_raw;  /* date << 16 | time as on the disk */
	u32 length;        /* clusters in the chain, if `length_known` */
	u32 last;          /* last cluster of the chain, if `length_known` */
	bool length_known;
	u32 run_count;     /* runs[] covers the chain from its start, but for a gap before the last when it is full */
	struct cluster_run runs[NODE_RUNS];
	u64 sequential;    /* where a reader that goes straight on would read next */
};

struct fat_volume_info {
	u64 total, available;   /* bytes */
	u32 cluster_size, bits, serial;
	bool read_only, damaged;
	char label[12];
};

/* Mount with `memory` of `size` bytes (a multiple of 4096) for the block cache. May be called again after an error. */
enum fat_status fat_mount(void *memory, u64 size);
bool fat_mounted(void);
/* Why the last mount failed, or what looked wrong first: one sentence, or an empty string. */
const char *fat_complaint(void);
/* Write everything back, and see that it is on the medium. */
enum fat_status fat_sync(void);
bool fat_dirty(void);
enum fat_status fat_info(struct fat_volume_info *info);
/* The same without counting free clusters. */
void fat_size(struct fat_volume_info *info);

/* A path is UTF-8, absolute, not zero-terminated; the core copies what it keeps. Nodes come back referenced. */
enum fat_status fat_open(const char *path, u32 size, struct fat_node **node);
enum fat_status fat_create(const char *path, u32 size, struct fat_node **node);
void fat_close(struct fat_node *node);
enum fat_status fat_make_directory(const char *path, u32 size);
enum fat_status fat_remove(const char *path, u32 size, bool directory);
enum fat_status fat_rename(const char *from, u32 from_size, const char *to, u32 to_size);
/* `attributes` and `modified`: all ones keep what is there. */
enum fat_status fat_set(struct fat_node *node, u64 attributes, u64 modified);

enum fat_status fat_read(struct fat_node *node, u64 position, u64 size, u8 *to, u64 *done);
enum fat_status fat_write(struct fat_node *node, u64 position, u64 size, const u8 *from, u64 *done);
enum fat_status fat_truncate(struct fat_node *node, u64 size);

struct fat_listing { /* one entry of a folder */
	char name[768];
	u32 name_size;
	u32 size;
	u32 attributes;
	u64 modified;
};
/* The next entry at or behind *cookie, which moves on; FAT_NOT_FOUND at the end. */
enum fat_status fat_list(struct fat_node *directory, u32 *cookie, struct fat_listing *entry);
