/*
 * The mappings of a process made by a random number.
 *
 * What /proc/self/smaps says of them is compared: where they are, how they are
 * protected, what VmFlags they have, and what memfd they are of.  A restored
 * mapping may be several of the same kind side by side, as a core has its bytes
 * and its zeros apart, and shows the core's name.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "is_random.h"
#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	MAPPINGS = 60,
	PAGES_MAX = 32,
	VIEWS_MAX = 64,
	TEXT_SIZE = 160,
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL, since Linux 6.13 */
};

/* A part of a mapping that is the same in all that the kernel says of it. */
struct view {
	uintptr_t start, end;
	char text[TEXT_SIZE];
};

struct views {
	struct view items[VIEWS_MAX];
	int count;
};

static struct made {
	unsigned char *start;
	size_t pages;
	int is_readable, is_anonymous, guard;
	unsigned char values[PAGES_MAX];
	struct views before;
} all[MAPPINGS];

static unsigned char *map(size_t pages, int flags, int fd)
{
	unsigned char *start =
		mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (start == MAP_FAILED)
		exit(2);
	return start;
}

/* Any but int3: pages of code that differ in that only are taken for probes. */
static unsigned char any_byte(void)
{
	return (unsigned char)below(0xcc);
}

/* Each page of it has a value of its own. */
static int make_file(struct made *m, int fd)
{
	static unsigned char page[PAGE];

	for (size_t i = 0; i < m->pages; i++) {
		m->values[i] = any_byte();
		memset(page, m->values[i], PAGE);
		if (write(fd, page, PAGE) != PAGE)
			exit(2);
	}
	return fd;
}

static void map_file(struct made *m)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "random-%d", (int)(m - all));
	fd = make_file(m, open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
	m->start = map(m->pages, MAP_PRIVATE, fd);
	if (below(2))
		unlink(name);
	close(fd);
}

static void map_memfd(struct made *m)
{
	int fd = make_file(m, memfd_create("random", MFD_CLOEXEC));

	m->start = map(m->pages, below(4) ? MAP_SHARED : MAP_PRIVATE, fd);
	close(fd);
}

static void map_nothing(struct made *m)
{
	int flags = below(4) ? MAP_PRIVATE : MAP_SHARED;

	if (below(4) == 0)
		flags |= MAP_NORESERVE;
	m->start = map(m->pages, flags | MAP_ANONYMOUS, -1);
	m->is_anonymous = flags & MAP_PRIVATE;
}

static void change_pages(struct made *m)
{
	for (size_t i = 0; i < m->pages; i++) {
		if (below(2))
			continue;
		m->values[i] = any_byte();
		memset(m->start + i * PAGE, m->values[i], PAGE);
	}
}

/*
 * What this user or this kernel does not allow stays as it is.  Guards over the
 * pages of a file are refused.
 */
static void advise(struct made *m)
{
	static const int advices[] = {
		MADV_NORMAL,	 MADV_DONTDUMP, MADV_SEQUENTIAL, MADV_RANDOM,
		MADV_NOHUGEPAGE, MADV_HUGEPAGE, MADV_DONTFORK,	 MADV_MERGEABLE,
	};
	const size_t size = m->pages * PAGE;

	madvise(m->start, size, advices[below(8)]);
	if (below(6) == 0)
		mlock(m->start, size);
	else if (below(6) == 0)
		mlock2(m->start, size, MLOCK_ONFAULT);
	else if (m->is_anonymous && below(3) == 0)
		m->guard = madvise(m->start, PAGE, GUARD_INSTALL) == 0;
}

static void make(struct made *m)
{
	static const int protections[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE};
	const int protection = protections[below(5)];
	const uint64_t kind = below(6);

	m->pages = 1 + below(PAGES_MAX);
	if (kind == 0)
		map_file(m);
	else if (kind == 1)
		map_memfd(m);
	else
		map_nothing(m);
	change_pages(m);
	advise(m);
	mprotect(m->start, m->pages * PAGE, protection);
	m->is_readable = (protection & PROT_READ) != 0;
	/* A hole in the middle, sometimes. */
	if (m->pages > 4 && below(4) == 0) {
		munmap(m->start + 2 * PAGE, PAGE);
		m->pages = 2;
	}
}

