"""What a tensor is: an array with a place on the tape, its attributes, its gradients and its conversions.

The class users see, ``Tensor``, adds the list of ops and Python's protocols to it.
"""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _formats, _types
from .._tape import Array, Frozen, Node, Traced, cell, edge, engine, mode, wrap
from .._tape.hooks import hang
from .._warn import once
from ..ops import _common, reshaping, shape

_NOT_KEPT = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the "
    "leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)
CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
    "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
    "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the "
    "cycle and avoid the leak."
)


def _converts(dtype: _types.dtype) -> Any:
    def method(self: Any) -> Any:
        if self.array.dtype is not wanted and wanted.kind == "f":
            return _common.cast(self, wanted)
        return self.to(dtype)

    wanted = dtype.np
    method.__doc__ = f"The tensor in {dtype.name}; itself if it has that dtype."
    return method


def _destination(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, Any, bool]:
    """(dtype, device, copy) of the arguments of ``to``; TypeError for what it does not take."""
    given = {k: v for k, v in options.items() if k not in ("non_blocking", "memory_format")}
    dtype, device, other = (given.pop(k, None) for k in ("dtype", "device", "other"))
    rest = list(args)
    if rest and isinstance(rest[0], TensorCore):
        other = rest.pop(0)
    elif rest and (rest[0] is None or isinstance(rest[0], (str, _types.device))):
        device = rest.pop(0)
        if rest and not isinstance(rest[0], bool):
            dtype = rest.pop(0)
    elif rest:
        dtype = rest.pop(0)
    if given or len(rest) > 2 or not all(isinstance(r, bool) for r in rest):
        what = ", ".join([*(type(a).__name__ for a in args), *options])
        raise TypeError(f"to() received an invalid combination of arguments - got ({what})")
    if other is not None:
        if not isinstance(other, TensorCore):
            raise TypeError(f"to(): argument 'other' must be Tensor, not {type(other).__name__}")
        dtype = other.dtype
    return dtype, device, len(rest) == 2 and rest[1]


