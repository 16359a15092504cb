"""default_collate and default_convert against torch's."""

from __future__ import annotations

import types
from collections import OrderedDict, UserDict, UserList, namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.utils.data import default_collate
from minigrad.utils.data._utils import collate as rules
from tests.data.twins import plain, same

Point = namedtuple("Point", ["x", "y"])


class Fixed(list):
    """A sequence that takes no assignments and is not made of a list."""

    def __init__(self, *, values):
        super().__init__(values)

    def __setitem__(self, index, value):
        raise TypeError

    def __copy__(self):
        return Fixed(values=list(self))


class Frozen(UserDict):
    def update(self, *_, **__):
        raise TypeError


DTYPES = ["float16", "float32", "float64", "uint8", "int16", "int32", "int64", "bool"]
CONTAINERS = [
    list,
    tuple,
    UserList,
    lambda values: Point(*(values + values)[:2]),
    lambda values: Fixed(values=values),
    lambda values: {str(i): value for i, value in enumerate(values)},
    lambda values: OrderedDict(enumerate(values)),
    lambda values: UserDict(enumerate(values)),
    lambda values: types.MappingProxyType(dict(enumerate(values))),
    lambda values: Frozen(enumerate(values)),
]


def leaves(number, dtype, shape):
    """Makers, from a side, of leaves that differ by a number only."""
    array = np.full(shape, number).astype(dtype)
    return [
        lambda core: core.tensor(array.tolist(), dtype=getattr(core, dtype)),
        lambda core: array,
        lambda core: array.reshape(-1)[0] if array.size else number,
        lambda core: np.float32(number),
        lambda core: number,
        lambda core: float(number),
        lambda core: number > 3,
        lambda core: str(number),
        lambda core: bytes([number]),
        lambda core: None,
        lambda core: np.array(["a"]),
        lambda core: np.str_("a"),
        lambda core: range(number),
    ]


KINDS = len(leaves(0, "int64", ()))
LEAF = st.integers(0, KINDS - 1)
STRUCTURE = st.recursive(
    LEAF,
    lambda inner: st.tuples(
        st.integers(0, len(CONTAINERS) - 1), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)


def build(structure, core, number, dtype, shape):
    if isinstance(structure, int):
        return leaves(number, dtype, shape)[structure](core)
    which, inner = structure
    return CONTAINERS[which]([build(part, core, number, dtype, shape) for part in inner])


@given(
    STRUCTURE,
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from(DTYPES),
    st.sampled_from([(), (2,), (0, 3), (2, 1)]),
)
def test_nested_structures(structure, numbers, dtype, shape):
    same(
        lambda side: side.data.default_collate(
            [build(structure, side.core, number, dtype, shape) for number in numbers]
        )
    )
    same(lambda side: side.data.default_convert(build(structure, side.core, 5, dtype, shape)))


@pytest.mark.parametrize("leaf", range(KINDS))
@pytest.mark.parametrize("container", range(len(CONTAINERS)))
def test_every_leaf_in_every_container(leaf, container):
    test_nested_structures.hypothesis.inner_test((container, [leaf, leaf]), [1, 4], "float32", (2,))


@given(
    st.lists(st.tuples(st.sampled_from(DTYPES), st.integers(0, 2)), min_size=1, max_size=3),
    st.booleans(),
)
def test_dtypes_and_shapes_that_differ(kinds, arrays):
    def call(side):
        batch = [np.ones(size, dtype) for dtype, size in kinds]
        return side.data.default_collate(batch if arrays else [side.core.tensor(x) for x in batch])

    same(call)


@pytest.mark.parametrize(
    "batch",
    [
        [[1, 2], [3]],
        [(1,), (2, 3)],
        [{"a": 1}, {"b": 2}],
        [{"a": 1, "b": 2}, {"a": 3, "c": 1, "b": 4}],
        [1, "a"],
        [1, 2.5],
        [2.5, 1],
        [True, 2],
        [],
        [None],
        [object()],
        [np.array([None])],
        [np.datetime64("2020-01-01")],
        [2**63],
    ],
)
def test_odd_batches(batch):
    same(lambda side: side.data.default_collate(batch))


def test_messages():
    with pytest.raises(TypeError, match=r"found <class 'NoneType'>"):
        default_collate([None])
    with pytest.raises(TypeError, match=r"default_collate: batch must contain .*; found <U1"):
        default_collate([np.array(["a"])])
    with pytest.raises(RuntimeError, match="each element in list of batch should be of equal size"):
        default_collate([[1], [1, 2]])
    with pytest.raises(RuntimeError, match=r"stack expects each tensor to be equal size"):
        default_collate([minigrad.zeros(2), minigrad.zeros(3)])


def test_gradients_flow_through_a_batch():
    def call(side):
        x = side.core.tensor([1.0, 2.0], requires_grad=True)
        batch = side.data.default_collate([x * 2, x])
        (batch * side.core.tensor([[3.0, 4.0], [5.0, 6.0]])).sum().backward()
        with side.core.no_grad():
            still = side.data.default_collate([x, x])
        return x.grad, batch.requires_grad, still.requires_grad

    assert same(call) == (
        "tuple",
        [("float32", (2,), [11.0, 14.0]), True, False],
    )


def test_a_batch_shares_no_memory():
    x = minigrad.zeros(3)
    batch = default_collate([x])
    batch += 1
    assert x.tolist() == [0.0, 0.0, 0.0]


def test_rules_for_more_types():
    class Note:
        pass

    def join(batch, *, collate_fn_map=None):
        return len(batch), collate_fn_map is rules.default_collate_fn_map

    rules.default_collate_fn_map[Note] = join
    try:
        assert default_collate([[Note(), 1], [Note(), 2]])[0] == (2, True)
    finally:
        del rules.default_collate_fn_map[Note]
    table = {minigrad.Tensor: lambda batch, *, collate_fn_map: "tensors", int: join}
    assert rules.collate([(minigrad.ones(1), True)], collate_fn_map=table) == [
        "tensors",
        (1, False),
    ]
    theirs = {torch.Tensor: lambda batch, *, collate_fn_map: "tensors"}
    assert (
        torch.utils.data._utils.collate.collate([(torch.ones(1),)], collate_fn_map=theirs)
        == plain(["tensors"])[1]
    )
