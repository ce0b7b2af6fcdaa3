/* dump.c - loads a memory dump under the kernel's views, and is the machine that the invariant checker asks about.
 *
 * The linker places the views at ARENA, as for the host tests (fake_arch.h); `hart` and `machine` are copies. The timer
 * and the interrupt controller are not in RAM: the timer counts as set to what the kernel believes, the clock as the
 * moment up to which it has charged, a line as on if its bit is neither pending nor taken. */
#include "dump.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define VIEW 0xffffffc000200000ul /* kernel.ld */
#define MAX_SYMBOLS 4096u

struct hart hart;
struct machine machine;
struct fake fake;
u64 dump_bytes;
static struct { char name[64]; u64 address; } known[MAX_SYMBOLS];
static u32 known_count;

void dump_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "inspect: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(1);
}

u64 dump_symbol(const char *name)
{
	for (u32 i = 0; i < known_count; i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].address - VIEW;
	dump_fail("the kernel has no symbol %s", name);
}

static void load_symbols(const char *path)
{
	FILE *file = fopen(path, "r");
	char kind;

	while (file != NULL && known_count < MAX_SYMBOLS &&
	       fscanf(file, "%lx %c %63s", &known[known_count].address, &kind, known[known_count].name) == 3)
		known_count++;
	if (known_count == 0)
		dump_fail("%s: no symbols of a kernel", path);
	fclose(file);
}

/* A variable of the kernel: it must lie between the kernel and its block. */
static void load_variable(const char *name, void *to, u64 size)
{
	u64 at = dump_symbol(name);

	if (at < IMAGE_KERNEL || at + size > IMAGE_BLOCK)
		dump_fail("`%s` is not among the kernel's variables", name);
	memcpy(to, (const u8 *)words + at, size);
}

void dump_load(const char *dump, const char *symbols)
{
	FILE *file = fopen(dump, "rb");
	u8 *arena = mmap((void *)ARENA, RAM_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (arena != (u8 *)words)
		dump_fail("there is no room for the memory at 0x%lx", ARENA);
	dump_bytes = file == NULL ? 0 : fread(arena, 1, RAM_MAX, file);
	if (file == NULL || ferror(file) || dump_bytes < IMAGE_SYSTEM)
		dump_fail("%s: cannot be read, or is too short for an image", dump);
	fclose(file);
	load_symbols(symbols);
	load_variable("hart", &hart, sizeof hart);
	load_variable("machine", &machine, sizeof machine);
	if (machine.base % 0x40000000ul != IMAGE_OFFSET || machine.base_granule != machine.base / GRANULE ||
	    machine.ram_granules < dump_bytes / GRANULE || hart.timers_used > N_TIMERS || hart.windows > WINDOWS_MAX)
		dump_fail("%s: no kernel has started in this memory, or it is another kernel than in %s", dump, symbols);
	fake.timer = hart.armed;
	fake.time = hart.since;
	for (u32 line = 1; line < N_LINES; line++)
		fake.enabled[line] = hart.lines[line].queue != NONE && hart.lines[line].queue < dump_bytes / NOTIFICATION_BYTES &&
			((queues[hart.lines[line].queue].taken | queues[hart.lines[line].queue].bits) & hart.lines[line].bit) == 0;
}

/* ---- Sv39, privileged specification 4.4: entries that user code reaches, and the kernel half ---- */
u64 fake_entry_page(u32 granule, u32 rights)
{
	return (u64)granule * GRANULE >> 12 << 10 | (rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE)) << 1 | 0xd1;
}

u64 fake_entry_level(u32 granule)
{
	return (u64)granule * GRANULE >> 12 << 10 | 1;
}

u64 fake_kernel_entry(u32 i)
{
	return ptes[KERNEL_SPACE * SPACE_PTES + i];
}
