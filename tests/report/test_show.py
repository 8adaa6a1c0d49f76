import base64
import importlib
import io
import struct

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from tad.report import show, show_table
from tad.report.show import light


@pytest.fixture
def displayed(monkeypatch) -> list[tuple[dict, dict]]:
    """What reaches the notebook: pairs of data and metadata."""
    outputs = []
    module = importlib.import_module("tad.report.show")
    monkeypatch.setattr(module, "display", lambda data, metadata=None, raw=False: outputs.append((data, metadata)))
    return outputs


def test_a_matplotlib_figure_carries_its_texts_and_is_closed(displayed):
    figure, _ = plt.subplots(figsize=(4, 2))
    show(figure, "two lines", "caption")
    (data, metadata), (repeat, marked) = displayed
    assert metadata["tad"] == {"alt": "two lines", "caption": "caption"}
    width, height = struct.unpack(">II", base64.b64decode(data["image/png"])[16:24])
    assert (width, height) == (1.5 * metadata["image/png"]["width"], 1.5 * metadata["image/png"]["height"])
    assert data["text/plain"] == "two lines"
    assert (repeat, marked) == ({"text/plain": "caption"}, {"tad": {"repeats_caption": True}})
    assert not plt.fignum_exists(figure.number)


def test_a_plotly_figure_is_stored_as_data_and_offers_no_upload(displayed):
    show(go.Figure(go.Scatter(y=[1, 2])), "a line")
    [(data, metadata)] = displayed
    stored = data["application/vnd.plotly.v1+json"]
    assert stored["data"][0]["type"] == "scatter"
    assert stored["config"]["showSendToCloud"] is False
    assert metadata["tad"] == {"alt": "a line", "caption": ""}


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_an_alternative_text_is_required(alt):
    with pytest.raises(ValueError, match="alt must say what the picture shows"):
        show(go.Figure(), alt)


def test_a_table_has_html_and_a_plain_fallback(displayed):
    show_table(pd.DataFrame({"family": ["<b>"], "auc": [0.5]}), "Areas", {"auc": "{:.2f}"})
    [(data, _)] = displayed
    assert "&lt;b&gt;" in data["text/html"] and "0.50" in data["text/html"]
    assert data["text/plain"].startswith("Areas\n") and "0.50" in data["text/plain"]


def test_only_a_large_picture_loses_colours():
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    for side, kept in ((100, True), (900, False)):
        png = io.BytesIO()
        Image.fromarray(noise[:side, :side]).save(png, "png")
        found = light(png.getvalue())
        picture = Image.open(io.BytesIO(found))
        assert (found == png.getvalue()) is kept and picture.size == (side, side)
        if not kept:
            assert len(found) < 0.5 * len(png.getvalue()) and len(picture.getcolors()) <= 256
