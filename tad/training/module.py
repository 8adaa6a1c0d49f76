"""The Lightning module: one step of one-class learning."""

import lightning as L
import torch
from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.training.objectives import charbonnier, flow_losses, frame_error, neighbour_errors
from tad.training.recipes import Recipe


class Reconstruction(L.LightningModule):
    """Learns to give back the mid frame, to see motion, and to predict it; all from real clips alone."""

    def __init__(self, model: EnhancedTimeSformer, recipe: Recipe, total_steps: int):
        super().__init__()
        self.model, self.recipe, self.total_steps = model, recipe, total_steps

    def losses(self, video: Tensor) -> dict[str, Tensor]:
        """Return the loss and its parts, scalars.

        Args:
            video: (B, 3, T, H, W) in [-1, 1].
        """
        r, mid = self.recipe, video.shape[2] // 2
        seen = self.model.features(video)
        photometric, smoothness = flow_losses(video, [seen["flow_coarse"], seen["flow"]])
        # the head learns the estimator's flow, which answers to the photometric loss alone
        flow_error = charbonnier(seen["flow_pred"] - seen["flow"][:, :, mid].detach()).mean()
        frame_mse = frame_error(seen["frame_pred"], video[:, :, mid]).mean()
        loss = frame_mse + r.photometric * photometric + r.smoothness * smoothness + r.flow * flow_error
        return {
            "loss": loss, "frame_mse": frame_mse, "photometric": photometric,
            "smoothness": smoothness, "flow_error_px": flow_error,
        }  # fmt: skip

    def training_step(self, video: Tensor, _: int) -> Tensor:
        parts = self.losses(video)
        self.log_dict({f"train_{name}": value.detach() for name, value in parts.items()}, on_step=False, on_epoch=True)
        self.log("learning_rate", self.optimizers().param_groups[0]["lr"], on_step=False, on_epoch=True)
        return parts["loss"]

    def validation_step(self, video: Tensor, _: int):
        parts = self.losses(video)
        copies = {f"{name}_mse": value.mean() for name, value in neighbour_errors(video).items()}
        self.log_dict({f"val_{name}": value for name, value in {**parts, **copies}.items()}, batch_size=len(video))

    def configure_optimizers(self):
        """AdamW; the rate rises linearly, then falls as a cosine; no decay on biases, norms and positions."""
        r = self.recipe
        decayed = [p for p in self.parameters() if p.ndim > 1]
        others = [p for p in self.parameters() if p.ndim <= 1]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": r.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=r.learning_rate,
            betas=(0.9, 0.95),
        )
        warmup = max(1, round(r.warmup * self.total_steps))
        rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, max(1, self.total_steps - warmup), eta_min=r.learning_rate * 0.01
        )
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
