/* cdl.c - prints the object graph as canonical text (.cdl): each object, capability and mapping is one line.
 *
 * The order is that of construction, all numbers are explicit, each line ends with the place in the specification that
 * it comes from. Reading it back and printing it gives the same bytes; cdl_read.c holds the reader to that. README.md
 * describes each line. */
#include "cdl.h"

const char *const cdl_types[] = {"", "untyped", "endpoint", "notification", "table", "space", "thread", "page", NULL};
const char *const cdl_memories[] = {"ram", "device", "rom", NULL};
const char *const cdl_bindings[] = {"line", "timer", "power_off", "reset", "fault_ring", NULL};
const char *const cdl_regions[] = {"image", "stack", "memory", "dma", "device", "shared", "faults", "manifest",
	"scratch", NULL};
const char cdl_rights[] = "rwxcgus";

static const char *rights_text(struct capdl *c, u32 rights)
{
	char text[8];
	u32 count = 0;

	for (u32 i = 0; i < 7; i++)
		if ((rights & (1u << i)) != 0)
			text[count++] = cdl_rights[i];
	text[count] = 0;
	return format(c, "%s", text);
}

static void print_origin(struct capdl *c, struct span at, struct buffer *out)
{
	const char *origin = origin_of(c, at);

	if (*origin == 0)
		buffer_print(out, "\n");
	else
		buffer_print(out, " # %s\n", origin);
}

static const char *component_name(const struct capdl *c, u32 component)
{
	return component == NONE ? "-" : c->spec.components[component].name.text;
}

static void print_components(struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->spec.component_count; i++) {
		const struct component *component = &c->spec.components[i];

		buffer_print(out, "component %s image %s priority %lu budget %lu period %lu limit %lu threads %lu passive %u "
			"trusted %u supervises %u supervisor %s partition %u entry 0x%lx",
			component->name.text, component->image.text != NULL ? component->image.text : component->name.text,
			component->priority.value, component->budget_ticks, component->period_ticks, component->limit_ticks,
			component->threads.value, component->passive, component->trusted, component->supervises,
			component_name(c, component->supervisor),
			component->partition == NONE ? 0 : c->spec.partitions[component->partition].number, component->entry);
		print_origin(c, component->name.at, out);
	}
}

static void print_windows(struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->spec.window_count; i++) {
		const struct window *window = &c->spec.windows[i];

		buffer_print(out, "window %s partition %u ticks %lu", window->name.text, window->number, window->ticks);
		print_origin(c, window->name.at, out);
	}
}

static void print_sections(struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->model.section_count; i++)
		buffer_print(out, "section %s actor %s component %s\n", c->model.sections[i].name,
			object_name(c, c->model.sections[i].actor), component_name(c, c->model.sections[i].component));
	for (u32 i = 0; i < c->segment_count; i++)
		buffer_print(out, "segment %s at 0x%lx memory %lu file %lu rights %s rom %lu\n",
			c->spec.components[c->segments[i].component].name.text, c->segments[i].address, c->segments[i].memory_size,
			c->segments[i].file_size, rights_text(c, c->segments[i].rights), c->segments[i].rom);
	for (u32 i = 0; i < c->model.region_count; i++) {
		const struct region *region = &c->model.regions[i];

		buffer_print(out, "region %s %s %s at 0x%lx size %lu rights %s", component_name(c, region->component),
			cdl_regions[region->kind], region->name, region->base, region->size, rights_text(c, region->rights));
		print_origin(c, region->at, out);
	}
}

static void print_objects(struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->model.object_count; i++) {
		const struct object *object = &c->model.objects[i];

		buffer_print(out, "object %s %s at 0x%lx bits %u memory %s owner %s in %s section %u", cdl_types[object->type],
			object_name(c, i), object->address, object->size_bits, cdl_memories[object->memory],
			component_name(c, object->owner), object->fixed ? "kernel" : object->root ? "root" : object->parent == NONE ? "-" :
			object_name(c, object->parent), object->section);
		print_origin(c, object->at, out);
	}
}

static const char *slot_name(struct capdl *c, const struct capability *cap)
{
	return format(c, "%s[%u]", object_name(c, cap->container), cap->index);
}

static void print_caps(struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->model.cap_count; i++) {
		const struct capability *cap = &c->model.caps[i];

		buffer_print(out, "cap %s = %s rights %s badge 0x%x from %s section %u", slot_name(c, cap),
			object_name(c, cap->object), rights_text(c, cap->rights), cap->badge,
			cap->source == NONE ? "-" : slot_name(c, &c->model.caps[cap->source]),
			cap->section);
		print_origin(c, cap->at, out);
	}
}

void cdl_print(struct capdl *c, struct buffer *out)
{
	const struct model *model = &c->model;

	buffer_print(out, "cdl 1\nsystem %s load 0x%lx ram_end 0x%lx timebase %lu plic 0x%lx rom %u pages %u "
		"text_end %lu rom_end %lu\n",
		c->spec.system.text, model->load_address, model->ram_end, c->board.timebase, c->board.plic_base,
		model->rom_first_page, model->rom_pages, c->rom_text_end, c->rom_end);
	print_windows(c, out);
	print_components(c, out);
	print_sections(c, out);
	print_objects(c, out);
	print_caps(c, out);
	for (u32 i = 0; i < model->thread_count; i++) {
		const struct thread *thread = &model->threads[i];

		buffer_print(out, "thread %s component %s number %u pc 0x%lx sp 0x%lx\n", object_name(c, thread->object),
			component_name(c, thread->component), thread->number, thread->pc, thread->sp);
	}
	for (u32 i = 0; i < model->binding_count; i++) {
		const struct bound *binding = &model->bindings[i];

		buffer_print(out, "bind %s %s %u bit %u device %s\n", object_name(c, model->caps[binding->cap].object),
			cdl_bindings[binding->what], binding->line, binding->bit, binding->device == NULL ? "-" : binding->device);
	}
	for (u32 i = 0; i < model->fill_count; i++)
		buffer_print(out, "fill %s offset %u bytes %u rom %lu section %u\n", object_name(c, model->fills[i].page),
			model->fills[i].offset, model->fills[i].bytes, model->fills[i].rom, model->fills[i].section);
}
