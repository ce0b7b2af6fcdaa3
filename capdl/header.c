/* header.c - ports.h of a component: its slots, bits, addresses and typed ports, and nothing about anybody else.
 *
 * README.md lists every name that is made here; components rely on it. */
#include "capdl.h"

#include <string.h>

/* ---- what both ends of a protocol share ---- */

static void print_protocol(struct capdl *c, u32 index, struct buffer *out)
{
	const struct protocol *protocol = &c->spec.protocols[index];
	const char *name = protocol->name.text, *big = upper(c, name);

	if (protocol->call_count == 0 && protocol->error_count == 0)
		return;
	buffer_print(out, "/* ---- protocol %s ---- */\n", name);
	for (u32 i = 0; i < protocol->call_count; i++)
		buffer_print(out, "#define %s_CALL_%s %uu\n", big, upper(c, protocol->calls[i].name.text), i);
	for (u32 i = 0; i < protocol->error_count; i++)
		buffer_print(out, "#define %s_ERROR_%s %uul\n", big, protocol->errors[i].text, 32 + i);
	for (u32 i = 0; i < protocol->call_count; i++) {
		const struct call *call = &protocol->calls[i];

		buffer_print(out, "\nstruct %s_%s_reply {\n\tu64 status;\n", name, call->name.text);
		for (u32 j = 0; j < call->result_count; j++)
			buffer_print(out, "\tu64 %s;\n", call->results[j].text);
		buffer_print(out, "};\n");
	}
	buffer_print(out, "\n");
}

static void print_parameters(const struct call *call, struct buffer *out)
{
	for (u32 i = 0; i < call->word_count; i++)
		buffer_print(out, "%su64 %s", i == 0 ? "" : ", ", call->words[i].text);
	if (call->word_count == 0)
		buffer_print(out, "void");
}

/* ---- client side ---- */

static void print_client_call(struct capdl *c, const struct item *port, u32 number, struct buffer *out)
{
	const struct protocol *protocol = &c->spec.protocols[port->protocol];
	const struct call *call = &protocol->calls[number];
	const char *name = call->name.text;

	buffer_print(out, "static inline struct %s_%s_reply %s_%s(", protocol->name.text, name, port->name.text, name);
	print_parameters(call, out);
	buffer_print(out, ")\n{\n\tstruct message m = {.tag = (u64)%s_CALL_%s << TAG_LABEL_SHIFT | %uu",
		upper(c, protocol->name.text), upper(c, name), call->word_count);
	if (call->word_count > 0) {
		buffer_print(out, ", .words = {");
		for (u32 i = 0; i < call->word_count; i++)
			buffer_print(out, "%s%s", i == 0 ? "" : ", ", call->words[i].text);
		buffer_print(out, "}");
	}
	buffer_print(out, "};\n\tstruct %s_%s_reply reply;\n\n\tsys_call(SLOT_%s, &m);\n", protocol->name.text, name,
		upper(c, port->name.text));
	buffer_print(out, "\treply.status = m.status != STATUS_OK ? m.status : m.tag >> TAG_LABEL_SHIFT;\n");
	for (u32 i = 0; i < call->result_count; i++)
		buffer_print(out, "\treply.%s = m.words[%u];\n", call->results[i].text, i);
	buffer_print(out, "\treturn reply;\n}\n\n");
}

static void print_signal(const char *prefix, const char *name, const char *slot, struct buffer *out)
{
	buffer_print(out, "static inline u64 %s_%s(void)\n{\n\treturn sys_signal(%s);\n}\n\n", prefix, name, slot);
}

