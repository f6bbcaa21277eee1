"""Which build of PyTorch `make` installs: on Linux the one without CUDA, where no GPU
is seen. Prints the address of its index, or an empty line for the default build.

Only the standard library, and no syntax newer than Python 3.6, as in `preflight`.
"""

import http.client
import os
import shutil
import sys
import threading
import urllib.request

CPU = "https://download.pytorch.org/whl/cpu"
DEFAULT = "default"  # TORCH_INDEX=default: what pip itself would take
SECONDS = 5
OF_A_GPU = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/kfd")


def choice(asked, platform, gpu, answers):
    """Return the index to install from ("" for pip's own) and a sentence on it, which
    is "" where nothing was decided.

    `asked`: the value of TORCH_INDEX. `gpu`: whether one is seen. `answers`: a function
    that returns whether there is something at an address; called once at most.
    """
    if asked:
        return ("" if asked == DEFAULT else asked), ""
    if not platform.startswith("linux"):
        return "", ""  # there the default build has no CUDA
    if gpu:
        return "", "A GPU is seen: PyTorch's build with CUDA is installed (6 GB)."
    if answers(CPU + "/torch/"):
        return CPU, (
            "No GPU is seen: PyTorch's build for CPUs is installed (1 GB); "
            "TORCH_INDEX=default takes the one with CUDA."
        )
    return "", (
        "No GPU is seen, but PyTorch's index of CPU builds cannot be reached: the "
        "default build is installed (6 GB)."
    )


def gpu_seen():
    """Return whether a driver for GPUs is loaded, or its tool installed."""
    return any(map(os.path.exists, OF_A_GPU)) or shutil.which("nvidia-smi") is not None


def answers(address):
    """Return whether an address can be opened: asked once, for SECONDS in all."""
    # A limit of urllib's is one for each wait: a silent name server, several addresses
    # of one name or a page that trickles would make it many times as long.
    found = []
    asking = threading.Thread(target=lambda: found.append(opens(address)), daemon=True)
    asking.start()
    asking.join(SECONDS)
    return found == [True]


def opens(address):
    """Return whether an address can be opened, however long that takes."""
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as page:
            return page.status == 200
    # urllib's own errors are OSErrors; what answers need not speak HTTP.
    except (OSError, ValueError, http.client.HTTPException):
        return False


def main():
    """Print the index on the one stream, the sentence on the other."""
    asked = os.getenv("TORCH_INDEX", "")
    index, said = choice(asked, sys.platform, gpu_seen(), answers)
    print(index)
    if said:
        print(said, file=sys.stderr)


if __name__ == "__main__":
    main()
