/* inspect.c - compares the kernel's memory with the specification: `inspect DUMP SYMBOLS TEXT.cdl IMAGE first|running`.
 *
 * Rebuilds from raw memory what each line of the .cdl states: objects by their addresses, each slot, derivation, page
 * tables, threads, bindings, the schedule, and through the page tables what each component sees. `first` is the moment
 * before the first instruction of user code: nothing may differ. `running` is any time when the kernel is not at work:
 * what components may have done since then is allowed and listed (README.md). */
#include "dump.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME 100
#define TEXT "%99s"
#define RWX (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE)
#define LISTED 40u

struct stated_object {
	char name[NAME], parent[NAME];
	u32 type, bits, memory, slot, end; /* slot: of its original; end: granules of it that are carved */
	u64 address;
};
struct stated_cap { u32 slot, object, parent, rights, badge, container, holder; }; /* holder: object with the slot */
struct component { char name[NAME]; u64 priority, budget, period, limit, passive, partition; u32 root; };
struct range { u64 base, end; };

static struct stated_object *objects;
static struct stated_cap *caps;
static struct component *components;
static u32 object_count, cap_count, component_count;
static u8 *known; /* per slot: 1 stated, 2 a container's slot that nothing states */
static bool running;
static u32 wrong, since;
static u64 load_address;
static char **lines;
static u32 line_count;

/* ---- Saying it ---- */
#define WRONG(...) do { if (wrong++ < LISTED) { printf("inspect: "); printf(__VA_ARGS__); printf("\n"); } } while (0)
#define SINCE(...) do { \
	if (!running) \
		WRONG(__VA_ARGS__); \
	else if (since++ < LISTED) { \
		printf("  since then: "); \
		printf(__VA_ARGS__); \
		printf("\n"); \
	} } while (0)

static void same(const char *what, const char *field, u64 stated, u64 found)
{
	if (stated != found)
		WRONG("%s: %s: stated 0x%lx, found 0x%lx", what, field, stated, found);
}

static const char *letters(u32 rights)
{
	static char text[2][8];
	static u32 turn;
	char *end = text[turn = 1 - turn];

	for (u32 i = 0; i < 7; i++)
		if ((rights >> i & 1) != 0)
			*end++ = "rwxcgus"[i];
	*end = 0;
	return text[turn];
}

/* ---- The text ---- */
/* An object whose original is gone: its component was taken apart, and what lay there counts for nothing. */
static bool gone(const struct stated_object *o)
{
	return running && o->slot != 0 && slots[o->slot].type == CAP_EMPTY;
}

