/* cdl_read.c - reads canonical object-level text (.cdl) into the model.
 *
 * The text is made by machines and read strictly: words in a fixed order, one space between them. What is read must
 * print as the same bytes, so there is exactly one text for each system. */
#include "cdl.h"

#include <string.h>

struct reader {
	struct capdl *c;
	const char *text;
	u32 offset, end, line_start, file;
	struct span word_at;
	bool bad; /* this line */
};

static void refuse(struct reader *r, struct span at, const char *code, const char *what, const char *word)
{
	if (!r->bad)
		error_at(r->c, at, code, NULL, what, word);
	r->bad = true;
}

/* The next word of the line, "" at its end. */
static const char *word(struct reader *r)
{
	u32 start;

	if (r->offset < r->end && r->text[r->offset] == ' ' && r->offset > r->line_start)
		r->offset++;
	start = r->offset;
	while (r->offset < r->end && r->text[r->offset] != ' ')
		r->offset++;
	r->word_at = (struct span){r->file, start, r->offset - start};
	return intern(r->c, r->text + start, r->offset - start);
}

static void expect(struct reader *r, const char *expected)
{
	if (!r->bad && strcmp(word(r), expected) != 0)
		refuse(r, r->word_at, "F03", "`%s` is expected here", expected);
}

static u64 number(struct reader *r, u64 limit)
{
	const char *text = word(r);
	u64 base = text[0] == '0' && text[1] == 'x' ? 16 : 10, value = 0;
	const char *digit = base == 16 ? text + 2 : text;

	if (*digit == 0)
		refuse(r, r->word_at, "F03", "a number is expected here, not `%s`", text);
	for (; *digit != 0 && !r->bad; digit++) {
		u64 d = *digit >= '0' && *digit <= '9' ? (u64)(*digit - '0') :
			*digit >= 'a' && *digit <= 'f' ? (u64)(*digit - 'a') + 10 : 99;

		if (d >= base)
			refuse(r, r->word_at, "F03", "`%s` is no number", text);
		else if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, d, &value) || value > limit)
			refuse(r, r->word_at, "L06", "`%s` is too large here", text);
	}
	return value;
}

static u64 numbered(struct reader *r, const char *name, u64 limit)
{
	expect(r, name);
	return r->bad ? 0 : number(r, limit);
}

static u32 one_of(struct reader *r, const char *const *words, const char *what)
{
	const char *text = word(r);

	for (u32 i = 0; words[i] != NULL; i++)
		if (words[i][0] != 0 && strcmp(words[i], text) == 0)
			return i;
	refuse(r, r->word_at, "F03", what, text);
	return 0;
}

static u8 rights(struct reader *r)
{
	u32 value = 0;
	const char *text;

	expect(r, "rights");
	if (r->bad)
		return 0;
	text = word(r);
	for (const char *letter = text; *letter != 0; letter++) {
		const char *known = strchr(cdl_rights, *letter);
		u32 bit = known == NULL ? 0 : 1u << (known - cdl_rights);

		if (bit == 0 || (value & bit) != 0)
			refuse(r, r->word_at, "R01", "`%s` has an unknown or a repeated right; they are r w x c g u s", text);
		value |= bit;
	}
	if (value == 0)
		refuse(r, r->word_at, "R01", "a capability without any right%s", "");
	return (u8)value;
}

/* The component of this name, or NONE for `-`. */
static u32 component(struct reader *r, bool may_lack)
{
	const char *text = word(r);
	u32 found;

	if (may_lack && strcmp(text, "-") == 0)
		return NONE;
	found = map_get(&r->c->spec.names, text, 0);
	if (found == NONE)
		refuse(r, r->word_at, "N02", "there is no component `%s`", text);
	return found;
}

static u32 object(struct reader *r)
{
	const char *text = word(r);
	u32 found = map_get(&r->c->spec.names, text, 2);

	if (found == NONE)
		refuse(r, r->word_at, "T13", "there is no object `%s`", text);
	return found;
}

