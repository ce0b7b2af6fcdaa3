/* picture.c - the graph as DOT and as JSON, and its questions answered as text.
 *
 * The picture shows components and connections, laid out in the direction of requests. What would be a line from nearly
 * everybody is said in a box instead: the supervisor's authority over all, lines to the log, memory that is only looked
 * at. Who is left without a line stands in a block of its own. JSON has everything. */
#include "graph.h"

#include <string.h>

/* ---- DOT ---- */

static const char *color_of(const struct component *component)
{
	if (component->supervises)
		return "#f6d7d7";
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_DEVICE)
			return "#fde8c8";
	for (u32 i = 0; i < component->item_count; i++)
		if (component->items[i].kind == ITEM_SERVICE)
			return "#dcebf7";
	return "#e2f1dc";
}

#define TOO_MANY_LINES 3u

/* How many clients a server has over one protocol. */
struct clients {
	u32 *counts; /* [server * protocols + protocol] */
	u32 protocols;
};

static struct clients count_clients(struct capdl *c)
{
	struct clients clients = {.protocols = c->spec.protocol_count};

	clients.counts = arena_take(&c->arena, (c->spec.component_count * (u64)clients.protocols + 1) * sizeof(u32));
	for (u32 i = 0; i < c->spec.connection_count; i++)
		clients.counts[c->spec.connections[i].server_index * (u64)clients.protocols + c->spec.connections[i].protocol]++;
	return clients;
}

/* Whether connections of this protocol to the server are lines of the picture, or are said in the server's box. */
static bool is_drawn(const struct capdl *c, const struct clients *clients, u32 server, u32 protocol)
{
	const struct protocol *spoken = &c->spec.protocols[protocol];

	if (spoken->call_count + spoken->signal_count == 0)
		return false;
	return strcmp(spoken->name.text, "log") != 0 ||
		clients->counts[server * (u64)clients->protocols + protocol] < TOO_MANY_LINES;
}

static void dot_not_drawn(const struct capdl *c, const struct clients *clients, u32 server, struct buffer *out)
{
	for (u32 protocol = 0; protocol < clients->protocols; protocol++) {
		u32 count = clients->counts[server * (u64)clients->protocols + protocol];

		if (count == 0 || is_drawn(c, clients, server, protocol))
			continue;
		buffer_print(out, "<br/>%s of ", c->spec.protocols[protocol].name.text);
		if (count + 1 == c->spec.component_count)
			buffer_print(out, "all others");
		else
			buffer_print(out, "%u component%s", count, count == 1 ? "" : "s");
	}
}

static void dot_component(const struct capdl *c, const struct clients *clients, u32 index, struct buffer *out)
{
	const struct component *component = &c->spec.components[index];

	buffer_print(out, "\tc%u [fillcolor=\"%s\", tooltip=\"%s\", label=<<table border=\"0\" cellspacing=\"0\" cellpadding=\"2\">"
		"<tr><td><b>%s</b></td></tr><tr><td><font point-size=\"10\">priority %lu", index,
		color_of(component), component->name.text, component->name.text, component->priority.value);
	if (component->passive)
		buffer_print(out, ", passive");
	if (partition_of(c, index) != NULL)
		buffer_print(out, "<br/>in the windows of %s", partition_of(c, index));
	if (component->threads.value > 1)
		buffer_print(out, ", %lu threads", component->threads.value);
	if (component->trusted)
		buffer_print(out, "<br/>trusted: its device reaches all memory");
	if (component->supervises)
		buffer_print(out, "<br/>controls all others, handles their faults");
	if (component->machine != 0)
		buffer_print(out, "<br/>may switch the machine off");
	dot_not_drawn(c, clients, index, out);
	buffer_print(out, "</font></td></tr></table>>];\n");
}

/* Those without a line, row by row: invisible lines keep the columns. One long row otherwise. */
static void dot_alone(struct capdl *c, const struct clients *clients, struct buffer *out)
{
	u32 *alone = arena_take(&c->arena, (c->spec.component_count + 1) * sizeof *alone), count = 0, columns = 1;
	bool *line = arena_take(&c->arena, c->spec.component_count + 1);

	for (u32 i = 0; i < c->spec.connection_count; i++) {
		const struct connection *connection = &c->spec.connections[i];

		if (is_drawn(c, clients, connection->server_index, connection->protocol))
			line[connection->client_index] = line[connection->server_index] = true;
	}
	for (u32 i = 0; i < c->spec.device_count; i++)
		if (c->spec.devices[i].owner != NONE)
			line[c->spec.devices[i].owner] = true;
	for (u32 i = c->spec.component_count; i-- > 0;)
		if (!line[i])
			alone[count++] = i;
	if (count < TOO_MANY_LINES)
		return;
	while (2 * columns * columns < count)
		columns++;
	buffer_print(out, "\tsubgraph cluster_alone {\n\t\tlabel=\"without lines to others\"; labeljust=l; fontsize=10; "
		"fontname=\"sans-serif\"; style=\"rounded,dashed\"; color=\"#aaaaaa\"; fontcolor=\"#555555\";\n\t");
	for (u32 i = 0; i < count; i++)
		buffer_print(out, "\tc%u;", alone[i]);
	buffer_print(out, "\n\t}\n");
	for (u32 i = columns; i < count; i++)
		buffer_print(out, "\tc%u -> c%u [style=invis];\n", alone[i], alone[i - columns]);
}

