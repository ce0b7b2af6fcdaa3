/* lex.c - bytes to tokens: names, numbers with units, strings and signs. */
#include "capdl.h"

#include <string.h>

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* Length of the UTF-8 sequence at text, 0 if it is none. */
static u32 utf8_length(const unsigned char *text, u32 left)
{
	u32 length = text[0] >= 0xf0 && text[0] <= 0xf4 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;

	if (text[0] > 0xf4 || length == 0 || length > left)
		return 0;
	for (u32 i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void report(struct lexer *lexer, u32 offset, u32 length, const char *code, const char *hint, const char *what)
{
	error_at(lexer->c, (struct span){lexer->file, offset, length}, code, hint, "%s", what);
	lexer->token.bad = true;
}

/* One byte of a comment or string: steps over it and reports what is no text. */
static void step_text(struct lexer *lexer, const struct source *source)
{
	unsigned char byte = (unsigned char)source->text[lexer->offset];
	u32 length = 1;

	if (byte >= 0x80) {
		length = utf8_length((const unsigned char *)source->text + lexer->offset, source->size - lexer->offset);
		if (length == 0) {
			report(lexer, lexer->offset, 1, "L01", "save the file as UTF-8", "invalid UTF-8");
			length = 1;
		}
	} else if ((byte < 32 && byte != '\t' && byte != '\r') || byte == 127) {
		report(lexer, lexer->offset, 1, "L01", "remove it", "control character in the text");
	}
	lexer->offset += length;
}

/* To the next token; true if it stands on a new line. */
static bool skip_space(struct lexer *lexer, const struct source *source)
{
	bool new_line = lexer->offset == 0;

	while (lexer->offset < source->size) {
		char byte = source->text[lexer->offset];

		if (byte == '#') {
			while (lexer->offset < source->size && source->text[lexer->offset] != '\n')
				step_text(lexer, source);
		} else if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
			new_line |= byte == '\n';
			lexer->offset++;
		} else {
			break;
		}
	}
	return new_line;
}

static void read_unit(struct lexer *lexer, const char *unit, size_t length)
{
	static const struct {
		const char *text;
		enum unit unit;
		u64 factor;
	} units[] = {
		{"K", UNIT_BYTES, 1ul << 10}, {"M", UNIT_BYTES, 1ul << 20}, {"G", UNIT_BYTES, 1ul << 30},
		{"us", UNIT_TIME, 1000}, {"ms", UNIT_TIME, 1000000}, {"s", UNIT_TIME, 1000000000},
	};
	struct token *token = &lexer->token;

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strlen(units[i].text) != length || memcmp(units[i].text, unit, length) != 0)
			continue;
		token->unit = units[i].unit;
		if (__builtin_mul_overflow(token->value, units[i].factor, &token->value))
			report(lexer, token->at.offset, token->at.length, "L06", NULL, "number does not fit in 64 bits");
		return;
	}
	report(lexer, token->at.offset, token->at.length, "L04", "units are K M G for sizes, us ms s for times",
		"stray letters behind a number");
}