static struct span origin(struct reader *r)
{
	struct capdl *c = r->c;
	const char *text, *colon;
	u32 line = 0, file;

	if (r->bad || r->offset == r->end)
		return (struct span){NONE, 0, 0};
	expect(r, "#");
	text = r->bad ? "" : word(r);
	colon = strrchr(text, ':');
	for (const char *digit = colon == NULL ? "x" : colon + 1; *digit != 0; digit++)
		if (*digit < '0' || *digit > '9' || line > 100000000)
			colon = NULL;
		else
			line = line * 10 + (u32)(*digit - '0');
	if (colon == NULL || colon == text) {
		refuse(r, r->word_at, "F03", "FILE:LINE is expected here, not `%s`", text);
		return (struct span){NONE, 0, 0};
	}
	text = intern(c, text, (size_t)(colon - text));
	for (file = 0; file < c->origin_count && c->origins[file] != text;)
		file++;
	if (file == c->origin_count)
		*LIST_ADD(c, c, origin) = text;
	return (struct span){file | SPAN_LINE, line, 0};
}

/* ---- lines ---- */

static void read_system_line(struct reader *r)
{
	struct capdl *c = r->c;

	c->spec.system.text = word(r);
	c->model.load_address = numbered(r, "load", 1ul << 38);
	c->model.ram_end = numbered(r, "ram_end", 1ul << 38);
	c->board.timebase = numbered(r, "timebase", 10000000000ul);
	c->board.plic_base = numbered(r, "plic", 1ul << 38);
	c->model.rom_first_page = (u32)numbered(r, "rom", 1);
	c->model.rom_pages = (u32)numbered(r, "pages", OBJECT_AREA / PAGE);
	c->rom_text_end = numbered(r, "text_end", OBJECT_AREA);
	c->rom_end = numbered(r, "rom_end", OBJECT_AREA);
}

/* Partitions are known by their windows, numbered in their order. */
static void read_window_line(struct reader *r)
{
	struct capdl *c = r->c;
	struct window new = {.name = {word(r), r->word_at}};
	u32 index = map_get(&c->spec.names, new.name.text, 3);
	bool idle = strcmp(new.name.text, "idle") == 0;

	new.number = (u32)numbered(r, "partition", PARTITIONS - 1);
	if (!r->bad && new.number != (idle ? 0 : index != NONE ? index + 1 : c->spec.partition_count + 1))
		refuse(r, r->word_at, "B09", "partition `%s` has another number", new.name.text);
	new.ticks = numbered(r, "ticks", TICKS_MAX);
	if (!r->bad && new.ticks < (c->board.timebase + 999) / 1000)
		refuse(r, r->word_at, "B09", "a window is at least 1 ms long%s", "");
	new.name.at = origin(r);
	if (!r->bad && c->spec.window_count == WINDOWS_MAX)
		refuse(r, (struct span){r->file, r->line_start, r->end - r->line_start}, "X03", "there are too many windows%s", "");
	if (r->bad)
		return;
	*LIST_ADD(c, &c->spec, window) = new;
	c->spec.cycle += new.ticks;
	if (!idle && index == NONE) {
		index = c->spec.partition_count;
		map_put(&c->arena, &c->spec.names, new.name.text, 3, index);
		*LIST_ADD(c, &c->spec, partition) = (struct partition){.name = new.name, .number = new.number};
	}
	if (!idle)
		c->spec.partitions[index].time += new.ticks;
}

/* The partition of a component: NONE exactly without a schedule. */
static u32 partition(struct reader *r)
{
	u32 given = (u32)numbered(r, "partition", PARTITIONS - 1);

	if (given > r->c->spec.partition_count)
		refuse(r, r->word_at, "B09", "partition %s has no window", format(r->c, "%u", given));
	else if (given == 0 && r->c->spec.window_count > 0)
		refuse(r, r->word_at, "B10", "a component in no partition, although there are windows%s", "");
	return given == 0 ? NONE : given - 1;
}

