"""What is measured: a table of cases, each written once for both packages.

A case's `make` is given the package (minigrad or torch: the same names) and answers the function
to be timed. To add a row, add a `Case` to `CASES`; its group decides which bars of `bars.py` look
at it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.bench.networks import NETWORKS, inference, training

Make = Callable[[Any], Callable[[], object]]


@dataclass(frozen=True)
class Case:
    """One row: `make(package)` answers the timed function, which does `flops` operations."""

    name: str
    group: str
    make: Make
    flops: int = 0


class Conv(NamedTuple):
    """The shape of a 2-d convolution."""

    n: int
    cin: int
    h: int
    w: int
    cout: int
    k: int
    stride: int = 1
    pad: int = 0
    groups: int = 1
    dilation: int = 1

    def __str__(self) -> str:
        """`64x3x32x32 to 16, k3 s1 p1` and what is not usual about it."""
        text = f"{self.n}x{self.cin}x{self.h}x{self.w} to {self.cout}, k{self.k}"
        text += f" s{self.stride} p{self.pad}"
        text += f" g{self.groups}" if self.groups > 1 else ""
        return text + (f" d{self.dilation}" if self.dilation > 1 else "")

    @property
    def flops(self) -> int:
        """Multiplications and additions of one pass."""
        span = self.dilation * (self.k - 1) + 1
        ho = (self.h + 2 * self.pad - span) // self.stride + 1
        wo = (self.w + 2 * self.pad - span) // self.stride + 1
        return 2 * self.n * self.cout * ho * wo * (self.cin // self.groups) * self.k**2

    @property
    def options(self) -> dict[str, int]:
        """The keyword arguments of `F.conv2d` and `F.conv_transpose2d`."""
        return {
            "stride": self.stride,
            "padding": self.pad,
            "groups": self.groups,
            "dilation": self.dilation,
        }


CONVOLUTIONS = [
    Conv(1, 1, 6, 8, 1, 2, 1, 0),
    Conv(1, 3, 224, 224, 64, 7, 2, 3),
    Conv(1, 64, 56, 56, 64, 3, 1, 1),
    Conv(64, 1, 28, 28, 6, 5, 1, 2),
    Conv(64, 6, 14, 14, 16, 5, 1, 0),
    Conv(64, 1, 28, 28, 32, 3, 1, 0),
    Conv(64, 32, 26, 26, 64, 3, 1, 0),
    Conv(32, 3, 32, 32, 32, 3, 1, 1),
    Conv(64, 16, 32, 32, 16, 3, 1, 1),
    Conv(32, 64, 32, 32, 64, 3, 1, 1),
    Conv(32, 128, 16, 16, 128, 3, 1, 1),
    Conv(32, 256, 8, 8, 256, 3, 1, 1),
    Conv(32, 64, 32, 32, 64, 1, 1, 0),
    Conv(32, 64, 32, 32, 64, 3, 1, 1, groups=64),
    Conv(32, 64, 32, 32, 128, 3, 2, 1),
    Conv(32, 32, 32, 32, 32, 3, 1, 2, dilation=2),
    Conv(32, 64, 28, 28, 64, 3, 1, 1, groups=8),
    Conv(7, 10, 19, 23, 14, 4, 3, 2),
]

TRANSPOSED = [
    Conv(16, 64, 7, 7, 32, 4, 2, 1),
    Conv(32, 128, 8, 8, 64, 4, 2, 1),
    Conv(32, 64, 16, 16, 32, 3, 1, 1),
    Conv(8, 32, 32, 32, 16, 2, 2, 0),
    Conv(64, 16, 14, 14, 1, 5, 1, 2),
]

# Of one and three dimensions: shapes of input and weight, keyword arguments.
SERIES = [
    ((64, 1, 1000), (16, 1, 7), {"padding": 3}),
    ((32, 64, 256), (64, 64, 3), {"padding": 1}),
    ((16, 128, 128), (128, 128, 5), {"padding": 2}),
    ((32, 32, 512), (64, 32, 4), {"stride": 2, "padding": 1}),
    ((8, 256, 100), (256, 256, 3), {"padding": 2, "dilation": 2}),
    ((32, 64, 500), (64, 1, 3), {"padding": 1, "groups": 64}),
]
VOLUMES = [
    ((2, 3, 8, 48, 48), (16, 3, 3, 3, 3), {"padding": 1}),
    ((4, 16, 8, 24, 24), (32, 16, 3, 3, 3), {"padding": 1}),
    ((16, 1, 16, 16, 16), (8, 1, 5, 5, 5), {}),
    ((2, 32, 8, 28, 28), (32, 32, 1, 3, 3), {"padding": (0, 1, 1)}),
    ((4, 32, 8, 16, 16), (64, 32, 3, 3, 3), {"stride": 2, "padding": 1}),
    ((4, 32, 4, 14, 14), (64, 32, 1, 1, 1), {}),
]

POOLED = {  # name of the function, keyword arguments, shape of the input
    "max 2x2": ("max_pool2d", {"kernel_size": 2}, (64, 64, 24, 24)),
    "max 2x2 small": ("max_pool2d", {"kernel_size": 2}, (64, 6, 28, 28)),
    "max 3x3 s2 p1": (
        "max_pool2d",
        {"kernel_size": 3, "stride": 2, "padding": 1},
        (16, 64, 56, 56),
    ),
    "average 2x2": ("avg_pool2d", {"kernel_size": 2}, (64, 64, 24, 24)),
    "average 3x3 s2 p1": (
        "avg_pool2d",
        {"kernel_size": 3, "stride": 2, "padding": 1},
        (16, 64, 56, 56),
    ),
    "adaptive average to 1x1": ("adaptive_avg_pool2d", {"output_size": 1}, (32, 256, 8, 8)),
    "max 3x3 s1 p1": (
        "max_pool2d",
        {"kernel_size": 3, "stride": 1, "padding": 1},
        (16, 64, 28, 28),
    ),
    "max 2x2 of 4x4": ("max_pool2d", {"kernel_size": 2}, (64, 256, 4, 4)),
    "average 2x2 of 4x4": ("avg_pool2d", {"kernel_size": 2}, (64, 256, 4, 4)),
    "average 4x4": ("avg_pool2d", {"kernel_size": 4}, (32, 64, 28, 28)),
    "average 7x7 to 1x1": ("avg_pool2d", {"kernel_size": 7}, (32, 256, 7, 7)),
    "max 4x4": ("max_pool2d", {"kernel_size": 4}, (32, 64, 8, 8)),
    "adaptive average to 7x7": ("adaptive_avg_pool2d", {"output_size": 7}, (16, 64, 30, 30)),
    "adaptive max to 7x7": ("adaptive_max_pool2d", {"output_size": 7}, (16, 64, 30, 30)),
    "max, 1-d": ("max_pool1d", {"kernel_size": 2}, (64, 32, 1000)),
    "max, 3-d": ("max_pool3d", {"kernel_size": 2}, (4, 16, 16, 32, 32)),
    "average, 3-d": ("avg_pool3d", {"kernel_size": 2}, (4, 16, 16, 32, 32)),
    "unfold 3x3": ("unfold", {"kernel_size": 3, "padding": 1}, (8, 32, 32, 32)),
}


def with_gradients(forward: Callable[..., Any], inputs: list[Any]) -> Callable[[], object]:
    """A step that computes `forward(*inputs)` and the gradient of each of its inputs."""
    for tensor in inputs:
        tensor.requires_grad_()
    g = forward(*inputs).detach() * 0 + 1

    def step() -> object:
        for tensor in inputs:
            tensor.grad = None
        forward(*inputs).backward(g)
        return inputs[0].grad

    return step


def convolution(function: str, shape: Conv, backward: bool) -> Make:
    """`function` is "conv2d" or "conv_transpose2d"; `backward` asks for all three gradients."""

    def make(torch: Any) -> Callable[[], object]:
        torch.manual_seed(0)
        transposed = function == "conv_transpose2d"
        cin, cout = (shape.cout, shape.cin) if transposed else (shape.cin, shape.cout)
        x = torch.randn(shape.n, shape.cin, shape.h, shape.w)
        weight = torch.randn(cout, cin // shape.groups, shape.k, shape.k)
        bias = torch.randn(shape.cout)
        conv = getattr(torch.nn.functional, function)

        def forward(x: Any, weight: Any, bias: Any) -> Any:
            return conv(x, weight, bias, **shape.options)

        if backward:
            return with_gradients(forward, [x, weight, bias])
        return lambda: forward(x, weight, bias)

    return make


def sizes(shape: tuple[int, ...]) -> str:
    """`2x3x8` for a shape."""
    return "x".join(map(str, shape))


def convolution_of(
    function: str, size: tuple[int, ...], kernel: tuple[int, ...], options: dict[str, Any]
) -> Make:
    """Forward and backward of `function`, "conv1d" or "conv3d", with all three gradients."""

    def make(torch: Any) -> Callable[[], object]:
        torch.manual_seed(0)
        conv = getattr(torch.nn.functional, function)
        inputs = [torch.randn(*size), torch.randn(*kernel), torch.randn(kernel[0])]
        return with_gradients(lambda x, w, b: conv(x, w, b, **options), inputs)

    return make


def pooling(function: str, options: dict[str, int], size: tuple[int, ...]) -> Make:
    """Forward and backward of a pooling function on a tensor of `size`."""

    def make(torch: Any) -> Callable[[], object]:
        torch.manual_seed(0)
        pool = getattr(torch.nn.functional, function)
        return with_gradients(lambda x: pool(x, **options), [torch.randn(*size)])

    return make


def edge_learning(torch: Any) -> Callable[[], object]:
    """100 steps of the textbook's edge detector on the 6x8 image."""
    X = torch.ones(1, 1, 6, 8)
    X[:, :, :, 2:6] = 0
    Y = X[:, :, :, :-1] - X[:, :, :, 1:]

    def learn() -> object:
        torch.manual_seed(0)
        conv2d = torch.nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
        for _ in range(100):
            loss = (conv2d(X) - Y) ** 2
            conv2d.zero_grad()
            loss.sum().backward()
            conv2d.weight.data[:] -= 3e-2 * conv2d.weight.grad
        return conv2d.weight

    return learn


