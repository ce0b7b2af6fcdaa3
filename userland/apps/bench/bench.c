/* bench.c - counts instructions of kernel and file operations and prints `bench: NAME VALUE` lines.
 *
 * Exact only under `-icount`, where the counter counts instructions of the guest (see ./mullion bench). A row is the
 * middle of many samples of one operation each, so that a timer interrupt in between does not show. */
#include "bench.h"
#include "ports.h"

void samples_add(struct samples *samples, u64 value)
{
	u64 at = samples->count < SAMPLES ? samples->count : SAMPLES - 1;

	while (at > 0 && samples->values[at - 1] > value) {
		samples->values[at] = samples->values[at - 1];
		at--;
	}
	samples->values[at] = value;
	if (samples->count < SAMPLES)
		samples->count++;
}

u64 samples_middle(struct samples *samples)
{
	u64 middle = samples->count == 0 ? 0 : samples->values[samples->count / 2];

	samples->count = 0;
	return middle;
}

u64 measuring_cost(void)
{
	u64 start = clock_instructions();

	return clock_instructions() - start;
}

void row(const char *name, u64 value)
{
	print("bench: %s %lu\n", name, value);
}

/* The UART driver has the higher priority, but may wait for its device. */
static void let_text_out(void)
{
	u64 until = clock_ticks() + TIMEBASE / 20;

	while (clock_ticks() < until)
		sys_yield();
}

/* With the right to do so the machine is switched off: whoever counts from outside knows that this is the end. */
static void end_machine(void)
{
#ifdef SLOT_POWER_OFF
	(void)machine_power_off();
#endif
}

void expect(u64 status, const char *what)
{
	if (status == STATUS_OK)
		return;
	print("bench: stopped: %s: %s (status %lu)\n", what, status_text(status), status);
	let_text_out();
	end_machine();
	component_exit(1);
}

void worker(u64 thread)
{
	(void)thread;
	bench_yielder();
}

int main(void)
{
	print("bench: begins\n");
	bench_kernel();
#ifdef FILES_MEMORY
	bench_files();
#endif
	print("bench: ends\n");
	let_text_out();
	end_machine();
	return 0;
}
