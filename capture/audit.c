/*
 * audit.c - a verdict on everything that is bound to the service
 */
#include "audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(struct audit *audit)
{
	size_t capacity = audit->capacity ? audit->capacity * 2 : 32;
	struct finding *items;

	if (audit->count < audit->capacity)
		return true;
	items = realloc(audit->items, capacity * sizeof(*items));
	if (!items)
		return false;
	audit->items = items;
	audit->capacity = capacity;
	return true;
}

void audit_add(struct audit *audit, enum verdict verdict, const char *subject,
	       const char *what, ...)
{
	struct finding *finding;
	va_list args;

	if (!make_room(audit)) {
		audit->is_incomplete = true;
		return;
	}
	finding = &audit->items[audit->count++];
	*finding = (struct finding){.verdict = verdict};
	snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	va_start(args, what);
	vsnprintf(finding->what, sizeof(finding->what), what, args);
	va_end(args);
}

void audit_remedy(struct audit *audit, const char *remedy, ...)
{
	struct finding *finding;
	va_list args;

	if (audit->count == 0)
		return;
	finding = &audit->items[audit->count - 1];
	va_start(args, remedy);
	vsnprintf(finding->remedy, sizeof(finding->remedy), remedy, args);
	va_end(args);
}

void audit_move(struct audit *to, struct audit *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct finding *f = &from->items[i];

		audit_add(to, f->verdict, f->subject, "%s", f->what);
		if (f->remedy[0])
			audit_remedy(to, "%s", f->remedy);
	}
	to->is_incomplete |= from->is_incomplete;
	audit_deinit(from);
}

size_t audit_refused(const struct audit *audit)
{
	size_t refused = 0;

	for (size_t i = 0; i < audit->count; i++)
		refused += audit->items[i].verdict == VERDICT_REFUSED;
	return refused;
}

bool audit_refuses(const struct audit *audit, const char *service,
		   struct error *err)
{
	size_t refused = audit_refused(audit);

	if (audit->is_incomplete)
		error_set(err, FAULT_SYSTEM,
			  "cannot capture '%s': there was no memory for its "
			  "audit",
			  service);
	else if (refused > 0)
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot capture '%s': %zu of its %zu resources "
			  "cannot be carried; nothing was written",
			  service, refused, audit->count);
	return audit->is_incomplete || refused > 0;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_RESTORED] = "restored", [VERDICT_REBOUND] = "rebound",
		[VERDICT_WIPED] = "wiped",	 [VERDICT_NOTED] = "noted",
		[VERDICT_REFUSED] = "refused",
	};

	return names[verdict];
}

void audit_deinit(struct audit *audit)
{
	free(audit->items);
	*audit = (struct audit){0};
}
