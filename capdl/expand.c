/* expand.c - templates and loops: copies of a block of the specification, each with its own words for the $names.
 *
 * A copy is a source of its own, with the path and the line numbers of the block and the place of its use, so that all
 * later passes and messages need not know of it. A name that nobody has bound stays as it is: it may belong to a loop
 * inside the block, and what is left of it is an error of the lexer. */
#include "capdl.h"

#include <string.h>

static bool is_word(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

u32 block_end(const struct source *source, u32 offset)
{
	const char *text = source->text;
	u32 depth = 1;

	for (; offset < source->size; offset++) {
		if (text[offset] == '#') {
			while (offset + 1 < source->size && text[offset + 1] != '\n')
				offset++;
		} else if (text[offset] == '"') {
			while (offset + 1 < source->size && text[offset + 1] != '"' && text[offset + 1] != '\n')
				offset++;
			offset++;
		} else if (text[offset] == '{') {
			depth++;
		} else if (text[offset] == '}' && --depth == 0) {
			return offset;
		}
	}
	return NONE;
}

/* The value that stands for the name at the beginning of `text`: of all of it, or of the part before a `_`. */
static const struct argument *bound_at(const char *text, u32 length, const struct argument *arguments, u32 count,
	u32 *used)
{
	for (*used = length; *used > 0;) {
		for (u32 i = 0; i < count; i++)
			if (strlen(arguments[i].name) == *used && memcmp(arguments[i].name, text, *used) == 0)
				return &arguments[i];
		do
			--*used;
		while (*used > 0 && text[*used] != '_');
	}
	return NULL;
}

static void substitute(const char *text, u32 size, const struct argument *arguments, u32 count, struct buffer *out)
{
	for (u32 i = 0; i < size;) {
		u32 length = 0, used;
		const struct argument *argument;

		while (text[i] == '$' && i + 1 + length < size && is_word(text[i + 1 + length]))
			length++;
		argument = length == 0 ? NULL : bound_at(text + i + 1, length, arguments, count, &used);
		if (argument == NULL) {
			buffer_add(out, text + i++, 1);
			continue;
		}
		buffer_add(out, argument->text, strlen(argument->text));
		i += 1 + used;
	}
}

/* Outwards through the blocks as they are written, not as they are used: a template knows nothing of its users. */
bool expand_bound(const struct capdl *c, u32 file, const char *name)
{
	for (; c->sources[file].use.length > 0; file = c->sources[file].body.file)
		for (u32 i = 0; i < c->sources[file].argument_count; i++)
			if (strcmp(c->sources[file].arguments[i].name, name) == 0)
				return true;
	return false;
}

/* Whether one more copy is too much, or copies itself for ever. */
static bool refused(struct capdl *c, struct span body, struct span use)
{
	u32 depth = 0;

	for (u32 file = use.file; c->sources[file].use.length > 0; file = c->sources[file].use.file) {
		if (c->sources[file].body.file == body.file && c->sources[file].body.offset == body.offset) {
			error_at(c, use, "N09", NULL, "this block uses itself");
			error_also(c, c->sources[file].use, "first used here");
			return true;
		}
		if (++depth == LIMIT_NESTING) {
			error_at(c, use, "X05", NULL, "templates and loops within each other: at most %u", LIMIT_NESTING);
			return true;
		}
	}
	if (c->source_count == LIMIT_EXPANSIONS || c->expanded + body.length > LIMIT_FILE) {
		if (!c->expanded_enough)
			error_at(c, use, "X05", NULL, "templates and loops make more than %u copies, or more than 64 MiB of text",
				LIMIT_EXPANSIONS);
		c->expanded_enough = true;
		return true;
	}
	return false;
}

u32 expand(struct capdl *c, struct span body, struct span use, const struct argument *arguments, u32 count)
{
	struct source copy = c->sources[body.file];
	struct buffer out = {0};
	u32 line, column;

	if (refused(c, body, use))
		return NONE;
	position_of(c, body, &line, &column);
	for (u32 i = 1; i < column; i++)
		buffer_add(&out, " ", 1);
	substitute(copy.text + body.offset, body.length, arguments, count, &out);
	c->expanded += out.size;
	if (out.size > 0)
		copy.text = memcpy(arena_take(&c->arena, out.size), out.data, out.size);
	copy.size = (u32)out.size;
	copy.lines = NULL;
	copy.first_line = line - 1;
	copy.use = use;
	copy.body = body;
	copy.arguments = arguments;
	copy.argument_count = count;
	buffer_drop(&out);
	c->sources = arena_grow(&c->arena, c->sources, c->source_count, &c->source_capacity, sizeof *c->sources);
	c->sources[c->source_count] = copy;
	return c->source_count++;
}
