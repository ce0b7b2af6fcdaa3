/* emit.c - the object graph to the construction program, and everything together to system.bin.
 *
 * Offsets in system.bin: 0 header and manifest header | 4096 text and read-only data of the components, in pages |
 * contents of their data segments | roots | sections | operations | names | manifest. Equal input gives equal bytes. */
#include "capdl.h"

#include "../platform/boot/checksum.h"
#include "../userland/protocols/manifest.h"

#include <stdlib.h>
#include <string.h>

struct program {
	struct program_operation *operations;
	struct program_section *sections;
	u32 operation_count, operation_capacity;
	struct buffer names;
};

static void internal(struct capdl *c, const char *what)
{
	error_at(c, (struct span){NONE, 0, 0}, "X00", "please report the specification", "internal error: %s", what);
}

static struct program_operation *add(struct capdl *c, struct program *program, u32 operation, u32 a0)
{
	struct program_operation *o = LIST_ADD(c, program, operation);

	*o = (struct program_operation){.operation = operation, .a0 = a0};
	return o;
}

/* The slot of the actor's table that holds the capability of `object`; 0 is the table itself. */
static u32 handle(struct capdl *c, u32 actor, u32 object)
{
	const struct capability *cap;

	if (object == actor)
		return 0;
	cap = &c->model.caps[c->model.objects[object].original];
	if (cap->container != actor)
		internal(c, format(c, "a section names %s, which its actor does not hold", object_name(c, object)));
	return cap->index;
}

/* ---- operations of one section ---- */

static int compare_carved(const void *left, const void *right)
{
	const struct carved *a = left, *b = right;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	if (a->foreign != b->foreign)
		return a->foreign ? 1 : -1;
	return a->size < b->size ? -1 : a->size > b->size; /* size holds the place in the order of retype here */
}

static void emit_retypes(struct capdl *c, struct program *program, u32 section, const struct carved *carved, u32 count)
{
	const struct model *model = &c->model;
	u32 actor = model->sections[section].actor;

	for (u32 i = 0; i < count;) {
		const struct object *first = &model->objects[carved[i].object];
		const struct capability *cap = &model->caps[first->original];
		struct program_operation *o = add(c, program, OP_RETYPE, handle(c, actor, first->parent));
		u32 run = 1;

		for (; i + run < count && run < RETYPE_MAX_COUNT; run++) {
			const struct object *next = &model->objects[carved[i + run].object];
			const struct capability *next_cap = &model->caps[next->original];

			if (next->parent != first->parent || next->type != first->type || next->size_bits != first->size_bits || next_cap->rights != cap->rights ||
			    next_cap->container != cap->container || next_cap->index != cap->index + run)
				break;
		}
		o->a2 = first->type;
		if (first->type == OBJECT_UNTYPED && first->memory == MEMORY_RAM && (cap->rights & RIGHT_SCHEDULE) == 0)
			o->a2 |= OBJECT_NO_SCHEDULE;
		o->a3 = first->size_bits;
		o->a4 = handle(c, actor, cap->container);
		o->a5 = cap->index;
		o->a6 = run;
		i += run;
	}
}

static void emit_copy(struct capdl *c, struct program *program, u32 actor, const struct capability *cap)
{
	const struct model *model = &c->model;
	const struct capability *source = &model->caps[cap->source];
	u8 to = model->objects[cap->container].type, kind = model->objects[cap->object].type;
	struct program_operation *o = add(c, program, OP_COPY, handle(c, actor, cap->container));

	o->a2 = cap->index;
	o->a3 = handle(c, actor, source->container);
	o->a4 = source->index;
	o->a5 = to != OBJECT_TABLE && (kind == OBJECT_TABLE || kind == OBJECT_SPACE) ? RIGHTS_ALL : cap->rights;
	o->a6 = source->badge == 0 ? cap->badge : 0;
}

