//! What the norms of the one-stop mechanism say, each from a day on: data, so that another decree is a row and no
//! change of the program. A dossier goes by those of its day of receipt for as long as it lives.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::Invalid;
use crate::domain::dossier::Ending;
use crate::domain::enums::text_enum;
use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::domain::procedure::OnSupplement;

/// What holds from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Norm {
    pub valid_from: NaiveDate,
    /// Which norms say so.
    pub basis: Vec<Basis>,
    pub case_number: Numbering,
    /// What the clock does once a dossier is complete again, where the procedure does not say.
    pub on_supplement: OnSupplement,
    /// How often papers may be asked for without a reason of its own; `null`: any number of times.
    pub supplements: Option<u16>,
    /// How many days before the day on which it is due an apology comes in time at the latest.
    pub apology_days_before: u16,
    pub judged_by: JudgedBy,
    pub judged_date: JudgedDate,
    /// Which of the resolved on-time rates leave out.
    pub rates_leave_out: LeftOut,
    pub forms: Vec<Form>,
}

/// A norm, what it is cited for, and how sure that is. In a file it may be its name alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenBasis")]
pub struct Basis {
    pub norm: String,
    /// What it is cited for, in words; empty: the whole row.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// `None`: nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sure: Option<Sure>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenBasis {
    Name(String),
    Whole(WholeBasis),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeBasis {
    norm: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    sure: Option<Sure>,
}

impl From<WrittenBasis> for Basis {
    fn from(written: WrittenBasis) -> Self {
        match written {
            WrittenBasis::Name(norm) => Self {
                norm,
                about: String::new(),
                sure: None,
            },
            WrittenBasis::Whole(WholeBasis { norm, about, sure }) => Self { norm, about, sure },
        }
    }
}

text_enum! {
    /// How sure it is that a norm says so.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Sure {
        /// Read in its text.
        Read = "read",
        /// As it is commonly published.
        Published = "published",
        /// From the press, law sites, studies.
        Secondary = "secondary",
        /// From memory: to be checked before it is cited.
        Memory = "memory",
    }
}

/// The order of the groups of a unit's identifier in a case number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbering {
    /// `000.00.16.H37`.
    LowestFirst,
    /// `H37.16`.
    HighestFirst,
}

/// Whether the hour of the due day counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    /// After the due moment is overdue.
    Moment,
    /// On the due day is on time, whatever the hour.
    Day,
}

/// By which date reports judge where an appointment was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedDate {
    First,
    Moved,
}

/// How a dossier ended that on-time rates leave out; a list of endings in data. All the resolved count in the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<BadEnding>", into = "Vec<BadEnding>")]
pub struct LeftOut {
    refused: bool,
    stopped: bool,
    withdrawn: bool,
}

impl LeftOut {
    pub const fn contains(self, ending: Ending) -> bool {
        match ending {
            Ending::Approved => false,
            Ending::Refused => self.refused,
            Ending::Stopped => self.stopped,
            Ending::Withdrawn => self.withdrawn,
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An ending that may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BadEnding {
    Refused,
    Stopped,
    Withdrawn,
}

impl From<Vec<BadEnding>> for LeftOut {
    fn from(endings: Vec<BadEnding>) -> Self {
        Self {
            refused: endings.contains(&BadEnding::Refused),
            stopped: endings.contains(&BadEnding::Stopped),
            withdrawn: endings.contains(&BadEnding::Withdrawn),
        }
    }
}

impl From<LeftOut> for Vec<BadEnding> {
    fn from(left_out: LeftOut) -> Self {
        let all = [
            (left_out.refused, BadEnding::Refused),
            (left_out.stopped, BadEnding::Stopped),
            (left_out.withdrawn, BadEnding::Withdrawn),
        ];
        let chosen = all.into_iter().filter(|(is_left_out, _)| *is_left_out);
        chosen.map(|(_, ending)| ending).collect()
    }
}

/// A form, as it is called and numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub form: FormKind,
    pub number: String,
    pub title: String,
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    Receipt,
    Supplement,
    Refusal,
    Apology,
    Stop,
    Control,
    Book,
}

/// A row of the file: what it does not say stays as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(deserialize_with = "crate::domain::day::day")]
    pub valid_from: NaiveDate,
    pub basis: Vec<Basis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case_number: Option<Numbering>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_supplement: Option<OnSupplement>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    supplements: Option<Option<u16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apology_days_before: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judged_by: Option<JudgedBy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judged_date: Option<JudgedDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rates_leave_out: Option<LeftOut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forms: Option<Vec<Form>>,
}

/// `null` is something said, too.
fn said<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<u16>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// All norms, from the first day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Norms(Vec<Norm>);

/// What is compiled in.
const BUNDLED: &[u8] = include_bytes!("../../config/norms.json");

impl Norms {
    /// Those that the program knows by itself: what holds until an office has put its own in their place.
    pub fn bundled() -> Result<Self, Invalid> {
        let changes = Self::read(BUNDLED).map_err(|error| Invalid::from(error.to_string()))?;
        Self::new(&changes)
    }

