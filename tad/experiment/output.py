"""Where a notebook leaves its tables."""

from pathlib import Path

from tad.data import project_root


def folder(output: str | Path) -> Path:
    """The folder for a notebook's tables, made if need be; a relative path counts from the project's root.

    Papermill runs a notebook in the root, JupyterLab in the notebook's own folder: both must mean the same place.

    Args:
        output: a path.
    """
    path = project_root() / output
    path.mkdir(parents=True, exist_ok=True)
    return path
