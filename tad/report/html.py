"""Executed notebook to HTML: one page that can be read offline, mailed and printed."""

from pathlib import Path, PurePosixPath

import nbformat
from bs4 import BeautifulSoup
from markupsafe import Markup
from nbconvert import HTMLExporter
from plotly.offline import get_plotlyjs
from pygments.formatters import HtmlFormatter

from tad.report import pages, prose
from tad.report.notebook import Declutter, DrawPlotly, TabulateParameters


def export_html(
    notebook_path: str | Path,
    html_path: str | Path,
    *,
    title: str | None = None,
    findings: str | None = None,
    plotly_js: str = "plotly.min.js",
    home: str | None = None,
) -> Path:
    """Write an executed notebook as an HTML page without a reference to anything outside its folder.

    Args:
        notebook_path: the .ipynb, with outputs.
        html_path: the page to write.
        title: heading of the page; the first heading of the notebook if not given.
        findings: Markdown put at the top of the page, for instance of a findings.md; HTML in it is escaped.
        plotly_js: where the page finds plotly's script, relative to it; written there if it is missing and
            the notebook has a plotly figure. Pages in one folder share it.
        home: link back, relative to the page, for instance "index.html".

    Returns:
        html_path.

    Raises:
        ValueError: if plotly_js is absolute or an address on a network.
    """
    notebook_path, html_path = Path(notebook_path), Path(html_path)
    if PurePosixPath(plotly_js).is_absolute() or ":" in plotly_js:
        raise ValueError(f"plotly_js must be relative to the page; got {plotly_js!r}")
    nb = nbformat.read(notebook_path, as_version=4)
    body, resources = _exporter().from_notebook_node(nb)
    soup = BeautifulSoup(body, "html.parser")
    first = soup.find("h1")
    if first is not None:  # the page's own header shows it
        title = title or first.get_text(" ", strip=True)
        first.decompose()
    prose.close_off(soup)
    contents = prose.outline(soup)
    has_plotly = resources.get("has_plotly", False)
    if has_plotly and not (html_path.parent / plotly_js).exists():
        (html_path.parent / plotly_js).write_text(get_plotlyjs(), encoding="utf-8")
    page = pages.render(
        "report.html.j2",
        scripts=("report.js",),
        title=title or notebook_path.stem,
        started=nb.metadata.get("papermill", {}).get("start_time"),
        took_s=nb.metadata.get("papermill", {}).get("duration"),
        body=Markup(str(soup)),
        contents=contents,
        findings=prose.markdown(findings) if findings else None,
        plotly_js=plotly_js if has_plotly else None,
        home=home,
        code_css=Markup(HtmlFormatter(style="friendly").get_style_defs(".highlight")),
    )
    html_path.write_text(page, encoding="utf-8")
    return html_path


def _exporter() -> HTMLExporter:
    """nbconvert with our template for the cells; the page around them is templates/report.html.j2."""
    return HTMLExporter(
        template_name="notebook",
        extra_template_basedirs=[str(pages.TEMPLATES)],
        preprocessors=[Declutter, DrawPlotly, TabulateParameters],
        exclude_anchor_links=True,
    )
