"""Denormal numbers: 0 inside of kernels, as ever outside, and no other number is touched."""

import threading

import numpy as np

from minigrad.kernels import conv as K
from minigrad.kernels.machine import threads

GEO = K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 1)


def doubled_by_numpy() -> float:
    return float((np.full(64, 1e-41, np.float32) * np.float32(2))[63])


def test_kernels_flush_and_numpy_does_not() -> None:
    x = np.full((16, 16, 20, 20), 1e-41, np.float32)
    before = threads.get_num_threads()
    for kernel, channels in ((3, 16), (5, 16), (1, 16), (5, 2)):
        w = np.ones((channels, channels, kernel, kernel), np.float32)
        for count in (1, 2):
            threads.set_num_threads(count)
            y = K.conv(x[:, :channels] + 0, w, None, GEO)
            assert not y.any()
            assert not K.conv_weight(x[:, :channels] + 0, y + 1, w.shape[2:], GEO).any()
            assert doubled_by_numpy() > 1.9e-41
    threads.set_num_threads(before)


def test_a_thread_gets_its_state_back() -> None:
    seen: list[float] = []

    def user() -> None:
        K.conv(np.ones((16, 4, 30, 30), np.float32), np.ones((8, 4, 3, 3), np.float32), None, GEO)
        seen.append(doubled_by_numpy())

    thread = threading.Thread(target=user)
    thread.start()
    thread.join()
    assert seen[0] > 1.9e-41


def test_small_normal_numbers_are_exact() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-8, 9, (16, 4, 20, 20)).astype(np.float32)
    w = rng.integers(-8, 9, (8, 4, 5, 5)).astype(np.float32)
    scale = np.float32(2.0**-120)  # answers stay above 2**-126
    np.testing.assert_array_equal(K.conv(x * scale, w, None, GEO), K.conv(x, w, None, GEO) * scale)
