/* ports.h - what the generated header would give the virtio driver, for its host test: memory instead of a device. */
#pragma once
#include "component.h"

extern u8 fake_registers[8 * 4096], fake_dma[2048 * 1024], fake_connection[256 * 1024];
#define VIRTIO_REGS ((void *)fake_registers)
#define VIRTIO_REGS_SIZE sizeof(fake_registers)
#define DISK_DMA ((void *)fake_dma)
#define DISK_DMA_PHYS 0x90000000ul
#define DISK_DMA_SIZE sizeof(fake_dma)
#define BLOCK_CLIENTS 1u

struct block_client {
	u64 memory;
	u64 memory_size;
};
extern struct block_client block_clients[1];
u64 block_ready(u32 client);
