"""L-BFGS: a quasi-Newton method for functions without noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..autograd import enable_grad, no_grad
from ..creation import zeros_like
from ..ops.parts import cat
from ..tensor import Tensor
from . import _checks
from .optimizer import Optimizer

State = dict[str, Any]
TOLERANCE = 1e-9  # of a line search: the size of the smallest interval


class _Point(NamedTuple):
    """A place on the line of a search: how far, and the function, its gradient and slope there."""

    t: Any
    f: Any
    g: Tensor
    slope: Any


class LBFGS(Optimizer):
    """Steps by an estimate of the inverse Hessian, made of the last gradients.

    All parameters are one group.  ``step`` needs a closure and calls it several times.

    Args:
        params: tensors.
        lr: the length of a step, in estimated Newton steps; a number or a tensor of one element.
        max_iter: steps of the method in one call of ``step``.
        max_eval: calls of the closure in one ``step``; default: 1.25 times max_iter.
        tolerance_grad, tolerance_change: when to stop: at a gradient, and at a change, of this size.
        history_size: how many gradients are kept.
        line_search_fn: None, or "strong_wolfe".

    Source: Nocedal and Wright, Numerical optimization (2006), chapters 3 and 7, in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(5., grad_fn=<SumBackward0>)
    >>> mg.allclose(w, mg.full((2,), 3.0))
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ):
        _checks.learning_rate(lr)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:
        """Make up to ``max_iter`` steps; answers the loss before them.

        closure: computes the loss anew, with its gradients, and answers it.
        """
        if len(self.param_groups) != 1:
            raise AssertionError(
                f"Expected exactly one param_group, but got {len(self.param_groups)}"
            )
        group = self.param_groups[0]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state = self.state[self._params[0]]
        for name in ("func_evals", "n_iter"):
            state.setdefault(name, 0)
        closure = enable_grad()(closure)
        first = closure()
        state["func_evals"] += 1
        loss, gradient = float(first.item()), self._gradient()
        if not gradient.abs().max() <= group["tolerance_grad"]:
            self._iterate(closure, loss, gradient, state)
        return first

    def _iterate(self, closure: Any, loss: float, gradient: Tensor, state: State) -> None:
        """The method itself: directions from the state's history, and steps along them."""
        group, evaluations = self.param_groups[0], 1
        rate = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        for count in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            beginning = state["n_iter"] == 1
            d = _steepest(gradient, state) if beginning else self._direction(gradient, state)
            last, state["prev_loss"], state["prev_flat_grad"] = loss, loss, gradient.clone()
            t = min(1.0, 1.0 / gradient.abs().sum()) * rate if beginning else rate
            state["d"], state["t"] = d, t
            slope = gradient.dot(d)
            if slope > -group["tolerance_change"]:
                return
            tries = 0
            if group["line_search_fn"] is not None:
                start = _Point(0, loss, gradient, slope)
                most = group["max_eval"] - evaluations
                (t, loss, gradient, _), tries = self._search(closure, start, t, d, most)
                state["t"] = t
                self._move(t, d)
            else:
                self._move(t, d)
                if count != group["max_iter"]:
                    loss, gradient, tries = float(closure()), self._gradient(), 1
            evaluations += tries
            state["func_evals"] += tries
            if (
                evaluations >= group["max_eval"]
                or gradient.abs().max() <= group["tolerance_grad"]
                or (d * t).abs().max() <= group["tolerance_change"]
                or abs(loss - last) < group["tolerance_change"]
            ):
                return

    def _direction(self, gradient: Tensor, state: State) -> Tensor:
        """Minus the gradient times the estimate of the inverse Hessian, by the two-loop recursion."""
        size = self.param_groups[0]["history_size"]
        changes, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        y, s = gradient - state["prev_flat_grad"], state["d"] * state["t"]
        ys = y.dot(s)
        if ys > 1e-10:
            if len(changes) == size:
                for history in (changes, steps, ro):
                    history.pop(0)
            changes.append(y)
            steps.append(s)
            ro.append(1.0 / ys)
            state["H_diag"] = ys / y.dot(y)
        al = state.setdefault("al", [None] * size)
        q = -gradient
        for i in reversed(range(len(changes))):
            al[i] = steps[i].dot(q) * ro[i]
            q.sub_(changes[i] * al[i])
        r: Tensor = q * state["H_diag"]
        for i in range(len(changes)):
            r.add_(steps[i] * (al[i] - changes[i].dot(r) * ro[i]))
        return r

    def _gradient(self) -> Tensor:
        """All gradients in one row."""
        grads = [zeros_like(p) if p.grad is None else p.grad for p in self._params]
        return cat([g.reshape(-1) for g in grads])

    def _move(self, t: Any, d: Tensor) -> None:
        """Move the parameters by ``t`` along a direction."""
        start = 0
        for p in self._params:
            p.add_(d[start : start + p.numel()].view_as(p) * t)
            start += p.numel()

    def _search(
        self, closure: Any, start: _Point, t: Any, d: Tensor, most: int
    ) -> tuple[_Point, int]:
        """A place along a direction that satisfies the strong Wolfe conditions, and the tries."""
        before = [p.clone() for p in self._params]

        def evaluate(t: Any) -> _Point:
            self._move(t, d)
            loss, gradient = float(closure()), self._gradient()
            for p, old in zip(self._params, before, strict=True):
                p.copy_(old)
            return _Point(t, loss, gradient, gradient.dot(d))

        return _strong_wolfe(evaluate, start, t, d.abs().max(), most)


