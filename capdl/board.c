/* board.c - what the device tree says: RAM, clock, interrupt controller, and the registers and lines of devices.
 *
 * Trees are bad input like any other: libfdt checks the structure, this file the values. Addresses are translated
 * through `ranges` of buses that map one to one (simple-bus); others are refused. */
#include "capdl.h"

#include <libfdt.h>
#include <string.h>

static const struct span nowhere = {NONE, 0, 0};

static u64 read_cells(const fdt32_t *cells, u32 count)
{
	u64 value = 0;

	for (u32 i = 0; i < count; i++)
		value = value << 32 | fdt32_to_cpu(cells[i]);
	return value;
}

static u64 read_property(const void *tree, int node, const char *name, u64 missing)
{
	int length;
	const fdt32_t *cells = fdt_getprop(tree, node, name, &length);

	if (cells == NULL || (length != 4 && length != 8))
		return missing;
	return read_cells(cells, (u32)length / 4);
}

/* First range of registers of a node, as its parent counts cells. */
static bool read_registers(const void *tree, int node, u64 *base, u64 *size)
{
	int length, parent = fdt_parent_offset(tree, node);
	const fdt32_t *cells = fdt_getprop(tree, node, "reg", &length);
	int address_cells, size_cells;

	if (parent < 0 || cells == NULL)
		return false;
	address_cells = fdt_address_cells(tree, parent);
	size_cells = fdt_size_cells(tree, parent);
	if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2)
		return false;
	if (length < 4 * (address_cells + size_cells))
		return false;
	*base = read_cells(cells, (u32)address_cells);
	*size = read_cells(cells + address_cells, (u32)size_cells);
	for (int bus = parent; bus > 0; bus = fdt_parent_offset(tree, bus)) {
		const void *ranges = fdt_getprop(tree, bus, "ranges", &length);

		if (ranges == NULL || length != 0)
			return false; /* no translation, or one that is not one to one */
	}
	return true;
}

static bool is_plic(const void *tree, int node)
{
	return fdt_node_check_compatible(tree, node, "riscv,plic0") == 0 ||
		fdt_node_check_compatible(tree, node, "sifive,plic-1.0.0") == 0;
}

static void scan_node(struct board *board, int node)
{
	const void *tree = board->tree;
	const char *type = fdt_getprop(tree, node, "device_type", NULL);
	u64 base, size;

	if (type != NULL && strcmp(type, "memory") == 0 && read_registers(tree, node, &base, &size) && size > 0) {
		if (board->ram_end == 0 || base < board->ram_start) {
			board->ram_start = base;
			if (__builtin_add_overflow(base, size, &board->ram_end))
				board->ram_end = 0;
		}
	} else if (is_plic(tree, node) && read_registers(tree, node, &base, &size)) {
		board->plic_base = base;
		board->plic_size = size;
		board->plic_lines = read_property(tree, node, "riscv,ndev", 0);
		if (board->plic_lines > LINES_MAX)
			board->plic_lines = LINES_MAX; /* the kernel has no more */
	} else if (fdt_node_check_compatible(tree, node, "riscv,clint0") == 0 && read_registers(tree, node, &base, &size)) {
		board->clint_base = base;
		board->clint_size = size;
	}
}

void board_read(struct capdl *c, const void *tree, size_t size)
{
	struct board *board = &c->board;
	int cpus, node, depth = 0;

	*board = (struct board){.tree = tree};
	if (size < sizeof(struct fdt_header) || fdt_check_full(tree, size) != 0) {
		board->tree = NULL;
		error_at(c, nowhere, "F05", "make one with: qemu-system-riscv64 -M virt,dumpdtb=FILE", "this is no device tree");
		return;
	}
	board->compatible = fdt_getprop(tree, 0, "compatible", NULL);
	cpus = fdt_path_offset(tree, "/cpus");
	if (cpus >= 0)
		board->timebase = read_property(tree, cpus, "timebase-frequency", 0);
	for (node = fdt_next_node(tree, -1, &depth); node >= 0 && depth >= 0; node = fdt_next_node(tree, node, &depth))
		scan_node(board, node);
	if (board->ram_end == 0)
		error_at(c, nowhere, "F05", NULL, "the device tree has no memory node");
	else if (board->ram_start % HUGE_PAGE != 0)
		error_at(c, nowhere, "F05", NULL, "RAM at 0x%lx does not begin at a GiB boundary", board->ram_start);
	if (board->timebase == 0 || board->timebase > 10000000000ul)
		error_at(c, nowhere, "F05", NULL, "the device tree has no sensible /cpus/timebase-frequency");
	if (board->plic_base == 0)
		error_at(c, nowhere, "F05", NULL, "the device tree has no interrupt controller of the kind riscv,plic0");
}

static int find_node(const struct capdl *c, const char *path)
{
	const void *tree = c->board.tree;
	int node, depth = 0, found = -1;

	if (path[0] == '/')
		return fdt_path_offset(tree, path);
	for (node = fdt_next_node(tree, -1, &depth); node >= 0 && depth >= 0; node = fdt_next_node(tree, node, &depth)) {
		const char *name = fdt_get_name(tree, node, NULL);

		if (name != NULL && strcmp(name, path) == 0) {
			if (found >= 0)
				return -2;
			found = node;
		}
	}
	return found >= 0 ? found : fdt_path_offset(tree, path); /* or an alias */
}

