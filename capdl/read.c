/* read.c - tokens to declarations; recovers at the next statement, so that one run reports several errors. */
#include "capdl.h"

#include <string.h>

static const char *const statements[] = {"system", "import", "protocol", "device", "component", "connect", "assert",
	"on", "partition", "schedule", "template", "use", "for"};
static const char *const attributes[] = {
	"image", "priority", "budget", "passive", "threads", "stack", "spares", "serves", "uses", "owns", "dma", "memory",
	"untyped", "timer", "faults", "manifest", "machine", "supervises", "trusted", "limit",
};
static const char *const members[] = {"call", "signal", "memory", "error"};

/* Words that would not survive as C names, and names that belong to the runtime. */
static const char *const reserved[] = {
	"auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
	"for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof",
	"static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "asm", "bool", "true",
	"false", "u8", "u16", "u32", "u64", "sys", "cap",
	"thread", "clock", "message", "component", "machine", "syscall", "kernel", "supervised", "endpoint", "notification",
	"fault_ring", "connections", "hardware", "image",
};
/* Names that the generated functions use themselves. */
static const char *const reserved_words[] = {"client", "reply", "status", "m"};

#define COUNT(words) ((u32)(sizeof (words) / sizeof (words)[0]))

static bool is_word(const struct lexer *lexer, const char *word)
{
	return lexer->token.kind == TOKEN_NAME && strcmp(lexer->token.text, word) == 0;
}

static bool is_sign(const struct lexer *lexer, const char *sign)
{
	return lexer->token.kind == TOKEN_SIGN && strcmp(lexer->token.text, sign) == 0;
}

static bool accept_word(struct lexer *lexer, const char *word)
{
	if (!is_word(lexer, word))
		return false;
	lex_next(lexer);
	return true;
}

static bool accept_sign(struct lexer *lexer, const char *sign)
{
	if (!is_sign(lexer, sign))
		return false;
	lex_next(lexer);
	return true;
}

static bool fail(struct lexer *lexer, const char *expected)
{
	const struct token *token = &lexer->token;
	struct span at = token->at;

	if (token->bad)
		return false;
	if (token->kind == TOKEN_END) {
		error_at(lexer->c, at, "L02", NULL, "the file ends where %s is expected", expected);
		return false;
	}
	if (at.length == 0)
		at.length = 1;
	if (token->kind == TOKEN_SIGN && strcmp(token->text, "-") == 0)
		error_at(lexer->c, at, "L07", NULL, "minus sign: only natural numbers exist here");
	else
		error_at(lexer->c, at, "L12", NULL, "%s is expected here", expected);
	return false;
}

static bool expect_sign(struct lexer *lexer, const char *sign)
{
	char expected[8] = "`";

	if (accept_sign(lexer, sign))
		return true;
	strcat(strcat(expected, sign), "`");
	return fail(lexer, expected);
}

static bool expect_word(struct lexer *lexer, const char *word)
{
	char expected[40] = "`";

	if (accept_word(lexer, word))
		return true;
	strncat(strncat(expected, word, 32), "`", 2);
	return fail(lexer, expected);
}

/* A name as declared or referred to. */
static bool expect_name(struct lexer *lexer, struct name *name, const char *expected)
{
	const char *text = lexer->token.text;

	if (lexer->token.kind != TOKEN_NAME) {
		if (lexer->token.kind != TOKEN_NUMBER)
			return fail(lexer, expected);
		if (lexer->token.bad) { /* what the lexer said of the number is beside the point */
			lexer->c->diagnostic_count--;
			lexer->c->errors--;
		}
		error_at(lexer->c, lexer->token.at, "L03", "names begin with a letter", "%s is expected here, not a number",
			expected);
		lex_next(lexer);
		return false;
	}
	for (const char *p = text; *p != 0; p++)
		if ((*p >= 'A' && *p <= 'Z') || *text == '_') {
			error_at(lexer->c, lexer->token.at, "L03", "use lower-case letters, digits and _",
				"`%s` is not a name here", text);
			break;
		}
	*name = (struct name){text, lexer->token.at};
	lex_next(lexer);
	return true;
}

static bool expect_new_name(struct lexer *lexer, struct name *name, const char *expected)
{
	if (!expect_name(lexer, name, expected))
		return false;
	for (u32 i = 0; i < COUNT(reserved); i++)
		if (strcmp(reserved[i], name->text) == 0)
			error_at(lexer->c, name->at, "N03", "choose another name", "`%s` is reserved", name->text);
	return true;
}

/* A word of a message becomes a parameter. */
static bool expect_word_name(struct lexer *lexer, struct name *name)
{
	if (!expect_new_name(lexer, name, "the name of a word"))
		return false;
	for (u32 i = 0; i < COUNT(reserved_words); i++)
		if (strcmp(reserved_words[i], name->text) == 0)
			error_at(lexer->c, name->at, "N03", "choose another name", "a word of a message cannot be called `%s`",
				name->text);
	return true;
}