static u32 word_of(const char *word, const char *const *words, u32 count)
{
	for (u32 i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	dump_fail("the text has the unknown word `%s`", word);
}

static struct stated_object *object_of(const char *name, size_t length)
{
	for (u32 i = 0; i < object_count; i++)
		if (strncmp(objects[i].name, name, length) == 0 && objects[i].name[length] == 0)
			return &objects[i];
	dump_fail("the text states no object %.*s", (int)length, name);
}

static struct component *component_of(const char *name)
{
	for (u32 i = 0; i < component_count; i++)
		if (strcmp(components[i].name, name) == 0)
			return &components[i];
	dump_fail("the text states no component %s", name);
}

static u64 offset_of(const struct stated_object *o)
{
	if (o->address < load_address || o->address - load_address >= dump_bytes)
		dump_fail("%s at 0x%lx is not in the dump", o->name, o->address);
	return o->address - load_address;
}

/* The slot CONTAINER[INDEX] in memory. */
static u32 slot_of(const char *text, struct stated_object **container)
{
	const char *bracket = strrchr(text, '[');
	u32 index = bracket == NULL ? 0 : (u32)strtoul(bracket + 1, NULL, 10);
	struct stated_object *o = object_of(text, bracket == NULL ? strlen(text) : (size_t)(bracket - text));

	*container = o;
	switch (o->type) {
	case OBJECT_TABLE: return (u32)(offset_of(o) / SLOT_BYTES) + index;
	case OBJECT_SPACE: return (u32)(offset_of(o) / SLOT_BYTES) + SPACE_FIRST_SLOT + index;
	case OBJECT_THREAD: return thread_slot((u32)(offset_of(o) / THREAD_BYTES), index);
	default: dump_fail("%s holds no slots", o->name);
	}
}

static void *room(void *list, u32 count, size_t size)
{
	list = (count & (count - 1)) == 0 ? realloc(list, (count == 0 ? 1 : 2ul * count) * size) : list;
	if (list == NULL)
		dump_fail("out of memory");
	return list;
}

static void read_object(const char *line)
{
	static const char *const types[] = {"", "untyped", "endpoint", "notification", "table", "space", "thread", "page"};
	static const char *const memories[] = {"ram", "device", "rom"};
	struct stated_object o = {0};
	char type[NAME], memory[NAME];

	if (sscanf(line, "object " TEXT " " TEXT " at %lx bits %u memory " TEXT " owner %*s in " TEXT, type, o.name, &o.address, &o.bits,
		   memory, o.parent) != 6)
		dump_fail("a line of the text cannot be read: %s", line);
	o.type = word_of(type, types, 8);
	o.memory = word_of(memory, memories, 3);
	if (strcmp(o.parent, "-") == 0) /* the kernel's own are where kernel.ld has them */
		o.address = load_address + KERNEL_TABLE * (u64)SLOT_BYTES;
	if (strcmp(o.parent, "kernel") == 0)
		o.address = load_address + KERNEL_RING_OFFSET;
	objects = room(objects, object_count, sizeof o);
	objects[object_count++] = o;
}

static void read_cap(const char *line)
{
	struct stated_cap c = {.parent = CAP_ROOT};
	char slot[NAME], object[NAME], rights[NAME], from[NAME];
	struct stated_object *container, *o, *p;

	if (sscanf(line, "cap " TEXT " = " TEXT " rights " TEXT " badge %x from " TEXT, slot, object, rights, &c.badge, from) != 5)
		dump_fail("a line of the text cannot be read: %s", line);
	c.slot = slot_of(slot, &container);
	c.holder = (u32)(container - objects);
	c.container = container->type == OBJECT_TABLE ? IN_TABLE : container->type == OBJECT_SPACE ? IN_SPACE : IN_THREAD;
	o = object_of(object, strlen(object));
	c.object = (u32)(o - objects);
	for (const char *letter = rights; *letter != 0; letter++)
		c.rights |= 1u << (strchr("rwxcgus", *letter) - "rwxcgus");
	if (strcmp(from, "-") != 0) {
		c.parent = slot_of(from, &p);
	} else {
		o->slot = c.slot;
		if (o->parent[0] != '-' && strcmp(o->parent, "root") != 0 && strcmp(o->parent, "kernel") != 0)
			c.parent = object_of(o->parent, strlen(o->parent))->slot; /* whose line is above this one */
	}
	caps = room(caps, cap_count, sizeof c);
	caps[cap_count++] = c;
	known[c.slot] = 1;
}

static void read_component(const char *line)
{
	struct component c = {.root = NONE};

	if (sscanf(line, "component " TEXT " image %*s priority %lu budget %lu period %lu limit %lu threads %*u passive %lu trusted %*u "
		   "supervises %*u supervisor %*s partition %lu", c.name, &c.priority, &c.budget, &c.period, &c.limit, &c.passive,
		   &c.partition) != 7)
		dump_fail("a line of the text cannot be read: %s", line);
	components = room(components, component_count, sizeof c);
	components[component_count++] = c;
}

static void read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[1000];

	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "system %*s load %lx", &load_address) == 1 && load_address != machine.base)
			dump_fail("%s was laid out for 0x%lx, the kernel in the dump stands at 0x%lx", path, load_address, machine.base);
		lines = room(lines, line_count, sizeof *lines);
		lines[line_count++] = strdup(line);
		if (strncmp(line, "object ", 7) == 0)
			read_object(line);
		if (strncmp(line, "cap ", 4) == 0)
			read_cap(line);
		if (strncmp(line, "component ", 10) == 0)
			read_component(line);
	}
	if (file == NULL || load_address == 0 || cap_count == 0)
		dump_fail("%s: no object text", path);
	fclose(file);
}

