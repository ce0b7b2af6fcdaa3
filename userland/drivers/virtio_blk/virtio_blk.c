/* virtio_blk.c - driver of the virtio block device: one disk, many requests under way, interrupts.
 *
 * The device reads and writes only the driver's own DMA memory; bytes are copied between it and the client's rings, so
 * nothing that a client writes can turn into an address. Each request has a place: three descriptors that are chained
 * once and for all, a header, a status byte and a buffer. What the device returns is checked like any peer's word.
 *
 * Without an IOMMU the registers are authority over all memory (the queue's addresses are physical): the specification
 * says so with the dma memory, and this file is the one that has to be right. */
#include "block.h"
#include "component.h"
#include "copy.h"
#include "device.h"
#include "ports.h"
#include "virtio.h"

_Static_assert(BLOCK_CLIENTS == 1, "a driver has one client: the block server shares the disk among several");

#define WINDOWS (VIRTIO_REGS_SIZE / VIRTIO_WINDOW)
#define QUEUE_SIZE 256u
#define PLACES_MAX 84u            /* three descriptors each */
#define BUFFER (BLOCK_DRIVER_SECTORS * BLOCK_SECTOR)
#define PATIENCE 1000000u         /* reads of a status register before the device counts as dead */

/* DMA memory: each part at an offset that the queue's alignment rules allow. */
#define AT_DESCRIPTORS 0u
#define AT_AVAILABLE 4096u
#define AT_USED 8192u
#define AT_HEADERS 12288u
#define AT_STATUSES (AT_HEADERS + PLACES_MAX * 16u)
#define AT_BUFFERS 16384u
_Static_assert(AT_STATUSES + PLACES_MAX <= AT_BUFFERS, "headers and status bytes fit before the buffers");
_Static_assert(DISK_DMA_SIZE >= AT_BUFFERS + 4 * BUFFER, "the driver needs 80 KiB of dma memory or more");

struct place {
	bool busy;
	bool current;      /* asked for in the client's present session */
	u32 operation, count;
	u64 data, id;
};

static volatile u8 *device;      /* its registers; NULL: there is no disk */
static const char *trouble;      /* why there is none that works */
static u64 sectors;
static u32 flags;
static u32 places;               /* how many are used */
static struct place place[PLACES_MAX];
static u32 free_places[PLACES_MAX];
static u32 free_count;
static u16 available_index, used_index;
static u32 queue_size;
static struct ring_server client;
static bool answered;

static u32 read_register(u32 offset)
{
	return *(volatile u32 *)(volatile void *)(device + offset);
}

static void write_register(u32 offset, u32 value)
{
	*(volatile u32 *)(volatile void *)(device + offset) = value;
}

static void write_address(u32 offset, u64 address)
{
	write_register(offset, (u32)address);
	write_register(offset + 4, (u32)(address >> 32));
}

static u8 *dma(u64 offset)
{
	return (u8 *)DISK_DMA + offset;
}

static struct virtq_descriptor *descriptors(void)
{
	return (struct virtq_descriptor *)(void *)dma(AT_DESCRIPTORS);
}

/* ---- Bringing the device up ---- */

/* Until the reset reads back, the device may still write into buffers of a driver that has gone. */
static bool reset(void)
{
	write_register(VIRTIO_STATUS, 0);
	for (u32 i = 0; i < PATIENCE; i++) {
		if (read_register(VIRTIO_STATUS) == 0)
			return true;
	}
	return false;
}

