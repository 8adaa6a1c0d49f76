"""The pages in a real browser, from disk and without a network: what a reader does there, with mouse and keyboard.

Skipped where Debian's chromium is absent.
"""

import csv
import io
import json
import re
import shutil

import pandas as pd
import pytest
from chromium import CHROMIUM
from nbformat import v4, write

from tad.data import project_root
from tad.report import export_html, write_index, write_run_index
from tad.report.show import table_html

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)")
REFERENCE = sorted((project_root() / "reports" / "reference").glob("0*.ipynb"))
PHONE = {"width": 390, "height": 844}
STAYS = ("file:///", "data:", "blob:")
FIGURES = """[...document.querySelectorAll('img, .plotly-figure')].map((figure) => {
    const box = figure.getBoundingClientRect();
    return [figure.alt ?? figure.ariaLabel, box.width, box.height, figure.naturalWidth ?? 1];
})"""
TABLE = "[...document.querySelectorAll('.table tbody tr')].map((row) => row.cells[0].textContent)"
SORTED = "[...document.querySelectorAll('.table thead th')].map((head) => head.getAttribute('aria-sort'))"


def assert_clean(page) -> None:
    assert page.said == []
    assert page.asked and all(address.startswith(STAYS) for address in page.asked)


def without_policy(page, script: str):
    """A copy beside the page with a script that the page's policy would not let run."""
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    copy = page.with_name("acted.html")
    copy.write_text(html.replace("</body>", f"<script>{script}</script></body>"))
    return copy


# One report


def test_a_report_draws_its_plot_and_the_console_stays_clean(browser, page):
    seen = browser.open(page.as_uri())
    assert seen.do("document.querySelectorAll('.plotly-figure svg.main-svg path.js-line').length") == 1
    buttons = seen.do("[...document.querySelectorAll('.modebar-btn')].map((button) => button.dataset.title)")
    assert buttons == ["Download plot as a PNG", "Reset axes"]  # and no upload to plotly's cloud
    assert_clean(seen)


def test_a_smuggled_script_does_not_run_under_the_policy(browser, page):
    copy = page.with_name("smuggled.html")
    attack = "<script>document.title = 'run'</script>"
    copy.write_text(page.read_text().replace("</main>", f"{attack}</main>"))
    seen = browser.open(copy.as_uri())
    assert seen.do("document.title") == "Real & fake"
    assert any("Content Security Policy" in line for line in seen.said)
    seen = browser.open(without_policy(page, "document.title = 'run'").as_uri())
    assert seen.do("document.title") == "run"  # it was the policy


def test_the_button_opens_the_code_of_all_cells(browser, page):
    seen = browser.open(page.as_uri())
    opened = "[...document.querySelectorAll('details.code')].map((code) => code.open)"
    assert seen.do(opened) == [False] * 4
    seen.click("#toggle-code")
    assert seen.do(opened) == [True] * 4
    assert seen.do("document.getElementById('toggle-code').textContent") == "Hide all code"


