/*
 * recorder_code_x86_64.S - the code of recorder.h, two templates
 *
 * There is a copy of both for each place that is led away.  What they are to know
 * is filled in at their ends, and where the place does not hold it, the prefix is
 * replaced by nothing (nop).  Of the registers rcx and r11 are
 * free, as the system call has changed them anyway; everything else is put back,
 * and nothing is pushed: the caller may use the bytes below its stack pointer.  A
 * slot is some pages:
 *
 *	0 rsp  8 rbp  16 rbx  24 r12 ... 48 r15  56 thread pointer  64 counter
 *	72 rdi  80 rsi  88 rdx  96 rax  104 bytes of stack that follow
 *	112 where the call returns to  128 ...
 *
 * rsp is 0 until all of the rest is there.  Behind the slots is another, for the
 * first that has opened a device that gives randomness.
 *
 * Of the main stack it is known how much there is: all up to its end.  Of another
 * one no byte may be read but those of the current page, which is little; so calls
 * on another stack are made where the filter stops them, and are recorded only
 * when they have become too many.
 */
#define SLOTS	   1024
#define SLOT_SHIFT 14
#define STACK_MOST (16384 - 128)
#define MAIN_STACK (8 << 20)

	.section .rodata
	.globl recorder_code, recorder_code_prefix, recorder_code_call
	.globl recorder_code_kept, recorder_code_done, recorder_code_facts
	.globl recorder_code_end
	.globl recorder_stopped, recorder_stopped_prefix, recorder_stopped_call
	.globl recorder_stopped_facts, recorder_stopped_end

	.macro PREFIX
	mov %rdi, %rsi
	mov $-100, %edi
	.endm

	.balign 16
recorder_code:
	mov .Lstack(%rip), %r11
	sub %rsp, %r11
	cmp $MAIN_STACK, %r11
	jb 1f
	cmpq $0, .Leverywhere(%rip)
	jne 1f
	mov .Lstopped(%rip), %r11
	jmp *%r11
1:
recorder_code_prefix:
	PREFIX
	mov $257, %eax
recorder_code_call:
	syscall
	cmp $SLOTS, %rax
	jae 5f
	mov %rax, %r11
	shl $SLOT_SHIFT, %r11
	add .Ltable(%rip), %r11
	movq $0, (%r11)
	mov %rbp, 8(%r11)
	mov %rbx, 16(%r11)
	mov %r12, 24(%r11)
	mov %r13, 32(%r11)
	mov %r14, 40(%r11)
	mov %r15, 48(%r11)
	mov %rdi, 72(%r11)
	mov %rsi, 80(%r11)
	mov %rdx, 88(%r11)
	mov %rax, 96(%r11)
recorder_code_kept:
	mov %fs:0x10, %rcx
	mov %rcx, 56(%r11)
	mov .Lreturn(%rip), %rcx
	mov %rcx, 112(%r11)
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, 64(%r11)

	mov %rsp, %rcx
	or $4095, %rcx
	inc %rcx
	mov .Lstack(%rip), %rax
	mov %rax, %rdx
	sub %rsp, %rdx
	cmp $MAIN_STACK, %rdx
	cmovb %rax, %rcx
	sub %rsp, %rcx
	cmp $STACK_MOST, %rcx
	jbe 2f
	mov $STACK_MOST, %ecx
2:	mov %rcx, 104(%r11)
	mov %rsp, %rsi
	lea 128(%r11), %rdi
	rep movsb
	mov %rsp, (%r11)

	mov 80(%r11), %rsi
	cmpb $'/', (%rsi)
	jne 4f
	cmpb $'d', 1(%rsi)
	jne 4f
	lea .Lrandom(%rip), %rdi
	mov $RANDOM_SIZE, %ecx
	repe cmpsb
	je 3f
	mov 80(%r11), %rsi
	lea .Lurandom(%rip), %rdi
	mov $URANDOM_SIZE, %ecx
	repe cmpsb
	jne 4f
3:	mov .Ltable(%rip), %rdi
	add $SLOTS << SLOT_SHIFT, %rdi
	cmpq $0, (%rdi)
	jne 4f
	mov %r11, %rsi
	mov 104(%r11), %rcx
	add $128, %rcx
	rep movsb
4:	mov 72(%r11), %rdi
	mov 80(%r11), %rsi
	mov 88(%r11), %rdx
	mov 96(%r11), %rax
recorder_code_done:
5:	mov .Lback(%rip), %r11
	cmp $-4096, %rax
	jmp *%r11

.Lrandom:
	.asciz "/dev/random"
	.set RANDOM_SIZE, . - .Lrandom
.Lurandom:
	.asciz "/dev/urandom"
	.set URANDOM_SIZE, . - .Lurandom
	.balign 8
recorder_code_facts:
.Ltable:
	.quad 0
.Lstack:
	.quad 0
.Lback:
	.quad 0
.Lreturn:
	.quad 0
.Lstopped:
	.quad 0
.Leverywhere:
	.quad 0
recorder_code_end:

	.balign 16
recorder_stopped:
recorder_stopped_prefix:
	PREFIX
	mov $257, %eax
recorder_stopped_call:
	syscall
	mov .Lback_stopped(%rip), %r11
	cmp $-4096, %rax
	jmp *%r11
	.balign 8
recorder_stopped_facts:
.Lback_stopped:
	.quad 0
recorder_stopped_end:

	.section .note.GNU-stack, "", @progbits