/* With the next one before it, if that is the same. */
static void add_view(struct views *views, uintptr_t start, uintptr_t end,
		     const char *text)
{
	struct view *last = &views->items[views->count - 1];

	if (start >= end || views->count == VIEWS_MAX)
		return;
	if (views->count > 0 && last->end == start &&
	    strcmp(last->text, text) == 0) {
		last->end = end;
		return;
	}
	last = &views->items[views->count++];
	last->start = start;
	last->end = end;
	snprintf(last->text, TEXT_SIZE, "%s", text);
}

/*
 * Whether it was written since somebody asked, how it counts against the memory
 * that may be promised, and that one beside it has had guards, is the kernel's
 * business.
 */
static void drop_flag(char *flags, const char *flag)
{
	char *at = strstr(flags, flag);

	if (at)
		memmove(at, at + strlen(flag), strlen(at + strlen(flag)) + 1);
}

static uintptr_t larger(uintptr_t a, uintptr_t b)
{
	return a > b ? a : b;
}

static uintptr_t smaller(uintptr_t a, uintptr_t b)
{
	return a < b ? a : b;
}

static void look(const struct made *m, struct views *views)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	const uintptr_t from = (uintptr_t)m->start;
	const uintptr_t to = from + m->pages * PAGE;
	static char line[SMAPS_LINE], text[TEXT_SIZE];
	uintptr_t first, behind, start = 0, end = 0;
	char permissions[8] = "";
	int is_memfd = 0;

	views->count = 0;
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %7s", &first, &behind, permissions) ==
		    3) {
			start = first;
			end = behind;
			is_memfd = strstr(line, "/memfd:random") != NULL;
		}
		if (strncmp(line, "VmFlags:", 8) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		drop_flag(line, " ac");
		drop_flag(line, " sd");
		drop_flag(line, " gu");
		snprintf(text, sizeof(text), "%s%s%s", permissions, line + 8,
			 is_memfd && permissions[3] == 's' ? "memfd" : "");
		add_view(views, larger(start, from), smaller(end, to), text);
	}
	if (smaps)
		fclose(smaps);
}

static int is_same(const struct views *a, const struct views *b)
{
	int same = a->count == b->count;

	for (int i = 0; same && i < a->count; i++)
		same = a->items[i].start == b->items[i].start &&
		       a->items[i].end == b->items[i].end &&
		       strcmp(a->items[i].text, b->items[i].text) == 0;
	return same;
}

static void print(const char *when, const struct views *views)
{
	for (int i = 0; i < views->count; i++)
		printf("%s: %lx-%lx %s\n", when, views->items[i].start,
		       views->items[i].end, views->items[i].text);
}

static void check(struct made *m)
{
	const size_t size = m->pages * PAGE;
	static struct views now;

	look(m, &now);
	if (!is_same(&m->before, &now)) {
		print("before", &m->before);
		print("now", &now);
		service_failures++;
	}
	if (!m->is_readable)
		service_check(mprotect(m->start, size, PROT_READ) == 0);
	if (m->guard)
		service_check(faults_with(m->start) == SIGSEGV);
	for (size_t i = m->guard ? PAGE : 0; i < size; i++)
		if (m->start[i] != m->values[i / PAGE]) {
			service_check(m->start[i] == m->values[i / PAGE]);
			return;
		}
}

void memory_make(void)
{
	for (int i = 0; i < MAPPINGS; i++)
		make(&all[i]);
	for (int i = 0; i < MAPPINGS; i++)
		look(&all[i], &all[i].before);
}

int memory_check(void)
{
	for (int i = 0; i < MAPPINGS; i++)
		check(&all[i]);
	return service_failures;
}
