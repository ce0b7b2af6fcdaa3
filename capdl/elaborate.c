/* elaborate.c - components and connections to objects, capabilities, bits and regions: all that headers tell.
 *
 * Nothing here depends on the size of an image, so slots, badges and addresses are known before anything is compiled.
 * The actor of a section is the table that its operations name slots of: the supervisor's, or the kernel's where a
 * component has no supervisor. Sections: 0 kernel, 1 connections, then the supervisor, then the other components. */
#include "capdl.h"

static struct span nowhere = {NONE, 0, 0};

static u64 ticks(const struct capdl *c, u64 nanoseconds)
{
	return (u64)((unsigned __int128)nanoseconds * c->board.timebase / 1000000000u);
}

static u32 section_new(struct capdl *c, const char *name, u32 actor, u32 component)
{
	*LIST_ADD(c, &c->model, section) = (struct section){.name = name, .actor = actor, .component = component};
	return c->model.section_count - 1;
}

const char *partition_of(const struct capdl *c, u32 component)
{
	u32 partition = c->spec.components[component].partition;

	return partition == NONE ? NULL : c->spec.partitions[partition].name.text;
}

/* ---- regions of the address space ---- */

static u8 page_bits_for(u64 size)
{
	return size >= LARGE_PAGE ? 21 : 12;
}

static u32 region_new(struct capdl *c, u32 component, enum region_kind kind, const char *name, u64 size, u8 rights,
	struct span at)
{
	struct component *owner = &c->spec.components[component];
	u64 unit = 1ul << page_bits_for(size);

	size = round_up(size, unit);
	owner->next_address = round_up(owner->next_address, unit);
	*LIST_ADD(c, &c->model, region) = (struct region){component, name, kind, owner->next_address, size, rights, NONE, at};
	owner->next_address += size + PAGE;
	if (owner->next_address >= USER_TOP)
		error_at(c, at, "M11", NULL, "the address space of `%s` is full", owner->name.text);
	return c->model.region_count - 1;
}

/* ---- the objects that every component has ---- */

static bool has_hardware(const struct capdl *c, const struct component *component)
{
	if (component->timer || component->faults)
		return true;
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_DEVICE && c->spec.devices[component->items[i].device].line_count > 0)
			return true;
	return false;
}

static bool answers_calls(const struct capdl *c, u32 index)
{
	const struct component *component = &c->spec.components[index];

	if (component->supervises)
		return true;
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_SERVICE &&
		    c->spec.protocols[component->items[i].protocol].call_count > 0)
			return true;
	return false;
}

/* An object of the kernel table that is bound to hardware; whoever builds components copies from its holder's slot. */
static u32 hardware_notification(struct capdl *c, u32 owner, const char *name, struct span at)
{
	struct model *model = &c->model;
	u32 object;

	if (model->hardware == NONE)
		model->hardware = object_root(c, MEMORY_RAM, 12, NONE, "/hardware", nowhere);
	object = object_new(c, OBJECT_NOTIFICATION, 0, owner, name, at);
	object_carve(c, object, model->hardware, 0, model->kernel_table, NONE);
	if (model->builder != model->kernel_table)
		model->objects[object].holder_cap = cap_copy(c, model->builder, slot_take(c, model->builder, 1),
			model->objects[object].original, RIGHT_READ | RIGHT_WRITE, 0, 0, at);
	return object;
}

static void bind(struct capdl *c, u32 notification, u32 what, u32 line, u32 bit, const char *device)
{
	*LIST_ADD(c, &c->model, binding) = (struct bound){c->model.objects[notification].original, what, line, bit, device};
}

static u32 connection_object(struct capdl *c, u8 type, u8 size_bits, u32 owner, const char *name, struct span at)
{
	u32 object = object_new(c, type, size_bits, owner, name, at);

	object_carve(c, object, c->model.connections, 1, c->model.builder, slot_take(c, c->model.builder, 1));
	return object;
}

/* The memory that everything private to the component is carved from. */
static void component_memory(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	u32 root = object_root(c, MEMORY_RAM, 12, index, component->supervisor == NONE ? "/memory" : "/block",
		component->name.at);

	component->memory = root;
	if (component->supervisor == NONE)
		return;
	component->memory = object_new(c, OBJECT_UNTYPED, 12, index, "/memory", component->name.at);
	object_carve(c, component->memory, root, 0, c->model.builder, slot_take(c, c->model.builder, 1));
}

