/*
 * recorder_code_x86_64.S - the code of recorder.h, a template
 *
 * The four constants of eight bytes are filled in.  Of the registers rcx and r11
 * are free, as the system call has changed them anyway; everything else is put
 * back, and nothing is pushed: the caller may use the bytes below its stack
 * pointer.  A slot is a page:
 *
 *	0 rsp  8 rbp  16 rbx  24 r12 ... 48 r15  56 thread pointer  64 counter
 *	72 rdi  80 rsi  88 rdx  96 rax  104 bytes of stack that follow  128 ...
 *
 * rsp is 0 until all of the rest is there.
 *
 * No byte of the stack is read but those of its current page, or, on the main
 * stack, those up to its end, which are all there.
 */
#define SLOTS	   65536
#define SLOT_SHIFT 12
#define STACK_MOST 3968
#define MAIN_STACK (8 << 20)

	.section .rodata
	.globl recorder_code, recorder_code_call, recorder_code_table
	.globl recorder_code_stack, recorder_code_back, recorder_code_end
	.globl recorder_code_kept, recorder_code_done
	.balign 16
recorder_code:
	mov $257, %eax
recorder_code_call:
	syscall
	cmp $SLOTS, %rax
	jae 2f
	mov %rax, %r11
	shl $SLOT_SHIFT, %r11
	movabs $0x1111111111111111, %rcx
recorder_code_table:
	add %rcx, %r11
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
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, 64(%r11)

	mov %rsp, %rcx
	or $4095, %rcx
	inc %rcx
	movabs $0x2222222222222222, %rax
recorder_code_stack:
	mov %rax, %rdx
	sub %rsp, %rdx
	cmp $MAIN_STACK, %rdx
	cmovb %rax, %rcx
	sub %rsp, %rcx
	cmp $STACK_MOST, %rcx
	jbe 1f
	mov $STACK_MOST, %ecx
1:	mov %rcx, 104(%r11)
	mov %rsp, %rsi
	lea 128(%r11), %rdi
	rep movsb
	mov %rsp, (%r11)
	mov 72(%r11), %rdi
	mov 80(%r11), %rsi
	mov 88(%r11), %rdx
	mov 96(%r11), %rax
recorder_code_done:
2:	movabs $0x4444444444444444, %r11
recorder_code_back:
	cmp $-4096, %rax
	jmp *%r11
recorder_code_end:

	.section .note.GNU-stack, "", @progbits
