/*
 * Memory that is moved, cut, protected and overwritten between two ready
 * points, so that a layer has it elsewhere and otherwise than its base.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "service.h"

enum {
	PAGE = 4096,
	PAGES = 256,
	CUT = 64,      /* pages that are gone, in the middle */
	CHANGED = 200, /* a page that is overwritten */
	DROPPED = 16,  /* pages at the start that are filled anew */
};

static unsigned char value_of(size_t page)
{
	return (unsigned char)(page % 251 + 1);
}

static unsigned char *make(void)
{
	unsigned char *block =
		mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < PAGES; i++)
		memset(block + i * PAGE, value_of(i), PAGE);
	return block;
}

/* To where another block was, which is as large and now is nowhere. */
static unsigned char *move(unsigned char *block)
{
	void *place = mmap(NULL, (size_t)PAGES * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mremap(block, (size_t)PAGES * PAGE, (size_t)PAGES * PAGE,
		      MREMAP_MAYMOVE | MREMAP_FIXED, place);
}

static int is_filled(const unsigned char *block, size_t page, int value)
{
	for (size_t i = 0; i < PAGE; i++)
		if (block[page * PAGE + i] != value)
			return 0;
	return 1;
}

int main(void)
{
	unsigned char *moved = make();
	unsigned char *kept = make();
	unsigned char *replaced = make();

	subctx_ready();

	moved = move(moved);
	memset(moved + (size_t)CHANGED * PAGE, 0xfe, PAGE);
	munmap(kept + (size_t)PAGES / 2 * PAGE, (size_t)CUT * PAGE);
	mprotect(kept, (size_t)PAGES / 4 * PAGE, PROT_READ);
	mmap(replaced, (size_t)DROPPED * PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	replaced[PAGE] = 1;

	raise(SIGSTOP);

	for (size_t i = 0; i < PAGES; i++)
		service_check(
			is_filled(moved, i, i == CHANGED ? 0xfe : value_of(i)));
	for (size_t i = 0; i < PAGES; i++)
		if (i < PAGES / 2 || i >= PAGES / 2 + CUT)
			service_check(is_filled(kept, i, value_of(i)));
	service_check(replaced[PAGE] == 1 && replaced[PAGE + 1] == 0);
	for (size_t i = 2; i < PAGES; i++)
		service_check(
			is_filled(replaced, i, i < DROPPED ? 0 : value_of(i)));
	return service_end();
}
