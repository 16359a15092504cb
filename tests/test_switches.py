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
