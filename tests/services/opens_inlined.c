/*
 * A descriptor opened by a function that is inlined into one that is, too
 */
#include <fcntl.h>

#include "service.h"

static int innermost_line, middle_line;

__attribute__((always_inline)) static inline int innermost(void)
{
	innermost_line = __LINE__ + 1;
	return open("/etc/passwd", O_RDONLY);
}

__attribute__((always_inline)) static inline int middle(void)
{
	middle_line = __LINE__ + 1;
	return innermost();
}

int main(void)
{
	int line = __LINE__ + 1;
	int fd = middle();

	service_finding("fd %d file", fd);
	service_expect("innermost at opens_inlined.c:%d, "
		       "middle at opens_inlined.c:%d, "
		       "main at opens_inlined.c:%d ",
		       innermost_line, middle_line, line);
	service_ready();
	return service_end();
}
