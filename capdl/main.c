/* main.c - the commands of capdl: arguments, files, exit statuses. */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_GOOD = 0, EXIT_INPUT = 1, EXIT_USAGE = 2 };

struct options {
	const char *command, *file, *tree, *board, *out, *gen, *elf_dir, *cdl, *json, *dot, *report;
	const char *words[8];
	u32 word_count;
	bool json_errors;
};

static const char usage[] =
	"capdl - the specification compiler of Mullion\n"
	"\n"
	"  capdl check FILE.sys --dtb TREE                    look for mistakes, write nothing\n"
	"  capdl headers FILE.sys --dtb TREE --out DIR        DIR/COMPONENT/ports.h, DIR/components.txt, DIR/depend.txt\n"
	"  capdl build FILE.sys --dtb TREE --gen DIR --elf-dir DIR --out system.bin\n"
	"              [--cdl FILE] [--json FILE] [--dot FILE] [--report FILE]\n"
	"                                                     lay the system out; images are DIR/COMPONENT.elf\n"
	"  capdl graph FILE.sys --dtb TREE [--dot FILE] [--json FILE] [caps COMPONENT | who-can RIGHT OBJECT | path FROM TO]\n"
	"                                                     the picture (DOT), or the answer to a question\n"
	"  capdl verify system.bin                            replay its construction program on a model of the kernel\n"
	"  capdl explain CODE                                 what an error code means (all of them without CODE)\n"
	"\n"
	"  --dtb TREE      device tree of the board; or --board DIR, for DIR/board.dtb\n"
	"  -I, --include DIR   also look there for imported files\n"
	"  --json-errors   errors as JSON, one a line\n"
	"\n"
	"The language is described in capdl/README.md. Exit status: 0 done, 1 bad input, 2 bad usage, 3 internal error.\n";

static const char *includes[16];
static u32 include_count;

static bool load(struct capdl *c, const char *path, const char **text, u32 *size)
{
	FILE *file = fopen(path, "rb");
	char *data;
	long length;
	struct stat info;

	if (file == NULL)
		return false;
	if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > LIMIT_FILE) {
		fclose(file);
		return false;
	}
	length = (long)info.st_size;
	data = arena_take(&c->arena, (size_t)length + 1);
	if (fread(data, 1, (size_t)length, file) != (size_t)length) {
		fclose(file);
		return false;
	}
	fclose(file);
	*text = data;
	*size = (u32)length;
	return true;
}

/* Files appear complete or not at all: each is written beside its place and moved there. */
static bool store(const char *path, const void *data, size_t size)
{
	char temporary[4096];
	struct stat info;
	FILE *file;
	bool good;

	if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* a terminal, a pipe, a link: nothing to replace */
		file = fopen(path, "wb");
		good = file != NULL && fwrite(data, 1, size, file) == size;
		if (file == NULL || fclose(file) != 0 || !good) {
			fprintf(stderr, "capdl: cannot write %s: %s\n", path, strerror(errno));
			return false;
		}
		return true;
	}
	if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
		return false;
	file = fopen(temporary, "wb");
	if (file == NULL) {
		fprintf(stderr, "capdl: cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	good = fwrite(data, 1, size, file) == size;
	good = fclose(file) == 0 && good;
	if (!good || rename(temporary, path) != 0) {
		fprintf(stderr, "capdl: cannot write %s: %s\n", path, strerror(errno));
		remove(temporary);
		return false;
	}
	return true;
}

/* The same bytes again leave the file alone, so that nothing is compiled anew. */
static bool store_changed(struct capdl *c, const char *path, const struct buffer *buffer)
{
	const char *old;
	u32 size;

	if (load(c, path, &old, &size) && size == buffer->size && memcmp(old, buffer->data, size) == 0)
		return true;
	return store(path, buffer->data, buffer->size);
}

static bool make_folder(const char *path)
{
	char part[4096];
	size_t length = strlen(path);

	if (length >= sizeof part)
		return false;
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0777) != 0 && errno != EEXIST) {
			fprintf(stderr, "capdl: cannot make folder %s: %s\n", part, strerror(errno));
			return false;
		}
	}
	return true;
}

