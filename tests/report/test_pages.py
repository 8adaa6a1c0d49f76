from bs4 import BeautifulSoup

from tad.report.html import outline
from tad.report.pages import close_off, duration, last_line, markdown, when

OUTSIDE = """
<a href="https://example.org/a">paper</a><a href="page.html#x">near</a><a href="#y">here</a>
<a href="javascript:alert(1)">click</a><a href="//example.org">bare</a>
<img src="http://example.org/x.png" srcset="http://example.org/y.png 2x"><img src="data:image/png;base64,AA">
<script src="https://example.org/x.js"></script><script>alert(1)</script>
<script type="application/json">{"kept": 1}</script>
<iframe src="x.html"></iframe><style>@import url(https://example.org)</style><b onclick="alert(1)">b</b>
"""


def test_what_would_load_or_run_is_taken_out():
    soup = BeautifulSoup(OUTSIDE, "html.parser")
    close_off(soup)
    assert [a.get("href") for a in soup.find_all("a")] == [None, "page.html#x", "#y", None, None]
    assert soup.a.get_text() == "paper (https://example.org/a)"
    assert [img.attrs for img in soup.find_all("img")] == [{"src": "data:image/png;base64,AA"}]
    assert [script.get_text() for script in soup.find_all("script")] == ['{"kept": 1}']
    assert not soup.find_all(["iframe", "style"]) and not soup.b.attrs


def test_headings_get_an_id_of_their_own_even_when_they_repeat():
    soup = BeautifulSoup("<h1>Title</h1><h2>Loss & more</h2><h3>Deep</h3><h2>Loss & more</h2>", "html.parser")
    entries = outline(soup)
    assert [entry["text"] for entry in entries] == ["Loss & more", "Deep", "Loss & more"]
    assert [entry["level"] for entry in entries] == [2, 3, 2]
    assert [h["id"] for h in soup.find_all(["h2", "h3"])] == [entry["id"] for entry in entries]
    assert len({entry["id"] for entry in entries}) == 3


def test_markdown_from_outside_cannot_bring_html():
    html = markdown("# Findings\n\n<b>x</b> **bold**\n\n|a|b|\n|-|-|\n|1|<script>alert(1)</script>|\n")
    soup = BeautifulSoup(html, "html.parser")
    assert soup.h2.get_text() == "Findings" and not soup.h1
    assert not soup.b and not soup.script and soup.strong and soup.td


def test_times_and_errors_as_people_say_them():
    assert [duration(s) for s in (581.3, 7.25, 8000, None)] == ["9 min 41 s", "7.2 s", "2 h 13 min", ""]
    assert [when(t) for t in ("2025-11-23T01:34:07+00:00", None)] == ["2025-11-23 01:34", ""]
    assert last_line("Traceback\n  in cell\nValueError: x \n\n") == "ValueError: x" and last_line("") == ""
