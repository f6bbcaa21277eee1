"""Image sets: what is in them, how they are split and served, what is refused."""

import gzip
import hashlib
import io
import itertools
import struct
import urllib.request

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import FashionMNIST

from helpers.core.errors import UserError
from helpers.data.images import datasets, fashion_mnist
from helpers.data.images.datasets import ImageSet, rearranged


def numbered(n):
    """Return a set of n pictures, each filled with its own number / n."""
    images = torch.arange(n, dtype=torch.float32).view(n, 1, 1, 1) / max(n, 1)
    return ImageSet(images.expand(n, 1, 2, 2), torch.arange(n) % 3, ("a", "b", "c"))


def ids(images):
    """Return the numbers of pictures served from a set of 10."""
    return (images[:, 0, 0, 0] * 10).round().int().tolist()


# ---------------------------------------------------------------- sets


def test_an_image_set_knows_its_length_and_subsets():
    dataset = numbered(10)
    assert len(dataset) == 10
    for index in (torch.tensor([2, 5]), [2, 5], slice(2, 6, 3), dataset.labels == 2):
        part = dataset.subset(index)
        assert ids(part.images)[:2] == [2, 5]
        assert part.labels.tolist()[:2] == [2, 2]
        assert part.classes == dataset.classes


@pytest.mark.parametrize(
    ("images", "labels"), [((3, 1, 2), (3,)), ((3, 1, 2, 2), (4,)), ((2, 1, 2, 2), ())]
)
def test_an_image_set_that_does_not_fit_is_refused(images, labels):
    with pytest.raises(ValueError, match=r"need to be \(N, C, H, W\)"):
        ImageSet(torch.zeros(images), torch.zeros(labels), ("a",))


