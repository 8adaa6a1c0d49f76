"""The command line: `tad COMMAND --help` explains each command with examples."""

import argparse
import errno
import os
import sys

from tad.cli import comparing, data, detectors, explaining, forging, runs, scoring, training
from tad.cli.command import RAW, one_line

STATUSES = """exit status: 0 all went well; 1 something could not be done, and the output says what; 2 the command was
not understood or refused; 130 interrupted. An error is one sentence; tad --debug COMMAND shows its traceback."""
TO_DO = {
    errno.ENOSPC: "free some space, and give the same command again",
    errno.EFBIG: "write to where larger files may stand, and give the same command again",
    errno.EACCES: "write to a folder that is yours, or have its rights changed",
    errno.EPERM: "write to a folder that is yours, or have its rights changed",
    errno.EROFS: "write to a folder that is not read-only",
}

ROOMS = (runs, comparing, training, detectors, scoring, explaining, forging, data)


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status, as `STATUSES` says it to users.
    """
    words = sys.argv[1:] if argv is None else argv
    options = _parser(words).parse_args(words)
    try:
        status = options.do(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever read the output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        again = "with --resume goes on from the last checkpoint" if options.command == "train" else "goes on from here"
        print(f"\ntad: interrupted; the same command {again}", file=sys.stderr)
        return 130
    except Exception as error:
        if options.debug:
            raise
        print(f"tad: {one_line(_sentence(error, options))}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1


def _sentence(error: Exception, options) -> str:
    """What went wrong and, where it was nobody's choice of words, what to do."""
    if type(error).__name__ == "TrainingStopped" or isinstance(error, ValueError):
        return str(error)
    if isinstance(error, OSError):
        place = error.filename or next(filter(None, (getattr(options, name, "") for name in ("out", "output"))), "")
        todo = TO_DO.get(error.errno, "mend that, and give the same command again")
        return f"{place}{': ' * bool(place)}{error.strerror or error}; what was finished before is kept: {todo}"
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        told = str(error) or "no more is given"
        return f"memory is short ({told}); close other programs, or ask for fewer or smaller clips"
    return f"unexpected {type(error).__name__}: {error}; `tad --debug ...` shows where, please report it"


def _parser(words: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tad",
        formatter_class=RAW,
        description="How far does a video model that has only seen real footage generalise to deepfakes?",
        epilog="examples:\n  tad reproduce --size quick\n  tad score holiday.mp4\n  tad run 02_evaluate -p seed 1\n\n"
        + STATUSES,
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in ROOMS:
        room.add(commands)
    if "train" in words:
        training.add_settings(commands.choices["train"])
    return parser