static const char *name_of_slot(u32 s)
{
	static char text[3][2 * NAME];
	static u32 turn;
	char *to = text[turn = (turn + 1) % 3];

	for (u32 i = 0; i < object_count; i++) {
		const struct stated_object *o = &objects[i];
		u64 first = o->address - load_address, at = (u64)s * SLOT_BYTES;
		u64 bytes = o->type == OBJECT_TABLE ? (u64)SLOT_BYTES << o->bits : o->type == OBJECT_SPACE ? SPACE_BYTES : THREAD_BYTES;
		u64 skip = o->type == OBJECT_TABLE ? 0 : o->type == OBJECT_SPACE ? 4096 : THREAD_SLOT_OFFSET * SLOT_BYTES;

		if (o->type >= OBJECT_TABLE && o->type <= OBJECT_THREAD && at >= first + skip && at < first + bytes) {
			snprintf(to, 2 * NAME, "%s[%lu]", o->name, (at - first - skip) / SLOT_BYTES);
			return to;
		}
	}
	snprintf(to, 2 * NAME, s == CAP_ROOT ? "-" : "(slot %u)", s);
	return to;
}

/* ---- Slots ---- */
static u64 bytes_of(const struct stated_object *o)
{
	switch (o->type) {
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION: return GRANULE;
	case OBJECT_TABLE: return (u64)SLOT_BYTES << o->bits;
	case OBJECT_SPACE: return SPACE_BYTES;
	case OBJECT_THREAD: return THREAD_BYTES;
	default: return 1ul << o->bits;
	}
}

static u32 number_of(const struct stated_object *o)
{
	switch (o->type) {
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION: return (u32)(offset_of(o) / ENDPOINT_BYTES);
	case OBJECT_TABLE: return (u32)(offset_of(o) / SLOT_BYTES);
	case OBJECT_SPACE: return (u32)(offset_of(o) / SPACE_BYTES);
	case OBJECT_THREAD: return (u32)(offset_of(o) / THREAD_BYTES);
	default: return (u32)(o->address / GRANULE);
	}
}

static void compare_cap(const struct stated_cap *c)
{
	const struct stated_object *o = &objects[c->object];
	const struct slot *s = &slots[c->slot];
	bool memory = o->type == OBJECT_PAGE || o->type == OBJECT_UNTYPED;
	const char *name = name_of_slot(c->slot);

	if (s->type == CAP_EMPTY) {
		SINCE("%s is empty; stated is %s", name, o->name);
		return;
	}
	same(name, "type", memory ? CAP_UNTYPED : o->type, s->type);
	if (s->object != number_of(o))
		WRONG("%s: object: stated %s (number %u), found number %u", name, o->name, number_of(o), s->object);
	if (s->rights != c->rights)
		WRONG("%s: rights: stated %s, found %s", name, letters(c->rights), letters(s->rights));
	if (s->parent != c->parent)
		WRONG("%s: copied from: stated %s, found %s", name, name_of_slot(c->parent), name_of_slot(s->parent));
	same(name, "original", o->slot == c->slot, s->original);
	same(name, "container", c->container, s->container);
	same(name, "size_bits", memory || o->type == OBJECT_TABLE ? o->bits : 0, s->size_bits);
	same(name, "kind", memory ? o->memory : o->type == OBJECT_SPACE ? o->bits : 0, s->kind);
	if (!memory)
		same(name, "badge", c->badge, s->badge);
}

static void compare_watermark(const struct stated_object *o)
{
	const struct slot *s = &slots[o->slot];
	bool used = false;

	if (o->type != OBJECT_UNTYPED || gone(o) || s->watermark == o->end)
		return;
	for (u32 i = 0; i < object_count; i++)
		used |= strcmp(objects[i].parent, o->name) == 0 && !gone(&objects[i]);
	if (s->watermark < o->end && used)
		WRONG("%s: memory handed out up to 0x%x granules, but stated objects up to 0x%x", o->name, s->watermark, o->end);
	else
		SINCE("%s: memory handed out up to 0x%x granules, stated are objects up to 0x%x", o->name, s->watermark, o->end);
}

