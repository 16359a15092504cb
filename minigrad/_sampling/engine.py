"""Numbers made of a generator's words: one method per distribution, torch's algorithm in each.

A method whose name ends in an underscore fills an ndarray of any strides in place and answers it;
the others answer a new C-contiguous ndarray.  As in torch, a strided array is filled in the order
of its memory.  Arguments are checked in `checks.py` before anything is drawn or written.

Formulas: torch's ATen/core/TransformationHelper.h and ATen/native/cpu/DistributionTemplates.h.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad._sampling import arithmetic, checks
from minigrad._sampling.stream import Stream, kernels

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

f16, f32, f64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)
LIBM = tuple(arithmetic.LIBM)
PIECE = 1 << 13  # numbers made at a time where intermediate arrays are needed; a multiple of 16
# A uniform number is the last 24 bits of one word, or the last 53 of two, as a fraction of 1.
MASK24, MASK53 = np.uint64(2**24 - 1), np.uint64(2**53 - 1)
UNIT24, UNIT53 = np.float32(2.0**-24), np.float64(2.0**-53)


class Engine(Stream):
    """Torch's CPU generator, drawing ndarrays.

    >>> from minigrad._sampling import Engine
    >>> Engine(0).randint(0, 10, (5,))
    array([4, 9, 3, 0, 3])
    """

    # ------------------------------------------------------------------------ uniform, normal

    def rand(self, shape: Shape, dtype: Any = f32) -> Array:
        """Uniform numbers in [0, 1): (shape) of a floating dtype."""
        out = np.empty(shape, dtype)
        checks.floating(out, "check_uniform_bounds")
        self._uniform(out.reshape(-1), 0.0, 1.0)
        return out

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0, dtype: Any = f32) -> Array:
        """Uniform numbers in [low, high): (shape) of a floating dtype."""
        return self.uniform_(np.empty(shape, dtype), low, high)

    def uniform_(self, array: Array, low: float = 0.0, high: float = 1.0) -> Array:
        """Fill with uniform numbers in [low, high)."""
        checks.uniform(array, low, high)
        return _in_memory_order(array, self._uniform, low, high)

    def _uniform(self, out: Array, low: float, high: float) -> None:
        if out.dtype == f16:  # made in float32
            wide = np.empty(out.shape, f32)
            self._uniform(wide, low, high)
            out[...] = wide
            out[out == f16.type(high)] = low
            return
        single = out.dtype == f32
        size, kind = out.size, out.dtype.type
        if fast := kernels(size if single else 2 * size):
            low, high = kind(low), kind(high)
            kernel = fast.uniform32 if single else fast.uniform64
            self.run(kernel, out, low, high - low, high)
            return
        x = (
            (self.words(size) & MASK24).astype(f32) * UNIT24
            if single
            else (self.long_words(size) & MASK53) * UNIT53
        )
        if low == 0 and high == 1:
            out[...] = x
            return
        low, high = kind(low), kind(high)
        affine = arithmetic.affine32 if single else arithmetic.affine64
        out[...] = affine(x, high - low, low)
        out[out == high] = low

    def normal(self, shape: Shape, mean: float = 0.0, std: float = 1.0, dtype: Any = f32) -> Array:
        """Normal numbers: (shape) of a floating dtype."""
        return self.normal_(np.empty(shape, dtype), mean, std)

    def normal_(self, array: Array, mean: float = 0.0, std: float = 1.0) -> Array:
        """Fill with normal numbers.

        From 16 elements on, and C-contiguous, blocks of 16 are made at a time in array's own dtype.
        Otherwise pairs are made in float64, and the second of a pair waits in the generator.
        """
        checks.normal(std)
        if not array.size:
            return array
        checks.floating(array, "normal_kernel_cpu")
        blocks = array.size >= 16 and array.flags.c_contiguous
        with np.errstate(all="ignore"):  # infinite means and overflowing casts, as in torch
            return _in_memory_order(
                array, self._normal_blocks if blocks else self._normal_pairs, mean, std
            )

    def _normal_blocks(self, out: Array, mean: float, std: float) -> None:
        """Fill blocks of 16; where they do not come out even, the last 16 are made again."""
        whole, rest = divmod(out.size, 16)
        if out.dtype == f16:  # made in float32
            wide = np.empty(16 * (whole + (rest > 0)), f32)
            self._normal_blocks(wide, mean, std)
            out[: 16 * whole] = wide[: 16 * whole]
            if rest:
                out[-16:] = wide[-16:]
            return
        blocks = self._blocks32 if out.dtype == f32 else self._blocks64
        blocks(out[: 16 * whole], mean, std)
        if rest:
            self._uniform(out[-rest:], 0.0, 1.0)  # drawn in vain, as in torch
            blocks(out[-16:], mean, std)

    def _blocks32(self, out: Array, mean: float, std: float) -> None:
        self._uniform(out, 0.0, 1.0)
        mean, std = f32.type(mean), f32.type(std)
        if fast := kernels(10 * out.size, False):
            fast.box_muller32(out, mean, std)
        else:
            blocks = out.reshape(-1, 16)
            blocks[...] = arithmetic.box_muller32(blocks, mean, std)

    def _blocks64(self, out: Array, mean: float, std: float) -> None:
        for part in _pieces(out):
            self._uniform(part, 0.0, 1.0)
            self._box_muller64(part.reshape(-1, 16), mean, std)

    def _box_muller64(self, blocks: Array, mean: float, std: float) -> None:
        radius = np.sqrt(-2.0 * _libm("log", 1.0 - blocks[:, :8]))
        angle = 2.0 * math.pi * blocks[:, 8:]
        pairs = np.concatenate((radius * _libm("cos", angle), radius * _libm("sin", angle)), 1)
        blocks[...] = _affine(pairs, std, mean)

    def _normal_pairs(self, out: Array, mean: float, std: float) -> None:
        for part in _pieces(out):
            _store(part, _affine(self._gauss(part.size), std, mean))

    def _gauss(self, count: int) -> Array:
        """Standard normal numbers: (count,) float64, beginning with the one kept back before."""
        kept = [] if self._spare is None else [self._spare]
        pairs = (count - len(kept) + 1) // 2
        if pairs < 8:
            made = self._few_pairs(pairs)
        else:
            u = np.empty(2 * pairs)
            self._uniform(u, 0.0, 1.0)
            radius = np.sqrt(-2.0 * _libm("log1p", -u[1::2]))
            angle = 2.0 * math.pi * u[0::2]
            u[0::2], u[1::2] = radius * _libm("cos", angle), radius * _libm("sin", angle)
            made = u
        numbers = np.concatenate((kept, made))
        self._spare = float(numbers[-1]) if numbers.size > count else None
        return numbers[:count]

    def _few_pairs(self, pairs: int) -> Array:
        """As _gauss does it with arrays, in Python: several times faster for a handful."""
        words = iter(self.words(4 * pairs).tolist())
        made: list[float] = []
        for high1, low1, high2, low2 in zip(words, words, words, words):
            u1 = ((high1 & 0x1FFFFF) << 32 | low1) * 2.0**-53
            u2 = ((high2 & 0x1FFFFF) << 32 | low2) * 2.0**-53
            radius = math.sqrt(-2.0 * math.log1p(-u2))
            angle = 2.0 * math.pi * u1
            made += (radius * math.cos(angle), radius * math.sin(angle))
        return np.array(made)

    # ------------------------------------------------------------------------------- integers

    def randint(self, low: int, high: int, shape: Shape, dtype: Any = np.int64) -> Array:
        """Integers from low to high - 1: (shape) of any dtype that holds them."""
        return self.random_(np.empty(shape, dtype), low, high)

    def random_(self, array: Array, low: int | None = None, high: int | None = None) -> Array:
        """Fill with integers from low to high - 1.

        Without high: to the largest of an integer dtype, or to 2**(bits of the mantissa) of a
        floating one, which has a value for every integer up to there.  Without either: from 0.
        """
        dtype = array.dtype
        if low is None:
            last = 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else None
            span = last + 1 if last else 2 if dtype.kind == "b" else int(np.iinfo(dtype).max) + 1
            # Torch draws two words for these dtypes, one for the others, whatever the span.
            wide = dtype in (f64, np.dtype(np.int64))
            return _in_memory_order(array, self._integers, 0, span, wide)
        if low == -(2**63) and high is None:
            if dtype not in (f32, f64, np.dtype(np.int64)):
                raise checks.full_range(dtype)
            return _in_memory_order(array, self._integers, 0, 2**64, True)
        low, last = checks.integer_range(array, low, high)
        span = last - low + 1
        return _in_memory_order(array, self._integers, low, span, span >= 2**28)

    def _integers(self, out: Array, low: int, span: int, wide: bool) -> None:
        """Fill with low + word % span, of words of 64 bits if wide."""
        if wide:
            drawn = self.long_words(out.size)
            if span < 2**64:
                drawn %= np.uint64(span)
            drawn += np.uint64(low % 2**64)  # wraps around as torch's does
            _store(out, drawn.view(np.int64))
        elif fast := kernels(out.size):
            numbers = out if out.dtype == np.int64 else np.empty(out.shape, np.int64)
            self.run(fast.integers, numbers, span, low)
            if numbers is not out:
                _store(out, numbers)
        else:
            numbers = (self.words(out.size) % np.uint64(span)).view(np.int64)
            _store(out, numbers + low if low else numbers)

    def randperm(self, n: int) -> Array:
        """The integers 0 to n - 1 in a random order: (n,) int64."""
        if fast := kernels(20 * n):
            if n < (2**32 - 1) // 20:
                order = np.arange(n)
                self.run(fast.permutation, order)
            else:  # so many places that a word of 32 bits would favour some
                order = np.empty(n, np.int64)
                self.run(fast.long_permutation, order)
            return order
        steps = max(n - 1, 0)
        drawn = self.words(steps) % np.arange(n, n - steps, -1, dtype=np.uint64)
        numbers = list(range(n))
        for i, offset in enumerate(drawn.tolist()):
            j = i + offset
            numbers[i], numbers[j] = numbers[j], numbers[i]
        return np.array(numbers, np.int64)

    # --------------------------------------------------------------------------- one of two

    def bernoulli(self, p: float, shape: Shape, dtype: Any = f32) -> Array:
        """1 with probability p, else 0: (shape) of any dtype."""
        return self.bernoulli_(np.empty(shape, dtype), p)

    def bernoulli_(self, array: Array, p: float | Array = 0.5) -> Array:
        """Fill with 1 with probability p, else 0.

        p: a number, or an ndarray of probabilities for every element, of array's shape or expanding
        to it.  Two words make an element, but one where p is an ndarray of float32 or float16.
        """
        if not isinstance(p, np.ndarray):
            checks.probability(p)
            return _in_memory_order(array, self._bernoulli, p)
        checks.probabilities(p)
        each = checks.expanded(p, array.shape).transpose(_memory_order(array))
        return _in_memory_order(array, self._bernoulli_each, each)

    def _bernoulli(self, out: Array, p: float) -> None:
        threshold = math.ceil(p * 2.0**53)
        if fast := kernels(2 * out.size):
            mask = out if out.dtype == np.bool_ else np.empty(out.shape, np.bool_)
            self.run(fast.below, mask, threshold)
            if mask is not out:
                out[...] = mask
        else:
            out[...] = self.long_words(out.size) & MASK53 < threshold

    def _bernoulli_each(self, out: Array, p: Array) -> None:
        u = np.empty(out.size, f64 if p.dtype == f64 else f32)
        self._uniform(u, 0.0, 1.0)
        out[...] = u < p.reshape(-1)

    # ---------------------------------------------------------------- exponential and its kin

    def exponential_(self, array: Array, rate: float = 1.0) -> Array:
        """Fill with numbers of the exponential distribution of density rate * exp(-rate * x)."""
        checks.above_zero("exponential_", "lambda", rate)
        if array.size:
            checks.continuous("Exponential", array, checks.title)
        scale = -1.0 / rate
        return self._transform(array, lambda u: scale * _libm("log1p", -u))

    def geometric_(self, array: Array, p: float) -> Array:
        """Fill with the number of trials up to the first success, each of probability p."""
        checks.geometric(array, p)
        scale = math.log1p(-p)
        return self._transform(array, lambda u: np.ceil(_libm("log", u) / scale))

    def cauchy_(self, array: Array, median: float = 0.0, sigma: float = 1.0) -> Array:
        """Fill with numbers of the Cauchy distribution."""
        checks.above_zero("cauchy_", "sigma", sigma)
        checks.continuous("Cauchy", array, checks.c_name)
        return self._transform(
            array, lambda u: _affine(_libm("tan", math.pi * (u - 0.5)), sigma, median)
        )

    def log_normal_(self, array: Array, mean: float = 1.0, std: float = 2.0) -> Array:
        """Fill with e to the power of normal numbers of the given mean and std."""
        checks.above_zero("log_normal_", "std", std)
        if array.size:
            checks.floating(array, "log_normal_cpu")

        def fill(out: Array) -> None:
            with np.errstate(all="ignore"):  # as in normal_
                for part in _pieces(out):
                    _store(part, _libm("exp", _affine(self._gauss(part.size), std, mean)))

        return _in_memory_order(array, fill)

    def _transform(self, array: Array, function: Callable[[Array], Array]) -> Array:
        """Fill with a function of uniform numbers in float64."""

        def fill(out: Array) -> None:
            with np.errstate(all="ignore"):  # as in normal_
                for part in _pieces(out):
                    u = np.empty(part.size)
                    self._uniform(u, 0.0, 1.0)
                    _store(part, function(u))

        return _in_memory_order(array, fill)


# ---------------------------------------------------------------------------------------- helpers


def _libm(name: str, x: Array) -> Array:
    """A function of the C library in float64: (...) -> (...)."""
    if (fast := kernels(20 * x.size, False)) and fast.PLAIN_LIBM:
        flat: Array = np.array(x, f64, order="C").reshape(-1)
        fast.libm(LIBM.index(name), flat)
        return np.reshape(flat, x.shape)
    return arithmetic.libm(name, x)


def _affine(x: Array, scale: float, shift: float) -> Array:
    """x * scale + shift rounded once, in float64: (...) -> (...)."""
    if fast := kernels(10 * x.size, False):
        flat: Array = np.array(x, f64, order="C").reshape(-1)
        fast.affine(flat, float(scale), float(shift))
        return np.reshape(flat, x.shape)
    return arithmetic.affine64(x, scale, shift)


def _pieces(out: Array) -> Iterator[Array]:
    """out in parts, one after the other, whose intermediate arrays stay in the cache."""
    kernels(20 * out.size, False)  # loaded now if the whole is worth it, though no part may be
    count = max(out.size // PIECE, 1)
    for i in range(count):
        yield out[i * PIECE : (i + 1) * PIECE if i + 1 < count else None]


def _store(out: Array, numbers: Array) -> None:
    """Write float64 or int64 numbers with C's conversions, as torch casts them."""
    if out.dtype == f16:
        numbers = numbers.astype(f32)  # torch's only way to float16
    elif out.dtype.kind in "iu" and numbers.dtype == f64:
        numbers = numbers.astype(np.int64)
    out[...] = numbers


def _memory_order(array: Array) -> list[int]:
    """array's dimensions from the largest step in memory to the smallest."""
    return sorted(range(array.ndim), key=lambda dim: -abs(array.strides[dim]))


def _in_memory_order(array: Array, fill: Callable[..., None], *arguments: Any) -> Array:
    """Fill array through a flat C-contiguous one that follows it in memory; answers array."""
    if not array.size:
        return array
    view = array
    if not array.flags.c_contiguous:
        view = array.transpose(_memory_order(array))
        if any(step == 0 and size > 1 for step, size in zip(array.strides, array.shape)):
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a "
                "single memory location. Please clone() the tensor before performing the operation."
            )
    if view.flags.carray:
        fill(view.reshape(-1), *arguments)
    else:
        flat = np.empty(view.size, view.dtype)
        fill(flat, *arguments)
        view[...] = flat.reshape(view.shape)
    return array
