"""Letters look like letters, and vary by their own generator only."""

import inspect
from pathlib import Path

import matplotlib
import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.images import augment, fonts
from helpers.data.images.fonts import DIGITS, FACES, LETTERS, LOWER, UPPER

STILL = {"rotation": 0, "shear": 0, "scale": (1, 1), "shift": 0, "elastic": 0}
PLAIN = STILL | {"stroke": False, "contrast": 0, "noise": 0}
# Two styles this close (mean difference of a pixel) are one: the closest pair that
# counts as two is at .018, the farthest that counts as one at .004.
ALIKE = 0.01


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("characters", "styles"),
    [(LETTERS, 45), (UPPER, 45), (LOWER, 45), (DIGITS, 30), (LETTERS + DIGITS, 30)],
)
def test_number_of_styles(characters, styles):
    assert len(fonts.font_styles(characters)) == styles


def rows(bank):
    """Return the bank as one row of pixels per style."""
    return bank.images.view(len(bank.style_names), -1)


def nearest(rows_a, rows_b):
    """Return the mean absolute difference of each row to its nearest other row."""
    return torch.cdist(rows_a, rows_b, p=1).div(rows_a.shape[1])


def test_no_two_styles_are_alike():
    pixels = rows(fonts.bank(LETTERS))
    distance = nearest(pixels, pixels) + torch.eye(len(pixels))
    assert distance.min() > ALIKE


def test_every_alphabet_left_out_repeats_a_style_kept(monkeypatch):
    everything = dict.fromkeys(FACES, FACES["STIXGeneral"])
    kept = rows(fonts.bank(LETTERS))
    monkeypatch.setattr(fonts, "FACES", everything)
    full = fonts.bank.__wrapped__(LETTERS)
    assert len(full.style_names) == 57
    assert nearest(rows(full), kept).min(dim=1).values.max() < ALIKE


def test_holes_in_the_alphabets_are_filled_from_older_characters():
    wanted = {("h", "italic"): "ℎ", ("B", "script"): "ℬ", ("g", "script"): "ℊ"}
    wanted |= {("C", "fraktur"): "ℭ", ("C", "double-struck"): "ℂ"}
    wanted |= {("7", "bold"): "𝟕", ("7", "fraktur"): "\0", ("é", "bold"): "\0"}
    assert {key: fonts.in_alphabet(*key) for key in wanted} == wanted


@pytest.mark.parametrize("characters", ["", "AA", "A B", "中", "A\0"])
def test_characters_that_cannot_be_drawn(characters):
    with pytest.raises(UserError, match=r"give each just once|No font"):
        fonts.font_styles(characters)


def test_render_fills_the_picture_and_keeps_the_shape():
    style = fonts.font_styles(LETTERS)[0]
    picture = fonts.render(style, "l", 32)
    assert picture.shape == (32, 32)
    assert picture.dtype == torch.float32
    assert picture.min() == 0 and picture.max() == 1
    assert (picture[0] > 0).any() and (picture[-1] > 0).any()  # as tall as it can be
    assert not picture[:, :10].any() and not picture[:, -10:].any()  # an l is narrow


def test_letters_look_like_letters():
    style = fonts.font_styles(LETTERS)[0]
    letter = {c: fonts.render(style, c, 9).round().int() for c in "LTO"}
    assert letter["L"][:, 1].all() and letter["L"][-1, 1:7].all()
    assert letter["L"].sum() == 9 + 5  # two strokes and nothing else
    assert letter["T"][0, :8].all() and letter["T"][:, 3:5].all()
    assert letter["T"].sum() == 8 + 2 * 8
    ring = letter["O"][:, :8]
    assert torch.equal(ring, ring.fliplr()) and torch.equal(ring, ring.flipud())
    assert not ring[3:6, 2:6].any() and ring[4].sum() == 2


def test_bank_goes_style_by_style_and_is_shared():
    bank = fonts.bank("AB", 16)
    styles = fonts.font_styles("AB")
    assert bank.images.shape == (2 * len(styles), 1, 16, 16)
    assert bank.labels.tolist()[:4] == [0, 1, 0, 1]
    assert bank.styles.tolist()[:4] == [0, 0, 1, 1]
    assert bank.style_names == tuple(style.name for style in styles)
    expected = fonts.render(styles[1], "B", 16)
    torch.testing.assert_close(bank.images[3, 0], expected)
    assert fonts.bank("AB", 16) is bank


def test_glyphs_have_the_shapes_and_ranges_of_an_image_set():
    made = fonts.glyphs(LETTERS, 300, size=12)
    assert made.images.shape == (300, 1, 12, 12)
    assert made.images.dtype == torch.float32
    assert made.labels.dtype == torch.int64
    assert made.images.min() >= 0 and made.images.max() <= 1
    assert made.classes == tuple(LETTERS)
    assert len(made.labels.unique()) > 45


def test_labels_belong_to_the_pictures():
    made = fonts.glyphs("LT", 200, size=32, **PLAIN)
    bank = fonts.bank("LT", 32)
    found = torch.cdist(made.images.flatten(1), bank.images.flatten(1)).argmin(1)
    assert torch.equal(bank.labels[found], made.labels)


def test_same_seed_same_tensors_whatever_the_global_generator():
    torch.manual_seed(1)
    first = fonts.glyphs(UPPER, 50, seed=3)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = fonts.glyphs(UPPER, 50, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.labels, second.labels)


