"""A small convolutional network learns to read handwritten digits: 8x8 pixels, no download.

python examples/train_digits.py
python examples/train_digits.py --checkpoint digits.pt            # saved after every epoch
python examples/train_digits.py --checkpoint digits.pt --resume   # goes on from there
"""

from training import fit, main, options, tensors

import minigrad.nn as nn
from minigrad.datasets import Digits
from minigrad.optim import Adam


def block(channels_in, channels_out):
    """A convolution that keeps the size, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )


def network():
    """(N, 1, 8, 8) pictures to (N, 10) logits."""
    return nn.Sequential(
        block(1, 32),
        nn.MaxPool2d(2),
        block(32, 64),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 2 * 2, 10),
    )


def digits():
    """The embedded digits, to train and to test."""
    return tensors(Digits(train=True)), tensors(Digits(train=False))


def run(args):
    net = network()
    fit(args, net, Adam(net.parameters(), lr=args.lr), *digits())


if __name__ == "__main__":
    main(run, options(__doc__, epochs=10, lr=0.01))
