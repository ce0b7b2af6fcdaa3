/* node.c - files and folders in memory: nodes, their chains of clusters, paths, and the cache of names.
 *
 * A node is named by the number of its directory entry in the volume, so one file has one node however it was reached.
 * A name that was looked up is remembered with the stamps of folder and node; a node that goes or moves gets a new
 * stamp, so that no remembered name has to be searched for and removed. */
#include "internal.h"

#define NODES 256u
#define NODE_BUCKETS 256u
#define NAMES 512u
#define NAME_KEPT 47u
#define PATH_BYTES 1024u

struct known_name {
	u32 folder;   /* stamp */
	u32 hash;
	u32 node;     /* index */
	u32 stamp;
	u8 size;
	char text[NAME_KEPT];
};

static struct fat_node nodes[NODES]; /* 0 is the root */
static u32 node_buckets[NODE_BUCKETS];
static struct known_name names[NAMES];
static u32 node_hand, last_stamp;

static u32 *bucket_of(u64 key)
{
	return &node_buckets[((u32)key * 2654435761u) >> 24];
}

void node_reset(void)
{
	for (u32 i = 0; i < NODES; i++)
		nodes[i] = (struct fat_node){ 0 };
	for (u32 i = 0; i < NODE_BUCKETS; i++)
		node_buckets[i] = 0;
	nodes[0] = (struct fat_node){
		.used = true, .root = true, .references = 1, .stamp = ++last_stamp,
		.attributes = ATTRIBUTE_DIRECTORY, .first = volume.root_cluster,
	};
}

struct fat_node *node_root(void)
{
	nodes[0].references++;
	return &nodes[0];
}

struct fat_node *node_find(u64 key)
{
	for (u32 i = *bucket_of(key); i != 0; i = nodes[i - 1].next) {
		if (nodes[i - 1].key == key)
			return &nodes[i - 1];
	}
	return NULL;
}

static void unlink_node(struct fat_node *node)
{
	u32 *link = bucket_of(node->key);

	while (*link != (u32)(node - nodes) + 1)
		link = &nodes[*link - 1].next;
	*link = node->next;
}

static void link_node(struct fat_node *node, u64 key)
{
	u32 *bucket = bucket_of(key);

	node->key = key;
	node->next = *bucket;
	*bucket = (u32)(node - nodes) + 1;
}

static struct fat_node *take_node(void)
{
	for (u32 n = 0; n < 2 * NODES; n++) {
		struct fat_node *node = &nodes[node_hand];
		node_hand = (node_hand + 1) % NODES;
		if (!node->used)
			return node;
		if (node->references != 0)
			continue;
		if (node->recent) {
			node->recent = false;
			continue;
		}
		unlink_node(node);
		return node;
	}
	return NULL;
}

static void forget_chain(struct fat_node *node)
{
	node->run_count = 0;
	node->length_known = false;
}

enum fat_status node_load(u64 key, const u8 raw[32], struct fat_node **result)
{
	struct fat_node *node = node_find(key);
	u32 first = entry_cluster(raw), size = get32(raw + 28);

	if (node == NULL) {
		bool directory = (raw[11] & ATTRIBUTE_DIRECTORY) != 0;
		if (first != 0 && !cluster_valid(first))
			return volume_corrupt("a file begins outside the volume");
		if (directory && first == 0)
			return volume_corrupt("a folder has no clusters");
		if (!directory && ((first == 0) != (size == 0) || size > (u64)volume.clusters << volume.cluster_shift)) {
			if (size != 0)
				return volume_corrupt("a file is larger than its clusters can hold");
		}
		node = take_node();
		if (node == NULL)
			return FAT_TOO_MANY_OPEN;
		*node = (struct fat_node){
			.used = true, .stamp = ++last_stamp, .first = first, .size = directory ? 0 : size,
			.attributes = raw[11], .modified_raw = get32(raw + 22), .modified = time_decode(get32(raw + 22)),
			.created = time_decode(get32(raw + 14)), .accessed = time_decode(get16(raw + 18) << 16),
		};
		link_node(node, key);
	}
	node->references++;
	node->recent = true;
	*result = node;
	return FAT_OK;
}

