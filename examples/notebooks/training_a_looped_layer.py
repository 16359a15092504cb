"""A layer made of two loops is trained: autograd goes through every slice assignment.

The forward pass writes each number of the answer into a tensor of zeros. Nothing is prepared for
backward: the tape has recorded the writes, and gradients find their way through them.
"""

import minigrad as torch
from minigrad import nn


def corr2d(X, K):
    """The 2-d cross-correlation, one window after the other."""
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


class Conv2d(nn.Module):
    """A convolutional layer of one channel with a bias."""

    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(kernel_size))
        self.bias = nn.Parameter(torch.randn(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias


def the_data():
    """A white picture with a black bar, and where its edges are."""
    X = torch.ones(6, 8)
    X[:, 2:6] = 0
    Y = torch.zeros(6, 7)
    Y[:, 1] = 1
    Y[:, 5] = -1
    return X, Y


def train(layer, X, Y, steps=20, lr=0.01):
    """Gradient descent by hand; every fifth step is printed. Answers the last loss."""
    for i in range(steps):
        Y_hat = layer(X)
        loss = ((Y_hat - Y) ** 2).sum()
        loss.backward()
        layer.weight.data -= lr * layer.weight.grad
        layer.bias.data -= lr * layer.bias.grad
        if (i + 1) % 5 == 0:
            print(f"step {i + 1}, loss {loss.item():.3f}")
            print("  gradient of the weight", layer.weight.grad)
            print("  weight", layer.weight.data)
            print("  bias", layer.bias.data)
        # backward adds to a gradient, so it is emptied before the next step
        layer.weight.grad.fill_(0)
        layer.bias.grad.fill_(0)
    return loss


def main():
    torch.manual_seed(1)
    X, Y = the_data()
    print(X)
    print(Y)
    layer = Conv2d(kernel_size=(1, 2))
    print("before:", layer.weight, layer.bias)
    before = layer(X)
    print("the answer before:", before)
    loss = train(layer, X, Y)
    print("the last loss:", loss)
    print("after:", layer.weight, layer.bias)
    print("the answer after:", layer(X))


if __name__ == "__main__":
    main()
