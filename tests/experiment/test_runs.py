import json
import sys

import pytest

from tad.experiment import runs
from tad.experiment.runs import Run, check_parameters, fingerprint, notebook_path


def test_text_is_read_as_the_parameters_type(project):
    given = {"number": "3", "share": "1", "names": "['a']", "flag": "true", "output": "3"}
    typed = check_parameters("01_small", given)
    assert typed == {"number": 3, "share": 1, "names": ["a"], "flag": True, "output": "3"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("numbr", "3", "has the parameters number, share, names, flag, output; got 'numbr'"),
        ("number", "three", "number must be of type int; got 'three'"),
        ("number", "1.5", "number must be of type int; got 1.5"),
        ("number", True, "number must be of type int; got True"),
        ("names", "a", "names must be of type list; got 'a'"),
        ("flag", "1", "flag must be of type bool; got 1"),
        ("output", 3, "output must be of type str; got 3"),
    ],
)
def test_what_the_notebook_does_not_have_is_refused(project, name, value, words):
    with pytest.raises(ValueError, match=words):
        check_parameters("01_small", {name: value})


def test_unknown_notebooks_and_names_of_runs(project):
    with pytest.raises(ValueError, match="one of 01_small; got '02_none'"):
        notebook_path("02_none")
    for name in ("../away", "a/b", ".hidden", ""):
        with pytest.raises(ValueError, match="plain folder name"):
            Run(name)


def test_a_run_from_start_to_page(project):
    run = Run("mine", seed=4)
    assert run.execute("01_small", {"number": 2, "output": run.relative})
    run.close("ok")
    record = json.loads((project / "reports" / "mine" / "run.json").read_text())
    assert record["status"] == "ok" and record["seed"] == 4 and record["commit"] == "unknown"
    assert record["stations"][0]["parameters"] == {"number": 2, "output": "reports/mine"}
    assert "2.5" in (project / "reports" / "mine" / "01_small.html").read_text()
    assert "A question" in (project / "reports" / "mine" / "index.html").read_text()
    assert str(project) not in (project / "reports" / "mine" / "01_small.ipynb").read_text()
    assert "mine" in (project / "reports" / "index.html").read_text()
    assert not list((project / "reports").rglob("*.part*"))

    before = (project / "reports" / "mine" / "01_small.ipynb").stat().st_mtime_ns
    Run("mine", size="full", seed=4)
    again = Run("mine", seed=4)
    assert again.record["size"] == "full", "one notebook again leaves the size of the others"
    assert again.execute("01_small", {"number": 2, "output": run.relative})
    assert (project / "reports" / "mine" / "01_small.ipynb").stat().st_mtime_ns == before, "done once"
    assert again.execute("01_small", {"number": 3, "output": run.relative})
    assert "3.5" in (project / "reports" / "mine" / "01_small.html").read_text(), "other inputs, done again"


