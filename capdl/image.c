/* image.c - ELF files of the components: their segments, and the pages and mappings that depend on their sizes. */
#include "capdl.h"

#include <elf.h>
#include <string.h>

static const struct span nowhere = {NONE, 0, 0};

static void bad_image(struct capdl *c, u32 component, const char *path, const char *what)
{
	error_at(c, c->spec.components[component].name.at, "F01", NULL, "image %s of `%s` %s", path,
		c->spec.components[component].name.text, what);
}

static u64 image_limit(const struct component *component)
{
	return STACK_TOP - component->threads.value * (component->stack.value + PAGE);
}

/* True if the header may be used; program headers are inside the file. */
static bool check_header(struct capdl *c, u32 component, const unsigned char *data, size_t size, const char *path,
	Elf64_Ehdr *header)
{
	if (size < sizeof *header) {
		bad_image(c, component, path, "is too short for an executable");
		return false;
	}
	memcpy(header, data, sizeof *header);
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_RISCV) {
		bad_image(c, component, path, "is not a 64-bit RISC-V executable");
		return false;
	}
	if (header->e_type != ET_EXEC) {
		bad_image(c, component, path, "is not a static executable with fixed addresses");
		return false;
	}
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff > size ||
	    (size - header->e_phoff) / sizeof(Elf64_Phdr) < header->e_phnum) {
		bad_image(c, component, path, "has a damaged header");
		return false;
	}
	return true;
}

static bool add_segment(struct capdl *c, u32 index, const Elf64_Phdr *part, const unsigned char *data, size_t size,
	const char *path)
{
	struct component *component = &c->spec.components[index];
	u64 front = part->p_vaddr % PAGE, end;
	struct segment segment = {.component = index, .address = part->p_vaddr - front};
	unsigned char *copy;

	if (part->p_offset > size || part->p_filesz > size - part->p_offset || part->p_filesz > part->p_memsz) {
		bad_image(c, index, path, "has a segment outside of the file");
		return false;
	}
	if (__builtin_add_overflow(part->p_vaddr, part->p_memsz, &end) || part->p_vaddr < IMAGE_BASE ||
	    end > image_limit(component)) {
		error_at(c, component->name.at, "M13", "smaller static data, or `memory NAME SIZE` for large buffers",
			"image %s of `%s` does not fit between 0x%lx and its stacks at 0x%lx", path, component->name.text, IMAGE_BASE,
			image_limit(component));
		return false;
	}
	segment.rights = (u8)(((part->p_flags & PF_R) != 0 ? RIGHT_READ : 0) |
		((part->p_flags & PF_W) != 0 ? RIGHT_WRITE | RIGHT_READ : 0) |
		((part->p_flags & PF_X) != 0 ? RIGHT_EXECUTE | RIGHT_READ : 0));
	if ((segment.rights & (RIGHT_WRITE | RIGHT_EXECUTE)) == (RIGHT_WRITE | RIGHT_EXECUTE)) {
		error_at(c, component->name.at, "M18", NULL, "image %s of `%s` has a segment that is writable and executable",
			path, component->name.text);
		return false;
	}
	segment.memory_size = round_up(end - segment.address, PAGE);
	segment.file_size = part->p_filesz == 0 ? 0 : round_up(front + part->p_filesz, 8);
	copy = arena_take(&c->arena, segment.file_size + 1);
	if (part->p_filesz > 0)
		memcpy(copy + front, data + part->p_offset, part->p_filesz);
	segment.data = copy;
	*LIST_ADD(c, c, segment) = segment;
	return true;
}

