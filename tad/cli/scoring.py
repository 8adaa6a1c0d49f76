"""`tad score`: a verdict for each video."""

import csv
import json
import sys
from pathlib import Path

from tad.cli.command import add_command


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
    command.add_argument("--out", type=Path, help="write there instead of printing")
    command.add_argument(
        "--report",
        type=Path,
        metavar="OUT.html",
        help="write a page too: the verdict in words, score over time, where to look",
    )


def _do_score(options) -> int:
    from tqdm import tqdm

    asked = (options.checkpoint, options.threshold, options.crop, options.decoder, options.detector)
    with tqdm(total=len(options.video), desc="scoring", unit="video", disable=None) as bar:
        if options.report:
            from tad.experiment.score_report import score_report

            rows = score_report(options.video, options.report, *asked, done=bar.update)
        else:
            from tad.experiment.score import score_videos

            rows = []
            for row in score_videos(options.video, *asked):
                rows.append(row)
                bar.update()
    text = FORMATS[options.format](rows)
    if options.out:
        part = options.out.with_name(options.out.name + ".part")
        part.write_text(text)
        part.replace(options.out)
    else:
        sys.stdout.write(text)
    return 0 if all(row["status"].startswith("ok") for row in rows) else 1


def _as_csv(rows: list[dict]) -> str:
    import io

    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _as_table(rows: list[dict]) -> str:
    def cell(value) -> str:
        text = "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
        return "".join(c if c.isprintable() else "?" for c in text)  # names may carry terminal escapes

    lines = [list(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


FORMATS = {"table": _as_table, "csv": _as_csv, "json": lambda rows: json.dumps(rows, indent=1) + "\n"}
