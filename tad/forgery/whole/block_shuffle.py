import torch
from einops import rearrange, repeat

from tad.forgery.draws import nested_swaps
from tad.forgery.registry import forgery

BLOCKS = 7  # along the short side: 16 px of 112, 32 px of 224


@forgery("block_shuffle", scope="whole")
def block_shuffle(clip, strength, generator, **_):
    """Square blocks of each frame change places, differently in every frame.

    A block is 1/7 of the short side; what the blocks do not fill at the right and bottom edge stays. Blocks swap in
    pairs, so those moved at one strength are among those moved at any higher one. Nothing of a frame can be foretold
    from its neighbours, which is why each frame has a permutation of its own.

    Strength 0: nothing. 0.5: half of the blocks have moved. 1: all of them.
    """
    frames, height, width = clip.shape[1:]
    side = max(1, min(height, width) // BLOCKS)
    rows, columns = height // side, width // side
    swaps = [nested_swaps(rows * columns, generator) for _ in range(frames)]
    source, turn = (torch.stack(part).to(clip.device) for part in zip(*swaps, strict=True))  # (T, N)

    moved = turn < strength
    source = torch.where(moved, source, torch.arange(rows * columns, device=clip.device))
    inner = clip[:, :, : rows * side, : columns * side]
    blocks = rearrange(inner, "c t (r p) (q s) -> t (r q) (c p s)", p=side, s=side)
    blocks = blocks.gather(1, source[..., None].expand_as(blocks))

    inner = rearrange(blocks, "t (r q) (c p s) -> c t (r p) (q s)", r=rows, p=side, s=side)
    moved = repeat(moved.to(clip), "t (r q) -> t (r p) (q s)", r=rows, p=side, s=side)
    forged, mask = clip.clone(), torch.zeros_like(clip[0])
    forged[:, :, : rows * side, : columns * side] = inner
    mask[:, : rows * side, : columns * side] = moved
    return forged, mask
