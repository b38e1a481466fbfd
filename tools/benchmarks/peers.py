"""peers.py - CRIU and DMTCP, where they are installed and work

Each takes a service once and restores it as often as it is asked to, in the
working folder.  The service has a FIFO as its standard input, which both can
have again.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

from benchmarks import machine
from benchmarks.process import Failed, now_ms, run, spawn


def start(*command):
    """Its process id; it waits for input that never comes."""
    os.mkfifo("input")
    keep_open = os.open("input", os.O_RDWR)
    actions = [(os.POSIX_SPAWN_OPEN, 0, "input", os.O_RDWR, 0),
               (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
               (os.POSIX_SPAWN_OPEN, 2, "launch.log",
                os.O_WRONLY | os.O_CREAT, 0o600)]
    pid = spawn(command, actions, setsid=True)
    os.close(keep_open)
    return pid


def await_reading(pid):
    """Read(2) of descriptor 0."""
    await_that(lambda: pathlib.Path(f"/proc/{pid}/syscall").read_text()
               .startswith("0 0x0 "), "the service does not wait for input")


def await_that(holds, otherwise):
    give_up = time.monotonic() + 30
    while not holds():
        if time.monotonic() > give_up:
            raise Failed(otherwise)
        time.sleep(0.02)


def end(pid):
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


class Criu:
    name = "CRIU"

    def version(self):
        return machine.version("criu", "--version")

    def unusable(self):
        if not shutil.which("criu"):
            return "not installed"
        if os.geteuid() != 0:
            return "needs root"
        checked = subprocess.run(["criu", "check"], text=True, check=False,
                                 capture_output=True)
        if checked.returncode == 0:
            return None
        errors = [line for line in checked.stderr.splitlines()
                  if line.startswith("Error")]
        return f"does not work here: {errors[0] if errors else '?'}"

    def checkpoint(self, *command):
        pid = start(*command)
        os.mkdir("images")
        try:
            await_reading(pid)
            run("criu", "dump", "-t", str(pid), "-D", "images", "-o",
                "dump.log", "--shell-job", errors="criu.err")
        finally:
            end(pid)

    def restore(self):
        """Until the service runs."""
        pidfile = pathlib.Path("images/pid")
        start_ms = now_ms()
        run("criu", "restore", "-d", "-D", "images", "-o", "restore.log",
            "--shell-job", "--pidfile", "pid", errors="criu.err")
        taken = now_ms() - start_ms
        end(int(pidfile.read_text()))
        pidfile.unlink()
        return taken


class Dmtcp:
    name = "DMTCP"

    def version(self):
        return machine.version("dmtcp_launch", "--version")

    def unusable(self):
        return None if shutil.which("dmtcp_launch") else "not installed"

    def checkpoint(self, *command):
        pid = start("dmtcp_launch", "-q", "-q", "--new-coordinator",
                    "--coord-port", "0", "--port-file", "port", "--ckptdir",
                    ".", "--no-gzip", *command)
        try:
            await_reading(pid)
            ask = ["dmtcp_command", "-p", pathlib.Path("port").read_text()]
            run(*ask, "--bcheckpoint", errors="dmtcp.err")
            run(*ask, "--quit", errors="dmtcp.err")
        finally:
            end(pid)

    def restore(self):
        """Until the service has seen the end of its input, and ended."""
        images = [str(path) for path in pathlib.Path().glob("ckpt_*.dmtcp")]
        if len(images) != 1:
            raise Failed("dmtcp_command has made no image")
        return run("dmtcp_restart", "-q", "-q", "--new-coordinator",
                   "--coord-port", "0", *images, errors="dmtcp.err")


ALL = (Criu(), Dmtcp())
