"""The network, read from leaf to root: stem, flow, attention, heads, network; presets; checkpoints."""

from tad.model.checkpoint import compare, inspect, load_model, read_facts, save_checkpoint
from tad.model.config import PRESETS, ModelConfig, resolve_config
from tad.model.flow import endpoint_error_px, warp
from tad.model.local_branch import LocalBranch, peak
from tad.model.network import EnhancedTimeSformer, create_model
from tad.model.once import features_once
from tad.model.token_branch import TokenBranch

__all__ = [
    "PRESETS", "EnhancedTimeSformer", "LocalBranch", "ModelConfig", "TokenBranch", "compare", "create_model",
    "endpoint_error_px", "features_once", "inspect", "load_model", "peak", "read_facts", "resolve_config",
    "save_checkpoint", "warp",
]  # fmt: skip