static bool is_level_two(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && strcmp(path + length - 4, ".cdl") == 0;
}

static int bad_usage(const char *what, const char *word)
{
	fprintf(stderr, "capdl: %s%s\nTry: capdl --help\n", what, word);
	return EXIT_USAGE;
}

static int finish(struct capdl *c, const struct options *options, int status)
{
	if (diagnose_print(c, stderr, options->json_errors) > 0)
		status = EXIT_INPUT;
	buffer_drop(&c->system);
	arena_drop(&c->arena);
	return status;
}

/* Everything that all commands begin with; false if there were errors. */
static bool analyse(struct capdl *c, const struct options *options)
{
	const char *tree;
	u32 size;

	c->read_file = load;
	c->include_count = include_count;
	memcpy(c->includes, includes, sizeof includes);
	if (!load(c, options->tree, &tree, &size)) {
		error_at(c, (struct span){NONE, 0, 0}, "F05", NULL, "the device tree %s cannot be read", options->tree);
		return false;
	}
	board_read(c, tree, size);
	if (c->errors > 0)
		return false;
	read_system(c, options->file);
	analyse_spec(c);
	return c->errors == 0;
}

static bool write_lists(struct capdl *c, const char *out)
{
	struct buffer list = {0}, depend = {0};
	bool good;

	for (u32 i = 0; i < c->spec.component_count; i++) {
		const struct component *component = &c->spec.components[i];

		buffer_print(&list, "%s %s\n", component->name.text,
			component->image.text != NULL ? component->image.text : component->name.text);
	}
	for (u32 i = 0; i < c->source_count; i++)
		if (c->sources[i].use.length == 0)
			buffer_print(&depend, "%s\n", c->sources[i].where);
	good = store_changed(c, format(c, "%s/components.txt", out), &list) &&
		store_changed(c, format(c, "%s/depend.txt", out), &depend);
	buffer_drop(&list);
	buffer_drop(&depend);
	return good;
}

static int do_headers(const struct options *options)
{
	struct capdl c = {0};
	int status = EXIT_GOOD;

	if (options->out == NULL)
		return bad_usage("headers needs --out DIR", "");
	if (!analyse(&c, options))
		return finish(&c, options, EXIT_INPUT);
	for (u32 i = 0; i < c.spec.component_count && status == EXIT_GOOD; i++) {
		const char *folder = format(&c, "%s/%s", options->out, c.spec.components[i].name.text);
		struct buffer header = {0};

		header_print(&c, i, &header);
		if (!make_folder(folder) || !store_changed(&c, format(&c, "%s/ports.h", folder), &header))
			status = EXIT_INPUT;
		buffer_drop(&header);
	}
	if (status == EXIT_GOOD && !write_lists(&c, options->out))
		status = EXIT_INPUT;
	return finish(&c, options, status);
}

static void load_images(struct capdl *c, const char *folder)
{
	for (u32 i = 0; i < c->spec.component_count; i++) {
		const char *name = c->spec.components[i].name.text, *data;
		const char *shown = format(c, "%s.elf", name);
		u32 size;

		if (load(c, format(c, "%s/%s.elf", folder, name), &data, &size))
			image_load(c, i, (const unsigned char *)data, size, shown);
		else
			error_at(c, c->spec.components[i].name.at, "F01", NULL, "image %s is missing, or larger than 64 MiB", shown);
	}
}

/* Headers were written by an earlier run: if the specification has changed since, the images do not fit it. */
static void compare_headers(struct capdl *c, const char *folder)
{
	for (u32 i = 0; i < c->spec.component_count; i++) {
		const char *name = c->spec.components[i].name.text, *data;
		struct buffer header = {0};
		u32 size;

		header_print(c, i, &header);
		if (!load(c, format(c, "%s/%s/ports.h", folder, name), &data, &size) || size != header.size ||
		    memcmp(data, header.data, size) != 0)
			error_at(c, c->spec.components[i].name.at, "F06", "run `capdl headers` and compile the components again",
				"ports.h of `%s` is missing or belongs to another specification", name);
		buffer_drop(&header);
	}
}

static bool write_text(const char *path, struct buffer *text)
{
	bool good = store(path, text->data, text->size);

	buffer_drop(text);
	return good;
}

