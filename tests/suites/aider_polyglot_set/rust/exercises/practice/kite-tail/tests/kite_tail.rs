use kite_tail::Tail;

#[test]
fn a_bare_tail_has_no_balance() {
    assert_eq!(Tail::new(100).balance(), None);
}

#[test]
#[ignore]
fn a_bow_is_the_balance() {
    let mut tail = Tail::new(100);
    assert!(tail.tie(40, 3));
    assert_eq!(tail.balance(), Some(40.0));
}

#[test]
#[ignore]
fn weights_count() {
    let mut tail = Tail::new(100);
    assert!(tail.tie(100, 1));
    assert!(tail.tie(20, 3));
    assert_eq!(tail.balance(), Some(40.0));
}

#[test]
#[ignore]
fn a_place_is_taken_once() {
    let mut tail = Tail::new(100);
    assert!(tail.tie(20, 3));
    assert!(!tail.tie(20, 5));
    assert_eq!(tail.bows().collect::<Vec<_>>(), [(20, 3)]);
}

#[test]
#[ignore]
fn nothing_is_tied_beyond_the_end() {
    let mut tail = Tail::new(100);
    assert!(!tail.tie(101, 1));
    assert_eq!(tail.bows().count(), 0);
}

#[test]
#[ignore]
fn bows_come_in_order() {
    let mut tail = Tail::new(100);
    for (at, weight) in [(60, 1), (10, 2), (30, 3)] {
        assert!(tail.tie(at, weight));
    }
    assert_eq!(tail.bows().collect::<Vec<_>>(), [(10, 2), (30, 3), (60, 1)]);
}
