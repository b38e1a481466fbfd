/*
 * picture.c - address spaces side by side: what stands where, as numbers
 */
#include "picture.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"

/* The height that a cluster gains each time that it is twice as large. */
static const double per_doubling = 7;
static const double smallest_size = 1 << 16;

/* @occupied: by any space, in bytes */
struct range {
	uint64_t start;
	uint64_t end;
	uint64_t occupied;
};

static int by_start(const void *left, const void *right)
{
	const struct range *a = left;
	const struct range *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* All that any space has, ascending; what touches is one. */
static size_t gather(struct range *ranges, const struct space *spaces,
		     size_t count)
{
	size_t found = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < spaces[i].areas.count; k++) {
			const struct area *a = &spaces[i].areas.items[k];

			ranges[found++] = (struct range){a->start, a->end, 0};
		}
	qsort(ranges, found, sizeof(*ranges), by_start);
	for (size_t i = 0; i < found; i++) {
		struct range *last = &ranges[kept - 1];

		if (kept == 0 || ranges[i].start > last->end)
			ranges[kept++] = ranges[i];
		else if (ranges[i].end > last->end)
			last->end = ranges[i].end;
	}
	for (size_t i = 0; i < kept; i++)
		ranges[i].occupied = ranges[i].end - ranges[i].start;
	return kept;
}

/*
 * Neighbours are one cluster when there is no more between them than one of them
 * has: then there is enough of both to be seen in one scale.
 */
static bool is_near(const struct range *low, const struct range *high)
{
	const uint64_t gap = high->start - low->end;

	return gap <= low->occupied || gap <= high->occupied;
}

static size_t join_once(struct range *ranges, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && is_near(&ranges[kept - 1], &ranges[i])) {
			ranges[kept - 1].end = ranges[i].end;
			ranges[kept - 1].occupied += ranges[i].occupied;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	return kept;
}

/* Each time they become larger, and more is near to them. */
static size_t join(struct range *ranges, size_t count)
{
	size_t before;

	do {
		before = count;
		count = join_once(ranges, count);
	} while (count < before);
	return count;
}

static bool is_in(const struct area *area, const struct range *range)
{
	return area->start >= range->start && area->end <= range->end;
}

/* The labels that the fullest column wants beside a cluster. */
static size_t labels_wanted(const struct range *range,
			    const struct space *spaces, size_t count)
{
	size_t most = 0;

	for (size_t i = 0; i < count; i++) {
		size_t wanted = 0;

		for (size_t k = 0; k < spaces[i].areas.count; k++)
			wanted += is_in(&spaces[i].areas.items[k], range);
		if (wanted > most)
			most = wanted;
	}
	return most < PICTURE_LABELS_MAX ? most : PICTURE_LABELS_MAX;
}

static double cluster_height(const struct range *range,
			     const struct space *spaces, size_t count)
{
	const double size = (double)(range->end - range->start);
	const size_t labels = labels_wanted(range, spaces, count);
	double height = PICTURE_CLUSTER_MIN;

	if (size > smallest_size)
		height += per_doubling * log2(size / smallest_size);
	return fmax(height, (double)labels * PICTURE_LINE);
}

static void place_clusters(struct picture *picture, const struct range *ranges,
			   const struct space *spaces)
{
	double y = PICTURE_HEAD;

	for (size_t i = 0; i < picture->cluster_count; i++) {
		const struct range *range =
			&ranges[picture->cluster_count - 1 - i];

		picture->clusters[i] = (struct picture_cluster){
			.start = range->start,
			.end = range->end,
			.top = y,
			.height = cluster_height(range, spaces,
						 picture->space_count),
		};
		y += picture->clusters[i].height + PICTURE_BREAK;
	}
	picture->height = y;
}

double picture_y(const struct picture_cluster *cluster, uint64_t address)
{
	const double part = (double)(cluster->end - address) /
			    (double)(cluster->end - cluster->start);

	return cluster->top + part * cluster->height;
}