static void emit_thread(struct capdl *c, struct program *program, u32 actor, const struct thread *thread)
{
	const struct component *component = &c->spec.components[thread->component];
	u32 slot = handle(c, actor, thread->object);
	struct program_operation *o = add(c, program, OP_WRITE_REGISTERS, slot);

	o->a3 = thread->pc;
	o->a5 = thread->sp;
	if (thread->number != 0) {
		o = add(c, program, OP_WRITE_REGISTERS, slot);
		o->a2 = 2; /* s0, s1, a0, a1 */
		o->a5 = thread->number;
	}
	o = add(c, program, OP_SET_SCHEDULING, slot);
	o->a2 = component->priority.value;
	o->a3 = component->budget_ticks;
	o->a4 = component->period_ticks;
	o->a5 = component->passive ? SCHEDULE_PASSIVE : 0;
	if (component->partition != NONE)
		o->a5 += c->spec.partitions[component->partition].number * SCHEDULE_PARTITION;
	o->a6 = component->limit_ticks;
	add(c, program, OP_RESUME, slot);
}

static void emit_windows(struct capdl *c, struct program *program)
{
	for (u32 i = 0; i < c->spec.window_count; i++) {
		struct program_operation *o = add(c, program, OP_WINDOW, 0);

		o->a2 = c->spec.windows[i].ticks;
		o->a3 = c->spec.windows[i].number;
	}
}

static void emit_rest(struct capdl *c, struct program *program, u32 section, const u32 *caps, u32 cap_count)
{
	const struct model *model = &c->model;
	u32 actor = model->sections[section].actor, component = model->sections[section].component;

	for (u32 i = 0; i < cap_count; i++)
		emit_copy(c, program, actor, &model->caps[caps[i]]);
	for (u32 i = 0; section == 0 && i < model->binding_count; i++) {
		const struct bound *binding = &model->bindings[i];
		struct program_operation *o = add(c, program, OP_BIND, model->caps[binding->cap].index);

		o->a2 = binding->what;
		o->a3 = binding->line;
		o->a4 = binding->bit;
	}
	for (u32 i = 0; i < model->fill_count; i++) {
		const struct fill *fill = &model->fills[i];
		struct program_operation *o;

		if (fill->section != section)
			continue;
		o = add(c, program, OP_FILL, handle(c, actor, fill->page));
		o->a2 = fill->offset;
		o->a3 = fill->rom;
		o->a4 = fill->bytes;
	}
	if (component == NONE)
		return;
	for (u32 i = 0; i < c->spec.components[component].threads.value; i++)
		emit_thread(c, program, actor, &model->threads[c->spec.components[component].first_thread + i]);
}

/* Copies bucketed by section, in the order in which they were made: sources come before what is copied from them. */
static u32 *bucket_caps(struct capdl *c, u32 *starts)
{
	const struct model *model = &c->model;
	u32 *sorted = arena_take(&c->arena, (model->cap_count + 1) * sizeof *sorted);
	u32 *next = arena_take(&c->arena, (model->section_count + 1) * sizeof *next);

	for (u32 i = 0; i < model->cap_count; i++)
		if (model->caps[i].source != NONE)
			starts[model->caps[i].section + 1]++;
	for (u32 i = 0; i < model->section_count; i++)
		starts[i + 1] += starts[i];
	memcpy(next, starts, model->section_count * sizeof *next);
	for (u32 i = 0; i < model->cap_count; i++)
		if (model->caps[i].source != NONE)
			sorted[next[model->caps[i].section]++] = i;
	return sorted;
}

static void make_program(struct capdl *c, struct program *program)
{
	struct model *model = &c->model;
	u32 *starts = arena_take(&c->arena, (model->section_count + 2) * sizeof *starts);
	u32 *caps = bucket_caps(c, starts), from = 0;
	struct carved *carved = arena_take(&c->arena, (model->carved_count + 1) * sizeof *carved);

	memcpy(carved, model->carved, model->carved_count * sizeof *carved);
	for (u32 i = 0; i < model->carved_count; i++)
		carved[i].size = i;
	if (model->carved_count > 1)
		qsort(carved, model->carved_count, sizeof *carved, compare_carved);
	program->sections = arena_take(&c->arena, (model->section_count + 1) * sizeof *program->sections);
	for (u32 i = 0; i < model->section_count; i++) {
		u32 to = from, first = program->operation_count;

		while (to < model->carved_count && carved[to].section == i)
			to++;
		if (i == 0)
			emit_windows(c, program);
		emit_retypes(c, program, i, carved + from, to - from);
		emit_rest(c, program, i, caps + starts[i], starts[i + 1] - starts[i]);
		program->sections[i] = (struct program_section){
			.actor = model->sections[i].actor == model->kernel_table ? 0 :
				model->caps[model->objects[model->sections[i].actor].original].index,
			.count = program->operation_count - first,
			.offset = first * (u32)sizeof(struct program_operation), /* completed by assemble */
			.name = (u32)program->names.size,
		};
		buffer_add(&program->names, model->sections[i].name, strlen(model->sections[i].name) + 1);
		from = to;
	}
}

