/*
 * svg.c - a picture of address spaces as a file that browsers show
 *
 *	| addresses | bar  labels | bar  labels | ...
 *	 AXIS        COLUMN        COLUMN
 */
#include "svg.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "quantity.h"

enum {
	MARGIN = 12,
	AXIS = 156,
	COLUMN = 262,
	BAR = 62,
	LEGEND_LINE = 18,
	ENTRY = 100,	/* of the legend */
	LABEL_MAX = 24, /* characters of a label, and of a heading twice that */
	BOX_MIN = 1,	/* so that a page can be seen in a GiB */
};

static const char *const colors[AREA_KINDS] = {
	[AREA_ANONYMOUS] = "#eeca3b", [AREA_PROGRAM] = "#4c78a8",
	[AREA_HEAP] = "#f58518",      [AREA_LOADER] = "#83bcb6",
	[AREA_LIBRARY] = "#54a24b",   [AREA_FILE] = "#b8b0ac",
	[AREA_RESTORED] = "#6b7fd7",  [AREA_STACK] = "#b279a2",
	[AREA_KERNEL] = "#9d755d",    [AREA_VSYSCALL] = "#79706e",
};

static const char shared_color[] = "#d62728";

struct drawing {
	FILE *file;
	const struct picture *picture;
	const struct space *spaces;
	const struct collision_list *collisions;
};

static double column_x(size_t space)
{
	return AXIS + (double)space * COLUMN;
}

static double full_width(const struct drawing *d)
{
	return column_x(d->picture->space_count);
}

/* At most @max characters, the first of them left out; a name may hold any. */
static void write_text(FILE *file, const char *text, size_t max)
{
	const size_t length = strlen(text);

	if (length > max) {
		text += length - max + 1;
		/* Not from within a character of UTF-8. */
		while (((unsigned char)*text & 0xc0) == 0x80)
			text++;
		fputs("…", file);
	}
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", file);
		else if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '>')
			fputs("&gt;", file);
		else if ((unsigned char)*text >= ' ')
			fprintf(file, "%c", *text);
		else
			fputs("?", file);
	}
}

static const char *placement_text(const struct space *space)
{
	static const char *const texts[] = {
		[PLACED_UNKNOWN] = "",
		[PLACED_FIXED] = "fixed addresses (ET_EXEC)",
		[PLACED_FREELY] = "free to be placed (PIE)",
		[PLACED_RESTORED] = "restored, where its core has it",
	};

	return space->not_randomised && space->placement == PLACED_FREELY
		       ? "PIE, but not randomised"
		       : texts[space->placement];
}

static void draw_heading(const struct drawing *d, size_t number)
{
	const struct space *space = &d->spaces[number];
	const char *slash = strrchr(space->label, '/');
	const char *label = slash ? slash + 1 : space->label;
	const double x = column_x(number);

	fprintf(d->file, "<text x=\"%.0f\" y=\"22\" class=\"name\">", x);
	if (space->source == SPACE_PROCESS && space->program) {
		slash = strrchr(space->program, '/');
		write_text(d->file, slash ? slash + 1 : space->program,
			   LABEL_MAX);
		fprintf(d->file, ", pid %d", space->pid);
	} else {
		write_text(d->file, label, 2 * LABEL_MAX);
	}
	fprintf(d->file,
		"</text>\n<text x=\"%.0f\" y=\"38\" class=\"dim\">%s</text>\n",
		x, placement_text(space));
}

/* Its track shows that it goes on where there is nothing. */
static void draw_column(const struct drawing *d, size_t number)
{
	const double top = PICTURE_HEAD - 12;

	draw_heading(d, number);
	fprintf(d->file,
		"<rect x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"%.1f\" "
		"class=\"track\"/>\n",
		column_x(number), top, BAR,
		d->picture->height - PICTURE_BREAK + 12 - top);
}

