/* server.c - the FAT file server: handles and requests of several clients over one volume, write-back after a pause.
 *
 * Names and bytes are in each client's own memory; offsets and sizes are checked against it, names are copied before
 * they are looked at. A handle carries the start time of this server, so one from before a restart is recognised. */
#include "component.h"
#include "fat.h"
#include "file.h"
#include "ports.h"
#include "server.h"

#define HANDLES 32u
#define PAUSE (TIMEBASE / 2)       /* unwritten changes wait so long for more */
#define RETRY (15 * TIMEBASE)      /* after a failure to write them */
#define NEVER (~0ul)

_Static_assert(FILE_ERROR_NOT_FOUND == 31 + FAT_NOT_FOUND && FILE_ERROR_NO_ANSWER == 31 + FAT_NO_ANSWER &&
	FILE_ERROR_NO_SPACE == 31 + FAT_NO_SPACE && FILE_ERROR_IO == 31 + FAT_IO, "errors in the order of the protocol");
_Static_assert(FILE_ATTRIBUTE_DIRECTORY == 0x10 && FILE_ATTRIBUTE_ARCHIVE == 0x20, "attributes as FAT has them");

struct handle {
	struct fat_node *node; /* NULL: free */
	u32 generation;
	bool read_only;
};

static struct handle handles[FILE_CLIENTS][HANDLES];
static u64 start;          /* this life of the server, in handles */
static u64 sync_at = NEVER;
static enum fat_status told = FAT_OK; /* last reason for not being mounted that was printed */

static u64 answer(enum fat_status status)
{
	return status == FAT_OK ? STATUS_OK : 31ul + (u64)status;
}

/* ---- Mounting, writing back ---- */

static enum fat_status ensure_mounted(void)
{
	struct fat_volume_info info;

	if (fat_mounted())
		return FAT_OK;
	enum fat_status status = fat_mount(disk_cache_memory(), disk_cache_size());
	if (status == FAT_OK) {
		told = FAT_OK;
		fat_size(&info);
		print("fat: FAT%u, %lu KiB in clusters of %u bytes%s%s%s\n", info.bits, info.total / 1024, info.cluster_size,
			info.read_only ? ", read-only" : "", fat_complaint()[0] != 0 ? "; " : "", fat_complaint());
	} else if (status != told) {
		told = status;
		print("fat: nothing mounted: %s\n", fat_complaint());
	}
	return status;
}

/* Without a timer changes wait for `sync`, or for the cache to need room. */
static void set_timer(void)
{
#ifdef BIT_TIMER
	if (sync_at != NEVER)
		(void)timer_arm(SLOT_TIMER, sync_at);
#endif
}

void server_after_wait(void)
{
	set_timer();
}

/* Changes go to the disk a while after the last of them. */
static void changed(void)
{
	if (sync_at == NEVER && fat_dirty()) {
		sync_at = clock_ticks() + PAUSE;
		set_timer();
	}
}

static enum fat_status sync_now(void)
{
	sync_at = NEVER;
	enum fat_status status = fat_sync();
	if (status != FAT_OK) {
		print("fat: changes could not be written to the disk; trying again later\n");
		sync_at = clock_ticks() + RETRY;
		set_timer();
	}
	return status;
}

/* ---- Clients' memory and handles ---- */

/* The bytes that (offset, size) names; NULL: not inside the connection's memory. */
static u8 *client_bytes(u32 client, u64 offset, u64 size)
{
	u64 room = file_clients[client].memory_size;

	if (size > room || offset > room - size)
		return NULL;
	return (u8 *)file_clients[client].memory + offset;
}

static enum fat_status client_path(u32 client, u64 offset, u64 size, const char **path)
{
	if (size == 0 || size > FILE_PATH_BYTES)
		return FAT_BAD_NAME;
	*path = (const char *)client_bytes(client, offset, size);
	return *path == NULL ? FAT_BAD_ARGUMENT : ensure_mounted();
}

static u64 handle_value(u32 slot, const struct handle *handle)
{
	return start << 24 | (u64)(handle->generation & 0xffff) << 8 | slot;
}

static enum fat_status find_handle(u32 client, u64 value, struct handle **handle)
{
	u32 slot = value & 0xff;

	if (value >> 24 != start)
		return FAT_RESTARTED;
	if (slot >= HANDLES)
		return FAT_BAD_HANDLE;
	*handle = &handles[client][slot];
	if ((*handle)->node == NULL || handle_value(slot, *handle) != value)
		return FAT_BAD_HANDLE;
	return FAT_OK;
}

static void close_handle(struct handle *handle)
{
	fat_close(handle->node);
	handle->node = NULL;
	handle->generation++;
}

/* ---- The protocol ---- */

