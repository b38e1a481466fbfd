/*
 * report.c - the answers, for people
 */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quantity.h"

enum {
	PAIRS_MAX = 20, /* that are listed */
};

const char *report_placement(const struct space *space)
{
	static const char *const texts[] = {
		[PLACED_UNKNOWN] = "nothing says who has placed it",
		[PLACED_FIXED] = "fixed addresses (ET_EXEC)",
		[PLACED_FREELY] = "free to be placed (PIE)",
		[PLACED_RESTORED] = "restored, where its core has it",
	};

	return space->not_randomised && space->placement == PLACED_FREELY
		       ? "free to be placed (PIE), but not randomised"
		       : texts[space->placement];
}

static const char *source_name(const struct space *space)
{
	return space->source == SPACE_CORE	? "core"
	       : space->source == SPACE_PROCESS ? "process"
						: "program";
}

static void print_space(const struct space *space, size_t number, int width)
{
	printf("%3zu  %-8s %-*s %8s  %s\n", number + 1, source_name(space),
	       width, space->label,
	       quantity_bytes((double)space_bytes(space)).text,
	       report_placement(space));
	if (space->program && strcmp(space->program, space->label) != 0)
		printf("%14s%s%s%s\n", "",
		       space->is_script ? "a script, run by " : "",
		       space->program,
		       space->is_own ? "; restored, it lies where it lies here"
				     : "");
}

/* So that their sizes stand in one column. */
static void print_spaces(const struct space *spaces, size_t count)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++)
		if (strlen(spaces[i].label) > width)
			width = strlen(spaces[i].label);
	for (size_t i = 0; i < count; i++)
		print_space(&spaces[i], i, (int)width);
}

static void print_collision(const struct collision_list *list,
			    const struct collision *c)
{
	printf("\n%#" PRIx64 "-%#" PRIx64 "  %s\n", c->start, c->end,
	       quantity_bytes((double)collision_size(c)).text);
	for (size_t i = 0; i < list->space_count; i++)
		if (c->at[i])
			printf("%3zu  %-8s %s\n", i + 1,
			       area_kind_name(c->at[i]->kind), c->at[i]->name);
}

static const char *reason(const struct space *a, const struct space *b)
{
	if (a->placement == PLACED_FIXED && b->placement == PLACED_FIXED)
		return ": both have fixed addresses";
	if (a->placement == PLACED_RESTORED && b->placement == PLACED_RESTORED)
		return ": both lie where their cores have them";
	if ((a->placement == PLACED_RESTORED && b->source == SPACE_CORE) ||
	    (b->placement == PLACED_RESTORED && a->source == SPACE_CORE))
		return ": a restored process lies where its core has it";
	if (a->not_randomised && b->not_randomised)
		return ": addresses are not randomised";
	return "";
}

/* How many pairs have something in common; each is told of, up to a number. */
static size_t print_pairs(const struct space *spaces,
			  const struct collision_list *list)
{
	size_t colliding = 0;

	for (size_t a = 0; a < list->space_count; a++)
		for (size_t b = a + 1; b < list->space_count; b++) {
			const struct collision_sum sum =
				collision_sum(list, a, b);

			if (sum.ranges == 0 || colliding++ >= PAIRS_MAX)
				continue;
			printf("%zu and %zu collide in %zu range%s, %s%s.\n",
			       a + 1, b + 1, sum.ranges,
			       sum.ranges == 1 ? "" : "s",
			       quantity_bytes((double)sum.bytes).text,
			       reason(&spaces[a], &spaces[b]));
		}
	if (colliding > PAIRS_MAX)
		printf("So do %zu pairs more.\n", colliding - PAIRS_MAX);
	return colliding;
}

/* The last line: the answer. */
static void print_answer(const struct collision_list *list, size_t colliding)
{
	const size_t count = list->space_count;
	const char *kernels =
		collision_has_kernels(list)
			? ", [vsyscall] aside, which is the kernel's"
			: "";

	if (colliding == 0)
		printf(count == 2 ? "They share no addresses%s.\n"
				  : "No two of them share addresses%s.\n",
		       kernels);
	else if (count == 2)
		printf("They share addresses%s.\n", kernels);
	else
		printf("%zu of %zu pairs share addresses%s.\n", colliding,
		       count * (count - 1) / 2, kernels);
}

void report_collisions(const struct space *spaces,
		       const struct collision_list *list)
{
	print_spaces(spaces, list->space_count);
	for (size_t i = 0; i < list->count; i++)
		print_collision(list, &list->items[i]);
	putchar('\n');
	print_answer(list, print_pairs(spaces, list));
}

static void print_part(const struct survey *survey, enum sample_part part)
{
	const struct survey_part *p = &survey->parts[part];
	const struct randomness *r = &p->randomness;
	const double width = (r->positions - 1) * (double)r->step;

	if (!p->is_there) {
		printf("%-12s    none\n", sample_part_name(part));
		return;
	}
	if (r->step == 0) {
		printf("%-12s %7.1f %7d %9s %9s %9s  %#" PRIx64 "\n",
		       sample_part_name(part), 0.0, 0, "fixed", "",
		       quantity_bytes((double)p->size).text, r->lowest);
		return;
	}
	printf("%-12s %7.1f %7u %9s %9s %9s  %#" PRIx64 "-%#" PRIx64 "\n",
	       sample_part_name(part), r->bits, r->varying_bits,
	       quantity_bytes((double)r->step).text, quantity_bytes(width).text,
	       quantity_bytes((double)p->size).text, r->lowest, r->highest);
}

static void print_chances(const struct survey *survey)
{
	static const double images[] = {2, 10, 100, 1000, 10000};
	const double even = randomness_even(survey->pair);

	printf("\nChance that images of it collide:\n");
	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++)
		printf("%8.0f images  %s\n", images[i],
		       quantity_chance(randomness_any(survey->pair, images[i]))
			       .text);
	if (isfinite(even))
		printf("One in two at %.0f images.\n", ceil(even));
}

void report_survey(const struct space *space, const struct survey *survey)
{
	printf("%s: %s, started %zu times\n", space->label,
	       report_placement(space), survey->samples);
	if (space->is_script)
		printf("A script: what is looked at is %s.\n", space->program);
	printf("\n%-12s %7s %7s %9s %9s %9s  %s\n", "", "bits", "varying",
	       "step", "span", "size", "seen");
	for (enum sample_part part = 0; part < PART_COUNT; part++)
		print_part(survey, part);
	print_chances(survey);
}
