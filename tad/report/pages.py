"""The shell that every HTML page shares: template, style, scripts, a policy that keeps the outside out."""

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, scripts: tuple[str, ...] = (), **context) -> str:
    """Fill in a template of this package as a page that stands alone.

    Args:
        template: file name under templates/.
        scripts: file names under templates/ to embed; no other inline script of the page will run.
        context: what the template asks for; strings are escaped unless they are `Markup`.

    Returns:
        The page.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    env.filters |= {"duration": duration, "when": when, "href": quote, "last_line": last_line}
    sources = [(TEMPLATES / name).read_text(encoding="utf-8") for name in scripts]
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    context |= {
        "css": Markup(css),
        "scripts": [Markup(source) for source in sources],
        "policy": _policy(sources),
    }
    return env.get_template(template).render(context)


def _policy(scripts: list[str]) -> str:
    """A Content-Security-Policy: our scripts by their hash, the plotly.min.js beside the page, no network.

    A script that a cell output or a name smuggled in has no hash here and does not run. `file:` is for pages
    opened from disk, where browsers differ on whether 'self' covers the file beside the page.
    """
    hashes = " ".join(f"'sha256-{_hash(source)}'" for source in scripts)
    return (
        f"default-src 'none'; script-src 'self' file: {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def duration(seconds: float | None) -> str:
    """Seconds as people say them.

    Example:
        >>> duration(581.3), duration(7.25), duration(8000), duration(None)
        ('9 min 41 s', '7.2 s', '2 h 13 min', '')
    """
    if seconds is None:
        return ""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def when(iso: str | None) -> str:
    """An ISO time to the minute; text that is none is shown as it stands.

    Example:
        >>> when("2025-11-23T01:34:07+00:00"), when("yesterday")
        ('2025-11-23 01:34', 'yesterday')
    """
    try:
        return datetime.fromisoformat(iso or "").strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return iso or ""


def last_line(text: str) -> str:
    """The last line that says something: in a traceback, the error itself."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
