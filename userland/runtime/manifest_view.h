/* manifest_view.h - reading the manifest (protocols/manifest.h) in a component that has the attribute `manifest`. */
#pragma once
#include "../protocols/manifest.h"
#include "component.h"

/* `base` is MANIFEST_BASE. NULL when there is no manifest of this version. */
static inline const struct manifest_header *manifest_at(const void *base)
{
	const struct manifest_header *header = (const struct manifest_header *)((const u8 *)base + MANIFEST_OFFSET);

	return header->magic == MANIFEST_MAGIC ? header : NULL;
}

static inline const void *manifest_part(const void *base, u64 offset)
{
	return (const u8 *)base + offset;
}

static inline const char *manifest_text(const void *base, u32 offset)
{
	return (const char *)base + offset;
}

static inline const struct manifest_component *manifest_find(const void *base, const char *name)
{
	const struct manifest_header *header = manifest_at(base);
	const struct manifest_component *components;

	if (header == NULL)
		return NULL;
	components = manifest_part(base, header->components_offset);
	for (u32 i = 0; i < header->components; i++)
		if (strcmp(manifest_text(base, components[i].name), name) == 0)
			return &components[i];
	return NULL;
}
