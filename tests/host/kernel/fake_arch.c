/* fake_arch.c - an architecture that only remembers what the kernel asked of it. */
#include "fake_arch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;

void fake_reset(void)
{
	memset(&fake, 0, sizeof fake);
	fake.timer = NEVER;
}

void arch_payload_store(u32 t)
{
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		threads[t].registers[REG_S2 + i] = fake.payload[i];
}

void arch_payload_load(u32 t)
{
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		fake.payload[i] = threads[t].registers[REG_S2 + i];
}

void arch_payload_trim(u64 length)
{
	for (u64 i = length; i < MESSAGE_WORDS; i++)
		fake.payload[i] = 0;
}

void arch_payload_clear(void)
{
	arch_payload_trim(0);
}

u64 arch_time(void)
{
	return fake.time;
}

void arch_timer_set(u64 deadline)
{
	fake.timer = deadline;
}

u32 arch_leave(u64 t, u64 tag, u64 second, u64 image)
{
	threads[t].registers[REG_A0] = STATUS_OK;
	threads[t].registers[REG_A1] = tag;
	threads[t].registers[REG_A2] = second;
	arch_payload_trim(tag & TAG_LENGTH);
	arch_space_load(image, false);
	return (u32)t;
}

u64 arch_space_image(u64 root, u64 asid)
{
	return asid << 32 | root;
}

void arch_space_load(u64 image, bool flush)
{
	fake.root = (u32)image;
	fake.asid = (u32)(image >> 32);
	fake.loads++;
	if (flush)
		fake.flushes++;
}

void arch_space_fence(void)
{
	fake.fences++;
}

u64 fake_entry_page(u32 granule, u32 rights)
{
	return 1ul << 63 | (u64)granule << 8 | (rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE));
}

u64 fake_entry_level(u32 granule)
{
	return 1ul << 62 | (u64)granule << 8;
}

u64 fake_kernel_entry(u32 i)
{
	return 0x4b00000000ul + i;
}

u64 arch_entry_page(u32 granule, u32 rights)
{
	return fake_entry_page(granule, rights);
}

u64 arch_entry_level(u32 granule)
{
	return fake_entry_level(granule);
}

void arch_space_kernel_half(u32 space)
{
	for (u32 i = SPACE_ROOT_ENTRIES; i < SPACE_ENTRIES; i++)
		ptes[space * SPACE_PTES + i] = fake_kernel_entry(i);
}

void arch_barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

void fake_raise_line(u32 line)
{
	fake.pending[fake.pending_count++] = line;
}

/* A controller offers only lines that are on. */
u32 arch_line_claim(void)
{
	for (u32 i = 0; i < fake.pending_count; i++) {
		u32 line = fake.pending[i];

		if (!fake.enabled[line])
			continue;
		fake.pending_count--;
		memmove(&fake.pending[i], &fake.pending[i + 1], (fake.pending_count - i) * sizeof fake.pending[0]);
		return line;
	}
	return 0;
}

void arch_line_complete(u32 line)
{
	if (fake.enabled[line])
		fake.completed[line]++;
	else
		fake.complete_ignored++;
}

void arch_line_enable(u32 line)
{
	fake.enabled[line] = true;
}

void arch_line_disable(u32 line)
{
	fake.enabled[line] = false;
}

static _Noreturn void fake_end(enum fake_stop why)
{
	if (fake.stop == NULL) {
		fprintf(stderr, "fake_arch: unexpected end %d; printed so far:\n%.*s\n", (int)why, (int)fake.text_length,
			(const char *)fake.text);
		abort();
	}
	fake.stopped = why;
	longjmp(*fake.stop, 1);
}

void arch_power_off(void)
{
	fake_end(STOP_POWER_OFF);
}

void arch_reset(void)
{
	fake_end(STOP_RESET);
}

void arch_panic(const char *why, u64 a, u64 b)
{
	arch_print(why);
	fake.panic_numbers[0] = a;
	fake.panic_numbers[1] = b;
	fake_end(STOP_PANIC);
}

void arch_print(const char *text)
{
	size_t length = strlen(text);

	if (length > sizeof fake.text - 1 - fake.text_length)
		length = sizeof fake.text - 1 - fake.text_length;
	memcpy(&fake.text[fake.text_length], text, length);
	fake.text_length += (u32)length;
}

void arch_print_system(u64 offset)
{
	u8 text[65];
	u32 n = 0;

	for (; n < 64 && offset + n < boot_system.size; n++) {
		text[n] = (u8)(words[(IMAGE_SYSTEM + offset + n) / 8] >> (offset + n) % 8 * 8);
		if (text[n] == 0)
			break;
	}
	text[n] = 0;
	arch_print((const char *)text);
}

void arch_print_number(u64 number)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%lu", number);
	arch_print(text);
}
