//! Pages for people, one file a screen: a view, a template, and forms that post to the same acts as the API.
//! Every page works without script; nothing in it comes from elsewhere.

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod admin;
pub(crate) mod assets;
pub(crate) mod board;
pub(crate) mod book;
pub(crate) mod carried;
mod charts;
mod citizen;
pub(crate) mod comments;
mod counter_papers;
pub(crate) mod deputies;
pub(crate) mod dossier;
pub(crate) mod dossiers;
mod downloads;
pub(crate) mod drafts;
pub(crate) mod errors;
pub(crate) mod feedback;
pub(crate) mod feedback_cases;
pub(crate) mod forms;
pub(crate) mod hand_on;
pub(crate) mod late;
pub(crate) mod links;
pub(crate) mod log_in;
pub(crate) mod look_up;
pub(crate) mod many;
mod named;
pub(crate) mod oidc;
pub(crate) mod overview;
pub(crate) mod papers;
pub(crate) mod receive;
pub(crate) mod reports;
mod right_procedure;
pub(crate) mod shortcuts;
mod steps;
pub(crate) mod submit;
mod tables;
pub(crate) mod today;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use askama::Template;

use crate::acts::access::Caller;
use crate::domain::role::Permission;
use crate::web::access::state;
use crate::web::cookies;
use crate::web::params::{Parameters, Query};
use crate::web::problem::{Kind, Problem};

/// The most bytes of a form without files.
const MOST_BYTES: usize = 64 * 1024;

/// What a browser may do on a page: load what is ours, send forms to us, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What stands in the head of the pages of staff, for those who may: address, word, permission.
const LINKS: &[(&str, &str, Permission)] = &[
    ("/ho-so", "Hồ sơ", Permission::ReadDossiers),
    ("/ho-so/tiep-nhan", "Tiếp nhận", Permission::Receive),
    ("/so-theo-doi", "Sổ theo dõi", Permission::ReadDossiers),
    (feedback_cases::PATH, "Phản ánh", Permission::HandleFeedback),
    (admin::PATH, "Quản trị", Permission::ManageUsers),
    ("/hom-nay", "Hôm nay", Permission::ReadDossiers),
    ("/tong-quan", "Tổng quan", Permission::ReadReports),
];

/// A link in the head of a page.
pub(crate) struct Link {
    path: &'static str,
    label: &'static str,
    /// It is this page, or one under it.
    here: bool,
}

/// What every page has around it.
pub(crate) struct Frame {
    style: String,
    script: String,
    icon: String,
    /// Who is logged in.
    person: Option<String>,
    /// And as which account.
    user: Option<String>,
    links: Vec<Link>,
    /// The first page of whoever looks.
    home: &'static str,
    /// Something was typed that cannot be taken: the title says so first.
    wrong: bool,
}

impl Frame {
    /// For whoever comes.
    pub(crate) fn public() -> Self {
        Self {
            style: assets::address("app.css"),
            script: assets::address("app.js"),
            icon: assets::address("icon.svg"),
            person: None,
            user: None,
            links: Vec::new(),
            home: log_in::PATH,
            wrong: false,
        }
    }

    /// For a member of staff, on the page of that address.
    pub(crate) fn of(caller: &Caller, path: &str) -> Self {
        let may =
            |link: &&(&str, &str, Permission)| !caller.must_change_password && caller.may(link.2);
        let mine: Vec<_> = LINKS.iter().filter(may).collect();
        // Of `/ho-so` and `/ho-so/tiep-nhan` the longer.
        let under = |link: &&&(&str, &str, Permission)| {
            let rest = path.strip_prefix(link.0);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let here = mine.iter().filter(under).max_by_key(|link| link.0.len());
        let here = here.map(|link| link.0);
        let links = mine.iter().map(|(path, label, _)| Link {
            path,
            label,
            here: here == Some(*path),
        });
        Self {
            person: Some(caller.full_name.clone()),
            user: Some(caller.username.clone()),
            links: links.collect(),
            home: home(caller),
            ..Self::public()
        }
    }

    /// Whether whoever looks has a link there.
    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.links.iter().any(|link| link.path == path)
    }

    /// Whether what was typed cannot be taken.
    #[must_use]
    pub(crate) const fn wrong(mut self, wrong: bool) -> Self {
        self.wrong = wrong;
        self
    }
}

/// The first page of a member of staff.
pub(crate) fn home(caller: &Caller) -> &'static str {
    match caller.must_change_password {
        true => account::PATH,
        false if caller.may(Permission::ReadDossiers) => "/ho-so",
        false => admin::PATH,
    }
}

/// The headers of every page. With `no-referrer` a browser would not say from where a form comes.
fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

/// A page as an answer.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template
        .render()
        .map_err(|error| Problem::new(Kind::Internal, error))?;
    let mut answer = HttpResponse::build(status).body(html);
    add_headers(answer.headers_mut());
    Ok(answer)
}

/// 303 to another page.
pub(crate) fn see_other(place: &str) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::SeeOther();
    answer
        .insert_header(("Location", place))
        .insert_header(("Cache-Control", "no-store"));
    answer
}

/// `GET /`: staff come to their dossiers, everybody else to theirs.
pub async fn start(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let staff = cookies::token(&*state(&request)?, &request).is_some();
    Ok(see_other(if staff { log_in::FIRST } else { "/tra-cuu" }).finish())
}

/// A form that was posted, without files.
pub(crate) struct Form<T>(T);

impl<T: Parameters> FromRequest for Form<T> {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let text = read_form(&request, payload).await?;
            let mut form = Query::read(&text, &[T::NAMES], T::MANY, false)?;
            let value = form.take();
            form.done(value.map(Self))
        })
    }
}

/// The text of a form that was posted, without files.
async fn read_form(request: &HttpRequest, payload: dev::Payload) -> Result<String, Problem> {
    read_form_up_to(request, payload, MOST_BYTES).await
}

/// The same of so many bytes at most.
async fn read_form_up_to(
    request: &HttpRequest,
    payload: dev::Payload,
    most: usize,
) -> Result<String, Problem> {
    let kind = request.headers().get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let detail = "nội dung phải là một biểu mẫu";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let state = state(request)?;
    let (bytes, _counted) = state.intake.read(request, payload, most).await?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Problem::new(Kind::NotUtf8, "biểu mẫu không phải UTF-8"))?;
    Ok(text.to_owned())
}