    /// From the rows of a file, in the order of their days. The first says everything.
    ///
    /// # Errors
    /// If there is none, the first leaves something out, or the days do not follow each other.
    pub fn new(changes: &[Change]) -> Result<Self, Invalid> {
        let mut norms: Vec<Norm> = Vec::with_capacity(changes.len());
        for change in changes {
            let norm = match norms.last() {
                None => first(change).ok_or(INCOMPLETE)?,
                Some(before) if before.valid_from >= change.valid_from => return Err(UNORDERED),
                Some(before) => next(before, change),
            };
            norms.push(norm);
        }
        match norms.is_empty() {
            true => Err(INCOMPLETE),
            false => Ok(Self(norms)),
        }
    }

    /// Reads the rows of a file.
    ///
    /// # Errors
    /// If it is no JSON of that form.
    pub fn read(json: &[u8]) -> Result<Vec<Change>, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// What held on a day; before the first day, what held then.
    pub fn on(&self, day: NaiveDate) -> &Norm {
        let after = self.0.partition_point(|norm| norm.valid_from <= day);
        &self.0[after.saturating_sub(1)]
    }

    /// The last day on which that norm holds; `None`: no other follows.
    pub fn last_day(&self, norm: &Norm) -> Option<NaiveDate> {
        let next = self
            .0
            .iter()
            .find(|other| other.valid_from > norm.valid_from);
        next.and_then(|next| next.valid_from.pred_opt())
    }

    pub fn all(&self) -> &[Norm] {
        &self.0
    }

    /// How dossiers received up to a day are judged, each way with the first day of receipt for which it holds;
    /// oldest first.
    pub fn judging_until(&self, day: NaiveDate) -> Vec<(NaiveDate, Judging)> {
        let mut ways: Vec<(NaiveDate, Judging)> = Vec::new();
        for norm in self.0.iter().filter(|norm| norm.valid_from <= day) {
            let judging = norm.judging();
            if ways.last().is_none_or(|(_, last)| *last != judging) {
                ways.push((norm.valid_from, judging));
            }
        }
        ways
    }
}

const INCOMPLETE: Invalid = Invalid::new("dòng đầu tiên phải có đủ các mục");
const UNORDERED: Invalid = Invalid::new("valid_from phải tăng dần");

/// By what a dossier is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judging {
    pub by: JudgedBy,
    pub date: JudgedDate,
    #[serde(default, skip_serializing_if = "LeftOut::is_empty")]
    pub rates_leave_out: LeftOut,
}

impl Judging {
    /// What held before it was a choice, and of which events say nothing.
    pub const DEFAULT: Self = Self {
        by: JudgedBy::Moment,
        date: JudgedDate::First,
        rates_leave_out: LeftOut {
            refused: false,
            stopped: false,
            withdrawn: false,
        },
    };