static void print_port(struct capdl *c, const struct item *port, struct buffer *out)
{
	const struct connection *connection = &c->spec.connections[port->connection];
	const struct protocol *protocol = &c->spec.protocols[port->protocol];
	const char *big = upper(c, port->name.text);

	buffer_print(out, "/* ---- port %s: %s of %s ---- */\n", port->name.text, protocol->name.text,
		connection->server.text);
	if (protocol->call_count > 0)
		buffer_print(out, "#define SLOT_%s %uul\n", big, port->slot);
	if (connection->client_region != NONE) {
		const struct region *region = &c->model.regions[connection->client_region];

		buffer_print(out, "#define %s_MEMORY ((void *)0x%lxul)\n#define %s_MEMORY_SIZE 0x%lxul\n", big, region->base, big,
			region->size);
	}
	for (u32 i = 0; i < protocol->signal_count; i++) {
		const char *signal = upper(c, protocol->signals[i].name.text);

		if (protocol->signals[i].from_client)
			buffer_print(out, "#define SLOT_%s_%s %uul\n", big, signal, connection->slots[i]);
		else
			buffer_print(out, "#define BIT_%s_%s (1ul << %u)\n", big, signal, connection->bits[i]);
	}
	buffer_print(out, "\n");
	for (u32 i = 0; i < protocol->call_count; i++)
		print_client_call(c, port, i, out);
	for (u32 i = 0; i < protocol->signal_count; i++)
		if (protocol->signals[i].from_client)
			print_signal(port->name.text, protocol->signals[i].name.text,
				format(c, "SLOT_%s_%s", big, upper(c, protocol->signals[i].name.text)), out);
}

/* ---- server side ---- */

static void print_client_row(struct capdl *c, u32 index, const struct protocol *protocol, struct buffer *out)
{
	const struct connection *connection = &c->spec.connections[index];
	const struct region *region = connection->server_region == NONE ? NULL :
		&c->model.regions[connection->server_region];

	buffer_print(out, "\t{.badge = %u, .name = \"%s\", .memory = 0x%lxul, .memory_size = 0x%lxul", connection->badge,
		connection->client.text, region == NULL ? 0 : region->base, region == NULL ? 0 : region->size);
	for (u32 i = 0; i < protocol->signal_count; i++) {
		const char *name = protocol->signals[i].name.text;

		if (protocol->signals[i].from_client)
			buffer_print(out, ", .%s_bit = 1u << %u", name, connection->bits[i]);
		else
			buffer_print(out, ", .%s_slot = %u", name, connection->slots[i]);
	}
	buffer_print(out, "},\n");
}

static void print_clients(struct capdl *c, u32 component, u32 item, struct buffer *out)
{
	const struct item *service = &c->spec.components[component].items[item];
	const struct protocol *protocol = &c->spec.protocols[service->protocol];
	const char *name = service->name.text, *big = upper(c, name);

	buffer_print(out, "/* ---- service %s: %s ---- */\n#define %s_CLIENTS %uu\n#define %s_FIRST_BADGE %uul\n\n", name,
		protocol->name.text, big, service->connections, big, service->first_badge);
	buffer_print(out, "struct %s_client {\n\tu32 badge;\n\tconst char *name;\n\tu64 memory;\n\tu64 memory_size;\n", name);
	for (u32 i = 0; i < protocol->signal_count; i++)
		buffer_print(out, "\tu32 %s_%s;\n", protocol->signals[i].name.text,
			protocol->signals[i].from_client ? "bit" : "slot");
	buffer_print(out, "};\n\nstatic const struct %s_client %s_clients[%u] __attribute__((unused)) = {\n", name, name,
		service->connections == 0 ? 1 : service->connections);
	if (service->connections == 0)
		buffer_print(out, "\t{.badge = 0},\n");
	for (u32 i = 0; i < c->spec.connection_count; i++)
		if (c->spec.connections[i].server_index == component && c->spec.connections[i].service_item == item)
			print_client_row(c, i, protocol, out);
	buffer_print(out, "};\n\n");
	for (u32 i = 0; i < protocol->signal_count; i++) {
		const char *signal = protocol->signals[i].name.text;

		if (protocol->signals[i].from_client)
			continue;
		buffer_print(out, "static inline u64 %s_%s(u32 client)\n{\n", name, signal);
		buffer_print(out, "\treturn client < %s_CLIENTS ? sys_signal(%s_clients[client].%s_slot) : "
			"STATUS_BAD_ARGUMENT;\n}\n\n",
			big, name, signal);
	}
}

