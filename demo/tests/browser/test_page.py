#!/usr/bin/env python3
"""test_page - does the page show in a real browser what was recorded?

    test_page.py FOLDER [PAGE...]

FOLDER holds what write_examples has written; a PAGE is one of a demo, with its trace beside it. Where there is no Chromium,
or no chromedriver, nothing is tested: one line says so, and the exit status is 0.

What is expected is computed here, from the trace file and without the page's own scripts: see record.py.
"""

import os
import re
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in a source folder

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

import record

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver") or shutil.which("chromium-chromedriver")
DESKTOP, PHONE = (1280, 800), (360, 740)
NEAR = 0.6  # pixels that a picture may be off

WORDS = {  # for what a client is doing
    "absent": "not here yet", "silent": "silent", "not reading": "reads nothing", "ended": "done", "stalled": "stalled",
    "failed": "failed", "closed": "closed", "reset": "reset", "left": "left", "over": "over",
}

# What is drawn, with its place in the window.
DRAWN = """
const box = (node) => { const b = node.getBoundingClientRect(); return { left: b.left, right: b.right, middle: (b.top + b.bottom) / 2 }; };
const all = (root, selector) => [...root.querySelectorAll(selector)];
return {
    ticks: all(document, "#axis .tick").map((node) => ({ label: node.dataset.label, x: box(node).left })),
    models: all(document, ".model").map((model) => ({
        name: model.querySelector("h2").textContent,
        row: box(model.querySelector(".row > svg") ?? model),
        names: all(model, ".names li").map((node) => ({ text: node.textContent, ...box(node) })),
        lanes: all(model, ".lane").map((lane) => ({
            spans: all(lane, ".span").map((node) => ({ kind: node.getAttribute("class"), ...box(node) })),
            marks: all(lane, ".mark").map((node) => ({ kind: node.getAttribute("class"), ...box(node.querySelector(".reach")) })),
        })),
        threads: all(model, ".thread").map((lane) => all(lane, ".call").map((node) => ({
            first: Number(node.dataset.first), count: Number(node.dataset.count), ...box(node) }))),
        crowd: all(model, ".crowd .span").map((node) => ({
            kind: node.getAttribute("class"), path: node.getAttribute("d"), origin: box(node.ownerSVGElement).left,
            height: node.parentElement.querySelector(".crowd-ground").getBoundingClientRect().height })),
    })),
};
"""

GO_TO = """
const slider = document.getElementById("slider");
slider.value = arguments[0];
slider.dispatchEvent(new Event("input"));
"""

NOW = """
return [...document.querySelectorAll(".model")].map((model) => [...model.querySelectorAll(".nows li")].map((node) => ({
    lane: node.dataset.lane, thread: node.dataset.thread, state: node.dataset.state, text: node.textContent })));
"""

TIME = "return Number(document.getElementById('slider').value);"
TIP = "const tip = document.getElementById('tip'); return tip.hidden ? null : tip.innerText;"

# The contrast of every visible text, by WCAG 2's formula, against the nearest opaque background.
CONTRAST = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
function ground(node) {
    for (let at = node; at !== null; at = at.parentElement) {
        const [r, g, b, a = 1] = numbers(getComputedStyle(at).backgroundColor);
        if (a === 1)
            return [r, g, b];
    }
    return [255, 255, 255];
}
function contrast(one, other) {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}
const has_text = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== "");
const found = [];
for (const node of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    const is_seen = box.width > 1 && style.visibility === "visible" && !node.disabled;
    if (!is_seen || !has_text(node) || node.closest("svg, script, style, noscript") !== null)
        continue;
    found.push([node.tagName + "." + node.className + " " + node.textContent.slice(0, 30), contrast(numbers(style.color), ground(node))]);
}
/* In the lanes, the background of a label is what was drawn before it. */
for (const [label, under] of [[".call-label:not(.on-folded)", ".call-one"], [".on-folded", ".call-ground"], [".wait-label", ".wait-ground"]])
    for (const node of document.querySelectorAll(label))
        found.push([label, contrast(numbers(getComputedStyle(node).fill), numbers(getComputedStyle(document.querySelector(under)).fill))]);