def test_a_page_torn_from_its_folder_says_what_is_missing(browser, page, tmp_path):
    shutil.copy(page, tmp_path / "alone.html")
    seen = browser.open((tmp_path / "alone.html").as_uri())
    assert "needs plotly.min.js" in seen.do("document.querySelector('.plotly-figure').textContent")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A page with one table: numbers as reports write them, a missing one, names that a spreadsheet would run."""
    table = pd.DataFrame(
        {
            "video": ["b, the second", 'a "first"', "=HYPERLINK(1)", "c", "-d"],
            "score": ["1,000", "−0.5 [−1, 0]", "n/a (needs 9 groups)", "9.5 %", "10"],
        }
    )
    nb = v4.new_notebook()
    output = v4.new_output("display_data", {"text/html": table_html(table, "Scores")})
    nb.cells = [v4.new_markdown_cell("# Table"), v4.new_code_cell("show", outputs=[output])]
    folder = tmp_path_factory.mktemp("table")
    write(nb, folder / "table.ipynb")
    return export_html(folder / "table.ipynb", folder / "table.html")


def test_a_table_sorts_by_mouse_and_by_keyboard(browser, measured):
    seen = browser.open(measured.as_uri())
    as_written = seen.do(TABLE)
    up = ['a "first"', "c", "-d", "b, the second", "=HYPERLINK(1)"]
    seen.click(".table th button", 1)
    assert seen.do(TABLE) == up and seen.do(SORTED) == [None, "ascending"]
    seen.press("Enter")  # the button still has the focus
    assert seen.do(TABLE) == [*up[3::-1], up[4]] and seen.do(SORTED) == [None, "descending"]
    seen.press("Enter")
    assert seen.do(TABLE) == as_written and seen.do(SORTED) == [None, None]
    seen.click(".table th button", 0)
    assert seen.do(TABLE)[-2:] == ["b, the second", "c"]
    assert_clean(seen)


def test_a_table_is_copied_as_csv_as_it_stands(browser, measured):
    seen = browser.open(measured.as_uri())
    browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite"], browserContextId=seen.context)
    seen.click(".table th button", 1)
    seen.click(".tools button")
    rows = list(csv.reader(io.StringIO(seen.do("navigator.clipboard.readText()"))))
    assert rows[0] == ["video", "score"] and rows[1] == ['a "first"', "−0.5 [−1, 0]"] and rows[4][1] == "1,000"
    assert [row[0] for row in rows[3:]] == ["'-d", "b, the second", "'=HYPERLINK(1)"]
    assert seen.do("document.querySelector('.tools [role=status]').textContent") == "5 rows copied"


def test_everything_that_acts_is_reached_by_tab_and_shows_it(browser, measured):
    seen = browser.open(measured.as_uri())
    acting = "[...document.querySelectorAll('a[href], button, summary, .table[tabindex]')].filter((e) => !e.hidden)"
    seen.do(f"window.left = new Set({acting}); window.bare = []; left.size")
    for _ in range(12):
        seen.press("Tab")
        seen.do("""(() => {
            const element = document.activeElement;
            left.delete(element);
            if (element !== document.body && parseFloat(getComputedStyle(element).outlineWidth) < 2) bare.push(element);
        })()""")
    assert seen.do("[...left].map((e) => e.outerHTML)") == [] and seen.do("bare.map((e) => e.outerHTML)") == []


def test_on_paper_nothing_is_left_to_press(browser, measured):
    seen = browser.open(measured.as_uri())
    seen.send("Emulation.setEmulatedMedia", media="print")
    hidden = "['#toggle-code', '.tools', 'nav.contents'].map((s) => document.querySelector(s).offsetHeight)"
    assert seen.do(hidden) == [0, 0, 0] and seen.do("document.querySelector('.table table').offsetHeight") > 0


# The reports that the project shows


@pytest.mark.parametrize("notebook", REFERENCE, ids=[path.stem for path in REFERENCE])
def test_each_reference_report_reads_well_on_a_desk_and_on_a_phone(browser, notebook, tmp_path):
    page = export_html(notebook, tmp_path / f"{notebook.stem}.html")
    for size in ({}, PHONE):
        seen = browser.open(page.as_uri(), **size)
        figures = seen.do(FIGURES)
        assert figures and all(alt and min(width, height) > 40 and pixels for alt, width, height, pixels in figures)
        assert seen.do("document.documentElement.scrollWidth <= innerWidth")  # only tables and figures scroll sideways
        assert_clean(seen)


# From the index on


def test_a_click_through_from_the_index_to_a_report(browser, runs, page, tmp_path):
    folder = shutil.copytree(runs, tmp_path / "reports")
    for file in page.parent.iterdir():
        shutil.copy(file, folder / "good #1" / file.name.replace("02_evaluate", "01_train"))
    write_run_index(folder / "good #1")
    write_index(folder)
    seen = browser.open((folder / "index.html").as_uri())
    rows = "[...document.querySelectorAll('#runs tbody tr')].filter((row) => !row.hidden)"
    name = f"{rows}.map((row) => row.cells[0].dataset.value.split(' ')[0])"
    seen.click("#runs th button", 4)
    assert seen.do(name) == ["good", "bad", "broken"]
    seen.click("#search")
    seen.type("VALUEERROR")
    assert seen.do(name) == ["bad"]
    assert seen.do("document.getElementById('shown').textContent") == "1 of 3"
    seen.do("document.getElementById('search').select()")
    seen.type(" ")
    status = "const s = document.getElementById('status'); s.value = 'ok'; s.dispatchEvent(new Event('change'))"
    seen.do(f"{{ {status} }}")
    assert seen.do(name) == ["good"]
    seen.click("#runs tbody tr:not([hidden]) a")
    seen.until("document.querySelector('.cards a') && document.readyState === 'complete'")
    seen.click(".cards a")
    seen.until("document.querySelector('#toggle-code') && document.readyState === 'complete'")
    seen.click("#toggle-code")
    assert seen.do("document.querySelectorAll('details.code[open]').length") == 4
    seen.click(".table th button")
    assert json.loads(seen.do(f"JSON.stringify({SORTED})"))[0] == "ascending"
    assert_clean(seen)


# Other pages


def test_a_page_of_scored_videos_stands_alone_and_its_table_leads_to_the_sections(browser, score_page):
    seen = browser.open(score_page.as_uri())
    assert_clean(seen)
    assert seen.do("[...document.images].map((i) => i.naturalWidth > 0 && i.alt.length > 0)") == [True, True]
    seen.click("#videos a")
    assert seen.do("location.hash") == "#video-1"


def test_a_comparison_draws_its_curves_and_switches_them(browser, comparison):
    seen = browser.open(comparison.as_uri())
    traces = "document.querySelectorAll('.plotly-figure .scatterlayer .trace').length"
    assert_clean(seen)
    assert seen.do(traces) == 2
    seen.do("Plotly.restyle(document.querySelector('.plotly-figure'), 'visible', true).then(() => 0)")
    assert seen.do(traces) == 4
    assert "alert(1)" in seen.do("document.querySelector('.cards').textContent")


def test_a_failures_traceback_opens_on_the_index(browser, runs):
    seen = browser.open((runs / "index.html").as_uri())
    seen.click(".failure summary")
    assert seen.do("document.querySelector('details.failure').open")
    assert "Traceback (most recent call last)" in seen.do("document.querySelector('details.failure pre').textContent")
    assert_clean(seen)
