"""replies.py - real programs, from their start to their first right reply"""
import socket
import subprocess
import time

from benchmarks import programs
from benchmarks.process import Failed, Process, now_ms
from benchmarks.setting import in_turn

TITLE = "programs: to the first reply"


def measure(setting, _):
    for program in programs.stdin_programs() + programs.servers():
        try:
            measure_program(setting, program)
        except (Failed, subprocess.CalledProcessError) as why:
            setting.results.leave_out(program.name, why)


def measure_program(setting, program):
    if not program.is_there():
        raise Failed("not installed")
    if program.prepare:
        program.prepare()
    setting.capture_to("program.core", *program.command,
                       options=[f"--carry={program.carry}",
                                f"--ready={program.ready}"])
    setting.record("program.core", "recorded.core", own_request(program),
                   lambda process: one_reply(program, process))
    times = in_turn(setting.runs(30),
                    cold=lambda: until_reply(program, *program.command),
                    restore=lambda: until_reply(program, setting.restore,
                                                "program.core"),
                    recorded=lambda: until_reply(program, setting.restore,
                                                 "recorded.core"))
    setting.results.add(f"{program.name}, cold start", times["cold"],
                        program=program.name, how="cold")
    setting.results.add(f"{program.name}, restore", times["restore"],
                        beside=("cold start", times["cold"]),
                        program=program.name, how="restored")
    setting.results.add(f"{program.name}, restore, pages recorded",
                        times["recorded"],
                        beside=("cold start", times["cold"]),
                        program=program.name, how="recorded")


def until_reply(program, *command):
    """In ms."""
    start = now_ms()
    with Process(*command, quiet=True,
                 request=own_request(program)) as process:
        one_reply(program, process)
        return now_ms() - start


def own_request(program):
    """What it reads from its standard input."""
    return b"" if program.port else program.request


def one_reply(program, process):
    if program.port:
        ask_server(program)
    else:
        read_reply(program, process.read)


def ask_server(program):
    with connect(program.port) as peer:
        peer.sendall(program.request)
        read_reply(program, lambda: peer.recv(65536))


def connect(port):
    give_up = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 30)
        except ConnectionRefusedError as refused:
            if time.monotonic() > give_up:
                raise Failed("it does not listen") from refused
            time.sleep(0.0002)


def read_reply(program, read):
    got = b""
    while program.answer not in got:
        piece = read()
        if not piece:
            raise Failed(f"it replied {got}")
        got += piece
