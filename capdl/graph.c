/* graph.c - the one graph that pictures, queries and policy stand on: who holds which authority over what.
 *
 * Nodes are labels: components, and what components share: endpoints, notifications, page ranges, devices. An edge
 * says that its source holds a capability with these rights to something of its target; it remembers the capability
 * and the line of the specification that it comes from. Memory is ordered by (from, to), so neighbours are one run. */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

static u32 node_new(struct capdl *c, struct graph *graph, enum node_kind kind, const char *name, u32 owner,
	struct span at)
{
	const char *unique = intern(c, name, strlen(name));
	u32 known = map_get(&graph->names, unique, 0);

	if (known != NONE)
		return known;
	*LIST_ADD(c, graph, node) = (struct node){kind, unique, owner, at};
	map_put(&c->arena, &graph->names, unique, 0, graph->node_count - 1);
	return graph->node_count - 1;
}

/* The label of an object. */
static u32 label_of(struct capdl *c, struct graph *graph, u32 index)
{
	const struct object *object = &c->model.objects[index];
	const char *label = object_label(c, object);

	switch (object->type) {
	case OBJECT_ENDPOINT:
		return node_new(c, graph, NODE_ENDPOINT, label, object->owner, object->at);
	case OBJECT_NOTIFICATION:
		return node_new(c, graph, NODE_NOTIFICATION, label, object->owner, object->at);
	case OBJECT_UNTYPED:
		if (object->memory == MEMORY_DEVICE)
			return node_new(c, graph, NODE_DEVICE, object->name, object->owner, object->at);
		if (object->memory == MEMORY_ROM)
			return node_new(c, graph, NODE_MEMORY, "image", NONE, object->at);
		return object->owner == NONE ? node_new(c, graph, NODE_MEMORY, label, NONE, object->at) : object->owner;
	case OBJECT_PAGE:
		return object->owner == NONE ? node_new(c, graph, NODE_MEMORY, label, NONE, object->at) : object->owner;
	default:
		return object->owner;
	}
}

static u32 authority_of(const struct capdl *c, const struct capability *cap)
{
	const struct object *object = &c->model.objects[cap->object];
	u32 authority = 0;

	switch (object->type) {
	case OBJECT_ENDPOINT:
		authority |= (cap->rights & RIGHT_READ) != 0 ? CAN_RECEIVE : 0;
		authority |= (cap->rights & RIGHT_WRITE) != 0 ? CAN_SEND : 0;
		authority |= (cap->rights & RIGHT_CALL) != 0 ? CAN_CALL : 0;
		authority |= (cap->rights & RIGHT_GRANT) != 0 ? CAN_GRANT : 0;
		return authority;
	case OBJECT_NOTIFICATION:
		authority |= (cap->rights & RIGHT_READ) != 0 ? CAN_WAIT : 0;
		authority |= (cap->rights & RIGHT_WRITE) != 0 ? CAN_SIGNAL : 0;
		return authority;
	case OBJECT_PAGE:
	case OBJECT_UNTYPED:
		if ((cap->rights & RIGHT_RETYPE) != 0)
			return CAN_CONTROL;
		authority |= (cap->rights & RIGHT_READ) != 0 ? CAN_READ : 0;
		authority |= (cap->rights & RIGHT_WRITE) != 0 ? CAN_WRITE : 0;
		authority |= (cap->rights & RIGHT_EXECUTE) != 0 ? CAN_EXECUTE : 0;
		return authority;
	default:
		return CAN_CONTROL;
	}
}

static int compare_edges(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return a->cap < b->cap ? -1 : a->cap > b->cap;
}

/* Edges with equal ends and equal authority become one: the pages of a range, the copies for each thread. */
static void merge(struct graph *graph)
{
	u32 kept = 0;

	if (graph->edge_count > 1)
		qsort(graph->edges, graph->edge_count, sizeof *graph->edges, compare_edges);
	for (u32 i = 0; i < graph->edge_count; i++) {
		const struct edge *edge = &graph->edges[i];
		bool known = false;

		for (u32 j = kept; j > 0 && graph->edges[j - 1].from == edge->from && graph->edges[j - 1].to == edge->to; j--)
			known |= graph->edges[j - 1].authority == edge->authority;
		if (!known)
			graph->edges[kept++] = *edge;
	}
	graph->edge_count = kept;
}

