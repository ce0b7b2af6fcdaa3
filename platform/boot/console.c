/* console - characters and power-off through the SBI: the debug console where the firmware has it, else putchar. */
#include "console.h"

#define SBI_LEGACY_PUTCHAR 1ul
#define SBI_BASE 0x10ul
#define SBI_BASE_PROBE 3ul
#define SBI_DEBUG_CONSOLE 0x4442434eul
#define SBI_DEBUG_CONSOLE_BYTE 2ul
#define SBI_RESET 0x53525354ul

struct sbi_result {
	u64 error;
	u64 value;
};

static struct sbi_result sbi_call(u64 extension, u64 function, u64 argument)
{
	register u64 a0 __asm__("a0") = argument;
	register u64 a1 __asm__("a1") = 0;
	register u64 a6 __asm__("a6") = function;
	register u64 a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){a0, a1};
}

void console_text(const char *text)
{
	struct sbi_result probe = sbi_call(SBI_BASE, SBI_BASE_PROBE, SBI_DEBUG_CONSOLE);
	u64 extension = probe.error == 0 && probe.value != 0 ? SBI_DEBUG_CONSOLE : SBI_LEGACY_PUTCHAR;

	for (; *text != '\0'; text++) /* the firmware itself puts \r before \n */
		sbi_call(extension, SBI_DEBUG_CONSOLE_BYTE, (u64)*text);
}

static void console_number(u64 number, u64 base)
{
	char text[24];
	char *first = text + sizeof text - 1;

	*first = '\0';
	do {
		*--first = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0);
	console_text(first);
}

void console_decimal(u64 number)
{
	console_number(number, 10);
}

void console_hexadecimal(u64 number)
{
	console_text("0x");
	console_number(number, 16);
}

_Noreturn void console_stop(void)
{
	sbi_call(SBI_RESET, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}