void node_drop(struct fat_node *node)
{
	node->references--;
}

void node_forget(struct fat_node *node)
{
	unlink_node(node);
	*node = (struct fat_node){ 0 };
}

void node_move(struct fat_node *node, u64 key)
{
	unlink_node(node);
	node->stamp = ++last_stamp;
	link_node(node, key);
}

enum fat_status node_store(struct fat_node *node)
{
	if (node->root)
		return FAT_OK;
	u8 *raw = cache_get(node->key / 16, CACHE_MODIFY);
	if (raw == NULL)
		return cache_error();
	raw += node->key % 16 * 32;
	raw[11] = (u8)node->attributes;
	put32(raw + 22, node->modified_raw);
	put16(raw + 18, node->modified_raw >> 16);
	entry_set_cluster(raw, node->first);
	put32(raw + 28, node->size);
	return FAT_OK;
}

/* ---- Chains ---- */

/* The run that holds `index`, or NULL. */
static struct cluster_run *find_run(struct fat_node *node, u32 index)
{
	for (u32 i = node->run_count; i > 0; i--) {
		struct cluster_run *run = &node->runs[i - 1];
		if (index - run->index < run->count)
			return run;
	}
	return NULL;
}

/* The nearest run that ends before `index`; walks go on from there. */
static struct cluster_run *run_before(struct fat_node *node, u32 index)
{
	if (node->run_count == 0) {
		node->runs[0] = (struct cluster_run){ .index = 0, .cluster = node->first, .count = 1 };
		node->run_count = 1;
	}
	for (u32 i = node->run_count; i > 0; i--) {
		if (node->runs[i - 1].index < index || i == 1)
			return &node->runs[i - 1];
	}
	return NULL;
}

/* Append to the list of runs; when it is full the last place is used again, and the list has a gap. */
static struct cluster_run *add_run(struct fat_node *node, struct cluster_run *after, u32 index, u32 cluster)
{
	u32 place = (u32)(after - node->runs) + 1;

	if (place == NODE_RUNS)
		place--;
	node->runs[place] = (struct cluster_run){ .index = index, .cluster = cluster, .count = 1 };
	node->run_count = place + 1;
	return &node->runs[place];
}

enum fat_status node_map(struct fat_node *node, u32 index, u32 want, u32 *cluster, u32 *count)
{
	*count = 0;
	*cluster = 0;
	if (node->first == 0 || index > volume.clusters)
		return FAT_OK;

	struct cluster_run *run = find_run(node, index);
	if (run == NULL)
		run = run_before(node, index);
	while (index + want > run->index + run->count) {
		u32 next, end = run->index + run->count;
		enum fat_status status = table_get(run->cluster + run->count - 1, &next);
		if (status != FAT_OK)
			return status;
		if (next == CLUSTER_END) {
			node->length = end;
			node->last = run->cluster + run->count - 1;
			node->length_known = true;
			break;
		}
		if (end >= volume.clusters)
			return volume_corrupt("a file's chain of clusters is a circle");
		if (!cluster_valid(next))
			return volume_corrupt("a file's chain of clusters leads nowhere");
		if (next == run->cluster + run->count) {
			run->count++;
		} else {
			if (index < end) /* what follows is not needed now */
				break;
			run = add_run(node, run, end, next);
		}
	}
	if (index - run->index < run->count) {
		*cluster = run->cluster + (index - run->index);
		*count = run->count - (index - run->index);
	}
	return FAT_OK;
}

/* Walk the chain to its end; more than `most` clusters are `trouble`. */
static enum fat_status measure(struct fat_node *node, u32 most, const char *trouble)
{
	u32 cluster, count, index = 0;

