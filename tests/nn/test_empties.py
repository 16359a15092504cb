"""Layers' functions of tensors without elements: torch's shapes and gradients, or its refusals."""

from __future__ import annotations

import pytest

from tests.stories import check

CONVOLUTIONS = [
    ((0, 2, 5, 5), (3, 2, 3, 3)),
    ((1, 2, 0, 5), (3, 2, 3, 3)),
    ((0, 2, 0, 5), (3, 2, 1, 1)),
    ((1, 2, 5, 5), (0, 2, 3, 3)),
    ((1, 2, 2, 2), (3, 2, 3, 3)),
    ((0, 2, 2, 2), (3, 2, 3, 3)),
    ((1, 2, 0, 0), (3, 2, 1, 1)),
    ((2, 5, 5), (0, 2, 3, 3)),
]
TRANSPOSED = [
    ((0, 2, 5, 5), (2, 3, 3, 3)),
    ((1, 0, 5, 5), (0, 3, 3, 3)),
    ((1, 2, 0, 5), (2, 3, 3, 3)),
    ((0, 2, 0, 5), (2, 3, 3, 3)),
    ((0, 2, 1, 2), (2, 3, 2, 2)),
    ((1, 2, 1, 1), (2, 3, 1, 1)),
]
POOLS = """
max_pool2d(x, 2)
max_pool2d(x, 3, padding=1)
avg_pool2d(x, 2)
adaptive_avg_pool2d(x, 1)
adaptive_avg_pool2d(x, (2, 1)) if x.shape[1] or len(x.shape) < 4 else None
adaptive_max_pool2d(x, 2)
lp_pool2d(x, 2, 2)
fractional_max_pool2d(x, 2, output_size=1)
max_unpool2d(x, x.long(), 2)
interpolate(x, scale_factor=2)
pad(x, (1, 1, 1, 1))
pad(x, (1, 1, 1, 1), mode="reflect")
pad(x, (1, 1, 1, 1), mode="replicate")
unfold(x, 2)
grid_sample(x, torch.zeros(x.shape[0], 3, 3, 2), align_corners=False) if len(x.shape) == 4 else None
adaptive_avg_pool1d(x.flatten(1), 1)
adaptive_max_pool1d(x.flatten(1), 1)
avg_pool1d(x.flatten(1), 2)
batch_norm(x, None, None, training=True)
""".strip().splitlines()
SIZES = [(0, 2, 5, 5), (1, 0, 5, 5), (1, 2, 0, 5), (0, 5, 5), (2, 0, 5), (0, 0, 0, 0)]


def told(call, *given):
    """The shape of an answer and the gradients; the type of an error."""
    try:
        leaves = [x.requires_grad_() for x in given]
        y = call(*leaves)
        if y is None:
            return None
        y.sum().backward()
    except (RuntimeError, ValueError) as error:
        return type(error)
    return tuple(y.shape), [None if x.grad is None else x.grad.tolist() for x in leaves]


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sizes", CONVOLUTIONS)
def test_convolution(sizes, stride, padding):
    def story(torch):
        conv = torch.nn.functional.conv2d
        x, w = (torch.zeros(s) for s in sizes)
        return told(lambda x, w: conv(x, w, None, stride, padding), x, w)

    check(story)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sizes", TRANSPOSED)
def test_transposed_convolution(sizes, stride, padding):
    def story(torch):
        conv = torch.nn.functional.conv_transpose2d
        x, w = (torch.zeros(s) for s in sizes)
        return told(lambda x, w: conv(x, w, None, stride, padding), x, w)

    check(story)


@pytest.mark.parametrize("call", POOLS)
@pytest.mark.parametrize("size", SIZES)
def test_pool(size, call):
    def story(torch):
        names = {"torch": torch, **vars(torch.nn.functional)}
        return told(lambda x: eval(call, {**names, "x": x}), torch.zeros(size))

    check(story)
