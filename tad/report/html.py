"""Executed notebook to HTML: one page that can be read offline, mailed and printed."""

import ast
import json
import re
from html import escape
from pathlib import Path

import pandas as pd
from bs4 import BeautifulSoup
from markupsafe import Markup
from plotly.offline import get_plotlyjs
from pygments.formatters import HtmlFormatter

from tad import checks
from tad.report import pages
from tad.report.show import PLOTLY_MIME, table_html

PLOTLY_JS = "plotly.min.js"  # beside the page; the pages of one folder share it
LIVE = "live"  # the tag of cells that make sense beside a running kernel alone: widgets, and what is said of them
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def export_html(
    notebook_path: str | Path, html_path: str | Path, *, title: str = "", findings: str = "", home: str = ""
) -> Path:
    """Write an executed notebook as an HTML page without a reference to anything outside its folder.

    Args:
        notebook_path: the .ipynb, with outputs.
        html_path: the page to write; plotly's script is put beside it where the notebook needs it.
        title: heading of the page; the first heading of the notebook if not given.
        findings: Markdown put at the top of the page; HTML in it is escaped.
        home: link back, relative to the page, for instance "index.html".
    """
    checks.path("notebook_path", notebook_path)
    checks.path("html_path", html_path)
    import nbformat  # both take seconds, and notebooks, which import this package, do not need them
    from nbconvert import HTMLExporter

    notebook_path, html_path = Path(notebook_path), Path(html_path)
    try:
        nb = nbformat.read(notebook_path, as_version=4)
    except (UnicodeDecodeError, nbformat.reader.NotJSONError) as error:
        raise ValueError(f"notebook_path must be a notebook; got {notebook_path}") from error
    _prepare(nb)
    # templates/notebook is for the cells; the page around them is templates/report.html.j2
    where = {"template_name": "notebook", "extra_template_basedirs": [str(pages.TEMPLATES)]}
    body, _ = HTMLExporter(**where, exclude_anchor_links=True).from_notebook_node(nb)
    soup = BeautifulSoup(body, "html.parser")
    if first := soup.find("h1"):  # the page's own header shows it
        title = title or first.get_text(" ", strip=True)
        first.decompose()
    pages.close_off(soup)
    contents = outline(soup)
    has_plotly = soup.select_one(".plotly-figure") is not None
    if has_plotly and not (html_path.parent / PLOTLY_JS).exists():
        (html_path.parent / PLOTLY_JS).write_text(get_plotlyjs(), encoding="utf-8")
    return pages.write(
        html_path,
        "report.html.j2",
        script="report.js",
        title=title or notebook_path.stem,
        ran=nb.metadata.get("papermill", {}),
        body=Markup(str(soup)),
        contents=contents,
        findings=pages.markdown(findings) if findings else None,
        plotly_js=PLOTLY_JS if has_plotly else None,
        home=home,
        code_css=Markup(HtmlFormatter(style="friendly").get_style_defs(".highlight")),
    )


def outline(soup: BeautifulSoup) -> list[dict[str, str | int]]:
    """Give each heading of level two and three an id of its own; return level, id and text of each."""
    entries: list[dict[str, str | int]] = []
    for number, heading in enumerate(soup.find_all(["h2", "h3"]), start=1):
        text = heading.get_text(" ", strip=True)
        heading["id"] = f"{number}-" + re.sub(r"[^\w]+", "-", text.lower()).strip("-")
        entries.append({"level": int(heading.name[1]), "id": heading["id"], "text": text})
    return entries


def _prepare(nb) -> None:
    """Make a notebook ready for its page: no clutter, plotly figures for report.js, parameters as a table."""
    nb.metadata.pop("widgets", None)
    nb.cells = [cell for cell in nb.cells if LIVE not in cell.metadata.get("tags", [])]
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    tagged = {tag: cell for cell in code for tag in cell.metadata.get("tags", [])}
    if declared := tagged.get("parameters"):
        injected = tagged.get("injected-parameters", {"source": ""})
        table = pd.DataFrame(parameters(declared.source, injected["source"]))
        declared.metadata["tad_parameters"] = table_html(table, "Parameters of this run") if len(table) else ""
    for cell in code:
        cell.outputs = [output for output in cell.outputs if not _is_clutter(output)]
        for output in cell.outputs:
            if output.output_type == "stream":  # a carriage return overwrites the line, as in a terminal
                output.text = "\n".join(line.split("\r")[-1] for line in output.text.split("\n"))
            elif PLOTLY_MIME in output.get("data", {}):
                output.data = type(nb)({"text/html": _plotly_element(output)})


def _is_clutter(output) -> bool:
    """Progress bars, warnings, widgets: meant for the eyes of whoever watched the run."""
    repeated = output.get("metadata", {}).get("tad", {}).get("repeats_caption", False)
    return repeated or output.get("name") == "stderr" or WIDGET_MIME in output.get("data", {})


def _plotly_element(output) -> str:
    """A plotly figure, which a notebook stores as JSON only, as an element that report.js draws."""
    figure = output.data[PLOTLY_MIME]
    alt = output.metadata.get("tad", {}).get("alt", "Interactive figure without a description")
    style = f"min-height:{int(figure.get('layout', {}).get('height', 450))}px"
    data = json.dumps(figure).replace("<", "\\u003c")  # no </script> in the middle of the data
    box = f'<div class="plotly-figure" role="img" aria-label="{escape(alt)}" style="{style}"></div>'
    return f'<div class="picture">{box}<script type="application/json">{data}</script></div>'


def parameters(declared: str, injected: str = "") -> list[dict[str, str]]:
    """Read the parameters that a cell declares, beside the values that papermill put in.

    Args:
        declared: source with lines such as `seed: int = 0   # of every generator`.
        injected: source with assignments that override them.
    """
    rows: dict[str, dict[str, str]] = {}
    for source in (declared, injected):
        for name, value, meaning in _assignments(source):
            row = rows.setdefault(name, {"parameter": name, "value": value, "default": "", "meaning": meaning})
            if row["value"] != value:
                row.update(value=value, default=row["value"])
    return list(rows.values())


def _assignments(source: str) -> list[tuple[str, str, str]]:
    """Name, value as written, and the comment at the line's end, of each assignment."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            rest = source.splitlines()[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
            found.append((ast.unparse(target), ast.unparse(node.value), rest.partition("#")[2].strip()))
    return found
