import csv
import errno
import io
import json
import re
import subprocess
import sys

import pytest

from tad.cli import main


def test_help_has_examples(capsys):
    for command in (
        [],
        ["reproduce"],
        ["run"],
        ["train"],
        ["score"],
        ["checkpoint"],
        ["card"],
        ["forge"],
        ["data"],
        ["data", "index"],
        ["data", "audit"],
    ):
        with pytest.raises(SystemExit) as stop:
            main([*command, "--help"])
        assert stop.value.code == 0
        assert "examples:\n  tad " in capsys.readouterr().out


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "a b\x1b[31m.mp4"
    path.write_text("no video")
    return path


def test_score_as_csv_and_json(checkpoint, moving_video, broken, tmp_path, capsys):
    words = ["score", str(moving_video), str(broken), "--checkpoint", str(checkpoint)]
    assert main([*words, "--format", "csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["video", "status", "score", "threshold", "verdict", "clips", "seconds"]
    assert rows[1]["score"] == "" and rows[1]["verdict"] == "UNKNOWN" and rows[1]["status"].startswith("error: ")
    assert main([*words, "--format", "json", "--out", str(tmp_path / "s.json")]) == 1
    stored = json.loads((tmp_path / "s.json").read_text())
    assert stored[0]["score"] == pytest.approx(float(rows[0]["score"]))
    assert stored[1]["score"] is None


def test_score_as_a_table_shows_no_escapes(checkpoint, moving_video, broken, capsys):
    assert main(["score", str(broken), str(moving_video), "--checkpoint", str(checkpoint)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out and "UNKNOWN" in out
    assert main(["score", str(moving_video), "--checkpoint", str(checkpoint)]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["score", "a.mp4", "--checkpoint", "none.safetensors"], "checkpoint must be a file"),
        (["score", "a.mp4", "--decoder", "cv2"], "decoder must be one of pyav, torchcodec; got 'cv2'"),
        (["reproduce", "--size", "huge"], "size must be one of smoke, quick, full; got 'huge'"),
        (["run", "09_none"], "notebook must be one of"),
        (["run", "02_evaluate", "-p", "sed", "1"], "got 'sed'"),
        (["run", "02_evaluate", "-p", "seed", "one"], "seed must be of type int; got 'one'"),
        (["train", "--output", "x", "--data", "none.csv"], "manifest must be a file; got none.csv"),
    ],
)
def test_what_is_refused_is_said_in_one_line(words, told, capsys, tmp_path, monkeypatch):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1 and "Traceback" not in error
    with pytest.raises(ValueError, match="must be|got"):
        main(["--debug", *words])


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (ValueError("a rule; got 'x'"), 2, "tad: a rule; got 'x'"),
        (OSError(errno.ENOSPC, "No space left", "a/b.csv"), 1, "tad: a/b.csv: No space left; what was finished "
         "before is kept: free some space"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "tad: x: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), 1, "tad: a: Permission denied; .* that is yours"),
        (OSError(errno.EROFS, "Read-only file system", "a"), 1, "folder that is not read-only"),
        (OSError("what no number says"), 1, "tad: x: what no number says; .*mend that"),
        (MemoryError(), 1, "tad: memory is short .no more is given.; close other programs"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), 1, "tad: memory is short"),
        (KeyError("column"), 1, "tad: unexpected KeyError: 'column'; `tad --debug ...` shows where, please report it"),
        (RecursionError("too deep"), 1, "unexpected RecursionError: too deep"),
        (ValueError("got a\n\x1b[31mb\x07"), 2, "tad: got a [?].31mb[?]$"),
    ],
)  # fmt: skip
def test_every_error_is_one_sentence_and_its_traceback_is_there_when_asked_for(
    error, status, told, capsys, monkeypatch
):
    def fails(options):
        raise error

    monkeypatch.setattr("tad.cli.training._do_train", fails)
    assert main(["train", "--output", "x"]) == status
    shown = capsys.readouterr().err
    assert re.search(told, shown) and shown.count("\n") == 1 and shown[:-1].isprintable()
    with pytest.raises(type(error)):
        main(["--debug", "train", "--output", "x"])


