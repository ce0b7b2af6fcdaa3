/* resolve.c - names to indices: protocols, devices, supervision, the two ends of each connection. */
#include "capdl.h"

#include <string.h>

static void declare(struct capdl *c, struct name name, u64 kind, u32 value)
{
	u32 other = map_get(&c->spec.names, name.text, kind);

	if (other == NONE) {
		map_put(&c->arena, &c->spec.names, name.text, kind, value);
		return;
	}
	if (name.at.file < c->source_count && c->sources[name.at.file].use.length > 0)
		error_at(c, name.at, "N10", "give each use a name of its own", "`%s` is already declared", name.text);
	else
		error_at(c, name.at, "N01", "choose another name", "`%s` is already declared", name.text);
	if (kind == 1)
		error_also(c, c->spec.protocols[other].name.at, "first declared here");
	else if (other >= LIMIT_COMPONENTS)
		error_also(c, c->spec.devices[other - LIMIT_COMPONENTS].name.at, "first declared here, as a device");
	else
		error_also(c, c->spec.components[other].name.at, "first declared here, as a component");
}

static const char *near_global(struct capdl *c, const char *name, u64 kind)
{
	const char **words = arena_take(&c->arena, (c->spec.component_count + c->spec.device_count +
		c->spec.protocol_count + 1) * sizeof *words);
	const char *near;
	u32 count = 0;

	if (c->spec.component_count + c->spec.device_count + c->spec.protocol_count > 1000)
		return NULL;
	if (kind == 1) {
		for (u32 i = 0; i < c->spec.protocol_count; i++)
			words[count++] = c->spec.protocols[i].name.text;
	} else {
		for (u32 i = 0; i < c->spec.component_count; i++)
			words[count++] = c->spec.components[i].name.text;
		for (u32 i = 0; i < c->spec.device_count; i++)
			words[count++] = c->spec.devices[i].name.text;
	}
	near = nearest(name, words, count);
	return near == NULL ? NULL : format(c, "did you mean `%s`?", near);
}

/* The component or device of this name; reports what does not exist. Devices count from LIMIT_COMPONENTS. */
static u32 find_global(struct capdl *c, struct name name, bool want_device, const char *code)
{
	u32 found = map_get(&c->spec.names, name.text, 0);

	if (found != NONE && (found >= LIMIT_COMPONENTS) == want_device)
		return want_device ? found - LIMIT_COMPONENTS : found;
	error_at(c, name.at, code, found == NONE ? near_global(c, name.text, 0) : NULL,
		found == NONE ? "there is no %s `%s`" : "`%2$s` is not a %1$s", want_device ? "device" : "component", name.text);
	return NONE;
}

static u32 find_item(const struct component *component, const char *name, enum item_kind kind)
{
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == kind && component->items[i].name.text == name)
			return i;
	return NONE;
}

static void resolve_protocol(struct capdl *c, const struct protocol *protocol)
{
	if (protocol->call_count == 0 && protocol->signal_count == 0 && !protocol->memory)
		error_at(c, protocol->name.at, "S06", NULL, "protocol `%s` has neither call nor signal nor memory",
			protocol->name.text);
	for (u32 i = 0; i < protocol->call_count; i++)
		for (u32 j = 0; j < i; j++)
			if (protocol->calls[i].name.text == protocol->calls[j].name.text) {
				error_at(c, protocol->calls[i].name.at, "N01", NULL, "two calls named `%s`", protocol->calls[i].name.text);
				error_also(c, protocol->calls[j].name.at, "first given here");
				break;
			}
	for (u32 i = 0; i < protocol->signal_count; i++) {
		struct name name = protocol->signals[i].name;

		for (u32 j = 0; j < protocol->call_count; j++)
			if (protocol->calls[j].name.text == name.text) {
				error_at(c, name.at, "N04", NULL, "signal `%s` has the name of a call", name.text);
				error_also(c, protocol->calls[j].name.at, "the call");
			}
		for (u32 j = 0; j < i; j++)
			if (protocol->signals[j].name.text == name.text) {
				error_at(c, name.at, "N01", NULL, "two signals named `%s`", name.text);
				error_also(c, protocol->signals[j].name.at, "first given here");
				break;
			}
	}
}

