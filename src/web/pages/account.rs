//! `/tai-khoan`: the own account, and a new password for it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::domain::role::Permission;
use crate::render;
use crate::views::list::named_unit;
use crate::web::api::call::Call;
use crate::web::api::sessions;
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::{Frame, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/tai-khoan";

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    form: FormPart,
    full_name: String,
    username: String,
    role: &'static str,
    unit: String,
    changed: bool,
    must_change: bool,
    no_dossiers: bool,
}

const PRESENT: &str = "password";
const NEW: &str = "new_password";
const AGAIN: &str = "new_password_again";

fn form() -> FormPart {
    FormPart::new(vec![
        Field::password(PRESENT, "Mật khẩu hiện nay", "current-password").required(),
        Field::password(NEW, "Mật khẩu mới", "new-password")
            .required()
            .hint("Ít nhất 10 ký tự, không chứa tên đăng nhập; một câu dài dễ nhớ là tốt nhất."),
        Field::password(AGAIN, "Gõ lại mật khẩu mới", "new-password").required(),
    ])
}

async fn answer(
    call: &Call,
    status: StatusCode,
    form: FormPart,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let unit = call
        .run(|store, by, _| Ok(named_unit(&*store.reference()?, by.unit).name))
        .await?;
    let by = &call.by;
    let shown = AccountPage {
        frame: Frame::of(by, PATH).wrong(!form.errors.is_empty()),
        form,
        full_name: by.full_name.clone(),
        username: by.username.clone(),
        role: render::words::role(by.role),
        unit,
        changed,
        must_change: by.must_change_password,
        no_dossiers: !by.may(Permission::ReadDossiers),
    };
    page(status, &shown)
}

/// `GET /tai-khoan`.
pub async fn show(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    let changed = fields.get("xong") == "1";
    answer(&call, StatusCode::OK, form(), changed).await
}

/// `POST /tai-khoan`: a new password.
pub async fn change_password(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    if fields.get(NEW) != fields.get(AGAIN) {
        let form = form().wrong(AGAIN, "hai lần gõ không giống nhau".to_owned());
        return answer(&call, StatusCode::BAD_REQUEST, form, false).await;
    }
    let (present, new) = (fields.get(PRESENT).to_owned(), fields.get(NEW).to_owned());
    match sessions::renew_password(&call, present, new).await {
        Ok(()) => Ok(see_other("/tai-khoan?xong=1").finish()),
        Err(problem) => match problem.kind() {
            Kind::InvalidRequest | Kind::TooManyRequests => {
                answer(
                    &call,
                    problem.status_code(),
                    form().refused(&problem),
                    false,
                )
                .await
            }
            Kind::WrongCredentials => {
                let form = form().wrong(PRESENT, "không đúng mật khẩu hiện nay".to_owned());
                answer(&call, StatusCode::FORBIDDEN, form, false).await
            }
            _ => Err(problem),
        },
    }
}
