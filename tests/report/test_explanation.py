import importlib
import io

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from PIL import Image

from tad.report import Part, animation_html, figure_html, figures, show_animation, write_explanation
from tad.report.pages import TEMPLATES
from tad.report.show import LARGE_BYTES, light

ATTACK = '"><script>alert(1)</script>'
WEBP = figures.animation([np.zeros((8, 8, 3), np.uint8)] * 2, [np.zeros((8, 8))] * 2)


def test_a_page_stands_alone_and_runs_nothing_from_outside(tmp_path):
    parts = [
        Part("Where", [f"in {ATTACK}"], [figure_html(Figure(), f"a {ATTACK}", ATTACK), animation_html(WEBP, "moves")]),
        Part("Why", ["so"]),
    ]
    page = write_explanation(tmp_path / "page.html", f"Why {ATTACK}", parts).read_text()
    soup = BeautifulSoup(page, "html.parser")
    own = (TEMPLATES / "tables.js").read_text().strip()
    assert [script.string.strip() for script in soup.find_all("script")] == [own]  # sorts and copies tables
    assert "default-src 'none'" in soup.find("meta", {"http-equiv": True})["content"]
    assert [h.get_text() for h in soup.find_all(["h1", "h2"])] == [f"Why {ATTACK}", "Where", "Why"]
    kinds = [image["src"].partition(";")[0] for image in soup.find_all("img")]
    assert kinds == ["data:image/png", "data:image/webp"]
    assert [image["alt"] for image in soup.find_all("img")] == [f"a {ATTACK}", "moves"]
    assert not [tag for tag in soup.find_all(href=True) if tag.name != "link"]


def test_every_picture_says_what_is_seen():
    for make in (lambda: figure_html(Figure(), " "), lambda: animation_html(WEBP, "")):
        with pytest.raises(ValueError, match="alt must say what the picture shows"):
            make()


def test_a_notebook_shows_it_moving_with_its_text(monkeypatch):
    shown = []
    module = importlib.import_module("tad.report.explanation")
    monkeypatch.setattr(module, "display", lambda data, raw: shown.append(data))
    show_animation(WEBP, "a clip that moves", "below")
    [data] = shown
    assert 'alt="a clip that moves"' in data["text/html"] and data["text/plain"] == "a clip that moves"
    assert "<figcaption>below</figcaption>" in data["text/html"]


def test_a_large_picture_keeps_different_heat_different():
    """Two greens that the median cut made one colour, in a picture that is nearly all of one hue."""
    rng = np.random.default_rng(0)
    pixels = rng.normal((90, 60, 110), 14, (900, 900, 3)).clip(0, 255).astype(np.uint8)
    pixels[:20, :20], pixels[:20, 20:40] = (180, 220, 90), (235, 229, 60)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "png")
    assert len(png.getvalue()) > LARGE_BYTES
    found = np.asarray(Image.open(io.BytesIO(light(png.getvalue()))).convert("RGB")).astype(int)
    assert np.abs(found[10, 10] - found[10, 30]).max() > 30
