/*
 * handover_x86_64.S - from lists of calls to the first instructions of the
 * service
 *
 * Runs as a copy, in a region where neither the restorer nor the image has
 * anything, with its stacks and its data in the part of the region that it
 * unmaps at the end.  The page it runs in stays, as no one can unmap what he
 * stands on.
 *
 *	rdi	the early calls			(struct call *)
 *	rsi	how many
 *	rdx	what comes at the end		(struct handover_end *)
 *	rcx	call_run(), as a copy
 *	r8	the top of the stack
 *
 * The main thread waits until all others have made their calls, makes its late
 * ones, lets the others go, and waits until none of them needs the data or a
 * stack any more.  All signals are blocked meanwhile.
 */
#include <asm/unistd.h>

#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#define EVERYBODY 0x7fffffff

#define WORK 0
#define WORK_SIZE 8
#define FRAME 16
#define TEXT 24
#define CALLS 72
#define LATE 80
#define LATE_COUNT 88
#define RUN 96
#define THREAD_COUNT 104
#define ARRIVED 108
#define GO 112
#define LEFT 116

#define THREAD_CALLS 0
#define THREAD_CALL_COUNT 8
#define THREAD_FRAME 16

	.text
	.globl	handover_code
	.globl	handover_thread
	.globl	handover_code_end
handover_code:
	mov	%r8, %rsp
	mov	%rdi, %r12
	mov	%rsi, %rbp
	mov	%rdx, %r15
	call	.Lrun
	lea	ARRIVED(%r15), %rdi
	mov	THREAD_COUNT(%r15), %r14d
	call	.Lawait
	mov	LATE(%r15), %r12
	mov	LATE_COUNT(%r15), %rbp
	call	.Lrun
	movl	$1, GO(%r15)
	lea	GO(%r15), %rdi
	call	.Lwake
	lea	LEFT(%r15), %rdi
	mov	THREAD_COUNT(%r15), %r14d
	call	.Lawait

	mov	WORK(%r15), %rdi	/* and with it the stack */
	mov	WORK_SIZE(%r15), %rsi
	mov	FRAME(%r15), %rsp	/* in the page that stays */
	mov	$__NR_munmap, %eax
	syscall
	mov	$__NR_rt_sigreturn, %eax
	syscall
	hlt

handover_thread:			/* rbx: its own, r15: of all */
	mov	THREAD_CALLS(%rbx), %r12
	mov	THREAD_CALL_COUNT(%rbx), %rbp
	call	.Lrun
	mov	THREAD_FRAME(%rbx), %r13
	mov	$1, %eax
	lock xadd %eax, ARRIVED(%r15)
	inc	%eax
	cmp	THREAD_COUNT(%r15), %eax
	jne	1f
	lea	ARRIVED(%r15), %rdi
	call	.Lwake
1:	lea	GO(%r15), %rdi
	mov	$1, %r14d
	call	.Lawait

	mov	%r13, %rsp		/* nothing that goes is used from here */
	mov	THREAD_COUNT(%r15), %r14d
	lea	LEFT(%r15), %rdi
	mov	$1, %eax
	lock xadd %eax, (%rdi)
	inc	%eax
	cmp	%r14d, %eax
	jne	1f
	mov	$FUTEX_WAKE_PRIVATE, %esi	/* only an address to the kernel */
	mov	$1, %edx
	mov	$__NR_futex, %eax
	syscall
1:	mov	$__NR_rt_sigreturn, %eax
	syscall
	hlt

.Lrun:					/* the rbp calls at r12 */
	mov	%r12, %rdi
	mov	%rbp, %rsi
	call	*RUN(%r15)
	cmp	%rbp, %rax
	jne	.Lfailed
	ret

.Lawait:				/* until the word at rdi is r14 */
	mov	(%rdi), %edx
	cmp	%r14d, %edx
	je	1f
	mov	$FUTEX_WAIT_PRIVATE, %esi
	xor	%r10d, %r10d
	mov	$__NR_futex, %eax
	syscall
	jmp	.Lawait
1:	ret

.Lwake:					/* all who wait at rdi */
	mov	$FUTEX_WAKE_PRIVATE, %esi
	mov	$EVERYBODY, %edx
	mov	$__NR_futex, %eax
	syscall
	ret

.Lfailed:				/* rax: which one of the list at r12 */
	imul	$80, %rax, %r13		/* sizeof(struct call) */
	add	%r12, %r13
	mov	56(%r13), %r14		/* its result */
	neg	%r14
	mov	TEXT(%r15), %rsi
	mov	TEXT + 8(%r15), %rdx
	call	.Lwrite
	mov	%r13, %rax
	sub	CALLS(%r15), %rax
	xor	%edx, %edx
	mov	$80, %ecx
	div	%rcx
	call	.Lwrite_number
	mov	TEXT + 16(%r15), %rsi
	mov	TEXT + 24(%r15), %rdx
	call	.Lwrite
	mov	%r14, %rax
	call	.Lwrite_number
	mov	TEXT + 32(%r15), %rsi
	mov	TEXT + 40(%r15), %rdx
	call	.Lwrite
	mov	$125, %edi
	mov	$__NR_exit_group, %eax
	syscall
	hlt

.Lwrite:
	mov	$2, %edi
	mov	$__NR_write, %eax
	syscall
	ret

.Lwrite_number:				/* rax in decimal, through the stack */
	sub	$24, %rsp
	lea	24(%rsp), %rsi
	mov	$10, %ecx
.Ldigit:
	xor	%edx, %edx
	div	%rcx
	add	$'0', %edx
	dec	%rsi
	mov	%dl, (%rsi)
	test	%rax, %rax
	jnz	.Ldigit
	lea	24(%rsp), %rdx
	sub	%rsi, %rdx
	call	.Lwrite
	add	$24, %rsp
	ret
handover_code_end:

	.section .note.GNU-stack, "", @progbits