static bool expect_number(struct lexer *lexer, struct quantity *quantity, enum unit unit, u64 limit, const char *what)
{
	static const char *const hints[] = {
		"a plain number, without a unit", "a size such as 4K, 2M or a multiple of 4096", "a time such as 200us, 5ms or 1s",
		"a percentage",
	};
	const struct token token = lexer->token;

	if (token.kind != TOKEN_NUMBER)
		return fail(lexer, what);
	lex_next(lexer);
	if (quantity->given) {
		error_at(lexer->c, token.at, "L11", "keep one of them", "%s is given twice", what);
		error_also(lexer->c, quantity->at, "first given here");
		return true;
	}
	*quantity = (struct quantity){token.value, token.at, true, token.bad};
	if (token.bad)
		return true;
	quantity->bad = true;
	if (token.unit != unit && !(unit == UNIT_BYTES && token.unit == UNIT_NONE && token.value % PAGE == 0))
		error_at(lexer->c, token.at, "L08", hints[unit], "%s has the wrong unit or none", what);
	else if (token.value > limit)
		error_at(lexer->c, token.at, "L06", NULL, "%s is too large: the limit is %lu%s", what,
			unit == UNIT_TIME ? limit / 1000 : limit, unit == UNIT_TIME ? "us" : "");
	else
		quantity->bad = false;
	return true;
}

/* To the next statement or attribute: a token that begins a line, or the end of the block. */
static void skip_line(struct lexer *lexer)
{
	u32 depth = 0;

	while (lexer->token.kind != TOKEN_END) {
		if (depth == 0 && (lexer->token.first || is_sign(lexer, "}")))
			return;
		if (is_sign(lexer, "{"))
			depth++;
		if (is_sign(lexer, "}"))
			depth--;
		lex_next(lexer);
	}
}

static void unknown_word(struct lexer *lexer, const char *what, const char *const *words, u32 count)
{
	const char *near;

	if (lexer->token.bad) {
		lex_next(lexer);
		return;
	}
	if (lexer->token.kind != TOKEN_NAME) {
		fail(lexer, what);
		lex_next(lexer);
		return;
	}
	near = nearest(lexer->token.text, words, count);
	error_at(lexer->c, lexer->token.at, "L10", near == NULL ? NULL : format(lexer->c, "did you mean `%s`?", near),
		"`%s` is not %s", lexer->token.text, what);
	lex_next(lexer);
}

/* ---- protocol ---- */

static bool read_words(struct lexer *lexer, struct name *words, u32 *count)
{
	if (!expect_sign(lexer, "("))
		return false;
	while (!is_sign(lexer, ")")) {
		struct name word = {0};

		if (!expect_word_name(lexer, &word))
			return false;
		for (u32 i = 0; i < *count; i++)
			if (words[i].text == word.text) {
				error_at(lexer->c, word.at, "N01", NULL, "two words named `%s`", word.text);
				error_also(lexer->c, words[i].at, "first given here");
			}
		if (*count == MESSAGE_WORDS)
			error_at(lexer->c, word.at, "S05", "send bulk data through `memory`",
				"a message has at most %d words", MESSAGE_WORDS);
		else
			words[(*count)++] = word;
		if (!is_sign(lexer, ")") && !expect_sign(lexer, ","))
			return false;
	}
	return expect_sign(lexer, ")");
}

static bool read_call(struct lexer *lexer, struct protocol *protocol)
{
	struct call call = {0};

	if (!expect_new_name(lexer, &call.name, "the name of a call") || !read_words(lexer, call.words, &call.word_count))
		return false;
	if (accept_sign(lexer, "->") && !read_words(lexer, call.results, &call.result_count))
		return false;
	if (protocol->call_count == LIMIT_CALLS) {
		error_at(lexer->c, call.name.at, "X03", NULL, "a protocol has at most %u calls", LIMIT_CALLS);
		return true;
	}
	*LIST_ADD(lexer->c, protocol, call) = call;
	return true;
}

static bool read_signal(struct lexer *lexer, struct protocol *protocol)
{
	struct signal signal = {0};

	if (!expect_new_name(lexer, &signal.name, "the name of a signal"))
		return false;
	if (is_word(lexer, "from") && !lexer->token.first) {
		lex_next(lexer);
		if (!expect_word(lexer, "client"))
			return false;
		signal.from_client = true;
	}
	if (protocol->signal_count == NOTIFICATION_BITS) {
		error_at(lexer->c, signal.name.at, "X03", NULL, "a protocol has at most %u signals", NOTIFICATION_BITS);
		return true;
	}
	*LIST_ADD(lexer->c, protocol, signal) = signal;
	return true;
}

