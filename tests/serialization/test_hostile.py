"""Files that want to run code, reach outside of their memory or fill the machine's: all refused."""

from __future__ import annotations

import builtins
import functools
import importlib
import os
import pickle
import struct
import subprocess

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.serialization.archives import (
    REFUSALS,
    TENSOR,
    checkpoint,
    tensor_program,
    text,
    written_by,
)

MARK = "TESTS_OF_LOADING_WERE_RUN"


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments, **rest):
        self.call = (function, arguments, *rest.values())

    def __reduce__(self):
        return self.call


RUN = f"import os; os.environ[{MARK!r}] = '1'"
CALLS = {
    "eval": Calls(eval, f"__import__('os').putenv({MARK!r}, '1')"),
    "exec": Calls(exec, RUN),
    "os.system": Calls(os.system, "false"),
    "os.putenv": Calls(os.putenv, MARK, "1"),
    "subprocess": Calls(subprocess.Popen, ["false"]),
    "import": Calls(importlib.import_module, "antigravity"),
    "__import__": Calls(builtins.__import__, "antigravity"),
    "getattr": Calls(getattr, Calls(importlib.import_module, "os"), "system"),
    "partial": Calls(functools.partial, exec, RUN),
    "open": Calls(open, "marked", "w"),
    "type": Calls(type, "Made", (), {}),
    "map": Calls(map, exec, [RUN]),
    "numpy": Calls(np.load, "marked"),
    "torch": Calls(torch.load, "marked"),
    "minigrad": Calls(mg.serialization.save, 1, "marked"),
    "nested": [{"a": (Calls(exec, RUN),)}],
    "as a key": {Calls(exec, RUN): 1},
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_no_function_of_the_files_choice_is_called(name, protocol, zipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(MARK, raising=False)
    options = {"pickle_protocol": protocol, "_use_new_zipfile_serialization": zipped}
    file = written_by(torch, {"weights": torch.ones(2), "extra": CALLS[name]}, **options)
    with pytest.raises(pickle.UnpicklingError, match=r"the file needs [\w.]+, which"):
        mg.load(file)
    assert MARK not in os.environ
    assert list(tmp_path.iterdir()) == []


ORDERED = b"ccollections\nOrderedDict\n)R"
DTYPE = b"ctorch\nfloat32\n"
PROGRAMS = {
    "state of a function": TENSOR + b"}" + text("__doc__") + text("x") + b"sb",
    "state of a class": b"ctorch\nSize\n}" + text("numel") + TENSOR + b"sb",
    "state of a dtype": DTYPE + b"N}" + text("np") + b"Ns\x86b",
    "state of a tensor's class": b"ctorch\nTensor\n}" + text("a") + b"Nsb",
    "state of a device": b"ctorch\ndevice\n" + text("cpu") + b"\x85RN}" + text("type") + b"Ns\x86b",
    "a dict's method": ORDERED + b"}" + text("items") + TENSOR + b"sb",
    "a dict's class": ORDERED + b"}" + text("__class__") + TENSOR + b"sb",
    "items of a dtype": DTYPE + text("np") + b"Ns",
    "items of a class": b"ctorch\nSize\n(" + text("a") + b"Nu",
    "appending to a function": TENSOR + b"Na",
    "appending to a dict": b"}Na",
    "extending a device": b"ctorch\ndevice\n" + text("cpu") + b"\x85R(Ne",
    "adding to a list": b"](N\x90",
    "calling text": text("abc") + b")R",
    "calling a class of tensors": b"ctorch\nTensor\nM\xff\xff\x85R",
    "making a tensor": b"ctorch\nTensor\n)\x81",
    "making a parameter": b"ctorch.nn.parameter\nParameter\n)\x81",
    "arguments that are none": b"ccollections\nOrderedDict\nNR",
    "INST": b"(ios\nsystem\n",
    "OBJ": b"(cos\nsystem\no",
    "an extension": b"\x82\x01",
    "a text reference": b"Pstorage\n",
    "keyword arguments": b"ccollections\nOrderedDict\n)}\x92",
    "an attribute": b"ccollections\nOrderedDict.fromkeys\n",
    "an attribute, by strings": text("collections") + text("OrderedDict.fromkeys") + b"\x93",
    "numbers as names": b"K\x01K\x02\x93",
    "a codec": b"c_codecs\nencode\n" + text("abc") + text("rot13") + b"\x86R",
    "much memory as bytes": b"c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R",
    "much memory, directly": b"\x96" + struct.pack("<Q", 1 << 40),
    "a long text": b"\x8d" + struct.pack("<Q", 1 << 40) + b"abc",
    "a long number": b"\x8b" + struct.pack("<I", 1 << 30) + b"abc",
    "memory that was never kept": b"j\xff\xff\xff\x7f",
    "nothing on the stack": b"0000",
    "a reference to nothing": b"NQ",
    "a reference to code": text("module") + text("os") + b"\x86Q",
    "a number as a generator's state": b"ctorch._C\nGenerator\n)RK\x01b",
    "a generator elsewhere": b"ctorch._C\nGenerator\n" + text("cuda") + b"\x85R",
    "a tensor of nothing": TENSOR + b")R",
    "an unknown instruction": b"\xff",
    "a name of torch": b"ctorch.hub\nload\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_for_the_stack_machine(name):
    before = dict(vars(mg.Size)), mg.float32.np, mg.serialization._names._tensor.__doc__
    file = checkpoint(b"\x80\x02" + PROGRAMS[name] + b".")
    with pytest.raises(REFUSALS):
        mg.load(file)
    after = dict(vars(mg.Size)), mg.float32.np, mg.serialization._names._tensor.__doc__
    assert after == before


# ------------------------------------------------------------------------------------- tensors
def test_the_programs_of_these_tests_make_tensors():
    file = checkpoint(tensor_program(4, 1, (2,), (2,)), s0=np.arange(4, dtype="f4").tobytes())
    assert mg.load(file).tolist() == [1, 3]
    file.seek(0)
    assert torch.load(file).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("count", "offset", "size", "stride"),
    [
        (4, 0, (5,), (1,)),
        (4, 3, (2,), (1,)),
        (4, -1, (2,), (1,)),
        (4, 0, (2, 2), (3, 2)),
        (4, 3, (2,), (-1,)),
        (4, 0, (-2,), (1,)),
        (4, 0, (2,), (1, 1)),
        (4, 0, (2,), (1 << 62,)),
        (4, 1 << 70, (1,), (1,)),
        (4, 0, (1 << 62, 1 << 62), (0, 1)),
        (4, 0, (1,) * 65, (1,) * 65),
        (4, 0.0, (1,), (1,)),
        (4, 0, (1.0,), (1,)),
        (4, 0, 4, 1),
        (5, 0, (4,), (1,)),
        (1 << 60, 0, (4,), (1,)),
        (-4, 0, (1,), (1,)),
        (True, 0, (1,), (1,)),
        (4, 0, (0, 1 << 62, 1 << 62), (1, 1, 1)),
    ],
)
def test_tensors_stay_in_their_storage(count, offset, size, stride):
    pickled = tensor_program(count, offset, size, stride)
    with pytest.raises(REFUSALS):
        mg.load(checkpoint(pickled, s0=bytes(16)))


def test_bytes_that_are_no_bools_become_bools():
    file = checkpoint(tensor_program(3, 0, (3,), (1,), "BoolStorage"), s0=b"\0\1\7")
    loaded = mg.load(file)
    assert loaded.tolist() == [False, True, True]
    assert loaded.numpy().tobytes() == b"\0\1\1"


def test_a_storage_of_two_dtypes_is_refused():
    one, two = (
        tensor_program(2, 0, (1,), (1,), kind)[2:-1] for kind in ("IntStorage", "FloatStorage")
    )
    with pytest.raises(pickle.UnpicklingError, match="two dtypes"):
        mg.load(checkpoint(b"\x80\x02" + one + two + b"\x86.", s0=bytes(8)))
