/*
 * unloads_library CASE: files opened by code that is gone at the ready point
 *
 * The report must name the functions that were there when the files were
 * opened, whatever is at their addresses now.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	PAGE = 4096,
	MANY = 2000, /* so many that they are not stopped one by one */
};

typedef int opener(int *ret_line);

struct plugin {
	void *handle;
	opener *open;
};

static char folder[PATH_MAX];

static struct plugin load(const char *path, const char *name)
{
	char symbol[32];
	struct plugin plugin = {.handle = dlopen(path, RTLD_NOW)};

	snprintf(symbol, sizeof(symbol), "open_in_%s", name);
	if (plugin.handle)
		plugin.open = (opener *)dlsym(plugin.handle, symbol);
	if (!plugin.open) {
		puts(dlerror());
		exit(EXIT_FAILURE);
	}
	return plugin;
}

static struct plugin load_own(const char *name)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s.so", folder, name);
	return load(path, name);
}

static void open_by(const struct plugin *plugin, const char *name)
{
	int line, main_line = __LINE__ + 1;
	int fd = plugin->open(&line);

	service_finding("fd %d file /etc/passwd", fd);
	service_expect("open_in_%s at plugin.c:%d, "
		       "open_by at unloads_library.c:%d, ",
		       name, line, main_line);
}

static void open_many_by(const struct plugin *plugin)
{
	int line;

	for (int i = 0; i < MANY; i++)
		close(plugin->open(&line));
}

/* The second where the first was; else nothing would be tested. */
static void expect_same_place(const struct plugin *second, opener *first)
{
	if (second->open != first) {
		puts("the library has got other addresses");
		exit(EXIT_FAILURE);
	}
}

static void unload(void)
{
	struct plugin first = load_own("first");

	open_by(&first, "first");
	dlclose(first.handle);
}

/* With @count that are opened before, which others than the tracer record. */
static void replace(bool is_many, bool stays)
{
	struct plugin first = load_own("first"), second;
	opener *before = first.open;

	if (is_many)
		open_many_by(&first);
	open_by(&first, "first");
	dlclose(first.handle);
	second = load_own("second");
	expect_same_place(&second, before);
	open_by(&second, "second");
	if (!stays)
		dlclose(second.handle);
}

static void load_again(void)
{
	struct plugin first = load_own("first");
	opener *before = first.open;

	open_by(&first, "first");
	dlclose(first.handle);
	first = load_own("first");
	expect_same_place(&first, before);
	open_by(&first, "first");
}

static void copy_own(const char *name, const char *path)
{
	char command[2 * PATH_MAX];

	snprintf(command, sizeof(command), "cp %s/%s.so new.so && mv new.so %s",
		 folder, name, path);
	if (system(command) != 0)
		exit(EXIT_FAILURE);
}

/* Its file is another one now, too: nobody knows what was in it. */
static void rewrite(void)
{
	struct plugin plugin;
	opener *before;
	int line;

	copy_own("first", "plugin.so");
	plugin = load("./plugin.so", "first");
	before = plugin.open;
	service_finding("fd %d file /etc/passwd", plugin.open(&line));
	service_expect("plugin.so (deleted)+0x");
	dlclose(plugin.handle);
	copy_own("second", "plugin.so");
	plugin = load("./plugin.so", "second");
	expect_same_place(&plugin, before);
	open_by(&plugin, "second");
}

static int open_line;

static int open_it(void)
{
	open_line = __LINE__ + 1;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

/* Code that is made in memory, where the library was. */
static void generate(bool stays)
{
	/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
	static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5,
					     0xff, 0xd7, 0x5d, 0xc3};
	struct plugin first = load_own("first");
	char *page = (char *)((uintptr_t)first.open & -(uintptr_t)PAGE);
	int (*made)(int (*function)(void)) = (int (*)(int (*)(void)))page;
	int line, fd;

	open_by(&first, "first");
	dlclose(first.handle);
	if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) != page)
		exit(EXIT_FAILURE);
	memcpy(page, code, sizeof(code));
	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
	line = __LINE__ + 1;
	fd = made(open_it);
	service_finding("fd %d file /etc/passwd", fd);
	service_expect("open_it at unloads_library.c:%d, %p, "
		       "generate at unloads_library.c:%d, ",
		       open_line, (void *)(page + 6), line);
	if (!stays)
		munmap(page, PAGE);
}

static void run(const char *name)
{
	if (strcmp(name, "unload") == 0)
		unload();
	if (strcmp(name, "replace") == 0)
		replace(false, true);
	if (strcmp(name, "unload both") == 0)
		replace(false, false);
	if (strcmp(name, "replace after many") == 0)
		replace(true, true);
	if (strcmp(name, "load again") == 0)
		load_again();
	if (strcmp(name, "rewrite") == 0)
		rewrite();
	if (strcmp(name, "generate") == 0)
		generate(true);
	if (strcmp(name, "generate and unmap") == 0)
		generate(false);
}

int main(int argc, char *argv[])
{
	const char *slash = strrchr(argv[0], '/');

	if (argc != 2 || !slash)
		return EXIT_FAILURE;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - argv[0]),
		 argv[0]);
	run(argv[1]);
	service_ready();
	return service_end();
}
