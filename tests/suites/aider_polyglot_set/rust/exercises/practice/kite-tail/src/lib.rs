pub struct Tail;

impl Tail {
    pub fn new(length: u32) -> Self {
        todo!("make a tail of {length} cm")
    }

    pub fn tie(&mut self, at: u32, weight: u32) -> bool {
        todo!("tie a bow of {weight} g at {at} cm")
    }

    pub fn balance(&self) -> Option<f64> {
        todo!("the mean distance of the bows")
    }

    pub fn bows(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        todo!("the bows from the kite on");
        #[allow(unreachable_code)]
        std::iter::empty()
    }
}
