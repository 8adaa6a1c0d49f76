import math

import torch
import torch.nn.functional as F

from tad.forgery.blob import moving_blob
from tad.forgery.draws import uniform
from tad.forgery.registry import forgery

CENTRE = (0.12, 0.6)  # of the band, relative to Nyquist
OCTAVES = 1.0  # width of the band at half of its height
MARGIN_PX = 16  # mirrored around the frame, whose opposite sides the Fourier transform would join


@forgery("band_attenuated", scope="frequency")
def band_attenuated(clip, strength, generator, **_):
    """A band of spatial frequencies, the same in all directions, is weakened in a region.

    The spectra of generated images fall off or dip where natural ones do not: Durall, Keuper and Keuper, "Watch your
    Up-Convolution", CVPR 2020; Frank et al., "Leveraging Frequency Analysis for Deep Fake Image Recognition", ICML
    2020. The middle of the band is drawn between 0.12 and 0.6 of Nyquist, evenly in octaves; it is one octave wide at
    half of its height. How much is seen of it depends on what the footage has there: little, for fine bands.

    Strength 0: nothing. 0.5: amplitudes in the middle of the band are halved. 1: they are gone.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    centre = uniform(*(math.log2(limit) for limit in CENTRE), (), generator, clip.device)  # in octaves
    top, left = (min(MARGIN_PX, side - 1) for side in clip.shape[-2:])
    wide = F.pad(clip, (left, left, top, top), mode="reflect")
    rows = torch.fft.fftfreq(wide.shape[-2], 0.5, device=clip.device)[:, None]  # 1 is Nyquist
    columns = torch.fft.rfftfreq(wide.shape[-1], 0.5, device=clip.device)
    distance = torch.hypot(rows, columns).log2() - centre
    ring = torch.exp2(-(2 * distance / OCTAVES).square())
    band = torch.fft.irfft2(torch.fft.rfft2(wide) * ring, s=wide.shape[-2:])
    return clip - strength * mask * band[..., top : top + clip.shape[-2], left : left + clip.shape[-1]], mask