return found;
"""


class Browser(webdriver.Chrome):
    """A headless Chromium. Selenium is told where the browser and its driver are, and so downloads neither."""

    run = webdriver.Chrome.execute_script

    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        options.ignore_local_proxy_environment_variables()  # the driver is on this machine
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.add_argument(f"user-data-dir={profile}")  # without it, the driver kills the browser, which leaves files in /tmp
        for argument in ("headless", "disable-component-update", "disable-dev-shm-usage", "force-device-scale-factor=1"):
            options.add_argument(argument)
        if os.geteuid() == 0:
            options.add_argument("no-sandbox")  # Chromium refuses to run as root with one
        super().__init__(options=options, service=Service(DRIVER))

    def resize(self, width, height):
        """A phone's width, too: no window is that narrow, but it can be emulated."""
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                             {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def prefer(self, **features):
        """What the user prefers, in CSS's words: prefers_color_scheme="dark"."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def click(self, selector):
        self.find_element(By.CSS_SELECTOR, selector).click()

    def keys(self, *keys, shift=False):
        """Presses `keys` one after another, wherever the focus is."""
        pressed = ActionChains(self).send_keys(*keys)
        if shift:
            pressed = ActionChains(self).key_down(Keys.SHIFT).send_keys(*keys).key_up(Keys.SHIFT)
        pressed.perform()

    def point(self, x, y, kind="mouse", press=False):
        """Points at a place in the window, and presses there."""
        actions = ActionBuilder(self, mouse=PointerInput(kind, kind), duration=0)
        actions.pointer_action.move_to_location(round(x), round(y))
        if press:
            actions.pointer_action.click()
        actions.perform()

    def messages(self):
        """What the console has said since the last time."""
        return [entry["message"] for entry in self.get_log("browser")]

    def wait_until(self, script):
        WebDriverWait(self, 5, poll_frequency=0.02).until(lambda browser: browser.run(script), f"not within 5 s: {script}")


class Axis:
    """Where a time is in the picture, by the ticks that are drawn."""

    def __init__(self, ticks):
        self.ticks = [(self._microseconds(tick["label"]), tick["x"]) for tick in ticks]
        (t0, x0), (t1, x1) = self.ticks[0], self.ticks[-1]
        self.scale = (x1 - x0) / (t1 - t0)
        self.start, self.left = t0, x0

    @staticmethod
    def _microseconds(label):
        number, unit = label.split()
        return float(number) * {"s": 1e6, "ms": 1e3}[unit]

    def x(self, at):
        return self.left + (at - self.start) * self.scale

    def time(self, x):
        return self.start + (x - self.left) / self.scale


class PageTest(unittest.TestCase):
    """One browser for all tests, one page for each."""

    folder, demos, browser = None, [], None
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        profile = tempfile.TemporaryDirectory(prefix="io-models-browser-")
        cls.addClassCleanup(profile.cleanup)
        cls.browser = Browser(profile.name)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.prefer(prefers_color_scheme="light", prefers_reduced_motion="no-preference")

    def open(self, page, size=DESKTOP):
        self.browser.resize(*size)
        self.browser.messages()
        self.browser.get(self.path(page).as_uri())
        self.assertEqual(self.browser.messages(), [])

    def path(self, page):
        return Path(page if os.sep in page else f"{self.folder}/{page}.html").resolve()

    def data(self, page):
        return record.embedded(self.path(page))

    def models(self, page):
        return record.models_of(record.trace_of(self.path(page)))

    def pages(self):
        return ["class", "crowd", "odd", "empty", *self.demos]

    def near(self, is_at, should_be, what, axis=None):
        """The page's times are whole microseconds, the trace's are not: a difference where very little time is shown."""
        allowed = NEAR + (axis.scale if axis is not None else 0)
        self.assertLessEqual(abs(is_at - should_be), allowed, f"{what}: drawn at {is_at:.2f}, but it belongs to {should_be:.2f}")

    # --- What if it is simply opened? ---

    def test_opens_without_a_message_and_loads_nothing(self):
        for page in self.pages():
            with self.subTest(page=page):
                self.open(page)
                self.browser.run(GO_TO, 1)
                self.assertEqual(self.browser.messages(), [])
                self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name);"), [])

    def test_text_of_the_record_is_only_text(self):
        self.open("odd")
        self.assertEqual(self.browser.run("return document.querySelectorAll('h1, #stage img, #stage b b, #stage i, #stage script').length;"), 1)
        self.assertNotIn("broken out", self.browser.run("return document.title;")[:10])
        self.assertEqual(self.browser.run("return document.querySelector('.model h2').textContent;"), '<i>"08"</script>')
        self.assertIn("<h1>verdict</h1>", self.browser.run("return document.getElementById('verdicts').textContent;"))

    # --- Is the trace file what the format wants, and the same as the page's data? ---

    def test_trace_is_sorted_and_complete(self):
        for page in self.pages():
            with self.subTest(page=page):
                events = record.trace_of(self.path(page))["traceEvents"]
                times = [event["ts"] for event in events if event["ph"] != "M"]
                self.assertEqual(times, sorted(times))
                for event in events:
                    self.assertIn(event["ph"], "MXi")
                    self.assertLessEqual({"name", "pid", "tid"}, event.keys())
                    self.assertEqual("dur" in event, event["ph"] == "X")
                    self.assertGreaterEqual(event.get("dur", 0), 0)

    def test_trace_says_the_same_as_the_page(self):
        for page in self.pages():
            with self.subTest(page=page):
                data, models = self.data(page), self.models(page)
                self.assertEqual([model["name"] for model in data["models"]], [name for name, _ in models])
                for model, (_, lanes) in zip(data["models"], models):
                    for mine, lane in zip(model["lanes"] + model["threads"], lanes, strict=True):
                        self.assertEqual([span[0] for span in mine["spans"]], [int(span["ts"]) for span in lane.spans])
                        self.assertEqual([mark[0] for mark in mine.get("marks", [])], [int(mark["ts"]) for mark in lane.marks])

    # --- Is every lane drawn where the trace says? ---

    def check_lane(self, axis, drawn, lane):
        spans = [span for span in lane.spans if span["name"] != "absent"]
        self.assertEqual([f"span span-{span['name'].replace(' ', '-')}" for span in spans], [span["kind"] for span in drawn["spans"]])
        for mine, span in zip(drawn["spans"], spans):
            self.near(mine["left"], axis.x(span["ts"]), f"{lane.name}, {span['name']}, its beginning", axis)
            self.near(mine["right"], axis.x(record.end_of(span)), f"{lane.name}, {span['name']}, its end", axis)
        marks = sorted((f"mark mark-{mark['name']}", axis.x(mark["ts"])) for mark in lane.marks)
        drawn_marks = sorted((mark["kind"], (mark["left"] + mark["right"]) / 2) for mark in drawn["marks"])
        self.assertEqual([kind for kind, _ in marks], [kind for kind, _ in drawn_marks])
        for (kind, x), (_, drawn_x) in zip(marks, drawn_marks):
            self.near(drawn_x, x, f"{lane.name}, {kind}", axis)

    def check_thread(self, axis, blocks, lane):
        """Several calls may be one block, but each is in exactly one."""
        self.assertEqual([first for block in blocks for first in range(block["first"], block["first"] + block["count"])], list(range(len(lane.spans))))
        for block in blocks:
            spans = lane.spans[block["first"]:block["first"] + block["count"]]
            self.near(block["left"], axis.x(spans[0]["ts"]), f"{lane.name}, {spans[0]['name']}, its beginning", axis)
            self.near(block["right"], axis.x(record.end_of(spans[-1])), f"{lane.name}, {spans[-1]['name']}, its end", axis)
            if len(spans) > 1:
                self.assertLess(max(span["dur"] for span in spans) * axis.scale, 2, "a call that can be seen is drawn by itself")
                gaps = [after["ts"] - record.end_of(before) for before, after in zip(spans, spans[1:])]
                self.assertLess(max(gaps) * axis.scale, 2, "a gap that can be seen is left open")

    def check_rows(self, model):
        """A lane is beside the name that it belongs to."""
        middles = [lane["spans"][0]["middle"] if lane["spans"] else None for lane in model["lanes"]]
        middles += [blocks[0]["middle"] if blocks else None for blocks in model["threads"]]
        for name, middle in zip(model["names"], middles, strict=True):
            if middle is not None:
                self.assertLess(abs(name["middle"] - middle), 2, f"{name['text']} is beside another lane")

    def check_crowd(self, axis, crowd, clients):
        """In the small view a state of all clients is one path, in which each span is a rectangle: "Mx,y h w ..."."""
        for path in crowd:
            kind = path["kind"].split()[1].removeprefix("span-").replace("-", " ")
            spans = [(span, row) for row, lane in enumerate(clients) for span in lane.spans if span["name"] == kind]
            rectangles = re.findall(r"M([-\d.e]+),([-\d.e]+)h([-\d.e]+)v([-\d.e]+)", path["path"] or "")
            self.assertEqual(len(rectangles), len(spans), f"{kind} in the small view")
            for (x, y, width, height), (span, row) in zip(rectangles, spans):
                self.near(float(y) + float(height) / 2, (row + 0.5) * path["height"] / len(clients), f"{kind} in the small view, its row")
                self.near(path["origin"] + float(x), axis.x(span["ts"]), f"{kind} in the small view, a beginning")
                self.near(float(width), span["dur"] * axis.scale, f"{kind} in the small view, a width")

    def check_drawn(self, page):
        drawn = self.browser.run(DRAWN)
        axis = Axis(drawn["ticks"])
        for at, x in axis.ticks:
            self.near(x, axis.x(at), "a tick of the axis")
        models = self.models(page)
        self.assertEqual([model["name"] for model in drawn["models"]], [name for name, _ in models])
        for mine, (_, lanes) in zip(drawn["models"], models):
            clients = [lane for lane in lanes if lane.kind == "client"]
            threads = [lane for lane in lanes if lane.kind == "server"]
            if mine["crowd"]:
                self.check_crowd(axis, mine["crowd"], clients)
            else:
                self.check_rows(mine)
                for drawn_lane, lane in zip(mine["lanes"], clients, strict=True):
                    self.check_lane(axis, drawn_lane, lane)
            for blocks, lane in zip(mine["threads"], threads, strict=True):
                self.check_thread(axis, blocks, lane)

    def test_lanes_agree_with_the_trace(self):
        for page in self.pages():
            for size in (DESKTOP, PHONE):
                with self.subTest(page=page, size=size):
                    self.open(page, size)
                    self.check_drawn(page)

    def test_lanes_of_a_server_have_the_names_of_the_trace(self):
        for page in ["class", *self.demos]:
            self.open(page)
            for mine, (name, lanes) in zip(self.browser.run(DRAWN)["models"], self.models(page), strict=True):
                names = [re.sub(r"^server, | \(\d+\)$", "", lane.name) for lane in lanes if lane.kind == "server"]
                drawn = [row["text"] for row in mine["names"]]
                self.assertEqual(drawn[len(drawn) - len(names):], names, name)
        self.open("class")
        self.assertEqual([row["text"] for row in self.browser.run(DRAWN)["models"][6]["names"]][4:], [f"process {n}" for n in range(1, 6)])

    def test_a_ring_waits_for_many(self):
        self.open("class")
        kinds = self.browser.run("return [...document.querySelectorAll('[aria-label=\"11-io_uring\"] .call')].map((node) => node.getAttribute('class'));")
        self.assertEqual(set(kinds), {"call call-many"})

    def test_a_crowd_can_be_seen_one_by_one(self):
        self.open("crowd")
        self.browser.click(".model .heading button")
        drawn = self.browser.run(DRAWN)["models"]
        self.assertEqual([len(model["lanes"]) for model in drawn], [50, 0, 0])
        self.check_drawn("crowd")
        self.browser.click(".model .heading button")
        self.assertEqual([len(model["lanes"]) for model in self.browser.run(DRAWN)["models"]], [0, 0, 0])

    def test_a_lane_that_is_drawn_wrong_is_noticed(self):
        wrong = {
            "a span that ends too early": "const node = document.querySelector('[data-lane=\"3\"] .span-waiting'); node.setAttribute('width', node.getAttribute('width') - 2);",
            "a span that is missing": "document.querySelector('.span-silent').remove();",
            "a mark at another time": "document.querySelector('.mark-stalled').setAttribute('transform', 'translate(300,10)');",
            "a mark of another kind": "document.querySelector('.mark-closed').setAttribute('class', 'mark mark-reset');",
            "a call that begins too late": "const node = document.querySelector('.call'); node.setAttribute('x', Number(node.getAttribute('x')) + 3);",
            "a lane in another row": "document.querySelector('.lane').setAttribute('transform', 'translate(0,60)');",
        }
        for what, script in wrong.items():
            with self.subTest(what):
                self.open("class")
                self.check_drawn("class")
                self.browser.run(script)
                with self.assertRaises(AssertionError):
                    self.check_drawn("class")

    # --- Does the chosen moment show what it should? ---

    def check_lane_now(self, mine, lane, at):
        state, since = lane.at(at)
        words = WORDS.get(state) or f"{'waits' if state == 'waiting' else state} {(at - since) / 1e6:.1f} s"
        self.assertEqual(mine["state"], state, f"{lane.name} at {at} us")
        if state in WORDS:
            self.assertEqual(mine["text"], words)
        else:
            self.assertEqual(mine["text"].split()[0], words.split()[0])
            self.assertAlmostEqual(float(mine["text"].split()[1]), (at - since) / 1e6, delta=0.051)

    def check_thread_now(self, mine, lane, at):
        call = lane.call_at(at)
        if call is None:
            self.assertEqual(mine["text"], "", f"{lane.name} at {at} us")
            return
        self.assertTrue(mine["text"].startswith(call["name"]), f"{lane.name} at {at} us is in {call['name']}, not in {mine['text']}")
        if "client" in call["args"]:
            self.assertIn(f"({call['args']['client']})", mine["text"])
        elif "fd" in call["args"]:
            self.assertIn(f"fd {call['args']['fd']} ", mine["text"] + " ")

    def moments(self, data):
        """Some that are not the boundary of anything."""
        return [round(data["now"] * part) for part in (0.013, 0.11, 0.262, 0.377, 0.519, 0.743, 0.901)]

    def test_a_moment_shows_who_does_what(self):
        for page in ["class", *self.demos]:
            data, models = self.data(page), self.models(page)
            self.open(page)
            for at in self.moments(data):
                with self.subTest(page=page, at=at):
                    self.browser.run(GO_TO, at)
                    for mine, (_, lanes) in zip(self.browser.run(NOW), models, strict=True):
                        for item in mine:
                            self.check_item(item, lanes, at)

    def check_item(self, item, lanes, at):
        if item["thread"] is not None:
            self.check_thread_now(item, [lane for lane in lanes if lane.kind == "server"][int(item["thread"])], at)
        elif item["lane"] != "all":
            self.check_lane_now(item, lanes[int(item["lane"])], at)

    def test_a_crowd_is_counted(self):
        data, models = self.data("crowd"), self.models("crowd")
        self.open("crowd")
        for at in self.moments(data):
            self.browser.run(GO_TO, at)
            for mine, (_, lanes) in zip(self.browser.run(NOW), models, strict=True):
                states = [lane.at(at)[0] for lane in lanes if lane.kind == "client"]
                counted = {words: int(number) for number, words in re.findall(r"(?m)^(\d+) (.+)$", mine[0]["text"])}
                expected = {WORDS.get(state, "wait" if state == "waiting" else state): states.count(state) for state in states}
                self.assertEqual(counted, expected, f"at {at} us")

    def test_a_moment_marks_the_lines_of_the_script(self):
        data, models = self.data("class"), self.models("class")
        self.open("class")
        for at in self.moments(data):
            with self.subTest(at=at):
                self.browser.run(GO_TO, at)
                marked = self.browser.run("return [...document.querySelectorAll('#script li')].filter((row) => row.dataset.is === 'waits')"
                                          ".map((row) => [Number(row.dataset.line), [...row.querySelectorAll('[data-is=waits]')].map((chip) => chip.textContent)]);")
                expected = {}
                for name, lanes in models:
                    for lane in lanes:
                        waiting = [span for span in lane.spans if span["name"] in ("waiting", "connecting") and span["ts"] <= at < record.end_of(span)]
                        for span in waiting:
                            expected.setdefault(span["args"]["line"], set()).add(name[:2])
                self.assertEqual({line: set(chips) for line, chips in marked}, expected)

    def test_play_moves_time(self):
        self.open("class")
        self.browser.run("const speed = document.getElementById('speed'); speed.value = '0.5';")
        self.browser.click("#play")
        begun, first = time.monotonic(), self.browser.run(TIME)
        self.browser.wait_until(f"return document.getElementById('slider').value > {first} + 400000;")
        passed = (time.monotonic() - begun) * 1e6
        self.assertAlmostEqual((self.browser.run(TIME) - first) / passed, 0.5, delta=0.25)
        self.browser.click("#play")
        stopped = self.browser.run(TIME)
        time.sleep(0.2)
        self.assertEqual(self.browser.run(TIME), stopped)
        self.assertEqual(self.browser.run("return document.getElementById('play').textContent;"), "Play")

    def test_play_ends_at_the_end(self):
        self.open("class")
        now = self.data("class")["now"]
        self.browser.run(GO_TO, now - 200000)
        self.browser.click("#play")
        self.browser.wait_until("return document.getElementById('play').textContent === 'Play';")
        self.assertEqual(self.browser.run(TIME), now)

    def test_little_motion_is_little_motion(self):
        self.browser.prefer(prefers_reduced_motion="reduce")
        self.open("class")
        self.browser.keys(Keys.HOME, " ")
        self.browser.run("window.seen = new Set(); const look = () => { seen.add(document.getElementById('slider').value); requestAnimationFrame(look); }; look();")
        time.sleep(1.2)
        self.assertLessEqual(self.browser.run("return seen.size;"), 7)

    def test_zoom_shows_a_part_of_the_time(self):
        self.open("class")
        self.browser.run(GO_TO, 2200000)
        whole = Axis(self.browser.run(DRAWN)["ticks"])
        self.browser.keys("+", "+", "+")
        part = Axis(self.browser.run(DRAWN)["ticks"])
        self.assertAlmostEqual(part.scale / whole.scale, 8, delta=0.1)
        head = self.browser.run("return document.querySelector('line.head').getBoundingClientRect().left;")
        self.near(head, part.x(2200000), "the present moment")
        marks = self.browser.run("return [...document.querySelectorAll('.lane')].map((lane) => [...lane.querySelectorAll('.mark-answered .reach')].map("
                                 "(node) => { const b = node.getBoundingClientRect(); return (b.left + b.right) / 2; }));")
        lane = self.models("class")[0][1][0]
        answered = [mark["ts"] for mark in lane.marks if mark["name"] == "answered"]
        self.near(marks[0][0], part.x(answered[1]), "A's second answer")
        self.browser.run(GO_TO, 100000)
        self.assertLess(Axis(self.browser.run(DRAWN)["ticks"]).start, 100000)

    # --- What can be done without a mouse, and with one? ---

    def test_keys(self):
        self.open("class")
        now = self.data("class")["now"]
        for keys, shift, expected in (((Keys.HOME,), False, 0), ((Keys.ARROW_RIGHT,), False, 100000), ((Keys.ARROW_RIGHT, Keys.ARROW_RIGHT), True, 2100000),
                                      ((Keys.ARROW_LEFT,), False, 2000000), ((Keys.END,), False, now), ((Keys.ARROW_LEFT,), True, now - 1000000)):
            self.browser.keys(*keys, shift=shift)
            self.assertEqual(self.browser.run(TIME), expected)
        self.browser.keys(Keys.HOME, " ")
        self.browser.wait_until("return document.getElementById('slider').value > 50000;")
        self.browser.keys(" ")
        stopped = self.browser.run(TIME)
        time.sleep(0.1)
        self.assertEqual(self.browser.run(TIME), stopped)

    def test_a_short_recording_has_short_steps(self):
        self.open("odd")
        now = record.embedded(self.path("odd"))["now"]
        self.browser.keys(Keys.HOME, Keys.ARROW_RIGHT)
        self.assertLess(self.browser.run(TIME), now / 10)

    def focused(self, what):
        return self.browser.run(f"const node = document.activeElement; return {what};")

    def test_keys_go_through_the_marks(self):
        self.open("class")
        self.browser.run("document.getElementById('predict').focus();")
        self.browser.keys(Keys.TAB)
        self.assertEqual(self.focused("node.getAttribute('class')"), "mark mark-connected")
        self.assertIn("A is connected", self.browser.run(TIP))
        self.assertIn("stroke", self.focused("'stroke ' + getComputedStyle(node.querySelector('.reach')).stroke"))
        self.assertNotEqual(self.focused("getComputedStyle(node.querySelector('.reach')).stroke"), "none")
        self.browser.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        self.assertEqual(self.focused("node.getAttribute('class')"), "mark mark-answered")
        tip = self.browser.run(TIP)
        for words in ("A has its answer", "01-blocking", "Line 4", 'A expect "GOOD MORNING"', "SUCCESS, 12 bytes", "1.0 ms"):
            self.assertIn(words, tip)
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('#script .is-pointed')].map((row) => row.dataset.line);"), ["4"])
        self.assertIn("Line 4", self.focused("node.getAttribute('aria-label')"))
        self.browser.keys(Keys.ENTER)
        answered = [mark for mark in self.models("class")[0][1][0].marks if mark["name"] == "answered"]
        self.assertEqual(self.browser.run(TIME), int(answered[0]["ts"]))
        self.browser.keys(Keys.ARROW_DOWN)
        self.assertIn("B is connected", self.browser.run(TIP))
        self.browser.keys(Keys.ESCAPE)
        self.assertIsNone(self.browser.run(TIP))

    def middle(self, selector):
        return self.browser.run("const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [(b.left + b.right) / 2, (b.top + b.bottom) / 2];", selector)

    def test_pointing_tells_what_it_is(self):
        self.open("class")
        self.browser.point(*self.middle(".mark-stalled"))
        for words in ("D stalls", "Line 27", "TIMEOUT", "5.00 s"):
            self.assertIn(words, self.browser.run(TIP))
        self.browser.point(*self.middle(".thread .call[data-first='3']"))
        for words in ("server: recv fd 4 (A)", "2.00 s"):
            self.assertIn(words, self.browser.run(TIP))
        self.browser.point(5, 5)
        self.assertIsNone(self.browser.run(TIP))

    def test_pressing_in_the_lanes_goes_there(self):
        self.open("class")
        axis = Axis(self.browser.run(DRAWN)["ticks"])
        x, y = self.middle("[data-lane='2'] .span-waiting")
        self.browser.point(x, y, press=True)
        self.assertAlmostEqual(self.browser.run(TIME), axis.time(x), delta=1 / axis.scale)

    def test_a_finger_taps(self):
        self.open("class", PHONE)
        self.browser.run("document.querySelector('.mark-stalled').scrollIntoView({ block: 'center' });")
        self.browser.point(*self.middle(".mark-stalled"), kind="touch", press=True)
        self.browser.wait_until("return !document.getElementById('tip').hidden;")
        self.assertIn("D stalls", self.browser.run(TIP))

    def test_the_future_can_be_hidden(self):
        self.open("class")
        self.browser.run(GO_TO, 1500000)
        self.browser.click("#predict")
        self.browser.point(*self.middle(".mark-stalled"))
        self.assertIsNone(self.browser.run(TIP))
        self.assertEqual(self.browser.run("return getComputedStyle(document.querySelector('.veil')).opacity;"), "1")
        self.assertEqual(self.browser.run("return getComputedStyle(document.getElementById('verdicts')).visibility;"), "hidden")
        self.browser.keys(Keys.END)
        self.assertEqual(self.browser.run("return getComputedStyle(document.getElementById('verdicts')).visibility;"), "visible")

    # --- Can it be read? ---

    def test_a_phone_is_wide_enough(self):
        for page in self.pages():
            with self.subTest(page=page):
                self.open(page, PHONE)
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth;"), PHONE[0])
                self.assertEqual(self.browser.run("return window.innerWidth;"), PHONE[0])

    def test_a_phone_has_room_for_the_names(self):
        self.open("class", PHONE)
        cut = "return [...document.querySelectorAll('.names .server')].filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent);"
        self.assertEqual(self.browser.run(cut), [])

    def test_every_text_stands_out(self):
        for scheme in ("light", "dark"):
            self.browser.prefer(prefers_color_scheme=scheme)
            self.open("class")
            for at in (2800000, 6220000):
                self.browser.run(GO_TO, at)
                found = self.browser.run(CONTRAST)
                self.assertGreater(len(found), 100)
                self.assertEqual([(what, round(ratio, 2)) for what, ratio in found if ratio < 4.5], [], scheme)

    def test_colours_follow_the_system_and_the_switch(self):
        self.open("class")
        ground = "return getComputedStyle(document.body).backgroundColor;"
        light = self.browser.run(ground)
        self.browser.prefer(prefers_color_scheme="dark")
        self.browser.wait_until("return document.documentElement.dataset.theme === 'dark';")
        self.assertNotEqual(self.browser.run(ground), light)
        self.browser.click("#theme")
        self.assertEqual(self.browser.run(ground), light)

    # --- Are the numbers at the end the record's? ---

    def test_the_table_has_the_records_numbers(self):
        data = self.data("class")
        self.open("class")
        rows = self.browser.run("return [...document.querySelectorAll('#table tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent));")
        self.assertEqual([row[0] for row in rows], [model["name"] for model in data["models"]])
        self.assertEqual(rows[0][1:3], ["never", "5.00 s (D)"])
        self.assertEqual(rows[1], ["02-fcntl-nonblock", "2.00 s", "12.0 ms (C)", "4.87 s (97 % of a core)", "> 1,843,211", "1", "412", "1.7 MiB"])
        self.assertEqual((rows[6][4], rows[6][5]), ("96", "5 processes"))
        self.assertEqual((rows[7][4], rows[7][5]), ("17*", "1"))
        self.assertEqual(rows[8][1:], ["never", "–", "–", "–", "–", "–", "–"])
        note = self.browser.run("return document.getElementById('table-note').textContent;")
        for words in ("> and more", "* one io_uring_enter()", "strace slows each call"):
            self.assertIn(words, note)
        verdicts = self.browser.run("return document.getElementById('verdicts').innerText;")
        for model in data["models"]:
            self.assertIn(model["verdict"], verdicts)

    def test_never_is_only_said_where_a_client_was_not_served(self):
        self.open("odd")
        served = self.browser.run("return [...document.querySelectorAll('#table tbody td:nth-child(2)')].map((cell) => cell.textContent);")
        self.assertEqual(served, ["never", "–"])


def main():
    if len(sys.argv) < 2:
        print("usage: test_page.py FOLDER [PAGE...]", file=sys.stderr)
        return 2
    if not (BROWSER and DRIVER):
        print(f"The page is not tested: there is no {'chromedriver' if BROWSER else 'Chromium'}. ./setup.sh page installs it.")
        return 0
    PageTest.folder, PageTest.demos = sys.argv[1], sys.argv[2:]
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(PageTest))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