static bool read_errors(struct lexer *lexer, struct protocol *protocol)
{
	do {
		const char *text = lexer->token.text;

		if (lexer->token.kind != TOKEN_NAME)
			return fail(lexer, "the name of an error");
		for (const char *p = text; *p != 0; p++)
			if ((*p >= 'a' && *p <= 'z') || *text == '_') {
				error_at(lexer->c, lexer->token.at, "L03", "errors are upper-case, like NO_SPACE",
					"`%s` is not the name of an error", text);
				break;
			}
		for (u32 i = 0; i < protocol->error_count; i++)
			if (protocol->errors[i].text == text)
				error_at(lexer->c, lexer->token.at, "N01", NULL, "two errors named `%s`", text);
		if (protocol->error_count == LIMIT_CALLS)
			error_at(lexer->c, lexer->token.at, "X03", NULL, "a protocol has at most %u errors", LIMIT_CALLS);
		else
			*LIST_ADD(lexer->c, protocol, error) = (struct name){text, lexer->token.at};
		lex_next(lexer);
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_member(struct lexer *lexer, struct protocol *protocol)
{
	struct span at = lexer->token.at;

	if (accept_word(lexer, "call"))
		return read_call(lexer, protocol);
	if (accept_word(lexer, "signal"))
		return read_signal(lexer, protocol);
	if (accept_word(lexer, "error"))
		return read_errors(lexer, protocol);
	if (accept_word(lexer, "memory")) {
		if (protocol->memory)
			error_at(lexer->c, at, "L11", NULL, "`memory` is given twice");
		protocol->memory = true;
		return true;
	}
	unknown_word(lexer, "a call, signal, memory or error", members, COUNT(members));
	return false;
}

static bool read_protocol(struct lexer *lexer)
{
	struct protocol protocol = {0};

	if (!expect_new_name(lexer, &protocol.name, "the name of the protocol") || !expect_sign(lexer, "{"))
		return false;
	while (!is_sign(lexer, "}")) {
		if (lexer->token.kind == TOKEN_END) {
			error_at(lexer->c, protocol.name.at, "L02", "close it with }", "protocol `%s` is still open at the end",
				protocol.name.text);
			return true;
		}
		if (!read_member(lexer, &protocol))
			skip_line(lexer);
	}
	lex_next(lexer);
	if (lexer->c->spec.protocol_count == LIMIT_COMPONENTS) {
		error_at(lexer->c, protocol.name.at, "X03", NULL, "too many protocols");
		return true;
	}
	*LIST_ADD(lexer->c, &lexer->c->spec, protocol) = protocol;
	return true;
}

/* ---- component ---- */

static bool add_item(struct lexer *lexer, struct component *component, const struct item *item)
{
	if (component->item_count == LIMIT_COMPONENTS) {
		error_at(lexer->c, item->name.at, "X03", NULL, "too many things in component `%s`", component->name.text);
		return true;
	}
	*LIST_ADD(lexer->c, component, item) = *item;
	return true;
}

static bool read_service(struct lexer *lexer, struct component *component)
{
	struct item item = {.kind = ITEM_SERVICE};

	if (!expect_new_name(lexer, &item.name, "the name of a service or protocol"))
		return false;
	item.protocol_name = item.name;
	if (accept_sign(lexer, ":") && !expect_name(lexer, &item.protocol_name, "the name of a protocol"))
		return false;
	if (is_word(lexer, "max") && !lexer->token.first) {
		lex_next(lexer);
		if (!expect_number(lexer, &item.max, UNIT_NONE, LIMIT_CONNECTIONS, "the number of clients"))
			return false;
	}
	return add_item(lexer, component, &item);
}

static bool read_port(struct lexer *lexer, struct component *component)
{
	struct item item = {.kind = ITEM_PORT};

	if (!expect_new_name(lexer, &item.name, "the name of a port"))
		return false;
	item.protocol_name = item.name;
	if (accept_sign(lexer, ":") && !expect_name(lexer, &item.protocol_name, "the name of a protocol"))
		return false;
	return add_item(lexer, component, &item);
}

static bool read_devices(struct lexer *lexer, struct component *component)
{
	do {
		struct item item = {.kind = ITEM_DEVICE};

		if (!expect_name(lexer, &item.name, "the name of a device") || !add_item(lexer, component, &item))
			return false;
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_sized(struct lexer *lexer, struct component *component, enum item_kind kind)
{
	struct item item = {.kind = kind};

	if (!expect_new_name(lexer, &item.name, "a name") ||
	    !expect_number(lexer, &item.size, UNIT_BYTES, LIMIT_REGION, "the size"))
		return false;
	return add_item(lexer, component, &item);
}

static bool set_once(struct lexer *lexer, bool *set, struct span *at, struct span here, const char *what)
{
	if (*set) {
		error_at(lexer->c, here, "L11", "keep one of them", "`%s` is given twice", what);
		error_also(lexer->c, *at, "first given here");
	}
	*set = true;
	*at = here;
	return true;
}

static bool read_machine(struct lexer *lexer, struct component *component)
{
	do {
		struct span at = lexer->token.at;
		bool off = is_word(lexer, "power_off");
		bool given = (component->machine & (off ? MACHINE_POWER_OFF : MACHINE_RESET)) != 0;

		if (!off && !is_word(lexer, "reset"))
			return fail(lexer, "`power_off` or `reset`");
		set_once(lexer, &given, off ? &component->power_off_at : &component->reset_at, at, lexer->token.text);
		component->machine |= off ? MACHINE_POWER_OFF : MACHINE_RESET;
		lex_next(lexer);
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_supervises(struct lexer *lexer, struct component *component, struct span at)
{
	set_once(lexer, &component->supervises, &component->supervises_at, at, "supervises");
	if (accept_sign(lexer, "*")) {
		component->supervises_all = true;
		return true;
	}
	do {
		struct name name = {0};

		if (!expect_name(lexer, &name, "the name of a component, or *"))
			return false;
		*LIST_ADD(lexer->c, component, ward) = name;
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_budget(struct lexer *lexer, struct component *component)
{
	struct quantity again = {0};
	bool given = component->budget.given;

	if (!expect_number(lexer, &component->budget, UNIT_TIME, 3600000000000ul, "the budget"))
		return false;
	if (!expect_sign(lexer, "/"))
		return false;
	return expect_number(lexer, given ? &again : &component->period, UNIT_TIME, 3600000000000ul, "the period");
}

static bool read_image(struct lexer *lexer, struct component *component)
{
	if (component->image.text != NULL) {
		error_at(lexer->c, lexer->token.at, "L11", "keep one of them", "the image is given twice");
		error_also(lexer->c, component->image.at, "first given here");
	}
	return expect_name(lexer, &component->image, "the name of the image's folder");
}

static bool read_quantities(struct lexer *lexer, struct component *component, bool *known)
{
	*known = true;
	if (accept_word(lexer, "priority"))
		return expect_number(lexer, &component->priority, UNIT_NONE, ~0ul, "the priority");
	if (accept_word(lexer, "threads"))
		return expect_number(lexer, &component->threads, UNIT_NONE, ~0ul, "the number of threads");
	if (accept_word(lexer, "spares"))
		return expect_number(lexer, &component->spares, UNIT_NONE, LIMIT_SPARES, "the number of spare slots");
	if (accept_word(lexer, "stack"))
		return expect_number(lexer, &component->stack, UNIT_BYTES, ~0ul, "the stack");
	if (accept_word(lexer, "limit"))
		return expect_number(lexer, &component->limit, UNIT_TIME, 3600000000000ul, "the limit of a call");
	if (accept_word(lexer, "budget"))
		return read_budget(lexer, component);
	if (accept_word(lexer, "image"))
		return read_image(lexer, component);
	*known = false;
	return true;
}

static bool read_items(struct lexer *lexer, struct component *component, bool *known)
{
	*known = true;
	if (accept_word(lexer, "serves"))
		return read_service(lexer, component);
	if (accept_word(lexer, "uses"))
		return read_port(lexer, component);
	if (accept_word(lexer, "owns"))
		return read_devices(lexer, component);
	if (accept_word(lexer, "dma"))
		return read_sized(lexer, component, ITEM_DMA);
	if (accept_word(lexer, "memory"))
		return read_sized(lexer, component, ITEM_MEMORY);
	if (accept_word(lexer, "untyped"))
		return read_sized(lexer, component, ITEM_UNTYPED);
	*known = false;
	return true;
}

static bool read_attribute(struct lexer *lexer, struct component *component)
{
	struct span at = lexer->token.at;
	bool known, done;

	done = read_quantities(lexer, component, &known);
	if (known)
		return done;
	done = read_items(lexer, component, &known);
	if (known)
		return done;
	if (accept_word(lexer, "passive"))
		return set_once(lexer, &component->passive, &component->passive_at, at, "passive");
	if (accept_word(lexer, "timer"))
		return set_once(lexer, &component->timer, &component->timer_at, at, "timer");
	if (accept_word(lexer, "faults"))
		return set_once(lexer, &component->faults, &component->faults_at, at, "faults");
	if (accept_word(lexer, "manifest"))
		return set_once(lexer, &component->manifest, &component->manifest_at, at, "manifest");
	if (accept_word(lexer, "trusted"))
		return set_once(lexer, &component->trusted, &component->trusted_at, at, "trusted");
	if (accept_word(lexer, "machine"))
		return read_machine(lexer, component);
	if (accept_word(lexer, "supervises"))
		return read_supervises(lexer, component, at);
	unknown_word(lexer, "an attribute of a component", attributes, COUNT(attributes));
	return false;
}

static bool read_component(struct lexer *lexer)
{
	struct component component = {0};

	if (!expect_new_name(lexer, &component.name, "the name of the component") || !expect_sign(lexer, "{"))
		return false;
	while (!is_sign(lexer, "}")) {
		if (lexer->token.kind == TOKEN_END) {
			error_at(lexer->c, component.name.at, "L02", "close it with }",
				"component `%s` is still open at the end of the file", component.name.text);
			return true;
		}
		if (!read_attribute(lexer, &component))
			skip_line(lexer);
	}
	lex_next(lexer);
	if (lexer->c->spec.component_count == LIMIT_COMPONENTS) {
		error_at(lexer->c, component.name.at, "X03", NULL, "a system has at most %u components", LIMIT_COMPONENTS);
		return true;
	}
	*LIST_ADD(lexer->c, &lexer->c->spec, component) = component;
	return true;
}

/* ---- the other statements ---- */

static bool read_paths(struct lexer *lexer, struct device *device)
{
	do {
		if (lexer->token.kind != TOKEN_STRING)
			return fail(lexer, "the path of a node in quotes");
		if (device->path_count == DEVICE_NODES)
			error_at(lexer->c, lexer->token.at, "X03", NULL, "a device has at most %u nodes", DEVICE_NODES);
		else
			*LIST_ADD(lexer->c, device, path) = (struct name){lexer->token.text, lexer->token.at};
		lex_next(lexer);
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_device(struct lexer *lexer)
{
	struct device device = {.owner = NONE};

	if (!expect_new_name(lexer, &device.name, "the name of the device") || !expect_word(lexer, "at"))
		return false;
	if (lexer->token.kind == TOKEN_STRING) {
		if (!read_paths(lexer, &device))
			return false;
	} else {
		if (!expect_number(lexer, &device.address, UNIT_NONE, ~0ul, "an address or the path of a node"))
			return false;
		if (!expect_word(lexer, "size") || !expect_number(lexer, &device.size, UNIT_BYTES, LIMIT_REGION, "the size"))
			return false;
		if (is_word(lexer, "line") && !lexer->token.first) {
			lex_next(lexer);
			if (!expect_number(lexer, &device.line, UNIT_NONE, ~0ul, "the interrupt line"))
				return false;
		}
	}
	if (lexer->c->spec.device_count == LIMIT_COMPONENTS) {
		error_at(lexer->c, device.name.at, "X03", NULL, "too many devices");
		return true;
	}
	*LIST_ADD(lexer->c, &lexer->c->spec, device) = device;
	return true;
}

static bool read_connect(struct lexer *lexer, struct span at)
{
	struct connection connection = {.at = at};

	if (!expect_name(lexer, &connection.client, "COMPONENT.PORT") || !expect_sign(lexer, ".") ||
	    !expect_name(lexer, &connection.port, "the name of a port") || !expect_sign(lexer, "->") ||
	    !expect_name(lexer, &connection.server, "the name of a component"))
		return false;
	if (accept_sign(lexer, ".") && !expect_name(lexer, &connection.service, "the name of a service"))
		return false;
	for (;;) {
		if (is_word(lexer, "memory") && !lexer->token.first) {
			lex_next(lexer);
			if (!expect_number(lexer, &connection.memory, UNIT_BYTES, LIMIT_REGION, "the memory"))
				return false;
		} else if (is_word(lexer, "grant") && !lexer->token.first) {
			lex_next(lexer);
			connection.grant = true;
		} else {
			break;
		}
	}
	if (lexer->c->spec.connection_count == LIMIT_CONNECTIONS) {
		error_at(lexer->c, at, "X03", NULL, "a system has at most %u connections", LIMIT_CONNECTIONS);
		return true;
	}
	connection.at.length = lexer->end - at.offset;
	*LIST_ADD(lexer->c, &lexer->c->spec, connection) = connection;
	return true;
}

static bool read_subjects(struct lexer *lexer, struct assertion *assertion)
{
	do {
		struct name name = {0};

		if (!expect_name(lexer, &name, "the name of a component"))
			return false;
		*LIST_ADD(lexer->c, assertion, subject) = name;
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_only(struct lexer *lexer, struct assertion *assertion)
{
	if (!read_subjects(lexer, assertion))
		return false;
	if (accept_word(lexer, "reach") || accept_word(lexer, "reaches"))
		assertion->kind = ASSERT_ONLY_REACH;
	else if (accept_word(lexer, "hold") || accept_word(lexer, "holds"))
		assertion->kind = ASSERT_ONLY_HOLD;
	else
		return fail(lexer, "`reach` or `hold`");
	return expect_name(lexer, &assertion->target, "a name");
}

static bool read_no_path(struct lexer *lexer, struct assertion *assertion)
{
	struct name from = {0};

	assertion->kind = ASSERT_NO_PATH;
	if (!expect_word(lexer, "path") || !expect_name(lexer, &from, "the name of a component"))
		return false;
	*LIST_ADD(lexer->c, assertion, subject) = from;
	return expect_sign(lexer, "->") && expect_name(lexer, &assertion->target, "the name of a component");
}

static bool read_utilisation(struct lexer *lexer, struct assertion *assertion)
{
	struct quantity limit = {0};

	assertion->kind = ASSERT_UTILISATION;
	if (!expect_word(lexer, "at") || !expect_word(lexer, "most") ||
	    !expect_number(lexer, &limit, UNIT_NONE, 100, "the utilisation in percent") || !expect_sign(lexer, "%"))
		return false;
	assertion->limit = limit.value;
	return true;
}

static bool read_assert(struct lexer *lexer, struct span at)
{
	struct assertion assertion = {.at = at};
	bool good;

	if (accept_word(lexer, "only")) {
		good = read_only(lexer, &assertion);
	} else if (accept_word(lexer, "no")) {
		good = read_no_path(lexer, &assertion);
	} else if (accept_word(lexer, "utilisation")) {
		good = read_utilisation(lexer, &assertion);
	} else {
		assertion.kind = ASSERT_SHARE_NOTHING;
		good = read_subjects(lexer, &assertion) && expect_word(lexer, "share") && expect_word(lexer, "nothing") &&
			expect_word(lexer, "writable");
	}
	if (!good)
		return false;
	assertion.at.length = lexer->end - at.offset;
	*LIST_ADD(lexer->c, &lexer->c->spec, assertion) = assertion;
	return true;
}

static void read_source(struct capdl *c, u32 file);

/* Looks beside the importing file, in the folders given by -I, then in userland/protocols of the folders above. */
static bool find_import(struct capdl *c, u32 from, const char *name, const char **where, const char **text, u32 *size)
{
	const char *base = c->sources[from].where;
	const char *slash = strrchr(base, '/');
	int length = slash == NULL ? 0 : (int)(slash - base) + 1;

	*where = format(c, "%.*s%s", length, base, name);
	if (*where != intern(c, base, strlen(base)) && c->read_file(c, *where, text, size))
		return true;
	for (u32 i = 0; i < c->include_count; i++) {
		*where = format(c, "%s/%s", c->includes[i], name);
		if (c->read_file(c, *where, text, size))
			return true;
	}
	for (u32 up = 0; up < 8; up++) {
		*where = format(c, "%.*s%.*suserland/protocols/%s", length, base, (int)up * 3, "../../../../../../../../", name);
		if (c->read_file(c, *where, text, size))
			return true;
	}
	return false;
}

static void import(struct capdl *c, u32 from, struct token name)
{
	const char *where, *text;
	u32 size;

	if (name.text[0] == 0 || !find_import(c, from, name.text, &where, &text, &size)) {
		error_at(c, name.at, "N07", "looked beside this file, in -I folders and in userland/protocols",
			"there is no file \"%s\" to import, or it is larger than 64 MiB", name.text);
		return;
	}
	for (u32 i = 0; i < c->source_count; i++) {
		if (c->sources[i].use.length > 0 || c->sources[i].size != size || memcmp(c->sources[i].text, text, size) != 0)
			continue;
		if (c->sources[i].open)
			error_at(c, name.at, "N07", "remove one of the imports", "\"%s\" imports itself", name.text);
		return; /* the same text again: already known */
	}
	if (c->file_count == LIMIT_FILES) {
		error_at(c, name.at, "X05", NULL, "a system imports at most %u files", LIMIT_FILES);
		return;
	}
	c->sources = arena_grow(&c->arena, c->sources, c->source_count, &c->source_capacity, sizeof *c->sources);
	c->sources[c->source_count] = (struct source){.path = name.text, .where = where, .text = text, .size = size,
		.open = true};
	c->file_count++;
	read_source(c, c->source_count++);
}

static bool read_import(struct lexer *lexer)
{
	struct token name = lexer->token;

	if (name.kind != TOKEN_STRING)
		return fail(lexer, "the name of a file in quotes");
	lex_next(lexer);
	if (!name.bad)
		import(lexer->c, lexer->file, name);
	return true;
}

static bool read_system_name(struct lexer *lexer)
{
	struct name name = {0};

	if (!expect_name(lexer, &name, "the name of the system"))
		return false;
	if (lexer->c->spec.system.text != NULL) {
		error_at(lexer->c, name.at, "L11", "keep one of them", "the system is named twice");
		error_also(lexer->c, lexer->c->spec.system.at, "first named here");
	}
	lexer->c->spec.system = name;
	return true;
}

/* partition NAME: COMPONENT, ...; several statements may add to one. */
static bool read_partition(struct lexer *lexer)
{
	struct spec *spec = &lexer->c->spec;
	struct name name = {0};
	u32 index = 0;

	if (!expect_name(lexer, &name, "the name of the partition") || !expect_sign(lexer, ":"))
		return false;
	if (strcmp(name.text, "idle") == 0)
		error_at(lexer->c, name.at, "N03", "choose another name", "`idle` is the window in which nobody runs");
	while (index < spec->partition_count && spec->partitions[index].name.text != name.text)
		index++;
	if (index == spec->partition_count) {
		if (index == PARTITIONS - 1) {
			error_at(lexer->c, name.at, "X03", NULL, "a system has at most %u partitions", PARTITIONS - 1);
			return false;
		}
		*LIST_ADD(lexer->c, spec, partition) = (struct partition){.name = name};
	}
	do {
		struct name member = {0};

		if (!expect_name(lexer, &member, "the name of a component"))
			return false;
		*LIST_ADD(lexer->c, &spec->partitions[index], member) = member;
	} while (accept_sign(lexer, ","));
	return true;
}

/* schedule PARTITION TIME, ...: the cycle of windows, the first one first. */
static bool read_schedule(struct lexer *lexer, struct span at)
{
	struct spec *spec = &lexer->c->spec;

	if (spec->window_count > 0) {
		error_at(lexer->c, at, "L11", "keep one of them", "the schedule is given twice");
		error_also(lexer->c, spec->schedule_at, "first given here");
		return false;
	}
	spec->schedule_at = at;
	do {
		struct window window = {0};

		if (!expect_name(lexer, &window.name, "the name of a partition") ||
		    !expect_number(lexer, &window.time, UNIT_TIME, 3600000000000ul, "the length of a window"))
			return false;
		if (spec->window_count == WINDOWS_MAX) {
			error_at(lexer->c, window.name.at, "X03", NULL, "a schedule has at most %u windows", WINDOWS_MAX);
			return false;
		}
		*LIST_ADD(lexer->c, spec, window) = window;
	} while (accept_sign(lexer, ","));
	return true;
}

static bool read_statement(struct lexer *lexer, bool top);

/* Steps over the block whose { is the current token, unread; false: the file ends in it. */
static bool take_block(struct lexer *lexer, struct span at, struct span *body)
{
	const struct source *source = &lexer->c->sources[lexer->file];
	u32 end;

	if (!is_sign(lexer, "{"))
		return fail(lexer, "`{`");
	*body = (struct span){lexer->file, lexer->offset, 0};
	end = block_end(source, lexer->offset);
	if (end == NONE)
		error_at(lexer->c, at, "L02", "close it with }", "this block is still open at the end of the file");
	body->length = end == NONE ? 0 : end - lexer->offset;
	lexer->offset = end == NONE ? source->size : end + 1;
	lex_next(lexer);
	return end != NONE;
}

/* ---- templates and loops (expand.c) ---- */

static void read_copy(struct lexer *lexer, struct span body, struct span use, const struct argument *arguments,
	u32 count)
{
	struct lexer inner;
	u32 file = expand(lexer->c, body, use, arguments, count);

	if (file == NONE)
		return;
	lex_start(&inner, lexer->c, file);
	while (inner.token.kind != TOKEN_END)
		if (!read_statement(&inner, true))
			skip_line(&inner);
}

static struct template *find_template(struct capdl *c, const char *name)
{
	for (u32 i = 0; i < c->spec.template_count; i++)
		if (c->spec.templates[i].name.text == name)
			return &c->spec.templates[i];
	return NULL;
}

/* template NAME(parameter, ...) { statements } */
static bool read_template(struct lexer *lexer)
{
	struct template template = {0}, *other;

	if (!expect_name(lexer, &template.name, "the name of the template") || !expect_sign(lexer, "("))
		return false;
	while (!is_sign(lexer, ")")) {
		struct name name = {0};

		if (!expect_name(lexer, &name, "the name of a parameter"))
			return false;
		if (template.parameter_count == LIMIT_PARAMETERS) {
			error_at(lexer->c, name.at, "X05", NULL, "a template has at most %u parameters", LIMIT_PARAMETERS);
			return false;
		}
		for (u32 i = 0; i < template.parameter_count; i++)
			if (template.parameters[i].text == name.text)
				error_at(lexer->c, name.at, "N01", NULL, "two parameters named `%s`", name.text);
		template.parameters[template.parameter_count++] = name;
		if (!is_sign(lexer, ")") && !expect_sign(lexer, ","))
			return false;
	}
	lex_next(lexer);
	if (!take_block(lexer, template.name.at, &template.body))
		return true;
	other = find_template(lexer->c, template.name.text);
	if (other != NULL) {
		error_at(lexer->c, template.name.at, "N01", "choose another name", "two templates named `%s`", template.name.text);
		error_also(lexer->c, other->name.at, "first declared here");
		return true;
	}
	*LIST_ADD(lexer->c, &lexer->c->spec, template) = template;
	return true;
}

static bool unknown_template(struct lexer *lexer, struct name name)
{
	struct capdl *c = lexer->c;
	const char **words = arena_take(&c->arena, (c->spec.template_count + 1) * sizeof *words), *near;

	for (u32 i = 0; i < c->spec.template_count; i++)
		words[i] = c->spec.templates[i].name.text;
	near = nearest(name.text, words, c->spec.template_count);
	error_at(c, name.at, "N02", near == NULL ? "a template stands before its first use" :
		format(c, "did you mean `%s`?", near), "there is no template `%s`", name.text);
	return false;
}

/* An argument, as it is written. */
static bool read_argument(struct lexer *lexer, struct argument *argument)
{
	const struct token *token = &lexer->token;
	const char *text = lexer->c->sources[lexer->file].text + token->at.offset;

	if (token->kind != TOKEN_NAME && token->kind != TOKEN_NUMBER && token->kind != TOKEN_STRING)
		return fail(lexer, "a name, a number or a text in quotes");
	argument->text = intern(lexer->c, text, token->at.length);
	lex_next(lexer);
	return is_sign(lexer, ")") || expect_sign(lexer, ",");
}

/* use NAME(argument, ...) */
static bool read_use(struct lexer *lexer, struct span at)
{
	struct argument *arguments = arena_take(&lexer->c->arena, LIMIT_PARAMETERS * sizeof *arguments);
	const struct template *template;
	struct name name = {0};
	u32 count = 0;

	if (!expect_name(lexer, &name, "the name of a template") || !expect_sign(lexer, "("))
		return false;
	while (!is_sign(lexer, ")")) {
		struct argument beyond;

		if (!read_argument(lexer, count < LIMIT_PARAMETERS ? &arguments[count] : &beyond))
			return false;
		count++;
	}
	lex_next(lexer);
	at.length = lexer->end - at.offset;
	template = find_template(lexer->c, name.text);
	if (template == NULL)
		return unknown_template(lexer, name);
	if (count != template->parameter_count) {
		error_at(lexer->c, at, "N08", NULL, "`%s` has %u parameter%s, but %u are given", name.text,
			template->parameter_count, template->parameter_count == 1 ? "" : "s", count);
		error_also(lexer->c, template->name.at, "declared here");
		return true;
	}
	for (u32 i = 0; i < count; i++)
		arguments[i].name = template->parameters[i].text;
	read_copy(lexer, template->body, at, arguments, count);
	return true;
}

/* for NAME in FIRST..LAST { statements } */
static bool read_for(struct lexer *lexer, struct span at)
{
	struct capdl *c = lexer->c;
	struct quantity first = {0}, last = {0};
	struct span body;
	struct name name = {0};

	if (!expect_name(lexer, &name, "the name of a variable") || !expect_word(lexer, "in") ||
	    !expect_number(lexer, &first, UNIT_NONE, LIMIT_CONNECTIONS, "the first number") || !expect_sign(lexer, ".") ||
	    !expect_sign(lexer, ".") || !expect_number(lexer, &last, UNIT_NONE, LIMIT_CONNECTIONS, "the last number"))
		return false;
	at.length = lexer->end - at.offset;
	if (!take_block(lexer, at, &body) || first.bad || last.bad)
		return true;
	if (first.value > last.value) {
		error_at(c, first.at, "N05", "both ends belong to the range", "the range runs from %lu back to %lu", first.value,
			last.value);
		return true;
	}
	if (expand_bound(c, lexer->file, name.text)) {
		error_at(c, name.at, "N01", "choose another name", "`$%s` has a meaning here already", name.text);
		return true;
	}
	for (u64 i = first.value; i <= last.value && !c->expanded_enough; i++) {
		struct argument *argument = arena_take(&c->arena, sizeof *argument);

		*argument = (struct argument){name.text, format(c, "%lu", i)};
		read_copy(lexer, body, at, argument, 1);
	}
	return true;
}

/* on "riscv-virtio" { ... }: statements for boards whose tree is compatible with that. */
static bool read_on(struct lexer *lexer)
{
	struct span at = lexer->token.at;
	const char *board = lexer->token.text;
	struct span skipped;

	if (lexer->token.kind != TOKEN_STRING)
		return fail(lexer, "what the board's device tree is compatible with, in quotes");
	lex_next(lexer);
	if (lexer->c->board.compatible == NULL || strcmp(board, lexer->c->board.compatible) != 0)
		return take_block(lexer, at, &skipped) || lexer->token.kind == TOKEN_END;
	if (!expect_sign(lexer, "{"))
		return false;
	while (!is_sign(lexer, "}")) {
		if (lexer->token.kind == TOKEN_END) {
			error_at(lexer->c, at, "L02", "close it with }", "this block is still open at the end of the file");
			return true;
		}
		if (!read_statement(lexer, false))
			skip_line(lexer);
	}
	lex_next(lexer);
	return true;
}

static bool read_statement(struct lexer *lexer, bool top)
{
	struct span at = lexer->token.at;

	if (accept_word(lexer, "component"))
		return read_component(lexer);
	if (accept_word(lexer, "connect"))
		return read_connect(lexer, at);
	if (accept_word(lexer, "protocol"))
		return read_protocol(lexer);
	if (accept_word(lexer, "device"))
		return read_device(lexer);
	if (accept_word(lexer, "assert"))
		return read_assert(lexer, at);
	if (accept_word(lexer, "import"))
		return read_import(lexer);
	if (accept_word(lexer, "system"))
		return read_system_name(lexer);
	if (accept_word(lexer, "partition"))
		return read_partition(lexer);
	if (accept_word(lexer, "schedule"))
		return read_schedule(lexer, at);
	if (accept_word(lexer, "use"))
		return read_use(lexer, at);
	if (accept_word(lexer, "for"))
		return read_for(lexer, at);
	if (top && accept_word(lexer, "template"))
		return read_template(lexer);
	if (top && accept_word(lexer, "on"))
		return read_on(lexer);
	unknown_word(lexer, "a statement", statements, COUNT(statements));
	return false;
}

static void read_source(struct capdl *c, u32 file)
{
	struct lexer lexer;

	lex_start(&lexer, c, file);
	while (lexer.token.kind != TOKEN_END)
		if (!read_statement(&lexer, true))
			skip_line(&lexer);
	c->sources[file].open = false;
}

void read_buffer(struct capdl *c, const char *path, const char *text, u32 size)
{
	c->sources = arena_grow(&c->arena, c->sources, c->source_count, &c->source_capacity, sizeof *c->sources);
	c->sources[c->source_count] = (struct source){.path = path, .where = path, .text = text, .size = size, .open = true};
	c->file_count++;
	read_source(c, c->source_count++);
}

void read_system(struct capdl *c, const char *path)
{
	const char *text;
	u32 size;

	if (!c->read_file(c, path, &text, &size)) {
		error_at(c, (struct span){NONE, 0, 0}, "N07", NULL, "%s cannot be read, or is larger than 64 MiB", path);
		return;
	}
	read_buffer(c, path, text, size);
}
