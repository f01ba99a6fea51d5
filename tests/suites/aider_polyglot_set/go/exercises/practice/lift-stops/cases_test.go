package liftstops

var testCases = []struct {
	description string
	start       int
	calls       []int
	expected    []int
	bad         bool
}{
	{description: "no calls", start: 3},
	{description: "one call above", start: 0, calls: []int{4}, expected: []int{4}},
	{description: "the nearest side first", start: 5, calls: []int{9, 4, 1, 7}, expected: []int{4, 1, 7, 9}},
	{description: "up where both are as near", start: 5, calls: []int{3, 7}, expected: []int{7, 3}},
	{description: "a floor called twice", start: 1, calls: []int{2, 2, 0, 2}, expected: []int{2, 0}},
	{description: "the floor of the lift", start: 2, calls: []int{3, 2}, expected: []int{2, 3}},
	{description: "a call from nowhere", start: 2, calls: []int{3, -1}, bad: true},
	{description: "a start from nowhere", start: -2, bad: true},
}