static void component_kernel_objects(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	struct model *model = &c->model;
	u32 table = actor_of(c, index), section = index == c->spec.supervisor ? 0 : component->section, object, slots;
	u32 threads = component->threads.given ? (u32)component->threads.value : 1;

	component->table = object_new(c, OBJECT_TABLE, 4, index, "/table", component->name.at);
	if (component->supervises)
		model->builder = component->table;
	object_carve(c, component->table, component->memory, section, table, slot_take(c, table, 1));
	component->root = object_new(c, OBJECT_SPACE, 2, index, "/root", component->name.at);
	object_carve(c, component->root, component->memory, section, table, slot_take(c, table, 1));
	component->first_thread = model->thread_count;
	slots = slot_take(c, table, threads);
	for (u32 i = 0; i < threads; i++) {
		object = object_new(c, OBJECT_THREAD, 0, index, "/thread", component->name.at);
		model->objects[object].number = i;
		object_carve(c, object, component->memory, section, table, slots == NONE ? NONE : slots + i);
		*LIST_ADD(c, model, thread) = (struct thread){.object = object, .component = index, .number = i};
	}
	component->threads.value = threads;
}

static void component_start(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	u64 second = 10000000; /* nanoseconds of the default budget and period: 10 ms */

	component->next_slot = 1;
	component->next_address = REGIONS_BASE;
	component->bit_timer = component->bit_faults = NONE;
	component->region_faults = component->region_manifest = component->region_scratch = NONE;
	component->endpoint = NONE;
	if (!component->stack.given)
		component->stack.value = 16384;
	if (!component->priority.given)
		component->priority.value = 100;
	component->budget_ticks = ticks(c, component->budget.given ? component->budget.value :
		component->passive ? second / 20 : second);
	component->period_ticks = ticks(c, component->period.given ? component->period.value : second);
	component->limit_ticks = ticks(c, component->limit.given ? component->limit.value :
		component->passive ? 10 * second : 0);
	component->spare_count = component->spares.given ? (u32)component->spares.value : 8;
}

static bool takes_grants(const struct capdl *c, u32 index)
{
	for (u32 i = 0; i < c->spec.connection_count; i++) {
		const struct connection *connection = &c->spec.connections[i];

		if (connection->grant && (connection->client_index == index || connection->server_index == index))
			return true;
	}
	return false;
}

/* The first slots of the component's own table. */
static void component_own_slots(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	u32 threads = (u32)component->threads.value;

	if (answers_calls(c, index))
		component->slot_endpoint = slot_take(c, component->table, 1);
	component->slot_notification = slot_take(c, component->table, 1);
	component->slot_reply = slot_take(c, component->table, threads);
	if (takes_grants(c, index))
		component->slot_arrival = slot_take(c, component->table, threads);
	if (component->supervises)
		component->slot_scratch = slot_take(c, component->table, 1);
	component->slot_spare = slot_take(c, component->table, component->spare_count);
}

static void component_events(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	bool grant = false;

	component->notification = has_hardware(c, component) ?
		hardware_notification(c, index, "/notification", component->name.at) :
		connection_object(c, OBJECT_NOTIFICATION, 0, index, "/notification", component->name.at);
	cap_copy(c, component->table, component->slot_notification, c->model.objects[component->notification].holder_cap,
		RIGHT_READ, 0, component->section, component->name.at);
	if (component->slot_endpoint == 0)
		return;
	for (u32 i = 0; i < c->spec.connection_count; i++)
		grant |= c->spec.connections[i].grant && c->spec.connections[i].server_index == index;
	component->endpoint = connection_object(c, OBJECT_ENDPOINT, 0, index, "/endpoint", component->name.at);
	cap_copy(c, component->table, component->slot_endpoint, c->model.objects[component->endpoint].holder_cap,
		RIGHT_READ | (grant ? RIGHT_GRANT : 0), 0, component->section, component->name.at);
}

static u32 bit_take(struct capdl *c, u32 index, struct span at)
{
	struct component *component = &c->spec.components[index];

	if (component->next_bit == NOTIFICATION_BITS)
		error_at(c, at, "X01", "let fewer clients signal it, or serve them by two components",
			"the %u bits of `%s` are used up by signals, lines and timers", NOTIFICATION_BITS, component->name.text);
	return component->next_bit++ & (NOTIFICATION_BITS - 1);
}

