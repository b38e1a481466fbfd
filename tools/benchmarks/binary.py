"""binary.py - the restorer as it is installed: its size, and no interpreter"""
import os
import subprocess

from benchmarks.process import run

TITLE = "subctx-restore, stripped"


def measure(setting, _):
    run("strip", "-o", "stripped", setting.restore)
    headers = subprocess.run(["readelf", "-lW", "stripped"], text=True,
                             capture_output=True, check=True).stdout
    setting.results.add("size", [os.stat("stripped").st_size / 1024], "KiB",
                        at_most=200)
    setting.results.add("dynamic loaders that it names",
                        [headers.count("INTERP")], "", at_most=0)
