"""einsum, tensordot, kron: sums of products, as matrix products of permuted and reshaped tensors."""

from __future__ import annotations

import math
import re
import string
from typing import Any

from .. import _types
from .._tape import Traced
from ._common import all_dims, expect
from ._public import named
from .arrange import diagonal
from .matrix import _bmm, _mm
from .reduce import sum as _total
from .refusals import unlike
from .shape import _permute, expand, reshape

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase


def _letters(equation: str, operands: list[Any]) -> tuple[list[list[str]], list[str]]:
    """The subscripts of each operand and of the answer; dimensions of '...' are named '0', '1', ... from the back."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        few = "more" if len(operands) > len(terms) else "fewer"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    named: list[list[str]] = []
    most = 0
    for k, (term, x) in enumerate(zip(terms, operands)):
        bad = re.search(r"[^a-zA-Z.]|(?<!\.)\.(?!\.\.)", term.replace("...", ""))
        if bad or term.count("...") > 1:
            at = equation.find(bad.group()) if bad else equation.rfind("...")
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {at} in the equation string, subscripts must be in "
                "[a-zA-Z]"
            )
        own = len(term.replace("...", ""))
        n = x.array.ndim
        dots = "..." in term
        if own > n or (own < n and not dots):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({own}) does not match the number of dimensions "
                f"({n}) for operand {k}{'' if dots else ' and no ellipsis was given'}"
            )
        before, _, after = term.partition("...")
        rest = n - own
        most = max(most, rest)
        named.append([*before, *(str(rest - 1 - i) for i in range(rest)), *(after if dots else "")])
    ellipsis = [str(most - 1 - i) for i in range(most)]
    if not arrow:
        single = sorted(
            {s for t in named for s in t if sum(u.count(s) for u in named) == 1 and s.isalpha()}
        )
        return named, [*ellipsis, *single]
    before, dots_, after = right.partition("...")
    out = [*before, *(ellipsis if dots_ else []), *after]
    for s in out:
        if s.isalpha() and not any(s in t for t in named):
            raise RuntimeError(
                f"einsum(): output subscript {s} does not appear in the equation for any input operand"
            )
        if out.count(s) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {s} appears more than once in the output"
            )
    return named, out


def _once(x: Any, names: list[str], k: int) -> tuple[Any, list[str]]:
    """An operand whose repeated subscripts have been made one by taking diagonals."""
    while len(set(names)) < len(names):
        s = next(s for s in names if names.count(s) > 1)
        i, j = [d for d, t in enumerate(names) if t == s][:2]
        a, b = x.array.shape[i], x.array.shape[j]
        if a != b:
            raise RuntimeError(
                f"einsum(): subscript {s} is repeated for operand {k} but the sizes don't match, {b} != {a}"
            )
        x = diagonal(x, 0, i, j)
        names = [t for d, t in enumerate(names) if d not in (i, j)] + [s]
    return x, names


def _from_lists(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation and the operands of tensors followed by lists of numbers, the answer's list last or left out."""

    def term(numbers: Any) -> str:
        for n in numbers:
            if n is not Ellipsis and not 0 <= n < len(_ALPHABET):
                raise ValueError(f"einsum(): subscript {n} is not within the valid range [0, 52)")
        return "".join("..." if n is Ellipsis else _ALPHABET[n] for n in numbers)

    left = ",".join(term(numbers) for numbers in given[1::2])
    arrow = f"->{term(given[-1])}" if len(given) % 2 else ""
    return left + arrow, tuple(given[: len(given) // 2 * 2 : 2])


def einsum(equation, *operands):
    """Sums of products by the letters of their dimensions: ``"ij,jk->ik"`` is the product of two matrices.

    Letters that the answer lacks are summed over; a letter twice in one operand takes its diagonal; '...' stands
    for dimensions that broadcast.  RuntimeError, in torch's words, for what does not fit.
    ``einsum(x, [0, 1], y, [1, 2], [0, 2])`` says the same in lists of numbers from 0 to 51, and Ellipsis.

    >>> import minigrad as mg
    >>> mg.einsum("ij,j->i", mg.tensor([[1., 2.], [3., 4.]]), mg.tensor([1., 1.]))
    tensor([3., 7.])
    """
    if isinstance(equation, Traced):
        equation, operands = _from_lists((equation, *operands))
    given = (
        list(operands[0])
        if len(operands) == 1 and isinstance(operands[0], (tuple, list))
        else list(operands)
    )
    if not given:
        raise RuntimeError("einsum(): must provide at least one operand")
    for i, x in enumerate(given):
        expect("einsum", **{f"operand {i}": x})
    terms, out = _letters(equation, given)
    pairs = [_once(x, names, k) for k, (x, names) in enumerate(zip(given, terms))]
    sizes: dict[str, int] = {}
    for k, (x, names) in enumerate(pairs):
        for s, n in zip(names, x.array.shape):
            seen = sizes.get(s, 1)
            if n != 1 and seen not in (1, n):
                raise RuntimeError(
                    f"einsum(): subscript {s} has size {n} for operand {k} which does not broadcast with previously "
                    f"seen size {seen}"
                )
            sizes[s] = n if seen == 1 else seen
    pairs = [_widened(x, names, sizes) for x, names in pairs]
    while len(pairs) > 1:
        first, second, *rest = pairs
        kept = set(out).union(*(names for _, names in rest))
        pairs = [_contracted(first, second, kept), *rest]
    x, names = _reduced(pairs[0], set(out))
    missing = [s for s in out if s not in names]
    if missing:  # dimensions of '...' that no operand has cannot be; letters were checked
        x = reshape(x, (1,) * len(missing) + x.array.shape)
        names = missing + names
    return _permute(x, tuple(names.index(s) for s in out)) if names != out else x


def _widened(x: Any, names: list[str], sizes: dict[str, int]) -> tuple[Any, list[str]]:
    shape = tuple(sizes[s] for s in names)
    return (x if shape == x.array.shape else expand(x, shape)), names


def _reduced(pair: tuple[Any, list[str]], kept: set[str]) -> tuple[Any, list[str]]:
    """An operand summed over the letters that nobody needs any more."""
    x, names = pair
    dims = tuple(i for i, s in enumerate(names) if s not in kept)
    return (_total(x, dims) if dims else x), [s for s in names if s in kept]


def _contracted(first: Any, second: Any, kept: set[str]) -> tuple[Any, list[str]]:
    """Two operands made one by a (stacked) matrix product over the letters that both have and nobody keeps."""
    x, a = _reduced(first, kept | set(second[1]))
    y, b = _reduced(second, kept | set(first[1]))
    stacked = [s for s in a if s in b and s in kept]
    summed = [s for s in a if s in b and s not in kept]
    left = [s for s in a if s not in b]
    right = [s for s in b if s not in a]
    if summed and x.array.dtype is not y.array.dtype:
        raise unlike("bmm", x.array, y.array)
    size = {**dict(zip(a, x.array.shape)), **dict(zip(b, y.array.shape))}
    count = [math.prod(size[s] for s in part) for part in (stacked, left, summed, right)]
    x = _laid(x, a, [*stacked, *left, *summed], (count[0], count[1], count[2]), bool(stacked))
    y = _laid(y, b, [*stacked, *summed, *right], (count[0], count[2], count[3]), bool(stacked))
    out = _bmm(x, y) if stacked else _mm(x, y)
    names = [*stacked, *left, *right]
    return reshape(out, tuple(size[s] for s in names)), names


def _laid(x: Any, names: list[str], order: list[str], shape: tuple[int, ...], stacked: bool) -> Any:
    if names != order:
        x = _permute(x, tuple(names.index(s) for s in order))
    return reshape(x, shape if stacked else shape[1:])


def tensordot(a, b, dims=2, out=None):
    """Sums of products over dimensions of ``a`` and ``b``: the last ``dims`` of a and the first of b, or two lists.

    RuntimeError if the sizes differ.
    """
    expect("tensordot", a=a, b=b)
    n, m = a.array.ndim, b.array.ndim
    if isinstance(dims, Traced):
        dims = dims.array.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(n, m):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = tuple(range(n - dims, n)), tuple(range(dims))
    else:
        first, second = (_listed(d, x.array.ndim) for d, x in zip(dims, (a, b)))
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    for i, j in zip(first, second):
        if a.array.shape[i] != b.array.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.array.shape[i]} in dim {i} and second has "
                f"size {b.array.shape[j]} in dim {j}"
            )
    if a.array.dtype != b.array.dtype:
        raise RuntimeError(
            "both inputs should have same dtype: got "
            f"{_types.of(a.array.dtype).title} and {_types.of(b.array.dtype).title}"
        )
    free_a = [i for i in range(n) if i not in first]
    free_b = [j for j in range(m) if j not in second]
    shape_a, shape_b = a.array.shape, b.array.shape
    inner = math.prod(shape_a[i] for i in first)
    rows, columns = math.prod(shape_a[i] for i in free_a), math.prod(shape_b[j] for j in free_b)
    x = reshape(_permute(a, (*free_a, *first)), (rows, inner))
    y = reshape(_permute(b, (*second, *free_b)), (inner, columns))
    shape = tuple(shape_a[i] for i in free_a) + tuple(shape_b[j] for j in free_b)
    return reshape(_mm(x, y), shape)


def _listed(dims: Any, ndim: int) -> tuple[int, ...]:
    dims = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    return all_dims(dims, ndim) if dims else ()


@named
def kron(input, other):
    """The Kronecker product: every element of ``input`` times all of ``other``."""
    expect("kron", input=input, other=other)
    a, b = input.array.shape, other.array.shape
    n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
    x = reshape(input, tuple(v for s in a for v in (s, 1)))
    y = reshape(other, tuple(v for s in b for v in (1, s)))
    return reshape(x * y, tuple(s * t for s, t in zip(a, b)))
