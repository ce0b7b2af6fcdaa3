/* kernel.c - the kernel's rows: calls, signals, capabilities, memory, threads.
 *
 * Objects are made in the bench's own spare memory (`pool`) and spare slots; its partners are bench_peer and
 * bench_echo. The rows with SAMPLE(...) measure the operation alone, preparation and clean-up lie outside. */
#include "bench.h"
#include "ports.h"

/* Spare slots, by what the bench keeps in them. */
#define SLOT_PAGE (SLOT_SPARE + 0)
#define SLOT_COPY (SLOT_SPARE + 1)
#define SLOT_LEAF (SLOT_SPARE + 2)
#define SLOT_ROOT (SLOT_SPARE + 4)
#define SLOT_THREAD (SLOT_SPARE + 5)
#define SLOT_EVENT (SLOT_SPARE + 6)
#define SLOT_TABLE (SLOT_SPARE + 8)
#define SLOT_TEMPORARY (SLOT_SPARE + 9)
#define SLOT_WAKE (SLOT_SPARE + 10)
#define SLOT_CHUNK (SLOT_SPARE + 11)  /* memory that is revoked between samples */
#define SLOT_EVENT_BIT (SLOT_SPARE + 12) /* signals bit 0 of SLOT_EVENT: the original has no badge, so no bit */
#define SLOT_WAKE_BIT (SLOT_SPARE + 13)
#define SLOT_MANY (SLOT_SPARE + 14)   /* and the 256 behind it */
#define CHUNK_BITS 21
#define YIELDS 64

static struct samples samples;
static volatile bool yielder_may_start;
static volatile bool yielder_stops;

/* One sample of an expression, which must answer STATUS_OK. */
#define SAMPLE(expression, what) do { \
	u64 sample_start = clock_instructions(); \
	u64 sample_status = (expression); \
	u64 sample_end = clock_instructions(); \
	expect(sample_status, what); \
	samples_add(&samples, sample_end - sample_start - cost); \
} while (0)

static u64 cost;

static void finish(const char *name)
{
	row(name, samples_middle(&samples));
}

static void reset_chunk(void)
{
	expect(cap_revoke(0, SLOT_CHUNK), "revoking spare memory");
}

static void retype(u64 type, u64 size_bits, u64 slot)
{
	expect(cap_retype(SLOT_POOL, type, size_bits, 0, slot, 1), "making an object of spare memory");
}

static u64 poll_status(void)
{
	u64 status = sys_poll(SLOT_EVENT).status;

	return status == STATUS_EMPTY ? STATUS_OK : status;
}

static u64 refused_status(void)
{
	return sys_signal(SLOT_TEMPORARY) == STATUS_NO_CAP ? STATUS_OK : STATUS_BAD_CALL;
}

/* ---- Calls ---- */

static u64 call_with_capability(void)
{
	struct message m = {.tag = message_tag(BENCH_CALL_TAKE, 0) | TAG_CAP};

	sys_call_caps(SLOT_PEER, SLOT_EVENT, 0, &m);
	return m.status;
}

static u64 yield_status(void)
{
	sys_yield();
	return STATUS_OK;
}

static u64 six_words(void)
{
	return plain_six(1, 2, 3, 4, 5, 6).status;
}

static void calls(void)
{
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(plain_nothing().status, "calling the peer");
	finish("call_rt_0w");
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(six_words(), "calling the peer with six words");
	finish("call_rt_6w");
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(call_with_capability(), "calling the peer with a capability");
	finish("call_rt_cap");
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(refused_status(), "a refused call");
	finish("refused_call");
}

/* ---- Notifications ---- */

/* bench_echo has a higher priority: it runs at once, answers, waits again; then we find its answer. */
static u64 ping(void)
{
	u64 status = echo_ping();

	if (status != STATUS_OK)
		return status;
	return sys_wait(SLOT_NOTIFICATION).status;
}

static void signals(void)
{
	for (int i = 0; i < SAMPLES; i++) {
		SAMPLE(sys_signal(SLOT_EVENT_BIT), "signalling");
		expect(sys_poll(SLOT_EVENT).status, "taking a signal");
	}
	finish("signal_no_waiter");
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(ping(), "signalling bench_echo");
	finish("signal_wake_higher_rt");
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(poll_status(), "polling");
	finish("poll_empty");
}

/* ---- Yielding ---- */

void bench_yielder(void)
{
	while (!yielder_may_start)
		if (sys_wait(SLOT_WAKE).status != STATUS_OK)
			sys_yield(); /* the first thread has not made it yet */
	while (!yielder_stops)
		sys_yield();
}

static void yields(void)
{
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(yield_status(), "yielding");
	finish("yield_alone");

	yielder_may_start = true;
	expect(sys_signal(SLOT_WAKE_BIT), "waking the second thread");
	for (int i = 0; i < WARM; i++)
		sys_yield();
	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(yield_status(), "yielding to the second thread");
	finish("yield_switch_rt");
	yielder_stops = true;
	for (int i = 0; i < WARM; i++)
		sys_yield();
}

/* ---- Capabilities ---- */