static void read_component_line(struct reader *r)
{
	struct capdl *c = r->c;
	struct component new = {0};
	u32 index = c->spec.component_count;

	new.name = (struct name){word(r), r->word_at};
	if (map_get(&c->spec.names, new.name.text, 0) != NONE)
		refuse(r, r->word_at, "N01", "component `%s` is given twice", new.name.text);
	expect(r, "image");
	new.image.text = word(r);
	new.priority.value = numbered(r, "priority", PRIORITIES - 1);
	new.budget_ticks = numbered(r, "budget", ~0ul);
	new.period_ticks = numbered(r, "period", ~0ul);
	new.limit_ticks = numbered(r, "limit", ~0ul);
	new.threads.value = numbered(r, "threads", LIMIT_THREADS);
	new.passive = numbered(r, "passive", 1) != 0;
	new.trusted = numbered(r, "trusted", 1) != 0;
	new.supervises = numbered(r, "supervises", 1) != 0;
	expect(r, "supervisor");
	new.wards = arena_take(&c->arena, sizeof *new.wards);
	new.wards->text = word(r); /* resolved when all are known */
	new.wards->at = r->word_at;
	new.partition = partition(r);
	new.entry = numbered(r, "entry", USER_TOP);
	new.name.at = new.partition_at = origin(r);
	if (r->bad || index == LIMIT_COMPONENTS)
		return;
	new.first_thread = NONE;
	new.memory = NONE;
	*LIST_ADD(c, &c->spec, component) = new;
	map_put(&c->arena, &c->spec.names, new.name.text, 0, index);
}

static void read_section_line(struct reader *r)
{
	struct section section = {.name = word(r)};

	/* The actor is an object that comes later: its name is kept in the list of origins' strings until the end. */
	expect(r, "actor");
	section.actor_name = (struct name){word(r), r->word_at};
	expect(r, "component");
	section.component = component(r, true);
	if (section.component != NONE && !r->bad)
		r->c->spec.components[section.component].section = r->c->model.section_count;
	if (!r->bad)
		*LIST_ADD(r->c, &r->c->model, section) = section;
}

static void read_segment_line(struct reader *r)
{
	struct segment segment = {.component = component(r, false)};

	segment.address = numbered(r, "at", USER_TOP);
	segment.memory_size = numbered(r, "memory", LIMIT_FILE);
	segment.file_size = numbered(r, "file", LIMIT_FILE);
	segment.rights = rights(r);
	segment.rom = numbered(r, "rom", OBJECT_AREA);
	if (!r->bad)
		*LIST_ADD(r->c, r->c, segment) = segment;
}

static void read_region_line(struct reader *r)
{
	struct region region = {.component = component(r, false), .connection = NONE};

	region.kind = (enum region_kind)one_of(r, cdl_regions, "`%s` is no kind of region");
	region.name = word(r);
	region.base = numbered(r, "at", USER_TOP);
	region.size = numbered(r, "size", LIMIT_REGION);
	region.rights = rights(r);
	region.at = origin(r);
	if (!r->bad)
		*LIST_ADD(r->c, &r->c->model, region) = region;
}

/* Takes an object's name apart: owner, name, number. */
static void split_name(struct reader *r, const char *full, struct object *new)
{
	struct capdl *c = r->c;
	const char *bracket = strrchr(full, '['), *rest = full;
	size_t length = bracket == NULL ? strlen(full) : (size_t)(bracket - full);
	u64 value = 0;

	new->number = NONE;
	if (bracket != NULL) {
		for (const char *digit = bracket + 1; *digit >= '0' && *digit <= '9' && value < NONE; digit++)
			value = value * 10 + (u64)(*digit - '0');
		new->number = value < NONE ? (u32)value : 0;
	}
	if (new->owner != NONE) {
		size_t skip = strlen(c->spec.components[new->owner].name.text);

		if (strncmp(full, c->spec.components[new->owner].name.text, skip) != 0 || (full[skip] != '.' && full[skip] != '/')) {
			refuse(r, r->word_at, "F03", "object `%s` is not named after its owner", full);
			return;
		}
		rest = full + skip + (full[skip] == '.');
		length -= (size_t)(rest - full);
	}
	new->name = intern(c, rest, length);
}

