/* shell.h - what the shell's files share: terminal, words of a line, commands, messages. */
#pragma once
#include "component.h"

#define LINE_BYTES 512
#define MAX_WORDS 32
#define PATH_BYTES 1024

/* ---- terminal.c: text to and keys from the console ---- */
void terminal_start(void);
void terminal_write(const char *text, size_t size);
void say(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
char terminal_key(void);         /* waits for the next byte */
bool terminal_interrupted(void); /* ctrl-C came meanwhile; what else came is kept */

/* ---- words.c: a line into words ---- */
struct words {
	size_t count;
	char *word[MAX_WORDS];
	const char *rest[MAX_WORDS]; /* the line from this word on, as typed */
	char text[LINE_BYTES];
	const char *error;           /* why the line is no list of words, or NULL */
	bool quoted;                 /* the line ends within quotation marks, which is an error */
};
void words_split(struct words *words, const char *line);

/* ---- path.c ---- */
/* Writes the absolute form of `path` (seen from `folder`) without `.`, `..` and double slashes. False: too long. */
bool path_resolve(char *out, size_t size, const char *folder, const char *path);
const char *path_name(const char *path); /* the part behind the last slash */
bool path_join(char *out, size_t size, const char *folder, const char *name);

/* ---- shell.c ---- */
enum argument { ARGUMENT_NONE, ARGUMENT_PATH, ARGUMENT_COMPONENT, ARGUMENT_SPECIFIED, ARGUMENT_COMMAND };
struct command {
	const char *name;
	const char *usage;  /* arguments, for help */
	const char *does;   /* one line, for help */
	unsigned least;     /* arguments */
	unsigned most;
	enum argument argument;
	enum command_id {
		COMMAND_HELP, COMMAND_ECHO, COMMAND_CLEAR, COMMAND_UPTIME, COMMAND_HISTORY,
		COMMAND_LS, COMMAND_CD, COMMAND_PWD, COMMAND_CAT, COMMAND_WRITE, COMMAND_APPEND, COMMAND_CP, COMMAND_MV,
		COMMAND_RM, COMMAND_MKDIR, COMMAND_RMDIR, COMMAND_STAT, COMMAND_DF, COMMAND_SYNC, COMMAND_HEXDUMP,
		COMMAND_PS, COMMAND_RESTART, COMMAND_CRASH, COMMAND_CAPS, COMMAND_MEM, COMMAND_IRQS, COMMAND_LOG,
		COMMAND_BENCH, COMMAND_REBOOT, COMMAND_POWEROFF,
	} id;
};
extern const struct command commands[];
extern const size_t command_count;
const struct command *command_find(const char *name);

/* ---- complete.c ---- */
struct candidates {
	size_t count;
	size_t used;
	char common[PATH_BYTES]; /* the longest beginning that all candidates share */
	char text[4096];         /* zero-terminated names, one behind the other, as many as fit */
};
void candidates_start(struct candidates *candidates);
void candidates_add(struct candidates *candidates, const char *name);

/* ---- files.c: commands on files ---- */
extern char current_folder[PATH_BYTES];
void files_start(void);
void files_run(const struct command *command, const struct words *words);
bool disk_sync(bool must);   /* writes everything out; without `must`, having no disk is fine */
/* Adds the entries of the folder of `path` whose names begin like its last part. */
void files_complete(struct candidates *candidates, const char *path);

/* ---- system.c: commands on components and the machine ---- */
void system_run(const struct command *command, const struct words *words);
void system_complete(struct candidates *candidates, const char *name);
/* How often that bit of its notification came to the component; false if nobody counts that. */
bool system_interrupts(const char *name, u32 bit, u64 *count);

/* ---- specification.c: commands that read the specification (the manifest) ---- */
void specification_run(const struct command *command, const char *argument);
/* Where the specification gives the shell the capability in this slot: "files.sys:126". */
const char *specification_origin(u64 slot);
void specification_complete(struct candidates *candidates, const char *name);
