/* manifest.c - the tables about components, regions and capabilities that travel inside system.bin (manifest.h). */
#include "capdl.h"

#include "../userland/protocols/manifest.h"

#include <string.h>

/* Texts, each stored once, behind the tables. */
struct texts {
	struct capdl *c;
	struct buffer data;
	struct map known;
	u64 base;
};

static u32 text(struct texts *texts, const char *words)
{
	const char *unique = intern(texts->c, words, strlen(words));
	u32 known = map_get(&texts->known, unique, 0);

	if (known != NONE)
		return known;
	known = (u32)(texts->base + texts->data.size);
	buffer_add(&texts->data, words, strlen(words) + 1);
	map_put(&texts->c->arena, &texts->known, unique, 0, known);
	return known;
}

const char *describe_cap(struct capdl *c, const struct capability *cap)
{
	static const char *const kinds[] = {"", "untyped", "endpoint", "notification", "table", "space", "thread", "page"};
	static const char letters[] = "rwxcgus";
	const struct object *object = &c->model.objects[cap->object];
	char rights[8];
	u32 count = 0;

	for (u32 i = 0; i < 7; i++)
		if ((cap->rights & (1u << i)) != 0)
			rights[count++] = letters[i];
	rights[count] = 0;
	if (cap->badge != 0)
		return format(c, "%s %s, rights %s, badge 0x%x", kinds[object->type], object_label(c, object), rights, cap->badge);
	return format(c, "%s %s, rights %s", kinds[object->type], object_label(c, object), rights);
}

struct tables {
	struct manifest_header header;
	struct manifest_component *components;
	struct manifest_region *regions;
	struct manifest_cap *caps;
	struct manifest_line *lines;
	u64 *threads;
};

static void count_tables(const struct capdl *c, struct tables *tables)
{
	const struct model *model = &c->model;

	tables->header = (struct manifest_header){.magic = MANIFEST_MAGIC, .components = c->spec.component_count,
		.regions = model->region_count, .threads = model->thread_count};
	for (u32 i = 0; i < model->cap_count; i++)
		tables->header.caps += model->objects[model->caps[i].container].type == OBJECT_TABLE &&
			model->caps[i].container != model->kernel_table &&
			model->objects[model->caps[i].object].type != OBJECT_PAGE;
	for (u32 i = 0; i < model->binding_count; i++)
		tables->header.lines += model->bindings[i].what == BIND_LINE;
}

static u64 place_tables(struct tables *tables, u64 offset)
{
	struct manifest_header *header = &tables->header;

	header->components_offset = (u32)offset;
	offset += header->components * sizeof *tables->components;
	header->regions_offset = (u32)offset;
	offset += header->regions * sizeof *tables->regions;
	header->threads_offset = (u32)offset;
	offset += header->threads * sizeof *tables->threads;
	header->caps_offset = (u32)offset;
	offset += header->caps * sizeof *tables->caps;
	header->lines_offset = (u32)offset;
	return offset + header->lines * sizeof *tables->lines;
}

static void fill_component(struct capdl *c, u32 index, struct tables *tables, struct texts *texts, u64 used)
{
	const struct component *component = &c->spec.components[index];
	struct manifest_component *row = &tables->components[index];

	row->name = text(texts, component->name.text);
	row->image = text(texts, component->image.text != NULL ? component->image.text : component->name.text);
	row->origin = text(texts, origin_of(c, component->name.at));
	row->supervisor = component->supervisor == NONE ? MANIFEST_NO_SUPERVISOR : component->supervisor;
	row->section = component->section;
	row->flags = (component->passive ? MANIFEST_PASSIVE : 0) | (component->supervises ? MANIFEST_SUPERVISOR : 0) |
		(component->trusted ? MANIFEST_TRUSTED : 0);
	row->priority = (u32)component->priority.value;
	row->first_thread = component->first_thread;
	row->threads = (u32)component->threads.value;
	row->budget = component->budget_ticks;
	row->period = component->period_ticks;
	row->entry = component->entry;
	row->memory = object_bytes(&c->model.objects[component->memory]);
	row->memory_used = used;
}

