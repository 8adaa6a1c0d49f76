from math import isnan

import numpy as np
import pandas as pd
import pytest

from tad.data import decode, encode
from tad.experiment.audit import audit, container_auc


def _facts(n_groups, **fake_differs):
    """Containers of a real and a fake video in each of some groups; the fakes differ as told."""
    rng, rows = np.random.default_rng(0), []
    for g in range(n_groups):
        for label in ("real", "fake"):
            fact = {"width": int(rng.choice([320, 640])), "duration_s": rng.uniform(2, 9), "codec": "h264"}
            rows.append({"video": f"{g}{label}", "group": f"g{g}", "label": label, **fact})
            if label == "fake":
                rows[-1] |= fake_differs
    return pd.DataFrame(rows)


def test_a_label_that_the_container_tells_is_found():
    told = container_auc(_facts(20, codec="mpeg4"))
    assert told.value == 1 and told.low > 0.5 and told.n_groups == 20


def test_containers_that_tell_nothing_are_not_accused():
    told = container_auc(_facts(20))
    assert told.low < 0.5 and 0.2 < told.value < 0.8


def test_what_cannot_be_told_is_not_claimed():
    reals = _facts(20)
    reals = reals[reals["label"] == "real"]
    for facts in (reals, _facts(1), pd.DataFrame()):
        told = container_auc(facts)
        assert isnan(told.value) and told.text().startswith("n/a (needs")


@pytest.fixture
def corpus(tmp_path, moving_video):
    """Eight groups of a real and a fake; the fakes are the same footage in another container."""
    frames = [frame for _, frame in decode(moving_video)]
    rows = []
    for g in range(8):
        shifted = [frame.roll((3 * g, 7 * g), (1, 2)) for frame in frames[:20]]
        for label, ending, codec in (("real", "mp4", "libx264"), ("fake", "avi", "mpeg4")):
            encode(tmp_path / f"{g}{label}.{ending}", shifted, codec=codec)
            rows.append({"path": f"{g}{label}.{ending}", "label": label, "split": "test", "group": f"g{g}",
                         "method": "original" if label == "real" else "copy"})  # fmt: skip
    return tmp_path, rows


def test_an_audit_opens_with_what_makes_the_comparison_worthless(corpus):
    folder, rows = corpus
    pd.DataFrame(rows).to_csv(folder / "m.csv", index=False)
    found = audit(folder / "m.csv")
    assert found.warning.startswith("The container alone tells fakes from reals: AUC 1.00")
    assert found.faults == [found.warning] and found.torn == []
    assert found.text().count("AUC 1.00") == 1 and found.text().count("all 8 groups agree") <= 1
    assert found.text().startswith("FAULT The container alone") and "16 videos read, 1 faults" in found.text()


def test_torn_groups_and_footage_on_two_sides_are_reported_not_refused(corpus):
    folder, rows = corpus
    rows[1]["split"] = "train"  # the fake of the first real
    rows[2]["label"], rows[3]["label"] = "real", "real"
    rows[2]["method"] = rows[3]["method"] = "original"
    pd.DataFrame(rows).to_csv(folder / "m.csv", index=False)
    found = audit(folder / "m.csv")
    assert found.torn == ["g0 (test, train)"]
    assert any("same footage on two sides: test and train: 0real.mp4 and 0fake.avi" in fault for fault in found.faults)
    assert any("same footage twice in one group: 1real.mp4 and 1fake.avi" in note for note in found.notes)
