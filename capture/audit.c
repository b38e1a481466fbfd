/*
 * audit.c - a verdict on everything that is bound to the service
 */
#include "audit.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/blame/blame.h"

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

void audit_identify(struct audit *audit, enum resource_kind kind, int64_t id)
{
	struct finding *finding;

	if (audit->count == 0)
		return;
	finding = &audit->items[audit->count - 1];
	assert(finding->resource_count < FINDING_RESOURCES);
	finding->resources[finding->resource_count++] =
		(struct resource){.kind = kind, .id = id};
}

void audit_offer(struct audit *audit, const char *kind)
{
	struct finding *finding;

	if (audit->count == 0)
		return;
	finding = &audit->items[audit->count - 1];
	snprintf(finding->offer, sizeof(finding->offer), "%s", kind);
}

void audit_move(struct audit *to, struct audit *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct finding *f = &from->items[i];

		audit_add(to, f->verdict, f->subject, "%s", f->what);
		if (f->remedy[0])
			audit_remedy(to, "%s", f->remedy);
		if (f->offer[0])
			audit_offer(to, f->offer);
		for (size_t k = 0; k < f->resource_count; k++)
			audit_identify(to, f->resources[k].kind,
				       f->resources[k].id);
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

static bool was_offered(const struct audit *audit, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (audit->items[k].verdict == VERDICT_REFUSED &&
		    strcmp(audit->items[k].offer, audit->items[i].offer) == 0)
			return true;
	return false;
}

void audit_offers(const struct audit *audit, char ret_text[AUDIT_OFFERS])
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < audit->count; i++) {
		const struct finding *f = &audit->items[i];

		if (f->verdict != VERDICT_REFUSED || was_offered(audit, i))
			continue;
		if (!f->offer[0]) {
			ret_text[0] = '\0';
			return;
		}
		used += (size_t)snprintf(ret_text + used, AUDIT_OFFERS - used,
					 "%s%s", used ? "," : "", f->offer);
	}
}

bool audit_refuses(const struct audit *audit, const char *service,
		   struct error *err)
{
	size_t refused = audit_refused(audit);
	char offers[AUDIT_OFFERS];

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
	audit_offers(audit, offers);
	if (refused > 0 && offers[0])
		error_hint(err, "--carry=%s would carry all of that.", offers);
	return audit->is_incomplete || refused > 0;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_RESTORED] = "restored", [VERDICT_REBOUND] = "rebound",
		[VERDICT_CARRIED] = "carried",	 [VERDICT_DROPPED] = "dropped",
		[VERDICT_WIPED] = "wiped",	 [VERDICT_NOTED] = "noted",
		[VERDICT_REFUSED] = "refused",
	};

	return names[verdict];
}

void audit_deinit(struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++)
		for (size_t k = 0; k < FINDING_RESOURCES; k++)
			blame_free(audit->items[i].resources[k].blame);
	free(audit->items);
	*audit = (struct audit){0};
}
