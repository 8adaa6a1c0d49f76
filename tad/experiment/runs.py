"""Notebooks as runs: parameters checked first, executed by papermill, rendered, recorded in `run.json`."""

import ast
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

import tad
from tad.data import project_root, resolve
from tad.data.second_decoder import torchcodec_missing
from tad.experiment.checkpoints import checkpoint_path, threshold_path
from tad.experiment.detector_set import detectors_path
from tad.experiment.held import Held
from tad.report import export_html, review, write_index, write_run_index

PACKAGES = ("torch", "torchvision", "kornia", "lightning", "captum", "scikit-learn", "av", "papermill", "plotly")
DONE, FAILED = "ok", "failed"


def notebooks() -> list[str]:
    """The names of the project's notebooks, in order."""
    return sorted(path.stem for path in (project_root() / "notebooks").glob("*.ipynb"))


def reports_dir() -> Path:
    """The folder of all runs."""
    return project_root() / "reports"


def notebook_path(name: str) -> Path:
    """The file of a notebook by its name.

    Raises:
        ValueError: there is none of that name.
    """
    path = project_root() / "notebooks" / f"{Path(name).stem}.ipynb"
    if not path.is_file():
        raise ValueError(f"notebook must be one of {', '.join(notebooks())}; got {name!r}")
    return path


def check_parameters(name: str, given: dict) -> dict:
    """Hold parameters against the notebook's own, before anything runs.

    Args:
        name: of the notebook.
        given: values by name; text, as a command line gives it, is read as the parameter's type.

    Returns:
        The values in the notebook's types.

    Raises:
        ValueError: a parameter that the notebook does not have, or a value of the wrong type.
    """
    known = papermill.inspect_notebook(str(notebook_path(name)))
    return {key: _typed(key, value, known, name) for key, value in given.items()}


def _typed(key: str, value, known: dict, name: str):
    if key not in known:
        raise ValueError(f"{name} has the parameters {', '.join(known)}; got {key!r}")
    kind = known[key]["inferred_type_name"]
    types = {"int": int, "float": (float, int), "str": str, "bool": bool, "list": list}
    allowed = types.get(kind.split("[")[0], object)
    if isinstance(value, str) and allowed is not str:
        try:
            value = ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
        except (ValueError, SyntaxError):
            pass  # stays text, and is refused below with its value
    if not isinstance(value, allowed) or (allowed is not bool and isinstance(value, bool)):
        raise ValueError(f"{key} must be of type {kind}; got {value!r}")
    return value


class Run:
    """A folder of executed notebooks and what is known of them."""

    def __init__(self, name: str, *, size: str = "", seed: int = 0, parameters: dict | None = None):
        """Open the run of that name, or begin it."""
        if not name or Path(name).name != name or name.startswith(".") or not name.isprintable():
            raise ValueError(f"a run's name must be a plain folder name; got {name!r}")
        self.folder = reports_dir() / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.held = Held(self.folder)
        self.file = self.folder / "run.json"
        self.started = time.monotonic()
        before = json.loads(self.file.read_text()) if self.file.is_file() else {}
        self.record = {
            "name": name,
            "size": size or before.get("size", ""),  # one notebook run again does not change what the others were
            "seed": seed,
            "parameters": parameters or {},
            "commit": commit(),
            "versions": {
                "python": platform.python_version(),
                "tad": tad.__version__,
                **{p: version(p) for p in PACKAGES},
            },
            "decoder": f"pyav {version('av')}",
            "torchcodec_imports": not torchcodec_missing(),
            "machine": f"{os.cpu_count()} cores, {platform.machine()}",
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "duration_s": 0.0,
            "status": "running",
            "training_groups": before.get("training_groups", []),
            "stations": before.get("stations", []),
            "key_numbers": before.get("key_numbers", {}),
        }
        self.save()

    @property
    def relative(self) -> str:
        """The folder from the project's root, as it stands in parameters: a report names no machine's paths."""
        return self.folder.relative_to(project_root()).as_posix()

    def save(self):
        """Write `run.json`; it is replaced at once, never half."""
        self.record["duration_s"] = round(sum(s["duration_s"] or 0 for s in self.record["stations"]), 1)
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(self.record, indent=1, allow_nan=False) + "\n")
        os.replace(part, self.file)

    def execute(self, name: str, parameters: dict, *, force: bool = False) -> bool:
        """Run one notebook into the folder, unless it was already run with the same inputs.

        Returns:
            Whether the notebook stands executed and rendered; if not, `NAME.failed.ipynb` shows how far it came.
        """
        name = notebook_path(name).stem
        parameters = check_parameters(name, parameters)
        mark = fingerprint(name, parameters)
        stations = {s["notebook"]: s for s in self.record["stations"]}
        before = stations.get(name, {})
        if not force and is_done(self.folder, before, mark):
            print(f"{name}: done before with the same inputs, in {before['duration_s']:.0f} s", file=sys.stderr)
            return True
        station = {"notebook": name, "title": title(name), "status": "running", "duration_s": None, "html": None,
                   "error": None, "parameters": parameters, "inputs": mark}  # fmt: skip
        stations[name] = station
        self.record["stations"] = [stations[key] for key in sorted(stations)]
        self.save()
        self._execute(name, parameters, station)
        self.save()
        return station["status"] == DONE

    def _execute(self, name: str, parameters: dict, station: dict):
        done, failed, part = (self.folder / f"{name}{ending}.ipynb" for ending in ("", ".failed", ".part"))
        failed.unlink(missing_ok=True)
        began = time.monotonic()
        print(f"{name}: {station['title']}", file=sys.stderr)
        try:
            papermill.execute_notebook(
                str(notebook_path(name)), str(part), parameters, kernel_name="python3", progress_bar=False,
                cwd=str(project_root()), stderr_file=sys.stderr,
            )  # fmt: skip
        except (papermill.PapermillExecutionError, DeadKernelError) as error:
            if part.is_file():
                os.replace(part, failed)
            station.update(status=FAILED, error=_told(error), html=None)
        else:
            _tidy(part)
            os.replace(part, done)
            said = review.findings(self.folder)
            page = self.folder / f"{name}.html"
            export_html(done, page, title=station["title"], findings=said, home="index.html")
            station.update(status=DONE, html=f"{name}.html")
        finally:
            part.unlink(missing_ok=True)
        station["duration_s"] = round(time.monotonic() - began, 1)

    def close(self, status: str, **facts):
        """Record the outcome and draw the run's page and the index over all runs."""
        for station in self.record["stations"]:
            if station["status"] == "running":  # it did not come to its end
                station["status"] = status
        self.record.update(status=status, **facts)
        self.save()
        review.begin_findings(self.folder)
        write_run_index(self.folder)
        write_index(reports_dir())
        self.held.release()


