/* bench_echo.c - answers each signal with a signal. */
#include "component.h"
#include "ports.h"

void notified(u64 bits)
{
	(void)bits;
	(void)echo_pong(0);
}
