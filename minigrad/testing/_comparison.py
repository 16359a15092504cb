"""``assert_close``: whether two tensors, numbers, or nests of them agree, and if not, where and by how much."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import _types
from ..creation import as_tensor
from ..grids import promote_types
from ..tensor import Tensor

# dtype: (rtol, atol); 0 and 0 for the others.
_TOLERANCES = {
    _types.float16: (1e-3, 1e-5),
    _types.float32: (1.3e-6, 1e-5),
    _types.float64: (1e-7, 1e-7),
}
_OF_NUMBERS: dict[type, _types.dtype] = {int: _types.int64, float: _types.float64}

Message = str | Callable[[str], str] | None


class _MismatchError(Exception):
    """What is to be raised, before a message of the user's has replaced its own.

    own: the text is to stay, as what is wrong is not a value.
    """

    def __init__(self, kind: type[Exception], text: str, own: bool = False):
        super().__init__(text)
        self.kind, self.text, self.own = kind, text, own


class _Rules:
    """The options of one call of `assert_close`."""

    def __init__(self, rtol: Any, atol: Any, **options: Any):
        if (rtol is None) != (atol is None):
            missing = "rtol" if rtol is None else "atol"
            raise ValueError(
                f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
            )
        self.rtol, self.atol = rtol, atol
        self.equal_nan: bool = options["equal_nan"]
        self.check_dtype: bool = options["check_dtype"]
        self.check_stride: bool = options["check_stride"]
        self.allow_subclasses: bool = options["allow_subclasses"]

    def tolerances(self, *dtypes: _types.dtype) -> tuple[float, float]:
        """(rtol, atol): those asked for, or the loosest that go with the dtypes."""
        if self.rtol is not None:
            return self.rtol, self.atol
        found = [_TOLERANCES.get(dtype, (0.0, 0.0)) for dtype in dtypes]
        return max(r for r, _ in found), max(a for _, a in found)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` everywhere, in shape and dtype too.

    actual, expected: tensors, arrays, numbers, None, or sequences and mappings of them.
    rtol, atol: both or neither (ValueError); by default as the dtype has it, exact for integers and bool.
    msg: replaces the message, or a function that is given it.  TypeError for what cannot be compared.
    Source: https://docs.pytorch.org/docs/stable/testing.html#torch.testing.assert_close

    >>> import minigrad as mg
    >>> mg.testing.assert_close(mg.tensor([0.1]) + 0.2, mg.tensor([0.3]))
    >>> mg.testing.assert_close(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 2.5]))
    Traceback (most recent call last):
    AssertionError: Tensor-likes are not close!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 0.5 at index (1,) (up to 1e-05 allowed)
    Greatest relative difference: 0.20000000298023224 at index (1,) (up to 1.3e-06 allowed)
    """
    rules = _Rules(
        rtol,
        atol,
        equal_nan=equal_nan,
        check_dtype=check_dtype,
        check_stride=check_stride,
        allow_subclasses=allow_subclasses,
    )
    place: tuple[Any, ...] = ()
    try:
        # All pairs are found before the first is compared: a missing key outranks a wrong number.
        for found, a, b in [*_pairs(actual, expected, ())]:
            place = found
            _compare(a, b, rules)
    except _MismatchError as error:
        text = error.text
        if place:
            text += f"\n\nThe failure occurred for item {''.join(str([i]) for i in place)}"
        if msg is not None and not error.own:
            text = msg(text) if callable(msg) else msg
        raise error.kind(text) from None


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """`assert_close` of what may be of different dtypes; deprecated in torch, as a warning says."""
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. "
        "Please use `torch.testing.assert_close()` instead.",
        FutureWarning,
        stacklevel=2,
    )
    actual, expected = (x if isinstance(x, Tensor) else as_tensor(x) for x in (actual, expected))
    if rtol is None and atol is None:
        rtol, atol = 0.0, 0.0
        for x in (actual, expected):
            r, a = {_types.float16: (1e-3, 1e-3), _types.float32: (1e-4, 1e-5)}.get(
                x.dtype, (1e-5, 1e-8) if x.dtype == _types.float64 else (0.0, 0.0)
            )
            rtol, atol = max(rtol, r), max(atol, a)
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_dtype=False,
        msg=msg or None,
    )


