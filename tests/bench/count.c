/* count - QEMU plugin that counts instructions from outside: by who runs them, and the longest stretch in the kernel.
 *
 * Arguments: trap=ADDRESS of the kernel's trap vector, out=FILE, uart=PHYSICAL ADDRESS (may be left out). With
 * stop=FILE it ends QEMU as soon as FILE exists: with -icount an idle QEMU does not always heed a signal.
 * At the end it writes lines "name value":
 *   firmware, boot_stage, kernel, user    instructions executed there, by virtual address
 *   traps                                 entries at the trap vector
 *   longest_irq_off                       most kernel instructions from the trap vector to sret (or wfi)
 *   longest_irq_off_firmware              firmware instructions inside that stretch (SBI calls), listed apart
 *   longest_irq_off_from                  user address from which that trap came
 *   irq_to_user_min, _max                 from the trap vector to user code, when the trap ended a wfi
 *   before_output                         kernel and user instructions before user code last wrote to the UART
 *
 * Debian ships no header for plugins, so the few functions are declared here as QEMU 7.2 exports them (interface 1). */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;
typedef void (*exec_function)(unsigned int cpu, void *data);
enum { PLUGIN_ADD_U64 = 0, PLUGIN_NO_REGISTERS = 0, PLUGIN_WRITE = 2 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*f)(plugin_id, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_function f, int flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr, uint64_t add);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_function f, int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
	void (*f)(unsigned int cpu, uint32_t access, uint64_t address, void *data), int flags, int access, void *data);
extern void *qemu_plugin_get_hwaddr(uint32_t access, uint64_t address);
extern uint64_t qemu_plugin_hwaddr_phys_addr(const void *address);
extern bool qemu_plugin_hwaddr_is_io(const void *address);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*f)(plugin_id, void *), void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define FIRMWARE 0x80000000ul
#define BOOT_STAGE 0x80200000ul
#define KERNEL_PHYSICAL 0x80220000ul
#define KERNEL_PHYSICAL_END 0x80300000ul
#define KERNEL_VIRTUAL 0xffffffc000000000ul
#define SRET 0x10200073u
#define WFI 0x10500073u
#define IDLE_MARK 0x5a500013u /* an instruction without effect in the loop of the bench's idle component */

enum place { PLACE_FIRMWARE, PLACE_BOOT, PLACE_KERNEL, PLACE_USER, PLACES };
static uint64_t counts[PLACES];

static uint64_t trap_vector, uart;
static const char *out_name;
static struct {
	bool open;          /* between the trap vector and sret */
	bool from_idle;     /* the processor waited in wfi when the trap came */
	uint64_t kernel, firmware, from;
} stretch;
static uint64_t traps, longest, longest_firmware, longest_from, last_user;
static uint64_t to_user_min = UINT64_MAX, to_user_max, before_output;
static bool idle, waits_for_user;
static bool in_idle_loop; /* the last user code was the idle component's loop: its next trap is an interrupt */

static enum place place_of(uint64_t address)
{
	if (address >= KERNEL_VIRTUAL || (address >= KERNEL_PHYSICAL && address < KERNEL_PHYSICAL_END))
		return PLACE_KERNEL;
	if (address >= BOOT_STAGE && address < KERNEL_PHYSICAL)
		return PLACE_BOOT;
	return address >= FIRMWARE && address < BOOT_STAGE ? PLACE_FIRMWARE : PLACE_USER;
}

static void close_stretch(void)
{
	uint64_t length = counts[PLACE_KERNEL] - stretch.kernel;

	if (stretch.open && length > longest) {
		longest = length;
		longest_firmware = counts[PLACE_FIRMWARE] - stretch.firmware;
		longest_from = stretch.from;
	}
	stretch.open = false;
}

static void at_trap(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	traps++;
	stretch.open = true;
	stretch.from_idle = idle;
	stretch.kernel = counts[PLACE_KERNEL] - 1;
	stretch.firmware = counts[PLACE_FIRMWARE];
	stretch.from = last_user;
	waits_for_user = idle || in_idle_loop;
	idle = false;
}

static void at_sret(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	close_stretch();
}

static void at_wfi(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	close_stretch();
	idle = true;
}

