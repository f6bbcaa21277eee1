"""The prose in installed libraries: what is kept, what is dropped, where it is kept."""

import hashlib
import importlib
import json
import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from helpers.core.errors import UserError
from helpers.core.files import ROOT
from helpers.data.text import docstrings as docs
from helpers.data.text.docstrings import Paragraph, held_out
from helpers.data.text.prose import is_prose, paragraphs, plain, words

PROSE = "Return a copy of this thing, which is as good as the thing itself was."
OTHER = "Another sentence is needed here, and it has to be of a certain length too."


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, and no bars."""
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("PIXELS_QUIET", "1")
    return tmp_path / "cache"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a small library which must never be imported."""
    monkeypatch.syspath_prepend(tmp_path / "site")

    def install(name, version="1.0", **modules):
        folder = tmp_path / "site" / name
        write(folder / "__init__.py", "raise RuntimeError('imported')\n")
        for module, source in modules.items():
            write(folder / f"{module}.py", source)
        about = tmp_path / "site" / f"{name}.dist-info" / "METADATA"
        write(about, f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        monkeypatch.setattr(docs, "LIBRARIES", (*docs.LIBRARIES, name))
        return folder

    return install


@pytest.fixture
def python(tmp_path, monkeypatch):
    """A function that installs a standard library of a few files."""

    def install(**files):
        for path, source in files.items():
            write(tmp_path / "lib" / f"{path.replace('__', '/')}.py", source)
        return tmp_path / "lib"

    where = {"stdlib": str(tmp_path / "lib")}
    monkeypatch.setattr(sysconfig, "get_path", where.__getitem__)
    return install


def write(path, source):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source if isinstance(source, bytes) else source.encode())


def module(*docstrings):
    """Return the source of a module with functions that have these docstrings."""
    return "\n".join(f"def f{i}():\n    {d!r}\n" for i, d in enumerate(docstrings))


def texts(*libraries):
    return [paragraph.text for paragraph in docs.docs(libraries or ("python",))]


def numbered(*numbers):
    """Return sentences that differ in a word."""
    return [f"{PROSE[:-1]}, as those {'i' * n} say." for n in numbers]


def prose(docstring):
    return list(paragraphs(docstring))


# ---------------------------------------------------------------- what is prose


def test_a_docstring_falls_into_paragraphs():
    assert prose(f"{PROSE}\n\n    {OTHER}\n   \n\t\nToo short.\n") == [PROSE, OTHER]


def test_lines_are_joined():
    folded = PROSE.replace(" which", "\n\t  which").replace("as good", "as  good")
    assert prose(folded) == [PROSE]


@pytest.mark.parametrize(
    "line",
    [
        ">>> copy(thing)",
        ".. versionadded:: 1.2",
        "..",
        ":param thing: whatever there is",
        ":returns: a copy",
        ":rtype:",
        "@param thing: whatever there is",
        "[1] The reference that a footnote gives",
        "x : int",
        "x, y : array_like, optional",
        "*args : tuple",
        "x (int): the width of it",
        "**kwargs (dict, optional): the rest",
        "Args:",
        "Returns: a copy",
        "Raises:",
        "Keyword args:",
        "Shape:",
        "Example:",
        "- a list of things",
        "* a list of things",
        "+ a list of things",
        "1. a list of things",
        "2) a list of things",
        "stmt ::= expression",
        "where :math:`x` is the width",
        "where x^2 is the square",
        "where $x$ is the width",
        r"where \alpha is the angle",
        "a set such as {x}",
        "| a | table |",
        "a   table",
        "=====  =====",
        "----",
        "ValueError\n        Whenever there is no such thing",
    ],
)
def test_what_is_no_prose_takes_its_paragraph_along(line):
    assert prose(f"    {OTHER}\n    {line}\n    {PROSE}\n\n{PROSE}") == [PROSE]
    assert prose(f"{OTHER}\n{line.lower()}\n{PROSE}") == []
    assert prose(f"    {line}\n    {OTHER}") == []


def test_prose_that_only_looks_like_a_field_stays():
    text = ":func:`copy` and :class:`Thing` do this\nfor all (as you know): it is good."
    assert prose(f"{PROSE[:-1]}\n{text}") == [
        f"{PROSE[:-1]} copy and Thing do this for all (as you know): it is good."
    ]
    # A word on a line of its own, and nothing set in below it.
    assert prose(f"    Now\n    {OTHER}") == [f"Now {OTHER}"]


