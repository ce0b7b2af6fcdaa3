/* supervisor.c - handles the faults of all components, restarts and crashes them by hand, and tells their states.
 *
 * A component that faulted, panicked or ended is torn down at once: its callers wake with an error and its memory is
 * taken back; its record says why. Its endpoint outlives it, so while it is gone the supervisor looks there from time
 * to time and answers whoever calls with STATUS_DEAD: nobody waits for a component that cannot answer. */
#include "component.h"
#include "faults.h"
#include "ports.h"
#include "rebuild.h"
#include "supervisor.h"
#include "terminal.h"

#define LOOK_PERIOD (TIMEBASE / 100) /* how long a caller of a dead component may have to wait: 10 ms */
#define ANSWERS_PER_LOOK 32
#define REBUILDS 5
#define REBUILD_PAUSE (10 * TIMEBASE)
#define CRASH_PC 0x1000ul            /* below every image: never mapped */
#define REGISTER_A0 10
#define REGISTER_S2 18

struct record {
	enum supervisor_state state;
	u32 restarts;
	u64 detail;
	u64 address;
	u64 pc;
	u64 used; /* of former lives and of what was torn down */
	u64 rebuilt_at;  /* when it was last built anew without being asked */
	u32 rebuilds;    /* in a row, without having run for REBUILD_PAUSE */
};

static struct record records[SUPERVISED];
static u32 gone; /* components that are torn down */

/* ---- Callers of dead components ---- */

static void look_again_later(void)
{
	(void)timer_arm(SLOT_TIMER, gone > 0 ? clock_ticks() + LOOK_PERIOD : ~0ul);
}

static void answer_callers(u32 index)
{
	struct message m;

	if (supervised[index].endpoint_slot == 0)
		return;
	for (u32 i = 0; i < ANSWERS_PER_LOOK; i++) {
		sys_recv_nonblock(supervised[index].endpoint_slot, SLOT_SPARE, 0, &m);
		if (m.status != STATUS_OK)
			return;
		m = (struct message){.tag = message_tag(STATUS_DEAD, 0)};
		(void)sys_send(SLOT_SPARE, &m); /* refused when it was no call: then nobody waits */
	}
}

static void answer_all_callers(void)
{
	for (u32 i = 0; i < SUPERVISED; i++)
		if (records[i].state != SUPERVISOR_RUNS)
			answer_callers(i);
	look_again_later();
}

/* ---- Tearing down and rebuilding ---- */

static u64 time_used(u32 index)
{
	u64 used = 0;

	for (u32 i = 0; i < supervised[index].threads; i++) {
		struct result r = thread_inspect(supervised[index].thread_slot + i, INSPECT_TIME);

		used += r.status == STATUS_OK ? r.first : 0;
	}
	return used;
}

static void set_gone(u32 index, enum supervisor_state state)
{
	if (records[index].state == SUPERVISOR_RUNS && state != SUPERVISOR_RUNS)
		gone++;
	if (records[index].state != SUPERVISOR_RUNS && state == SUPERVISOR_RUNS)
		gone--;
	records[index].state = state;
	look_again_later();
}

static u64 tear_down(u32 index)
{
	records[index].used += time_used(index);
	u64 status = rebuild_tear_down(index);
	if (status != STATUS_OK)
		print("the memory of %s could not be taken back: %s\n", supervised[index].name, status_text(status));
	return status;
}

static u64 restart(u32 index)
{
	struct record *record = &records[index];
	u32 step = 0;
	u64 status = tear_down(index);

	if (status == STATUS_OK)
		status = rebuild_replay(index, &step);
	record->restarts++;
	if (status == STATUS_OK) {
		set_gone(index, SUPERVISOR_RUNS);
		return status;
	}
	print("%s could not be built anew: step %u of its construction: %s; it stays stopped\n", supervised[index].name, step,
		status_text(status));
	(void)rebuild_tear_down(index);
	record->detail = status;
	set_gone(index, SUPERVISOR_FAILED);
	return status;
}

/* ---- Faults ---- */

/* Which of the component's threads stands at the pc of the message. */
static u64 faulted_thread(u32 index, u64 pc)
{
	for (u32 i = 0; i < supervised[index].threads; i++) {
		struct result r = thread_read_registers(supervised[index].thread_slot + i, 0);

		if (r.status == STATUS_OK && r.first == pc)
			return supervised[index].thread_slot + i;
	}
	return supervised[index].thread_slot;
}