def looped_step(torch: Any) -> Callable[[], object]:
    """A training step of a convolution written as two loops with slice assignment."""
    X = torch.ones(6, 8)
    X[:, 2:6] = 0
    target = X[:, :-1] - X[:, 1:]
    weight = torch.tensor([[0.3, -0.2]], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)

    def corr2d(X: Any, K: Any) -> Any:
        h, w = K.shape
        Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
        for i in range(Y.shape[0]):
            for j in range(Y.shape[1]):
                Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
        return Y

    def step() -> object:
        loss = ((corr2d(X, weight) + bias - target) ** 2).sum()
        loss.backward()
        weight.data -= 1e-4 * weight.grad
        bias.data -= 1e-4 * bias.grad
        weight.grad.fill_(0)
        bias.grad.fill_(0)
        return loss

    return step


def chain(torch: Any) -> Callable[[], object]:
    """200 operations on 4x4 tensors one after the other, forward and backward."""
    torch.manual_seed(0)
    x = torch.rand(4, 4).requires_grad_()
    a, b, c = torch.rand(4, 4), torch.rand(4, 4), torch.rand(4, 4)

    def step() -> object:
        x.grad = None
        y = x
        for _ in range(50):
            y = torch.tanh((y * a + b) - c)
        y.sum().backward()
        return x.grad

    return step


