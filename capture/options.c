/*
 * options.c - the command line of subctx-capture, and its only usage text
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/start/library.h"
#include "common/bad_option.h"
#include "common/io.h"
#include "common/text.h"

enum {
	TIMEOUT_DEFAULT_MS = 60000,
	SETTLE_DEFAULT_MS = 300,
};

enum option_value {
	OPTION_READY = 256,
	OPTION_PID,
	OPTION_FROM,
	OPTION_BASE,
	OPTION_FILE,
	OPTION_LEAVE_RUNNING,
	OPTION_KILL,
	OPTION_REMAP,
	OPTION_TIMEOUT,
	OPTION_SETTLE,
	OPTION_JSON,
	OPTION_CPU,
	OPTION_CARRY,
	OPTION_DROP,
	OPTION_INHERIT,
	OPTION_POLICY,
	OPTION_EXPLAIN,
	OPTION_AUDIT_ONLY,
	OPTION_THIN,
};

static const struct option long_options[] = {
	{"output", required_argument, NULL, 'o'},
	{"ready", required_argument, NULL, OPTION_READY},
	{"pid", required_argument, NULL, OPTION_PID},
	{"from", required_argument, NULL, OPTION_FROM},
	{"base", required_argument, NULL, OPTION_BASE},
	{"file", required_argument, NULL, OPTION_FILE},
	{"leave-running", no_argument, NULL, OPTION_LEAVE_RUNNING},
	{"kill", no_argument, NULL, OPTION_KILL},
	{"remap", no_argument, NULL, OPTION_REMAP},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"settle", required_argument, NULL, OPTION_SETTLE},
	{"thin", no_argument, NULL, OPTION_THIN},
	{"cpu", required_argument, NULL, OPTION_CPU},
	{"carry", required_argument, NULL, OPTION_CARRY},
	{"drop", required_argument, NULL, OPTION_DROP},
	{"inherit", required_argument, NULL, OPTION_INHERIT},
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"explain", required_argument, NULL, OPTION_EXPLAIN},
	{"audit-only", no_argument, NULL, OPTION_AUDIT_ONLY},
	{"json", optional_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static const char help[] =
	"Usage: subctx-capture [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
	"   or: subctx-capture [OPTION]... --pid=PID\n"
	"   or: subctx-capture [OPTION]... --from=BASE [--] [ARGUMENT]...\n"
	"Starts a service, stops it when it is ready, and writes it to a core.\n"
	"\n"
	"  -o, --output=FILE      the core; by default PROGRAM.core, in this folder\n"
	"      --ready=WHEN       when it is ready: default, marker, stop, notify,\n"
	"                         stdin, symbol:NAME, line:FILE:LINE,\n"
	"                         syscall:NAME[:FD], output:TEXT, after:SECONDS,\n"
	"                         signal:NAME\n"
	"      --timeout=SECONDS  how long that may take; 60, or 0 for ever\n"
	"      --settle=SECONDS   how long its other threads may then finish what\n"
	"                         they are at, until all of them sleep; 0.3\n"
	"      --cpu=LEVEL        have it choose its code for x86-64, x86-64-v2,\n"
	"                         x86-64-v3 or x86-64-v4, whatever this CPU can\n"
	"      --carry=KIND,...   have open descriptors made again: file, directory,\n"
	"                         device, pipe, socketpair, listener, udp, eventfd,\n"
	"                         timerfd, signalfd, epoll, inotify, memfd, stream;\n"
	"                         all; with file:any and directory:any whatever has\n"
	"                         the name then\n"
	"      --drop=FD          restores do not have this descriptor\n"
	"      --inherit=FD       restores have the restorer's of the same number\n"
	"      --policy=FILE      rules for many, one a line, the first that fits\n"
	"      --thin             leave out pages that a file has: the core needs the\n"
	"                         files that the service was loaded from, unchanged\n"
	"      --pid=PID          take a process that runs already, as it is\n"
	"      --from=BASE        restore that core, let it go on to its next ready\n"
	"                         point, and write it to another core, by default\n"
	"                         with .layer.core for the .core of its name; the\n"
	"                         ARGUMENTs are those that subctx-restore takes\n"
	"      --base=FILE        a base of BASE, where it has another place than it had\n"
	"      --file=OLD=NEW     the file OLD that BASE has no copy of is NEW now\n"
	"      --leave-running    let the service go on afterwards\n"
	"      --kill             end it afterwards, also with --pid\n"
	"      --remap            have a service that goes on share the core's memory\n"
	"      --audit-only       print what was looked at, and capture nothing\n"
	"      --explain=FD       tell the story of one descriptor: who made and closed it\n"
	"      --json[=FILE]      print the report as JSON, on standard output as the\n"
	"                         service does, or write it to FILE\n"
	"  -q, --quiet            print nothing but errors\n"
	"  -v, --verbose          print everything that was looked at\n"
	"  -h, --help             print this\n"
	"  -V, --version          print the version\n"
	"\n"
	"Exit status: 0 the core was written, 1 something failed, 2 the command\n"
	"line makes no sense, 3 the service holds what a core cannot carry.\n"
	"\n"
	"Example:  subctx-capture bc -q && echo '2 + 2' | subctx-restore bc.core\n";

/* Where options are parsed one by one; what they say about each other. */
struct parsing {
	struct options options;
	const char *core_path;
	const char *ready;
	const char *policy;
	struct policy carry;
	bool leave_running;
	bool kill;
};

