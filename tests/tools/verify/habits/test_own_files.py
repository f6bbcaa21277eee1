"""A reader's own files, made up: each is of its kind, and the same every time."""

import pytest

from helpers.data.images.folder import read_own
from helpers.data.text.corpus import corpus
from tools.verify.habits import own_files

KINDS = {
    "chinese": lambda text: " " not in text and text[0].isspace() and text[-1] != "\n",
    "code": lambda text: text[0] == "\t" and "$" in text and "-" * 9 in text,
    "verse": lambda text: text[-1] == "\n" and max(map(len, text.split("\n"))) < 60,
    "one_line": lambda text: "\n" not in text and " " in text,
    "letters": lambda text: text.isalpha() and len(text) == own_files.SHORTEST,
}


@pytest.mark.parametrize("kind", own_files.TEXTS)
def test_a_text_is_of_its_kind_and_no_lesson_may_refuse_it(tmp_path, kind):
    path = own_files.text_file(kind, tmp_path)
    text = path.read_bytes().decode()
    assert KINDS[kind.__name__](text)
    found = corpus(path)
    assert found.train + found.test == text
    assert own_files.text_file(kind, tmp_path).read_bytes().decode() == text


def test_screenshots_are_two_classes_in_two_parts_with_by_products(tmp_path, capsys):
    root = own_files.screenshots(tmp_path)
    own = read_own(root, 16)
    assert own.pictures.classes == ("menus", "windows") and len(own) == 24
    assert all("\u202f" in file and (root / file).is_file() for file in own.files)
    parts, ignored = capsys.readouterr().out.splitlines()
    assert "not for classes: test, train." in parts
    assert ignored.endswith(": .DS_Store (3), __MACOSX.")
