/* block_host.c - tests of the block server's queue on the host: this program is its clients and its disk.
 *
 * Without arguments: checks of queueing, fairness, restarts and hostile peers. With an image: prints what the server
 * makes of its partition table. */
#include "../../userland/servers/block/queue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static u32 passed, failed;

static void check(bool good, const char *what, int line)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("block_host.c:%d: %s\n", line, what);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

#define DISK_MEMORY (BLOCK_DATA_OFFSET + 32 * BLOCK_DRIVER_SECTORS * BLOCK_SECTOR)
#define CLIENT_MEMORY (BLOCK_DATA_OFFSET + 512 * 1024)
#define CLIENTS 3u
#define SECTORS 4096u

static u64 disk_memory[DISK_MEMORY / 8], client_memory[CLIENTS][CLIENT_MEMORY / 8];
static u8 *image;
static u64 image_sectors;
static bool no_disk;
static u64 fail_sector = ~0ul;
static struct ring_server disk;
static struct ring_client clients[CLIENTS];
static u32 disk_kicks, wakes[CLIENTS];
static struct queue_report report;
static struct partition_table reported;
static u64 hint = 1000;
static u32 most_under_way;

void queue_kick_disk(void)
{
	disk_kicks++;
}

void queue_wake_client(u32 client)
{
	wakes[client]++;
}

void queue_changed(const struct queue_report *now)
{
	report = *now;
	reported = *now->table;
	report.table = &reported;
}

/* ---- The disk ---- */

static void disk_start(void)
{
	block_attach_server(&disk, disk_memory);
	ring_server_start(&disk, hint++);
}

static void answer(const struct block_request *request)
{
	struct block_response response = { .id = request->id, .sectors = image_sectors };
	u8 *bytes = (u8 *)disk_memory + request->data;

	if (no_disk) {
		response.status = BLOCK_NO_DISK;
	} else if (request->operation == BLOCK_READ || request->operation == BLOCK_WRITE) {
		if (request->count == 0 || request->count > BLOCK_DRIVER_SECTORS || request->sector + request->count > image_sectors ||
				request->data < BLOCK_DATA_OFFSET || request->data + request->count * BLOCK_SECTOR > DISK_MEMORY) {
			printf("the server sent the driver a bad request\n");
			exit(1);
		}
		if (fail_sector - request->sector < request->count)
			response.status = BLOCK_IO_ERROR;
		else if (request->operation == BLOCK_READ)
			memcpy(bytes, image + request->sector * BLOCK_SECTOR, request->count * BLOCK_SECTOR);
		else
			memcpy(image + request->sector * BLOCK_SECTOR, bytes, request->count * BLOCK_SECTOR);
	}
	(void)ring_put(&disk.responses, &response);
}

/* Do up to `most` requests; answers how many. */
static u32 disk_run(u32 most)
{
	struct block_request request;
	u32 count = 0;

	(void)ring_server_poll(&disk);
	if (disk.session == 0)
		return 0;
	u32 waiting = ring_waiting(&disk.requests);
	most_under_way = waiting > most_under_way ? waiting : most_under_way;
	while (count < most && ring_take(&disk.requests, &request)) {
		answer(&request);
		count++;
	}
	(void)ring_release(&disk.requests);
	(void)ring_publish(&disk.responses);
	return count;
}

static void settle(void)
{
	for (u32 i = 0; i < 200; i++) {
		queue_run(hint++);
		(void)disk_run(1000);
	}
	queue_run(hint++);
}

/* ---- Clients ---- */

static void client_open(u32 n)
{
	block_attach_client(&clients[n], client_memory[n]);
	CHECK(ring_client_open(&clients[n], hint++));
	queue_run(hint++);
	CHECK(ring_client_poll(&clients[n]) == RING_OPENED);
}

static void request(u32 n, u32 operation, u64 sector, u32 count, u64 data, u64 id)
{
	struct block_request record = { operation, count, sector, data, id };

	CHECK(ring_put(&clients[n].requests, &record));
	(void)ring_publish(&clients[n].requests);
}

