"""`python -m tools.lab.server`: JupyterLab, which starts in half the time here.

Takes what `python -m jupyterlab` takes. To import anything of `tools` defers the one
slow import of a server, see tools.course.iri_syntax.
"""

import sys

from jupyterlab.labapp import main

if __name__ == "__main__":
    sys.exit(main())