def test_what_a_double_colon_announces_is_dropped():
    found = prose(
        f"{PROSE[:-1]} ::  \n\n    {OTHER}\n\n{OTHER[:-1]}:\n\n{numbered(1)[0]}"
    )
    assert found == [f"{PROSE[:-1]}:", f"{OTHER[:-1]}:", *numbered(1)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("``thing``", "thing"),
        ("``<thing>``", "<thing>"),
        ("`thing`", "thing"),
        ("`the thing <https://example.org>`_", "the thing"),
        ("`thing`__", "thing"),
        (":class:`~a.Thing`", "a.Thing"),
        (":py:meth:`Thing.copy`", "Thing.copy"),
        (":ref:`a thing <the-thing>`", "a thing"),
        ("`thing'", "'thing'"),
        ("``thing''", "'thing'"),
        ("`thing', `other'", "'thing', 'other'"),
        ("*thing*", "thing"),
        ("**the thing**", "the thing"),
        ("*one* and *two*", "one and two"),
        ("*args and **kwargs", "*args and **kwargs"),
        ("3 * 4 * 5", "3 * 4 * 5"),
        ("a*b*c", "a*b*c"),
        ("a *b*c", "a *b*c"),
        ("a*b* c", "a*b* c"),
        ("2 * 3* 4", "2 * 3* 4"),
        ("2 *3 * 4", "2 *3 * 4"),
        ("`don't`", "don't"),
        ("thing [1]_", "thing"),
        ("thing [Smith99]_ [2]_", "thing"),
        ("‘one’ “two” three…", "'one' \"two\" three..."),
        ("thing::", "thing:"),
        ("thing ::", "thing:"),
        ("thing: ::", "thing:"),
        ("a::b", "a::b"),
    ],
)
def test_markup_is_taken_off(written, read):
    assert plain(f"  Do it to\n\t {written}") == f"Do it to {read}"


@pytest.mark.parametrize("end", ".:!?")
def test_sentences_end(end):
    assert is_prose(PROSE[:-1] + end)


@pytest.mark.parametrize(
    "text",
    [
        PROSE[:-1],
        f"{PROSE[:-1]};",
        PROSE.lower(),
        f"({PROSE})",
        PROSE.replace("copy", "cöpy"),
        PROSE.replace("copy", "co\x07y"),
        PROSE.replace("copy", "`copy"),
        PROSE.replace("copy of this", "1+2+3+4+5+6"),
    ],
)
def test_other_lines_are_no_prose(text):
    assert is_prose(PROSE)
    assert not is_prose(text)


def test_the_length_of_a_paragraph_is_limited():
    def line(n):
        return "W" + "o" * (n - 2) + "."

    assert [is_prose(line(n)) for n in (59, 60, 1500, 1501)] == [0, 1, 1, 0]
    assert not is_prose("")


def test_the_share_of_letters_and_blanks_is_limited():
    def line(n_digits):
        return f"{'W' * 49} {'W' * (49 - n_digits)}{'7' * n_digits}."

    assert [is_prose(line(n)) for n in (11, 12)] == [True, False]


# ---------------------------------------------------------------- what is read


def test_docstrings_of_what_is_public(python):
    one, two, three, four, five, six = numbered(1, 2, 3, 4, 5, 6)
    python(
        a=f'''"""{one}"""
import sys

class Thing:
    """{two}"""

    if sys.platform == "linux":
        def copy(self):
            """{three}"""
            def inner():
                """{OTHER}"""

    def _hidden(self):
        """{OTHER}"""

try:
    async def wait():
        """{four}"""
except ImportError:
    class Poor:
        """{five}"""
else:
    def rich():
        """{six}"""

class _Hidden:
    """{OTHER}"""

    def shown(self):
        """{OTHER}"""

PLAIN = """{OTHER}"""
"""{OTHER}"""
'''
    )
    assert texts() == [one, two, three, four, five, six]


def test_texts_attached_to_functions_in_c(python):
    one, two, three, four = numbered(1, 2, 3, 4)
    python(
        _docs=f'''
torch._C.add_docstr_all("abs", """{two} {{}}

{three}""".format(7))
if True:
    add_newdoc("core", "thing", ("copy", """{four}"""))
add_nothing(abs, """{OTHER}""")
call()("""{OTHER}""")
def add_newdoc():
    return """{OTHER}"""
''',
        a=f'add_docstr(abs, r"""{one}""")\n',
    )
    assert texts() == [three, four, one]


