import pandas as pd
import pytest

from tad.data import project_root
from tad.experiment import left_out
from tad.experiment.judged import LEFT_OUT, SEEN, judged, left_out_in


def table(scored_by, listed=()):
    """One real and one fake of each family by each detector; of a scope "listed" some."""
    rows = [(detector, method) for detector, methods in scored_by.items() for method in ("original", *methods)]
    made = pd.DataFrame(rows, columns=["detector", "method"])
    made["label"] = ["real" if method == "original" else "fake" for method in made["method"]]
    made["scope"] = ["listed" if method in listed else "local" for method in made["method"]]
    return made.assign(strength=made["label"].eq("fake").astype(float), status="ok", score=0.5)


def test_the_shipped_table_says_what_the_shipped_weights_say():
    found = left_out_in(pd.read_parquet(project_root() / "reports/reference/measured.parquet"))
    for name, without in left_out("demo").items():
        assert sorted(found[name]) == sorted(without)


@pytest.mark.parametrize(
    "scored_by",
    [
        {"cnn": "ab", "cnn-0": "ab"},  # one that scored all was not told apart
        {"cnn-0": "a"},  # nothing to compare with
        {"cnn": "ab", "cnn-0": ""},  # no fake of its own
        {"a-1": "ab", "b": "a"},
    ],
)
def test_what_is_no_variant_is_not_taken_for_one(scored_by):
    assert left_out_in(table(scored_by)) == {}


def test_a_table_of_few_families_may_hold_none_that_a_registered_variant_was_taught():
    assert left_out_in(table({"local_head": "a", "local_head-0": "a"})) == {"local_head-0": ["a"]}
    assert left_out_in(table({"patch_error": "a", "patch_error-0": "a"})) == {}  # is not taught


def test_fakes_that_a_manifest_lists_belong_to_no_family():
    assert left_out_in(table({"cnn": "abz", "cnn-0": "az"}, listed="z")) == {"cnn-0": ["a"]}
    assert left_out_in(table({"cnn": "az", "cnn-0": "a"}, listed="z")) == {}


def test_variants_read_off_a_table_are_judged_on_their_own_families():
    scores = table({"cnn": "ab", "cnn-0": "a", "cnn-1": "b"})
    found = {(one.title, one.detector): set(one.rows["method"]) for one in judged(scores, left_out_in(scores))}
    assert found == {
        ("cnn" + SEEN, "cnn"): {"original", "a", "b"},
        ("cnn" + LEFT_OUT, "cnn-0"): {"original", "a"},
        ("cnn" + LEFT_OUT, "cnn-1"): {"original", "b"},
    }
