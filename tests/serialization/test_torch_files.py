"""torch's files: what torch wrote is read as torch reads it, and torch reads what is written."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import _types
from tests.serialization.archives import repacked, written_by

DTYPES = [dtype.name for dtype in _types.all_dtypes]


def same(ours, theirs) -> None:
    """Assert that an object here is what torch's is: types, structure, elements, strides."""
    if isinstance(theirs, torch.Tensor):
        assert type(ours).__name__ == type(theirs).__name__
        assert isinstance(ours, mg.Tensor)
        assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
        assert tuple(ours.shape) == tuple(theirs.shape)
        if theirs.numel():
            steps = zip(theirs.shape, ours.stride(), theirs.stride(), strict=True)
            assert all(a == b for n, a, b in steps if n > 1)
        assert ours.requires_grad == theirs.requires_grad
        assert ours.detach().numpy().tobytes() == theirs.detach().numpy().tobytes()
    elif isinstance(theirs, dict):
        assert type(ours) is type(theirs)
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            same(ours[key], value)
        same(getattr(ours, "_metadata", None), getattr(theirs, "_metadata", None))
    elif isinstance(theirs, torch.Size):
        assert type(ours) is mg.Size
        assert tuple(ours) == tuple(theirs)
    elif isinstance(theirs, list | tuple):
        assert type(ours) is type(theirs)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif isinstance(theirs, torch.device | torch.dtype):
        assert str(ours).replace("minigrad", "torch") == str(theirs)
    else:
        assert type(ours) is type(theirs)
        assert ours == theirs


