"""The reading of convolution arguments: every shape and every error in one place."""

from __future__ import annotations

import functools
from typing import Any

from ... import _types
from ..._tape import Traced
from ..._warn import once
from ...kernels.conv.geometry import Geometry
from ...ops.refusals import c_name


def key(value: Any) -> Any:
    """A list as a tuple, so that it can be looked up."""
    return tuple(value) if type(value) is list else value


def sizes(value: Any, n: int, name: str) -> tuple[int, ...]:
    """An int, or a sequence of one or ``n`` ints, as ``n`` ints; RuntimeError or TypeError otherwise."""
    if type(value) is int:
        return (value,) * n
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            value = tuple(value) * n
        if len(value) != n:
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {n} values to match the convolution "
                f"dimensions, but got {name}={list(value)}"
            )
        # As in torch, only the first may not be a bool.
        if _is_int(value[0]) and all(hasattr(v, "__index__") for v in value):
            return tuple(v.__index__() for v in value)
    elif _is_int(value):
        return (value.__index__(),) * n
    raise TypeError(f"{name} must be an int or a tuple of {n} ints, not {value!r}")


def _is_int(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def geometry(
    stride: Any, padding: Any, dilation: Any, groups: int, kernel: tuple[int, ...]
) -> Geometry:
    """How a convolution's window moves, of arguments as users give them.

    padding: ints, 'valid', or 'same' (the larger half behind). RuntimeError for what cannot be.
    """
    n = len(kernel)
    strides = sizes(stride, n, "stride")
    dilations = sizes(dilation, n, "dilation")
    if any(s <= 0 for s in strides):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in dilations):
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilations)}")
    if not _is_int(groups):
        raise TypeError(f"argument 'groups' must be int, not {type(groups).__name__}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return Geometry(strides, _sides(padding, strides, dilations, kernel), dilations, groups)


def _sides(
    padding: Any, strides: tuple[int, ...], dilations: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Padding (before, after) each dimension."""
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * len(kernel)
        if padding != "same":
            raise RuntimeError(
                f"Invalid padding string: '{padding}', should be one of {{'valid', 'same'}}"
            )
        if any(s != 1 for s in strides):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) for d, k in zip(dilations, kernel)]
        if any(t % 2 for t in total):
            once(
                "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the "
                "input be created",
                6,
            )
        return tuple((t // 2, t - t // 2) for t in total)
    ends = sizes(padding, len(kernel), "padding")
    if any(p < 0 for p in ends):
        raise RuntimeError("negative padding is not supported")
    return tuple((p, p) for p in ends)


def _check_tensors(name: str, x: Any, w: Any, b: Any, n: int) -> None:
    """RuntimeError for dtypes and numbers of dimensions that do not fit; x, w, b: (shape, dtype), b or None."""
    if len(w[0]) != n + 2:
        raise RuntimeError(
            f"{name}: weight should have {n + 2} dimensions, but got weight of size {list(w[0])}"
        )
    if len(x[0]) not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got input of size: "
            f"{list(x[0])}"
        )
    for what, other in (("bias", b), ("weight", w)):
        if other is not None and other[1] != x[1]:
            first = ""
            if what == "weight":
                titles = _types.of(x[1]).title, _types.of(other[1]).title
                first = f"expected scalar type {titles[0]} but found {titles[1]}: "
            raise RuntimeError(
                f"{first}Input type ({c_name(x[1])}) and {what} type ({c_name(other[1])}) should be the same"
            )
    if x[1].kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for '{_types.of(x[1]).title}'")


def _check_sizes(x: Any, w: Any, n: int) -> None:
    """RuntimeError for pictures without elements, unless there are no pictures, or an empty kernel."""
    if 0 in w[0][2:]:
        raise RuntimeError(f"kernel size should be greater than zero, but got {list(w[0][2:])}")
    if 0 in x[0][-n:] and not (len(x[0]) == n + 2 and x[0][0] == 0):
        raise RuntimeError(
            f"Only zero batch or zero channel inputs are supported, but got input shape: {list(x[0])}"
        )


def described(name: str, input: Any, weight: Any, bias: Any) -> tuple[Any, Any, Any]:
    """(shape, dtype) of each tensor, None for no bias; TypeError for what is no tensor."""
    try:
        x, w = input.array, weight.array
        if bias is None:
            return (x.shape, x.dtype), (w.shape, w.dtype), None
        b = bias.array
        return (x.shape, x.dtype), (w.shape, w.dtype), (b.shape, b.dtype)
    except AttributeError:
        given = (("input", input), ("weight", weight), ("bias", bias))
        what, bad = next((n, g) for n, g in given if not isinstance(g, Traced))
        raise TypeError(
            f"{name}(): argument '{what}' must be Tensor, not {type(bad).__name__}"
        ) from None


@functools.lru_cache(maxsize=4096, typed=True)
def conv_geometry(
    n: int, x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Geometry:
    """The geometry of a convolution of these (shape, dtype); RuntimeError if something does not fit."""
    _check_tensors(f"conv{n}d", x, w, b, n)
    geo = geometry(stride, padding, dilation, groups, w[0][2:])
    shape = x[0] if len(x[0]) == n + 2 else (1, *x[0])
    check_channels(shape, w[0], None if b is None else b[0], geo)
    _check_sizes(x, w, n)
    return geo


@functools.lru_cache(maxsize=4096, typed=True)
def transposed_geometry(
    n: int,
    x: Any,
    w: Any,
    b: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> tuple[Geometry, tuple[int, ...], tuple[int, ...]]:
    """The geometry of a transposed convolution, the spatial size it covers, and what more is asked for behind.

    RuntimeError if something does not fit.
    """
    _check_tensors(f"conv_transpose{n}d", x, w, b, n)
    if isinstance(padding, str):
        raise TypeError(f"conv_transpose{n}d(): argument 'padding' must be tuple of ints, not str")
    geo = geometry(stride, padding, dilation, groups, w[0][2:])
    shape = x[0] if len(x[0]) == n + 2 else (1, *x[0])
    whole = transposed_size(shape, w[0], None if b is None else b[0], geo, output_padding)
    _check_sizes(x, w, n)
    # Further rows come from what the padding behind would have cut off; then there are rows that no window
    # covers, and from the stride on, ones that a further window would: zeros, which are put on afterwards.
    wanted = sizes(output_padding, n, "output_padding")
    shown = [min(e, p[1]) for e, p in zip(wanted, geo.padding)]
    extra = tuple(max(0, e - m - s + 1) for e, m, s in zip(wanted, shown, geo.stride))
    padding = tuple((p[0], p[1] - m) for p, m in zip(geo.padding, shown))
    return geo._replace(padding=padding), tuple(s - e for s, e in zip(whole, extra)), extra


def check_channels(
    x: tuple[int, ...], w: tuple[int, ...], bias: tuple[int, ...] | None, geo: Geometry
) -> None:
    """RuntimeError unless channels, groups, bias and sizes of a convolution fit together."""
    if w[0] < geo.groups:
        raise RuntimeError(
            f"Given groups={geo.groups}, expected weight to be at least {geo.groups} at dimension 0, but got weight "
            f"of size {list(w)} instead"
        )
    if w[0] % geo.groups:
        raise RuntimeError(
            f"Given groups={geo.groups}, expected weight to be divisible by {geo.groups} at dimension 0, but got "
            f"weight of size [{list(w)}] instead"
        )
    if x[1] != w[1] * geo.groups:
        raise RuntimeError(
            f"Given groups={geo.groups}, weight of size {list(w)}, expected input{list(x)} to have "
            f"{w[1] * geo.groups} channels, but got {x[1]} channels instead"
        )
    _check_bias(w, bias, w[0])
    padded = [s + sum(p) for s, p in zip(x[2:], geo.padding)]
    spans = [d * (k - 1) + 1 for d, k in zip(geo.dilation, w[2:])]
    if any(k > s for k, s in zip(spans, padded)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel size: "
            f"({' x '.join(map(str, spans))}). Kernel size can't be greater than actual input size"
        )


def _check_bias(w: tuple[int, ...], bias: tuple[int, ...] | None, channels: int) -> None:
    if bias is not None and bias != (channels,):
        raise RuntimeError(
            f"Given weight of size {list(w)}, expected bias to be 1-dimensional with {channels} elements, but got bias "
            f"of size {list(bias)} instead"
        )


def transposed_size(
    x: tuple[int, ...],
    w: tuple[int, ...],
    bias: tuple[int, ...] | None,
    geo: Geometry,
    output_padding: Any,
) -> tuple[int, ...]:
    """The spatial size of a transposed convolution's answer; RuntimeError if its arguments do not fit."""
    n = len(w) - 2
    extra = sizes(output_padding, n, "output_padding")
    if any(e < 0 for e in extra):
        raise RuntimeError("negative output_padding is not supported")
    for e, s, d in zip(extra, geo.stride, geo.dilation):
        if e >= s and e >= d:
            raise RuntimeError(
                "output padding must be smaller than either stride or dilation, but got "
                + " ".join(
                    f"{name}_{axis}: {number}"
                    for name, numbers, below in (
                        ("output_padding", extra, 0),
                        ("stride", geo.stride, 1),
                        ("dilation", geo.dilation, 1),
                    )
                    # one dimension is the second of two to torch
                    for axis, number in zip(
                        ("depth", "height", "width")[-max(n, 2) :],
                        (below,) * (2 - n) + tuple(numbers),
                    )
                )
            )
    if w[0] < geo.groups:
        raise RuntimeError(
            f"Given groups={geo.groups}, expected weight to be at least {geo.groups} at dimension 0, but got weight "
            f"of size {list(w)} instead"
        )
    if w[0] % geo.groups:
        raise RuntimeError(
            f"Given groups={geo.groups}, expected weight to be divisible by {geo.groups} at dimension 0, but got "
            f"weight of size {list(w)} instead"
        )
    if x[1] != w[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(w)}, expected input{list(x)} to have {w[0]} channels, but got "
            f"{x[1]} channels instead"
        )
    _check_bias(w, bias, w[1] * geo.groups)
    found = tuple(
        (s - 1) * st - sum(p) + d * (k - 1) + e + 1
        for s, st, p, d, k, e in zip(x[2:], geo.stride, geo.padding, geo.dilation, w[2:], extra)
    )
    if any(s < (1 if x[0] else 0) for s in found):  # of no images, pictures of no pixels can be
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, x[2:]))}). Calculated output size per channel: "
            f"({' x '.join(map(str, found))}). Output size is too small"
        )
    return found


__all__ = ["Geometry", "conv_geometry", "described", "sizes", "transposed_geometry"]
