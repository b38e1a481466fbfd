/*
 * Reads one line and prints it, without a libc where it is built so.
 */
#include <unistd.h>

int main(void)
{
	char line[256];
	ssize_t size = read(STDIN_FILENO, line, sizeof(line));

	return size < 0 || write(STDOUT_FILENO, line, (size_t)size) != size;
}
