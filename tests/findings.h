/*
 * findings.h - what a report must say, finding by finding
 *
 * A finding begins at the margin of the report, and what is said about it is
 * further in.  Blanks and ends of lines are all one blank here.
 */
#ifndef TESTS_FINDINGS_H
#define TESTS_FINDINGS_H

#include "harness.h"

/* The first finding in which @wanted stands; allocated, or NULL. */
char *find_finding(const char *report, const char *wanted);

/* It is there, and says each of @words, one behind the other. */
void expect_finding(const char *report, const char *wanted,
		    const char *const words[]);

/*
 * Runs a program that ends with @status and writes a report; all that its
 * service has printed about that (service_finding()) holds.
 */
void expect_report(int status, const char *const words[]);

#endif
