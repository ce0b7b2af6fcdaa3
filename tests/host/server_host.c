/* server_host.c - tests of the file server's protocol side on the host: handles, hostile clients, restarts.
 *
 * ports.h is made from userland/protocols/file.sys by the Python test; the disk is an image in memory. */
#include "../../userland/protocols/file.h"
#include "../../userland/servers/fat/disk.h"
#include "../../userland/servers/fat/server.h"
#include "component.h"
#include "ports.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMORY 65536u
#define PATH 0u
#define PATH_2 2048u
#define DATA 4096u

static u8 client_memory[FILE_CLIENTS][MEMORY] __attribute__((aligned(4096)));
struct file_client file_clients[FILE_CLIENTS];
static u8 cache[512 * 1024] __attribute__((aligned(4096)));
static u8 *image;
static u64 sectors, now = 1000;
static bool broken, absent;
static u32 passed, failed;

static void check(bool good, const char *what, int line)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("server_host.c:%d: %s\n", line, what);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

void print(const char *pattern, ...)
{
	(void)pattern;
}

u64 clock_ticks(void)
{
	return now;
}

void *disk_cache_memory(void)
{
	return cache;
}

u64 disk_cache_size(void)
{
	return sizeof(cache);
}

void disk_signalled(void)
{
}

enum fat_status disk_open(u64 *size, bool *read_only)
{
	*size = sectors;
	*read_only = false;
	return absent ? FAT_NO_DISK : FAT_OK;
}

enum fat_status disk_transfer(bool write, struct disk_transfer *list, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u8 *at = image + list[i].sector * SECTOR;
		list[i].status = broken ? FAT_IO : FAT_OK;
		if (broken)
			continue;
		if (write)
			memcpy(at, list[i].bytes, list[i].sectors * SECTOR);
		else
			memcpy(list[i].bytes, at, list[i].sectors * SECTOR);
	}
	return broken ? FAT_IO : FAT_OK;
}

enum fat_status disk_flush(void)
{
	return broken ? FAT_IO : FAT_OK;
}

u64 disk_time(void)
{
	return 1700000000;
}

static u64 path_at(u32 client, u64 offset, const char *path)
{
	memcpy(client_memory[client] + offset, path, strlen(path));
	return strlen(path);
}

static struct file_open_reply open_file(u32 client, const char *path, u64 flags)
{
	struct file_open_reply reply = { 0 };

	file_on_open(client, PATH, path_at(client, PATH, path), flags, &reply);
	return reply;
}

static struct file_read_reply read_file(u32 client, u64 handle, u64 position, u64 size, u64 offset)
{
	struct file_read_reply reply = { 0 };

	file_on_read(client, handle, position, size, offset, &reply);
	return reply;
}

static struct file_write_reply write_file(u32 client, u64 handle, u64 position, u64 size, u64 offset)
{
	struct file_write_reply reply = { 0 };

	file_on_write(client, handle, position, size, offset, &reply);
	return reply;
}

static u64 close_file(u32 client, u64 handle)
{
	struct file_close_reply reply = { 0 };

	file_on_close(client, handle, &reply);
	return reply.status;
}

static u64 remove_file(u32 client, const char *path)
{
	struct file_remove_reply reply = { 0 };

	file_on_remove(client, PATH, path_at(client, PATH, path), &reply);
	return reply.status;
}

static void bytes_go_in_and_out(void)
{
	struct file_open_reply file = open_file(0, "/a.txt", FILE_OPEN_CREATE);

	CHECK(file.status == STATUS_OK && file.size == 0);
	memset(client_memory[0] + DATA, 'x', 5000);
	struct file_write_reply written = write_file(0, file.handle, 0, 5000, DATA);
	CHECK(written.status == STATUS_OK && written.done == 5000 && written.file_size == 5000);
	written = write_file(0, file.handle, FILE_END, 3, DATA);
	CHECK(written.done == 3 && written.file_size == 5003);
	memset(client_memory[0] + DATA, 0, 6000);
	CHECK(read_file(0, file.handle, 4990, 6000, DATA).done == 13);
	CHECK(client_memory[0][DATA + 12] == 'x' && client_memory[0][DATA + 13] == 0);
	CHECK(read_file(0, file.handle, 6000, 10, DATA).done == 0);
	CHECK(close_file(0, file.handle) == STATUS_OK);
	CHECK(close_file(0, file.handle) == FILE_ERROR_BAD_HANDLE);
	file = open_file(0, "/a.txt", FILE_OPEN_TRUNCATE);
	CHECK(file.status == STATUS_OK && file.size == 0);
	CHECK(close_file(0, file.handle) == STATUS_OK);
}

