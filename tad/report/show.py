"""Show figures and tables in a notebook; alternative text and caption travel in the output's metadata under "tad".

The caption is also printed below the figure, for readers of the notebook; the report leaves that output out.
"""

import base64
import io
import json
import re
from collections.abc import Mapping
from html import escape

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from tad import checks

DPI, CSS_PX_PER_INCH = 132, 88  # one and a half picture dots for each dot of the page: sharp, and light to mail
LARGE_BYTES = 1_000_000
PLOTLY_MIME = "application/vnd.plotly.v1+json"
PLOTLY_CONFIG = {"displaylogo": False, "responsive": True, "showSendToCloud": False}  # the last is on by default
NUMBER = re.compile(r"[-+−<>≤≥~]?\s*\d|n/a|inf|–")
ALIGN_NUMBER = ' style="text-align:right;white-space:nowrap"'


def show(figure: Figure | go.Figure, alt: str, caption: str = "") -> None:
    """Show a figure in the notebook; a matplotlib figure is closed afterwards.

    Args:
        alt: what the figure says, in a sentence or two, for those who cannot see it.
        caption: text below the figure.
    """
    checks.of_kind("figure", figure, Figure | go.Figure, "a figure of matplotlib or plotly")
    check_words(alt, caption)
    metadata = {"tad": {"alt": alt, "caption": caption}}
    if isinstance(figure, go.Figure):
        data = {PLOTLY_MIME: json.loads(figure.to_json()) | {"config": PLOTLY_CONFIG}}
    else:
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=DPI, facecolor="white")
        data = {"image/png": base64.b64encode(light(png.getvalue())).decode()}
        width, height = (round(inches * CSS_PX_PER_INCH) for inches in figure.get_size_inches())
        metadata["image/png"] = {"width": width, "height": height, "alt": alt}
        plt.close(figure)
    display(data | {"text/plain": alt}, metadata=metadata, raw=True)
    if caption:
        display({"text/plain": caption}, metadata={"tad": {"repeats_caption": True}}, raw=True)


def check_words(alt: str, caption: str) -> None:
    """Refuse a picture without alternative text."""
    checks.check(isinstance(alt, str) and alt.strip() != "", "alt must say what the picture shows", alt)
    checks.of_kind("caption", caption, str, "a text")


def light(png: bytes) -> bytes:
    """Reduce a large picture to 256 colours, so that a page with many photographs can be mailed; small ones stay.

    By octree: the median cut spends its colours on what is frequent, and draws heat of 0.8 and of 1.0 in one colour.
    """
    if len(png) <= LARGE_BYTES:
        return png
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE).save(out, "png", optimize=True)
    return out.getvalue()


def show_table(df: pd.DataFrame, caption: str, formats: Mapping[str, str] | None = None) -> None:
    """Show a table in the notebook; arguments as in `table_html`."""
    checks.of_kind("caption", caption, str, "a text")
    plain = f"{caption}\n\n{_texts(df, formats).to_string(index=False)}"
    display({"text/html": table_html(df, caption, formats), "text/plain": plain}, raw=True)


def table_html(df: pd.DataFrame, caption: str, formats: Mapping[str, str] | None = None) -> str:
    """Write a table as HTML: every cell escaped, header cells with scope, columns of numbers right-aligned.

    Args:
        df: the table; its first column names the rows. An index other than 0, 1, 2 ... becomes that column.
        caption: what the table shows; may be empty.
        formats: for some columns a format such as "{:.3f}"; other floats get four significant digits.
    """
    texts = _texts(df, formats)
    align = ["", *(ALIGN_NUMBER if _is_numeric(texts[column]) else "" for column in texts.columns[1:])]
    head = "".join(f'<th scope="col"{a}>{escape(str(c))}</th>' for c, a in zip(texts, align, strict=True))
    body = []
    for first, *others in texts.itertuples(index=False, name=None):
        cells = "".join(f"<td{a}>{escape(text)}</td>" for text, a in zip(others, align[1:], strict=True))
        body.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>\n')
    label = f' role="region" tabindex="0" aria-label="{escape(caption)}"' if caption else ""
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    table = f"<table>{title}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(body)}</tbody></table>"
    return f'<div class="table"{label}>{table}</div>'


def _texts(df: pd.DataFrame, formats: Mapping[str, str] | None) -> pd.DataFrame:
    """The table as text, a missing value as a dash."""
    checks.table("df", df)
    checks.of_kind("formats", formats or {}, Mapping, "formats by column")
    df, formats = df if isinstance(df.index, pd.RangeIndex) else df.reset_index(), formats or {}
    if unknown := set(formats) - set(df.columns):
        raise ValueError(f"formats must name columns of the table {list(df.columns)}; got {sorted(unknown)}")

    def text(value: object, column: str) -> str:
        default = "{:.4g}" if isinstance(value, float) else "{}"
        return "–" if pd.api.types.is_scalar(value) and pd.isna(value) else formats.get(column, default).format(value)

    return pd.DataFrame({column: [text(value, column) for value in df[column]] for column in df}, dtype=object)


def _is_numeric(texts: pd.Series) -> bool:
    """Whether a column is one of numbers: its cells begin like one, or are empty, but most are not."""
    full = [text for text in texts if text]
    return 2 * len(full) > len(texts) and all(NUMBER.match(text) for text in full)
