/* virtio_host.c - tests of the virtio block driver against a device that is memory, and that lies.
 *
 * Registers keep what is written to them, which is enough for the driver to come up; the tests then play the device:
 * they look at the available ring, check that every address is inside the DMA memory, and fill the used ring. */
#include "../../userland/drivers/virtio_blk/virtio.h"
#include "../../userland/protocols/block.h"
#include "virtio/ports.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

u8 fake_registers[8 * 4096] __attribute__((aligned(4096))), fake_dma[2048 * 1024] __attribute__((aligned(4096)));
u8 fake_connection[256 * 1024] __attribute__((aligned(4096)));
struct block_client block_clients[1];

#define AT_AVAILABLE 4096u
#define AT_USED 8192u
#define SECTORS 1000u
#define DATA BLOCK_DATA_OFFSET

static u32 passed, failed, wakes;
static struct ring_client client;
static char said[4096];
static u16 seen, answered;
static u64 now;

static void check(bool good, const char *what, int line)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("virtio_host.c:%d: %s\n", line, what);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

void print(const char *pattern, ...)
{
	va_list arguments;
	size_t used = strlen(said);

	va_start(arguments, pattern);
	vsnprintf(said + used, sizeof(said) - used, pattern, arguments);
	va_end(arguments);
}

u64 clock_ticks(void)
{
	return ++now;
}

u64 block_ready(u32 number)
{
	(void)number;
	wakes++;
	return 0;
}

static u32 *reg(u32 window, u32 offset)
{
	return (u32 *)(void *)(fake_registers + window * 4096 + offset);
}

/* A disk in window 3. */
static void plug_in(void)
{
	memset(fake_registers, 0, sizeof(fake_registers));
	for (u32 i = 0; i < 8; i++) {
		*reg(i, VIRTIO_MAGIC) = VIRTIO_MAGIC_VALUE;
		*reg(i, VIRTIO_VERSION) = 2;
	}
	*reg(3, VIRTIO_DEVICE) = VIRTIO_DEVICE_BLOCK;
	*reg(3, VIRTIO_DEVICE_FEATURES) = 1u | 1u << 9; /* the same for both halves: VERSION_1 and FLUSH */
	*reg(3, VIRTIO_QUEUE_MAX) = 1024;
	*reg(3, VIRTIO_CONFIG) = SECTORS;
}

static void start(void)
{
	block_clients[0] = (struct block_client){ (u64)fake_connection, sizeof(fake_connection) };
	memset(fake_connection, 0, sizeof(fake_connection));
	memset(said, 0, sizeof(said));
	seen = answered = 0;
	init();
	block_attach_client(&client, fake_connection);
	(void)ring_client_open(&client, ++now);
	notified(0);
	CHECK(ring_client_poll(&client) == RING_OPENED);
}

static void request(u32 operation, u64 sector, u32 count, u64 data, u64 id)
{
	struct block_request record = { operation, count, sector, data, id };

	CHECK(ring_put(&client.requests, &record));
	(void)ring_publish(&client.requests);
}

static u32 status_of(u64 id)
{
	struct block_response record = { .status = 99 };

	notified(0);
	if (!ring_take(&client.responses, &record))
		return 100;
	(void)ring_release(&client.responses);
	CHECK(record.id == id);
	return record.status;
}

/* ---- The device ---- */

static u8 *at_physical(u64 address, u64 size)
{
	bool inside = address >= DISK_DMA_PHYS && address + size <= DISK_DMA_PHYS + DISK_DMA_SIZE;

	CHECK(inside);
	return inside ? fake_dma + (address - DISK_DMA_PHYS) : fake_dma;
}

static struct virtq_available *available(void)
{
	return (struct virtq_available *)(void *)(fake_dma + AT_AVAILABLE);
}

static struct virtq_used *used(void)
{
	return (struct virtq_used *)(void *)(fake_dma + AT_USED);
}

static void return_chain(u32 id, u32 length)
{
	used()->ring[answered & 255].id = id;
	used()->ring[answered & 255].length = length;
	answered++;
	used()->index = answered;
}

