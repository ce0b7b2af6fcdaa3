/* system.c - the shell's commands on components and on the machine: supervisor, log, power. */
#include "shell.h"
#include "ports.h"

/* ---- Components ---- */

#ifdef SUPERVISOR_MEMORY
#include "supervisor.h"

#define BATCH (SUPERVISOR_MEMORY_SIZE / sizeof(struct supervisor_entry))

/* Copies the entry of component `number`; false at the end of the list or when the supervisor does not answer. */
static bool entry_at(u64 number, struct supervisor_entry *entry)
{
	struct supervisor_list_reply reply = supervisor_list(number);

	if (reply.status != STATUS_OK || reply.count == 0)
		return false;
	memcpy(entry, SUPERVISOR_MEMORY, sizeof *entry);
	entry->name[SUPERVISOR_NAME_BYTES - 1] = '\0';
	return true;
}

static const char *state_text(const struct supervisor_entry *entry)
{
	static const char *const threads[] = {"stopped", "ready", "exhausted", "sending", "calling", "receiving", "waiting",
		"replied to"};

	switch (entry->state) {
	case SUPERVISOR_ENDED:
		return "ended";
	case SUPERVISOR_PANICKED:
		return "panicked";
	case SUPERVISOR_FAULTED:
		return "faulted";
	case SUPERVISOR_FAILED:
		return "not built";
	default:
		break;
	}
	if (entry->thread_state == THREAD_AWAITING_REPLY)
		return "awaits reply";
	return entry->thread_state < sizeof threads / sizeof threads[0] ? threads[entry->thread_state] : "unknown";
}

static u64 microseconds(u64 ticks)
{
	return ticks * 1000 / (TIMEBASE / 1000);
}

static void run_ps(void)
{
	struct supervisor_entry entry;

	say("%-16s %-13s %4s %7s %16s %9s %11s %8s\n", "COMPONENT", "STATE", "PRIO", "THREADS", "BUDGET/PERIOD us", "LEFT us",
		"USED us", "RESTARTS");
	for (u64 number = 0; entry_at(number, &entry); number++) {
		char budget[40];

		format(budget, sizeof budget, "%lu/%lu", microseconds(entry.budget), microseconds(entry.period));
		say("%-16s %-13s %4u %7u %16s %9lu %11lu %8u\n", entry.name, state_text(&entry), entry.priority, entry.threads,
			budget, microseconds(entry.left), microseconds(entry.used), entry.restarts);
	}
}

static bool look_up(const char *name, u64 *number)
{
	struct supervisor_entry entry;

	for (*number = 0; entry_at(*number, &entry); ++*number)
		if (strcmp(entry.name, name) == 0)
			return true;
	return false;
}

static bool find_component(const char *name, u64 *number)
{
	if (look_up(name, number))
		return true;
	say("There is no component `%s` that the supervisor looks after. `ps` lists them.\n", name);
	return false;
}

static void check_supervisor(u64 status, const char *what, const char *name)
{
	switch (status) {
	case STATUS_OK:
		break;
	case SUPERVISOR_ERROR_NOT_RESTARTABLE:
		say("cannot %s %s: it does not run, or it is the supervisor itself, which nobody restarts.\n", what, name);
		break;
	case SUPERVISOR_ERROR_REBUILD_FAILED:
		say("cannot %s %s: building it anew failed, it stays stopped; `log` tells which step.\n", what, name);
		break;
	default:
		say("cannot %s %s: %s (status %lu from port `supervisor`, %s).\n", what, name, status_text(status), status,
			specification_origin(SLOT_SUPERVISOR));
		break;
	}
}

static void run_restart(const char *name)
{
	u64 number;

	if (!find_component(name, &number))
		return;
	struct supervisor_restart_reply reply = supervisor_restart(number);
	check_supervisor(reply.status, "restart", name);
	if (reply.status == STATUS_OK)
		say("%s was built anew (restart %lu).\n", name, reply.restarts);
}

static void run_crash(const char *name)
{
	u64 number;

	if (!find_component(name, &number))
		return;
	u64 status = supervisor_crash(number).status;
	check_supervisor(status, "crash", name);
	if (status == STATUS_OK)
		say("%s was sent to an address where nothing is; `ps` shows what became of it, `restart %s` builds it anew.\n", name,
			name);
}

bool system_interrupts(const char *name, u32 bit, u64 *count)
{
	u64 number;

	if (!look_up(name, &number))
		return false;
	struct supervisor_interrupts_reply reply = supervisor_interrupts(number, bit);
	*count = reply.count;
	return reply.status == STATUS_OK;
}

void system_complete(struct candidates *candidates, const char *name)
{
	struct supervisor_entry entry;
	size_t size = strlen(name);

	for (u64 number = 0; entry_at(number, &entry); number++)
		if (strncmp(entry.name, name, size) == 0)
			candidates_add(candidates, entry.name);
}
#else
static void no_supervisor(void)
{
	say("This system has no supervisor that the shell could ask.\n");
}

static void run_ps(void)
{
	no_supervisor();
}

static void run_restart(const char *name)
{
	(void)name;
	no_supervisor();
}

static void run_crash(const char *name)
{
	(void)name;
	no_supervisor();
}

void system_complete(struct candidates *candidates, const char *name)
{
	(void)candidates;
	(void)name;
}

bool system_interrupts(const char *name, u32 bit, u64 *count)
{
	(void)name;
	(void)bit;
	(void)count;
	return false;
}
#endif

/* ---- Log ---- */

