/*
 * report.h - the answers, for people and with --json for programs
 */
#ifndef ADDRESSES_REPORT_H
#define ADDRESSES_REPORT_H

#include <stddef.h>

#include "collision.h"
#include "space.h"
#include "survey.h"

/* All on standard output. */
void report_collisions(const struct space *spaces,
		       const struct collision_list *collisions);
void report_collisions_json(const struct space *spaces,
			    const struct collision_list *collisions);

/* @space: of one of the samples, for its name */
void report_survey(const struct space *space, const struct survey *survey);
void report_survey_json(const struct space *space, const struct survey *survey);

/* "fixed addresses (ET_EXEC)" */
const char *report_placement(const struct space *space);

#endif
