"""shared_memory.py - the memory of a service and of ten restores of its core

As it is, a service that goes on after its capture has its memory for itself,
and the restores share theirs; with --remap it shares theirs.  All of them have
answered a request that reads all of the memory; Pss counts what several have in
equal parts, so that the sum is what all of them take.
"""
import contextlib
import json
import subprocess

from benchmarks import heavy_python
from benchmarks.clones import pss
from benchmarks.process import Failed, Process
from benchmarks.setting import in_turn, room_for, room_in_memory

TITLE = "memory of a service that goes on and of ten restores of its core"
RESTORES = 10
READ = b"read\n"


def measure(setting, _):
    size = 64 if setting.quick else 256
    try:
        room_in_memory(4 * size)
        room_for(".", 2 * size)
    except Failed as why:
        setting.results.leave_out(f"{size} MiB", why)
        return
    compare(setting, f"{size} MiB",
            [setting.service("works_in_memory"), str(size)], READ, 0.6)
    compare(setting, "python3 with 70 imports", heavy_python.write_service(),
            heavy_python.REQUEST, 0.9)


def compare(setting, what, command, request, at_most):
    seen = in_turn(
        setting.runs(15),
        alone=lambda: one_life(setting, command, request),
        shared=lambda: one_life(setting, command, request, "--remap"))
    alone, shared = (list(zip(*seen[how])) for how in ("alone", "shared"))
    add = setting.results.add
    add(f"{what}: all of them (Pss)", alone[0], "MiB")
    add("  re-mapped", shared[0], "MiB", beside=("as it is", alone[0]),
        at_most=at_most)
    add(f"{what}: the service alone (Pss)", alone[1], "MiB")
    add("  re-mapped", shared[1], "MiB", beside=("as it is", alone[1]))
    add(f"{what}: the service stood still", alone[2])
    add("  re-mapped", shared[2], beside=("as it is", alone[2]))


def one_life(setting, command, request, *options):
    """All memory and the service's in MiB, and for how long that was stopped."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(Process(*command))
        service.await_input()
        stopped = capture(setting, service.pid, *options)
        restores = [stack.enter_context(Process(setting.restore, "shared.core"))
                    for _ in range(RESTORES)]
        for process in (service, *restores):
            process.ask(request)
        return (pss(p.pid for p in (service, *restores)) / 1024,
                pss([service.pid]) / 1024, stopped)


def capture(setting, pid, *options):
    done = subprocess.run(
        [setting.capture, "--json", "--pid", str(pid), "-o", "shared.core",
         *options], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False)
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or ["?"])[0])
    report = json.loads(done.stdout)
    why_not = report.get("remapped", {}).get("nothing_because")
    if why_not:
        raise Failed(f"re-mapped nothing: {why_not}")
    return report["stopped_ms"]
