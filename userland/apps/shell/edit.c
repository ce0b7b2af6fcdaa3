/* edit.c - the line editor: cursor, history and keys of one line, drawn without ever leaving the terminal's row.
 *
 * The whole line is redrawn from a carriage return on (the console relies on that to restore it), except that text
 * added at the end is just written. A line that is too long for the row is shown around the cursor. */
#include "edit.h"
#include "format.h"
#include "memory.h"

#define KEY(letter) ((letter) & 0x1f)
#define KEY_ESCAPE 0x1b
#define KEY_BACKSPACE 0x08
#define KEY_DELETE 0x7f

enum escape { ESCAPE_NONE, ESCAPE_STARTED, ESCAPE_BRACKET, ESCAPE_O };

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80; /* not the first byte of a UTF-8 character */
}

static size_t step_left(const struct edit *edit, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && continues(edit->text[at]))
		at--;
	return at;
}

static size_t step_right(const struct edit *edit, size_t at)
{
	if (at < edit->size)
		at++;
	while (at < edit->size && continues(edit->text[at]))
		at++;
	return at;
}

static size_t columns(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += !continues(text[i]);
	return count;
}

static void cut(struct edit *edit, size_t from, size_t to)
{
	memmove(edit->text + from, edit->text + to, edit->size - to + 1);
	edit->size -= to - from;
	edit->cursor = from;
}

static void kill_range(struct edit *edit, size_t from, size_t to)
{
	if (from == to)
		return;
	memcpy(edit->killed, edit->text + from, to - from);
	edit->killed[to - from] = '\0';
	cut(edit, from, to);
}

static size_t word_start(const struct edit *edit)
{
	size_t at = edit->cursor;

	while (at > 0 && edit->text[at - 1] == ' ')
		at--;
	while (at > 0 && edit->text[at - 1] != ' ')
		at--;
	return at;
}

static size_t word_end(const struct edit *edit)
{
	size_t at = edit->cursor;

	while (at < edit->size && edit->text[at] == ' ')
		at++;
	while (at < edit->size && edit->text[at] != ' ')
		at++;
	return at;
}

static void set_text(struct edit *edit, const char *text)
{
	edit->size = strnlen(text, EDIT_BYTES - 1);
	memcpy(edit->text, text, edit->size);
	edit->text[edit->size] = '\0';
	edit->cursor = edit->size;
	edit->plain = false;
}

static void move_history(struct edit *edit, bool back)
{
	size_t kept = edit->history_count < EDIT_HISTORY ? edit->history_count : EDIT_HISTORY;

	if (back ? edit->history_at >= kept : edit->history_at == 0)
		return;
	if (edit->history_at == 0)
		memcpy(edit->typed, edit->text, edit->size + 1);
	edit->history_at = back ? edit->history_at + 1 : edit->history_at - 1;
	if (edit->history_at == 0)
		set_text(edit, edit->typed);
	else
		set_text(edit, edit->history[(edit->history_count - edit->history_at) % EDIT_HISTORY]);
}

void edit_start(struct edit *edit)
{
	set_text(edit, "");
	edit->history_at = 0;
	edit->escape = ESCAPE_NONE;
}

void edit_remember(struct edit *edit)
{
	size_t last = (edit->history_count + EDIT_HISTORY - 1) % EDIT_HISTORY;

	if (edit->size == 0 || (edit->history_count > 0 && strcmp(edit->history[last], edit->text) == 0))
		return;
	memcpy(edit->history[edit->history_count % EDIT_HISTORY], edit->text, edit->size + 1);
	edit->history_count++;
}

void edit_insert(struct edit *edit, const char *text)
{
	size_t size = strlen(text);

	if (size > EDIT_BYTES - 1 - edit->size)
		size = EDIT_BYTES - 1 - edit->size;
	memmove(edit->text + edit->cursor + size, edit->text + edit->cursor, edit->size - edit->cursor + 1);
	memcpy(edit->text + edit->cursor, text, size);
	edit->size += size;
	edit->cursor += size;
}

/* The last byte of `ESC [ ...`: arrows, home, end, delete. */
static void escape_end(struct edit *edit, char key)
{
	switch (key) {
	case 'A':
		move_history(edit, true);
		break;
	case 'B':
		move_history(edit, false);
		break;
	case 'C':
		edit->cursor = edit->parameter >= 5 ? word_end(edit) : step_right(edit, edit->cursor);
		break;
	case 'D':
		edit->cursor = edit->parameter >= 5 ? word_start(edit) : step_left(edit, edit->cursor);
		break;
	case 'H':
		edit->cursor = 0;
		break;
	case 'F':
		edit->cursor = edit->size;
		break;
	case '~':
		if (edit->parameter == 1 || edit->parameter == 7)
			edit->cursor = 0;
		else if (edit->parameter == 4 || edit->parameter == 8)
			edit->cursor = edit->size;
		else if (edit->parameter == 3)
			cut(edit, edit->cursor, step_right(edit, edit->cursor));
		break;
	default:
		break;
	}
}