static int parse_pid(struct options *options, const char *text,
		     struct error *err)
{
	const char *at = text;
	uint64_t pid;

	if (!take_decimal(&at, &pid) || *at || pid == 0 || pid > INT32_MAX)
		return error_set(err, FAULT_USAGE, "'%s' is not a process id",
				 text);
	options->pid = (pid_t)pid;
	return 0;
}

static int parse_seconds(uint64_t *ret_ms, const char *text, struct error *err)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0 && seconds <= 1e9))
		return error_set(err, FAULT_USAGE,
				 "'%s' is not a number of seconds", text);
	*ret_ms = (uint64_t)(seconds * 1000);
	return 0;
}

static int parse_cpu(struct options *options, const char *text,
		     struct error *err)
{
	options->cpu_level = cpu_level_by_name(text);
	options->cpu_name = text;
	if (options->cpu_level != CPU_LEVEL_NONE)
		return 0;
	error_set(err, FAULT_USAGE, "there is no level '%s' of CPUs", text);
	error_hint(err, "There are x86-64, x86-64-v2, x86-64-v3, x86-64-v4.");
	return -err->code;
}

/* Standard output without a file. */
static int parse_json(struct options *options, const char *path,
		      struct error *err)
{
	if (path && !path[0])
		return error_set(err, FAULT_USAGE, "'--json=' names no file");
	options->json = true;
	options->json_path = path;
	return 0;
}

static int parse_one(struct parsing *parsing, int code, struct error *err)
{
	struct options *options = &parsing->options;

	switch (code) {
	case 'o':
		parsing->core_path = optarg;
		return 0;
	case OPTION_READY:
		parsing->ready = optarg;
		return 0;
	case OPTION_PID:
		return parse_pid(options, optarg, err);
	case OPTION_FROM:
		options->base_path = optarg;
		return 0;
	case OPTION_BASE:
		return source_places_take_base(&options->places, optarg, err);
	case OPTION_FILE:
		return source_places_take_file(&options->places, optarg, err);
	case OPTION_LEAVE_RUNNING:
		parsing->leave_running = true;
		return 0;
	case OPTION_KILL:
		parsing->kill = true;
		return 0;
	case OPTION_REMAP:
		options->remap = true;
		return 0;
	case OPTION_TIMEOUT:
		return parse_seconds(&options->timeout_ms, optarg, err);
	case OPTION_SETTLE:
		return parse_seconds(&options->settle_ms, optarg, err);
	case OPTION_CPU:
		return parse_cpu(options, optarg, err);
	case OPTION_CARRY:
		return policy_add_kinds(&parsing->carry, optarg, err);
	case OPTION_DROP:
		return policy_add_fd(&options->policy, POLICY_DROP, optarg,
				     err);
	case OPTION_INHERIT:
		return policy_add_fd(&options->policy, POLICY_INHERIT, optarg,
				     err);
	case OPTION_POLICY:
		parsing->policy = optarg;
		return 0;
	case OPTION_THIN:
		options->thin = true;
		return 0;
	case OPTION_EXPLAIN:
		return text_descriptor(optarg, &options->explained, err);
	case OPTION_AUDIT_ONLY:
		options->audit_only = true;
		return 0;
	case OPTION_JSON:
		return parse_json(options, optarg, err);
	case 'q':
		options->quiet = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	default:
		options->version = true;
		return 0;
	}
}

/* The last part of a path, and how much of it comes before @end. */
static const char *last_part(const char *path, const char *end, int *ret_length)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const size_t length = strlen(name);
	const size_t rest = strlen(end);

	*ret_length = (int)length;
	if (length > rest && strcmp(name + length - rest, end) == 0)
		*ret_length = (int)(length - rest);
	return name;
}

/* A service library that the launcher loads, when that is what is restored. */
static bool is_library(const char *name)
{
	struct error ignored = {0};
	bool is = false;

	return name && library_find(name, &is, &ignored) == 0 && is;
}

