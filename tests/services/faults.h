/*
 * faults.h - whether a byte can be read at all
 */
#ifndef TESTS_SERVICES_FAULTS_H
#define TESTS_SERVICES_FAULTS_H

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf faults_back;

static inline void faults_go_back(int number)
{
	siglongjmp(faults_back, number);
}

/* The signal with which reading the byte ends, or 0 when it succeeds. */
static inline int faults_with(const void *address)
{
	struct sigaction action = {.sa_handler = faults_go_back}, segv, bus;
	int number;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	number = sigsetjmp(faults_back, 1);
	if (number == 0)
		(void)*(const volatile unsigned char *)address;
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return number;
}

#endif
