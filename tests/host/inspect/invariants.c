/* invariants.c - the seven invariants, checked on a memory dump: `invariants DUMP SYMBOLS ROOT`. */
#include "../kernel/invariants.h"
#include "dump.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The checker fails through this. */
_Noreturn void test_fail(const char *file, int line, const char *what, u64 got, u64 wanted);

void test_fail(const char *file, int line, const char *what, u64 got, u64 wanted)
{
	(void)wanted;
	dump_fail("%s (number %lu; %s:%d)", what, got, strrchr(file, '/') == NULL ? file : strrchr(file, '/') + 1, line);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "invariants DUMP SYMBOLS ROOT: checks the seven invariants of the kernel on its memory; ROOT is the "
			"physical address in satp\n");
		return 2;
	}
	dump_load(argv[1], argv[2]);
	fake.root = (u32)((strtoul(argv[3], NULL, 16) - machine.base) / SPACE_BYTES);
	invariants_slots = (unsigned int)(dump_bytes / SLOT_BYTES);
	check_invariants();
	printf("the invariants hold; capabilities: %u\n", invariants_live_caps());
	return 0;
}