/* What nothing states: replies and reservations, and copies of what somebody had. */
static void compare_rest(u32 s)
{
	u32 ancestor = s;

	if (slots[s].type == CAP_EMPTY || (known[s] & 1) != 0)
		return;
	if (slots[s].type == CAP_REPLY || slots[s].type == CAP_RESERVED) {
		SINCE("%s: %s", name_of_slot(s), slots[s].type == CAP_REPLY ? "a reply" : "reserved by a thread that waits");
		return;
	}
	for (u32 i = 0; i < CAP_MAX_DEPTH && ancestor < dump_bytes / SLOT_BYTES && (known[ancestor] & 1) == 0; i++)
		ancestor = slots[ancestor].parent;
	if (ancestor >= dump_bytes / SLOT_BYTES || (known[ancestor] & 1) == 0)
		WRONG("%s: a capability of type %u that nothing states and that comes from nothing stated", name_of_slot(s),
		      slots[s].type);
	else
		SINCE("%s: type %u, rights %s, %s %s", name_of_slot(s), slots[s].type, letters(slots[s].rights),
		      slots[s].original ? "carved from" : "a copy of", name_of_slot(ancestor));
}

static void compare_slots(void)
{
	u32 listed = 0;

	for (u32 i = 0; i < object_count; i++)
		for (u32 k = 0; k < object_count && objects[i].type == OBJECT_UNTYPED; k++)
			if (strcmp(objects[k].parent, objects[i].name) == 0) {
				u32 end = (u32)((objects[k].address + bytes_of(&objects[k]) - objects[i].address) / GRANULE);

				objects[i].end = end > objects[i].end ? end : objects[i].end;
			}
	for (u32 i = 0; i < cap_count; i++)
		if (!gone(&objects[caps[i].holder]))
			compare_cap(&caps[i]);
	for (u32 i = 0; i < object_count; i++) {
		const struct stated_object *o = &objects[i];
		u32 first = o->type == OBJECT_SPACE ? number_of(o) * SPACE_SLOTS + SPACE_FIRST_SLOT :
			o->type == OBJECT_THREAD ? thread_slot(number_of(o), 0) : number_of(o);
		u32 count = o->type == OBJECT_TABLE ? 1u << o->bits : o->type == OBJECT_SPACE ? SPACE_ENTRIES : THREAD_SLOTS;

		compare_watermark(o);
		if (gone(o))
			continue;
		for (u32 s = first; o->type >= OBJECT_TABLE && o->type <= OBJECT_THREAD && s < first + count; s++) {
			compare_rest(s);
			known[s] |= 2;
		}
	}
	for (u32 s = slots[CAP_ROOT].next; s != CAP_END && s < dump_bytes / SLOT_BYTES && listed < dump_bytes / SLOT_BYTES; listed++) {
		if (known[s] == 0)
			compare_rest(s); /* in a container that was made since then */
		s = slots[s].next;
	}
	if (!running)
		same("derivation", "capabilities", cap_count, listed);
}

/* ---- Page tables ---- */
static void compare_entries(const struct stated_object *space)
{
	u32 n = number_of(space);

	for (u32 i = 0; i < SPACE_ENTRIES; i++) {
		u32 s = n * SPACE_SLOTS + SPACE_FIRST_SLOT + i;
		u64 entry = ptes[n * SPACE_PTES + i];
		u64 image = space->bits == 2 && i >= SPACE_ROOT_ENTRIES ? fake_kernel_entry(i) : 0;

		if (slots[s].type == CAP_SPACE)
			image = fake_entry_level(machine.base_granule + slots[s].object * (SPACE_BYTES / GRANULE));
		else if (slots[s].type == CAP_UNTYPED)
			image = fake_entry_page(slots[s].object, slots[s].rights);
		if (entry != image)
			WRONG("%s: entry %u: stated 0x%lx by its slot, found 0x%lx", space->name, i, image, entry);
	}
}