def test_the_help_of_python_is_read_from_its_dict(python):
    one, two, three = numbered(1, 2, 3)
    topics = f"# made\ntopics = {{'if': '{one}\\n\\n{two}', 'not': 'Short.'}}\n"
    python(pydoc_data__topics=topics, topics=topics.replace(two, three))
    assert texts() == [one, two]  # and not from a dict in any other topics.py


def test_help_that_is_computed_is_left_alone(python):
    python(pydoc_data__topics="topics = {'if': str(7)}\n", a=module(PROSE))
    assert texts() == [PROSE]


def test_files_come_in_a_fixed_order(python, monkeypatch):
    walk = os.walk

    def backwards(root):
        for folder, inside, names in walk(root):
            yield folder, inside, sorted(names)[::-1]

    monkeypatch.setattr(os, "walk", backwards)
    one, two, three, four = numbered(1, 2, 3, 4)
    python(
        b=module(three), a=module(one, PROSE), a__z=module(two), B=module(four)
    ).joinpath("c.pyi").write_text(module(OTHER), encoding="utf-8")
    assert texts() == [four, one, PROSE, two, three]


def test_tests_and_other_peoples_code_are_skipped(python):
    skipped = "test tests testing site-packages dist-packages idlelib lib2to3 "
    skipped += "turtledemo ensurepip distutils _vendor _vendored"
    one = numbered(1)[0]
    python(
        **{f"{name}__a": module(OTHER) for name in skipped.split()},
        deep__tests__a=module(OTHER),
        deep__attest__a=module(one),
        _hidden=module(PROSE),
    )
    assert texts() == [PROSE, one]


def test_bytecode_is_skipped(python):
    root = python(a=module(PROSE))
    write(root / "__pycache__" / "a.py", module(OTHER))
    assert texts() == [PROSE]


def test_duplicates_count_once(python):
    same = PROSE.replace("this thing,", '"This" thing -')
    root = python(a=module(PROSE, OTHER), b=module(PROSE, same))
    assert texts() == [PROSE, OTHER]
    assert docs.built("python", root) == [PROSE, OTHER]


@pytest.mark.parametrize(
    "source",
    [
        b"def broken(:",
        b"\0",
        b"'\xff'",
        b"# coding: klingon\n",
        b"x = " + b"(" * 150,
        b"x = " + b"-" * 20_000 + b"1",
        b"x = 1" + b" + 1" * 20_000,
    ],
)
def test_files_that_cannot_be_parsed_are_skipped(python, source):
    python(a=source, b=module(PROSE))
    assert texts() == [PROSE]


def test_a_file_that_cannot_be_read_is_skipped(python, symlink):
    root = python(a=module(PROSE))
    symlink(root / "b.py", root / "nowhere.py")
    assert texts() == [PROSE]


def test_warnings_about_other_peoples_code_are_not_shown(python, recwarn, capfd):
    python(a=f"x = '\\d' is 'y'\n1 if 2else 3\n{module(PROSE)}")
    assert texts() == [PROSE]
    assert len(recwarn) == 0
    assert capfd.readouterr().err == ""


def test_a_source_in_another_encoding_is_read(python):
    python(a=f"# coding: latin-1\n# \xe4\n{module(PROSE)}".encode("latin-1"))
    assert texts() == [PROSE]


# ---------------------------------------------------------------- libraries


def test_a_library_is_read_and_not_imported(install):
    install("finch", song=module(PROSE, OTHER))
    assert docs.docs(("finch",)) == [
        Paragraph("finch", PROSE),
        Paragraph("finch", OTHER),
    ]
    assert "finch" not in sys.modules
    assert docs.docs("finch") == docs.docs(["finch"])


def test_what_libraries_share_counts_for_the_first(install, python):
    one, two = numbered(1, 2)
    install("finch", a=module(PROSE, one))
    python(a=module(two, PROSE.upper()))
    assert [(p.library, p.text) for p in docs.docs(("python", "finch"))] == [
        *(("python", text) for text in (two, PROSE.upper())),
        ("finch", one),
    ]
    assert texts("finch", "python") == [PROSE, one, two]
    assert texts("finch", "finch") == [PROSE, one]
    assert texts("finch") == [PROSE, one]
    assert docs.docs(()) == []


