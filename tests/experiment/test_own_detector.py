"""A detector in a user's own file, as the README shows it, stands in every table."""

import re

import pytest
import torch

from tad import experiment, scoring
from tad.data import project_root
from tad.forgery import load_file


@pytest.fixture
def shown(tmp_path):
    text = (project_root() / "README.md").read_text()
    [code] = re.findall(r"```python\n(# my_detector.py\n.*?)```", text, re.DOTALL)
    (tmp_path / "my_detector.py").write_text(code)
    load_file(tmp_path / "my_detector.py")  # as the notebooks load plugins
    yield
    del scoring.DETECTORS["unsteady"]


def test_it_stands_beside_the_others(shown, checkpoint, manifest, tmp_path):
    found, curves = experiment.ladder(
        str(checkpoint), str(manifest), tmp_path, strengths=[0.0, 1.0], families=["heavy_noise"], per_video=1,
    )  # fmt: skip
    assert {"midframe_mse", "unsteady"} <= set(found.scores["detector"])
    mine = curves[curves["detector"] == "unsteady"].set_index("strength")
    assert mine.loc[0.0, "auc"] == 0.5 and 0 <= mine.loc[1.0, "auc"] <= 1


def test_it_stands_among_the_sources_of_real_video(shown, checkpoint, manifest, tmp_path):
    asked = {"per_video": 1, "detectors": ["midframe_mse", "unsteady"], "changes": ["blur"], "encoding": "none"}
    found = experiment.sources(str(checkpoint), str(manifest), tmp_path, **asked)
    assert set(found.thresholds()["detector"]) == {"midframe_mse", "unsteady"} == set(found.benign()["detector"])


def test_it_scores_what_it_says(shown):
    blink = torch.tensor([0.0, 0.5, 0.0, 0.5]).reshape(1, 1, 4, 1, 1).expand(1, 3, 4, 8, 8)
    assert scoring.build("unsteady", None).score(torch.cat([blink, 0 * blink])).tolist() == [0.5, 0.0]
