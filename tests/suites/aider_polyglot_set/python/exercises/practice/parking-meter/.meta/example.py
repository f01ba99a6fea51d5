from tariff import COINS, STEPS


class Meter:
    def price(self, minutes):
        if minutes < 0:
            raise ValueError("time does not run backwards")
        cents, number = 0, 0
        while minutes > 0:
            length, cost = STEPS[min(number, len(STEPS) - 1)]
            cents += cost
            minutes -= length
            number += 1
        return cents

    def change(self, minutes, coins):
        left = sum(coins) - self.price(minutes)
        if left < 0:
            raise ValueError(f"{-left} cents are missing")
        given = []
        for coin in COINS:
            count, left = divmod(left, coin)
            given += [coin] * count
        return given
