"""What all commands share."""

import argparse

RAW = argparse.RawDescriptionHelpFormatter


def add_command(commands, name: str, do, what: str, examples: str) -> argparse.ArgumentParser:
    """Add a command that calls `do` with its options; its help says what it does, with examples."""
    command = commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=RAW,
    )
    command.set_defaults(do=do)
    return command


def printable(text: str) -> str:
    """Text without what a terminal would take as a command: names come from outside."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def one_line(text: str) -> str:
    """A text as one line without what would act on a terminal: names of files may carry escapes and newlines."""
    return "".join(c if c.isprintable() else "?" for c in text.replace("\n", " "))
