/*
 * test_objects.c - shared memory without a name, and who else has it
 *
 * The "tracee" is this process.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/memory/objects.h"
#include "common/io.h"
#include "tests/expect.h"

static struct objects objects;
static struct audit audit;
static struct mapping_list list;

static void deinit(void)
{
	objects_deinit(&objects);
	audit_deinit(&audit);
	mapping_list_deinit(&list);
}

TestSuite(objects, .fini = deinit, .timeout = 30);

static const struct mapping *look(const void *start)
{
	struct error err = {0};
	char *text;

	mapping_list_deinit(&list);
	cr_assert(io_read_file("/proc/self/smaps", &text, NULL) == 0);
	cr_assert(mapping_list_parse(&list, text, &err) == 0);
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].start == (uintptr_t)start)
			return &list.items[i];
	cr_assert(false, "it is not there");
	return NULL;
}

Test(objects, only_what_no_file_system_names_is_one)
{
	cr_expect(object_is(&(struct mapping){.name = "/dev/zero (deleted)"}));
	cr_expect(object_is(&(struct mapping){.name = "/memfd:x (deleted)"}));
	cr_expect(!object_is(&(struct mapping){.name = "/dev/zero"}));
	cr_expect(!object_is(&(struct mapping){.name = "/dev/shm/x"}));
	cr_expect(!object_is(&(struct mapping){.name = "/SYSV00000000"}));
}

Test(objects, names_are_those_of_the_memfd)
{
	const struct mapping memfd = {.name = "/memfd:a b (deleted)"};
	const struct mapping zero = {.name = "/dev/zero (deleted)"};
	char text[256];

	expect_text(object_name(&(struct object){.mapping = &memfd}, text),
		    "a b");
	expect_text(object_name(&(struct object){.mapping = &zero}, text),
		    "anonymous");
}

Test(objects, mappings_of_one_inode_show_one_object)
{
	const struct mapping first = {.name = "",
				      .inode = 5,
				      .offset = 0x1000,
				      .start = 0,
				      .end = 0x1000};
	const struct mapping second = {.name = "",
				       .inode = 5,
				       .offset = 0x5000,
				       .start = 0x9000,
				       .end = 0xa000};
	const struct mapping other = {
		.name = "", .inode = 6, .start = 0, .end = 0x1000};
	struct error err = {0};
	uint32_t index;

	cr_assert(objects_add(&objects, &first, &index, &err) == 0);
	cr_expect(index == 0 && objects.items[0].size == 0x2000);
	cr_assert(objects_add(&objects, &second, &index, &err) == 0);
	cr_expect(index == 0 && objects.items[0].size == 0x6000);
	cr_assert(objects_add(&objects, &other, &index, &err) == 0);
	cr_expect(index == 1 && objects.count == 2);
	cr_expect(objects_have(&objects, &other));
	cr_expect(!objects_have(&objects, &(struct mapping){.inode = 7}));
}

Test(objects, another_process_that_has_it_is_named)
{
	const struct tracee self = {.pid = getpid()};
	void *shared =
		mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct error err = {0};
	char wanted[64];
	uint32_t index;
	int ends[2];
	pid_t child;
	char byte;

	cr_assert(objects_add(&objects, look(shared), &index, &err) == 0);
	objects_audit(&objects, &self, &audit);
	cr_expect(audit_refused(&audit) == 0);
	cr_assert(pipe(ends) == 0);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		_exit((int)read(ends[0], &byte, 1));
	}
	objects_audit(&objects, &self, &audit);
	close(ends[1]);
	waitpid(child, NULL, 0);
	cr_assert(audit_refused(&audit) == 1);
	snprintf(wanted, sizeof(wanted), "that process %d has too", child);
	expect_contains(audit.items[0].what, wanted);
	munmap(shared, 4096);
}
