"""safetensors and .npz: interchanging with the libraries; damaged headers are refused."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.serialization import safetensors as ours
from tests.serialization.archives import archive_of
from tests.strategies import DTYPES, numbers, restrided, seeds, shapes


@st.composite
def states(draw):
    """Arrays by name, of any dtype and layout."""
    names = draw(st.lists(st.text(max_size=6), max_size=4, unique=True))
    found = {}
    for name in names:
        array = numbers(draw(shapes()), draw(st.sampled_from(DTYPES)), draw(seeds))
        found[name] = draw(restrided(array))
    return found


def tensors(arrays):
    return {name: mg.from_numpy(array) for name, array in arrays.items()}


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, array in expected.items():
        other = np.asarray(found[name])
        assert (other.dtype, other.shape) == (array.dtype, array.shape)
        assert np.array_equal(other, array)


@given(
    arrays=states(), metadata=st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3))
)
def test_the_library_reads_what_is_written(arrays, metadata):
    data = ours.save(tensors(arrays), metadata)
    assert_same(safetensors.numpy.load(data), arrays)
    assert_same(ours.load(data), arrays)


@given(arrays=states())
def test_what_the_library_wrote_is_read(arrays):
    data = safetensors.numpy.save({name: array.copy("C") for name, array in arrays.items()})
    assert_same(ours.load(data), arrays)
    assert_same(mg.load(io.BytesIO(data)), arrays)


@given(arrays=states())
def test_npz_interchanges_with_numpy(arrays, tmp_path_factory):
    arrays = {f"a{i}": array for i, array in enumerate(arrays.values())}
    path = tmp_path_factory.mktemp("npz") / "weights.npz"
    mg.save(tensors(arrays), path)
    with np.load(path, allow_pickle=False) as loaded:
        assert_same(loaded, arrays)
    for write in (np.savez, np.savez_compressed):
        write(path, **arrays)
        assert_same(mg.load(path), arrays)
        assert_same(mg.serialization.load_npz(path), arrays)


def test_files_by_suffix(tmp_path):
    state = mg.nn.Linear(2, 3).state_dict()
    path = tmp_path / "weights.safetensors"
    mg.save(state, path)
    assert_same(safetensors.torch.load_file(path), {k: v.numpy() for k, v in state.items()})
    assert_same(torch.load(path), {k: v.numpy() for k, v in state.items()})
    net = mg.nn.Linear(2, 3)
    net.load_state_dict(mg.load(path))
    assert mg.equal(net.weight, state["weight"])
    ours.save_file(state, path, {"epoch": "3"})
    assert ours.load_metadata(path) == {"epoch": "3"}
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata() == {"epoch": "3"}
    assert_same(ours.load_file(path, "cpu"), {k: v.numpy() for k, v in state.items()})
    with pytest.raises(AssertionError, match="CPU only"):
        ours.load_file(path, "cuda")


def test_loaded_tensors_can_be_written_to():
    loaded = ours.load(ours.save({"a": mg.zeros(3), "b": mg.zeros(1, dtype=mg.int8)}))
    loaded["a"] += 1
    loaded["b"] += 1
    assert (loaded["a"].tolist(), loaded["b"].tolist()) == ([1, 1, 1], [1])


def test_bfloat16_becomes_float32():
    half = torch.randn(5).bfloat16()
    loaded = ours.load(safetensors.torch.save({"a": half, "b": torch.ones(3)}))
    assert loaded["a"].dtype == mg.float32
    assert np.array_equal(loaded["a"].numpy(), half.float().numpy())


def test_dtypes_that_are_not_there_are_named():
    with pytest.raises(RuntimeError, match="U16"):
        ours.load(safetensors.torch.save({"a": torch.zeros(2, dtype=torch.uint16)}))


def test_metadata_and_names_that_cannot_be():
    with pytest.raises(TypeError, match="metadata"):
        ours.save({}, {"epoch": 3})
    with pytest.raises(ValueError, match="__metadata__"):
        ours.save({"__metadata__": mg.ones(1)})


def file_of(header, body: bytes = bytes(8), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


WRONG = {
    "nothing": b"",
    "half a length": b"\x08\0\0",
    "header outside": file_of({"a": entry()}, length=1 << 40),
    "header longer than the file": file_of({"a": entry()}, length=99999),
    "no JSON": file_of(b"{'a': 1}"),
    "no text": file_of(b"\xff\xfe{}"),
    "no dict": file_of([1]),
    "deep": file_of(b"[" * 100_000),
    "a name twice": file_of(b'{"a":1,"a":1}'),
    "metadata of numbers": file_of({"__metadata__": {"a": 1}}, b""),
    "metadata of nothing": file_of({"__metadata__": 3}, b""),
    "no shape": file_of({"a": {"dtype": "F32", "data_offsets": [0, 8]}}),
    "an entry of text": file_of({"a": "b"}),
    "an unknown dtype": file_of({"a": entry("F31")}),
    "a dtype of a list": file_of({"a": entry(["F32"])}),
    "a negative size": file_of({"a": entry(shape=(-2,))}),
    "a size that is no int": file_of({"a": entry(shape=(2.0,))}),
    "a bool for a size": file_of({"a": entry(shape=(True, 2))}),
    "many dimensions": file_of({"a": entry(shape=(1,) * 65 + (2,))}),
    "too large": file_of({"a": entry(shape=(3,))}),
    "too small": file_of({"a": entry(shape=(1,))}),
    "overflowing": file_of({"a": entry(shape=(1 << 62, 4, 0))}),
    "past the end": file_of({"a": entry(offsets=(4, 12))}),
    "backwards": file_of({"a": entry(offsets=(8, 0))}),
    "three offsets": file_of({"a": entry(offsets=(0, 4, 8))}),
    "overlapping": file_of({"a": entry(), "b": entry(shape=(1,), offsets=(4, 8))}),
    "a gap": file_of({"a": entry(shape=(1,), offsets=(4, 8))}),
    "a gap between": file_of(
        {"a": entry(shape=(1,), offsets=(0, 4)), "b": entry(shape=(1,), offsets=(8, 12))}, bytes(12)
    ),
    "bytes left over": file_of({"a": entry()}, bytes(9)),
}


@pytest.mark.parametrize("name", WRONG)
def test_damaged_files_are_refused(name):
    with pytest.raises(RuntimeError, match=r"cannot read the safetensors|no such dtype"):
        ours.load(WRONG[name])


# ------------------------------------------------------------------------------------------ npz
def npz_of(**records: bytes) -> io.BytesIO:
    return archive_of({f"{name}.npy": data for name, data in records.items()})


def npy(shape="(2,)", descr="'<f4'", order="False", body=bytes(8)) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + body


def test_npy_of_these_tests():
    loaded = mg.load(npz_of(a=npy(), b=npy("(1, 2)", "'>f4'", "True", b"\x3f\x80\0\0" * 2)))
    assert (loaded["a"].tolist(), loaded["b"].tolist()) == ([0, 0], [[1, 1]])


@pytest.mark.parametrize(
    "record",
    [
        npy("(3,)"),
        npy("(1,)"),
        npy("(-2,)"),
        npy("(1 << 40,)"),
        npy(f"({1 << 40},)"),
        npy("(2,)", "'|O'"),
        npy("(2,)", "[('a', '|O')]"),
        npy("__import__('os')"),
        b"\x93NUMPY\7\0",
        b"\x93NUMPY\1\0\xff\xff",
        b"",
    ],
)
def test_damaged_arrays_are_refused(record):
    with pytest.raises(RuntimeError, match="cannot read the file"):
        mg.load(npz_of(a=record))


def test_arrays_that_are_no_tensors():
    for descr, size in (("'<U2'", 16), ("'<c8'", 16), ("'<u4'", 8)):
        with pytest.raises((RuntimeError, TypeError), match=r"supported types|file"):
            mg.load(npz_of(a=npy(descr=descr, body=bytes(size))))
