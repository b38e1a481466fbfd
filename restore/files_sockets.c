/*
 * files_sockets.c - pipes, pairs and sockets, and what is in them
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/core_record.h"
#include "files_kinds.h"

enum {
	ADDRESS_SIZE = 160,
	WITH_NAME = offsetof(struct sockaddr_un, sun_path),
};

/* Writes what @file is to read into @fd, its other end. */
static int put_messages(const struct core *core, const struct core_file *file,
			int fd)
{
	struct core_record_cursor at = core_file_records(core, file);
	struct core_record record;
	const void *bytes;

	while (core_record_next(&at, &record, &bytes)) {
		ssize_t done;

		if (record.level != CORE_RECORD_MESSAGE)
			continue;
		done = file->kind == CORE_FILE_PIPE
			       ? write(fd, bytes, record.size)
			       : send(fd, bytes, record.size, MSG_NOSIGNAL);
		if (done != (ssize_t)record.size)
			return done < 0 ? -errno : -EMSGSIZE;
	}
	return 0;
}

static int set_options(const struct core *core, const struct core_file *file,
		       int fd, struct error *err)
{
	struct core_record_cursor at = core_file_records(core, file);
	struct core_record record;
	const void *bytes;

	while (core_record_next(&at, &record, &bytes))
		if (record.level < CORE_RECORD_MESSAGE &&
		    setsockopt(fd, (int)record.level, (int)record.option, bytes,
			       record.size) < 0)
			return error_system(err, errno,
					    "cannot set option %u of level %u",
					    record.option, record.level);
	return 0;
}

/* What could not be read at once were packets (O_DIRECT of pipe2(2)). */
static int packets(const struct core *core, const struct core_file *reader)
{
	struct core_record_cursor at = core_file_records(core, reader);
	struct core_record record;
	const void *bytes;
	size_t count = 0;

	while (core_record_next(&at, &record, &bytes))
		count++;
	return count > 1 ? O_DIRECT : 0;
}

/* While it is filled nothing may block: what does not fit is an error. */
static int fill_pipe(const struct core *core, const struct core_file *reader,
		     const struct core_file *writer, const int ends[2],
		     struct error *err)
{
	int r = 0;

	if (fcntl(ends[1], F_GETPIPE_SZ) != (int)reader->values[0] &&
	    fcntl(ends[1], F_SETPIPE_SZ, (int)reader->values[0]) < 0)
		return error_system(err, errno,
				    "cannot make a pipe of %d bytes",
				    (int)reader->values[0]);
	fcntl(ends[1], F_SETFL,
	      (int)writer->flags | O_NONBLOCK | packets(core, reader));
	r = put_messages(core, reader, ends[1]);
	if (r < 0)
		return error_system(err, -r, "cannot fill a pipe");
	fcntl(ends[1], F_SETFL, (int)writer->flags);
	fcntl(ends[0], F_SETFL, (int)reader->flags);
	return 0;
}

int file_make_pipe(struct files *files, uint32_t index, struct error *err)
{
	const struct core_file *all = files->core->files;
	const bool writes = (all[index].flags & O_ACCMODE) == O_WRONLY;
	const uint32_t reader = writes ? all[index].peer : index;
	const uint32_t writer = writes ? index : all[index].peer;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_system(err, errno, "cannot make a pipe");
	files->fds[reader] = ends[0];
	files->fds[writer] = ends[1];
	return fill_pipe(files->core, &all[reader], &all[writer], ends, err);
}

int file_make_socketpair(struct files *files, uint32_t index, struct error *err)
{
	const struct core *core = files->core;
	const uint32_t both[2] = {index, core->files[index].peer};
	int ends[2];
	int r = 0;

	if (socketpair(AF_UNIX,
		       (int)core->files[index].values[0] | SOCK_CLOEXEC |
			       SOCK_NONBLOCK,
		       0, ends) < 0)
		return error_system(err, errno, "cannot make a socketpair");
	for (int i = 0; i < 2; i++)
		files->fds[both[i]] = ends[i];
	/* Before the options, as buffers may have been made smaller since. */
	for (int i = 0; r == 0 && i < 2; i++) {
		r = put_messages(core, &core->files[both[i]], ends[1 - i]);
		if (r < 0)
			return error_system(err, -r,
					    "cannot fill a socketpair");
	}
	for (int i = 0; r == 0 && i < 2; i++)
		r = set_options(core, &core->files[both[i]], ends[i], err);
	for (int i = 0; r == 0 && i < 2; i++) {
		fcntl(ends[i], F_SETFL, (int)core->files[both[i]].flags);
		if (core->files[both[i]].values[1])
			shutdown(ends[i],
				 (int)core->files[both[i]].values[1] - 1);
	}
	return r;
}

