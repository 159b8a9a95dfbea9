//! `/tong-quan/theo-buoc`: where time is lost, step by step of the workflows, of a period, a unit or a procedure.

use crate::render;
use crate::reports::by_step::BySteps;
use crate::web::pages::charts::Bars;
use crate::web::pages::overview::rendered;
use crate::web::pages::reports::OnPage;
use crate::web::problem::Problem;

/// How many rows the chart has.
const MOST_BARS: usize = 12;

impl OnPage for BySteps {
    const TITLE: &'static str = "Thời gian theo bước xử lý";
    const PATH: &'static str = "/tong-quan/theo-buoc";
    const WAYS: &'static [(&'static str, &'static str)] = &[
        ("step", "Từng bước của thủ tục"),
        ("unit", "Đơn vị giữ hồ sơ"),
    ];
    const FROM: &'static str = "Tiếp nhận từ ngày";
    const DAYS: Option<u64> = Some(30);
    const MOST_ROWS: usize = 40;

    fn nothing(&self) -> Option<&'static str> {
        let nothing = self.rows.is_empty();
        nothing.then_some("Không có hồ sơ nào tiếp nhận trong kỳ này.")
    }

    /// Where the most time is lost; nothing where none is.
    fn chart(&self) -> Result<Option<(&'static str, String)>, Problem> {
        let lost = self.rows.iter().filter(|row| row.figures.lost > 0);
        let lost: Vec<_> = lost.take(MOST_BARS).collect();
        let Some(most) = lost.first().map(|row| row.figures.lost) else {
            return Ok(None);
        };
        let bars = lost.into_iter().map(|row| {
            let name = match &row.step {
                Some((_, step)) => format!("{}: {step}", row.of.0),
                None => row.of.1.clone(),
            };
            let hours = render::local_hours(row.figures.lost_hundredths());
            (
                name,
                format!("{hours} giờ"),
                row.figures.lost * 10_000 / most,
            )
        });
        let title = "Tổng thời gian vượt, nhiều nhất trước".to_owned();
        let chart = rendered(&Bars::new(title, bars))?;
        let shows = "Mất thời gian nhiều nhất (giờ làm việc vượt thời gian của bước)";
        Ok(Some((shows, chart)))
    }
}
