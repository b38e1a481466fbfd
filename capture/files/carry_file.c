/*
 * carry_file.c - what is opened again by its name, and memfds
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "carry.h"
#include "common/io.h"
#include "common/mapping.h"
#include "open_file.h"

static const char memfd_prefix[] = "/memfd:";
static const char deleted_suffix[] = " (deleted)";

static void identify(const struct open_file *file, struct core_file *to)
{
	to->device = file->status.st_dev;
	to->inode = file->status.st_ino;
	to->size = (uint64_t)file->status.st_size;
	to->seconds = file->status.st_mtim.tv_sec;
	to->nanoseconds = (uint32_t)file->status.st_mtim.tv_nsec;
	to->position = file->position;
}

/* Its name leads to it, from here and so, most likely, from a restorer. */
static bool take_path(struct carried *carried, const struct open_file *file,
		      struct core_file *to)
{
	struct stat named;

	if (file->link[0] != '/' || stat(file->link, &named) < 0 ||
	    named.st_dev != file->status.st_dev ||
	    named.st_ino != file->status.st_ino)
		return carried_refuse(carried,
				      "Its name does not lead to it any more; "
				      "close it before the ready point.");
	to->kind = CORE_FILE_PATH;
	to->values[0] = file->status.st_mode & S_IFMT;
	to->values[1] = file->status.st_rdev;
	to->name = carried_add_name(carried, file->link);
	identify(file, to);
	return true;
}

/* One that writes to it leaves another size and date. */
const char *carry_caveat(const struct core_file *file)
{
	if (file->kind != CORE_FILE_PATH || !S_ISREG(file->values[0]) ||
	    file->rules & CORE_FILE_ANY ||
	    (file->flags & O_ACCMODE) == O_RDONLY)
		return "";
	return "A restore that writes to it has the next one refused; "
	       "--carry=file:any takes whatever file has the name then.";
}

/* Cookies of readdir(3) mean nothing in a folder that has changed. */
static bool take_directory(struct carried *carried,
			   const struct open_file *file, struct core_file *to)
{
	if (carried->may_notify)
		return carried_refuse(carried,
				      "It may tell of changes "
				      "(F_NOTIFY); have it do so after "
				      "the ready point.");
	if (!take_path(carried, file, to))
		return false;
	if (to->position == 0) {
		to->size = 0;
		to->seconds = 0;
		to->nanoseconds = 0;
	}
	return true;
}

/* Those without state: null, zero, full, random, urandom. */
static bool take_device(struct carried *carried, const struct open_file *file,
			struct core_file *to)
{
	if (!open_file_is_plain_device(file))
		return carried_refuse(carried, "A device has a state that "
					       "nobody can make again; open it "
					       "after the ready point.");
	return take_path(carried, file, to);
}

/*
 * What a private mapping has not changed it shows of the file, whoever changes
 * that; and one that was there before F_SEAL_FUTURE_WRITE could not be made.
 */
static bool is_bound_to_mapping(const struct open_file *file, int seals)
{
	struct mapping_list list = {0};
	struct error ignored = {0};
	char *text = NULL;
	bool is_bound = false;

	if (io_read_filef(&text, NULL, "/proc/%d/maps", file->pid) < 0 ||
	    mapping_list_parse(&list, text, &ignored) < 0)
		return true;
	for (size_t i = 0; i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (m->inode != file->status.st_ino ||
		    makedev(m->device_major, m->device_minor) !=
			    file->status.st_dev)
			continue;
		is_bound |= !m->shared || (seals & F_SEAL_FUTURE_WRITE &&
					   m->protection & PROT_WRITE);
	}
	mapping_list_deinit(&list);
	return is_bound;
}

static bool take_memfd(struct carried *carried, const struct open_file *file,
		       struct core_file *to)
{
	const size_t prefix = strlen(memfd_prefix);
	char name[NAME_MAX + 1] = "";
	size_t length = strlen(file->link) - strlen(deleted_suffix);
	int seals;

	if (file->copy < 0 || (seals = fcntl(file->copy, F_GET_SEALS)) < 0)
		return carried_refuse(carried, "It cannot be looked into.");
	if (is_bound_to_mapping(file, seals))
		return carried_refuse(carried,
				      "A private or sealed mapping shows "
				      "it; make that after the ready "
				      "point.");
	if (length - prefix > NAME_MAX)
		length = prefix + NAME_MAX;
	memcpy(name, file->link + prefix, length - prefix);
	to->kind = CORE_FILE_MEMFD;
	to->name = carried_add_name(carried, name);
	to->values[0] = (uint64_t)seals;
	to->values[1] = file->status.st_mode & 07777;
	identify(file, to);
	return true;
}

const struct carrier carrier_file = {"file", true, take_path};
const struct carrier carrier_directory = {"directory", true, take_directory};
const struct carrier carrier_device = {"device", false, take_device};
const struct carrier carrier_memfd = {"memfd", false, take_memfd};
const struct carrier carrier_stream = {"stream", false, NULL};
