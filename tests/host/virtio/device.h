/* device.h - the order between memory and registers, for host tests. */
#pragma once

static inline void device_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
