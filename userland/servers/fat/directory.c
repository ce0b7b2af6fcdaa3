/* directory.c - the entries of folders: scanning with long names, finding, adding, deleting.
 *
 * One scanner serves all: it hands out entries with their assembled long name and on the way notes free places. A long
 * name counts only if its parts are complete, in order and carry the checksum of the short name behind them; otherwise
 * the short name stands for itself. */
#include "internal.h"

#define ENTRY 32u
#define FOLDER_ENTRIES 65536u  /* the format's limit: also what bounds every scan */
#define LONG_PART 13u

struct scan {
	struct fat_node *dir;
	u32 index;            /* next entry to look at */
	u32 first;            /* first entry that belongs to `raw` */
	u64 key;
	u8 raw[ENTRY];
	u16 long_name[LONG_PART * 20];
	u32 long_count;       /* 0: no valid long name */
	u32 want;             /* places in a row that the caller would need */
	u32 place;            /* where there are as many, if `found` */
	bool found;
	u32 free_from, free_count;
	bool at_end;          /* the scan saw the end mark, or the end of the folder */
};

/* The entry at `index`, and how many follow it in the same sector run. Count 0: the folder ends before it. */
static enum fat_status locate(struct fat_node *dir, u32 index, u64 *sector, u32 *count)
{
	*count = 0;
	if (index >= FOLDER_ENTRIES)
		return FAT_OK;
	if (dir->root && volume.bits != 32) {
		if (index < volume.root_entries) {
			*sector = volume.root_start + index / 16;
			*count = volume.root_entries - index;
		}
	} else {
		u32 cluster, run, per_cluster = volume.cluster_sectors * 16;
		enum fat_status status = FAT_OK;
		if (index >= per_cluster && !dir->length_known) /* what is in the first cluster can be used in any case */
			status = node_measure_folder(dir, (FOLDER_ENTRIES + per_cluster - 1) / per_cluster);
		if (status == FAT_OK)
			status = node_map(dir, index / per_cluster, 1, &cluster, &run);
		if (status != FAT_OK || run == 0)
			return status;
		u32 within = index % per_cluster;
		*sector = cluster_sector(cluster) + within / 16;
		*count = per_cluster - within;
	}
	u32 here = cache_span(*sector) * 16 - index % 16;
	if (*count > here)
		*count = here;
	if (*count > FOLDER_ENTRIES - index)
		*count = FOLDER_ENTRIES - index;
	return FAT_OK;
}

static void begin(struct scan *scan, struct fat_node *dir, u32 index, u32 want)
{
	scan->dir = dir;
	scan->index = index;
	scan->long_count = 0;
	scan->want = want;
	scan->found = false;
	scan->free_count = 0;
	scan->at_end = false;
}

static void note_free(struct scan *scan, u32 index)
{
	if (scan->free_count == 0)
		scan->free_from = index;
	scan->free_count++;
	if (scan->free_count == scan->want && !scan->found) {
		scan->place = scan->free_from;
		scan->found = true;
	}
}

struct long_state {
	u32 expected;   /* number of the next part; 0: complete, or none */
	u32 first;      /* index of the first part */
	u8 checksum;
	bool valid;
	u32 count;
};

/* Take one part of a long name in; parts come last first. */
static void take_part(struct scan *scan, struct long_state *state, u32 index)
{
	static const u8 offsets[LONG_PART] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	u32 number = scan->raw[0] & 0x3fu;

	if ((scan->raw[0] & 0x40) != 0) {
		*state = (struct long_state){ .expected = number, .first = index, .checksum = scan->raw[13], .valid = true,
			.count = number * LONG_PART };
	}
	if (!state->valid || number == 0 || number > 20 || number != state->expected ||
			scan->raw[13] != state->checksum) {
		state->valid = false;
		return;
	}
	for (u32 i = 0; i < LONG_PART; i++) {
		u32 at = (number - 1) * LONG_PART + i;
		scan->long_name[at] = (u16)get16(scan->raw + offsets[i]);
		if (scan->long_name[at] == 0 && state->count > at)
			state->count = at;
	}
	state->expected = number - 1;
}

static void settle_name(struct scan *scan, const struct long_state *state, u32 index)
{
	bool complete = state->valid && state->expected == 0 && state->count <= NAME_UNITS &&
		state->checksum == name_checksum(scan->raw) && name_sane(scan->long_name, state->count);

	scan->long_count = complete ? state->count : 0;
	scan->first = complete ? state->first : index;
}

/* The next file or folder (`.` and `..` too); FAT_NOT_FOUND at the end. */
static enum fat_status next_entry(struct scan *scan)
{
	struct long_state state = { 0 };