/* The kernel's map: nothing for user code, nothing writable and executable, only the kernel's own text executable. */
static void check_kernel_map(void)
{
	u64 text = dump_symbol("kernel_text_end") / 4096, leaf = dump_symbol("kernel_leaf") / 8, mid = dump_symbol("kernel_mid") / 8;

	for (u64 i = 0; i < 512; i++) {
		u64 root = i < SPACE_ROOT_ENTRIES ? 0 : ptes[KERNEL_SPACE * SPACE_PTES + i];

		if (((root | ptes[mid + i] | ptes[leaf + i]) & 16) != 0)
			WRONG("the kernel's map: entry %lu of a level lets user code in", i);
		if (((root | ptes[mid + i]) & 8) != 0 || (ptes[leaf + i] & 12) == 12 ||
		    ((ptes[leaf + i] & 8) != 0) != (i >= IMAGE_KERNEL / 4096 && i < text))
			WRONG("the kernel's map: page %lu of the image has rights 0x%lx", i, ptes[leaf + i] & 14);
	}
}

/* The hardware entry that translates an address from the root space on, and its size; 0 if none does. */
static u64 walk(u32 root, u64 address, u64 *bytes)
{
	u64 table = root * (u64)SPACE_PTES;

	for (u32 level = 2; level < 3; level--) {
		u64 entry = ptes[table + (address >> (12 + 9 * level) & 511)];

		*bytes = 1ul << (12 + 9 * level);
		if ((entry & 15) != 1)
			return entry;
		if (entry >> 10 << 12 < load_address || (entry >> 10 << 12) - load_address >= dump_bytes)
			return 0;
		table = ((entry >> 10 << 12) - load_address) / 8;
	}
	return 0;
}

static void compare_region(const char *line, const u8 *image)
{
	char name[NAME], kind[NAME] = "segment", label[NAME] = "", rights[NAME];
	u64 base, size, file = 0, rom = 0, bytes;
	struct component *c;
	bool segment = strncmp(line, "segment ", 8) == 0;

	if ((segment ? sscanf(line, "segment " TEXT " at %lx memory %lu file %lu rights " TEXT " rom %lu", name, &base, &size, &file,
			      rights, &rom) :
	     sscanf(line, "region " TEXT " " TEXT " " TEXT " at %lx size %lu rights " TEXT, name, kind, label, &base, &size,
		    rights)) != 6)
		dump_fail("a line of the text cannot be read: %s", line);
	c = component_of(name);
	if (strcmp(kind, "scratch") == 0 || c->root == NONE)
		return;
	for (u64 at = base; at < base + size; at += bytes) {
		u64 entry = walk(c->root, at, &bytes);
		u64 flags = 0xd1, page = entry >> 10 << 12, from = rom + (at - base);

		for (const char *letter = rights; *letter != 0; letter++)
			flags |= *letter == 'r' ? 2 : *letter == 'w' ? 4 : 8;
		if ((entry & 0x3ff) != flags)
			WRONG("%s: %s %s at 0x%lx: stated %s (flags 0x%lx), found flags 0x%lx", name, kind, label, at, rights, flags,
			      entry & 0x3ff);
		else if (segment && (flags & 4) == 0 && page != load_address + IMAGE_SYSTEM + from)
			WRONG("%s: %s at 0x%lx: stated the image at 0x%lx, found memory at 0x%lx", name, kind, at, from, page);
		for (u64 i = 0; segment && !running && (flags & 4) != 0 && page >= load_address && i < 4096; i++) {
			u8 stated = at + i - base < file ? image[from + i] : 0, found = ((const u8 *)words)[page - load_address + i];

			if (stated != found) {
				WRONG("%s: %s at 0x%lx: stated byte 0x%02x, found 0x%02x", name, kind, at + i, stated, found);
				break;
			}
		}
	}
}

