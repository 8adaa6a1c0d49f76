"""Presets: a row of numbers for each size of the network."""

from dataclasses import asdict, dataclass, fields, replace


@dataclass(frozen=True)
class ModelConfig:
    """Every number that decides the shape of an `EnhancedTimeSformer`; the defaults are the model card's.

    What the card states (16 frames of 224 x 224, 12 layers, 12 heads) is taken from it; what it leaves open
    (patch, tubelet, width) follows TimeSformer (Bertasius et al. 2021) and ViViT (Arnab et al. 2021).
    """

    frames: int = 16  # T, frames of a clip
    size: int = 224  # height and width of a frame, px
    patch: int = 16  # side of a token's square, px; a multiple of 4, since the stem halves twice
    tubelet: int = 2  # frames of a token
    width: int = 768  # D, numbers of a token
    depth: int = 12  # layers of divided attention
    heads: int = 12  # heads of each attention
    mlp_ratio: float = 4.0  # width of the MLP over the width of a token
    stem_width: int = 64  # channels of the factorised convolutions
    flow_width: int = 32  # channels of the optical-flow estimator and encoder

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise ValueError(f"{field.name} must be a positive number; got {value!r}")
            if field.type in (int, "int") and not isinstance(value, int):
                raise ValueError(f"{field.name} must be an integer; got {value!r}")
        if self.frames < 3:
            raise ValueError(f"frames must be at least 3; got {self.frames}")
        if self.patch % 4:
            raise ValueError(f"patch must be a multiple of 4; got {self.patch}")
        _divides("frames", self.frames, "tubelet", self.tubelet)
        _divides("size", self.size, "patch", self.patch)
        _divides("width", self.width, "heads", self.heads)

    def to_dict(self) -> dict:
        """The configuration as plain numbers, as it is stored in a checkpoint."""
        return asdict(self)


def _divides(whole_name: str, whole: int, part_name: str, part: int):
    if whole % part:
        raise ValueError(f"{whole_name} must be a multiple of {part_name}; got {whole} and {part}")


PRESETS = {
    # the card; width, patch and tubelet as ViT-B (Dosovitskiy et al. 2021)
    "base": ModelConfig(),
    # a single GPU; width and heads as ViT-S (Touvron et al. 2021)
    "small": ModelConfig(size=160, width=384, depth=8, heads=6, stem_width=48, flow_width=32),
    # a laptop's processor
    "tiny": ModelConfig(size=112, width=192, depth=4, heads=3, stem_width=32, flow_width=16),
}


def resolve_config(preset: str = "base", **overrides) -> ModelConfig:
    """Return a preset with some of its fields replaced.

    Args:
        preset: a name in `PRESETS`.
        **overrides: fields of `ModelConfig` by name.

    Raises:
        ValueError: the preset or a field is unknown, or the numbers do not fit each other.

    Example:
        >>> resolve_config("tiny", depth=2).depth
        2
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    unknown = sorted(set(overrides) - {field.name for field in fields(ModelConfig)})
    if unknown:
        known = ", ".join(field.name for field in fields(ModelConfig))
        raise ValueError(f"a configuration has the fields {known}; got {', '.join(unknown)}")
    return replace(PRESETS[preset], **overrides)
