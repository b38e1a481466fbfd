"""subctx-gdb - the names of threads for gdb, which a Linux core does not show it

	gdb -x subctx-gdb.py ./svc svc.core

Debuggers read the registers of each thread from a core, but there is no common
note with their names; subctx-capture writes them beside the rest of what it
keeps of a thread.
"""
import re
import struct

import gdb

NOTE_THREADS = 0x53554206  # CORE_NOTE_THREADS of common/core_format.h
THREAD = struct.Struct("<I308x16s")  # struct core_thread: tid, ..., comm


def core_file():
    files = gdb.execute("info files", to_string=True)
    found = re.search(r"core dump file:\s+`(.+)', file type", files)
    return found and found.group(1)


def notes(core):
    head = core.read(64)
    offset, size, count = struct.unpack_from("<Q", head, 32)[0], \
        *struct.unpack_from("<HH", head, 54)
    for i in range(min(count, 1)):  # the notes come first
        core.seek(offset + i * size)
        _, _, at, _, _, length = struct.unpack_from("<IIQQQQ", core.read(size))
        core.seek(at)
        data = core.read(length)
        at = 0
        while at + 12 <= length:
            owner, contents, kind = struct.unpack_from("<III", data, at)
            start = at + 12 + (owner + 3 & ~3)
            yield kind, data[start:start + contents]
            at = start + (contents + 3 & ~3)


def name_threads():
    path = core_file()
    if not path:
        return
    with open(path, "rb") as core:
        table = next((d for k, d in notes(core) if k == NOTE_THREADS), b"")
    names = {tid: comm.split(b"\0")[0].decode(errors="replace")
             for tid, comm in THREAD.iter_unpack(table)}
    for thread in gdb.selected_inferior().threads():
        if thread.ptid[1] in names:
            thread.name = names[thread.ptid[1]]


name_threads()
