/*
 * How files were opened, and what took the place of standard streams.
 *
 * Flags that only open(2) can set are those of the capture; a stream that was
 * replaced is not the restorer's, and shares its open file as it did; a script
 * that is half read goes on where it was.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

static int make_file(const char *name, int flags)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd >= 0)
		must((int)write(fd, "0123456789", 10));
	close(fd);
	return must(open(name, flags));
}

static bool has_flags(int fd, int flags)
{
	const int mask = O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC |
			 O_NOATIME | O_DIRECT;

	return (fcntl(fd, F_GETFL) & mask) == flags;
}

/* What fcntl(2) cannot set later: O_SYNC, O_DSYNC, for ioctl(2) only. */
static void keep_flags(void)
{
	int sync = make_file("flags.txt", O_RDWR | O_SYNC);
	int dsync = must(open("flags.txt", O_WRONLY | O_DSYNC | O_NOATIME));
	int neither = must(open("flags.txt", O_ACCMODE));
	int past = must(open("flags.txt", O_RDONLY));

	must(lseek(past, (off_t)1 << 40, SEEK_SET) < 0 ? -1 : 0);

	service_ready();

	carry_check(has_flags(sync, O_RDWR | O_SYNC));
	carry_check(has_flags(dsync, O_WRONLY | O_DSYNC | O_NOATIME));
	carry_check(has_flags(neither, O_ACCMODE));
	carry_check(read(neither, &past, 0) < 0);
	carry_check(lseek(past, 0, SEEK_CUR) == (off_t)1 << 40);
}

/* The name leads elsewhere now; the file is the one that was opened. */
static void keep_linked(void)
{
	char text[8] = "";
	int fd;

	close(make_file("target.txt", O_RDONLY));
	unlink("link.txt");
	must(symlink("target.txt", "link.txt"));
	fd = must(open("link.txt", O_RDONLY));
	must(unlink("link.txt"));
	must(symlink("/etc/passwd", "link.txt"));
	must((int)read(fd, text, 4));

	service_ready();

	carry_check(read(fd, text, 2) == 2 && strncmp(text, "45", 2) == 0);
}

static bool is_same_file(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* As lighttpd and nginx do: no input, and a log in place of the errors. */
static void keep_replaced_streams(void)
{
	int null = must(open("/dev/null", O_RDWR));
	int log = make_file("log.txt", O_RDWR | O_APPEND);
	char text[8] = "";

	must(dup2(null, STDIN_FILENO));
	close(null);
	must(dup2(log, STDERR_FILENO));

	service_ready();

	carry_check(read(STDIN_FILENO, text, 8) == 0);
	carry_check(write(STDIN_FILENO, text, 8) == 8);
	carry_check(is_same_file(log, STDERR_FILENO));
	carry_check(has_flags(STDERR_FILENO, O_RDWR | O_APPEND));
	lseek(log, 3, SEEK_SET);
	carry_check(read(STDERR_FILENO, text, 2) == 2 &&
		    strcmp(text, "34") == 0);
	carry_check(fcntl(null, F_GETFD) < 0);
}

/* Each is the one that it was a second descriptor for. */
static void keep_streams_apart(void)
{
	int out = must(dup(STDOUT_FILENO));
	int error = must(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100));

	service_ready();

	carry_check(is_same_file(out, STDOUT_FILENO));
	carry_check(is_same_file(error, STDERR_FILENO));
	carry_check(write(error, "", 0) == 0);
	carry_check(fcntl(out, F_GETFD) == 0);
	carry_check(fcntl(error, F_GETFD) == FD_CLOEXEC);
}

/* Two of the same name are two; one that is mapped and closed lives on. */
static void keep_namesakes(void)
{
	const size_t size = 8192;
	int one = must(memfd_create("name (deleted)\nsake", 0));
	int two = must(memfd_create("name (deleted)\nsake", MFD_ALLOW_SEALING));
	int closed = must(memfd_create("name", 0));
	char *low, *high, *both, *lives;
	char text[8] = "";

	must((int)write(one, "one", 3));
	must(ftruncate(two, (off_t)size));
	must(ftruncate(closed, (off_t)size));
	low = mmap(NULL, size / 2, PROT_READ | PROT_WRITE, MAP_SHARED, two, 0);
	high = mmap(NULL, size / 2, PROT_READ | PROT_WRITE, MAP_SHARED, two,
		    (off_t)size / 2);
	both = mmap(NULL, size, PROT_READ, MAP_SHARED, two, 0);
	lives = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, closed, 0);
	strcpy(low, "low");
	strcpy(high, "high");
	strcpy(lives, "lives");
	close(closed);
	must(fchmod(one, 0640));
	fcntl(two, F_ADD_SEALS, F_SEAL_SEAL);

	service_ready();

	carry_check(pread(one, text, 8, 0) == 3 && strcmp(text, "one") == 0);
	carry_check(strcmp(both, "low") == 0);
	carry_check(strcmp(both + size / 2, "high") == 0);
	carry_check(strcmp(lives, "lives") == 0);
	carry_check(pwrite(two, "new", 4, 0) == 4 && strcmp(low, "new") == 0 &&
		    strcmp(both, "new") == 0);
	carry_check(fcntl(one, F_GET_SEALS) == F_SEAL_SEAL);
	carry_check(fcntl(two, F_GET_SEALS) == F_SEAL_SEAL);
}

static const struct carry_case items[] = {
	{"file:flags", keep_flags},
	{"file:link", keep_linked},
	{"file,device:streams", keep_replaced_streams},
	{"stream:apart", keep_streams_apart},
	{"memfd:namesakes", keep_namesakes},
};

const struct carry_cases flag_cases = CASES(items);
