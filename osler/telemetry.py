"""Nothing that Osler uses may report to anyone.

`import openvino` tells an analytics server that it was imported, under an identity that it keeps in the
user's home folder, unless the package `openvino_telemetry` cannot be imported: then it uses a stub of its own.
`huggingface_hub` names the machine's other libraries in each request, unless it is told not to.
"""

import os
import sys

__all__ = ["refuse_telemetry"]


def refuse_telemetry() -> None:
    """Keep OpenVINO and the hub's client from reporting; to be called before either is imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: "cannot be imported"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