/* ---- what a component holds for itself ---- */

/* The capability to lend one page of registers from, per builder. */
static u32 device_page(struct capdl *c, u32 owner, u64 address, u8 bits, const char *name, struct span at)
{
	struct model *model = &c->model;
	u32 root = map_get(&model->filled, NULL, address), table = actor_of(c, owner);

	if (root != NONE)
		return model->objects[root].holder_cap;
	root = object_root(c, MEMORY_DEVICE, bits, owner, name, at);
	model->objects[root].address = address;
	model->objects[root].number = (u32)(address >> bits);
	map_put(&c->arena, &model->filled, NULL, address, root);
	if (table != model->kernel_table)
		model->objects[root].holder_cap = cap_copy(c, table, slot_take(c, table, 1), model->objects[root].original,
			RIGHT_READ | RIGHT_WRITE, 0, 0, at);
	return model->objects[root].holder_cap;
}

static void item_device(struct capdl *c, u32 index, struct item *item)
{
	struct component *component = &c->spec.components[index];
	struct device *device = &c->spec.devices[item->device];
	u64 base = device->base & ~(PAGE - 1), size = round_up(device->base + device->bytes, PAGE) - base;
	u8 bits = base % LARGE_PAGE == 0 && size % LARGE_PAGE == 0 ? 21 : 12;

	if (size >= LARGE_PAGE && bits == 12) {
		error_at(c, item->name.at, "M05", "devices of 2 MiB and more are mapped by large pages",
			"device `%s` at 0x%lx is not aligned to 2 MiB", item->name.text, base);
		return;
	}
	item->region = region_new(c, index, REGION_DEVICE, item->name.text, size, RIGHT_READ | RIGHT_WRITE, item->name.at);
	for (u64 at = 0; at < size; at += 1ul << bits)
		map_one(c, index, c->model.regions[item->region].base + at,
			device_page(c, index, base + at, bits, device->name.text, device->name.at), bits, RIGHT_READ | RIGHT_WRITE,
			item->name.at);
	item->first_bit = component->next_bit;
	for (u32 i = 0; i < device->line_count; i++)
		bind(c, component->notification, BIND_LINE, device->lines[i], bit_take(c, index, item->name.at), device->name.text);
}

/* Pages whose addresses go to devices: carved at boot, never destroyed, hence held by the kernel table. */
static void item_dma(struct capdl *c, u32 index, struct item *item)
{
	struct model *model = &c->model;
	u8 bits = page_bits_for(item->size.value);
	u64 size = round_up(item->size.value, 1ul << bits);
	u32 root = object_root(c, MEMORY_RAM, bits_for(size), index, item->name.text, item->name.at);
	u32 table = actor_of(c, index), first = model->object_count, count = (u32)(size >> bits), slots;

	item->root = root;
	item->region = region_new(c, index, REGION_DMA, item->name.text, size, RIGHT_READ | RIGHT_WRITE, item->name.at);
	for (u32 i = 0; i < count; i++) {
		u32 page = object_new(c, OBJECT_PAGE, bits, index, item->name.text, item->name.at);

		model->objects[page].number = i;
		object_carve(c, page, root, 0, model->kernel_table, NONE);
	}
	slots = slot_take(c, table, count);
	for (u32 i = 0; i < count; i++) {
		u32 cap = model->objects[first + i].original;

		if (table != model->kernel_table)
			cap = cap_copy(c, table, slots + i, cap, RIGHT_READ | RIGHT_WRITE, 0, 0, item->name.at);
		map_one(c, index, model->regions[item->region].base + ((u64)i << bits), cap, bits, RIGHT_READ | RIGHT_WRITE,
			item->name.at);
	}
}

static void item_memory(struct capdl *c, u32 index, struct item *item)
{
	u8 rights = RIGHT_READ | RIGHT_WRITE;

	item->region = region_new(c, index, REGION_MEMORY, item->name.text, item->size.value, rights, item->name.at);
	private_pages(c, index, c->model.regions[item->region].base, c->model.regions[item->region].size,
		page_bits_for(item->size.value), rights, item->name.text, item->name.at);
}

