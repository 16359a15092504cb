"""LeNet, or a small network with batch normalisation, learns Fashion-MNIST: clothes in 28x28 pixels.

    python examples/train_fashion_mnist.py --download                # fetches 30 MB, once
    python examples/train_fashion_mnist.py --model bn --epochs 5     # at least 91 % right
    python examples/train_fashion_mnist.py --root some/folder        # where the files are

Without the files it shows what it does on the embedded digits, enlarged.
"""

from train_digits import block, digits
from training import fit, main, options, tensors

import minigrad.nn as nn
import minigrad.nn.functional as F
from minigrad.datasets import FashionMNIST
from minigrad.optim import Adam
from minigrad.utils.data import TensorDataset


def lenet():
    """LeNet with ReLU and max pooling: (N, 1, 28, 28) pictures to (N, 10) logits."""
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, kernel_size=5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def bn():
    """Three convolutions with batch normalisation: (N, 1, 28, 28) pictures to (N, 10) logits."""
    return nn.Sequential(
        block(1, 16),
        nn.MaxPool2d(2),
        block(16, 32),
        nn.MaxPool2d(2),
        block(32, 64),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(64 * 3 * 3, 10),
    )


def clothes(args):
    """Fashion-MNIST as tensors, to train and to test; None where its files are not."""
    try:
        parts = [FashionMNIST(args.root, train, download=args.download) for train in (True, False)]
    except RuntimeError as missing:
        print(f"{missing}\nUntil then: the embedded digits, enlarged.")
        return None
    return [tensors(part) for part in parts]


def enlarged_digits(size):
    """The embedded digits in size x size pixels, to train and to test."""
    parts = [part.tensors for part in digits()]
    return [TensorDataset(F.interpolate(x, size=size, mode="bilinear"), y) for x, y in parts]


def run(args):
    net = {"lenet": lenet, "bn": bn}[args.model]()
    optimizer = Adam(net.parameters(), lr=args.lr)
    fit(args, net, optimizer, *(clothes(args) or enlarged_digits(28)))


if __name__ == "__main__":
    parser = options(__doc__, epochs=3, lr=0.005)
    parser.add_argument("--model", choices=["lenet", "bn"], default="lenet")
    parser.add_argument("--root", default="data", help="the folder of the data")
    parser.add_argument("--download", action="store_true", help="fetch the data if need be")
    main(run, parser)