def test_the_libraries_are_these():
    known = ("python", "numpy", "torch", "matplotlib", "networkx", "sympy")
    assert known == docs.LIBRARIES


@pytest.mark.parametrize("libraries", ["nump", ("python", "nump")])
def test_an_unknown_library(libraries, python):
    with pytest.raises(UserError) as caught:
        docs.docs(libraries)
    assert str(caught.value) == (
        "There are no docs of 'nump'; known libraries are "
        "python, numpy, torch, matplotlib, networkx, sympy."
    )


def not_installed(name):
    with pytest.raises(UserError) as caught:
        docs.docs((name,))
    assert str(caught.value) == (
        f"The library {name} is not installed; its docs need it: pip install {name}."
    )


def test_a_library_that_is_not_installed(install, tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "LIBRARIES", ("absent", "finch", "robin", "wren"))
    not_installed("absent")
    # A file or a folder of the reader's that happens to have the name.
    write(tmp_path / "site" / "robin.py", module(PROSE))
    write(tmp_path / "site" / "wren" / "notes.txt", "Buy seed.")
    importlib.invalidate_caches()
    not_installed("robin")
    not_installed("wren")
    folder = install("finch", a=module(PROSE))
    (folder.parent / "finch.dist-info" / "METADATA").unlink()
    (folder.parent / "finch.dist-info").rmdir()
    importlib.invalidate_caches()
    not_installed("finch")


def test_a_module_without_a_specification_is_not_installed(install, monkeypatch):
    install("finch", a=module(PROSE))
    monkeypatch.setitem(sys.modules, "finch", type(sys)("finch"))
    not_installed("finch")


def test_a_python_without_its_source(python, cache):
    with pytest.raises(
        UserError, match=r"Found no Python files in .*lib; the docs of "
    ):
        texts()
    assert not cache.exists() or list(cache.iterdir()) == []


# ---------------------------------------------------------------- the cache


def kept(cache):
    return sorted(path.name for path in cache.iterdir())


def test_the_second_time_nothing_is_parsed(install, python, cache, monkeypatch):
    folder = install("finch", version="2.0rc1", a=module(PROSE, OTHER))
    python(a=module(OTHER))
    first = texts("finch"), texts()
    version = platform.python_version()
    assert kept(cache) == [
        f"docs-finch-2.0rc1-recipe{docs.RECIPE}.json",
        f"docs-python-{version}-recipe{docs.RECIPE}.json",
    ]
    monkeypatch.setattr(docs, "documentation", None)
    assert (texts("finch"), texts()) == first
    assert folder.is_dir()


def test_another_version_or_recipe_is_read_anew(install, cache, monkeypatch):
    install("finch", a=module(PROSE))
    assert texts("finch") == [PROSE]
    install("finch", version="1.1", a=module(OTHER))
    assert texts("finch") == [OTHER]
    monkeypatch.setattr(docs, "RECIPE", docs.RECIPE + 1)
    install("finch", version="1.1", a=module(PROSE, OTHER))
    assert texts("finch") == [PROSE, OTHER]
    assert len(kept(cache)) == 3


def test_a_library_without_prose_is_kept_as_well(install, cache, monkeypatch):
    install("finch")
    assert texts("finch") == []
    monkeypatch.setattr(docs, "documentation", None)
    assert texts("finch") == []


def digest(*paragraphs):
    return hashlib.sha256("\n".join(paragraphs).encode()).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"paragraphs": []}',
        json.dumps({"sha256": digest(PROSE)}).encode(),
        json.dumps({"sha256": digest(PROSE), "paragraphs": [OTHER]}).encode(),
        json.dumps({"sha256": digest(PROSE), "paragraphs": [PROSE, OTHER]}).encode(),
        json.dumps({"sha256": digest("7"), "paragraphs": [7]}).encode(),
        json.dumps({"sha256": digest("7"), "paragraphs": "7"}).encode(),
        b'{"sha256": "", "paragraphs": ["\\ud800"]}',
    ],
)
def test_a_damaged_file_is_set_aside_and_made_again(install, cache, capsys, content):
    install("finch", a=module(PROSE, OTHER))
    write(path := cache / f"docs-finch-1.0-recipe{docs.RECIPE}.json", content)
    assert texts("finch") == [PROSE, OTHER]
    assert (cache / f"{path.name}.damaged-1").read_bytes() == content
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "sha256": digest(PROSE, OTHER),
        "paragraphs": [PROSE, OTHER],
    }
    assert "was damaged" in capsys.readouterr().out
    assert texts("finch") == [PROSE, OTHER]
    assert capsys.readouterr().out == ""
    assert len(kept(cache)) == 2


