import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from tad.report.show import table_html

DATA = pd.DataFrame({"family": ["<b>x</b>", "warp"], "auc": [0.98765, np.nan], "note": ["a & b", ""]})


def cells(html: str) -> list[list[str]]:
    return [
        [cell.get_text() for cell in row.find_all(["th", "td"])]
        for row in BeautifulSoup(html, "html.parser").select("tr")
    ]


def test_cells_are_escaped_formatted_and_missing_ones_are_dashes():
    html = table_html(DATA, "Cap <i>", {"auc": "{:.2f}"})
    assert cells(html) == [["family", "auc", "note"], ["<b>x</b>", "0.99", "a & b"], ["warp", "–", ""]]
    assert "<b>" not in html and "<i>" not in html


def test_headers_have_scope_and_numbers_are_on_the_right():
    soup = BeautifulSoup(table_html(DATA, "Areas"), "html.parser")
    assert [th["scope"] for th in soup.select("thead th")] == ["col"] * 3
    assert [th["scope"] for th in soup.select("tbody th")] == ["row"] * 2
    right = ["text-align:right" in td.get("style", "") for td in soup.select("tbody tr")[0].find_all("td")]
    assert right == [True, False]
    assert soup.caption.get_text() == "Areas"


def test_a_named_index_becomes_the_first_column():
    assert cells(table_html(DATA.set_index("family")[["auc"]], "")) == [
        ["family", "auc"],
        ["<b>x</b>", "0.9877"],
        ["warp", "–"],
    ]


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match=r"\['family', 'auc', 'note'\]; got \['acu'\]"):
        table_html(DATA, "", {"acu": "{}"})
