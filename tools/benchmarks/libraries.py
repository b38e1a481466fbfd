"""libraries.py - service libraries, from their start to their first right reply"""
import os

from benchmarks.process import Failed
from benchmarks.programs import Program
from benchmarks.replies import one_reply, until_reply
from benchmarks.setting import in_turn

TITLE = "libraries: to the first reply"

# Built with the tests: their data, patterns and scripts are in tests/services.
LIBRARIES = [
    Program("libsqlite3, 20,000 rows", ["serves_sqlite.so"],
            "SELECT n FROM number WHERE text = '002ee0';\n", "12000\n"),
    Program("libpcre2, 2,000 patterns", ["serves_pcre2.so"],
            "Job-0017 of 3: FAILED\n", "17 \n"),
    Program("liblua5.4, a script", ["serves_lua.so"], "gcd(84, 126)\n", "42\n"),
]


def measure(setting, _):
    for library in LIBRARIES:
        path = setting.service(library.command[0])
        if os.path.exists(path):
            measure_library(setting, library, path)
        else:
            setting.results.leave_out(library.name, Failed("not built"))


def measure_library(setting, library, path):
    launch = str(setting.build / "capture/subctx-launch")
    setting.capture_to("library.core", path)
    setting.record("library.core", "recorded.core", library.request,
                   lambda process: one_reply(library, process))
    times = in_turn(setting.runs(),
                    cold=lambda: until_reply(library, launch, path),
                    restore=lambda: until_reply(library, setting.restore,
                                                "library.core"),
                    recorded=lambda: until_reply(library, setting.restore,
                                                 "recorded.core"))
    cold = ("subctx-launch", times["cold"])
    setting.results.add(f"{library.name}, subctx-launch", times["cold"])
    setting.results.add(f"{library.name}, restore", times["restore"],
                        beside=cold)
    setting.results.add(f"{library.name}, restore, pages recorded",
                        times["recorded"], beside=cold)
