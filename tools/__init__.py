# Not empty as the others: before any tool imports nbformat. This costs no import worth
# naming, and saves one of more than a second.
from tools.course import iri_syntax

iri_syntax.defer()
