"""All benchmarks, one process a subject: `python tests/benchmarks [--quick]`, or `make bench`.

Writes reports/benchmarks/benchmarks.json and benchmarks.md, and prints the latter.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from harness import FOLDER, machine, markdown
from on_paper import on_paper

SUBJECTS = ("start", "decoding", "score", "memory", "network", "forgery", "training", "growth")
MOST_S = 300  # of one subject: together they stay bounded


def measure(subject: str, quick: bool) -> list[dict]:
    """The rows of one subject; where it does not come to its end, one that says why."""
    file, out = Path(__file__).with_name(f"bench_{subject}.py"), FOLDER / f"{subject}.json"
    out.unlink(missing_ok=True)
    command = [sys.executable, str(file), "--json", str(out), *["--quick"] * quick]
    try:
        done = subprocess.run(command, timeout=MOST_S, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        reason = (done.stderr.strip().splitlines() or ["no word"])[-1] if done.returncode else ""
    except subprocess.TimeoutExpired:
        reason = f"took longer than {MOST_S} s"
    if reason:
        print(f"{subject}: {reason}", file=sys.stderr, flush=True)
        return [
            {"what": subject, "measured": "not measured", "unit": "", "beside": reason, "reach": "", "reached": None}
        ]
    return json.loads(out.read_text())


def write(here: dict, found: dict[str, list[dict]]) -> str:
    """Write the JSON and the page, with what follows from the rows on paper; return the page."""
    found = found | {"on paper": on_paper([line for rows in found.values() for line in rows])}
    here = here | {"load after": round(os.getloadavg()[0], 2)}
    (FOLDER / "benchmarks.json").write_text(json.dumps({"machine": here, "rows": found}, indent=1) + "\n")
    facts = "".join(f"- {name}: {value}\n" for name, value in here.items())
    text = f"# Benchmarks\n\n{facts}" + "".join(f"\n## {name}\n\n{markdown(rows)}" for name, rows in found.items())
    (FOLDER / "benchmarks.md").write_text(text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: shows that all runs, its numbers mean little"
    )
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=SUBJECTS, help="some subjects alone")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    here, found = machine() | {"quick": options.quick}, {}
    for number, subject in enumerate(options.only, start=1):
        print(f"{number} of {len(options.only)}: {subject}", file=sys.stderr, flush=True)
        found[subject] = measure(subject, options.quick)
        text = write(here, found)  # after each: what was measured is not lost with what comes after
    print(text)


if __name__ == "__main__":
    main()
