//! VietQR transfer codes: the text that a banking app reads from a QR code, with account, amount
//! and purpose filled in.
//!
//! Fields by EMVCo "QR Code Specification for Payment Systems: Merchant-Presented Mode" 1.1 and
//! NAPAS's "VietQR" profile of it: each is a two-digit id, a two-digit length and the value; the
//! last is a CRC-16 (polynomial 0x1021, start 0xFFFF) over everything before its value.

use crc::{CRC_16_IBM_3740, Crc};

use crate::domain::Invalid;

/// The bank account that fees are transferred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// NAPAS's number of the bank: six digits, such as `970405` (Agribank).
    bank: String,
    number: String,
}

const BANK: Invalid = Invalid::new("mã ngân hàng NAPAS có 6 chữ số");
const ACCOUNT: Invalid = Invalid::new("số tài khoản có 1 đến 19 chữ cái hoặc chữ số");
const AMOUNT: Invalid = Invalid::new("số tiền phải từ 1 đến 9.999.999.999.999 đồng");
const PURPOSE: Invalid = Invalid::new(
    "nội dung chuyển khoản có 1 đến 25 chữ cái không dấu, chữ số, khoảng trắng, '.' hoặc '-'",
);

impl BankAccount {
    /// # Errors
    /// If bank or account have not the form that the code can carry.
    pub fn new(bank: &str, number: &str) -> Result<Self, Invalid> {
        if bank.len() != 6 || !bank.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BANK);
        }
        if !(1..=19).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ACCOUNT);
        }
        Ok(Self {
            bank: bank.to_owned(),
            number: number.to_owned(),
        })
    }

    pub fn bank(&self) -> &str {
        &self.bank
    }

    pub fn number(&self) -> &str {
        &self.number
    }

    /// The code's text for a transfer of `amount_vnd` đồng. `purpose` comes back with the payment:
    /// the case number.
    ///
    /// # Errors
    /// If the amount or the purpose cannot be carried.
    pub fn transfer_code(&self, amount_vnd: u64, purpose: &str) -> Result<String, Invalid> {
        // The amount's field has at most 13 characters.
        if !(1..=9_999_999_999_999).contains(&amount_vnd) {
            return Err(AMOUNT);
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'.' | b'-');
        if !(1..=25).contains(&purpose.len()) || !purpose.bytes().all(plain) {
            return Err(PURPOSE);
        }
        let beneficiary = field("00", &self.bank) + &field("01", &self.number);
        // GUID of NAPAS; QRIBFTTA is a transfer to an account.
        let account =
            field("00", "A000000727") + &field("01", &beneficiary) + &field("02", "QRIBFTTA");
        let mut code = String::with_capacity(160);
        code += &field("00", "01"); // payload format
        code += &field("01", "12"); // dynamic: for one payment
        code += &field("38", &account);
        code += &field("53", "704"); // VND, ISO 4217
        code += &field("54", &amount_vnd.to_string());
        code += &field("58", "VN");
        code += &field("62", &field("08", purpose));
        code += "6304";
        let crc = Crc::<u16>::new(&CRC_16_IBM_3740).checksum(code.as_bytes());
        Ok(format!("{code}{crc:04X}"))
    }
}

/// Lengths are checked by the callers: no value here is longer than 99.
fn field(id: &str, value: &str) -> String {
    format!("{id}{:02}{value}", value.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads the fields of a code, as a banking app does.
    fn fields(mut text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        while !text.is_empty() {
            let length: usize = text[2..4].parse().unwrap();
            found.push((text[..2].to_owned(), text[4..4 + length].to_owned()));
            text = &text[4 + length..];
        }
        found
    }

    /// CRC-16/CCITT-FALSE bit by bit, as EMVCo's annex describes it.
    fn crc(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0xFFFF, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
                if crc & 0x8000 == 0 {
                    crc << 1
                } else {
                    (crc << 1) ^ 0x1021
                }
            })
        })
    }

    #[test]
    fn checksum_is_the_published_one() {
        // The check value of CRC-16/CCITT-FALSE.
        assert_eq!(crc(b"123456789"), 0x29B1);
    }

    #[test]
    fn carries_account_amount_and_case_number() {
        let account = BankAccount::new("970405", "8400205123456").unwrap();
        let code = account.transfer_code(25_000, "H37.16-210715-0001").unwrap();
        assert_eq!(
            code[..code.len() - 4],
            *"00020101021238570010A00000072701270006970405011384002051234560208QRIBFTTA\
              5303704540525000\
              5802VN62220818H37.16-210715-00016304"
        );
    }

    #[test]
    fn refuses_what_it_cannot_carry() {
        assert_eq!(BankAccount::new("97040", "1"), Err(BANK));
        assert_eq!(BankAccount::new("970405", ""), Err(ACCOUNT));
        let account = BankAccount::new("970405", "1").unwrap();
        let code = |amount, purpose| account.transfer_code(amount, purpose);
        assert_eq!(code(0, "x"), Err(AMOUNT));
        assert_eq!(code(10_000_000_000_000, "x"), Err(AMOUNT));
        assert_eq!(code(1, "mã hồ sơ"), Err(PURPOSE));
        assert_eq!(code(1, ""), Err(PURPOSE));
    }

    proptest! {
        #[test]
        fn every_code_reads_back(
            amount in 1_u64..=9_999_999_999_999,
            number in "[0-9A-Za-z]{1,19}",
            purpose in "[0-9A-Za-z.-]{1,25}",
        ) {
            let account = BankAccount::new("970436", &number).unwrap();
            let code = account.transfer_code(amount, &purpose).unwrap();
            let parts = fields(&code);
            let ids: Vec<_> = parts.iter().map(|(id, _)| id.as_str()).collect();
            prop_assert_eq!(ids, ["00", "01", "38", "53", "54", "58", "62", "63"]);
            prop_assert_eq!(&parts[4].1, &amount.to_string());
            let account = fields(&parts[2].1);
            prop_assert_eq!(&fields(&account[1].1)[1].1, &number);
            prop_assert_eq!(&fields(&parts[6].1)[0].1, &purpose);
            let sum = crc(&code.as_bytes()[..code.len() - 4]);
            prop_assert_eq!(&parts[7].1, &format!("{sum:04X}"));
        }
    }
}