/* The files that people ask for beside the system. */
static bool write_extras(struct capdl *c, const struct options *options)
{
	struct buffer text = {0};
	struct graph graph = {0};
	bool good = true;

	graph_make(c, &graph);
	if (options->dot != NULL) {
		picture_dot(c, &graph, &text);
		good &= write_text(options->dot, &text);
	}
	if (options->json != NULL) {
		picture_json(c, &graph, &text);
		good &= write_text(options->json, &text);
	}
	if (options->report != NULL) {
		report_memory(c, &text);
		good &= write_text(options->report, &text);
	}
	if (options->cdl != NULL) {
		cdl_print(c, &text);
		good &= write_text(options->cdl, &text);
	}
	return good;
}

static void build_from_sys(struct capdl *c, const struct options *options)
{
	if (!analyse(c, options))
		return;
	if (options->gen != NULL)
		compare_headers(c, options->gen);
	load_images(c, options->elf_dir);
	if (c->errors == 0)
		image_objects(c);
	if (c->errors == 0)
		place(c);
}

static void build_from_cdl(struct capdl *c, const struct options *options)
{
	struct segment *wanted;
	u32 count;

	c->read_file = load;
	cdl_read(c, options->file);
	if (c->errors > 0)
		return;
	wanted = c->segments;
	count = c->segment_count;
	c->segments = NULL;
	c->segment_count = c->segment_capacity = 0;
	load_images(c, options->elf_dir);
	if (c->errors == 0)
		image_contents(c, wanted, count);
	place_order(c);
}

static int do_build(const struct options *options)
{
	struct capdl c = {0};
	int status = EXIT_GOOD;

	if (options->out == NULL || options->elf_dir == NULL)
		return bad_usage("build needs --elf-dir DIR and --out FILE", "");
	if (is_level_two(options->file))
		build_from_cdl(&c, options);
	else
		build_from_sys(&c, options);
	if (c.errors == 0)
		emit(&c);
	if (c.errors > 0)
		return finish(&c, options, EXIT_INPUT);
	if (verify((const unsigned char *)c.system.data, c.system.size, stderr) > 0) {
		fputs("capdl: internal error: the system does not pass its own verification\n", stderr);
		finish(&c, options, EXIT_GOOD);
		return 3;
	}
	if (!store(options->out, c.system.data, c.system.size) || !write_extras(&c, options))
		status = EXIT_INPUT;
	return finish(&c, options, status);
}

static int do_check(const struct options *options)
{
	struct capdl c = {0};

	c.read_file = load;
	if (is_level_two(options->file))
		cdl_read(&c, options->file);
	else
		(void)analyse(&c, options);
	return finish(&c, options, EXIT_GOOD);
}

/* DOT on standard output or in --dot, JSON in --json, or the answer to a question. */
static int do_graph(const struct options *options)
{
	struct capdl c = {.unjudged = true};
	struct graph graph = {0};
	struct buffer text = {0};
	int status = EXIT_GOOD;

	if (!analyse(&c, options))
		return finish(&c, options, EXIT_INPUT);
	if (options->elf_dir != NULL) {
		load_images(&c, options->elf_dir);
		if (c.errors == 0)
			image_objects(&c);
		if (c.errors > 0)
			return finish(&c, options, EXIT_INPUT);
	}
	graph_make(&c, &graph);
	if (options->word_count > 0) {
		status = query(&c, &graph, options->words, options->word_count);
		return finish(&c, options, status);
	}
	if (options->json != NULL) {
		picture_json(&c, &graph, &text);
		status = write_text(options->json, &text) ? status : EXIT_INPUT;
	}
	if (options->dot != NULL || options->json == NULL) {
		picture_dot(&c, &graph, &text);
		if (options->dot != NULL)
			status = write_text(options->dot, &text) ? status : EXIT_INPUT;
		else
			fwrite(text.data, 1, text.size, stdout);
		buffer_drop(&text);
	}
	return finish(&c, options, status);
}

