/* start.S - the first instructions of every thread of a component.
 *
 * The kernel starts a thread with pc = _start, sp = the top of its stack, a0 = its number and zero everywhere else.
 * gp and tp point at the component's small data and at the variables of its libc, which its threads share.
 * ra and s0 stay zero and the frame says so: a backtrace ends here. */
	.cfi_sections .debug_frame
	.section .text.start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined ra
	.option push
	.option norelax
	la gp, __global_pointer$
	la tp, __tls_start
	.option pop
	call component_start
	/* component_start does not return; if it ever did, the thread would stop here with a fault. */
	unimp
	.cfi_endproc
	.size _start, . - _start
