"""What a network computes: its matrix products and convolutions, counted, and timed one by one."""

from collections import Counter
from collections.abc import Callable

import torch
from harness import interleaved
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "convolution", "_scaled_dot_product")
# bf16 without sparsity, of the vendor's data sheets; floating-point operations a second
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
# fused attention on a processor, which torch's counter does not know
ON_A_PROCESSOR = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: lambda *args, **_: sdpa_flop_count(*args[:3]),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: lambda *args, **_: sdpa_backward_flop_count(
        *args[:4]
    ),
}


class _Recorder(TorchDispatchMode):
    """Notes each product and the shapes that it is given."""

    def __init__(self):
        super().__init__()
        self.seen: Counter = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func._schema.name.removeprefix("aten::").startswith(PRODUCTS):
            plain = tuple(("tensor", tuple(a.shape)) if isinstance(a, torch.Tensor) else _frozen(a) for a in args)
            self.seen[func, plain] += 1
        return func(*args, **(kwargs or {}))


def _frozen(value):
    return tuple(value) if isinstance(value, list) else value


def products(do: Callable[[], object]) -> Counter:
    """The matrix products, convolutions and attentions of a computation: how often each, by operation and shapes."""
    with torch.no_grad(), _Recorder() as recorder:
        do()
    return recorder.seen


def bound_s(seen: Counter, rounds: int = 3) -> float:
    """The sum of their times, each measured alone on this machine."""
    total = 0.0
    for (func, plain), times in seen.items():
        given = [torch.randn(a[1]) if isinstance(a, tuple) and a[:1] == ("tensor",) else a for a in plain]
        with torch.inference_mode():
            total += interleaved({"it": lambda func=func, given=given: func(*given)}, rounds)["it"].wall * times
    return total


def model_flops(do: Callable[[], object]) -> int:
    """Floating-point operations of the products of a computation, two a multiplication and addition.

    The numerator of model FLOPs utilisation (Chowdhery et al. 2022, "PaLM", appendix B): what the model asks for,
    recomputation left out.
    """
    with FlopCounterMode(display=False, custom_mapping=ON_A_PROCESSOR) as counter:
        do()
    return counter.get_total_flops()


def peak_flops(device: str) -> float | None:
    """The peak of a GPU by its name; None for one that is not in `PEAKS`."""
    return next((peak for name, peak in PEAKS.items() if name in device), None)
