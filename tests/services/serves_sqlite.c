/*
 * A service library around libsqlite3: a data set in memory, asked in SQL
 *
 * Warming up makes and indexes 20,000 rows; each line of input is a statement,
 * whose rows are printed one a line.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "common/subctx.h"

static sqlite3 *database;

static const char data_set[] =
	"CREATE TABLE number(n INTEGER PRIMARY KEY, square INTEGER, text TEXT);"
	"WITH RECURSIVE count(n) AS"
	" (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 20000)"
	" INSERT INTO number SELECT n, n * n, printf('%06x', n) FROM count;"
	"CREATE INDEX by_text ON number(text);";

static int print_row(void *context, int count, char *values[], char *names[])
{
	(void)context;
	(void)names;
	for (int i = 0; i < count; i++)
		printf("%s%s", i ? "|" : "", values[i] ? values[i] : "");
	putchar('\n');
	return 0;
}

int subctx_warm_up(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	return sqlite3_open(":memory:", &database) != SQLITE_OK ||
	       sqlite3_exec(database, data_set, NULL, NULL, NULL) != SQLITE_OK;
}

int subctx_serve(int argc, char *argv[])
{
	char line[1024];

	(void)argc;
	(void)argv;
	while (fgets(line, sizeof(line), stdin)) {
		char *message = NULL;

		sqlite3_exec(database, line, print_row, NULL, &message);
		if (message)
			printf("%s\n", message);
		sqlite3_free(message);
		fflush(stdout);
	}
	return 0;
}
