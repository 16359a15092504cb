"""Whole networks to be measured, each written once for both packages.

A network's function is given the package and answers (the network, its optimizer, the shape of one
image, the loss).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

Network = Callable[[Any], tuple[Any, Any, tuple[int, ...], Any]]
BATCH = 64


def lenet(torch: Any) -> tuple[Any, Any, tuple[int, ...], Any]:
    """LeNet-5 with rectifiers and maxima, learning by momentum."""
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return net, optimizer, (1, 28, 28), nn.CrossEntropyLoss()


def two_convolutions(torch: Any) -> tuple[Any, Any, tuple[int, ...], Any]:
    """PyTorch's own example for MNIST: two convolutions, dropout, Adadelta."""
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )
    return net, torch.optim.Adadelta(net.parameters(), lr=1.0), (1, 28, 28), nn.NLLLoss()


def resnet(torch: Any) -> tuple[Any, Any, tuple[int, ...], Any]:
    """The residual network of 20 layers for pictures of 32x32 (He et al., 2015)."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]  # the class depends on the package
        def __init__(self, cin: int, cout: int) -> None:
            super().__init__()
            stride = cout // cin
            self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(cout)
            self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(cout)
            self.shortcut = nn.Sequential()
            if stride > 1:
                convolution = nn.Conv2d(cin, cout, 1, stride, bias=False)
                self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(cout))

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    widths = [16] * 4 + [32] * 3 + [64] * 3
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        *(Block(cin, cout) for cin, cout in pairwise(widths)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    return net, optimizer, (3, 32, 32), nn.CrossEntropyLoss()


NETWORKS: dict[str, Network] = {
    "LeNet-5": lenet,
    "MNIST net of two convolutions": two_convolutions,
    "ResNet-20": resnet,
}


def training(network: Network) -> Callable[[Any], Callable[[], object]]:
    """One step on a batch: forward, backward, update."""

    def make(torch: Any) -> Callable[[], object]:
        torch.manual_seed(0)
        net, optimizer, shape, criterion = network(torch)
        images = torch.randn(BATCH, *shape)
        labels = torch.randint(0, 10, (BATCH,))

        def step() -> object:
            optimizer.zero_grad()
            loss = criterion(net(images), labels)
            loss.backward()
            optimizer.step()
            return loss

        return step

    return make


def inference(network: Network) -> Callable[[Any], Callable[[], object]]:
    """The answer to one image."""

    def make(torch: Any) -> Callable[[], object]:
        torch.manual_seed(0)
        net, _, shape, _ = network(torch)
        net.eval()
        image = torch.randn(1, *shape)

        def answer() -> object:
            with torch.no_grad():
                return net(image)

        return answer

    return make
