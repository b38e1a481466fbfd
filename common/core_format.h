/*
 * core_format.h - what a core holds beyond what every debugger knows
 *
 * The file is an ELF core as the kernel would write it: ELF header, program
 * headers, notes, segments.  The notes that debuggers want come first; behind
 * them, under the owner "SUBCTX", come the notes declared here.  Their types
 * begin at 0x53554200, because readers that do not know the owner go by the
 * type alone (BFD takes a type 1 for a thread).  subctx-core(5) says the same
 * for people.
 *
 *	0            ELF header
 *	e_phoff      program headers: PT_NOTE, then PT_LOADs in address order
 *	p_offset     notes: PRSTATUS PRPSINFO SIGINFO AUXV FILE FPREGSET
 *	             X86_XSTATE, SUBCTX...      <- core_image.front_size
 *	page aligned room for a working set   <- core_image.working_set
 *	page aligned bytes of the segments; what is all zeros is a hole
 *
 * All numbers are little-endian, all ranges half-open, all sizes in bytes.
 */
#ifndef COMMON_CORE_FORMAT_H
#define COMMON_CORE_FORMAT_H

#include <assert.h>
#include <stdint.h>
#include <sys/user.h>
#include <time.h>

#include "core_format_files.h"

#define CORE_NOTE_OWNER "SUBCTX"
#define CORE_MAGIC	"SUBCTX\r\n"
#define CORE_SET_MAGIC	"SUBCTXWS"

enum {
	CORE_VERSION = 6,
	CORE_PAGE_SIZE = 4096,
	CORE_SIGNALS = 64,	 /* NSIG - 1 of the kernel */
	CORE_COMM_SIZE = 16,	 /* TASK_COMM_LEN */
	CORE_RELEASE_SIZE = 160, /* utsname release, blank, version */
	CORE_CPU_NAME_SIZE = 48, /* CPUID 0x80000002-4 */
	CORE_CPU_WORDS = 8,
	CORE_XSTATE_MIN = 576,	 /* what FXSAVE stores, and a header */
	CORE_XSTATE_PARTS = 20,	 /* XCR0 bits that Linux knows, and more */
	CORE_SIGINFO_SIZE = 128, /* SI_MAX_SIZE */
	CORE_WORKING_SET_ROOM = 64 << 10,
	CORE_BUILD_ID_SIZE = 32, /* SHA-1 takes 20 */
};

enum core_note_type {
	CORE_NOTE_IMAGE = 0x53554200, /* struct core_image, first of ours */
	CORE_NOTE_PROCESS,	      /* struct core_process */
	CORE_NOTE_MACHINE,	      /* struct core_machine */
	CORE_NOTE_MAPPINGS,	      /* struct core_mapping, ascending */
	CORE_NOTE_HOLES,	      /* struct core_range, ascending */
	CORE_NOTE_NAMES,      /* bytes that core_mapping.name points to */
	CORE_NOTE_THREADS,    /* struct core_thread, the ready one first */
	CORE_NOTE_XSTATE,     /* XSAVE areas, core_thread says where */
	CORE_NOTE_SIGNALS,    /* struct core_signal[CORE_SIGNALS] */
	CORE_NOTE_ATTRIBUTES, /* struct core_attribute */
	CORE_NOTE_SEAMS,      /* uint64_t, ascending */
	CORE_NOTE_GUARDS,     /* struct core_range, ascending */
	CORE_NOTE_OBJECTS,    /* struct core_object */
	CORE_NOTE_PENDING,    /* struct core_pending, in the order of sending */
	CORE_NOTE_TIMERS,     /* struct core_timer, ids ascending */
	CORE_NOTE_OWNERS,     /* struct core_owner */
	CORE_NOTE_FILES,      /* struct core_file: open files */
	CORE_NOTE_DESCRIPTORS, /* struct core_descriptor, ascending */
	CORE_NOTE_WATCHES,     /* struct core_watch, by file */
	CORE_NOTE_FILE_DATA,   /* struct core_record, to which files point */
	CORE_NOTE_SOURCES,     /* struct core_source */
	CORE_NOTE_OUTSIDE,     /* struct core_outside, ascending */
	CORE_NOTE_AUDIT,       /* the report as JSON, for people's tools */
	CORE_NOTE_DIGESTS,     /* struct core_mapping_digest, ascending */
	CORE_NOTE_END,	       /* behind the last */
};

