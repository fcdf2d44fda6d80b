import pytest

from osler.errors import InputError
from osler.tasks.study_options import StudyOptions


@pytest.mark.parametrize(
    "options",
    [
        {"plane": "oblique"},
        {"recipe": "2"},
        {"sampling": "random"},
        {"modality": "PT"},
        {"max_slices": 0},
        {"max_slices": 2.5},
        {"max_patches": True},
        {"magnification": float("nan")},
        {"mpp_um": -0.25},
        {"dpi": "150"},
        {"slices": (0, 4)},
        {"slices": (5, 4)},
        {"slices": (1, 2, 3)},
        {"pages": (1.0, 2.0)},
        {"window": (40, 0)},
        {"tiles": (2, 0)},
        {"patches": ((0,),)},
        {"patches": ((-1, 0),)},
        {"series": "3"},
        {"series": (3,)},
    ],
    ids=str,
)
def test_a_choice_that_makes_no_sense_is_refused_by_its_name(options):
    (name,) = options
    with pytest.raises(InputError, match=f"cannot use {name}="):
        StudyOptions(**options)


def test_what_makes_sense_is_kept():
    options = StudyOptions(slices=(3, 3), window=(-600.0, 1), tiles=(2, 2), patches=((0, 896),), series=("3", "4a1f"))
    assert (options.slices, options.tiles, options.max_slices) == ((3, 3), (2, 2), 85)
