/* tests.c - host tests of the userland's pure parts. Each test is a function named after what it shows. */
#include "edit.h"
#include "format.h"
#include "shell.h"
#include "stream.h"
#include <stdio.h>
#include <stdlib.h>

void *our_memcpy(void *to, const void *from, size_t size);
void *our_memmove(void *to, const void *from, size_t size);
void *our_memset(void *to, int value, size_t size);
int our_memcmp(const void *left, const void *right, size_t size);
int our_strncmp(const char *left, const char *right, size_t limit);

static int passed;
static int failed;
static const char *test_name;
static bool test_failed;

#define CHECK(condition) do { \
	if (!(condition)) { \
		printf("%s: line %d: %s\n", test_name, __LINE__, #condition); \
		test_failed = true; \
	} \
} while (0)

static void check_text(int line, const char *is, const char *should)
{
	if (strcmp(is, should) != 0) {
		printf("%s: line %d: is \"%s\", should be \"%s\"\n", test_name, line, is, should);
		test_failed = true;
	}
}
#define CHECK_TEXT(is, should) check_text(__LINE__, is, should)

/* ---- memory ---- */

static void memory_functions_agree_with_the_libc_at_every_alignment(void)
{
	unsigned char source[400];
	unsigned char ours[400];
	unsigned char theirs[400];

	for (size_t i = 0; i < sizeof source; i++)
		source[i] = (unsigned char)(i * 7 + 3);
	for (size_t from = 0; from < 9; from++) {
		for (size_t to = 0; to < 9; to++) {
			for (size_t size = 0; size < 300; size += size < 40 ? 1 : 37) {
				memset(ours, 0xee, sizeof ours);
				memset(theirs, 0xee, sizeof theirs);
				our_memcpy(ours + to, source + from, size);
				memcpy(theirs + to, source + from, size);
				CHECK(memcmp(ours, theirs, sizeof ours) == 0);
				memcpy(ours, source, sizeof ours);
				memcpy(theirs, source, sizeof theirs);
				our_memmove(ours + to, ours + from, size);
				memmove(theirs + to, theirs + from, size);
				CHECK(memcmp(ours, theirs, sizeof ours) == 0);
				our_memset(ours + to, (int)size, size);
				memset(theirs + to, (int)size, size);
				CHECK(memcmp(ours, theirs, sizeof ours) == 0);
			}
		}
	}
	CHECK(our_memcmp("abc", "abd", 3) < 0 && our_memcmp("abc", "abd", 2) == 0);
	CHECK(our_strncmp("ab", "abc", 9) < 0 && our_strncmp("b", "abc", 9) > 0 && our_strncmp("abx", "aby", 2) == 0);
}

/* ---- format ---- */

static void format_writes_numbers_and_texts_with_widths(void)
{
	char out[100];
	const char *volatile no_text = NULL;

	format(out, sizeof out, "%d|%5d|%-5d|%05d|%u", -7, 42, 42, 42, 4000000000u);
	CHECK_TEXT(out, "-7|   42|42   |00042|4000000000");
	format(out, sizeof out, "%lx|%016lx|%X|%lu|%ld", 0xdeadbeeful, 1ul, 255u, ~0ul, (long)(1ul << 63));
	CHECK_TEXT(out, "deadbeef|0000000000000001|FF|18446744073709551615|-9223372036854775808");
	format(out, sizeof out, "%s|%6s|%-6s|%.2s|%.*s|%c|%%", "ab", "ab", "ab", "abc", 1, "xyz", 'c');
	CHECK_TEXT(out, "ab|    ab|ab    |ab|x|c|%");
	format(out, sizeof out, "%-*s|%s", 4, "ab", no_text);
	CHECK_TEXT(out, "ab  |(none)");
}

static void format_never_writes_past_the_buffer(void)
{
	char out[8] = "#######";

	CHECK(format(out, 4, "%s", "abcdef") == 6);
	CHECK_TEXT(out, "abc");
	CHECK(out[4] == '#');
	CHECK(format(out, 0, "abc") == 3);
	CHECK(format(NULL, 0, "%05000d", 1) > 1000);
}