static void escape_key(struct edit *edit, char key)
{
	unsigned state = edit->escape;

	edit->escape = ESCAPE_NONE;
	if (state == ESCAPE_STARTED) {
		edit->parameter = 0;
		if (key == '[')
			edit->escape = ESCAPE_BRACKET;
		else if (key == 'O')
			edit->escape = ESCAPE_O;
		else if (key == 'b')
			edit->cursor = word_start(edit);
		else if (key == 'f')
			edit->cursor = word_end(edit);
		else if (key == 'd')
			kill_range(edit, edit->cursor, word_end(edit));
	} else if (state == ESCAPE_BRACKET && key >= '0' && key <= '9') {
		edit->parameter = (edit->parameter * 10 + (unsigned)(key - '0')) % 1000;
		edit->escape = ESCAPE_BRACKET;
	} else if (state == ESCAPE_BRACKET && key == ';') {
		edit->parameter = 0;
		edit->escape = ESCAPE_BRACKET;
	} else {
		escape_end(edit, key);
	}
}

enum edit_result edit_key(struct edit *edit, char key)
{
	if (edit->escape != ESCAPE_NONE) {
		escape_key(edit, key);
		return EDIT_MORE;
	}
	switch (key) {
	case KEY_ESCAPE:
		edit->escape = ESCAPE_STARTED;
		return EDIT_MORE;
	case '\r':
	case '\n':
		return EDIT_LINE;
	case '\t':
		return EDIT_COMPLETE;
	case KEY('C'):
		return EDIT_CANCEL;
	case KEY('L'):
		return EDIT_REDRAW;
	case KEY('D'):
		if (edit->size == 0)
			return EDIT_END;
		cut(edit, edit->cursor, step_right(edit, edit->cursor));
		return EDIT_MORE;
	case KEY('A'):
		edit->cursor = 0;
		return EDIT_MORE;
	case KEY('E'):
		edit->cursor = edit->size;
		return EDIT_MORE;
	case KEY('B'):
		edit->cursor = step_left(edit, edit->cursor);
		return EDIT_MORE;
	case KEY('F'):
		edit->cursor = step_right(edit, edit->cursor);
		return EDIT_MORE;
	case KEY('P'):
		move_history(edit, true);
		return EDIT_MORE;
	case KEY('N'):
		move_history(edit, false);
		return EDIT_MORE;
	case KEY('K'):
		kill_range(edit, edit->cursor, edit->size);
		return EDIT_MORE;
	case KEY('U'):
		kill_range(edit, 0, edit->cursor);
		return EDIT_MORE;
	case KEY('W'):
		kill_range(edit, word_start(edit), edit->cursor);
		return EDIT_MORE;
	case KEY('Y'):
		edit_insert(edit, edit->killed);
		return EDIT_MORE;
	case KEY_BACKSPACE:
	case KEY_DELETE:
		cut(edit, step_left(edit, edit->cursor), edit->cursor);
		return EDIT_MORE;
	default:
		if ((unsigned char)key >= ' ') {
			char text[2] = {key, '\0'};
			edit_insert(edit, text);
		}
		return EDIT_MORE;
	}
}

size_t edit_draw(struct edit *edit, const char *prompt, bool again, char *out)
{
	size_t prompt_columns = columns(prompt, strlen(prompt));
	size_t room = prompt_columns + 20 < EDIT_COLUMNS ? EDIT_COLUMNS - 1 - prompt_columns : 20;
	size_t start = 0;
	size_t end = edit->size;
	size_t length;

	if (!again && edit->plain && edit->cursor == edit->size && edit->size >= edit->shown_size &&
		columns(edit->text, edit->size) <= room) {
		size_t added = edit->size - edit->shown_size;

		memcpy(out, edit->text + edit->shown_size, added);
		edit->shown_size = edit->size;
		return added;
	}

	while (columns(edit->text + start, edit->cursor - start) > room)
		start = step_right(edit, start);
	while (columns(edit->text + start, end - start) > room)
		end = step_left(edit, end);
	length = format(out, EDIT_OUTPUT_BYTES, "\r%s%.*s\x1b[K", prompt, (int)(end - start), edit->text + start);
	size_t back = columns(edit->text + edit->cursor, end - edit->cursor);
	if (back > 0)
		length += format(out + length, EDIT_OUTPUT_BYTES - length, "\x1b[%zuD", back);

	edit->plain = start == 0 && end == edit->size && edit->cursor == edit->size;
	edit->shown_size = edit->size;
	return length;
}
