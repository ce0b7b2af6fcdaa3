/* files.c - the shell's commands on files: a client of the `file` protocol that says in words what went wrong.
 *
 * The connection's memory is divided into two paths and a data area. The server is not trusted: sizes that it returns
 * are checked before use. */
#include "shell.h"
#include "ports.h"

char current_folder[PATH_BYTES] = "/";

#ifdef FILES_MEMORY
#include "file.h"

#define PATH_A 0ul
#define PATH_B 2048ul
#define DATA 4096ul
#define DATA_SIZE (FILES_MEMORY_SIZE - DATA)
#define LIST_BYTES (DATA_SIZE < 8192 ? DATA_SIZE : 8192)

_Static_assert(FILES_MEMORY_SIZE >= 8192, "the shell's connection to the file server needs 8 KiB of memory");

static char *memory_at(u64 offset)
{
	return (char *)FILES_MEMORY + offset;
}

static u64 put_path(u64 offset, const char *path)
{
	size_t size = strlen(path);

	memcpy(memory_at(offset), path, size);
	return size;
}

/* ---- Errors in words ---- */

struct explanation {
	u64 status;
	const char *why;
	const char *advice;
};

static const struct explanation explanations[] = {
	{FILE_ERROR_NOT_FOUND, "there is no such file or folder", "`ls` shows what is there"},
	{FILE_ERROR_EXISTS, "there is something of that name already", "choose another name, or remove it first"},
	{FILE_ERROR_NOT_DIRECTORY, "it is no folder, or a part of the path before it is none", "`ls` shows what is there"},
	{FILE_ERROR_IS_DIRECTORY, "it is a folder", "name a file in it, or use `rmdir` to remove a folder"},
	{FILE_ERROR_NOT_EMPTY, "the folder is not empty", "remove what is in it first"},
	{FILE_ERROR_NO_SPACE, "the disk is full", "`df` shows how full; remove something"},
	{FILE_ERROR_READ_ONLY, "it is read-only", "give the disk write access, or change its attributes on the host"},
	{FILE_ERROR_BAD_NAME, "the name has a character that FAT does not allow (one of \\ : * ? \" < > |), or is too long",
		"choose another name"},
	{FILE_ERROR_BAD_HANDLE, "the file server does not know the open file any more", "try again"},
	{FILE_ERROR_TOO_MANY_OPEN, "too many files are open", "try again later"},
	{FILE_ERROR_IN_USE, "somebody has it open", "try again later"},
	{FILE_ERROR_TOO_BIG, "it would become larger than FAT allows (4 GiB)", "make it smaller"},
	{FILE_ERROR_BAD_ARGUMENT, "the file server refused the request", "look at the paths: a folder cannot go into itself"},
	{FILE_ERROR_IO, "the disk reported an error", "`log` may tell more; check the image on the host"},
	{FILE_ERROR_CORRUPT, "the file system is damaged there", "power off and run fsck.fat on the image"},
	{FILE_ERROR_NO_DISK, "there is no disk", "start the system with --disk IMAGE, or `restart` the disk's driver"},
	{FILE_ERROR_NO_FILE_SYSTEM, "the disk has no FAT file system that I know", "make one on the host with mkfs.fat"},
	{FILE_ERROR_RESTARTED, "the file server was restarted meanwhile", "do it again"},
	{FILE_ERROR_NO_ANSWER, "the disk does not answer", "`ps` shows whether its server or its driver has stopped, `restart` "
		"builds it anew"},
	{STATUS_CANCELLED, "it was interrupted", "do it again"},
};

