use std::collections::BTreeMap;

pub struct Tail {
    length: u32,
    tied: BTreeMap<u32, u32>,
}

impl Tail {
    pub fn new(length: u32) -> Self {
        Tail { length, tied: BTreeMap::new() }
    }

    pub fn tie(&mut self, at: u32, weight: u32) -> bool {
        if at > self.length || self.tied.contains_key(&at) {
            return false;
        }
        self.tied.insert(at, weight);
        true
    }

    pub fn balance(&self) -> Option<f64> {
        let weight: u32 = self.tied.values().sum();
        let turning: u32 = self.tied.iter().map(|(at, weight)| at * weight).sum();
        (weight > 0).then(|| f64::from(turning) / f64::from(weight))
    }

    pub fn bows(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.tied.iter().map(|(at, weight)| (*at, *weight))
    }
}
