/*
 * call_x86_64.S - carries out a list of struct call, anywhere
 *
 * Position independent, refers to nothing outside itself and uses only the
 * stack it is given, so that it also runs as a copy: in a tracee, or in a
 * process from which everything else has been unmapped.
 */
	.text
	.globl	call_run
	.type	call_run, @function
	.globl	call_run_end
call_run:
	push	%rbx
	push	%rbp
	push	%r12
	mov	%rdi, %rbx		/* the call */
	mov	%rsi, %rbp		/* how many there are */
	xor	%r12d, %r12d		/* how many have been made */
.Lnext:
	cmp	%rbp, %r12
	je	.Ldone
	mov	(%rbx), %rax
	mov	8(%rbx), %rdi
	mov	16(%rbx), %rsi
	mov	24(%rbx), %rdx
	mov	32(%rbx), %r10
	mov	40(%rbx), %r8
	mov	48(%rbx), %r9
	cmp	$-1, %rax
	je	.Lcopy
	syscall
.Lcheck:
	mov	%rax, 56(%rbx)
	cmp	64(%rbx), %rax
	jl	.Ldone
	cmp	72(%rbx), %rax
	jg	.Ldone
	add	$80, %rbx
	inc	%r12
	jmp	.Lnext
.Lcopy:
	mov	%rdx, %rcx
	cld
	rep movsb
	xor	%eax, %eax
	jmp	.Lcheck
.Ldone:
	mov	%r12, %rax
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
call_run_end:
	.size	call_run, call_run_end - call_run

	.section .note.GNU-stack, "", @progbits
