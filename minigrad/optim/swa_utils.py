"""Averages of a model's weights over a training, as ``torch.optim.swa_utils``."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

from .. import _types
from ..autograd import no_grad
from ..creation import tensor
from ..nn.batchnorm import _BatchNorm
from ..nn.module import Module
from ..tensor import Tensor
from .lr_scheduler._base import LRScheduler, for_groups
from .optimizer import Optimizer

Tensors = list[Tensor] | tuple[Tensor, ...]


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Any], Tensor]:
    """A function of (average, now, count) for ``avg_fn``: the average that keeps ``decay``.

    ValueError unless 0 <= decay <= 1.
    """
    _check_decay(decay)

    @no_grad()
    def average(averaged: Tensor, current: Tensor, count: Any) -> Tensor:
        return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Any], Tensor]:
    """A function of (average, now, count) for ``avg_fn``: the mean of all."""

    @no_grad()
    def average(averaged: Tensor, current: Tensor, count: Any) -> Tensor:
        return averaged + (current - averaged) / (count + 1)

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Tensors, Tensors, Any], None]:
    """``get_ema_avg_fn`` for ``multi_avg_fn``: of lists of tensors, in place."""
    return _in_place(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Callable[[Tensors, Tensors, Any], None]:
    """``get_swa_avg_fn`` for ``multi_avg_fn``: of lists of tensors, in place."""
    return _in_place(get_swa_avg_fn())


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def _in_place(average: Callable[[Tensor, Tensor, Any], Tensor]) -> Callable[..., None]:
    @no_grad()
    def update(averaged: Tensors, current: Tensors, count: Any) -> None:
        for old, now in zip(averaged, current, strict=True):
            old.copy_(average(old, now, count))

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of what ``update_parameters`` is shown.

    Args:
        model: what is copied, in ``module``.
        device: the CPU.
        avg_fn: the new average of (average, now, count), tensors; default: the mean of all.
        multi_avg_fn: the same of lists of tensors of one dtype, in place.
        use_buffers: average buffers too; else they are copied.

    AssertionError if both functions are given.

    Source: Izmailov et al., Averaging weights leads to wider optima and better generalization (2018).

    >>> import minigrad as mg
    >>> net = mg.nn.Linear(1, 1, bias=False)
    >>> averaged = mg.optim.swa_utils.AveragedModel(net)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = net.weight.data.fill_(value)
    ...     averaged.update_parameters(net)
    >>> averaged.module.weight.item()
    3.0
    """

    n_averaged: Tensor
    module: Module

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Any], Tensor] | None = None,
        multi_avg_fn: Callable[[Tensors, Tensors, Any], None] | None = None,
        use_buffers: bool = False,
    ):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=_types.int64))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model answers."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the averages; the first time, copy them."""
        pairs = [
            (mine.detach(), theirs.detach())
            for mine, theirs in zip(
                _parts(self.module, self.use_buffers), _parts(model, self.use_buffers), strict=False
            )
        ]
        if not self.n_averaged:
            for mine, theirs in pairs:
                mine.copy_(theirs)
        elif self.multi_avg_fn is not None:
            alike: dict[Any, list[tuple[Tensor, Tensor]]] = {}
            for pair in pairs:
                alike.setdefault(pair[0].dtype, []).append(pair)
            for some in alike.values():
                mine, theirs = map(list, zip(*some, strict=True))
                self.multi_avg_fn(mine, theirs, self.n_averaged)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            for mine, theirs in pairs:
                mine.copy_(average(mine, theirs, self.n_averaged))
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach())
        self.n_averaged += 1


def _parts(model: Module, buffers: bool) -> Iterable[Tensor]:
    """A model's parameters, and its buffers if wanted."""
    return itertools.chain(model.parameters(), model.buffers() if buffers else ())


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch normalisations anew, over a whole loader.

    loader: of batches, or of tuples or lists whose first entry is one.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    momenta, training = [layer.momentum for layer in layers], model.training
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
    model.train()
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(training)


def _cosine(t: float) -> float:
    return (1 - math.cos(math.pi * t)) / 2


def _linear(t: float) -> float:
    return t


_WAYS: dict[str, Callable[[float], float]] = {"cos": _cosine, "linear": _linear}


class SWALR(LRScheduler):
    """From the present learning rate to ``swa_lr`` in ``anneal_epochs`` steps, and there it stays.

    Args:
        optimizer: whose groups are changed.
        swa_lr: the last rate; one for all groups, or one for each.
        anneal_epochs: not negative.
        anneal_strategy: "cos" or "linear".
        last_epoch: steps made before.

    ValueError for other values.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ):
        for group, rate in zip(
            optimizer.param_groups, for_groups("swa_lr", optimizer, swa_lr), strict=True
        ):
            group["swa_lr"] = rate
        if anneal_strategy not in _WAYS:
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How much of ``swa_lr`` is in the rate after a number of steps."""
        return _WAYS[self._anneal_strategy](max(0, min(1, step / max(1, self.anneal_epochs))))

    def get_lr(self) -> list[Any]:
        """The rates of this step; called by ``step`` only."""
        self._warn_outside_of_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            last = group["swa_lr"]
            # the rate that the way began at
            first = last if before == 1 else (group["lr"] - before * last) / (1 - before)
            rates.append(last * now + first * (1 - now))
        return rates
