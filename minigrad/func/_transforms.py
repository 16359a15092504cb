"""Derivatives of functions as functions: ``grad``, ``vjp``, ``jvp``, Jacobians."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import autograd
from .._tape import edge
from ..creation import zeros_like
from ..ops.parts import stack
from ..tensor import Tensor
from ._trees import filled, leaves, mapped


class _Depth:
    """How many transforms are under way: what an inner one answers, an outer one differentiates."""

    now = 0


def _places(argnums: Any, count: int) -> list[int]:
    """The numbers of the arguments to differentiate by; RuntimeError if there is no such argument."""
    found = []
    for n in argnums if isinstance(argnums, tuple) else (argnums,):
        if not -count <= n < count:
            raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
        found.append(n % count)
    return found


def _variable(x: Any) -> Tensor:
    """A tensor to differentiate by, itself connected to what it was computed from."""
    if not isinstance(x, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def _outer(args: Any) -> bool:
    """Whether the answer is to be differentiated: within another transform, or by the user."""
    return _Depth.now > 0 or any(isinstance(x, Tensor) and x.requires_grad for x in leaves(args))


def _has_others(outputs: list[Any], inputs: list[Tensor]) -> bool:
    """Whether outputs depend on leaves that require grad beside the inputs: a network's own parameters, say."""
    own, seen = {id(x) for x in inputs}, set()
    rest = [edge(y) for y in outputs if isinstance(y, Tensor)]
    while rest:
        e = rest.pop()
        if e is None or id(e) in own or id(e) in seen:
            continue
        seen.add(id(e))
        if isinstance(e, Tensor):
            return True
        rest.extend(e.edges)
    return False


def _called(function: Callable[..., Any], args: Any, kwargs: Any = None) -> Any:
    """What a function answers while its operations are recorded."""
    _Depth.now += 1
    try:
        with autograd.enable_grad():
            return function(*args, **(kwargs or {}))
    finally:
        _Depth.now -= 1


def _pulled(outputs: list[Tensor], inputs: list[Tensor], given: list[Any], further: bool) -> Any:
    """The gradients of inputs, zeros where an output does not depend on one."""
    some = [(y, g) for y, g in zip(outputs, given) if y.requires_grad]
    if not some:
        return [zeros_like(x) for x in inputs]
    found = autograd.grad(
        [y for y, _ in some],
        inputs,
        [g for _, g in some],
        retain_graph=True,
        create_graph=further,
        allow_unused=True,
    )
    return [zeros_like(x) if g is None else g for x, g in zip(inputs, found)]


def _plain(tree: Any, further: bool) -> Any:
    """Outputs as the user is given them."""
    return mapped(lambda x: x if further or not isinstance(x, Tensor) else x.detach(), tree)


def _at(places: list[int], args: tuple[Any, ...]) -> tuple[list[Any], tuple[Any, ...]]:
    """The arguments at some places as variables, and all arguments with those in them."""
    varied = [mapped(_variable, args[i]) for i in places]
    whole = list(args)
    for i, v in zip(places, varied):
        whole[i] = v
    return varied, tuple(whole)


