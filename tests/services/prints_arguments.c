/*
 * What subctx-restore was given behind "--", and the exit status it asks for.
 */
#include "service.h"

int main(void)
{
	struct subctx_arguments *given;
	int is_restored = subctx_ready_arguments(&given);

	printf("restored %d\n", is_restored);
	for (long i = 0; given && i < given->argc; i++)
		puts(given->argv[i]);
	service_check(!given || !given->argv[given->argc]);
	return given ? (int)given->argc + 40 : service_end();
}
