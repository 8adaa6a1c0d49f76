"""`tad score`: a verdict for each video."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tad.cli.command import add_command, one_line


def add(commands):
    """Add the command."""
    command = add_command(
        commands, "score", _do_score, "score videos and give each a verdict",
        "  tad score holiday.mp4\n  tad score *.mp4 --format csv --out scores.csv\n  tad score a.mp4 --threshold card"
        "\n  tad score holiday.mp4 --report holiday.html",
    )  # fmt: skip
    command.epilog += (
        "\n\nFAKE is a score above the threshold, REAL is one below, UNKNOWN a file that could not be scored, or is of"
        "\na kind that calibration has not seen; `seconds` is the length of video that was scored. The weights that"
        "\nship were trained on a few minutes of footage: they show how the workbench works, and test no real video."
        "\nexit status: 0 all scored, 1 some could not be, 2 refused."
    )
    command.add_argument("video", nargs="+", help="video files")
    command.add_argument("--checkpoint", default="demo", help="weights (default: those that ship)")
    command.add_argument("--threshold", default="", help="a number, or card for the model card's 0.3137")
    command.add_argument(
        "--detector", default="", help="another than the one whose threshold lies beside the weights, such as "
        "midframe_mse, the model card's",
    )  # fmt: skip
    command.add_argument(
        "--crop", default="frame", help="frame: its middle (default); face: the largest face. The threshold beside the "
        "weights was chosen on whole frames",
    )  # fmt: skip
    command.add_argument("--decoder", default="pyav", help="pyav (default), or torchcodec where it imports")
    command.add_argument("--format", choices=("table", "csv", "json"), default="table")
    command.add_argument("--out", type=Path, help="write there instead of printing; what is done lies in "
                         "OUT.journal until then, and the same command goes on behind it")  # fmt: skip
    command.add_argument("--report", type=Path, metavar="OUT.html", help="write a page too: the verdict in words, "
                         "score over time, where to look")  # fmt: skip


def _do_score(options) -> int:
    from tqdm import tqdm

    asked = (options.checkpoint, options.threshold, options.crop, options.decoder, options.detector)

    def scored(videos: list[str]) -> Iterator[dict]:
        done = len(options.video) - len(videos)
        with tqdm(total=len(options.video), initial=done, desc="scoring", unit="video", disable=None) as bar:
            if options.report:  # which shows all videos: none is left out because it was scored before
                from tad.experiment.score_report import score_report

                yield from score_report(options.video, options.report, *asked, done=bar.update)
            else:
                from tad.experiment.score import score_videos

                for row in score_videos(videos, *asked):
                    yield row
                    bar.update()

    return _into_file(options, scored) if options.out else _onto_screen(options, scored)


def _onto_screen(options, scored) -> int:
    failed = []

    def noted() -> Iterator[dict]:
        for row in scored(options.video):
            failed.extend([row["video"]] * (not row["status"].startswith("ok")))
            yield row

    for text in FORMATS[options.format](noted()):
        sys.stdout.write(text)
        sys.stdout.flush()
    return 1 if failed else 0


def _into_file(options, scored) -> int:
    """Finished rows go into `OUT.journal` at once; the file itself appears when it is whole."""
    if options.out.is_dir():
        raise ValueError(f"--out must name a file; got the folder {options.out}")
    from tad.experiment.journal import Journal
    from tad.experiment.score import score_settings

    journal = Journal(options.out.with_name(options.out.name + ".journal"), score_settings(
        options.checkpoint, options.threshold, options.crop, options.decoder, options.detector
    ))  # fmt: skip
    keys = {video: _key(video) for video in options.video}
    rest = [video for video, key in keys.items() if key not in journal]
    if len(rest) < len(keys):
        print(f"{len(keys) - len(rest)} of {len(keys)} videos were scored before", file=sys.stderr)
    for row in scored(rest):
        if keys[row["video"]] not in journal:
            journal.add(keys[row["video"]], row)
    part = options.out.with_name(options.out.name + ".part")
    with open(part, "w") as file:
        file.writelines(FORMATS[options.format](journal.rows([keys[video] for video in options.video])))
    part.replace(options.out)
    failed = sum(not row["status"].startswith("ok") for row in journal.rows(list(keys.values())))
    journal.close(remove=True)
    if failed:
        print(f"tad: {failed} of {len(keys)} videos could not be scored; their status says why", file=sys.stderr)
    return 1 if failed else 0


def _key(video: str) -> str:
    """A video by its name, size and time: one that has changed is scored again."""
    try:
        stat = Path(video).stat()
    except OSError:
        return f"{video}\0"
    return f"{video}\0{stat.st_size} {stat.st_mtime_ns}"


def _as_csv(rows: Iterable[dict]) -> Iterator[str]:
    import io

    line = io.StringIO()
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(line, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
        yield line.getvalue()
        line.seek(line.truncate(0))


def _as_json(rows: Iterable[dict]) -> Iterator[str]:
    before = "[\n "
    for row in rows:
        yield before + json.dumps(row, indent=1).replace("\n", "\n ")
        before = ",\n "
    yield "\n]\n"


def _as_table(rows: Iterable[dict]) -> Iterator[str]:
    def cell(value) -> str:
        text = "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
        return one_line(text)

    rows = list(rows)
    lines = [list(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    yield from ("  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


FORMATS = {"table": _as_table, "csv": _as_csv, "json": _as_json}
