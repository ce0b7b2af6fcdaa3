/* ramdisk.c - a disk in RAM, spoken to like any other disk: the image that the loader put there, or an empty volume.
 *
 * QEMU's -initrd puts an image at the address that the specification names. Memory without an image gets a FAT16 file
 * system of its own, once: the driver's restart finds it again. */
#include "block.h"
#include "component.h"
#include "copy.h"
#include "ports.h"

_Static_assert(BLOCK_CLIENTS == 1, "a driver has one client: the block server shares the disk among several");
_Static_assert(RAM_DISK_REGS_SIZE >= 4 * 1024 * 1024, "the RAM disk needs 4 MiB or more");

#define SECTORS (RAM_DISK_REGS_SIZE / BLOCK_SECTOR)
#define CLUSTER_SECTORS 4u
#define RESERVED 4u             /* so that clusters lie well */
#define ROOT_ENTRIES 512u
#define ROOT_SECTORS (ROOT_ENTRIES * 32 / BLOCK_SECTOR)
#define CLUSTERS (SECTORS / CLUSTER_SECTORS)
#define TABLE_SECTORS ((CLUSTERS * 2 / BLOCK_SECTOR + 4) / 4 * 4)
_Static_assert(CLUSTERS > 4085 + 200 || RAM_DISK_REGS_SIZE < 9 * 1024 * 1024, "enough clusters for FAT16");
_Static_assert(CLUSTERS < 65525, "few enough clusters for FAT16");

static struct ring_server client;
static bool answered;

static u8 *store(u64 sector)
{
	return (u8 *)RAM_DISK_REGS + sector * BLOCK_SECTOR;
}

static void put16(u8 *at, u32 value)
{
	at[0] = (u8)value;
	at[1] = (u8)(value >> 8);
}

static void put32(u8 *at, u32 value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

/* An empty FAT16 volume over the whole disk. Layout: Microsoft FAT specification 1.03, boot sector. */
static void format_volume(void)
{
	u8 *boot = store(0);

	zero_bytes(boot, (RESERVED + 2 * TABLE_SECTORS + ROOT_SECTORS) * BLOCK_SECTOR);
	copy_bytes(boot, "\xeb\x3c\x90MULLION ", 11);
	put16(boot + 11, BLOCK_SECTOR);
	boot[13] = CLUSTER_SECTORS;
	put16(boot + 14, RESERVED);
	boot[16] = 2;
	put16(boot + 17, ROOT_ENTRIES);
	put16(boot + 19, SECTORS < 65536 ? SECTORS : 0);
	boot[21] = 0xf8;
	put16(boot + 22, TABLE_SECTORS);
	put16(boot + 24, 32);
	put16(boot + 26, 64);
	put32(boot + 32, SECTORS < 65536 ? 0 : SECTORS);
	boot[36] = 0x80;
	boot[38] = 0x29;
	put32(boot + 39, 0x20260101);
	copy_bytes(boot + 43, "RAM DISK   FAT16   ", 19);
	boot[510] = 0x55;
	boot[511] = 0xaa;
	for (u32 table = 0; table < 2; table++)
		put32(store(RESERVED + table * TABLE_SECTORS), 0xfffffff8);
}

static void respond(u32 status, u64 id)
{
	struct block_response response = { .status = status, .id = id, .sectors = SECTORS };

	if (!ring_put(&client.responses, &response))
		ring_server_end(&client);
	answered = true;
}

static u32 check_transfer(const struct block_request *request)
{
	u64 size = block_clients[0].memory_size;

	if ((request->operation != BLOCK_READ && request->operation != BLOCK_WRITE) || request->count == 0 ||
			request->count > BLOCK_MAX_SECTORS || request->data % 8 != 0 || request->data < BLOCK_DATA_OFFSET ||
			request->data > size || (u64)request->count * BLOCK_SECTOR > size - request->data)
		return BLOCK_BAD_REQUEST;
	if (request->sector >= SECTORS || request->count > SECTORS - request->sector)
		return BLOCK_OUT_OF_RANGE;
	return BLOCK_OK;
}

static void do_request(const struct block_request *request)
{
	u32 status = BLOCK_OK;

	if (request->operation != BLOCK_INFO && request->operation != BLOCK_FLUSH) {
		u64 *disk = (u64 *)(void *)store(request->sector);
		u64 *bytes = (u64 *)(void *)((u8 *)block_clients[0].memory + request->data);
		status = check_transfer(request);
		if (status == BLOCK_OK && request->operation == BLOCK_READ)
			copy_words(bytes, disk, (u64)request->count * BLOCK_SECTOR / 8);
		else if (status == BLOCK_OK)
			copy_words(disk, bytes, (u64)request->count * BLOCK_SECTOR / 8);
	}
	respond(status, request->id);
}

static void serve(void)
{
	struct block_request request;

	do {
		if (ring_server_poll(&client) == RING_OPENED)
			answered = true;
		while (client.session != 0 && ring_take(&client.requests, &request))
			do_request(&request);
		if (client.session == 0)
			return;
		(void)ring_release(&client.requests);
		if (answered && ring_publish(&client.responses))
			(void)block_ready(0);
		answered = false;
		if (client.requests.broken)
			ring_server_end(&client);
	} while (!client.requests.broken && !ring_sleep(&client.requests));
}

void init(void)
{
	bool empty = store(0)[510] != 0x55 || store(0)[511] != 0xaa;

	if (empty)
		format_volume();
	print("ramdisk: %lu MiB, %s\n", SECTORS / 2048, empty ? "no image was given: formatted" : "with a disk image");
	block_attach_server(&client, (void *)block_clients[0].memory);
	ring_server_start(&client, clock_ticks());
	serve();
	(void)block_ready(0);
}

void notified(u64 bits)
{
	(void)bits;
	serve();
}