static void read_object_line(struct reader *r)
{
	struct capdl *c = r->c;
	u32 index = c->model.object_count;
	struct object new = {.type = (u8)one_of(r, cdl_types, "`%s` is no kind of object"), .parent = NONE, .original = NONE,
		.holder_cap = NONE};
	const char *name = word(r), *parent;
	struct span name_at = r->word_at;

	if (map_get(&c->spec.names, name, 2) != NONE)
		refuse(r, r->word_at, "N01", "object `%s` is given twice", name);
	new.address = numbered(r, "at", 1ul << 38);
	new.size_bits = (u8)numbered(r, "bits", 38);
	expect(r, "memory");
	new.memory = (u8)one_of(r, cdl_memories, "`%s` is no kind of memory");
	expect(r, "owner");
	new.owner = component(r, true);
	expect(r, "in");
	parent = word(r);
	if (strcmp(parent, "root") == 0 || strcmp(parent, "kernel") == 0) {
		new.root = true;
		new.fixed = parent[0] == 'k';
	} else if (strcmp(parent, "-") != 0) {
		new.parent = map_get(&c->spec.names, parent, 2);
		if (new.parent == NONE)
			refuse(r, r->word_at, "T13", "there is no object `%s` above this line", parent);
	}
	new.section = (u32)numbered(r, "section", LIMIT_OBJECTS);
	new.at = origin(r);
	r->word_at = name_at;
	if (!r->bad)
		split_name(r, name, &new);
	if (r->bad || index == LIMIT_OBJECTS)
		return;
	*LIST_ADD(c, &c->model, object) = new;
	map_put(&c->arena, &c->spec.names, name, 2, index);
	*LIST_ADD(c, c, object_span) = name_at;
}

/* CONTAINER[INDEX] */
static bool slot(struct reader *r, u32 *container, u32 *index, bool may_lack)
{
	const char *text = word(r), *bracket = strrchr(text, '[');
	u64 value = 0;

	*container = NONE;
	if (may_lack && strcmp(text, "-") == 0)
		return true;
	if (bracket != NULL) {
		for (const char *digit = bracket + 1; *digit >= '0' && *digit <= '9' && value < 100000; digit++)
			value = value * 10 + (u64)(*digit - '0');
		*index = (u32)value;
		*container = map_get(&r->c->spec.names, intern(r->c, text, (size_t)(bracket - text)), 2);
	}
	if (*container == NONE)
		refuse(r, r->word_at, "T13", "`%s` is no slot of any container", text);
	return !r->bad;
}

