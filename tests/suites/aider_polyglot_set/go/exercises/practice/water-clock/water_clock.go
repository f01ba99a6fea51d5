package waterclock

// Define the Clock type here.

func New(full, drip int) *Clock {
	panic("Please implement the New function")
}

func (c *Clock) Wait(minutes int) {
	panic("Please implement the Wait function")
}

func (c *Clock) Level() int {
	panic("Please implement the Level function")
}

func (c *Clock) Refill() int {
	panic("Please implement the Refill function")
}

func (c *Clock) String() string {
	panic("Please implement the String function")
}
