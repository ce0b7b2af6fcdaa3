/* audit.c - proves that a built system is what its canonical object text says; it shares nothing with the compiler.
 *
 * Reads an Image (or a system.bin) as the kernel will, replays the construction program by the rules of
 * kernel/README.md, prints each object, capability, thread, binding and filling that results as the line that would
 * state it, and compares it with the line of the .cdl. What no line states is a difference too. README.md tells what
 * the text says that is not in the binary. */
#include "abi.h"

#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE 0xffffffffu
#define WORDS 27u
#define LIMIT (64ul << 20)
#define RW (RIGHT_READ | RIGHT_WRITE)
#define RWX (RW | RIGHT_EXECUTE)
/* Room for one more item at the end of a list, which doubles when its length is one less than a power of two. */
#define ROOM(list, length) do { \
	if (((length) & ((length) + 1)) == 0 && ((list) = realloc(list, (2ul * (length) + 2) * sizeof *(list))) == NULL) \
		fail("out of memory"); } while (0)

struct thread { u64 registers[32], scheduling[5]; bool resumed, bound, stated; }; /* priority, budget, period, flags, limit */
struct object {
	const char *name;            /* of the line that states it */
	u64 base, size, mark;        /* bytes; mark: handed out */
	u32 *slots, count;           /* capabilities */
	u32 parent, section, bits;
	u8 type, memory;             /* enum object_type, enum memory_kind */
	bool used;                   /* a level: installed; a notification: bound to a thread */
	struct thread thread;
};
struct cap { u32 object, badge, parent, depth, container, index, section, children; u8 rights; bool original, stated; };
struct effect { struct program_operation o; u32 object, section; bool stated; }; /* or a window */
struct line { /* of the text */
	char *text, *words[WORDS];
	const char *(*print)(const struct line *line); /* what the replay would print; 0: nothing that it knows */
	u32 count, number, made;     /* made: the object of an object line */
};

static struct object *objects; /* 0: the kernel table, 1: the fault ring */
static struct cap *caps;       /* 0: none */
static struct effect *effects;
static struct line *lines;
static u32 object_count, cap_count, effect_count, line_count, section_count, differences, section_now, operation_now,
	windows, partitions = 1; /* bits: those that have a window, and 0 */
static const unsigned char *image;
static struct system_header header;
static const char *path, *section_name = "roots";
static const char *const types[] = {"nothing", "untyped", "endpoint", "notification", "table", "space", "thread", "page"};
static const char *const memories[] = {"ram", "device", "rom"};
static const char *const bindings[] = {"line", "timer", "power_off", "reset", "fault_ring"};

