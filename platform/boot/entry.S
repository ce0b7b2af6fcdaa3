/* entry - the first bytes of the image: Linux's Image header, then a stack, a trap vector and C.
 *
 * Firmware or U-Boot enters at offset 0 in S-mode with the hart in a0 and the device tree in a1; nothing else is
 * known. Everything here is relative to pc: the image runs where it was loaded. */

	.section .head, "ax"
	.globl boot_image
boot_image:
	.option push
	.option norvc
	j boot_entry
	nop
	.option pop
	.dword 0x200000              /* load at a GiB boundary plus this */
	.dword 0                     /* memory needed; make_image writes it */
	.dword 0                     /* little endian */
	.word 2                      /* header version 0.2 */
	.word 0
	.dword 0
	.ascii "RISCV\0\0\0"
	.ascii "RSC\x05"
	.word 0

boot_entry:
	csrw sie, zero
	csrci sstatus, 2             /* SIE off: no interrupt before the kernel has its vector */
	csrw satp, zero
	lla t0, boot_trap_entry
	csrw stvec, t0
	lla sp, boot_stack_end
	lla a2, boot_image
	call boot_main               /* (hart, tree, image) -> a0 boot record, a1 kernel entry */
	fence.i
	mv sp, zero
	jr a1

	.balign 4
boot_trap_entry:
	lla sp, boot_stack_end
	csrr a0, scause
	csrr a1, stval
	csrr a2, sepc
	call boot_trap

	.section .bss.stack, "aw", @nobits
	.balign 16
	.skip 16384
boot_stack_end:
