/*
 * A service library around liblua5.4: scripts that are loaded and have run
 *
 * Warming up runs a script that keeps what it has worked out; each line of input
 * is an expression, whose value is printed.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "common/subctx.h"

static lua_State *state;

static const char script[] =
	"primes = {}\n"
	"local sieve = {}\n"
	"for i = 2, 50000 do\n"
	"  if not sieve[i] then\n"
	"    primes[#primes + 1] = i\n"
	"    for k = i * i, 50000, i do sieve[k] = true end\n"
	"  end\n"
	"end\n"
	"function gcd(a, b) return b == 0 and a or gcd(b, a % b) end\n"
	"generator = coroutine.wrap(function()\n"
	"  for i, p in ipairs(primes) do coroutine.yield(p) end\n"
	"end)\n"
	"for i = 1, 10 do generator() end\n";

int subctx_warm_up(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	state = luaL_newstate();
	if (!state)
		return 1;
	luaL_openlibs(state);
	return luaL_dostring(state, script);
}

int subctx_serve(int argc, char *argv[])
{
	char line[1024] = "return ";
	const size_t before = strlen(line);

	(void)argc;
	(void)argv;
	while (fgets(line + before, (int)(sizeof(line) - before), stdin)) {
		(void)luaL_dostring(state, line);
		printf("%s\n", luaL_tolstring(state, -1, NULL));
		lua_settop(state, 0);
		fflush(stdout);
	}
	return 0;
}