/* How the service said that it is ready. */
enum core_ready {
	CORE_READY_NOW = 1, /* it was taken as it was */
	CORE_READY_MARKER,  /* at subctx_ready(), which returns a value */
	CORE_READY_STOP,    /* SIGSTOP */
	CORE_READY_NOTIFY,  /* READY=1 to $NOTIFY_SOCKET */
	CORE_READY_STDIN,   /* about to read standard input */
	CORE_READY_SYMBOL,
	CORE_READY_LINE,
	CORE_READY_SYSCALL,
	CORE_READY_OUTPUT,
	CORE_READY_AFTER,
	CORE_READY_SIGNAL,
};

/*
 * @version: CORE_VERSION; a reader takes no other
 * @front_size: from the start of the file to the end of the notes
 * @digest: of the front, with this field as 0 (core_digest())
 * @file_size: of the whole file; a shorter one was cut
 * @seconds: since the epoch, when it was written
 * @monotonic_ns: CLOCK_MONOTONIC then
 * @working_set: where in the file there is room for struct core_working_set and
 *	what follows it; 0 for none
 */
struct core_image {
	char magic[8];
	uint32_t version;
	uint32_t ready;
	uint64_t digest;
	uint64_t front_size;
	uint64_t file_size;
	uint64_t page_size;
	int64_t seconds;
	uint64_t monotonic_ns;
	uint64_t working_set;
	uint32_t pid;
	uint32_t reserved;
};

/*
 * The pages that a service needs for its first requests, in the order of their
 * addresses, behind this.  It is recorded after the capture and changes nothing
 * but speed, so it stands apart from what the image's digest covers, and one
 * that is not whole is as good as none.
 * @digest: of what follows @count, with @count as the first word
 */
struct core_working_set {
	char magic[8];
	uint64_t digest;
	uint64_t count;
};

/* @is_written: they become the process's own; the others are only looked at */
struct core_touched {
	uint64_t start;
	uint32_t pages;
	uint32_t is_written;
};

/*
 * A seam is a page of mapped memory that has to be a mapping of its own, the
 * last of a block that libc's allocator may grow with mremap(2).  That call
 * refuses a range in two mappings (EFAULT), and realloc(3) then moves the bytes
 * itself; without a seam the block would grow into the bytes that follow in the
 * core, or over its end.
 */

struct core_range {
	uint64_t start;
	uint64_t end;
};

/* Where the memory of a mapping comes from at restore. */
enum core_mapping_kind {
	CORE_MAPPING_FILE = 1, /* private pages of a file, all of them stored */
	CORE_MAPPING_ANONYMOUS, /* private memory of no file */
	CORE_MAPPING_STACK,	/* the same, grows down */
	CORE_MAPPING_SHARED,	/* a file that is only read; mapped again */
	CORE_MAPPING_OBJECT,	/* shared memory of no other process */
	CORE_MAPPING_VDSO,	/* the kernel's code; stored for debuggers */
	CORE_MAPPING_VVAR,	/* the kernel's data, not stored */
};

/* core_mapping.flags */
enum {
	/*
	 * Has to be anonymous memory in truth, because something in the
	 * service drops or moves pages with madvise(2) or mremap(2) and
	 * counts on zeros; a private mapping of the core would show the
	 * core's bytes again.
	 */
	CORE_MAP_COPY = 1 << 0,
	CORE_MAP_NORESERVE = 1 << 1,
	CORE_MAP_DROPPABLE = 1 << 2, /* MAP_DROPPABLE, Linux 6.11 */
	CORE_MAP_HEAP = 1 << 3,	     /* grows by brk(2), never by mremap(2) */
	CORE_MAP_LOCKED = 1 << 4,    /* mlock(2) */
	CORE_MAP_ON_FAULT = 1 << 5,  /* MLOCK_ONFAULT, Linux 4.4 */
	CORE_MAP_SEALED = 1 << 6,    /* mseal(2), Linux 6.10 */
	/* Of an object: mprotect(2) can not make it writable. */
	CORE_MAP_READ_ONLY = 1 << 7,
};

