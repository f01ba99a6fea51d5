#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Bare,
    Crowded,
    Unknown(char),
}

pub fn read(cord: &str) -> Result<u64, Fault> {
    if cord.starts_with('-') {
        return Err(Fault::Bare);
    }
    let mut number = 0;
    let mut digit = 0;
    for c in cord.chars() {
        match c {
            'o' if digit == 9 => return Err(Fault::Crowded),
            'o' => digit += 1,
            '-' => {
                number = (number + digit) * 10;
                digit = 0;
            }
            other => return Err(Fault::Unknown(other)),
        }
    }
    if cord.ends_with('-') {
        return Err(Fault::Bare);
    }
    Ok(number + digit)
}
