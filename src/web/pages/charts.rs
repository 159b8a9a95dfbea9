//! Charts as SVG, made here: shapes with their figures in words beside them, readable without colour. Each stands beside
//! the table that says the same, so that nobody needs it.

use askama::Template;

/// Bars below each other, each with its name above and its figure behind it.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<svg viewBox="0 0 360 {{ height }}" width="100%" role="img" aria-label="{{ title }}" font-size="13" fill="currentColor">
{% for bar in bars %}<text x="0" y="{{ bar.y + 14 }}">{{ bar.name }}</text>
<rect x="0" y="{{ bar.y + 20 }}" width="270" height="12" fill="none" stroke="#c5ced6"/>
<rect x="0" y="{{ bar.y + 20 }}" width="{{ bar.width }}" height="12" fill="#0b5394"/>
<text x="278" y="{{ bar.y + 31 }}">{{ bar.figure }}</text>
{% endfor %}</svg>"##
)]
pub(super) struct Bars {
    title: String,
    height: usize,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    figure: String,
    width: u32,
    y: usize,
}

/// Where a name would run out of the picture.
const LONGEST_NAME: usize = 46;

/// How high a bar with its name is.
const ROW: usize = 40;

impl Bars {
    /// `rows`: name, figure in words, and how long the bar is: so many parts of ten thousand.
    pub(super) fn new(
        title: String,
        rows: impl IntoIterator<Item = (String, String, i64)>,
    ) -> Self {
        let rows = rows.into_iter().enumerate();
        let bars = rows.map(|(i, (name, figure, parts))| Bar {
            name: shortened(&name),
            figure,
            width: u32::try_from(parts.clamp(0, 10_000) * 270 / 10_000).unwrap_or(0),
            y: i * ROW,
        });
        let bars: Vec<_> = bars.collect();
        Self {
            title,
            height: bars.len() * ROW,
            bars,
        }
    }
}

fn shortened(name: &str) -> String {
    match name.chars().count() > LONGEST_NAME {
        true => name.chars().take(LONGEST_NAME - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

/// Two columns a month: received as an outline, resolved filled.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<svg viewBox="0 0 360 210" width="100%" role="img" aria-label="{{ title }}" font-size="11" fill="currentColor">
<rect x="0" y="2" width="10" height="10" fill="none" stroke="#0b5394" stroke-width="2"/><text x="16" y="12">Tiếp nhận trong kỳ</text>
<rect x="130" y="2" width="10" height="10" fill="#0b5394"/><text x="146" y="12">Giải quyết</text>
<text x="360" y="12" text-anchor="end">cao nhất: {{ most }}</text>
{% for pair in pairs %}<rect x="{{ pair.x }}" y="{{ 185 - pair.first }}" width="{{ width }}" height="{{ pair.first }}" fill="none" stroke="#0b5394" stroke-width="2"/>
<rect x="{{ pair.x + width + 1 }}" y="{{ 185 - pair.second }}" width="{{ width }}" height="{{ pair.second }}" fill="#0b5394"/>
{% if !pair.name.is_empty() %}<text x="{{ pair.x + width }}" y="203" text-anchor="middle">{{ pair.name }}</text>
{% endif %}{% endfor %}<line x1="0" y1="185" x2="360" y2="185" stroke="currentColor"/></svg>"##
)]
pub(super) struct Columns {
    title: String,
    most: String,
    width: usize,
    pairs: Vec<Pair>,
}

struct Pair {
    x: usize,
    first: i64,
    second: i64,
    /// Where there is room for it.
    name: String,
}

impl Columns {
    /// `rows`: name, received, resolved.
    pub(super) fn new(title: String, rows: &[(String, i64, i64)]) -> Self {
        let most = rows.iter().map(|row| row.1.max(row.2)).max();
        let most = most.unwrap_or(0).max(1);
        let room = 360 / rows.len().max(1);
        // Some twelve names fit.
        let every = rows.len().div_ceil(12).max(1);
        let pairs = rows
            .iter()
            .enumerate()
            .map(|(i, (name, first, second))| Pair {
                x: i * room + 1,
                first: first.max(&0) * 160 / most,
                second: second.max(&0) * 160 / most,
                name: match i % every {
                    0 => name.clone(),
                    _ => String::new(),
                },
            });
        Self {
            title,
            most: crate::render::words::number(most),
            width: (room.saturating_sub(4) / 2).clamp(1, 24),
            pairs: pairs.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_its_figures_and_stays_in_its_picture() {
        let name = "Ủy ban nhân dân xã có tên <dài> & rất dài, dài đến nỗi không vừa".to_owned();
        let rows = [
            (name, "99,99%".to_owned(), 9_999),
            ("Rỗng".to_owned(), "–".to_owned(), 0),
        ];
        let svg = Bars::new("Tỷ lệ".to_owned(), rows).render().unwrap();
        for expected in [
            "99,99%",
            "&#60;dài&#62;",
            "…",
            "width=\"269\"",
            "viewBox=\"0 0 360 80\"",
        ] {
            assert!(svg.contains(expected), "{expected} in {svg}");
        }
        let months: Vec<_> = (0..40).map(|i| (format!("{i}"), i, 39 - i)).collect();
        let svg = Columns::new("Xu hướng".to_owned(), &months)
            .render()
            .unwrap();
        assert_eq!(svg.matches("<rect").count(), 82, "{svg}");
        assert!(svg.contains("cao nhất: 39"), "{svg}");
        // Of nothing at all, an empty picture.
        assert!(
            Columns::new(String::new(), &[])
                .render()
                .unwrap()
                .contains("<svg")
        );
    }
}