class TensorCore(Traced):
    """What a tensor is, its gradients and its conversions: all of Tensor but its list of ops."""

    # -------------------------------------------------------------------- what it is
    @property
    def shape(self) -> _types.Size:
        """The sizes of the dimensions."""
        return tuple.__new__(_types.Size, self.array.shape)  # past the checks

    def size(self, dim: Any = None) -> Any:
        """The sizes of the dimensions, or of one of them."""
        if dim is None:
            return self.shape
        return self.array.shape[_common.one_dim(dim, self.array.ndim)]

    @property
    def dtype(self) -> _types.dtype:
        """The type of the elements."""
        return _types.of(self.array.dtype)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    @property
    def device(self) -> _types.device:
        """Where it lives: the CPU."""
        return _types.cpu

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.array.nbytes

    is_cuda = is_sparse = is_quantized = False
    layout = _formats.strided

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    def element_size(self) -> int:
        """Bytes per element."""
        return self.array.itemsize

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point one."""
        return self.array.dtype.kind == "f"

    def stride(self, dim: int | None = None) -> Any:
        """The steps in memory, in elements, of the dimensions or of one of them."""
        array = self.array
        if array.size:
            steps = tuple(s // array.itemsize for s in array.strides)
        else:  # NumPy has zeros here, torch what would be if sizes of 0 were 1
            sizes = [max(1, n) for n in array.shape]
            steps = tuple(math.prod(sizes[i + 1 :]) for i in range(array.ndim))
        return steps if dim is None else steps[_common.one_dim(dim, self.array.ndim)]

    def is_contiguous(self, memory_format: Any = _formats.contiguous_format) -> bool:
        """Whether the elements lie in memory in C order, or in that of the format."""
        return _formats.lies(self.array, _formats.checked("is_contiguous", memory_format))

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.array.ctypes.data

    # -------------------------------------------------------------------- gradients
    @property
    def requires_grad(self) -> bool:
        """Whether gradients are traced through it; may be set on leaves."""
        return edge(self) is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if edge(self) is not None and not self.leaf:
            if not wanted:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                    "variable in a subgraph that doesn't require differentiation use "
                    "var_no_grad = var.detach()."
                )
            return
        if wanted and self.is_inference() and not mode.inference:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
            )
        if wanted and self.array.dtype.kind != "f":
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        self.leaf = bool(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Set ``requires_grad`` and answer the tensor itself; TypeError for what is no bool."""
        if not isinstance(requires_grad, bool):
            raise TypeError(
                f"requires_grad_(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}"
            )
        if requires_grad and self.array.dtype.kind != "f":  # torch's words differ from the setter's
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no op that is recorded made it."""
        return not isinstance(edge(self), Node)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it, None for leaves."""
        e = edge(self)
        return e.shown() if isinstance(e, Node) else None

    @property
    def grad(self) -> Any:
        """The gradient that ``backward`` has added up, or None: with a warning where none will ever be kept."""
        if self.gradient is None and not self.is_leaf and not self.retains_grad:
            warnings.warn(_NOT_KEPT, UserWarning, stacklevel=2)
        return self.gradient

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, TensorCore):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value.array.dtype != self.array.dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{value.dtype}' to a tensor of dtype "
                    f"'{self.dtype}'. The gradient must match the tensor's dtype"
                )
            if value.array.shape != self.array.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
                    f"'{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
        self.gradient = value

    @property
    def data(self) -> Any:
        """The same memory, off the tape: writing to it is not noticed by the gradients."""
        return wrap(self.array)

    @data.setter
    def data(self, value: Any) -> None:
        if not isinstance(value, TensorCore):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self.array = value.array

    def detach(self) -> Any:
        """The same memory without gradients; writing to it is noticed."""
        out = wrap(self.array)
        out.memory = cell(self)
        return out

    def detach_(self) -> Any:
        """Take the tensor off the tape; RuntimeError for a view, as in torch."""
        if reshaping.owner_of(self) is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self.node, self.base, self.leaf = None, None, False
        return self

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this tensor to ``.grad`` of the leaves it was computed from.

        gradient: of this tensor's shape; may be left out if it has one element.
        RuntimeError if it requires no grad, the graph was freed, or what it kept was written in place.
        """
        if isinstance(inputs, TensorCore):
            inputs = [inputs]
        if create_graph:
            once(CYCLE)
        engine.backward([self], [gradient], retain_graph, create_graph, inputs)

    retains_grad = False

    def retain_grad(self) -> None:
        """Have ``backward`` fill ``.grad`` of this tensor although it is no leaf."""
        e = edge(self)
        if e is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if isinstance(e, Node):
            this = weakref.ref(self)  # the node must not keep its own tensor alive

            def keep(g: Any) -> None:
                t = this()
                if t is not None:
                    t.gradient = g if t.gradient is None else t.gradient + g

            e.hooks = [*(e.hooks or ()), keep]
            self.retains_grad = True

    def register_hook(self, hook: Callable[[Any], Any]) -> Any:
        """Call ``hook(grad)`` when this tensor's gradient is known; what it answers, if not None, replaces it."""
        e = edge(self)
        if e is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return hang(e, "hooks", hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], None]) -> Any:
        """Call ``hook(leaf)`` after ``backward`` has added to this leaf's ``.grad``."""
        if not self.leaf:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        return hang(self, "after_accumulate", hook)

    def is_inference(self) -> bool:
        """Whether it was made in inference mode, or shares the memory of a tensor that was."""
        return type(self.memory) is Frozen

    @property
    def _version(self) -> int:
        if self.is_inference():
            raise RuntimeError("Inference tensors do not track version counter.")
        return self.memory[0] if self.memory is not None else 0

    @property
    def _base(self) -> Any:
        return reshaping.owner_of(self)

    # -------------------------------------------------------------------- conversions
    def numpy(self, *, force: bool = False) -> Array:
        """The elements as an ndarray that shares memory; RuntimeError if it requires grad (unless ``force``)."""
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self.numpy()
        if copy is None and (dtype is None or np.dtype(dtype) == array.dtype):
            return array
        return np.array(array, dtype, copy=copy)

    def item(self) -> Any:
        """The one element as a Python number; RuntimeError if there is not just one."""
        if self.array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self.array.size} elements cannot be converted to Scalar"
            )
        return self.array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.array.tolist()

    def to(self, *args: Any, copy: bool = False, **options: Any) -> Any:
        """The tensor in another dtype; the only device is the CPU.  Itself where nothing changes.

        Called as ``to(dtype)``, ``to(device, dtype)`` or ``to(other)``; ``non_blocking`` has no effect.
        TypeError for other arguments.
        """
        dtype, device, positional = _destination(args, options)
        if device is not None:
            _types.on_cpu(device)
        wanted = self.array.dtype if dtype is None else _types.as_numpy(dtype)
        form = options.get("memory_format") or _formats.preserve_format
        if wanted != self.array.dtype:
            made = _common.cast(self, wanted)
        else:
            made = shape.clone(self) if copy or positional else self
        return made if form is _formats.preserve_format else shape.contiguous(made, form)

    def type(self, dtype: Any = None) -> Any:
        """The name of the tensor's type, or the tensor in another dtype."""
        if dtype is None:
            return f"{_types.package}.{self.dtype.title}Tensor"
        if isinstance(dtype, str):
            dtype = _types.by_type(dtype)
        elif not isinstance(dtype, _types.dtype):
            dtype = getattr(dtype, "dtype", None) or _types.by_type(dtype.__name__)
        return self.to(dtype)

    def type_as(self, other: Any) -> Any:
        """The tensor in the dtype of another."""
        return self.to(other.dtype)

    def cpu(self) -> Any:
        """The tensor itself: it is on the CPU."""
        return self

    def cuda(self, *_: Any, **__: Any) -> Any:
        """RuntimeError: there is no GPU here."""
        return self.to(device="cuda")

    float, double = _converts(_types.float32), _converts(_types.float64)
    half, short = _converts(_types.float16), _converts(_types.int16)
    int, long = _converts(_types.int32), _converts(_types.int64)
    char, byte = _converts(_types.int8), _converts(_types.uint8)
    bool = _converts(_types.bool_)
