"""Famous English texts, all in the public domain: what a language model may know by
heart. Short quotations stand here; the Zen of Python and licences are read from what is
installed."""

import ast
import codecs
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

QUOTED = {
    "Shakespeare, Hamlet": """\
To be, or not to be, that is the question:
Whether 'tis nobler in the mind to suffer
The slings and arrows of outrageous fortune,
Or to take arms against a sea of troubles,
And by opposing end them: to die, to sleep
No more; and by a sleep to say we end
The heart-ache and the thousand natural shocks
That flesh is heir to""",
    "Declaration of Independence": """\
We hold these truths to be self-evident, that all men are created equal, that they are \
endowed by their Creator with certain unalienable Rights, that among these are Life, \
Liberty and the pursuit of Happiness. That to secure these rights, Governments are \
instituted among Men, deriving their just powers from the consent of the governed.""",
    "Gettysburg Address": """\
Four score and seven years ago our fathers brought forth on this continent, a new \
nation, conceived in Liberty, and dedicated to the proposition that all men are \
created equal. Now we are engaged in a great civil war, testing whether that nation, \
or any nation so conceived and so dedicated, can long endure.""",
    "Psalm 23": """\
The Lord is my shepherd; I shall not want. He maketh me to lie down in green \
pastures: he leadeth me beside the still waters. He restoreth my soul: he leadeth me \
in the paths of righteousness for his name's sake. Yea, though I walk through the \
valley of the shadow of death, I will fear no evil: for thou art with me.""",
    "Genesis 1": """\
In the beginning God created the heaven and the earth. And the earth was without form, \
and void; and darkness was upon the face of the deep. And the Spirit of God moved upon \
the face of the waters. And God said, Let there be light: and there was light.""",
    "Dickens, A Tale of Two Cities": """\
It was the best of times, it was the worst of times, it was the age of wisdom, it \
was the age of foolishness, it was the epoch of belief, it was the epoch of \
incredulity, it was the season of Light, it was the season of Darkness, it was the \
spring of hope, it was the winter of despair""",
    "Austen, Pride and Prejudice": """\
It is a truth universally acknowledged, that a single man in possession of a good \
fortune, must be in want of a wife. However little known the feelings or views of such \
a man may be on his first entering a neighbourhood, this truth is so well fixed in the \
minds of the surrounding families, that he is considered the rightful property of some \
one or other of their daughters.""",
    "Melville, Moby Dick": """\
Call me Ishmael. Some years ago, never mind how long precisely, having little or no \
money in my purse, and nothing particular to interest me on shore, I thought I would \
sail about a little and see the watery part of the world.""",
    "the months": """\
January, February, March, April, May, June, July, August, September, October, \
November, December""",
    "the alphabet": "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
    "digits of pi": "3.14159265358979323846264338327950288419716939937510582097494459",
}
# The licence of a package, and how the part of it begins that is read.
LICENCES = {
    "Apache licence": ("transformers", "Licensed under the Apache License"),
    "GNU licence": ("numpy", "The GNU General Public License is a free"),
    "MIT licence": ("tqdm", "Permission is hereby granted"),
}


def zen_of_python() -> str:
    """Return the Zen of Python, from the source of the module `this`, not imported."""
    tree = ast.parse(Path(find_spec("this").origin).read_text(encoding="utf-8"))
    return codecs.decode(tree.body[0].value.value, "rot13")


def licence(name: str, length: int = 600) -> str | None:
    """Return a part of one of LICENCES, on one line, or None where the installed
    package has no such text."""
    package, start = LICENCES[name]
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        return None
    for file in files:
        if "LICEN" in file.name.upper():
            text = " ".join(Path(file.locate()).read_text(encoding="utf-8").split())
            if (place := text.find(start)) >= 0:
                return text[place : place + length]
    return None
