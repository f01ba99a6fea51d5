package waterclock

import "testing"

func TestLevel(t *testing.T) {
	for _, tc := range []struct{ full, drip, minutes, expected int }{
		{1000, 10, 0, 1000},
		{1000, 10, 30, 700},
		{1000, 10, 100, 0},
		{1000, 10, 500, 0},
		{1000, 300, 4, 0},
	} {
		clock := New(tc.full, tc.drip)
		clock.Wait(tc.minutes)
		if got := clock.Level(); got != tc.expected {
			t.Errorf("after %d minutes of %d in %d: %d left, want %d", tc.minutes, tc.drip, tc.full, got, tc.expected)
		}
	}
}

func TestRefillGivesTheMinutes(t *testing.T) {
	clock := New(1000, 10)
	clock.Wait(20)
	clock.Wait(5)
	if got := clock.Refill(); got != 25 {
		t.Errorf("Refill() = %d, want 25", got)
	}
	if got := clock.Level(); got != 1000 {
		t.Errorf("Level() = %d after Refill, want 1000", got)
	}
}

func TestAnEmptyClockShowsNoMore(t *testing.T) {
	clock := New(1000, 300)
	clock.Wait(90)
	if got := clock.Refill(); got != 4 {
		t.Errorf("Refill() = %d, want 4", got)
	}
}

func TestString(t *testing.T) {
	clock := New(1000, 1)
	clock.Wait(125)
	if got := clock.String(); got != "2h05m" {
		t.Errorf("String() = %q, want %q", got, "2h05m")
	}
}
