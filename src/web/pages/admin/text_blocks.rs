//! `/quan-tri/mau-cau`: texts that are put into what is written to applicants.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::domain::role::Permission;
use crate::domain::text_block::Purpose;
use crate::render::words;
use crate::web::api::call::Call;
use crate::web::api::page::Page;
use crate::web::api::text_blocks::{self, NewTextBlock, TextBlockQuery, TextBlockView};
use crate::web::body;
use crate::web::headers::{IdempotencyKey, IfMatch};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, TAG, form_tag};
use crate::web::pages::{Frame, drafts, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/quan-tri/mau-cau";

const KEY: &str = "key";

#[derive(Template)]
#[template(path = "admin/text_blocks.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<TextBlockView>,
    next: Option<String>,
    done: Option<&'static str>,
    /// Whoever keeps more than these has a page above it.
    administers: bool,
}

#[derive(Template)]
#[template(path = "admin/text_block.html")]
struct OnePage {
    frame: Frame,
    title: &'static str,
    address: String,
    form: FormPart,
    /// Somebody else has changed it in the meantime.
    changed: bool,
    /// It may be taken away.
    known: bool,
}

impl ListPage {
    fn purpose(row: &TextBlockView) -> &'static str {
        words::purpose(row.purpose)
    }
}

/// `GET /quan-tri/mau-cau`.
pub async fn list(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let done = match typed.get("xong") {
        "them" => Some("Đã thêm mẫu câu."),
        "sua" => Some("Đã ghi thay đổi."),
        "xoa" => Some("Đã xóa mẫu câu."),
        _ => None,
    };
    let query = TextBlockQuery::read(&typed.query_without(&["xong"]))?;
    let (rows, next) = Page::into_parts(text_blocks::page(&call, query).await?);
    let shown = ListPage {
        frame: Frame::of(&call.by, super::PATH),
        rows,
        next: next.map(|next| {
            let after = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
            format!("{PATH}?{after}")
        }),
        done,
        administers: call.by.may(Permission::ManageUsers),
    };
    page(StatusCode::OK, &shown)
}

fn form(known: Option<&TextBlockView>) -> FormPart {
    let purposes = Purpose::ALL
        .into_iter()
        .map(|purpose| Choice::new(purpose.as_str(), words::purpose(purpose)));
    let mut title = Field::text("title", "Tên mẫu")
        .required()
        .hint("Để chọn trong danh sách.");
    title.focus = true;
    let mut fields = vec![
        title,
        Field::choice("purpose", "Dùng khi", purposes.collect()),
        Field::text("procedure", "Mã thủ tục").hint("Để trống: dùng cho mọi thủ tục."),
        Field::area("body", "Nội dung")
            .required()
            .hint("Lý do, căn cứ pháp lý, cách hoàn thiện. Không ghi dữ liệu của người nộp."),
    ];
    match known {
        None => fields.push(Field::hidden(KEY, uuid::Uuid::new_v4().simple())),
        Some(known) => {
            let values = [
                known.title.as_str(),
                known.purpose.as_str(),
                known.procedure.as_deref().unwrap_or_default(),
                known.body.as_str(),
            ];
            for (field, value) in fields.iter_mut().zip(values) {
                value.clone_into(&mut field.value);
            }
            fields.push(Field::tag(known));
        }
    }
    FormPart::new(fields).remembering()
}

/// Where the form is sent to.
fn place(known: Option<&TextBlockView>) -> String {
    match known {
        None => format!("{PATH}/them"),
        Some(known) => format!("{PATH}/{}", known.id),
    }
}

/// The form as it came, of the draft that it is.
fn again(known: Option<&TextBlockView>, typed: &Fields) -> FormPart {
    drafts::again(form(known).typed(typed), typed, &place(known))
}

fn answer(
    call: &Call,
    status: StatusCode,
    form: FormPart,
    known: Option<&TextBlockView>,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let shown = OnePage {
        frame: Frame::of(&call.by, super::PATH).wrong(changed || !form.errors.is_empty()),
        title: match known {
            None => "Thêm mẫu câu",
            Some(_) => "Sửa mẫu câu",
        },
        address: place(known),
        form,
        changed,
        known: known.is_some(),
    };
    page(status, &shown)
}

/// `GET /quan-tri/mau-cau/them`.
pub async fn ask_new(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let given = drafts::given(&call, &typed, &place(None)).await?;
    answer(&call, StatusCode::OK, given.over(form(None)), None, false)
}

/// `POST /quan-tri/mau-cau/them`.
pub async fn add(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let form = again(None, &typed);
    let body = form.body().to_string().into_bytes();
    let added = match body::read::<NewTextBlock>(&body) {
        Ok(new) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            text_blocks::put_in(&call, key, new, body::hash(&body)).await
        }
        Err(problem) => Err(problem),
    };
    match added {
        Ok(_) => drafts::taken(&call, &typed, "/quan-tri/mau-cau?xong=them").await,
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), form, None, false)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// `GET /quan-tri/mau-cau/{block}`.
pub async fn ask_change(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let known = text_blocks::find(&call).await?;
    let given = drafts::given(&call, &typed, &place(Some(&known))).await?;
    let form = given.over(form(Some(&known)));
    answer(&call, StatusCode::OK, form, Some(&known), false)
}

/// `POST /quan-tri/mau-cau/{block}`.
pub async fn change(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let known = text_blocks::find(&call).await?;
    let form = again(Some(&known), &typed);
    let body = form.body().to_string().into_bytes();
    let changed = match body::read::<NewTextBlock>(&body) {
        Ok(new) => text_blocks::alter(&call, IfMatch::of_form(typed.get(TAG)), new).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => drafts::taken(&call, &typed, "/quan-tri/mau-cau?xong=sua").await,
        Err(problem) if problem.kind() == Kind::Changed => {
            if let Some(done) =
                drafts::taken_before(&call, &typed, "/quan-tri/mau-cau?xong=sua").await?
            {
                return Ok(done);
            }
            let now = self::form(Some(&known));
            let form = form.renewed(TAG, form_tag(&known)).beside(&now);
            answer(&call, problem.status_code(), form, Some(&known), true)
        }
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), form, Some(&known), false)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// `POST /quan-tri/mau-cau/{block}/xoa`.
pub async fn remove(call: Call) -> Result<HttpResponse, Problem> {
    text_blocks::take_out(&call).await?;
    Ok(see_other("/quan-tri/mau-cau?xong=xoa").finish())
}
