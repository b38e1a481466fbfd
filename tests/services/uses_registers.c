/*
 * Every register of the processor, filled before the ready point and looked at
 * behind it, within one piece of assembly so that no compiler comes between.
 */
#include <cpuid.h>
#include <stdint.h>

#include "service.h"

struct registers {
	uint64_t general[16];
	uint8_t vectors[32][64] __attribute__((aligned(64)));
	uint64_t masks[8];
	uint32_t mxcsr;
	uint16_t control;
};

static struct registers before, after;

/* The probe of subctx.h, to stand where its function would spoil registers. */
#define PROBE                                                         \
	"990: nop\n .pushsection .note.stapsdt, \"\", \"note\"\n"     \
	" .balign 4\n .4byte 992f-991f, 994f-993f, 3\n"               \
	"991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b\n" \
	" .8byte _.stapsdt.base\n .8byte 0\n .asciz \"subctx\"\n"     \
	" .asciz \"ready\"\n .asciz \"\"\n994: .balign 4\n .popsection\n"

#define EACH8(f, a) \
	f(a##0) f(a##1) f(a##2) f(a##3) f(a##4) f(a##5) f(a##6) f(a##7)
#define EACH32(f)  \
	EACH8(f, ) \
	f(8) f(9) EACH8(f, 1) f(18) f(19) EACH8(f, 2) f(28) f(29) f(30) f(31)
#define LOAD_Z(n)  "vmovdqu64 64*" #n "(%[from]), %%zmm" #n "\n"
#define STORE_Z(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%[to])\n"
#define LOAD_K(n)  "kmovq 8*" #n "(%[masks]), %%k" #n "\n"
#define STORE_K(n) "kmovq %%k" #n ", 8*" #n "(%[to_masks])\n"
#define EACH16(f)  EACH8(f, ) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#define LOAD_Y(n)  "vmovdqu 64*" #n "(%[from]), %%ymm" #n "\n"
#define STORE_Y(n) "vmovdqu %%ymm" #n ", 64*" #n "(%[to])\n"
#define LOAD_X(n)  "movdqu 64*" #n "(%[from]), %%xmm" #n "\n"
#define STORE_X(n) "movdqu %%xmm" #n ", 64*" #n "(%[to])\n"

#define ROUND(load, store)                                                    \
	__asm__ volatile(                                                     \
		"ldmxcsr %[mxcsr]\n fldcw %[control]\n" load                  \
		"mov $0x1111, %%r12\n mov $0x2222, %%r13\n"                   \
		"std\n" PROBE "pushfq\n pop %%rcx\n cld\n" store              \
		"mov %%r12, %[r12]\n mov %%r13, %[r13]\n"                     \
		"mov %%rcx, %[flags]\n"                                       \
		"stmxcsr %[to_mxcsr]\n fnstcw %[to_control]\n"                \
		:                                                             \
		[r12] "=m"(after.general[12]), [r13] "=m"(after.general[13]), \
		[flags] "=m"(after.general[0]), [to_mxcsr] "=m"(after.mxcsr), \
		[to_control] "=m"(after.control)                              \
		: [from] "r"(before.vectors), [to] "r"(after.vectors),        \
		  [masks] "r"(before.masks), [to_masks] "r"(after.masks),     \
		  [mxcsr] "m"(before.mxcsr), [control] "m"(before.control)    \
		: "rax", "rcx", "rdx", "r12", "r13", "memory")

int main(void)
{
	size_t count = 16, size = 16;

	for (size_t i = 0; i < sizeof(before.vectors); i++)
		((uint8_t *)before.vectors)[i] = (uint8_t)(i * 7 + 3);
	for (size_t i = 0; i < 8; i++)
		before.masks[i] = 0x0123456789abcdef * (i + 1);
	before.mxcsr = 0x1f80 | 0x6000; /* rounds towards zero */
	before.control = 0x27f;		/* x87 rounds to double */
	if (__builtin_cpu_supports("avx512bw")) {
		ROUND(EACH32(LOAD_Z) EACH8(LOAD_K, ),
		      EACH32(STORE_Z) EACH8(STORE_K, ));
		count = 32;
		size = 64;
		service_check(memcmp(before.masks, after.masks,
				     sizeof(after.masks)) == 0);
	} else if (__builtin_cpu_supports("avx")) {
		ROUND(EACH16(LOAD_Y), EACH16(STORE_Y));
		size = 32;
	} else {
		ROUND(EACH16(LOAD_X), EACH16(STORE_X));
	}
	for (size_t i = 0; i < count; i++)
		service_check(
			memcmp(before.vectors[i], after.vectors[i], size) == 0);
	service_check(after.general[12] == 0x1111);
	service_check(after.general[13] == 0x2222);
	service_check(after.general[0] & 0x400); /* the direction flag */
	service_check(after.mxcsr == before.mxcsr);
	service_check(after.control == before.control);
	return service_end();
}
