"""The digits: split the same way every time, and scaled by what the training set knows."""

import gzip
import sys
from types import SimpleNamespace

import numpy as np

from coursekit import data


def test_shapes_and_kinds():
    digits = data.digits()
    assert digits.X_train.shape == (1348, 64) and digits.X_test.shape == (449, 64)
    assert digits.X_train.dtype == np.float64 and set(digits.y_train) == set(range(10))


def test_a_seed_is_a_split():
    one, same, other = data.digits(3), data.digits(np.random.default_rng(3)), data.digits(4)
    assert np.array_equal(one.X_test, same.X_test) and np.array_equal(one.y_train, same.y_train)
    assert not np.array_equal(one.y_test, other.y_test)


def test_no_image_is_in_both_sets():
    digits = data.digits(standardized=False)
    train = {row.tobytes() for row in digits.X_train}
    assert not any(row.tobytes() in train for row in digits.X_test)
    assert len(digits.X_train) + len(digits.X_test) == 1797


def test_standardized_by_the_training_set():
    digits = data.digits(standardized=True)
    assert np.abs(digits.X_train.mean(axis=0)).max() < 1e-12
    std = digits.X_train.std(axis=0)
    assert std.max() < 1 + 1e-12 and np.median(std) > 0.999
    assert np.abs(digits.X_test.mean(axis=0)).max() > 0.01  # the test set's own mean was not looked at


def test_images():
    flat, images = data.digits(standardized=False), data.digits(standardized=False, images=True)
    assert images.X_train.shape == (1348, 1, 8, 8)
    assert np.array_equal(images.X_train[5, 0, 1], flat.X_train[5, 8:16])
    assert flat.X_train.min() == 0 and flat.X_train.max() == 1


def idx(array):
    """Return an array of bytes as a compressed IDX file has it."""
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes())


def test_fashion_mnist_is_read(monkeypatch, tmp_path):
    rng = np.random.default_rng(1)
    files = {
        name: rng.integers(0, 256, (5, 28, 28) if "images" in name else 5).astype(np.uint8) for name in data.FASHION_FILES
    }  # nothing is downloaded in tests

    def retrieve(url, known_hash, fname):
        assert url.endswith(fname) and known_hash.startswith("md5:")
        path = tmp_path / fname
        path.write_bytes(idx(files[fname]))
        return str(path)

    monkeypatch.setitem(sys.modules, "pooch", SimpleNamespace(retrieve=retrieve))
    found = data.fashion_mnist()
    images, labels = files["t10k-images-idx3-ubyte.gz"], files["t10k-labels-idx1-ubyte.gz"]
    assert np.array_equal(found.X_test, images.reshape(5, 784) / 255) and np.array_equal(found.y_test, labels)
    assert found.X_train.shape == (5, 784) and found.y_train.dtype == int


def test_fashion_mnist_without_pooch_or_network(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert data.fashion_mnist() is None and "pip install pooch" in capsys.readouterr().out

    def retrieve(*args, **more):
        raise OSError("no route to host")

    monkeypatch.setitem(sys.modules, "pooch", SimpleNamespace(retrieve=retrieve))
    assert data.fashion_mnist() is None and "can't be downloaded" in capsys.readouterr().out
