/*
 * print_mappings.c - the memory of a service as a table
 */
#include <stdbool.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "print_parts.h"

/* "heap, locked": what holds for it, and its advice; allocated. */
static char *join_words(const json_t *mapping)
{
	static const char *const keys[] = {"flags", "advice"};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool is_first = true;

	for (size_t i = 0; out && i < sizeof(keys) / sizeof(*keys); i++) {
		const json_t *words = json_object_get(mapping, keys[i]);

		for (size_t k = 0; k < json_array_size(words); k++) {
			const json_t *word = json_array_get(words, k);

			fprintf(out, "%s%s", is_first ? "" : ", ",
				json_string_value(word));
			is_first = false;
		}
	}
	if (out)
		fclose(out);
	return text;
}

static void print_mapping(const struct paper *paper, const json_t *mapping)
{
	const char *name = print_text_of(mapping, "name");
	cleanup_heap char *words = join_words(mapping);
	const bool has_words = words && words[0];
	char size[PRINT_SIZE_MAX], stored[PRINT_SIZE_MAX];

	print_size(size, print_number_of(mapping, "size"));
	print_size(stored, print_number_of(mapping, "stored"));
	paper_line(paper, "  %-14s %9s %9s  %-9s  %s%s%s%s%s%s",
		   print_text_of(mapping, "start"), size, stored,
		   print_text_of(mapping, "kind"),
		   print_text_of(mapping, "protection"), name[0] ? "  " : "",
		   name, has_words ? "  (" : "", has_words ? words : "",
		   has_words ? ")" : "");
}

void print_mappings(const struct paper *paper, const json_t *mappings)
{
	const size_t count = json_array_size(mappings);
	char size[PRINT_SIZE_MAX], stored[PRINT_SIZE_MAX];
	uint64_t sizes = 0, bytes = 0;

	for (size_t i = 0; i < count; i++) {
		const json_t *mapping = json_array_get(mappings, i);

		sizes += print_number_of(mapping, "size");
		bytes += print_number_of(mapping, "stored");
	}
	paper_gap(paper);
	paper_line(paper, "%zu mappings, %s, of which %s are stored", count,
		   print_size(size, sizes), print_size(stored, bytes));
	paper_line(paper, "  %-14s %9s %9s  %-9s  %s", "start", "size",
		   "stored", "kind", "may  name");
	for (size_t i = 0; i < count; i++)
		print_mapping(paper, json_array_get(mappings, i));
}
