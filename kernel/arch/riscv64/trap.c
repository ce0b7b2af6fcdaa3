/* trap.c - what a trap is: interrupt, fault of a thread, idling, or an error of the kernel. */
#include "../../syscall.h"
#include "arch.h"
#include "machine.h"

extern const char proof_summary[]; /* one line; the build makes it of the sources: cmake/proved.sh */

#define CAUSE_INTERRUPT (1ul << 63)
#define IRQ_TIMER 5u
#define IRQ_EXTERNAL 9u
#define CAUSE_FETCH_FAULT 1ul
#define CAUSE_FETCH_PAGE_FAULT 12ul

u32 trap_handle(u64 cause, u64 value)
{
	if ((cause & CAUSE_INTERRUPT) != 0)
		return syscall_interrupt((cause & ~CAUSE_INTERRUPT) == IRQ_TIMER);
	/* SiFive erratum CIP-453: stval of a fetch fault is not sign-extended. Harmless where it is. */
	if (cause == CAUSE_FETCH_FAULT || cause == CAUSE_FETCH_PAGE_FAULT)
		value = (u64)((long)(value << 25) >> 25);
	return syscall_fault(cause, value);
}

/* Nobody can run: bury the dead, then sleep until an interrupt is pending. Interrupts stay off, so none is taken here:
 * wfi ends on a pending one all the same (privileged specification, WFI). */
u32 trap_idle(void)
{
	u32 next = NONE;

	/*@ loop invariant SETTLED && VALID && STANDING &&
	      (leaves: next == NONE || (next == hart.current && current_is_highest));
	    loop assigns next, STATE_AND_ENTRIES, HOMES, payload[0 .. 5]; */
	while (next == NONE) {
		u64 pending = machine_pending();

		if ((pending & (1ul << IRQ_TIMER)) != 0)
			next = syscall_interrupt(true);
		else if ((pending & (1ul << IRQ_EXTERNAL)) != 0)
			next = syscall_interrupt(false);
		else if (cnode_bury())
			next = sched_leave();
		else
			machine_wait();
	}
	return next;
}

_Noreturn void trap_panic(u64 cause, u64 value, u64 pc, u64 sp, u64 ra)
{
	arch_print("\nmullion: the kernel itself trapped: scause ");
	machine_print_hex(cause);
	arch_print(" stval ");
	machine_print_hex(value);
	arch_print(" pc ");
	machine_print_hex(pc);
	arch_print(" sp ");
	machine_print_hex(sp);
	arch_print(" ra ");
	machine_print_hex(ra);
	arch_print("\n");
	arch_panic("trap in the kernel (scause, pc)", cause, pc);
}

u32 arch_start(const struct boot_record *record)
{
	machine_start();
	arch_print("mullion: kernel started on hart ");
	arch_print_number(record->hart);
	arch_print("\n");
	arch_print(proof_summary);
	boot_main(record);
	machine_run();
	return sched_leave();
}
