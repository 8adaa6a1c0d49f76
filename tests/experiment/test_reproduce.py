"""Which footage each notebook of the main job is told to read."""

from tad.experiment import reproduce


def test_the_full_size_is_cross_fitted(monkeypatch):
    """02 and 03 read the pooled table, in which every video is a test video; 05 reads one fold, network and all."""
    asked = {}

    def crossed(recipe, manifest, output, steps, setting, **means):
        asked.update(recipe=recipe, manifest=manifest, steps=steps, setting=setting, means=means)

    monkeypatch.setattr(reproduce, "cross_fit", crossed)
    told = reproduce._cross_fitted("reports/x/crossfit", "m.csv", 7)
    assert asked["recipe"] == "full" and asked["manifest"] == "m.csv" and asked["setting"].seed == 7
    assert asked["steps"].strengths == (0.0, 0.1, 0.3, 1.0) and asked["steps"].jod and asked["steps"].twice
    pooled = {"scores": "reports/x/crossfit/scores.parquet", "manifest": "reports/x/crossfit/manifest.csv"}
    assert told["02_evaluate"] == told["03_generalization"] == pooled
    fold = "reports/x/crossfit/fold0"
    assert told["05_sources"]["checkpoint"].startswith(fold) and told["05_sources"]["manifest"].startswith(fold)