static bool response(u32 n, struct block_response *record)
{
	bool there = ring_take(&clients[n].responses, record);

	(void)ring_release(&clients[n].responses);
	return there;
}

static u32 status_of(u32 n, u32 operation, u64 sector, u32 count, u64 data)
{
	struct block_response record = { .status = 99 };
	static u64 id = 5000;

	request(n, operation, sector, count, data, ++id);
	settle();
	CHECK(response(n, &record) && record.id == id);
	return record.status;
}

static void add_partition(u32 number, u8 type, u32 start, u32 sectors)
{
	u8 *entry = image + 446 + number * 16;

	entry[4] = type;
	memcpy(entry + 8, &start, 4);
	memcpy(entry + 12, &sectors, 4);
	image[510] = 0x55;
	image[511] = 0xaa;
}

static void start_all(void)
{
	memset(disk_memory, 0, sizeof(disk_memory));
	memset(client_memory, 0, sizeof(client_memory));
	disk_start();
	queue_init(disk_memory, DISK_MEMORY, hint++);
	for (u32 i = 0; i < CLIENTS; i++)
		queue_add_client(client_memory[i], CLIENT_MEMORY);
	settle();
}

/* Three partitions, the second of a type that is not FAT: it goes to the last client. */
static void fresh(void)
{
	no_disk = false;
	fail_sector = ~0ul;
	image_sectors = SECTORS;
	memset(image, 0, SECTORS * BLOCK_SECTOR);
	for (u32 i = 1; i < SECTORS; i++)
		memset(image + i * BLOCK_SECTOR, (int)(i % 251), BLOCK_SECTOR);
	add_partition(0, 0x0c, 64, 1000);
	add_partition(1, 0x83, 1064, 1000);
	add_partition(2, 0x06, 2064, 1000);
	start_all();
	for (u32 i = 0; i < CLIENTS; i++)
		client_open(i);
}

static u8 *data_of(u32 n, u64 data)
{
	return (u8 *)client_memory[n] + data;
}

