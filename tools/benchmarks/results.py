"""results.py - the rows of the table, with what they stand beside"""
import statistics


class Results:
    """
    A row is a dictionary: what, part, median, unit, quartiles, runs; and
    where it is compared: beside (a name), ratio, goal, met.  A row that could
    not be measured has what, part and left_out, which says why.
    """

    def __init__(self):
        self.rows, self.part = [], None

    def add(self, what, values, unit="ms", beside=None, at_most=None,
            at_least=None, **more):
        """beside: (name, values); a goal is for the ratio where there is one."""
        median = statistics.median(values)
        row = {"part": self.part, "what": what, "median": digits(median),
               "unit": unit, "quartiles": quartiles(values),
               "runs": len(values), **more}
        judged = median
        if beside:
            judged = median / statistics.median(beside[1])
            row.update(beside=beside[0], ratio=digits(judged))
        if at_most is not None:
            row.update(goal=f"<= {at_most:.4g}", met=judged <= at_most)
        if at_least is not None:
            row.update(goal=f">= {at_least:.4g}", met=judged >= at_least)
        self.rows.append(row)

    def leave_out(self, what, why):
        self.rows.append({"part": self.part, "what": what,
                          "left_out": str(why)})

    def of(self, part):
        """Its rows that were measured."""
        return [row for row in self.rows
                if row["part"] == part and "median" in row]


def digits(value):
    """Four of them: no more are known."""
    return float(f"{value:.4g}")


def quartiles(values):
    if len(values) < 2:
        return None
    first, _, last = statistics.quantiles(values, n=4)
    return [digits(first), digits(last)]