static void item_untyped(struct capdl *c, u32 index, struct item *item)
{
	struct component *component = &c->spec.components[index];
	u32 object = object_new(c, OBJECT_UNTYPED, bits_for(item->size.value), index, item->name.text, item->name.at);

	item->slot = slot_take(c, component->table, 1);
	object_carve(c, object, component->memory, index == c->spec.supervisor ? 0 : component->section, component->table,
		item->slot);
	/* Who carves threads of its own memory must not choose their priority. */
	c->model.caps[c->model.objects[object].original].rights &= (u8)~RIGHT_SCHEDULE;
}

static u32 machine_slot(struct capdl *c, u32 index, u32 bit, struct span at)
{
	struct model *model = &c->model;
	struct component *component = &c->spec.components[index];
	u32 slot = slot_take(c, component->table, 1);

	if (model->machine == NONE) {
		model->machine = hardware_notification(c, NONE, "/machine", at);
		bind(c, model->machine, BIND_POWER_OFF, 0, 0, NULL);
		bind(c, model->machine, BIND_RESET, 0, 1, NULL);
	}
	cap_copy(c, component->table, slot, model->objects[model->machine].holder_cap, RIGHT_WRITE, 1u << bit,
		component->section, at);
	return slot;
}

static void component_faults(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	struct model *model = &c->model;
	u32 table = actor_of(c, index), cap = model->objects[model->fault_ring].original;

	component->bit_faults = bit_take(c, index, component->faults_at);
	bind(c, component->notification, BIND_FAULT_RING, 0, component->bit_faults, NULL);
	component->region_faults = region_new(c, index, REGION_FAULTS, "fault_ring", PAGE, RIGHT_READ, component->faults_at);
	if (table != model->kernel_table)
		cap = cap_copy(c, table, slot_take(c, table, 1), cap, RIGHT_READ, 0, 0, component->faults_at);
	map_one(c, index, model->regions[component->region_faults].base, cap, 12, RIGHT_READ, component->faults_at);
}

static void component_holdings(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];

	for (u32 i = 0; i < component->item_count; i++) {
		struct item *item = &component->items[i];

		switch (item->kind) {
		case ITEM_DEVICE: item_device(c, index, item); break;
		case ITEM_DMA: item_dma(c, index, item); break;
		case ITEM_MEMORY: item_memory(c, index, item); break;
		case ITEM_UNTYPED: item_untyped(c, index, item); break;
		default: break;
		}
	}
	if (component->timer) {
		component->bit_timer = bit_take(c, index, component->timer_at);
		bind(c, component->notification, BIND_TIMER, 0, component->bit_timer, NULL);
	}
	if (component->faults)
		component_faults(c, index);
	if ((component->machine & MACHINE_POWER_OFF) != 0)
		component->slot_power_off = machine_slot(c, index, 0, component->power_off_at);
	if ((component->machine & MACHINE_RESET) != 0)
		component->slot_reset = machine_slot(c, index, 1, component->reset_at);
}

/* ---- connections ---- */

static void number_clients(struct capdl *c)
{
	u32 *next;

	for (u32 i = 0; i < c->spec.component_count; i++) {
		struct component *component = &c->spec.components[i];

		for (u32 j = 0; j < component->item_count; j++)
			if (component->items[j].kind == ITEM_SERVICE) {
				component->items[j].first_badge = component->clients + 1;
				component->clients += component->items[j].connections;
				component->items[j].slot = 0; /* counts the badges given */
			}
	}
	for (u32 i = 0; i < c->spec.connection_count; i++) {
		struct connection *connection = &c->spec.connections[i];
		struct item *service = &c->spec.components[connection->server_index].items[connection->service_item];

		next = &service->slot;
		connection->badge = service->first_badge + (*next)++;
	}
}

static void connection_signals(struct capdl *c, struct connection *connection)
{
	const struct protocol *protocol = &c->spec.protocols[connection->protocol];

	connection->bits = arena_take(&c->arena, (protocol->signal_count + 1) * sizeof(u32));
	connection->slots = arena_take(&c->arena, (protocol->signal_count + 1) * sizeof(u32));
	for (u32 i = 0; i < protocol->signal_count; i++) {
		bool from_client = protocol->signals[i].from_client;
		u32 to = from_client ? connection->server_index : connection->client_index;
		struct component *sender = &c->spec.components[from_client ? connection->client_index : connection->server_index];

		connection->bits[i] = bit_take(c, to, connection->at);
		connection->slots[i] = slot_take(c, sender->table, 1);
		cap_copy(c, sender->table, connection->slots[i], c->model.objects[c->spec.components[to].notification].holder_cap,
			RIGHT_WRITE, 1u << connection->bits[i], sender->section, connection->at);
	}
}

