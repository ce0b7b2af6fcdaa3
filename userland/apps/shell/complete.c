/* complete.c - collects the names that could complete a word. */
#include "shell.h"

void candidates_start(struct candidates *candidates)
{
	candidates->count = 0;
	candidates->used = 0;
	candidates->common[0] = '\0';
}

void candidates_add(struct candidates *candidates, const char *name)
{
	size_t size = strlen(name) + 1;

	if (candidates->count++ == 0) {
		size_t kept = strnlen(name, PATH_BYTES - 1);

		memcpy(candidates->common, name, kept);
		candidates->common[kept] = '\0';
	} else {
		size_t same = 0;

		while (candidates->common[same] != '\0' && candidates->common[same] == name[same])
			same++;
		candidates->common[same] = '\0';
	}
	if (size <= sizeof candidates->text - candidates->used) {
		memcpy(candidates->text + candidates->used, name, size);
		candidates->used += size;
	}
}
