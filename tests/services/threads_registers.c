/*
 * Threads that compute, in user mode, with registers of their own: patterns
 * in the vectors, the general ones and the x87 stack, and how each rounds.
 * They spin within one piece of assembly until main lets them look.
 */
#include <asm/prctl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

enum {
	THREADS = 3,
	GENERAL = 8, /* r8 to r15 */
	DIRECTION = 0x400,
};

struct registers {
	uint8_t vectors[32][64] __attribute__((aligned(64)));
	uint64_t masks[8];
	uint64_t general[GENERAL];
	uint64_t x87;
	uint64_t flags;
	uint32_t mxcsr;
	uint16_t control;
};

static struct thread {
	struct registers before, after;
	pthread_t thread;
	uint64_t word;
	volatile uint32_t is_spinning;
} threads[THREADS];

static volatile uint32_t is_time;

#define EACH8(f, a) \
	f(a##0) f(a##1) f(a##2) f(a##3) f(a##4) f(a##5) f(a##6) f(a##7)
#define EACH16(f) EACH8(f, ) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#define EACH32(f) \
	EACH16(f) \
	f(16) f(17) f(18) f(19) EACH8(f, 2) f(28) f(29) f(30) f(31)
#define EACH_R(f)  f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#define LOAD_Z(n)  "vmovdqu64 64*" #n "(%[from]), %%zmm" #n "\n"
#define STORE_Z(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%[to])\n"
#define LOAD_K(n)  "kmovq %c[masks]+8*" #n "(%[from]), %%k" #n "\n"
#define STORE_K(n) "kmovq %%k" #n ", %c[masks]+8*" #n "(%[to])\n"
#define LOAD_Y(n)  "vmovdqu 64*" #n "(%[from]), %%ymm" #n "\n"
#define STORE_Y(n) "vmovdqu %%ymm" #n ", 64*" #n "(%[to])\n"
#define LOAD_X(n)  "movdqu 64*" #n "(%[from]), %%xmm" #n "\n"
#define STORE_X(n) "movdqu %%xmm" #n ", 64*" #n "(%[to])\n"
#define LOAD_R(n)  "mov %c[general]+8*" #n "-64(%[from]), %%r" #n "\n"
#define STORE_R(n) "mov %%r" #n ", %c[general]+8*" #n "-64(%[to])\n"
#define AT(field)  [field] "i"(offsetof(struct registers, field))

#define LOAD_ALL_R  EACH_R(LOAD_R)
#define STORE_ALL_R EACH_R(STORE_R)

#define SPIN(self, load, store)                                                \
	__asm__ volatile(                                                      \
		"ldmxcsr %c[mxcsr](%[from])\n fldcw %c[control](%[from])\n"    \
		"fildq %c[x87](%[from])\n std\n" load LOAD_ALL_R               \
		"movl $1, (%[is_spinning])\n"                                  \
		"1: pause\n cmpl $0, (%[is_time])\n je 1b\n" store STORE_ALL_R \
		"pushfq\n popq %c[flags](%[to])\n cld\n"                       \
		"fistpq %c[x87](%[to])\n"                                      \
		"stmxcsr %c[mxcsr](%[to])\n fnstcw %c[control](%[to])\n"       \
		:                                                              \
		: [from] "r"(&(self)->before), [to] "r"(&(self)->after),       \
		  [is_spinning] "r"(&(self)->is_spinning),                     \
		  [is_time] "r"(&is_time), AT(masks), AT(general), AT(x87),    \
		  AT(flags), AT(mxcsr), AT(control)                            \
		: "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",        \
		  "memory", "cc")

static void fill(struct registers *r, int number)
{
	for (size_t i = 0; i < sizeof(r->vectors); i++)
		((uint8_t *)r->vectors)[i] =
			(uint8_t)(i * 7 + 3 + 41 * (size_t)number);
	for (uint64_t i = 0; i < 8; i++) {
		r->masks[i] = 0x0123456789abcdef * (i + 1) + (uint64_t)number;
		r->general[i] = 0xfedcba9876543210 - i * (uint64_t)number;
	}
	r->x87 = 0x1122334455667788 + (uint64_t)number;
	/* Rounds down, up, or towards zero; x87 rounds to double. */
	r->mxcsr = 0x1f80 | (uint32_t)(number + 1) << 13;
	r->control = (uint16_t)(0x27f | (number + 1) << 10);
}

/* What nothing in libc uses, and %gs refers to. */
static void set_segment(struct thread *self)
{
	self->word = 0x5ca1ab1e + (uint64_t)(self - threads);
	service_check(syscall(SYS_arch_prctl, ARCH_SET_GS, &self->word) == 0);
}

static void check_segment(const struct thread *self)
{
	uint64_t word = 0;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(word));
	service_check(word == self->word);
}

static void *run(void *argument)
{
	struct thread *self = argument;
	const struct registers *before = &self->before, *after = &self->after;
	size_t count = 16, size = 16;

	set_segment(self);
	if (__builtin_cpu_supports("avx512bw")) {
		SPIN(self, EACH32(LOAD_Z) EACH8(LOAD_K, ),
		     EACH32(STORE_Z) EACH8(STORE_K, ));
		count = 32;
		size = 64;
		service_check(memcmp(before->masks, after->masks,
				     sizeof(after->masks)) == 0);
	} else if (__builtin_cpu_supports("avx")) {
		SPIN(self, EACH16(LOAD_Y), EACH16(STORE_Y));
		size = 32;
	} else {
		SPIN(self, EACH16(LOAD_X), EACH16(STORE_X));
	}
	check_segment(self);
	for (size_t i = 0; i < count; i++)
		service_check(memcmp(before->vectors[i], after->vectors[i],
				     size) == 0);
	service_check(memcmp(before->general, after->general,
			     sizeof(after->general)) == 0);
	service_check(after->x87 == before->x87);
	service_check(after->flags & DIRECTION);
	service_check(after->mxcsr == before->mxcsr);
	service_check(after->control == before->control);
	return NULL;
}

int main(void)
{
	for (int i = 0; i < THREADS; i++) {
		fill(&threads[i].before, i);
		if (pthread_create(&threads[i].thread, NULL, run,
				   &threads[i]) != 0)
			abort();
	}
	for (int i = 0; i < THREADS; i++)
		while (!threads[i].is_spinning)
			usleep(100);

	service_ready();

	is_time = 1;
	for (int i = 0; i < THREADS; i++)
		service_check(pthread_join(threads[i].thread, NULL) == 0);
	return service_end();
}
