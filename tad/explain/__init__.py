"""Why a clip got its score: attention read from the network, attributions by Captum."""

from tad.explain.attention import attention, attention_gradient, attention_of_mid_frame, random_twin
from tad.explain.attribution import integrated_gradients, per_token, share_inside

__all__ = [
    "attention", "attention_gradient", "attention_of_mid_frame", "integrated_gradients", "per_token", "random_twin",
    "share_inside",
]  # fmt: skip