static void dot_devices(const struct capdl *c, struct buffer *out)
{
	for (u32 i = 0; i < c->spec.device_count; i++) {
		const struct device *device = &c->spec.devices[i];

		if (device->owner == NONE)
			continue;
		buffer_print(out, "\td%u [shape=box3d, style=filled, fillcolor=\"#eeeeee\", "
			"label=<%s<br/><font point-size=\"9\">0x%lx",
			i, device->name.text, device->base);
		if (device->line_count == 1)
			buffer_print(out, ", line %u", device->lines[0]);
		else if (device->line_count > 1)
			buffer_print(out, ", %u lines", device->line_count);
		buffer_print(out, "</font>>];\n\tc%u -> d%u [dir=none, color=\"#b07a2a\", penwidth=1.5];\n", device->owner, i);
	}
}

static void dot_size(u64 size, struct buffer *out)
{
	if (size % (1ul << 20) == 0)
		buffer_print(out, "%luM", size >> 20);
	else
		buffer_print(out, "%luK", size >> 10);
}

static void dot_connection(const struct capdl *c, const struct clients *clients, const struct connection *connection,
	struct buffer *out)
{
	const struct protocol *protocol = &c->spec.protocols[connection->protocol];

	if (!is_drawn(c, clients, connection->server_index, connection->protocol))
		return;
	/* The blanks keep the words off the line. */
	buffer_print(out, "\tc%u -> c%u [color=\"%s\", label=\"  %s\\l", connection->client_index, connection->server_index,
		protocol->call_count > 0 ? "#31618f" : "#3f7f3f", protocol->name.text);
	if (connection->memory.given) {
		buffer_print(out, "  ");
		dot_size(connection->memory.value, out);
		buffer_print(out, "\\l");
	}
	buffer_print(out, "\"%s%s];\n", protocol->call_count == 0 ? ", style=dashed" : "",
		connection->memory.given ? ", penwidth=1.6" : "");
}

void picture_dot(struct capdl *c, const struct graph *graph, struct buffer *out)
{
	const struct clients clients = count_clients(c);

	(void)graph;
	buffer_print(out, "digraph \"%s\" {\n", c->spec.system.text);
	buffer_print(out, "\tgraph [rankdir=TB, nodesep=0.45, ranksep=0.6, fontname=\"sans-serif\", labelloc=t, fontsize=16,\n"
		"\t\tpad=0.3, label=<<b>%s</b><br/><font point-size=\"10\" color=\"#555555\">solid: calls, dashed: signals and shared "
		"memory, thick: with shared memory of that size</font>>];\n", c->spec.system.text);
	buffer_print(out, "\tnode [shape=box, style=\"rounded,filled\", color=\"#777777\", fontname=\"sans-serif\", "
		"fontsize=12];\n"
		"\tedge [fontname=\"sans-serif\", fontsize=9, fontcolor=\"#444444\", arrowsize=0.8];\n");
	for (u32 i = 0; i < c->spec.component_count; i++)
		dot_component(c, &clients, i, out);
	dot_alone(c, &clients, out);
	dot_devices(c, out);
	for (u32 i = 0; i < c->spec.connection_count; i++)
		dot_connection(c, &clients, &c->spec.connections[i], out);
	buffer_print(out, "}\n");
}

/* ---- JSON; names are made of a-z, 0-9, _ and dots, paths are the only texts that need care ---- */

static void json_text(const char *text, struct buffer *out)
{
	buffer_print(out, "\"");
	for (; *text != 0; text++) {
		if (*text == '"' || *text == '\\')
			buffer_print(out, "\\");
		buffer_print(out, (unsigned char)*text < 32 ? "?" : "%c", *text);
	}
	buffer_print(out, "\"");
}

