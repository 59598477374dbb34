"""costs.py TABLE - what make bench has written to build/bench/*.csv, as a table for the tutorial: of each model the median of all
rounds and, in brackets, the lowest and the highest."""
import csv
import statistics
import sys
from functools import cache
from pathlib import Path

USUAL = 50


# --- How figures are written: as in the bench's own tables ---

# What a figure is divided by, and its unit.
def plain(_):
    return 1, ""


def kib(_):
    return 1, " KiB"


def time(microseconds):
    return (1, " us") if microseconds < 999.5 else (1e3, " ms") if microseconds < 999.5e3 else (1e6, " s")


def digits_behind(value):
    """So many that three count."""
    return 2 if value < 9.995 else 1 if value < 99.95 else 0


def whole(value):
    return f"{value:,.0f}"


def share(value):
    return f"{value * 100:.0f} %"


# --- Where they come from ---

@cache
def rows(question):
    """Those with figures. The others say why there are none."""
    with Path(f"build/bench/{question}.csv").open() as file:
        reader = csv.DictReader(file)
        first_figure = reader.fieldnames[5]
        return [row for row in reader if row[first_figure]]


def rounds(server, question, figure, clients, size=64, rate=0):
    """With so many clients. Where 50 are asked for and a model serves fewer, with as many as it serves."""
    asked = [row for row in rows(question) if (row["server"], int(row["bytes"]), int(row["rate"])) == (server, size, rate)]
    if clients == USUAL:
        clients = max((int(row["clients"]) for row in asked if int(row["clients"]) <= USUAL), default=0)
    return [float(row[figure]) for row in asked if int(row["clients"]) == clients]


# What a cell shows of a server.
def counted(write, *what, **which):
    def cell(server):
        values = rounds(server, *what, **which)
        return write(statistics.median(values)) if values else "-"
    return cell


def measured(unit_of, *what, with_spread=True, **which):
    def cell(server):
        values = rounds(server, *what, **which)
        if not values:
            return "-"
        size, unit = unit_of(statistics.median(values))
        middle, low, high = (value / size for value in (statistics.median(values), min(values), max(values)))
        digits = digits_behind(middle)
        return f"{middle:,.{digits}f}{unit}" + with_spread * f" ({low:.{digits}f}-{high:.{digits}f})"
    return cell


def only_median(*what, **which):
    return measured(*what, with_spread=False, **which)


def kernel_memory(server):
    """The rest of the system takes memory, too, or gives some back: where that is more, nothing is known."""
    is_known = min(rounds(server, "silence", "kernel_kib", 1000), default=0) > 0
    return only_median(kib, "silence", "kernel_kib", 1000)(server) if is_known else "-"


def newcomer(silent):
    def cell(server):
        gave_up = rounds(server, "newcomer", "gave_up", silent)
        return ">" * (statistics.median(gave_up or [0]) > 0) + only_median(time, "newcomer", "wait_us", silent)(server)
    return cell


# --- The tables ---

def price(clients):
    return measured(plain, "price", "floors", clients)


TABLES = {
    "price": [("clients", counted(whole, "price", "clients", USUAL)),
              ("price in floors", price(USUAL)),
              ("CPU time a message", measured(time, "price", "cpu_us", USUAL)),
              ("calls", only_median(plain, "calls", "calls", USUAL)),
              ("switches", only_median(plain, "price", "switches", USUAL))],
    "growth": [("1 client", price(1)), ("50 clients", price(USUAL)), ("1,000 clients", price(1000)),
               ("10,000 clients", price(10000))],
    "crowd": [("50 alone", price(USUAL)),
              ("50 of 1,000", measured(plain, "silence", "floors", 1000)),
              ("50 of 10,000", measured(plain, "silence", "floors", 10000))],
    "silence": [("memory a silent client", measured(kib, "silence", "memory_kib", 1000)),
                ("in the kernel", kernel_memory),
                ("threads", counted(whole, "silence", "threads", 1000)),
                ("processes", counted(whole, "silence", "processes", 1000)),
                ("of a core", counted(share, "silence", "idle_cpu", 1000))],
    "newcomer": [("behind 0", newcomer(0)), ("1", newcomer(1)), ("4", newcomer(4)), ("16", newcomer(16)),
                 ("64 silent clients", newcomer(64))],
    "loops": [("closed: median", only_median(time, "price", "p50_us", USUAL)),
              ("1 in 100", only_median(time, "price", "p99_us", USUAL)),
              ("open: median", measured(time, "price", "p50_us", USUAL, rate=5000)),
              ("1 in 100", only_median(time, "price", "p99_us", USUAL, rate=5000)),
              ("CPU time, open", measured(time, "price", "cpu_us", USUAL, rate=5000))],
    "visits": [("CPU time a visit", measured(time, "visits", "cpu_us", 10)),
               ("a visit takes", measured(time, "visits", "p50_us", 10))],
}


def show(columns):
    servers = sorted({row["server"] for row in rows("price")})
    lines = [["model", *(head for head, _ in columns)], *([server, *(cell(server) for _, cell in columns)] for server in servers)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for name, *cells in lines:
        print("  ".join([name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]))


if __name__ == "__main__":
    show(TABLES[sys.argv[1]])