static void read_cap_line(struct reader *r)
{
	struct capdl *c = r->c;
	struct capability new = {.source = NONE};
	u32 container, index = 0, line = r->line_start;
	struct span slot_at;

	if (!slot(r, &new.container, &new.index, false))
		return;
	slot_at = r->word_at;
	expect(r, "=");
	new.object = r->bad ? NONE : object(r);
	new.rights = rights(r);
	new.badge = (u32)numbered(r, "badge", 0xffffffff);
	expect(r, "from");
	if (r->bad || !slot(r, &container, &index, true))
		return;
	if (container != NONE) {
		new.source = map_get(&c->model.filled, NULL, (u64)container << 32 | index);
		if (new.source == NONE)
			refuse(r, r->word_at, "V04", "no capability was put into that slot above this line%s", "");
	}
	new.section = (u32)numbered(r, "section", LIMIT_OBJECTS);
	new.at = origin(r);
	if (r->bad || c->model.cap_count == LIMIT_OBJECTS)
		return;
	if (map_get(&c->model.filled, NULL, (u64)new.container << 32 | new.index) != NONE) {
		refuse(r, slot_at, "T06", "this slot is filled twice%s", "");
		return;
	}
	*LIST_ADD(c, &c->model, cap) = new;
	map_put(&c->arena, &c->model.filled, NULL, (u64)new.container << 32 | new.index, c->model.cap_count - 1);
	*LIST_ADD(c, c, cap_span) = (struct span){r->file, line, r->end - line};
	if (new.source == NONE && c->model.objects[new.object].original == NONE)
		c->model.objects[new.object].original = c->model.cap_count - 1;
	else if (new.source == NONE)
		refuse(r, (struct span){r->file, line, r->end - line}, "V05", "the object has a second original%s", "");
}

static void read_thread_line(struct reader *r)
{
	struct capdl *c = r->c;
	struct thread new = {.object = object(r)};

	expect(r, "component");
	new.component = r->bad ? NONE : component(r, false);
	new.number = (u32)numbered(r, "number", LIMIT_THREADS);
	new.pc = numbered(r, "pc", USER_TOP);
	new.sp = numbered(r, "sp", USER_TOP);
	if (r->bad)
		return;
	if (c->spec.components[new.component].first_thread == NONE)
		c->spec.components[new.component].first_thread = c->model.thread_count;
	*LIST_ADD(c, &c->model, thread) = new;
}

static void read_bind_line(struct reader *r)
{
	struct capdl *c = r->c;
	struct bound new = {0};
	u32 notification = object(r);

	new.what = r->bad ? 0 : one_of(r, cdl_bindings, "`%s` cannot be bound");
	new.line = r->bad ? 0 : (u32)number(r, 1023);
	new.bit = (u32)numbered(r, "bit", NOTIFICATION_BITS - 1);
	expect(r, "device");
	new.device = word(r);
	if (strcmp(new.device, "-") == 0)
		new.device = NULL;
	if (r->bad)
		return;
	new.cap = c->model.objects[notification].original;
	if (new.cap == NONE || c->model.objects[notification].type != OBJECT_NOTIFICATION ||
	    (new.what == BIND_LINE) != (new.device != NULL)) {
		refuse(r, (struct span){r->file, r->line_start, r->end - r->line_start}, "T01",
			"only notifications are bound, and only lines name a device%s", "");
		return;
	}
	*LIST_ADD(c, &c->model, binding) = new;
}

static void read_fill_line(struct reader *r)
{
	struct fill new = {.page = object(r)};

	new.offset = (u32)numbered(r, "offset", PAGE);
	new.bytes = (u32)numbered(r, "bytes", PAGE);
	new.rom = numbered(r, "rom", OBJECT_AREA);
	new.section = (u32)numbered(r, "section", LIMIT_OBJECTS);
	if (!r->bad)
		*LIST_ADD(r->c, &r->c->model, fill) = new;
}

static void read_line(struct reader *r)
{
	static const struct {
		const char *word;
		void (*read)(struct reader *r);
	} lines[] = {
		{"cap", read_cap_line}, {"object", read_object_line}, {"region", read_region_line}, {"fill", read_fill_line},
		{"segment", read_segment_line}, {"component", read_component_line}, {"section", read_section_line},
		{"thread", read_thread_line}, {"bind", read_bind_line}, {"system", read_system_line}, {"window", read_window_line},
	};
	const char *first = word(r);

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (strcmp(lines[i].word, first) == 0) {
			lines[i].read(r);
			if (!r->bad && r->offset != r->end)
				refuse(r, (struct span){r->file, r->offset, r->end - r->offset}, "F03", "there is more on this line than "
					"belongs to it%s", "");
			return;
		}
	refuse(r, r->word_at, "F03", "no line begins with `%s`", first);
}