const struct picture_cluster *picture_find(const struct picture *picture,
					   uint64_t address)
{
	size_t low = 0;
	size_t high = picture->cluster_count;

	/* They descend. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (picture->clusters[middle].start > address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == picture->cluster_count ||
	    address >= picture->clusters[low].end)
		return NULL;
	return &picture->clusters[low];
}

static void place_boxes(struct picture *picture, const struct space *spaces)
{
	for (size_t i = 0; i < picture->space_count; i++)
		for (size_t k = 0; k < spaces[i].areas.count; k++) {
			const struct area *area = &spaces[i].areas.items[k];
			const struct picture_cluster *cluster =
				picture_find(picture, area->start);

			assert(cluster);
			picture->boxes[picture->box_count++] =
				(struct picture_box){
					.space = i,
					.area = area,
					.top = picture_y(cluster, area->end),
					.height = picture_y(cluster,
							    area->start) -
						  picture_y(cluster, area->end),
				};
		}
}

/* Boxes stand in the order of the areas, space by space. */
static void mark_shared(struct picture *picture, const struct space *spaces,
			const struct collision_list *collisions)
{
	struct picture_box *boxes = picture->boxes;

	for (size_t i = 0; i < picture->space_count; i++) {
		for (size_t k = 0; k < collisions->count; k++) {
			const struct collision *c = &collisions->items[k];

			if (c->at[i] && !c->is_kernels)
				boxes[c->at[i] - spaces[i].areas.items]
					.is_shared = true;
		}
		boxes += spaces[i].areas.count;
	}
}

static int larger_first(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left;
	const uint64_t b = *(const uint64_t *)right;

	return a > b ? -1 : a < b;
}

/* All that are larger than @size have a label, and so many of just that. */
struct label_limit {
	uint64_t size;
	size_t equals;
};

static struct label_limit find_limit(const struct picture_box *boxes,
				     size_t count, uint64_t *sizes)
{
	struct label_limit limit = {0};

	if (count <= PICTURE_LABELS_MAX)
		return limit;
	for (size_t i = 0; i < count; i++)
		sizes[i] = area_size(boxes[i].area);
	qsort(sizes, count, sizeof(*sizes), larger_first);
	limit.size = sizes[PICTURE_LABELS_MAX - 1];
	for (size_t i = 0; i < PICTURE_LABELS_MAX; i++)
		limit.equals += sizes[i] == limit.size;
	return limit;
}

static bool takes_label(struct label_limit *limit, const struct area *area)
{
	if (area_size(area) != limit->size)
		return area_size(area) > limit->size;
	if (limit->equals == 0)
		return false;
	limit->equals--;
	return true;
}

/*
 * Each label is at the middle of its box if it can be: those below push it up,
 * and then the upper end of the cluster pushes all down.  There is room, as
 * every cluster is as high as its labels.
 */
static void place_labels(const struct picture_cluster *cluster,
			 struct picture_box *boxes, size_t count,
			 struct label_limit largest)
{
	const double half = PICTURE_LINE / 2.0;
	double limit = cluster->top + cluster->height - half;

	for (size_t i = 0; i < count; i++) {
		if (!takes_label(&largest, boxes[i].area))
			continue;
		boxes[i].label =
			fmin(boxes[i].top + boxes[i].height / 2, limit);
		limit = boxes[i].label - PICTURE_LINE;
	}
	limit = cluster->top + half;
	for (size_t i = count; i > 0; i--) {
		if (boxes[i - 1].label == 0)
			continue;
		boxes[i - 1].label = fmax(boxes[i - 1].label, limit);
		limit = boxes[i - 1].label + PICTURE_LINE;
	}
}

/* @sizes: room for those of all boxes */
static void label_boxes(struct picture *picture, uint64_t *sizes)
{
	size_t next;

	for (size_t i = 0; i < picture->box_count; i = next) {
		const struct picture_box *first = &picture->boxes[i];
		const struct picture_cluster *cluster =
			picture_find(picture, first->area->start);

		for (next = i + 1; next < picture->box_count; next++)
			if (picture->boxes[next].space != first->space ||
			    picture->boxes[next].area->start >= cluster->end)
				break;
		place_labels(cluster, &picture->boxes[i], next - i,
			     find_limit(&picture->boxes[i], next - i, sizes));
	}
}

int picture_make(struct picture *ret_picture, const struct space *spaces,
		 size_t count, const struct collision_list *collisions,
		 struct error *err)
{
	struct picture picture = {.space_count = count};
	cleanup_heap struct range *ranges = NULL;
	cleanup_heap uint64_t *sizes = NULL;
	size_t areas = 1;

	for (size_t i = 0; i < count; i++)
		areas += spaces[i].areas.count;
	ranges = calloc(areas, sizeof(*ranges));
	sizes = calloc(areas, sizeof(*sizes));
	picture.clusters = calloc(areas, sizeof(*picture.clusters));
	picture.boxes = calloc(areas, sizeof(*picture.boxes));
	if (!ranges || !sizes || !picture.clusters || !picture.boxes) {
		picture_deinit(&picture);
		return error_system(err, ENOMEM, "cannot draw the spaces");
	}
	picture.cluster_count = join(ranges, gather(ranges, spaces, count));
	place_clusters(&picture, ranges, spaces);
	place_boxes(&picture, spaces);
	mark_shared(&picture, spaces, collisions);
	label_boxes(&picture, sizes);
	*ret_picture = picture;
	return 0;
}

void picture_deinit(struct picture *picture)
{
	free(picture->clusters);
	free(picture->boxes);
	*picture = (struct picture){0};
}
