"""heavy_python.py - a service that takes long to start: python3, 70 imports"""
import pathlib

PYTHON = "/usr/bin/python3"
REQUEST, ANSWER = b"6 * 7\n", b"42\n"

IMPORTS = """
import argparse, ast, asyncio, base64, bz2, calendar, collections, configparser
import contextlib, copy, csv, ctypes, dataclasses, datetime, decimal, difflib
import email, enum, fractions, functools, glob, gzip, hashlib, heapq, hmac, html
import http.client, http.server, inspect, io, ipaddress, itertools, json, locale
import logging, lzma, math, operator, os, pathlib, pickle, platform, pprint
import queue, random, re, secrets, shlex, shutil, socket, sqlite3, ssl
import statistics, string, struct, subprocess, sys, tarfile, tempfile, textwrap
import threading, time, traceback, typing, unittest, urllib.request, uuid
import xml.dom.minidom, xml.etree.ElementTree, zipfile, zlib
"""
SERVICE = IMPORTS + """
for request in sys.stdin:
    print(eval(request), flush=True)
"""
# Forks as many as it is asked for, and reports how long it took until all had
# answered, and who they are.  They live until it is asked again.
FORK_SERVER = IMPORTS + """
for line in sys.stdin:
    start = time.perf_counter()
    answers, answer = os.pipe()
    hold, let_go = os.pipe()
    clones = []
    for _ in range(int(line)):
        pid = os.fork()
        if pid == 0:
            os.close(let_go)
            os.write(answer, b"%d\\n" % eval("6 * 7"))
            os.read(hold, 1)
            os._exit(0)
        clones.append(pid)
    got = 0
    while got < 3 * len(clones):
        got += len(os.read(answers, 4096))
    print((time.perf_counter() - start) * 1e3, *clones, flush=True)
    sys.stdin.readline()
    for fd in (let_go, hold, answers, answer):
        os.close(fd)
    for pid in clones:
        os.waitpid(pid, 0)
    print("ended", flush=True)
"""


def write_service():
    pathlib.Path("service.py").write_text(SERVICE)
    return [PYTHON, "service.py"]


def capture(setting):
    """As python.core, and with the pages of a request as recorded.core."""
    setting.capture_to("python.core", *write_service())
    setting.record("python.core", "recorded.core", REQUEST,
                   lambda process: process.line())


def fork_server():
    pathlib.Path("fork_server.py").write_text(FORK_SERVER)
    return [PYTHON, "fork_server.py"]