static void connection_memory(struct capdl *c, struct connection *connection, u32 index)
{
	struct model *model = &c->model;
	u8 bits = page_bits_for(connection->memory.value), rights = RIGHT_READ | RIGHT_WRITE;
	u64 size = round_up(connection->memory.value, 1ul << bits);
	const char *name = format(c, "%s.%s", connection->client.text, connection->port.text);
	u32 slots = slot_take(c, model->builder, (u32)(size >> bits));

	connection->client_region = region_new(c, connection->client_index, REGION_SHARED, name, size, rights, connection->at);
	connection->server_region = region_new(c, connection->server_index, REGION_SHARED, name, size, rights, connection->at);
	model->regions[connection->client_region].connection = model->regions[connection->server_region].connection = index;
	connection->first_page = model->object_count;
	connection->pages = (u32)(size >> bits);
	connection->page_bits = bits;
	for (u32 i = 0; i < connection->pages; i++) {
		u32 page = object_new(c, OBJECT_PAGE, bits, NONE, name, connection->at);

		model->objects[page].number = i;
		object_carve(c, page, model->connections, 1, model->builder, slots == NONE ? NONE : slots + i);
	}
	for (u32 i = 0; i < connection->pages; i++) {
		u32 cap = model->objects[connection->first_page + i].original;
		u64 offset = (u64)i << bits;

		map_one(c, connection->client_index, model->regions[connection->client_region].base + offset, cap, bits, rights,
			connection->at);
		map_one(c, connection->server_index, model->regions[connection->server_region].base + offset, cap, bits, rights,
			connection->at);
	}
}

static void elaborate_connection(struct capdl *c, u32 index)
{
	struct connection *connection = &c->spec.connections[index];
	struct component *client = &c->spec.components[connection->client_index];
	const struct component *server = &c->spec.components[connection->server_index];
	struct item *port = &client->items[connection->port_item];
	u8 rights = RIGHT_WRITE | RIGHT_CALL;

	if (c->spec.protocols[connection->protocol].call_count > 0) {
		port->slot = slot_take(c, client->table, 1);
		if (connection->grant)
			rights |= RIGHT_GRANT;
		cap_copy(c, client->table, port->slot, c->model.objects[server->endpoint].holder_cap, rights, connection->badge,
			client->section, connection->at);
	}
	connection_signals(c, connection);
	connection->client_region = connection->server_region = NONE;
	if (connection->memory.given)
		connection_memory(c, connection, index);
}

/* ---- threads and supervision ---- */

static void component_stacks(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	u64 size = component->stack.value;
	u8 rights = RIGHT_READ | RIGHT_WRITE;

	for (u32 i = 0; i < component->threads.value; i++) {
		u64 top = STACK_TOP - i * (size + PAGE);

		*LIST_ADD(c, &c->model, region) = (struct region){index, "stack", REGION_STACK, top - size, size, rights, NONE,
			component->name.at};
		private_pages(c, index, top - size, size, 12, rights, format(c, "/stack%u", i), component->name.at);
		c->model.threads[component->first_thread + i].sp = top;
	}
}

static void component_threads(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	struct model *model = &c->model;
	u32 supervisor = component->supervisor, section = component->section;
	struct span at = component->name.at;

	for (u32 i = 0; i < component->threads.value; i++) {
		u32 thread = model->threads[component->first_thread + i].object;

		cap_copy(c, thread, THREAD_TABLE, model->objects[component->table].original, RIGHTS_ALL, 0, section, at);
		cap_copy(c, thread, THREAD_SPACE, model->objects[component->root].original, RIGHTS_ALL, 0, section, at);
		if (supervisor != NONE)
			cap_copy(c, thread, THREAD_FAULT, model->objects[c->spec.components[supervisor].endpoint].holder_cap,
				RIGHT_WRITE | RIGHT_CALL, FAULT_BADGE + component->order, section, at);
		if (i == 0 && !component->passive)
			cap_copy(c, thread, THREAD_BOUND, model->objects[component->notification].holder_cap, RIGHT_READ, 0, section, at);
	}
}

