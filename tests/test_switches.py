"""The lines by which scripts prepare seeds, devices and reproducibility, beside a torch without GPU."""

import math

import pytest
import torch

import minigrad as mg

BOTH = pytest.mark.parametrize("T", [mg, torch], ids=["minigrad", "torch"])
without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.fixture
def as_before():
    yield
    for T in (mg, torch):
        T.use_deterministic_algorithms(False)
        T.set_float32_matmul_precision("highest")


@BOTH
@without_gpu
def test_seeds_of_gpus_leave_the_cpu_alone(T):
    T.manual_seed(0)
    first = T.rand(3).tolist()
    T.manual_seed(0)
    told = [
        T.cuda.manual_seed(1),
        T.cuda.manual_seed_all(1),
        T.cuda.empty_cache(),
        T.cuda.set_rng_state_all(T.cuda.get_rng_state_all()),
    ]
    assert told == [None] * 4
    assert T.rand(3).tolist() == first


@BOTH
@without_gpu
def test_what_a_gpu_is_asked(T):
    cuda = T.cuda
    assert [cuda.is_available(), cuda.is_initialized(), cuda.device_count()] == [False, False, 0]
    assert [cuda.memory_allocated(), cuda.max_memory_allocated()] == [0, 0]
    assert [cuda.memory_reserved(), cuda.max_memory_reserved()] == [0, 0]
    assert not cuda.is_bf16_supported()
    for name in (
        "current_device",
        "get_device_name",
        "get_device_properties",
        "synchronize",
        "init",
    ):
        with pytest.raises(AssertionError, match="not compiled with CUDA enabled"):
            getattr(cuda, name)()


@BOTH
def test_switches_are_kept(T, as_before):
    assert not T.are_deterministic_algorithms_enabled()
    T.use_deterministic_algorithms(True, warn_only=True)
    assert T.are_deterministic_algorithms_enabled()
    assert T.is_deterministic_algorithms_warn_only_enabled()
    T.use_deterministic_algorithms(True)
    assert not T.is_deterministic_algorithms_warn_only_enabled()
    with pytest.raises(TypeError, match="must be bool, not int"):
        T.use_deterministic_algorithms(1)
    assert T.get_float32_matmul_precision() == "highest"
    T.set_float32_matmul_precision("medium")
    with pytest.warns(UserWarning, match="is not one of 'highest', 'high', or 'medium'"):
        T.set_float32_matmul_precision("low")
    assert T.get_float32_matmul_precision() == "medium"
    assert isinstance(T.set_flush_denormal(False), bool)


@BOTH
def test_constants(T):
    assert [T.pi, T.e, T.inf, T.newaxis] == [math.pi, math.e, math.inf, None]
    assert math.isnan(T.nan)
    assert T.ones(2)[:, T.newaxis].shape == (2, 1)


@BOTH
def test_which_device_there_is(T):
    assert not T.accelerator.is_available()
    assert T.accelerator.current_accelerator() is None
    assert T.accelerator.device_count() == 0
    with pytest.raises(RuntimeError, match="Cannot access accelerator device"):
        T.accelerator.synchronize()
    assert T.version.cuda is None
    assert T.version.__version__ == T.__version__
    assert not T.xpu.is_available()
    assert not T.mps.is_available() if hasattr(T.mps, "is_available") else True


@BOTH
def test_the_default_device_is_the_cpu(T):
    T.set_default_device("cpu")
    assert T.get_default_device() == T.device("cpu")
    with T.device("cpu"):
        assert T.ones(1).device == T.device("cpu")
    T.set_default_device(None)


def test_other_default_devices_are_refused():
    for refused in (lambda: mg.set_default_device("cuda"), mg.device("cuda").__enter__):
        with pytest.raises(AssertionError, match="CUDA"):
            refused()


@BOTH
@pytest.mark.filterwarnings("ignore")
def test_default_tensor_types(T):
    try:
        T.set_default_tensor_type("torch.DoubleTensor")
        assert T.ones(1).dtype == T.float64
        T.set_default_tensor_type(T.FloatTensor)
        assert T.ones(1).dtype == T.float32
        with pytest.raises(TypeError, match="floating-point"):
            T.set_default_tensor_type(T.IntTensor)
        with pytest.raises(TypeError, match="not available"):
            T.set_default_tensor_type("torch.cuda.FloatTensor")
    finally:
        T.set_default_dtype(T.float32)


@BOTH
def test_other_switches(T):
    assert T.get_num_interop_threads() >= 1
    T.set_warn_always(True)
    assert T.is_warn_always_enabled()
    T.set_warn_always(False)
    T.set_anomaly_enabled(True)
    assert T.is_anomaly_enabled()
    T.set_anomaly_enabled(False)
    assert not T.is_anomaly_enabled()


def test_what_is_compiled_stays_as_it_is():
    net = mg.nn.Linear(2, 1)
    assert mg.compile(net) is net
    assert net.compile() is None
    assert net.share_memory() is net
    assert mg.compile(fullgraph=True)(math.sqrt) is math.sqrt
    assert not mg.compiler.is_compiling()
    with pytest.raises(TypeError):
        mg.compile(3)
    with pytest.raises(RuntimeError):
        mg.compile(net, mode="default", options={})


def test_names_for_annotations_and_processes():
    from minigrad.multiprocessing import Process
    from minigrad.nn.common_types import _size_2_t
    from minigrad.types import Number, _size

    assert all(made is not None for made in (Process, _size_2_t, Number, _size))


@BOTH
def test_the_old_name_of_a_loss_warns(T):
    with pytest.warns(FutureWarning, match="NLLLoss2d"):
        loss = T.nn.NLLLoss2d()
    x = T.nn.functional.log_softmax(T.ones(1, 2, 2, 2), 1)
    assert round(loss(x, T.zeros(1, 2, 2, dtype=T.int64)).item(), 4) == 0.6931