def test_other_seeds_differ():
    first, second = (fonts.glyphs(UPPER, 50, seed=seed) for seed in (3, 4))
    assert not torch.equal(first.labels, second.labels)
    assert not torch.equal(first.images, second.images)


@pytest.mark.parametrize(("n", "size"), [(0, 16), (-1, 16), (5, 0)])
def test_no_glyphs_at_all(n, size):
    with pytest.raises(UserError, match=f"n = {n} and size = {size}"):
        fonts.glyphs(UPPER, n, size)


def test_everything_off_changes_nothing():
    images = fonts.bank("AB").images
    still = augment.augment(images, 32, generator(), **PLAIN)
    torch.testing.assert_close(still, images, atol=1e-5, rtol=0)


def test_smaller_pictures_are_means_over_blocks():
    images = fonts.bank("AB").images
    small = augment.augment(images, 8, generator(), **PLAIN)
    blocks = images.unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5))
    torch.testing.assert_close(small, blocks, atol=1e-5, rtol=0)


def test_glyphs_are_drawn_large_and_averaged_down():
    made = fonts.glyphs("L", 1, size=12, seed=0, **PLAIN).images
    large = fonts.bank("L", 36).images
    blocks = large.unfold(2, 3, 3).unfold(3, 3, 3).mean((4, 5))
    assert (blocks - made).abs().amax((1, 2, 3)).min() < 1e-5


EFFECTS = {
    "rotation": 30,
    "shear": 0.5,
    "scale": (0.5, 0.6),
    "shift": 0.2,
    "elastic": 0.1,
    "stroke": True,
    "contrast": 0.5,
    "noise": 0.1,
}


def test_every_effect_is_tested():
    signatures = (inspect.signature(f) for f in (augment.augment, augment.warp))
    options = {name for s in signatures for name, p in s.parameters.items()}
    assert options - {"images", "size", "generator", "geometry"} == set(EFFECTS)


@pytest.mark.parametrize("effect", EFFECTS)
def test_every_effect_changes_the_picture(effect):
    images = fonts.bank("AB").images
    options = PLAIN | {effect: EFFECTS[effect]}
    changed = augment.augment(images, 32, generator(), **options)
    assert (changed - images).abs().mean() > 0.01


@pytest.mark.parametrize("effect", ["stroke", "rotation", "elastic"])
def test_switching_an_effect_off_leaves_the_other_draws_alone(effect):
    images = torch.zeros(5, 1, 32, 32)  # on nothing, only the noise shows
    off = augment.augment(images, 32, generator(), **{effect: PLAIN[effect]})
    assert torch.equal(augment.augment(images, 32, generator()), off)


def centre(images):
    """Return each picture's centre of light (N, 2) as x, y in -1..1."""
    steps = torch.linspace(-1, 1, images.shape[-1])
    light = images.sum((1, 2, 3))[:, None]
    x, y = images.sum((1, 2)) * steps, images.sum((1, 3)) * steps
    return torch.stack([x.sum(1), y.sum(1)], 1) / light


def bar(n):
    """Return `n` pictures of one upright bar."""
    images = torch.zeros(n, 1, 33, 33)
    images[..., 8:25, 15:18] = 1
    return images


def square():
    """Return one picture of a 23 by 23 square."""
    images = torch.zeros(1, 1, 33, 33)
    images[..., 5:28, 5:28] = 1
    return images


def test_shift_is_a_fraction_of_the_width():
    moved = augment.warp(bar(500), generator(), **STILL | {"shift": 0.1})
    reach = centre(moved).abs().max(0).values
    assert ((reach > 0.18) & (reach < 0.21)).all()  # a tenth of the width of 2


def test_scale_shrinks_and_grows():
    for factor in (0.5, 1.2):
        scaled = augment.warp(square(), generator(), **STILL | {"scale": (factor,) * 2})
        assert scaled.sum() / square().sum() == pytest.approx(factor**2, rel=0.1)


def test_rotation_is_in_degrees():
    turned = augment.warp(bar(500), generator(), **STILL | {"rotation": 20})
    turned[:, :, 16:] = 0  # look at the upper end only
    x, y = centre(turned).unbind(1)
    angle = torch.rad2deg(torch.atan2(x, -y))
    assert 17 < angle.max() < 23 and -23 < angle.min() < -17
    assert abs(angle.mean()) < 2


def test_each_picture_varies_on_its_own():
    same = fonts.bank("A").images[:1].expand(20, -1, -1, -1)
    varied = augment.augment(same, 32, generator(), noise=0)
    distance = torch.cdist(varied.flatten(1), varied.flatten(1))
    assert (distance + 99 * torch.eye(20)).min() > 0.5


def test_pens_thicken_and_thin():
    images = bar(4)
    drawn = augment.draw_with(images, torch.tensor([0, 1, 2, 3]))
    widths = (drawn[:, 0, 16] > 0).sum(1).tolist()
    assert widths == [3, 5, 7, 3]  # thinned to 1 of 3 would lose more than half
    assert torch.equal(images, bar(4))
    assert augment.draw_with(square(), torch.tensor([3])).sum() == 21 * 21


def test_a_single_glyph_and_a_large_one():
    assert fonts.glyphs("A", 1, size=64, seed=5).images.shape == (1, 1, 64, 64)


def test_every_face_is_one_that_matplotlib_ships():
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    assert [face for face in FACES if not (folder / f"{face}.ttf").is_file()] == []
