/* files.c - the file rows: from the application's request to the bytes in memory shared with it alone. */
#include "bench.h"
#include "ports.h"

#ifdef FILES_MEMORY
#include "bench_idle.h"
#include "file.h"

#define PATH 0ul
#define DATA 4096ul
#define MIB (1ul << 20)
#define LARGE_FILE "/BENCH.BIN"
#define NEW_FILE "/BENCH.NEW"

_Static_assert(FILES_MEMORY_SIZE >= DATA + MIB, "the bench's connection to the file server needs 2 MiB of memory");

static struct samples samples;
static u64 cost;

/* Instructions that the processor spent on being idle since it was started. */
static u64 idle_instructions(void)
{
	return *(volatile u64 *)IDLE_MEMORY * BENCH_IDLE_LOOP;
}

/* Instructions of everybody but bench_idle. */
static u64 busy_instructions(void)
{
	return clock_instructions() - idle_instructions();
}

static u64 put_path(const char *path)
{
	size_t size = strlen(path);

	memcpy((char *)FILES_MEMORY + PATH, path, size);
	return size;
}

static u64 open_file(const char *path, u64 flags)
{
	struct file_open_reply reply = files_open(PATH, put_path(path), flags);

	expect(reply.status, path);
	return reply.handle;
}

static void write_all(u64 handle, u64 size)
{
	for (u64 done = 0; done < size;) {
		u64 step = size - done < MIB ? size - done : MIB;
		struct file_write_reply reply = files_write(handle, done, step, DATA);

		expect(reply.status, "writing a file");
		done += reply.done;
	}
}

static u64 read_once(u64 handle, u64 position, u64 size)
{
	u64 start = clock_instructions();
	struct file_read_reply reply = files_read(handle, position, size, DATA);
	u64 end = clock_instructions();

	expect(reply.status, "reading a file");
	if (reply.done != size)
		expect(STATUS_BAD_ARGUMENT, "reading a file: fewer bytes than it has");
	return end - start - cost;
}

static void read_row(const char *name, u64 handle, u64 size, int rounds)
{
	for (int i = 0; i < WARM; i++)
		(void)read_once(handle, 0, size);
	for (int i = 0; i < rounds; i++)
		samples_add(&samples, read_once(handle, 0, size));
	row(name, samples_middle(&samples));
}

static void cached_rows(u64 handle)
{
	u64 size;

	read_row("read_1b_cached", handle, 1, SAMPLES);
	read_row("read_4k_cached", handle, 4096, SAMPLES);
	read_row("read_1m_cached", handle, MIB, 9);
	for (int i = 0; i < SAMPLES; i++) {
		u64 start = clock_instructions();
		struct file_write_reply reply = files_write(handle, 0, 4096, DATA);
		u64 end = clock_instructions();

		expect(reply.status, "writing 4 KiB");
		samples_add(&samples, end - start - cost);
	}
	row("write_4k_cached", samples_middle(&samples));

	size = put_path(LARGE_FILE);
	for (int i = 0; i < SAMPLES; i++) {
		u64 start = clock_instructions();
		u64 status = files_stat(PATH, size).status;
		u64 end = clock_instructions();

		expect(status, "stat");
		samples_add(&samples, end - start - cost);
	}
	row("stat_cached", samples_middle(&samples));
	for (int i = 0; i < SAMPLES; i++) {
		u64 start = clock_instructions();
		struct file_open_reply reply = files_open(PATH, size, FILE_OPEN_READ_ONLY);
		u64 status = files_close(reply.handle).status;
		u64 end = clock_instructions();

		expect(reply.status, "opening a file");
		expect(status, "closing a file");
		samples_add(&samples, end - start - cost);
	}
	row("open_close", samples_middle(&samples));
}

static void create_row(void)
{
	u64 size = put_path(NEW_FILE);

	for (int i = 0; i < 9; i++) {
		u64 start = clock_instructions();
		struct file_open_reply reply = files_open(PATH, size, FILE_OPEN_CREATE);
		u64 closed = files_close(reply.handle).status;
		u64 removed = files_remove(PATH, size).status;
		u64 end = clock_instructions();

		expect(reply.status, "creating a file");
		expect(closed, "closing a file");
		expect(removed, "removing a file");
		samples_add(&samples, end - start - cost);
	}
	row("create_delete", samples_middle(&samples));
}

/* Larger than the file server's cache, so that the beginning is no longer there when we come back to it. */
static void cold_row(void)
{
	struct file_stat_reply stat = files_stat(PATH, put_path(LARGE_FILE));
	u64 handle;
	u64 start;
	u64 pages;

	expect(stat.status, "stat");
	handle = open_file(LARGE_FILE, FILE_OPEN_READ_ONLY);
	pages = stat.size / 4096;
	for (u64 i = 0; i < pages; i++)
		(void)read_once(handle, i * 4096, 4096);
	start = busy_instructions();
	for (u64 i = 0; i < pages; i++)
		(void)read_once(handle, i * 4096, 4096);
	row("seq_read_cold_per_4k", (busy_instructions() - start) / pages);
	expect(files_close(handle).status, "closing a file");
}

void bench_files(void)
{
	u64 handle;

	(void)idle_start();
	cost = measuring_cost();
	cost = measuring_cost();
	handle = open_file(LARGE_FILE, FILE_OPEN_CREATE);
	write_all(handle, 12 * MIB);
	expect(files_sync().status, "sync");
	cached_rows(handle);
	expect(files_sync().status, "sync");
	expect(files_close(handle).status, "closing a file");
	create_row();
	cold_row();
	expect(files_remove(PATH, put_path(LARGE_FILE)).status, "removing a file");
	expect(files_sync().status, "sync");
}
#endif
