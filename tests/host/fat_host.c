/* fat_host.c - the FAT core on the host: commands from standard input against an image file, or a fuzzer of images.
 *
 * Usage: fat_host [-c cache KiB] IMAGE        commands line by line, one answer line each ("ok ...", "error NAME")
 *        fat_host -f SEED ROUNDS IMAGE...     mutate the images in memory and use them; only survival counts
 * The image is changed in memory and written to the file by `save`. `fail read|write SECTOR COUNT` makes sectors fail. */
#include "../../userland/servers/fat/disk.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static u8 *image;
static u8 *written;       /* one byte a sector: changed since it was loaded */
static u64 mapped;
static u64 image_sectors, real_sectors;
static bool image_read_only, no_disk;
static u64 fail_from[2], fail_count[2]; /* read, write */
static u64 transfers;

static const char *const status_names[] = {
	"OK", "NOT_FOUND", "EXISTS", "NOT_DIRECTORY", "IS_DIRECTORY", "NOT_EMPTY", "NO_SPACE", "READ_ONLY", "BAD_NAME",
	"BAD_HANDLE", "TOO_MANY_OPEN", "IN_USE", "TOO_BIG", "BAD_ARGUMENT", "IO", "CORRUPT", "NO_DISK", "NO_FILE_SYSTEM",
	"RESTARTED",
};

enum fat_status disk_open(u64 *sectors, bool *read_only)
{
	*sectors = image_sectors;
	*read_only = image_read_only;
	return no_disk ? FAT_NO_DISK : FAT_OK;
}

enum fat_status disk_transfer(bool write, struct disk_transfer *list, u32 count)
{
	enum fat_status result = FAT_OK;

	for (u32 i = 0; i < count; i++) {
		struct disk_transfer *at = &list[i];
		transfers++;
		if (at->sectors == 0 || at->sector + at->sectors > image_sectors) {
			fprintf(stderr, "transfer outside the disk: %lu + %u\n", at->sector, at->sectors);
			abort();
		}
		at->status = FAT_OK;
		if (at->sector < fail_from[write] + fail_count[write] && at->sector + at->sectors > fail_from[write])
			at->status = FAT_IO;
		if (at->sector + at->sectors > real_sectors)
			at->status = FAT_IO;
		if (at->status == FAT_OK && write) {
			memcpy(image + at->sector * SECTOR, at->bytes, at->sectors * SECTOR);
			memset(written + at->sector, 1, at->sectors);
		} else if (at->status == FAT_OK) {
			memcpy(at->bytes, image + at->sector * SECTOR, at->sectors * SECTOR);
		}
		if (at->status != FAT_OK && result == FAT_OK)
			result = at->status;
	}
	return result;
}

enum fat_status disk_flush(void)
{
	return FAT_OK;
}

u64 disk_time(void)
{
	return 1700000000; /* 2023-11-14 22:13:20 */
}

/* A private mapping: big images cost only the pages that are touched. */
static void load(const char *path)
{
	struct stat status;
	int file = open(path, O_RDONLY);

	if (image != NULL)
		munmap(image, mapped);
	if (file < 0 || fstat(file, &status) != 0 || status.st_size < (off_t)SECTOR) {
		perror(path);
		exit(2);
	}
	mapped = (u64)status.st_size;
	image = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	close(file);
	if (image == MAP_FAILED)
		exit(2);
	image_sectors = real_sectors = mapped / SECTOR;
	free(written);
	written = calloc(image_sectors, 1);
}

static void save(const char *path)
{
	int file = open(path, O_WRONLY);

	for (u64 sector = 0; sector < real_sectors; sector++) {
		if (written[sector] && pwrite(file, image + sector * SECTOR, SECTOR, (off_t)(sector * SECTOR)) != (ssize_t)SECTOR)
			exit(2);
	}
	close(file);
}

/* ---- Commands ---- */

static void answer(enum fat_status status)
{
	if (status == FAT_OK)
		printf("ok\n");
	else
		printf("error %s%s%s\n", status_names[status], fat_complaint()[0] ? " - " : "", fat_complaint());
}

static enum fat_status open_or_create(const char *path, struct fat_node **node)
{
	enum fat_status status = fat_open(path, (u32)strlen(path), node);

	return status == FAT_NOT_FOUND ? fat_create(path, (u32)strlen(path), node) : status;
}

static void list(const char *path)
{
	struct fat_node *node;
	static struct fat_listing entry;
	u32 cookie = 0, count = 0;
	enum fat_status status = fat_open(path, (u32)strlen(path), &node);

	if (status != FAT_OK) {
		answer(status);
		return;
	}
	while ((status = fat_list(node, &cookie, &entry)) == FAT_OK) {
		printf("%c %u %lu %.*s\n", entry.attributes & ATTRIBUTE_DIRECTORY ? 'd' : 'f', entry.size, entry.modified,
			(int)entry.name_size, entry.name);
		count++;
	}
	fat_close(node);
	answer(status == FAT_NOT_FOUND ? FAT_OK : status);
}