static void panic_reason(u64 thread, char reason[ENDING_REASON_BYTES])
{
	for (u64 i = 0; i < ENDING_REASON_BYTES / 16; i++) {
		struct result r = thread_read_registers(thread, REGISTER_S2 + 2 * i);

		memcpy(reason + 16 * i, &r.first, 8);
		memcpy(reason + 16 * i + 8, &r.second, 8);
	}
	reason[ENDING_REASON_BYTES - 1] = '\0';
	for (size_t i = 0; reason[i] != '\0'; i++)
		if ((unsigned char)reason[i] < ' ' || reason[i] == 0x7f)
			reason[i] = '?';
}

static void report_fault(u32 index, struct record *record, const struct message *m)
{
	struct fault fault = {supervised[index].name, m->words[0], m->words[1], m->words[2], m->words[3], m->words[4]};
	char text[400];

	record->detail = fault.cause;
	record->address = fault.address;
	record->pc = fault.pc;
	fault_describe(text, sizeof text, &fault);
	print("%s\n", text);
}

/* Not again and again: a component that does not live for ten seconds is left alone after the fifth time. */
static void rebuild_terminal(u32 index)
{
	struct record *record = &records[index];
	u64 now = clock_ticks();

	if (now - record->rebuilt_at > REBUILD_PAUSE)
		record->rebuilds = 0;
	record->rebuilt_at = now;
	if (record->rebuilds++ == REBUILDS) {
		print("%s stopped %u times in a row and is left alone\n", supervised[index].name, REBUILDS);
		return;
	}
	if (restart(index) == STATUS_OK)
		print("%s was built anew at once, because the user's terminal needs it\n", supervised[index].name);
}

static void handle_fault(u32 index, const struct message *m)
{
	struct record *record = &records[index];
	const char *name = supervised[index].name;
	bool at_break = m->words[0] == 3;
	enum supervisor_state state;

	for (u32 i = 0; i < supervised[index].threads; i++)
		(void)thread_suspend(supervised[index].thread_slot + i); /* registers are read of stopped threads only */
	u64 thread = faulted_thread(index, m->words[2]);
	struct result ending = thread_read_registers(thread, REGISTER_A0);

	if (at_break && ending.first == ENDING_EXIT) {
		state = SUPERVISOR_ENDED;
		record->detail = ending.second;
		print("%s has ended with code %ld\n", name, (long)ending.second);
	} else if (at_break && ending.first == ENDING_PANIC) {
		char reason[ENDING_REASON_BYTES];

		state = SUPERVISOR_PANICKED;
		record->pc = m->words[4];
		panic_reason(thread, reason);
		print("%s gave up: %s; in the function that returns to %s+0x%lx\n", name, reason, name, m->words[4]);
	} else {
		state = SUPERVISOR_FAULTED;
		report_fault(index, record, m);
	}
	(void)tear_down(index);
	set_gone(index, state);
	if (terminal_needs(name))
		rebuild_terminal(index);
	else if (state != SUPERVISOR_ENDED)
		print("the memory of %s is taken back, its callers are told; `restart %s` builds it anew\n", name, name);
}

/* ---- The service ---- */

/* STATUS_OK if `number` names a component that the supervisor builds. */
static u64 check_number(u64 number)
{
	if (number == SUPERVISED)
		return SUPERVISOR_ERROR_NOT_RESTARTABLE; /* the supervisor itself */
	return number < SUPERVISED ? STATUS_OK : SUPERVISOR_ERROR_NO_SUCH_COMPONENT;
}

static void fill_entry(u32 index, struct supervisor_entry *entry)
{
	const struct record *record = &records[index];
	u64 thread = supervised[index].thread_slot;

	*entry = (struct supervisor_entry){.state = record->state, .priority = supervised[index].priority,
		.threads = supervised[index].threads, .restarts = record->restarts, .detail = record->detail,
		.address = record->address, .pc = record->pc, .used = record->used};
	memcpy(entry->name, supervised[index].name, strnlen(supervised[index].name, SUPERVISOR_NAME_BYTES - 1));
	if (record->state != SUPERVISOR_RUNS)
		return;

	struct result state = thread_inspect(thread, INSPECT_STATE);
	struct result time = thread_inspect(thread, INSPECT_TIME);
	struct result budget = thread_inspect(thread, INSPECT_BUDGET);
	entry->thread_state = (unsigned)state.first;
	entry->priority = (unsigned)state.second;
	entry->used += time_used(index);
	entry->left = time.second;
	entry->budget = budget.first;
	entry->period = budget.second;
}