	while (!scan->at_end) {
		u64 sector;
		u32 count;
		enum fat_status status = locate(scan->dir, scan->index, &sector, &count);
		if (status != FAT_OK)
			return status;
		const u8 *at = count != 0 ? cache_get(sector, CACHE_READ) : NULL;
		if (count != 0 && at == NULL)
			return cache_error();
		if (count == 0)
			break;
		u64 number = sector * 16 + scan->index % 16; /* of the first entry here, in the volume */
		at += scan->index % 16 * ENTRY;
		for (u32 i = 0; i < count; i++, at += ENTRY) {
			u32 index = scan->index++;
			u8 mark = __atomic_load_n(at, __ATOMIC_RELAXED);
			if (mark == 0) {
				scan->index--;
				scan->at_end = true;
				return FAT_NOT_FOUND;
			}
			if (mark == 0xe5) {
				note_free(scan, index);
				state.valid = false;
				continue;
			}
			scan->free_count = 0;
			copy_words((u64 *)(void *)scan->raw, (const u64 *)(const void *)at, ENTRY / 8);
			COPY_BARRIER();
			if ((scan->raw[11] & 0x3f) == ATTRIBUTE_LONG_NAME) {
				take_part(scan, &state, index);
				continue;
			}
			if ((scan->raw[11] & ATTRIBUTE_LABEL) != 0) {
				state.valid = false;
				continue;
			}
			settle_name(scan, &state, index);
			scan->key = number + i;
			return FAT_OK;
		}
	}
	scan->at_end = true;
	return FAT_NOT_FOUND;
}

static bool matches(const struct scan *scan, const u16 *units, u32 count)
{
	u16 short_units[13];

	if (scan->long_count != 0 && name_equal(scan->long_name, scan->long_count, units, count))
		return true;
	return count <= 12 && name_equal(short_units, name_from_short(scan->raw, 0, short_units), units, count);
}

enum fat_status directory_find(struct fat_node *dir, const u16 *units, u32 count, struct dir_match *match)
{
	struct scan scan;
	enum fat_status status;

	begin(&scan, dir, 0, 0);
	while ((status = next_entry(&scan)) == FAT_OK) {
		if (!matches(&scan, units, count))
			continue;
		match->key = scan.key;
		match->first = scan.first;
		match->index = scan.index - 1;
		copy_bytes(match->raw, scan.raw, ENTRY);
		return FAT_OK;
	}
	return status;
}

static bool is_dots(const u8 raw[ENTRY])
{
	return raw[0] == '.' && (raw[1] == ' ' || (raw[1] == '.' && raw[2] == ' '));
}

enum fat_status directory_is_empty(struct fat_node *dir, bool *empty)
{
	struct scan scan;
	enum fat_status status;

	begin(&scan, dir, 0, 0);
	while ((status = next_entry(&scan)) == FAT_OK && is_dots(scan.raw))
		;
	*empty = status == FAT_NOT_FOUND;
	return status == FAT_NOT_FOUND ? FAT_OK : status;
}

/* ---- Adding ---- */

#define ALIASES 18u

/* Look through the folder: is the name taken, which aliases are, where is room? */
static enum fat_status survey(struct scan *scan, const u16 *units, u32 count, u64 ignore, u8 aliases[ALIASES][11],
	u32 *taken)
{
	enum fat_status status;

	while ((status = next_entry(scan)) == FAT_OK) {
		if (scan->key == ignore)
			continue;
		if (matches(scan, units, count))
			return FAT_EXISTS;
		for (u32 i = 0; taken != NULL && i < ALIASES; i++) {
			u32 k = 0;
			while (k < 11 && aliases[i][k] == scan->raw[k])
				k++;
			if (k == 11)
				*taken |= 1u << i;
		}
	}
	return status == FAT_NOT_FOUND ? FAT_OK : status;
}

static enum fat_status write_entry(struct fat_node *dir, u32 index, const u8 raw[ENTRY], u64 *key)
{
	u64 sector;
	u32 count;
	enum fat_status status = locate(dir, index, &sector, &count);

	if (status != FAT_OK)
		return status;
	u8 *at = cache_get(sector, CACHE_MODIFY);
	if (at == NULL)
		return cache_error();
	copy_bytes(at + index % 16 * ENTRY, raw, ENTRY);
	*key = sector * 16 + index % 16;
	return FAT_OK;
}

/* Make the folder long enough for entries up to `end`, and put an end mark there if they reach beyond the old one. */
static enum fat_status make_room(struct fat_node *dir, u32 start, u32 end, u32 old_end)
{
	u64 sector;
	u32 count, cluster;
	enum fat_status status;

