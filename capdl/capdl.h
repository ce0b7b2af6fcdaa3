/* capdl.h - the data model of the specification compiler: source, specification, board, object graph.
 *
 * One compilation is one struct capdl. The passes run in this order and each only adds to the model:
 *   read       bytes of the .sys files -> struct spec (declarations with references by name); expand copies templates
 *              and loops meanwhile
 *   resolve    names -> indices, defaults, units
 *   board      device tree -> struct board, addresses and lines of the declared devices
 *   check      everything that can be said about the specification alone (directions, budgets, priorities, policy)
 *   elaborate  components and connections -> objects, capabilities, regions (all that headers need)
 *   header     ports.h of each component
 *   image      ELF files -> segments, the objects and mappings that depend on their sizes
 *   place      physical addresses and slots of the kernel table
 *   emit       object graph -> construction program -> system.bin; verify replays it on an abstract model
 *   report, cdl, graph: what people read
 * All memory of a compilation comes from one arena, so that the fuzz driver can run a million of them. */
#pragma once

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define NONE 0xffffffffu
#define PAGE 4096ul
#define LARGE_PAGE 0x200000ul
#define HUGE_PAGE 0x40000000ul

/* Limits of the language, tested before anything is allocated. */
#define LIMIT_FILE (64u << 20)
#define LIMIT_FILES 64u
#define LIMIT_EXPANSIONS 16384u /* copies of templates and loops, files included */
#define LIMIT_NESTING 32u
#define LIMIT_PARAMETERS 8u
#define LIMIT_NAME 31u
#define LIMIT_COMPONENTS 4096u
#define LIMIT_CONNECTIONS 65536u
#define LIMIT_THREADS 16u
#define LIMIT_CALLS 256u
#define LIMIT_REGION (4ul << 30)
#define LIMIT_SPARES 4096u
#define LIMIT_OBJECTS 2000000u
#define LIMIT_DIAGNOSTICS 20u
#define DEVICE_NODES 16u
#define DEVICE_LINES 16u

/* Where components live; the same numbers are in the linker script of the runtime. */
#define IMAGE_BASE 0x10000ul
#define STACK_TOP 0x200000ul
#define REGIONS_BASE 0x201000ul
/* Objects live from here on, counted from the start of RAM; below are the firmware and the image, so that physical
 * addresses in headers (dma) do not depend on the size of any image. */
#define OBJECT_AREA 0x1000000ul
/* What the kernel counts with. */
#define TICKS_MAX 0x7ffffffful
#define LINES_MAX 255u
#define TIMERS_MAX 64u
#define FAULT_BADGE 0x10000u
#define WINDOW_MIN 1000000ul /* nanoseconds; whatever the clock, the kernel takes windows of 1 ms */

/* ---- base.c: memory, strings, text ------------------------------------------------------------------------- */
struct arena_chunk;
struct arena {
	struct arena_chunk *head;
	size_t used;
};
void *arena_take(struct arena *arena, size_t size);
void arena_drop(struct arena *arena);
/* Room for one more item at the end of a growing array in the arena. */
void *arena_grow(struct arena *arena, void *items, u32 count, u32 *capacity, size_t item_size);

