"""A project of one small notebook, for what runs notebooks."""

import nbformat
import pytest

NOTEBOOK = """# A question
---
number: int = 1  # how many
share: float = 0.5  # of what
names: list = []  # of whom
flag: bool = False  # whether
output: str = "reports/x"  # where
---
print(number + share)
if flag:
    raise RuntimeError("<b>broken</b>")
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one small notebook."""
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "manifest.csv").write_text("")
    (tmp_path / "notebooks").mkdir()
    heading, parameters, body = NOTEBOOK.split("---\n")
    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    )
    book.cells = [
        nbformat.v4.new_markdown_cell(heading),
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(body),
    ]
    nbformat.write(book, tmp_path / "notebooks" / "01_small.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path
