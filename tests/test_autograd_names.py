"""Names and words of autograd beside the usual: hooks of several gradients, nodes of Functions, warnings."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import pytest

import minigrad
from tests.stories import check


def test_hook_of_all_gradients() -> None:
    def story(torch: Any) -> Any:
        a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
        c = a * 2
        c.retain_grad()
        seen: list[Any] = []
        handle = torch.autograd.graph.register_multi_grad_hook([a, b, c], seen.append)
        (c.sum() + b.sum()).backward()
        (a * 2).sum().backward()
        (a * a).sum().backward()
        b.sum().backward()
        handle.remove()
        (a * 3).sum().backward()
        return [[str(g) for g in gs] for gs in seen], type(handle).__name__

    check(story)


def test_hook_of_any_gradient() -> None:
    def story(torch: Any) -> Any:
        a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
        seen: list[Any] = []
        register = torch.autograd.graph.register_multi_grad_hook
        handle = register((a, b, torch.ones(1)), seen.append, mode="any")
        for _ in range(2):
            (a.sum() + 2 * b.sum()).backward()
        (a * 3).sum().backward()
        handle.remove()
        a.sum().backward()
        return len(seen), seen[-1]

    check(story)
    check(lambda torch: torch.autograd.graph.register_multi_grad_hook((), print, mode="x"))


def test_hooks_of_several_keep_no_graph_alive() -> None:
    a, b = (minigrad.ones(2, requires_grad=True) for _ in "ab")
    for mode in ("all", "any"):
        minigrad.autograd.graph.register_multi_grad_hook((a, b), lambda g: None, mode=mode)
    x = (a * 2).sum()
    node = weakref.ref(x.grad_fn)
    x.backward()
    del x
    gc.collect()
    assert node() is None


def test_nodes_of_functions() -> None:
    def story(torch: Any) -> Any:
        class Twice(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                seen.append(isinstance(ctx, torch.autograd.function.FunctionCtx))
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        seen: list[Any] = []
        y = Twice.apply(torch.ones(2, requires_grad=True))
        kind = type(y.grad_fn)
        plain = type((y + 1).grad_fn)
        return seen, kind, kind.__module__, y.grad_fn, plain, plain.__module__

    check(story)


@pytest.mark.parametrize(
    "line",
    [
        "torch.autograd.detect_anomaly().__exit__(None, None, None)",
        "torch.no_grad()(type('K', (), {}))",
        "torch.autograd.Function()",
        "torch.autograd.Function()(1)",
        "torch.autograd.gradcheck(lambda x: x * 2, torch.ones(2, requires_grad=True), raise_exception=False)",
        "torch.autograd.gradcheck(lambda x: x * 2, torch.ones(2))",
        "stateless.functional_call(torch.nn.Linear(1, 1), {'weight': torch.ones(1, 1)}, torch.ones(1)).shape",
    ],
)
def test_warnings_and_errors(line: str) -> None:
    def story(torch: Any) -> Any:
        given = {"torch": torch, "stateless": torch.nn.utils.stateless}
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            try:
                answer = (
                    repr(eval(line, given)).partition(" object at")[0].partition("<function")[0]
                )
            except Exception as error:  # any: what is compared is which
                answer = f"{type(error).__name__}: {error}"
        return answer, [(w.category.__name__, str(w.message)) for w in found]

    check(story)


def test_gradcheck_tells_the_jacobians_as_tensors() -> None:
    def story(torch: Any) -> Any:
        x = torch.tensor([0.5, -0.25], dtype=torch.float64, requires_grad=True)
        try:
            torch.autograd.gradcheck(lambda x: x.detach() * x, x)
        except RuntimeError as error:
            return str(error)

    check(story)


def test_fractional_pools_with_positions() -> None:
    def story(torch: Any) -> Any:
        torch.manual_seed(0)
        F, x = torch.nn.functional, torch.rand(1, 2, 5, 5)
        flat = F.fractional_max_pool2d_with_indices(x, 2, output_size=2)
        deep = F.fractional_max_pool3d_with_indices(
            torch.rand(1, 1, 5, 6, 4), 2, output_ratio=(0.5, 0.5, 0.5)
        )
        return flat, deep

    check(story)
    check(
        lambda torch: torch.nn.functional.fractional_max_pool3d(
            torch.ones(1, 1, 2, 5, 5), 2, output_size=1
        )
    )