	if (node->first == 0) {
		node->length = 0;
		node->length_known = true;
	}
	while (!node->length_known) {
		enum fat_status status = index < most ? node_map(node, index, most - index, &cluster, &count) :
			node_map(node, index, 1, &cluster, &count); /* no cluster comes any more, if all is well */
		if (status != FAT_OK)
			return status;
		index += count;
		if (!node->length_known && (count == 0 || index > most))
			return volume_corrupt(trouble);
	}
	return FAT_OK;
}

enum fat_status node_measure(struct fat_node *node)
{
	return measure(node, volume.clusters, "a file's chain of clusters is a circle");
}

enum fat_status node_measure_folder(struct fat_node *node, u32 most)
{
	return measure(node, most, "a folder's chain of clusters is a circle, or longer than the format allows");
}

enum fat_status node_extend(struct fat_node *node, u32 *cluster)
{
	enum fat_status status = node_measure(node);

	if (status == FAT_OK)
		status = table_allocate(node->length != 0 ? node->last : 0, cluster);
	if (status != FAT_OK)
		return status;
	if (node->length == 0) {
		node->first = *cluster;
		node->run_count = 0;
		status = node_store(node);
	} else {
		status = table_set(node->last, *cluster);
	}
	node->last = *cluster;
	node->length++;
	return status;
}

enum fat_status node_cut(struct fat_node *node, u32 clusters)
{
	u32 cluster, count, next;
	enum fat_status status;

	if (node->first == 0)
		return FAT_OK;
	if (clusters == 0) {
		u32 first = node->first;
		node->first = 0;
		forget_chain(node);
		status = node_store(node);
		return status != FAT_OK ? status : table_free(first);
	}
	status = node_map(node, clusters - 1, 1, &cluster, &count);
	if (status != FAT_OK || count == 0)
		return status;
	status = table_get(cluster, &next);
	if (status != FAT_OK || next == CLUSTER_END)
		return status;
	forget_chain(node);
	status = table_set(cluster, CLUSTER_END);
	return status != FAT_OK ? status : table_free(next);
}

/* ---- Paths ---- */

static struct known_name *place_of(u32 folder, u32 hash)
{
	return &names[(hash ^ folder * 2654435761u) % NAMES];
}

static struct fat_node *known(const struct known_name *name, u32 folder, u32 hash, const char *text, u32 size)
{
	if (name->hash != hash || name->folder != folder || name->size != size || nodes[name->node].stamp != name->stamp)
		return NULL;
	for (u32 i = 0; i < size; i++) {
		if (name->text[i] != text[i])
			return NULL;
	}
	return &nodes[name->node];
}

static void remember(struct known_name *name, const char *text, u32 size, const struct fat_node *node)
{
	name->node = (u32)(node - nodes);
	name->stamp = node->stamp;
	name->size = (u8)size;
	for (u32 i = 0; i < size; i++)
		name->text[i] = text[i];
}

/* One step: the node of `text` in `folder`, referenced; the reference on the folder stays. */
static enum fat_status step(struct fat_node *folder, const char *text, u32 size, u32 hash, struct fat_node **node)
{
	struct known_name *name = place_of(folder->stamp, hash);
	struct dir_match match;
	u16 units[NAME_UNITS];

	if ((folder->attributes & ATTRIBUTE_DIRECTORY) == 0)
		return FAT_NOT_DIRECTORY;
	*node = known(name, folder->stamp, hash, text, size);
	if (*node != NULL) {
		(*node)->references++;
		(*node)->recent = true;
		return FAT_OK;
	}
	u32 count = name_decode(text, size, units);
	if (count == 0)
		return FAT_BAD_NAME;
	enum fat_status status = directory_find(folder, units, count, &match);
	if (status == FAT_OK)
		status = node_load(match.key, match.raw, node);
	if (status == FAT_OK && size <= NAME_KEPT) {
		name->folder = folder->stamp;
		name->hash = hash;
		remember(name, text, size, *node);
	}
	return status;
}

