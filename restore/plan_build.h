/*
 * plan_build.h - what the parts of plan share
 *
 * Included by plan*.c only.
 */
#ifndef RESTORE_PLAN_BUILD_H
#define RESTORE_PLAN_BUILD_H

#include "plan.h"

/* Calls and data never exceed what plan_region_size() has counted. */
void plan_add(struct plan *plan, struct call call);
/* Keeps bytes in the region; where they will lie. */
uint64_t plan_keep(struct plan *plan, const void *bytes, size_t size);

/* The most calls that the memory of @core can take. */
size_t plan_memory_calls(const struct core *core);
void plan_memory(struct plan *plan, const struct plan_input *input);

size_t plan_process_calls(const struct core *core);
size_t plan_process_data(const struct core *core);
void plan_process(struct plan *plan, const struct plan_input *input);

#endif
