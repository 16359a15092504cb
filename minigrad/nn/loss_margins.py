"""Loss layers of scores and distances: classification, margins, triplets.

What they answer and what raises is said by the function of ``nn.functional`` that each calls with its arguments.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from . import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss


class NLLLoss(_WeightedLoss):
    """Minus the target's element of each row of log-probabilities."""

    _function = staticmethod(F.nll_loss)
    _passed = "weight", "ignore_index", "reduction"

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index


class NLLLoss2d(NLLLoss):
    """`NLLLoss` under the name it had for pictures; deprecated in torch, as a warning says."""

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see "
            "https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(*args, **kwargs)


class CrossEntropyLoss(_WeightedLoss):
    """The cross entropy of softmax(input) against class numbers or probabilities.

    >>> import minigrad as mg
    >>> mg.nn.CrossEntropyLoss()(mg.tensor([[0.5, 2.0]]), mg.tensor([1]))
    tensor(0.2014)
    """

    _function = staticmethod(F.cross_entropy)
    _passed = "weight", "ignore_index", "label_smoothing", "reduction"

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing


class HingeEmbeddingLoss(_Loss):
    """Distances where the target is 1, and what they lack to the margin where it is -1; the mean."""

    _function = staticmethod(F.hinge_embedding_loss)
    _passed = "margin", "reduction"

    def __init__(
        self,
        margin: float = 1.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class SoftMarginLoss(_Loss):
    """log(1 + exp(-target · input)) for targets of 1 and -1; the mean."""

    _function = staticmethod(F.soft_margin_loss)


class MultiMarginLoss(_WeightedLoss):
    """How much other scores of a row exceed the target's less the margin, to the power p; the mean."""

    _function = staticmethod(F.multi_margin_loss)
    _passed = "p", "margin", "weight", "reduction"

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead"
            )
        self.p = p
        self.margin = margin


class MultiLabelMarginLoss(_Loss):
    """How much other scores of a row exceed those of its classes less 1; the mean."""

    _function = staticmethod(F.multilabel_margin_loss)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The cross entropies of sigmoid(input), over the classes; the mean."""

    _function = staticmethod(F.multilabel_soft_margin_loss)


class MarginRankingLoss(_Loss):
    """max(0, margin - target · (input1 - input2)) for targets of 1 and -1; the mean."""

    _function = staticmethod(F.margin_ranking_loss)
    _passed = "margin", "reduction"

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """A number; for the reduction 'none', one for each element or row."""
        return self._function(input1, input2, target, **self._arguments())


class CosineEmbeddingLoss(_Loss):
    """1 - cos of the angle between vectors where the target is 1, max(0, cos - margin) where it is -1."""

    _function = staticmethod(F.cosine_embedding_loss)
    _passed = "margin", "reduction"

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """A number; for the reduction 'none', one for each element or row."""
        return self._function(input1, input2, target, **self._arguments())


class TripletMarginLoss(_Loss):
    """max(0, margin + distance of the positive - distance of the negative); the mean."""

    _function = staticmethod(F.triplet_margin_loss)
    _passed = "margin", "p", "eps", "swap", "reduction"

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        _above_zero(self, margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """A number; for the reduction 'none', one for each element or row."""
        return self._function(anchor, positive, negative, **self._arguments())


class TripletMarginWithDistanceLoss(_Loss):
    """``TripletMarginLoss`` with a distance of one's own; None: the Euclidean one."""

    _function = staticmethod(F.triplet_margin_with_distance_loss)
    _passed = "distance_function", "margin", "swap", "reduction"

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ):
        super().__init__(reduction=reduction)
        _above_zero(self, margin)
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """A number; for the reduction 'none', one for each element or row."""
        return self._function(anchor, positive, negative, **self._arguments())


def _above_zero(loss: _Loss, margin: float) -> None:
    if margin <= 0:
        raise ValueError(
            f"{type(loss).__name__}: expected margin to be greater than 0, got {margin} instead"
        )