/* Do the next request: sectors hold their number. Answers the head of its chain. */
static u32 device_work(u8 status)
{
	struct virtq_descriptor *descriptors = (struct virtq_descriptor *)(void *)fake_dma;

	CHECK(available()->index != seen);
	u32 head = available()->ring[seen++ & 255];
	struct virtq_descriptor header = descriptors[head], data = descriptors[header.next];
	struct virtio_block_header *what = (void *)at_physical(header.address, 16);
	CHECK(header.length == 16 && (header.flags & DESCRIPTOR_NEXT) != 0);
	if (what->type == BLOCK_TYPE_FLUSH) {
		*at_physical(data.address, 1) = status;
		return_chain(head, 1);
		return head;
	}
	struct virtq_descriptor last = descriptors[data.next];
	u8 *bytes = at_physical(data.address, data.length);
	CHECK(data.length % BLOCK_SECTOR == 0 && data.length <= BLOCK_DRIVER_SECTORS * BLOCK_SECTOR);
	CHECK(last.length == 1 && last.flags == DESCRIPTOR_WRITE);
	CHECK(((data.flags & DESCRIPTOR_WRITE) != 0) == (what->type == BLOCK_TYPE_IN));
	if (what->type == BLOCK_TYPE_IN)
		memset(bytes, (int)what->sector, data.length);
	*at_physical(last.address, 1) = status;
	return_chain(head, what->type == BLOCK_TYPE_IN ? data.length + 1 : 1);
	return head;
}

static void interrupt(void)
{
	*reg(3, VIRTIO_INTERRUPT) = 1;
}

static void requests_become_descriptors_inside_the_dma_memory(void)
{
	plug_in();
	start();
	CHECK(strstr(said, "disk of") != NULL && *reg(3, VIRTIO_STATUS) == 15);
	request(BLOCK_READ, 7, 8, DATA, 1);
	notified(0);
	CHECK(available()->index == 1);
	(void)device_work(0);
	interrupt();
	CHECK(status_of(1) == BLOCK_OK && fake_connection[DATA] == 7 && fake_connection[DATA + 4095] == 7);
	memset(fake_connection + DATA, 0x5a, 512);
	request(BLOCK_WRITE, 9, 1, DATA, 2);
	notified(0);
	(void)device_work(0);
	CHECK(status_of(2) == BLOCK_OK);
	request(BLOCK_FLUSH, 0, 0, 0, 3);
	notified(0);
	(void)device_work(0);
	CHECK(status_of(3) == BLOCK_OK);
	request(BLOCK_INFO, 0, 0, 0, 4);
	CHECK(status_of(4) == BLOCK_OK);
}

static void many_requests_are_under_way_at_once(void)
{
	struct block_response record;
	u32 count = 0;

	plug_in();
	start();
	for (u32 i = 0; i < 128; i++)
		request(BLOCK_READ, i, 1, DATA + i * 512ul, i);
	notified(0);
	CHECK(available()->index >= 64);
	for (u32 round = 0; round < 10 && count < 128; round++) {
		while (available()->index != seen)
			(void)device_work(0);
		notified(0);
		while (ring_take(&client.responses, &record)) {
			CHECK(record.status == BLOCK_OK && fake_connection[DATA + record.id * 512] == record.id);
			count++;
		}
		(void)ring_release(&client.responses);
	}
	CHECK(count == 128);
}

static void bad_requests_never_reach_the_device(void)
{
	static const struct { u32 operation; u64 sector; u32 count; u64 data; u32 status; } bad[] = {
		{ BLOCK_READ, SECTORS, 1, DATA, BLOCK_OUT_OF_RANGE }, { BLOCK_WRITE, SECTORS - 1, 2, DATA, BLOCK_OUT_OF_RANGE },
		{ BLOCK_READ, ~0ul, 1, DATA, BLOCK_OUT_OF_RANGE }, { BLOCK_READ, 0, 0, DATA, BLOCK_BAD_REQUEST },
		{ BLOCK_READ, 0, BLOCK_DRIVER_SECTORS + 1, DATA, BLOCK_BAD_REQUEST }, { BLOCK_READ, 0, 1, 0, BLOCK_BAD_REQUEST },
		{ BLOCK_READ, 0, 1, DATA + 4, BLOCK_BAD_REQUEST }, { BLOCK_READ, 0, 1, ~0ul - 7, BLOCK_BAD_REQUEST },
		{ BLOCK_READ, 0, 1, sizeof(fake_connection) - 504, BLOCK_BAD_REQUEST }, { 99, 0, 1, DATA, BLOCK_BAD_REQUEST },
	};

	plug_in();
	start();
	for (u32 i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		request(bad[i].operation, bad[i].sector, bad[i].count, bad[i].data, i);
		CHECK(status_of(i) == bad[i].status);
	}
	CHECK(available()->index == 0);
}

static void errors_of_the_device_are_errors(void)
{
	plug_in();
	start();
	for (u8 status = 1; status < 4; status++) {
		request(BLOCK_READ, 0, 1, DATA, status);
		notified(0);
		(void)device_work(status);
		CHECK(status_of(status) == BLOCK_IO_ERROR);
	}
	request(BLOCK_READ, 0, 8, DATA, 9); /* says that it is done, and wrote too little */
	notified(0);
	(void)device_work(0);
	used()->ring[(u16)(answered - 1) & 255].length = 100;
	CHECK(status_of(9) == BLOCK_IO_ERROR);
}

