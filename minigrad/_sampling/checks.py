"""Which arguments and dtypes a distribution takes; for others torch's exceptions.

Asked before anything is drawn or written.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import _types

Array = np.ndarray[Any, Any]

# C++ names of the dtypes, which torch's errors print.
_C_NAMES = {
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "bool": "bool",
}


def c_name(dtype: np.dtype[Any]) -> str:
    """The name of a dtype in torch's messages about ranges."""
    return _C_NAMES[dtype.name]


def title(dtype: np.dtype[Any]) -> str:
    """The name of a dtype in torch's messages about kernels."""
    return _types.of(dtype).title


def not_implemented(kernel: str, dtype: np.dtype[Any]) -> NotImplementedError:
    """The error of a kernel that lacks a dtype."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{title(dtype)}'")


def floating(array: Array, kernel: str) -> None:
    """NotImplementedError in torch's words unless array is floating-point."""
    if array.dtype.kind != "f":
        raise not_implemented(kernel, array.dtype)


def uniform(array: Array, low: float, high: float) -> None:
    """RuntimeError unless low and high bound a range that array's dtype can represent."""
    floating(array, "check_uniform_bounds")
    limit = float(np.finfo(array.dtype).max)
    for name, value in (("from", low), ("to", high)):
        if not -limit <= value <= limit:
            raise RuntimeError(f"{name} is out of bounds for {c_name(array.dtype)}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limit or float(array.dtype.type(high)) - float(array.dtype.type(low)) > limit:
        raise RuntimeError(
            "uniform_ expects to-from <= "
            f"std::numeric_limits<{title(array.dtype)}>::max(), but found to={high:g} "
            f"and from={low:g} which result in to-from to exceed the limit"
        )


def normal(std: float) -> None:
    """RuntimeError unless std >= 0."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def above_zero(function: str, name: str, value: float) -> None:
    """RuntimeError unless value > 0."""
    if not value > 0:
        raise RuntimeError(f"{function} expects {name} > 0.0, but found {name}={value:g}")


def continuous(distribution: str, array: Array, name: Callable[[np.dtype[Any]], str]) -> None:
    """RuntimeError unless array is floating-point."""
    if array.dtype.kind != "f":
        raise RuntimeError(
            f"{distribution} distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {name(array.dtype)}"
        )


def geometric(array: Array, p: float) -> None:
    """RuntimeError unless 0 < p < 1; NotImplementedError for bool."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if array.size and array.dtype.kind == "b":
        raise not_implemented("geometric_cpu", array.dtype)


def probability(p: float) -> None:
    """RuntimeError unless 0 <= p <= 1."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")


def probabilities(p: Array) -> None:
    """NotImplementedError unless p is floating-point, RuntimeError unless it is in [0, 1]."""
    floating(p, "bernoulli_tensor_cpu_p_")
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false: "
            f"bernoulli takes probabilities from 0 to 1, got {p.min():g} to {p.max():g}"
        )


def expanded(p: Array, shape: tuple[int, ...]) -> Array:
    """p with the given shape; RuntimeError where it does not expand to it."""
    try:
        return np.broadcast_to(p, shape)
    except ValueError:
        raise RuntimeError(
            "The expanded size of the tensor must match the existing size at every dimension that "
            f"is not 1.  Target sizes: {list(shape)}.  Tensor sizes: {list(p.shape)}"
        ) from None


# ---------------------------------------------------------------------------- ranges of integers


def full_range(dtype: np.dtype[Any]) -> Exception:
    """The error of a dtype that random_ cannot fill from the whole range of 64 bits."""
    kernel = "random_full_64_bits_range_kernel_cpu"
    if dtype.name in ("float16", "bool"):
        return not_implemented(kernel, dtype)
    return RuntimeError(f"{kernel} handles only int64, double, float and bfloat16")


def integer_range(array: Array, low: int, high: int | None) -> tuple[int, int]:
    """The first and last integer that random_(low, high) draws for array's dtype.

    A bound that the dtype cannot hold raises RuntimeError; one beyond the integers that a floating
    dtype holds without gaps warns.
    """
    for bound in (low, high):
        if bound is not None and not -(2**63) <= bound < 2**63:
            raise ValueError(f"Overflow when unpacking long long: {bound} has more than 64 bits")
    dtype = array.dtype
    is_float = dtype.kind == "f"
    digits = np.finfo(dtype).nmant + 1 if is_float else 0
    if high is None:
        if is_float:
            last = 2**digits
            low = _low_that_fits(low, dtype, digits)
            if low >= last:
                raise RuntimeError(
                    "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' "
                    f"casted to dtype, but got from={low} > to_inc={last}"
                )
        else:
            last = _largest(dtype)
    else:
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        if is_float:
            low, high = _low_that_fits(low, dtype, digits), _high_that_fits(high, dtype, digits)
            if low >= high:
                raise RuntimeError(
                    "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                    f"but got from={low} >= to={high}"
                )
        last = high - 1
    _in_bounds(dtype, digits, ("from", low), ("to - 1", last))
    return low, last


def _largest(dtype: np.dtype[Any]) -> int:
    return 1 if dtype.kind == "b" else int(np.iinfo(dtype).max)


def _smallest(dtype: np.dtype[Any]) -> int:
    return 0 if dtype.kind == "b" else int(np.iinfo(dtype).min)


def _in_bounds(dtype: np.dtype[Any], digits: int, *bounds: tuple[str, int]) -> None:
    if dtype.kind == "f":
        largest = float(np.finfo(dtype).max)
        smallest = -largest
    else:
        smallest, largest = _smallest(dtype), _largest(dtype)
    for name, value in bounds:
        if not smallest <= value <= largest:
            raise RuntimeError(f"{name} is out of bounds for {c_name(dtype)}")
    for name, value in bounds:
        if digits and not -(2**digits) <= value <= 2**digits:
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision "
                f"limitations {c_name(dtype)} can support discrete uniform distribution only "
                "within this range.",
                UserWarning,
                stacklevel=4,
            )


def _cast(value: int, dtype: np.dtype[Any]) -> float:
    """An integer as a floating dtype holds it; infinity where it is too large."""
    with np.errstate(over="ignore"):
        return float(np.int64(value).astype(dtype))


def _low_that_fits(low: int, dtype: np.dtype[Any], digits: int) -> int:
    """low, or the next integer whose cast to dtype does not fall below it."""
    cast = _cast(low + 1, dtype)
    if math.isfinite(cast) and int(cast) < low:
        return int(cast) + (1 << (abs(low + 1).bit_length() - digits))
    return low


def _high_that_fits(high: int, dtype: np.dtype[Any], digits: int) -> int:
    """high, or the integer before it whose predecessors' casts to dtype stay below it."""
    cast = _cast(high - 1, dtype)
    if math.isfinite(cast) and int(cast) >= high:
        return int(cast) - (1 << (abs(high - 1).bit_length() - digits))
    return high


def countable(n: int, dtype: np.dtype[Any]) -> None:
    """RuntimeError unless dtype holds all integers from 0 to n - 1."""
    if dtype.kind == "b":
        raise not_implemented("randperm", dtype)
    if dtype.kind == "f":
        largest = 2 ** (np.finfo(dtype).nmant + 1)
        if n > largest + 1:
            raise RuntimeError(f"n cannot be greater than {largest + 1} for {title(dtype)} type.")
    elif n - 1 > _largest(dtype):
        raise RuntimeError(
            f"value cannot be converted to type {dtype.name}_t without overflow: n is {n}"
        )


# ------------------------------------------------------------------------------------ multinomial


def multinomial(p: Array, count: int, replacement: bool) -> None:
    """RuntimeError unless count indices can be drawn by p's shape and dtype."""
    if not 0 < p.ndim <= 2:
        raise RuntimeError(f"prob_dist must be 1 or 2 dim, got {p.ndim}")
    if p.dtype.kind != "f":
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {title(p.dtype)}"
        )
    if count <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, got {count}")
    n = p.shape[-1]
    if not replacement and count > n:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement, "
            f"got {count} > {n}"
        )
    if not n and (p.ndim == 1 or len(p)):
        raise RuntimeError("cannot sample from no categories: prob_dist.size(-1) is 0")
    if n > 2**24:
        raise RuntimeError(f"number of categories cannot exceed 2^24, got {n}")


def weights(p: Array) -> None:
    """RuntimeError unless p is finite, not negative, and no row of it all zero."""
    if not (np.isfinite(p) & (p >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    _some_weight(p)


def rows_of_weights(p: Array) -> None:
    """As weights, in the words of sampling with replacement."""
    if not (p >= 0).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if not np.isfinite(p).all():
        raise RuntimeError(
            "invalid multinomial distribution (encountering probability entry = infinity or NaN)"
        )
    _some_weight(p)


def _some_weight(p: Array) -> None:
    if not (p > 0).any(-1).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