/* Texts live until the end: there is one file to check. */
static char *print(const char *format, ...)
{
	char text[1000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return strdup(text);
}

static void fail(const char *text)
{
	fprintf(stderr, "audit: %s\n", text);
	exit(1);
}

/* The kernel would stop the boot here. */
static void need(bool condition, const char *rule)
{
	if (!condition)
		fail(print("section %s, operation %u would be refused: %s", section_name, operation_now, rule));
}

static void compare(const struct line *line, const char *found)
{
	if (strcmp(line->text, found) != 0 && differences++ < 20)
		fprintf(stderr, "audit: %s:%u: expected: %s\n  found: %s\n", path, line->number, line->text, found);
}

static const char *name_of(u32 object)
{
	const struct object *o = &objects[object == NONE ? 0 : object];

	return object == NONE ? "-" : o->name != NULL ? o->name : print("(%s at 0x%lx)", types[o->type], o->base);
}

static const char *slot_name(u32 cap)
{
	return cap == 0 ? "-" : print("%s[%u]", name_of(caps[cap].container), caps[cap].index);
}

/* ---- The replay ---- */
static u32 object_new(struct object new)
{
	ROOM(objects, object_count);
	new.slots = calloc(new.count + 1ul, sizeof *new.slots);
	need(new.slots != NULL, "out of memory");
	objects[object_count] = new;
	return object_count++;
}

static void cap_put(struct cap new)
{
	ROOM(caps, cap_count);
	new.depth = caps[new.parent].depth + 1;
	need(new.depth <= CAP_MAX_DEPTH, "too many generations of capabilities");
	new.section = section_now;
	caps[new.parent].children++;
	objects[new.container].slots[new.index] = cap_count;
	caps[cap_count++] = new;
}

static u32 cap_at(u32 container, u64 index)
{
	need(index < objects[container].count && (objects[container].type != OBJECT_TABLE || index != 0), "no such slot");
	return objects[container].slots[index];
}

static bool is_memory(u32 object)
{
	return objects[object].type == OBJECT_PAGE || objects[object].type == OBJECT_UNTYPED;
}

/* The capability that number n of the actor's table names, as an operand; pages are untyped memory. */
static u32 operand(u32 actor, u64 n, u8 type)
{
	u32 cap = cap_at(actor, n);

	need(cap != 0 && (objects[caps[cap].object].type == type || (type == OBJECT_UNTYPED && is_memory(caps[cap].object))),
	     "an operand's slot is empty or holds something else");
	return cap;
}

static u32 container(u32 actor, u64 n, u32 right)
{
	u32 cap = n == 0 ? 0 : cap_at(actor, n);

	need(n == 0 || (cap != 0 && objects[caps[cap].object].count != 0), "a container's slot holds no container");
	need(n == 0 || (caps[cap].rights & right) == right, "the container capability lacks the right");
	return n == 0 ? actor : caps[cap].object;
}

/* What retype makes; size 0 if there is no such object. */
static struct object shape(u64 type, u64 bits)
{
	static const u64 fixed[] = {0, 0, ENDPOINT_BYTES, NOTIFICATION_BYTES, 0, 0, THREAD_BYTES};
	struct object new = {.type = (u8)type, .bits = (u32)bits, .parent = NONE, .section = section_now};

	if (type == OBJECT_UNTYPED || type == OBJECT_PAGE) {
		new.size = (type == OBJECT_UNTYPED && bits >= 6 && bits <= 37) || bits == 12 || bits == 21 || bits == 30 ? 1ul << bits : 0;
	} else if (type == OBJECT_TABLE) {
		new.count = bits >= 1 && bits <= 16 ? 1u << bits : 0;
		new.size = (u64)new.count * SLOT_BYTES;
	} else if (type == OBJECT_SPACE) {
		new.size = bits <= 2 ? SPACE_BYTES : 0;
		new.count = bits == 2 ? SPACE_ROOT_ENTRIES : SPACE_ENTRIES;
	} else {
		new.bits = 0;
		new.size = type <= OBJECT_THREAD ? fixed[type] : 0;
		new.count = type == OBJECT_THREAD ? THREAD_SLOTS : 0;
	}
	return new;
}

static void retype(u32 actor, const struct program_operation *o)
{
	u32 from = operand(actor, o->a0, OBJECT_UNTYPED), to = container(actor, o->a4, RIGHT_WRITE);
	u64 type = o->a2 == (OBJECT_UNTYPED | OBJECT_NO_SCHEDULE) ? OBJECT_UNTYPED : o->a2;
	struct object *source = &objects[caps[from].object], new = shape(type, o->a3);
	u8 rights = type == OBJECT_ENDPOINT ? RW | RIGHT_CALL | RIGHT_GRANT : type == OBJECT_PAGE ? caps[from].rights & RWX :
		type == OBJECT_THREAD ? RW | (caps[from].rights & RIGHT_SCHEDULE) : type != OBJECT_UNTYPED ? RW :
		caps[from].rights & (type == o->a2 ? RIGHTS_ALL : RIGHTS_ALL & ~RIGHT_SCHEDULE);

	need((caps[from].rights & RIGHT_RETYPE) != 0 && objects[to].type == OBJECT_TABLE, "the memory cannot be carved, or no table");
	need(type <= OBJECT_PAGE && new.size != 0 && (source->memory == MEMORY_RAM || type == OBJECT_UNTYPED || type == OBJECT_PAGE),
	     "no such object or size, or a kernel object that is not of ram");
	need(source->memory == MEMORY_RAM || source->mark != 0 || caps[from].children == 0, "the memory is lent");
	need(o->a6 >= 1 && o->a6 <= (type == OBJECT_SPACE && o->a3 == 2 ? RETYPE_MAX_ROOTS : RETYPE_MAX_COUNT), "bad count");
	new.memory = source->memory;
	new.parent = caps[from].object;
	new.base = (source->base + source->mark + new.size - 1) & ~(new.size - 1);
	need(new.base + o->a6 * new.size <= source->base + source->size, "no memory left");
	source->mark = new.base + o->a6 * new.size - source->base;
	for (u64 i = 0; i < o->a6; i++, new.base += new.size) {
		need(cap_at(to, o->a5 + i) == 0, "the slot is occupied");
		cap_put((struct cap){object_new(new), 0, from, 0, to, (u32)(o->a5 + i), 0, 0, rights, true, false});
	}
}

/* Whether `what` may stand in a slot of a space or a thread; `has` are the rights before the mask. */
static void check_slot(struct object *to, u64 index, struct object *what, u8 has, u8 rights)
{
	static const u8 wanted[] = {OBJECT_TABLE, OBJECT_SPACE, OBJECT_ENDPOINT, OBJECT_NOTIFICATION};

	if (to->type == OBJECT_SPACE && what->type == OBJECT_SPACE) {
		need(what->bits + 1 == to->bits && !what->used && (has & RW) == RW, "a level in the wrong level, twice, or not rw");
		what->used = true;
	} else if (to->type == OBJECT_SPACE) {
		need(is_memory((u32)(what - objects)) && what->bits == 12 + 9 * to->bits, "not a page of the level's size");
		need(rights == RIGHT_READ || rights == RW || rights == (RIGHT_READ | RIGHT_EXECUTE), "a mapping is r, rw or rx");
	} else if (to->type == OBJECT_THREAD) {
		need(what->type == wanted[index] && (index != THREAD_SPACE || what->bits == 2), "not what this slot of a thread takes");
		need(index > THREAD_SPACE || (rights & RW) == RW, "a thread's table and space need read and write");
		need(index != THREAD_BOUND || ((rights & RIGHT_READ) != 0 && !what->used &&
		     to->thread.scheduling[3] % SCHEDULE_PARTITION == 0), "the notification cannot be bound");
		if (index == THREAD_BOUND)
			what->used = to->thread.bound = true;
	}
}

static void copy(u32 actor, const struct program_operation *o)
{
	u32 to = container(actor, o->a0, RIGHT_WRITE), from = cap_at(container(actor, o->a3, RIGHT_READ), o->a4);
	struct cap new = {caps[from].object, caps[from].badge, from, 0, to, (u32)o->a2, 0, 0, caps[from].rights, false, false};
	struct object *what = &objects[new.object];

	need(from != 0 && cap_at(to, o->a2) == 0, "nothing to copy, or the slot is occupied");
	new.rights &= (u8)(o->a5 & (is_memory(new.object) ? RWX : RIGHTS_ALL));
	if (is_memory(new.object))
		need((what->bits == 12 || what->bits == 21 || what->bits == 30) && ((caps[from].rights & RIGHT_RETYPE) == 0 ||
		     (what->memory != MEMORY_RAM && what->mark == 0)), "memory that has not a page's size, or is carved");
	check_slot(&objects[to], o->a2, what, caps[from].rights, new.rights);
	if (o->a6 != 0) {
		need((what->type == OBJECT_ENDPOINT || what->type == OBJECT_NOTIFICATION) && o->a6 <= 0xffffffff && new.badge == 0,
		     "a badge on something else, beyond 32 bits, or a second one");
		new.badge = (u32)o->a6;
	}
	cap_put(new);
}

static void thread_operation(u32 actor, const struct program_operation *o)
{
	u32 cap = operand(actor, o->a0, OBJECT_THREAD), *held = objects[caps[cap].object].slots;
	struct thread *thread = &objects[caps[cap].object].thread;
	const u64 values[] = {o->a3, o->a4, o->a5, o->a6}, scheduling[] = {o->a2, o->a3, o->a4, o->a5, o->a6};

	need((caps[cap].rights & RIGHT_WRITE) != 0, "no right over the thread");
	if (o->operation == OP_RESUME) {
		need(held[THREAD_TABLE] != 0 && held[THREAD_SPACE] != 0, "a thread without table or space");
		thread->resumed = true;
	} else if (o->operation == OP_WRITE_REGISTERS) {
		need(o->a2 <= 7 && !thread->resumed, "no such registers, or the thread runs");
		memcpy(&thread->registers[4 * o->a2], values, sizeof values);
	} else {
		need(o->operation == OP_SET_SCHEDULING && (caps[cap].rights & RIGHT_SCHEDULE) != 0, "no such operation, or no right to it");
		need(o->a2 < PRIORITIES && o->a3 <= o->a4 && o->a4 <= 0x7fffffff && o->a6 <= 0x7fffffff && (o->a3 != 0 || o->a4 == 0) &&
		     o->a5 % SCHEDULE_PARTITION <= (thread->bound ? 0 : SCHEDULE_PASSIVE) && o->a5 / SCHEDULE_PARTITION < PARTITIONS &&
		     (partitions >> o->a5 / SCHEDULE_PARTITION & 1) != 0, "scheduling out of range");
		memcpy(thread->scheduling, scheduling, sizeof scheduling);
	}
}

static void effect(u32 actor, const struct program_operation *o)
{
	u8 wanted = o->operation == OP_BIND ? OBJECT_NOTIFICATION : OBJECT_UNTYPED;
	u32 cap = o->operation == OP_WINDOW ? 0 : operand(actor, o->a0, wanted);
	const struct object *page = &objects[caps[cap].object];

	need(o->operation != OP_BIND || (caps[cap].original && actor == 0 && o->a2 <= BIND_FAULT_RING && o->a4 < NOTIFICATION_BITS),
	     "only originals in the kernel table are bound, to what there is");
	need(o->operation != OP_FILL || (page->memory == MEMORY_RAM && (caps[cap].rights & RIGHT_RETYPE) == 0 &&
	     (o->a2 | o->a3 | o->a4) % 8 == 0 && o->a2 <= page->size && o->a4 <= page->size - o->a2 && o->a3 <= header.size &&
	     o->a4 <= header.size - o->a3), "no page of ram, or contents out of range");
	need(o->operation != OP_WINDOW || (actor == 0 && windows++ < WINDOWS_MAX && o->a2 >= header.timebase / 1000 &&
	     o->a2 <= 0x7fffffff && o->a3 < PARTITIONS), "a window too many, of less than 1 ms or more than 2^31 ticks, or of nobody");
	partitions |= o->operation == OP_WINDOW ? 1u << o->a3 : 0;
	ROOM(effects, effect_count);
	effects[effect_count++] = (struct effect){*o, caps[cap].object, section_now, false};
}

static bool inside(u64 offset, u64 count, u64 item)
{
	return offset % 8 == 0 && offset <= header.size && count <= (header.size - offset) / item;
}

static void replay_root(const struct root_untyped *root, u32 index)
{
	static const u8 rights[] = {RWX | RIGHT_RETYPE | RIGHT_SCHEDULE, RW | RIGHT_RETYPE, (RWX | RIGHT_RETYPE) & ~RIGHT_WRITE};
	struct object new = shape(OBJECT_UNTYPED, root->size_bits);
	u64 system = header.load_address + IMAGE_SYSTEM, behind = system + header.size, end = root->base + new.size;

	need(new.size != 0 && root->base % new.size == 0 && end > root->base && root->kind <= MEMORY_ROM, "a root of no valid size");
	need(root->kind == MEMORY_ROM ? root->base >= system && end <= behind : root->kind == MEMORY_RAM ? root->base >= behind &&
	     end <= header.ram_end : root->base >= behind || end <= header.load_address, "a root lies where it may not");
	for (u32 i = 2; i < object_count; i++)
		need(end <= objects[i].base || root->base >= objects[i].base + objects[i].size, "two roots overlap");
	new.base = root->base;
	new.memory = root->kind;
	cap_put((struct cap){.object = object_new(new), .index = index, .rights = rights[root->kind], .original = true});
}

static void replay(void)
{
	struct object ring = shape(OBJECT_PAGE, 12);
	struct program_section section;
	struct program_operation o;
	struct root_untyped root;

	ring.memory = MEMORY_ROM;
	object_new(shape(OBJECT_TABLE, 10));
	ROOM(caps, 0u);
	caps[cap_count++] = (struct cap){0};
	cap_put((struct cap){.object = object_new(ring), .index = KERNEL_SLOT_FAULT_RING, .rights = RIGHT_READ, .original = true});
	for (operation_now = 0; operation_now < header.roots; operation_now++) {
		memcpy(&root, image + header.roots_offset + operation_now * sizeof root, sizeof root);
		replay_root(&root, ROOT_FIRST_SLOT + operation_now);
	}
	for (section_now = 0; section_now < header.sections; section_now++) {
		memcpy(&section, image + header.sections_offset + section_now * sizeof section, sizeof section);
		if (section.name >= header.size || memchr(image + section.name, 0, header.size - section.name) == NULL ||
		    !inside(section.offset, section.count, sizeof o))
			fail(print("section %u lies outside of the system", section_now));
		section_name = (const char *)image + section.name;
		u32 actor = section.actor == 0 ? 0 : caps[operand(0, section.actor, OBJECT_TABLE)].object;
		for (operation_now = 0; operation_now < section.count; operation_now++) {
			memcpy(&o, image + section.offset + operation_now * sizeof o, sizeof o);
			if (o.operation == OP_RETYPE)
				retype(actor, &o);
			else if (o.operation == OP_COPY)
				copy(actor, &o);
			else if (o.operation >= OP_BIND && o.operation <= OP_WINDOW)
				effect(actor, &o);
			else
				thread_operation(actor, &o);
		}
	}
}

/* ---- The text: each line against the line that the replay would print ---- */
static struct line *find(const struct line *line, const char *name, size_t length)
{
	const ENTRY *found = hsearch((ENTRY){print("%.*s", (int)length, name), NULL}, FIND);

	if (found == NULL)
		fail(print("%s:%u: no line states the object %.*s", path, line->number, (int)length, name));
	return found->data;
}

/* The capability in the slot CONTAINER[INDEX]; 0 if it is empty. */
static u32 slot_at(const struct line *line, const char *text)
{
	const char *bracket = strrchr(text, '[');
	u32 object = bracket == NULL ? NONE : find(line, text, (size_t)(bracket - text))->made;
	u64 index = bracket == NULL ? 0 : strtoul(bracket + 1, NULL, 10);

	return object == NONE || index >= objects[object].count ? 0 : objects[object].slots[index];
}

static void name_object(struct line *stated, u32 object)
{
	if (objects[object].name != NULL)
		fail(print("%s:%u: %s and %s are one object", path, stated->number, stated->words[2], objects[object].name));
	stated->made = object;
	objects[object].name = stated->words[2];
}

/* The line that would state a capability. */
static const char *cap_line(u32 cap)
{
	const struct cap *c = &caps[cap];
	char rights[8] = "", *end = rights;

	for (u32 i = 0; i < 7; i++)
		if ((c->rights >> i & 1) != 0)
			*end++ = "rwxcgus"[i];
	return print("cap %s = %s rights %s badge 0x%x from %s section %u", slot_name(cap), name_of(c->object), rights, c->badge,
		c->original ? "-" : slot_name(c->parent), c->section);
}

static const char *line_of_system(const struct line *line)
{
	return print("system %s load 0x%lx ram_end 0x%lx timebase %lu plic 0x%lx rom %s pages %s text_end %s rom_end %s",
		image + header.names_offset, header.load_address, header.ram_end, header.timebase, header.plic_base, line->words[11],
		line->words[13], line->words[15], line->words[17]);
}

static const char *line_of_section(const struct line *line)
{
	struct program_section section;

	if (section_count >= header.sections)
		return "no further section";
	memcpy(&section, image + header.sections_offset + section_count++ * sizeof section, sizeof section);
	return print("section %s actor %s component %s", image + section.name,
		name_of(section.actor == 0 ? 0 : caps[cap_at(0, section.actor)].object), line->words[5]);
}

static const char *line_of_object(const struct line *line)
{
	u32 index = find(line, line->words[2], strlen(line->words[2]))->made;
	const struct object *o = &objects[index == NONE ? 0 : index];

	return index == NONE ? "nothing" : print("object %s %s at 0x%lx bits %u memory %s owner %s in %s section %u",
		types[o->type], o->name, o->base, o->bits, memories[o->memory], line->words[10], index == 1 ? "kernel" :
		index != 0 && o->parent == NONE ? "root" : name_of(o->parent), o->section);
}

static const char *line_of_cap(const struct line *line)
{
	u32 cap = slot_at(line, line->words[1]);

	if (cap == 0 || caps[cap].stated)
		return cap == 0 ? "an empty slot" : "a slot that is stated twice";
	caps[cap].stated = true;
	return cap_line(cap);
}

/* Two lines: the thread's own, and what its component says of all its threads. */
static const char *line_of_thread(const struct line *line)
{
	u32 index = find(line, line->words[1], strlen(line->words[1]))->made, count = 0;
	struct thread *t = index == NONE ? NULL : &objects[index].thread;
	const struct line *component = NULL;
	u64 rest = 0;

	for (const struct line *l = lines; l < lines + line_count; l++) {
		count += l->print == line->print && strcmp(l->words[3], line->words[3]) == 0;
		if (strcmp(l->words[0], "component") == 0 && strcmp(l->words[1], line->words[3]) == 0)
			component = l;
	}
	if (t == NULL || component == NULL)
		return t == NULL ? "no thread" : "no such component";
	for (u32 i = 1; i < 32; i++)
		rest |= i == 2 || i == 10 ? 0 : t->registers[i];
	t->stated = true;
	char *const *w = component->words;
	compare(component, print("component %s image %s priority %lu budget %lu period %lu limit %lu threads %u passive %lu "
		"trusted %s supervises %s supervisor %s partition %lu entry 0x%lx", w[1], w[3], t->scheduling[0], t->scheduling[1],
		t->scheduling[2], t->scheduling[4], count, t->scheduling[3] % SCHEDULE_PARTITION, w[17], w[19], w[21],
		t->scheduling[3] / SCHEDULE_PARTITION, t->registers[0]));
	if (rest != 0 || !t->resumed)
		return rest != 0 ? "a thread with something in other registers" : "a thread that never starts";
	return print("thread %s component %s number %lu pc 0x%lx sp 0x%lx", name_of(index), line->words[3], t->registers[10],
		t->registers[0], t->registers[2]);
}

static const char *line_of_effect(const struct line *line)
{
	u32 operation = line->words[0][0] == 'b' ? OP_BIND : line->words[0][0] == 'f' ? OP_FILL : OP_WINDOW;
	u32 object = operation == OP_WINDOW ? 0 : find(line, line->words[1], strlen(line->words[1]))->made;
	const char *text = "nothing of the kind";

	for (struct effect *e = effects; e < effects + effect_count; e++) {
		if (e->stated || e->o.operation != operation || e->object != object)
			continue;
		text = operation == OP_BIND ? print("bind %s %s %lu bit %lu device %s", name_of(object), bindings[e->o.a2], e->o.a3,
			e->o.a4, line->words[7]) : operation == OP_WINDOW ? print("window %s partition %lu ticks %lu", line->words[1],
			e->o.a3, e->o.a2) : print("fill %s offset %lu bytes %lu rom %lu section %u", name_of(object), e->o.a2,
			e->o.a4, e->o.a3, e->section);
		e->stated = strcmp(text, line->text) == 0;
		if (e->stated || operation == OP_WINDOW) /* windows have an order */
			return text;
	}
	return text;
}

static const struct { const char *word; u32 words; const char *(*print)(const struct line *); } kinds[] = {
	{"cdl", 2, NULL}, {"system", 18, line_of_system}, {"window", 6, line_of_effect}, {"component", 26, NULL},
	{"section", 6, line_of_section}, {"segment", 12, NULL}, {"region", 10, NULL}, {"object", 15, line_of_object},
	{"cap", 12, line_of_cap}, {"thread", 10, line_of_thread}, {"bind", 8, line_of_effect}, {"fill", 10, line_of_effect}};

static void read_line(char *text, u32 number)
{
	struct line line = {.number = number, .made = NONE};
	char *comment = strstr(text, " # ");
	u32 kind = 0;

	*(comment != NULL ? comment : text + strlen(text)) = 0;
	line.text = print("%s", text);
	for (char *word = strtok(text, " "); word != NULL && line.count < WORDS; word = strtok(NULL, " "))
		line.words[line.count++] = word;
	while (kind < sizeof kinds / sizeof *kinds && (line.count == 0 || strcmp(kinds[kind].word, line.words[0]) != 0))
		kind++;
	if (kind == sizeof kinds / sizeof *kinds || line.count != kinds[kind].words)
		fail(print("%s:%u: this is no line of an object text: %s", path, number, line.text));
	line.print = kinds[kind].print;
	ROOM(lines, line_count);
	lines[line_count++] = line;
}

static void read_text(char *text)
{
	u32 number = 1;

	for (char *end; *text != 0; text = end + 1, number++) {
		if ((end = strchr(text, '\n')) == NULL)
			fail(print("%s:%u: the text ends within a line", path, number));
		*end = 0;
		read_line(text, number);
	}
	need(hcreate(2 * line_count + 1) != 0, "out of memory");
	for (struct line *line = lines; line < lines + line_count; line++)
		if (line->print == line_of_object && hsearch((ENTRY){line->words[2], line}, ENTER)->data != line)
			fail(print("%s:%u: object %s is stated twice", path, line->number, line->words[2]));
	/* An object is what stands in the slot of its original; the text states containers before what is in them. */
	for (struct line *line = lines; line < lines + line_count; line++) {
		bool original = line->print == line_of_cap && strcmp(line->words[9], "-") == 0;
		u32 cap = original ? slot_at(line, line->words[1]) : 0;

		if (line->print == line_of_object && strcmp(line->words[12], "-") == 0)
			name_object(line, 0);
		else if (cap != 0)
			name_object(find(line, line->words[3], strlen(line->words[3])), caps[cap].object);
	}
}

static char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	char *data = calloc(1, LIMIT + 1);

	*size = file == NULL || data == NULL ? 0 : fread(data, 1, LIMIT, file);
	if (*size == 0 || ferror(file) || fclose(file) != 0 || *size == LIMIT)
		fail(print("%s: cannot be read, or is larger than %lu bytes", name, LIMIT));
	return data;
}

