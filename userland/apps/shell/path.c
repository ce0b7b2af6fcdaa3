/* path.c - paths as text: absolute forms, last parts. */
#include "shell.h"

static bool append_part(char *out, size_t size, size_t *used, const char *part, size_t length)
{
	if (*used + 1 + length + 1 > size)
		return false;
	out[(*used)++] = '/';
	memcpy(out + *used, part, length);
	*used += length;
	return true;
}

/* Adds the parts of `path` to out[0..*used), which has no slash at its end. */
static bool append_path(char *out, size_t size, size_t *used, const char *path)
{
	while (*path != '\0') {
		size_t length = 0;

		while (path[length] != '\0' && path[length] != '/')
			length++;
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (*used > 0 && out[--*used] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			if (!append_part(out, size, used, path, length))
				return false;
		}
		path += length;
		while (*path == '/')
			path++;
	}
	return true;
}

bool path_resolve(char *out, size_t size, const char *folder, const char *path)
{
	size_t used = 0;

	if (path[0] != '/' && !append_path(out, size, &used, folder))
		return false;
	if (!append_path(out, size, &used, path))
		return false;
	if (used == 0)
		out[used++] = '/';
	out[used] = '\0';
	return true;
}

const char *path_name(const char *path)
{
	const char *name = path;

	for (; *path != '\0'; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

bool path_join(char *out, size_t size, const char *folder, const char *name)
{
	return path_resolve(out, size, folder, name[0] == '/' ? name + 1 : name);
}
