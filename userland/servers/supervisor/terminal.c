/* terminal.c - which components the user needs to reach the supervisor at all.
 *
 * Found in the manifest: the supervisor's clients, who shares the memory of a client's port `tty`, and who shares the
 * memory of that one's port `serial`. If one of them stops, nobody could type `restart`. */
#include "terminal.h"
#include "manifest_view.h"
#include "ports.h"

#define NAME_BYTES 72

/* Has the component a region that is the memory of port `port` of component `client`? */
static bool shares(const char *component, const char *client, const char *port)
{
	const struct manifest_component *c = manifest_find(MANIFEST_BASE, component);
	const struct manifest_header *header = manifest_at(MANIFEST_BASE);
	char wanted[NAME_BYTES];

	if (c == NULL)
		return false;
	const struct manifest_region *regions = manifest_part(MANIFEST_BASE, header->regions_offset);
	format(wanted, sizeof wanted, "%s.%s", client, port);
	for (u32 i = 0; i < c->regions; i++)
		if (strcmp(manifest_text(MANIFEST_BASE, regions[c->first_region + i].name), wanted) == 0)
			return true;
	return false;
}

static bool carries_tty(const char *name)
{
	for (u32 i = 0; i < SUPERVISOR_CLIENTS; i++)
		if (shares(name, supervisor_clients[i].name, "tty"))
			return true;
	return false;
}

bool terminal_needs(const char *name)
{
	if (carries_tty(name)) /* the client itself, or its console */
		return true;
	for (u32 i = 0; i < SUPERVISED; i++)
		if (carries_tty(supervised[i].name) && shares(name, supervised[i].name, "serial"))
			return true;
	return false;
}
