"""python_answer.py - a heavy service, from its start to its first answer"""
from benchmarks import heavy_python
from benchmarks.process import Failed, Process, now_ms
from benchmarks.setting import in_turn

TITLE = "python3 with 70 imports: to its first answer"


def measure(setting, _):
    heavy_python.capture(setting)
    with Process(*heavy_python.fork_server()) as server:
        times = in_turn(setting.runs(),
                        cold=first_answer(*heavy_python.write_service()),
                        restore=first_answer(setting.restore, "python.core"),
                        recorded=first_answer(setting.restore,
                                              "recorded.core"),
                        fork=lambda: forked(server))
    add = setting.results.add
    add("cold start", times["cold"])
    add("fork() of it when warm", times["fork"])
    for what, how in (("restore", "restore"),
                      ("restore, its pages recorded", "recorded")):
        add(what, times[how], beside=("fork()", times["fork"]), at_most=1.5)
        add("the same", times[how], beside=("cold start", times["cold"]),
            at_most=1 / 30)


def first_answer(*command):
    def measure_once():
        start = now_ms()
        with Process(*command, request=heavy_python.REQUEST) as process:
            answer = process.line()
            taken = now_ms() - start
        if answer != heavy_python.ANSWER:
            raise Failed(f"{command[0]} answered {answer}")
        return taken
    return measure_once


def forked(server):
    taken = float(server.ask(b"1\n").split()[0])
    server.ask(b"end\n")
    return taken