/* Copy a host file in, in pieces of odd sizes; or a file of the image out. */
static void transfer_file(bool in, const char *path, const char *host, u64 at, u64 piece)
{
	struct fat_node *node;
	u8 *buffer = malloc(piece + 1);
	FILE *file = fopen(host, in ? "rb" : "wb");
	enum fat_status status = in ? open_or_create(path, &node) : fat_open(path, (u32)strlen(path), &node);
	u64 done = 0;

	if (status == FAT_OK && file != NULL) {
		for (;;) {
			u64 size = in ? fread(buffer + 1, 1, piece, file) : piece;
			if (size == 0)
				break;
			status = in ? fat_write(node, at, size, buffer + 1, &done) : fat_read(node, at, size, buffer + 1, &done);
			if (status != FAT_OK)
				break;
			if (!in)
				fwrite(buffer + 1, 1, done, file);
			at += done;
			if (done < size) {
				status = in ? FAT_NO_SPACE : FAT_OK;
				break;
			}
		}
		fat_close(node);
	}
	if (file != NULL)
		fclose(file);
	free(buffer);
	answer(status);
}

static void commands(const char *path, u64 cache_size)
{
	char line[4096], *word[6];
	u8 *cache = aligned_alloc(4096, cache_size);
	struct fat_node *node;
	struct fat_volume_info info;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		u32 words = 0;
		line[strcspn(line, "\n")] = 0;
		for (char *at = strtok(line, "\t"); at != NULL && words < 6; at = strtok(NULL, "\t"))
			word[words++] = at;
		if (words == 0)
			continue;
		for (u32 i = words; i < 6; i++)
			word[i] = "";
		u32 size = (u32)strlen(word[1]);
		if (strcmp(word[0], "mount") == 0) {
			answer(fat_mount(cache, cache_size));
		} else if (strcmp(word[0], "fail") == 0) {
			bool write = strcmp(word[1], "write") == 0;
			fail_from[write] = strtoul(word[2], NULL, 0);
			fail_count[write] = strtoul(word[3], NULL, 0);
			answer(FAT_OK);
		} else if (strcmp(word[0], "nodisk") == 0) {
			no_disk = true;
			answer(FAT_OK);
		} else if (strcmp(word[0], "readonly") == 0) {
			image_read_only = true;
			answer(FAT_OK);
		} else if (!fat_mounted()) {
			printf("error NOT_MOUNTED\n");
		} else if (strcmp(word[0], "ls") == 0) {
			list(word[1]);
		} else if (strcmp(word[0], "put") == 0) {
			transfer_file(true, word[1], word[2], strtoul(word[3], NULL, 0), strtoul(word[4], NULL, 0));
		} else if (strcmp(word[0], "get") == 0) {
			transfer_file(false, word[1], word[2], strtoul(word[3], NULL, 0), strtoul(word[4], NULL, 0));
		} else if (strcmp(word[0], "mkdir") == 0) {
			answer(fat_make_directory(word[1], size));
		} else if (strcmp(word[0], "rm") == 0) {
			answer(fat_remove(word[1], size, false));
		} else if (strcmp(word[0], "rmdir") == 0) {
			answer(fat_remove(word[1], size, true));
		} else if (strcmp(word[0], "mv") == 0) {
			answer(fat_rename(word[1], size, word[2], (u32)strlen(word[2])));
		} else if (strcmp(word[0], "create") == 0) {
			enum fat_status status = fat_create(word[1], size, &node);
			if (status == FAT_OK)
				fat_close(node);
			answer(status);
		} else if (strcmp(word[0], "truncate") == 0 || strcmp(word[0], "stat") == 0 || strcmp(word[0], "set") == 0) {
			enum fat_status status = fat_open(word[1], size, &node);
			bool opened = status == FAT_OK;
			if (status == FAT_OK && word[0][0] == 't')
				status = fat_truncate(node, strtoul(word[2], NULL, 0));
			else if (status == FAT_OK && word[0][1] == 'e')
				status = fat_set(node, strtoul(word[2], NULL, 0), strtoul(word[3], NULL, 0));
			else if (status == FAT_OK)
				printf("%u %x %lu %lu\n", node->size, node->attributes, node->modified, node->created);
			if (opened)
				fat_close(node);
			answer(status);
		} else if (strcmp(word[0], "df") == 0) {
			enum fat_status status = fat_info(&info);
			printf("%lu %lu %u %u%s%s\n", info.total, info.available, info.cluster_size, info.bits,
				info.read_only ? " read-only" : "", info.damaged ? " damaged" : "");
			answer(status);
		} else if (strcmp(word[0], "sync") == 0) {
			answer(fat_sync());
		} else if (strcmp(word[0], "save") == 0) {
			save(path);
			answer(FAT_OK);
		} else if (strcmp(word[0], "transfers") == 0) {
			printf("ok %lu\n", transfers);
		} else {
			printf("error UNKNOWN_COMMAND\n");
		}
		fflush(stdout);
	}
	free(cache);
}

/* ---- Fuzzing ---- */

static u64 random_state;