/* "cannot read /x: there is no such file or folder; `ls` shows what is there." */
static bool check(u64 status, const char *what, const char *path)
{
	if (status == STATUS_OK)
		return true;
	if (status == STATUS_DEAD) {
		say("cannot %s%s%s: the file server behind port `files` (%s) has stopped; `ps` shows which component it is, "
			"`restart` builds it anew.\n", what, path[0] != '\0' ? " " : "", path, specification_origin(SLOT_FILES));
		return false;
	}
	for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
		if (explanations[i].status == status) {
			say("cannot %s%s%s: %s; %s.\n", what, path[0] != '\0' ? " " : "", path, explanations[i].why,
				explanations[i].advice);
			return false;
		}
	}
	say("cannot %s%s%s: %s (status %lu from port `files`, %s).\n", what, path[0] != '\0' ? " " : "", path,
		status_text(status), status, specification_origin(SLOT_FILES));
	return false;
}

static bool resolve(char *out, const char *path)
{
	if (path_resolve(out, PATH_BYTES, current_folder, path))
		return true;
	say("The path %.40s... is too long (at most %d bytes).\n", path, PATH_BYTES - 1);
	return false;
}

/* ---- Small helpers ---- */

static struct file_stat_reply stat_path(const char *path)
{
	return files_stat(PATH_A, put_path(PATH_A, path));
}

