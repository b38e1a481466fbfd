"""layers.py - ten applications on one base, beside ten of their own

Each is python3 with imports of its own.  A layer is captured from the base,
which has imported nothing; the others are started as any service.  Bytes are
those on disk, and memory is the sum of the Pss of all while all run.
"""
import os
import subprocess

from benchmarks.clones import pss
from benchmarks.heavy_python import PYTHON
from benchmarks.process import Failed, Process, now_ms
from benchmarks.setting import in_turn

TITLE = "ten python3 applications: layers on one base, and each on its own"
IMPORTS = ("json", "http.client", "sqlite3", "decimal", "email.message",
           "xml.etree.ElementTree", "logging.config", "argparse, configparser",
           "unittest", "urllib.request, ssl")
BASE = "while True: exec(input())"
REQUEST, ANSWER = b"print(6 * 7, flush=True)\n", b"42\n"


def measure(setting, _):
    setting.capture_to("base.core", PYTHON, "-c", BASE)
    names = [f"app{i}" for i in range(len(IMPORTS))]
    for name, modules in zip(names, IMPORTS):
        capture_application(setting, name, modules)
    add = setting.results.add
    full = on_disk(f"{name}.core" for name in names)
    thin = on_disk(f"{name}.thin.core" for name in names)
    layers = on_disk(f"{name}.layer.core" for name in names)
    add("ten cores, bytes on disk", [full], "KiB")
    add("ten thin cores", [thin], "KiB", beside=("cores", [full]))
    add("ten layers", [layers], "KiB", beside=("cores", [full]))
    add("ten layers and their base", [layers + on_disk(["base.core"])],
        "KiB", beside=("cores", [full]))
    measure_clones(setting, names)


def capture_application(setting, name, modules):
    command = [PYTHON, "-c", f"import {modules}\n{BASE}"]
    setting.capture_to(f"{name}.core", *command)
    setting.capture_to(f"{name}.thin.core", *command, options=("--thin",))
    done = subprocess.run([setting.capture, "-q", "--thin", "--from",
                           "base.core", "-o", f"{name}.layer.core"],
                          input=f"import {modules}\n", text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or ["?"])[0])


def measure_clones(setting, names):
    def restored(kind):
        return lambda: running([[setting.restore, f"{name}.{kind}"]
                                for name in names])

    started = [[PYTHON, "-c", f"import {modules}\n{BASE}"]
               for modules in IMPORTS]
    seen = in_turn(setting.runs(30), cold=lambda: running(started),
                   core=restored("core"), thin=restored("thin.core"),
                   layer=restored("layer.core"))
    times = {how: [ms for ms, _ in seen[how]] for how in seen}
    memory = {how: [kib for _, kib in seen[how]] for how in seen}
    for how, what in (("cold", "cold starts"), ("core", "restores of cores"),
                      ("thin", "restores of thin cores"),
                      ("layer", "restores of layers")):
        beside = None if how == "cold" else ("cold", times["cold"])
        setting.results.add(f"ten {what}, all answered", times[how],
                            beside=beside)
        beside = None if how == "cold" else ("cold", memory["cold"])
        setting.results.add("memory of all ten (Pss)", memory[how], "KiB",
                            beside=beside)


def running(commands):
    """Milliseconds until all have answered, and their memory in KiB."""
    clones = []
    try:
        start = now_ms()
        for command in commands:
            clones.append(Process(*command, request=REQUEST))
        answers = {clone.line() for clone in clones}
        taken = now_ms() - start
        if answers != {ANSWER}:
            raise Failed(f"applications answered {answers}")
        return taken, pss(clone.pid for clone in clones)
    finally:
        for clone in clones:
            clone.end()


def on_disk(paths):
    """In KiB."""
    return sum(os.stat(path).st_blocks for path in paths) / 2
