"""A browser to be driven: opens pages, clicks and types as a reader does, and notes what a page asks for and says.

Speaks the Chrome DevTools Protocol to Debian's chromium; no name is resolved but this machine's own.
"""

import base64
import itertools
import json
import shutil
import subprocess
from pathlib import Path

import websocket

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-extensions", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)  # fmt: skip
WAITING_S = 150


class Chromium:
    """A running browser; `open` gives a page with a fresh profile."""

    def __init__(self, profile: Path):
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        line = next(line for line in self.process.stderr if line.startswith("DevTools listening on "))
        self.socket = websocket.create_connection(line.split()[-1], timeout=WAITING_S, suppress_origin=True)
        self.numbers = itertools.count(1)
        self.pages: dict[str, Page] = {}

    def send(self, method: str, session: str = "", **params) -> dict:
        """Send a command, pass on the events that come meanwhile, return the answer."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self.socket.send(json.dumps(message))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            if page := self.pages.get(answer.get("sessionId", "")):
                page.hear(answer["method"], answer["params"])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def open(self, url: str, width: int = 1280, height: int = 900) -> "Page":
        """Open a page of that size, px, and wait until it is loaded."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, context)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        page.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.send("Emulation.setFocusEmulationEnabled", enabled=True)  # as if no other page were open
        page.send("Page.navigate", url=url)
        page.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        return page

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=WAITING_S)
        self.process.stderr.close()


class Page:
    """A page of the browser: `said` is its console, `asked` the addresses it requested."""

    def __init__(self, browser: Chromium, session: str, context: str):
        self.browser, self.session, self.context = browser, session, context
        self.said: list[str] = []
        self.asked: list[str] = []

    def hear(self, method: str, params: dict) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(arg.get("value", arg.get("description"))) for arg in params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.said.append(json.dumps(params["exceptionDetails"]))

    def send(self, method: str, **params) -> dict:
        return self.browser.send(method, self.session, **params)

    def do(self, script: str):
        """Evaluate an expression in the page; promises are waited for."""
        done = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["exception"].get("description", script))
        return done["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression holds in the page, looked at again after every change of the clock."""
        look = f"""new Promise((done, fail) => {{
            const begun = Date.now();
            (function again() {{
                let holds = false;
                try {{ holds = {condition}; }} catch (error) {{}}
                if (holds) done();
                else if (Date.now() - begun > {WAITING_S * 900}) fail(new Error('waited in vain'));
                else setTimeout(again, 50);
            }})();
        }})"""
        try:
            self.do(look)
        except RuntimeError as error:
            if "context was destroyed" not in str(error) and "navigated" not in str(error):
                raise RuntimeError(f"{error}: {condition}") from None
            self.until(condition)  # another document came

    def click(self, selector: str, number: int = 0) -> None:
        """Click the middle of an element, or of its first line, with a mouse."""
        x, y = self.do(f"""(() => {{
            const element = document.querySelectorAll({json.dumps(selector)})[{number}];
            element.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const box = element.getClientRects()[0]; // a link may run over several lines
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, shift: bool = False) -> None:
        """Press and let go a key, such as Tab or Enter."""
        code = {"Tab": 9, "Enter": 13, "ArrowRight": 39}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=8 * shift,
                **more,
            )

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def picture(self, path: Path, whole: bool = True) -> Path:
        """Save what the page looks like, all of it or what the window shows."""
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=whole, **self._clip(whole))
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def _clip(self, whole: bool) -> dict:
        if not whole:
            return {}
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}
