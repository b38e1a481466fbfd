"""small_capture.py - a small service, from its start until its core is written

Beside it: its own start, untraced, until it has answered a request that was
there from the beginning, which is a few microseconds after it was ready.
"""
from benchmarks.process import Process, now_ms, run
from benchmarks.setting import in_turn

TITLE = "capture of a small service, from its start until the core is written"


def measure(setting, _):
    measure_one(setting, "bc", b"6 * 7\n", "/usr/bin/bc", "-q")
    measure_one(setting, "2 MiB", b"fork\n",
                setting.service("works_in_memory"), "2")


def measure_one(setting, name, request, *command):
    times = in_turn(setting.runs(), start=lambda: answered(request, *command),
                    capture=lambda: captured(setting, *command))
    add = setting.results.add
    add(f"{name}: its own start to ready", times["start"])
    add(f"{name}: subctx-capture", times["capture"],
        beside=("start", times["start"]))
    add(f"{name}: the difference", [captured - alone for captured, alone
                                    in zip(times["capture"], times["start"])],
        at_most=15)


def answered(request, *command):
    start = now_ms()
    with Process(*command, request=request) as process:
        process.line()
        return now_ms() - start


def captured(setting, *command):
    return run(setting.capture, "-q", "-o", "small.core", *command,
               errors="capture.err")
