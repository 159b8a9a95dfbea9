//! Pages of lists and searches: for a clerk of one unit and a supervisor over all, at every size of
//! the database.

use std::time::Duration;

use serde_json::{Value, json};

use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::http::{Reply, load, request};
use crate::tools::bench::office::{Office, Server};

const CLIENTS: usize = 4;
/// How far a reader leafs through a list after its first page, before beginning anew: as far as the pages
/// are full on the smallest database too, so that those compared hold as much.
const PAGES: usize = 2;

/// Names as the scenario gives them: often and seldom, whole and in part.
pub(crate) const NAMES: [&str; 8] = [
    "nguyen van an",
    "Hoàng Thị Hương",
    "nong duc dung",
    "yến",
    "thu lan",
    "vi xuan giang",
    "Triệu Hữu Phúc",
    "quynh",
];

fn next_of(reply: Option<&Reply>) -> Option<String> {
    let json: Value = serde_json::from_slice(&reply?.body).ok()?;
    json["next"].as_str().map(str::to_owned)
}

pub(crate) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Vec<Line>, ToolError> {
    let readers = [
        ("clerk of one unit", office.clerk(server)?),
        ("supervisor over all", office.supervisor(server)?),
    ];
    let mut lines = Vec::new();
    for (reader, token) in &readers {
        for list in ["open", "overdue", "all", "search"] {
            let ask = |client: usize| {
                let (mut page, mut name) = (0, client);
                move |last: Option<&Reply>| {
                    let next = next_of(last).filter(|_| page < PAGES);
                    page = if next.is_some() { page + 1 } else { 0 };
                    if list != "search" {
                        let after = next.map(|next| format!("&after={next}"));
                        let path =
                            format!("/api/v1/dossiers?list={list}{}", after.unwrap_or_default());
                        return request("GET", &path, Some(token), None);
                    }
                    if next.is_none() {
                        name = (name + 1) % NAMES.len();
                    }
                    let body = json!({"text": NAMES[name], "by": "name", "after": next});
                    let path = "/api/v1/dossiers/search";
                    request("POST", path, Some(token), Some(&body.to_string()))
                }
            };
            load(server.address, CLIENTS, time / 3, 200, ask)?;
            let done = load(server.address, CLIENTS, time, 200, ask)?;
            let case = format!("list {list}, {reader}");
            lines.push(Line {
                p99_ms: Some(done.quantile_ms(0.99)),
                ..office.line(case, done.quantile_ms(0.5), "ms")
            });
        }
    }
    Ok(lines)
}

/// Flat means: no slower on the largest database than on the smallest, but for noise. The limit of a
/// list is the same list on the smallest one.
pub(crate) fn compare(lines: &mut [Line]) {
    let all: Vec<Line> = lines.to_vec();
    for line in lines
        .iter_mut()
        .filter(|line| line.case.starts_with("list "))
    {
        let same = all
            .iter()
            .filter(|other| other.case == line.case && other.database == line.database);
        let smallest = same.min_by_key(|other| other.dossiers);
        if let Some(smallest) = smallest
            && smallest.dossiers < line.dossiers
        {
            line.limit = Some(smallest.value);
            line.ratio = Some(smallest.value / line.value);
            line.goal = Some(0.67);
        }
    }
}
