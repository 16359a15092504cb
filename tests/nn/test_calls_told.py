"""Layers that are called with too many or too few arguments: the error names the layer, as torch's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories import check

LAYERS = """
Conv2d(1, 1, 1)
ConvTranspose1d(1, 1, 1)
LazyConv2d(1, 1)
Linear(1, 1)
Flatten()
ReLU()
Sigmoid()
GELU()
LeakyReLU()
Softmax(1)
Dropout()
AlphaDropout()
MaxPool2d(2)
AvgPool2d(2)
AdaptiveAvgPool2d(1)
BatchNorm2d(1)
InstanceNorm1d(1)
GroupNorm(1, 1)
ReflectionPad2d(1)
Upsample(scale_factor=2)
PixelShuffle(1)
Embedding(1, 1)
MSELoss()
CrossEntropyLoss()
BCEWithLogitsLoss()
Identity()
Sequential()
"""


@pytest.mark.parametrize("layer", LAYERS.strip().splitlines())
@pytest.mark.parametrize("given", [0, 4])
def test_the_layer_is_named(layer: str, given: int) -> None:
    def story(torch: Any) -> Any:
        made = eval(layer, vars(torch.nn).copy())
        try:
            made(*[torch.ones(1, 1, 1, 1)] * given)
        except TypeError as error:
            return str(error).replace("_PadNd", "_ReflectionPadNd")

    check(story)