static bool find_record(const struct core *core, const struct core_file *file,
			uint32_t level, struct core_record *ret_record,
			const void **ret_bytes)
{
	struct core_record_cursor at = core_file_records(core, file);

	while (core_record_next(&at, ret_record, ret_bytes))
		if (ret_record->level == level)
			return true;
	return false;
}

/* The path of a unix socket, which ends with a NUL; or NULL. */
static const char *find_path(const struct core *core,
			     const struct core_file *file)
{
	struct core_record record;
	const void *bytes;
	const struct sockaddr_un *un;

	if (file->kind != CORE_FILE_SOCKET || file->values[0] != AF_UNIX ||
	    !find_record(core, file, CORE_RECORD_ADDRESS, &record, &bytes))
		return NULL;
	un = bytes;
	return record.size > WITH_NAME && un->sun_path[0] != '\0' &&
			       memchr(un->sun_path, '\0',
				      record.size - WITH_NAME)
		       ? un->sun_path
		       : NULL;
}

const char *file_socket_path(const struct files *files, uint32_t index)
{
	return files->fds[index] >= 0
		       ? find_path(files->core, &files->core->files[index])
		       : NULL;
}

/*
 * The file of the one that was captured is still there.  If nobody listens on
 * it any more it is in the way of nothing but us (unix(7)).
 */
static void remove_stale(const struct core_file *file, const void *address,
			 socklen_t size, const char *path)
{
	cleanup_fd int fd =
		socket(AF_UNIX, (int)file->values[1] | SOCK_CLOEXEC, 0);
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
	    connect(fd, address, size) < 0 && errno == ECONNREFUSED)
		unlink(path);
}

/* "127.0.0.1:80", "[::]:80", a path, or "@name" for an abstract one. */
static const char *say_address(const struct sockaddr *address, socklen_t size,
			       char text[ADDRESS_SIZE])
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_un *un = (const void *)address;
	char host[INET6_ADDRSTRLEN];

	text[0] = '\0';
	if (address->sa_family == AF_INET &&
	    inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)))
		snprintf(text, ADDRESS_SIZE, "%s:%u", host,
			 ntohs(in->sin_port));
	if (address->sa_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)))
		snprintf(text, ADDRESS_SIZE, "[%s]:%u", host,
			 ntohs(in6->sin6_port));
	if (address->sa_family == AF_UNIX && size > WITH_NAME)
		snprintf(text, ADDRESS_SIZE, "%s%.*s",
			 un->sun_path[0] ? "" : "@",
			 (int)(size - WITH_NAME - !un->sun_path[0]),
			 un->sun_path + !un->sun_path[0]);
	return text;
}

static int bind_it(const struct core *core, const struct core_file *file,
		   int fd, struct error *err)
{
	const char *path = find_path(core, file);
	struct core_record record;
	const void *bytes, *mode;
	struct sockaddr_storage storage = {0};
	const struct sockaddr *address = (const void *)&storage;
	char text[ADDRESS_SIZE];
	socklen_t size;

	if (!find_record(core, file, CORE_RECORD_ADDRESS, &record, &bytes))
		return 0;
	size = record.size;
	memcpy(&storage, bytes, size);
	if (path)
		remove_stale(file, address, size, path);
	if (bind(fd, address, size) < 0) {
		error_system(err, errno, "cannot bind %s",
			     say_address(address, size, text));
		if (err->code == EADDRINUSE)
			error_hint(err, "Another one is running. Stop it, or "
					"offer a socket with --inherit or "
					"$LISTEN_FDS.");
		return -err->code;
	}
	if (path && find_record(core, file, CORE_RECORD_MODE, &record, &mode) &&
	    record.size == sizeof(uint32_t) &&
	    chmod(path, *(const uint32_t *)mode) < 0)
		return error_system(err, errno, "cannot set the mode of '%s'",
				    path);
	return 0;
}

/* Not bound yet is the same as bound to nothing. */
int file_make_socket(struct files *files, uint32_t index, struct error *err)
{
	const struct core *core = files->core;
	const struct core_file *file = &core->files[index];
	cleanup_fd int fd = socket((int)file->values[0],
				   (int)file->values[1] | SOCK_CLOEXEC,
				   (int)file->values[2]);
	int r;

	if (fd < 0)
		return error_system(err, errno, "cannot make a socket");
	r = set_options(core, file, fd, err);
	if (r == 0)
		r = bind_it(core, file, fd, err);
	if (r < 0)
		return r;
	if (file->values[3] && listen(fd, (int)file->values[3] - 1) < 0)
		return error_system(err, errno, "cannot listen");
	fcntl(fd, F_SETFL, (int)file->flags);
	files->fds[index] = take_fd(&fd);
	return 0;
}