static bool is_folder(const char *path)
{
	struct file_stat_reply reply = stat_path(path);

	return reply.status == STATUS_OK && (reply.attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static struct file_open_reply open_path(const char *path, u64 flags)
{
	static bool known;

	if (!known) /* what a shell before this one had open is closed */
		known = files_close_all().status == STATUS_OK;
	return files_open(PATH_A, put_path(PATH_A, path), flags);
}

static void close_handle(u64 handle)
{
	(void)files_close(handle); /* an error of a write is told by the write or by sync */
}

struct date {
	unsigned year, month, day, hour, minute, second;
};

/* Seconds since 1970 to a date of the Gregorian calendar. */
static struct date date_of(u64 seconds)
{
	u64 days = seconds / 86400;
	unsigned rest = (unsigned)(seconds % 86400);
	u64 shifted = days + 719468; /* days since 1 March of year 0 */
	u64 era = shifted / 146097;
	u64 in_era = shifted % 146097;
	u64 year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	u64 day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	u64 month_index = (5 * day_of_year + 2) / 153; /* from March */
	unsigned month = (unsigned)(month_index < 10 ? month_index + 3 : month_index - 9);

	return (struct date){(unsigned)(year_of_era + era * 400 + (month <= 2)), month,
		(unsigned)(day_of_year - (153 * month_index + 2) / 5 + 1), rest / 3600, rest / 60 % 60, rest % 60};
}

static void format_date(char out[20], u64 seconds)
{
	struct date d = date_of(seconds);

	if (seconds == 0)
		format(out, 20, "%-16s", "-");
	else
		format(out, 20, "%04u-%02u-%02u %02u:%02u", d.year % 10000, d.month, d.day, d.hour, d.minute);
}

/* ---- Folders ---- */

typedef bool visit(void *context, const struct file_entry *entry, const char *name);

/* Visits the entries of a folder. The records are in memory that the server may change while we read: each is copied
 * first. Returns the status; *complete tells whether the visitor saw everything. */
static u64 walk(const char *path, visit *visitor, void *context)
{
	static union {
		struct file_entry entry;
		char bytes[sizeof(struct file_entry) + FILE_NAME_BYTES + 16];
	} copy;
	struct file_open_reply folder = open_path(path, FILE_OPEN_DIRECTORY | FILE_OPEN_READ_ONLY);
	u64 cookie = 0;
	u64 status = folder.status;

	if (status != STATUS_OK)
		return status;
	for (;;) {
		struct file_list_reply list = files_list(folder.handle, cookie, DATA, LIST_BYTES);
		u64 at = 0;

		status = list.status;
		if (status != STATUS_OK || list.bytes == 0)
			break;
		if (list.bytes > LIST_BYTES || list.next_cookie == cookie) {
			status = FILE_ERROR_CORRUPT;
			break;
		}
		while (at + sizeof(struct file_entry) <= list.bytes) {
			memcpy(&copy, memory_at(DATA + at), sizeof(struct file_entry));
			u64 record = copy.entry.bytes;
			u64 name_size = copy.entry.name_size;
			if (record < sizeof(struct file_entry) || record > list.bytes - at || name_size > FILE_NAME_BYTES ||
				sizeof(struct file_entry) + name_size > record) {
				close_handle(folder.handle);
				return FILE_ERROR_CORRUPT;
			}
			memcpy(copy.entry.name, memory_at(DATA + at + sizeof(struct file_entry)), name_size);
			copy.entry.name[name_size] = '\0';
			at += record;
			if (!visitor(context, &copy.entry, copy.entry.name)) {
				close_handle(folder.handle);
				return STATUS_OK;
			}
		}
		cookie = list.next_cookie;
	}
	close_handle(folder.handle);
	return status;
}

/* A name may hold bytes that would move the cursor. */
static void say_name(const char *name)
{
	char text[FILE_NAME_BYTES + 1];
	size_t i = 0;

	for (; name[i] != '\0' && i < FILE_NAME_BYTES; i++)
		text[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
	text[i] = '\0';
	terminal_write(text, i);
}

static void say_entry(u64 size, u64 attributes, u64 modified, const char *name)
{
	bool folder = (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
	char date[20];

	format_date(date, modified);
	if (folder)
		say("%12s  %s  ", "-", date);
	else
		say("%12lu  %s  ", size, date);
	say_name(name);
	say(folder ? "/\n" : "\n");
}

static bool list_visit(void *context, const struct file_entry *entry, const char *name)
{
	u64 *count = context;

	(*count)++;
	say_entry(entry->size, entry->attributes, entry->modified, name);
	return !terminal_interrupted();
}

static void run_ls(const char *argument)
{
	char path[PATH_BYTES];
	u64 count = 0;

	if (!resolve(path, argument))
		return;
	struct file_stat_reply reply = stat_path(path);
	if (!check(reply.status, "list", path))
		return;
	if ((reply.attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
		say_entry(reply.size, reply.attributes, reply.modified, path_name(path));
		return;
	}
	if (check(walk(path, list_visit, &count), "list", path) && count == 0)
		say("%s is empty.\n", path);
}

static void run_cd(const char *argument)
{
	char path[PATH_BYTES];

	if (!resolve(path, argument))
		return;
	struct file_stat_reply reply = stat_path(path);
	if (!check(reply.status, "go to", path))
		return;
	if ((reply.attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
		say("cannot go to %s: it is a file; `cat` shows it.\n", path);
	else
		memcpy(current_folder, path, strlen(path) + 1);
}

/* ---- Contents ---- */

static void say_bytes(const char *bytes, size_t size)
{
	char text[256];
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (used + 2 > sizeof text) {
			terminal_write(text, used);
			used = 0;
		}
		if (c == '\r')
			continue;
		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f) {
			text[used++] = '^';
			text[used++] = (char)(c ^ 0x40);
		} else {
			text[used++] = (char)c;
		}
	}
	terminal_write(text, used);
}

static bool run_cat(const char *argument)
{
	char path[PATH_BYTES];
	u64 position = 0;
	char last = '\n';

	if (!resolve(path, argument))
		return false;
	struct file_open_reply file = open_path(path, FILE_OPEN_READ_ONLY);
	if (!check(file.status, "read", path))
		return false;
	if ((file.attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
		close_handle(file.handle);
		return check(FILE_ERROR_IS_DIRECTORY, "read", path);
	}
	for (;;) {
		struct file_read_reply part = files_read(file.handle, position, DATA_SIZE, DATA);

		if (!check(part.status, "read", path) || part.done == 0)
			break;
		u64 size = part.done > DATA_SIZE ? DATA_SIZE : part.done;
		for (u64 at = 0; at < size; at += 1024) {
			u64 step = size - at < 1024 ? size - at : 1024;

			say_bytes(memory_at(DATA + at), step);
			if (terminal_interrupted()) {
				say("^C\n");
				close_handle(file.handle);
				return false;
			}
		}
		last = *memory_at(DATA + size - 1);
		position += size;
	}
	if (last != '\n')
		say("\n");
	close_handle(file.handle);
	return true;
}

static void run_write(const struct words *words, bool append)
{
	char path[PATH_BYTES];
	const char *text = words->count > 2 ? words->rest[2] : "";
	const char *what = append ? "append to" : "write";
	size_t size = strlen(text);

	if (!resolve(path, words->word[1]))
		return;
	struct file_open_reply file = open_path(path, FILE_OPEN_CREATE | (append ? 0 : FILE_OPEN_TRUNCATE));
	if (!check(file.status, what, path))
		return;
	memcpy(memory_at(DATA), text, size);
	*memory_at(DATA + size) = '\n';
	u64 done = 0;
	while (done < size + 1) {
		u64 position = append ? FILE_END : done;
		struct file_write_reply part = files_write(file.handle, position, size + 1 - done, DATA + done);

		if (!check(part.status, what, path))
			break;
		if (part.done == 0 || part.done > size + 1 - done) {
			(void)check(FILE_ERROR_IO, what, path);
			break;
		}
		done += part.done;
	}
	close_handle(file.handle);
}

/* If `to` is a folder, the target is an entry of it with the name of `from`. */
static bool target_path(char *target, const char *from, const char *to)
{
	if (!resolve(target, to))
		return false;
	if (is_folder(target)) {
		char folder[PATH_BYTES];

		memcpy(folder, target, sizeof folder);
		if (!path_join(target, PATH_BYTES, folder, path_name(from))) {
			say("The path of the target is too long (at most %d bytes).\n", PATH_BYTES - 1);
			return false;
		}
	}
	return true;
}

static void copy_contents(u64 from, const char *from_path, u64 to, const char *to_path)
{
	u64 position = 0;

	for (;;) {
		struct file_read_reply part = files_read(from, position, DATA_SIZE, DATA);
		u64 size = part.done > DATA_SIZE ? DATA_SIZE : part.done;

		if (!check(part.status, "read", from_path) || size == 0)
			return;
		for (u64 done = 0; done < size;) {
			struct file_write_reply written = files_write(to, position + done, size - done, DATA + done);

			if (!check(written.status, "write", to_path))
				return;
			if (written.done == 0 || written.done > size - done) {
				(void)check(FILE_ERROR_IO, "write", to_path);
				return;
			}
			done += written.done;
		}
		position += size;
		if (terminal_interrupted()) {
			say("^C: %s has only the first %lu bytes.\n", to_path, position);
			return;
		}
	}
}

static void run_cp(const char *from_argument, const char *to_argument)
{
	char from[PATH_BYTES];
	char to[PATH_BYTES];

	if (!resolve(from, from_argument) || !target_path(to, from, to_argument))
		return;
	if (strcmp(from, to) == 0) {
		say("%s and %s are the same file.\n", from_argument, to_argument);
		return;
	}
	struct file_open_reply source = open_path(from, FILE_OPEN_READ_ONLY);
	if (!check(source.status, "read", from))
		return;
	if ((source.attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
		say("cannot copy %s: it is a folder; copy the files in it one by one.\n", from);
	} else {
		struct file_open_reply target = open_path(to, FILE_OPEN_CREATE | FILE_OPEN_TRUNCATE);

		if (check(target.status, "write", to)) {
			copy_contents(source.handle, from, target.handle, to);
			close_handle(target.handle);
		}
	}
	close_handle(source.handle);
}

static void run_mv(const char *from_argument, const char *to_argument)
{
	char from[PATH_BYTES];
	char to[PATH_BYTES];

	if (!resolve(from, from_argument) || !target_path(to, from, to_argument))
		return;
	u64 from_size = put_path(PATH_A, from);
	u64 to_size = put_path(PATH_B, to);
	u64 status = files_rename(PATH_A, from_size, PATH_B, to_size).status;
	if ((status == FILE_ERROR_NOT_FOUND || status == FILE_ERROR_NOT_DIRECTORY) && stat_path(from).status == STATUS_OK) {
		say("cannot move %s: there is no folder for %s; `mkdir` makes one.\n", from, to);
		return;
	}
	/* Which of the two an error is about: what exists already is the target, everything else most likely the source. */
	(void)check(status, "move", status == FILE_ERROR_EXISTS || status == FILE_ERROR_BAD_NAME ? to : from);
}

static void run_hexdump(const struct words *words)
{
	char path[PATH_BYTES];
	u64 numbers[2] = {0, 256};

	for (size_t i = 2; i < words->count; i++) {
		const char *text = words->word[i];
		u64 base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
		u64 value = 0;

		for (const char *c = text + (base == 16 ? 2 : 0); *c != '\0'; c++) {
			u64 digit = *c >= '0' && *c <= '9' ? (u64)(*c - '0') : *c >= 'a' && *c <= 'f' ? (u64)(*c - 'a' + 10) : 99;

			if (digit >= base || value > (1ul << 40)) {
				say("%s is no number that I can read; write 100 or 0x64.\n", text);
				return;
			}
			value = value * base + digit;
		}
		numbers[i - 2] = value;
	}
	if (!resolve(path, words->word[1]))
		return;
	struct file_open_reply file = open_path(path, FILE_OPEN_READ_ONLY);
	if (!check(file.status, "read", path))
		return;
	u64 position = numbers[0];
	u64 left = numbers[1];
	while (left > 0 && !terminal_interrupted()) {
		struct file_read_reply part = files_read(file.handle, position, left < 16 ? left : 16, DATA);
		char line[96];
		size_t used;
		u64 size = part.done > 16 ? 16 : part.done;

		if (!check(part.status, "read", path) || size == 0)
			break;
		used = format(line, sizeof line, "%08lx ", position);
		for (u64 i = 0; i < 16; i++) {
			if (i < size)
				used += format(line + used, sizeof line - used, " %02x", (unsigned char)*memory_at(DATA + i));
			else
				used += format(line + used, sizeof line - used, "   ");
		}
		used += format(line + used, sizeof line - used, "  |");
		for (u64 i = 0; i < size; i++) {
			char c = *memory_at(DATA + i);

			line[used++] = c >= ' ' && c < 0x7f ? c : '.';
		}
		line[used] = '\0';
		say("%s|\n", line);
		position += size;
		left -= size < left ? size : left;
	}
	close_handle(file.handle);
}

/* ---- Properties ---- */

static void run_stat(const char *argument)
{
	static const struct {
		u64 bit;
		const char *name;
	} attributes[] = {{FILE_ATTRIBUTE_DIRECTORY, "folder"}, {FILE_ATTRIBUTE_READ_ONLY, "read-only"},
		{FILE_ATTRIBUTE_HIDDEN, "hidden"}, {FILE_ATTRIBUTE_SYSTEM, "system"}, {FILE_ATTRIBUTE_ARCHIVE, "archive"}};
	char path[PATH_BYTES];
	char date[20];

	if (!resolve(path, argument))
		return;
	struct file_stat_reply reply = stat_path(path);
	if (!check(reply.status, "look at", path))
		return;
	say("path        %s\nsize        %lu bytes\nattributes ", path, reply.size);
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if ((reply.attributes & attributes[i].bit) != 0)
			say(" %s", attributes[i].name);
	format_date(date, reply.modified);
	say("\nmodified    %s\n", date);
	format_date(date, reply.created);
	say("created     %s\n", date);
	format_date(date, reply.accessed);
	say("accessed    %.10s\nnode        %lu\n", date, reply.node);
}

static void run_df(void)
{
	struct file_volume_reply v = files_volume();

	if (!check(v.status, "look at", "the disk"))
		return;
	u64 used = v.total > v.available ? v.total - v.available : 0;
	say("%lu KiB in all, %lu KiB used (%lu %%), %lu KiB free; FAT%lu, clusters of %lu bytes, serial number %04lx-%04lx\n",
		v.total / 1024, used / 1024, v.total > 0 ? used * 100 / v.total : 0, v.available / 1024, v.fat_bits,
		v.cluster_size, v.serial >> 16 & 0xffff, v.serial & 0xffff);
	if ((v.flags & FILE_VOLUME_READ_ONLY) != 0)
		say("It is read-only.\n");
	if ((v.flags & FILE_VOLUME_DAMAGED) != 0)
		say("Something on it is damaged: run fsck.fat on the host.\n");
}

bool disk_sync(bool must)
{
	u64 status = files_sync().status;

	if (status == FILE_ERROR_NO_DISK || status == FILE_ERROR_NO_FILE_SYSTEM)
		return must ? check(status, "sync", "the disk") : true;
	return check(status, "sync", "the disk");
}

static void run_path(enum command_id id, const char *argument)
{
	char path[PATH_BYTES];

	if (!resolve(path, argument))
		return;
	u64 size = put_path(PATH_A, path);
	switch (id) {
	case COMMAND_RM:
		(void)check(files_remove(PATH_A, size).status, "remove", path);
		break;
	case COMMAND_MKDIR:
		(void)check(files_make_directory(PATH_A, size).status, "make", path);
		break;
	default:
		(void)check(files_remove_directory(PATH_A, size).status, "remove", path);
		break;
	}
}

void files_start(void)
{
}

void files_run(const struct command *command, const struct words *words)
{
	const char *argument = words->count > 1 ? words->word[1] : NULL;

	switch (command->id) {
	case COMMAND_LS:
		run_ls(argument == NULL ? "." : argument);
		break;
	case COMMAND_CD:
		run_cd(argument == NULL ? "/" : argument);
		break;
	case COMMAND_PWD:
		say("%s\n", current_folder);
		break;
	case COMMAND_CAT:
		for (size_t i = 1; i < words->count && run_cat(words->word[i]); i++)
			;
		break;
	case COMMAND_WRITE:
		run_write(words, false);
		break;
	case COMMAND_APPEND:
		run_write(words, true);
		break;
	case COMMAND_CP:
		run_cp(argument, words->word[2]);
		break;
	case COMMAND_MV:
		run_mv(argument, words->word[2]);
		break;
	case COMMAND_STAT:
		run_stat(argument);
		break;
	case COMMAND_DF:
		run_df();
		break;
	case COMMAND_SYNC:
		(void)disk_sync(true);
		break;
	case COMMAND_HEXDUMP:
		run_hexdump(words);
		break;
	default:
		for (size_t i = 1; i < words->count; i++)
			run_path(command->id, words->word[i]);
		break;
	}
}

/* ---- Completion ---- */

struct completing {
	struct candidates *candidates;
	const char *beginning;
	size_t size;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool complete_visit(void *context, const struct file_entry *entry, const char *name)
{
	const struct completing *completing = context;
	char text[FILE_NAME_BYTES + 2];

	for (size_t i = 0; i < completing->size; i++)
		if (lower(name[i]) != lower(completing->beginning[i]))
			return true;
	format(text, sizeof text, "%s%s", name, (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? "/" : "");
	candidates_add(completing->candidates, text);
	return true;
}

void files_complete(struct candidates *candidates, const char *path)
{
	const char *name = path_name(path);
	struct completing completing = {candidates, name, strlen(name)};
	char typed[PATH_BYTES];
	char folder[PATH_BYTES];

	if (strlen(path) >= sizeof typed)
		return;
	memcpy(typed, path, (size_t)(name - path));
	typed[name - path] = '\0';
	if (path_resolve(folder, sizeof folder, current_folder, typed[0] == '\0' ? "." : typed))
		(void)walk(folder, complete_visit, &completing);
}

#else /* a system without files */

void files_start(void)
{
}

void files_run(const struct command *command, const struct words *words)
{
	(void)words;
	say("This system has no file server, so there is no `%s`.\n", command->name);
}

bool disk_sync(bool must)
{
	(void)must;
	return true;
}

void files_complete(struct candidates *candidates, const char *path)
{
	(void)candidates;
	(void)path;
}
#endif
