"""What all schedules of learning rates have: counting, setting, saving.

A schedule answers in ``get_lr`` the rates of epoch ``last_epoch``, mostly by changing the rates that
the groups have now, so that several schedules can work on one optimizer.
"""

from __future__ import annotations

import warnings
from types import FunctionType
from typing import Any

from ...tensor import Tensor
from .._saving import Group
from ..optimizer import Optimizer

HOW_TO = (
    "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
EPOCH_IS_OLD = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)


def checked(optimizer: Any) -> Any:
    """The optimizer; TypeError for anything else."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def own(value: Any) -> Any:
    """A value, or a copy of a tensor."""
    return value.clone() if isinstance(value, Tensor) else value


def of_groups(optimizer: Optimizer, key: str = "lr") -> list[Any]:
    """What each group has under ``key``."""
    return [own(group[key]) for group in optimizer.param_groups]


def for_groups(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A setting for each group, from a list of them or one for all; ValueError for too few."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {count}."
        )
    return [own(one) for one in value]


def set_rate(group: Group, value: Any) -> None:
    """Give a group a learning rate; one that is a tensor keeps its memory."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(value.item() if isinstance(value, Tensor) else value)
    else:
        group["lr"] = value


class LRScheduler:
    """The base of schedules: subclasses answer the rates of epoch ``last_epoch`` in ``get_lr``.

    Args:
        optimizer: whose groups' ``lr`` is changed.
        last_epoch: the epoch before the next one; -1 to begin, which makes the groups' present
            rates the initial ones.

    TypeError for what is no optimizer, KeyError for a later epoch of groups without an initial rate.
    """

    _get_lr_called_within_step = False
    _is_initial = False
    _last_lr: list[Any]
    _step_count: int

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        self.optimizer = checked(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", own(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a "
                    "checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 for "
                    "a fresh training run (not recommended)"
                )
        self.base_lrs = of_groups(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        optimizer._watch()
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> list[Any]:
        """The rates of all groups that this schedule set last."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of epoch ``last_epoch``; called by ``step`` only."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, or to epoch ``epoch``, and set the groups' rates.

        To be called after ``optimizer.step()``; warns if that was not called yet.
        """
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
                warnings.warn(
                    "Seems like `optimizer.step()` has been overridden after learning rate "
                    "scheduler initialization. Please, make sure to call `optimizer.step()` "
                    f"before `lr_scheduler.step()`. {HOW_TO}",
                    stacklevel=2,
                )
            elif not self.optimizer._opt_called:
                warnings.warn(
                    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch "
                    "1.1.0 and later, you should call them in the opposite order: "
                    "`optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will "
                    "result in PyTorch skipping the first value of the learning rate schedule. "
                    f"{HOW_TO}",
                    stacklevel=2,
                )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_IS_OLD, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        self._set(self._asked(closed or self.get_lr))

    def _asked(self, rates: Any) -> list[Any]:
        """What ``rates`` answers within a step."""
        self._get_lr_called_within_step = True
        try:
            found: list[Any] = rates()
        finally:
            self._get_lr_called_within_step = False
        return found

    def _set(self, rates: list[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_rate(group, rate)
        self._last_lr = of_groups(self.optimizer)

    def _warn_outside_of_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, "
                "please use `get_last_lr()`.",
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` of such a schedule answered."""
        vars(self).update(state_dict)


class Multiplied(LRScheduler):
    """The base of schedules that multiply all rates by one factor."""

    def _factor(self) -> float | None:
        """What the present rates are multiplied by for epoch ``last_epoch``; None: nothing."""
        raise NotImplementedError

    def _scale(self) -> float:
        """What the initial rates are multiplied by for epoch ``last_epoch``."""
        raise NotImplementedError

    def get_lr(self) -> list[Any]:
        """The rates of epoch ``last_epoch``; called by ``step`` only."""
        self._warn_outside_of_step()
        factor = self._factor()
        if factor is None:
            return of_groups(self.optimizer)
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        scale = self._scale()
        return [rate * scale for rate in self.base_lrs]


def function_state(function: Any) -> dict[str, Any] | None:
    """What is saved of a function: the attributes of a callable object, of others nothing."""
    plain = function is None or isinstance(function, FunctionType)
    return None if plain else vars(function).copy()


def load_function(function: Any, state: dict[str, Any] | None) -> None:
    """Give a callable object the attributes that ``function_state`` answered."""
    if state is not None:
        vars(function).update(state)
