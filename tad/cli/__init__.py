"""The command line: `tad COMMAND --help` explains each command with examples."""

import argparse
import sys

from tad.cli import comparing, data, detectors, explaining, forging, runs, scoring, training
from tad.cli.command import RAW

ROOMS = (runs, comparing, training, detectors, scoring, explaining, forging, data)


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status: 0 all went well, 1 something could not be done and the output says what, 2 the command was not
        understood or refused, 130 interrupted.
    """
    words = sys.argv[1:] if argv is None else argv
    options = _parser(words).parse_args(words)
    try:
        return options.do(options)
    except (ValueError, RuntimeError) as error:
        stopped = type(error).__name__ == "TrainingStopped"
        if options.debug or not (stopped or isinstance(error, ValueError)):
            raise
        print(f"tad: {error}", file=sys.stderr)
        return 1 if stopped else 2
    except KeyboardInterrupt:
        again = "with --resume goes on from the last checkpoint" if options.command == "train" else "goes on from here"
        print(f"\ntad: interrupted; the same command {again}", file=sys.stderr)
        return 130


def _parser(words: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tad",
        formatter_class=RAW,
        description="How far does a video model that has only seen real footage generalise to deepfakes?",
        epilog="examples:\n  tad reproduce --size quick\n  tad score holiday.mp4\n  tad run 02_evaluate -p seed 1",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in ROOMS:
        room.add(commands)
    if "train" in words:
        training.add_settings(commands.choices["train"])
    return parser
