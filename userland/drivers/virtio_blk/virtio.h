/* virtio.h - registers and structures of virtio 1.x over MMIO, as far as a block driver needs them.
 *
 * Source: OASIS "Virtual I/O Device (VIRTIO) Version 1.1", sections 2.6 (split queues), 4.2 (MMIO), 5.2 (block). */
#pragma once
#include "../../../kernel/abi.h"

enum virtio_register {
	VIRTIO_MAGIC = 0x000, VIRTIO_VERSION = 0x004, VIRTIO_DEVICE = 0x008, VIRTIO_DEVICE_FEATURES = 0x010,
	VIRTIO_DEVICE_FEATURES_SELECT = 0x014, VIRTIO_DRIVER_FEATURES = 0x020, VIRTIO_DRIVER_FEATURES_SELECT = 0x024,
	VIRTIO_QUEUE_SELECT = 0x030, VIRTIO_QUEUE_MAX = 0x034, VIRTIO_QUEUE_SIZE = 0x038, VIRTIO_QUEUE_READY = 0x044,
	VIRTIO_QUEUE_NOTIFY = 0x050, VIRTIO_INTERRUPT = 0x060, VIRTIO_INTERRUPT_DONE = 0x064, VIRTIO_STATUS = 0x070,
	VIRTIO_QUEUE_DESCRIPTORS = 0x080, VIRTIO_QUEUE_AVAILABLE = 0x090, VIRTIO_QUEUE_USED = 0x0a0,
	VIRTIO_GENERATION = 0x0fc, VIRTIO_CONFIG = 0x100,
};
#define VIRTIO_WINDOW 0x1000u
#define VIRTIO_MAGIC_VALUE 0x74726976u
#define VIRTIO_DEVICE_BLOCK 2u

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED 128u

#define FEATURE_READ_ONLY (1ul << 5)
#define FEATURE_FLUSH (1ul << 9)
#define FEATURE_VERSION_1 (1ul << 32)

#define DESCRIPTOR_NEXT 1u
#define DESCRIPTOR_WRITE 2u     /* the device writes */

struct virtq_descriptor {
	u64 address;
	u32 length;
	u16 flags;
	u16 next;
};

struct virtq_available {
	u16 flags;
	u16 index;
	u16 ring[];
};

struct virtq_used {
	u16 flags;
	u16 index;
	struct { u32 id; u32 length; } ring[];
};

struct virtio_block_header {
	u32 type;
	u32 reserved;
	u64 sector;
};
#define BLOCK_TYPE_IN 0u
#define BLOCK_TYPE_OUT 1u
#define BLOCK_TYPE_FLUSH 4u
_Static_assert(sizeof(struct virtq_descriptor) == 16 && sizeof(struct virtio_block_header) == 16, "layouts of the device");