/*
 * @offset: in the core, of the byte at @start; 0 when nothing is stored
 * @advice: one bit for each value of madvise(2) to be given again
 * @name: offset of its path or name in CORE_NOTE_NAMES
 * @object: its place in CORE_NOTE_OBJECTS, for CORE_MAPPING_OBJECT
 * @file_*: for CORE_MAPPING_SHARED, by what it is known again, and for
 *	CORE_MAPPING_FILE, from what it was mapped; the offset also for
 *	CORE_MAPPING_OBJECT
 */
struct core_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint32_t kind;
	uint32_t protection;
	uint32_t flags;
	uint32_t advice;
	uint32_t name;
	uint32_t object;
	uint64_t file_offset;
	uint64_t file_device;
	uint64_t file_inode;
	uint64_t file_size;
	int64_t file_seconds; /* its mtime */
};

/*
 * A file that holds bytes of the image, which the core then does not: one that
 * was mapped, or another core, a base.
 *
 * @id: its build ID, of which @id_size bytes are used; none for a core
 * @digest: of a core, its core_image.digest; otherwise 0
 * @contents: of what has neither, file_digest()
 */
struct core_source {
	uint64_t size;
	uint64_t device;
	uint64_t inode;
	int64_t seconds; /* its mtime */
	uint32_t nanoseconds;
	uint32_t name;
	int64_t status_ns; /* its ctime */
	uint64_t digest;
	uint32_t contents;
	uint32_t id_size;
	unsigned char id[CORE_BUILD_ID_SIZE];
};

static inline int64_t core_source_status(const struct timespec *changed)
{
	return changed->tv_sec * INT64_C(1000000000) + changed->tv_nsec;
}

/* Pages of one private mapping that a source has at @offset. */
struct core_outside {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint32_t source;
	uint32_t reserved;
};

/*
 * There is one for each mapping with stored bytes.
 * @start: where the mapping begins
 * @digest: of its bytes in the core, see page_digest.h
 */
struct core_mapping_digest {
	uint64_t start;
	uint64_t digest;
};

/*
 * Shared memory that has no name in any file system; several mappings may show
 * it.
 * @name: of the memfd, as an offset in CORE_NOTE_NAMES
 * @file: the open file that is it, too, counted from 1; or 0
 */
struct core_object {
	uint64_t size;
	uint32_t name;
	uint32_t file;
};

/* The fields of struct prctl_mm_map, and where the kernel's own pages are. */
struct core_process {
	uint64_t start_code, end_code;
	uint64_t start_data, end_data;
	uint64_t start_brk, brk;
	uint64_t start_stack;
	uint64_t arg_start, arg_end;
	uint64_t env_start, env_end;
	struct core_range vdso;
	struct core_range
		vvar; /* all of its parts; ends where the vdso begins */
	uint64_t vdso_digest;
	/* The signals that were blocked at its exec; the bit of n is n - 1. */
	uint64_t inherited_mask;
};

/*
 * @features: CPUID words in the order of cpu.h, what the service may have chosen
 *	its code by
 * @xcr0: the register sets that the XSAVE areas of the core have room for
 * @used: those that are in use there
 * @parts: where each set lies in them, from CPUID 0xd; the first two, x87 and SSE,
 *	lie in the first 512 bytes, and behind these a header of 64
 */
struct core_machine {
	uint32_t features[CORE_CPU_WORDS];
	uint64_t xcr0;
	uint64_t used;
	struct core_xstate_part {
		uint32_t offset;
		uint32_t size;
	} parts[CORE_XSTATE_PARTS];
	char kernel[CORE_RELEASE_SIZE];
	char cpu[CORE_CPU_NAME_SIZE];
};

/*
 * @registers: as it is to go on; a call that was about to be made or that has
 *	to be made again is made again
 * @xstate_*: its part of CORE_NOTE_XSTATE
 * @tid_word: where libc keeps the thread's id, four bytes; 0 for nowhere
 */
struct core_thread {
	uint32_t tid;
	uint32_t reserved;
	struct user_regs_struct registers;
	uint64_t signal_mask;
	uint64_t stack_pointer, stack_size; /* sigaltstack(2) */
	uint32_t stack_flags;
	uint32_t rseq_size;
	uint64_t rseq_address;
	uint32_t rseq_signature;
	uint32_t xstate_size;
	uint64_t xstate_offset;
	uint64_t tid_address; /* set_tid_address(2) */
	uint64_t tid_word;
	uint64_t robust_list, robust_size;
	char comm[CORE_COMM_SIZE];
};

