/* boot - finds out on what machine the image runs, tells the kernel, or says in one sentence why that cannot be.
 *
 * Runs before the kernel, with the MMU off, on the memory between the image's start and IMAGE_KERNEL. The kernel
 * takes that memory over with the record in it, so nothing here may be needed afterwards. */
#include "abi.h"
#include "checksum.h"
#include "console.h"
#include "tree.h"

#define GIB (1ul << 30)
#define MIB (1ul << 20)

static struct boot_record boot_record;

struct entry {
	struct boot_record *record;
	u64 kernel;
};

static void print_range(const char *before, u64 start, u64 end, const char *after)
{
	console_text(before);
	console_hexadecimal(start);
	console_text(" to ");
	console_hexadecimal(end);
	console_text(after);
}

/* Memory from the image's start that the image and the system laid out behind it need. */
static struct range needed_memory(u64 image)
{
	const struct system_header *system = (const struct system_header *)(image + IMAGE_SYSTEM);
	struct range needed = {image, image + IMAGE_SYSTEM};

	if (system->magic != SYSTEM_MAGIC)
		return needed;
	needed.end += system->size;
	if (system->load_address == image && system->ram_end > needed.end)
		needed.end = system->ram_end;
	return needed;
}

static void explain(enum boot_error error, struct range needed, struct range conflict)
{
	console_text("mullion: boot: ");
	switch (error) {
	case BOOT_NO_TREE:
		console_text("the firmware handed over no device tree (a1 must hold its address); start with a -dtb file.\n");
		break;
	case BOOT_NO_MEMORY_NODE:
		print_range("no memory of the device tree holds the image at ", needed.start, needed.end, ".\n");
		break;
	case BOOT_NO_TIMEBASE:
		console_text("the device tree has no timebase-frequency below /cpus.\n");
		break;
	case BOOT_NO_PLIC:
		console_text("the device tree has no PLIC with a supervisor context for this hart.\n");
		break;
	case BOOT_NO_HART:
		console_text("the device tree does not list hart ");
		console_decimal(boot_record.hart);
		console_text(" as enabled and with an MMU.\n");
		break;
	case BOOT_MISPLACED:
		console_text("the image was loaded to ");
		console_hexadecimal(needed.start);
		console_text(", but must be 2 MiB above a multiple of 1 GiB (0x80200000 on virt and sifive_u).\n");
		break;
	case BOOT_RESERVED:
		print_range("memory from ", conflict.start, conflict.end, " is reserved on this machine, ");
		print_range("but the system was laid out over ", needed.start, needed.end, "; give the machine more RAM.\n");
		break;
	case BOOT_DAMAGED:
		console_text("the system in this image is damaged (its checksum does not fit its bytes); build the image again,"
			     " or copy it again.\n");
		break;
	case BOOT_NO_RAM_DISK:
		print_range("this system has its RAM disk at ", conflict.start, conflict.end, ", but ");
		if (boot_record.initrd_end == 0)
			console_text("the loader brought none; start with an image as initrd (./mullion run does).\n");
		else
			print_range("the loader put it at ", boot_record.initrd_start, boot_record.initrd_end,
				    "; give the machine more RAM (./mullion run --memory SIZE) and a disk image of that size.\n");
		break;
	default:
		console_text("unknown error.\n");
		break;
	}
}

static _Noreturn void stop(void)
{
	console_text("mullion: verdict: boot failed\n");
	console_stop();
}

static _Noreturn void stop_too_small(struct range needed)
{
	console_text("mullion: boot: this system needs ");
	console_decimal((needed.end - boot_record.ram_start + MIB - 1) / MIB);
	console_text(" MiB of RAM, the machine has ");
	console_decimal((boot_record.ram_end - boot_record.ram_start) / MIB);
	console_text(" MiB; give it more (./mullion run --memory SIZE).\n");
	stop();
}

static void report(void)
{
	console_text("mullion: boot: hart ");
	console_decimal(boot_record.hart);
	console_text(" (");
	console_decimal(boot_record.harts);
	console_text(" usable), ");
	console_decimal((boot_record.ram_end - boot_record.ram_start) / MIB);
	console_text(" MiB RAM, ");
	console_decimal(boot_record.timebase);
	console_text(" ticks a second\n");
}

/* The device memory that is RAM on this board, from the first byte to the last; start is 0 if there is none. */
static struct range ram_disk(const struct system_header *system)
{
	const struct root_untyped *roots = (const struct root_untyped *)((u64)system + system->roots_offset);
	struct range disk = {0, 0};

	for (u32 i = 0; i < system->roots; i++) {
		if (roots[i].ram_disk == 0)
			continue;
		if (disk.start == 0 || roots[i].base < disk.start)
			disk.start = roots[i].base;
		if (roots[i].base + (1ul << roots[i].size_bits) > disk.end)
			disk.end = roots[i].base + (1ul << roots[i].size_bits);
	}
	return disk;
}

/* Whether the bytes of the system are those that were compiled, and its RAM disk is where it was laid out to be. What
 * is no system of this version, or one for another board, is left to the kernel, which says so. */
static enum boot_error check_system(const struct system_header *system, struct range *conflict)
{
	if (system->magic != SYSTEM_MAGIC || system->version != SYSTEM_VERSION)
		return BOOT_OK;
	if (checksum_of_system((const u64 *)system, system->size) != system->checksum)
		return BOOT_DAMAGED;
	if (system->timebase != boot_record.timebase || system->plic_base != boot_record.plic_base)
		return BOOT_OK;
	*conflict = ram_disk(system);
	if (conflict->start != 0 && (conflict->start < boot_record.initrd_start || conflict->end > boot_record.initrd_end))
		return BOOT_NO_RAM_DISK;
	return BOOT_OK;
}

struct entry boot_main(u64 hart, const void *tree, u64 image)
{
	struct range needed = needed_memory(image);
	struct range conflict = {0, 0};
	enum boot_error error;

	boot_record = (struct boot_record){
		.magic = BOOT_MAGIC,
		.hart = hart,
		.image_start = image,
		.image_end = image + IMAGE_SYSTEM,
		.system_start = image + IMAGE_SYSTEM,
		.device_tree = (u64)tree,
	};
	if (((const struct system_header *)boot_record.system_start)->magic == SYSTEM_MAGIC)
		boot_record.image_end += ((const struct system_header *)boot_record.system_start)->size;
	error = tree_read(tree, needed, &boot_record, &conflict);
	if (error == BOOT_OK && image % GIB != IMAGE_OFFSET)
		error = BOOT_MISPLACED;
	if (error == BOOT_OK && needed.end <= boot_record.ram_end)
		error = check_system((const struct system_header *)boot_record.system_start, &conflict);
	boot_record.error = error;
	if ((error == BOOT_OK || error == BOOT_RESERVED) && needed.end > boot_record.ram_end)
		stop_too_small(needed);
	if (error != BOOT_OK) {
		explain(error, needed, conflict);
		stop();
	}

	report();
	return (struct entry){&boot_record, image + IMAGE_KERNEL};
}

_Noreturn void boot_trap(u64 cause, u64 address, u64 pc)
{
	console_text("mullion: boot: trap in the boot stage, cause ");
	console_decimal(cause);
	console_text(", address ");
	console_hexadecimal(address);
	console_text(", pc ");
	console_hexadecimal(pc);
	console_text("; the device tree is probably damaged.\n");
	stop();
}
