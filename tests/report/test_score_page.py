import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

from tad.report.picture import picture
from tad.report.score_page import VERDICTS, ScoredVideo, write_score_page

ATTACK = "<script>alert(1)</script>.mp4"


@pytest.fixture
def videos():
    figure = Figure(figsize=(5, 2))
    figure.subplots().imshow(np.eye(9))
    shown = picture(figure, f'a "line" {ATTACK}', f"caption {ATTACK}")
    seen = {"file": {"codec": f"h264 {ATTACK}"}, "timeline": shown, "moments": [shown, shown]}
    return [
        ScoredVideo(ATTACK, "FAKE", f"short {ATTACK}", [f"reason {ATTACK}", "second"], 1.25, **seen),
        ScoredVideo("b.mp4", "UNKNOWN", "no such file", ["It could not be scored."], None),
    ]


def test_several_videos_have_a_table_and_a_section_each(tmp_path, videos):
    page = write_score_page(tmp_path / "a.html", videos, [f"limit {ATTACK}"], {"detector": f"d {ATTACK}"})
    assert "<script>alert" not in page.read_text()
    soup = BeautifulSoup(page.read_text(), "html.parser")
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in soup.select("#videos tbody tr")]
    assert rows == [
        [ATTACK, "Unlike real footage (FAKE)", "1.25", f"short {ATTACK}"],
        ["b.mp4", "Cannot judge (UNKNOWN)", "–", "no such file"],
    ]
    links = [a["href"] for a in soup.select("#videos a")]
    assert [soup.select_one(link).h2.get_text() for link in links] == [ATTACK, "b.mp4"]
    pictures = soup.select("img")
    assert len(pictures) == 3 and pictures[0]["alt"] == f'a "line" {ATTACK}'
    assert (pictures[0]["width"], pictures[0]["height"]) == ("440", "176")
    assert soup.figcaption.get_text() == f"caption {ATTACK}"
    assert soup.title.get_text() == "2 videos"


def test_one_video_is_the_page(tmp_path, videos):
    soup = BeautifulSoup(write_score_page(tmp_path / "a.html", videos[:1], [], {}).read_text(), "html.parser")
    assert soup.h1.get_text() == ATTACK and not soup.select("#videos") and not soup.select("section h2")
    assert soup.title.get_text() == f"{ATTACK}: unlike real footage"


def test_the_verdicts_claim_no_more_than_they_may():
    assert VERDICTS == {
        "FAKE": "Unlike real footage",
        "REAL": "Not distinguishable from real footage",
        "UNKNOWN": "Cannot judge",
    }


def test_a_picture_needs_a_text():
    with pytest.raises(ValueError, match="alt must say"):
        picture(Figure(), " ")
