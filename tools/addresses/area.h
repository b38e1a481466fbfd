/*
 * area.h - parts of an address space, and what is there
 *
 * An area is a run of mappings that are the same thing: all of a library, the
 * heap, the stack.  Lists of areas are sorted and free of overlap.
 */
#ifndef ADDRESSES_AREA_H
#define ADDRESSES_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum area_kind {
	AREA_ANONYMOUS, /* memory of no file and no name */
	AREA_PROGRAM,	/* with its .bss */
	AREA_HEAP,	/* grows by brk(2) */
	AREA_LOADER,	/* the dynamic loader, ld.so */
	AREA_LIBRARY,	/* a file of which some part is executable */
	AREA_FILE,	/* any other file */
	AREA_RESTORED,	/* memory of a restored service, which its core backs */
	AREA_STACK,	/* of the main thread */
	AREA_KERNEL, /* the vdso and its data, the kernel's for each process */
	AREA_VSYSCALL, /* the kernel's page that is the same in all processes */
	AREA_KINDS,    /* behind the last */
};

/*
 * @start, @end: half-open, bytes
 * @in_core: the file that is mapped is a core, from which a service was restored
 * @stored: where in its core the bytes begin; 0 for nowhere
 * @name: of a file, or what the kernel calls it, or ""; borrowed
 */
struct area {
	uint64_t start;
	uint64_t end;
	enum area_kind kind;
	bool executable;
	bool in_core;
	uint64_t stored;
	const char *name;
};

struct area_list {
	struct area *items;
	size_t count;
	size_t capacity;
};

/* Behind the others; -ENOMEM, and the list is as before, without memory. */
int area_list_add(struct area_list *list, const struct area *area);
void area_list_deinit(struct area_list *list);

/* The area that holds @address, or NULL. */
const struct area *area_list_find(const struct area_list *list,
				  uint64_t address);
/* The first area of @kind, or NULL. */
const struct area *area_list_first(const struct area_list *list,
				   enum area_kind kind);

/*
 * By what an area is told to be when a space is looked at.  Zero is unknown.
 * @entry: any address in the program, such as AT_ENTRY
 * @loader: the start of the dynamic loader, AT_BASE
 * @stack: any address on the main thread's stack, such as AT_RANDOM
 * @vdso: AT_SYSINFO_EHDR
 */
struct area_marks {
	uint64_t entry;
	uint64_t loader;
	uint64_t stack;
	uint64_t vdso;
};

/* Gives every area its kind, and makes one of neighbours that are the same. */
void area_list_classify(struct area_list *list, const struct area_marks *marks);

/* "program", "heap" ... */
const char *area_kind_name(enum area_kind kind);
/* The last part of the path, or the kernel's name, or that of the kind. */
const char *area_short_name(const struct area *area);

static inline uint64_t area_size(const struct area *area)
{
	return area->end - area->start;
}

#endif
