"""Pruning: weights set to 0 by a mask, which a hook lays over the trained numbers before every forward.

A pruned parameter ``weight`` becomes ``weight_orig``, which is trained, and the buffer ``weight_mask``; ``weight`` is
their product.  Methods laid over one another see what the ones before have left.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from ...creation import ones_like, zeros_like
from ...ops.factor import old_norm
from ...random import rand, rand_like
from ...tensor import Tensor
from ..module import Module
from .convert_parameters import parameters_to_vector

M = TypeVar("M", bound=Module)


class BasePruningMethod:
    """What says which elements stay: ``compute_mask(t, default_mask)``; PRUNING_TYPE is what t it is given.

    'unstructured': a vector of the elements left; 'structured': the channels left along ``dim``; 'global': all.
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask, of t's shape: ``default_mask`` with zeros where t is to be pruned."""
        raise NotImplementedError

    def __call__(self, module: Module, inputs: Any) -> None:
        """Before a forward: lay the mask over the trained numbers."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    def apply_mask(self, module: Module) -> Any:
        """The trained numbers times the mask."""
        orig = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(dtype=orig.dtype) * orig

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any
    ) -> Any:
        """Prune a parameter of a module by a new method of this class; answers the hook.

        importance_scores: what the method looks at instead of the parameter, in its shape (AssertionError otherwise).
        """
        before = _hook_of(module, name)
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        parameter = getattr(module, name)
        scores = parameter if importance_scores is None else importance_scores
        assert scores.shape == parameter.shape, (
            f"importance_scores should have the same shape as parameter {name} of {module}, got {scores.shape} vs "
            f"{parameter.shape}"
        )
        if before is None:  # what may fail comes first: the module stays as it was
            mask = method.compute_mask(scores, default_mask=ones_like(parameter))
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", parameter)
        else:
            key, old = before
            mask = _narrowed(method, scores, getattr(module, f"{name}_mask").detach().clone())
            del module._forward_pre_hooks[key]
            container = old if isinstance(old, PruningContainer) else PruningContainer(old)
            container.add_pruning_method(method)
            method = container
        module.register_buffer(f"{name}_mask", mask.detach())
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """``t`` with what the method prunes set to 0."""
        scores = t if importance_scores is None else importance_scores
        return t * self.compute_mask(scores, ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned parameter an ordinary one again, with its zeros."""
        name = self._tensor_name
        pruned = self.apply_mask(module)
        delattr(module, name)
        parameter: Any = module._parameters[f"{name}_orig"]
        parameter.data = pruned.data
        del module._parameters[f"{name}_orig"]
        del module._buffers[f"{name}_mask"]
        setattr(module, name, parameter)


class PruningContainer(BasePruningMethod):
    """Methods laid over one another."""

    def __init__(self, *args: BasePruningMethod):
        self._pruning_methods: tuple[Any, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Lay another on top; TypeError for what is no method, ValueError for one of another parameter."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods = (*self._pruning_methods, method)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pruning_methods)

    def __getitem__(self, index: Any) -> Any:
        return self._pruning_methods[index]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask of the topmost method, over what is left."""
        return _narrowed(self._pruning_methods[-1], t, default_mask)


def _hook_of(module: Module, name: str) -> Any:
    """(id, hook) of what prunes the parameter of that name, or None."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return key, hook
    return None


def _narrowed(method: Any, t: Any, mask: Any) -> Any:
    """A mask after another method has pruned what it had left."""
    if method.PRUNING_TYPE == "unstructured":
        left: Any = mask == 1
    elif method.PRUNING_TYPE == "structured":
        dim = method.dim % t.dim()
        left = [slice(None)] * t.dim()
        left[dim] = mask.sum(dim=[d for d in range(t.dim()) if d != dim]) != 0
        left = tuple(left)
    elif method.PRUNING_TYPE == "global":
        left = (slice(None),) * t.dim()
    else:
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    made = mask.to(dtype=t.dtype)
    made[left] = method.compute_mask(t[left], default_mask=mask[left]).to(dtype=made.dtype)
    return made


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the parameter one that can be pruned."""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask there is."""
        return default_mask


class _Amount(BasePruningMethod):
    """Prunes a number of elements or channels (an int), or a part of all (a float)."""

    def __init__(self, amount: Any):
        if not isinstance(amount, numbers.Real):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        whole = isinstance(amount, numbers.Integral)
        if float(amount) < 0 or (float(amount) > 1 and not whole):
            raise ValueError(
                f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer"
            )
        self.amount: Any = amount

    def count(self, size: int) -> int:
        """How many of ``size`` to prune; ValueError if that are more than there are."""
        n = (
            int(self.amount)
            if isinstance(self.amount, numbers.Integral)
            else round(self.amount * size)
        )
        if n > size:
            raise ValueError(
                f"amount={n} should be smaller than the number of parameters to prune={size}"
            )
        return n


class RandomUnstructured(_Amount):
    """Prunes elements by chance."""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask with as many more zeros, drawn."""
        n, mask = self.count(t.nelement()), default_mask.clone()
        if n:
            mask.view(-1)[rand_like(t).view(-1).topk(n).indices] = 0
        return mask


class L1Unstructured(_Amount):
    """Prunes the elements nearest to 0."""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask with as many more zeros, where ``t`` is smallest."""
        n, mask = self.count(t.nelement()), default_mask.clone()
        if n:
            mask.view(-1)[t.detach().abs().view(-1).topk(n, largest=False).indices] = 0
        return mask


class _Structured(_Amount):
    """Prunes whole channels along a dimension."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1):
        super().__init__(amount)
        self.dim = dim

    def kept(self, t: Any, n: int) -> Any:
        """An index of the channels that stay when ``n`` go."""
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask with zeros in as many more channels; ValueError for a vector, IndexError for a dim too many."""
        if t.dim() <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                f"{t.shape} with {t.dim()} dims"
            )
        if self.dim >= t.dim():
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        n = self.count(t.shape[self.dim])
        if not n:
            return default_mask
        mask, channels = zeros_like(t), [slice(None)] * t.dim()
        channels[self.dim] = self.kept(t.detach(), n)
        mask[tuple(channels)] = 1
        return mask * default_mask.to(dtype=mask.dtype)