/* ---- stream ---- */

#define MEMORY 1024
static _Alignas(64) unsigned char memory[MEMORY];
static struct stream writer;
static struct stream reader;

static void open_stream(void)
{
	memset(memory, 0, sizeof memory);
	CHECK(stream_open_out_writer(&writer, memory, MEMORY) && stream_open_out_reader(&reader, memory, MEMORY));
}

static void stream_delivers_all_bytes_in_order_across_wraps(void)
{
	unsigned char next_in = 0;
	unsigned char next_out = 0;
	unsigned char bytes[200];

	open_stream();
	for (unsigned round = 0; round < 5000; round++) {
		size_t size = (round * 7919u) % 190;
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)(next_in + i);
		next_in = (unsigned char)(next_in + stream_write(&writer, bytes, size));
		size = stream_read(&reader, bytes, (round * 104729u) % 200);
		for (size_t i = 0; i < size; i++)
			CHECK(bytes[i] == next_out++);
	}
}

static void stream_takes_no_more_than_fits(void)
{
	unsigned char bytes[MEMORY] = {0};

	open_stream();
	CHECK(stream_room(&writer) == MEMORY / 2);
	CHECK(stream_write(&writer, bytes, MEMORY) == MEMORY / 2);
	CHECK(stream_room(&writer) == 0 && stream_write(&writer, bytes, 1) == 0);
	CHECK(stream_read(&reader, bytes, 10) == 10 && stream_room(&writer) == 10);
}

static void stream_survives_a_peer_that_writes_any_index(void)
{
	unsigned char bytes[MEMORY];
	struct stream_header *header = (struct stream_header *)memory;

	open_stream();
	for (unsigned i = 0; i < 20000; i++) {
		header->head = (unsigned)rand() * 77777u;
		size_t size = stream_read(&reader, bytes, sizeof bytes);
		CHECK(size <= MEMORY / 2);
		header->tail = (unsigned)rand() * 77777u;
		CHECK(stream_room(&writer) <= MEMORY / 2);
		stream_write(&writer, bytes, sizeof bytes / 2);
		(void)stream_take_wish(&reader);
	}
}

static void stream_goes_on_after_a_restart_of_either_side(void)
{
	char bytes[32];

	open_stream();
	stream_write(&writer, "abcdef", 6);
	CHECK(stream_read(&reader, bytes, 2) == 2);
	CHECK(stream_open_out_reader(&reader, memory, MEMORY));
	CHECK(stream_read(&reader, bytes, 2) == 2 && bytes[0] == 'c');
	CHECK(stream_open_out_writer(&writer, memory, MEMORY));
	stream_write(&writer, "gh", 2);
	CHECK(stream_read(&reader, bytes, 32) == 4 && bytes[0] == 'e' && bytes[3] == 'h');
}

static void stream_wish_for_room_is_seen_once_when_half_is_free(void)
{
	unsigned char bytes[MEMORY] = {0};

	open_stream();
	stream_write(&writer, bytes, MEMORY / 2);
	CHECK(!stream_want_room(&writer, 1));
	CHECK(!stream_take_wish(&reader));
	stream_read(&reader, bytes, 10);
	CHECK(!stream_take_wish(&reader));
	stream_read(&reader, bytes, MEMORY);
	CHECK(stream_take_wish(&reader) && !stream_take_wish(&reader));
	CHECK(stream_want_room(&writer, MEMORY / 4));
}

static void stream_refuses_a_memory_that_is_no_power_of_two(void)
{
	CHECK(!stream_open_in_writer(&writer, memory, 1000) && !stream_open_in_reader(&reader, memory, 512));
	CHECK(stream_open_in_writer(&writer, memory, MEMORY) && stream_open_in_reader(&reader, memory, MEMORY));
	CHECK(stream_room(&writer) == MEMORY / 4);
}