static int name_core(struct parsing *parsing, struct error *err)
{
	struct options *options = &parsing->options;
	char comm[64] = "process";
	char exe[PATH_MAX];
	char path[64];
	const char *program = options->pid ? comm : options->service_argv[0];
	const char *end = ".core";
	int length, stem;

	snprintf(path, sizeof(path), "/proc/%d/exe", options->pid);
	if (options->pid && io_read_link(path, exe, sizeof(exe)) == 0)
		program = exe;
	if (options->base_path && !is_library(options->service_argv[0])) {
		program = last_part(options->base_path, end, &stem);
		end = ".layer.core";
	} else {
		program = last_part(program, "", &stem);
	}
	if (parsing->core_path)
		length =
			snprintf(options->core_path, sizeof(options->core_path),
				 "%s", parsing->core_path);
	else
		length =
			snprintf(options->core_path, sizeof(options->core_path),
				 "%.*s%s", stem, program, end);
	if (length == 0 || length >= (int)sizeof(options->core_path))
		return error_set(err, FAULT_USAGE,
				 "the name of the core is empty or too long");
	return 0;
}

/* The first rule that fits decides, so the more special ones come first. */
static int make_policy(struct parsing *parsing, struct error *err)
{
	struct policy *policy = &parsing->options.policy;
	int r = 0;

	if (parsing->policy)
		r = policy_read(policy, parsing->policy, err);
	if (r == 0)
		r = policy_append_kinds(policy, &parsing->carry, err);
	return r;
}

static int check_places(const struct options *options, struct error *err)
{
	const struct source_places *places = &options->places;

	if (options->base_path ||
	    (places->base_count == 0 && places->moved_count == 0))
		return 0;
	error_set(err, FAULT_USAGE,
		  "--base and --file are for a service that is restored: with "
		  "--from");
	error_hint(err, "They say where something is now that the core of "
			"--from needs.");
	return -err->code;
}

/* What only makes sense together, or not. */
static int conclude(struct parsing *parsing, struct error *err)
{
	struct options *options = &parsing->options;

	if (!options->pid && !options->base_path && !options->service_argv[0]) {
		error_set(err, FAULT_USAGE, "there is no program to start");
		error_hint(err, "Name one, such as 'subctx-capture ./svc', or "
				"a process with --pid.");
		return -err->code;
	}
	if (check_places(options, err) < 0)
		return -err->code;
	if (options->pid && options->base_path)
		return error_set(err, FAULT_USAGE,
				 "--pid and --from exclude each other");
	if (options->pid && options->service_argv[0])
		return error_set(err, FAULT_USAGE,
				 "there are both a process and a program, "
				 "'%s'",
				 options->service_argv[0]);
	if (options->cpu_level != CPU_LEVEL_NONE &&
	    (options->pid || options->base_path))
		return error_set(err, FAULT_USAGE,
				 "--cpu is for a program that is started: a "
				 "process has chosen already");
	if (parsing->kill && parsing->leave_running)
		return error_set(err, FAULT_USAGE,
				 "--kill and --leave-running exclude each "
				 "other");
	options->live_on =
		options->pid ? !parsing->kill : parsing->leave_running;
	if (options->remap && !options->live_on)
		return error_set(err, FAULT_USAGE,
				 "--remap is for a service that goes on: with "
				 "--pid or --leave-running");
	options->ready = ready_now();
	if (!options->pid || parsing->ready) {
		int r = ready_parse(&options->ready,
				    parsing->ready ? parsing->ready : "default",
				    err);

		if (r < 0)
			return r;
	}
	/* What is meant to take long has that time before it counts. */
	if (options->timeout_ms)
		options->timeout_ms += options->ready.after_ms;
	return name_core(parsing, err);
}

void options_deinit(struct options *options)
{
	policy_deinit(&options->policy);
}

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err)
{
	struct parsing parsing = {
		.options = {.timeout_ms = TIMEOUT_DEFAULT_MS,
			    .settle_ms = SETTLE_DEFAULT_MS,
			    .explained = -1},
	};
	int r = 0;
	int code;

	opterr = 0;
	while (r == 0 && (code = getopt_long(argc, argv, "+:o:qvhV",
					     long_options, NULL)) != -1) {
		if (code == '?' || code == ':')
			r = bad_option(err, argc, argv, code,
				       "--help lists the options; those of the "
				       "service stand behind its name.");
		else
			r = parse_one(&parsing, code, err);
	}
	parsing.options.service_argv = argv + optind;
	if (r == 0 && !parsing.options.help && !parsing.options.version)
		r = conclude(&parsing, err);
	if (r == 0)
		r = make_policy(&parsing, err);
	if (r == 0) {
		*ret_options = parsing.options;
		return 0;
	}
	policy_deinit(&parsing.carry);
	options_deinit(&parsing.options);
	return r;
}

void options_print_help(void)
{
	fputs(help, stdout);
}

void options_print_version(void)
{
	puts("subctx-capture " SUBCTX_VERSION);
}