def test_digits_are_scikit_learns():
    digits = datasets.digits()
    assert digits.images.shape == (1797, 1, 8, 8)
    assert digits.images.dtype == torch.float32
    assert digits.labels.dtype == torch.int64
    assert (digits.images.min(), digits.images.max()) == (0, 1)
    assert digits.labels.bincount().tolist() == [
        *(178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
    ]
    assert (digits.images[0, 0, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_larger_digits_are_interpolated():
    small, large = datasets.digits().images, datasets.digits(16).images
    assert large.shape == (1797, 1, 16, 16)
    # Bilinear, pixel areas aligned: between neighbours the weights are 3/4 and 1/4.
    expected = 0.75 * small[:, 0, 0, 3] + 0.25 * small[:, 0, 0, 2]
    torch.testing.assert_close(large[:, 0, 0, 6], expected)


def test_both_photographs_are_in_colour():
    for name in datasets.PHOTOGRAPHS:
        picture = datasets.photograph(name)
        assert picture.shape == (3, 427, 640)
        assert picture.dtype == torch.float32
        assert picture.min() >= 0 and 0.9 < picture.max() <= 1
    red, _, blue = datasets.photograph("china")[:, :40].mean((1, 2))
    assert blue > red  # the sky


# ---------------------------------------------------------------- splitting


def test_split_is_disjoint_complete_and_repeatable():
    dataset = numbered(10)
    train, test = datasets.split(dataset, 3, seed=1)
    assert (len(train), len(test)) == (7, 3)
    assert sorted(ids(train.images) + ids(test.images)) == list(range(10))
    assert all(
        i % 3 == label for i, label in zip(ids(test.images), test.labels, strict=True)
    )
    again = datasets.split(dataset, 3, seed=1)[1]
    other = datasets.split(dataset, 3, seed=2)[1]
    assert ids(again.images) == ids(test.images) != ids(other.images)
    assert ids(test.images) != [0, 1, 2]


@pytest.mark.parametrize("n_test", [0, -1, 10, 11])
def test_split_needs_something_on_both_sides(n_test):
    with pytest.raises(UserError, match=f"test set of {n_test} .* from 1 to 9"):
        datasets.split(numbered(10), n_test, seed=0)


# ---------------------------------------------------------------- batches


def epoch(dataset, batch_size, seed=0, n=1):
    return [
        ids(x)
        for x, _ in itertools.islice(datasets.batches(dataset, batch_size, seed), n)
    ]


def test_batches_reshuffle_every_epoch_and_drop_the_small_rest():
    served = epoch(numbered(10), 4, n=4)
    assert [len(batch) for batch in served] == [4, 4, 4, 4]
    first, second = served[0] + served[1], served[2] + served[3]
    assert len(set(first)) == len(set(second)) == 8
    assert first != second


def test_batches_cover_the_set_when_they_divide_it():
    served = epoch(numbered(10), 5, n=2)
    assert sorted(served[0] + served[1]) == list(range(10))


def test_a_set_smaller_than_a_batch_is_served_whole():
    served = epoch(numbered(10), 64, n=2)
    assert [sorted(batch) for batch in served] == [list(range(10))] * 2


def test_batches_keep_pictures_and_labels_together():
    for images, labels in itertools.islice(datasets.batches(numbered(10), 4, 0), 5):
        assert [i % 3 for i in ids(images)] == labels.tolist()


def test_batches_depend_on_their_seed_only():
    torch.manual_seed(1)
    first = epoch(numbered(10), 4, seed=5, n=6)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert epoch(numbered(10), 4, seed=5, n=6) == first
    assert epoch(numbered(10), 4, seed=6, n=6) != first
    datasets.split(numbered(10), 3, seed=0)
    assert torch.equal(torch.get_rng_state(), state)


def test_batches_pass_images_and_generator_to_augment():
    def noise(images, generator):
        return torch.rand(images.shape, generator=generator)

    def served(seed):
        stream = datasets.batches(numbered(10), 4, seed, noise)
        return [images for images, _ in itertools.islice(stream, 3)]

    first = served(0)
    assert first[0].shape == (4, 1, 2, 2)
    assert all(map(torch.equal, first, served(0)))
    assert not torch.equal(first[0], first[1])  # the generator moves on
    assert not torch.equal(first[0], served(1)[0])


@pytest.mark.parametrize(("n", "size"), [(0, 4), (10, 0), (10, -1)])
def test_batches_refuse_nothing_at_once(n, size):
    with pytest.raises(UserError, match=f"Found {n} pictures and batches of {size}"):
        datasets.batches(numbered(n), size, 0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_batches_refuse_pixels_that_are_not_numbers(bad):
    dataset = numbered(10)
    images = dataset.images.clone()
    images[7, 0, 1, 1] = bad
    with pytest.raises(UserError, match="NaN or infinity"):
        datasets.batches(ImageSet(images, dataset.labels, dataset.classes), 4, 0)


# ---------------------------------------------------------------- picture files


def save(path, colour, size=(30, 20), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(options.pop("mode", "RGB"), size, colour).save(path, **options)


def test_a_picture_of_ones_own_is_read_and_limited(tmp_path):
    save(tmp_path / "large.png", "red", size=(300, 1280))
    picture = datasets.photograph(tmp_path / "large.png")
    assert picture.shape == (3, 640, 150)
    assert picture.mean((1, 2)).tolist() == [1, 0, 0]
    save(tmp_path / "small.png", "red", size=(5, 7))
    assert datasets.photograph(str(tmp_path / "small.png")).shape == (3, 7, 5)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 51, [0.2, 0.2, 0.2]),
        ("RGBA", (0, 0, 255, 255), [0, 0, 1]),
        ("RGBA", (0, 0, 255, 0), [1, 1, 1]),  # wholly transparent: white paper
        ("P", 0, [0, 0, 0]),
        ("1", 1, [1, 1, 1]),
        ("I;16", 65535, [1, 1, 1]),
        ("I;16", 65535 // 5, [0.2, 0.2, 0.2]),
    ],
)
def test_every_kind_of_png_becomes_rgb(tmp_path, mode, colour, expected):
    save(tmp_path / "a.png", colour, mode=mode)
    seen = datasets.photograph(tmp_path / "a.png").mean((1, 2))
    torch.testing.assert_close(seen, torch.tensor(expected).float(), atol=3e-3, rtol=0)


def test_a_picture_is_turned_as_its_camera_noted(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    save(tmp_path / "a.jpg", "red", size=(30, 20), exif=exif)
    assert datasets.photograph(tmp_path / "a.jpg").shape == (3, 30, 20)


@pytest.mark.parametrize("path", ["nowhere.jpg", "."])
def test_a_picture_that_is_not_there(tmp_path, path):
    with pytest.raises(UserError, match=r"There is no picture at .* give 'china'"):
        datasets.photograph(tmp_path / path)


def test_a_picture_that_is_none(tmp_path):
    (tmp_path / "a.jpg").write_text("hello", encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.jpg' cannot be read as a picture"):
        datasets.photograph(tmp_path / "a.jpg")


# ---------------------------------------------------------------- Fashion-MNIST


def idx(array):
    """Return an array of bytes in the format of the MNIST files."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + bytes(
        array.tobytes()
    )


TINY = {
    "train-images-idx3-ubyte": idx(np.full((3, 28, 28), 51, np.uint8)),
    "train-labels-idx1-ubyte": idx(np.array([9, 0, 3], np.uint8)),
    "t10k-images-idx3-ubyte": idx(np.full((2, 28, 28), 255, np.uint8)),
    "t10k-labels-idx1-ubyte": idx(np.array([1, 2], np.uint8)),
}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A tiny Fashion-MNIST that is nowhere yet, and no network."""
    packed = {f"{name}.gz": gzip.compress(body) for name, body in TINY.items()}
    md5 = [(name, hashlib.md5(body).hexdigest()) for name, body in packed.items()]
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in TINY.items()}
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(fashion_mnist, "DIGESTS", digests)
    monkeypatch.setattr(fashion_mnist, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(FashionMNIST, "resources", md5)
    serve(monkeypatch, {})
    return packed


def serve(monkeypatch, files):
    """Let the network hold these files and nothing else; return what is asked."""
    asked = []

    def urlopen(request, *args, **kwargs):
        name = request.full_url.rsplit("/", 1)[-1]
        asked.append(name)
        if name not in files:
            raise urllib.error.URLError("no network")
        body = io.BytesIO(files[name])
        body.url, body.length = request.full_url, len(files[name])
        return body

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def in_cache(tmp_path):
    raw = tmp_path / "cache" / "FashionMNIST" / "raw"
    return {path.name: path.read_bytes() for path in raw.iterdir()}


def install(tmp_path, packed):
    """Put the archives where the system's package has them."""
    (tmp_path / "system").mkdir()
    for name, body in packed.items():
        (tmp_path / "system" / name).write_bytes(body)


def put_in_cache(tmp_path, files):
    raw = tmp_path / "cache" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, body in files.items():
        (raw / name).write_bytes(body)


def check(dataset):
    assert dataset.images.shape == (3, 1, 28, 28)
    assert dataset.images.dtype == torch.float32
    assert dataset.images.unique().tolist() == pytest.approx([0.2])
    assert [dataset.classes[i] for i in dataset.labels] == [
        *("Ankle boot", "T-shirt/top", "Dress")
    ]


def test_fashion_from_the_cache_asks_nobody(tiny, tmp_path, monkeypatch):
    asked = serve(monkeypatch, {})
    put_in_cache(tmp_path, TINY)
    check(datasets.fashion())
    assert datasets.fashion(train=False).labels.tolist() == [1, 2]
    assert asked == []


def test_fashion_from_the_systems_package(tiny, tmp_path, monkeypatch):
    asked = serve(monkeypatch, {})
    install(tmp_path, tiny)
    check(datasets.fashion())
    assert asked == []


def test_fashion_downloads_once(tiny, tmp_path, monkeypatch):
    asked = serve(monkeypatch, tiny)
    check(datasets.fashion())
    assert set(asked) == set(tiny)
    assert in_cache(tmp_path) == TINY
    asked.clear()
    check(datasets.fashion())
    assert asked == []


def test_fashion_without_network_names_the_three_places(tiny, tmp_path):
    with pytest.raises(UserError) as caught:
        datasets.fashion()
    sentence = str(caught.value)
    for place in (tmp_path / "cache", tmp_path / "system", "no network"):
        assert str(place) in sentence
    assert "\n" not in sentence
    assert in_cache(tmp_path) == {}


@pytest.mark.parametrize(
    "name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
)
def test_half_a_fashion_download_leaves_nothing(tiny, tmp_path, monkeypatch, name):
    serve(monkeypatch, tiny | {name: tiny[name][:-5]})
    with pytest.raises(UserError, match="could not be downloaded"):
        datasets.fashion()
    assert in_cache(tmp_path) == {}


def test_another_fashion_with_a_true_md5_is_refused(tiny, tmp_path, monkeypatch):
    other = dict.fromkeys(fashion_mnist.DIGESTS, "0" * 64)
    monkeypatch.setattr(fashion_mnist, "DIGESTS", other)
    serve(monkeypatch, tiny)
    with pytest.raises(UserError, match=r"arrived damaged \(wrong checksum\)"):
        datasets.fashion()
    assert in_cache(tmp_path) == {}


def test_a_damaged_cache_is_kept_aside_and_filled_again(
    tiny, tmp_path, monkeypatch, capsys
):
    name = "train-labels-idx1-ubyte"
    put_in_cache(tmp_path, TINY | {name: TINY[name][:-1]})
    serve(monkeypatch, tiny)
    check(datasets.fashion())
    assert in_cache(tmp_path) == TINY | {f"{name}.damaged-1": TINY[name][:-1]}
    assert f"{name} was damaged" in capsys.readouterr().out


DAMAGES = {
    "half": lambda body: body[:-9],
    "empty": lambda body: b"",
    "no archive": lambda body: b"x" * 99,
    "another set": lambda body: gzip.compress(b"x" * 99),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_package_is_passed_over(tiny, tmp_path, monkeypatch, capsys, damage):
    install(tmp_path, {name: damage(body) for name, body in tiny.items()})
    serve(monkeypatch, tiny)
    check(datasets.fashion())
    assert ".gz is damaged" in capsys.readouterr().out


def test_the_systems_package_is_the_true_fashion_mnist(tmp_path, monkeypatch):
    if not fashion_mnist.SYSTEM.is_dir():
        pytest.skip("the Debian package dataset-fashion-mnist is not installed")
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path))
    serve(monkeypatch, {})
    test = datasets.fashion(train=False)
    assert test.images.shape == (10_000, 1, 28, 28)
    assert test.labels.bincount().tolist() == [1000] * 10
    assert fashion_mnist.sound(
        fashion_mnist.unpacked(fashion_mnist.SYSTEM / "train-images-idx3-ubyte.gz"),
        "train-images-idx3-ubyte",
    )


def test_rearranging_takes_every_pixel_from_its_place_in_all_pictures():
    pictures = torch.arange(24.0).view(2, 2, 2, 3)
    dataset = ImageSet(pictures, torch.tensor([0, 1]), ("a", "b"))
    order = torch.tensor([1, 2, 3, 4, 5, 0])
    moved = rearranged(dataset, order)
    assert moved.images[0, 0].flatten().tolist() == [1, 2, 3, 4, 5, 0]
    assert moved.images[1, 1].flatten().tolist() == [19, 20, 21, 22, 23, 18]
    assert torch.equal(moved.labels, dataset.labels)
    assert torch.equal(rearranged(moved, order.argsort()).images, pictures)


def test_other_pictures_keep_the_labels_and_must_be_as_many():
    dataset = ImageSet(torch.zeros(2, 1, 4, 4), torch.tensor([1, 0]), ("a", "b"))
    other = dataset.with_images(torch.ones(2, 3, 8, 8))
    assert other.images.shape == (2, 3, 8, 8)
    assert (other.labels.tolist(), other.classes) == ([1, 0], ("a", "b"))
    with pytest.raises(ValueError, match="need to be"):
        dataset.with_images(torch.ones(3, 1, 4, 4))


def test_pictures_are_the_digits_at_16_split_without_overlap():
    train, test = datasets.pictures("digits", 500, seed=3)
    assert train.images.shape == (1297, 1, 16, 16) and len(test) == 500
    expected = datasets.split(datasets.digits(16), 500, seed=3)[1]
    assert torch.equal(test.images, expected.images)


def test_pictures_are_fashion_where_it_is_to_be_had(tiny, tmp_path):
    put_in_cache(tmp_path, TINY)
    train, test = datasets.pictures("fashion", 500, seed=0)
    assert (train.labels.tolist(), test.labels.tolist()) == ([9, 0, 3], [1, 2])


def test_without_fashion_one_line_says_why_and_the_digits_stand_in(monkeypatch, capsys):
    def missing(train=True):
        raise UserError("No file, no network.")

    monkeypatch.setattr(datasets, "fashion", missing)
    train, _ = datasets.pictures("fashion", 500, seed=0)
    assert train.classes == tuple("0123456789")
    said = capsys.readouterr().out
    assert said == "No file, no network. Going on with the digits.\n"


def test_other_pictures_are_refused():
    with pytest.raises(UserError, match="DATA is 'cats'; it must be 'digits' or"):
        datasets.pictures("cats", 500, seed=0)
