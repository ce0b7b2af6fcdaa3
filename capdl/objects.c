/* objects.c - the primitives of the object graph: new objects, capabilities, slots, mappings. */
#include "capdl.h"

u64 object_bytes(const struct object *object)
{
	switch (object->type) {
	case OBJECT_ENDPOINT: return ENDPOINT_BYTES;
	case OBJECT_NOTIFICATION: return NOTIFICATION_BYTES;
	case OBJECT_TABLE: return (u64)SLOT_BYTES << object->size_bits;
	case OBJECT_SPACE: return SPACE_BYTES;
	case OBJECT_THREAD: return THREAD_BYTES;
	default: return 1ul << object->size_bits;
	}
}

const char *object_name(struct capdl *c, u32 index)
{
	const struct object *object = &c->model.objects[index];
	const char *owner = object->owner == NONE ? "" : c->spec.components[object->owner].name.text;
	const char *dot = *owner != 0 && object->name[0] != '/' ? "." : "";

	if (object->number != NONE)
		return format(c, "%s%s%s[%u]", owner, dot, object->name, object->number);
	return format(c, "%s%s%s", owner, dot, object->name);
}

const char *object_label(struct capdl *c, const struct object *object)
{
	const char *name = object->name + (object->name[0] == '/' ? 1 : 0);

	if (object->owner == NONE)
		return name;
	return format(c, "%s.%s", c->spec.components[object->owner].name.text, name);
}

static u8 original_rights(const struct object *object)
{
	switch (object->type) {
	case OBJECT_UNTYPED:
		if (object->memory == MEMORY_RAM)
			return RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_RETYPE | RIGHT_SCHEDULE;
		return RIGHT_RETYPE | RIGHT_READ | (object->memory == MEMORY_DEVICE ? RIGHT_WRITE : RIGHT_EXECUTE);
	case OBJECT_PAGE:
		return object->memory == MEMORY_RAM ? RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE :
			object->memory == MEMORY_ROM ? RIGHT_READ | RIGHT_EXECUTE : RIGHT_READ | RIGHT_WRITE;
	case OBJECT_ENDPOINT: return RIGHT_READ | RIGHT_WRITE | RIGHT_CALL | RIGHT_GRANT;
	case OBJECT_THREAD: return RIGHT_READ | RIGHT_WRITE | RIGHT_SCHEDULE;
	default: return RIGHT_READ | RIGHT_WRITE;
	}
}

u32 object_new(struct capdl *c, u8 type, u8 size_bits, u32 owner, const char *name, struct span at)
{
	struct model *model = &c->model;
	struct object *object = LIST_ADD(c, model, object);

	*object = (struct object){
		.type = type, .size_bits = size_bits, .name = name, .number = NONE, .owner = owner, .parent = NONE,
		.original = NONE, .holder_cap = NONE, .at = at,
	};
	return model->object_count - 1;
}

static u32 cap_new(struct capdl *c, const struct capability *cap)
{
	struct model *model = &c->model;

	*LIST_ADD(c, model, cap) = *cap;
	return model->cap_count - 1;
}

u32 object_root(struct capdl *c, u8 memory, u8 size_bits, u32 owner, const char *name, struct span at)
{
	u32 index = object_new(c, OBJECT_UNTYPED, size_bits, owner, name, at);
	struct object *object = &c->model.objects[index];

	object->memory = memory;
	object->root = true;
	object->original = object->holder_cap = cap_new(c, &(struct capability){
		.container = c->model.kernel_table, .index = NONE, .object = index, .source = NONE,
		.rights = original_rights(object), .at = at,
	});
	return index;
}

void object_carve(struct capdl *c, u32 index, u32 parent, u32 section, u32 table, u32 slot)
{
	struct object *object = &c->model.objects[index];

	object->parent = parent;
	object->memory = c->model.objects[parent].memory;
	object->section = section;
	object->original = object->holder_cap = cap_new(c, &(struct capability){
		.container = table, .index = slot, .object = index, .source = NONE, .rights = original_rights(object),
		.section = section, .at = object->at,
	});
}

u32 cap_copy(struct capdl *c, u32 container, u32 index, u32 source, u8 rights, u32 badge, u32 section, struct span at)
{
	const struct capability *from = &c->model.caps[source];

	return cap_new(c, &(struct capability){
		.container = container, .index = index, .object = from->object, .source = source,
		.rights = rights & from->rights, .badge = badge != 0 ? badge : from->badge, .section = section, .at = at,
	});
}

u32 slot_take(struct capdl *c, u32 table, u32 count)
{
	struct component *component;
	u32 first;

	if (table == c->model.kernel_table)
		return NONE;
	component = &c->spec.components[c->model.objects[table].owner];
	first = component->next_slot;
	component->next_slot += count;
	return first;
}

u32 actor_of(const struct capdl *c, u32 component)
{
	return c->spec.components[component].supervisor == NONE ? c->model.kernel_table : c->model.builder;
}

/* Objects of a component without a supervisor are carved before anything else: others are put into its table. */
static u32 carve_section(const struct capdl *c, u32 component)
{
	return component == c->spec.supervisor ? 0 : c->spec.components[component].section;
}

/* The level of `component` that holds entries for `address`: level 1 or 0. */
u32 find_space(struct capdl *c, u32 component, u8 level, u64 address, struct span at)
{
	struct component *owner = &c->spec.components[component];
	u32 shift = level == 1 ? 30 : 21;
	u64 key = (u64)level << 60 | address >> shift;
	u32 space = map_get(&owner->spaces, NULL, key), upper, table = actor_of(c, component);

	if (space != NONE)
		return space;
	upper = level == 1 ? owner->root : find_space(c, component, 1, address, at);
	space = object_new(c, OBJECT_SPACE, level, component, level == 1 ? "/middle" : "/leaf", at);
	c->model.objects[space].number = (u32)(address >> shift);
	object_carve(c, space, owner->memory, carve_section(c, component), table, slot_take(c, table, 1));
	cap_copy(c, upper, (u32)(address >> shift) & 511, c->model.objects[space].original, RIGHTS_ALL, 0, owner->section, at);
	map_put(&c->arena, &owner->spaces, NULL, key, space);
	return space;
}

void map_one(struct capdl *c, u32 component, u64 address, u32 source_cap, u8 page_bits, u8 rights, struct span at)
{
	u32 space = page_bits == 12 ? find_space(c, component, 0, address, at) :
		page_bits == 21 ? find_space(c, component, 1, address, at) : c->spec.components[component].root;

	cap_copy(c, space, (u32)(address >> page_bits) & 511, source_cap, rights, 0,
		c->spec.components[component].section, at);
}

u32 private_pages(struct capdl *c, u32 component, u64 address, u64 size, u8 page_bits, u8 rights, const char *name,
	struct span at)
{
	struct component *owner = &c->spec.components[component];
	u32 table = actor_of(c, component), count = (u32)(size >> page_bits), first = c->model.object_count;
	u32 slots = slot_take(c, table, count);

	for (u32 i = 0; i < count; i++) {
		u32 page = object_new(c, OBJECT_PAGE, page_bits, component, name, at);

		c->model.objects[page].number = i;
		object_carve(c, page, owner->memory, carve_section(c, component), table, slots == NONE ? NONE : slots + i);
	}
	for (u32 i = 0; i < count; i++)
		map_one(c, component, address + ((u64)i << page_bits), c->model.objects[first + i].original, page_bits, rights, at);
	return first;
}