	for (u32 index = start; index < end; index++) {
		status = locate(dir, index, &sector, &count);
		if (status != FAT_OK)
			return status;
		if (count != 0)
			continue;
		if (index >= FOLDER_ENTRIES || (dir->root && volume.bits != 32))
			return FAT_NO_SPACE;
		status = node_extend(dir, &cluster);
		if (status == FAT_OK)
			status = cluster_clear(cluster);
		if (status != FAT_OK)
			return status;
	}
	if (end <= old_end)
		return FAT_OK;
	status = locate(dir, end, &sector, &count);
	if (status != FAT_OK || count == 0)
		return status;
	u8 *at = cache_get(sector, CACHE_MODIFY);
	if (at == NULL)
		return cache_error();
	at[end % 16 * ENTRY] = 0;
	return FAT_OK;
}

static void make_part(u8 part[ENTRY], const u16 *units, u32 count, u32 number, u8 checksum)
{
	static const u8 offsets[LONG_PART] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	u32 parts = (count + LONG_PART - 1) / LONG_PART;

	zero_bytes(part, ENTRY);
	part[0] = (u8)(number | (number == parts ? 0x40 : 0));
	part[11] = ATTRIBUTE_LONG_NAME;
	part[13] = checksum;
	for (u32 i = 0; i < LONG_PART; i++) {
		u32 at = (number - 1) * LONG_PART + i;
		put16(part + offsets[i], at < count ? units[at] : at == count ? 0 : 0xffff);
	}
}

enum fat_status directory_add(struct fat_node *dir, const u16 *units, u32 count, u8 raw[ENTRY], u64 ignore, u64 *key)
{
	struct scan scan;
	u8 aliases[ALIASES][11], part[ENTRY], flags = 0;
	u32 taken = 0, parts, start;
	bool is_short = name_to_short(units, count, raw, &flags);
	enum fat_status status;

	parts = is_short ? 0 : (count + LONG_PART - 1) / LONG_PART;
	for (u32 round = 0; ; round++) {
		for (u32 i = 0; i < ALIASES; i++)
			name_alias(units, count, round == 0 ? i : 9 * (2 * round) + i, aliases[i]);
		begin(&scan, dir, 0, parts + 1);
		taken = 0;
		status = survey(&scan, units, count, ignore, aliases, is_short ? NULL : &taken);
		if (status != FAT_OK)
			return status;
		if (taken != (1u << ALIASES) - 1)
			break;
		if (round == 64)
			return FAT_NO_SPACE;
	}
	for (u32 i = 0; !is_short; i++) {
		if ((taken & 1u << i) != 0)
			continue;
		copy_bytes(raw, aliases[i], 11);
		break;
	}
	raw[12] = flags;

	start = scan.found ? scan.place : scan.free_count != 0 ? scan.free_from : scan.index;
	status = make_room(dir, start, start + parts + 1, scan.index);
	for (u32 i = 0; status == FAT_OK && i < parts; i++) {
		make_part(part, units, count, parts - i, name_checksum(raw));
		status = write_entry(dir, start + i, part, key);
	}
	return status != FAT_OK ? status : write_entry(dir, start + parts, raw, key);
}

enum fat_status directory_delete(struct fat_node *dir, const struct dir_match *match)
{
	for (u32 index = match->first; index <= match->index; index++) {
		u64 sector;
		u32 count;
		enum fat_status status = locate(dir, index, &sector, &count);
		if (status != FAT_OK || count == 0)
			return status;
		u8 *at = cache_get(sector, CACHE_MODIFY);
		if (at == NULL)
			return cache_error();
		at[index % 16 * ENTRY] = 0xe5;
	}
	return FAT_OK;
}

/* ---- Listing ---- */

enum fat_status fat_list(struct fat_node *directory, u32 *cookie, struct fat_listing *entry)
{
	struct scan scan;
	u16 units[13];
	enum fat_status status;

	if ((directory->attributes & ATTRIBUTE_DIRECTORY) == 0)
		return FAT_NOT_DIRECTORY;
	begin(&scan, directory, *cookie, 0);
	do
		status = next_entry(&scan);
	while (status == FAT_OK && is_dots(scan.raw));
	*cookie = scan.index;
	if (status != FAT_OK)
		return status;
	if (scan.long_count != 0) {
		entry->name_size = name_encode(scan.long_name, scan.long_count, entry->name, sizeof(entry->name));
	} else {
		u32 count = name_from_short(scan.raw, scan.raw[12], units);
		for (u32 i = 0; i < count; i++)
			units[i] = name_sane(units + i, 1) || units[i] == '.' ? units[i] : '_';
		entry->name_size = name_encode(units, count, entry->name, sizeof(entry->name));
	}
	entry->attributes = scan.raw[11];
	entry->size = (scan.raw[11] & ATTRIBUTE_DIRECTORY) != 0 ? 0 : get32(scan.raw + 28);
	entry->modified = time_decode(get32(scan.raw + 22));
	return FAT_OK;
}