/* As rt_sigaction(2) takes it.  @inherited: as it was at the service's exec. */
struct core_signal {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
	uint32_t inherited;
	uint32_t reserved;
};

/*
 * What has been changed since the exec.  @id is enum attribute_id; @thread is
 * an index in CORE_NOTE_THREADS, and that of the leader for what belongs to the
 * process.
 */
struct core_attribute {
	uint32_t id;
	uint32_t thread;
	uint64_t value;
};

/* For @thread of what follows: none of them, but the process. */
#define CORE_THREAD_NONE UINT32_MAX

/* A signal that was sent and not delivered; @info as rt_sigqueueinfo(2). */
struct core_pending {
	uint32_t thread;
	uint32_t reserved;
	unsigned char info[CORE_SIGINFO_SIZE];
};

enum core_timer_kind {
	CORE_TIMER_INTERVAL = 1, /* setitimer(2); @id is ITIMER_* */
	CORE_TIMER_POSIX,	 /* timer_create(2) */
};

/*
 * @notify: SIGEV_*; @thread is for SIGEV_THREAD_ID
 * @signal_value: the bytes of union sigval
 * @remaining_ns: 0 for one that is not armed
 */
struct core_timer {
	uint32_t kind;
	int32_t id;
	int32_t clock;
	int32_t notify;
	int32_t signal;
	uint32_t thread;
	uint64_t signal_value;
	uint64_t remaining_ns;
	uint64_t interval_ns;
};

enum core_owner_kind {
	CORE_OWNER_MEMORY = 1, /* at an address */
	CORE_OWNER_REGISTER,   /* at an offset in core_thread.registers */
};

/*
 * A word in which a lock that is held, or a thread that waits for one, keeps
 * the id of @thread: in its lower 24 bits, as ids have at most 22
 * (PID_MAX_LIMIT).
 */
struct core_owner {
	uint64_t address;
	uint32_t thread;
	uint32_t kind;
};

static_assert(sizeof(struct core_image) == 80, "part of the format");
static_assert(sizeof(struct core_working_set) == 24, "part of the format");
static_assert(sizeof(struct core_touched) == 16, "part of the format");
static_assert(sizeof(struct core_mapping) == 88, "part of the format");
static_assert(sizeof(struct core_source) == 96, "part of the format");
static_assert(sizeof(struct core_outside) == 32, "part of the format");
static_assert(sizeof(struct core_mapping_digest) == 16, "part of the format");
static_assert(sizeof(struct core_process) == 136, "part of the format");
static_assert(sizeof(struct core_machine) == 416, "part of the format");
static_assert(sizeof(struct core_thread) == 328, "part of the format");
static_assert(sizeof(struct core_signal) == 40, "part of the format");
static_assert(sizeof(struct core_attribute) == 16, "part of the format");
static_assert(sizeof(struct core_object) == 16, "part of the format");
static_assert(sizeof(struct core_pending) == 136, "part of the format");
static_assert(sizeof(struct core_timer) == 48, "part of the format");
static_assert(sizeof(struct core_owner) == 16, "part of the format");

static inline uint64_t core_touched_end(const struct core_touched *item)
{
	return item->start + (uint64_t)item->pages * CORE_PAGE_SIZE;
}

/*
 * Finds damage, not malice: FNV-1a over words of eight bytes, the rest padded
 * with zeros.  Every change of one word changes it.
 */
static inline uint64_t core_digest(uint64_t digest, const void *bytes,
				   uint64_t size)
{
	const unsigned char *at = bytes;

	for (; size > 0; at += 8) {
		uint64_t word = 0;
		uint64_t part = size < 8 ? size : 8;

		__builtin_memcpy(&word, at, part);
		digest = (digest ^ word) * 0x100000001b3;
		size -= part;
	}
	return digest;
}

/*
 * A restored service keeps one small mapping that it was not born with: the
 * code that made its last system call.  It begins with these 16 bytes, by which
 * it is known and left out when the service is captured again.
 */
#define CORE_HANDOVER_MAGIC "SUBCTX handover"

#define CORE_DIGEST_START 0xcbf29ce484222325

#endif
