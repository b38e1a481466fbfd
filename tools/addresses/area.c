/*
 * area.c - parts of an address space, and what is there
 */
#include "area.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* On every x86-64 kernel that has one: arch/x86/include/uapi/asm/vsyscall.h */
#define VSYSCALL_ADDRESS 0xffffffffff600000

static const char *const kind_names[] = {
	[AREA_ANONYMOUS] = "anonymous", [AREA_PROGRAM] = "program",
	[AREA_HEAP] = "heap",		[AREA_LOADER] = "loader",
	[AREA_LIBRARY] = "library",	[AREA_FILE] = "file",
	[AREA_RESTORED] = "restored",	[AREA_STACK] = "stack",
	[AREA_KERNEL] = "kernel",	[AREA_VSYSCALL] = "vsyscall",
};

static_assert(sizeof(kind_names) / sizeof(*kind_names) == AREA_KINDS,
	      "every kind has a name");

int area_list_add(struct area_list *list, const struct area *area)
{
	assert(area->start < area->end);
	assert(list->count == 0 ||
	       list->items[list->count - 1].end <= area->start);
	if (list->count == list->capacity) {
		const size_t capacity =
			list->capacity ? 2 * list->capacity : 64;
		struct area *items =
			realloc(list->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *area;
	return 0;
}

void area_list_deinit(struct area_list *list)
{
	free(list->items);
	*list = (struct area_list){0};
}

const struct area *area_list_find(const struct area_list *list,
				  uint64_t address)
{
	for (size_t i = 0; i < list->count; i++)
		if (address >= list->items[i].start &&
		    address < list->items[i].end)
			return &list->items[i];
	return NULL;
}

const struct area *area_list_first(const struct area_list *list,
				   enum area_kind kind)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == kind)
			return &list->items[i];
	return NULL;
}

static bool holds(const struct area *area, uint64_t address)
{
	return address >= area->start && address < area->end;
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* What can be told of one area without the others. */
static enum area_kind kind_alone(const struct area *area,
				 const struct area_marks *marks)
{
	if (area->start == VSYSCALL_ADDRESS)
		return AREA_VSYSCALL;
	if (area->in_core)
		return AREA_RESTORED;
	if (starts_with(area->name, "[heap]"))
		return AREA_HEAP;
	if (starts_with(area->name, "[stack]") || holds(area, marks->stack))
		return AREA_STACK;
	if (starts_with(area->name, "[v") || holds(area, marks->vdso))
		return AREA_KERNEL;
	if (area->name[0] == '/')
		return AREA_FILE;
	return AREA_ANONYMOUS;
}

/*
 * The area at @address gives its kind to all of its file, or to itself.  What a core
 * backs may be anything.
 */
static void spread(struct area_list *list, uint64_t address,
		   enum area_kind kind)
{
	const struct area *found =
		address ? area_list_find(list, address) : NULL;

	if (!found || found->in_core)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (&list->items[i] == found ||
		    (list->items[i].kind == AREA_FILE &&
		     strcmp(list->items[i].name, found->name) == 0))
			list->items[i].kind = kind;
}

/*
 * Some part of a library is executable.  Its name is looked for among the areas
 * around: the parts of a file lie beside each other.
 */
static void find_libraries(struct area_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == AREA_FILE &&
		    list->items[i].executable)
			spread(list, list->items[i].start, AREA_LIBRARY);
}

/*
 * The kernel maps what of .bss is behind the last page of the file without a
 * name (set_brk() in fs/binfmt_elf.c), and so does the loader of a library.
 */
static void find_bss(struct area_list *list)
{
	for (size_t i = 1; i < list->count; i++) {
		const struct area *before = &list->items[i - 1];
		struct area *area = &list->items[i];

		if (area->kind == AREA_ANONYMOUS &&
		    before->kind == AREA_PROGRAM &&
		    before->end == area->start) {
			area->kind = AREA_PROGRAM;
			area->name = before->name;
		}
	}
}

static bool is_same(const struct area *a, const struct area *b)
{
	return a->end == b->start && a->kind == b->kind &&
	       (a->kind == AREA_KERNEL || strcmp(a->name, b->name) == 0);
}

static void merge(struct area_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct area *last = &list->items[count - 1];

		if (count > 0 && is_same(last, &list->items[i])) {
			last->end = list->items[i].end;
			last->executable |= list->items[i].executable;
		} else {
			list->items[count++] = list->items[i];
		}
	}
	list->count = count;
}

void area_list_classify(struct area_list *list, const struct area_marks *marks)
{
	for (size_t i = 0; i < list->count; i++)
		list->items[i].kind = kind_alone(&list->items[i], marks);
	spread(list, marks->entry, AREA_PROGRAM);
	spread(list, marks->loader, AREA_LOADER);
	find_libraries(list);
	find_bss(list);
	merge(list);
}

const char *area_kind_name(enum area_kind kind)
{
	return kind_names[kind];
}

const char *area_short_name(const struct area *area)
{
	const char *slash = strrchr(area->name, '/');

	if (area->kind == AREA_KERNEL)
		return "vdso";
	if (area->kind == AREA_VSYSCALL || area->kind == AREA_HEAP ||
	    area->kind == AREA_STACK || !area->name[0])
		return area_kind_name(area->kind);
	return slash && slash[1] ? slash + 1 : area->name;
}
