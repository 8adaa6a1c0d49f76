"""The register of forgeries, and the contract that is checked each time one of them is called."""

import difflib
import inspect
import re
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tad import checks

SCOPES = ("whole", "local", "temporal", "face", "frequency")
NEEDS = ("donor", "landmarks")
POINTS = 468  # of the face mesh

_REGISTER: dict[str, "Forgery"] = {}


@dataclass(frozen=True)
class Forgery:
    """A registered manipulation of a clip, with a continuous strength and the mask of what it changes."""

    name: str  # in tables, figures and commands
    scope: str  # one of `SCOPES`: "whole" is what nobody overlooks, the others change a region or only the time
    needs: tuple[str, ...]  # the inputs it cannot do without, out of "donor" and "landmarks"
    function: Callable[..., tuple[Tensor, Tensor]]  # (clip, strength, generator, *, donor, landmarks) -> (clip, mask)

    def __post_init__(self):
        object.__setattr__(self, "__doc__", self.function.__doc__)  # so that help() explains the family

    def __reduce__(self):
        # The decorator hides the plain function from pickle; loader processes find the family by its name.
        return get, (self.name,)

    @property
    def doc(self) -> str:
        """The first sentence of the family's docstring."""
        text = " ".join((inspect.getdoc(self.function) or "").split())
        return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]

    def __call__(
        self, clip: Tensor, strength: float, generator: torch.Generator, *, donor: Tensor | None = None,
        landmarks: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Forge a clip; the same generator state at another strength replays the same manipulation.

        Args:
            clip: (3, T, H, W), float32, in [-1, 1]; never written to.
            strength: in [0, 1]; 0 returns `clip` itself, 1 is the most that the family does.
            generator: on the CPU; advances by the same draws whatever the strength.
            donor: another clip of the same shape, for families that need one.
            landmarks: (P, T, 468, 2), x and y in px of the face mesh in each frame, for families that need them: of the
                clip (P = 1), and, where a donor is needed too, of the donor (P = 2).

        Returns:
            The forged clip (3, T, H, W), and the mask (T, H, W) in [0, 1] of where it may differ from `clip`: where
            the mask is 0 the two are equal bit for bit.
        """
        inputs = {"donor": donor, "landmarks": landmarks}
        self._check(clip, strength, generator, inputs)
        forged, mask = self.function(clip, float(strength), generator, **inputs)
        if forged.shape != clip.shape or mask.shape != clip.shape[1:]:
            shapes = f"clip {(*clip.shape,)} and mask {(*clip.shape[1:],)}"
            raise ValueError(f"{self.name} must return {shapes}; got {(*forged.shape,)} and {(*mask.shape,)}")
        if strength == 0:  # only now: the draws must have been made, whatever the strength
            return clip, torch.zeros_like(mask)
        parts = zip(mask, forged.unbind(1), clip.unbind(1), strict=True)  # a frame stays in a processor's cache
        return torch.stack([torch.where(m > 0, f.clamp(-1, 1), c) for m, f, c in parts], dim=1), mask

    def _check(self, clip: Tensor, strength: float, generator: torch.Generator, inputs: dict) -> None:
        checks.clip("clip", clip)
        checks.number("strength", strength, 0, 1)
        checks.generator(generator)
        for need in self.needs:
            if inputs[need] is None:
                raise ValueError(f"{self.name} needs {need}; got None")
        donor = inputs["donor"]
        if donor is not None:
            checks.clip("donor", donor)
            if donor.shape != clip.shape:
                raise ValueError(f"donor must have the clip's shape {(*clip.shape,)}; got {(*donor.shape,)}")
        landmarks = inputs["landmarks"]
        if "landmarks" in self.needs:
            self._check_landmarks(landmarks, clip.shape[1])
        else:
            checks.check(landmarks is None or isinstance(landmarks, Tensor), "landmarks must be a tensor", landmarks)

    def _check_landmarks(self, landmarks: Tensor, frames: int) -> None:
        faces = 1 + ("donor" in self.needs)
        checks.tensor("landmarks", landmarks, f"{faces} {frames} {POINTS} 2", torch.float32)
        checks.finite("landmarks", landmarks)


def forgery(name: str, *, scope: str, needs: tuple[str, ...] = ()) -> Callable[[Callable], Forgery]:
    """Register a function as a forgery family: decorate it, import its file, and it is in every list.

    Args:
        name: unique among all families.
        scope: one of `SCOPES`.
        needs: inputs without which it cannot work, out of "donor" and "landmarks"; what a family does not use of these
            two it swallows by `**_`.

    Example:
        >>> @forgery("dimmed", scope="whole")
        ... def dimmed(clip, strength, generator, **_):
        ...     "The clip is darkened. Strength 1 leaves black."
        ...     return torch.lerp(clip, -torch.ones_like(clip), strength), torch.ones_like(clip[0])
        >>> get("dimmed").doc
        'The clip is darkened.'
        >>> del _REGISTER["dimmed"]
    """
    checks.check(isinstance(name, str) and name != "", "a forgery's name must be a text", name)
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {SCOPES}; got {scope!r}")
    if not isinstance(needs, tuple | list) or not set(needs) <= set(NEEDS):
        raise ValueError(f"needs must be a tuple out of {NEEDS}; got {needs!r}")

    def register(function: Callable) -> Forgery:
        known = _REGISTER.get(name)
        if known and _file(known.function) != _file(function):  # the same file may be run again, as in a notebook
            raise ValueError(f"a forgery's name must be unique; got {name!r} a second time")
        _REGISTER[name] = Forgery(name, scope, tuple(needs), function)
        return _REGISTER[name]

    return register


def _file(function: Callable) -> str:
    return function.__code__.co_filename


def families(scope: str | None = None) -> dict[str, Forgery]:
    """All registered families by name, or those of one scope; in the order of the scopes, then by name."""
    if scope not in (None, *SCOPES):
        raise ValueError(f"scope must be None or one of {SCOPES}; got {scope!r}")
    ordered = sorted(_REGISTER.values(), key=lambda family: (SCOPES.index(family.scope), family.name))
    return {family.name: family for family in ordered if scope in (None, family.scope)}


def get(name: str) -> Forgery:
    """The family of that name; an unknown one is refused with the names that look like it."""
    if name not in _REGISTER:
        close = difflib.get_close_matches(str(name), _REGISTER, n=3) or list(families())
        raise ValueError(f"a forgery's name must be registered, such as {', '.join(close)}; got {name!r}")
    return _REGISTER[name]


def forge(
    name: str, clip: Tensor, strength: float, seed: int, *, donor: Tensor | None = None, landmarks: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Forge a clip by a family's name and the seed of its draws; for the rest see `Forgery.__call__`.

    Example:
        >>> forged, mask = forge("inversion", torch.full((3, 4, 16, 16), 0.5), 1.0, seed=0)
        >>> forged.unique().item(), mask.mean().item()
        (-0.5, 1.0)
    """
    checks.whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    return get(name)(clip, strength, generator, donor=donor, landmarks=landmarks)


def forge_batch(
    name: str, clips: Tensor, strength: float, seeds: list[int], *, donors: Tensor | None = None,
    landmarks: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Forge a batch, each clip by a seed of its own, as `forge` does one by one, on the device of the clips.

    Args:
        name: of the family.
        clips: (B, 3, T, H, W), and `donors` alike.
        strength: of all.
        seeds: B of them.
        landmarks: (B, P, T, 468, 2).

    Returns:
        Forged clips (B, 3, T, H, W) and masks (B, T, H, W).
    """
    checks.tensor("clips", clips, "B 3 T H W", torch.float32)
    checks.of_kind("seeds", seeds, list | tuple, "a list")
    if len(seeds) != len(clips):
        raise ValueError(f"seeds must be as many as clips, {len(clips)}; got {len(seeds)}")
    pick = lambda batch, i: None if batch is None else batch[i]  # noqa: E731
    made = [
        forge(name, clip, strength, seed, donor=pick(donors, i), landmarks=pick(landmarks, i))
        for i, (clip, seed) in enumerate(zip(clips, seeds, strict=True))
    ]
    return torch.stack([clip for clip, _ in made]), torch.stack([mask for _, mask in made])


def load_file(path: str | Path) -> list[str]:
    """Import a file of a user's own; the families that it registers are from then on in every list.

    Args:
        path: a .py file.

    Returns:
        The names of the families it holds.

    Raises:
        ValueError: no such file, or one that does not import, with the reason.
    """
    checks.path("a file of families", path)
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"a file of families must exist; got {path}")
    try:
        runpy.run_path(str(path))
    except Exception as error:
        raise ValueError(f"{path} must import; got {type(error).__name__}: {error}") from error
    return sorted(name for name, family in _REGISTER.items() if _file(family.function) == str(path))
