"""One convolution, computed in many ways, and the transposed convolution out of its matrix.

Every way is compared with the ready-made function: sliding windows, inner products of flattened
windows, a batch with channels, holes in the kernel (dilation), channels in groups. Then the kernel
is laid out as a matrix, so that the convolution is one product, and the matrix is transposed.
"""

import math

import minigrad as torch
import minigrad.nn.functional as F

PICTURE = [
    [-0.5313, 0.2610, -0.7020, -1.0472],
    [1.6464, -0.7453, 0.6006, -0.4810],
    [0.2911, -0.3596, 0.0160, -0.5955],
    [-0.7642, -0.5402, -0.7338, -0.5263],
]
KERNEL = [[0.0543, -0.2173, -0.0795], [-0.0767, 0.3148, -0.2659], [-0.2994, -0.0280, -0.0093]]


def by_windows(input, kernel, bias=0, stride=1, padding=0):
    """Multiply the kernel with each window of one picture, and add up."""
    if padding > 0:
        input = F.pad(input, (padding, padding, padding, padding))
    kernel_h, kernel_w = kernel.shape
    output_h = math.floor((input.shape[0] - kernel_h) / stride) + 1
    output_w = math.floor((input.shape[1] - kernel_w) / stride) + 1
    output = torch.zeros(output_h, output_w)
    for i in range(0, input.shape[0] - kernel_h + 1, stride):
        for j in range(0, input.shape[1] - kernel_w + 1, stride):
            region = input[i : i + kernel_h, j : j + kernel_w]
            output[i // stride, j // stride] = torch.sum(region * kernel) + bias
    return output


def by_flattening(input, kernel, bias=0, stride=1, padding=0):
    """Each window as one row of a matrix; the convolution is that matrix times the flat kernel."""
    if padding > 0:
        input = F.pad(input, (padding, padding, padding, padding))
    kernel_h, kernel_w = kernel.shape
    output_h = math.floor((input.shape[0] - kernel_h) / stride) + 1
    output_w = math.floor((input.shape[1] - kernel_w) / stride) + 1
    rows = torch.zeros(output_h * output_w, kernel.numel())
    column = kernel.reshape((kernel.numel(), 1))
    row = 0
    for i in range(0, input.shape[0] - kernel_h + 1, stride):
        for j in range(0, input.shape[1] - kernel_w + 1, stride):
            rows[row] = torch.flatten(input[i : i + kernel_h, j : j + kernel_w])
            row += 1
    return (rows @ column).reshape((output_h, output_w)) + bias


def of_a_batch(input, kernel, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """All arguments of F.conv2d, in loops: input (N, Cin, H, W), kernel (Cout, Cin/groups, h, w).

    A window of a dilated convolution takes every `dilation`-th pixel; with groups, each part of
    the output channels sees its own part of the input channels only.
    """
    if padding > 0:
        input = F.pad(input, (padding, padding, padding, padding, 0, 0, 0, 0))
    batch, _, input_h, input_w = input.shape
    channels_out, channels_in, kernel_h, kernel_w = kernel.shape
    if bias is None:
        bias = torch.zeros(channels_out)
    span_h = (kernel_h - 1) * dilation + 1
    span_w = (kernel_w - 1) * dilation + 1
    output_h = math.floor((input_h - span_h) / stride) + 1
    output_w = math.floor((input_w - span_w) / stride) + 1
    output = torch.zeros(batch, channels_out, output_h, output_w)
    for picture in range(batch):
        for c in range(channels_out):
            group = c // (channels_out // groups)
            seen = slice(group * channels_in, (group + 1) * channels_in)
            for i in range(0, input_h - span_h + 1, stride):
                for j in range(0, input_w - span_w + 1, stride):
                    region = input[
                        picture, seen, i : i + span_h : dilation, j : j + span_w : dilation
                    ]
                    place = (picture, c, i // stride, j // stride)
                    output[place] = torch.sum(region * kernel[c]) + bias[c]
    return output


def kernel_matrix(kernel, input_size):
    """The kernel as a matrix (outputs, inputs): its product with the flat picture is the answer."""
    kernel_h, kernel_w = kernel.shape
    input_h, input_w = input_size
    outputs_h, outputs_w = input_h - kernel_h + 1, input_w - kernel_w + 1
    result = torch.zeros((outputs_h * outputs_w, input_h * input_w))
    for count, (i, j) in enumerate((i, j) for i in range(outputs_h) for j in range(outputs_w)):
        # the kernel with zeros around it, as large as the picture: left, right, top, bottom
        around = (j, input_w - kernel_w - j, i, input_h - kernel_h - i)
        result[count] = F.pad(kernel, around).flatten()
    return result


def one_picture():
    print("One picture and one kernel")
    input, kernel = torch.tensor(PICTURE), torch.tensor(KERNEL)
    expected = F.conv2d(input.reshape(1, 1, 4, 4), kernel.reshape(1, 1, 3, 3))
    print(expected)
    for way in (by_windows, by_flattening):
        output = way(input, kernel)
        print(way.__name__, output)
        print(torch.isclose(output, expected.squeeze(0).squeeze(0), atol=1e-6))

    input, kernel, bias = torch.randn(5, 5), torch.randn(3, 3), torch.randn(1)
    print("random, with a bias, stride 2 and padding 1:", bias)
    expected = F.conv2d(
        input.unsqueeze(0).unsqueeze(0), kernel.reshape((1, 1, 3, 3)), bias, stride=2, padding=1
    )
    print(expected)
    for way in (by_windows, by_flattening):
        output = way(input, kernel, bias=bias, stride=2, padding=1)
        print(way.__name__, torch.allclose(output, expected.squeeze(), atol=1e-6))


def padding():
    print("\nPadding: left, right, top, bottom")
    X = torch.arange(6).reshape(2, 3)
    print(F.pad(X, (1, 1, 1, 1)))
    print(F.pad(X.float(), (0, 2, 1, 0), value=0.5))


def batches_and_channels():
    print("\nA batch of pictures with channels")
    input = torch.randn(2, 2, 5, 5)
    kernel = torch.randn(3, 2, 3, 3)
    bias = torch.randn(3)
    output = of_a_batch(input, kernel, bias, stride=2, padding=1)
    expected = F.conv2d(input, kernel, bias, stride=2, padding=1)
    print(output.shape, torch.allclose(output, expected, atol=1e-5))
    print(expected[0])

    print("with holes, and in two groups")
    input = torch.randn(2, 4, 5, 5)
    kernel = torch.randn(6, 2, 3, 3)
    bias = torch.randn(6)
    arguments = {"padding": 1, "dilation": 2, "groups": 2}
    output = of_a_batch(input, kernel, bias, **arguments)
    expected = F.conv2d(input, kernel, bias, **arguments)
    print(output.shape, torch.allclose(output, expected, atol=1e-5))
    print(output[1, 4])
    print("a dilated window of a picture:")
    print(input[0, 0, 0:5:2, 0:5:2])


def matrix_and_transposed():
    print("\nThe kernel as a matrix (4, 16)")
    kernel, picture = torch.tensor(KERNEL), torch.tensor(PICTURE)
    matrix = kernel_matrix(kernel, picture.shape)
    print(matrix.shape)
    print(matrix)
    column = picture.reshape((-1, 1))
    product = matrix @ column
    by_matrix = product.reshape(1, 1, 2, 2)
    by_function = F.conv2d(picture.unsqueeze(0).unsqueeze(0), kernel.unsqueeze(0).unsqueeze(0))
    print(by_matrix)
    print("the same:", torch.allclose(by_matrix, by_function, atol=1e-6))

    print("\nIts transpose leads back to the shape (not to the numbers) of the picture")
    back = matrix.transpose(-1, -2) @ product
    by_matrix = back.reshape(1, 1, 4, 4)
    by_function = F.conv_transpose2d(by_function, kernel.unsqueeze(0).unsqueeze(0))
    print(by_function)
    print("the same:", torch.allclose(by_matrix, by_function, atol=1e-6))
    print("as a convolution: pad by 2, and turn the kernel around")
    turned = torch.flip(kernel, (0, 1)).reshape(1, 1, 3, 3)
    print(
        torch.allclose(
            F.conv2d(product.reshape(1, 1, 2, 2), turned, padding=2), by_function, atol=1e-6
        )
    )


def gradients():
    print("\nGradients through every way are the same")
    kernel = torch.tensor(KERNEL)
    picture = torch.tensor(PICTURE)
    found = []
    for way in (by_windows, by_flattening):
        weight = kernel.clone().requires_grad_()
        output = way(picture, weight)
        print(output)
        output.sum().backward()
        found.append(weight.grad)
    weight = kernel.reshape(1, 1, 3, 3).clone().requires_grad_()
    output = F.conv2d(picture.reshape(1, 1, 4, 4), weight)
    print(output)
    output.sum().backward()
    print(weight.grad)
    print([torch.allclose(gradient, weight.grad.squeeze(), atol=1e-5) for gradient in found])


def main():
    torch.manual_seed(0)
    one_picture()
    padding()
    batches_and_channels()
    matrix_and_transposed()
    gradients()


if __name__ == "__main__":
    main()
