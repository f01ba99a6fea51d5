package liftstops

import (
	"errors"
	"fmt"
	"sort"
)

// ErrFloor is the error of a floor that does not exist.
var ErrFloor = errors.New("no such floor")

// Stops gives the floors that a lift at start serves, in order.
func Stops(start int, calls []int) ([]int, error) {
	if start < 0 {
		return nil, fmt.Errorf("start %d: %w", start, ErrFloor)
	}
	seen := map[int]bool{}
	var here, up, down []int
	for _, call := range calls {
		switch {
		case call < 0:
			return nil, fmt.Errorf("call %d: %w", call, ErrFloor)
		case seen[call]:
		case call > start:
			up = append(up, call)
		case call < start:
			down = append(down, call)
		default:
			here = append(here, call)
		}
		seen[call] = true
	}
	sort.Ints(up)
	sort.Sort(sort.Reverse(sort.IntSlice(down)))
	if len(up) == 0 || len(down) > 0 && start-down[0] < up[0]-start {
		up, down = down, up
	}
	return append(append(here, up...), down...), nil
}
