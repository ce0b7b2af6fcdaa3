/* make_image - puts boot stage, kernel and system together into the file that firmware loads and enters.
 *
 * Runs on the machine that builds. The layout stands at the end of kernel/abi.h; gaps are zero, which is also how
 * the boot stage gets its bss and its stack. */
#include "abi.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_IMAGE_SIZE 16 /* offset in the Image header: memory that the image needs, from its load address */

struct file {
	const char *name;
	unsigned char *bytes;
	u64 size;
};

static void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "make_image: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(1);
}

static struct file read_file(const char *name, u64 limit)
{
	struct file file = {.name = name};
	FILE *stream = fopen(name, "rb");
	long size;

	if (stream == NULL)
		fail("%s: cannot be opened", name);
	if (fseek(stream, 0, SEEK_END) != 0 || (size = ftell(stream)) < 0 || fseek(stream, 0, SEEK_SET) != 0)
		fail("%s: size cannot be read", name);
	file.size = (u64)size;
	if (file.size == 0 || file.size > limit)
		fail("%s: %lu bytes, but its place in the image holds 1 to %lu (see the end of kernel/abi.h)", name, file.size,
		     limit);
	file.bytes = malloc(file.size);
	if (file.bytes == NULL || fread(file.bytes, 1, file.size, stream) != file.size)
		fail("%s: cannot be read", name);
	fclose(stream);
	return file;
}

/* The header of the system says how far the memory reaches that was laid out: a loader must leave it free. */
static u64 memory_size(const struct file *system)
{
	struct system_header header;
	u64 size = IMAGE_SYSTEM + system->size;

	if (system->size < sizeof header)
		fail("%s: too short for a system header", system->name);
	memcpy(&header, system->bytes, sizeof header);
	if (header.magic != SYSTEM_MAGIC || header.version != SYSTEM_VERSION)
		fail("%s: not a system of version %u; build it again with this tree's capdl", system->name, SYSTEM_VERSION);
	if (header.size != system->size)
		fail("%s: header says %lu bytes, file has %lu", system->name, header.size, system->size);
	if (header.ram_end > header.load_address && header.ram_end - header.load_address > size)
		size = header.ram_end - header.load_address;
	return size;
}

static void write_at(FILE *stream, const char *name, u64 offset, const void *bytes, u64 size)
{
	if (fseek(stream, (long)offset, SEEK_SET) != 0 || fwrite(bytes, 1, size, stream) != size)
		fail("%s: cannot be written", name);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		fail("usage: make_image OUT BOOT KERNEL SYSTEM");

	struct file boot = read_file(argv[2], IMAGE_KERNEL);
	struct file kernel = read_file(argv[3], IMAGE_BLOCK - IMAGE_KERNEL);
	struct file system = read_file(argv[4], 1ul << 30);
	u64 size = memory_size(&system);
	FILE *out = fopen(argv[1], "wb");

	if (out == NULL)
		fail("%s: cannot be written", argv[1]);
	write_at(out, argv[1], 0, boot.bytes, boot.size);
	write_at(out, argv[1], HEADER_IMAGE_SIZE, &size, sizeof size);
	write_at(out, argv[1], IMAGE_KERNEL, kernel.bytes, kernel.size);
	write_at(out, argv[1], IMAGE_SYSTEM, system.bytes, system.size);
	if (fclose(out) != 0)
		fail("%s: cannot be written", argv[1]);
	return 0;
}