static void draw_address(const struct drawing *d, double y, uint64_t address)
{
	fprintf(d->file,
		"<text x=\"%d\" y=\"%.1f\" class=\"address\">%#" PRIx64
		"</text>\n",
		AXIS - 24, y, address);
}

/* The scale of the axis: a bracket, its two ends, and how much that is. */
static void draw_cluster(const struct drawing *d,
			 const struct picture_cluster *c)
{
	const double bottom = c->top + c->height;
	const double x = AXIS - 10;

	fprintf(d->file, "<path d=\"M%.0f %.1fh-6V%.1fh6\" class=\"axis\"/>\n",
		x, c->top, bottom);
	draw_address(d, c->top + 8, c->end);
	draw_address(d, bottom, c->start);
	if (c->height >= 4 * PICTURE_LINE)
		fprintf(d->file,
			"<text x=\"%d\" y=\"%.1f\" class=\"size\">%s</text>\n",
			AXIS - 24, c->top + c->height / 2 + 4,
			quantity_bytes((double)(c->end - c->start)).text);
}

static void draw_break(const struct drawing *d,
		       const struct picture_cluster *above,
		       const struct picture_cluster *below)
{
	const double y = below->top - PICTURE_BREAK / 2.0;

	fprintf(d->file,
		"<path d=\"M%d %.1fH%.0f\" class=\"break\"/>\n"
		"<text x=\"%d\" y=\"%.1f\" class=\"gap\">%s apart</text>\n",
		AXIS - 16, y, full_width(d) - MARGIN, AXIS - 24, y + 4,
		quantity_bytes((double)(above->start - below->end)).text);
}

static void draw_box(const struct drawing *d, const struct picture_box *box)
{
	const double x = column_x(box->space);
	const double height = fmax(box->height, BOX_MIN);
	const double middle = box->top + box->height / 2;

	fprintf(d->file,
		"<rect x=\"%.0f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" "
		"fill=\"%s\"%s/>\n",
		x, box->top, BAR, height, colors[box->area->kind],
		box->is_shared ? " class=\"shared\"" : "");
	if (box->label == 0)
		return;
	fprintf(d->file,
		"<path d=\"M%.0f %.1fL%.0f %.1fh4\" class=\"lead\"/>\n"
		"<text x=\"%.0f\" y=\"%.1f\">",
		x + BAR + 1, middle, x + BAR + 12, box->label, x + BAR + 20,
		box->label + 4);
	write_text(d->file, area_short_name(box->area), LABEL_MAX);
	fprintf(d->file, " <tspan class=\"dim\">%s</tspan></text>\n",
		quantity_bytes((double)area_size(box->area)).text);
}

/* A band over all columns from the first to the last that have something. */
static void draw_collision(const struct drawing *d, const struct collision *c)
{
	const struct picture_cluster *cluster =
		picture_find(d->picture, c->start);
	const double top = picture_y(cluster, c->end);
	const double bottom = picture_y(cluster, c->start);
	size_t first = 0;
	size_t last = d->picture->space_count - 1;

	while (!c->at[first])
		first++;
	while (!c->at[last])
		last--;
	fprintf(d->file,
		"<rect x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\" "
		"class=\"band\"/>\n",
		column_x(first) - 4, top,
		column_x(last) - column_x(first) + BAR + 8,
		fmax(bottom - top, BOX_MIN));
}

static bool is_used(const struct drawing *d, enum area_kind kind)
{
	for (size_t i = 0; i < d->picture->space_count; i++)
		if (area_list_first(&d->spaces[i].areas, kind))
			return true;
	return false;
}

static size_t entries_in_row(const struct drawing *d)
{
	return (size_t)(full_width(d) - MARGIN) / ENTRY;
}

static void draw_legend_entry(const struct drawing *d, size_t *number,
			      const char *color, const char *text)
{
	const size_t row = *number / entries_in_row(d);
	const double x = MARGIN + (double)(*number % entries_in_row(d)) * ENTRY;
	const double y = d->picture->height + 6 + (double)row * LEGEND_LINE;

	fprintf(d->file,
		"<rect x=\"%.0f\" y=\"%.1f\" width=\"11\" height=\"11\" "
		"fill=\"%s\"/>\n<text x=\"%.0f\" y=\"%.1f\">%s</text>\n",
		x, y - 9, color, x + 16, y, text);
	++*number;
}

