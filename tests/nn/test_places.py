"""Where classes say they are from, and the paths from which programs written for torch import them."""

from __future__ import annotations

import importlib
import inspect
import io
import pickle

import pytest
import torch
import torch.nn.modules

import minigrad as mg
from tests.stories import check

LAYERS = sorted(
    name
    for name in mg.nn.__all__
    if isinstance(getattr(mg.nn, name), type) and hasattr(torch.nn, name)
)
SCHEDULES = sorted(mg.optim.lr_scheduler.__all__)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_from_torchs_file(name):
    ours, theirs = getattr(mg.nn, name), getattr(torch.nn, name)
    if name == "DataParallel":
        return  # torch.nn.parallel is a package
    assert repr(ours) == repr(theirs).replace("torch.", "minigrad.", 1)
    assert getattr(importlib.import_module(ours.__module__), name) is ours
    assert getattr(mg.nn.modules, name, ours) is ours
    assert pickle.loads(pickle.dumps(ours)) is ours
    assert f"class {name}(" in inspect.getsource(ours)


@pytest.mark.parametrize("name", [*LAYERS, *SCHEDULES])
def test_errors_of_constructors_name_torchs(name):
    if name in ("Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"):
        return  # torch makes these in __new__
    if name == "NLLLoss2d":
        return  # NLLLoss by an old name

    def story(torch):
        room = torch.nn if name in LAYERS else torch.optim.lr_scheduler
        return getattr(room, name)(nothing=1)

    check(story)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_from_torchs_file(name):
    ours, theirs = getattr(mg.optim.lr_scheduler, name), getattr(torch.optim.lr_scheduler, name)
    assert repr(ours) == repr(theirs).replace("torch.", "minigrad.", 1)


PATHS = """
activation: ReLU Softmax GLU
batchnorm: _BatchNorm _NormBase BatchNorm2d
channelshuffle: ChannelShuffle
container: Sequential ModuleList ParameterDict
conv: _ConvNd _ConvTransposeNd Conv2d LazyConv2d F Module _pair
distance: PairwiseDistance
dropout: _DropoutNd Dropout
flatten: Flatten Unflatten
fold: Fold Unfold
instancenorm: _InstanceNorm _NormBase InstanceNorm2d
lazy: LazyModuleMixin
linear: Linear Identity F init Parameter
loss: _Loss _WeightedLoss CrossEntropyLoss MSELoss
module: Module _IncompatibleKeys _addindent register_module_forward_hook
normalization: LayerNorm GroupNorm LocalResponseNorm
padding: _ConstantPadNd _ReflectionPadNd _ReplicationPadNd ZeroPad2d
pixelshuffle: PixelShuffle
pooling: _MaxPoolNd _AvgPoolNd _AdaptiveAvgPoolNd _AdaptiveMaxPoolNd _MaxUnpoolNd _LPPoolNd
sparse: Embedding
upsampling: Upsample
utils: _single _pair _triple _quadruple _ntuple _reverse_repeat_tuple _list_with_default
""".strip().splitlines()


@pytest.mark.parametrize("line", PATHS)
def test_path(line):
    file, _, names = line.partition(": ")
    for package in (torch, mg):
        module = importlib.import_module(f"{package.__name__}.nn.modules.{file}")
        assert not [n for n in names.split() if not hasattr(module, n)]
        assert getattr(package.nn.modules, file) is module


def test_bases_are_torchs():
    pairs = [
        ("Conv2d", "conv._ConvNd"),
        ("ConvTranspose2d", "conv._ConvTransposeNd"),
        ("LazyConv2d", "conv._ConvNd"),
        ("BatchNorm2d", "batchnorm._BatchNorm"),
        ("InstanceNorm2d", "batchnorm._NormBase"),
        ("InstanceNorm2d", "instancenorm._InstanceNorm"),
        ("Dropout2d", "dropout._DropoutNd"),
        ("ReflectionPad2d", "padding._ReflectionPadNd"),
        ("MSELoss", "loss._Loss"),
        ("NLLLoss", "loss._WeightedLoss"),
        ("MaxPool2d", "pooling._MaxPoolNd"),
    ]
    for package in (torch, mg):
        for layer, base in pairs:
            file, _, name = base.partition(".")
            kind = getattr(getattr(package.nn.modules, file), name)
            assert issubclass(getattr(package.nn, layer), kind)


def test_old_pickles_are_read():
    """Those in which layers are from minigrad's own files."""
    new = pickle.dumps(mg.nn.Linear(2, 1), protocol=0)
    assert b"minigrad.nn.modules.linear" in new
    assert type(pickle.loads(new.replace(b".modules.linear", b".linear"))) is mg.nn.Linear


def test_models_are_saved_whole():
    net = mg.nn.Sequential(mg.nn.Conv2d(1, 2, 3), mg.nn.ReLU(), mg.nn.Softmax(1))
    file = io.BytesIO()
    mg.save(net, file)
    file.seek(0)
    assert repr(mg.load(file, weights_only=False)) == repr(net)


def test_helpers_of_layers():
    for package in (torch, mg):
        utils = importlib.import_module(f"{package.__name__}.nn.modules.utils")
        assert utils._reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
        assert utils._list_with_default([None, 3], [7, 8, 9]) == [8, 3]
        assert utils._list_with_default(5, [7, 8, 9]) == 5
        with pytest.raises(ValueError, match="Input dimension should be at least 3"):
            utils._list_with_default([1, 2], [3, 4])
