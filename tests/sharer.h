/*
 * sharer.h - the service that is mapped onto its core, and what is seen of it
 */
#ifndef TESTS_SHARER_H
#define TESTS_SHARER_H

#include "harness.h"

/* Starts the service shares_core; it has looked at itself and waits. */
struct running sharer_start(const char *argument);
/* Has it do something, a line, and look at all that it has. */
void sharer_ask(struct running service, const char *what);
void sharer_ask_all(struct running service);
void sharer_end(struct running service);

/* Captures it with --remap. */
struct outcome sharer_capture(pid_t pid, const char *core);
/* Two restores of it have and do what it had and did. */
void sharer_check_restores(const char *core);
/* How many of its mappings are of a core. */
size_t sharer_mappings(pid_t pid, const char *core);
/* It has the standard ones. */
void sharer_expect_no_descriptors(pid_t pid);

#endif
