/*
 * Something for debuggers to show: frames with locals, a thread-local variable,
 * registers with values.  It waits in read(2).
 */
#include <stdint.h>
#include <unistd.h>

static __thread uint64_t local = 0xfeedbeef;

struct pair {
	int first;
	double second;
};

static __attribute__((noinline)) int inner(struct pair *pair, const char *text)
{
	char line[64];
	ssize_t size;

	__asm__ volatile("vpcmpeqd %%ymm7, %%ymm7, %%ymm7" ::: "xmm7");
	size = read(STDIN_FILENO, line, sizeof(line));
	return (int)size + pair->first + text[0];
}

static __attribute__((noinline)) int outer(int depth)
{
	struct pair pair = {depth, 2.5};

	return depth > 3 ? inner(&pair, "hello") : outer(depth + 1) + 1;
}

int main(void)
{
	local++;
	return outer(0) < 0;
}