static void at_idle_loop(unsigned int cpu, void *data)
{
	(void)cpu;
	last_user = (uint64_t)data;
	in_idle_loop = true;
	waits_for_user = false; /* the interrupt woke nobody */
}

static void at_user(unsigned int cpu, void *data)
{
	(void)cpu;
	last_user = (uint64_t)data;
	in_idle_loop = false;
	if (waits_for_user) {
		uint64_t length = counts[PLACE_KERNEL] - stretch.kernel;

		to_user_min = length < to_user_min ? length : to_user_min;
		to_user_max = length > to_user_max ? length : to_user_max;
		waits_for_user = false;
	}
}

static void at_store(unsigned int cpu, uint32_t access, uint64_t address, void *data)
{
	const void *hardware = qemu_plugin_get_hwaddr(access, address);

	(void)cpu, (void)data;
	if (hardware != NULL && qemu_plugin_hwaddr_is_io(hardware) && qemu_plugin_hwaddr_phys_addr(hardware) == uart)
		before_output = counts[PLACE_KERNEL] + counts[PLACE_USER];
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		enum place place = place_of(address);
		uint32_t word = 0;

		memcpy(&word, qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn) == 4 ? 4 : 2);
		if (i == 0 && place == PLACE_USER)
			qemu_plugin_register_vcpu_tb_exec_cb(tb, word == IDLE_MARK ? at_idle_loop : at_user, PLUGIN_NO_REGISTERS,
			                                     (void *)address);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_ADD_U64, &counts[place], 1);
		if (uart != 0 && place == PLACE_USER)
			qemu_plugin_register_vcpu_mem_cb(insn, at_store, PLUGIN_NO_REGISTERS, PLUGIN_WRITE, NULL);
		if (address == trap_vector)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_trap, PLUGIN_NO_REGISTERS, NULL);
		if (place == PLACE_KERNEL && word == SRET)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_sret, PLUGIN_NO_REGISTERS, NULL);
		if (place == PLACE_KERNEL && word == WFI)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_wfi, PLUGIN_NO_REGISTERS, NULL);
	}
}

static void report(void)
{
	FILE *out = fopen(out_name, "w");

	if (out == NULL)
		return;
	fprintf(out, "firmware %" PRIu64 "\nboot_stage %" PRIu64 "\nkernel %" PRIu64 "\nuser %" PRIu64 "\n",
	        counts[PLACE_FIRMWARE], counts[PLACE_BOOT], counts[PLACE_KERNEL], counts[PLACE_USER]);
	fprintf(out, "traps %" PRIu64 "\nlongest_irq_off %" PRIu64 "\nlongest_irq_off_firmware %" PRIu64 "\n", traps, longest,
	        longest_firmware);
	fprintf(out, "longest_irq_off_from %#" PRIx64 "\n", longest_from);
	if (to_user_max != 0)
		fprintf(out, "irq_to_user_min %" PRIu64 "\nirq_to_user_max %" PRIu64 "\n", to_user_min, to_user_max);
	fprintf(out, "before_output %" PRIu64 "\n", before_output);
	fclose(out);
}

static void at_exit(plugin_id id, void *data)
{
	(void)id, (void)data;
	report();
}

static void *wait_for_stop(void *file)
{
	while (access(file, F_OK) != 0)
		usleep(20000);
	report();
	_exit(0);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	const char *stop = NULL;
	pthread_t thread;

	(void)info;
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "trap=", 5) == 0)
			trap_vector = strtoull(argv[i] + 5, NULL, 0);
		else if (strncmp(argv[i], "uart=", 5) == 0)
			uart = strtoull(argv[i] + 5, NULL, 0);
		else if (strncmp(argv[i], "out=", 4) == 0)
			out_name = strdup(argv[i] + 4);
		else if (strncmp(argv[i], "stop=", 5) == 0)
			stop = strdup(argv[i] + 5);
	if (out_name == NULL || trap_vector == 0) {
		fprintf(stderr, "count: needs trap=ADDRESS,out=FILE\n");
		return 1;
	}
	if (stop != NULL && pthread_create(&thread, NULL, wait_for_stop, (void *)stop) != 0)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
