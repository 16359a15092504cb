"""From two loops to many channels: what a convolutional layer computes.

A kernel slides over a picture, and at every place the elementwise products are summed. The script
writes that down, wraps it in a layer, finds edges with it, learns the kernel that finds them, and
then goes on to padding, stride, and several channels in and out.
"""

import minigrad as torch
import minigrad.nn as nn


def corr2d(X, K):
    """The 2-d cross-correlation of a picture X with a kernel K."""
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


class Conv2D(nn.Module):
    """The layer: a cross-correlation with a kernel and a bias that can be learned."""

    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias


def comp_conv2d(conv2d, X):
    """Apply a layer to one picture: batch and channel are put in front, and taken away after."""
    X = X.reshape((1, 1, *X.shape))
    Y = conv2d(X)
    return Y.reshape(Y.shape[2:])


def corr2d_multi_in(X, K):
    """Several input channels: each has its own kernel, and the answers are added."""
    return sum(corr2d(x, k) for x, k in zip(X, K))


def corr2d_multi_in_out(X, K):
    """Several output channels: each has a whole stack of kernels of its own."""
    return torch.stack([corr2d_multi_in(X, k) for k in K], 0)


def corr2d_multi_in_out_1x1(X, K):
    """A 1x1 kernel mixes the channels of one pixel: a matrix product."""
    c_i, h, w = X.shape
    c_o = K.shape[0]
    X = X.reshape((c_i, h * w))
    K = K.reshape((c_o, c_i))
    Y = torch.matmul(K, X)
    return Y.reshape((c_o, h, w))


def two_loops():
    print("Cross-correlation, in two loops")
    X = torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
    K = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    Y = corr2d(X, K)
    print(Y, Y.shape, Y.dtype)


def a_layer_of_ones_own():
    print("\nA layer of one's own")
    layer = Conv2D((2, 2))
    print(layer)
    for name, parameter in layer.named_parameters():
        print(name, tuple(parameter.shape), parameter)
    print(layer(torch.ones((3, 4))))


def find_edges():
    print("\nEdges: the kernel [1, -1] answers where the brightness changes")
    X = torch.ones((6, 8))
    X[:, 2:6] = 0
    print(X)
    K = torch.tensor([[1.0, -1.0]])
    Y = corr2d(X, K)
    print(Y)
    print("of the transposed picture it sees nothing:")
    print(corr2d(X.t(), K))
    return X, Y


def learn_the_kernel(X, Y):
    print("\nThe same kernel, learned from X and Y")
    conv2d = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
    print(conv2d)
    X = X.reshape((1, 1, 6, 8))
    Y = Y.reshape((1, 1, 6, 7))
    lr = 3e-2
    for i in range(100):
        Y_hat = conv2d(X)
        l = (Y_hat - Y) ** 2  # noqa: E741 (as the textbook has it)
        conv2d.zero_grad()
        l.sum().backward()
        conv2d.weight.data[:] -= lr * conv2d.weight.grad
        if (i + 1) % 10 == 0:
            print(f"epoch {i + 1}, loss {l.sum():.3f}")
    print(conv2d.weight.data.reshape((1, 2)))
    print(conv2d.weight)
    print(conv2d(X).grad_fn is not None, conv2d(X).shape)


def padding_and_stride():
    print("\nPadding and stride")
    X = torch.rand(size=(8, 8))
    conv2d = nn.Conv2d(1, 1, kernel_size=3, padding=1)
    print(comp_conv2d(conv2d, X).shape)
    conv2d = nn.Conv2d(1, 1, kernel_size=(5, 3), padding=(2, 1))
    print(comp_conv2d(conv2d, X).shape)
    conv2d = nn.Conv2d(1, 1, kernel_size=3, padding=1, stride=2)
    Y = comp_conv2d(conv2d, X)
    print(Y.shape)
    print(Y)
    conv2d = nn.Conv2d(1, 1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))
    print(conv2d, comp_conv2d(conv2d, X).shape)


def several_channels():
    print("\nTwo channels in")
    X = torch.tensor(
        [
            [[-1.2957, 0.8891, 0.0235], [-0.5711, 2.0256, -0.1422], [-0.2474, 1.7259, 0.8036]],
            [[-0.0791, -0.6098, 0.3627], [-0.2621, 1.9796, -0.8619], [-0.8592, 1.9132, -0.0915]],
        ]
    )
    K = torch.tensor(
        [[[-0.2811, 1.7990], [-0.1990, -1.3976]], [[0.6460, 2.3017], [0.1099, 1.1557]]]
    )
    print(X.shape, K.shape)
    print(corr2d_multi_in(X, K))
    print("Three channels out")
    K = torch.stack((K, K + 1, K + 2), 0)
    print(K.shape)
    print(K)
    print(corr2d_multi_in_out(X, K))


def one_by_one():
    print("\nA 1x1 convolution is a matrix product")
    X = torch.normal(0, 1, (3, 3, 3))
    K = torch.normal(0, 1, (2, 3, 1, 1))
    Y1 = corr2d_multi_in_out_1x1(X, K)
    Y2 = corr2d_multi_in_out(X, K)
    print(Y1)
    print("equal to the looped one:", float(torch.abs(Y1 - Y2).sum()) < 1e-5)


def main():
    torch.manual_seed(0)
    two_loops()
    a_layer_of_ones_own()
    X, Y = find_edges()
    learn_the_kernel(X, Y)
    padding_and_stride()
    several_channels()
    one_by_one()


if __name__ == "__main__":
    main()