static void read_lines(struct capdl *c, struct device *device, struct span at, int node)
{
	int length;
	const fdt32_t *cells = fdt_getprop(c->board.tree, node, "interrupts", &length);

	if (cells == NULL)
		return;
	for (int i = 0; i < length / 4; i++) {
		u32 line = fdt32_to_cpu(cells[i]);

		if (line == 0 || (c->board.plic_lines != 0 && line > c->board.plic_lines)) {
			error_at(c, at, "D05", NULL, "the node's interrupt %u does not exist: the controller has 1 to %lu", line,
				c->board.plic_lines);
			return;
		}
		if (device->line_count == DEVICE_LINES) {
			error_at(c, at, "X03", "split the device", "a device has at most %u interrupt lines", DEVICE_LINES);
			return;
		}
		device->lines[device->line_count++] = line;
	}
}

static void resolve_node(struct capdl *c, struct device *device, struct name path)
{
	int node = find_node(c, path.text);
	u64 base, size;

	if (node == -2) {
		error_at(c, path.at, "N12", "give its full path", "several nodes are named \"%s\"", path.text);
		return;
	}
	if (node < 0) {
		error_at(c, path.at, "D10", "dtc -I dtb -O dts shows what is there",
			"the board's device tree has no node \"%s\"", path.text);
		return;
	}
	if (!read_registers(c->board.tree, node, &base, &size) || size == 0 || base >= 1ul << 38 || size > 1ul << 38) {
		error_at(c, path.at, "D10", NULL, "node \"%s\" has no registers that the processor can reach", path.text);
		return;
	}
	if (device->resolved && base != device->base + device->bytes) {
		error_at(c, path.at, "D13", "list them in the order of their addresses, or declare several devices",
			"the registers of \"%s\" do not follow those of the node before it", path.text);
		return;
	}
	if (!device->resolved) {
		device->base = base;
		device->compatible = fdt_getprop(c->board.tree, node, "compatible", NULL);
		device->reg_shift = read_property(c->board.tree, node, "reg-shift", 0);
		device->io_width = read_property(c->board.tree, node, "reg-io-width", 1);
		device->clock = read_property(c->board.tree, node, "clock-frequency", 0);
	}
	device->bytes += size;
	device->resolved = true;
	read_lines(c, device, path.at, node);
}

static void resolve_address(struct capdl *c, struct device *device)
{
	u64 end;

	device->base = device->address.value;
	device->bytes = device->size.value;
	if (device->base % PAGE != 0) {
		error_at(c, device->address.at, "M05", NULL, "the address is not a multiple of 4 KiB");
		return;
	}
	if (__builtin_add_overflow(device->base, device->bytes, &end) || end > 1ul << 38) {
		error_at(c, device->address.at, "L06", NULL, "the device ends beyond 256 GiB");
		return;
	}
	if (device->line.given && (device->line.value == 0 || device->line.value > c->board.plic_lines)) {
		error_at(c, device->line.at, "D05", NULL, "line %lu does not exist: the controller has 1 to %lu",
			device->line.value, c->board.plic_lines);
		return;
	}
	if (device->line.given)
		device->lines[device->line_count++] = (u32)device->line.value;
	device->io_width = 1;
	device->resolved = true;
}

static bool overlaps(u64 base, u64 size, u64 other, u64 other_size)
{
	return base < other + other_size && other < base + size;
}

static void check_place(struct capdl *c, const struct device *device)
{
	const struct board *board = &c->board;
	bool named = device->path_count > 0;
	struct span at = named ? device->paths[0].at : device->address.at;
	u64 first = board->ram_start + OBJECT_AREA;

	if (overlaps(device->base, device->bytes, board->plic_base, board->plic_size))
		error_at(c, at, "D11", "lines are given by the device's node",
			"`%s` is the interrupt controller, which is the kernel's",
			device->name.text);
	else if (overlaps(device->base, device->bytes, board->clint_base, board->clint_size))
		error_at(c, at, "D11", "use `timer`", "`%s` is the timer, which is the firmware's", device->name.text);
	else if (overlaps(device->base, device->bytes, board->ram_start, board->ram_end - board->ram_start) &&
		 (named || device->base < first || device->base + device->bytes > board->ram_end))
		error_at(c, at, named ? "D11" : "M03", NULL,
			"`%s` lies in RAM that is not free: only 0x%lx to 0x%lx could be", device->name.text, first, board->ram_end);
}

void board_devices(struct capdl *c)
{
	if (c->board.tree == NULL)
		return;
	for (u32 i = 0; i < c->spec.device_count; i++) {
		struct device *device = &c->spec.devices[i];

		for (u32 j = 0; j < device->path_count; j++)
			resolve_node(c, device, device->paths[j]);
		if (device->path_count == 0 && device->size.value == 0 && !device->size.bad)
			error_at(c, device->size.at, "M07", NULL, "device of size zero");
		else if (device->path_count == 0)
			resolve_address(c, device);
		if (device->resolved)
			check_place(c, device);
	}
}
