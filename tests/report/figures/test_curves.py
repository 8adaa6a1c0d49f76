import numpy as np
import pandas as pd
import pytest

from tad.report import figures


def test_only_what_was_logged_gets_a_panel_and_nan_rows_are_left_out():
    log = pd.DataFrame(
        {
            "step": [1, 2, 3, 4],
            "train_loss": [0.9, 0.8, np.nan, 0.6],
            "val_loss": [np.nan, 0.7, np.nan, 0.5],
            "val_frame_mse": [np.nan] * 4,
            "learning_rate": [1e-3, 1e-3, 1e-4, 1e-4],
        }
    )
    loss, rate = figures.training_curves(log).axes
    assert [ax.get_title(loc="left") for ax in (loss, rate)] == ["Loss", "Learning rate"]
    drawn = {line.get_label(): line.get_xydata().tolist() for line in loss.lines}
    assert drawn["training"] == [[1, 0.9], [2, 0.8], [4, 0.6]]
    assert drawn["validation"] == [[2, 0.7], [4, 0.5]]
    assert set(drawn["card's validation loss 0.1821"][0]) == {0, 0.1821}


def test_the_error_stands_beside_the_trivial_answers():
    columns = ["val_frame_mse", "val_copy_mse", "val_neighbour_mean_mse"]
    figure = figures.training_curves(pd.DataFrame(np.full((3, 3), 0.01), columns=columns).assign(epoch=range(3)))
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["network", "copy of the neighbour", "mean of both neighbours"]
    assert figure.axes[0].get_xlabel() == "epoch"


def test_an_empty_log_is_refused():
    with pytest.raises(ValueError, match=r"train_loss.*got columns \['step'\]"):
        figures.training_curves(pd.DataFrame({"step": [1], "train_loss": [np.nan]}))
