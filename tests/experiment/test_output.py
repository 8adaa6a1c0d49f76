from tad import experiment


def test_papermill_and_jupyterlab_write_to_the_same_folder(tmp_path, monkeypatch):
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "manifest.csv").write_text("")
    (tmp_path / "notebooks").mkdir()
    for where in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(where)
        assert experiment.folder("reports/mine") == tmp_path / "reports" / "mine"
    assert experiment.folder(tmp_path / "else") == tmp_path / "else"
    assert (tmp_path / "else").is_dir() and not (tmp_path / "notebooks" / "reports").exists()