/* Take `.` and `..` out of a path, in place; returns the new size. */
static u32 simplify(char *path, u32 size)
{
	u32 out = 0;

	for (u32 at = 0; at < size; ) {
		u32 end = at + 1;
		while (end < size && path[end] != '/')
			end++;
		u32 part = end - at - 1;
		if (part == 2 && path[at + 1] == '.' && path[at + 2] == '.') {
			while (out > 0 && path[--out] != '/')
				;
		} else if (part != 0 && !(part == 1 && path[at + 1] == '.')) {
			for (u32 i = at; i < end; i++)
				path[out++] = path[i];
		}
		at = end;
	}
	return out;
}

struct walk {
	struct fat_node *folder;    /* referenced, if the walk succeeded */
	const struct fat_node *not_below; /* refuse to pass through this one */
	const char *name;           /* last part; size 0: the path is the root */
	u32 size;
	u32 hash;
	char path[PATH_BYTES];
};

/* Walk to the folder that holds the last part of the path. */
static enum fat_status walk_to_folder(struct walk *walk, const char *path, u32 size)
{
	struct fat_node *node;
	enum fat_status status = FAT_OK;

	if (size == 0 || size > PATH_BYTES || path[0] != '/')
		return FAT_BAD_NAME;
	copy_bytes(walk->path, path, size);
	COPY_BARRIER();
	if (walk->path[0] != '/')
		return FAT_BAD_NAME;
	for (u32 i = 0; i + 1 < size; i++) {
		if (walk->path[i] == '/' && (walk->path[i + 1] == '.' || walk->path[i + 1] == '/')) {
			size = simplify(walk->path, size);
			break;
		}
	}
	while (size > 0 && walk->path[size - 1] == '/')
		size--;
	walk->folder = node_root();
	walk->name = walk->path;
	walk->size = 0;
	for (u32 at = 1; at <= size && size != 0; ) {
		u32 hash = 0, start = at;
		while (at < size && walk->path[at] != '/')
			hash = hash * 31 + (u8)walk->path[at++];
		walk->name = walk->path + start;
		walk->size = at - start;
		walk->hash = hash;
		if (at++ >= size)
			break;
		status = step(walk->folder, walk->name, walk->size, hash, &node);
		node_drop(walk->folder);
		if (status != FAT_OK)
			return status;
		walk->folder = node;
		if (node == walk->not_below) {
			node_drop(node);
			return FAT_BAD_ARGUMENT;
		}
	}
	if ((walk->folder->attributes & ATTRIBUTE_DIRECTORY) == 0) {
		node_drop(walk->folder);
		return FAT_NOT_DIRECTORY;
	}
	return FAT_OK;
}

enum fat_status fat_open(const char *path, u32 size, struct fat_node **node)
{
	struct walk walk;

	walk.not_below = NULL;
	enum fat_status status = walk_to_folder(&walk, path, size);
	if (status != FAT_OK)
		return status;
	if (walk.size == 0) {
		*node = walk.folder;
		return FAT_OK;
	}
	status = step(walk.folder, walk.name, walk.size, walk.hash, node);
	node_drop(walk.folder);
	return status;
}

void fat_close(struct fat_node *node)
{
	node_drop(node);
}

/* ---- Changes of folders ---- */

static void stamp_times(u8 raw[32])
{
	u32 now = time_encode(disk_time());

	put32(raw + 14, now);
	put16(raw + 18, now >> 16);
	put32(raw + 22, now);
}

/* The parts that creating a file and creating a folder have in common. */
static enum fat_status add_entry(struct walk *walk, u8 raw[32], struct fat_node **node)
{
	u16 units[NAME_UNITS];
	u64 key;
	u32 count = walk->size == 0 ? 0 : name_decode(walk->name, walk->size, units);

	if (walk->size == 0)
		return FAT_EXISTS;
	if (count == 0 || !name_allowed(units, count))
		return FAT_BAD_NAME;
	enum fat_status status = volume_begin_change();
	if (status == FAT_OK)
		status = directory_add(walk->folder, units, count, raw, 0, &key);
	if (status == FAT_OK)
		status = node_load(key, raw, node);
	return status;
}

