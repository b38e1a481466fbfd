/*
 * additions.c - what a library has brought into the memory of its launcher
 */
#include "additions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum {
	SIZE_TEXT = 32,
};

/* A part of @m, as one of two lists has it and the other has not, or both. */
struct part {
	enum addition_kind kind;
	const struct mapping *m;
	uint64_t start;
	uint64_t end;
};

struct search {
	const struct additions_input *input;
	struct additions found;
	int pagemap;
};

static struct addition *find_addition(struct additions *all,
				      enum addition_kind kind, const char *name)
{
	struct addition *items;

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].kind == kind &&
		    strcmp(all->items[i].name, name) == 0)
			return &all->items[i];
	items = realloc(all->items, (all->count + 1) * sizeof(*items));
	if (!items)
		return NULL;
	all->items = items;
	items[all->count] = (struct addition){.kind = kind, .name = name};
	return &items[all->count++];
}

static int count_private(const struct search *search, const struct part *part,
			 uint64_t *ret_size, struct error *err)
{
	struct page_runs runs = {0};
	int r = 0;

	*ret_size = 0;
	if (!part->m->shared && strncmp(part->m->name, "[v", 2) != 0)
		r = pagemap_find(search->pagemap, part->start, part->end, &runs,
				 NULL, err);
	for (size_t i = 0; i < runs.count; i++)
		*ret_size += runs.items[i].end - runs.items[i].start;
	page_runs_deinit(&runs);
	return r;
}

static int measure(const struct search *search, const struct part *part,
		   uint64_t *ret_written, struct error *err)
{
	*ret_written = 0;
	if (part->kind == ADDITION_ADDED)
		return count_private(search, part, ret_written, err);
	if (part->kind == ADDITION_REMOVED || part->m->shared ||
	    strncmp(part->m->name, "[v", 2) == 0)
		return 0;
	return kept_pages_compare(search->input->kept, part->m, part->start,
				  part->end, search->input->tracee, ret_written,
				  err);
}

static int add(struct search *search, const struct part *part,
	       struct error *err)
{
	struct addition *addition;
	uint64_t written;
	int r = measure(search, part, &written, err);

	if (r < 0 || (part->kind == ADDITION_CHANGED && written == 0))
		return r;
	addition = find_addition(&search->found, part->kind, part->m->name);
	if (!addition)
		return error_system(err, ENOMEM, "cannot keep what was added");
	addition->mapping_count++;
	addition->size += part->end - part->start;
	addition->written += written;
	return 0;
}

/* Whether two that overlap show the same there, whatever protects it. */
static bool are_same(const struct mapping *a, const struct mapping *b)
{
	return strcmp(a->name, b->name) == 0 && a->shared == b->shared &&
	       (a->name[0] != '/' ||
		(a->inode == b->inode &&
		 a->start - a->offset == b->start - b->offset));
}

/*
 * The parts of @m that @others have, too, are of the kind @common, unless that is
 * 0, and the rest is of the kind @rest.
 */
static int divide(struct search *search, const struct mapping *m,
		  const struct mapping_list *others, enum addition_kind common,
		  enum addition_kind rest, struct error *err)
{
	struct part part = {.m = m};
	uint64_t at = m->start;
	int r = 0;

	for (size_t i = 0; r == 0 && i <= others->count && at < m->end; i++) {
		uint64_t start = m->end, end = m->end;

		if (i < others->count) {
			const struct mapping *o = &others->items[i];

			if (o->end <= at || o->start >= m->end ||
			    !are_same(m, o))
				continue;
			start = o->start > at ? o->start : at;
			end = o->end < m->end ? o->end : m->end;
		}
		part = (struct part){rest, m, at, start};
		if (start > at)
			r = add(search, &part, err);
		part = (struct part){common, m, start, end};
		if (r == 0 && common && end > start)
			r = add(search, &part, err);
		at = end;
	}
	return r;
}

/* The library, files, what has a name of the kernel's, what has none. */
static int rank(const struct addition *a, const char *library)
{
	if (strcmp(a->name, library) == 0)
		return 0;
	return a->name[0] == '/' ? 1 : a->name[0] ? 2 : 3;
}

static bool comes_before(const struct addition *a, const struct addition *b,
			 const char *library)
{
	const int difference = rank(a, library) - rank(b, library);

	if (a->kind != b->kind)
		return a->kind < b->kind;
	return difference ? difference < 0 : strcmp(a->name, b->name) < 0;
}

/* They are few; each has another name, or is of another kind. */
static void sort(struct additions *all, const char *library)
{
	for (size_t i = 1; i < all->count; i++) {
		const struct addition item = all->items[i];
		size_t k = i;

		for (;
		     k > 0 && comes_before(&item, &all->items[k - 1], library);
		     k--)
			all->items[k] = all->items[k - 1];
		all->items[k] = item;
	}
}

int additions_find(struct additions *ret_additions,
		   const struct additions_input *input, struct error *err)
{
	const struct mapping_list *before = input->before;
	const struct mapping_list *after = input->after;
	struct search search = {.input = input, .pagemap = -1};
	int r = pagemap_open(input->tracee->pid, &search.pagemap, err);

	for (size_t i = 0; r == 0 && i < after->count; i++)
		r = divide(&search, &after->items[i], before, 0, ADDITION_ADDED,
			   err);
	for (size_t i = 0; r == 0 && i < before->count; i++)
		r = divide(&search, &before->items[i], after, ADDITION_CHANGED,
			   ADDITION_REMOVED, err);
	cleanup_close(&search.pagemap);
	sort(&search.found, input->library);
	if (r < 0)
		additions_deinit(&search.found);
	else
		*ret_additions = search.found;
	return r;
}

void additions_deinit(struct additions *additions)
{
	free(additions->items);
	*additions = (struct additions){0};
}

const char *addition_word(enum addition_kind kind)
{
	static const char *const words[] = {
		[ADDITION_ADDED] = "added",
		[ADDITION_CHANGED] = "changed",
		[ADDITION_REMOVED] = "removed",
	};

	return words[kind];
}

static const char *size_text(uint64_t size, char text[SIZE_TEXT])
{
	if (size < 1 << 20)
		snprintf(text, SIZE_TEXT, "%" PRIu64 " KiB", size >> 10);
	else
		snprintf(text, SIZE_TEXT, "%.1f MiB", (double)size / (1 << 20));
	return text;
}

/* "5 mappings, 36 KiB, 8 KiB of it written" */
static void describe(const struct addition *a, char *ret_text, size_t size)
{
	char whole[SIZE_TEXT], written[SIZE_TEXT];

	size_text(a->size, whole);
	size_text(a->written, written);
	if (a->kind == ADDITION_CHANGED)
		snprintf(ret_text, size, "%s of %s", written, whole);
	else if (a->written == 0)
		snprintf(ret_text, size, "%zu mapping%s, %s", a->mapping_count,
			 a->mapping_count == 1 ? "" : "s", whole);
	else
		snprintf(ret_text, size, "%zu mapping%s, %s, %s of it written",
			 a->mapping_count, a->mapping_count == 1 ? "" : "s",
			 whole, written);
}

void additions_report(const struct additions *additions, struct audit *audit)
{
	for (size_t i = 0; i < additions->count; i++) {
		const struct addition *a = &additions->items[i];
		char text[128];

		describe(a, text, sizeof(text));
		audit_add(audit, VERDICT_NOTED, addition_word(a->kind),
			  "%s: %s", a->name[0] ? a->name : "anonymous memory",
			  text);
	}
}
