"""Products of matrices and vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tape import Traced, number_in, primitive
from ..kernels import products as kernels
from ._common import entitled, expect
from .refusals import unlike
from .shape import _transpose, expanded, reshape, sum_to_size

ndarray = np.ndarray


def _mt(x: Any) -> Any:
    """The matrices of a stack, transposed."""
    return x.swapaxes(-1, -2) if type(x) is ndarray else _transpose(x, x.ndim - 2, x.ndim - 1)


@primitive(title="MmBackward0", quiet=True)
def _mm(input, mat2, /):
    """Two matrices."""
    return kernels.matmul(input, mat2)


@primitive(title="BmmBackward0", quiet=True)
def _bmm(input, mat2, /):
    """Two stacks of matrices; sizes in front broadcast."""
    return kernels.matmul(input, mat2)


for _op in (_mm, _bmm):
    _op.vjps(
        input=lambda g, mat2: product(g, _mt(mat2)),
        mat2=lambda g, input: product(_mt(input), g),
    )


def product(a: Any, b: Any) -> Any:
    """The product of (stacks of) matrices, for arrays and tensors."""
    if type(a) is ndarray and type(b) is ndarray:
        return kernels.matmul(a, b)
    return (_mm if a.ndim == b.ndim == 2 else _bmm)(a, b)


@primitive(title="MvBackward0", quiet=True)
def _mv(input, vec, /):
    """A matrix and a vector."""
    return kernels.matmul(input, vec)


@primitive(title="DotBackward0", quiet=True)
def _dot(input, tensor, /):
    """Two vectors."""
    return np.dot(input, tensor)


_mv.vjps(
    input=lambda g, vec: reshape(g, (-1, 1)) * vec,
    vec=lambda g, input: _mv(_mt(input), g),
)
_dot.vjps(input=lambda g, tensor: g * tensor, tensor=lambda g, input: g * input)


_MATRICES = "input", "mat2"  # torch's names of the factors, and those of some products
_NAMES = {
    "matmul": ("input", "other"),
    "linear": ("input", "weight"),
    "mv": ("input", "vec"),
    "dot": ("input", "tensor"),
}


def _checked(name: str, a: Any, b: Any, dims: tuple[int, int] | None = None) -> None:
    if not (isinstance(a, Traced) and isinstance(b, Traced)):
        i, x = (1, b) if isinstance(a, Traced) else (0, a)
        raise TypeError(
            f"{name}(): argument '{_NAMES.get(name, _MATRICES)[i]}' (position {i + 1}) must be Tensor, "
            f"not {type(x).__name__}"
        )
    if dims is not None and (a.array.ndim, b.array.ndim) != dims:
        raise _of_other_dims(name, a, b, dims)
    if a.array.dtype is not b.array.dtype:
        raise unlike(name, a.array, b.array)


def _of_other_dims(name: str, a: Any, b: Any, dims: tuple[int, int]) -> RuntimeError:
    """Torch's error for factors that are no matrices, stacks of them or vectors."""
    m, n = a.array.ndim, b.array.ndim
    if name == "mv":
        return RuntimeError(f"vector + matrix @ vector expected, got 1, {m}, {n}")
    if name == "bmm":
        return RuntimeError(f"batch{1 if m != 3 else 2} must be a 3D tensor: got {m}D and {n}D")
    if name == "mm":
        return RuntimeError(f"{'self' if m != 2 else 'mat2'} must be a matrix: got {m}D and {n}D")
    which, ndim = ("mat1", m) if m != 2 else ("mat2", n)
    return RuntimeError(f"{which} must be a matrix, got {ndim}-D tensor")


def _sizes_differ(a: Any, b: Any) -> RuntimeError:
    def text(x: Any) -> str:
        return "x".join(map(str, x.array.shape))

    return RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({text(a)} and {text(b)})")


