/*
 * test_contents.c - what becomes of a mapping, by what the kernel says of it
 */
#include <string.h>
#include <sys/mman.h>

#include "capture/memory/contents.h"
#include "tests/expect.h"

static const char *refusal_of(struct mapping m)
{
	const char *refusal;

	content_classify(&m, &refusal);
	return refusal ? refusal : "";
}

/*
 * state: secret memory, huge page pool, protection keys, userfaultfd, rings: memory
 * of devices
 */
Test(contents, memory_of_devices_is_refused)
{
	cr_expect_str_eq(refusal_of((struct mapping){
				 .name = "/dev/dri/card0",
				 .start = 4096,
				 .end = 8192,
				 .vm_flags = "rd wr sh mr mw me ms pf io de",
				 .shared = true,
			 }),
			 "shared memory of a device");
	cr_expect_str_eq(refusal_of((struct mapping){
				 .name = "",
				 .start = 4096,
				 .end = 8192,
				 .vm_flags = "rd wr mr mw me pf io de",
			 }),
			 "memory of a device");
}

/* The kernel hides it with a key of its own where the CPU has keys. */
Test(contents, memory_that_may_only_be_executed_may_have_a_key)
{
	const struct mapping executed = {
		.name = "",
		.start = 4096,
		.end = 8192,
		.vm_flags = "ex mr mw me",
		.protection = PROT_EXEC,
		.protection_key = 1,
	};
	struct mapping readable = executed;

	readable.protection |= PROT_READ;
	cr_expect_str_eq(refusal_of(executed), "");
	cr_expect_str_eq(refusal_of(readable), "memory with a protection key");
}