static bool has_shared(const struct drawing *d)
{
	for (size_t i = 0; i < d->collisions->count; i++)
		if (!d->collisions->items[i].is_kernels)
			return true;
	return false;
}

static size_t legend_entries(const struct drawing *d)
{
	size_t count = has_shared(d);

	for (enum area_kind kind = AREA_ANONYMOUS; kind < AREA_KINDS; kind++)
		count += is_used(d, kind);
	return count;
}

static void draw_legend(const struct drawing *d)
{
	size_t number = 0;

	for (enum area_kind kind = AREA_ANONYMOUS; kind < AREA_KINDS; kind++)
		if (is_used(d, kind))
			draw_legend_entry(d, &number, colors[kind],
					  area_kind_name(kind));
	if (has_shared(d))
		draw_legend_entry(d, &number, shared_color, "shared");
}

/* How high all of it is: rows of the legend, and some air. */
static double full_height(const struct drawing *d)
{
	const size_t rows =
		(legend_entries(d) + entries_in_row(d) - 1) / entries_in_row(d);

	return d->picture->height + (double)rows * LEGEND_LINE + MARGIN / 2.0;
}

static const char style[] =
	"<style>\n"
	"text{font:12px \"DejaVu Sans\",Verdana,sans-serif;fill:#333}\n"
	".name{font-weight:bold;font-size:13px}\n"
	".dim,.size,.gap{fill:#777}\n"
	".size,.gap,.address{text-anchor:end;font-size:11px}\n"
	".address{font-family:\"DejaVu Sans Mono\",monospace;font-size:10.5px}\n"
	".track{fill:#f4f4f4}\n"
	".axis{fill:none;stroke:#777}\n"
	".lead{fill:none;stroke:#bbb}\n"
	".break{fill:none;stroke:#aaa;stroke-dasharray:2 5}\n"
	".shared{stroke:#d62728;stroke-width:1.5}\n"
	".band{fill:#d62728;fill-opacity:.16}\n"
	"</style>\n";

static void draw(const struct drawing *d)
{
	const struct picture *picture = d->picture;
	const double height = full_height(d);

	fprintf(d->file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
		"height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n"
		"<title>%zu address spaces</title>\n%s"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		full_width(d), height, full_width(d), height,
		picture->space_count, style);
	for (size_t i = 0; i < picture->space_count; i++)
		draw_column(d, i);
	for (size_t i = 0; i < picture->cluster_count; i++) {
		draw_cluster(d, &picture->clusters[i]);
		if (i > 0)
			draw_break(d, &picture->clusters[i - 1],
				   &picture->clusters[i]);
	}
	for (size_t i = 0; i < d->collisions->count; i++)
		if (!d->collisions->items[i].is_kernels)
			draw_collision(d, &d->collisions->items[i]);
	for (size_t i = 0; i < picture->box_count; i++)
		draw_box(d, &picture->boxes[i]);
	draw_legend(d);
	fprintf(d->file, "</svg>\n");
}

static int cannot_write(struct error *err, const char *path, int code)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		unlink(path);
	return error_system(err, code, "cannot write '%s'", path);
}

int svg_write(const char *path, const struct picture *picture,
	      const struct space *spaces,
	      const struct collision_list *collisions, struct error *err)
{
	struct drawing d = {
		.picture = picture, .spaces = spaces, .collisions = collisions};
	bool is_short;

	d.file = fopen(path, "we");
	if (!d.file)
		return error_system(err, errno, "cannot write '%s'", path);
	draw(&d);
	is_short = ferror(d.file) != 0;
	if (fclose(d.file) != 0 || is_short)
		return cannot_write(err, path, errno ? errno : EIO);
	return 0;
}
