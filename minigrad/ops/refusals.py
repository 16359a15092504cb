"""Which writes in place torch refuses: to leaves, outside of inference mode, and where memory overlaps.

Source of the rules of overlap: at::get_overlap_status of PyTorch's ATen/MemoryOverlap.h
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Frozen, Node, Traced, edge, follow, mode

_UNSUPPORTED = (
    "unsupported operation: {} a single memory location. Please clone() the tensor before performing the "
    "operation."
)


def refuse_within(array: Array) -> None:
    """RuntimeError if several elements of what is to be written lie in one place, as an expanded tensor's do."""
    if array.size and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape)):
        raise RuntimeError(
            _UNSUPPORTED.format("more than one element of the written-to tensor refers to")
        )


def refuse_between(written: Array, read: Array) -> None:
    """RuntimeError if what is read overlaps what is written, unless element lies upon element.

    As torch, looks only at arrays without gaps, and compares the ranges of their memory.
    """
    if not (written.size and read.size and _is_dense(written) and _is_dense(read)):
        return
    a, b = written.__array_interface__["data"][0], read.__array_interface__["data"][0]
    if a == b and written.nbytes == read.nbytes:
        if _steps(written) == _steps(read) and written.shape == read.shape:
            return
    elif a + written.nbytes <= b or b + read.nbytes <= a:
        return
    raise RuntimeError(
        _UNSUPPORTED.format("some elements of the input tensor and the written-to tensor refer to")
    )


def _steps(array: Array) -> list[int]:
    """The strides that matter."""
    return [s for s, n in zip(array.strides, array.shape) if n > 1]


def _is_dense(array: Array) -> bool:
    """Whether the elements fill their memory without gaps and without overlap, in whatever order."""
    expected = array.itemsize
    for step, size in sorted(zip(array.strides, array.shape)):
        if size > 1:
            if step != expected:
                return False
            expected *= size
    return True


def shares(t: Any, value: Any) -> bool:
    """Whether two tensors are of one memory, as far as the tape knows."""
    return value.memory is not None and value.memory is t.memory


def writable(t: Any, steps: tuple[Any, ...] = ()) -> None:
    """RuntimeError, in torch's words, if the part of ``t`` at the end of ``steps`` may not be written in place."""
    writable_with_one_value(t, steps)
    if 0 in t.array.strides:
        refuse_within(follow(t.array, steps))


def writable_with_one_value(t: Any, steps: tuple[Any, ...] = ()) -> None:
    """`writable`, for a write that is the same wherever several elements lie in one place."""
    if mode.grad and (t.leaf or (t.base is not None and (t.base.leaf or _is_of_leaf(t)))):
        view = "a view of " if t.base is not None or _is_smaller_view(t.array, steps) else ""
        raise RuntimeError(
            f"{view}a leaf Variable that requires grad is being used in an in-place operation."
        )
    if type(t.memory) is Frozen and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a "
            "normal tensor before doing inplace update."
        )
    if t.base is not None and t.base.base is not None:
        t.base = t.base.base  # the owner was itself reshaped in place


def _is_of_leaf(view: Any) -> bool:
    """Whether a view was made of a leaf that is itself a view, of memory that requires no gradient."""
    e = edge(view)
    for op, _ in reversed(view.path):
        if not isinstance(e, Node) or e.op is not op:
            break
        e = e.edges[0]
    return isinstance(e, Traced)


def _is_smaller_view(array: Array, steps: tuple[Any, ...]) -> bool:
    """Whether an index leads to a view that torch would make first: to a part, not to the whole or to copies."""
    if len(steps) > 1:
        return True
    part = follow(array, steps)
    return part.shape != array.shape and np.may_share_memory(part, array)


def unspread(got: tuple[int, ...], want: tuple[int, ...], is_view: bool) -> Exception:
    """Torch's error for a value that does not broadcast to the part of a tensor that it is to be written to."""
    if is_view and len(got) > len(want):
        return RuntimeError(
            f"expand(torch.Tensor{{{list(got)}}}, size={list(want)}): the number of sizes provided ({len(want)}) "
            f"must be greater or equal to the number of dimensions in the tensor ({len(got)})"
        )
    if is_view:
        lead = len(want) - len(got)
        i = next(i for i in reversed(range(len(got))) if got[i] not in (1, want[lead + i]))
        return RuntimeError(
            f"The expanded size of the tensor ({want[lead + i]}) must match the existing size ({got[i]}) at "
            f"non-singleton dimension {lead + i}.  Target sizes: {list(want)}.  Tensor sizes: {list(got)}"
        )
    return RuntimeError(
        f"shape mismatch: value tensor of shape {list(got)} cannot be broadcast to indexing result of shape "
        f"{list(want)}"
    )


_OF_C = {
    "Byte": "unsigned char",
    "Char": "signed char",
    "Half": "c10::Half",
    "Int": "int",
    "Long": "long int",
    "Short": "short int",
}


def c_name(dtype: Any) -> str:
    """The name of a dtype in C++, which some of torch's errors have."""
    title = _types.of(dtype).title
    return _OF_C.get(title, title.lower())


def unlike(name: str, a: Array, b: Array) -> RuntimeError:
    """Torch's error for factors of different dtypes, which it words by the product."""
    first, second = _types.of(a.dtype).title, _types.of(b.dtype).title
    if name == "addmm":
        said = f"self and mat2 must have the same dtype, but got {first} and {second}"
    elif name == "linear":
        said = f"mat1 and mat2 must have the same dtype, but got {first} and {second}"
    elif name == "bmm":
        said = f"expected scalar type {first} but found {second}"
    elif a.ndim == b.ndim == 1:
        said = f"dot : expected both vectors to have same dtype, but found {first} and {second}"
    elif a.ndim == 2 and b.ndim == 1:
        said = (
            f"addmv input tensors must have the same dtype, but got {second}, {first}, and {second}"
        )
    else:
        names = f"{c_name(a.dtype)} != {c_name(b.dtype)}"
        said = f"expected m1 and m2 to have the same dtype, but got: {names}"
    return RuntimeError(said)
