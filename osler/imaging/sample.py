"""Which slices of a long volume are looked at."""

__all__ = ["equidistant", "official"]


def official(num_slices: int, at_most: int) -> tuple[int, ...]:
    """The official CT notebooks' choice: `int(round(i / 85 * (n - 1)))` for i from 1 to 85.

    The first slice is never among them and the last always is. All slices, where there are no more than allowed.

    Source: high_dimensional_ct_hugging_face.ipynb (reference/medgemma.md 1a).

    >>> official(10, 4)
    (2, 4, 7, 9)
    """
    if num_slices <= at_most:
        return tuple(range(num_slices))
    return tuple(round(step / at_most * (num_slices - 1)) for step in range(1, at_most + 1))


def equidistant(num_slices: int, at_most: int) -> tuple[int, ...]:
    """Evenly from the first slice to the last, as the technical report of MedGemma 1.5 has it (2.3.1).

    All slices, where there are no more than allowed; the middle one, where one is allowed.

    >>> equidistant(10, 4)
    (0, 3, 6, 9)
    """
    if num_slices <= at_most:
        return tuple(range(num_slices))
    if at_most == 1:
        return (num_slices // 2,)
    return tuple(round(step * (num_slices - 1) / (at_most - 1)) for step in range(at_most))
