/* hostile.c - attacks the rest of the system in the way that its component's name says; the rest must not notice.
 *
 * One image, one component for each attack: `attack_null`, `attack_kernel_read`, ... An attack that ends in a fault is
 * a success of the kernel; an attack that comes back to us says so with a line "hostile: ... was possible". */
#include "component.h"
#include "ports.h"

#define KERNEL_ADDRESS 0xffffffc000200000ul
#define KERNEL_BLOCK 0xffffffc000240000ul
#define UART_ADDRESS 0x10000000ul   /* a device at its physical address */
#define PHYSICAL_RAM 0x80200000ul
#define NON_CANONICAL 0x0000800000000000ul
#define STACK_GUARD 0x1f0000ul
#define SYSTEM_CALLS 4096ul
#define SLOTS 320ul
#define OWN_SLOTS 24ul              /* about as many as its table has */
#define FLOOD_TICKS (2 * TIMEBASE)

static volatile u64 sink;
static volatile u64 chosen;     /* an address or a depth, so that the compiler knows nothing about it */

static bool attack_is(const char *name)
{
	return strcmp(COMPONENT_NAME, name) == 0;
}

static void was_possible(const char *what)
{
	print("hostile: %s was possible\n", what);
}

static void read_at(u64 address)
{
	chosen = address;
	sink = *(volatile u64 *)chosen;
	was_possible("the read");
}

static void write_at(u64 address)
{
	chosen = address;
	*(volatile u64 *)chosen = 0x4041424344454647ul;
	was_possible("the write");
}

static void jump_to(u64 address)
{
	((void (*)(void))address)();
	was_possible("the jump");
}

/* ---- System calls ---- */

/* Every number and every flag that is none of the eight calls: each must be refused. */
static void try_system_calls(void)
{
	u64 refused = 0;
	u64 other = 0;

	for (u64 number = SYS_INVOKE + 1; number < SYSTEM_CALLS; number++) {
		u64 plain = number & ~(u64)SYS_NONBLOCK;

		if (plain == SYS_RECV || plain == SYS_WAIT)
			continue;
		u64 status = syscall_plain(number, 0, number * 7, ~0ul, number, 0, ~number, 1).status;
		if (status == STATUS_BAD_CALL)
			refused++;
		else
			other++;
	}
	for (u64 bit = 12; bit < 64; bit++) {
		u64 status = syscall_plain(1ul << bit | SYS_SIGNAL, 0, 0, 0, 0, 0, 0, 0).status;

		if (status == STATUS_BAD_CALL)
			refused++;
		else
			other++;
	}
	print("hostile: %lu unknown system calls were refused, %lu were not\n", refused, other);
}

/* ---- Invocations ---- */

static const u64 numbers[] = {0, 1, 2, 3, 7, 12, 63, 64, 511, 512, 4096, 1ul << 31, 1ul << 32, 1ul << 63, ~0ul};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static bool spares_slot(u64 slot)
{
#ifdef SLOT_LOG_KICK
	return slot == SLOT_LOG_KICK;
#else
	return slot == SLOT_TTY_KICK;
#endif
}

/* Every operation on every slot with numbers from all over: each answers with a status. What belongs to us may change
 * in the course of it, but nothing else. */
static void try_invocations(void)
{
	u64 counts[STATUS_COUNT + 1] = {0};
	u64 seed = 1;

	for (u64 operation = 0; operation < 40; operation++) {
		for (u64 slot = 0; slot < SLOTS; slot++) {
			u64 rounds = operation >= OP_COUNT || slot >= OWN_SLOTS ? 2 : 200;

			for (u64 round = 0; round < rounds; round++) {
				u64 words[5];

				for (size_t i = 0; i < 5; i++) {
					seed = seed * 6364136223846793005ul + 1442695040888963407ul;
					words[i] = seed >> 63 == 0 ? (seed >> 40) % OWN_SLOTS : numbers[(seed >> 33) % NUMBERS];
				}
				if (spares_slot(words[0]) && (operation == OP_DELETE || operation == OP_MOVE || operation == OP_REVOKE))
					continue;
				if (operation == OP_MOVE && spares_slot(words[2]))
					continue;
				if (operation == OP_ARM_TIMER)
					words[0] = ~0ul;
				struct result r = sys_invoke(slot, operation, words[0], words[1], words[2], words[3], words[4]);
				counts[r.status < STATUS_COUNT ? r.status : STATUS_COUNT]++;
			}
		}
	}
	print("hostile: invocations came back: %lu done, %lu bad operation, %lu bad slot, %lu no capability, %lu bad type\n",
		counts[STATUS_OK], counts[STATUS_BAD_CALL], counts[STATUS_BAD_SLOT], counts[STATUS_NO_CAP], counts[STATUS_BAD_TYPE]);
	print("hostile: %lu no right, %lu bad argument, %lu refused, %lu unknown\n", counts[STATUS_NO_RIGHT],
		counts[STATUS_BAD_ARGUMENT], counts[STATUS_REFUSED], counts[STATUS_COUNT]);
}