/* ---- edit: keys go in, a small terminal takes what is drawn ---- */

static struct edit edit;
static char row[400];
static size_t column;

static void terminal_take(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\r') {
			column = 0;
		} else if (text[i] == '\x1b') {
			unsigned number = 0;
			for (i += 2; text[i] >= '0' && text[i] <= '9'; i++)
				number = number * 10 + (unsigned)(text[i] - '0');
			if (text[i] == 'K')
				row[column] = '\0';
			else if (text[i] == 'D')
				column -= number;
		} else {
			if (row[column] == '\0')
				row[column + 1] = '\0';
			row[column++] = text[i];
		}
	}
}

static enum edit_result type(const char *keys)
{
	static char out[EDIT_OUTPUT_BYTES];
	enum edit_result result = EDIT_MORE;

	for (; *keys != '\0'; keys++) {
		result = edit_key(&edit, *keys);
		terminal_take(out, edit_draw(&edit, "> ", false, out));
		CHECK(column <= EDIT_COLUMNS && strlen(row) <= EDIT_COLUMNS);
	}
	return result;
}

static void new_line(void)
{
	static char out[EDIT_OUTPUT_BYTES];

	memset(row, 0, sizeof row);
	column = 0;
	edit_start(&edit);
	terminal_take(out, edit_draw(&edit, "> ", true, out));
}

static void edit_shows_what_is_typed(void)
{
	new_line();
	CHECK(type("hello") == EDIT_MORE);
	CHECK_TEXT(edit.text, "hello");
	CHECK_TEXT(row, "> hello");
	CHECK(column == 7);
	CHECK(type("\r") == EDIT_LINE && type("\x03") == EDIT_CANCEL && type("\t") == EDIT_COMPLETE);
}

static void edit_moves_and_changes_in_the_middle(void)
{
	new_line();
	type("hello\x1b[D\x1b[DXY");
	CHECK_TEXT(row, "> helXYlo");
	CHECK(column == 7);
	type("\x01>\x05<");
	CHECK_TEXT(edit.text, ">helXYlo<");
	type("\x1b[H\x1b[3~\x1b[F\x7f");
	CHECK_TEXT(edit.text, "helXYlo");
	CHECK_TEXT(row, "> helXYlo");
	type("\x1b[D\x1b[D\x0b");
	CHECK_TEXT(row, "> helXY");
	type(" two words\x17");
	CHECK_TEXT(edit.text, "helXY two ");
	type("\x15");
	CHECK_TEXT(row, "> ");
	type("\x19");
	CHECK_TEXT(edit.text, "helXY two ");
}

static void edit_walks_through_history_and_comes_back(void)
{
	new_line();
	type("one");
	edit_remember(&edit);
	new_line();
	type("two");
	edit_remember(&edit);
	edit_remember(&edit);
	new_line();
	type("thr\x1b[A");
	CHECK_TEXT(row, "> two");
	type("\x1b[A\x1b[A\x1b[A");
	CHECK_TEXT(row, "> one");
	type("\x1b[B\x1b[B");
	CHECK_TEXT(row, "> thr");
	CHECK_TEXT(edit.text, "thr");
}

static void edit_keeps_a_long_line_in_one_row(void)
{
	new_line();
	for (int i = 0; i < 700; i++)
		type("x");
	CHECK(edit.size == EDIT_BYTES - 1);
	type("\x01y");
	CHECK(column == 2); /* there was no room for the y */
	type("\x05");
	CHECK(column == EDIT_COLUMNS - 1);
	type("\x15");
	CHECK_TEXT(row, "> ");
}

static void edit_takes_characters_of_several_bytes_as_one(void)
{
	new_line();
	type("a\xc3\xa4" "b\x1b[D\x1b[D\x1b[3~");
	CHECK_TEXT(edit.text, "ab");
	type("\xc3\xb6\x7f");
	CHECK_TEXT(edit.text, "ab");
}

