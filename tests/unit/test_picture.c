/*
 * test_picture.c - address spaces in, where on the paper they are out
 */
#include <criterion/criterion.h>
#include <math.h>

#include "tools/addresses/picture.h"

enum {
	SPACES = 2,
	PAGE = 4096,
};

static struct space spaces[SPACES];
static struct collision_list collisions;
static struct picture picture;

static void add(size_t space, uint64_t start, uint64_t pages)
{
	const struct area area = {
		.start = start, .end = start + pages * PAGE, .name = ""};

	cr_assert(area_list_add(&spaces[space].areas, &area) == 0);
}

static void draw(void)
{
	struct error err = {0};

	cr_assert(collision_list_make(&collisions, spaces, SPACES, &err) == 0);
	cr_assert(picture_make(&picture, spaces, SPACES, &collisions, &err) ==
		  0);
}

static void end(void)
{
	picture_deinit(&picture);
	collision_list_deinit(&collisions);
	for (size_t i = 0; i < SPACES; i++)
		space_close(&spaces[i]);
}

TestSuite(picture, .fini = end);

Test(picture, what_lies_far_apart_is_in_clusters_from_the_top)
{
	add(0, 0x400000, 4);
	add(1, 0x550000000000, 4);
	add(0, 0x7ff000000000, 4);

	draw();

	cr_assert(picture.cluster_count == 3);
	cr_expect(picture.clusters[0].start == 0x7ff000000000);
	cr_expect(picture.clusters[2].start == 0x400000);
	cr_expect(picture.clusters[0].top == PICTURE_HEAD);
	for (size_t i = 1; i < 3; i++)
		cr_expect(picture.clusters[i].top ==
			  picture.clusters[i - 1].top +
				  picture.clusters[i - 1].height +
				  PICTURE_BREAK);
	cr_expect(picture.height >
		  picture.clusters[2].top + picture.clusters[2].height);
}

Test(picture, cluster_of_an_address_is_found)
{
	add(0, 0x400000, 4);
	add(1, 0x550000000000, 4);
	add(0, 0x7ff000000000, 4);

	draw();

	for (size_t i = 0; i < picture.cluster_count; i++) {
		const struct picture_cluster *c = &picture.clusters[i];

		cr_expect(picture_find(&picture, c->start) == c);
		cr_expect(picture_find(&picture, c->end - 1) == c);
		cr_expect(!picture_find(&picture, c->end));
		cr_expect(!picture_find(&picture, c->start - 1));
	}
}

/* A gap no larger than what is beside it is drawn, not broken. */
Test(picture, small_gaps_are_within_a_cluster)
{
	add(0, 0x400000, 16);
	add(0, 0x400000 + 30 * PAGE, 1);
	add(1, 0x400000 + 60 * PAGE, 1);

	draw();

	cr_assert(picture.cluster_count == 2, "%zu", picture.cluster_count);
	cr_expect(picture.clusters[1].end == 0x400000 + 31 * PAGE);
}

Test(picture, cluster_has_one_scale)
{
	const struct picture_cluster *cluster;

	add(0, 0x400000, 30);
	add(0, 0x400000 + 30 * PAGE, 10);
	add(1, 0x400000 + 10 * PAGE, 20);

	draw();

	cr_assert(picture.cluster_count == 1 && picture.box_count == 3);
	cluster = &picture.clusters[0];
	cr_expect(fabs(picture.boxes[0].height / picture.boxes[1].height - 3) <
		  1e-9);
	cr_expect(fabs(picture.boxes[0].height + picture.boxes[1].height -
		       cluster->height) < 1e-9);
	cr_expect(picture.boxes[1].top == cluster->top);
	cr_expect(picture_y(cluster, 0x400000) ==
		  cluster->top + cluster->height);
	cr_expect(picture.boxes[2].space == 1);
}

Test(picture, boxes_at_the_same_addresses_are_side_by_side)
{
	add(0, 0x400000, 8);
	add(1, 0x400000, 8);
	add(1, 0x550000000000, 8);

	draw();

	cr_assert(picture.box_count == 3);
	cr_expect(picture.boxes[0].top == picture.boxes[1].top);
	cr_expect(picture.boxes[0].is_shared && picture.boxes[1].is_shared);
	cr_expect(!picture.boxes[2].is_shared);
}

/* Small boxes lie on each other; their labels do not, and stay inside. */
Test(picture, labels_have_room)
{
	const struct picture_cluster *cluster;
	double last;

	add(0, 0x400000, 4000);
	for (uint64_t i = 0; i < 8; i++)
		add(0, 0x400000 + (4000 + i) * PAGE, 1);

	draw();

	cr_assert(picture.cluster_count == 1);
	cluster = &picture.clusters[0];
	last = cluster->top + cluster->height + PICTURE_LINE / 2.0;
	for (size_t i = 0; i < picture.box_count; i++) {
		cr_expect(picture.boxes[i].label <= last - PICTURE_LINE + 1e-9,
			  "%zu: %g", i, picture.boxes[i].label);
		last = picture.boxes[i].label;
	}
	cr_expect(last >= cluster->top + PICTURE_LINE / 2.0 - 1e-9);
}

/* Of 99 pages as many as there is room for, of the others all. */
Test(picture, only_the_largest_of_many_have_labels)
{
	size_t labels = 0;

	for (uint64_t i = 0; i < 99; i++)
		add(0, 0x400000 + 2 * i * PAGE, 1);
	add(0, 0x400000 + 198 * PAGE, 1000);
	add(0, 0x400000 + 1200 * PAGE, 2);

	draw();

	cr_assert(picture.cluster_count == 1 && picture.box_count == 101);
	for (size_t i = 0; i < picture.box_count; i++)
		labels += picture.boxes[i].label > 0;
	cr_expect(labels == PICTURE_LABELS_MAX, "%zu", labels);
	cr_expect(picture.boxes[99].label > 0);
	cr_expect(picture.boxes[100].label > 0);
	cr_expect(picture.boxes[0].label > 0);
	cr_expect(picture.boxes[50].label == 0);
}