void graph_make(struct capdl *c, struct graph *graph)
{
	const struct model *model = &c->model;
	u32 *labels = arena_take(&c->arena, (model->object_count + 1) * sizeof *labels);

	for (u32 i = 0; i < c->spec.component_count; i++)
		node_new(c, graph, NODE_COMPONENT, c->spec.components[i].name.text, i, c->spec.components[i].name.at);
	for (u32 i = 0; i < model->object_count; i++)
		labels[i] = label_of(c, graph, i);
	for (u32 i = 0; i < model->cap_count; i++) {
		const struct capability *cap = &model->caps[i];
		u32 from = model->objects[cap->container].owner, to = labels[cap->object];

		if (cap->container == model->kernel_table || from == NONE || to == NONE || from == to)
			continue;
		*LIST_ADD(c, graph, edge) = (struct edge){from, to, authority_of(c, cap), i, cap->at};
	}
	for (u32 i = 0; i < c->spec.device_count; i++) {
		const struct device *device = &c->spec.devices[i];
		u32 node = map_get(&graph->names, device->name.text, 0);

		if (node != NONE && device->owner != NONE && device->line_count > 0)
			*LIST_ADD(c, graph, edge) = (struct edge){node, labels[c->spec.components[device->owner].notification],
				CAN_SIGNAL, NONE, device->name.at};
	}
	merge(graph);
	graph->starts = arena_take(&c->arena, (graph->node_count + 2) * sizeof *graph->starts);
	for (u32 i = 0; i < graph->edge_count; i++)
		graph->starts[graph->edges[i].from + 1] = i + 1;
	for (u32 i = 0; i < graph->node_count; i++)
		if (graph->starts[i + 1] < graph->starts[i])
			graph->starts[i + 1] = graph->starts[i];
}

/* ---- words ---- */

static const struct {
	const char *word;
	u32 authority;
} words[] = {
	{"read", CAN_READ}, {"write", CAN_WRITE}, {"execute", CAN_EXECUTE}, {"call", CAN_CALL}, {"send", CAN_SEND},
	{"receive", CAN_RECEIVE}, {"grant", CAN_GRANT}, {"signal", CAN_SIGNAL}, {"wait", CAN_WAIT}, {"control", CAN_CONTROL},
};

const char *graph_words(struct capdl *c, u32 authority)
{
	const char *text = "";

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if ((authority & words[i].authority) != 0 && !(words[i].authority == CAN_SEND && (authority & CAN_CALL) != 0))
			text = format(c, "%s%s%s", text, *text == 0 ? "" : ", ", words[i].word);
	return text;
}

u32 graph_authority(const char *word)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].authority;
	return 0;
}

u32 graph_find(struct capdl *c, const struct graph *graph, const char *name)
{
	return map_get(&graph->names, intern(c, name, strlen(name)), 0);
}

/* ---- paths ---- */

/* Steps along which a component's influence goes: it changes what it can write, signal, call or control, and what is
 * changed reaches whoever reads, waits or receives there; a reply goes back along a call. */
static bool flows(u32 authority, bool forward)
{
	u32 out = CAN_WRITE | CAN_SEND | CAN_CALL | CAN_SIGNAL | CAN_CONTROL;
	u32 in = CAN_READ | CAN_EXECUTE | CAN_RECEIVE | CAN_WAIT | CAN_CALL;

	return (authority & (forward ? out : in)) != 0;
}

/* Breadth first from `from`; via[] tells the edge by which each node was reached. Influence through the supervisor is
 * left out unless it is asked for: it controls everything, so every path would be that one. */
static bool search(struct capdl *c, const struct graph *graph, u32 from, u32 to, bool control, u32 *via, bool *back)
{
	u32 supervisor = control || from == c->spec.supervisor || to == c->spec.supervisor ? NONE : c->spec.supervisor;
	u32 *queue = arena_take(&c->arena, (graph->node_count + 1) * sizeof *queue), head = 0, tail = 0;
	bool *seen = arena_take(&c->arena, graph->node_count + 1);

	queue[tail++] = from;
	seen[from] = true;
	while (head < tail && !seen[to]) {
		u32 at = queue[head++];

		for (u32 i = 0; i < graph->edge_count; i++) {
			const struct edge *edge = &graph->edges[i];
			bool forward = edge->from == at && (control ? (edge->authority & CAN_CONTROL) != 0 : flows(edge->authority, true));
			bool backward = !control && edge->to == at && flows(edge->authority, false) &&
				graph->nodes[edge->from].kind == NODE_COMPONENT;
			u32 next = forward ? edge->to : edge->from;

			if (supervisor != NONE && (edge->from == supervisor || graph->nodes[edge->to].owner == supervisor))
				continue;
			if ((!forward && !backward) || seen[next])
				continue;
			seen[next] = true;
			via[next] = i;
			back[next] = !forward;
			queue[tail++] = next;
		}
	}
	return seen[to];
}

bool graph_path(struct capdl *c, const struct graph *graph, u32 from, u32 to, bool control, struct path *path)
{
	u32 *via = arena_take(&c->arena, (graph->node_count + 1) * sizeof *via);
	bool *back = arena_take(&c->arena, graph->node_count + 1);

	*path = (struct path){0};
	if (!search(c, graph, from, to, control, via, back))
		return false;
	path->edges = arena_take(&c->arena, (graph->node_count + 1) * sizeof *path->edges);
	path->nodes = arena_take(&c->arena, (graph->node_count + 2) * sizeof *path->nodes);
	for (u32 at = to; at != from; path->length++) {
		path->edges[path->length] = via[at];
		path->nodes[path->length] = at;
		at = back[at] ? graph->edges[via[at]].to : graph->edges[via[at]].from;
	}
	path->nodes[path->length] = from;
	return true;
}
