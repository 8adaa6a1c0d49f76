from tad.report.style import line_styles, spans_decades


def test_more_names_than_colours_get_another_dash():
    styles = line_styles([f"family {i}" for i in range(9)])
    assert styles["family 1"] == {"color": "#D55E00", "dash": "solid"}
    assert styles["family 7"] == {"color": "#D55E00", "dash": "dash"}
    assert len({tuple(line.values()) for line in styles.values()}) == 9


def test_a_logarithmic_axis_is_for_positive_values_over_decades():
    assert [spans_decades(values) for values in ([0.01, 1], [0.1, 1], [0, 1], [])] == [True, False, False, False]
