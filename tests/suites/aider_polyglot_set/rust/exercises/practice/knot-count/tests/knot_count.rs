use knot_count::{read, Fault};

#[test]
fn an_empty_cord() {
    assert_eq!(read(""), Ok(0));
}

#[test]
#[ignore]
fn one_digit() {
    assert_eq!(read("ooo"), Ok(3));
}

#[test]
#[ignore]
fn two_digits() {
    assert_eq!(read("oo-o"), Ok(21));
}

#[test]
#[ignore]
fn a_longer_gap_is_a_zero() {
    assert_eq!(read("oo--o"), Ok(201));
}

#[test]
#[ignore]
fn ten_knots() {
    assert_eq!(read("o-oooooooooo"), Err(Fault::Crowded));
}

#[test]
#[ignore]
fn bare_ends() {
    assert_eq!(read("-o"), Err(Fault::Bare));
    assert_eq!(read("o-"), Err(Fault::Bare));
}

#[test]
#[ignore]
fn a_bead_is_no_knot() {
    assert_eq!(read("oxo"), Err(Fault::Unknown('x')));
}