/* A page-sized window of the supervisor, for filling pages of those that it builds anew. */
static void supervisor_scratch(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];
	u64 base;

	component->region_scratch = region_new(c, index, REGION_SCRATCH, "scratch", PAGE, RIGHT_READ | RIGHT_WRITE,
		component->supervises_at);
	base = c->model.regions[component->region_scratch].base;
	cap_copy(c, component->table, component->slot_scratch,
		c->model.objects[find_space(c, index, 0, base, component->supervises_at)].original, RIGHT_READ | RIGHT_WRITE, 0,
		component->section, component->supervises_at);
}

static void reserve_manifest(struct capdl *c, u32 index)
{
	struct component *component = &c->spec.components[index];

	component->next_address = round_up(component->next_address, LARGE_PAGE);
	component->region_manifest = region_new(c, index, REGION_MANIFEST, "manifest", PAGE, RIGHT_READ,
		component->manifest_at);
}

/* ---- all of it ---- */

static void start_model(struct capdl *c)
{
	struct model *model = &c->model;
	struct spec *spec = &c->spec;
	u32 order = 0, root;

	model->kernel_table = object_new(c, OBJECT_TABLE, 10, NONE, "/kernel", nowhere);
	model->builder = model->kernel_table;
	model->hardware = model->machine = NONE;
	model->fault_ring = object_root(c, MEMORY_ROM, 12, NONE, "/fault_ring", nowhere);
	model->objects[model->fault_ring].type = OBJECT_PAGE;
	model->objects[model->fault_ring].fixed = true;
	model->caps[model->objects[model->fault_ring].original].index = KERNEL_SLOT_FAULT_RING;
	model->caps[model->objects[model->fault_ring].original].rights = RIGHT_READ;
	section_new(c, "kernel", model->kernel_table, NONE);
	section_new(c, "connections", model->kernel_table, NONE);
	for (u32 i = 0; i < spec->component_count; i++)
		component_start(c, i);
	if (spec->supervisor != NONE) {
		struct component *supervisor = &spec->components[spec->supervisor];

		supervisor->section = section_new(c, supervisor->name.text, model->kernel_table, spec->supervisor);
		component_memory(c, spec->supervisor);
		component_kernel_objects(c, spec->supervisor);
		component_own_slots(c, spec->supervisor);
	}
	model->sections[1].actor = model->builder;
	for (u32 i = 0; i < spec->component_count; i++)
		if (i != spec->supervisor) {
			spec->components[i].section = section_new(c, spec->components[i].name.text, actor_of(c, i), i);
			spec->components[i].order = order++;
		}
	if (model->builder == model->kernel_table) {
		model->connections = object_root(c, MEMORY_RAM, 12, NONE, "/connections", nowhere);
		return;
	}
	root = object_root(c, MEMORY_RAM, 12, NONE, "/block_of_connections", nowhere);
	model->connections = object_new(c, OBJECT_UNTYPED, 12, NONE, "/connections", nowhere);
	object_carve(c, model->connections, root, 0, model->builder, slot_take(c, model->builder, 1));
}

void elaborate(struct capdl *c)
{
	struct spec *spec = &c->spec;

	start_model(c);
	for (u32 i = 0; i < spec->component_count; i++)
		if (i != spec->supervisor) {
			component_memory(c, i);
			component_kernel_objects(c, i);
			component_own_slots(c, i);
		}
	for (u32 i = 0; i < spec->component_count; i++)
		component_events(c, i);
	for (u32 i = 0; i < spec->component_count; i++)
		component_holdings(c, i);
	number_clients(c);
	for (u32 i = 0; i < spec->connection_count; i++)
		elaborate_connection(c, i);
	for (u32 i = 0; i < spec->component_count; i++) {
		component_stacks(c, i);
		component_threads(c, i);
	}
	if (spec->supervisor != NONE)
		supervisor_scratch(c, spec->supervisor);
	for (u32 i = 0; i < spec->component_count; i++)
		if (spec->components[i].manifest)
			reserve_manifest(c, i);
}
