"""A method of the page calls what stands in for one of its functions, for a while."""

import pytest

from helpers.lessons.lesson04.swap import calling

PAGE = """
def cut(x):
    return x


class Layer:
    def forward(self, x):
        return cut(x)
"""


@pytest.fixture
def layer():
    page = {}
    exec(PAGE, page)
    return page["Layer"]()


def test_the_method_calls_the_other_function_only_within(layer):
    with calling(layer.forward, cut=lambda x: -x):
        assert layer.forward(3) == -3
    assert layer.forward(3) == 3


def test_the_page_is_as_before_after_an_error(layer):
    with pytest.raises(ZeroDivisionError), calling(layer.forward, cut=lambda x: x / 0):
        layer.forward(1)
    assert layer.forward(3) == 3


def test_a_name_that_the_page_does_not_know_is_an_error(layer):
    with pytest.raises(KeyError), calling(layer.forward, split=abs):
        pass
