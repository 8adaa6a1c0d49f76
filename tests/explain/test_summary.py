import numpy as np
import pandas as pd
import pytest

from tad.explain import COLUMNS, mean_over_groups, summary, table


def rows(groups=8, seed=0):
    """A method better than the controls where, one that is as good, in so many groups; lower deletion is better."""
    rng, out = np.random.default_rng(seed), []
    for g in range(groups):
        scene = rng.normal(0, 0.05)
        for method, kind, auc, deletion in (
            ("good", "method", 0.9, -0.8), ("idle", "method", 0.62, -0.2), ("random map", "control", 0.5, -0.2),
            ("motion map", "control", 0.65, -0.3),
        ):  # fmt: skip
            row = dict.fromkeys(COLUMNS, np.nan) | {"space_auc": auc + scene + rng.normal(0, 0.01)}
            row |= {"deletion": deletion + rng.normal(0, 0.01), "method": method, "kind": kind, "group": f"g{g}"}
            out.append(row | {"video": f"v{g}", "family": "flicker", "strength": 1.0, "detector": "d"})
    return pd.DataFrame(out)


def test_a_method_no_better_than_the_best_control_is_said_to_be_so():
    found = summary(rows()).set_index(["measure", "method"])
    good, idle = found.loc[("space_auc", "good")], found.loc[("space_auc", "idle")]
    assert good["control"] == idle["control"] == "motion map"
    assert good["verdict"] == "better than every control, the motion map included" and good["gain_low"] > 0.2
    assert idle["verdict"] == "worse than the motion map"
    assert found.loc[("deletion", "good")]["verdict"].startswith("better")  # where low is better
    assert found.loc[("deletion", "good")]["gain"] == pytest.approx(0.5, abs=0.02)
    assert pd.isna(found.loc[("space_auc", "random map")]["verdict"])
    even = rows().assign(space_auc=lambda t: t["space_auc"].where(t["method"].ne("idle")))
    even.loc[even["method"].eq("idle"), "space_auc"] = even.loc[
        even["method"].eq("motion map"), "space_auc"
    ].to_numpy() + np.tile([0.02, -0.02], 4)
    assert summary(even).set_index(["measure", "method"]).loc[("space_auc", "idle")]["verdict"] == (
        "no better than the motion map"
    )


def test_gains_are_paired_by_clip():
    """The scene moves method and control alike: the gain's interval is narrower than the value's."""
    line = summary(rows()).set_index(["measure", "method"]).loc[("space_auc", "good")]
    assert line["gain_high"] - line["gain_low"] < 0.5 * (line["high"] - line["low"])


def test_few_groups_are_said_to_be_few():
    found = summary(rows(3)).set_index(["measure", "method"])
    assert found.loc[("space_auc", "good")]["verdict"] == "not told from the motion map (n/a (needs 6 groups))"
    assert list(table(summary(rows(3)))["better than every control"]) == ["nowhere", "nowhere"] + ["(a control)"] * 2


def test_the_table_holds_every_method_and_measure():
    found = table(summary(rows()))
    assert list(found["method"]) == ["good", "idle", "random map", "motion map"] and found.shape == (4, 13)
    assert found.loc[0, "better than every control"] == "in space, by deletion"
    assert found.loc[0, "where: AUC"].startswith("0.87 [0.8") and found.loc[0, "when: AUC"] == "n/a"


def test_methods_are_compared_on_the_same_clips():
    """A family on which one method was not measured does not count, however well the others do there."""
    other = rows().query("method != 'idle'").assign(family="splice", space_auc=0.0)
    pd.testing.assert_frame_equal(summary(pd.concat([rows(), other])), summary(rows()))
    with pytest.raises(ValueError, match="got no clip that every method was measured on"):
        summary(pd.concat([rows().query("method == 'idle'"), other]))


def test_groups_weigh_the_same():
    found = mean_over_groups(pd.Series(["a"] * 9 + ["b"]), pd.Series([0.0] * 9 + [1.0]))
    assert found.value == 0.5
    assert mean_over_groups(pd.Series(["a"]), pd.Series([np.nan])).text() == "n/a"


def test_a_table_is_of_one_detector():
    with pytest.raises(ValueError, match=r"of one detector; got \['d', 'e'\]"):
        summary(pd.concat([rows(), rows().assign(detector="e")]))
