//! Arrows go down only: which folder may use which. The map is in docs/architecture.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room under `src/`, lowest first, with the rooms that it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("metrics", &[]),
    ("http_client", &[]),
    ("wrong_fields", &["domain"]),
    ("store", &["domain", "clock", "metrics"]),
    ("render", &["domain"]),
    ("error", &["domain", "store", "render"]),
    ("views", &["domain", "store", "render", "error"]),
    ("reports", &["domain", "store", "render", "error", "views"]),
    (
        "imports",
        &[
            "domain",
            "clock",
            "wrong_fields",
            "store",
            "render",
            "error",
        ],
    ),
    (
        "outgoing",
        &[
            "domain",
            "clock",
            "metrics",
            "http_client",
            "store",
            "render",
            "views",
        ],
    ),
    (
        "acts",
        &[
            "domain",
            "clock",
            "http_client",
            "store",
            "render",
            "error",
            "views",
            "imports",
            "outgoing",
        ],
    ),
    (
        "jobs",
        &[
            "domain", "clock", "store", "render", "error", "views", "reports", "outgoing", "acts",
        ],
    ),
    (
        "web",
        &[
            "domain",
            "clock",
            "metrics",
            "wrong_fields",
            "store",
            "render",
            "error",
            "views",
            "reports",
            "outgoing",
            "acts",
            "jobs",
        ],
    ),
    ("config", &["domain", "store", "outgoing", "acts", "web"]),
    (
        "tools",
        &[
            "domain",
            "clock",
            "http_client",
            "store",
            "render",
            "error",
            "views",
            "reports",
            "imports",
            "acts",
            "jobs",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "domain", "clock", "store", "render", "error", "views", "reports", "imports",
            "outgoing", "acts", "jobs", "web", "config", "tools",
        ],
    ),
];

/// `src/store/users.rs` → `store`, `src/clock.rs` → `clock`.
fn room(file: &Path) -> String {
    let first = file.components().nth(1).expect("a file below src");
    let name = first.as_os_str().to_str().expect("UTF-8");
    name.trim_end_matches(".rs").to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a file names: what follows `crate::`, also in braces.
fn used(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let code: Vec<_> = code.collect();
    let code = code.join(" ");
    let name = |text: &str| -> String {
        let word = text
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_');
        word.collect()
    };
    let mut found = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => {
                // `use crate::{acts, views::list::{Item, list}};`: the words at the list's own depth.
                let (mut depth, mut start) = (1, true);
                for (i, c) in list.char_indices() {
                    if depth == 1 && start {
                        found.insert(name(&list[i..]));
                        start = c.is_whitespace();
                    }
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => start = true,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            None => {
                found.insert(name(after));
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn arrows_go_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in &files {
        let below = file.strip_prefix(root).unwrap();
        let room = room(below);
        if ["main", "lib"].contains(&room.as_str()) {
            continue;
        }
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!(
                "{}: a room that is not on the map",
                below.display()
            ));
            continue;
        };
        seen.insert(room.clone());
        for other in used(&fs::read_to_string(file).unwrap()) {
            if other != room && !may.contains(&other.as_str()) {
                wrong.push(format!("{} uses {other}", below.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(
        seen.len(),
        ROOMS.len(),
        "rooms on the map that are gone: {seen:?}"
    );
}

#[test]
fn the_map_has_no_ring() {
    // Taken away one after the other, each when nothing that it uses is left.
    let mut left: Vec<_> = ROOMS.iter().collect();
    while !left.is_empty() {
        let names: Vec<_> = left.iter().map(|(name, _)| *name).collect();
        let before = left.len();
        left.retain(|(_, may)| may.iter().any(|other| names.contains(other)));
        assert!(left.len() < before, "a ring among {names:?}");
    }
}

#[test]
fn only_the_store_knows_sql_and_the_domain_knows_nobody() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for file in files {
        let below = file.strip_prefix(root).unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let room = room(&below);
        if room == "domain" {
            for other in ["actix_web::", "diesel::", "Utc::now(", "SystemTime::now("] {
                assert!(!text.contains(other), "{}: {other}", below.display());
            }
        }
        if room != "store" && room != "error" {
            for sql in ["diesel::prelude", "sql_query(", "store::schema::"] {
                assert!(!text.contains(sql), "{}: {sql}", below.display());
            }
        }
    }
}
