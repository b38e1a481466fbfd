/*
 * inherited.c - descriptors that the caller offers for those of the core
 */
#include "inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/core_record.h"
#include "common/text.h"

enum {
	LISTEN_FIRST = 3, /* SD_LISTEN_FDS_START */
};

static int find_file(const struct core *core, int number)
{
	for (size_t i = 0; i < core->descriptor_count; i++)
		if (core->descriptors[i].fd == (uint32_t)number)
			return (int)core->descriptors[i].file;
	return -1;
}

static int take_number(struct inherited *inherited, const struct core *core,
		       int number, struct error *err)
{
	int file = find_file(core, number);

	if (file < 0) {
		error_set(err, FAULT_USAGE,
			  "cannot inherit fd %d: the service has none of that "
			  "number",
			  number);
		error_hint(err, "--dry-run lists those that it has.");
		return -err->code;
	}
	if (fcntl(number, F_GETFD) < 0)
		return error_system(err, errno, "cannot inherit fd %d", number);
	inherited->fds[file] = number;
	return 0;
}

static bool has_address(const struct core *core, const struct core_file *file,
			int fd)
{
	struct core_record_cursor at = core_file_records(core, file);
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	struct core_record record;
	const void *bytes;

	if (getsockname(fd, (void *)&address, &size) < 0)
		return false;
	while (core_record_next(&at, &record, &bytes))
		if (record.level == CORE_RECORD_ADDRESS)
			return record.size == size &&
			       memcmp(bytes, &address, size) == 0;
	return false;
}

static int ask(int fd, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, &value, &size);
	return value;
}

static bool is_alike(const struct core_file *file, int fd)
{
	return file->values[0] == (uint64_t)ask(fd, SO_DOMAIN) &&
	       file->values[1] == (uint64_t)ask(fd, SO_TYPE);
}

/* First by address, then by kind; each listener takes one. */
static bool offer(struct inherited *inherited, const struct core *core, int fd,
		  bool by_address)
{
	for (size_t i = 0; i < core->file_count; i++) {
		const struct core_file *file = &core->files[i];

		if (file->kind != CORE_FILE_SOCKET || inherited->fds[i] >= 0 ||
		    !is_alike(file, fd))
			continue;
		if (by_address && !has_address(core, file, fd))
			continue;
		inherited->fds[i] = fd;
		return true;
	}
	return false;
}

static uint64_t read_variable(const char *name)
{
	const char *text = getenv(name);
	uint64_t value;

	return text && take_decimal(&text, &value) && !*text ? value : 0;
}

static int take_listeners(struct inherited *inherited, const struct core *core,
			  struct error *err)
{
	const uint64_t count = read_variable("LISTEN_FDS");

	if (core->file_count == 0 || count == 0 || count > INT16_MAX ||
	    read_variable("LISTEN_PID") != (uint64_t)getpid())
		return 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < (int)count; i++) {
			int fd = LISTEN_FIRST + i;
			bool is_used = false;

			for (size_t k = 0; k < core->file_count; k++)
				is_used |= inherited->fds[k] == fd;
			if (is_used || offer(inherited, core, fd, pass == 0) ||
			    pass == 0)
				continue;
			return error_set(err, FAULT_USAGE,
					 "cannot use fd %d of $LISTEN_FDS: the "
					 "service has no such listener",
					 fd);
		}
	return 0;
}

int inherited_find(struct inherited *ret_inherited, const struct core *core,
		   const int *numbers, size_t count, struct error *err)
{
	struct inherited inherited = {0};
	int r = 0;

	if (core->file_count > 0) {
		inherited.fds = malloc(core->file_count * sizeof(int));
		if (!inherited.fds)
			return error_system(err, ENOMEM,
					    "cannot keep descriptors");
		memset(inherited.fds, 0xff, core->file_count * sizeof(int));
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = take_number(&inherited, core, numbers[i], err);
	if (r == 0)
		r = take_listeners(&inherited, core, err);
	if (r < 0)
		inherited_deinit(&inherited);
	else
		*ret_inherited = inherited;
	return r;
}

void inherited_deinit(struct inherited *inherited)
{
	free(inherited->fds);
	*inherited = (struct inherited){0};
}
