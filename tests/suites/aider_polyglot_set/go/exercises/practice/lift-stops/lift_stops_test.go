package liftstops

import (
	"errors"
	"testing"
)

func TestStops(t *testing.T) {
	for _, tc := range testCases {
		t.Run(tc.description, func(t *testing.T) {
			got, err := Stops(tc.start, tc.calls)
			if tc.bad {
				if !errors.Is(err, ErrFloor) {
					t.Fatalf("Stops(%d, %v) gave error %v, want %v", tc.start, tc.calls, err, ErrFloor)
				}
				return
			}
			if err != nil {
				t.Fatalf("Stops(%d, %v) gave error %v", tc.start, tc.calls, err)
			}
			if len(got) != len(tc.expected) {
				t.Fatalf("Stops(%d, %v) = %v, want %v", tc.start, tc.calls, got, tc.expected)
			}
			for i := range got {
				if got[i] != tc.expected[i] {
					t.Fatalf("Stops(%d, %v) = %v, want %v", tc.start, tc.calls, got, tc.expected)
				}
			}
		})
	}
}

func BenchmarkStops(b *testing.B) {
	for i := 0; i < b.N; i++ {
		for _, tc := range testCases {
			Stops(tc.start, tc.calls)
		}
	}
}