static u32 random_below(u32 limit)
{
	random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
	return (u32)((random_state >> 33) % limit);
}

/* Most structures stand at the beginning; the rest is hit as well. */
static void mutate(u64 bytes)
{
	u32 count = 1 + random_below(24);

	for (u32 i = 0; i < count; i++) {
		u64 limit = random_below(4) == 0 ? bytes : bytes < 65536 ? bytes : 65536;
		u64 at = random_below(8) == 0 ? random_below(96) : random_below((u32)limit);
		switch (random_below(4)) {
		case 0:
			image[at] ^= (u8)(1u << random_below(8));
			break;
		case 1:
			image[at] = (u8)random_below(256);
			break;
		case 2:
			image[at] = random_below(2) == 0 ? 0 : 0xff;
			break;
		default:
			for (u32 k = 0; k < 4 && at + k < bytes; k++)
				image[at + k] = (u8)random_below(k == 0 ? 256 : 4);
		}
	}
}

static void use_volume(u32 depth, char *path, u32 size)
{
	static u8 buffer[70000];
	static struct fat_listing entry;
	struct fat_node *node, *file;
	u32 cookie = 0;
	u64 done;

	if (fat_open(path, size, &node) != FAT_OK)
		return;
	for (u32 n = 0; n < 40 && fat_list(node, &cookie, &entry) == FAT_OK; n++) {
		if (size + 1 + entry.name_size > 900)
			continue;
		u32 longer = size;
		if (size == 0 || path[size - 1] != '/')
			path[longer++] = '/';
		memcpy(path + longer, entry.name, entry.name_size);
		longer += entry.name_size;
		if (fat_open(path, longer, &file) == FAT_OK) {
			u64 end = file->size;
			(void)fat_read(file, 0, 70000, buffer, &done);
			(void)fat_read(file, end > 5 ? end - 5 : 0, 100, buffer, &done);
			switch (random_below(8)) {
			case 0:
				(void)fat_write(file, random_below((u32)(end < 100000 ? end + 1 : 100000)), random_below(60000), buffer, &done);
				break;
			case 1:
				(void)fat_truncate(file, random_below(100000));
				break;
			default:
				break;
			}
			bool directory = (file->attributes & ATTRIBUTE_DIRECTORY) != 0;
			fat_close(file);
			if (directory && depth < 4)
				use_volume(depth + 1, path, longer);
		}
		switch (random_below(12)) {
		case 0:
			(void)fat_remove(path, longer, false);
			break;
		case 1:
			(void)fat_remove(path, longer, true);
			break;
		case 2:
			(void)fat_rename(path, longer, "/Renamed to something long", 26);
			break;
		case 3:
			(void)fat_rename(path, longer, "/r", 2);
			break;
		default:
			break;
		}
	}
	static const char *const added[] = { "new file with a long name.txt", "NEW", "dir.d", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" };
	const char *name = added[random_below(4)];
	u32 longer = size;
	if (size == 0 || path[size - 1] != '/')
		path[longer++] = '/';
	memcpy(path + longer, name, strlen(name));
	longer += (u32)strlen(name);
	if (random_below(2) == 0) {
		(void)fat_make_directory(path, longer);
	} else if (fat_create(path, longer, &file) == FAT_OK) {
		(void)fat_write(file, 0, random_below(70000), buffer, &done);
		fat_close(file);
	}
	fat_close(node);
}

static void fuzz(u64 seed, u64 rounds, char **paths, u32 count)
{
	u32 mounted = 0;

	for (u64 round = 0; round < rounds; round++) {
		char path[1024] = "/";
		struct fat_volume_info info;
		u64 cache_size = 4096u * (16 + 64 * (round % 2));
		u8 *cache = aligned_alloc(4096, cache_size);

		random_state = seed * 1000003 + round;
		load(paths[round % count]);
		mutate(image_sectors * SECTOR);
		if (random_below(8) == 0)
			real_sectors = random_below((u32)image_sectors) + 1; /* truncated, with I/O errors at the end */
		if (random_below(8) == 0)
			image_sectors = real_sectors = random_below((u32)image_sectors) + 1;
		if (fat_mount(cache, cache_size) == FAT_OK) {
			mounted++;
			use_volume(0, path, 1);
			use_volume(0, path, 1);
			(void)fat_info(&info);
			(void)fat_sync();
		}
		free(cache);
	}
	free(written);
	printf("%lu rounds, %u mounted\n", rounds, mounted);
}

int main(int count, char **words)
{
	u64 cache_size = 256 * 1024;

	if (count >= 5 && strcmp(words[1], "-f") == 0) {
		fuzz(strtoul(words[2], NULL, 0), strtoul(words[3], NULL, 0), words + 4, (u32)count - 4);
		return 0;
	}
	if (count == 4 && strcmp(words[1], "-c") == 0)
		cache_size = strtoul(words[2], NULL, 0) * 1024;
	if (count < 2)
		return 2;
	load(words[count - 1]);
	commands(words[count - 1], cache_size);
	free(written);
	return 0;
}
