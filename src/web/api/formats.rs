//! In which form a report or a list leaves: by name, or by what the caller likes (`Accept`).

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, VARY};

use crate::render::Format;
use crate::web::problem::FieldError;

/// That a name is none of a form.
pub(crate) fn wrong_format() -> FieldError {
    let all = Format::ALL.map(Format::as_str).join(", ");
    FieldError::new("format", format!("phải là một trong: {all}"))
}

/// An answer in that form; what is to be saved is called `file`.
pub(crate) fn file_of(format: Format, file: &str, bytes: Vec<u8>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, format.media_type()));
    answer.insert_header((VARY, "accept"));
    if let Some(ending) = format.file_ending() {
        let file = format!("attachment; filename=\"{file}.{ending}\"");
        answer.insert_header((CONTENT_DISPOSITION, file));
    }
    answer.body(bytes)
}

/// The form that the caller likes best (`Accept`), of those of one medium the first; JSON if they do not say.
pub(crate) fn accepted(headers: &HeaderMap) -> Format {
    let lines = headers
        .get_all(ACCEPT)
        .filter_map(|line| line.to_str().ok());
    let wanted = lines.flat_map(|line| line.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let medium = parts.next()?;
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let weight: f32 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
        let mut all = Format::ALL.into_iter();
        let format = all.find(|format| {
            let own = format.media_type().split(';').next();
            own.is_some_and(|own| own.eq_ignore_ascii_case(medium))
        });
        let any = matches!(medium, "*/*" | "application/*").then_some(Format::Json);
        Some((weight, format.or(any)?))
    });
    // Of those liked as well, the one named first.
    let best = wanted.fold(None, |best: Option<(f32, Format)>, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => (next.0 > 0.0).then_some(next),
    });
    best.map_or(Format::Json, |(_, format)| format)
}