def epoch(torch: Any) -> Callable[[], object]:
    """An epoch over 60,000 images of 28x28 in memory, shuffled, in batches of 64."""
    data = importlib.import_module(f"{torch.__name__}.utils.data")
    images = torch.zeros(60_000, 1, 28, 28) + 1.0
    labels = torch.zeros(60_000, dtype=torch.int64)
    loader = data.DataLoader(data.TensorDataset(images, labels), batch_size=64, shuffle=True)
    return lambda: sum(len(batch) for _, batch in loader)


def large(function: Callable[..., Any], backward: bool) -> Make:
    """A function of the package and two tensors of 2.4 million numbers, (235930, 10), on both or the first."""

    def make(torch: Any) -> Callable[[], object]:
        torch.manual_seed(0)
        inputs = [torch.randn(235930, 10) for _ in range(function.__code__.co_argcount - 1)]
        if backward:
            return with_gradients(lambda *x: function(torch, *x), inputs)
        return lambda: function(torch, *inputs)

    return make


LARGE: dict[str, Callable[..., Any]] = {
    "add": lambda torch, x, y: x + y,
    "mul": lambda torch, x, y: x * y,
    "relu": lambda torch, x: torch.relu(x),
    "exp": lambda torch, x: torch.exp(x),
    "sigmoid": lambda torch, x: torch.sigmoid(x),
    "tanh": lambda torch, x: torch.tanh(x),
    "sum": lambda torch, x: x.sum(),
    "mean": lambda torch, x: x.mean(),
    "sum over rows": lambda torch, x: x.sum(0),
    "softmax over 10": lambda torch, x: torch.softmax(x, 1),
    "log_softmax over 10": lambda torch, x: torch.log_softmax(x, 1),
    "max over 10": lambda torch, x: x.max(1)[0],
    "max over rows": lambda torch, x: x.max(0)[0],
}