static void print_handler(struct capdl *c, const struct item *service, const struct call *call, struct buffer *out)
{
	const char *protocol = c->spec.protocols[service->protocol].name.text, *name = call->name.text;

	buffer_print(out, "void %s_on_%s(u32 client, ", service->name.text, name);
	for (u32 i = 0; i < call->word_count; i++)
		buffer_print(out, "u64 %s, ", call->words[i].text);
	buffer_print(out, "struct %s_%s_reply *reply);\n", protocol, name);
}

/* For handlers that moved the reply capability away: the answer later. */
static void print_answer(struct capdl *c, const struct item *service, const struct call *call, struct buffer *out)
{
	const char *protocol = c->spec.protocols[service->protocol].name.text, *name = call->name.text;

	buffer_print(out, "static inline u64 %s_answer_%s(u64 slot, const struct %s_%s_reply *reply)\n{\n",
		service->name.text, name, protocol, name);
	buffer_print(out, "\tstruct message m = {.tag = reply->status << TAG_LABEL_SHIFT | %uu", call->result_count);
	for (u32 i = 0; i < call->result_count; i++)
		buffer_print(out, "%sreply->%s", i == 0 ? ", .words = {" : ", ", call->results[i].text);
	buffer_print(out, "%s};\n\n\treturn sys_send(slot, &m);\n}\n\n", call->result_count > 0 ? "}" : "");
}

static void print_case(struct capdl *c, const struct item *service, u32 number, struct buffer *out)
{
	const struct protocol *protocol = &c->spec.protocols[service->protocol];
	const struct call *call = &protocol->calls[number];
	const char *name = call->name.text;

	buffer_print(out, "\tcase %s_CALL_%s: {\n\t\tstruct %s_%s_reply reply = {0};\n\n", upper(c, protocol->name.text),
		upper(c, name), protocol->name.text, name);
	buffer_print(out, "\t\tif ((m->tag & TAG_LENGTH) != %uu)\n\t\t\tbreak;\n", call->word_count);
	buffer_print(out, "\t\t%s_on_%s(client, ", service->name.text, name);
	for (u32 i = 0; i < call->word_count; i++)
		buffer_print(out, "m->words[%u], ", i);
	buffer_print(out, "&reply);\n\t\tm->tag = reply.status << TAG_LABEL_SHIFT | %uu;\n", call->result_count);
	for (u32 i = 0; i < call->result_count; i++)
		buffer_print(out, "\t\tm->words[%u] = reply.%s;\n", i, call->results[i].text);
	buffer_print(out, "\t\treturn true;\n\t}\n");
}

static void print_service(struct capdl *c, u32 component, u32 item, struct buffer *out)
{
	const struct item *service = &c->spec.components[component].items[item];
	const struct protocol *protocol = &c->spec.protocols[service->protocol];
	const char *name = service->name.text;

	print_clients(c, component, item, out);
	if (protocol->call_count == 0)
		return;
	for (u32 i = 0; i < protocol->call_count; i++)
		print_handler(c, service, &protocol->calls[i], out);
	buffer_print(out, "\n");
	for (u32 i = 0; i < protocol->call_count; i++)
		print_answer(c, service, &protocol->calls[i], out);
	buffer_print(out, "/* True if the message was for this service: then *m is the answer. */\n");
	buffer_print(out, "static inline bool %s_dispatch(struct message *m)\n{\n", name);
	if (service->connections == 0) {
		buffer_print(out, "\t(void)m;\n\treturn false;\n}\n\n");
		return;
	}
	buffer_print(out, "\tu32 client = (u32)(m->badge - %s_FIRST_BADGE);\n\n", upper(c, name));
	buffer_print(out, "\tif (m->badge < %s_FIRST_BADGE || client >= %s_CLIENTS)\n\t\treturn false;\n", upper(c, name),
		upper(c, name));
	buffer_print(out, "\tswitch (m->tag >> TAG_LABEL_SHIFT) {\n");
	for (u32 i = 0; i < protocol->call_count; i++)
		print_case(c, service, i, out);
	buffer_print(out, "\tdefault:\n\t\tm->tag = (u64)STATUS_BAD_CALL << TAG_LABEL_SHIFT;\n\t\treturn true;\n\t}\n");
	buffer_print(out, "\tm->tag = (u64)STATUS_BAD_ARGUMENT << TAG_LABEL_SHIFT;\n\treturn true;\n}\n\n");
}