def _parted(name: str, answer: Any, has_aux: bool) -> tuple[Any, Any]:
    """An answer and what came beside it; RuntimeError if ``has_aux`` and it is no pair."""
    if not has_aux:
        return answer, None
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise RuntimeError(
            f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    return answer


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Any:
    """The function that answers the gradient of ``func``, a 0-d tensor, by an argument, and func's own answer.

    As `grad` otherwise.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        places = _places(argnums, len(args))
        varied, whole = _at(places, args)
        name = "grad_and_value(f)(*args)"
        value, aux = _parted(name, _called(func, whole, kwargs), has_aux)
        further = _outer((args, kwargs)) or _has_others([value], leaves(varied))
        if not isinstance(value, Tensor):
            raise RuntimeError(f"{name}: Expected f(*args) to return a Tensor, got {type(value)}")
        if value.ndim:
            raise RuntimeError(
                f"{name}: Expected f(*args) to return a scalar Tensor, got tensor with {value.ndim} dims. Maybe you "
                "wanted to use the vjp or jacrev APIs instead?"
            )
        found = _pulled([value], leaves(varied), [None], further)
        gradients = filled(varied, iter(found))
        made = tuple(gradients) if isinstance(argnums, tuple) else gradients[0]
        value, aux = _plain(value, further), _plain(aux, further)
        return (made, (value, aux)) if has_aux else (made, value)

    return wrapper


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Any:
    """The function that answers the gradient of ``func``, which answers a 0-d tensor, by an argument.

    argnums: which argument, or a tuple of them; each a tensor or a nest of tensors.  has_aux: func answers
    (output, anything), and the gradient comes as (gradient, anything).  RuntimeError for another answer.

    >>> import minigrad as mg
    >>> mg.func.grad(mg.func.grad(lambda x: x**3))(mg.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        made, value = both(*args, **kwargs)
        return (made, value[1]) if has_aux else made

    return wrapper


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``func(*primals)``, and the function from gradients of its output to a tuple of those of ``primals``.

    >>> import minigrad as mg
    >>> y, back = mg.func.vjp(lambda x: x * x, mg.tensor([1.0, 2.0]))
    >>> y, back(mg.ones(2))
    (tensor([1., 4.]), (tensor([2., 4.]),))
    """
    varied, whole = _at([*range(len(primals))], primals)
    output, aux = _parted("vjp(f, *primals)", _called(func, whole), has_aux)
    further = _outer(primals) or _has_others(leaves(output), leaves(varied))

    def pull(cotangents: Any) -> Any:
        found = _pulled(leaves(output), leaves(varied), leaves(cotangents), further)
        return tuple(filled(varied, iter(found)))

    shown = _plain(output, further)
    return (shown, pull, _plain(aux, further)) if has_aux else (shown, pull)


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, has_aux: bool = False) -> Any:
    """``func(*primals)`` and its derivative in the direction of ``tangents``, by two backward passes."""
    varied, whole = _at([*range(len(primals))], tuple(primals))
    output, aux = _parted("jvp(f, primals, tangents)", _called(func, whole), has_aux)
    outs = leaves(output)
    further = _outer((primals, tangents)) or _has_others(outs, leaves(varied))
    # the gradient is linear in the gradient of the output: differentiated by that, it gives the derivative
    given = [zeros_like(y).requires_grad_() for y in outs]
    back = _pulled(outs, leaves(varied), given, True)
    found = _pulled(back, given, leaves(tuple(tangents)), further)
    made = _plain(output, further), filled(output, iter(found))
    return (*made, _plain(aux, further)) if has_aux else made


def jacrev(func: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False) -> Any:
    """The function that answers the Jacobian of ``func``: of shape (*output, *input), one for each output and input.

    >>> import minigrad as mg
    >>> mg.func.jacrev(lambda x: x * x)(mg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        places = _places(argnums, len(args))
        varied, whole = _at(places, args)
        output, aux = _parted("jacrev(f)(*args)", _called(func, whole, kwargs), has_aux)
        further = _outer((args, kwargs)) or _has_others(leaves(output), leaves(varied))

        def rows(y: Tensor) -> Any:
            found = [_row(y, i, leaves(varied), further) for i in range(y.numel())]
            parts = [_stacked(column, y) for column in zip(*found)]
            made = filled(varied, iter(parts))
            return tuple(made) if isinstance(argnums, tuple) else made[0]

        made = mapped(rows, output)
        return (made, _plain(aux, further)) if has_aux else made

    return wrapper


def _row(y: Tensor, i: int, inputs: list[Tensor], further: bool) -> list[Tensor]:
    one = zeros_like(y).detach().reshape(-1)
    one[i] = 1
    return _pulled([y], inputs, [one.view_as(y)], further)


def _stacked(column: tuple[Tensor, ...], y: Tensor) -> Tensor:
    return stack(column).reshape((*y.shape, *column[0].shape))


jacfwd = jacrev


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Any:
    """The function that answers the matrix of second derivatives of ``func``: of shape (*output, *input, *input)."""
    return jacrev(jacrev(func, argnums), argnums)
