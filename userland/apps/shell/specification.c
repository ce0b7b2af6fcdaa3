/* specification.c - caps, mem and irqs: what the specification says, as the compiler put it into the manifest. */
#include "shell.h"
#include "ports.h"

#ifdef MANIFEST_BASE
#include "manifest_view.h"

static const char *text(u32 offset)
{
	return manifest_text(MANIFEST_BASE, offset);
}

static const void *part(u64 offset)
{
	return manifest_part(MANIFEST_BASE, offset);
}

static void rights_text(char out[4], u32 rights)
{
	out[0] = (rights & RIGHT_READ) != 0 ? 'r' : '-';
	out[1] = (rights & RIGHT_WRITE) != 0 ? 'w' : '-';
	out[2] = (rights & RIGHT_EXECUTE) != 0 ? 'x' : '-';
	out[3] = '\0';
}

static void show_caps(const struct manifest_header *header, const char *name)
{
	static const char *const kinds[] = {"image", "stack", "memory", "dma", "device", "shared", "fault ring", "manifest",
		"scratch"};
	const struct manifest_component *component = manifest_find(MANIFEST_BASE, name);
	const struct manifest_region *regions = part(header->regions_offset);
	const struct manifest_cap *caps = part(header->caps_offset);

	if (component == NULL) {
		say("There is no component `%s`. `ps` lists them.\n", name);
		return;
	}
	say("%s (%s), image %s, priority %u, %u thread%s\n", name, text(component->origin), text(component->image),
		component->priority, component->threads, component->threads == 1 ? "" : "s");
	if ((component->flags & MANIFEST_SUPERVISOR) != 0)
		say("It is the supervisor.\n");
	if ((component->flags & MANIFEST_TRUSTED) != 0)
		say("It is trusted: its device could reach all memory.\n");
	say("memory:\n");
	for (u32 i = 0; i < component->regions && !terminal_interrupted(); i++) {
		const struct manifest_region *r = &regions[component->first_region + i];
		char rights[4];

		rights_text(rights, r->rights);
		say("  0x%08lx %8lu KiB %s %-10s %-22s %s\n", r->base, r->size / 1024, rights,
			r->kind < sizeof kinds / sizeof kinds[0] ? kinds[r->kind] : "?", text(r->name), text(r->origin));
	}
	say("capabilities:\n");
	for (u32 i = 0; i < component->caps && !terminal_interrupted(); i++) {
		const struct manifest_cap *c = &caps[component->first_cap + i];

		say("  %4u  %-52s %s\n", c->slot, text(c->text), text(c->origin));
	}
}

static void show_mem(const struct manifest_header *header)
{
	const struct system_header *system = MANIFEST_BASE;
	const struct manifest_component *components = part(header->components_offset);
	const struct root_untyped *roots = part(system->roots_offset);
	u64 bytes = 0;
	u64 used = 0;
	u64 ram = 0;

	say("%-16s %12s %12s %6s\n", "COMPONENT", "MEMORY KiB", "USED KiB", "FULL");
	for (u32 i = 0; i < header->components; i++) {
		const struct manifest_component *c = &components[i];

		say("%-16s %12lu %12lu %5lu%%\n", text(c->name), c->memory / 1024, c->memory_used / 1024,
			c->memory > 0 ? c->memory_used * 100 / c->memory : 0);
		bytes += c->memory;
		used += c->memory_used;
	}
	for (u32 i = 0; i < system->roots; i++)
		if (roots[i].kind == MEMORY_RAM)
			ram += 1ul << roots[i].size_bits;
	say("%-16s %12lu %12lu %5lu%%\n", "all components", bytes / 1024, used / 1024, bytes > 0 ? used * 100 / bytes : 0);
	say("RAM handed out by the specification: %lu KiB; boot image with all components: %lu KiB\n", ram / 1024,
		system->size / 1024);
	say("The rest of the RAM belongs to nobody: nothing creates memory at run time.\n");
}

static void show_irqs(const struct manifest_header *header)
{
	const struct manifest_component *components = part(header->components_offset);
	const struct manifest_line *lines = part(header->lines_offset);
	bool uncounted = false;

	say("%5s  %-16s %-16s %3s %10s\n", "LINE", "DEVICE", "COMPONENT", "BIT", "COUNT");
	for (u32 i = 0; i < header->lines && !terminal_interrupted(); i++) {
		const char *component = text(components[lines[i].component].name);
		char number[24] = "-";
		u64 count;

		if (system_interrupts(component, lines[i].bit, &count))
			format(number, sizeof number, "%lu", count);
		else
			uncounted = true;
		say("%5u  %-16s %-16s %3u %10s\n", lines[i].line, text(lines[i].name), component, lines[i].bit, number);
	}
	if (header->lines == 0)
		say("No component has an interrupt line.\n");
	if (uncounted)
		say("-: nobody counts; connect the component's `uses interrupts` to the supervisor for that.\n");
}

void specification_run(const struct command *command, const char *argument)
{
	const struct manifest_header *header = manifest_at(MANIFEST_BASE);

	if (header == NULL)
		say("The manifest of this system is not one that the shell can read.\n");
	else if (command->id == COMMAND_CAPS)
		show_caps(header, argument);
	else if (command->id == COMMAND_MEM)
		show_mem(header);
	else
		show_irqs(header);
}

/* The components of the specification, the supervisor among them. */
void specification_complete(struct candidates *candidates, const char *name)
{
	const struct manifest_header *header = manifest_at(MANIFEST_BASE);
	const struct manifest_component *components;
	size_t size = strlen(name);

	if (header == NULL)
		return;
	components = part(header->components_offset);
	for (u32 i = 0; i < header->components; i++)
		if (strncmp(text(components[i].name), name, size) == 0)
			candidates_add(candidates, text(components[i].name));
}
const char *specification_origin(u64 slot)
{
	const struct manifest_header *header = manifest_at(MANIFEST_BASE);
	const struct manifest_component *shell = manifest_find(MANIFEST_BASE, COMPONENT_NAME);
	const struct manifest_cap *caps;

	if (shell == NULL)
		return "the specification";
	caps = part(header->caps_offset);
	for (u32 i = 0; i < shell->caps; i++)
		if (caps[shell->first_cap + i].slot == slot)
			return text(caps[shell->first_cap + i].origin);
	return "the specification";
}
#else
const char *specification_origin(u64 slot)
{
	(void)slot;
	return "the specification";
}

void specification_run(const struct command *command, const char *argument)
{
	(void)argument;
	say("This system gives the shell no manifest to read, so there is no `%s`.\n", command->name);
}

void specification_complete(struct candidates *candidates, const char *name)
{
	(void)candidates;
	(void)name;
}
#endif
