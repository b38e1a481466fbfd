/*
 * audit.h - a verdict on everything that is bound to the service
 *
 * Whoever looks at one part of the process adds findings; nothing is decided
 * anywhere else.  A service is captured when no finding says VERDICT_REFUSED.
 */
#ifndef CAPTURE_AUDIT_H
#define CAPTURE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/blame/resource_calls.h"
#include "common/error.h"

enum verdict {
	VERDICT_RESTORED, /* the core holds it, restore makes it again */
	VERDICT_REBOUND,  /* the restorer's own takes its place */
	VERDICT_CARRIED,  /* the same of what is carried on request only */
	VERDICT_DROPPED,  /* restores do not have it, as the user wants */
	VERDICT_WIPED,	  /* comes back as zeros, as after fork(2) */
	VERDICT_NOTED,	  /* carried, but the user should know */
	VERDICT_REFUSED,  /* cannot be carried; nothing is written */
};

struct blame;

enum {
	FINDING_RESOURCES = 2, /* a descriptor, and the lock on it */
	AUDIT_OFFERS = 512,    /* more than all kinds together */
};

/* @blame: who made it, or NULL; owned */
struct resource {
	enum resource_kind kind;
	int64_t id;
	struct blame *blame;
};

/*
 * @subject: which one, as reports and refusals name it: "fd 5", "thread 4711",
 *	"timer 0", "mapping 0x7f…-0x7f…"
 * @what: what it is: "TCP connection to 127.0.0.1:5432"
 * @offer: for a refusal, the kind for --carry that would accept it, or ""
 * @remedy: a whole sentence that says what to do about it, or ""
 * @resources: which they are, where somebody may have made them
 */
struct finding {
	enum verdict verdict;
	char subject[64];
	char what[512];
	char remedy[256];
	char offer[16];
	struct resource resources[FINDING_RESOURCES];
	size_t resource_count;
};

struct audit {
	struct finding *items;
	size_t count;
	size_t capacity;
	bool is_incomplete;
};

/*
 * Adds one finding; @what is made as by printf(3).  When memory runs out the
 * finding is lost but audit_refuses() will say so: an audit never passes
 * because it could not be written down.
 */
void audit_add(struct audit *audit, enum verdict verdict, const char *subject,
	       const char *what, ...) __attribute__((format(printf, 4, 5)));
/* Says what to do about the finding that was added last. */
void audit_remedy(struct audit *audit, const char *remedy, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Says which resource the finding is about that was added last; one more, if
 * that was said before.
 */
void audit_identify(struct audit *audit, enum resource_kind kind, int64_t id);
/* Says that --carry=@kind would accept the finding that was added last. */
void audit_offer(struct audit *audit, const char *kind);

/* Adds the findings of @from, which is empty afterwards. */
void audit_move(struct audit *to, struct audit *from);

/* How many findings are refused. */
size_t audit_refused(const struct audit *audit);

/* "file,pipe": what --carry would need to accept all that is refused, or "". */
void audit_offers(const struct audit *audit, char ret_text[AUDIT_OFFERS]);

/*
 * Whether anything is refused.  Fills @err with "N of its M resources cannot
 * be carried; nothing was written", with a hint if --carry would do.
 */
bool audit_refuses(const struct audit *audit, const char *service,
		   struct error *err);
const char *verdict_name(enum verdict verdict);

void audit_deinit(struct audit *audit);

#endif