static void json_nodes(struct capdl *c, const struct graph *graph, struct buffer *out)
{
	static const char *const kinds[] = {"component", "endpoint", "notification", "memory", "device"};

	buffer_print(out, "  \"nodes\": [\n");
	for (u32 i = 0; i < graph->node_count; i++) {
		const struct node *node = &graph->nodes[i];

		buffer_print(out, "    {\"name\": \"%s\", \"kind\": \"%s\"", node->name, kinds[node->kind]);
		if (node->kind == NODE_COMPONENT) {
			const struct component *component = &c->spec.components[i];

			buffer_print(out, ", \"priority\": %lu, \"budget\": %lu, \"period\": %lu, \"threads\": %lu, \"passive\": %s",
				component->priority.value, component->budget_ticks, component->period_ticks, component->threads.value,
				component->passive ? "true" : "false");
			buffer_print(out, ", \"trusted\": %s, \"supervisor\": %s", component->trusted ? "true" : "false",
				component->supervises ? "true" : "false");
			if (partition_of(c, i) != NULL)
				buffer_print(out, ", \"partition\": \"%s\"", partition_of(c, i));
		} else if (node->owner != NONE) {
			buffer_print(out, ", \"owner\": \"%s\"", c->spec.components[node->owner].name.text);
		}
		buffer_print(out, ", \"origin\": ");
		json_text(origin_of(c, node->at), out);
		buffer_print(out, "}%s\n", i + 1 < graph->node_count ? "," : "");
	}
	buffer_print(out, "  ],\n");
}

void picture_json(struct capdl *c, const struct graph *graph, struct buffer *out)
{
	buffer_print(out, "{\n  \"schema\": \"mullion-graph-1\",\n  \"system\": \"%s\",\n", c->spec.system.text);
	json_nodes(c, graph, out);
	buffer_print(out, "  \"edges\": [\n");
	for (u32 i = 0; i < graph->edge_count; i++) {
		const struct edge *edge = &graph->edges[i];

		buffer_print(out, "    {\"from\": \"%s\", \"to\": \"%s\", \"can\": \"%s\", \"origin\": ",
			graph->nodes[edge->from].name, graph->nodes[edge->to].name, graph_words(c, edge->authority));
		json_text(origin_of(c, edge->at), out);
		buffer_print(out, "}%s\n", i + 1 < graph->edge_count ? "," : "");
	}
	buffer_print(out, "  ],\n  \"windows\": [");
	for (u32 i = 0; i < c->spec.window_count; i++)
		buffer_print(out, "%s{\"partition\": \"%s\", \"ticks\": %lu}", i > 0 ? ", " : "", c->spec.windows[i].name.text,
			c->spec.windows[i].ticks);
	buffer_print(out, "],\n  \"connections\": [\n");
	for (u32 i = 0; i < c->spec.connection_count; i++) {
		const struct connection *connection = &c->spec.connections[i];

		buffer_print(out, "    {\"client\": \"%s\", \"port\": \"%s\", \"server\": \"%s\", \"protocol\": \"%s\", "
			"\"memory\": %lu, \"origin\": ", connection->client.text, connection->port.text, connection->server.text,
			c->spec.protocols[connection->protocol].name.text, connection->memory.value);
		json_text(origin_of(c, connection->at), out);
		buffer_print(out, "}%s\n", i + 1 < c->spec.connection_count ? "," : "");
	}
	buffer_print(out, "  ]\n}\n");
}

/* ---- questions ---- */

static int query_unknown(struct capdl *c, const char *what, const char *name, const struct graph *graph)
{
	const char **words = arena_take(&c->arena, (graph->node_count + 1) * sizeof *words);
	const char *near;

	for (u32 i = 0; i < graph->node_count; i++)
		words[i] = graph->nodes[i].name;
	near = nearest(name, words, graph->node_count);
	fprintf(stderr, "capdl: there is no %s `%s` in this system", what, name);
	if (near != NULL)
		fprintf(stderr, "; did you mean `%s`?", near);
	fputc('\n', stderr);
	return 1;
}