def test_the_exit_statuses_are_documented(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert (
        "0 all went well; 1 something could not be done" in out and "2 the command was not understood or refused" in out
    )
    assert "130 interrupted" in out and "--debug" in out


def test_ctrl_c_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tad.cli.training._do_train", interrupted)
    assert main(["train", "--output", "x"]) == 130
    assert "interrupted; the same command with --resume goes on from the last checkpoint" in capsys.readouterr().err
    monkeypatch.setattr("tad.cli.runs._do_reproduce", interrupted)
    assert main(["reproduce"]) == 130
    assert "interrupted; the same command goes on from here" in capsys.readouterr().err


def test_help_is_quick_because_it_loads_no_torch():
    code = (
        "import sys, tad.cli\ntry: tad.cli.main(['--help'])\nexcept SystemExit: pass\nsys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_scoring_does_not_wait_for_the_trainer_to_load():
    code = "import sys, tad.experiment.score, tad.training\nsys.exit('lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_checkpoint_inspect_shows_what_fits(checkpoint, tmp_path, capsys):
    import torch

    from tad.model import load_model

    assert main(["checkpoint", "inspect", str(checkpoint)]) == 0
    out = capsys.readouterr().out
    assert "patch_embed.weight" in out and "config: {" in out
    state = load_model(checkpoint).state_dict()
    torch.save({"state_dict": {f"model.{name}": value for name, value in state.items()}}, tmp_path / "other.ckpt")
    assert main(["checkpoint", "inspect", str(tmp_path / "other.ckpt"), "--preset", "tiny"]) == 1
    out = capsys.readouterr().out
    assert "other shape" in out and "missing" in out
    assert main(["checkpoint", "inspect", str(tmp_path / "none.ckpt")]) == 2


def test_train_names_every_setting_with_its_default(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    for words in ("--precision X", "--accumulate X", "--compile", "--max-time X", "--devices X", "(default auto)",
                  "--preset X", "--recompute",
                  "(smoke 1, quick 4, full 10, card 15)", "on matrices (0.05)", "card (default quick)"):  # fmt: skip
        assert words in out, words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--recipe", "huge"], "recipe must be one of smoke, quick, full, card; got 'huge'"),
        (["--set", "sise", "32"], "got sise"),
        (["--preset", "large"], "preset must be one of base, small, tiny; got 'large'"),
        (["--data", "data/demo"], "must be .tar files; got none in data/demo"),
    ],
)
def test_train_refuses_in_one_line(words, told, capsys, tmp_path):
    assert main(["train", "--output", str(tmp_path / "run"), *words]) == 2
    error = capsys.readouterr().err
    assert told in error and "Traceback" not in error


@pytest.fixture
def own_folder(tmp_path, moving_video):
    """A folder of somebody's own: real/ and fake/swap/, three of each."""
    for n in range(3):
        for place in ("real", "fake/swap"):
            path = tmp_path / "own" / place / f"clip {n}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(moving_video.read_bytes())
    return tmp_path / "own"


def test_data_from_a_folder_to_an_audit(own_folder, tmp_path, capsys):
    manifest = str(tmp_path / "own.csv")
    assert main(["data", "index", "folder", str(own_folder), "-o", manifest]) == 0
    assert capsys.readouterr().out.endswith(f"{manifest}\n")
    assert main(["data", "describe", manifest, "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert "96" in capsys.readouterr().out and (tmp_path / "sheet.png").stat().st_size > 5000
    assert main(["data", "audit", manifest]) == 1  # the very same footage in three groups
    assert "FAULT same footage in two groups" in capsys.readouterr().out
    out = str(tmp_path / "same")
    assert main(["data", "canonical", manifest, "-o", out, "--seconds", "1", "--size", "32"]) == 0
    assert capsys.readouterr().out.strip().endswith("same/manifest.csv")


def test_data_index_can_leave_out_what_training_refuses(own_folder, tmp_path, capsys):
    rows = [f"{own_folder}/{place}/clip {n}.mp4,{label},train,g{n}" for n in range(2)
            for place, label in (("real", "real"), ("fake/swap", "fake"))]  # fmt: skip
    (tmp_path / "t.csv").write_text("path,label,split,group\n" + "\n".join(rows) + "\n")
    manifest = tmp_path / "m.csv"
    assert main(["data", "index", "folder", str(tmp_path / "t.csv"), "-o", str(manifest), "--for-training"]) == 0
    assert "left out: 2 not real, in train or val" in capsys.readouterr().err
    assert manifest.read_text().count("real") >= 2 and "fake" not in manifest.read_text()


def test_data_list_and_what_is_refused(capsys):
    assert main(["data", "list"]) == 0
    out = capsys.readouterr().out
    assert "faceforensics: FaceForensics++" in out and "https://github.com/ondyari/FaceForensics" in out
    assert main(["data", "index", "facefornsics", ".", "-o", "x.csv"]) == 2
    assert "must be one of faceforensics, celebdf" in capsys.readouterr().err
    assert main(["data", "audit", "none.csv"]) == 2


def test_forge_one_video(moving_video, tmp_path, capsys):
    out = tmp_path / "fake.mp4"
    assert main(["forge", str(moving_video), "--family", "flicker", "--strength", "0.2", "-o", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: flicker at strength 0.2, 40 frames, ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fake.json", "fake.mask.mkv", "fake.mp4"]


def test_forge_lists_families_a_users_own_too(tmp_path, capsys, monkeypatch):
    from tad.forgery import registry

    monkeypatch.setattr(registry, "_REGISTER", dict(registry._REGISTER))
    (tmp_path / "mine.py").write_text(
        "from tad.forgery import forgery\n\n\n@forgery('darken', scope='local')\n"
        "def darken(clip, strength, generator, **_):\n    'Light is lost. Strength 1: all of it.'\n"
        "    return clip - strength * (clip + 1), clip.new_ones(clip.shape[1:])\n"
    )
    assert main(["forge", "--plugin", str(tmp_path / "mine.py"), "--list"]) == 0
    out = capsys.readouterr().out
    assert "darken (local): Light is lost." in out and "splice (local, needs donor): " in out


def test_forge_a_ladder_and_a_sheet(manifest, moving_video, tmp_path, capsys):
    words = ["--families", "flicker", "self_blended_face", "--strengths", "1", "--seconds", "0.3"]
    assert main(["forge", "--ladder", str(manifest), "-o", str(tmp_path / "set"), *words]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(tmp_path / "set" / "manifest.csv")
    assert told.err.count("self_blended_face: no face in at least half of the frames") == 3
    drawn = ["forge", "--sheet", str(moving_video), "-o", str(tmp_path / "sheet.png"), "--strengths", "1", "--families"]
    assert main([*drawn, "flicker"]) == main([*drawn, "splice", "--donor", str(moving_video)]) == 0
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "needs a video, --ladder or --sheet, and -o; got none of them, no -o"),
        (["a.mp4", "--ladder", "m.csv", "-o", "x"], "got video, ladder"),
        (["a.mp4", "-o", "x.mp4"], "forging a video needs --family"),
        (["a.mp4", "--family", "flickr", "-o", "x.mp4"], "families must be among block_shuffle, .*; got flickr"),
        (["a.mp4", "--family", "flicker", "-o", "x.mp4"], "no such file"),
        (["--plugin", "none.py", "--list"], "a file of families must exist; got none.py"),
        (["--sheet", "a.mp4", "--families", "splice", "-o", "x.png"], "a sheet needs a family that can forge a.mp4"),
    ],
)
def test_forge_refuses_in_one_line(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["forge", *words]) == 2
    err = capsys.readouterr().err
    assert re.search(told, err) and err.count("\n") == 1 and not list(tmp_path.iterdir())


def test_explain_writes_a_page(moving_video, checkpoint, tmp_path, capsys):
    out = tmp_path / "r.html"
    words = [
        "explain",
        str(moving_video),
        "--detector",
        "midframe_mse",
        "--checkpoint",
        str(checkpoint),
        "-o",
        str(out),
    ]
    assert main(["explain", "--list"]) == 0
    assert "integrated_gradients: the score's gradient at the pixels" in capsys.readouterr().out
    assert main([*words, "--method", "attention_rollout", "-o", str(out)]) == 0
    assert re.match(rf"{re.escape(str(out))}: (REAL|FAKE), score [\d.e-]+ by midframe_mse, ", capsys.readouterr().out)
    page = out.read_text()
    assert "Why moving.mp4 got its score" in page and "was not fitted for these weights (tad fit)" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "explain needs a video and -o; got no video, no -o"),
        (["a.mp4", "-o", "r.html", "--steps", "0"], "steps must be 1 or more; got 0"),
        (["a.mp4", "-o", "r.html"], "a.mp4 cannot be explained: no such file"),
        (["a.mp4", "-o", "r.html", "--detector", "guess"], "got 'guess'"),
    ],
)
def test_explain_refuses_in_one_line(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["explain", *words]) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1 and not list(tmp_path.iterdir())
