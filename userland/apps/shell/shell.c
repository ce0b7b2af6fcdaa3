/* shell.c - the user's command line: prompt, command table, tab completion, dispatch. */
#include "shell.h"
#include "edit.h"
#include "ports.h"

const struct command commands[] = {
	{"help", "[COMMAND]", "explains the commands", 0, 1, ARGUMENT_COMMAND, COMMAND_HELP},
	{"ls", "[PATH]", "lists a folder", 0, 1, ARGUMENT_PATH, COMMAND_LS},
	{"cd", "[PATH]", "goes to a folder (without PATH: to /)", 0, 1, ARGUMENT_PATH, COMMAND_CD},
	{"pwd", "", "says in which folder you are", 0, 0, ARGUMENT_NONE, COMMAND_PWD},
	{"cat", "PATH...", "shows files", 1, 16, ARGUMENT_PATH, COMMAND_CAT},
	{"write", "PATH TEXT...", "makes a file of that text, replacing what was there", 1, MAX_WORDS, ARGUMENT_PATH,
		COMMAND_WRITE},
	{"append", "PATH TEXT...", "adds a line of that text to a file", 1, MAX_WORDS, ARGUMENT_PATH, COMMAND_APPEND},
	{"cp", "FROM TO", "copies a file", 2, 2, ARGUMENT_PATH, COMMAND_CP},
	{"mv", "FROM TO", "renames or moves a file or a folder", 2, 2, ARGUMENT_PATH, COMMAND_MV},
	{"rm", "PATH...", "removes files", 1, 16, ARGUMENT_PATH, COMMAND_RM},
	{"mkdir", "PATH", "makes a folder", 1, 1, ARGUMENT_PATH, COMMAND_MKDIR},
	{"rmdir", "PATH", "removes an empty folder", 1, 1, ARGUMENT_PATH, COMMAND_RMDIR},
	{"stat", "PATH", "tells size, times and attributes", 1, 1, ARGUMENT_PATH, COMMAND_STAT},
	{"df", "", "tells how full the disk is", 0, 0, ARGUMENT_NONE, COMMAND_DF},
	{"sync", "", "writes everything to the disk", 0, 0, ARGUMENT_NONE, COMMAND_SYNC},
	{"hexdump", "PATH [OFFSET [COUNT]]", "shows bytes (256 of them without COUNT)", 1, 3, ARGUMENT_PATH, COMMAND_HEXDUMP},
	{"ps", "", "shows the components: state, priority, budget, restarts", 0, 0, ARGUMENT_NONE, COMMAND_PS},
	{"caps", "COMPONENT", "shows what a component holds, from the specification", 1, 1, ARGUMENT_SPECIFIED,
		COMMAND_CAPS},
	{"mem", "", "shows where the memory went", 0, 0, ARGUMENT_NONE, COMMAND_MEM},
	{"irqs", "", "shows the interrupt lines, their drivers and how often they came", 0, 0, ARGUMENT_NONE, COMMAND_IRQS},
	{"crash", "COMPONENT", "makes a component fault, to see that the rest lives on", 1, 1, ARGUMENT_COMPONENT,
		COMMAND_CRASH},
	{"restart", "COMPONENT", "builds a component anew", 1, 1, ARGUMENT_COMPONENT, COMMAND_RESTART},
	{"log", "[LINES]", "shows the last lines of the log (20 without LINES)", 0, 1, ARGUMENT_NONE, COMMAND_LOG},
	{"bench", "", "measures a few operations (./mullion bench counts exactly)", 0, 0, ARGUMENT_NONE, COMMAND_BENCH},
	{"uptime", "", "tells how long the system has been running", 0, 0, ARGUMENT_NONE, COMMAND_UPTIME},
	{"history", "", "shows the lines you typed", 0, 0, ARGUMENT_NONE, COMMAND_HISTORY},
	{"echo", "TEXT...", "says the text", 0, MAX_WORDS, ARGUMENT_PATH, COMMAND_ECHO},
	{"clear", "", "clears the screen", 0, 0, ARGUMENT_NONE, COMMAND_CLEAR},
	{"reboot", "[now]", "writes everything to the disk and starts the machine anew", 0, 1, ARGUMENT_NONE, COMMAND_REBOOT},
	{"poweroff", "[now]", "writes everything to the disk and switches the machine off", 0, 1, ARGUMENT_NONE,
		COMMAND_POWEROFF},
};
const size_t command_count = sizeof commands / sizeof commands[0];

