"""Loss layers of numbers against numbers, and what all loss layers share.

What they answer and what raises is said by the function of ``nn.functional`` that each calls with its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from . import functional as F
from ._function_layer import FunctionLayer
from .functional._losses import old_reduction


def _of_two(self: _Loss, input: Tensor, target: Tensor) -> Tensor:
    """A number; for the reduction 'none', one for each element or row."""
    return self._function(input, target, **self._arguments())


class _Loss(FunctionLayer):
    _passed: tuple[str, ...] = ("reduction",)

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean"):
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = old_reduction(size_average, reduce)
        self.reduction = reduction

    forward: Callable[..., Any] = _of_two


class _WeightedLoss(_Loss):
    _passed: tuple[str, ...] = ("weight", "reduction")

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class L1Loss(_Loss):
    """The mean absolute difference."""

    _function = staticmethod(F.l1_loss)


class MSELoss(_Loss):
    """The mean squared difference.

    >>> import minigrad as mg
    >>> mg.nn.MSELoss()(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """

    _function = staticmethod(F.mse_loss)


class SmoothL1Loss(_Loss):
    """The mean absolute difference less beta / 2, below beta of the square over 2 beta."""

    _function = staticmethod(F.smooth_l1_loss)
    _passed = "beta", "reduction"

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta


class HuberLoss(_Loss):
    """delta times (the absolute difference less delta / 2), below delta half the square; the mean."""

    _function = staticmethod(F.huber_loss)
    _passed = "delta", "reduction"

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction=reduction)
        self.delta = delta


class KLDivLoss(_Loss):
    """The Kullback-Leibler divergence of log-probabilities from probabilities."""

    _function = staticmethod(F.kl_div)
    _passed = "log_target", "reduction"

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        log_target: bool = False,
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target


class BCELoss(_WeightedLoss):
    """The cross entropy of probabilities of an event."""

    _function = staticmethod(F.binary_cross_entropy)


class BCEWithLogitsLoss(_WeightedLoss):
    """The cross entropy of an event whose probability is sigmoid(input); ``pos_weight`` multiplies that of ones."""

    _function = staticmethod(F.binary_cross_entropy_with_logits)
    _passed = "weight", "pos_weight", "reduction"

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)


class PoissonNLLLoss(_Loss):
    """Minus the log likelihood of counts under Poisson distributions."""

    _function = staticmethod(F.poisson_nll_loss)
    _passed = "log_input", "full", "eps", "reduction"

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """A number; for the reduction 'none', one for each element or row."""
        return self._function(log_input, target, **self._arguments())


class GaussianNLLLoss(_Loss):
    """Minus the log likelihood of targets under normal distributions."""

    _function = staticmethod(F.gaussian_nll_loss)
    _passed = "full", "eps", "reduction"

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """A number; for the reduction 'none', one for each element or row."""
        return self._function(input, target, var, **self._arguments())


class CTCLoss(_Loss):
    """The loss of sequences of class scores against shorter sequences of labels: see ``nn.functional.ctc_loss``.

    >>> import minigrad as mg
    >>> loss = mg.nn.CTCLoss()
    >>> loss(mg.zeros(4, 1, 3).log_softmax(2), mg.tensor([[1, 2]]), (4,), (2,))
    tensor(0.8432)
    """

    _function = staticmethod(F.ctc_loss)
    _passed = "blank", "zero_infinity", "reduction"

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """A number; for the reduction 'none', one for each sequence."""
        return self._function(
            log_probs, targets, input_lengths, target_lengths, **self._arguments()
        )