class RandomStructured(_Structured):
    """Prunes channels by chance."""

    def kept(self, t: Any, n: int) -> Any:
        """Those that drew the largest numbers."""
        drawn = rand(t.shape[self.dim])
        return drawn > drawn.kthvalue(n).values


class LnStructured(_Structured):
    """Prunes the channels of the smallest ``n``-norms."""

    def __init__(self, amount: Any, n: Any, dim: int = -1):
        super().__init__(amount, dim)
        self.n = n

    def kept(self, t: Any, n: int) -> Any:
        """Those of the largest norms."""
        others = [d for d in range(t.dim()) if d != self.dim % t.dim()]
        return old_norm(t, self.n, others).topk(t.shape[self.dim] - n).indices


class CustomFromMask(BasePruningMethod):
    """Prunes by a mask that is given."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor):
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Both masks."""
        assert default_mask.shape == self.mask.shape, (
            f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
        )
        return default_mask * self.mask.to(dtype=default_mask.dtype)


# ------------------------------------------------------------------------------ as functions
def identity(module: M, name: str) -> M:
    """Make a parameter one that can be pruned, with a mask of ones."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: Any) -> M:
    """Prune elements of a parameter by chance: as many, or (a float) that part of them."""
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(module: M, name: str, amount: Any, importance_scores: Any = None) -> M:
    """Prune the elements of a parameter that are nearest to 0: as many, or (a float) that part of them.

    >>> import minigrad as mg
    >>> from minigrad.nn.utils import prune
    >>> net = mg.nn.Linear(2, 1, bias=False)
    >>> _ = net.weight.data.copy_(mg.tensor([[0.1, -2.0]]))
    >>> prune.l1_unstructured(net, "weight", 1).weight
    tensor([[ 0., -2.]], grad_fn=<MulBackward0>)
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: Any, dim: int) -> M:
    """Prune channels along ``dim`` by chance."""
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(
    module: M, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None
) -> M:
    """Prune the channels along ``dim`` of the smallest ``n``-norms."""
    LnStructured.apply(
        module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores
    )
    return module


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune by a mask of the parameter's shape."""
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune the elements of several parameters, pairs (module, name), as if they were one vector.

    TypeError for what is no iterable, no dict of scores, or a method of another type than 'unstructured'.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs: list[Any] = [*parameters]
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    whole = parameters_to_vector([scores.get((m, n), getattr(m, n)) for m, n in pairs])
    masks = [getattr(m, f"{n}_mask", ones_like(getattr(m, n))) for m, n in pairs]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of '
            f"type {method.PRUNING_TYPE}"
        )
    mask = _narrowed(method, whole.detach(), parameters_to_vector(masks).detach())
    start = 0
    for module, name in pairs:
        size = getattr(module, name).numel()
        part = mask[start : start + size].view_as(getattr(module, name))
        custom_from_mask(module, name, part)
        start += size


def remove(module: M, name: str) -> M:
    """Make a pruned parameter an ordinary one again, with its zeros; ValueError if it is not pruned."""
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(
            f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
        )
    key, hook = found
    hook.remove(module)
    del module._forward_pre_hooks[key]
    return module


def is_pruned(module: Module) -> bool:
    """Whether any parameter in the module's tree is pruned."""
    return any(
        isinstance(hook, BasePruningMethod)
        for part in module.modules()
        for hook in part._forward_pre_hooks.values()
    )