# ------------------------------------------------------------------------- drawn in both packages
@st.composite
def tensors(draw):
    """A view of an array of any dtype, in both packages: strided, expanded, empty, 0-d."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    dtype = draw(st.sampled_from(DTYPES))
    count = int(np.prod(shape))
    elements = draw(st.binary(min_size=count, max_size=count))
    array = np.frombuffer(elements, np.uint8).astype(dtype).reshape(shape)
    pair = [package.from_numpy(array.copy()) for package in (mg, torch)]
    order = draw(st.permutations(range(len(shape))))
    pair = [t.permute(order) for t in pair]
    if shape and draw(st.booleans()):
        pair = [t[..., ::2] for t in pair]
    if draw(st.booleans()):
        pair = [t.expand(3, *t.shape) for t in pair]
    if dtype.startswith("float") and draw(st.booleans()):
        pair = [t.detach().requires_grad_() for t in pair]
        if draw(st.booleans()):
            pair = [p.nn.Parameter(t.detach()) for p, t in zip((mg, torch), pair, strict=True)]
    return tuple(pair)


LEAVES = st.one_of(
    tensors(),
    *(
        strategy.map(lambda value: (value, value))
        for strategy in (
            st.none(),
            st.booleans(),
            st.integers(-(2**70), 2**70),
            st.floats(allow_nan=False),
            st.text(max_size=5),
            st.binary(max_size=5),
            st.complex_numbers(allow_nan=False, max_magnitude=10),
            st.sets(st.integers(0, 9), max_size=3),
            st.binary(max_size=5).map(bytearray),
        )
    ),
    st.sampled_from(DTYPES).map(lambda name: (getattr(mg, name), getattr(torch, name))),
    st.lists(st.integers(0, 9)).map(lambda sizes: (mg.Size(sizes), torch.Size(sizes))),
    st.sampled_from(["cpu", "cuda:1"]).map(lambda name: (mg.device(name), torch.device(name))),
)


def _together(make):
    """Containers of pairs, as a pair of containers."""
    return lambda items: tuple(make([item[side] for item in items]) for side in (0, 1))


def _dicts(kind):
    return lambda items: tuple(
        kind((key, value[side]) for key, value in items.items()) for side in (0, 1)
    )


OBJECTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(_together(list)),
        st.lists(inner, max_size=4).map(_together(tuple)),
        st.dictionaries(st.text(max_size=3), inner, max_size=4).map(_dicts(dict)),
        st.dictionaries(st.integers(), inner, max_size=4).map(_dicts(OrderedDict)),
    ),
    max_leaves=8,
)


@given(pair=OBJECTS, zipped=st.booleans(), protocol=st.sampled_from([2, 3, 4]))
def test_what_torch_wrote_is_read(pair, zipped, protocol):
    _, theirs = pair
    options = {"_use_new_zipfile_serialization": zipped, "pickle_protocol": protocol}
    same(mg.load(written_by(torch, theirs, **options)), theirs)


@given(pair=OBJECTS, zipped=st.booleans())
def test_torch_reads_what_is_written(pair, zipped):
    ours, theirs = pair
    file = written_by(mg, ours, _use_new_zipfile_serialization=zipped)
    loaded = torch.load(file, weights_only=True)
    file.seek(0)
    again = mg.load(file)
    same(again, loaded)
    same(again, theirs)


# ----------------------------------------------------------------------------------- state dicts
def test_state_dicts_of_modules_and_optimizers_of_torch():
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    net(torch.randn(2, 1, 5, 5)).sum().backward()
    optimizer.step()
    state = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(),
        "epoch": 3,
    }
    loaded = mg.load(written_by(torch, state))
    same(loaded, state)
    assert loaded["net"]._metadata["1"] == {"version": 2}
    same(loaded, torch.load(written_by(mg, loaded), weights_only=True))


def test_a_state_dict_goes_to_torch_and_back():
    ours = mg.nn.Sequential(mg.nn.Conv2d(3, 4, 3), mg.nn.ReLU(), mg.nn.Linear(4, 2))
    theirs = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    theirs.load_state_dict(torch.load(written_by(mg, ours.state_dict())))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())
    with torch.no_grad():
        theirs[0].weight += 1
    ours.load_state_dict(mg.load(written_by(torch, theirs.state_dict())))
    assert np.array_equal(ours[0].weight.detach().numpy(), theirs[0].weight.detach().numpy())


def test_generators_go_on_where_they_were():
    ours = mg.Generator().manual_seed(5)
    mg.randn(7, generator=ours)
    theirs = torch.load(written_by(mg, ours), weights_only=False)
    copy = mg.load(written_by(torch, theirs))
    expected = torch.randn(9, generator=theirs).numpy()
    for generator in (ours, copy):
        assert np.array_equal(mg.randn(9, generator=generator).numpy(), expected)


# ----------------------------------------------------------------------------------- memory
def test_views_share_memory_again():
    for package, reader in ((mg, torch), (torch, mg), (mg, mg)):
        whole = package.arange(10)
        saved = [whole[2:5], whole[4:8], whole, whole.view(2, 5)[1]]
        loaded = reader.load(written_by(package, saved))
        loaded[0][2] = 77
        for view, place in zip(loaded, (2, 0, 4), strict=False):
            assert view[place] == 77
        loaded[3][0] = 55
        assert loaded[1][1] == loaded[2][5] == 55


def test_one_tensor_twice_is_one_tensor_again():
    tensor = mg.ones(3)
    a, b = mg.load(written_by(mg, [tensor, tensor]))
    assert a is b


def test_tied_weights_stay_tied_in_memory():
    net = mg.nn.Sequential(mg.nn.Linear(3, 3), mg.nn.Linear(3, 3))
    net[1].weight = net[0].weight
    state = torch.load(written_by(mg, net.state_dict()))
    assert state["0.weight"].data_ptr() == state["1.weight"].data_ptr()


def test_of_a_large_array_only_what_a_view_spans_is_written():
    file = written_by(mg, mg.zeros(100_000)[3:5])
    assert len(file.getvalue()) < 2000
    assert torch.load(file).tolist() == [0, 0]


def test_neighbours_in_memory_are_not_one_storage():
    halves = mg.arange(10.0).split(5)
    loaded = torch.load(written_by(mg, halves))
    assert [half.storage_offset() for half in loaded] == [0, 0]


def test_backward_strides_become_forward_ones():
    backwards = mg.zeros(6)
    backwards.data = mg.from_numpy(np.arange(6.0, dtype=np.float32))
    backwards.array = backwards.array[::-1]
    assert torch.load(written_by(mg, backwards)).tolist() == [5, 4, 3, 2, 1, 0]


def test_one_memory_with_two_dtypes_is_refused():
    numbers = np.zeros(4, np.float32)
    pair = [mg.from_numpy(numbers), mg.from_numpy(numbers.view(np.int32))]
    with pytest.raises(RuntimeError, match=r"as different types: float32 and int32|int32 and"):
        mg.save(pair, io.BytesIO())


# ----------------------------------------------------------------------------------- the format
def test_records_are_aligned_and_uncompressed():
    file = written_by(mg, [mg.zeros(3), mg.ones(5, dtype=mg.int8), mg.rand(7)])
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        for info in archive.infolist():
            file.seek(info.header_offset + 26)
            start = info.header_offset + 30 + sum(struct.unpack("<HH", file.read(4)))
            assert start % 64 == 0
            assert info.compress_type == zipfile.ZIP_STORED
        assert archive.read("archive/byteorder").decode() == sys.byteorder
    assert names[0] == "archive/data.pkl"
    assert names[-1] == "archive/version"
    assert {f"archive/data/{i}" for i in range(3)} < set(names)


def test_the_same_bytes_every_time():
    state = mg.nn.Linear(3, 4).state_dict()
    assert written_by(mg, state).getvalue() == written_by(mg, state).getvalue()


def test_the_other_byte_order():
    def swapped(name, data):
        if name.endswith("byteorder"):
            return b"big" if sys.byteorder == "little" else b"little"
        return np.frombuffer(data, np.float32).byteswap().tobytes() if "/data/" in name else data

    loaded = mg.load(repacked(written_by(torch, torch.tensor([1.0, 2.0, -3.0])), swapped))
    assert loaded.tolist() == [1, 2, -3]
    assert loaded.numpy().dtype.isnative


@pytest.mark.parametrize("zipped", [True, False])
def test_bfloat16_becomes_float32(zipped):
    numbers = torch.tensor([1.0, -2.5, 3e38, 1e-40, float("inf")]).bfloat16()
    theirs = [numbers, numbers[1:3], torch.bfloat16]
    file = written_by(torch, theirs, _use_new_zipfile_serialization=zipped)
    loaded = mg.load(file)
    assert loaded[2] is mg.float32
    for ours, expected in zip(loaded[:2], theirs, strict=False):
        assert ours.dtype == mg.float32
        assert np.array_equal(ours.numpy(), expected.float().numpy())


@pytest.mark.parametrize("dtype", ["complex64", "uint16"])
def test_dtypes_that_are_not_there_are_named(dtype):
    file = written_by(torch, torch.zeros(2, dtype=getattr(torch, dtype)))
    with pytest.raises((RuntimeError, pickle.UnpicklingError), match=r"omplex|uint16"):
        mg.load(file)


def test_attributes_of_tensors_and_subclasses():
    theirs = torch.nn.Parameter(torch.ones(2))
    theirs.note = [1]
    plain = torch.zeros(2)
    plain.note = "two"
    parameter, tensor, buffer = mg.load(
        written_by(torch, [theirs, plain, torch.nn.Buffer(torch.ones(1))])
    )
    assert type(parameter) is mg.nn.Parameter
    assert (parameter.note, tensor.note) == ([1], "two")
    assert isinstance(buffer, mg.nn.Buffer)
    assert buffer.persistent
    back = torch.load(written_by(mg, [parameter, tensor, buffer]))
    assert (back[0].note, back[1].note) == ([1], "two")
    assert type(back[0]) is torch.nn.Parameter
    assert isinstance(back[2], torch.nn.Buffer)


def test_counters_are_read():
    assert mg.load(written_by(torch, Counter("aab"))) == Counter("aab")
