"""Functions of sequences and samples: differences, integrals, powers, covariance; blocks and membership."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, wrap
from ._common import cast, common, expect, one_dim, title, titled, whole
from ._public import named
from .arrange import diagonal
from .borders import constant_pad
from .choosing import clamp
from .compare import logical_xor
from .functions import sqrt
from .matrix import mm
from .parts import cat, flip, narrow, select
from .reduce import sum
from .scans import cumprod
from .shape import clone, expand, reshape, squeeze, t, unsqueeze
from .softmax import cumsum


# ------------------------------------------------------------------------------ differences
@named
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """The ``n``-th differences of neighbours along ``dim``, ``n`` fewer than elements; of bools, where they differ.

    prepend, append: tensors joined to ``input`` along ``dim`` first.  RuntimeError if shapes do not fit, or n is
    negative.

    >>> import minigrad as mg
    >>> mg.diff(mg.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    expect("diff", input=input)
    if not input.array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    n = whole("diff", "n", n)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    d = one_dim(dim, input.array.ndim)
    for other in (prepend, append):
        if other is not None:
            _continues(input, other, d)
    if n == 0:
        return clone(input)
    joined = [x for x in (prepend, input, append) if x is not None]
    out = cat(joined, d) if len(joined) > 1 else input
    size = out.array.shape[d]
    if n >= size:
        return clone(narrow(out, d, 0, 0))
    apart = logical_xor if out.array.dtype == bool else _less
    for k in range(n):
        length = size - k - 1
        out = apart(narrow(out, d, 1, length), narrow(out, d, 0, length))
    return out


def _less(after: Any, before: Any) -> Any:
    return after - before


def _continues(input: Any, other: Any, dim: int) -> None:
    """RuntimeError if ``other`` cannot be joined to ``input`` along a dimension."""
    want, have = input.array.shape, other.array.shape
    if len(have) != len(want):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for i, (a, b) in enumerate(zip(want, have)):
        if a != b and i != dim:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the "
                f"differencing dimension; input.size({i}) = {a}, but got tensor.size({i}) = {b}"
            )


# ------------------------------------------------------------------------------ integrals
def _strips(name: str, y: Any, x: Any, dx: Any, dim: Any) -> tuple[Any, int]:
    """(twice the areas under a curve between neighbouring samples, the dimension they lie along)."""
    expect(name, y=y)
    if y.array.dtype == bool:
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    if not y.array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    d = one_dim(dim, y.array.ndim)
    n = y.array.shape[d]
    if x is None:
        width: Any = 1 if dx is None else dx
    elif dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: both x and dx")
    else:
        width = _widths(name, y, x, d)
    if n < 2:
        return narrow(y, d, 0, 0) * 1.0 * width, d
    return (narrow(y, d, 0, n - 1) + narrow(y, d, 1, n - 1)) * width, d


