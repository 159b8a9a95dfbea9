//! On-time rates from the roll-ups, beside a plain `group by` over the dossiers.

use std::time::Instant;

use crate::domain::moment::Moment;
use crate::domain::period::Period;
use crate::reports::by::By;
use crate::reports::standings::Span;
use crate::store::baseline;
use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::office::{COMMUNE, Office};
use crate::{reports, tools};

pub(crate) fn measure(office: &Office) -> Result<Vec<Line>, ToolError> {
    let store = &office.store;
    let period: Period = tools::scenario::loaded_period(store)?
        .ok_or_else(|| ToolError::bench("cơ sở dữ liệu không có kịch bản"))?;
    let span = Span::new(period, None, crate::clock::now()).map_err(ToolError::bench)?;
    let midnight = |day| Moment::at(day, chrono::NaiveTime::MIN).unix_millis();
    let (from, before) = (midnight(period.from), midnight(period.to) + 86_400_000);
    let reference = store.reference()?;
    let commune = reference.units().by_code(COMMUNE).map(|unit| unit.id);
    let mut lines = Vec::new();
    for (by, unit, goal) in [
        (By::Level, None, Some(100.0)),
        (By::Unit, None, Some(100.0)),
        (By::Field, None, Some(100.0)),
        (By::Month, None, Some(100.0)),
        (By::Procedure, None, Some(20.0)),
        (By::Field, commune, None),
        (By::Procedure, commune, None),
    ] {
        let report = || reports::on_time::on_time(store, by, span, unit).map_err(ToolError::bench);
        let resolved = report()?.total.resolved();
        let begun = Instant::now();
        let mut times = 0_u32;
        while times < 20 || (begun.elapsed().as_millis() < 500 && times < 2000) {
            report()?;
            times += 1;
        }
        let value = begun.elapsed().as_secs_f64() * 1000.0 / f64::from(times);
        let mut limit = f64::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            let counted = store
                .read(|conn| baseline::count_resolved(conn, by.as_str(), unit, from, before))?;
            limit = limit.min(begun.elapsed().as_secs_f64() * 1000.0);
            if counted != resolved {
                let detail = format!("báo cáo đếm {resolved}, bảng hồ sơ có {counted}");
                return Err(ToolError::Bench(detail));
            }
        }
        let of = unit.map_or("", |_| " of one unit");
        lines.push(Line {
            limit: Some(limit),
            ratio: Some(limit / value),
            goal,
            ..office.line(format!("on-time{of} by {}", by.as_str()), value, "ms")
        });
    }
    Ok(lines)
}
