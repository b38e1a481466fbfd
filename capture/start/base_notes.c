/*
 * base_notes.c - what the report of a base says that is true of its layers, too
 */
#include "base_notes.h"

#include <gelf.h>
#include <jansson.h>
#include <string.h>

#include "common/core_format.h"
#include "common/text.h"

/* Not what it was doing at the moment of its capture. */
static const char *const lasting[] = {
	"CPU",
	"process id",
	"program",
	"randomness",
};

static const char prefix[] = "in the base, ";

static bool is_report(const GElf_Nhdr *note, const char *owner)
{
	return note->n_type == CORE_NOTE_AUDIT &&
	       note->n_namesz == sizeof(CORE_NOTE_OWNER) &&
	       memcmp(owner, CORE_NOTE_OWNER, sizeof(CORE_NOTE_OWNER)) == 0;
}

/* NULL where there is none. */
static json_t *find_report(Elf_Data *notes)
{
	size_t at = 0, owner, contents;
	GElf_Nhdr note;

	while (notes &&
	       (at = gelf_getnote(notes, at, &note, &owner, &contents)) > 0) {
		const char *bytes = notes->d_buf;

		if (is_report(&note, bytes + owner))
			return json_loadb(bytes + contents, note.n_descsz, 0,
					  NULL);
	}
	return NULL;
}

static json_t *read_report(int fd)
{
	GElf_Phdr head;
	json_t *report = NULL;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && gelf_getphdr(elf, 0, &head))
		report = find_report(
			elf_getdata_rawchunk(elf, (int64_t)head.p_offset,
					     head.p_filesz, ELF_T_NHDR));
	elf_end(elf);
	return report;
}

/* Of a base of a base it is said as shortly. */
static void take_finding(struct audit *audit, const char *subject,
			 const char *what)
{
	take_word(&what, prefix);
	for (size_t i = 0; i < sizeof(lasting) / sizeof(*lasting); i++)
		if (strcmp(subject, lasting[i]) == 0)
			audit_add(audit, VERDICT_NOTED, subject, "%s%s", prefix,
				  what);
}

void base_notes_take(int fd, struct audit *audit)
{
	json_t *report = read_report(fd);
	json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, finding)
	{
		const char *verdict, *subject, *what;

		if (json_unpack(finding, "{s:s, s:s, s:s}", "verdict", &verdict,
				"subject", &subject, "what", &what) == 0 &&
		    strcmp(verdict, verdict_name(VERDICT_NOTED)) == 0)
			take_finding(audit, subject, what);
	}
	json_decref(report);
}
