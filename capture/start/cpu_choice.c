/*
 * cpu_choice.c - having a service choose its code for a weaker CPU than this
 */
#include "cpu_choice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"

enum {
	TEXT_SIZE = 1024,
};

/* glibc takes several tunables, of which a later one counts. */
static int add_tunable(const char *text)
{
	const char *before = getenv("GLIBC_TUNABLES");
	cleanup_heap char *all = NULL;

	if (!before || !before[0])
		return setenv("GLIBC_TUNABLES", text, 1);
	if (asprintf(&all, "%s:%s", before, text) < 0)
		return -1;
	return setenv("GLIBC_TUNABLES", all, 1);
}

int cpu_choice_make(enum cpu_level level, const char *name, struct audit *audit,
		    struct error *err)
{
	uint32_t words[CORE_CPU_WORDS];
	char text[TEXT_SIZE];
	const char *missing;
	int r;

	cpu_read_features(words);
	missing = cpu_limit_features(words, level);
	if (missing)
		return error_set(err, FAULT_UNSUPPORTED,
				 "cannot choose for %s: this CPU has no %s",
				 name, missing);
	cpu_level_tunable(level, text, sizeof(text));
	r = add_tunable(text);
	cpu_level_openssl(level, text, sizeof(text));
	if (r == 0)
		r = setenv("OPENSSL_ia32cap", text, 0);
	/*
	 * The code that binds a function at its first call saves registers
	 * with XSAVE or XSAVEC, which no tunable of glibc 2.36 hides.
	 */
	if (r == 0)
		r = setenv("LD_BIND_NOW", "1", 1);
	if (r < 0)
		return error_system(err, errno,
				    "cannot change the environment");
	audit_add(audit, VERDICT_NOTED, "CPU",
		  "glibc and OpenSSL choose for %s; code that asks the CPU "
		  "itself may have chosen more",
		  name);
	return 0;
}