static void edit_survives_any_keys(void)
{
	static char out[EDIT_OUTPUT_BYTES];

	new_line();
	for (unsigned i = 0; i < 200000; i++) {
		(void)edit_key(&edit, (char)((unsigned)rand() >> 5));
		CHECK(edit.size < EDIT_BYTES && edit.cursor <= edit.size && edit.text[edit.size] == '\0');
		CHECK(edit_draw(&edit, "mullion:/> ", i % 3 == 0, out) < EDIT_OUTPUT_BYTES);
		if (i % 101 == 0)
			edit_remember(&edit);
	}
}

/* ---- words, path, candidates ---- */

static void words_divide_at_blanks_outside_of_quotes(void)
{
	struct words words;

	words_split(&words, "  write  \"a b\"/c  some text  here ");
	CHECK(words.count == 5 && words.error == NULL);
	CHECK_TEXT(words.word[1], "a b/c");
	CHECK_TEXT(words.rest[2], "some text  here ");
	words_split(&words, "cat a\\ b \\\"");
	CHECK(words.count == 3);
	CHECK_TEXT(words.word[1], "a b");
	CHECK_TEXT(words.word[2], "\"");
	words_split(&words, "");
	CHECK(words.count == 0);
	words_split(&words, "cat \"a");
	CHECK(words.error != NULL);
	words_split(&words, "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a");
	CHECK(words.error != NULL);
}

static void path_becomes_absolute_and_plain(void)
{
	static const char *const cases[][3] = {
		{"/", "a", "/a"}, {"/a/b", "..", "/a"}, {"/a", "../..", "/"}, {"/a", "/x//y/", "/x/y"},
		{"/a", "./b/../c/.", "/a/c"}, {"/a", "", "/a"}, {"/", "..", "/"}, {"/", "...", "/..."},
		{"/a", ".hidden", "/a/.hidden"},
	};
	char out[PATH_BYTES];
	char small[4];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		CHECK(path_resolve(out, sizeof out, cases[i][0], cases[i][1]));
		CHECK_TEXT(out, cases[i][2]);
	}
	CHECK(path_resolve(small, sizeof small, "/", "ab") && !path_resolve(small, sizeof small, "/", "abc"));
	CHECK_TEXT(path_name("/a/b.txt"), "b.txt");
	CHECK_TEXT(path_name("/"), "");
}

static void candidates_share_their_beginning(void)
{
	static struct candidates c;

	candidates_start(&c);
	candidates_add(&c, "restart");
	candidates_add(&c, "reboot");
	CHECK(c.count == 2);
	CHECK_TEXT(c.common, "re");
	for (int i = 0; i < 2000; i++)
		candidates_add(&c, "rest of a long list");
	CHECK(c.count == 2002 && c.used <= sizeof c.text);
}

#define TEST(name) {#name, name}
static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	TEST(memory_functions_agree_with_the_libc_at_every_alignment), TEST(format_writes_numbers_and_texts_with_widths),
	TEST(format_never_writes_past_the_buffer), TEST(stream_delivers_all_bytes_in_order_across_wraps),
	TEST(stream_takes_no_more_than_fits), TEST(stream_survives_a_peer_that_writes_any_index),
	TEST(stream_goes_on_after_a_restart_of_either_side), TEST(stream_wish_for_room_is_seen_once_when_half_is_free),
	TEST(stream_refuses_a_memory_that_is_no_power_of_two), TEST(edit_shows_what_is_typed),
	TEST(edit_moves_and_changes_in_the_middle), TEST(edit_walks_through_history_and_comes_back),
	TEST(edit_keeps_a_long_line_in_one_row), TEST(edit_takes_characters_of_several_bytes_as_one),
	TEST(edit_survives_any_keys), TEST(words_divide_at_blanks_outside_of_quotes), TEST(path_becomes_absolute_and_plain),
	TEST(candidates_share_their_beginning),
};

int main(void)
{
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		test_name = tests[i].name;
		test_failed = false;
		tests[i].run();
		failed += test_failed;
		passed += !test_failed;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