def _widths(name: str, y: Any, x: Any, dim: int) -> Any:
    """How far neighbouring sample points are apart, in a shape that broadcasts to that of their values."""
    if x.array.dtype == bool:
        raise RuntimeError(f"{name}: received a bool input for `x`, but bool is not supported")
    n = y.array.ndim
    if x.array.ndim == 1:
        if len(x.array) != y.array.shape[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = reshape(x, (-1,) + (1,) * (n - dim - 1))
    elif x.array.ndim < n:
        x = reshape(x, (1,) * (n - x.array.ndim) + x.array.shape)
    return diff(x, 1, dim - n)


@named
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral along ``dim`` of samples ``y`` at the places ``x``, or ``dx`` (1) apart, by the trapezoidal rule.

    x: one place per sample, or a tensor that broadcasts with y.  RuntimeError for bools, and where x does not fit.

    >>> import minigrad as mg
    >>> mg.trapezoid(mg.tensor([1., 5., 10.]), dx=2)
    tensor(21.)
    """
    strips, d = _strips("trapezoid", y, x, dx, dim)
    if x is not None or not y.array.shape[d]:
        return sum(strips, d) / 2
    ends = select(y, d, 0) + select(y, d, -1)  # as torch: an infinite end counts for itself
    return (sum(y, d) - ends * 0.5) * (1 if dx is None else dx)


@named
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral from the first sample to each of the others; see ``trapezoid``."""
    strips, d = _strips("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(strips, d) / 2


# ------------------------------------------------------------------------------ powers
def _powers(x: Any, count: int) -> Any:
    """(*, n) as (*, n, count): the powers 0, 1, .. of each number; integers in int64."""
    if x.array.dtype.kind != "f":
        x = cast(x, np.dtype(np.int64))
    shape = x.array.shape
    ones = wrap(np.ones((*shape, min(count, 1)), x.array.dtype))
    if count < 2:
        return ones
    return cat([ones, cumprod(expand(unsqueeze(x, -1), (*shape, count - 1)), -1)], -1)


@named
def vander(x, N=None, increasing=False):
    """The powers of a vector's numbers as the columns of a matrix (n, N), N = n; the highest first if not increasing.

    >>> import minigrad as mg
    >>> mg.vander(mg.tensor([2, 3]), N=3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    expect("vander", x=x)
    if x.array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = len(x.array) if N is None else whole("vander", "N", N)
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    powers = _powers(x, count)
    return powers if increasing else flip(powers, 1)


def linalg_vander(x, *, N=None):
    """The powers 0 to N - 1 of numbers (*, n), N = n: (*, n, N).  RuntimeError if N is less than 2."""
    expect("linalg_vander", x=x)
    if x.array.dtype == bool:
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got Bool"
        )
    x = x if x.array.ndim else reshape(x, (1,))
    count = x.array.shape[-1] if N is None else whole("linalg_vander", "N", N)
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    return _powers(x, count)


# ------------------------------------------------------------------------------ covariance
def _weights(name: str, weights: Any, kinds: str, wanted: str, observations: int) -> Any:
    """Checked weights of observations; RuntimeError if they do not fit."""
    if weights.array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights.array.ndim} "
            "dimensions"
        )
    if weights.array.dtype.kind not in kinds:
        raise RuntimeError(
            f"cov(): expected {name} to have {wanted} dtype but got {name} with {title(weights)} dtype"
        )
    if weights.array.size != observations:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights.array.size} != {observations}"
        )
    if observations and weights.array.min() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return weights


@named
def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances (m, m) of m variables: the rows of ``input`` (m, n), n observations each.

    correction: what is taken off n to divide by; fweights: how often each observation counts, integers; aweights:
    how important each is, floats.  RuntimeError, in torch's words, for other inputs.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.cov.html

    >>> import minigrad as mg
    >>> mg.cov(mg.tensor([[0., 1., 2.], [2., 1., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    expect("cov", input=input)
    if input.array.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.array.ndim} dimensions"
        )
    if input.array.dtype == bool:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input if input.array.ndim == 2 else reshape(input, (1, input.array.size))
    n = x.array.shape[1]
    weights: Any = None
    if fweights is not None:
        weights = _weights("fweights", fweights, "iu", "integral", n)
    if aweights is not None:
        important = _weights("aweights", aweights, "f", "floating point", n)
        weights = important if weights is None else weights * important
    total: Any = n if weights is None else sum(weights)
    if weights is not None and not total.array:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = sum(x if weights is None else x * weights, 1, True) / total
    if aweights is not None and correction:
        norm: Any = total - correction * sum(weights * aweights) / total
    else:
        norm = total - correction
    if (norm.array if isinstance(norm, Traced) else norm) <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            stacklevel=3,
        )
        norm = 0
    x = x - mean
    return squeeze(mm(x, t(x if weights is None else x * weights)) / norm)


@named
def corrcoef(input):
    """The correlations (m, m), from -1 to 1, of m variables: the rows of ``input`` (m, n).

    >>> import minigrad as mg
    >>> mg.corrcoef(mg.tensor([[0., 1., 2.], [2., 1., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    expect("corrcoef", input=input)
    if input.array.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.array.ndim} dimensions"
        )
    c = cov(input)
    if not c.array.ndim:
        return c / c
    deviations = sqrt(diagonal(c))
    return clamp(c / unsqueeze(deviations, 1) / deviations, -1, 1)


# ------------------------------------------------------------------------------ blocks, membership, places
@titled("BlockDiagBackward0")
def block_diag(*tensors):
    """The matrix with these matrices (vectors are rows, numbers 1 by 1) along its diagonal, and zeros elsewhere.

    >>> import minigrad as mg
    >>> mg.block_diag(mg.tensor([[1, 2]]), mg.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    if not tensors:
        return wrap(np.empty((1, 0), _types.default()))
    for i, x in enumerate(tensors):
        expect("block_diag", tensors=x)
        if x.array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x.array.ndim} "
                "dimensions"
            )
    blocks = [
        reshape(x, (1,) * (2 - x.array.ndim) + x.array.shape) for x in common(*tensors) or tensors
    ]
    widths = [b.array.shape[1] for b in blocks]
    total, start, rows = int(np.sum(widths)), 0, []
    for block, width in zip(blocks, widths):
        rows.append(constant_pad(block, ((0, 0), (start, total - start - width)), 0))
        start += width
    return cat(rows)


def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each of ``elements`` is (or, with ``invert``, is not) one of ``test_elements``: bools of its shape.

    One of the two may be a number.  assume_unique: that neither holds an element twice, which may be quicker.

    >>> import minigrad as mg
    >>> mg.isin(mg.tensor([1, 2, 3]), mg.tensor([2, 5]))
    tensor([False,  True, False])
    """
    a, b = (x.array if isinstance(x, Traced) else np.asarray(x) for x in (elements, test_elements))
    if bool in (a.dtype, b.dtype):
        raise RuntimeError("Unsupported input type encountered for isin(): Bool")
    found = np.isin(
        a, b, assume_unique=assume_unique and a.ndim == 1 and b.ndim == 1, invert=invert
    )
    return wrap(np.asarray(found))


def unravel_index(indices, shape):
    """Places in the flat tensor as one index tensor per dimension of ``shape``, wrapping around."""
    expect("unravel_index", indices=indices)
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    i, n = indices.array, int(np.prod(sizes))
    if i.dtype.kind not in "iu":
        raise ValueError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if any(s < 0 for s in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    return tuple(wrap(np.asarray(p, np.int64)) for p in np.unravel_index(i % max(n, 1), sizes))