static void flags_mean_what_they_say(void)
{
	CHECK(open_file(0, "/none", 0).status == FILE_ERROR_NOT_FOUND);
	CHECK(open_file(0, "/a.txt", FILE_OPEN_CREATE | FILE_OPEN_EXCLUSIVE).status == FILE_ERROR_EXISTS);
	CHECK(open_file(0, "/a.txt", FILE_OPEN_DIRECTORY).status == FILE_ERROR_NOT_DIRECTORY);
	CHECK(open_file(0, "/", FILE_OPEN_CREATE).status == FILE_ERROR_IS_DIRECTORY);
	struct file_open_reply file = open_file(0, "/a.txt", FILE_OPEN_READ_ONLY);
	CHECK(write_file(0, file.handle, 0, 1, DATA).status == FILE_ERROR_READ_ONLY);
	CHECK(remove_file(1, "/a.txt") == FILE_ERROR_IN_USE);
	CHECK(close_file(0, file.handle) == STATUS_OK);
	struct file_open_reply folder = open_file(0, "/", FILE_OPEN_DIRECTORY);
	CHECK(folder.status == STATUS_OK);
	CHECK(read_file(0, folder.handle, 0, 10, DATA).status == FILE_ERROR_IS_DIRECTORY);
	CHECK(close_file(0, folder.handle) == STATUS_OK);
}

/* Numbers that point outside the client's memory, or far beyond every file. */
static void hostile_numbers_are_refused(void)
{
	static const u64 numbers[] = { 0, 1, 7, 4095, 4096, MEMORY - 1, MEMORY, MEMORY + 1, 0x7fffffff, 0xffffffff,
		0x100000000, ~0ul >> 1, ~0ul - 7, ~0ul };
	const u32 count = sizeof(numbers) / sizeof(numbers[0]);
	struct file_open_reply file = open_file(0, "/h.txt", FILE_OPEN_CREATE), folder = open_file(0, "/", 0);

	memset(client_memory[0], 0xff, MEMORY); /* no path anywhere */
	for (u32 i = 0; i < count; i++) {
		for (u32 k = 0; k < count; k++) {
			u64 a = numbers[i], b = numbers[k];
			bool inside = a <= MEMORY && b <= MEMORY - a;
			struct file_list_reply list = { 0 };
			struct file_open_reply opened = { 0 };
			struct file_stat_reply stat = { 0 };
			struct file_rename_reply renamed = { 0 };
			CHECK((read_file(0, file.handle, 0, b, a).status == STATUS_OK) == inside);
			CHECK(write_file(0, file.handle, 0, b, a).status == STATUS_OK || !inside);
			(void)read_file(0, file.handle, a, 100, DATA);
			CHECK(write_file(0, file.handle, a < 100000 ? 0 : a, 0, DATA).status == STATUS_OK);
			file_on_list(0, folder.handle, a, DATA, b, &list);
			file_on_list(0, folder.handle, 0, a, b, &list);
			CHECK(inside || list.status != STATUS_OK);
			file_on_open(0, a, b, 0, &opened);
			file_on_stat(0, a, b, &stat);
			file_on_rename(0, a, b, b, a, &renamed);
			CHECK(opened.status != STATUS_OK && stat.status != STATUS_OK && renamed.status != STATUS_OK);
		}
	}
	CHECK(write_file(0, file.handle, 0xffffffff, 1, DATA).status == FILE_ERROR_TOO_BIG);
	CHECK(close_file(0, file.handle) == STATUS_OK && close_file(0, folder.handle) == STATUS_OK);
	CHECK(remove_file(0, "/h.txt") == STATUS_OK);
}

static void handles_belong_to_one_client_and_one_life(void)
{
	struct file_open_reply file = open_file(0, "/a.txt", 0);

	CHECK(read_file(1, file.handle, 0, 1, DATA).status == FILE_ERROR_BAD_HANDLE);
	for (u32 i = 0; i < 64; i++)
		CHECK(read_file(0, file.handle ^ (1ul << i), 0, 1, DATA).status != STATUS_OK);
	u64 old = file.handle;
	CHECK(close_file(0, file.handle) == STATUS_OK);
	file = open_file(0, "/a.txt", 0);
	CHECK(file.handle != old && read_file(0, old, 0, 1, DATA).status == FILE_ERROR_BAD_HANDLE);
	now += 5;
	struct file_close_all_reply closed = { 0 };
	file_on_close_all(0, &closed);
	init(); /* as after a restart */
	CHECK(read_file(0, file.handle, 0, 1, DATA).status == FILE_ERROR_RESTARTED);
}