/* The next item of a growing array `NAMEs` with NAME_count and NAME_capacity beside it. */
#define LIST_ADD(c, owner, list) \
	((owner)->list##s = arena_grow(&(c)->arena, (owner)->list##s, (owner)->list##_count, &(owner)->list##_capacity, \
		sizeof *(owner)->list##s), &(owner)->list##s[(owner)->list##_count++])

struct intern_entry {
	const char *text;
	u32 hash;
};
struct intern {
	struct intern_entry *entries;
	u32 count, capacity;
};
struct map_entry {
	const void *key;
	u64 second;
	u32 value;
};
/* From (pointer, number) to index; keys are never removed. */
struct map {
	struct map_entry *entries;
	u32 count, capacity;
};
u32 map_get(const struct map *map, const void *key, u64 second);
void map_put(struct arena *arena, struct map *map, const void *key, u64 second, u32 value);

struct buffer {
	char *data;
	size_t size, capacity;
};
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_print(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_pad(struct buffer *buffer, size_t size);
void buffer_drop(struct buffer *buffer);
u64 round_up(u64 value, u64 unit);
u8 bits_for(u64 size); /* smallest b with 2^b >= size */

/* ---- diagnose.c -------------------------------------------------------------------------------------------- */
struct span {
	u32 file, offset, length; /* file | SPAN_LINE: `offset` is a line of a file that was not read (from level 2) */
};
#define SPAN_LINE 0x80000000u
struct argument { /* what a $name stands for */
	const char *name, *text;
};
struct source {
	const char *path;  /* as messages show it */
	const char *where; /* as it was opened */
	const char *text;
	u32 *lines;        /* offset of each line, made when first needed */
	u32 line_count;
	u32 size;
	bool open; /* being read: an import of it now is a cycle */
	/* A copy of a block of another source (expand.c): */
	u32 first_line;    /* line of the block, less one */
	struct span body;  /* the block */
	struct span use;   /* where it was asked for; length 0: a file */
	const struct argument *arguments;
	u32 argument_count;
};
struct diagnostic {
	struct span at, other;
	const char *code, *what, *hint, *other_what;
	u32 order;
};
struct capdl;
void error_at(struct capdl *c, struct span at, const char *code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Adds a second position to the last error: "first given here". */
void error_also(struct capdl *c, struct span at, const char *what);
u32 diagnose_print(struct capdl *c, FILE *out, bool json);
bool diagnose_explain(const char *code, FILE *out);
void diagnose_list(FILE *out);
void position_of(struct capdl *c, struct span at, u32 *line, u32 *column);
const char *origin_of(struct capdl *c, struct span at); /* "file.sys:12", without directories */
const char *nearest(const char *word, const char *const *words, u32 count);

/* ---- lex.c ------------------------------------------------------------------------------------------------- */
enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SIGN };
enum unit { UNIT_NONE, UNIT_BYTES, UNIT_TIME, UNIT_PERCENT }; /* times are in nanoseconds */
struct token {
	enum token_kind kind;
	enum unit unit;
	struct span at;
	const char *text; /* name, string or sign, interned */
	u64 value;
	bool first; /* on its line */
	bool bad; /* already reported */
};
struct lexer {
	struct capdl *c;
	u32 file, offset;
	u32 end; /* of the token before the current one */
	struct token token; /* the current one */
};
void lex_start(struct lexer *lexer, struct capdl *c, u32 file);
void lex_next(struct lexer *lexer);

/* ---- The specification, level 1 ---------------------------------------------------------------------------- */
struct name {
	const char *text; /* 0: not given */
	struct span at;
};
struct quantity {
	u64 value;
	struct span at;
	bool given;
	bool bad; /* reported: no use to judge the value */
};
struct call {
	struct name name;
	struct name words[MESSAGE_WORDS], results[MESSAGE_WORDS];
	u32 word_count, result_count;
};
struct signal {
	struct name name;
	bool from_client;
};
struct protocol {
	struct name name;
	struct call *calls;
	struct signal *signals;
	struct name *errors;
	u32 call_count, call_capacity, signal_count, signal_capacity, error_count, error_capacity;
	bool memory;
};
struct device {
	struct name name;
	struct name *paths; /* nodes of the device tree, with adjacent registers */
	u32 path_count, path_capacity;
	struct quantity address, size, line;
	/* from the tree */
	u64 base, bytes;
	u32 lines[DEVICE_LINES], line_count;
	u64 reg_shift, io_width, clock;
	const char *compatible;
	bool resolved, bus_master;
	u32 owner; /* component */
	u32 root;  /* first of its root untypeds: object */
	u32 pages;
	u8 page_bits;
};
/* A named thing inside a component, in the order of the text. */
enum item_kind { ITEM_SERVICE, ITEM_PORT, ITEM_DEVICE, ITEM_DMA, ITEM_MEMORY, ITEM_UNTYPED };
struct item {
	enum item_kind kind;
	struct name name, protocol_name;
	struct quantity size, max;
	bool attempted;         /* ITEM_PORT: a connection names it, right or wrong */
	u32 protocol, device;   /* indices */
	u32 region;             /* ITEM_DEVICE, DMA, MEMORY */
	u32 connection;         /* ITEM_PORT: the one connection */
	u32 connections, first_badge; /* ITEM_SERVICE: number of clients */
	u32 slot;               /* ITEM_PORT: endpoint; ITEM_UNTYPED */
	u32 first_bit;          /* ITEM_DEVICE: bit of the first line */
	u64 physical;           /* ITEM_DMA */
	u32 root;               /* ITEM_DMA: its block */
};
enum machine { MACHINE_POWER_OFF = 1, MACHINE_RESET = 2 };
struct component {
	struct name name, image;
	struct quantity priority, budget, period, threads, stack, spares, limit;
	struct span passive_at, timer_at, faults_at, manifest_at, trusted_at, supervises_at, power_off_at, reset_at;
	struct item *items;
	struct name *wards; /* supervised by name */
	u32 item_count, item_capacity, ward_count, ward_capacity;
	bool passive, timer, faults, manifest, trusted, supervises, supervises_all;
	u32 machine;            /* enum machine, or'ed */
	u32 supervisor;         /* component, or NONE */
	u32 partition;          /* of the specification, or NONE */
	struct span partition_at;
	/* from here: elaborate */
	u64 budget_ticks, period_ticks, limit_ticks;
	u32 table, root, memory, endpoint, notification; /* objects; endpoint may be NONE */
	u32 first_thread;       /* index into the model's threads */
	u32 region_count;
	struct map spaces;      /* (level, va >> shift) -> space object */
	u32 section;
	u32 next_slot, next_bit;
	u64 next_address;       /* of the next region */
	u32 slot_endpoint, slot_notification, slot_reply, slot_arrival, slot_spare, spare_count;
	u32 slot_power_off, slot_reset, slot_scratch;
	u32 bit_timer, bit_faults; /* bit numbers or NONE */
	u32 region_stack, region_faults, region_manifest, region_scratch, region_image;
	u32 clients;            /* connections to all its services */
	u32 order;              /* index among the supervised */
	u64 entry;
};
struct connection {
	struct name client, port, server, service;
	struct span at;
	struct quantity memory;
	bool grant;
	u32 client_index, port_item, server_index, service_item, protocol;
	/* elaborate */
	u32 badge;
	u32 *bits;              /* per signal of the protocol: bit number in the receiver's notification */
	u32 *slots;             /* per signal: slot of the sender's table */
	u32 client_region, server_region;
	u32 first_page, pages;  /* objects of the shared memory */
	u8 page_bits;
};
enum assertion_kind { ASSERT_ONLY_REACH, ASSERT_ONLY_HOLD, ASSERT_SHARE_NOTHING, ASSERT_NO_PATH, ASSERT_UTILISATION };
struct assertion {
	enum assertion_kind kind;
	struct span at;
	struct name *subjects;
	u32 subject_count, subject_capacity;
	struct name target;
	u64 limit;
};
/* Components that run in windows of their own, and the cycle of the windows. */
struct template {
	struct name name;
	struct name parameters[LIMIT_PARAMETERS];
	u32 parameter_count;
	struct span body;
};
struct partition {
	struct name name;
	struct name *members;
	u32 member_count, member_capacity;
	u32 number;             /* the kernel's, from 1 in the order of the windows; 0: it has no window */
	u64 time;               /* of all its windows, nanoseconds */
};
struct window {
	struct name name;       /* of the partition, or `idle` */
	struct quantity time;
	u32 number;             /* of the partition; idle is 0 */
	u64 ticks;
};
struct spec {
	struct name system;
	struct template *templates;
	u32 template_count, template_capacity;
	struct partition *partitions;
	struct window *windows;
	struct span schedule_at;
	u64 cycle;              /* of all windows, nanoseconds */
	u32 partition_count, partition_capacity, window_count, window_capacity;
	struct protocol *protocols;
	struct device *devices;
	struct component *components;
	struct connection *connections;
	struct assertion *assertions;
	u32 protocol_count, protocol_capacity, device_count, device_capacity, component_count, component_capacity;
	u32 connection_count, connection_capacity, assertion_count, assertion_capacity;
	u32 supervisor;         /* component, or NONE */
	struct map names;       /* global names: components and devices (second 0), protocols (second 1) */
};

/* ---- The board: what the device tree says ------------------------------------------------------------------ */
struct board {
	const void *tree;
	const char *compatible; /* first string of the root node */
	u64 ram_start, ram_end, timebase, plic_base, plic_size, plic_lines, clint_base, clint_size;
};

/* ---- The object graph, level 2 ----------------------------------------------------------------------------- */
struct object {
	u8 type;          /* enum object_type */
	u8 size_bits;     /* as OP_RETYPE takes it: size of untyped, page, table; level of a space */
	u8 memory;        /* enum memory_kind */
	bool root;        /* handed to the kernel table at boot, not made by retype */
	bool fixed;       /* a root whose slot of the kernel table the kernel defines */
	const char *name;
	u32 number;       /* of several with one name, or NONE */
	u32 owner;        /* component whose label it carries, or NONE */
	u32 parent;       /* object it is carved from, or NONE */
	u32 section;
	u32 original;     /* capability */
	u32 holder_cap;   /* the capability that the builder of the components copies from */
	u64 address;
	struct span at;
};
struct capability {
	u32 container, index; /* object and slot */
	u32 object;
	u32 source;       /* capability it is copied from, or NONE for an original */
	u32 badge;
	u8 rights;
	u32 section;
	struct span at;
};
struct thread {
	u32 object, component, number;
	u64 pc, sp;
};
struct bound {
	u32 cap;          /* of the notification, in the kernel table */
	u32 what, line, bit;
	const char *device; /* of a line, else NULL */
};
struct fill {
	u32 page;         /* object */
	u32 offset, bytes;
	u64 rom;          /* offset in the system */
	u32 section;
};
enum region_kind {
	REGION_IMAGE, REGION_STACK, REGION_MEMORY, REGION_DMA, REGION_DEVICE, REGION_SHARED, REGION_FAULTS, REGION_MANIFEST,
	REGION_SCRATCH
};
struct region {
	u32 component;
	const char *name;
	enum region_kind kind;
	u64 base, size;
	u8 rights;
	u32 connection;   /* REGION_SHARED */
	struct span at;
};
struct section {
	const char *name;
	struct name actor_name; /* as read from level 2 */
	u32 actor;        /* object: the table it acts on */
	u32 component;    /* or NONE */
};
/* A carved object in the order of retype. */
struct carved {
	u64 size;
	u32 parent, object, section;
	bool foreign; /* its capability goes into another table than the actor's */
};
struct gap;
struct model {
	struct object *objects;
	struct capability *caps;
	struct thread *threads;
	struct bound *bindings;
	struct fill *fills;
	struct region *regions;
	struct section *sections;
	u32 object_count, object_capacity, cap_count, cap_capacity, thread_count, thread_capacity;
	u32 binding_count, binding_capacity, fill_count, fill_capacity, region_count, region_capacity;
	u32 section_count, section_capacity;
	struct carved *carved;
	struct gap *gaps; /* free RAM */
	u32 carved_count, gap_count, gap_capacity, root_count;
	u32 kernel_table; /* object */
	u32 builder;      /* the table that builds components: the supervisor's, or the kernel's */
	u32 connections;  /* untyped of the connection memory */
	u32 hardware;     /* untyped of the notifications that are bound to hardware, or NONE */
	u32 machine;      /* notification of power-off and reset, or NONE */
	u32 fault_ring;   /* page object */
	struct map filled; /* (container, index) -> capability */
	u64 load_address, ram_end;
	u32 rom_first_page, rom_pages; /* pages of the system that are retyped into the builder's table */
	u32 *rom_objects; /* object of page n */
	u32 slots_used;   /* of the kernel table */
};

/* ---- Images ------------------------------------------------------------------------------------------------ */
struct segment {
	u32 component;
	u64 address, file_size, memory_size; /* page aligned start */
	u64 rom;          /* offset in the system */
	u8 rights;
	const unsigned char *data; /* padded in the arena */
};

struct capdl {
	struct arena arena;
	struct intern intern;
	struct source *sources;
	const char **origins; /* files named by level 2 */
	u32 origin_count, origin_capacity;
	u32 source_count, source_capacity, file_count;
	u64 expanded; /* bytes of copies */
	bool expanded_enough; /* said that it is too much */
	struct diagnostic *diagnostics;
	u32 diagnostic_count, diagnostic_capacity, errors, read_errors;
	struct spec spec;
	struct board board;
	struct model model;
	struct segment *segments;
	u32 segment_count, segment_capacity;
	u64 rom_text_end, rom_end; /* offsets: after the pages of text, after the contents of data segments */
	struct buffer system;
	struct span *object_spans, *cap_spans; /* lines of level 2 */
	u32 object_span_count, object_span_capacity, cap_span_count, cap_span_capacity;
	bool unjudged; /* assertions are left alone: who asks about the graph may want to see why one fails */
	u32 include_count;
	const char *includes[16];
	bool (*read_file)(struct capdl *c, const char *path, const char **text, u32 *size);
};

const char *intern(struct capdl *c, const char *text, size_t length);
const char *format(struct capdl *c, const char *text, ...) __attribute__((format(printf, 2, 3)));
const char *upper(struct capdl *c, const char *name);

/* ---- Passes ------------------------------------------------------------------------------------------------ */
void read_system(struct capdl *c, const char *path);
/* The offset of the } that closes the block whose first byte is at `offset`; NONE: the file ends before. */
u32 block_end(const struct source *source, u32 offset);
/* Whether $name has a meaning in this source already. */
bool expand_bound(const struct capdl *c, u32 file, const char *name);
/* A copy of the block as a new source; NONE: refused, with an error. */
u32 expand(struct capdl *c, struct span body, struct span use, const struct argument *arguments, u32 count);
void read_buffer(struct capdl *c, const char *path, const char *text, u32 size);
/* All passes from resolve to the policy. */
void analyse_spec(struct capdl *c);
void resolve(struct capdl *c);
void board_read(struct capdl *c, const void *tree, size_t size);
void board_devices(struct capdl *c);
void check(struct capdl *c);
void elaborate(struct capdl *c);
void header_print(struct capdl *c, u32 component, struct buffer *out);
void header_check(struct capdl *c, u32 component);
void image_load(struct capdl *c, u32 component, const unsigned char *data, size_t size, const char *path);
void image_objects(struct capdl *c);
void image_contents(struct capdl *c, struct segment *wanted, u32 wanted_count);
void place_dma(struct capdl *c);
void place(struct capdl *c);
/* The order of retype of a graph that has its addresses already. */
void place_order(struct capdl *c);
void emit(struct capdl *c);
/* Level 2: prints the object graph, reads one, checks one that was read. Reading what was printed is the identity. */
void cdl_print(struct capdl *c, struct buffer *out);
void cdl_read(struct capdl *c, const char *path);
void cdl_check(struct capdl *c);
u32 verify(const unsigned char *system, size_t size, FILE *out);
/* Adds the tables that stand at `offset` of the system to `out`, their header to `header`. */
void manifest_make(struct capdl *c, struct buffer *header, struct buffer *out, u64 offset);
const char *describe_cap(struct capdl *c, const struct capability *cap);

/* ---- elaborate.c, used by image.c too ---------------------------------------------------------------------- */
u64 object_bytes(const struct object *object);
/* The one name of an object, like fat/thread[0] (made by the compiler) or fat.disk[3] (named in the specification). */
const char *object_name(struct capdl *c, u32 object);
const char *object_label(struct capdl *c, const struct object *object); /* the same for people: fat.endpoint */
u32 object_new(struct capdl *c, u8 type, u8 size_bits, u32 owner, const char *name, struct span at);
/* A root untyped: its original is in the kernel table. */
u32 object_root(struct capdl *c, u8 memory, u8 size_bits, u32 owner, const char *name, struct span at);
/* Declares that `object` is carved from `parent` in `section`, its original in slot `index` of `table`. */
void object_carve(struct capdl *c, u32 object, u32 parent, u32 section, u32 table, u32 index);
u32 cap_copy(struct capdl *c, u32 container, u32 index, u32 source, u8 rights, u32 badge, u32 section, struct span at);
/* The next free slots of a table; NONE for the kernel table, whose slots are numbered when all are known. */
u32 slot_take(struct capdl *c, u32 table, u32 count);
/* The table whose slots name what component is built from. */
u32 actor_of(const struct capdl *c, u32 component);
/* The name of the partition that a component runs in, NULL without a schedule. */
const char *partition_of(const struct capdl *c, u32 component);
/* The level of page table that has the entries for an address: level 1 (2 MiB each) or 0 (4 KiB each). */
u32 find_space(struct capdl *c, u32 component, u8 level, u64 address, struct span at);
void map_one(struct capdl *c, u32 component, u64 address, u32 source_cap, u8 page_bits, u8 rights, struct span at);
/* Fresh ram of the component, mapped from `address` on; the index of the first page object. */
u32 private_pages(struct capdl *c, u32 component, u64 address, u64 size, u8 page_bits, u8 rights, const char *name,
	struct span at);
