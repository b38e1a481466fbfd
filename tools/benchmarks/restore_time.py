"""restore_time.py - from exec to the first instruction of a service, by size

The service waits for a request, gets the end of its input, and exits.  Beside
it: /bin/true, which does nothing; fork() of the service when it is warm, and
the end of that child; CRIU and DMTCP where they are.
"""
import os

from benchmarks.process import Failed, Process, run
from benchmarks.setting import in_folder, in_turn, room_for, room_in_memory

TITLE = "restore: to the first instruction, and the end"
# They take seconds for the large ones.
PEER_RUNS = {2: 10, 64: 10, 512: 5, 2048: 3}


def measure(setting, peers):
    sizes = [size for size in setting.sizes() if fits(setting, size)]
    measures = {"true": lambda: run("/bin/true")}
    warm = []
    try:
        for size in sizes:
            command = [setting.service("works_in_memory"), str(size)]
            setting.capture_to(f"{size}.core", *command)
            warm.append(Process(*command))
            measures[f"restore {size}"] = restored(setting, f"{size}.core")
            measures[f"fork {size}"] = forked(warm[-1])
        times = in_turn(setting.runs(), **measures)
    finally:
        for process in warm:
            process.end()
        for size in sizes:
            os.unlink(f"{size}.core")
    add_rows(setting.results, sizes, times)
    for peer in peers:
        measure_peer(setting, peer, sizes, times)


def fits(setting, size):
    """The service, what its peer makes of it, and a core."""
    try:
        room_for(".", 2 * size)
        room_in_memory(2 * size)
        return True
    except Failed as why:
        setting.results.leave_out(f"{size} MiB", why)
        return False


def restored(setting, core):
    return lambda: run(setting.restore, core, errors="restore.err")


def forked(process):
    return lambda: float(process.ask(b"fork\n"))


def add_rows(results, sizes, times):
    results.add("/bin/true, to its end", times["true"], program="/bin/true")
    smallest = times[f"restore {sizes[0]}"]
    for size in sizes:
        results.add(f"restore of {size} MiB", times[f"restore {size}"],
                    beside=("/bin/true", times["true"]),
                    at_most=0.8 if size == 512 else None,
                    program="subctx-restore", size=size)
    for size in sizes[1:]:
        results.add(f"{size} MiB beside {sizes[0]} MiB",
                    times[f"restore {size}"],
                    beside=(f"{sizes[0]} MiB", smallest), at_most=1.1)
    for size in sizes:
        results.add(f"fork() of a warm one of {size} MiB",
                    times[f"fork {size}"],
                    beside=("restore", times[f"restore {size}"]),
                    program="fork()", size=size)


def measure_peer(setting, peer, sizes, times):
    what = f"{peer.name}, restore"
    reason = peer.unusable()
    if reason:
        setting.results.leave_out(what, reason)
        return
    for size in sizes:
        try:
            with in_folder("."):
                peer.checkpoint(setting.service("works_in_memory"), str(size))
                taken = in_turn(setting.runs(PEER_RUNS[size]),
                                peer=peer.restore)["peer"]
        except Failed as why:
            setting.results.leave_out(f"{what} of {size} MiB", why)
            continue
        setting.results.add(f"{what} of {size} MiB", taken,
                            beside=("restore", times[f"restore {size}"]),
                            program=peer.name, size=size)
