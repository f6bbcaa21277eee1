"""A reader's own files, made up: texts of many kinds, and a folder of screenshots."""

import random
from collections.abc import Callable
from pathlib import Path

HAN = [chr(0x4E00 + number) for number in range(900)]
WORDS = ("rose", "moon", "sea", "night", "wind", "O", "love", "of", "and", "the")
SHORTEST = 10_000  # characters: no lesson promises to take fewer


def common(symbols: list[str]) -> list[float]:
    """Return how often symbols occur in a language, after Zipf."""
    return [1 / (place + 1) for place in range(len(symbols))]


def chinese(rng: random.Random) -> str:
    """Verse without a single blank, blank lines before it, no newline at its end."""
    lines = ["".join(rng.choices(HAN, common(HAN), k=5)) + "，" for _ in range(1450)]
    return "\n\n\u3000\u3000" + "\n".join(lines)


def code(rng: random.Random) -> str:
    """Tabs, signs, runs of one sign, indented from its first line on."""
    lines = [
        f"\tif x{rng.randrange(99)}[{rng.randrange(9)}] != '$\\\\n':  # {'-' * 9}"
        for _ in range(400)
    ]
    return "\n".join(lines)


def verse(rng: random.Random) -> str:
    """Short lines, each with a capital."""
    lines = [
        " ".join(rng.choices(WORDS, k=rng.randint(2, 6))).capitalize()
        for _ in range(700)
    ]
    return "\n".join(lines) + "\n"


def one_line(rng: random.Random) -> str:
    """One very long line."""
    return " ".join(rng.choices(WORDS, k=3_000))


def letters(rng: random.Random) -> str:
    """The shortest text that is taken: ten letters, no blank, no line end."""
    return "".join(rng.choices("abcdefghij", k=SHORTEST))


TEXTS = (chinese, code, verse, one_line, letters)


def text_file(kind: Callable, folder: Path) -> Path:
    """Write a text of one of TEXTS into a folder, and return where."""
    path = folder / f"{kind.__name__}.txt"
    path.write_bytes(kind(random.Random(0)).encode())
    return path


def screenshots(folder: Path, each: int = 12) -> Path:
    """Make a folder of pictures as a Mac leaves one, and return it: two classes in two
    parts, names with a blank that no line shows, by-products beside and among them."""
    from PIL import Image, ImageDraw

    root, rng = folder / "my pictures", random.Random(0)
    for number, name in enumerate(("menus", "windows")):
        for i in range(each):
            part = root / ("train" if i % 3 else "test") / name
            part.mkdir(parents=True, exist_ok=True)
            colour = tuple(rng.randrange(256) for _ in range(3))
            picture = Image.new("RGB", (80, 60), colour)
            for place in range(0, 80, 10):
                ends = (0, place, 80, place) if number else (place, 0, place, 60)
                ImageDraw.Draw(picture).line(ends, "white", width=rng.randint(1, 5))
            picture.save(part / f"Screenshot 2024-05-{i + 1:02} at 3.40.10\u202fPM.png")
    (root / "__MACOSX").mkdir()
    for place in ("", "train", "train/menus"):
        (root / place / ".DS_Store").write_bytes(b"no picture")
    return root
