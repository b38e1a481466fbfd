/*
 * A program that does something before its entry point, where only the loader and
 * libraries run otherwise: what $EARLY says.
 *
 * The loader calls its .preinit_array with what main() gets; libc has no
 * environment yet.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void be_early(int argc, char *argv[], char *envp[])
{
	const char *how = "";

	(void)argc;
	for (; *envp; envp++)
		if (strncmp(*envp, "EARLY=", 6) == 0)
			how = *envp + 6;
	if (strcmp(how, "exit") == 0)
		_exit(3);
	if (strcmp(how, "signal") == 0)
		kill(getpid(), SIGSEGV);
	if (strcmp(how, "harmless") == 0)
		kill(getpid(), SIGCHLD);
	if (strcmp(how, "exec") == 0)
		execve("/bin/true", argv, (char *[]){NULL});
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const early)(int, char *[],
						 char *[]) = be_early;

int main(void)
{
	puts("it has run");
	return 0;
}