static void read_system(const char *name)
{
	size_t size;
	u64 hash = 0xcbf29ce484222325, word;

	image = (unsigned char *)read_file(name, &size);
	if (size >= IMAGE_SYSTEM + sizeof header && memcmp(image, &(u64){SYSTEM_MAGIC}, 8) != 0) {
		image += IMAGE_SYSTEM;
		size -= IMAGE_SYSTEM;
	}
	if (size >= sizeof header)
		memcpy(&header, image, sizeof header);
	if (header.magic != SYSTEM_MAGIC || header.version != SYSTEM_VERSION || header.size != size || size % 4096 != 0)
		fail(print("%s: no system of version %u, or not all of it", name, SYSTEM_VERSION));
	for (size_t i = 0; i < size; i += 8) {
		memcpy(&word, image + i, sizeof word);
		hash = (hash ^ (i == 8 ? (u32)word : word)) * 0x100000001b3;
		hash ^= hash >> 32;
	}
	if ((u32)hash != header.checksum)
		fail(print("%s: the checksum is wrong", name));
	if (!inside(header.roots_offset, header.roots, sizeof(struct root_untyped)) || header.names_offset >= size ||
	    !inside(header.sections_offset, header.sections, sizeof(struct program_section)) || header.roots > KERNEL_TABLE_SLOTS -
	    ROOT_FIRST_SLOT || memchr(image + header.names_offset, 0, size - header.names_offset) == NULL)
		fail(print("%s: a table lies outside of the system", name));
}

