"""transformers' Trainer, which here takes an update as micro-batches, splits what does not fit into memory, stops at
what is not finite, keeps checkpoints, and trains a model that several processes share out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from humpback.core.errors import HumpbackError
from humpback.core.text import one_line
from humpback.core.work import Work
from humpback.engines import processes
from humpback.stages.batches import EXAMPLES, IGNORED
from humpback.stages.checkpoint import Checkpoints
from humpback.stages.sharding import is_sharded, load_state, save_state

MICRO_BATCHES = "micro_batches"
"""What the Trainer is given as the one batch of an update holds them under this name."""
_SCHEDULER = "scheduler.pt"


class NotFinite(HumpbackError, FloatingPointError):
    """A loss or gradient is infinite or no number. The message names the examples."""


class ExampleTooLarge(HumpbackError, RuntimeError):
    """Memory does not hold a single example."""


class TooManyAtOnce(HumpbackError, RuntimeError):
    """Memory does not hold so many rows in one of several processes, whose update cannot be done again by one alone."""

    def __init__(self, message: str, rows: int) -> None:
        super().__init__(message, rows)
        self.message, self.rows = message, rows

    def __str__(self) -> str:
        return self.message


class CarefulTrainer(Trainer):
    """A Trainer whose batches are whole updates, and name their examples."""

    def __init__(self, *, work: Work, checkpoints: Checkpoints, **rest: Any) -> None:
        self._work, self._checkpoints = work, checkpoints
        self._most: int | None = None
        """Rows at once, since memory did not hold a micro-batch."""
        self._share = 1.0
        """Of the micro-batch's target tokens, those of the rows at hand."""
        self._of_update: list[dict[str, Any]] = []
        """Micro-batches of the update under way."""
        super().__init__(callbacks=[*rest.pop("callbacks"), checkpoints], **rest)
        if is_sharded(self.model):
            self.is_distributed_loading_by_transformers = True  # by us: it is wrapped in nothing more
        checkpoints.trainer = self

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        return super()._get_num_items_in_batch([one for batch in batch_samples for one in batch[MICRO_BATCHES]], device)

    def _move_model_to_device(self, model: torch.nn.Module, device: torch.device) -> None:
        if not is_sharded(model):  # whose parts are where they belong
            super()._move_model_to_device(model, device)

    def floating_point_ops(self, inputs: Any) -> int:
        """None are counted here: `humpback.costs` says what a training takes."""
        return 0

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Loss of an update, its gradients added. Where memory does not hold a micro-batch, the whole update is done
        again by half as many rows at once: a backward pass that broke off has left some gradients and others not."""
        self._of_update = inputs[MICRO_BATCHES]
        self.current_gradient_accumulation_steps = len(self._of_update)
        loss = self._unless_too_large(model, num_items_in_batch)
        while loss is None:
            self._halve(self._rows)
            model.zero_grad()
            loss = self._unless_too_large(model, num_items_in_batch)
        return loss

    @property
    def _rows(self) -> int:
        """Of the largest micro-batch."""
        return max(len(one["labels"]) for one in self._of_update)

    def _unless_too_large(self, model: torch.nn.Module, targets: Any) -> torch.Tensor | None:
        """The update's loss; None where memory runs out and there is something to split."""
        try:
            *before, last = self._of_update
            with self._sums_apart(model):
                losses = [self._by_pieces(model, one, targets) for one in before]
            losses.append(self._by_pieces(model, last, targets))
            return sum(losses[1:], losses[0])
        except torch.OutOfMemoryError as error:
            update, told = self.state.global_step + 1, one_line(str(error), 160)
            if self._most == 1 or self._rows == 1:
                longest = max(one["labels"].shape[1] for one in self._of_update)
                raise ExampleTooLarge(
                    f"update {update:,}: memory does not hold one example of {longest:,} tokens ({told}); a GPU with "
                    "more memory would, or shorter examples"
                ) from error
            if processes.count() > 1:
                raise TooManyAtOnce(
                    f"update {update:,}: memory does not hold {self._rows} at once ({told})", self._rows
                ) from error
        return None

    def _sums_apart(self, model: torch.nn.Module) -> Any:
        """Gradients of all micro-batches but the last stay with each process, where it holds all of them."""
        if processes.count() == 1 or is_sharded(model):
            return contextlib.nullcontext()
        return self.accelerator.no_sync(model)

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
        """The Trainer's; a model that takes no count of targets gives a mean, of which pieces have their share, and
        rows without targets none."""
        loss = super().compute_loss(model, inputs, *rest, **named)
        if self.model_accepts_loss_kwargs:
            return loss
        if processes.count() > 1 and not bool(_targets(inputs)):
            loss = torch.nan_to_num(loss)
        return loss if self._share == 1.0 else loss * self._share

    def _guilty(self, model: torch.nn.Module, piece: dict[str, torch.Tensor], named: list[list[str]]) -> list[str]:
        """Examples of those rows whose loss is not finite by themselves; all, where none is, or the other processes
        would have to help."""
        found = []
        if not is_sharded(model):
            alone = self.accelerator.unwrap_model(model)
            with torch.no_grad():
                for at, names in enumerate(named):
                    row = self._prepare_inputs({key: rows[at : at + 1] for key, rows in piece.items()})
                    if not bool(torch.isfinite(super().compute_loss(alone, row))):
                        found += names
        return found or [name for names in named for name in names]

    def _clip_grad_norm(self, model: torch.nn.Module) -> Any:
        norm = super()._clip_grad_norm(model)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        if not bool(torch.isfinite(torch.as_tensor(norm))):  # in every process alike
            mine = [name for one in self._of_update for names in one[EXAMPLES] for name in names]
            named = [name for names in processes.from_all(mine) for name in names]
            raise self._not_finite("norm of the gradient", float(norm), named)
        return norm

    def _not_finite(self, what: str, value: float, named: list[str]) -> NotFinite:
        some = ", ".join(named[:12]) + (f" and {len(named) - 12:,} more" if len(named) > 12 else "")
        at = f"update {self.state.global_step + 1:,}"
        return NotFinite(f"{at}: the {what} is {value} at {some}; look at these examples, or lower the learning rate")

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        self._checkpoints.save(lambda: super(CarefulTrainer, self)._save_checkpoint(model, trial))

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Weights as they are loaded, or of a model that is shared out, with its optimizer's state."""
        if not is_sharded(self.model):
            super().save_model(output_dir, _internal_call)
        else:
            save_state(self.model, self.optimizer.optimizer, Path(output_dir or self.args.output_dir))

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not is_sharded(self.model):
            super()._save_optimizer_and_scheduler(output_dir)
        elif processes.rank() == 0:
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / _SCHEDULER)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if not is_sharded(self.model):
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None or not is_sharded(self.model):
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        load_state(self.model, self.optimizer.optimizer, Path(checkpoint))
        self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / _SCHEDULER, weights_only=True))

    def between_logs(self) -> dict[str, Any]:
        """What the Trainer itself does not keep of where it is, for `go_on`."""
        losses = processes.from_all(self._tr_loss.item())
        return {"loss": sum(losses) / len(losses), "logged": self._globalstep_last_logged, "rows": self._most}

    def go_on(self, **held: Any) -> None:
        """Be where `between_logs` was asked."""
        self._tr_loss = torch.tensor(held["loss"], device=self.args.device)
        self._globalstep_last_logged, self._most = held["logged"], held["rows"]


def _targets(inputs: Mapping[str, Any]) -> Any:
    return inputs["labels"][:, 1:].ne(IGNORED).sum()
