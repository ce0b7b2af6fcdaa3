/* graph.h - the authority graph: labels, edges, words and paths. */
#pragma once
#include "capdl.h"

enum node_kind { NODE_COMPONENT, NODE_ENDPOINT, NODE_NOTIFICATION, NODE_MEMORY, NODE_DEVICE };

enum authority {
	CAN_READ = 1, CAN_WRITE = 2, CAN_EXECUTE = 4, CAN_SEND = 8, CAN_CALL = 16, CAN_RECEIVE = 32, CAN_GRANT = 64,
	CAN_SIGNAL = 128, CAN_WAIT = 256, CAN_CONTROL = 512,
};

struct node { /* components come first, with the numbers of the specification */
	enum node_kind kind;
	const char *name;
	u32 owner; /* component, or NONE */
	struct span at;
};

struct edge {
	u32 from, to, authority;
	u32 cap;   /* one capability that it stands for, or NONE: an interrupt line */
	struct span at;
};

struct graph {
	struct node *nodes;
	struct edge *edges; /* sorted by from, to */
	u32 *starts;        /* edges of node n: starts[n] to starts[n + 1] */
	u32 node_count, node_capacity, edge_count, edge_capacity;
	struct map names;
};

struct path { /* from the end to the start */
	u32 *edges, *nodes;
	u32 length;
};

/* The graph of an elaborated system. */
void graph_make(struct capdl *c, struct graph *graph);
u32 graph_find(struct capdl *c, const struct graph *graph, const char *name);
const char *graph_words(struct capdl *c, u32 authority);
u32 graph_authority(const char *word); /* 0: no such word */
/* Shortest way by which `from` can take over (control) or influence `to`. */
bool graph_path(struct capdl *c, const struct graph *graph, u32 from, u32 to, bool control, struct path *path);

void policy(struct capdl *c, const struct graph *graph);
void picture_dot(struct capdl *c, const struct graph *graph, struct buffer *out);
void picture_json(struct capdl *c, const struct graph *graph, struct buffer *out);
int query(struct capdl *c, const struct graph *graph, const char *const *words, u32 count);
void report_memory(struct capdl *c, struct buffer *out);
