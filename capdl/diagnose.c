/* diagnose.c - collects errors, prints them sorted with their source line, and explains their codes. */
#include "capdl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct explanation {
	const char *code, *text;
};

static const struct explanation explanations[] = {
#include "codes.h"
};

#define EXPLANATIONS (sizeof explanations / sizeof explanations[0])

void error_at(struct capdl *c, struct span at, const char *code, const char *hint, const char *text, ...)
{
	char line[600];
	va_list arguments;
	int length;

	c->errors++;
	if (c->diagnostic_count >= 1000)
		return;
	va_start(arguments, text);
	length = vsnprintf(line, sizeof line, text, arguments);
	va_end(arguments);
	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof line)
		length = sizeof line - 1;
	c->diagnostics = arena_grow(&c->arena, c->diagnostics, c->diagnostic_count, &c->diagnostic_capacity,
		sizeof *c->diagnostics);
	c->diagnostics[c->diagnostic_count] = (struct diagnostic){
		.at = at, .code = code, .what = intern(c, line, (size_t)length), .hint = hint, .order = c->diagnostic_count,
	};
	c->diagnostic_count++;
}

void error_also(struct capdl *c, struct span at, const char *what)
{
	if (c->diagnostic_count == 0)
		return;
	c->diagnostics[c->diagnostic_count - 1].other = at;
	c->diagnostics[c->diagnostic_count - 1].other_what = what;
}

static void find_lines(struct capdl *c, struct source *source)
{
	u32 count = 1;

	for (u32 i = 0; i < source->size; i++)
		count += source->text[i] == '\n';
	source->lines = arena_take(&c->arena, (count + 1) * sizeof *source->lines);
	source->line_count = 1;
	for (u32 i = 0; i < source->size; i++)
		if (source->text[i] == '\n')
			source->lines[source->line_count++] = i + 1;
}

void position_of(struct capdl *c, struct span at, u32 *line, u32 *column)
{
	struct source *source;
	u32 low = 0, high;

	*line = 1;
	*column = 1;
	if (at.file >= c->source_count)
		return;
	source = &c->sources[at.file];
	if (source->lines == NULL)
		find_lines(c, source);
	high = source->line_count;
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (source->lines[middle] <= at.offset)
			low = middle;
		else
			high = middle;
	}
	*line = low + 1 + source->first_line;
	*column = at.offset - source->lines[low] + 1;
}

const char *origin_of(struct capdl *c, struct span at)
{
	u32 line, column;
	const char *path, *slash;

	if (at.file != NONE && (at.file & SPAN_LINE) != 0)
		return format(c, "%s:%u", c->origins[at.file & ~SPAN_LINE], at.offset);
	if (at.file >= c->source_count)
		return "";
	position_of(c, at, &line, &column);
	path = c->sources[at.file].path;
	slash = strrchr(path, '/');
	return format(c, "%s:%u", slash == NULL ? path : slash + 1, line);
}

