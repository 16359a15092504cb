"""Downloading, from a server on loopback: checked, complete or not there at all."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import pickle
import sys
import tarfile
import threading
import zipfile

import numpy as np
import pytest

from minigrad import datasets
from minigrad.datasets import _download
from tests.datasets.test_files import idx_bytes, images, pixels_of

pytest.importorskip("pooch")

MNIST_FILES = {
    f"{split}-{kind}-idx{ndim}-ubyte.gz": gzip.compress(idx_bytes(images(n)[i]))
    for split, n in [("train", 6), ("t10k", 4)]
    for i, (kind, ndim) in enumerate([("images", 3), ("labels", 1)])
}


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def served():
    """A dict of what the server has, by path, its address in `address`, and what was asked for."""

    class Files(dict):
        asked: list[str]
        address: str

    files = Files()
    files.asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            files.asked.append(self.path)
            content = files.get(self.path.lstrip("/"))
            if content is None:
                self.send_error(404)
                return
            cut = isinstance(content, tuple)  # (content, how much of it arrives)
            whole, sent = content if cut else (content, len(content))
            self.send_response(200)
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            self.wfile.write(whole[:sent])

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    files.address = f"http://127.0.0.1:{server.server_port}/"
    yield files
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mnist(served, monkeypatch):
    """MNIST's files on the server: its second mirror."""
    served.update({f"mnist/{name}": content for name, content in MNIST_FILES.items()})
    mirrors = [served.address + "nothing/", served.address + "mnist/"]
    monkeypatch.setattr(datasets.MNIST, "mirrors", mirrors)
    resources = [(name, md5(content)) for name, content in MNIST_FILES.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    return served


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_mnist(mnist, tmp_path, capfd):
    train = datasets.MNIST(tmp_path, download=True)
    np.testing.assert_array_equal(train.data.array, images(6)[0])
    folder = tmp_path / "MNIST" / "raw"
    assert set(names(folder)) == {n.removesuffix(".gz") for n in MNIST_FILES} | set(MNIST_FILES)
    asked = len(mnist.asked)
    assert asked == 8  # the first mirror, in vain, and the second, for four files
    assert len(datasets.MNIST(tmp_path, train=False, download=True)) == 4
    assert len(mnist.asked) == asked
    assert "100%" in capfd.readouterr().err or "tqdm" not in sys.modules


def test_what_is_there_is_kept(mnist, tmp_path):
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name in list(MNIST_FILES)[:3]:
        (folder / name).write_bytes(MNIST_FILES[name])
    datasets.MNIST(tmp_path, download=True)
    assert [path.rpartition("/")[2] for path in mnist.asked] == [list(MNIST_FILES)[3]] * 2


@pytest.mark.parametrize("damage", ["other", "cut", "missing"])
def test_damaged_downloads_leave_nothing(mnist, tmp_path, damage):
    name = "t10k-images-idx3-ubyte.gz"
    content = MNIST_FILES[name]
    mnist[f"mnist/{name}"] = {"other": content + b"x", "cut": (content, 20), "missing": None}[
        damage
    ]
    with pytest.raises(
        RuntimeError, match=rf"(?s)Error downloading {name}:.*/nothing/.*/mnist/"
    ) as e:
        datasets.MNIST(tmp_path, download=True)
    assert {"other": "MD5", "missing": "404"}.get(damage, "") in str(e.value).replace("md5", "MD5")
    left = names(tmp_path)
    assert not [n for n in left if n.startswith("t10k-images")]
    assert all((tmp_path / "MNIST" / "raw" / n).stat().st_size for n in left)
    assert set(left) <= {n.removesuffix(".gz") for n in MNIST_FILES} | set(MNIST_FILES)
    with pytest.raises(RuntimeError, match="Dataset not found"):
        datasets.MNIST(tmp_path, train=False)


def test_nobody_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.KMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(RuntimeError, match="Error downloading train-images-idx3-ubyte"):
        datasets.KMNIST(tmp_path, download=True)


def test_without_pooch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pip install "minigrad\[data\]"'):
        datasets.MNIST(tmp_path, download=True)
    assert not names(tmp_path)


def test_emnist(served, tmp_path, monkeypatch):
    archive = io.BytesIO()
    pixels, labels = images(5)
    with zipfile.ZipFile(archive, "w") as packed:
        for split in ("train", "test"):
            for kind, array in [("images-idx3", pixels), ("labels-idx1", labels)]:
                name = f"gzip/emnist-digits-{split}-{kind}-ubyte.gz"
                packed.writestr(name, gzip.compress(idx_bytes(array)))
        packed.writestr("../../outside.gz", gzip.compress(b"no"))
    served["gzip.zip"] = archive.getvalue()
    monkeypatch.setattr(datasets.EMNIST, "url", served.address + "gzip.zip")
    monkeypatch.setattr(datasets.EMNIST, "md5", md5(archive.getvalue()))
    root = tmp_path / "a" / "b"
    for train in (True, False):
        assert len(datasets.EMNIST(root, "digits", train=train, download=True)) == 5
    assert len(served.asked) == 1
    assert not [path for path in tmp_path.rglob("outside*") if root not in path.parents]


def cifar_archive(missing=None):
    archive = io.BytesIO()
    kind = datasets.CIFAR100
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        entry = {"data": pixels_of(2), "fine_labels": [0, 1]}
        files = {"train": entry, "test": entry, "meta": {"fine_label_names": ["a", "b"]}}
        for name, content in [*files.items(), ("../../outside", {})]:
            if name != missing:
                text = pickle.dumps(content)
                info = tarfile.TarInfo(f"{kind.base_folder}/{name}")
                info.size = len(text)
                packed.addfile(info, io.BytesIO(text))
    return archive.getvalue()


def test_cifar(served, tmp_path, monkeypatch):
    kind = datasets.CIFAR100
    content = served["cifar.tar.gz"] = cifar_archive()
    monkeypatch.setattr(kind, "url", served.address + "cifar.tar.gz")
    monkeypatch.setattr(kind, "tgz_md5", md5(content))
    root = tmp_path / "a" / "b"
    train = kind(root, download=True)
    assert (len(train), train.classes) == (2, ["a", "b"])
    assert names(root) == ["cifar-100-python.tar.gz", "meta", "test", "train"]
    assert names(tmp_path) == names(root)
    sums = {
        name: md5((root / kind.base_folder / name).read_bytes())
        for name in ("train", "test", "meta")
    }
    monkeypatch.setattr(kind, "train_list", [["train", sums["train"]]])
    monkeypatch.setattr(kind, "test_list", [["test", sums["test"]]])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": sums["meta"]})
    assert kind(root)._check_integrity()
    kind(root, download=True)
    assert len(served.asked) == 1
    (root / kind.base_folder / "test").write_bytes(b"damaged")
    assert len(kind(root, train=False, download=True)) == 2  # unpacked again


def test_a_damaged_archive(served, tmp_path, monkeypatch):
    kind = datasets.CIFAR100
    for content, message in [
        (cifar_archive()[:-40], "damaged archive"),
        (cifar_archive("test"), "damaged archive .*test"),
    ]:
        served["cifar.tar.gz"] = content
        monkeypatch.setattr(kind, "url", served.address + "cifar.tar.gz")
        monkeypatch.setattr(kind, "tgz_md5", md5(content))
        with pytest.raises(RuntimeError, match=message):
            kind(tmp_path / str(len(content)), download=True)
    assert "test" not in names(tmp_path)


def test_damaged_gzip_leaves_nothing(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(10_000))[:-4])
    with pytest.raises(RuntimeError, match=r"a\.gz: damaged gzip file"):
        _download.unpack(tmp_path / "a.gz", tmp_path / "a")
    assert names(tmp_path) == ["a.gz"]
