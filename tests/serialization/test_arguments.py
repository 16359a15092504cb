"""The arguments of save and load: paths and files, places, mapping, what may be unpickled."""

from __future__ import annotations

import io
import pathlib
import pickle

import pytest
import torch

import minigrad as mg
from tests.serialization.archives import repacked, written_by


def test_paths_and_files(tmp_path: pathlib.Path):
    for f in (tmp_path / "a.pt", str(tmp_path / "b.pth")):
        mg.save({"a": mg.ones(2)}, f)
        assert mg.load(f)["a"].tolist() == torch.load(f)["a"].tolist() == [1, 1]
    with open(tmp_path / "c", "wb") as file:
        mg.save(mg.ones(2), file)
    with open(tmp_path / "c", "rb") as file:
        assert mg.load(file).tolist() == [1, 1]
    for bad in (5, None):
        with pytest.raises(AttributeError, match="file-like object"):
            mg.save(1, bad)
        with pytest.raises(AttributeError, match="file-like object"):
            mg.load(bad)
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "nothing.pt")


def test_a_stream_that_cannot_seek_is_read():
    class Stream(io.RawIOBase):
        def __init__(self, data):
            self.data = data

        def read(self, size=-1):
            data, self.data = self.data, b""
            return data

    assert mg.load(Stream(written_by(torch, torch.ones(2)).getvalue())).tolist() == [1, 1]


def test_mapped_files(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"a": torch.arange(6.0).view(2, 3), "b": torch.zeros(0)}, path)
    loaded = mg.load(path, mmap=True)
    assert loaded["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    loaded["a"][0, 0] = 9  # in memory only
    assert mg.load(path)["a"][0, 0] == 0
    with pytest.raises(ValueError, match="file path"):
        mg.load(io.BytesIO(path.read_bytes()), mmap=True)
    mg.save(loaded, path)
    assert torch.load(path, mmap=True)["a"].tolist() == [[9, 1, 2], [3, 4, 5]]
    del loaded


@pytest.mark.parametrize(
    "place",
    [None, "cpu", mg.device("cpu"), {"cuda:0": "cpu"}, lambda s, place: s, lambda s, p: None],
)
def test_every_form_of_map_location(place):
    assert mg.load(written_by(torch, torch.ones(2)), map_location=place).tolist() == [1, 1]


@pytest.mark.parametrize("place", ["cuda", mg.device("cuda:0"), {"cpu": "cuda"}, "nowhere"])
def test_other_places_than_the_cpu(place):
    with pytest.raises(RuntimeError, match=r"CPU only|device type"):
        mg.load(written_by(torch, torch.ones(2)), map_location=place)


def test_tensors_from_a_gpu_come_to_the_cpu():
    def moved(name, data):
        return data.replace(b"X\3\0\0\0cpu", b"X\6\0\0\0cuda:0")

    file = repacked(written_by(torch, torch.ones(2)), moved)
    assert mg.load(file).tolist() == [1, 1]
    assert mg.load(file, map_location={"cuda:0": "cpu"}).tolist() == [1, 1]


def test_whole_modules_when_asked_for():
    net = mg.nn.Sequential(mg.nn.Conv2d(1, 2, 3), mg.nn.ReLU())
    file = written_by(mg, net)
    with pytest.raises(pickle.UnpicklingError, match=r"add_safe_globals\(\[minigrad.nn"):
        mg.load(file)
    file.seek(0)
    copy = mg.load(file, weights_only=False)
    assert repr(copy) == repr(net)
    assert type(copy[0].weight) is mg.nn.Parameter
    x = mg.randn(1, 1, 5, 5)
    assert mg.equal(copy(x), net(x))
    file.seek(0)
    classes = [mg.nn.Sequential, mg.nn.Conv2d, mg.nn.ReLU]
    with mg.serialization.safe_globals(classes):
        assert repr(mg.load(file)) == repr(net)


def test_whole_modules_of_torch_are_refused():
    with pytest.raises(pickle.UnpicklingError, match="state_dict"):
        mg.load(written_by(torch, torch.nn.Linear(1, 1)), weights_only=False)


def test_contradicting_arguments():
    file = written_by(torch, 1)
    with pytest.raises(RuntimeError, match="pickle_module"):
        mg.load(file, weights_only=True, pickle_module=pickle)
    with pytest.warns(UserWarning, match="weights_only=False"):
        mg.load(file, encoding="latin1")
    file.seek(0)
    assert mg.load(file, pickle_module=pickle) == 1