def is_done(folder: Path, station: dict, mark: str) -> bool:
    """Whether a notebook was executed and rendered with the inputs of this fingerprint, and still lies there.

    Args:
        folder: of the run.
        station: what `run.json` says of the notebook; may be empty.
        mark: see `fingerprint`.
    """
    if station.get("status") != DONE or station.get("inputs") != mark:
        return False
    return all((folder / f"{station['notebook']}.{ending}").is_file() for ending in ("ipynb", "html"))


def _told(error: Exception) -> str:
    """What went wrong in a notebook: its traceback without colours and machine paths, the error in the last line."""
    lines = getattr(error, "traceback", None) or [f"{type(error).__name__}: {error}"]
    return without_paths(re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines)))


def without_paths(text: str) -> str:
    """Text without the folders of this machine, so that a run may be mailed."""
    return text.replace(f"{project_root()}/", "").replace(f"{Path.home()}/", "~/")


def _tidy(path: Path):
    """Take progress bars and machine paths out of an executed notebook: it is kept and reviewed."""
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    for key in ("input_path", "output_path"):
        book.metadata.get("papermill", {}).pop(key, None)
    nbformat.write(book, path)


def title(name: str) -> str:
    """The first heading of a notebook."""
    for cell in nbformat.read(notebook_path(name), as_version=4).cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return name


def fingerprint(name: str, parameters: dict) -> str:
    """A digest of all that decides a notebook's result: itself, its parameters, the files they name, the package."""
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
    files = [notebook_path(name), *sorted(Path(tad.__file__).parent.rglob("*.py"))]
    named = [v for value in parameters.values() for v in (value if isinstance(value, list) else [value])]
    files += [resolve(v) for v in named if isinstance(v, str) and v and resolve(v).is_file()]
    if "checkpoint" in parameters:  # which may be a name; what was fitted for it lies beside it
        checkpoint = checkpoint_path(parameters["checkpoint"])
        files += [
            file for file in (checkpoint, detectors_path(checkpoint), threshold_path(checkpoint)) if file.is_file()
        ]
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def commit() -> str:
    """The commit of the project, with "+" if files other than reports differ from it; "unknown" outside a checkout."""
    try:
        run = lambda *words: subprocess.run(  # noqa: E731
            ["git", "-C", str(project_root()), *words], capture_output=True, text=True, check=True
        ).stdout.strip()
        return run("rev-parse", "--short=12", "HEAD") + (
            "+" if run("status", "--porcelain", "-uno", "--", ".", ":!reports") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
