/*
 * picture.h - address spaces side by side: what stands where, as numbers
 *
 * High addresses are at the top.  Of the 2^47 bytes almost all are empty, so the
 * picture shows clusters, each to its own scale, and breaks between them:
 *
 *	 0x7ffd_____   +----+           +----+
 *	               |    | stack     |    | stack       one cluster
 *	 0x7ffd_____   +----+           +----+
 *	 - - - - - - - - 33 GiB - - - - - - - - -          a break
 *	 0x40______    +----+ python3                      another
 *
 * All lengths are in units of the picture, pixels where it is not scaled.
 */
#ifndef ADDRESSES_PICTURE_H
#define ADDRESSES_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "area.h"
#include "collision.h"
#include "common/error.h"
#include "space.h"

/* @top, @height: of the cluster of addresses from @start to @end */
struct picture_cluster {
	uint64_t start;
	uint64_t end;
	double top;
	double height;
};

/*
 * An area of one space.
 * @label: where the middle of its text is, or 0 when there is no room for one
 * @is_shared: another space has something at some of its addresses
 */
struct picture_box {
	size_t space;
	const struct area *area;
	double top;
	double height;
	double label;
	bool is_shared;
};

/* Clusters from the top to the bottom; boxes by space, then upwards. */
struct picture {
	struct picture_cluster *clusters;
	size_t cluster_count;
	struct picture_box *boxes;
	size_t box_count;
	size_t space_count;
	double height;
};

enum {
	PICTURE_HEAD = 64,	  /* above the first cluster, for the labels */
	PICTURE_BREAK = 34,	  /* between two clusters */
	PICTURE_LINE = 15,	  /* between two labels */
	PICTURE_CLUSTER_MIN = 30, /* of which two addresses stand beside it */
	PICTURE_LABELS_MAX = 12,  /* of one space in one cluster */
};

/* The spaces and collisions stay as they are while it is used. */
int picture_make(struct picture *ret_picture, const struct space *spaces,
		 size_t count, const struct collision_list *collisions,
		 struct error *err);
void picture_deinit(struct picture *picture);

/* How far below the top an address is, which lies in @cluster. */
double picture_y(const struct picture_cluster *cluster, uint64_t address);
/* The cluster that holds it. */
const struct picture_cluster *picture_find(const struct picture *picture,
					   uint64_t address);

#endif
