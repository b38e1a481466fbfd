/*
 * made_plan.h - the plan of a core made by hand, and the pages that it makes
 *
 * The calls are carried out on a map of pages that is only counted, never
 * made; what no plan may do fails the test at once.
 */
#ifndef TESTS_MADE_PLAN_H
#define TESTS_MADE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core_reader.h"
#include "make_core.h"
#include "restore/plan.h"

#define NOREPLACE 0x100000 /* MAP_FIXED_NOREPLACE */

enum {
	PAGES_MAX = 4096,
	REGION = 0x100000,
	VDSO_AT = 0x30000000, /* of a patched one */
	NO_FD = -2,	      /* and -1 is that of a core that is only parsed */
};

/*
 * @fd, @offset: where its bytes are from, whether mapped or copied; NO_FD for
 * zeros
 */
struct page {
	uint64_t address;
	uint64_t protection;
	uint64_t offset;
	int fd;
	bool is_file;
	bool grows_down;
};

struct pages {
	struct page items[PAGES_MAX];
	size_t count;
};

/* A plan, its core, and what it makes; freed at the end of the test. */
struct made {
	char *front;
	struct core core;
	const int *source_fds;
	struct plan plan;
	struct vdso_plan vdso;
	struct frame_layout layout;
	unsigned char *region;
	struct pages *pages;
};

/* @input: but for core and vdso, which are those of @made */
void make_from(struct made *made, const struct made_core *from,
	       struct plan_input input);
void make(struct made *made, const struct made_core *from);
void unmake(struct made *made);

struct page *find_page(struct pages *pages, uint64_t address);
/* Every page of the image is there as it should be, and no other. */
void check_pages(struct made *made);

/* The index of the first call @number with @first argument, or -1. */
ptrdiff_t find_call(const struct made *made, int64_t number, uint64_t first);
/* What lies at an address of the region. */
const void *in_region(const struct made *made, uint64_t address);

#endif