/* ---- the whole ---- */

/* Names that refer to what comes later in the text. */
static void finish_names(struct reader *r)
{
	struct capdl *c = r->c;

	c->spec.supervisor = NONE;
	for (u32 i = 0; i < c->spec.component_count; i++) {
		struct component *component = &c->spec.components[i];
		u32 memory = map_get(&c->spec.names, format(c, "%s/memory", component->name.text), 2);

		component->supervisor = strcmp(component->wards->text, "-") == 0 ? NONE :
			map_get(&c->spec.names, component->wards->text, 0);
		if (component->supervises)
			c->spec.supervisor = i;
		component->memory = memory;
		if (memory == NONE || component->first_thread == NONE || component->first_thread + component->threads.value >
		    c->model.thread_count)
			error_at(c, component->wards->at, "T04", NULL, "component `%s` lacks its memory or its threads",
				component->name.text);
	}
	for (u32 i = 0; i < c->model.section_count; i++) {
		struct section *section = &c->model.sections[i];

		section->actor = map_get(&c->spec.names, section->actor_name.text, 2);
		if (section->actor == NONE || c->model.objects[section->actor].type != OBJECT_TABLE ||
		    (section->actor != 0 && c->model.objects[section->actor].original == NONE))
			error_at(c, section->actor_name.at, "T13", NULL, "`%s` is no table", section->actor_name.text);
	}
	for (u32 i = 0; i < c->model.object_count; i++)
		if (c->model.objects[i].root && !c->model.objects[i].fixed)
			c->model.root_count++;
	c->model.kernel_table = 0;
	if (c->model.object_count == 0 || c->model.objects[0].type != OBJECT_TABLE || c->model.section_count < 2)
		error_at(c, (struct span){r->file, 0, 5}, "F03", NULL, "the kernel table or the sections are missing");
}

/* There is one text for each system: what prints differently is refused at the first line that differs. */
static void compare_print(struct reader *r, u32 size)
{
	struct buffer print = {0};
	u32 i = 0, start = 0, end;

	cdl_print(r->c, &print);
	while (i < size && i < print.size && r->text[i] == print.data[i]) {
		if (r->text[i] == '\n')
			start = i + 1;
		i++;
	}
	if (i < size || i < print.size) {
		for (end = start; end < size && r->text[end] != '\n';)
			end++;
		error_at(r->c, (struct span){r->file, start, end - start}, "F03", "capdl build --cdl prints the canonical text",
			"this line is not as canonical text has it");
	}
	buffer_drop(&print);
}

void cdl_read(struct capdl *c, const char *path)
{
	struct reader r = {.c = c};
	u32 size;

	if (!c->read_file(c, path, &r.text, &size)) {
		error_at(c, (struct span){NONE, 0, 0}, "N07", NULL, "%s cannot be read, or is larger than 64 MiB", path);
		return;
	}
	c->sources = arena_grow(&c->arena, c->sources, c->source_count, &c->source_capacity, sizeof *c->sources);
	c->sources[c->source_count] = (struct source){.path = path, .where = path, .text = r.text, .size = size};
	r.file = c->source_count++;
	if (size < 6 || memcmp(r.text, "cdl 1\n", 6) != 0) {
		error_at(c, (struct span){r.file, 0, 1}, "F03", NULL, "the text does not begin with `cdl 1`");
		return;
	}
	for (r.end = 6; r.end < size; r.end++) {
		r.line_start = r.offset = r.end;
		r.bad = false;
		while (r.end < size && r.text[r.end] != '\n')
			r.end++;
		read_line(&r);
	}
	if (c->errors == 0)
		finish_names(&r);
	if (c->errors == 0)
		cdl_check(c);
	if (c->errors == 0)
		compare_print(&r, size);
}
