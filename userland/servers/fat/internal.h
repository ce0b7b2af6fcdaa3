/* internal.h - what the files of the FAT core share: cache, volume, names, folders, nodes, in this order of layers. */
#pragma once
#include "disk.h"
#include "../../runtime/copy.h"
#include <stddef.h>

/* ---- cache.c: blocks of eight sectors, written back ---------------------------------------------------------- */
#define CACHE_BLOCK 4096u
#define CACHE_SECTORS 8u
#define CACHE_MAX_BLOCKS 1024u
#define CACHE_BATCH 64u

enum cache_access {
	CACHE_READ,
	CACHE_PEEK,   /* NULL if it is not there */
	CACHE_MODIFY, /* will be changed: the block is dirty from now on */
	CACHE_FRESH,  /* the whole block will be overwritten: do not read it; dirty */
};

/* Forget everything. Blocks are counted from sector `origin` (mod 8), so that clusters fill whole blocks. */
void cache_reset(void *memory, u64 size, u64 origin, u64 sectors);
/* The bytes of a sector and of the rest of its block; NULL: cache_error() says why. Valid until the next cache call. */
u8 *cache_get(u64 sector, enum cache_access access);
enum fat_status cache_error(void);
/* Sectors from `sector` to the end of its block. */
u32 cache_span(u64 sector);
bool cache_starts_block(u64 sector);
/* Bring blocks in with one batch of requests: collect, then run. What fails is read again when it is needed. */
void cache_prefetch(u64 sector, u64 sectors);
void cache_prefetch_run(void);
/* Write dirty blocks back: all. */
enum fat_status cache_clean(void);
bool cache_dirty(void);
/* A block of the cache's memory that the cache does not use: for transfers past it. */
u8 *cache_spare(void);
/* Provided by volume.c: what has to be on the disk before the first change is. */
enum fat_status volume_before_write(void);

/* ---- volume.c: geometry, the allocation table, free space ---------------------------------------------------- */
#define CLUSTER_END 0xffffffffu /* what follows the last cluster of a chain */
#define CLUSTER_FREE 0u
#define CLUSTER_BAD 1u          /* marked bad, reserved, or outside the volume: no chain may lead there */

struct volume {
	bool mounted, read_only, damaged;
	bool unclean;           /* was not unmounted properly, before us */
	bool marked;            /* the disk says so now, because of us */
	u8 boot[SECTOR];        /* the first sector, for the mark */
	u32 bits;               /* 12, 16 or 32 */
	u64 disk_sectors;       /* of the partition, in 512 bytes like all that follow */
	u64 sectors;
	u64 fat_start;          /* active table */
	u64 fat_size;
	u32 mirrors;            /* further tables behind the active one that are kept equal */
	u64 root_start;         /* fixed root folder of FAT12 and FAT16 */
	u32 root_entries;
	u32 root_cluster;       /* FAT32 */
	u64 data_start;
	u32 cluster_sectors;
	u32 cluster_shift;      /* bytes */
	u32 clusters;           /* valid numbers are 2 to clusters + 1 */
	u32 hint;               /* where to look for a free cluster */
	u32 available;          /* free clusters; exact if `counted` */
	bool available_known, counted;
	u64 info_sector;        /* FSInfo, 0: none */
	u32 serial;
	char label[12];
	const char *complaint;
};
extern struct volume volume;

/* Note that the disk is inconsistent and say why, once. */
enum fat_status volume_corrupt(const char *why);
/* Before a change: refuses read-only volumes. */
enum fat_status volume_begin_change(void);
static inline bool cluster_valid(u32 cluster) { return cluster - 2 < volume.clusters; }
static inline u64 cluster_sector(u32 cluster)
{
	return volume.data_start + (u64)(cluster - 2) * volume.cluster_sectors;
}
/* Table entry: next cluster, CLUSTER_END, CLUSTER_FREE or CLUSTER_BAD. */
enum fat_status table_get(u32 cluster, u32 *next);
enum fat_status table_set(u32 cluster, u32 next);
/* A free cluster, near `after`, marked as the end of a chain. */
enum fat_status table_allocate(u32 after, u32 *cluster);
/* Free a chain from `first` on. */
enum fat_status table_free(u32 first);
enum fat_status volume_count(void);
/* Fill a cluster with zeros. */
enum fat_status cluster_clear(u32 cluster);

