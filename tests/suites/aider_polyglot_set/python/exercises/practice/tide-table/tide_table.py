def turning_points(heights):
    pass


def board(heights):
    pass