static struct edit edit;
static struct candidates candidates;
static struct words words;

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void show_help(const struct words *arguments)
{
	if (arguments->count > 1) {
		const struct command *command = command_find(arguments->word[1]);

		if (command == NULL)
			say("There is no command `%s`. `help` lists all of them.\n", arguments->word[1]);
		else
			say("%s%s%s\n    %s\n", command->name, command->usage[0] != '\0' ? " " : "", command->usage, command->does);
		return;
	}
	for (size_t i = 0; i < command_count; i++) {
		char left[64];

		format(left, sizeof left, "%s %s", commands[i].name, commands[i].usage);
		say("  %-30s %s\n", left, commands[i].does);
	}
	say("Keys: tab completes; up and down for earlier lines; ctrl-E, -K, -U, -W, -L, -C as usual (in QEMU ctrl-A twice\n"
		"for the start of the line); words with blanks stand in quotation marks; ctrl-] hands the\n"
		"keyboard to the next component; ctrl-A X (press ctrl-A, then X) stops QEMU at once.\n");
}

static void show_uptime(void)
{
	u64 milliseconds = clock_ticks() / (TIMEBASE / 1000);
	u64 seconds = milliseconds / 1000;

	say("up %lu:%02lu:%02lu.%03lu since the machine was switched on\n", seconds / 3600, seconds / 60 % 60, seconds % 60,
		milliseconds % 1000);
}

static void show_history(void)
{
	size_t first = edit.history_count > EDIT_HISTORY ? edit.history_count - EDIT_HISTORY : 0;

	for (size_t i = first; i < edit.history_count; i++)
		say("%4zu  %s\n", i + 1, edit.history[i % EDIT_HISTORY]);
}

static void run(const char *line)
{
	words_split(&words, line);
	if (words.error != NULL) {
		say("I cannot read this line: %s.\n", words.error);
		return;
	}
	if (words.count == 0)
		return;

	const struct command *command = command_find(words.word[0]);
	if (command == NULL) {
		say("There is no command `%s`. `help` lists all of them.\n", words.word[0]);
		return;
	}
	if (words.count - 1 < command->least || words.count - 1 > command->most) {
		say("usage: %s%s%s\n    %s\n", command->name, command->usage[0] != '\0' ? " " : "", command->usage, command->does);
		return;
	}
	switch (command->id) {
	case COMMAND_HELP:
		show_help(&words);
		break;
	case COMMAND_ECHO:
		say("%s\n", words.count > 1 ? words.rest[1] : "");
		break;
	case COMMAND_CLEAR:
		say("\x1b[H\x1b[2J");
		break;
	case COMMAND_UPTIME:
		show_uptime();
		break;
	case COMMAND_HISTORY:
		show_history();
		break;
	case COMMAND_LS:
	case COMMAND_CD:
	case COMMAND_PWD:
	case COMMAND_CAT:
	case COMMAND_WRITE:
	case COMMAND_APPEND:
	case COMMAND_CP:
	case COMMAND_MV:
	case COMMAND_RM:
	case COMMAND_MKDIR:
	case COMMAND_RMDIR:
	case COMMAND_STAT:
	case COMMAND_DF:
	case COMMAND_SYNC:
	case COMMAND_HEXDUMP:
		files_run(command, &words);
		break;
	default:
		system_run(command, &words);
		break;
	}
}

/* ---- Tab ---- */

static void add_commands(const char *beginning)
{
	size_t size = strlen(beginning);

	for (size_t i = 0; i < command_count; i++)
		if (strncmp(commands[i].name, beginning, size) == 0)
			candidates_add(&candidates, commands[i].name);
}