static bool negotiate(void)
{
	u64 offered, wanted = FEATURE_VERSION_1 | FEATURE_FLUSH | FEATURE_READ_ONLY;

	write_register(VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	write_register(VIRTIO_DEVICE_FEATURES_SELECT, 0);
	offered = read_register(VIRTIO_DEVICE_FEATURES);
	write_register(VIRTIO_DEVICE_FEATURES_SELECT, 1);
	offered |= (u64)read_register(VIRTIO_DEVICE_FEATURES) << 32;
	if ((offered & FEATURE_VERSION_1) == 0)
		return false;
	offered &= wanted;
	write_register(VIRTIO_DRIVER_FEATURES_SELECT, 0);
	write_register(VIRTIO_DRIVER_FEATURES, (u32)offered);
	write_register(VIRTIO_DRIVER_FEATURES_SELECT, 1);
	write_register(VIRTIO_DRIVER_FEATURES, (u32)(offered >> 32));
	write_register(VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	if ((read_register(VIRTIO_STATUS) & STATUS_FEATURES_OK) == 0)
		return false;
	flags = ((offered & FEATURE_FLUSH) != 0 ? BLOCK_FLAG_FLUSH : 0) |
		((offered & FEATURE_READ_ONLY) != 0 ? BLOCK_FLAG_READ_ONLY : 0);
	return true;
}

static void read_capacity(void)
{
	u32 before, rounds = 0;

	do {
		before = read_register(VIRTIO_GENERATION);
		sectors = read_register(VIRTIO_CONFIG) | (u64)read_register(VIRTIO_CONFIG + 4) << 32;
	} while (read_register(VIRTIO_GENERATION) != before && ++rounds < PATIENCE);
}

/* Chain the three descriptors of each place: header, buffer, status. */
static void prepare_places(void)
{
	u64 fit = (DISK_DMA_SIZE - AT_BUFFERS) / BUFFER;

	places = queue_size / 3 < PLACES_MAX ? queue_size / 3 : PLACES_MAX;
	places = fit < places ? (u32)fit : places;
	free_count = 0;
	for (u32 i = 0; i < places; i++) {
		struct virtq_descriptor *chain = descriptors() + 3 * i;
		chain[0] = (struct virtq_descriptor){ DISK_DMA_PHYS + AT_HEADERS + i * 16, 16, DESCRIPTOR_NEXT, (u16)(3 * i + 1) };
		chain[1] = (struct virtq_descriptor){ DISK_DMA_PHYS + AT_BUFFERS + (u64)i * BUFFER, BUFFER, DESCRIPTOR_NEXT,
			(u16)(3 * i + 2) };
		chain[2] = (struct virtq_descriptor){ DISK_DMA_PHYS + AT_STATUSES + i, 1, DESCRIPTOR_WRITE, 0 };
		place[i] = (struct place){ 0 };
		free_places[free_count++] = i;
	}
}

static bool start_queue(void)
{
	write_register(VIRTIO_QUEUE_SELECT, 0);
	u32 most = read_register(VIRTIO_QUEUE_MAX);
	queue_size = most < QUEUE_SIZE ? most : QUEUE_SIZE;
	if (queue_size < 4 || (queue_size & (queue_size - 1)) != 0 || read_register(VIRTIO_QUEUE_READY) != 0)
		return false;
	zero_bytes(dma(0), AT_BUFFERS);
	available_index = used_index = 0;
	prepare_places();
	write_register(VIRTIO_QUEUE_SIZE, queue_size);
	write_address(VIRTIO_QUEUE_DESCRIPTORS, DISK_DMA_PHYS + AT_DESCRIPTORS);
	write_address(VIRTIO_QUEUE_AVAILABLE, DISK_DMA_PHYS + AT_AVAILABLE);
	write_address(VIRTIO_QUEUE_USED, DISK_DMA_PHYS + AT_USED);
	device_fence();
	write_register(VIRTIO_QUEUE_READY, 1);
	write_register(VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	return (read_register(VIRTIO_STATUS) & (STATUS_NEEDS_RESET | STATUS_FAILED)) == 0;
}

static const char *bring_up(void)
{
	if (!reset())
		return "the device does not reset; restart the machine";
	if (!negotiate())
		return "the device does not offer virtio 1";
	read_capacity();
	if (!start_queue())
		return "the device refuses its queue";
	return NULL;
}

/* The first disk on QEMU's command line has the last window. */
static void find_device(void)
{
	trouble = "there is no disk";
	for (u64 n = WINDOWS; n > 0; n--) {
		device = (volatile u8 *)VIRTIO_REGS + (n - 1) * VIRTIO_WINDOW;
		if (read_register(VIRTIO_MAGIC) != VIRTIO_MAGIC_VALUE || read_register(VIRTIO_DEVICE) != VIRTIO_DEVICE_BLOCK)
			continue;
		if (read_register(VIRTIO_VERSION) != 2)
			trouble = "the disk speaks old virtio only: give QEMU -global virtio-mmio.force-legacy=false";
		else
			trouble = bring_up();
		if (trouble == NULL)
			return;
	}
	device = NULL;
}

/* ---- Requests ---- */

static void respond(u32 status, u64 id)
{
	struct block_response response = { .status = status, .id = id, .sectors = sectors, .flags = flags };

	if (!ring_put(&client.responses, &response))
		ring_server_end(&client);
	answered = true;
}

static void start_request(const struct block_request *request, u8 *memory)
{
	u32 i = free_places[--free_count];
	struct virtq_descriptor *chain = descriptors() + 3 * i;
	struct virtio_block_header *header = (struct virtio_block_header *)(void *)dma(AT_HEADERS + i * 16);
	struct virtq_available *available = (struct virtq_available *)(void *)dma(AT_AVAILABLE);
	bool flush = request->operation == BLOCK_FLUSH, write = request->operation == BLOCK_WRITE;

	place[i] = (struct place){ .busy = true, .current = true, .operation = request->operation, .count = request->count,
		.data = request->data, .id = request->id };
	header->type = flush ? BLOCK_TYPE_FLUSH : write ? BLOCK_TYPE_OUT : BLOCK_TYPE_IN;
	header->sector = flush ? 0 : request->sector;
	chain[0].next = (u16)(3 * i + (flush ? 2 : 1));
	chain[1].length = request->count * BLOCK_SECTOR;
	chain[1].flags = (u16)(DESCRIPTOR_NEXT | (write ? 0 : DESCRIPTOR_WRITE));
	*dma(AT_STATUSES + i) = 0xff;
	if (write)
		copy_words((u64 *)(void *)dma(AT_BUFFERS + (u64)i * BUFFER), (const u64 *)(const void *)(memory + request->data),
			(u64)request->count * BLOCK_SECTOR / 8);
	available->ring[available_index++ & (queue_size - 1)] = (u16)(3 * i);
}

static u32 check_request(const struct block_request *request)
{
	u64 size = block_clients[0].memory_size;

	if (device == NULL)
		return BLOCK_NO_DISK;
	if (request->operation == BLOCK_INFO)
		return BLOCK_OK;
	if (request->operation == BLOCK_FLUSH)
		return BLOCK_OK;
	if ((request->operation != BLOCK_READ && request->operation != BLOCK_WRITE) || request->count == 0 ||
			request->count > BLOCK_DRIVER_SECTORS || request->data % 8 != 0 || request->data < BLOCK_DATA_OFFSET ||
			request->data > size || (u64)request->count * BLOCK_SECTOR > size - request->data)
		return BLOCK_BAD_REQUEST;
	if (request->sector >= sectors || request->count > sectors - request->sector)
		return BLOCK_OUT_OF_RANGE;
	if (request->operation == BLOCK_WRITE && (flags & BLOCK_FLAG_READ_ONLY) != 0)
		return BLOCK_READ_ONLY;
	return BLOCK_OK;
}

static void take_requests(void)
{
	struct virtq_available *available = (struct virtq_available *)(void *)dma(AT_AVAILABLE);
	struct block_request request;
	u16 before = available_index;

	while ((free_count != 0 || device == NULL) && ring_take(&client.requests, &request)) {
		u32 status = check_request(&request);
		bool immediate = status != BLOCK_OK || request.operation == BLOCK_INFO ||
			(request.operation == BLOCK_FLUSH && (flags & BLOCK_FLAG_FLUSH) == 0);
		if (immediate)
			respond(status, request.id);
		else
			start_request(&request, (u8 *)block_clients[0].memory);
	}
	(void)ring_release(&client.requests);
	if (client.requests.broken)
		ring_server_end(&client);
	if (before == available_index)
		return;
	device_fence(); /* the descriptors are there before the index, and the index before the notification */
	*(volatile u16 *)&available->index = available_index;
	device_fence();
	write_register(VIRTIO_QUEUE_NOTIFY, 0);
}

static void finish(u32 i, u32 length)
{
	u8 status = *(volatile u8 *)dma(AT_STATUSES + i);
	u64 bytes = (u64)place[i].count * BLOCK_SECTOR;
	bool good = status == 0 && (place[i].operation != BLOCK_READ || length >= bytes);

	place[i].busy = false;
	free_places[free_count++] = i;
	if (!place[i].current)
		return;
	if (good && place[i].operation == BLOCK_READ)
		copy_words((u64 *)(void *)((u8 *)block_clients[0].memory + place[i].data),
			(const u64 *)(const void *)dma(AT_BUFFERS + (u64)i * BUFFER), bytes / 8);
	respond(good ? BLOCK_OK : BLOCK_IO_ERROR, place[i].id);
}

/* The device broke the rules. Nothing of it is believed any more; everything under way has failed. */
static void device_failed(const char *why)
{
	print("virtio_blk: %s; resetting it\n", why);
	for (u32 i = 0; i < places; i++) {
		if (place[i].busy && place[i].current)
			respond(BLOCK_IO_ERROR, place[i].id);
		place[i].busy = false;
	}
	trouble = bring_up();
	if (trouble != NULL) {
		print("virtio_blk: %s\n", trouble);
		device = NULL;
	}
}

static void take_used(void)
{
	struct virtq_used *used = (struct virtq_used *)(void *)dma(AT_USED);
	u16 index = *(volatile u16 *)&used->index;

	device_fence();
	if ((u16)(index - used_index) > places - free_count) {
		device_failed("the device returned more requests than it was given");
		return;
	}
	while (used_index != index) {
		u32 slot = used_index++ & (queue_size - 1);
		u32 id = *(volatile u32 *)&used->ring[slot].id, length = *(volatile u32 *)&used->ring[slot].length;
		if (id % 3 != 0 || id / 3 >= places || !place[id / 3].busy) {
			device_failed("the device returned a request that it was not given");
			return;
		}
		finish(id / 3, length);
	}
}

/* ---- Events ---- */

static void take_interrupt(void)
{
	if (device == NULL)
		return;
	u32 causes = read_register(VIRTIO_INTERRUPT);
	write_register(VIRTIO_INTERRUPT_DONE, causes);
	if ((causes & 2) != 0 && (read_register(VIRTIO_STATUS) & STATUS_NEEDS_RESET) != 0)
		device_failed("the device asks for a reset");
	else
		take_used();
}

static void follow_client(void)
{
	if (ring_server_poll(&client) == RING_OPENED) {
		for (u32 i = 0; i < places; i++)
			place[i].current = false;
		answered = true;
	}
	if (client.session != 0)
		take_requests();
}

/* Until nothing has come while falling asleep. With all places taken the next interrupt goes on. */
static void serve(void)
{
	do {
		follow_client();
		if (answered && (ring_publish(&client.responses) || client.session == 0))
			(void)block_ready(0);
		answered = false;
	} while (client.session != 0 && (free_count != 0 || device == NULL) && !client.requests.broken &&
		!ring_sleep(&client.requests));
}

void init(void)
{
	find_device();
	if (trouble != NULL)
		print("virtio_blk: %s\n", trouble);
	else
		print("virtio_blk: disk of %lu MiB%s\n", sectors / 2048,
			(flags & BLOCK_FLAG_READ_ONLY) != 0 ? ", read-only" : "");
	block_attach_server(&client, (void *)block_clients[0].memory);
	ring_server_start(&client, clock_ticks());
	serve();
	(void)block_ready(0);
}

void notified(u64 bits)
{
	(void)bits;
	take_interrupt();
	serve();
}
