"""A softmax over very many classes: the frequent ones in one layer, the others in clusters behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..ops.parts import cat
from ..tensor import Tensor
from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of the targets, and their mean loss, without scores for every class.

    The head has scores for the classes below cutoffs[0] and one for each cluster of the others; the i-th cluster has
    those from cutoffs[i] on, by way of in_features / div_value ** (i + 1) numbers.  Same arguments as
    torch.nn.AdaptiveLogSoftmaxWithLoss.

    input: (N, in_features) or (in_features,), target: (N,) or () → (output of target's shape, loss of shape ()).

    >>> import minigrad as mg
    >>> layer = mg.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 10])
    >>> layer(mg.ones(3, 16), mg.tensor([0, 7, 19])).output.shape
    minigrad.Size([3])
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
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            cutoffs != sorted(set(cutoffs))
            or cutoffs[0] <= 0
            or cutoffs[-1] > n_classes - 1
            or any(int(c) != c for c in cutoffs)
        ):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where "
                "each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        options: Any = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for i, (start, stop) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            width = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, width, bias=False, **options),
                    Linear(width, stop - start, bias=False, **options),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        for layer in self.modules():
            if isinstance(layer, Linear):
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The targets' log-probabilities, and minus their mean; RuntimeError for targets that do not fit."""
        if target_.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target_.ndim and len(input_) != len(target_):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input_.ndim != target_.ndim + 1:
            raise RuntimeError(
                f"{target_.ndim}D target tensor expects {target_.ndim + 1}D input tensors, but found inputs with size "
                f"{input_.shape}"
            )
        input, target = (input_, target_) if target_.ndim else (input_[None], target_[None])
        low, high = int(target.min()), int(target.max())
        if low < 0 or high >= self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{low}, {high}] were "
                "found. "
            )
        places = target.clone()  # of each target, or of its cluster, in the head
        output = input.new_zeros(len(target))
        for i, (start, stop) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            rows = ((target >= start) & (target < stop)).nonzero()[:, 0]
            if len(rows):
                places[rows] = self.shortlist_size + i
                logs = F.log_softmax(self.tail[i](input[rows]), dim=1)
                within = logs.gather(1, (target[rows] - start)[:, None])
                output = output.index_copy(0, rows, within[:, 0])
        head = F.log_softmax(self.head(input), dim=1)
        output = output + head.gather(1, places[:, None])[:, 0]
        loss = (-output).mean()
        return _ASMoutput(output if target_.ndim else output.squeeze(0), loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) → (N, n_classes)."""
        head = F.log_softmax(self.head(input), dim=1)
        size = self.shortlist_size
        clusters = [
            F.log_softmax(cluster(input), dim=1) + head[:, size + i, None]
            for i, cluster in enumerate(self.tail)
        ]
        return cat([head[:, :size], *clusters], 1)

    def predict(self, input: Tensor) -> Tensor:
        """The class that the head prefers, or the most probable one if that is a cluster: (N, in_features) → (N,)."""
        best = self.head(input).argmax(1)
        rows = best >= self.shortlist_size
        if rows.any():
            best[rows] = self.log_prob(input[rows]).argmax(1)
        return best
