/*
 * Files, folders, plain devices, memfds, and standard streams once more.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

static int make_file(int flags)
{
	int fd = must(open("data.txt", O_RDWR | O_CREAT | O_TRUNC, 0600));

	must((int)write(fd, "0123456789", 10));
	close(fd);
	return must(open("data.txt", flags));
}

/* Some share an open file, and so their place in it; others do not. */
static void keep_files(void)
{
	int fd = make_file(O_RDWR | O_CLOEXEC);
	int twin = must(dup(fd));
	int other = must(open("data.txt", O_RDONLY));
	int append = must(open("data.txt", O_WRONLY | O_APPEND | O_NONBLOCK));
	int high = must(fcntl(fd, F_DUPFD_CLOEXEC, 900));
	char text[4] = "";

	lseek(fd, 3, SEEK_SET);
	lseek(other, 7, SEEK_SET);

	service_ready();

	carry_check(lseek(fd, 0, SEEK_CUR) == 3);
	carry_check(lseek(other, 0, SEEK_CUR) == 7);
	carry_check(read(twin, text, 2) == 2 && strcmp(text, "34") == 0);
	carry_check(lseek(high, 0, SEEK_CUR) == 5);
	carry_check(lseek(other, 0, SEEK_CUR) == 7);
	carry_check(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	carry_check(fcntl(high, F_GETFD) == FD_CLOEXEC);
	carry_check(fcntl(twin, F_GETFD) == 0);
	carry_check((fcntl(append, F_GETFL) & (O_APPEND | O_NONBLOCK)) ==
		    (O_APPEND | O_NONBLOCK));
	carry_check((fcntl(append, F_GETFL) & O_ACCMODE) == O_WRONLY);
	carry_check((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	carry_check(fcntl(fd + 100, F_GETFD) < 0);
}

/* Whatever has the name: what is written now is not what is read then. */
static void keep_any_file(void)
{
	int fd = make_file(O_RDWR);

	service_ready();

	carry_check(pwrite(fd, "x", 1, 0) == 1);
	carry_check(lseek(fd, 0, SEEK_END) >= 10);
	carry_check(write(fd, "more", 4) == 4);
}

static void keep_folder(void)
{
	int fd = must(open("/proc/self", O_RDONLY | O_DIRECTORY));
	DIR *dir = opendir("/etc");
	struct dirent *first;

	close(fd);
	must(dir ? 0 : -1);

	service_ready();

	first = readdir(dir);
	carry_check(first != NULL);
	carry_check(faccessat(dirfd(dir), "passwd", R_OK, 0) == 0);
	carry_check(fcntl(dirfd(dir), F_GETFD) == FD_CLOEXEC);
}

static void keep_devices(void)
{
	int null = must(open("/dev/null", O_RDWR));
	int zero = must(open("/dev/zero", O_RDONLY));
	int random = must(open("/dev/urandom", O_RDONLY | O_NONBLOCK));
	char text[8] = "12345678";
	char zeros[8] = "";

	service_ready();

	carry_check(write(null, text, 8) == 8 && read(null, text, 8) == 0);
	carry_check(read(zero, text, 8) == 8 && memcmp(text, zeros, 8) == 0);
	carry_check(read(random, text, 8) == 8);
	carry_check(memcmp(text, zeros, 8) != 0);
	carry_check(fcntl(random, F_GETFL) & O_NONBLOCK);
}

enum {
	MEMORY = 1 << 20,
};

/* The same memory by two open files and a mapping. */
static void keep_memory(void)
{
	int fd = must(memfd_create("numbers", MFD_ALLOW_SEALING));
	char link[64], name[64];
	int reading;
	char *bytes;

	must(ftruncate(fd, MEMORY));
	bytes = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	strcpy(bytes + MEMORY / 2, "middle");
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	reading = must(open(link, O_RDONLY));
	lseek(fd, 100, SEEK_SET);

	service_ready();

	carry_check(strcmp(bytes + MEMORY / 2, "middle") == 0);
	carry_check(fcntl(fd, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW));
	carry_check(ftruncate(fd, 0) < 0);
	carry_check(lseek(fd, 0, SEEK_CUR) == 100);
	carry_check(lseek(reading, 0, SEEK_CUR) == 0);
	carry_check(write(reading, "x", 1) < 0);
	bytes[5] = 'y';
	carry_check(pread(reading, link, 1, 5) == 1 && link[0] == 'y');
	carry_check(pwrite(fd, "z", 1, 6) == 1 && bytes[6] == 'z');
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	carry_check(readlink(link, name, sizeof(name)) > 0 &&
		    strncmp(name, "/memfd:numbers", 14) == 0);
}

static void keep_sealed_memory(void)
{
	int fd = must(memfd_create("sealed", MFD_ALLOW_SEALING));
	char text[8] = "";

	must((int)write(fd, "final", 5));
	must(fcntl(fd, F_ADD_SEALS,
		   F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));

	service_ready();

	carry_check(pread(fd, text, 8, 0) == 5 && strcmp(text, "final") == 0);
	carry_check(pwrite(fd, "x", 1, 0) < 0);
	carry_check(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0);
}

/* The restorer's stream under another number, too, and one that is closed. */
static void keep_streams(void)
{
	int out = must(dup(STDOUT_FILENO));
	struct stat one, other;

	close(STDIN_FILENO);

	service_ready();

	carry_check(fcntl(STDIN_FILENO, F_GETFD) < 0);
	carry_check(fstat(STDOUT_FILENO, &one) == 0 &&
		    fstat(out, &other) == 0 && one.st_ino == other.st_ino);
}

static const struct carry_case items[] = {
	{"file", keep_files},	    {"file:any", keep_any_file},
	{"directory", keep_folder}, {"device", keep_devices},
	{"memfd", keep_memory},	    {"memfd:sealed", keep_sealed_memory},
	{"stream", keep_streams},
};

const struct carry_cases file_cases = CASES(items);