def test_no_cache_folder_at_all(install, cache, capfd):
    # A file stops root as well, which a permission would not.
    cache.write_text("in the way", encoding="utf-8")
    install("finch", a=module(PROSE))
    assert texts("finch") == [PROSE]
    assert cache.read_text(encoding="utf-8") == "in the way"
    assert capfd.readouterr() == ("", "")


def test_a_cache_that_takes_no_file(install, cache, capfd, monkeypatch):
    def refuse(path, *args, **kwargs):
        path.touch()
        raise OSError("disk full")

    install("finch", a=module(PROSE))
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert texts("finch") == [PROSE]
    assert kept(cache) == []
    assert capfd.readouterr() == ("", "")


def test_a_file_appears_whole_or_not_at_all(install, cache, monkeypatch):
    seen = []

    def interrupted(source, target):
        seen.append((Path(source).read_text(encoding="utf-8"), Path(target).name))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    install("finch", a=module(PROSE))
    with pytest.raises(KeyboardInterrupt):
        texts("finch")
    assert json.loads(seen[0][0])["paragraphs"] == [PROSE]
    assert seen[0][1] == f"docs-finch-1.0-recipe{docs.RECIPE}.json"
    assert kept(cache) == []


def test_a_folder_with_the_files_name(install, cache):
    install("finch", a=module(PROSE))
    (cache / f"docs-finch-1.0-recipe{docs.RECIPE}.json").mkdir(parents=True)
    assert texts("finch") == [PROSE]
    assert len(kept(cache)) == 1


# ---------------------------------------------------------------- the test part


def test_a_paragraph_is_held_out_by_its_hash():
    lines = [f"Sentence {i}." for i in range(10_000)]
    for share in (0.1, 0.5):
        n_held = sum(held_out(line, share) for line in lines)
        assert n_held == pytest.approx(10_000 * share, rel=0.1)
    assert [held_out(line) for line in lines] == [held_out(line, 0.1) for line in lines]
    assert not any(held_out(line, 0) for line in lines)
    assert all(held_out(line, 1) for line in lines)
    # Whoever is held out of a few is held out of more.
    assert all(held_out(line, 0.5) for line in lines if held_out(line, 0.1))


def test_a_paragraph_stays_on_its_side_for_ever():
    lines = [f"Sentence {i}." for i in range(40)]
    assert [i for i in range(40) if held_out(lines[i])] == [15, 18, 22, 24, 25, 30]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_no_more_than_all(share):
    with pytest.raises(
        UserError, match=r"share held out is .*; it must be from 0 to 1"
    ):
        held_out(PROSE, share)


# ---------------------------------------------------------------- the real one

BUILD = """
import gc, json, sys
from helpers.data.text import docstrings as docs
gc.disable()  # which nearly halves the time
before = set(sys.modules)
texts = [paragraph.text for paragraph in docs.docs()]
for name in docs.LIBRARIES[1:]:
    docs.located(name)
part = docs.built("python", docs.located("python")[0] / "asyncio")
print(json.dumps([texts, sorted(set(sys.modules) - before), part]))
"""


def test_the_real_documentation_of_python():
    env = os.environ | {"PYTHONHASHSEED": "7", "PYTHONWARNINGS": "default"}
    run = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=ROOT,
        env=env,
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    assert run.stderr == ""
    texts, imported, part = json.loads(run.stdout)
    # Each of the libraries has hundreds of modules; the standard library has more.
    assert not {"pydoc_data.topics", "turtle", "networkx", "sympy"} & set(imported)
    assert len(imported) < 20
    root, _ = docs.located("python")
    assert docs.built("python", root / "asyncio") == part  # in another order of sets
    assert {*part} < {*texts}
    assert 3_000 < len(texts) < 8_000
    assert 500_000 < sum(map(len, texts)) < 1_400_000
    assert len({words(text) for text in texts}) == len(texts)
    assert 0.07 < sum(map(held_out, texts)) / len(texts) < 0.13