CASES = [
    Case("edge detector, 100 steps", "learning", edge_learning),
    Case("looped corr2d, one step", "learning", looped_step),
    Case("chain of 200 small ops", "learning", chain),
    Case("DataLoader, 60,000 images of 28x28", "data", epoch),
    *(Case(f"{n}, one step", "training step", training(net)) for n, net in NETWORKS.items()),
    *(Case(f"{n}, one image", "inference, batch 1", inference(net)) for n, net in NETWORKS.items()),
    *(
        Case(f"conv2d {s}", "conv2d forward", convolution("conv2d", s, False), s.flops)
        for s in CONVOLUTIONS
    ),
    *(
        Case(
            f"conv2d {s}, with gradients",
            "conv2d forward+backward",
            convolution("conv2d", s, True),
            3 * s.flops,
        )
        for s in CONVOLUTIONS
    ),
    *(
        Case(
            f"conv_transpose2d {s}, with gradients",
            "conv_transpose2d forward+backward",
            convolution("conv_transpose2d", s, True),
        )
        for s in TRANSPOSED
    ),
    *(
        Case(
            f"{function} {sizes(size)} with {sizes(kernel)}, with gradients",
            f"{function} forward+backward",
            convolution_of(function, size, kernel, options),
        )
        for function, table in (("conv1d", SERIES), ("conv3d", VOLUMES))
        for size, kernel, options in table
    ),
    *(
        Case(f"{name} pooling, with gradient", "pooling forward+backward", pooling(*row))
        for name, row in POOLED.items()
    ),
    *(
        Case(f"{name}, 2.4 M numbers", "large elementwise and reductions", large(f, False))
        for name, f in LARGE.items()
    ),
    *(
        Case(
            f"{name}, 2.4 M numbers, with gradient",
            "large elementwise and reductions, with gradient",
            large(f, True),
        )
        for name, f in LARGE.items()
    ),
]
