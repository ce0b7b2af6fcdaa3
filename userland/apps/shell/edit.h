/* edit.h - the line editor: keys in, terminal text out, no input or output of its own. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define EDIT_BYTES 512
#define EDIT_HISTORY 32
#define EDIT_COLUMNS 80
#define EDIT_OUTPUT_BYTES 2048

enum edit_result {
	EDIT_MORE,      /* go on typing */
	EDIT_LINE,      /* enter: the line is complete */
	EDIT_CANCEL,    /* ctrl-C */
	EDIT_END,       /* ctrl-D on an empty line */
	EDIT_COMPLETE,  /* tab */
	EDIT_REDRAW,    /* ctrl-L: clear the screen first */
};

struct edit {
	char text[EDIT_BYTES];          /* zero-terminated */
	size_t size;
	size_t cursor;
	size_t shown_size;              /* what the terminal shows, when nothing is scrolled and the cursor is at its end */
	bool plain;                     /* shown_size is true */
	unsigned escape;                /* progress through an escape sequence */
	unsigned parameter;
	char history[EDIT_HISTORY][EDIT_BYTES];
	size_t history_count;           /* lines ever added */
	size_t history_at;              /* 0: the line being typed; n: n lines back */
	char typed[EDIT_BYTES];         /* the line being typed, while looking at history */
	char killed[EDIT_BYTES];
};

void edit_start(struct edit *edit);                     /* a new empty line */
enum edit_result edit_key(struct edit *edit, char key);
void edit_insert(struct edit *edit, const char *text);  /* at the cursor, as far as it fits */
void edit_remember(struct edit *edit);                  /* adds the line to the history */
/* Text that brings the terminal up to date, into `out` of EDIT_OUTPUT_BYTES. `again`: everything, whatever is shown. */
size_t edit_draw(struct edit *edit, const char *prompt, bool again, char *out);
