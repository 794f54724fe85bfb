"""transformers' Trainer, which here also splits what does not fit into memory, stops at what is not finite, and keeps
checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import Trainer

from humpback.core.errors import HumpbackError
from humpback.core.text import one_line
from humpback.core.work import Work
from humpback.stages.checkpoint import Checkpoints

EXAMPLES = "examples"
"""Beside the tensors of a micro-batch: the names of its examples."""


class NotFinite(HumpbackError, FloatingPointError):
    """A loss or gradient is infinite or no number. The message names the examples."""


class ExampleTooLarge(HumpbackError, RuntimeError):
    """Memory does not hold a single example."""


class CarefulTrainer(Trainer):
    """A Trainer whose batches name their examples."""

    def __init__(self, *, work: Work, checkpoints: Checkpoints, **rest: Any) -> None:
        self._work, self._checkpoints = work, checkpoints
        self._most: int | None = None
        """Rows at once, since memory did not hold a micro-batch."""
        self._share = 1.0
        """Of the micro-batch's target tokens, those of the rows at hand."""
        self._update, self._of_update = -1, []  # type: int, list[dict[str, Any]]
        """Updates so far, and the micro-batches of the one under way."""
        self._reported = 0.0
        """Loss of those that the Trainer was told."""
        super().__init__(callbacks=[*rest.pop("callbacks"), checkpoints], **rest)
        checkpoints.trainer = self

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Loss of a micro-batch, its gradients added. Where memory does not hold it, the whole update is done again by
        half as many rows at once: a backward pass that broke off has left some gradients and others not."""
        if self._update != self.state.global_step:
            self._update, self._of_update, self._reported = self.state.global_step, [], 0.0
        self._of_update.append(inputs)
        loss = self._unless_too_large(model, [inputs], num_items_in_batch)
        while loss is None:
            self._halve(max(len(one["labels"]) for one in self._of_update))
            model.zero_grad()
            total = self._unless_too_large(model, self._of_update, num_items_in_batch)
            loss = None if total is None else total - self._reported
        self._reported += float(loss)
        return loss

    def _unless_too_large(
        self, model: torch.nn.Module, batches: list[dict[str, Any]], targets: Any
    ) -> torch.Tensor | None:
        """Their loss; None where memory runs out and there is something to split."""
        try:
            return sum(
                (self._by_pieces(model, one, targets) for one in batches[1:]),
                self._by_pieces(model, batches[0], targets),
            )
        except torch.OutOfMemoryError as error:
            if self._most == 1 or max(len(one["labels"]) for one in self._of_update) == 1:
                longest = max(one["labels"].shape[1] for one in self._of_update)
                raise ExampleTooLarge(
                    f"update {self.state.global_step + 1:,}: memory does not hold one example of {longest:,} tokens "
                    f"({one_line(str(error), 160)}); a GPU with more memory would, or shorter examples"
                ) from error
        return None

    def _halve(self, rows: int) -> None:
        torch.cuda.empty_cache()
        self._most = max(1, min(rows, self._most or rows) // 2)
        update = self.state.global_step + 1
        self._work.log.metrics(update, micro_batch=self._most)
        self._work.log.note(f"out of memory at update {update:,}: {self._most} examples at once from there on")

    def _by_pieces(self, model: torch.nn.Module, inputs: Mapping[str, Any], targets: Any) -> torch.Tensor:
        rows = len(inputs["labels"])
        most = min(self._most or rows, rows)
        losses = []
        for start in range(0, rows, most):
            piece = {name: all_rows[start : start + most] for name, all_rows in inputs.items()}
            self._share = float(_targets(piece) / _targets(inputs)) if most < rows else 1.0
            named = piece.pop(EXAMPLES)
            loss = super().training_step(model, dict(piece), targets)
            if not bool(torch.isfinite(loss)):
                raise self._not_finite("loss", float(loss), self._guilty(model, piece, named))
            losses.append(loss)
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum()

    def compute_loss(self, model: torch.nn.Module, inputs: Any, *rest: Any, **named: Any) -> Any:
        """The Trainer's; a model that takes no count of targets gives a mean, of which pieces have their share."""
        loss = super().compute_loss(model, inputs, *rest, **named)
        return loss if self._share == 1.0 or self.model_accepts_loss_kwargs else loss * self._share

    def _guilty(self, model: torch.nn.Module, piece: dict[str, torch.Tensor], named: list[str]) -> list[str]:
        """Those of the examples whose loss is not finite by themselves; all, where none is."""
        found = []
        with torch.no_grad():
            for at, name in enumerate(named):
                alone = self._prepare_inputs({key: rows[at : at + 1] for key, rows in piece.items()})
                if not bool(torch.isfinite(super().compute_loss(model, alone))):
                    found.append(name)
        return found or named

    def _clip_grad_norm(self, model: torch.nn.Module) -> Any:
        norm = super()._clip_grad_norm(model)
        if not bool(torch.isfinite(torch.as_tensor(norm))):
            named = [name for one in self._of_update for name in one[EXAMPLES]]
            raise self._not_finite("norm of the gradient", float(norm), named)
        return norm

    def _not_finite(self, what: str, value: float, named: list[str]) -> NotFinite:
        some = ", ".join(named[:12]) + (f" and {len(named) - 12:,} more" if len(named) > 12 else "")
        at = f"update {self.state.global_step + 1:,}"
        return NotFinite(f"{at}: the {what} is {value} at {some}; look at these examples, or lower the learning rate")

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        self._checkpoints.save(lambda: super(CarefulTrainer, self)._save_checkpoint(model, trial))

    def between_logs(self) -> dict[str, Any]:
        """What the Trainer itself does not keep of where it is, for `go_on`."""
        return {"loss": self._tr_loss.item(), "logged": self._globalstep_last_logged, "rows": self._most}

    def go_on(self, **held: Any) -> None:
        """Be where `between_logs` was asked."""
        self._tr_loss = torch.tensor(held["loss"], device=self.args.device)
        self._globalstep_last_logged, self._most = held["logged"], held["rows"]


def _targets(inputs: Mapping[str, Any]) -> Any:
    return inputs["labels"][:, 1:].ne(-100).sum()
