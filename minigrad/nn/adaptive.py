"""A softmax over many classes, of which few are frequent: those cost most of the time, the others little."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..ops.extreme import argmax
from ..ops.parts import cat
from ..tensor import Tensor
from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-probability of every example's class, and the mean loss, of (N, in_features) and (N,) classes.

    Classes, sorted by frequency, are cut at ``cutoffs``. Those before the first cut stand in the head, beside one
    place for each later cluster; a cluster's classes are told apart by a layer of its own, of ``div_value`` times
    fewer features than the one before.  Same arguments as torch.nn.AdaptiveLogSoftmaxWithLoss.

    Source: Grave et al. 2016, https://arxiv.org/abs/1609.04309

    >>> import minigrad as mg
    >>> layer = mg.nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 50])
    >>> answer = layer(mg.zeros(2, 16), mg.tensor([3, 70]))
    >>> answer.output.shape, layer.log_prob(mg.zeros(2, 16)).shape
    (minigrad.Size([2]), minigrad.Size([2, 100]))
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        cuts = list(cutoffs)
        if not cuts:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = all(low < high for low, high in pairwise([0, *cuts, n_classes]))
        if not rising or any(int(c) != c for c in cuts):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, "
                "where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cuts, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cuts[0]
        self.n_clusters = len(cuts)
        self.head_size = self.shortlist_size + self.n_clusters
        kind = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **kind)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            hidden = int(in_features // (div_value ** (i + 1)))
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, **kind),
                    Linear(hidden, high - low, bias=False, **kind),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        for layer in self.modules():
            if isinstance(layer, Linear):
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> Any:
        """The log-probabilities of the targets, (N,), and minus their mean."""
        _fit(input_, target_)
        single = target_.dim() == 0
        input, target = (t.unsqueeze(0) if single else t for t in (input_, target_))
        if len(target) and not ((target >= 0) & (target < self.n_classes)).all():
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        places, inside = target.clone(), input.new_zeros(len(target))
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if not len(rows):
                continue
            places.index_fill_(0, rows, self.shortlist_size + i)
            classes = (target.index_select(0, rows) - low).unsqueeze(1)
            told = F.log_softmax(self.tail[i](input.index_select(0, rows)), dim=1)
            inside.index_copy_(0, rows, told.gather(1, classes).squeeze(1))
        head = F.log_softmax(self.head(input), dim=1)
        output = inside + head.gather(1, places.unsqueeze(1)).squeeze(1)
        return _ASMoutput(output.squeeze(0) if single else output, (-output).mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        head = F.log_softmax(head_output, dim=1)
        clusters = [
            F.log_softmax(layer(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1)
            for i, layer in enumerate(self.tail)
        ]
        return cat([head[:, : self.shortlist_size], *clusters], dim=1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of every example: (N,); the clusters are computed only where they may win."""
        head = self.head(input)
        found = argmax(head, dim=1)
        rare = found >= self.shortlist_size
        if rare.any():
            found[rare] = argmax(self._get_full_log_prob(input[rare], head[rare]), dim=1)
        return found


def _fit(input: Tensor, target: Tensor) -> None:
    """RuntimeError unless the input has one dimension more than the target, and as many examples."""
    if target.dim() > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.dim() and input.shape[0] != target.shape[0]:
        raise RuntimeError("Input and target should have the same size in the batch dimension.")
    if input.dim() != target.dim() + 1:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {target.dim() + 1}D input tensors, "
            f"but found inputs with size {input.shape}"
        )
