/*
 * Has its terminal give it every key as it comes; so it is in its second life.
 */
#include <termios.h>
#include <unistd.h>

#include "service.h"

enum {
	MINIMUM = 7,
};

int main(void)
{
	struct termios settings;

	service_check(tcgetattr(STDIN_FILENO, &settings) == 0);
	service_check(settings.c_lflag & ICANON);
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	settings.c_cc[VMIN] = MINIMUM;
	service_check(tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0);

	service_ready();

	service_check(tcgetattr(STDIN_FILENO, &settings) == 0);
	service_check(!(settings.c_lflag & (ICANON | ECHO)));
	service_check(settings.c_cc[VMIN] == MINIMUM);
	return service_end();
}