enum fat_status fat_create(const char *path, u32 size, struct fat_node **node)
{
	struct walk walk;
	u8 raw[32] = { 0 };

	walk.not_below = NULL;
	enum fat_status status = walk_to_folder(&walk, path, size);
	if (status != FAT_OK)
		return status;
	raw[11] = ATTRIBUTE_ARCHIVE;
	stamp_times(raw);
	status = add_entry(&walk, raw, node);
	node_drop(walk.folder);
	return status;
}

/* A new folder's first cluster: `.`, `..` and zeros. */
static enum fat_status write_first_cluster(u32 cluster, const struct fat_node *parent, const u8 raw[32])
{
	enum fat_status status = cluster_clear(cluster);
	u8 *entry = status == FAT_OK ? cache_get(cluster_sector(cluster), CACHE_MODIFY) : NULL;

	if (entry == NULL)
		return status != FAT_OK ? status : cache_error();
	for (u32 dots = 1; dots <= 2; dots++, entry += 32) {
		copy_bytes(entry, raw, 32);
		for (u32 i = 0; i < 11; i++)
			entry[i] = i < dots ? '.' : ' ';
		entry[12] = 0;
		entry_set_cluster(entry, dots == 1 ? cluster : parent->root ? 0 : parent->first);
	}
	return FAT_OK;
}

enum fat_status fat_make_directory(const char *path, u32 size)
{
	struct walk walk;
	struct fat_node *node;
	u8 raw[32] = { 0 };
	u32 cluster;

	walk.not_below = NULL;
	enum fat_status status = walk_to_folder(&walk, path, size);
	if (status != FAT_OK)
		return status;
	status = walk.size == 0 ? FAT_EXISTS : step(walk.folder, walk.name, walk.size, walk.hash, &node);
	if (status == FAT_OK) {
		node_drop(node);
		status = FAT_EXISTS;
	}
	if (status == FAT_NOT_FOUND)
		status = volume_begin_change();
	if (status == FAT_OK)
		status = table_allocate(walk.folder->first, &cluster);
	if (status == FAT_OK) {
		raw[11] = ATTRIBUTE_DIRECTORY;
		stamp_times(raw);
		entry_set_cluster(raw, cluster);
		status = write_first_cluster(cluster, walk.folder, raw);
		if (status == FAT_OK)
			status = add_entry(&walk, raw, &node);
		if (status == FAT_OK)
			node_drop(node);
		else
			(void)table_free(cluster); /* the first error is the one to tell */
	}
	node_drop(walk.folder);
	return status;
}

static enum fat_status find_in(const struct walk *walk, struct dir_match *match)
{
	u16 units[NAME_UNITS];
	u32 count = walk->size == 0 ? 0 : name_decode(walk->name, walk->size, units);

	return count == 0 ? FAT_BAD_NAME : directory_find(walk->folder, units, count, match);
}

static enum fat_status remove_node(struct walk *walk, const struct dir_match *match, bool directory)
{
	struct fat_node *node;
	bool empty = true;
	enum fat_status status = node_load(match->key, match->raw, &node);

	if (status != FAT_OK)
		return status;
	if (node->references > 1)
		status = FAT_IN_USE;
	else if (directory && (node->attributes & ATTRIBUTE_DIRECTORY) == 0)
		status = FAT_NOT_DIRECTORY;
	else if (!directory && (node->attributes & ATTRIBUTE_DIRECTORY) != 0)
		status = FAT_IS_DIRECTORY;
	else if ((node->attributes & ATTRIBUTE_READ_ONLY) != 0)
		status = FAT_READ_ONLY;
	else if (directory)
		status = directory_is_empty(node, &empty);
	if (status == FAT_OK && !empty)
		status = FAT_NOT_EMPTY;
	if (status == FAT_OK)
		status = volume_begin_change();
	if (status != FAT_OK) {
		node_drop(node);
		return status;
	}
	u32 first = node->first;
	status = directory_delete(walk->folder, match);
	node_forget(node);
	return status == FAT_OK && first != 0 ? table_free(first) : status;
}