static int compare(const void *left, const void *right)
{
	const struct diagnostic *a = left, *b = right;

	if (a->at.file != b->at.file)
		return a->at.file < b->at.file ? -1 : 1;
	if (a->at.offset != b->at.offset)
		return a->at.offset < b->at.offset ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void print_line(const struct capdl *c, struct span at, FILE *out)
{
	const struct source *source = &c->sources[at.file];
	u32 start = at.offset, end, carets;

	while (start > 0 && source->text[start - 1] != '\n')
		start--;
	for (end = at.offset; end < source->size && source->text[end] != '\n';)
		end++;
	if (end - start > 400)
		end = start + 400;
	fputs("    ", out);
	for (u32 i = start; i < end; i++) {
		unsigned char byte = (unsigned char)source->text[i];

		fputc(byte == '\t' ? ' ' : byte < 32 || byte == 127 ? '?' : byte, out);
	}
	fputs("\n    ", out);
	for (u32 i = start; i < at.offset && i < end; i++)
		if ((source->text[i] & 0xc0) != 0x80)
			fputc(' ', out);
	carets = at.length == 0 ? 1 : at.length;
	for (u32 i = 0; i < carets && (i == 0 || at.offset + i < end); i++)
		fputc('^', out);
	fputc('\n', out);
}

static void print_json_text(const char *text, FILE *out)
{
	fputc('"', out);
	for (; text != NULL && *text != 0; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 32 || byte >= 127)
			fprintf(out, "\\u%04x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static void print_one(struct capdl *c, const struct diagnostic *d, FILE *out, bool json)
{
	u32 line, column;
	bool placed = d->at.file < c->source_count;

	position_of(c, d->at, &line, &column);
	if (json) {
		fprintf(out, "{\"code\": \"%s\", \"file\": ", d->code);
		print_json_text(placed ? c->sources[d->at.file].path : "", out);
		fprintf(out, ", \"line\": %u, \"column\": %u, \"length\": %u, \"what\": ", line, column, d->at.length);
		print_json_text(d->what, out);
		fputs(", \"hint\": ", out);
		print_json_text(d->hint == NULL ? "" : d->hint, out);
		fputs("}\n", out);
		return;
	}
	if (placed)
		fprintf(out, "%s:%u:%u: ", c->sources[d->at.file].path, line, column);
	fprintf(out, "error[%s]: %s\n", d->code, d->what);
	if (placed)
		print_line(c, d->at, out);
	if (d->other_what != NULL && d->other.file < c->source_count) {
		position_of(c, d->other, &line, &column);
		fprintf(out, "    %s:%u:%u: %s\n", c->sources[d->other.file].path, line, column, d->other_what);
	}
	for (u32 file = d->at.file; placed && c->sources[file].use.length > 0; file = c->sources[file].use.file) {
		position_of(c, c->sources[file].use, &line, &column);
		fprintf(out, "    %s:%u:%u: used here\n", c->sources[file].path, line, column);
	}
	if (d->hint != NULL)
		fprintf(out, "    help: %s\n", d->hint);
}

u32 diagnose_print(struct capdl *c, FILE *out, bool json)
{
	u32 shown = c->diagnostic_count < LIMIT_DIAGNOSTICS ? c->diagnostic_count : LIMIT_DIAGNOSTICS;

	if (c->diagnostic_count > 1)
		qsort(c->diagnostics, c->diagnostic_count, sizeof *c->diagnostics, compare);
	for (u32 i = 0; i < shown; i++)
		print_one(c, &c->diagnostics[i], out, json);
	if (!json && c->errors > shown)
		fprintf(out, "(%u more errors are not shown)\n", c->errors - shown);
	if (!json && c->errors > 0)
		fprintf(out, "%u error%s; `./mullion explain %s` tells more about the first\n", c->errors,
			c->errors == 1 ? "" : "s", c->diagnostics[0].code);
	return c->errors;
}

bool diagnose_explain(const char *code, FILE *out)
{
	for (size_t i = 0; i < EXPLANATIONS; i++)
		if (strcmp(explanations[i].code, code) == 0) {
			fprintf(out, "%s: %s\n", code, explanations[i].text);
			return true;
		}
	return false;
}

void diagnose_list(FILE *out)
{
	for (size_t i = 0; i < EXPLANATIONS; i++)
		fprintf(out, "%s  %.*s\n", explanations[i].code, (int)strcspn(explanations[i].text, ".\n"),
			explanations[i].text);
}

static u32 distance(const char *left, const char *right)
{
	size_t a = strlen(left), b = strlen(right);
	u32 row[64];

	if (a >= 64 || b >= 64)
		return 99;
	for (u32 j = 0; j <= b; j++)
		row[j] = j;
	for (u32 i = 1; i <= a; i++) {
		u32 diagonal = row[0];

		row[0] = i;
		for (u32 j = 1; j <= b; j++) {
			u32 cost = diagonal + (left[i - 1] != right[j - 1]);
			u32 least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = cost < least ? cost : least;
		}
	}
	return row[b];
}

/* The word that is most like the given one, or NULL when none is near. */
const char *nearest(const char *word, const char *const *words, u32 count)
{
	const char *best = NULL;
	u32 least = strlen(word) < 4 ? 2 : 3;

	for (u32 i = 0; i < count; i++) {
		u32 d = distance(word, words[i]);

		if (d < least) {
			least = d;
			best = words[i];
		}
	}
	return best;
}
