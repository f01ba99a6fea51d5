class Meter:
    def price(self, minutes):
        pass

    def change(self, minutes, coins):
        pass