static enum fat_status open_node(const char *path, u64 size, u64 flags, struct fat_node **node)
{
	enum fat_status status = fat_open(path, (u32)size, node);

	if (status == FAT_NOT_FOUND && (flags & FILE_OPEN_CREATE) != 0)
		return fat_create(path, (u32)size, node);
	if (status != FAT_OK)
		return status;
	bool directory = ((*node)->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
	if ((flags & FILE_OPEN_CREATE) != 0 && (flags & FILE_OPEN_EXCLUSIVE) != 0)
		status = FAT_EXISTS;
	else if (directory && (flags & (FILE_OPEN_CREATE | FILE_OPEN_TRUNCATE)) != 0)
		status = FAT_IS_DIRECTORY;
	else if (!directory && (flags & FILE_OPEN_DIRECTORY) != 0)
		status = FAT_NOT_DIRECTORY;
	else if ((flags & FILE_OPEN_TRUNCATE) != 0)
		status = fat_truncate(*node, 0);
	if (status != FAT_OK)
		fat_close(*node);
	return status;
}

void file_on_open(u32 client, u64 path, u64 path_size, u64 flags, struct file_open_reply *reply)
{
	u32 slot = 0;
	const char *name;
	struct fat_node *node;

	while (slot < HANDLES && handles[client][slot].node != NULL)
		slot++;
	enum fat_status status = slot < HANDLES ? client_path(client, path, path_size, &name) : FAT_TOO_MANY_OPEN;
	if (status == FAT_OK)
		status = open_node(name, path_size, flags, &node);
	if (status == FAT_OK) {
		struct handle *handle = &handles[client][slot];
		handle->node = node;
		handle->read_only = (flags & FILE_OPEN_READ_ONLY) != 0;
		reply->handle = handle_value(slot, handle);
		reply->size = node->size;
		reply->attributes = node->attributes;
	}
	changed();
	reply->status = answer(status);
}

void file_on_close(u32 client, u64 handle, struct file_close_reply *reply)
{
	struct handle *open;
	enum fat_status status = find_handle(client, handle, &open);

	if (status == FAT_OK)
		close_handle(open);
	reply->status = answer(status);
}

void file_on_close_all(u32 client, struct file_close_all_reply *reply)
{
	for (u32 i = 0; i < HANDLES; i++) {
		if (handles[client][i].node != NULL)
			close_handle(&handles[client][i]);
	}
	reply->status = STATUS_OK;
}

void file_on_read(u32 client, u64 handle, u64 position, u64 size, u64 offset, struct file_read_reply *reply)
{
	struct handle *open;
	u8 *bytes = client_bytes(client, offset, size);
	enum fat_status status = find_handle(client, handle, &open);

	if (status == FAT_OK)
		status = bytes == NULL ? FAT_BAD_ARGUMENT : fat_read(open->node, position, size, bytes, &reply->done);
	reply->status = answer(status);
}

void file_on_write(u32 client, u64 handle, u64 position, u64 size, u64 offset, struct file_write_reply *reply)
{
	struct handle *open;
	const u8 *bytes = client_bytes(client, offset, size);
	enum fat_status status = find_handle(client, handle, &open);

	if (status == FAT_OK && bytes == NULL)
		status = FAT_BAD_ARGUMENT;
	if (status == FAT_OK && open->read_only)
		status = FAT_READ_ONLY;
	if (status == FAT_OK) {
		u64 at = position == FILE_END ? open->node->size : position;
		status = fat_write(open->node, at, size, bytes, &reply->done);
		reply->file_size = open->node->size;
		changed();
	}
	reply->status = answer(status);
}

void file_on_truncate(u32 client, u64 handle, u64 size, struct file_truncate_reply *reply)
{
	struct handle *open;
	enum fat_status status = find_handle(client, handle, &open);

	if (status == FAT_OK)
		status = open->read_only ? FAT_READ_ONLY : fat_truncate(open->node, size);
	changed();
	reply->status = answer(status);
}

/* One record for a listing; returns its size. */
static u64 make_record(const struct fat_listing *listing, struct file_entry *entry)
{
	u64 bytes = (sizeof(*entry) + listing->name_size + 1 + 7) / 8 * 8;

	memset(entry, 0, bytes);
	entry->bytes = (u32)bytes;
	entry->name_size = listing->name_size;
	entry->size = listing->size;
	entry->attributes = listing->attributes;
	entry->modified = listing->modified;
	memcpy(entry->name, listing->name, listing->name_size);
	return bytes;
}

void file_on_list(u32 client, u64 handle, u64 cookie, u64 offset, u64 size, struct file_list_reply *reply)
{
	static union {
		struct file_entry entry;
		u64 words[(sizeof(struct file_entry) + sizeof(((struct fat_listing *)0)->name) + 16) / 8];
	} record;
	static struct fat_listing listing;
	struct handle *open;
	u8 *bytes = client_bytes(client, offset, size);
	enum fat_status status = find_handle(client, handle, &open);
	u32 here = (u32)cookie;

	if (status == FAT_OK && (bytes == NULL || cookie > 65536 || offset % 8 != 0))
		status = FAT_BAD_ARGUMENT;
	while (status == FAT_OK && (status = fat_list(open->node, &here, &listing)) == FAT_OK) {
		u64 record_size = make_record(&listing, &record.entry);
		if (record_size > size - reply->bytes) {
			status = reply->bytes == 0 ? FAT_BAD_ARGUMENT : FAT_OK;
			break;
		}
		memcpy(bytes + reply->bytes, &record, record_size);
		reply->bytes += record_size;
		cookie = here;
	}
	if (status == FAT_NOT_FOUND || (status != FAT_OK && reply->bytes != 0))
		status = FAT_OK; /* the end; or an error that the next call meets first */
	reply->next_cookie = cookie;
	reply->status = answer(status);
}

void file_on_stat(u32 client, u64 path, u64 path_size, struct file_stat_reply *reply)
{
	const char *name;
	struct fat_node *node;
	enum fat_status status = client_path(client, path, path_size, &name);

	if (status == FAT_OK)
		status = fat_open(name, (u32)path_size, &node);
	if (status == FAT_OK) {
		reply->size = node->size;
		reply->attributes = node->attributes;
		reply->modified = node->modified;
		reply->created = node->created;
		reply->accessed = node->accessed;
		reply->node = node->key;
		fat_close(node);
	}
	reply->status = answer(status);
}

void file_on_set(u32 client, u64 path, u64 path_size, u64 attributes, u64 modified, struct file_set_reply *reply)
{
	const char *name;
	struct fat_node *node;
	enum fat_status status = client_path(client, path, path_size, &name);

	if (status == FAT_OK)
		status = fat_open(name, (u32)path_size, &node);
	if (status == FAT_OK) {
		status = fat_set(node, attributes, modified);
		fat_close(node);
	}
	changed();
	reply->status = answer(status);
}

void file_on_make_directory(u32 client, u64 path, u64 path_size, struct file_make_directory_reply *reply)
{
	const char *name;
	enum fat_status status = client_path(client, path, path_size, &name);

	if (status == FAT_OK)
		status = fat_make_directory(name, (u32)path_size);
	changed();
	reply->status = answer(status);
}

void file_on_remove(u32 client, u64 path, u64 path_size, struct file_remove_reply *reply)
{
	const char *name;
	enum fat_status status = client_path(client, path, path_size, &name);

	if (status == FAT_OK)
		status = fat_remove(name, (u32)path_size, false);
	changed();
	reply->status = answer(status);
}

void file_on_remove_directory(u32 client, u64 path, u64 path_size, struct file_remove_directory_reply *reply)
{
	const char *name;
	enum fat_status status = client_path(client, path, path_size, &name);

	if (status == FAT_OK)
		status = fat_remove(name, (u32)path_size, true);
	changed();
	reply->status = answer(status);
}

void file_on_rename(u32 client, u64 from, u64 from_size, u64 to, u64 to_size, struct file_rename_reply *reply)
{
	const char *old_name, *new_name;
	enum fat_status status = client_path(client, from, from_size, &old_name);

	if (status == FAT_OK)
		status = client_path(client, to, to_size, &new_name);
	if (status == FAT_OK)
		status = fat_rename(old_name, (u32)from_size, new_name, (u32)to_size);
	changed();
	reply->status = answer(status);
}

void file_on_sync(u32 client, struct file_sync_reply *reply)
{
	enum fat_status status = ensure_mounted();

	(void)client;
	if (status == FAT_OK)
		status = sync_now();
	reply->status = answer(status);
}

void file_on_volume(u32 client, struct file_volume_reply *reply)
{
	struct fat_volume_info info;
	enum fat_status status = ensure_mounted();

	(void)client;
	if (status == FAT_OK)
		status = fat_info(&info);
	if (status == FAT_OK) {
		reply->total = info.total;
		reply->available = info.available;
		reply->cluster_size = info.cluster_size;
		reply->fat_bits = info.bits;
		reply->serial = info.serial;
		reply->flags = (info.read_only ? FILE_VOLUME_READ_ONLY : 0) | (info.damaged ? FILE_VOLUME_DAMAGED : 0);
	}
	reply->status = answer(status);
}

void init(void)
{
	start = clock_ticks() & 0xffffffffff;
	(void)ensure_mounted(); /* without a disk the first request tries again */
}

void notified(u64 bits)
{
	if ((bits & BIT_DISK_READY) != 0)
		disk_signalled();
	if (sync_at != NEVER && clock_ticks() >= sync_at)
		(void)sync_now();
}
