"""table.py - the results for people"""

WIDTHS = "{:56}{:>9} {:6}{:>16}{:>5}{:>9} {:18}{:>10} {}"


def print_table(about, results):
    for key, value in about.items():
        print(f"{key + ':':12}{value}")
    print()
    print("  " + WIDTHS.format("medians", "", "", "quartiles", "runs", "ratio",
                        "to", "goal", "").rstrip())
    part = None
    for row in results.rows:
        if row["part"] != part:
            part = row["part"]
            print(f"\n{part}")
        print(("  " + line_of(row)).rstrip())


def line_of(row):
    if "left_out" in row:
        return f"{row['what']:56}left out: {row['left_out']}"
    quartiles = row["quartiles"]
    ratio = row.get("ratio")
    verdict = {None: "", True: "met", False: "MISSED"}[row.get("met")]
    return WIDTHS.format(
        row["what"], f"{row['median']:g}", row["unit"],
        f"{quartiles[0]:g} - {quartiles[1]:g}" if quartiles else "",
        row["runs"], "" if ratio is None else f"{ratio:.3g}",
        row.get("beside", ""), row.get("goal", ""), verdict)
