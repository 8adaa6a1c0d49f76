"""How long one waits before anything happens: `import tad`, `tad --help`."""

import subprocess
import sys

from harness import interleaved, row, run


def measure(quick: bool) -> list[dict]:
    codes = {
        "import torch": "import torch",
        "import torch, tad": "import torch, tad",
        "tad --help": "from tad.cli import main; main(['--help'])",
        "import of all that tad score needs": "from tad.experiment.score import score_videos",
    }
    ways = {
        name: lambda code=code: subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
        for name, code in codes.items()
    }
    times = interleaved(ways, 1 if quick else 5)
    code = "import sys, tad.cli\ntry: tad.cli.main(['--help'])\nexcept SystemExit: sys.exit('torch' in sys.modules)"
    free = subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0
    adds = times["import torch, tad"].wall - times["import torch"].wall
    helped = times["tad --help"].wall
    return [
        row("import tad, added to import torch", adds, "s", reach="under 0.2 s", reached=adds < 0.2),
        row("tad --help", helped, "s", beside=f"torch loaded: {'no' if free else 'yes'}", reach="under 0.5 s, no torch",
            reached=free and helped < 0.5),
        *(row(name, time.wall, "s", beside=f"processor: {time.cpu:.2f} s") for name, time in times.items()
          if name != "tad --help"),
    ]  # fmt: skip


if __name__ == "__main__":
    run(measure)
