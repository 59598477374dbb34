"""webdriver - a headless Chromium, driven over WebDriver (https://www.w3.org/TR/webdriver2/): JSON over HTTP, and no more
of it than the page's test needs."""

import base64
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVERS = ("chromedriver", "chromium-chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that the standard gives to elements
QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-device-scale-factor=1",
)


class Failure(Exception):
    """What the driver answered instead of a value."""


def find(names):
    """The path of the first program of `names` that is installed, or None."""
    return next(filter(None, map(shutil.which, names)), None)


def what_is_missing():
    """What is not there to test with, in words; None: it is all there."""
    if find(BROWSERS) is None:
        return "Chromium"
    if find(DRIVERS) is None:
        return "chromedriver"
    return None


class Browser:
    """A browser with an empty profile of its own, in a window whose inside is `width` by `height`."""

    def __init__(self, width, height):
        self.profile = tempfile.mkdtemp(prefix="io-models-browser-")
        self.driver = subprocess.Popen([find(DRIVERS), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.session = None
        try:
            self.port = self._read_port()
            self.session = self._start(width, height)
            self.resize(width, height)
        except BaseException:
            self.close()
            raise

    def _read_port(self):
        for line in self.driver.stdout:
            if "on port" in line and "successfully" in line:
                return int(line.rstrip(".\n").rsplit(" ", 1)[1])
        raise Failure("chromedriver does not start")

    def _start(self, width, height):
        arguments = [*QUIET, f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses to run as root with one
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": find(BROWSERS), "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        return f"/session/{answer['sessionId']}"

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Failure(f"{value['error']}: {value['message'].splitlines()[0]}")
        return value

    def _post(self, path, **body):
        return self._ask("POST", self.session + path, body)

    def chrome(self, command, **parameters):
        """A command of the DevTools protocol."""
        return self._post("/goog/cdp/execute", cmd=command, params=parameters)

    def open(self, path):
        self._post("/url", url=f"file://{os.path.abspath(path)}")

    def resize(self, width, height):
        """A phone's width, too: a window cannot be that narrow, what it pretends to be can."""
        self.chrome("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def prefer(self, **features):
        """What the user prefers, in CSS's words: prefers_color_scheme="dark"."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.chrome("Emulation.setEmulatedMedia", features=wanted)

    def run(self, script, *arguments):
        """What `script`, the body of a function, returns in the page."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def click(self, selector):
        element = self._post("/element", using="css selector", value=selector)[ELEMENT]
        self._post(f"/element/{element}/click")

    def keys(self, *keys, shift=False):
        """Presses `keys` one after another, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        if shift:
            actions = [{"type": "keyDown", "value": "\ue008"}, *actions, {"type": "keyUp", "value": "\ue008"}]
        self._post("/actions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def move(self, x, y, kind="mouse", press=False):
        """Points at a place in the window, and presses there."""
        actions = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0}]
        if press:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._post("/actions", actions=[{"type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": actions}])

    def messages(self):
        """What has come up on the console since the last time."""
        return [entry["message"] for entry in self._post("/se/log", type="browser")]

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._ask("GET", self.session + "/screenshot")))

    def wait_until(self, script, seconds=5):
        """Waits until `script` is true in the page; says whether it became so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(script):
                return True
            time.sleep(0.02)
        return False

    def close(self):
        try:
            if self.session is not None:
                self._ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.driver.stdout.close()
            shutil.rmtree(self.profile, ignore_errors=True)
