import torch
import torch.nn.functional as F

from tad.forgery.blob import moving_blob
from tad.forgery.draws import uniform
from tad.forgery.registry import forgery

REACH = 0.7  # in the last frame: 0.35 of the range of values
LATEST = 0.3  # start of the drift, as a share of the clip: by the mid frame, a fifth of the way is done


@forgery("colour_drift", scope="temporal")
def colour_drift(clip, strength, generator, **_):
    """The colour of a region drifts away slowly: right at first, it ends far off.

    The trace of methods that carry one frame's result on to the next and let errors add up. The drift starts within the
    first 30 % of the clip, gathers speed, and comes to rest in the last frame. It goes along a random direction in RGB.

    Strength 0: nothing. 0.5: by up to 0.35, that is 0.175 of the range of values. 1: by up to 0.7.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    colour = F.normalize(torch.randn(3, generator=generator), dim=0).to(clip.device)[:, None, None, None]
    start = uniform(0, LATEST, (), generator, clip.device)
    time = torch.linspace(0, 1, clip.shape[1], device=clip.device)[:, None, None]
    done = ((time - start) / (1 - start)).clamp(0, 1)
    done = done.square() * (3 - 2 * done)
    return clip + strength * REACH * colour * done * mask, mask * (done > 0)
