import os
import shutil

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup

from tad.cli import main
from tad.data import Clip, Encoding, decode, encode, project_root, read_clips, read_manifest
from tad.experiment.calibration import save_calibration
from tad.experiment.detector_set import detector_set
from tad.experiment.recipes import FixedClips
from tad.experiment.score import score_videos
from tad.experiment.score_report import THUMBNAILS, Watched, _heat, score_report
from tad.experiment.scores import NOTHING, score_table
from tad.scoring import look

ATTACK = "<script>alert(1)<script>.mp4"  # a file's name holds no slash


@pytest.fixture(scope="module")
def calibrated(checkpoint, manifest, tmp_path_factory):
    """The small network's weights, threshold and calibration."""
    folder = tmp_path_factory.mktemp("calibrated")
    for file in (checkpoint, checkpoint.with_name("model.threshold.json")):
        shutil.copy(file, folder)
    path, rows = folder / checkpoint.name, read_manifest(manifest)
    clips = FixedClips(rows[rows["split"] == "val"], 4, 32)
    save_calibration(path, score_table(detector_set(path, ["midframe_mse"]), clips, NOTHING, Encoding("none"), 0), rows)
    return str(path)


@pytest.fixture(scope="module")
def page(calibrated, moving_video, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(moving_video, folder / ATTACK)
    (folder / "text.mp4").write_text("no video")
    still = [torch.full((3, 64, 80), 9 * i, dtype=torch.uint8) for i in range(8)]
    raw = encode(folder / "raw.mkv", still, codec="ffv1")
    rows = score_report([folder / ATTACK, folder / "text.mp4", raw], folder / "out.html", calibrated)
    return folder / "out.html", rows


def test_the_rows_are_those_of_the_table(page, calibrated):
    out, rows = page
    assert [row["verdict"] for row in rows] == ["FAKE", "UNKNOWN", "UNKNOWN"]
    assert rows == list(score_videos([row["video"] for row in rows], calibrated))
    assert rows[2]["status"].startswith("ok, unlike calibration: codec ffv1") and rows[2]["score"] is not None


def test_the_page_says_each_verdict_with_what_it_rests_on(page):
    soup = BeautifulSoup(page[0].read_text(), "html.parser")
    first, second, third = soup.select("section.video")
    assert first.select_one(".says").get_text(" ", strip=True) == "Unlike real footage FAKE"
    assert "of 2 real groups it was calibrated on" in first.get_text()
    assert second.select_one(".says").get_text(" ", strip=True) == "Cannot judge UNKNOWN"
    assert not second.select("img"), "nothing was seen"
    assert "No real video of the calibration is of this kind (codec ffv1" in third.get_text()
    facts = dict(zip((th.get_text() for th in first.select("tbody th")), (td.get_text() for td in first.select("td")),
                     strict=True))  # fmt: skip
    assert facts["codec"] == "h264, yuv420p" and facts["picture"] == "128 x 96 px, 25 frames a second"
    assert facts["duration"] == "1.60 s, 40 frames" and facts["scored"] == "10 clips of the first 1.56 s"
    assert len(facts["SHA-256"]) == 64


def test_the_page_stands_alone_and_escapes_names(page):
    html = page[0].read_text()
    soup = BeautifulSoup(html, "html.parser")
    assert "<script>alert" not in html and soup.select_one("#videos th a").get_text() == ATTACK
    pictures = soup.select("img")
    assert len(pictures) == 4 and all(img["alt"] and int(img["width"]) for img in pictures)
    assert all(img["src"].startswith("data:image/webp;base64,") for img in pictures)
    assert (
        not soup.select("[href^=http], script[src]")
        and len(soup.select("script")) == 1
        and str(page[0].parent) not in html
    )


def test_the_card_detectors_moments_share_a_strip(page):
    soup = BeautifulSoup(page[0].read_text(), "html.parser")
    assert "the 3 clips that scored highest" in soup.select("section.video")[0].select("img")[1]["alt"]


def test_a_face_gets_no_p_value_of_whole_frames(calibrated, tmp_path):
    frames = [frame for _, frame in decode(project_root() / "data" / "demo" / "single_face.mp4")]
    score_report([encode(tmp_path / "smile.mp4", frames[:8])], tmp_path / "face.html", calibrated, crop="face")
    text = BeautifulSoup((tmp_path / "face.html").read_text(), "html.parser").get_text(" ")
    assert "there is no p-value" in text and "chosen on whole frames" in text


def test_a_detector_without_a_map_says_so(moving_video, tmp_path):
    score_report([moving_video], tmp_path / "a.html", detector="second_difference")
    text = (tmp_path / "a.html").read_text()
    assert "second_difference does not say where" in text and "Heat: where" not in text


def test_what_is_kept_of_a_long_video_is_bounded():
    watched, frames = Watched(), torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    scores = np.random.default_rng(0).permutation(500) / 500
    for i, score in enumerate(scores):
        watched(Clip(float(i), i + 0.5, frames), frames, float(score))
    assert len(watched.rows) == 500 and len(watched.thumbnails) <= THUMBNAILS
    assert sorted(item[0] for item in watched.highest) == sorted(scores)[-3:]
    steps = np.diff([time for time, _ in watched.thumbnails])
    assert (steps == steps[0]).all() and watched.thumbnails[-1][0] >= 480


def test_heat_is_the_detectors_map_with_its_peak_cut(checkpoint, moving_video):
    [judge] = detector_set(checkpoint, ["midframe_mse"])
    seen = look(next(read_clips(moving_video, frames=4, size=32)).frames, judge.view)
    with torch.no_grad():
        slow = judge.map(seen[None])[0].numpy()
    heat = _heat(judge, seen)
    assert heat.shape == slow.shape and heat.min() == 0 and heat.max() == 1
    below = heat < 1
    assert np.allclose(heat[below] * np.quantile(slow[slow > 0], 0.999), slow[below], atol=1e-7)
    assert (~below).sum() == 2, "a thousandth of 1024 pixels, interpolated"
    assert not _heat(type("Even", (), {"map": lambda _, x: torch.ones_like(x[:, 0])})(), seen).any()


def test_refused_before_anything_is_scored(tmp_path):
    for out in (tmp_path / "a.txt", tmp_path / "none" / "a.html"):
        with pytest.raises(ValueError, match="an .html in a folder that exists"):
            score_report(["a.mp4"], out)


def test_the_command_writes_page_and_table(calibrated, moving_video, tmp_path, capsys):
    words = ["score", str(moving_video), "--checkpoint", calibrated, "--report", str(tmp_path / "a.html")]
    assert main([*words, "--format", "csv"]) == 0
    assert ",FAKE,10," in capsys.readouterr().out and (tmp_path / "a.html").is_file()


def test_a_name_that_is_no_text(calibrated, moving_video, tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4")
    shutil.copy(moving_video, odd)
    score_report([odd], tmp_path / "a.html", calibrated)
    assert "\N{REPLACEMENT CHARACTER}.mp4" in (tmp_path / "a.html").read_text()