static void capabilities(void)
{
	for (int i = 0; i < SAMPLES; i++) {
		SAMPLE(cap_copy(0, SLOT_COPY, 0, SLOT_EVENT, RIGHTS_ALL, 0), "copying a capability");
		expect(cap_delete(0, SLOT_COPY), "deleting a capability");
	}
	finish("cap_copy");
	for (int i = 0; i < SAMPLES; i++) {
		SAMPLE(cap_copy(0, SLOT_COPY, 0, SLOT_EVENT, RIGHT_WRITE, 5), "copying a capability with a badge");
		expect(cap_delete(0, SLOT_COPY), "deleting a capability");
	}
	finish("cap_mint");
	expect(cap_copy(0, SLOT_COPY, 0, SLOT_EVENT, RIGHTS_ALL, 0), "copying a capability");
	for (int i = 0; i < SAMPLES; i++) {
		SAMPLE(cap_move(0, SLOT_TEMPORARY, 0, SLOT_COPY), "moving a capability");
		expect(cap_move(0, SLOT_COPY, 0, SLOT_TEMPORARY), "moving a capability back");
	}
	finish("cap_move");
	expect(cap_delete(0, SLOT_COPY), "deleting a capability");
	for (int i = 0; i < SAMPLES; i++) {
		expect(cap_copy(0, SLOT_COPY, 0, SLOT_EVENT, RIGHTS_ALL, 0), "copying a capability");
		SAMPLE(cap_delete(0, SLOT_COPY), "deleting a capability");
	}
	finish("cap_delete");
	for (int i = 0; i < 5; i++) {
		for (u64 n = 0; n < 100; n++)
			expect(cap_copy(0, SLOT_MANY + n, 0, SLOT_EVENT, RIGHT_WRITE, 0), "copying a capability");
		SAMPLE(cap_revoke(0, SLOT_EVENT), "revoking a hundred copies");
	}
	finish("revoke_100"); /* SLOT_EVENT_BIT is gone with them; nobody needs it any more */
}

/* ---- Memory ---- */

/* One call makes at most RETYPE_MAX_COUNT objects. */
static u64 retype_chunk(u64 type, u64 size_bits, u64 count)
{
	u64 status = STATUS_OK;

	for (u64 done = 0; done < count && status == STATUS_OK; done += RETYPE_MAX_COUNT) {
		u64 part = count - done < RETYPE_MAX_COUNT ? count - done : RETYPE_MAX_COUNT;

		status = cap_retype(SLOT_CHUNK, type, size_bits, 0, SLOT_MANY + done, part);
	}
	return status;
}

static u64 retype_row(const char *name, u64 type, u64 size_bits, u64 count)
{
	int rounds = count > 1 ? 5 : SAMPLES;
	u64 value;

	for (int i = 0; i < rounds; i++) {
		SAMPLE(retype_chunk(type, size_bits, count), name);
		reset_chunk();
	}
	value = samples_middle(&samples);
	if (name[0] == 'r')
		row(name, value);
	return value;
}

static void memory(void)
{
	u64 page;
	u64 untyped;

	(void)retype_row("retype_endpoint", OBJECT_ENDPOINT, 0, 1);
	(void)retype_row("retype_thread", OBJECT_THREAD, 0, 1);
	page = retype_row("retype_page", OBJECT_PAGE, 12, 1);
	(void)retype_row("retype_256_pages", OBJECT_PAGE, 12, 256);
	/* A child untyped is made without zeroing: the difference is what zeroing a page costs. */
	untyped = retype_row("untyped of a page's size", OBJECT_UNTYPED, 12, 1);
	row("zero_page", page > untyped ? page - untyped : 0);

	for (int i = 0; i < SAMPLES; i++) {
		SAMPLE(cap_copy(SLOT_LEAF, 7, 0, SLOT_PAGE, RIGHT_READ | RIGHT_WRITE, 0), "mapping a page");
		expect(cap_delete(SLOT_LEAF, 7), "unmapping a page");
	}
	finish("map_page");
	for (int i = 0; i < SAMPLES; i++) {
		expect(cap_copy(SLOT_LEAF, 7, 0, SLOT_PAGE, RIGHT_READ | RIGHT_WRITE, 0), "mapping a page");
		SAMPLE(cap_delete(SLOT_LEAF, 7), "unmapping a page");
	}
	finish("unmap_page");
}

/* ---- Threads ---- */

/* The thread is ready between resume and suspend, but never runs: it has no budget, and we have. */
static void threads(void)
{
	static const u64 registers[4] = {16 << 12, 0, 0, 0};

	for (int i = 0; i < SAMPLES; i++)
		SAMPLE(thread_write_registers(SLOT_THREAD, 0, registers), "writing registers");
	finish("thread_write_registers");
	expect(cap_copy(SLOT_THREAD, THREAD_TABLE, 0, SLOT_TABLE, RIGHTS_ALL, 0), "giving the thread a table");
	expect(cap_copy(SLOT_THREAD, THREAD_SPACE, 0, SLOT_ROOT, RIGHTS_ALL, 0), "giving the thread a space");
	for (int i = 0; i < SAMPLES; i++) {
		expect(thread_resume(SLOT_THREAD), "resuming a thread");
		SAMPLE(thread_suspend(SLOT_THREAD), "suspending a thread");
	}
	finish("thread_suspend");
}

void bench_kernel(void)
{
	cost = measuring_cost();
	cost = measuring_cost();
	retype(OBJECT_UNTYPED, CHUNK_BITS, SLOT_CHUNK);
	retype(OBJECT_SPACE, 0, SLOT_LEAF);
	retype(OBJECT_SPACE, 2, SLOT_ROOT);
	retype(OBJECT_PAGE, 12, SLOT_PAGE);
	retype(OBJECT_THREAD, 0, SLOT_THREAD);
	retype(OBJECT_TABLE, 4, SLOT_TABLE);
	retype(OBJECT_NOTIFICATION, 0, SLOT_EVENT);
	retype(OBJECT_NOTIFICATION, 0, SLOT_WAKE);
	expect(cap_copy(0, SLOT_EVENT_BIT, 0, SLOT_EVENT, RIGHT_WRITE, 1), "copying a notification");
	expect(cap_copy(0, SLOT_WAKE_BIT, 0, SLOT_WAKE, RIGHT_WRITE, 1), "copying a notification");

	calls();
	signals();
	capabilities();
	memory();
	threads();
	yields();
}