static void show_candidates(void)
{
	size_t column = 0;

	say("\n");
	for (size_t at = 0; at < candidates.used; at += strlen(candidates.text + at) + 1) {
		size_t width = strlen(candidates.text + at) / 16 * 16 + 16;

		if (column + width > EDIT_COLUMNS) {
			say("\n");
			column = 0;
		}
		say("%-*s", (int)width, candidates.text + at);
		column += width;
	}
	say("\n");
}

/* Inserts what the candidates share beyond the `known` bytes that stand there; blanks outside of quotation marks get a
 * backslash. */
static bool insert_common(size_t known, bool quoted)
{
	const char *more = candidates.common + known;
	bool any = false;

	for (; *more != '\0'; more++) {
		char text[3] = {*more, '\0', '\0'};

		if ((*more == ' ' && !quoted) || *more == '"' || *more == '\\') {
			text[0] = '\\';
			text[1] = *more;
		}
		edit_insert(&edit, text);
		any = true;
	}
	return any;
}

static void complete(bool again)
{
	static struct words before;
	char line[EDIT_BYTES];

	memcpy(line, edit.text, edit.cursor);
	line[edit.cursor] = '\0';
	words_split(&before, line);
	if (before.error != NULL && !before.quoted)
		return;

	bool fresh = before.count == 0 || (!before.quoted && edit.cursor > 0 && line[edit.cursor - 1] == ' ' &&
		!(edit.cursor > 1 && line[edit.cursor - 2] == '\\'));
	const char *word = fresh ? "" : before.word[before.count - 1];
	size_t place = before.count - (fresh ? 0 : 1); /* 0: the command */
	const struct command *command = place == 0 ? NULL : command_find(before.word[0]);
	enum argument argument = place == 0 ? ARGUMENT_COMMAND : command == NULL ? ARGUMENT_NONE : command->argument;
	size_t known = strlen(word);

	candidates_start(&candidates);
	if (argument == ARGUMENT_COMMAND) {
		add_commands(word);
	} else if (argument == ARGUMENT_COMPONENT) {
		system_complete(&candidates, word);
	} else if (argument == ARGUMENT_SPECIFIED) {
		specification_complete(&candidates, word);
	} else if (argument == ARGUMENT_PATH) {
		files_complete(&candidates, word);
		known = strlen(path_name(word));
	}
	if (candidates.count == 0)
		return;

	/* FAT ignores case: what the user typed in another case stays as it is. */
	bool grew = strlen(candidates.common) >= known && insert_common(known, before.quoted);
	size_t length = strlen(candidates.common);
	if (candidates.count == 1 && (length == 0 || candidates.common[length - 1] != '/'))
		edit_insert(&edit, before.quoted ? "\" " : " ");
	else if (candidates.count > 1 && !grew && again)
		show_candidates();
}

/* ---- The loop ---- */

static void draw(bool again)
{
	static char out[EDIT_OUTPUT_BYTES];
	char prompt[PATH_BYTES + 16];

	format(prompt, sizeof prompt, "mullion:%s> ", current_folder);
	terminal_write(out, edit_draw(&edit, prompt, again, out));
}

static enum edit_result read_line(void)
{
	bool after_tab = false;

	edit_start(&edit);
	draw(true);
	for (;;) {
		enum edit_result result = edit_key(&edit, terminal_key());
		bool again = false;

		switch (result) {
		case EDIT_LINE:
		case EDIT_CANCEL:
		case EDIT_END:
			edit.cursor = edit.size;
			draw(false);
			say(result == EDIT_CANCEL ? "^C\n" : "\n");
			return result;
		case EDIT_COMPLETE:
			complete(after_tab);
			again = after_tab;
			break;
		case EDIT_REDRAW:
			say("\x1b[H\x1b[2J");
			again = true;
			break;
		case EDIT_MORE:
			break;
		}
		after_tab = result == EDIT_COMPLETE;
		draw(again);
	}
}

int main(void)
{
	terminal_start();
	files_start();
	say("Mullion. `help` lists the commands, tab completes.\n");
	for (;;) {
		enum edit_result result = read_line();

		if (result == EDIT_END)
			say("This is the only shell; `poweroff` ends the system.\n");
		if (result != EDIT_LINE)
			continue;
		edit_remember(&edit);
		run(edit.text);
	}
}
