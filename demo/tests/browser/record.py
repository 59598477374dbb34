"""record - what a page and its trace file say, read without the page's own scripts.

Both are made from one record by two writers, demo/page/page_data.c and demo/page/page_trace.c; the test of the page
compares what is drawn with the trace.
"""

import json
import re

SERVER = re.compile(r"server(, (thread|process) [0-9.]+)? \([0-9]+\)")
ENDS = {"stalled", "failed", "closed", "reset", "left"}


def embedded(page):
    """The data in the page at the path `page`."""
    found = re.findall(r'<script type="application/json" id="record">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert len(found) == 1, f"{page}: the data must be there once, it is {len(found)} times"
    return json.loads(found[0])


def trace_of(page):
    """The trace file beside the page."""
    return json.loads(page.with_suffix(".trace.json").read_text("utf-8"))


class Lane:
    """A client, or a thread of a server: its name, its spans and its marks, as the trace has them."""

    def __init__(self, name, kind):
        self.name = name
        self.kind = kind  # "client" or "server"
        self.spans = []
        self.marks = []

    def at(self, time):
        """What a client is doing at `time`, and since when."""
        spans = [span for span in self.spans if span["name"] != "absent" and span["ts"] <= time < end_of(span)]
        marks = [mark for mark in self.marks if mark["ts"] <= time]
        if spans:
            return spans[-1]["name"], spans[-1]["ts"]
        if marks:
            return (marks[-1]["name"] if marks[-1]["name"] in ENDS else "over"), marks[-1]["ts"]
        return "absent", 0

    def call_at(self, time):
        """The call in which a server's thread is at `time`, or None."""
        return next((span for span in self.spans if span["ts"] <= time < end_of(span)), None)


def end_of(span):
    return span["ts"] + span["dur"]


def models_of(trace):
    """The models of a trace, in their order: each is a name and its lanes."""
    names, lanes = {}, {}  # by the number of the model, and of the lane in it
    for event in trace["traceEvents"]:
        if event["name"] == "process_name":
            names[event["pid"]], lanes[event["pid"]] = event["args"]["name"], {}
        elif event["name"] == "thread_name":
            name = event["args"]["name"]
            lanes[event["pid"]][event["tid"]] = Lane(name, "server" if SERVER.fullmatch(name) else "client")
        elif event["ph"] != "M":
            lane = lanes[event["pid"]][event["tid"]]
            (lane.spans if event["ph"] == "X" else lane.marks).append(event)
    return [(name, list(lanes[number].values())) for number, name in names.items()]
