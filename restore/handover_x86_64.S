/*
 * handover_x86_64.S - from a list of calls to the first instruction of the
 * service
 *
 * Runs as a copy, in a region where neither the restorer nor the image has
 * anything, with its stack and its data in the part of the region that it
 * unmaps at the end.  The page it runs in stays, as no one can unmap what he
 * stands on.
 *
 *	rdi	the calls			(struct call *)
 *	rsi	how many
 *	rdx	what comes at the end		(struct handover_end *)
 *	rcx	call_run(), as a copy
 *	r8	the top of the stack
 */
#include <asm/unistd.h>

	.text
	.globl	handover_code
	.globl	handover_code_end
handover_code:
	mov	%r8, %rsp
	mov	%rdi, %r12
	mov	%rsi, %rbp
	mov	%rdx, %rbx
	call	*%rcx
	cmp	%rbp, %rax
	jne	.Lfailed

	mov	(%rbx), %rdi		/* the work area, and with it the stack */
	mov	8(%rbx), %rsi
	mov	16(%rbx), %rsp		/* the frame, in the page that stays */
	mov	$__NR_munmap, %eax
	syscall
	mov	$__NR_rt_sigreturn, %eax
	syscall
	hlt

.Lfailed:
	mov	%rax, %r13		/* the step that failed */
	imul	$80, %rax, %rax		/* sizeof(struct call) */
	mov	56(%r12, %rax), %r14	/* its result */
	neg	%r14
	mov	24(%rbx), %rsi
	mov	32(%rbx), %rdx
	call	.Lwrite
	mov	%r13, %rax
	call	.Lwrite_number
	mov	40(%rbx), %rsi
	mov	48(%rbx), %rdx
	call	.Lwrite
	mov	%r14, %rax
	call	.Lwrite_number
	mov	56(%rbx), %rsi
	mov	64(%rbx), %rdx
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