static void check_item_names(struct capdl *c, struct component *component)
{
	struct map names = {0};

	for (u32 i = 0; i < component->item_count; i++) {
		struct name name = component->items[i].name;
		u32 other = map_get(&names, name.text, 0);

		if (other == NONE) {
			map_put(&c->arena, &names, name.text, 0, i);
			continue;
		}
		error_at(c, name.at, "N01", "things inside a component need different names, for example `uses disk: block`",
			"component `%s` has two things named `%s`", component->name.text, name.text);
		error_also(c, component->items[other].name.at, "first given here");
	}
}

static void resolve_item(struct capdl *c, u32 index, struct item *item)
{
	if (item->kind == ITEM_SERVICE || item->kind == ITEM_PORT) {
		item->connection = NONE;
		item->protocol = map_get(&c->spec.names, item->protocol_name.text, 1);
		if (item->protocol == NONE)
			error_at(c, item->protocol_name.at, "N02", near_global(c, item->protocol_name.text, 1),
				"there is no protocol `%s`; is an import missing?", item->protocol_name.text);
	} else if (item->kind == ITEM_DEVICE) {
		struct device *device;

		item->device = find_global(c, item->name, true, "N02");
		if (item->device == NONE)
			return;
		device = &c->spec.devices[item->device];
		if (device->owner != NONE && device->owner != index) {
			error_at(c, item->name.at, "D01", "share it through a server", "device `%s` is owned by `%s` already",
				item->name.text, c->spec.components[device->owner].name.text);
			return;
		}
		device->owner = index;
	}
}

static void resolve_supervision(struct capdl *c)
{
	struct spec *spec = &c->spec;

	for (u32 i = 0; i < spec->component_count; i++) {
		struct component *component = &spec->components[i];

		if (!component->supervises)
			continue;
		if (spec->supervisor != NONE) {
			error_at(c, component->supervises_at, "S09", NULL, "a system has one supervisor");
			error_also(c, spec->components[spec->supervisor].supervises_at, "the first one");
			continue;
		}
		spec->supervisor = i;
		for (u32 j = 0; j < component->ward_count; j++) {
			u32 ward = find_global(c, component->wards[j], false, "N02");

			if (ward == NONE)
				continue;
			if (ward == i || spec->components[ward].supervisor != NONE)
				error_at(c, component->wards[j].at, "S09", NULL, ward == i ? "a component cannot supervise itself" :
					"`%s` is named twice", component->wards[j].text);
			spec->components[ward].supervisor = i;
		}
		for (u32 j = 0; j < spec->component_count; j++)
			if (component->supervises_all && j != i)
				spec->components[j].supervisor = i;
	}
	if (spec->supervisor == NONE)
		return;
	for (u32 i = 0; i < spec->component_count; i++)
		if (i != spec->supervisor && spec->components[i].supervisor == NONE)
			error_at(c, spec->components[i].name.at, "S09", "write `supervises *`",
				"`%s` has no supervisor, although the system has one", spec->components[i].name.text);
}

/* ---- partitions ---- */

static void resolve_members(struct capdl *c, u32 index)
{
	const struct partition *partition = &c->spec.partitions[index];

	for (u32 i = 0; i < partition->member_count; i++) {
		struct name name = partition->members[i];
		u32 member = find_global(c, name, false, "N02");
		struct component *component;

		if (member == NONE)
			continue;
		component = &c->spec.components[member];
		if (component->partition != NONE) {
			error_at(c, name.at, "B10", "keep one of them", component->partition == index ? "`%s` is named twice" :
				"`%s` is in two partitions", name.text);
			error_also(c, component->partition_at, "the first one");
			continue;
		}
		component->partition = index;
		component->partition_at = name.at;
	}
}

