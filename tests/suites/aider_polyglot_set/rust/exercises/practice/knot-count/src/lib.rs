#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Bare,
    Crowded,
    Unknown(char),
}

pub fn read(cord: &str) -> Result<u64, Fault> {
    todo!("read the number that {cord} stands for")
}
