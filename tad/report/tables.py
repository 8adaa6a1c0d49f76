"""A DataFrame as an HTML table that screen readers and narrow screens cope with."""

import re
from collections.abc import Callable, Mapping
from html import escape

import pandas as pd

NUMBER = re.compile(r"[-+−<>≤≥~]?\s*\d|n/a|inf|–")
ALIGN_NUMBER = ' style="text-align:right;white-space:nowrap"'


def table_html(df: pd.DataFrame, caption: str, formats: Mapping[str, str | Callable] | None = None) -> str:
    """Write a table as HTML: every cell escaped, header cells with scope, columns of numbers right-aligned.

    Args:
        df: the table; its first column names the rows. An index other than 0, 1, 2 ... becomes that column.
        caption: what the table shows; may be empty.
        formats: for some columns a format such as "{:.3f}", or a function from a value to text.

    Returns:
        HTML without a style of its own except the alignment, so that it also reads well in JupyterLab.

    Raises:
        ValueError: if formats names a column that is not there.

    Example:
        >>> html = table_html(pd.DataFrame({"family": ["<b>"], "auc": [0.98765]}), "AUC", {"auc": "{:.2f}"})
        >>> "&lt;b&gt;" in html and ">0.99</td>" in html
        True
    """
    if not isinstance(df.index, pd.RangeIndex):
        df = df.reset_index()
    texts = format_cells(df, formats)
    align = ["", *(ALIGN_NUMBER if _numbers(texts[column]) else "" for column in texts.columns[1:])]
    head = "".join(f'<th scope="col"{a}>{escape(str(c))}</th>' for c, a in zip(texts, align, strict=True))
    body = []
    for first, *others in texts.itertuples(index=False, name=None):
        cells = "".join(f"<td{a}>{escape(text)}</td>" for text, a in zip(others, align[1:], strict=True))
        body.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    label = f' role="region" tabindex="0" aria-label="{escape(caption)}"' if caption else ""
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    rows = "\n".join(body)
    table = f"<table>{title}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
    return f'<div class="table"{label}>{table}</div>'


def format_cells(df: pd.DataFrame, formats: Mapping[str, str | Callable] | None = None) -> pd.DataFrame:
    """The same table as text; a missing value is a dash, a float has four significant digits unless told."""
    formats = formats or {}
    unknown = set(formats) - set(df.columns)
    if unknown:
        raise ValueError(f"formats must name columns of the table {list(df.columns)}; got {sorted(unknown)}")
    return pd.DataFrame(
        {column: [_text(value, formats.get(column)) for value in df[column]] for column in df}, dtype=object
    )


def _numbers(texts: pd.Series) -> bool:
    """Whether a column is one of numbers: its cells begin like one, or are empty, but most are not."""
    full = [text for text in texts if text]
    return 2 * len(full) > len(texts) and all(NUMBER.match(text) for text in full)


def _text(value: object, format: str | Callable | None) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "–"
    if callable(format):
        return str(format(value))
    if format is None:
        format = "{:.4g}" if isinstance(value, float) else "{}"
    return format.format(value)