static void handles_run_out_and_come_back(void)
{
	struct file_close_all_reply closed = { 0 };
	u32 count = 0;

	while (open_file(0, "/a.txt", 0).status == STATUS_OK && count < 1000)
		count++;
	CHECK(count >= 16 && open_file(0, "/a.txt", 0).status == FILE_ERROR_TOO_MANY_OPEN);
	CHECK(open_file(1, "/a.txt", 0).status == STATUS_OK); /* the other client has its own */
	CHECK(remove_file(1, "/a.txt") == FILE_ERROR_IN_USE);
	file_on_close_all(0, &closed);
	file_on_close_all(1, &closed);
	CHECK(remove_file(1, "/a.txt") == STATUS_OK);
}

static void listings_come_in_pieces(void)
{
	struct file_list_reply reply = { 0 };
	u32 seen = 0;
	char name[32];

	for (u32 i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "/listed file %u", i);
		CHECK(close_file(0, open_file(0, name, FILE_OPEN_CREATE).handle) == STATUS_OK);
	}
	struct file_open_reply folder = open_file(0, "/", FILE_OPEN_DIRECTORY);
	for (u64 cookie = 0, rounds = 0; rounds < 100; rounds++) {
		reply = (struct file_list_reply){ 0 };
		file_on_list(0, folder.handle, cookie, DATA, 300, &reply);
		CHECK(reply.status == STATUS_OK && reply.bytes <= 300);
		if (reply.bytes == 0)
			break;
		for (u64 at = 0; at < reply.bytes; seen++) {
			struct file_entry *entry = (struct file_entry *)(void *)(client_memory[0] + DATA + at);
			CHECK(entry->bytes % 8 == 0 && entry->name[entry->name_size] == 0);
			at += entry->bytes;
		}
		cookie = reply.next_cookie;
	}
	CHECK(seen == 40);
	reply = (struct file_list_reply){ 0 };
	file_on_list(0, folder.handle, 0, DATA, 16, &reply);
	CHECK(reply.status == FILE_ERROR_BAD_ARGUMENT); /* no room for one entry */
	CHECK(close_file(0, folder.handle) == STATUS_OK);
}

static void a_failing_disk_is_an_error_and_passes(void)
{
	struct file_sync_reply sync = { 0 };
	struct file_volume_reply volume = { 0 };

	CHECK(close_file(0, open_file(0, "/late", FILE_OPEN_CREATE).handle) == STATUS_OK);
	broken = true;
	file_on_sync(0, &sync);
	CHECK(sync.status == FILE_ERROR_IO);
	broken = false;
	file_on_sync(0, &sync);
	CHECK(sync.status == STATUS_OK);
	file_on_volume(0, &volume);
	CHECK(volume.status == STATUS_OK && volume.total >= volume.available && volume.fat_bits == 12);
}

static void without_a_disk_every_call_says_so(void)
{
	struct file_sync_reply sync = { 0 };

	absent = true;
	(void)fat_mount(cache, sizeof(cache));
	CHECK(open_file(0, "/a", FILE_OPEN_CREATE).status == FILE_ERROR_NO_DISK);
	CHECK(remove_file(0, "/a") == FILE_ERROR_NO_DISK);
	file_on_sync(0, &sync);
	CHECK(sync.status == FILE_ERROR_NO_DISK);
	absent = false; /* it is plugged in: the next call finds it */
	CHECK(open_file(0, "/late", 0).status == STATUS_OK);
}

int main(int count, char **words)
{
	FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		return 2;
	sectors = (u64)ftell(file) / SECTOR;
	rewind(file);
	image = malloc(sectors * SECTOR);
	if (fread(image, SECTOR, sectors, file) != sectors)
		return 2;
	fclose(file);
	for (u32 i = 0; i < FILE_CLIENTS; i++)
		file_clients[i] = (struct file_client){ (u64)client_memory[i], MEMORY };
	init();
	bytes_go_in_and_out();
	flags_mean_what_they_say();
	hostile_numbers_are_refused();
	handles_belong_to_one_client_and_one_life();
	handles_run_out_and_come_back();
	listings_come_in_pieces();
	a_failing_disk_is_an_error_and_passes();
	without_a_disk_every_call_says_so();
	printf("%u checks passed, %u failed\n", passed, failed);
	free(image);
	return failed != 0;
}
