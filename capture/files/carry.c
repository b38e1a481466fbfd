/*
 * carry.c - the kinds of descriptor that can be made again, and how
 */
#include "carry.h"

static const struct carrier *const carriers[] = {
	&carrier_file,	   &carrier_directory,	&carrier_device,
	&carrier_pipe,	   &carrier_socketpair, &carrier_listener,
	&carrier_udp,	   &carrier_eventfd,	&carrier_timerfd,
	&carrier_signalfd, &carrier_epoll,	&carrier_inotify,
	&carrier_memfd,	   &carrier_stream,
};

const char *carry_kind_name(size_t i)
{
	return i < sizeof(carriers) / sizeof(*carriers) ? carriers[i]->kind
							: NULL;
}

bool carry_kind_has_path(size_t i)
{
	return carriers[i]->has_path;
}
