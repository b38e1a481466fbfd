/*
 * launcher.c - subctx-launch: from a service library to a running service
 *
 *	ready point          of the bare launcher: what it is restored with names
 *	                     the library, so that one core of it starts any
 *	dlopen
 *	subctx_warm_up()
 *	ready point          of the service
 *	subctx_serve()
 *
 * The capturer of a service library knows these places: at the first it looks at
 * what the launcher is without the library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/subctx.h"

static const char help[] =
	"Usage: subctx-launch LIBRARY [ARGUMENT]...\n"
	"Loads a service library, warms it up and lets it serve.\n"
	"\n"
	"  -h, --help     print this\n"
	"  -V, --version  print the version\n"
	"\n"
	"LIBRARY exports subctx_warm_up() or subctx_serve() of subctx.h, or both.\n"
	"\n"
	"Exit status: that of subctx_serve(), 2 the command line makes no sense,\n"
	"125 the library cannot be loaded or warmed up.\n"
	"\n"
	"Example:  subctx-capture ./libsvc.so && subctx-restore libsvc.so.core\n";

enum {
	STATUS_USAGE = 2,
	STATUS_LAUNCH = 125, /* as of subctx-restore, timeout(1), env(1) */
	TEXT_MAX = 1024,
};

typedef int service_function(int argc, char *argv[]);

/*
 * Ends the service before it was ready.  Exported by its name, as the capturer
 * stops it here and says the same itself: @hint may be "".
 */
__attribute__((noinline, visibility("default"))) _Noreturn void
subctx_launch_failed(const char *text, const char *hint);

_Noreturn void subctx_launch_failed(const char *text, const char *hint)
{
	fprintf(stderr, "subctx-launch: %s\n", text);
	if (hint[0])
		fprintf(stderr, "  hint: %s\n", hint);
	exit(STATUS_LAUNCH);
}

/* The words of glibc's loader. */
static bool lacks_something(const char *text)
{
	return strstr(text, ": undefined symbol: ") ||
	       strstr(text, ": cannot open shared object file: ");
}

static void *load(const char *name)
{
	char text[TEXT_MAX];
	char *path = realpath(name, NULL);
	void *library;

	if (!path) {
		snprintf(text, sizeof(text), "cannot load '%s': %s", name,
			 strerror(errno));
		subctx_launch_failed(text, "");
	}
	/* Debuggers find it by the path that it was loaded with. */
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		snprintf(text, sizeof(text), "cannot load '%s': %s", name,
			 dlerror());
		subctx_launch_failed(text, lacks_something(text)
						   ? "ldd -r lists what it "
						     "needs and does not find."
						   : "");
	}
	free(path);
	return library;
}

static service_function *find(void *library, const char *name)
{
	void *symbol = dlsym(library, name);
	service_function *function;

	/* ISO C knows no conversion; POSIX wants it to be the same (dlsym(3)). */
	memcpy(&function, &symbol, sizeof(function));
	return function;
}

static void warm_up(service_function *function, int argc, char *argv[])
{
	char text[TEXT_MAX];
	int status = function ? function(argc, argv) : 0;

	if (status == 0)
		return;
	snprintf(text, sizeof(text), "subctx_warm_up() of '%s' has returned %d",
		 argv[0], status);
	subctx_launch_failed(text, "It returns 0 when the service is warm.");
}

/*
 * Text that is left in a buffer is written by each restore.  A thread that waits
 * for input has that stream, for which fflush(NULL) would wait with it; the lock
 * of a stream can be had twice by one thread.
 */
static void write_out(void)
{
	if (ftrylockfile(stdin) != 0) {
		fflush(stdout);
		return;
	}
	fflush(NULL);
	funlockfile(stdin);
}

/*
 * What a restore was given, behind @first unless that is NULL.  Copied, as it
 * lies where the next capture does not look.
 */
static char **copy(char *first, const struct subctx_arguments *given)
{
	const size_t before = first ? 1 : 0;
	const size_t count = (size_t)given->argc;
	char **argv = calloc(before + count + 1, sizeof(*argv));
	bool is_complete = argv != NULL;

	for (size_t i = 0; is_complete && i < count; i++) {
		argv[before + i] = strdup(given->argv[i]);
		is_complete = argv[before + i] != NULL;
	}
	if (!is_complete)
		subctx_launch_failed("cannot keep the arguments", "");
	if (first)
		argv[0] = first;
	return argv;
}

/* @argv: the library and its arguments, up to a NULL. */
static int launch(int argc, char *argv[])
{
	void *library = load(argv[0]);
	service_function *warms_up = find(library, "subctx_warm_up");
	service_function *serves = find(library, "subctx_serve");
	struct subctx_arguments *given;
	char text[TEXT_MAX];

	if (!warms_up && !serves) {
		snprintf(text, sizeof(text),
			 "'%s' has neither subctx_warm_up() nor subctx_serve()",
			 argv[0]);
		subctx_launch_failed(text, "subctx.h says what they are.");
	}
	warm_up(warms_up, argc, argv);
	write_out();
	subctx_ready_arguments(&given);
	if (given && given->argc > 0) {
		argv = copy(argv[0], given);
		argc = (int)given->argc + 1;
	}
	return serves ? serves(argc, argv) : 0;
}

/* A library of such a name is named with its folder. */
static bool is_option(const char *word)
{
	return word[0] == '-' && !strchr(word, '/');
}

static int print(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "subctx-launch: cannot write to standard output: %s\n",
		strerror(errno));
	return STATUS_LAUNCH;
}

/* Without getopt(3), whose state the library may want for itself. */
static int answer(const char *option)
{
	if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0)
		return print(help);
	if (strcmp(option, "-V") == 0 || strcmp(option, "--version") == 0)
		return print("subctx-launch " SUBCTX_VERSION "\n");
	fprintf(stderr,
		"subctx-launch: unknown option '%s'\n"
		"  hint: --help lists the options; those of the library stand "
		"behind its name.\n",
		option);
	return STATUS_USAGE;
}

int main(int argc, char *argv[])
{
	struct subctx_arguments *given;

	argc--;
	argv++;
	if (argc > 0 && is_option(argv[0]))
		return answer(argv[0]);
	subctx_ready_arguments(&given);
	if (given && given->argc > 0) {
		argc = (int)given->argc;
		argv = copy(NULL, given);
	}
	if (argc < 1) {
		fprintf(stderr,
			"subctx-launch: there is no library to load\n"
			"  hint: Name one, such as 'subctx-launch ./libsvc.so'; "
			"--help says more.\n");
		return STATUS_USAGE;
	}
	return launch(argc, argv);
}
