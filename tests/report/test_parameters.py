import pytest

from tad.report.html import parameters


def test_injected_values_stand_beside_their_defaults():
    declared = 'checkpoint: str = "demo"   # a file, or "demo"\n'
    declared += "steps = [1,\n    2]   # several\nx: int\nprint(steps)\n"
    rows = parameters(declared, "# Parameters\nsteps = [3]\nextra = 1.5")
    assert [tuple(row.values()) for row in rows] == [
        ("checkpoint", "'demo'", "", 'a file, or "demo"'),
        ("steps", "[3]", "[1, 2]", "several"),
        ("extra", "1.5", "", ""),
    ]


def test_a_value_injected_unchanged_is_no_override():
    assert parameters("seed = 0", "seed = 0")[0]["default"] == ""


def test_a_hash_in_a_text_is_no_comment_and_other_letters_do_not_shift_it():
    row = parameters('name = "ä#1"   # größe')[0]
    assert (row["value"], row["meaning"]) == ("'ä#1'", "größe")


def test_source_that_is_not_python_is_an_error():
    with pytest.raises(SyntaxError):
        parameters("seed = = 1")