static bool read_count(const char *text, u64 *count)
{
	*count = 0;
	for (; *text >= '0' && *text <= '9' && *count < 1000000; text++)
		*count = *count * 10 + (u64)(*text - '0');
	return *text == '\0';
}

#ifdef LOGS_MEMORY
static void run_log(const char *argument)
{
	u64 wanted = 20;
	u64 total = 0;

	if (argument != NULL && !read_count(argument, &wanted)) {
		say("%s is no number of lines.\n", argument);
		return;
	}
	for (int pass = 0; pass < 2; pass++) {
		u64 position = 0;
		u64 line = 0;

		while (!terminal_interrupted()) {
			struct log_reader_read_reply reply = logs_read(position);

			if (reply.status != STATUS_OK) {
				say("cannot read the log: %s (status %lu from port `logs`, %s).\n", status_text(reply.status), reply.status,
					specification_origin(SLOT_LOGS));
				return;
			}
			if (reply.bytes == 0 || reply.bytes > LOGS_MEMORY_SIZE || reply.next <= position)
				break;
			for (u64 at = 0; at < reply.bytes;) {
				char text[320];
				size_t size = 0;

				while (at < reply.bytes && size < sizeof text) {
					text[size] = ((const char *)LOGS_MEMORY)[at++];
					if (text[size++] == '\n')
						break;
				}
				if (pass == 1 && line + wanted >= total)
					terminal_write(text, size);
				line += text[size - 1] == '\n';
			}
			position = reply.next;
		}
		total = line;
	}
}
#else
static void run_log(const char *argument)
{
	u64 count;

	if (argument == NULL || read_count(argument, &count))
		say("This system has no log server.\n");
}
#endif

/* ---- A few measurements ---- */

enum measured { MEASURED_REFUSED, MEASURED_POLL, MEASURED_YIELD, MEASURED_SERVER, MEASURED_STAT };
#define ROUNDS 1000

static void do_once(enum measured what)
{
	struct message m = {0};

	switch (what) {
	case MEASURED_REFUSED:
		sys_call(0, &m);
		break;
	case MEASURED_POLL:
		(void)component_poll(0);
		break;
	case MEASURED_YIELD:
		sys_yield();
		break;
	case MEASURED_SERVER:
#ifdef LOGS_MEMORY
		(void)logs_read(~0ul);
#endif
		break;
	case MEASURED_STAT:
#ifdef FILES_MEMORY
		*(char *)FILES_MEMORY = '/';
		(void)files_stat(0, 1);
#endif
		break;
	}
}

static void run_bench(void)
{
	static const struct {
		enum measured what;
		const char *name;
	} rows[] = {{MEASURED_REFUSED, "refused call"}, {MEASURED_POLL, "poll an empty notification"},
		{MEASURED_YIELD, "yield"}, {MEASURED_SERVER, "call to the log server and back"},
		{MEASURED_STAT, "stat / in the file server"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		u64 start = clock_ticks();

		for (int round = 0; round < ROUNDS; round++)
			do_once(rows[i].what);
		u64 nanoseconds = (clock_ticks() - start) * (1000000000ul / TIMEBASE) / ROUNDS;
		say("  %-34s %8lu ns\n", rows[i].name, nanoseconds);
	}
	say("This is time on this machine, which varies; `./mullion bench` counts instructions exactly.\n");
}

/* ---- Power ---- */

#ifdef SLOT_POWER_OFF
#define POWER_OFF SLOT_POWER_OFF
#else
#define POWER_OFF 0
#endif
#ifdef SLOT_RESET
#define RESET SLOT_RESET
#else
#define RESET 0
#endif

/* Nothing answers this signal: the machine stops. `now` skips the disk. */
static void end_machine(u64 notification, const char *what, const char *argument)
{
	if (argument != NULL && strcmp(argument, "now") != 0) {
		say("`%s %s` is not known: `%s` writes everything to the disk first, `%s now` does not.\n", what, argument, what,
			what);
		return;
	}
	if (notification == 0) {
		say("cannot %s: the specification gives the shell no right to do it.\n", what);
		return;
	}
	if (argument == NULL && !disk_sync(false)) {
		say("What was written last may not be on the disk. `%s now` does it anyway.\n", what);
		return;
	}
	say("%s\n", strcmp(what, "reboot") == 0 ? "rebooting" : "powering off");
	/* Let the console and its driver, which have higher priorities, bring the text out. */
	u64 until = clock_ticks() + TIMEBASE / 50;
	while (clock_ticks() < until)
		sys_yield();
	u64 status = sys_signal(notification);
	say("cannot %s: %s.\n", what, status == STATUS_OK ? "the firmware does not do it on this machine" :
		status_text(status));
}

void system_run(const struct command *command, const struct words *words)
{
	const char *argument = words->count > 1 ? words->word[1] : NULL;

	switch (command->id) {
	case COMMAND_PS:
		run_ps();
		break;
	case COMMAND_RESTART:
		run_restart(argument);
		break;
	case COMMAND_CRASH:
		run_crash(argument);
		break;
	case COMMAND_CAPS:
	case COMMAND_MEM:
	case COMMAND_IRQS:
		specification_run(command, argument);
		break;
	case COMMAND_LOG:
		run_log(argument);
		break;
	case COMMAND_BENCH:
		run_bench();
		break;
	case COMMAND_REBOOT:
		end_machine(RESET, "reboot", argument);
		break;
	case COMMAND_POWEROFF:
		end_machine(POWER_OFF, "poweroff", argument);
		break;
	default:
		break;
	}
}