void image_load(struct capdl *c, u32 index, const unsigned char *data, size_t size, const char *path)
{
	struct component *component = &c->spec.components[index];
	u32 first = c->segment_count;
	bool entered = false;
	Elf64_Ehdr header;

	if (!check_header(c, index, data, size, path, &header))
		return;
	for (u32 i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr part;

		memcpy(&part, data + header.e_phoff + i * sizeof part, sizeof part);
		if (part.p_type == PT_INTERP || part.p_type == PT_DYNAMIC) {
			bad_image(c, index, path, "is linked dynamically");
			return;
		}
		if (part.p_type != PT_LOAD || part.p_memsz == 0)
			continue;
		if (!add_segment(c, index, &part, data, size, path))
			return;
		entered |= (part.p_flags & PF_X) != 0 && header.e_entry >= part.p_vaddr &&
			header.e_entry - part.p_vaddr < part.p_filesz;
	}
	for (u32 i = first; i < c->segment_count; i++)
		for (u32 j = first; j < i; j++)
			if (c->segments[i].address < c->segments[j].address + c->segments[j].memory_size &&
			    c->segments[j].address < c->segments[i].address + c->segments[i].memory_size)
				error_at(c, component->name.at, "M18", "give each segment pages of its own",
					"image %s of `%s` has two segments on one page", path, component->name.text);
	if (!entered)
		bad_image(c, index, path, "does not begin in executable code");
	component->entry = header.e_entry;
}

/* Level 2 says where the segments lie; the images supply their contents, which must have the same shape. */
void image_contents(struct capdl *c, struct segment *wanted, u32 wanted_count)
{
	bool same = wanted_count == c->segment_count;

	for (u32 i = 0; i < wanted_count && same; i++) {
		struct segment *segment = &c->segments[i];

		same = segment->component == wanted[i].component && segment->address == wanted[i].address &&
			segment->memory_size == wanted[i].memory_size && segment->file_size == wanted[i].file_size &&
			segment->rights == wanted[i].rights;
		segment->rom = wanted[i].rom;
		if (same && segment->rom + segment->file_size > c->rom_end)
			same = false;
	}
	if (!same)
		error_at(c, nowhere, "F01", "build the system from its .sys file again",
			"the images are not those that the object-level text was made for");
}

/* ---- what follows from the sizes ---- */

/* Text and read-only data in pages of their own, then the contents of data. */
static void lay_out_rom(struct capdl *c)
{
	u64 offset = PAGE;

	for (u32 i = 0; i < c->segment_count; i++)
		if ((c->segments[i].rights & RIGHT_WRITE) == 0) {
			c->segments[i].rom = offset;
			offset += c->segments[i].memory_size;
		}
	c->rom_text_end = offset;
	for (u32 i = 0; i < c->segment_count; i++)
		if ((c->segments[i].rights & RIGHT_WRITE) != 0) {
			c->segments[i].rom = offset;
			offset += c->segments[i].file_size;
		}
	c->rom_end = offset;
}

static void data_segment(struct capdl *c, const struct segment *segment)
{
	struct span at = c->spec.components[segment->component].name.at;
	u32 first = private_pages(c, segment->component, segment->address, segment->memory_size, 12, segment->rights,
		format(c, "/data_%lx", segment->address), at);

	for (u64 offset = 0; offset < segment->file_size; offset += PAGE) {
		u64 left = segment->file_size - offset;

		*LIST_ADD(c, &c->model, fill) = (struct fill){
			.page = first + (u32)(offset / PAGE), .offset = 0, .bytes = (u32)(left < PAGE ? left : PAGE),
			.rom = segment->rom + offset, .section = c->spec.components[segment->component].section,
		};
	}
}

/* A bound for the bytes of the system when `pages` pages of it are capabilities. */
static u64 system_bound(struct capdl *c, u64 pages, u64 manifest_bytes)
{
	const struct model *model = &c->model;
	u64 maps = 0, operations = model->object_count + model->cap_count + model->binding_count + model->fill_count;

	for (u32 i = 0; i < c->spec.component_count; i++)
		maps += c->spec.components[i].manifest;
	for (u32 i = 0; i < c->segment_count; i++)
		operations += c->segments[i].memory_size / PAGE + 2;
	operations += maps * (pages + 2 * (pages / SPACE_ENTRIES + 2)) + pages / RETYPE_MAX_COUNT + 128 +
		6ul * model->thread_count;
	return round_up(c->rom_end, 64) + operations * sizeof(struct program_operation) + manifest_bytes +
		(model->object_count + 128) * sizeof(struct root_untyped) +
		model->section_count * (sizeof(struct program_section) + LIMIT_NAME + 1) + 64ul * model->thread_count + 4096;
}