def matmul(input, other):
    """The product of vectors, matrices or stacks of matrices, by the numbers of dimensions as in torch.

    input: (n,), (m, n) or (*, m, n); other: (n,), (n, p) or (*, n, p); sizes in front broadcast.
    RuntimeError if the inner sizes or the dtypes differ, or one is 0-d.
    """
    _checked("matmul", input, other)
    m, n = input.array.ndim, other.array.ndim
    if m == 0 or n == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {m}D and {n}D"
        )
    a, b = input.array.shape, other.array.shape
    if m == 1 and n == 1:
        return dot(input, other)
    if a[-1] != b[-2 if n > 1 else 0]:
        if m > 2 or n > 2:
            if m > 2 and n <= 2:  # torch folds the stack into one matrix
                rows = int(np.prod(a[:-1]))
                columns = f"{b[0]}x{b[1]}" if n == 2 else f"{b[0]}"
                raise RuntimeError(
                    f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1]} and {columns})"
                )
            raise RuntimeError(
                "Expected size for first two dimensions of batch2 tensor to be: "
                f"[{math.prod(b[:-2])}, {a[-1]}] but got: [{math.prod(b[:-2])}, {b[-2 if n > 1 else 0]}]."
            )
        if n == 1:
            raise RuntimeError(
                f"size mismatch, got input ({a[0]}), mat ({a[0]}x{a[1]}), vec ({b[0]})"
            )
        raise _sizes_differ(input if m > 1 else reshape(input, (1, -1)), other)
    if m == 2 and n == 2:
        return _mm(input, other)
    if m == 2 and n == 1:
        return _mv(input, other)
    if m == 1:
        out = matmul(reshape(input, (1, a[0])), other)
        answer = reshape(out, out.array.shape[:-2] + out.array.shape[-1:])
        return entitled(answer, "SqueezeBackward4") if n == 2 else answer
    if n == 1:
        out = matmul(input, reshape(other, (b[0], 1)))
        return reshape(out, out.array.shape[:-1])
    if n == 2:  # one matrix for the whole stack: one large product
        out = _mm(reshape(input, (-1 if a[-1] else int(np.prod(a[:-1])), a[-1])), other)
        return reshape(out, (*a[:-1], b[-1]))
    try:
        np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise RuntimeError(
            f"The size of tensor a ({a[0]}) must match the size of tensor b ({b[0]}) at non-singleton dimension 0"
        ) from None
    return _bmm(input, other)


def mm(input, mat2):
    """The product of two matrices (m, n) and (n, p); RuntimeError for anything else."""
    _checked("mm", input, mat2, (2, 2))
    if input.array.shape[1] != mat2.array.shape[0]:
        raise _sizes_differ(input, mat2)
    return _mm(input, mat2)


def bmm(input, mat2):
    """The products of two stacks of matrices (b, m, n) and (b, n, p)."""
    _checked("bmm", input, mat2, (3, 3))
    (b, _, n), (c, k, _) = input.array.shape, mat2.array.shape
    if b != c or n != k:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {n}] but got: [{c}, {k}]."
        )
    return _bmm(input, mat2)


def mv(input, vec):
    """The product of a matrix (m, n) and a vector (n,)."""
    _checked("mv", input, vec, (2, 1))
    if input.array.shape[1] != vec.array.shape[0]:
        (m, n), (k,) = input.array.shape, vec.array.shape
        raise RuntimeError(f"size mismatch, got input ({m}), mat ({m}x{n}), vec ({k})")
    return _mv(input, vec)


def dot(input, tensor):
    """The inner product of two vectors (n,)."""
    _checked("dot", input, tensor)
    if (input.array.ndim, tensor.array.ndim) != (1, 1):
        raise RuntimeError(
            f"1D tensors expected, but got {input.array.ndim}D and {tensor.array.ndim}D tensors"
        )
    if input.array.size != tensor.array.size:
        raise RuntimeError(
            "inconsistent tensor size, expected tensor "
            f"[{input.array.size}] and src [{tensor.array.size}] to have the same number of elements, but got "
            f"{input.array.size} and {tensor.array.size} elements respectively"
        )
    return _dot(input, tensor)


def outer(input, vec2):
    """The products of every element of one vector with every element of another: (n,), (m,) -> (n, m)."""
    if input.array.ndim != 1 or vec2.array.ndim != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if input.array.ndim != 1 else 'vec2'}, but got "
            f"{input.array.ndim}-D and {vec2.array.ndim}-D"
        )
    return reshape(input, (-1, 1)) * vec2


