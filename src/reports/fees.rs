//! Fees over a span: what was collected, what was paid back and what is left of it, by unit, procedure or way of payment.
//! From the events themselves, which are few beside the others.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::error::Error;
use crate::render;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::reports::by::FeesBy;
use crate::reports::parameters::Parameters;
use crate::reports::standings::Span;
use crate::reports::table::{self, Figure};
use crate::reports::{Report, names};
use crate::store::Store;
use crate::store::money::{self, Flow};

/// Money of fees over a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fees {
    pub by: FeesBy,
    pub span: Span,
    /// Of which unit and what is under it, in a sentence; `None`: the whole office.
    pub of_unit: Option<String>,
    /// Key, name and sums.
    pub rows: Vec<(String, String, Sums)>,
    pub total: Sums,
}

/// Sums of money, in đồng.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Sums {
    /// Số lần thu.
    pub collected: i64,
    pub collected_vnd: i64,
    /// Số lần hoàn trả.
    pub refunded: i64,
    pub refunded_vnd: i64,
    /// Đã thu trừ hoàn trả.
    pub net_vnd: i64,
}

impl Sums {
    fn add(&mut self, flow: &Flow) {
        self.collected += flow.collected;
        self.collected_vnd = self.collected_vnd.saturating_add(flow.collected_vnd);
        self.refunded += flow.refunded;
        self.refunded_vnd = self.refunded_vnd.saturating_add(flow.refunded_vnd);
        self.net_vnd = self.collected_vnd.saturating_sub(self.refunded_vnd);
    }
}

/// Phí, lệ phí đã thu và hoàn trả.
#[derive(Serialize, ToSchema)]
pub struct FeesReport {
    by: FeesBy,
    from: NaiveDate,
    to: NaiveDate,
    rows: Vec<FeesRow>,
    total: Sums,
}

/// One row of it.
#[derive(Serialize, ToSchema)]
pub struct FeesRow {
    /// Mã đơn vị, mã thủ tục, hoặc cách nộp.
    #[schema(example = "H37.20.01")]
    key: String,
    name: String,
    #[serde(flatten)]
    sums: Sums,
}

fn figures() -> Vec<Figure<Sums>> {
    vec![
        (Column::number("collected", "Số lần thu"), |sums| {
            Cell::Count(sums.collected)
        }),
        (Column::number("collected_vnd", "Đã thu"), |sums| {
            Cell::Count(sums.collected_vnd)
        }),
        (
            Column::number("refunded", "Số lần hoàn trả"),
            |sums| Cell::Count(sums.refunded),
        ),
        (Column::number("refunded_vnd", "Đã hoàn trả"), |sums| {
            Cell::Count(sums.refunded_vnd)
        }),
        (Column::number("net_vnd", "Còn lại"), |sums| {
            Cell::Count(sums.net_vnd)
        }),
    ]
}

impl Report for Fees {
    const NAME: &'static str = "fees";
    const ABOUT: &'static str =
        "Phí, lệ phí đã thu và đã hoàn trả trong kỳ theo đơn vị, thủ tục hoặc cách nộp.";
    const BY: &'static [&'static str] = &FeesBy::NAMES;

    type Json = FeesReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        let by = asked.by(&FeesBy::ALL)?;
        let span = asked.span;
        store.read_with_reference(|conn, reference| {
            span.check(reference)?;
            let from = Moment::at(span.period.from, chrono::NaiveTime::MIN);
            let known = end_of(span.known_on);
            let units = reference.units();
            let mut rows: BTreeMap<String, (String, Sums)> = BTreeMap::new();
            let mut total = Sums::default();
            for flow in money::flows(conn, from, end_of(span.period.to), known)? {
                if asked
                    .unit
                    .is_some_and(|root| !units.is_under(flow.unit, root))
                {
                    continue;
                }
                let (key, name) = match by {
                    FeesBy::Unit => names::unit(reference, flow.unit),
                    FeesBy::Procedure => names::procedure(reference, flow.procedure),
                    FeesBy::Method => (
                        flow.method.as_str().to_owned(),
                        render::words::payment_method(flow.method).to_owned(),
                    ),
                };
                let row = rows.entry(key).or_insert((name, Sums::default()));
                row.1.add(&flow);
                total.add(&flow);
            }
            let rows = rows.into_iter();
            Ok(Self {
                by,
                span,
                of_unit: names::of_unit(reference, asked.unit),
                rows: rows.map(|(key, (name, sums))| (key, name, sums)).collect(),
                total,
            })
        })
    }

    fn json(&self) -> FeesReport {
        let rows = self.rows.iter().map(|(key, name, sums)| FeesRow {
            key: key.clone(),
            name: name.clone(),
            sums: *sums,
        });
        FeesReport {
            by: self.by,
            from: self.span.period.from,
            to: self.span.period.to,
            rows: rows.collect(),
            total: self.total,
        }
    }

    fn sheet(&self) -> Sheet {
        let by = match self.by {
            FeesBy::Unit => "đơn vị",
            FeesBy::Procedure => "thủ tục",
            FeesBy::Method => "cách nộp",
        };
        let figures = figures();
        let labels = [Column::text("key", "Mã"), Column::text("name", "Tên")];
        let rows = self.rows.iter().map(|(key, name, sums)| Row {
            kind: RowKind::Single,
            cells: table::cells([key, name], sums, &figures),
        });
        let total = Row {
            kind: RowKind::Total,
            cells: table::cells(["", "Tổng số"], &self.total, &figures),
        };
        Sheet {
            title: vec![format!(
                "Phí, lệ phí đã thu và hoàn trả theo {by}, {}",
                self.span.in_words()
            )],
            subtitle: (self.of_unit.iter().cloned())
                .chain(["Đơn vị tính: đồng".to_owned()])
                .collect(),
            columns: table::columns(&labels, &figures),
            rows: rows.chain([total]).collect(),
            notes: vec![
                "Theo ngày thu và ngày hoàn trả; gồm cả số tiền yêu cầu nộp ngoài phí của thủ tục. Hồ sơ đã chuyển sang \
                 đơn vị kế thừa được tính ở đơn vị đó."
                    .to_owned(),
            ],
            ..Sheet::default()
        }
    }
}