/* Pages of the system in the builder's table: all of them if somebody maps the manifest, else the text. */
static void rom_objects(struct capdl *c)
{
	struct model *model = &c->model;
	u64 base = model->load_address + IMAGE_SYSTEM, first = model->rom_first_page, end = first + model->rom_pages;
	u32 slots = slot_take(c, model->builder, model->rom_pages);

	model->rom_objects = arena_take(&c->arena, (end + 1) * sizeof(u32));
	for (u64 page = first; page < end;) {
		u64 address = base + page * PAGE;
		u8 bits = 12;
		u32 root;

		while (address % (2ul << bits) == 0 && page + (2ul << bits) / PAGE <= end)
			bits++;
		root = object_root(c, MEMORY_ROM, bits, NONE, "/image_block", nowhere);
		model->objects[root].address = address;
		model->objects[root].number = (u32)page;
		for (u64 i = 0; i < (1ul << bits) / PAGE; i++) {
			u32 object = object_new(c, OBJECT_PAGE, 12, NONE, "/image", nowhere);

			model->objects[object].number = (u32)(page + i);
			object_carve(c, object, root, 0, model->builder, slots == NONE ? NONE : slots + (u32)(page + i - first));
			model->rom_objects[page + i] = object;
		}
		page += (1ul << bits) / PAGE;
	}
}

static void map_rom(struct capdl *c, u32 component, u64 address, u64 first_page, u64 pages, u8 rights)
{
	for (u64 i = 0; i < pages; i++)
		map_one(c, component, address + i * PAGE, c->model.objects[c->model.rom_objects[first_page + i]].original, 12,
			rights, c->spec.components[component].name.at);
}

static void size_rom(struct capdl *c)
{
	struct model *model = &c->model;
	struct buffer manifest = {0}, header = {0};
	bool mapped = false;
	u64 pages = c->rom_text_end / PAGE;

	for (u32 i = 0; i < c->spec.component_count; i++)
		mapped |= c->spec.components[i].manifest;
	model->rom_first_page = 1;
	model->rom_pages = (u32)pages - 1;
	if (!mapped)
		return;
	manifest_make(c, &header, &manifest, 0);
	buffer_drop(&header);
	while (system_bound(c, pages, manifest.size) > pages * PAGE)
		pages = round_up(system_bound(c, pages, manifest.size), PAGE) / PAGE;
	buffer_drop(&manifest);
	model->rom_first_page = 0;
	model->rom_pages = (u32)pages;
}

void image_objects(struct capdl *c)
{
	struct model *model = &c->model;

	for (u32 i = 0; i < c->segment_count; i++) {
		const struct segment *segment = &c->segments[i];

		*LIST_ADD(c, model, region) = (struct region){segment->component, "image", REGION_IMAGE, segment->address,
			segment->memory_size, segment->rights, NONE, c->spec.components[segment->component].name.at};
	}
	for (u32 i = 0; i < model->thread_count; i++)
		model->threads[i].pc = c->spec.components[model->threads[i].component].entry;
	lay_out_rom(c);
	for (u32 i = 0; i < c->segment_count; i++)
		if ((c->segments[i].rights & RIGHT_WRITE) != 0)
			data_segment(c, &c->segments[i]);
	size_rom(c);
	if (c->rom_end > OBJECT_AREA - IMAGE_OFFSET - IMAGE_SYSTEM) {
		error_at(c, nowhere, "X04", "smaller images", "the images take %lu bytes; there is room for 13 MiB", c->rom_end);
		return;
	}
	rom_objects(c);
	for (u32 i = 0; i < c->segment_count; i++)
		if ((c->segments[i].rights & RIGHT_WRITE) == 0)
			map_rom(c, c->segments[i].component, c->segments[i].address, c->segments[i].rom / PAGE,
				c->segments[i].memory_size / PAGE, c->segments[i].rights);
	for (u32 i = 0; i < c->spec.component_count; i++)
		if (c->spec.components[i].manifest) {
			struct region *region = &model->regions[c->spec.components[i].region_manifest];

			region->size = model->rom_pages * PAGE;
			map_rom(c, i, region->base, 0, model->rom_pages, RIGHT_READ);
		}
}
