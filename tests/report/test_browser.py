"""The pages in a real browser, from disk and without a network. Skipped where Debian's chromium is absent."""

import re
import shutil
import subprocess

import pytest
from bs4 import BeautifulSoup

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)")
QUIET = "--disable-background-networking --disable-component-update --disable-sync --no-first-run --disable-gpu"


@pytest.fixture
def browse(tmp_path):
    """Open a page, let its scripts run, return the document that came of it and what the console said."""

    def open_page(page) -> tuple[BeautifulSoup, list[str]]:
        command = [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            *QUIET.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        command += [
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=5000",
            "--window-size=1280,2000",
        ]
        command += ["--enable-logging=stderr", "--dump-dom", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return BeautifulSoup(done.stdout, "html.parser"), console

    return open_page


def acting(page, name: str, script: str):
    """A copy beside the page that does what a reader would do; the page's policy would not let it."""
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    copy = page.with_name(name)
    copy.write_text(html.replace("</body>", f"<script>{{ {script} }}</script></body>"))
    return copy


def test_a_report_draws_its_plot_and_the_console_stays_clean(browse, page):
    soup, console = browse(page)
    assert console == []
    assert soup.select(".plotly-figure svg.main-svg path.js-line")
    buttons = [button["data-title"] for button in soup.select(".modebar-btn")]
    assert buttons == ["Download plot as a PNG", "Reset axes"]  # and no upload to plotly's cloud


def test_a_smuggled_script_does_not_run_under_the_policy(browse, page):
    copy = page.with_name("smuggled.html")
    copy.write_text(page.read_text().replace("</main>", "<script>document.title = 'run'</script></main>"))
    soup, console = browse(copy)
    assert soup.title.get_text() == "Real & fake"
    assert any("Content Security Policy" in line for line in console)


def test_the_button_opens_the_code_of_all_cells(browse, page):
    soup, _ = browse(acting(page, "toggled.html", "document.getElementById('toggle-code').click();"))
    assert all(item.has_attr("open") for item in soup.select("details.code"))
    assert soup.select_one("#toggle-code").get_text() == "Hide all code"


def test_a_page_torn_from_its_folder_says_what_is_missing(browse, page, tmp_path):
    shutil.copy(page, tmp_path / "alone.html")
    soup, _ = browse(tmp_path / "alone.html")
    assert "needs plotly.min.js" in soup.select_one(".plotly-figure").get_text()


def test_the_index_sorts_and_filters(browse, runs):
    act = """
    document.querySelectorAll('#runs th button')[4].click();
    const search = document.getElementById('search');
    search.value = 'VALUEERROR';
    search.dispatchEvent(new Event('input'));
    """
    soup, console = browse(acting(runs / "index.html", "acted.html", act))
    rows = soup.select("#runs tbody tr")
    assert [row.th["data-value"].split()[0] for row in rows] == ["good", "bad", "broken"]
    assert [row.has_attr("hidden") for row in rows] == [True, False, True]
    assert soup.select_one("#shown").get_text() == "1 of 3"
    assert soup.select("#runs th")[4]["aria-sort"] == "ascending"
    assert console == []


def test_the_index_shows_the_runs_of_one_status(browse, runs):
    act = "const s = document.getElementById('status'); s.value = 'ok'; s.dispatchEvent(new Event('change'));"
    soup, _ = browse(acting(runs / "index.html", "chosen.html", act))
    assert [row.has_attr("hidden") for row in soup.select("#runs tbody tr")] == [True, False, True]
    assert browse(runs / "index.html")[1] == []


def test_a_page_of_scored_videos_stands_alone_and_its_table_leads_to_the_sections(browse, score_page):
    act = "document.querySelector('#videos a').click(); document.title = location.hash;"
    soup, console = browse(acting(score_page, "clicked.html", act))
    assert soup.title.get_text() == "#video-1" and console == []
    assert browse(score_page)[1] == [], "nothing is fetched, nothing is refused"
    sizes = "document.title = [...document.images].map((i) => `${i.naturalWidth > 0} ${i.alt.length > 0}`).join()"
    soup, _ = browse(acting(score_page, "sizes.html", sizes))
    assert soup.title.get_text() == "true true,true true"


def test_a_comparison_draws_its_curves_and_switches_them(browse, comparison):
    soup, console = browse(comparison)
    assert console == [] and len(soup.select(".plotly-figure .scatterlayer .trace")) == 2
    act = "setTimeout(() => Plotly.restyle(document.querySelector('.plotly-figure'), 'visible', true), 500);"
    soup, _ = browse(acting(comparison, "all.html", act))
    assert len(soup.select(".plotly-figure .scatterlayer .trace")) == 4
    assert "alert(1)" in soup.select_one(".cards").get_text()


def test_a_failures_traceback_opens_on_the_index(browse, runs):
    act = "document.querySelector('.failure summary').click();"
    soup, console = browse(acting(runs / "index.html", "opened.html", act))
    opened = soup.select_one("details.failure")
    assert opened.has_attr("open") and "Traceback (most recent call last)" in opened.pre.get_text() and console == []
