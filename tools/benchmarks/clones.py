"""clones.py - a hundred of a heavy service at once, beside a fork server

Time is from the first start until all have answered.  Memory is what each
further one costs: the sum of the Pss of all, less that of one alone, for each
of the others; the fork server, whose pages they share, is counted with both.
"""
import pathlib
import re

from benchmarks import heavy_python
from benchmarks.process import Failed, Process, now_ms
from benchmarks.setting import in_turn

TITLE = "clones of python3 with 70 imports, started at once"
COUNT = 100


def measure(setting, _):
    heavy_python.capture(setting)
    with Process(*heavy_python.fork_server()) as server:
        seen = in_turn(setting.runs(30),
                       **measures(setting, server, COUNT))
        alone = in_turn(3, **measures(setting, server, 1))
    add = setting.results.add
    times = {how: [ms for ms, _ in seen[how]] for how in seen}
    memory = {how: each_further(seen[how], alone[how]) for how in seen}
    add(f"{COUNT} by a fork server, all answered", times["fork"])
    add("memory of each further one (Pss)", memory["fork"], "KiB")
    for what, how in (("restores", "restore"),
                      ("restores, pages recorded", "recorded")):
        add(f"{COUNT} {what}, all answered", times[how],
            beside=("fork server", times["fork"]), at_most=1.5)
        add("memory of each further one (Pss)", memory[how], "KiB",
            beside=("fork server", memory["fork"]), at_most=1.2)


def measures(setting, server, count):
    return {"fork": lambda: forked(server, count),
            "restore": lambda: restored(setting, "python.core", count),
            "recorded": lambda: restored(setting, "recorded.core", count)}


def each_further(many, one):
    smallest = min(kib for _, kib in one)
    return [(kib - smallest) / (COUNT - 1) for _, kib in many]


def restored(setting, core, count):
    """Milliseconds, and the memory of all in KiB."""
    clones = []
    try:
        start = now_ms()
        for _ in range(count):
            clones.append(Process(setting.restore, core,
                                  request=heavy_python.REQUEST))
        answers = {clone.line() for clone in clones}
        taken = now_ms() - start
        if answers != {heavy_python.ANSWER}:
            raise Failed(f"clones answered {answers}")
        return taken, pss(clone.pid for clone in clones)
    finally:
        for clone in clones:
            clone.end()


def forked(server, count):
    taken, *clones = server.ask(b"%d\n" % count).split()
    memory = pss([server.pid, *map(int, clones)])
    server.ask(b"end\n")
    return float(taken), memory


def pss(pids):
    """In KiB."""
    return sum(int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(
        f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) for pid in pids)
