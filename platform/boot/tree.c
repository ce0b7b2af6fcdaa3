/* tree - reads the device tree with libfdt: harts, interrupt controller, time base, memory and what is reserved.
 *
 * Rules learnt from real trees: use only harts that have an MMU and are not disabled; the index of a pair in the
 * interrupt controller's `interrupts-extended` is the context number, also where an entry is marked unusable; sizes
 * of addresses come from the parent node. */
#include "tree.h"

#include <libfdt.h>

#define SUPERVISOR_EXTERNAL 9u /* interrupt cause that the controller raises in S-mode */

static bool read_cells(const fdt32_t **cells, const fdt32_t *end, int count, u64 *value)
{
	if (count < 1 || end - *cells < count)
		return false;

	*value = 0;
	while (count-- > 0)
		*value = *value << 32 | fdt32_to_cpu(*(*cells)++);
	return true;
}

/* Range number `index` of the node's `reg`. */
static bool read_range(const void *tree, int parent, int node, int index, struct range *range)
{
	int size;
	const fdt32_t *cells = fdt_getprop(tree, node, "reg", &size);
	const fdt32_t *end;
	u64 length = 0;

	if (cells == NULL)
		return false;
	end = cells + size / 4;
	for (int i = 0; i <= index; i++)
		if (!read_cells(&cells, end, fdt_address_cells(tree, parent), &range->start) ||
		    !read_cells(&cells, end, fdt_size_cells(tree, parent), &length))
			return false;
	range->end = range->start + length;
	return range->end >= range->start;
}

/* A number of one or two cells. */
static bool read_number(const void *tree, int node, const char *name, u64 *number)
{
	int size;
	const fdt32_t *cells = fdt_getprop(tree, node, name, &size);

	return cells != NULL && (size == 4 || size == 8) && read_cells(&cells, cells + size / 4, size / 4, number);
}

static bool has_text(const void *tree, int node, const char *name, const char *text)
{
	int size;
	const char *value = fdt_getprop(tree, node, name, &size);

	return value != NULL && (size_t)size == strlen(text) + 1 && memcmp(value, text, (size_t)size) == 0;
}

static bool enabled(const void *tree, int node)
{
	return fdt_getprop(tree, node, "status", NULL) == NULL || has_text(tree, node, "status", "okay");
}

