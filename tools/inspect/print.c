/*
 * print.c - what was found out about a core, for people
 */
#include "print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "print_parts.h"

enum {
	LABEL_WIDTH = 11,
};

/* Without memory there is no command line. */
static char *join_arguments(const json_t *words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < json_array_size(words); i++)
		fprintf(out, "%s%s", i > 0 ? " " : "",
			json_string_value(json_array_get(words, i)));
	if (out)
		fclose(out);
	return text;
}

static void print_service(const struct paper *paper, const json_t *inspection)
{
	cleanup_heap char *command =
		join_arguments(json_object_get(inspection, "arguments"));
	const char *kernel = print_text_of(inspection, "kernel");
	const char *copied = print_text_of(inspection, "copied_because_of");

	paper_words(paper, 0, "%s: %s", print_text_of(inspection, "core"),
		    command ? command : "");
	paper_entry(paper, LABEL_WIDTH, "program", "%s, process %" PRIu64,
		    print_text_of(inspection, "program"),
		    print_number_of(inspection, "pid"));
	paper_entry(paper, LABEL_WIDTH, "captured", "%s, %s",
		    print_text_of(inspection, "captured"),
		    print_text_of(inspection, "ready"));
	paper_entry(paper, LABEL_WIDTH, "kernel", "Linux %s", kernel);
	paper_entry(paper, LABEL_WIDTH, "processor", "%s",
		    print_text_of(inspection, "processor"));
	if (copied[0])
		paper_entry(paper, LABEL_WIDTH, "memory",
			    "copied at a restore, because of %s", copied);
}

static void print_file(const struct paper *paper, const json_t *inspection)
{
	char size[PRINT_SIZE_MAX], stored[PRINT_SIZE_MAX];
	const json_t *pages = json_object_get(inspection, "working_set");

	print_size(size, print_number_of(inspection, "size"));
	print_size(stored, print_number_of(inspection, "stored"));
	paper_entry(paper, LABEL_WIDTH, "file",
		    "%s, of which %s are stored; format %" PRIu64, size, stored,
		    print_number_of(inspection, "format"));
	if (json_is_object(pages))
		paper_entry(paper, LABEL_WIDTH, "recorded",
			    "%" PRIu64 " pages in %" PRIu64
			    " ranges for a first request",
			    print_number_of(pages, "pages"),
			    print_number_of(pages, "ranges"));
	else
		paper_entry(paper, LABEL_WIDTH, "recorded",
			    "no pages for a first request "
			    "(subctx-restore --record)");
}

/* By what it is known, briefly. */
static void print_need(const struct paper *paper, const char *label,
		       const json_t *need)
{
	const char *digest = print_text_of(need, "digest");
	const char *id = print_text_of(need, "build_id");
	char bytes[PRINT_SIZE_MAX];

	print_size(bytes, print_number_of(need, "bytes"));
	paper_entry(paper, LABEL_WIDTH, label, "%s of %s%s%s%s%s", bytes,
		    print_text_of(need, "name"), digest[0] ? ", digest " : "",
		    digest, id[0] ? ", build ID " : "", id);
}

static void print_needs(const struct paper *paper, const json_t *needs)
{
	for (size_t i = 0; i < json_array_size(needs); i++)
		print_need(paper, i == 0 ? "needs" : "",
			   json_array_get(needs, i));
}

static void print_lacks(const struct paper *paper, const json_t *lacks)
{
	if (json_array_size(lacks) == 0)
		paper_entry(paper, LABEL_WIDTH, "here", "can be restored");
	for (size_t i = 0; i < json_array_size(lacks); i++) {
		const json_t *lack = json_array_get(lacks, i);

		paper_entry(paper, LABEL_WIDTH, i == 0 ? "here" : "",
			    "cannot be restored: %s",
			    print_text_of(lack, "what"));
		if (json_object_get(lack, "hint"))
			paper_entry(paper, LABEL_WIDTH, "", "%s",
				    print_text_of(lack, "hint"));
	}
}

void print_inspection(const struct paper *paper, const json_t *inspection)
{
	print_service(paper, inspection);
	print_file(paper, inspection);
	print_needs(paper, json_object_get(inspection, "needs"));
	print_lacks(paper, json_object_get(inspection, "lacks"));
	print_threads(paper, json_object_get(inspection, "threads"));
	print_findings(paper, json_object_get(inspection, "findings"));
	print_mappings(paper, json_object_get(inspection, "mappings"));
}

/* @base: what it is of, if not of the core that was asked for */
static void print_damage(const struct paper *paper, const json_t *damage,
			 const char *base)
{
	const char *name = print_text_of(damage, "name");
	const char *in = base[0] ? " in " : "";

	if (json_object_get(damage, "memfd"))
		paper_entry(paper, LABEL_WIDTH, "damaged", "memfd '%s'%s%s",
			    print_text_of(damage, "memfd"), in, base);
	else
		paper_entry(paper, LABEL_WIDTH, "damaged", "%s-%s%s%s%s%s",
			    print_text_of(damage, "start"),
			    print_text_of(damage, "end"), name[0] ? " " : "",
			    name, in, base);
}

static void print_damages(const struct paper *paper, const json_t *verification)
{
	const json_t *list = json_object_get(verification, "damaged");

	for (size_t i = 0; i < json_array_size(list); i++)
		print_damage(paper, json_array_get(list, i),
			     print_text_of(verification, "name"));
}

static const char *verdict_on(const json_t *verification)
{
	return json_array_size(json_object_get(verification, "damaged")) == 0
		       ? "all as captured"
		       : "some of them damaged";
}

static void print_base(const struct paper *paper, const json_t *base)
{
	char size[PRINT_SIZE_MAX];

	print_size(size, print_number_of(base, "bytes"));
	paper_entry(paper, LABEL_WIDTH, "base",
		    "%s: %" PRIu64 " pieces of memory, %s, %s",
		    print_text_of(base, "name"),
		    print_number_of(base, "checked"), size, verdict_on(base));
	print_damages(paper, base);
}

static void print_unread(const struct paper *paper, const json_t *unread)
{
	const uint64_t files = print_number_of(unread, "files");
	char size[PRINT_SIZE_MAX];

	if (files == 0)
		return;
	print_size(size, print_number_of(unread, "bytes"));
	paper_entry(paper, LABEL_WIDTH, "not read",
		    "%s in %" PRIu64
		    " other file%s, known by build ID or date alone",
		    size, files, files == 1 ? "" : "s");
}

void print_verification(const struct paper *paper, const char *core_path,
			const json_t *verification)
{
	const json_t *bases = json_object_get(verification, "bases");
	char size[PRINT_SIZE_MAX];

	print_size(size, print_number_of(verification, "bytes"));
	paper_words(paper, 0, "%s: %" PRIu64 " pieces of memory, %s, %s",
		    core_path, print_number_of(verification, "checked"), size,
		    verdict_on(verification));
	print_damages(paper, verification);
	for (size_t i = 0; i < json_array_size(bases); i++)
		print_base(paper, json_array_get(bases, i));
	print_unread(paper, json_object_get(verification, "unread"));
}
