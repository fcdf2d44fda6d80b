"""How a model is measured before it is quantised."""

from dataclasses import dataclass
from pathlib import Path

from osler.adapt.quantise.sensitivity import PALETTE, Resolution

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is measured.

    Attributes:
        calibrate: files of text and images to measure importance and sensitivity on.
        check: files to check with; () keeps a quarter of the documents of `calibrate` for that.
        imatrix: a file of importances to use instead of measuring them.
        tokens: that importance is measured on.
        probe_tokens: that each matrix is measured on.
        check_tokens: that the whole is checked with.
        length: tokens of a passage.
        stride: every so many tokens, the next token's distribution is compared.
        resolution: what is measured together; None to go by the model's size.
        palette: types to choose among.
        threads: processor threads; None for all.
        work: a folder where measurements are kept; None keeps none.
    """

    calibrate: tuple[Path, ...] = ()
    check: tuple[Path, ...] = ()
    imatrix: Path | None = None
    tokens: int = 8192
    probe_tokens: int = 2048
    check_tokens: int = 4096
    length: int = 512
    stride: int = 4
    resolution: Resolution | None = None
    palette: tuple[str, ...] = PALETTE
    threads: int | None = None
    work: Path | None = None
