//! Made-up applicants. Names are common Vietnamese ones; numbers have the right form and belong
//! to nobody on purpose.

use rand::Rng;

use crate::domain::identity::Identity;
use crate::domain::person::Person;

const FAMILY: [&str; 16] = [
    "Nguyễn", "Hoàng", "Nông", "Vi", "Lý", "Hứa", "Lương", "Trần", "Đinh", "Lộc", "Phạm", "Triệu",
    "Bế", "Dương", "Đặng", "Chu",
];
const MIDDLE: [&str; 12] = [
    "Văn", "Thị", "Minh", "Thu", "Đức", "Ngọc", "Quang", "Thanh", "Hữu", "Kim", "Xuân", "Hồng",
];
const GIVEN: [&str; 20] = [
    "An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hùng", "Hương", "Khánh", "Lan", "Linh", "Long",
    "Mai", "Nam", "Nga", "Phúc", "Quỳnh", "Sơn", "Thảo", "Yến",
];
const VILLAGES: [&str; 10] = [
    "Nà Lốc",
    "Bản Mới",
    "Pò Mã",
    "Khòn Khẻ",
    "Nà Pàn",
    "Tân Lập",
    "Đông Kinh",
    "Kéo Tào",
    "Bản Chu",
    "Nà Sla",
];

/// A name; the same number gives the same one.
pub(crate) fn name(number: u64) -> String {
    let pick = |names: &[&'static str], n: u64| names[(n % names.len() as u64) as usize];
    let family = pick(&FAMILY, number);
    let middle = pick(&MIDDLE, number / 16);
    let given = pick(&GIVEN, (number / 192).wrapping_add(number));
    format!("{family} {middle} {given}")
}

/// An applicant.
pub(crate) fn applicant(rng: &mut impl Rng) -> Person {
    let sex_and_century = rng.random_range(0..2);
    let number = format!(
        "020{sex_and_century}{:02}{:06}",
        rng.random_range(45..=99),
        rng.random_range(0..1_000_000)
    );
    let village = VILLAGES[rng.random_range(0..VILLAGES.len())];
    Person {
        notify_by: None,
        name: name(rng.random()),
        identity: Identity::person(&number).ok(),
        phone: Some(format!("09{:08}", rng.random_range(0..100_000_000))),
        email: None,
        address: Some(format!("Thôn {village}, tỉnh Lạng Sơn")),
    }
}