    /// After which moment a dossier is overdue that is due then, and has that appointment.
    pub fn deadline(self, due: Moment, appointment: Option<Moment>) -> Moment {
        let due = match self.date {
            JudgedDate::First => due,
            JudgedDate::Moved => appointment.map_or(due, |appointment| appointment.max(due)),
        };
        match self.by {
            JudgedBy::Moment => due,
            JudgedBy::Day => due.max(end_of(due.date()).plus_millis(-1)),
        }
    }

    pub fn is_default(&self) -> bool {
        *self == Self::DEFAULT
    }
}

impl Default for Judging {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Norm {
    pub const fn judging(&self) -> Judging {
        Judging {
            by: self.judged_by,
            date: self.judged_date,
            rates_leave_out: self.rates_leave_out,
        }
    }

    pub fn form(&self, kind: FormKind) -> Option<&Form> {
        self.forms.iter().find(|form| form.form == kind)
    }
}

fn first(change: &Change) -> Option<Norm> {
    let change = change.clone();
    Some(Norm {
        valid_from: change.valid_from,
        basis: change.basis,
        case_number: change.case_number?,
        on_supplement: change.on_supplement?,
        supplements: change.supplements?,
        apology_days_before: change.apology_days_before?,
        judged_by: change.judged_by?,
        judged_date: change.judged_date?,
        // Files of before do not know of it.
        rates_leave_out: change.rates_leave_out.unwrap_or_default(),
        forms: change.forms?,
    })
}

fn next(before: &Norm, change: &Change) -> Norm {
    let forms = change.forms.as_ref().unwrap_or(&before.forms);
    Norm {
        valid_from: change.valid_from,
        basis: change.basis.clone(),
        case_number: change.case_number.unwrap_or(before.case_number),
        on_supplement: change.on_supplement.unwrap_or(before.on_supplement),
        supplements: change.supplements.unwrap_or(before.supplements),
        apology_days_before: change
            .apology_days_before
            .unwrap_or(before.apology_days_before),
        judged_by: change.judged_by.unwrap_or(before.judged_by),
        judged_date: change.judged_date.unwrap_or(before.judged_date),
        rates_leave_out: change.rates_leave_out.unwrap_or(before.rates_leave_out),
        forms: forms.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled() -> Norms {
        Norms::bundled().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_forms_are_those_of_the_day_of_receipt() {
        let norms = bundled();
        let title = |on, kind| {
            let form = norms.on(day(on)).form(kind);
            form.map(|form| (form.number.clone(), form.title.clone()))
        };
        let apology = |on| title(on, FormKind::Apology).unwrap().1;
        assert!(apology("2025-09-14").starts_with("Phiếu xin lỗi"));
        assert!(apology("2025-09-15").starts_with("Văn bản xin lỗi"));
        assert_eq!(title("2021-03-01", FormKind::Stop), None);
        assert_eq!(title("2026-11-26", FormKind::Control).unwrap().0, "06");
        assert_eq!(norms.on(day("2026-08-04")).supplements, None);
        assert_eq!(norms.on(day("2026-08-05")).supplements, Some(1));
        assert_eq!(norms.on(day("1800-01-01")), norms.on(day("1900-01-01")));
        assert_eq!(norms.judging_until(day("2026-11-26")).len(), 1);
    }

    #[test]
    fn what_is_no_list_of_norms_is_refused() {
        let wrong = |json: &str| Norms::new(&Norms::read(json.as_bytes()).unwrap()).unwrap_err();
        assert_eq!(wrong("[]"), INCOMPLETE);
        assert_eq!(
            wrong(r#"[{"valid_from":"2020-01-01","basis":[]}]"#),
            INCOMPLETE
        );
        let mut rows = Norms::read(BUNDLED).unwrap();
        rows.swap(1, 2);
        assert_eq!(Norms::new(&rows), Err(UNORDERED));
        assert!(Norms::read(br#"[{"valid_from":"2020-01-01","basis":[],"x":1}]"#).is_err());
        let approved =
            br#"[{"valid_from":"2020-01-01","basis":[],"rates_leave_out":["approved"]}]"#;
        assert!(Norms::read(approved).is_err());
    }
}
