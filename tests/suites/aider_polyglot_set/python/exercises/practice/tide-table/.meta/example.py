def turning_points(heights):
    if len(heights) < 3:
        raise ValueError("a table needs three heights")
    points = []
    start, rising = 0, None
    for hour in range(1, len(heights)):
        if heights[hour] == heights[start]:
            continue
        up = heights[hour] > heights[start]
        if rising is not None and up != rising:
            points.append((start, "high" if rising else "low"))
        start, rising = hour, up
    return points


def board(heights):
    return "\n".join(f"{hour:02d}h  {kind:<4}  {heights[hour]:.2f} m" for hour, kind in turning_points(heights))
