//! What `config/` holds, compiled in, so that the program works from an empty folder.

/// Days off and compensatory working days of 2018 to 2027.
pub const CALENDAR: &[u8] = include_bytes!("../../config/holidays-vn-2018-2027.csv");

/// The 229 units of Lạng Sơn before 1 July 2025.
pub const UNITS_2021: &[u8] = include_bytes!("../../config/units-lang-son-2021.csv");

/// A catalogue of real procedures.
pub const PROCEDURES: &[u8] = include_bytes!("../../config/procedures-lang-son.json");

/// The figures that the report of nine months of 2021 prints.
pub const FIGURES_2021: &[u8] = include_bytes!("../../config/lang-son-2021-9m.json");