static bool overlap(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

/* Counts the usable harts; answers the phandle of the running hart's interrupt controller, 0 if it is not usable. */
static u32 read_harts(const void *tree, int cpus, struct boot_record *record)
{
	u32 controller = 0;
	int node, child;

	fdt_for_each_subnode(node, tree, cpus) {
		const fdt32_t *cells;
		u64 hart;
		int size;

		if (!has_text(tree, node, "device_type", "cpu") || !enabled(tree, node) ||
		    fdt_getprop(tree, node, "mmu-type", NULL) == NULL)
			continue;
		cells = fdt_getprop(tree, node, "reg", &size);
		if (cells == NULL || !read_cells(&cells, cells + size / 4, fdt_address_cells(tree, cpus), &hart))
			continue;
		record->harts++;
		if (hart != record->hart)
			continue;
		fdt_for_each_subnode(child, tree, node)
			if (fdt_getprop(tree, child, "interrupt-controller", NULL) != NULL)
				controller = fdt_get_phandle(tree, child);
	}
	return controller;
}

static bool read_timebase(const void *tree, int cpus, struct boot_record *record)
{
	int node;

	if (read_number(tree, cpus, "timebase-frequency", &record->timebase))
		return record->timebase != 0;
	fdt_for_each_subnode(node, tree, cpus)
		if (read_number(tree, node, "timebase-frequency", &record->timebase))
			return record->timebase != 0;
	return false;
}

static bool read_controller(const void *tree, u32 hart_controller, struct boot_record *record)
{
	int node = fdt_node_offset_by_compatible(tree, -1, "sifive,plic-1.0.0");
	struct range registers;
	const fdt32_t *pair;
	int size;

	if (node < 0)
		node = fdt_node_offset_by_compatible(tree, -1, "riscv,plic0");
	if (node < 0 || !read_range(tree, fdt_parent_offset(tree, node), node, 0, &registers) ||
	    !read_number(tree, node, "riscv,ndev", &record->plic_lines))
		return false;
	record->plic_base = registers.start;
	pair = fdt_getprop(tree, node, "interrupts-extended", &size);
	for (int i = 0; pair != NULL && i < size / 8; i++, pair += 2)
		if (fdt32_to_cpu(pair[0]) == hart_controller && fdt32_to_cpu(pair[1]) == SUPERVISOR_EXTERNAL) {
			record->plic_context = (u64)i;
			return true;
		}
	return false;
}

/* The range of RAM that holds the image. */
static bool read_memory(const void *tree, struct boot_record *record)
{
	struct range range;
	int node;

	fdt_for_each_subnode(node, tree, 0) {
		if (!has_text(tree, node, "device_type", "memory") || !enabled(tree, node))
			continue;
		for (int i = 0; read_range(tree, 0, node, i, &range); i++)
			if (range.start <= record->image_start && record->image_end <= range.end) {
				record->ram_start = range.start;
				record->ram_end = range.end;
				return true;
			}
	}
	return false;
}

static bool is_reserved(const void *tree, struct range needed, struct range *conflict)
{
	int parent = fdt_path_offset(tree, "/reserved-memory");
	int node;

	for (int i = 0; i < fdt_num_mem_rsv(tree); i++) {
		uint64_t start, size;

		if (fdt_get_mem_rsv(tree, i, &start, &size) != 0)
			continue;
		*conflict = (struct range){start, start + size};
		if (overlap(*conflict, needed))
			return true;
	}
	if (parent < 0)
		return false;
	fdt_for_each_subnode(node, tree, parent)
		for (int i = 0; enabled(tree, node) && read_range(tree, parent, node, i, conflict); i++)
			if (overlap(*conflict, needed))
				return true;
	return false;
}

static void read_initrd(const void *tree, struct boot_record *record)
{
	int chosen = fdt_path_offset(tree, "/chosen");

	if (chosen < 0 || !read_number(tree, chosen, "linux,initrd-start", &record->initrd_start) ||
	    !read_number(tree, chosen, "linux,initrd-end", &record->initrd_end) ||
	    record->initrd_end <= record->initrd_start) {
		record->initrd_start = 0;
		record->initrd_end = 0;
	}
}

enum boot_error tree_read(const void *tree, struct range needed, struct boot_record *record, struct range *conflict)
{
	u32 hart_controller;
	int cpus;

	if (tree == NULL || ((u64)tree & 7) != 0 || fdt_check_header(tree) != 0)
		return BOOT_NO_TREE;
	cpus = fdt_path_offset(tree, "/cpus");
	if (cpus < 0)
		return BOOT_NO_HART;
	hart_controller = read_harts(tree, cpus, record);
	if (hart_controller == 0)
		return BOOT_NO_HART;
	if (!read_timebase(tree, cpus, record))
		return BOOT_NO_TIMEBASE;
	if (!read_controller(tree, hart_controller, record))
		return BOOT_NO_PLIC;
	if (!read_memory(tree, record))
		return BOOT_NO_MEMORY_NODE;

	read_initrd(tree, record);
	if (is_reserved(tree, needed, conflict))
		return BOOT_RESERVED;
	*conflict = (struct range){(u64)tree, (u64)tree + fdt_totalsize(tree)};
	if (overlap(*conflict, needed))
		return BOOT_RESERVED;
	*conflict = (struct range){record->initrd_start, record->initrd_end};
	return overlap(*conflict, needed) ? BOOT_RESERVED : BOOT_OK;
}
