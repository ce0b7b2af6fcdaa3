/* bench_faulter.c - faults, and does so again whenever its fault handler lets it go on. */
#include "component.h"

int main(void)
{
	for (;;)
		__asm__ volatile("unimp");
}