def _pairs(actual: Any, expected: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, Any, Any]]:
    """(where, one, the other) for every pair of what is no sequence or mapping."""
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            raise _MismatchError(
                AssertionError,
                f"The length of the sequences mismatch: {len(actual)} != {len(expected)}",
                own=True,
            )
        for i, (a, b) in enumerate(zip(actual, expected)):
            yield from _pairs(a, b, (*place, i))
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            raise _MismatchError(
                AssertionError,
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(expected.keys() - actual.keys())}\n"
                f"Additional keys in the actual mapping: {sorted(actual.keys() - expected.keys())}",
                own=True,
            )
        for key in actual:
            yield from _pairs(actual[key], expected[key], (*place, key))
    else:
        yield place, actual, expected


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def _compare(actual: Any, expected: Any, rules: _Rules) -> None:
    """_MismatchError unless the two agree."""
    both = (actual, expected)
    if actual is None or expected is None:
        if actual is not expected:
            raise _MismatchError(AssertionError, f"None mismatch: {actual} is not {expected}")
    elif all(isinstance(x, (bool, np.bool_)) for x in both):
        if bool(actual) is not bool(expected):
            raise _MismatchError(AssertionError, f"Booleans mismatch: {actual} is not {expected}")
    elif all(isinstance(x, (int, float, np.number)) for x in both):
        a, b = (x.item() if isinstance(x, np.number) else x for x in both)
        _compare_numbers(a, b, rules)
    else:
        _compare_tensors(*_as_tensors(actual, expected, rules), rules)


def _as_tensors(actual: Any, expected: Any, rules: _Rules) -> tuple[Any, Any]:
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    if related and (rules.allow_subclasses or type(actual) is type(expected)):
        try:
            return tuple(x if isinstance(x, Tensor) else as_tensor(x) for x in (actual, expected))  # type: ignore[return-value]
        except Exception:  # any: what cannot be a tensor is told below
            pass
    raise _MismatchError(
        TypeError,
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.",
        own=True,
    )


def _compare_numbers(actual: float, expected: float, rules: _Rules) -> None:
    if rules.check_dtype and type(actual) is not type(expected):
        raise _MismatchError(
            AssertionError, f"The (d)types do not match: {type(actual)} != {type(expected)}."
        )
    if actual == expected or (rules.equal_nan and math.isnan(actual) and math.isnan(expected)):
        return
    rtol, atol = rules.tolerances(*(_OF_NUMBERS[type(x)] for x in (actual, expected)))
    off = abs(actual - expected)
    if not math.isfinite(off) or off > atol + rtol * abs(expected):
        _refuse_scalars(actual, expected, rtol, atol)


def _refuse_scalars(actual: float, expected: float, rtol: float, atol: float) -> None:
    off = abs(actual - expected)
    relative = math.inf if expected == 0 else off / abs(expected)
    head = f"Expected {expected} but got {actual}."
    raise _MismatchError(
        AssertionError, _told("Scalars", head, (off, None, atol), (relative, None, rtol))
    )


def _compare_tensors(actual: Tensor, expected: Tensor, rules: _Rules) -> None:
    _same("shape", actual.shape, expected.shape)
    if rules.check_stride:
        _same("stride()", actual.stride(), expected.stride())
    if rules.check_dtype:
        _same("dtype", actual.dtype, expected.dtype)
    rtol, atol = rules.tolerances(actual.dtype, expected.dtype)
    dtype = promote_types(actual.dtype, expected.dtype)
    a, b = (x.detach().to(dtype) for x in (actual, expected))
    matches = a.isclose(b, rtol=rtol, atol=atol, equal_nan=rules.equal_nan).array
    if matches.all():
        return
    if not matches.ndim:
        _refuse_scalars(a.item(), b.item(), rtol, atol)
    if dtype.is_floating_point:
        x, y = a.array.ravel(), b.array.ravel()
    else:
        x, y = a.array.ravel().astype(np.int64), b.array.ravel().astype(np.int64)
    wrong = matches.size - int(matches.sum())
    with np.errstate(all="ignore"):
        off = np.where(matches.ravel(), 0, np.abs(x - y))
        relative = np.where(matches.ravel(), 0, off / np.abs(y))
        if not dtype.is_floating_point:
            relative = relative.astype(np.float32)

    def greatest(values: Any, allowed: float) -> tuple[Any, Any, float]:
        i = int(np.argmax(values))
        place = tuple(int(n) for n in np.unravel_index(i, matches.shape))
        return values[i].item(), place, allowed

    head = f"Mismatched elements: {wrong} / {matches.size} ({wrong / matches.size:.1%})"
    raise _MismatchError(
        AssertionError, _told("Tensor-likes", head, greatest(off, atol), greatest(relative, rtol))
    )


def _same(attribute: str, actual: Any, expected: Any) -> None:
    if actual != expected:
        raise _MismatchError(
            AssertionError,
            f"The values for attribute '{attribute}' do not match: {actual} != {expected}.",
        )


def _told(what: str, head: str, absolute: tuple[Any, ...], relative: tuple[Any, ...]) -> str:
    """The message; each difference is given as (how much, where or None, how much is allowed)."""
    exact = absolute[2] == relative[2] == 0
    lines = [f"{what} are not {'equal' if exact else 'close'}!\n", head]
    for name, (amount, place, allowed) in {"absolute": absolute, "relative": relative}.items():
        line = f"{name.title()} difference: {amount}"
        if place is not None:
            line = f"Greatest {name} difference: {amount} at index {place}"
        lines.append(line if exact else f"{line} (up to {allowed} allowed)")
    return "\n".join(lines)
