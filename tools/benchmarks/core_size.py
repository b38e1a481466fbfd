"""core_size.py - blocks of a core on the disk, beside what it has to hold

That is each page of the process that exists and is not zero, and the whole of
what it has mapped of files.
"""
import os
import re
import struct

from benchmarks import heavy_python
from benchmarks.process import Process

TITLE = "size of the core, on the disk"
PAGE = 4096
PRESENT_OR_SWAPPED = 3 << 62
SLACK = 64 << 10
KERNELS_OWN = ("[vvar]", "[vvar_vclock]", "[vsyscall]")


def measure(setting, _):
    for name, command in (
            ("bc", ["/usr/bin/bc", "-q"]),
            ("64 MiB", [setting.service("works_in_memory"), "64"]),
            ("python3 with 70 imports", heavy_python.write_service())):
        with Process(*command) as process:
            process.await_input()
            wanted = needed(process.pid)
            setting.capture_process(process.pid, "size.core")
        size = os.stat("size.core").st_blocks * 512
        os.unlink("size.core")
        setting.results.add(f"{name}: pages and files", [wanted >> 10], "KiB")
        setting.results.add(f"{name}: core", [size >> 10], "KiB",
                            beside=("needed", [wanted >> 10]),
                            at_most=1.01 + SLACK / wanted)


def needed(pid):
    """In bytes."""
    total = 0
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end, inode, name = re.match(
                r"(\w+)-(\w+) \S+ \S+ \S+ (\d+)\s*(.*)", line).groups()
            if name in KERNELS_OWN:
                continue
            start, end = int(start, 16), int(end, 16)
            total += end - start if int(inode) else \
                not_zero(pagemap, memory, start, end)
    return total


def not_zero(pagemap, memory, start, end):
    count = (end - start) // PAGE
    entries = struct.unpack(f"{count}Q", os.pread(
        pagemap.fileno(), 8 * count, start // PAGE * 8))
    return PAGE * sum(
        any(os.pread(memory.fileno(), PAGE, start + i * PAGE))
        for i, entry in enumerate(entries) if entry & PRESENT_OR_SWAPPED)