/* ---- the file ---- */

static void add_images(struct capdl *c, struct buffer *out)
{
	for (u32 pass = 0; pass < 2; pass++)
		for (u32 i = 0; i < c->segment_count; i++) {
			const struct segment *segment = &c->segments[i];

			if (((segment->rights & RIGHT_WRITE) != 0) != (pass == 1))
				continue;
			buffer_pad(out, segment->rom);
			buffer_add(out, segment->data, segment->file_size);
		}
	buffer_pad(out, round_up(c->rom_end, 64));
}

static void add_roots(struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->model.object_count; i++) {
		const struct object *object = &c->model.objects[i];
		struct root_untyped root = {.base = object->address, .size_bits = object->size_bits, .kind = object->memory,
			.ram_disk = object->memory == MEMORY_DEVICE && object->address >= c->board.ram_start &&
				object->address < c->board.ram_end};

		if (object->root && !object->fixed)
			buffer_add(out, &root, sizeof root);
	}
}

static void add_names(struct capdl *c, struct buffer *out)
{
	buffer_add(out, c->spec.system.text, strlen(c->spec.system.text) + 1);
	for (u32 i = 0; i < c->model.thread_count; i++)
		buffer_print(out, "%s %lu\n", c->spec.components[c->model.threads[i].component].name.text,
			c->model.objects[c->model.threads[i].object].address / THREAD_BYTES);
	buffer_add(out, "", 1);
}

static void finish(struct capdl *c, struct system_header *header, const struct buffer *manifest)
{
	struct buffer *out = &c->system;
	u64 pages = c->model.rom_first_page + c->model.rom_pages;

	if (c->model.rom_first_page == 0 && out->size > pages * PAGE)
		internal(c, "the system is larger than its pages");
	buffer_pad(out, round_up(out->size > pages * PAGE ? out->size : pages * PAGE, PAGE));
	if (out->size > OBJECT_AREA - IMAGE_OFFSET - IMAGE_SYSTEM)
		error_at(c, (struct span){NONE, 0, 0}, "X04", "smaller images",
			"the system takes %zu bytes; there is room for 13 MiB",
			out->size);
	header->size = out->size;
	memcpy(out->data, header, sizeof *header);
	memcpy(out->data + MANIFEST_OFFSET, manifest->data, manifest->size);
	header->checksum = checksum_of_system((const u64 *)(const void *)out->data, out->size);
	memcpy(out->data, header, sizeof *header);
}

void emit(struct capdl *c)
{
	struct program program = {0};
	struct buffer *out = &c->system, manifest = {0};
	struct system_header header = {
		.magic = SYSTEM_MAGIC, .version = SYSTEM_VERSION, .load_address = c->model.load_address,
		.ram_end = c->model.ram_end, .timebase = c->board.timebase, .plic_base = c->board.plic_base,
		.roots = c->model.root_count, .sections = c->model.section_count,
	};

	make_program(c, &program);
	buffer_pad(out, PAGE);
	add_images(c, out);
	header.roots_offset = (u32)out->size;
	add_roots(c, out);
	header.sections_offset = (u32)out->size;
	u64 operations = round_up(out->size + header.sections * sizeof *program.sections, 8);
	u64 names = operations + program.operation_count * sizeof *program.operations;
	for (u32 i = 0; i < header.sections; i++) {
		program.sections[i].offset += (u32)operations;
		program.sections[i].name += (u32)names;
	}
	buffer_add(out, program.sections, header.sections * sizeof *program.sections);
	buffer_pad(out, operations);
	buffer_add(out, program.operations, program.operation_count * sizeof *program.operations);
	buffer_add(out, program.names.data, program.names.size);
	buffer_drop(&program.names);
	header.names_offset = (u32)out->size;
	add_names(c, out);
	header.names_size = (u32)out->size - header.names_offset;
	buffer_pad(out, round_up(out->size, 8));
	manifest_make(c, &manifest, out, out->size);
	finish(c, &header, &manifest);
	buffer_drop(&manifest);
}
