"""What a network makes of a clip, made once for all who ask: detectors that look through it share its passes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor, nn

Features = dict[str, Tensor]

_made: ContextVar[dict | None] = ContextVar("made", default=None)  # by thread: clips are scored a core each


@contextmanager
def features_once() -> Iterator[None]:
    """Within this context, and in this thread, keep what networks make of clips and give it to whoever asks again.

    Clips must stay as they are for as long as it lasts; what is given must not be changed.

    Example:
        >>> import torch
        >>> from tad.model import create_model
        >>> network, clip = create_model("tiny", depth=1), torch.zeros(1, 3, 16, 112, 112)
        >>> with features_once():
        ...     network.features(clip) is network.features(clip[0][None])
        True
    """
    token = _made.set({})
    try:
        yield
    finally:
        _made.reset(token)


def kept(network: nn.Module, video: Tensor, make: Callable[[], Features]) -> Features | None:
    """The features of a clip, kept or made now; None where nobody keeps any.

    The same clip is the same place in memory, seen alike. Network and clip are kept too, so that no other takes their
    place.
    """
    made = _made.get()
    if made is None:
        return None
    key = (id(network), video.data_ptr(), video.shape, video.stride())
    if key not in made:
        made[key] = network, video, make()
    return made[key][-1]
