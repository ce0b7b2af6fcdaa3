/* syscall.h - the system calls and invocations of kernel/abi.h as inline functions.
 *
 * A system call is a function call to the compiler: callee-saved registers survive, all others come back cleared, so
 * every stub names them as clobbered (ra too). The payload travels in s2-s7 both ways; only call, recv and reply_recv
 * change those. Invocations repeat for as long as the kernel answers STATUS_AGAIN. */
#pragma once
#include "../../kernel/abi.h"
#include <stdbool.h>

/* One message, as it is in the registers. `status` is the kernel's answer, `badge` the sender's (or, with
 * STATUS_NOTIFIED, the bits of the bound notification). */
struct message {
	u64 status;
	u64 tag;
	u64 badge;
	u64 words[MESSAGE_WORDS];
};

/* What an invocation answers: the status and up to two values. */
struct result {
	u64 status;
	u64 first;
	u64 second;
};

#define SYSCALL_CLOBBERS "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory"

static inline u64 message_tag(u64 label, u64 length)
{
	return label << TAG_LABEL_SHIFT | length;
}

static inline u64 message_label(const struct message *m)
{
	return m->tag >> TAG_LABEL_SHIFT;
}

static inline u64 message_length(const struct message *m)
{
	return m->tag & TAG_LENGTH;
}

/* The one trap of all calls with a payload. `give` is the slot of the capability that travels out, `take` the free
 * slot for one that arrives; 0 is none. */
static inline __attribute__((always_inline)) void syscall_message(u64 number, u64 cap, u64 reply, u64 give, u64 take,
	struct message *m)
{
	register u64 a0 __asm__("a0") = cap;
	register u64 a1 __asm__("a1") = m->tag;
	register u64 a2 __asm__("a2");
	register u64 a3 __asm__("a3") = give;
	register u64 a4 __asm__("a4") = take;
	register u64 a7 __asm__("a7") = number;
	register u64 s2 __asm__("s2") = m->words[0];
	register u64 s3 __asm__("s3") = m->words[1];
	register u64 s4 __asm__("s4") = m->words[2];
	register u64 s5 __asm__("s5") = m->words[3];
	register u64 s6 __asm__("s6") = m->words[4];
	register u64 s7 __asm__("s7") = m->words[5];

	if (number != SYS_CALL)
		a2 = reply; /* a call has none */
	else
		__asm__("" : "=r"(a2));
	__asm__ volatile("ecall"
		: "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a7),
		  "+r"(s2), "+r"(s3), "+r"(s4), "+r"(s5), "+r"(s6), "+r"(s7)
		:
		: "a5", "a6", SYSCALL_CLOBBERS);
	m->status = a0;
	m->tag = a1;
	m->badge = a2;
	m->words[0] = s2;
	m->words[1] = s3;
	m->words[2] = s4;
	m->words[3] = s5;
	m->words[4] = s6;
	m->words[5] = s7;
}

/* The trap of all calls without a payload. */
static inline __attribute__((always_inline)) struct result syscall_plain(u64 number, u64 cap, u64 operation, u64 x2,
	u64 x3, u64 x4, u64 x5, u64 x6)
{
	register u64 a0 __asm__("a0") = cap;
	register u64 a1 __asm__("a1") = operation;
	register u64 a2 __asm__("a2") = x2;
	register u64 a3 __asm__("a3") = x3;
	register u64 a4 __asm__("a4") = x4;
	register u64 a5 __asm__("a5") = x5;
	register u64 a6 __asm__("a6") = x6;
	register u64 a7 __asm__("a7") = number;

	__asm__ volatile("ecall"
		: "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
		:
		: SYSCALL_CLOBBERS);
	return (struct result){a0, a1, a2};
}

/* The trap of the calls that name a notification and nothing else. */
static inline __attribute__((always_inline)) struct result syscall_short(u64 number, u64 cap)
{
	register u64 a0 __asm__("a0") = cap;
	register u64 a1 __asm__("a1");
	register u64 a2 __asm__("a2");
	register u64 a7 __asm__("a7") = number;

	__asm__ volatile("ecall" : "+r"(a0), "=r"(a1), "=r"(a2), "+r"(a7) : : "a3", "a4", "a5", "a6", SYSCALL_CLOBBERS);
	return (struct result){a0, a1, a2};
}

/* ---- Messages ---- */

/* Sends m->tag and m->words to the endpoint and waits; the answer is in *m. */
static inline void sys_call(u64 endpoint, struct message *m)
{
	syscall_message(SYS_CALL, endpoint, 0, 0, 0, m);
}

/* The same with a capability that travels out (set TAG_CAP in m->tag) and a free slot for one that comes back. */
static inline void sys_call_caps(u64 endpoint, u64 give, u64 take, struct message *m)
{
	syscall_message(SYS_CALL, endpoint, 0, give, take, m);
}

/* Answers the caller in slot `reply` with *m if there is one, then receives the next message into *m. */
static inline void sys_reply_recv(u64 endpoint, u64 reply, struct message *m)
{
	syscall_message(SYS_REPLY_RECV, endpoint, reply, 0, 0, m);
}