/* ---- name.c: names and times --------------------------------------------------------------------------------- */
#define NAME_UNITS 255u
/* UTF-8 to UTF-16; 0 if it is no valid name part (length, encoding). */
u32 name_decode(const char *text, u32 size, u16 units[NAME_UNITS]);
u32 name_encode(const u16 *units, u32 count, char *text, u32 room);
/* May a file be created under this name? */
bool name_allowed(const u16 *units, u32 count);
/* Is this name from the disk fit to be shown and found? */
bool name_sane(const u16 *units, u32 count);
u16 name_fold(u16 unit);
bool name_equal(const u16 *a, u32 a_count, const u16 *b, u32 b_count);
/* The 11 bytes of a short name as UTF-16, lower case where `flags` (byte 12 of the entry) says so. */
u32 name_from_short(const u8 raw[11], u8 flags, u16 units[13]);
/* The short form, if the name is one: then no long name is needed. `flags` for byte 12. */
bool name_to_short(const u16 *units, u32 count, u8 raw[11], u8 *flags);
/* Candidate `attempt` (0, 1, ...) for the short alias of a long name. */
void name_alias(const u16 *units, u32 count, u32 attempt, u8 raw[11]);
u8 name_checksum(const u8 raw[11]);
u64 time_decode(u32 date_time);
u32 time_encode(u64 seconds);

/* ---- node.c: nodes and the name cache ------------------------------------------------------------------------ */
struct dir_match { /* where a name stands in its folder */
	u64 key;
	u32 first;   /* index of its first entry (long name), */
	u32 index;   /* of its short entry */
	u8 raw[32];
};

void node_reset(void);
struct fat_node *node_root(void);
/* The node of an entry, referenced. */
enum fat_status node_load(u64 key, const u8 raw[32], struct fat_node **node);
void node_drop(struct fat_node *node);
/* No name and nobody else leads to this node any more. */
void node_forget(struct fat_node *node);
/* Its entry moved: names that were cached are void. */
void node_move(struct fat_node *node, u64 key);
/* Write first cluster, size, attributes and times into its entry. */
enum fat_status node_store(struct fat_node *node);
/* Is a node with this key in memory and referenced by others than `count`? */
struct fat_node *node_find(u64 key);
/* The cluster at `index` of the chain and how many follow each other from there; `want`: how many would be of use.
 * *count 0: the chain ends before. */
enum fat_status node_map(struct fat_node *node, u32 index, u32 want, u32 *cluster, u32 *count);
/* Length of the chain and last cluster. */
enum fat_status node_measure(struct fat_node *node);
/* The same for a folder, which may have `most` clusters; its size stands nowhere. */
enum fat_status node_measure_folder(struct fat_node *node, u32 most);
/* One more cluster at the end of the chain. */
enum fat_status node_extend(struct fat_node *node, u32 *cluster);
/* Keep `clusters` clusters, free the rest. */
enum fat_status node_cut(struct fat_node *node, u32 clusters);

/* ---- directory.c --------------------------------------------------------------------------------------------- */
enum fat_status directory_find(struct fat_node *dir, const u16 *units, u32 count, struct dir_match *match);
/* New entry with the fields of `raw` (from byte 11 on) under this name; entry `ignore` is not in its way. */
enum fat_status directory_add(struct fat_node *dir, const u16 *units, u32 count, u8 raw[32], u64 ignore, u64 *key);
enum fat_status directory_delete(struct fat_node *dir, const struct dir_match *match);
enum fat_status directory_is_empty(struct fat_node *dir, bool *empty);

/* ---- little endian ------------------------------------------------------------------------------------------- */
static inline u32 get16(const u8 *at) { return (u32)at[0] | (u32)at[1] << 8; }
static inline u32 get32(const u8 *at) { return get16(at) | get16(at + 2) << 16; }
static inline void put16(u8 *at, u32 value) { at[0] = (u8)value, at[1] = (u8)(value >> 8); }
static inline void put32(u8 *at, u32 value) { put16(at, value), put16(at + 2, value >> 16); }
static inline u32 entry_cluster(const u8 raw[32])
{
	return get16(raw + 26) | (volume.bits == 32 ? get16(raw + 20) << 16 : 0);
}
static inline void entry_set_cluster(u8 raw[32], u32 cluster)
{
	put16(raw + 26, cluster);
	put16(raw + 20, volume.bits == 32 ? cluster >> 16 : 0);
}