/* The partition of a window; they are numbered in the order of their first windows. */
static void resolve_window(struct capdl *c, struct window *window, u32 *numbers)
{
	const char *names[PARTITIONS], *near;
	struct spec *spec = &c->spec;

	if (strcmp(window->name.text, "idle") == 0)
		return;
	for (u32 i = 0; i < spec->partition_count; i++) {
		struct partition *partition = &spec->partitions[i];

		names[i] = partition->name.text;
		if (partition->name.text != window->name.text)
			continue;
		if (partition->number == 0)
			partition->number = ++*numbers;
		window->number = partition->number;
		partition->time += window->time.value;
		return;
	}
	near = nearest(window->name.text, names, spec->partition_count);
	error_at(c, window->name.at, "B09", near == NULL ? format(c, "write: partition %s: COMPONENT", window->name.text) :
		format(c, "did you mean `%s`?", near), "no component is in partition `%s`", window->name.text);
}

static void resolve_schedule(struct capdl *c)
{
	struct spec *spec = &c->spec;
	u32 numbers = 0;

	for (u32 i = 0; i < spec->partition_count; i++)
		resolve_members(c, i);
	for (u32 i = 0; i < spec->window_count; i++) {
		resolve_window(c, &spec->windows[i], &numbers);
		spec->cycle += spec->windows[i].time.value;
	}
	if (c->read_errors > 0)
		return; /* what is missing may stand where reading failed */
	for (u32 i = 0; i < spec->partition_count; i++)
		if (spec->partitions[i].number == 0)
			error_at(c, spec->partitions[i].name.at, "B09", format(c, "write: schedule %s 5ms, ...",
				spec->partitions[i].name.text), "partition `%s` has no window", spec->partitions[i].name.text);
	for (u32 i = 0; i < spec->component_count && spec->window_count > 0; i++)
		if (spec->components[i].partition == NONE)
			error_at(c, spec->components[i].name.at, "B10", format(c, "write: partition NAME: %s",
				spec->components[i].name.text), "`%s` is in no partition, although the system has a schedule",
				spec->components[i].name.text);
}

static bool resolve_server(struct capdl *c, struct connection *connection)
{
	struct component *server = &c->spec.components[connection->server_index];
	u32 found = NONE, count = 0;

	if (connection->service.text != NULL) {
		found = find_item(server, connection->service.text, ITEM_SERVICE);
		if (found == NONE)
			error_at(c, connection->service.at, "S07", NULL, "component `%s` has no service `%s`", server->name.text,
				connection->service.text);
	} else {
		for (u32 i = 0; i < server->item_count; i++)
			if (server->items[i].kind == ITEM_SERVICE && server->items[i].protocol == connection->protocol) {
				found = i;
				count++;
			}
		if (count == 0)
			error_at(c, connection->server.at, "S07", NULL, "component `%s` does not serve `%s`", server->name.text,
				c->spec.protocols[connection->protocol].name.text);
		if (count > 1) {
			error_at(c, connection->server.at, "N12", "write COMPONENT.SERVICE",
				"component `%s` has several services of protocol `%s`", server->name.text,
				c->spec.protocols[connection->protocol].name.text);
			found = NONE;
		}
	}
	connection->service_item = found;
	return found != NONE;
}

static void join(struct capdl *c, u32 index)
{
	struct connection *connection = &c->spec.connections[index];
	struct item *port = &c->spec.components[connection->client_index].items[connection->port_item];
	struct item *service = &c->spec.components[connection->server_index].items[connection->service_item];
	const struct protocol *protocol = &c->spec.protocols[port->protocol];

	if (service->protocol == NONE)
		return;
	if (port->protocol != service->protocol) {
		error_at(c, connection->at, "S01", NULL, "port `%s` speaks `%s`, service `%s` speaks `%s`", port->name.text,
			protocol->name.text, service->name.text, c->spec.protocols[service->protocol].name.text);
		return;
	}
	if (port->connection != NONE) {
		error_at(c, connection->at, "S02", "declare another port", "port `%s.%s` is connected twice",
			connection->client.text, port->name.text);
		error_also(c, c->spec.connections[port->connection].at, "first connected here");
		return;
	}
	port->connection = index;
	service->connections++;
	if (service->max.given && service->connections == service->max.value + 1)
		error_at(c, connection->at, "S03", NULL, "service `%s` takes at most %lu clients", service->name.text,
			service->max.value);
	if (protocol->memory && !connection->memory.given)
		error_at(c, connection->at, "S08", "add for example `memory 64K`",
			"protocol `%s` has shared memory, and its size is missing here", protocol->name.text);
	if (!protocol->memory && connection->memory.given)
		error_at(c, connection->memory.at, "S08", "add `memory` to the protocol", "protocol `%s` has no shared memory",
			protocol->name.text);
}

