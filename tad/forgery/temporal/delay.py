import torch

from tad.forgery.blob import moving_blob
from tad.forgery.registry import forgery

FRAMES = 4  # late at strength 1


@forgery("delay", scope="temporal")
def delay(clip, strength, generator, **_):
    """A region is shown late: it runs behind the rest of the picture.

    Delays between whole frames are blends of both neighbours. Until there is a frame as old as is asked for, the first
    one is held. Where motion turns back, or is so fast that blends come out blurred, a longer delay may lie a
    little nearer to the clip than a shorter one.

    Strength 0: nothing. 0.5: 2 frames late. 1: 4 frames late.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    mask[0] = 0  # nothing is older than the first frame
    time = (torch.arange(clip.shape[1], device=clip.device) - strength * FRAMES).clamp(min=0)
    before, after = clip[:, time.floor().long()], clip[:, time.ceil().long()]
    late = torch.lerp(before, after, time.frac()[:, None, None])
    return torch.lerp(clip, late, mask), mask
