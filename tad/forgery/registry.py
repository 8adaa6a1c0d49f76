"""The register of forgeries, and the contract that is checked each time one of them is called."""

import difflib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

SCOPES, NEEDS = ("whole", "local"), ("donor", "landmarks")

_REGISTER: dict[str, "Forgery"] = {}


@dataclass(frozen=True)
class Forgery:
    """A registered manipulation of a clip, with a continuous strength and the mask of what it changes."""

    name: str  # in tables, figures and commands
    scope: str  # "whole" changes the clip or entire frames of it, "local" a region
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
            landmarks: face landmarks of each frame, for families that need them.

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
        return torch.where(mask > 0, forged.clamp(-1, 1), clip), mask

    def _check(self, clip: Tensor, strength: float, generator: torch.Generator, inputs: dict) -> None:
        check_clip("clip", clip)
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must lie in [0, 1]; got {strength}")
        if not isinstance(generator, torch.Generator) or generator.device.type != "cpu":
            raise ValueError(f"generator must be a torch.Generator on the CPU; got {generator!r}")
        for need in self.needs:
            if inputs[need] is None:
                raise ValueError(f"{self.name} needs {need}; got None")
        donor = inputs["donor"]
        if donor is not None:
            check_clip("donor", donor)
            if donor.shape != clip.shape:
                raise ValueError(f"donor must have the clip's shape {(*clip.shape,)}; got {(*donor.shape,)}")


def check_clip(name: str, clip: Tensor) -> None:
    """Refuse what is not a clip: float32 (3, T, H, W), finite, in [-1, 1]."""
    if clip.dtype != torch.float32 or clip.ndim != 4 or clip.shape[0] != 3 or clip.numel() == 0:
        raise ValueError(f"{name} must be float32 (3, T, H, W); got {clip.dtype} {(*clip.shape,)}")
    low, high = (bound.item() for bound in clip.aminmax())
    if not (-1 <= low and high <= 1):  # written so that NaN fails too
        raise ValueError(f"{name} must be finite and lie in [-1, 1]; got values from {low} to {high}")


def forgery(name: str, *, scope: str, needs: tuple[str, ...] = ()) -> Callable[[Callable], Forgery]:
    """Register a function as a forgery family: decorate it, import its file, and it is in every list.

    Args:
        name: unique among all families.
        scope: "whole" or "local".
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
    if name in _REGISTER:
        raise ValueError(f"a forgery's name must be unique; got {name!r} a second time")
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {SCOPES}; got {scope!r}")
    if isinstance(needs, str) or not set(needs) <= set(NEEDS):
        raise ValueError(f"needs must be a tuple out of {NEEDS}; got {needs!r}")

    def register(function: Callable) -> Forgery:
        _REGISTER[name] = Forgery(name, scope, tuple(needs), function)
        return _REGISTER[name]

    return register


def families(scope: str | None = None) -> dict[str, Forgery]:
    """All registered families by name, or those of one scope; whole-clip ones first, then by name."""
    if scope not in (None, *SCOPES):
        raise ValueError(f"scope must be None or one of {SCOPES}; got {scope!r}")
    ordered = sorted(_REGISTER.values(), key=lambda family: (SCOPES.index(family.scope), family.name))
    return {family.name: family for family in ordered if scope in (None, family.scope)}


def get(name: str) -> Forgery:
    """The family of that name; an unknown one is refused with the names that look like it."""
    if name not in _REGISTER:
        close = difflib.get_close_matches(name, _REGISTER, n=3) or list(families())
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
    generator = torch.Generator().manual_seed(seed)
    return get(name)(clip, strength, generator, donor=donor, landmarks=landmarks)
