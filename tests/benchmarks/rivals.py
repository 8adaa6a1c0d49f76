"""Divided attention as others have written it, at the card's size: tokens in, tokens out."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tad.model.attention import DividedBlock

FRAMES, SIDE, WIDTH, HEADS = 8, 14, 768, 12


class Ours(nn.Module):
    """The transformer's blocks alone."""

    def __init__(self, depth: int):
        super().__init__()
        self.blocks = nn.Sequential(*(DividedBlock(WIDTH, HEADS, 4.0) for _ in range(depth)))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.blocks(tokens.unflatten(1, (FRAMES, SIDE * SIDE)))


class Transformers(nn.Module):
    """The encoder of `transformers`' TimesformerModel by the fastest attention it offers; it has one token more."""

    def __init__(self, depth: int):
        super().__init__()
        from transformers import TimesformerConfig, TimesformerModel

        config = TimesformerConfig(num_frames=FRAMES, hidden_size=WIDTH, num_hidden_layers=depth,
                                   num_attention_heads=HEADS, intermediate_size=4 * WIDTH)  # fmt: skip
        try:
            model = TimesformerModel._from_config(copy.deepcopy(config), attn_implementation="sdpa")
        except ValueError:  # so far it offers none but its own
            model = TimesformerModel._from_config(config, attn_implementation="eager")
        self.encoder = model.encoder
        self.register_buffer("extra", torch.randn(1, 1, WIDTH))

    def forward(self, tokens: Tensor) -> Tensor:
        # its order of tokens: place by place, the times of a place beside each other
        given = tokens.unflatten(1, (FRAMES, -1)).transpose(1, 2).flatten(1, 2)
        return self.encoder(torch.cat([self.extra.to(tokens).expand(len(tokens), -1, -1), given], 1))[0]


class TimesformerPytorch(nn.Module):
    """`timesformer-pytorch`, whole: its patches are cut and embedded too, half a per cent of its products."""

    def __init__(self, depth: int):
        super().__init__()
        from timesformer_pytorch import TimeSformer

        self.net = TimeSformer(dim=WIDTH, image_size=16 * SIDE, patch_size=16, num_frames=FRAMES, num_classes=WIDTH,
                               depth=depth, heads=HEADS, dim_head=WIDTH // HEADS)  # fmt: skip

    def forward(self, tokens: Tensor) -> Tensor:
        # as many numbers as a video of these tokens has: 3 x 16 x 16 = 768 of each patch
        return self.net(tokens.view(len(tokens), FRAMES, 3, 16 * SIDE, 16 * SIDE))


def all_of_them(depth: int) -> tuple[dict[str, nn.Module], list[str]]:
    """Every way that can be had here, by name, and the reasons for those that cannot."""
    kinds: dict[str, Callable[[int], nn.Module]] = {
        "ours": Ours, "transformers": Transformers, "timesformer-pytorch": TimesformerPytorch,
    }  # fmt: skip
    found, lacking = {}, []
    for name, kind in kinds.items():
        try:
            found[name] = kind(depth).eval()
        except ImportError as error:
            lacking.append(f"{name}: {error} (pip install -e '.[bench]')")
    return found, lacking


def tokens() -> Tensor:
    return torch.randn(1, FRAMES * SIDE * SIDE, WIDTH)
