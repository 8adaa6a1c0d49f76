"""What a detector offers, what detectors share, and the register of them."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, Self

import torch
from torch import Tensor

from tad import checks
from tad.data import centre_crop, resize_short_side, to_clip
from tad.model import EnhancedTimeSformer, features_once


class Detector(Protocol):
    """Gives each clip one score, higher = more likely fake; one that can say where adds `map(clips) -> (B, T, H, W)`.

    Whoever writes one derives it from `Base`, which has all but the score.
    """

    name: str
    trained_on: str  # "nothing", "reals only", "reals with self-made fakes" or "labelled fakes"
    view: int | None  # what `score` is given: the side of the network's square, px, or None for the whole frame
    fitted: bool  # whether it can score: what learns nothing always can

    def fit(self, clips: Iterable[Tensor]) -> Self:
        """Learn from real clips (3, T, H, W) as `look` shows them; what learns nothing does not touch them."""
        ...

    def score(self, clips: Tensor) -> Tensor:
        """Score clips (B, 3, T, H, W) in [-1, 1]: (B,), higher = more likely fake."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What was learned, by name."""
        ...

    def load(self, state: dict[str, Tensor]) -> Self:
        """Take up what another of its kind has learned."""
        ...


class Base:
    """What detectors share: learning from samples of real clips, and what was learned as tensors with names.

    One that learns names the tensors in `learns`, draws `samples` from a clip and makes the tensors of them in `learn`.
    """

    name, trained_on = "", "nothing"
    learns: tuple[str, ...] = ()
    per_clip = 1024  # samples of a clip, at most: no clip outweighs another by being large

    def __init__(self, model: EnhancedTimeSformer | None = None):
        if model is not None:
            side(model)
        self.view: int | None = None
        self.learned: dict[str, Tensor] = {}

    @property
    def fitted(self) -> bool:
        return set(self.learned) == set(self.learns)

    @torch.no_grad()
    def fit(self, clips: Iterable[Tensor]) -> Self:
        if self.learns:
            clips = checked_clips(clips)
            found = [evenly(self.samples(clip), self.per_clip) for clip in clips]
            if not found:
                raise ValueError(f"{self.name} is fitted on one real clip or more; got none")
            self.learned = self.learn(torch.cat(found))
        return self

    def samples(self, clip: Tensor) -> Tensor:
        """What is learned from: (N, F), of one clip."""
        raise NotImplementedError

    def learn(self, samples: Tensor) -> dict[str, Tensor]:
        """Make what `learns` names of the samples (N, F) of all clips."""
        raise NotImplementedError

    def score_clip(self, clip: Tensor) -> Tensor:
        """Score one clip (3, T, H, W): a number."""
        raise NotImplementedError

    @torch.no_grad()
    def score(self, clips: Tensor) -> Tensor:
        """Score clips (B, 3, T, H, W) in [-1, 1], one at a time: (B,), higher = more likely fake."""
        checks.tensor("clips", clips, "B 3 T H W")
        self.require_fitted()
        return torch.stack([self.score_clip(clip) for clip in clips])

    def require_fitted(self) -> None:
        if not self.fitted:
            lacking = ", ".join(sorted(set(self.learns) - set(self.learned)))
            raise ValueError(f"{self.name} must be fitted on real clips before it scores; got no {lacking}")

    def state(self) -> dict[str, Tensor]:
        return dict(self.learned)

    def load(self, state: dict[str, Tensor]) -> Self:
        if set(state) != set(self.learns):
            raise ValueError(f"{self.name} stores {sorted(self.learns)}; got {sorted(state)}")
        self.learned = dict(state)
        return self


def side(model: EnhancedTimeSformer) -> int:
    """The side of a network's square, px: the view of a detector that looks through it."""
    checks.check(hasattr(model, "config"), "model must be an EnhancedTimeSformer", model)
    return model.config.size


def check_detector(detector: Detector) -> None:
    """Refuse what cannot score."""
    good = callable(getattr(detector, "score", None)) and not isinstance(detector, type)
    checks.check(good, "detector must be a Detector", detector)


def checked_clips(clips: Iterable[Tensor]) -> Iterator[Tensor]:
    """Pass clips (3, T, H, W) on, one by one."""
    checks.of_kind("clips", clips, Iterable, "a list or the like of clips")
    for clip in clips:
        checks.tensor("a clip", clip, "3 T H W")
        yield clip


def evenly(samples: Tensor, most: int) -> Tensor:
    """Keep at most so many samples (N, F), evenly spread over them.

    Example:
        >>> evenly(torch.arange(9.0)[:, None], 3).flatten().tolist()
        [0.0, 4.0, 8.0]
    """
    if len(samples) <= most:
        return samples
    return samples[torch.linspace(0, len(samples) - 1, most, dtype=torch.float64).round().long()]


DETECTORS: dict[str, Callable[[EnhancedTimeSformer], Detector]] = {}  # score as soon as they are built
FITTED: dict[str, Callable[[EnhancedTimeSformer], Detector]] = {}  # for recipes that fit what they build


def register(detector: type) -> type:
    """Enter a detector, built from a network, under its name."""
    return _enter(DETECTORS, detector)


def register_fitted(detector: type) -> type:
    """Enter a detector among those for recipes that fit what they build."""
    return _enter(FITTED, detector)


def _enter(register: dict, detector: type) -> type:
    checks.check(isinstance(getattr(detector, "name", None), str), "a detector must be a class with a name", detector)
    known = (DETECTORS | FITTED).get(detector.name)
    if known and _file(known) != _file(detector):  # the same file may be run again, as in a notebook
        raise ValueError(f"a detector's name must be unique; got {detector.name!r} a second time")
    register[detector.name] = detector
    return detector


def _file(detector: type) -> str:
    own = (part for kind in detector.__mro__ for part in vars(kind).values() if inspect.isfunction(part))
    return next(own).__code__.co_filename


def build(name: str, model: EnhancedTimeSformer | None) -> Detector:
    """Build a registered detector on a network.

    Args:
        name: of a detector in the register.
        model: the network that it scores by; None for what needs none.

    Raises:
        ValueError: no detector of that name.
    """
    known = DETECTORS | FITTED
    checks.one_of("detector", name, known)
    return known[name](model)


def look(frames: Tensor, view: int | None) -> Tensor:
    """Show uint8 frames (T, 3, H, W) as a detector asks for them: (3, T, h, w) in [-1, 1], see `Detector.view`."""
    if view is not None:
        checks.whole("view", view, 1)
    return to_clip(frames if view is None else centre_crop(resize_short_side(frames, view), view))


@torch.inference_mode()
def score(detectors: list[Detector], frames: Tensor) -> dict[str, float]:
    """Score one clip by some detectors.

    One clip at a time: a batch would round otherwise, and a clip must have the same score whatever stands beside it.

    Args:
        detectors: built ones, fitted where they have to be.
        frames: uint8 (T, 3, H, W) of any size.

    Returns:
        The scores by the detectors' names.

    Raises:
        ValueError: what comes is no uint8 frames, or a detector was not fitted.
    """
    checks.of_kind("detectors", detectors, list | tuple, "a list of detectors")
    for detector in detectors:
        check_detector(detector)
    views = {view: look(frames, view)[None] for view in {d.view for d in detectors}}
    with features_once():  # most detectors that look through the network ask for the same pass
        return {d.name: d.score(views[d.view]).item() for d in detectors}
