"""Every Python that finds this folder on its path imports this when it starts, before
anything else: so the walls stand in the kernel and in whatever Python it starts."""

from tools.execute.walls import stand

stand()
