package waterclock

import "fmt"

// Clock is a vessel that runs empty.
type Clock struct {
	full, drip, minutes int
}

// New makes a full one.
func New(full, drip int) *Clock {
	return &Clock{full: full, drip: drip}
}

// Wait lets time go by.
func (c *Clock) Wait(minutes int) {
	c.minutes += minutes
	if longest := (c.full + c.drip - 1) / c.drip; c.minutes > longest {
		c.minutes = longest
	}
}

// Level is what is left, in millilitres.
func (c *Clock) Level() int {
	if left := c.full - c.drip*c.minutes; left > 0 {
		return left
	}
	return 0
}

// Refill fills it, and gives the minutes that it showed.
func (c *Clock) Refill() int {
	shown := c.minutes
	c.minutes = 0
	return shown
}

func (c *Clock) String() string {
	return fmt.Sprintf("%dh%02dm", c.minutes/60, c.minutes%60)
}
