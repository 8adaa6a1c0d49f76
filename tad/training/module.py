"""The Lightning module: one step of one-class learning."""

import lightning as L
import torch
from torch import Tensor

from tad import checks
from tad.model import EnhancedTimeSformer
from tad.training.objectives import charbonnier, flow_losses, frame_error, hide_mid_frame, neighbour_errors
from tad.training.recipes import Recipe


class TrainingStopped(RuntimeError):
    """A training that cannot go on; the message says why and what to do."""


class Reconstruction(L.LightningModule):
    """Learns to give back the mid frame, to see motion, and to predict it; all from real clips alone.

    A batch is what `tad.data.sample` makes of an item: clips of weight 0 count for nothing. The loss is the mean over
    the clips of all processes, so that processes with few clips each learn what one process learns with many.
    """

    def __init__(self, model: EnhancedTimeSformer, recipe: Recipe):
        """Take what it is made of.

        Args:
            model: the network to train.
            recipe: the numbers that the weights depend on.
        """
        super().__init__()
        checks.of_kind("model", model, EnhancedTimeSformer, "an EnhancedTimeSformer")
        checks.of_kind("recipe", recipe, Recipe, "a Recipe")
        self.model, self.recipe = model, recipe
        # by name: a strategy that shards the weights flattens them
        self.decayed = {name for name, p in self.named_parameters() if p.ndim > 1}
        self.parts: dict[str, float] = {}  # of the last step, of this process's clips
        self.sums: dict[str, Tensor] = {}  # of the validation under way

    def losses(self, video: Tensor, step: int = 0) -> dict[str, Tensor]:
        """Return the loss and its parts, each (B,).

        Args:
            video: (B, 3, T, H, W) in [-1, 1].
            step: says which of the clips have their mid frame hidden, where the recipe hides it in a share of them.
        """
        checks.tensor("video", video, "B 3 T H W")
        r, mid = self.recipe, video.shape[2] // 2
        shown = hide_mid_frame(video, hidden_clips(len(video), step, r.hidden).to(video.device))
        seen = self.model.features(shown)
        photometric, smoothness = flow_losses(shown, [seen["flow_coarse"], seen["flow"]])
        # the head learns the estimator's flow, which answers to the photometric loss alone
        flow_error = charbonnier(seen["flow_pred"] - seen["flow"][:, :, mid].detach()).mean(dim=(1, 2, 3))
        frame_mse = frame_error(seen["frame_pred"], video[:, :, mid])
        loss = frame_mse + r.photometric * photometric + r.smoothness * smoothness + r.flow * flow_error
        return {
            "loss": loss, "frame_mse": frame_mse, "photometric": photometric,
            "smoothness": smoothness, "flow_error_px": flow_error,
        }  # fmt: skip

    def training_step(self, batch: dict, _: int) -> Tensor:
        parts, weight = self.losses(batch["clip"], self.trainer.global_step), batch["weight"]
        # gradients are averaged over processes: times their number, over the clips of all of them
        everywhere = self.trainer.strategy.reduce(weight.sum(), reduce_op="sum").clamp(min=1)
        loss = (parts["loss"] * weight).sum() * self.trainer.world_size / everywhere
        if not torch.isfinite(loss):
            raise TrainingStopped(self._diverged("loss", loss, batch["video"]))
        self.videos = batch["video"]
        here = weight.sum().clamp(min=1)
        self.parts = {name: ((value.detach() * weight).sum() / here).item() for name, value in parts.items()}
        return loss

    def on_before_optimizer_step(self, _):
        """Measure the gradients, before they are clipped and before they can spoil the weights."""
        norm = torch.nn.utils.get_total_norm([p.grad for p in self.parameters() if p.grad is not None])
        if not torch.isfinite(norm) and self.trainer.precision != "16-mixed":  # which skips such steps by itself
            raise TrainingStopped(self._diverged("length of the gradient", norm, self.videos))
        self.parts["grad_norm"] = norm.item()

    def _diverged(self, what: str, value: Tensor, videos: list[str]) -> str:
        last = self.trainer.default_root_dir
        return (
            f"the {what} must stay finite; got {value.item()} at step {self.trainer.global_step}, "
            f"epoch {self.trainer.current_epoch}, with the videos {', '.join(videos)}; the last good checkpoint is in "
            f"{last}: go on from it with a lower --learning-rate, or take the videos out"
        )

    def validation_step(self, batch: dict, _: int):
        values = self.losses(batch["clip"])
        values |= {f"{name}_mse": value for name, value in neighbour_errors(batch["clip"]).items()}
        values["clips"] = torch.ones_like(batch["weight"])
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0) + (value * batch["weight"]).sum()

    def on_validation_epoch_end(self):
        """Means over the clips of all processes."""
        sums = {name: self.trainer.strategy.reduce(value, reduce_op="sum") for name, value in self.sums.items()}
        self.sums, clips = {}, sums.pop("clips")
        self.log_dict({f"val_{name}": value / clips for name, value in sums.items()})

    def configure_optimizers(self):
        """AdamW; the rate rises linearly, then falls as a cosine; no decay on biases, norms and positions."""
        r, groups = self.recipe, {True: [], False: []}
        for name, parameter in self.named_parameters():
            groups[name.replace("_fsdp_wrapped_module.", "") in self.decayed].append(parameter)
        optimizer = torch.optim.AdamW(
            [{"params": groups[True], "weight_decay": r.weight_decay}, {"params": groups[False], "weight_decay": 0.0}],
            lr=r.learning_rate,
            betas=(0.9, 0.95),
        )
        steps = int(self.trainer.estimated_stepping_batches)
        warmup = max(1, round(r.warmup * steps))
        rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, max(1, steps - warmup), eta_min=r.learning_rate * 0.01
        )
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def hidden_clips(n: int, step: int, share: float) -> Tensor:
    """Which of a step's n clips have their mid frame hidden, (n,): evenly so many of all clips, and no draw is needed.

    Example:
        >>> hidden_clips(4, 0, 0.5).tolist(), hidden_clips(3, 1, 1.0).tolist(), hidden_clips(2, 5, 0.0).tolist()
        ([False, True, False, True], [True, True, True], [False, False])
    """
    counted = torch.arange(step * n, (step + 1) * n + 1, dtype=torch.float64)
    return (counted * share).floor().diff() > 0