@primitive(title="AddmmBackward0", quiet=True)
def _addmm(input, mat1, mat2, /, beta, alpha):
    out = kernels.matmul(mat1, mat2)
    if alpha != 1:
        out *= out.dtype.type(alpha)
    if beta == 1:
        out += input
    elif beta != 0:
        out += input * out.dtype.type(beta)
    return out


_addmm.vjps(
    input=lambda g, beta: g if beta == 1 else g * beta,
    mat1=lambda g, mat2, alpha: _scaled(product(g, _mt(mat2)), alpha),
    mat2=lambda g, mat1, alpha: _scaled(product(_mt(mat1), g), alpha),
)


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else x * alpha


def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """``beta * input + alpha * (mat1 @ mat2)``; ``input`` broadcasts to the product's shape."""
    _checked("addmm", mat1, mat2, (2, 2))
    beta, alpha = number_in("addmm", "beta", beta), number_in("addmm", "alpha", alpha)
    if mat1.array.shape[1] != mat2.array.shape[0]:
        raise _sizes_differ(mat1, mat2)
    shape = (mat1.array.shape[0], mat2.array.shape[1])
    if input.array.dtype is not mat1.array.dtype:
        raise unlike("addmm", input.array, mat1.array)
    if input.array.shape not in (shape, shape[1:]):
        input = expanded(input, shape)
    return _addmm(input, mat1, mat2, beta, alpha)


# ------------------------------------------------------------------------------ linear
@primitive(
    title=lambda node: "MmBackward0" if node.shapes[2] is None else "AddmmBackward0", quiet=True
)
def _linear(input, weight, bias, /):
    """``input @ weight.T + bias`` of matrices (n, in) and (out, in); bias (out,) or None."""
    out = kernels.matmul(input, weight.T)
    if bias is not None:
        out += bias
    return out


_linear.vjps(
    input=lambda g, weight: product(g, weight),
    weight=lambda g, input: product(_mt(g), input),
    bias=lambda g, into: _bias_rule(g, into),
)


def _bias_rule(g, into):
    if type(g) is ndarray and into == g.shape[1:] and len(g) <= _FEW and g.dtype.char in "fd":
        return kernels.column_sums(g)
    return sum_to_size(g, into)


_FEW = 1024  # rows that may be added up one after the other in float32


def linear(input, weight, bias=None):
    """``input @ weight.T + bias``.

    input: (*, in), weight: (out, in) or (in,), bias: (out,) or None; answers (*, out), or (*) for a vector weight.
    RuntimeError if the sizes or dtypes do not fit.

    >>> import minigrad as mg
    >>> mg.nn.functional.linear(mg.ones(1, 2), mg.ones(3, 2), mg.zeros(3))
    tensor([[2., 2., 2.]])
    """
    if not (isinstance(input, Traced) and isinstance(weight, Traced)) or not (
        bias is None or isinstance(bias, Traced)
    ):
        expect("linear", input=input, weight=weight, **({} if bias is None else {"bias": bias}))
    _checked("linear" if bias is not None else "matmul", input, weight)
    x, w = input.array.shape, weight.array.shape
    if len(w) == 1:
        out = matmul(input, weight)
        return out if bias is None else out + bias
    if not x or x[-1] != w[-1]:
        rows = int(np.prod(x[:-1])) if x else 0
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x[-1] if x else 0} and {w[1]}x{w[0]})"
        )
    if bias is not None and bias.array.dtype is not input.array.dtype:
        raise unlike("addmm", bias.array, input.array)
    if bias is not None and bias.array.shape not in ((w[0],), (1,), ()):
        raise RuntimeError(
            f"The expanded size of the tensor ({w[0]}) must match the existing size ({bias.array.shape[0]}) at "
            f"non-singleton dimension 1.  Target sizes: [{x[0]}, {w[0]}].  Tensor sizes: {list(bias.array.shape)}"
        )
    if len(x) == 2:
        return _linear(input, weight, bias)
    flat = reshape(input, (int(np.prod(x[:-1])), x[-1]))
    return reshape(_linear(flat, weight, bias), (*x[:-1], w[0]))
