"""A figure as a picture inside a page, with its size and an alternative text."""

import base64
import io
from dataclasses import dataclass

from matplotlib.figure import Figure

from tad.report.show import CSS_PX_PER_INCH, DPI


@dataclass(frozen=True)
class Picture:
    """What an `<img>` needs."""

    src: str  # a data: address
    width: int  # px of the page
    height: int
    alt: str
    caption: str


def picture(figure: Figure, alt: str, caption: str = "", quality: int = 84) -> Picture:
    """Draw a figure as WebP, which holds photographs in a tenth of what PNG takes.

    Args:
        alt: what the figure says, in a sentence or two, for those who cannot see it.
        caption: text below the figure.
        quality: of WebP, 1 to 100.
    """
    if not alt.strip():
        raise ValueError(f"alt must say what the figure shows; got {alt!r}")
    out = io.BytesIO()
    figure.savefig(out, format="webp", dpi=DPI, facecolor="white", pil_kwargs={"quality": quality})
    width, height = (round(inches * CSS_PX_PER_INCH) for inches in figure.get_size_inches())
    return Picture(f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}", width, height, alt, caption)
