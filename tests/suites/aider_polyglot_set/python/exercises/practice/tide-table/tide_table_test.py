import unittest

from tide_table import (
    board,
    turning_points,
)


class TideTableTest(unittest.TestCase):
    def test_a_rise_and_a_fall_have_one_high_water(self):
        self.assertEqual(turning_points([1.0, 2.0, 1.5]), [(1, "high")])

    def test_a_fall_and_a_rise_have_one_low_water(self):
        self.assertEqual(turning_points([2.0, 1.0, 1.5]), [(1, "low")])

    def test_a_day_has_both(self):
        self.assertEqual(turning_points([1, 3, 2, 0, 4, 5, 1]), [(1, "high"), (3, "low"), (5, "high")])

    def test_water_that_only_rises_never_turns(self):
        self.assertEqual(turning_points([1, 2, 3, 4]), [])

    def test_the_first_hour_of_a_stand_counts(self):
        self.assertEqual(turning_points([1, 2, 2, 2, 1]), [(1, "high")])

    def test_a_stand_on_the_way_up_is_no_turning_point(self):
        self.assertEqual(turning_points([1, 2, 2, 3, 1]), [(3, "high")])

    def test_a_stand_at_either_end_is_no_turning_point(self):
        self.assertEqual(turning_points([2, 2, 3, 1, 1]), [(2, "high")])

    def test_the_board_has_a_line_for_each(self):
        self.assertEqual(board([1, 3.256, 2, 0, 4]), "01h  high  3.26 m\n03h  low   0.00 m")

    def test_two_heights_make_no_table(self):
        with self.assertRaises(ValueError) as caught:
            turning_points([1, 2])
        self.assertEqual(caught.exception.args[0], "a table needs three heights")
