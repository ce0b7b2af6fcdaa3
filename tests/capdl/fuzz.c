/* fuzz.c - feeds mutated specifications to the compiler: all passes up to the policy, and those behind
 * on what is good; object-level text (.cdl) is read and checked.
 *
 * fuzz TREE COUNT FILE...: COUNT inputs, each a file with some bytes, words or lines changed. Built with sanitizers, so
 * an error ends it with a report; the number of the input is printed, and `fuzz TREE =NUMBER FILE...` repeats it. */
#include "../../capdl/graph.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_INPUT 65536u

static char *files[1024];
static u32 sizes[1024], file_count;
static u64 state;

static const char *const words[] = {
	"component", "protocol", "connect", "device", "assert", "import", "system", "on", "call", "signal", "memory", "error",
	"serves", "uses", "owns", "dma", "untyped", "timer", "faults", "manifest", "machine", "supervises", "trusted",
	"passive",
	"threads", "stack", "spares", "priority", "budget", "limit", "max", "grant", "from", "client", "only", "reach", "hold",
	"{", "}", "(", ")", "->", ".", ":", ",", "*", "/", "%", "\"", "#", "0", "1", "4K", "2M", "1G", "18446744073709551615",
	"0x", "1us", "10ms", "a", "b", "\n", "share nothing writable", "no path", "utilisation at most", "65536", "16K",
	"cap", "object", "rights", "badge", "section", "-", "0xffffffffffffffff", "4294967295", "untyped", "table", "space",
	"thread", "page", "/kernel", "[0]", "[1]", "[511]", "rwx", " # x:1",
};

static u64 random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dul;
}

static u32 below(u64 limit)
{
	return limit == 0 ? 0 : (u32)(random_next() % limit);
}

static u32 insert(char *text, u32 size, u32 at, const char *what, u32 length)
{
	if (size + length > SIZE_MAX_INPUT)
		return size;
	memmove(text + at + length, text + at, size - at);
	memcpy(text + at, what, length);
	return size + length;
}

static u32 mutate(char *text, u32 size)
{
	u32 at = below(size + 1ul), length, from;
	const char *word;

	switch (below(6)) {
	case 0: /* another byte */
		if (at < size)
			text[at] = (char)random_next();
		return size;
	case 1: /* another word */
		word = words[below(sizeof words / sizeof words[0])];
		size = insert(text, size, at, " ", 1);
		return insert(text, size, at, word, (u32)strlen(word));
	case 2: /* less */
		length = below(at < size ? (size - at < 40 ? size - at : 40) : 0);
		memmove(text + at, text + at + length, size - at - length);
		return size - length;
	case 3: { /* twice */
		char copy[200];

		from = below(size);
		length = below(size - from < sizeof copy ? size - from : sizeof copy);
		memcpy(copy, text + from, length);
		return insert(text, size, at, copy, length);
	}
	case 4: /* a flipped bit */
		if (at < size)
			text[at] = (char)(text[at] ^ (1 << below(8)));
		return size;
	default: /* an end */
		return below(20) == 0 ? at : size;
	}
}

static bool no_file(struct capdl *c, const char *path, const char **text, u32 *size)
{
	(void)c;
	(void)path;
	*text = "protocol imported { call f(a) -> (b) }\n";
	*size = (u32)strlen(*text);
	return below(2) == 0;
}

static const char *input;
static u32 input_size;

static bool the_input(struct capdl *c, const char *path, const char **text, u32 *size)
{
	(void)c;
	(void)path;
	*text = input;
	*size = input_size;
	return true;
}

/* The passes that need images, with images that have no text. */
static void go_on(struct capdl *c)
{
	struct buffer text = {0};
	struct graph graph = {0};

	image_objects(c);
	if (c->errors == 0)
		place(c);
	if (c->errors == 0)
		emit(c);
	if (c->errors == 0 && verify((unsigned char *)c->system.data, c->system.size, stderr) > 0)
		abort();
	if (c->errors > 0)
		return;
	graph_make(c, &graph);
	picture_dot(c, &graph, &text);
	picture_json(c, &graph, &text);
	report_memory(c, &text);
	cdl_print(c, &text);
	buffer_drop(&text);
}

static void try_one(const char *tree, u32 tree_size, u64 number, FILE *sink)
{
	static char text[SIZE_MAX_INPUT + 1];
	struct capdl c = {.read_file = no_file};
	u32 size, which, changes;
	char *exact;

	state = number * 0x9e3779b97f4a7c15ul + 1;
	which = below(file_count);
	changes = 1 + below(8);
	size = sizes[which];
	memcpy(text, files[which], size);
	for (u32 i = 0; i < changes; i++)
		size = mutate(text, size);
	exact = malloc(size == 0 ? 1 : size); /* so that a byte too far is noticed */
	memcpy(exact, text, size);
	if (memcmp(files[which], "cdl ", 4) == 0) {
		input = exact;
		input_size = size;
		c.read_file = the_input;
		cdl_read(&c, "fuzz.cdl");
		if (c.errors == 0)
			place_order(&c);
	} else {
		board_read(&c, tree, tree_size);
		read_buffer(&c, "fuzz.sys", exact, size);
		analyse_spec(&c);
		if (c.errors == 0 && c.model.object_count < 20000)
			go_on(&c);
	}
	if (diagnose_print(&c, sink, number % 2 == 0) == 0 && c.errors > 0)
		abort();
	buffer_drop(&c.system);
	arena_drop(&c.arena);
	free(exact);
}

static char *read_whole(const char *path, u32 *size)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
		exit(2);
	rewind(file);
	text = malloc((size_t)length + 1);
	*size = (u32)fread(text, 1, (size_t)length, file);
	fclose(file);
	return text;
}

int main(int count, char **arguments)
{
	u64 first = 0, number;
	u32 tree_size;
	char *tree;
	FILE *sink = fopen("/dev/null", "w");

	if (count < 4 || sink == NULL)
		return 2;
	tree = read_whole(arguments[1], &tree_size);
	for (int i = 3; i < count && file_count < 1024; i++) {
		files[file_count] = read_whole(arguments[i], &sizes[file_count]);
		if (sizes[file_count] <= SIZE_MAX_INPUT)
			file_count++;
		else
			free(files[file_count]);
	}
	number = strtoul(arguments[2] + (arguments[2][0] == '='), NULL, 10);
	if (arguments[2][0] == '=')
		first = number++;
	for (u64 i = first; i < number; i++) {
		if (i % 10000 == 0)
			fprintf(stderr, "%lu\n", i);
		try_one(tree, tree_size, i, sink);
	}
	fclose(sink);
	free(tree);
	while (file_count > 0)
		free(files[--file_count]);
	return 0;
}
