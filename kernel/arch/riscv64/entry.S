/* entry.S - from user to kernel and back; the payload registers; the first instructions.
 *
 * tp holds the struct thread that runs while the kernel works for it, sscratch holds it while user code runs, and the top
 * of the stack while the kernel runs: there is room for what a trap would save, so that only one that is no system call
 * has to ask whether it came from the kernel. sp is the one kernel stack, empty at every entry. A system call is a function call to its
 * caller: s0, s1, s8-s11, sp, gp, tp survive in memory, s2-s7 (the payload) stay in the registers, the rest comes back
 * cleared. Interrupts and faults save everything. */

#define REG(n) (8 * (n))
#define PC REG(0)
#define SAVED_ALL 257 /* object.h asserts it */

	.option norelax
	.section .text.entry, "ax"
	.cfi_sections .debug_frame
	.cfi_startproc
	.cfi_undefined ra		/* nobody called what stands here: a backtrace ends */

/* a0: physical address of the boot record; MMU off. */
	.globl kernel_entry
kernel_entry:
	csrw	sie, zero
	mv	s0, a0
	lla	sp, kernel_stack_top	/* physical while the MMU is off */
	call	arch_boot_tables	/* a0: record; returns satp in a0, the distance from physical to virtual in a1 */
	lla	t0, 1f
	add	t0, t0, a1
	csrw	stvec, t0
	add	sp, sp, a1
	sfence.vma
	csrw	satp, a0		/* the next fetch faults into stvec: the same code at its virtual address */
	.balign 4
1:
	lla	t0, trap_entry
	csrw	stvec, t0
	lla	t0, kernel_stack_top
	csrw	sscratch, t0
	sfence.vma
	add	a0, s0, a1
	call	arch_start
	j	resume

/* ---- Entry of every trap -------------------------------------------------------------------------------------- */
	.balign 4
	.globl trap_entry
trap_entry:
	csrrw	tp, sscratch, tp
	sd	sp, REG(2)(tp)
	csrr	sp, scause
	addi	sp, sp, -8		/* CAUSE_USER_ECALL */
	bnez	sp, trap_other

	sd	gp, REG(3)(tp)
	sd	s0, REG(8)(tp)
	sd	s1, REG(9)(tp)
	sd	s8, REG(24)(tp)
	sd	s9, REG(25)(tp)
	sd	s10, REG(26)(tp)
	sd	s11, REG(27)(tp)
	lla	sp, kernel_stack_top
	csrrw	t0, sscratch, sp
	sd	t0, REG(4)(tp)
	csrr	t0, sepc
	addi	t0, t0, 4
	sd	t0, PC(tp)
	jal	syscall_handle

/* The end of a system call for the thread in tp: a0 to a2 are there, sepc and sscratch are set. */
	.macro	leave
	ld	sp, REG(2)(tp)
	ld	gp, REG(3)(tp)
	ld	s0, REG(8)(tp)
	ld	s1, REG(9)(tp)
	ld	s8, REG(24)(tp)
	ld	s9, REG(25)(tp)
	ld	s10, REG(26)(tp)
	ld	s11, REG(27)(tp)
	ld	tp, REG(4)(tp)
	.irp r, 1, 5, 6, 7, 13, 14, 15, 16, 17, 28, 29, 30, 31
	li	x\r, 0
	.endr
	sret
	.endm

/* a0: the thread to run, NONE for nobody. */
resume:
	beqz	a0, idle
	lla	tp, threads
	slli	a0, a0, 9		/* THREAD_BYTES is 2^9; an index has no sign */
	add	tp, tp, a0
	lbu	t0, SAVED_ALL(tp)
	ld	t1, PC(tp)
	csrw	sscratch, tp
	csrw	sepc, t1
	bnez	t0, resume_all

	ld	a0, REG(10)(tp)
	ld	a1, REG(11)(tp)
	ld	a2, REG(12)(tp)
	leave

resume_all:
	sb	zero, SAVED_ALL(tp)	/* so no system call has to */
	.irp r, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\r, REG(\r)(tp)
	.endr
	ld	tp, REG(4)(tp)
	sret

/* A message was handed over (arch.h). a0: the thread, a1: the tag, a2, a3: what satp becomes. */
	.globl arch_leave
arch_leave:
	csrw	satp, a3
	lla	tp, threads
	slli	a0, a0, 9
	add	tp, tp, a0
	ld	t0, PC(tp)
	andi	t1, a1, 7		/* TAG_LENGTH */
	addi	t1, t1, -6		/* MESSAGE_WORDS */
	csrw	sscratch, tp
	csrw	sepc, t0
	bnez	t1, 2f
1:	li	a0, 0			/* STATUS_OK */
	leave
2:	addi	a0, t1, 6
	jal	arch_payload_trim
	j	1b

/* sp is saved and free; tp is the thread. */
trap_other:
	lla	sp, kernel_stack_top
	beq	tp, sp, trap_in_kernel
	.irp r, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\r, REG(\r)(tp)
	.endr
	csrrw	t0, sscratch, sp
	sd	t0, REG(4)(tp)
	csrr	t0, sepc
	sd	t0, PC(tp)
	csrr	a0, scause
	csrr	a1, stval
	call	trap_handle
	j	resume

idle:
	lla	sp, kernel_stack_top
	call	trap_idle
	j	resume

/* A trap while the kernel ran: the kernel is wrong. tp is the top of the stack, sscratch holds what tp was. */
trap_in_kernel:
	csrr	a0, scause
	csrr	a1, stval
	csrr	a2, sepc
	ld	a3, REG(2)(tp)
	mv	a4, ra
	call	trap_panic
2:	wfi
	j	2b
	.cfi_endproc

/* ---- The payload: s2-s7 (arch.h has the contracts) ------------------------------------------------------------ */
	.text
	.globl arch_payload_store
arch_payload_store:
	lla	t0, threads
	slli	a0, a0, 9
	add	t0, t0, a0
	sd	s2, REG(18)(t0)
	sd	s3, REG(19)(t0)
	sd	s4, REG(20)(t0)
	sd	s5, REG(21)(t0)
	sd	s6, REG(22)(t0)
	sd	s7, REG(23)(t0)
	ret

	.globl arch_payload_load
arch_payload_load:
	lla	t0, threads
	slli	a0, a0, 9
	add	t0, t0, a0
	ld	s2, REG(18)(t0)
	ld	s3, REG(19)(t0)
	ld	s4, REG(20)(t0)
	ld	s5, REG(21)(t0)
	ld	s6, REG(22)(t0)
	ld	s7, REG(23)(t0)
	ret

/* Clears the words from a0 on: jumps into the row, each clearing is two bytes. */
	.globl arch_payload_trim
	.globl arch_payload_clear
arch_payload_trim:
	lla	t0, 1f
	slli	a0, a0, 1
	add	t0, t0, a0
	jr	t0
	.balign 4
	.option push
	.option rvc
arch_payload_clear:
1:	c.li	s2, 0
	c.li	s3, 0
	c.li	s4, 0
	c.li	s5, 0
	c.li	s6, 0
	c.li	s7, 0
	.option pop
	ret