static int query_caps(struct capdl *c, const struct graph *graph, const char *name)
{
	u32 node = graph_find(c, graph, name);
	const struct model *model = &c->model;

	if (node == NONE || graph->nodes[node].kind != NODE_COMPONENT)
		return query_unknown(c, "component", name, graph);
	if (partition_of(c, node) != NULL)
		printf("%s runs in the windows of partition %s (%s) and\n", name, partition_of(c, node),
			origin_of(c, c->spec.components[node].partition_at));
	printf("%s holds\n", name);
	for (u32 i = 0; i < model->cap_count; i++) {
		const struct capability *cap = &model->caps[i];
		const struct object *container = &model->objects[cap->container];

		if (container->owner != node || container->type != OBJECT_TABLE ||
		    (c->spec.components[node].supervises && model->objects[cap->object].type == OBJECT_PAGE))
			continue;
		printf("  slot %5u  %-60s %s\n", cap->index, describe_cap(c, cap), origin_of(c, cap->at));
	}
	printf("and maps\n");
	for (u32 i = 0; i < model->region_count; i++) {
		const struct region *region = &model->regions[i];

		if (region->component == node)
			printf("  0x%08lx  %7lu KiB  %c%c%c  %-43s %s\n", region->base, region->size >> 10,
				(region->rights & RIGHT_READ) != 0 ? 'r' : '-', (region->rights & RIGHT_WRITE) != 0 ? 'w' : '-',
				(region->rights & RIGHT_EXECUTE) != 0 ? 'x' : '-', region->name, origin_of(c, region->at));
	}
	return 0;
}

/* Components that hold the right; then those that could get it by taking over a holder. */
static int query_who_can(struct capdl *c, const struct graph *graph, const char *right, const char *name)
{
	u32 authority = graph_authority(right), node = graph_find(c, graph, name), holders = 0;

	if (authority == 0) {
		fprintf(stderr, "capdl: `%s` is no right; rights are read, write, execute, call, send, receive, grant, signal, wait, "
			"control\n", right);
		return 1;
	}
	if (node == NONE)
		return query_unknown(c, "object", name, graph);
	for (u32 i = 0; i < graph->edge_count; i++) {
		const struct edge *edge = &graph->edges[i];
		u32 to = edge->to, owner = graph->nodes[to].owner;
		bool of_component = graph->nodes[node].kind == NODE_COMPONENT && owner == node;

		if ((to != node && !of_component) || (edge->authority & authority) == 0)
			continue;
		holders++;
		printf("%s can %s %s directly (%s)\n", graph->nodes[edge->from].name, graph_words(c, edge->authority),
			graph->nodes[to].name, origin_of(c, edge->at));
		for (u32 j = 0; j < graph->edge_count; j++)
			if (graph->edges[j].to == edge->from && (graph->edges[j].authority & CAN_CONTROL) != 0)
				printf("  %s could after taking over %s (%s)\n", graph->nodes[graph->edges[j].from].name,
					graph->nodes[edge->from].name, origin_of(c, graph->edges[j].at));
	}
	if (holders == 0)
		printf("nobody can %s %s\n", right, name);
	return 0;
}

static void print_path(struct capdl *c, const struct graph *graph, const struct path *path)
{
	printf("  %s\n", graph->nodes[path->nodes[path->length]].name);
	for (u32 i = path->length; i > 0; i--) {
		const struct edge *edge = &graph->edges[path->edges[i - 1]];
		bool back = edge->to != path->nodes[i - 1];

		printf("    %s %s  (%s)\n  %s\n", back ? "whose holder can" : "can", graph_words(c, edge->authority),
			origin_of(c, edge->at), graph->nodes[path->nodes[i - 1]].name);
	}
}

static int query_path(struct capdl *c, const struct graph *graph, const char *from, const char *to)
{
	u32 start = graph_find(c, graph, from), end = graph_find(c, graph, to);
	struct path path;

	if (start == NONE)
		return query_unknown(c, "object", from, graph);
	if (end == NONE)
		return query_unknown(c, "object", to, graph);
	if (graph_path(c, graph, start, end, true, &path)) {
		printf("%s can take over %s:\n", from, to);
		print_path(c, graph, &path);
	} else {
		printf("%s cannot take over %s.\n", from, to);
	}
	if (graph_path(c, graph, start, end, false, &path)) {
		printf("The shortest way for what %s does to reach %s%s:\n", from, to,
			c->spec.supervisor == NONE ? "" : ", not counting the supervisor");
		print_path(c, graph, &path);
	} else {
		printf("Nothing that %s does reaches %s%s.\n", from, to,
			c->spec.supervisor == NONE ? "" : ", not counting the supervisor");
	}
	return 0;
}

int query(struct capdl *c, const struct graph *graph, const char *const *words, u32 count)
{
	if (count == 2 && strcmp(words[0], "caps") == 0)
		return query_caps(c, graph, words[1]);
	if (count == 3 && strcmp(words[0], "who-can") == 0)
		return query_who_can(c, graph, words[1], words[2]);
	if (count == 3 && strcmp(words[0], "path") == 0)
		return query_path(c, graph, words[1], words[2]);
	fputs("capdl: questions are: caps COMPONENT, who-can RIGHT OBJECT, path FROM TO\n", stderr);
	return 2;
}
