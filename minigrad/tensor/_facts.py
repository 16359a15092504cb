"""What torch's tensors can tell of themselves that is the same for all of ours, or known at a glance.

There is one device, the CPU, one layout, and no complex numbers: of real numbers the conjugate is the number itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._tape import cell, edge, wrap
from ..ops import _common, shape
from ..ops.writing import assign
from ..storage import TypedStorage, UntypedStorage, memory_of
from ._core import TensorCore


class Facts(TensorCore):
    """Questions with short answers, and methods that real tensors on the CPU answer with themselves."""

    is_cpu = True
    is_ipu = is_maia = is_meta = is_mkldnn = is_mps = is_mtia = is_nested = False
    is_sparse_csr = is_vulkan = is_xla = is_xpu = False

    def get_device(self) -> int:
        """-1: what torch says of the CPU."""
        return -1

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self.array.dtype.kind in "if"

    def is_nonzero(self) -> bool:
        """Whether the only element is not 0; RuntimeError if there is not exactly one."""
        return bool(self)

    def is_same_size(self, other: Any) -> bool:
        """Whether another tensor has the same shape."""
        _common.expect("is_same_size", other=other)
        return self.array.shape == other.array.shape

    def is_set_to(self, tensor: Any) -> bool:
        """Whether another tensor has the same elements of the same memory."""
        _common.expect("is_set_to", tensor=tensor)
        mine, other = self.array, tensor.array
        return bool(
            mine.dtype == other.dtype
            and mine.shape == other.shape
            and mine.strides == other.strides
            and mine.ctypes.data == other.ctypes.data
        )

    def is_conj(self) -> bool:
        """False: there are no complex tensors."""
        return False

    is_complex = is_neg = is_distributed = is_coalesced = is_pinned = is_shared = is_conj

    def isreal(self) -> Any:
        """True for every element."""
        return wrap(np.ones(self.array.shape, bool))

    # -------------------------------------------------------------------- itself
    def conj(self) -> Any:
        """The tensor itself, as it is real."""
        return self

    resolve_conj = resolve_neg = conj_physical = conj

    def conj_physical_(self) -> Any:
        """The complex conjugate in place: the tensor as it is, written once more."""
        cell(self)[0] += 1
        return self

    @property
    def real(self) -> Any:
        """The tensor itself, as it is real."""
        return self

    def untyped_storage(self) -> UntypedStorage:
        """The memory that the tensor lies in, as bytes."""
        return UntypedStorage(memory_of(self.array).view(np.uint8))

    def storage(self) -> TypedStorage:
        """The memory that the tensor lies in, as numbers; its views have the same."""
        return TypedStorage(memory_of(self.array))

    def __delitem__(self, index: Any) -> None:
        raise TypeError("Tensor does not support deleting items")

    output_nr = 0  # in torch, which of its node's outputs it is

    @property
    def imag(self) -> Any:
        """RuntimeError: a real tensor has no imaginary part."""
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")

    def share_memory_(self) -> Any:
        """The tensor itself; processes that load data are given copies."""
        return self

    def pin_memory(self, device: Any = None) -> Any:
        """The tensor itself: without a GPU there is nothing to pin memory for."""
        return self

    # -------------------------------------------------------------------- transposed
    @property
    def H(self) -> Any:  # noqa: N802  (torch's name)
        """A matrix transposed; RuntimeError for other than 0 or 2 dimensions."""
        n = self.array.ndim
        if n not in (0, 2):
            batches = "" if n < 3 else " For batches of matrices, consider using tensor.mH"
            raise RuntimeError(
                f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor.{batches}"
            )
        return shape.transpose(self, 0, 1) if n else self

    @property
    def mH(self) -> Any:  # noqa: N802  (torch's name)
        """The last two dimensions exchanged."""
        return self._adjoint("tensor.mH")

    def adjoint(self) -> Any:
        """The last two dimensions exchanged."""
        return self._adjoint("tensor.adjoint()")

    def _adjoint(self, name: str) -> Any:
        if self.array.ndim == 1:
            raise RuntimeError(
                f"{name} is only supported on matrices or batches of matrices. Got 1-D tensor."
            )
        return shape.transpose(self, -2, -1) if self.array.ndim else self

    # -------------------------------------------------------------------- element by element in Python
    def apply_(self, callable: Callable[[Any], Any]) -> Any:
        """Replace every element, a Python number, by what a function makes of it; slow, as in torch."""
        self._unrecorded("apply_")
        made = [callable(v) for v in self.array.reshape(-1).tolist()]
        return assign(self, np.array(made, self.array.dtype).reshape(self.array.shape))

    def map_(self, tensor: Any, callable: Callable[[Any, Any], Any]) -> Any:
        """Replace every element by what a function makes of it and that of another tensor; slow, as in torch."""
        self._unrecorded("map_", tensor)
        other = np.broadcast_to(tensor.array, self.array.shape).reshape(-1).tolist()
        made = [callable(v, w) for v, w in zip(self.array.reshape(-1).tolist(), other)]
        return assign(self, np.array(made, self.array.dtype).reshape(self.array.shape))

    def _unrecorded(self, name: str, *others: Any) -> None:
        if any(edge(x) is not None for x in (self, *others)):
            raise RuntimeError(
                f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
            )