int main(int argc, char **argv)
{
	static const struct line nowhere = {.text = "nothing"};
	size_t size;

	if (argc != 3) {
		fprintf(stderr, "audit IMAGE|system.bin TEXT.cdl: proves that the construction program makes what the text states\n");
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	path = argv[2];
	read_system(argv[1]);
	replay();
	read_text(read_file(argv[2], &size));
	for (u32 i = 0; i < line_count; i++)
		if (lines[i].print != NULL)
			compare(&lines[i], lines[i].print(&lines[i]));
	for (u32 i = 1; i < cap_count; i++)
		if (!caps[i].stated)
			compare(&nowhere, cap_line(i));
	for (u32 i = 0; i < effect_count; i++)
		if (!effects[i].stated)
			compare(&nowhere, print("another binding, filling or window of %s", name_of(effects[i].object)));
	if (section_count != header.sections)
		compare(&nowhere, print("%u sections", header.sections));
	for (u32 i = 0; i < object_count; i++)
		if (objects[i].type == OBJECT_THREAD && !objects[i].thread.stated)
			compare(&nowhere, print("registers of %s", name_of(i)));
	if (line_count < 2 || strcmp(lines[0].text, "cdl 1") != 0 || lines[1].print != line_of_system)
		fail(print("%s: not `cdl 1`, or the second line does not state the system", path));
	if (differences > 0)
		fail(print("%s: %u differences between the program and %s", argv[1], differences, path));
	return 0;
}
