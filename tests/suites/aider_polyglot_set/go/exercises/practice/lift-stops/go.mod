module liftstops

go 1.18