static void clients_get_their_partitions_fat_first(void)
{
	struct block_response record;
	static const u64 starts[CLIENTS] = { 64, 2064, 1064 };

	fresh();
	CHECK(report.state == QUEUE_READY && report.kind == TABLE_MBR && reported.count == 3);
	for (u32 i = 0; i < CLIENTS; i++) {
		request(i, BLOCK_INFO, 0, 0, 0, 1);
		settle();
		CHECK(response(i, &record) && record.status == BLOCK_OK && record.sectors == 1000 && record.start == starts[i]);
		CHECK(status_of(i, BLOCK_READ, 5, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
		CHECK(*data_of(i, BLOCK_DATA_OFFSET) == (starts[i] + 5) % 251);
	}
}

static void nobody_leaves_its_partition(void)
{
	u8 *before = malloc(SECTORS * BLOCK_SECTOR);

	fresh();
	memcpy(before, image, SECTORS * BLOCK_SECTOR);
	CHECK(status_of(0, BLOCK_READ, 1000, 1, BLOCK_DATA_OFFSET) == BLOCK_OUT_OF_RANGE);
	CHECK(status_of(0, BLOCK_READ, 999, 2, BLOCK_DATA_OFFSET) == BLOCK_OUT_OF_RANGE);
	CHECK(status_of(0, BLOCK_WRITE, ~0ul, 1, BLOCK_DATA_OFFSET) == BLOCK_OUT_OF_RANGE);
	CHECK(status_of(0, BLOCK_WRITE, ~0ul - 63, 64, BLOCK_DATA_OFFSET) == BLOCK_OUT_OF_RANGE);
	CHECK(status_of(0, BLOCK_WRITE, 0, 0, BLOCK_DATA_OFFSET) == BLOCK_BAD_REQUEST);
	CHECK(status_of(0, BLOCK_WRITE, 0, BLOCK_MAX_SECTORS + 1, BLOCK_DATA_OFFSET) == BLOCK_BAD_REQUEST);
	CHECK(status_of(0, BLOCK_WRITE, 0, 1, 0) == BLOCK_BAD_REQUEST);
	CHECK(status_of(0, BLOCK_WRITE, 0, 1, BLOCK_DATA_OFFSET + 4) == BLOCK_BAD_REQUEST);
	CHECK(status_of(0, BLOCK_WRITE, 0, 1, CLIENT_MEMORY - 504) == BLOCK_BAD_REQUEST);
	CHECK(status_of(0, BLOCK_WRITE, 0, 1, ~0ul - 7) == BLOCK_BAD_REQUEST);
	CHECK(status_of(0, 17, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_BAD_REQUEST);
	CHECK(memcmp(before, image, SECTORS * BLOCK_SECTOR) == 0);
	free(before);
}

static void long_requests_are_cut_and_put_together(void)
{
	fresh();
	for (u32 i = 0; i < 500 * BLOCK_SECTOR; i++)
		*data_of(1, BLOCK_DATA_OFFSET + i) = (u8)(i * 7 + i / 512);
	CHECK(status_of(1, BLOCK_WRITE, 3, 500, BLOCK_DATA_OFFSET) == BLOCK_OK);
	CHECK(memcmp(image + (2064 + 3) * BLOCK_SECTOR, data_of(1, BLOCK_DATA_OFFSET), 500 * BLOCK_SECTOR) == 0);
	CHECK(image[(2064 + 2) * BLOCK_SECTOR] == (2064 + 2) % 251 && image[(2064 + 503) * BLOCK_SECTOR] == (2064 + 503) % 251);
	memset(data_of(1, BLOCK_DATA_OFFSET), 0, 500 * BLOCK_SECTOR);
	CHECK(status_of(1, BLOCK_READ, 3, 500, BLOCK_DATA_OFFSET) == BLOCK_OK);
	CHECK(memcmp(image + (2064 + 3) * BLOCK_SECTOR, data_of(1, BLOCK_DATA_OFFSET), 500 * BLOCK_SECTOR) == 0);
	CHECK(status_of(1, BLOCK_FLUSH, 0, 0, 0) == BLOCK_OK);
}

static void an_error_fails_its_request_only(void)
{
	fresh();
	fail_sector = 64 + 100;
	CHECK(status_of(0, BLOCK_READ, 0, 200, BLOCK_DATA_OFFSET) == BLOCK_IO_ERROR);
	CHECK(status_of(0, BLOCK_READ, 0, 100, BLOCK_DATA_OFFSET) == BLOCK_OK);
	CHECK(status_of(1, BLOCK_READ, 0, 200, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

/* A client with a hundred long requests does not make one with short requests wait for all of them. */
static void clients_take_turns(void)
{
	struct block_response record;
	u32 rounds = 0;

	fresh();
	most_under_way = 0;
	for (u32 i = 0; i < 100; i++)
		request(0, BLOCK_READ, i, 64, BLOCK_DATA_OFFSET, i);
	queue_run(hint++);
	request(1, BLOCK_READ, 0, 8, BLOCK_DATA_OFFSET, 7);
	while (!response(1, &record) && rounds < 1000) {
		queue_run(hint++);
		(void)disk_run(4);
		rounds++;
	}
	CHECK(rounds < 20); /* 800 pieces of the other one are before it in the queue, in time */
	CHECK(most_under_way <= 32);
	settle();
	for (u32 i = 0; i < 100; i++)
		CHECK(response(0, &record) && record.status == BLOCK_OK);
}

static void one_signal_serves_many_requests(void)
{
	fresh();
	u32 before = disk_kicks;
	for (u32 i = 0; i < 16; i++)
		request(0, BLOCK_READ, i * 8, 8, BLOCK_DATA_OFFSET + i * 4096ul, i);
	(void)ring_sleep(&disk.requests);
	queue_run(hint++);
	CHECK(disk_kicks == before + 1);
	before = wakes[0];
	(void)ring_sleep(&clients[0].responses);
	CHECK(disk_run(1000) == 16);
	queue_run(hint++);
	CHECK(wakes[0] == before + 1);
}

static void requests_survive_a_restart_of_the_driver(void)
{
	struct block_response record;

	fresh();
	for (u32 i = 0; i < 20; i++)
		request(0, BLOCK_READ, i, 9, BLOCK_DATA_OFFSET + i * 8192ul, i);
	queue_run(hint++);
	(void)disk_run(3);
	disk_start();
	settle();
	for (u32 i = 0; i < 20; i++) {
		CHECK(response(0, &record) && record.status == BLOCK_OK);
		CHECK(*data_of(0, BLOCK_DATA_OFFSET + record.id * 8192) == (64 + record.id) % 251);
	}
	CHECK(!response(0, &record));
}

static void a_request_that_kills_the_driver_is_given_up(void)
{
	struct block_response record;

	fresh();
	request(0, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET, 3);
	queue_run(hint++);
	for (u32 i = 0; i < 3; i++) {
		CHECK(!response(0, &record));
		disk_start(); /* it never answers */
		for (u32 k = 0; k < 4; k++) { /* session, size and partition table, but not the request */
			queue_run(hint++);
			if (report.state == QUEUE_READY && k < 3)
				(void)disk_run(1);
		}
	}
	CHECK(response(0, &record) && record.status == BLOCK_RESTARTED && record.id == 3);
	settle();
	CHECK(status_of(0, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

static void a_client_that_restarts_gets_nothing_of_its_past(void)
{
	struct block_response record;

	fresh();
	for (u32 i = 0; i < 20; i++)
		request(0, BLOCK_READ, i, 8, BLOCK_DATA_OFFSET, 100 + i);
	queue_run(hint++);
	client_open(0);
	memset(data_of(0, BLOCK_DATA_OFFSET), 0xee, 4096);
	settle();
	CHECK(!response(0, &record));
	CHECK(*data_of(0, BLOCK_DATA_OFFSET) == 0xee); /* nor does anything land in its memory */
	CHECK(status_of(0, BLOCK_READ, 0, 8, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

static void a_hostile_client_harms_only_itself(void)
{
	fresh();
	clients[0].requests.shared->producer.index = 0x7fffffff;
	settle();
	CHECK(ring_client_poll(&clients[0]) == RING_LOST);
	clients[1].responses.shared->consumer.index = 77; /* pretends to have taken what was never sent */
	request(1, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET, 1);
	settle();
	CHECK(status_of(2, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
	client_open(0);
	CHECK(status_of(0, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
	client_open(1);
	CHECK(status_of(1, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

static void a_hostile_driver_is_thrown_out(void)
{
	struct block_response lie = { .status = BLOCK_OK, .id = 3 };

	fresh();
	(void)ring_put(&disk.responses, &lie); /* nobody asked */
	(void)ring_publish(&disk.responses);
	settle();
	CHECK(status_of(0, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
	disk.responses.shared->producer.index = 0x1234567;
	settle();
	CHECK(status_of(0, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

static void a_disk_that_hangs_fails_everything_at_once(void)
{
	struct block_response record;

	fresh();
	CHECK(!queue_busy());
	for (u32 i = 0; i < 40; i++)
		request(0, BLOCK_READ, i, 8, BLOCK_DATA_OFFSET, i);
	queue_run(hint++);
	CHECK(queue_busy());
	u64 progress = queue_progress();
	queue_run(hint++);
	CHECK(queue_progress() == progress);
	queue_ping_disk();
	CHECK(!queue_disk_lives());
	(void)disk_run(0); /* the driver runs, its disk does nothing */
	queue_run(hint++);
	CHECK(queue_disk_lives() && queue_progress() == progress);
	queue_give_up();
	for (u32 i = 0; i < 40; i++)
		CHECK(response(0, &record) && record.status == BLOCK_TIMEOUT);
	CHECK(!queue_busy());
	request(1, BLOCK_READ, 0, 8, BLOCK_DATA_OFFSET, 5);
	queue_run(hint++);
	CHECK(response(1, &record) && record.status == BLOCK_TIMEOUT); /* does not wait again */
	memset(data_of(0, BLOCK_DATA_OFFSET), 0xee, 4096);
	(void)disk_run(1); /* the disk wakes up: what it did late is for nobody, then all is as before */
	settle();
	CHECK(*data_of(0, BLOCK_DATA_OFFSET) == 0xee);
	CHECK(status_of(0, BLOCK_READ, 0, 8, BLOCK_DATA_OFFSET) == BLOCK_OK);
	CHECK(status_of(1, BLOCK_READ, 0, 8, BLOCK_DATA_OFFSET) == BLOCK_OK);
	disk_start(); /* or it starts anew */
	settle();
	CHECK(status_of(2, BLOCK_READ, 0, 8, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

static void without_a_disk_everything_is_answered(void)
{
	fresh();
	no_disk = true;
	disk_start();
	settle();
	CHECK(report.state == QUEUE_ABSENT);
	CHECK(status_of(0, BLOCK_INFO, 0, 0, 0) == BLOCK_NO_DISK);
	CHECK(status_of(1, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_NO_DISK);
	CHECK(status_of(2, BLOCK_FLUSH, 0, 0, 0) == BLOCK_NO_DISK);
	no_disk = false;
	disk_start();
	settle();
	CHECK(status_of(0, BLOCK_READ, 0, 1, BLOCK_DATA_OFFSET) == BLOCK_OK);
}

static void hostile_tables_give_nobody_another_ones_sectors(void)
{
	no_disk = false;
	image_sectors = SECTORS;
	memset(image, 0, SECTORS * BLOCK_SECTOR);
	add_partition(0, 0x06, 64, 1000);
	add_partition(1, 0x06, 1000, 1000);        /* over the first */
	add_partition(2, 0x06, SECTORS - 10, 100); /* beyond the disk */
	add_partition(3, 0x06, 0, 64);             /* over the table */
	start_all();
	CHECK(reported.count == 1 && reported.left_out == 3 && reported.list[0].start == 64);
	add_partition(0, 0x06, 0xffffffff, 0xffffffff);
	add_partition(1, 0x05, 100, 1000);         /* extended, whose chain leads to itself */
	memset(image + 100 * BLOCK_SECTOR, 0, BLOCK_SECTOR);
	image[100 * BLOCK_SECTOR + 510] = 0x55;
	image[100 * BLOCK_SECTOR + 511] = 0xaa;
	image[100 * BLOCK_SECTOR + 462 + 4] = 0x05;
	add_partition(2, 0, 0, 0);
	add_partition(3, 0, 0, 0);
	start_all();
	CHECK(report.state == QUEUE_READY && reported.count == 0);
}

static int show(const char *path)
{
	FILE *file = fopen(path, "rb");
	static const char *const kinds[] = { "none", "mbr", "gpt" };

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		return 2;
	image_sectors = (u64)ftell(file) / BLOCK_SECTOR;
	rewind(file);
	image = malloc(image_sectors * BLOCK_SECTOR);
	if (fread(image, BLOCK_SECTOR, image_sectors, file) != image_sectors)
		return 2;
	start_all();
	printf("%s%s%s\n", kinds[report.kind], report.complaint != NULL ? ": " : "", report.complaint != NULL ? report.complaint : "");
	for (u32 i = 0; i < reported.count; i++)
		printf("%u %lu %lu %s\n", reported.list[i].number, reported.list[i].start, reported.list[i].sectors,
			reported.list[i].likely_fat ? "fat" : "other");
	free(image);
	return report.state != QUEUE_READY;
}

int main(int count, char **words)
{
	if (count > 1)
		return show(words[1]);
	image = malloc(SECTORS * BLOCK_SECTOR);
	clients_get_their_partitions_fat_first();
	nobody_leaves_its_partition();
	long_requests_are_cut_and_put_together();
	an_error_fails_its_request_only();
	clients_take_turns();
	one_signal_serves_many_requests();
	requests_survive_a_restart_of_the_driver();
	a_request_that_kills_the_driver_is_given_up();
	a_client_that_restarts_gets_nothing_of_its_past();
	a_hostile_client_harms_only_itself();
	a_hostile_driver_is_thrown_out();
	a_disk_that_hangs_fails_everything_at_once();
	without_a_disk_everything_is_answered();
	hostile_tables_give_nobody_another_ones_sectors();
	printf("%u checks passed, %u failed\n", passed, failed);
	free(image);
	return failed != 0;
}
