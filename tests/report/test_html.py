import re
from html.parser import HTMLParser
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from tad.report import export_html

LOADING = {"src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}


class References(HTMLParser):
    """Everything in a page that can lead somewhere: attributes, and addresses inside style."""

    def __init__(self, text: str):
        super().__init__()
        self.found, self.inside = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.found += [value for name, value in attrs if name in LOADING]
        self.found += [value for name, style in attrs if name == "style" for value in in_css(style)]

    def handle_data(self, data):
        if self.inside == "style":
            self.found += in_css(data)


def in_css(text: str) -> list[str]:
    return re.findall(r"url\(\s*['\"]?([^'\")]*)", text) + re.findall(r"@import\s+(\S+)", text)


def assert_closed(page) -> None:
    """No reference leads out of the page's folder, none leads to a file that is not there."""
    for reference in References(page.read_text()).found:
        if not reference.startswith(("data:", "#")):
            target = (page.parent / unquote(reference.partition("#")[0])).resolve()
            assert target.is_file() and target.is_relative_to(page.parent.resolve()), reference


@pytest.fixture(scope="module")
def soup(page) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(), "html.parser")


def test_nothing_leads_out_of_the_folder(page, runs):
    assert_closed(page)
    for index in (runs / "index.html", runs / "bad" / "index.html", runs / "good #1" / "index.html"):
        assert_closed(index)


def test_the_check_above_sees_what_it_must(tmp_path):
    for leak in (
        '<img src="https://example.org/x.png">', '<a href="../other.html">x</a>', '<a href="gone.html">x</a>',
        "<style>@import 'https://example.org/x.css';</style>", '<p style="background: url(//example.org/x)">',
    ):  # fmt: skip
        (tmp_path / "page.html").write_text(leak)
        with pytest.raises(AssertionError):
            assert_closed(tmp_path / "page.html")


def test_scripts_are_ours_or_plotlys(page, soup):
    scripts = [script for script in soup.find_all("script") if script.get("type") != "application/json"]
    assert [script.get("src") for script in scripts] == ["plotly.min.js", None]
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; script-src 'self' file: 'sha256-")
    assert "http" not in policy and "unsafe-inline" not in policy.split("style-src")[0]
    assert (page.parent / "plotly.min.js").stat().st_size > 1e6


def test_every_figure_says_what_it_shows(soup):
    images = [img["alt"] for img in soup.find_all("img")]
    assert images[0] == 'a "pixel" <script>alert(1)</script>'
    assert len(images) == 3 and all(images)
    plots = soup.select(".plotly-figure")
    assert [(plot["role"], plot["aria-label"]) for plot in plots] == [("img", 'a "curve"')]
    captions = [caption.get_text() for caption in soup.find_all("figcaption")]
    assert captions == ["caption <script>alert(1)</script>", "c"]


def test_images_are_inside_the_page(soup):
    assert all(img["src"].startswith("data:image/") for img in soup.find_all("img"))


def test_names_from_outside_are_text(page):
    assert "<script>alert" not in page.read_text().replace("\\u003cscript", "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.read_text()


def test_code_stands_behind_a_toggle_for_all_and_for_each(soup):
    assert soup.select_one("button#toggle-code")["aria-pressed"] == "false"
    details = soup.select("details.code")
    assert len(details) == 4 and not any(item.has_attr("open") for item in details)
    assert "print(" in details[2].get_text()
    outside = BeautifulSoup(str(soup.main), "html.parser")
    for item in outside.select("details.code"):
        item.decompose()
    assert "print(" not in outside.get_text()


def test_contents_list_the_headings(soup):
    links = soup.select("nav.contents li a")
    assert [link.get_text() for link in links] == ["Numbers", "Numbers", "Deeper"]
    assert all(soup.find(id=link["href"][1:]).get_text() == link.get_text() for link in links)
    assert [h.get_text() for h in soup.find_all("h1")] == ["Real & fake"]


def test_parameters_are_a_table_before_the_code(soup):
    table = next(table for table in soup.find_all("table") if "Parameters" in table.get_text())
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
    assert rows[1:] == [["name", "'demo'", "", "which"], ["seed", "3", "0", "of all"]]


def test_progress_noise_and_repeated_captions_are_left_out(soup):
    text = soup.main.get_text()
    assert "UserWarning" not in text and "0%|" not in text and "again" not in text
    assert "100 %" in text and "10 %" not in text.replace("100 %", "")
    assert all(output.find(True) for output in soup.select(".output"))  # no empty place where noise was
    assert "kept" in text and "plain" not in text  # the result of a cell's last line, in its richest form


def test_findings_come_first(soup):
    findings = soup.select_one("section.findings")
    assert findings.h2.get_text() == "Seen"
    assert findings.sourceline < soup.select_one("section.cell").sourceline


def test_plotlys_script_is_shared_and_written_only_where_needed(notebook, tmp_path):
    (tmp_path / "plotly.min.js").write_text("already here")
    nbformat.write(notebook, tmp_path / "a.ipynb")
    export_html(tmp_path / "a.ipynb", tmp_path / "a.html", title="T & T", home="index.html")
    assert (tmp_path / "plotly.min.js").read_text() == "already here"
    assert '<script src="plotly.min.js">' in (tmp_path / "a.html").read_text()
    assert '<a href="index.html">' in (tmp_path / "a.html").read_text()
    assert "<title>T &amp; T</title>" in (tmp_path / "a.html").read_text()

    (tmp_path / "plotly.min.js").unlink()
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "empty.ipynb")
    export_html(tmp_path / "empty.ipynb", tmp_path / "empty.html")
    assert not (tmp_path / "plotly.min.js").exists()
    assert 'plotly.min.js"' not in (tmp_path / "empty.html").read_text()


def test_cells_for_a_running_kernel_are_left_out(notebook, tmp_path):
    live = {"tags": ["live"]}
    cells = [v4.new_markdown_cell("## Pull", metadata=live), v4.new_code_cell("Explorer().panel", metadata=live)]
    nbformat.write(v4.new_notebook(cells=[*notebook.cells, *cells]), tmp_path / "a.ipynb")
    text = export_html(tmp_path / "a.ipynb", tmp_path / "a.html").read_text()
    assert "Explorer" not in text and "Pull" not in text and "Deeper" in text
