"""Pieces of HTML from Markdown and notebooks, made fit for a page: outlined, and closed to the outside."""

import re

import mistune
from bs4 import BeautifulSoup
from markupsafe import Markup

HAS_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
LOADS = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href")
FORBIDDEN = (
    "script:not([type='application/json'])",
    "iframe",
    "object",
    "embed",
    "base",
    "meta",
    "link",
    "style",
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
    for tag in soup.select(", ".join(FORBIDDEN)):
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


def outline(soup: BeautifulSoup) -> list[dict[str, str | int]]:
    """Give each heading of level two and three an id of its own; return level, id and text of each."""
    entries: list[dict[str, str | int]] = []
    for number, heading in enumerate(soup.find_all(["h2", "h3"]), start=1):
        text = heading.get_text(" ", strip=True)
        slug = re.sub(r"[^\w]+", "-", text.lower()).strip("-")
        heading["id"] = f"{number}-{slug}"
        entries.append({"level": int(heading.name[1]), "id": heading["id"], "text": text})
    return entries
