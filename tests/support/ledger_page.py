"""How a row of CLAIMS.md is taken apart."""

import re

ROW = re.compile(r"^\| (?:✗ )?(\d+\.\d+) \|.*$", re.MULTILINE)
COLUMN = re.compile(r"(?<!\\) \| ")