/* Rows of one component stand together. */
static void fill_regions(struct capdl *c, struct tables *tables, struct texts *texts)
{
	u32 next = 0;

	for (u32 i = 0; i < c->spec.component_count; i++) {
		tables->components[i].first_region = next;
		for (u32 j = 0; j < c->model.region_count; j++) {
			const struct region *region = &c->model.regions[j];

			if (region->component != i)
				continue;
			tables->regions[next++] = (struct manifest_region){region->base, region->size, text(texts, region->name),
				region->kind, region->rights, text(texts, origin_of(c, region->at))};
		}
		tables->components[i].regions = next - tables->components[i].first_region;
	}
}

static void fill_caps(struct capdl *c, struct tables *tables, struct texts *texts)
{
	const struct model *model = &c->model;
	u32 *start = arena_take(&c->arena, (c->spec.component_count + 2) * sizeof *start);

	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 i = 0; i < model->cap_count; i++) {
			const struct capability *cap = &model->caps[i];
			const struct object *container = &model->objects[cap->container];

			if (container->type != OBJECT_TABLE || cap->container == model->kernel_table ||
			    model->objects[cap->object].type == OBJECT_PAGE)
				continue;
			if (pass == 0)
				tables->components[container->owner].caps++;
			else
				tables->caps[start[container->owner]++] = (struct manifest_cap){cap->index,
					text(texts, describe_cap(c, cap)), text(texts, origin_of(c, cap->at)), 0};
		}
		if (pass == 0)
			for (u32 i = 0, next = 0; i < c->spec.component_count; i++) {
				tables->components[i].first_cap = start[i] = next;
				next += tables->components[i].caps;
			}
	}
}

static void fill_lines(struct capdl *c, struct tables *tables, struct texts *texts)
{
	const struct model *model = &c->model;
	u32 next = 0;

	for (u32 i = 0; i < model->binding_count; i++) {
		const struct bound *binding = &model->bindings[i];

		if (binding->what == BIND_LINE)
			tables->lines[next++] = (struct manifest_line){binding->line,
				model->objects[model->caps[binding->cap].object].owner, binding->bit, text(texts, binding->device)};
	}
}

/* Adds everything that stands at `offset` of the system to `out`, the header first in `header`. */
void manifest_make(struct capdl *c, struct buffer *header, struct buffer *out, u64 offset)
{
	struct tables tables = {0};
	struct texts texts = {.c = c};
	u64 *used = arena_take(&c->arena, (c->spec.component_count + 1) * sizeof *used);

	count_tables(c, &tables);
	texts.base = place_tables(&tables, offset);
	tables.components = arena_take(&c->arena, (tables.header.components + 1) * sizeof *tables.components);
	tables.regions = arena_take(&c->arena, (tables.header.regions + 1) * sizeof *tables.regions);
	tables.threads = arena_take(&c->arena, (tables.header.threads + 1) * sizeof *tables.threads);
	tables.caps = arena_take(&c->arena, (tables.header.caps + 1) * sizeof *tables.caps);
	tables.lines = arena_take(&c->arena, (tables.header.lines + 1) * sizeof *tables.lines);
	for (u32 i = 0; i < c->model.object_count; i++)
		if (c->model.objects[i].owner != NONE &&
		    c->model.objects[i].parent == c->spec.components[c->model.objects[i].owner].memory)
			used[c->model.objects[i].owner] += object_bytes(&c->model.objects[i]);
	tables.header.system_name = text(&texts, c->spec.system.text);
	for (u32 i = 0; i < c->spec.component_count; i++)
		fill_component(c, i, &tables, &texts, used[i]);
	fill_regions(c, &tables, &texts);
	for (u32 i = 0; i < c->model.thread_count; i++)
		tables.threads[i] = c->model.objects[c->model.threads[i].object].address / THREAD_BYTES;
	fill_caps(c, &tables, &texts);
	fill_lines(c, &tables, &texts);
	buffer_add(header, &tables.header, sizeof tables.header);
	buffer_add(out, tables.components, tables.header.components * sizeof *tables.components);
	buffer_add(out, tables.regions, tables.header.regions * sizeof *tables.regions);
	buffer_add(out, tables.threads, tables.header.threads * sizeof *tables.threads);
	buffer_add(out, tables.caps, tables.header.caps * sizeof *tables.caps);
	buffer_add(out, tables.lines, tables.header.lines * sizeof *tables.lines);
	buffer_add(out, texts.data.data, texts.data.size);
	buffer_drop(&texts.data);
}
