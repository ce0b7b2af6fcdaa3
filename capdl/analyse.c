/* analyse.c - the order of the passes between reading a specification and knowing its images. */
#include "graph.h"

void analyse_spec(struct capdl *c)
{
	struct graph graph = {0};

	resolve(c);
	board_devices(c);
	check(c);
	if (c->errors > 0)
		return;
	elaborate(c);
	if (c->errors > 0)
		return;
	place_dma(c);
	for (u32 i = 0; i < c->spec.component_count; i++)
		header_check(c, i);
	if (c->errors > 0 || c->spec.assertion_count == 0 || c->unjudged)
		return;
	graph_make(c, &graph);
	policy(c, &graph);
}
