"""pictures.py - the two pictures for the README, drawn by gnuplot as SVG"""
import pathlib
import shutil
import subprocess

from benchmarks.process import Failed

# Colours that those who do not see red and green alike can tell apart.
COLOURS = {"subctx-restore": "#0072b2", "/bin/true": "#555555",
           "fork()": "#009e73", "CRIU": "#d55e00", "DMTCP": "#cc79a7"}

START = """
set terminal svg size 720,440 font "sans-serif,13" background "#ffffff"
set border 3 lc rgb "#555555"
set tics nomirror
set grid y lc rgb "#dddddd" lt 1
"""

RESTORE_TIME = """
set title "From exec to the first instruction of a service, by its size"
set logscale xy
set xrange [1.5:16000]
set xtics (2, 64, 512, 2048)
set xlabel "memory of the service, MiB"
set ylabel "ms"
unset key
"""

FIRST_REPLY = """
set title "From the start of a program to its first reply"
set style data histogram
set style histogram clustered gap 1
set style fill solid noborder
set boxwidth 0.9
set logscale y
set yrange [0.3:*]
set xtics rotate by -40
set ylabel "ms"
set rmargin 9
set key above right
plot $times using 2:xtic(1) title "cold start" lc rgb "#999999", \\
     $times using 3 title "restored" lc rgb "#56b4e9", \\
     $times using 4 title "restored, its pages recorded" lc rgb "#0072b2"
"""


def draw(results, parts, folder):
    """Those whose part was measured; returns their paths."""
    folder, drawn = pathlib.Path(folder), []
    for part, name, script in (
            (parts["restore"], "restore-time.svg", restore_time),
            (parts["programs"], "first-reply.svg", first_reply)):
        rows = [row for row in results.of(part) if "program" in row]
        if rows:
            plot(script(rows), folder / name)
            drawn.append(folder / name)
    return drawn


def plot(script, path):
    """The picture that was there stays until the new one is whole."""
    if not shutil.which("gnuplot"):
        raise Failed("gnuplot is not installed")
    done = subprocess.run(["gnuplot"], text=True, capture_output=True,
                          input=START + script, check=False)
    if done.returncode or done.stderr:
        raise Failed(f"gnuplot: {done.stderr.strip()}")
    path.parent.mkdir(exist_ok=True)
    whole = path.with_suffix(".new")
    whole.write_text(done.stdout)
    whole.rename(path)


def restore_time(rows):
    """A line for each program, with its name at the end of it."""
    lines = {}
    for row in rows:
        for size in [row["size"]] if "size" in row else (2, 2048):
            lines.setdefault(row["program"], []).append((size, row["median"]))
    blocks, plots = [], []
    for number, (program, points) in enumerate(lines.items()):
        blocks.append(data(f"line{number}", points))
        colour = COLOURS[program]
        dash = " dt 2" if program == "/bin/true" else ""
        width = 3 if program == "subctx-restore" else 2
        plots.append(f"$line{number} using 1:2 with linespoints lw {width} "
                     f"pt 7 ps 0.5 lc rgb '{colour}'{dash}")
        plots.append(label(number, program, points[-1], colour, lines))
    return RESTORE_TIME + "".join(blocks) + "plot " + ", \\\n".join(plots)


def label(number, program, end, colour, lines):
    """Beside the last point; above or below it where another is close."""
    others = [points[-1][1] for name, points in lines.items()
              if name != program]
    near = [ms for ms in others if 1 / 1.5 < ms / end[1] < 1.5]
    shift = 0 if not near else 0.6 if end[1] >= max(near) else -0.6
    return (f"$line{number} using 1:2:(column(0) == {len(lines[program]) - 1}"
            f" ? '{program}' : '') with labels left offset 1,{shift} "
            f"tc rgb '{colour}'")


def first_reply(rows):
    times = {}
    for row in rows:
        times.setdefault(row["program"], {})[row["how"]] = row["median"]
    return data("times", [(f'"{name}"', each["cold"], each["restored"],
                           each["recorded"])
                          for name, each in times.items()]) + FIRST_REPLY


def data(name, lines):
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    return f"${name} << END\n{text}\nEND\n"