/* ---- devices and memory ---- */

static void print_device(struct capdl *c, const struct item *item, struct buffer *out)
{
	const struct device *device = &c->spec.devices[item->device];
	const struct region *region = &c->model.regions[item->region];
	const char *big = upper(c, item->name.text);

	buffer_print(out, "/* ---- device %s at 0x%lx ---- */\n", item->name.text, device->base);
	buffer_print(out, "#define %s_REGS ((void *)0x%lxul)\n#define %s_REGS_SIZE 0x%lxul\n", big,
		region->base + device->base % PAGE, big, device->bytes);
	buffer_print(out, "#define %s_REG_SHIFT %luu\n#define %s_IO_WIDTH %luu\n", big, device->reg_shift, big,
		device->io_width);
	if (device->clock != 0)
		buffer_print(out, "#define %s_CLOCK %luul\n", big, device->clock);
	if (device->line_count > 0)
		buffer_print(out, "#define BITS_%s (0x%lxul << %u) /* all its lines */\n", big, (1ul << device->line_count) - 1,
			item->first_bit);
	for (u32 i = 0; i < device->line_count; i++) {
		if (i == 0)
			buffer_print(out, "#define BIT_%s (1ul << %u)\n", big, item->first_bit);
		else
			buffer_print(out, "#define BIT_%s_%u (1ul << %u)\n", big, i, item->first_bit + i);
	}
	buffer_print(out, "\n");
}

static void print_holding(struct capdl *c, const struct item *item, struct buffer *out)
{
	const char *big = upper(c, item->name.text);

	if (item->kind == ITEM_DEVICE) {
		print_device(c, item, out);
	} else if (item->kind == ITEM_DMA) {
		const struct region *region = &c->model.regions[item->region];

		buffer_print(out, "#define %s_DMA ((void *)0x%lxul)\n#define %s_DMA_PHYS 0x%lxul\n#define %s_DMA_SIZE 0x%lxul\n\n",
			big, region->base, big, item->physical, big, region->size);
	} else if (item->kind == ITEM_MEMORY) {
		const struct region *region = &c->model.regions[item->region];

		buffer_print(out, "#define %s_BASE ((void *)0x%lxul)\n#define %s_SIZE 0x%lxul\n\n", big, region->base, big,
			region->size);
	} else if (item->kind == ITEM_UNTYPED) {
		buffer_print(out, "#define SLOT_%s %uul\n#define %s_SIZE_BITS %uu\n\n", big, item->slot, big,
			bits_for(item->size.value));
	}
}

static void print_special(struct capdl *c, const struct component *component, struct buffer *out)
{
	const struct model *model = &c->model;

	if (component->timer)
		buffer_print(out, "#define SLOT_TIMER SLOT_NOTIFICATION\n#define BIT_TIMER (1ul << %u)\n", component->bit_timer);
	if (component->faults)
		buffer_print(out, "#define FAULT_RING ((const struct fault_ring *)0x%lxul)\n#define BIT_FAULTS (1ul << %u)\n",
			model->regions[component->region_faults].base, component->bit_faults);
	if (component->manifest)
		buffer_print(out, "#define MANIFEST_BASE ((const void *)0x%lxul)\n"
			"#define MANIFEST_SIZE (((const struct system_header *)MANIFEST_BASE)->size)\n",
			model->regions[component->region_manifest].base);
	if (component->slot_power_off != 0)
		buffer_print(out, "#define SLOT_POWER_OFF %uul\n", component->slot_power_off);
	if (component->slot_reset != 0)
		buffer_print(out, "#define SLOT_RESET %uul\n", component->slot_reset);
	if (component->supervises)
		buffer_print(out, "#define SLOT_SCRATCH_SPACE %uul\n#define SCRATCH_INDEX %luul\n"
			"#define SCRATCH_BASE ((void *)0x%lxul)\n",
			component->slot_scratch, model->regions[component->region_scratch].base >> 12 & 511,
			model->regions[component->region_scratch].base);
	buffer_print(out, "\n");
	if (component->slot_power_off != 0)
		print_signal("machine", "power_off", "SLOT_POWER_OFF", out);
	if (component->slot_reset != 0)
		print_signal("machine", "reset", "SLOT_RESET", out);
}

