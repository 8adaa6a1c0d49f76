import torch

from tad.forgery.registry import forgery


@forgery("dropped_frames", scope="temporal")
def dropped_frames(clip, strength, generator, **_):
    """Frames are lost, and in the place of each the one before is shown once more.

    Every second frame, counted from the mid frame both ways, may be lost, the first frame never. The order is random:
    those lost at one strength stay so at any higher one.

    Strength 0: nothing. Just above: one frame. 0.5: half of these are lost, a quarter of all frames. 1: all of them,
    the mid frame too.
    """
    frames = clip.shape[1]
    candidates = torch.arange(frames // 2 % 2, frames, 2)
    candidates = candidates[candidates > 0]
    order = torch.randperm(len(candidates), generator=generator)
    lost = torch.zeros(frames, dtype=torch.long)
    lost[candidates[order[: max(1, round(strength * len(candidates)))]]] = 1
    lost = lost.to(clip.device)
    mask = lost.to(clip)[:, None, None].expand(clip.shape[1:])
    return clip[:, torch.arange(frames, device=clip.device) - lost], mask.contiguous()
