import pytest
import torch
from bs4 import BeautifulSoup

from tad.data import encode
from tad.experiment import explain_video
from tad.experiment.checkpoints import load, save_threshold
from tad.experiment.detector_set import detector_set, save_detectors
from tad.experiment.explain_video import spaced
from tad.experiment.forge_videos import forge_video
from tad.explain import Effort
from tad.report.pages import TEMPLATES
from tad.scoring import Threshold, build

EFFORT = Effort(steps=2, samples=1, grid=(1, 2, 2))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, checkpoint):
    """A checkpoint of its own, with error maps fitted and a threshold for a detector without a gradient too."""
    path = tmp_path_factory.mktemp("fitted") / "model.safetensors"
    path.write_bytes(checkpoint.read_bytes())
    clips = [torch.rand(3, 4, 32, 32, generator=torch.Generator().manual_seed(i)) * 2 - 1 for i in range(3)]
    save_detectors(path, [build(name, load(path)).fit(clips) for name in ("patch_error", "flow_consistency")])
    save_threshold(path, "interpolation_residual", Threshold(0.5, 0.95, 4, 2, "none"))
    return path


@pytest.fixture(scope="module")
def fake(tmp_path_factory, moving_video):
    """A forged video of 24 frames with its mask beside it."""
    out = tmp_path_factory.mktemp("fake") / "fake.mp4"
    forge_video(moving_video, "flicker", 1.0, out, seconds=1.0)
    return out


def page_of(path):
    soup = BeautifulSoup(path.read_text(), "html.parser")
    return soup, soup.get_text(" ", strip=True)


def test_a_forged_video_is_held_against_the_mask_beside_it(fake, fitted, tmp_path):
    found = explain_video(fake, tmp_path / "r.html", checkpoint=str(fitted), effort=EFFORT)
    assert found["detector"] == "interpolation_residual" and found["method"] == "own_map"
    assert found["space_auc"] > 0.8  # flicker is what that detector finds
    soup, text = page_of(tmp_path / "r.html")
    assert "Held against the mask, in space: pixel AUC" in text and "every frame was changed" in text
    assert len(soup.find_all("img")) == 4 and all(image["alt"] for image in soup.find_all("img"))
    scripts = [script.string.strip() for script in soup.find_all("script")]
    assert scripts == [(TEMPLATES / "tables.js").read_text().strip()]  # sorts and copies the tables, and loads nothing


def test_a_video_whose_truth_is_unknown(moving_video, checkpoint, fitted, tmp_path):
    found = explain_video(
        moving_video, tmp_path / "r.html", detector="interpolation_residual", method="ablation",
        checkpoint=str(fitted), effort=EFFORT,
    )  # fmt: skip
    assert "space_auc" not in found and found["method"] == "ablation"
    _, text = page_of(tmp_path / "r.html")
    assert "Held against the mask" not in text and "over 10 clips of 4 frames" in text


def test_the_clip_with_the_highest_score_is_explained(tmp_path, fitted):
    """Still noise that moves evenly, and a flash in frames 8 to 11."""
    wide = torch.rand(3, 64, 140, generator=torch.Generator().manual_seed(1)) * 160
    frames = [wide[..., 2 * t : 2 * t + 80].to(torch.uint8) for t in range(20)]
    frames[9] = (frames[9].int() + 18).clamp(max=255).to(torch.uint8)
    video = encode(tmp_path / "flash.mp4", frames, 25.0)
    found = explain_video(video, tmp_path / "r.html", checkpoint=str(fitted), effort=EFFORT)
    assert found["start_s"] == pytest.approx(8 / 25, abs=0.01)


def test_what_cannot_be_explained_is_refused(moving_video, fake, fitted, checkpoint, tmp_path):
    out, told = tmp_path / "r.html", {"checkpoint": str(fitted), "effort": EFFORT}
    with pytest.raises(ValueError, match="none.mp4 cannot be explained: no such file"):
        explain_video(tmp_path / "none.mp4", out, **told)
    with pytest.raises(ValueError, match="interpolation_residual can be explained by .*; got 'grad_cam'"):
        explain_video(moving_video, out, method="grad_cam", **told)
    with pytest.raises(ValueError, match="must have a frame for each of the video; got [01] of 4"):
        encode(tmp_path / "short.mkv", [torch.zeros(3, 16, 16, dtype=torch.uint8)], 0.1, "ffv1")
        explain_video(fake, out, mask=tmp_path / "short.mkv", **told)
    assert not out.exists()
    assert {d.name for d in detector_set(fitted)} >= {"patch_error", "flow_consistency"}


@pytest.mark.parametrize("total", [3, 4, 5, 16, 32])
def test_shown_frames_hold_both_ends_and_the_mid_frame(total):
    found = spaced(total).tolist()
    assert found[0] == 0 and found[-1] == total - 1 and total // 2 in found and found == sorted(set(found))