/* ---- Privileged instructions ---- */

static void do_privileged(const char *what)
{
	if (strcmp(what, "csr_read") == 0)
		__asm__ volatile("csrr t0, sstatus" ::: "t0");
	else if (strcmp(what, "csr_write") == 0)
		__asm__ volatile("csrw satp, zero");
	else if (strcmp(what, "sret") == 0)
		__asm__ volatile("sret");
	else if (strcmp(what, "fence") == 0)
		__asm__ volatile("sfence.vma");
	else if (strcmp(what, "wfi") == 0)
		__asm__ volatile("wfi");
	else if (strcmp(what, "float") == 0)
		__asm__ volatile(".word 0xf0000053"); /* fmv.w.x f0, x0 */
	was_possible("the privileged instruction");
}

/* ---- Time and stack ---- */

static __attribute__((noinline)) u64 recurse(u64 depth)
{
	volatile u8 frame[256];

	frame[depth & 255] = (u8)depth;
	if (depth == chosen)
		return depth;
	return recurse(depth + 1) + frame[(depth + 1) & 255];
}

static void try_stack(void)
{
	chosen = ~0ul;
	sink = recurse(0);
	was_possible("endless recursion");
}

static void loop_for_ever(void)
{
	print("hostile: looping at priority %u\n", (unsigned)PRIORITY);
	for (;;)
		__asm__ volatile("");
}

/* ---- Messages ---- */

/* Signals without pause, and indices in shared memory that make no sense: the log server is the victim. */
static void flood(void)
{
#ifdef LOG_MEMORY
	u64 until = clock_ticks() + FLOOD_TICKS;
	u64 signals = 0;
	u64 seed = 7;
	u32 *header = LOG_MEMORY;

	while (clock_ticks() < until) {
		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		header[seed >> 58] = (u32)(seed >> 16);
		log_kick();
		signals++;
	}
	memset(LOG_MEMORY, 0, 256);
	log_kick();
	/* What is written now may begin in the middle of a line: the stream's indices were overwritten. */
	print("\nhostile: %lu signals sent\n", signals);
#endif
}

/* Calls with labels, lengths and words that no protocol has. */
static void talk_nonsense(void)
{
#ifdef SLOT_GREETING
	u64 answered = 0;
	u64 refused = 0;

	for (u64 label = 0; label < 20000; label++) {
		struct message m = {.tag = label * 0x10001 << TAG_LABEL_SHIFT | (label & (TAG_LENGTH | TAG_CAP)),
			.words = {label, ~label, ~0ul, 1ul << 63, label << 32, 0}};

		sys_call_caps(SLOT_GREETING, label & 63, 0, &m);
		if (m.status == STATUS_OK)
			answered++;
		else
			refused++;
	}
	print("hostile: %lu nonsense calls answered, %lu refused by the kernel\n", answered, refused);
#endif
}

int main(void)
{
	print("hostile: %s begins\n", COMPONENT_NAME);
	if (attack_is("attack_calls"))
		try_system_calls();
	else if (attack_is("attack_invocations"))
		try_invocations();
	else if (attack_is("attack_null"))
		read_at(8);
	else if (attack_is("attack_kernel_read"))
		read_at(KERNEL_ADDRESS);
	else if (attack_is("attack_kernel_write"))
		write_at(KERNEL_BLOCK);
	else if (attack_is("attack_kernel_jump"))
		jump_to(KERNEL_ADDRESS);
	else if (attack_is("attack_physical"))
		read_at(PHYSICAL_RAM);
	else if (attack_is("attack_device"))
		write_at(UART_ADDRESS);
	else if (attack_is("attack_wild"))
		write_at(NON_CANONICAL);
	else if (attack_is("attack_text_write"))
		write_at((u64)(void *)main);
	else if (attack_is("attack_data_jump"))
		jump_to((u64)(const void *)&sink);
	else if (attack_is("attack_guard"))
		write_at(STACK_GUARD);
	else if (attack_is("attack_stack"))
		try_stack();
	else if (attack_is("attack_loop"))
		loop_for_ever();
	else if (attack_is("attack_flood"))
		flood();
	else if (attack_is("attack_nonsense"))
		talk_nonsense();
	else if (strncmp(COMPONENT_NAME, "attack_", 7) == 0)
		do_privileged(COMPONENT_NAME + 7);
	print("hostile: %s ends\n", COMPONENT_NAME);
	return 0;
}
