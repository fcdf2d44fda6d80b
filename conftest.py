"""What pytest leaves out: modules that import torch, where it is not installed (extra `adapt`)."""

from importlib.util import find_spec

ON_TORCH = ("training", "medsiglip")

collect_ignore_glob = (
    [] if find_spec("torch") else [f"{root}/adapt/{name}/*" for root in ("osler", "tests") for name in ON_TORCH]
)
