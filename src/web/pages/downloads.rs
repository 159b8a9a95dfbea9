//! Tables of pages as files: the same sheet for a spreadsheet, as CSV or as a workbook. Pages know their callers by a
//! cookie, which the API does not take, so they have addresses of their own.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::domain::person::fold_diacritics;
use crate::error::Error;
use crate::render::sheet::Sheet;
use crate::render::{self, Format, words};
use crate::store::Store;
use crate::views;
use crate::views::list::{ListItem, ListRequest};
use crate::web::pages::forms::Fields;
use crate::web::problem::{Kind, Problem};

/// In the addresses: the form.
pub(super) const AS: &str = "dang";

/// How many dossiers a file has at most; that there are more is said in it.
const MOST_ROWS: usize = 5000;

/// Where the files of a table are.
pub(super) struct Downloads {
    pub(super) csv: String,
    pub(super) xlsx: String,
}

impl Downloads {
    /// Of the table on the page of that address.
    pub(super) fn of(address: &str) -> Self {
        let joint = match address.contains('?') {
            true => '&',
            false => '?',
        };
        let with = |form: &str| format!("{address}{joint}{AS}={form}");
        Self {
            csv: with("csv"),
            xlsx: with("xlsx"),
        }
    }
}

/// In which form a file is asked for; none for a page.
pub(super) fn wanted(typed: &Fields) -> Option<Format> {
    match typed.get(AS) {
        "csv" => Some(Format::CsvPeople),
        "xlsx" => Some(Format::Xlsx),
        _ => None,
    }
}

/// A name as every disk takes it: `Đúng hạn theo đơn vị` is `dung-han-theo-don-vi`.
fn plain(name: &str) -> String {
    let words = fold_diacritics(name);
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// A sheet as a file that is saved under that name, in plain letters. Nobody on the way keeps it.
pub(super) fn file(name: &str, format: Format, sheet: &Sheet) -> Result<HttpResponse, Problem> {
    let bytes = render::of_sheet(sheet, format);
    let bytes = bytes.map_err(|error| Problem::new(Kind::Internal, error))?;
    let ending = format.file_ending().unwrap_or("txt");
    let saved = format!("attachment; filename=\"{}.{ending}\"", plain(name));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, saved))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(bytes.unwrap_or_default()))
}

/// All pages of a list as far as a file goes, and what to say where it goes on.
pub(super) fn all_of(
    store: &Store,
    mut request: ListRequest,
) -> Result<(Vec<ListItem>, Vec<String>), Error> {
    let mut items = Vec::new();
    request.limit = 200;
    loop {
        let listing = views::list::list(store, &request)?;
        items.extend(listing.items);
        match listing.next {
            None => return Ok((items, Vec::new())),
            Some(_) if items.len() >= MOST_ROWS => {
                let most = words::number(i64::try_from(items.len()).unwrap_or(i64::MAX));
                let cut = format!("Còn nữa: đây là {most} hồ sơ đầu; hãy chọn hẹp hơn.");
                return Ok((items, vec![cut]));
            }
            Some(next) => request.after = Some(next),
        }
    }
}
