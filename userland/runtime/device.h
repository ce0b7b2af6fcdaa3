/* device.h - order between memory and the registers of devices. */
#pragma once

/* Everything before, memory or register, is seen by the device before anything after. */
static inline void device_fence(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}
