/*
 * policy.c - what the user wants to become of descriptors
 */
#include "policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

static const char any_suffix[] = ":any";
static const char blanks[] = " \t\r";

static int add(struct policy *policy, struct policy_rule rule,
	       struct error *err)
{
	struct policy_rule *rules =
		realloc(policy->rules, (policy->count + 1) * sizeof(*rules));

	if (!rules)
		return error_system(err, ENOMEM, "cannot keep the rules");
	policy->rules = rules;
	policy->rules[policy->count++] = rule;
	return 0;
}

static int unknown_kind(const char *word, size_t length, struct error *err)
{
	char names[256] = "";
	const char *name;

	for (size_t i = 0; (name = carry_kind_name(i)); i++) {
		strncat(names, " ", sizeof(names) - strlen(names) - 1);
		strncat(names, name, sizeof(names) - strlen(names) - 1);
	}
	error_set(err, FAULT_USAGE, "there is no kind '%.*s' of descriptors",
		  (int)length, word);
	error_hint(err, "There are%s; file:any and directory:any; and all.",
		   names);
	return -err->code;
}

/* "file" of a longer text; ":any" makes another action of carrying. */
static int find_kind(const char *word, size_t length, struct policy_rule *rule,
		     struct error *err)
{
	const size_t tail = strlen(any_suffix);
	size_t rest = length;
	const char *name;

	if (length == strlen("all") && strncmp(word, "all", length) == 0) {
		rule->kind = NULL;
		return 0;
	}
	if (rule->action == POLICY_CARRY && length > tail &&
	    strncmp(word + length - tail, any_suffix, tail) == 0)
		rest -= tail;
	for (size_t i = 0; (name = carry_kind_name(i)); i++) {
		if (strlen(name) != rest || strncmp(word, name, rest) != 0)
			continue;
		if (rest < length && !carry_kind_has_path(i))
			break;
		rule->kind = name;
		if (rest < length)
			rule->action = POLICY_CARRY_ANY;
		return 0;
	}
	return unknown_kind(word, length, err);
}

int policy_add_kinds(struct policy *policy, const char *text, struct error *err)
{
	int r = 0;

	while (r == 0) {
		struct policy_rule rule = {.action = POLICY_CARRY, .fd = -1};
		size_t length = strcspn(text, ",");

		r = find_kind(text, length, &rule, err);
		if (r == 0)
			r = add(policy, rule, err);
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	return r;
}

int policy_add_fd(struct policy *policy, enum policy_action action,
		  const char *text, struct error *err)
{
	struct policy_rule rule = {.action = action};
	int r = text_descriptor(text, &rule.fd, err);

	return r < 0 ? r : add(policy, rule, err);
}

static bool find_action(const char *word, enum policy_action *ret_action)
{
	static const char *const names[] = {
		[POLICY_REFUSE] = "refuse",
		[POLICY_CARRY] = "carry",
		[POLICY_DROP] = "drop",
		[POLICY_INHERIT] = "inherit",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && strcmp(names[i], word) == 0) {
			*ret_action = (enum policy_action)i;
			return true;
		}
	return false;
}

/* The words of one line; the last may have blanks in it. */
static int parse_rule(struct policy *policy, const char *action,
		      const char *kind, const char *pattern, struct error *err)
{
	struct policy_rule rule = {.fd = -1};
	int r = 0;

	if (!find_action(action, &rule.action)) {
		error_set(err, FAULT_USAGE, "there is no action '%s'", action);
		error_hint(err, "There are carry, drop, inherit, refuse.");
		return -err->code;
	}
	if (!kind[0])
		return error_set(err, FAULT_USAGE,
				 "'%s' wants a kind of descriptors", action);
	if (strcmp(kind, "fd") == 0)
		r = text_descriptor(pattern, &rule.fd, err);
	else
		r = find_kind(kind, strlen(kind), &rule, err);
	if (r == 0 && rule.fd < 0 && pattern[0]) {
		rule.pattern = strdup(pattern);
		if (!rule.pattern)
			return error_system(err, ENOMEM,
					    "cannot keep the rules");
	}
	if (r == 0)
		r = add(policy, rule, err);
	if (r < 0)
		free(rule.pattern);
	return r;
}

/* Ends the word at @at, and returns what comes behind it. */
static char *cut_word(char *at)
{
	char *end = at + strcspn(at, blanks);

	if (*end == '\0')
		return end;
	*end++ = '\0';
	return end + strspn(end, blanks);
}

int policy_parse(struct policy *policy, const char *path, char *text,
		 struct error *err)
{
	size_t number = 0;
	int r = 0;

	while (r == 0 && *text) {
		char *line = text + strspn(text, blanks);
		char *end = line + strcspn(line, "\n");
		char *kind;

		text = *end ? end + 1 : end;
		while (end > line && strchr(blanks, end[-1]))
			end--;
		*end = '\0';
		number++;
		if (*line == '\0' || *line == '#')
			continue;
		kind = cut_word(line);
		r = parse_rule(policy, line, kind, cut_word(kind), err);
		if (r < 0)
			error_context(err, "line %zu of '%s'", number, path);
	}
	return r;
}

int policy_read(struct policy *policy, const char *path, struct error *err)
{
	cleanup_heap char *text = NULL;
	size_t size;
	int r = io_read_file(path, &text, &size);

	if (r < 0)
		return error_system(err, -r, "cannot read '%s'", path);
	if (memchr(text, '\0', size))
		return error_set(err, FAULT_USAGE, "'%s' is not a text", path);
	return policy_parse(policy, path, text, err);
}

/* Those of @from that are of @action. */
static int append_action(struct policy *to, const struct policy *from,
			 enum policy_action action, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->count; i++)
		if (from->rules[i].action == action)
			r = add(to, from->rules[i], err);
	return r;
}

int policy_append_kinds(struct policy *to, struct policy *kinds,
			struct error *err)
{
	int r = append_action(to, kinds, POLICY_CARRY_ANY, err);

	if (r == 0)
		r = append_action(to, kinds, POLICY_CARRY, err);
	policy_deinit(kinds);
	return r;
}

enum policy_action policy_decide(const struct policy *policy, int fd,
				 const char *kind, const char *object)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->fd >= 0 && rule->fd != fd)
			continue;
		if (rule->kind && (!kind || strcmp(rule->kind, kind) != 0))
			continue;
		if (rule->pattern && fnmatch(rule->pattern, object, 0) != 0)
			continue;
		return rule->action;
	}
	return POLICY_REFUSE;
}

void policy_deinit(struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		free(policy->rules[i].pattern);
	free(policy->rules);
	*policy = (struct policy){0};
}
