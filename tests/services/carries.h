/*
 * carries.h - descriptors of a kind, and whether they came back as they were
 */
#ifndef TESTS_SERVICES_CARRIES_H
#define TESTS_SERVICES_CARRIES_H

#include <stddef.h>
#include <stdio.h>

/*
 * @kind: what --carry has to name, and what may be said behind a colon
 * @run: makes them, is ready, and checks them
 */
struct carry_case {
	const char *kind;
	void (*run)(void);
};

struct carry_cases {
	const struct carry_case *items;
	size_t count;
};

extern const struct carry_cases file_cases;
extern const struct carry_cases event_cases;
extern const struct carry_cases socket_cases;
extern const struct carry_cases flag_cases;
extern const struct carry_cases due_cases;
extern const struct carry_cases full_cases;

/* What hardly anybody asks for; it comes back, too, or the capture says so. */
extern const struct carry_cases hidden_file_cases;
extern const struct carry_cases hidden_message_cases;
extern const struct carry_cases hidden_option_cases;

/* As service_check(), for all files of this service. */
extern int carry_failures;
#define carry_check(condition)                                                 \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			carry_failures++;                                      \
		}                                                              \
	} while (0)

/* Ends the service unless it was possible. */
int must(int result);
#define CASES(items)                                  \
	{                                             \
		items, sizeof(items) / sizeof(*items) \
	}

#endif