/* Every page that a component can reach lies in one of its regions. */
static void compare_reach(const struct component *c)
{
	u64 bytes;

	for (u64 at = 0; c->root != NONE && at < USER_TOP; at = (at & ~(bytes - 1)) + bytes) {
		u64 entry = walk(c->root, at, &bytes), base = 0, size = 0;
		bool inside = entry == 0;

		for (u32 i = 0; i < line_count && !inside; i++) {
			char name[NAME];

			inside = sscanf(lines[i], "region " TEXT " %*s %*s at %lx size %lu", name, &base, &size) == 3 &&
				strcmp(name, c->name) == 0 && at >= base && at < base + size;
		}
		if (!inside)
			SINCE("%s reaches 0x%lx at 0x%lx, which no region states", c->name, entry >> 10 << 12, at);
	}
}

static void compare_maps(const u8 *image, u64 image_bytes)
{
	for (u32 i = 0; i < object_count; i++)
		if (objects[i].type == OBJECT_SPACE && !gone(&objects[i]))
			compare_entries(&objects[i]);
	check_kernel_map();
	for (u32 i = 0; i < component_count; i++)
		for (u32 k = 0; k < object_count; k++) {
			size_t length = strlen(components[i].name);

			if (objects[k].type == OBJECT_SPACE && !gone(&objects[k]) && strncmp(objects[k].name, components[i].name, length) == 0 &&
			    strcmp(objects[k].name + length, "/root") == 0)
				components[i].root = number_of(&objects[k]);
		}
	for (u32 i = 0; i < line_count; i++)
		if (strncmp(lines[i], "region ", 7) == 0 || strncmp(lines[i], "segment ", 8) == 0)
			compare_region(lines[i], image);
	for (u32 i = 0; i < component_count; i++)
		compare_reach(&components[i]);
	for (u64 i = 0; i < image_bytes; i++)
		if (((const u8 *)words)[IMAGE_SYSTEM + i] != image[i]) {
			WRONG("the system in memory: byte 0x%lx: stated 0x%02x, found 0x%02x", i, image[i],
			      ((const u8 *)words)[IMAGE_SYSTEM + i]);
			break;
		}
}

/* ---- Threads, bindings, schedule ---- */
static void compare_thread(const char *line)
{
	char name[NAME], owner[NAME];
	u64 number, pc, sp;
	struct stated_object *o;
	const struct component *c;
	u32 t;

	if (sscanf(line, "thread " TEXT " component " TEXT " number %lu pc %lx sp %lx", name, owner, &number, &pc, &sp) != 5)
		dump_fail("a line of the text cannot be read: %s", line);
	o = object_of(name, strlen(name));
	t = number_of(o);
	c = component_of(owner);
	if (gone(o))
		return;
	same(name, "priority", c->priority, threads[t].priority);
	same(name, "budget", c->budget, threads[t].budget);
	same(name, "period", c->period, threads[t].period);
	same(name, "limit", c->limit, threads[t].limit);
	same(name, "passive", c->passive, threads[t].passive);
	same(name, "partition", c->partition, threads[t].partition);
	if (running)
		return;
	for (u32 r = 0; r < 32; r++)
		if (threads[t].registers[r] != (r == REG_PC ? pc : r == REG_SP ? sp : r == REG_A0 ? number : 0))
			WRONG("%s: register %u: found 0x%lx", name, r, threads[t].registers[r]);
	same(name, "state", THREAD_READY, threads[t].state);
	same(name, "all registers in memory", hart.current != t, threads[t].saved_all);
}

