import shutil

import pytest
from bs4 import BeautifulSoup

from tad.report import write_index, write_run_index

ATTACK = "<script>alert(1)</script>"


def parse(path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(), "html.parser")


def test_every_run_is_listed_newest_first_with_its_failure(runs):
    rows = parse(runs / "index.html").select("#runs tbody tr")
    assert [row["data-status"] for row in rows] == ["failed", "ok", "failed"]
    names = [row.th.get_text(" ", strip=True) for row in rows]
    assert names[0].startswith("bad") and f"ValueError: no clip in {ATTACK}" in names[0]
    assert names[1] == f"good {ATTACK}"
    assert names[2].startswith("broken") and "JSONDecodeError" in names[2]


def test_columns_hold_what_a_run_is(runs):
    table = parse(runs / "index.html").select_one("#runs")
    head = [th.get_text(strip=True) for th in table.select("thead th")]
    good = [cell.get_text(" ", strip=True) for cell in table.select("tbody tr")[1].find_all(["th", "td"])]
    assert dict(zip(head, good, strict=True)) == {
        "run": f"good {ATTACK}", "status": "ok", "size": "quick", "started": "2025-03-01 10:00",
        "took": "1 min 35 s", "commit": "0123456789", "AUC": "0.91",
    }  # fmt: skip


def test_headers_are_buttons_and_cells_say_how_they_sort(runs):
    table = parse(runs / "index.html").select_one("#runs")
    assert all(th.button for th in table.select("thead th"))
    assert [td["data-value"] for td in table.select('td[data-label="took"]')] == ["900.0", "95.0", ""]


def test_links_survive_odd_folder_names_and_lead_only_to_pages_that_exist(runs):
    links = [a["href"] for a in parse(runs / "index.html").select("#runs a")]
    assert links == ["bad/index.html", "good%20%231/index.html"]


def test_a_runs_page_has_stations_table_findings_and_origin(runs):
    soup = parse(runs / "good #1" / "index.html")
    card = soup.select_one(".cards li")
    assert card.a["href"] == "01_train.html" and card.h3.get_text() == f"Training {ATTACK}"
    assert "1 min 1 s" in card.get_text()
    cells = [cell.get_text() for cell in soup.select("table tbody tr")[0].find_all(["th", "td"])]
    assert cells == ["FPR", "0 %", "n/a", "n/a (needs 20)", "<i>"]
    findings = soup.select_one(".findings")
    assert findings.h2.get_text() == "What we saw" and findings.strong and ATTACK in findings.get_text()
    text = soup.main.get_text(" ", strip=True)
    for origin in ("0123456789abcdef", "street", "preset tiny", "torch 2.9", "seed 7"):
        assert origin in text
    assert "What failed" not in text


def test_a_failed_runs_page_has_the_whole_error_and_no_way_out(runs):
    soup = parse(runs / "bad" / "index.html")
    assert soup.select_one("pre.error").get_text().startswith("Traceback (most recent call last):\n  in cell 3")
    assert not soup.select(".cards a")  # "../escape.html" is a file, but not one of the run's


def test_names_from_outside_are_text(runs):
    for page in runs.rglob("index.html"):
        assert "<script>alert" not in page.read_text()


def test_an_empty_folder_has_an_index_too(tmp_path):
    assert "No run yet" in parse(write_index(tmp_path)).main.get_text()


def test_a_folder_without_run_json_is_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="must hold a run.json"):
        write_run_index(tmp_path)


def test_a_run_needs_no_more_than_a_status(tmp_path, runs):
    shutil.copytree(runs / "bad", tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text('{"status": "interrupted"}')
    assert "interrupted" in parse(write_run_index(tmp_path / "run")).main.get_text()