static int digit_value(char byte, u64 base)
{
	if (is_digit(byte))
		return byte - '0';
	if (base == 16 && byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (base == 16 && byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static void read_number(struct lexer *lexer, const struct source *source)
{
	const char *text = source->text + lexer->offset;
	struct token *token = &lexer->token;
	u64 base = 10;
	u32 length = 0, i = 0, digits = 0;
	bool overflow = false;

	while (lexer->offset + length < source->size && is_word(text[length]))
		length++;
	token->kind = TOKEN_NUMBER;
	token->at.length = length;
	lexer->offset += length;
	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (length > 1 && text[0] == '0' && is_digit(text[1])) {
		report(lexer, token->at.offset, length, "L05", "leave the leading zero out", "number with a leading zero");
		return;
	}
	for (; i < length; i++) {
		int value = digit_value(text[i], base);

		if (text[i] == '_' && digits > 0 && i + 1 < length && digit_value(text[i + 1], base) >= 0)
			continue;
		if (value < 0)
			break;
		digits++;
		overflow |= __builtin_mul_overflow(token->value, base, &token->value);
		overflow |= __builtin_add_overflow(token->value, (u64)value, &token->value);
	}
	if (digits == 0 || (i < length && text[i] == '_'))
		report(lexer, token->at.offset, length, "L04", NULL, "number without digits, or with a stray _");
	else if (overflow)
		report(lexer, token->at.offset, length, "L06", NULL, "number does not fit in 64 bits");
	else if (i < length)
		read_unit(lexer, text + i, length - i);
	else if (base == 16 && length > 18)
		report(lexer, token->at.offset, length, "L06", NULL, "number does not fit in 64 bits");
}

static void read_word(struct lexer *lexer, const struct source *source)
{
	const char *text = source->text + lexer->offset;
	u32 length = 0;

	while (lexer->offset + length < source->size && is_word(text[length]))
		length++;
	lexer->offset += length;
	lexer->token.kind = TOKEN_NAME;
	lexer->token.at.length = length;
	if (length > LIMIT_NAME) {
		report(lexer, lexer->token.at.offset, length, "L03", "names have at most 31 characters", "name too long");
		length = LIMIT_NAME;
	}
	lexer->token.text = intern(lexer->c, text, length);
}

static void read_string(struct lexer *lexer, const struct source *source)
{
	u32 start = ++lexer->offset;

	lexer->token.kind = TOKEN_STRING;
	while (lexer->offset < source->size && source->text[lexer->offset] != '"' && source->text[lexer->offset] != '\n')
		step_text(lexer, source);
	lexer->token.at.length = lexer->offset - start + 2;
	lexer->token.text = intern(lexer->c, source->text + start, lexer->offset - start);
	if (lexer->offset >= source->size || source->text[lexer->offset] != '"') {
		lexer->token.at.length = lexer->offset - start + 1;
		report(lexer, lexer->token.at.offset, lexer->token.at.length, "L02", "close it with \"",
			"string still open at the end of its line");
		return;
	}
	lexer->offset++;
}

void lex_start(struct lexer *lexer, struct capdl *c, u32 file)
{
	*lexer = (struct lexer){.c = c, .file = file};
	lex_next(lexer);
}

void lex_next(struct lexer *lexer)
{
	const struct source *source = &lexer->c->sources[lexer->file];
	bool first = false;
	char byte;

	lexer->end = lexer->token.at.offset + lexer->token.at.length;
	for (;;) {
		first |= skip_space(lexer, source);
		lexer->token = (struct token){.kind = TOKEN_END, .first = first, .at = {lexer->file, lexer->offset, 0}};
		if (lexer->offset >= source->size)
			return;
		byte = source->text[lexer->offset];
		if (strchr("{}():,.*/=%-", byte) != NULL && byte != 0)
			break;
		if (is_word(byte) || byte == '"')
			break;
		if ((unsigned char)byte >= 0x80 || (unsigned char)byte < 32 || byte == 127) {
			step_text(lexer, source);
			if (!lexer->token.bad)
				report(lexer, lexer->token.at.offset, lexer->offset - lexer->token.at.offset, "L03",
					"names are made of a-z, 0-9 and _", "character that no name has");
		} else if (byte == '$') {
			u32 length = 1;

			while (lexer->offset + length < source->size && is_word(source->text[lexer->offset + length]))
				length++;
			report(lexer, lexer->offset, length, "N08", "templates bind their parameters, loops their variable",
				"this stands for nothing here");
			lexer->offset += length;
		} else {
			report(lexer, lexer->offset, 1, "L12", NULL, "character without a meaning");
			lexer->offset++;
		}
	}
	if (byte == '"') {
		read_string(lexer, source);
	} else if (is_digit(byte)) {
		read_number(lexer, source);
	} else if (is_word(byte)) {
		read_word(lexer, source);
	} else if (byte == '-' && lexer->offset + 1 < source->size && source->text[lexer->offset + 1] == '>') {
		lexer->token.kind = TOKEN_SIGN;
		lexer->token.text = intern(lexer->c, "->", 2);
		lexer->token.at.length = 2;
		lexer->offset += 2;
	} else {
		lexer->token.kind = TOKEN_SIGN;
		lexer->token.text = intern(lexer->c, &byte, 1);
		lexer->token.at.length = 1;
		lexer->offset++;
	}
}
