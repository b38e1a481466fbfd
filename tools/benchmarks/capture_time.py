"""capture_time.py - how long capture takes beside gcore, and how fast it copies

All look at one process, in turn.  The rate is an estimate: the time for a
service, less that for one of 2 MiB, which is all that is not copying.  Beside
it: the least that copying can cost (tests/services/copies_memory.c), with the
process stopped.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import statistics

from benchmarks.process import Failed, Process, run
from benchmarks.setting import (file_systems, in_turn, room_for,
                                room_in_memory)

TITLE = "capture of touched memory (--pid), beside gcore of the same process"
SMALL = 2


def measure(setting, _):
    for size in (64,) if setting.quick else (512, 2048):
        for name, folder in file_systems().items():
            try:
                room_in_memory(2 * size)
                room_for(folder, size)
                measure_in(setting, size, folder, name)
            except Failed as why:
                setting.results.leave_out(f"{size} MiB on {name}", why)


def measure_in(setting, size, folder, name):
    works = setting.service("works_in_memory")
    with Process(works, str(size)) as large, \
            Process(works, str(SMALL)) as small:
        large.await_input()
        small.await_input()
        measures = {"ours": lambda: ours(setting, large.pid, folder),
                    "small": lambda: ours(setting, small.pid, folder),
                    "bare": lambda: bare(setting, large.pid, folder)}
        if shutil.which("gcore"):
            measures["gcore"] = lambda: gcore(large.pid, folder)
        times = in_turn(setting.runs(12 if size < 1024 else 6), **measures)
    add_rows(setting.results, size, name, times)


def add_rows(results, size, name, times):
    where = f"{size} MiB on {name}"
    if "gcore" in times:
        results.add(f"gcore, {where}", times["gcore"])
        results.add(f"subctx-capture, {where}", times["ours"],
                    beside=("gcore", times["gcore"]), at_most=0.5)
    else:
        results.leave_out(f"gcore, {where}", "not installed")
        results.add(f"subctx-capture, {where}", times["ours"])
    bare_rates = [mebibytes / ms * 1e3 for mebibytes, ms in times["bare"]]
    results.add(f"copying, bare loop, {where}", bare_rates, "MiB/s")
    no_copying = statistics.median(times["small"])
    rates = [(size - SMALL) / (large - no_copying) * 1e3
             for large in times["ours"] if large > no_copying]
    if not rates:
        raise Failed("a capture of 2 MiB took as long")
    results.add(f"copying, subctx-capture (estimate), {where}", rates,
                "MiB/s", beside=("bare loop", bare_rates), at_least=0.9)


def ours(setting, pid, folder):
    with gone_after(f"{folder}/ours.core") as core:
        return setting.capture_process(pid, core)


def gcore(pid, folder):
    with gone_after(f"{folder}/theirs.{pid}"):
        return run("gcore", "-o", f"{folder}/theirs", str(pid),
                   errors="gcore.err")


def bare(setting, pid, folder):
    """What it says itself: MiB, and milliseconds."""
    os.kill(pid, signal.SIGSTOP)
    try:
        with gone_after(f"{folder}/bare") as path, \
                Process(setting.service("copies_memory"), str(pid),
                        path) as copier:
            mebibytes, taken = map(float, copier.line().split())
    finally:
        os.kill(pid, signal.SIGCONT)
    return mebibytes, taken


@contextlib.contextmanager
def gone_after(path):
    try:
        yield path
    finally:
        pathlib.Path(path).unlink(missing_ok=True)
