//! Pages as a browser asks for them: how long the server takes for one, and how large it is, style and script by
//! the way. What a page's limit is comes from who waits for it: a clerk with a queue, a citizen with an old phone.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::ids::DossierId;
use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::http::{Client, Reply, load, request};
use crate::tools::bench::office::{COMMUNE, Office, Server};
use crate::tools::bench::reads::sample;
use crate::tools::bench::receipts::PROCEDURE;
use crate::views;

/// One asks while another is answered: 2 cores are shared with the server.
const CLIENTS: usize = 2;
/// Different dossiers, so that none is asked for again soon.
const DIFFERENT: usize = 2000;
const STAFF_MS: f64 = 10.0;
const CITIZEN_MS: f64 = 3.0;
const STAFF_BYTES: f64 = 60_000.0;
const CITIZEN_BYTES: f64 = 20_000.0;
/// Page, style and script together, as they are: packed they are a fraction of it.
const FIRST_VISIT_BYTES: f64 = 80_000.0;

/// The name of a session's cookie where it is not said to go over plain http.
const COOKIE: &str = "__Host-motcua";

fn staff(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: {COOKIE}={token}\r\n\r\n").into_bytes()
}

fn form(path: &str, fields: &[(&str, &str)]) -> Result<Vec<u8>, ToolError> {
    let body = serde_urlencoded::to_string(fields).map_err(ToolError::bench)?;
    Ok(format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes())
}

pub(crate) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Vec<Line>, ToolError> {
    let clerk = office.clerk(server)?;
    let supervisor = office.supervisor(server)?;
    let all = sample(office)?;
    let is_here = |number: &str| number.starts_with(COMMUNE);
    let here: Vec<_> = all
        .iter()
        .filter(|(_, number)| is_here(number))
        .cloned()
        .collect();
    let all = &all[..all.len().min(DIFFERENT)];
    let dossiers_of = |sample: &[(DossierId, String)], token: &str| -> Vec<Vec<u8>> {
        let path = |number: &str| staff(&format!("/ho-so/{number}"), token);
        sample.iter().map(|(_, number)| path(number)).collect()
    };
    let mut look_ups = Vec::new();
    for (id, number) in all {
        let code = views::look_up::look_up_code(&office.store, *id)?;
        look_ups.push(form("/tra-cuu", &[("so", number), ("ma", &code)])?);
    }
    let one = |path: &str, token: &str| vec![staff(path, token)];
    let receive = format!("/ho-so/tiep-nhan?thu-tuc={PROCEDURE}");
    let cases = [
        ("clerk: open dossiers", one("/ho-so", &clerk)),
        ("clerk: overdue", one("/ho-so?list=overdue", &clerk)),
        ("clerk: a dossier", dossiers_of(&here, &clerk)),
        ("clerk: receive", one(&receive, &clerk)),
        ("clerk: today", one("/hom-nay", &clerk)),
        ("supervisor: open dossiers", one("/ho-so", &supervisor)),
        (
            "supervisor: overdue",
            one("/ho-so?list=overdue", &supervisor),
        ),
        ("supervisor: a dossier", dossiers_of(all, &supervisor)),
        ("supervisor: overview", one("/tong-quan", &supervisor)),
        (
            "supervisor: late, all units",
            one("/tong-quan/qua-han", &supervisor),
        ),
        ("citizen: look-up", look_ups),
        (
            "citizen: first page",
            vec![request("GET", "/tra-cuu", None, None)],
        ),
    ];
    let mut lines = Vec::new();
    let mut client = Client::connect(server.address)?;
    for (case, requests) in cases {
        let (most_ms, most_bytes) = match case.starts_with("citizen") {
            true => (CITIZEN_MS, CITIZEN_BYTES),
            false => (STAFF_MS, STAFF_BYTES),
        };
        let ask = |client: usize| {
            let mut at = client * requests.len() / CLIENTS;
            let requests = &requests;
            move |_: Option<&Reply>| {
                at = (at + 1) % requests.len();
                requests[at].clone()
            }
        };
        load(server.address, CLIENTS, time / 3, 200, ask)?;
        let done = load(server.address, CLIENTS, time, 200, ask)?;
        let p99 = done.quantile_ms(0.99);
        lines.push(Line {
            limit: Some(most_ms),
            ratio: Some(most_ms / p99),
            goal: Some(1.0),
            p99_ms: Some(p99),
            ..office.line(format!("page, {case}"), done.quantile_ms(0.5), "ms")
        });
        let page = String::from_utf8_lossy(&client.call(&requests[0])?.body).into_owned();
        let bytes = |case: String, value: usize, most: f64| Line {
            limit: Some(most),
            ratio: Some(most / value as f64),
            goal: Some(1.0),
            ..office.line(case, value as f64, "B")
        };
        lines.push(bytes(format!("size, {case}"), page.len(), most_bytes));
        let first = page.len() + made_with(&mut client, &page)?;
        lines.push(bytes(
            format!("first visit, {case}"),
            first,
            FIRST_VISIT_BYTES,
        ));
    }
    Ok(lines)
}

/// How large what a page is made with is.
fn made_with(client: &mut Client, page: &str) -> Result<usize, ToolError> {
    let names: BTreeSet<&str> = page
        .split("\"/static/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let mut bytes = 0;
    for name in names {
        let file = client.call(&request("GET", &format!("/static/{name}"), None, None))?;
        bytes += file.body.len();
    }
    Ok(bytes)
}
