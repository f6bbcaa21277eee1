# Not empty as the others: a learner's older copy of a lesson asks for `from helpers
# import claims` first, and is told what to do. This costs no import worth naming.
from helpers.core.moved import __getattr__ as __getattr__
