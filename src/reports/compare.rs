//! Our figures beside those that a report printed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::tally::Share;
use crate::domain::unit::Level;
use crate::error::Error;
use crate::render;
use crate::render::sheet::Passage;
use crate::reports::cchc::Cchc;

/// What a printed report says, in the form of `config/lang-son-2021-9m.json`; other fields are
/// not looked at. What it does not say is not compared.
#[derive(Debug, Clone, Deserialize)]
pub struct PrintedFigures {
    dossiers: BTreeMap<Level, PrintedLevel>,
    procedures: PrintedProcedures,
}

#[derive(Debug, Clone, Deserialize)]
struct PrintedLevel {
    received: Option<i64>,
    resolved: Option<i64>,
    early_or_on_time: Option<i64>,
    overdue: Option<i64>,
    in_progress: Option<i64>,
    rate_as_printed: Option<String>,
    overdue_rate_as_printed: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct PrintedProcedures {
    time_limit_cuts: PrintedCuts,
}

#[derive(Debug, Clone, Deserialize)]
struct PrintedCuts {
    days_cut: Option<i64>,
    days_before: Option<i64>,
    rate_as_printed: Option<String>,
}

impl PrintedFigures {
    /// # Errors
    /// If the text has not that form.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let reason = format!("tệp số liệu không dùng được: sai ở dòng {line}, ký tự {column}");
            Error::parameter("figures", reason)
        })
    }
}

/// One figure that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Difference {
    /// What it is, for people.
    pub what: String,
    pub printed: String,
    pub counted: String,
    /// The counts that a share follows from: part and whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<i64>>)]
    pub of: Option<(i64, i64)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, printed, counted) = (&self.what, &self.printed, &self.counted);
        write!(f, "{what}: báo cáo in {printed}, số liệu cho {counted}")?;
        match self.of {
            Some((part, whole)) => {
                write!(
                    f,
                    " ({}/{})",
                    render::words::number(part),
                    render::words::number(whole)
                )
            }
            None => Ok(()),
        }
    }
}

/// What differs, in sentences.
pub(crate) fn passage(differences: &[Difference]) -> Passage {
    let items = match differences.is_empty() {
        true => vec!["Không có số liệu nào khác.".to_owned()],
        false => differences.iter().map(Difference::to_string).collect(),
    };
    Passage {
        heading: "So với báo cáo đã in:".to_owned(),
        items,
    }
}

/// What differs between `report` and the printed figures, counts first within each level.
pub fn compare(report: &Cchc, printed: &PrintedFigures) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    for (level, printed) in &printed.dossiers {
        let ours = report.level(*level).copied().unwrap_or_default();
        let name = render::words::level(*level).to_lowercase();
        let on_time = ours.early + ours.on_time;
        for (what, printed, ours) in [
            ("Hồ sơ tiếp nhận", printed.received, ours.received()),
            ("Hồ sơ đã giải quyết", printed.resolved, ours.resolved()),
            ("Hồ sơ đúng hạn", printed.early_or_on_time, on_time),
            ("Hồ sơ quá hạn", printed.overdue, ours.overdue),
            (
                "Hồ sơ đang giải quyết",
                printed.in_progress,
                ours.in_progress(),
            ),
        ] {
            found.count(format!("{what} {name}"), printed, ours);
        }
        let counted = ours.in_rates();
        for (what, printed, part) in [
            ("Tỷ lệ đúng hạn", &printed.rate_as_printed, counted.timely),
            (
                "Tỷ lệ quá hạn",
                &printed.overdue_rate_as_printed,
                counted.overdue,
            ),
        ] {
            found.share(format!("{what} {name}"), printed, (part, counted.all));
        }
    }
    let (cuts, printed) = (&report.cuts, &printed.procedures.time_limit_cuts);
    let days = |hours: i64| hours / 8;
    let (cut, before) = (days(cuts.hours_cut), days(cuts.hours_before));
    found.count("Số ngày cắt giảm".to_owned(), printed.days_cut, cut);
    found.count(
        "Số ngày theo quy định".to_owned(),
        printed.days_before,
        before,
    );
    found.share(
        "Tỷ lệ cắt giảm thời hạn".to_owned(),
        &printed.rate_as_printed,
        (cut, before),
    );
    found.0
}

struct Found(Vec<Difference>);

impl Found {
    fn count(&mut self, what: String, printed: Option<i64>, ours: i64) {
        if let Some(printed) = printed.filter(|printed| *printed != ours) {
            self.0.push(Difference {
                what,
                printed: render::words::number(printed),
                counted: render::words::number(ours),
                of: None,
            });
        }
    }

    fn share(&mut self, what: String, printed: &Option<String>, (part, whole): (i64, i64)) {
        let counted = render::words::percent(Share::new(part, whole));
        if let Some(printed) = printed.as_ref().filter(|printed| **printed != counted) {
            self.0.push(Difference {
                what,
                printed: printed.clone(),
                counted,
                of: Some((part, whole)),
            });
        }
    }
}
