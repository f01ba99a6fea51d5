import unittest

from parking_meter import Meter


class ParkingMeterTest(unittest.TestCase):
    def test_no_time_is_free(self):
        self.assertEqual(Meter().price(0), 0)

    def test_a_minute_costs_the_first_step(self):
        self.assertEqual(Meter().price(1), 50)

    def test_a_step_to_its_end(self):
        self.assertEqual(Meter().price(30), 50)

    def test_the_second_step(self):
        self.assertEqual(Meter().price(31), 120)

    def test_the_last_step_goes_on(self):
        self.assertEqual(Meter().price(181), 720)

    def test_change_in_few_coins(self):
        self.assertEqual(Meter().change(45, [200]), [50, 20, 10])

    def test_the_right_sum_gives_none(self):
        self.assertEqual(Meter().change(30, [20, 20, 10]), [])

    def test_too_little(self):
        with self.assertRaises(ValueError) as caught:
            Meter().change(61, [100, 100])
        self.assertEqual(caught.exception.args[0], "120 cents are missing")

    def test_negative_minutes(self):
        with self.assertRaises(ValueError) as caught:
            Meter().price(-1)
        self.assertEqual(caught.exception.args[0], "time does not run backwards")
