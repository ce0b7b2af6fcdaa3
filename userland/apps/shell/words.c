/* words.c - splits a line into words: blanks divide, "..." keeps blanks, a backslash takes what follows as it is. */
#include "shell.h"

void words_split(struct words *words, const char *line)
{
	size_t used = 0;

	words->count = 0;
	words->error = NULL;
	words->quoted = false;
	for (;;) {
		bool quoted = false;

		while (*line == ' ' || *line == '\t')
			line++;
		if (*line == '\0')
			return;
		if (words->count == MAX_WORDS) {
			words->error = "too many words on one line (at most 32)";
			return;
		}
		words->rest[words->count] = line;
		words->word[words->count++] = words->text + used;
		while (*line != '\0' && (quoted || (*line != ' ' && *line != '\t'))) {
			if (*line == '"') {
				quoted = !quoted;
				line++;
				continue;
			}
			if (*line == '\\' && line[1] != '\0')
				line++;
			words->text[used++] = *line++;
		}
		words->text[used++] = '\0';
		if (quoted) {
			words->quoted = true;
			words->error = "a quotation mark is missing at the end";
			return;
		}
	}
}
