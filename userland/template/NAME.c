/* NAME.c - a new component: says that it is there, then waits for what its ports bring. */
#include "component.h"
#include "ports.h"

/* Once, when the component starts and again after each restart. */
void init(void)
{
	print("NAME: here I am\n");
}

/* For each signal or interrupt: bits BIT_... of ports.h. */
void notified(u64 bits)
{
	print("NAME: notified with bits 0x%lx\n", bits);
}