static void compare_bindings(void)
{
	static const char *const kinds[] = {"line", "timer", "power_off", "reset", "fault_ring"};
	u32 counts[5] = {0}, lines_bound = 0;

	for (u32 i = 0; i < line_count; i++) {
		char name[NAME], kind[NAME], what[2 * NAME + 20];
		u32 line, bit, n, k;

		if (sscanf(lines[i], "bind " TEXT " " TEXT " %u bit %u", name, kind, &line, &bit) != 4)
			continue;
		n = number_of(object_of(name, strlen(name)));
		k = word_of(kind, kinds, 5);
		snprintf(what, sizeof what, "%s: %s %u", name, kind, line);
		counts[k]++;
		if (k == BIND_LINE) {
			same(what, "notification", n, hart.lines[line % N_LINES].queue);
			same(what, "bit", 1u << bit, hart.lines[line % N_LINES].bit);
			same(what, "line bits", 1u << bit, queues[n].lines & 1u << bit);
		} else if (k == BIND_TIMER) {
			same(what, "timer", 1, queues[n].timer != 0 && queues[n].timer <= hart.timers_used &&
			     hart.timers[queues[n].timer - 1].queue == n && hart.timers[queues[n].timer - 1].bits == 1u << bit);
		} else if (k == BIND_FAULT_RING) {
			same(what, "notification", n, hart.fault_queue);
			same(what, "bit", 1u << bit, hart.fault_bit);
		} else {
			same(what, "bit", 1u << bit, (k == BIND_RESET ? queues[n].reset : queues[n].power_off) & 1u << bit);
		}
	}
	for (u32 line = 0; line < N_LINES; line++)
		lines_bound += hart.lines[line].queue != NONE;
	same("bindings", "lines", counts[BIND_LINE], lines_bound);
	same("bindings", "timers", counts[BIND_TIMER], hart.timers_used);
	same("bindings", "fault ring", counts[BIND_FAULT_RING], hart.fault_queue != NONE);
	for (u32 i = 0; i < object_count; i++)
		if (objects[i].type == OBJECT_NOTIFICATION) {
			counts[BIND_POWER_OFF] -= (u32)__builtin_popcount(queues[number_of(&objects[i])].power_off);
			counts[BIND_RESET] -= (u32)__builtin_popcount(queues[number_of(&objects[i])].reset);
		}
	same("bindings", "power_off and reset left", 0, counts[BIND_POWER_OFF] | counts[BIND_RESET]);
}

static void compare_schedule(void)
{
	u32 count = 0;

	for (u32 i = 0; i < line_count; i++) {
		u32 partition, ticks;

		if (sscanf(lines[i], "window %*s partition %u ticks %u", &partition, &ticks) != 2)
			continue;
		same("schedule", "partition of a window", partition, hart.schedule[count % WINDOWS_MAX].partition);
		same("schedule", "ticks of a window", ticks, hart.schedule[count % WINDOWS_MAX].ticks);
		count++;
	}
	same("schedule", "windows", count, hart.windows);
}

static u8 *read_image(const char *path, u64 *size)
{
	FILE *file = fopen(path, "rb");
	u8 *data = malloc(64ul << 20);
	u64 got = file == NULL || data == NULL ? 0 : fread(data, 1, 64ul << 20, file);

	if (got <= IMAGE_SYSTEM || got > dump_bytes)
		dump_fail("%s: no image, or not that of this memory", path);
	fclose(file);
	*size = got - IMAGE_SYSTEM;
	return data + IMAGE_SYSTEM;
}

int main(int argc, char **argv)
{
	u64 image_bytes;
	const u8 *image;

	if (argc != 6 || (strcmp(argv[5], "first") != 0 && strcmp(argv[5], "running") != 0)) {
		fprintf(stderr, "inspect DUMP SYMBOLS TEXT.cdl IMAGE first|running: compares the kernel's memory with what is stated\n");
		return 2;
	}
	running = argv[5][0] == 'r';
	dump_load(argv[1], argv[2]);
	image = read_image(argv[4], &image_bytes);
	known = calloc(dump_bytes / SLOT_BYTES, 1);
	read_text(argv[3]);
	compare_slots();
	compare_maps(image, image_bytes);
	for (u32 i = 0; i < line_count; i++)
		if (strncmp(lines[i], "thread ", 7) == 0)
			compare_thread(lines[i]);
	compare_bindings();
	compare_schedule();
	if (since > LISTED)
		printf("  since then: ... %u in all\n", since);
	printf("%u objects and %u capabilities are stated, %u things differ%s\n", object_count, cap_count, wrong,
	       since == 0 ? "" : " beside what was listed");
	return wrong != 0;
}
