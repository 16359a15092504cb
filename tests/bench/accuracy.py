"""Rounding errors of convolutions, as the table of docs/kernels.md: `python -m tests.bench.accuracy`.

An error is the largest one of an answer in float32, against the same in float64 by torch, relative
to the standard deviation of the answer, for normally distributed numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from minigrad.kernels import conv as K

Array = np.ndarray[Any, Any]
WAYS = ("fast", "accurate", "torch")
SHAPES = [  # images, channels in and out, pixels, kernel
    (16, 16, 16, 32, 3),
    (16, 64, 64, 32, 3),
    (8, 256, 64, 16, 3),
    (2, 1024, 64, 16, 3),
    (64, 1, 16, 28, 5),
    (16, 64, 64, 16, 5),
    (16, 64, 64, 32, 1),
]


def errors(n: int, inputs: int, outputs: int, pixels: int, kernel: int) -> dict[str, list[float]]:
    """Errors of the output and of both adjoints, in x and in w, for each of WAYS."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, inputs, pixels, pixels)).astype(np.float32)
    w = rng.standard_normal((outputs, inputs, kernel, kernel)).astype(np.float32)
    g = rng.standard_normal((n, outputs, pixels, pixels)).astype(np.float32)
    pad = kernel // 2
    geo = K.Geometry((1, 1), ((pad, pad),) * 2, (1, 1), 1)
    want = by_torch(x, w, g, pad, torch.float64)
    got = {"torch": by_torch(x, w, g, pad, torch.float32)}
    before = K.accuracy
    for K.accuracy in WAYS[:2]:
        dx = K.conv_input(g, w, None, (pixels, pixels), geo)
        got[K.accuracy] = [K.conv(x, w, None, geo), dx, K.conv_weight(x, g, (kernel, kernel), geo)]
    K.accuracy = before
    return {
        way: [float(abs(one - other).max() / other.std()) for one, other in zip(got[way], want)]
        for way in WAYS
    }


def by_torch(x: Array, w: Array, g: Array, pad: int, dtype: Any) -> list[Array]:
    """Output and both adjoints."""
    tx, tw = (torch.tensor(a, dtype=dtype, requires_grad=True) for a in (x, w))
    y = torch.nn.functional.conv2d(tx, tw, padding=pad)
    y.backward(torch.tensor(g, dtype=dtype))
    assert tx.grad is not None
    assert tw.grad is not None
    return [a.detach().numpy() for a in (y, tx.grad, tw.grad)]


def main() -> None:
    """Print the table."""
    print("| images, channels, pixels, kernel | " + " | ".join(WAYS) + " |")
    print("|---|" + "---|" * len(WAYS))
    for n, inputs, outputs, pixels, kernel in SHAPES:
        found = errors(n, inputs, outputs, pixels, kernel)
        name = f"{n}, {inputs} to {outputs}, {pixels}x{pixels}, {kernel}x{kernel}"
        cells = [", ".join(f"{error:.0e}" for error in found[way]) for way in WAYS]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
