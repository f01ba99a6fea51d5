from pathlib import Path

WEIGHTS = [n * n % 7 + 11 for n in range(1, 9)]


def test_the_harvest_is_in():
    assert Path("/app/store/closed").exists()
    assert [int(Path(f"/app/store/crate-{n}").read_text()) for n in range(1, 9)] == WEIGHTS


def test_the_sum_is_right():
    assert Path("/app/sum.txt").read_text().strip() == str(sum(WEIGHTS))
