"""steady_state.py - requests that work in much memory, never captured and restored

Each walks at random through all of it (tests/services/works_in_memory.c).  The
first one in a restored service pays for the pages that it touches.
"""
from benchmarks.process import Failed, Process
from benchmarks.setting import in_turn, room_for, room_in_memory

TITLE = "a request that walks through the memory of a service"
# In a restored service in this order, each once in its life.
REQUESTS = ("first read", "second read", "third read", "first write",
            "second write", "third write", "read after that")
# What pays for the first touch before the service goes on.
UP_FRONT = ("--populate", "--hugepages")


def measure(setting, _):
    size = 64 if setting.quick else 512
    try:
        room_in_memory(2 * size)
        room_for(".", size)
    except Failed as why:
        setting.results.leave_out(f"{size} MiB", why)
        return
    command = [setting.service("works_in_memory"), str(size)]
    with Process(*command) as warm:
        warm.await_input()
        setting.capture_process(warm.pid, "steady.core")
        lives = in_turn(setting.runs(15),
                        never=lambda: [walked(warm, "read"),
                                       walked(warm, "write")],
                        restored=lambda: one_life(setting, REQUESTS),
                        **{option: lambda option=option: one_life(
                            setting, ["first write"], option)
                           for option in UP_FRONT})
    reads, writes = zip(*lives["never"])
    add_rows(setting.results, size, reads, writes,
             dict(zip(REQUESTS, zip(*lives["restored"]))))
    for option in UP_FRONT:
        setting.results.add(f"restored with {option}: first write",
                            [life[0] for life in lives[option]],
                            beside=("never captured", writes), at_most=1.05)


def one_life(setting, requests, *options):
    with Process(setting.restore, *options, "steady.core") as process:
        return [walked(process, request) for request in requests]


def walked(process, request):
    kind = "write" if "write" in request else "read"
    return float(process.ask(f"{kind}\n".encode()))


def add_rows(results, size, reads, writes, restored):
    results.add(f"never captured, {size} MiB: a read", reads)
    results.add("never captured: a write", writes)
    for request in REQUESTS:
        never = writes if "write" in request else reads
        results.add(f"restored: {request}", restored[request],
                    beside=("never captured", never),
                    at_most=None if "first" in request else 1.05)
