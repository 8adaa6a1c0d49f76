"""What people add to a run: findings in a Markdown file beside it, and notebooks of their own in its folder."""

from pathlib import Path

from tad.report import pages
from tad.report.html import export_html

FINDINGS = "findings.md"
TEMPLATE = """# Findings

*What did this run show? Numbers with their intervals; what surprised; what did not work.*

## Reviewer

*Who looked at it, when, and what was checked.*

## Decision

*Keep, repeat or drop it, and what comes next.*
"""
RENDERED = ".notebook.html"  # ending of the page of a notebook that was dropped in: no page of the run's has it


def begin_findings(run_dir: Path) -> None:
    """Write the headings to be filled in, once: what stands there is never written over."""
    if not (run_dir / FINDINGS).exists():
        (run_dir / FINDINGS).write_text(TEMPLATE, encoding="utf-8")


def findings(run_dir: Path) -> str:
    """What people found, as Markdown; empty as long as nobody has written anything."""
    file = run_dir / FINDINGS
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return "" if text.strip() == TEMPLATE.strip() else text


def put_findings_in(run_dir: Path, notebook: str, title: str, home: str = "index.html") -> None:
    """Draw the page of an executed notebook again if it does not hold the findings as they now stand."""
    page, said = run_dir / f"{notebook}.html", findings(run_dir)
    text = page.read_text(encoding="utf-8")
    up_to_date = str(pages.markdown(said)) in text if said else '<section class="findings"' not in text
    if not up_to_date:
        export_html(run_dir / f"{notebook}.ipynb", page, title=title, findings=said, home=home)


def dropped_in(run_dir: Path, known: set[str]) -> list[Path]:
    """The notebooks in a folder that no run made.

    Args:
        run_dir: folder.
        known: names of the notebooks that the run executed.
    """
    own = {f"{name}{ending}.ipynb" for name in known for ending in ("", ".failed", ".part")}
    return [file for file in sorted(run_dir.glob("*.ipynb")) if file.name not in own and not file.name.startswith(".")]


def render_dropped_in(file: Path, home: str) -> dict:
    """Draw the page of a notebook that was dropped in; what cannot be read is listed with its reason.

    Returns:
        A station as in run.json, with the name of its page in `html`.
    """
    import nbformat  # takes seconds, and who only scores a video does not need it

    page = file.with_name(file.stem + RENDERED)
    station = {"notebook": file.stem, "title": file.stem, "status": "dropped in", "html": page.name, "error": None}
    try:
        book = nbformat.read(file, as_version=4)
        nbformat.validate(book)
        export_html(file, page, home=home)
    except Exception as error:  # whatever a file from outside holds, the run's page must still be drawn
        page.unlink(missing_ok=True)
        return station | {"status": "failed", "html": None, "error": f"{type(error).__name__}: {error}"}
    headings = (line[2:].strip() for cell in book.cells for line in cell.source.splitlines() if line.startswith("# ")
                and cell.cell_type == "markdown")  # fmt: skip
    return station | {"title": next(headings, file.stem)}
