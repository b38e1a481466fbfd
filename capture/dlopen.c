/*
 * dlopen.c - what a program that is linked statically has instead of dlopen(3)
 *
 * libdw would load the client of debuginfod, which is not to be asked
 * (debug_file.h); and with libc's dlopen(3) the program would need the very libc
 * that it was linked with.  The linker takes this one by its name (--wrap).
 */
#include <stddef.h>

void *__wrap_dlopen(const char *path, int mode);

void *__wrap_dlopen(const char *path, int mode)
{
	(void)path;
	(void)mode;
	return NULL;
}
