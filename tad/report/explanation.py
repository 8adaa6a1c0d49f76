"""A page that explains one video's score, and moving pictures for it and for notebooks."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from IPython.display import display
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image, UnidentifiedImageError

from tad import checks
from tad.report import pages
from tad.report.show import CSS_PX_PER_INCH, DPI, check_words, light


@dataclass(frozen=True)
class Part:
    """One part of a page: a heading, what stands below it as plain paragraphs, then figures and tables as HTML."""

    heading: str
    paragraphs: Sequence[str] = ()
    html: Sequence[str] = ()


def figure_html(figure: Figure, alt: str, caption: str = "") -> str:
    """Write a matplotlib figure as HTML, the picture in it.

    Args:
        figure: it is not closed.
        alt: says what is seen, for who cannot see it.
        caption: below the picture; none when empty.
    """
    checks.of_kind("figure", figure, Figure, "a matplotlib figure")
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DPI, facecolor="white")
    width, height = (round(inches * CSS_PX_PER_INCH) for inches in figure.get_size_inches())
    return _picture("image/png", light(png.getvalue()), alt, caption, width, height)


def animation_html(webp: bytes, alt: str, caption: str = "") -> str:
    """Write an animated WebP as HTML.

    Args:
        webp: as `figures.animation` makes it.
        alt: says what is seen, for who cannot see it.
        caption: below the picture; none when empty.
    """
    checks.of_kind("webp", webp, bytes, "bytes")
    try:
        size = Image.open(io.BytesIO(webp)).size
    except UnidentifiedImageError as error:
        raise ValueError(f"webp must be an animated WebP; got {len(webp)} bytes that are no picture") from error
    return _picture("image/webp", webp, alt, caption, *size)


def show_animation(webp: bytes, alt: str, caption: str = "") -> None:
    """Show an animated WebP in a notebook; webp, alt and caption as in `animation_html`."""
    display({"text/html": animation_html(webp, alt, caption), "text/plain": alt}, raw=True)


def write_explanation(path: str | Path, title: str, parts: Sequence[Part]) -> Path:
    """Write a page that stands alone: it loads nothing, and all that runs in it sorts and copies its tables.

    Args:
        path: the page.
        title: heading of the page.
        parts: its sections.
    """
    checks.path("path", path)
    checks.of_kind("title", title, str, "a text")
    checks.of_kind("parts", parts, list | tuple, "a list of Part")
    for part in parts:
        checks.of_kind("each of parts", part, Part, "a Part")
    ready = [{"heading": p.heading, "paragraphs": p.paragraphs, "html": [Markup(h) for h in p.html]} for p in parts]
    return pages.write(Path(path), "explanation.html.j2", title=title, parts=ready)


def _picture(mime: str, data: bytes, alt: str, caption: str, width: int, height: int) -> str:
    check_words(alt, caption)
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    image = f'<img src="{source}" alt="{escape(alt)}" width="{width}" height="{height}">'
    return f'<figure><div class="picture" style="--width:{width}px">{image}</div>{below}</figure>'