/* ---- supervision ---- */

static void print_supervised(struct capdl *c, u32 supervisor, struct buffer *out)
{
	const struct model *model = &c->model;
	u32 count = 0;

	for (u32 i = 0; i < c->spec.component_count; i++)
		count += c->spec.components[i].supervisor == supervisor;
	buffer_print(out, "/* ---- supervision ---- */\n#define SUPERVISED %uu\n#define FAULT_BADGE 0x%xul\n\n", count,
		FAULT_BADGE);
	buffer_print(out, "struct supervised {\n\tconst char *name;\n\tu32 badge;\n\tu32 untyped_slot;\n\tu32 section;\n"
		"\tu32 threads;\n\tu32 thread_slot;\n\tu32 table_slot;\n\tu32 space_slot;\n\tu32 notification_slot;\n"
		"\tu32 endpoint_slot;\n\tu32 priority;\n\tu64 budget;\n\tu64 period;\n};\n\n");
	buffer_print(out, "static const struct supervised supervised[%u] __attribute__((unused)) = {\n",
		count == 0 ? 1 : count);
	if (count == 0)
		buffer_print(out, "\t{.name = 0},\n");
	for (u32 i = 0; i < c->spec.component_count; i++) {
		const struct component *ward = &c->spec.components[i];
		const struct object *objects = model->objects;

		if (ward->supervisor != supervisor)
			continue;
		buffer_print(out, "\t{.name = \"%s\", .badge = 0x%x, .untyped_slot = %u, .section = %u, .threads = %lu,"
			" .thread_slot = %u,\n", ward->name.text, FAULT_BADGE + ward->order,
			model->caps[objects[ward->memory].original].index, ward->section, ward->threads.value,
			model->caps[objects[model->threads[ward->first_thread].object].original].index);
		buffer_print(out, "\t\t.table_slot = %u, .space_slot = %u, .notification_slot = %u, .endpoint_slot = %u,\n",
			model->caps[objects[ward->table].original].index, model->caps[objects[ward->root].original].index,
			model->caps[objects[ward->notification].holder_cap].index,
			ward->endpoint == NONE ? 0 : model->caps[objects[ward->endpoint].holder_cap].index);
		buffer_print(out, "\t\t.priority = %lu, .budget = %luul, .period = %luul},\n", ward->priority.value,
			ward->budget_ticks, ward->period_ticks);
	}
	buffer_print(out, "};\n\n");
}

/* ---- all of it ---- */

static void print_dispatch(struct capdl *c, const struct component *component, struct buffer *out)
{
	buffer_print(out, "/* Tries all services; false: the badge belongs to none. */\n"
		"static inline bool component_dispatch(struct message *m)\n{\n");
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_SERVICE &&
		    c->spec.protocols[component->items[i].protocol].call_count > 0)
			buffer_print(out, "\tif (%s_dispatch(m))\n\t\treturn true;\n", component->items[i].name.text);
	buffer_print(out, "\t(void)m;\n\treturn false;\n}\n");
}

