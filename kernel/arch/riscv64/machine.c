/* machine.c - the machine as the kernel needs it: page tables, clock, interrupt controller, firmware.
 *
 * RISC-V privileged specification 1.12 (satp, Sv39, sfence.vma), SBI specification 1.0 (TIME, SRST, legacy console),
 * PLIC specification 1.0. */
#include "machine.h"

/* ---- Page tables: entries of Sv39, privileged specification 4.4 ---- */
#define PTE_VALID 1ul
#define PTE_READ 2ul
#define PTE_WRITE 4ul
#define PTE_EXECUTE 8ul
#define PTE_USER 16ul
#define PTE_GLOBAL 32ul
#define PTE_ACCESSED 64ul /* preset with dirty: some cores fault instead of setting them */
#define PTE_DIRTY 128ul
#define PTE_KERNEL (PTE_VALID | PTE_READ | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY)
#define SATP_SV39 (8ul << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xfffful
#define KERNEL_ENTRY 256u

extern u8 kernel_text_end;

/*@ assigns \nothing;
    ensures \result == entry_of(physical, flags); */
static inline u64 machine_entry(u64 physical, u64 flags)
{
	return physical >> 12 << 10 | flags;
}

struct boot_tables arch_boot_tables(const struct boot_record *record)
{
	u64 image = record->image_start;
	u64 ram = image - IMAGE_OFFSET;
	u64 mid = image + ((u64)kernel_mid - (u64)slots);
	u64 leaf = image + ((u64)kernel_leaf - (u64)slots);
	u64 text = ((u64)&kernel_text_end - (u64)slots) / 4096;
	u64 root = image + KERNEL_SPACE * (u64)SPACE_BYTES;
	u32 entry = KERNEL_SPACE * SPACE_PTES + KERNEL_ENTRY;
	struct boot_tables tables = { SATP_SV39 | root >> 12, WINDOW - ram };

	ptes[entry] = machine_entry(mid, PTE_VALID);
	/*@ loop invariant 1 <= i <= RAM_MAX / GIB + 1;
	    loop assigns i, ptes[0 .. N_PTES - 1];
	    loop variant RAM_MAX / GIB + 1 - i; */
	for (u64 i = 1; i <= RAM_MAX / GIB && ram + i * GIB < record->ram_end; i++)
		ptes[entry + i] = machine_entry(ram + i * GIB, PTE_KERNEL | PTE_WRITE);
	ptes[KERNEL_SPACE * SPACE_PTES + DEVICES_ENTRY] = machine_entry(record->plic_base & ~(GIB - 1), PTE_KERNEL | PTE_WRITE);
	/* The first 2 MiB are the firmware's and stay out of the map. The next hold the image, page by page. */
	kernel_mid[1] = machine_entry(leaf, PTE_VALID);
	/*@ loop invariant 2 <= i <= 512;
	    loop assigns i, kernel_mid[0 .. 511];
	    loop variant 512 - i; */
	for (u64 i = 2; i < 512; i++)
		kernel_mid[i] = machine_entry(ram + i * MIB2, PTE_KERNEL | PTE_WRITE);
	/*@ loop invariant i <= 512;
	    loop assigns i, kernel_leaf[0 .. 511];
	    loop variant 512 - i; */
	for (u64 i = 0; i < 512; i++) {
		u64 flags = PTE_KERNEL | PTE_WRITE;

		if (i >= IMAGE_KERNEL / 4096 && i < text)
			flags = PTE_KERNEL | PTE_EXECUTE;
		else if (i >= IMAGE_SYSTEM / 4096 && i < (record->image_end - image) / 4096)
			flags = PTE_KERNEL;
		kernel_leaf[i] = machine_entry(image + i * 4096, flags);
	}
	return tables;
}

u64 arch_entry_page(u32 granule, u32 rights)
{
	u64 flags = PTE_VALID | PTE_USER | PTE_ACCESSED | PTE_DIRTY; /* each bit once: sums prove */

	if ((rights & RIGHT_READ) != 0)
		flags += PTE_READ;
	if ((rights & RIGHT_WRITE) != 0)
		flags += PTE_WRITE;
	if ((rights & RIGHT_EXECUTE) != 0)
		flags += PTE_EXECUTE;
	return machine_entry((u64)granule * GRANULE, flags);
}

