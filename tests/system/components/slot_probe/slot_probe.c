/* slot_probe.c - looks at the clock without end and so sees when it runs: each stretch without a gap is a slot. */
#include "component.h"
#include "ports.h"

#define SLOTS_SEEN 24u
#define GAP (TIMEBASE / 5000) /* 200 us: longer than any interrupt takes */

static struct slot_seen {
	u64 begin, end, looks;
} seen[SLOTS_SEEN];

int main(void)
{
	u64 last = clock_ticks();

	for (u32 i = 0; i < SLOTS_SEEN; i++) {
		struct slot_seen slot = { .begin = last };
		u64 now = last;

		while (now - last < GAP) {
			last = now;
			now = clock_ticks();
			slot.looks++;
		}
		slot.end = last;
		last = now;
		seen[i] = slot;
	}
	for (u32 i = 1; i < SLOTS_SEEN; i++) /* the first one had begun before */
		print("slot %lu %lu %lu\n", seen[i].begin - seen[1].begin, seen[i].end - seen[i].begin, seen[i].looks);
	print("slots: done\n");
	return 0;
}
