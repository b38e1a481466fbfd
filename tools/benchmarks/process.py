"""process.py - programs that are started, timed, and never left behind

All are started with posix_spawn(3), which costs the same however large the
bench itself is.  What a program starts and leaves becomes a child of the
bench, so that end_all() finds it.
"""
import contextlib
import ctypes
import os
import pathlib
import signal
import time

PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """What was to be measured does not work here; the text says why."""


def now_ms():
    return time.perf_counter() * 1e3


def spawn(command, actions, **more):
    """Its process id; what Python ignores is not ignored there."""
    try:
        return os.posix_spawnp(command[0], command, os.environ,
                               file_actions=actions,
                               setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
                               **more)
    except OSError as why:
        raise Failed(f"cannot start {command[0]}: {why.strerror}") from why


class Process:
    """A program with pipes as its standard input and output."""

    def __init__(self, *command, request=b"", quiet=False):
        theirs, self.into = os.pipe()
        self.out_of, output = os.pipe()
        if request:
            os.write(self.into, request)
        actions = [(os.POSIX_SPAWN_DUP2, theirs, 0),
                   (os.POSIX_SPAWN_DUP2, output, 1)]
        if quiet:
            actions.append((os.POSIX_SPAWN_OPEN, 2, "/dev/null",
                            os.O_WRONLY, 0))
        self.command = command
        self.pid = spawn(command, actions)
        os.close(theirs)
        os.close(output)

    def read(self):
        piece = os.read(self.out_of, 65536)
        if not piece:
            raise Failed(f"{self.command[0]} ended without an answer")
        return piece

    def line(self):
        got = self.read()
        while not got.endswith(b"\n"):
            got += self.read()
        return got

    def ask(self, request):
        os.write(self.into, request)
        return self.line()

    def end_input(self):
        os.close(self.into)
        self.into = None

    def end(self, number=signal.SIGKILL):
        """With number 0 it ends by itself."""
        os.kill(self.pid, number)
        os.waitpid(self.pid, 0)
        if self.into is not None:
            os.close(self.into)
        os.close(self.out_of)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def await_input(self):
        """Waits until it sleeps for want of a request."""
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            text = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
            where = pathlib.Path(f"/proc/{self.pid}/syscall").read_text()
            if text.rpartition(")")[2].split()[0] == "S" and \
                    where.startswith("0 0x0 "):
                return
            time.sleep(0.01)
        raise Failed(f"{self.command[0]} does not wait for input")


def run(*command, errors="/dev/null"):
    """From its start to its end, in ms; errors is where its messages go."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
               (os.POSIX_SPAWN_OPEN, 2, errors,
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    start = now_ms()
    pid = spawn(command, actions)
    _, status = os.waitpid(pid, 0)
    taken = now_ms() - start
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        raise Failed(f"{pathlib.Path(command[0]).name} ended with {code}"
                     + last_line(errors))
    return taken


def last_line(path):
    if path == "/dev/null":
        return ""
    lines = pathlib.Path(path).read_text(errors="replace").strip()
    return ": " + lines.splitlines()[-1] if lines else ""


def adopt_orphans():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def keep_descriptors():
    """What the bench was started with beyond its streams is no program's."""
    for path in pathlib.Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if int(path.name) > 2:
                os.set_inheritable(int(path.name), False)


def parents():
    """The parent of each process that there is."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            found[int(path.parent.name)] = int(fields[1])
    return found


def descendants():
    found, family = parents(), {os.getpid()}
    while True:
        more = {pid for pid, parent in found.items() if parent in family}
        if more <= family:
            return family - {os.getpid()}
        family |= more


def end_all(others):
    """Until there are no descendants but others, whatever they start."""
    while descendants() - others:
        for pid in descendants() - others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)
