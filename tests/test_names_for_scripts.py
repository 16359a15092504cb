"""Names that scripts import or ask for in passing: trees, overrides, GPUs' types, compilers' marks, files' globals."""

from __future__ import annotations

import importlib
import io
from typing import Any

import pytest

import minigrad
from tests.stories import check

LINES = """
T.tree_map(lambda x: x + 1, {"a": [1, (2,)], "b": None if False else 3})
T.tree_map(lambda x, y: x * y, [1, (2, 3)], [4, (5, 6)])
T.tree_map_only(int, lambda x: -x, [1, "a", (2.5, 3)])
T.tree_leaves({"a": [1, (2,)], "b": torch.Size([3])})[:2], T.tree_flatten([1, {"q": 2}])[0]
T.tree_unflatten([5, 6], T.tree_flatten([1, {"q": 2}])[1])
T.tree_structure([1, (2,)]) == T.tree_structure([5, (6,)]), T.tree_structure([1]) == T.tree_structure((1,))
T.tree_flatten([1, 2])[1].num_leaves, T.tree_all(bool, [1, 0]), T.tree_any(bool, [1, 0])
T.tree_unflatten([5], T.tree_flatten([1, 2])[1])
O.is_tensor_like(torch.ones(1)), O.is_tensor_like(1), O.has_torch_function((torch.ones(1), 3))
O.has_torch_function_unary(torch.ones(1)), O.has_torch_function_variadic(torch.ones(1), 2)
torch.get_deterministic_debug_mode()
torch.set_deterministic_debug_mode("warn"), torch.get_deterministic_debug_mode()
torch.is_deterministic_algorithms_warn_only_enabled(), torch.set_deterministic_debug_mode(2)
torch.get_deterministic_debug_mode(), torch.set_deterministic_debug_mode(0)
torch.set_deterministic_debug_mode("x")
torch.set_deterministic_debug_mode(3)
torch.set_deterministic_debug_mode(1.5)
torch.cuda.Event(enable_timing=True)
isinstance(torch.ones(1), torch.cuda.FloatTensor), isinstance(torch.nn.ReLU(), torch.jit.ScriptModule)
torch.jit.annotate(int, 3), torch.jit.Final[int] is not None
torch.nn.Linear(1, 1).load_state_dict({"weight": torch.ones(1, 1)}, strict=False)
type(torch.nn.Linear(1, 1).load_state_dict({}, strict=False))
"""


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_alike(line: str) -> None:
    def story(torch: Any) -> Any:
        trees = importlib.import_module(f"{torch.__name__}.utils._pytree")
        overrides = importlib.import_module(f"{torch.__name__}.overrides")
        return eval(line, {"torch": torch, "T": trees, "O": overrides})

    check(story)


def test_a_tensor_of_ones_own_kind_is_asked() -> None:
    def story(torch: Any) -> Any:
        overrides = importlib.import_module(f"{torch.__name__}.overrides")

        class Marked(torch.Tensor):
            @classmethod
            def __torch_function__(
                cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                return "asked", func.__name__, args[1:]

        def twice(x: Any, by: int) -> Any:
            if overrides.has_torch_function_unary(x):
                return overrides.handle_torch_function(twice, (x,), x, by)
            return x * by

        return twice(torch.ones(1).as_subclass(Marked), 3), twice(torch.ones(1), 2)

    check(story)


def test_a_file_tells_what_it_wants() -> None:
    def story(torch: Any) -> Any:
        file = io.BytesIO()
        torch.save({"a": slice(1), "b": torch.ones(2), "c": range(3), "d": [torch.float32]}, file)
        file.seek(0)
        find = torch.serialization.get_unsafe_globals_in_checkpoint
        found = [sorted(find(file))]
        with torch.serialization.safe_globals([slice]):
            file.seek(0)
            found.append(sorted(find(file)))
        return found

    check(story)
    check(lambda torch: torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(b"none")))


def test_copies_of_an_optimizer_of_ones_own_have_its_settings_only() -> None:
    def story(torch: Any) -> Any:
        class Plain(torch.optim.Optimizer):
            def __init__(self, params: Any):
                super().__init__(params, {"lr": 0.5})

        optimizer = Plain([torch.nn.Parameter(torch.ones(1))])
        optimizer.load_state_dict(optimizer.state_dict())
        first = optimizer.state_dict()
        optimizer.load_state_dict(optimizer.state_dict())
        return first, optimizer.defaults

    check(story)


def test_what_optimizers_are_written_with() -> None:
    def story(torch: Any) -> Any:
        found = importlib.import_module(f"{torch.__name__}.optim.optimizer")
        assert found.ParamsT
        return found._get_value(
            torch.tensor(2.0)
        ), found._use_grad_for_differentiable.__name__ != ""

    check(story)


def test_a_schedule_that_goes_on_from_nothing() -> None:
    def story(torch: Any) -> Any:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
        try:
            torch.optim.lr_scheduler.StepLR(optimizer, 1, last_epoch=3)
        except KeyError as error:
            return str(error)

    check(story)


def test_nothing_is_counted_where_there_is_no_gpu() -> None:
    cuda = minigrad.cuda
    assert cuda.reset_peak_memory_stats() is None
    with pytest.raises(RuntimeError, match="Stream requires CUDA support"):
        cuda.Stream()
    with pytest.raises(TypeError, match=r"type minigrad.cuda.FloatTensor not available"):
        cuda.FloatTensor([1.0])
    with pytest.raises(AssertionError, match="CPU only"):
        cuda.get_rng_state()


def test_names_of_python_2_in_files() -> None:
    def story(torch: Any) -> Any:
        file = io.BytesIO()
        torch.save({"c": range(3)}, file)
        file.seek(0)
        with torch.serialization.safe_globals([range]):
            return torch.load(file)

    check(story)
