/* bench_idle.c - runs whenever nobody else does, and counts how often it went round.
 *
 * A simulated machine that counts instructions skips idle time: while its disk works in real time, virtual time leaps
 * to the next deadline. With this component the processor is never idle, and the bench takes its instructions off. */
#include "component.h"
#include "bench_idle.h"
#include "ports.h"

int main(void)
{
	u64 *count = (u64 *)idle_clients[0].memory;

	(void)component_wait(idle_clients[0].start_bit);
	/* BENCH_IDLE_LOOP instructions a round, the first of which has no effect: it marks the loop for tests/bench/count.c,
	 * which measures from an interrupt in here to the first instruction of a driver. */
	__asm__ volatile(
		".option push\n"
		".option norvc\n"
		"li t0, 0\n"
		"1: addi x0, x0, 0x5a5\n"
		"addi t0, t0, 1\n"
		"sd t0, 0(%0)\n"
		"j 1b\n"
		".option pop\n"
		: : "r"(count) : "t0", "memory");
	__builtin_unreachable();
}
