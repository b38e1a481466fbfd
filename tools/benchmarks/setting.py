"""setting.py - what is measured, where, how often, and beside what"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from benchmarks.process import Failed, Process, run

SHARED_MEMORY = "/dev/shm"
FEWEST = 3
ENOUGH_S, TOO_MUCH_S = 20, 40


class Setting:
    def __init__(self, build, quick, results):
        self.build, self.quick, self.results = build, quick, results
        self.capture = str(build / "capture/subctx-capture")
        self.restore = str(build / "restore/subctx-restore")

    def service(self, name):
        return str(self.build / "tests" / name)

    def runs(self, count=40):
        """Of a measure that takes milliseconds; fewer are asked for by name."""
        return max(count // 5, FEWEST) if self.quick else count

    def sizes(self):
        return (2, 64) if self.quick else (2, 64, 512, 2048)

    def capture_to(self, core, *command, options=()):
        """The service waits for input, of a pipe as it will have one."""
        reader, writer = os.pipe()
        with contextlib.closing(os.fdopen(writer)):
            done = subprocess.run([self.capture, "-q", "-o", core, *options,
                                   "--", *command], stdin=reader, text=True,
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, check=False)
        os.close(reader)
        if done.returncode:
            raise Failed((done.stderr.strip().splitlines() or ["?"])[0])

    def record(self, core, recorded, request, use):
        """A copy of the core that has the pages of a first request at hand.

        @use waits for the answer.
        """
        shutil.copyfile(core, recorded)
        process = Process(self.restore, "--record", recorded, request=request,
                          quiet=True)
        try:
            use(process)
            # What reads its input is recorded at its end, and a server when it
            # is told to end; ruby hears nothing under another process id.
            process.end_input()
            process.end(signal.SIGTERM if not request else 0)
        except Failed:
            process.end()
            raise

    def capture_process(self, pid, core):
        """In ms; the process goes on."""
        return run(self.capture, "-q", "--pid", str(pid), "-o", core,
                   errors="capture.err")


def in_turn(count, **measures):
    """Runs each measure count times, in turn; what they return by name.

    The first of each, which finds nothing in any cache, does not count.  On a
    slow machine it is done fewer times, so that all of the bench has an end.
    """
    values = {name: [] for name in measures}
    for measure in measures.values():
        measure()
    start = time.monotonic()
    for done in range(count):
        taken = time.monotonic() - start
        if taken > (ENOUGH_S if done >= FEWEST else TOO_MUCH_S):
            break
        for name, measure in measures.items():
            values[name].append(measure())
    return values


@contextlib.contextmanager
def in_folder(parent=None):
    """A folder that is the working folder meanwhile, and is gone then."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(dir=parent, prefix="bench-") as folder:
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def file_system(folder):
    """The name of its type."""
    done = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", folder],
                          capture_output=True, text=True, check=False)
    # What is mounted on top comes last.
    return (done.stdout.split() or ["a file system"])[-1]


def file_systems():
    """A folder of the one that we work on, and one of tmpfs."""
    here = os.getcwd()
    folders = {file_system(here): here}
    if os.access(SHARED_MEMORY, os.W_OK):
        folders.setdefault(file_system(SHARED_MEMORY), SHARED_MEMORY)
    return folders


def room_for(folder, mebibytes):
    """Raises Failed if there is no room for a core of that size."""
    free = shutil.disk_usage(folder).free >> 20
    if file_system(folder) == "tmpfs":
        free = min(free, available_memory())
    # A quarter of it should stay free for everybody else.
    if free * 3 // 4 < mebibytes:
        raise Failed(f"{free} MiB free in {folder}")


def room_in_memory(mebibytes):
    available = available_memory()
    if available * 3 // 4 < mebibytes:
        raise Failed(f"{available} MiB of memory available")


def available_memory():
    """In MiB."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) >> 10
    return 0
