"""Damaged files of every format: an error in words, never a crash, never much memory."""

from __future__ import annotations

import contextlib
import io
import resource
import struct
import warnings
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.serialization import npz, safetensors
from tests.serialization.archives import (
    REFUSALS,
    archive_of,
    checkpoint,
    records_of,
    repacked,
    tensor_program,
    written_by,
)


# ------------------------------------------------------------------------------------- archives
def test_records_that_are_missing_twice_there_or_damaged():
    whole = records_of(written_by(torch, torch.ones(9)))
    for name in ("archive/data/0", "archive/data.pkl"):
        with pytest.raises(RuntimeError, match="data"):
            mg.load(archive_of({key: data for key, data in whole.items() if key != name}))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"a")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("archive/data.pkl", b"b")
    file.seek(0)
    with pytest.raises(RuntimeError, match="two records"):
        mg.load(file)
    data = bytearray(written_by(torch, torch.ones(9)).getvalue())
    data[data.index(np.float32(1).tobytes() * 9)] ^= 1
    with pytest.raises(RuntimeError, match="checksum"):
        mg.load(io.BytesIO(bytes(data)))


def test_an_unknown_byte_order_and_compressed_records():
    file = written_by(torch, torch.zeros(1000))
    odd = repacked(file, lambda name, data: b"middle" if name.endswith("order") else data)
    with pytest.raises(RuntimeError, match="byte order"):
        mg.load(odd)
    with pytest.raises(RuntimeError, match="compressed"):
        mg.load(archive_of(records_of(file), zipfile.ZIP_DEFLATED))


def test_torchscript_is_refused():
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), file)
    file.seek(0)
    with pytest.raises(RuntimeError, match="TorchScript"):
        mg.load(file)


@pytest.mark.parametrize("zipped", [True, False])
def test_truncated_anywhere(zipped):
    file = written_by(torch, torch.ones(50), _use_new_zipfile_serialization=zipped).getvalue()
    for length in range(0, len(file) - 1, 7):
        with pytest.raises(REFUSALS):
            mg.load(io.BytesIO(file[:length]))


@pytest.mark.parametrize("data", [b"hello", b"\x89HDF\r\n\x1a\n", b"PK\3\4hello", b"\x80\x02}."])
def test_other_files(data):
    with pytest.raises(REFUSALS, match=r"file|magic"):
        mg.load(io.BytesIO(data))


def test_little_memory_is_enough_to_refuse(monkeypatch):
    """What only claims to be large is refused before memory of that size is used."""
    claim = checkpoint(tensor_program(1 << 36, 0, (4,), (1,)), s0=bytes(16))
    legacy = written_by(torch, torch.ones(4), _use_new_zipfile_serialization=False).getvalue()
    wrong = legacy.replace(b"cpuq\x04K\x04N", b"cpuq\x04\x8a\x05\0\0\0\0\x10N")
    assert wrong != legacy
    header = b'{"a":{"dtype":"F32","shape":[68719476736],"data_offsets":[0,274877906944]}}'
    tensors = struct.pack("<Q", len(header)) + header
    bomb = io.BytesIO()
    np.savez_compressed(bomb, zeros=np.zeros(1 << 20))
    monkeypatch.setattr(npz, "_SMALL", 1 << 22)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in (claim.getvalue(), wrong, tensors, bomb.getvalue()):
        with pytest.raises(REFUSALS):
            mg.load(io.BytesIO(data))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 18


# ------------------------------------------------------------------------------------- any bytes
def _examples() -> dict[str, bytes]:
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    noted = torch.nn.Parameter(torch.ones(2))
    noted.note = [1]
    state = {"net": net.state_dict(), "half": torch.ones(2).half(), "p": noted, "b": b"x", "s": {1}}
    zipped = written_by(torch, state)
    compressed = io.BytesIO()
    np.savez_compressed(compressed, a=np.arange(4.0), b=np.zeros((2, 2), bool))
    tensors = mg.nn.Conv2d(1, 2, 3).state_dict()
    return {
        "zip": zipped.getvalue(),
        "pickle": records_of(zipped)["archive/data.pkl"],
        "legacy": written_by(torch, state, _use_new_zipfile_serialization=False).getvalue(),
        "safetensors": safetensors.save(tensors),
        "npz": compressed.getvalue(),
    }


EXAMPLES = _examples()
RECORDS = records_of(io.BytesIO(EXAMPLES["zip"]))


@st.composite
def damaged(draw, data: bytes):
    """The bytes with a few changed, taken out, put in or repeated."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed) - 1))
        length = draw(st.integers(0, 8))
        changed[at : at + length] = draw(
            st.one_of(
                st.binary(min_size=length, max_size=length),
                st.binary(max_size=8),
                st.just(bytes(changed[at : at + length]) * 2),
            )
        )
    return bytes(changed)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_examples_are_sound(kind):
    mg.load(io.BytesIO(EXAMPLES[kind]) if kind != "pickle" else archive_of(RECORDS))


@pytest.mark.parametrize("kind", EXAMPLES)
@given(data=st.data())
def test_damage_never_does_more_than_raise(kind, data):
    found = data.draw(damaged(EXAMPLES[kind]))
    file = io.BytesIO(found)
    if kind == "pickle":
        file = archive_of({**RECORDS, "archive/data.pkl": found})
    with contextlib.suppress(*REFUSALS):
        mg.load(file)
