"""An autoencoder squeezes digits through 8 numbers, and draws them again with transposed convolutions.

python examples/autoencoder.py                    # draws autoencoder.png
python examples/autoencoder.py --code 2           # through 2 numbers only
"""

from train_digits import digits
from training import draw, epochs, main, options, progress

import minigrad as torch
import minigrad.nn as nn
import minigrad.nn.functional as F
from minigrad.optim import Adam
from minigrad.utils.data import DataLoader


class Autoencoder(nn.Module):
    """(N, 1, 8, 8) pictures to (N, code) numbers, and back."""

    def __init__(self, code):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 2 * 2, code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(code, 64 * 2 * 2),
            nn.ReLU(),
            nn.Unflatten(1, (64, 2, 2)),
            nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


def error(net, batches):
    """The mean squared error of the pictures that come out."""
    net.eval()
    with torch.no_grad():
        total = sum(F.mse_loss(net(x).sigmoid(), x, reduction="sum").item() for x, _ in batches)
    return total / sum(x.numel() for x, _ in batches)


def run(args):
    for_training, for_testing = digits()
    batches = DataLoader(for_training, args.batch_size, shuffle=True)
    test_batches = DataLoader(for_testing, 500)
    net = Autoencoder(args.code)
    optimizer = Adam(net.parameters(), lr=args.lr)

    for epoch in epochs(args, net=net, optimizer=optimizer):
        net.train()
        for x, _ in progress(batches, f"epoch {epoch}"):
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(net(x), x)
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            print(
                f"epoch {epoch:2d}: squared error of test pictures {error(net, test_batches):.4f}"
            )

    seen, _ = next(iter(DataLoader(for_testing, 40)))
    with torch.no_grad():
        drawn = net(seen).sigmoid()
    rows = [row for pair in zip(seen.split(10), drawn.split(10)) for row in pair]
    what = f"below each: what {args.code} numbers kept"
    draw(args.picture, torch.cat(rows), what)
    mean = torch.cat([x for x, _ in batches]).mean(0)
    plain = sum(((x - mean) ** 2).sum().item() for x, _ in test_batches) / (64 * len(for_testing))
    print(f"explained variance of test pictures: {1 - error(net, test_batches) / plain:.1%}")


if __name__ == "__main__":
    parser = options(__doc__, epochs=30, lr=0.003)
    parser.add_argument("--code", type=int, default=8, help="how many numbers a picture becomes")
    parser.add_argument("--picture", default="autoencoder.png", help="the picture to write")
    main(run, parser)