/* The registers are memory: they do not clear this one on a reset by themselves. */
static void allow_reset(void)
{
	*reg(3, VIRTIO_QUEUE_READY) = 0;
	seen = answered = 0;
}

static void a_device_that_lies_is_reset_and_used_again(void)
{
	static const u32 lies[] = { 1, 2, 3 * 83, 255, 3 * 200, 0xffffffff };

	for (u32 i = 0; i < sizeof(lies) / sizeof(lies[0]) + 3; i++) {
		plug_in();
		start();
		request(BLOCK_READ, 0, 1, DATA, 1);
		notified(0);
		u32 head = device_work(0);
		if (i < sizeof(lies) / sizeof(lies[0])) {
			used()->ring[0].id = lies[i] == head ? 6 : lies[i];
		} else if (i == sizeof(lies) / sizeof(lies[0])) {
			used()->index = 40;                     /* more than it was given */
		} else if (i == sizeof(lies) / sizeof(lies[0]) + 1) {
			used()->index = 0xffff;
		} else {
			*reg(3, VIRTIO_INTERRUPT) = 2;          /* asks for a reset */
			*reg(3, VIRTIO_STATUS) |= STATUS_NEEDS_RESET;
		}
		allow_reset();
		CHECK(status_of(1) == BLOCK_IO_ERROR && strstr(said, "reset") != NULL);
		*reg(3, VIRTIO_INTERRUPT) = 0;
		request(BLOCK_READ, 5, 1, DATA, 2);
		notified(0);
		(void)device_work(0);
		CHECK(status_of(2) == BLOCK_OK && fake_connection[DATA] == 5);
	}
}

static void a_chain_that_comes_back_twice_is_a_lie(void)
{
	plug_in();
	start();
	request(BLOCK_READ, 0, 1, DATA, 1);
	request(BLOCK_READ, 1, 1, DATA, 2);
	notified(0);
	u32 head = device_work(0);
	return_chain(head, 513);
	allow_reset();
	CHECK(status_of(1) == BLOCK_OK);
	CHECK(status_of(2) == BLOCK_IO_ERROR && strstr(said, "not given") != NULL);
}

static void a_client_that_restarts_gets_nothing_of_its_past(void)
{
	plug_in();
	start();
	request(BLOCK_READ, 3, 8, DATA, 1);
	notified(0);
	block_attach_client(&client, fake_connection);
	(void)ring_client_open(&client, ++now);
	notified(0);
	CHECK(ring_client_poll(&client) == RING_OPENED);
	memset(fake_connection + DATA, 0xee, 4096);
	(void)device_work(0);
	CHECK(status_of(1) == 100 && fake_connection[DATA] == 0xee);
	request(BLOCK_READ, 3, 8, DATA, 2);
	notified(0);
	(void)device_work(0);
	CHECK(status_of(2) == BLOCK_OK && fake_connection[DATA] == 3);
}

static void devices_that_do_not_fit_are_told(void)
{
	plug_in();
	*reg(3, VIRTIO_DEVICE) = 0;
	start();
	CHECK(strstr(said, "there is no disk") != NULL);
	request(BLOCK_INFO, 0, 0, 0, 1);
	CHECK(status_of(1) == BLOCK_NO_DISK);
	request(BLOCK_READ, 0, 1, DATA, 2);
	CHECK(status_of(2) == BLOCK_NO_DISK);
	plug_in();
	*reg(3, VIRTIO_VERSION) = 1;
	start();
	CHECK(strstr(said, "force-legacy=false") != NULL);
	plug_in();
	*reg(3, VIRTIO_DEVICE_FEATURES) = 1u << 9; /* no VERSION_1 */
	start();
	CHECK(strstr(said, "does not offer virtio 1") != NULL);
	plug_in();
	*reg(3, VIRTIO_QUEUE_MAX) = 0;
	start();
	CHECK(strstr(said, "refuses its queue") != NULL);
	plug_in();
	*reg(3, VIRTIO_QUEUE_MAX) = 16;
	start();
	for (u32 i = 0; i < 20; i++)
		request(BLOCK_READ, i, 1, DATA, i);
	notified(0);
	CHECK(available()->index == 5); /* three descriptors each */
}

int main(void)
{
	requests_become_descriptors_inside_the_dma_memory();
	many_requests_are_under_way_at_once();
	bad_requests_never_reach_the_device();
	errors_of_the_device_are_errors();
	a_device_that_lies_is_reset_and_used_again();
	a_chain_that_comes_back_twice_is_a_lie();
	a_client_that_restarts_gets_nothing_of_its_past();
	devices_that_do_not_fit_are_told();
	printf("%u checks passed, %u failed\n", passed, failed);
	return failed != 0;
}
