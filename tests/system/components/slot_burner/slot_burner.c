/* slot_burner.c - takes whatever time it can get, at every priority it is given; now and then it enters the kernel. */
#include "component.h"
#include "ports.h"

static volatile u64 turns;

int main(void)
{
	for (;;)
		if (++turns % 1000 == 0)
			sys_yield();
}