static void print_basics(struct capdl *c, const struct component *component, struct buffer *out)
{
	buffer_print(out, "#define COMPONENT_NAME \"%s\"\n#define SYSTEM_NAME \"%s\"\n#define TIMEBASE %luul\n",
		component->name.text, c->spec.system.text, c->board.timebase);
	buffer_print(out, "#define PRIORITY %luu\n#define BUDGET %luul\n#define PERIOD %luul\n#define THREADS %luu\n"
		"#define STACK_SIZE 0x%lxul\n\n", component->priority.value, component->budget_ticks, component->period_ticks,
		component->threads.value, component->stack.value);
	buffer_print(out, "#define SLOT_ENDPOINT %uul\n#define SLOT_NOTIFICATION %uul\n#define SLOT_REPLY %uul\n"
		"#define SLOT_ARRIVAL %uul\n", component->slot_endpoint, component->slot_notification, component->slot_reply,
		component->slot_arrival);
	buffer_print(out, "#define SLOT_SPARE %uul\n#define SLOT_SPARES %uul\n\n", component->slot_spare,
		component->spare_count);
}

/* The identifier that a line of a header makes, or NULL: a macro, a function, a handler, a struct. */
static const char *made_by(struct capdl *c, const char *line, size_t length)
{
	const char *end = line + length, *start = line, *stop;

	if (length > 8 && memcmp(line, "#define ", 8) == 0) {
		start = line + 8;
		for (stop = start; stop < end && *stop != ' ' && *stop != '(';)
			stop++;
		return intern(c, start, (size_t)(stop - start));
	}
	if (length < 8 || (memcmp(line, "static i", 8) != 0 && memcmp(line, "void ", 5) != 0 &&
			   memcmp(line, "struct ", 7) != 0))
		return NULL;
	for (stop = line; stop < end && *stop != '(' && *stop != '{';)
		stop++;
	if (stop == end)
		return NULL;
	if (*stop == '{')
		return intern(c, line, (size_t)(stop - line));
	for (start = stop; start > line && start[-1] != ' ';)
		start--;
	return intern(c, start, (size_t)(stop - start));
}

/* Names like a_b + c and a + b_c meet in C. */
void header_check(struct capdl *c, u32 index)
{
	struct map made = {0};
	struct buffer out = {0};

	header_print(c, index, &out);
	for (size_t i = 0; i < out.size;) {
		const char *line = out.data + i, *end = memchr(line, '\n', out.size - i), *name;
		size_t length = (size_t)(end - line);

		name = made_by(c, line, length);
		if (name != NULL && map_get(&made, name, 0) != NONE) {
			error_at(c, c->spec.components[index].name.at, "N04", "rename a port, a device or a piece of memory",
				"two things of `%s` would both be called `%s` in C", c->spec.components[index].name.text, name);
			break;
		}
		if (name != NULL)
			map_put(&c->arena, &made, name, 0, 1);
		i += length + 1;
	}
	buffer_drop(&out);
}

void header_print(struct capdl *c, u32 index, struct buffer *out)
{
	const struct component *component = &c->spec.components[index];
	bool *printed = arena_take(&c->arena, c->spec.protocol_count + 1);

	buffer_print(out, "/* ports.h - what component %s of system %s holds; generated by capdl. */\n#pragma once\n",
		component->name.text, c->spec.system.text);
	buffer_print(out, "#include \"syscall.h\"\n#include <stdbool.h>\n\n");
	print_basics(c, component, out);
	for (u32 i = 0; i < component->item_count; i++)
		print_holding(c, &component->items[i], out);
	print_special(c, component, out);
	for (u32 i = 0; i < component->item_count; i++) {
		const struct item *item = &component->items[i];

		if ((item->kind != ITEM_PORT && item->kind != ITEM_SERVICE) || printed[item->protocol])
			continue;
		printed[item->protocol] = true;
		print_protocol(c, item->protocol, out);
	}
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_PORT)
			print_port(c, &component->items[i], out);
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_SERVICE)
			print_service(c, index, i, out);
	if (component->supervises)
		print_supervised(c, index, out);
	print_dispatch(c, component, out);
}
