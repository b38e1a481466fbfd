/*
 * prefault.h - memory of ours that is about to be written
 */
#ifndef CAPTURE_PREFAULT_H
#define CAPTURE_PREFAULT_H

#include <stddef.h>

/*
 * Has the kernel provide the pages of @size bytes of the heap that are free, in
 * one call (MADV_POPULATE_WRITE, since Linux 5.14; without it they come one by
 * one, as ever).  It is done again after a fork, which leaves all pages to be
 * provided anew.
 */
void prefault_heap(size_t size);

#endif