enum fat_status fat_remove(const char *path, u32 size, bool directory)
{
	struct walk walk;
	struct dir_match match;

	walk.not_below = NULL;
	enum fat_status status = walk_to_folder(&walk, path, size);
	if (status != FAT_OK)
		return status;
	status = walk.size == 0 ? (directory ? FAT_IN_USE : FAT_IS_DIRECTORY) : find_in(&walk, &match);
	if (status == FAT_OK)
		status = remove_node(&walk, &match, directory);
	node_drop(walk.folder);
	return status;
}

/* A folder that went elsewhere has another parent. */
static enum fat_status set_parent(const struct fat_node *node, const struct fat_node *parent)
{
	u8 *at = cache_get(cluster_sector(node->first), CACHE_MODIFY);

	if (at == NULL)
		return cache_error();
	if (at[32] == '.' && at[33] == '.' && at[34] == ' ')
		entry_set_cluster(at + 32, parent->root ? 0 : parent->first);
	return FAT_OK;
}

/* The entry is written anew and the old one deleted afterwards; node and chain stay the same. */
static enum fat_status move_entry(struct walk *from, struct walk *to, struct dir_match *match, struct fat_node *node)
{
	u16 units[NAME_UNITS];
	struct dir_match target;
	u64 key = 0;
	u32 count = to->size == 0 ? 0 : name_decode(to->name, to->size, units);

	if (to->size == 0)
		return FAT_EXISTS;
	if (count == 0 || !name_allowed(units, count))
		return FAT_BAD_NAME;
	enum fat_status status = directory_find(to->folder, units, count, &target);
	if (status == FAT_OK && target.key != match->key)
		return FAT_EXISTS;
	if (status != FAT_OK && status != FAT_NOT_FOUND)
		return status;
	status = volume_begin_change();
	if (status == FAT_OK) /* the old entry may stay in the way: only the case of the letters may differ */
		status = directory_add(to->folder, units, count, match->raw, match->key, &key);
	if (status == FAT_OK)
		status = directory_delete(from->folder, match);
	if (status == FAT_OK)
		node_move(node, key);
	if (status == FAT_OK && (node->attributes & ATTRIBUTE_DIRECTORY) != 0 && from->folder != to->folder)
		status = set_parent(node, to->folder);
	return status;
}

enum fat_status fat_rename(const char *from, u32 from_size, const char *to, u32 to_size)
{
	static struct walk source, target;
	struct dir_match match;
	struct fat_node *node;

	source.not_below = NULL;
	enum fat_status status = walk_to_folder(&source, from, from_size);
	if (status != FAT_OK)
		return status;
	status = source.size == 0 ? FAT_IN_USE : find_in(&source, &match);
	if (status == FAT_OK)
		status = node_load(match.key, match.raw, &node);
	if (status == FAT_OK) {
		target.not_below = node;
		status = walk_to_folder(&target, to, to_size);
		if (status == FAT_OK) {
			status = move_entry(&source, &target, &match, node);
			node_drop(target.folder);
		}
		node_drop(node);
	}
	node_drop(source.folder);
	return status;
}

enum fat_status fat_set(struct fat_node *node, u64 attributes, u64 modified)
{
	u32 changeable = ATTRIBUTE_READ_ONLY | ATTRIBUTE_HIDDEN | ATTRIBUTE_SYSTEM | ATTRIBUTE_ARCHIVE;
	enum fat_status status = node->root ? FAT_BAD_ARGUMENT : volume_begin_change();

	if (status != FAT_OK)
		return status;
	if (attributes != ~0ul)
		node->attributes = (node->attributes & ~changeable) | ((u32)attributes & changeable);
	if (modified != ~0ul) {
		node->modified_raw = time_encode(modified);
		node->modified = time_decode(node->modified_raw);
	}
	return node_store(node);
}
