from dataclasses import replace

import pandas as pd
import pytest
import torch

from tad.experiment import Looked, by_family, explanations, falling, in_words
from tad.experiment.explain_ladder import measure_explanations
from tad.experiment.forging import choose
from tad.explain import Effort, Questions

EFFORT = Effort(steps=1, samples=1, grid=(1, 2, 2), batch=4)
QUICK = Questions(("ablation", "own_map"), against_random_weights=False, draws=2, grid=(2, 4, 4))


@pytest.fixture(scope="module")
def looked(checkpoint, manifest):
    return Looked(str(checkpoint), str(manifest), ["midframe_mse"], lasting=2, long_side=80)


def test_a_part_of_the_clip_is_forged_with_its_mid_frame(looked):
    families = choose(["flicker"])
    fakes, reals = (list(looked.views(families, [s])) for s in (1.0, 0.0))
    assert [view.facts["group"] for view in fakes] == ["g3", "g4", "g5"]
    plain = replace(looked, encoding="none")
    for fake, real, bare in zip(fakes, reals, plain.views(families, [1.0]), strict=True):
        frames = (fake.mask > 0.5).flatten(1).any(1)
        assert frames.sum() == 2 and frames[2] and fake.mask.shape == fake.frames[:, 0].shape
        assert torch.equal(real.mask, torch.where(frames[:, None, None], real.mask, 0))
        kept = looked.clips.frames[fakes.index(fake)]
        assert torch.equal(bare.frames[~frames], kept[~frames]) and not torch.equal(bare.frames[frames], kept[frames])
        clip, mask = fake.clip(32), fake.changed(32)
        assert clip.shape == (3, 4, 32, 32) and mask.shape == (4, 32, 32)
        assert torch.equal((mask > 0.5).flatten(1).any(1), frames)
        assert fake.changed(None) is fake.mask


def test_at_strength_nothing_the_real_is_held_against_the_mask_of_its_fake(looked):
    views = [v for v in looked.views(choose(["flicker"]), [0.0, 0.1, 1.0]) if v.facts["group"] == "g3"]
    real, weak, fake = views
    assert torch.equal(real.mask, fake.mask) and real.facts["psnr_db"] == float("inf")
    assert real.facts["psnr_db"] > weak.facts["psnr_db"] > fake.facts["psnr_db"]


def test_the_stretch_is_drawn_for_each_clip_and_covers_all_when_asked(looked):
    everywhere = replace(looked, lasting=0)
    assert everywhere._when(looked.clips.rows[0]).all()
    starts = {looked._when(row | {"video": str(i)}).flatten().int().argmax().item()
              for i in range(20) for row in looked.clips.rows[:1]}  # fmt: skip
    assert starts == {1, 2}


def test_every_version_has_a_row_a_method_and_control(looked, tmp_path):
    rows = explanations(
        looked, tmp_path, ["flicker"], [0.0, 1.0], EFFORT, more=["local_noise"], methods=["ablation", "own_map"],
        weaker=["own_map"], draws=2,
    )  # fmt: skip
    full = rows[rows["family"].eq("flicker") & rows["strength"].eq(1)]
    assert full.groupby("group")["method"].nunique().to_dict() == {"g3": 6, "g4": 6, "g5": 6}
    assert full.loc[full["kind"].eq("method"), "deletion"].notna().all()
    brief = rows[rows["family"].eq("local_noise")]
    assert set(brief["strength"]) == {1.0} and brief["deletion"].isna().all() and "ablation" not in set(brief["method"])
    again = explanations(looked, tmp_path, ["flicker"], [1.0], EFFORT, measured=str(tmp_path / "explanations.parquet"))
    assert set(again["family"]) == {"flicker"} and set(again["strength"]) == {1.0}
    # whole tables of it
    steps = falling(rows)
    assert set(steps["strength"]) == {0.0, 1.0} and "ablation" in set(steps["method"])
    assert list(by_family(rows)["family"]) == ["flicker", "local_noise"] and "ablation" not in by_family(rows)
    words = in_words(rows)
    assert any("midframe_mse, own_map: in space" in line and "needs 6 groups" in line for line in words)
    assert any("pixel AUC above that of the real clip" in line for line in words)


def test_what_cannot_be_measured_is_said(looked, tmp_path):
    with pytest.raises(ValueError, match=r"got none by \['self_blended_face'\]"):
        measure_explanations(looked, ["self_blended_face"], [1.0], EFFORT, QUICK)
    pd.DataFrame({"video": ["a"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="must be a table of measured explanations; it lacks"):
        explanations(looked, tmp_path, [], [1.0], EFFORT, measured=str(tmp_path / "other.parquet"))
