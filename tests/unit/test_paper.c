/*
 * test_paper.c - words in, lines that fit and move no cursor out
 */
#include <stdlib.h>

#include "tests/expect.h"
#include "tools/inspect/paper.h"

static char *text;
static size_t size;

static struct paper begin(size_t columns)
{
	return (struct paper){open_memstream(&text, &size), columns};
}

static void expect(const struct paper *paper, const char *wanted)
{
	fclose(paper->out);
	expect_text(text, wanted);
	free(text);
}

Test(paper, words_that_do_not_fit_go_on_further_in)
{
	struct paper paper = begin(20);

	paper_words(&paper, 2, "%s", "one two three four five six seven");
	expect(&paper, "  one two three four\n"
		       "    five six seven\n");
}

Test(paper, word_that_never_fits_is_not_broken)
{
	struct paper paper = begin(10);

	paper_words(&paper, 2, "%s", "a /usr/lib/a/long/path b");
	expect(&paper, "  a\n"
		       "    /usr/lib/a/long/path\n"
		       "    b\n");
}

Test(paper, entries_begin_behind_their_label)
{
	struct paper paper = begin(20);

	paper_entry(&paper, 6, "file", "%d %s", 3, "one two three");
	paper_entry(&paper, 4, "longer", "one two three four");
	expect(&paper, "  file  3 one two\n"
		       "        three\n"
		       "  longer one two\n"
		       "      three four\n");
}

Test(paper, lines_are_not_broken)
{
	struct paper paper = begin(4);

	paper_line(&paper, "  %s  %d", "one two", 3);
	paper_gap(&paper);
	expect(&paper, "  one two  3\n\n");
}

Test(paper, what_would_move_the_cursor_is_shown)
{
	struct paper paper = begin(80);

	paper_line(&paper, "%s",
		   "a\033[2Jb\rc\177d\xc2\x9b"
		   "e");
	paper_words(&paper, 0, "%s", "one\ntwo\tthree");
	expect(&paper, "a\\x1b[2Jb\\x0dc\\x7fd\\xc2\\x9be\n"
		       "one\\x0atwo\\x09three\n");
}

Test(paper, other_languages_are_left_alone)
{
	struct paper paper = begin(9);

	paper_words(&paper, 0, "%s", "Größe über");
	paper_words(&paper, 0, "%s", "ßßßß üüüü");
	expect(&paper, "Größe\n"
		       "  über\n"
		       "ßßßß üüüü\n");
}
