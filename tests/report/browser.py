"""A headless Chromium for the tests of the report's page, through its driver's WebDriver protocol and
nothing but the standard library. Exit code 77 says that Chromium or the driver is missing."""

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time

# Debian's names, then those of other distributions.
CHROMIUM = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
DRIVER = shutil.which("chromedriver")


def need_chromium():
    if DRIVER is None or not any(CHROMIUM):
        print("skipped: no chromium or no chromedriver")
        sys.exit(77)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """with Browser(folder) as page: page.open(path); page.run("return document.title")"""

    def __init__(self, folder):
        self.folder, port = folder, free_port()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        environment = dict(os.environ, HOME=folder, LC_ALL="C.UTF-8", TMPDIR=folder)
        environment.pop("LD_PRELOAD", None)  # a sanitizer's runtime, for the library only
        self.process = subprocess.Popen(
            [DRIVER, "--port=%d" % port], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment)
        try:
            self._wait()
            self.session = "/session/" + self._post("/session", self._wishes())["sessionId"]
        except BaseException:
            self.process.kill()
            raise

    def _wishes(self):
        arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,900",
                     "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                     "--user-data-dir=" + os.path.join(self.folder, "profile")]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        return {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": next(filter(None, CHROMIUM)), "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}}

    def _wait(self):
        for _ in range(600):
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except ConnectionError:
                self.connection.close()
            time.sleep(0.05)
        raise RuntimeError("chromedriver does not answer")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        with self.connection.getresponse() as answer:
            said = answer.read().decode("utf-8", "replace")
        if answer.status != 200:
            raise RuntimeError(said[:2000])
        return json.loads(said)["value"]

    def _post(self, path, body):
        return self._call("POST", path, body)

    def open(self, path):
        """Opens a file; what was logged before is forgotten."""
        self.logged("browser")
        self.logged("performance")
        self._post(self.session + "/url", {"url": "file://" + os.path.abspath(path)})

    def run(self, script, *arguments):
        return self._post(self.session + "/execute/sync", {"script": script, "args": arguments})

    def run_async(self, script, *arguments):
        return self._post(self.session + "/execute/async", {"script": script, "args": arguments})

    def tool(self, command, **parameters):
        """A command of the developer tools' protocol."""
        return self._post(self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def logged(self, kind):
        return self._post(self.session + "/se/log", {"type": kind})

    def requests(self):
        """The addresses that the page has asked for since it was opened."""
        events = [json.loads(entry["message"])["message"] for entry in self.logged("performance")]
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]

    KEYS = {"Tab": "\ue004", "ArrowRight": "\ue014", "Enter": "\ue007"}

    def press(self, key, times=1):
        """As often as a key that is held down tells it."""
        down, up = ({"type": kind, "value": self.KEYS[key]} for kind in ("keyDown", "keyUp"))
        self._post(self.session + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": times * [down] + [up]}]})

    def resize(self, width, height, mobile=False, scale=1):
        """scale: pixels that are painted, for one of the page's."""
        self.tool("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=mobile)

    def picture(self, path, **clip):
        """A PNG of the whole page, or of a part: x, y, width, height."""
        size = self.run("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1, **clip}
        data = self.tool("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        try:
            self._call("DELETE", self.session)
        except (RuntimeError, OSError, http.client.HTTPException):
            pass
        self.connection.close()
        self.process.terminate()
        self.process.wait()
