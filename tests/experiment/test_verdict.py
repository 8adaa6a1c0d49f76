import pandas as pd
import pytest

from tad.experiment.verdict import limits, reasons_for


@pytest.fixture
def reals():
    """Twelve groups of one real video, scores 0.01 to 0.12."""
    rows = [{"video": f"v{i}", "group": f"g{i}", "score": i / 100, "detector": "d"} for i in range(1, 13)]
    return pd.DataFrame(rows).assign(label="real", split="val", status="ok")


def row(score, threshold=0.115, status="ok"):
    verdict = "UNKNOWN" if score is None or "unlike" in status else "FAKE" if score > threshold else "REAL"
    return {"score": score, "threshold": threshold, "status": status, "verdict": verdict}


def test_above_all_reals_it_says_how_few_they_are(reals):
    short, said = reasons_for(row(0.5), reals)
    assert short == (
        "of 12 real groups it was calibrated on, none scored this high; that is too few for a guarantee below 7.7 %"
    )
    assert said[0] == "Its score, 0.5, is above the threshold of 0.115." and said[1].startswith("p = 0.077: of 12")
    assert "A real video may be called this, too: up to 8%" in said[2]


def test_a_real_is_never_called_proven(reals):
    short, said = reasons_for(row(0.065), reals)
    assert short.startswith("of 12 real groups it was calibrated on, 6 scored this high; at most 53.8 %")
    assert "not above the threshold" in said[0] and "does not make it real" in said[2] and len(said) == 3
    assert "lower than every real video" in reasons_for(row(0.001), reals)[1][3]


def test_what_could_not_be_scored_and_what_is_of_another_kind(reals):
    assert reasons_for(row(None, status="error: no such file"), reals) == (
        "no such file", ["It could not be scored: no such file."],
    )  # fmt: skip
    short, said = reasons_for(row(0.5, status="ok, no face in 1 of 2 clips, unlike calibration: codec hevc"), reals)
    assert short == "unlike calibration: codec hevc" and "no score can be read" in said[0]
    assert not any("p =" in sentence for sentence in said), "no p-value where the calibration does not speak"


def test_without_a_calibration_there_is_no_p_value(reals):
    short, said = reasons_for(row(0.5, status="ok, broken off after 9 frames: torn"), reals[:0])
    assert short == "by the threshold alone: no p-value" and not any("p =" in sentence for sentence in said)
    assert said[-1] == "Note: broken off after 9 frames: torn."


def test_limits_name_the_real_n(reals):
    said = limits(reals, "mine.safetensors", "frame")
    assert "12 real videos of 12 groups" in said[0] and "no p-value below 0.077" in said[0]
    assert not any("weights that ship" in one for one in said)
    assert any("weights that ship" in one for one in limits(reals, "demo", "frame"))
    assert "whole frames" in limits(reals[:0], "demo", "face")[0]
