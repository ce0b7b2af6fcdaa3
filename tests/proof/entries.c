/* entries.c - who calls the kernel, as Eva sees it (`./mullion prove --eva`): any entry, with any registers, in any state.
 *
 * Eva begins here with -lib-entry, so that every variable has any value, and `any` another one at each use. What it knows
 * of the state is what the contract of an entry requires, as far as Eva can take that. Every C function that
 * kernel/arch/riscv64/entry.S calls must be called here. */
#include "../../kernel/arch/riscv64/machine.h"
#include "../../kernel/syscall.h"

volatile u64 any;
struct boot_record loaded; /* what the boot stage left */
struct boot_tables tables;
u32 next;

/* Each call but the last comes back: its `break` must be reached. */
void entries(void)
{
	switch (any) {
	case 0:
		next = syscall_handle(any, any, any, any, any, any, any, any);
		break;
	case 1:
		next = syscall_fault(any, any);
		break;
	case 2:
		next = syscall_interrupt(any != 0);
		break;
	case 3:
		boot_main(&loaded);
		break;
	case 4:
		next = trap_handle(any, any);
		break;
	case 5:
		next = trap_idle();
		break;
	case 6:
		next = arch_start(&loaded);
		break;
	case 7:
		tables = arch_boot_tables(&loaded);
		break;
	default:
		trap_panic(any, any, any, any, any);
	}
}
