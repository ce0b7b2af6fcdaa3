/* component.c - start, event loop and end of a component. Compiled again with each component, against its ports.h. */
#include "component.h"
#include "ports.h"

void component_start(u64 thread);

static u64 pending; /* bits that came while somebody waited for others; only thread 0 has the notification */

__attribute__((weak)) void init(void)
{
}

__attribute__((weak)) void notified(u64 bits)
{
	(void)bits;
}

__attribute__((weak)) bool called(struct message *m)
{
	if (!component_dispatch(m))
		m->tag = message_tag(STATUS_BAD_CALL, 0);
	return true;
}

/* How often each bit came, for those who may look: protocols/interrupts.sys. */
static void count(u64 bits)
{
#ifdef INTERRUPTS_MEMORY
	u64 *counts = (u64 *)INTERRUPTS_MEMORY;

	for (; bits != 0; bits >>= 1)
		*counts++ += bits & 1;
#else
	(void)bits;
#endif
}

static u64 take_pending(u64 mask)
{
	u64 bits = pending & mask;

	pending &= ~mask;
	return bits;
}

u64 component_wait(u64 mask)
{
	u64 bits;

	while ((bits = take_pending(mask)) == 0) {
		struct result r = sys_wait(SLOT_NOTIFICATION);

		if (r.status != STATUS_OK)
			panic("waiting for the own notification was refused");
		count(r.second);
		pending |= r.second;
	}
	return bits;
}

u64 component_poll(u64 mask)
{
	struct result r = sys_poll(SLOT_NOTIFICATION);

	if (r.status == STATUS_OK) {
		count(r.second);
		pending |= r.second;
	}
	return take_pending(mask);
}

/* Receives and answers for ever. A message that is not answered leaves no reply capability behind: the slot must be
 * free for the next one, and the caller wakes with an error. */
static _Noreturn void serve(u64 thread)
{
	u64 reply = SLOT_REPLY + thread;
	u64 arrival = SLOT_ARRIVAL == 0 ? 0 : SLOT_ARRIVAL + thread;
	struct message m;

	sys_recv(SLOT_ENDPOINT, reply, arrival, &m);
	for (;;) {
		if (__builtin_expect(m.status == STATUS_OK, 1)) {
			bool arrived = arrival != 0 && (m.tag & TAG_CAP) != 0;
			bool answered = called(&m);

			/* What the handler did not move away must go: the slot has to be free for the next one. */
			if (__builtin_expect(arrived, 0))
				(void)cap_delete(0, arrival);
			if (__builtin_expect(answered, 1)) {
				sys_reply_recv_caps(SLOT_ENDPOINT, reply, 0, arrival, &m);
				continue;
			}
			(void)cap_delete(0, reply);
		} else if (m.status == STATUS_NOTIFIED) {
			count(m.badge);
			notified(m.badge | take_pending(~0ul));
		} else if (m.status != STATUS_CANCELLED) {
			panic("receiving from the own endpoint was refused");
		}
		if (pending != 0 && thread == 0)
			notified(take_pending(~0ul));
		sys_recv(SLOT_ENDPOINT, reply, arrival, &m);
	}
}

__attribute__((weak)) int main(void)
{
	init();
	if (SLOT_ENDPOINT != 0)
		serve(0);
	for (;;)
		notified(component_wait(~0ul));
}

__attribute__((weak)) void worker(u64 thread)
{
	if (SLOT_ENDPOINT != 0)
		serve(thread);
}

void component_start(u64 thread)
{
	if (thread != 0) {
		worker(thread);
		component_exit(0);
	}
	component_exit(main());
}

static _Noreturn void stop(u64 why, u64 code, const u64 reason[8])
{
	register u64 a0 __asm__("a0") = why;
	register u64 a1 __asm__("a1") = code;
	register u64 s2 __asm__("s2") = reason[0];
	register u64 s3 __asm__("s3") = reason[1];
	register u64 s4 __asm__("s4") = reason[2];
	register u64 s5 __asm__("s5") = reason[3];
	register u64 s6 __asm__("s6") = reason[4];
	register u64 s7 __asm__("s7") = reason[5];
	register u64 s8 __asm__("s8") = reason[6];
	register u64 s9 __asm__("s9") = reason[7];

	for (;;) /* whoever resumes the thread without a restart finds it at the same place */
		__asm__ volatile("ebreak" : : "r"(a0), "r"(a1), "r"(s2), "r"(s3), "r"(s4), "r"(s5), "r"(s6), "r"(s7),
			"r"(s8), "r"(s9) : "memory");
}

_Noreturn void component_exit(int code)
{
	static const u64 nothing[8];

	stop(ENDING_EXIT, (u64)(long)code, nothing);
}

_Noreturn void panic(const char *reason)
{
	u64 packed[8] = {0};

	memcpy(packed, reason, strnlen(reason, ENDING_REASON_BYTES - 1));
	stop(ENDING_PANIC, 0, packed);
}

const char *status_text(u64 status)
{
	static const char *const texts[STATUS_COUNT] = {
		"done", "not finished yet", "a signal came", "nothing there", "no such call", "no such slot",
		"the slot is empty", "wrong kind of capability", "the right is missing", "the slot is taken",
		"a number is out of range", "no memory left", "something still depends on it", "a rule forbids it",
		"the operation was cancelled", "the component has ended", "too many servers wait for each other",
	};

	return status < STATUS_COUNT ? texts[status] : "an error of the service";
}