static void resolve_connection(struct capdl *c, u32 index)
{
	struct connection *connection = &c->spec.connections[index];

	connection->port_item = connection->service_item = NONE;
	connection->client_index = find_global(c, connection->client, false, "N02");
	connection->server_index = find_global(c, connection->server, false, "N02");
	if (connection->client_index == NONE)
		return;
	connection->port_item = find_item(&c->spec.components[connection->client_index], connection->port.text, ITEM_PORT);
	if (connection->port_item == NONE) {
		error_at(c, connection->port.at, "S07", NULL, "component `%s` has no port `%s`", connection->client.text,
			connection->port.text);
		return;
	}
	c->spec.components[connection->client_index].items[connection->port_item].attempted = true;
	if (connection->server_index == NONE)
		return;
	if (connection->server_index == connection->client_index) {
		error_at(c, connection->at, "S04", NULL, "`%s` is connected to itself", connection->client.text);
		return;
	}
	connection->protocol = c->spec.components[connection->client_index].items[connection->port_item].protocol;
	if (connection->protocol != NONE && resolve_server(c, connection))
		join(c, index);
}

static void check_ports(struct capdl *c, const struct component *component)
{
	for (u32 i = 0; i < component->item_count; i++) {
		const struct item *item = &component->items[i];

		if (item->kind == ITEM_PORT && !item->attempted && item->protocol != NONE && c->read_errors == 0)
			error_at(c, item->name.at, "S02", format(c, "connect %s.%s -> SERVER", component->name.text, item->name.text),
				"port `%s` is not connected", item->name.text);
	}
}

static void resolve_assertion(struct capdl *c, struct assertion *assertion)
{
	for (u32 i = 0; i < assertion->subject_count; i++)
		(void)find_global(c, assertion->subjects[i], false, "P03");
	if (assertion->target.text != NULL)
		(void)find_global(c, assertion->target, assertion->kind == ASSERT_ONLY_HOLD, "P03");
}

void resolve(struct capdl *c)
{
	struct spec *spec = &c->spec;

	spec->supervisor = NONE;
	c->read_errors = c->errors;
	if (spec->component_count == 0 && c->errors == 0)
		error_at(c, (struct span){0, 0, 0}, "N11", "write: component NAME { ... }", "the system has no component");
	if (spec->system.text == NULL && c->errors == 0)
		error_at(c, (struct span){0, 0, 0}, "N11", "begin with: system NAME", "the system has no name");
	for (u32 i = 0; i < spec->protocol_count; i++)
		declare(c, spec->protocols[i].name, 1, i);
	for (u32 i = 0; i < spec->component_count; i++) {
		spec->components[i].supervisor = NONE;
		spec->components[i].partition = NONE;
		declare(c, spec->components[i].name, 0, i);
	}
	for (u32 i = 0; i < spec->device_count; i++)
		declare(c, spec->devices[i].name, 0, LIMIT_COMPONENTS + i);
	for (u32 i = 0; i < spec->protocol_count; i++)
		resolve_protocol(c, &spec->protocols[i]);
	for (u32 i = 0; i < spec->component_count; i++) {
		check_item_names(c, &spec->components[i]);
		for (u32 j = 0; j < spec->components[i].item_count; j++)
			resolve_item(c, i, &spec->components[i].items[j]);
	}
	resolve_supervision(c);
	resolve_schedule(c);
	for (u32 i = 0; i < spec->connection_count; i++)
		resolve_connection(c, i);
	for (u32 i = 0; i < spec->component_count; i++)
		check_ports(c, &spec->components[i]);
	for (u32 i = 0; i < spec->assertion_count; i++)
		resolve_assertion(c, &spec->assertions[i]);
}
