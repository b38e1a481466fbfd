"""blame.py - what it costs to know who made what, on the way to ready"""
import pathlib
import shutil
import subprocess

from benchmarks import heavy_python
from benchmarks.process import Failed, Process, now_ms
from benchmarks.setting import in_turn

TITLE = "who opened what: from the start to the first line of output"

# What /bin/echo takes more is no following: it is the capturer's start.
OPENS = """
#include <fcntl.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 100000; i++)
		close(open("/etc/passwd", O_RDONLY));
	return write(1, "ready\\n", 6) != 6;
}
"""


def measure(setting, _):
    pathlib.Path("imports.py").write_text(
        heavy_python.IMPORTS + "print('ready', flush=True)\n")
    pathlib.Path("opens.c").write_text(OPENS)
    subprocess.run(["cc", "-O2", "-o", "opens", "opens.c"], check=True)
    follow(setting, "/bin/echo", setting.runs(), "/bin/echo", "ready")
    follow(setting, "python3 with 70 imports", setting.runs(),
           heavy_python.PYTHON, "imports.py")
    follow(setting, "100,000 opens and closes", setting.runs(10), "./opens")


def follow(setting, what, count, *command):
    times = in_turn(count, alone=lambda: until_output(*command),
                    followed=lambda: until_output(
                        setting.capture, "-q", "--ready=stop", *command))
    add = setting.results.add
    add(f"{what}, alone", times["alone"])
    beside = ("alone", times["alone"])
    add(f"{what}, followed", times["followed"], beside=beside)
    if shutil.which("strace"):
        add(f"{what}, strace -f -e trace=%desc", in_turn(
            3, strace=lambda: until_output("strace", "-f", "-o", "/dev/null",
                                           "-e", "trace=%desc", *command)
        )["strace"], beside=beside)
    else:
        setting.results.leave_out(f"{what}, strace", "not installed")


def until_output(*command):
    """In ms."""
    start = now_ms()
    with Process(*command, quiet=True) as process:
        line = process.line()
        taken = now_ms() - start
    if line != b"ready\n":
        raise Failed(f"{command[0]} printed {line}")
    return taken
