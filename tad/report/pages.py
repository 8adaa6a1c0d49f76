"""What every HTML page shares: one shell, and nothing in it that loads or runs what came from outside."""

import base64
import hashlib
import os
import re
from pathlib import Path
from urllib.parse import quote

import jinja2
import mistune
from bs4 import BeautifulSoup
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
HAS_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
LOADS = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href")
FORBIDDEN = "script:not([type='application/json']), iframe, object, embed, base, meta, link, style"


def write(path: Path, template: str, script: str | None = None, **context) -> Path:
    """Fill in a template as a page that stands alone; no inline script runs in it but the given one and tables.js."""
    folder = jinja2.FileSystemLoader(TEMPLATES)
    env = jinja2.Environment(loader=folder, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    env.filters |= {"duration": duration, "when": when, "href": quote, "last_line": last_line}
    css = Markup((TEMPLATES / "page.css").read_text(encoding="utf-8"))
    scripts = [script, "tables.js"] if script else ["tables.js"]
    source = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in scripts)
    page = env.get_template(template).render(context, css=css, script=Markup(source), policy=_policy(source))
    part = path.with_name(
        f".{path.name}.{os.getpid()}.part"
    )  # several runs may end at once: replaced whole, never half
    part.write_text(page, encoding="utf-8", errors="replace")  # a file's name need not be text
    part.replace(path)
    return path


def _policy(script: str) -> str:
    """A Content-Security-Policy: our script by its hash, the plotly.min.js beside the page, no network.

    A script that a cell output or a name smuggled in has no hash here and does not run. `file:` is for pages
    opened from disk, where browsers differ on whether 'self' covers the file beside the page.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' file: 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def markdown(text: str) -> Markup:
    """Render Markdown from outside: HTML in it is escaped, headings start at the second level."""
    html = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])(text)
    soup = BeautifulSoup(html, "html.parser")
    for heading in soup.find_all(re.compile(r"^h[1-5]$")):
        heading.name = f"h{int(heading.name[1]) + 1}"
    close_off(soup)
    return Markup(str(soup))


def close_off(soup: BeautifulSoup) -> None:
    """Take out what would load or run anything; a link that leads out stays as text with its address."""
    for tag in soup.select(FORBIDDEN):
        tag.decompose()
    for tag in soup.find_all(True):
        for name in [name for name in tag.attrs if name in LOADS or name.startswith("on")]:
            value = str(tag[name])
            if name.startswith("on") or (HAS_SCHEME.match(value) and not value.startswith("data:image/")):
                del tag[name]
                if tag.name == "a" and name == "href" and value != tag.get_text():
                    tag.append(f" ({value})")
    for image in soup.select("img:not([src])"):
        image.decompose()


def duration(seconds: float | None) -> str:
    """Seconds as people say them: 7.2 s, 9 min 41 s, 2 h 13 min."""
    if seconds is None:
        return ""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def when(iso: str | None) -> str:
    """An ISO time to the minute."""
    return (iso or "")[:16].replace("T", " ")


def last_line(text: str) -> str:
    """The last line that says something: in a traceback, the error itself."""
    return (text.strip().splitlines() or [""])[-1].strip()
