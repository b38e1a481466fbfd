"""machine.py - on what, when and beside which versions it was measured"""
import datetime
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys


def about(setting, peers):
    return {"command": shlex.join(["tools/bench", *sys.argv[1:]]),
            "date": datetime.date.today().isoformat(),
            "kernel": platform.release(), "cpu": cpu(),
            "processors": os.cpu_count(),
            "load": round(os.getloadavg()[2], 1),
            "subctx": version(setting.capture, "--version"),
            "gdb": version("gdb", "--version"),
            "strace": version("strace", "--version"),
            "python3": platform.python_version(),
            **{peer.name: peer.version() for peer in peers}}


def version(*command):
    """The first line of what it says, without the name of the program."""
    if not shutil.which(command[0]):
        return "not installed"
    text = subprocess.run(command, capture_output=True, text=True,
                          check=False).stdout
    first = (text.splitlines() or ["?"])[0]
    found = re.search(r"\d+(\.\d+)+[-+~.\w]*", first)
    return found[0] if found else first


def cpu():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    return re.search(r"model name\s*: (.*)", text)[1]
