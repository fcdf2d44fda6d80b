import numpy as np
import pytest

from osler.imaging.stack import Gap, affine_ras, normal_of, parallel_groups, places, plane_of, stack_up

AXIAL = np.array([1.0, 0, 0, 0, 1, 0])
CORONAL = np.array([1.0, 0, 0, 0, 0, -1])
SAGITTAL = np.array([0, 1.0, 0, 0, 0, -1])


def along(direction, *distances):
    return np.outer(distances, direction) + np.array([5.0, -7, 11])


@pytest.mark.parametrize(
    ("orientation", "plane", "normal_lps"),
    [(AXIAL, "axial", [0, 0, 1]), (CORONAL, "coronal", [0, -1, 0]), (SAGITTAL, "sagittal", [1, 0, 0])],
)
def test_slices_run_feet_to_head_back_to_front_and_right_to_left(orientation, plane, normal_lps):
    assert normal_of(orientation).tolist() == normal_lps
    assert plane_of(orientation) == (plane, 0.0)
    stack = stack_up(along(normal_lps, 6, 0, 3), orientation)
    assert stack.order == (1, 2, 0)
    assert stack.plane == plane


def test_rows_that_run_the_other_way_do_not_turn_the_order_round():
    upside_down = np.array([-1.0, 0, 0, 0, 1, 0])
    assert normal_of(upside_down).tolist() == [0, 0, 1]
    assert stack_up(along([0, 0, 1], 4, 2), upside_down).order == (1, 0)


def test_a_tilted_stack_is_ordered_along_its_normal_and_not_by_any_one_axis():
    tilt = np.deg2rad(40)
    orientation = np.array([1, 0, 0, 0, np.cos(tilt), -np.sin(tilt)])
    normal = normal_of(orientation)
    beside = np.array([0, -np.cos(tilt), np.sin(tilt)]) * 30  # sideways in the slice: z rises, the normal does not
    positions = along(normal, 0, 1, 2)
    positions[0] += beside
    assert positions[0, 2] > positions[2, 2]
    assert stack_up(positions, orientation).order == (0, 1, 2)
    assert plane_of(orientation) == ("axial", pytest.approx(40))


def test_positions_ascend_and_count_from_the_normal():
    stack = stack_up(along([0, 0, 1], 4, 2, 0), AXIAL)
    assert stack.positions_mm.tolist() == [11, 13, 15]
    assert stack.step_mm == 2
    assert stack.step_lps_mm.tolist() == [0, 0, 2]


def test_of_two_images_at_one_place_the_first_given_is_taken():
    stack = stack_up(along([0, 0, 1], 1, 0, 1.0000001, 2), AXIAL)
    assert (stack.order, stack.repeats) == ((1, 0, 3), (2,))


def test_a_gap_is_told_with_its_place_and_how_many_are_missing():
    stack = stack_up(along([0, 0, 1], 0, 5, 10, 25, 30), AXIAL)
    assert stack.gaps == (Gap(after=3, distance_mm=15.0, num_missing=2),)
    assert stack.uneven_mm is None


def test_uneven_steps_are_told_but_not_the_jitter_of_decimals():
    assert stack_up(along([0, 0, 1], 0, 5, 9, 14), AXIAL).uneven_mm == (4, 5)
    assert stack_up(along([0, 0, 1], 0, 5, 10.004, 15), AXIAL).uneven_mm is None


def test_a_tilted_gantry_shears_the_stack():
    stack = stack_up(along([0, np.tan(np.deg2rad(15)), 1], 0, 3, 6, 9), AXIAL)
    assert stack.shear_deg == pytest.approx(15)
    assert stack.drift_mm == pytest.approx(0)
    assert stack.step_lps_mm == pytest.approx([0, 3 * np.tan(np.deg2rad(15)), 3])


def test_slices_beside_the_line_are_told():
    positions = along([0, 0, 1], 0, 3, 6, 9)
    positions[2, 0] += 4
    assert stack_up(positions, AXIAL).drift_mm == pytest.approx(4)


def test_a_single_slice_has_no_step():
    stack = stack_up(along([0, 0, 1], 7), CORONAL)
    assert (stack.order, stack.step_mm, stack.gaps, stack.uneven_mm) == ((0,), None, (), None)
    assert stack.step_lps_mm.tolist() == [0, -1, 0]


def test_directions_are_told_apart_within_half_a_degree():
    nearly = AXIAL + np.array([0, 0.004, 0, -0.004, 0, 0])
    flipped = -AXIAL
    assert parallel_groups(np.stack([AXIAL, CORONAL, nearly, flipped, CORONAL])).tolist() == [0, 1, 0, 2, 1]


def test_places_are_numbered_along_the_normal():
    assert places(along([0, -1, 0], 8, 0, 4, 4), CORONAL).tolist() == [2, 0, 1, 1]


def test_the_affine_takes_columns_rows_and_slices_to_ras():
    positions = along([0, 0, 1], 0, 2.5)
    affine = affine_ras(stack_up(positions, AXIAL), positions[0], AXIAL, (0.7, 0.5))
    # LPS x and y change sign; Pixel Spacing has rows first, the affine columns
    assert affine.tolist() == [[-0.5, 0, 0, -5], [0, -0.7, 0, 7], [0, 0, 2.5, 11], [0, 0, 0, 1]]


def test_the_positions_given_are_left_as_they_are_and_results_are_read_only():
    positions = along([0, 0, 1], 2, 0)
    before = positions.copy()
    stack = stack_up(positions, AXIAL)
    assert np.array_equal(positions, before)
    assert not stack.positions_mm.flags.writeable
    assert not stack.step_lps_mm.flags.writeable