def _steepest(gradient: Tensor, state: State) -> Tensor:
    """The first direction, with an empty history."""
    state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
    return -gradient


def _strong_wolfe(
    evaluate: Callable[[Any], _Point], start: _Point, t: Any, reach: Any, most: int
) -> tuple[_Point, int]:
    """A point that is low and flat enough, and how many points were evaluated.

    start: where t is 0.  t: the first try.  reach: the greatest entry of the direction.
    most: tries after the first.  Source: Nocedal and Wright, algorithms 3.5 and 3.6.
    """
    before, now, tries = start, evaluate(t), 0
    while True:  # go on until a minimum lies between two points
        if tries >= most:
            return min(start, now, key=lambda point: point.f), tries + 1
        if _is_high(now, start) or (tries > 1 and now.f >= before.f):
            break
        if _is_flat(now, start):
            return now, tries + 1
        if now.slope >= 0:
            break
        bounds = now.t + 0.01 * (now.t - before.t), now.t * 10
        before, now = now, evaluate(_cubic(before, now, bounds))
        tries += 1
    point, tries = _zoom(evaluate, start, [before, now], reach, most, tries)
    return point, tries + 1


def _is_high(point: _Point, start: _Point) -> bool:
    """Whether a point is higher than a decrease of 1e-4 of the first slope would be."""
    return bool(point.f > start.f + 1e-4 * point.t * start.slope)


def _is_flat(point: _Point, start: _Point) -> bool:
    return bool(abs(point.slope) <= -0.9 * start.slope)


def _zoom(
    evaluate: Callable[[Any], _Point],
    start: _Point,
    ends: list[_Point],
    reach: Any,
    most: int,
    tries: int,
) -> tuple[_Point, int]:
    """The lower of two points between which a minimum lies, after drawing them together."""
    low = 0 if ends[0].f <= ends[1].f else 1
    slow = False  # whether the last try was close to an end
    while tries < most:
        left, right = sorted(end.t for end in ends)
        if (right - left) * reach < TOLERANCE:
            break
        t = _cubic(ends[0], ends[1])
        margin = 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (slow or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            near = False
        slow = near
        point = evaluate(t)
        tries += 1
        if _is_high(point, start) or point.f >= ends[low].f:
            ends[1 - low] = point
            low = 0 if ends[0].f <= ends[1].f else 1
            continue
        if _is_flat(point, start):
            return point, tries
        if point.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = point
    return ends[low], tries


def _cubic(a: _Point, b: _Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic through two points, with their slopes, has its minimum; within bounds."""
    left, right = (a, b) if a.t <= b.t else (b, a)
    low, high = bounds or (left.t, right.t)
    d1 = left.slope + right.slope - 3 * (left.f - right.f) / (left.t - right.t)
    square = d1**2 - left.slope * right.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = square**0.5
    share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2)
    return min(max(right.t - (right.t - left.t) * share, low), high)