/* The supervisor is the last in the list; it holds no capability to its own thread, so it only tells what it knows. */
static void fill_own_entry(struct supervisor_entry *entry)
{
	*entry = (struct supervisor_entry){.name = COMPONENT_NAME, .state = SUPERVISOR_RUNS, .thread_state = THREAD_READY,
		.priority = PRIORITY, .threads = THREADS, .budget = BUDGET, .period = PERIOD};
}

void supervisor_on_list(u32 client, u64 first, struct supervisor_list_reply *reply)
{
	u64 most = supervisor_clients[client].memory_size / sizeof(struct supervisor_entry);
	u8 *memory = (u8 *)supervisor_clients[client].memory;
	u64 count = 0;

	for (; count < most && first <= SUPERVISED && count <= SUPERVISED - first; count++) {
		struct supervisor_entry entry;

		if (first + count == SUPERVISED)
			fill_own_entry(&entry);
		else
			fill_entry((u32)(first + count), &entry);
		memcpy(memory + count * sizeof entry, &entry, sizeof entry);
	}
	reply->status = STATUS_OK;
	reply->count = count;
	reply->total = SUPERVISED + 1;
}

void supervisor_on_restart(u32 client, u64 number, struct supervisor_restart_reply *reply)
{
	reply->status = check_number(number);
	if (reply->status != STATUS_OK)
		return;
	print("%s restarts %s\n", supervisor_clients[client].name, supervised[number].name);
	reply->status = restart((u32)number) == STATUS_OK ? STATUS_OK : SUPERVISOR_ERROR_REBUILD_FAILED;
	reply->restarts = records[number].restarts;
}

void supervisor_on_crash(u32 client, u64 number, struct supervisor_crash_reply *reply)
{
	reply->status = check_number(number);
	if (reply->status != STATUS_OK)
		return;
	if (records[number].state != SUPERVISOR_RUNS) {
		reply->status = SUPERVISOR_ERROR_NOT_RESTARTABLE;
		return;
	}
	print("%s makes %s fault\n", supervisor_clients[client].name, supervised[number].name);
	u64 thread = supervised[number].thread_slot;
	(void)thread_suspend(thread);
	struct result low = thread_read_registers(thread, 0);
	struct result high = thread_read_registers(thread, 2);
	u64 status = thread_write_registers(thread, 0, (u64[4]){CRASH_PC, low.second, high.first, high.second});
	if (status == STATUS_OK)
		status = thread_resume(thread);
	reply->status = status == STATUS_OK ? STATUS_OK : SUPERVISOR_ERROR_NOT_RESTARTABLE;
}

/* The counters are the component's own: it may say what it likes about itself. */
void supervisor_on_interrupts(u32 client, u64 number, u64 bit, struct supervisor_interrupts_reply *reply)
{
	(void)client;
	reply->status = number < SUPERVISED ? SUPERVISOR_ERROR_NOT_COUNTED : SUPERVISOR_ERROR_NO_SUCH_COMPONENT;
#ifdef INTERRUPTS_CLIENTS
	for (u32 i = 0; number < SUPERVISED && bit < NOTIFICATION_BITS && i < INTERRUPTS_CLIENTS; i++) {
		if (strcmp(interrupts_clients[i].name, supervised[number].name) != 0)
			continue;
		reply->status = STATUS_OK;
		reply->count = ((const volatile u64 *)interrupts_clients[i].memory)[bit];
	}
#else
	(void)bit;
#endif
}

/* ---- Events ---- */

void init(void)
{
	if (!rebuild_check_manifest())
		panic("the manifest is not that of this system");
}

void notified(u64 bits)
{
	if ((bits & BIT_TIMER) != 0)
		answer_all_callers();
}

bool called(struct message *m)
{
	u64 index = m->badge - FAULT_BADGE;

	if (m->badge >= FAULT_BADGE && index < SUPERVISED) {
		if (message_label(m) == LABEL_FAULT)
			handle_fault((u32)index, m);
		return false; /* a faulted thread is not resumed: it is gone */
	}
	if (!component_dispatch(m))
		m->tag = message_tag(STATUS_BAD_CALL, 0);
	return true;
}
