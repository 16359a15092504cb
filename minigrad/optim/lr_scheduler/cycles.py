"""Schedules that move the momentum against the learning rate: cyclic, and one cycle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .._saving import Group
from ..optimizer import Optimizer
from ._base import LRScheduler, checked, for_groups, function_state, load_function, set_rate


class _WithMomentum(LRScheduler):
    """The base of schedules that also set ``momentum``, or the first of ``betas``."""

    cycle_momentum: bool
    use_beta1: bool

    def _start_momentum(self, optimizer: Optimizer, least: Any, most: Any, begin: bool) -> Any:
        """Note the groups' momenta and set the greatest; answers (least, greatest) of each."""
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        lows = for_groups("base_momentum", optimizer, least)
        highs = for_groups("max_momentum", optimizer, most)
        if begin:
            for low, high, group in zip(lows, highs, optimizer.param_groups, strict=True):
                self._set_momentum(group, high)
                group["max_momentum"], group["base_momentum"] = high, low
        return lows, highs

    def _set_momentum(self, group: Group, value: Any) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


_SCALES: dict[str, tuple[Callable[[float, float], float], str]] = {  # by mode: the height, of what
    "triangular": (lambda gamma, x: 1.0, "cycle"),
    "triangular2": (lambda gamma, x: 1 / 2.0 ** (x - 1), "cycle"),
    "exp_range": (lambda gamma, x: gamma**x, "iterations"),
}


class CyclicLR(_WithMomentum):
    """Evenly up from ``base_lr`` to ``max_lr`` and down again, over and over; to step each batch.

    Args:
        optimizer: whose groups are changed.
        base_lr, max_lr: the least and the greatest rate; one for all groups, or one for each.
        step_size_up, step_size_down: steps of the two halves of a cycle; down: as up.
        mode: "triangular"; "triangular2" halves each cycle's height; "exp_range" multiplies it by
            ``gamma ** steps``.
        gamma: of "exp_range".
        scale_fn: instead of ``mode``: the height as a function of the cycle's number (from 1), or,
            for ``scale_mode="iterations"``, of the steps made.
        scale_mode: what ``scale_fn`` is given.
        cycle_momentum: move the momentum the other way, between ``max_momentum`` and
            ``base_momentum``; ValueError if the optimizer has none.
        last_epoch: steps made before.

    Source: Smith, Cyclical learning rates for training neural networks (2017).
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ):
        self.optimizer = checked(optimizer)
        base_lrs = for_groups("base_lr", optimizer, base_lr)
        self.max_lrs = for_groups("max_lr", optimizer, max_lr)
        if mode not in _SCALES and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        if last_epoch == -1:
            for rate, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_rate(group, rate)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode, self.gamma = mode, gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else _SCALES[mode][1]
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._start_momentum(
                optimizer, base_momentum, max_momentum, last_epoch == -1
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of cycle ``x``, or at step ``x``, as a share of the first cycle's."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return _SCALES[self.mode][0](self.gamma, x)

    def get_lr(self) -> list[Any]:
        """The rates of step ``last_epoch``, whose momenta are set; called by ``step`` only."""
        self._warn_outside_of_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        up = x <= self.step_ratio
        share = x / self.step_ratio if up else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, bounds, strict=True):
                self._set_momentum(group, high - (high - low) * share * scale)
        return [
            low + (high - low) * share * scale
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer; of ``scale_fn``, its attributes if it is an object."""
        state = super().state_dict()
        state["_scale_fn_custom"] = function_state(state.pop("_scale_fn_custom"))
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` of such a schedule answered."""
        rest = {key: value for key, value in state_dict.items() if key != "_scale_fn_custom"}
        super().load_state_dict(rest)
        load_function(self._scale_fn_custom, state_dict["_scale_fn_custom"])


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _linear(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


_WAYS = {"cos": _cosine, "linear": _linear}


def _phase(end: float, start_lr: str, end_lr: str, start: str, to: str) -> dict[str, Any]:
    return {
        "end_step": end,
        "start_lr": start_lr,
        "end_lr": end_lr,
        "start_momentum": start,
        "end_momentum": to,
    }


class OneCycleLR(_WithMomentum):
    """Up to ``max_lr`` and then down far below the start: one cycle for a whole training.

    Args:
        optimizer: whose groups are changed; to step after each batch.
        max_lr: the greatest rate; one for all groups, or one for each.
        total_steps: of the training; or epochs and steps_per_epoch.
        pct_start: the share of the steps that go up.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: move the momentum the other way, between ``max_momentum`` and
            ``base_momentum``; ValueError if the optimizer has none.
        div_factor, final_div_factor: the first rate is max_lr / div_factor, the last one that
            divided by final_div_factor.
        three_phase: down to the first rate as it went up, and then on to the last.
        last_epoch: steps made before.

    ValueError for numbers out of range, and for a step after the last.

    Source: Smith and Topin, Super-convergence (2018).
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        self.optimizer = checked(optimizer)
        self.total_steps = _steps(total_steps, epochs, steps_per_epoch)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in _WAYS:
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._schedule_phases = self._phases(pct_start * self.total_steps, three_phase)
        self._anneal_func_type = anneal_strategy
        if last_epoch == -1:
            greatest = for_groups("max_lr", optimizer, max_lr)
            for group, rate in zip(optimizer.param_groups, greatest, strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(optimizer, base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def _phases(self, up: float, three: bool) -> list[dict[str, Any]]:
        """The parts of the cycle: when they end, and between what they go."""
        low, high = "base_momentum", "max_momentum"
        end = self.total_steps - 1
        first = _phase(float(up) - 1, "initial_lr", "max_lr", high, low)
        if not three:
            return [first, _phase(end, "max_lr", "min_lr", low, high)]
        return [
            first,
            _phase(float(2 * up) - 2, "max_lr", "initial_lr", low, high),
            _phase(end, "initial_lr", "min_lr", high, high),
        ]

    def get_lr(self) -> list[Any]:
        """The rates of step ``last_epoch``, whose momenta are set; called by ``step`` only."""
        self._warn_outside_of_step()
        step, phases = self.last_epoch, self._schedule_phases
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. "
                f"The specified number of total steps is {self.total_steps}"
            )
        ends = [phase["end_step"] for phase in phases]
        now = next((i for i, end in enumerate(ends[:-1]) if step <= end), len(ends) - 1)
        began = ends[now - 1] if now else 0.0
        share = (step - began) / (ends[now] - began)
        between, phase = _WAYS[self._anneal_func_type], phases[now]
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(between(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                bounds = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, between(*bounds, share))
        return rates


def _steps(total: Any, epochs: Any, per_epoch: Any) -> int:
    """The number of steps; ValueError for what is no positive integer."""
    if total is None and (epochs is None or per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"total_steps": total}
    if total is None:
        given = {"epochs": epochs, "steps_per_epoch": per_epoch}
    for name, value in given.items():
        if value <= 0 or not isinstance(value, int):
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())