u64 arch_entry_level(u32 granule)
{
	return machine_entry((u64)granule * GRANULE, PTE_VALID);
}

void arch_space_kernel_half(u32 space)
{
	/*@ loop invariant KERNEL_ENTRY <= i <= DEVICES_ENTRY + 1;
	    loop assigns i, ptes[space * SPACE_PTES + KERNEL_ENTRY .. space * SPACE_PTES + DEVICES_ENTRY];
	    loop variant DEVICES_ENTRY + 1 - i; */
	for (u32 i = KERNEL_ENTRY; i <= DEVICES_ENTRY; i++)
		ptes[space * SPACE_PTES + i] = ptes[KERNEL_SPACE * SPACE_PTES + i];
}

void arch_space_fence(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

u64 arch_space_image(u64 root, u64 asid)
{
	return SATP_SV39 | asid << SATP_ASID_SHIFT | (machine.base + root * SPACE_BYTES) >> 12;
}

/*@ assigns \nothing; */
static inline void machine_write_satp(u64 image)
{
	__asm__ volatile("csrw satp, %0" :: "r"(image) : "memory");
}

void arch_space_load(u64 image, bool flush)
{
	machine_write_satp(image);
	if (flush)
		arch_space_fence();
}

void arch_barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

/* ---- Firmware: SBI ---- */
#define SBI_TIME 0x54494d45ul
#define SBI_SRST 0x53525354ul
#define SBI_LEGACY_PUTCHAR 1ul

/*@ assigns \nothing;
    exits \false; */
static u64 machine_sbi(u64 extension, u64 function, u64 a, u64 b)
{
	register u64 a0 __asm__("a0") = a;
	register u64 a1 __asm__("a1") = b;
	register u64 a6 __asm__("a6") = function;
	register u64 a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
	return a0;
}

u64 arch_time(void)
{
	u64 now;

	__asm__ volatile("rdtime %0" : "=r"(now));
	return now;
}

void arch_timer_set(u64 deadline)
{
	(void)machine_sbi(SBI_TIME, 0, deadline, 0);
}

/*@ assigns \nothing; */
static void machine_put(u8 character)
{
	(void)machine_sbi(SBI_LEGACY_PUTCHAR, 0, character, 0);
}

void arch_print(const char *text)
{
	/*@ loop invariant i <= 4096;
	    loop assigns i;
	    loop variant 4096 - i; */
	for (u32 i = 0; i < 4096 && text[i] != 0; i++) {
		if (text[i] == '\n')
			machine_put('\r');
		machine_put((u8)text[i]);
	}
}

void arch_print_number(u64 number)
{
	u8 digits[20];
	u32 n = 0;

	/*@ loop invariant n < 20 && (written: \forall integer k; 0 <= k < n ==> \initialized(&digits[k]));
	    loop assigns n, number, digits[0 .. 19];
	    loop variant 20 - n; */
	do {
		digits[n++] = (u8)('0' + number % 10);
		number /= 10;
	} while (number != 0 && n < 20);
	/*@ loop invariant n <= 20 && (written: \forall integer k; 0 <= k < n ==> \initialized(&digits[k]));
	    loop assigns n;
	    loop variant n; */
	while (n > 0)
		machine_put(digits[--n]);
}

void machine_print_hex(u64 number)
{
	arch_print("0x");
	/*@ loop invariant i <= 16;
	    loop assigns i;
	    loop variant i; */
	for (u32 i = 16; i > 0; i--) {
		u8 digit = (u8)(number >> (4 * (i - 1)) & 15);

		machine_put(digit < 10 ? (u8)('0' + digit) : (u8)('a' + digit - 10));
	}
}

/*@ assigns \nothing;
    ensures \false; */
static _Noreturn void machine_halt(void)
{
	/*@ loop assigns \nothing; */
	for (;;)
		__asm__ volatile("wfi" ::: "memory");
}

/*@ assigns \nothing;
    ensures \false; */
static _Noreturn void machine_stop(u64 kind, u64 reason)
{
	(void)machine_sbi(SBI_SRST, 0, kind, reason);
	arch_print("mullion: this machine cannot do that by itself; it is halted\n");
	machine_halt();
}

void arch_power_off(void)
{
	arch_print("\nmullion: verdict: power off\n");
	machine_stop(0, 0);
}

void arch_reset(void)
{
	arch_print("\nmullion: verdict: reset\n");
	machine_stop(1, 0);
}

/* Byte `offset` of the system behind the image, zero behind its end. Safe whatever the kernel's state is: a panic asks. */
/*@ assigns \nothing;
    ensures end: offset >= SYSTEM_MAX ==> \result == 0;
    ensures outside: offset >= boot_system.size ==> \result == 0; */
static u8 machine_system_byte(u64 offset)
{
	if (offset >= boot_system.size || offset >= SYSTEM_MAX)
		return 0;
	return (u8)(words[(IMAGE_SYSTEM + offset) / 8] >> (offset % 8 * 8));
}

void arch_print_system(u64 offset)
{
	/*@ loop assigns i;
	    loop variant SYSTEM_MAX - i; */
	for (u64 i = offset; machine_system_byte(i) != 0; i++)
		machine_put(machine_system_byte(i));
}

/* The end of the line that begins at `offset`: its newline, or the zero byte behind all lines. */
/*@ requires offset <= SYSTEM_MAX + 1;
    assigns \nothing;
    ensures inside: offset <= \result <= SYSTEM_MAX + 1;
    ensures end: offset <= SYSTEM_MAX ==> \result <= SYSTEM_MAX; */
static u64 machine_line_end(u64 offset)
{
	u64 end = offset;

	/*@ loop invariant offset <= end && (end <= SYSTEM_MAX || end == offset);
	    loop assigns end;
	    loop variant SYSTEM_MAX + 1 - end; */
	while (machine_system_byte(end) != 0 && machine_system_byte(end) != '\n')
		end++;
	return end;
}

/* Who ran, in the words of the specification: lines "COMPONENT THREAD-NUMBER" behind the name of the system. */
/*@ assigns \nothing; */
static void machine_print_component(u64 number)
{
	u64 line = boot_system.names_offset;

	/*@ loop invariant line <= SYSTEM_MAX;
	    loop assigns line;
	    loop variant SYSTEM_MAX - line; */
	while (machine_system_byte(line) != 0)
		line++;
	/*@ loop invariant line <= SYSTEM_MAX + 1;
	    loop assigns line;
	    loop variant SYSTEM_MAX + 1 - line; */
	for (line++; machine_system_byte(line) != 0; line = machine_line_end(line) + 1) {
		u64 space = line;
		u64 value = 0;

		/*@ loop invariant line <= space <= SYSTEM_MAX;
		    loop assigns space;
		    loop variant SYSTEM_MAX - space; */
		while (space < machine_line_end(line) && machine_system_byte(space) != ' ')
			space++;
		/*@ loop invariant i <= SYSTEM_MAX + 1;
		    loop assigns i, value;
		    loop variant SYSTEM_MAX + 1 - i; */
		for (u64 i = space + 1; i < machine_line_end(line); i++)
			value = value * 10 + (u64)(machine_system_byte(i) - '0');
		/*@ loop invariant i <= SYSTEM_MAX;
		    loop assigns i;
		    loop variant SYSTEM_MAX - i; */
		for (u64 i = line; value == number && i < space; i++)
			machine_put(machine_system_byte(i));
	}
}

/*@ assigns \nothing; */
static void machine_print_thread(u32 t)
{
	u64 number = machine.base / THREAD_BYTES + t;

	arch_print("mullion: running: ");
	machine_print_component(number);
	arch_print(" (thread ");
	arch_print_number(number);
	arch_print(")\n");
}

void arch_panic(const char *why, u64 a, u64 b)
{
	arch_print(why);
	arch_print(": ");
	machine_print_hex(a);
	arch_print(", ");
	machine_print_hex(b);
	arch_print("\n");
	if (hart.current != NONE && hart.current < N_THREADS) {
		machine_print_thread(hart.current);
		/*@ loop invariant i <= 32;
		    loop assigns i;
		    loop variant 32 - i; */
		for (u32 i = 0; i < 32; i++) {
			arch_print(i == 0 ? "  pc " : i % 4 == 0 ? "\n  x" : "  x");
			if (i != 0)
				arch_print_number(i);
			arch_print(i == 0 ? "" : " ");
			machine_print_hex(threads[hart.current].registers[i]);
		}
		arch_print("\n");
	}
	arch_print("mullion: verdict: panic\n");
	machine_stop(0, 1);
}

/* ---- Interrupt controller: PLIC ---- */
#define PLIC_PRIORITY(line) (4ul * (line))
#define PLIC_ENABLE(word) (0x2000ul + 0x80ul * machine.plic_context + 4ul * (word))
#define PLIC_THRESHOLD (0x200000ul + 0x1000ul * machine.plic_context)
#define PLIC_CLAIM (PLIC_THRESHOLD + 4)

/* The registers of the controller: the only memory of a device that the kernel touches (proofs-notes/trusted.md, 7). */
/*@ assigns \nothing; */
static inline u32 machine_plic_read(u64 offset)
{
	return *(volatile u32 *)(DEVICES + machine.plic_base % GIB + offset);
}

/*@ assigns \nothing; */
static inline void machine_plic_write(u64 offset, u32 value)
{
	*(volatile u32 *)(DEVICES + machine.plic_base % GIB + offset) = value;
}

u32 arch_line_claim(void)
{
	u32 line = machine_plic_read(PLIC_CLAIM);

	return line < N_LINES ? line : 0;
}

void arch_line_complete(u32 line)
{
	machine_plic_write(PLIC_CLAIM, line);
}

void arch_line_enable(u32 line)
{
	u64 enable = PLIC_ENABLE(line / 32);

	machine_plic_write(enable, machine_plic_read(enable) | 1u << (line % 32));
	/* QEMU 7.2 looks at pending lines again on a change of priorities, not of enables (hw/intc/sifive_plic.c). */
	machine_plic_write(PLIC_PRIORITY(line), 1);
}

void arch_line_disable(u32 line)
{
	u64 enable = PLIC_ENABLE(line / 32);

	machine_plic_write(enable, machine_plic_read(enable) & ~(1u << (line % 32)));
}

/* ---- Start ---- */
#define SSTATUS_SPIE 0x20ul
#define SIE_BITS (1ul << 5 | 1ul << 9)
#define COUNTERS_TIME_INSTRET 6ul

/*@ assigns \nothing; */
static inline u64 machine_read_satp(void)
{
	u64 satp;

	__asm__ volatile("csrr %0, satp" : "=r"(satp));
	return satp;
}

/* What can be read after `wanted` was written, which is taken back at once. */
/*@ assigns \nothing; */
static inline u64 machine_try_satp(u64 satp, u64 wanted)
{
	u64 probe;

	__asm__ volatile("csrw satp, %1\n\tcsrr %0, satp\n\tcsrw satp, %2" : "=&r"(probe) : "r"(wanted), "r"(satp) : "memory");
	return probe;
}

/*@ assigns \nothing; */
static inline void machine_set_user_mode(u64 status, u64 counters, u64 interrupts)
{
	__asm__ volatile("csrw sstatus, %0" :: "r"(status));
	__asm__ volatile("csrw scounteren, %0" :: "r"(counters));
	__asm__ volatile("csrw sie, %0" :: "r"(interrupts));
}

/*@ assigns \nothing; */
static inline u64 machine_read_sip(void)
{
	u64 pending;

	__asm__ volatile("csrr %0, sip" : "=r"(pending));
	return pending;
}

void machine_start(void)
{
	u64 satp = machine_read_satp();
	u64 probe = machine_try_satp(satp, satp | SATP_ASID_MASK << SATP_ASID_SHIFT);

	arch_space_fence();
	machine.asid_limit = (u32)(probe >> SATP_ASID_SHIFT & SATP_ASID_MASK);
}

void machine_run(void)
{
	/*@ loop invariant 1 <= line <= N_LINES;
	    loop assigns line;
	    loop variant N_LINES - line; */
	for (u32 line = 1; line < N_LINES && line <= machine.plic_lines; line++) {
		machine_plic_write(PLIC_PRIORITY(line), 1);
		arch_line_disable(line);
	}
	machine_plic_write(PLIC_THRESHOLD, 0);
	/* User mode next, interrupts on there; no floating point; no access to user memory (SUM, MXR stay clear). */
	machine_set_user_mode(SSTATUS_SPIE, COUNTERS_TIME_INSTRET, SIE_BITS);
}

u64 machine_pending(void)
{
	return machine_read_sip() & SIE_BITS;
}

void machine_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}
