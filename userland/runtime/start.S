/* start.S - the first instructions of every thread of a component.
 *
 * The kernel starts a thread with pc = _start, sp = the top of its stack, a0 = its number and zero everywhere else.
 * ra and s0 stay zero and the frame says so: a backtrace ends here. */
	.section .text.start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined ra
	.option push
	.option norelax
	la gp, __global_pointer$
	.option pop
	call component_start
	/* component_start does not return; if it ever did, the thread would stop here with a fault. */
	unimp
	.cfi_endproc
	.size _start, . - _start
