/* policy.c - assertions of the specification, judged on the authority graph; a failed one shows what breaks it.
 *
 * The supervisor is exempt in `only ... reach`: it controls everything by design, which the graph says. */
#include "graph.h"

static bool is_subject(const struct capdl *c, const struct assertion *assertion, u32 component)
{
	for (u32 i = 0; i < assertion->subject_count; i++)
		if (c->spec.components[component].name.text == assertion->subjects[i].text)
			return true;
	return false;
}

/* Reaching a component means to be a client of it, or to control it. */
static void check_reach(struct capdl *c, const struct graph *graph, const struct assertion *assertion)
{
	u32 target = map_get(&c->spec.names, assertion->target.text, 0);

	for (u32 i = 0; i < c->spec.connection_count; i++) {
		const struct connection *connection = &c->spec.connections[i];

		if (connection->server_index != target || is_subject(c, assertion, connection->client_index))
			continue;
		error_at(c, assertion->at, "P01", "remove the connection, or name the component in the assertion",
			"`%s` reaches `%s` too", connection->client.text, assertion->target.text);
		error_also(c, connection->at, "through this connection");
	}
	for (u32 i = 0; i < graph->edge_count; i++) {
		const struct edge *edge = &graph->edges[i];

		if (edge->to != target || (edge->authority & CAN_CONTROL) == 0 || is_subject(c, assertion, edge->from) ||
		    edge->from == c->spec.supervisor)
			continue;
		error_at(c, assertion->at, "P01", NULL, "`%s` controls `%s`", graph->nodes[edge->from].name, assertion->target.text);
		error_also(c, edge->at, "by this");
	}
}

static void check_hold(struct capdl *c, const struct assertion *assertion)
{
	const struct device *device = &c->spec.devices[map_get(&c->spec.names, assertion->target.text, 0) - LIMIT_COMPONENTS];

	if (device->owner == NONE) {
		error_at(c, assertion->target.at, "P01", NULL, "nobody holds `%s`", device->name.text);
	} else if (!is_subject(c, assertion, device->owner)) {
		error_at(c, assertion->at, "P01", NULL, "`%s` holds `%s`", c->spec.components[device->owner].name.text,
			device->name.text);
		error_also(c, device->name.at, "the device");
	}
}

struct sharer {
	u32 component, rights;
	struct span at;
};

/* One pass over all mappings: per page the first subject that maps it, and whether anybody writes. */
static void check_share(struct capdl *c, const struct assertion *assertion)
{
	const struct model *model = &c->model;
	struct sharer *first = arena_take(&c->arena, (model->object_count + 1) * sizeof *first);
	u64 reported = ~0ul;

	for (u32 i = 0; i < model->cap_count; i++) {
		const struct capability *cap = &model->caps[i];
		const struct object *container = &model->objects[cap->container], *object = &model->objects[cap->object];
		struct sharer *sharer = &first[cap->object];

		if (container->type != OBJECT_SPACE || (object->type != OBJECT_PAGE && object->type != OBJECT_UNTYPED) ||
		    !is_subject(c, assertion, container->owner))
			continue;
		if (sharer->rights == 0) {
			*sharer = (struct sharer){container->owner, cap->rights, cap->at};
			continue;
		}
		if (sharer->component == container->owner || ((sharer->rights | cap->rights) & RIGHT_WRITE) == 0 ||
		    reported == ((u64)cap->at.file << 32 | cap->at.offset))
			continue;
		reported = (u64)cap->at.file << 32 | cap->at.offset;
		error_at(c, assertion->at, "P01", NULL, "`%s` and `%s` share writable memory `%s`",
			c->spec.components[sharer->component].name.text, c->spec.components[container->owner].name.text,
			object_label(c, object));
		error_also(c, cap->at, "given here");
	}
}

static void check_no_path(struct capdl *c, const struct graph *graph, const struct assertion *assertion)
{
	u32 from = map_get(&c->spec.names, assertion->subjects[0].text, 0);
	u32 to = map_get(&c->spec.names, assertion->target.text, 0);
	const char *text = "";
	struct path path;

	if (!graph_path(c, graph, from, to, true, &path) && !graph_path(c, graph, from, to, false, &path))
		return;
	for (u32 i = path.length + 1; i > 0; i--)
		text = format(c, "%s%s%s", text, *text == 0 ? "" : " -> ", graph->nodes[path.nodes[i - 1]].name);
	error_at(c, assertion->at, "P01", format(c, "./mullion graph %s path %s %s shows each step", c->spec.system.text,
		assertion->subjects[0].text, assertion->target.text), "there is a path: %s", text);
	if (path.length > 0)
		error_also(c, graph->edges[path.edges[path.length - 1]].at, "its first step");
}

void policy(struct capdl *c, const struct graph *graph)
{
	for (u32 i = 0; i < c->spec.assertion_count; i++) {
		const struct assertion *assertion = &c->spec.assertions[i];

		switch (assertion->kind) {
		case ASSERT_ONLY_REACH: check_reach(c, graph, assertion); break;
		case ASSERT_ONLY_HOLD: check_hold(c, assertion); break;
		case ASSERT_SHARE_NOTHING: check_share(c, assertion); break;
		case ASSERT_NO_PATH: check_no_path(c, graph, assertion); break;
		case ASSERT_UTILISATION: break; /* judged with the budgets */
		}
	}
}
