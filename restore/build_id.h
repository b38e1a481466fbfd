/*
 * build_id.h - by what an ELF file is known, whatever its name and date
 */
#ifndef RESTORE_BUILD_ID_H
#define RESTORE_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

#include "common/core_format.h"

struct build_id {
	uint32_t size; /* 0: it has none */
	unsigned char bytes[CORE_BUILD_ID_SIZE];
};

/* Of the file that @fd is open for; anything may be in it. */
void build_id_read(struct build_id *ret_id, int fd);

#endif
