module waterclock

go 1.18