def test_the_decoder_is_recorded(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchcodec", None)
    record = Run("mine").record
    assert record["decoder"] == f"pyav {record['versions']['av']}" and record["torchcodec_imports"] is False
    monkeypatch.setattr(runs, "torchcodec_missing", str)
    assert Run("mine").record["torchcodec_imports"] is True


def test_a_failed_notebook_is_kept_and_never_shown_as_a_result(project):
    run = Run("broken")
    assert not run.execute("01_small", {"flag": True})
    run.close("failed")
    folder = project / "reports" / "broken"
    assert (folder / "01_small.failed.ipynb").is_file()
    assert not (folder / "01_small.ipynb").exists() and not (folder / "01_small.html").exists()
    page = (folder / "index.html").read_text()
    assert "&lt;b&gt;broken&lt;/b&gt;" in page and "<b>broken</b>" not in page
    assert json.loads((folder / "run.json").read_text())["stations"][0]["status"] == "failed"


def test_an_interrupted_run_leaves_a_clean_state(project, monkeypatch):
    def interrupted(*_, **__):
        (project / "reports" / "halted" / "01_small.part.ipynb").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(runs.papermill, "execute_notebook", interrupted)
    run = Run("halted")
    with pytest.raises(KeyboardInterrupt):
        run.execute("01_small", {})
    run.close("interrupted")
    record = json.loads((project / "reports" / "halted" / "run.json").read_text())
    assert record["status"] == record["stations"][0]["status"] == "interrupted"
    left = sorted(p.name for p in (project / "reports" / "halted").iterdir())
    assert left == ["findings.md", "index.html", "run.json"]


def test_a_fingerprint_follows_contents_not_times(project):
    file = project / "weights"
    file.write_text("a")
    first = fingerprint("01_small", {"checkpoint": "weights"})
    file.write_text("a")
    assert fingerprint("01_small", {"checkpoint": "weights"}) == first
    file.write_text("b")
    assert fingerprint("01_small", {"checkpoint": "weights"}) != first
    assert fingerprint("01_small", {"seed": 1}) != fingerprint("01_small", {"seed": 2})


def test_the_projects_notebooks():
    assert runs.notebooks() == ["01_train", "02_evaluate", "03_generalization", "04_attention", "05_sources"]
    for name in runs.notebooks():
        assert runs.title(name) and {"output", "seed"} <= set(check_known(name))


def check_known(name):
    import papermill

    return papermill.inspect_notebook(str(notebook_path(name)))


def test_reports_do_not_make_a_commit_dirty(project, monkeypatch):
    import subprocess

    from tad.experiment.runs import commit

    git = lambda *words: subprocess.run(  # noqa: E731
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=project, check=True, capture_output=True
    )
    (project / "reports").mkdir(exist_ok=True)
    (project / "reports" / "table.csv").write_text("1")
    (project / "code.py").write_text("1")
    git("init", "-q")
    git("add", "reports/table.csv", "code.py")
    git("commit", "-qm", "begin")
    assert len(commit()) == 12
    (project / "reports" / "table.csv").write_text("2")
    assert len(commit()) == 12
    (project / "code.py").write_text("2")
    assert commit().endswith("+")


def test_a_failures_traceback_is_kept_without_colours_and_paths(project):
    run = Run("broken")
    assert not run.execute("01_small", {"flag": True})
    [station] = run.record["stations"]
    lines = station["error"].splitlines()
    assert len(lines) > 3 and 'raise RuntimeError("<b>broken</b>")' in station["error"]
    assert lines[-1] == "RuntimeError: <b>broken</b>" and "\x1b" not in station["error"]
    assert str(project) not in station["error"]


def test_a_kernel_that_dies_is_a_failure(project, monkeypatch):
    def dies(*_, **__):
        raise runs.DeadKernelError("Kernel died")

    monkeypatch.setattr(runs.papermill, "execute_notebook", dies)
    run = Run("dead")
    assert not run.execute("01_small", {})
    assert run.record["stations"][0]["error"] == "DeadKernelError: Kernel died"


def test_findings_are_begun_once_and_survive_a_run_again(project):
    file = project / "reports" / "mine" / "findings.md"
    run = Run("mine")
    run.execute("01_small", {})
    run.close("ok")
    assert [line for line in file.read_text().splitlines() if line.startswith("#")] == [
        "# Findings", "## Reviewer", "## Decision",
    ]  # fmt: skip
    report = project / "reports" / "mine" / "01_small.html"
    assert "Reviewer" not in report.read_text(), "nobody has written anything yet"
    file.write_text("# Findings\n\nSeen <b>it</b>.\n\n## Reviewer\n\nAda\n\n## Decision\n\nKeep.\n")
    for force in (True, False):
        again = Run("mine")
        again.execute("01_small", {}, force=force)
        again.close("ok")
        assert "Seen <b>it</b>" in file.read_text()
        for page in (report, project / "reports" / "mine" / "index.html"):
            assert "Seen &lt;b&gt;it&lt;/b&gt;" in page.read_text() and "Ada" in page.read_text()


def test_a_fingerprint_follows_files_in_lists(project):
    (project / "family.py").write_text("a")
    first = fingerprint("01_small", {"plugins": ["family.py"]})
    (project / "family.py").write_text("b")
    assert fingerprint("01_small", {"plugins": ["family.py"]}) != first