static int do_verify(const struct options *options)
{
	struct capdl c = {0};
	const char *data;
	u32 size, problems;

	if (!load(&c, options->file, &data, &size)) {
		fprintf(stderr, "capdl: %s cannot be read\n", options->file);
		return EXIT_INPUT;
	}
	problems = verify((const unsigned char *)data, size, stdout);
	printf("%s: %u problem%s\n", options->file, problems, problems == 1 ? "" : "s");
	arena_drop(&c.arena);
	return problems == 0 ? EXIT_GOOD : EXIT_INPUT;
}

static int do_explain(const struct options *options)
{
	if (options->file == NULL) {
		diagnose_list(stdout);
		return EXIT_GOOD;
	}
	if (diagnose_explain(options->file, stdout))
		return EXIT_GOOD;
	return bad_usage("there is no error code ", options->file);
}

/* ---- arguments ---- */

static const char **option_value(struct options *options, const char *name)
{
	struct {
		const char *name;
		const char **value;
	} known[] = {
		{"--dtb", &options->tree}, {"--board", &options->board}, {"--out", &options->out}, {"--gen", &options->gen},
		{"--elf-dir", &options->elf_dir}, {"--cdl", &options->cdl}, {"--json", &options->json}, {"--dot", &options->dot},
		{"--report", &options->report},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].value;
	return NULL;
}

static int parse(struct options *options, int count, char **words)
{
	static char board_tree[4096];

	for (int i = 1; i < count; i++) {
		const char **value = option_value(options, words[i]);

		if (strcmp(words[i], "--json-errors") == 0) {
			options->json_errors = true;
		} else if (value != NULL || strcmp(words[i], "-I") == 0 || strcmp(words[i], "--include") == 0) {
			if (i + 1 == count)
				return bad_usage("a value is missing behind ", words[i]);
			if (value != NULL)
				*value = words[i + 1];
			else if (include_count < 16)
				includes[include_count++] = words[i + 1];
			i++;
		} else if (words[i][0] == '-') {
			return bad_usage("there is no option ", words[i]);
		} else if (options->command == NULL) {
			options->command = words[i];
		} else if (options->file == NULL) {
			options->file = words[i];
		} else if (options->word_count < 8) {
			options->words[options->word_count++] = words[i];
		} else {
			return bad_usage("too many words: ", words[i]);
		}
	}
	if (options->tree == NULL && options->board != NULL) {
		struct stat info;

		options->tree = options->board;
		if (stat(options->board, &info) != 0 || !S_ISDIR(info.st_mode))
			return EXIT_GOOD;
		if (snprintf(board_tree, sizeof board_tree, "%s/board.dtb", options->board) >= (int)sizeof board_tree)
			return bad_usage("path too long: ", options->board);
		options->tree = board_tree;
	}
	return EXIT_GOOD;
}

static int run(const struct options *options)
{
	const char *command = options->command;

	if (strcmp(command, "explain") == 0)
		return do_explain(options);
	if (options->file == NULL)
		return bad_usage("a file is missing behind ", command);
	if (strcmp(command, "verify") == 0)
		return do_verify(options);
	if (strcmp(command, "check") != 0 && strcmp(command, "headers") != 0 && strcmp(command, "build") != 0 &&
	    strcmp(command, "graph") != 0)
		return bad_usage("there is no command ", command);
	if (options->tree == NULL && !is_level_two(options->file))
		return bad_usage("the board is missing: --dtb TREE or --board DIR", "");
	if (is_level_two(options->file) && strcmp(command, "check") != 0 && strcmp(command, "build") != 0)
		return bad_usage("object-level text can be checked and built, not used for ", command);
	if (strcmp(command, "headers") == 0)
		return do_headers(options);
	if (strcmp(command, "graph") == 0)
		return do_graph(options);
	return strcmp(command, "build") == 0 ? do_build(options) : do_check(options);
}

int main(int count, char **words)
{
	struct options options = {0};
	int status;

	for (int i = 1; i < count; i++)
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_GOOD;
		}
	status = parse(&options, count, words);
	if (status != EXIT_GOOD)
		return status;
	if (options.command == NULL)
		return bad_usage("a command is missing", "");
	status = run(&options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "capdl: cannot write the output: %s\n", strerror(errno));
		return status != EXIT_GOOD ? status : EXIT_INPUT;
	}
	return status;
}
