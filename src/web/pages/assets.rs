//! What pages are made with: compiled in, under names that change with what is in them, so that a browser
//! may keep it for good.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use rust_embed::Embed;

use crate::web::problem::Problem;

#[derive(Embed)]
#[folder = "src/web/pages/static/"]
struct Files;

/// Their names on disk under the names by which they are served.
static SERVED: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let names = Files::iter();
    names
        .map(|name| (served(&name), name.into_owned()))
        .collect()
});

/// `app.css` is `app-0a1b2c3d4e5f.css`.
fn served(name: &str) -> String {
    let hash = Files::get(name).map_or([0; 32], |file| file.metadata.sha256_hash());
    let hash = data_encoding::HEXLOWER.encode(&hash[..6]);
    match name.rsplit_once('.') {
        Some((stem, kind)) => format!("{stem}-{hash}.{kind}"),
        None => format!("{name}-{hash}"),
    }
}

/// Where a page finds it.
pub(crate) fn address(name: &str) -> String {
    format!("/static/{}", served(name))
}

/// `GET /static/{file}`.
pub async fn show(path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let file = SERVED.get(path.as_str()).and_then(|name| Files::get(name));
    let file = file.ok_or_else(|| Problem::not_found("không có tệp này"))?;
    let kind = match path.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Type", kind))
        .insert_header(("Cache-Control", "public, max-age=31536000, immutable"))
        .body(file.data.into_owned()))
}