static inline void sys_reply_recv_caps(u64 endpoint, u64 reply, u64 give, u64 take, struct message *m)
{
	syscall_message(SYS_REPLY_RECV, endpoint, reply, give, take, m);
}

static inline void sys_recv(u64 endpoint, u64 reply, u64 take, struct message *m)
{
	*m = (struct message){0};
	syscall_message(SYS_RECV, endpoint, reply, 0, take, m);
}

static inline void sys_recv_nonblock(u64 endpoint, u64 reply, u64 take, struct message *m)
{
	*m = (struct message){0};
	syscall_message(SYS_RECV | SYS_NONBLOCK, endpoint, reply, 0, take, m);
}

/* Sends without asking for an answer; on a reply capability: answers. Changes nothing but m->status. */
static inline u64 sys_send_cap(u64 cap, u64 give, const struct message *m)
{
	struct message copy = *m;

	syscall_message(SYS_SEND, cap, 0, give, 0, &copy);
	return copy.status;
}

static inline u64 sys_send(u64 cap, const struct message *m)
{
	return sys_send_cap(cap, 0, m);
}

/* ---- Notifications and time ---- */

static inline u64 sys_signal(u64 notification)
{
	return syscall_short(SYS_SIGNAL, notification).status;
}

/* Waits until the notification has bits and takes them all: they are in `second`. */
static inline struct result sys_wait(u64 notification)
{
	return syscall_short(SYS_WAIT, notification);
}

/* Takes the bits that are there; STATUS_EMPTY when there are none. */
static inline struct result sys_poll(u64 notification)
{
	return syscall_short(SYS_WAIT | SYS_NONBLOCK, notification);
}

static inline void sys_yield(void)
{
	(void)syscall_short(SYS_YIELD, 0);
}

static inline u64 clock_ticks(void)
{
	u64 ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

static inline u64 clock_instructions(void)
{
	u64 count;

	__asm__ volatile("rdinstret %0" : "=r"(count));
	return count;
}

/* ---- Invocations ---- */

static inline struct result sys_invoke(u64 cap, u64 operation, u64 x2, u64 x3, u64 x4, u64 x5, u64 x6)
{
	struct result r;

	do {
		r = syscall_plain(SYS_INVOKE, cap, operation, x2, x3, x4, x5, x6);
	} while (r.status == STATUS_AGAIN);
	return r;
}

static inline u64 cap_retype(u64 untyped, u64 type, u64 size_bits, u64 container, u64 index, u64 count)
{
	return sys_invoke(untyped, OP_RETYPE, type, size_bits, container, index, count).status;
}

static inline u64 cap_copy(u64 to, u64 to_index, u64 from, u64 from_index, u64 rights, u64 badge)
{
	return sys_invoke(to, OP_COPY, to_index, from, from_index, rights, badge).status;
}

static inline u64 cap_move(u64 to, u64 to_index, u64 from, u64 from_index)
{
	return sys_invoke(to, OP_MOVE, to_index, from, from_index, 0, 0).status;
}

static inline u64 cap_delete(u64 container, u64 index)
{
	return sys_invoke(container, OP_DELETE, index, 0, 0, 0, 0).status;
}

static inline u64 cap_revoke(u64 container, u64 index)
{
	return sys_invoke(container, OP_REVOKE, index, 0, 0, 0, 0).status;
}

static inline u64 thread_resume(u64 thread)
{
	return sys_invoke(thread, OP_RESUME, 0, 0, 0, 0, 0).status;
}

static inline u64 thread_suspend(u64 thread)
{
	return sys_invoke(thread, OP_SUSPEND, 0, 0, 0, 0, 0).status;
}

/* Writes the four registers of a group (0 to 7): registers 4 * group to 4 * group + 3, where register 0 is the pc. */
static inline u64 thread_write_registers(u64 thread, u64 group, const u64 values[4])
{
	return sys_invoke(thread, OP_WRITE_REGISTERS, group, values[0], values[1], values[2], values[3]).status;
}

/* Reads registers `first` (even) and `first` + 1. */
static inline struct result thread_read_registers(u64 thread, u64 first)
{
	return sys_invoke(thread, OP_READ_REGISTERS, first, 0, 0, 0, 0);
}

static inline struct result thread_inspect(u64 thread, u64 what)
{
	return sys_invoke(thread, OP_INSPECT, what, 0, 0, 0, 0);
}

static inline u64 thread_set_scheduling(u64 thread, u64 priority, u64 budget, u64 period, u64 call_limit)
{
	return sys_invoke(thread, OP_SET_SCHEDULING, priority, budget, period, 0, call_limit).status;
}

/* Sets the absolute deadline of the notification's timer; all ones switch it off. */
static inline u64 timer_arm(u64 notification, u64 deadline)
{
	return sys_invoke(notification, OP_ARM_TIMER, deadline, 0, 0, 0, 0).status;
}
