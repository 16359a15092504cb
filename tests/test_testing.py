"""``testing.assert_close`` and ``make_tensor`` beside torch's: what passes, and every word of what does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad

PAIRS = """
torch.ones(2), torch.ones(2)
torch.ones(2), torch.ones(3)
torch.ones(2), torch.ones(2).double()
torch.ones(2), torch.tensor([1.0, 2.0])
torch.ones(2, 2), torch.tensor([[1.0, 2.0], [1.0, nan]])
torch.ones(2, 3), torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.5, 3.0]])
torch.tensor([nan]), torch.tensor([nan])
torch.tensor([inf]), torch.tensor([inf])
torch.tensor([inf]), torch.tensor([1.0])
torch.tensor([1, 2]), torch.tensor([1, 3])
torch.tensor([0, 1]), torch.tensor([0, 0])
torch.tensor([1, 2], dtype=torch.uint8), torch.tensor([2, 1], dtype=torch.uint8)
torch.tensor([True]), torch.tensor([False])
torch.tensor(1.0), torch.tensor(2.0)
torch.ones(2).half(), torch.zeros(2).half()
torch.ones(2, requires_grad=True), torch.zeros(2)
torch.nn.Parameter(torch.ones(2)), torch.ones(2)
torch.empty(0), torch.empty(0)
torch.ones(2, 3).t(), torch.ones(3, 2)
torch.ones(1), 1.0
torch.ones(1), [1.0]
1.0, 2.0
1.0, 0.0
1, 2
1, 1.0
1.0, 1.0 + 1e-9
nan, nan
True, False
np.float32(1), np.float32(2)
np.ones(2), np.zeros(2)
np.ones(2), torch.ones(2)
[1.0, 2.0], [1.0, 3.0]
[1.0], [1.0, 2.0]
(torch.ones(1), {"a": torch.ones(2)}), (torch.ones(1), {"a": torch.zeros(2)})
{"a": 1}, {"b": 1}
None, None
None, 1
"a", "a"
""".strip().splitlines()
OPTIONS = [
    {},
    {"rtol": 0, "atol": 0},
    {"rtol": 0.5, "atol": 0.1},
    {"equal_nan": True},
    {"check_dtype": False},
    {"check_stride": True},
    {"allow_subclasses": False},
    {"msg": "said so"},
    {"msg": lambda said: f"before {said}"},
]
DRAWS = """
(2, 3), dtype=torch.float32
2, 3, dtype=torch.int64
(2, 3), dtype=torch.bool
(4,), dtype=torch.uint8, low=3, high=400
(4,), dtype=torch.float64, low=-1, high=1, requires_grad=True
(4, 2), dtype=torch.float32, noncontiguous=True
(8,), dtype=torch.int8, low=0, high=2, exclude_zero=True
(2, 3, 4, 5), dtype=torch.float32, memory_format=torch.channels_last
(), dtype=torch.float32
(4,), dtype=torch.int8, low=3, high=2
(4,), dtype=torch.int8, low=200, high=300
(4,), dtype=torch.int8, requires_grad=True
(2,), dtype=torch.float32, low=nan
(2,), dtype=torch.float32, noncontiguous=True, memory_format=torch.channels_last
""".strip().splitlines()


def said(call):
    """What a call answers, or every word of its exception."""
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def names(T):
    return {"torch": T, "np": np, "nan": float("nan"), "inf": float("inf")}


def alike(told):
    mine, its = (told(T).replace("minigrad", "torch") for T in (minigrad, torch))
    assert mine == its


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o) or "usual")
@pytest.mark.parametrize("pair", PAIRS)
def test_close_or_not_in_torchs_words(pair, options):
    alike(lambda T: said(lambda: T.testing.assert_close(*eval(pair, names(T)), **options)))


def test_one_tolerance_alone_is_refused():
    alike(lambda T: said(lambda: T.testing.assert_close(T.ones(1), T.ones(1), rtol=1)))
    alike(lambda T: said(lambda: T.testing.assert_close(1.0, 1.0, atol=1)))


def test_the_old_name_warns_and_lets_dtypes_differ():
    for T in (minigrad, torch):
        with pytest.warns(FutureWarning, match="assert_close"):
            T.testing.assert_allclose(T.ones(2), T.ones(2).double() + 1e-5)
        with pytest.raises(AssertionError), pytest.warns(FutureWarning):
            T.testing.assert_allclose(T.ones(2), T.ones(2) + 1e-3)


@pytest.mark.parametrize("arguments", DRAWS)
def test_the_same_random_tensors(arguments):
    def drawn(T):
        T.manual_seed(3)
        x = eval(f"torch.testing.make_tensor({arguments}, device='cpu')", names(T))
        return x, x.stride()

    alike(lambda T: said(lambda: drawn(T)))
